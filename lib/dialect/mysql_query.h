/* SPDX-License-Identifier: Apache-2.0
 *
 * What must be taken out of a text before it enters the model, because only the reader knows it: the name of the
 * database that the text was read from. Pure.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_QUERY_H
#define MIGRATIOND_DIALECT_MYSQL_QUERY_H

#include <stddef.h>

#include "base/strbuf.h"

/* Appends the text as it is, without the qualifiers that name the database. An alias of that name is told from it by
 * how servers print: a column has its database before its table and its name, or none of them has; a table's stands
 * behind FROM or JOIN. */
void mysql_query_without_database(const char *text, size_t length, const char *database, struct strbuf *out);

#endif
