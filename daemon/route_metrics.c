/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_routes.h"
#include "daemon/metrics.h"

void route_metrics(const struct http_request *request, struct http_response *response)
{
    response->status = 200;
    response->content_type = HTTP_METRICS;
    metrics_render(request->set, request->monotonic_ms, request->unix_ms, &response->body);
    http_routes_render_metrics(&response->body);
    if (!strbuf_ok(&response->body))
        http_response_no_memory(response);
}

void route_probe(const struct http_request *request, struct http_response *response)
{
    const char *target = http_request_parameter(request, "target");
    if (!target || !*target) {
        http_response_problem(response, 400, "target names the database whose metrics are wanted: /probe?target=NAME");
        return;
    }
    const struct view *view = route_find_view_of(request, target, response);
    if (!view)
        return;
    struct view *const views[] = {request->set->views[view->database - request->set->config->databases]};
    response->status = 200;
    response->content_type = HTTP_METRICS;
    metrics_render_views(views, 1, request->monotonic_ms, request->unix_ms, &response->body);
    if (!strbuf_ok(&response->body))
        http_response_no_memory(response);
}
