/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "journal/manifest.h"
#include "journal/migration_list.h"
#include "support/oom.h"

static const char *const one[] = {"a1"};
static const char *const two[] = {"b2", "c3"};
static const struct migration graph[] = {
    {.revision = "a1", .file = "versions/a1.py"},
    {.revision = "b2", .file = "versions/b2.py", .parents = one, .parent_count = 1},
    {.revision = "c3", .file = "versions/c3 \"\\\n.py", .parents = one, .parent_count = 1},
    {.revision = "d4", .file = "versions/d4.py", .parents = two, .parent_count = 2},
};
static const struct migration list[] = {
    {.revision = "1", .key = "1", .file = "V1__a.sql", .checksum = "-17"},
    {.revision = "2", .key = "2", .file = "B2__b.sql", .checksum = "0", .baseline = true},
    {.revision = "R:v", .file = "R__v.sql", .checksum = "5", .repeatable = true, .checksum_uncertain = true},
};
static const char *const squashed[] = {"shop.0001", "shop.0002"};
static const char *const first_of_shop[] = {"shop.0001"};
static const char *const of_both[] = {"shop.0002", "blog.0001"};
static const struct migration parts[] = {
    {.revision = "shop.0001", .part = "shop", .file = "shop/0001.py"},
    {.revision = "shop.0002", .part = "shop", .file = "shop/0002.py", .parents = first_of_shop, .parent_count = 1},
    {.revision = "shop.0001_squashed", .part = "shop", .file = "s.py", .replaces = squashed, .replaced_count = 2},
    {.revision = "shop.0003", .part = "shop", .file = "3.py", .parents = of_both, .parent_count = 2},
    {.revision = "blog.0001", .part = "blog", .file = "b.py", .engines = "postgresql", .condition = "!test"},
};

static struct migration_set *make(const char *tool, bool is_graph, const struct migration *migrations, size_t count)
{
    struct migration_set *set = migration_set_new(tool);
    assert_non_null(set);
    set->graph = is_graph;
    set->migrations = migrations;
    set->count = count;
    assert_int_equal(migration_set_digest(set, NULL), 0);
    return set;
}

static void write_text(const struct migration_set *set, struct strbuf *text)
{
    struct error error = {0};
    if (manifest_write(set, text, &error) < 0)
        fail_msg("%s", error.message);
}

static void same_text(const char *a, const char *b)
{
    if (a && b)
        assert_string_equal(a, b);
    else
        assert_true(a == b);
}

static void same_texts(const char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
    assert_int_equal(a_count, b_count);
    for (size_t i = 0; i < a_count; i++)
        assert_string_equal(a[i], b[i]);
}

static void same_migration(const struct migration *a, const struct migration *b)
{
    same_text(a->revision, b->revision);
    same_text(a->key, b->key);
    same_text(a->part, b->part);
    same_text(a->file, b->file);
    same_text(a->checksum, b->checksum);
    same_text(a->engines, b->engines);
    same_text(a->condition, b->condition);
    same_texts(a->parents, a->parent_count, b->parents, b->parent_count);
    same_texts(a->replaces, a->replaced_count, b->replaces, b->replaced_count);
    assert_int_equal(a->repeatable, b->repeatable);
    assert_int_equal(a->baseline, b->baseline);
    assert_int_equal(a->checksum_uncertain, b->checksum_uncertain);
}

static void check_round_trip(const char *tool, bool is_graph, const struct migration *migrations, size_t count)
{
    cleanup(migration_set) struct migration_set *set = make(tool, is_graph, migrations, count);
    cleanup(migration_set) struct migration_set *back = NULL;
    cleanup(strbuf) struct strbuf text = STRBUF(65536);
    cleanup(strbuf) struct strbuf again = STRBUF(65536);
    struct error error = {0};
    write_text(set, &text);
    if (manifest_parse(strbuf_text(&text), text.length, "m.json", &back, &error) < 0)
        fail_msg("%s", error.message);
    assert_string_equal(back->tool, tool);
    assert_int_equal(back->graph, is_graph);
    assert_int_equal(back->count, count);
    for (size_t i = 0; i < count; i++)
        same_migration(&back->migrations[i], &migrations[i]);
    assert_true(digest_equal(set->digest, back->digest));
    write_text(back, &again);
    assert_string_equal(strbuf_text(&text), strbuf_text(&again));
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    check_round_trip("alembic", true, graph, ARRAY_LENGTH(graph));
    check_round_trip("flyway", false, list, ARRAY_LENGTH(list));
    check_round_trip("flyway", false, parts, ARRAY_LENGTH(parts));
    check_round_trip("flyway", false, list, 0);
}

