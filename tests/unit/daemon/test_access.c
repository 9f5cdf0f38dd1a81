/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "daemon/access.h"
#include "daemon/http_routes.h"

/* Stands in the place of the library's, to count how many tokens a presented one is compared with. */
static unsigned compared;

int gnutls_memcmp(const void *s1, const void *s2, size_t n)
{
    const unsigned char *left = s1;
    const unsigned char *right = s2;
    unsigned difference = 0;
    compared++;
    for (size_t i = 0; i < n; i++)
        difference |= left[i] ^ right[i];
    return (int)difference;
}

static char folder[] = "/tmp/migrationd-access-XXXXXX";

static const char *file_named(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_bytes(const char *name, const void *bytes, size_t length)
{
    FILE *file = fopen(file_named(name), "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void write_text(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text));
}

/* As a secret is rotated: another file behind the same name. */
static void replace_text(const char *name, const char *text)
{
    char fresh[128] = "";
    write_text("fresh", text);
    snprintf(fresh, sizeof fresh, "%s", file_named("fresh"));
    assert_int_equal(rename(fresh, file_named(name)), 0);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[64] = "";
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command); /* NOLINT(cert-env33-c): the name is ours */
}

static void test_every_route_by_every_scope(void **state)
{
    (void)state;
    static const struct {
        const char *prefix; /* the first that fits */
        const char *get;    /* scopes */
        const char *post;
    } rules[] = {
        {"/v1/reload", "", "admin"},
        {"/v1/databases/{database}/refresh", "", "admin"},
        {"/v1/gates", "read gate admin", "gate admin"},
        {"/v1/", "read admin", "admin"},
        {"/", "read gate admin", "read gate admin"},
    };
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        size_t rule = 0;
        while (strncmp(route->path, rules[rule].prefix, strlen(rules[rule].prefix)) != 0)
            rule++;
        for (unsigned scope = 0; scope < ACCESS_SCOPES; scope++) {
            const struct access_scope_row *row = &access_scopes[scope];
            const struct access_caller caller = {.kind = CALLER_KNOWN, .get = row->get, .post = row->post};
            if (route->get &&
                http_route_is_covered(route, HTTP_GET, &caller, 0) != !!strstr(rules[rule].get, row->name))
                fail_msg("GET %s with a token for %s", route->path, row->name);
            if (route->get && http_route_is_covered(route, HTTP_HEAD, &caller, 0) !=
                                  http_route_is_covered(route, HTTP_GET, &caller, 0))
                fail_msg("HEAD %s is not as GET with a token for %s", route->path, row->name);
            if (route->post &&
                http_route_is_covered(route, HTTP_POST, &caller, 0) != !!strstr(rules[rule].post, row->name))
                fail_msg("POST %s with a token for %s", route->path, row->name);
        }
        const struct access_caller nobody = {.kind = CALLER_ANONYMOUS};
        assert_false(http_route_is_covered(route, HTTP_GET, &nobody, 0));
        assert_false(http_route_is_covered(route, HTTP_POST, &nobody, 0));
        bool secret = strncmp(route->path, "/v1/", 4) == 0 && strncmp(route->path, "/v1/gates", 9) != 0;
        assert_true(http_route_is_covered(route, HTTP_GET, &nobody, ACCESS_HEALTH | ACCESS_GATE) != secret);
    }
}

static void test_scopes_by_name(void **state)
{
    (void)state;
    assert_int_equal(access_scope_from_name("read"), SCOPE_READ);
    assert_int_equal(access_scope_from_name("gate"), SCOPE_GATE);
    assert_int_equal(access_scope_from_name("admin"), SCOPE_ADMIN);
    assert_int_equal(access_scope_from_name("Admin"), ACCESS_SCOPES);
    assert_int_equal(access_scope_from_name(""), ACCESS_SCOPES);
}

static char *text_of(char byte, size_t length, const char *end)
{
    static char text[1024];
    memset(text, byte, length);
    snprintf(text + length, sizeof text - length, "%s", end);
    return text;
}

static void expect_token(const char *name, const char *text)
{
    struct error error = {.code = ERROR_OK};
    char token[TOKEN_SIZE] = "";
    if (access_token_read(file_named(name), token, &error) < 0)
        fail_msg("%s", error.message);
    assert_string_equal(token, text);
}

static void expect_none(const char *name, const char *why)
{
    struct error error = {.code = ERROR_OK};
    char token[TOKEN_SIZE] = "";
    assert_int_equal(access_token_read(file_named(name), token, &error), -1);
    assert_int_equal(error.code, ERROR_INVALID);
    if (!strstr(error.message, why) || !strstr(error.message, file_named(name)))
        fail_msg("'%s' does not say '%s' and the file's name", error.message, why);
}

