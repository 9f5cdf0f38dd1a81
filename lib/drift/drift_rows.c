/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/drift_rows.h"

#include <string.h>
#include <strings.h>

#include "drift/drift_fold.h"
#include "drift/drift_severity.h"
#include "drift/drift_types.h"

bool drift_step_differs(const struct drift_step *step, const char *row)
{
    for (size_t i = 0; i < step->table->count; i++)
        if (strcmp(step->table->rows[i].name, row) == 0)
            return (step->differing >> i) & 1;
    return false;
}

bool drift_step_is_onesided(const struct drift_step *step)
{
    return (step->work->printed[REFERENCE].length == 0) != (step->work->printed[LIVE].length == 0);
}

void drift_print_bool(struct drift_printer *printer, bool value)
{
    strbuf_add_string(printer->out, value ? "true" : "false");
}

static const char *printed(const struct drift_step *step, enum drift_end end)
{
    return strbuf_text(&step->work->printed[end]);
}

static const struct schema_column *column_at(const struct drift_printer *printer, uint32_t at)
{
    return &printer->side->schema->columns[at];
}

static void print_type(struct drift_printer *printer, uint32_t at)
{
    drift_print_text(printer, TEXT_TYPE, column_at(printer, at)->type, 0);
}

static unsigned type_facts(const struct drift_step *step)
{
    const struct strbuf *canonical = step->work->canonical;
    switch (
        drift_type_relation(&step->work->features, strbuf_text(&canonical[REFERENCE]), strbuf_text(&canonical[LIVE]))) {
    case TYPE_RELATION_ALIKE:
        return FACT_ALIKE;
    case TYPE_RELATION_KINDRED:
        return FACT_ALIKE | FACT_STRICTER;
    case TYPE_RELATION_WIDER:
        return FACT_WIDER;
    case TYPE_RELATION_NARROWER:
        return FACT_NARROWER;
    case TYPE_RELATION_OTHER:
        break;
    }
    return 0;
}

static void print_nullable(struct drift_printer *printer, uint32_t at)
{
    drift_print_bool(printer, column_at(printer, at)->flags & COLUMN_NULLABLE);
}

static bool is_in_primary_key(const struct schema *schema, const struct schema_column *column)
{
    const struct schema_relation *relation = &schema->relations[column->relation];
    for (uint32_t i = 0; i < relation->constraint_count; i++) {
        const struct schema_constraint *constraint = &schema->constraints[relation->first_constraint + i];
        for (uint32_t j = 0; constraint->kind == CONSTRAINT_PRIMARY_KEY && j < constraint->columns.count; j++)
            if (schema->lists[constraint->columns.first + j] == column->name)
                return true;
    }
    return false;
}

/* In SQLite the primary key forbids NULL only where it is the row's number, or the table is STRICT or WITHOUT ROWID. */
static bool forbids_null_in_key(const struct drift_work *work, const struct schema *schema,
                                const struct schema_column *column)
{
    uint32_t run = schema->relations[column->relation].attributes;
    return !work->features.sqlite || strcasecmp(schema_text(schema, column->type), "INTEGER") == 0 ||
           schema_has_attribute(schema, run, ATTRIBUTE_STRICT) ||
           schema_has_attribute(schema, run, ATTRIBUTE_WITHOUT_ROWID);
}

/* A primary key makes its columns NOT NULL: where only one side has it, the key is the item. */
static bool nullable_explained(const struct drift_step *step)
{
    bool in_key[ENDS] = {false};
    bool nullable[ENDS] = {false};
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        const struct schema *schema = step->work->sides[end].schema;
        const struct schema_column *column = &schema->columns[step->pair->at[end]];
        in_key[end] = forbids_null_in_key(step->work, schema, column) && is_in_primary_key(schema, column);
        nullable[end] = column->flags & COLUMN_NULLABLE;
    }
    enum drift_end keyed = in_key[LIVE] ? LIVE : REFERENCE;
    return in_key[REFERENCE] != in_key[LIVE] && !nullable[keyed];
}

static unsigned nullable_facts(const struct drift_step *step)
{
    return strcmp(printed(step, LIVE), "true") == 0 ? FACT_LOOSER : FACT_STRICTER;
}

static void print_default(struct drift_printer *printer, uint32_t at)
{
    const struct schema_column *column = column_at(printer, at);
    drift_print_text(printer, TEXT_DEFAULT, column->default_expression, column->type);
}

