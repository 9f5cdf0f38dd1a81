/* SPDX-License-Identifier: Apache-2.0
 *
 * Defaults that are constants, compared as values of their column's type. Pure; any thread; failure (memory) is
 * `out`'s.
 */
#ifndef MIGRATIOND_DIALECT_POSTGRES_DEFAULT_H
#define MIGRATIOND_DIALECT_POSTGRES_DEFAULT_H

#include "dialect/postgres_tree.h"

/* Appends the canonical form of a default that was read, for a column of `type` (canonical); nothing for NULL. */
void postgres_default_print(const struct postgres_tree *tree, const char *type, struct strbuf *out);

/* Appends a number without what does not change its value: rounded to `scale` digits behind the point (-1: not at all),
 * no superfluous zeros, no exponent. False, appending nothing, if the text is no number or a very long one. */
bool postgres_number_canonical(const char *text, size_t length, bool negative, int scale, struct strbuf *out);

/* Appends what the server makes of a jsonb constant; false, appending nothing useful, if it is not valid JSON. */
bool postgres_jsonb_canonical(const char *text, size_t length, struct strbuf *out);

#endif
