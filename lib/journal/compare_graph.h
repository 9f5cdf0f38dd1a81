/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison for tools whose journal holds only the heads of a graph: what is applied are the heads' ancestors, as
 * far as the graph is known. Pure.
 */
#ifndef MIGRATIOND_JOURNAL_COMPARE_GRAPH_H
#define MIGRATIOND_JOURNAL_COMPARE_GRAPH_H

#include "journal/tool.h"

/* What the tool says and does. */
struct graph_traits {
    const char *apply_one;      /* command when one head is expected */
    const char *release;        /* of a lock that a dead runner left; NULL */
    const char *apply_several;  /* and when several are */
    const char *revert;         /* command that goes back to a revision, which is put behind it; NULL */
    const char *repair_heads;   /* what to do about heads that nothing merges */
    const char *repair_unknown; /* and about heads that cannot be placed */
    const char *remark_later;   /* what the tool does when it meets a head that its files do not have */
    const char *remark_heads;
};

int compare_graph(const struct compare_request *request, const struct graph_traits *traits, struct arena *arena,
                  struct comparison *ret_comparison, struct error *reterr);

#endif
