/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl snapshot: the baseline, read from a database itself.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/ctl_side.h"
#include "model/schema_json.h"

int ctl_snapshot(const struct ctl_options *options)
{
    struct error error = {.code = ERROR_OK};
    struct server_facts server = {0};
    struct engine_scope scope = ctl_scope(options);
    cleanup(schema) struct schema *schema = NULL;
    if (ctl_read_schema(options->arguments[0], &scope, deadline_in(options->timeout_ms), &schema, &server, &error) < 0)
        return ctl_fail_error(&error);
    cleanup(schema_journals) struct schema_journals journals = {0};
    if (ctl_read_revisions(options->arguments[0], schema, deadline_in(options->timeout_ms), &journals, &error) < 0)
        return ctl_fail_error(&error);
    struct schema_json stream = {0};
    cleanup(strbuf) struct strbuf piece = STRBUF(LIMIT_RESPONSE_BYTES);
    schema_json_init(&stream, schema, options->output == CTL_JSON ? 0 : 1);
    stream.journals = journals.count > 0 ? &journals : NULL;
    while (schema_json_next(&stream, &piece)) {
        if (!strbuf_ok(&piece) || fwrite(strbuf_text(&piece), 1, piece.length, stdout) != piece.length)
            return ctl_fail(CTL_UNKNOWN, "the snapshot could not be written");
        strbuf_clear(&piece);
    }
    if (options->output != CTL_JSON)
        putchar('\n');
    if (fflush(stdout) != 0)
        return ctl_fail(CTL_UNKNOWN, "the snapshot could not be written");
    return schema->truncated ? ctl_fail(CTL_UNKNOWN, "the schema exceeds a limit and is not whole") : CTL_OK;
}
