/* SPDX-License-Identifier: Apache-2.0
 *
 * The looks of a watched database.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/connect.h"
#include "daemon/metrics.h"
#include "daemon/watched_parts.h"
#include "journal/journal_look.h"

/* A kept connection is renewed now and then: it follows a failover, and the server's process gives its memory back. */
enum { CONNECTION_LIFETIME_MS = 10 * 60 * 1000 };

/* Between two looks that are to confirm drift: a second, and ten times what reading the schema takes. */
enum { DRIFT_PAUSE_MS = 1000, DRIFT_PAUSE = 10 };

/* The configuration that a look works with from its beginning to its end, whatever is reloaded meanwhile. */
static struct config *hold_config(struct watched *watched, size_t *ret_index)
{
    pthread_mutex_lock(&watched->lock);
    struct config *config = config_ref(watched->config);
    *ret_index = watched->index;
    pthread_mutex_unlock(&watched->lock);
    return config;
}

/* `*ret_connection` is left open when the schema was read. */
static int read_schema(const struct config_database *database, struct engine_connection **ret_connection,
                       struct schema **ret_schema, struct server_facts *ret_facts, struct error *reterr)
{
    struct deadline deadline = deadline_in(database->connect_timeout_ms + database->query_timeout_ms);
    struct engine_scope scope = {.schemas = database->schemas, .schema_count = database->schema_count};
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    if (database_connect(database, PURPOSE_DEEP, deadline, &connection, ret_facts, reterr) < 0 ||
        engine_read(connection, &scope, deadline, ret_schema, reterr) < 0)
        return -1;
    *ret_connection = take(connection);
    return 0;
}

/* The journal look that follows a deep look needs no login of its own. */
static void hand_over(struct watched *watched, struct engine_connection *connection)
{
    pthread_mutex_lock(&watched->lock);
    struct engine_connection *stale = watched->handed_over;
    watched->handed_over = connection;
    pthread_mutex_unlock(&watched->lock);
    engine_close(stale);
}

/* Where this and the other database stand, as the last journal looks found them; texts in `arena`. Called with the lock
 * held. */
static int note_applied(const struct watched *watched, struct arena *arena, struct drift_look *look)
{
    const struct assessment *assessment = watched->assessment;
    look->applied_known = watched->observed;
    if (!assessment || assessment->count == 0 || !assessment->journals[0].journal)
        return 0;
    const struct finding_list *heads = &assessment->journals[0].comparison.heads;
    const char **applied = arena_array(arena, heads->count + 1, sizeof *applied);
    if (!applied)
        return -1;
    for (size_t i = 0; i < heads->count; i++) {
        applied[i] = arena_strdup(arena, heads->items[i].revision);
        if (!applied[i])
            return -1;
    }
    look->applied = applied;
    look->applied_count = heads->count;
    look->tool = assessment->journals[0].journal->address.tool;
    return 0;
}

/* The heads of another database's first journal, joined as follow_database compares them. */
static const char *joined_heads(const struct view *view, struct arena *arena)
{
    const struct assessment *assessment = view->assessment;
    if (!assessment || assessment->count == 0 || !assessment->journals[0].journal)
        return NULL;
    const struct finding_list *heads = &assessment->journals[0].comparison.heads;
    const char *joined = "";
    for (size_t i = 0; joined && i < heads->count; i++)
        joined = arena_printf(arena, "%s%s%s", joined, i > 0 ? "," : "", heads->items[i].revision);
    return joined;
}

/* Holds the schema that was just read against its reference. Runs in the deep look's thread, outside the lock: loading
 * a reference may take long. `*ret_status` stays NULL where there is no reference, or no memory. */
