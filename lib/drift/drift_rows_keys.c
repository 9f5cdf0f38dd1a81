/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "drift/drift_rows.h"
#include "drift/drift_severity.h"

static const struct schema_constraint *constraint_at(const struct drift_printer *printer, uint32_t at)
{
    return &printer->side->schema->constraints[at];
}

static const struct schema_index *index_at(const struct drift_printer *printer, uint32_t at)
{
    return &printer->side->schema->indexes[at];
}

static void print_separator(struct drift_printer *printer, size_t begin)
{
    if (printer->out->length > begin)
        strbuf_add_string(printer->out, ", ");
}

static void print_part(struct drift_printer *printer, const struct schema_index_part *part)
{
    if (part->flags & PART_EXPRESSION) {
        strbuf_add_char(printer->out, '(');
        drift_print_text(printer, TEXT_EXPRESSION, part->text, 0);
        strbuf_add_char(printer->out, ')');
    } else {
        drift_print_name(printer, part->text);
    }
}

/* The parts of an index of which `wanted` says something, each followed by what it says. */
static void print_parts(struct drift_printer *printer, const struct schema_index *index,
                        bool (*wanted)(struct drift_printer *printer, const struct schema_index_part *part,
                                       bool is_printed))
{
    size_t begin = printer->out->length;
    for (uint32_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &printer->side->schema->parts[index->first_part + i];
        if (!wanted(printer, part, false))
            continue;
        print_separator(printer, begin);
        print_part(printer, part);
        wanted(printer, part, true);
    }
}

static bool want_key(struct drift_printer *printer, const struct schema_index_part *part, bool is_printed)
{
    (void)printer;
    (void)is_printed;
    return (part->flags & PART_INCLUDED) == 0;
}

static bool want_order(struct drift_printer *printer, const struct schema_index_part *part, bool is_printed)
{
    unsigned flags = part->flags;
    if (!printer->work->features.descending)
        flags &= ~(unsigned)PART_DESCENDING;
    if (is_printed && (flags & PART_DESCENDING))
        strbuf_add_string(printer->out, " DESC");
    if (is_printed && (flags & PART_NULLS_FIRST))
        strbuf_add_string(printer->out, " NULLS FIRST");
    if (is_printed && (flags & PART_NULLS_LAST))
        strbuf_add_string(printer->out, " NULLS LAST");
    return flags & (PART_DESCENDING | PART_NULLS_FIRST | PART_NULLS_LAST);
}

/* With all that is said of a part, in the order of CREATE INDEX. */
static bool want_key_in_full(struct drift_printer *printer, const struct schema_index_part *part, bool is_printed)
{
    const struct schema *schema = printer->side->schema;
    if (is_printed && part->prefix != 0)
        strbuf_printf(printer->out, "(%u)", part->prefix);
    if (is_printed && part->collation != 0)
        strbuf_printf(printer->out, " COLLATE %s", schema_text(schema, part->collation));
    if (is_printed && part->operator_class != 0)
        strbuf_printf(printer->out, " %s", schema_text(schema, part->operator_class));
    if (is_printed)
        want_order(printer, part, true);
    return (part->flags & PART_INCLUDED) == 0;
}

const struct schema_index *drift_index_behind(const struct schema *schema, const struct schema_constraint *constraint)
{
    const struct schema_relation *relation = &schema->relations[constraint->relation];
    for (uint32_t i = 0; constraint->name != 0 && i < relation->index_count; i++)
        if (schema->indexes[relation->first_index + i].name == constraint->name)
            return &schema->indexes[relation->first_index + i];
    return NULL;
}

void drift_print_key_columns(struct drift_printer *printer, uint32_t at)
{
    const struct schema_constraint *constraint = constraint_at(printer, at);
    const struct schema_index *behind = NULL; /* of one over prefixes or in descending order: it says so */
    if (printer->work->features.mysql && constraint->kind == CONSTRAINT_PRIMARY_KEY)
        behind = drift_index_behind(printer->side->schema, constraint);
    if (behind)
        print_parts(printer, behind, want_key_in_full);
    else if (constraint->kind != CONSTRAINT_CHECK && constraint->kind != CONSTRAINT_EXCLUSION)
        drift_print_names(printer, constraint->columns);
}

