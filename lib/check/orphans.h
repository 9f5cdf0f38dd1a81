/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows whose foreign key names no row: sought key by key, each with one query that ends at the first of them, smaller
 * tables first where the server knows. Nothing of a row is read, only that there is one. As check.h.
 */
#ifndef MIGRATIOND_CHECK_ORPHANS_H
#define MIGRATIOND_CHECK_ORPHANS_H

#include "check/check.h"

/* Zero to begin with; texts stand in the result's arena. */
struct orphan_search {
    struct check_items *items; /* a key with orphans is added to them, as "orders.fk_customer (orphans)" */
    size_t total;              /* keys that there are */
    size_t looked;             /* keys that were looked at to the end */
    size_t found;              /* keys with orphans */
    size_t unfit;              /* tables whose keys fit no key of their parents: SQLite */
    const char *next;          /* what to do about the first of them; NULL */
    bool out_of_time;
    size_t untold;               /* keys that could not be looked at for another reason */
    enum error_code untold_code; /* of the first of them */
    const char *untold_reason;
    const char *untold_next;
};

/* Searches for as long as `budget_ms` once the keys are listed, and never beyond the run's own deadline; 0: until that.
 * After `out_of_time` the connection may only be closed. Fails where not even the keys could be listed, or the
 * connection was lost. */
int orphans_search(struct check_run *run, int64_t budget_ms, struct orphan_search *search, struct error *reterr);

#endif
