/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/waiters.h"

#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "daemon/fail_open.h"
#include "daemon/metrics.h"
#include "daemon/waiter_heap.h"

enum { BUCKETS = 1024, RETRY_MS = 100 };

struct wait_group {
    struct gate_question *question;
    uint64_t hash;
    struct wait_group *chain; /* in its bucket */
    struct wait_group *next;  /* of all groups */
    struct wait_group *previous;
    struct waiter *waiters;
    size_t count;          /* of them */
    struct config *config; /* of which the databases are in demand, one reference; NULL */
    uint64_t generations;  /* sum over its databases when last judged */
    int64_t due_ms;        /* judge again then, whatever is published */
    int64_t blocked_since_ms;
    bool blocked;
};

struct waiters {
    struct waiters_setup setup;
    struct wait_group *buckets[BUCKETS];
    struct wait_group *groups;
    struct waiter_heap heap;
    int64_t groups_due_ms; /* no group is due earlier */
    atomic_uint count;
};

struct moment {
    int64_t monotonic_ms;
    int64_t unix_ms;
};

struct waiters *waiters_new(const struct waiters_setup *setup)
{
    struct waiters *waiters = mem_calloc(1, sizeof *waiters);
    if (!waiters)
        return NULL;
    waiters->setup = *setup;
    waiters->groups_due_ms = INT64_MAX;
    return waiters;
}

void waiters_free(struct waiters *waiters)
{
    if (!waiters)
        return;
    waiter_heap_done(&waiters->heap);
    mem_free(waiters);
}

unsigned waiters_count(const struct waiters *waiters)
{
    return atomic_load(&waiters->count);
}

void waiters_answer(const struct gate_answer *answer, struct http_response *response)
{
    struct json_writer writer = {0};
    const struct gate_report report = gate_answer_report(answer);
    http_response_json(response, gate_http_status(answer->verdict.state), &writer);
    report_gate(&writer, &report);
    response->retry_after_seconds = answer->verdict.retryable ? answer->verdict.retry_after_seconds : 0;
    http_response_end_json(response, &writer);
}

/* Journal looks tell when a migration is over, which some checks are run again after. */
static void demand_check(struct waiters *waiters, const struct config_database *database, size_t check, int change)
{
    if (!database->checks[check].kind->lasting)
        scheduler_demand(waiters->setup.scheduler, database->name, change);
}

static void demand(struct waiters *waiters, struct wait_group *group, int change)
{
    struct config_made_gate made = {0};
    const struct config_gate *gate =
        group->config ? config_choose_gate(group->config, group->question->asked.gate, &made) : NULL;
    for (size_t i = 0; gate && i < gate->requirement_count; i++)
        scheduler_demand(waiters->setup.scheduler, group->config->databases[gate->requirements[i].database].name,
                         change);
    for (size_t i = 0; gate && i < gate->check_count; i++)
        demand_check(waiters, &group->config->databases[gate->checks[i].database], gate->checks[i].check, change);
}

/* Follows a reload: what is in demand is what the gate requires now. */
static void adopt_config(struct waiters *waiters, struct wait_group *group, struct config *config)
{
    if (group->config == config)
        return;
    demand(waiters, group, -1);
    config_unref(group->config);
    group->config = config ? config_ref(config) : NULL;
    demand(waiters, group, 1);
}

static struct wait_group *find_group(struct waiters *waiters, const struct gate_question *question, uint64_t hash)
{
    for (struct wait_group *group = waiters->buckets[hash % BUCKETS]; group; group = group->chain) {
        if (group->hash == hash && group->question->key_length == question->key_length &&
            memcmp(group->question->key, question->key, question->key_length) == 0)
            return group;
    }
    return NULL;
}

/* Takes over the question. */
static struct wait_group *add_group(struct waiters *waiters, struct gate_question *question, uint64_t hash)
{
    struct wait_group *group = mem_calloc(1, sizeof *group);
    if (!group) {
        gate_question_free(question);
        return NULL;
    }
    group->question = question;
    group->hash = hash;
    group->chain = waiters->buckets[hash % BUCKETS];
    waiters->buckets[hash % BUCKETS] = group;
    group->next = waiters->groups;
    if (group->next)
        group->next->previous = group;
    waiters->groups = group;
    group->due_ms = INT64_MIN;
    waiters->groups_due_ms = INT64_MIN;
    return group;
}

static void remove_group(struct waiters *waiters, struct wait_group *group)
{
    struct wait_group **link = &waiters->buckets[group->hash % BUCKETS];
    while (*link != group)
        link = &(*link)->chain;
    *link = group->chain;
    if (group->previous)
        group->previous->next = group->next;
    else
        waiters->groups = group->next;
    if (group->next)
        group->next->previous = group->previous;
    adopt_config(waiters, group, NULL);
    gate_question_free(group->question);
    mem_free(group);
}

