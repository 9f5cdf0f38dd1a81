/* SPDX-License-Identifier: Apache-2.0
 *
 * Built-in checks of catalogues, by what a server answers: every state, and every allocation failing once.
 */
#include <stdio.h>

#include "unit/check/fake_server.h"

#include "base/cleanup.h"

/* A check, what a server answers to it, and what comes of it. */
struct scene {
    const char *name;
    const char *engine;
    const struct check *check;
    const struct fake_answer *answers;
    size_t answer_count;
    enum check_state state;
    const char *value;
    const char *reason; /* a part of it */
    const char *next;   /* all of it; NULL: anything */
    size_t items;
};

static const char *const labels[] = {"new", "paid"};
static const struct check_enum enums[] = {{.type = "status", .labels = labels, .label_count = ARRAY_LENGTH(labels)}};
static const struct check_enum columns[] = {
    {.type = "shop.orders.status", .labels = labels, .label_count = ARRAY_LENGTH(labels)}};
static const struct check_extension extensions[] = {{.name = "pg_trgm", .wanted = ">=1.6"}};

static const struct check indexes = {.kind = &check_kind_indexes};
static const struct check keys = {.kind = &check_kind_foreign_keys};
static const struct check orphans = {.kind = &check_kind_foreign_keys, .orphans_ms = 5000};
static const struct check sequences = {.kind = &check_kind_sequences, .below_permille = 800};
static const struct check types = {.kind = &check_kind_enum_values, .enums = enums, .enum_count = 1};
static const struct check lists = {.kind = &check_kind_enum_values, .enums = columns, .enum_count = 1};
static const struct check packages = {.kind = &check_kind_extensions, .extensions = extensions, .extension_count = 1};

/* Two columns of one key. */
#define KEY_ROWS                                                                                                       \
    {"16", "orders.fk", "ONLY public.orders", "ONLY public.customers", "0", "c.a", "p.x = c.a", NULL, "GRANT"},        \
    {                                                                                                                  \
        "16", "orders.fk", "ONLY public.orders", "ONLY public.customers", "0", "c.b", "p.y = c.b", NULL, "GRANT"       \
    }

static const struct fake_answer found_indexes[] = {
    {.asked = "count(", .rows = {{"12"}}, .count = 1},
    {.asked = "indisvalid",
     .rows = {{"busy", "1", "not valid", "x"}, {"by_a", "0", "not valid", "REINDEX"}, {"by_b", "0", "half built", "y"}},
     .count = 3},
};
static const struct fake_answer busy_indexes[] = {
    {.asked = "count(", .rows = {{"12"}}, .count = 1},
    {.asked = "indisvalid", .rows = {{"busy", "1", "not valid", "x"}}, .count = 1},
};
static const struct fake_answer unvalidated[] = {
    {.asked = "SELECT count(*)", .rows = {{"7"}}, .count = 1},
    {.asked = "convalidated", .rows = {{"orders.fk", "not validated", "ALTER TABLE …"}}, .count = 1},
};
static const struct fake_answer with_orphans[] = {
    {.asked = "NOT EXISTS (SELECT 1 FROM ONLY public.customers p WHERE p.x = c.a AND p.y = c.b) LIMIT 1",
     .rows = {{"1"}},
     .count = 1},
    {.asked = "conpfeqop", .rows = {KEY_ROWS}, .count = 2},
    {.asked = "SELECT count(*)", .rows = {{"7"}}, .count = 1},
};
static const struct fake_answer in_time_for_none[] = {
    {.asked = "SELECT 1 FROM", .rows = {{"1"}}, .count = 1, .error = ERROR_TIMEOUT},
    {.asked = "conpfeqop", .rows = {KEY_ROWS}, .count = 2},
};
static const struct fake_answer locked_keys[] = {
    {.asked = "SELECT 1 FROM", .error = ERROR_LOCKED},
    {.asked = "conpfeqop", .rows = {KEY_ROWS}, .count = 2},
};
static const struct fake_answer hidden_keys[] = {
    {.asked = "conpfeqop",
     .rows = {{"16", "orders.fk", "x", "y", "0", "c.a", "p.x = c.a", "the role may not read the tables", "GRANT …"}},
     .count = 1},
};
static const struct fake_answer file_orphans[] = {
    {.asked = "pragma_foreign_key_check('bad')", .rows = {{"bad(a, b)"}}, .count = 1},
    {.asked = "GROUP BY m.name", .rows = {{"bad", "2"}, {"good", "1"}}, .count = 2},
};
static const struct fake_answer counters[] = {
    {.asked = "pg_sequence",
     .rows = {{"a.id", "1", "100", "1", "1", "80", NULL}, {"b.id", "1", "100", "1", "1", NULL, NULL}},
     .count = 2},
};
static const struct fake_answer unread_counters[] = {
    {.asked = "pg_sequence", .rows = {{"a.id", "1", "100", "1", "1", NULL, "GRANT SELECT"}}, .count = 1},
};
static const struct fake_answer mariadb_counters[] = {
    {.asked = "FROM `numbers`", .rows = {{"numbers", "1", "100", "1", "51", NULL, NULL}}, .count = 1},
    {.asked = "FROM `secret`", .error = ERROR_FORBIDDEN},
    {.asked = "'SEQUENCE'", .rows = {{"numbers", "'ro'@'%'"}, {"secret", "'ro'@'%'"}}, .count = 2},
    {.asked = "auto_increment", .rows = {{"a.id", "1", "127", "1", "3", NULL, NULL}}, .count = 1},
};
static const struct fake_answer types_found[] = {
    {.asked = "pg_type",
     .rows = {{"a.status", "e", "new"}, {"a.status", "e", "paid"}, {"b.status", "e", "new"}, {"b.status", "e", "old"}},
     .count = 4},
};
static const struct fake_answer type_of_another_kind[] = {
    {.asked = "pg_type", .rows = {{"status", "d", NULL}}, .count = 1},
};
static const struct fake_answer column_in_pieces[] = {
    {.asked = "column_type, 1,", .rows = {{"enum('new',", "1"}}, .count = 1},
    {.asked = "column_type, 1025,", .rows = {{"'paid')", "0"}}, .count = 1},
};
static const struct fake_answer old_extension[] = {
    {.asked = "pg_extension", .rows = {{"1.5"}}, .count = 1},
    {.asked = "pg_available_extensions", .rows = {{"1.6"}}, .count = 1},
};
static const struct fake_answer odd_extension[] = {{.asked = "pg_extension", .rows = {{"unpackaged"}}, .count = 1}};
static const struct fake_answer refusal[] = {{.asked = "", .error = ERROR_FORBIDDEN}};

