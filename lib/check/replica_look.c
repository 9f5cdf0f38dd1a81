/* SPDX-License-Identifier: Apache-2.0 */
#include "check/replica_look.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "check/check_catalogue.h"
#include "check/gtid_position.h"

/* What a primary is asked: position, server, clock, whether it follows another one, what is missing. */
enum { MARK_POSITION, MARK_SERVER, MARK_CLOCK, MARK_FOLLOWS, MARK_MISSING };

static const char *const marks[CHECK_ENGINES] = {
    [CHECK_POSTGRES] =
        "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,"
        " (SELECT system_identifier FROM pg_control_system()), (extract(epoch FROM clock_timestamp()) * 1000)::bigint,"
        " CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END, NULL",
    [CHECK_MYSQL] = "SELECT @@GLOBAL.gtid_executed, @@server_uuid, CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED), 0,"
                    " IF(@@GLOBAL.gtid_mode IN ('ON', 'ON_PERMISSIVE'), NULL, 'gtid_mode is off')",
    [CHECK_MARIADB] = "SELECT @@GLOBAL.gtid_binlog_pos, CONCAT(@@hostname, ':', @@port, ':', @@datadir),"
                      " CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED), 0,"
                      " IF(@@GLOBAL.log_bin, NULL, 'it writes no binary log')",
};

/* What a replica is asked: its server, whether it has the mark (MariaDB: its position), why it does not follow, what
 * helps, the time of the newest transaction that it has, its position. @mark@ is the primary's position. */
enum { LOOK_SERVER, LOOK_HAS, LOOK_ASTRAY, LOOK_NEXT, LOOK_NEWEST, LOOK_POSITION };

static const char *const looks[CHECK_ENGINES] = {
    [CHECK_POSTGRES] =
        "SELECT (SELECT system_identifier FROM pg_control_system()),"
        " CASE WHEN COALESCE(pg_last_wal_replay_lsn() >= @mark@::pg_lsn, false) THEN 1 ELSE 0 END,"
        " CASE WHEN NOT pg_is_in_recovery() THEN 'it is a primary itself and accepts writes'"
        " WHEN pg_is_wal_replay_paused() THEN 'its replay is paused' END,"
        " CASE WHEN pg_is_in_recovery() THEN 'SELECT pg_wal_replay_resume() on it'"
        " ELSE 'name in url who is the primary now, and in replicas who follows it' END,"
        " (extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000)::bigint, pg_last_wal_replay_lsn()",
    [CHECK_MYSQL] = "SELECT @@server_uuid, GTID_SUBSET(@mark@, @@GLOBAL.gtid_executed), NULL, '', NULL, NULL",
    [CHECK_MARIADB] = "SELECT CONCAT(@@hostname, ':', @@port, ':', @@datadir), @@GLOBAL.gtid_slave_pos,"
                      " CASE WHEN (SELECT CAST(variable_value AS UNSIGNED) FROM information_schema.global_status"
                      " WHERE variable_name = 'SLAVES_RUNNING') = 0 THEN 'its replication does not run' END,"
                      " 'SHOW ALL SLAVES STATUS on it says why; then START SLAVE', NULL, NULL",
};

/* What MySQL shows only to those who may read performance_schema: whether replication runs, and the newest transaction
 * that was applied. */
static const char mysql_channels[] =
    "SELECT CASE WHEN COUNT(*) = 0 THEN 'it replicates nothing' WHEN SUM(a.service_state = 'ON') < COUNT(*)"
    " THEN 'its replication is stopped' WHEN SUM(c.service_state = 'ON') < COUNT(*)"
    " THEN 'it has lost its source' END, (SELECT CAST(UNIX_TIMESTAMP(MAX("
    "w.last_applied_transaction_original_commit_timestamp)) * 1000 AS UNSIGNED)"
    " FROM performance_schema.replication_applier_status_by_worker w)"
    " FROM performance_schema.replication_applier_status a JOIN performance_schema.replication_connection_status c"
    " ON c.channel_name = a.channel_name";

struct mark_reader {
    struct check_run *run;
    struct replica_mark *mark;
    bool cut;
    const char *missing;
};

