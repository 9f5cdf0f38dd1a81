/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "model/schema_json.h"
#include "model/schema_json_reader.h"

static int parse_identity(const struct schema_json_reader *reader, const struct json_value *object, unsigned *flags)
{
    const struct json_value *value = json_member(object, "identity");
    if (read_is_absent(value))
        return 0;
    const char *text = json_text(value);
    if (text && strcmp(text, "always") == 0)
        *flags |= COLUMN_IDENTITY_ALWAYS;
    else if (text && strcmp(text, "by_default") == 0)
        *flags |= COLUMN_IDENTITY_BY_DEFAULT;
    else
        return read_complain(reader, "identity", "must be always or by_default");
    return 0;
}

static int parse_generated(const struct schema_json_reader *reader, const struct json_value *object,
                           uint32_t *ret_expression, unsigned *flags)
{
    static const char *const keys[] = {"expression", "stored", NULL};
    static const struct object_shape shape = {keys, NULL, false};
    const struct json_value *generated = json_member(object, "generated");
    bool is_stored = false;
    if (read_is_absent(generated))
        return 0;
    if (read_shape(reader, generated, "generated", &shape) ||
        read_text(reader, generated, "expression", ret_expression) ||
        read_boolean(reader, generated, "stored", &is_stored))
        return -1;
    *flags |= is_stored ? COLUMN_GENERATED_STORED : COLUMN_GENERATED_VIRTUAL;
    return 0;
}

static int parse_column(struct schema_json_reader *reader, const struct json_value *object, void *payload)
{
    static const char *const keys[] = {"name", "type", "default", "identity", "generated", NULL};
    static const struct object_shape shape = {keys, column_flag_keys, true};
    struct schema_column column = {.relation = *(const uint32_t *)payload};
    unsigned flags = 0;
    size_t place = reader->path[reader->depth - 1].index;
    if (place >= UINT16_MAX)
        return read_complain(reader, NULL, "more than %u columns", UINT16_MAX);
    if (read_shape(reader, object, NULL, &shape) || read_required_text(reader, object, "name", &column.name) ||
        read_required_text(reader, object, "type", &column.type) ||
        read_text(reader, object, "default", &column.default_expression) || parse_identity(reader, object, &flags) ||
        parse_generated(reader, object, &column.generated, &flags) ||
        read_flags(reader, object, column_flag_keys, &flags) ||
        read_attributes(reader, object, &shape, &column.attributes))
        return -1;
    column.flags = (uint16_t)flags;
    column.position = (uint16_t)(place + 1);
    schema_builder_column(reader->builder, &column);
    return 0;
}

static int parse_references(struct schema_json_reader *reader, const struct json_value *object,
                            struct schema_constraint *constraint)
{
    static const char *const keys[] = {"schema", "table", "columns", NULL};
    static const struct object_shape shape = {keys, NULL, false};
    const struct json_value *references = json_member(object, "references");
    if (constraint->kind != CONSTRAINT_FOREIGN_KEY)
        return read_is_absent(references) ? 0 : read_complain(reader, "references", "belongs to foreign keys only");
    if (read_is_absent(references))
        return read_complain(reader, "references", "is missing");
    if (read_shape(reader, references, "references", &shape) ||
        read_text(reader, references, "schema", &constraint->referenced_schema) ||
        read_required_text(reader, references, "table", &constraint->referenced_table) ||
        read_list(reader, references, "columns", &constraint->referenced_columns) ||
        read_word(reader, object, "on_delete", foreign_key_action_from_name, &constraint->on_delete) ||
        read_word(reader, object, "on_update", foreign_key_action_from_name, &constraint->on_update))
        return -1;
    return 0;
}

/* What is parsed of one relation: its handle and, once its columns were read, where they begin. */
struct relation_place {
    uint32_t handle; /* first: parse_column needs only this */
    size_t first_column;
};

