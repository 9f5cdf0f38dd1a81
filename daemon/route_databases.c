/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/databases and /v1/databases/{database}.
 */
#include "daemon/http_list.h"
#include "daemon/http_routes.h"

static bool add_line(const struct view_set *set, size_t row, struct http_moment now, struct json_writer *writer)
{
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    struct database_report report = {0};
    if (!arena || view_judge(set->views[row], NULL, now.monotonic_ms, now.unix_ms, arena, &report, NULL))
        return false;
    report_database_line(writer, &report);
    return true;
}

void route_databases(const struct http_request *request, struct http_response *response)
{
    if (route_has_views(request, response))
        http_list_respond(request, "databases", request->set->count, add_line, response);
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
