/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "journal/tool.h"
#include "support/oom.h"

static const struct journal_address address = {.schema = "public", .table = "journal"};

static int add(struct journal_builder *builder, const char *text, size_t length, struct error *reterr)
{
    return journal_builder_row(builder, &text, &length, 1, reterr);
}

static struct journal *heads(const char *const *revisions, size_t count)
{
    cleanup(journal_builder) struct journal_builder builder = {0};
    struct journal *journal = NULL;
    assert_int_equal(journal_builder_init(&builder, tool_find("alembic"), 0, &address, NULL), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(add(&builder, revisions[i], revisions[i] ? strlen(revisions[i]) : 0, NULL), 0);
    assert_int_equal(journal_builder_finish(&builder, false, &journal, NULL), 0);
    return journal;
}

static void test_digest_tells_rows_apart(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"ab", "c"}, {"a", "bc"}, {"ab", "d"}, {"ab", NULL}, {"ab", ""}};
    cleanup(journal) struct journal *again = heads(rows[0], 2);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        cleanup(journal) struct journal *journal = heads(rows[i], 2);
        assert_int_equal(digest_equal(journal->digest, again->digest), i == 0);
    }
    cleanup(journal) struct journal *none = heads(NULL, 0);
    assert_false(digest_equal(none->digest, again->digest));
}

static void test_bad_bytes_stay_distinct(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *text;
    } vectors[] = {{"a\xff", 2, "a\\xff"},
                   {"\xc3\xa9", 2, "\xc3\xa9"},
                   {"\xc3", 1, "\\xc3"},
                   {"a\0b", 3, "a\\x00b"},
                   {"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},
                   {"\xff\xff", 2, "\\xff\\xff"}};
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        cleanup(journal_builder) struct journal_builder builder = {0};
        cleanup(journal) struct journal *journal = NULL;
        assert_int_equal(journal_builder_init(&builder, tool_find("alembic"), 0, &address, NULL), 0);
        assert_int_equal(add(&builder, vectors[i].bytes, vectors[i].length, NULL), 0);
        assert_int_equal(journal_builder_finish(&builder, true, &journal, NULL), 0);
        assert_string_equal(journal->entries[0].revision, vectors[i].text);
        assert_true(journal->truncated);
    }
}

static void test_wrong_number_of_cells(void **state)
{
    (void)state;
    cleanup(journal_builder) struct journal_builder builder = {0};
    struct error error = {0};
    assert_int_equal(journal_builder_init(&builder, tool_find("flyway"), 0, &address, NULL), 0);
    assert_int_equal(add(&builder, "x", 1, &error), -1);
    assert_int_equal(error.code, ERROR_INTERNAL);
}

static void test_integers(void **state)
{
    (void)state;
    int64_t number = 0;
    assert_true(cell_integer("-12", &number));
    assert_int_equal(number, -12);
    static const char *const wrong[] = {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "one"};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        assert_false(cell_integer(wrong[i], &number));
    assert_false(cell_integer(NULL, &number));
}

static int add_many(struct journal_builder *builder, size_t count, struct error *reterr)
{
    for (size_t i = 0; i < count; i++) {
        char version[24] = "";
        snprintf(version, sizeof version, "%zu", i / 3 + 1);
        const char *type = i % 3 == 1 ? "DELETE" : "SQL";
        const char *cells[] = {"1", version, "step", type, "V.sql", "17", "1700000000000", "1"};
        size_t lengths[ARRAY_LENGTH(cells)] = {0};
        for (size_t j = 0; j < ARRAY_LENGTH(cells); j++)
            lengths[j] = strlen(cells[j]);
        if (journal_builder_row(builder, cells, lengths, ARRAY_LENGTH(cells), reterr) < 0)
            return -1;
    }
    return 0;
}

static void test_folding_many(void **state)
{
    (void)state;
    cleanup(journal_builder) struct journal_builder builder = {0};
    cleanup(journal) struct journal *journal = NULL;
    assert_int_equal(journal_builder_init(&builder, tool_find("flyway"), 0, &address, NULL), 0);
    assert_int_equal(add_many(&builder, 30000, NULL), 0);
    assert_int_equal(journal_builder_finish(&builder, false, &journal, NULL), 0);
    assert_int_equal(journal->row_count, 30000);
    assert_int_equal(journal->entry_count, 10000);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(journal_builder) struct journal_builder builder = {0};
        cleanup(journal) struct journal *journal = NULL;
        struct error error = {0};
        bool done = journal_builder_init(&builder, tool_find("flyway"), 0, &address, &error) == 0 &&
                    add_many(&builder, 50, &error) == 0 &&
                    journal_builder_finish(&builder, false, &journal, &error) == 0;
        OOM_CHECK(loop, done);
        if (!done)
            assert_int_equal(error.code, ERROR_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest_tells_rows_apart),
        cmocka_unit_test(test_bad_bytes_stay_distinct),
        cmocka_unit_test(test_wrong_number_of_cells),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_folding_many),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("journal builder", tests, NULL, NULL);
}
