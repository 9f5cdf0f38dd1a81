/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/drift_severity.h"

#include <string.h>

#include "base/cleanup.h"

#define KIND(kind) (1u << DRIFT_##kind)
#define RELATIONS (KIND(TABLE) | KIND(PARTITION))
#define VIEWS (KIND(VIEW) | KIND(MATERIALIZED_VIEW))
#define TYPES (KIND(ENUM) | KIND(DOMAIN) | KIND(COMPOSITE))
#define KEYS (KIND(PRIMARY_KEY) | KIND(UNIQUE) | KIND(FOREIGN_KEY) | KIND(CHECK) | KIND(EXCLUSION))
#define ANY (~0u)

/* The first row whose kinds, change and attribute fit and whose facts all hold. An attribute of NULL fits any. */
struct severity_rule {
    unsigned kinds;
    enum drift_change change;
    const char *attribute;
    unsigned facts;
    enum drift_severity severity;
};

static const struct severity_rule alone_rules[] = {
    /* The release uses what it declares: without it, queries or inserts fail, or integrity is lost. */
    {KIND(PARTITION), DRIFT_MISSING, NULL, 0, SEVERITY_MAJOR},
    {KIND(INDEX), DRIFT_MISSING, NULL, FACT_UNIQUE, SEVERITY_CRITICAL},
    {KIND(INDEX), DRIFT_MISSING, NULL, 0, SEVERITY_MAJOR},
    {KIND(EVENT), DRIFT_MISSING, NULL, 0, SEVERITY_MAJOR},
    {ANY, DRIFT_MISSING, NULL, 0, SEVERITY_CRITICAL},

    /* What it does not declare is harmless unless it refuses rows, changes them or shows them to others. */
    {KIND(PARTITION), DRIFT_UNEXPECTED, NULL, 0, SEVERITY_INFO},
    {KIND(COLUMN), DRIFT_UNEXPECTED, NULL, FACT_REQUIRED, SEVERITY_CRITICAL},
    {KIND(INDEX), DRIFT_UNEXPECTED, NULL, FACT_UNIQUE, SEVERITY_CRITICAL},
    {KEYS, DRIFT_UNEXPECTED, NULL, 0, SEVERITY_CRITICAL},
    {KIND(POLICY), DRIFT_UNEXPECTED, NULL, 0, SEVERITY_CRITICAL},
    {KIND(TRIGGER) | KIND(EVENT), DRIFT_UNEXPECTED, NULL, 0, SEVERITY_MAJOR},
    {ANY, DRIFT_UNEXPECTED, NULL, 0, SEVERITY_MINOR},
};