static void print_constraint_expression(struct drift_printer *printer, uint32_t at)
{
    drift_print_text(printer, TEXT_EXPRESSION, constraint_at(printer, at)->expression, 0);
}

void drift_print_referenced_table(struct drift_printer *printer, uint32_t at)
{
    const struct schema_constraint *constraint = constraint_at(printer, at);
    const struct schema *schema = printer->side->schema;
    if (constraint->referenced_schema != 0) {
        schema->dialect->path_part(schema_text(schema, constraint->referenced_schema), printer->out);
        strbuf_add_char(printer->out, '.');
    }
    if (printer->canonical && printer->work->features.fold_relations)
        drift_print_name(printer, constraint->referenced_table);
    else
        schema->dialect->path_part(schema_text(schema, constraint->referenced_table), printer->out);
}

static void print_references(struct drift_printer *printer, uint32_t at)
{
    const struct schema_constraint *constraint = constraint_at(printer, at);
    if (constraint->kind != CONSTRAINT_FOREIGN_KEY)
        return;
    drift_print_referenced_table(printer, at);
    if (constraint->referenced_columns.count > 0) {
        strbuf_add_string(printer->out, " (");
        drift_print_names(printer, constraint->referenced_columns);
        strbuf_add_char(printer->out, ')');
    }
}

/* RESTRICT and NO ACTION are one on MySQL, and two where constraints can be deferred. */
static void print_action(struct drift_printer *printer, uint32_t at, uint8_t action)
{
    if (constraint_at(printer, at)->kind != CONSTRAINT_FOREIGN_KEY)
        return;
    enum foreign_key_action shown = (enum foreign_key_action)action;
    if (printer->canonical && printer->work->features.mysql && shown == ACTION_RESTRICT)
        shown = ACTION_NO_ACTION;
    strbuf_add_string(printer->out, foreign_key_action_name(shown));
}

static void print_on_delete(struct drift_printer *printer, uint32_t at)
{
    print_action(printer, at, constraint_at(printer, at)->on_delete);
}

static void print_on_update(struct drift_printer *printer, uint32_t at)
{
    print_action(printer, at, constraint_at(printer, at)->on_update);
}

static void print_deferrable(struct drift_printer *printer, uint32_t at)
{
    unsigned flags = constraint_at(printer, at)->flags;
    strbuf_add_string(printer->out, flags & CONSTRAINT_DEFERRED     ? "initially deferred"
                                    : flags & CONSTRAINT_DEFERRABLE ? "true"
                                                                    : "false");
}

/* What is not enforced is never validated. */
static void print_validated(struct drift_printer *printer, uint32_t at)
{
    unsigned flags = constraint_at(printer, at)->flags;
    drift_print_bool(printer, !(flags & CONSTRAINT_NOT_VALID) || (flags & CONSTRAINT_NOT_ENFORCED));
}

static void print_enforced(struct drift_printer *printer, uint32_t at)
{
    drift_print_bool(printer, !(constraint_at(printer, at)->flags & CONSTRAINT_NOT_ENFORCED));
}

static void print_constraint_nulls(struct drift_printer *printer, uint32_t at)
{
    drift_print_bool(printer, constraint_at(printer, at)->flags & CONSTRAINT_NULLS_NOT_DISTINCT);
}

static void print_constraint_kind(struct drift_printer *printer, uint32_t at)
{
    strbuf_add_string(printer->out, constraint_kind_name((enum constraint_kind)constraint_at(printer, at)->kind));
}

static void print_constraint_name(struct drift_printer *printer, uint32_t at)
{
    drift_print_name(printer, constraint_at(printer, at)->name);
}

