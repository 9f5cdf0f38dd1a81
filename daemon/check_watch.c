/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/check_watch.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/refcount.h"
#include "daemon/connect.h"
#include "daemon/pace.h"
#include "model/journal.h"

/* A check and its schedule. */
struct check_slot {
    struct check_status status;
    int64_t every_ms;
    uint64_t seed;
    bool connects;
    bool lasting; /* what it is about is nothing that migrations change */

    int64_t due_ms; /* 0: at once */
    uint64_t turn;
    unsigned failures; /* in a row to reach the database */
    bool unreached;    /* by the newest run */
    bool awaited;      /* somebody waits for a run that begins from now on */

    struct check_memory *memory; /* the run's own */
};

struct check_watch {
    struct check_slot *slots;
    size_t count;
    struct check_sight sight;
    bool busy; /* with the check `current`, whose end somebody waits for if `current_awaited` */
    bool current_awaited;
    size_t current;
    bool changed; /* since the newest board was made */

    /* The run's own. */
    struct engine_connection *connection; /* NULL */
    struct server_facts server;
};

struct check_board *check_board_ref(struct check_board *board)
{
    if (board)
        refcount_take(&board->references);
    return board;
}

static void status_done(struct check_status *status)
{
    check_result_unref(status->result);
    check_result_unref(status->decided);
}

void check_board_unref(struct check_board *board)
{
    if (!board || !refcount_drop(&board->references))
        return;
    for (size_t i = 0; i < board->count; i++)
        status_done(&board->checks[i]);
    mem_free(board->checks);
    config_unref(board->config);
    mem_free(board);
}

struct check_watch *check_watch_new(const struct config_database *database)
{
    cleanup(check_watch) struct check_watch *watch = mem_calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->slots = mem_calloc(database->check_count, sizeof *watch->slots);
    if (!watch->slots)
        return NULL;
    watch->count = database->check_count;
    watch->changed = true;
    uint64_t seed = hash64(database->name, strlen(database->name));
    for (size_t i = 0; i < watch->count; i++) {
        const struct check *check = &database->checks[i];
        struct check_slot *slot = &watch->slots[i];
        slot->status.since_ms = TIME_UNKNOWN;
        slot->every_ms = check->every_ms;
        slot->seed = seed ^ hash64(check->name, strlen(check->name));
        slot->connects = check_needs_connection(check);
        slot->lasting = check->kind->lasting;
    }
    return take(watch);
}

void check_watch_free(struct check_watch *watch)
{
    if (!watch)
        return;
    check_watch_rest(watch);
    for (size_t i = 0; i < watch->count; i++) {
        status_done(&watch->slots[i].status);
        check_memory_free(watch->slots[i].memory);
    }
    mem_free(watch->slots);
    mem_free(watch);
}

/* Whether nothing that is asked of the database would be answered. */
static bool is_out_of_sight(const struct check_sight *sight)
{
    switch (sight->error.code) {
    case ERROR_OK:
        return false;
    case ERROR_UNREACHABLE:
    case ERROR_TIMEOUT:
    case ERROR_AUTH_FAILED:
        return true;
    default:
        return !sight->observed;
    }
}

/* For something to happen to the database. */
static bool must_wait(const struct check_watch *watch, const struct check_slot *slot)
{
    const struct check_sight *sight = &watch->sight;
    return slot->connects && (sight->running || (!sight->observed && sight->error.code == ERROR_OK));
}

/* That it passed shows nothing of what a migration has made of the database since: whoever opens a gate by what was
 * known last must not go by it. */
static void forget_passing(struct check_status *status)
{
    if (status->decided && status->decided->state == CHECK_PASSED)
        check_result_unref(take(status->decided));
}

void check_watch_follow(struct check_watch *watch, const struct check_sight *sight)
{
    const struct check_sight *before = &watch->sight;
    bool overtaken = before->observed && (sight->runs != before->runs || sight->journals != before->journals);
    bool back = before->error.code != ERROR_OK && sight->error.code == ERROR_OK;
    watch->changed = watch->changed || overtaken || sight->running != before->running;
    watch->sight = *sight;
    for (size_t i = 0; i < watch->count; i++) {
        struct check_slot *slot = &watch->slots[i];
        if (overtaken && slot->status.result && !slot->lasting) {
            slot->status.overtaken = true;
            slot->due_ms = 0;
            forget_passing(&slot->status);
        }
        if (back && slot->unreached)
            slot->due_ms = 0;
        slot->awaited = slot->awaited && !must_wait(watch, slot);
    }
}

