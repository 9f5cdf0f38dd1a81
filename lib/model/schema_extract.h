/* SPDX-License-Identifier: Apache-2.0
 *
 * One of a schema's namespaces as a schema of its own, as if that namespace had no name. Pure; any thread.
 */
#ifndef MIGRATIOND_MODEL_SCHEMA_EXTRACT_H
#define MIGRATIOND_MODEL_SCHEMA_EXTRACT_H

#include "base/error.h"
#include "model/schema.h"

/* What stands in the namespace `name`, and what that refers to; extensions, the namespace itself and what was not
 * compared stay behind. Texts are taken over as they are: whoever read them had `name` in the search path. Fails with
 * ERROR_NOT_FOUND where there is no such namespace, or ERROR_NO_MEMORY. */
int schema_extract(const struct schema *whole, const char *name, struct schema **ret_schema, struct error *reterr);

#endif
