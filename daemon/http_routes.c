/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_routes.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/metrics.h"

const struct http_route http_routes[] = {
    {"/livez", "Whether the daemon's own loops turn; never looks at a database", "verbose", "", ACCESS_HEALTH, true,
     false, route_livez, NULL, "200 503 json"},
    {"/readyz", "Whether every database was tried once since start and the daemon is not stopping", "verbose exclude",
     "exclude", ACCESS_HEALTH, true, false, route_readyz, NULL, "200 503 json"},
    {"/health", "Health of all databases", "", "", ACCESS_HEALTH, true, false, route_health, NULL, "200 503 health"},
    {"/health/{name}", "Health of a database or a gate", "", "", ACCESS_HEALTH, true, false, route_health_one, NULL,
     "200 404 503 health"},
    {"/metrics", "Metrics in Prometheus' text format", "", "", ACCESS_HEALTH, true, false, route_metrics, NULL,
     "200 503 metrics"},
    {"/probe", "The metrics of one configured database", "target", "", ACCESS_HEALTH, false, false, route_probe, NULL,
     "200 404 503 metrics"},
    {"/v1/databases", "All databases, one line of state each", "", "", ACCESS_READ, false, false, route_databases, NULL,
     "200 503 json"},
    {"/v1/databases/{database}", "State, reason and next step of a database", "", "", ACCESS_READ, false, false,
     route_database, NULL, "200 404 503 json"},
    {"/v1/databases/{database}/journal", "Every applied migration, and what differs from what is expected", "format",
     "", ACCESS_READ, false, false, route_journal, NULL, "200 404 503 json text markdown"},
    {"/v1/databases/{database}/schema", "The schema in canonical JSON, which is the baseline format", "", "",
     ACCESS_READ, false, false, route_schema, NULL, "200 304 404 503 json"},
    {"/v1/databases/{database}/drift", "What differs from the reference, confirmed by two looks", "assert format", "",
     ACCESS_READ, false, false, route_drift, NULL, "200 304 404 409 503 json text markdown"},
    {"/v1/databases/{database}/plan", "The SQL that would end the drift, in stages; it is never run",
     "stage direction format", "", ACCESS_READ, false, false, route_plan, NULL, "200 404 503 json text sql"},
    {"/v1/databases/{database}/checks", "What must be true of a database besides, and what was found", "format", "",
     ACCESS_READ, false, false, route_checks, NULL, "200 404 503 json text markdown"},
    {"/v1/databases/{database}/history", "State changes, newest first, or the state at a time; other kinds of record",
     "at limit before kind", "", ACCESS_READ, false, true, route_history, NULL, "200 404 503 json"},
    {"/v1/compare", "Several databases in groups of equal schemas, and how each differs from the most",
     "databases format", "", ACCESS_READ, false, false, route_compare, NULL, "200 404 503 json text markdown"},
    {"/v1/events", "What changes, as server-sent events that go on where the connection was cut",
     "database kind last_event_id", "database kind", ACCESS_READ, false, true, route_events, NULL,
     "200 404 429 503 events"},
    {"/v1/databases/{database}/refresh", "Looks at a database now", "", "", ACCESS_ADMIN, false, true, NULL,
     route_refresh, "200 404 429 503 504 json"},
    {"/v1/reload", "Reads the configuration again", "", "", ACCESS_ADMIN, false, true, NULL, route_reload,
     "200 409 503 504 json"},
    {"/v1/gates", "All gates, one line of state each", "", "", ACCESS_GATE, false, false, route_gates, NULL,
     "200 503 json"},
    {"/v1/gates/{gate}", "The readiness gate", "revision match supports wait", "revision supports", ACCESS_GATE, false,
     true, route_gate, NULL, "200 404 409 429 503 json"},
    {"/v1/gates/{gate}/admissions", "Startup signals and their answers", "limit application", "", ACCESS_GATE, false,
     true, route_admissions_list, route_admissions_post, "200 201 404 409 413 503 json"},
    {"/openapi.json", "The API's description: these routes, their parameters and answers", "", "", ACCESS_HEALTH, false,
     false, route_openapi, NULL, "200 json"},
};
const size_t http_route_count = ARRAY_LENGTH(http_routes);

