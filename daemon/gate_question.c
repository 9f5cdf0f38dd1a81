/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/gate_question.h"

#include <string.h>

#include "base/strbuf.h"

enum { QUESTION_ARENA_BYTES = 1024 * 1024 };

/* Parts are separated by NUL, which no part can hold. */
static bool add_key(struct gate_question *question)
{
    const struct gate_asked *asked = &question->asked;
    size_t length = strlen(asked->gate) + 3;
    for (size_t i = 0; i < asked->revision_count; i++)
        length += strlen(asked->revisions[i]) + 1;
    for (size_t i = 0; i < asked->support_count; i++)
        length += strlen(asked->supports[i]) + 1;
    char *key = arena_alloc(question->arena, length);
    if (!key)
        return false;
    char *out = stpcpy(key, asked->gate) + 1;
    *out++ = (char)('0' + (int)asked->match);
    for (size_t i = 0; i < asked->revision_count; i++)
        out = stpcpy(out, asked->revisions[i]) + 1;
    *out++ = '\0';
    for (size_t i = 0; i < asked->support_count; i++)
        out = stpcpy(out, asked->supports[i]) + 1;
    question->key = key;
    question->key_length = length;
    return true;
}

static bool copy_texts(struct arena *arena, const char *const *texts, size_t count, const char *const **ret_copies)
{
    char **copies = arena_array(arena, count + 1, sizeof *copies);
    for (size_t i = 0; copies && i < count; i++) {
        copies[i] = arena_strdup(arena, texts[i]);
        if (!copies[i])
            return false;
    }
    *ret_copies = (const char *const *)copies;
    return copies != NULL;
}

struct gate_question *gate_question_new(const struct gate_asked *asked)
{
    cleanup(arena) struct arena *arena = arena_new(QUESTION_ARENA_BYTES);
    struct gate_question *question = arena ? arena_alloc(arena, sizeof *question) : NULL;
    if (!question)
        return NULL;
    question->arena = arena;
    question->asked = *asked;
    question->asked.gate = arena_strdup(arena, asked->gate);
    if (!question->asked.gate ||
        !copy_texts(arena, asked->revisions, asked->revision_count, &question->asked.revisions) ||
        !copy_texts(arena, asked->supports, asked->support_count, &question->asked.supports) || !add_key(question))
        return NULL;
    take(arena);
    return question;
}

void gate_question_free(struct gate_question *question)
{
    if (question)
        arena_free(question->arena);
}

/* Which member a text is for, and the text itself: split at the first colon if a member's name stands before. */
static int assign(const char *written, const char *what, const struct config_gate *gate, size_t *ret_member,
                  const char **ret_text, struct error *reterr)
{
    const char *colon = strchr(written, ':');
    for (size_t i = 0; colon && i < gate->requirement_count; i++) {
        const char *name = gate->requirements[i].name;
        if (!gate->requirements[i].implied && strlen(name) == (size_t)(colon - written) &&
            strncmp(name, written, (size_t)(colon - written)) == 0) {
            *ret_member = i;
            *ret_text = colon + 1;
            return colon[1] ? 0 : error_set(reterr, ERROR_INVALID, "the %s for %s is empty", what, name);
        }
    }
    if (!*written)
        return error_set(reterr, ERROR_INVALID, "the %s is empty", what);
    if (gate->required_count == 0)
        return error_set(reterr, ERROR_INVALID, "gate %s requires no database, of which a %s could be asked",
                         gate->name, what);
    if (gate->required_count != 1)
        return error_set(reterr, ERROR_INVALID, "gate %s requires %zu databases: write DATABASE:%s for each",
                         gate->name, gate->required_count, strcmp(what, "revision") == 0 ? "REVISION" : "A..B");
    *ret_member = 0;
    *ret_text = written;
    return 0;
}

static int resolve_revisions(const struct gate_asked *asked, const struct config_gate *gate,
                             struct view_question *views, struct error *reterr)
{
    for (size_t i = 0; i < asked->revision_count; i++) {
        size_t member = 0;
        const char *revision = NULL;
        if (assign(asked->revisions[i], "revision", gate, &member, &revision, reterr) < 0)
            return -1;
        if (views[member].revision)
            return error_set(reterr, ERROR_INVALID, "two revisions for %s", gate->requirements[member].name);
        views[member].revision = revision;
        views[member].match = asked->match;
    }
    return 0;
}

