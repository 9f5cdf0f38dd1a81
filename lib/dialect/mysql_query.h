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
 * how servers print: either every column has its database, its table and its name, or none has its database. */
void mysql_query_without_database(const char *text, size_t length, const char *database, struct strbuf *out);

#endif
