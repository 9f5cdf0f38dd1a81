/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/drift_work.h"

/* Columns of views are part of the view, and those of partitions are the partitioned table's. */
static void count_relation(struct drift_work *work, uint32_t at)
{
    const struct schema *schema = work->sides[REFERENCE].schema;
    const struct schema_relation *relation = &schema->relations[at];
    size_t *compared = work->report->compared;
    enum drift_kind kind = drift_relation_kind(relation);
    compared[kind]++;
    if (kind == DRIFT_TABLE)
        compared[DRIFT_COLUMN] += relation->column_count;
    for (uint32_t i = 0; i < relation->constraint_count; i++)
        compared[drift_constraint_kind(&schema->constraints[relation->first_constraint + i])]++;
    compared[DRIFT_INDEX] += relation->index_count;
}

void drift_count_compared(struct drift_work *work)
{
    const struct drift_side *side = &work->sides[REFERENCE];
    for (uint32_t i = 0; i < side->schema->relation_count; i++)
        if (!(side->relation_marks[i] & MARK_LEFT_OUT))
            count_relation(work, i);
    for (uint32_t i = 0; i < side->schema->object_count; i++)
        if (!drift_object_is_left_out(side, i))
            work->report->compared[drift_object_kind(&side->schema->objects[i])]++;
}
