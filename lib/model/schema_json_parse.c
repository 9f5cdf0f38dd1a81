/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "model/schema_builder.h"
#include "model/schema_json.h"
#include "model/schema_json_flags.h"
#include "json/json_reader.h"

enum { PATH_DEPTH = 4, MESSAGE_SIZE = 256 };

struct parser {
    struct schema_builder *builder;
    const char *name;
    struct error *reterr;
    struct {
        const char *key;
        size_t index;
    } path[PATH_DEPTH]; /* arrays around the object at hand */
    unsigned depth;
    bool truncated;
    uint32_t *texts; /* the list at hand */
    size_t text_capacity;
};

static void parser_done(struct parser *parser)
{
    schema_builder_free(parser->builder);
    mem_free(parser->texts);
}

DEFINE_CLEANUP_VALUE(parser, struct parser, parser_done);

/* "baseline.json: tables[3].columns[2].type: message". `key` NULL stands for the object itself. */
__attribute__((format(printf, 3, 4))) static int complain(const struct parser *parser, const char *key,
                                                          const char *format, ...)
{
    char message[MESSAGE_SIZE] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    struct strbuf place = STRBUF(MESSAGE_SIZE);
    for (unsigned i = 0; i < parser->depth; i++)
        strbuf_printf(&place, "%s%s[%zu]", i > 0 ? "." : "", parser->path[i].key, parser->path[i].index);
    if (key)
        strbuf_printf(&place, "%s%s", parser->depth > 0 ? "." : "", key);
    error_set(parser->reterr, ERROR_INVALID, "%s: %s%s%s", parser->name, strbuf_text(&place),
              place.length > 0 ? ": " : "", message);
    strbuf_done(&place);
    return -1;
}

/* Which member names an object may have. */
struct known_keys {
    const char *const *keys;
    const struct flag_key *flags;
    const char *unknown; /* the first one that is neither */
};

static bool check_key(void *payload, const char *key, const struct json_value *value)
{
    (void)value;
    struct known_keys *known = payload;
    for (const char *const *candidate = known->keys; *candidate; candidate++)
        if (strcmp(*candidate, key) == 0)
            return true;
    for (const struct flag_key *candidate = known->flags; candidate && candidate->key; candidate++)
        if (strcmp(candidate->key, key) == 0)
            return true;
    known->unknown = key;
    return false;
}

/* Whether `object`, the value of `key` (NULL: the element at hand), is an object with known members only. */
static int check_object(const struct parser *parser, const struct json_value *object, const char *key,
                        const char *const *keys, const struct flag_key *flags)
{
    if (!json_is_object(object))
        return complain(parser, key, "must be an object");
    struct known_keys known = {.keys = keys, .flags = flags};
    json_each_member(object, check_key, &known);
    return known.unknown ? complain(parser, known.unknown, "is not a known key") : 0;
}

static bool is_absent(const struct json_value *value)
{
    return !value || json_is_null(value);
}

/* Stays as it was when absent. */
static int get_text(const struct parser *parser, const struct json_value *object, const char *key, uint32_t *ret_text)
{
    const struct json_value *value = json_member(object, key);
    if (is_absent(value))
        return 0;
    if (!json_text(value))
        return complain(parser, key, "must be a string");
    *ret_text = schema_builder_text(parser->builder, json_text(value));
    return 0;
}

static int require_text(const struct parser *parser, const struct json_value *object, const char *key,
                        uint32_t *ret_text)
{
    return is_absent(json_member(object, key)) ? complain(parser, key, "is missing")
                                               : get_text(parser, object, key, ret_text);
}

static int get_boolean(const struct parser *parser, const struct json_value *object, const char *key, bool *ret_value)
{
    const struct json_value *value = json_member(object, key);
    if (is_absent(value) || json_get_boolean(value, ret_value))
        return 0;
    return complain(parser, key, "must be true or false");
}

