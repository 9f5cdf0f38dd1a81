/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/model/schema_sample.h"

#include "base/limits.h"
#include "model/schema_json.h"

enum { DOCUMENT_LIMIT = 1 << 24, SEEDS = 40 };

static const char *text(const struct schema *schema, uint32_t offset)
{
    return schema_text(schema, offset);
}

static void test_empty(void **state)
{
    (void)state;
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    cleanup(schema) struct schema *schema = sample_seal(builder);
    assert_int_equal(schema->relation_count, 0);
    assert_null(schema_find_relation(schema, "public", "users"));
    assert_string_equal(text(schema, 0), "");
    assert_null(schema_text_or_null(schema, 0));
    assert_int_equal(schema_table_count(schema), 0);
}

static void test_relations_are_sorted_and_found(void **state)
{
    (void)state;
    cleanup(schema) struct schema *schema = sample_new(0);
    static const char *const names[] = {"active", "orders", "users"};
    assert_int_equal(schema->relation_count, ARRAY_LENGTH(names));
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        assert_string_equal(text(schema, schema->relations[i].name), names[i]);
        assert_ptr_equal(schema_find_relation(schema, "public", names[i]), &schema->relations[i]);
    }
    assert_null(schema_find_relation(schema, "public", "user"));
    assert_null(schema_find_relation(schema, NULL, "users"));
    assert_null(schema_find_relation(schema, "zzz", "users"));
    assert_int_equal(schema_table_count(schema), 2);
}

static void test_relation_without_schema(void **state)
{
    (void)state;
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    uint32_t name = schema_builder_text(builder, "t");
    schema_builder_relation(builder,
                            &(struct schema_relation){.name = name, .schema = schema_builder_text(builder, "")});
    cleanup(schema) struct schema *schema = sample_seal(builder);
    assert_non_null(schema_find_relation(schema, NULL, "t"));
    assert_non_null(schema_find_relation(schema, "", "t"));
}

static void test_columns_follow_their_positions(void **state)
{
    (void)state;
    cleanup(schema) struct schema *schema = sample_new(14);
    const struct schema_relation *users = schema_find_relation(schema, "public", "users");
    static const char *const names[] = {"email", "id", "total", "last"};
    assert_int_equal(users->column_count, ARRAY_LENGTH(names));
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        const struct schema_column *column = &schema->columns[users->first_column + i];
        assert_string_equal(text(schema, column->name), names[i]);
        assert_int_equal(column->position, i + 1);
        assert_ptr_equal(&schema->relations[column->relation], users);
        assert_ptr_equal(schema_find_column(schema, users, names[i]), column);
    }
    assert_null(schema_find_column(schema, users, "user_id"));
}

static void test_constraints_and_indexes_keep_their_lists(void **state)
{
    (void)state;
    cleanup(schema) struct schema *schema = sample_new(0);
    const struct schema_relation *users = schema_find_relation(schema, "public", "users");
    assert_int_equal(users->constraint_count, 3);
    const struct schema_constraint *key = &schema->constraints[users->first_constraint];
    assert_int_equal(key->kind, CONSTRAINT_PRIMARY_KEY);
    assert_int_equal(key->columns.count, 2);
    assert_string_equal(text(schema, schema->lists[key->columns.first]), "id");
    assert_string_equal(text(schema, key[1].expression), "total < 9");
    assert_string_equal(text(schema, key[2].expression), "total > 0");
    assert_int_equal(users->index_count, 2);
    const struct schema_index *index = &schema->indexes[users->first_index];
    assert_string_equal(text(schema, index->name), "ix_email");
    assert_int_equal(index->part_count, 2);
    assert_string_equal(text(schema, schema->parts[index->first_part + 1].text), "lower(email)");
}

static void test_each_text_stands_once(void **state)
{
    (void)state;
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    enum { TEXTS = 5000 };
    uint32_t offsets[TEXTS] = {0};
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < TEXTS; i++) {
            char name[16] = "";
            snprintf(name, sizeof name, "%u", i);
            uint32_t offset = schema_builder_text(builder, name);
            assert_int_not_equal(offset, 0);
            assert_string_equal(schema_builder_get_text(builder, offset), name);
            if (round == 0)
                offsets[i] = offset;
            assert_int_equal(offset, offsets[i]);
        }
    }
    assert_int_equal(schema_builder_text(builder, NULL), 0);
    assert_int_equal(schema_builder_text(builder, ""), 0);
    assert_int_equal(schema_builder_text_n(builder, "12345", 2), offsets[12]);
}

