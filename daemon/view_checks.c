/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging the checks of a view: what each says at that moment.
 */
#include "base/limits.h"
#include "daemon/view.h"

/* What the newest look and the newest run of one check left behind. */
static struct check_input describe_run(const struct view *view, const struct check *check,
                                       const struct check_status *status, int64_t monotonic_now_ms)
{
    const struct look_status *looks = &view->status;
    const struct error *failure = &looks->error;
    return (struct check_input){
        .result = status->result,
        .age_ms = monotonic_now_ms - status->begun_at_ms,
        .every_ms = check->every_ms,
        .timeout_ms = check->timeout_ms,
        .severity = check->severity,
        .heals = check->kind->heals,
        .running = view->checks && view->checks->running && !check->kind->lasting,
        .overtaken = status->overtaken,
        .asks = check_needs_connection(check),
        .unseen = failure->code,
        .unseen_message = failure->code != ERROR_OK ? failure->message : NULL,
        .look_age_ms = looks->observed ? monotonic_now_ms - looks->good_at_ms : INT64_MAX,
        .max_staleness_ms = check->kind->lasting ? 0 : view->database->max_staleness_ms,
    };
}

static int describe_expectation(const struct check *check, struct arena *arena, const char **ret_text,
                                struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    check_describe(check, &text);
    *ret_text = strbuf_ok(&text) ? arena_strndup(arena, strbuf_text(&text), text.length) : NULL;
    return *ret_text ? 0 : error_no_memory(reterr);
}

int view_judge_check(const struct view *view, size_t index, int64_t monotonic_now_ms, struct arena *arena,
                     struct judged_check *ret_check, struct error *reterr)
{
    static const struct check_status never = {.taken_at_ms = TIME_UNKNOWN, .since_ms = TIME_UNKNOWN};
    const struct config_database *database = view->database;
    const struct check *check = &database->checks[index];
    const struct check_status *status = view->checks ? &view->checks->checks[index] : &never;
    const struct check_input input = describe_run(view, check, status, monotonic_now_ms);
    const struct check_result *result = status->result;
    *ret_check = (struct judged_check){
        .database = database->name,
        .name = check->name,
        .address = database->check_addresses[index],
        .kind = check->kind->name,
        .severity = check->severity,
        .result = result,
        .last = status->decided ? status->decided->state : CHECK_UNKNOWN,
        .last_age_ms = status->decided ? monotonic_now_ms - status->decided_at_ms : 0,
        .checked_at_ms = result ? status->taken_at_ms : TIME_UNKNOWN,
        .age_ms = result ? input.age_ms : -1,
        .took_ms = result ? status->took_ms : -1,
        .every_ms = check->every_ms,
    };
    check_judge(&input, &ret_check->verdict);
    ret_check->since_ms = result && result->state == ret_check->verdict.state ? status->since_ms : TIME_UNKNOWN;
    return describe_expectation(check, arena, &ret_check->expected, reterr);
}

int view_judge_checks(const struct view *view, int64_t monotonic_now_ms, struct arena *arena,
                      struct database_report *report, struct error *reterr)
{
    size_t count = view->database->check_count;
    if (count == 0)
        return 0;
    struct judged_check *checks = arena_array(arena, count, sizeof *checks);
    if (!checks)
        return error_no_memory(reterr);
    for (size_t i = 0; i < count; i++)
        if (view_judge_check(view, i, monotonic_now_ms, arena, &checks[i], reterr) < 0)
            return -1;
    report->checks = checks;
    report->check_count = count;
    return 0;
}
