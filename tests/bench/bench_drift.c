/* SPDX-License-Identifier: Apache-2.0
 *
 * Times comparisons of sealed schemas and the rendering of a report, and prints "NAME MILLISECONDS" a line, medians:
 *
 *   equal       two schemas of TABLES tables of 15 columns that are equal
 *   ten         the same, different in ten places
 *   many        1,000 schemas of ten tables, all equal, each with everybody else
 *   report      the JSON of 10,000 items
 *
 * Usage: bench_drift TABLES.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "drift/compare_many.h"
#include "model/schema_builder.h"
#include "report/report_drift.h"

enum { COLUMNS = 15, ROUNDS = 9, TENANTS = 1000, TENANT_TABLES = 10, ITEMS = 10000, NAME = 64 };

static void die(const char *message)
{
    fprintf(stderr, "bench_drift: %s\n", message);
    exit(1);
}

static double now_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare_doubles(const void *a, const void *b)
{
    double first = *(const double *)a;
    double second = *(const double *)b;
    return (first > second) - (first < second);
}

static void print_median(const char *name, double *times)
{
    qsort(times, ROUNDS, sizeof *times, compare_doubles);
    printf("%s %.4f\n", name, times[ROUNDS / 2]);
}

static void add_key(struct schema_builder *builder, uint32_t relation, unsigned table)
{
    char name[NAME] = "";
    uint32_t column = schema_builder_text(builder, "column_0");
    snprintf(name, sizeof name, "t_%u_pkey", table);
    schema_builder_constraint(builder, &(struct schema_constraint){
                                           .relation = relation,
                                           .name = schema_builder_text(builder, name),
                                           .kind = CONSTRAINT_PRIMARY_KEY,
                                           .columns = schema_builder_list(builder, &column, 1),
                                       });
    snprintf(name, sizeof name, "ix_%u", table);
    schema_builder_index(builder,
                         &(struct schema_index){.relation = relation, .name = schema_builder_text(builder, name)},
                         &(struct schema_index_part){.text = schema_builder_text(builder, "column_3")}, 1);
}

/* `odd` tables have another type in their last column; `lacking` columns are left out of as many tables. */
static struct schema *make(unsigned tables, unsigned odd, unsigned lacking)
{
    static const char *const types[] = {"bigint", "text", "timestamp with time zone", "numeric(10,2)", "boolean"};
    struct error error = {.code = ERROR_OK};
    struct schema *schema = NULL;
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    if (!builder)
        die("out of memory");
    schema_builder_server(builder, "postgres", "15.18");
    schema_builder_dialect(builder, &dialect_postgres);
    uint32_t namespace = schema_builder_text(builder, "public");
    unsigned stride = odd > 0 ? tables / odd : tables + 1;
    for (unsigned table = 0; table < tables; table++) {
        char name[NAME] = "";
        snprintf(name, sizeof name, "t_%u", table);
        uint32_t relation = schema_builder_relation(
            builder, &(struct schema_relation){.schema = namespace, .name = schema_builder_text(builder, name)});
        for (unsigned i = 0; i + (table < lacking) < COLUMNS; i++) {
            bool different = i == 1 && table % stride == 0 && table / stride < odd;
            snprintf(name, sizeof name, "column_%u", i);
            schema_builder_column(
                builder,
                &(struct schema_column){
                    .relation = relation,
                    .name = schema_builder_text(builder, name),
                    .type = schema_builder_text(builder, different ? "inet" : types[(table + i) % ARRAY_LENGTH(types)]),
                    .default_expression = i % 5 == 4 ? schema_builder_text(builder, "now()") : 0,
                    .flags = i > 0 ? COLUMN_NULLABLE : 0,
                    .position = (uint16_t)(i + 1),
                });
        }
        add_key(builder, relation, table);
    }
    if (schema_builder_seal(builder, &schema, &error) < 0)
        die(error.message);
    return schema;
}

static struct drift_report *compare(struct schema *reference, struct schema *live)
{
    struct error error = {.code = ERROR_OK};
    struct drift_report *report = NULL;
    struct drift_policy policy = {0};
    drift_policy_init(&policy);
    if (drift_compare(reference, live, &policy, 0, &report, &error) < 0)
        die(error.message);
    return report;
}

static void measure_pair(const char *name, struct schema *reference, struct schema *live, size_t expected)
{
    double times[ROUNDS] = {0};
    for (size_t i = 0; i < ROUNDS; i++) {
        double begun = now_ms();
        cleanup(drift_report) struct drift_report *report = compare(reference, live);
        times[i] = now_ms() - begun;
        if (report->item_count != expected)
            die("not as many differences as there are");
    }
    print_median(name, times);
}

static void measure_many(void)
{
    static struct comparison_member members[TENANTS];
    struct error error = {.code = ERROR_OK};
    struct drift_policy policy = {0};
    double times[ROUNDS] = {0};
    drift_policy_init(&policy);
    for (size_t i = 0; i < TENANTS; i++)
        members[i] = (struct comparison_member){.name = "tenant", .schema = make(TENANT_TABLES, 0, 0)};
    for (size_t i = 0; i < ROUNDS; i++) {
        cleanup(comparison_of_many) struct comparison_of_many *comparison = NULL;
        double begun = now_ms();
        if (compare_many(members, TENANTS, &policy, 0, &comparison, &error) < 0)
            die(error.message);
        times[i] = now_ms() - begun;
        if (comparison->group_count != 1)
            die("equal schemas are in several groups");
    }
    print_median("many", times);
    for (size_t i = 0; i < TENANTS; i++)
        schema_unref(members[i].schema);
}

static void measure_report(void)
{
    double times[ROUNDS] = {0};
    cleanup(schema) struct schema *reference = make(ITEMS, 0, 0);
    cleanup(schema) struct schema *live = make(ITEMS, 0, ITEMS);
    cleanup(drift_report) struct drift_report *report = compare(reference, live);
    if (report->item_count != ITEMS)
        die("not as many differences as there are");
    struct drift_context context = {
        .database = "bench", .reference_kind = "baseline", .reference_ref = "-", .report = report};
    for (size_t i = 0; i < ROUNDS; i++) {
        cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
        struct json_writer writer = {0};
        double begun = now_ms();
        json_writer_init(&writer, &out, 0);
        report_drift_json(&writer, &context);
        times[i] = now_ms() - begun;
        if (!json_writer_ok(&writer))
            die("the report could not be rendered");
    }
    print_median("report", times);
}

int main(int argc, char **argv)
{
    unsigned tables = argc == 2 ? (unsigned)atoi(argv[1]) : 0;
    if (tables < 100)
        die("usage: bench_drift TABLES");
    cleanup(schema) struct schema *reference = make(tables, 0, 0);
    cleanup(schema) struct schema *same = make(tables, 0, 0);
    cleanup(schema) struct schema *other = make(tables, 10, 0);
    measure_pair("equal", reference, same, 0);
    measure_pair("ten", reference, other, 10);
    measure_many();
    measure_report();
    return 0;
}
