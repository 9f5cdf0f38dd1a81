/* SPDX-License-Identifier: Apache-2.0
 *
 * May a release that supports several revisions run on what is applied? Pure.
 */
#ifndef MIGRATIOND_JOURNAL_COMPARE_RANGE_H
#define MIGRATIOND_JOURNAL_COMPARE_RANGE_H

#include "journal/tool.h"

/* At least one of them is given. */
struct revision_range {
    const char *from; /* must be applied, and all before it; NULL: nothing must */
    const char *to;   /* nothing newer may be applied; NULL: anything may */
};

/* `request` says all but the revision and its match. The comparison is that of "at least `from`", but that `later`
 * holds what is beyond `to`, which `ceiling` names. Fails only for want of memory. */
int compare_range(const struct tool *tool, const struct compare_request *request, const struct revision_range *range,
                  struct arena *arena, struct comparison *ret_comparison, struct error *reterr);

#endif
