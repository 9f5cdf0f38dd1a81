/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/databases and /v1/databases/{database}.
 */
#include "daemon/http_routes.h"

void route_databases(const struct http_request *request, struct http_response *response)
{
    if (!route_has_views(request, response))
        return;
    struct json_writer writer = {0};
    http_response_json(response, 200, &writer);
    json_open_object(&writer);
    json_key_array(&writer, "databases");
    for (size_t i = 0; i < request->set->count; i++) {
        cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
        struct database_report report = {0};
        if (!arena ||
            view_judge(request->set->views[i], NULL, request->monotonic_ms, request->unix_ms, arena, &report, NULL)) {
            http_response_no_memory(response);
            return;
        }
        report_database_line(&writer, &report);
    }
    json_close_array(&writer);
    json_close_object(&writer);
    http_response_end_json(response, &writer);
}

void route_database(const struct http_request *request, struct http_response *response)
{
    const struct view *view = route_find_view(request, response);
    if (!view)
        return;
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    struct database_report report = {0};
    if (!arena || view_judge(view, NULL, request->monotonic_ms, request->unix_ms, arena, &report, NULL)) {
        http_response_no_memory(response);
        return;
    }
    struct json_writer writer = {0};
    http_response_json(response, 200, &writer);
    report_database(&writer, &report);
    http_response_end_json(response, &writer);
}
