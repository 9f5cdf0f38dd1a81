/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config_keys.h"

#include "base/cleanup.h"
#include "daemon/config_reader.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

#define TOP(field) offsetof(struct config, field)
#define DATABASE(field) offsetof(struct config_database, field)
#define JOURNAL(field) offsetof(struct config_journal, field)
#define EXPECT(field) offsetof(struct config_expect, field)

static const struct config_key top_keys[] = {
    {.name = "listen",
     CONFIG_ROW(listen),
     .takes = "address",
     .preset = "127.0.0.1:8484",
     .reload = RELOAD_RESTART,
     .doc = "Where every route is served: ADDRESS:PORT, \"[IPV6]:PORT\" in quotes, or unix:/path. An address that is "
            "not loopback needs tokens or allow_anonymous."},
    {.name = "probe_listen",
     CONFIG_ROW(probe_listen),
     .takes = "address",
     .preset = "127.0.0.1:8485",
     .reload = RELOAD_RESTART,
     .doc = "Where /livez, /readyz, /health[/NAME] and /metrics are served once more: requests that wait at gates can "
            "fill the other listener, and a probe must never queue behind them."},
    {.name = "allow_anonymous",
     CONFIG_ROW(allow_anonymous),
     .takes = "list of health and gate",
     .example = "[health, gate]",
     .doc = "What a TCP listener that is not loopback serves to anybody who reaches it: health, gate, or both. "
            "Schemas, journals and refreshes are never among it."},
    {.name = "tokens",
     CONFIG_ROW(tokens),
     .example = "[{file: deploy.token, scope: gate}]",
     .nested = &config_token_keys,
     .doc = "Bearer tokens that a TCP listener that is not loopback wants to see, at most 64. Loopback and unix "
            "sockets need none, but refuse a wrong one, too. A file holds one token and is read again when it changes. "
            "A scope is gate (gates and admissions), read (databases, journals, schemas, drift, plans, history, "
            "events, and the state of gates) or admin (everything, refreshes and reloads included); health and metrics "
            "go with each."},
    {.name = "tls",
     CONFIG_ROW(tls),
     .example = "{certificate: tls.crt, key: tls.key}",
     .nested = &config_tls_keys,
     .doc = "With a certificate every TCP listener speaks TLS 1.2 or 1.3 and nothing else; unix sockets never do. The "
            "files are read again with every reload. Turning TLS on or off, or `probes`, needs a restart."},
    {.name = "http_threads",
     .type = KEY_COUNT,
     .offset = TOP(http_threads),
     .preset = "2",
     .least = 1,
     .most = 64,
     .reload = RELOAD_RESTART,
     .doc = "Threads that serve `listen`. One answers 100,000 health requests a second; two are plenty."},
    {.name = "max_waiters",
     .type = KEY_COUNT,
     .offset = TOP(max_waiters),
     .preset = "16384",
     .least = 1,
     .most = 1000000,
     .reload = RELOAD_RESTART,
     .doc = "Requests that may wait at gates at the same time. One more is answered 429 with Retry-After."},
    {.name = "workers",
     .type = KEY_COUNT,
     .offset = TOP(workers),
     .preset = "16",
     .least = 1,
     .most = 256,
     .reload = RELOAD_RESTART,
     .doc = "Looks at databases that may be under way at the same time, over all servers. One server never gets more "
            "than two."},
    {.name = "history",
     CONFIG_ROW(history),
     .takes = "mapping, or none",
     .example = "{path: /var/lib/migrationd/history.db}",
     .nested = &config_history_keys,
     .doc = "Where state changes, drift and admissions are kept. The default is history.db in $STATE_DIRECTORY, which "
            "systemd sets, else in /var/lib/migrationd if that folder is there. `history: none` keeps nothing: then "
            "admissions are remembered until the daemon ends. Another place needs a restart."},
    {.name = "defaults",
     CONFIG_ROW(defaults),
     .nested = &config_timing_keys,
     .doc = "What every database begins with. Each of these keys may stand in a database, too, and wins there."},
    {.name = "databases",
     CONFIG_ROW(databases),
     .named = "example",
     .takes = "mapping of names to mappings",
     .required = true,
     .nested = &config_database_keys,
     .doc = "The databases that are watched, by name: at least one. Names stand in URLs and metrics."},
    {.name = "gates",
     CONFIG_ROW(gates),
     .named = "example-api",
     .takes = "mapping of names to mappings",
     .nested = &config_gate_keys,
     .doc = "Named conditions over databases, for applications that need more than one. Every database is also a gate "
            "of its own name, without any mention here."},
};

