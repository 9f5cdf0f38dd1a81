/* SPDX-License-Identifier: Apache-2.0
 *
 * What the dialects' quoting shares. Pure; any thread; failure (memory) is `out`'s.
 */
#ifndef MIGRATIOND_DIALECT_DIALECT_QUOTE_H
#define MIGRATIOND_DIALECT_DIALECT_QUOTE_H

#include <stdbool.h>

#include "base/strbuf.h"

/* Appends `text` between `quote`s; a quote within is doubled. */
void dialect_quote(struct strbuf *out, char quote, const char *text);

/* Whether a text is the word NULL, whatever its case and the blanks around it. */
bool dialect_is_null(const char *text);

#endif