static int64_t number_or(const char *text, int64_t otherwise)
{
    return text ? strtoll(text, NULL, 10) : otherwise;
}

static int take_mark(void *payload, const char *const *cells, const size_t *lengths, size_t count, struct error *reterr)
{
    struct mark_reader *reader = payload;
    (void)count;
    reader->cut = cells[MARK_POSITION] && lengths[MARK_POSITION] >= CHECK_CELL_BYTES;
    reader->mark->clock_ms = number_or(cells[MARK_CLOCK], 0);
    reader->mark->follows = number_or(cells[MARK_FOLLOWS], 0) != 0;
    if (cells[MARK_MISSING] && check_keep(reader->run, cells[MARK_MISSING], &reader->missing, reterr) < 0)
        return -1;
    return check_keep(reader->run, cells[MARK_POSITION], &reader->mark->position, reterr) < 0
               ? -1
               : check_keep(reader->run, cells[MARK_SERVER], &reader->mark->server, reterr);
}

int replica_mark_read(struct check_run *run, struct replica_mark *ret_mark, struct error *reterr)
{
    *ret_mark = (struct replica_mark){.before_ms = monotonic_ms()};
    struct mark_reader reader = {.run = run, .mark = ret_mark};
    enum check_engine engine = check_engine_of(run);
    if (engine == CHECK_ENGINES || !marks[engine])
        return error_set(reterr, ERROR_UNSUPPORTED, "%s has no replicas that could be compared",
                         run->world->server->engine);
    if (check_read(run, marks[engine], take_mark, &reader, reterr) < 0)
        return -1;
    ret_mark->after_ms = monotonic_ms();
    if (reader.missing)
        return error_set(reterr, ERROR_UNSUPPORTED, "how far replicas are cannot be told: %s", reader.missing);
    if (reader.cut || !ret_mark->position)
        return error_set(reterr, ERROR_TRUNCATED, "the primary's position is longer than %d bytes", CHECK_CELL_BYTES);
    return 0;
}

/* What one look at a replica works with. */
struct look {
    struct check_run *run; /* on the replica's connection */
    const struct replica_mark *mark;
    struct replica *replica;
};

static int set_astray(struct check_run *run, struct replica *replica, const char *why, const char *next,
                      struct error *reterr)
{
    replica->stand = REPLICA_ASTRAY;
    return check_keep(run, why, &replica->why, reterr) < 0 ? -1 : check_keep(run, next, &replica->next, reterr);
}

/* Keeps what went wrong with one replica; the others are looked at all the same. */
static int set_untold(struct check_run *run, struct replica *replica, const struct error *error, struct error *reterr)
{
    if (error->code == ERROR_NO_MEMORY)
        return error_no_memory(reterr);
    replica->stand = REPLICA_UNTOLD;
    replica->error = error->code;
    replica->next = "see whether that server runs, and lets the role in and read";
    engine_close(replica->connection);
    replica->connection = NULL;
    return check_keep(run, error->message, &replica->why, reterr);
}

/* By the primary's clock, which also dates what it sent: no two clocks are compared. */
static int64_t at_most(const struct replica_mark *mark, int64_t newest_ms)
{
    int64_t now_ms = mark->clock_ms + (monotonic_ms() - mark->before_ms);
    return newest_ms > now_ms ? 0 : now_ms - newest_ms;
}

static int take_look(void *payload, const char *const *cells, const size_t *lengths, size_t count, struct error *reterr)
{
    const struct look *look = payload;
    struct replica *replica = look->replica;
    (void)lengths;
    (void)count;
    enum check_engine engine = check_engine_of(look->run);
    bool same = cells[LOOK_SERVER] && strcmp(cells[LOOK_SERVER], look->mark->server) == 0;
    if (engine == CHECK_POSTGRES && !same)
        return set_astray(look->run, replica, "it belongs to another cluster", "correct its address in replicas",
                          reterr);
    if (engine != CHECK_POSTGRES && same)
        return set_astray(look->run, replica, "it is the database's own server", "correct its address in replicas",
                          reterr);
    if (cells[LOOK_ASTRAY])
        return set_astray(look->run, replica, cells[LOOK_ASTRAY], cells[LOOK_NEXT], reterr);
    bool has = cells[LOOK_HAS] && strcmp(cells[LOOK_HAS], "1") == 0;
    if (engine == CHECK_MARIADB &&
        (!cells[LOOK_HAS] || !gtid_position_covers(cells[LOOK_HAS], look->mark->position, &has)))
        return error_set(reterr, ERROR_INVALID, "its gtid_slave_pos cannot be read");
    replica->stand = has ? REPLICA_CAUGHT_UP : REPLICA_BEHIND;
    replica->at_most_ms = cells[LOOK_NEWEST] ? at_most(look->mark, number_or(cells[LOOK_NEWEST], 0)) : -1;
    return check_keep(look->run, cells[LOOK_POSITION], &replica->position, reterr);
}

