/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config_keys.h"

#include "base/cleanup.h"
#include "daemon/config_reader.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

#define TOP(field) offsetof(struct config, field)
#define DATABASE(field) offsetof(struct config_database, field)
#define CUSTOM(name) .type = KEY_CUSTOM, .read = config_read_##name, .print = config_print_##name

static const struct config_key top_keys[] = {
    {.name = "listen",
     CUSTOM(listen),
     .preset = "127.0.0.1:8484",
     .reload = RELOAD_RESTART,
     .doc = "where every route is served: ADDRESS:PORT, [IPV6]:PORT or unix:/path"},
    {.name = "probe_listen",
     CUSTOM(probe_listen),
     .preset = "127.0.0.1:8485",
     .reload = RELOAD_RESTART,
     .doc = "where /livez /readyz /health[/NAME] /metrics are served once more, so that waiters never starve a probe"},
    {.name = "allow_anonymous",
     CUSTOM(allow_anonymous),
     .example = "[health, gate]",
     .doc = "what a TCP listener that is not loopback serves: health, gate; without it such a listener is refused"},
    {.name = "http_threads",
     .type = KEY_COUNT,
     .offset = TOP(http_threads),
     .preset = "2",
     .least = 1,
     .most = 64,
     .reload = RELOAD_RESTART,
     .doc = "threads that serve `listen`"},
    {.name = "max_waiters",
     .type = KEY_COUNT,
     .offset = TOP(max_waiters),
     .preset = "16384",
     .least = 1,
     .most = 1000000,
     .reload = RELOAD_RESTART,
     .doc = "requests that may wait at gates at the same time; one more is answered 429"},
    {.name = "workers",
     .type = KEY_COUNT,
     .offset = TOP(workers),
     .preset = "16",
     .least = 1,
     .most = 256,
     .reload = RELOAD_RESTART,
     .doc = "looks at databases that may run at the same time, over all servers"},
    {.name = "defaults", CUSTOM(defaults), .doc = "what every database begins with"},
    {.name = "databases", CUSTOM(databases), .doc = "the databases that are watched, by name; at least one"},
    {.name = "gates",
     CUSTOM(gates),
     .doc = "named conditions over databases; every database is also a gate of its own name"},
};

static const struct config_key timing_keys[] = {
    {.name = "interval",
     .type = KEY_DURATION,
     .offset = DATABASE(interval_ms),
     .preset = "30s",
     .least = SECOND,
     .most = DAY,
     .doc = "the schema is read at least this often, and when a probe says that it changed"},
    {.name = "journal_interval",
     CUSTOM(journal_interval),
     .preset = "2s",
     .least = 100,
     .most = HOUR,
     .doc = "the journal is read this often; 100ms while somebody waits; 15s by default where a server has more than "
            "20 databases"},
    {.name = "connect_timeout",
     .type = KEY_DURATION,
     .offset = DATABASE(connect_timeout_ms),
     .preset = "3s",
     .least = 100,
     .most = MINUTE,
     .doc = "connecting and logging in takes no longer, whatever the number of hosts"},
    {.name = "query_timeout",
     .type = KEY_DURATION,
     .offset = DATABASE(query_timeout_ms),
     .preset = "10s",
     .least = 100,
     .most = 10 * MINUTE,
     .doc = "one look takes no longer"},
    {.name = "max_staleness",
     .type = KEY_DURATION,
     .offset = DATABASE(max_staleness_ms),
     .preset = "2m",
     .least = SECOND,
     .most = DAY,
     .doc = "after this long without a good look the state is unknown"},
    {.name = "dirty_grace",
     .type = KEY_DURATION,
     .offset = DATABASE(dirty_grace_ms),
     .preset = "10m",
     .least = 0,
     .most = DAY,
     .doc = "an entry that was begun and not ended counts as running this long where the runner cannot be "
            "seen"},
    {.name = "lock_orphan_after",
     .type = KEY_DURATION,
     .offset = DATABASE(lock_orphan_after_ms),
     .preset = "1h",
     .least = SECOND,
     .most = 30 * (int64_t)DAY,
     .doc = "a lock row without a session is suspected after this long"},
    {.name = "blocked_grace",
     .type = KEY_DURATION,
     .offset = DATABASE(blocked_grace_ms),
     .preset = "5s",
     .least = 0,
     .most = HOUR,
     .doc = "a waiting request is answered when its gate has been blocked for this long"},
};