static void follow_drift(struct watched *watched, struct config *config, const struct config_database *database,
                         struct schema *schema, int64_t begun_ms, int64_t read_at_ms, struct publication *publication,
                         struct drift_status **ret_status)
{
    cleanup(arena) struct arena *arena = arena_new(SIZE_MAX);
    cleanup(view_set) struct view_set *set = publication_acquire(publication);
    struct drift_look look = {.config = config,
                              .database = database,
                              .live = schema,
                              .looked_at_ms = begun_ms,
                              .taken_at_ms = read_at_ms,
                              .now_ms = watched_unix_ms()};
    if (!arena || !database->drift.reference_key)
        return;
    if (set && set->config == config && strcmp(database->drift.reference_key, "database") == 0) {
        const struct view *other = set->views[database->drift.database];
        look.reference = other->snapshot ? other->snapshot->schema : NULL;
        look.reference_revision = joined_heads(other, arena);
    }
    pthread_mutex_lock(&watched->lock);
    int noted = note_applied(watched, arena, &look);
    look.running = watched->running;
    look.runs = watched->runs;
    cleanup(drift_status) struct drift_status *shown = drift_status_ref(watched->drift);
    pthread_mutex_unlock(&watched->lock);
    look.shown = shown;
    if (noted == 0)
        *ret_status = drift_watch_look(watched->drift_watch, &look);
    if (!*ret_status)
        log_event(LOG_LEVEL_ERROR, "drift_failed", database->name, "out of memory");
}

static void say_drift(const struct watched *watched, const struct drift_status *status)
{
    const char *name = status->database->name;
    bool same = watched->drift && watched->drift->verdict == status->verdict;
    if (same || status->again)
        return;
    log_event(status->verdict == DRIFT_DRIFTED ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "database_drift", name, "%s%s%s",
              drift_verdict_name(status->verdict), *status->reason ? ": " : "", status->reason);
}

/* Called with the lock held; takes over `status`. A migration that began meanwhile makes it worthless. */
static void settle_drift(struct watched *watched, struct drift_status *status)
{
    if (!status)
        return;
    if (watched->running && status->frozen_since_ms == TIME_UNKNOWN) {
        drift_status_unref(status);
        return;
    }
    say_drift(watched, status);
    news_note_drift(&watched->news, status, monotonic_ms(), watched_unix_ms());
    drift_status_unref(watched->drift);
    watched->drift = status;
}

/* Whose migrations are expected, if that is known. Called with the lock held. */
static const struct tool *expected_tool(const struct watched *watched)
{
    const struct expectation *expectation = watched->expectation;
    bool known = expectation && expectation->count == 1 && expectation->files[0].set;
    return known ? tool_find(expectation->files[0].set->tool) : NULL;
}

/* What a deep look leaves, found or failed. Called with the lock held; takes over `schema`. */
static int settle_deep(struct watched *watched, struct schema *schema, const struct server_facts *server,
                       int64_t read_at_ms, const struct error *failure, struct error *reterr)
{
    watched->status.deep_error = *failure;
    if (!schema)
        return 0;
    struct snapshot *snapshot = NULL;
    if (snapshot_with_schema(watched->snapshot, schema, expected_tool(watched), server, read_at_ms, &snapshot, reterr) <
        0) {
        schema_unref(schema);
        return -1;
    }
    schema_unref(watched->schema);
    watched->schema = schema;
    watched->schema_server = *server;
    watched->schema_read_at_ms = read_at_ms;
    snapshot_unref(watched->snapshot);
    watched->snapshot = snapshot;
    return 0;
}

