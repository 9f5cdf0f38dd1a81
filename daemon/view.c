/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/view.h"

#include "base/alloc.h"
#include "base/refcount.h"

static uint64_t newest_generation; /* atomic */

struct view *view_ref(struct view *view)
{
    if (view)
        refcount_take(&view->references);
    return view;
}

void view_unref(struct view *view)
{
    if (!view || !refcount_drop(&view->references))
        return;
    drift_status_unref(view->drift);
    assessment_unref(view->assessment);
    expectation_unref(view->expectation);
    snapshot_unref(view->snapshot);
    config_unref(view->config);
    mem_free(view);
}

struct view *view_new(struct config *config, const struct config_database *database, struct snapshot *snapshot,
                      struct expectation *expectation, struct assessment *assessment, struct drift_status *drift,
                      const struct look_status *status)
{
    struct view *view = mem_calloc(1, sizeof *view);
    if (!view)
        return NULL;
    view->references = 1;
    view->config = config_ref(config);
    view->database = database;
    view->snapshot = snapshot ? snapshot_ref(snapshot) : NULL;
    view->expectation = expectation_ref(expectation);
    view->assessment = assessment_ref(assessment);
    view->drift = drift_status_ref(drift);
    view->status = *status;
    view->generation = __atomic_add_fetch(&newest_generation, 1, __ATOMIC_RELAXED);
    return view;
}

struct view_set *view_set_new(struct config *config)
{
    cleanup(view_set) struct view_set *set = mem_calloc(1, sizeof *set);
    if (!set)
        return NULL;
    set->references = 1;
    set->views = mem_calloc(config->database_count, sizeof(struct view *));
    if (!set->views)
        return NULL;
    set->count = config->database_count;
    set->config = config_ref(config);
    return take(set);
}

struct view_set *view_set_ref(struct view_set *set)
{
    if (set)
        refcount_take(&set->references);
    return set;
}

void view_set_unref(struct view_set *set)
{
    if (!set || !refcount_drop(&set->references))
        return;
    for (size_t i = 0; i < set->count; i++)
        view_unref(set->views[i]);
    mem_free(set->views);
    config_unref(set->config);
    mem_free(set);
}

static void describe_looks(const struct view *view, int64_t monotonic_now_ms, int64_t unix_now_ms,
                           struct state_input *input)
{
    const struct look_status *status = &view->status;
    const struct snapshot *snapshot = view->snapshot;
    /* Without the schema nothing can be said about a journal that is not there. */
    bool answers = snapshot && (snapshot->schema || snapshot->reading_count > 0 || view->database->journal_none);
    input->observed = status->observed && answers;
    input->age_ms = status->observed ? monotonic_now_ms - status->good_at_ms : 0;
    input->now_ms = unix_now_ms;
    const struct error *failure = status->error.code != ERROR_OK ? &status->error : NULL;
    if (!failure && !answers && status->deep_error.code != ERROR_OK)
        failure = &status->deep_error;
    input->last_error = failure ? failure->code : ERROR_OK;
    input->last_error_message = failure ? failure->message : NULL;
    if (!snapshot)
        return;
    input->has_tables = snapshot->has_tables;
    input->absence_proven = snapshot->server.absence_proven;
    input->grant_needed = snapshot->server.grant_needed;
    input->schema_truncated = snapshot->schema && snapshot->schema->truncated;
}

static void describe_expectation(const struct view *view, const struct view_question *question,
                                 struct state_input *input)
{
    const struct config_database *database = view->database;
    if ((question && question->revision) || !database->expect_directory)
        return;
    const struct expectation *expectation = view->expectation;
    input->expectation_failed = !expectation || !expectation->set;
    input->expectation_message = expectation ? expectation->error.message : "its directory was not read yet";
}

static void describe_reading(const struct journal_reading *reading, const struct comparison *comparison,
                             struct state_input *input)
{
    input->journal = reading->journal;
    input->comparison = comparison;
    input->locked = reading->locked;
    input->lock = &reading->lock;
    input->journal_error = (enum error_code)reading->error;
    input->journal_error_message = reading->error_message;
    if (reading->error_grant)
        input->grant_needed = reading->error_grant;
}

