/* SPDX-License-Identifier: Apache-2.0
 *
 * An engine without servers for tests of the scheduler: it counts what works at the same time, and can hold looks until
 * the test lets them go. And what such a test is written with.
 */
#ifndef MIGRATIOND_TESTS_UNIT_DAEMON_LAB_H
#define MIGRATIOND_TESTS_UNIT_DAEMON_LAB_H

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/log.h"
#include "daemon/scheduler.h"
#include "support/oom.h"

enum { STANDS = 256, PATIENCE_MS = 60000, SERVERS = 8 };

/* One database of the lab, known by its name, which is the URL's path. */
struct stand {
    char name[64];
    char server[64];
    bool hold_deep;
    bool hold_journal;
    bool hold_check;
    bool dies; /* a connection for checks, after its first answer */
    enum error_code fails;
    enum error_code check_fails;
    const char *answer; /* of every query; NULL: "1" */
    unsigned deep_begun;
    unsigned deep_ended;
    unsigned journal_begun;
    unsigned journal_ended;
    unsigned check_begun;
    unsigned check_ended;
    unsigned connections;
    unsigned check_connections; /* opened so far */
    unsigned tables;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t turn; /* counts everything that may make a condition true */
    struct stand stands[STANDS];
    size_t count;
    struct {
        char name[64];
        unsigned working;
        unsigned heavy; /* of these: deep looks and checks */
        unsigned most_working;
        unsigned most_heavy;
    } servers[SERVERS];
    unsigned heavy;
    unsigned most_heavy;
} lab = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

struct lab_connection {
    struct engine_connection base; /* first */
    struct stand *stand;
    bool deep;
    bool check;
    bool asked; /* a check's query, since it was opened */
    bool heavy;
    bool working;
};

static inline void lab_changed(void)
{
    lab.turn++;
    pthread_cond_broadcast(&lab.changed);
}

/* Called with the lock held. */
static inline struct stand *stand_of(const char *name)
{
    for (size_t i = 0; i < lab.count; i++) {
        if (strcmp(lab.stands[i].name, name) == 0)
            return &lab.stands[i];
    }
    struct stand *stand = &lab.stands[lab.count++];
    snprintf(stand->name, sizeof stand->name, "%s", name);
    stand->tables = 1;
    return stand;
}

static inline size_t server_of(const struct stand *stand)
{
    for (size_t i = 0; i < SERVERS; i++) {
        if (!lab.servers[i].name[0])
            snprintf(lab.servers[i].name, sizeof lab.servers[i].name, "%s", stand->server);
        if (strcmp(lab.servers[i].name, stand->server) == 0)
            return i;
    }
    return 0;
}

/* Called with the lock held. */
static inline void set_working(struct lab_connection *connection, bool working)
{
    if (connection->working == working)
        return;
    connection->working = working;
    size_t server = server_of(connection->stand);
    unsigned step = working ? 1u : -1u;
    lab.servers[server].working += step;
    lab.servers[server].heavy += connection->heavy ? step : 0;
    lab.heavy += connection->heavy ? step : 0;
    if (lab.servers[server].working > lab.servers[server].most_working)
        lab.servers[server].most_working = lab.servers[server].working;
    if (lab.servers[server].heavy > lab.servers[server].most_heavy)
        lab.servers[server].most_heavy = lab.servers[server].heavy;
    if (lab.heavy > lab.most_heavy)
        lab.most_heavy = lab.heavy;
    lab_changed();
}

static inline int answer(struct lab_connection *connection, struct error *reterr)
{
    pthread_mutex_lock(&lab.lock);
    set_working(connection, true);
    struct stand *stand = connection->stand;
    bool *hold = connection->check ? &stand->hold_check : connection->deep ? &stand->hold_deep : &stand->hold_journal;
    while (*hold && (!connection->check || connection->asked))
        pthread_cond_wait(&lab.changed, &lab.lock);
    enum error_code fails = connection->check && stand->check_fails ? stand->check_fails : stand->fails;
    pthread_mutex_unlock(&lab.lock);
    return fails ? error_set(reterr, fails, "the lab says %s", error_code_name(fails)) : 0;
}

static inline void lab_close(struct engine_connection *base)
{
    struct lab_connection *connection = (struct lab_connection *)base;
    pthread_mutex_lock(&lab.lock);
    set_working(connection, false);
    connection->stand->connections--;
    if (connection->deep)
        connection->stand->deep_ended++;
    lab_changed();
    pthread_mutex_unlock(&lab.lock);
    mem_free(connection);
}

static inline int lab_open(const struct engine_target *target, enum engine_purpose purpose, struct deadline deadline,
                           struct engine_connection **ret_connection, struct server_facts *ret_facts,
                           struct error *reterr);

