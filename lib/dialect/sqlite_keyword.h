/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite's keywords, and names written as SQL needs them. Pure; any thread.
 */
#ifndef MIGRATIOND_DIALECT_SQLITE_KEYWORD_H
#define MIGRATIOND_DIALECT_SQLITE_KEYWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* The keyword (any case) in upper case, or NULL. */
const char *sqlite_keyword(const char *text, size_t length);

/* Whether the name means itself when it stands without quotes: ASCII letters, digits and _, and no keyword. */
bool sqlite_name_is_plain(const char *name, size_t length);

/* Appends the name, quoted only where it must be. */
void sqlite_name_append(const char *name, struct strbuf *out);

#endif
