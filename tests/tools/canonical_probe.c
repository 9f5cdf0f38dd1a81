/* SPDX-License-Identifier: Apache-2.0
 *
 * Canonical forms for the integration tests: an engine's name as argument; on standard input form, type and text, each
 * ended by a NUL, again and again; on standard output the canonical forms, ended likewise. Forms: type default
 * expression query body. Exit code 0; 2 for anything else.
 */
#include <stdio.h>
#include <string.h>

#include "dialect/dialects.h"

enum { INPUT_BYTES = 1 << 28 };

static const char *const forms[TEXT_FORMS] = {[TEXT_TYPE] = "type",
                                              [TEXT_DEFAULT] = "default",
                                              [TEXT_EXPRESSION] = "expression",
                                              [TEXT_QUERY] = "query",
                                              [TEXT_BODY] = "body"};

/* The next text, and the place behind it; NULL if no NUL ends it. */
static const char *next_text(const char **at, const char *end)
{
    const char *text = *at;
    const char *nul = memchr(text, '\0', (size_t)(end - text));
    if (!nul)
        return NULL;
    *at = nul + 1;
    return text;
}

static bool print_one(const struct dialect *dialect, const char **at, const char *end)
{
    const char *form = next_text(at, end);
    const char *type = form ? next_text(at, end) : NULL;
    const char *text = type ? next_text(at, end) : NULL;
    if (!text)
        return false;
    for (int i = 0; i < TEXT_FORMS; i++) {
        if (!forms[i] || strcmp(forms[i], form) != 0)
            continue;
        cleanup(strbuf) struct strbuf out = STRBUF(INPUT_BYTES);
        dialect->canonical((enum text_form)i, text, type, &out);
        return strbuf_ok(&out) && fwrite(strbuf_text(&out), 1, out.length + 1, stdout) == out.length + 1;
    }
    return false;
}

static bool read_input(struct strbuf *input)
{
    for (;;) {
        char *bytes = strbuf_reserve(input, 65536);
        if (!bytes)
            return false;
        size_t count = fread(bytes, 1, 65536, stdin);
        strbuf_commit(input, count);
        if (count == 0)
            return !ferror(stdin);
    }
}

int main(int argc, char **argv)
{
    const struct dialect *dialect = argc == 2 ? dialect_for(argv[1]) : NULL;
    cleanup(strbuf) struct strbuf input = STRBUF(INPUT_BYTES);
    if (!dialect || !read_input(&input))
        return 2;
    const char *at = strbuf_text(&input);
    const char *end = at + input.length;
    while (at < end)
        if (!print_one(dialect, &at, end))
            return 2;
    return fflush(stdout) == 0 ? 0 : 2;
}
