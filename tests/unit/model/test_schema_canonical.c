/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests are over canonical forms: with a dialect that ignores blanks, and case outside of plain texts and bodies, and
 * takes a default of NULL for none.
 */
#include "unit/model/schema_sample.h"

#include <ctype.h>

static unsigned canonical_calls;

static void canonical(enum text_form form, const char *text, const char *type, struct strbuf *out)
{
    canonical_calls++;
    assert_true(form != TEXT_PLAIN && form != TEXT_SET && form != TEXT_FLAG && form != TEXT_INFO);
    if (form == TEXT_DEFAULT && strcmp(text, "NULL") == 0)
        return;
    if (form == TEXT_DEFAULT && strcmp(type, "integer") == 0 && strcmp(text, "'1'") == 0)
        text = "1";
    for (; *text; text++)
        if (*text != ' ')
            strbuf_add_char(out, form == TEXT_BODY ? *text : (char)tolower((unsigned char)*text));
}

static const char *const engines[] = {"test", NULL};
static const struct dialect dialect = {.engines = engines, .canonical = canonical};

/* One relation, one column, constraint, index and domain; a text for each place that has a canonical form. */
struct texts {
    const char *column;
    const char *type;
    const char *value;
    const char *generated;
    const char *check;
    const char *predicate;
    const char *part;
    const char *view;
    const char *on_update;
    const char *domain_type;
    const char *domain_default;
    const char *domain_check;
    const char *body;
    const char *comment;
};

static void build(struct schema_builder *builder, const struct texts *texts)
{
#define T(name) schema_builder_text(builder, texts->name)
    uint32_t relation = schema_builder_relation(
        builder, &(struct schema_relation){
                     .name = schema_builder_text(builder, "t"), .kind = RELATION_VIEW, .definition = T(view)});
    struct schema_attribute column[] = {{.key = ATTRIBUTE_ON_UPDATE, .text = T(on_update)},
                                        {.key = ATTRIBUTE_COMMENT, .text = T(comment)}};
    schema_builder_column(builder,
                          &(struct schema_column){.relation = relation,
                                                  .name = T(column),
                                                  .type = T(type),
                                                  .default_expression = T(value),
                                                  .generated = T(generated),
                                                  .attributes = schema_builder_attributes(builder, column, 2)});
    schema_builder_constraint(
        builder, &(struct schema_constraint){.relation = relation, .kind = CONSTRAINT_CHECK, .expression = T(check)});
    schema_builder_index(builder,
                         &(struct schema_index){.relation = relation,
                                                .name = schema_builder_text(builder, "i"),
                                                .predicate = T(predicate)},
                         &(struct schema_index_part){.text = T(part), .flags = PART_EXPRESSION}, 1);
    struct schema_attribute domain[] = {{.key = ATTRIBUTE_TYPE, .text = T(domain_type)},
                                        {.key = ATTRIBUTE_DEFAULT, .text = T(domain_default)},
                                        {.key = ATTRIBUTE_DOMAIN_CHECKS, .text = T(domain_check)},
                                        {.key = ATTRIBUTE_BODY, .text = T(body)}};
    schema_builder_object(builder,
                          &(struct schema_object){.kind = OBJECT_DOMAIN,
                                                  .name = schema_builder_text(builder, "d"),
                                                  .attributes = schema_builder_attributes(builder, domain, 4)});
#undef T
}

static struct schema *make(const struct texts *texts, const struct dialect *of)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    schema_builder_dialect(builder, of);
    build(builder, texts);
    return sample_seal(builder);
}

static const struct texts plain = {"a",       "integer", "1",       "a+b", "a>0",     "a<9",   "lower(a)",
                                   "select1", "now()",   "integer", "1",   "value>0", "BEGIN", "words"};

static void test_spellings_that_mean_the_same(void **state)
{
    (void)state;
    static const struct texts other = {"a",        "INTEGER", "1",       "A + B", "a > 0",   "a < 9",   "LOWER( a )",
                                       "SELECT 1", "NOW()",   "Integer", "1",     "VALUE>0", "BE GI N", "other words"};
    cleanup(schema) struct schema *first = make(&plain, &dialect);
    cleanup(schema) struct schema *second = make(&other, &dialect);
    assert_true(digest_equal(first->digest, second->digest));
    assert_true(digest_equal(first->relations[0].digest, second->relations[0].digest));
    assert_true(digest_equal(first->objects[0].digest, second->objects[0].digest));
    cleanup(schema) struct schema *bytes = make(&plain, NULL);
    cleanup(schema) struct schema *other_bytes = make(&other, NULL);
    assert_false(digest_equal(bytes->relations[0].digest, other_bytes->relations[0].digest));
    assert_false(digest_equal(bytes->objects[0].digest, other_bytes->objects[0].digest));
}

