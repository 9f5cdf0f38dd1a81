/* SPDX-License-Identifier: Apache-2.0
 *
 * The scheduler, its workers and what they publish, over an engine without servers that counts what works at the same
 * time and can hold looks until the test lets them go.
 */
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
    enum error_code fails;
    unsigned deep_begun;
    unsigned deep_ended;
    unsigned journal_begun;
    unsigned journal_ended;
    unsigned connections;
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
        unsigned deep;
        unsigned most_working;
        unsigned most_deep;
    } servers[SERVERS];
    unsigned deep;
    unsigned most_deep;
} lab = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

struct lab_connection {
    struct engine_connection base; /* first */
    struct stand *stand;
    bool deep;
    bool working;
};

static void lab_changed(void)
{
    lab.turn++;
    pthread_cond_broadcast(&lab.changed);
}

/* Called with the lock held. */
static struct stand *stand_of(const char *name)
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

static size_t server_of(const struct stand *stand)
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
static void set_working(struct lab_connection *connection, bool working)
{
    if (connection->working == working)
        return;
    connection->working = working;
    size_t server = server_of(connection->stand);
    unsigned step = working ? 1u : -1u;
    lab.servers[server].working += step;
    lab.servers[server].deep += connection->deep ? step : 0;
    lab.deep += connection->deep ? step : 0;
    if (lab.servers[server].working > lab.servers[server].most_working)
        lab.servers[server].most_working = lab.servers[server].working;
    if (lab.servers[server].deep > lab.servers[server].most_deep)
        lab.servers[server].most_deep = lab.servers[server].deep;
    if (lab.deep > lab.most_deep)
        lab.most_deep = lab.deep;
    lab_changed();
}

static int answer(struct lab_connection *connection, struct error *reterr)
{
    pthread_mutex_lock(&lab.lock);
    set_working(connection, true);
    struct stand *stand = connection->stand;
    while (connection->deep ? stand->hold_deep : stand->hold_journal)
        pthread_cond_wait(&lab.changed, &lab.lock);
    enum error_code fails = stand->fails;
    pthread_mutex_unlock(&lab.lock);
    return fails ? error_set(reterr, fails, "the lab says %s", error_code_name(fails)) : 0;
}

static void lab_close(struct engine_connection *base)
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

static int lab_open(const struct engine_target *target, enum engine_purpose purpose, struct deadline deadline,
                    struct engine_connection **ret_connection, struct server_facts *ret_facts, struct error *reterr);