static void test_what_a_token_file_holds(void **state)
{
    (void)state;
    write_text("t", "0123456789abcdef");
    expect_token("t", "0123456789abcdef");
    write_text("t", "0123456789abcdef\n");
    expect_token("t", "0123456789abcdef");
    write_text("t", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\n");
    expect_token("t", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
    write_text("t", text_of('x', TOKEN_MOST, "\n"));
    expect_token("t", text_of('x', TOKEN_MOST, ""));
    write_text("t", text_of('x', TOKEN_MOST, ""));
    expect_token("t", text_of('x', TOKEN_MOST, ""));

    write_text("t", "");
    expect_none("t", "is empty");
    write_text("t", "\n");
    expect_none("t", "is empty");
    write_text("t", "0123456789abcde\n");
    expect_none("t", "too short");
    write_text("t", text_of('x', TOKEN_MOST + 1, ""));
    expect_none("t", "too long");
    write_text("t", text_of('x', TOKEN_MOST + 1, "\n"));
    expect_none("t", "too long");
    write_text("t", text_of('x', TOKEN_MOST, "\n\n"));
    expect_none("t", "too long");
    write_text("t", "0123456789abcdef\r\n");
    expect_none("t", "byte 17");
    write_text("t", "0123456789abcdef\n\n");
    expect_none("t", "byte 17");
    write_text("t", "0123 456789abcdef");
    expect_none("t", "byte 5");
    write_text("t", "0123456789abcd\xC3\xA9");
    expect_none("t", "byte 15");
    write_text("t", "0123456789abcdef\x7f");
    expect_none("t", "byte 17");
    write_bytes("t", "0123456789abcdef\0ghi", 20);
    expect_none("t", "byte 17");
    expect_none("nowhere", "No such file");
    assert_int_equal(mkdir(file_named("folder"), 0700), 0);
    expect_none("folder", "directory");
    assert_int_equal(mkfifo(file_named("pipe"), 0600), 0);
    expect_none("pipe", "is empty");
}

/* Tokens "token-number-0000" and so on, whose scopes take turns. */
static struct config *config_of(size_t count)
{
    cleanup(strbuf) struct strbuf text = STRBUF(65536);
    strbuf_add_string(&text, "databases: {a: {url: 'sqlite:////a'}}\ntokens:\n");
    for (size_t i = 0; i < count; i++) {
        char name[32] = "";
        char token[64] = "";
        snprintf(name, sizeof name, "%zu.token", i);
        snprintf(token, sizeof token, "token-number-%04zu\n", i);
        write_text(name, token);
        strbuf_printf(&text, "  - {file: %s, scope: %s}\n", file_named(name), access_scopes[i % ACCESS_SCOPES].name);
    }
    struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (config_parse(strbuf_text(&text), text.length, "test.yaml", &config, &error) < 0)
        fail_msg("%s", error.message);
    return config;
}

static struct access *access_of(size_t count)
{
    cleanup(config) struct config *config = config_of(count);
    struct access_tokens *tokens = NULL;
    struct error error = {.code = ERROR_OK};
    if (access_tokens_read(config, &tokens, &error) < 0)
        fail_msg("%s", error.message);
    struct access *access = access_new();
    assert_non_null(access);
    assert_null(access_exchange(access, tokens));
    return access;
}

static void test_each_of_all_tokens_is_known_by_its_scope(void **state)
{
    (void)state;
    cleanup(access) struct access *access = access_of(CONFIG_TOKENS_MAXIMUM);
    for (size_t i = 0; i < CONFIG_TOKENS_MAXIMUM; i++) {
        char field[64] = "";
        snprintf(field, sizeof field, "Bearer token-number-%04zu", i);
        compared = 0;
        struct access_caller caller = access_identify(access, field);
        assert_int_equal(caller.kind, CALLER_KNOWN);
        assert_int_equal(caller.get, access_scopes[i % ACCESS_SCOPES].get);
        assert_int_equal(caller.post, access_scopes[i % ACCESS_SCOPES].post);
        assert_int_equal(compared, CONFIG_TOKENS_MAXIMUM);
    }
}

static void test_who_is_refused_is_compared_with_all(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Bearer token-number-000",
        "Bearer token-number-00000",
        "Bearer token-number-0003",
        "Bearer Token-number-0000",
        "Bearer token-number-0000 ",
        "Bearer token-number-0000,token-number-0001",
        "Bearertoken-number-0000",
        "Bearer\ttoken-number-0000",
        "token-number-0000",
        "Basic token-number-0000",
        "Digest token-number-0000",
        "Bearer e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    };
    cleanup(access) struct access *access = access_of(3);
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        compared = 0;
        struct access_caller caller = access_identify(access, fields[i]);
        if (caller.kind != CALLER_REFUSED || caller.get || caller.post || compared != 3)
            fail_msg("'%s' is taken for a token's", fields[i]);
    }
    assert_int_equal(access_identify(access, "bEARER   token-number-0002").kind, CALLER_KNOWN);
    struct access_caller nobody = access_identify(access, NULL);
    assert_int_equal(nobody.kind, CALLER_ANONYMOUS);
    assert_true(nobody.could_be_known);
}

static void test_without_tokens_nobody_is_known_or_refused(void **state)
{
    (void)state;
    cleanup(access) struct access *access = access_new();
    for (unsigned i = 0; i < 2; i++) {
        struct access_caller caller = access_identify(i ? access : NULL, "Bearer token-number-0000");
        assert_int_equal(caller.kind, CALLER_ANONYMOUS);
        assert_false(caller.could_be_known);
        assert_int_equal(caller.get | caller.post, 0);
    }
}

static void test_one_token_in_two_files_has_both_scopes(void **state)
{
    (void)state;
    cleanup(config) struct config *config = config_of(2); /* read, gate */
    write_text("0.token", "the-same-in-both");
    write_text("1.token", "the-same-in-both");
    cleanup(access) struct access *access = access_new();
    struct access_tokens *tokens = NULL;
    assert_int_equal(access_tokens_read(config, &tokens, NULL), 0);
    assert_null(access_exchange(access, tokens));
    struct access_caller caller = access_identify(access, "Bearer the-same-in-both");
    assert_int_equal(caller.get, access_scopes[SCOPE_READ].get | access_scopes[SCOPE_GATE].get);
    assert_int_equal(caller.post, access_scopes[SCOPE_READ].post | access_scopes[SCOPE_GATE].post);
}

static bool is_known(struct access *access, const char *token)
{
    char field[600] = "";
    snprintf(field, sizeof field, "Bearer %s", token);
    return access_identify(access, field).kind == CALLER_KNOWN;
}

static void test_rotation(void **state)
{
    (void)state;
    cleanup(access) struct access *access = access_of(2);
    access_refresh(access);
    assert_true(is_known(access, "token-number-0000"));

    replace_text("0.token", "another-token-0000\n");
    access_refresh(access);
    assert_false(is_known(access, "token-number-0000"));
    assert_true(is_known(access, "another-token-0000"));
    assert_true(is_known(access, "token-number-0001"));

    assert_int_equal(unlink(file_named("0.token")), 0);
    access_refresh(access);
    access_refresh(access);
    assert_true(is_known(access, "another-token-0000"));
    write_text("0.token", "short");
    access_refresh(access);
    assert_true(is_known(access, "another-token-0000"));
    replace_text("0.token", "a-third-token-0000");
    access_refresh(access);
    assert_false(is_known(access, "another-token-0000"));
    assert_true(is_known(access, "a-third-token-0000"));
}

/* Between reading the configuration and the first refresh nothing goes by unseen. */
static void test_change_before_the_first_refresh(void **state)
{
    (void)state;
    cleanup(access) struct access *access = access_of(1);
    replace_text("0.token", "another-token-0000");
    access_refresh(access);
    assert_true(is_known(access, "another-token-0000"));
}

static void test_error_says_where_and_what(void **state)
{
    (void)state;
    cleanup(config) struct config *config = config_of(3);
    write_text("1.token", "short");
    struct access_tokens *tokens = NULL;
    struct error error = {.code = ERROR_OK};
    assert_int_equal(access_tokens_read(config, &tokens, &error), -1);
    assert_null(tokens);
    assert_int_equal(error.code, ERROR_INVALID);
    assert_ptr_equal(strstr(error.message, "test.yaml:4:5: the token in the file /tmp/"), error.message);
    assert_null(strstr(error.message, "short "));
}

static void test_out_of_memory(void **state)
{
    (void)state;
    cleanup(config) struct config *config = config_of(5);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {.code = ERROR_OK};
        cleanup(access_tokens) struct access_tokens *tokens = NULL;
        OOM_CHECK(loop, access_tokens_read(config, &tokens, &error) == 0);
        assert_true((tokens != NULL) == (error.code == ERROR_OK));
    }
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(access) struct access *access = access_new();
        OOM_CHECK(loop, access != NULL);
    }
}

