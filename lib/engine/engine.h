/* SPDX-License-Identifier: Apache-2.0
 *
 * What an engine can do for an observer: connect, tell cheaply whether the schema may have changed, read the schema,
 * read a journal. There is no slot that executes anything: code has no way to ask for a write, and every session is
 * opened read-only besides. A connection belongs to one thread at a time. Every call works under the caller's deadline
 * and returns within 0.5 s of it even if the server has stopped answering; after ERROR_TIMEOUT or ERROR_UNREACHABLE the
 * connection may only be closed (engine_close never blocks).
 *
 * Errors: ERROR_UNREACHABLE, ERROR_TIMEOUT, ERROR_AUTH_FAILED, ERROR_FORBIDDEN, ERROR_LOCKED (somebody's DDL or the
 * tool holds what was to be read), ERROR_NOT_FOUND (database or table), ERROR_CHANGED (read again), ERROR_INVALID,
 * ERROR_NO_MEMORY. Messages name host, database and object, never a password.
 */
#ifndef MIGRATIOND_ENGINE_ENGINE_H
#define MIGRATIOND_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/error.h"
#include "model/journal.h"
#include "model/schema_builder.h"
#include "model/snapshot.h"

struct engine_ops;

/* The beginning of every engine's own connection struct; callers use `connection->ops->probe(connection, …)`. */
struct engine_connection {
    const struct engine_ops *ops;
};

/* A database's address, parsed from its URL. Owned by whoever parsed it; the password is wiped when freed. */
struct engine_target {
    const struct engine_ops *ops;
    char *url;     /* as given, without the password */
    char *display; /* "postgres db1.internal:5432/orders": for people */
    char *server;  /* "postgres:db1.internal:5432": equal for databases that share a server and its connection budget */
    char *user;    /* NULL: the library's default */
    char *password; /* NULL: none, or the library's own sources (passfile) */
    char *host;     /* NULL or starting with '/': unix socket; several separated by ',' (libpq) */
    char *port;     /* NULL: the engine's default */
    char *database; /* SQLite: path of the file */
    struct engine_parameter {
        char *name;
        char *value;
    } * parameters; /* query part of the URL, percent-decoded */
    size_t parameter_count;
};

/* Parses and percent-decodes. Schemes: postgres, postgresql, mysql, mariadb, sqlite. SQLite: `sqlite:///x` is /x, or x
 * relative to the working directory when only that exists (SQLAlchemy's habit); `sqlite:////x` is /x. Fails with
 * ERROR_INVALID (message without the URL's secrets) or ERROR_NO_MEMORY. */
int engine_target_parse(const char *url, struct engine_target **ret_target, struct error *reterr);

/* What the URL says the engine is: "postgres", "mysql", "mariadb" or "sqlite". What the server says holds once it has
 * been asked. */
const char *engine_target_engine(const struct engine_target *target);

/* A copy with that password (NULL: none) in place of its own. */
int engine_target_copy(const struct engine_target *target, const char *password, struct engine_target **ret_target,
                       struct error *reterr);
void engine_target_free(struct engine_target *target);

/* The URL with user's password and secret parameters replaced by ***; fit for logs. Caller frees (mem_free). */
char *engine_url_redact(const char *url);

/* A token that changes when the schema may have changed. Equal tokens prove nothing for longer than `interval`. */
struct engine_probe {
    char token[160];
};

/* Schemas to read: shell patterns; none: all that are the user's. */
struct engine_scope {
    const char *const *schemas;
    size_t schema_count;
    const char *own_schema; /* PostgreSQL: only this one is read, as if it had no name: tenants compare equal. NULL */
    const char *const *own_schemas; /* PostgreSQL: likewise these, each under its name: see engine_read_each */
    size_t own_schema_count;
};

/* A schema that is the user's. */
struct schema_sighting {
    const char *name;
    size_t relations; /* in it: what reading it costs */
};

struct schema_sink {
    int (*schema)(void *payload, const struct schema_sighting *sighting, struct error *reterr);
    void *payload;
};

/* How a cell of a journal is turned into text by the server. NULL stays NULL. */
enum cell_form {
    CELL_TEXT,    /* as the engine prints it; booleans "1" or "0" */
    CELL_BOOLEAN, /* "1", "0" */
    CELL_TIME_MS, /* unix time in milliseconds, from a timestamp */
    CELL_HEX,     /* bytes as lower-case hexadecimal */
};