static int lab_probe(struct engine_connection *base, struct deadline deadline, struct engine_probe *ret_probe,
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

static int lab_read_schema(struct engine_connection *base, const struct engine_scope *scope, struct deadline deadline,
                           struct schema_builder *builder, struct error *reterr)
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

static int lab_begin(struct engine_connection *base, struct deadline deadline, struct error *reterr)
{
    (void)deadline;
    struct lab_connection *connection = (struct lab_connection *)base;
    pthread_mutex_lock(&lab.lock);
    connection->stand->journal_begun++;
    lab_changed();
    pthread_mutex_unlock(&lab.lock);
    return answer(connection, reterr);
}

static int lab_end(struct engine_connection *base, struct deadline deadline, struct error *reterr)
{
    (void)base;
    (void)deadline;
    (void)reterr;
    return 0;
}

static int lab_find(struct engine_connection *base, const struct engine_scope *scope, const char *const *names,
                    size_t count, struct deadline deadline, const struct sighting_sink *sink, struct error *reterr)
{
    (void)scope;
    (void)names;
    (void)count;
    (void)deadline;
    (void)sink;
    return answer((struct lab_connection *)base, reterr);
}

static int lab_read_table(struct engine_connection *base, const struct table_request *request, struct deadline deadline,
                          const struct row_sink *sink, bool *ret_more, struct error *reterr)
{
    (void)base;
    (void)request;
    (void)deadline;
    (void)sink;
    (void)ret_more;
    return error_set(reterr, ERROR_NOT_FOUND, "the lab has no journals");
}

static int lab_read_lock(struct engine_connection *base, const struct lock_request *request, struct deadline deadline,
                         struct lock_report *ret_report, struct error *reterr)
{
    (void)base;
    (void)request;
    (void)deadline;
    (void)reterr;
    *ret_report = (struct lock_report){.since_ms = TIME_UNKNOWN};
    return 0;
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
};

static int lab_open(const struct engine_target *target, enum engine_purpose purpose, struct deadline deadline,
                    struct engine_connection **ret_connection, struct server_facts *ret_facts, struct error *reterr)
{
    (void)deadline;
    struct lab_connection *connection = mem_calloc(1, sizeof *connection);
    if (!connection)
        return error_no_memory(reterr);
    pthread_mutex_lock(&lab.lock);
    *connection = (struct lab_connection){
        .base.ops = &lab_engine, .stand = stand_of(target->database), .deep = purpose == PURPOSE_DEEP};
    snprintf(connection->stand->server, sizeof connection->stand->server, "%s", target->server);
    connection->stand->connections++;
    connection->stand->deep_begun += connection->deep;
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
    struct scheduler *scheduler;
};

static void published(void *payload)
{
    (void)payload;
    pthread_mutex_lock(&lab.lock);
    lab_changed();
    pthread_mutex_unlock(&lab.lock);
}

/* Waits until `holds`, which is asked again whenever something changed. It runs without the lab's lock. */
static void await(bool (*holds)(struct fixture *fixture, const void *what), struct fixture *fixture, const void *what)
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

static struct config *make_config(const char *text)
{
    struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (config_parse(text, strlen(text), "lab.yaml", &config, &error) < 0)
        fail_msg("%s", error.message);
    for (size_t i = 0; i < config->database_count; i++)
        config->databases[i].target->ops = &lab_engine;
    return config;
}

static void reset_lab(void)
{
    pthread_mutex_lock(&lab.lock);
    memset(lab.stands, 0, sizeof lab.stands);
    memset(lab.servers, 0, sizeof lab.servers);
    lab.count = 0;
    lab.deep = lab.most_deep = 0;
    pthread_mutex_unlock(&lab.lock);
}

static void begin(struct fixture *fixture, const char *text)
{
    cleanup(config) struct config *config = make_config(text);
    struct error error = {.code = ERROR_OK};
    fixture->publication = publication_new();
    assert_non_null(fixture->publication);
    publication_listen(fixture->publication, published, NULL);
    assert_int_equal(scheduler_start(fixture->publication, NULL, config, &fixture->scheduler, &error), 0);
}

static void end(struct fixture *fixture)
{
    assert_true(scheduler_stop(fixture->scheduler, deadline_in(PATIENCE_MS)));
    publication_free(fixture->publication);
    for (size_t i = 0; i < lab.count; i++)
        assert_int_equal(lab.stands[i].connections, 0);
}

static void reload(struct fixture *fixture, const char *text)
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

static unsigned count_of(const char *name, unsigned *(*field)(struct stand *stand))
{
    pthread_mutex_lock(&lab.lock);
    unsigned count = *field(stand_of(name));
    pthread_mutex_unlock(&lab.lock);
    return count;
}

static unsigned *deep_begun(struct stand *stand)
{
    return &stand->deep_begun;
}

static unsigned *deep_ended(struct stand *stand)
{
    return &stand->deep_ended;
}

static unsigned *journal_begun(struct stand *stand)
{
    return &stand->journal_begun;
}

struct at_least {
    const char *name;
    unsigned *(*field)(struct stand *stand);
    unsigned count;
};

static bool is_at_least(struct fixture *fixture, const void *what)
{
    (void)fixture;
    const struct at_least *wanted = what;
    return count_of(wanted->name, wanted->field) >= wanted->count;
}

#define AWAIT_COUNT(name, field, count) AWAIT(is_at_least, (&(struct at_least){name, field, count}))

/* The view of one database, referenced. */
static struct view *view_of(struct fixture *fixture, const char *name)
{
    cleanup(view_set) struct view_set *set = publication_acquire(fixture->publication);
    const struct config_database *database = config_find_database(set->config, name);
    return database ? view_ref(set->views[database - set->config->databases]) : NULL;
}

static bool is_observed(struct fixture *fixture, const void *name)
{
    cleanup(view) struct view *view = view_of(fixture, name);
    return view && view->status.observed && view->snapshot && view->snapshot->schema;
}

static bool has_failed(struct fixture *fixture, const void *name)
{
    cleanup(view) struct view *view = view_of(fixture, name);
    return view && view->status.error.code != ERROR_OK;
}

static bool is_good(struct fixture *fixture, const void *name)
{
    cleanup(view) struct view *view = view_of(fixture, name);
    return view && view->status.observed && view->status.error.code == ERROR_OK;
}

static bool all_observed(struct fixture *fixture, const void *what)
{
    (void)what;
    cleanup(view_set) struct view_set *set = publication_acquire(fixture->publication);
    for (size_t i = 0; i < set->count; i++) {
        if (!is_observed(fixture, set->config->databases[i].name))
            return false;
    }
    return true;
}

static size_t tables_of(struct fixture *fixture, const char *name)
{
    cleanup(view) struct view *view = view_of(fixture, name);
    return view && view->snapshot && view->snapshot->schema ? schema_table_count(view->snapshot->schema) : 0;
}

struct tables {
    const char *name;
    size_t count;
};

static bool has_tables(struct fixture *fixture, const void *what)
{
    const struct tables *wanted = what;
    return tables_of(fixture, wanted->name) == wanted->count;
}

/* Databases d0 … on servers s0 …, looked at rarely unless somebody wants it. */
static void write_config(struct strbuf *text, unsigned databases, unsigned servers, unsigned workers,
                         const char *defaults)
{
    strbuf_printf(text, "workers: %u\ndefaults: {%s}\ndatabases:\n", workers, defaults);
    for (unsigned i = 0; i < databases; i++)
        strbuf_printf(text, "  d%u: {url: 'postgresql://s%u/d%u'}\n", i, i % servers, i);
    assert_true(strbuf_ok(text));
}

static const char rarely[] = "interval: 1d, journal_interval: 1h, query_timeout: 10m";
static const char two[] = "workers: 4\n"
                          "defaults: {interval: 1d, journal_interval: 1h, query_timeout: 10m}\n"
                          "databases:\n  a: {url: 'postgresql://s/a'}\n  b: {url: 'postgresql://s/b'}\n";

static int set_up(void **state)
{
    (void)state;
    reset_lab();
    log_init(LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
    return 0;
}

static void test_everything_is_looked_at(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    write_config(&text, 40, 2, 16, rarely);
    begin(&fixture, strbuf_text(&text));
    AWAIT(all_observed, NULL);
    end(&fixture);
    for (size_t i = 0; i < 2; i++) {
        assert_in_range(lab.servers[i].most_working, 1, 2);
        assert_int_equal(lab.servers[i].most_deep, 1);
    }
}

static void test_one_deep_look_per_server(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    WITH_STAND("a", stand->hold_deep = true);
    WITH_STAND("b", stand->hold_deep = true);
    begin(&fixture, two);
    AWAIT_COUNT("a", deep_begun, 0);
    pthread_mutex_lock(&lab.lock);
    while (lab.deep == 0)
        pthread_cond_wait(&lab.changed, &lab.lock);
    assert_int_equal(stand_of("a")->deep_begun + stand_of("b")->deep_begun, 1);
    pthread_mutex_unlock(&lab.lock);
    WITH_STAND("a", stand->hold_deep = false);
    WITH_STAND("b", stand->hold_deep = false);
    AWAIT(all_observed, NULL);
    end(&fixture);
    assert_int_equal(lab.most_deep, 1);
}

/* A deep look that takes for ever leaves room for journals, on its server and with few workers. */
static void test_journals_are_not_starved(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    int64_t wait_ms = 0;
    WITH_STAND("a", stand->hold_deep = true);
    unsigned before = count_of("a", deep_begun);
    assert_int_not_equal(scheduler_refresh(fixture.scheduler, "a", &wait_ms), 0);
    AWAIT_COUNT("a", deep_begun, before + 1);
    scheduler_demand(fixture.scheduler, "b", 1);
    AWAIT_COUNT("b", journal_begun, count_of("b", journal_begun) + 5);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT_COUNT("a", journal_begun, count_of("a", journal_begun) + 5);
    WITH_STAND("a", stand->hold_deep = false);
    end(&fixture);
}

static bool half_are_deep(struct fixture *fixture, const void *what)
{
    (void)fixture;
    pthread_mutex_lock(&lab.lock);
    bool half = lab.deep == *(const unsigned *)what;
    pthread_mutex_unlock(&lab.lock);
    return half;
}

/* Servers that hang in deep looks take half of the workers and no more. */
static void test_deep_looks_leave_workers(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    write_config(&text, 6, 6, 4, rarely);
    begin(&fixture, strbuf_text(&text));
    AWAIT(all_observed, NULL);
    char name[8] = "";
    int64_t wait_ms = 0;
    for (unsigned i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "d%u", i);
        WITH_STAND(name, stand->hold_deep = true);
        assert_int_not_equal(scheduler_refresh(fixture.scheduler, name, &wait_ms), 0);
    }
    AWAIT(half_are_deep, &(unsigned){2});
    scheduler_demand(fixture.scheduler, "d5", 1);
    AWAIT_COUNT("d5", journal_begun, count_of("d5", journal_begun) + 3);
    assert_true(half_are_deep(&fixture, &(unsigned){2}));
    for (unsigned i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "d%u", i);
        WITH_STAND(name, stand->hold_deep = false);
    }
    end(&fixture);
    assert_int_equal(lab.most_deep, 2);
}

