/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_exchange.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/limits.h"
#include "daemon/http_feed.h"
#include "daemon/http_reply.h"
#include "daemon/metrics.h"

enum __attribute__((packed)) step { STEP_BEGUN, STEP_READING, STEP_HELD, STEP_RELEASED, STEP_POLLED, STEP_ANSWERED };

struct http_exchange {
    struct http_loop *loop;
    struct http_connection *connection;
    struct MHD_Connection *mhd;
    struct waiter *waiter;          /* while held by a gate */
    const struct http_route *route; /* that asked for holding */
    struct http_payload *payload;   /* what a gate's wait ended with; owned */
    struct http_exchange *next_poll;
    struct http_exchange *previous_poll;
    bool (*ready)(const struct http_request *request); /* while held by a poll */
    struct http_response *prepared;                    /* before it was; owned; NULL */
    uint64_t ticket;
    int64_t deadline_ms;
    struct strbuf body;
    const char *content_type;
    int status; /* 0: the daemon stops */
    int retry_after_seconds;
    enum step step;
    enum http_method method;
    bool late;
    char target[];
};

static bool is_draining(const struct http_loop *loop)
{
    return __atomic_load_n(&loop->listener->draining, __ATOMIC_ACQUIRE);
}

static struct http_connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* The library copies the first Cookie it finds to take it apart, which nobody here reads: a long one would need its
 * length twice out of the connection's memory. An empty one in front of what the client sends spares that. The marker
 * is no more than that: without it, large cookies are refused earlier. */
static void keep_cookies_whole(struct MHD_Connection *mhd)
{
    MHD_set_connection_value(mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_COOKIE, "");
}

void *http_exchange_begin(void *payload, const char *target, struct MHD_Connection *mhd)
{
    struct http_loop *loop = payload;
    struct http_connection *connection = connection_of(mhd);
    if (!connection)
        return NULL;
    http_exchange_free(take(connection->exchange));
    http_connection_enter(loop, connection, PHASE_HEADERS);
    keep_cookies_whole(mhd);
    size_t length = strlen(target);
    struct http_exchange *exchange = mem_calloc(1, sizeof *exchange + length + 1);
    if (!exchange)
        return NULL;
    exchange->loop = loop;
    exchange->connection = connection;
    exchange->mhd = mhd;
    exchange->body.maximum = LIMIT_REQUEST_BODY;
    memcpy(exchange->target, target, length + 1);
    connection->exchange = exchange;
    return exchange;
}

static void resume(struct http_exchange *exchange)
{
    exchange->loop->resumed = true;
    MHD_resume_connection(exchange->mhd);
}

static void leave_polls(struct http_exchange *exchange)
{
    if (!exchange->ready)
        return;
    exchange->ready = NULL;
    if (exchange->previous_poll)
        exchange->previous_poll->next_poll = exchange->next_poll;
    else
        exchange->loop->polls = exchange->next_poll;
    if (exchange->next_poll)
        exchange->next_poll->previous_poll = exchange->previous_poll;
    exchange->next_poll = NULL;
    exchange->previous_poll = NULL;
}

void http_exchange_free(struct http_exchange *exchange)
{
    if (!exchange)
        return;
    if (exchange->waiter)
        waiters_cancel(exchange->loop->waiters, exchange->waiter);
    leave_polls(exchange);
    http_payload_unref(exchange->payload);
    http_response_free(exchange->prepared);
    strbuf_done(&exchange->body);
    mem_free(exchange);
}

void http_exchange_complete(void *payload, struct MHD_Connection *mhd, void **state,
                            enum MHD_RequestTerminationCode code)
{
    (void)code;
    *state = NULL;
    struct http_connection *connection = connection_of(mhd);
    if (!connection)
        return;
    http_exchange_free(take(connection->exchange));
    http_connection_enter(payload, connection, PHASE_IDLE);
}

static enum MHD_Result queue(struct http_exchange *exchange, int status, struct MHD_Response *reply,
                             const struct http_route *route)
{
    exchange->step = STEP_ANSWERED;
    http_connection_enter(exchange->loop, exchange->connection, PHASE_ANSWERING);
    http_routes_count(route, status);
    return MHD_queue_response(exchange->mhd, (unsigned)status, reply);
}