static int get_integer(const struct parser *parser, const struct json_value *object, const char *key, int64_t minimum,
                       int64_t maximum, int64_t *ret_value)
{
    const struct json_value *value = json_member(object, key);
    if (is_absent(value))
        return 0;
    if (!json_get_integer(value, ret_value))
        return complain(parser, key, "must be an integer");
    if (*ret_value < minimum || *ret_value > maximum)
        return complain(parser, key, "must be from %lld to %lld", (long long)minimum, (long long)maximum);
    return 0;
}

static int get_flags(const struct parser *parser, const struct json_value *object, const struct flag_key *keys,
                     unsigned *flags)
{
    for (; keys->key; keys++) {
        bool is_set = false;
        if (get_boolean(parser, object, keys->key, &is_set))
            return -1;
        if (is_set)
            *flags |= keys->flag;
    }
    return 0;
}

/* One of a table's words; stays as it was when absent. */
static int get_word(const struct parser *parser, const struct json_value *object, const char *key,
                    int (*from_name)(const char *), uint8_t *ret_number)
{
    const struct json_value *value = json_member(object, key);
    if (is_absent(value))
        return 0;
    const char *text = json_text(value);
    int number = text ? from_name(text) : -1;
    if (number < 0)
        return complain(parser, key, text ? "is no known word: %s" : "must be a string", text);
    *ret_number = (uint8_t)number;
    return 0;
}

/* The array under `key`; NULL, which has no elements, when absent. */
static int get_array(const struct parser *parser, const struct json_value *object, const char *key,
                     const struct json_value **ret_array)
{
    const struct json_value *value = json_member(object, key);
    *ret_array = NULL;
    if (is_absent(value))
        return 0;
    if (!json_is_array(value))
        return complain(parser, key, "must be an array");
    *ret_array = value;
    return 0;
}

static int get_list(struct parser *parser, const struct json_value *object, const char *key, struct text_list *ret_list)
{
    const struct json_value *array = NULL;
    if (get_array(parser, object, key, &array))
        return -1;
    size_t count = json_length(array);
    for (size_t i = 0; i < count; i++) {
        const char *text = json_text(json_element(array, i));
        if (!text)
            return complain(parser, key, "must hold strings only");
        if (!mem_grow(&parser->texts, &parser->text_capacity, i, sizeof *parser->texts, LIMIT_COLUMNS))
            return error_no_memory(parser->reterr);
        parser->texts[i] = schema_builder_text(parser->builder, text);
    }
    *ret_list = schema_builder_list(parser->builder, parser->texts, count);
    return 0;
}

/* Calls `parse` for each element of the array under `key`, with the path of the element in place for messages. */
static int for_each(struct parser *parser, const struct json_value *object, const char *key,
                    int (*parse)(struct parser *parser, const struct json_value *element, void *payload), void *payload)
{
    const struct json_value *array = NULL;
    if (get_array(parser, object, key, &array))
        return -1;
    unsigned level = parser->depth++;
    parser->path[level].key = key;
    size_t count = json_length(array);
    for (size_t i = 0; i < count; i++) {
        parser->path[level].index = i;
        if (parse(parser, json_element(array, i), payload))
            return -1;
    }
    parser->depth = level;
    return 0;
}

static int parse_identity(const struct parser *parser, const struct json_value *object, unsigned *flags)
{
    const struct json_value *value = json_member(object, "identity");
    if (is_absent(value))
        return 0;
    const char *text = json_text(value);
    if (text && strcmp(text, "always") == 0)
        *flags |= COLUMN_IDENTITY_ALWAYS;
    else if (text && strcmp(text, "by_default") == 0)
        *flags |= COLUMN_IDENTITY_BY_DEFAULT;
    else
        return complain(parser, "identity", "must be always or by_default");
    return 0;
}

