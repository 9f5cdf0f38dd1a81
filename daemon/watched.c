/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/watched.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/refcount.h"
#include "daemon/connect.h"
#include "daemon/expectation_watch.h"
#include "daemon/metrics.h"
#include "daemon/news.h"
#include "journal/journal_look.h"

/* A kept connection is renewed now and then: it follows a failover, and the server's process gives its memory back. */
enum { CONNECTION_LIFETIME_MS = 10 * 60 * 1000 };

/* Between two looks that are to confirm drift: a second, and ten times what reading the schema takes. */
enum { DRIFT_PAUSE_MS = 1000, DRIFT_PAUSE = 10 };

struct watched {
    unsigned references; /* atomic */
    pthread_mutex_t lock;

    /* Guarded by lock. */
    struct config *config;
    size_t index;
    struct snapshot *snapshot;
    struct engine_connection *handed_over; /* a deep look's, for the journal look that follows it */
    struct schema *schema;                 /* of the newest deep look */
    struct server_facts schema_server;
    int64_t schema_read_at_ms; /* unix time at which that look began */
    struct expectation *expectation;
    struct assessment *assessment;
    struct drift_status *drift; /* NULL: nothing was compared yet */
    struct look_status status;
    struct news news;
    uint64_t generation; /* of the newest view that a look left */
    bool running;        /* a migration, as the newest journal look saw it */
    uint64_t runs;       /* migrations seen so far */
    bool observed;       /* a journal look has ended well */
    bool stale;          /* what was told last says that the last good look is too old */
    int64_t deep_at_ms;  /* monotonic time at which the newest deep look began */

    /* The journal look's own. */
    struct engine_connection *connection;
    struct server_facts server;
    int64_t connected_at_ms;
    struct engine_probe probe;
    struct expectation_watch *watches; /* config_journal_count */
    struct complaint journal_complaint;

    /* The deep look's own. */
    struct complaint deep_complaint;
    struct drift_watch *drift_watch;
};

static int64_t unix_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const struct config_database *database_of(const struct watched *watched)
{
    return &watched->config->databases[watched->index];
}

struct watched *watched_new(struct config *config, size_t database, struct events *events)
{
    struct watched *watched = mem_calloc(1, sizeof *watched);
    if (!watched)
        return NULL;
    watched->references = 1;
    pthread_mutex_init(&watched->lock, NULL);
    watched->config = config_ref(config);
    watched->index = database;
    news_init(&watched->news, events);
    watched->drift_watch = drift_watch_new();
    watched->watches = mem_calloc(config_journal_count(database_of(watched)), sizeof *watched->watches);
    if (watched->drift_watch && watched->watches)
        return watched;
    watched_unref(watched);
    return NULL;
}

struct watched *watched_ref(struct watched *watched)
{
    refcount_take(&watched->references);
    return watched;
}

void watched_unref(struct watched *watched)
{
    if (!watched || !refcount_drop(&watched->references))
        return;
    engine_close(watched->connection);
    engine_close(watched->handed_over);
    news_done(&watched->news);
    drift_watch_free(watched->drift_watch);
    mem_free(watched->watches);
    drift_status_unref(watched->drift);
    assessment_unref(watched->assessment);
    expectation_unref(watched->expectation);
    schema_unref(watched->schema);
    snapshot_unref(watched->snapshot);
    config_unref(watched->config);
    pthread_mutex_destroy(&watched->lock);
    mem_free(watched);
}

void watched_set_config(struct watched *watched, struct config *config, size_t database)
{
    pthread_mutex_lock(&watched->lock);
    struct config *old = watched->config;
    watched->config = config_ref(config);
    watched->index = database;
    pthread_mutex_unlock(&watched->lock);
    config_unref(old);
}

/* Called with the lock held. */
static struct view *make_view_under(struct watched *watched, struct config *config, size_t database)
{
    const struct view_parts parts = {
        .snapshot = watched->snapshot,
        .expectation = watched->expectation,
        .assessment = watched->assessment,
        .drift = watched->drift,
        .status = watched->status,
    };
    return view_new(config, &config->databases[database], &parts);
}

/* Called with the lock held. */
static struct view *make_view(struct watched *watched)
{
    return make_view_under(watched, watched->config, watched->index);
}

struct view *watched_view(struct watched *watched, struct config *config, size_t database)
{
    pthread_mutex_lock(&watched->lock);
    struct view *view = make_view_under(watched, config, database);
    pthread_mutex_unlock(&watched->lock);
    return view;
}

/* Publishes, then tells what the view shows; where a reload was faster, watched_catch_up does both. Called with the
 * lock held; takes over `view`. */
static int show(struct watched *watched, struct publication *publication, struct view *view, struct error *reterr)
{
    int result = publication_replace(publication, watched->index, view, reterr);
    if (result == 0)
        news_tell(&watched->news, database_of(watched)->name);
    return result < 0 ? -1 : 0;
}

void watched_catch_up(struct watched *watched, struct publication *publication, const struct view *shown)
{
    struct error error = {.code = ERROR_OK};
    pthread_mutex_lock(&watched->lock);
    if (watched->generation > shown->generation) {
        struct view *view = make_view(watched);
        if (!view || show(watched, publication, view, &error) < 0)
            log_event(LOG_LEVEL_ERROR, "publish_failed", shown->database->name, "out of memory");
    }
    pthread_mutex_unlock(&watched->lock);
}

/* The configuration that a look works with from its beginning to its end, whatever is reloaded meanwhile. */
static struct config *hold_config(struct watched *watched, size_t *ret_index)
{
    pthread_mutex_lock(&watched->lock);
    struct config *config = config_ref(watched->config);
    *ret_index = watched->index;
    pthread_mutex_unlock(&watched->lock);
    return config;
}

