/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/gates and /v1/gates/{gate}?revision=&match=&supports=&wait=.
 */
#include <string.h>

#include "base/duration.h"
#include "daemon/fail_open.h"
#include "daemon/http_list.h"
#include "daemon/http_routes.h"
#include "daemon/waiters.h"

/* Below the usual 60 s after which proxies give up on an idle connection. */
enum { LONGEST_WAIT_MS = 55000 };

static bool add_line(const struct view_set *set, size_t row, struct http_moment now, struct json_writer *writer)
{
    const struct config_gate *gate = &set->config->gates[row];
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    struct gate_answer answer = {0};
    if (!arena || gate_ask(gate, set, now.monotonic_ms, now.unix_ms, arena, &answer, NULL))
        return false;
    json_open_object(writer);
    json_key_string(writer, "gate", gate->name);
    json_key_string(writer, "state", gate_state_name(answer.verdict.state));
    json_key_string(writer, "code", state_code_name(answer.verdict.code));
    json_key_string(writer, "database", answer.verdict.database);
    if (answer.check_count > 0)
        json_key_string(writer, "check", answer.verdict.check);
    json_key_array(writer, "requires");
    for (size_t i = 0; i < answer.count; i++)
        json_add_string(writer, answer.reports[i].name);
    for (size_t i = 0; i < answer.check_count; i++)
        json_add_string(writer, answer.checks[i].address);
    json_close_array(writer);
    json_key_string(writer, "reason", gate_answer_reason(&answer));
    json_close_object(writer);
    return true;
}

void route_gates(const struct http_request *request, struct http_response *response)
{
    if (route_has_views(request, response))
        http_list_respond(request, "gates", request->set->config->gate_count, add_line, response);
}

struct gate_parameters {
    const char *revisions[LIMIT_QUERY_PARAMETERS];
    const char *supports[LIMIT_QUERY_PARAMETERS];
    size_t revision_count;
    size_t support_count;
    enum match match;
    int64_t wait_ms;
};

static bool parse_wait(const char *text, int64_t *ret_wait_ms, struct http_response *response)
{
    if (duration_parse(text, ret_wait_ms) && *ret_wait_ms <= LONGEST_WAIT_MS)
        return true;
    http_response_bad_parameter(response, "wait", "wait is a duration such as 30s or 500ms, at most %ds",
                                LONGEST_WAIT_MS / 1000);
    return false;
}

static bool parse_parameters(const struct http_request *request, struct gate_parameters *ret_parameters,
                             struct http_response *response)
{
    ret_parameters->match = MATCH_AT_LEAST;
    for (size_t i = 0; i < request->parameter_count; i++) {
        if (strcmp(request->parameters[i].name, "revision") == 0)
            ret_parameters->revisions[ret_parameters->revision_count++] = request->parameters[i].value;
        if (strcmp(request->parameters[i].name, "supports") == 0)
            ret_parameters->supports[ret_parameters->support_count++] = request->parameters[i].value;
    }
    const char *match = http_request_parameter(request, "match");
    ret_parameters->match = match ? match_from_name(match) : MATCH_AT_LEAST;
    if (ret_parameters->match == MATCHES) {
        http_response_bad_parameter(response, "match", "match is exact, at-least or contains");
        return false;
    }
    if (match && ret_parameters->revision_count == 0) {
        http_response_bad_parameter(response, "match", "match says how to compare a revision, and none is given");
        return false;
    }
    if (match && ret_parameters->support_count > 0) {
        http_response_bad_parameter(response, "match",
                                    "a range says itself how it compares: match goes without supports");
        return false;
    }
    const char *wait = http_request_parameter(request, "wait");
    return !wait || parse_wait(wait, &ret_parameters->wait_ms, response);
}

/* Open needs no wait; all else may change, even blocked, within its grace. */
static void answer_or_hold(const struct http_request *request, const struct gate_answer *answer,
                           struct gate_question **question, int64_t wait_ms, struct http_response *response)
{
    if (wait_ms <= 0 || answer->verdict.state == GATE_OPEN) {
        fail_opens_tell(request->context->fail_opens, answer, 1, request->unix_ms);
        waiters_answer(answer, response);
        return;
    }
    response->hold = (struct http_hold){.kind = HTTP_HELD_BY_GATE, .wait_ms = wait_ms, .question = take(*question)};
}

void route_gate(const struct http_request *request, struct http_response *response)
{
    struct gate_parameters parameters = {0};
    if (!parse_parameters(request, &parameters, response) || !route_has_views(request, response))
        return;
    const struct gate_asked asked = {.gate = request->names[0],
                                     .revisions = parameters.revisions,
                                     .revision_count = parameters.revision_count,
                                     .match = parameters.match,
                                     .supports = parameters.supports,
                                     .support_count = parameters.support_count,
                                     .latches = request->context->latches};
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    cleanup(gate_question) struct gate_question *question = gate_question_new(&asked);
    struct gate_answer answer = {0};
    struct error error = {0};
    if (!arena || !question)
        http_response_no_memory(response);
    else if (gate_question_ask(question, request->set, request->monotonic_ms, request->unix_ms, arena, &answer, &error))
        http_response_error(response, &error, answer.bad_parameter);
    else
        answer_or_hold(request, &answer, &question, parameters.wait_ms, response);
}
