/* SPDX-License-Identifier: Apache-2.0
 *
 * The newest files that match a path whose last part may be a shell pattern. Nothing is opened but the folder, and no
 * link is followed in the last part. The list belongs to the caller's stack, the names to an arena of the caller's. Any
 * thread.
 */
#ifndef MIGRATIOND_CHECK_BACKUP_FIND_H
#define MIGRATIOND_CHECK_BACKUP_FIND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

/* A file as it was at one moment. Equal identities are the same bytes, as far as a file system tells. */
struct backup_identity {
    dev_t device;
    ino_t inode;
    int64_t size;
    int64_t modified_ns; /* unix time */
};

struct backup_match {
    const char *path; /* in the arena; NULL: there is none */
    struct backup_identity identity;
    char name[NAME_MAX + 1]; /* its last part */
};

/* Younger ones than the one that decides are being written; nobody writes more than these at a time. */
enum { BACKUP_MATCHES = 8 };

struct backup_list {
    struct backup_match files[BACKUP_MATCHES]; /* regular ones, newest first; of equally new ones by path */
    size_t count;
    size_t matched;            /* entries whose name matches, of any kind */
    struct backup_match link;  /* the newest that is a symbolic link */
    struct backup_match other; /* likewise a folder, a pipe or a device */
};

/* ERROR_NOT_FOUND: the folder is not there; ERROR_FORBIDDEN: it may not be read or entered; ERROR_TRUNCATED: it has
 * more than LIMIT_DIRECTORY_ENTRIES entries; ERROR_IO, ERROR_NO_MEMORY. Entries that vanish meanwhile are left out. */
int backup_find(const char *pattern, struct arena *arena, struct backup_list *ret_list, struct error *reterr);

/* Opens one for reading, never following a link or waiting for a pipe's other end. ERROR_CHANGED: it is another one
 * now; ERROR_FORBIDDEN, ERROR_NOT_FOUND, ERROR_IO. */
int backup_open(const struct backup_match *match, int *ret_descriptor, struct error *reterr);

/* Whether what is open, and what stands at the path, still is what was found. */
bool backup_is_same(const struct backup_match *match, int descriptor);

bool backup_identity_equal(const struct backup_identity *a, const struct backup_identity *b);

#endif
