/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison for tools whose journal lists what was applied. A tool is described by its traits; entries and files
 * are matched by keys and ordered by a function over keys. Pure; takes O(n log n) at most.
 */
#ifndef MIGRATIOND_JOURNAL_COMPARE_LIST_H
#define MIGRATIOND_JOURNAL_COMPARE_LIST_H

#include "journal/tool.h"

/* What the tool does with an expected migration that is missing although a later one is applied. */
enum late_migration { LATE_APPLIES, LATE_SKIPS, LATE_REFUSES };

struct list_traits {
    /* Keys: by default `key`, else `revision`, of entries and files; `by_revision`: always `revision`. */
    bool by_revision;
    bool (*entry_key)(const struct journal_entry *entry, struct arena *arena, const char **ret_key);

    /* The key of a revision as people spell it; `*ret_key` NULL: it has no place in the order. Without this slot, the
     * revision itself. False when memory is out. */
    bool (*question_key)(const char *revision, struct arena *arena, const char **ret_key);

    /* Of two keys. NULL: keys have no order of their own; that of the files counts, and an applied migration without a
     * file is later than all that is expected if it was applied after the last one that has a file. */
    int (*order)(const char *a, const char *b);
    enum late_migration late;
    bool (*runs_late)(const struct migration *migration); /* but applies this one all the same; NULL: none */
    const char *const *refused; /* instead of the order, by the number of the expected migration: why the tool will not
                                   apply it; NULL: it will. NULL: the order tells */
    bool unknown_refused;       /* the tool does not run while an older entry has no file */

    /* Why a difference of checksums proves nothing where migration->checksum_uncertain. NULL: placeholders, encodings.
     */
    const char *uncertain;

    /* Commands and sentences; NULL where there is nothing to say. In `repair_…`, "{revision}" is the first revision
     * that is concerned, "{file}" its file, "{previous}" the expected revision before it ("0" before the first). */
    const char *apply;
    const char *revert;  /* goes back to a revision, which is put behind it */
    const char *release; /* of a lock that a dead runner left */
    const char *repair_failed;
    const char *repair_mismatched;
    const char *repair_late;
    const char *repair_unknown;
    const char *remark_late;
    const char *remark_unknown;
    const char *remark_later;
};

int compare_list(const struct compare_request *request, const struct list_traits *traits, struct arena *arena,
                 struct comparison *ret_comparison, struct error *reterr);

/* Orders: of bytes, and of decimal numbers of any length (behind which anything may follow, ordered by bytes). */
int order_bytes(const char *a, const char *b);
int order_numbers(const char *a, const char *b);

#endif
