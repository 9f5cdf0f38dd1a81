/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether every replica is less behind than is allowed. Where the primary was is read once; a replica that has come as
 * far within that time is less behind, one that has not is more. What decides sooner is the newest transaction that a
 * replica has, dated by the primary. Configured replicas are asked themselves; without any, PostgreSQL's primary is
 * asked about those who are connected to it.
 */
#include <poll.h>
#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "check/check_catalogue.h"
#include "check/check_kinds.h"
#include "check/replica_look.h"

enum {
    CONNECTED_MAX = 256, /* a primary's max_wal_senders is a few dozen */
    ROUND_MS = 50,       /* between two looks at who is behind */
    RESERVE_MS = 400,    /* before the deadline: for one more look */
};

struct survey {
    struct check_run *run;
    struct replica_mark mark;
    struct replica *replicas; /* owned */
    size_t count;
    size_t limit;
    struct check_items items; /* that are too late or do not follow */
    const char *next;         /* for the first of them */
    int64_t slowest_ms;       /* of those that are not */
    const char *slowest;
};

static void describe(const struct check *check, struct strbuf *out)
{
    strbuf_add_string(out, "every replica is less than ");
    duration_print(check->lag_below_ms, out);
    strbuf_add_string(out, " behind");
}

/* Time since the primary was where the mark is: at least, and at most. */
static int64_t passed_ms(const struct survey *survey)
{
    return monotonic_ms() - survey->mark.after_ms;
}

static bool is_open(const struct survey *survey, const struct replica *replica)
{
    return replica->stand == REPLICA_BEHIND &&
           (replica->at_most_ms < 0 || replica->at_most_ms >= survey->run->check->lag_below_ms);
}

static size_t count_open(const struct survey *survey)
{
    size_t open = 0;
    for (size_t i = 0; i < survey->count; i++)
        open += is_open(survey, &survey->replicas[i]);
    return open;
}

/* Nobody's silence takes the time of the others. */
static struct deadline share(const struct survey *survey, size_t index)
{
    struct deadline deadline = survey->run->world->deadline;
    int left = deadline_left_ms(deadline);
    return deadline_in(left / (int)(survey->count - index + 1));
}

static int look_at_all(struct survey *survey, bool first, struct error *reterr)
{
    struct check_run *run = survey->run;
    if (run->world->peer_count == 0)
        return replica_look_connected(run, &survey->mark, survey->replicas, &survey->count, survey->limit, reterr);
    for (size_t i = 0; i < survey->count; i++) {
        struct replica *replica = &survey->replicas[i];
        if ((first || is_open(survey, replica)) &&
            replica_look(run, &survey->mark, share(survey, i), replica, reterr) < 0)
            return -1;
    }
    return 0;
}

/* Looks until all is decided, or it is too late for who is still behind. */
static int watch(struct survey *survey, struct error *reterr)
{
    if (look_at_all(survey, true, reterr) < 0)
        return -1;
    while (count_open(survey) > 0 && passed_ms(survey) < survey->run->check->lag_below_ms &&
           deadline_left_ms(survey->run->world->deadline) > RESERVE_MS) {
        poll(NULL, 0, ROUND_MS);
        if (look_at_all(survey, false, reterr) < 0)
            return -1;
    }
    for (size_t i = 0; i < survey->count; i++)
        if (replica_look_ahead(survey->run, &survey->mark, &survey->replicas[i], reterr) < 0)
            return -1;
    return 0;
}

static int add_bad(struct survey *survey, const struct replica *replica, const char *next, const char *what,
                   int64_t lag_ms, struct error *reterr)
{
    if (!survey->next)
        survey->next = next;
    if (lag_ms < 0)
        return check_add_item(survey->run, &survey->items, reterr, "%s: %s", replica->name, what);
    return check_add_item(survey->run, &survey->items, reterr, "%s: %s %lld.%lld s behind", replica->name, what,
                          (long long)lag_ms / 1000, (long long)lag_ms % 1000 / 100);
}

static void keep_slowest(struct survey *survey, const struct replica *replica, int64_t lag_ms)
{
    if (survey->slowest && lag_ms <= survey->slowest_ms)
        return;
    survey->slowest = replica->name;
    survey->slowest_ms = lag_ms;
}

/* What would date a replica's newest transaction. */
static const char *how_to_tell(const struct check_run *run, const struct replica *replica)
{
    if (!replica->peer)
        return "name it among the database's replicas in the configuration, so that it is asked itself";
    if (check_engine_of(run) == CHECK_MYSQL)
        return "let the role read performance_schema on it, or give the check a timeout longer than lag_below";
    return "give the check a timeout that is longer than lag_below";
}

/* Who is still behind when there is no more time: too late if the time that is allowed has passed, or if its newest
 * transaction is older than that; otherwise nobody knows. */
static int decide_open(struct survey *survey, struct replica *replica, struct error *reterr)
{
    static const char advice[] = "look at the replica's log and load";
    struct check_run *run = survey->run;
    int64_t passed = passed_ms(survey);
    if (passed >= run->check->lag_below_ms) {
        bool dated = replica->at_most_ms > passed;
        return add_bad(survey, replica, advice, dated ? "up to" : "more than",
                       dated ? replica->at_most_ms : run->check->lag_below_ms, reterr);
    }
    if (replica->at_most_ms >= 0)
        return add_bad(survey, replica, advice, "up to", replica->at_most_ms, reterr);
    replica->stand = REPLICA_UNTOLD;
    replica->error = ERROR_TIMEOUT;
    replica->next = how_to_tell(run, replica);
    replica->why = "it is behind, and the check's timeout is too short to see by how much";
    return 0;
}

