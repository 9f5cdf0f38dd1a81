/* SPDX-License-Identifier: Apache-2.0
 *
 * Indexes of a declared schema.
 */
#include <stdio.h>
#include <string.h>

#include "reference/declared_work.h"

static const struct schema_index *find_index(const struct declared_work *work, const struct declared_draft *draft,
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
    const char *printed = live ? declared_live_text(work, live->operator_class) : NULL;
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
        text = declared_choose(work, TEXT_EXPRESSION, "", part->text, declared_live_text(work, live->text), where);
    return (struct schema_index_part){
        .text = declared_intern(work, text),
        .operator_class = declared_intern(work, choose_class(work, part->operator_class, live)),
        .collation = same_kind ? declared_intern(work, declared_live_text(work, live->collation)) : 0,
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
        parts[count++] = (struct schema_index_part){.text = declared_intern(work, declared_live_text(work, part->text)),
                                                    .flags = PART_INCLUDED};
    }
    return count;
}

static void put_index(struct declared_work *work, const struct declared_draft *draft,
                      const struct declared_index *index)
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
                                            live ? declared_live_text(work, live->predicate) : NULL, where);
    const struct schema_index added = {
        .relation = draft->handle,
        .name = declared_intern(work, index->name),
        .method = declared_intern(work, method),
        .predicate = declared_intern(work, predicate),
        .flags = (uint16_t)(index->flags | (live ? live->flags & INDEX_HIDDEN : 0)),
        .attributes = schema_builder_attributes(
            work->builder, attributes,
            declared_adopt(work, live ? live->attributes : 0, declared_no_keys, attributes, 0)),
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

static void put_unique(struct declared_work *work, const struct declared_draft *draft,
                       const struct declared_index *index)
{
    struct declared_key key = {.kind = CONSTRAINT_UNIQUE, .name = index->name};
    const char *columns[WORK_PARTS] = {NULL};
    key.columns.items = columns;
    for (const struct declared_part *part = index->parts; part && key.columns.count < WORK_PARTS; part = part->next)
        columns[key.columns.count++] = part->text;
    declared_put_key(work, draft, &key);
}

/* Whether MySQL made the index for one of the table's foreign keys. */
static bool serves_foreign_key(const struct declared_work *work, const struct declared_draft *draft,
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

static void adopt_foreign_key_indexes(struct declared_work *work, const struct declared_draft *draft)
{
    for (uint32_t i = 0; draft->live && i < draft->live->index_count; i++) {
        const struct schema_index *live = &work->live->indexes[draft->live->first_index + i];
        const char *name = schema_text(work->live, live->name);
        if (declares_index(draft->table, name) || !serves_foreign_key(work, draft, live))
            continue;
        struct schema_index_part parts[WORK_PARTS] = {{0}};
        size_t count = live->part_count < WORK_PARTS ? live->part_count : WORK_PARTS;
        for (size_t k = 0; k < count; k++)
            parts[k].text =
                declared_intern(work, declared_live_text(work, work->live->parts[live->first_part + k].text));
        const struct schema_index added = {
            .relation = draft->handle, .name = declared_intern(work, name), .flags = live->flags};
        schema_builder_index(work->builder, &added, parts, count);
    }
}

void declared_put_indexes(struct declared_work *work, const struct declared_draft *draft)
{
    for (const struct declared_index *index = draft->table->indexes; index; index = index->next)
        if (is_constraint(work, index))
            put_unique(work, draft, index);
        else
            put_index(work, draft, index);
    if (!work->postgres)
        adopt_foreign_key_indexes(work, draft);
}

void declared_copy_index(struct declared_work *work, uint32_t handle, const struct schema_index *live)
{
    struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
    struct schema_index_part parts[WORK_PARTS] = {{0}};
    size_t count = live->part_count < WORK_PARTS ? live->part_count : WORK_PARTS;
    for (size_t i = 0; i < count; i++) {
        parts[i] = work->live->parts[live->first_part + i];
        parts[i].text = declared_intern(work, declared_live_text(work, parts[i].text));
        parts[i].operator_class = declared_intern(work, declared_live_text(work, parts[i].operator_class));
        parts[i].collation = declared_intern(work, declared_live_text(work, parts[i].collation));
    }
    struct schema_index copy = *live;
    copy.relation = handle;
    copy.name = declared_intern(work, declared_live_text(work, live->name));
    copy.method = declared_intern(work, declared_live_text(work, live->method));
    copy.predicate = declared_intern(work, declared_live_text(work, live->predicate));
    copy.attributes = schema_builder_attributes(
        work->builder, attributes, declared_adopt(work, live->attributes, declared_no_keys, attributes, 0));
    schema_builder_index(work->builder, &copy, parts, count);
}
