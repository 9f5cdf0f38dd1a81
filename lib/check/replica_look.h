/* SPDX-License-Identifier: Apache-2.0
 *
 * How far replicas are behind, without trusting anybody's clock or word: what the primary had at one moment is either
 * there or not. So a replica that is paused, broken or follows somebody else never looks caught up, and one whose
 * primary is idle never looks late. As check.h; texts stand in the result's arena.
 */
#ifndef MIGRATIOND_CHECK_REPLICA_LOOK_H
#define MIGRATIOND_CHECK_REPLICA_LOOK_H

#include "check/check.h"

enum replica_stand {
    REPLICA_BEHIND,    /* it lacks something that the primary had; how late it is shows with time */
    REPLICA_CAUGHT_UP, /* it has all that the primary had */
    REPLICA_ASTRAY,    /* it does not follow: paused, stopped, no replica of that server */
    REPLICA_UNTOLD,
};

struct replica {
    const char *name;
    const struct check_peer *peer;        /* NULL: it is known by what the primary says of it */
    struct engine_connection *connection; /* owned; NULL */
    int64_t pid;                          /* of the primary's process that serves it */
    enum replica_stand stand;
    int64_t at_most_ms;   /* it is behind, by the newest transaction that it has; -1: not known */
    const char *position; /* PostgreSQL: how far it is; NULL */
    enum error_code error;
    const char *why;  /* of the last two */
    const char *next; /* what helps */
};

/* Where the primary was at one moment. */
struct replica_mark {
    const char *position;
    const char *server; /* what tells servers, and on PostgreSQL clusters, apart */
    int64_t clock_ms;   /* the primary's, unix time */
    int64_t before_ms;  /* monotonic time before and after it was asked */
    int64_t after_ms;
    bool follows; /* it is a replica itself: others may be ahead of it */
};

/* Asks the primary. ERROR_UNSUPPORTED: it keeps no positions that could be compared. */
int replica_mark_read(struct check_run *run, struct replica_mark *ret_mark, struct error *reterr);

/* Connects to a configured replica, if that was not yet done, and looks. Fails for want of memory alone. */
int replica_look(struct check_run *run, const struct replica_mark *mark, struct deadline deadline,
                 struct replica *replica, struct error *reterr);

/* A replica that has what its primary has not follows another one: makes it astray. */
int replica_look_ahead(struct check_run *run, const struct replica_mark *mark, struct replica *replica,
                       struct error *reterr);

/* Fills in what PostgreSQL's primary says of those who are connected; `*count` are known already, and there is room for
 * `limit`. ERROR_FORBIDDEN: the role is not shown how far they are. */
int replica_look_connected(struct check_run *run, const struct replica_mark *mark, struct replica *replicas,
                           size_t *count, size_t limit, struct error *reterr);

#endif