void check_watch_refresh(struct check_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        struct check_slot *slot = &watch->slots[i];
        slot->awaited = !must_wait(watch, slot);
        slot->due_ms = 0;
    }
}

size_t check_watch_awaited(const struct check_watch *watch)
{
    size_t count = watch->busy && watch->current_awaited;
    for (size_t i = 0; i < watch->count; i++)
        count += watch->slots[i].awaited;
    return count;
}

/* The slot that is due first of those that may be run; NULL: none. The one under way is due again when it has ended. */
static struct check_slot *first_due(const struct check_watch *watch)
{
    struct check_slot *first = NULL;
    for (size_t i = 0; i < watch->count; i++) {
        struct check_slot *slot = &watch->slots[i];
        if (!must_wait(watch, slot) && (!first || slot->due_ms < first->due_ms))
            first = slot;
    }
    return first;
}

int64_t check_watch_due(const struct check_watch *watch)
{
    const struct check_slot *first = first_due(watch);
    return first ? first->due_ms : INT64_MAX;
}

bool check_watch_begin(struct check_watch *watch, int64_t monotonic_now_ms, int64_t unix_now_ms,
                       struct check_turn *ret_turn)
{
    struct check_slot *slot = first_due(watch);
    if (!slot || slot->due_ms > monotonic_now_ms)
        return false;
    *ret_turn = (struct check_turn){
        .check = (size_t)(slot - watch->slots),
        .begun_at_ms = monotonic_now_ms,
        .taken_at_ms = unix_now_ms,
        .runs = watch->sight.runs,
        .journals = watch->sight.journals,
    };
    if (slot->connects && is_out_of_sight(&watch->sight))
        ret_turn->unseen = watch->sight.error;
    watch->busy = true;
    watch->current = ret_turn->check;
    watch->current_awaited = slot->awaited;
    slot->awaited = false;
    slot->due_ms = INT64_MAX;
    return true;
}

void check_watch_rest(struct check_watch *watch)
{
    engine_close(take(watch->connection));
}

static int ask(struct check_watch *watch, const struct check *check, struct check_world *world, struct check_turn *turn,
               struct error *reterr)
{
    world->connection = watch->connection;
    world->server = watch->connection ? &watch->server : NULL;
    if (check_run(check, world, &watch->slots[turn->check].memory, &turn->result, reterr) < 0)
        return -1;
    if (turn->result->lost)
        check_watch_rest(watch);
    turn->unreached = turn->result->lost && turn->result->error == ERROR_UNREACHABLE;
    return 0;
}

/* A connection that was left open may have died since; that is nothing that the check has found. */
static int ask_database(struct check_watch *watch, const struct config_database *database, const struct check *check,
                        struct check_world *world, struct check_turn *turn, struct error *reterr)
{
    if (watch->connection) {
        if (ask(watch, check, world, turn, reterr) < 0 || !turn->unreached)
            return turn->result ? 0 : -1;
        check_result_unref(take(turn->result));
    }
    struct error failure = {.code = ERROR_OK};
    if (database_connect(database, PURPOSE_CHECK, world->deadline, &watch->connection, &watch->server, &failure) < 0) {
        turn->unreached = true;
        turn->result = check_unasked(check, &failure);
        return turn->result ? 0 : error_no_memory(reterr);
    }
    return ask(watch, check, world, turn, reterr);
}

