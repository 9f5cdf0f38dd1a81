/* SPDX-License-Identifier: Apache-2.0
 *
 * A journal as what is expected of another database. Of every tool's golden journals each is held against itself: what
 * is applied there is neither missing, nor unknown, nor different.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "journal/generic.h"
#include "journal/journal_set.h"
#include "support/golden.h"
#include "support/journal_rows.h"
#include "support/oom.h"

enum { PARTS = 16 };

/* The journals of one table: itself, or one for each part. */
struct table {
    struct journal *journals[PARTS];
    size_t count;
};

static void table_done(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        journal_unref(table->journals[i]);
}

DEFINE_CLEANUP_VALUE(table, struct table, table_done);

static bool same_part(const struct journal_entry *a, const struct journal_entry *b)
{
    return a->part && b->part && strcmp(a->part, b->part) == 0;
}

static void split(struct journal *whole, struct table *table)
{
    if (whole->entry_count == 0 || !whole->entries[0].part) {
        table->journals[table->count++] = journal_ref(whole);
        return;
    }
    for (size_t first = 0, next = 0; first < whole->entry_count; first = next) {
        while (next < whole->entry_count && same_part(&whole->entries[next], &whole->entries[first]))
            next++;
        assert_true(table->count < PARTS);
        table->journals[table->count] = journal_part(whole, first, next - first);
        assert_non_null(table->journals[table->count]);
        table->count++;
    }
}

static size_t count_applied(const struct journal *journal)
{
    size_t count = 0;
    for (size_t i = 0; i < journal->entry_count; i++)
        count += journal_entry_is_applied(&journal->entries[i]);
    return count;
}

/* The migrations of one journal's part, which stand together. */
static struct migration_set part_of(const struct migration_set *set, const char *part)
{
    struct migration_set view = *set;
    view.count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const char *other = set->migrations[i].part;
        if (part != other && (!part || !other || strcmp(part, other) != 0))
            continue;
        if (view.count++ == 0)
            view.migrations = &set->migrations[i];
    }
    return view;
}

static void hold_against(const char *name, const struct tool *tool, const struct journal *journal,
                         const struct migration_set *set)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_JSON_BYTES);
    const struct migration_set view = part_of(set, journal->address.part);
    struct comparison comparison = {0};
    struct compare_request request = {.journal = journal, .source = SOURCE_DATABASE};
    if (set->position)
        request.revision = set->migrations[0].revision;
    else
        request.expected = &view;
    assert_non_null(arena);
    assert_int_equal(tool_compare(tool, &request, arena, &comparison, NULL), 0);
    if (comparison.pending.count > 0 || comparison.out_of_order.count > 0 || comparison.unknown.count > 0 ||
        comparison.later.count > 0 || comparison.mismatched.count > 0 || comparison.order_unknown ||
        comparison.multiple_heads) {
        cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_JSON_BYTES);
        comparison_print(&comparison, &out);
        fail_msg("%s differs from itself:\n%s", name, strbuf_text(&out));
    }
}

struct suite {
    const struct tool *tool;
    size_t held;
};

static void against_itself(struct golden_case *golden, void *payload)
{
    struct suite *suite = payload;
    size_t length = 0;
    const char *text = golden_read(golden, "rows.json", &length);
    cleanup(json_document) struct json_document *document = NULL;
    assert_int_equal(json_parse(text, length, LIMIT_JSON_BYTES, "rows.json", &document, NULL), 0);
    cleanup(journal) struct journal *whole = journal_of_json(suite->tool, json_root(document));
    cleanup(table) struct table table = {0};
    split(whole, &table);
    size_t applied = 0;
    for (size_t i = 0; i < table.count; i++)
        applied += count_applied(table.journals[i]);
    cleanup(migration_set) struct migration_set *set = NULL;
    struct error error = {.code = ERROR_OK};
    const struct journal *const *journals = (const struct journal *const *)table.journals;
    if (journal_set_read(journals, table.count, "staging", &set, &error) < 0) {
        bool position = whole->heads_only || whole->position;
        if (applied > 0 && !whole->invalid && !whole->truncated && !(position && applied > 1))
            fail_msg("%s: %s", golden_name(golden), error.message);
        assert_non_null(strstr(error.message, "staging: "));
        return;
    }
    assert_int_equal(set->count, applied);
    for (size_t i = 0; i < table.count; i++)
        hold_against(golden_name(golden), suite->tool, table.journals[i], set);
    suite->held++;
}

static void run_suite(const struct tool *tool)
{
    char name[64] = "";
    struct suite suite = {.tool = tool};
    snprintf(name, sizeof name, "journal/%s", tool->name);
    golden_run(name, against_itself, &suite);
    if (suite.held == 0)
        fail_msg("no journal of %s could be expected of anybody", tool->name);
}

static void test_every_journal_against_itself(void **state)
{
    (void)state;
    for (size_t i = 0; tools[i]; i++)
        run_suite(tools[i]);
    run_suite(generic_tool);
}

static const char flyway[] = "{\"rows\": [[\"1\", \"1\", \"a\", \"SQL\", \"V1__a.sql\", \"11\", null, \"1\"],"
                             " [\"2\", \"2\", \"b\", \"SQL\", \"V2__b.sql\", \"22\", null, \"1\"],"
                             " [\"3\", null, \"c\", \"SQL\", \"R__c.sql\", \"33\", null, \"1\"],"
                             " [\"4\", \"3\", \"d\", \"SQL\", \"V3__d.sql\", \"44\", null, \"0\"]]}";

static void test_memory_runs_out(void **state)
{
    (void)state;
    cleanup(journal) struct journal *journal = journal_of_text(tool_find("flyway"), flyway);
    const struct journal *const journals[] = {journal};
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(migration_set) struct migration_set *set = NULL;
        struct error error = {.code = ERROR_OK};
        OOM_CHECK(loop, journal_set_read(journals, 1, "staging", &set, &error) == 0);
        if (loop.refused)
            assert_int_equal(error.code, ERROR_NO_MEMORY);
        else
            assert_int_equal(set->count, 3);
    }
}

static void test_what_cannot_be_believed(void **state)
{
    (void)state;
    cleanup(journal) struct journal *journal = journal_of_text(tool_find("flyway"), flyway);
    cleanup(journal) struct journal *heads = journal_of_text(tool_find("alembic"), "{\"rows\": [[\"a\"], [\"b\"]]}");
    cleanup(migration_set) struct migration_set *set = NULL;
    struct error error = {.code = ERROR_OK};
    const struct journal *asked = heads;
    assert_int_equal(journal_set_read(&asked, 1, "staging", &set, &error), -1);
    assert_string_equal(error.message, "staging: its journal holds 2 heads, and not what lies behind them");
    asked = journal;
    journal->truncated = true;
    assert_int_equal(journal_set_read(&asked, 1, "staging", &set, &error), -1);
    assert_int_equal(error.code, ERROR_TRUNCATED);
    journal->truncated = false;
    journal->invalid = "row 3: version is no number";
    assert_int_equal(journal_set_read(&asked, 1, "staging", &set, &error), -1);
    assert_non_null(strstr(error.message, "row 3: version is no number"));
    assert_null(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_journal_against_itself),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_what_cannot_be_believed),
    };
    return cmocka_run_group_tests_name("journal as an expectation", tests, NULL, NULL);
}
