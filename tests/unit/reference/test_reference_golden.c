/* SPDX-License-Identifier: Apache-2.0
 *
 * golden/reference/drizzle/<case>/ holds a snapshot.json, golden/reference/rails/<case>/ a schema.rb; `engine` says
 * what it is read for. With live.json, `items` are the differences to that database, which was made by the tool itself
 * (a case whose name ends in _changed: and altered by hand); without, `schema.json` is what was read, or `error` why
 * not. golden/reference/script/<case>/ holds a script.sql, which `statements` takes apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "dialect/sql_script.h"
#include "drift/drift.h"
#include "model/schema_json.h"
#include "reference/drizzle_snapshot.h"
#include "reference/rails_schema.h"
#include "support/golden.h"

enum { TEXT_BYTES = 16 * 1024 * 1024 };

static void read_engine(struct golden_case *golden, char *ret_engine, size_t size)
{
    const char *text = golden_read(golden, "engine", NULL);
    snprintf(ret_engine, size, "%.*s", (int)strcspn(text, "\n"), text);
}

static struct schema *read_live(struct golden_case *golden)
{
    size_t length = 0;
    struct schema *schema = NULL;
    struct error error = {0};
    if (!golden_has(golden, "live.json"))
        return NULL;
    const char *text = golden_read(golden, "live.json", &length);
    if (schema_json_parse(text, length, "live.json", dialects, &schema, NULL, &error) < 0)
        fail_msg("%s: %s", golden_name(golden), error.message);
    return schema;
}

static void print_items(struct schema *reference, struct schema *live, struct strbuf *out)
{
    struct drift_policy policy = {0};
    struct error error = {0};
    cleanup(drift_report) struct drift_report *report = NULL;
    drift_policy_init(&policy);
    if (drift_compare(reference, live, &policy, 0, &report, &error) < 0)
        fail_msg("%s", error.message);
    for (size_t i = 0; i < report->item_count; i++) {
        const struct drift_item *item = &report->items[i];
        if (item->state != ITEM_SUPPRESSED)
            strbuf_printf(out, "%s %s %s %s: %s -> %s\n", drift_kind_name(item->kind), item->object,
                          drift_change_name(item->change), item->attribute ? item->attribute : "-",
                          item->expected ? item->expected : "-", item->actual ? item->actual : "-");
    }
    strbuf_printf(out, "%s\n", drift_verdict_name(drift_verdict(report)));
}

static void check(struct golden_case *golden, struct declared *declared, struct schema *live, struct error *error)
{
    cleanup(strbuf) struct strbuf out = STRBUF(TEXT_BYTES);
    cleanup(reference) struct reference reference = {0};
    const struct reference_request request = {.live = live, .deadline = deadline_in(60000)};
    if (declared && declared_to_schema(declared, &request, &reference, error) < 0)
        fail_msg("%s: %s", golden_name(golden), error->message);
    if (!declared) {
        golden_expect(golden, "error", error->message);
        return;
    }
    if (live) {
        print_items(reference.schema, live, &out);
        strbuf_add_string(&out, reference.remark);
        golden_expect(golden, "items", strbuf_text(&out));
        return;
    }
    schema_json_render(reference.schema, 1, &out);
    golden_expect(golden, "schema.json", strbuf_text(&out));
}

static void drizzle_case(struct golden_case *golden, void *userdata)
{
    char engine[16] = "";
    size_t length = 0;
    struct error error = {0};
    cleanup(declared) struct declared *declared = NULL;
    cleanup(schema) struct schema *live = read_live(golden);
    const char *text = golden_read(golden, "snapshot.json", &length);
    (void)userdata;
    read_engine(golden, engine, sizeof engine);
    drizzle_snapshot_parse(text, length, "snapshot.json", engine, &declared, &error);
    check(golden, declared, live, &error);
}

static void rails_case(struct golden_case *golden, void *userdata)
{
    char engine[16] = "";
    size_t length = 0;
    struct error error = {0};
    const char *version = NULL;
    cleanup(declared) struct declared *declared = NULL;
    cleanup(schema) struct schema *live = read_live(golden);
    const char *text = golden_read(golden, "schema.rb", &length);
    (void)userdata;
    read_engine(golden, engine, sizeof engine);
    rails_schema_parse(text, length, "schema.rb", engine, live, &declared, &version, &error);
    check(golden, declared, live, &error);
}

static void script_case(struct golden_case *golden, void *userdata)
{
    static const char *const actions[] = {"run", "set", "skip"};
    char engine[16] = "";
    size_t length = 0;
    struct error error = {0};
    struct sql_script script = {0};
    struct sql_statement statement = {0};
    cleanup(strbuf) struct strbuf out = STRBUF(TEXT_BYTES);
    const char *text = golden_read(golden, "script.sql", &length);
    (void)userdata;
    read_engine(golden, engine, sizeof engine);
    sql_script_init(&script, strcmp(engine, "mysql") == 0, text, length, "script.sql");
    script.database = "scratch";
    int more = 1;
    while ((more = sql_script_next(&script, &statement, &error)) > 0)
        strbuf_printf(&out, "%u %s [%.*s]\n", statement.line, actions[statement.action], (int)statement.length,
                      statement.text);
    if (more < 0)
        strbuf_printf(&out, "%s\n", error.message);
    golden_expect(golden, "statements", strbuf_text(&out));
}

static void test_drizzle(void **state)
{
    (void)state;
    golden_run("reference/drizzle", drizzle_case, NULL);
}

static void test_rails(void **state)
{
    (void)state;
    golden_run("reference/rails", rails_case, NULL);
}

static void test_script(void **state)
{
    (void)state;
    golden_run("reference/script", script_case, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drizzle),
        cmocka_unit_test(test_rails),
        cmocka_unit_test(test_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