static bool is_ignored_name(const struct drift_step *step, enum drift_policy_key key)
{
    if (!drift_policy_deviates(step->work, key))
        return false;
    step->work->report->policy_applied = true;
    return true;
}

/* A side that gives no name leaves it to the engine; on SQLite a constraint without a name is one. */
static bool constraint_name_explained(const struct drift_step *step)
{
    return is_ignored_name(step, POLICY_CONSTRAINT_NAMES) ||
           (drift_step_is_onesided(step) && !step->work->features.sqlite);
}

static unsigned bool_facts(const struct drift_step *step)
{
    return strcmp(strbuf_text(&step->work->printed[LIVE]), "true") == 0 ? FACT_STRICTER : FACT_LOOSER;
}

static uint32_t constraint_run(const struct schema *schema, uint32_t at)
{
    return schema->constraints[at].attributes;
}

static const struct drift_row constraint_rows[] = {
    {.name = "kind", .print = print_constraint_kind},
    {.name = "columns", .print = drift_print_key_columns},
    {.name = "expression", .print = print_constraint_expression, .explained = drift_follows_type_change},
    {.name = "references", .print = print_references},
    {.name = "on_delete", .print = print_on_delete},
    {.name = "on_update", .print = print_on_update},
    {.name = "deferrable", .print = print_deferrable},
    {.name = "validated", .print = print_validated, .facts = bool_facts},
    {.name = "enforced", .print = print_enforced, .facts = bool_facts},
    {.name = "nulls_not_distinct", .print = print_constraint_nulls},
    {.name = "on_conflict"},
    {.name = "name", .print = print_constraint_name, .explained = constraint_name_explained},
};

const struct drift_table drift_constraint_table = {constraint_rows, ARRAY_LENGTH(constraint_rows), constraint_run,
                                                   NULL};

static void print_index_columns(struct drift_printer *printer, uint32_t at)
{
    if (printer->is_constraint)
        drift_print_names(printer, constraint_at(printer, at)->columns);
    else
        print_parts(printer, index_at(printer, at), want_key);
}

/* Whether the parts are the same but for what their expressions say: that is the attribute `expression`. */
static bool only_expressions_differ(const struct drift_step *step)
{
    const struct schema_index *indexes[ENDS] = {NULL};
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        if (step->pair->constraint[end])
            return false;
        indexes[end] = &step->work->sides[end].schema->indexes[step->pair->at[end]];
    }
    if (indexes[REFERENCE]->part_count != indexes[LIVE]->part_count)
        return false;
    for (uint32_t i = 0; i < indexes[LIVE]->part_count; i++) {
        const struct schema_index_part *parts[ENDS] = {NULL};
        const char *texts[ENDS] = {NULL};
        for (enum drift_end end = REFERENCE; end < ENDS; end++) {
            const struct schema *schema = step->work->sides[end].schema;
            parts[end] = &schema->parts[indexes[end]->first_part + i];
            texts[end] = schema_text(schema, parts[end]->text);
        }
        unsigned kind = PART_EXPRESSION | PART_INCLUDED;
        if ((parts[REFERENCE]->flags & kind) != (parts[LIVE]->flags & kind))
            return false;
        if (!(parts[LIVE]->flags & PART_EXPRESSION) && !drift_same_name(step->work, texts[REFERENCE], texts[LIVE]))
            return false;
    }
    return true;
}

static bool want_expression(struct drift_printer *printer, const struct schema_index_part *part, bool is_printed)
{
    (void)printer;
    (void)is_printed;
    return part->flags & PART_EXPRESSION;
}

static void print_index_expression(struct drift_printer *printer, uint32_t at)
{
    if (!printer->is_constraint)
        print_parts(printer, index_at(printer, at), want_expression);
}

static bool expression_explained(const struct drift_step *step)
{
    return drift_step_differs(step, "columns") || drift_follows_type_change(step);
}

/* What follows says something of each column: with other columns it cannot but differ. */
static bool follows_columns(const struct drift_step *step)
{
    return drift_step_differs(step, "columns");
}

