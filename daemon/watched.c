/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/watched.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/refcount.h"
#include "daemon/metrics.h"
#include "daemon/watched_parts.h"

int64_t watched_unix_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void watched_note_checks(struct watched *watched)
{
    int64_t due_ms = watched->checks ? check_watch_due(watched->checks) : INT64_MAX;
    size_t awaited = watched->checks ? check_watch_awaited(watched->checks) : 0;
    __atomic_store_n(&watched->checks_due_ms, due_ms, __ATOMIC_RELEASE);
    __atomic_store_n(&watched->checks_awaited, awaited, __ATOMIC_RELEASE);
}

int64_t watched_checks_due(const struct watched *watched)
{
    return __atomic_load_n(&watched->checks_due_ms, __ATOMIC_ACQUIRE);
}

size_t watched_checks_awaited(const struct watched *watched)
{
    return __atomic_load_n(&watched->checks_awaited, __ATOMIC_ACQUIRE);
}

/* Shows the checks as they stand. Called with the lock held. */
static bool show_checks(struct watched *watched)
{
    if (!watched->checks)
        return true;
    struct check_board *board =
        check_watch_board(watched->checks, watched->config, watched_database(watched), watched->board);
    if (!board)
        return false;
    check_board_unref(watched->board);
    watched->board = board;
    return true;
}

static bool begin_checks(struct watched *watched)
{
    if (watched_database(watched)->check_count > 0) {
        watched->checks = check_watch_new(watched_database(watched));
        if (!watched->checks)
            return false;
    }
    watched_note_checks(watched);
    return show_checks(watched);
}

struct watched *watched_new(struct config *config, size_t database, struct events *events)
{
    struct watched *watched = mem_calloc(1, sizeof *watched);
    if (!watched)
        return NULL;
    watched->references = 1;
    pthread_mutex_init(&watched->lock, NULL);
    watched->config = config_ref(config);
    watched->index = database;
    news_init(&watched->news, events);
    watched->drift_watch = drift_watch_new();
    watched->watches = mem_calloc(config_journal_count(watched_database(watched)), sizeof *watched->watches);
    bool noted = check_news_init(&watched->check_news, events, watched_database(watched)->check_count);
    if (watched->drift_watch && watched->watches && noted && begin_checks(watched))
        return watched;
    watched_unref(watched);
    return NULL;
}

struct watched *watched_ref(struct watched *watched)
{
    refcount_take(&watched->references);
    return watched;
}

void watched_unref(struct watched *watched)
{
    if (!watched || !refcount_drop(&watched->references))
        return;
    engine_close(watched->connection);
    engine_close(watched->handed_over);
    check_watch_free(watched->checks);
    check_board_unref(watched->board);
    check_news_done(&watched->check_news);
    news_done(&watched->news);
    drift_watch_free(watched->drift_watch);
    mem_free(watched->watches);
    drift_status_unref(watched->drift);
    assessment_unref(watched->assessment);
    expectation_unref(watched->expectation);
    schema_unref(watched->schema);
    snapshot_unref(watched->snapshot);
    config_unref(watched->config);
    pthread_mutex_destroy(&watched->lock);
    mem_free(watched);
}

void watched_set_config(struct watched *watched, struct config *config, size_t database)
{
    pthread_mutex_lock(&watched->lock);
    struct config *old = watched->config;
    watched->config = config_ref(config);
    watched->index = database;
    pthread_mutex_unlock(&watched->lock);
    config_unref(old);
}

/* Called with the lock held. */
static struct view *make_view_under(struct watched *watched, struct config *config, size_t database)
{
    const struct view_parts parts = {
        .snapshot = watched->snapshot,
        .expectation = watched->expectation,
        .assessment = watched->assessment,
        .drift = watched->drift,
        .checks = watched->board,
        .status = watched->status,
    };
    return view_new(config, &config->databases[database], &parts);
}

/* Called with the lock held. */
static struct view *make_view(struct watched *watched)
{
    return make_view_under(watched, watched->config, watched->index);
}

struct view *watched_view(struct watched *watched, struct config *config, size_t database)
{
    pthread_mutex_lock(&watched->lock);
    struct view *view = make_view_under(watched, config, database);
    pthread_mutex_unlock(&watched->lock);
    return view;
}

/* Publishes, then tells what the view shows; where a reload was faster, watched_catch_up does both. Called with the
 * lock held; takes over `view`. */
static int show(struct watched *watched, struct publication *publication, struct view *view, struct error *reterr)
{
    cleanup(view) struct view *shown = view_ref(view);
    int result = publication_replace(publication, watched->index, view, reterr);
    if (result == 0) {
        news_tell(&watched->news, watched_database(watched)->name);
        check_news_tell(&watched->check_news, shown, monotonic_ms(), watched_unix_ms());
    }
    return result < 0 ? -1 : 0;
}

void watched_catch_up(struct watched *watched, struct publication *publication, const struct view *shown)
{
    struct error error = {.code = ERROR_OK};
    pthread_mutex_lock(&watched->lock);
    if (watched->generation > shown->generation) {
        struct view *view = make_view(watched);
        if (!view || show(watched, publication, view, &error) < 0)
            log_event(LOG_LEVEL_ERROR, "publish_failed", shown->database->name, "out of memory");
    }
    pthread_mutex_unlock(&watched->lock);
}

