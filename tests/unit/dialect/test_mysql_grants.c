/* SPDX-License-Identifier: Apache-2.0
 *
 * What lines of SHOW GRANTS prove about the database app_x.
 */
#include <string.h>

#include "dialect/mysql_grants.h"
#include "support/oom.h"

static const struct grants_case {
    const char *what;
    const char *lines[4];
    bool sees_tables;
    bool selects_all;
    bool selects_journal;
} cases[] = {
    {"nothing", {"GRANT USAGE ON *.* TO `u`@`%`"}, false, false, false},
    {"everything", {"GRANT ALL PRIVILEGES ON *.* TO `u`@`%` WITH GRANT OPTION"}, true, true, true},
    {"MySQL's long list",
     {"GRANT SELECT, INSERT, SHOW DATABASES, CREATE VIEW ON *.* TO `u`@`%`",
      "GRANT APPLICATION_PASSWORD_ADMIN,BACKUP_ADMIN ON *.* TO `u`@`%`"},
     true,
     true,
     true},
    {"global without tables", {"GRANT SHOW DATABASES, PROCESS, EVENT ON *.* TO `u`@`%`"}, false, false, false},
    {"the minimum", {"GRANT REFERENCES, SHOW VIEW ON `app_x`.* TO `u`@`%`"}, true, false, false},
    {"escaped name", {"GRANT SELECT ON `app\\_x`.* TO `u`@`%`"}, true, true, true},
    {"wildcard", {"GRANT SELECT ON `app%`.* TO `u`@`%`"}, true, true, true},
    {"one-byte wildcard", {"GRANT SELECT ON `app_x`.* TO `u`@`%`"}, true, true, true},
    {"another database", {"GRANT ALL PRIVILEGES ON `app\\_y`.* TO `u`@`%`"}, false, false, false},
    {"escaped is not a wildcard", {"GRANT SELECT ON `appax\\_x`.* TO `u`@`%`"}, false, false, false},
    {"the journal only", {"GRANT SELECT ON `app_x`.`journal` TO `u`@`%`"}, false, false, true},
    {"columns of the journal",
     {"GRANT SELECT (`id`, `name`), INSERT (`a`) ON `app_x`.`journal` TO `u`@`%`"},
     false,
     false,
     true},
    {"another database's journal", {"GRANT SELECT ON `app_y`.`journal` TO `u`@`%`"}, false, false, false},
    {"tables are not patterns", {"GRANT SELECT ON `app%`.`journal` TO `u`@`%`"}, false, false, false},
    {"routines show no table",
     {"GRANT EXECUTE, CREATE ROUTINE, EVENT, LOCK TABLES ON `app_x`.* TO `u`@`%`"},
     false,
     false,
     false},
    {"a routine named like a table", {"GRANT EXECUTE ON PROCEDURE `app_x`.`journal` TO `u`@`%`"}, false, false, false},
    {"a role alone", {"GRANT `observers` TO `u`@`%`", "GRANT USAGE ON *.* TO `u`@`%`"}, false, false, false},
    {"an active role's line",
     {"GRANT `observers`@`%` TO `u`@`%`", "GRANT SELECT ON `app_x`.* TO `observers`"},
     true,
     true,
     true},
    {"proxy", {"GRANT PROXY ON ''@'%' TO 'u'@'%' WITH GRANT OPTION"}, false, false, false},
    {"partial revoke",
     {"GRANT SELECT ON *.* TO `u`@`%`", "REVOKE SELECT ON `app_x`.* FROM `u`@`%`"},
     false,
     false,
     false},
    {"revoked elsewhere",
     {"GRANT SELECT ON *.* TO `u`@`%`", "REVOKE SELECT ON `mysql`.* FROM `u`@`%`"},
     true,
     true,
     true},
    {"patterns prove nothing with partial revokes",
     {"GRANT SELECT ON `app%`.* TO `u`@`%`", "REVOKE INSERT ON `mysql`.* FROM `u`@`%`"},
     false,
     false,
     false},
    {"the name wins over patterns",
     {"GRANT REFERENCES ON `app_x`.* TO `u`@`%`", "GRANT SELECT ON `app%`.* TO `u`@`%`"},
     true,
     false,
     false},
    {"of patterns what all give",
     {"GRANT SELECT ON `app%`.* TO `u`@`%`", "GRANT EXECUTE, REFERENCES ON `a%`.* TO `u`@`%`"},
     true,
     false,
     false},
    {"of patterns what all give, none",
     {"GRANT SELECT ON `app%`.* TO `u`@`%`", "GRANT EXECUTE ON `a%`.* TO `u`@`%`"},
     false,
     false,
     false},
    {"names with quotes", {"GRANT SELECT ON `app``x`.* TO `u``v`@`%`"}, false, false, false},
    {"a name that looks like SQL", {"GRANT USAGE ON *.* TO `GRANT SELECT ON *.* TO x`@`%`"}, false, false, false},
    {"cut", {"GRANT SELECT ON `app_x", "GRANT SELECT", "GRANT", ""}, false, false, false},
};