bool drift_is_required(const struct schema_column *column)
{
    unsigned given = COLUMN_NULLABLE | COLUMN_IDENTITY_ALWAYS | COLUMN_IDENTITY_BY_DEFAULT | COLUMN_AUTO_INCREMENT |
                     COLUMN_GENERATED_STORED | COLUMN_GENERATED_VIRTUAL;
    return (column->flags & given) == 0 && column->default_expression == 0;
}

static unsigned required_facts(const struct drift_step *step)
{
    const struct schema *live = step->work->sides[LIVE].schema;
    return drift_is_required(&live->columns[step->pair->at[LIVE]]) ? FACT_REQUIRED : 0;
}

static void print_identity(struct drift_printer *printer, uint32_t at)
{
    unsigned flags = column_at(printer, at)->flags;
    if (flags & COLUMN_IDENTITY_ALWAYS)
        strbuf_add_string(printer->out, "always");
    else if (flags & COLUMN_IDENTITY_BY_DEFAULT)
        strbuf_add_string(printer->out, "by default");
}

static unsigned identity_facts(const struct drift_step *step)
{
    bool always[ENDS] = {false};
    for (enum drift_end end = REFERENCE; end < ENDS; end++)
        always[end] = strncmp(printed(step, end), "always", strlen("always")) == 0;
    if (drift_step_is_onesided(step))
        return required_facts(step);
    return always[REFERENCE] == always[LIVE] ? FACT_ALIKE : always[LIVE] ? FACT_STRICTER : FACT_LOOSER;
}

static void print_auto_increment(struct drift_printer *printer, uint32_t at)
{
    drift_print_bool(printer, column_at(printer, at)->flags & COLUMN_AUTO_INCREMENT);
}

static unsigned flag_facts(const struct drift_step *step)
{
    return strcmp(printed(step, LIVE), "true") == 0 ? FACT_EXPECTED_ABSENT : FACT_ACTUAL_ABSENT;
}

static void print_generated(struct drift_printer *printer, uint32_t at)
{
    const struct schema_column *column = column_at(printer, at);
    drift_print_text(printer, TEXT_EXPRESSION, column->generated, 0);
    if (column->flags & COLUMN_GENERATED_STORED)
        strbuf_add_string(printer->out, " STORED");
    else if (column->flags & COLUMN_GENERATED_VIRTUAL)
        strbuf_add_string(printer->out, " VIRTUAL");
}

/* What only text has comes and goes with the type. */
static bool follows_type(const struct drift_step *step)
{
    return drift_step_differs(step, "type") && drift_step_is_onesided(step);
}

static bool collation_explained(const struct drift_step *step)
{
    if (drift_step_differs(step, "charset") || follows_type(step))
        return true;
    if (!drift_fold_collations(step->work, printed(step, REFERENCE), printed(step, LIVE)))
        return false;
    step->work->report->policy_applied = true;
    return true;
}

static bool check_explained(const struct drift_step *step)
{
    return drift_check_is_tables(step->work, step->pair->at);
}

static void print_visible(struct drift_printer *printer, uint32_t at)
{
    drift_print_bool(printer, !(column_at(printer, at)->flags & COLUMN_HIDDEN));
}

/* As it is written: columns are paired without case where the engine pairs them so. */
static void print_column_name(struct drift_printer *printer, uint32_t at)
{
    strbuf_add_string(printer->out, schema_text(printer->side->schema, column_at(printer, at)->name));
}

static uint32_t column_run(const struct schema *schema, uint32_t at)
{
    return schema->columns[at].attributes;
}

static uint32_t column_type(const struct schema *schema, uint32_t at)
{
    return schema->columns[at].type;
}

static const struct drift_row column_rows[] = {
    {.name = "type", .print = print_type, .facts = type_facts},
    {.name = "nullable", .print = print_nullable, .explained = nullable_explained, .facts = nullable_facts},
    {.name = "default", .print = print_default, .facts = required_facts},
    {.name = "identity", .print = print_identity, .facts = identity_facts},
    {.name = "auto_increment", .print = print_auto_increment, .facts = flag_facts},
    {.name = "generated", .print = print_generated, .explained = drift_follows_type_change},
    {.name = "on_update"},
    {.name = "charset", .explained = follows_type},
    {.name = "collation", .explained = collation_explained},
    {.name = "visible", .print = print_visible},
    {.name = "srid", .explained = follows_type},
    {.name = "check", .explained = check_explained},
    {.name = "name", .print = print_column_name},
};

const struct drift_table drift_column_table = {column_rows, ARRAY_LENGTH(column_rows), column_run, column_type};

