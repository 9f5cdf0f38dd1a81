/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging a view: which of its journals a question is about, and the state of each at that moment.
 */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "daemon/view.h"

/* One judgement. The arrays have an element for each journal that the question is about. */
struct judging {
    const struct view *view;
    const struct view_question *question; /* never NULL */
    struct arena *arena;
    struct state_input common; /* what holds for all journals */
    struct state_policy policy;
    const struct assessed_journal **journals;
    const struct comparison **comparisons;
    bool *asked;
    size_t count;
};

static void describe_looks(const struct view *view, int64_t monotonic_now_ms, int64_t unix_now_ms,
                           struct state_input *input)
{
    const struct look_status *status = &view->status;
    const struct snapshot *snapshot = view->snapshot;
    /* Without the schema nothing can be said about a journal that is not there, nor with it about one that is still to
     * be read. */
    bool recognised = view->database->listed_count == 0 && !view->database->journal.tool;
    bool seen = snapshot && (snapshot->schema || snapshot->reading_count > 0) && !(snapshot->unread && recognised);
    bool answers = seen || (snapshot && view->database->journal_none);
    input->observed = status->observed && answers;
    input->age_ms = status->observed ? monotonic_now_ms - status->good_at_ms : 0;
    input->runner_elsewhere = view->database->replica_of != NULL;
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

/* Of the journals those that the name fits best; without a name, all. */
static int choose_journals(struct judging *judging, struct error *reterr)
{
    const struct assessment *assessment = judging->view->assessment;
    size_t count = assessment->count;
    judging->journals = arena_array(judging->arena, count, sizeof *judging->journals);
    judging->comparisons = arena_array(judging->arena, count, sizeof *judging->comparisons);
    judging->asked = arena_array(judging->arena, count, sizeof *judging->asked);
    if (!judging->journals || !judging->comparisons || !judging->asked)
        return error_no_memory(reterr);
    unsigned best = judging->question->journal ? 1 : 0;
    for (size_t i = 0; i < count; i++) {
        const struct assessed_journal *journal = &assessment->journals[i];
        unsigned fit =
            best > 0 && journal->address.table ? journal_address_fit(&journal->address, judging->question->journal) : 0;
        if (fit > best)
            judging->count = 0;
        if (fit < best)
            continue;
        best = fit;
        judging->journals[judging->count++] = journal;
    }
    return 0;
}

/* Whether the caller's own question stands in place of the configured one. */
static bool is_asked(const struct view_question *question)
{
    return question->revision || question->range;
}

static int compare_journals(struct judging *judging, struct error *reterr)
{
    const struct view_question *question = judging->question;
    const struct assessed_question asked = {
        .revision = question->revision, .match = question->match, .range = question->range};
    if (is_asked(question))
        return judging->count == 0
                   ? 0
                   : assessment_ask(judging->journals, judging->count, judging->view->expectation, &asked,
                                    judging->arena, judging->comparisons, judging->asked, reterr);
    for (size_t i = 0; i < judging->count; i++) {
        const struct assessed_journal *journal = judging->journals[i];
        judging->comparisons[i] = journal->journal ? &journal->comparison : NULL;
        judging->asked[i] = !journal->bystander;
    }
    return 0;
}

static enum expectation_source source_of(const struct config_expect *expect)
{
    if (expect->revision)
        return SOURCE_REVISION;
    if (expect->manifest)
        return SOURCE_MANIFEST;
    if (expect->database)
        return SOURCE_DATABASE;
    return expect->directory_count > 0 ? SOURCE_DIRECTORY : SOURCE_NONE;
}

static void describe_expectation(const struct judging *judging, size_t configured, bool asked,
                                 struct judged_journal *judged, struct state_input *input)
{
    const struct view *view = judging->view;
    const struct config_expect *expect = &config_journal_at(view->database, configured)->expect;
    if (is_asked(judging->question) && asked) {
        const struct revision_range *range = judging->question->range;
        judged->source = SOURCE_REQUEST;
        judged->expected_revision = range ? range->from : judging->question->revision;
        judged->match = range ? MATCH_AT_LEAST : judging->question->match;
        judged->supports = range ? judging->question->supports : NULL;
        return;
    }
    judged->source = source_of(expect);
    judged->expected_revision = expect->revision;
    judged->match = expect->match;
    if (!expectation_is_read(expect))
        return;
    const struct expected_files *files = view->expectation ? &view->expectation->files[configured] : NULL;
    input->expectation_failed = !files || !files->set;
    input->expectation_message = files && files->error.code ? files->error.message : "it was not read yet";
}

/* The reading of the table as that of a part which has no rows in it. */
static const struct journal_reading *find_reading(const struct judging *judging, const struct assessed_journal *journal)
{
    const struct journal_reading *reading = &judging->view->snapshot->readings[journal->reading];
    if (reading->journal == journal->journal)
        return reading;
    struct journal_reading *part = arena_alloc(judging->arena, sizeof *part);
    if (!part)
        return NULL;
    *part = *reading;
    part->address = journal->address;
    part->journal = journal->journal;
    return part;
}

static void describe_reading(const struct journal_reading *reading, const struct comparison *comparison,
                             struct state_input *input)
{
    input->journal = reading->journal;
    input->comparison = comparison;
    input->locked = reading->locked;
    input->lock = &reading->lock;
    input->runner_visible = reading->lock.runner_shows;
    input->journal_error = (enum error_code)reading->error;
    input->journal_error_message = reading->error_message;
    if (reading->error_grant)
        input->grant_needed = reading->error_grant;
}

/* "journal of flyway at reports.flyway_schema_history"; NULL where any journal would do. */
static bool name_place(const struct judging *judging, const struct assessed_journal *journal, const char **ret_place)
{
    const struct config_journal *configured = config_journal_at(judging->view->database, journal->configured);
    const char *tool = configured->tool ? configured->tool->name : NULL;
    const char *table = configured->table;
    *ret_place = NULL;
    if (!tool && !table)
        return true;
    *ret_place = arena_printf(judging->arena, "%s%s%s%s", tool ? "journal of " : "migration journal", tool ? tool : "",
                              table ? " at " : "", table ? table : "");
    return *ret_place;
}

/* Among several journals it matters whose evidence it is. */
static void say_which(const struct journal_address *address, struct verdict *verdict)
{
    char name[JOURNAL_NAME_SIZE] = "";
    char reason[sizeof verdict->reason] = "";
    if (!address->table)
        return;
    journal_address_print(address, name, sizeof name);
    snprintf(reason, sizeof reason, "%.200s: %s", name, verdict->reason);
    utf8_make_line(reason, sizeof reason);
    memcpy(verdict->reason, reason, sizeof reason);
}

/* The verdict, and, of what is out of sight, that which the last good look would give if it were not too old. */
static int judge(const struct judging *judging, const struct state_input *input, const struct journal_address *address,
                 struct judged_journal *judged, struct error *reterr)
{
    state_judge(input, &judging->policy, &judged->verdict);
    if (address && judging->count > 1)
        say_which(address, &judged->verdict);
    if (!judging->question->recall || !verdict_is_out_of_sight(&judged->verdict))
        return 0;
    judged->last.opened = judging->question->opened;
    judged->last.opened_age_ms = judging->question->opened_age_ms;
    if (!input->observed)
        return 0;
    struct state_policy patient = judging->policy;
    struct verdict *last = arena_alloc(judging->arena, sizeof *last);
    if (!last)
        return error_no_memory(reterr);
    patient.max_staleness_ms = INT64_MAX;
    state_judge(input, &patient, last);
    judged->last.verdict = last;
    judged->last.age_ms = input->age_ms;
    return 0;
}

static int judge_journal(const struct judging *judging, size_t at, struct judged_journal *judged, struct error *reterr)
{
    const struct assessed_journal *journal = judging->journals[at];
    struct state_input input = judging->common;
    describe_expectation(judging, journal->configured, judging->asked[at], judged, &input);
    if (journal->reading == NO_READING) {
        judged->absent = journal->address.table || journal->address.tool ? &journal->address : NULL;
        input.source = judged->source;
        if (!name_place(judging, journal, &input.journal_place))
            return error_no_memory(reterr);
    } else {
        judged->reading = find_reading(judging, journal);
        if (!judged->reading)
            return error_no_memory(reterr);
        judged->comparison = judging->comparisons[at];
        describe_reading(judged->reading, judged->comparison, &input);
    }
    return judge(judging, &input, &journal->address, judged, reterr);
}

/* There is nothing to judge: before the first look, or where a name fits no journal. */
static int judge_nothing(const struct judging *judging, struct judged_journal *judged, struct error *reterr)
{
    struct state_input input = judging->common;
    describe_expectation(judging, 0, true, judged, &input);
    input.source = judged->source;
    input.journal_wanted = judging->view->snapshot ? judging->question->journal : NULL;
    return judge(judging, &input, NULL, judged, reterr);
}

/* Those that are asked first; where none is, all of them are as good. */
static int judge_journals(struct judging *judging, struct database_report *report, struct error *reterr)
{
    size_t count = judging->count > 0 ? judging->count : 1;
    struct judged_journal *judged = arena_array(judging->arena, count, sizeof *judged);
    if (!judged)
        return error_no_memory(reterr);
    size_t placed = 0;
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < judging->count; i++)
            if (judging->asked[i] == (pass == 0) && judge_journal(judging, i, &judged[placed++], reterr) < 0)
                return -1;
        if (pass == 0 && placed > 0)
            report->bystander_count = judging->count - placed;
    }
    if (judging->count == 0 && judge_nothing(judging, &judged[0], reterr) < 0)
        return -1;
    report->journals = judged;
    report->journal_count = count;
    for (size_t i = 1; i < count - report->bystander_count; i++)
        if (verdict_is_worse(&judged[i].verdict, &judged[report->worst].verdict))
            report->worst = i;
    return 0;
}

