/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows on their way to a journal: a growing array of entries whose texts live in the journal's arena. One thread.
 */
#ifndef MIGRATIOND_JOURNAL_JOURNAL_BUILDER_H
#define MIGRATIOND_JOURNAL_JOURNAL_BUILDER_H

#include "base/error.h"
#include "base/strbuf.h"
#include "model/journal.h"

struct tool;

struct journal_builder {
    struct journal *journal; /* owned until journal_builder_finish */
    const struct tool *tool;
    size_t shape;
    struct journal_entry *entries; /* mutable until finished */
    size_t count;
    size_t capacity;
    struct strbuf digested;           /* private: rows that are not in journal->digest yet */
    const struct tool_beside *beside; /* the table that rows come from, once it is the second one */
    bool digest_only;                 /* rows are compared with those of an earlier look, not kept */
};

int journal_builder_init(struct journal_builder *builder, const struct tool *tool, size_t shape,
                         const struct journal_address *address, struct error *reterr);
void journal_builder_done(struct journal_builder *builder);

/* From now on rows are those of the shape's second table. */
void journal_builder_go_beside(struct journal_builder *builder);

/* Feeds one row: digests it and calls the tool's row slot. Has the signature of row_sink.row with the builder as
 * payload. */
int journal_builder_row(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                        struct error *reterr);

/* Appends a zeroed entry (applied_at_ms TIME_UNKNOWN, rank the row's number); NULL with `reterr` when memory or
 * LIMIT_JOURNAL_ROWS is exhausted. Moves the entries. */
struct journal_entry *journal_builder_entry(struct journal_builder *builder, struct error *reterr);

/* Copies a cell into the journal's arena as valid UTF-8 (bad bytes and NUL as \xHH). NULL stays NULL; false when memory
 * is out. */
bool journal_builder_text(struct journal_builder *builder, const char *cell, size_t length, const char **ret_text);

/* Notes that a row cannot be this tool's; the first note stays. The journal is then not believed (JOURNAL_INVALID). */
void journal_builder_invalid(struct journal_builder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For finish slots of logs: drops ENTRY_REVOKES entries together with the entry that each takes back, and of a
 * repeatable all but the newest. Baselines cannot be taken back. Keeps the order. */
int journal_builder_fold(struct journal_builder *builder, struct error *reterr);

/* With `digest_only`, instead of finishing: whether the rows are those of `before`, which has the same shape. */
bool journal_builder_is_same(struct journal_builder *builder, bool truncated, const struct journal *before);

/* Folds and hands the journal over. */
int journal_builder_finish(struct journal_builder *builder, bool truncated, struct journal **ret_journal,
                           struct error *reterr);

/* A cell that holds a decimal integer, with nothing else. */
bool cell_integer(const char *cell, int64_t *ret_integer);

DEFINE_CLEANUP_VALUE(journal_builder, struct journal_builder, journal_builder_done);

#endif