static const struct schema_relation *relation_at(const struct drift_printer *printer, uint32_t at)
{
    return &printer->side->schema->relations[at];
}

/* What a partitioned table is, its partition key says. */
static void print_table_definition(struct drift_printer *printer, uint32_t at)
{
    const struct schema_relation *relation = relation_at(printer, at);
    const struct schema *schema = printer->side->schema;
    size_t count = 0;
    const struct schema_attribute *parents =
        schema_attribute_list(schema, relation->attributes, ATTRIBUTE_PARENTS, &count);
    if (drift_is_undeclared(printer->work, ATTRIBUTE_PARENTS))
        count = 0;
    for (size_t i = 0; i < count; i++) {
        const char *first = relation->kind == RELATION_PARTITION ? "partition of " : "inherits ";
        strbuf_add_string(printer->out, i == 0 ? first : ", ");
        strbuf_add_string(printer->out, schema_text(schema, parents[i].text));
    }
    if (relation->kind == RELATION_PARTITION && count == 0)
        strbuf_add_string(printer->out, "partition");
    else if (relation->kind == RELATION_FOREIGN)
        strbuf_add_string(printer->out, "foreign table");
    else if (relation->kind == RELATION_VIRTUAL)
        strbuf_add_string(printer->out, "virtual table");
    if (relation->definition != 0 && printer->out->length > 0)
        strbuf_add_char(printer->out, ' ');
    drift_print_text(printer, TEXT_QUERY, relation->definition, 0);
}

static bool parents_are_alone(const struct drift_side *side, uint32_t relation)
{
    size_t cursor = 0;
    bool any = false;
    for (uint32_t parent = drift_next_parent(side, relation, &cursor); parent != DRIFT_ALONE;
         parent = drift_next_parent(side, relation, &cursor)) {
        if (!(side->relation_marks[parent] & MARK_ALONE))
            return false;
        any = true;
    }
    return any;
}

/* Where the parent was renamed, its children follow it. */
static bool definition_explained(const struct drift_step *step)
{
    const struct drift_side *sides = step->work->sides;
    return parents_are_alone(&sides[REFERENCE], step->pair->at[REFERENCE]) &&
           parents_are_alone(&sides[LIVE], step->pair->at[LIVE]);
}

static void print_column_order(struct drift_printer *printer, uint32_t at)
{
    const struct schema_relation *relation = relation_at(printer, at);
    for (uint32_t i = 0; i < relation->column_count; i++) {
        if (i > 0)
            strbuf_add_string(printer->out, ", ");
        drift_print_name(printer, printer->side->schema->columns[relation->first_column + i].name);
    }
}

/* The next column from `*at` on that both sides have. */
static const struct schema_column *next_common(const struct drift_side *side, const struct schema_relation *relation,
                                               uint32_t *at)
{
    while (*at < relation->column_count) {
        uint32_t column = relation->first_column + (*at)++;
        if (side->column_marks[column] == 0)
            return &side->schema->columns[column];
    }
    return NULL;
}

static bool stands_in_order(const struct drift_step *step)
{
    const struct drift_side *sides = step->work->sides;
    const struct schema_relation *relations[ENDS] = {NULL};
    const struct schema_column *columns[ENDS] = {NULL};
    uint32_t at[ENDS] = {0};
    for (enum drift_end end = REFERENCE; end < ENDS; end++)
        relations[end] = &sides[end].schema->relations[step->pair->at[end]];
    do {
        for (enum drift_end end = REFERENCE; end < ENDS; end++)
            columns[end] = next_common(&sides[end], relations[end], &at[end]);
        if (!columns[REFERENCE] || !columns[LIVE])
            return true;
    } while (drift_same_name(step->work, schema_text(sides[REFERENCE].schema, columns[REFERENCE]->name),
                             schema_text(sides[LIVE].schema, columns[LIVE]->name)));
    return false;
}

static bool order_explained(const struct drift_step *step)
{
    if (stands_in_order(step))
        return true;
    if (drift_policy_deviates(step->work, POLICY_COLUMN_ORDER))
        return false;
    step->work->report->policy_applied = true;
    return true;
}

static unsigned persistence_facts(const struct drift_step *step)
{
    return step->work->printed[LIVE].length > 0 ? FACT_LOOSER : FACT_STRICTER;
}

static unsigned engine_facts(const struct drift_step *step)
{
    return strcasecmp(printed(step, REFERENCE), "InnoDB") == 0 ? FACT_LOOSER : 0;
}

static uint32_t relation_run(const struct schema *schema, uint32_t at)
{
    return schema->relations[at].attributes;
}

