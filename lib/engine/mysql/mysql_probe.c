/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
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

/* What is asked in turn. A pattern costs the server two thirds of a list of names, since what does not match is never
 * computed; one round trip must do, so statements about tables, by far the most frequent, are asked for every second
 * time and the others in the times between. A new connection begins with all of them. Grants change what can be seen.
 */
static const char *const statements[] = {
    "SHOW GLOBAL STATUS LIKE 'Com\\_%table'",  "SHOW GLOBAL STATUS LIKE 'Com\\_%index'",
    "SHOW GLOBAL STATUS LIKE 'Com\\_%view'",   "SHOW GLOBAL STATUS LIKE 'Com\\_%sequence'",
    "SHOW GLOBAL STATUS LIKE 'Com\\_%grant%'", "SHOW GLOBAL STATUS LIKE 'Com\\_%revoke%'",
    "SHOW GLOBAL STATUS LIKE 'Com\\_%p\\_db'",
};
_Static_assert(ARRAY_LENGTH(statements) == MYSQL_PROBE_GROUPS, "each has its memory");

static size_t group_of_turn(uint64_t turn)
{
    return turn % 2 == 0 ? 0 : 1 + (size_t)(turn / 2 % (MYSQL_PROBE_GROUPS - 1));
}

/* SHOW statements are counted, too, and are ours as often as not. */
static bool says_nothing(const char *name)
{
    return strncmp(name, "Com_show", 8) == 0;
}

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
        if (row[0] && !says_nothing(row[0]))
            strbuf_printf(&text, "%s=%s\n", row[0], row[1] ? row[1] : "");
    }
    if (!strbuf_ok(&text))
        return error_no_memory(reterr);
    *ret_hash = hash64(strbuf_text(&text), text.length);
    return 0;
}

static int read_group(struct mysql_connection *connection, size_t group, struct deadline deadline, uint64_t *ret_hash,
                      struct error *reterr)
{
    MYSQL_RES *result = NULL;
    const char *statement = statements[group];
    if (mysql_session_select(connection, statement, strlen(statement), deadline, &result, reterr))
        return -1;
    int failed = hash_counters(connection, result, deadline, ret_hash, reterr);
    mysql_session_finish(connection, result, deadline);
    return failed ? -1 : mysql_session_check(connection, reterr);
}

static unsigned echoes(const struct mysql_probe_memory *memory)
{
    int64_t seconds = (monotonic_ms() - memory->changed_at_ms) / 1000;
    unsigned count = 0;
    while (memory->changed && count < ECHOES && seconds >= (INT64_C(1) << count))
        count++;
    return count;
}

static void remember(struct mysql_probe_memory *memory, size_t group, uint64_t counters)
{
    if (memory->known && memory->counters[group] != counters) {
        memory->changed = true;
        memory->changed_at_ms = monotonic_ms();
    }
    memory->counters[group] = counters;
}

int mysql_probe(struct engine_connection *base, struct deadline deadline, struct engine_probe *ret_probe,
                struct error *reterr)
{
    struct mysql_connection *connection = (struct mysql_connection *)base;
    struct mysql_probe_memory *memory = &connection->probe;
    size_t first = memory->known ? group_of_turn(memory->turn) : 0;
    size_t last = memory->known ? first : MYSQL_PROBE_GROUPS - 1;
    for (size_t group = first; group <= last; group++) {
        uint64_t counters = 0;
        if (read_group(connection, group, deadline, &counters, reterr) < 0)
            return -1;
        remember(memory, group, counters);
    }
    memory->known = true;
    memory->turn++;
    snprintf(ret_probe->token, sizeof(ret_probe->token), "%" PRId64 "-%016" PRIx64 "-%u", connection->server_started,
             hash64(memory->counters, sizeof(memory->counters)), echoes(memory));
    return 0;
}
