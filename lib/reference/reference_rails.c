/* SPDX-License-Identifier: Apache-2.0
 *
 * Rails: schema.rb, which stands at one version, or structure.sql, which is SQL.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "reference/rails_schema.h"
#include "reference/reference_source.h"

static bool is_sql(const char *path)
{
    size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, ".sql") == 0;
}

int reference_load_rails(const struct reference_request *request, struct reference *ret_reference, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_MIGRATION_BYTES + (1u << 20));
    cleanup(declared) struct declared *declared = NULL;
    const char *version = NULL;
    if (is_sql(request->path))
        return reference_load_sql(request, ret_reference, reterr);
    if (reference_read_file(request->path, LIMIT_MIGRATION_BYTES, &text, reterr) < 0)
        return -1;
    if (rails_schema_parse(strbuf_text(&text), text.length, request->path, reference_engine(request), request->live,
                           &declared, &version, reterr) < 0)
        return -1;
    snprintf(ret_reference->revision, sizeof ret_reference->revision, "%s", version);
    if (request->applied && !reference_is_applied_head(request, version)) {
        reference_set_ahead(ret_reference, request, "schema.rb", version);
        return 0;
    }
    return declared_to_schema(declared, request, ret_reference, reterr);
}
