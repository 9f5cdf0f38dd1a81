/* SPDX-License-Identifier: Apache-2.0
 *
 * Which tables hold rows, by existence and never by counting, and which of those that must do not.
 */
#include "check/check_kinds.h"

static void describe(const struct check *check, struct strbuf *out)
{
    if (check->table_count == 0) {
        strbuf_add_string(out, "tables can be told from empty ones");
        return;
    }
    for (size_t i = 0; i < check->table_count; i++)
        strbuf_printf(out, "%s%s", i > 0 ? ", " : "", check->tables[i]);
    strbuf_add_string(out, check->table_count == 1 ? " holds rows" : " hold rows");
}

static int run_not_empty(struct check_run *run, struct error *reterr)
{
    (void)run;
    return error_set(reterr, ERROR_UNSUPPORTED, "coverage is not read yet");
}

const struct check_kind check_kind_not_empty = {
    .name = "not_empty",
    .doc = "Tables that must hold rows, and how many of all tables do; told by existence, never by counting.",
    .every_ms = INT64_C(5) * 60 * 1000,
    .timeout_ms = INT64_C(5) * 1000,
    .severity = CHECK_FAILS,
    .needs_connection = check_kind_connects,
    .describe = describe,
    .run = run_not_empty,
};
