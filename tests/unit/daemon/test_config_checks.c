/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of databases and of gates as they are read; what is said of wrong ones, and how they print, is in
 * golden/config.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "base/duration.h"
#include "base/limits.h"
#include "daemon/config_reader.h"
#include "support/oom.h"

static const char rich[] = "databases:\n"
                           "  orders:\n"
                           "    url: sqlite:////srv/orders.db\n"
                           "    replicas: ['sqlite:////srv/replica.db']\n"
                           "    blocked_grace: 7s\n"
                           "    backup: {file: '/backups/*.gz', max_age: 2d, min_size: 1MiB}\n"
                           "    checks:\n"
                           "      orphans: {sql: 'select id from t', expect: no rows, keys: [id], every: 1h}\n"
                           "      set: {sql: 'select a', expect: [a, b]}\n"
                           "      not_empty: [countries, currencies]\n"
                           "      foreign_keys: {orphans: 2s}\n"
                           "      enum_values: {status: [new, paid], colour: [red]}\n"
                           "      indexes: valid\n"
                           "      sequences: {below: 80.5%}\n"
                           "      replicas: {lag_below: 3s}\n"
                           "      extensions: {citext: '*'}\n"
                           "      nightly: {backup: {sql: select 1}, severity: fail}\n"
                           "  stock: {url: 'sqlite:////srv/stock.db'}\n"
                           "gates:\n"
                           "  api: {requires: ['orders:check:orphans', stock, 'orders:backup']}\n"
                           "  job: {requires: 'orders:backup', on_unknown: last-known, max_age: 30s}\n";

static struct config *must_parse(const char *text, size_t length)
{
    struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (config_parse(text, length, "migrationd.yaml", &config, &error) < 0)
        fail_msg("%s", error.message);
    return config;
}

static const struct check *must_find(const struct config *config, const char *name)
{
    const struct check *check = config_find_check(config_find_database(config, "orders"), name);
    assert_non_null(check);
    return check;
}

static void test_order_and_addresses(void **state)
{
    (void)state;
    static const char *const addresses[] = {
        "orders:check:orphans",     "orders:check:set",     "orders:check:not_empty", "orders:check:foreign_keys",
        "orders:check:enum_values", "orders:check:indexes", "orders:check:sequences", "orders:check:replicas",
        "orders:check:extensions",  "orders:check:nightly", "orders:backup"};
    cleanup(config) struct config *config = must_parse(rich, strlen(rich));
    const struct config_database *orders = config_find_database(config, "orders");
    assert_int_equal(orders->check_count, ARRAY_LENGTH(addresses));
    for (size_t i = 0; i < ARRAY_LENGTH(addresses); i++)
        assert_string_equal(orders->check_addresses[i], addresses[i]);
    assert_string_equal(orders->checks[0].name, "orphans");
    assert_null(config_find_check(orders, "orphan"));
    const struct config_database *replica = config_find_database(config, "orders@replica.db");
    assert_int_equal(replica->check_count, 0);
    assert_null(replica->checks);
    assert_int_equal(config_find_database(config, "stock")->check_count, 0);
}

static void test_values(void **state)
{
    (void)state;
    cleanup(config) struct config *config = must_parse(rich, strlen(rich));
    const struct check *check = must_find(config, "orphans");
    assert_string_equal(check->sql, "select id from t");
    assert_int_equal(check->expect.form, EXPECT_NO_ROWS);
    assert_int_equal(check->key_count, 1);
    assert_string_equal(check->keys[0], "id");
    assert_int_equal(check->every_ms, 3600000);
    check = must_find(config, "set");
    assert_int_equal(check->expect.form, EXPECT_IN);
    assert_int_equal(check->expect.value_count, 2);
    check = must_find(config, "not_empty");
    assert_int_equal(check->table_count, 2);
    assert_string_equal(check->tables[1], "currencies");
    check = must_find(config, "foreign_keys");
    assert_int_equal(check->orphans_ms, 2000);
    assert_int_equal(check->timeout_ms, check->kind->timeout_ms + 2000);
    check = must_find(config, "enum_values");
    assert_int_equal(check->enum_count, 2);
    assert_string_equal(check->enums[0].type, "status");
    assert_string_equal(check->enums[0].labels[1], "paid");
    assert_int_equal(must_find(config, "sequences")->below_permille, 805);
    assert_int_equal(must_find(config, "replicas")->lag_below_ms, 3000);
    check = must_find(config, "extensions");
    assert_string_equal(check->extensions[0].name, "citext");
    assert_string_equal(check->extensions[0].wanted, "*");
    check = must_find(config, "nightly");
    assert_null(check->backup.file);
    assert_string_equal(check->sql, "select 1");
    assert_int_equal(check->backup.max_age_ms, 86400000);
    assert_int_equal(check->backup.min_size, 1);
    assert_int_equal(check->severity, CHECK_FAILS);
    check = must_find(config, "backup");
    assert_string_equal(check->backup.file, "/backups/*.gz");
    assert_int_equal(check->backup.max_age_ms, 172800000);
    assert_int_equal(check->backup.min_size, 1048576);
    assert_int_equal(check->severity, CHECK_WARNS);
}

