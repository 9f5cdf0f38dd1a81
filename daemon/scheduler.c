/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "daemon/pace.h"
#include "daemon/scheduler_parts.h"

enum {
    SERVER_KEPT_CONNECTIONS = 20, /* databases on one server up to which each keeps a connection */
    TRANSIENT_JOURNAL_MS = 15000, /* default interval of journal looks beyond that */
    LEADER_NAP_MS = 1000,         /* the loop turns at least this often: its heartbeat */
    OVERRUN_MS = 10000,           /* a look this far beyond its deadline is a hung worker */
    START_UNDONE_MS = 1000,       /* workers that began before the start failed end within this */
    WORKER_STACK_BYTES = 1024 * 1024,
};

static void subject_free(struct scheduler *scheduler, struct subject *subject)
{
    if (!subject)
        return;
    server_list_drop(&scheduler->servers, subject->server);
    watched_unref(subject->watched);
    mem_free(subject);
}

/* A database that nothing is known of yet; NULL when memory is out. */
static struct subject *subject_new(struct scheduler *scheduler, struct config *config, size_t index)
{
    struct subject *subject = mem_calloc(1, sizeof *subject);
    if (!subject)
        return NULL;
    subject->watched = watched_new(config, index, scheduler->events);
    subject->server = server_list_take(&scheduler->servers, config->databases[index].target->server);
    if (!subject->watched || !subject->server) {
        subject_free(scheduler, subject);
        return NULL;
    }
    subject->database = &config->databases[index];
    subject->refresh_asked = subject->refresh_deep = subject->refresh_done = scheduler->refreshes;
    subject->seed = hash64(subject->database->name, strlen(subject->database->name));
    for (unsigned kind = 0; kind < LOOK_KINDS; kind++)
        subject->looks[kind] = (struct look_task){.subject = subject, .kind = (enum look_kind)kind};
    return subject;
}

static bool keeps_connection(const struct subject *subject)
{
    return subject->server->databases <= SERVER_KEPT_CONNECTIONS || subject->demand > 0;
}

static int64_t journal_interval(const struct subject *subject)
{
    if (subject->server->databases > SERVER_KEPT_CONNECTIONS && !subject->database->journal_interval_given)
        return TRANSIENT_JOURNAL_MS;
    return subject->database->journal_interval_ms;
}

void scheduler_pull_forward(struct scheduler *scheduler, struct look_task *task, int64_t due_ms)
{
    if (task->running) {
        task->again = true;
        return;
    }
    if (task->due.place != 0 && task->due.due_ms > due_ms)
        due_heap_put(&scheduler->heap, &task->due, due_ms);
}

/* When a look that has just ended is due again, by its own pace alone. */
static int64_t next_due(const struct look_task *task, int64_t begun_ms, int64_t now_ms)
{
    const struct subject *subject = task->subject;
    if (task->failures > 0) {
        int64_t delay = pace_back_off(task->failures, subject->seed);
        if (task->kind == LOOK_JOURNAL && subject->demand > 0 && delay > PACE_FAILED_DEMAND_MS)
            delay = PACE_FAILED_DEMAND_MS;
        return now_ms + delay;
    }
    if (task->kind == LOOK_DEEP)
        return pace_next(now_ms, subject->database->interval_ms, subject->seed, task->turn);
    if (subject->demand > 0)
        return begun_ms + PACE_DEMAND_MS;
    int64_t interval = journal_interval(subject);
    int64_t due = pace_next(now_ms, interval, subject->seed, task->turn);
    /* Where every look logs in anew, the one that follows a deep look does for its own time, too. */
    const struct due_task *deep = &subject->looks[LOOK_DEEP].due;
    bool soon = deep->place != 0 && deep->due_ms - due < interval / 2;
    if (!keeps_connection(subject) && soon && due < deep->due_ms + interval / 2)
        due = deep->due_ms + interval / 2;
    return due;
}

/* The journal look follows the deep look that a refresh, the start or a changed schema asked for. */
static void follow_deep(struct scheduler *scheduler, struct subject *subject, int64_t now_ms)
{
    struct look_task *journal = &subject->looks[LOOK_JOURNAL];
    if (journal->due.place == 0 && !journal->running && !journal->deferred)
        due_heap_put(&scheduler->heap, &journal->due, now_ms);
    else
        scheduler_pull_forward(scheduler, journal, now_ms);
}