struct cell_request {
    const char *column;
    enum cell_form form;
};

/* One table of a journal. Identifiers are quoted by the engine; names of unknown columns are ERROR_NOT_FOUND. */
struct table_request {
    const char *schema; /* "" where there are none */
    const char *table;
    const struct cell_request *cells;
    size_t cell_count;
    const char *order_by; /* a column, or NULL */
    size_t row_limit;     /* one more row than this is asked for; it sets *ret_more */
};

/* Called per row; `cells[i]` is NULL for SQL NULL, else `lengths[i]` bytes with a NUL behind them, cut at
 * LIMIT_JOURNAL_CELL. A return other than 0 ends the reading with that error (already set by the callback in `reterr`).
 */
struct row_sink {
    int (*row)(void *payload, const char *const *cells, const size_t *lengths, size_t count, struct error *reterr);
    void *payload;
};

/* Where one of several tables of one form stands. */
struct table_place {
    const char *schema;
    const char *table;
};

/* As row_sink; `table` is the number of the row's table. Rows of several tables may come in turn. */
struct tables_sink {
    int (*row)(void *payload, size_t table, const char *const *cells, const size_t *lengths, size_t count,
               struct error *reterr);
    void *payload;
};

/* How a tool shows that it runs. */
enum lock_form {
    LOCK_NONE,
    LOCK_ADVISORY, /* PostgreSQL advisory lock: class and object halves, as in pg_locks with objsubid 1 */
    LOCK_RELATION, /* PostgreSQL: another session wrote to the table in a transaction that is not over */
    LOCK_NAMED,    /* MySQL GET_LOCK */
};

struct lock_request {
    enum lock_form form;
    uint32_t advisory_class;
    uint32_t advisory_object;
    const char *name;   /* LOCK_NAMED */
    const char *schema; /* LOCK_RELATION */
    const char *table;
    bool weak; /* LOCK_RELATION: so does a SHARE UPDATE EXCLUSIVE lock, which maintenance takes, too */
};

/* A table found by name. */
struct table_sighting {
    const char *schema;
    const char *table;
    bool readable; /* false: it exists, and the role may not read it; `grant` tells what would help */
    const char *grant;
};

struct sighting_sink {
    int (*sighting)(void *payload, const struct table_sighting *sighting, struct error *reterr);
    void *payload;
};

/* A question in the engine's own SQL, written by somebody else: one SELECT. */
struct query_request {
    const char *sql;
    size_t row_limit;  /* one more row than this is asked for; it sets *ret_more, and the rest is never sent */
    size_t cell_bytes; /* what cells are cut at, at most LIMIT_ANSWER_CELL */
    bool own;          /* every word is ours but quoted names: it is sent as it is, and means the same everywhere */
};

/* A column of the answer. */
struct query_column {
    const char *name;
    bool is_key;     /* it is a column of a table's primary key, as it stands there */
    bool is_boolean; /* its cells are "true" and "false" */
};

/* `columns` is called once, before any row (NULL: nobody wants to know); `row` as in row_sink, but that cells are UTF-8
 * without NUL: bytes that are no such text are told in hexadecimal, "0x00ff". */
struct query_sink {
    int (*columns)(void *payload, const struct query_column *columns, size_t count, struct error *reterr);
    int (*row)(void *payload, const char *const *cells, const size_t *lengths, size_t count, struct error *reterr);
    void *payload;
};

/* What a connection is for: a deep look's is short-lived and may be heavier, a journal's may be kept, and one that
 * answers other people's queries is used for nothing else and closed soon, whatever they did to its session. */
enum engine_purpose { PURPOSE_JOURNAL, PURPOSE_DEEP, PURPOSE_CHECK };

struct engine_ops {
    const char *name;           /* "postgres" */
    const char *const *schemes; /* URL schemes, NULL-terminated */
    const char *default_port;   /* NULL: none */

    /* Must. Connects and fills `*ret_facts`. */
    int (*open)(const struct engine_target *target, enum engine_purpose purpose, struct deadline deadline,
                struct engine_connection **ret_connection, struct server_facts *ret_facts, struct error *reterr);

    /* Must. Never blocks; accepts connections in any condition. */
    void (*close)(struct engine_connection *connection);

