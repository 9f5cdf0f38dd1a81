/* SPDX-License-Identifier: Apache-2.0
 *
 * What one run of a check found: immutable once made, reference-counted, readable by any thread. A check asks whether
 * something that must be true of a database is true (lib/check). Nothing counts as passed that was not seen to be: what
 * could not be asked, or answered in time, or believed, is unknown.
 */
#ifndef MIGRATIOND_MODEL_CHECK_H
#define MIGRATIOND_MODEL_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"

enum check_state { CHECK_UNKNOWN, CHECK_PASSED, CHECK_FAILED, CHECK_STATES };

/* How much a failed check matters to health. */
enum check_severity { CHECK_WARNS, CHECK_FAILS, CHECK_SEVERITIES };

/* "unknown", "passed", "failed"; "warn", "fail". */
const char *check_state_name(enum check_state state);
const char *check_severity_name(enum check_severity severity);

/* CHECK_STATES and CHECK_SEVERITIES for what is none. */
enum check_state check_state_from_name(const char *name);
enum check_severity check_severity_from_name(const char *name);

/* How many of a schema's tables hold rows. */
struct check_coverage {
    size_t tables;  /* 0: nobody asked */
    size_t holding; /* of them, at least one row each */
    size_t unread;  /* of them, could not be told: a permission, row security, a lock, the deadline */
};

/* The backup that was judged. */
struct check_backup {
    const char *file; /* path, or what the catalogue calls it; NULL: none was found, or the catalogue names none */
    int64_t finished_at_ms; /* unix time */
    int64_t size;           /* bytes; -1: not known */
    bool complete;          /* its own format says that nothing is missing; false: the format has no such mark */
};

/* Offending rows and items that a result keeps: what a person reads before going to look. */
enum { CHECK_ROWS_SHOWN = 10, CHECK_ITEMS_SHOWN = 100, CHECK_COLUMNS_SHOWN = 16, CHECK_VALUE_BYTES = 256 };

struct check_result {
    unsigned references; /* atomic */
    struct arena *arena; /* owned: the result itself stands in it, and all its texts */
    enum check_state state;
    enum error_code error; /* why it is unknown; ERROR_OK otherwise */
    const char *value;     /* what was found, in a few words: "3", "12 rows", "36 of 120 tables"; NULL */
    const char *reason;    /* one sentence without a full stop */
    const char *next;      /* one action in words or SQL; "" */

    /* Of `expect: no rows`: key columns of the first CHECK_ROWS_SHOWN offending rows. */
    const char *const *columns;
    size_t column_count;
    const char *const *cells; /* row_count × column_count, row by row; NULL is SQL's NULL */
    size_t row_count;
    bool more_rows;

    /* Of built-in checks: the names of what fails, at most CHECK_ITEMS_SHOWN. */
    const char *const *items;
    size_t item_count;
    size_t item_total; /* with those not shown */

    struct check_coverage coverage;
    struct check_backup backup;
    int64_t again_in_ms; /* to be asked again by then, before its schedule: what is being watched, read through or
                            locked, or will have become too old; 0: on schedule */
    bool lost;           /* the connection that it was asked on may only be closed */
};

struct check_result *check_result_ref(struct check_result *result);
void check_result_unref(struct check_result *result);

/* An empty result, unknown, in an arena of its own, to be filled in before anybody else sees it; NULL when memory is
 * out. */
struct check_result *check_result_new(void) __attribute__((warn_unused_result));

DEFINE_CLEANUP(check_result, struct check_result *, check_result_unref);

#endif
