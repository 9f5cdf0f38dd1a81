/* SPDX-License-Identifier: Apache-2.0
 *
 * What is kept of a backup's files from run to run: since when each looks as it does, what is known of the whole ones,
 * and how far the one is read that is being read. Belongs to a check; one thread at a time.
 */
#ifndef MIGRATIOND_CHECK_BACKUP_MEMORY_H
#define MIGRATIOND_CHECK_BACKUP_MEMORY_H

#include "check/backup_find.h"
#include "check/backup_format.h"
#include "check/check.h"

struct backup_sight {
    struct backup_identity identity;
    int64_t since_ms; /* monotonic time at which it was first seen so */
    bool grew;        /* it was seen otherwise before that */
    enum backup_verdict verdict;
    char detail[sizeof((struct backup_walk *)NULL)->detail];
};

struct backup_memory {
    struct check_memory memory;
    struct backup_sight sights[BACKUP_MATCHES]; /* of the files of the newest list, in its order */
    size_t count;
    struct backup_walk *walk; /* owned; NULL while no file is being read */
    struct backup_identity walked;
};

/* The check's memory, made at its first run. NULL when memory is out. */
struct backup_memory *backup_memory_get(struct check_memory **memory);

/* Takes over what was found now: what is no longer there, or is no longer the same, is forgotten. */
void backup_memory_see(struct backup_memory *memory, const struct backup_list *list);

/* Reads on in the file that `sight` is of, and keeps the verdict once it is known. As backup_walk_on. */
int backup_memory_read(struct backup_memory *memory, struct backup_sight *sight, const struct backup_file *file,
                       struct deadline deadline, struct error *reterr);

/* The file is not what it was taken for: all that is known of it is forgotten. */
void backup_memory_forget(struct backup_memory *memory, struct backup_sight *sight);

#endif
