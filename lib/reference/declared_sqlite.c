/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/declared_sqlite.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "engine/scratch.h"
#include "model/schema_builder.h"

static const char *const actions[FOREIGN_KEY_ACTIONS] = {
    [ACTION_NO_ACTION] = "NO ACTION", [ACTION_RESTRICT] = "RESTRICT",       [ACTION_CASCADE] = "CASCADE",
    [ACTION_SET_NULL] = "SET NULL",   [ACTION_SET_DEFAULT] = "SET DEFAULT",
};

static void add_name(struct strbuf *out, const char *name)
{
    dialect_sqlite.quote_name(name, out);
}

static void add_names(struct strbuf *out, const struct declared_names *names)
{
    strbuf_add_char(out, '(');
    for (size_t i = 0; i < names->count; i++) {
        strbuf_add_string(out, i > 0 ? ", " : "");
        add_name(out, names->items[i]);
    }
    strbuf_add_char(out, ')');
}

static void add_column(struct strbuf *out, const struct declared_column *column)
{
    add_name(out, column->name);
    strbuf_printf(out, " %s", column->type);
    if (column->primary_key)
        strbuf_add_string(out, column->flags & COLUMN_AUTO_INCREMENT ? " PRIMARY KEY AUTOINCREMENT" : " PRIMARY KEY");
    if (column->default_sql)
        strbuf_printf(out, " DEFAULT %s", column->default_sql);
    if (column->collation) {
        strbuf_add_string(out, " COLLATE ");
        add_name(out, column->collation);
    }
    if (column->generated) {
        bool bracketed = *column->generated == '(';
        strbuf_printf(out, " GENERATED ALWAYS AS %s%s%s %s", bracketed ? "" : "(", column->generated,
                      bracketed ? "" : ")", column->flags & COLUMN_GENERATED_STORED ? "STORED" : "VIRTUAL");
    }
    if (column->not_null)
        strbuf_add_string(out, " NOT NULL");
}

static void add_key(struct strbuf *out, const struct declared_key *key)
{
    if (key->name) {
        strbuf_add_string(out, "CONSTRAINT ");
        add_name(out, key->name);
        strbuf_add_char(out, ' ');
    }
    if (key->kind == CONSTRAINT_CHECK) {
        strbuf_printf(out, "CHECK(%s)", key->expression);
        return;
    }
    strbuf_add_string(out, key->kind == CONSTRAINT_PRIMARY_KEY ? "PRIMARY KEY "
                           : key->kind == CONSTRAINT_UNIQUE    ? "UNIQUE "
                                                               : "FOREIGN KEY ");
    add_names(out, &key->columns);
    if (key->kind != CONSTRAINT_FOREIGN_KEY)
        return;
    strbuf_add_string(out, " REFERENCES ");
    add_name(out, key->ref_table);
    if (key->ref_columns.count > 0)
        add_names(out, &key->ref_columns);
    if (key->on_update != ACTION_NO_ACTION)
        strbuf_printf(out, " ON UPDATE %s", actions[key->on_update]);
    if (key->on_delete != ACTION_NO_ACTION)
        strbuf_printf(out, " ON DELETE %s", actions[key->on_delete]);
    if (key->flags & CONSTRAINT_DEFERRABLE)
        strbuf_add_string(out, key->flags & CONSTRAINT_DEFERRED ? " DEFERRABLE INITIALLY DEFERRED"
                                                                : " DEFERRABLE INITIALLY IMMEDIATE");
}

static void add_table(struct strbuf *out, const struct declared_table *table)
{
    const char *separator = "";
    if (table->kind == RELATION_VIRTUAL) {
        strbuf_add_string(out, "CREATE VIRTUAL TABLE ");
        add_name(out, table->name);
        strbuf_printf(out, " USING %s;\n", table->definition);
        return;
    }
    strbuf_add_string(out, "CREATE TABLE ");
    add_name(out, table->name);
    strbuf_add_string(out, " (");
    for (const struct declared_column *column = table->columns; column; column = column->next, separator = ", ") {
        strbuf_add_string(out, separator);
        add_column(out, column);
    }
    for (const struct declared_key *key = table->keys; key; key = key->next, separator = ", ") {
        strbuf_add_string(out, separator);
        add_key(out, key);
    }
    strbuf_add_string(out, ");\n");
}

