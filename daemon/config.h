/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon's configuration: immutable once loaded, reference-counted, readable by any thread. Every key stands in one
 * row of config_keys.h: type, unit, default, reload class, documentation. Passwords are not in here: they are read when
 * a connection is opened (database_password), so that a rotated secret needs no reload.
 */
#ifndef MIGRATIOND_DAEMON_CONFIG_H
#define MIGRATIOND_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "check/check.h"
#include "drift/drift.h"
#include "engine/engine.h"
#include "gate/gate.h"
#include "journal/generic.h"
#include "journal/journal_look.h"
#include "reference/reference.h"

/* What a database's schema is held against, and what of the differences matters. */
struct config_drift {
    const char *reference_key;     /* "baseline", "database", "drizzle", "rails", "sql"; NULL: no reference */
    const char *reference_value;   /* as compared: an absolute path, or a database's name */
    enum reference_kind kind;      /* unless reference_key is "database" */
    size_t database;               /* index into config.databases where it is */
    struct engine_target *scratch; /* with its password; owned by the config; NULL */
    const char *scratch_url;       /* redacted, for --print-config */
    struct drift_policy policy;
    enum drift_severity fail_on; /* SEVERITIES: none */
};

/* Of one database, named by hand; tenants are named by a pattern. */
enum { CONFIG_JOURNALS_MAXIMUM = 256 };

/* What a release expects of one journal; nothing where there is neither. */
struct config_expect {
    const char *revision;           /* literal; NULL */
    const char *const *directories; /* absolute after loading; several are one tool's migrations */
    size_t directory_count;
    const char *manifest; /* absolute after loading; NULL */
    const char *database; /* another database, whose journal tells; NULL */
    size_t database_at;   /* its index in config.databases */
    enum match match;
};

/* Of one database: a check is a question that somebody thought of. */
enum { CONFIG_CHECKS_MAXIMUM = 256 };

/* Of one database: more of them stand behind a proxy of their own. */
enum { CONFIG_REPLICAS_MAXIMUM = 32 };

/* A journal that is looked for, and what it is to hold. */
struct config_journal {
    const struct tool *tool;         /* named; NULL: recognised */
    const char *table;               /* "table" or "schema.table", where the schema may be a shell pattern; NULL */
    struct generic_settings generic; /* of tool: generic, whose `tool` is made of them */
    struct config_expect expect;
};

struct config_database {
    const char *name;
    struct engine_target *target; /* without password; owned by the config */
    const char *url;              /* redacted, for --print-config */
    char *url_password;           /* password given in the URL; NULL; warned about */
    const char *password_file;    /* absolute after loading; NULL */
    const char *password_env;     /* name of the variable; NULL */
    const char *const *schemas;   /* patterns; empty: all that are the user's */
    size_t schema_count;

    /* A replica is a database of its own, "orders@db2.internal:5433", with the settings of the one that it copies, but
     * for drift; it is no gate. */
    const struct config_database *replica_of; /* in config.databases; NULL */
    const char *const *replicas;              /* URLs, redacted, for --print-config */
    size_t replica_count;

    bool journal_none;
    struct config_journal journal;       /* of `journal` and `expect`, where `journals` is not given */
    const struct config_journal *listed; /* of `journals`, each with its tool; NULL */
    size_t listed_count;
    bool checksums_enforced;
    struct config_drift drift;
    const struct check *checks; /* in the order of the file; `backup` of the database last. A replica has none */
    const char *const *check_addresses; /* of each: "orders:check:no_orphans", "orders:backup" */
    size_t check_count;

    struct digest settings; /* over all that is configured here but the times below */

    int64_t interval_ms;
    int64_t journal_interval_ms;
    bool journal_interval_given; /* false: 2 s, or 15 s where the server has more than 20 databases */
    int64_t connect_timeout_ms;
    int64_t query_timeout_ms;
    int64_t max_staleness_ms;
    int64_t dirty_grace_ms;
    int64_t lock_orphan_after_ms;
    int64_t blocked_grace_ms;
};

/* A database that a gate requires, or some of its journals. */
struct config_requirement {
    const char *name;    /* as written: "orders", "orders#tenant_42" */
    const char *journal; /* what stands behind '#' (journal_address_fits); NULL: all */
    size_t database;     /* index into config.databases */
    bool implied; /* a replica of the last one before that is not implied: what is asked of that is asked of it */
};

/* A check that a gate requires, "orders:check:no_orphans" or "orders:backup". */
struct config_required_check {
    const char *address; /* of check_addresses */
    size_t database;     /* index into config.databases */
    size_t check;        /* index into its checks */
};

/* Requires a database, or a check, at least. */
struct config_gate {
    const char *name;
    const struct config_requirement *requirements; /* in the order of `requires`, each before its replicas */
    size_t requirement_count;
    size_t required_count;                      /* of them those that are not implied */
    const struct config_required_check *checks; /* in the order of `requires` */
    size_t check_count;
    struct gate_policy policy;
    int64_t blocked_grace_ms; /* greatest of its databases' */
};

/* Where what happened is kept, and what is promised of it. */
struct config_history {
    bool none;
    const char *path;             /* of a SQLite file, absolute after loading; NULL: `target`, or the usual place */
    struct engine_target *target; /* PostgreSQL, without password; owned by the config; NULL */
    const char *url;              /* redacted, for --print-config */
    char *url_password;           /* password given in the URL; NULL */
    const char *password_file;    /* absolute after loading; NULL */
    const char *password_env;     /* name of the variable; NULL */
    int64_t keep_ms;
    unsigned rows;
    bool best_effort; /* an admission may be answered that could not be kept */
};