static void test_texts_become_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        size_t length;
        const char *kept;
    } cases[] = {{"\xff", 1, "\\xff"},
                 {"a\0b", 3, "a\\x00b"},
                 {"\xc3\xa4\xc3", 3, "\xc3\xa4\\xc3"},
                 {"\xe2\x80\xae\n", 4, "\xe2\x80\xae\n"}};
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        uint32_t offset = schema_builder_text_n(builder, cases[i].given, cases[i].length);
        assert_string_equal(schema_builder_get_text(builder, offset), cases[i].kept);
    }
}

static void test_overlong_texts_stay_distinct(void **state)
{
    (void)state;
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    size_t length = LIMIT_DEFINITION_BYTES + 1;
    cleanup(free) char *definition = mem_alloc(length);
    memset(definition, 'x', length);
    memcpy(definition + 4095, "\xc3\xa4", 2);
    uint32_t first = schema_builder_text_n(builder, definition, length);
    assert_int_equal(schema_builder_text_n(builder, definition, length), first);
    definition[length - 1] = 'y';
    assert_int_not_equal(schema_builder_text_n(builder, definition, length), first);
    const char *kept = schema_builder_get_text(builder, first);
    assert_true(strlen(kept) < 5000);
    assert_non_null(strstr(kept, "xxx\xe2\x80\xa6 (1048577 bytes, "));
    assert_int_not_equal(schema_builder_text_n(builder, definition, length - 1), first);
}

static int seal_fails(struct schema_builder *builder, struct error *reterr)
{
    cleanup(schema) struct schema *schema = NULL;
    int result = schema_builder_seal(builder, &schema, reterr);
    assert_int_equal(schema == NULL, result != 0);
    return result;
}

static void test_objects_without_relation_are_refused(void **state)
{
    (void)state;
    static const char *const messages[] = {"column of a relation that does not exist",
                                           "constraint of a relation that does not exist",
                                           "index of a relation that does not exist"};
    for (unsigned i = 0; i < ARRAY_LENGTH(messages); i++) {
        struct error error = {0};
        cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
        schema_builder_relation(builder, &(struct schema_relation){.name = schema_builder_text(builder, "t")});
        if (i == 0)
            schema_builder_column(builder, &(struct schema_column){.relation = 1});
        else if (i == 1)
            schema_builder_constraint(builder, &(struct schema_constraint){.relation = UINT32_MAX});
        else
            schema_builder_index(builder, &(struct schema_index){.relation = 7}, NULL, 0);
        assert_int_equal(seal_fails(builder, &error), -1);
        assert_int_equal(error.code, ERROR_INVALID);
        assert_string_equal(error.message, messages[i]);
    }
}

static void test_two_of_one_name_are_refused(void **state)
{
    (void)state;
    static const char *const messages[] = {"two relations are named s.t", "two indexes of one relation are named t",
                                           "two enums are named s.t", "two routines are named s.t(t)"};
    for (unsigned i = 0; i < ARRAY_LENGTH(messages); i++) {
        struct error error = {0};
        cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
        uint32_t schema = schema_builder_text(builder, "s");
        uint32_t name = schema_builder_text(builder, "t");
        schema_builder_relation(builder, &(struct schema_relation){.schema = schema, .name = name});
        if (i == 0)
            schema_builder_relation(builder, &(struct schema_relation){.schema = schema, .name = name});
        for (unsigned twice = 0; twice < 2; twice++) {
            if (i == 1)
                schema_builder_index(builder, &(struct schema_index){.name = name}, NULL, 0);
            else if (i > 1)
                schema_builder_object(builder, &(struct schema_object){.kind = i == 2 ? OBJECT_ENUM : OBJECT_ROUTINE,
                                                                       .schema = schema,
                                                                       .name = name,
                                                                       .arguments = i == 2 ? 0 : name});
        }
        assert_int_equal(seal_fails(builder, &error), -1);
        assert_int_equal(error.code, ERROR_INVALID);
        assert_string_equal(error.message, messages[i]);
    }
}