static void print_order(struct drift_printer *printer, uint32_t at)
{
    if (!printer->is_constraint)
        print_parts(printer, index_at(printer, at), want_order);
}

static void print_unique(struct drift_printer *printer, uint32_t at)
{
    bool unique = printer->is_constraint || (index_at(printer, at)->flags & INDEX_UNIQUE);
    bool nulls = printer->is_constraint ? constraint_at(printer, at)->flags & CONSTRAINT_NULLS_NOT_DISTINCT
                                        : index_at(printer, at)->flags & INDEX_NULLS_NOT_DISTINCT;
    drift_print_bool(printer, unique);
    if (nulls)
        strbuf_add_string(printer->out, ", nulls not distinct");
}

static void print_method(struct drift_printer *printer, uint32_t at)
{
    uint32_t method = printer->is_constraint ? 0 : index_at(printer, at)->method;
    const char *text = method != 0 ? schema_text(printer->side->schema, method) : "btree";
    if (!printer->canonical || strcmp(text, "btree") != 0)
        strbuf_add_string(printer->out, text);
}

static void print_predicate(struct drift_printer *printer, uint32_t at)
{
    if (!printer->is_constraint)
        drift_print_text(printer, TEXT_EXPRESSION, index_at(printer, at)->predicate, 0);
}

static bool want_included(struct drift_printer *printer, const struct schema_index_part *part, bool is_printed)
{
    (void)printer;
    (void)is_printed;
    return part->flags & PART_INCLUDED;
}

static bool has_included(const struct schema *schema, const struct schema_index *index)
{
    for (uint32_t i = 0; i < index->part_count; i++) {
        if (schema->parts[index->first_part + i].flags & PART_INCLUDED)
            return true;
    }
    return false;
}

static void print_include(struct drift_printer *printer, uint32_t at)
{
    const struct schema *schema = printer->side->schema;
    if (!printer->is_constraint) {
        print_parts(printer, index_at(printer, at), want_included);
        return;
    }
    size_t count = 0;
    const struct schema_attribute *included =
        schema_attribute_list(schema, constraint_at(printer, at)->attributes, ATTRIBUTE_INCLUDE, &count);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            strbuf_add_string(printer->out, ", ");
        drift_print_name(printer, included[i].text);
    }
}

static bool want_operator_class(struct drift_printer *printer, const struct schema_index_part *part, bool is_printed)
{
    if (is_printed)
        strbuf_printf(printer->out, " %s", schema_text(printer->side->schema, part->operator_class));
    return part->operator_class != 0;
}

static void print_operator_classes(struct drift_printer *printer, uint32_t at)
{
    if (!printer->is_constraint)
        print_parts(printer, index_at(printer, at), want_operator_class);
}

static bool want_collation(struct drift_printer *printer, const struct schema_index_part *part, bool is_printed)
{
    if (is_printed)
        strbuf_printf(printer->out, " %s", schema_text(printer->side->schema, part->collation));
    return part->collation != 0;
}

static void print_collations(struct drift_printer *printer, uint32_t at)
{
    if (!printer->is_constraint)
        print_parts(printer, index_at(printer, at), want_collation);
}

static bool want_prefix(struct drift_printer *printer, const struct schema_index_part *part, bool is_printed)
{
    if (is_printed)
        strbuf_printf(printer->out, "(%u)", part->prefix);
    return part->prefix != 0;
}

static void print_prefixes(struct drift_printer *printer, uint32_t at)
{
    if (!printer->is_constraint)
        print_parts(printer, index_at(printer, at), want_prefix);
}

static void print_index_visible(struct drift_printer *printer, uint32_t at)
{
    drift_print_bool(printer, printer->is_constraint || !(index_at(printer, at)->flags & INDEX_HIDDEN));
}

static void print_valid(struct drift_printer *printer, uint32_t at)
{
    drift_print_bool(printer, printer->is_constraint || !(index_at(printer, at)->flags & INDEX_INVALID));
}

