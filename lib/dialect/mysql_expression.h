/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical spelling of an expression or query that MySQL or MariaDB printed: one blank where there was white
 * space, no charset introducers before plain ASCII literals (they tell who created the object, not what it is), strings
 * in one spelling, no outer parentheses, no qualifier that names the database itself. Works on tokens; pure.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_EXPRESSION_H
#define MIGRATIOND_DIALECT_MYSQL_EXPRESSION_H

#include <stddef.h>

#include "base/strbuf.h"

/* Appends the canonical form. `database` may be NULL: then qualifiers stay. */
void mysql_expression_canonical(const char *text, size_t length, const char *database, struct strbuf *out);

#endif
