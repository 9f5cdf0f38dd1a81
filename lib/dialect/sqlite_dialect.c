/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/dialect_quote.h"
#include "dialect/dialects.h"
#include "dialect/sqlite_canonical.h"

static const char *const engines[] = {"sqlite", NULL};

static void canonical(enum text_form form, const char *text, const char *type, struct strbuf *out)
{
    switch (form) {
    case TEXT_TYPE:
        sqlite_canonical_type(text, out);
        break;
    case TEXT_DEFAULT:
        sqlite_canonical_default(text, type, out);
        break;
    case TEXT_EXPRESSION:
        sqlite_canonical_expression(text, out);
        break;
    case TEXT_QUERY:
    case TEXT_BODY:
        sqlite_canonical_statements(text, out);
        break;
    case TEXT_PLAIN:
    case TEXT_SET:
    case TEXT_FLAG:
    case TEXT_INFO:
    case TEXT_FORMS:
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
    dialect_quote(out, '"', name);
}

static void quote_text(const char *text, struct strbuf *out)
{
    dialect_quote(out, '\'', text);
}

const struct dialect dialect_sqlite = {.engines = engines,
                                       .canonical = canonical,
                                       .path_part = path_part,
                                       .quote_name = quote_name,
                                       .quote_text = quote_text};
