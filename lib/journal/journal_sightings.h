/* SPDX-License-Identifier: Apache-2.0
 *
 * Which tables a journal look has to read: those that the configuration names, those that the schema shows, and those
 * that appeared since under a journal's usual name. One owner, one thread.
 */
#ifndef MIGRATIOND_JOURNAL_JOURNAL_SIGHTINGS_H
#define MIGRATIOND_JOURNAL_JOURNAL_SIGHTINGS_H

#include "journal/journal_look.h"

struct journal_sighting {
    struct journal_address address;
    const struct tool *tool; /* that of the address; where it is configured, with its configuration */
    const char *grant;       /* what would make it readable; NULL */
    bool readable;
    bool certain; /* named in the configuration, or shown by the schema's columns: not a mere name */
};

struct journal_sightings {
    struct arena *arena;
    struct journal_sighting *items;
    size_t count;
    size_t capacity;
    bool schema_due; /* the schema shows other journals than these */
};

/* Asks the server once; inside a look. */
int journal_sightings_read(struct journal_sightings *sightings, struct engine_connection *connection,
                           const struct journal_look *look, struct deadline deadline, struct error *reterr);
void journal_sightings_done(struct journal_sightings *sightings);

DEFINE_CLEANUP_VALUE(journal_sightings, struct journal_sightings, journal_sightings_done);

#endif
