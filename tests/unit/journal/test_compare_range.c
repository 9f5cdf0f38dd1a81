/* SPDX-License-Identifier: Apache-2.0
 *
 * Which releases may run on what is applied: ranges of revisions against graphs, lists and files' own order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "journal/compare_range.h"
#include "journal/findings.h"
#include "support/journal_rows.h"
#include "support/oom.h"

/* "a>b>c x>y": chains of files, each the parent of the next; a file may stand in several. */
static struct migration_set *files_of(const char *tool, const char *text)
{
    struct migration_set *set = migration_set_new(tool);
    if (!set)
        return NULL;
    struct migration *migrations = arena_array(set->arena, 32, sizeof *migrations);
    char *copy = arena_strdup(set->arena, text);
    if (!migrations || !copy) {
        migration_set_unref(set);
        return NULL;
    }
    set->migrations = migrations;
    set->graph = strchr(text, '>') != NULL;
    char *chains = NULL;
    for (char *chain = strtok_r(copy, " ", &chains); chain; chain = strtok_r(NULL, " ", &chains)) {
        char *words = NULL;
        const char *before = NULL;
        for (char *word = strtok_r(chain, ">", &words); word; word = strtok_r(NULL, ">", &words)) {
            size_t at = 0;
            while (at < set->count && strcmp(migrations[at].revision, word) != 0)
                at++;
            if (at == set->count) {
                const char **parents = arena_array(set->arena, 1, sizeof *parents);
                if (!parents) {
                    migration_set_unref(set);
                    return NULL;
                }
                parents[0] = before;
                migrations[set->count++] = (struct migration){
                    .revision = word, .file = word, .parents = parents, .parent_count = before != NULL};
            }
            before = word;
        }
    }
    return set;
}

/* The state of affairs in one line: what is missing, what is too new, or that it cannot be told. */
static void tell(const struct comparison *comparison, char *line, size_t size)
{
    int length = snprintf(line, size, "%s", comparison->order_unknown ? "unknown" : "");
    const struct {
        const char *word;
        struct finding_list list;
    } lists[] = {{"missing", comparison->pending}, {"newer", comparison->later}};
    for (size_t i = 0; i < 2 && (i == 0 || comparison->ceiling); i++) {
        for (size_t j = 0; j < lists[i].list.count; j++)
            length += snprintf(line + length, size - (size_t)length, "%s%s %s", length > 0 ? ", " : "", lists[i].word,
                               lists[i].list.items[j].revision);
    }
    if (comparison->ceiling && comparison->next_revert)
        length += snprintf(line + length, size - (size_t)length, ": %s", comparison->next_revert);
    if (length == 0)
        snprintf(line, size, "%s", comparison->target_applied ? "supported" : "?");
}

static const char *const chain = "a>b>c>d";

static const struct {
    const char *tool;
    const char *files; /* NULL: none are known */
    const char *rows;
    const char *from;
    const char *to;
    const char *expected;
} cases[] = {
    /* A graph that is known. */
    {"alembic", chain, "[[\"b\"]]", "a", "c", "supported"},
    {"alembic", chain, "[[\"a\"]]", "a", "c", "supported"},
    {"alembic", chain, "[[\"c\"]]", "a", "c", "supported"},
    {"alembic", chain, "[[\"d\"]]", "a", "c", "newer d: alembic downgrade c"},
    {"alembic", chain, "[[\"a\"]]", "b", "c", "missing b"},
    {"alembic", chain, "[[\"a\"]]", "c", "d", "missing b, missing c"},
    {"alembic", chain, "[[\"d\"]]", "b", NULL, "supported"},
    {"alembic", chain, "[[\"d\"]]", NULL, "c", "newer d: alembic downgrade c"},
    {"alembic", chain, "[[\"a\"]]", NULL, "c", "supported"},
    {"alembic", chain, "[]", NULL, "c", "supported"},
    {"alembic", chain, "[]", "a", "c", "missing a"},
    /* Upside down: what it needs is newer than the newest that it can run on. */
    {"alembic", chain, "[[\"c\"]]", "c", "a", "newer c: alembic downgrade a"},
    {"alembic", chain, "[[\"d\"]]", "c", "b", "newer d: alembic downgrade b"},
    {"alembic", chain, "[[\"b\"]]", "b", "b", "supported"},
    /* The release brings a revision that nobody has seen: what it needs is there, and nothing else is. */
    {"alembic", chain, "[[\"d\"]]", "d", "e", "supported"},
    {"alembic", chain, "[[\"c\"]]", "d", "e", "missing d"},
    {"alembic", chain, "[[\"d\"]]", "c", "e", "unknown"},
    /* A head of another branch, of another tree, and one that was never seen. */
    {"alembic", "a>b>c b>x", "[[\"x\"]]", "b", "c", "newer x"},
    {"alembic", "a>b>c b>x", "[[\"x\"], [\"c\"]]", "b", "c", "newer x: alembic downgrade c"},
    {"alembic", "a>b>c p>q", "[[\"b\"], [\"q\"]]", "b", "c", "supported"},
    {"alembic", chain, "[[\"z\"]]", "a", "c", "unknown"},
    {"alembic", chain, "[[\"z\"]]", NULL, "c", "unknown"},
    /* Without a graph only what is named is known. */
    {"alembic", NULL, "[[\"b\"]]", "b", "c", "supported"},
    {"alembic", NULL, "[[\"c\"]]", "b", "c", "unknown"},
    {"alembic", NULL, "[[\"c\"]]", NULL, "c", "supported"},
    {"alembic", NULL, "[[\"d\"]]", "b", "c", "unknown"},
    {"alembic", NULL, "[[\"b\"]]", "b", NULL, "supported"},
    /* Numbers tell their order, whether they were seen or not. */
    {"rails", NULL, "[[\"1\"], [\"2\"]]", "1", "3", "supported"},
    {"rails", NULL, "[[\"1\"], [\"2\"], [\"3\"]]", "1", "3", "supported"},
    {"rails", NULL, "[[\"1\"], [\"2\"], [\"4\"]]", "1", "3", "newer 4"},
    {"rails", NULL, "[[\"1\"], [\"2\"], [\"10\"]]", "1", "2", "newer 10: bin/rails db:migrate VERSION=2"},
    {"rails", NULL, "[[\"1\"]]", "2", "3", "missing 2"},
    {"rails", NULL, "[[\"1\"], [\"5\"]]", NULL, "4", "newer 5"},
    {"rails", NULL, "[[\"1\"], [\"5\"]]", "3", NULL, "missing 3"},
    {"golang-migrate", NULL, "[[\"7\", \"0\"]]", "5", "6", "newer 7: migrate goto 6"},
    {"golang-migrate", NULL, "[[\"6\", \"0\"]]", "5", "6", "supported"},
    {"golang-migrate", NULL, "[[\"4\", \"0\"]]", "5", "6", "missing 5"},
    /* Names without an order: that of the files, else that of their application. */
    {"sequelize", "m1 m2 m3", "[[\"m1\", null], [\"m2\", null]]", "m1", "m2", "supported"},
    {"sequelize", "m1 m2 m3", "[[\"m1\", null], [\"m2\", null], [\"m3\", null]]", "m1", "m2", "newer m3"},
};

