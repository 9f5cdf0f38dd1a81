/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dialect/dialect_quote.h"
#include "dialect/dialects.h"
#include "dialect/mysql_canonical.h"

static const char *const engines[] = {"mysql", "mariadb", NULL};

static void canonical(enum text_form form, const char *text, const char *type, struct strbuf *out)
{
    switch (form) {
    case TEXT_TYPE:
        mysql_canonical_type(text, strlen(text), out);
        break;
    case TEXT_DEFAULT:
        mysql_canonical_default(text, strlen(text), type, out);
        break;
    case TEXT_EXPRESSION:
    case TEXT_QUERY:
        mysql_canonical_expression(text, strlen(text), out);
        break;
    case TEXT_BODY:
        mysql_canonical_body(text, strlen(text), out);
        break;
    case TEXT_PLAIN:
    case TEXT_SET:
    case TEXT_FLAG:
    case TEXT_INFO:
    case TEXT_FORMS:
    default:
        strbuf_add_string(out, text);
        break;
    }
}

static void path_part(const char *name, struct strbuf *out)
{
    strbuf_add_string(out, name);
}

static void quote_name(const char *name, struct strbuf *out)
{
    dialect_quote(out, '`', name);
}

/* For sessions without NO_BACKSLASH_ESCAPES. */
static void quote_text(const char *text, struct strbuf *out)
{
    strbuf_add_char(out, '\'');
    for (const char *at = text; *at; at++) {
        if (*at == '\'' || *at == '\\')
            strbuf_add_char(out, *at);
        strbuf_add_char(out, *at);
    }
    strbuf_add_char(out, '\'');
}

const struct dialect dialect_mysql = {.engines = engines,
                                      .canonical = canonical,
                                      .path_part = path_part,
                                      .quote_name = quote_name,
                                      .quote_text = quote_text};