static void test_other_spellings_differ(void **state)
{
    (void)state;
    static const size_t places[] = {
        offsetof(struct texts, column),         offsetof(struct texts, type),
        offsetof(struct texts, value),          offsetof(struct texts, generated),
        offsetof(struct texts, check),          offsetof(struct texts, predicate),
        offsetof(struct texts, part),           offsetof(struct texts, view),
        offsetof(struct texts, on_update),      offsetof(struct texts, domain_type),
        offsetof(struct texts, domain_default), offsetof(struct texts, domain_check),
        offsetof(struct texts, body),
    };
    cleanup(schema) struct schema *reference = make(&plain, &dialect);
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        struct texts texts = plain;
        *(const char **)(void *)((char *)&texts + places[i]) = "other";
        cleanup(schema) struct schema *schema = make(&texts, &dialect);
        assert_false(digest_equal(reference->digest, schema->digest));
    }
    struct texts texts = plain;
    texts.body = "begin";
    cleanup(schema) struct schema *body = make(&texts, &dialect);
    assert_false(digest_equal(reference->objects[0].digest, body->objects[0].digest));
    texts = plain;
    texts.column = "A";
    cleanup(schema) struct schema *column = make(&texts, &dialect);
    assert_false(digest_equal(reference->relations[0].digest, column->relations[0].digest));
}

static void test_a_default_that_is_none(void **state)
{
    (void)state;
    struct texts null = plain;
    struct texts none = plain;
    null.value = null.domain_default = "NULL";
    none.value = none.domain_default = NULL;
    cleanup(schema) struct schema *first = make(&null, &dialect);
    cleanup(schema) struct schema *second = make(&none, &dialect);
    assert_true(digest_equal(first->digest, second->digest));
    null.check = "NULL";
    none.check = NULL;
    cleanup(schema) struct schema *third = make(&null, &dialect);
    cleanup(schema) struct schema *fourth = make(&none, &dialect);
    assert_false(digest_equal(third->digest, fourth->digest));
}

/* '1' is the number only where the type says so. */
static void test_defaults_know_their_types(void **state)
{
    (void)state;
    struct texts texts = plain;
    texts.value = texts.domain_default = "'1'";
    cleanup(schema) struct schema *number = make(&plain, &dialect);
    cleanup(schema) struct schema *quoted = make(&texts, &dialect);
    assert_true(digest_equal(number->digest, quoted->digest));
    struct texts other = plain;
    other.type = other.domain_type = texts.type = texts.domain_type = "text";
    cleanup(schema) struct schema *text = make(&texts, &dialect);
    cleanup(schema) struct schema *bare = make(&other, &dialect);
    assert_false(digest_equal(text->relations[0].digest, bare->relations[0].digest));
    assert_false(digest_equal(text->objects[0].digest, bare->objects[0].digest));
}

static void test_each_text_is_canonicalised_once(void **state)
{
    (void)state;
    enum { COLUMNS = 5000, TYPES = 700 };
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    schema_builder_dialect(builder, &dialect);
    uint32_t name = schema_builder_text(builder, "t");
    uint32_t relation = schema_builder_relation(builder, &(struct schema_relation){.name = name});
    for (unsigned i = 0; i < COLUMNS; i++) {
        char type[32] = "";
        snprintf(type, sizeof type, "type %u", i % TYPES);
        schema_builder_column(builder, &(struct schema_column){.relation = relation,
                                                               .name = name,
                                                               .type = schema_builder_text(builder, type),
                                                               .default_expression = name,
                                                               .position = (uint16_t)i});
    }
    canonical_calls = 0;
    cleanup(schema) struct schema *schema = sample_seal(builder);
    assert_int_equal(schema->column_count, COLUMNS);
    assert_int_equal(canonical_calls, 2 * TYPES);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
        cleanup(schema) struct schema *schema = NULL;
        if (builder) {
            schema_builder_dialect(builder, &dialect);
            build(builder, &plain);
        }
        OOM_CHECK(loop, builder && schema_builder_seal(builder, &schema, &error) == 0);
        assert_int_equal(schema == NULL, loop.refused);
        if (builder)
            assert_int_equal(error.code, loop.refused ? ERROR_NO_MEMORY : ERROR_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings_that_mean_the_same),    cmocka_unit_test(test_other_spellings_differ),
        cmocka_unit_test(test_a_default_that_is_none),          cmocka_unit_test(test_defaults_know_their_types),
        cmocka_unit_test(test_each_text_is_canonicalised_once), cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
