/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference that is printed is the file that is shipped, and loads.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "daemon/config_reader.h"

enum { LIMIT = 1024 * 1024 };

#define SHIPPED MIGRATIOND_TEST_FOLDER "/../config/migrationd.yaml"

static void print_reference(struct strbuf *out)
{
    assert_int_equal(config_print_reference(out), 0);
}

static void test_reference_is_shipped(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf printed = STRBUF(LIMIT);
    print_reference(&printed);
    cleanup(free) char *shipped = mem_calloc(1, LIMIT);
    assert_non_null(shipped);
    FILE *file = fopen(SHIPPED, "re");
    assert_non_null(file);
    size_t length = fread(shipped, 1, LIMIT - 1, file);
    fclose(file);
    assert_true(length > 0);
    assert_string_equal(shipped, strbuf_text(&printed));
}

static void test_reference_is_valid_and_says_the_defaults(void **state)
{
    (void)state;
    cleanup(config) struct config *shipped = NULL;
    cleanup(config) struct config *plain = NULL;
    struct error error = {.code = ERROR_OK};
    if (config_load(SHIPPED, &shipped, &error) < 0)
        fail_msg("%s", error.message);
    static const char least[] = "databases: {example: {url: 'sqlite:////var/lib/example/app.db'}}\n"
                                "gates: {example-api: {requires: [example]}}\n";
    assert_int_equal(config_parse(least, strlen(least), "least", &plain, &error), 0);
    cleanup(strbuf) struct strbuf a = STRBUF(LIMIT);
    cleanup(strbuf) struct strbuf b = STRBUF(LIMIT);
    assert_int_equal(config_print(shipped, &a), 0);
    assert_int_equal(config_print(plain, &b), 0);
    assert_string_equal(strbuf_text(&a), strbuf_text(&b));
}

/* Every line with its first '#' taken off, where a key stands behind it. */
static void uncomment(const char *text, struct strbuf *out)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        size_t blanks = strspn(text, " ");
        bool hidden = text[blanks] == '#' && text[blanks + 1] != ' ';
        bool below = strncmp(text + blanks, "#  ", 3) == 0 && (blanks == 4 || (blanks == 0 && text[3] != ' '));
        strbuf_add(out, text, blanks);
        strbuf_add(out, text + blanks + (hidden || below), length - blanks - (hidden || below));
        strbuf_add_char(out, '\n');
        text += length + (text[length] == '\n');
    }
}

static void test_hidden_keys_are_valid_too(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf reference = STRBUF(LIMIT);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT);
    print_reference(&reference);
    uncomment(strbuf_text(&reference), &text);
    char *second = strstr(text.bytes, "    password_env:");
    assert_non_null(second);
    second[4] = '#'; /* instead of password_file */
    char *listed = strstr(text.bytes, "    journals:");
    assert_non_null(listed);
    listed[4] = '#'; /* instead of journal and expect */
    char *age = strstr(strstr(text.bytes, "\ngates:"), "    max_age:");
    assert_non_null(age);
    age[4] = '#'; /* of another on_unknown */
    cleanup(config) struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (config_parse(strbuf_text(&text), text.length, "reference", &config, &error) < 0)
        fail_msg("%s\n%s", error.message, strbuf_text(&text));
    const struct config_database *database = &config->databases[0];
    assert_string_equal(database->password_file, "/orders.password");
    assert_string_equal(database->journal.tool->name, "alembic");
    assert_string_equal(database->journal.table, "public.alembic_version");
    assert_string_equal(database->journal.expect.directories[0], "/srv/orders/migrations");
    assert_int_equal(database->schema_count, 1);
    assert_true(database->journal_interval_given);
    assert_string_equal(database->drift.reference_key, "baseline");
    assert_int_equal(database->drift.policy.ignore_count, 2);
    assert_non_null(database->drift.scratch);
    assert_int_equal(database->check_count, 2);
    assert_string_equal(database->check_addresses[0], "example:check:no_orphans");
    assert_string_equal(database->checks[0].kind->name, "sql");
    assert_int_equal(database->checks[0].expect.form, EXPECT_EQUAL);
    assert_string_equal(database->check_addresses[1], "example:backup");
    assert_string_equal(database->checks[1].backup.file, "/backups/orders-*.sql.gz");
    assert_int_equal(config->allow_anonymous, ACCESS_HEALTH | ACCESS_GATE);
    assert_int_equal(config->token_count, 1);
    assert_int_equal(config->tokens[0].scope, SCOPE_GATE);
    assert_string_equal(config->tls.certificate, "/tls.crt");
    assert_string_equal(config->tls.client_ca, "/clients.crt");
}

static const struct config_section *const sections[] = {
    &config_top_keys,        &config_timing_keys,  &config_database_keys,  &config_journal_keys,   &config_listed_keys,
    &config_expect_keys,     &config_drift_keys,   &config_reference_keys, &config_policy_keys,    &config_token_keys,
    &config_tls_keys,        &config_gate_keys,    &config_check_keys,     &config_check_run_keys, &config_backup_keys,
    &config_backup_run_keys, &config_orphans_keys, &config_sequences_keys, &config_lag_keys};

static void test_every_key_is_documented(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf reference = STRBUF(LIMIT);
    print_reference(&reference);
    for (size_t i = 0; i < ARRAY_LENGTH(sections); i++) {
        for (size_t j = 0; j < sections[i]->key_count; j++) {
            const struct config_key *key = &sections[i]->keys[j];
            cleanup(strbuf) struct strbuf wanted = STRBUF(256);
            strbuf_printf(&wanted, "%s:", key->name);
            if (!strstr(strbuf_text(&reference), strbuf_text(&wanted)))
                fail_msg("the reference does not show %s", key->name);
            size_t length = strlen(key->doc);
            if (key->doc[length - 1] != '.')
                fail_msg("the documentation of %s is no sentence", key->name);
        }
    }
}

static void test_no_line_is_too_long(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf reference = STRBUF(LIMIT);
    print_reference(&reference);
    for (const char *line = strbuf_text(&reference); *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_is_shipped),
        cmocka_unit_test(test_reference_is_valid_and_says_the_defaults),
        cmocka_unit_test(test_hidden_keys_are_valid_too),
        cmocka_unit_test(test_every_key_is_documented),
        cmocka_unit_test(test_no_line_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
