/* SPDX-License-Identifier: Apache-2.0
 *
 * The names that PostgreSQL gives to constraints that were declared without one: table, columns and a label, joined by
 * underscores and cut to 63 bytes, with a number behind the label where the name was taken. Pure, no allocation.
 */
#ifndef MIGRATIOND_DIALECT_POSTGRES_NAMES_H
#define MIGRATIOND_DIALECT_POSTGRES_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* NAMEDATALEN. */
enum { POSTGRES_NAME_SIZE = 64 };

/* "table_columns_label"; `columns` NULL leaves that part out. Whichever of the first two parts is longer loses bytes,
 * one by one, until all fits; no character is cut in two. */
void postgres_make_name(const char *table, const char *columns, const char *label, char ret_name[POSTGRES_NAME_SIZE]);

/* The part of a name that stands for columns: their names joined by underscores, as many as fit into 63 bytes and one
 * more. `buffer` has room for 2 * POSTGRES_NAME_SIZE. */
void postgres_join_columns(const char *const *columns, size_t count, char *buffer);

/* Whether the server could have chosen `name`: with any number, or none, behind the label. Renaming a table or a column
 * renames no constraint, so a name that says no may once have been the server's choice. */
bool postgres_name_is_automatic(const char *name, const char *table, const char *columns, const char *label);

#endif