static bool budget_take(struct waiters_budget *budget)
{
    if (atomic_fetch_add(&budget->held, 1) < budget->maximum)
        return true;
    atomic_fetch_sub(&budget->held, 1);
    return false;
}

static void count_waiter(struct waiters *waiters)
{
    atomic_fetch_add(&waiters->count, 1);
    metric_add(METRIC_waiters, 1);
}

/* The group stays, empty or not: its owner looks. */
static void forget(struct waiters *waiters, struct waiter *waiter)
{
    if (waiter->previous)
        waiter->previous->next = waiter->next;
    else
        waiter->group->waiters = waiter->next;
    waiter->group->count--;
    if (waiter->next)
        waiter->next->previous = waiter->previous;
    waiter_heap_remove(&waiters->heap, waiter);
    mem_free(waiter);
    atomic_fetch_sub(&waiters->count, 1);
    atomic_fetch_sub(&waiters->setup.budget->held, 1);
    metric_add(METRIC_waiters, -1);
}

static void release(struct waiters *waiters, struct waiter *waiter, const struct http_response *answer)
{
    void *owner = waiter->owner;
    forget(waiters, waiter);
    waiters->setup.released(owner, answer);
}

int waiters_add(struct waiters *waiters, struct gate_question *question, void *owner, int64_t deadline_ms,
                struct waiter **ret_waiter, struct error *reterr)
{
    cleanup(gate_question) struct gate_question *owned = question;
    if (!budget_take(waiters->setup.budget)) {
        metric_add(METRIC_waiters_refused, 1);
        return error_set(reterr, ERROR_TRUNCATED, "%u requests wait already", waiters->setup.budget->maximum);
    }
    cleanup(free) struct waiter *waiter = mem_calloc(1, sizeof *waiter);
    uint64_t hash = hash64(question->key, question->key_length);
    struct wait_group *group = waiter ? find_group(waiters, question, hash) : NULL;
    if (waiter && !group)
        group = add_group(waiters, take(owned), hash);
    if (group)
        *waiter = (struct waiter){.owner = owner, .deadline_ms = deadline_ms, .group = group, .next = group->waiters};
    if (!group || !waiter_heap_push(&waiters->heap, waiter)) {
        atomic_fetch_sub(&waiters->setup.budget->held, 1);
        if (group && !group->waiters)
            remove_group(waiters, group);
        return error_no_memory(reterr);
    }
    if (group->waiters)
        group->waiters->previous = waiter;
    group->waiters = waiter;
    group->count++;
    count_waiter(waiters);
    *ret_waiter = take(waiter);
    return 0;
}

void waiters_cancel(struct waiters *waiters, struct waiter *waiter)
{
    struct wait_group *group = waiter->group;
    forget(waiters, waiter);
    if (!group->waiters)
        remove_group(waiters, group);
}

static void release_group(struct waiters *waiters, struct wait_group *group, const struct http_response *answer)
{
    for (struct waiter *waiter = group->waiters; waiter;) {
        struct waiter *next = waiter->next;
        release(waiters, waiter, answer);
        waiter = next;
    }
    remove_group(waiters, group);
}

/* Shares the rendered bytes, so that ten thousand answers are one block of memory. */
static bool share_body(struct http_response *response)
{
    if (response->body.length == 0)
        return true;
    response->payload = http_payload_new(&response->body);
    return response->payload;
}

/* The answer of this moment, ready to be sent to many; false when memory is out. */
static bool render(const struct gate_answer *answer, const struct error *error, struct http_response *response)
{
    if (!error)
        waiters_answer(answer, response);
    else
        http_response_error(response, error, answer->bad_parameter);
    return share_body(response);
}

static uint64_t sum_generations(const struct view_set *set, const struct config_gate *gate)
{
    uint64_t sum = 0;
    for (size_t i = 0; gate && i < gate->requirement_count; i++)
        sum += set->views[gate->requirements[i].database]->generation;
    for (size_t i = 0; gate && i < gate->check_count; i++)
        sum += set->views[gate->checks[i].database]->generation;
    return sum;
}

static int64_t later(int64_t moment, int64_t duration)
{
    return duration > INT64_MAX - moment ? INT64_MAX : moment + duration;
}