static const struct severity_rule changed_rules[] = {
    {ANY, DRIFT_CHANGED, "name", 0, SEVERITY_INFO},

    {RELATIONS, DRIFT_CHANGED, "column_order", 0, SEVERITY_INFO},
    {RELATIONS, DRIFT_CHANGED, "charset", 0, SEVERITY_MINOR}, /* a default: for columns to come */
    {RELATIONS, DRIFT_CHANGED, "collation", 0, SEVERITY_MINOR},
    {RELATIONS, DRIFT_CHANGED, "persistence", FACT_STRICTER, SEVERITY_MINOR},
    {RELATIONS, DRIFT_CHANGED, "persistence", 0, SEVERITY_CRITICAL}, /* unlogged: gone after a crash */
    {RELATIONS, DRIFT_CHANGED, "row_security", 0, SEVERITY_CRITICAL},
    {RELATIONS, DRIFT_CHANGED, "force_row_security", 0, SEVERITY_CRITICAL},
    {RELATIONS, DRIFT_CHANGED, "engine", FACT_LOOSER, SEVERITY_CRITICAL}, /* no transactions, no foreign keys */
    {RELATIONS, DRIFT_CHANGED, "system_versioning", FACT_EXPECTED_ABSENT, SEVERITY_MINOR},
    {RELATIONS, DRIFT_CHANGED, "system_versioning", 0, SEVERITY_CRITICAL},
    {RELATIONS, DRIFT_CHANGED, "strict", 0, SEVERITY_CRITICAL},
    {RELATIONS, DRIFT_CHANGED, "definition", 0, SEVERITY_CRITICAL},
    {RELATIONS, DRIFT_CHANGED, NULL, 0, SEVERITY_MAJOR},

    {KIND(COLUMN), DRIFT_CHANGED, "type", FACT_ALIKE | FACT_STRICTER, SEVERITY_MAJOR}, /* json, jsonb */
    {KIND(COLUMN), DRIFT_CHANGED, "type", FACT_ALIKE, SEVERITY_INFO},
    {KIND(COLUMN), DRIFT_CHANGED, "type", FACT_WIDER, SEVERITY_MINOR},
    {KIND(COLUMN), DRIFT_CHANGED, "type", 0, SEVERITY_CRITICAL},
    {KIND(COLUMN), DRIFT_CHANGED, "nullable", 0, SEVERITY_CRITICAL},
    {KIND(COLUMN), DRIFT_CHANGED, "default", FACT_ACTUAL_ABSENT | FACT_REQUIRED, SEVERITY_CRITICAL},
    {KIND(COLUMN), DRIFT_CHANGED, "default", 0, SEVERITY_MAJOR},
    {KIND(COLUMN), DRIFT_CHANGED, "identity", FACT_ACTUAL_ABSENT, SEVERITY_CRITICAL},
    {KIND(COLUMN), DRIFT_CHANGED, "identity", FACT_STRICTER, SEVERITY_CRITICAL},
    {KIND(COLUMN), DRIFT_CHANGED, "identity", FACT_LOOSER, SEVERITY_MINOR},
    {KIND(COLUMN), DRIFT_CHANGED, "auto_increment", FACT_ACTUAL_ABSENT, SEVERITY_CRITICAL},
    {KIND(COLUMN), DRIFT_CHANGED, "auto_increment", 0, SEVERITY_MINOR},
    {KIND(COLUMN), DRIFT_CHANGED, "generated", FACT_EXPECTED_ABSENT, SEVERITY_CRITICAL}, /* inserts that name it fail */
    {KIND(COLUMN), DRIFT_CHANGED, "generated", FACT_ACTUAL_ABSENT, SEVERITY_CRITICAL},
    {KIND(COLUMN), DRIFT_CHANGED, "check", 0, SEVERITY_CRITICAL},
    {KIND(COLUMN), DRIFT_CHANGED, "srid", 0, SEVERITY_CRITICAL},
    {KIND(COLUMN), DRIFT_CHANGED, NULL, 0, SEVERITY_MAJOR},

    {KEYS, DRIFT_CHANGED, "validated", FACT_STRICTER, SEVERITY_MINOR},
    {KEYS, DRIFT_CHANGED, "validated", 0, SEVERITY_MAJOR}, /* new rows are still checked */
    {KEYS, DRIFT_CHANGED, "on_delete", 0, SEVERITY_MAJOR},
    {KEYS, DRIFT_CHANGED, "on_update", 0, SEVERITY_MAJOR},
    {KEYS, DRIFT_CHANGED, "deferrable", 0, SEVERITY_MAJOR},
    {KEYS, DRIFT_CHANGED, "on_conflict", 0, SEVERITY_MAJOR},
    {KEYS, DRIFT_CHANGED, NULL, 0, SEVERITY_CRITICAL},

    {KIND(INDEX), DRIFT_CHANGED, "unique", 0, SEVERITY_CRITICAL},
    {KIND(INDEX), DRIFT_CHANGED, "constraint", 0, SEVERITY_MINOR},
    {KIND(INDEX), DRIFT_CHANGED, NULL, FACT_UNIQUE, SEVERITY_CRITICAL}, /* keeps other rows apart */
    {KIND(INDEX), DRIFT_CHANGED, NULL, 0, SEVERITY_MAJOR},

    {KIND(ENUM), DRIFT_CHANGED, "values", FACT_WIDER, SEVERITY_MINOR},
    {KIND(ENUM), DRIFT_CHANGED, "values", 0, SEVERITY_CRITICAL},
    {KIND(ENUM), DRIFT_CHANGED, NULL, 0, SEVERITY_MAJOR},
    {KIND(DOMAIN), DRIFT_CHANGED, "type", FACT_ALIKE, SEVERITY_INFO},
    {KIND(DOMAIN), DRIFT_CHANGED, "type", FACT_WIDER, SEVERITY_MINOR},
    {KIND(DOMAIN), DRIFT_CHANGED, "default", 0, SEVERITY_MAJOR},
    {TYPES, DRIFT_CHANGED, NULL, 0, SEVERITY_CRITICAL},

    {KIND(SEQUENCE), DRIFT_CHANGED, "start", 0, SEVERITY_MINOR},
    {KIND(SEQUENCE), DRIFT_CHANGED, "cache", 0, SEVERITY_MINOR},
    {KIND(SEQUENCE), DRIFT_CHANGED, "owner", 0, SEVERITY_MINOR},
    {KIND(SEQUENCE), DRIFT_CHANGED, "type", FACT_WIDER, SEVERITY_MINOR},

    {VIEWS, DRIFT_CHANGED, "columns", FACT_PRINTED, SEVERITY_INFO}, /* another release of the server types them so */
    {VIEWS, DRIFT_CHANGED, "security", 0, SEVERITY_CRITICAL},
    {KIND(ROUTINE), DRIFT_CHANGED, "security", 0, SEVERITY_CRITICAL},
    {KIND(ROUTINE), DRIFT_CHANGED, "returns", 0, SEVERITY_CRITICAL},
    {KIND(TRIGGER), DRIFT_CHANGED, "enabled", FACT_DISABLED, SEVERITY_CRITICAL},
    {KIND(POLICY), DRIFT_CHANGED, NULL, 0, SEVERITY_CRITICAL},
    {KIND(EXTENSION), DRIFT_CHANGED, NULL, 0, SEVERITY_INFO},
    {ANY, DRIFT_CHANGED, NULL, 0, SEVERITY_MAJOR},
};

