/* SPDX-License-Identifier: Apache-2.0
 *
 * Older forms of the document, other canonical versions, the choice of the dialect, and the journals that stand beside
 * the schema.
 */
#include "unit/model/schema_sample.h"

#include "dialect/dialects.h"
#include "model/schema_json.h"

enum { DOCUMENT_LIMIT = 1 << 24 };

#define FORM_1 "{\"format\":\"migrationd-schema\",\"version\":1,\"engine\":\"postgres\""
#define FORM_2 "{\"format\":\"migrationd-schema\",\"version\":2,\"engine\":\"postgres\""

static struct schema *parse_journals(const char *text, struct schema_journals *ret_journals)
{
    struct error error = {0};
    struct schema *schema = NULL;
    if (schema_json_parse(text, strlen(text), "baseline.json", dialects, &schema, ret_journals, &error))
        fail_msg("%s", error.message);
    return schema;
}

static struct schema *parse(const char *text)
{
    return parse_journals(text, NULL);
}

static void assert_refused(const char *text, enum error_code code, const char *message)
{
    struct error error = {0};
    struct schema *schema = NULL;
    struct schema_journals journals = {0};
    assert_int_equal(schema_json_parse(text, strlen(text), "baseline.json", dialects, &schema, &journals, &error), -1);
    assert_null(schema);
    assert_null(journals.arena);
    assert_int_equal(journals.count, 0);
    assert_string_equal(error.message, message);
    assert_int_equal(error.code, code);
}

static const char form_1[] =
    FORM_1 ",\"server_version\":\"15.18\",\"fingerprint\":\"70af3aa412b65fd42238cca0b3b30929\",\"truncated\":false,"
           "\"coverage\":{\"views\":{\"coverage\":\"partial\",\"reason\":\"GRANT\"}},"
           "\"tables\":[{\"schema\":\"public\",\"name\":\"t\",\"kind\":\"table\",\"columns\":[{\"name\":\"a\","
           "\"type\":\"int\"}],\"constraints\":[],\"indexes\":[]}],\"views\":[],"
           "\"enums\":[{\"schema\":\"public\",\"name\":\"e\",\"labels\":[\"low\",\"\",\"high\"]}],"
           "\"sequences\":[{\"schema\":\"public\",\"name\":\"s\",\"type\":\"bigint\",\"start\":1,\"increment\":-2,"
           "\"minimum\":-9223372036854775808,\"maximum\":9223372036854775807,\"cache\":1,\"cycles\":true,"
           "\"owner\":{\"table\":\"T x\",\"column\":\"a\"}}]}";

static const char form_2[] =
    FORM_2 ",\"tables\":[{\"schema\":\"public\",\"name\":\"t\",\"kind\":\"table\",\"columns\":[{\"name\":\"a\","
           "\"type\":\"int\"}]}],\"enums\":[{\"schema\":\"public\",\"name\":\"e\",\"values\":[\"low\",\"\",\"high\"]}],"
           "\"sequences\":[{\"schema\":\"public\",\"name\":\"s\",\"type\":\"bigint\",\"start\":\"1\",\"increment\":"
           "\"-2\",\"min\":\"-9223372036854775808\",\"max\":\"9223372036854775807\",\"cache\":\"1\",\"cycle\":true,"
           "\"owner\":\"\\\"T x\\\".a\"}]}";

static void test_form_1_is_read(void **state)
{
    (void)state;
    cleanup(schema) struct schema *old = parse(form_1);
    cleanup(schema) struct schema *current = parse(form_2);
    assert_true(digest_equal(old->digest, current->digest));
    static const enum coverage expected[SCHEMA_KINDS] = {
        [SCHEMA_VIEWS] = COVERAGE_PARTIAL,
        [SCHEMA_SCHEMAS] = COVERAGE_NOT_APPLICABLE,
        [SCHEMA_EXTENSIONS] = COVERAGE_NOT_APPLICABLE,
        [SCHEMA_DOMAINS] = COVERAGE_NOT_APPLICABLE,
        [SCHEMA_COMPOSITES] = COVERAGE_NOT_APPLICABLE,
        [SCHEMA_ROUTINES] = COVERAGE_NOT_APPLICABLE,
        [SCHEMA_TRIGGERS] = COVERAGE_NOT_APPLICABLE,
        [SCHEMA_POLICIES] = COVERAGE_NOT_APPLICABLE,
        [SCHEMA_EVENTS] = COVERAGE_NOT_APPLICABLE,
    };
    for (int kind = 0; kind < SCHEMA_KINDS; kind++) {
        assert_int_equal(old->coverage[kind].coverage, expected[kind]);
        assert_int_equal(current->coverage[kind].coverage, COVERAGE_FULL);
    }
}