/* A refresh that memory is too short for is made up for by the next one. */
static void test_refresh_out_of_memory(void **state)
{
    (void)state;
    cleanup(access) struct access *access = access_of(2);
    access_refresh(access);
    replace_text("1.token", "another-token-0001");
    bool refused = true;
    for (size_t successes = 0; refused; successes++) {
        mem_fault_after(successes);
        access_refresh(access);
        refused = mem_fault_off();
        assert_true(is_known(access, "token-number-0001") != is_known(access, "another-token-0001"));
        assert_true(is_known(access, "token-number-0000"));
    }
    assert_true(is_known(access, "another-token-0001"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_route_by_every_scope),
        cmocka_unit_test(test_scopes_by_name),
        cmocka_unit_test(test_what_a_token_file_holds),
        cmocka_unit_test(test_each_of_all_tokens_is_known_by_its_scope),
        cmocka_unit_test(test_who_is_refused_is_compared_with_all),
        cmocka_unit_test(test_without_tokens_nobody_is_known_or_refused),
        cmocka_unit_test(test_one_token_in_two_files_has_both_scopes),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_change_before_the_first_refresh),
        cmocka_unit_test(test_error_says_where_and_what),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_refresh_out_of_memory),
    };
    return cmocka_run_group_tests_name("access", tests, make_folder, remove_folder);
}
