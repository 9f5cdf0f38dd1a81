/* SPDX-License-Identifier: Apache-2.0
 *
 * A table built anew, as https://sqlite.org/lang_altertable.html#otheralter has it: the new table, the rows with
 * columns named, the old one dropped, the new one renamed. Foreign keys are off, and legacy_alter_table keeps the
 * renaming from stumbling over views that mention the table while it is not there.
 */
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/dialect_quote.h"
#include "dialect/sqlite_sql.h"
#include "drift/plan_sqlite.h"

static const struct schema_column *column_of(const struct sqlite_table *table, struct sqlite_element element)
{
    return &sqlite_schema_of(table->maker, element.side)->columns[element.index];
}

static bool is_generated(const struct schema_column *column)
{
    return column->flags & (COLUMN_GENERATED_STORED | COLUMN_GENERATED_VIRTUAL);
}

/* A name that neither schema has. */
static const char *spare_name(struct sqlite_table *table)
{
    const char *name = plan_printf(table->maker, "%s_new", table->name);
    while (!table->maker->failed && (schema_find_relation(table->maker->current, NULL, name) ||
                                     schema_find_relation(table->maker->target, NULL, name)))
        name = plan_printf(table->maker, "%s_", name);
    return name;
}

/* Whether a column is another name of the rowid, so that copying it copies that. */
static bool has_rowid_column(const struct sqlite_table *table, const struct sqlite_state *state)
{
    const struct sqlite_set *constraints = &state->sets[ARRAY_CONSTRAINTS];
    for (size_t i = 0; i < constraints->count; i++) {
        const struct schema *schema = sqlite_schema_of(table->maker, constraints->items[i].side);
        const struct schema_constraint *key = &schema->constraints[constraints->items[i].index];
        if (!sqlite_sql_key_can_be_rowid(schema, key))
            continue;
        const struct sqlite_element *column =
            sqlite_state_column(table, state, schema_text(schema, schema->lists[key->columns.first]));
        if (column && strcmp(schema_text(sqlite_schema_of(table->maker, column->side), column_of(table, *column)->type),
                             "INTEGER") == 0)
            return true;
    }
    return false;
}

static bool has_rowid(const struct sqlite_table *table, const struct sqlite_state *state)
{
    const struct schema *schema = NULL;
    const struct schema_relation *relation = sqlite_state_relation(table, state, &schema);
    return !schema_has_attribute(schema, relation->attributes, ATTRIBUTE_WITHOUT_ROWID);
}

/* The name by which the rowid can be copied, which other tables and full-text indexes may count on; NULL: not. */
static const char *rowid_name(const struct sqlite_table *table, const struct sqlite_state *from,
                              const struct sqlite_state *to)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    if (!has_rowid(table, from) || !has_rowid(table, to) || has_rowid_column(table, to))
        return NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (!sqlite_state_column(table, from, names[i]) && !sqlite_state_column(table, to, names[i]))
            return names[i];
    }
    return NULL;
}

/* What a column gets that the table did not have: NULL where its default will do. */
static const char *filling_of(const struct sqlite_table *table, struct sqlite_element element)
{
    const struct schema *schema = sqlite_schema_of(table->maker, element.side);
    const struct schema_column *column = &schema->columns[element.index];
    if ((column->flags & COLUMN_NULLABLE) || is_generated(column) || column->default_expression)
        return NULL;
    return sqlite_sql_placeholder(schema_text(schema, column->type));
}

static void add_copied(struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to,
                       bool into, struct strbuf *out)
{
    const struct sqlite_set *columns = &to->sets[ARRAY_COLUMNS];
    const char *rowid = rowid_name(table, from, to);
    const char *separator = rowid ? ", " : "";
    strbuf_add_string(out, rowid ? rowid : "");
    for (size_t i = 0; i < columns->count; i++) {
        const char *name = sqlite_element_name(table->maker, ARRAY_COLUMNS, columns->items[i]);
        const struct sqlite_element *source = sqlite_state_column(table, from, name);
        const char *filling = source ? NULL : filling_of(table, columns->items[i]);
        if (is_generated(column_of(table, columns->items[i])) || (!source && !filling))
            continue;
        strbuf_add_string(out, separator);
        separator = ", ";
        if (filling && !into)
            strbuf_add_string(out, filling);
        else
            dialect_quote(out, '"', source && !into ? sqlite_element_name(table->maker, ARRAY_COLUMNS, *source) : name);
    }
}

