/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/scheduler.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "daemon/due_heap.h"
#include "daemon/pace.h"
#include "daemon/server_list.h"
#include "daemon/watched.h"

enum {
    SERVER_LOOKS = 2,             /* connections that work on one server at a time */
    SERVER_DEEP_LOOKS = 1,        /* of these, so that journals are never starved */
    SERVER_KEPT_CONNECTIONS = 20, /* databases on one server up to which each keeps a connection */
    TRANSIENT_JOURNAL_MS = 15000, /* default interval of journal looks beyond that */
    REFRESH_DISTANCE_MS = 1000,
    LEADER_NAP_MS = 1000,   /* the loop turns at least this often: its heartbeat */
    OVERRUN_MS = 10000,     /* a look this far beyond its deadline is a hung worker */
    START_UNDONE_MS = 1000, /* workers that began before the start failed end within this */
    WORKER_STACK_BYTES = 1024 * 1024,
};

struct subject;

/* One of the two looks at a database. */
struct look_task {
    struct due_task due; /* first: the heap hands it back */
    struct subject *subject;
    bool deep;
    bool running;
    bool again;    /* asked for while it ran: due at once when it ends */
    bool deferred; /* due, and waiting for a budget: not in the heap */
    unsigned failures;
    uint64_t turn;
    int64_t earliest_ms; /* the rest that the last look's length, or its failure, demands */
    struct look_task *next_deferred;
};

/* A watched database under scheduling. Retired by a reload; freed when its looks have ended. */
struct subject {
    struct watched *watched;
    const struct config_database *database; /* in the scheduler's config */
    struct server *server;
    uint64_t seed;
    struct look_task journal;
    struct look_task deep;
    bool adopted; /* stands, or stood, in the scheduler's subjects */
    bool retired;
    int demand;
    uint64_t refresh_asked; /* tickets: asked for, seen by a deep look, then by a journal look */
    uint64_t refresh_deep;
    uint64_t refresh_done;
    int64_t refresh_at_ms;
};

struct worker {
    pthread_t thread;
    struct scheduler *scheduler;
    int64_t limit_ms; /* monotonic moment after which its look has hung; 0: idle */
};

struct scheduler {
    pthread_mutex_t lock;
    pthread_cond_t due_changed; /* the leader naps on it */
    pthread_cond_t lead_free;   /* the other idle workers wait for the lead */
    struct publication *publication;
    struct events *events;     /* NULL */
    struct config *config;     /* one reference */
    struct subject **subjects; /* by index of the database in the config */
    size_t subject_count;
    struct server *servers;
    struct due_heap heap;
    struct worker *workers;
    size_t worker_count;
    size_t live_workers;        /* workers that have not ended */
    size_t deep_looks;          /* under way, on all servers */
    struct look_task *deferred; /* deep looks that are due while half of the workers are at such already */
    uint64_t refreshes;         /* tickets given */
    bool led;
    bool stopping;
    int64_t turned_at_ms;
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
    subject->journal.subject = subject;
    subject->deep.subject = subject;
    subject->deep.deep = true;
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

/* Moves a task to `due_ms` unless it runs (then it follows at its end) or is due earlier already. */
static void pull_forward(struct scheduler *scheduler, struct look_task *task, int64_t due_ms)
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
        if (!task->deep && subject->demand > 0 && delay > PACE_FAILED_DEMAND_MS)
            delay = PACE_FAILED_DEMAND_MS;
        return now_ms + delay;
    }
    if (task->deep)
        return pace_next(now_ms, subject->database->interval_ms, subject->seed, task->turn);
    if (subject->demand > 0)
        return begun_ms + PACE_DEMAND_MS;
    int64_t interval = journal_interval(subject);
    int64_t due = pace_next(now_ms, interval, subject->seed, task->turn);
    /* Where every look logs in anew, the one that follows a deep look does for its own time, too. */
    bool soon = subject->deep.due.place != 0 && subject->deep.due.due_ms - due < interval / 2;
    if (!keeps_connection(subject) && soon && due < subject->deep.due.due_ms + interval / 2)
        due = subject->deep.due.due_ms + interval / 2;
    return due;
}

static void defer(struct look_task **list, struct look_task *task)
{
    task->deferred = true;
    task->next_deferred = *list;
    *list = task;
}

/* Back into the heap, each with the due time that it had: who waited longest comes first. */
static void admit_deferred(struct scheduler *scheduler, struct look_task **list)
{
    struct look_task *task = take(*list);
    while (task) {
        struct look_task *next = take(task->next_deferred);
        task->deferred = false;
        due_heap_put(&scheduler->heap, &task->due, task->due.due_ms);
        task = next;
    }
}

