/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/model/schema_sample.h"

#include "model/schema_json.h"

enum { DOCUMENT_LIMIT = 1 << 24, SEEDS = 60 };

static struct schema *parse(const char *text)
{
    struct error error = {0};
    struct schema *schema = NULL;
    if (schema_json_parse(text, strlen(text), "baseline.json", NULL, &schema, NULL, &error))
        fail_msg("%s", error.message);
    return schema;
}

static void assert_round_trip(const struct schema *schema, unsigned indent)
{
    cleanup(strbuf) struct strbuf first = STRBUF(DOCUMENT_LIMIT);
    cleanup(strbuf) struct strbuf second = STRBUF(DOCUMENT_LIMIT);
    schema_json_render(schema, indent, &first);
    assert_true(strbuf_ok(&first));
    cleanup(schema) struct schema *parsed = parse(strbuf_text(&first));
    schema_json_render(parsed, indent, &second);
    assert_string_equal(strbuf_text(&first), strbuf_text(&second));
    assert_true(digest_equal(schema->digest, parsed->digest));
    assert_int_equal(schema->truncated, parsed->truncated);
    assert_true(schema_memory(parsed) <= schema_memory(schema));
}

static void test_every_attribute_survives(void **state)
{
    (void)state;
    for (unsigned variation = 0; variation <= SAMPLE_LAST_VARIATION; variation++) {
        cleanup(schema) struct schema *schema = sample_new(variation);
        assert_round_trip(schema, 0);
        assert_round_trip(schema, 2);
    }
}

static void test_random_schemas_survive(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        cleanup(schema) struct schema *schema = sample_random_schema(seed, seed);
        assert_round_trip(schema, seed % 3);
    }
}

static void test_pieces_make_the_document(void **state)
{
    (void)state;
    cleanup(schema) struct schema *schema = sample_random_schema(3, 0);
    for (unsigned indent = 0; indent < 3; indent += 2) {
        cleanup(strbuf) struct strbuf whole = STRBUF(DOCUMENT_LIMIT);
        cleanup(strbuf) struct strbuf joined = STRBUF(DOCUMENT_LIMIT);
        cleanup(strbuf) struct strbuf piece = STRBUF(DOCUMENT_LIMIT);
        schema_json_render(schema, indent, &whole);
        struct schema_json stream;
        schema_json_init(&stream, schema, indent);
        size_t pieces = 0;
        for (; schema_json_next(&stream, &piece); pieces++) {
            strbuf_add(&joined, piece.bytes, piece.length);
            strbuf_clear(&piece);
        }
        assert_string_equal(strbuf_text(&whole), strbuf_text(&joined));
        assert_true(pieces > RANDOM_RELATIONS);
        assert_int_equal(piece.length, 0);
        assert_false(schema_json_next(&stream, &piece));
        assert_true(json_writer_ok(&stream.writer));
    }
}

static struct schema *small_schema(void)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    uint32_t id = schema_builder_text(builder, "id");
    schema_builder_server(builder, "sqlite", "3.40.1");
    schema_builder_coverage(builder, SCHEMA_ENUMS, COVERAGE_NOT_APPLICABLE, NULL);
    uint32_t table = schema_builder_relation(
        builder, &(struct schema_relation){.name = schema_builder_text(builder, "users"),
                                           .attributes = sample_attribute(builder, ATTRIBUTE_STRICT, "")});
    schema_builder_column(
        builder, &(struct schema_column){.relation = table,
                                         .name = id,
                                         .type = schema_builder_text(builder, "INTEGER"),
                                         .attributes = sample_attribute(builder, ATTRIBUTE_COLLATION, "NOCASE"),
                                         .flags = COLUMN_NULLABLE});
    schema_builder_constraint(builder, &(struct schema_constraint){.relation = table,
                                                                   .kind = CONSTRAINT_PRIMARY_KEY,
                                                                   .columns = schema_builder_list(builder, &id, 1)});
    schema_builder_object(
        builder, &(struct schema_object){.kind = OBJECT_TRIGGER,
                                         .relation_name = schema_builder_text(builder, "users"),
                                         .name = schema_builder_text(builder, "watch"),
                                         .attributes = sample_attribute(builder, ATTRIBUTE_BODY, "BEGIN END")});
    return sample_seal(builder);
}