static void test_gates(void **state)
{
    (void)state;
    cleanup(config) struct config *config = must_parse(rich, strlen(rich));
    const struct config_gate *api = config_find_gate(config, "api");
    assert_int_equal(api->requirement_count, 1);
    assert_int_equal(api->required_count, 1);
    assert_string_equal(api->requirements[0].name, "stock");
    assert_int_equal(api->check_count, 2);
    for (size_t i = 0; i < api->check_count; i++) {
        const struct config_database *database = &config->databases[api->checks[i].database];
        assert_string_equal(database->name, "orders");
        assert_string_equal(database->check_addresses[api->checks[i].check], api->checks[i].address);
    }
    assert_string_equal(api->checks[0].address, "orders:check:orphans");
    assert_string_equal(api->checks[1].address, "orders:backup");
    assert_int_equal(api->blocked_grace_ms, 7000);
    const struct config_gate *job = config_find_gate(config, "job");
    assert_int_equal(job->requirement_count, 0);
    assert_int_equal(job->check_count, 1);
    assert_int_equal(job->policy.on_unknown, UNKNOWN_LAST_KNOWN);
    assert_int_equal(job->policy.max_age_ms, 30000);
    const struct config_gate *own = config_find_gate(config, "orders");
    assert_int_equal(own->check_count, 0);
    assert_int_equal(own->requirement_count, 2);
}

static const char *preset_of(const struct config_section *section, const char *name)
{
    const struct config_key *key = config_find_key(section, name);
    assert_non_null(key);
    return key->preset;
}

static int64_t duration_of(const char *text)
{
    int64_t ms = -1;
    assert_true(duration_parse(text, &ms));
    return ms;
}

/* The rows tell people what the kinds hold. */
static void test_every_kind_has_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; check_kinds[i]; i++) {
        const struct check_kind *kind = check_kinds[i];
        const struct config_section *run =
            strcmp(kind->name, "backup") == 0 ? &config_backup_run_keys : &config_check_run_keys;
        assert_non_null(config_find_key(&config_check_keys, kind->name));
        assert_int_equal(duration_of(preset_of(run, "every")), kind->every_ms);
        assert_int_equal(duration_of(preset_of(run, "timeout")), kind->timeout_ms);
        assert_string_equal(preset_of(run, "severity"), check_severity_name(kind->severity));
    }
    for (size_t i = 0; i < config_check_keys.key_count; i++) {
        const char *name = config_check_keys.keys[i].name;
        bool beside_sql = strcmp(name, "expect") == 0 || strcmp(name, "keys") == 0;
        assert_int_equal(check_kind_find(name) != NULL, !beside_sql);
    }
}

/* Whether the database `orders` keeps what is known of it when `from` becomes `to`. */
static bool survives(const char *from, const char *to)
{
    cleanup(config) struct config *before = must_parse(rich, strlen(rich));
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    const char *place = strstr(rich, from);
    assert_non_null(place);
    strbuf_add(&text, rich, (size_t)(place - rich));
    strbuf_add_string(&text, to);
    strbuf_add_string(&text, place + strlen(from));
    cleanup(config) struct config *after = must_parse(strbuf_text(&text), text.length);
    return config_database_equal(config_find_database(before, "orders"), config_find_database(after, "orders"));
}

static void test_every_change_is_noticed(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
    } changes[] = {
        {"id from t'", "id from u'"},
        {"expect: no rows, keys: [id]", "expect: no rows"},
        {"[a, b]", "[a, c]"},
        {"every: 1h", "every: 2h"},
        {"[countries, currencies]", "[countries]"},
        {"orphans: 2s", "orphans: 3s"},
        {"[new, paid]", "[new, sent]"},
        {"indexes: valid", "indexes: {indexes: valid, timeout: 6s}"},
        {"indexes: valid", "indexes: {indexes: valid, severity: warn}"},
        {"indexes: valid", "indexes: {indexes: valid, sensitive: true}"},
        {"80.5%", "80.6%"},
        {"lag_below: 3s", "lag_below: 4s"},
        {"citext: '*'", "citext: '1.6'"},
        {"sql: select 1", "sql: select 2"},
        {"max_age: 2d", "max_age: 3d"},
        {"min_size: 1MiB", "min_size: 1MB"},
        {"/backups/*.gz", "/backups/*.xz"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++)
        assert_false(survives(changes[i].from, changes[i].to));
    assert_true(survives("indexes: valid", "indexes: {indexes: valid, every: 5m}"));
    assert_true(survives("expect: no rows", "expect: \"no rows\""));
    assert_true(survives("max_age: 2d", "max_age: 48h"));
    assert_true(survives("gates:", "gates:\n  other: {requires: 'orders:check:indexes'}"));
}