/* Attributes whose values are SQL that the server prints from what it stored. */
static const char *const printed_attributes[] = {
    "default", "generated", "expression", "predicate", "definition", "using", "check", "condition", "partition_key",
};

static bool is_printed(enum drift_kind kind, const char *attribute)
{
    /* Bodies of routines and triggers are as somebody typed them. */
    if (kind == DRIFT_ROUTINE || kind == DRIFT_EVENT || (kind == DRIFT_TRIGGER && strcmp(attribute, "definition") == 0))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(printed_attributes); i++)
        if (strcmp(printed_attributes[i], attribute) == 0)
            return true;
    return false;
}

static bool rule_fits(const struct severity_rule *rule, enum drift_kind kind, enum drift_change change,
                      const char *attribute, unsigned facts)
{
    return ((rule->kinds >> kind) & 1) && rule->change == change && (facts & rule->facts) == rule->facts &&
           (!rule->attribute || strcmp(rule->attribute, attribute) == 0);
}

enum drift_severity drift_severity_of(enum drift_kind kind, enum drift_change change, const char *attribute,
                                      unsigned facts)
{
    const struct severity_rule *rules = change == DRIFT_CHANGED ? changed_rules : alone_rules;
    while (!rule_fits(rules, kind, change, attribute, facts))
        rules++; /* the last of each change fits all */
    bool doubtful = attribute && (facts & FACT_PRINTED) && !(facts & (FACT_EXPECTED_ABSENT | FACT_ACTUAL_ABSENT)) &&
                    is_printed(kind, attribute);
    return doubtful && rules->severity > SEVERITY_MAJOR ? SEVERITY_MAJOR : rules->severity;
}
