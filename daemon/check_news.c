/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/check_news.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/log.h"

bool check_news_init(struct check_news *news, struct events *events, size_t count)
{
    *news = (struct check_news){.events = events, .valid_until_ms = INT64_MAX};
    if (count == 0)
        return true;
    news->told = mem_calloc(count, sizeof *news->told);
    return news->told;
}

void check_news_done(struct check_news *news)
{
    mem_free(news->told);
}

/* What is known of it will be another thing in a moment, or was never known. */
static bool is_passing(const struct judged_check *check, const struct check_status *status,
                       const struct told_check *told)
{
    return status->overtaken || check->verdict.code == CODE_RUNNING ||
           (check->verdict.code == CODE_NEVER_OBSERVED && !told->state);
}

/* Of a sensitive check nothing is said but where it stands. */
static void say(const struct judged_check *check, bool sensitive)
{
    bool alarming = check->verdict.state == CHECK_FAILED && check->severity == CHECK_FAILS;
    log_event(alarming ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "check_state", check->database, "%s %s %s%s%s",
              check->name, check_state_name(check->verdict.state), state_code_name(check->verdict.code),
              sensitive ? "" : ": ", sensitive ? "" : check->verdict.reason);
}

static void emit(struct check_news *news, const struct judged_check *check, const struct told_check *told,
                 int64_t at_ms)
{
    cleanup(strbuf) struct strbuf body = STRBUF(LIMIT_EVENT_BYTES);
    struct json_writer writer = {0};
    struct error error = {.code = ERROR_OK};
    json_writer_init(&writer, &body, 0);
    report_event_check(&writer, check, at_ms, told->state, told->code);
    if (events_emit(news->events, EVENT_CHECK, check->database, &body, at_ms, &error) < 0)
        log_event(LOG_LEVEL_ERROR, "event_lost", check->database, "%s", error.message);
}

void check_news_tell(struct check_news *news, const struct view *view, int64_t monotonic_now_ms, int64_t unix_now_ms)
{
    cleanup(arena) struct arena *arena = arena_new(SIZE_MAX);
    struct database_report report = {0};
    if (!view->checks || !arena || view_judge_checks(view, monotonic_now_ms, arena, &report, NULL) < 0)
        return;
    news->valid_until_ms = INT64_MAX;
    for (size_t i = 0; i < report.check_count; i++) {
        const struct judged_check *check = &report.checks[i];
        struct told_check *told = &news->told[i];
        const struct told_check now = {check_state_name(check->verdict.state), state_code_name(check->verdict.code)};
        int64_t valid_ms = check->verdict.valid_for_ms;
        if (valid_ms < news->valid_until_ms - monotonic_now_ms)
            news->valid_until_ms = monotonic_now_ms + valid_ms;
        if (is_passing(check, &view->checks->checks[i], told) || (now.state == told->state && now.code == told->code))
            continue;
        if (now.state != told->state)
            say(check, view->database->checks[i].sensitive);
        emit(news, check, told, unix_now_ms);
        *told = now;
    }
}
