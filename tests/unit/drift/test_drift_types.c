/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "drift/drift_types.h"

#define SAME TYPE_RELATION_ALIKE
#define NEAR TYPE_RELATION_KINDRED
#define WIDE TYPE_RELATION_WIDER
#define OTHER TYPE_RELATION_OTHER

struct type_case {
    const char *expected;
    const char *actual;
    enum type_relation relation; /* the other way round, wider is narrower */
};

static void check(const struct drift_features *features, const struct type_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum type_relation forth = drift_type_relation(features, cases[i].expected, cases[i].actual);
        enum type_relation back = drift_type_relation(features, cases[i].actual, cases[i].expected);
        enum type_relation opposite = cases[i].relation == TYPE_RELATION_WIDER      ? TYPE_RELATION_NARROWER
                                      : cases[i].relation == TYPE_RELATION_NARROWER ? TYPE_RELATION_WIDER
                                                                                    : cases[i].relation;
        if (forth != cases[i].relation || back != opposite)
            fail_msg("%s -> %s: %d, and back %d", cases[i].expected, cases[i].actual, forth, back);
    }
}

static void test_postgres(void **state)
{
    (void)state;
    static const struct drift_features features = {.postgres = true};
    static const struct type_case cases[] = {
        {"smallint", "integer", WIDE},
        {"integer", "bigint", WIDE},
        {"real", "double precision", WIDE},
        {"integer", "double precision", OTHER},
        {"integer", "text", OTHER},
        {"character varying(10)", "character varying(20)", WIDE},
        {"character varying(10)", "character varying", WIDE},
        {"character varying(10)", "text", WIDE},
        {"character varying", "text", SAME},
        {"character(3)", "character varying(3)", NEAR},
        {"numeric(10,2)", "numeric(12,2)", WIDE},
        {"numeric(10,2)", "numeric", WIDE},
        {"numeric(10,2)", "numeric(10,3)", OTHER},
        {"numeric(10,2)", "numeric(11,3)", WIDE},
        {"timestamp(6) without time zone", "timestamp without time zone", SAME},
        {"timestamp(3) without time zone", "timestamp without time zone", WIDE},
        {"timestamp without time zone", "timestamp with time zone", NEAR},
        {"json", "jsonb", NEAR},
        {"json[]", "jsonb[]", NEAR},
        {"integer[]", "bigint[]", WIDE},
        {"public.mood", "public.feeling", OTHER},
        {"uuid", "text", OTHER},
    };
    check(&features, cases, ARRAY_LENGTH(cases));
}

static void test_mysql(void **state)
{
    (void)state;
    static const struct drift_features features = {.mysql = true};
    static const struct type_case cases[] = {
        {"tinyint", "int", WIDE},
        {"int unsigned", "bigint unsigned", WIDE},
        {"int", "int unsigned", OTHER},
        {"varchar(10)", "varchar(11)", WIDE},
        {"decimal(10,2)", "decimal(12,4)", WIDE},
        {"decimal(10,2)", "decimal(10,4)", OTHER},
        {"datetime", "datetime(6)", WIDE},
        {"text", "mediumtext", WIDE},
        {"text", "blob", OTHER},
        {"enum('a','b')", "enum('a','b','c')", WIDE},
        {"enum('a','b')", "enum('a','it''s')", OTHER},
        {"set('a')", "set('a','b')", WIDE},
        {"json", "longtext", OTHER},
    };
    check(&features, cases, ARRAY_LENGTH(cases));
}

static void test_sqlite(void **state)
{
    (void)state;
    static const struct drift_features features = {.sqlite = true};
    static const struct type_case cases[] = {
        {"TEXT", "VARCHAR(10)", SAME},   {"BIGINT", "INT", SAME}, {"INTEGER", "INT", OTHER},
        {"REAL", "DOUBLE", SAME},        {"TEXT", "BLOB", OTHER}, {"", "BLOB", SAME},
        {"NUMERIC", "DECIMAL(1)", SAME}, {"TEXT", "INT", OTHER},
    };
    check(&features, cases, ARRAY_LENGTH(cases));
}

/* Whatever the bytes are. */
static void test_hostile(void **state)
{
    (void)state;
    static const struct drift_features features = {.mysql = true};
    static const char *const texts[] = {
        "",
        "(",
        ")",
        "enum(",
        "enum('",
        "enum('')",
        "enum('a'",
        "varchar(99999999999999999999999)",
        "varchar(-1)",
        "numeric(1,",
        "a very long name of a type that somebody made up to see what happens when it is cut",
        "[]"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        for (size_t j = 0; j < ARRAY_LENGTH(texts); j++)
            drift_type_relation(&features, texts[i], texts[j]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_postgres),
        cmocka_unit_test(test_mysql),
        cmocka_unit_test(test_sqlite),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