static void follow_journal(struct scheduler *scheduler, struct subject *subject, const struct look_result *result,
                           int64_t now_ms)
{
    if (result->schema_due) {
        struct look_task *deep = &subject->looks[LOOK_DEEP];
        scheduler_pull_forward(scheduler, deep, deep->earliest_ms > now_ms ? deep->earliest_ms : now_ms);
    }
    if (result->settle_in_ms > 0)
        scheduler_pull_forward(scheduler, &subject->looks[LOOK_JOURNAL], now_ms + result->settle_in_ms);
}

/* Every look may make a check due, or all of them wait. */
static void follow_checks(struct scheduler *scheduler, struct subject *subject, int64_t now_ms)
{
    struct look_task *checks = &subject->looks[LOOK_CHECKS];
    struct server *server = subject->server;
    if (subject->database->check_count == 0 || checks->running || checks->deferred)
        return;
    int64_t due = watched_checks_due(subject->watched);
    if (due == INT64_MAX)
        due_heap_remove(&scheduler->heap, &checks->due);
    else
        due_heap_put(&scheduler->heap, &checks->due, due > now_ms ? due : now_ms);
    if (due > now_ms && server->keeper == subject)
        server_end_keeping(server);
}

static bool is_looked_at(const struct subject *subject)
{
    bool running = false;
    for (unsigned kind = 0; kind < LOOK_KINDS; kind++)
        running |= subject->looks[kind].running;
    return running;
}

/* When a journal or a deep look is due again that has just ended. */
static void put_back(struct scheduler *scheduler, struct look_task *task, const struct look_result *result,
                     int64_t begun_ms, int64_t now_ms)
{
    int64_t rest = task->failures == 0       ? result->took_ms * PACE_REST
                   : task->kind == LOOK_DEEP ? pace_back_off(task->failures, task->subject->seed)
                                             : 0;
    task->earliest_ms = now_ms + rest;
    int64_t due = next_due(task, begun_ms, now_ms);
    if (due < task->earliest_ms)
        due = task->earliest_ms;
    if (task->again)
        due = now_ms;
    task->again = false;
    due_heap_put(&scheduler->heap, &task->due, due);
}

/* Books what a look's end means. Called with the lock held. */
static void finish(struct scheduler *scheduler, struct look_task *task, const struct look_result *result,
                   int64_t begun_ms, uint64_t ticket)
{
    struct subject *subject = task->subject;
    int64_t now = monotonic_ms();
    task->running = false;
    task->turn++;
    task->failures = result->error == ERROR_OK ? 0 : task->failures + 1;
    scheduler_return_budget(scheduler, task);
    if (subject->retired) {
        if (result->kept)
            watched_rest_checks(subject->watched);
        if (!is_looked_at(subject))
            subject_free(scheduler, subject);
        return;
    }
    if (result->kept)
        subject->server->keeper = subject;
    if (task->kind != LOOK_CHECKS)
        put_back(scheduler, task, result, begun_ms, now);
    if (task->kind == LOOK_DEEP) {
        subject->refresh_deep = ticket;
        bool first = subject->looks[LOOK_JOURNAL].turn == 0;
        if (first || task->failures == 0 || ticket > subject->refresh_done)
            follow_deep(scheduler, subject, now);
    } else if (task->kind == LOOK_JOURNAL) {
        subject->refresh_done = ticket;
        follow_journal(scheduler, subject, result, now);
    }
    follow_checks(scheduler, subject, now);
}

/* How long a look may take before its worker counts as hung. */
static int64_t limit_of(const struct look_task *task)
{
    const struct config_database *database = task->subject->database;
    if (task->kind != LOOK_CHECKS)
        return 2 * (database->connect_timeout_ms + database->query_timeout_ms) + OVERRUN_MS;
    int64_t limit = 0;
    for (size_t i = 0; i < database->check_count; i++)
        limit = database->checks[i].timeout_ms > limit ? database->checks[i].timeout_ms : limit;
    return limit + OVERRUN_MS;
}

static void look(struct watched *watched, enum look_kind kind, const struct look_wish *wish,
                 struct publication *publication, struct look_result *ret_result)
{
    switch (kind) {
    case LOOK_DEEP:
        watched_look_deep(watched, wish->keep_connection, publication, ret_result);
        break;
    case LOOK_CHECKS:
        watched_look_checks(watched, publication, ret_result);
        break;
    case LOOK_JOURNAL:
    case LOOK_KINDS:
        watched_look_journal(watched, wish, publication, ret_result);
        break;
    }
}

