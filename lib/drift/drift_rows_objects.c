/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "drift/drift_rows.h"
#include "drift/drift_severity.h"
#include "drift/drift_types.h"

/* The labels of an enum, sorted, for comparing them as sets. */
struct labels {
    const char **texts;
    size_t count;
};

static void labels_done(struct labels *labels)
{
    mem_free(labels->texts);
}

static int compare_labels(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static const struct schema_attribute *enum_values(const struct schema *schema, uint32_t at, size_t *ret_count)
{
    return schema_attribute_list(schema, schema->objects[at].attributes, ATTRIBUTE_VALUES, ret_count);
}

/* False when memory is out. */
static bool read_labels(const struct schema *schema, uint32_t at, struct labels *labels)
{
    const struct schema_attribute *values = enum_values(schema, at, &labels->count);
    labels->texts = mem_calloc(labels->count, sizeof *labels->texts);
    if (!labels->texts)
        return false;
    for (size_t i = 0; i < labels->count; i++)
        labels->texts[i] = schema_text(schema, values[i].text);
    qsort(labels->texts, labels->count, sizeof *labels->texts, compare_labels);
    return true;
}

static bool has_label(const struct labels *labels, const char *label)
{
    return bsearch(&label, labels->texts, labels->count, sizeof *labels->texts, compare_labels) != NULL;
}

/* Of two sets of labels, what only one has. */
struct label_difference {
    struct labels labels[ENDS];
    bool only[ENDS]; /* that side has a label of its own */
};

static void label_difference_done(struct label_difference *difference)
{
    for (enum drift_end end = REFERENCE; end < ENDS; end++)
        labels_done(&difference->labels[end]);
}

DEFINE_CLEANUP_VALUE(label_difference, struct label_difference, label_difference_done);

/* When memory is out the lists count as different, and the buffer remembers why. */
static void tell_labels_apart(const struct drift_step *step, struct label_difference *difference)
{
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        if (!read_labels(step->work->sides[end].schema, step->pair->at[end], &difference->labels[end])) {
            step->work->printed[end].failed = true;
            return;
        }
    }
    for (enum drift_end end = REFERENCE; end < ENDS; end++)
        for (size_t i = 0; i < difference->labels[end].count && !difference->only[end]; i++)
            difference->only[end] =
                !has_label(&difference->labels[end == REFERENCE ? LIVE : REFERENCE], difference->labels[end].texts[i]);
}

static bool same_labels(const struct drift_step *step)
{
    cleanup(label_difference) struct label_difference difference = {0};
    tell_labels_apart(step, &difference);
    return !difference.only[REFERENCE] && !difference.only[LIVE];
}

static unsigned label_facts(const struct drift_step *step)
{
    cleanup(label_difference) struct label_difference difference = {0};
    tell_labels_apart(step, &difference);
    return difference.only[REFERENCE] ? FACT_NARROWER : FACT_WIDER;
}

static void print_order(struct drift_printer *printer, uint32_t at)
{
    size_t count = 0;
    const struct schema_attribute *values = enum_values(printer->side->schema, at, &count);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            strbuf_add_string(printer->out, ", ");
        drift_print_quoted(printer, values[i].text);
    }
}

/* The next label from `*at` on that the other side has, too. */
static const char *next_common(const struct drift_step *step, enum drift_end end, const struct labels *other,
                               size_t *at)
{
    const struct schema *schema = step->work->sides[end].schema;
    size_t count = 0;
    const struct schema_attribute *values = enum_values(schema, step->pair->at[end], &count);
    while (*at < count) {
        const char *label = schema_text(schema, values[(*at)++].text);
        if (has_label(other, label))
            return label;
    }
    return NULL;
}

static bool labels_stand_in_order(const struct drift_step *step)
{
    cleanup(label_difference) struct label_difference difference = {0};
    const char *labels[ENDS] = {NULL};
    size_t at[ENDS] = {0};
    tell_labels_apart(step, &difference);
    do {
        labels[REFERENCE] = next_common(step, REFERENCE, &difference.labels[LIVE], &at[REFERENCE]);
        labels[LIVE] = next_common(step, LIVE, &difference.labels[REFERENCE], &at[LIVE]);
        if (!labels[REFERENCE] || !labels[LIVE])
            return true;
    } while (strcmp(labels[REFERENCE], labels[LIVE]) == 0);
    return false;
}

static bool order_explained(const struct drift_step *step)
{
    if (labels_stand_in_order(step))
        return true;
    if (!drift_policy_deviates(step->work, POLICY_ENUM_ORDER))
        return false;
    step->work->report->policy_applied = true;
    return true;
}