/* Whether a migration runs in any of the journals; one that ran when last it could be told still does. */
static bool is_running(const struct watched *watched, const struct database_report *report)
{
    bool stale = false;
    for (size_t i = 0; i < report->journal_count; i++) {
        const struct verdict *verdict = &report->journals[i].verdict;
        if (verdict->running && !verdict->stale)
            return true;
        stale = stale || verdict->stale;
    }
    return stale && watched->running;
}

/* Logs a change of state once, notes it as news, and notes whether a migration runs. Called with the lock held, with
 * the view that is about to be published. */
static void say_state(struct watched *watched, const struct view *view)
{
    cleanup(arena) struct arena *arena = arena_new(SIZE_MAX);
    struct database_report report = {0};
    if (!arena || view_judge(view, NULL, monotonic_ms(), watched_unix_ms(), arena, &report, NULL) < 0)
        return;
    bool running = is_running(watched, &report);
    watched->runs += running && !watched->running;
    watched->running = running;
    const struct verdict *verdict = &report.journals[report.worst].verdict;
    watched->stale = verdict->stale;
    if (!news_note_state(&watched->news, &report, report.now_ms))
        return;
    metric_add(METRIC_state_changes, 1);
    log_event(verdict->gate == GATE_BLOCKED ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "database_state",
              view->database->name, "%s %s: %s", migration_state_name(verdict->state), state_code_name(verdict->code),
              verdict->reason);
}

/* A report of a schema that is being changed would be of no use: what was known stays, marked as such. Called with the
 * lock held. Returns whether the view must be made anew. */
static bool freeze_drift(struct watched *watched)
{
    if (!watched->running || !watched->drift || watched->drift->frozen_since_ms != TIME_UNKNOWN)
        return false;
    struct drift_status *frozen = drift_status_freeze(watched->drift, watched_unix_ms());
    if (!frozen)
        return false;
    drift_status_unref(watched->drift);
    watched->drift = frozen;
    return true;
}

/* Stands for the rows of all journals that can be read. One that no longer can, or can again, counts as changed: what
 * it does not tell may have. */
static uint64_t mark_of_journals(const struct watched *watched)
{
    const struct snapshot *snapshot = watched->snapshot;
    uint64_t mark = 0;
    for (size_t i = 0; snapshot && i < snapshot->reading_count; i++) {
        const struct journal_reading *reading = &snapshot->readings[i];
        if (reading->journal)
            mark += hash64(reading->journal->digest.bytes, sizeof reading->journal->digest.bytes);
    }
    return mark;
}

/* Tells the checks what matters to them of the view that is about to be published. Called with the lock held. Returns
 * whether the view must be made anew, or -1. */
static int follow_sight(struct watched *watched)
{
    if (!watched->checks)
        return 0;
    watched->journals = mark_of_journals(watched);
    const struct check_sight sight = {
        .observed = watched->observed,
        .running = watched->running,
        .runs = watched->runs,
        .journals = watched->journals,
        .error = watched->status.error,
    };
    check_watch_follow(watched->checks, &sight);
    const struct check_board *before = watched->board;
    return show_checks(watched) ? watched->board != before : -1;
}

int watched_publish(struct watched *watched, struct publication *publication, struct error *reterr)
{
    if (watched->snapshot) {
        struct assessment *assessment =
            assess(watched->snapshot, watched_database(watched), watched->expectation, watched->assessment);
        /* The old one is about other readings: none at all is better. */
        assessment_unref(watched->assessment);
        watched->assessment = assessment;
        if (!assessment)
            return error_no_memory(reterr);
    }
    cleanup(view) struct view *view = make_view(watched);
    if (!view)
        return error_no_memory(reterr);
    watched->generation = view->generation;
    say_state(watched, view);
    bool frozen = freeze_drift(watched);
    int followed = follow_sight(watched);
    if (followed < 0)
        return error_no_memory(reterr);
    if (frozen || followed > 0) {
        view_unref(view);
        view = make_view(watched);
        if (!view)
            return error_no_memory(reterr);
        watched->generation = view->generation;
    }
    int shown = show(watched, publication, take(view), reterr);
    /* Behind it: who waits for a check reads what is published as soon as no check is awaited any more. */
    watched_note_checks(watched);
    return shown;
}

void watched_follow_clock(struct watched *watched, struct publication *publication)
{
    struct error error = {.code = ERROR_OK};
    pthread_mutex_lock(&watched->lock);
    int64_t now = monotonic_ms();
    bool stale = watched->status.observed && !watched->stale &&
                 now - watched->status.good_at_ms > watched_database(watched)->max_staleness_ms;
    if ((stale || now >= watched->check_news.valid_until_ms) && watched_publish(watched, publication, &error) < 0)
        log_event(LOG_LEVEL_ERROR, "publish_failed", watched_database(watched)->name, "%s", error.message);
    pthread_mutex_unlock(&watched->lock);
}
