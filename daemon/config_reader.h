/* SPDX-License-Identifier: Apache-2.0
 *
 * From YAML nodes to typed values, driven by the key tables. Used while one configuration is loaded; single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_CONFIG_READER_H
#define MIGRATIOND_DAEMON_CONFIG_READER_H

#include "daemon/config.h"
#include "daemon/config_keys.h"

struct config_reader {
    struct config *config;            /* being built; allocations come from its arena */
    const char *name;                 /* of the file, for messages */
    const char *folder;               /* that relative paths start from */
    struct config_database *defaults; /* what each database begins with */
    struct error *error;
};

/* "name:line:column: …"; returns -1. */
int config_fail(struct config_reader *reader, const struct yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same at the node's key. */
int config_fail_key(struct config_reader *reader, const struct yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fills `target` from a mapping: unknown keys fail, with the nearest known one as a suggestion. Keys are read in the
 * order of their table, whatever the order in the file, so that a row may build on those above it. */
int config_read_section(struct config_reader *reader, const struct config_section *section,
                        const struct yaml_node *mapping, void *target);

/* The row of that key, or NULL. */
const struct config_key *config_find_key(const struct config_section *section, const char *name);

/* Writes the defaults of all rows that have one. */
int config_set_presets(struct config_reader *reader, const struct config_section *section, void *target);

/* The items of a sequence, or a single value as its own only item. */
const struct yaml_node *config_first_item(const struct yaml_node *list);
const struct yaml_node *config_next_item(const struct yaml_node *list, const struct yaml_node *item);
int config_check_list(struct config_reader *reader, const struct yaml_node *node);

/* A scalar's text with ${VAR}, ${VAR:-default} and $$ replaced; NULL on failure. */
const char *config_read_text(struct config_reader *reader, const struct yaml_node *node);

/* Sums up a database's settings, password in the URL included, for config_database_equal; -1 when memory is out. */
int config_digest_settings(struct config_database *database);

/* Refuses a database's keys that exclude each other: `journals`, and `journal` or `expect`. */
int config_check_journals(struct config_reader *reader, const struct yaml_node *database);

/* Finds the databases that others name; to be called once all databases are read and sorted. */
int config_resolve_references(struct config_reader *reader, const struct yaml_node *databases);

/* After the keys of a database: the check of its backup comes last, and each gets its address. */
int config_finish_checks(struct config_reader *reader, struct config_database *database);

/* After the keys of a check's `backup`, or of a database's. */
int config_check_backup(struct config_reader *reader, const struct yaml_node *node, const struct check *check);

/* Names stand in URLs, metrics and "orders:ae10…": the same plain characters everywhere. */
int config_check_name(struct config_reader *reader, const struct yaml_node *node, const char *what);

/* How many replicas the keys of a database name. */
size_t config_count_replicas(const struct yaml_node *database);

/* Appends those of `database`, which is read, to config->databases, which is `databases` and has room for them. */
int config_add_replicas(struct config_reader *reader, const struct yaml_node *node,
                        const struct config_database *database, struct config_database *databases);

/* Tells each replica whose it is, once the databases are sorted. */
int config_resolve_replicas(struct config_reader *reader, struct config_database *databases);

/* A path made absolute against the file's folder; NULL on failure. */
const char *config_absolute_path(struct config_reader *reader, const struct yaml_node *node, const char *path);

/* The text as a double-quoted YAML scalar that reads back as the same text. */
void config_print_text(const char *text, struct strbuf *out);

/* The same of a key, in which a dollar sign is just that, and its colon. */
void config_print_key(const char *key, struct strbuf *out);

/* A mapping in flow style of all its keys that have a value. */
void config_print_flow(const struct config_section *keys, const void *section, struct strbuf *out);

/* The `read` and `print` functions of KEY_CUSTOM rows. */
#define CONFIG_CUSTOM(name)                                                                                            \
    int config_read_##name(struct config_reader *reader, const struct yaml_node *node, void *section);                 \
    void config_print_##name(const void *section, struct strbuf *out)
CONFIG_CUSTOM(listen);
CONFIG_CUSTOM(probe_listen);
CONFIG_CUSTOM(allow_anonymous);
CONFIG_CUSTOM(tokens);
CONFIG_CUSTOM(scope);
CONFIG_CUSTOM(tls);
CONFIG_CUSTOM(tls_probes);
CONFIG_CUSTOM(history);
CONFIG_CUSTOM(history_path);
CONFIG_CUSTOM(history_url);
CONFIG_CUSTOM(admissions);
CONFIG_CUSTOM(defaults);
CONFIG_CUSTOM(databases);
CONFIG_CUSTOM(gates);
CONFIG_CUSTOM(url);
CONFIG_CUSTOM(journal);
CONFIG_CUSTOM(expect);
CONFIG_CUSTOM(checksums);
CONFIG_CUSTOM(journals);
CONFIG_CUSTOM(listed_expect);
CONFIG_CUSTOM(journal_interval);
CONFIG_CUSTOM(tool);
CONFIG_CUSTOM(columns);
CONFIG_CUSTOM(order);
CONFIG_CUSTOM(directory);
CONFIG_CUSTOM(directories);
CONFIG_CUSTOM(manifest);
CONFIG_CUSTOM(match);
CONFIG_CUSTOM(drift);
CONFIG_CUSTOM(drift_reference);
CONFIG_CUSTOM(reference_file);
CONFIG_CUSTOM(reference_database);
CONFIG_CUSTOM(scratch);
CONFIG_CUSTOM(ignore);
CONFIG_CUSTOM(ignore_match);
CONFIG_CUSTOM(ignore_until);
CONFIG_CUSTOM(default_ignores);
CONFIG_CUSTOM(policies);
CONFIG_CUSTOM(policy);
CONFIG_CUSTOM(fail_on);
CONFIG_CUSTOM(gate_drift);
CONFIG_CUSTOM(requires);
CONFIG_CUSTOM(accept);
CONFIG_CUSTOM(on_unknown);
CONFIG_CUSTOM(max_age);
CONFIG_CUSTOM(replicas);
CONFIG_CUSTOM(checks);
CONFIG_CUSTOM(backup);
CONFIG_CUSTOM(severity);
CONFIG_CUSTOM(sensitive);
CONFIG_CUSTOM(check_sql);
CONFIG_CUSTOM(check_expect);
CONFIG_CUSTOM(check_not_empty);
CONFIG_CUSTOM(check_foreign_keys);
CONFIG_CUSTOM(check_enum_values);
CONFIG_CUSTOM(check_indexes);
CONFIG_CUSTOM(check_sequences);
CONFIG_CUSTOM(check_replicas);
CONFIG_CUSTOM(check_extensions);
CONFIG_CUSTOM(check_backup);
CONFIG_CUSTOM(below);
CONFIG_CUSTOM(backup_file);
CONFIG_CUSTOM(backup_sql);

/* What a table of rows is made of: the functions of a KEY_CUSTOM row, and the section. */
#define CONFIG_ROW(name) .type = KEY_CUSTOM, .read = config_read_##name, .print = config_print_##name
#define CONFIG_SECTION(variable, text, table, more)                                                                    \
    const struct config_section variable = {                                                                           \
        .name = (text), .keys = (table), .key_count = ARRAY_LENGTH(table), .also = (more)}

/* After the keys of a journal: what `columns` and `order` of a home-made one make together. */
int config_finish_generic(struct config_reader *reader, const struct yaml_node *node, struct config_journal *journal);

#endif
