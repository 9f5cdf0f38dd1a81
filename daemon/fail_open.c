/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/fail_open.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "json/json_writer.h"

/* What was said of one gate. */
struct told {
    struct told *next;
    char *gate;
    struct complaint complaint;
    char said[256];
};

struct fail_opens {
    pthread_mutex_t lock;
    struct events *events;
    struct told *first;
};

struct fail_opens *fail_opens_new(struct events *events)
{
    struct fail_opens *fail_opens = mem_calloc(1, sizeof *fail_opens);
    if (!fail_opens)
        return NULL;
    pthread_mutex_init(&fail_opens->lock, NULL);
    fail_opens->events = events;
    return fail_opens;
}

void fail_opens_free(struct fail_opens *fail_opens)
{
    if (!fail_opens)
        return;
    for (struct told *told = fail_opens->first; told;) {
        struct told *next = told->next;
        mem_free(told->gate);
        mem_free(told);
        told = next;
    }
    pthread_mutex_destroy(&fail_opens->lock);
    mem_free(fail_opens);
}

static struct told *find(const struct fail_opens *fail_opens, const char *gate)
{
    struct told *told = fail_opens->first;
    while (told && strcmp(told->gate, gate) != 0)
        told = told->next;
    return told;
}

static struct told *add(struct fail_opens *fail_opens, const char *gate)
{
    struct told *told = mem_calloc(1, sizeof *told);
    char *name = mem_strdup(gate);
    if (!told || !name) {
        mem_free(told);
        mem_free(name);
        return NULL;
    }
    told->gate = name;
    told->next = fail_opens->first;
    fail_opens->first = told;
    return told;
}

static void emit(struct events *events, const struct gate_answer *answer, int64_t at_ms)
{
    cleanup(strbuf) struct strbuf body = STRBUF(LIMIT_EVENT_BYTES);
    struct json_writer writer = {0};
    struct error error = {.code = ERROR_OK};
    json_writer_init(&writer, &body, 0);
    json_open_object(&writer);
    json_key_string(&writer, "gate", answer->gate->name);
    json_key_string(&writer, "code", state_code_name(answer->verdict.code));
    json_key_string(&writer, "on_unknown", unknown_policy_name(answer->gate->policy.on_unknown));
    json_key_string(&writer, "database", answer->verdict.database);
    json_key_string(&writer, "database_code", state_code_name(gate_answer_cause(answer)));
    if (answer->check_count > 0)
        json_key_string(&writer, "check", answer->verdict.check);
    json_key_string(&writer, "reason", gate_answer_reason(answer));
    json_key_time(&writer, "at", at_ms);
    json_close_object(&writer);
    if (!json_writer_ok(&writer) || events_emit(events, EVENT_FAIL_OPEN, answer->gate->name, &body, at_ms, &error) < 0)
        log_event(LOG_LEVEL_ERROR, "event_failed", answer->verdict.database, "out of memory");
}

static bool fails_open(const struct gate_answer *answer)
{
    return answer->verdict.state == GATE_OPEN && answer->verdict.code == CODE_FAIL_OPEN;
}

static bool is_in_sight(const struct gate_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++)
        if (verdict_is_out_of_sight(database_report_verdict(&answer->reports[i])))
            return false;
    for (size_t i = 0; i < answer->check_count; i++)
        if (answer->checks[i].verdict.out_of_sight)
            return false;
    return true;
}

/* Repeats are rare in the log, and no event. */
static void complain(struct fail_opens *fail_opens, struct told *told, const struct gate_answer *answer, int64_t at_ms)
{
    char message[sizeof told->said] = "";
    snprintf(message, sizeof message,
             "the gate %.64s opens although the database is out of sight (%s), by on_unknown: %s", answer->gate->name,
             state_code_name(gate_answer_cause(answer)), unknown_policy_name(answer->gate->policy.on_unknown));
    bool news = !told->complaint.active || strcmp(told->said, message) != 0;
    memcpy(told->said, message, sizeof told->said);
    complaint_raise(&told->complaint, LOG_LEVEL_WARNING, "gate_fail_open", answer->verdict.database, message);
    if (news && fail_opens->events)
        emit(fail_opens->events, answer, at_ms);
}

static void release(struct told *told)
{
    char message[sizeof told->said] = "";
    snprintf(message, sizeof message, "every database of the gate %.64s is seen again", told->gate);
    complaint_release(&told->complaint, "gate_in_sight", NULL, message);
}

void fail_opens_tell(struct fail_opens *fail_opens, const struct gate_answer *answer, size_t count, int64_t at_ms)
{
    bool open = fails_open(answer);
    if (answer->gate->policy.on_unknown == UNKNOWN_CLOSED)
        return;
    if (open)
        metric_add(METRIC_gate_fail_open, (int64_t)count);
    if (!fail_opens || (!open && !is_in_sight(answer)))
        return;
    pthread_mutex_lock(&fail_opens->lock);
    struct told *told = find(fail_opens, answer->gate->name);
    if (open && !told)
        told = add(fail_opens, answer->gate->name);
    if (open && told)
        complain(fail_opens, told, answer, at_ms);
    else if (told)
        release(told);
    pthread_mutex_unlock(&fail_opens->lock);
}