static const char small_compact[] =
    "{\"format\":\"migrationd-schema\",\"version\":2,\"canonical_version\":1,\"engine\":\"sqlite\",\"server_version\":"
    "\"3.40.1\","
    "\"fingerprint\":\"%s\",\"truncated\":false,\"coverage\":{\"tables\":{\"coverage\":\"full\"},"
    "\"columns\":{\"coverage\":\"full\"},\"constraints\":{\"coverage\":\"full\"},\"indexes\":{\"coverage\":\"full\"},"
    "\"views\":{\"coverage\":\"full\"},\"schemas\":{\"coverage\":\"full\"},"
    "\"extensions\":{\"coverage\":\"full\"},\"enums\":{\"coverage\":\"not_applicable\"},"
    "\"domains\":{\"coverage\":\"full\"},\"composites\":{\"coverage\":\"full\"},"
    "\"sequences\":{\"coverage\":\"full\"},\"routines\":{\"coverage\":\"full\"},"
    "\"triggers\":{\"coverage\":\"full\"},\"policies\":{\"coverage\":\"full\"},"
    "\"events\":{\"coverage\":\"full\"}},\"tables\":[{\"name\":\"users\",\"kind\":\"table\","
    "\"strict\":true,\"columns\":[{\"name\":\"id\",\"type\":\"INTEGER\",\"nullable\":true,\"collation\":\"NOCASE\"}],"
    "\"constraints\":[{\"kind\":\"primary_key\",\"columns\":[\"id\"]}],\"indexes\":[]}],\"views\":[],"
    "\"schemas\":[],\"extensions\":[],\"enums\":[],\"domains\":[],\"composites\":[],\"sequences\":[],"
    "\"routines\":[],\"triggers\":[{\"table\":\"users\",\"name\":\"watch\",\"definition\":\"BEGIN END\"}],"
    "\"policies\":[],\"events\":[]}";

static void test_the_form_itself(void **state)
{
    (void)state;
    cleanup(schema) struct schema *schema = small_schema();
    cleanup(strbuf) struct strbuf json = STRBUF(DOCUMENT_LIMIT);
    char expected[3000] = "";
    char fingerprint[DIGEST_HEX_SIZE] = "";
    digest_to_hex(schema->digest, fingerprint);
    snprintf(expected, sizeof expected, small_compact, fingerprint);
    schema_json_render(schema, 0, &json);
    assert_string_equal(strbuf_text(&json), expected);
}

static void test_one_small_object_per_line(void **state)
{
    (void)state;
    cleanup(schema) struct schema *schema = small_schema();
    cleanup(strbuf) struct strbuf json = STRBUF(DOCUMENT_LIMIT);
    schema_json_render(schema, 2, &json);
    const char *tables = strstr(strbuf_text(&json), "  \"tables\": [");
    assert_non_null(tables);
    assert_string_equal(tables,
                        "  \"tables\": [\n"
                        "    {\n"
                        "      \"name\": \"users\",\n"
                        "      \"kind\": \"table\",\n"
                        "      \"strict\": true,\n"
                        "      \"columns\": [\n"
                        "        {\"name\":\"id\",\"type\":\"INTEGER\",\"nullable\":true,\"collation\":\"NOCASE\"}\n"
                        "      ],\n"
                        "      \"constraints\": [\n"
                        "        {\"kind\":\"primary_key\",\"columns\":[\"id\"]}\n"
                        "      ],\n"
                        "      \"indexes\": []\n"
                        "    }\n"
                        "  ],\n"
                        "  \"views\": [],\n"
                        "  \"schemas\": [],\n"
                        "  \"extensions\": [],\n"
                        "  \"enums\": [],\n"
                        "  \"domains\": [],\n"
                        "  \"composites\": [],\n"
                        "  \"sequences\": [],\n"
                        "  \"routines\": [],\n"
                        "  \"triggers\": [\n"
                        "    {\"table\":\"users\",\"name\":\"watch\",\"definition\":\"BEGIN END\"}\n"
                        "  ],\n"
                        "  \"policies\": [],\n"
                        "  \"events\": []\n"
                        "}\n");
}

/* Fingerprints are written into files: one that changes without a new
 * SCHEMA_CANONICAL_VERSION breaks every baseline. */
static void test_fingerprint_is_stable(void **state)
{
    (void)state;
    cleanup(schema) struct schema *schema = small_schema();
    char fingerprint[DIGEST_HEX_SIZE] = "";
    digest_to_hex(schema->digest, fingerprint);
    assert_string_equal(fingerprint, "1fd8a0b2a1ce557d219c7c6804d9a3d7");
}

