/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/drift_work.h"

static const enum schema_kind schema_kinds[DRIFT_KINDS] = {
    [DRIFT_SCHEMA] = SCHEMA_SCHEMAS,
    [DRIFT_EXTENSION] = SCHEMA_EXTENSIONS,
    [DRIFT_TABLE] = SCHEMA_TABLES,
    [DRIFT_PARTITION] = SCHEMA_TABLES,
    [DRIFT_COLUMN] = SCHEMA_COLUMNS,
    [DRIFT_PRIMARY_KEY] = SCHEMA_CONSTRAINTS,
    [DRIFT_UNIQUE] = SCHEMA_CONSTRAINTS,
    [DRIFT_FOREIGN_KEY] = SCHEMA_CONSTRAINTS,
    [DRIFT_CHECK] = SCHEMA_CONSTRAINTS,
    [DRIFT_EXCLUSION] = SCHEMA_CONSTRAINTS,
    [DRIFT_INDEX] = SCHEMA_INDEXES,
    [DRIFT_ENUM] = SCHEMA_ENUMS,
    [DRIFT_DOMAIN] = SCHEMA_DOMAINS,
    [DRIFT_COMPOSITE] = SCHEMA_COMPOSITES,
    [DRIFT_SEQUENCE] = SCHEMA_SEQUENCES,
    [DRIFT_VIEW] = SCHEMA_VIEWS,
    [DRIFT_MATERIALIZED_VIEW] = SCHEMA_VIEWS,
    [DRIFT_ROUTINE] = SCHEMA_ROUTINES,
    [DRIFT_TRIGGER] = SCHEMA_TRIGGERS,
    [DRIFT_POLICY] = SCHEMA_POLICIES,
    [DRIFT_EVENT] = SCHEMA_EVENTS,
};

enum schema_kind drift_schema_kind(enum drift_kind kind)
{
    return schema_kinds[kind];
}

/* A side that was cut off at a limit saw no kind in full. */
static enum coverage coverage_of(const struct schema *schema, enum schema_kind kind)
{
    enum coverage coverage = schema->coverage[kind].coverage;
    return schema->truncated && coverage == COVERAGE_FULL ? COVERAGE_PARTIAL : coverage;
}

bool drift_sees(const struct drift_side *side, enum drift_kind kind)
{
    return coverage_of(side->schema, schema_kinds[kind]) == COVERAGE_FULL;
}

/* What only the reference has is missing if the live side would have shown it; what only the live side has is
 * unexpected if the reference would have shown it. What a side cannot have at all is no statement of either. */
bool drift_believes(const struct drift_work *work, enum drift_kind kind, enum drift_change change)
{
    enum schema_kind schema_kind = schema_kinds[kind];
    enum coverage reference = coverage_of(work->sides[REFERENCE].schema, schema_kind);
    enum coverage live = coverage_of(work->sides[LIVE].schema, schema_kind);
    if (change == DRIFT_CHANGED)
        return true;
    if (kind == DRIFT_CHECK && !work->features.checks)
        return false;
    return (change == DRIFT_MISSING ? live : reference) == COVERAGE_FULL && reference != COVERAGE_NOT_APPLICABLE &&
           live != COVERAGE_NOT_APPLICABLE;
}

static const char *reason_of(const struct schema *schema, enum schema_kind kind)
{
    if (schema->coverage[kind].reason != 0)
        return schema_text(schema, schema->coverage[kind].reason);
    if (schema->coverage[kind].coverage == COVERAGE_NOT_APPLICABLE)
        return "this source cannot hold them";
    return schema->truncated ? "reading stopped at a limit" : "";
}

int drift_tell_coverage(struct drift_work *work)
{
    struct drift_report *report = work->report;
    struct drift_uncovered *uncovered = arena_array(work->arena, SCHEMA_KINDS, sizeof *uncovered);
    if (!uncovered)
        return error_no_memory(work->reterr);
    for (enum schema_kind kind = 0; kind < SCHEMA_KINDS; kind++) {
        const struct schema *schemas[ENDS] = {work->sides[REFERENCE].schema, work->sides[LIVE].schema};
        enum coverage coverages[ENDS] = {coverage_of(schemas[REFERENCE], kind), coverage_of(schemas[LIVE], kind)};
        if (coverages[REFERENCE] == coverages[LIVE] &&
            (coverages[LIVE] == COVERAGE_FULL || coverages[LIVE] == COVERAGE_NOT_APPLICABLE))
            continue;
        enum drift_end weaker = coverages[REFERENCE] > coverages[LIVE] ? REFERENCE : LIVE;
        bool out_of_scope = coverages[weaker] == COVERAGE_NOT_APPLICABLE;
        uncovered[report->uncovered_count++] = (struct drift_uncovered){
            .kind = kind,
            .coverage = coverages[weaker],
            .reason = reason_of(schemas[weaker], kind),
            .out_of_scope = out_of_scope,
        };
        report->doubtful |= !out_of_scope;
    }
    report->uncovered = uncovered;
    report->doubtful |= work->sides[REFERENCE].schema->truncated || work->sides[LIVE].schema->truncated;
    return 0;
}
