/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/model/schema_sample.h"

/* A builder with one table, whose attributes are `run`. */
static struct schema *with_run(const struct schema_attribute *run, size_t count)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    struct schema_attribute copy[16] = {{0}};
    assert_true(count <= ARRAY_LENGTH(copy));
    static const char *const texts[] = {NULL, "a", "b", "c"};
    for (size_t i = 0; i < count; i++)
        copy[i] =
            (struct schema_attribute){.key = run[i].key, .text = schema_builder_text(builder, texts[run[i].text])};
    schema_builder_relation(builder, &(struct schema_relation){
                                         .name = schema_builder_text(builder, "t"),
                                         .attributes = schema_builder_attributes(builder, copy, count),
                                     });
    return sample_seal(builder);
}

static void assert_run(const struct schema *schema, uint32_t attributes, const char *expected)
{
    cleanup(strbuf) struct strbuf text = STRBUF(1000);
    for (const struct schema_attribute *at = &schema->attributes[attributes]; at->key != ATTRIBUTE_END; at++)
        strbuf_printf(&text, "%s%s=%s", text.length ? " " : "", attribute_key_name(at->key),
                      schema_text(schema, at->text));
    assert_string_equal(strbuf_text(&text), expected);
}

static void test_runs_are_settled(void **state)
{
    (void)state;
    static const struct {
        struct schema_attribute run[5]; /* text: a number in with_run */
        const char *settled;
    } cases[] = {
        {{{0, 0}}, ""},
        {{{1, ATTRIBUTE_ENGINE}, {2, ATTRIBUTE_CHARSET}}, "engine=a charset=b"},
        {{{1, ATTRIBUTE_CHARSET}, {2, ATTRIBUTE_ENGINE}}, "engine=b charset=a"},
        {{{0, ATTRIBUTE_ENGINE}, {0, ATTRIBUTE_STRICT}}, "strict="},
        {{{1, ATTRIBUTE_STRICT}, {2, ATTRIBUTE_STRICT}}, "strict="},
        {{{1, ATTRIBUTE_ENGINE}, {2, ATTRIBUTE_ENGINE}}, "engine=b"},
        {{{3, ATTRIBUTE_VALUES}, {0, ATTRIBUTE_VALUES}, {1, ATTRIBUTE_VALUES}, {3, ATTRIBUTE_VALUES}},
         "values=c values= values=a values=c"},
        {{{3, ATTRIBUTE_ROLES}, {0, ATTRIBUTE_ROLES}, {1, ATTRIBUTE_ROLES}, {3, ATTRIBUTE_ROLES}}, "roles=a roles=c"},
        {{{3, ATTRIBUTE_ROLES},
          {2, ATTRIBUTE_VALUES},
          {1, ATTRIBUTE_ROLES},
          {1, ATTRIBUTE_VALUES},
          {1, ATTRIBUTE_ENGINE}},
         "engine=a values=b values=a roles=a roles=c"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        size_t count = 0;
        while (count < ARRAY_LENGTH(cases[i].run) && cases[i].run[count].key != ATTRIBUTE_END)
            count++;
        cleanup(schema) struct schema *schema = with_run(cases[i].run, count);
        assert_run(schema, schema->relations[0].attributes, cases[i].settled);
        assert_run(schema, 0, "");
    }
}

static void test_each_run_stands_once(void **state)
{
    (void)state;
    enum { RUNS = 3000 };
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    uint32_t starts[RUNS] = {0};
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < RUNS; i++) {
            char text[16] = "";
            snprintf(text, sizeof text, "%u", i / 2);
            struct schema_attribute run[] = {{.key = ATTRIBUTE_COMMENT, .text = schema_builder_text(builder, text)},
                                             {.key = ATTRIBUTE_STRICT}};
            uint32_t start = schema_builder_attributes(builder, run, 1 + i % 2);
            assert_int_not_equal(start, 0);
            assert_int_equal(start, round ? starts[i] : start);
            starts[i] = start;
        }
    }
    for (unsigned i = 0; i < RUNS; i += 2) {
        uint32_t text = schema_builder_text(builder, "");
        assert_int_equal(schema_builder_add_attribute(builder, starts[i], ATTRIBUTE_STRICT, text), starts[i + 1]);
        assert_int_equal(schema_builder_add_attribute(builder, starts[i], ATTRIBUTE_ENGINE, text), starts[i]);
    }
    cleanup(schema) struct schema *schema = sample_seal(builder);
    assert_int_equal(schema->attribute_count, 1 + RUNS / 2 * 2 + RUNS / 2 * 3);
}

