/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "drift/drift_items.h"

enum drift_kind drift_relation_kind(const struct schema_relation *relation)
{
    switch ((enum relation_kind)relation->kind) {
    case RELATION_PARTITION:
        return DRIFT_PARTITION;
    case RELATION_VIEW:
        return DRIFT_VIEW;
    case RELATION_MATERIALIZED_VIEW:
        return DRIFT_MATERIALIZED_VIEW;
    default:
        return DRIFT_TABLE;
    }
}

/* What sorting needs; qsort_r passes no pointer to const. */
struct column_order {
    const struct drift_side *side;
};

static int compare_names(const void *left, const void *right, void *userdata)
{
    const struct drift_side *side = ((const struct column_order *)userdata)->side;
    const char *names[2] = {NULL};
    const uint32_t at[2] = {*(const uint32_t *)left, *(const uint32_t *)right};
    for (size_t i = 0; i < 2; i++)
        names[i] = schema_text(side->schema, side->schema->columns[at[i]].name);
    return side->fold_columns ? strcasecmp(names[0], names[1]) : strcmp(names[0], names[1]);
}

static uint32_t *sort_columns(const struct drift_side *side, const struct schema_relation *relation)
{
    uint32_t *order = mem_calloc(relation->column_count, sizeof *order);
    for (uint32_t i = 0; order && i < relation->column_count; i++)
        order[i] = relation->first_column + i;
    struct column_order by = {.side = side};
    if (order)
        qsort_r(order, relation->column_count, sizeof *order, compare_names, &by);
    return order;
}

static const char *column_name(const struct drift_side *side, uint32_t column)
{
    return schema_text(side->schema, side->schema->columns[column].name);
}

static void pair_columns(struct drift_work *work, uint32_t reference, uint32_t live)
{
    uint32_t at[ENDS] = {reference, live};
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        work->sides[end].column_partners[at[end]] = at[end == REFERENCE ? LIVE : REFERENCE];
        work->sides[end].column_marks[at[end]] = 0;
    }
}

/* Most tables that differ have the same columns in the same order. */
static bool pair_by_position(struct drift_work *work, const struct schema_relation *const relations[static ENDS])
{
    if (relations[REFERENCE]->column_count != relations[LIVE]->column_count)
        return false;
    uint32_t count = relations[LIVE]->column_count;
    for (uint32_t i = 0; i < count; i++)
        if (!drift_same_name(work, column_name(&work->sides[REFERENCE], relations[REFERENCE]->first_column + i),
                             column_name(&work->sides[LIVE], relations[LIVE]->first_column + i)))
            return false;
    for (uint32_t i = 0; i < count; i++)
        pair_columns(work, relations[REFERENCE]->first_column + i, relations[LIVE]->first_column + i);
    return true;
}

static int pair_by_name(struct drift_work *work, const struct schema_relation *const relations[static ENDS])
{
    struct drift_side *sides = work->sides;
    cleanup(free) uint32_t *reference = sort_columns(&sides[REFERENCE], relations[REFERENCE]);
    cleanup(free) uint32_t *live = sort_columns(&sides[LIVE], relations[LIVE]);
    if (!reference || !live)
        return error_no_memory(work->reterr);
    uint32_t counts[ENDS] = {relations[REFERENCE]->column_count, relations[LIVE]->column_count};
    for (uint32_t i = 0, j = 0; i < counts[REFERENCE] && j < counts[LIVE];) {
        const char *names[ENDS] = {column_name(&sides[REFERENCE], reference[i]), column_name(&sides[LIVE], live[j])};
        int order = sides[LIVE].fold_columns ? strcasecmp(names[REFERENCE], names[LIVE])
                                             : strcmp(names[REFERENCE], names[LIVE]);
        if (order == 0)
            pair_columns(work, reference[i++], live[j++]);
        else if (order < 0)
            i++;
        else
            j++;
    }
    return 0;
}

/* Marks every column alone, then pairs what has a namesake. */
static int mark_pair(struct drift_work *work, uint32_t reference, uint32_t live)
{
    uint32_t at[ENDS] = {reference, live};
    const struct schema_relation *relations[ENDS] = {&work->sides[REFERENCE].schema->relations[reference],
                                                     &work->sides[LIVE].schema->relations[live]};
    for (enum drift_end end = REFERENCE; end < ENDS; end++)
        memset(work->sides[end].column_marks + relations[end]->first_column, MARK_ALONE, relations[end]->column_count);
    if (!pair_by_position(work, relations) && pair_by_name(work, relations))
        return -1;
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        const struct drift_side *side = &work->sides[end];
        for (uint32_t i = 0; i < relations[end]->column_count; i++)
            side->alone_columns[at[end]] += side->column_marks[relations[end]->first_column + i] != 0;
    }
    return 0;
}

