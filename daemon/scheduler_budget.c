/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may work at the same time; who may not waits on a list until somebody ends.
 */
#include "daemon/scheduler_parts.h"

enum {
    SERVER_LOOKS = 2,       /* connections that work on one server at a time */
    SERVER_HEAVY_LOOKS = 1, /* of these, so that journals are never starved */
};

void scheduler_defer(struct look_task **list, struct look_task *task)
{
    struct server *server = task->subject->server;
    if (task->kind == LOOK_CHECKS && server->keeper == task->subject)
        server_end_keeping(server);
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

void scheduler_forget_deferred(struct look_task **list, struct look_task *task)
{
    for (; task->deferred && *list; list = &(*list)->next_deferred) {
        if (*list == task) {
            *list = take(task->next_deferred);
            task->deferred = false;
            return;
        }
    }
}

static bool is_heavy(const struct look_task *task)
{
    return task->kind != LOOK_JOURNAL;
}

void server_end_keeping(struct server *server)
{
    struct subject *keeper = take(server->keeper);
    if (keeper)
        watched_rest_checks(keeper->watched);
}

void scheduler_take_budget(struct scheduler *scheduler, struct look_task *task)
{
    struct server *server = task->subject->server;
    server->looks++;
    server->heavy_looks += is_heavy(task);
    scheduler->heavy_looks += is_heavy(task);
    scheduler->checks += task->kind == LOOK_CHECKS;
    if (task->kind == LOOK_CHECKS && server->keeper == task->subject)
        server->keeper = NULL;
    else if (is_heavy(task))
        server_end_keeping(server);
}

void scheduler_return_budget(struct scheduler *scheduler, struct look_task *task)
{
    struct server *server = task->subject->server;
    server->looks--;
    server->heavy_looks -= is_heavy(task);
    scheduler->heavy_looks -= is_heavy(task);
    scheduler->checks -= task->kind == LOOK_CHECKS;
    admit_deferred(scheduler, &server->deferred);
    if (is_heavy(task))
        admit_deferred(scheduler, &scheduler->deferred);
}

static size_t half_of(size_t count)
{
    return count > 1 ? count / 2 : 1;
}

/* Checks leave half of what the heavy looks have to deep looks: other servers' schemas must not wait for questions that
 * take long. */
struct look_task **scheduler_over_budget(struct scheduler *scheduler, const struct look_task *task)
{
    struct server *server = task->subject->server;
    if (server->looks >= SERVER_LOOKS || (is_heavy(task) && server->heavy_looks >= SERVER_HEAVY_LOOKS))
        return &server->deferred;
    size_t limit = half_of(scheduler->worker_count);
    if (is_heavy(task) && scheduler->heavy_looks >= limit)
        return &scheduler->deferred;
    return task->kind == LOOK_CHECKS && scheduler->checks >= half_of(limit) ? &scheduler->deferred : NULL;
}
