/* SPDX-License-Identifier: Apache-2.0
 *
 * Golden cases: create.sql is what a server printed, expected.json what the model makes of it, with the coverage that
 * the parser's report leads to.
 */
#include <stdio.h>
#include <string.h>

#include "dialect/mysql_ddl.h"
#include "model/schema_json.h"
#include "support/golden.h"
#include "support/oom.h"

enum { DOCUMENT_LIMIT = 1 << 20 };

static void tell(struct schema_builder *builder, enum schema_kind kind, bool partial, const char *place)
{
    schema_builder_coverage(builder, kind, partial ? COVERAGE_PARTIAL : COVERAGE_FULL, partial ? place : NULL);
}

static int read_ddl(const char *text, size_t length, struct schema **ret_schema, struct error *reterr)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    if (!builder)
        return -1;
    schema_builder_server(builder, "mysql", "");
    if (strncmp(text, "CREATE SEQUENCE", 15) == 0) {
        bool understood = mysql_ddl_read_sequence(builder, "t", text, length);
        tell(builder, SCHEMA_SEQUENCES, !understood, "not understood");
        return schema_builder_seal(builder, ret_schema, reterr);
    }
    struct schema_relation relation = {.name = schema_builder_text(builder, "t"), .kind = RELATION_TABLE};
    uint32_t handle = schema_builder_relation(builder, &relation);
    struct mysql_ddl_report report = {0};
    mysql_ddl_read_table(builder, handle, "t", "app", text, length, &report);
    tell(builder, SCHEMA_COLUMNS, report.columns_partial, report.place);
    tell(builder, SCHEMA_CONSTRAINTS, report.constraints_partial, report.place);
    tell(builder, SCHEMA_INDEXES, report.indexes_partial, report.place);
    return schema_builder_seal(builder, ret_schema, reterr);
}

static void run_case(struct golden_case *golden, void *userdata)
{
    (void)userdata;
    size_t length = 0;
    const char *text = golden_read(golden, "create.sql", &length);
    struct error error = {0};
    cleanup(schema) struct schema *schema = NULL;
    cleanup(strbuf) struct strbuf out = STRBUF(DOCUMENT_LIMIT);
    assert_int_equal(read_ddl(text, length, &schema, &error), 0);
    schema_json_render(schema, 1, &out);
    golden_expect(golden, "expected.json", strbuf_text(&out));
}

static void test_golden(void **state)
{
    (void)state;
    golden_run("dialect/mysql", run_case, NULL);
}

static const char sample[] =
    "CREATE TABLE `t` (\n  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,\n"
    "  `a``b` varchar(20) DEFAULT 'it''s',\n  `c` timestamp NULL DEFAULT now() ON UPDATE now(),\n"
    "  PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`a``b`),\n  KEY `k` (`c` DESC,`a``b`(5)),\n"
    "  CONSTRAINT `f` FOREIGN KEY (`id`) REFERENCES `p` (`x`) ON DELETE CASCADE,\n"
    "  CONSTRAINT `t_chk_1` CHECK ((`id` > 0)) /*!80016 NOT ENFORCED */\n"
    ") ENGINE=InnoDB";

/* What is cut anywhere inside the parentheses is never taken for a whole table. */
static void test_every_cut_is_reported(void **state)
{
    (void)state;
    size_t whole = strlen(sample) - strlen(") ENGINE=InnoDB");
    for (size_t length = 0; length < whole; length++) {
        struct error error = {0};
        cleanup(schema) struct schema *schema = NULL;
        assert_int_equal(read_ddl(sample, length, &schema, &error), 0);
        bool partial = schema->coverage[SCHEMA_COLUMNS].coverage == COVERAGE_PARTIAL;
        if (!partial)
            fail_msg("cut at %zu the table counts as whole", length);
    }
}

static void test_whole_sample_is_understood(void **state)
{
    (void)state;
    struct error error = {0};
    cleanup(schema) struct schema *schema = NULL;
    assert_int_equal(read_ddl(sample, strlen(sample), &schema, &error), 0);
    for (int kind = SCHEMA_COLUMNS; kind <= SCHEMA_INDEXES; kind++)
        assert_int_equal(schema->coverage[kind].coverage, COVERAGE_FULL);
    assert_int_equal(schema->column_count, 3);
    assert_int_equal(schema->constraint_count, 4);
    assert_int_equal(schema->index_count, 1);
}

/* A scratch buffer that cannot grow makes the table partial rather than wrong; the builder tells of its own. */
static void test_no_memory_is_never_a_whole_table(void **state)
{
    (void)state;
    struct error error = {0};
    cleanup(schema) struct schema *reference = NULL;
    assert_int_equal(read_ddl(sample, strlen(sample), &reference, &error), 0);
    for (size_t successes = 0;; successes++) {
        cleanup(schema) struct schema *schema = NULL;
        mem_fault_after(successes);
        int failed = read_ddl(sample, strlen(sample), &schema, &error);
        bool refused = mem_fault_off();
        if (!failed && schema->coverage[SCHEMA_COLUMNS].coverage == COVERAGE_FULL)
            assert_true(digest_equal(schema->digest, reference->digest));
        if (!refused)
            break;
    }
}

static void test_view_types(void **state)
{
    (void)state;
    static const char *const types[][2] = {
        {"int(11)", "int"},
        {"bigint(20) unsigned", "bigint unsigned"},
        {"tinyint(1)", "tinyint(1)"},
        {"tinyint(4)", "tinyint"},
        {"int(8) unsigned zerofill", "int(8) unsigned zerofill"},
        {"datetime /* mariadb-5.3 */", "datetime"},
        {"DECIMAL(10,2)", "decimal(10,2)"},
        {"enum('a','b\\'c')", "enum('a','b''c')"},
    };
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        uint32_t type = mysql_ddl_type(builder, types[i][0], strlen(types[i][0]));
        assert_string_equal(schema_builder_get_text(builder, type), types[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_every_cut_is_reported),
        cmocka_unit_test(test_whole_sample_is_understood),
        cmocka_unit_test(test_no_memory_is_never_a_whole_table),
        cmocka_unit_test(test_view_types),
    };
    return cmocka_run_group_tests_name("mysql_ddl", tests, NULL, NULL);
}
