/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/entrance.h"

static char file[] = "/tmp/migrationd-entrance-XXXXXX";

static void write_token(const char *token)
{
    FILE *stream = fopen(file, "we");
    assert_non_null(stream);
    assert_true(fputs(token, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

static int make_file(void **state)
{
    (void)state;
    int descriptor = mkstemp(file);
    return descriptor < 0 ? -1 : close(descriptor);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file);
}

static struct config *config_of(const char *more)
{
    cleanup(free) char *text = mem_printf("databases: {a: {url: 'sqlite:////a'}}\n%s\n", more);
    struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    assert_non_null(text);
    if (config_parse(text, strlen(text), "test.yaml", &config, &error) < 0)
        fail_msg("%s", error.message);
    return config;
}

static struct config *config_with_token(const char *more)
{
    cleanup(free) char *text = mem_printf("tokens: [{file: %s, scope: gate}]\n%s", file, more);
    assert_non_null(text);
    return config_of(text);
}

static void read_keys(const char *token, struct entrance_keys *ret_keys)
{
    struct error error = {.code = ERROR_OK};
    cleanup(config) struct config *config = config_with_token("");
    write_token(token);
    if (entrance_read(config, ret_keys, &error) < 0)
        fail_msg("%s", error.message);
}

static enum access_kind kind_of(const struct entrance *entrance, const char *field)
{
    return access_identify(entrance->access, field).kind;
}

static void test_an_exchange_is_undone_by_another(void **state)
{
    (void)state;
    struct error error = {.code = ERROR_OK};
    struct entrance entrance = {0};
    cleanup(entrance_keys) struct entrance_keys keys = {0};
    read_keys("the-first-token-0", &keys);
    assert_int_equal(entrance_init(&entrance, &keys, &error), 0);
    assert_null(keys.tokens);
    assert_null(entrance.tls);
    read_keys("the-second-token-0", &keys);
    entrance_exchange(&entrance, &keys);
    assert_int_equal(kind_of(&entrance, "Bearer the-first-token-0"), CALLER_REFUSED);
    assert_int_equal(kind_of(&entrance, "Bearer the-second-token-0"), CALLER_KNOWN);
    entrance_exchange(&entrance, &keys);
    assert_int_equal(kind_of(&entrance, "Bearer the-first-token-0"), CALLER_KNOWN);
    assert_int_equal(kind_of(&entrance, "Bearer the-second-token-0"), CALLER_REFUSED);
    entrance_done(&entrance);
}

static unsigned said;
static char last[1024];

static void hear(const char *text)
{
    said++;
    snprintf(last, sizeof last, "%s", text);
}

static unsigned remarks_on(struct config *config)
{
    cleanup(config) struct config *owned = config;
    const struct entrance_keys keys = {0};
    said = 0;
    last[0] = '\0';
    entrance_remarks(owned, &keys, 0, hear);
    return said;
}

static void test_tokens_in_clear_text_are_remarked(void **state)
{
    (void)state;
    static const char tls[] = "listen: 0.0.0.0:1\nprobe_listen: '[::]:2'\ntls: {certificate: a, key: b, probes: ";
    assert_int_equal(remarks_on(config_with_token("")), 0);
    assert_int_equal(remarks_on(config_with_token("listen: unix:/x")), 0);
    assert_int_equal(remarks_on(config_of("listen: 0.0.0.0:1\nallow_anonymous: gate")), 0);
    assert_int_equal(remarks_on(config_with_token("listen: 0.0.0.0:1")), 1);
    assert_non_null(strstr(last, "'listen' (0.0.0.0:1)"));
    assert_int_equal(remarks_on(config_with_token("listen: 0.0.0.0:1\nprobe_listen: '[::]:2'")), 2);
    cleanup(free) char *both = mem_printf("%stls}", tls);
    cleanup(free) char *plain = mem_printf("%splain}", tls);
    assert_int_equal(remarks_on(config_with_token(both)), 0);
    assert_int_equal(remarks_on(config_with_token(plain)), 1);
    assert_non_null(strstr(last, "'probe_listen' ([::]:2)"));
}

static void test_what_cannot_be_read_is_said_with_its_place(void **state)
{
    (void)state;
    struct error error = {.code = ERROR_OK};
    cleanup(entrance_keys) struct entrance_keys keys = {0};
    write_token("a-good-token-0000");
    cleanup(config) struct config *config = config_with_token("tls: {certificate: /nonexistent, key: /nonexistent}");
    assert_int_equal(entrance_read(config, &keys, &error), -1);
    assert_int_equal(error.code, ERROR_INVALID);
    assert_ptr_equal(strstr(error.message, "test.yaml:3:6: tls.certificate: /nonexistent: "), error.message);
    assert_null(keys.tokens);
    assert_null(keys.identity);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    write_token("a-good-token-0000");
    cleanup(config) struct config *config = config_with_token("");
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {.code = ERROR_OK};
        struct entrance entrance = {0};
        cleanup(entrance_keys) struct entrance_keys keys = {0};
        OOM_CHECK(loop, entrance_read(config, &keys, &error) == 0 && entrance_init(&entrance, &keys, &error) == 0);
        entrance_done(&entrance);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_exchange_is_undone_by_another),
        cmocka_unit_test(test_tokens_in_clear_text_are_remarked),
        cmocka_unit_test(test_what_cannot_be_read_is_said_with_its_place),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("entrance", tests, make_file, remove_file);
}