static int take_channels(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                         struct error *reterr)
{
    const struct look *look = payload;
    (void)lengths;
    (void)count;
    if (cells[1])
        look->replica->at_most_ms = at_most(look->mark, number_or(cells[1], 0));
    return cells[0] ? set_astray(look->run, look->replica, cells[0],
                                 "SHOW REPLICA STATUS on it says why; then START REPLICA", reterr)
                    : 0;
}

/* Puts the primary's position into the question. */
static int compose(const struct check_run *run, const struct replica_mark *mark, const char *question,
                   struct strbuf *sql, struct error *reterr)
{
    static const char place[] = "@mark@";
    const char *at = strstr(question, place);
    strbuf_add(sql, question, at ? (size_t)(at - question) : strlen(question));
    if (at) {
        run->dialect->quote_text(mark->position, sql);
        strbuf_add_string(sql, at + strlen(place));
    }
    return strbuf_ok(sql) ? 0 : error_no_memory(reterr);
}

static int ask_replica(struct look *look, struct error *reterr)
{
    enum check_engine engine = check_engine_of(look->run);
    cleanup(strbuf) struct strbuf sql = STRBUF(LIMIT_DEFINITION_BYTES);
    if (compose(look->run, look->mark, looks[engine], &sql, reterr) < 0 ||
        check_read(look->run, strbuf_text(&sql), take_look, look, reterr) < 0)
        return -1;
    if (engine != CHECK_MYSQL || look->replica->stand == REPLICA_ASTRAY)
        return 0;
    struct error error = {0};
    if (check_read(look->run, mysql_channels, take_channels, look, &error) == 0 || error.code == ERROR_FORBIDDEN)
        return 0;
    *reterr = error;
    return -1;
}

int replica_look(struct check_run *run, const struct replica_mark *mark, struct deadline deadline,
                 struct replica *replica, struct error *reterr)
{
    struct error error = {0};
    if (!replica->connection &&
        replica->peer->connect(replica->peer->payload, deadline, &replica->connection, &error) < 0)
        return set_untold(run, replica, &error, reterr);
    /* What happens to this connection is no matter of the database's own. */
    struct check_result scratch = {.arena = run->result->arena};
    struct check_world world = *run->world;
    struct check_run there = *run;
    world.connection = replica->connection;
    world.deadline = deadline_earlier(world.deadline, deadline);
    there.world = &world;
    there.result = &scratch;
    struct look look = {.run = &there, .mark = mark, .replica = replica};
    if (replica->connection->ops != run->world->connection->ops)
        error_set(&error, ERROR_INVALID, "it is another kind of server");
    else if (ask_replica(&look, &error) == 0)
        return 0;
    return set_untold(run, replica, &error, reterr);
}

int replica_look_ahead(struct check_run *run, const struct replica_mark *mark, struct replica *replica,
                       struct error *reterr)
{
    if (mark->follows || !replica->position || replica->position[0] == '\0' || replica->stand != REPLICA_CAUGHT_UP)
        return 0;
    cleanup(strbuf) struct strbuf sql = STRBUF(1024);
    strbuf_add_string(&sql, "SELECT CASE WHEN pg_current_wal_lsn() < ");
    run->dialect->quote_text(replica->position, &sql);
    strbuf_add_string(&sql, "::pg_lsn THEN 1 ELSE 0 END");
    int64_t ahead = 0;
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    if (check_read_number(run, strbuf_text(&sql), &ahead, reterr) < 0)
        return -1;
    return ahead ? set_astray(run, replica, "it is ahead of its primary: it follows another one",
                              "make it anew from this primary, or correct the addresses", reterr)
                 : 0;
}

