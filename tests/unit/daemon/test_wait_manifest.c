/* SPDX-License-Identifier: Apache-2.0
 *
 * A manifest's head, as migration-wait reads it, against what migrationctl makes and reads.
 */
#include "support/oom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "daemon/wait_manifest.h"
#include "daemon/wait_revisions.h"
#include "journal/manifest.h"

struct fixture {
    char folder[32];
    char path[64];
};

static void write_file(const struct fixture *fixture, const char *text)
{
    FILE *file = fopen(fixture->path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    struct fixture *fixture = mem_calloc(1, sizeof *fixture);
    strcpy(fixture->folder, "/tmp/migrationd-wait-XXXXXX");
    if (!mkdtemp(fixture->folder))
        return -1;
    snprintf(fixture->path, sizeof fixture->path, "%s/manifest.json", fixture->folder);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    unlink(fixture->path);
    rmdir(fixture->folder);
    mem_free(fixture);
    return 0;
}

/* What migrationctl manifest prints for a chain of `count` migrations. */
static void write_manifest(const struct fixture *fixture, unsigned count)
{
    struct error error = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(16 << 20);
    cleanup(migration_set) struct migration_set *set = migration_set_new("alembic");
    struct migration *migrations = arena_array(set->arena, count, sizeof *migrations);
    const char *const *parent = NULL;
    for (unsigned i = 0; i < count; i++) {
        const char **own = arena_array(set->arena, 1, sizeof *own);
        own[0] = arena_printf(set->arena, "r\xc3\xa9v\"%u", i);
        migrations[i].revision = own[0];
        migrations[i].file = own[0];
        migrations[i].parents = parent;
        migrations[i].parent_count = i > 0;
        parent = own;
    }
    set->migrations = migrations;
    set->count = count;
    set->graph = true;
    assert_int_equal(manifest_write(set, &text, &error), 0);
    write_file(fixture, strbuf_text(&text));
}

static void test_its_head(void **state)
{
    struct fixture *fixture = *state;
    char problem[WAIT_MANIFEST_PROBLEM_SIZE] = "";
    char with_database[100] = "";
    snprintf(with_database, sizeof with_database, "orders:%s", fixture->path);
    static const unsigned counts[] = {1, 2, 5000};
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        char expected[64] = "";
        write_manifest(fixture, counts[i]);
        snprintf(expected, sizeof expected, "orders:r\xc3\xa9v\"%u", counts[i] - 1);
        cleanup(free) char *head = wait_manifest_revision(fixture->path, problem, sizeof problem);
        cleanup(free) char *named = wait_manifest_revision(with_database, problem, sizeof problem);
        assert_non_null(head);
        assert_string_equal(head, expected + strlen("orders:"));
        assert_string_equal(named, expected);
    }
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    char problem[WAIT_MANIFEST_PROBLEM_SIZE] = "";
#define HEAD "{\"format\":\"migrationd-manifest\",\"version\":1,"
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"", "the document ends"},
        {HEAD "\"heads\":[\"a\"],\"migrations\":[", "the document ends"},
        {HEAD "\"heads\":[\"a\"]}}", "line 1"},
        {"[]", "this is no manifest"},
        {"{}", "this is no manifest"},
        {"{\"heads\":[\"a\"],\"version\":1}", "this is no manifest"},
        {"{\"format\":\"other\",\"heads\":[\"a\"],\"version\":1}", "this is no manifest"},
        {"{\"format\":\"migrationd-manifest\",\"heads\":[\"a\"]}", "version is not 1"},
        {"{\"format\":\"migrationd-manifest\",\"version\":2,\"heads\":[\"a\"]}", "version is not 1"},
        {HEAD "\"heads\":\"a\"}", "this is no manifest"},
        {HEAD "\"heads\":[1]}", "this is no manifest"},
        {HEAD "\"heads\":[\"\"]}", "this is no manifest"},
        {HEAD "\"heads\":[\"a\"],\"heads\":[\"b\"]}", "this is no manifest"},
        {HEAD "\"heads\":[]}", "holds no revision"},
        {HEAD "\"heads\":[\"a\",\"b\"]}", "has 2 heads (a, b): name one with --revision"},
        {HEAD "\"heads\":[\"a\",\"b\",\"c\"]}", "has 3 heads (a, b, \xe2\x80\xa6)"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        write_file(fixture, cases[i].text);
        cleanup(free) char *head = wait_manifest_revision(fixture->path, problem, sizeof problem);
        if (head || !strstr(problem, cases[i].problem) || strncmp(problem, fixture->path, strlen(fixture->path)) != 0)
            fail_msg("%s: '%s', not '%s'", cases[i].text, problem, cases[i].problem);
    }
    assert_null(wait_manifest_revision("/nonexistent.json", problem, sizeof problem));
    assert_non_null(strstr(problem, "/nonexistent.json: No such file"));
    assert_null(wait_manifest_revision(fixture->folder, problem, sizeof problem));
    assert_non_null(strstr(problem, "directory"));
}

static void test_revisions(void **state)
{
    struct fixture *fixture = *state;
    char with_database[100] = "";
    snprintf(with_database, sizeof with_database, "orders:%s", fixture->path);
    write_manifest(fixture, 1);
    const char *one[] = {"a"};
    const char *plain[] = {fixture->path};
    const char *named[] = {with_database};
    const char *many[LIMIT_WAIT_REVISIONS + 1] = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(many); i++)
        many[i] = "r";
    const struct option_list none = {0};
    const struct {
        struct option_list revisions, manifests;
        int code;
        size_t count;
    } cases[] = {
        {none, none, 0, 0},
        {{one, 1}, none, 0, 1},
        {none, {plain, 1}, 0, 1},
        {{one, 1}, {plain, 1}, 2, 0},
        {{one, 1}, {named, 1}, 0, 2},
        {{many, LIMIT_WAIT_REVISIONS}, none, 0, LIMIT_WAIT_REVISIONS},
        {{many, LIMIT_WAIT_REVISIONS + 1}, none, 2, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(wait_revisions) struct wait_revisions revisions = {0};
        assert_int_equal(wait_revisions_collect("test", &cases[i].revisions, &cases[i].manifests, &revisions),
                         cases[i].code);
        if (cases[i].code == 0)
            assert_int_equal(revisions.count, cases[i].count);
    }
}

static void test_no_memory(void **state)
{
    struct fixture *fixture = *state;
    write_manifest(fixture, 1);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        char problem[WAIT_MANIFEST_PROBLEM_SIZE] = "";
        cleanup(free) char *head = wait_manifest_revision(fixture->path, problem, sizeof problem);
        OOM_CHECK(loop, head != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_its_head, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_revisions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
