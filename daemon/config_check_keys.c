/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of checks. What a check asks stands in a row that is named like its kind (check_kind_find).
 */
#include "base/cleanup.h"
#include "daemon/config_reader.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

#define CHECK(field) offsetof(struct check, field)

/* The presets are those of the kinds, which are told again here for people. */
#define RUN_ROWS(often, weight)                                                                                        \
    {.name = "every",                                                                                                  \
     .type = KEY_DURATION,                                                                                             \
     .offset = CHECK(every_ms),                                                                                        \
     .preset = (often),                                                                                                \
     .least = SECOND,                                                                                                  \
     .most = 30 * (int64_t)DAY,                                                                                        \
     .doc = "It is asked this often, and once more when a migration has run. A result counts for three such turns."},  \
        {.name = "timeout",                                                                                            \
         .type = KEY_DURATION,                                                                                         \
         .offset = CHECK(timeout_ms),                                                                                  \
         .preset = "5s",                                                                                               \
         .least = 100,                                                                                                 \
         .most = 10 * MINUTE,                                                                                          \
         .doc = "It takes no longer than this, connecting included; else it is unknown."},                             \
        {.name = "severity",                                                                                           \
         CONFIG_ROW(severity),                                                                                         \
         .takes = "fail or warn",                                                                                      \
         .preset = (weight),                                                                                           \
         .doc = "What a failed check makes of the database's health: fail, or warn. A gate that requires the check "   \
                "heeds it either way."},                                                                               \
    {                                                                                                                  \
        .name = "sensitive", CONFIG_ROW(sensitive), .takes = "true or false", .preset = "false",                       \
        .doc = "true: nothing that the database answered is shown, logged or kept: no value, no row, no name and no "  \
               "words of the server."                                                                                  \
    }

static const struct config_key check_run_keys[] = {RUN_ROWS("5m", "fail")};
static const struct config_key backup_run_keys[] = {RUN_ROWS("1m", "warn")};

static const struct config_key check_keys[] = {
    {.name = "sql",
     CONFIG_ROW(check_sql),
     .takes = "text",
     .example = "\"select count(*) from orders where customer not in (select id from customers)\"",
     .doc = "One SELECT, run in a read-only transaction that is rolled back. As everywhere in this file $$ is a dollar "
            "sign and ${ begins a variable, so that PostgreSQL's $$text$$ is written $$$$text$$$$; $1 and $tag$ stand "
            "for themselves."},
    {.name = "expect",
     CONFIG_ROW(check_expect),
     .takes = "text, or list of texts",
     .example = "\"0\"",
     .doc =
         "With sql, which needs it: what the query's one value must be, such as \"0\", \"!= 0\", \"<= 5\", \"in (a, "
         "b)\", \"not in (a, b)\", \"matches ^v2\", \"null\" and \"not null\"; or \"no rows\", which shows the first "
         "rows that there are. A list is a set of values. Quotes keep YAML from reading !, > and a comma in its own "
         "way."},
    {.name = "keys",
     .type = KEY_TEXTS,
     .offset = CHECK(keys),
     .count_offset = CHECK(key_count),
     .example = "[id]",
     .instead = true,
     .doc =
         "With expect: no rows, the columns that are shown of offending rows. The default is those of primary keys."},
    {.name = "not_empty",
     CONFIG_ROW(check_not_empty),
     .takes = "list of tables",
     .example = "[countries, shop.currencies]",
     .instead = true,
     .doc =
         "Tables, or SCHEMA.TABLE, that must hold a row each. How many of all tables hold rows is told, too; [] asks "
         "for just that."},
    {.name = "foreign_keys",
     CONFIG_ROW(check_foreign_keys),
     .takes = "validated, or mapping",
     .example = "validated",
     .instead = true,
     .nested = &config_orphans_keys,
     .doc = "validated: every foreign key and check constraint was validated by PostgreSQL. MySQL, MariaDB and SQLite "
            "keep no note of that: there rows without their parents are looked for, within the check's timeout."},
    {.name = "enum_values",
     CONFIG_ROW(check_enum_values),
     .takes = "mapping of types to lists of labels",
     .example = "{order_status: [new, paid, sent]}",
     .instead = true,
     .doc = "The labels that the code knows of an enum type, TYPE or SCHEMA.TYPE; with MySQL and MariaDB of a column, "
            "TABLE.COLUMN."},
    {.name = "indexes",
     CONFIG_ROW(check_indexes),
     .takes = "valid",
     .example = "valid",
     .instead = true,
     .doc = "valid: no index was left behind half-built."},
    {.name = "sequences",
     CONFIG_ROW(check_sequences),
     .example = "{below: 80%}",
     .instead = true,
     .nested = &config_sequences_keys,
     .doc = "Sequences, identity, serial and AUTO_INCREMENT columns have numbers left."},
    {.name = "replicas",
     CONFIG_ROW(check_replicas),
     .example = "{lag_below: 5s}",
     .instead = true,
     .nested = &config_lag_keys,
     .doc = "The database's replicas are not far behind."},
    {.name = "extensions",
     CONFIG_ROW(check_extensions),
     .takes = "mapping of extensions to versions",
     .example = "{pg_trgm: \">=1.6\", citext: \"*\"}",
     .instead = true,
     .doc =
         "PostgreSQL: extensions that must be installed, each with the versions that will do: \">=1.6\", \"1.6\", or "
         "\"*\" for any."},
    {.name = "backup",
     CONFIG_ROW(check_backup),
     .example = "{file: /backups/orders-*.sql.gz}",
     .instead = true,
     .nested = &config_backup_rule_keys,
     .doc = "A backup, as in the database's key `backup`; this is for several of them."},
};