/* The relation of the live side to hold against one of the reference; DRIFT_ALONE if there is none, or no need. */
static uint32_t partner_to_compare(const struct drift_work *work, uint32_t reference)
{
    const struct drift_side *sides = work->sides;
    uint32_t live = sides[REFERENCE].relation_partners[reference];
    if (live == DRIFT_ALONE || (sides[REFERENCE].relation_marks[reference] & MARK_LEFT_OUT) ||
        (sides[LIVE].relation_marks[live] & MARK_LEFT_OUT) ||
        (digest_equal(sides[REFERENCE].schema->relations[reference].digest,
                      sides[LIVE].schema->relations[live].digest) &&
         !drift_policy_deviates(work, POLICY_COLUMN_ORDER)))
        return DRIFT_ALONE;
    return live;
}

int drift_mark_columns(struct drift_work *work)
{
    const struct schema *reference = work->sides[REFERENCE].schema;
    for (uint32_t i = 0; i < reference->relation_count; i++) {
        uint32_t live = partner_to_compare(work, i);
        if (live != DRIFT_ALONE && relation_is_table(&reference->relations[i]) && mark_pair(work, i, live))
            return -1;
    }
    return 0;
}

static bool has_parent(const struct drift_side *side, uint32_t relation, uint32_t parent)
{
    size_t cursor = 0;
    uint32_t found = drift_next_parent(side, relation, &cursor);
    while (found != DRIFT_ALONE && found != parent)
        found = drift_next_parent(side, relation, &cursor);
    return found != DRIFT_ALONE;
}

/* The parents that a pair of relations has on both sides, one at a time. */
static uint32_t next_common_parent(const struct drift_work *work, const uint32_t relation[static ENDS], size_t *cursor)
{
    const struct drift_side *side = &work->sides[REFERENCE];
    uint32_t parent = drift_next_parent(side, relation[REFERENCE], cursor);
    while (parent != DRIFT_ALONE && (side->relation_partners[parent] == DRIFT_ALONE ||
                                     !has_parent(&work->sides[LIVE], relation[LIVE], side->relation_partners[parent])))
        parent = drift_next_parent(side, relation[REFERENCE], cursor);
    return parent;
}

/* Whether an attribute has the same value in two columns of one side. */
static bool same_value(struct drift_work *work, enum drift_end end, uint32_t a, uint32_t b, const char *attribute)
{
    cleanup(strbuf) struct strbuf left = STRBUF(LIMIT_DRIFT_TEXT);
    cleanup(strbuf) struct strbuf right = STRBUF(LIMIT_DRIFT_TEXT);
    struct drift_pair pair = drift_pair_of(DRIFT_COLUMN, a, a);
    drift_print_value(work, &pair, end, attribute, &left);
    pair.at[end] = b;
    drift_print_value(work, &pair, end, attribute, &right);
    return strbuf_ok(&left) && strbuf_ok(&right) && strcmp(strbuf_text(&left), strbuf_text(&right)) == 0;
}

/* An attribute that an inherited column has from its parent, on both sides, is the parent's item. */
static bool is_not_inherited(struct drift_work *work, const struct drift_pair *pair, const char *attribute)
{
    const struct schema *reference = work->sides[REFERENCE].schema;
    const char *name = schema_text(reference, reference->columns[pair->at[REFERENCE]].name);
    size_t cursor = 0;
    for (uint32_t parent = next_common_parent(work, pair->relation, &cursor); parent != DRIFT_ALONE;
         parent = next_common_parent(work, pair->relation, &cursor)) {
        const struct schema_column *column = schema_find_column(reference, &reference->relations[parent], name);
        uint32_t at = column ? (uint32_t)(column - reference->columns) : DRIFT_ALONE;
        uint32_t partner = column ? work->sides[REFERENCE].column_partners[at] : DRIFT_ALONE;
        if (partner != DRIFT_ALONE && same_value(work, REFERENCE, pair->at[REFERENCE], at, attribute) &&
            same_value(work, LIVE, pair->at[LIVE], partner, attribute))
            return false;
    }
    return true;
}

/* Whether a parent of the same side has the column alone, too. */
static bool is_inherited(const struct drift_side *side, uint32_t relation, uint32_t column)
{
    const struct schema *schema = side->schema;
    size_t cursor = 0;
    for (uint32_t parent = drift_next_parent(side, relation, &cursor); parent != DRIFT_ALONE;
         parent = drift_next_parent(side, relation, &cursor)) {
        const struct schema_column *found =
            schema_find_column(schema, &schema->relations[parent], column_name(side, column));
        if (found && (side->column_marks[found - schema->columns] & MARK_ALONE))
            return true;
    }
    return false;
}

