/* SPDX-License-Identifier: Apache-2.0
 *
 * A proposal of checks for a database, from its schema and a little of its data: what somebody who knows it edits
 * rather than begins. It says what is there, not what should be. One thread; the schema and the world are borrowed, and
 * the schema's texts stay in use as long as the proposal.
 *
 * A table looks like reference data, which must be there before an application works, if
 *  - it is an ordinary table, and no extension made it;
 *  - a foreign key of another table refers to it, and it refers to at most SUGGEST_OUTGOING other tables itself;
 *  - it has at most SUGGEST_COLUMNS columns;
 *  - none of them tells when something happened: none is of a type of dates or times or is called "…_at", but for those
 *    that tell when a row was made, changed or valid ("created_at", "last_update", "valid_until");
 *  - none is about a person ("email", "password");
 *  - it holds at least one row, and at most SUGGEST_ROWS, which is seen without counting further.
 * Tables that are so but for holding no row are named, and not proposed.
 */
#ifndef MIGRATIOND_CHECK_CHECK_SUGGEST_H
#define MIGRATIOND_CHECK_CHECK_SUGGEST_H

#include "check/check.h"
#include "model/schema.h"

enum {
    SUGGEST_OUTGOING = 1,
    SUGGEST_COLUMNS = 8,
    SUGGEST_ROWS = 1000,
    SUGGEST_TABLES = 256, /* that are asked for rows: more are no list that somebody reads */
    SUGGEST_ENUMS = 256,  /* likewise */
    SUGGEST_LABELS = 256, /* of one: code spells no more */
    SUGGEST_FULL_PERMILLE = 800,
    SUGGEST_WHYS = 4,
};

/* A table, a type or an extension that a check names, or might. */
struct suggested_name {
    const char *name;
    const char *note; /* why it is there, or why it is not proposed: a few words; "" */
    bool proposed;    /* false: the check leaves it out */
};

struct suggestion {
    struct check check;             /* as proposed, named after its kind, with the kind's presets */
    const char *whys[SUGGEST_WHYS]; /* full sentences */
    size_t why_count;
    const struct suggested_name *names; /* not_empty, enum_values, extensions: the proposed ones as in `check` */
    size_t name_count;
};

enum { SUGGESTIONS_MAXIMUM = 8 };

struct suggestions {
    struct arena *arena; /* owned */
    struct suggestion items[SUGGESTIONS_MAXIMUM];
    size_t count;
};
void suggestions_done(struct suggestions *suggestions);

/* `world` has a connection, with which tables are asked for rows; what cannot be asked is noted beside the table's
 * name. After a deadline that passed there the connection may only be closed, which `*ret_lost` tells. Fails only for
 * want of memory. */
int check_suggest(const struct schema *schema, const struct check_world *world, struct suggestions *ret_suggestions,
                  bool *ret_lost, struct error *reterr);

DEFINE_CLEANUP_VALUE(suggestions, struct suggestions, suggestions_done);

#endif
