/* SPDX-License-Identifier: Apache-2.0
 *
 * How far replicas are behind, by what they and their primary answer: every state, and every allocation failing once.
 */
#include <stdio.h>

#include "unit/check/fake_server.h"

#include "base/cleanup.h"

/* What a replica answers, or that it cannot be reached. */
struct fake_peer {
    const struct fake_answer *answers;
    size_t answer_count;
    enum error_code away;
    struct fake_server *server; /* that was connected to */
};

static int connect_peer(const void *payload, struct deadline deadline, struct engine_connection **ret_connection,
                        struct error *reterr)
{
    const struct fake_peer *peer = payload;
    (void)deadline;
    if (peer->away != ERROR_OK)
        return error_set(reterr, peer->away, "it cannot be reached");
    *ret_connection = &peer->server->base;
    return 0;
}

/* A primary, at most two replicas, and what comes of them. */
struct scene {
    const char *name;
    const char *engine;
    const struct fake_answer *answers; /* the primary's */
    size_t answer_count;
    struct fake_peer peers[2];
    size_t peer_count;
    enum check_state state;
    enum error_code error;
    const char *value;
    const char *reason; /* a part of it */
    const char *next;   /* NULL: anything */
};

/* Position, server, the primary's clock, whether it follows another one, what is missing. */
static const struct fake_answer primary[] = {
    {.asked = "pg_current_wal_lsn() <", .rows = {{"0"}}, .count = 1},
    {.asked = "pg_current_wal_lsn()", .rows = {{"0/2000", "77", "1000000", "0", NULL}}, .count = 1},
};
static const struct fake_answer overtaken_primary[] = {
    {.asked = "pg_current_wal_lsn() <", .rows = {{"1"}}, .count = 1},
    {.asked = "pg_current_wal_lsn()", .rows = {{"0/2000", "77", "1000000", "0", NULL}}, .count = 1},
};
static const struct fake_answer mariadb_source[] = {
    {.asked = "gtid_binlog_pos", .rows = {{"0-1-100", "a:1:/d", "1000000", "0", NULL}}, .count = 1},
};
static const struct fake_answer without_log[] = {
    {.asked = "gtid_binlog_pos", .rows = {{"", "a:1:/d", "1000000", "0", "it writes no binary log"}}, .count = 1},
};
static const struct fake_answer mysql_source[] = {
    {.asked = "gtid_mode", .rows = {{"u:1-5", "u", "1000000", "0", NULL}}, .count = 1},
};
static const struct fake_answer refusing[] = {{.asked = "", .error = ERROR_FORBIDDEN}};

/* Server, whether it has the mark, why it does not follow, what helps, its newest transaction, its position. */
#define STANDBY(...)                                                                                                   \
    {                                                                                                                  \
        {                                                                                                              \
            .asked = "pg_last_wal_replay_lsn() >= '0/2000'::pg_lsn", .rows = {{__VA_ARGS__}}, .count = 1               \
        }                                                                                                              \
    }
static const struct fake_answer equal[] = STANDBY("77", "1", NULL, "", "999000", "0/2000");
static const struct fake_answer recent[] = STANDBY("77", "0", NULL, "", "999900", "0/1000");
static const struct fake_answer late[] = STANDBY("77", "0", NULL, "", "900000", "0/1000");
static const struct fake_answer undated[] = STANDBY("77", "0", NULL, "", NULL, "0/1000");
static const struct fake_answer paused[] = STANDBY("77", "1", "its replay is paused", "resume", "999000", "0/2000");
static const struct fake_answer stranger[] = STANDBY("78", "1", NULL, "", "999000", "0/2000");
static const struct fake_answer follower[] = {
    {.asked = "gtid_slave_pos", .rows = {{"b:1:/d", "0-1-100", NULL, "", NULL, NULL}}, .count = 1}};
static const struct fake_answer itself[] = {
    {.asked = "gtid_slave_pos", .rows = {{"a:1:/d", "0-1-100", NULL, "", NULL, NULL}}, .count = 1}};
static const struct fake_answer garbled[] = {
    {.asked = "gtid_slave_pos", .rows = {{"b:1:/d", "soon", NULL, "", NULL, NULL}}, .count = 1}};
