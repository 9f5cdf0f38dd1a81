/* SPDX-License-Identifier: Apache-2.0
 *
 * /health and /health/{name}. The bytes may serve other requests for as long as no verdict can change by time alone,
 * and at most for the second in which a displayed age stays true.
 */
#include "daemon/http_routes.h"
#include "daemon/recorder.h"

enum { AGE_GRANULARITY_MS = 1000 };

static void answer(const struct http_request *request, const struct database_report *reports, size_t count,
                   const char *description, const char *history_fault, struct http_response *response)
{
    enum health_status worst = history_fault ? HEALTH_WARN : HEALTH_PASS;
    int64_t valid_ms = AGE_GRANULARITY_MS;
    for (size_t i = 0; i < count; i++) {
        enum health_status status = report_database_health(&reports[i]);
        worst = status > worst ? status : worst;
        for (size_t j = 0; j < reports[i].journal_count; j++) {
            int64_t valid = reports[i].journals[j].verdict.valid_for_ms;
            valid_ms = valid < valid_ms ? valid : valid_ms;
        }
    }
    struct json_writer writer = {0};
    http_response_json(response, worst == HEALTH_FAIL ? 503 : 200, &writer);
    response->content_type = HTTP_HEALTH;
    report_health(&writer, worst, description, reports, count, history_fault, request->unix_ms);
    response->cache_ms = valid_ms;
    http_response_end_json(response, &writer);
}

void route_health(const struct http_request *request, struct http_response *response)
{
    if (!route_has_views(request, response))
        return;
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    struct database_report *reports = arena ? arena_array(arena, request->set->count, sizeof *reports) : NULL;
    char fault[sizeof((struct error *)NULL)->message] = "";
    int result = reports ? 0 : -1;
    for (size_t i = 0; result == 0 && i < request->set->count; i++)
        result =
            view_judge(request->set->views[i], NULL, request->monotonic_ms, request->unix_ms, arena, &reports[i], NULL);
    if (result)
        http_response_no_memory(response);
    else
        answer(request, reports, request->set->count, "migration state of all databases",
               recorder_fault(request->context->recorder, fault, sizeof fault) ? fault : NULL, response);
}

/* A replica has no gate of its own. */
static void answer_replica(const struct http_request *request, const char *name, struct http_response *response)
{
    const struct config_database *database = config_find_database(request->set->config, name);
    if (!database) {
        http_response_problem(response, 404, "there is no database or gate %s", name);
        return;
    }
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    struct database_report report = {0};
    const struct view *view = request->set->views[database - request->set->config->databases];
    if (!arena || view_judge(view, NULL, request->monotonic_ms, request->unix_ms, arena, &report, NULL))
        http_response_no_memory(response);
    else
        answer(request, &report, 1, database->name, NULL, response);
}

void route_health_one(const struct http_request *request, struct http_response *response)
{
    if (!route_has_views(request, response))
        return;
    struct config_made_gate made = {0};
    const struct config_gate *gate = config_choose_gate(request->set->config, request->names[0], &made);
    if (!gate) {
        answer_replica(request, request->names[0], response);
        return;
    }
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    struct gate_answer judged = {0};
    if (!arena || gate_ask(gate, request->set, request->monotonic_ms, request->unix_ms, arena, &judged, NULL))
        http_response_no_memory(response);
    else
        answer(request, judged.reports, judged.count, gate->name, NULL, response);
}