/* One case's question, asked again and again. */
struct asked {
    const struct tool *tool;
    struct journal *journal;
    struct migration_set *set;
    struct compare_request request;
    struct revision_range range;
};

static struct asked asked_of(size_t i)
{
    struct asked asked = {.tool = tool_find(cases[i].tool), .range = {.from = cases[i].from, .to = cases[i].to}};
    assert_non_null(asked.tool);
    cleanup(free) char *rows = mem_printf("{\"rows\": %s}", cases[i].rows);
    assert_non_null(rows);
    asked.journal = journal_of_text(asked.tool, rows);
    asked.set = cases[i].files ? files_of(cases[i].tool, cases[i].files) : NULL;
    asked.request = (struct compare_request){.journal = asked.journal, .expected = asked.set, .source = SOURCE_REQUEST};
    return asked;
}

static void asked_done(struct asked *asked)
{
    journal_unref(asked->journal);
    migration_set_unref(asked->set);
}

static void test_ranges(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(arena) struct arena *arena = arena_new(1 << 20);
        struct asked asked = asked_of(i);
        struct comparison comparison = {0};
        char line[512] = "";
        assert_int_equal(compare_range(asked.tool, &asked.request, &asked.range, arena, &comparison, NULL), 0);
        tell(&comparison, line, sizeof line);
        if (strcmp(line, cases[i].expected) != 0) {
            print_error("case %zu, %s %s %s..%s: %s, not %s\n", i, cases[i].tool, cases[i].rows,
                        cases[i].from ? cases[i].from : "", cases[i].to ? cases[i].to : "", line, cases[i].expected);
            wrong++;
        }
        assert_true(!comparison.order_unknown || comparison.remark);
        assert_int_equal(comparison.source, SOURCE_REQUEST);
        asked_done(&asked);
    }
    assert_int_equal(wrong, 0);
}

/* A revision that a caller made up is repeated in no command. */
static void test_a_command_holds_words_only(void **state)
{
    (void)state;
    static const char *const revisions[] = {"1;reboot", "$(reboot)", "1 2", "-1", "a,b", "`x`"};
    for (size_t i = 0; i < ARRAY_LENGTH(revisions); i++) {
        cleanup(arena) struct arena *arena = arena_new(1 << 20);
        const struct finding newer = {.revision = "2"};
        const struct comparison comparison = {
            .expected_revision = revisions[i], .target_applied = true, .later = {.items = &newer, .count = 1}};
        const char *advice = "";
        assert_true(findings_advise_revert(&comparison, "alembic downgrade ", arena, &advice));
        assert_null(advice);
    }
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct asked asked = asked_of(i);
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            cleanup(arena) struct arena *arena = arena_new(1 << 20);
            struct comparison comparison = {0};
            struct error error = {0};
            bool done =
                arena && compare_range(asked.tool, &asked.request, &asked.range, arena, &comparison, &error) == 0;
            OOM_CHECK(loop, done);
            if (arena && !done)
                assert_int_equal(error.code, ERROR_NO_MEMORY);
        }
        asked_done(&asked);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_a_command_holds_words_only),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
