/* SPDX-License-Identifier: Apache-2.0
 *
 * Relations of a declared schema.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/glob.h"
#include "dialect/dialects.h"
#include "dialect/postgres_names.h"
#include "reference/declared_work.h"
#include "reference/spelling.h"

enum { TYPE_BYTES = 4096 };

static const enum attribute_key nothing[] = {ATTRIBUTE_END};
static const enum attribute_key sequence_keys[] = {ATTRIBUTE_START, ATTRIBUTE_INCREMENT, ATTRIBUTE_MIN, ATTRIBUTE_MAX,
                                                   ATTRIBUTE_CACHE, ATTRIBUTE_CYCLE,     ATTRIBUTE_END};

/* One relation on its way. */
struct draft {
    const struct declared_table *table;
    const struct schema_relation *live; /* NULL */
    uint32_t handle;
    char path[160]; /* for remarks */
};

uint32_t declared_intern(struct declared_work *work, const char *text)
{
    return schema_builder_text(work->builder, text);
}

const char *declared_schema_name(const struct declared_work *work, const char *schema)
{
    const struct engine_scope *scope = work->request->scope;
    bool own = scope && scope->own_schema && strcmp(scope->own_schema, schema) == 0;
    return work->postgres && !own ? schema : "";
}

bool declared_in_scope(const struct declared_work *work, const char *schema)
{
    const struct engine_scope *scope = work->request->scope;
    if (!scope || !work->postgres)
        return true;
    if (scope->own_schema)
        return strcmp(scope->own_schema, schema) == 0;
    for (size_t i = 0; i < scope->schema_count; i++)
        if (glob_match(scope->schemas[i], schema))
            return true;
    return scope->schema_count == 0;
}

static const char *live_text(const struct declared_work *work, uint32_t text)
{
    return work->live && text ? schema_text(work->live, text) : NULL;
}

const char *declared_choose(struct declared_work *work, enum text_form form, const char *type, const char *declared,
                            const char *live, const char *where)
{
    if (!declared || !live)
        return declared;
    enum spelling spelling = spelling_compare(work->dialect, form, type, declared, live);
    if (spelling == SPELLING_DIFFERENT)
        return declared;
    if (spelling == SPELLING_UNKNOWN && work->unknown++ == 0)
        snprintf(work->first_unknown, sizeof work->first_unknown, "%s", where);
    return live;
}

static bool has_key(const enum attribute_key *keys, uint32_t key)
{
    while (*keys != ATTRIBUTE_END && *keys != key)
        keys++;
    return *keys != ATTRIBUTE_END;
}

size_t declared_adopt(struct declared_work *work, uint32_t run, const enum attribute_key *keys,
                      struct schema_attribute *attributes, size_t count)
{
    const struct schema_attribute *live = work->live ? work->live->attributes + run : NULL;
    for (; live && live->key != ATTRIBUTE_END && count < WORK_ATTRIBUTES; live++) {
        if (has_key(keys, live->key))
            continue;
        const char *text = live_text(work, live->text);
        attributes[count++] = (struct schema_attribute){.key = live->key, .text = declared_intern(work, text)};
    }
    return count;
}

static size_t add_attribute(struct declared_work *work, struct schema_attribute *attributes, size_t count,
                            enum attribute_key key, const char *text)
{
    if (text && count < WORK_ATTRIBUTES)
        attributes[count++] = (struct schema_attribute){.key = key, .text = declared_intern(work, text)};
    return count;
}

static const char *type_maximum(const char *type)
{
    if (strcmp(type, "smallint") == 0)
        return "32767";
    return strcmp(type, "integer") == 0 ? "2147483647" : "9223372036854775807";
}