static void test_lookups(void **state)
{
    (void)state;
    cleanup(schema) struct schema *schema = with_run(
        (const struct schema_attribute[]){{1, ATTRIBUTE_VALUES}, {2, ATTRIBUTE_VALUES}, {0, ATTRIBUTE_STRICT}}, 3);
    uint32_t run = schema->relations[0].attributes;
    size_t count = 7;
    assert_string_equal(schema_attribute_text(schema, run, ATTRIBUTE_VALUES), "a");
    assert_string_equal(schema_attribute_text(schema, run, ATTRIBUTE_STRICT), "");
    assert_null(schema_attribute_text(schema, run, ATTRIBUTE_ENGINE));
    assert_null(schema_attribute_text(schema, run, ATTRIBUTE_SQL_MODE));
    assert_null(schema_attribute_text(schema, 0, ATTRIBUTE_VALUES));
    assert_true(schema_has_attribute(schema, run, ATTRIBUTE_STRICT));
    assert_false(schema_has_attribute(schema, run, ATTRIBUTE_END));
    const struct schema_attribute *values = schema_attribute_list(schema, run, ATTRIBUTE_VALUES, &count);
    assert_int_equal(count, 2);
    assert_string_equal(schema_text(schema, values[1].text), "b");
    assert_null(schema_attribute_list(schema, run, ATTRIBUTE_ROLES, &count));
    assert_int_equal(count, 0);
}

/* Keys are members of one JSON object; what is compared has a name, and what is not has none. */
static void test_the_table(void **state)
{
    (void)state;
    for (int i = ATTRIBUTE_END + 1; i < ATTRIBUTE_KEYS; i++) {
        assert_true(attribute_key_name(i)[0] != '\0');
        for (int j = ATTRIBUTE_END + 1; j < i; j++)
            assert_string_not_equal(attribute_key_name(i), attribute_key_name(j));
        assert_int_equal(attribute_item_name(i) == NULL, attribute_form(i) == TEXT_INFO);
        if (attribute_form(i) == TEXT_SET)
            assert_true(attribute_is_list(i));
        if (attribute_form(i) == TEXT_FLAG)
            assert_false(attribute_is_list(i));
    }
}

static void add_object(struct schema_builder *builder, enum object_kind kind, const char *const texts[4],
                       const char *variant)
{
    schema_builder_object(builder, &(struct schema_object){
                                       .kind = kind,
                                       .schema = schema_builder_text(builder, texts[0]),
                                       .relation_name = schema_builder_text(builder, texts[1]),
                                       .name = schema_builder_text(builder, texts[2]),
                                       .arguments = schema_builder_text(builder, texts[3]),
                                       .attributes = sample_attribute(builder, ATTRIBUTE_VARIANT, variant),
                                   });
}

