/* SPDX-License-Identifier: Apache-2.0
 *
 * Canonical forms of whatever text: each ends, is its own canonical form, and is not much longer than the text. The
 * first byte chooses the form and the type of a default.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "dialect/mysql_query.h"

enum { DOCUMENT_LIMIT = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_form(enum text_form form, const char *text, const char *type)
{
    cleanup(strbuf) struct strbuf once = STRBUF(DOCUMENT_LIMIT);
    cleanup(strbuf) struct strbuf twice = STRBUF(DOCUMENT_LIMIT);
    dialect_mysql.canonical(form, text, type, &once);
    dialect_mysql.canonical(form, strbuf_text(&once), type, &twice);
    require(strbuf_ok(&once) && strbuf_ok(&twice));
    require(once.length <= 32 * (strlen(text) + 16) + 512);
    require(strcmp(strbuf_text(&once), strbuf_text(&twice)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"", "int", "bit(8)", "binary(8)", "varchar(9)", "datetime(3)", "decimal(5,2)"};
    if (size == 0)
        return 0;
    cleanup(free) char *text = mem_strndup((const char *)data + 1, size - 1);
    cleanup(strbuf) struct strbuf unqualified = STRBUF(DOCUMENT_LIMIT);
    require(text != NULL);
    check_form((enum text_form)(data[0] % TEXT_FORMS), text, types[(data[0] / TEXT_FORMS) % ARRAY_LENGTH(types)]);
    mysql_query_without_database((const char *)data, size, "app", &unqualified);
    require(strbuf_ok(&unqualified) && unqualified.length <= size);
    return 0;
}