static const struct fake_answer stopped[] = {
    {.asked = "replication_applier_status", .rows = {{"its replication is stopped", NULL}}, .count = 1},
    {.asked = "GTID_SUBSET('u:1-5'", .rows = {{"v", "1", NULL, "", NULL, NULL}}, .count = 1},
};
static const struct fake_answer guarded[] = {
    {.asked = "replication_applier_status", .error = ERROR_FORBIDDEN},
    {.asked = "GTID_SUBSET('u:1-5'", .rows = {{"v", "1", NULL, "", NULL, NULL}}, .count = 1},
};

/* Name, process, whether it has the mark, whether it is shown, whether nobody is there. */
#define CONNECTED(...)                                                                                                 \
    {                                                                                                                  \
        {.asked = "pg_stat_replication", .rows = {__VA_ARGS__}, .count = 1},                                           \
            {.asked = "pg_current_wal_lsn()", .rows = {{"0/2000", "77", "1000000", "0", NULL}}, .count = 1},           \
    }
static const struct fake_answer one_connected[] = CONNECTED({"standby", "12", "1", "1", "0"});
static const struct fake_answer one_behind[] = CONNECTED({"standby", "12", "0", "1", "0"});
static const struct fake_answer one_hidden[] = CONNECTED({"standby", "12", "0", "0", "0"});
static const struct fake_answer one_slot[] = CONNECTED({"the slot old", "-1", "0", "1", "1"});

#define WITH(list) .answers = list, .answer_count = ARRAY_LENGTH(list)
#define PEER(list)                                                                                                     \
    {                                                                                                                  \
        WITH(list)                                                                                                     \
    }
#define AWAY                                                                                                           \
    {                                                                                                                  \
        .away = ERROR_UNREACHABLE                                                                                      \
    }

static const struct scene scenes[] = {
    {"equal",
     "postgres",
     WITH(primary),
     {PEER(equal), PEER(equal)},
     2,
     CHECK_PASSED,
     ERROR_OK,
     "2 caught up",
     "2 replicas have all",
     ""},
    {"recent", "postgres", WITH(primary), {PEER(recent)}, 1, CHECK_PASSED, ERROR_OK, NULL, "db1 is at most 0.", ""},
    {"late",
     "postgres",
     WITH(primary),
     {PEER(late), PEER(equal)},
     2,
     CHECK_FAILED,
     ERROR_OK,
     NULL,
     "1 of 2 replicas are not up to date: db1: up to 10",
     "look at the replica's log and load"},
    {"undated",
     "postgres",
     WITH(primary),
     {PEER(undated)},
     1,
     CHECK_FAILED,
     ERROR_OK,
     "db1: more than 1.0 s behind",
     "db1: more than 1.0 s behind",
     NULL},
    {"paused",
     "postgres",
     WITH(primary),
     {PEER(paused)},
     1,
     CHECK_FAILED,
     ERROR_OK,
     "db1: its replay is paused",
     "its replay is paused",
     "resume"},
    {"stranger",
     "postgres",
     WITH(primary),
     {PEER(stranger)},
     1,
     CHECK_FAILED,
     ERROR_OK,
     "db1: it belongs to another cluster",
     "another cluster",
     "correct its address in replicas"},
    {"ahead",
     "postgres",
     WITH(overtaken_primary),
     {PEER(equal)},
     1,
     CHECK_FAILED,
     ERROR_OK,
     NULL,
     "it is ahead of its primary",
     NULL},
    {"away",
     "postgres",
     WITH(primary),
     {PEER(equal), AWAY},
     2,
     CHECK_UNKNOWN,
     ERROR_UNREACHABLE,
     NULL,
     "db2: it cannot be reached",
     NULL},
    {"away and late", "postgres", WITH(primary), {AWAY, PEER(paused)}, 2, CHECK_FAILED, ERROR_OK, NULL, "paused", NULL},
    {"refused", "postgres", WITH(refusing), {PEER(equal)}, 1, CHECK_UNKNOWN, ERROR_FORBIDDEN, NULL, "says no", NULL},
    {"replica refuses",
     "postgres",
     WITH(primary),
     {PEER(refusing)},
     1,
     CHECK_UNKNOWN,
     ERROR_FORBIDDEN,
     NULL,
     "db1: the server says no",
     NULL},
    {"follower", "mariadb", WITH(mariadb_source), {PEER(follower)}, 1, CHECK_PASSED, ERROR_OK, "1 caught up", "", ""},
    {"itself", "mariadb", WITH(mariadb_source), {PEER(itself)}, 1, CHECK_FAILED, ERROR_OK, NULL, "own server", NULL},
    {"garbled",
     "mariadb",
     WITH(mariadb_source),
     {PEER(garbled)},
     1,
     CHECK_UNKNOWN,
     ERROR_INVALID,
     NULL,
     "gtid_slave_pos cannot be read",
     NULL},
    {"no log",
     "mariadb",
     WITH(without_log),
     {PEER(follower)},
     1,
     CHECK_UNKNOWN,
     ERROR_UNSUPPORTED,
     NULL,
     "it writes no binary log",
     ""},
    {"stopped", "mysql", WITH(mysql_source), {PEER(stopped)}, 1, CHECK_FAILED, ERROR_OK, NULL, "is stopped", NULL},
    {"guarded", "mysql", WITH(mysql_source), {PEER(guarded)}, 1, CHECK_PASSED, ERROR_OK, "1 caught up", "", ""},
    {"nobody", "mysql", WITH(mysql_source), .state = CHECK_UNKNOWN, .error = ERROR_UNSUPPORTED,
     .reason = "no replica is configured"},
    {"file", "sqlite", WITH(primary), {PEER(equal)}, 1, CHECK_UNKNOWN, ERROR_UNSUPPORTED, NULL, "no replicas", ""},
    {"connected", "postgres", WITH(one_connected), .state = CHECK_PASSED, .value = "1 caught up", .reason = ""},
    {"behind", "postgres", WITH(one_behind), .state = CHECK_FAILED, .value = "standby: more than 1.0 s behind",
     .reason = "standby"},
    {"hidden", "postgres", WITH(one_hidden), .state = CHECK_UNKNOWN, .error = ERROR_FORBIDDEN,
     .reason = "is not shown how far", .next = "GRANT pg_monitor TO \"observer\""},
    {"slot", "postgres", WITH(one_slot), .state = CHECK_UNKNOWN, .error = ERROR_UNREACHABLE,
     .reason = "the slot old: nobody is connected to it"},
    {"none", "postgres", WITH(primary), .state = CHECK_UNKNOWN, .error = ERROR_NOT_FOUND, .reason = "no replica"},
};