/* A stream that waits is for GET alone: the answer to HEAD has no body, but is refused alike. */
static struct MHD_Response *make_reply(struct http_exchange *exchange, struct http_response *response, bool close)
{
    bool head = exchange->method == HTTP_HEAD;
    if (response->stream.ready && !http_feed_may_open(exchange->loop)) {
        http_response_problem(response, 429, "too many event streams are open");
        response->retry_after_seconds = 10;
    }
    if (response->stream.ready && !head)
        return http_feed_new(exchange->loop, exchange->connection, exchange->mhd, response);
    return http_reply_new(response, head, close || is_draining(exchange->loop));
}

static enum MHD_Result answer(struct http_exchange *exchange, struct http_response *response,
                              const struct http_route *route, bool close)
{
    struct MHD_Response *reply = make_reply(exchange, response, close);
    if (!reply || response->status == 0)
        return queue(exchange, 503, exchange->loop->unavailable, route);
    enum MHD_Result result = queue(exchange, response->status, reply, route);
    MHD_destroy_response(reply);
    return result;
}

/* `parameter` is NULL unless one is to blame. */
static enum MHD_Result refuse(struct http_exchange *exchange, int status, const char *parameter, const char *detail)
{
    cleanup(http_response) struct http_response response = {0};
    http_response_init(&response);
    if (parameter)
        http_response_bad_parameter(&response, parameter, "%s", detail);
    else
        http_response_problem(&response, status, "%s", detail);
    metric_add(METRIC_http_requests_rejected, 1);
    return answer(exchange, &response, NULL, true);
}

static enum MHD_Result guard_header(void *payload, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                    const char *value, size_t value_length)
{
    (void)kind;
    http_guard_header(payload, name, name_length, value ? value : "", value ? value_length : 0);
    return MHD_YES;
}

/* First call: the headers are there. */
static enum MHD_Result begin(struct http_exchange *exchange, const char *method, const char *version)
{
    struct http_guard guard = {0};
    MHD_get_connection_values_n(exchange->mhd, MHD_HEADER_KIND, guard_header, &guard);
    exchange->method = http_method_from_name(method);
    const char *detail = NULL;
    int status = http_guard_check(&guard, exchange->method, version, &detail);
    if (status)
        return refuse(exchange, status, NULL, detail);
    exchange->step = STEP_READING;
    http_connection_enter(exchange->loop, exchange->connection, PHASE_BODY);
    return MHD_YES;
}

static struct http_request make_request(const struct http_exchange *exchange, struct view_set *set)
{
    return (struct http_request){
        .context = exchange->loop->listener->context,
        .set = set,
        .method = exchange->method,
        .body = exchange->body.bytes,
        .body_length = exchange->body.length,
        .if_none_match = MHD_lookup_connection_value(exchange->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH),
        .last_event_id = MHD_lookup_connection_value(exchange->mhd, MHD_HEADER_KIND, "Last-Event-ID"),
        .accept = MHD_lookup_connection_value(exchange->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT),
        .probe = exchange->loop->listener->probe,
        .loopback = exchange->loop->listener->loopback,
        .resumed = exchange->step == STEP_POLLED,
        .held_too_long = exchange->late,
        .ticket = exchange->ticket,
        .prepared = exchange->prepared,
        .monotonic_ms = monotonic_ms(),
        .unix_ms = http_unix_ms(),
    };
}

static enum MHD_Result count_authorizations(void *payload, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind, (void)value;
    *(unsigned *)payload += strcasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION) == 0;
    return MHD_YES;
}

