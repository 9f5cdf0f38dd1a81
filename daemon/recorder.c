/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/recorder.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/history_asks.h"
#include "daemon/history_place.h"
#include "daemon/http_loop.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/record_queue.h"

enum {
    BATCH_RECORDS = 512,
    BATCH_BYTES = 4 * 1024 * 1024,
    STORE_MS = 3000,        /* one opening, one batch, one query */
    START_MS = 2000,        /* the start waits this long for the first opening */
    RETRY_FIRST_MS = 250,   /* doubles */
    RETRY_CAP_MS = 5000,    /* how late a store that works again may be noticed */
    TRIM_MS = 60000,        /* between two rounds of retention */
    PRESENCE_MS = 30000,    /* between two signs of life */
    GAP_MS = 70000,         /* without one: nobody was there */
    TRIM_AFTER = 256,       /* records, which begin one at once */
    SET_ASIDE_MS = 3600000, /* between two corrupt files: a disk that destroys them is not fed */
};

/* How a ticket went. More than can be queued: the slot of one that is pending is never taken. */
enum { OUTCOMES = 4 * LIMIT_HISTORY_ADMISSIONS };
struct outcome {
    uint64_t ticket;
    enum recorder_state state;
};

struct recorder {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* for the thread: there is something to do */
    pthread_cond_t opened;  /* for the start */
    pthread_t thread;
    bool started;

    /* Under the lock. */
    struct config *config;
    struct record_queue queue;
    struct history_asks asks;
    struct outcome outcomes[OUTCOMES];
    uint64_t tickets;
    size_t dropped; /* since it was last logged */
    bool tried;     /* the store was opened, or was not */
    bool stopping;
    bool ended;
    bool reloaded; /* retention may be another one */
    bool faulty;
    char fault[sizeof((struct error *)NULL)->message];

    pthread_mutex_t wake_lock; /* not taken together with `lock` */
    void (*wake)(void *payload);
    void *wake_payload;

    /* Set up before the thread starts, then the thread's alone. */
    struct recorder_setup setup;
    struct history_location location;
    char source[160];
    int64_t started_at_ms; /* unix time */
    struct history_store *store;
    bool proven; /* the open store has done something: a failure may be the connection's or the handle's alone */
    bool seeded;
    int64_t retry_at_ms; /* while faulty; monotonic, as all of these */
    int64_t retry_ms;
    int64_t trim_at_ms;
    int64_t present_at_ms;
    int64_t set_aside_at_ms;
    size_t untrimmed;
    struct complaint complaint;
    struct history_record records[BATCH_RECORDS];
};

bool recorder_keeps(const struct recorder *recorder)
{
    return recorder && recorder->location.kind != HISTORY_NOWHERE;
}

static void wake_listener(struct recorder *recorder)
{
    pthread_mutex_lock(&recorder->wake_lock);
    if (recorder->wake)
        recorder->wake(recorder->wake_payload);
    pthread_mutex_unlock(&recorder->wake_lock);
}

void recorder_listen(struct recorder *recorder, void (*wake)(void *payload), void *payload)
{
    if (!recorder)
        return;
    pthread_mutex_lock(&recorder->wake_lock);
    recorder->wake = wake;
    recorder->wake_payload = payload;
    pthread_mutex_unlock(&recorder->wake_lock);
}

/* Called with the lock held. */
static void show_queue(const struct recorder *recorder)
{
    metric_set(METRIC_history_queue, (int64_t)(recorder->queue.events + recorder->queue.admissions));
}

/* The hub's listener. */
static void hear(void *payload, struct event *event)
{
    struct recorder *recorder = payload;
    if (event->kind == EVENT_ADMISSION)
        return; /* asked for by recorder_admit, before it was told */
    struct record_item *item = record_item_of_event(event);
    pthread_mutex_lock(&recorder->lock);
    size_t dropped = item ? record_queue_add_event(&recorder->queue, item) : 1;
    recorder->dropped += dropped;
    show_queue(recorder);
    pthread_cond_signal(&recorder->changed);
    pthread_mutex_unlock(&recorder->lock);
    metric_add(METRIC_history_dropped, (int64_t)dropped);
}

