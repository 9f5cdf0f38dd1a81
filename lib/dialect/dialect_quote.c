/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/dialect_quote.h"

#include <string.h>
#include <strings.h>

void dialect_quote(struct strbuf *out, char quote, const char *text)
{
    strbuf_add_char(out, quote);
    for (const char *at = text; *at; at++) {
        if (*at == quote)
            strbuf_add_char(out, quote);
        strbuf_add_char(out, *at);
    }
    strbuf_add_char(out, quote);
}

bool dialect_is_null(const char *text)
{
    static const char blanks[] = " \t\r\n";
    text += strspn(text, blanks);
    return strncasecmp(text, "NULL", 4) == 0 && text[4 + strspn(text + 4, blanks)] == '\0';
}