    /* Must. One round trip, independent of the schema's size. */
    int (*probe)(struct engine_connection *connection, struct deadline deadline, struct engine_probe *ret_probe,
                 struct error *reterr);

    /* Must. Reads everything in `scope` into `builder`, including server and coverage, on a PURPOSE_DEEP connection. */
    int (*read_schema)(struct engine_connection *connection, const struct engine_scope *scope, struct deadline deadline,
                       struct schema_builder *builder, struct error *reterr);

    /* May (NULL: a database is one schema). The user's schemas, by name. */
    int (*list_schemas)(struct engine_connection *connection, struct deadline deadline, const struct schema_sink *sink,
                        struct error *reterr);

    /* Must. Brackets the calls below into one short read-only transaction (where reading in one does no harm). After a
     * failure inside, end_look is still called and cleans up; then the connection is usable again unless it was lost.
     */
    int (*begin_look)(struct engine_connection *connection, struct deadline deadline, struct error *reterr);
    int (*end_look)(struct engine_connection *connection, struct deadline deadline, struct error *reterr);

    /* Must. Which of the tables named exist, in any schema of `scope`; exact names, case-insensitive where the engine
     * is. */
    int (*find_tables)(struct engine_connection *connection, const struct engine_scope *scope, const char *const *names,
                       size_t count, struct deadline deadline, const struct sighting_sink *sink, struct error *reterr);

    /* Must. Never waits longer than 250 ms for a lock: ERROR_LOCKED. */
    int (*read_table)(struct engine_connection *connection, const struct table_request *request,
                      struct deadline deadline, const struct row_sink *sink, bool *ret_more, struct error *reterr);

    /* May (NULL: one by one). The same for `count` tables with one statement, whose schema and table stand in `places`
     * instead of the request; `ret_more` has an element for each. A table that cannot be read fails them all. */
    int (*read_tables)(struct engine_connection *connection, const struct table_request *request,
                       const struct table_place *places, size_t count, struct deadline deadline,
                       const struct tables_sink *sink, bool *ret_more, struct error *reterr);

    /* Must. Fills `ret_report` (held false when nobody holds it, and for forms that the engine does not know). */
    int (*read_lock)(struct engine_connection *connection, const struct lock_request *request, struct deadline deadline,
                     struct lock_report *ret_report, struct error *reterr);

    /* May (NULL: one by one). The same for `count` locks with one statement. */
    int (*read_locks)(struct engine_connection *connection, const struct lock_request *requests, size_t count,
                      struct deadline deadline, struct lock_report *ret_reports, struct error *reterr);

    /* Must. Answers one question in a read-only transaction of its own, which is rolled back, on a PURPOSE_CHECK
     * connection. Times are told in UTC. The server ends it at the deadline by itself, and it never waits longer than
     * 250 ms for a lock where the engine can say so. What is not one query is refused before it is sent
     * (dialect/sql_query.h), and what would write by the session: ERROR_INVALID, with the server's words.
     * ERROR_TRUNCATED: a row is larger than LIMIT_ANSWER_ROW, or the server or the question reached another bound.
     * After that, and after an answer of which more was to come, the connection may be used up: the next question is
     * ERROR_UNREACHABLE then. */
    int (*query)(struct engine_connection *connection, const struct query_request *request, struct deadline deadline,
                 const struct query_sink *sink, bool *ret_more, struct error *reterr);
};

/* NULL-terminated. */
extern const struct engine_ops *const engines[];

/* The engine for a URL scheme, or NULL. */
const struct engine_ops *engine_for_scheme(const char *scheme);

/* The close slot; accepts NULL. */
void engine_close(struct engine_connection *connection);

/* One deep look on a PURPOSE_DEEP connection: read_schema (once more after ERROR_CHANGED), then seal. */
int engine_read(struct engine_connection *connection, const struct engine_scope *scope, struct deadline deadline,
                struct schema **ret_schema, struct error *reterr);

/* Reads several schemas (exact names) in one deep look, each as `own_schema` would: what is much of the time is the
 * same for all. Fills `count` elements of `ret_schemas`, all or none. */
int engine_read_each(struct engine_connection *connection, const char *const *names, size_t count,
                     struct deadline deadline, struct schema **ret_schemas, struct error *reterr);

DEFINE_CLEANUP(engine_target, struct engine_target *, engine_target_free);
DEFINE_CLEANUP(engine_connection, struct engine_connection *, engine_close);

#endif