/* Runs one task. Called and left with the lock held. */
static void run(struct scheduler *scheduler, struct worker *worker, struct look_task *task)
{
    struct subject *subject = task->subject;
    struct watched *watched = watched_ref(subject->watched);
    uint64_t ticket = task->kind == LOOK_DEEP ? subject->refresh_asked : subject->refresh_deep;
    const struct look_wish wish = {.keep_connection = keeps_connection(subject),
                                   .refresh = ticket > subject->refresh_done};
    int64_t begun = monotonic_ms();
    task->running = true;
    scheduler_take_budget(scheduler, task);
    worker->limit_ms = begun + limit_of(task);
    pthread_mutex_unlock(&scheduler->lock);

    struct look_result result = {0};
    look(watched, task->kind, &wish, scheduler->publication, &result);

    pthread_mutex_lock(&scheduler->lock);
    worker->limit_ms = 0;
    finish(scheduler, task, &result, begun, ticket);
    pthread_cond_signal(&scheduler->due_changed);
    pthread_mutex_unlock(&scheduler->lock);
    watched_unref(watched);
    publication_announce(scheduler->publication);
    pthread_mutex_lock(&scheduler->lock);
}

/* The next task that is due and within its server's budget, or NULL; `*ret_wait_until_ms` is when to ask again. */
static struct look_task *next_task(struct scheduler *scheduler, int64_t *ret_wait_until_ms)
{
    int64_t now = monotonic_ms();
    scheduler->turned_at_ms = now;
    for (;;) {
        struct due_task *first = due_heap_first(&scheduler->heap);
        *ret_wait_until_ms = now + LEADER_NAP_MS;
        if (!first)
            return NULL;
        if (first->due_ms > now) {
            if (first->due_ms < *ret_wait_until_ms)
                *ret_wait_until_ms = first->due_ms;
            return NULL;
        }
        struct look_task *task = (struct look_task *)first;
        due_heap_remove(&scheduler->heap, first);
        struct look_task **waiting = scheduler_over_budget(scheduler, task);
        if (!waiting)
            return task;
        scheduler_defer(waiting, task);
    }
}

static void nap(struct scheduler *scheduler, int64_t until_ms)
{
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_cond_clockwait(&scheduler->due_changed, &scheduler->lock, CLOCK_MONOTONIC, &until);
}

static void *work(void *payload)
{
    struct worker *worker = payload;
    struct scheduler *scheduler = worker->scheduler;
    pthread_mutex_lock(&scheduler->lock);
    while (!scheduler->stopping) {
        if (scheduler->led) {
            pthread_cond_wait(&scheduler->lead_free, &scheduler->lock);
            continue;
        }
        scheduler->led = true;
        int64_t until = 0;
        struct look_task *task = next_task(scheduler, &until);
        if (!task)
            nap(scheduler, until);
        scheduler->led = false;
        pthread_cond_signal(&scheduler->lead_free);
        if (task)
            run(scheduler, worker, task);
    }
    scheduler->live_workers--;
    pthread_cond_broadcast(&scheduler->lead_free);
    pthread_mutex_unlock(&scheduler->lock);
    return NULL;
}

static void count_databases(struct scheduler *scheduler)
{
    for (struct server *server = scheduler->servers; server; server = server->next)
        server->databases = 0;
    for (size_t i = 0; i < scheduler->subject_count; i++)
        scheduler->subjects[i]->server->databases++;
}

/* The subject of the current configuration that `database` of the next one carries on, or NULL. */
static struct subject *find_equal(const struct scheduler *scheduler, const struct config_database *database)
{
    const struct config_database *old =
        scheduler->config ? config_find_database(scheduler->config, database->name) : NULL;
    return old && config_database_equal(old, database) ? scheduler->subjects[old - scheduler->config->databases] : NULL;
}

/* Frees a plan that was not adopted, filled up to its first NULL. */
static void drop_plan(struct scheduler *scheduler, struct config *config, struct subject **subjects)
{
    for (size_t i = 0; subjects && i < config->database_count && subjects[i]; i++) {
        if (!subjects[i]->adopted)
            subject_free(scheduler, subjects[i]);
    }
    mem_free(subjects);
}

/* The set of subjects for `config`: carried on where nothing changed, new elsewhere. Called with the lock held; changes
 * nothing but references of servers. */
static struct subject **plan_subjects(struct scheduler *scheduler, struct config *config)
{
    struct subject **subjects = mem_calloc(config->database_count, sizeof(struct subject *));
    for (size_t i = 0; subjects && i < config->database_count; i++) {
        subjects[i] = find_equal(scheduler, &config->databases[i]);
        if (!subjects[i])
            subjects[i] = subject_new(scheduler, config, i);
        if (subjects[i])
            continue;
        drop_plan(scheduler, config, subjects);
        return NULL;
    }
    return subjects;
}