/* Rows of those who are connected to a primary: name, process, whether it has the mark, whether it is shown, whether
 * nobody is there. A slot that waits for somebody is one that has lost its replica; senders of logical changes and of
 * backups are none. */
static const char connected[] =
    "SELECT COALESCE(NULLIF(r.application_name, ''), 'a standby') || COALESCE(' at ' || host(r.client_addr), ''), "
    "r.pid,"
    " CASE WHEN COALESCE(r.replay_lsn >= @mark@::pg_lsn, false) THEN 1 ELSE 0 END,"
    " CASE WHEN r.state IS NULL THEN 0 ELSE 1 END, 0 FROM pg_stat_replication r"
    " WHERE COALESCE(r.state, '') <> 'backup' AND COALESCE(r.application_name, '') NOT IN ('pg_basebackup',"
    " 'pg_receivewal') AND NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid"
    " AND s.slot_type = 'logical')"
    " UNION ALL SELECT 'the slot ' || s.slot_name, -1, 0, 1, 1 FROM pg_replication_slots s"
    " WHERE s.slot_type = 'physical' AND NOT s.active ORDER BY 2, 1";

struct connected_reader {
    struct check_run *run;
    struct replica *replicas;
    size_t *count;
    size_t limit;
    size_t met; /* in this answer */
    bool hidden;
    bool cut;
};

static struct replica *find_connected(const struct connected_reader *reader, const char *name, int64_t pid)
{
    for (size_t i = 0; i < *reader->count; i++)
        if (reader->replicas[i].pid == pid && strcmp(reader->replicas[i].name, name) == 0)
            return &reader->replicas[i];
    return NULL;
}

static int take_connected(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                          struct error *reterr)
{
    struct connected_reader *reader = payload;
    (void)lengths;
    (void)count;
    int64_t pid = number_or(cells[1], 0);
    reader->hidden = reader->hidden || strcmp(cells[3], "0") == 0;
    struct replica *replica = find_connected(reader, cells[0], pid);
    if (!replica && *reader->count == reader->limit) {
        reader->cut = true;
        return 0;
    }
    if (!replica) {
        replica = &reader->replicas[(*reader->count)++];
        *replica = (struct replica){.pid = pid, .at_most_ms = -1, .stand = REPLICA_UNTOLD, .why = "it has gone"};
        if (check_keep(reader->run, cells[0], &replica->name, reterr) < 0)
            return -1;
    }
    if (strcmp(cells[4], "1") == 0) {
        replica->error = ERROR_UNREACHABLE;
        replica->why = "nobody is connected to it";
        replica->next = "start the replica again, or drop the slot: until then its WAL is kept";
        return 0;
    }
    replica->stand = strcmp(cells[2], "1") == 0 ? REPLICA_CAUGHT_UP : REPLICA_BEHIND;
    return 0;
}

int replica_look_connected(struct check_run *run, const struct replica_mark *mark, struct replica *replicas,
                           size_t *count, size_t limit, struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(LIMIT_DEFINITION_BYTES);
    struct connected_reader reader = {.run = run, .replicas = replicas, .count = count, .limit = limit};
    for (size_t i = 0; i < *count; i++) {
        if (replicas[i].stand != REPLICA_BEHIND)
            continue;
        replicas[i].stand = REPLICA_UNTOLD;
        replicas[i].error = ERROR_UNREACHABLE;
        replicas[i].why = "it has gone";
    }
    if (compose(run, mark, connected, &sql, reterr) < 0 ||
        check_read(run, strbuf_text(&sql), take_connected, &reader, reterr) < 0)
        return -1;
    if (reader.cut)
        return error_set(reterr, ERROR_TRUNCATED, "more than %zu replicas are connected", limit);
    if (reader.hidden)
        return error_set(reterr, ERROR_FORBIDDEN, "the role is not shown how far replicas are");
    return 0;
}
