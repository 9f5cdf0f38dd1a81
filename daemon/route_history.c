/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /v1/databases/{database}/history: what is remembered of a database, newest first, or its state at a moment. The
 * recorder's thread reads it, while the request is held.
 */
#include <stdlib.h>
#include <string.h>

#include "base/time_text.h"
#include "daemon/http_routes.h"
#include "daemon/recorder.h"
#include "json/json_reader.h"

enum {
    PATIENCE_MS = 10000,
    USUAL_LIMIT = 100,
    GREATEST_LIMIT = 1000,
};

/* What the parameters ask for. */
struct request_parts {
    struct history_query query;
    const char *at; /* as written; NULL */
};

static bool read_number(const struct http_request *request, const char *name, int64_t most, int64_t *ret_number,
                        struct http_response *response)
{
    const char *text = http_request_parameter(request, name);
    char *end = NULL;
    if (!text)
        return true;
    long long number = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || number < 1 || number > most) {
        http_response_bad_parameter(response, name, "%s must be a number from 1 to %lld", name, (long long)most);
        return false;
    }
    *ret_number = number;
    return true;
}

bool route_read_limit(const struct http_request *request, size_t most, size_t *limit, struct http_response *response)
{
    int64_t number = (int64_t)*limit;
    if (!read_number(request, "limit", (int64_t)most, &number, response))
        return false;
    *limit = (size_t)number;
    return true;
}

static bool read_moment(const struct http_request *request, struct request_parts *parts, struct http_response *response)
{
    parts->at = http_request_parameter(request, "at");
    if (!parts->at)
        return true;
    if (!time_parse_rfc3339(parts->at, &parts->query.until_ms) || parts->query.until_ms <= 0) {
        http_response_bad_parameter(response, "at", "at must be a time such as 2026-11-20T10:00:00Z");
        return false;
    }
    static const char *const excluded[] = {"limit", "before", "kind"};
    for (size_t i = 0; i < ARRAY_LENGTH(excluded); i++) {
        if (http_request_parameter(request, excluded[i])) {
            http_response_bad_parameter(response, excluded[i], "%s does not go with at", excluded[i]);
            return false;
        }
    }
    parts->query.limit = 1;
    return true;
}

static bool read_kind(const struct http_request *request, struct history_query *query, struct http_response *response)
{
    const char *text = http_request_parameter(request, "kind");
    enum history_kind kind = text ? history_kind_from_name(text) : HISTORY_STATE;
    if (kind == HISTORY_KINDS && strcmp(text, "all") != 0) {
        http_response_bad_parameter(response, "kind", "kind must be state, drift, admission, fail_open, check or all");
        return false;
    }
    query->kinds = kind == HISTORY_KINDS ? 0 : 1u << kind;
    return true;
}

static bool read_parts(const struct http_request *request, const char *database, struct request_parts *parts,
                       struct http_response *response)
{
    *parts = (struct request_parts){.query = {.subject = database, .limit = USUAL_LIMIT}};
    return route_read_limit(request, GREATEST_LIMIT, &parts->query.limit, response) &&
           read_number(request, "before", INT64_MAX, &parts->query.before_sequence, response) &&
           read_kind(request, &parts->query, response) && read_moment(request, parts, response);
}

static bool is_answered(const struct http_request *request)
{
    return recorder_answered(request->context->recorder, request->ticket);
}

static void refuse(const struct error *error, struct http_response *response)
{
    if (error->code == ERROR_NO_MEMORY) {
        http_response_no_memory(response);
        return;
    }
    http_response_coded_problem(response, 503, "HISTORY_UNAVAILABLE", "%s", error->message);
    response->retry_after_seconds = error->code == ERROR_UNSUPPORTED ? 0 : 2;
}

static void ask(const struct http_request *request, const struct history_query *query, struct http_response *response)
{
    struct error error = {.code = ERROR_OK};
    uint64_t ticket = 0;
    if (recorder_ask(request->context->recorder, query, &ticket, &error) < 0) {
        refuse(&error, response);
        return;
    }
    response->hold =
        (struct http_hold){.kind = HTTP_HELD_BY_POLL, .wait_ms = PATIENCE_MS, .ticket = ticket, .ready = is_answered};
}

/* The state of that moment out of the one record that was found, which stands behind it. */
static void write_moment(const char *database, const struct request_parts *parts, const struct json_value *records,
                         const struct strbuf *json, struct http_response *response)
{
    const struct json_value *found = json_element(records, 0);
    struct json_writer writer = {0};
    http_response_json(response, 200, &writer);
    json_open_object(&writer);
    json_key_string(&writer, "database", database);
    json_key_time(&writer, "at", parts->query.until_ms);
    json_key_string(&writer, "state", found ? json_text(json_member(found, "state")) : "unknown");
    json_key_string(&writer, "code", found ? json_text(json_member(found, "code")) : "NEVER_OBSERVED");
    json_key_string(&writer, "since", json_text(json_member(found, "at")));
    json_key(&writer, "record");
    if (found)
        json_add_document(&writer, strbuf_text(json) + 1, json->length - 2);
    else
        json_add_null(&writer);
    json_close_object(&writer);
    http_response_end_json(response, &writer);
}

static void write_list(const char *database, const struct json_value *records, const struct strbuf *json,
                       struct http_response *response)
{
    int64_t oldest = 0;
    size_t count = json_length(records);
    struct json_writer writer = {0};
    http_response_json(response, 200, &writer);
    json_open_object(&writer);
    json_key_string(&writer, "database", database);
    json_key(&writer, "before");
    if (count > 0 && json_get_integer(json_member(json_element(records, count - 1), "sequence"), &oldest))
        json_add_integer(&writer, oldest);
    else
        json_add_null(&writer);
    json_key(&writer, "records");
    json_add_document(&writer, strbuf_text(json), json->length);
    json_close_object(&writer);
    http_response_end_json(response, &writer);
}

static void answer(const struct http_request *request, const char *database, const struct request_parts *parts,
                   struct http_response *response)
{
    cleanup(strbuf) struct strbuf json = STRBUF(0);
    cleanup(json_document) struct json_document *document = NULL;
    struct error error = {.code = ERROR_OK};
    if (recorder_answer(request->context->recorder, request->ticket, &json, &error) < 0) {
        refuse(&error, response);
        return;
    }
    if (json_parse(strbuf_text(&json), json.length, LIMIT_RESPONSE_BYTES, "history", &document, &error) < 0) {
        refuse(&error, response);
        return;
    }
    if (parts->at)
        write_moment(database, parts, json_root(document), &json, response);
    else
        write_list(database, json_root(document), &json, response);
}

void route_history(const struct http_request *request, struct http_response *response)
{
    const struct view *view = route_find_view(request, response);
    struct request_parts parts = {0};
    if (!view || !read_parts(request, view->database->name, &parts, response))
        return;
    if (request->resumed)
        answer(request, view->database->name, &parts, response);
    else
        ask(request, &parts.query, response);
}
