/* SPDX-License-Identifier: Apache-2.0
 *
 * Journals that nobody but their owners know: a table with a column of revisions, as the configuration says. There is a
 * struct tool for each such table; all are named "generic".
 */
#ifndef MIGRATIOND_JOURNAL_GENERIC_H
#define MIGRATIOND_JOURNAL_GENERIC_H

#include "journal/tool.h"

/* By what revisions are ordered. */
enum generic_order {
    GENERIC_NUMBER, /* the number in them */
    GENERIC_TEXT,   /* bytes */
    GENERIC_TIME,   /* the time of their application; files by their names */
    GENERIC_ORDERS
};

/* Names of columns; but for the first, each may be NULL. */
struct generic_settings {
    const char *revision;
    const char *applied_at;
    const char *state;
    const char *checksum;
    enum generic_order order;
};

/* "number", "text", "time"; GENERIC_ORDERS if `name` is none of them. */
const char *generic_order_name(enum generic_order order);
enum generic_order generic_order_from_name(const char *name);

/* The tool for such a table, in `arena`, from where it borrows the settings' texts; NULL: no memory. */
const struct tool *generic_tool_new(const struct generic_settings *settings, struct arena *arena);

/* What is found by the name alone: compares, but fits no table. */
extern const struct tool *const generic_tool;

bool tool_is_generic(const struct tool *tool);

#endif