static void retire(struct scheduler *scheduler, struct subject *subject)
{
    subject->retired = true;
    if (subject->server->keeper == subject)
        server_end_keeping(subject->server);
    for (unsigned kind = 0; kind < LOOK_KINDS; kind++) {
        struct look_task *task = &subject->looks[kind];
        due_heap_remove(&scheduler->heap, &task->due);
        scheduler_forget_deferred(&subject->server->deferred, task);
        scheduler_forget_deferred(&scheduler->deferred, task);
    }
    if (!is_looked_at(subject))
        subject_free(scheduler, subject);
}

/* Whoever waits on a database still waits when its settings have changed, and a refresh is answered by the first looks
 * under the new ones. */
static void inherit(struct subject *subject, const struct subject *old)
{
    uint64_t done = subject_is_settled(old, old->refresh_asked) ? old->refresh_asked : old->refresh_asked - 1;
    subject->demand = old->demand;
    subject->refresh_asked = old->refresh_asked;
    subject->refresh_deep = done;
    subject->refresh_done = done;
    subject->refresh_at_ms = old->refresh_at_ms;
}

/* A look that is due by an interval of before may be long in coming. */
static void follow_intervals(struct scheduler *scheduler, struct subject *subject, const struct config_database *next,
                             int64_t now_ms)
{
    const struct config_database *before = subject->database;
    if (before->interval_ms != next->interval_ms)
        scheduler_pull_forward(scheduler, &subject->looks[LOOK_DEEP], now_ms);
    if (before->journal_interval_ms != next->journal_interval_ms)
        scheduler_pull_forward(scheduler, &subject->looks[LOOK_JOURNAL], now_ms);
}

/* Puts `subjects` in place of the current ones. Called with the lock held; cannot fail. */
static void adopt_subjects(struct scheduler *scheduler, struct config *config, struct subject **subjects)
{
    int64_t now = monotonic_ms();
    for (size_t i = 0; i < scheduler->subject_count; i++) {
        struct subject *old = scheduler->subjects[i];
        const struct config_database *next = config_find_database(config, old->database->name);
        struct subject *subject = next ? subjects[next - config->databases] : NULL;
        if (subject == old)
            continue;
        if (subject)
            inherit(subject, old);
        retire(scheduler, old);
    }
    mem_free(scheduler->subjects);
    scheduler->subjects = subjects;
    scheduler->subject_count = config->database_count;
    struct config *old = scheduler->config;
    scheduler->config = config_ref(config);
    for (size_t i = 0; i < config->database_count; i++) {
        struct subject *subject = subjects[i];
        if (subject->adopted)
            follow_intervals(scheduler, subject, &config->databases[i], now);
        subject->database = &config->databases[i];
        if (subject->adopted)
            watched_set_config(subject->watched, config, i);
        else
            due_heap_put(&scheduler->heap, &subject->looks[LOOK_DEEP].due, now);
        subject->adopted = true;
        follow_checks(scheduler, subject, now);
    }
    count_databases(scheduler);
    config_unref(old);
}

/* A view set, under `config`, of what `subjects` know now. Called with the lock held. */
static struct view_set *collect_views(struct config *config, struct subject **subjects)
{
    cleanup(view_set) struct view_set *set = view_set_new(config);
    for (size_t i = 0; set && i < set->count; i++) {
        set->views[i] = watched_view(subjects[i]->watched, config, i);
        if (!set->views[i])
            return NULL;
    }
    return take(set);
}

void scheduler_follow_clock(struct scheduler *scheduler)
{
    pthread_mutex_lock(&scheduler->lock);
    size_t count = scheduler->subject_count;
    struct watched **watched = mem_calloc(count, sizeof(struct watched *));
    for (size_t i = 0; watched && i < count; i++)
        watched[i] = watched_ref(scheduler->subjects[i]->watched);
    pthread_mutex_unlock(&scheduler->lock);
    for (size_t i = 0; watched && i < count; i++) {
        watched_follow_clock(watched[i], scheduler->publication);
        watched_unref(watched[i]);
    }
    mem_free(watched);
}