/* Notes what the verdict means for the group; true when its wait is over. */
static bool is_over(struct wait_group *group, const struct gate_answer *answer, int64_t now_ms)
{
    bool blocked = answer->verdict.state == GATE_BLOCKED;
    if (blocked && !group->blocked)
        group->blocked_since_ms = now_ms;
    group->blocked = blocked;
    group->due_ms = later(now_ms, answer->verdict.valid_for_ms > 0 ? answer->verdict.valid_for_ms : 1);
    if (blocked) {
        int64_t until = later(group->blocked_since_ms, answer->gate->blocked_grace_ms);
        if (until <= now_ms)
            return true;
        group->due_ms = until < group->due_ms ? until : group->due_ms;
    }
    return answer->verdict.state == GATE_OPEN;
}

/* Asks the group's question. Want of memory ends nobody's wait: it is tried again soon. */
static void judge_group(struct waiters *waiters, struct wait_group *group, const struct view_set *set,
                        struct moment now)
{
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    struct gate_answer answer = {0};
    struct error error = {0};
    cleanup(http_response) struct http_response response = {0};
    http_response_init(&response);
    group->due_ms = now.monotonic_ms + RETRY_MS;
    if (!arena)
        return;
    int result = gate_question_ask(group->question, set, now.monotonic_ms, now.unix_ms, arena, &answer, &error);
    if (result && error.code == ERROR_NO_MEMORY)
        return;
    group->generations = sum_generations(set, answer.gate);
    if (result == 0 && !is_over(group, &answer, now.monotonic_ms))
        return;
    if (!render(&answer, result ? &error : NULL, &response))
        return;
    if (result == 0)
        fail_opens_tell(waiters->setup.fail_opens, &answer, group->count, now.unix_ms);
    release_group(waiters, group, &response);
}

static bool has_changed(const struct wait_group *group, const struct view_set *set)
{
    struct config_made_gate made = {0};
    return group->config != set->config ||
           group->generations !=
               sum_generations(set, config_choose_gate(set->config, group->question->asked.gate, &made));
}

static void judge_groups(struct waiters *waiters, const struct view_set *set, bool published, struct moment now)
{
    for (struct wait_group *group = waiters->groups; group;) {
        struct wait_group *next = group->next;
        if (group->due_ms <= now.monotonic_ms || (published && has_changed(group, set))) {
            adopt_config(waiters, group, set->config);
            judge_group(waiters, group, set, now);
        }
        group = next;
    }
    waiters->groups_due_ms = INT64_MAX;
    for (const struct wait_group *group = waiters->groups; group; group = group->next) {
        if (group->due_ms < waiters->groups_due_ms)
            waiters->groups_due_ms = group->due_ms;
    }
}

/* Whose time is up gets the answer of this moment, rendered once for all of a group that go together. */
static void expire(struct waiters *waiters, struct wait_group *group, const struct view_set *set, struct moment now)
{
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    struct gate_answer answer = {0};
    struct error error = {.code = ERROR_NO_MEMORY};
    cleanup(http_response) struct http_response response = {0};
    http_response_init(&response);
    int result = arena && set
                     ? gate_question_ask(group->question, set, now.monotonic_ms, now.unix_ms, arena, &answer, &error)
                     : -1;
    if (!render(&answer, result ? &error : NULL, &response))
        http_response_no_memory(&response);
    size_t released = 0;
    for (struct waiter *waiter = group->waiters; waiter;) {
        struct waiter *next = waiter->next;
        if (waiter->deadline_ms <= now.monotonic_ms) {
            release(waiters, waiter, &response);
            released++;
        }
        waiter = next;
    }
    if (result == 0)
        fail_opens_tell(waiters->setup.fail_opens, &answer, released, now.unix_ms);
    if (!group->waiters)
        remove_group(waiters, group);
}

int64_t waiters_turn(struct waiters *waiters, bool published, int64_t monotonic_now_ms, int64_t unix_now_ms)
{
    const struct moment now = {.monotonic_ms = monotonic_now_ms, .unix_ms = unix_now_ms};
    struct waiter *first = waiter_heap_first(&waiters->heap);
    if (!first)
        return INT64_MAX;
    if (published || waiters->groups_due_ms <= monotonic_now_ms || first->deadline_ms <= monotonic_now_ms) {
        cleanup(view_set) struct view_set *set = publication_acquire(waiters->setup.publication);
        if (set)
            judge_groups(waiters, set, published, now);
        while ((first = waiter_heap_first(&waiters->heap)) && first->deadline_ms <= monotonic_now_ms)
            expire(waiters, first->group, set, now);
    }
    if (!first)
        return INT64_MAX;
    return first->deadline_ms < waiters->groups_due_ms ? first->deadline_ms : waiters->groups_due_ms;
}

void waiters_drain(struct waiters *waiters)
{
    while (waiters->groups)
        release_group(waiters, waiters->groups, NULL);
}