static void forget_deferred(struct look_task **list, struct look_task *task)
{
    for (; task->deferred && *list; list = &(*list)->next_deferred) {
        if (*list == task) {
            *list = take(task->next_deferred);
            task->deferred = false;
            return;
        }
    }
}

static void take_budget(struct scheduler *scheduler, struct look_task *task)
{
    task->subject->server->looks++;
    task->subject->server->deep_looks += task->deep;
    scheduler->deep_looks += task->deep;
}

static void return_budget(struct scheduler *scheduler, struct look_task *task)
{
    struct server *server = task->subject->server;
    server->looks--;
    server->deep_looks -= task->deep;
    scheduler->deep_looks -= task->deep;
    admit_deferred(scheduler, &server->deferred);
    if (task->deep)
        admit_deferred(scheduler, &scheduler->deferred);
}

/* The list on which a task has to wait for its budget, or NULL when it may run. */
static struct look_task **over_budget(struct scheduler *scheduler, const struct look_task *task)
{
    struct server *server = task->subject->server;
    if (server->looks >= SERVER_LOOKS || (task->deep && server->deep_looks >= SERVER_DEEP_LOOKS))
        return &server->deferred;
    size_t deep_limit = scheduler->worker_count > 1 ? scheduler->worker_count / 2 : 1;
    return task->deep && scheduler->deep_looks >= deep_limit ? &scheduler->deferred : NULL;
}

/* The journal look follows the deep look that a refresh, the start or a changed schema asked for. */
static void follow_deep(struct scheduler *scheduler, struct subject *subject, int64_t now_ms)
{
    const struct look_task *journal = &subject->journal;
    if (journal->due.place == 0 && !journal->running && !journal->deferred)
        due_heap_put(&scheduler->heap, &subject->journal.due, now_ms);
    else
        pull_forward(scheduler, &subject->journal, now_ms);
}

static void follow_journal(struct scheduler *scheduler, struct subject *subject, const struct look_result *result,
                           int64_t now_ms)
{
    if (result->schema_due) {
        int64_t due = subject->deep.earliest_ms > now_ms ? subject->deep.earliest_ms : now_ms;
        pull_forward(scheduler, &subject->deep, due);
    }
    if (result->settle_in_ms > 0)
        pull_forward(scheduler, &subject->journal, now_ms + result->settle_in_ms);
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
    int64_t rest = task->failures == 0 ? result->took_ms * PACE_REST
                   : task->deep        ? pace_back_off(task->failures, subject->seed)
                                       : 0;
    task->earliest_ms = now + rest;
    return_budget(scheduler, task);
    if (subject->retired) {
        if (!subject->journal.running && !subject->deep.running)
            subject_free(scheduler, subject);
        return;
    }
    int64_t due = next_due(task, begun_ms, now);
    if (due < task->earliest_ms)
        due = task->earliest_ms;
    if (task->again)
        due = now;
    task->again = false;
    due_heap_put(&scheduler->heap, &task->due, due);
    if (task->deep) {
        subject->refresh_deep = ticket;
        bool first = subject->journal.turn == 0;
        if (first || task->failures == 0 || ticket > subject->refresh_done)
            follow_deep(scheduler, subject, now);
    } else {
        subject->refresh_done = ticket;
        follow_journal(scheduler, subject, result, now);
    }
}

/* Runs one task. Called and left with the lock held. */
static void run(struct scheduler *scheduler, struct worker *worker, struct look_task *task)
{
    struct subject *subject = task->subject;
    const struct config_database *database = subject->database;
    struct watched *watched = watched_ref(subject->watched);
    bool keep = keeps_connection(subject);
    uint64_t ticket = task->deep ? subject->refresh_asked : subject->refresh_deep;
    int64_t begun = monotonic_ms();
    task->running = true;
    take_budget(scheduler, task);
    worker->limit_ms = begun + 2 * (database->connect_timeout_ms + database->query_timeout_ms) + OVERRUN_MS;
    pthread_mutex_unlock(&scheduler->lock);

    struct look_result result = {0};
    if (task->deep)
        watched_look_deep(watched, keep, scheduler->publication, &result);
    else
        watched_look_journal(watched, keep, scheduler->publication, &result);

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
        struct look_task **waiting = over_budget(scheduler, task);
        if (!waiting)
            return task;
        defer(waiting, task);
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
    due_heap_remove(&scheduler->heap, &subject->journal.due);
    due_heap_remove(&scheduler->heap, &subject->deep.due);
    forget_deferred(&subject->server->deferred, &subject->journal);
    forget_deferred(&subject->server->deferred, &subject->deep);
    forget_deferred(&scheduler->deferred, &subject->deep);
    if (!subject->journal.running && !subject->deep.running)
        subject_free(scheduler, subject);
}

