/* SPDX-License-Identifier: Apache-2.0
 *
 * What an engine does for scratch.c. Internal to lib/engine.
 */
#ifndef MIGRATIOND_ENGINE_SCRATCH_ENGINE_H
#define MIGRATIOND_ENGINE_SCRATCH_ENGINE_H

#include "engine/scratch.h"

#define SCRATCH_PREFIX "migrationd_scratch_"

enum {
    SCRATCH_DIGITS = 16,
    SCRATCH_NAME_SIZE = sizeof SCRATCH_PREFIX + SCRATCH_DIGITS,
    SCRATCH_LEFTOVERS = 8, /* dropped at a time: nobody shall wait long for others' remains */
};

/* Time for dropping, whatever happened before. */
#define SCRATCH_CLOSE_MS 10000

/* A leftover is older than this. */
#define SCRATCH_AGE_SECONDS "3600"

struct scratch_engine;

/* The beginning of every engine's own struct. */
struct scratch {
    const struct scratch_engine *engine;
    struct engine_target *target; /* of the scratch database */
    const volatile sig_atomic_t *stop;
    char name[SCRATCH_NAME_SIZE];
};

struct scratch_engine {
    const char *const *names; /* NULL-terminated */

    /* Makes the database; `*ret_scratch` has its target. Fails with nothing left behind. */
    int (*open)(const struct scratch_request *request, const char *name, struct deadline deadline,
                struct scratch **ret_scratch, struct error *reterr);

    /* Runs one statement; NULL where the engine takes scripts apart itself. */
    int (*run)(struct scratch *scratch, const char *sql, struct deadline deadline, struct error *reterr);

    /* Runs a script; NULL where `run` is there. */
    int (*run_script)(struct scratch *scratch, const char *sql, size_t length, const char *name,
                      struct deadline deadline, struct error *reterr);

    /* Drops the database and frees everything. */
    int (*close)(struct scratch *scratch, struct error *reterr);
};

extern const struct scratch_engine postgres_scratch;
extern const struct scratch_engine mysql_scratch;
extern const struct scratch_engine sqlite_scratch;

/* A copy of the address with another database in it. */
int scratch_target_copy(const struct engine_target *server, const char *database, struct engine_target **ret_target,
                        struct error *reterr);

/* Closes what could not be opened, for the reason in `*reterr`: adds what is left behind, if anything; returns -1. */
int scratch_give_up(struct scratch *scratch, struct error *reterr);

/* ERROR_TIMEOUT when the caller was told to stop. */
int scratch_check_stop(const struct scratch *scratch, struct error *reterr);

/* Puts "name:line: " in the place of the address before a server's message, and makes what is wrong with a script
 * ERROR_INVALID; returns -1. */
int scratch_fail_at(const struct scratch *scratch, const char *name, unsigned line, struct error *reterr);

#endif
