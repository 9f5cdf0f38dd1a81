/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical forms of what MySQL and MariaDB print: texts that mean the same have the same form, whatever server,
 * version or session printed them. Forms are for comparing, not for executing. What is not understood stands as it is.
 * Linear in the text's length, without recursion. Pure; any thread; failure (memory) is `out`'s.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_CANONICAL_H
#define MIGRATIOND_DIALECT_MYSQL_CANONICAL_H

#include <stddef.h>

#include "base/strbuf.h"

/* An expression or a query: keywords and functions in lower case and under one name; no parentheses that precedence
 * makes idle; no character set before an ASCII literal, which only tells who created the object. */
void mysql_canonical_expression(const char *text, size_t length, struct strbuf *out);

/* A column's default: a constant as a value of `type`. Nothing is appended for NULL. */
void mysql_canonical_default(const char *text, size_t length, const char *type, struct strbuf *out);

/* A type: aliases under one name, no display width, what is said by default said or left out alike. */
void mysql_canonical_type(const char *text, size_t length, struct strbuf *out);

/* What somebody typed, without comments and with one blank where blanks are needed: the client of MariaDB strips
 * comments from what it sends, so that a restored dump has none. */
void mysql_canonical_body(const char *text, size_t length, struct strbuf *out);

#endif