const char *http_route_access(const struct http_route *route)
{
    static const struct {
        unsigned access;
        const char *name;
    } names[] = {{ACCESS_HEALTH, "health"}, {ACCESS_GATE, "gate"}, {ACCESS_READ, "read"}, {ACCESS_ADMIN, "admin"}};
    size_t i = 0;
    while (i + 1 < ARRAY_LENGTH(names) && names[i].access != route->access)
        i++;
    return names[i].name;
}

enum { STATUS_CLASSES = 6, STATUS_CODES = 16 };

/* Every status that is ever answered, so that a counter is an index. */
static const int counted_statuses[STATUS_CODES] = {200, 201, 304, 400, 401, 403, 404, 405,
                                                   409, 413, 429, 431, 503, 504, 505};
static atomic_ullong answers[ARRAY_LENGTH(http_routes) + 1][STATUS_CODES];

void http_routes_count(const struct http_route *route, int status)
{
    size_t row = route ? (size_t)(route - http_routes) : ARRAY_LENGTH(http_routes);
    for (size_t i = 0; i < STATUS_CODES; i++) {
        if (counted_statuses[i] == status) {
            atomic_fetch_add_explicit(&answers[row][i], 1, memory_order_relaxed);
            return;
        }
    }
}

void http_routes_render_metrics(struct strbuf *out)
{
    strbuf_add_string(out, "# HELP migrationd_http_requests_total HTTP requests answered\n"
                           "# TYPE migrationd_http_requests_total counter\n");
    for (size_t row = 0; row <= http_route_count; row++) {
        for (size_t i = 0; i < STATUS_CODES; i++) {
            unsigned long long count = atomic_load_explicit(&answers[row][i], memory_order_relaxed);
            if (count > 0)
                strbuf_printf(out, "migrationd_http_requests_total{route=\"%s\",code=\"%d\"} %llu\n",
                              row < http_route_count ? http_routes[row].path : "", counted_statuses[i], count);
        }
    }
}

/* Compares one segment of a pattern, which ends at a slash or the end. */
static bool segment_matches(const char *pattern, size_t length, const char *segment, const char **names,
                            size_t *name_count)
{
    if (pattern[0] == '{') {
        if (!*segment)
            return false;
        names[(*name_count)++] = segment;
        return true;
    }
    return strlen(segment) == length && memcmp(pattern, segment, length) == 0;
}

static bool path_matches(const char *pattern, const struct http_target *target, const char **names)
{
    size_t name_count = 0;
    size_t segment = 0;
    while (*pattern == '/') {
        pattern++;
        size_t length = strcspn(pattern, "/");
        if (segment >= target->segment_count || segment >= HTTP_SEGMENTS ||
            !segment_matches(pattern, length, target->segments[segment], names, &name_count))
            return false;
        segment++;
        pattern += length;
    }
    return segment == target->segment_count;
}

static const struct http_route *find(const struct http_target *target, bool probe, const char **names)
{
    for (size_t i = 0; i < http_route_count; i++) {
        if ((!probe || http_routes[i].probe) && path_matches(http_routes[i].path, target, names))
            return &http_routes[i];
    }
    return NULL;
}

void http_route_names(const struct http_route *route, const struct http_target *target,
                      const char *names[HTTP_SEGMENTS])
{
    path_matches(route->path, target, names);
}

static bool is_listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (*list) {
        size_t listed = strcspn(list, " ");
        if (listed == length && memcmp(list, word, length) == 0)
            return true;
        list += listed;
        list += strspn(list, " ");
    }
    return false;
}

/* Of two values, one would be passed over in silence. */
static bool is_needless(const struct http_request *request, size_t index)
{
    const char *name = request->parameters[index].name;
    if (is_listed(request->route->repeatable, name))
        return false;
    for (size_t i = 0; i < index; i++) {
        if (strcmp(request->parameters[i].name, name) == 0)
            return true;
    }
    return false;
}

