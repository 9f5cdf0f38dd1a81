/* SPDX-License-Identifier: Apache-2.0
 *
 * POST and GET /v1/gates/{gate}/admissions: an application instance says that it wants to start with a revision and is
 * admitted or refused. The answer is made at once; it is given when the history has committed it, because whoever reads
 * the history must find everybody who was let in.
 */
#include "daemon/admission_signal.h"
#include "daemon/fail_open.h"
#include "daemon/http_routes.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/recorder.h"
#include "json/json_reader.h"

enum {
    PATIENCE_MS = 10000, /* the recorder gives up earlier */
    RECORD_BYTES = LIMIT_EVENT_BYTES,
};

/* What is answered, but for the word whether it is kept, with which finish begins it. */
static void write_answer(const struct gate_answer *answer, const struct admission *admission,
                         struct http_response *response)
{
    struct json_writer writer = {0};
    const struct gate_report report = gate_answer_report(answer);
    int status = gate_http_status(answer->verdict.state);
    http_response_json(response, status == 200 ? 201 : status, &writer);
    json_open_object(&writer);
    json_key_string(&writer, "gate", answer->gate->name);
    admission_write(admission, &writer);
    json_key(&writer, "answer");
    report_gate(&writer, &report);
    json_close_object(&writer);
    response->retry_after_seconds = answer->verdict.retryable ? answer->verdict.retry_after_seconds : 0;
    http_response_end_json(response, &writer);
}

/* What the history and the events' listeners are told. */
static bool write_record(const char *gate, const struct admission *admission, struct strbuf *record)
{
    struct json_writer writer = {0};
    json_writer_init(&writer, record, 0);
    json_open_object(&writer);
    json_key_string(&writer, "gate", gate);
    admission_write(admission, &writer);
    json_close_object(&writer);
    return json_writer_ok(&writer);
}

/* The admission is final: it is remembered, counted, told and answered. */
static void finish(const struct http_request *request, const char *gate, const struct admission *admission,
                   const struct http_response *prepared, struct http_response *response)
{
    cleanup(strbuf) struct strbuf record = STRBUF(RECORD_BYTES);
    struct error error = {.code = ERROR_OK};
    if (admissions_record(request->context->admissions, gate, admission, &error) < 0 ||
        !write_record(gate, admission, &record)) {
        http_response_no_memory(response);
        return;
    }
    metric_add(admission->admitted ? METRIC_admissions_admitted : METRIC_admissions_refused, 1);
    if (events_emit(request->context->events, EVENT_ADMISSION, gate, &record, admission->at_ms, &error) < 0)
        log_event(LOG_LEVEL_ERROR, "event_lost", gate, "%s", error.message);
    response->status = prepared->status;
    response->content_type = prepared->content_type;
    response->retry_after_seconds = prepared->retry_after_seconds;
    strbuf_add_string(&response->body, admission->recorded ? "{\"recorded\":true," : "{\"recorded\":false,");
    strbuf_add(&response->body, strbuf_text(&prepared->body) + 1, prepared->body.length - 1);
    if (!strbuf_ok(&response->body))
        http_response_no_memory(response);
}

/* It could not be kept: nobody is let in without a record, unless the configuration says so; a refusal is a refusal. */
static void finish_unkept(const struct http_request *request, const char *gate, const struct admission *admission,
                          const struct http_response *prepared, const struct error *error,
                          struct http_response *response)
{
    if (admission->admitted && !request->set->config->history.best_effort) {
        http_response_coded_problem(response, 503, "HISTORY_UNAVAILABLE", "%s", error->message);
        response->retry_after_seconds = 1;
        return;
    }
    finish(request, gate, admission, prepared, response);
}

static bool is_settled(const struct http_request *request)
{
    return recorder_outcome(request->context->recorder, request->ticket, NULL) != RECORDER_PENDING;
}

/* Begins to keep the admission, and holds the request meanwhile. */
static void keep(const struct http_request *request, const char *gate, const struct admission *admission,
                 struct http_response *prepared, struct http_response *response)
{
    cleanup(strbuf) struct strbuf record = STRBUF(RECORD_BYTES);
    struct error error = {.code = ERROR_OK};
    uint64_t ticket = 0;
    if (!recorder_keeps(request->context->recorder)) {
        finish(request, gate, admission, prepared, response);
        return;
    }
    if (!write_record(gate, admission, &record)) {
        http_response_no_memory(response);
        return;
    }
    struct http_response *own = http_response_take(prepared);
    if (!own) {
        http_response_no_memory(response);
        return;
    }
    if (recorder_admit(request->context->recorder, gate, &record, admission->at_ms, &ticket, &error) < 0) {
        finish_unkept(request, gate, admission, own, &error, response);
        http_response_free(own);
        return;
    }
    response->hold = (struct http_hold){
        .kind = HTTP_HELD_BY_POLL, .wait_ms = PATIENCE_MS, .ticket = ticket, .ready = is_settled, .prepared = own};
}

