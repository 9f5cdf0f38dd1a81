/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/mysql_sql.h"
#include "drift/drift_items.h"
#include "drift/drift_rows.h"

static const struct schema_constraint *constraint_at(const struct drift_printer *printer, uint32_t at)
{
    return &printer->side->schema->constraints[at];
}

static bool has(const struct drift_printer *printer, uint32_t at, enum attribute_key key)
{
    return schema_has_attribute(printer->side->schema, constraint_at(printer, at)->attributes, key);
}

/* What a list of the constraint says, behind `before` and in parentheses; nothing if it is empty. */
static void print_list(struct drift_printer *printer, uint32_t at, enum attribute_key key, const char *before)
{
    const struct schema *schema = printer->side->schema;
    size_t count = 0;
    const struct schema_attribute *list =
        schema_attribute_list(schema, constraint_at(printer, at)->attributes, key, &count);
    for (size_t i = 0; i < count; i++)
        strbuf_printf(printer->out, "%s%s", i == 0 ? before : ", ", schema_text(schema, list[i].text));
    strbuf_add_string(printer->out, count > 0 ? ")" : "");
}

/* The key's own columns; where it says more of them than their names, that. */
static void print_key(struct drift_printer *printer, uint32_t at)
{
    const struct schema_constraint *constraint = constraint_at(printer, at);
    const struct schema *schema = printer->side->schema;
    strbuf_add_string(printer->out, constraint->kind == CONSTRAINT_UNIQUE ? "UNIQUE" : "PRIMARY KEY");
    strbuf_add_string(printer->out, constraint->flags & CONSTRAINT_NULLS_NOT_DISTINCT ? " NULLS NOT DISTINCT" : "");
    if (has(printer, at, ATTRIBUTE_KEY_PARTS)) {
        print_list(printer, at, ATTRIBUTE_KEY_PARTS, " (");
    } else {
        strbuf_add_string(printer->out, " (");
        drift_print_key_columns(printer, at);
        if (constraint->expression != 0) /* "period WITHOUT OVERLAPS" */
            strbuf_printf(printer->out, ", %s", schema_text(schema, constraint->expression));
        strbuf_add_string(printer->out, has(printer, at, ATTRIBUTE_PERIOD) ? " WITHOUT OVERLAPS)" : ")");
    }
    print_list(printer, at, ATTRIBUTE_INCLUDE, " INCLUDE (");
    if (has(printer, at, ATTRIBUTE_ON_CONFLICT))
        strbuf_printf(printer->out, " ON CONFLICT %s",
                      schema_attribute_text(schema, constraint->attributes, ATTRIBUTE_ON_CONFLICT));
}

/* What happens by itself is not said: NO ACTION, and on MySQL RESTRICT, which is one with it. */
static void print_action(struct drift_printer *printer, const char *event, uint8_t action)
{
    static const char *const words[FOREIGN_KEY_ACTIONS] = {
        [ACTION_RESTRICT] = "RESTRICT",
        [ACTION_CASCADE] = "CASCADE",
        [ACTION_SET_NULL] = "SET NULL",
        [ACTION_SET_DEFAULT] = "SET DEFAULT",
    };
    if (words[action] && !(action == ACTION_RESTRICT && printer->work->features.mysql))
        strbuf_printf(printer->out, " ON %s %s", event, words[action]);
}

/* "(a, b)"; of a key over a period "(a, PERIOD b)". */
static void print_keyed(struct drift_printer *printer, struct text_list names, bool is_period)
{
    uint32_t plain = is_period && names.count > 0 ? names.count - 1 : names.count;
    strbuf_add_char(printer->out, '(');
    drift_print_names(printer, (struct text_list){names.first, plain});
    if (plain < names.count) {
        strbuf_add_string(printer->out, plain > 0 ? ", PERIOD " : "PERIOD ");
        drift_print_names(printer, (struct text_list){names.first + plain, 1});
    }
    strbuf_add_char(printer->out, ')');
}

static void print_foreign_key(struct drift_printer *printer, uint32_t at)
{
    const struct schema_constraint *constraint = constraint_at(printer, at);
    bool is_period = has(printer, at, ATTRIBUTE_PERIOD);
    print_keyed(printer, constraint->columns, is_period);
    strbuf_add_string(printer->out, " REFERENCES ");
    drift_print_referenced_table(printer, at);
    if (constraint->referenced_columns.count > 0) {
        strbuf_add_char(printer->out, ' ');
        print_keyed(printer, constraint->referenced_columns, is_period);
    }
    strbuf_add_string(printer->out, has(printer, at, ATTRIBUTE_MATCH) ? " MATCH FULL" : "");
    print_action(printer, "DELETE", constraint->on_delete);
    print_list(printer, at, ATTRIBUTE_DELETE_COLUMNS, " (");
    print_action(printer, "UPDATE", constraint->on_update);
}

