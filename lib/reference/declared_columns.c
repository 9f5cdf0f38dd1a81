/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns of a declared schema, with the sequences behind them.
 */
#include <stdio.h>
#include <string.h>

#include "dialect/dialects.h"
#include "dialect/postgres_names.h"
#include "reference/declared_work.h"

enum { TYPE_BYTES = 4096 };

static const enum attribute_key sequence_keys[] = {ATTRIBUTE_START, ATTRIBUTE_INCREMENT, ATTRIBUTE_MIN, ATTRIBUTE_MAX,
                                                   ATTRIBUTE_CACHE, ATTRIBUTE_CYCLE,     ATTRIBUTE_END};

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
            count = declared_attribute(work, attributes, count, options[i].key, options[i].value);
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
    for (size_t i = 0; work->postgres && !work->declared->no_identity && sequence_keys[i] != ATTRIBUTE_END; i++)
        own[keys++] = sequence_keys[i];
    if (column->collation)
        own[keys++] = ATTRIBUTE_COLLATION;
    if (column->charset)
        own[keys++] = ATTRIBUTE_CHARSET;
    if (!work->postgres)
        own[keys++] = ATTRIBUTE_ON_UPDATE;
    own[keys] = ATTRIBUTE_END;
    count = declared_attribute(work, attributes, count, ATTRIBUTE_COLLATION, column->collation);
    count = declared_attribute(work, attributes, count, ATTRIBUTE_CHARSET, column->charset);
    const char *live_update = live ? schema_attribute_text(work->live, live->attributes, ATTRIBUTE_ON_UPDATE) : NULL;
    count =
        declared_attribute(work, attributes, count, ATTRIBUTE_ON_UPDATE,
                           declared_choose(work, TEXT_EXPRESSION, "", column->on_update, live_update, column->name));
    count = declared_adopt(work, live ? live->attributes : 0, own, attributes, count);
    return schema_builder_attributes(work->builder, attributes, count);
}

/* The flags of the live column that the source has no words for. */
static unsigned adopted_flags(const struct declared_work *work, const struct schema_column *live)
{
    const unsigned identity = COLUMN_IDENTITY_ALWAYS | COLUMN_IDENTITY_BY_DEFAULT;
    return live ? live->flags & (COLUMN_HIDDEN | (work->declared->no_identity ? identity : 0)) : 0;
}

static bool is_serial(const struct declared_work *work, const struct declared_column *column,
                      const struct schema_column *live)
{
    bool identity = adopted_flags(work, live) & ~(unsigned)COLUMN_HIDDEN;
    return work->postgres && !identity && strstr(column->type, "serial") != NULL && !column->type_schema;
}

/* The sequence in the live schema that the column owns. */
static const struct schema_object *owned_sequence(const struct declared_work *work, const struct declared_draft *draft,
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
static void put_serial_sequence(struct declared_work *work, const struct declared_draft *draft,
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
    count = declared_attribute(work, attributes, count, ATTRIBUTE_TYPE, type);
    count = declared_attribute(work, attributes, count, ATTRIBUTE_START, "1");
    count = declared_attribute(work, attributes, count, ATTRIBUTE_INCREMENT, "1");
    count = declared_attribute(work, attributes, count, ATTRIBUTE_MIN, "1");
    count = declared_attribute(work, attributes, count, ATTRIBUTE_MAX, type_maximum(type));
    count = declared_attribute(work, attributes, count, ATTRIBUTE_CACHE, "1");
    count = declared_attribute(work, attributes, count, ATTRIBUTE_OWNER, strbuf_text(&owner));
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
static uint32_t serial_default(struct declared_work *work, const struct declared_draft *draft,
                               const struct declared_column *column, const struct schema_column *live, const char *type)
{
    char name[POSTGRES_NAME_SIZE] = "";
    const struct schema_object *sequence = owned_sequence(work, draft, column->name);
    const char *live_default = live ? declared_live_text(work, live->default_expression) : NULL;
    postgres_make_name(draft->table->name, column->name, "seq", name);
    const char *used = sequence ? declared_live_text(work, sequence->name) : name;
    if (work->declared->kinds[SCHEMA_SEQUENCES] || sequence)
        put_serial_sequence(work, draft, column, type, sequence, used);
    if (live_default && strncmp(live_default, "nextval(", 8) == 0 && sequence)
        return declared_intern(work, live_default);
    cleanup(strbuf) struct strbuf path = STRBUF(TYPE_BYTES);
    cleanup(strbuf) struct strbuf text = STRBUF(TYPE_BYTES);
    const char *schema = declared_schema_name(work, draft->table->schema);
    if (*schema) {
        work->dialect->path_part(schema, &path);
        strbuf_add_char(&path, '.');
    }
    work->dialect->path_part(used, &path);
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

static uint16_t column_flags(const struct declared_work *work, const struct declared_draft *draft,
                             const struct declared_column *column, const struct schema_column *live)
{
    unsigned flags = column->flags | adopted_flags(work, live);
    bool serial = strstr(column->type, "serial") != NULL && !column->type_schema;
    bool filled = column->not_null || (flags & (COLUMN_IDENTITY_ALWAYS | COLUMN_IDENTITY_BY_DEFAULT)) || serial ||
                  in_primary_key(draft->table, column->name);
    return (uint16_t)(flags | (filled ? 0 : COLUMN_NULLABLE));
}

void declared_put_column(struct declared_work *work, const struct declared_draft *draft,
                         const struct declared_column *column, uint16_t position)
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
        .flags = column_flags(work, draft, column, live),
        .attributes = column_attributes(work, column, live, known),
    };
    const char *generated = declared_choose(work, TEXT_EXPRESSION, "", column->generated,
                                            live ? declared_live_text(work, live->generated) : NULL, where);
    const char *default_sql = declared_choose(work, TEXT_DEFAULT, known, column->default_sql,
                                              live ? declared_live_text(work, live->default_expression) : NULL, where);
    added.generated = declared_intern(work, generated);
    added.default_expression = is_serial(work, column, live) ? serial_default(work, draft, column, live, known)
                                                             : declared_intern(work, default_sql);
    schema_builder_column(work->builder, &added);
}