static void test_demand(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    unsigned other = count_of("b", journal_begun);
    scheduler_demand(fixture.scheduler, "a", 1);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT_COUNT("a", journal_begun, count_of("a", journal_begun) + 10);
    scheduler_demand(fixture.scheduler, "a", -1);
    AWAIT_COUNT("a", journal_begun, count_of("a", journal_begun) + 5);
    scheduler_demand(fixture.scheduler, "a", -1);
    scheduler_demand(fixture.scheduler, "a", -1); /* one too many does no harm */
    scheduler_demand(fixture.scheduler, "nobody", 1);
    assert_int_equal(count_of("b", journal_begun), other);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT_COUNT("a", journal_begun, count_of("a", journal_begun) + 3);
    end(&fixture);
}

struct ticket {
    const char *name;
    uint64_t ticket;
};

static bool is_refreshed(struct fixture *fixture, const void *what)
{
    const struct ticket *wanted = what;
    return scheduler_refreshed(fixture->scheduler, wanted->name, wanted->ticket);
}

static void test_refresh(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    int64_t wait_ms = -1;
    assert_int_equal(scheduler_refresh(fixture.scheduler, "nobody", &wait_ms), 0);
    assert_int_equal(wait_ms, 0);
    WITH_STAND("a", stand->tables = 7; stand->hold_deep = true);
    unsigned deep = count_of("a", deep_ended);
    uint64_t ticket = scheduler_refresh(fixture.scheduler, "a", &wait_ms);
    assert_int_not_equal(ticket, 0);
    assert_int_equal(scheduler_refresh(fixture.scheduler, "a", &wait_ms), ticket);
    assert_false(scheduler_refreshed(fixture.scheduler, "a", ticket));
    WITH_STAND("a", stand->hold_deep = false);
    AWAIT(is_refreshed, (&(struct ticket){"a", ticket}));
    assert_int_equal(tables_of(&fixture, "a"), 7);
    assert_true(count_of("a", deep_ended) > deep);
    assert_int_equal(count_of("b", deep_ended), 1);
    /* Either the second has passed or the wait is said; both within the same rule. */
    uint64_t next = scheduler_refresh(fixture.scheduler, "a", &wait_ms);
    assert_true(next == 0 ? wait_ms > 0 && wait_ms <= 1000 : wait_ms == 0);
    end(&fixture);
}