/* "A..B" taken apart. Where A is left out, the revision that the caller named as its own is what it needs. */
static int read_range(const char *text, const char *revision, struct arena *arena, struct revision_range *range,
                      struct error *reterr)
{
    const char *dots = strstr(text, "..");
    if (!dots || strstr(dots + 2, "..") || dots[2] == '.' || (dots == text && !dots[2]))
        return error_set(reterr, ERROR_INVALID,
                         "supports is A..B, the oldest and the newest revision that the release can run on; one of "
                         "them may be left out");
    if (dots > text) {
        range->from = arena_strndup(arena, text, (size_t)(dots - text));
        if (!range->from)
            return error_no_memory(reterr);
    } else {
        range->from = revision;
    }
    range->to = dots[2] ? dots + 2 : NULL;
    return 0;
}

static int resolve_ranges(const struct gate_asked *asked, const struct config_gate *gate, struct arena *arena,
                          struct view_question *views, struct error *reterr)
{
    for (size_t i = 0; i < asked->support_count; i++) {
        size_t member = 0;
        const char *text = NULL;
        struct revision_range *range = arena_alloc(arena, sizeof *range);
        if (!range)
            return error_no_memory(reterr);
        if (assign(asked->supports[i], "range", gate, &member, &text, reterr) < 0 ||
            read_range(text, views[member].revision, arena, range, reterr) < 0)
            return -1;
        if (views[member].range)
            return error_set(reterr, ERROR_INVALID, "two ranges for %s", gate->requirements[member].name);
        views[member].range = range;
        views[member].supports = text;
    }
    return 0;
}

/* What each requirement is asked; a replica the same as its database. NULL: failed. */
static struct view_question *resolve(const struct gate_asked *asked, const struct config_gate *gate,
                                     struct arena *arena, const char **ret_bad, struct error *reterr)
{
    struct view_question *views = arena_array(arena, gate->requirement_count, sizeof *views);
    if (!views) {
        error_no_memory(reterr);
        return NULL;
    }
    *ret_bad = "revision";
    if (resolve_revisions(asked, gate, views, reterr) < 0)
        return NULL;
    *ret_bad = "supports";
    if (resolve_ranges(asked, gate, arena, views, reterr) < 0)
        return NULL;
    for (size_t i = 0; i < gate->requirement_count; i++) {
        if (gate->requirements[i].implied)
            views[i] = views[i - 1];
        views[i].journal = gate->requirements[i].journal;
        views[i].recall = gate->policy.on_unknown != UNKNOWN_CLOSED;
    }
    return views;
}

/* Counts from `first` and goes on at 0 behind the last one. */
static size_t wrap(size_t first, size_t step, size_t count)
{
    return step < count - first ? first + step : first + step - count;
}

/* Makes the journal that keeps this gate shut speak for its database: with `accept` it need not be the one that is
 * worst for the database, which stays where it is as bad. */
static void choose_journal(struct database_report *report, const struct gate_policy *policy,
                           struct gate_member *members, struct gate_verdict *ret_verdict)
{
    size_t count = report->journal_count - report->bystander_count;
    size_t first = report->worst;
    for (size_t i = 0; i < count; i++) {
        const struct judged_journal *journal = &report->journals[wrap(first, i, count)];
        members[i] = (struct gate_member){.database = report->name,
                                          .verdict = &journal->verdict,
                                          .drift = report->drift.verdict,
                                          .last_drift = report->drift.last,
                                          .worst = report->drift.worst,
                                          .last = journal->last};
    }
    gate_judge(&(struct gate_requires){.members = members, .count = count}, policy, ret_verdict);
    report->worst = wrap(first, ret_verdict->worst, count);
}

/* One gate being judged at one moment. */
struct judging {
    const struct config_gate *gate;
    const struct view_question *questions; /* one per requirement */
    const struct view_set *set;
    struct latches *latches; /* NULL */
    int64_t monotonic_now_ms;
    int64_t unix_now_ms;
    struct arena *arena;
};

/* The part of a question that a memory of it depends on; NULL: what is expected is the configuration's, whose files may
 * be others now. False when memory is out. */
static bool name_question(const struct view_question *question, const struct config_database *database,
                          struct arena *arena, const char **ret_asked)
{
    const struct revision_range *range = question->range;
    *ret_asked = NULL;
    if (!range && !question->revision && !database->journal_none)
        return true;
    if (range)
        *ret_asked = arena_printf(arena, "%s..%s", range->from ? range->from : "", range->to ? range->to : "");
    else if (question->revision)
        *ret_asked = arena_printf(arena, "%s %s", match_name(question->match), question->revision);
    else
        *ret_asked = "";
    return *ret_asked != NULL;
}

static void recall_opening(const struct judging *judging, const struct latch *latch, struct view_question *question)
{
    int64_t at_ms = 0;
    int64_t age_ms = 0;
    if (!latches_find(judging->latches, latch, &at_ms) || __builtin_sub_overflow(judging->unix_now_ms, at_ms, &age_ms))
        return;
    /* One of two clocks is wrong if it lies ahead: the distance is what can be said. */
    question->opened = true;
    question->opened_age_ms = age_ms < 0 ? -age_ms : age_ms;
}