/* A mistyped parameter must not be taken for an absent one: ?revison= would ask another question. */
static bool parameters_are_known(const struct http_request *request, struct http_response *response)
{
    for (size_t i = 0; i < request->parameter_count; i++) {
        const char *name = request->parameters[i].name;
        bool known = is_listed(request->route->parameters, name);
        if (known && !is_needless(request, i))
            continue;
        if (known)
            http_response_bad_parameter(response, name, "%s is given more than once", name);
        else if (*request->route->parameters)
            http_response_bad_parameter(response, name, "%s takes only: %s", request->route->path,
                                        request->route->parameters);
        else
            http_response_bad_parameter(response, name, "%s takes no parameters", request->route->path);
        return false;
    }
    return true;
}

/* The same words for no token, a wrong one and none that could be one. */
static void refuse_caller(struct http_response *response)
{
    metric_add(METRIC_http_unauthorized, 1);
    http_response_problem(response, 401, "a valid token is needed, as in Authorization: Bearer TOKEN");
}

bool http_route_is_covered(const struct http_route *route, enum http_method method, const struct access_caller *caller,
                           unsigned anonymous)
{
    return route->access & (anonymous | (method == HTTP_POST ? caller->post : caller->get));
}

static bool is_allowed(const struct http_request *request, struct http_response *response)
{
    const struct http_route *route = request->route;
    const struct access_caller *caller = &request->caller;
    unsigned anonymous = request->set ? request->set->config->allow_anonymous : 0;
    /* Who was held has been asked before: a reload may since have replaced the very token that asked for it. */
    if (request->loopback || request->resumed || http_route_is_covered(route, request->method, caller, anonymous))
        return true;
    if (caller->kind == CALLER_KNOWN)
        http_response_problem(response, 403, "the scope of this token does not cover %s of %s",
                              request->method == HTTP_POST ? "POST" : "GET", route->path);
    else if (caller->could_be_known)
        refuse_caller(response);
    else
        http_response_problem(response, 403,
                              "%s is not served to anonymous callers on this listener; see tokens and allow_anonymous",
                              route->path);
    return false;
}

static bool is_draining(const struct http_context *context)
{
    return __atomic_load_n(context->draining, __ATOMIC_ACQUIRE);
}

static void refuse_method(struct http_response *response, const struct http_route *route, const char *method)
{
    const char *allow = !route ? "GET, HEAD, POST" : route->get && route->post ? "GET, HEAD, POST" : "GET, HEAD";
    if (route && !route->get)
        allow = "POST";
    http_response_problem(response, 405, "%.20s is not one of: %s", method, allow);
    snprintf(response->allow, sizeof response->allow, "%s", allow);
}

void http_route(struct http_request *request, const struct http_target *target, const char *method_name,
                const char *names[HTTP_SEGMENTS], struct http_response *response)
{
    request->route = find(target, request->probe, names);
    request->names = names;
    request->parameters = target->parameters;
    request->parameter_count = target->parameter_count;
    if (request->caller.kind == CALLER_REFUSED && !request->resumed) {
        refuse_caller(response);
        return;
    }
    if (!request->route) {
        http_response_problem(response, 404, "there is no such path");
        return;
    }
    http_handler *handler = request->method == HTTP_POST           ? request->route->post
                            : request->method != HTTP_OTHER_METHOD ? request->route->get
                                                                   : NULL;
    if (!handler) {
        refuse_method(response, request->route, method_name);
        return;
    }
    if (!is_allowed(request, response) || !parameters_are_known(request, response))
        return;
    if (request->route->drains && is_draining(request->context)) {
        http_response_problem(response, 503, "the daemon is stopping");
        response->retry_after_seconds = 2;
        return;
    }
    handler(request, response);
}

bool route_has_views(const struct http_request *request, struct http_response *response)
{
    if (request->set)
        return true;
    http_response_problem(response, 503, "the daemon is starting");
    response->retry_after_seconds = 1;
    return false;
}

const struct view *route_find_view_of(const struct http_request *request, const char *name,
                                      struct http_response *response)
{
    if (!route_has_views(request, response))
        return NULL;
    const struct config_database *database = config_find_database(request->set->config, name);
    if (!database) {
        http_response_problem(response, 404, "there is no database %s", name);
        return NULL;
    }
    return request->set->views[database - request->set->config->databases];
}

const struct view *route_find_view(const struct http_request *request, struct http_response *response)
{
    return route_find_view_of(request, request->names[0], response);
}
