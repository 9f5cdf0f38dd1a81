/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "engine/mysql/mysql_look.h"

/* The server counts statements when they start, and does not count again when they end: an ALTER that copies a table
 * shows the old schema long after its counter moved. So a change is followed by more changes of the token, 1, 2, 4, …
 * 64 seconds later: a statement that takes as long is seen at most that long after it ended. What takes longer is found
 * by the look at every interval. */
enum { ECHOES = 7 };

/* Grants are among them: they change what can be seen. */
static const char statement[] =
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_create_table', 'Com_alter_table', 'Com_drop_table',"
    " 'Com_rename_table', 'Com_create_index', 'Com_drop_index', 'Com_create_view', 'Com_drop_view',"
    " 'Com_create_sequence', 'Com_alter_sequence', 'Com_drop_sequence', 'Com_grant', 'Com_revoke', 'Com_drop_db')";

static int hash_counters(struct mysql_connection *connection, MYSQL_RES *result, struct deadline deadline,
                         uint64_t *ret_hash, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(4096);
    for (;;) {
        MYSQL_ROW row = NULL;
        if (mysql_session_row(connection, result, deadline, &row, reterr))
            return -1;
        if (!row)
            break;
        strbuf_printf(&text, "%s=%s\n", row[0] ? row[0] : "", row[1] ? row[1] : "");
    }
    if (!strbuf_ok(&text))
        return error_no_memory(reterr);
    *ret_hash = hash64(strbuf_text(&text), text.length);
    return 0;
}

static unsigned echoes(const struct mysql_probe_memory *memory)
{
    int64_t seconds = (monotonic_ms() - memory->changed_at_ms) / 1000;
    unsigned count = 0;
    while (memory->changed && count < ECHOES && seconds >= (INT64_C(1) << count))
        count++;
    return count;
}

static void remember(struct mysql_probe_memory *memory, uint64_t counters)
{
    if (memory->known && memory->counters != counters) {
        memory->changed = true;
        memory->changed_at_ms = monotonic_ms();
    }
    memory->known = true;
    memory->counters = counters;
}

int mysql_probe(struct engine_connection *base, struct deadline deadline, struct engine_probe *ret_probe,
                struct error *reterr)
{
    struct mysql_connection *connection = (struct mysql_connection *)base;
    MYSQL_RES *result = NULL;
    uint64_t counters = 0;
    if (mysql_session_select(connection, statement, sizeof(statement) - 1, deadline, &result, reterr))
        return -1;
    int failed = hash_counters(connection, result, deadline, &counters, reterr);
    mysql_session_finish(connection, result, deadline);
    if (failed || mysql_session_check(connection, reterr))
        return -1;
    remember(&connection->probe, counters);
    snprintf(ret_probe->token, sizeof(ret_probe->token), "%" PRId64 "-%016" PRIx64 "-%u", connection->server_started,
             counters, echoes(&connection->probe));
    return 0;
}
