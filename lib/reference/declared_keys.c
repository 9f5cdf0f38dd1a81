/* SPDX-License-Identifier: Apache-2.0
 *
 * Constraints of a declared schema.
 */
#include <stdio.h>
#include <string.h>

#include "dialect/postgres_names.h"
#include "reference/declared_work.h"
#include "reference/spelling.h"

static bool same_list(const struct declared_work *work, const struct declared_names *names, struct text_list list)
{
    bool same = names->count == list.count;
    for (size_t i = 0; same && i < names->count; i++)
        same = strcmp(names->items[i], schema_text(work->live, work->live->lists[list.first + i])) == 0;
    return same;
}

static bool same_check(const struct declared_work *work, const struct declared_key *key,
                       const struct schema_constraint *live)
{
    const char *text = declared_live_text(work, live->expression);
    return key->automatic_name && text &&
           spelling_compare(work->dialect, TEXT_EXPRESSION, "", key->expression, text) == SPELLING_SAME;
}

/* The live constraint of that kind and name; where the source names none, or made the name up, that of the columns. */
static const struct schema_constraint *find_key(const struct declared_work *work, const struct declared_draft *draft,
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
        if (key->kind == CONSTRAINT_CHECK ? same_check(work, key, live)
                                          : target && same_list(work, &key->columns, live->columns))
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

/* The name that the key has, or that the server would give it. */
static const char *key_name(const struct declared_work *work, const struct declared_draft *draft,
                            const struct declared_key *key, char buffer[2 * POSTGRES_NAME_SIZE])
{
    static const char *const labels[CONSTRAINT_KINDS] = {"pkey", "key", "fkey", "check", "excl"};
    if (!work->postgres)
        return key->kind == CONSTRAINT_PRIMARY_KEY ? "PRIMARY" : key->name;
    if (key->name)
        return key->name;
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

static void fill_reference(struct declared_work *work, const struct declared_draft *draft,
                           const struct declared_key *key, struct schema_constraint *constraint)
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

void declared_put_key(struct declared_work *work, const struct declared_draft *draft, const struct declared_key *key)
{
    char buffer[2 * POSTGRES_NAME_SIZE] = "";
    char where[320] = "";
    struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
    const char *name = key_name(work, draft, key, buffer);
    const struct schema_constraint *live = find_key(work, draft, key, name);
    snprintf(where, sizeof where, "%s.%s", draft->path, name ? name : "");
    bool renamed = live && (!key->name || key->automatic_name);
    size_t count = declared_adopt(work, live ? live->attributes : 0, declared_no_keys, attributes, 0);
    const char *expression = declared_choose(work, TEXT_EXPRESSION, "", key->expression,
                                             live ? declared_live_text(work, live->expression) : NULL, where);
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
void declared_copy_constraint(struct declared_work *work, const struct declared_draft *draft,
                              const struct schema_constraint *live)
{
    struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
    size_t count = declared_adopt(work, live->attributes, declared_no_keys, attributes, 0);
    struct schema_constraint copy = *live;
    copy.relation = draft->handle;
    copy.name = declared_intern(work, declared_live_text(work, live->name));
    copy.columns = copy_list(work, live->columns);
    copy.expression = declared_intern(work, declared_live_text(work, live->expression));
    copy.referenced_schema = declared_intern(work, declared_live_text(work, live->referenced_schema));
    copy.referenced_table = declared_intern(work, declared_live_text(work, live->referenced_table));
    copy.referenced_columns = copy_list(work, live->referenced_columns);
    copy.attributes = schema_builder_attributes(work->builder, attributes, count);
    schema_builder_constraint(work->builder, &copy);
}

void declared_put_keys(struct declared_work *work, const struct declared_draft *draft)
{
    for (const struct declared_key *key = draft->table->keys; key; key = key->next)
        declared_put_key(work, draft, key);
    for (uint32_t i = 0; draft->live && i < draft->live->constraint_count; i++) {
        const struct schema_constraint *live = &work->live->constraints[draft->live->first_constraint + i];
        if (!work->declared->constraints[live->kind])
            declared_copy_constraint(work, draft, live);
    }
}
