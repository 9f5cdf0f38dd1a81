/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dialect/dialect_quote.h"
#include "dialect/dialects.h"
#include "dialect/postgres_canonical.h"

static const char *const engines[] = {"postgres", NULL};

static void quote_name(const char *name, struct strbuf *out)
{
    dialect_quote(out, '"', name);
}

static void path_part(const char *name, struct strbuf *out)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz_";
    static const char others[] = "abcdefghijklmnopqrstuvwxyz_0123456789$";
    if (name[0] != '\0' && strchr(first, name[0]) && name[strspn(name, others)] == '\0')
        strbuf_add_string(out, name);
    else
        quote_name(name, out);
}

/* A literal with a backslash is an escape string: in a plain one, its meaning depends on the session. */
static void quote_text(const char *text, struct strbuf *out)
{
    bool has_backslash = strchr(text, '\\') != NULL;
    if (has_backslash)
        strbuf_add_char(out, 'E');
    strbuf_add_char(out, '\'');
    for (const char *at = text; *at; at++) {
        if (*at == '\'' || *at == '\\')
            strbuf_add_char(out, *at);
        strbuf_add_char(out, *at);
    }
    strbuf_add_char(out, '\'');
}

const struct dialect dialect_postgres = {.engines = engines,
                                         .canonical = postgres_canonical,
                                         .path_part = path_part,
                                         .quote_name = quote_name,
                                         .quote_text = quote_text};