static unsigned type_facts(const struct drift_step *step)
{
    const struct strbuf *canonical = step->work->canonical;
    enum type_relation relation =
        drift_type_relation(&step->work->features, strbuf_text(&canonical[REFERENCE]), strbuf_text(&canonical[LIVE]));
    return relation == TYPE_RELATION_WIDER ? FACT_WIDER : relation == TYPE_RELATION_ALIKE ? FACT_ALIKE : 0;
}

static unsigned enabled_facts(const struct drift_step *step)
{
    return strcmp(strbuf_text(&step->work->printed[LIVE]), "disabled") == 0 ? FACT_DISABLED : 0;
}

/* The model says NOT NULL of a domain; the item says nullable. */
static void print_domain_nullable(struct drift_printer *printer, uint32_t at)
{
    const struct schema *schema = printer->side->schema;
    drift_print_bool(printer, !schema_has_attribute(schema, schema->objects[at].attributes, ATTRIBUTE_NOT_NULL));
}

static bool version_explained(const struct drift_step *step)
{
    if (drift_policy_deviates(step->work, POLICY_EXTENSION_VERSIONS))
        return false;
    step->work->report->policy_applied = true;
    return true;
}

static const struct drift_row extension_rows[] = {
    {.name = "version", .explained = version_explained},
};

static const struct drift_row enum_rows[] = {
    {.name = "values", .explained = same_labels, .facts = label_facts},
    {.name = "order", .print = print_order, .explained = order_explained},
};

static const struct drift_row domain_rows[] = {
    {.name = "type", .facts = type_facts},
    {.name = "nullable", .print = print_domain_nullable},
    {.name = "default"},
    {.name = "check"},
};

static const struct drift_row composite_rows[] = {
    {.name = "attributes"},
};

static const struct drift_row sequence_rows[] = {
    {.name = "type", .facts = type_facts},
    {.name = "start"},
    {.name = "increment"},
    {.name = "min"},
    {.name = "max"},
    {.name = "cache"},
    {.name = "cycle", .is_flag = true},
    {.name = "owner"},
};

static const struct drift_row routine_rows[] = {
    {.name = "definition"}, {.name = "signature"}, {.name = "returns"}, {.name = "language"},
    {.name = "volatility"}, {.name = "security"},  {.name = "config"},
};

static const struct drift_row trigger_rows[] = {
    {.name = "definition"},
    {.name = "events"},
    {.name = "timing"},
    {.name = "condition", .explained = drift_follows_type_change},
    {.name = "enabled", .facts = enabled_facts},
};

static const struct drift_row policy_rows[] = {
    {.name = "command"},
    {.name = "using", .explained = drift_follows_type_change},
    {.name = "check", .explained = drift_follows_type_change},
    {.name = "roles"},
    {.name = "definition"},
};

static const struct drift_row event_rows[] = {
    {.name = "schedule"},
    {.name = "definition"},
    {.name = "status"},
};

static uint32_t object_run(const struct schema *schema, uint32_t at)
{
    return schema->objects[at].attributes;
}

static uint32_t object_type(const struct schema *schema, uint32_t at)
{
    size_t count = 0;
    const struct schema_attribute *type =
        schema_attribute_list(schema, schema->objects[at].attributes, ATTRIBUTE_TYPE, &count);
    return type ? type->text : 0;
}

#define TABLE(rows)                                                                                                    \
    {                                                                                                                  \
        rows, ARRAY_LENGTH(rows), object_run, object_type                                                              \
    }

static const struct drift_table object_tables[DRIFT_KINDS] = {
    [DRIFT_SCHEMA] = {NULL, 0, object_run, object_type},
    [DRIFT_EXTENSION] = TABLE(extension_rows),
    [DRIFT_ENUM] = TABLE(enum_rows),
    [DRIFT_DOMAIN] = TABLE(domain_rows),
    [DRIFT_COMPOSITE] = TABLE(composite_rows),
    [DRIFT_SEQUENCE] = TABLE(sequence_rows),
    [DRIFT_ROUTINE] = TABLE(routine_rows),
    [DRIFT_TRIGGER] = TABLE(trigger_rows),
    [DRIFT_POLICY] = TABLE(policy_rows),
    [DRIFT_EVENT] = TABLE(event_rows),
};

const struct drift_table *drift_table_of(enum drift_kind kind)
{
    switch (kind) {
    case DRIFT_TABLE:
    case DRIFT_PARTITION:
        return &drift_relation_table;
    case DRIFT_VIEW:
    case DRIFT_MATERIALIZED_VIEW:
        return &drift_view_table;
    case DRIFT_COLUMN:
        return &drift_column_table;
    case DRIFT_PRIMARY_KEY:
    case DRIFT_UNIQUE:
    case DRIFT_FOREIGN_KEY:
    case DRIFT_CHECK:
    case DRIFT_EXCLUSION:
        return &drift_constraint_table;
    case DRIFT_INDEX:
        return &drift_index_table;
    default:
        return &object_tables[kind];
    }
}