/* A refresh that comes while a deep look runs is answered by the next one, which began after it. */
static void test_refresh_during_a_deep_look(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    WITH_STAND("a", stand->hold_deep = true);
    begin(&fixture, two);
    AWAIT_COUNT("a", deep_begun, 1);
    int64_t wait_ms = 0;
    uint64_t ticket = scheduler_refresh(fixture.scheduler, "a", &wait_ms);
    WITH_STAND("a", stand->tables = 5; stand->hold_deep = false);
    AWAIT(is_refreshed, (&(struct ticket){"a", ticket}));
    assert_int_equal(tables_of(&fixture, "a"), 5);
    assert_true(count_of("a", deep_ended) >= 2);
    end(&fixture);
}

static void test_failure_keeps_the_snapshot(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    cleanup(view) struct view *before = view_of(&fixture, "a");
    WITH_STAND("a", stand->fails = ERROR_UNREACHABLE);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT(has_failed, "a");
    cleanup(view) struct view *during = view_of(&fixture, "a");
    assert_ptr_equal(during->snapshot, before->snapshot);
    assert_true(during->status.observed);
    assert_int_equal(during->status.error.code, ERROR_UNREACHABLE);
    assert_true(during->status.good_at_ms >= before->status.good_at_ms);
    assert_true(is_good(&fixture, "b"));
    WITH_STAND("a", stand->fails = ERROR_OK);
    AWAIT(is_good, "a");
    end(&fixture);
}

/* The schema of a deep look that ended while a journal look ran is not replaced by the older one that this began with.
 */