void watched_look_deep(struct watched *watched, bool keep_connection, struct publication *publication,
                       struct look_result *ret_result)
{
    size_t index = 0;
    cleanup(config) struct config *config = hold_config(watched, &index);
    const struct config_database *database = &config->databases[index];
    int64_t begun = monotonic_ms();
    int64_t read_at = watched_unix_ms();
    struct error failure = {.code = ERROR_OK};
    struct server_facts server = {0};
    struct schema *schema = NULL;
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    if (read_schema(database, &connection, &schema, &server, &failure) < 0)
        complaint_raise(&watched->deep_complaint, LOG_LEVEL_WARNING, "schema_look_failed", database->name,
                        failure.message);
    else
        complaint_release(&watched->deep_complaint, "schema_look_recovered", database->name,
                          "the schema is read again");
    /* A kept connection must not be one that has read a schema: the server's process would keep what it cached. */
    if (connection && !keep_connection)
        hand_over(watched, take(connection));
    engine_close(take(connection));
    *ret_result = (struct look_result){.error = failure.code, .took_ms = monotonic_ms() - begun};
    struct drift_status *drift = NULL;
    if (schema)
        follow_drift(watched, config, database, schema, begun, read_at, publication, &drift);
    metric_add(METRIC_deep_looks, 1);
    metric_add(failure.code == ERROR_OK ? METRIC_looks_good : METRIC_looks_failed, 1);
    metric_add(METRIC_deep_look_duration, ret_result->took_ms);

    struct error error = {.code = ERROR_OK};
    pthread_mutex_lock(&watched->lock);
    watched->status.deep_ms = ret_result->took_ms;
    watched->deep_at_ms = begun;
    settle_drift(watched, drift);
    /* Before the first journal look a failed deep look is the only news there is. */
    if (failure.code != ERROR_OK && !watched->status.observed) {
        watched->status.error = failure;
        watched->status.tried = true;
    }
    if (settle_deep(watched, schema, &server, read_at, &failure, &error) < 0 ||
        watched_publish(watched, publication, &error) < 0)
        log_event(LOG_LEVEL_ERROR, "publish_failed", database->name, "%s", error.message);
    pthread_mutex_unlock(&watched->lock);
}

static bool expects_another(const struct config_database *database)
{
    for (size_t i = 0; i < config_journal_count(database); i++)
        if (config_journal_at(database, i)->expect.database)
            return true;
    return false;
}

/* Reads what is expected if it changed, and files are quiet again. Runs in the journal look's thread. */
static int follow_expectation(struct watched *watched, const struct config *config,
                              const struct config_database *database, const struct snapshot *previous,
                              struct publication *publication, struct look_result *result, struct error *reterr)
{
    cleanup(view_set) struct view_set *set = expects_another(database) ? publication_acquire(publication) : NULL;
    for (size_t i = 0; i < config_journal_count(database); i++) {
        struct expectation *expectation = NULL;
        struct expectation_question question = {.database = database, .at = i, .now_ms = monotonic_ms()};
        question.views = set && set->config == config ? set : NULL;
        /* In the middle of a reload nobody knows the others. */
        if (!question.views && config_journal_at(database, i)->expect.database && watched->expectation)
            continue;
        if (expectation_follow(&watched->watches[i], &question, previous, watched->expectation, &expectation,
                               &result->settle_in_ms) < 0)
            return error_no_memory(reterr);
        if (!expectation)
            continue;
        const struct error *error = &expectation->files[i].error;
        if (error->code != ERROR_OK)
            log_event(LOG_LEVEL_WARNING, "expectation_invalid", database->name, "%s", error->message);
        pthread_mutex_lock(&watched->lock);
        expectation_unref(watched->expectation);
        watched->expectation = expectation;
        pthread_mutex_unlock(&watched->lock);
    }
    return 0;
}

static void drop_connection(struct watched *watched)
{
    engine_close(take(watched->connection));
}