static const struct config_key timing_keys[] = {
    {.name = "interval",
     .type = KEY_DURATION,
     .offset = DATABASE(interval_ms),
     .preset = "30s",
     .least = SECOND,
     .most = DAY,
     .doc = "The schema is read at least this often, and at once when a probe shows a change."},
    {.name = "journal_interval",
     CONFIG_ROW(journal_interval),
     .takes = "duration",
     .preset = "2s",
     .instead = true,
     .least = 100,
     .most = HOUR,
     .doc = "The journal is read this often, and every 100ms while somebody waits at a gate. The default is 2s, or 15s "
            "on a server with more than 20 databases, where no connection is kept open between looks."},
    {.name = "connect_timeout",
     .type = KEY_DURATION,
     .offset = DATABASE(connect_timeout_ms),
     .preset = "3s",
     .least = 100,
     .most = MINUTE,
     .doc = "Connecting and logging in takes no longer than this, over all hosts of the URL together."},
    {.name = "query_timeout",
     .type = KEY_DURATION,
     .offset = DATABASE(query_timeout_ms),
     .preset = "10s",
     .least = 100,
     .most = 10 * MINUTE,
     .doc = "A look takes no longer than this. What it was about to find is then unknown, and it is tried again."},
    {.name = "max_staleness",
     .type = KEY_DURATION,
     .offset = DATABASE(max_staleness_ms),
     .preset = "2m",
     .least = SECOND,
     .most = DAY,
     .doc = "Without a good look for this long the state is unknown, and gates close."},
    {.name = "dirty_grace",
     .type = KEY_DURATION,
     .offset = DATABASE(dirty_grace_ms),
     .preset = "10m",
     .least = 0,
     .most = DAY,
     .doc = "A migration that was begun and not ended counts as running for this long where the engine cannot show its "
            "runner; after that it has failed."},
    {.name = "lock_orphan_after",
     .type = KEY_DURATION,
     .offset = DATABASE(lock_orphan_after_ms),
     .preset = "1h",
     .least = SECOND,
     .most = 30 * (int64_t)DAY,
     .doc = "A tool's lock that no session stands behind is suspected to be left over after this long."},
    {.name = "blocked_grace",
     .type = KEY_DURATION,
     .offset = DATABASE(blocked_grace_ms),
     .preset = "5s",
     .least = 0,
     .most = HOUR,
     .doc = "A waiting request is answered once its gate has been blocked for this long: only a person can open it."},
};