/* A replica more is nothing of the database's own, but where a check of it is about all replicas. */
static void test_replicas_matter_to_their_check(void **state)
{
    (void)state;
    static const char *const checks[] = {"indexes: valid", "replicas: {lag_below: 5s}"};
    for (size_t i = 0; i < ARRAY_LENGTH(checks); i++) {
        char texts[2][256] = {"", ""};
        struct config *configs[2] = {NULL, NULL};
        for (size_t j = 0; j < 2; j++) {
            snprintf(texts[j], sizeof texts[j],
                     "databases: {orders: {url: postgresql://one/orders, replicas: [postgresql://two/orders%s], "
                     "checks: {%s}}}",
                     j ? ", postgresql://three/orders" : "", checks[i]);
            configs[j] = must_parse(texts[j], strlen(texts[j]));
        }
        assert_int_equal(config_database_equal(config_find_database(configs[0], "orders"),
                                               config_find_database(configs[1], "orders")),
                         i == 0);
        config_unref(configs[0]);
        config_unref(configs[1]);
    }
}

static void add_checks(struct strbuf *text, unsigned count)
{
    strbuf_add_string(text, "databases:\n  orders:\n    url: sqlite:////o\n    checks:\n");
    for (unsigned i = 0; i < count; i++)
        strbuf_printf(text, "      c%u: {indexes: valid}\n", i);
}

static void expect_error(const struct strbuf *text, const char *message)
{
    struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    assert_int_equal(config_parse(strbuf_text(text), text->length, "migrationd.yaml", &config, &error), -1);
    assert_string_equal(error.message, message);
}

static void test_limits(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    add_checks(&text, CONFIG_CHECKS_MAXIMUM);
    cleanup(config) struct config *config = must_parse(strbuf_text(&text), text.length);
    assert_int_equal(config->databases[0].check_count, CONFIG_CHECKS_MAXIMUM);
    strbuf_add_string(&text, "    backup: {file: b}\n");
    expect_error(&text, "migrationd.yaml:261:13: a database has at most 256 checks");
    strbuf_clear(&text);
    add_checks(&text, CONFIG_CHECKS_MAXIMUM + 1);
    expect_error(&text, "migrationd.yaml:5:7: a database has at most 256 checks");
    strbuf_clear(&text);
    add_checks(&text, 0);
    strbuf_add_string(&text, "      c: {expect: '1', sql: '");
    for (size_t i = 0; i <= LIMIT_CHECK_SQL; i++)
        strbuf_add_char(&text, 'x');
    strbuf_add_string(&text, "'}\n");
    expect_error(&text, "migrationd.yaml:5:29: 'sql' is longer than 256 KiB");
}

/* Line feeds take two bytes when they are printed: nothing that may be written is too long to be kept. */
static void test_long_queries(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    cleanup(strbuf) struct strbuf printed = STRBUF(LIMIT_CONFIG_PRINTED);
    add_checks(&text, 0);
    for (unsigned i = 0; i < 4; i++) {
        strbuf_printf(&text, "      c%u:\n        expect: '1'\n        sql: |\n", i);
        for (unsigned line = 0; line < 20000; line++)
            strbuf_add_string(&text, "          $$\n");
    }
    cleanup(config) struct config *config = must_parse(strbuf_text(&text), text.length);
    assert_int_equal(config->databases[0].check_count, 4);
    assert_int_equal(strlen(config->databases[0].checks[3].sql), 2 * 20000);
    assert_int_equal(config_print(config, &printed), 0);
}

static void test_without_memory(void **state)
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
    cleanup(config) struct config *config = must_parse(rich, strlen(rich));
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_CONFIG_BYTES);
        OOM_CHECK(loop, config_print(config, &out) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_addresses),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_gates),
        cmocka_unit_test(test_every_kind_has_a_row),
        cmocka_unit_test(test_every_change_is_noticed),
        cmocka_unit_test(test_replicas_matter_to_their_check),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_long_queries),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