#define HEAD "{\"format\":\"migrationd-schema\",\"version\":2,\"engine\":\"postgres\""
#define HEAD_1 "{\"format\":\"migrationd-schema\",\"version\":1,\"engine\":\"postgres\""
#define TABLE(inner)                                                                                                   \
    HEAD ",\"tables\":[{\"name\":\"t\",\"kind\":\"table\"},{\"name\":\"u\",\"kind\":\"table\"," inner "}]}"
#define COLUMN(inner) TABLE("\"columns\":[{\"name\":\"a\",\"type\":\"int\"},{" inner "}]")
#define CONSTRAINT(inner) TABLE("\"columns\":[{\"name\":\"a\",\"type\":\"int\"}],\"constraints\":[{" inner "}]")
#define INDEX(inner) TABLE("\"indexes\":[{" inner "}]")
#define PART(inner) INDEX("\"name\":\"i\",\"parts\":[{\"column\":\"a\"},{" inner "}]")

static const struct {
    const char *text;
    const char *message; /* after "baseline.json" */
} faults[] = {
    {"[]", ": format: must be migrationd-schema"},
    {"{\"format\":\"x\"}", ": format: must be migrationd-schema"},
    {"{\"format\":\"migrationd-schema\"}", ": version: must be an integer"},
    {"{\"format\":\"migrationd-schema\",\"version\":3}", ": version: 3 is not supported, only 1 to 2"},
    {"{\"format\":\"migrationd-schema\",\"version\":2}", ": engine: must be a string"},
    {HEAD ",\"server_version\":15}", ": server_version: must be a string"},
    {HEAD ",\"extra\":1}", ": extra: is not a known key"},
    {HEAD ",\"truncated\":1}", ": truncated: must be true or false"},
    {HEAD ",\"coverage\":[]}", ": coverage: must be an object"},
    {HEAD ",\"coverage\":{\"view\":{}}}", ": view: is not a known key"},
    {HEAD ",\"coverage\":{\"views\":{\"coverage\":\"some\"}}}", ": coverage: is no known word: some"},
    {HEAD ",\"coverage\":{\"views\":{\"coverage\":\"none\",\"reason\":1}}}", ": reason: must be a string"},
    {HEAD ",\"fingerprint\":\"00\"}", ": fingerprint: does not match the content"},
    {HEAD ",\"fingerprint\":1}", ": fingerprint: must be a string"},
    {HEAD ",\"tables\":{}}", ": tables: must be an array"},
    {HEAD ",\"tables\":[1]}", ": tables[0]: must be an object"},
    {HEAD ",\"tables\":[{\"kind\":\"table\"}]}", ": tables[0].name: is missing"},
    {HEAD ",\"tables\":[{\"name\":\"t\"}]}", ": tables[0].kind: is missing"},
    {HEAD ",\"tables\":[{\"name\":\"t\",\"kind\":1}]}", ": tables[0].kind: must be a string"},
    {HEAD ",\"tables\":[{\"name\":\"t\",\"kind\":\"view\"}]}", ": tables[0].kind: does not belong here: view"},
    {HEAD ",\"views\":[{\"name\":\"t\",\"kind\":\"table\"}]}", ": views[0].kind: does not belong here: table"},
    {HEAD ",\"tables\":[{\"name\":\"t\",\"kind\":\"table\"},{\"name\":\"t\",\"kind\":\"table\"}]}",
     ": two relations are named t"},
    {TABLE("\"column\":[]"), ": tables[1].column: is not a known key"},
    {TABLE("\"definition\":1"), ": tables[1].definition: must be a string"},
    {COLUMN("\"type\":\"int\""), ": tables[1].columns[1].name: is missing"},
    {COLUMN("\"name\":\"b\""), ": tables[1].columns[1].type: is missing"},
    {COLUMN("\"name\":\"b\",\"type\":[]"), ": tables[1].columns[1].type: must be a string"},
    {COLUMN("\"name\":\"b\",\"type\":\"int\",\"nullable\":\"no\""),
     ": tables[1].columns[1].nullable: must be true or false"},
    {COLUMN("\"name\":\"b\",\"type\":\"int\",\"identity\":\"yes\""),
     ": tables[1].columns[1].identity: must be always or by_default"},
    {COLUMN("\"name\":\"b\",\"type\":\"int\",\"generated\":true"),
     ": tables[1].columns[1].generated: must be an object"},
    {COLUMN("\"name\":\"b\",\"type\":\"int\",\"generated\":{\"virtual\":true}"),
     ": tables[1].columns[1].virtual: is not a known key"},
    {CONSTRAINT("\"columns\":[\"a\"]"), ": tables[1].constraints[0].kind: is missing"},
    {CONSTRAINT("\"kind\":\"pk\""), ": tables[1].constraints[0].kind: is no known word: pk"},
    {CONSTRAINT("\"kind\":\"unique\",\"columns\":[1]"), ": tables[1].constraints[0].columns: must hold strings only"},
    {CONSTRAINT("\"kind\":\"unique\",\"columns\":[\"a\",\"b\"]"),
     ": tables[1].constraints[0].columns: the table has no column b"},
    {CONSTRAINT("\"kind\":\"foreign_key\""), ": tables[1].constraints[0].references: is missing"},
    {CONSTRAINT("\"kind\":\"foreign_key\",\"references\":{}"), ": tables[1].constraints[0].table: is missing"},
    {CONSTRAINT("\"kind\":\"foreign_key\",\"references\":{\"table\":\"t\"},\"on_delete\":\"drop\""),
     ": tables[1].constraints[0].on_delete: is no known word: drop"},
    {CONSTRAINT("\"kind\":\"check\",\"references\":{}"),
     ": tables[1].constraints[0].references: belongs to foreign keys only"},
    {INDEX("\"parts\":[]"), ": tables[1].indexes[0].name: is missing"},
    {PART(""), ": tables[1].indexes[0].parts[1]: needs either column or expression"},
    {PART("\"column\":\"a\",\"expression\":\"a\""),
     ": tables[1].indexes[0].parts[1]: needs either column or expression"},
    {PART("\"column\":\"a\",\"prefix\":65536"), ": tables[1].indexes[0].parts[1].prefix: must be from 0 to 65535"},
    {PART("\"column\":\"a\",\"nulls\":\"here\""), ": tables[1].indexes[0].parts[1].nulls: must be first or last"},
    {TABLE("\"indexes\":[{\"name\":\"i\"},{\"name\":\"i\"}]"), ": two indexes of one relation are named i"},
    {HEAD ",\"enums\":[{\"name\":\"e\",\"labels\":[\"a\"]}]}", ": enums[0].labels: is not a known key"},
    {HEAD ",\"enums\":[{\"name\":\"e\",\"values\":\"a\"}]}", ": enums[0].values: must be an array"},
    {HEAD ",\"enums\":[{\"name\":\"e\",\"values\":[1]}]}", ": enums[0].values: must hold strings only"},
    {HEAD ",\"enums\":[{\"name\":\"e\"},{\"name\":\"e\"}]}", ": two enums are named e"},
    {HEAD ",\"routines\":[{\"name\":\"r\",\"arguments\":1}]}", ": routines[0].arguments: must be a string"},
    {HEAD ",\"triggers\":[{\"table\":\"t\"}]}", ": triggers[0].name: is missing"},
    {HEAD ",\"sequences\":[{\"name\":\"s\",\"start\":1}]}", ": sequences[0].start: must be a string"},
    {HEAD ",\"sequences\":[{\"name\":\"s\",\"cycle\":\"yes\"}]}", ": sequences[0].cycle: must be true or false"},
    {HEAD ",\"canonical_version\":\"1\"}", ": canonical_version: must be an integer"},
    {HEAD ",\"journals\":{}}", ": journals: must be an array"},
    {HEAD ",\"journals\":[{\"tool\":\"alembic\"}]}", ": journals[0].table: must be a string"},
    {HEAD ",\"journals\":[{\"tool\":\"a\",\"table\":\"t\",\"heads\":[1]}]}",
     ": journals[0].heads: must hold strings only"},
    {TABLE("\"row_security\":\"on\""), ": tables[1].row_security: must be true or false"},
    {HEAD_1 ",\"triggers\":[]}", ": triggers: is not a known key"},
    {HEAD_1 ",\"tables\":[{\"name\":\"t\",\"kind\":\"table\",\"engine\":\"x\"}]}",
     ": tables[0].engine: is not a known key"},
    {HEAD_1 ",\"enums\":[{\"name\":\"e\",\"labels\":\"a\"}]}", ": enums[0].labels: must be an array"},
    {HEAD_1 ",\"sequences\":[{\"name\":\"s\",\"start\":1.5}]}", ": sequences[0].start: must be an integer"},
    {HEAD_1 ",\"sequences\":[{\"name\":\"s\",\"owner\":{\"table\":\"t\"}}]}", ": sequences[0].column: is missing"},
    {HEAD ",\"tables\":[],\"tables\":[]}", ":1:82: duplicate object key"},
    {HEAD, ":1:61: "},
};

