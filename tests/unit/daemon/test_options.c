/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/options.h"

enum { ARGUMENTS = 6 };

static int parse(const char *const *arguments, struct options *options)
{
    char storage[ARGUMENTS + 1][64] = {"migrationd"};
    char *argv[ARGUMENTS + 2] = {storage[0]};
    int argc = 1;
    for (; argc <= ARGUMENTS && arguments[argc - 1]; argc++) {
        strncpy(storage[argc], arguments[argc - 1], sizeof storage[argc] - 1);
        argv[argc] = storage[argc];
    }
    optind = 0; /* GNU: begin anew */
    return options_parse(argc, argv, options);
}

static void test_options(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[ARGUMENTS];
        int code;
        enum option_action action;
    } cases[] = {
        {{NULL}, 0, ACTION_RUN},
        {{"--check-config"}, 0, ACTION_CHECK},
        {{"--connect", "--check-config"}, 0, ACTION_CHECK_CONNECT},
        {{"--check-config", "--connect"}, 0, ACTION_CHECK_CONNECT},
        {{"--print-config"}, 0, ACTION_PRINT_CONFIG},
        {{"--print-reference"}, 0, ACTION_PRINT_REFERENCE},
        {{"--version", "--nonsense"}, 0, ACTION_EXIT},
        {{"-h"}, 0, ACTION_EXIT},
        {{"--connect"}, 2, ACTION_RUN},
        {{"--print-config", "--connect"}, 2, ACTION_PRINT_CONFIG},
        {{"file.yaml"}, 2, ACTION_RUN},
        {{"--nonsense"}, 2, ACTION_RUN},
        {{"--config"}, 2, ACTION_RUN},
        {{"--log-format", "xml"}, 2, ACTION_RUN},
        {{"--log-level", "loud"}, 2, ACTION_RUN},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct options options = {0};
        assert_int_equal(parse(cases[i].arguments, &options), cases[i].code);
        assert_int_equal(options.action, cases[i].action);
    }
}

static void test_values(void **state)
{
    (void)state;
    struct options options = {0};
    const char *const none[] = {NULL};
    assert_int_equal(parse(none, &options), 0);
    assert_string_equal(options.config_path, "/etc/migrationd/migrationd.yaml");
    assert_int_equal(options.log_format, LOG_FORMAT_AUTO);
    assert_int_equal(options.log_level, LOG_LEVEL_INFO);
    const char *const all[] = {"--log-format=json", "--log-level=debug", NULL};
    assert_int_equal(parse(all, &options), 0);
    assert_int_equal(options.log_format, LOG_FORMAT_JSON);
    assert_int_equal(options.log_level, LOG_LEVEL_DEBUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_options), cmocka_unit_test(test_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
