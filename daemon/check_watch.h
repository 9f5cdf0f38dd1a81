/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of one database as the daemon runs them: which is due, what each found last. The watch belongs to the
 * thread that runs a check, one at a time per database; what it publishes is a board: immutable, reference-counted,
 * readable by any thread.
 */
#ifndef MIGRATIOND_DAEMON_CHECK_WATCH_H
#define MIGRATIOND_DAEMON_CHECK_WATCH_H

#include "daemon/config.h"
#include "model/check.h"

/* What is known of one check. */
struct check_status {
    struct check_result *result;  /* of the newest run; one reference; NULL: none has ended */
    struct check_result *decided; /* of the newest run that passed or failed; one reference; NULL */
    int64_t begun_at_ms;          /* monotonic time of the newest run */
    int64_t decided_at_ms;        /* of that other one */
    int64_t taken_at_ms;          /* unix time of the newest run */
    int64_t since_ms;             /* unix time since which it is in the state of that run; TIME_UNKNOWN */
    int64_t took_ms;
    bool overtaken; /* a migration ran since the newest run began, and the check is about what migrations change */
};

struct check_board {
    unsigned references;                    /* atomic */
    struct config *config;                  /* one reference */
    const struct config_database *database; /* in `config` */
    struct check_status *checks;            /* by index of the check in the database */
    size_t count;
    bool running; /* a migration, as the newest journal look saw it */
};

struct check_board *check_board_ref(struct check_board *board);
void check_board_unref(struct check_board *board);

DEFINE_CLEANUP(check_board, struct check_board *, check_board_unref);

#endif
