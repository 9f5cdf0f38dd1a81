/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/model/schema_sample.h"

#include "model/schema_extract.h"
#include "model/schema_json.h"

enum { DOCUMENT_LIMIT = 1 << 24 };

/* Of schema_sample.h: a target without a namespace, which is how a part names what stands in it. */
enum { NAMELESS_TARGET = 34 };

static struct schema *extract(const struct schema *whole, const char *name)
{
    struct error error = {0};
    struct schema *schema = NULL;
    if (schema_extract(whole, name, &schema, &error))
        fail_msg("%s", error.message);
    return schema;
}

static void assert_equal(const struct schema *one, const struct schema *other)
{
    cleanup(strbuf) struct strbuf left = STRBUF(DOCUMENT_LIMIT);
    cleanup(strbuf) struct strbuf right = STRBUF(DOCUMENT_LIMIT);
    schema_json_render(one, 0, &left);
    schema_json_render(other, 0, &right);
    assert_string_equal(strbuf_text(&left), strbuf_text(&right));
    assert_true(digest_equal(one->digest, other->digest));
}

static void name_schema(struct schema_builder *builder, const char *name)
{
    schema_builder_object(builder,
                          &(struct schema_object){.kind = OBJECT_SCHEMA, .name = schema_builder_text(builder, name)});
}

static struct schema *sample_with_schemas(unsigned variation)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    sample_build(builder, variation);
    name_schema(builder, "public");
    name_schema(builder, "app");
    return sample_seal(builder);
}

/* Whatever tells two schemas apart tells what is taken out of them apart, too. */
static void test_nothing_is_left_behind(void **state)
{
    (void)state;
    cleanup(schema) struct schema *plain = sample_with_schemas(0);
    cleanup(schema) struct schema *own = extract(plain, "public");
    assert_int_equal(own->relation_count, plain->relation_count);
    for (unsigned variation = 1; variation <= SAMPLE_LAST_VARIATION; variation++) {
        cleanup(schema) struct schema *varied = sample_with_schemas(variation);
        cleanup(schema) struct schema *part = extract(varied, "public");
        if (variation != NAMELESS_TARGET &&
            digest_equal(plain->digest, varied->digest) != digest_equal(own->digest, part->digest))
            fail_msg("variation %u", variation);
    }
}

/* A table that refers to one of its own namespace and to one of "shared", and all that hangs on it. */
static void add_tenant(struct schema_builder *builder, const char *name)
{
#define T(text) schema_builder_text(builder, (text))
    uint32_t schema = T(name);
    const struct schema_attribute labels[] = {{.key = ATTRIBUTE_VALUES, .text = T("b")},
                                              {.key = ATTRIBUTE_VALUES, .text = 0},
                                              {.key = ATTRIBUTE_VALUES, .text = T("a")}};
    uint32_t columns[] = {T("id"), T("mood")};
    uint32_t table = schema_builder_relation(
        builder, &(struct schema_relation){.schema = schema,
                                           .name = T("users"),
                                           .attributes = sample_attribute(builder, ATTRIBUTE_ROW_SECURITY, "")});
    for (size_t i = 0; i < ARRAY_LENGTH(columns); i++)
        schema_builder_column(builder, &(struct schema_column){.relation = table,
                                                               .name = columns[i],
                                                               .type = T("integer"),
                                                               .default_expression = T("own.f(1)"),
                                                               .position = (uint16_t)(3 * i + 2)});
    struct schema_constraint key = {.relation = table,
                                    .name = T("own"),
                                    .kind = CONSTRAINT_FOREIGN_KEY,
                                    .columns = schema_builder_list(builder, columns, 2),
                                    .referenced_schema = schema,
                                    .referenced_table = T("users"),
                                    .referenced_columns = schema_builder_list(builder, columns, 2)};
    schema_builder_constraint(builder, &key);
    key.name = T("foreign");
    key.referenced_schema = T("shared");
    schema_builder_constraint(builder, &key);
    const struct schema_index_part part = {.text = columns[1], .operator_class = T("ops"), .collation = T("C")};
    schema_builder_index(builder, &(struct schema_index){.relation = table, .name = T("ix")}, &part, 1);
    schema_builder_object(builder,
                          &(struct schema_object){.kind = OBJECT_ENUM,
                                                  .schema = schema,
                                                  .name = T("mood"),
                                                  .attributes = schema_builder_attributes(builder, labels, 3)});
    schema_builder_object(
        builder,
        &(struct schema_object){.kind = OBJECT_ROUTINE, .schema = schema, .name = T("f"), .arguments = T("integer")});
#undef T
}

/* `first` NULL: one tenant without a name. */
static struct schema *tenants_new(const char *first, const char *second)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    schema_builder_server(builder, "postgres", "15.1");
    schema_builder_coverage(builder, SCHEMA_ROUTINES, COVERAGE_PARTIAL, "GRANT");
    schema_builder_undeclared(builder, ATTRIBUTE_COMMENT);
    add_tenant(builder, first);
    if (first)
        name_schema(builder, first);
    if (second) {
        uint32_t name = schema_builder_text(builder, "hstore");
        schema_builder_object(builder, &(struct schema_object){.kind = OBJECT_EXTENSION, .name = name});
        schema_builder_not_compared(builder, "1 rule");
        add_tenant(builder, second);
        name_schema(builder, second);
    }
    return sample_seal(builder);
}

static void test_each_part_is_as_if_it_were_alone(void **state)
{
    (void)state;
    cleanup(schema) struct schema *whole = tenants_new("a", "b.\"c\"");
    cleanup(schema) struct schema *alone = tenants_new(NULL, NULL);
    cleanup(schema) struct schema *first = extract(whole, "a");
    cleanup(schema) struct schema *second = extract(whole, "b.\"c\"");
    assert_equal(first, alone);
    assert_equal(second, alone);
}

static void test_truncation_is_every_parts(void **state)
{
    (void)state;
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    name_schema(builder, "empty");
    schema_builder_truncated(builder);
    schema_builder_folds_names(builder);
    cleanup(schema) struct schema *whole = sample_seal(builder);
    cleanup(schema) struct schema *part = extract(whole, "empty");
    assert_true(part->truncated && part->folds_names);
    assert_int_equal(part->relation_count + part->object_count, 0);
}

static void test_unknown_names(void **state)
{
    (void)state;
    cleanup(schema) struct schema *whole = tenants_new("a", "b");
    static const char *const names[] = {"", "c", "A", "hstore"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        struct error error = {0};
        struct schema *part = whole;
        assert_int_equal(schema_extract(whole, names[i], &part, &error), -1);
        assert_int_equal(error.code, ERROR_NOT_FOUND);
        assert_null(part);
    }
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    cleanup(schema) struct schema *whole = tenants_new("a", "b");
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(schema) struct schema *part = NULL;
        bool succeeded = schema_extract(whole, "b", &part, &error) == 0;
        OOM_CHECK(loop, succeeded);
        assert_true(succeeded || (!part && error.code == ERROR_NO_MEMORY));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_left_behind),    cmocka_unit_test(test_each_part_is_as_if_it_were_alone),
        cmocka_unit_test(test_truncation_is_every_parts), cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
