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

/* The first media type of the list that the route knows; weights are not read: who sends them means JSON anyway. */
static enum http_format accepted(const char *accept, unsigned known)
{
    while (accept && *accept) {
        accept += strspn(accept, " \t,");
        size_t length = strcspn(accept, " \t,;");
        for (unsigned format = 0; format < HTTP_FORMATS; format++) {
            if ((known & 1u << format) && strlen(formats[format].media) == length &&
                strncasecmp(formats[format].media, accept, length) == 0)
                return format;
        }
        accept += strcspn(accept, ",");
    }
    return FORMAT_JSON;
}

bool http_format_choose(const struct http_request *request, unsigned known, struct http_response *response,
                        enum http_format *ret_format)
{
    const char *wanted = http_request_parameter(request, "format");
    cleanup(strbuf) struct strbuf names = STRBUF(256);
    if (!wanted) {
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
