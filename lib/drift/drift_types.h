/* SPDX-License-Identifier: Apache-2.0
 *
 * How two data types of one engine relate, as far as one table can tell. Pure; any thread.
 */
#ifndef MIGRATIOND_DRIFT_DRIFT_TYPES_H
#define MIGRATIOND_DRIFT_DRIFT_TYPES_H

#include "drift/drift_work.h"

enum type_relation {
    TYPE_RELATION_OTHER,    /* values or queries of one may not fit the other */
    TYPE_RELATION_ALIKE,    /* nothing that a query could see */
    TYPE_RELATION_KINDRED,  /* takes the same values, but queries can see it: json and jsonb */
    TYPE_RELATION_WIDER,    /* the second takes every value of the first, and more */
    TYPE_RELATION_NARROWER, /* the other way round */
};

/* From `expected` to `actual`, both in canonical spelling. */
enum type_relation drift_type_relation(const struct drift_features *features, const char *expected, const char *actual);

#endif