static void test_deep_look_ends_during_a_journal_look(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    WITH_STAND("a", stand->hold_journal = true);
    unsigned journals = count_of("a", journal_begun);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT_COUNT("a", journal_begun, journals + 1);
    WITH_STAND("a", stand->tables = 9);
    int64_t wait_ms = 0;
    uint64_t ticket = scheduler_refresh(fixture.scheduler, "a", &wait_ms);
    AWAIT(has_tables, (&(struct tables){"a", 9}));
    WITH_STAND("a", stand->hold_journal = false);
    AWAIT_COUNT("a", journal_begun, journals + 3);
    assert_int_equal(tables_of(&fixture, "a"), 9);
    AWAIT(is_refreshed, (&(struct ticket){"a", ticket}));
    assert_int_equal(tables_of(&fixture, "a"), 9);
    end(&fixture);
}

static void test_probe_makes_a_deep_look(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    WITH_STAND("a", stand->tables = 3);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT(has_tables, (&(struct tables){"a", 3}));
    end(&fixture);
}

static const char changed[] = "workers: 4\n"
                              "defaults: {interval: 1d, journal_interval: 1h, query_timeout: 10m}\n"
                              "databases:\n  a: {url: 'postgresql://s/a'}\n"
                              "  b: {url: 'postgresql://s/b', schemas: [x]}\n  c: {url: 'postgresql://t/c'}\n";
static const char only_b[] = "workers: 4\n"
                             "defaults: {interval: 1d, journal_interval: 1h, query_timeout: 10m}\n"
                             "databases:\n  b: {url: 'postgresql://s/b'}\n";

static void test_reload_carries_over(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    cleanup(view) struct view *before = view_of(&fixture, "a");
    reload(&fixture, changed);
    cleanup(view) struct view *after = view_of(&fixture, "a");
    assert_ptr_equal(after->snapshot, before->snapshot);
    assert_ptr_not_equal(after->config, before->config);
    assert_true(after->generation > before->generation);
    AWAIT(all_observed, NULL);
    assert_int_equal(count_of("a", deep_begun), 1);
    assert_int_equal(count_of("b", deep_begun), 2);
    assert_int_equal(count_of("c", deep_begun), 1);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT_COUNT("a", journal_begun, count_of("a", journal_begun) + 3);
    end(&fixture);
}

/* Who waits on a database waits on, and a refresh ends, although the database is new under other settings. */
static void test_reload_inherits_demand_and_refresh(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    int64_t wait_ms = 0;
    WITH_STAND("b", stand->hold_deep = true);
    scheduler_demand(fixture.scheduler, "b", 1);
    unsigned before = count_of("b", deep_begun);
    uint64_t ticket = scheduler_refresh(fixture.scheduler, "b", &wait_ms);
    AWAIT_COUNT("b", deep_begun, before + 1);
    reload(&fixture, changed);
    assert_false(scheduler_refreshed(fixture.scheduler, "b", ticket));
    WITH_STAND("b", stand->hold_deep = false);
    AWAIT(is_refreshed, (&(struct ticket){"b", ticket}));
    AWAIT_COUNT("b", journal_begun, count_of("b", journal_begun) + 3);
    end(&fixture);
}

static void test_reload_during_looks(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    WITH_STAND("a", stand->hold_deep = true);
    begin(&fixture, two);
    AWAIT_COUNT("a", deep_begun, 1); /* b waits for the server's one deep look */
    reload(&fixture, only_b);
    cleanup(view_set) struct view_set *set = publication_acquire(fixture.publication);
    assert_int_equal(set->count, 1);
    WITH_STAND("a", stand->hold_deep = false);
    AWAIT(is_observed, "b");
    assert_int_equal(count_of("a", journal_begun), 0);
    reload(&fixture, two);
    AWAIT(all_observed, NULL);
    end(&fixture);
}

static void test_reload_without_memory(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        oom_disarm(&loop);
        cleanup(config) struct config *config = make_config(changed);
        cleanup(view_set) struct view_set *before = publication_acquire(fixture.publication);
        struct error error = {.code = ERROR_OK};
        oom_arm(&loop);
        int result = scheduler_reload(fixture.scheduler, config, &error);
        OOM_CHECK(loop, result == 0);
        cleanup(view_set) struct view_set *after = publication_acquire(fixture.publication);
        if (result < 0) {
            assert_int_equal(error.code, ERROR_NO_MEMORY);
            assert_ptr_equal(after->config, before->config);
        } else {
            assert_ptr_equal(after->config, config);
        }
    }
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT(all_observed, NULL);
    AWAIT_COUNT("a", journal_begun, count_of("a", journal_begun) + 2);
    end(&fixture);
}

