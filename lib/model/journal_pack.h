/* SPDX-License-Identifier: Apache-2.0
 *
 * The entries of a long journal in a few bytes each: every text as what differs from the one before it, every number as
 * its distance. A million versions take some 10 MiB instead of 100. Written once, then immutable; read in order, by a
 * cursor, by any number of threads.
 */
#ifndef MIGRATIOND_MODEL_JOURNAL_PACK_H
#define MIGRATIOND_MODEL_JOURNAL_PACK_H

#include "model/journal.h"

/* Shorter journals keep their entries as they are: what is packed must be unpacked to be compared. */
enum { JOURNAL_PACKED_FROM = 16384 };

enum { PACKED_TEXT_BYTES = 4096 }; /* with the NUL; a cursor has room for four */

/* Packs `count` entries into one allocation of `arena`. NULL when memory is out, an entry has a part or a text is too
 * long: they must then be kept as they are. */
struct journal_pack *journal_pack_make(struct arena *arena, const struct journal_entry *entries, size_t count);

/* Reads a journal's entries in order, whichever form they have. Texts are valid until the next step. */
struct journal_cursor {
    const struct journal *journal;
    size_t next;
    const unsigned char *at; /* in the pack */
    struct journal_entry entry;
    int64_t time_ms;                  /* of the last entry that has one */
    char texts[4][PACKED_TEXT_BYTES]; /* of the entry before */
};

void journal_cursor_init(struct journal_cursor *cursor, const struct journal *journal);

/* The next entry, or NULL behind the last one. */
const struct journal_entry *journal_cursor_next(struct journal_cursor *cursor);

/* All entries as an array: the journal's own, or copies in `arena`. False when memory is out. */
bool journal_entries(const struct journal *journal, struct arena *arena, const struct journal_entry **ret_entries);

#endif