static void test_faults_name_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
        struct error error = {0};
        struct schema *schema = NULL;
        char expected[300] = "";
        snprintf(expected, sizeof expected, "baseline.json%s", faults[i].message);
        if (schema_json_parse(faults[i].text, strlen(faults[i].text), "baseline.json", NULL, &schema, NULL, &error) ==
            0)
            fail_msg("accepted: %s", faults[i].text);
        assert_null(schema);
        if (strncmp(error.message, expected, strlen(expected)) != 0)
            fail_msg("\"%s\" does not begin with \"%s\"", error.message, expected);
        assert_int_equal(error.code, strstr(expected, "supported") ? ERROR_UNSUPPORTED : ERROR_INVALID);
    }
}

static void test_files_edited_by_hand(void **state)
{
    (void)state;
    cleanup(schema) struct schema *terse = parse(CONSTRAINT("\"kind\":\"unique\",\"columns\":[\"a\"]"));
    cleanup(schema) struct schema *verbose =
        parse(HEAD ",\"server_version\":null,\"truncated\":false,\"sequences\":null,\"views\":[],\"tables\":["
                   "{\"kind\":\"table\",\"name\":\"u\",\"definition\":null,\"constraints\":[{\"columns\":[\"a\"],"
                   "\"kind\":\"unique\",\"name\":null,\"deferrable\":false,\"references\":null}],\"columns\":["
                   "{\"type\":\"int\",\"name\":\"a\",\"nullable\":false,\"default\":null,\"identity\":null,"
                   "\"generated\":null}]},{\"name\":\"t\",\"kind\":\"table\",\"schema\":\"\"}]}");
    assert_true(digest_equal(terse->digest, verbose->digest));
    assert_non_null(schema_find_relation(terse, NULL, "u"));
}

