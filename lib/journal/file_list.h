/* SPDX-License-Identifier: Apache-2.0
 *
 * The files below a directory, bounded in depth and number, and their contents. What adapters read migrations with. One
 * owner, one thread; blocks on the file system only, never on a pipe or device.
 */
#ifndef MIGRATIOND_JOURNAL_FILE_LIST_H
#define MIGRATIOND_JOURNAL_FILE_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/strbuf.h"

struct listed_file {
    const char *path; /* relative to the root, valid UTF-8 */

    /* Only by file_list_read_status. */
    uint64_t size;
    uint64_t inode;
    int64_t modified_ns;
};

struct file_list {
    struct arena *arena; /* of the paths */
    struct listed_file *files;
    size_t count;
    size_t capacity;
};

/* Lists the regular files in `root` and, to that depth (1: only in itself), below it, by path. Links are followed, but
 * no loop; hidden and generated directories are left out. A dangling link is a file without size, so that whoever needs
 * it fails by name. ERROR_IO, ERROR_TRUNCATED, ERROR_INVALID (a name that is not UTF-8), ERROR_NO_MEMORY. */
int file_list_read(struct file_list *list, const char *root, unsigned depth, struct error *reterr);

/* The same with sizes, times and inodes, which cost a question per file. */
int file_list_read_status(struct file_list *list, const char *root, unsigned depth, struct error *reterr);
void file_list_done(struct file_list *list);

/* Read at a time, so that a text of FILE_TEXT_BYTES always has room for what shows that the file is too large. */
enum { FILE_CHUNK_BYTES = 64 * 1024 };
#define FILE_TEXT_BYTES (LIMIT_MIGRATION_BYTES + FILE_CHUNK_BYTES)

/* Appends the content of a regular file of at most LIMIT_MIGRATION_BYTES. Messages name `path`. */
int file_read(const char *root, const char *path, struct strbuf *text, struct error *reterr);

bool file_exists(const char *root, const char *path);
bool directory_exists(const char *root, const char *path);

DEFINE_CLEANUP_VALUE(file_list, struct file_list, file_list_done);

#endif
