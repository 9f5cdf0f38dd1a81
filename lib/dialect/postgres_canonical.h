/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical form of text that PostgreSQL 13 to 18 print, or people write: what one expression looks like on any of
 * these servers, before and after a dump and restore, comes out alike; what could mean something else does not. Text
 * that is not understood keeps its tokens and their order. Canonical text is a fixed point. Linear in the text's
 * length. Pure; any thread; failure (memory) is `out`'s.
 *
 * Kept apart although one source may lead to both: date_part(), which 13 makes of EXTRACT, and the extract() of 14,
 * whose result is another type; casts that AT TIME ZONE and OVERLAPS hide since 14, for without the columns' types they
 * could be anybody's. Put together although they could differ: substring(x, …) and substring(x::text, …), which are one
 * for all types but bytea and bit.
 */
#ifndef MIGRATIOND_DIALECT_POSTGRES_CANONICAL_H
#define MIGRATIOND_DIALECT_POSTGRES_CANONICAL_H

#include "base/strbuf.h"
#include "model/dialect.h"

/* struct dialect's canonical. */
void postgres_canonical(enum text_form form, const char *text, const char *type, struct strbuf *out);

#endif
