/* SPDX-License-Identifier: Apache-2.0
 *
 * From pairs to items. Each returns 0, or -1 with the error in work->reterr.
 */
#ifndef MIGRATIOND_DRIFT_DRIFT_ITEMS_H
#define MIGRATIOND_DRIFT_DRIFT_ITEMS_H

#include "drift/drift_work.h"

/* A pair whose relation is itself (tables, views, objects without one have `relation` set by the caller). */
struct drift_pair drift_pair_of(enum drift_kind kind, uint32_t reference, uint32_t live);

/* Which rows of a pair matter: false leaves one out. */
typedef bool drift_row_filter(struct drift_work *work, const struct drift_pair *pair, const char *attribute);

/* One item per attribute that differs. `filter` may be NULL. */
int drift_compare_pair(struct drift_work *work, const struct drift_pair *pair, drift_row_filter *filter);

/* Whether that attribute of the pair differs; no item is made. */
int drift_attribute_differs(struct drift_work *work, const struct drift_pair *pair, const char *attribute,
                            bool *ret_differs);

/* Appends the canonical value of one attribute of what stands at pair->at[end]. */
void drift_print_value(struct drift_work *work, const struct drift_pair *pair, enum drift_end end,
                       const char *attribute, struct strbuf *out);

/* A missing or unexpected item of what only `end` has. */
int drift_add_alone(struct drift_work *work, const struct drift_pair *pair, enum drift_end end);

/* What the report says of a thing that only one side has. */
void drift_print_summary(struct drift_work *work, const struct drift_pair *pair, enum drift_end end,
                         struct strbuf *out);

#endif
