/* SPDX-License-Identifier: Apache-2.0
 *
 * golden/config: input.yaml is a configuration file; expected.txt what is said of it: the effective configuration, or
 * the error.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "base/duration.h"
#include "base/limits.h"
#include "daemon/config_reader.h"
#include "support/golden.h"
#include "support/oom.h"

enum { PRINT_LIMIT = 4 * 1024 * 1024 };

static const char small[] = "databases:\n  orders: {url: 'sqlite:////srv/orders.db'}\n";

static int parse_text(const char *text, size_t length, struct config **ret_config, struct error *error)
{
    *error = (struct error){.code = ERROR_OK};
    return config_parse(text, length, "migrationd.yaml", ret_config, error);
}

static struct config *must_parse(const char *text)
{
    struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (parse_text(text, strlen(text), &config, &error) < 0)
        fail_msg("%s", error.message);
    return config;
}

static void must_print(const struct config *config, struct strbuf *out)
{
    assert_int_equal(config_print(config, out), 0);
}

static void judge_case(struct golden_case *golden, void *userdata)
{
    (void)userdata;
    size_t length = 0;
    const char *text = golden_read(golden, "input.yaml", &length);
    cleanup(config) struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (parse_text(text, length, &config, &error) < 0) {
        assert_int_equal(error.code, ERROR_INVALID);
        assert_ptr_equal(strstr(error.message, "migrationd.yaml:"), error.message);
        assert_null(strstr(error.message, "s3cr3t"));
        golden_expect(golden, "expected.txt", error.message);
        return;
    }
    cleanup(strbuf) struct strbuf out = STRBUF(PRINT_LIMIT);
    must_print(config, &out);
    assert_null(strstr(strbuf_text(&out), "s3cr3t"));
    golden_expect(golden, "expected.txt", strbuf_text(&out));
}

static void set_variables(void)
{
    setenv("MIGRATIOND_TEST_SET", "value", 1);
    setenv("MIGRATIOND_TEST_EMPTY", "", 1);
    setenv("MIGRATIOND_TEST_YAML", "a]\n  evil: {url: x", 1);
    unsetenv("MIGRATIOND_TEST_UNSET");
    unsetenv("CREDENTIALS_DIRECTORY");
}

static void test_golden(void **state)
{
    (void)state;
    golden_run("config", judge_case, NULL);
}

/* What --print-config prints is a configuration that means the same. */
static void check_round_trip(struct golden_case *golden, void *userdata)
{
    (void)userdata;
    size_t length = 0;
    const char *text = golden_read(golden, "input.yaml", &length);
    cleanup(config) struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (parse_text(text, length, &config, &error) < 0)
        return;
    cleanup(strbuf) struct strbuf first = STRBUF(PRINT_LIMIT);
    cleanup(strbuf) struct strbuf second = STRBUF(PRINT_LIMIT);
    must_print(config, &first);
    cleanup(config) struct config *again = must_parse(strbuf_text(&first));
    must_print(again, &second);
    assert_string_equal(strbuf_text(&first), strbuf_text(&second));
    assert_null(config_restart_needed(config, again));
}

static void test_print_reads_back(void **state)
{
    (void)state;
    golden_run("config", check_round_trip, NULL);
}

static void expect_error(const char *text, size_t length, const char *message)
{
    cleanup(config) struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    assert_int_equal(parse_text(text, length, &config, &error), -1);
    assert_null(config);
    assert_string_equal(error.message, message);
}

/* Inputs that nobody would like to see in a repository. */
static void test_large_inputs(void **state)
{
    (void)state;
    enum { SIZE = 2 * 1024 * 1024 };
    cleanup(free) char *text = mem_alloc(SIZE);
    assert_non_null(text);
    memset(text, '[', SIZE);
    expect_error(text, 200000, "migrationd.yaml:1:17: nested too deeply (the limit is 16 levels)");
    expect_error(text, SIZE, "migrationd.yaml:1:1: larger than 1 MiB");
    memset(text, '{', 200000);
    expect_error(text, 200000, "migrationd.yaml:1:2: a key must be a plain word");
    for (size_t i = 0; i + 1 < 200000; i += 2)
        memcpy(text + i, "- ", 2);
    expect_error(text, 200000, "migrationd.yaml:1:33: nested too deeply (the limit is 16 levels)");
    memset(text, 'a', LIMIT_CONFIG_BYTES);
    expect_error(text, LIMIT_CONFIG_BYTES,
                 "migrationd.yaml:1:1: here stand keys of the configuration, 'key: value' each, not a value");
}

static void test_entry_limit(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    strbuf_add_string(&text, "databases:\n");
    for (unsigned i = 0; i <= LIMIT_CONFIG_ENTRIES; i++)
        strbuf_printf(&text, "  d%u: {url: 'sqlite:////%u'}\n", i, i);
    expect_error(strbuf_text(&text), text.length, "migrationd.yaml:4098:10: more than 4096 entries");
    size_t last = text.length - strlen("  d4096: {url: 'sqlite:////4096'}\n");
    cleanup(config) struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    assert_int_equal(parse_text(strbuf_text(&text), last, &config, &error), 0);
    assert_int_equal(config->database_count, LIMIT_CONFIG_ENTRIES);
}

