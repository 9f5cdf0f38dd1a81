/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/dialect_quote.h"
#include "dialect/dialects.h"

static const char *const engines[] = {"mysql", "mariadb", NULL};

static void canonical(enum text_form form, const char *text, const char *type, struct strbuf *out)
{
    (void)type;
    if (form != TEXT_DEFAULT || !dialect_is_null(text))
        strbuf_add_string(out, text);
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
