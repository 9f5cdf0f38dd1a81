/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/drift_items.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "drift/drift_rows.h"
#include "drift/drift_severity.h"

/* Names beyond the table's rows that the attributes of one pair can bring. */
enum { EXTRA_ROWS_MAXIMUM = 16 };

struct drift_pair drift_pair_of(enum drift_kind kind, uint32_t reference, uint32_t live)
{
    return (struct drift_pair){
        .kind = kind, .at = {reference, live}, .relation = {DRIFT_ALONE, DRIFT_ALONE}, .constraint = {false, false}};
}

static struct drift_place place_of(const uint32_t at[static ENDS])
{
    return (struct drift_place){
        .reference = at[REFERENCE] == DRIFT_ALONE ? DRIFT_NOWHERE : (int64_t)at[REFERENCE],
        .live = at[LIVE] == DRIFT_ALONE ? DRIFT_NOWHERE : (int64_t)at[LIVE],
    };
}

static const char *keep_text(struct drift_work *work, const struct strbuf *text)
{
    return text->length > 0 ? arena_strndup(work->arena, text->bytes, text->length) : NULL;
}

static int refuse_too_many(struct drift_work *work)
{
    return error_set(work->reterr, ERROR_TRUNCATED, "the schemas differ in more than %u places", LIMIT_DRIFT_ITEMS);
}

/* The end whose names the path takes. */
static enum drift_end naming_end(const struct drift_pair *pair)
{
    return pair->at[REFERENCE] == DRIFT_ALONE ? LIVE : REFERENCE;
}

/* Adds an item with its path, places and texts. */
static int add_item(struct drift_work *work, const struct drift_pair *pair, enum drift_change change,
                    const char *attribute, unsigned facts)
{
    struct drift_draft draft = {.item = {.kind = pair->kind,
                                         .change = change,
                                         .state = ITEM_CONFIRMED,
                                         .first_seen_ms = work->now_ms,
                                         .last_seen_ms = work->now_ms}};
    enum drift_end end = naming_end(pair);
    strbuf_clear(&work->path);
    drift_path(work, end, pair->kind, pair->at[end], pair->constraint[end], &work->path, &draft.last_part);
    if (!strbuf_ok(&work->path) || !strbuf_ok(&work->printed[REFERENCE]) || !strbuf_ok(&work->printed[LIVE]))
        return error_no_memory(work->reterr);
    struct drift_item *item = &draft.item;
    item->object = keep_text(work, &work->path);
    item->attribute = attribute ? arena_strdup(work->arena, attribute) : NULL;
    item->expected = keep_text(work, &work->printed[REFERENCE]);
    item->actual = keep_text(work, &work->printed[LIVE]);
    item->place = place_of(pair->at);
    item->relation = place_of(pair->relation);
    item->reference_is_constraint = pair->constraint[REFERENCE];
    item->live_is_constraint = pair->constraint[LIVE];
    item->severity = drift_severity_of(pair->kind, change, attribute, facts);
    if (!item->object || (attribute && !item->attribute) || (work->printed[REFERENCE].length > 0 && !item->expected) ||
        (work->printed[LIVE].length > 0 && !item->actual))
        return error_no_memory(work->reterr);
    if (work->draft_count == LIMIT_DRIFT_ITEMS)
        return refuse_too_many(work);
    if (!mem_grow(&work->drafts, &work->draft_capacity, work->draft_count, sizeof *work->drafts, LIMIT_DRIFT_ITEMS))
        return error_no_memory(work->reterr);
    work->drafts[work->draft_count++] = draft;
    return 0;
}

static void print_row(const struct drift_step *step, const struct drift_row *row, enum drift_end end, bool canonical)
{
    struct drift_work *work = step->work;
    uint32_t at = step->pair->at[end];
    struct drift_printer printer = {
        .work = work,
        .side = &work->sides[end],
        .out = canonical ? &work->canonical[end] : &work->printed[end],
        .canonical = canonical,
        .is_constraint = step->pair->constraint[end],
    };
    const struct schema *schema = printer.side->schema;
    if (step->table->type)
        printer.type = step->table->type(schema, at);
    strbuf_clear(printer.out);
    if (row->print)
        row->print(&printer, at);
    if (step->table->run && !printer.is_constraint)
        drift_print_run(&printer, step->pair->kind, step->table->run(schema, at), row->name);
    if (row->is_flag && printer.out->length == 0)
        strbuf_add_string(printer.out, "false");
}

static bool same_text(const struct strbuf texts[static ENDS])
{
    return strbuf_ok(&texts[REFERENCE]) && strbuf_ok(&texts[LIVE]) &&
           strcmp(strbuf_text(&texts[REFERENCE]), strbuf_text(&texts[LIVE])) == 0;
}

static bool same_canonically(const struct drift_step *step, const struct drift_row *row)
{
    for (enum drift_end end = REFERENCE; end < ENDS; end++)
        print_row(step, row, end, true);
    return same_text(step->work->canonical);
}

/* What is equal only because a policy says so is equal, and the report remembers it. */
static void note_policy(const struct drift_step *step, const struct drift_row *row)
{
    struct drift_work *work = step->work;
    if (work->report->policy_applied)
        return;
    work->strict = true;
    work->report->policy_applied = !same_canonically(step, row);
    work->strict = false;
}

/* A value that a side could not read is no difference. */
static bool is_unseen(const struct drift_step *step)
{
    struct drift_work *work = step->work;
    for (enum drift_end end = REFERENCE; end < ENDS; end++)
        if (work->printed[end].length == 0 && !drift_sees(&work->sides[end], step->pair->kind))
            return true;
    return false;
}