static const char rich[] = "allow_anonymous: [health]\n"
                           "databases:\n"
                           "  orders:\n"
                           "    url: postgresql://o:s3cr3t@h/orders\n"
                           "    schemas: [a, '${MIGRATIOND_TEST_SET}']\n"
                           "    journal: {tool: alembic, table: t}\n"
                           "    expect: {directory: m}\n"
                           "  billing: {url: 'mysql://h/b', password_file: p, journal: none}\n"
                           "gates:\n"
                           "  api: {requires: [orders, billing], accept: [ahead]}\n";

static void test_parse_without_memory(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(config) struct config *config = NULL;
        struct error error = {.code = ERROR_OK};
        OOM_CHECK(loop, config_parse(rich, strlen(rich), "rich.yaml", &config, &error) == 0);
        if (!config)
            assert_int_equal(error.code, ERROR_NO_MEMORY);
    }
}

static void test_print_without_memory(void **state)
{
    (void)state;
    cleanup(config) struct config *config = must_parse(rich);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(strbuf) struct strbuf out = STRBUF(PRINT_LIMIT);
        OOM_CHECK(loop, config_print(config, &out) == 0);
    }
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(strbuf) struct strbuf out = STRBUF(PRINT_LIMIT);
        OOM_CHECK(loop, config_print_reference(&out) == 0);
    }
}

static void test_find(void **state)
{
    (void)state;
    cleanup(config) struct config *config = must_parse(rich);
    assert_string_equal(config_find_database(config, "billing")->name, "billing");
    assert_null(config_find_database(config, "bill"));
    assert_null(config_find_database(config, "api"));
    const struct config_gate *api = config_find_gate(config, "api");
    assert_int_equal(api->requirement_count, 2);
    assert_string_equal(config->databases[api->requirements[0].database].name, "orders");
    assert_int_equal(api->policy.accept, 1u << STATE_CURRENT | 1u << STATE_AHEAD);
    const struct config_gate *own = config_find_gate(config, "orders");
    assert_int_equal(own->requirement_count, 1);
    assert_string_equal(config->databases[own->requirements[0].database].name, "orders");
    assert_int_equal(own->policy.accept, 1u << STATE_CURRENT);
}

static bool same_database(const char *change)
{
    cleanup(config) struct config *before = must_parse(rich);
    cleanup(strbuf) struct strbuf text = STRBUF(PRINT_LIMIT);
    const char *place = strstr(rich, "    schemas");
    strbuf_add(&text, rich, (size_t)(place - rich));
    strbuf_add_string(&text, change);
    strbuf_add_string(&text, place);
    cleanup(config) struct config *after = must_parse(strbuf_text(&text));
    return config_database_equal(config_find_database(before, "orders"), config_find_database(after, "orders"));
}

static void test_database_equal(void **state)
{
    (void)state;
    assert_true(same_database(""));
    assert_true(same_database("    interval: 30s\n"));
    assert_true(same_database("    interval: 31s\n")); /* what is known stays known */
    assert_true(same_database("    journal_interval: 2s\n"));
    assert_true(same_database("    max_staleness: 7m\n"));
    assert_false(same_database("    checksums: warn\n"));
    cleanup(config) struct config *a = must_parse("databases: {a: {url: 'mysql://u:one@h/d'}}");
    cleanup(config) struct config *b = must_parse("databases: {a: {url: 'mysql://u:two@h/d'}}");
    assert_false(config_database_equal(&a->databases[0], &b->databases[0]));
}

static void test_restart_needed(void **state)
{
    (void)state;
    cleanup(config) struct config *before = must_parse(small);
    cleanup(config) struct config *listen = must_parse("listen: 127.0.0.1:1\ndatabases: {a: {url: 'sqlite:////a'}}");
    cleanup(config) struct config *workers = must_parse("workers: 1\ndatabases: {a: {url: 'sqlite:////a'}}");
    cleanup(config) struct config *live = must_parse("allow_anonymous: gate\ndatabases: {a: {url: 'sqlite:////a'}}");
    assert_null(config_restart_needed(before, before));
    assert_null(config_restart_needed(before, live));
    assert_string_equal(config_restart_needed(before, listen), "listen");
    assert_string_equal(config_restart_needed(before, workers), "workers");
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
        const char *printed;
    } cases[] = {
        {"0s", 0, "0s"},           {"500ms", 500, "500ms"}, {"1000ms", 1000, "1s"},
        {"90s", 90000, "90s"},     {"60s", 60000, "1m"},    {"24h", 86400000, "1d"},
        {"36h", 129600000, "36h"}, {"", -1, NULL},          {"s", -1, NULL},
        {"5", -1, NULL},           {"5 s", -1, NULL},       {"+5s", -1, NULL},
        {" 5s", -1, NULL},         {"5S", -1, NULL},        {"5sec", -1, NULL},
        {"1h30m", -1, NULL},       {"1e3s", -1, NULL},      {"99999999999999999999ms", -1, NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t ms = -1;
        assert_int_equal(duration_parse(cases[i].text, &ms), cases[i].ms >= 0);
        if (cases[i].ms < 0)
            continue;
        assert_int_equal(ms, cases[i].ms);
        cleanup(strbuf) struct strbuf out = STRBUF(64);
        duration_print(ms, &out);
        assert_string_equal(strbuf_text(&out), cases[i].printed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_print_reads_back),
        cmocka_unit_test(test_large_inputs),
        cmocka_unit_test(test_entry_limit),
        cmocka_unit_test(test_parse_without_memory),
        cmocka_unit_test(test_print_without_memory),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_database_equal),
        cmocka_unit_test(test_restart_needed),
        cmocka_unit_test(test_durations),
    };
    set_variables();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