static int parse_generated(const struct parser *parser, const struct json_value *object, uint32_t *ret_expression,
                           unsigned *flags)
{
    static const char *const keys[] = {"expression", "stored", NULL};
    const struct json_value *generated = json_member(object, "generated");
    bool is_stored = false;
    if (is_absent(generated))
        return 0;
    if (check_object(parser, generated, "generated", keys, NULL) ||
        get_text(parser, generated, "expression", ret_expression) ||
        get_boolean(parser, generated, "stored", &is_stored))
        return -1;
    *flags |= is_stored ? COLUMN_GENERATED_STORED : COLUMN_GENERATED_VIRTUAL;
    return 0;
}

static int parse_column(struct parser *parser, const struct json_value *object, void *payload)
{
    static const char *const keys[] = {"name", "type", "default", "identity", "generated", NULL};
    struct schema_column column = {.relation = *(const uint32_t *)payload};
    unsigned flags = 0;
    size_t place = parser->path[parser->depth - 1].index;
    if (place >= UINT16_MAX)
        return complain(parser, NULL, "more than %u columns", UINT16_MAX);
    if (check_object(parser, object, NULL, keys, column_flag_keys) ||
        require_text(parser, object, "name", &column.name) || require_text(parser, object, "type", &column.type) ||
        get_text(parser, object, "default", &column.default_expression) || parse_identity(parser, object, &flags) ||
        parse_generated(parser, object, &column.generated, &flags) ||
        get_flags(parser, object, column_flag_keys, &flags))
        return -1;
    column.flags = (uint16_t)flags;
    column.position = (uint16_t)(place + 1);
    schema_builder_column(parser->builder, &column);
    return 0;
}

static int parse_references(struct parser *parser, const struct json_value *object,
                            struct schema_constraint *constraint)
{
    static const char *const keys[] = {"schema", "table", "columns", NULL};
    const struct json_value *references = json_member(object, "references");
    if (constraint->kind != CONSTRAINT_FOREIGN_KEY)
        return is_absent(references) ? 0 : complain(parser, "references", "belongs to foreign keys only");
    if (is_absent(references))
        return complain(parser, "references", "is missing");
    if (check_object(parser, references, "references", keys, NULL) ||
        get_text(parser, references, "schema", &constraint->referenced_schema) ||
        require_text(parser, references, "table", &constraint->referenced_table) ||
        get_list(parser, references, "columns", &constraint->referenced_columns) ||
        get_word(parser, object, "on_delete", foreign_key_action_from_name, &constraint->on_delete) ||
        get_word(parser, object, "on_update", foreign_key_action_from_name, &constraint->on_update))
        return -1;
    return 0;
}

/* What is parsed of one relation: its handle and, once its columns were read, where they begin. */
struct relation_place {
    uint32_t handle; /* first: parse_column needs only this */
    size_t first_column;
};

/* `parser->texts` still holds the constraint's columns. */
static int check_columns(const struct parser *parser, size_t count, size_t first_column)
{
    size_t total = 0;
    if (!schema_builder_ok(parser->builder))
        return error_no_memory(parser->reterr);
    const struct schema_column *columns = schema_builder_columns(parser->builder, &total);
    for (size_t i = 0; i < count && !parser->truncated; i++) {
        size_t j = first_column;
        while (j < total && columns[j].name != parser->texts[i])
            j++;
        if (j == total)
            return complain(parser, "columns", "the table has no column %s",
                            schema_builder_get_text(parser->builder, parser->texts[i]));
    }
    return 0;
}

static int parse_constraint(struct parser *parser, const struct json_value *object, void *payload)
{
    static const char *const keys[] = {"kind",       "name",      "columns",   "expression",
                                       "references", "on_delete", "on_update", NULL};
    const struct relation_place *place = payload;
    struct schema_constraint constraint = {.relation = place->handle};
    unsigned flags = 0;
    if (check_object(parser, object, NULL, keys, constraint_flag_keys))
        return -1;
    if (is_absent(json_member(object, "kind")))
        return complain(parser, "kind", "is missing");
    if (get_word(parser, object, "kind", constraint_kind_from_name, &constraint.kind) ||
        get_text(parser, object, "name", &constraint.name) ||
        get_list(parser, object, "columns", &constraint.columns) ||
        check_columns(parser, constraint.columns.count, place->first_column) ||
        get_text(parser, object, "expression", &constraint.expression) ||
        parse_references(parser, object, &constraint) || get_flags(parser, object, constraint_flag_keys, &flags))
        return -1;
    constraint.flags = (uint8_t)flags;
    schema_builder_constraint(parser->builder, &constraint);
    return 0;
}