/* Looks at the journals on the kept connection, or on a new one. */
static int read_journals(struct watched *watched, const struct config_database *database,
                         const struct snapshot *previous, struct snapshot **ret_snapshot, struct look_result *result,
                         struct error *reterr)
{
    struct deadline deadline = deadline_in(database->connect_timeout_ms + database->query_timeout_ms);
    if (watched->connection && monotonic_ms() - watched->connected_at_ms > CONNECTION_LIFETIME_MS)
        drop_connection(watched);
    if (!watched->connection) {
        if (database_connect(database, PURPOSE_JOURNAL, deadline, &watched->connection, &watched->server, reterr) < 0)
            return -1;
        watched->connected_at_ms = monotonic_ms();
    }
    struct engine_connection *connection = watched->connection;
    deadline = deadline_in(database->query_timeout_ms);
    struct journal_name names[CONFIG_JOURNALS_MAXIMUM] = {0};
    struct journal_look look = {
        .previous = previous,
        .scope = &(struct engine_scope){.schemas = database->schemas, .schema_count = database->schema_count},
        .names = names,
        .name_count = config_journal_names(database, names),
        .none = database->journal_none,
        .now_ms = watched_unix_ms(),
    };
    if (journal_look(connection, &look, &watched->server, deadline, ret_snapshot, &result->schema_due, reterr) < 0)
        return -1;
    struct engine_probe probe = {0};
    if (connection->ops->probe(connection, deadline, &probe, reterr) < 0) {
        snapshot_unref(take(*ret_snapshot));
        return -1;
    }
    /* The first token has nothing to be compared with: the schema was read a moment ago. */
    if (*watched->probe.token && strcmp(probe.token, watched->probe.token) != 0)
        result->schema_due = true;
    watched->probe = probe;
    return 0;
}

/* Uses what a deep look has left open, if anything, for this look alone: it is not one to be kept. */
static void take_over(struct watched *watched, bool keep_connection)
{
    pthread_mutex_lock(&watched->lock);
    struct engine_connection *connection = take(watched->handed_over);
    struct server_facts server = watched->schema_server;
    pthread_mutex_unlock(&watched->lock);
    if (!connection || keep_connection || watched->connection) {
        engine_close(connection);
        return;
    }
    watched->connection = connection;
    watched->server = server;
    watched->connected_at_ms = monotonic_ms();
}

/* A kept connection may have died since the last look without telling; that is no failure of this one. */
static int read_journals_reconnecting(struct watched *watched, const struct config_database *database,
                                      const struct snapshot *previous, struct snapshot **ret_snapshot,
                                      struct look_result *result, struct error *reterr)
{
    bool kept = watched->connection != NULL;
    if (read_journals(watched, database, previous, ret_snapshot, result, reterr) == 0)
        return 0;
    drop_connection(watched);
    if (!kept || reterr->code != ERROR_UNREACHABLE)
        return -1;
    if (read_journals(watched, database, previous, ret_snapshot, result, reterr) == 0)
        return 0;
    drop_connection(watched);
    return -1;
}

/* What a journal look leaves, found or failed. Called with the lock held; takes over `snapshot`. */
static int settle_journal(struct watched *watched, struct snapshot *snapshot, const struct error *failure,
                          int64_t begun_ms, struct error *reterr)
{
    struct look_status *status = &watched->status;
    status->tried = true;
    status->error = *failure;
    if (!snapshot) {
        status->failures++;
        return 0;
    }
    status->failures = 0;
    status->observed = true;
    watched->observed = true;
    status->good_at_ms = begun_ms;
    if (watched->schema && snapshot->schema != watched->schema) {
        /* A deep look ended while this one ran: its schema is the newer one. */
        struct snapshot *merged = NULL;
        int result = snapshot_with_schema(snapshot, watched->schema, expected_tool(watched), &watched->schema_server,
                                          watched->schema_read_at_ms, &merged, reterr);
        snapshot_unref(snapshot);
        if (result < 0)
            return -1;
        snapshot = merged;
    }
    snapshot_unref(watched->snapshot);
    watched->snapshot = snapshot;
    return 0;
}

/* A second look confirms what one look saw, and the first after a migration tells what it left. A schema that never
 * comes to rest must not keep its server busy with being read. Called with the lock held. */
static bool drift_is_due(const struct watched *watched)
{
    if (!watched->drift || !watched->drift->again || watched->running)
        return false;
    int64_t pause = DRIFT_PAUSE * watched->status.deep_ms;
    return monotonic_ms() - watched->deep_at_ms >= (pause > DRIFT_PAUSE_MS ? pause : DRIFT_PAUSE_MS);
}