/* Whoever waits on a database still waits when its settings have changed, and a refresh is answered by the first looks
 * under the new ones. */
static void inherit(struct subject *subject, const struct subject *old)
{
    subject->demand = old->demand;
    subject->refresh_asked = old->refresh_asked;
    subject->refresh_deep = old->refresh_done;
    subject->refresh_done = old->refresh_done;
    subject->refresh_at_ms = old->refresh_at_ms;
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
        subject->database = &config->databases[i];
        if (subject->adopted)
            watched_set_config(subject->watched, config, i);
        else
            due_heap_put(&scheduler->heap, &subject->deep.due, now);
        subject->adopted = true;
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
    if (due_heap_reserve(&scheduler->heap, 2 * (scheduler->subject_count + config->database_count)))
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

/* Called with the lock held. */
static struct subject *find_subject(const struct scheduler *scheduler, const char *database)
{
    const struct config_database *found = config_find_database(scheduler->config, database);
    return found ? scheduler->subjects[found - scheduler->config->databases] : NULL;
}

void scheduler_demand(struct scheduler *scheduler, const char *database, int change)
{
    pthread_mutex_lock(&scheduler->lock);
    struct subject *subject = find_subject(scheduler, database);
    if (subject) {
        subject->demand = subject->demand + change > 0 ? subject->demand + change : 0;
        if (change > 0 && subject->demand == change) {
            int64_t due = monotonic_ms();
            if (due < subject->journal.earliest_ms)
                due = subject->journal.earliest_ms;
            pull_forward(scheduler, &subject->journal, due);
            pthread_cond_signal(&scheduler->due_changed);
        }
    }
    pthread_mutex_unlock(&scheduler->lock);
}

/* Whether `member` is that database or a replica of it. */
static bool is_of(const struct subject *member, const struct subject *subject)
{
    return member == subject || member->database->replica_of == subject->database;
}

/* Asks for both looks now, of a database and its replicas. Tickets grow over all databases, so that one holds for all
 * of them. Called with the lock held. */
static uint64_t ask_refresh(struct scheduler *scheduler, const struct subject *subject, int64_t now_ms)
{
    uint64_t ticket = ++scheduler->refreshes;
    for (size_t i = 0; i < scheduler->subject_count; i++) {
        struct subject *member = scheduler->subjects[i];
        if (!is_of(member, subject))
            continue;
        member->refresh_at_ms = now_ms;
        member->refresh_asked = ticket;
        pull_forward(scheduler, &member->deep, now_ms);
    }
    pthread_cond_signal(&scheduler->due_changed);
    return ticket;
}

static bool is_refreshed(const struct scheduler *scheduler, const struct subject *subject, uint64_t ticket)
{
    for (size_t i = 0; i < scheduler->subject_count; i++)
        if (is_of(scheduler->subjects[i], subject) && scheduler->subjects[i]->refresh_done < ticket)
            return false;
    return true;
}

uint64_t scheduler_refresh(struct scheduler *scheduler, const char *database, int64_t *ret_wait_ms)
{
    uint64_t ticket = 0;
    int64_t now = monotonic_ms();
    *ret_wait_ms = 0;
    pthread_mutex_lock(&scheduler->lock);
    struct subject *subject = find_subject(scheduler, database);
    if (subject && subject->refresh_done < subject->refresh_asked) {
        ticket = subject->refresh_asked;
    } else if (subject && subject->refresh_asked > 0 && now - subject->refresh_at_ms < REFRESH_DISTANCE_MS) {
        *ret_wait_ms = REFRESH_DISTANCE_MS - (now - subject->refresh_at_ms);
    } else if (subject) {
        ticket = ask_refresh(scheduler, subject, now);
    }
    pthread_mutex_unlock(&scheduler->lock);
    return ticket;
}

bool scheduler_refreshed(struct scheduler *scheduler, const char *database, uint64_t ticket)
{
    pthread_mutex_lock(&scheduler->lock);
    const struct subject *subject = find_subject(scheduler, database);
    bool refreshed = !subject || is_refreshed(scheduler, subject, ticket);
    pthread_mutex_unlock(&scheduler->lock);
    return refreshed;
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
