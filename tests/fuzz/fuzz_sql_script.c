/* SPDX-License-Identifier: Apache-2.0
 *
 * Scripts as psql and mysql take them apart, and what is in them as expressions: the statements come in order, none
 * overlaps another, and each step moves on.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "dialect/sql_script.h"
#include "reference/spelling.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_apart(bool mysql, const char *text, size_t size)
{
    struct sql_script script = {0};
    struct sql_statement statement = {0};
    struct error error = {0};
    const char *last = text;
    sql_script_init(&script, mysql, text, size, "script.sql");
    script.database = "scratch";
    for (int more = 1; (more = sql_script_next(&script, &statement, &error)) != 0;) {
        if (more < 0 && error.code != ERROR_INVALID)
            abort();
        if (more < 0)
            return;
        if (statement.text < last || statement.text + statement.length > text + size || script.next <= last)
            abort();
        last = script.next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    cleanup(free) char *copy = mem_strndup(text, size);
    take_apart(false, text, size);
    take_apart(true, text, size);
    if (!copy)
        return 0;
    size_t half = strlen(copy) / 2;
    for (enum text_form form = TEXT_DEFAULT; form <= TEXT_QUERY; form++) {
        if (spelling_compare(&dialect_postgres, form, "jsonb", copy, copy) != SPELLING_SAME)
            abort();
        spelling_compare(&dialect_postgres, form, "jsonb", copy, copy + half);
    }
    spelling_compare(&dialect_mysql, TEXT_EXPRESSION, "", copy, copy + half);
    return 0;
}