/* Says what is put where a value is needed and none is known. */
static void comment_fillings(struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to,
                             struct strbuf *out)
{
    const struct sqlite_set *columns = &to->sets[ARRAY_COLUMNS];
    for (size_t i = 0; i < columns->count; i++) {
        const char *name = sqlite_element_name(table->maker, ARRAY_COLUMNS, columns->items[i]);
        const char *filling = filling_of(table, columns->items[i]);
        if (!filling || sqlite_state_column(table, from, name))
            continue;
        const char *comment = plan_printf(
            table->maker, "Rows that are there get %s as %s: put what is right for them into the SELECT below.",
            filling, name);
        plan_render_comment(out, comment);
    }
}

static bool copies_anything(struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to)
{
    cleanup(strbuf) struct strbuf names = STRBUF(LIMIT_PLAN_BYTES);
    add_copied(table, from, to, true, &names);
    table->maker->failed |= !strbuf_ok(&names);
    return names.length > 0;
}

static bool has_flag(const struct sqlite_table *table, const struct sqlite_state *state, unsigned flag)
{
    const struct sqlite_set *columns = &state->sets[ARRAY_COLUMNS];
    for (size_t i = 0; i < columns->count; i++) {
        if (column_of(table, columns->items[i])->flags & flag)
            return true;
    }
    return false;
}

/* AUTOINCREMENT promises never to use a number again: the counter goes with the rows. */
static void add_sequence(struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to,
                         const char *spare, struct strbuf *out)
{
    if (!has_flag(table, from, COLUMN_AUTO_INCREMENT) || !has_flag(table, to, COLUMN_AUTO_INCREMENT))
        return;
    strbuf_printf(out,
                  "DELETE FROM plan.sqlite_sequence WHERE name = %s;\n"
                  "INSERT INTO plan.sqlite_sequence (name, seq) SELECT %s, seq FROM plan.sqlite_sequence "
                  "WHERE name = %s;\n",
                  sqlite_quote_text(table->maker, spare), sqlite_quote_text(table->maker, spare),
                  sqlite_quote_text(table->maker, table->name));
}

/* Whether SQLite can check a foreign key: its parent is there, with a key over what is referenced. */
static bool is_sound(const struct schema *schema, const struct schema_constraint *key, const struct schema *parents)
{
    const struct schema_relation *parent =
        schema_find_relation(parents, NULL, schema_text(schema, key->referenced_table));
    if (!parent || parent->kind != RELATION_TABLE)
        return false;
    for (uint32_t i = 0; i < parent->constraint_count; i++) {
        const struct schema_constraint *found = &parents->constraints[parent->first_constraint + i];
        bool unique = found->kind == CONSTRAINT_PRIMARY_KEY || found->kind == CONSTRAINT_UNIQUE;
        if (found->kind == CONSTRAINT_PRIMARY_KEY && key->referenced_columns.count == 0)
            return found->columns.count == key->columns.count;
        bool same = unique && found->columns.count == key->referenced_columns.count;
        for (uint32_t k = 0; same && k < found->columns.count; k++)
            same = strcasecmp(schema_text(parents, parents->lists[found->columns.first + k]),
                              schema_text(schema, schema->lists[key->referenced_columns.first + k])) == 0;
        if (same)
            return true;
    }
    return false;
}

