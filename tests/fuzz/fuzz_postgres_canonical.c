/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts that a server, or whoever poses as one, prints. The first line is what the text is and, behind a blank, the
 * column's type: "default integer", "expression", "query", "type", "body". A canonical form is its own canonical form.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "dialect/postgres_expression.h"

enum { OUTPUT_LIMIT = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static enum text_form form_of(const char *name, size_t length)
{
    static const struct {
        const char *name;
        enum text_form form;
    } forms[] = {{"default", TEXT_DEFAULT}, {"query", TEXT_QUERY}, {"type", TEXT_TYPE}, {"body", TEXT_BODY}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strlen(forms[i].name) == length && memcmp(forms[i].name, name, length) == 0)
            return forms[i].form;
    return TEXT_EXPRESSION;
}

static void read_canonically(enum text_form form, const char *text, const char *type)
{
    cleanup(strbuf) struct strbuf once = STRBUF(OUTPUT_LIMIT);
    cleanup(strbuf) struct strbuf twice = STRBUF(OUTPUT_LIMIT);
    dialect_postgres.canonical(form, text, type, &once);
    require(strbuf_ok(&once));
    dialect_postgres.canonical(form, strbuf_text(&once), type, &twice);
    require(strbuf_ok(&twice));
    require(strcmp(strbuf_text(&once), strbuf_text(&twice)) == 0);
}

static void take_apart(const char *text)
{
    struct postgres_expression list = {text, strlen(text)};
    struct postgres_expression item = {0};
    for (size_t items = 0; postgres_expression_next(&list, &item); items++)
        require(items <= strlen(text));
    postgres_view_query(text, strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    const char *line = memchr(bytes, '\n', size);
    size_t first = line ? (size_t)(line - bytes) : 0;
    const char *blank = memchr(bytes, ' ', first);
    size_t word = blank ? (size_t)(blank - bytes) : first;
    cleanup(free) char *type = mem_strndup(bytes + word, first - word);
    cleanup(free) char *text = mem_strndup(bytes + first, size - first);
    require(type && text);
    read_canonically(form_of(bytes, word), text, blank ? type + 1 : type);
    take_apart(text);
    return 0;
}
