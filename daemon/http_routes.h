/* SPDX-License-Identifier: Apache-2.0
 *
 * The route table, and what is the same for every route: 404, 405, access, unknown and repeated parameters, counting. A
 * route is one row here and one handler in a route_<group>.c. Handlers are functions of the request alone, run on an
 * HTTP loop and never wait: they answer, or ask to be held.
 */
#ifndef MIGRATIOND_DAEMON_HTTP_ROUTES_H
#define MIGRATIOND_DAEMON_HTTP_ROUTES_H

#include "daemon/admissions.h"
#include "daemon/events.h"
#include "daemon/http_request.h"
#include "daemon/http_response.h"
#include "daemon/publication.h"
#include "daemon/scheduler.h"

/* What handlers may use besides the view set; set up once, before the first request. */
struct http_context {
    struct publication *publication;
    struct scheduler *scheduler;
    struct admissions *admissions;
    struct recorder *recorder;
    struct latches *latches;
    struct fail_opens *fail_opens;
    struct reload *reload;
    struct access *access; /* NULL: no tokens */
    struct events *events;
    bool (*loops_alive)(void *payload, int64_t monotonic_now_ms);
    void *loops;
    const bool *draining; /* atomic */
};

typedef void http_handler(const struct http_request *request, struct http_response *response);

struct http_route {
    const char *path;          /* "/v1/gates/{gate}" */
    const char *documentation; /* one line */
    const char *parameters;    /* names of the accepted ones, separated by blanks */
    const char *repeatable;    /* those of them that may stand more than once */
    unsigned access;           /* one ACCESS_ bit */
    bool probe;                /* also on the probe listener */
    bool drains;               /* refused with 503 while the daemon stops */
    http_handler *get;         /* HEAD as well; NULL */
    http_handler *post;        /* NULL */
    const char *answers;       /* its statuses, but for those that any route has (400, 401, 403), then its forms */
};

extern const struct http_route http_routes[];
extern const size_t http_route_count;

/* Fills request->route and answers: by the handler, or with the problem that keeps it from being asked. `target` must
 * outlive the request; `request` comes with everything else filled in. */
void http_route(struct http_request *request, const struct http_target *target, const char *method_name,
                const char *names[HTTP_SEGMENTS], struct http_response *response);

/* "health", "gate", "read" or "admin": what its `access` is called. */
const char *http_route_access(const struct http_route *route);

/* What stands in `target` for the {…} of the route's path, in order. */
void http_route_names(const struct http_route *route, const struct http_target *target,
                      const char *names[HTTP_SEGMENTS]);

/* Whether a caller may ask on a listener that is not loopback. `anonymous`: ACCESS_ bits of what anybody may. */
bool http_route_is_covered(const struct http_route *route, enum http_method method, const struct access_caller *caller,
                           unsigned anonymous);

/* Counts an answer; `route` NULL counts among those of no route. */
void http_routes_count(const struct http_route *route, int status);

/* migrationd_http_requests_total{route,code}. */
void http_routes_render_metrics(struct strbuf *out);

/* The one row per handler. */
#define HTTP_ROUTE_HANDLER(name) void name(const struct http_request *request, struct http_response *response)
HTTP_ROUTE_HANDLER(route_livez);
HTTP_ROUTE_HANDLER(route_readyz);
HTTP_ROUTE_HANDLER(route_health);
HTTP_ROUTE_HANDLER(route_health_one);
HTTP_ROUTE_HANDLER(route_databases);
HTTP_ROUTE_HANDLER(route_database);
HTTP_ROUTE_HANDLER(route_journal);
HTTP_ROUTE_HANDLER(route_schema);
HTTP_ROUTE_HANDLER(route_drift);
HTTP_ROUTE_HANDLER(route_plan);
HTTP_ROUTE_HANDLER(route_checks);
HTTP_ROUTE_HANDLER(route_compare);
HTTP_ROUTE_HANDLER(route_refresh);
HTTP_ROUTE_HANDLER(route_history);
HTTP_ROUTE_HANDLER(route_reload);
HTTP_ROUTE_HANDLER(route_gates);
HTTP_ROUTE_HANDLER(route_gate);
HTTP_ROUTE_HANDLER(route_admissions_list);
HTTP_ROUTE_HANDLER(route_admissions_post);
HTTP_ROUTE_HANDLER(route_events);
HTTP_ROUTE_HANDLER(route_metrics);
HTTP_ROUTE_HANDLER(route_openapi);
HTTP_ROUTE_HANDLER(route_probe);

/* The view of the database of that name; answers 404 or 503 itself and returns NULL. */
const struct view *route_find_view_of(const struct http_request *request, const char *name,
                                      struct http_response *response);

/* The same of the database that the first name of the path names. */
const struct view *route_find_view(const struct http_request *request, struct http_response *response);

/* The parameter `limit`, at most `most`; `*limit` stays as it is without. False, with a 400 answered, if it is none. */
bool route_read_limit(const struct http_request *request, size_t most, size_t *limit, struct http_response *response);

/* False, with a 503 answered, before the first view set is published. */
bool route_has_views(const struct http_request *request, struct http_response *response);

#endif
