/* SPDX-License-Identifier: Apache-2.0
 *
 * A declared schema as SQLite's SQL: SQLite keeps the text of what it is given, so the way to know what a declaration
 * becomes is to give it to a private file and to read that.
 */
#ifndef MIGRATIOND_REFERENCE_DECLARED_SQLITE_H
#define MIGRATIOND_REFERENCE_DECLARED_SQLITE_H

#include "base/strbuf.h"
#include "reference/declared.h"

int declared_to_sqlite(struct declared *declared, const struct reference_request *request,
                       struct reference *ret_reference, struct error *reterr);

/* The SQL alone. */
void declared_sqlite_script(const struct declared *declared, struct strbuf *out);

#endif