/* The parts of the index at hand. */
struct part_array {
    struct schema_index_part *items;
    size_t count;
    size_t capacity;
};

static void part_array_done(struct part_array *array)
{
    mem_free(array->items);
}

DEFINE_CLEANUP_VALUE(part_array, struct part_array, part_array_done);

static int parse_nulls(const struct parser *parser, const struct json_value *object, unsigned *flags)
{
    const struct json_value *value = json_member(object, "nulls");
    if (is_absent(value))
        return 0;
    const char *text = json_text(value);
    if (text && strcmp(text, "first") == 0)
        *flags |= PART_NULLS_FIRST;
    else if (text && strcmp(text, "last") == 0)
        *flags |= PART_NULLS_LAST;
    else
        return complain(parser, "nulls", "must be first or last");
    return 0;
}

static int parse_part(struct parser *parser, const struct json_value *object, void *payload)
{
    static const char *const keys[] = {"column", "expression", "nulls", "operator_class", "collation", "prefix", NULL};
    struct part_array *parts = payload;
    struct schema_index_part part = {0};
    if (check_object(parser, object, NULL, keys, part_flag_keys))
        return -1;
    bool is_column = !is_absent(json_member(object, "column"));
    if (is_column == !is_absent(json_member(object, "expression")))
        return complain(parser, NULL, "needs either column or expression");
    unsigned flags = is_column ? 0 : PART_EXPRESSION;
    int64_t prefix = 0;
    if (get_text(parser, object, is_column ? "column" : "expression", &part.text) ||
        get_flags(parser, object, part_flag_keys, &flags) || parse_nulls(parser, object, &flags) ||
        get_text(parser, object, "operator_class", &part.operator_class) ||
        get_text(parser, object, "collation", &part.collation) ||
        get_integer(parser, object, "prefix", 0, UINT16_MAX, &prefix))
        return -1;
    if (parts->count >= UINT16_MAX)
        return complain(parser, NULL, "more than %u parts", UINT16_MAX);
    if (!mem_grow(&parts->items, &parts->capacity, parts->count, sizeof part, UINT16_MAX))
        return error_no_memory(parser->reterr);
    part.prefix = (uint16_t)prefix;
    part.flags = (uint16_t)flags;
    parts->items[parts->count++] = part;
    return 0;
}

static int parse_index(struct parser *parser, const struct json_value *object, void *payload)
{
    static const char *const keys[] = {"name", "method", "predicate", "parts", NULL};
    const struct relation_place *place = payload;
    struct schema_index index = {.relation = place->handle};
    cleanup(part_array) struct part_array parts = {0};
    unsigned flags = 0;
    if (check_object(parser, object, NULL, keys, index_flag_keys) ||
        require_text(parser, object, "name", &index.name) || get_text(parser, object, "method", &index.method) ||
        get_text(parser, object, "predicate", &index.predicate) ||
        for_each(parser, object, "parts", parse_part, &parts) || get_flags(parser, object, index_flag_keys, &flags))
        return -1;
    index.flags = (uint16_t)flags;
    schema_builder_index(parser->builder, &index, parts.items, parts.count);
    return 0;
}