static int gather_remarks(const struct judging *judging, struct database_report *report, struct error *reterr)
{
    const struct expectation *expectation = judging->view->expectation;
    size_t count = 0;
    for (size_t i = 0; expectation && i < expectation->count; i++)
        count += expectation->files[i].set ? expectation->files[i].set->remark_count : 0;
    struct migration_remark *remarks = arena_array(judging->arena, count, sizeof *remarks);
    if (!remarks)
        return error_no_memory(reterr);
    report->remarks = remarks;
    for (size_t i = 0; expectation && i < expectation->count; i++) {
        const struct migration_set *set = expectation->files[i].set;
        for (size_t j = 0; set && j < set->remark_count; j++)
            remarks[report->remark_count++] = set->remarks[j];
    }
    return 0;
}

static void describe_drift(const struct view *view, int64_t monotonic_now_ms, struct database_report *report)
{
    const struct drift_status *status = view->drift;
    struct drift_context context = drift_status_context(status, view->database, monotonic_now_ms);
    int64_t last_ms = report->age_ms >= 0 ? monotonic_now_ms - report->age_ms : monotonic_now_ms;
    enum drift_verdict last = drift_status_context(status, view->database, last_ms).verdict;
    report->drift = (struct drift_summary){
        .configured = true,
        .verdict = context.verdict,
        .last = last,
        .worst = status && last == DRIFT_DRIFTED ? drift_status_worst(status) : SEVERITY_INFO,
        .counts = context.report ? &context.report->counts : NULL,
        .code = context.code,
        .reason = context.reason,
        .fail_on = view->database->drift.fail_on,
        .taken_at_ms = context.live_taken_at_ms,
    };
}

