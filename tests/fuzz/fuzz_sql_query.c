/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of checks: what passes for one query lies within the text, ends with a token, and passes again without what
 * stood behind it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dialect/sql_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *engine, const char *text)
{
    struct error error = {0};
    size_t length = 0;
    if (sql_query_check(engine, text, &length, &error) < 0) {
        if (error.code != ERROR_INVALID || !*error.message)
            abort();
        return;
    }
    if (length == 0 || length > strlen(text))
        abort();
    sql_query_is_limited(engine, text, length);
    if (text[length - 1] == '-') /* no query, as the server will say: at the end, two of them begin a comment */
        return;
    cleanup(free) char *query = mem_strndup(text, length);
    size_t again = 0;
    if (query && (sql_query_check(engine, query, &again, &error) < 0 || again != length))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(free) char *text = mem_strndup((const char *)data, size);
    if (!text)
        return 0;
    check("postgres", text);
    check("mysql", text);
    check("sqlite", text);
    return 0;
}