static inline int lab_probe(struct engine_connection *base, struct deadline deadline, struct engine_probe *ret_probe,
                            struct error *reterr)
{
    (void)deadline;
    struct lab_connection *connection = (struct lab_connection *)base;
    if (answer(connection, reterr) < 0)
        return -1;
    pthread_mutex_lock(&lab.lock);
    snprintf(ret_probe->token, sizeof ret_probe->token, "%u", connection->stand->tables);
    connection->stand->journal_ended++;
    set_working(connection, false);
    lab_changed();
    pthread_mutex_unlock(&lab.lock);
    return 0;
}

static inline int lab_read_schema(struct engine_connection *base, const struct engine_scope *scope,
                                  struct deadline deadline, struct schema_builder *builder, struct error *reterr)
{
    (void)scope;
    (void)deadline;
    struct lab_connection *connection = (struct lab_connection *)base;
    pthread_mutex_lock(&lab.lock);
    unsigned tables = connection->stand->tables;
    pthread_mutex_unlock(&lab.lock);
    if (answer(connection, reterr) < 0)
        return -1;
    for (unsigned i = 0; i < tables; i++) {
        char name[16] = "";
        snprintf(name, sizeof name, "t%u", i);
        const struct schema_relation relation = {.schema = schema_builder_text(builder, "public"),
                                                 .name = schema_builder_text(builder, name),
                                                 .kind = RELATION_TABLE};
        schema_builder_relation(builder, &relation);
    }
    schema_builder_server(builder, "postgres", "1.0");
    return 0;
}

static inline int lab_begin(struct engine_connection *base, struct deadline deadline, struct error *reterr)
{
    (void)deadline;
    struct lab_connection *connection = (struct lab_connection *)base;
    pthread_mutex_lock(&lab.lock);
    connection->stand->journal_begun++;
    lab_changed();
    pthread_mutex_unlock(&lab.lock);
    return answer(connection, reterr);
}

static inline int lab_end(struct engine_connection *base, struct deadline deadline, struct error *reterr)
{
    (void)base;
    (void)deadline;
    (void)reterr;
    return 0;
}

static inline int lab_find(struct engine_connection *base, const struct engine_scope *scope, const char *const *names,
                           size_t count, struct deadline deadline, const struct sighting_sink *sink,
                           struct error *reterr)
{
    (void)scope;
    (void)names;
    (void)count;
    (void)deadline;
    (void)sink;
    return answer((struct lab_connection *)base, reterr);
}

static inline int lab_read_table(struct engine_connection *base, const struct table_request *request,
                                 struct deadline deadline, const struct row_sink *sink, bool *ret_more,
                                 struct error *reterr)
{
    (void)base;
    (void)request;
    (void)deadline;
    (void)sink;
    (void)ret_more;
    return error_set(reterr, ERROR_NOT_FOUND, "the lab has no journals");
}

static inline int lab_read_lock(struct engine_connection *base, const struct lock_request *request,
                                struct deadline deadline, struct lock_report *ret_report, struct error *reterr)
{
    (void)base;
    (void)request;
    (void)deadline;
    (void)reterr;
    *ret_report = (struct lock_report){.since_ms = TIME_UNKNOWN};
    return 0;
}

static inline int lab_query(struct engine_connection *base, const struct query_request *request,
                            struct deadline deadline, const struct query_sink *sink, bool *ret_more,
                            struct error *reterr)
{
    (void)request;
    (void)deadline;
    struct lab_connection *connection = (struct lab_connection *)base;
    pthread_mutex_lock(&lab.lock);
    connection->stand->check_begun++;
    bool dead = connection->asked && connection->stand->dies;
    connection->asked = true;
    lab_changed();
    pthread_mutex_unlock(&lab.lock);
    if (dead)
        return error_set(reterr, ERROR_UNREACHABLE, "the lab has closed the connection");
    if (answer(connection, reterr) < 0)
        return -1;
    pthread_mutex_lock(&lab.lock);
    connection->stand->check_ended++;
    const char *cell = connection->stand->answer ? connection->stand->answer : "1";
    set_working(connection, false);
    lab_changed();
    pthread_mutex_unlock(&lab.lock);
    const size_t length = strlen(cell);
    *ret_more = false;
    if (sink->columns && sink->columns(sink->payload, &(struct query_column){.name = "n"}, 1, reterr) < 0)
        return -1;
    return sink->row(sink->payload, &cell, &length, 1, reterr);
}

static const char *const lab_schemes[] = {"lab", NULL};

