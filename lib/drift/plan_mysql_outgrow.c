/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys that go or are made anew, and that could not be over their columns as these change: a column becomes a text or
 * longer than a key may be. Such a key goes before the statement of the column, and what takes its place comes behind
 * it. What a server would do instead depends on its kind: it refuses, or makes a key of another kind without a word.
 *
 * Only the tasks are asked: columns ask for their stage before any key has been claimed.
 */
#include <string.h>

#include "drift/plan_mysql.h"

bool mysql_is_made_anew(const struct plan_task *task)
{
    for (size_t i = 0; i < task->item_count; i++) {
        const char *attribute = task->items[i]->attribute;
        if (attribute && strcmp(attribute, "visible") != 0 && strcmp(attribute, "name") != 0)
            return true;
    }
    return false;
}

bool mysql_key_stays(struct plan_maker *maker, const struct mysql_key *key)
{
    const struct schema *current = maker->current;
    const struct plan_task *tasks[2] = {NULL};
    if (key->constraint)
        tasks[0] =
            plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, (size_t)(key->constraint - current->constraints));
    if (key->index)
        tasks[1] = plan_find_task(maker, ARRAY_INDEXES, SIDE_CURRENT, (size_t)(key->index - current->indexes));
    for (size_t i = 0; i < 2; i++)
        if (tasks[i] && (tasks[i]->change != DRIFT_CHANGED || mysql_is_made_anew(tasks[i])))
            return false;
    return !mysql_goes_with_column(maker, key);
}

/* JSON takes no key at all on MySQL, and no whole one elsewhere. */
static bool takes(const struct schema *current, const struct mysql_key *key, const struct mysql_column *to)
{
    const char *method = key->index ? schema_text(current, key->index->method) : "";
    if (strcmp(method, "fulltext") == 0)
        return strstr(to->type, "char") || strstr(to->type, "text");
    if (*method || mysql_key_is_primary(key))
        return !(to->flags & COLUMN_NULLABLE);
    return strcmp(to->type, "json") != 0;
}

static unsigned long part_bytes(const struct mysql_column *column, unsigned long prefix)
{
    enum { MOST_CHARACTER_BYTES = 4 };
    unsigned long whole = mysql_column_bytes(column);
    return prefix > 0 && prefix * MOST_CHARACTER_BYTES < whole ? prefix * MOST_CHARACTER_BYTES : whole;
}

/* How long a key is at most, before and after the changes of its columns. */
struct growth {
    unsigned long before;
    unsigned long after;
    bool refused; /* whatever its length */
};

static void add_part(struct plan_maker *maker, const struct mysql_key *key, const char *name, unsigned long prefix,
                     int64_t only, struct growth *growth)
{
    const struct schema *current = maker->current;
    int64_t found = mysql_find_column(current, key->relation, name);
    if (found < 0)
        return;
    const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, (size_t)found);
    struct mysql_column from = mysql_column_of(current, &current->columns[found]);
    struct mysql_column to = from;
    if (task && task->change == DRIFT_CHANGED && (only < 0 || only == found)) {
        to = mysql_target_column(maker, &from, (size_t)task->place.reference);
        growth->refused |= !takes(current, key, &to);
    }
    growth->before += part_bytes(&from, prefix);
    growth->after += part_bytes(&to, prefix);
}

/* `only`: one column; DRIFT_NOWHERE: all of them. */
static bool outgrows(struct plan_maker *maker, const struct mysql_key *key, int64_t only)
{
    const struct schema *current = maker->current;
    struct growth growth = {0};
    for (size_t i = 0; key->index && i < key->index->part_count; i++) {
        const struct schema_index_part *part = &current->parts[key->index->first_part + i];
        if (!(part->flags & PART_EXPRESSION))
            add_part(maker, key, schema_text(current, part->text), part->prefix, only, &growth);
    }
    for (uint32_t i = 0; !key->index && i < key->constraint->columns.count; i++)
        add_part(maker, key, schema_text(current, current->lists[key->constraint->columns.first + i]), 0, only,
                 &growth);
    bool sized = !key->index || !key->index->method;
    return growth.refused || (sized && growth.after > growth.before && growth.after > MYSQL_SHORT_KEY_BYTES);
}

bool mysql_outgrows_key(struct plan_maker *maker, size_t current_column)
{
    struct mysql_key key = {0};
    for (size_t at = 0; mysql_next_key(maker, SIDE_CURRENT, current_column, &at, &key);)
        if (outgrows(maker, &key, (int64_t)current_column) && !mysql_key_stays(maker, &key))
            return true;
    return false;
}

/* A numbered column cannot be without its keys. */
static bool has_numbered(const struct schema *schema, const struct mysql_key *key)
{
    const struct schema_relation *table = &schema->relations[key->relation];
    for (size_t i = table->first_column; i < table->first_column + (size_t)table->column_count; i++)
        if (schema->columns[i].flags & COLUMN_AUTO_INCREMENT &&
            mysql_key_uses(schema, key, schema_text(schema, schema->columns[i].name)))
            return true;
    return false;
}

bool mysql_is_outgrown(struct plan_maker *maker, const struct mysql_key *key)
{
    return outgrows(maker, key, DRIFT_NOWHERE) && !has_numbered(maker->current, key);
}
