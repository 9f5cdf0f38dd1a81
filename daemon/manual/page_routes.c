/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "daemon/http_routes.h"
#include "daemon/manual/page.h"
#include "daemon/manual/roff.h"

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
        snprintf(text, sizeof text, "%s (%s%s).", route->documentation, http_route_access(route),
                 route->probe ? ", on both listeners" : "");
        fputc('\n', out);
        roff_put_sentences(out, text);
    }
}