static int run_scene(const struct scene *scene, int64_t lag_below_ms, struct check_result **ret_result,
                     struct error *reterr)
{
    static const char *const names[] = {"db1", "db2"};
    struct fake_server server = {.answers = scene->answers, .answer_count = scene->answer_count};
    struct fake_peer fakes[2] = {0};
    struct fake_server servers[2] = {0};
    struct check_peer peers[2] = {0};
    const struct check check = {.kind = &check_kind_replicas, .lag_below_ms = lag_below_ms};
    for (size_t i = 0; i < scene->peer_count; i++) {
        fakes[i] = scene->peers[i];
        servers[i] = (struct fake_server){
            .base = {&fake_ops}, .answers = fakes[i].answers, .answer_count = fakes[i].answer_count};
        fakes[i].server = &servers[i];
        peers[i] = (struct check_peer){.name = names[i], .connect = connect_peer, .payload = &fakes[i]};
    }
    return fake_run(scene->engine, &server, &check, peers, scene->peer_count, ret_result, reterr);
}

static void test_scenes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(scenes); i++) {
        const struct scene *scene = &scenes[i];
        cleanup(check_result) struct check_result *result = NULL;
        struct error error = {0};
        assert_int_equal(run_scene(scene, 1000, &result, &error), 0);
        print_message("%s: %s, %s\n", scene->name, result->value ? result->value : "-", result->reason);
        assert_int_equal(result->state, scene->state);
        assert_int_equal(result->error, scene->error);
        assert_non_null(strstr(result->reason, scene->reason));
        assert_true(!scene->value || strcmp(result->value, scene->value) == 0);
        assert_true(!scene->next || strcmp(result->next, scene->next) == 0);
    }
}

/* With hardly any time to wait for who is behind. */
static void test_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(scenes); i++) {
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            struct check_result *result = NULL;
            struct error error = {0};
            int status = run_scene(&scenes[i], 0, &result, &error);
            OOM_CHECK(loop, status == 0);
            assert_true(status == 0 || (!result && error.code == ERROR_NO_MEMORY));
            check_result_unref(result);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenes),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
