/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas and reports for the tests of lib/drift. Functions fail the running cmocka test on any trouble.
 */
#ifndef MIGRATIOND_TESTS_DRIFT_FIXTURE_H
#define MIGRATIOND_TESTS_DRIFT_FIXTURE_H

#include "unit/model/schema_sample.h"

#include "dialect/dialects.h"
#include "drift/drift.h"

/* Every policy at what hides least, but for the order of columns, of which fingerprints say nothing; and no defaults.
 */
static inline struct drift_policy strict_policy(void)
{
    struct drift_policy policy;
    struct error error = {0};
    drift_policy_init(&policy);
    policy.no_defaults = true;
    for (enum drift_policy_key key = 0; key < DRIFT_POLICIES; key++)
        if (key != POLICY_COLUMN_ORDER && strcmp(drift_policy_row(key)->values[1], "report") == 0 &&
            drift_policy_set(&policy, drift_policy_row(key)->key, "report", &error))
            fail_msg("%s", error.message);
    return policy;
}

static inline struct schema *variation_new(unsigned variation)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    schema_builder_dialect(builder, &dialect_postgres);
    sample_build(builder, variation);
    schema_builder_server(builder, "postgres", "15.18");
    schema_builder_coverage(builder, SCHEMA_VIEWS, COVERAGE_FULL, NULL);
    return sample_seal(builder);
}

/* The random schema number `seed`; about one of `spared` of its objects comes from another one, number `other`. */
static inline struct schema *random_schema(uint32_t seed, uint32_t other, uint32_t spared,
                                           const struct dialect *dialect)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    uint32_t handles[RANDOM_RELATIONS] = {0};
    uint32_t random = seed * 31 + other + 1;
    schema_builder_server(builder, dialect->engines[0], "15.1");
    schema_builder_dialect(builder, dialect);
    for (uint32_t i = 0; i < RANDOM_RELATIONS; i++)
        handles[i] =
            schema_builder_relation(builder, &(struct schema_relation){.schema = sample_text(builder, 7 * (i % 2)),
                                                                       .name = sample_name(builder, i),
                                                                       .kind = (uint8_t)((seed + i) % RELATION_KINDS)});
    for (uint32_t i = 0; i < RANDOM_CHILDREN; i++)
        sample_child(builder, handles, (other && sample_random(&random) % spared == 0 ? other : seed) * 1000, i);
    return sample_seal(builder);
}

static inline struct drift_report *compare(struct schema *reference, struct schema *live,
                                           const struct drift_policy *policy)
{
    struct drift_report *report = NULL;
    struct error error = {0};
    if (drift_compare(reference, live, policy, 1000, &report, &error))
        fail_msg("%s", error.message);
    return report;
}

/* An item of that change and object, or NULL. */
static inline const struct drift_item *find_item(const struct drift_report *report, enum drift_change change,
                                                 const char *object, const char *attribute)
{
    for (size_t i = 0; i < report->item_count; i++) {
        const struct drift_item *item = &report->items[i];
        if (item->change == change && strcmp(item->object, object) == 0 &&
            (attribute ? item->attribute && strcmp(item->attribute, attribute) == 0 : item->attribute == NULL))
            return item;
    }
    return NULL;
}

#endif
