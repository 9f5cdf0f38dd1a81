/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "drift/drift.h"

static const char *const kind_names[DRIFT_KINDS] = {
    [DRIFT_SCHEMA] = "schema",
    [DRIFT_EXTENSION] = "extension",
    [DRIFT_TABLE] = "table",
    [DRIFT_PARTITION] = "partition",
    [DRIFT_COLUMN] = "column",
    [DRIFT_PRIMARY_KEY] = "primary_key",
    [DRIFT_UNIQUE] = "unique",
    [DRIFT_FOREIGN_KEY] = "foreign_key",
    [DRIFT_CHECK] = "check",
    [DRIFT_EXCLUSION] = "exclusion",
    [DRIFT_INDEX] = "index",
    [DRIFT_ENUM] = "enum",
    [DRIFT_DOMAIN] = "domain",
    [DRIFT_COMPOSITE] = "composite",
    [DRIFT_SEQUENCE] = "sequence",
    [DRIFT_VIEW] = "view",
    [DRIFT_MATERIALIZED_VIEW] = "materialized_view",
    [DRIFT_ROUTINE] = "routine",
    [DRIFT_TRIGGER] = "trigger",
    [DRIFT_POLICY] = "policy",
    [DRIFT_EVENT] = "event",
};

static const char *const change_names[DRIFT_CHANGES] = {"missing", "unexpected", "changed"};
static const char *const severity_names[SEVERITIES] = {"info", "minor", "major", "critical"};
static const char *const state_names[ITEM_STATES] = {"suspected", "confirmed", "suppressed"};
static const char *const verdict_names[] = {"none", "drifted", "unknown"};

static size_t find(const char *const *names, size_t count, const char *text)
{
    size_t i = 0;
    while (i < count && strcmp(names[i], text) != 0)
        i++;
    return i;
}

const char *drift_verdict_name(enum drift_verdict verdict)
{
    return verdict_names[verdict];
}

const char *drift_kind_name(enum drift_kind kind)
{
    return kind_names[kind];
}

const char *drift_change_name(enum drift_change change)
{
    return change_names[change];
}

const char *drift_severity_name(enum drift_severity severity)
{
    return severity_names[severity];
}

const char *drift_state_name(enum drift_state state)
{
    return state_names[state];
}

enum drift_severity drift_severity_from_name(const char *text)
{
    return (enum drift_severity)find(severity_names, SEVERITIES, text);
}

enum drift_kind drift_kind_from_name(const char *text)
{
    return (enum drift_kind)find(kind_names, DRIFT_KINDS, text);
}