/* Where nobody needs a token and none is shown, there is nothing to find out. Of two, nobody knows which is meant. */
static struct access_caller caller_of(const struct http_exchange *exchange)
{
    const struct http_listener *listener = exchange->loop->listener;
    const char *field = MHD_lookup_connection_value(exchange->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    unsigned count = 0;
    if (!field && listener->loopback)
        return (struct access_caller){.kind = CALLER_ANONYMOUS};
    if (field)
        MHD_get_connection_values(exchange->mhd, MHD_HEADER_KIND, count_authorizations, &count);
    return access_identify(listener->context->access, count > 1 ? "" : field);
}

static void hold_by_poll(struct http_exchange *exchange, struct http_hold *hold)
{
    struct http_loop *loop = exchange->loop;
    http_response_free(exchange->prepared);
    exchange->prepared = take(hold->prepared);
    exchange->ready = hold->ready;
    exchange->ticket = hold->ticket;
    exchange->deadline_ms = monotonic_ms() + hold->wait_ms;
    exchange->next_poll = loop->polls;
    if (loop->polls)
        loop->polls->previous_poll = exchange;
    loop->polls = exchange;
}

static bool hold_by_gate(struct http_exchange *exchange, struct http_response *response)
{
    struct error error = {0};
    int64_t deadline_ms = monotonic_ms() + response->hold.wait_ms;
    if (waiters_add(exchange->loop->waiters, take(response->hold.question), exchange, deadline_ms, &exchange->waiter,
                    &error) == 0)
        return true;
    if (error.code == ERROR_NO_MEMORY) {
        http_response_no_memory(response);
    } else {
        http_response_problem(response, 429, "%s", error.message);
        response->retry_after_seconds = 2;
    }
    return false;
}

static enum MHD_Result finish(struct http_exchange *exchange, const struct http_request *request,
                              struct http_response *response)
{
    exchange->route = request->route;
    switch (response->hold.kind) {
    case HTTP_NOT_HELD:
        return answer(exchange, response, request->route, false);
    case HTTP_HELD_BY_GATE:
        if (!hold_by_gate(exchange, response))
            return answer(exchange, response, request->route, false);
        break;
    case HTTP_HELD_BY_POLL:
        hold_by_poll(exchange, &response->hold);
        break;
    }
    exchange->step = STEP_HELD;
    http_connection_enter(exchange->loop, exchange->connection, PHASE_HELD);
    MHD_suspend_connection(exchange->mhd);
    return MHD_YES;
}

/* Sends the reply and keeps it for others. */
static enum MHD_Result answer_and_keep(struct http_exchange *exchange, const struct http_request *request,
                                       struct http_response *response)
{
    struct http_cached entry = {.generation = request->set->generation,
                                .until_ms = request->monotonic_ms + response->cache_ms,
                                .status = response->status,
                                .open = request->caller.kind == CALLER_ANONYMOUS,
                                .route = request->route,
                                .reply = http_reply_new(response, false, false)};
    if (!entry.reply)
        return queue(exchange, 503, exchange->loop->unavailable, request->route);
    enum MHD_Result result = queue(exchange, entry.status, entry.reply, entry.route);
    http_cache_keep(&exchange->loop->cache, exchange->target, &entry);
    return result;
}

static bool may_be_cached(const struct http_exchange *exchange)
{
    return (exchange->method == HTTP_GET || exchange->method == HTTP_HEAD) && !is_draining(exchange->loop);
}

/* A kept reply passes by the route's own judgement of its caller. */
static bool may_be_given(const struct http_exchange *exchange, const struct http_cached *cached,
                         const struct access_caller *caller)
{
    return exchange->loop->listener->loopback || cached->open ||
           http_route_is_covered(cached->route, HTTP_GET, caller, 0);
}

static enum MHD_Result route(struct http_exchange *exchange, struct view_set *set, const struct access_caller *caller,
                             const char *method)
{
    struct http_target target = {0};
    struct error error = {0};
    /* Only OPTIONS may ask about no path at all, and it is not a method of ours. */
    bool nowhere = exchange->method == HTTP_OTHER_METHOD && strcmp(exchange->target, "*") == 0;
    if (http_target_parse(nowhere ? "/" : exchange->target, &target, &error))
        return refuse(exchange, 400, target.bad_parameter, error.message);
    const char *names[HTTP_SEGMENTS] = {0};
    cleanup(http_response) struct http_response response = {0};
    http_response_init(&response);
    struct http_request request = make_request(exchange, set);
    request.caller = *caller;
    http_route(&request, &target, method, names, &response);
    if (set && response.cache_ms > 0 && response.status != 0 && may_be_cached(exchange))
        return answer_and_keep(exchange, &request, &response);
    return finish(exchange, &request, &response);
}

static enum MHD_Result run(struct http_exchange *exchange, const char *method)
{
    struct http_loop *loop = exchange->loop;
    struct publication *publication = loop->listener->context->publication;
    struct access_caller caller = caller_of(exchange);
    if (may_be_cached(exchange) && caller.kind != CALLER_REFUSED) {
        const struct http_cached *cached =
            http_cache_find(&loop->cache, exchange->target, publication_generation(publication), loop->now_ms);
        if (cached && may_be_given(exchange, cached, &caller))
            return queue(exchange, cached->status, cached->reply, cached->route);
    }
    cleanup(view_set) struct view_set *set = publication_acquire(publication);
    return route(exchange, set, &caller, method);
}

/* What the wait ended with. */
static enum MHD_Result answer_released(struct http_exchange *exchange)
{
    cleanup(http_response) struct http_response response = {0};
    http_response_init(&response);
    if (exchange->status == 0) {
        http_response_problem(&response, 503, "the daemon is stopping");
        response.retry_after_seconds = 2;
    } else {
        response.status = exchange->status;
        response.content_type = exchange->content_type;
        response.retry_after_seconds = exchange->retry_after_seconds;
        response.payload = take(exchange->payload);
        if (!response.payload)
            http_response_no_memory(&response);
    }
    return answer(exchange, &response, exchange->route, false);
}

static enum MHD_Result read_body(struct http_exchange *exchange, const char *upload, size_t *upload_size)
{
    strbuf_add(&exchange->body, upload, *upload_size);
    *upload_size = 0;
    return strbuf_ok(&exchange->body) ? MHD_YES : MHD_NO;
}

enum MHD_Result http_exchange_handle(void *payload, struct MHD_Connection *mhd, const char *url, const char *method,
                                     const char *version, const char *upload, size_t *upload_size, void **state)
{
    (void)url;
    struct http_loop *loop = payload;
    struct http_exchange *exchange = *state;
    loop->moved = true;
    if (!exchange)
        return MHD_queue_response(mhd, MHD_HTTP_SERVICE_UNAVAILABLE, loop->unavailable);
    switch (exchange->step) {
    case STEP_BEGUN:
        return begin(exchange, method, version);
    case STEP_READING:
        return *upload_size > 0 ? read_body(exchange, upload, upload_size) : run(exchange, method);
    case STEP_RELEASED:
        return answer_released(exchange);
    case STEP_POLLED:
        return run(exchange, method);
    case STEP_HELD:
    case STEP_ANSWERED:
        break;
    }
    return MHD_NO;
}

void http_exchange_released(void *owner, const struct http_response *released)
{
    struct http_exchange *exchange = owner;
    exchange->waiter = NULL;
    exchange->step = STEP_RELEASED;
    if (released) {
        exchange->status = released->status;
        exchange->content_type = released->content_type;
        exchange->retry_after_seconds = released->retry_after_seconds;
        exchange->payload = released->payload ? http_payload_ref(released->payload) : NULL;
    }
    resume(exchange);
}

static bool is_ready(const struct http_exchange *exchange)
{
    struct http_target target = {0};
    if (http_target_parse(exchange->target, &target, NULL))
        return true;
    const char *names[HTTP_SEGMENTS] = {0};
    struct http_request request = make_request(exchange, NULL);
    http_route_names(exchange->route, &target, names);
    request.names = names;
    return exchange->ready(&request);
}

bool http_exchange_turn_polls(struct http_loop *loop, bool all)
{
    for (struct http_exchange *exchange = loop->polls; exchange;) {
        struct http_exchange *next = exchange->next_poll;
        exchange->late = exchange->deadline_ms <= loop->now_ms;
        if (all || exchange->late || is_ready(exchange)) {
            leave_polls(exchange);
            exchange->step = all ? STEP_RELEASED : STEP_POLLED;
            resume(exchange);
        }
        exchange = next;
    }
    return loop->polls;
}