#define WITH(list) .answers = list, .answer_count = ARRAY_LENGTH(list)

static const struct scene scenes[] = {
    {"indexes", "postgres", &indexes, WITH(found_indexes), CHECK_FAILED, "9 of 12 valid",
     "2 of 12 indexes cannot be relied upon: by_a (not valid), by_b (half built)", "REINDEX", 2},
    {"busy", "postgres", &indexes, WITH(busy_indexes), CHECK_UNKNOWN, "11 of 12 valid", "is being built", NULL, 1},
    {"no index", "postgres", &indexes, .state = CHECK_PASSED, .value = "0 of 0 valid", .reason = "none of 0"},
    {"file", "sqlite", &indexes, .state = CHECK_PASSED, .reason = "SQLite keeps no index"},
    {"note", "postgres", &keys, WITH(unvalidated), CHECK_FAILED, "1 not validated", "orders.fk (not validated)",
     "ALTER TABLE …", 1},
    {"orphans", "postgres", &orphans, WITH(with_orphans), CHECK_FAILED, "1 with orphans", "orders.fk (orphans)",
     "look at them: SELECT c.* FROM ONLY public.orders c WHERE (c.a IS NOT NULL AND c.b IS NOT NULL) AND NOT EXISTS"
     " (SELECT 1 FROM ONLY public.customers p WHERE p.x = c.a AND p.y = c.b)",
     1},
    {"time", "postgres", &orphans, WITH(in_time_for_none), CHECK_UNKNOWN, "0 of 1 looked at", "time ran out: 0 of 1"},
    {"locked", "postgres", &orphans, WITH(locked_keys), CHECK_UNKNOWN, "0 of 1 looked at", "1 of 1 foreign keys could"},
    {"hidden", "postgres", &orphans, WITH(hidden_keys), CHECK_UNKNOWN, "0 of 1 looked at", "may not read", "GRANT …"},
    {"nothing", "mysql", &orphans, .state = CHECK_PASSED, .value = "0 without orphans", .reason = "no orphans"},
    {"file orphans", "sqlite", &keys, WITH(file_orphans), CHECK_FAILED, "1 with orphans", "bad(a, b) (orphans)", NULL,
     1},
    {"sequences", "postgres", &sequences, WITH(counters), CHECK_FAILED, "a.id: 80.0 %", "1 of 2", NULL, 1},
    {"unread", "postgres", &sequences, WITH(unread_counters), CHECK_UNKNOWN, NULL, "1 of 1 cannot be read: a.id",
     "GRANT SELECT", 1},
    {"mariadb", "mariadb", &sequences, WITH(mariadb_counters), CHECK_UNKNOWN, "numbers: 50.0 %",
     "1 of 3 cannot be read: secret", "GRANT SELECT ON `shop`.`secret` TO 'ro'@'%'", 1},
    {"types", "postgres", &types, WITH(types_found), CHECK_FAILED, "b.status lacks 'paid'", "b.status also has 'old'",
     "ALTER TYPE \"b\".\"status\" ADD VALUE 'paid'", 1},
    {"domain", "postgres", &types, WITH(type_of_another_kind), CHECK_FAILED,
     "status (there is no such enum, but another type)", "another type", NULL, 1},
    {"pieces", "mysql", &lists, WITH(column_in_pieces), CHECK_PASSED, "2 labels", "no label is missing"},
    {"no column", "mysql", &lists, .state = CHECK_FAILED, .value = "shop.orders.status (there is no such column)",
     .reason = "no such column", .items = 1},
    {"no dot", "mysql", &types, .state = CHECK_UNKNOWN, .reason = "name a column as table.column"},
    {"old", "postgres", &packages, WITH(old_extension), CHECK_FAILED, "pg_trgm 1.5", "pg_trgm 1.5 (expected: >=1.6)",
     "ALTER EXTENSION \"pg_trgm\" UPDATE", 1},
    {"odd", "postgres", &packages, WITH(odd_extension), CHECK_UNKNOWN, NULL, "neither before nor behind"},
    {"absent", "postgres", &packages, .state = CHECK_FAILED, .value = "pg_trgm (none)", .reason = "is not installed",
     .items = 1},
    {"elsewhere", "mysql", &packages, .state = CHECK_UNKNOWN, .reason = "extensions are PostgreSQL's"},
    {"refused indexes", "postgres", &indexes, WITH(refusal), CHECK_UNKNOWN, NULL, "the server says no"},
    {"refused keys", "mysql", &keys, WITH(refusal), CHECK_UNKNOWN, NULL, "the server says no"},
    {"refused counters", "mariadb", &sequences, WITH(refusal), CHECK_UNKNOWN, NULL, "the server says no"},
    {"refused types", "postgres", &types, WITH(refusal), CHECK_UNKNOWN, NULL, "the server says no"},
};

