/* SPDX-License-Identifier: Apache-2.0
 *
 * The labels that a column may hold where the server shows them as a text: MySQL's and MariaDB's ENUM and SET, SQLite's
 * CHECK (column IN (…)). A list owns its labels; one thread.
 */
#ifndef MIGRATIOND_CHECK_ENUM_LABELS_H
#define MIGRATIOND_CHECK_ENUM_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"

/* Zero to begin with. */
struct label_list {
    char **labels;
    size_t count;
    size_t capacity;
};

void label_list_done(struct label_list *list);
int label_list_add(struct label_list *list, const char *label, struct error *reterr);
bool label_list_has(const struct label_list *list, const char *label);

/* Adds the labels of a type as information_schema prints it: "enum('new','it''s','a,b')", "set('r','w')".
 * ERROR_UNSUPPORTED for another type, ERROR_INVALID for a text that ends too soon, ERROR_NO_MEMORY. */
int enum_labels_of_type(const char *type, struct label_list *list, struct error *reterr);

/* Adds the labels of a column's CHECK in a CREATE TABLE of SQLite's, which may also let NULL pass. ERROR_NOT_FOUND:
 * there is no such column; ERROR_UNSUPPORTED: no CHECK of it is a list of texts; ERROR_INVALID, ERROR_NO_MEMORY. */
int enum_labels_of_check(const char *create_table, const char *column, struct label_list *list, struct error *reterr);

DEFINE_CLEANUP_VALUE(label_list, struct label_list, label_list_done);

#endif