/* `payload` is a bool: whether tables are expected here, or views. */
static int parse_relation(struct parser *parser, const struct json_value *object, void *payload)
{
    static const char *const keys[] = {"schema",  "name",        "kind",    "definition",
                                       "columns", "constraints", "indexes", NULL};
    const bool *tables = payload;
    struct schema_relation relation = {0};
    struct relation_place place = {0};
    if (check_object(parser, object, NULL, keys, NULL))
        return -1;
    if (is_absent(json_member(object, "kind")))
        return complain(parser, "kind", "is missing");
    if (get_text(parser, object, "schema", &relation.schema) || require_text(parser, object, "name", &relation.name) ||
        get_word(parser, object, "kind", relation_kind_from_name, &relation.kind) ||
        get_text(parser, object, "definition", &relation.definition))
        return -1;
    if (relation_is_table(&relation) != *tables)
        return complain(parser, "kind", "does not belong here: %s", relation_kind_name(relation.kind));
    schema_builder_columns(parser->builder, &place.first_column);
    place.handle = schema_builder_relation(parser->builder, &relation);
    if (for_each(parser, object, "columns", parse_column, &place.handle) ||
        for_each(parser, object, "constraints", parse_constraint, &place) ||
        for_each(parser, object, "indexes", parse_index, &place))
        return -1;
    return 0;
}

static int parse_enum(struct parser *parser, const struct json_value *object, void *payload)
{
    (void)payload;
    static const char *const keys[] = {"schema", "name", "labels", NULL};
    struct schema_enum type = {0};
    if (check_object(parser, object, NULL, keys, NULL) || get_text(parser, object, "schema", &type.schema) ||
        require_text(parser, object, "name", &type.name) || get_list(parser, object, "labels", &type.labels))
        return -1;
    schema_builder_enum(parser->builder, &type);
    return 0;
}

static int parse_owner(const struct parser *parser, const struct json_value *object, struct schema_sequence *sequence)
{
    static const char *const keys[] = {"table", "column", NULL};
    const struct json_value *owner = json_member(object, "owner");
    if (is_absent(owner))
        return 0;
    if (check_object(parser, owner, "owner", keys, NULL) ||
        require_text(parser, owner, "table", &sequence->owner_table) ||
        require_text(parser, owner, "column", &sequence->owner_column))
        return -1;
    return 0;
}

static int parse_sequence(struct parser *parser, const struct json_value *object, void *payload)
{
    (void)payload;
    static const char *const keys[] = {"schema",  "name",  "type",   "start", "increment", "minimum",
                                       "maximum", "cache", "cycles", "owner", NULL};
    struct schema_sequence sequence = {0};
    const struct {
        const char *key;
        int64_t *value;
    } numbers[] = {{"start", &sequence.start},
                   {"increment", &sequence.increment},
                   {"minimum", &sequence.minimum},
                   {"maximum", &sequence.maximum},
                   {"cache", &sequence.cache}};
    bool cycles = false;
    if (check_object(parser, object, NULL, keys, NULL) || get_text(parser, object, "schema", &sequence.schema) ||
        require_text(parser, object, "name", &sequence.name) || get_text(parser, object, "type", &sequence.type) ||
        get_boolean(parser, object, "cycles", &cycles) || parse_owner(parser, object, &sequence))
        return -1;
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        if (get_integer(parser, object, numbers[i].key, INT64_MIN, INT64_MAX, numbers[i].value))
            return -1;
    sequence.cycles = cycles;
    schema_builder_sequence(parser->builder, &sequence);
    return 0;
}

static int parse_coverage(const struct parser *parser, const struct json_value *root)
{
    static const char *const kind_keys[] = {"coverage", "reason", NULL};
    const struct json_value *all = json_member(root, "coverage");
    const char *keys[SCHEMA_KINDS + 1] = {NULL};
    for (unsigned kind = 0; kind < SCHEMA_KINDS; kind++)
        keys[kind] = schema_kind_name(kind);
    if (is_absent(all))
        return 0;
    if (check_object(parser, all, "coverage", keys, NULL))
        return -1;
    for (unsigned kind = 0; kind < SCHEMA_KINDS; kind++) {
        const struct json_value *object = json_member(all, keys[kind]);
        uint8_t coverage = COVERAGE_FULL;
        if (is_absent(object))
            continue;
        if (check_object(parser, object, keys[kind], kind_keys, NULL) ||
            get_word(parser, object, "coverage", coverage_from_name, &coverage))
            return -1;
        const struct json_value *reason = json_member(object, "reason");
        if (!is_absent(reason) && !json_text(reason))
            return complain(parser, "reason", "must be a string");
        schema_builder_coverage(parser->builder, kind, coverage, json_text(reason));
    }
    return 0;
}