static const struct config_key database_keys[] = {
    {.name = "url",
     CONFIG_ROW(url),
     .takes = "URL",
     .example = "sqlite:////var/lib/example/app.db",
     .required = true,
     .doc = "postgresql://, mysql://, mariadb:// or sqlite://, such as "
            "postgresql://observer@db1.internal/orders?sslmode=verify-full. The role needs to read, and nothing else."},
    {.name = "password_file",
     .type = KEY_SECRET,
     .offset = DATABASE(password_file),
     .example = "orders.password",
     .doc = "A file that holds the password, read anew for every connection, so that a rotated secret needs no reload. "
            "A relative path starts at $CREDENTIALS_DIRECTORY where systemd sets it, else at this file's folder."},
    {.name = "password_env",
     .type = KEY_TEXT,
     .offset = DATABASE(password_env),
     .example = "ORDERS_PASSWORD",
     .doc = "The environment variable that holds the password, instead of password_file."},
    {.name = "schemas",
     .type = KEY_TEXTS,
     .offset = DATABASE(schemas),
     .count_offset = DATABASE(schema_count),
     .example = "[public]",
     .doc = "Shell patterns of the schemas that are read. The default is all that are not the system's."},
    {.name = "replicas",
     CONFIG_ROW(replicas),
     .takes = "list of URLs",
     .example = "[sqlite:////mnt/replica/app.db]",
     .doc = "Addresses of read replicas that applications read from. Each must show the revision: what requires the "
            "database requires them, too. They are looked at with this database's settings and password, without "
            "drift, and are named DATABASE@HOST[:PORT]."},
    {.name = "journal",
     CONFIG_ROW(journal),
     .takes = "mapping, or none",
     .example = "{tool: alembic, table: public.alembic_version}",
     .nested = &config_journal_keys,
     .doc = "The migration tool's journal. Without this key it is recognised from the schema; `journal: none` says "
            "that there is none and that the gate may open nevertheless."},
    {.name = "journals",
     CONFIG_ROW(journals),
     .example = "[{tool: alembic, table: \"tenant_*.alembic_version\", expect: {directory: /srv/m}}]",
     .instead = true,
     .nested = &config_listed_keys,
     .doc = "Several journals of the database, each with a tool and an expectation of its own, instead of `journal` "
            "and `expect`. Others are not looked at; one that is not there makes the state empty or unversioned."},
    {.name = "expect",
     CONFIG_ROW(expect),
     .example = "{directory: /srv/orders/migrations}",
     .nested = &config_expect_keys,
     .doc = "What the release expects to be applied: `directory`, `directories`, `manifest`, `database` or `revision`. "
            "Callers of the gate may name a revision of their own, which wins."},
    {.name = "checksums",
     CONFIG_ROW(checksums),
     .takes = "enforce or warn",
     .preset = "enforce",
     .doc = "enforce: an applied migration whose file has changed since makes the state diverged. warn: it is only "
            "listed."},
    {.name = "drift",
     CONFIG_ROW(drift),
     .example = "{reference: {baseline: /var/lib/migrationd/orders.json}}",
     .nested = &config_drift_keys,
     .doc = "What the schema is held against, and what of the differences matters. Without a reference drift is "
            "unknown, and no health check speaks of it."},
    {.name = "checks",
     CONFIG_ROW(checks),
     .takes = "mapping of names to mappings",
     .example = "{no_orphans: {sql: \"select …\", expect: \"0\"}}",
     .named = "no_orphans",
     .nested = &config_check_keys,
     .doc =
         "What must be true of the database besides its migrations: named questions, each asked on a schedule of its "
         "own, read-only, and never while a migration runs. Health shows them as DATABASE:check:NAME, and gates "
         "require them by that. A check asks one thing: sql, or one of not_empty, foreign_keys, enum_values, "
         "indexes, sequences, replicas, extensions and backup. One that is named after what it asks may be written "
         "shortly, as in not_empty: [countries]."},
    {.name = "backup",
     CONFIG_ROW(backup),
     .example = "{file: /backups/orders-*.sql.gz}",
     .nested = &config_backup_keys,
     .doc =
         "The check of the database's backup, DATABASE:backup, for gates that guard migrations and for `migrationctl "
         "can-run --before-migration`: the newest backup must be complete, large and young enough."},
};

static const struct config_key drift_keys[] = {
    {.name = "reference",
     CONFIG_ROW(drift_reference),
     .example = "{baseline: /var/lib/migrationd/orders.json}",
     .nested = &config_reference_keys,
     .doc = "The schema that the database should have at the revision that is applied there."},
    {.name = "scratch",
     CONFIG_ROW(scratch),
     .takes = "URL",
     .example = "postgresql://scratch@localhost/postgres",
     .doc = "The server on which SQL of a reference may be loaded, into a database of its own that is dropped "
            "afterwards. SQLite needs none."},
    {.name = "ignore",
     CONFIG_ROW(ignore),
     .takes = "list of texts and mappings",
     .example = "[\"table:tmp_*\", {match: \"index:orders.ix_hot\", owner: dba, until: 2027-01-31}]",
     .nested = &config_ignore_keys,
     .doc = "Differences that are known and left alone: KIND:PATTERN, or KIND:PATTERN#ATTRIBUTE. An entry may carry a "
            "reason, an owner and a last day; after that day it no longer hides anything."},
    {.name = "default_ignores",
     CONFIG_ROW(default_ignores),
     .takes = "apply or none",
     .preset = "apply",
     .doc = "apply: journals of migration tools, ghosts of online schema changes and other tools' schemas are left "
            "out. none: they are compared, too."},
    {.name = "policies",
     CONFIG_ROW(policies),
     .example = "{json_as_jsonb: equal}",
     .nested = &config_policy_keys,
     .doc = "What counts as equal."},
    {.name = "fail_on",
     CONFIG_ROW(fail_on),
     .takes = "none, minor, major or critical",
     .preset = "none",
     .doc = "From which severity on drift makes the database's health fail: minor, major, critical, or none: it only "
            "warns."},
};

