/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /v1/reload: asks the main thread to read the configuration again, is held until it has, tells how it went. What
 * `migrationctl reload` calls; SIGHUP does the same without an answer.
 */
#include "daemon/http_routes.h"
#include "daemon/reload.h"

/* Reloads are at least a second apart and read one file of 1 MiB at most. */
enum { PATIENCE_MS = 10000 };

static bool reload_has_ended(const struct http_request *request)
{
    struct error outcome = {.code = ERROR_OK};
    return reload_ended(request->context->reload, request->ticket, &outcome);
}

static void tell(const struct http_request *request, struct http_response *response)
{
    struct error outcome = {.code = ERROR_OK};
    if (!reload_ended(request->context->reload, request->ticket, &outcome)) {
        http_response_problem(response, 504, "the reload has not ended in time; it goes on");
        return;
    }
    if (outcome.code != ERROR_OK) {
        http_response_problem(response, 409, "%s; the old configuration keeps running", outcome.message);
        return;
    }
    struct json_writer writer = {0};
    http_response_json(response, 200, &writer);
    json_open_object(&writer);
    json_key_boolean(&writer, "reloaded", true);
    json_close_object(&writer);
    http_response_end_json(response, &writer);
}

void route_reload(const struct http_request *request, struct http_response *response)
{
    if (request->resumed) {
        tell(request, response);
        return;
    }
    response->hold = (struct http_hold){.kind = HTTP_HELD_BY_POLL,
                                        .wait_ms = PATIENCE_MS,
                                        .ticket = reload_ask(request->context->reload),
                                        .ready = reload_has_ended};
}
