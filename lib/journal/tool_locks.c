/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/tool_locks.h"

#include <string.h>

void tool_lock_written_table(const struct journal_address *address, const struct server_facts *server, char *buffer,
                             size_t size, struct lock_request *ret_request)
{
    (void)buffer;
    (void)size;
    *ret_request = (struct lock_request){.form = LOCK_NONE};
    if (strcmp(server->engine, "postgres") != 0)
        return;
    ret_request->form = LOCK_RELATION;
    ret_request->schema = address->schema;
    ret_request->table = address->table;
}
