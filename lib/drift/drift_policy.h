/* SPDX-License-Identifier: Apache-2.0
 *
 * What a comparison leaves out, and what it takes for equal: the entries of a database's `drift.ignore`, the defaults
 * that hold without any configuration (journals, ghosts of online schema changes, other tools' schemas), and the
 * per-database policies, one row each in drift_policies.h. Plain data, built by the configuration or the command line,
 * immutable afterwards; any thread.
 */
#ifndef MIGRATIOND_DRIFT_DRIFT_POLICY_H
#define MIGRATIOND_DRIFT_DRIFT_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* One entry: `match` is "kind:pattern" or "kind:pattern#attribute"; kind may be "*"; the pattern is a shell pattern
 * over the item's object path, and one without a dot matches in any schema. It suppresses: the item stays in the
 * report. */
struct drift_ignore {
    const char *match; /* as written */
    unsigned kinds;    /* bit per enum drift_kind */
    const char *pattern;
    const char *attribute; /* NULL: any */
    const char *reason;    /* NULL */
    const char *owner;     /* NULL */
    int64_t until_ms;      /* unix time of the end of that day in UTC; 0: for good */
};

/* Per-database policies; drift_policies.h is their table: name, values, default, documentation. */
enum drift_policy_key {
#define DRIFT_POLICY_ROW(name, key, values, preset, doc) POLICY_##name,
#include "drift/drift_policies.h"
#undef DRIFT_POLICY_ROW
    DRIFT_POLICIES
};

struct drift_policy {
    const struct drift_ignore *ignores;
    size_t ignore_count;
    bool no_defaults;                     /* compare journals, ghosts and other tools' objects, too */
    unsigned char values[DRIFT_POLICIES]; /* index into the row's values */
    const char *const *journals; /* "schema.table" of the journals known here, left out with what belongs to them */
    size_t journal_count;
};

/* Every policy at its default, nothing ignored. */
void drift_policy_init(struct drift_policy *policy);

/* Sets one by name: ERROR_INVALID names what there is ("… (did you mean …?)"). */
int drift_policy_set(struct drift_policy *policy, const char *key, const char *value, struct error *reterr);

/* Parses "kind:pattern[#attribute]" (texts copied into `arena`); ERROR_INVALID says what is wrong. */
int drift_ignore_parse(const char *text, struct arena *arena, struct drift_ignore *ret_ignore, struct error *reterr);

/* "2027-01-31" to the end of that day, UTC. */
int drift_until_parse(const char *text, int64_t *ret_until_ms, struct error *reterr);

/* For the printed reference: the row's texts. */
struct drift_policy_row {
    const char *key;
    const char *const *values; /* NULL-terminated; the first is the default */
    const char *doc;
};
const struct drift_policy_row *drift_policy_row(enum drift_policy_key key);

#endif