/* A parent that the plan changes, too, may have another key at any moment; so may the table itself. */
static bool parent_stays(const struct sqlite_table *table, const struct schema *schema,
                         const struct schema_constraint *key)
{
    const char *name = schema_text(schema, key->referenced_table);
    const struct schema_relation *current = schema_find_relation(table->maker->current, NULL, name);
    const struct schema_relation *target = schema_find_relation(table->maker->target, NULL, name);
    return current && target && digest_equal(current->digest, target->digest);
}

/* Whether the foreign keys of a state can all be checked; false, too, if it has none. */
static bool can_check(const struct sqlite_table *table, const struct sqlite_state *state)
{
    const struct sqlite_set *constraints = &state->sets[ARRAY_CONSTRAINTS];
    bool any = false;
    for (size_t i = 0; i < constraints->count; i++) {
        const struct schema *schema = sqlite_schema_of(table->maker, constraints->items[i].side);
        const struct schema_constraint *key = &schema->constraints[constraints->items[i].index];
        if (key->kind != CONSTRAINT_FOREIGN_KEY)
            continue;
        any = true;
        if (!is_sound(schema, key, table->maker->current) || !parent_stays(table, schema, key))
            return false;
    }
    return any;
}

/* The columns that a foreign key refers to: the parent's primary key where it names none. */
static struct text_list referenced_columns(const struct schema *schema, const struct schema_constraint *key,
                                           const struct schema *parents, const struct schema **ret_schema)
{
    const struct schema_relation *parent =
        schema_find_relation(parents, NULL, schema_text(schema, key->referenced_table));
    *ret_schema = schema;
    if (key->referenced_columns.count > 0)
        return key->referenced_columns;
    *ret_schema = parents;
    for (uint32_t i = 0; i < parent->constraint_count; i++) {
        const struct schema_constraint *found = &parents->constraints[parent->first_constraint + i];
        if (found->kind == CONSTRAINT_PRIMARY_KEY)
            return found->columns;
    }
    return (struct text_list){0};
}

/* How many rows have a key that no parent has: what PRAGMA foreign_key_check counts, which would lock the file under
 * its other name and keep the transaction from committing. */
static void add_orphans(struct sqlite_table *table, const struct schema *schema, const struct schema_constraint *key,
                        struct strbuf *out)
{
    const struct schema *parents = NULL;
    struct text_list referenced = referenced_columns(schema, key, table->maker->current, &parents);
    strbuf_printf(out, "(SELECT count(*) FROM plan.%s AS c WHERE ", sqlite_quote_name(table->maker, table->name));
    for (uint32_t i = 0; i < key->columns.count; i++) {
        strbuf_add_string(out, "c.");
        sqlite_sql_name(schema, schema->lists[key->columns.first + i], out);
        strbuf_add_string(out, " IS NOT NULL AND ");
    }
    strbuf_add_string(out, "NOT EXISTS (SELECT 1 FROM plan.");
    sqlite_sql_name(schema, key->referenced_table, out);
    strbuf_add_string(out, " AS p WHERE ");
    for (uint32_t i = 0; i < key->columns.count; i++) {
        strbuf_add_string(out, i > 0 ? " AND p." : "p.");
        sqlite_sql_name(parents, parents->lists[referenced.first + i], out);
        strbuf_add_string(out, " = c.");
        sqlite_sql_name(schema, schema->lists[key->columns.first + i], out);
    }
    strbuf_add_string(out, "))");
}

/* The parents that the database in memory needs to have. */
static void add_parent(struct sqlite_table *table, const struct schema *schema, const struct schema_constraint *key,
                       struct strbuf *out)
{
    const struct schema *parents = table->maker->current;
    const struct schema_relation *parent =
        schema_find_relation(parents, NULL, schema_text(schema, key->referenced_table));
    if (strcasecmp(schema_text(schema, key->referenced_table), table->name) == 0)
        return;
    strbuf_add_string(out, "CREATE TABLE IF NOT EXISTS plan.");
    sqlite_sql_name(parents, parent->name, out);
    for (uint32_t i = 0; i < parent->column_count; i++) {
        strbuf_add_string(out, i > 0 ? ", " : " (");
        sqlite_sql_name(parents, parents->columns[parent->first_column + i].name, out);
    }
    strbuf_add_string(out, ");\n");
}