static void test_too_many_columns_are_refused(void **state)
{
    (void)state;
    for (unsigned extra = 0; extra < 2; extra++) {
        struct error error = {0};
        cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
        uint32_t name = schema_builder_text(builder, "wide");
        uint32_t wide = schema_builder_relation(builder, &(struct schema_relation){.name = name});
        for (unsigned i = 0; i < UINT16_MAX + extra; i++)
            schema_builder_column(builder, &(struct schema_column){.relation = wide, .name = name});
        assert_int_equal(seal_fails(builder, &error), extra ? -1 : 0);
        assert_string_equal(error.message, extra ? "wide has more than 65535 columns" : "");
    }
}

static void test_amendments(void **state)
{
    (void)state;
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    uint32_t name = schema_builder_text(builder, "t");
    uint32_t handle = schema_builder_relation(builder, &(struct schema_relation){.name = name});
    schema_builder_column(builder, &(struct schema_column){.relation = handle, .name = name, .position = 5});
    schema_builder_set_kind(builder, handle, RELATION_VIEW);
    schema_builder_set_definition(builder, handle, schema_builder_text(builder, "SELECT"));
    size_t count = 0;
    schema_builder_columns(builder, &count)[0].flags = COLUMN_NULLABLE;
    assert_int_equal(count, 1);
    cleanup(schema) struct schema *schema = sample_seal(builder);
    assert_int_equal(schema->relations[0].kind, RELATION_VIEW);
    assert_string_equal(text(schema, schema->relations[0].definition), "SELECT");
    assert_int_equal(schema->columns[0].flags, COLUMN_NULLABLE);
}

static void render(const struct schema *schema, struct strbuf *out)
{
    schema_json_render(schema, 0, out);
    assert_true(strbuf_ok(out));
}

static void test_order_of_adding_does_not_matter(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        cleanup(schema) struct schema *schema = sample_random_schema(seed, 0);
        cleanup(strbuf) struct strbuf json = STRBUF(DOCUMENT_LIMIT);
        render(schema, &json);
        for (uint32_t order = 1; order < 4; order++) {
            cleanup(schema) struct schema *other = sample_random_schema(seed, order * 7919);
            cleanup(strbuf) struct strbuf other_json = STRBUF(DOCUMENT_LIMIT);
            render(other, &other_json);
            assert_true(digest_equal(schema->digest, other->digest));
            assert_string_equal(strbuf_text(&json), strbuf_text(&other_json));
            for (size_t i = 0; i < schema->relation_count; i++)
                assert_true(digest_equal(schema->relations[i].digest, other->relations[i].digest));
        }
    }
}

/* What the digest covers: the document without the fingerprint itself, server version and coverage. */
static void comparable(const struct schema *schema, struct strbuf *out)
{
    cleanup(strbuf) struct strbuf json = STRBUF(DOCUMENT_LIMIT);
    render(schema, &json);
    const char *engine = strstr(json.bytes, "\"engine\"");
    const char *server = strstr(json.bytes, ",\"server_version\"");
    const char *truncated = strstr(json.bytes, "\"truncated\"");
    const char *coverage = strstr(json.bytes, ",\"coverage\"");
    const char *tables = strstr(json.bytes, "\"tables\":[");
    strbuf_add(out, engine, (size_t)(server - engine));
    strbuf_add(out, truncated, (size_t)(coverage - truncated));
    strbuf_add_string(out, tables);
}

enum { COUNT = SAMPLE_LAST_VARIATION + 2 };

/* The variation whose document is the same: roles are a set, and the last one is the first once more. */
static unsigned same_document(unsigned variation)
{
    return variation == 75 || variation == COUNT - 1 ? 0 : variation;
}

/* The variation whose digest is the same, too: the order of columns, a comment, and a name that the engine chose. */
static unsigned same_digest(unsigned variation)
{
    if (variation == 14 || variation == 72)
        return 0;
    return variation == 30 ? 22 : same_document(variation);
}