void watched_look_journal(struct watched *watched, const struct look_wish *wish, struct publication *publication,
                          struct look_result *ret_result)
{
    size_t index = 0;
    cleanup(config) struct config *config = hold_config(watched, &index);
    const struct config_database *database = &config->databases[index];
    *ret_result = (struct look_result){.error = ERROR_OK};
    int64_t begun = monotonic_ms();
    pthread_mutex_lock(&watched->lock);
    cleanup(snapshot) struct snapshot *previous = watched->snapshot ? snapshot_ref(watched->snapshot) : NULL;
    pthread_mutex_unlock(&watched->lock);

    struct error failure = {.code = ERROR_OK};
    struct snapshot *snapshot = NULL;
    take_over(watched, wish->keep_connection);
    if (follow_expectation(watched, config, database, previous, publication, ret_result, &failure) < 0 ||
        read_journals_reconnecting(watched, database, previous, &snapshot, ret_result, &failure) < 0) {
        snapshot_unref(take(snapshot));
        complaint_raise(&watched->journal_complaint, LOG_LEVEL_WARNING, "look_failed", database->name, failure.message);
    } else {
        complaint_release(&watched->journal_complaint, "look_recovered", database->name, "the database answers again");
    }
    if (!wish->keep_connection)
        drop_connection(watched);
    ret_result->error = failure.code;
    ret_result->took_ms = monotonic_ms() - begun;
    metric_add(METRIC_journal_looks, 1);
    metric_add(failure.code == ERROR_OK ? METRIC_looks_good : METRIC_looks_failed, 1);
    metric_add(METRIC_journal_look_duration, ret_result->took_ms);

    struct error error = {.code = ERROR_OK};
    pthread_mutex_lock(&watched->lock);
    watched->status.look_ms = ret_result->took_ms;
    if (settle_journal(watched, snapshot, &failure, begun, &error) < 0 ||
        watched_publish(watched, publication, &error) < 0)
        log_event(LOG_LEVEL_ERROR, "publish_failed", database->name, "%s", error.message);
    ret_result->schema_due |= drift_is_due(watched);
    if (wish->refresh && watched->checks)
        check_watch_refresh(watched->checks);
    watched_note_checks(watched);
    pthread_mutex_unlock(&watched->lock);
}

void watched_look_checks(struct watched *watched, struct publication *publication, struct look_result *ret_result)
{
    size_t index = 0;
    cleanup(config) struct config *config = hold_config(watched, &index);
    const struct config_database *database = &config->databases[index];
    struct check_turn turn = {0};
    *ret_result = (struct look_result){.error = ERROR_OK};
    pthread_mutex_lock(&watched->lock);
    bool begun = check_watch_begin(watched->checks, monotonic_ms(), watched_unix_ms(), &turn);
    watched_note_checks(watched);
    pthread_mutex_unlock(&watched->lock);
    if (!begun) { /* a migration has begun meanwhile */
        check_watch_rest(watched->checks);
        return;
    }
    check_watch_run(watched->checks, config, database, &turn);
    ret_result->took_ms = turn.took_ms;
    metric_add(METRIC_check_runs, 1);
    metric_add(METRIC_check_runs_unknown, !turn.result || turn.result->state == CHECK_UNKNOWN);
    metric_add(METRIC_check_run_duration, turn.took_ms);
    if (!turn.result)
        log_event(LOG_LEVEL_ERROR, "check_failed", database->name, "%s: out of memory",
                  database->checks[turn.check].name);

    struct error error = {.code = ERROR_OK};
    pthread_mutex_lock(&watched->lock);
    ret_result->kept = check_watch_end(watched->checks, &turn, monotonic_ms());
    if (watched_publish(watched, publication, &error) < 0)
        log_event(LOG_LEVEL_ERROR, "publish_failed", database->name, "%s", error.message);
    watched_note_checks(watched);
    pthread_mutex_unlock(&watched->lock);
    if (!ret_result->kept)
        check_watch_rest(watched->checks);
}

void watched_rest_checks(struct watched *watched)
{
    check_watch_rest(watched->checks);
}
