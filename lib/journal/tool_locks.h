/* SPDX-License-Identifier: Apache-2.0
 *
 * What a tool's locks slot says: where its running shows. A plan is filled by one thread and then only read; its texts
 * are its own. A failure to add (no room, no memory) is sticky.
 */
#ifndef MIGRATIOND_JOURNAL_TOOL_LOCKS_H
#define MIGRATIOND_JOURNAL_TOOL_LOCKS_H

#include "journal/tool.h"

enum { LOCK_PLAN_MAXIMUM = 4 };

/* A table whose row says that the tool runs: no session backs it, a crash leaves it behind. */
struct lock_row {
    const char *held;          /* a boolean column, true while locked; NULL: that there is a row says it */
    const char *since;         /* a column of times; NULL */
    const char *holder;        /* a column that names the runner; NULL */
    const char *holder_prefix; /* stands before it: "pid "; NULL */
    const char *expires;       /* a column of times after which the lock is free again; NULL: never by itself */
};

struct lock_check {
    struct lock_request request; /* LOCK_NONE: `row` tells */
    const struct lock_row *row;
    const char *schema; /* of the table that holds the row */
    const char *table;
};

struct lock_plan {
    struct arena *arena;
    struct lock_check checks[LOCK_PLAN_MAXIMUM];
    size_t count;
    bool runner_shows; /* the tool never runs without one of these locks (set by the slot) */
    bool failed;
};

/* PostgreSQL's advisory lock of one 64-bit key. */
void lock_plan_advisory(struct lock_plan *plan, int64_t key);

/* GET_LOCK of MySQL and MariaDB. */
void lock_plan_named(struct lock_plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* PostgreSQL: another session holds the table against writers, or wrote to it in a transaction that is not over. */
void lock_plan_relation(struct lock_plan *plan, const char *schema, const char *table);

/* The same for a tool that takes no more than SHARE UPDATE EXCLUSIVE; a VACUUM by hand looks alike. */
void lock_plan_relation_weak(struct lock_plan *plan, const char *schema, const char *table);

/* A lock table in the journal's schema; `row` is static. The format makes the table's name. */
void lock_plan_row(struct lock_plan *plan, const struct lock_row *row, const char *schema, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

bool server_is_postgres(const struct server_facts *server);
bool server_is_mysql(const struct server_facts *server); /* or MariaDB */
bool server_is_sqlite(const struct server_facts *server);

/* CRC-32 as zlib has it, over a text; what several tools make their keys of. */
uint32_t lock_crc32(const char *text);

/* A whole locks slot: on PostgreSQL whoever wrote to the journal in a transaction that is still open is in the midst of
 * a run; nothing shows elsewhere. */
void tool_locks_written_table(const struct journal_address *address, const struct server_facts *server,
                              struct lock_plan *plan);

#endif