static void test_what_form_1_left_out(void **state)
{
    (void)state;
    cleanup(schema) struct schema *old =
        parse(FORM_1 ",\"sequences\":[{\"name\":\"s\"}],\"enums\":[{\"name\":\"e\"}]}");
    cleanup(schema) struct schema *current =
        parse(FORM_2 ",\"enums\":[{\"name\":\"e\"}],\"sequences\":[{\"name\":\"s\",\"start\":\"0\",\"increment\":\"0\","
                     "\"min\":\"0\",\"max\":\"0\",\"cache\":\"0\"}]}");
    assert_true(digest_equal(old->digest, current->digest));
}

static void test_engines_choose_dialects(void **state)
{
    (void)state;
    static const char *const engines[] = {"postgres", "mysql", "mariadb", "sqlite"};
    for (size_t i = 0; i < ARRAY_LENGTH(engines); i++) {
        char text[200] = "";
        snprintf(text, sizeof text, "{\"format\":\"migrationd-schema\",\"version\":2,\"engine\":\"%s\"}", engines[i]);
        cleanup(schema) struct schema *schema = parse(text);
        assert_ptr_equal(schema->dialect, dialect_for(engines[i]));
        assert_string_equal(schema_text(schema, schema->engine), engines[i]);
    }
    assert_refused("{\"format\":\"migrationd-schema\",\"version\":2,\"engine\":\"oracle\"}", ERROR_INVALID,
                   "baseline.json: engine: is not known: oracle");
}

static void test_versions(void **state)
{
    (void)state;
    assert_refused("{\"format\":\"migrationd-schema\",\"version\":3,\"sequels\":[]}", ERROR_UNSUPPORTED,
                   "baseline.json: version: 3 is not supported, only 1 to 2");
    assert_refused("{\"format\":\"migrationd-schema\",\"version\":0}", ERROR_UNSUPPORTED,
                   "baseline.json: version: 0 is not supported, only 1 to 2");
}

static void test_fingerprints_of_other_canonical_versions(void **state)
{
    (void)state;
    cleanup(schema) struct schema *other = parse(FORM_2 ",\"canonical_version\":77,\"fingerprint\":\"00\"}");
    char fingerprint[DIGEST_HEX_SIZE] = "";
    char text[300] = "";
    digest_to_hex(other->digest, fingerprint);
    snprintf(text, sizeof text, FORM_2 ",\"canonical_version\":%d,\"fingerprint\":\"%s\"}", SCHEMA_CANONICAL_VERSION,
             fingerprint);
    cleanup(schema) struct schema *own = parse(text);
    assert_true(digest_equal(own->digest, other->digest));
    snprintf(text, sizeof text, FORM_2 ",\"canonical_version\":%d,\"fingerprint\":\"00\"}", SCHEMA_CANONICAL_VERSION);
    assert_refused(text, ERROR_INVALID,
                   "baseline.json: fingerprint: does not match the content; leave it out after editing by hand");
}

static const char *const some_heads[] = {"ae1027a6acf", "a \"quoted\" one"};
static const struct schema_journal some_journals[] = {
    {.tool = "alembic", .table = "public.alembic_version", .heads = some_heads, .head_count = 2},
    {.tool = "flyway", .table = "tenant_1.flyway_schema_history"},
};
static const struct schema_journals sample_journals = {.items = some_journals, .count = ARRAY_LENGTH(some_journals)};

