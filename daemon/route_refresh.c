/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /v1/databases/{database}/refresh: asks for a look and for all checks, is held until they have ended, answers
 * with the new state.
 */
#include "daemon/http_routes.h"
#include "daemon/metrics.h"

/* Checks that take longer than this in all are not waited for. */
enum { CHECKS_PATIENCE_MS = 60000 };

/* The deep look follows the journal look, each with its own connection in the worst case; the checks run one by one. */
static int64_t patience_ms(const struct config_database *database)
{
    int64_t checks = 0;
    for (size_t i = 0; i < database->check_count && checks < CHECKS_PATIENCE_MS; i++)
        checks += database->checks[i].timeout_ms;
    return 2 * (database->connect_timeout_ms + database->query_timeout_ms) + 1000 +
           (checks < CHECKS_PATIENCE_MS ? checks : CHECKS_PATIENCE_MS);
}

static bool look_has_ended(const struct http_request *request)
{
    return scheduler_refreshed(request->context->scheduler, request->names[0], request->ticket);
}

static void begin(const struct http_request *request, const struct view *view, struct http_response *response)
{
    int64_t wait_ms = 0;
    uint64_t ticket = scheduler_refresh(request->context->scheduler, view->database->name, &wait_ms);
    if (ticket) {
        metric_add(METRIC_refreshes, 1);
        response->hold = (struct http_hold){.kind = HTTP_HELD_BY_POLL,
                                            .wait_ms = patience_ms(view->database),
                                            .ticket = ticket,
                                            .ready = look_has_ended};
        return;
    }
    if (wait_ms > 0) {
        http_response_problem(response, 429, "%s was refreshed less than a second ago", view->database->name);
        response->retry_after_seconds = (int)((wait_ms + 999) / 1000);
        return;
    }
    http_response_problem(response, 503, "%s cannot be looked at now", view->database->name);
    response->retry_after_seconds = 1;
}

void route_refresh(const struct http_request *request, struct http_response *response)
{
    const struct view *view = route_find_view(request, response);
    if (!view)
        return;
    if (!request->resumed)
        begin(request, view, response);
    else if (request->held_too_long)
        http_response_problem(response, 504, "the look at %s has not ended in time; it goes on", view->database->name);
    else
        route_database(request, response);
}
