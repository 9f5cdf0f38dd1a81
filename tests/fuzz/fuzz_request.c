/* SPDX-License-Identifier: Apache-2.0
 *
 * What a caller controls of a request before a handler sees it: the first line is a target, the second an
 * If-None-Match, each further one a header field. Whatever is accepted must be what the handlers rely on.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/utf8.h"
#include "daemon/http_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    if (!utf8_is_valid(text, strlen(text)))
        abort();
}

static void check_target(const char *raw)
{
    static struct http_target target;
    struct error error = {0};
    if (http_target_parse(raw, &target, &error)) {
        if (error.code != ERROR_INVALID || !*error.message)
            abort();
        return;
    }
    for (size_t i = 0; i < target.segment_count && i < HTTP_SEGMENTS; i++)
        check_text(target.segments[i]);
    for (size_t i = 0; i < target.parameter_count; i++) {
        int64_t milliseconds = 0;
        check_text(target.parameters[i].name);
        check_text(target.parameters[i].value);
        if (strlen(target.parameters[i].value) > LIMIT_QUERY_VALUE)
            abort();
        if (duration_parse(target.parameters[i].value, &milliseconds) && milliseconds < 0)
            abort();
    }
}

static void check_header(struct http_guard *guard, const char *line)
{
    const char *colon = strchr(line, ':');
    const char *value = colon ? colon + 1 : "";
    value += strspn(value, " \t");
    http_guard_header(guard, line, colon ? (size_t)(colon - line) : strlen(line), value, strlen(value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(free) char *text = mem_strndup((const char *)data, size);
    if (!text)
        return 0;
    struct http_guard guard = {0};
    char *rest = text;
    const char *target = strsep(&rest, "\n");
    const char *etag = rest ? strsep(&rest, "\n") : "";
    check_target(target);
    http_etag_matches(etag, "\"0123-1\"");
    for (const char *line = NULL; rest && (line = strsep(&rest, "\n"));)
        check_header(&guard, line);
    const char *detail = NULL;
    int status = http_guard_check(&guard, HTTP_POST, "HTTP/1.1", &detail);
    if (status ? !detail : guard.transfer_encoding || guard.lengths > 1 || guard.hosts != 1)
        abort();
    return 0;
}
