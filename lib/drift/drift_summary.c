/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/drift_items.h"
#include "drift/drift_rows.h"

/* What follows the first word of a constraint. */
static void print_constraint(struct drift_printer *printer, uint32_t at)
{
    static const char *const words[CONSTRAINT_KINDS] = {
        [CONSTRAINT_PRIMARY_KEY] = "PRIMARY KEY",
        [CONSTRAINT_UNIQUE] = "UNIQUE",
        [CONSTRAINT_FOREIGN_KEY] = "",
        [CONSTRAINT_CHECK] = "CHECK",
        [CONSTRAINT_EXCLUSION] = "",
    };
    const struct schema *schema = printer->side->schema;
    const struct schema_constraint *constraint = &schema->constraints[at];
    strbuf_add_string(printer->out, words[constraint->kind]);
    if (constraint->kind == CONSTRAINT_CHECK || constraint->kind == CONSTRAINT_EXCLUSION) {
        strbuf_add_string(printer->out, constraint->kind == CONSTRAINT_CHECK ? " (" : "");
        drift_print_text(printer, TEXT_EXPRESSION, constraint->expression, 0);
        strbuf_add_string(printer->out, constraint->kind == CONSTRAINT_CHECK ? ")" : "");
        return;
    }
    strbuf_add_string(printer->out, constraint->kind == CONSTRAINT_FOREIGN_KEY ? "(" : " (");
    drift_print_names(printer, constraint->columns);
    strbuf_add_char(printer->out, ')');
    if (constraint->kind != CONSTRAINT_FOREIGN_KEY)
        return;
    strbuf_add_string(printer->out, " REFERENCES ");
    if (constraint->referenced_schema != 0) {
        schema->dialect->path_part(schema_text(schema, constraint->referenced_schema), printer->out);
        strbuf_add_char(printer->out, '.');
    }
    schema->dialect->path_part(schema_text(schema, constraint->referenced_table), printer->out);
    if (constraint->referenced_columns.count == 0)
        return;
    strbuf_add_string(printer->out, " (");
    drift_print_names(printer, constraint->referenced_columns);
    strbuf_add_char(printer->out, ')');
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
