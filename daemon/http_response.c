/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_response.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/refcount.h"
#include "report/report.h"

struct http_payload *http_payload_new(struct strbuf *text)
{
    struct http_payload *payload = mem_calloc(1, sizeof *payload);
    if (!payload)
        return NULL;
    payload->references = 1;
    payload->length = text->length;
    payload->bytes = strbuf_steal(text);
    if (!payload->bytes) {
        mem_free(payload);
        return NULL;
    }
    return payload;
}

struct http_payload *http_payload_ref(struct http_payload *payload)
{
    refcount_take(&payload->references);
    return payload;
}

void http_payload_unref(struct http_payload *payload)
{
    if (!payload || !refcount_drop(&payload->references))
        return;
    mem_free(payload->bytes);
    mem_free(payload);
}

void http_response_init(struct http_response *response)
{
    *response = (struct http_response){.body = STRBUF(LIMIT_RESPONSE_BYTES)};
}

void http_response_done(struct http_response *response)
{
    strbuf_done(&response->body);
    http_payload_unref(response->payload);
    if (response->stream.free)
        response->stream.free(response->stream.state);
    gate_question_free(response->hold.question);
    http_response_free(response->hold.prepared);
    http_response_init(response);
}

struct http_response *http_response_take(struct http_response *response)
{
    struct http_response *taken = mem_alloc(sizeof *taken);
    if (!taken)
        return NULL;
    *taken = *response;
    http_response_init(response);
    return taken;
}

/* A prepared answer holds no other one. */
void http_response_free(struct http_response *response)
{
    if (response)
        http_response_done(response);
    mem_free(response);
}

void http_response_json(struct http_response *response, int status, struct json_writer *ret_writer)
{
    response->status = status;
    response->content_type = HTTP_JSON;
    strbuf_clear(&response->body);
    json_writer_init(ret_writer, &response->body, 0);
}

void http_response_end_json(struct http_response *response, const struct json_writer *writer)
{
    if (!json_writer_ok(writer))
        http_response_no_memory(response);
}

const char *http_status_title(int status)
{
    static const struct {
        int status;
        const char *title;
    } titles[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {429, "Too Many Requests"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(titles); i++) {
        if (titles[i].status == status)
            return titles[i].title;
    }
    return "Error";
}

enum { DETAIL_BYTES = 640 };

static void set_problem(struct http_response *response, int status, const char *extra_key, const char *extra_value,
                        const char *detail)
{
    http_response_done(response);
    response->status = status;
    response->content_type = HTTP_PROBLEM;
    struct json_writer writer = {0};
    json_writer_init(&writer, &response->body, 0);
    report_problem(&writer, status, http_status_title(status), detail, extra_key, extra_value);
    if (!json_writer_ok(&writer))
        http_response_no_memory(response);
}

void http_response_problem(struct http_response *response, int status, const char *format, ...)
{
    char detail[DETAIL_BYTES] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    set_problem(response, status, NULL, NULL, detail);
}

void http_response_bad_parameter(struct http_response *response, const char *parameter, const char *format, ...)
{
    char detail[DETAIL_BYTES] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    set_problem(response, 400, "parameter", parameter, detail);
}

void http_response_bad_member(struct http_response *response, const char *member, const char *format, ...)
{
    char detail[DETAIL_BYTES] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    set_problem(response, 400, "member", member, detail);
}

void http_response_coded_problem(struct http_response *response, int status, const char *code, const char *format, ...)
{
    char detail[DETAIL_BYTES] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    set_problem(response, status, "code", code, detail);
}

/* No body: whoever sends it has one ready that was made at the start. */
void http_response_no_memory(struct http_response *response)
{
    http_response_done(response);
    response->status = 503;
    response->retry_after_seconds = 1;
}

void http_response_error(struct http_response *response, const struct error *error, const char *parameter)
{
    if (error->code == ERROR_NOT_FOUND)
        http_response_problem(response, 404, "%s", error->message);
    else if (error->code == ERROR_INVALID)
        http_response_bad_parameter(response, parameter, "%s", error->message);
    else
        http_response_no_memory(response);
}