static void print_index_constraint(struct drift_printer *printer, uint32_t at)
{
    (void)at;
    if (printer->is_constraint)
        strbuf_add_string(printer->out, "unique");
}

/* A unique key of MySQL is both. */
static bool index_constraint_explained(const struct drift_step *step)
{
    return step->work->features.mysql || is_ignored_name(step, POLICY_UNIQUE_INDEX_AS_CONSTRAINT);
}

static void print_index_name(struct drift_printer *printer, uint32_t at)
{
    drift_print_name(printer, printer->is_constraint ? constraint_at(printer, at)->name : index_at(printer, at)->name);
}

/* A constraint and an index that are told apart already have names of their own kind. */
static bool index_name_explained(const struct drift_step *step)
{
    const bool *constraint = step->pair->constraint;
    if (constraint[REFERENCE] != constraint[LIVE])
        return drift_step_differs(step, "constraint") || drift_step_is_onesided(step) ||
               is_ignored_name(step, POLICY_CONSTRAINT_NAMES) || is_ignored_name(step, POLICY_INDEX_NAMES);
    return is_ignored_name(step, POLICY_INDEX_NAMES);
}

static unsigned index_facts(const struct drift_step *step)
{
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        const struct schema *schema = step->work->sides[end].schema;
        if (step->pair->constraint[end] || (schema->indexes[step->pair->at[end]].flags & INDEX_UNIQUE))
            return FACT_UNIQUE;
    }
    return 0;
}

static uint32_t index_run(const struct schema *schema, uint32_t at)
{
    return schema->indexes[at].attributes;
}

static const struct drift_row index_rows[] = {
    {.name = "columns", .print = print_index_columns, .explained = only_expressions_differ, .facts = index_facts},
    {.name = "expression", .print = print_index_expression, .explained = expression_explained, .facts = index_facts},
    {.name = "order", .print = print_order, .explained = follows_columns},
    {.name = "unique", .print = print_unique},
    {.name = "method", .print = print_method},
    {.name = "predicate", .print = print_predicate, .explained = drift_follows_type_change, .facts = index_facts},
    {.name = "include", .print = print_include},
    {.name = "opclass", .print = print_operator_classes, .explained = follows_columns},
    {.name = "collation", .print = print_collations, .explained = follows_columns, .facts = index_facts},
    {.name = "prefix", .print = print_prefixes, .explained = follows_columns, .facts = index_facts},
    {.name = "visible", .print = print_index_visible},
    {.name = "valid", .print = print_valid},
    {.name = "constraint", .print = print_index_constraint, .explained = index_constraint_explained},
    {.name = "name", .print = print_index_name, .explained = index_name_explained},
};

void drift_print_index(struct drift_printer *printer, uint32_t at)
{
    const struct schema_index *index = index_at(printer, at);
    struct strbuf *out = printer->out;
    strbuf_add_string(out, index->flags & INDEX_UNIQUE ? "UNIQUE " : "");
    if (index->method != 0)
        strbuf_printf(out, "%s ", schema_text(printer->side->schema, index->method));
    strbuf_add_char(out, '(');
    print_parts(printer, index, want_key_in_full);
    strbuf_add_char(out, ')');
    if (has_included(printer->side->schema, index)) {
        strbuf_add_string(out, " INCLUDE (");
        print_parts(printer, index, want_included);
        strbuf_add_char(out, ')');
    }
    strbuf_add_string(out, index->flags & INDEX_NULLS_NOT_DISTINCT ? " NULLS NOT DISTINCT" : "");
    strbuf_add_string(out, index->predicate != 0 ? " WHERE " : "");
    print_predicate(printer, at);
    strbuf_add_string(out, index->flags & INDEX_HIDDEN ? " INVISIBLE" : "");
    strbuf_add_string(out, index->flags & INDEX_INVALID ? " INVALID" : "");
    drift_print_run(printer, DRIFT_INDEX, index->attributes, "method");
}

const struct drift_table drift_index_table = {index_rows, ARRAY_LENGTH(index_rows), index_run, NULL};
