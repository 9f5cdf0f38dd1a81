/* SPDX-License-Identifier: Apache-2.0
 *
 * Locks that several tools take alike, as lock slots.
 */
#ifndef MIGRATIOND_JOURNAL_TOOL_LOCKS_H
#define MIGRATIOND_JOURNAL_TOOL_LOCKS_H

#include "journal/tool.h"

/* PostgreSQL: whoever wrote to the journal in a transaction that is still open is in the midst of a run. */
void tool_lock_written_table(const struct journal_address *address, const struct server_facts *server, char *buffer,
                             size_t size, struct lock_request *ret_request);

#endif