/* Called with the lock held. */
static int check_usable(const struct recorder *recorder, struct error *reterr)
{
    if (!recorder->faulty)
        return 0;
    return error_set(reterr, ERROR_UNREACHABLE, "the history cannot be used: %s", recorder->fault);
}

/* Called with the lock held. */
static int queue_admission(struct recorder *recorder, struct record_item **item, struct error *reterr)
{
    if (check_usable(recorder, reterr) < 0)
        return -1;
    if (!record_queue_add_admission(&recorder->queue, *item))
        return error_set(reterr, ERROR_TRUNCATED, "%u admissions are still to be written", LIMIT_HISTORY_ADMISSIONS);
    uint64_t ticket = ++recorder->tickets;
    take(*item)->ticket = ticket;
    recorder->outcomes[ticket % OUTCOMES] = (struct outcome){.ticket = ticket, .state = RECORDER_PENDING};
    show_queue(recorder);
    pthread_cond_signal(&recorder->changed);
    return 0;
}

int recorder_admit(struct recorder *recorder, const char *gate, const struct strbuf *body, int64_t at_ms,
                   uint64_t *ret_ticket, struct error *reterr)
{
    struct record_item *item = record_item_of_admission(gate, strbuf_text(body), body->length, at_ms, 0);
    if (!item)
        return error_no_memory(reterr);
    pthread_mutex_lock(&recorder->lock);
    int outcome = queue_admission(recorder, &item, reterr);
    *ret_ticket = recorder->tickets;
    pthread_mutex_unlock(&recorder->lock);
    record_items_free(item);
    return outcome;
}

enum recorder_state recorder_outcome(struct recorder *recorder, uint64_t ticket, struct error *reterr)
{
    pthread_mutex_lock(&recorder->lock);
    const struct outcome *outcome = &recorder->outcomes[ticket % OUTCOMES];
    enum recorder_state state = outcome->ticket == ticket ? outcome->state : RECORDER_FAILED;
    if (state == RECORDER_FAILED)
        error_set(reterr, ERROR_UNREACHABLE, "the history could not be written: %s", recorder->fault);
    pthread_mutex_unlock(&recorder->lock);
    return state;
}

int recorder_ask(struct recorder *recorder, const struct history_query *query, uint64_t *ret_ticket,
                 struct error *reterr)
{
    if (!recorder_keeps(recorder))
        return error_set(reterr, ERROR_UNSUPPORTED, "no history is kept: see `history` in the configuration");
    pthread_mutex_lock(&recorder->lock);
    int outcome = check_usable(recorder, reterr);
    if (outcome == 0)
        outcome = history_asks_add(&recorder->asks, query, ret_ticket, reterr);
    pthread_cond_signal(&recorder->changed);
    pthread_mutex_unlock(&recorder->lock);
    return outcome;
}

bool recorder_answered(struct recorder *recorder, uint64_t ticket)
{
    pthread_mutex_lock(&recorder->lock);
    bool answered = history_asks_answered(&recorder->asks, ticket);
    pthread_mutex_unlock(&recorder->lock);
    return answered;
}

int recorder_answer(struct recorder *recorder, uint64_t ticket, struct strbuf *ret_json, struct error *reterr)
{
    pthread_mutex_lock(&recorder->lock);
    int outcome = history_asks_take(&recorder->asks, ticket, ret_json, reterr);
    pthread_mutex_unlock(&recorder->lock);
    return outcome;
}

bool recorder_fault(struct recorder *recorder, char *ret_message, size_t size)
{
    if (!recorder_keeps(recorder))
        return false;
    pthread_mutex_lock(&recorder->lock);
    bool faulty = recorder->faulty;
    snprintf(ret_message, size, "%s", faulty ? recorder->fault : "");
    pthread_mutex_unlock(&recorder->lock);
    return faulty;
}