static void check_heads(bool is_graph, const struct migration *migrations, size_t count, const char *expected)
{
    cleanup(migration_set) struct migration_set *set = make("flyway", is_graph, migrations, count);
    cleanup(arena) struct arena *arena = arena_new(65536);
    cleanup(strbuf) struct strbuf text = STRBUF(1024);
    const struct migration *const *heads = NULL;
    size_t head_count = 0;
    assert_true(migration_set_heads(set, arena, &heads, &head_count));
    for (size_t i = 0; i < head_count; i++)
        strbuf_printf(&text, "%s%s", i > 0 ? "," : "", heads[i]->revision);
    assert_string_equal(strbuf_text(&text), expected);
}

static void test_heads(void **state)
{
    (void)state;
    check_heads(true, graph, 4, "d4");
    check_heads(true, graph, 3, "b2,c3");
    check_heads(false, list, ARRAY_LENGTH(list), "2");
    check_heads(false, list + 2, 1, "");
    check_heads(false, parts, ARRAY_LENGTH(parts), "shop.0003,blog.0001");
    check_heads(false, parts, 3, "shop.0001_squashed");
}

static void test_blanks_do_not_matter_and_all_else_does(void **state)
{
    (void)state;
    cleanup(migration_set) struct migration_set *set = make("alembic", true, graph, ARRAY_LENGTH(graph));
    cleanup(strbuf) struct strbuf text = STRBUF(65536);
    cleanup(strbuf) struct strbuf compact = STRBUF(65536);
    write_text(set, &text);
    for (const char *at = strbuf_text(&text); *at; at++)
        if (*at != '\n')
            strbuf_add_char(&compact, *at);
    cleanup(migration_set) struct migration_set *back = NULL;
    assert_int_equal(manifest_parse(strbuf_text(&compact), compact.length, "m.json", &back, NULL), 0);

    /* Every letter and digit of a value, exchanged for another one: found out, or said to be something else. */
    for (size_t i = 0; i < text.length; i++) {
        struct error error = {0};
        struct migration_set *edited = NULL;
        char before = text.bytes[i];
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789", before))
            continue;
        text.bytes[i] = before == 'z' ? 'y' : before == '9' ? '8' : (char)(before + 1);
        assert_int_equal(manifest_parse(text.bytes, text.length, "m.json", &edited, &error), -1);
        assert_null(edited);
        assert_int_equal(strncmp(error.message, "m.json:", 7), 0);
        text.bytes[i] = before;
    }
}

#define HEAD "\"format\":\"migrationd-manifest\",\"version\":1,\"tool\":\"alembic\",\"graph\":true"

