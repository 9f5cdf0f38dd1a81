/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/drizzle_snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "reference/drizzle_reader.h"

static const struct {
    const char *engine;
    const char *dialect; /* as the file says it */
    int64_t version;
    int64_t oldest;
} versions[] = {
    {"postgres", "postgresql", 7, 7}, {"postgres", "pg", 7, 7},   {"mysql", "mysql", 5, 5},
    {"mariadb", "mysql", 5, 5},       {"sqlite", "sqlite", 6, 6},
};

int drizzle_fail(struct drizzle_reader *reader, const char *what)
{
    if (reader->failed)
        return -1;
    reader->failed = true;
    return error_set(reader->reterr, ERROR_INVALID, "%s: %s%s%s", reader->name, reader->place,
                     *reader->place ? ": " : "", what);
}

int drizzle_no_memory(struct drizzle_reader *reader)
{
    reader->failed = true;
    return error_no_memory(reader->reterr);
}

const char *drizzle_copy(struct drizzle_reader *reader, const char *text)
{
    const char *copy = text ? arena_strdup(reader->declared->arena, text) : NULL;
    if (text && !copy)
        drizzle_no_memory(reader);
    return copy;
}

const char *drizzle_text(struct drizzle_reader *reader, const struct json_value *object, const char *key)
{
    const struct json_value *value = json_member(object, key);
    if (!value || json_is_null(value))
        return NULL;
    if (!json_text(value)) {
        char what[80] = "";
        snprintf(what, sizeof what, "its '%s' is no text", key);
        drizzle_fail(reader, what);
        return NULL;
    }
    return drizzle_copy(reader, json_text(value));
}

const char *drizzle_name(struct drizzle_reader *reader, const struct json_value *object, const char *key)
{
    const char *name = drizzle_text(reader, object, key);
    if (!reader->failed && (!name || *name == '\0'))
        drizzle_fail(reader, "has no name");
    return reader->failed ? NULL : name;
}

bool drizzle_flag(const struct json_value *object, const char *key)
{
    bool flag = false;
    return json_get_boolean(json_member(object, key), &flag) && flag;
}

bool drizzle_names(struct drizzle_reader *reader, const struct json_value *list, struct declared_names *names)
{
    if (!json_is_array(list) || json_length(list) == 0)
        return drizzle_fail(reader, "has no columns") == 0;
    for (size_t i = 0; i < json_length(list); i++) {
        const char *text = json_text(json_element(list, i));
        if (!text)
            return drizzle_fail(reader, "names a column with something that is no text") == 0;
        if (!declared_add_name(reader->declared, names, drizzle_copy(reader, text)))
            return drizzle_no_memory(reader) == 0;
    }
    return !reader->failed;
}

/* Texts, or numbers, as drizzle-kit of other versions writes options of sequences. */
static const char *number_text(struct drizzle_reader *reader, const struct json_value *object, const char *key)
{
    int64_t number = 0;
    char digits[32] = "";
    if (!json_get_integer(json_member(object, key), &number))
        return drizzle_text(reader, object, key);
    snprintf(digits, sizeof digits, "%" PRId64, number);
    return drizzle_copy(reader, digits);
}

void drizzle_sequence_options(struct drizzle_reader *reader, const struct json_value *value,
                              struct declared_sequence *sequence)
{
    sequence->increment = number_text(reader, value, "increment");
    sequence->start = number_text(reader, value, "startWith");
    sequence->min = number_text(reader, value, "minValue");
    sequence->max = number_text(reader, value, "maxValue");
    sequence->cache = number_text(reader, value, "cache");
    sequence->cycle = drizzle_flag(value, "cycle");
}

/* Calls `each` for the members of an object, which may be missing, with their place in messages. */
struct visit {
    struct drizzle_reader *reader;
    void *payload;
    drizzle_member each;
};