static void print_check(struct drift_printer *printer, uint32_t at)
{
    const struct schema_constraint *constraint = constraint_at(printer, at);
    if (mysql_sql_is_period(printer->side->schema, constraint)) {
        strbuf_add_string(printer->out, "PERIOD ");
        print_keyed(printer, constraint->columns, false);
        return;
    }
    strbuf_add_string(printer->out, "CHECK (");
    drift_print_text(printer, TEXT_EXPRESSION, constraint->expression, 0);
    strbuf_add_char(printer->out, ')');
    strbuf_add_string(printer->out, has(printer, at, ATTRIBUTE_NO_INHERIT) ? " NO INHERIT" : "");
}

/* An exclusion's definition says all but what every kind can be. */
static void print_exclusion(struct drift_printer *printer, uint32_t at)
{
    drift_print_text(printer, TEXT_EXPRESSION, constraint_at(printer, at)->expression, 0);
}

static void print_constraint(struct drift_printer *printer, uint32_t at)
{
    static void (*const print[CONSTRAINT_KINDS])(struct drift_printer * printer, uint32_t at) = {
        [CONSTRAINT_PRIMARY_KEY] = print_key,         [CONSTRAINT_UNIQUE] = print_key,
        [CONSTRAINT_FOREIGN_KEY] = print_foreign_key, [CONSTRAINT_CHECK] = print_check,
        [CONSTRAINT_EXCLUSION] = print_exclusion,
    };
    unsigned flags = constraint_at(printer, at)->flags;
    print[constraint_at(printer, at)->kind](printer, at);
    strbuf_add_string(printer->out, flags & (CONSTRAINT_DEFERRABLE | CONSTRAINT_DEFERRED) ? " DEFERRABLE" : "");
    strbuf_add_string(printer->out, flags & CONSTRAINT_DEFERRED ? " INITIALLY DEFERRED" : "");
    if (flags & CONSTRAINT_NOT_ENFORCED)
        strbuf_add_string(printer->out, " NOT ENFORCED");
    else if (flags & CONSTRAINT_NOT_VALID)
        strbuf_add_string(printer->out, " NOT VALID");
}

/* The attribute that says most of an object, one row per kind; where an object has none, its kind is said. */
static const char *const telling[DRIFT_KINDS] = {
    [DRIFT_EXTENSION] = "version",    [DRIFT_ENUM] = "values",    [DRIFT_DOMAIN] = "type",
    [DRIFT_COMPOSITE] = "attributes", [DRIFT_SEQUENCE] = "type",  [DRIFT_ROUTINE] = "returns",
    [DRIFT_TRIGGER] = "events",       [DRIFT_POLICY] = "command", [DRIFT_EVENT] = "schedule",
};

static void print_object(struct drift_printer *printer, enum drift_kind kind, uint32_t at)
{
    const struct schema *schema = printer->side->schema;
    if (telling[kind])
        drift_print_run(printer, kind, schema->objects[at].attributes, telling[kind]);
    const char *variant = schema_attribute_text(schema, schema->objects[at].attributes, ATTRIBUTE_VARIANT);
    if (kind == DRIFT_ROUTINE && variant && printer->out->length == 0)
        strbuf_add_string(printer->out, variant);
}

static void print_relation(struct drift_printer *printer, enum drift_kind kind, uint32_t at)
{
    const struct schema_relation *relation = &printer->side->schema->relations[at];
    if (kind == DRIFT_TABLE && relation->definition == 0)
        strbuf_printf(printer->out, "%u column%s", relation->column_count, relation->column_count == 1 ? "" : "s");
    else
        drift_print_text(printer, TEXT_QUERY, relation->definition, 0);
}

void drift_print_summary(struct drift_work *work, const struct drift_pair *pair, enum drift_end end, struct strbuf *out)
{
    struct drift_printer printer = {.work = work, .side = &work->sides[end], .out = out};
    uint32_t at = pair->at[end];
    switch (pair->kind) {
    case DRIFT_TABLE:
    case DRIFT_PARTITION:
    case DRIFT_VIEW:
    case DRIFT_MATERIALIZED_VIEW:
        print_relation(&printer, pair->kind, at);
        break;
    case DRIFT_COLUMN:
        drift_print_text(&printer, TEXT_TYPE, printer.side->schema->columns[at].type, 0);
        break;
    case DRIFT_PRIMARY_KEY:
    case DRIFT_UNIQUE:
    case DRIFT_FOREIGN_KEY:
    case DRIFT_CHECK:
    case DRIFT_EXCLUSION:
        print_constraint(&printer, at);
        break;
    case DRIFT_INDEX:
        if (pair->constraint[end])
            print_constraint(&printer, at);
        else
            drift_print_index(&printer, at);
        break;
    default:
        print_object(&printer, pair->kind, at);
        break;
    }
    if (out->length == 0)
        strbuf_add_string(out, drift_kind_name(pair->kind));
}