static void test_start_without_memory(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        oom_disarm(&loop);
        cleanup(config) struct config *config = make_config(two);
        struct publication *publication = publication_new();
        struct scheduler *scheduler = NULL;
        struct error error = {.code = ERROR_OK};
        oom_arm(&loop);
        OOM_CHECK(loop, scheduler_start(publication, NULL, config, &scheduler, &error) == 0);
        assert_true(scheduler_stop(scheduler, deadline_in(PATIENCE_MS)));
        publication_free(publication);
    }
}

static void test_stop_with_a_hung_look(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    WITH_STAND("a", stand->hold_deep = true);
    begin(&fixture, two);
    AWAIT_COUNT("a", deep_begun, 1);
    assert_true(scheduler_is_alive(fixture.scheduler));
    assert_false(scheduler_stop(fixture.scheduler, deadline_in(20)));
    WITH_STAND("a", stand->hold_deep = false);
    end(&fixture);
}

enum { CROWD = 32, READERS = 3, READINGS = 300, RELOADS = 20 };

static void *read_views(void *payload)
{
    struct fixture *fixture = payload;
    for (int i = 0; i < READINGS; i++) {
        cleanup(view_set) struct view_set *set = publication_acquire(fixture->publication);
        for (size_t j = 0; j < set->count; j++) {
            cleanup(arena) struct arena *arena = arena_new(SIZE_MAX);
            struct database_report report = {0};
            if (!arena || view_judge(set->views[j], NULL, monotonic_ms(), 0, arena, &report, NULL) < 0)
                return payload;
        }
        char name[8] = "";
        int64_t wait_ms = 0;
        snprintf(name, sizeof name, "d%d", i % CROWD);
        scheduler_demand(fixture->scheduler, name, i % 2 ? -1 : 1);
        scheduler_refresh(fixture->scheduler, name, &wait_ms);
        scheduler_is_alive(fixture->scheduler);
    }
    return NULL;
}

static void test_crowd(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    cleanup(strbuf) struct strbuf other = STRBUF(LIMIT_CONFIG_BYTES);
    write_config(&text, CROWD, 4, 16, "interval: 1s, journal_interval: 100ms");
    write_config(&other, CROWD / 2, 4, 16, "interval: 1s, journal_interval: 100ms, max_staleness: 1m");
    begin(&fixture, strbuf_text(&text));
    pthread_t readers[READERS] = {0};
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_views, &fixture), 0);
    for (int i = 0; i < RELOADS; i++) {
        reload(&fixture, strbuf_text(i % 2 ? &text : &other));
        AWAIT(is_observed, "d0");
    }
    for (int i = 0; i < READERS; i++) {
        void *result = &fixture;
        pthread_join(readers[i], &result);
        assert_null(result);
    }
    AWAIT(all_observed, NULL);
    end(&fixture);
    for (size_t i = 0; i < 4; i++) {
        assert_in_range(lab.servers[i].most_working, 1, 2);
        assert_int_equal(lab.servers[i].most_deep, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_everything_is_looked_at, set_up),
        cmocka_unit_test_setup(test_one_deep_look_per_server, set_up),
        cmocka_unit_test_setup(test_journals_are_not_starved, set_up),
        cmocka_unit_test_setup(test_deep_looks_leave_workers, set_up),
        cmocka_unit_test_setup(test_demand, set_up),
        cmocka_unit_test_setup(test_refresh, set_up),
        cmocka_unit_test_setup(test_refresh_during_a_deep_look, set_up),
        cmocka_unit_test_setup(test_failure_keeps_the_snapshot, set_up),
        cmocka_unit_test_setup(test_deep_look_ends_during_a_journal_look, set_up),
        cmocka_unit_test_setup(test_probe_makes_a_deep_look, set_up),
        cmocka_unit_test_setup(test_reload_carries_over, set_up),
        cmocka_unit_test_setup(test_reload_inherits_demand_and_refresh, set_up),
        cmocka_unit_test_setup(test_reload_during_looks, set_up),
        cmocka_unit_test_setup(test_reload_without_memory, set_up),
        cmocka_unit_test_setup(test_start_without_memory, set_up),
        cmocka_unit_test_setup(test_stop_with_a_hung_look, set_up),
        cmocka_unit_test_setup(test_crowd, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