static const struct {
    const char *text;
    const char *message; /* a part of it */
} bad[] = {
    {"", "m.json:"},
    {"[]", "m.json: is no object"},
    {"{}", "m.json: format: is not 'migrationd-manifest'"},
    {"{\"format\":\"migrationd-schema\"}", "format: is not"},
    {"{\"format\":\"migrationd-manifest\"}", "version: is no number"},
    {"{\"format\":\"migrationd-manifest\",\"version\":0}", "version: is no number"},
    {"{\"format\":\"migrationd-manifest\",\"version\":2}", "version 2 is of a later migrationd"},
    {"{\"format\":\"migrationd-manifest\",\"version\":1}", "tool: is missing"},
    {"{\"format\":\"migrationd-manifest\",\"version\":1,\"tool\":\"nobody\"}", "tool: no migration tool 'nobody'"},
    {"{\"format\":\"migrationd-manifest\",\"version\":1,\"tool\":\"alembic\"}", "graph: is neither"},
    {"{" HEAD "}", "migrations: is no list"},
    {"{" HEAD ",\"more\":1}", "there is no member 'more'"},
    {"{" HEAD ",\"migrations\":[1]}", "migrations[0]: is no object"},
    {"{" HEAD ",\"migrations\":[{}]}", "migrations[0].revision: is missing"},
    {"{" HEAD ",\"migrations\":[{\"revision\":7}]}", "migrations[0].revision: is no text"},
    {"{" HEAD ",\"migrations\":[{\"revision\":\"\"}]}", "migrations[0].revision: is no text, or an empty one"},
    {"{" HEAD ",\"migrations\":[{\"revision\":\"a\",\"x\":1}]}", "migrations[0]: there is no member 'x'"},
    {"{" HEAD ",\"migrations\":[{\"revision\":\"a\",\"baseline\":1}]}", "migrations[0].baseline: is neither"},
    {"{" HEAD ",\"migrations\":[{\"revision\":\"a\",\"parents\":\"b\"}]}", "migrations[0].parents: is no list"},
    {"{" HEAD ",\"migrations\":[{\"revision\":\"a\",\"parents\":[null]}]}", "migrations[0].parents[0]: is no text"},
    {"{" HEAD ",\"migrations\":[{\"revision\":\"a\",\"parents\":[\"a\"]}]}", "'a' does not stand before it"},
    {"{" HEAD ",\"migrations\":[{\"revision\":\"a\",\"parents\":[\"b\"]},{\"revision\":\"b\"}]}",
     "migrations[0].parents[0]: 'b' does not stand before it"},
    {"{" HEAD ",\"migrations\":[{\"revision\":\"a\"},{\"revision\":\"a\"}]}",
     "migrations[1].revision: 'a' stands twice"},
    {"{" HEAD ",\"migrations\":[{\"revision\":\"a\"}]}", "heads: are not those"},
    {"{" HEAD ",\"heads\":[\"b\"],\"migrations\":[{\"revision\":\"a\"}]}", "heads: are not those"},
    {"{" HEAD ",\"heads\":[\"a\"],\"migrations\":[{\"revision\":\"a\"}]}", "digest: is missing"},
    {"{" HEAD ",\"heads\":[\"a\"],\"migrations\":[{\"revision\":\"a\"}],\"digest\":\"0\"}", "digest: is not that"},
    {"{" HEAD ",\"migrations\":[{\"revision\":\"a\\u0000b\"}]}", "m.json:"},
};

static void test_hostile_input(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct error error = {0};
        struct migration_set *set = NULL;
        assert_int_equal(manifest_parse(bad[i].text, strlen(bad[i].text), "m.json", &set, &error), -1);
        assert_null(set);
        if (!strstr(error.message, bad[i].message))
            fail_msg("%s\ngives: %s\nnot: %s", bad[i].text, error.message, bad[i].message);
    }
}

static void test_files(void **state)
{
    (void)state;
    struct error error = {0};
    struct migration_set *set = NULL;
    struct digest token = {{0}};
    assert_int_equal(manifest_read("/nowhere/m.json", &set, &error), -1);
    assert_int_equal(error.code, ERROR_IO);
    assert_non_null(strstr(error.message, "/nowhere/m.json"));
    assert_int_equal(manifest_read("/tmp", &set, &error), -1);
    assert_int_equal(manifest_token("/nowhere/m.json", &token, &error), -1);
    assert_int_equal(manifest_token("/tmp", &token, &error), 0);
}

static void test_without_memory(void **state)
{
    (void)state;
    cleanup(migration_set) struct migration_set *set = make("alembic", true, graph, ARRAY_LENGTH(graph));
    cleanup(strbuf) struct strbuf text = STRBUF(65536);
    write_text(set, &text);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(strbuf) struct strbuf out = STRBUF(65536);
        OOM_CHECK(loop, manifest_write(set, &out, NULL) == 0);
    }
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(migration_set) struct migration_set *back = NULL;
        OOM_CHECK(loop, manifest_parse(strbuf_text(&text), text.length, "m.json", &back, NULL) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_blanks_do_not_matter_and_all_else_does),
        cmocka_unit_test(test_hostile_input),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