static const struct config_key reference_keys[] = {
    {.name = "baseline",
     CONFIG_ROW(reference_file),
     .takes = "file",
     .example = "/var/lib/migrationd/orders.json",
     .doc = "A file that `migrationctl snapshot` wrote."},
    {.name = "database",
     CONFIG_ROW(reference_database),
     .takes = "name of a database",
     .example = "staging",
     .instead = true,
     .doc = "Another database of this configuration, as it was last read."},
    {.name = "drizzle",
     CONFIG_ROW(reference_file),
     .takes = "folder",
     .example = "/srv/orders/drizzle",
     .instead = true,
     .doc = "The folder of a Drizzle project's migrations: its meta/ holds the schema after each of them."},
    {.name = "rails",
     CONFIG_ROW(reference_file),
     .takes = "file",
     .example = "/srv/orders/db/schema.rb",
     .instead = true,
     .doc = "Rails' schema.rb or structure.sql."},
    {.name = "sql",
     CONFIG_ROW(reference_file),
     .takes = "file or folder",
     .example = "/srv/orders/schema.sql",
     .instead = true,
     .doc = "SQL that makes the schema: a file, or a folder of migrations of which those are loaded that are applied."},
};

static const struct config_key ignore_keys[] = {
    {.name = "match",
     CONFIG_ROW(ignore_match),
     .takes = "KIND:PATTERN, or KIND:PATTERN#ATTRIBUTE",
     .example = "\"table:tmp_*\"",
     .required = true,
     .doc = "What is left alone."},
    {.name = "reason",
     .type = KEY_TEXT,
     .offset = offsetof(struct drift_ignore, reason),
     .example = "emergency index",
     .doc = "Why; for people."},
    {.name = "owner",
     .type = KEY_TEXT,
     .offset = offsetof(struct drift_ignore, owner),
     .example = "dba",
     .doc = "Who decided; for people."},
    {.name = "until",
     CONFIG_ROW(ignore_until),
     .takes = "date, YYYY-MM-DD",
     .example = "2027-01-31",
     .doc = "The last day on which it holds, in UTC."},
};

/* The rows of drift_policies.h: name, values and documentation stand there. */
static const struct config_key policy_keys[] = {
#define DRIFT_POLICY_ROW(row, text, usual, other, sentence)                                                            \
    {.name = (text),                                                                                                   \
     CONFIG_ROW(policy),                                                                                               \
     .takes = usual " or " other,                                                                                      \
     .preset = (usual),                                                                                                \
     .doc = sentence " Values: " usual ", " other "."},
#include "drift/drift_policies.h"
#undef DRIFT_POLICY_ROW
};

static const struct config_key journal_keys[] = {
    {.name = "tool",
     CONFIG_ROW(tool),
     .takes = "name of a tool",
     .example = "alembic",
     .doc = "The tool's name, such as alembic, flyway or drizzle. The default is the one whose table is found."},
    {.name = "table",
     .type = KEY_TEXT,
     .offset = JOURNAL(table),
     .example = "public.alembic_version",
     .doc =
         "TABLE or SCHEMA.TABLE, where the schema may be a shell pattern such as tenant_*. The default is the tool's "
         "own name for it, in any schema."},
    {.name = "columns",
     CONFIG_ROW(columns),
     .example = "{revision: version, applied_at: installed_on}",
     .instead = true,
     .nested = &config_columns_keys,
     .doc = "With tool: generic, the columns of a home-made journal."},
    {.name = "order",
     CONFIG_ROW(order),
     .takes = "number, text or time",
     .example = "number",
     .instead = true,
     .doc = "With tool: generic, by what revisions come after each other: number (the first number in them), text "
            "(bytes) or time (that of their application; files by their names). The default is number. Migrations are "
            "files that are named like their revisions, or begin so: 0012_add_users.sql."},
};

#define COLUMN(field) offsetof(struct generic_settings, field)

static const struct config_key columns_keys[] = {
    {.name = "revision",
     .type = KEY_TEXT,
     .offset = COLUMN(revision),
     .example = "version",
     .doc = "Which migration a row is about."},
    {.name = "applied_at",
     .type = KEY_TEXT,
     .offset = COLUMN(applied_at),
     .example = "installed_on",
     .doc = "When it was applied: a column of times."},
    {.name = "state",
     .type = KEY_TEXT,
     .offset = COLUMN(state),
     .example = "success",
     .doc =
         "How it went: a truth value, or words such as applied, failed, running, reverted. Without this column every "
         "row is an applied migration."},
    {.name = "checksum",
     .type = KEY_TEXT,
     .offset = COLUMN(checksum),
     .example = "sum",
     .doc = "The MD5, SHA-1, SHA-256 or SHA-384 of its file."},
};