/* As PostgreSQL's reader tells an identity: only what is not usual. */
static size_t add_identity(struct declared_work *work, const struct declared_column *column, const char *type,
                           struct schema_attribute *attributes, size_t count)
{
    const struct declared_sequence *sequence = column->identity;
    const struct {
        enum attribute_key key;
        const char *value;
        const char *usual;
    } options[] = {
        {ATTRIBUTE_START, sequence->start, "1"}, {ATTRIBUTE_INCREMENT, sequence->increment, "1"},
        {ATTRIBUTE_MIN, sequence->min, "1"},     {ATTRIBUTE_MAX, sequence->max, type_maximum(type)},
        {ATTRIBUTE_CACHE, sequence->cache, "1"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++)
        if (options[i].value && strcmp(options[i].value, options[i].usual) != 0)
            count = add_attribute(work, attributes, count, options[i].key, options[i].value);
    if (sequence->cycle && count < WORK_ATTRIBUTES)
        attributes[count++] = (struct schema_attribute){.key = ATTRIBUTE_CYCLE};
    return count;
}

static uint32_t column_attributes(struct declared_work *work, const struct declared_column *column,
                                  const struct schema_column *live, const char *type)
{
    struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
    enum attribute_key own[ARRAY_LENGTH(sequence_keys) + 4] = {ATTRIBUTE_END};
    size_t count = 0;
    size_t keys = 0;
    if (column->identity && work->postgres)
        count = add_identity(work, column, type, attributes, count);
    for (size_t i = 0; work->postgres && sequence_keys[i] != ATTRIBUTE_END; i++)
        own[keys++] = sequence_keys[i];
    if (column->collation)
        own[keys++] = ATTRIBUTE_COLLATION;
    if (column->charset)
        own[keys++] = ATTRIBUTE_CHARSET;
    if (!work->postgres)
        own[keys++] = ATTRIBUTE_ON_UPDATE;
    own[keys] = ATTRIBUTE_END;
    count = add_attribute(work, attributes, count, ATTRIBUTE_COLLATION, column->collation);
    count = add_attribute(work, attributes, count, ATTRIBUTE_CHARSET, column->charset);
    const char *live_update = live ? schema_attribute_text(work->live, live->attributes, ATTRIBUTE_ON_UPDATE) : NULL;
    count = add_attribute(work, attributes, count, ATTRIBUTE_ON_UPDATE,
                          declared_choose(work, TEXT_EXPRESSION, "", column->on_update, live_update, column->name));
    count = declared_adopt(work, live ? live->attributes : 0, own, attributes, count);
    return schema_builder_attributes(work->builder, attributes, count);
}

static bool is_serial(const struct declared_column *column)
{
    return strstr(column->type, "serial") != NULL && !column->type_schema;
}

/* The sequence in the live schema that the column owns. */
static const struct schema_object *owned_sequence(const struct declared_work *work, const struct draft *draft,
                                                  const char *column)
{
    cleanup(strbuf) struct strbuf owner = STRBUF(TYPE_BYTES);
    const struct schema *live = work->live;
    if (!live || !draft->live)
        return NULL;
    work->dialect->path_part(draft->table->name, &owner);
    strbuf_add_char(&owner, '.');
    work->dialect->path_part(column, &owner);
    for (size_t i = live->object_starts[OBJECT_SEQUENCE]; i < live->object_starts[OBJECT_SEQUENCE + 1]; i++) {
        const struct schema_object *object = &live->objects[i];
        const char *text = schema_attribute_text(live, object->attributes, ATTRIBUTE_OWNER);
        if (object->schema == draft->live->schema && text && strcmp(text, strbuf_text(&owner)) == 0)
            return object;
    }
    return NULL;
}

/* The sequence behind a serial column: named as the server would, or as the live one is. */
static void put_serial_sequence(struct declared_work *work, const struct draft *draft,
                                const struct declared_column *column, const char *type,
                                const struct schema_object *live, const char *name)
{
    static const enum attribute_key own[] = {ATTRIBUTE_START, ATTRIBUTE_INCREMENT, ATTRIBUTE_MIN,
                                             ATTRIBUTE_MAX,   ATTRIBUTE_CACHE,     ATTRIBUTE_CYCLE,
                                             ATTRIBUTE_TYPE,  ATTRIBUTE_OWNER,     ATTRIBUTE_END};
    struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
    cleanup(strbuf) struct strbuf owner = STRBUF(TYPE_BYTES);
    size_t count = 0;
    work->dialect->path_part(draft->table->name, &owner);
    strbuf_add_char(&owner, '.');
    work->dialect->path_part(column->name, &owner);
    count = add_attribute(work, attributes, count, ATTRIBUTE_TYPE, type);
    count = add_attribute(work, attributes, count, ATTRIBUTE_START, "1");
    count = add_attribute(work, attributes, count, ATTRIBUTE_INCREMENT, "1");
    count = add_attribute(work, attributes, count, ATTRIBUTE_MIN, "1");
    count = add_attribute(work, attributes, count, ATTRIBUTE_MAX, type_maximum(type));
    count = add_attribute(work, attributes, count, ATTRIBUTE_CACHE, "1");
    count = add_attribute(work, attributes, count, ATTRIBUTE_OWNER, strbuf_text(&owner));
    count = declared_adopt(work, live ? live->attributes : 0, own, attributes, count);
    const struct schema_object object = {
        .kind = OBJECT_SEQUENCE,
        .schema = declared_intern(work, declared_schema_name(work, draft->table->schema)),
        .name = declared_intern(work, name),
        .attributes = schema_builder_attributes(work->builder, attributes, count),
    };
    schema_builder_object(work->builder, &object);
}

/* "nextval('schema.table_column_seq'::regclass)" */
static uint32_t serial_default(struct declared_work *work, const struct draft *draft,
                               const struct declared_column *column, const struct schema_column *live, const char *type)
{
    char name[POSTGRES_NAME_SIZE] = "";
    const struct schema_object *sequence = owned_sequence(work, draft, column->name);
    const char *live_default = live ? live_text(work, live->default_expression) : NULL;
    if (work->declared->kinds[SCHEMA_SEQUENCES] || sequence) {
        postgres_make_name(draft->table->name, column->name, "seq", name);
        const char *used = sequence ? live_text(work, sequence->name) : name;
        put_serial_sequence(work, draft, column, type, sequence, used);
        snprintf(name, sizeof name, "%s", used);
    }
    if (live_default && strncmp(live_default, "nextval(", 8) == 0 && sequence)
        return declared_intern(work, live_default);
    cleanup(strbuf) struct strbuf path = STRBUF(TYPE_BYTES);
    cleanup(strbuf) struct strbuf text = STRBUF(TYPE_BYTES);
    const char *schema = declared_schema_name(work, draft->table->schema);
    if (*schema) {
        work->dialect->path_part(schema, &path);
        strbuf_add_char(&path, '.');
    }
    work->dialect->path_part(name, &path);
    strbuf_add_string(&text, "nextval(");
    work->dialect->quote_text(strbuf_text(&path), &text);
    strbuf_add_string(&text, "::regclass)");
    return schema_builder_text_n(work->builder, strbuf_text(&text), text.length);
}

static bool in_primary_key(const struct declared_table *table, const char *column)
{
    const struct declared_key *key = declared_primary_key(table);
    for (size_t i = 0; key && i < key->columns.count; i++)
        if (strcmp(key->columns.items[i], column) == 0)
            return true;
    return false;
}

static uint16_t column_flags(const struct draft *draft, const struct declared_column *column,
                             const struct schema_column *live)
{
    const unsigned identity = COLUMN_IDENTITY_ALWAYS | COLUMN_IDENTITY_BY_DEFAULT;
    bool filled = column->not_null || (column->flags & identity) || is_serial(column) ||
                  in_primary_key(draft->table, column->name);
    unsigned flags = column->flags | (filled ? 0 : COLUMN_NULLABLE);
    if (live)
        flags |= live->flags & COLUMN_HIDDEN;
    return (uint16_t)flags;
}

static void put_column(struct declared_work *work, const struct draft *draft, const struct declared_column *column,
                       uint16_t position)
{
    const struct schema_column *live = draft->live ? schema_find_column(work->live, draft->live, column->name) : NULL;
    cleanup(strbuf) struct strbuf type = STRBUF(TYPE_BYTES);
    char where[320] = "";
    snprintf(where, sizeof where, "%s.%s", draft->path, column->name);
    declared_type_text(work, column, &type);
    const char *live_type = live ? schema_text(work->live, live->type) : NULL;
    const char *known =
        live_type && declared_same_type(work, strbuf_text(&type), live_type) ? live_type : strbuf_text(&type);
    struct schema_column added = {
        .relation = draft->handle,
        .name = declared_intern(work, column->name),
        .type = declared_intern(work, known),
        .position = position,
        .flags = column_flags(draft, column, live),
        .attributes = column_attributes(work, column, live, known),
    };
    const char *generated = declared_choose(work, TEXT_EXPRESSION, "", column->generated,
                                            live ? live_text(work, live->generated) : NULL, where);
    const char *default_sql = declared_choose(work, TEXT_DEFAULT, known, column->default_sql,
                                              live ? live_text(work, live->default_expression) : NULL, where);
    added.generated = declared_intern(work, generated);
    added.default_expression = work->postgres && is_serial(column) ? serial_default(work, draft, column, live, known)
                                                                   : declared_intern(work, default_sql);
    schema_builder_column(work->builder, &added);
}

static bool same_list(const struct declared_work *work, const struct declared_names *names, struct text_list list)
{
    bool same = names->count == list.count;
    for (size_t i = 0; same && i < names->count; i++)
        same = strcmp(names->items[i], schema_text(work->live, work->live->lists[list.first + i])) == 0;
    return same;
}

/* The live constraint of that kind and name; where the source names none, or made the name up, that of the columns. */
static const struct schema_constraint *find_key(const struct declared_work *work, const struct draft *draft,
                                                const struct declared_key *key, const char *name)
{
    const struct schema_constraint *by_columns = NULL;
    for (uint32_t i = 0; draft->live && i < draft->live->constraint_count; i++) {
        const struct schema_constraint *live = &work->live->constraints[draft->live->first_constraint + i];
        if (live->kind != key->kind)
            continue;
        if (name && strcmp(schema_text(work->live, live->name), name) == 0)
            return live;
        bool target = key->kind != CONSTRAINT_FOREIGN_KEY ||
                      strcmp(schema_text(work->live, live->referenced_table), key->ref_table) == 0;
        if (key->kind != CONSTRAINT_CHECK && target && same_list(work, &key->columns, live->columns))
            by_columns = live;
    }
    return !key->name || key->automatic_name ? by_columns : NULL;
}

static struct text_list put_names(struct declared_work *work, const struct declared_names *names)
{
    uint32_t texts[WORK_PARTS] = {0};
    size_t count = names->count < WORK_PARTS ? names->count : WORK_PARTS;
    for (size_t i = 0; i < count; i++)
        texts[i] = declared_intern(work, names->items[i]);
    return schema_builder_list(work->builder, texts, count);
}

/* The name that the key has, or that the server would give it. Declared ones are cut as servers cut them. */
static const char *key_name(const struct declared_work *work, const struct draft *draft, const struct declared_key *key,
                            char buffer[2 * POSTGRES_NAME_SIZE])
{
    static const char *const labels[CONSTRAINT_KINDS] = {"pkey", "key", "fkey", "check", "excl"};
    if (!work->postgres)
        return key->kind == CONSTRAINT_PRIMARY_KEY ? "PRIMARY" : key->name;
    if (key->name) {
        size_t length = strlen(key->name);
        size_t kept = length < POSTGRES_NAME_SIZE - 1 ? length : POSTGRES_NAME_SIZE - 1;
        while (kept > 0 && kept < length && ((unsigned char)key->name[kept] & 0xc0) == 0x80)
            kept--;
        snprintf(buffer, 2 * POSTGRES_NAME_SIZE, "%.*s", (int)kept, key->name);
        return buffer;
    }
    char columns[2 * POSTGRES_NAME_SIZE] = "";
    bool named_by_columns = key->kind != CONSTRAINT_PRIMARY_KEY && key->columns.count > 0;
    postgres_join_columns(key->columns.items, key->columns.count, columns);
    postgres_make_name(draft->table->name, named_by_columns ? columns : NULL, labels[key->kind], buffer);
    return buffer;
}

static uint8_t key_action(const struct declared_work *work, uint8_t action)
{
    return !work->postgres && action == ACTION_RESTRICT ? ACTION_NO_ACTION : action;
}

static void fill_reference(struct declared_work *work, const struct draft *draft, const struct declared_key *key,
                           struct schema_constraint *constraint)
{
    const char *schema = key->ref_schema ? key->ref_schema : draft->table->schema;
    constraint->referenced_schema = declared_intern(work, declared_schema_name(work, schema));
    constraint->referenced_table = declared_intern(work, key->ref_table);
    constraint->on_delete = key_action(work, key->on_delete);
    constraint->on_update = key_action(work, key->on_update);
    const struct declared_table *target = declared_find_table(work->declared, schema, key->ref_table);
    const struct declared_key *primary = target ? declared_primary_key(target) : NULL;
    bool implied = key->ref_columns.count == 0 && primary;
    constraint->referenced_columns = put_names(work, implied ? &primary->columns : &key->ref_columns);
}

static uint8_t key_flags(const struct declared_work *work, const struct declared_key *key,
                         const struct schema_constraint *live)
{
    unsigned own = work->declared->constraint_flags;
    unsigned flags = key->flags & own;
    if (live)
        return (uint8_t)(flags | (live->flags & ~own));
    return (uint8_t)(flags | (key->name && !key->automatic_name ? 0 : CONSTRAINT_AUTOMATIC_NAME));
}

static void put_key(struct declared_work *work, const struct draft *draft, const struct declared_key *key)
{
    char buffer[2 * POSTGRES_NAME_SIZE] = "";
    char where[320] = "";
    struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
    const char *name = key_name(work, draft, key, buffer);
    const struct schema_constraint *live = find_key(work, draft, key, name);
    snprintf(where, sizeof where, "%s.%s", draft->path, name ? name : "");
    bool renamed = live && (!key->name || key->automatic_name);
    size_t count = declared_adopt(work, live ? live->attributes : 0, nothing, attributes, 0);
    const char *expression = declared_choose(work, TEXT_EXPRESSION, "", key->expression,
                                             live ? live_text(work, live->expression) : NULL, where);
    struct schema_constraint constraint = {
        .relation = draft->handle,
        .name = declared_intern(work, renamed ? schema_text(work->live, live->name) : name),
        .kind = (uint8_t)key->kind,
        .columns = key->kind == CONSTRAINT_CHECK || key->kind == CONSTRAINT_EXCLUSION ? (struct text_list){0}
                                                                                      : put_names(work, &key->columns),
        .expression = declared_intern(work, expression),
        .flags = key_flags(work, key, live),
        .attributes = schema_builder_attributes(work->builder, attributes, count),
    };
    if (key->kind == CONSTRAINT_FOREIGN_KEY)
        fill_reference(work, draft, key, &constraint);
    schema_builder_constraint(work->builder, &constraint);
}

static struct text_list copy_list(struct declared_work *work, struct text_list list)
{
    uint32_t texts[WORK_PARTS] = {0};
    size_t count = list.count < WORK_PARTS ? list.count : WORK_PARTS;
    for (size_t i = 0; i < count; i++)
        texts[i] = declared_intern(work, schema_text(work->live, work->live->lists[list.first + i]));
    return schema_builder_list(work->builder, texts, count);
}

/* A live constraint of a kind that the source cannot declare. */
static void copy_constraint(struct declared_work *work, const struct draft *draft, const struct schema_constraint *live)
{
    struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
    size_t count = declared_adopt(work, live->attributes, nothing, attributes, 0);
    struct schema_constraint copy = *live;
    copy.relation = draft->handle;
    copy.name = declared_intern(work, live_text(work, live->name));
    copy.columns = copy_list(work, live->columns);
    copy.expression = declared_intern(work, live_text(work, live->expression));
    copy.referenced_schema = declared_intern(work, live_text(work, live->referenced_schema));
    copy.referenced_table = declared_intern(work, live_text(work, live->referenced_table));
    copy.referenced_columns = copy_list(work, live->referenced_columns);
    copy.attributes = schema_builder_attributes(work->builder, attributes, count);
    schema_builder_constraint(work->builder, &copy);
}

static void put_keys(struct declared_work *work, const struct draft *draft)
{
    for (const struct declared_key *key = draft->table->keys; key; key = key->next)
        put_key(work, draft, key);
    for (uint32_t i = 0; draft->live && i < draft->live->constraint_count; i++) {
        const struct schema_constraint *live = &work->live->constraints[draft->live->first_constraint + i];
        if (!work->declared->constraints[live->kind])
            copy_constraint(work, draft, live);
    }
}

static const struct schema_index *find_index(const struct declared_work *work, const struct draft *draft,
                                             const char *name)
{
    for (uint32_t i = 0; draft->live && i < draft->live->index_count; i++) {
        const struct schema_index *live = &work->live->indexes[draft->live->first_index + i];
        if (strcmp(schema_text(work->live, live->name), name) == 0)
            return live;
    }
    return NULL;
}

/* Classes that PostgreSQL takes by itself: it does not print those, people may. */
static bool is_usual_class(const char *class)
{
    static const char *const usual[] = {
        "array_ops",       "bit_ops",      "bool_ops",    "bpchar_ops",   "bytea_ops",   "char_ops",   "cidr_ops",
        "date_ops",        "enum_ops",     "float4_ops",  "float8_ops",   "inet_ops",    "int2_ops",   "int4_ops",
        "int8_ops",        "interval_ops", "json_ops",    "jsonb_ops",    "macaddr_ops", "money_ops",  "name_ops",
        "numeric_ops",     "oid_ops",      "point_ops",   "range_ops",    "text_ops",    "time_ops",   "timestamp_ops",
        "timestamptz_ops", "timetz_ops",   "tsquery_ops", "tsvector_ops", "uuid_ops",    "varbit_ops", "varchar_ops"};
    for (size_t i = 0; i < ARRAY_LENGTH(usual); i++)
        if (strcmp(usual[i], class) == 0)
            return true;
    return false;
}

static const char *choose_class(const struct declared_work *work, const char *declared,
                                const struct schema_index_part *live)
{
    const char *printed = live ? live_text(work, live->operator_class) : NULL;
    if (!declared)
        return NULL;
    if (printed && strcmp(declared_last_part(printed), declared_last_part(declared)) == 0)
        return printed;
    return is_usual_class(declared) ? NULL : declared;
}

static struct schema_index_part make_part(struct declared_work *work, const struct declared_part *part,
                                          const struct schema_index_part *live, const char *where)
{
    bool expression = part->flags & PART_EXPRESSION;
    bool same_kind = live && (live->flags & PART_EXPRESSION) == (part->flags & PART_EXPRESSION);
    const char *text = part->text;
    if (expression && same_kind)
        text = declared_choose(work, TEXT_EXPRESSION, "", part->text, live_text(work, live->text), where);
    return (struct schema_index_part){
        .text = declared_intern(work, text),
        .operator_class = declared_intern(work, choose_class(work, part->operator_class, live)),
        .collation = same_kind ? declared_intern(work, live_text(work, live->collation)) : 0,
        .prefix = part->prefix,
        .flags = part->flags,
    };
}

/* INCLUDE columns, where the source cannot declare them. */
static size_t adopt_included(struct declared_work *work, const struct schema_index *live,
                             struct schema_index_part *parts, size_t count)
{
    if (!live || work->declared->include || live->part_count <= count)
        return count;
    for (size_t i = count; i < live->part_count && count < WORK_PARTS; i++) {
        const struct schema_index_part *part = &work->live->parts[live->first_part + i];
        if (!(part->flags & PART_INCLUDED))
            break;
        parts[count++] = (struct schema_index_part){.text = declared_intern(work, live_text(work, part->text)),
                                                    .flags = PART_INCLUDED};
    }
    return count;
}

static void put_index(struct declared_work *work, const struct draft *draft, const struct declared_index *index)
{
    struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
    struct schema_index_part parts[WORK_PARTS] = {{0}};
    char where[320] = "";
    const struct schema_index *live = find_index(work, draft, index->name);
    size_t count = 0;
    snprintf(where, sizeof where, "%s.%s", draft->path, index->name);
    for (const struct declared_part *part = index->parts; part && count < WORK_PARTS; part = part->next, count++)
        parts[count] = make_part(
            work, part, live && count < live->part_count ? &work->live->parts[live->first_part + count] : NULL, where);
    count = adopt_included(work, live, parts, count);
    const char *method = index->method ? index->method : work->postgres ? "btree" : NULL;
    const char *predicate = declared_choose(work, TEXT_EXPRESSION, "", index->predicate,
                                            live ? live_text(work, live->predicate) : NULL, where);
    const struct schema_index added = {
        .relation = draft->handle,
        .name = declared_intern(work, index->name),
        .method = declared_intern(work, method),
        .predicate = declared_intern(work, predicate),
        .flags = (uint16_t)(index->flags | (live ? live->flags & INDEX_HIDDEN : 0)),
        .attributes = schema_builder_attributes(
            work->builder, attributes, declared_adopt(work, live ? live->attributes : 0, nothing, attributes, 0)),
    };
    schema_builder_index(work->builder, &added, parts, count);
}

/* MySQL has unique keys over whole columns as constraints. */
static bool is_constraint(const struct declared_work *work, const struct declared_index *index)
{
    bool plain = !work->postgres && (index->flags & INDEX_UNIQUE) && !index->method;
    for (const struct declared_part *part = index->parts; part; part = part->next)
        plain = plain && part->flags == 0 && part->prefix == 0;
    return plain;
}

static void put_unique(struct declared_work *work, const struct draft *draft, const struct declared_index *index)
{
    struct declared_key key = {.kind = CONSTRAINT_UNIQUE, .name = index->name};
    const char *columns[WORK_PARTS] = {NULL};
    key.columns.items = columns;
    for (const struct declared_part *part = index->parts; part && key.columns.count < WORK_PARTS; part = part->next)
        columns[key.columns.count++] = part->text;
    put_key(work, draft, &key);
}

/* Whether MySQL made the index for one of the table's foreign keys. */
static bool serves_foreign_key(const struct declared_work *work, const struct draft *draft,
                               const struct schema_index *live)
{
    const char *name = schema_text(work->live, live->name);
    for (const struct declared_key *key = draft->table->keys; key; key = key->next) {
        bool named = key->kind == CONSTRAINT_FOREIGN_KEY && key->columns.count == live->part_count &&
                     ((key->name && strcmp(key->name, name) == 0) || strcmp(key->columns.items[0], name) == 0);
        for (size_t i = 0; named && i < key->columns.count; i++)
            named = strcmp(key->columns.items[i],
                           schema_text(work->live, work->live->parts[live->first_part + i].text)) == 0;
        if (named)
            return true;
    }
    return false;
}

static bool declares_index(const struct declared_table *table, const char *name)
{
    for (const struct declared_index *index = table->indexes; index; index = index->next)
        if (strcmp(index->name, name) == 0)
            return true;
    return false;
}

static void adopt_foreign_key_indexes(struct declared_work *work, const struct draft *draft)
{
    for (uint32_t i = 0; draft->live && i < draft->live->index_count; i++) {
        const struct schema_index *live = &work->live->indexes[draft->live->first_index + i];
        const char *name = schema_text(work->live, live->name);
        if (declares_index(draft->table, name) || !serves_foreign_key(work, draft, live))
            continue;
        struct schema_index_part parts[WORK_PARTS] = {{0}};
        size_t count = live->part_count < WORK_PARTS ? live->part_count : WORK_PARTS;
        for (size_t k = 0; k < count; k++)
            parts[k].text = declared_intern(work, live_text(work, work->live->parts[live->first_part + k].text));
        const struct schema_index added = {
            .relation = draft->handle, .name = declared_intern(work, name), .flags = live->flags};
        schema_builder_index(work->builder, &added, parts, count);
    }
}

static void put_indexes(struct declared_work *work, const struct draft *draft)
{
    for (const struct declared_index *index = draft->table->indexes; index; index = index->next)
        if (is_constraint(work, index))
            put_unique(work, draft, index);
        else
            put_index(work, draft, index);
    if (!work->postgres)
        adopt_foreign_key_indexes(work, draft);
}

static bool is_view(enum relation_kind kind)
{
    return kind == RELATION_VIEW || kind == RELATION_MATERIALIZED_VIEW;
}

static uint32_t relation_attributes(struct declared_work *work, const struct declared_table *table,
                                    const struct schema_relation *live)
{
    static const enum attribute_key view_keys[] = {ATTRIBUTE_VIEW_OPTIONS, ATTRIBUTE_SECURITY, ATTRIBUTE_CHECK_OPTION,
                                                   ATTRIBUTE_END};
    struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
    enum attribute_key own[ARRAY_LENGTH(view_keys) + 4] = {ATTRIBUTE_END};
    size_t keys = 0;
    size_t count = 0;
    for (size_t i = 0; work->postgres && is_view(table->kind) && view_keys[i] != ATTRIBUTE_END; i++)
        own[keys++] = view_keys[i];
    if (table->row_security || work->declared->row_security)
        own[keys++] = ATTRIBUTE_ROW_SECURITY;
    if (table->engine)
        own[keys++] = ATTRIBUTE_ENGINE;
    if (table->charset)
        own[keys++] = ATTRIBUTE_CHARSET;
    if (table->collation)
        own[keys++] = ATTRIBUTE_COLLATION;
    own[keys] = ATTRIBUTE_END;
    for (size_t i = 0; i < table->view_options.count; i++)
        count = add_attribute(work, attributes, count, ATTRIBUTE_VIEW_OPTIONS, table->view_options.items[i]);
    count = add_attribute(work, attributes, count, ATTRIBUTE_CHECK_OPTION, table->check_option);
    count = add_attribute(work, attributes, count, ATTRIBUTE_SECURITY, table->security);
    count = add_attribute(work, attributes, count, ATTRIBUTE_ENGINE, table->engine);
    count = add_attribute(work, attributes, count, ATTRIBUTE_CHARSET, table->charset);
    count = add_attribute(work, attributes, count, ATTRIBUTE_COLLATION, table->collation);
    if (table->row_security && count < WORK_ATTRIBUTES)
        attributes[count++] = (struct schema_attribute){.key = ATTRIBUTE_ROW_SECURITY};
    count = declared_adopt(work, live ? live->attributes : 0, own, attributes, count);
    return schema_builder_attributes(work->builder, attributes, count);
}

/* A view's columns follow from its query: they are what the server made of it. */
static void copy_columns(struct declared_work *work, const struct draft *draft)
{
    for (uint16_t i = 0; draft->live && i < draft->live->column_count; i++) {
        const struct schema_column *live = &work->live->columns[draft->live->first_column + i];
        struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
        size_t count = declared_adopt(work, live->attributes, nothing, attributes, 0);
        struct schema_column copy = *live;
        copy.relation = draft->handle;
        copy.name = declared_intern(work, live_text(work, live->name));
        copy.type = declared_intern(work, live_text(work, live->type));
        copy.default_expression = declared_intern(work, live_text(work, live->default_expression));
        copy.generated = declared_intern(work, live_text(work, live->generated));
        copy.attributes = schema_builder_attributes(work->builder, attributes, count);
        schema_builder_column(work->builder, &copy);
    }
}

static void put_columns(struct declared_work *work, const struct draft *draft)
{
    uint16_t position = 0;
    if (is_view(draft->table->kind) && draft->live) {
        copy_columns(work, draft);
        return;
    }
    for (const struct declared_column *column = draft->table->columns; column; column = column->next)
        put_column(work, draft, column, ++position);
}

static void put_relation(struct declared_work *work, const struct declared_table *table)
{
    const char *schema = declared_schema_name(work, table->schema);
    struct draft draft = {.table = table};
    draft.live = work->live ? schema_find_relation(work->live, schema, table->name) : NULL;
    if (draft.live && relation_is_table(draft.live) == is_view(table->kind))
        draft.live = NULL;
    snprintf(draft.path, sizeof draft.path, "%s%s%s", schema, *schema ? "." : "", table->name);
    bool adopts_kind = draft.live && !is_view(table->kind);
    const char *definition = declared_choose(work, TEXT_QUERY, "", table->definition,
                                             draft.live ? live_text(work, draft.live->definition) : NULL, draft.path);
    const struct schema_relation relation = {
        .schema = declared_intern(work, schema),
        .name = declared_intern(work, table->name),
        .kind = adopts_kind ? draft.live->kind : (uint8_t)table->kind,
        .definition = declared_intern(work, definition),
        .attributes = relation_attributes(work, table, draft.live),
    };
    draft.handle = schema_builder_relation(work->builder, &relation);
    put_columns(work, &draft);
    put_keys(work, &draft);
    put_indexes(work, &draft);
}

int declared_put_relations(struct declared_work *work, struct error *reterr)
{
    for (const struct declared_table *table = work->declared->tables; table; table = table->next) {
        if (!declared_in_scope(work, table->schema))
            continue;
        put_relation(work, table);
        if (!schema_builder_ok(work->builder))
            return error_no_memory(reterr);
    }
    return 0;
}