/* `reader->texts` still holds the constraint's columns. */
static int check_columns(const struct schema_json_reader *reader, size_t count, size_t first_column)
{
    size_t total = 0;
    if (!schema_builder_ok(reader->builder))
        return error_no_memory(reader->reterr);
    const struct schema_column *columns = schema_builder_columns(reader->builder, &total);
    for (size_t i = 0; i < count && !reader->truncated; i++) {
        size_t j = first_column;
        while (j < total && columns[j].name != reader->texts[i])
            j++;
        if (j == total)
            return read_complain(reader, "columns", "the table has no column %s",
                                 schema_builder_get_text(reader->builder, reader->texts[i]));
    }
    return 0;
}

static int parse_constraint(struct schema_json_reader *reader, const struct json_value *object, void *payload)
{
    static const char *const keys[] = {"kind",       "name",      "columns",   "expression",
                                       "references", "on_delete", "on_update", NULL};
    static const struct object_shape shape = {keys, constraint_flag_keys, true};
    const struct relation_place *place = payload;
    struct schema_constraint constraint = {.relation = place->handle};
    unsigned flags = 0;
    if (read_shape(reader, object, NULL, &shape))
        return -1;
    if (read_is_absent(json_member(object, "kind")))
        return read_complain(reader, "kind", "is missing");
    if (read_word(reader, object, "kind", constraint_kind_from_name, &constraint.kind) ||
        read_text(reader, object, "name", &constraint.name) ||
        read_list(reader, object, "columns", &constraint.columns) ||
        check_columns(reader, constraint.columns.count, place->first_column) ||
        read_text(reader, object, "expression", &constraint.expression) ||
        parse_references(reader, object, &constraint) || read_flags(reader, object, constraint_flag_keys, &flags) ||
        read_attributes(reader, object, &shape, &constraint.attributes))
        return -1;
    constraint.flags = (uint8_t)flags;
    schema_builder_constraint(reader->builder, &constraint);
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

static int parse_nulls(const struct schema_json_reader *reader, const struct json_value *object, unsigned *flags)
{
    const struct json_value *value = json_member(object, "nulls");
    if (read_is_absent(value))
        return 0;
    const char *text = json_text(value);
    if (text && strcmp(text, "first") == 0)
        *flags |= PART_NULLS_FIRST;
    else if (text && strcmp(text, "last") == 0)
        *flags |= PART_NULLS_LAST;
    else
        return read_complain(reader, "nulls", "must be first or last");
    return 0;
}

static int parse_part(struct schema_json_reader *reader, const struct json_value *object, void *payload)
{
    static const char *const keys[] = {"column", "expression", "nulls", "operator_class", "collation", "prefix", NULL};
    static const struct object_shape shape = {keys, part_flag_keys, false};
    struct part_array *parts = payload;
    struct schema_index_part part = {0};
    if (read_shape(reader, object, NULL, &shape))
        return -1;
    bool is_column = !read_is_absent(json_member(object, "column"));
    if (is_column == !read_is_absent(json_member(object, "expression")))
        return read_complain(reader, NULL, "needs either column or expression");
    unsigned flags = is_column ? 0 : PART_EXPRESSION;
    int64_t prefix = 0;
    if (read_text(reader, object, is_column ? "column" : "expression", &part.text) ||
        read_flags(reader, object, part_flag_keys, &flags) || parse_nulls(reader, object, &flags) ||
        read_text(reader, object, "operator_class", &part.operator_class) ||
        read_text(reader, object, "collation", &part.collation) ||
        read_integer(reader, object, "prefix", 0, UINT16_MAX, &prefix))
        return -1;
    if (parts->count >= UINT16_MAX)
        return read_complain(reader, NULL, "more than %u parts", UINT16_MAX);
    if (!mem_grow(&parts->items, &parts->capacity, parts->count, sizeof part, UINT16_MAX))
        return error_no_memory(reader->reterr);
    part.prefix = (uint16_t)prefix;
    part.flags = (uint16_t)flags;
    parts->items[parts->count++] = part;
    return 0;
}

static int parse_index(struct schema_json_reader *reader, const struct json_value *object, void *payload)
{
    static const char *const keys[] = {"name", "method", "predicate", "parts", NULL};
    static const struct object_shape shape = {keys, index_flag_keys, true};
    const struct relation_place *place = payload;
    struct schema_index index = {.relation = place->handle};
    cleanup(part_array) struct part_array parts = {0};
    unsigned flags = 0;
    if (read_shape(reader, object, NULL, &shape) || read_required_text(reader, object, "name", &index.name) ||
        read_text(reader, object, "method", &index.method) ||
        read_text(reader, object, "predicate", &index.predicate) ||
        read_each(reader, object, "parts", parse_part, &parts) || read_flags(reader, object, index_flag_keys, &flags) ||
        read_attributes(reader, object, &shape, &index.attributes))
        return -1;
    index.flags = (uint16_t)flags;
    schema_builder_index(reader->builder, &index, parts.items, parts.count);
    return 0;
}

/* `payload` is a bool: whether tables are expected here, or views. */
static int parse_relation(struct schema_json_reader *reader, const struct json_value *object, void *payload)
{
    static const char *const keys[] = {"schema",  "name",        "kind",    "definition",
                                       "columns", "constraints", "indexes", NULL};
    static const struct object_shape shape = {keys, NULL, true};
    const bool *tables = payload;
    struct schema_relation relation = {0};
    struct relation_place place = {0};
    if (read_shape(reader, object, NULL, &shape))
        return -1;
    if (read_is_absent(json_member(object, "kind")))
        return read_complain(reader, "kind", "is missing");
    if (read_text(reader, object, "schema", &relation.schema) ||
        read_required_text(reader, object, "name", &relation.name) ||
        read_word(reader, object, "kind", relation_kind_from_name, &relation.kind) ||
        read_text(reader, object, "definition", &relation.definition) ||
        read_attributes(reader, object, &shape, &relation.attributes))
        return -1;
    if (relation_is_table(&relation) != *tables)
        return read_complain(reader, "kind", "does not belong here: %s", relation_kind_name(relation.kind));
    schema_builder_columns(reader->builder, &place.first_column);
    place.handle = schema_builder_relation(reader->builder, &relation);
    if (read_each(reader, object, "columns", parse_column, &place.handle) ||
        read_each(reader, object, "constraints", parse_constraint, &place) ||
        read_each(reader, object, "indexes", parse_index, &place))
        return -1;
    return 0;
}

static bool is_known_to_form_1(enum attribute_key key)
{
    static const enum attribute_key known[] = {ATTRIBUTE_VALUES,    ATTRIBUTE_TYPE,  ATTRIBUTE_START,
                                               ATTRIBUTE_INCREMENT, ATTRIBUTE_MIN,   ATTRIBUTE_MAX,
                                               ATTRIBUTE_CACHE,     ATTRIBUTE_CYCLE, ATTRIBUTE_OWNER};
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (known[i] == key)
            return true;
    return false;
}

/* What a form cannot hold was not looked at; kinds that are left out of a file of our own form were seen. */
static void set_coverage_of_form(const struct schema_json_reader *reader)
{
    for (enum attribute_key key = ATTRIBUTE_END + 1; key < ATTRIBUTE_KEYS && reader->version == 1; key++)
        if (!is_known_to_form_1(key))
            schema_builder_undeclared(reader->builder, key);
    static const enum schema_kind unknown_to_form_1[] = {SCHEMA_SCHEMAS,    SCHEMA_EXTENSIONS, SCHEMA_DOMAINS,
                                                         SCHEMA_COMPOSITES, SCHEMA_ROUTINES,   SCHEMA_TRIGGERS,
                                                         SCHEMA_POLICIES,   SCHEMA_EVENTS};
    for (size_t i = 0; i < ARRAY_LENGTH(unknown_to_form_1) && reader->version == 1; i++)
        schema_builder_coverage(reader->builder, unknown_to_form_1[i], COVERAGE_NOT_APPLICABLE, NULL);
}

static int parse_coverage(const struct schema_json_reader *reader, const struct json_value *root)
{
    static const char *const kind_keys[] = {"coverage", "reason", NULL};
    static const struct object_shape kind_shape = {kind_keys, NULL, false};
    const struct json_value *all = json_member(root, "coverage");
    const char *keys[SCHEMA_KINDS + 1] = {NULL};
    for (unsigned kind = 0; kind < SCHEMA_KINDS; kind++)
        keys[kind] = schema_kind_name(kind);
    const struct object_shape shape = {keys, NULL, false};
    set_coverage_of_form(reader);
    if (read_is_absent(all))
        return 0;
    if (read_shape(reader, all, "coverage", &shape))
        return -1;
    for (unsigned kind = 0; kind < SCHEMA_KINDS; kind++) {
        const struct json_value *object = json_member(all, keys[kind]);
        uint8_t coverage = COVERAGE_FULL;
        if (read_is_absent(object))
            continue;
        if (read_shape(reader, object, keys[kind], &kind_shape) ||
            read_word(reader, object, "coverage", coverage_from_name, &coverage))
            return -1;
        const struct json_value *reason = json_member(object, "reason");
        if (!read_is_absent(reason) && !json_text(reason))
            return read_complain(reader, "reason", "must be a string");
        schema_builder_coverage(reader->builder, kind, coverage, json_text(reason));
    }
    return 0;
}

static int parse_version(struct schema_json_reader *reader, const struct json_value *root)
{
    const char *format = json_text(json_member(root, "format"));
    if (!json_is_object(root) || !format || strcmp(format, SCHEMA_JSON_FORMAT) != 0)
        return read_complain(reader, "format", "must be %s", SCHEMA_JSON_FORMAT);
    if (!json_get_integer(json_member(root, "version"), &reader->version))
        return read_complain(reader, "version", "must be an integer");
    if (reader->version > SCHEMA_FORM_VERSION || reader->version < 1)
        return error_set(reader->reterr, ERROR_UNSUPPORTED, "%s: version: %lld is not supported, only 1 to %d",
                         reader->name, (long long)reader->version, SCHEMA_FORM_VERSION);
    return 0;
}

static const struct dialect *dialect_among(const struct dialect *const *dialects, const char *engine)
{
    for (; *dialects; dialects++)
        for (const char *const *name = (*dialects)->engines; *name; name++)
            if (strcmp(*name, engine) == 0)
                return *dialects;
    return NULL;
}

static int parse_engine(struct schema_json_reader *reader, const struct json_value *root,
                        const struct dialect *const *dialects)
{
    const char *engine = json_text(json_member(root, "engine"));
    const struct json_value *server = json_member(root, "server_version");
    if (!engine)
        return read_complain(reader, "engine", "must be a string");
    if (!read_is_absent(server) && !json_text(server))
        return read_complain(reader, "server_version", "must be a string");
    reader->dialect = dialects ? dialect_among(dialects, engine) : NULL;
    if (dialects && !reader->dialect)
        return read_complain(reader, "engine", "is not known: %s", engine);
    schema_builder_server(reader->builder, engine, json_text(server));
    schema_builder_dialect(reader->builder, reader->dialect);
    return 0;
}

static int check_root(const struct schema_json_reader *reader, const struct json_value *root)
{
    static const char *const keys[] = {
        "format",      "version",      "canonical_version", "engine",   "server_version", "fingerprint", "truncated",
        "folds_names", "not_compared", "journals",          "coverage", "tables",         "views",       NULL};
    const char *all[ARRAY_LENGTH(keys) + OBJECT_KINDS] = {NULL};
    size_t count = 0;
    while (keys[count]) {
        all[count] = keys[count];
        count++;
    }
    for (unsigned kind = 0; kind < OBJECT_KINDS; kind++)
        if (reader->version > 1 || kind == OBJECT_ENUM || kind == OBJECT_SEQUENCE)
            all[count++] = schema_kind_name(object_schema_kind(kind));
    return read_shape(reader, root, NULL, &(struct object_shape){all, NULL, false});
}

static int parse_head(struct schema_json_reader *reader, const struct json_value *root,
                      const struct dialect *const *dialects)
{
    bool folds_names = false;
    if (parse_version(reader, root) || parse_engine(reader, root, dialects) || check_root(reader, root) ||
        read_boolean(reader, root, "truncated", &reader->truncated) ||
        read_boolean(reader, root, "folds_names", &folds_names) || parse_coverage(reader, root))
        return -1;
    const struct json_value *not_compared = json_member(root, "not_compared");
    if (!read_is_absent(not_compared) && !json_text(not_compared))
        return read_complain(reader, "not_compared", "must be a string");
    schema_builder_not_compared(reader->builder, json_text(not_compared));
    if (reader->truncated)
        schema_builder_truncated(reader->builder);
    if (folds_names)
        schema_builder_folds_names(reader->builder);
    return 0;
}

/* Fingerprints over canonical forms of other rules say nothing. */
static int check_fingerprint(const struct schema_json_reader *reader, const struct json_value *root,
                             const struct schema *schema)
{
    const struct json_value *value = json_member(root, "fingerprint");
    int64_t canonical_version = SCHEMA_CANONICAL_VERSION;
    char fingerprint[DIGEST_HEX_SIZE] = "";
    digest_to_hex(schema->digest, fingerprint);
    if (read_integer(reader, root, "canonical_version", 0, INT32_MAX, &canonical_version))
        return -1;
    if (read_is_absent(value))
        return 0;
    if (!json_text(value))
        return read_complain(reader, "fingerprint", "must be a string");
    if (reader->version > 1 && canonical_version == SCHEMA_CANONICAL_VERSION &&
        strcmp(json_text(value), fingerprint) != 0)
        return read_complain(reader, "fingerprint", "does not match the content; leave it out after editing by hand");
    return 0;
}

static int parse_everything(struct schema_json_reader *reader, const struct json_value *root)
{
    bool tables = true;
    bool views = false;
    if (read_each(reader, root, "tables", parse_relation, &tables) ||
        read_each(reader, root, "views", parse_relation, &views) || read_objects(reader, root))
        return -1;
    return 0;
}

int schema_json_parse(const char *text, size_t length, const char *name, const struct dialect *const *dialects,
                      struct schema **ret_schema, struct schema_journals *ret_journals, struct error *reterr)
{
    *ret_schema = NULL;
    if (ret_journals)
        *ret_journals = (struct schema_journals){0};
    cleanup(json_document) struct json_document *document = NULL;
    if (json_parse(text, length, LIMIT_JSON_BYTES, name, &document, reterr))
        return -1;
    cleanup(schema_json_reader) struct schema_json_reader reader = {
        .builder = schema_builder_new(), .name = name, .reterr = reterr};
    cleanup(schema_journals) struct schema_journals journals = {0};
    cleanup(schema) struct schema *schema = NULL;
    if (!reader.builder)
        return error_no_memory(reterr);
    const struct json_value *root = json_root(document);
    if (parse_head(&reader, root, dialects) || parse_everything(&reader, root) ||
        read_journals(&reader, root, &journals))
        return -1;
    if (schema_builder_seal(reader.builder, &schema, reterr))
        return error_prefix(reterr, "%s", name);
    if (check_fingerprint(&reader, root, schema))
        return -1;
    *ret_schema = take(schema);
    if (ret_journals) {
        *ret_journals = journals;
        journals = (struct schema_journals){0};
    }
    return 0;
}