/* Which kinds of route a listener that is not loopback answers without a token. */
enum { ACCESS_HEALTH = 1 << 0, ACCESS_GATE = 1 << 1, ACCESS_READ = 1 << 2, ACCESS_ADMIN = 1 << 3, ACCESS_ALL = 15 };

/* What a token is good for; access.h has the table. */
enum access_scope { SCOPE_READ, SCOPE_GATE, SCOPE_ADMIN, ACCESS_SCOPES };

enum { CONFIG_TOKENS_MAXIMUM = 64 };

struct config_token {
    const char *file; /* absolute after loading */
    enum access_scope scope;
    const char *place; /* "migrationd.yaml:3:12", for messages about the file */
};

struct config_tls {
    const char *certificate; /* files, absolute after loading; NULL: no TLS */
    const char *key;
    const char *client_ca; /* NULL: clients show no certificate */
    bool plain_probes;
    const char *place;
};

struct config_listener {
    const char *text; /* as written */
    const char *path; /* unix socket; NULL: TCP */
    const char *host; /* numeric address, brackets removed */
    uint16_t port;    /* 0: any free one, logged at start */
    bool loopback;    /* or a unix socket */
};

struct config {
    unsigned references; /* atomic */
    struct arena *arena;
    const char *path; /* of the file; NULL for text in memory */
    struct config_listener listen;
    struct config_listener probe_listen;
    unsigned http_threads;
    unsigned max_waiters;
    unsigned workers;
    unsigned allow_anonymous; /* ACCESS_ bits */
    const struct config_token *tokens;
    size_t token_count;
    struct config_tls tls;
    struct config_history history;
    const struct config_database *databases; /* sorted by name */
    size_t database_count;
    const struct config_gate *gates; /* configured gates and one per database but replicas, sorted by name */
    size_t gate_count;
};

/* Reads, validates and resolves. Errors: ERROR_INVALID with "file:line:column: what is wrong (did you mean …?)",
 * ERROR_IO, ERROR_NO_MEMORY. Offline: connects to nothing, reads no directory. */
int config_load(const char *path, struct config **ret_config, struct error *reterr);
int config_parse(const char *text, size_t length, const char *name, struct config **ret_config, struct error *reterr);

struct config *config_ref(struct config *config);
void config_unref(struct config *config);

/* By exact name; NULL when there is none. */
const struct config_database *config_find_database(const struct config *config, const char *name);
const struct config_gate *config_find_gate(const struct config *config, const char *name);

/* The gate of that name, or, for "DATABASE#JOURNAL", one that requires just that, made in `made`, which must outlive
 * it, as must `name`; NULL when there is no such gate or database. Whether there is such a journal is a question of the
 * moment: see struct view_question. */
struct config_made_gate {
    struct config_gate gate;
    struct config_requirement requirements[1 + CONFIG_REPLICAS_MAXIMUM];
};
const struct config_gate *config_choose_gate(const struct config *config, const char *name,
                                             struct config_made_gate *made);

/* Requires a database and its replicas: fills in 1 + replica_count elements and returns their number. */
size_t config_require(const struct config *config, const struct config_database *database, const char *name,
                      const char *journal, struct config_requirement *ret_requirements);

/* The journals that are looked for: at least one. */
static inline size_t config_journal_count(const struct config_database *database)
{
    return database->listed_count > 0 ? database->listed_count : 1;
}

static inline const struct config_journal *config_journal_at(const struct config_database *database, size_t index)
{
    return database->listed_count > 0 ? &database->listed[index] : &database->journal;
}

/* Of a database, by exact name; NULL when there is none. */
const struct check *config_find_check(const struct config_database *database, const char *name);

/* Which of them is meant by a journal that was found: the first that fits; SIZE_MAX: none. */
size_t config_journal_of(const struct config_database *database, const struct journal_address *address);

/* What a journal look is told of them; none where they are recognised. */
size_t config_journal_names(const struct config_database *database,
                            struct journal_name ret_names[static CONFIG_JOURNALS_MAXIMUM]);

/* The password as it stands now (file, variable or URL; one trailing newline taken off), to be wiped and freed with
 * password_free; NULL with no error when none is configured. */
int database_password(const struct config_database *database, char **ret_password, struct error *reterr);
void password_free(char *password);

/* The same for the history's. */
int history_password(const struct config_history *history, char **ret_password, struct error *reterr);

/* Whether two configurations keep the history in different places. */
bool config_history_moved(const struct config_history *a, const struct config_history *b);

/* The effective configuration as YAML, secrets redacted; and the reference: every key with its documentation, which is
 * config/migrationd.yaml. */
int config_print(const struct config *config, struct strbuf *out);
int config_print_reference(struct strbuf *out);

/* Settings whose change needs a restart, as a sentence, or NULL when `next` may be swapped in for `current` whole. The
 * text lives in `next`. */
const char *config_restart_needed(const struct config *current, const struct config *next);

/* Whether two databases' settings are equal but for the times of `defaults`, so that a reload keeps what is known. */
bool config_database_equal(const struct config_database *a, const struct config_database *b);

DEFINE_CLEANUP(config, struct config *, config_unref);

#endif
