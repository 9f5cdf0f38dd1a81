/* SPDX-License-Identifier: Apache-2.0
 *
 * Which tables of a database hold rows: listed from the catalogue, then asked for the existence of one row, many tables
 * with one statement. Belongs to one run of a check; one thread. Journals count as tables, too: which tables are
 * journals is not known here, and one without rows is no less worth knowing of.
 */
#ifndef MIGRATIOND_CHECK_COVERAGE_H
#define MIGRATIOND_CHECK_COVERAGE_H

#include "check/check.h"

enum coverage_form {
    COVERAGE_TABLE, /* counted */
    COVERAGE_PART,  /* asked only if it is named: a partition, a materialized view, what belongs to an extension */
    COVERAGE_OTHER  /* never asked, since looking may cost anything: a view, a foreign or virtual table */
};

enum coverage_state { COVERAGE_UNREAD, COVERAGE_HOLDS, COVERAGE_EMPTY, COVERAGE_GONE };

struct coverage_table {
    const char *schema; /* "" where there are none */
    const char *name;
    enum coverage_form form;
    enum coverage_state state;
    enum error_code cause; /* of COVERAGE_UNREAD */
    const char *reason;    /* of COVERAGE_UNREAD: what follows "schema.table: " */
    const char *grant;     /* the privilege that is missing, "SELECT" or "USAGE"; NULL */
    size_t parts;          /* tables that are read with it */
    bool in_scope;
    bool named;
};

struct table_coverage {
    struct arena *arena; /* owned: all texts */
    struct coverage_table *tables;
    size_t count;
    size_t capacity;
};

void coverage_done(struct table_coverage *coverage);

/* Lists what there is, everything yet unread; zero to begin with. */
int coverage_list(struct check_run *run, struct table_coverage *coverage, struct error *reterr);

/* Asks those that count or are named, these first, and tells of each what came of it. Fails only for want of memory:
 * what could not be asked stays unread and says why. */
int coverage_ask(struct check_run *run, struct table_coverage *coverage, struct error *reterr);

DEFINE_CLEANUP_VALUE(coverage, struct table_coverage, coverage_done);

#endif
