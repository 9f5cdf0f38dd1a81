/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/oom.h"

#define CANARY "s3cr3t-canary"

static void assert_text(const char *actual, const char *expected)
{
    if (!expected)
        assert_null(actual);
    else if (!actual)
        fail_msg("NULL instead of %s", expected);
    else
        assert_string_equal(actual, expected);
}

static void urls_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *user;
        const char *password;
        const char *host;
        const char *port;
        const char *database;
        const char *display;
        const char *server;
        const char *bare;
    } cases[] = {
        {"postgresql://ann:pw@db1.internal:5433/orders", "ann", "pw", "db1.internal", "5433", "orders",
         "postgres db1.internal:5433/orders", "postgres:db1.internal:5433",
         "postgresql://ann@db1.internal:5433/orders"},
        {"postgres://db1/orders", NULL, NULL, "db1", NULL, "orders", "postgres db1:5432/orders", "postgres:db1:5432",
         "postgres://db1/orders"},
        {"POSTGRES://db1/orders", NULL, NULL, "db1", NULL, "orders", "postgres db1:5432/orders", "postgres:db1:5432",
         "POSTGRES://db1/orders"},
        {"postgresql:///orders", NULL, NULL, NULL, NULL, "orders", "postgres local:5432/orders", "postgres:local:5432",
         "postgresql:///orders"},
        {"postgresql://db1", NULL, NULL, "db1", NULL, NULL, "postgres db1:5432", "postgres:db1:5432",
         "postgresql://db1"},
        {"postgresql://a%40b:p%3a%2f%25w@h/d%20b%2Fx", "a@b", "p:/%w", "h", NULL, "d b/x", "postgres h:5432/d b/x",
         "postgres:h:5432", "postgresql://a%40b@h/d%20b%2Fx"},
        {"postgresql://u:p@w@h/d", "u", "p@w", "h", NULL, "d", "postgres h:5432/d", "postgres:h:5432",
         "postgresql://u@h/d"},
        {"postgresql://[::1]:5433/d", NULL, NULL, "::1", "5433", "d", "postgres [::1]:5433/d", "postgres:[::1]:5433",
         "postgresql://[::1]:5433/d"},
        {"postgresql://a,b:5433,[fe80::1]/d", NULL, NULL, "a,b,fe80::1", ",5433,", "d",
         "postgres a:5432,b:5433,[fe80::1]:5432/d", "postgres:a:5432,b:5433,[fe80::1]:5432",
         "postgresql://a,b:5433,[fe80::1]/d"},
        {"postgresql://%2Frun%2Fpostgresql/d", NULL, NULL, "/run/postgresql", NULL, "d",
         "postgres /run/postgresql:5432/d", "postgres:/run/postgresql:5432", "postgresql://%2Frun%2Fpostgresql/d"},
        {"postgresql:///d?host=/run/pg&port=6000&user=u&password=" CANARY "&sslmode=require", "u", CANARY, "/run/pg",
         "6000", "d", "postgres /run/pg:6000/d", "postgres:/run/pg:6000",
         "postgresql:///d?host=/run/pg&port=6000&user=u&sslmode=require"},
        {"mysql://u:p@h/d", "u", "p", "h", NULL, "d", "mysql h:3306/d", "mysql:h:3306", "mysql://u@h/d"},
        {"mariadb://u@h:3307/d", "u", NULL, "h", "3307", "d", "mysql h:3307/d", "mysql:h:3307", "mariadb://u@h:3307/d"},
        {"sqlite:////var/lib/app.db", NULL, NULL, NULL, NULL, "/var/lib/app.db", "sqlite /var/lib/app.db",
         "sqlite:/var/lib/app.db", "sqlite:////var/lib/app.db"},
        {"sqlite:///no/such/folder/a%20b.db?mode=ro", NULL, NULL, NULL, NULL, "/no/such/folder/a b.db",
         "sqlite /no/such/folder/a b.db", "sqlite:/no/such/folder/a b.db", "sqlite:///no/such/folder/a%20b.db?mode=ro"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(engine_target) struct engine_target *target = NULL;
        struct error error = {0};
        if (engine_target_parse(cases[i].url, &target, &error) != 0)
            fail_msg("%s: %s", cases[i].url, error.message);
        assert_text(target->user, cases[i].user);
        assert_text(target->password, cases[i].password);
        assert_text(target->host, cases[i].host);
        assert_text(target->port, cases[i].port);
        assert_text(target->database, cases[i].database);
        assert_text(target->display, cases[i].display);
        assert_text(target->server, cases[i].server);
        assert_text(target->url, cases[i].bare);
    }
}