static const struct drift_row relation_rows[] = {
    {.name = "persistence", .facts = persistence_facts},
    {.name = "partition_key"},
    {.name = "row_security", .facts = flag_facts, .is_flag = true},
    {.name = "force_row_security", .facts = flag_facts, .is_flag = true},
    {.name = "engine", .facts = engine_facts},
    {.name = "charset"},
    {.name = "collation", .explained = collation_explained},
    {.name = "system_versioning", .facts = flag_facts, .is_flag = true},
    {.name = "strict", .facts = flag_facts, .is_flag = true},
    {.name = "without_rowid", .facts = flag_facts, .is_flag = true},
    {.name = "definition", .print = print_table_definition, .explained = definition_explained},
    {.name = "column_order", .print = print_column_order, .explained = order_explained},
};

const struct drift_table drift_relation_table = {relation_rows, ARRAY_LENGTH(relation_rows), relation_run, NULL};

static void print_view_definition(struct drift_printer *printer, uint32_t at)
{
    drift_print_text(printer, TEXT_QUERY, relation_at(printer, at)->definition, 0);
}

static bool view_definition_explained(const struct drift_step *step)
{
    return step->work->features.mysql && drift_same_but_for_case(printed(step, REFERENCE), printed(step, LIVE));
}

static void print_view_columns(struct drift_printer *printer, uint32_t at)
{
    const struct schema *schema = printer->side->schema;
    const struct schema_relation *relation = relation_at(printer, at);
    for (uint32_t i = 0; i < relation->column_count; i++) {
        const struct schema_column *column = &schema->columns[relation->first_column + i];
        if (i > 0)
            strbuf_add_string(printer->out, ", ");
        drift_print_name(printer, column->name);
        strbuf_add_char(printer->out, ' ');
        drift_print_text(printer, TEXT_TYPE, column->type, 0);
    }
}

/* Whether a column of a table changed from the one type to the other. */
static bool is_known_type_change(const struct drift_work *work, const char *expected, const char *actual)
{
    for (size_t i = 0; i < work->draft_count; i++) {
        const struct drift_item *item = &work->drafts[i].item;
        if (item->kind == DRIFT_COLUMN && item->change == DRIFT_CHANGED && strcmp(item->attribute, "type") == 0 &&
            strcmp(item->expected, expected) == 0 && strcmp(item->actual, actual) == 0)
            return true;
    }
    return false;
}

/* The same query over the same names: where types differ, a table's column changed its type, and that is the item. */
static bool view_follows_tables(const struct drift_step *step)
{
    const struct schema *schemas[ENDS] = {step->work->sides[REFERENCE].schema, step->work->sides[LIVE].schema};
    const struct schema_relation *views[ENDS] = {&schemas[REFERENCE]->relations[step->pair->at[REFERENCE]],
                                                 &schemas[LIVE]->relations[step->pair->at[LIVE]]};
    if (views[REFERENCE]->column_count != views[LIVE]->column_count)
        return false;
    for (uint32_t i = 0; i < views[REFERENCE]->column_count; i++) {
        const char *names[ENDS] = {NULL};
        const char *types[ENDS] = {NULL};
        for (enum drift_end end = REFERENCE; end < ENDS; end++) {
            const struct schema_column *column = &schemas[end]->columns[views[end]->first_column + i];
            names[end] = schema_text(schemas[end], column->name);
            types[end] = schema_text(schemas[end], column->type);
        }
        if (strcmp(names[REFERENCE], names[LIVE]) != 0)
            return false;
        if (strcmp(types[REFERENCE], types[LIVE]) != 0 &&
            !is_known_type_change(step->work, types[REFERENCE], types[LIVE]))
            return false;
    }
    return true;
}

/* Elsewhere than on PostgreSQL the columns of a view are worked out anew whenever it is read. */
static bool view_columns_explained(const struct drift_step *step)
{
    return !step->work->features.postgres || drift_step_differs(step, "definition") || view_follows_tables(step);
}

static unsigned view_columns_facts(const struct drift_step *step)
{
    return step->work->features.same_release ? 0 : FACT_PRINTED;
}

static const struct drift_row view_rows[] = {
    {.name = "definition", .print = print_view_definition, .explained = view_definition_explained},
    {.name = "columns", .print = print_view_columns, .explained = view_columns_explained, .facts = view_columns_facts},
    {.name = "options"},
    {.name = "security"},
    {.name = "check_option"},
};

const struct drift_table drift_view_table = {view_rows, ARRAY_LENGTH(view_rows), relation_run, NULL};
