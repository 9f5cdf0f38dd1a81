/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "dialect/mysql_program.h"
#include "support/oom.h"

static void test_bodies_are_found(void **state)
{
    (void)state;
    static const struct {
        enum mysql_program kind;
        const char *text;
        const char *body;
    } programs[] = {
        {MYSQL_PROGRAM_ROUTINE, "CREATE DEFINER=`root`@`localhost` PROCEDURE `p`()\nBEGIN END", "BEGIN END"},
        {MYSQL_PROGRAM_ROUTINE,
         "CREATE DEFINER=`root`@`localhost` PROCEDURE `p`(in a enum('(',')'), out b decimal(10,2))\n"
         "    READS SQL DATA\n    SQL SECURITY INVOKER\n    COMMENT 'a\\'b'\nselect 1",
         "select 1"},
        {MYSQL_PROGRAM_ROUTINE,
         "CREATE FUNCTION `f`(x int) RETURNS varchar(20) CHARSET utf8mb4 COLLATE utf8mb4_bin\n    NO SQL\n"
         "    DETERMINISTIC\nreturn concat(x, 'y')",
         "return concat(x, 'y')"},
        {MYSQL_PROGRAM_ROUTINE, "CREATE FUNCTION `f`() RETURNS int(11) unsigned\nRETURN 1", "RETURN 1"},
        {MYSQL_PROGRAM_ROUTINE, "CREATE FUNCTION `f`() RETURNS double precision NOT DETERMINISTIC RETURN 1",
         "RETURN 1"},
        {MYSQL_PROGRAM_ROUTINE, "CREATE PROCEDURE `p`() -- why\n set @a = 1 ", "-- why\n set @a = 1"},
        {MYSQL_PROGRAM_ROUTINE, "CREATE PROCEDURE `p`() /*!50003 select 1 */", "/*!50003 select 1 */"},
        {MYSQL_PROGRAM_TRIGGER,
         "CREATE DEFINER=`root`@`localhost` TRIGGER `for each` BEFORE INSERT ON `t` FOR EACH ROW set new.n = 'a'",
         "set new.n = 'a'"},
        {MYSQL_PROGRAM_TRIGGER, "CREATE TRIGGER t after delete on x for each row follows `b` begin end", "begin end"},
        {MYSQL_PROGRAM_EVENT,
         "CREATE DEFINER=`root`@`localhost` EVENT `do` ON SCHEDULE EVERY 1 DAY STARTS '2026-01-01 00:00:00' ON "
         "COMPLETION NOT PRESERVE ENABLE COMMENT 'DO it' DO delete from t",
         "delete from t"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(programs); i++) {
        const char *body = NULL;
        size_t length = 0;
        assert_true(mysql_program_body(programs[i].kind, programs[i].text, strlen(programs[i].text), &body, &length));
        assert_int_equal(length, strlen(programs[i].body));
        assert_memory_equal(body, programs[i].body, length);
    }
}

static void test_what_is_cut_is_not_understood(void **state)
{
    (void)state;
    static const char *const texts[][3] = {
        [MYSQL_PROGRAM_ROUTINE] = {"CREATE PROCEDURE `p`(in a int", "CREATE FUNCTION `f`() RETURNS int", ""},
        [MYSQL_PROGRAM_TRIGGER] = {"CREATE TRIGGER `t` BEFORE INSERT ON `t` FOR EACH ROW", "FOR EACH", "'open"},
        [MYSQL_PROGRAM_EVENT] = {"CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY", "CREATE EVENT `e` DO", "DO 'x' COMMENT"},
    };
    for (enum mysql_program kind = MYSQL_PROGRAM_ROUTINE; kind <= MYSQL_PROGRAM_EVENT; kind++) {
        for (size_t i = 0; i < 3; i++) {
            const char *body = NULL;
            size_t length = 0;
            bool understood = mysql_program_body(kind, texts[kind][i], strlen(texts[kind][i]), &body, &length);
            assert_int_equal(understood, kind == MYSQL_PROGRAM_EVENT && i == 2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies_are_found),
        cmocka_unit_test(test_what_is_cut_is_not_understood),
    };
    return cmocka_run_group_tests_name("mysql_program", tests, NULL, NULL);
}