static void the_engine_is_as_the_url_names_it(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"postgresql://h/d", "postgres"},
                                           {"postgres://h/d", "postgres"},
                                           {"mysql://h/d", "mysql"},
                                           {"mariadb://h/d", "mariadb"},
                                           {"sqlite:////d", "sqlite"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(engine_target) struct engine_target *target = NULL;
        struct error error = {0};
        assert_int_equal(engine_target_parse(cases[i][0], &target, &error), 0);
        assert_string_equal(engine_target_engine(target), cases[i][1]);
    }
}

static void parameters_are_decoded(void **state)
{
    (void)state;
    cleanup(engine_target) struct engine_target *target = NULL;
    struct error error = {0};
    assert_int_equal(engine_target_parse("postgresql://h/d?sslmode=verify-full&&sslrootcert=%2Fetc%2Fca+1.pem&flag",
                                         &target, &error),
                     0);
    assert_int_equal(target->parameter_count, 3);
    assert_string_equal(target->parameters[0].name, "sslmode");
    assert_string_equal(target->parameters[0].value, "verify-full");
    assert_string_equal(target->parameters[1].value, "/etc/ca+1.pem");
    assert_string_equal(target->parameters[2].name, "flag");
    assert_string_equal(target->parameters[2].value, "");
}

static void wrong_urls_are_refused_without_their_secrets(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "orders",
        CANARY,
        "://u:" CANARY "@h/d",
        "oracle://u:" CANARY "@h/d",
        "postgresql+psycopg2://u:" CANARY "@h/d",
        "postgresql://u:" CANARY "/x@h/d",
        "postgresql://u:" CANARY "@h:99999/d",
        "postgresql://u:" CANARY "@h:0/d",
        "postgresql://u:" CANARY "@h:port/d",
        "postgresql://u:" CANARY "@::1/d",
        "postgresql://u:" CANARY "@[::1/d",
        "postgresql://u:" CANARY "@[]/d",
        "postgresql://u:" CANARY "@[::1]x/d",
        "postgresql://u:" CANARY "%@h/d",
        "postgresql://u:" CANARY "%4@h/d",
        "postgresql://u:" CANARY "%zz@h/d",
        "postgresql://u:" CANARY "%00@h/d",
        "postgresql://u:" CANARY "@h/a/b",
        "postgresql://h/d?password=" CANARY "%",
        "postgresql://h/d?sslpassword=" CANARY "&x=1&x=2",
        "postgresql://h/d?port=1" CANARY,
        "postgresql://u:" CANARY "@a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q/d",
        "sqlite://u:" CANARY "@/x.db",
        "sqlite://x.db",
        "sqlite:///",
        "sqlite:///:memory:",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(urls); i++) {
        cleanup(engine_target) struct engine_target *target = NULL;
        struct error error = {0};
        if (engine_target_parse(urls[i], &target, &error) != -1)
            fail_msg("%s was accepted", urls[i]);
        assert_null(target);
        assert_int_equal(error.code, ERROR_INVALID);
        if (!error.message[0] || strstr(error.message, CANARY))
            fail_msg("%s: %s", urls[i], error.message);
    }
}

static void a_driver_in_the_scheme_is_explained(void **state)
{
    (void)state;
    cleanup(engine_target) struct engine_target *target = NULL;
    struct error error = {0};
    assert_int_equal(engine_target_parse("postgresql+psycopg2://h/d", &target, &error), -1);
    assert_non_null(strstr(error.message, "postgresql://"));
}

static void too_long_urls_are_refused(void **state)
{
    (void)state;
    enum { LENGTH = 20000 };
    cleanup(free) char *url = mem_alloc(LENGTH + 1);
    assert_non_null(url);
    memset(url, 'x', LENGTH);
    memcpy(url, "postgresql://", 13);
    url[LENGTH] = '\0';
    cleanup(engine_target) struct engine_target *target = NULL;
    struct error error = {0};
    assert_int_equal(engine_target_parse(url, &target, &error), -1);
    assert_int_equal(error.code, ERROR_INVALID);
    cleanup(free) char *redacted = engine_url_redact(url);
    assert_string_equal(redacted, "***");
}