static int describe_database(const struct judging *judging, int64_t unix_now_ms, struct database_report *report,
                             struct error *reterr)
{
    const struct view *view = judging->view;
    const struct look_status *status = &view->status;
    const struct error *last = status->error.code != ERROR_OK ? &status->error : &status->deep_error;
    const char *journal = judging->question->journal;
    *report = (struct database_report){
        .replica_of = view->database->replica_of ? view->database->replica_of->name : NULL,
        .name = journal ? arena_printf(judging->arena, "%s#%s", view->database->name, journal) : view->database->name,
        .engine = view->snapshot ? view->snapshot->server.engine : engine_target_engine(view->database->target),
        .target = view->database->target ? view->database->target->display : NULL,
        .snapshot = view->snapshot,
        .age_ms = status->observed ? judging->common.age_ms : -1,
        .now_ms = unix_now_ms,
        .last_error = last->code != ERROR_OK ? last->message : NULL,
        .last_error_code = last->code,
        .reachable = status->tried && status->error.code == ERROR_OK,
    };
    return report->name ? 0 : error_no_memory(reterr);
}

int view_judge(const struct view *view, const struct view_question *question, int64_t monotonic_now_ms,
               int64_t unix_now_ms, struct arena *arena, struct database_report *ret_report, struct error *reterr)
{
    static const struct view_question as_configured = {0};
    struct judging judging = {.view = view,
                              .question = question ? question : &as_configured,
                              .arena = arena,
                              .policy = policy_of(view->database)};
    describe_looks(view, monotonic_now_ms, unix_now_ms, &judging.common);
    if (view->snapshot && view->snapshot->reading_count > 0 && !view->assessment)
        return error_no_memory(reterr); /* there was none to compare the journals when they were read */
    if (view->assessment && (choose_journals(&judging, reterr) < 0 || compare_journals(&judging, reterr) < 0))
        return -1;
    if (describe_database(&judging, unix_now_ms, ret_report, reterr) < 0 ||
        judge_journals(&judging, ret_report, reterr) < 0 || gather_remarks(&judging, ret_report, reterr) < 0)
        return -1;
    if (view->database->drift.reference_key)
        describe_drift(view, monotonic_now_ms, ret_report);
    return question ? 0 : view_judge_checks(view, monotonic_now_ms, arena, ret_report, reterr);
}