static bool visit_member(void *payload, const char *key, const struct json_value *value)
{
    struct visit *visit = payload;
    struct drizzle_reader *reader = visit->reader;
    size_t length = strlen(reader->place);
    snprintf(reader->place + length, sizeof reader->place - length, "%s%.80s", length > 0 ? "." : "", key);
    if (!json_is_object(value))
        drizzle_fail(reader, "is no object");
    else
        visit->each(reader, visit->payload, key, value);
    if (!reader->failed)
        reader->place[length] = '\0';
    return !reader->failed;
}

bool drizzle_each(struct drizzle_reader *reader, const struct json_value *object, const char *key, drizzle_member each,
                  void *payload)
{
    const struct json_value *members = json_member(object, key);
    struct visit visit = {.reader = reader, .payload = payload, .each = each};
    if (reader->failed || !members || json_is_null(members))
        return !reader->failed;
    size_t length = strlen(reader->place);
    snprintf(reader->place + length, sizeof reader->place - length, "%s%s", length > 0 ? "." : "", key);
    if (!json_is_object(members))
        return drizzle_fail(reader, "is no object") == 0;
    json_each_member(members, visit_member, &visit);
    if (!reader->failed)
        reader->place[length] = '\0';
    return !reader->failed;
}

static void read_schema(struct drizzle_reader *reader, void *payload, const char *key, const struct json_value *value)
{
    (void)payload;
    (void)value;
    if (!declared_add_name(reader->declared, &reader->declared->schemas, drizzle_copy(reader, key)))
        drizzle_no_memory(reader);
}

/* "schemas" is an object of texts, so it does not go through drizzle_each. */
static bool note_schema(void *payload, const char *key, const struct json_value *value)
{
    struct drizzle_reader *reader = payload;
    read_schema(reader, NULL, key, value);
    return !reader->failed;
}

static void read_enum(struct drizzle_reader *reader, void *payload, const char *key, const struct json_value *value)
{
    struct declared_enum *type = declared_add_enum(reader->declared);
    (void)payload;
    (void)key;
    if (!type) {
        drizzle_no_memory(reader);
        return;
    }
    type->name = drizzle_name(reader, value, "name");
    type->schema = drizzle_text(reader, value, "schema");
    type->schema = type->schema && *type->schema ? type->schema : "public";
    const struct json_value *values = json_member(value, "values");
    if (!json_is_array(values))
        drizzle_fail(reader, "has no values");
    for (size_t i = 0; i < json_length(values) && !reader->failed; i++) {
        const char *text = json_text(json_element(values, i));
        if (!text)
            drizzle_fail(reader, "has a value that is no text");
        else if (!declared_add_name(reader->declared, &type->values, drizzle_copy(reader, text)))
            drizzle_no_memory(reader);
    }
}

static void read_sequence(struct drizzle_reader *reader, void *payload, const char *key, const struct json_value *value)
{
    struct declared_sequence *sequence = declared_add_sequence(reader->declared);
    (void)payload;
    (void)key;
    if (!sequence) {
        drizzle_no_memory(reader);
        return;
    }
    sequence->name = drizzle_name(reader, value, "name");
    sequence->schema = drizzle_text(reader, value, "schema");
    sequence->schema = sequence->schema && *sequence->schema ? sequence->schema : "public";
    drizzle_sequence_options(reader, value, sequence);
}

static void set_scope(struct declared *declared)
{
    static const enum schema_kind everywhere[] = {SCHEMA_TABLES, SCHEMA_COLUMNS, SCHEMA_CONSTRAINTS, SCHEMA_INDEXES,
                                                  SCHEMA_VIEWS};
    static const enum schema_kind postgres[] = {SCHEMA_SCHEMAS, SCHEMA_ENUMS, SCHEMA_SEQUENCES, SCHEMA_POLICIES};
    bool is_postgres = strcmp(declared->engine, "postgres") == 0;
    for (size_t i = 0; i < ARRAY_LENGTH(everywhere); i++)
        declared->kinds[everywhere[i]] = true;
    for (size_t i = 0; is_postgres && i < ARRAY_LENGTH(postgres); i++)
        declared->kinds[postgres[i]] = true;
    for (size_t i = 0; i < CONSTRAINT_KINDS; i++)
        declared->constraints[i] = i != CONSTRAINT_EXCLUSION;
    declared->constraint_flags = CONSTRAINT_NULLS_NOT_DISTINCT | CONSTRAINT_NOT_VALID;
    declared->row_security = true;
}

