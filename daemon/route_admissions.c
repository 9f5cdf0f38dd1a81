/* SPDX-License-Identifier: Apache-2.0
 *
 * POST and GET /v1/gates/{gate}/admissions: an application instance says that it wants to start with a revision, is
 * admitted or refused at once, and both are remembered.
 */
#include <string.h>

#include "daemon/http_routes.h"
#include "daemon/metrics.h"
#include "json/json_reader.h"

struct signal_members {
    const char *application;
    const char *instance;
    const char *revision;
};

/* Which member of the body stands where, and how long it may be. */
static const struct member {
    const char *name;
    size_t offset;
    size_t longest;
    bool required;
} members[] = {
    {"application", offsetof(struct signal_members, application), LIMIT_ADMISSION_TEXT, true},
    {"instance", offsetof(struct signal_members, instance), LIMIT_ADMISSION_TEXT, true},
    {"revision", offsetof(struct signal_members, revision), LIMIT_QUERY_VALUE, false},
};

static const struct member *find_member(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    }
    return NULL;
}

/* Stops at the first member that is not in the table. */
static bool is_known_member(void *payload, const char *key, const struct json_value *value)
{
    (void)value;
    if (find_member(key))
        return true;
    http_response_bad_member(payload, key, "the members are application, instance and revision");
    return false;
}

static bool read_member(const struct json_value *root, const struct member *member, struct signal_members *signal,
                        struct http_response *response)
{
    const struct json_value *value = json_member(root, member->name);
    if (!value && !member->required)
        return true;
    const char *text = json_text(value);
    if (!text || !*text || strlen(text) > member->longest) {
        http_response_bad_member(response, member->name, "%s must be a string of 1 to %zu bytes", member->name,
                                 member->longest);
        return false;
    }
    memcpy((char *)signal + member->offset, &text, sizeof text);
    return true;
}

static bool read_signal(const struct json_value *root, struct signal_members *signal, struct http_response *response)
{
    if (!json_is_object(root)) {
        http_response_problem(response, 400, "the body must be a JSON object");
        return false;
    }
    json_each_member(root, is_known_member, response);
    for (size_t i = 0; response->status == 0 && i < ARRAY_LENGTH(members); i++) {
        if (!read_member(root, &members[i], signal, response))
            return false;
    }
    return response->status == 0;
}

static void write_answer(const struct gate_answer *answer, const struct admission *admission,
                         struct http_response *response)
{
    struct json_writer writer = {0};
    int status = gate_http_status(answer->verdict.state);
    http_response_json(response, status == 200 ? 201 : status, &writer);
    json_open_object(&writer);
    json_key_string(&writer, "gate", answer->gate->name);
    admission_write(admission, &writer);
    json_key(&writer, "answer");
    report_gate(&writer, answer->gate->name, &answer->verdict, answer->reports, answer->count);
    json_close_object(&writer);
    response->retry_after_seconds = answer->verdict.retryable ? answer->verdict.retry_after_seconds : 0;
    http_response_end_json(response, &writer);
}

/* What is remembered goes by the gate's name: names that fit no journal would have no end. */
static bool names_a_journal(const struct gate_answer *answer)
{
    const struct judged_journal *journal = &answer->reports[0].journals[0];
    return !answer->gate->requirements[0].journal || journal->reading || journal->absent;
}

static void admit(const struct http_request *request, const struct signal_members *signal,
                  struct http_response *response)
{
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    cleanup(gate_question) struct gate_question *question =
        gate_question_new(request->names[0], &signal->revision, signal->revision ? 1 : 0, MATCH_AT_LEAST);
    struct gate_answer answer = {0};
    struct error error = {.code = ERROR_NO_MEMORY};
    if (!arena || !question ||
        gate_question_ask(question, request->set, request->monotonic_ms, request->unix_ms, arena, &answer, &error)) {
        if (error.code == ERROR_INVALID)
            http_response_bad_member(response, "revision", "%s", error.message);
        else
            http_response_error(response, &error, "revision");
        return;
    }
    if (!names_a_journal(&answer)) {
        http_response_problem(response, 404, "there is no journal %s", answer.gate->name);
        return;
    }
    const struct admission admission = {.application = signal->application,
                                        .instance = signal->instance,
                                        .revision = signal->revision,
                                        .at_ms = request->unix_ms,
                                        .state = answer.verdict.state,
                                        .code = answer.verdict.code,
                                        .database = answer.reports[answer.verdict.worst].name};
    if (admissions_record(request->context->admissions, answer.gate->name, &admission, &error)) {
        http_response_no_memory(response);
        return;
    }
    metric_add(admission.state == GATE_OPEN ? METRIC_admissions_admitted : METRIC_admissions_refused, 1);
    write_answer(&answer, &admission, response);
}

void route_admissions_post(const struct http_request *request, struct http_response *response)
{
    cleanup(json_document) struct json_document *document = NULL;
    struct signal_members signal = {0};
    struct error error = {0};
    if (!route_has_views(request, response))
        return;
    if (json_parse(request->body ? request->body : "", request->body_length, LIMIT_REQUEST_BODY, "body", &document,
                   &error)) {
        if (error.code == ERROR_NO_MEMORY)
            http_response_no_memory(response);
        else
            http_response_problem(response, 400, "%s", error.message);
        return;
    }
    if (read_signal(json_root(document), &signal, response))
        admit(request, &signal, response);
}

void route_admissions_list(const struct http_request *request, struct http_response *response)
{
    if (!route_has_views(request, response))
        return;
    struct config_made_gate made = {0};
    const struct config_gate *gate = config_choose_gate(request->set->config, request->names[0], &made);
    if (!gate) {
        http_response_problem(response, 404, "there is no gate %s", request->names[0]);
        return;
    }
    struct json_writer writer = {0};
    http_response_json(response, 200, &writer);
    json_open_object(&writer);
    json_key_string(&writer, "gate", gate->name);
    json_key(&writer, "admissions");
    admissions_list(request->context->admissions, gate->name, &writer);
    json_close_object(&writer);
    http_response_end_json(response, &writer);
}