static const struct engine_ops lab_engine = {
    .name = "lab",
    .schemes = lab_schemes,
    .open = lab_open,
    .close = lab_close,
    .probe = lab_probe,
    .read_schema = lab_read_schema,
    .begin_look = lab_begin,
    .end_look = lab_end,
    .find_tables = lab_find,
    .read_table = lab_read_table,
    .read_lock = lab_read_lock,
    .query = lab_query,
};

static inline int lab_open(const struct engine_target *target, enum engine_purpose purpose, struct deadline deadline,
                           struct engine_connection **ret_connection, struct server_facts *ret_facts,
                           struct error *reterr)
{
    (void)deadline;
    struct lab_connection *connection = mem_calloc(1, sizeof *connection);
    if (!connection)
        return error_no_memory(reterr);
    pthread_mutex_lock(&lab.lock);
    *connection = (struct lab_connection){.base.ops = &lab_engine,
                                          .stand = stand_of(target->database),
                                          .deep = purpose == PURPOSE_DEEP,
                                          .check = purpose == PURPOSE_CHECK,
                                          .heavy = purpose != PURPOSE_JOURNAL};
    snprintf(connection->stand->server, sizeof connection->stand->server, "%s", target->server);
    connection->stand->connections++;
    connection->stand->deep_begun += connection->deep;
    connection->stand->check_connections += connection->check;
    pthread_mutex_unlock(&lab.lock);
    *ret_facts = (struct server_facts){.engine = "postgres", .version = "1.0", .absence_proven = true};
    if (answer(connection, reterr) < 0) {
        lab_close(&connection->base);
        return -1;
    }
    *ret_connection = &connection->base;
    return 0;
}

/* What a test runs, and takes down. */
struct fixture {
    struct publication *publication;
    struct events *events; /* NULL */
    struct scheduler *scheduler;
};

static inline void published(void *payload)
{
    (void)payload;
    pthread_mutex_lock(&lab.lock);
    lab_changed();
    pthread_mutex_unlock(&lab.lock);
}

/* Waits until `holds`, which is asked again whenever something changed. It runs without the lab's lock. */
static inline void await(bool (*holds)(struct fixture *fixture, const void *what), struct fixture *fixture,
                         const void *what)
{
    struct timespec until = {0};
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_MS / 1000;
    for (;;) {
        pthread_mutex_lock(&lab.lock);
        uint64_t turn = lab.turn;
        pthread_mutex_unlock(&lab.lock);
        if (holds(fixture, what))
            return;
        pthread_mutex_lock(&lab.lock);
        int waited = 0;
        while (lab.turn == turn && waited == 0)
            waited = pthread_cond_timedwait(&lab.changed, &lab.lock, &until);
        pthread_mutex_unlock(&lab.lock);
        if (waited != 0)
            fail_msg("a condition did not come true");
    }
}

#define AWAIT(holds, what) await(holds, &fixture, what)

static inline struct config *make_config(const char *text)
{
    struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (config_parse(text, strlen(text), "lab.yaml", &config, &error) < 0)
        fail_msg("%s", error.message);
    for (size_t i = 0; i < config->database_count; i++)
        config->databases[i].target->ops = &lab_engine;
    return config;
}

static inline void reset_lab(void)
{
    pthread_mutex_lock(&lab.lock);
    memset(lab.stands, 0, sizeof lab.stands);
    memset(lab.servers, 0, sizeof lab.servers);
    lab.count = 0;
    lab.heavy = lab.most_heavy = 0;
    pthread_mutex_unlock(&lab.lock);
}

static inline void begin(struct fixture *fixture, const char *text)
{
    cleanup(config) struct config *config = make_config(text);
    struct error error = {.code = ERROR_OK};
    fixture->publication = publication_new();
    assert_non_null(fixture->publication);
    publication_listen(fixture->publication, published, NULL);
    assert_int_equal(scheduler_start(fixture->publication, fixture->events, config, &fixture->scheduler, &error), 0);
}

static inline void end(struct fixture *fixture)
{
    assert_true(scheduler_stop(fixture->scheduler, deadline_in(PATIENCE_MS)));
    publication_free(fixture->publication);
    for (size_t i = 0; i < lab.count; i++)
        assert_int_equal(lab.stands[i].connections, 0);
}

static inline void reload(struct fixture *fixture, const char *text)
{
    cleanup(config) struct config *config = make_config(text);
    struct error error = {.code = ERROR_OK};
    assert_int_equal(scheduler_reload(fixture->scheduler, config, &error), 0);
}