/* Whether a migration runs in any of the journals. */
static bool is_running(const struct database_report *report)
{
    for (size_t i = 0; i < report->journal_count; i++) {
        if (report->journals[i].verdict.state == STATE_RUNNING)
            return true;
    }
    return false;
}

/* Logs a change of state once, notes it as news, and notes whether a migration runs. Called with the lock held, with
 * the view that is about to be published. */
static void say_state(struct watched *watched, const struct view *view)
{
    cleanup(arena) struct arena *arena = arena_new(SIZE_MAX);
    struct database_report report = {0};
    if (!arena || view_judge(view, NULL, monotonic_ms(), unix_ms(), arena, &report, NULL) < 0)
        return;
    bool running = is_running(&report);
    watched->runs += running && !watched->running;
    watched->running = running;
    const struct verdict *verdict = &report.journals[report.worst].verdict;
    watched->stale = verdict->stale;
    if (!news_note_state(&watched->news, &report, report.now_ms))
        return;
    metric_add(METRIC_state_changes, 1);
    log_event(verdict->gate == GATE_BLOCKED ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "database_state",
              view->database->name, "%s %s: %s", migration_state_name(verdict->state), state_code_name(verdict->code),
              verdict->reason);
}

/* A report of a schema that is being changed would be of no use: what was known stays, marked as such. Called with the
 * lock held. Returns whether the view must be made anew. */
static bool freeze_drift(struct watched *watched)
{
    if (!watched->running || !watched->drift || watched->drift->frozen_since_ms != TIME_UNKNOWN)
        return false;
    struct drift_status *frozen = drift_status_freeze(watched->drift, unix_ms());
    if (!frozen)
        return false;
    drift_status_unref(watched->drift);
    watched->drift = frozen;
    return true;
}

/* Puts a view together and publishes it. Called with the lock held. */
static int publish(struct watched *watched, struct publication *publication, struct error *reterr)
{
    if (watched->snapshot) {
        struct assessment *assessment =
            assess(watched->snapshot, database_of(watched), watched->expectation, watched->assessment);
        /* The old one is about other readings: none at all is better. */
        assessment_unref(watched->assessment);
        watched->assessment = assessment;
        if (!assessment)
            return error_no_memory(reterr);
    }
    struct view *view = make_view(watched);
    if (!view)
        return error_no_memory(reterr);
    watched->generation = view->generation;
    say_state(watched, view);
    if (freeze_drift(watched)) {
        view_unref(view);
        view = make_view(watched);
        if (!view)
            return error_no_memory(reterr);
        watched->generation = view->generation;
    }
    return show(watched, publication, view, reterr);
}

void watched_follow_clock(struct watched *watched, struct publication *publication)
{
    struct error error = {.code = ERROR_OK};
    pthread_mutex_lock(&watched->lock);
    int64_t age_ms = monotonic_ms() - watched->status.good_at_ms;
    if (watched->status.observed && !watched->stale && age_ms > database_of(watched)->max_staleness_ms &&
        publish(watched, publication, &error) < 0)
        log_event(LOG_LEVEL_ERROR, "publish_failed", database_of(watched)->name, "%s", error.message);
    pthread_mutex_unlock(&watched->lock);
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
                              .now_ms = unix_ms()};
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
    news_note_drift(&watched->news, status, monotonic_ms(), unix_ms());
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
    int64_t read_at = unix_ms();
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
        publish(watched, publication, &error) < 0)
        log_event(LOG_LEVEL_ERROR, "publish_failed", database->name, "%s", error.message);
    pthread_mutex_unlock(&watched->lock);
}

/* Reads the expected files if they changed and are quiet again. Runs in the journal look's thread. */
static int follow_expectation(struct watched *watched, const struct config_database *database,
                              const struct snapshot *previous, struct look_result *result, struct error *reterr)
{
    for (size_t i = 0; i < config_journal_count(database); i++) {
        struct expectation *expectation = NULL;
        if (expectation_follow(&watched->watches[i], database, i, previous, watched->expectation, monotonic_ms(),
                               &expectation, &result->settle_in_ms) < 0)
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
        .now_ms = unix_ms(),
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

void watched_look_journal(struct watched *watched, bool keep_connection, struct publication *publication,
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
    take_over(watched, keep_connection);
    if (follow_expectation(watched, database, previous, ret_result, &failure) < 0 ||
        read_journals_reconnecting(watched, database, previous, &snapshot, ret_result, &failure) < 0) {
        snapshot_unref(take(snapshot));
        complaint_raise(&watched->journal_complaint, LOG_LEVEL_WARNING, "look_failed", database->name, failure.message);
    } else {
        complaint_release(&watched->journal_complaint, "look_recovered", database->name, "the database answers again");
    }
    if (!keep_connection)
        drop_connection(watched);
    ret_result->error = failure.code;
    ret_result->took_ms = monotonic_ms() - begun;
    metric_add(METRIC_journal_looks, 1);
    metric_add(failure.code == ERROR_OK ? METRIC_looks_good : METRIC_looks_failed, 1);
    metric_add(METRIC_journal_look_duration, ret_result->took_ms);

    struct error error = {.code = ERROR_OK};
    pthread_mutex_lock(&watched->lock);
    watched->status.look_ms = ret_result->took_ms;
    if (settle_journal(watched, snapshot, &failure, begun, &error) < 0 || publish(watched, publication, &error) < 0)
        log_event(LOG_LEVEL_ERROR, "publish_failed", database->name, "%s", error.message);
    ret_result->schema_due |= drift_is_due(watched);
    pthread_mutex_unlock(&watched->lock);
}
