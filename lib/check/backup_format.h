/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a file of a backup is whole, as far as its own format tells. A walk leads through a file once, from wherever
 * the last step ended: a large file is read in many short turns, and its descriptor may be another one in each. Files
 * are hostile: every length in them is checked against the file's end before it is believed, and a step has a bound.
 *
 * A walk belongs to whoever made it, one thread at a time.
 */
#ifndef MIGRATIOND_CHECK_BACKUP_FORMAT_H
#define MIGRATIOND_CHECK_BACKUP_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/error.h"

/* A file that is open for reading, and the size that it had when the walk began. */
struct backup_file {
    int descriptor;
    int64_t size;
};

/* Exactly `length` bytes at `offset`, which must lie within the size. ERROR_CHANGED: the file ends earlier now;
 * ERROR_IO. */
int backup_file_read(const struct backup_file *file, int64_t offset, void *buffer, size_t length, struct error *reterr);

enum backup_verdict {
    BACKUP_READING,  /* not yet known */
    BACKUP_COMPLETE, /* the format says that nothing is missing */
    BACKUP_UNMARKED, /* the format does not tell, or is not known here */
    BACKUP_CUT,      /* the file ends before the format does */
    BACKUP_CORRUPT   /* it holds what the format forbids */
};

struct backup_format;

/* The beginning of every format's own state. */
struct backup_walk {
    const struct backup_format *format;
    int64_t at; /* how far the file was read */
    enum backup_verdict verdict;
    char detail[160]; /* BACKUP_CUT, BACKUP_CORRUPT: what is wrong, as part of a sentence */
};

/* What a format looks at to tell whether a file is one of its own. */
enum { BACKUP_HEAD_BYTES = 4096, BACKUP_STEP_BYTES = 1024 * 1024 };

struct backup_format {
    const char *name;  /* for people: "gzip" */
    size_t state_size; /* of its walk */
    bool (*begins)(const unsigned char *head, size_t length);

    /* One turn: reads about BACKUP_STEP_BYTES at most, and moves `at`, or decides. */
    int (*step)(struct backup_walk *walk, const struct backup_file *file, struct error *reterr);

    void (*done)(struct backup_walk *walk); /* NULL: nothing to free but the walk */
};

extern const struct backup_format backup_bzip2;
extern const struct backup_format backup_gzip;
extern const struct backup_format backup_lz4;
extern const struct backup_format backup_pgdump;
extern const struct backup_format backup_sqlite;
extern const struct backup_format backup_tar;
extern const struct backup_format backup_text;
extern const struct backup_format backup_xz;
extern const struct backup_format backup_zstd;

/* Tells the format by the file's first bytes; files of unknown formats get a walk that ends at once, unmarked. */
int backup_walk_new(const struct backup_file *file, struct backup_walk **ret_walk, struct error *reterr);
void backup_walk_free(struct backup_walk *walk);

/* Steps until the verdict is there or the deadline has passed, at least once. What was read is dropped from the page
 * cache, where nobody else wants it. */
int backup_walk_on(struct backup_walk *walk, const struct backup_file *file, struct deadline deadline,
                   struct error *reterr);

/* How much of the file was read, 0 to 99. */
unsigned backup_walk_percent(const struct backup_walk *walk, const struct backup_file *file);

/* For formats: decides that nothing is wrong. Returns 0. */
int backup_walk_settle(struct backup_walk *walk, enum backup_verdict verdict);

/* For formats that pack: all is there, and it is something. `pg_dump | gzip` ends well when pg_dump did not begin, and
 * leaves what unpacks to nothing: BACKUP_CUT. Returns 0. */
int backup_walk_end_packed(struct backup_walk *walk, bool filled);

/* For formats: decides, and says what is wrong. Returns 0. */
int backup_walk_end(struct backup_walk *walk, enum backup_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* For formats: `length` bytes at `walk->at`, which is moved past them. Where the file ends before, the walk ends as
 * BACKUP_CUT, in the middle of `what`, and `*ret_there` is false. */
int backup_walk_take(struct backup_walk *walk, const struct backup_file *file, void *buffer, size_t length,
                     const char *what, bool *ret_there, struct error *reterr);

/* For formats: moves `walk->at` past `length` bytes, or ends the walk likewise. */
void backup_walk_skip(struct backup_walk *walk, const struct backup_file *file, int64_t length, const char *what);

/* Little-endian numbers of up to eight bytes. */
uint64_t backup_number(const unsigned char *bytes, size_t count);

DEFINE_CLEANUP(backup_walk, struct backup_walk *, backup_walk_free);

#endif