void recorder_reload(struct recorder *recorder, struct config *config)
{
    if (!recorder)
        return;
    pthread_mutex_lock(&recorder->lock);
    struct config *before = recorder->config;
    recorder->config = config_ref(config);
    recorder->reloaded = true;
    pthread_cond_signal(&recorder->changed);
    pthread_mutex_unlock(&recorder->lock);
    config_unref(before);
}

/* True when it was reloaded since it was last asked for. */
static bool read_retention(struct recorder *recorder, struct history_retention *ret_retention)
{
    pthread_mutex_lock(&recorder->lock);
    const struct config_history *history = &recorder->config->history;
    *ret_retention = (struct history_retention){.age_ms = history->keep_ms, .rows = history->rows};
    bool reloaded = recorder->reloaded;
    recorder->reloaded = false;
    pthread_mutex_unlock(&recorder->lock);
    return reloaded;
}

/* Called with the lock held. */
static void settle(struct recorder *recorder, const struct record_item *first, enum recorder_state state)
{
    for (const struct record_item *item = first; item; item = item->next) {
        struct outcome *outcome = &recorder->outcomes[item->ticket % OUTCOMES];
        if (item->ticket > 0 && outcome->ticket == item->ticket)
            outcome->state = state;
    }
}

/* Nobody waits for a store that does not work: admissions fail, queries are answered, events stay queued. */
static void declare_fault(struct recorder *recorder, const struct error *error)
{
    int64_t now = monotonic_ms();
    recorder->retry_ms = recorder->retry_ms > 0 ? 2 * recorder->retry_ms : RETRY_FIRST_MS;
    if (recorder->retry_ms > RETRY_CAP_MS)
        recorder->retry_ms = RETRY_CAP_MS;
    pthread_mutex_lock(&recorder->lock);
    recorder->retry_at_ms = now + recorder->retry_ms;
    recorder->faulty = true;
    snprintf(recorder->fault, sizeof recorder->fault, "%s", error->message);
    struct record_item *admissions = record_queue_take_admissions(&recorder->queue);
    settle(recorder, admissions, RECORDER_FAILED);
    history_asks_fail(&recorder->asks, error);
    show_queue(recorder);
    pthread_mutex_unlock(&recorder->lock);
    record_items_free(admissions);
    metric_set(METRIC_history_available, 0);
    complaint_raise(&recorder->complaint, LOG_LEVEL_ERROR, "history_unavailable", NULL, error->message);
    wake_listener(recorder);
}

/* True when the file was corrupt and has made way for a new one. */
static bool set_aside(struct recorder *recorder)
{
    char where[1024] = "";
    struct error error = {.code = ERROR_OK};
    int64_t now = monotonic_ms();
    if (recorder->location.kind != HISTORY_IN_FILE || now - recorder->set_aside_at_ms < SET_ASIDE_MS)
        return false;
    recorder->set_aside_at_ms = now;
    if (history_set_aside(recorder->location.path, http_unix_ms(), where, sizeof where, &error) < 0) {
        log_event(LOG_LEVEL_ERROR, "history_corrupt", NULL, "%s", error.message);
        return false;
    }
    log_event(LOG_LEVEL_ERROR, "history_corrupt", NULL, "the history was corrupt; it is kept as %s, a new one begins",
              where);
    return true;
}

/* With a new handle, if this one has worked before; a time-out has taken its time already. */
static bool is_worth_another_try(const struct recorder *recorder, const struct error *error)
{
    return recorder->proven && error->code != ERROR_TIMEOUT;
}

static void fail(struct recorder *recorder, const struct error *error)
{
    bool again = is_worth_another_try(recorder, error);
    metric_add(METRIC_history_write_errors, 1);
    history_close(take(recorder->store));
    recorder->proven = false;
    if (error->code == ERROR_INVALID)
        again = set_aside(recorder);
    if (!again)
        declare_fault(recorder, error);
}

