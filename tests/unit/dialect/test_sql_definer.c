/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "dialect/sql_definer.h"

static const struct {
    const char *given;
    const char *expected; /* with its blanks joined */
} cases[] = {
    {"CREATE DEFINER=`root`@`localhost` VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 1"},
    {"create definer = 'a'@'10.0.0.1' trigger t", "create trigger t"},
    {"CREATE DEFINER=CURRENT_USER() EVENT e", "CREATE EVENT e"},
    {"CREATE DEFINER=CURRENT_USER PROCEDURE p() SELECT 1", "CREATE PROCEDURE p() SELECT 1"},
    {"/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`%`*/ /*!50003 TRIGGER t */",
     "/*!50003 CREATE*/ /*!50017 */ /*!50003 TRIGGER t */"},
    {"CREATE ALGORITHM=UNDEFINED DEFINER=`r`@`h` SQL SECURITY DEFINER VIEW v AS SELECT 1",
     "CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW v AS SELECT 1"},
    {"CREATE SQL SECURITY DEFINER VIEW v AS SELECT definer=1",
     "CREATE SQL SECURITY DEFINER VIEW v AS SELECT definer=1"},
    {"SELECT definer=1", "SELECT definer=1"},
    {"CREATE DEFINER=", "CREATE "},
    {"CREATE DEFINER=`open", "CREATE "},
    {"", ""},
};

static void test_definer(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(free) char *sql = mem_strdup(cases[i].given);
        assert_non_null(sql);
        sql_blank_definer(sql);
        assert_int_equal(strlen(sql), strlen(cases[i].given));
        char *to = sql;
        for (const char *from = sql; *from; from++)
            if (*from != ' ' || to == sql || to[-1] != ' ')
                *to++ = *from;
        *to = '\0';
        assert_string_equal(sql, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_definer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
