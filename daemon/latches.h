/* SPDX-License-Identifier: Apache-2.0
 *
 * When a gate was last seen to be open to a question by what a database showed. Where the database is away and nothing
 * of it was seen since the start, that is what `on_unknown: last-known` goes by. The newest LIMIT_LATCHES are kept. Any
 * thread.
 */
#ifndef MIGRATIOND_DAEMON_LATCHES_H
#define MIGRATIOND_DAEMON_LATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct latches;

/* Texts are borrowed during a call. */
struct latch {
    const char *gate;
    const char *database; /* one that the gate requires: "orders", "orders#tenant_42" */
    const char *asked;    /* what it was asked to show, all that matters of the question; "": nothing */
};

struct latches *latches_new(void) __attribute__((warn_unused_result));
void latches_free(struct latches *latches);

/* That database was seen to open that gate at that moment (unix time); a later one is not forgotten for it. Without
 * memory nothing is kept: then the gate stays shut where it could have opened. `latches` NULL: nobody remembers. */
void latches_note(struct latches *latches, const struct latch *latch, int64_t at_ms);

/* When it was last seen; false: not that is known. */
bool latches_find(struct latches *latches, const struct latch *latch, int64_t *ret_at_ms);

/* Forgets what was seen of that database, its journals included, before that moment. `latches` NULL: nothing. */
void latches_forget(struct latches *latches, const char *database, int64_t before_ms);

/* That database was seen not to open that gate. */
void latches_drop(struct latches *latches, const struct latch *latch);

DEFINE_CLEANUP(latches, struct latches *, latches_free);

#endif