/* "7", or 7. */
static int64_t version_of(const struct json_value *root)
{
    int64_t version = 0;
    const struct json_value *value = json_member(root, "version");
    if (!json_get_integer(value, &version) && json_text(value))
        version = strtoll(json_text(value), NULL, 10);
    return version;
}

static int check_version(const struct json_value *root, const char *name, const char *engine, struct error *reterr)
{
    const char *dialect = json_text(json_member(root, "dialect"));
    int64_t version = version_of(root);
    bool engine_fits = false;
    if (!json_is_object(root) || !dialect)
        return error_set(reterr, ERROR_INVALID, "%s: is no snapshot of Drizzle's: it names no dialect", name);
    for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
        if (strcmp(versions[i].engine, engine) != 0 || strcmp(versions[i].dialect, dialect) != 0)
            continue;
        engine_fits = true;
        if (version >= versions[i].oldest && version <= versions[i].version)
            return 0;
    }
    if (!engine_fits)
        return error_set(reterr, ERROR_UNSUPPORTED, "%s: is of %s, and this is a %s database", name, dialect, engine);
    return error_set(reterr, ERROR_UNSUPPORTED,
                     "%s: version %" PRId64 " of Drizzle's snapshots is not known here (for %s, %s)", name, version,
                     dialect,
                     strcmp(dialect, "mysql") == 0    ? "5 is"
                     : strcmp(dialect, "sqlite") == 0 ? "6 is"
                                                      : "7 is");
}

static void read_all(struct drizzle_reader *reader, const struct json_value *root)
{
    struct declared *declared = reader->declared;
    if (!json_is_object(json_member(root, "tables")))
        drizzle_fail(reader, "there are no tables");
    if (reader->postgres && !declared_add_name(declared, &declared->schemas, "public"))
        drizzle_no_memory(reader);
    if (reader->postgres && !reader->failed)
        json_each_member(json_member(root, "schemas"), note_schema, reader);
    if (reader->postgres)
        drizzle_each(reader, root, "enums", read_enum, NULL);
    if (reader->postgres)
        drizzle_each(reader, root, "sequences", read_sequence, NULL);
    /* Which index columns are expressions stands apart, for MySQL and SQLite. */
    reader->internal = json_member(json_member(root, "internal"), "indexes");
    drizzle_each(reader, root, "tables", drizzle_read_table, NULL);
    drizzle_each(reader, root, "views", drizzle_read_view, NULL);
    if (reader->postgres)
        drizzle_each(reader, root, "policies", drizzle_read_policy, NULL);
}

int drizzle_snapshot_parse(const char *text, size_t length, const char *name, const char *engine,
                           struct declared **ret_declared, struct error *reterr)
{
    cleanup(json_document) struct json_document *document = NULL;
    cleanup(declared) struct declared *declared = NULL;
    if (json_parse(text, length, LIMIT_MIGRATION_BYTES, name, &document, reterr) < 0 ||
        check_version(json_root(document), name, engine, reterr) < 0)
        return -1;
    declared = declared_new("Drizzle", engine);
    if (!declared)
        return error_no_memory(reterr);
    set_scope(declared);
    struct drizzle_reader reader = {.declared = declared,
                                    .name = name,
                                    .postgres = strcmp(engine, "postgres") == 0,
                                    .sqlite = strcmp(engine, "sqlite") == 0,
                                    .reterr = reterr};
    read_all(&reader, json_root(document));
    if (reader.failed)
        return -1;
    *ret_declared = take(declared);
    return 0;
}
