/* SPDX-License-Identifier: Apache-2.0
 *
 * A temporary folder with one SQLite database in it, the application that writes it (SQLite with its own VFS), and the
 * engine that observes it.
 */
#ifndef MIGRATIOND_TESTS_UNIT_ENGINE_SQLITE_FIXTURE_H
#define MIGRATIOND_TESTS_UNIT_ENGINE_SQLITE_FIXTURE_H

#include "support/oom.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/sqlite/sqlite_engine.h"

struct fixture {
    char folder[64];
    char path[96];
};

static inline int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    if (!fixture)
        return -1;
    strcpy(fixture->folder, "/tmp/migrationd-sqlite-XXXXXX");
    if (!mkdtemp(fixture->folder))
        return -1;
    snprintf(fixture->path, sizeof(fixture->path), "%s/app.db", fixture->folder);
    *state = fixture;
    return 0;
}

/* What stands in the folder, sorted: "app.db app.db-wal". The caller frees. */
static inline char *fixture_list(const struct fixture *fixture)
{
    struct dirent **entries = NULL;
    int count = scandir(fixture->folder, &entries, NULL, alphasort);
    char *list = calloc(1, 4096);
    assert_true(count >= 0 && list);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            strcat(list, list[0] ? " " : "");
            strcat(list, entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    return list;
}

static inline void assert_files(const struct fixture *fixture, const char *expected)
{
    char *list = fixture_list(fixture);
    assert_string_equal(list, expected);
    free(list);
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    mem_fault_off();
    chmod(fixture->folder, 0700);
    char *list = fixture_list(fixture);
    for (char *name = strtok(list, " "); name; name = strtok(NULL, " ")) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
        if (unlink(path) < 0)
            rmdir(path);
    }
    free(list);
    int result = rmdir(fixture->folder);
    free(fixture);
    return result;
}

static inline void app_run(sqlite3 *app, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(app, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

/* The application opens its database. */
static inline sqlite3 *app_open(const struct fixture *fixture)
{
    sqlite3 *app = NULL;
    assert_int_equal(sqlite3_open(fixture->path, &app), SQLITE_OK);
    sqlite3_busy_timeout(app, 5000);
    return app;
}

/* It opens, runs a script and closes. */
static inline void app_script(const struct fixture *fixture, const char *sql)
{
    sqlite3 *app = app_open(fixture);
    app_run(app, sql);
    assert_int_equal(sqlite3_close(app), SQLITE_OK);
}

static inline int observe_path(const char *path, struct engine_connection **ret_connection, struct error *reterr)
{
    char name[256];
    snprintf(name, sizeof(name), "%s", path);
    struct engine_target target = {.ops = &sqlite_ops, .database = name};
    struct server_facts facts = {0};
    return sqlite_ops.open(&target, PURPOSE_JOURNAL, deadline_in(10000), ret_connection, &facts, reterr);
}

static inline struct engine_connection *observe(const struct fixture *fixture)
{
    struct engine_connection *connection = NULL;
    struct error error = {0};
    if (observe_path(fixture->path, &connection, &error) < 0)
        fail_msg("%s", error.message);
    return connection;
}

static inline int read_schema(struct engine_connection *connection, struct schema **ret_schema, struct error *reterr)
{
    const struct engine_scope scope = {0};
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    if (!builder)
        return error_no_memory(reterr);
    if (sqlite_ops.read_schema(connection, &scope, deadline_in(10000), builder, reterr) < 0)
        return -1;
    return schema_builder_seal(builder, ret_schema, reterr);
}

/* The number of tables and views that a deep look finds; fails the test where it fails. */
static inline size_t relations_seen(struct engine_connection *connection)
{
    struct error error = {0};
    cleanup(schema) struct schema *schema = NULL;
    if (read_schema(connection, &schema, &error) < 0)
        fail_msg("%s", error.message);
    return schema->relation_count;
}

/* Rows as text: cells joined by "|", NULL as "NULL", each row ended by ";". */
struct transcript {
    char text[8192];
    size_t rows;
};

static inline int transcribe(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                             struct error *reterr)
{
    struct transcript *transcript = payload;
    (void)reterr;
    transcript->rows++;
    for (size_t i = 0; i < count; i++) {
        assert_true(!cells[i] || cells[i][lengths[i]] == '\0');
        size_t used = strlen(transcript->text);
        snprintf(transcript->text + used, sizeof(transcript->text) - used, "%s%s", cells[i] ? cells[i] : "NULL",
                 i + 1 < count ? "|" : ";");
    }
    return 0;
}

/* One look at one table. */
static inline int look(struct engine_connection *connection, const struct table_request *request,
                       struct transcript *transcript, bool *ret_more, struct error *reterr)
{
    const struct row_sink sink = {.row = transcribe, .payload = transcript};
    struct error ignored = {0};
    *ret_more = false;
    int result = sqlite_ops.begin_look(connection, deadline_in(10000), reterr);
    if (result == 0)
        result = sqlite_ops.read_table(connection, request, deadline_in(10000), &sink, ret_more, reterr);
    int ended = sqlite_ops.end_look(connection, deadline_in(10000), result < 0 ? &ignored : reterr);
    return result < 0 ? result : ended;
}

/* All rows of column `x` of table `t`, in its order. */
static inline int look_at_t(struct engine_connection *connection, struct transcript *transcript, struct error *reterr)
{
    static const struct cell_request cells[] = {{.column = "x", .form = CELL_TEXT}};
    static const struct table_request request = {
        .schema = "", .table = "t", .cells = cells, .cell_count = 1, .order_by = "x", .row_limit = 1000};
    bool more = false;
    *transcript = (struct transcript){0};
    return look(connection, &request, transcript, &more, reterr);
}

static inline void assert_t(struct engine_connection *connection, const char *expected)
{
    struct error error = {0};
    struct transcript transcript = {0};
    if (look_at_t(connection, &transcript, &error) < 0)
        fail_msg("%s: %s", error_code_name(error.code), error.message);
    assert_string_equal(transcript.text, expected);
}

static inline void assert_look_fails(struct engine_connection *connection, enum error_code code, const char *words)
{
    struct error error = {0};
    struct transcript transcript = {0};
    assert_int_equal(look_at_t(connection, &transcript, &error), -1);
    if (error.code != code || !strstr(error.message, words))
        fail_msg("%s: %s", error_code_name(error.code), error.message);
}

static inline void copy_file(const char *from, const char *to)
{
    char buffer[65536];
    int source = open(from, O_RDONLY | O_CLOEXEC);
    int target = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t got = 0;
    assert_true(source >= 0 && target >= 0);
    while ((got = read(source, buffer, sizeof(buffer))) > 0)
        assert_int_equal(write(target, buffer, (size_t)got), got);
    close(source);
    close(target);
}

#endif