void check_watch_run(struct check_watch *watch, struct config *config, const struct config_database *database,
                     struct check_turn *turn)
{
    const struct check *check = &database->checks[turn->check];
    struct error error = {.code = ERROR_OK};
    struct check_peer peers[CONFIG_REPLICAS_MAXIMUM] = {0};
    const struct engine_scope scope = {.schemas = database->schemas, .schema_count = database->schema_count};
    struct check_world world = {
        .scope = &scope,
        .peers = peers,
        .peer_count = database_peers(config, database, peers),
        .deadline = deadline_in(check->timeout_ms),
        .now_ms = turn->taken_at_ms,
    };
    if (turn->unseen.code != ERROR_OK) {
        turn->unreached = true;
        turn->result = check_unasked(check, &turn->unseen);
    } else if (check_needs_connection(check)) {
        ask_database(watch, database, check, &world, turn, &error);
    } else {
        ask(watch, check, &world, turn, &error);
    }
    turn->took_ms = monotonic_ms() - turn->begun_at_ms;
}

/* Takes over the turn's result. */
static void set_result(struct check_status *status, struct check_turn *turn)
{
    if (!status->result || status->result->state != turn->result->state)
        status->since_ms = turn->taken_at_ms;
    check_result_unref(status->result);
    status->result = take(turn->result);
    status->begun_at_ms = turn->begun_at_ms;
    status->taken_at_ms = turn->taken_at_ms;
    status->took_ms = turn->took_ms;
    if (status->result->state == CHECK_UNKNOWN)
        return;
    check_result_unref(status->decided);
    status->decided = check_result_ref(status->result);
    status->decided_at_ms = turn->begun_at_ms;
}

/* When a check that has just ended is due again. On schedule it rests for as long as it has worked: what is asked too
 * often must not keep its server busy. */
static int64_t next_due(const struct check_slot *slot, const struct check_turn *turn, int64_t now_ms)
{
    if (slot->failures > 0)
        return now_ms + pace_back_off(slot->failures, slot->seed);
    int64_t rested_ms = now_ms + turn->took_ms;
    int64_t due_ms = pace_next(now_ms, slot->every_ms, slot->seed, slot->turn);
    if (due_ms < rested_ms)
        due_ms = rested_ms;
    int64_t again_in_ms = turn->result ? turn->result->again_in_ms : 0;
    return again_in_ms > 0 && again_in_ms < due_ms - now_ms ? now_ms + again_in_ms : due_ms;
}

bool check_watch_end(struct check_watch *watch, struct check_turn *turn, int64_t monotonic_now_ms)
{
    struct check_slot *slot = &watch->slots[turn->check];
    bool seen = turn->unseen.code == ERROR_OK;
    bool failed = seen && (!turn->result || turn->unreached);
    bool overtaken = !slot->lasting && (turn->runs != watch->sight.runs || turn->journals != watch->sight.journals);
    watch->busy = false;
    watch->changed = true;
    slot->turn++;
    slot->failures = failed ? slot->failures + 1 : 0;
    slot->unreached = turn->unreached;
    if (slot->due_ms == INT64_MAX)
        slot->due_ms = overtaken ? 0 : next_due(slot, turn, monotonic_now_ms);
    if (turn->result) {
        set_result(&slot->status, turn);
        slot->status.overtaken = overtaken;
    }
    if (overtaken)
        forget_passing(&slot->status);
    const struct check_slot *next = first_due(watch);
    return next && next->connects && next->due_ms <= monotonic_now_ms && !is_out_of_sight(&watch->sight);
}

static struct check_board *board_new(const struct check_watch *watch, struct config *config,
                                     const struct config_database *database)
{
    cleanup(check_board) struct check_board *board = mem_calloc(1, sizeof *board);
    if (!board)
        return NULL;
    board->references = 1;
    board->checks = mem_calloc(watch->count, sizeof *board->checks);
    if (!board->checks)
        return NULL;
    board->config = config_ref(config);
    board->database = database;
    board->running = watch->sight.running;
    board->count = watch->count;
    for (size_t i = 0; i < watch->count; i++) {
        struct check_status *status = &board->checks[i];
        *status = watch->slots[i].status;
        if (status->result)
            check_result_ref(status->result);
        if (status->decided)
            check_result_ref(status->decided);
    }
    return take(board);
}

struct check_board *check_watch_board(struct check_watch *watch, struct config *config,
                                      const struct config_database *database, struct check_board *previous)
{
    if (previous && !watch->changed && previous->config == config)
        return check_board_ref(previous);
    struct check_board *board = board_new(watch, config, database);
    watch->changed = watch->changed && !board;
    return board;
}