static void sqlite_paths_may_be_relative(void **state)
{
    (void)state;
    char folder[] = "/tmp/target-XXXXXX";
    char before[4096] = "";
    assert_non_null(mkdtemp(folder));
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    FILE *file = fopen("only-here.db", "w");
    assert_non_null(file);
    fclose(file);
    cleanup(engine_target) struct engine_target *relative = NULL;
    cleanup(engine_target) struct engine_target *absolute = NULL;
    struct error error = {0};
    int relative_status = engine_target_parse("sqlite:///only-here.db", &relative, &error);
    int absolute_status = engine_target_parse("sqlite:////only-here.db", &absolute, &error);
    assert_int_equal(unlink("only-here.db"), 0);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(relative_status, 0);
    assert_int_equal(absolute_status, 0);
    assert_string_equal(relative->database, "only-here.db");
    assert_string_equal(absolute->database, "/only-here.db");
}

static void secrets_are_redacted(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *redacted;
    } cases[] = {
        {"postgresql://u:" CANARY "@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u:" CANARY "/x@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u:a@" CANARY "@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u:a?" CANARY "@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u:a?" CANARY "@h/d?x=1", "postgresql://u:***@h/d?x=1"},
        {"postgresql://u:@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u@h/d", "postgresql://u@h/d"},
        {"postgresql://h/d?user=u&password=" CANARY "&sslmode=require",
         "postgresql://h/d?user=u&password=***&sslmode=require"},
        {"postgresql://h/d?sslPassword=" CANARY, "postgresql://h/d?sslPassword=***"},
        {"postgresql://h/d?p%61ssword=" CANARY, "postgresql://h/d?p%61ssword=***"},
        {"postgresql://h/d?passfile=/etc/pass", "postgresql://h/d?passfile=/etc/pass"},
        {"oracle://u:" CANARY "@h/d", "oracle://u:***@h/d"},
        {"sqlite:////var/lib/app.db", "sqlite:////var/lib/app.db"},
        {CANARY, "***"},
        {"u:" CANARY "@h", "***"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(free) char *redacted = engine_url_redact(cases[i].url);
        assert_non_null(redacted);
        assert_string_equal(redacted, cases[i].redacted);
    }
}

static void a_copy_has_its_own_password(void **state)
{
    (void)state;
    cleanup(engine_target) struct engine_target *target = NULL;
    cleanup(engine_target) struct engine_target *copy = NULL;
    struct error error = {0};
    assert_int_equal(engine_target_parse("postgresql://u:old@h/d?sslmode=require", &target, &error), 0);
    assert_int_equal(engine_target_copy(target, "new", &copy, &error), 0);
    assert_string_equal(copy->password, "new");
    assert_string_equal(target->password, "old");
    assert_string_equal(copy->parameters[0].value, "require");
    assert_string_equal(copy->display, target->display);
    assert_ptr_equal(copy->ops, target->ops);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(engine_target) struct engine_target *target = NULL;
        int status =
            engine_target_parse("postgresql://u:p%40@a,[::1]:5433/d?sslmode=require&host=b&x=1", &target, &error);
        OOM_CHECK(loop, status == 0);
        if (loop.refused)
            assert_int_equal(error.code, ERROR_NO_MEMORY);
    }
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(free) char *redacted = engine_url_redact("postgresql://u:p@h/d?password=x&y=1");
        OOM_CHECK(loop, redacted != NULL);
    }
    cleanup(engine_target) struct engine_target *target = NULL;
    struct error error = {0};
    assert_int_equal(engine_target_parse("postgresql://u:p@h/d?x=1", &target, &error), 0);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(engine_target) struct engine_target *copy = NULL;
        int status = engine_target_copy(target, "new", &copy, &error);
        OOM_CHECK(loop, status == 0);
    }
}

static void every_engine_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; engines[i]; i++) {
        const struct engine_ops *ops = engines[i];
        assert_true(ops->open && ops->close && ops->probe && ops->read_schema && ops->begin_look && ops->end_look &&
                    ops->find_tables && ops->read_table && ops->read_lock);
        assert_ptr_equal(engine_for_scheme(ops->schemes[0]), ops);
    }
    assert_null(engine_for_scheme("oracle"));
    engine_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(the_engine_is_as_the_url_names_it),
        cmocka_unit_test(parameters_are_decoded),
        cmocka_unit_test(wrong_urls_are_refused_without_their_secrets),
        cmocka_unit_test(a_driver_in_the_scheme_is_explained),
        cmocka_unit_test(too_long_urls_are_refused),
        cmocka_unit_test(sqlite_paths_may_be_relative),
        cmocka_unit_test(secrets_are_redacted),
        cmocka_unit_test(a_copy_has_its_own_password),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(every_engine_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
