/* SPDX-License-Identifier: Apache-2.0
 *
 * Canonical forms of SQLite's texts: tokens with one blank between them, so that layout and comments do not matter,
 * keywords in upper case, the names of functions in lower case (the engine has no case there), == as =, != as <>.
 *
 * ALTER TABLE … RENAME writes names in double quotes, and people write [x] and `x`; so a quoted name that would mean
 * the same without quotes loses them. Case is left alone: "x" can be a string (a name that no column has, in texts of
 * old), and the names of a query's columns are what its readers see. For the same reason nothing inside an expression
 * is computed. Every form is its own canonical form. Pure; any thread; linear; failure (memory) is `out`'s.
 */
#ifndef MIGRATIOND_DIALECT_SQLITE_CANONICAL_H
#define MIGRATIOND_DIALECT_SQLITE_CANONICAL_H

#include "base/strbuf.h"

/* Check, generated column, index expression, predicate, WHEN; parentheses around all of it go. */
void sqlite_canonical_expression(const char *text, struct strbuf *out);

/* The same of an expression without columns, where names in quotes are strings. */
void sqlite_canonical_constant(const char *text, struct strbuf *out);

/* A view's query, a trigger's statements: no final semicolon. SQLite keeps comments and never reads them, and RENAME
 * rewrites the text around them: they are no difference. */
void sqlite_canonical_statements(const char *text, struct strbuf *out);

/* A type's words in upper case, blanks only between words. */
void sqlite_canonical_type(const char *text, struct strbuf *out);

/* A column's whole default as the value that a column of `type` gets from it, where it is a constant. */
void sqlite_canonical_default(const char *text, const char *type, struct strbuf *out);

#endif