static void recover(struct recorder *recorder)
{
    pthread_mutex_lock(&recorder->lock);
    bool was_faulty = recorder->faulty;
    size_t dropped = recorder->dropped;
    recorder->faulty = false;
    recorder->dropped = 0;
    pthread_mutex_unlock(&recorder->lock);
    metric_set(METRIC_history_available, 1);
    if (dropped > 0)
        log_event(LOG_LEVEL_WARNING, "history_dropped", NULL,
                  "%zu records were dropped while the history could not be written", dropped);
    if (was_faulty)
        complaint_release(&recorder->complaint, "history_available", NULL, "the history is written again");
}

static void seed(struct recorder *recorder)
{
    struct error error = {.code = ERROR_OK};
    recorder->seeded = true;
    if (recorder->setup.seed && history_location_seed(recorder->store, recorder->setup.seed, recorder->setup.payload,
                                                      deadline_in(STORE_MS), &error) < 0)
        log_event(LOG_LEVEL_WARNING, "history_seed", NULL, "earlier admissions cannot be read: %s", error.message);
}

static int show_presence(struct recorder *recorder, struct error *reterr)
{
    recorder->present_at_ms = monotonic_ms();
    return history_append(recorder->store, NULL, 0, http_unix_ms(), deadline_in(STORE_MS), reterr);
}

static struct config *current_config(struct recorder *recorder)
{
    pthread_mutex_lock(&recorder->lock);
    struct config *config = config_ref(recorder->config);
    pthread_mutex_unlock(&recorder->lock);
    return config;
}

/* Where no daemon was, nobody knows how the databases stood: what is known ends with who was there last. */
static int note_gap(struct recorder *recorder, struct error *reterr)
{
    cleanup(config) struct config *config = current_config(recorder);
    int64_t seen = 0;
    if (history_last_seen(recorder->store, deadline_in(STORE_MS), &seen, reterr) < 0)
        return -1;
    if (seen == 0 || recorder->started_at_ms - seen < GAP_MS)
        return 0;
    const struct history_gap gap = {.source = recorder->source, .from_ms = seen, .until_ms = recorder->started_at_ms};
    return history_location_note_gap(recorder->store, config, &gap, deadline_in(STORE_MS), reterr);
}

/* Showing that the store can be written is a part of it: some faults show only then. */
static int open_store(struct recorder *recorder, struct error *reterr)
{
    if (recorder->store)
        return 0;
    if (history_location_open(&recorder->location, deadline_in(STORE_MS), &recorder->store, reterr) < 0 ||
        (!recorder->seeded && note_gap(recorder, reterr) < 0) || show_presence(recorder, reterr) < 0)
        return -1;
    recorder->trim_at_ms = 0;
    if (!recorder->seeded)
        seed(recorder);
    return 0;
}

/* The items' records, as the store takes them. */
static size_t gather(struct recorder *recorder, const struct record_item *first)
{
    size_t count = 0;
    for (const struct record_item *item = first; item; item = item->next) {
        recorder->records[count] = item->record;
        recorder->records[count++].source = recorder->source;
    }
    return count;
}

/* What may have been committed all the same is marked, so that it is looked for first. */
static void put_back(struct recorder *recorder, struct record_item *first)
{
    size_t index = 0;
    for (struct record_item *item = first; item; item = item->next, index++) {
        item->record.sequence = recorder->records[index].sequence;
        memcpy(item->record.hash, recorder->records[index].hash, sizeof item->record.hash);
    }
    pthread_mutex_lock(&recorder->lock);
    record_queue_put_back(&recorder->queue, first);
    pthread_mutex_unlock(&recorder->lock);
}