/* Equal byte by byte, so that nothing need be printed. */
static bool columns_are_same(const struct drift_work *work, uint32_t reference, uint32_t live)
{
    const struct schema *schemas[ENDS] = {work->sides[REFERENCE].schema, work->sides[LIVE].schema};
    const struct schema_column *a = &schemas[REFERENCE]->columns[reference];
    const struct schema_column *b = &schemas[LIVE]->columns[live];
    const uint32_t texts[][ENDS] = {{a->name, b->name},
                                    {a->type, b->type},
                                    {a->default_expression, b->default_expression},
                                    {a->generated, b->generated}};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        if (strcmp(schema_text(schemas[REFERENCE], texts[i][REFERENCE]), schema_text(schemas[LIVE], texts[i][LIVE])) !=
            0)
            return false;
    return a->flags == b->flags && drift_same_run(schemas, a->attributes, b->attributes);
}

bool drift_same_run(const struct schema *const schemas[static ENDS], uint32_t reference, uint32_t live)
{
    const struct schema_attribute *a = &schemas[REFERENCE]->attributes[reference];
    const struct schema_attribute *b = &schemas[LIVE]->attributes[live];
    for (; a->key == b->key && a->key != ATTRIBUTE_END; a++, b++)
        if (strcmp(schema_text(schemas[REFERENCE], a->text), schema_text(schemas[LIVE], b->text)) != 0)
            return false;
    return a->key == b->key;
}

static int compare_columns_of(struct drift_work *work, const uint32_t relations[static ENDS])
{
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        const struct drift_side *side = &work->sides[end];
        const struct schema_relation *relation = &side->schema->relations[relations[end]];
        for (uint32_t i = 0; i < relation->column_count; i++) {
            uint32_t at = relation->first_column + i;
            uint32_t partner = side->column_partners[at];
            bool alone = side->column_marks[at] & MARK_ALONE;
            struct drift_pair pair = drift_pair_of(DRIFT_COLUMN, end == REFERENCE ? at : DRIFT_ALONE,
                                                   end == LIVE ? at
                                                   : alone     ? DRIFT_ALONE
                                                               : partner);
            pair.relation[REFERENCE] = relations[REFERENCE];
            pair.relation[LIVE] = relations[LIVE];
            if (alone && drift_is_generated_key(side, at))
                work->report->left_out++;
            else if (alone && !is_inherited(side, relations[end], at) && drift_add_alone(work, &pair, end))
                return -1;
            else if (!alone && end == REFERENCE && !columns_are_same(work, at, partner) &&
                     drift_compare_pair(work, &pair, is_not_inherited))
                return -1;
        }
    }
    return 0;
}

static int compare_relation(struct drift_work *work, uint32_t reference, uint32_t live)
{
    const struct schema_relation *relation = &work->sides[REFERENCE].schema->relations[reference];
    const struct schema_relation *actual = &work->sides[LIVE].schema->relations[live];
    /* A partition that was attached or detached is a table that has changed. */
    enum drift_kind kind = relation->kind == actual->kind ? drift_relation_kind(relation)
                           : relation_is_table(relation)  ? DRIFT_TABLE
                                                          : drift_relation_kind(relation);
    struct drift_pair pair = drift_pair_of(kind, reference, live);
    pair.relation[REFERENCE] = reference;
    pair.relation[LIVE] = live;
    if (drift_compare_pair(work, &pair, NULL))
        return -1;
    if (relation_is_table(relation) && compare_columns_of(work, pair.at))
        return -1;
    return drift_compare_keys(work, reference, live);
}

static int add_alone_relation(struct drift_work *work, enum drift_end end, uint32_t at)
{
    struct drift_side *side = &work->sides[end];
    enum drift_kind kind = drift_relation_kind(&side->schema->relations[at]);
    if (drift_relation_hangs(side, at)) {
        side->relation_marks[at] |= MARK_SWALLOWED;
        return 0;
    }
    if (kind == DRIFT_PARTITION && !drift_policy_deviates(work, POLICY_PARTITIONS)) {
        work->report->left_out++;
        return 0;
    }
    struct drift_pair pair = drift_pair_of(kind, DRIFT_ALONE, DRIFT_ALONE);
    pair.at[end] = at;
    pair.relation[end] = at;
    return drift_add_alone(work, &pair, end);
}

static int compare_some(struct drift_work *work, bool tables)
{
    const struct schema *reference = work->sides[REFERENCE].schema;
    for (uint32_t i = 0; i < reference->relation_count; i++) {
        if (relation_is_table(&reference->relations[i]) != tables)
            continue;
        uint32_t live = partner_to_compare(work, i);
        if (live != DRIFT_ALONE && compare_relation(work, i, live))
            return -1;
    }
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        const struct drift_side *side = &work->sides[end];
        for (uint32_t i = 0; i < side->schema->relation_count; i++)
            if (relation_is_table(&side->schema->relations[i]) == tables &&
                (side->relation_marks[i] & (MARK_ALONE | MARK_LEFT_OUT)) == MARK_ALONE &&
                add_alone_relation(work, end, i))
                return -1;
    }
    return 0;
}

/* Tables first: what changed there explains what changed in the views over them. */
int drift_compare_relations(struct drift_work *work)
{
    if (compare_some(work, true))
        return -1;
    return compare_some(work, false);
}
