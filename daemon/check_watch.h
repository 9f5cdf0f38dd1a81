/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of one database as the daemon runs them: which is due, what each found last. A watch is guarded by the
 * lock of the database that it belongs to, but for check_watch_run and check_watch_rest, which are for the one thread
 * that runs a check and need none. What it publishes is a board: immutable, reference-counted, readable by any thread.
 *
 * A check that asks the database is not due before a journal look has ended, nor while a migration runs; one that is
 * due while the database is out of sight is unknown without being asked, and asked as soon as it is seen again. What
 * migrations change is due at once when one has run.
 */
#ifndef MIGRATIOND_DAEMON_CHECK_WATCH_H
#define MIGRATIOND_DAEMON_CHECK_WATCH_H

#include "daemon/config.h"
#include "model/check.h"

/* What is known of one check. */
struct check_status {
    struct check_result *result;  /* of the newest run; one reference; NULL: none has ended */
    struct check_result *decided; /* of the newest run that passed or failed; one reference; NULL: none, or it passed
                                     and a migration has run since */
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

struct check_watch;

/* Of a database that has checks, none of which has run; NULL when memory is out. */
struct check_watch *check_watch_new(const struct config_database *database) __attribute__((warn_unused_result));
void check_watch_free(struct check_watch *watch);

/* How the database stands, as far as it matters to checks. */
struct check_sight {
    bool observed;      /* a journal look has ended well */
    bool running;       /* a migration, as the newest one saw it */
    uint64_t runs;      /* migrations that were seen running so far */
    uint64_t journals;  /* stands for all rows of all journals, as far as they could be read */
    struct error error; /* of the newest look; ERROR_OK */
};

/* After every look. */
void check_watch_follow(struct check_watch *watch, const struct check_sight *sight);

/* Somebody wants to know now: all checks that can be run are due at once. */
void check_watch_refresh(struct check_watch *watch);

/* How many of those have not ended since, nor become ones that cannot be run. */
size_t check_watch_awaited(const struct check_watch *watch);

/* Monotonic time at which a check is due, or was; INT64_MAX: not before something happens. */
int64_t check_watch_due(const struct check_watch *watch);

/* One run of one check. */
struct check_turn {
    size_t check; /* its index */
    int64_t begun_at_ms;
    int64_t taken_at_ms;
    int64_t took_ms;
    uint64_t runs;     /* as the sight was when it began */
    uint64_t journals; /* the same */
    struct error unseen;
    bool unreached;              /* the database could not be asked */
    struct check_result *result; /* one reference; NULL: memory was out */
};

/* Chooses the check that has been due for longest; false when none is. */
bool check_watch_begin(struct check_watch *watch, int64_t monotonic_now_ms, int64_t unix_now_ms,
                       struct check_turn *ret_turn);

/* Runs it, within its own deadline, on the connection that the run before has left, or on a new one. `database` is in
 * `config`. */
void check_watch_run(struct check_watch *watch, struct config *config, const struct config_database *database,
                     struct check_turn *turn);

/* Books the result, which it takes over. Returns whether another check is due at once that can use the connection. */
bool check_watch_end(struct check_watch *watch, struct check_turn *turn, int64_t monotonic_now_ms);

/* Closes the connection, if one was left open; never blocks. */
void check_watch_rest(struct check_watch *watch);

/* What is known now, for the database in `config` that the watch is of: `previous`, referenced once more, where nothing
 * has changed since it was made. NULL when memory is out. */
struct check_board *check_watch_board(struct check_watch *watch, struct config *config,
                                      const struct config_database *database, struct check_board *previous)
    __attribute__((warn_unused_result));

DEFINE_CLEANUP(check_board, struct check_board *, check_board_unref);
DEFINE_CLEANUP(check_watch, struct check_watch *, check_watch_free);

#endif