static void test_each_difference_is_in_document_and_digest(void **state)
{
    (void)state;
    struct schema *schemas[COUNT] = {NULL};
    struct strbuf texts[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        schemas[i] = sample_new(i % (COUNT - 1));
        texts[i] = (struct strbuf)STRBUF(DOCUMENT_LIMIT);
        comparable(schemas[i], &texts[i]);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        for (unsigned j = 0; j < i; j++) {
            if (digest_equal(schemas[i]->digest, schemas[j]->digest) != (same_digest(i) == same_digest(j)))
                fail_msg("variations %u and %u: digests", i, j);
            if ((strcmp(texts[i].bytes, texts[j].bytes) == 0) != (same_document(i) == same_document(j)))
                fail_msg("variations %u and %u: documents", i, j);
        }
    }
    for (unsigned i = 0; i < COUNT; i++) {
        schema_unref(schemas[i]);
        strbuf_done(&texts[i]);
    }
}

static void test_version_and_coverage_are_not_in_the_digest(void **state)
{
    (void)state;
    struct digest digests[2] = {0};
    for (unsigned i = 0; i < 2; i++) {
        cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
        schema_builder_server(builder, "mysql", i ? "8.4.0" : "9.1.0");
        schema_builder_coverage(builder, SCHEMA_TABLES, i ? COVERAGE_NONE : COVERAGE_FULL, i ? "GRANT" : NULL);
        cleanup(schema) struct schema *schema = sample_seal(builder);
        digests[i] = schema->digest;
    }
    assert_true(digest_equal(digests[0], digests[1]));
}

static void test_truncated_equals_nothing_whole(void **state)
{
    (void)state;
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    sample_build(builder, 0);
    schema_builder_truncated(builder);
    cleanup(schema) struct schema *truncated = sample_seal(builder);
    cleanup(schema) struct schema *whole = sample_new(0);
    assert_true(truncated->truncated);
    assert_false(digest_equal(truncated->digest, whole->digest));
}

/* Long texts are digested by their own digest: a difference at their end counts. */
static void test_ends_of_long_texts_count(void **state)
{
    (void)state;
    struct digest digests[2] = {0};
    for (unsigned i = 0; i < 2; i++) {
        char definition[5000] = "";
        memset(definition, 'x', sizeof definition - 1);
        definition[sizeof definition - 2] = i ? 'y' : 'x';
        cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
        schema_builder_relation(builder,
                                &(struct schema_relation){.name = schema_builder_text(builder, "v"),
                                                          .kind = RELATION_VIEW,
                                                          .definition = schema_builder_text(builder, definition)});
        cleanup(schema) struct schema *schema = sample_seal(builder);
        digests[i] = schema->digest;
    }
    assert_false(digest_equal(digests[0], digests[1]));
}

static void test_redundant_flags_are_normalised(void **state)
{
    (void)state;
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    uint32_t name = schema_builder_text(builder, "t");
    uint32_t table = schema_builder_relation(builder, &(struct schema_relation){.name = name});
    schema_builder_column(builder, &(struct schema_column){.relation = table, .name = name, .generated = name});
    schema_builder_constraint(builder, &(struct schema_constraint){.relation = table,
                                                                   .kind = CONSTRAINT_CHECK,
                                                                   .on_delete = ACTION_CASCADE,
                                                                   .referenced_table = name});
    cleanup(schema) struct schema *schema = sample_seal(builder);
    assert_int_equal(schema->columns[0].flags, COLUMN_GENERATED_VIRTUAL);
    assert_int_equal(schema->constraints[0].on_delete, ACTION_NO_ACTION);
    assert_int_equal(schema->constraints[0].referenced_table, 0);
}