static void render(const struct schema *schema, unsigned indent, struct strbuf *out)
{
    struct schema_json stream;
    schema_json_init(&stream, schema, indent);
    stream.journals = &sample_journals;
    while (schema_json_next(&stream, out))
        continue;
}

static void test_journals_survive(void **state)
{
    (void)state;
    for (unsigned indent = 0; indent < 3; indent += 2) {
        cleanup(schema) struct schema *schema = sample_new(0);
        cleanup(schema_journals) struct schema_journals journals = {0};
        cleanup(strbuf) struct strbuf text = STRBUF(DOCUMENT_LIMIT);
        cleanup(schema) struct schema *bytewise = NULL;
        struct error error = {0};
        render(schema, indent, &text);
        assert_true(strbuf_ok(&text));
        assert_int_equal(schema_json_parse(text.bytes, text.length, "b", NULL, &bytewise, &journals, &error), 0);
        assert_true(digest_equal(bytewise->digest, schema->digest));
        assert_int_equal(journals.count, sample_journals.count);
        for (size_t i = 0; i < journals.count; i++) {
            assert_string_equal(journals.items[i].tool, some_journals[i].tool);
            assert_string_equal(journals.items[i].table, some_journals[i].table);
            assert_int_equal(journals.items[i].head_count, some_journals[i].head_count);
            for (size_t j = 0; j < some_journals[i].head_count; j++)
                assert_string_equal(journals.items[i].heads[j], some_journals[i].heads[j]);
        }
    }
}

static void test_files_without_journals(void **state)
{
    (void)state;
    cleanup(schema_journals) struct schema_journals journals = sample_journals;
    cleanup(schema) struct schema *schema = parse_journals(FORM_2 "}", &journals);
    assert_non_null(schema);
    assert_int_equal(journals.count, 0);
    cleanup(schema_journals) struct schema_journals none = {0};
    cleanup(schema) struct schema *empty = parse_journals(FORM_2 ",\"journals\":[]}", &none);
    assert_non_null(empty);
    assert_int_equal(none.count, 0);
}

/* What is said of the server and of what was left out survives, and is not in the digest. */
static void test_remarks_survive(void **state)
{
    (void)state;
    cleanup(schema) struct schema *plain = parse(FORM_2 "}");
    cleanup(schema) struct schema *schema = parse(FORM_2 ",\"folds_names\":true,\"not_compared\":\"2 rules\"}");
    cleanup(strbuf) struct strbuf text = STRBUF(DOCUMENT_LIMIT);
    schema_json_render(schema, 0, &text);
    cleanup(schema) struct schema *again = parse(strbuf_text(&text));
    assert_true(again->folds_names && !plain->folds_names);
    assert_string_equal(schema_text(again, again->not_compared), "2 rules");
    assert_true(digest_equal(plain->digest, again->digest));
    assert_true(schema_content_hash(plain) != schema_content_hash(again));
    assert_refused(FORM_2 ",\"folds_names\":1}", ERROR_INVALID, "baseline.json: folds_names: must be true or false");
    assert_refused(FORM_2 ",\"not_compared\":1}", ERROR_INVALID, "baseline.json: not_compared: must be a string");
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    static const char *const texts[] = {
        form_1, form_2, FORM_2 ",\"journals\":[{\"tool\":\"alembic\",\"table\":\"t\",\"heads\":[\"a\",\"b\"]}]}"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            struct error error = {0};
            cleanup(schema) struct schema *schema = NULL;
            cleanup(schema_journals) struct schema_journals journals = {0};
            OOM_CHECK(loop,
                      schema_json_parse(texts[i], strlen(texts[i]), "b", dialects, &schema, &journals, &error) == 0);
            assert_int_equal(schema == NULL, loop.refused);
            assert_int_equal(error.code, loop.refused ? ERROR_NO_MEMORY : ERROR_OK);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form_1_is_read),
        cmocka_unit_test(test_what_form_1_left_out),
        cmocka_unit_test(test_engines_choose_dialects),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_fingerprints_of_other_canonical_versions),
        cmocka_unit_test(test_journals_survive),
        cmocka_unit_test(test_files_without_journals),
        cmocka_unit_test(test_remarks_survive),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