static const struct config_key listed_keys[] = {
    {.name = "expect",
     CONFIG_ROW(listed_expect),
     .example = "{directory: /srv/orders/migrations}",
     .nested = &config_expect_keys,
     .doc = "What is expected of this journal, or of each of those that the pattern finds."},
};

static const struct config_key expect_keys[] = {
    {.name = "directory",
     CONFIG_ROW(directory),
     .takes = "folder",
     .example = "/srv/orders/migrations",
     .doc = "The folder of the tool's migration files, read again when they change; relative to this file's folder."},
    {.name = "manifest",
     CONFIG_ROW(manifest),
     .takes = "file",
     .example = "/srv/orders/migrations.json",
     .instead = true,
     .doc = "A file that `migrationctl manifest` made of such a folder when the release was built; read again when it "
            "changes; relative to this file's folder."},
    {.name = "directories",
     CONFIG_ROW(directories),
     .takes = "list of folders",
     .example = "[/srv/orders/migrations, /srv/orders/plugins/migrations]",
     .instead = true,
     .doc = "Several such folders with migrations of one tool, which stand in the tool's order as if they were one. "
            "What stands in which, and numbers that are there twice, are reported."},
    {.name = "database",
     .type = KEY_TEXT,
     .offset = EXPECT(database),
     .example = "staging",
     .instead = true,
     .doc = "Another database of this configuration: what the journal of the same tool there lists as applied, as it "
            "was last read. While that is not known, neither is what is expected (EXPECTATION_INVALID)."},
    {.name = "revision",
     .type = KEY_TEXT,
     .offset = EXPECT(revision),
     .example = "ae1027a6acf",
     .instead = true,
     .doc = "A literal revision, in the tool's own terms. Quotes keep 0012 from being 12 in other programs' eyes."},
    {.name = "match",
     CONFIG_ROW(match),
     .takes = "exact, at-least or contains",
     .preset = "exact",
     .doc = "exact: nothing is missing, nothing was applied after it. at-least: it and all before it are applied. "
            "contains: it is applied, wherever it sorts."},
};

static const struct config_key gate_keys[] = {
    {.name = "requires",
     CONFIG_ROW(requires),
     .takes = "list of databases, DATABASE#JOURNAL, DATABASE:check:NAME and DATABASE:backup",
     .example = "[example]",
     .required = true,
     .doc = "The databases that must be in an accepted state, and the checks that must have passed, such as "
            "\"orders:check:no_orphans\" and \"orders:backup\". The worst of them decides. A check is required for "
            "itself: the gate of a migration job requires the backup, and not that nothing is pending."},
    {.name = "accept",
     CONFIG_ROW(accept),
     .takes = "list of states",
     .preset = "[current]",
     .doc = "The states in which the gate is open. `current` always is one; `ahead`, after a roll-back or in a rolling "
            "deployment, may be."},
    {.name = "drift",
     CONFIG_ROW(gate_drift),
     .takes = "ignore, minor, major or critical",
     .preset = "ignore",
     .doc = "From which severity on confirmed drift of a database blocks the gate: minor, major, critical, or ignore. "
            "With a severity, drift that is unknown makes the gate unknown."},
    {.name = "on_unknown",
     CONFIG_ROW(on_unknown),
     .takes = "closed, open or last-known",
     .preset = "closed",
     .doc = "The gate's answer while a database cannot be seen (codes STALE, UNREACHABLE and TIMEOUT, and no other). "
            "closed: unknown. last-known: open for what was seen to be applied, and nothing else. open: open unless "
            "what was seen last would shut it. Each such answer has the code FAIL_OPEN, is logged and counted."},
    {.name = "max_age",
     CONFIG_ROW(max_age),
     .takes = "duration",
     .preset = "10m",
     .instead = true,
     .doc = "With on_unknown: last-known, how long ago the database was seen at most; greater than its max_staleness."},
};

#define HISTORY(field) offsetof(struct config_history, field)

