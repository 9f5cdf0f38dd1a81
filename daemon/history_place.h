/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the configuration, or the habit of this system, wants the history; opening it; and what a starting daemon wants
 * to know of it. Used by the recorder's thread, and by whoever starts it before.
 */
#ifndef MIGRATIOND_DAEMON_HISTORY_PLACE_H
#define MIGRATIOND_DAEMON_HISTORY_PLACE_H

#include "daemon/config.h"
#include "history/history.h"

enum history_location_kind { HISTORY_NOWHERE, HISTORY_IN_FILE, HISTORY_IN_DATABASE };

struct history_location {
    enum history_location_kind kind;
    char *path;            /* HISTORY_IN_FILE */
    struct config *config; /* HISTORY_IN_DATABASE: its target and password; a reference */
};

/* Chooses, and logs what was chosen. */
int history_location_choose(struct config *config, struct history_location *ret_location, struct error *reterr);
void history_location_done(struct history_location *location);

/* The password is read anew each time. */
int history_location_open(const struct history_location *location, struct deadline deadline,
                          struct history_store **ret_store, struct error *reterr);

/* The database of `url`, with its password as it stands now. */
int history_database_open(const struct config_history *history, bool read_only, struct deadline deadline,
                          struct history_store **ret_store, struct error *reterr);

/* Calls `seed` with the newest states, oldest first, then with the newest admissions. */
int history_location_seed(struct history_store *store, void (*seed)(void *payload, const struct history_record *record),
                          void *payload, struct deadline deadline, struct error *reterr);

/* A time in which nobody watched. */
struct history_gap {
    const char *source; /* who says so */
    int64_t from_ms;    /* unix time */
    int64_t until_ms;
};

/* Appends for each database that its state is unknown in that time. */
int history_location_note_gap(struct history_store *store, const struct config *config, const struct history_gap *gap,
                              struct deadline deadline, struct error *reterr);

#endif