static struct fake_server server_of(const struct scene *scene)
{
    return (struct fake_server){.answers = scene->answers, .answer_count = scene->answer_count};
}

static void test_scenes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(scenes); i++) {
        const struct scene *scene = &scenes[i];
        struct fake_server server = server_of(scene);
        cleanup(check_result) struct check_result *result = NULL;
        struct error error = {0};
        assert_int_equal(fake_run(scene->engine, &server, scene->check, NULL, 0, &result, &error), 0);
        print_message("%s: %s, %s\n", scene->name, result->value ? result->value : "-", result->reason);
        assert_int_equal(result->state, scene->state);
        assert_non_null(strstr(result->reason, scene->reason));
        assert_int_equal(result->again_in_ms > 0, result->error == ERROR_LOCKED);
        assert_int_equal(result->item_total, scene->items);
        if (scene->value)
            assert_string_equal(result->value, scene->value);
        else
            assert_null(result->value);
        if (scene->next)
            assert_string_equal(result->next, scene->next);
        assert_true(result->state != CHECK_UNKNOWN || result->error != ERROR_OK);
    }
}

static void test_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(scenes); i++) {
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            struct fake_server server = server_of(&scenes[i]);
            struct check_result *result = NULL;
            struct error error = {0};
            int status = fake_run(scenes[i].engine, &server, scenes[i].check, NULL, 0, &result, &error);
            OOM_CHECK(loop, status == 0);
            assert_true(status == 0 || (!result && error.code == ERROR_NO_MEMORY));
            check_result_unref(result);
        }
    }
}

/* Schemas that are asked for by patterns are looked up first, and quoted. */
static void test_scope(void **state)
{
    (void)state;
    static const char *const patterns[] = {"t*"};
    static const struct fake_answer answers[] = {
        {.asked = "SELECT nspname", .rows = {{"public"}, {"t'1"}, {"t2"}}, .count = 3},
        {.asked = "@schemas@", .error = ERROR_INVALID},
        {.asked = "SELECT count(*)", .rows = {{"5"}}, .count = 1},
        {.asked = "n.nspname IN ('t''1','t2') AND", .rows = {{"t2.a", "not validated", "ALTER"}}, .count = 1},
    };
    struct fake_server server = {.base = {&fake_ops}, .answers = answers, .answer_count = ARRAY_LENGTH(answers)};
    const struct server_facts facts = {.engine = "postgres", .absence_proven = true};
    const struct engine_scope scope = {.schemas = patterns, .schema_count = 1};
    const struct check_world world = {
        .connection = &server.base, .server = &facts, .scope = &scope, .deadline = deadline_in(10000)};
    struct check_memory *memory = NULL;
    cleanup(check_result) struct check_result *result = NULL;
    struct error error = {0};
    assert_int_equal(check_run(&keys, &world, &memory, &result, &error), 0);
    assert_string_equal(result->items[0], "t2.a (not validated)");
    assert_int_equal(server.questions, 4);
}

static void test_described(void **state)
{
    (void)state;
    static const struct {
        const struct check *check;
        const char *text;
    } cases[] = {
        {&indexes, "all indexes are valid"},
        {&keys, "all constraints are validated"},
        {&orphans, "all constraints are validated, and no key has orphans"},
        {&sequences, "every sequence is below 80 %"},
        {&types, "status has new, paid"},
        {&packages, "pg_trgm >=1.6"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(strbuf) struct strbuf text = STRBUF(1024);
        check_describe(cases[i].check, &text);
        assert_string_equal(strbuf_text(&text), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenes),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_scope),
        cmocka_unit_test(test_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
