/* SPDX-License-Identifier: Apache-2.0
 *
 * What each tool's locks slot asks for, on each engine, in the database "app". Keys were computed from the tools' own
 * sources; rows: "class/object", "relation schema.table", "named NAME", "row schema.table".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "journal/tool_locks.h"

static const struct {
    const char *tool;
    const char *engine;
    const char *table;
    const char *expected; /* the checks in their order, joined by ", " */
} vectors[] = {
    {"alembic", "postgres", "alembic_version", "relation public.alembic_version"},
    {"alembic", "mariadb", "alembic_version", ""},
    {"drizzle", "postgres", "__drizzle_migrations", "relation public.__drizzle_migrations"},
    {"flyway", "postgres", "flyway_schema_history", "18028/4163491309"},
    {"flyway", "mariadb", "flyway_schema_history", "named Flyway--320650056"},
    {"flyway", "sqlite", "flyway_schema_history", ""},
};

static void print_check(const struct lock_check *check, struct strbuf *out)
{
    const struct lock_request *request = &check->request;
    switch (request->form) {
    case LOCK_ADVISORY:
        strbuf_printf(out, "%u/%u", request->advisory_class, request->advisory_object);
        break;
    case LOCK_RELATION:
        strbuf_printf(out, "relation %s.%s", request->schema, request->table);
        break;
    case LOCK_NAMED:
        strbuf_printf(out, "named %s", request->name);
        break;
    case LOCK_NONE:
        strbuf_printf(out, "row %s.%s", check->schema, check->table);
        break;
    }
}

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        cleanup(arena) struct arena *arena = arena_new(1 << 20);
        cleanup(strbuf) struct strbuf out = STRBUF(4096);
        const struct tool *tool = tool_find(vectors[i].tool);
        assert_non_null(tool);
        assert_non_null(tool->locks);
        bool postgres = strcmp(vectors[i].engine, "postgres") == 0;
        const struct journal_address address = {
            .tool = tool->name, .schema = postgres ? "public" : "", .table = vectors[i].table};
        struct server_facts server = {.database = "app"};
        strncpy(server.engine, vectors[i].engine, sizeof server.engine - 1);
        struct lock_plan plan = {.arena = arena};
        tool->locks(&address, &server, &plan);
        assert_false(plan.failed);
        for (size_t check = 0; check < plan.count; check++) {
            strbuf_add_string(&out, check > 0 ? ", " : "");
            print_check(&plan.checks[check], &out);
        }
        if (strcmp(strbuf_text(&out), vectors[i].expected) != 0)
            fail_msg("%s on %s: %s", vectors[i].tool, vectors[i].engine, strbuf_text(&out));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
