/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/databases/{database}/drift and /plan: rendered from the view's own report, which looks alone make.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/http_format.h"
#include "daemon/http_routes.h"
#include "drift/plan.h"
#include "report/report_drift.h"

enum {
    DRIFT_FORMATS = 1 << FORMAT_JSON | 1 << FORMAT_TEXT | 1 << FORMAT_MARKDOWN,
    PLAN_FORMATS = 1 << FORMAT_JSON | 1 << FORMAT_TEXT | 1 << FORMAT_SQL,
    RETRY_SECONDS = 2
};

/* The view, if its schema was read; else the problem is answered. */
static const struct view *find_read_view(const struct http_request *request, struct http_response *response)
{
    const struct view *view = route_find_view(request, response);
    if (!view || (view->snapshot && view->snapshot->schema))
        return view;
    http_response_problem(response, 503, "the schema of %s was not read yet", view->database->name);
    response->retry_after_seconds = RETRY_SECONDS;
    return NULL;
}

/* Whether the assertion holds; what cannot be known is no reason to answer yes or no. */
static bool judge_assertion(const struct http_request *request, const struct drift_context *context,
                            struct http_response *response, int *ret_status)
{
    const char *wanted = http_request_parameter(request, "assert");
    *ret_status = 200;
    if (!wanted)
        return true;
    enum drift_severity severity = drift_severity_from_name(wanted);
    if (severity == SEVERITIES) {
        http_response_bad_parameter(response, "assert", "assert is info, minor, major or critical");
        return false;
    }
    if (context->verdict == DRIFT_UNKNOWN) {
        http_response_problem(response, 503, "drift is unknown (%s): %s", context->code ? context->code : "UNKNOWN",
                              context->reason ? context->reason : "no reason is known");
        response->retry_after_seconds = RETRY_SECONDS;
        return false;
    }
    if (context->verdict == DRIFT_DRIFTED && drift_reaches(context->report, severity))
        *ret_status = 409;
    return true;
}

/* Over all that the body says but for the times that every look moves: a report that only grew older is the same. */
static void set_etag(struct http_response *response, const struct drift_context *context, enum http_format format)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_RESPONSE_BYTES);
    struct json_writer writer = {0};
    struct drift_context ageless = *context;
    ageless.ageless = true;
    strbuf_printf(&text, "%d ", (int)format);
    json_writer_init(&writer, &text, 0);
    report_drift_json(&writer, &ageless);
    if (!strbuf_ok(&text))
        return;
    char hex[DIGEST_HEX_SIZE] = "";
    digest_to_hex(digest_of(strbuf_text(&text), text.length), hex);
    snprintf(response->etag, sizeof response->etag, "\"%s\"", hex);
}

void route_drift(const struct http_request *request, struct http_response *response)
{
    enum http_format format = FORMAT_JSON;
    int status = 200;
    const struct view *view = find_read_view(request, response);
    if (!view || !http_format_choose(request, DRIFT_FORMATS, response, &format))
        return;
    struct drift_context context = drift_status_context(view->drift, view->database, request->monotonic_ms);
    if (!judge_assertion(request, &context, response, &status))
        return;
    http_format_begin(response, status, format);
    if (status == 200)
        set_etag(response, &context, format);
    if (request->if_none_match && *response->etag && http_etag_matches(request->if_none_match, response->etag)) {
        response->status = 304;
        return;
    }
    http_format_render(response, REPORT_OF_DRIFT, format, &(struct report_subject){.context = &context});
    http_format_end(response);
}

static bool parse_stage(const struct http_request *request, struct http_response *response, unsigned *ret_stage)
{
    const char *stage = http_request_parameter(request, "stage");
    *ret_stage = PLAN_ALL_STAGES;
    if (!stage)
        return true;
    *ret_stage = (unsigned)(*stage - '0');
    if (strlen(stage) == 1 && *ret_stage >= 1 && *ret_stage <= PLAN_STAGES)
        return true;
    http_response_bad_parameter(response, "stage", "stage is 1, 2 or 3");
    return false;
}

static bool parse_direction(const struct http_request *request, struct http_response *response,
                            enum plan_direction *ret_direction)
{
    const char *direction = http_request_parameter(request, "direction");
    *ret_direction = direction && strcmp(direction, "adopt") == 0 ? PLAN_ADOPT : PLAN_REVERT;
    if (!direction || *ret_direction == PLAN_ADOPT || strcmp(direction, "revert") == 0)
        return true;
    http_response_bad_parameter(response, "direction", "direction is revert or adopt");
    return false;
}

void route_plan(const struct http_request *request, struct http_response *response)
{
    enum http_format format = FORMAT_JSON;
    unsigned stage = PLAN_ALL_STAGES;
    enum plan_direction direction = PLAN_REVERT;
    cleanup(plan) struct plan *plan = NULL;
    struct error error = {.code = ERROR_OK};
    const struct view *view = find_read_view(request, response);
    if (!view || !http_format_choose(request, PLAN_FORMATS, response, &format) ||
        !parse_stage(request, response, &stage) || !parse_direction(request, response, &direction))
        return;
    struct drift_context context = drift_status_context(view->drift, view->database, request->monotonic_ms);
    if (!context.report || context.verdict == DRIFT_UNKNOWN) {
        http_response_problem(response, 503, "there is no plan while drift is unknown (%s): %s",
                              context.code ? context.code : "UNKNOWN",
                              context.reason ? context.reason : "no reason is known");
        response->retry_after_seconds = RETRY_SECONDS;
        return;
    }
    if (plan_make(context.report->reference, context.report->live, &view->database->drift.policy, direction,
                  request->unix_ms, &plan, &error) < 0) {
        http_response_error(response, &error, "database");
        return;
    }
    http_format_begin(response, 200, format);
    const struct report_subject subject = {.context = &context, .plan = plan, .stage = stage};
    http_format_render(response, REPORT_OF_PLAN, format, &subject);
    http_format_end(response);
}