static void test_objects_are_sorted_and_found(void **state)
{
    (void)state;
    static const struct {
        enum object_kind kind;
        const char *texts[4];
        const char *variant;
        size_t place;
    } objects[] = {
        {OBJECT_TRIGGER, {"s", "t", "b", NULL}, NULL, 7},  {OBJECT_ROUTINE, {"s", NULL, "f", "integer"}, NULL, 5},
        {OBJECT_TRIGGER, {"s", "t", "a", NULL}, NULL, 6},  {OBJECT_ROUTINE, {"s", NULL, "f", NULL}, "procedure", 4},
        {OBJECT_SCHEMA, {NULL, NULL, "s", NULL}, NULL, 0}, {OBJECT_ROUTINE, {"s", NULL, "f", NULL}, NULL, 3},
        {OBJECT_ENUM, {"s", NULL, "f", NULL}, NULL, 1},    {OBJECT_ROUTINE, {"r", NULL, "g", NULL}, NULL, 2},
        {OBJECT_TRIGGER, {"s", "u", "a", NULL}, NULL, 8},
    };
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    for (size_t i = 0; i < ARRAY_LENGTH(objects); i++)
        add_object(builder, objects[i].kind, objects[i].texts, objects[i].variant);
    cleanup(schema) struct schema *schema = sample_seal(builder);
    assert_int_equal(schema->object_count, ARRAY_LENGTH(objects));
    for (size_t i = 0; i < ARRAY_LENGTH(objects); i++) {
        const struct schema_object *object = &schema->objects[objects[i].place];
        const char *const *texts = objects[i].texts;
        assert_int_equal(object->kind, objects[i].kind);
        assert_string_equal(schema_text(schema, object->name), texts[2]);
        const char *variant = schema_attribute_text(schema, object->attributes, ATTRIBUTE_VARIANT);
        assert_int_equal(variant != NULL, objects[i].variant != NULL);
        assert_in_range(objects[i].place, schema->object_starts[object->kind],
                        schema->object_starts[object->kind + 1] - 1);
        const struct schema_object *found =
            schema_find_object(schema, objects[i].kind, texts[0], texts[1], texts[2], texts[3]);
        assert_ptr_equal(found, variant ? object - 1 : object);
    }
    assert_int_equal(schema->object_starts[OBJECT_KINDS], ARRAY_LENGTH(objects));
    assert_null(schema_find_object(schema, OBJECT_EVENT, NULL, NULL, "e", NULL));
    assert_null(schema_find_object(schema, OBJECT_TRIGGER, "s", "t", "c", NULL));
    assert_null(schema_find_object(schema, OBJECT_TRIGGER, "s", "", "a", ""));
    assert_non_null(schema_find_object(schema, OBJECT_SCHEMA, "", "", "s", ""));
}

static void test_kinds_of_objects(void **state)
{
    (void)state;
    assert_int_equal(object_schema_kind(OBJECT_SCHEMA), SCHEMA_SCHEMAS);
    assert_int_equal(object_schema_kind(OBJECT_POLICY), SCHEMA_POLICIES);
    assert_string_equal(object_kind_name(OBJECT_POLICY), "policy");
    assert_string_equal(schema_kind_name(object_schema_kind(OBJECT_POLICY)), "policies");
    for (int kind = 0; kind < OBJECT_KINDS; kind++)
        assert_int_equal(object_kind_name(kind)[0], schema_kind_name(object_schema_kind(kind))[0]);
}

static void test_content_hash(void **state)
{
    (void)state;
    uint64_t hashes[SAMPLE_LAST_VARIATION + 1] = {0};
    for (unsigned i = 0; i <= SAMPLE_LAST_VARIATION; i++) {
        cleanup(schema) struct schema *schema = sample_new(i);
        cleanup(schema) struct schema *again = sample_new(i);
        hashes[i] = schema_content_hash(schema);
        assert_true(hashes[i] == schema_content_hash(again));
        for (unsigned j = 0; j < i; j++)
            assert_true(hashes[i] != hashes[j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_are_settled),
        cmocka_unit_test(test_each_run_stands_once),
        cmocka_unit_test(test_lookups),
        cmocka_unit_test(test_the_table),
        cmocka_unit_test(test_objects_are_sorted_and_found),
        cmocka_unit_test(test_kinds_of_objects),
        cmocka_unit_test(test_content_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