static int decide(struct survey *survey, struct error *reterr)
{
    for (size_t i = 0; i < survey->count; i++) {
        struct replica *replica = &survey->replicas[i];
        if (replica->stand == REPLICA_CAUGHT_UP)
            keep_slowest(survey, replica, 0);
        else if (is_open(survey, replica) && decide_open(survey, replica, reterr) < 0)
            return -1;
        else if (replica->stand == REPLICA_ASTRAY &&
                 add_bad(survey, replica, replica->next, replica->why, -1, reterr) < 0)
            return -1;
        else if (replica->stand == REPLICA_BEHIND && replica->at_most_ms >= 0)
            keep_slowest(survey, replica, replica->at_most_ms);
    }
    return 0;
}

static const struct replica *first_untold(const struct survey *survey)
{
    for (size_t i = 0; i < survey->count; i++)
        if (survey->replicas[i].stand == REPLICA_UNTOLD)
            return &survey->replicas[i];
    return NULL;
}

static int pass(struct survey *survey, struct error *reterr)
{
    struct check_run *run = survey->run;
    cleanup(strbuf) struct strbuf limit = STRBUF(32);
    duration_print(run->check->lag_below_ms, &limit);
    if (!strbuf_ok(&limit))
        return error_no_memory(reterr);
    if (survey->slowest_ms == 0) {
        if (check_set_value(run, reterr, "%zu caught up", survey->count) < 0)
            return -1;
        return check_pass(run, reterr, "%zu replica%s ha%s all that the primary had a moment ago", survey->count,
                          survey->count == 1 ? "" : "s", survey->count == 1 ? "s" : "ve");
    }
    long long seconds = survey->slowest_ms / 1000;
    long long tenths = survey->slowest_ms % 1000 / 100;
    if (check_set_value(run, reterr, "%s: at most %lld.%lld s", survey->slowest, seconds, tenths) < 0)
        return -1;
    return check_pass(run, reterr, "every replica is less than %s behind; %s is at most %lld.%lld s behind",
                      strbuf_text(&limit), survey->slowest, seconds, tenths);
}

static int judge(struct survey *survey, struct error *reterr)
{
    struct check_run *run = survey->run;
    const char *names = NULL;
    if (survey->count == 0)
        return check_cannot_tell(run, ERROR_NOT_FOUND, "name the database's replicas in the configuration", reterr,
                                 "no replica is configured or connected");
    if (decide(survey, reterr) < 0 || check_name_items(run, &survey->items, &names, reterr) < 0 ||
        check_set_items(run, &survey->items, reterr) < 0)
        return -1;
    if (survey->items.total > 0) {
        if (check_set_value(run, reterr, "%s", survey->items.items[0]) < 0)
            return -1;
        return check_refuse(run, survey->next, reterr, "%zu of %zu replicas are not up to date: %s",
                            survey->items.total, survey->count, names);
    }
    const struct replica *untold = first_untold(survey);
    if (untold)
        return check_cannot_tell(run, untold->error, untold->next ? untold->next : "", reterr, "%s: %s", untold->name,
                                 untold->why);
    return pass(survey, reterr);
}

/* What is known of a standby without asking it is shown to few. */
static int explain(struct survey *survey, struct error *error, struct error *reterr)
{
    struct check_run *run = survey->run;
    if (error->code != ERROR_FORBIDDEN || run->world->peer_count > 0) {
        *reterr = *error;
        return -1;
    }
    cleanup(strbuf) struct strbuf grant = STRBUF(512);
    strbuf_add_string(&grant, "GRANT pg_monitor TO ");
    run->dialect->quote_name(run->world->server->role, &grant);
    if (!strbuf_ok(&grant))
        return error_no_memory(reterr);
    return check_cannot_tell(run, ERROR_FORBIDDEN, strbuf_text(&grant), reterr, "%s", error->message);
}

static int survey_replicas(struct survey *survey, struct error *reterr)
{
    struct check_run *run = survey->run;
    survey->limit = run->world->peer_count > 0 ? run->world->peer_count : CONNECTED_MAX;
    survey->replicas = mem_calloc(survey->limit, sizeof *survey->replicas);
    if (!survey->replicas)
        return error_no_memory(reterr);
    for (size_t i = 0; i < run->world->peer_count; i++)
        survey->replicas[survey->count++] =
            (struct replica){.name = run->world->peers[i].name, .peer = &run->world->peers[i], .at_most_ms = -1};
    struct error error = {0};
    if (replica_mark_read(run, &survey->mark, &error) < 0 || watch(survey, &error) < 0)
        return explain(survey, &error, reterr);
    return judge(survey, reterr);
}

static int run_replicas(struct check_run *run, struct error *reterr)
{
    if (run->world->peer_count == 0 && check_engine_of(run) != CHECK_POSTGRES)
        return check_cannot_tell(run, ERROR_UNSUPPORTED, "name the database's replicas in the configuration", reterr,
                                 "%s does not say who follows it, and no replica is configured",
                                 run->world->server->engine);
    struct survey survey = {.run = run};
    int status = survey_replicas(&survey, reterr);
    for (size_t i = 0; i < survey.count; i++)
        engine_close(survey.replicas[i].connection);
    mem_free(survey.replicas);
    return status;
}

const struct check_kind check_kind_replicas = {
    .name = "replicas",
    .doc = "Replicas are less behind than is allowed.",
    .every_ms = INT64_C(5) * 60 * 1000,
    .timeout_ms = INT64_C(5) * 1000,
    .severity = CHECK_FAILS,
    .heals = true,
    .needs_connection = check_kind_connects,
    .describe = describe,
    .run = run_replicas,
};
