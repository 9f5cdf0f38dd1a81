/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/compare_range.h"

/* Without a floor nothing is missing, whatever the tool would say of `to` itself. */
static void drop_floor(struct comparison *comparison)
{
    comparison->expected_revision = NULL;
    comparison->expected_count = 0;
    comparison->pending = (struct finding_list){0};
    comparison->out_of_order = (struct finding_list){0};
    comparison->unknown_refused = false;
    comparison->target_applied = true;
}

int compare_range(const struct tool *tool, const struct compare_request *request, const struct revision_range *range,
                  struct arena *arena, struct comparison *ret_comparison, struct error *reterr)
{
    struct compare_request least = *request;
    struct comparison limit = {0};
    least.match = MATCH_AT_LEAST;
    least.revision = range->from;
    if (range->from && tool_compare(tool, &least, arena, ret_comparison, reterr) < 0)
        return -1;
    if (!range->to)
        return 0;
    struct compare_request most = least;
    most.revision = range->to;
    most.ceiling = true;
    most.floor = range->from;
    if (tool_compare(tool, &most, arena, &limit, reterr) < 0)
        return -1;
    if (!range->from) {
        *ret_comparison = limit;
        drop_floor(ret_comparison);
    }
    ret_comparison->ceiling = range->to;
    ret_comparison->later = limit.later;
    ret_comparison->next_revert = limit.next_revert;
    /* What is missing is known to be missing, wherever the rest stands. */
    if (limit.order_unknown && ret_comparison->pending.count == 0) {
        ret_comparison->order_unknown = true;
        ret_comparison->unknown = limit.unknown;
        ret_comparison->remark = limit.remark;
    }
    return 0;
}