static void test_truncated_baseline(void **state)
{
    (void)state;
    cleanup(schema) struct schema *schema =
        parse(HEAD ",\"truncated\":true,\"tables\":[{\"name\":\"t\",\"kind\":\"table\",\"constraints\":[{\"kind\":"
                   "\"unique\",\"columns\":[\"cut\"]}]}]}");
    assert_true(schema->truncated);
    assert_round_trip(schema, 0);
}

static void test_memory_runs_out_while_parsing(void **state)
{
    (void)state;
    cleanup(schema) struct schema *schema = sample_new(0);
    cleanup(strbuf) struct strbuf json = STRBUF(DOCUMENT_LIMIT);
    schema_json_render(schema, 0, &json);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(schema) struct schema *parsed = NULL;
        OOM_CHECK(loop, schema_json_parse(json.bytes, json.length, "baseline.json", NULL, &parsed, NULL, &error) == 0);
        assert_int_equal(parsed == NULL, loop.refused);
        assert_int_equal(error.code, loop.refused ? ERROR_NO_MEMORY : ERROR_OK);
    }
}

static void test_memory_runs_out_while_rendering(void **state)
{
    (void)state;
    cleanup(schema) struct schema *schema = sample_new(0);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(strbuf) struct strbuf json = STRBUF(DOCUMENT_LIMIT);
        schema_json_render(schema, 2, &json);
        OOM_CHECK(loop, strbuf_ok(&json));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_attribute_survives),
        cmocka_unit_test(test_random_schemas_survive),
        cmocka_unit_test(test_pieces_make_the_document),
        cmocka_unit_test(test_the_form_itself),
        cmocka_unit_test(test_one_small_object_per_line),
        cmocka_unit_test(test_fingerprint_is_stable),
        cmocka_unit_test(test_faults_name_their_place),
        cmocka_unit_test(test_files_edited_by_hand),
        cmocka_unit_test(test_truncated_baseline),
        cmocka_unit_test(test_memory_runs_out_while_parsing),
        cmocka_unit_test(test_memory_runs_out_while_rendering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
