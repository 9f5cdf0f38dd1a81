/* SPDX-License-Identifier: Apache-2.0 */
#include "model/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct journal_address tenant = {.tool = "alembic", .schema = "tenant_42", .table = "alembic_version"};
static const struct journal_address app = {
    .tool = "django", .schema = "public", .table = "django_migrations", .part = "shop"};
static const struct journal_address plain = {.tool = "flyway", .schema = "", .table = "flyway_schema_history"};

static void test_print(void **state)
{
    (void)state;
    char text[JOURNAL_NAME_SIZE] = "";
    journal_address_print(&tenant, text, sizeof text);
    assert_string_equal(text, "tenant_42.alembic_version");
    journal_address_print(&app, text, sizeof text);
    assert_string_equal(text, "public.django_migrations/shop");
    journal_address_print(&plain, text, sizeof text);
    assert_string_equal(text, "flyway_schema_history");
    journal_address_print(&tenant, text, 7);
    assert_string_equal(text, "tenant");
}

/* The whole address, then the table, then the schema, then the part. */
static void test_fit(void **state)
{
    (void)state;
    static const char *const worse_and_worse[] = {"public.django_migrations/shop", "public.django_migrations", "public",
                                                  "shop"};
    for (size_t i = 0; i + 1 < sizeof worse_and_worse / sizeof *worse_and_worse; i++)
        assert_true(journal_address_fit(&app, worse_and_worse[i]) > journal_address_fit(&app, worse_and_worse[i + 1]));
    assert_int_equal(journal_address_fit(&app, "django_migrations"), journal_address_fit(&app, worse_and_worse[1]));
    assert_int_equal(journal_address_fit(&app, "django_migrations/shop"),
                     journal_address_fit(&app, worse_and_worse[1]));
    assert_int_equal(journal_address_fit(&app, "billing"), 0);
    assert_int_equal(journal_address_fit(&app, "Shop"), 0);
    assert_int_equal(journal_address_fit(&tenant, "tenant_4"), 0);
    assert_int_equal(journal_address_fit(&plain, ""), 0);
}

static void test_stands_at(void **state)
{
    (void)state;
    assert_true(journal_address_stands_at(&tenant, "alembic_version"));
    assert_true(journal_address_stands_at(&tenant, "ALEMBIC_VERSION"));
    assert_true(journal_address_stands_at(&tenant, "tenant_*.alembic_version"));
    assert_true(journal_address_stands_at(&tenant, "tenant_42.alembic_version"));
    assert_false(journal_address_stands_at(&tenant, "public.alembic_version"));
    assert_false(journal_address_stands_at(&tenant, "tenant_*.other"));
    assert_true(journal_address_stands_at(&plain, "any.flyway_schema_history"));
    const struct journal_address dotted = {.schema = "public", .table = "my.journal"};
    assert_true(journal_address_stands_at(&dotted, "my.journal"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_stands_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