/* Only what a look shows counts: that nothing could be seen, or that the schema has drifted, takes nothing back. */
static void remember_what_is_seen(const struct judging *judging, const struct latch *latch,
                                  const struct gate_verdict *gate, const struct verdict *seen)
{
    if (gate->state == GATE_OPEN && gate->code != CODE_FAIL_OPEN)
        latches_note(judging->latches, latch, judging->unix_now_ms);
    if (gate->state != GATE_OPEN && gate->code == seen->code &&
        (seen->state != STATE_UNKNOWN || seen->code == CODE_ORDER_UNKNOWN))
        latches_drop(judging->latches, latch);
}

/* What the journal says is no reason where the drift keeps the gate shut. */
static int explain_drift(const struct judging *judging, const char *database, struct database_report *report)
{
    char reason[512] = "";
    report_drift_reason(&report->drift, reason, sizeof reason);
    report->drift_reason = arena_strdup(judging->arena, reason);
    report->drift_next = arena_printf(judging->arena, "migrationctl diff %s", database);
    return report->drift_reason && report->drift_next ? 0 : -1;
}

/* Judges one requirement; `members` has an element for what it comes to. */
static int judge_requirement(const struct judging *judging, size_t i, struct database_report *report,
                             struct gate_member *member, int64_t *valid_for_ms, struct error *reterr)
{
    const struct config_requirement *requirement = &judging->gate->requirements[i];
    struct view_question question = judging->questions[i];
    struct latch latch = {.gate = judging->gate->name, .database = requirement->name};
    bool latched = judging->latches && judging->gate->policy.on_unknown == UNKNOWN_LAST_KNOWN;
    struct gate_verdict verdict = {0};
    if (latched &&
        !name_question(&question, judging->set->views[requirement->database]->database, judging->arena, &latch.asked))
        return error_no_memory(reterr);
    if (latch.asked)
        recall_opening(judging, &latch, &question);
    if (view_judge(judging->set->views[requirement->database], &question, judging->monotonic_now_ms,
                   judging->unix_now_ms, judging->arena, report, reterr))
        return -1;
    struct gate_member *journals = arena_array(judging->arena, report->journal_count, sizeof *journals);
    if (!journals)
        return error_no_memory(reterr);
    choose_journal(report, &judging->gate->policy, journals, &verdict);
    if (latch.asked)
        remember_what_is_seen(judging, &latch, &verdict, journals[verdict.worst].verdict);
    *valid_for_ms = verdict.valid_for_ms < *valid_for_ms ? verdict.valid_for_ms : *valid_for_ms;
    *member = journals[verdict.worst];
    bool drifts = verdict.code == CODE_DRIFTED || verdict.code == CODE_DRIFT_UNKNOWN;
    if (drifts && explain_drift(judging, judging->set->views[requirement->database]->database->name, report) < 0)
        return error_no_memory(reterr);
    return 0;
}

static int judge_databases(const struct judging *judging, struct gate_member **ret_members, struct gate_answer *answer,
                           int64_t *valid_for_ms, struct error *reterr)
{
    size_t count = judging->gate->requirement_count;
    if (count == 0)
        return 0;
    struct database_report *reports = arena_array(judging->arena, count, sizeof *reports);
    struct gate_member *members = arena_array(judging->arena, count, sizeof *members);
    if (!reports || !members)
        return error_no_memory(reterr);
    for (size_t i = 0; i < count; i++)
        if (judge_requirement(judging, i, &reports[i], &members[i], valid_for_ms, reterr))
            return -1;
    answer->reports = reports;
    answer->count = count;
    *ret_members = members;
    return 0;
}

static int judge_checks(const struct judging *judging, struct gate_check **ret_checks, struct gate_answer *answer,
                        struct error *reterr)
{
    size_t count = judging->gate->check_count;
    if (count == 0)
        return 0;
    struct judged_check *judged = arena_array(judging->arena, count, sizeof *judged);
    struct gate_check *checks = arena_array(judging->arena, count, sizeof *checks);
    if (!judged || !checks)
        return error_no_memory(reterr);
    for (size_t i = 0; i < count; i++) {
        const struct config_required_check *required = &judging->gate->checks[i];
        if (view_judge_check(judging->set->views[required->database], required->check, judging->monotonic_now_ms,
                             judging->arena, &judged[i], reterr) < 0)
            return -1;
        checks[i] = (struct gate_check){.address = judged[i].address,
                                        .database = judged[i].database,
                                        .verdict = &judged[i].verdict,
                                        .last = judged[i].last,
                                        .last_age_ms = judged[i].last_age_ms};
    }
    answer->checks = judged;
    answer->check_count = count;
    *ret_checks = checks;
    return 0;
}

