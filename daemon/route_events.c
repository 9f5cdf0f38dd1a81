/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/events?database=orders,billing&kind=state,drift&last_event_id=: see event_stream.h.
 */
#include <string.h>

#include "base/alloc.h"
#include "daemon/event_stream.h"
#include "daemon/http_routes.h"
#include "daemon/sse.h"

#define HTTP_EVENTS "text/event-stream"

/* Calls `add` for each name of each list that is given under `parameter`. False after `add` has refused one, or, with
 * the 400 answered, after an empty one. */
static bool each_name(const struct http_request *request, const char *parameter,
                      bool (*add)(const struct http_request *request, const char *name, size_t length, void *payload,
                                  struct http_response *response),
                      void *payload, struct http_response *response)
{
    for (size_t i = 0; i < request->parameter_count; i++) {
        if (strcmp(request->parameters[i].name, parameter) != 0)
            continue;
        for (const char *name = request->parameters[i].value;; name++) {
            size_t length = strcspn(name, ",");
            if (length == 0) {
                http_response_bad_parameter(response, parameter, "%s is a list of names: a,b", parameter);
                return false;
            }
            if (!add(request, name, length, payload, response))
                return false;
            name += length;
            if (!*name)
                break;
        }
    }
    return true;
}

static bool add_kind(const struct http_request *request, const char *name, size_t length, void *payload,
                     struct http_response *response)
{
    (void)request;
    unsigned *kinds = payload;
    for (unsigned kind = 0; kind < EVENT_KINDS; kind++) {
        const char *known = event_kind_name((enum event_kind)kind);
        if (strlen(known) == length && memcmp(known, name, length) == 0) {
            *kinds |= 1u << kind;
            return true;
        }
    }
    http_response_bad_parameter(response, "kind", "kind is state, drift, admission, fail_open or check");
    return false;
}

static bool add_database(const struct http_request *request, const char *name, size_t length, void *payload,
                         struct http_response *response)
{
    struct strbuf *names = payload;
    size_t begin = names->length;
    strbuf_add(names, name, length);
    strbuf_add_char(names, '\0');
    if (!strbuf_ok(names)) {
        http_response_no_memory(response);
        return false;
    }
    if (config_find_database(request->set->config, names->bytes + begin))
        return true;
    http_response_problem(response, 404, "there is no database %s", names->bytes + begin);
    return false;
}

static bool parse_filter(const struct http_request *request, struct event_filter *filter,
                         struct http_response *response)
{
    cleanup(strbuf) struct strbuf names = STRBUF(HTTP_TARGET_SIZE);
    if (!each_name(request, "kind", add_kind, &filter->kinds, response) ||
        !each_name(request, "database", add_database, &names, response))
        return false;
    if (filter->kinds == 0)
        filter->kinds = (1u << EVENT_KINDS) - 1;
    if (names.length == 0)
        return true;
    filter->databases = strbuf_steal(&names); /* whose own NUL is the empty name at the end */
    if (!filter->databases)
        http_response_no_memory(response);
    return filter->databases;
}

/* The header is the newer one: who comes back by itself repeats the parameter that it began with. */
static bool find_last_id(const struct http_request *request, const char **ret_id, struct http_response *response)
{
    char epoch[SSE_EPOCH_SIZE] = "";
    uint64_t number = 0;
    const char *parameter = http_request_parameter(request, "last_event_id");
    if (parameter && *parameter && !sse_id_parse(parameter, epoch, &number)) {
        http_response_bad_parameter(response, "last_event_id", "last_event_id is the id of an event");
        return false;
    }
    bool header = request->last_event_id && *request->last_event_id;
    *ret_id = header ? request->last_event_id : parameter && *parameter ? parameter : NULL;
    return true;
}

void route_events(const struct http_request *request, struct http_response *response)
{
    cleanup(event_filter) struct event_filter filter = {0};
    struct event_stream_setup setup = {
        .events = request->context->events, .publication = request->context->publication, .trusted = request->loopback};
    if (!route_has_views(request, response) || !parse_filter(request, &filter, response) ||
        !find_last_id(request, &setup.last_id, response))
        return;
    if (!event_stream_open(&setup, &filter, &response->stream)) {
        http_response_no_memory(response);
        return;
    }
    response->status = 200;
    response->content_type = HTTP_EVENTS;
    response->live = true;
}
