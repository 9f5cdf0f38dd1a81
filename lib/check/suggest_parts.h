/* SPDX-License-Identifier: Apache-2.0
 *
 * A proposal under way; what its parts share. Private to check_suggest.c and suggest_*.c.
 */
#ifndef MIGRATIOND_CHECK_SUGGEST_PARTS_H
#define MIGRATIOND_CHECK_SUGGEST_PARTS_H

#include "check/check_kinds.h"
#include "check/check_suggest.h"

struct suggest_work {
    const struct schema *schema;
    const struct check_world *world;
    struct suggestions *suggestions;
    bool lost; /* the connection may only be closed */
};

/* Appends a check of that kind with the kind's presets. */
struct suggestion *suggest_add(struct suggest_work *work, const struct check_kind *kind);

/* Appends a sentence that says why. */
int suggest_say(struct suggest_work *work, struct suggestion *suggestion, struct error *reterr, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The name of something in a schema as a check names it: with its schema unless that is "public" or none, and the name
 * stands nowhere else (`ambiguous`). NULL when memory is out. */
const char *suggest_spell(struct suggest_work *work, uint32_t schema, uint32_t name, bool ambiguous);

/* One kind of check each; 0 without a suggestion where there is nothing to propose. */
int suggest_not_empty(struct suggest_work *work, struct error *reterr);
int suggest_enum_values(struct suggest_work *work, struct error *reterr);
int suggest_extensions(struct suggest_work *work, struct error *reterr);

#endif