static int write_batch(struct recorder *recorder, struct error *reterr)
{
    pthread_mutex_lock(&recorder->lock);
    struct record_item *batch = record_queue_take(&recorder->queue, BATCH_RECORDS, BATCH_BYTES);
    pthread_mutex_unlock(&recorder->lock);
    size_t count = gather(recorder, batch);
    if (count == 0)
        return monotonic_ms() >= recorder->present_at_ms + PRESENCE_MS ? show_presence(recorder, reterr) : 0;
    if (history_append(recorder->store, recorder->records, count, http_unix_ms(), deadline_in(STORE_MS), reterr) < 0) {
        put_back(recorder, batch);
        return -1;
    }
    recorder->present_at_ms = monotonic_ms();
    pthread_mutex_lock(&recorder->lock);
    settle(recorder, batch, RECORDER_DONE);
    show_queue(recorder);
    pthread_mutex_unlock(&recorder->lock);
    record_items_free(batch);
    metric_add(METRIC_history_records, (int64_t)count);
    recorder->untrimmed += count;
    recorder->proven = true;
    recorder->retry_ms = 0;
    wake_listener(recorder);
    return 0;
}

static int answer_one(struct recorder *recorder, struct error *reterr)
{
    struct history_ask *ask = NULL;
    pthread_mutex_lock(&recorder->lock);
    ask = history_asks_next(&recorder->asks);
    pthread_mutex_unlock(&recorder->lock);
    if (!ask)
        return 0;
    int outcome = history_ask_read(ask, recorder->store, deadline_in(STORE_MS), reterr);
    bool again = outcome < 0 && is_worth_another_try(recorder, reterr);
    pthread_mutex_lock(&recorder->lock);
    if (again)
        history_asks_return(ask);
    else
        history_asks_settle(ask, outcome < 0 ? reterr : NULL);
    pthread_mutex_unlock(&recorder->lock);
    recorder->proven = recorder->proven || outcome == 0;
    wake_listener(recorder);
    return outcome;
}

static int keep_retention(struct recorder *recorder, struct error *reterr)
{
    bool more = false;
    int64_t now = monotonic_ms();
    struct history_retention retention = {0};
    if (!read_retention(recorder, &retention) && now < recorder->trim_at_ms && recorder->untrimmed < TRIM_AFTER)
        return 0;
    if (history_trim(recorder->store, &retention, http_unix_ms(), deadline_in(STORE_MS), &more, reterr) < 0)
        return -1;
    recorder->untrimmed = 0;
    recorder->trim_at_ms = more ? now : now + TRIM_MS;
    return 0;
}

static void turn(struct recorder *recorder)
{
    struct error error = {.code = ERROR_OK};
    bool written = open_store(recorder, &error) == 0 && write_batch(recorder, &error) == 0;
    if (written)
        recover(recorder);
    if (!written || answer_one(recorder, &error) < 0 || keep_retention(recorder, &error) < 0)
        fail(recorder, &error);
    pthread_mutex_lock(&recorder->lock);
    recorder->tried = true;
    pthread_cond_signal(&recorder->opened);
    pthread_mutex_unlock(&recorder->lock);
}

static bool has_work(const struct recorder *recorder)
{
    return recorder->queue.first || recorder->reloaded || history_asks_pending(&recorder->asks);
}

/* When there is something to do without being asked. */
static int64_t next_turn(const struct recorder *recorder)
{
    int64_t presence = recorder->present_at_ms + PRESENCE_MS;
    if (!recorder->store)
        return 0;
    return recorder->trim_at_ms < presence ? recorder->trim_at_ms : presence;
}

/* Waits until there is something to do; false when the thread is to end, which it does when all is written or nothing
 * can be. */
static bool await_work(struct recorder *recorder)
{
    bool go_on = true;
    pthread_mutex_lock(&recorder->lock);
    for (;;) {
        int64_t due = recorder->faulty ? recorder->retry_at_ms : next_turn(recorder);
        go_on = !recorder->stopping || (recorder->queue.first && !recorder->faulty);
        if (!go_on || monotonic_ms() >= due || (!recorder->faulty && has_work(recorder)))
            break;
        struct timespec until = {.tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000};
        pthread_cond_clockwait(&recorder->changed, &recorder->lock, CLOCK_MONOTONIC, &until);
    }
    pthread_mutex_unlock(&recorder->lock);
    return go_on;
}

