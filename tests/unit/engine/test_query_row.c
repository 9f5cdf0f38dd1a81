/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of a cell: text, cut between characters, or hexadecimal.
 */
#include <string.h>

#include "base/limits.h"
#include "engine/answer/query_row.h"
#include "support/oom.h"

static void test_cells(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *cell;
    } cells[] = {
        {"", 0, ""},
        {"abc", 3, "abc"},
        {"12345678", 8, "12345678"},
        {"123456789", 9, "12345678"},
        {"1234567\xc3\xa4", 9, "1234567"},
        {"12345\xf0\x9f\x90\x98", 9, "12345"},
        {"123456\xc3\xa4", 8, "123456\xc3\xa4"},
        {"a\0b", 3, "0x610062"},
        {"\xff", 1, "0xff"},
        {"\xff\xfe\xfd\xfc\xfb", 5, "0xfffefd"},
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 10, "0x808080"},
        {"12345678\xff", 9, "12345678"},
        {"tab\there", 8, "tab\there"},
    };
    cleanup(query_row) struct query_row row = {0};
    struct error error = {0};
    assert_int_equal(query_row_init(&row, 2, 8, &error), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(cells); i++) {
        query_row_set(&row, 1, cells[i].bytes, cells[i].length);
        assert_string_equal(row.cells[1], cells[i].cell);
        assert_int_equal(row.lengths[1], strlen(cells[i].cell));
    }
    query_row_set(&row, 1, NULL, 0);
    assert_null(row.cells[1]);
    assert_int_equal(row.lengths[1], 0);
}

static void test_bounds(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, LIMIT_ANSWER_CELL + 1};
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        cleanup(query_row) struct query_row row = {0};
        struct error error = {0};
        assert_int_equal(query_row_init(&row, 1, sizes[i], &error), -1);
        assert_int_equal(error.code, ERROR_INTERNAL);
    }
    cleanup(query_row) struct query_row row = {0};
    struct error error = {0};
    assert_int_equal(query_row_init(&row, 1, 1, &error), 0);
    query_row_set(&row, 0, "\xff", 1);
    assert_string_equal(row.cells[0], "");
    query_row_set(&row, 0, "\xc3\xa4", 2);
    assert_string_equal(row.cells[0], "");
}

static int count_row(void *payload, const char *const *cells, const size_t *lengths, size_t count, struct error *reterr)
{
    size_t *rows = payload;
    if (++*rows > 1)
        return error_set(reterr, ERROR_CHANGED, "that is enough");
    assert_int_equal(count, 1);
    assert_string_equal(cells[0], "x");
    assert_int_equal(lengths[0], 1);
    return 0;
}

static void test_sending(void **state)
{
    (void)state;
    size_t rows = 0;
    const struct query_sink sink = {.row = count_row, .payload = &rows};
    cleanup(query_row) struct query_row row = {0};
    struct error error = {0};
    assert_int_equal(query_row_init(&row, 1, 8, &error), 0);
    query_row_set(&row, 0, "x", 1);
    assert_int_equal(query_row_send(&row, &sink, &error), 0);
    assert_int_equal(query_row_send(&row, &sink, &error), -1);
    assert_int_equal(error.code, ERROR_CHANGED);
}

static void test_memory(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(query_row) struct query_row row = {0};
        struct error error = {0};
        OOM_CHECK(loop, query_row_init(&row, 3, 256, &error) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_sending),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