static const struct config_key backup_rule_keys[] = {
    {.name = "file",
     CONFIG_ROW(backup_file),
     .takes = "file, or pattern of files",
     .example = "/backups/orders-*.sql.gz",
     .doc = "A file, whose name, but not its folder's, may be a shell pattern: the newest one counts. It must be "
            "complete where its format tells, as gzip's and pg_dump's do. Relative to this file's folder."},
    {.name = "sql",
     CONFIG_ROW(backup_sql),
     .takes = "text",
     .example = "\"select max(finished_at) from backups where ok\"",
     .instead = true,
     .doc = "Instead of a file: one SELECT from a catalogue of backups. It answers with when the newest one finished, "
            "as a "
            "timestamp or in seconds since 1970, and perhaps its size in bytes and its name."},
    {.name = "max_age",
     .type = KEY_DURATION,
     .offset = CHECK(backup.max_age_ms),
     .preset = "24h",
     .least = SECOND,
     .most = 3650 * (int64_t)DAY,
     .doc = "An older one is none."},
    {.name = "min_size",
     .type = KEY_SIZE,
     .offset = CHECK(backup.min_size),
     .preset = "1B",
     .least = 1,
     .most = (int64_t)1 << 50,
     .doc = "A smaller one is none. With B, KiB, MiB, GiB, TiB, kB, MB, GB or TB."},
};

static const struct config_key orphans_keys[] = {
    {.name = "orphans",
     .type = KEY_DURATION,
     .offset = CHECK(orphans_ms),
     .example = "5s",
     .least = 100,
     .most = 5 * MINUTE,
     .doc = "Instead of validated: on PostgreSQL, too, rows without their parents are looked for, for this long. The "
            "check's timeout must be longer; its default is then 5s longer."},
};

static const struct config_key sequences_keys[] = {
    {.name = "below",
     CONFIG_ROW(below),
     .takes = "percentage",
     .preset = "80%",
     .doc = "How much of what they can count to may be used up, such as 80% or 80.5%."},
};

static const struct config_key lag_keys[] = {
    {.name = "lag_below",
     .type = KEY_DURATION,
     .offset = CHECK(lag_below_ms),
     .preset = "5s",
     .least = 100,
     .most = DAY,
     .doc = "How far behind is too far."},
};

CONFIG_SECTION(config_check_keys, "check", check_keys, &config_check_run_keys);
CONFIG_SECTION(config_check_run_keys, "check", check_run_keys, NULL);
CONFIG_SECTION(config_backup_keys, "backup", backup_rule_keys, &config_backup_run_keys);
CONFIG_SECTION(config_backup_run_keys, "backup", backup_run_keys, NULL);
CONFIG_SECTION(config_backup_rule_keys, "backup", backup_rule_keys, NULL);
CONFIG_SECTION(config_orphans_keys, "check", orphans_keys, NULL);
CONFIG_SECTION(config_sequences_keys, "check", sequences_keys, NULL);
CONFIG_SECTION(config_lag_keys, "check", lag_keys, NULL);