static int judge_all(const struct judging *judging, struct gate_answer *ret_answer, struct error *reterr)
{
    struct gate_answer answer = {.gate = judging->gate, .now_ms = judging->unix_now_ms};
    struct gate_member *members = NULL;
    struct gate_check *checks = NULL;
    int64_t valid_for_ms = INT64_MAX;
    if (judge_databases(judging, &members, &answer, &valid_for_ms, reterr) < 0 ||
        judge_checks(judging, &checks, &answer, reterr) < 0)
        return -1;
    const struct gate_requires requires = {
        .members = members, .count = answer.count, .checks = checks, .check_count = answer.check_count};
    gate_judge(&requires, &judging->gate->policy, &answer.verdict);
    if (valid_for_ms < answer.verdict.valid_for_ms)
        answer.verdict.valid_for_ms = valid_for_ms;
    *ret_answer = answer;
    return 0;
}

const char *gate_answer_reason(const struct gate_answer *answer)
{
    const struct gate_report report = gate_answer_report(answer);
    return report_gate_reason(&report);
}

enum state_code gate_answer_cause(const struct gate_answer *answer)
{
    size_t worst = answer->verdict.worst;
    return answer->verdict.check ? answer->checks[worst].verdict.code
                                 : database_report_verdict(&answer->reports[worst])->code;
}

static int ask(const struct gate_asked *asked, const struct config_gate *gate, const struct view_set *set,
               int64_t monotonic_now_ms, int64_t unix_now_ms, struct arena *arena, struct gate_answer *ret_answer,
               struct error *reterr)
{
    const struct view_question *questions = resolve(asked, gate, arena, &ret_answer->bad_parameter, reterr);
    if (!questions)
        return -1;
    const struct judging judging = {.gate = gate,
                                    .questions = questions,
                                    .set = set,
                                    .latches = asked->latches,
                                    .monotonic_now_ms = monotonic_now_ms,
                                    .unix_now_ms = unix_now_ms,
                                    .arena = arena};
    return judge_all(&judging, ret_answer, reterr);
}

static const struct config_gate *choose_gate(const struct config *config, const char *name, struct arena *arena,
                                             struct error *reterr)
{
    struct config_made_gate *made = arena_alloc(arena, sizeof *made);
    const struct config_gate *gate = made ? config_choose_gate(config, name, made) : NULL;
    if (!made)
        error_no_memory(reterr);
    else if (!gate)
        error_set(reterr, ERROR_NOT_FOUND, "there is no gate %s", name);
    return gate;
}

int gate_question_ask(const struct gate_question *question, const struct view_set *set, int64_t monotonic_now_ms,
                      int64_t unix_now_ms, struct arena *arena, struct gate_answer *ret_answer, struct error *reterr)
{
    const struct config_gate *gate = choose_gate(set->config, question->asked.gate, arena, reterr);
    return gate ? ask(&question->asked, gate, set, monotonic_now_ms, unix_now_ms, arena, ret_answer, reterr) : -1;
}

void gate_question_remember(const struct gate_question *question, const struct config *config, int64_t at_ms,
                            const int64_t *since_ms)
{
    cleanup(arena) struct arena *arena = arena_new(QUESTION_ARENA_BYTES);
    struct error error = {.code = ERROR_OK};
    const char *bad = NULL;
    const struct config_gate *gate = arena ? choose_gate(config, question->asked.gate, arena, &error) : NULL;
    const struct view_question *questions = gate ? resolve(&question->asked, gate, arena, &bad, &error) : NULL;
    if (!questions)
        return;
    for (size_t i = 0; i < gate->requirement_count; i++) {
        const struct config_requirement *requirement = &gate->requirements[i];
        struct latch latch = {.gate = gate->name, .database = requirement->name};
        if (since_ms && at_ms < since_ms[requirement->database])
            continue;
        if (name_question(&questions[i], &config->databases[requirement->database], arena, &latch.asked) && latch.asked)
            latches_note(question->asked.latches, &latch, at_ms);
    }
}

int gate_ask(const struct config_gate *gate, const struct view_set *set, int64_t monotonic_now_ms, int64_t unix_now_ms,
             struct arena *arena, struct gate_answer *ret_answer, struct error *reterr)
{
    return ask(&(struct gate_asked){.gate = gate->name}, gate, set, monotonic_now_ms, unix_now_ms, arena, ret_answer,
               reterr);
}