static const struct config_key history_keys[] = {
    {.name = "path",
     CONFIG_ROW(history_path),
     .takes = "file",
     .example = "/var/lib/migrationd/history.db",
     .doc = "A SQLite file on a local disk, made if it is not there. Its folder must be writable."},
    {.name = "url",
     CONFIG_ROW(history_url),
     .takes = "URL",
     .example = "postgresql://migrationd@db1.internal/operations",
     .instead = true,
     .doc = "Or a PostgreSQL database, for several daemons that share one history. The tables stand in a schema of "
            "their own, migrationd_history, which is made if it is not there."},
    {.name = "password_file",
     .type = KEY_SECRET,
     .offset = HISTORY(password_file),
     .example = "history.password",
     .instead = true,
     .doc = "A file that holds the password for `url`, as in a database."},
    {.name = "password_env",
     .type = KEY_TEXT,
     .offset = HISTORY(password_env),
     .example = "HISTORY_PASSWORD",
     .instead = true,
     .doc = "The environment variable that holds it, instead of password_file."},
    {.name = "keep",
     .type = KEY_DURATION,
     .offset = HISTORY(keep_ms),
     .preset = "90d",
     .least = SECOND,
     .most = 3650 * (int64_t)DAY,
     .doc = "Older records are dropped; of each database the newest state stays known."},
    {.name = "rows",
     .type = KEY_COUNT,
     .offset = HISTORY(rows),
     .preset = "1000000",
     .least = 1,
     .most = 1000000000,
     .doc = "No more records than these are kept, the newest."},
    {.name = "admissions",
     CONFIG_ROW(admissions),
     .takes = "required or best-effort",
     .preset = "required",
     .doc = "required: an application is admitted only once that is committed, and refused with HISTORY_UNAVAILABLE "
            "while nothing can be. best-effort: it is admitted all the same, and told \"recorded\":false."},
};

#define TOKEN(field) offsetof(struct config_token, field)
#define TLS(field) offsetof(struct config, tls.field)

static const struct config_key token_keys[] = {
    {.name = "file",
     .type = KEY_SECRET,
     .offset = TOKEN(file),
     .required = true,
     .example = "deploy.token",
     .doc = "A file that holds one token: 16 to 512 printable ASCII characters without blanks, and perhaps a newline. "
            "Relative to $CREDENTIALS_DIRECTORY, or to this file's folder. It is read again within two seconds when it "
            "changes; while it holds no token, the one before stays valid."},
    {.name = "scope",
     CONFIG_ROW(scope),
     .takes = "gate, read or admin",
     .required = true,
     .example = "gate",
     .doc = "gate: gates and admissions. read: databases, journals, schemas, drift, plans, history and events, and the "
            "state of gates. admin: everything, refreshes and reloads included. Health and metrics go with each."},
};

static const struct config_key tls_keys[] = {
    {.name = "certificate",
     .type = KEY_SECRET,
     .offset = TLS(certificate),
     .required = true,
     .example = "tls.crt",
     .doc =
         "The server's certificate and those that lead to its authority, in PEM. Relative to $CREDENTIALS_DIRECTORY, "
         "or to this file's folder."},
    {.name = "key",
     .type = KEY_SECRET,
     .offset = TLS(key),
     .required = true,
     .example = "tls.key",
     .doc = "Its private key in PEM, not encrypted."},
    {.name = "client_ca",
     .type = KEY_SECRET,
     .offset = TLS(client_ca),
     .example = "clients.crt",
     .doc = "The authorities, in PEM, of which every client must show a certificate. Tokens are asked for all the "
            "same."},
    {.name = "probes",
     CONFIG_ROW(tls_probes),
     .takes = "tls or plain",
     .preset = "tls",
     .doc = "plain: `probe_listen` stays without TLS, for probes that have no certificate to show. tls: it is as "
            "`listen`."},
};

CONFIG_SECTION(config_top_keys, "configuration", top_keys, NULL);
CONFIG_SECTION(config_timing_keys, "defaults", timing_keys, NULL);
CONFIG_SECTION(config_database_keys, "database", database_keys, &config_timing_keys);
CONFIG_SECTION(config_journal_keys, "journal", journal_keys, NULL);
CONFIG_SECTION(config_columns_keys, "columns", columns_keys, NULL);
CONFIG_SECTION(config_listed_keys, "journals", listed_keys, &config_journal_keys);
CONFIG_SECTION(config_expect_keys, "expect", expect_keys, NULL);
CONFIG_SECTION(config_drift_keys, "drift", drift_keys, NULL);
CONFIG_SECTION(config_reference_keys, "reference", reference_keys, NULL);
CONFIG_SECTION(config_ignore_keys, "ignore", ignore_keys, NULL);
CONFIG_SECTION(config_policy_keys, "policies", policy_keys, NULL);
CONFIG_SECTION(config_gate_keys, "gate", gate_keys, NULL);
CONFIG_SECTION(config_history_keys, "history", history_keys, NULL);
CONFIG_SECTION(config_token_keys, "token", token_keys, NULL);
CONFIG_SECTION(config_tls_keys, "section", tls_keys, NULL);