static int parse_head(struct parser *parser, const struct json_value *root)
{
    static const char *const keys[] = {"format",   "version", "engine", "server_version", "fingerprint", "truncated",
                                       "coverage", "tables",  "views",  "enums",          "sequences",   NULL};
    int64_t version = 0;
    const char *format = json_text(json_member(root, "format"));
    if (!json_is_object(root) || !format || strcmp(format, SCHEMA_JSON_FORMAT) != 0)
        return complain(parser, "format", "must be %s", SCHEMA_JSON_FORMAT);
    if (!json_get_integer(json_member(root, "version"), &version))
        return complain(parser, "version", "must be an integer");
    if (version != SCHEMA_FORM_VERSION)
        return error_set(parser->reterr, ERROR_UNSUPPORTED, "%s: version: %lld is not supported, only %d", parser->name,
                         (long long)version, SCHEMA_FORM_VERSION);
    const char *engine = json_text(json_member(root, "engine"));
    const struct json_value *server = json_member(root, "server_version");
    if (!engine)
        return complain(parser, "engine", "must be a string");
    if (!is_absent(server) && !json_text(server))
        return complain(parser, "server_version", "must be a string");
    if (check_object(parser, root, NULL, keys, NULL) || get_boolean(parser, root, "truncated", &parser->truncated) ||
        parse_coverage(parser, root))
        return -1;
    schema_builder_server(parser->builder, engine, json_text(server));
    if (parser->truncated)
        schema_builder_truncated(parser->builder);
    return 0;
}

static int check_fingerprint(const struct parser *parser, const struct json_value *root, const struct schema *schema)
{
    const struct json_value *value = json_member(root, "fingerprint");
    char fingerprint[DIGEST_HEX_SIZE] = "";
    digest_to_hex(schema->digest, fingerprint);
    if (is_absent(value))
        return 0;
    if (!json_text(value) || strcmp(json_text(value), fingerprint) != 0)
        return complain(parser, "fingerprint", "does not match the content; leave it out after editing by hand");
    return 0;
}

static int parse_objects(struct parser *parser, const struct json_value *root)
{
    bool tables = true;
    bool views = false;
    if (for_each(parser, root, "tables", parse_relation, &tables) ||
        for_each(parser, root, "views", parse_relation, &views) || for_each(parser, root, "enums", parse_enum, NULL) ||
        for_each(parser, root, "sequences", parse_sequence, NULL))
        return -1;
    return 0;
}

int schema_json_parse(const char *text, size_t length, const char *name, struct schema **ret_schema,
                      struct error *reterr)
{
    *ret_schema = NULL;
    cleanup(json_document) struct json_document *document = NULL;
    if (json_parse(text, length, LIMIT_JSON_BYTES, name, &document, reterr))
        return -1;
    cleanup(parser) struct parser parser = {.builder = schema_builder_new(), .name = name, .reterr = reterr};
    if (!parser.builder)
        return error_no_memory(reterr);
    const struct json_value *root = json_root(document);
    cleanup(schema) struct schema *schema = NULL;
    if (parse_head(&parser, root) || parse_objects(&parser, root))
        return -1;
    if (schema_builder_seal(parser.builder, &schema, reterr))
        return error_prefix(reterr, "%s", name);
    if (check_fingerprint(&parser, root, schema))
        return -1;
    *ret_schema = take(schema);
    return 0;
}
