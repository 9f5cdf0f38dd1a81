/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/databases/{database}/checks: what each check of a database says at this moment. Nothing is asked for it.
 */
#include "daemon/http_format.h"
#include "daemon/http_routes.h"

enum { CHECK_FORMATS = 1 << FORMAT_JSON | 1 << FORMAT_TEXT | 1 << FORMAT_MARKDOWN };

void route_checks(const struct http_request *request, struct http_response *response)
{
    enum http_format format = FORMAT_JSON;
    const struct view *view = route_find_view(request, response);
    if (!view || !http_format_choose(request, CHECK_FORMATS, response, &format))
        return;
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    struct database_report report = {0};
    if (!arena || view_judge_checks(view, request->monotonic_ms, arena, &report, NULL) < 0) {
        http_response_no_memory(response);
        return;
    }
    const struct server_facts *server = view->snapshot ? &view->snapshot->server : NULL;
    const struct report_subject subject = {
        .database = view->database->name,
        .server = server ? arena_printf(arena, "%s %s", server->engine, server->version) : NULL,
        .checks = report.checks,
        .check_count = report.check_count,
        .now_ms = request->unix_ms};
    http_format_begin(response, 200, format);
    http_format_render(response, REPORT_OF_CHECKS, format, &subject);
    http_format_end(response);
}