static const struct config_key database_keys[] = {
    {.name = "url",
     CUSTOM(url),
     .example = "postgresql://observer@db1.internal/orders?sslmode=verify-full",
     .doc = "postgres://, postgresql://, mysql://, mariadb:// or sqlite://"},
    {.name = "password_file",
     CUSTOM(password_file),
     .example = "orders.password",
     .doc = "file with the password, read at every connection; relative to $CREDENTIALS_DIRECTORY, else to this file"},
    {.name = "password_env",
     .type = KEY_TEXT,
     .offset = DATABASE(password_env),
     .example = "ORDERS_PASSWORD",
     .doc = "variable with the password"},
    {.name = "schemas",
     .type = KEY_TEXTS,
     .offset = DATABASE(schemas),
     .count_offset = DATABASE(schema_count),
     .example = "[public]",
     .doc = "shell patterns of the schemas that are read; default: all that are the user's"},
    {.name = "journal",
     CUSTOM(journal),
     .example = "{tool: alembic, table: public.alembic_version}",
     .doc = "the migration tool's journal; default: recognised from the schema; `none`: there is none"},
    {.name = "expect", CUSTOM(expect), .example = "{directory: /srv/orders/migrations}", .doc = "what must be applied"},
    {.name = "checksums",
     CUSTOM(checksums),
     .preset = "enforce",
     .doc = "enforce: a changed file makes the state diverged; warn: it is listed only"},
};

static const struct config_key journal_keys[] = {
    {.name = "tool", CUSTOM(tool), .example = "alembic", .doc = "the tool's name; default: recognised"},
    {.name = "table",
     .type = KEY_TEXT,
     .offset = DATABASE(journal_table),
     .example = "public.alembic_version",
     .doc = "TABLE or SCHEMA.TABLE; default: the tool's own name for it, in any schema"},
};

static const struct config_key expect_keys[] = {
    {.name = "revision",
     .type = KEY_TEXT,
     .offset = DATABASE(expect_revision),
     .example = "ae1027a6acf",
     .doc = "a literal revision"},
    {.name = "directory",
     CUSTOM(directory),
     .example = "/srv/orders/migrations",
     .doc = "the tool's migration files, read again when they change; relative to this file"},
    {.name = "match",
     CUSTOM(match),
     .preset = "exact",
     .doc =
         "exact: nothing missing, nothing after it; at-least: it and all before it; contains: it, wherever it sorts"},
};

static const struct config_key gate_keys[] = {
    {.name = "requires", CUSTOM(requires), .example = "[orders]", .doc = "databases, the worst of which decides"},
    {.name = "accept",
     CUSTOM(accept),
     .preset = "[current]",
     .doc = "states in which the gate is open; `current` always is"},
    {.name = "on_unknown",
     CUSTOM(on_unknown),
     .preset = "closed",
     .doc = "the gate's answer while a database cannot be seen: closed, which is never open"},
};

#define SECTION(variable, text, table, more)                                                                           \
    const struct config_section variable = {                                                                           \
        .name = (text), .keys = (table), .key_count = ARRAY_LENGTH(table), .also = (more)}

SECTION(config_top_keys, "configuration", top_keys, NULL);
SECTION(config_timing_keys, "defaults", timing_keys, NULL);
SECTION(config_database_keys, "database", database_keys, &config_timing_keys);
SECTION(config_journal_keys, "journal", journal_keys, NULL);
SECTION(config_expect_keys, "expect", expect_keys, NULL);
SECTION(config_gate_keys, "gate", gate_keys, NULL);