typedef void key_function(struct sqlite_table *table, const struct schema *schema, const struct schema_constraint *key,
                          struct strbuf *out);

static void for_each_key(struct sqlite_table *table, const struct sqlite_state *state, key_function *function,
                         const char *separator, struct strbuf *out)
{
    const struct sqlite_set *constraints = &state->sets[ARRAY_CONSTRAINTS];
    size_t count = 0;
    for (size_t i = 0; i < constraints->count; i++) {
        const struct schema *schema = sqlite_schema_of(table->maker, constraints->items[i].side);
        const struct schema_constraint *key = &schema->constraints[constraints->items[i].index];
        if (key->kind != CONSTRAINT_FOREIGN_KEY)
            continue;
        strbuf_add_string(out, count++ > 0 ? separator : "");
        function(table, schema, key, out);
    }
}

static void add_check_before(struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to,
                             struct strbuf *out)
{
    const char *message = plan_printf(table->maker, "rows of %s break a foreign key", table->name);
    bool counted = can_check(table, from);
    if (counted)
        for_each_key(table, from, add_parent, "", out);
    for_each_key(table, to, add_parent, "", out);
    strbuf_printf(out,
                  "CREATE TEMP TABLE migrationd_check (before INT, after INT, CONSTRAINT %s CHECK (after <= before));\n"
                  "INSERT INTO temp.migrationd_check VALUES (",
                  sqlite_quote_name(table->maker, message));
    if (counted)
        for_each_key(table, from, add_orphans, "\n  + ", out);
    else
        strbuf_add_char(out, '0');
    strbuf_add_string(out, ", 0);\n");
}

static void add_check_after(struct sqlite_table *table, const struct sqlite_state *to, struct strbuf *out)
{
    strbuf_add_string(out, "UPDATE temp.migrationd_check SET after = ");
    for_each_key(table, to, add_orphans, "\n  + ", out);
    strbuf_add_string(out, ";\nDROP TABLE temp.migrationd_check;\n");
}

void sqlite_add_rebuild(struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to,
                        struct strbuf *out)
{
    struct plan_maker *maker = table->maker;
    const char *spare = spare_name(table);
    const char *quoted = sqlite_quote_name(maker, spare);
    const char *name = sqlite_quote_name(maker, table->name);
    bool checked = can_check(table, to);
    if (checked)
        add_check_before(table, from, to, out);
    strbuf_printf(out, "%s;\n", sqlite_text_before_name(maker, sqlite_made_text(table, to, spare), "plan."));
    if (copies_anything(table, from, to)) {
        comment_fillings(table, from, to, out);
        strbuf_printf(out, "INSERT OR ABORT INTO plan.%s (", quoted);
        add_copied(table, from, to, true, out);
        strbuf_add_string(out, ")\n  SELECT ");
        add_copied(table, from, to, false, out);
        strbuf_printf(out, " FROM plan.%s;\n", name);
    }
    add_sequence(table, from, to, spare, out);
    strbuf_printf(out, "DROP TABLE plan.%s;\nALTER TABLE plan.%s RENAME TO %s;\n", name, quoted, name);
    for (size_t i = 0; i < to->sets[ARRAY_INDEXES].count; i++)
        strbuf_printf(out, "%s;\n",
                      sqlite_text_before_name(
                          maker, sqlite_stored_text(maker, ARRAY_INDEXES, to->sets[ARRAY_INDEXES].items[i]), "plan."));
    for (size_t i = 0; i < to->sets[ARRAY_OBJECTS].count; i++)
        strbuf_printf(out, "%s;\n",
                      sqlite_text_before_name(
                          maker, sqlite_stored_text(maker, ARRAY_OBJECTS, to->sets[ARRAY_OBJECTS].items[i]), "plan."));
    if (checked)
        add_check_after(table, to, out);
}
