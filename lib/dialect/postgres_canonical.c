/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/postgres_canonical.h"

#include <string.h>

#include "dialect/postgres_default.h"
#include "dialect/postgres_parser.h"

/* Line ends and blanks before them; nothing else of what somebody typed. */
static void canonical_body(const char *text, struct strbuf *out)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t line = end ? (size_t)(end - text) : length;
        size_t kept = line;
        while (kept > at && (text[kept - 1] == ' ' || text[kept - 1] == '\t' || text[kept - 1] == '\r'))
            kept--;
        strbuf_add(out, text + at, kept - at);
        if (end)
            strbuf_add_char(out, '\n');
        at = line + 1;
    }
}

/* A type, and nothing else: "setof" and what a routine returns may stand before and around it. */
static void canonical_type(const char *text, struct strbuf *out)
{
    size_t length = strlen(text);
    cleanup(postgres_tree) struct postgres_tree tree = {0};
    postgres_tree_read_type(&tree, text, length);
    if (tree.no_memory)
        out->failed = true;
    else if (tree.flat || tree.root == 0)
        postgres_tree_print_flat(text, length, out);
    else
        postgres_tree_print(&tree, tree.root, out);
}

/* A query ends without a semicolon. */
static void strip_semicolons(struct strbuf *out, size_t start)
{
    while (strbuf_ok(out) && out->length > start &&
           (out->bytes[out->length - 1] == ';' || out->bytes[out->length - 1] == ' '))
        out->bytes[--out->length] = '\0';
}

/* The commonest defaults, as reading them would print them. */
static bool canonical_plain(const char *text, const char *type, struct strbuf *out)
{
    static const char sequence[] = "nextval('";
    static const char cast[] = "'::regclass)";
    if (strncmp(text, sequence, sizeof sequence - 1) == 0) {
        const char *end = strchr(text + sizeof sequence - 1, '\'');
        bool plain = end && strcmp(end, cast) == 0;
        if (plain)
            strbuf_add_string(out, text);
        return plain;
    }
    if (strcmp(text, "now()") == 0 || strcmp(text, "CURRENT_TIMESTAMP") == 0) {
        strbuf_add_string(out, "CURRENT_TIMESTAMP");
        return true;
    }
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        strbuf_add_string(out, *text == 't' ? "TRUE" : "FALSE");
        return true;
    }
    bool whole = strcmp(type, "integer") == 0 || strcmp(type, "bigint") == 0 || strcmp(type, "smallint") == 0;
    bool digits = text[0] >= '1' && text[0] <= '9' && text[strspn(text, "0123456789")] == '\0';
    if (strcmp(text, "0") == 0 ? whole : whole && digits && strlen(text) < 20) {
        strbuf_add_string(out, text);
        return true;
    }
    return false;
}

static void canonical_tree(enum text_form form, const char *text, const char *type, struct strbuf *out)
{
    size_t length = strlen(text);
    cleanup(postgres_tree) struct postgres_tree tree = {0};
    postgres_tree_read(&tree, text, length);
    if (!tree.no_memory && !tree.flat) {
        if (form == TEXT_QUERY)
            postgres_query_unqualify(&tree);
        postgres_query_unlabel(&tree);
    }
    if (tree.no_memory) {
        out->failed = true;
    } else if (tree.flat) {
        postgres_tree_print_flat(text, length, out);
    } else if (form == TEXT_DEFAULT) {
        cleanup(strbuf) struct strbuf column = STRBUF(out->maximum);
        canonical_type(type, &column);
        out->failed |= !strbuf_ok(&column);
        postgres_default_print(&tree, strbuf_text(&column), out);
    } else {
        postgres_tree_print(&tree, tree.root, out);
    }
}

void postgres_canonical(enum text_form form, const char *text, const char *type, struct strbuf *out)
{
    switch (form) {
    case TEXT_TYPE:
        canonical_type(text, out);
        break;
    case TEXT_BODY:
        canonical_body(text, out);
        break;
    case TEXT_DEFAULT:
        if (!canonical_plain(text, type, out))
            canonical_tree(form, text, type, out);
        break;
    case TEXT_EXPRESSION:
        canonical_tree(form, text, type, out);
        break;
    case TEXT_QUERY: {
        size_t start = out->length;
        canonical_tree(form, text, type, out);
        strip_semicolons(out, start);
        break;
    }
    default:
        strbuf_add_string(out, text);
        break;
    }
}