/* The comparison for one reading: the one made when the view was built, or a new one for the caller's question. */
static int find_comparison(const struct view *view, size_t reading, const struct view_question *question,
                           struct arena *arena, const struct comparison **ret_comparison, struct error *reterr)
{
    const struct journal *journal = view->snapshot->readings[reading].journal;
    *ret_comparison = NULL;
    if (!journal)
        return 0;
    if (!question || !question->revision) {
        if (!view->assessment)
            return error_no_memory(reterr); /* there was none to compare them when they were read */
        *ret_comparison = &view->assessment->journals[reading].comparison;
        return 0;
    }
    struct comparison *comparison = arena_alloc(arena, sizeof *comparison);
    if (!comparison)
        return error_no_memory(reterr);
    *ret_comparison = comparison;
    return assess_journal(journal, view->database, view->expectation, question->revision, question->match, arena,
                          comparison, reterr);
}

static struct state_policy policy_of(const struct config_database *database)
{
    return (struct state_policy){
        .max_staleness_ms = database->max_staleness_ms,
        .dirty_grace_ms = database->dirty_grace_ms,
        .lock_orphan_after_ms = database->lock_orphan_after_ms,
        .checksums_enforced = database->checksums_enforced,
        .journal_none = database->journal_none,
    };
}

static enum expectation_source source_asked(const struct config_database *database,
                                            const struct view_question *question)
{
    if (question && question->revision)
        return SOURCE_REQUEST;
    if (database->expect_revision)
        return SOURCE_REVISION;
    return database->expect_directory ? SOURCE_DIRECTORY : SOURCE_NONE;
}

/* What was asked, for answers that no comparison stands behind. */
static void say_question(const struct view *view, const struct view_question *question, struct database_report *report)
{
    const struct config_database *database = view->database;
    report->source = source_asked(database, question);
    bool asked = report->source == SOURCE_REQUEST;
    report->expected_revision = asked ? question->revision : database->expect_revision;
    report->match = asked ? question->match : database->match;
}

static void describe_drift(const struct view *view, int64_t monotonic_now_ms, struct database_report *report)
{
    const struct drift_status *status = view->drift;
    struct drift_context context = drift_status_context(status, view->database, monotonic_now_ms);
    report->drift = (struct drift_summary){
        .configured = true,
        .verdict = context.verdict,
        .worst = status && context.verdict == DRIFT_DRIFTED ? drift_status_worst(status) : SEVERITY_INFO,
        .counts = context.report ? &context.report->counts : NULL,
        .code = context.code,
        .reason = context.reason,
        .fail_on = view->database->drift.fail_on,
        .taken_at_ms = context.live_taken_at_ms,
    };
}

int view_judge(const struct view *view, const struct view_question *question, int64_t monotonic_now_ms,
               int64_t unix_now_ms, struct arena *arena, struct database_report *ret_report, struct error *reterr)
{
    const struct snapshot *snapshot = view->snapshot;
    size_t readings = snapshot ? snapshot->reading_count : 0;
    size_t count = readings > 0 ? readings : 1;
    struct judged_journal *judged = arena_array(arena, count, sizeof *judged);
    if (!judged)
        return error_no_memory(reterr);
    struct state_policy policy = policy_of(view->database);
    struct state_input common = {0};
    describe_looks(view, monotonic_now_ms, unix_now_ms, &common);
    describe_expectation(view, question, &common);
    if (readings == 0) /* else the comparison says it */
        common.source = source_asked(view->database, question);
    size_t worst = 0;
    for (size_t i = 0; i < count; i++) {
        struct state_input input = common;
        if (readings > 0) {
            judged[i].reading = &snapshot->readings[i];
            if (find_comparison(view, i, question, arena, &judged[i].comparison, reterr) < 0)
                return -1;
            describe_reading(judged[i].reading, judged[i].comparison, &input);
        }
        state_judge(&input, &policy, &judged[i].verdict);
        if (i > 0 && verdict_is_worse(&judged[i].verdict, &judged[worst].verdict))
            worst = i;
    }
    const struct look_status *status = &view->status;
    const struct error *last = status->error.code != ERROR_OK ? &status->error : &status->deep_error;
    *ret_report = (struct database_report){
        .name = view->database->name,
        .engine = snapshot ? snapshot->server.engine : view->database->target->ops->name,
        .snapshot = snapshot,
        .journals = judged,
        .journal_count = count,
        .worst = worst,
        .age_ms = status->observed ? common.age_ms : -1,
        .now_ms = unix_now_ms,
        .last_error = last->code != ERROR_OK ? last->message : NULL,
        .last_error_code = last->code,
        .reachable = status->tried && status->error.code == ERROR_OK,
    };
    if (view->database->drift.reference_key)
        describe_drift(view, monotonic_now_ms, ret_report);
    say_question(view, question, ret_report);
    return 0;
}
