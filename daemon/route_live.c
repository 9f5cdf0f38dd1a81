/* SPDX-License-Identifier: Apache-2.0
 *
 * /livez and /readyz: the daemon itself, for whoever restarts it or sends it traffic.
 */
#include <string.h>

#include "daemon/http_routes.h"
#include "daemon/recorder.h"

void route_livez(const struct http_request *request, struct http_response *response)
{
    const struct http_context *context = request->context;
    bool loops = context->loops_alive(context->loops, request->monotonic_ms);
    bool scheduler = scheduler_is_alive(context->scheduler);
    struct json_writer writer = {0};
    http_response_json(response, loops && scheduler ? 200 : 503, &writer);
    json_open_object(&writer);
    json_key_string(&writer, "status", loops && scheduler ? "pass" : "fail");
    json_key_object(&writer, "checks");
    json_key_string(&writer, "http", loops ? "pass" : "fail");
    json_key_string(&writer, "scheduler", scheduler ? "pass" : "fail");
    json_close_object(&writer);
    json_close_object(&writer);
    http_response_end_json(response, &writer);
}

/* A name that is no database's excludes nothing: a database that was taken out of the configuration must not make the
 * daemon look unready to a probe that still names it. */
static bool is_excluded(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->parameter_count; i++) {
        if (strcmp(request->parameters[i].name, "exclude") == 0 && strcmp(request->parameters[i].value, name) == 0)
            return true;
    }
    return false;
}

static const char *readiness(const struct http_request *request, const struct view *view)
{
    if (is_excluded(request, view->database->name))
        return "excluded";
    return view->status.tried ? "pass" : "fail";
}

/* Never a reason to be unready: gates and health need no history. */
static const char *history_status(const struct http_request *request)
{
    char fault[sizeof((struct error *)NULL)->message] = "";
    if (!recorder_keeps(request->context->recorder))
        return "none";
    return recorder_fault(request->context->recorder, fault, sizeof fault) ? "warn" : "pass";
}

void route_readyz(const struct http_request *request, struct http_response *response)
{
    bool draining = __atomic_load_n(request->context->draining, __ATOMIC_ACQUIRE);
    size_t waiting = 0;
    for (size_t i = 0; request->set && i < request->set->count; i++)
        waiting += strcmp(readiness(request, request->set->views[i]), "fail") == 0;
    bool ready = request->set && waiting == 0 && !draining;
    struct json_writer writer = {0};
    http_response_json(response, ready ? 200 : 503, &writer);
    json_open_object(&writer);
    json_key_string(&writer, "status", ready ? "pass" : "fail");
    json_key_boolean(&writer, "stopping", draining);
    json_key_integer(&writer, "untried", (int64_t)waiting);
    if (request->set && http_request_parameter(request, "verbose")) {
        json_key_string(&writer, "history", history_status(request));
        json_key_object(&writer, "databases");
        for (size_t i = 0; i < request->set->count; i++)
            json_key_string(&writer, request->set->views[i]->database->name,
                            readiness(request, request->set->views[i]));
        json_close_object(&writer);
    }
    json_close_object(&writer);
    http_response_end_json(response, &writer);
}