static int read_lines(const struct grants_case *one, struct mysql_grants **ret_grants)
{
    cleanup(mysql_grants) struct mysql_grants *grants = mysql_grants_new("app_x");
    if (!grants)
        return -1;
    for (size_t i = 0; i < ARRAY_LENGTH(one->lines) && one->lines[i]; i++) {
        if (!mysql_grants_add(grants, one->lines[i], strlen(one->lines[i])))
            return -1;
    }
    *ret_grants = take(grants);
    return 0;
}

static void check(const struct grants_case *one, const struct mysql_grants *grants)
{
    if (mysql_grants_sees_tables(grants) != one->sees_tables)
        fail_msg("%s: sees tables: %d", one->what, !one->sees_tables);
    if (mysql_grants_can_select(grants, NULL) != one->selects_all)
        fail_msg("%s: selects all: %d", one->what, !one->selects_all);
    if (mysql_grants_can_select(grants, "journal") != one->selects_journal)
        fail_msg("%s: selects the journal: %d", one->what, !one->selects_journal);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(mysql_grants) struct mysql_grants *grants = NULL;
        assert_int_equal(read_lines(&cases[i], &grants), 0);
        check(&cases[i], grants);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            cleanup(mysql_grants) struct mysql_grants *grants = NULL;
            OOM_CHECK(loop, read_lines(&cases[i], &grants) == 0);
            if (grants)
                check(&cases[i], grants);
        }
    }
}

/* A pattern of many wildcards against a long name costs its product at most, not its power. */
static void test_hostile_pattern_ends(void **state)
{
    (void)state;
    cleanup(mysql_grants) struct mysql_grants *grants =
        mysql_grants_new("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    static const char line[] = "GRANT SELECT ON `%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%b`.* TO `u`@`%`";
    assert_non_null(grants);
    assert_true(mysql_grants_add(grants, line, strlen(line)));
    assert_false(mysql_grants_sees_tables(grants));
}

static void test_programs(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool triggers;
        bool events;
        bool routines;
    } lines[] = {
        {"GRANT ALL PRIVILEGES ON `app_x`.* TO `u`@`%`", true, true, true},
        {"GRANT TRIGGER ON `app_x`.* TO `u`@`%`", true, false, false},
        {"GRANT TRIGGER ON `app_x`.`t` TO `u`@`%`", false, false, false},
        {"GRANT EVENT ON *.* TO `u`@`%`", false, true, false},
        {"GRANT SELECT ON *.* TO `u`@`%`", false, false, true},
        {"GRANT SELECT ON `app_x`.* TO `u`@`%`", false, false, false},
        {"GRANT SELECT ON `mysql`.`proc` TO `u`@`%`", false, false, true},
        {"GRANT SELECT ON `mysql`.* TO `u`@`%`", false, false, true},
        {"GRANT SELECT ON `mysql`.`user` TO `u`@`%`", false, false, false},
        {"GRANT EXECUTE ON `app_x`.* TO `u`@`%`", false, false, true},
        {"GRANT EXECUTE ON PROCEDURE `app_x`.`p` TO `u`@`%`", false, false, false},
        {"GRANT SHOW_ROUTINE ON *.* TO `u`@`%`", false, false, true},
        {"GRANT SHOW CREATE ROUTINE ON `app_x`.* TO `u`@`%`", false, false, true},
        {"GRANT SHOW VIEW, REFERENCES ON `app_x`.* TO `u`@`%`", false, false, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        cleanup(mysql_grants) struct mysql_grants *grants = mysql_grants_new("app_x");
        assert_true(mysql_grants_add(grants, lines[i].line, strlen(lines[i].line)));
        assert_int_equal(mysql_grants_sees_triggers(grants), lines[i].triggers);
        assert_int_equal(mysql_grants_sees_events(grants), lines[i].events);
        assert_int_equal(mysql_grants_sees_routines(grants), lines[i].routines);
    }
}

static void test_what_is_revoked_proves_no_routines(void **state)
{
    (void)state;
    static const char *const lines[] = {"GRANT SELECT ON *.* TO `u`@`%`", "REVOKE SELECT ON `app_x`.* FROM `u`@`%`"};
    cleanup(mysql_grants) struct mysql_grants *grants = mysql_grants_new("app_x");
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
        assert_true(mysql_grants_add(grants, lines[i], strlen(lines[i])));
    assert_false(mysql_grants_sees_routines(grants));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs),
        cmocka_unit_test(test_what_is_revoked_proves_no_routines),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_hostile_pattern_ends),
    };
    return cmocka_run_group_tests_name("mysql_grants", tests, NULL, NULL);
}