static void add_index(struct strbuf *out, const struct declared_table *table, const struct declared_index *index)
{
    strbuf_add_string(out, index->flags & INDEX_UNIQUE ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    add_name(out, index->name);
    strbuf_add_string(out, " ON ");
    add_name(out, table->name);
    strbuf_add_string(out, " (");
    for (const struct declared_part *part = index->parts; part; part = part->next) {
        strbuf_add_string(out, part == index->parts ? "" : ", ");
        if (part->flags & PART_EXPRESSION)
            strbuf_add_string(out, part->text);
        else
            add_name(out, part->text);
        strbuf_add_string(out, part->flags & PART_DESCENDING ? " DESC" : "");
    }
    strbuf_add_char(out, ')');
    if (index->predicate)
        strbuf_printf(out, " WHERE %s", index->predicate);
    strbuf_add_string(out, ";\n");
}

void declared_sqlite_script(const struct declared *declared, struct strbuf *out)
{
    for (const struct declared_table *table = declared->tables; table; table = table->next)
        if (table->kind != RELATION_VIEW)
            add_table(out, table);
    for (const struct declared_table *table = declared->tables; table; table = table->next)
        for (const struct declared_index *index = table->indexes; index; index = index->next)
            add_index(out, table, index);
    for (const struct declared_table *table = declared->tables; table; table = table->next)
        if (table->kind == RELATION_VIEW) {
            strbuf_add_string(out, "CREATE VIEW ");
            add_name(out, table->name);
            strbuf_printf(out, " AS %s;\n", table->definition);
        }
}

/* The scratch file's schema once more, with what the source cannot declare out of scope. */
static int read_back(const struct scratch *scratch, const struct declared *declared,
                     const struct reference_request *request, struct reference *ret_reference, struct error *reterr)
{
    static const struct engine_scope everything = {0};
    const struct engine_target *target = scratch_target(scratch);
    char reason[128] = "";
    struct server_facts facts = {0};
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    if (!builder)
        return error_no_memory(reterr);
    if (target->ops->open(target, PURPOSE_DEEP, request->deadline, &connection, &facts, reterr) < 0 ||
        connection->ops->read_schema(connection, &everything, request->deadline, builder, reterr) < 0)
        return -1;
    snprintf(reason, sizeof reason, "%s cannot declare them", declared->source);
    for (size_t i = 0; i < SCHEMA_KINDS; i++)
        if (!declared->kinds[i])
            schema_builder_coverage(builder, (enum schema_kind)i, COVERAGE_NOT_APPLICABLE, reason);
    return schema_builder_seal(builder, &ret_reference->schema, reterr);
}

int declared_to_sqlite(struct declared *declared, const struct reference_request *request,
                       struct reference *ret_reference, struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(LIMIT_MIGRATION_SET_BYTES);
    struct scratch *scratch = NULL;
    const char *name = arena_printf(declared->arena, "%s as SQL", declared->source);
    declared_sqlite_script(declared, &sql);
    if (!strbuf_ok(&sql) || !name)
        return error_no_memory(reterr);
    const struct scratch_request wanted = {.engine = "sqlite", .stop = request->stop};
    if (scratch_open(&wanted, request->deadline, &scratch, reterr) < 0)
        return -1;
    int status = scratch_run(scratch, strbuf_text(&sql), sql.length, name, request->deadline, reterr);
    if (status == 0)
        status = read_back(scratch, declared, request, ret_reference, reterr);
    return scratch_close(scratch, status == 0 ? reterr : NULL) < 0 ? -1 : status;
}
