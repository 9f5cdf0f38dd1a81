/* SPDX-License-Identifier: Apache-2.0
 *
 * Rails' schema.rb, for PostgreSQL and for MySQL: whatever the bytes are, a schema of the model or an error with a
 * line.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "reference/rails_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_for(const char *engine, const char *text, size_t size)
{
    cleanup(declared) struct declared *declared = NULL;
    cleanup(reference) struct reference reference = {0};
    const char *version = NULL;
    struct error error = {0};
    const struct reference_request request = {.deadline = deadline_in(60000)};
    if (rails_schema_parse(text, size, "schema.rb", engine, NULL, &declared, &version, &error) < 0) {
        if (error.code != ERROR_INVALID && error.code != ERROR_NO_MEMORY)
            abort();
        return;
    }
    if (declared_to_schema(declared, &request, &reference, &error) < 0 && error.code != ERROR_INVALID &&
        error.code != ERROR_NO_MEMORY)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_for("postgres", (const char *)data, size);
    read_for("mysql", (const char *)data, size);
    return 0;
}
