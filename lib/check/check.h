/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks: what must be true of a database, beyond its migrations, before an application may start. A check is of one
 * kind; a kind is one row of the list in check_kinds.c and one function in a file of its own, which asks the database
 * by SELECTs alone (engine_ops.query), or looks at files. A check is configuration: immutable, borrowed by everything
 * here. One thread at a time runs the checks of one database.
 */
#ifndef MIGRATIOND_CHECK_CHECK_H
#define MIGRATIOND_CHECK_CHECK_H

#include "check/expect.h"
#include "engine/engine.h"
#include "model/check.h"
#include "model/dialect.h"

struct check_kind;

/* An enum type, or on MySQL and MariaDB a column "table.column", and the labels that the code knows. */
struct check_enum {
    const char *type; /* "order_status", "shop.order_status" */
    const char *const *labels;
    size_t label_count;
};

/* An extension and the versions of it that will do. */
struct check_extension {
    const char *name;
    const char *wanted; /* as written: ">=1.6", "1.6", "*" */
};

/* What is asked of a backup; a file or a catalogue. */
struct check_backup_rule {
    const char *file; /* a path whose last part may be a shell pattern; absolute; NULL: `sql` of the check */
    int64_t max_age_ms;
    int64_t min_size; /* bytes */
};

/* A check as configured. Which of the members behind `sensitive` are read is the kind's business. */
struct check {
    const char *name; /* of the key: "no_orphans"; "backup" of a database's key `backup` */
    const struct check_kind *kind;
    int64_t every_ms;
    int64_t timeout_ms; /* for one run, connecting included */
    enum check_severity severity;
    bool sensitive; /* nothing that the database answered is shown: no value, no row, no words of the server */

    const char *sql; /* sql; backup where there is no file */
    struct expect expect;
    const char *const *keys; /* sql: which columns are shown of offending rows; none: those of primary keys */
    size_t key_count;
    const char *const *tables; /* not_empty: "countries", "shop.countries" */
    size_t table_count;
    int64_t orphans_ms; /* foreign_keys: time for looking for orphans where constraints are validated; 0: none */
    const struct check_enum *enums;
    size_t enum_count;
    unsigned below_permille; /* sequences: of what they can count to */
    int64_t lag_below_ms;    /* replicas */
    const struct check_extension *extensions;
    size_t extension_count;
    struct check_backup_rule backup;
};

/* What a kind keeps of one check from run to run: how far a file was read through. Its first member. */
struct check_memory {
    void (*free)(struct check_memory *memory);
};

/* A replica of the database, for those who ask how far it is behind. */
struct check_peer {
    const char *name; /* "orders@db2.internal:5433" */
    /* Connects (PURPOSE_CHECK); the caller closes. As engine_ops.open. */
    int (*connect)(const void *payload, struct deadline deadline, struct engine_connection **ret_connection,
                   struct error *reterr);
    const void *payload;
};

/* What a check is run against. */
struct check_world {
    struct engine_connection *connection; /* PURPOSE_CHECK; NULL for kinds that need none */
    const struct server_facts *server;    /* of that connection; NULL without */
    const struct engine_scope *scope;     /* the schemas that are the user's */
    const struct check_peer *peers;
    size_t peer_count;
    struct deadline deadline;
    int64_t now_ms; /* unix time */
};

/* One run under way; what a kind's function works with. Texts go into `result->arena`. */
struct check_run {
    const struct check *check;
    const struct check_world *world;
    const struct dialect *dialect; /* of the server; NULL without a connection */
    struct check_memory **memory;
    struct check_result *result; /* being filled in: state, value, reason, next, … */
};

struct check_kind {
    const char *name; /* as in the configuration: "sql", "not_empty" */
    const char *doc;  /* one sentence for people */
    int64_t every_ms; /* presets of the configuration */
    int64_t timeout_ms;
    enum check_severity severity;
    bool heals;   /* time mends it: a gate is closed by it, not blocked */
    bool lasting; /* it is not about what migrations change: none overtakes it, and none under way makes it unknown */
    bool (*needs_connection)(const struct check *check);

    /* What the check expects, as check_describe tells it. Failure (memory) is `out`'s. */
    void (*describe)(const struct check *check, struct strbuf *out);

    /* Decides: fills in the result, whose state is then passed or failed, or unknown with `error` and `reason` set; 0.
     * A failure (-1) is what it could not ask: unknown, with that error's code and message. */
    int (*run)(struct check_run *run, struct error *reterr);
};

/* NULL-terminated. */
extern const struct check_kind *const check_kinds[];

/* By name, or NULL. */
const struct check_kind *check_kind_find(const char *name);

static inline bool check_needs_connection(const struct check *check)
{
    return check->kind->needs_connection(check);
}

/* What the check expects, in a few words for people: "= 0", "no rows", "countries, currencies hold rows". */
void check_describe(const struct check *check, struct strbuf *out);

/* Runs the check once, within `world->deadline`. `*memory` is the check's own, NULL before the first run, and belongs
 * to the caller (check_memory_free). Every trouble is a result, unknown, that says what it was; fails only for want of
 * memory. After a result that is `lost` the connection may only be closed. */
int check_run(const struct check *check, const struct check_world *world, struct check_memory **memory,
              struct check_result **ret_result, struct error *reterr);

/* What is told of a check that could not even be asked, such as for want of a connection; NULL when memory is out. */
struct check_result *check_unasked(const struct check *check, const struct error *error)
    __attribute__((warn_unused_result));

void check_memory_free(struct check_memory *memory);

/* For the kinds' functions; texts are formatted into the result's arena, and want of memory is an error. */
int check_pass(struct check_run *run, struct error *reterr, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int check_refuse(struct check_run *run, const char *next, struct error *reterr, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int check_cannot_tell(struct check_run *run, enum error_code code, const char *next, struct error *reterr,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));

/* What was found, in a few words: result->value. */
int check_set_value(struct check_run *run, struct error *reterr, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A cell of an answer as people are shown it: bytes that are not UTF-8, or cannot be printed, are written \x0a. */
void check_print_cell(const char *bytes, size_t length, struct strbuf *out);

/* The same in the result's arena; longer than CHECK_VALUE_BYTES it is cut and says so. At most CHECK_CELL_BYTES + 4.
 * NULL for want of memory. */
const char *check_show_cell(struct check_run *run, const char *bytes, size_t length)
    __attribute__((warn_unused_result));

/* Collects names of what fails, sorted as they come, counting those beyond CHECK_ITEMS_SHOWN. Zero to begin with. */
struct check_items {
    const char *items[CHECK_ITEMS_SHOWN];
    size_t count;
    size_t total;
};

/* Control characters and what is not UTF-8 are replaced; cut at CHECK_ITEM_BYTES. */
enum { CHECK_ITEM_BYTES = 640 };
int check_add_item(struct check_run *run, struct check_items *items, struct error *reterr, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts them into the result. */
int check_set_items(struct check_run *run, const struct check_items *items, struct error *reterr);

/* The query of somebody else, on the run's connection. As engine_ops.query. */
int check_query(struct check_run *run, const struct query_request *request, const struct query_sink *sink,
                bool *ret_more, struct error *reterr);

/* A SELECT of our own, without text of the user's but quoted names. Rows as in row_sink; cells are cut at
 * CHECK_CELL_BYTES. */
enum { CHECK_CELL_BYTES = 4096 };
int check_ask(struct check_run *run, const char *sql, size_t row_limit, const struct row_sink *sink, bool *ret_more,
              struct error *reterr);

DEFINE_CLEANUP(check_memory, struct check_memory *, check_memory_free);

#endif
