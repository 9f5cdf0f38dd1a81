/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_format.h"

#include <string.h>

static const struct {
    const char *name;
    const char *media; /* as Accept names it */
    const char *content_type;
    enum report_format report;
} formats[HTTP_FORMATS] = {
    [FORMAT_JSON] = {"json", "application/json", HTTP_JSON, REPORT_JSON},
    [FORMAT_TEXT] = {"text", "text/plain", HTTP_TEXT, REPORT_TEXT},
    [FORMAT_MARKDOWN] = {"markdown", "text/markdown", HTTP_MARKDOWN, REPORT_MARKDOWN},
    [FORMAT_SQL] = {"sql", "application/sql", HTTP_SQL, REPORT_SQL},
};

/* One entry of an Accept field. */
struct range {
    const char *media;
    size_t length;
    unsigned weight; /* thousandths */
    bool wild;       /* a type of any subtype, or anything */
};

/* Of "…;q=0.5": 500. Without one, or with one that is none: 1000. */
static unsigned read_weight(const char *parameters, size_t length)
{
    const char *end = parameters + length;
    for (const char *at = memchr(parameters, ';', length); at; at = memchr(at, ';', (size_t)(end - at))) {
        at++;
        at += strspn(at, " \t");
        if (strncasecmp(at, "q=0", 3) != 0)
            continue;
        unsigned weight = 0;
        const char *digit = at[3] == '.' ? at + 4 : at + 3;
        for (unsigned unit = 100; unit > 0 && *digit >= '0' && *digit <= '9'; unit /= 10)
            weight += (unsigned)(*digit++ - '0') * unit;
        return weight;
    }
    return 1000;
}

static struct range read_range(const char *entry)
{
    size_t length = strcspn(entry, " \t,;");
    return (struct range){
        .media = entry,
        .length = length,
        .weight = read_weight(entry, strcspn(entry, ",")),
        .wild = length >= 2 && memcmp(entry + length - 2, "/*", 2) == 0,
    };
}

static bool range_covers(const struct range *range, const char *media)
{
    if (!range->wild)
        return strlen(media) == range->length && strncasecmp(media, range->media, range->length) == 0;
    return range->length == 3 ? *range->media == '*' : strncasecmp(media, range->media, range->length - 1) == 0;
}

/* What the caller likes best of what the route knows; of two that weigh alike the one that is named, then the first.
 * JSON where nothing fits. */
static enum http_format accepted(const char *accept, unsigned known)
{
    enum http_format best = FORMAT_JSON;
    unsigned weight = 0;
    bool wild = false;
    for (; accept && *accept; accept += strcspn(accept, ",")) {
        accept += strspn(accept, " \t,");
        struct range range = read_range(accept);
        if (range.weight < weight || range.weight == 0 || (range.weight == weight && (range.wild || !wild)))
            continue;
        for (unsigned format = 0; format < HTTP_FORMATS; format++) {
            if (!(known & 1u << format) || !range_covers(&range, formats[format].media))
                continue;
            best = format;
            weight = range.weight;
            wild = range.wild;
            break;
        }
    }
    return best;
}

bool http_format_choose(const struct http_request *request, unsigned known, struct http_response *response,
                        enum http_format *ret_format)
{
    const char *wanted = http_request_parameter(request, "format");
    cleanup(strbuf) struct strbuf names = STRBUF(256);
    if (!wanted) {
        response->varies = true;
        *ret_format = accepted(request->accept, known);
        return true;
    }
    for (unsigned format = 0; format < HTTP_FORMATS; format++) {
        if (!(known & 1u << format))
            continue;
        *ret_format = format;
        if (strcmp(formats[format].name, wanted) == 0)
            return true;
        strbuf_printf(&names, "%s%s", names.length > 0 ? ", " : "", formats[format].name);
    }
    http_response_bad_parameter(response, "format", "format is one of: %s", strbuf_text(&names));
    return false;
}

void http_format_begin(struct http_response *response, int status, enum http_format format)
{
    response->status = status;
    response->content_type = formats[format].content_type;
    strbuf_clear(&response->body);
}

void http_format_render(struct http_response *response, enum report_kind kind, enum http_format format,
                        const struct report_subject *subject)
{
    if (!report_render(kind, formats[format].report, subject, &response->body))
        response->body.failed = true; /* http_format_choose offers nothing of the kind */
}

void http_format_end(struct http_response *response)
{
    if (!strbuf_ok(&response->body))
        http_response_no_memory(response);
}