static void *work(void *payload)
{
    struct recorder *recorder = payload;
    while (await_work(recorder))
        turn(recorder);
    if (recorder->store)
        show_presence(recorder, NULL);
    history_close(take(recorder->store));
    pthread_mutex_lock(&recorder->lock);
    recorder->ended = true;
    pthread_cond_signal(&recorder->opened);
    pthread_mutex_unlock(&recorder->lock);
    return NULL;
}

static void recorder_free(struct recorder *recorder)
{
    record_items_free(recorder->queue.first);
    history_asks_done(&recorder->asks);
    history_location_done(&recorder->location);
    config_unref(recorder->config);
    pthread_cond_destroy(&recorder->changed);
    pthread_cond_destroy(&recorder->opened);
    pthread_mutex_destroy(&recorder->lock);
    pthread_mutex_destroy(&recorder->wake_lock);
    mem_free(recorder);
}

/* Waits for `*flag`, which the thread sets under the lock. */
static bool await_flag(struct recorder *recorder, const bool *flag, struct deadline deadline)
{
    struct timespec until = {.tv_sec = deadline.at_ms / 1000, .tv_nsec = deadline.at_ms % 1000 * 1000000};
    int outcome = 0;
    pthread_mutex_lock(&recorder->lock);
    while (!*flag && outcome != ETIMEDOUT)
        outcome = pthread_cond_clockwait(&recorder->opened, &recorder->lock, CLOCK_MONOTONIC, &until);
    bool set = *flag;
    pthread_mutex_unlock(&recorder->lock);
    return set;
}

static int start_thread(struct recorder *recorder, struct error *reterr)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&recorder->thread, NULL, work, recorder);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure)
        return error_set(reterr, ERROR_NO_MEMORY, "the history's thread cannot be started: %s", strerror(failure));
    pthread_setname_np(recorder->thread, "history");
    recorder->started = true;
    await_flag(recorder, &recorder->tried, deadline_in(START_MS));
    return 0;
}

int recorder_start(const struct recorder_setup *setup, struct recorder **ret_recorder, struct error *reterr)
{
    char host[HOST_NAME_MAX + 1] = "";
    struct recorder *recorder = mem_calloc(1, sizeof *recorder);
    if (!recorder)
        return error_no_memory(reterr);
    pthread_mutex_init(&recorder->lock, NULL);
    pthread_mutex_init(&recorder->wake_lock, NULL);
    pthread_cond_init(&recorder->changed, NULL);
    pthread_cond_init(&recorder->opened, NULL);
    recorder->setup = *setup;
    recorder->config = config_ref(setup->config);
    recorder->set_aside_at_ms = INT64_MIN / 2;
    recorder->started_at_ms = http_unix_ms();
    if (gethostname(host, sizeof host - 1) < 0)
        snprintf(host, sizeof host, "?");
    snprintf(recorder->source, sizeof recorder->source, "%s:%ld", host, (long)getpid());
    int outcome = history_location_choose(setup->config, &recorder->location, reterr);
    if (outcome == 0 && recorder_keeps(recorder)) {
        if (setup->events)
            events_listen(setup->events, hear, recorder);
        outcome = start_thread(recorder, reterr);
    }
    if (outcome == 0 && !recorder_keeps(recorder))
        metric_set(METRIC_history_available, 1);
    if (outcome < 0)
        recorder_free(recorder);
    else
        *ret_recorder = recorder;
    return outcome;
}

bool recorder_stop(struct recorder *recorder, struct deadline deadline)
{
    if (!recorder)
        return true;
    pthread_mutex_lock(&recorder->lock);
    recorder->stopping = true;
    pthread_cond_signal(&recorder->changed);
    pthread_mutex_unlock(&recorder->lock);
    if (recorder->started) {
        if (!await_flag(recorder, &recorder->ended, deadline))
            return false;
        pthread_join(recorder->thread, NULL);
    }
    recorder_free(recorder);
    return true;
}