#define WITH_STAND(name, statement)                                                                                    \
    do {                                                                                                               \
        pthread_mutex_lock(&lab.lock);                                                                                 \
        struct stand *stand = stand_of(name);                                                                          \
        statement;                                                                                                     \
        lab_changed();                                                                                                 \
        pthread_mutex_unlock(&lab.lock);                                                                               \
    } while (0)

static inline unsigned count_of(const char *name, unsigned *(*field)(struct stand *stand))
{
    pthread_mutex_lock(&lab.lock);
    unsigned count = *field(stand_of(name));
    pthread_mutex_unlock(&lab.lock);
    return count;
}

static inline unsigned *deep_begun(struct stand *stand)
{
    return &stand->deep_begun;
}

static inline unsigned *deep_ended(struct stand *stand)
{
    return &stand->deep_ended;
}

static inline unsigned *check_begun(struct stand *stand)
{
    return &stand->check_begun;
}

static inline unsigned *check_ended(struct stand *stand)
{
    return &stand->check_ended;
}

static inline unsigned *journal_begun(struct stand *stand)
{
    return &stand->journal_begun;
}

struct at_least {
    const char *name;
    unsigned *(*field)(struct stand *stand);
    unsigned count;
};

static inline bool is_at_least(struct fixture *fixture, const void *what)
{
    (void)fixture;
    const struct at_least *wanted = what;
    return count_of(wanted->name, wanted->field) >= wanted->count;
}

#define AWAIT_COUNT(name, field, count) AWAIT(is_at_least, (&(struct at_least){name, field, count}))

/* The view of one database, referenced. */
static inline struct view *view_of(struct fixture *fixture, const char *name)
{
    cleanup(view_set) struct view_set *set = publication_acquire(fixture->publication);
    const struct config_database *database = config_find_database(set->config, name);
    return database ? view_ref(set->views[database - set->config->databases]) : NULL;
}

static inline bool is_observed(struct fixture *fixture, const void *name)
{
    cleanup(view) struct view *view = view_of(fixture, name);
    return view && view->status.observed && view->snapshot && view->snapshot->schema;
}

static inline bool has_failed(struct fixture *fixture, const void *name)
{
    cleanup(view) struct view *view = view_of(fixture, name);
    return view && view->status.error.code != ERROR_OK;
}

static inline bool is_good(struct fixture *fixture, const void *name)
{
    cleanup(view) struct view *view = view_of(fixture, name);
    return view && view->status.observed && view->status.error.code == ERROR_OK;
}

static inline bool all_observed(struct fixture *fixture, const void *what)
{
    (void)what;
    cleanup(view_set) struct view_set *set = publication_acquire(fixture->publication);
    for (size_t i = 0; i < set->count; i++) {
        if (!is_observed(fixture, set->config->databases[i].name))
            return false;
    }
    return true;
}

static inline size_t tables_of(struct fixture *fixture, const char *name)
{
    cleanup(view) struct view *view = view_of(fixture, name);
    return view && view->snapshot && view->snapshot->schema ? schema_table_count(view->snapshot->schema) : 0;
}

struct tables {
    const char *name;
    size_t count;
};

static inline bool has_tables(struct fixture *fixture, const void *what)
{
    const struct tables *wanted = what;
    return tables_of(fixture, wanted->name) == wanted->count;
}

/* Databases d0 … on servers s0 …, looked at rarely unless somebody wants it. */
static inline void write_config(struct strbuf *text, unsigned databases, unsigned servers, unsigned workers,
                                const char *defaults)
{
    strbuf_printf(text, "workers: %u\ndefaults: {%s}\ndatabases:\n", workers, defaults);
    for (unsigned i = 0; i < databases; i++)
        strbuf_printf(text, "  d%u: {url: 'postgresql://s%u/d%u'}\n", i, i % servers, i);
    assert_true(strbuf_ok(text));
}

struct ticket {
    const char *name;
    uint64_t ticket;
};

static inline bool is_refreshed(struct fixture *fixture, const void *what)
{
    const struct ticket *wanted = what;
    return scheduler_refreshed(fixture->scheduler, wanted->name, wanted->ticket);
}

static inline void start_without_memory(const char *text)
{
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        oom_disarm(&loop);
        cleanup(config) struct config *config = make_config(text);
        struct publication *publication = publication_new();
        struct scheduler *scheduler = NULL;
        struct error error = {.code = ERROR_OK};
        oom_arm(&loop);
        OOM_CHECK(loop, scheduler_start(publication, NULL, config, &scheduler, &error) == 0);
        assert_true(scheduler_stop(scheduler, deadline_in(PATIENCE_MS)));
        publication_free(publication);
    }
}

static inline int set_up(void **state)
{
    (void)state;
    reset_lab();
    log_init(LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
    return 0;
}

#endif
