/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/gate_question.h"

#include <string.h>

#include "base/strbuf.h"

enum { QUESTION_ARENA_BYTES = 1024 * 1024 };

/* Parts are separated by NUL, which no part can hold. */
static bool add_key(struct gate_question *question)
{
    size_t length = strlen(question->gate) + 2;
    for (size_t i = 0; i < question->revision_count; i++)
        length += strlen(question->revisions[i]) + 1;
    char *key = arena_alloc(question->arena, length);
    if (!key)
        return false;
    char *out = stpcpy(key, question->gate) + 1;
    *out++ = (char)('0' + (int)question->match);
    for (size_t i = 0; i < question->revision_count; i++)
        out = stpcpy(out, question->revisions[i]) + 1;
    question->key = key;
    question->key_length = length;
    return true;
}

struct gate_question *gate_question_new(const char *gate, const char *const *revisions, size_t revision_count,
                                        enum match match)
{
    cleanup(arena) struct arena *arena = arena_new(QUESTION_ARENA_BYTES);
    struct gate_question *question = arena ? arena_alloc(arena, sizeof *question) : NULL;
    if (!question)
        return NULL;
    char **copies = arena_array(arena, revision_count + 1, sizeof *copies);
    question->arena = arena;
    question->gate = arena_strdup(arena, gate);
    question->match = match;
    if (!copies || !question->gate)
        return NULL;
    for (size_t i = 0; i < revision_count; i++) {
        copies[i] = arena_strdup(arena, revisions[i]);
        if (!copies[i])
            return NULL;
    }
    question->revisions = (const char *const *)copies;
    question->revision_count = revision_count;
    if (!add_key(question))
        return NULL;
    take(arena);
    return question;
}

void gate_question_free(struct gate_question *question)
{
    if (question)
        arena_free(question->arena);
}

/* Which member a revision is for, and the revision itself: split at the first colon if a member's name stands before.
 */
static int assign(const char *written, const struct config_gate *gate, size_t *ret_member, const char **ret_revision,
                  struct error *reterr)
{
    const char *colon = strchr(written, ':');
    for (size_t i = 0; colon && i < gate->requirement_count; i++) {
        const char *name = gate->requirements[i].name;
        if (strlen(name) == (size_t)(colon - written) && strncmp(name, written, (size_t)(colon - written)) == 0) {
            *ret_member = i;
            *ret_revision = colon + 1;
            return colon[1] ? 0 : error_set(reterr, ERROR_INVALID, "the revision for %s is empty", name);
        }
    }
    if (!*written)
        return error_set(reterr, ERROR_INVALID, "the revision is empty");
    if (gate->requirement_count != 1)
        return error_set(reterr, ERROR_INVALID, "gate %s requires %zu databases: write DATABASE:REVISION for each",
                         gate->name, gate->requirement_count);
    *ret_member = 0;
    *ret_revision = written;
    return 0;
}

static int resolve(const struct gate_question *question, const struct config_gate *gate, struct view_question *views,
                   struct error *reterr)
{
    for (size_t i = 0; i < question->revision_count; i++) {
        size_t member = 0;
        const char *revision = NULL;
        if (assign(question->revisions[i], gate, &member, &revision, reterr))
            return -1;
        if (views[member].revision)
            return error_set(reterr, ERROR_INVALID, "two revisions for %s", gate->requirements[member].name);
        views[member].revision = revision;
        views[member].match = question->match;
    }
    return 0;
}

/* Counts from `first` and goes on at 0 behind the last one. */
static size_t wrap(size_t first, size_t step, size_t count)
{
    return step < count - first ? first + step : first + step - count;
}

/* Makes the journal that keeps this gate shut speak for its database: with `accept` it need not be the one that is
 * worst for the database, which stays where it is as bad. Returns how long time alone cannot change any of them. */
static int64_t choose_journal(struct database_report *report, const struct gate_policy *policy,
                              struct gate_member *members)
{
    size_t count = report->journal_count - report->bystander_count;
    size_t first = report->worst;
    for (size_t i = 0; i < count; i++)
        members[i] = (struct gate_member){.database = report->name,
                                          .verdict = &report->journals[wrap(first, i, count)].verdict,
                                          .drift = report->drift.verdict,
                                          .worst = report->drift.worst};
    struct gate_verdict verdict = {0};
    gate_judge(members, count, policy, &verdict);
    report->worst = wrap(first, verdict.worst, count);
    return verdict.valid_for_ms;
}

static int judge_all(const struct config_gate *gate, const struct view_question *questions, const struct view_set *set,
                     int64_t monotonic_now_ms, int64_t unix_now_ms, struct arena *arena, struct gate_answer *ret_answer,
                     struct error *reterr)
{
    size_t count = gate->requirement_count;
    int64_t valid_for_ms = INT64_MAX;
    struct database_report *reports = arena_array(arena, count, sizeof *reports);
    struct gate_member *members = arena_array(arena, count, sizeof *members);
    if (!reports || !members)
        return error_no_memory(reterr);
    for (size_t i = 0; i < count; i++) {
        const struct view *view = set->views[gate->requirements[i].database];
        struct view_question question = questions ? questions[i] : (struct view_question){0};
        question.journal = gate->requirements[i].journal;
        if (view_judge(view, &question, monotonic_now_ms, unix_now_ms, arena, &reports[i], reterr))
            return -1;
        struct gate_member *journals = arena_array(arena, reports[i].journal_count, sizeof *journals);
        if (!journals)
            return error_no_memory(reterr);
        int64_t valid = choose_journal(&reports[i], &gate->policy, journals);
        valid_for_ms = valid < valid_for_ms ? valid : valid_for_ms;
        members[i] = (struct gate_member){.database = reports[i].name,
                                          .verdict = database_report_verdict(&reports[i]),
                                          .drift = reports[i].drift.verdict,
                                          .worst = reports[i].drift.worst};
    }
    *ret_answer = (struct gate_answer){.gate = gate, .reports = reports, .count = count};
    gate_judge(members, count, &gate->policy, &ret_answer->verdict);
    ret_answer->verdict.valid_for_ms = valid_for_ms;
    return 0;
}

int gate_question_ask(const struct gate_question *question, const struct view_set *set, int64_t monotonic_now_ms,
                      int64_t unix_now_ms, struct arena *arena, struct gate_answer *ret_answer, struct error *reterr)
{
    struct config_made_gate *made = arena_alloc(arena, sizeof *made);
    if (!made)
        return error_no_memory(reterr);
    const struct config_gate *gate = config_choose_gate(set->config, question->gate, made);
    if (!gate)
        return error_set(reterr, ERROR_NOT_FOUND, "there is no gate %s", question->gate);
    struct view_question *views = arena_array(arena, gate->requirement_count, sizeof *views);
    if (!views)
        return error_no_memory(reterr);
    if (resolve(question, gate, views, reterr))
        return -1;
    return judge_all(gate, views, set, monotonic_now_ms, unix_now_ms, arena, ret_answer, reterr);
}

int gate_ask(const struct config_gate *gate, const struct view_set *set, int64_t monotonic_now_ms, int64_t unix_now_ms,
             struct arena *arena, struct gate_answer *ret_answer, struct error *reterr)
{
    return judge_all(gate, NULL, set, monotonic_now_ms, unix_now_ms, arena, ret_answer, reterr);
}