static bool row_differs(const struct drift_step *step, const struct drift_row *row)
{
    for (enum drift_end end = REFERENCE; end < ENDS; end++)
        print_row(step, row, end, false);
    if (same_text(step->work->printed))
        return false;
    if (same_canonically(step, row)) {
        note_policy(step, row);
        return false;
    }
    return !is_unseen(step) && !(row->explained && row->explained(step));
}

static int compare_row(struct drift_step *step, const struct drift_row *row, drift_row_filter *filter,
                       bool *ret_differs)
{
    struct drift_work *work = step->work;
    *ret_differs = row_differs(step, row);
    if (!*ret_differs || (filter && !filter(work, step->pair, row->name)))
        return 0;
    for (enum drift_end end = REFERENCE; filter && end < ENDS; end++) { /* it may have compared others in between */
        print_row(step, row, end, false);
        print_row(step, row, end, true);
    }
    unsigned facts = row->facts ? row->facts(step) : 0;
    facts |= work->printed[REFERENCE].length == 0 ? FACT_EXPECTED_ABSENT : 0;
    facts |= work->printed[LIVE].length == 0 ? FACT_ACTUAL_ABSENT : 0;
    facts |= work->features.same_release ? 0 : FACT_PRINTED;
    return add_item(work, step->pair, DRIFT_CHANGED, row->name, facts);
}

/* Names of attributes that no row of the table has: a model that learns one is not passed over in silence. */
static size_t find_extra_rows(const struct drift_step *step, const char *names[static EXTRA_ROWS_MAXIMUM])
{
    size_t count = 0;
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        const struct schema *schema = step->work->sides[end].schema;
        if (!step->table->run || step->pair->constraint[end])
            continue;
        const struct schema_attribute *at = &schema->attributes[step->table->run(schema, step->pair->at[end])];
        for (; at->key != ATTRIBUTE_END && count < EXTRA_ROWS_MAXIMUM; at++) {
            const char *name = drift_attribute_item(step->work, step->pair->kind, (enum attribute_key)at->key);
            size_t i = 0;
            while (name && i < step->table->count && strcmp(step->table->rows[i].name, name) != 0)
                i++;
            size_t j = 0;
            while (name && j < count && strcmp(names[j], name) != 0)
                j++;
            if (name && i == step->table->count && j == count)
                names[count++] = name;
        }
    }
    return count;
}

int drift_compare_pair(struct drift_work *work, const struct drift_pair *pair, drift_row_filter *filter)
{
    struct drift_step step = {.work = work, .pair = pair, .table = drift_table_of(pair->kind)};
    bool differs = false;
    for (size_t i = 0; i < step.table->count; i++) {
        if (compare_row(&step, &step.table->rows[i], filter, &differs))
            return -1;
        step.differing |= differs ? 1u << i : 0;
    }
    const char *names[EXTRA_ROWS_MAXIMUM] = {NULL};
    size_t count = find_extra_rows(&step, names);
    for (size_t i = 0; i < count; i++) {
        struct drift_row row = {.name = names[i]};
        if (compare_row(&step, &row, filter, &differs))
            return -1;
    }
    return 0;
}

int drift_attribute_differs(struct drift_work *work, const struct drift_pair *pair, const char *attribute,
                            bool *ret_differs)
{
    struct drift_step step = {.work = work, .pair = pair, .table = drift_table_of(pair->kind)};
    *ret_differs = false;
    for (size_t i = 0; i < step.table->count; i++) {
        bool differs = row_differs(&step, &step.table->rows[i]);
        if (strcmp(step.table->rows[i].name, attribute) == 0)
            *ret_differs = differs;
        step.differing |= differs ? 1u << i : 0;
    }
    if (!strbuf_ok(&work->printed[REFERENCE]) || !strbuf_ok(&work->printed[LIVE]))
        return error_no_memory(work->reterr);
    return 0;
}

void drift_print_value(struct drift_work *work, const struct drift_pair *pair, enum drift_end end,
                       const char *attribute, struct strbuf *out)
{
    struct drift_step step = {.work = work, .pair = pair, .table = drift_table_of(pair->kind)};
    for (size_t i = 0; i < step.table->count; i++) {
        if (strcmp(step.table->rows[i].name, attribute) != 0)
            continue;
        print_row(&step, &step.table->rows[i], end, true);
        strbuf_add_string(out, strbuf_text(&work->canonical[end]));
        out->failed |= !strbuf_ok(&work->canonical[end]);
    }
}

static unsigned alone_facts(const struct drift_work *work, const struct drift_pair *pair, enum drift_end end)
{
    const struct schema *schema = work->sides[end].schema;
    uint32_t at = pair->at[end];
    if (pair->kind == DRIFT_COLUMN && drift_is_required(&schema->columns[at]))
        return FACT_REQUIRED;
    if (pair->kind == DRIFT_INDEX && (pair->constraint[end] || (schema->indexes[at].flags & INDEX_UNIQUE)))
        return FACT_UNIQUE;
    return 0;
}

int drift_add_alone(struct drift_work *work, const struct drift_pair *pair, enum drift_end end)
{
    enum drift_change change = drift_change_of(end);
    if (!drift_believes(work, pair->kind, change))
        return 0;
    strbuf_clear(&work->printed[REFERENCE]);
    strbuf_clear(&work->printed[LIVE]);
    drift_print_summary(work, pair, end, &work->printed[end]);
    return add_item(work, pair, change, NULL, alone_facts(work, pair, end));
}
