/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical form of text that PostgreSQL 13 to 18 print, or people write: what one expression looks like on any of
 * these servers, before and after a dump and restore, comes out alike; what could mean something else does not. Text
 * that is not understood keeps its tokens and their order. Canonical text is a fixed point. Linear in the text's
 * length. Pure; any thread; failure (memory) is `out`'s.
 */
#ifndef MIGRATIOND_DIALECT_POSTGRES_CANONICAL_H
#define MIGRATIOND_DIALECT_POSTGRES_CANONICAL_H

#include "base/strbuf.h"
#include "model/dialect.h"

/* struct dialect's canonical. */
void postgres_canonical(enum text_form form, const char *text, const char *type, struct strbuf *out);

#endif