/* The prepared answer says all about the admission that it answers. */
static void resume(const struct http_request *request, struct http_response *response)
{
    cleanup(json_document) struct json_document *document = NULL;
    const struct http_response *prepared = request->prepared;
    struct admission_evidence evidence[LIMIT_ADMISSION_EVIDENCE];
    struct admission admission = {0};
    struct error error = {.code = ERROR_OK};
    const char *gate = NULL;
    if (json_parse(strbuf_text(&prepared->body), prepared->body.length, LIMIT_RESPONSE_BYTES, "answer", &document,
                   &error) == 0)
        gate = json_text(json_member(json_root(document), "gate"));
    if (!gate || !admission_read(json_root(document), evidence, &admission)) {
        http_response_no_memory(response);
        return;
    }
    switch (recorder_outcome(request->context->recorder, request->ticket, &error)) {
    case RECORDER_DONE:
        admission.recorded = true;
        finish(request, gate, &admission, prepared, response);
        break;
    case RECORDER_PENDING:
        error_set(&error, ERROR_TIMEOUT, "the history was not written in time");
        finish_unkept(request, gate, &admission, prepared, &error, response);
        break;
    case RECORDER_FAILED:
        finish_unkept(request, gate, &admission, prepared, &error, response);
        break;
    }
}

/* What is remembered goes by the gate's name: names that fit no journal would have no end. */
static bool names_a_journal(const struct gate_answer *answer)
{
    if (answer->count == 0 || !answer->gate->requirements[0].journal)
        return true;
    const struct judged_journal *journal = &answer->reports[0].journals[0];
    return journal->reading || journal->absent;
}

/* What the checks that the gate requires said at the moment of the answer: the record says which backup there was. */
static size_t gather_evidence(const struct gate_answer *answer,
                              struct admission_evidence evidence[static LIMIT_ADMISSION_EVIDENCE])
{
    size_t count = answer->check_count < LIMIT_ADMISSION_EVIDENCE ? answer->check_count : LIMIT_ADMISSION_EVIDENCE;
    for (size_t i = 0; i < count; i++) {
        const struct judged_check *check = &answer->checks[i];
        evidence[i] = (struct admission_evidence){.check = check->address,
                                                  .state = check_state_name(check->verdict.state),
                                                  .value = report_check_evidence(check),
                                                  .checked_at_ms = check->checked_at_ms};
    }
    return count;
}

static void admit(const struct http_request *request, const struct admission_signal *signal,
                  struct http_response *response)
{
    const struct gate_asked asked = {.gate = request->names[0],
                                     .revisions = signal->revisions.items,
                                     .revision_count = signal->revisions.count,
                                     .match = signal->match,
                                     .supports = signal->supports.items,
                                     .support_count = signal->supports.count,
                                     .latches = request->context->latches};
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    cleanup(gate_question) struct gate_question *question = gate_question_new(&asked);
    struct gate_answer answer = {0};
    struct error error = {.code = ERROR_NO_MEMORY};
    if (!arena || !question ||
        gate_question_ask(question, request->set, request->monotonic_ms, request->unix_ms, arena, &answer, &error)) {
        if (error.code == ERROR_INVALID)
            http_response_bad_member(response, answer.bad_parameter, "%s", error.message);
        else
            http_response_error(response, &error, answer.bad_parameter);
        return;
    }
    if (!names_a_journal(&answer)) {
        http_response_problem(response, 404, "there is no journal %s", answer.gate->name);
        return;
    }
    fail_opens_tell(request->context->fail_opens, &answer, 1, request->unix_ms);
    struct admission_evidence evidence[LIMIT_ADMISSION_EVIDENCE];
    const struct admission admission = {.application = signal->application,
                                        .instance = signal->instance,
                                        .revision = signal_texts_joined(&signal->revisions),
                                        .match = signal->match != MATCH_AT_LEAST ? match_name(signal->match) : NULL,
                                        .supports = signal_texts_joined(&signal->supports),
                                        .admitted = answer.verdict.state == GATE_OPEN,
                                        .at_ms = request->unix_ms,
                                        .state = gate_state_name(answer.verdict.state),
                                        .code = state_code_name(answer.verdict.code),
                                        .database = answer.verdict.database,
                                        .evidence = evidence,
                                        .evidence_count = gather_evidence(&answer, evidence),
                                        .evidence_total = answer.check_count};
    cleanup(http_response) struct http_response prepared = {0};
    http_response_init(&prepared);
    write_answer(&answer, &admission, &prepared);
    if (prepared.body.length == 0)
        http_response_no_memory(response);
    else
        keep(request, answer.gate->name, &admission, &prepared, response);
}

void route_admissions_post(const struct http_request *request, struct http_response *response)
{
    cleanup(admission_signal) struct admission_signal signal = {0};
    if (!route_has_views(request, response))
        return;
    if (request->resumed)
        resume(request, response);
    else if (admission_signal_parse(request->body, request->body_length, &signal, response))
        admit(request, &signal, response);
}

void route_admissions_list(const struct http_request *request, struct http_response *response)
{
    size_t limit = LIMIT_ADMISSIONS;
    if (!route_has_views(request, response) || !route_read_limit(request, LIMIT_ADMISSIONS, &limit, response))
        return;
    struct config_made_gate made = {0};
    const struct config_gate *gate = config_choose_gate(request->set->config, request->names[0], &made);
    if (!gate) {
        http_response_problem(response, 404, "there is no gate %s", request->names[0]);
        return;
    }
    const char *application = http_request_parameter(request, "application");
    struct json_writer writer = {0};
    http_response_json(response, 200, &writer);
    json_open_object(&writer);
    json_key_string(&writer, "gate", gate->name);
    json_key(&writer, "releases");
    admissions_list_releases(request->context->admissions, gate->name, application, &writer);
    json_key(&writer, "admissions");
    admissions_list(request->context->admissions, gate->name, application, limit, &writer);
    json_close_object(&writer);
    http_response_end_json(response, &writer);
}
