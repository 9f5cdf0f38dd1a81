/* SPDX-License-Identifier: Apache-2.0
 *
 * What a watched database is made of, for the files that implement watched.h and nobody else: watched.c keeps and
 * publishes it, watched_look.c looks. Functions here are called with the lock held.
 */
#ifndef MIGRATIOND_DAEMON_WATCHED_PARTS_H
#define MIGRATIOND_DAEMON_WATCHED_PARTS_H

#include <pthread.h>

#include "daemon/check_news.h"
#include "daemon/check_watch.h"
#include "daemon/expectation_watch.h"
#include "daemon/news.h"
#include "daemon/watched.h"

struct watched {
    unsigned references; /* atomic */
    pthread_mutex_t lock;

    /* Guarded by lock. */
    struct config *config;
    size_t index;
    struct snapshot *snapshot;
    struct engine_connection *handed_over; /* a deep look's, for the journal look that follows it */
    struct schema *schema;                 /* of the newest deep look */
    struct server_facts schema_server;
    int64_t schema_read_at_ms; /* unix time at which that look began */
    struct expectation *expectation;
    struct assessment *assessment;
    struct drift_status *drift; /* NULL: nothing was compared yet */
    struct look_status status;
    struct news news;
    uint64_t generation;        /* of the newest view that a look left */
    bool running;               /* a migration, as the newest journal look saw it */
    uint64_t runs;              /* migrations seen so far */
    bool observed;              /* a journal look has ended well */
    bool stale;                 /* what was told last says that the last good look is too old */
    int64_t deep_at_ms;         /* monotonic time at which the newest deep look began */
    uint64_t journals;          /* stands for the rows of all journals, as they were read last */
    struct check_watch *checks; /* NULL: there are none. Its run is the look at checks's own */
    struct check_board *board;  /* what is shown of them; NULL without */
    struct check_news check_news;

    /* As the watch had them last; written under the lock, read atomically. */
    int64_t checks_due_ms;
    size_t checks_awaited;

    /* The journal look's own. */
    struct engine_connection *connection;
    struct server_facts server;
    int64_t connected_at_ms;
    struct engine_probe probe;
    struct expectation_watch *watches; /* config_journal_count */
    struct complaint journal_complaint;

    /* The deep look's own. */
    struct complaint deep_complaint;
    struct drift_watch *drift_watch;
};

static inline const struct config_database *watched_database(const struct watched *watched)
{
    return &watched->config->databases[watched->index];
}

/* Puts a view together, publishes it, and tells what is new in it. */
int watched_publish(struct watched *watched, struct publication *publication, struct error *reterr);

/* Notes what the watch says of its schedule for watched_checks_due and watched_checks_awaited. */
void watched_note_checks(struct watched *watched);

/* The wall clock; needs no lock. */
int64_t watched_unix_ms(void);

#endif
