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
