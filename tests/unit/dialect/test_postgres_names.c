/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/postgres_names.h"

#include <string.h>

#include "base/utf8.h"
#include "tests/support/oom.h"

#define SIXTY_THREE "a23456789_b23456789_c23456789_d23456789_e23456789_f23456789_123"

/* What servers of versions 13 to 18 chose for such tables. */
static void names_are_the_servers(void **state)
{
    (void)state;
    static const struct {
        const char *table;
        const char *columns;
        const char *label;
        const char *name;
    } cases[] = {
        {"t", NULL, "pkey", "t_pkey"},
        {"t", "a_b", "key", "t_a_b_key"},
        {"t", "c", "check1", "t_c_check1"},
        {"a_very_long_table_name_that_is_really_too_long", "a_quite_long_column_name_as_well_as_that", "key",
         "a_very_long_table_name_that_i_a_quite_long_column_name_as_w_key"},
        {SIXTY_THREE, NULL, "pkey", "a23456789_b23456789_c23456789_d23456789_e23456789_f2345678_pkey"},
        {"t", SIXTY_THREE, "fkey", "t_a23456789_b23456789_c23456789_d23456789_e23456789_f23456_fkey"},
        {"щщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщ", NULL, "pkey", "щщщщщщщщщщщщщщщщщщщщщщщщщщщщщ_pkey"},
        {"xщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщ", NULL, "pkey", "xщщщщщщщщщщщщщщщщщщщщщщщщщщщщ_pkey"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char name[POSTGRES_NAME_SIZE] = "";
        postgres_make_name(cases[i].table, cases[i].columns, cases[i].label, name);
        assert_string_equal(name, cases[i].name);
        assert_true(utf8_is_valid(name, strlen(name)));
    }
}

static void columns_are_joined_until_a_name_is_full(void **state)
{
    (void)state;
    static const char *const few[] = {"a", "b", "c"};
    static const char *const many[] = {SIXTY_THREE, SIXTY_THREE, "z"};
    char joined[2 * POSTGRES_NAME_SIZE] = "";
    postgres_join_columns(few, 3, joined);
    assert_string_equal(joined, "a_b_c");
    postgres_join_columns(few, 0, joined);
    assert_string_equal(joined, "");
    postgres_join_columns(many, 3, joined);
    assert_string_equal(joined, SIXTY_THREE "_" SIXTY_THREE);
}

static void numbers_belong_to_the_label(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *table;
        const char *columns;
        const char *label;
        bool automatic;
    } cases[] = {
        {"t_check", "t", NULL, "check", true},
        {"t_check1", "t", NULL, "check", true},
        {"t_check27", "t", NULL, "check", true},
        {"t_check0", "t", NULL, "check", false},
        {"t_check01", "t", NULL, "check", false},
        {"t_check12345678901", "t", NULL, "check", false},
        {"t1_check", "t1", NULL, "check", true},
        {"t_a1_key", "t", "a1", "key", true},
        {"t_a_key", "t", "b", "key", false},
        {"t_pkey", "renamed", NULL, "pkey", false},
        {"T_pkey", "t", NULL, "pkey", false},
        {"", "t", NULL, "pkey", false},
        {"7", "t", NULL, "pkey", false},
        /* The number takes its room from the table's name. */
        {"a23456789_b23456789_c23456789_d23456789_e23456789_f234567_check1", SIXTY_THREE, NULL, "check", false},
        {"a23456789_b23456789_c23456789_d23456789_e23456789_f23456_check1", SIXTY_THREE, NULL, "check", true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        if (postgres_name_is_automatic(cases[i].name, cases[i].table, cases[i].columns, cases[i].label) !=
            cases[i].automatic)
            fail_msg("%s of %s", cases[i].name, cases[i].table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_the_servers),
        cmocka_unit_test(columns_are_joined_until_a_name_is_full),
        cmocka_unit_test(numbers_belong_to_the_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
