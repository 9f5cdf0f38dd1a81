/* SPDX-License-Identifier: Apache-2.0
 *
 * How an application's database file is read without its owner noticing: a VFS of our own (SQLite's word for its
 * operating-system layer), needed because SQLite's default one does not only read. Opening a WAL database read-only
 * there creates -wal and -shm, and whoever still has it open when the application closes makes it leave both behind.
 *
 * This one opens files O_RDONLY, never creates, writes, deletes or truncates anything, and keeps the wal-index in
 * memory of its own, built from the -wal file, where SQLite keeps it in the -shm file. So it works alike whether -shm
 * exists or not (after a crash), in a read-only directory, and for a role that may only read.
 *
 *  - Rollback-journal databases: SQLite's own protocol, a shared lock while a transaction is open. It is taken as an
 *    open-file-description lock, which conflicts with everybody's POSIX locks as it should, but is not lost when
 * another part of this process closes the same file.
 *  - WAL databases: no lock at all. What is read is a consistent state unless, meanwhile, a checkpoint wrote to the
 *    database file or the -wal file was begun anew. Both are seen afterwards in what sqlite_disk_observe tells, and the
 *    look is then ERROR_CHANGED: to be read again.
 *
 * A file belongs to one connection and one thread at a time.
 */
#ifndef MIGRATIOND_ENGINE_SQLITE_SQLITE_DISK_H
#define MIGRATIOND_ENGINE_SQLITE_SQLITE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/error.h"

struct sqlite3;

/* What stat(2) says of one file; zero if there is none. */
struct file_mark {
    uint64_t device;
    uint64_t inode;
    int64_t size;
    int64_t modified_ns;
};

/* The state of a database on disk, as far as it shows from outside. */
struct sqlite_sighting {
    struct file_mark main;
    struct file_mark wal; /* zero if absent or empty: both mean that the database file is all there is */
};

/* Looks at `path` without opening it. Fails with ERROR_NOT_FOUND, ERROR_FORBIDDEN, ERROR_INVALID (no regular file). */
int sqlite_disk_observe(const char *path, struct sqlite_sighting *ret_sighting, struct error *reterr);

bool file_mark_equal(const struct file_mark *a, const struct file_mark *b);
bool file_mark_same_file(const struct file_mark *a, const struct file_mark *b);

/* The first bytes of a -wal file: magic, page size, salts. They change whenever the file is begun anew. */
struct wal_header {
    unsigned char bytes[32];
};

/* All zero if there is none. */
void sqlite_disk_read_wal_header(const char *path, struct wal_header *ret_header);

/* Opens a handle on `path` with this VFS. On failure `reterr` says why: ERROR_NOT_FOUND, ERROR_FORBIDDEN, ERROR_INVALID
 * (no database), ERROR_IO, ERROR_NO_MEMORY. */
int sqlite_disk_open(const char *path, struct deadline deadline, struct sqlite3 **ret_database, struct error *reterr);

/* What the handle's file says of itself. Zero-length files are empty databases. */
struct sqlite_header {
    bool empty;
    bool wal;
    uint32_t change_counter;
};

int sqlite_disk_read_header(struct sqlite3 *database, struct sqlite_header *ret_header, struct error *reterr);

/* Reads of this handle fail when it has passed. */
void sqlite_disk_set_deadline(struct sqlite3 *database, struct deadline deadline);

/* Opens the -wal file anew and makes the next transaction build its wal-index from it. Not inside a transaction. */
void sqlite_disk_refresh_wal(struct sqlite3 *database, const char *path);

#endif
