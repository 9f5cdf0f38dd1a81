/* SPDX-License-Identifier: Apache-2.0
 *
 * How bad a difference is: the first row of a table that fits.
 */
#ifndef MIGRATIOND_DRIFT_DRIFT_SEVERITY_H
#define MIGRATIOND_DRIFT_DRIFT_SEVERITY_H

#include "drift/drift.h"

/* What is known of a difference beyond its kind, change and attribute. */
enum drift_fact {
    FACT_EXPECTED_ABSENT = 1 << 0,
    FACT_ACTUAL_ABSENT = 1 << 1,
    FACT_REQUIRED = 1 << 2, /* column: an insert that does not name it fails */
    FACT_UNIQUE = 1 << 3,   /* index: it keeps rows apart */
    FACT_WIDER = 1 << 4,    /* the live side takes everything that the reference takes, and more */
    FACT_NARROWER = 1 << 5, /* and the other way round */
    FACT_ALIKE = 1 << 6,    /* told apart, but behaves the same, or nearly */
    FACT_STRICTER = 1 << 7, /* the live side refuses what the reference takes */
    FACT_LOOSER = 1 << 8,   /* it no longer refuses what the reference refuses */
    FACT_DISABLED = 1 << 9, /* trigger: never fires */
    FACT_PRINTED = 1 << 10, /* SQL text of servers of different releases: they may only print it differently */
};

enum drift_severity drift_severity_of(enum drift_kind kind, enum drift_change change, const char *attribute,
                                      unsigned facts);

#endif