/* Everything that can fail comes before the first change. */
int scheduler_reload(struct scheduler *scheduler, struct config *config, struct error *reterr)
{
    pthread_mutex_lock(&scheduler->lock);
    struct subject **subjects = NULL;
    if (due_heap_reserve(&scheduler->heap, LOOK_KINDS * (scheduler->subject_count + config->database_count)))
        subjects = plan_subjects(scheduler, config);
    cleanup(view_set) struct view_set *set = subjects ? collect_views(config, subjects) : NULL;
    if (set) {
        adopt_subjects(scheduler, config, subjects);
        publication_publish(scheduler->publication, view_set_ref(set), scheduler->events);
        for (size_t i = 0; i < set->count; i++)
            watched_catch_up(subjects[i]->watched, scheduler->publication, set->views[i]);
        pthread_cond_signal(&scheduler->due_changed);
    } else {
        drop_plan(scheduler, config, subjects);
    }
    pthread_mutex_unlock(&scheduler->lock);
    return set ? 0 : error_no_memory(reterr);
}

static int start_worker(struct scheduler *scheduler, struct error *reterr)
{
    struct worker *worker = &scheduler->workers[scheduler->worker_count];
    worker->scheduler = scheduler;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, WORKER_STACK_BYTES);
    int failed = pthread_create(&worker->thread, &attributes, work, worker);
    pthread_attr_destroy(&attributes);
    if (failed)
        return error_set(reterr, ERROR_IO, "cannot start a worker thread: %s", strerror(failed));
    scheduler->worker_count++;
    scheduler->live_workers++;
    return 0;
}

int scheduler_start(struct publication *publication, struct events *events, struct config *config,
                    struct scheduler **ret_scheduler, struct error *reterr)
{
    struct scheduler *scheduler = mem_calloc(1, sizeof *scheduler);
    if (!scheduler)
        return error_no_memory(reterr);
    pthread_mutex_init(&scheduler->lock, NULL);
    pthread_cond_init(&scheduler->due_changed, NULL);
    pthread_cond_init(&scheduler->lead_free, NULL);
    scheduler->publication = publication;
    scheduler->events = events;
    scheduler->turned_at_ms = monotonic_ms();
    scheduler->workers = mem_calloc(config->workers, sizeof *scheduler->workers);
    int result = scheduler->workers ? scheduler_reload(scheduler, config, reterr) : error_no_memory(reterr);
    for (unsigned i = 0; result == 0 && i < config->workers; i++) {
        pthread_mutex_lock(&scheduler->lock);
        result = start_worker(scheduler, reterr);
        pthread_mutex_unlock(&scheduler->lock);
    }
    if (result < 0) {
        scheduler_stop(scheduler, deadline_in(START_UNDONE_MS));
        return -1;
    }
    *ret_scheduler = scheduler;
    return 0;
}

static void scheduler_free(struct scheduler *scheduler)
{
    for (size_t i = 0; i < scheduler->worker_count; i++)
        pthread_join(scheduler->workers[i].thread, NULL);
    for (size_t i = 0; i < scheduler->subject_count; i++)
        subject_free(scheduler, scheduler->subjects[i]);
    mem_free(scheduler->subjects);
    mem_free(scheduler->workers);
    due_heap_done(&scheduler->heap);
    config_unref(scheduler->config);
    pthread_cond_destroy(&scheduler->lead_free);
    pthread_cond_destroy(&scheduler->due_changed);
    pthread_mutex_destroy(&scheduler->lock);
    mem_free(scheduler);
}

bool scheduler_stop(struct scheduler *scheduler, struct deadline deadline)
{
    if (!scheduler)
        return true;
    struct timespec until = {.tv_sec = deadline.at_ms / 1000, .tv_nsec = deadline.at_ms % 1000 * 1000000};
    pthread_mutex_lock(&scheduler->lock);
    scheduler->stopping = true;
    pthread_cond_broadcast(&scheduler->due_changed);
    pthread_cond_broadcast(&scheduler->lead_free);
    int waited = 0;
    while (scheduler->live_workers > 0 && waited != ETIMEDOUT)
        waited = pthread_cond_clockwait(&scheduler->lead_free, &scheduler->lock, CLOCK_MONOTONIC, &until);
    bool ended = scheduler->live_workers == 0;
    pthread_mutex_unlock(&scheduler->lock);
    if (ended)
        scheduler_free(scheduler);
    return ended;
}

bool scheduler_is_alive(struct scheduler *scheduler)
{
    int64_t now = monotonic_ms();
    pthread_mutex_lock(&scheduler->lock);
    size_t busy = 0;
    bool hung = false;
    for (size_t i = 0; i < scheduler->worker_count; i++) {
        int64_t limit = scheduler->workers[i].limit_ms;
        busy += limit != 0;
        hung |= limit != 0 && now > limit;
    }
    bool turning = busy == scheduler->worker_count || now - scheduler->turned_at_ms < 5 * LEADER_NAP_MS;
    pthread_mutex_unlock(&scheduler->lock);
    return turning && !hung;
}
