/* SPDX-License-Identifier: Apache-2.0
 *
 * Drizzle's snapshots, for each engine: whatever the bytes are, a schema of the model (for SQLite: SQL) or an error.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "reference/declared_sqlite.h"
#include "reference/drizzle_snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SCRIPT_BYTES = 64 << 20 };

static void read_for(const char *engine, bool script, const char *text, size_t size)
{
    cleanup(declared) struct declared *declared = NULL;
    cleanup(reference) struct reference reference = {0};
    cleanup(strbuf) struct strbuf sql = STRBUF(SCRIPT_BYTES);
    struct error error = {0};
    const struct reference_request request = {.deadline = deadline_in(60000)};
    if (drizzle_snapshot_parse(text, size, "snapshot.json", engine, &declared, &error) < 0)
        return;
    if (script)
        declared_sqlite_script(declared, &sql);
    else if (declared_to_schema(declared, &request, &reference, &error) < 0 && error.code != ERROR_INVALID &&
             error.code != ERROR_NO_MEMORY)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_for("postgres", false, (const char *)data, size);
    read_for("mysql", false, (const char *)data, size);
    read_for("sqlite", true, (const char *)data, size);
    return 0;
}
