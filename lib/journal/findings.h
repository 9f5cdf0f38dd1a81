/* SPDX-License-Identifier: Apache-2.0
 *
 * Growing lists of findings in the arena of whoever compares. Memory is the only failure; it is sticky.
 */
#ifndef MIGRATIOND_JOURNAL_FINDINGS_H
#define MIGRATIOND_JOURNAL_FINDINGS_H

#include <stdbool.h>

#include "base/arena.h"
#include "model/comparison.h"
#include "model/journal.h"
#include "model/migration_set.h"

/* Grows by doubling; what it outgrows stays in the arena, at most as much again. */
struct findings {
    struct arena *arena;
    bool copies; /* what is said of entries outlives them: their texts are copied */
    struct finding *items;
    size_t count;
    size_t capacity;
    bool failed;
};

/* Either may be NULL, not both: with a migration its name stands for the entry's, which may be a mere number. */
void findings_add(struct findings *findings, const struct journal_entry *entry, const struct migration *migration,
                  const char *detail);

/* A revision of which nothing else is known. */
void findings_add_revision(struct findings *findings, const char *revision);

/* Whether there are any, and none has a file: what the tool does with entries that it does not know is then of
 * interest. */
bool findings_lack_files(struct finding_list list);

/* The command with the applied revision behind it, where something later is to be taken back; NULL if there is nothing
 * to say. False when memory is out. */
bool findings_advise_revert(const struct comparison *comparison, const char *command, struct arena *arena,
                            const char **ret_advice);

struct finding_list findings_list(const struct findings *findings);

#endif
