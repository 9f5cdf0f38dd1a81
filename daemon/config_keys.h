/* SPDX-License-Identifier: Apache-2.0
 *
 * Every configuration key: one row in a section's table in config_keys.c (those of checks: config_check_keys.c) with
 * its type, default, bounds, reload class and documentation. Reading, printing and the reference all walk these tables;
 * to add a key, add a row (and a field).
 */
#ifndef MIGRATIOND_DAEMON_CONFIG_KEYS_H
#define MIGRATIOND_DAEMON_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "daemon/yaml_tree.h"

struct config_reader;

enum key_type {
    KEY_TEXT,     /* const char * */
    KEY_TEXTS,    /* const char *const * and size_t: a sequence, or one value */
    KEY_SECRET,   /* const char *: the path of a file, made absolute against $CREDENTIALS_DIRECTORY or the folder */
    KEY_DURATION, /* int64_t milliseconds: an integer with ms, s, m, h or d */
    KEY_COUNT,    /* unsigned */
    KEY_SIZE,     /* int64_t bytes: an integer with B, KiB, MiB, …, kB, MB, … */
    KEY_CUSTOM,   /* `read` and `print` know */
};

enum reload_class {
    RELOAD_LIVE,    /* SIGHUP applies it */
    RELOAD_RESTART, /* needs a restart */
};

struct config_key {
    const char *name;
    enum key_type type;
    const char *takes;   /* KEY_CUSTOM: what may stand there, unless that is just what `nested` says */
    size_t offset;       /* of the field in the section's struct */
    size_t count_offset; /* KEY_TEXTS: of the number */
    const char *preset;  /* the default, as it would be written; NULL: none, or as `doc` says */
    int64_t least;       /* KEY_DURATION (ms), KEY_COUNT, KEY_SIZE (bytes) */
    int64_t most;
    enum reload_class reload;
    const char *example; /* for the reference, where there is no default */
    const char *doc;     /* full sentences: they become config/migrationd.yaml */
    bool required;
    bool instead; /* of another key, or of a default that depends on others: the reference keeps it behind '#' */
    const struct config_section *nested; /* what stands below, where that is a mapping */
    const char *named; /* what stands below is a mapping of names to such sections: a name for the reference */
    int (*read)(struct config_reader *reader, const struct yaml_node *node, void *section);
    void (*print)(const void *section, struct strbuf *out); /* the value in YAML flow style; nothing when it is unset */
};

struct config_section {
    const char *name; /* "database", …: messages */
    const struct config_key *keys;
    size_t key_count;
    const struct config_section *also; /* further keys that may stand here */
};

extern const struct config_section config_top_keys;
extern const struct config_section config_timing_keys; /* `defaults`, and each database */
extern const struct config_section config_database_keys;
extern const struct config_section config_journal_keys;
extern const struct config_section config_columns_keys;
extern const struct config_section config_listed_keys; /* an element of `journals` */
extern const struct config_section config_expect_keys;
extern const struct config_section config_drift_keys;
extern const struct config_section config_reference_keys;
extern const struct config_section config_ignore_keys;
extern const struct config_section config_policy_keys;
extern const struct config_section config_gate_keys;
extern const struct config_section config_history_keys;
extern const struct config_section config_token_keys; /* an element of `tokens` */
extern const struct config_section config_tls_keys;
extern const struct config_section config_check_keys; /* of a check: what is asked, and when */
extern const struct config_section config_check_run_keys;
extern const struct config_section config_backup_keys; /* of a database's `backup`, with config_backup_run_keys */
extern const struct config_section config_backup_run_keys;
extern const struct config_section config_backup_rule_keys; /* of a check of that kind */
extern const struct config_section config_orphans_keys;
extern const struct config_section config_sequences_keys;
extern const struct config_section config_lag_keys;

#endif
