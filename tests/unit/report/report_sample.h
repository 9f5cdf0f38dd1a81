/* SPDX-License-Identifier: Apache-2.0
 *
 * A database as reports see it, put together by hand: everything that a test varies is a plain field.
 */
#ifndef MIGRATIOND_TESTS_REPORT_SAMPLE_H
#define MIGRATIOND_TESTS_REPORT_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "report/report.h"

enum { SAMPLE_JOURNALS = 3, SAMPLE_FINDINGS = 3 };

/* 2026-11-20T10:00:00Z */
#define SAMPLE_NOW_MS INT64_C(1795168800000)

struct sample {
    struct journal journals[SAMPLE_JOURNALS];
    struct journal_reading readings[SAMPLE_JOURNALS];
    struct comparison comparisons[SAMPLE_JOURNALS];
    struct state_input inputs[SAMPLE_JOURNALS];
    struct judged_journal judged[SAMPLE_JOURNALS];
    struct schema schema;
    struct snapshot snapshot;
    struct state_policy policy;
    struct database_report report;
};

static const struct finding sample_newest = {
    .revision = "ae1027a6acf", .file = "versions/ae1027a6acf_add.py", .applied_at_ms = TIME_UNKNOWN};
static const struct finding sample_head = {.revision = "975ea664c1f1", .applied_at_ms = TIME_UNKNOWN};

static const char sample_pool[] = "\0GRANT SELECT ON ALL TABLES IN SCHEMA hidden TO observer";

static inline struct finding_list sample_list(const struct finding *findings, size_t count)
{
    return (struct finding_list){.items = findings, .count = count};
}

/* `orders` on PostgreSQL, one Alembic migration behind what a caller asks for. */
static inline void sample_init(struct sample *sample)
{
    static const char *const schemas[SAMPLE_JOURNALS] = {"public", "tenant_2", "tenant_3"};
    *sample = (struct sample){
        .policy = {.max_staleness_ms = 120000,
                   .dirty_grace_ms = 600000,
                   .lock_orphan_after_ms = 3600000,
                   .checksums_enforced = true},
        .schema = {.pool = sample_pool, .pool_size = sizeof sample_pool},
        .snapshot = {.schema = &sample->schema,
                     .server = {.engine = "postgres",
                                .version = "15.18",
                                .database = "orders",
                                .role = "observer",
                                .tls = true},
                     .has_tables = true,
                     .taken_at_ms = SAMPLE_NOW_MS,
                     .schema_taken_at_ms = SAMPLE_NOW_MS - 12500},
        .report = {.name = "orders",
                   .engine = "postgres",
                   .snapshot = &sample->snapshot,
                   .journals = sample->judged,
                   .journal_count = 1,
                   .age_ms = 800,
                   .now_ms = SAMPLE_NOW_MS + 800,
                   .reachable = true},
    };
    sample->schema.coverage[SCHEMA_VIEWS] = (struct schema_coverage){.coverage = COVERAGE_PARTIAL, .reason = 1};
    memset(sample->schema.digest.bytes, 0xAB, sizeof sample->schema.digest.bytes);
    for (size_t i = 0; i < SAMPLE_JOURNALS; i++) {
        sample->journals[i].address =
            (struct journal_address){.tool = "alembic", .schema = schemas[i], .table = "alembic_version"};
        sample->journals[i].heads_only = true;
        sample->readings[i] = (struct journal_reading){.journal = &sample->journals[i],
                                                       .address = sample->journals[i].address,
                                                       .lock = {.since_ms = TIME_UNKNOWN}};
        sample->comparisons[i] = (struct comparison){.tool = "alembic",
                                                     .expected_revision = "ae1027a6acf",
                                                     .match = MATCH_AT_LEAST,
                                                     .source = SOURCE_REQUEST,
                                                     .expected_count = 42,
                                                     .heads = sample_list(&sample_head, 1),
                                                     .applied_count = 41,
                                                     .pending = sample_list(&sample_newest, 1),
                                                     .next_apply = "alembic upgrade head"};
        sample->judged[i] =
            (struct judged_journal){.reading = &sample->readings[i], .comparison = &sample->comparisons[i]};
        sample->inputs[i] = (struct state_input){
            .observed = true, .age_ms = 800, .has_tables = true, .absence_proven = true, .now_ms = SAMPLE_NOW_MS + 800};
    }
}

/* The journal's migrations are all applied. */
static inline void sample_apply(struct sample *sample, size_t journal)
{
    sample->comparisons[journal].pending.count = 0;
    sample->comparisons[journal].target_applied = true;
    sample->comparisons[journal].applied_count = 42;
    sample->comparisons[journal].heads = sample_list(&sample_newest, 1);
}

/* No journal was found. */
static inline void sample_take_journal(struct sample *sample)
{
    sample->judged[0] = (struct judged_journal){0};
}

/* Judges what stands in the sample by now. */
static inline void sample_judge(struct sample *sample)
{
    struct database_report *report = &sample->report;
    for (size_t i = 0; i < report->journal_count; i++) {
        struct state_input *input = &sample->inputs[i];
        struct judged_journal *judged = &sample->judged[i];
        input->comparison = judged->comparison;
        if (judged->reading) {
            input->journal = judged->reading->journal;
            input->lock = &judged->reading->lock;
            input->locked = judged->reading->locked;
        }
        state_judge(input, &sample->policy, &judged->verdict);
        if (verdict_is_worse(&judged->verdict, &sample->judged[report->worst].verdict))
            report->worst = i;
    }
}

#endif
