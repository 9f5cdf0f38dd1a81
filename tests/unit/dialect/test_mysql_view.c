/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "dialect/mysql_view.h"
#include "support/oom.h"

static bool read_view(const char *text, struct schema **ret_schema, struct error *reterr)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    if (!builder) {
        error_no_memory(reterr);
        return false;
    }
    schema_builder_server(builder, "mysql", "");
    struct schema_relation relation = {.name = schema_builder_text(builder, "v"), .kind = RELATION_VIEW};
    uint32_t handle = schema_builder_relation(builder, &relation);
    bool understood = mysql_view_read(builder, handle, "app", text, strlen(text));
    return schema_builder_seal(builder, ret_schema, reterr) == 0 && understood;
}

static void expect(const struct schema *schema, enum attribute_key key, const char *wanted)
{
    const char *found = schema_attribute_text(schema, schema->relations[0].attributes, key);
    if (wanted)
        assert_string_equal(found ? found : "(none)", wanted);
    else
        assert_null(found);
}

static void test_views(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *query;
        const char *options;
        const char *security;
        const char *check_option;
    } views[] = {
        {"CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `v` AS select 1 AS `1`",
         "select 1 AS `1`", NULL, NULL, NULL},
        {"CREATE ALGORITHM=MERGE DEFINER=`a``as`@`%` SQL SECURITY INVOKER VIEW `app`.`v` AS select `app`.`t`.`a` AS "
         "`a` "
         "from `app`.`t` WITH LOCAL CHECK OPTION",
         "select `t`.`a` AS `a` from `t`", "algorithm=merge", "invoker", "local"},
        {"CREATE VIEW `as` (`x`,`as`) AS select 1 AS `WITH CASCADED CHECK OPTION` WITH CASCADED CHECK OPTION",
         "select 1 AS `WITH CASCADED CHECK OPTION`", NULL, NULL, "cascaded"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(views); i++) {
        struct error error = {0};
        cleanup(schema) struct schema *schema = NULL;
        assert_true(read_view(views[i].text, &schema, &error));
        assert_string_equal(schema_text(schema, schema->relations[0].definition), views[i].query);
        expect(schema, ATTRIBUTE_VIEW_OPTIONS, views[i].options);
        expect(schema, ATTRIBUTE_SECURITY, views[i].security);
        expect(schema, ATTRIBUTE_CHECK_OPTION, views[i].check_option);
    }
}

static void test_what_is_no_view_changes_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "CREATE TABLE `t` (`a` int)", "CREATE VIEW `v`", "CREATE VIEW `v` AS ",
                                        "CREATE ALGORITHM MERGE VIEW `v` AS select 1"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct error error = {0};
        cleanup(schema) struct schema *schema = NULL;
        assert_false(read_view(texts[i], &schema, &error));
        assert_int_equal(schema->relations[0].definition, 0);
    }
}

static void test_no_memory_is_told(void **state)
{
    (void)state;
    static const char text[] =
        "CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW `v` AS select `app`.`t`.`a` AS `a` from "
        "`app`.`t` WITH LOCAL CHECK OPTION";
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(schema) struct schema *schema = NULL;
        OOM_CHECK(loop, read_view(text, &schema, &error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_what_is_no_view_changes_nothing),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests_name("mysql_view", tests, NULL, NULL);
}
