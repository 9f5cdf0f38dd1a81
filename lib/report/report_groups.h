/* SPDX-License-Identifier: Apache-2.0
 *
 * The journals of a database in groups: those of one tool that stand at the same heads in the same state. Worst first,
 * then the largest. Borrows from the report. One thread. Private to lib/report.
 */
#ifndef MIGRATIOND_REPORT_REPORT_GROUPS_H
#define MIGRATIOND_REPORT_REPORT_GROUPS_H

#include "report/report_lists.h"

struct journal_group {
    const struct judged_journal **journals; /* at least one */
    size_t count;
};

struct journal_groups {
    struct arena *arena;
    struct journal_group *items;
    size_t count;
};

/* False when memory is out. */
bool journal_groups_init(struct journal_groups *groups, const struct database_report *database);
void journal_groups_done(struct journal_groups *groups);

DEFINE_CLEANUP_VALUE(journal_groups, struct journal_groups, journal_groups_done);

#endif