/* The promise: at most 72 bytes per column, all included, on tables with 15 columns, 2 indexes and 1 foreign key. */
static void test_memory_per_column(void **state)
{
    (void)state;
    enum { TABLES = 2000, COLUMNS = 15 };
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    for (unsigned i = 0; i < TABLES; i++) {
        char name[64] = "";
        snprintf(name, sizeof name, "customer_orders_%05u", i);
        uint32_t table =
            schema_builder_relation(builder, &(struct schema_relation){.schema = schema_builder_text(builder, "public"),
                                                                       .name = schema_builder_text(builder, name)});
        for (unsigned j = 0; j < COLUMNS; j++) {
            snprintf(name, sizeof name, "column_%u", j);
            schema_builder_column(builder, &(struct schema_column){.relation = table,
                                                                   .name = schema_builder_text(builder, name),
                                                                   .type = schema_builder_text(builder, "bigint"),
                                                                   .position = (uint16_t)(j + 1)});
        }
        static const char *const suffixes[] = {"pkey", "parent_fkey", "parent_idx", "created_idx"};
        uint32_t column = schema_builder_text(builder, "column_0");
        for (unsigned j = 0; j < ARRAY_LENGTH(suffixes); j++) {
            snprintf(name, sizeof name, "customer_orders_%05u_%s", i, suffixes[j]);
            uint32_t label = schema_builder_text(builder, name);
            struct text_list list = schema_builder_list(builder, &column, 1);
            if (j < 2)
                schema_builder_constraint(
                    builder, &(struct schema_constraint){
                                 .relation = table, .name = label, .columns = list, .kind = (uint8_t)(2 * j)});
            else
                schema_builder_index(builder, &(struct schema_index){.relation = table, .name = label},
                                     &(struct schema_index_part){.text = column}, 1);
        }
    }
    cleanup(schema) struct schema *schema = sample_seal(builder);
    assert_int_equal(schema->column_count, TABLES * COLUMNS);
    assert_in_range(schema_memory(schema) / schema->column_count, 24, 58);
}

static void test_references(void **state)
{
    (void)state;
    struct schema *schema = sample_new(0);
    assert_ptr_equal(schema_ref(schema), schema);
    schema_unref(schema);
    assert_string_equal(text(schema, schema->engine), "postgres");
    schema_unref(schema);
    schema_unref(NULL);
    schema_builder_free(NULL);
}

static void test_names_are_read_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RELATION_KINDS; i++)
        assert_int_equal(relation_kind_from_name(relation_kind_name(i)), i);
    for (unsigned i = 0; i < CONSTRAINT_KINDS; i++)
        assert_int_equal(constraint_kind_from_name(constraint_kind_name(i)), i);
    for (unsigned i = 0; i < FOREIGN_KEY_ACTIONS; i++)
        assert_int_equal(foreign_key_action_from_name(foreign_key_action_name(i)), i);
    for (unsigned i = 0; i < COVERAGES; i++)
        assert_int_equal(coverage_from_name(coverage_name(i)), i);
    assert_int_equal(relation_kind_from_name("tables"), -1);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
        cleanup(schema) struct schema *schema = NULL;
        if (builder)
            sample_build(builder, 0);
        OOM_CHECK(loop, builder && schema_builder_seal(builder, &schema, &error) == 0);
        assert_int_equal(schema == NULL, loop.refused);
        if (builder)
            assert_int_equal(error.code, loop.refused ? ERROR_NO_MEMORY : ERROR_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_relations_are_sorted_and_found),
        cmocka_unit_test(test_relation_without_schema),
        cmocka_unit_test(test_columns_follow_their_positions),
        cmocka_unit_test(test_constraints_and_indexes_keep_their_lists),
        cmocka_unit_test(test_each_text_stands_once),
        cmocka_unit_test(test_texts_become_utf8),
        cmocka_unit_test(test_overlong_texts_stay_distinct),
        cmocka_unit_test(test_objects_without_relation_are_refused),
        cmocka_unit_test(test_two_of_one_name_are_refused),
        cmocka_unit_test(test_too_many_columns_are_refused),
        cmocka_unit_test(test_amendments),
        cmocka_unit_test(test_order_of_adding_does_not_matter),
        cmocka_unit_test(test_each_difference_is_in_document_and_digest),
        cmocka_unit_test(test_version_and_coverage_are_not_in_the_digest),
        cmocka_unit_test(test_truncated_equals_nothing_whole),
        cmocka_unit_test(test_ends_of_long_texts_count),
        cmocka_unit_test(test_redundant_flags_are_normalised),
        cmocka_unit_test(test_memory_per_column),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_names_are_read_back),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
