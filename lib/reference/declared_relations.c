/* SPDX-License-Identifier: Apache-2.0
 *
 * Relations of a declared schema.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dialect/postgres_names.h"
#include "reference/declared_work.h"

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
        count = declared_attribute(work, attributes, count, ATTRIBUTE_VIEW_OPTIONS, table->view_options.items[i]);
    count = declared_attribute(work, attributes, count, ATTRIBUTE_CHECK_OPTION, table->check_option);
    count = declared_attribute(work, attributes, count, ATTRIBUTE_SECURITY, table->security);
    count = declared_attribute(work, attributes, count, ATTRIBUTE_ENGINE, table->engine);
    count = declared_attribute(work, attributes, count, ATTRIBUTE_CHARSET, table->charset);
    count = declared_attribute(work, attributes, count, ATTRIBUTE_COLLATION, table->collation);
    if (table->row_security && count < WORK_ATTRIBUTES)
        attributes[count++] = (struct schema_attribute){.key = ATTRIBUTE_ROW_SECURITY};
    count = declared_adopt(work, live ? live->attributes : 0, own, attributes, count);
    return schema_builder_attributes(work->builder, attributes, count);
}

/* A view's columns follow from its query: they are what the server made of it. */
static void copy_columns(struct declared_work *work, const struct declared_draft *draft)
{
    for (uint16_t i = 0; draft->live && i < draft->live->column_count; i++) {
        const struct schema_column *live = &work->live->columns[draft->live->first_column + i];
        struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
        size_t count = declared_adopt(work, live->attributes, declared_no_keys, attributes, 0);
        struct schema_column copy = *live;
        copy.relation = draft->handle;
        copy.name = declared_intern(work, declared_live_text(work, live->name));
        copy.type = declared_intern(work, declared_live_text(work, live->type));
        copy.default_expression = declared_intern(work, declared_live_text(work, live->default_expression));
        copy.generated = declared_intern(work, declared_live_text(work, live->generated));
        copy.attributes = schema_builder_attributes(work->builder, attributes, count);
        schema_builder_column(work->builder, &copy);
    }
}

static void put_columns(struct declared_work *work, const struct declared_draft *draft)
{
    uint16_t position = 0;
    if (is_view(draft->table->kind) && draft->live) {
        copy_columns(work, draft);
        return;
    }
    for (const struct declared_column *column = draft->table->columns; column; column = column->next)
        declared_put_column(work, draft, column, ++position);
}

/* The live relation of that name; where the server folds names, in any case. */
static const struct schema_relation *find_live(const struct declared_work *work, const char *schema, const char *name)
{
    const struct schema *live = work->live;
    const struct schema_relation *found = live ? schema_find_relation(live, schema, name) : NULL;
    for (size_t i = 0; live && live->folds_names && !found && i < live->relation_count; i++)
        if (strcasecmp(schema_text(live, live->relations[i].name), name) == 0)
            found = &live->relations[i];
    return found;
}

static void put_relation(struct declared_work *work, const struct declared_table *table)
{
    const char *schema = declared_schema_name(work, table->schema);
    struct declared_draft draft = {.table = table};
    draft.live = find_live(work, schema, table->name);
    if (draft.live && relation_is_table(draft.live) == is_view(table->kind))
        draft.live = NULL;
    snprintf(draft.path, sizeof draft.path, "%s%s%s", schema, *schema ? "." : "", table->name);
    bool adopts_kind = draft.live && !is_view(table->kind);
    const char *definition =
        declared_choose(work, TEXT_QUERY, "", table->definition,
                        draft.live ? declared_live_text(work, draft.live->definition) : NULL, draft.path);
    const struct schema_relation relation = {
        .schema = declared_intern(work, schema),
        .name = declared_intern(work, table->name),
        .kind = adopts_kind ? draft.live->kind : (uint8_t)table->kind,
        .definition = declared_intern(work, definition),
        .attributes = relation_attributes(work, table, draft.live),
    };
    draft.handle = schema_builder_relation(work->builder, &relation);
    put_columns(work, &draft);
    declared_put_keys(work, &draft);
    declared_put_indexes(work, &draft);
}

/* A table that the source knows and could not declare: it is what it is. */
static void copy_relation(struct declared_work *work, const char *schema, const char *name)
{
    struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
    struct declared_draft draft = {.live = work->live ? schema_find_relation(work->live, schema, name) : NULL};
    if (!draft.live)
        return;
    const struct schema_relation copy = {
        .schema = declared_intern(work, schema),
        .name = declared_intern(work, name),
        .kind = draft.live->kind,
        .definition = declared_intern(work, declared_live_text(work, draft.live->definition)),
        .attributes = schema_builder_attributes(
            work->builder, attributes, declared_adopt(work, draft.live->attributes, declared_no_keys, attributes, 0)),
    };
    draft.handle = schema_builder_relation(work->builder, &copy);
    copy_columns(work, &draft);
    for (uint32_t i = 0; i < draft.live->constraint_count; i++)
        declared_copy_constraint(work, &draft, &work->live->constraints[draft.live->first_constraint + i]);
    for (uint32_t i = 0; i < draft.live->index_count; i++)
        declared_copy_index(work, draft.handle, &work->live->indexes[draft.live->first_index + i]);
}

static void copy_undeclared(struct declared_work *work)
{
    const struct declared_names *names = &work->declared->undeclared;
    for (size_t i = 0; i < names->count; i++) {
        const char *dot = work->postgres ? strchr(names->items[i], '.') : NULL;
        char schema[POSTGRES_NAME_SIZE] = "";
        snprintf(schema, sizeof schema, "%.*s", dot ? (int)(dot - names->items[i]) : 6,
                 dot              ? names->items[i]
                 : work->postgres ? "public"
                                  : "");
        if (declared_in_scope(work, schema))
            copy_relation(work, declared_schema_name(work, schema), dot ? dot + 1 : names->items[i]);
    }
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
    copy_undeclared(work);
    return 0;
}
