/* SPDX-License-Identifier: Apache-2.0
 *
 * /health and /health/{name}. The bytes may serve other requests for as long as no verdict can change by time alone,
 * and at most for the second in which a displayed age stays true.
 */
#include "daemon/http_routes.h"
#include "daemon/recorder.h"

enum { AGE_GRANULARITY_MS = 1000 };

static int64_t earliest(const struct judged_check *checks, size_t count, int64_t valid_ms)
{
    for (size_t i = 0; i < count; i++)
        valid_ms = checks[i].verdict.valid_for_ms < valid_ms ? checks[i].verdict.valid_for_ms : valid_ms;
    return valid_ms;
}

static int64_t valid_for_ms(const struct health_report *health)
{
    int64_t valid_ms = earliest(health->checks, health->check_count, AGE_GRANULARITY_MS);
    for (size_t i = 0; i < health->count; i++) {
        const struct database_report *database = &health->databases[i];
        for (size_t j = 0; j < database->journal_count; j++) {
            int64_t valid = database->journals[j].verdict.valid_for_ms;
            valid_ms = valid < valid_ms ? valid : valid_ms;
        }
        valid_ms = earliest(database->checks, database->check_count, valid_ms);
    }
    return valid_ms;
}

static void answer(const struct health_report *health, struct http_response *response)
{
    struct json_writer writer = {0};
    http_response_json(response, report_health_status(health) == HEALTH_FAIL ? 503 : 200, &writer);
    response->content_type = HTTP_HEALTH;
    report_health(&writer, health);
    response->cache_ms = valid_for_ms(health);
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
    if (result) {
        http_response_no_memory(response);
        return;
    }
    bool faulty = recorder_fault(request->context->recorder, fault, sizeof fault);
    answer(&(struct health_report){.description = "migration state of all databases",
                                   .databases = reports,
                                   .count = request->set->count,
                                   .history_fault = faulty ? fault : NULL,
                                   .now_ms = request->unix_ms},
           response);
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
        answer(
            &(struct health_report){
                .description = database->name, .databases = &report, .count = 1, .now_ms = request->unix_ms},
            response);
}

/* A database is healthy if its checks are; a gate with a name of its own minds those that it requires. */
static int add_own_checks(const struct http_request *request, const struct gate_answer *judged, struct arena *arena)
{
    const struct config_database *database = config_find_database(request->set->config, judged->gate->name);
    if (!database)
        return 0;
    return view_judge_checks(request->set->views[database - request->set->config->databases], request->monotonic_ms,
                             arena, &judged->reports[0], NULL);
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
    if (!arena || gate_ask(gate, request->set, request->monotonic_ms, request->unix_ms, arena, &judged, NULL) ||
        add_own_checks(request, &judged, arena) < 0) {
        http_response_no_memory(response);
        return;
    }
    answer(&(struct health_report){.description = gate->name,
                                   .databases = judged.reports,
                                   .count = judged.count,
                                   .checks = judged.checks,
                                   .check_count = judged.check_count,
                                   .now_ms = request->unix_ms},
           response);
}
