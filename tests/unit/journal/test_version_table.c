/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose schema_migrations is, which six tools and several more programs keep: one table, what stands beside it, and the
 * tool of the expected files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "journal/tool.h"
#include "support/fake_engine.h"

#define METADATA                                                                                                       \
    {                                                                                                                  \
        .schema = "s", .name = "ar_internal_metadata", .columns = { "key", "value", "created_at", "updated_at" }       \
    }

/* The table, and what may stand beside it. */
static const struct {
    const char *what;
    struct fake_table tables[2];
    const char *preferred; /* the tool of the expected files; NULL */
    const char *expected;  /* "" */
} cases[] = {
    {"dirty flag",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version", "dirty"}, .types = {"bigint", "boolean"}}},
     NULL,
     "golang-migrate"},
    {"dirty flag under another name",
     {{.schema = "s", .name = "migrate_state", .columns = {"version", "dirty"}, .types = {"bigint", "boolean"}}},
     NULL,
     "golang-migrate"},
    {"with times",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version", "inserted_at"}, .types = {"bigint"}}},
     NULL,
     "ecto"},
    {"with times, of a tenant",
     {{.schema = "s", .name = "tenant_migrations", .columns = {"version", "inserted_at"}, .types = {"bigint"}}},
     NULL,
     "ecto"},
    {"metadata beside it",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version"}, .types = {"character varying"}}, METADATA},
     NULL,
     "rails"},
    {"metadata beside it, whatever the files",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version"}, .types = {"character varying"}}, METADATA},
     "dbmate",
     "rails"},
    {"no metadata, any width",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version"}, .types = {"character varying"}}},
     NULL,
     "dbmate"},
    {"no metadata, files of Rails",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version"}, .types = {"character varying"}}},
     "rails",
     "rails"},
    {"no metadata, files of another tool",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version"}, .types = {"character varying"}}},
     "goose",
     "dbmate"},
    {"width 128",
     {{.schema = "", .name = "schema_migrations", .columns = {"version"}, .types = {"varchar(128)"}}},
     NULL,
     "dbmate"},
    {"width 128 on PostgreSQL",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version"}, .types = {"character varying(128)"}}},
     "rails",
     "dbmate"},
    {"width 255 on PostgreSQL: of another program",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version"}, .types = {"character varying(255)"}}},
     "rails",
     ""},
    {"width 255 on PostgreSQL: begun by an old Rails",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version"}, .types = {"character varying(255)"}},
      METADATA},
     NULL,
     "rails"},
    {"width 255",
     {{.schema = "", .name = "schema_migrations", .columns = {"version"}, .types = {"varchar(255)"}}},
     NULL,
     "rails"},
    {"SQLite without a width",
     {{.schema = "", .name = "schema_migrations", .columns = {"version"}, .types = {"varchar"}}},
     NULL,
     "rails"},
    {"SQLite with one, in capitals",
     {{.schema = "", .name = "schema_migrations", .columns = {"version"}, .types = {"VARCHAR(128)"}}},
     NULL,
     "dbmate"},
    {"Supabase's",
     {{.schema = "supabase_migrations", .name = "schema_migrations", .columns = {"version", "statements", "name"}}},
     NULL,
     "supabase"},
    {"Supabase's with more columns",
     {{.schema = "supabase_migrations",
       .name = "schema_migrations",
       .columns = {"version", "statements", "name", "created_by"}}},
     NULL,
     "supabase"},
    {"Supabase's first one",
     {{.schema = "supabase_migrations", .name = "schema_migrations", .columns = {"version"}}},
     NULL,
     "supabase"},
    {"Supabase's columns elsewhere",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version", "statements", "name"}}},
     NULL,
     ""},
    {"goose",
     {{.schema = "s", .name = "goose_db_version", .columns = {"id", "version_id", "is_applied", "tstamp"}}},
     NULL,
     "goose"},
    {"goose under another name",
     {{.schema = "s", .name = "our_versions", .columns = {"id", "version_id", "is_applied", "tstamp"}}},
     NULL,
     "goose"},

    /* Look-alikes. */
    {"a number: golang-migrate 3, tern, home-made",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version"}, .types = {"bigint"}}},
     NULL,
     ""},
    {"a text: home-made",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version"}, .types = {"text"}}},
     NULL,
     ""},
    {"Sequel's", {{.schema = "s", .name = "schema_migrations", .columns = {"filename"}, .types = {"text"}}}, NULL, ""},
    {"Migratus'",
     {{.schema = "s", .name = "schema_migrations", .columns = {"id", "applied", "description"}}},
     NULL,
     ""},
    {"a column more",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version", "checksum"}, .types = {"character varying"}}},
     NULL,
     ""},
    {"versions of something else",
     {{.schema = "s", .name = "documents", .columns = {"version"}, .types = {"character varying"}}},
     NULL,
     ""},
    {"goose's with a column more",
     {{.schema = "s", .name = "audit", .columns = {"id", "version_id", "is_applied", "tstamp", "who"}}},
     NULL,
     ""},
    {"golang-migrate's with a column more",
     {{.schema = "s", .name = "schema_migrations", .columns = {"version", "dirty", "note"}}},
     NULL,
     ""},
};

static int note(void *payload, const struct journal_address *address)
{
    strbuf_printf(payload, "%s", address->tool);
    return 0;
}

static void test_owner(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct fake_server server = {.tables = cases[i].tables, .table_count = cases[i].tables[1].name ? 2 : 1};
        cleanup(schema) struct schema *schema = fake_server_schema(&server);
        cleanup(strbuf) struct strbuf found = STRBUF(4096);
        const struct tool *preferred = cases[i].preferred ? tool_find(cases[i].preferred) : NULL;
        assert_non_null(schema);
        assert_int_equal(tool_detect(schema, preferred, note, &found), 0);
        if (strcmp(strbuf_text(&found), cases[i].expected) != 0)
            fail_msg("%s: %s instead of %s", cases[i].what, strbuf_text(&found), cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_owner)};
    return cmocka_run_group_tests_name("schema_migrations", tests, NULL, NULL);
}
