/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "daemon/http_routes.h"
#include "daemon/manual/page.h"
#include "daemon/manual/roff.h"

static const char *scope_of(const struct http_route *route)
{
    static const struct {
        unsigned access;
        const char *name;
    } scopes[] = {
        {ACCESS_HEALTH, "health"},
        {ACCESS_GATE, "gate"},
        {ACCESS_READ, "read"},
        {ACCESS_ADMIN, "admin"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(scopes); i++) {
        if (scopes[i].access == route->access)
            return scopes[i].name;
    }
    return "admin";
}

/* "?revision=&match=" of "revision match" */
static void put_parameters(const char *words, FILE *out)
{
    for (const char *before = "?"; *words; before = "&") {
        char word[64] = "";
        size_t length = strcspn(words, " ");
        snprintf(word, sizeof word, "%s%.*s=", before, (int)length, words);
        roff_put_bold(out, word);
        words += length;
        words += strspn(words, " ");
    }
}

void page_put_routes(const struct manual_program *program, FILE *out)
{
    (void)program;
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        char text[256] = "";
        fprintf(out, ".TP\n%s%s%s ", route->get ? "GET" : "", route->get && route->post ? ", " : "",
                route->post ? "POST" : "");
        roff_put_bold(out, route->path);
        put_parameters(route->parameters, out);
        snprintf(text, sizeof text, "%s (%s%s).", route->documentation, scope_of(route),
                 route->probe ? ", on both listeners" : "");
        fputc('\n', out);
        roff_put_sentences(out, text);
    }
}
