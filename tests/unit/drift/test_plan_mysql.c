/* SPDX-License-Identifier: Apache-2.0
 *
 * MySQL's and MariaDB's planner without a server: in which stage what happens and with which algorithm, what the two
 * servers are told differently, hostile names, bodies with semicolons, and what happens when memory is out. That the
 * SQL does what it says is test_mysql_plan.py's.
 */
#include "support/oom.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "dialect/mysql_ddl.h"
#include "drift/plan.h"

enum { TEXT_LIMIT = 1 << 22, MOST_TABLES = 4 };

/* Tables as SHOW CREATE TABLE prints them, each behind its name; a trigger's body on the table `t`. */
struct sample {
    const char *tables[MOST_TABLES * 2];
    const char *trigger;
};

static void add_trigger(struct schema_builder *builder, const char *body)
{
    const struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_TIMING, .text = schema_builder_text(builder, "BEFORE")},
        {.key = ATTRIBUTE_EVENTS, .text = schema_builder_text(builder, "INSERT")},
        {.key = ATTRIBUTE_BODY, .text = schema_builder_text(builder, body)},
        {.key = ATTRIBUTE_SQL_MODE, .text = schema_builder_text(builder, "ANSI_QUOTES")},
    };
    schema_builder_object(builder,
                          &(struct schema_object){
                              .kind = OBJECT_TRIGGER,
                              .relation_name = schema_builder_text(builder, "t"),
                              .name = schema_builder_text(builder, "tr"),
                              .attributes = schema_builder_attributes(builder, attributes, ARRAY_LENGTH(attributes)),
                          });
}

static int build(const char *engine, const char *version, const struct sample *sample, struct schema **ret_schema,
                 struct error *reterr)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    if (!builder)
        return error_no_memory(reterr);
    schema_builder_server(builder, engine, version);
    schema_builder_dialect(builder, &dialect_mysql);
    for (size_t i = 0; i < MOST_TABLES * 2 && sample->tables[i]; i += 2) {
        struct mysql_ddl_report report = {0};
        uint32_t handle = schema_builder_relation(
            builder, &(struct schema_relation){.name = schema_builder_text(builder, sample->tables[i])});
        mysql_ddl_read_table(builder, handle, sample->tables[i], "d", sample->tables[i + 1],
                             strlen(sample->tables[i + 1]), &report);
    }
    if (sample->trigger)
        add_trigger(builder, sample->trigger);
    return schema_builder_seal(builder, ret_schema, reterr);
}

struct server {
    const char *engine;
    const char *version;
};

static const struct server oracle = {"mysql", "9.7.4"};
static const struct server mariadb = {"mariadb", "10.11.6"};

static int make_under(const struct server *server, const struct sample *reference, const struct sample *live,
                      bool no_defaults, struct plan **ret_plan, struct error *reterr)
{
    cleanup(schema) struct schema *wanted = NULL;
    cleanup(schema) struct schema *there = NULL;
    struct drift_policy policy;
    drift_policy_init(&policy);
    policy.no_defaults = no_defaults;
    if (build(server->engine, server->version, reference, &wanted, reterr) ||
        build(server->engine, server->version, live, &there, reterr))
        return -1;
    return plan_make(wanted, there, &policy, PLAN_REVERT, 1000, ret_plan, reterr);
}

static int make(const struct server *server, const struct sample *reference, const struct sample *live,
                struct plan **ret_plan, struct error *reterr)
{
    return make_under(server, reference, live, true, ret_plan, reterr);
}

#define BASE "`id` int NOT NULL, `a` varchar(20) DEFAULT NULL, PRIMARY KEY (`id`)"

struct way {
    const char *reference;
    const char *live;
    unsigned stage;
    const char *sql;     /* what the first statement holds */
    const char *oracle;  /* what it asks for on MySQL; "": nothing, NULL: not tried there */
    const char *mariadb; /* likewise on MariaDB */
};

#define INSTANT "ALGORITHM=INSTANT"
#define ONLINE "LOCK=NONE"
#define INPLACE "ALGORITHM=INPLACE, LOCK=NONE"
#define SHARED "ALGORITHM=INPLACE, LOCK=SHARED"
#define OTHER_A(definition) "`id` int NOT NULL, `a` " definition ", PRIMARY KEY (`id`)"

static const struct way ways[] = {
    {BASE ", `b` int DEFAULT NULL", BASE, 1, "ADD COLUMN `b` int NULL", ONLINE, ONLINE},
    {BASE ", `b` int NOT NULL", BASE, 3, "ADD COLUMN `b` int NOT NULL", ONLINE, ONLINE},
    {BASE, BASE ", `b` int DEFAULT NULL", 3, "DROP COLUMN `b`", ONLINE, ONLINE},
    {BASE ", KEY `k` (`a`)", BASE, 1, "ADD KEY `k` (`a`)", INPLACE, INPLACE},
    {BASE ", UNIQUE KEY `k` (`a`)", BASE, 2, "ADD UNIQUE KEY `k` (`a`)", INPLACE, INPLACE},
    {BASE ", FULLTEXT KEY `k` (`a`)", BASE, 1, "ADD FULLTEXT KEY `k` (`a`)", SHARED, SHARED},
    {BASE, BASE ", KEY `k` (`a`)", 3, "DROP INDEX `k`", INPLACE, INPLACE},
    {BASE ", CONSTRAINT `c` CHECK (`id` > 0)", BASE, 2, "ADD CONSTRAINT `c` CHECK (`id` > 0)", "", ""},
    {BASE, BASE ", CONSTRAINT `c` CHECK (`id` > 0)", 3, "DROP C", INSTANT, INSTANT},
    {OTHER_A("varchar(40) DEFAULT NULL"), BASE, 2, "MODIFY COLUMN `a` varchar(40)", INPLACE, INSTANT},
    {OTHER_A("varchar(9) DEFAULT NULL"), BASE, 3, "MODIFY COLUMN `a` varchar(9)", "", ""},
    {OTHER_A("varchar(20) NOT NULL"), BASE, 3, "NOT NULL", INPLACE, INPLACE},
    {OTHER_A("varchar(20) DEFAULT 'x'"), BASE, 2, "DEFAULT ''x''", INSTANT, INSTANT},
    {BASE ", KEY `k` (`a`) /*!80000 INVISIBLE */", BASE ", KEY `k` (`a`)", 2, "ALTER INDEX `k` INVISIBLE", INPLACE,
     NULL},
    {BASE ", KEY `k` (`a`) IGNORED", BASE ", KEY `k` (`a`)", 2, "ALTER INDEX `k` IGNORED", NULL, INSTANT},
};

/* Where a table has something that servers were seen to mind, nothing is asked for. */
#define INDEXED_VIRTUAL BASE ", `v` int GENERATED ALWAYS AS (`id` + 1) VIRTUAL, KEY `v` (`v`)"
#define INDEXED_TEXT BASE ", `t` text DEFAULT NULL, FULLTEXT KEY `t` (`t`)"
#define CHECKED BASE ", CONSTRAINT `c` CHECK (`id` > 0)"
#define HASHED BASE ", `t` text DEFAULT NULL, UNIQUE KEY `t` (`t`) USING HASH"
#define CHECKED_A(definition) OTHER_A(definition) ", CONSTRAINT `c` CHECK (`id` > 0)"
#define HASHED_A(definition) OTHER_A(definition) ", `t` text DEFAULT NULL, UNIQUE KEY `t` (`t`) USING HASH"

static const struct way minded[] = {
    {BASE ", `b` timestamp NOT NULL DEFAULT current_timestamp()",
     BASE ", `b` timestamp NULL DEFAULT current_timestamp()", 3, "NOT NULL", "", ""},
    {BASE ", `b` timestamp NULL DEFAULT current_timestamp()",
     BASE ", `b` timestamp NOT NULL DEFAULT current_timestamp()", 2, "timestamp NULL", INPLACE, INPLACE},
    {BASE ", `b` varchar(9) NOT NULL DEFAULT 'x'", BASE ", `b` varchar(9) DEFAULT 'x'", 3, "NOT NULL", INPLACE,
     INPLACE},
    {BASE ", `b` date NOT NULL", BASE, 3, "ADD COLUMN `b` date NOT NULL", "", ""},
    {INDEXED_VIRTUAL ", `z` int DEFAULT NULL", INDEXED_VIRTUAL, 2, "ADD COLUMN `z`", "", ""},
    {INDEXED_VIRTUAL, INDEXED_VIRTUAL ", `z` int DEFAULT NULL", 3, "DROP COLUMN `z`", "", ""},
    {INDEXED_VIRTUAL ", KEY `k` (`a`)", INDEXED_VIRTUAL, 1, "ADD KEY `k` (`a`)", INPLACE, INPLACE},
    {INDEXED_TEXT ", `z` int DEFAULT NULL", INDEXED_TEXT, 2, "ADD COLUMN `z`", "", ""},
    {INDEXED_TEXT, INDEXED_TEXT ", KEY `k` (`a`)", 3, "DROP INDEX `k`", INPLACE, INPLACE},
    {CHECKED_A("varchar(20) DEFAULT 'x'"), CHECKED, 2, "DEFAULT ''x''", "", INSTANT},
    {CHECKED_A("varchar(40) DEFAULT NULL"), CHECKED, 2, "varchar(40)", "", INSTANT},
    {CHECKED ", `b` int DEFAULT NULL", CHECKED, 1, "ADD COLUMN `b`", ONLINE, ONLINE},
    {HASHED_A("varchar(20) DEFAULT 'x'"), HASHED, 2, "DEFAULT ''x''", NULL, ""},
    {HASHED ", KEY `k` (`a`)", HASHED, 1, "ADD KEY `k` (`a`)", NULL, ""},
    {BASE ", `t` text DEFAULT NULL, UNIQUE KEY `t` (`t`)", BASE ", `t` text DEFAULT NULL", 2, "ADD UNIQUE KEY `t`",
     NULL, ""},
    {OTHER_A("varchar(200) DEFAULT NULL") ", UNIQUE KEY `k` (`a`)", BASE ", UNIQUE KEY `k` (`a`)", 2, "varchar(200)",
     "", ""},
    {OTHER_A("varchar(60) DEFAULT NULL") ", UNIQUE KEY `k` (`a`)", BASE ", UNIQUE KEY `k` (`a`)", 2, "varchar(60)",
     INPLACE, INSTANT},
    {OTHER_A("varchar(60) CHARACTER SET gb18030 DEFAULT NULL"),
     OTHER_A("varchar(20) CHARACTER SET gb18030 DEFAULT NULL"), 2, "varchar(60)", "", ""},
    {BASE ", `b` int GENERATED ALWAYS AS (`id` + 1) VIRTUAL", BASE, 1, "ADD COLUMN `b`", ONLINE, ONLINE},
    {"`id` int NOT NULL, `a` varchar(20) NOT NULL", "`id` int NOT NULL, `a` varchar(20) DEFAULT NULL", 3, "NOT NULL",
     "", ""},
};

static void check_way(const struct way *way, const struct server *server, const char *wish)
{
    char texts[2][512] = {""};
    struct error error = {0};
    cleanup(plan) struct plan *plan = NULL;
    struct sample samples[2] = {{.tables = {"t", texts[0]}}, {.tables = {"t", texts[1]}}};
    const char *const columns[2] = {way->reference, way->live};
    for (size_t i = 0; i < 2; i++)
        snprintf(texts[i], sizeof texts[i], "CREATE TABLE `t` (%s) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4", columns[i]);
    if (make(server, &samples[0], &samples[1], &plan, &error))
        fail_msg("%s: %s", way->sql, error.message);
    if (plan->statement_count != 1 || plan->unsolved_count != 0)
        fail_msg("%s: %zu statements, %zu unsolved", way->sql, plan->statement_count, plan->unsolved_count);
    const struct plan_statement *statement = &plan->statements[0];
    assert_int_equal(statement->stage, way->stage);
    assert_false(statement->transactional);
    assert_non_null(statement->undo);
    if (!strstr(statement->sql, way->sql) || strncmp(statement->lock, *wish ? wish : "chosen", strlen(wish)) != 0)
        fail_msg("%s: %s, %s", way->sql, statement->lock, statement->sql);
    bool asks = strstr(statement->sql, "ALGORITHM=") || strstr(statement->sql, "LOCK=");
    bool warns = statement->hazards & 1u << HAZARD_BLOCKS_WRITES;
    if (*wish ? !strstr(statement->sql, wish) : asks || !warns)
        fail_msg("%s: '%s' is not what %s asks for", way->sql, wish, statement->sql);
}

static void check_ways(const struct way *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (all[i].oracle)
            check_way(&all[i], &oracle, all[i].oracle);
        if (all[i].mariadb)
            check_way(&all[i], &mariadb, all[i].mariadb);
    }
}

static void test_stages_and_algorithms(void **state)
{
    (void)state;
    check_ways(ways, ARRAY_LENGTH(ways));
}

static void test_asks_for_nothing_that_may_be_refused(void **state)
{
    (void)state;
    check_ways(minded, ARRAY_LENGTH(minded));
}

static const struct sample rich_reference = {
    .tables =
        {"p", "CREATE TABLE `p` (`id` bigint NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4", "t",
         ("CREATE TABLE `t` (`id` int NOT NULL AUTO_INCREMENT, `p` bigint DEFAULT NULL, `x``';--` text, PRIMARY KEY "
          "(`id`), KEY `fk` (`p`), CONSTRAINT `fk` FOREIGN KEY (`p`) REFERENCES `p` (`id`)) ENGINE=InnoDB DEFAULT "
          "CHARSET=utf8mb4"),
         "new", "CREATE TABLE `new` (`a` int DEFAULT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"},
    .trigger = "BEGIN SET NEW.p = 1; SET @a = '$$'; END",
};

static const struct sample rich_live = {
    .tables =
        {"p", "CREATE TABLE `p` (`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4", "t",
         ("CREATE TABLE `t` (`id` int NOT NULL, `p` int DEFAULT NULL, `z` int DEFAULT NULL, PRIMARY KEY (`id`), KEY "
          "`fk` (`p`), KEY `z` (`z`), CONSTRAINT `fk` FOREIGN KEY (`p`) REFERENCES `p` (`id`)) ENGINE=InnoDB "
          "DEFAULT CHARSET=utf8mb4"),
         "old`", "CREATE TABLE `old``` (`a` int DEFAULT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"},
    .trigger = "SET NEW.p = 2",
};

static void render_all(const struct plan *plan, struct strbuf *out)
{
    plan_render_guard(plan, PLAN_ALL_STAGES, out);
    plan_render_sql(plan, PLAN_ALL_STAGES, out);
    plan_render_verify(plan, out);
    plan_render_undo(plan, out);
}

/* The place of the first statement whose SQL holds the text. */
static size_t find(const struct plan *plan, const char *text)
{
    for (size_t i = 0; i < plan->statement_count; i++)
        if (strstr(plan->statements[i].sql, text))
            return i;
    fail_msg("no statement holds %s", text);
    return 0;
}

/* A column that a foreign key is over cannot change while that is there. */
static void test_foreign_keys_stand_aside(void **state)
{
    (void)state;
    struct error error = {0};
    cleanup(plan) struct plan *plan = NULL;
    assert_int_equal(make(&mariadb, &rich_reference, &rich_live, &plan, &error), 0);
    size_t drop = find(plan, "DROP FOREIGN KEY `fk`");
    size_t child = find(plan, "MODIFY COLUMN `p` bigint");
    size_t parent = find(plan, "ALTER TABLE `p` MODIFY COLUMN `id` bigint");
    size_t add = find(plan, "ADD CONSTRAINT `fk` FOREIGN KEY");
    assert_true(drop < child && drop < parent && child < add && parent < add);
    assert_int_equal(plan->statements[add].stage, 2);
}

#define PARENT "p", "CREATE TABLE `p` (`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
#define READ_AND_WRITTEN "`id` int NOT NULL, `q` int DEFAULT NULL, `o` int DEFAULT NULL, PRIMARY KEY (`id`)"
#define WRITER(actions) ", KEY `fk` (`q`), CONSTRAINT `fk` FOREIGN KEY (`q`) REFERENCES `p` (`id`)" actions
#define READER ", CONSTRAINT `c` CHECK (`q` > 0)"
#define STORED ", `s` int GENERATED ALWAYS AS (`q` + 1) STORED"
#define VIRTUAL ", `v` int GENERATED ALWAYS AS (`q` + 1) VIRTUAL"
#define STORED_OVER_VIRTUAL VIRTUAL ", `s` int GENERATED ALWAYS AS (`v` + 1) STORED"

/* Of two things of which servers may refuse to see both, which statement comes when. */
struct wait {
    const char *reference;
    const char *live;
    const char *first;
    const char *second;
    unsigned oracle; /* the stage of the second on MySQL; 0: not tried there */
    unsigned mariadb;
};

static const struct wait waits[] = {
    {WRITER(" ON UPDATE CASCADE"), READER, "DROP C", "ADD CONSTRAINT `fk`", 3, 3},
    {WRITER(" ON UPDATE SET NULL"), READER, "DROP C", "ADD CONSTRAINT `fk`", 3, 3},
    {WRITER(" ON DELETE SET NULL"), READER, "DROP C", "ADD CONSTRAINT `fk`", 3, 3},
    {WRITER(" ON DELETE CASCADE"), READER, "ADD CONSTRAINT `fk`", "DROP C", 3, 3},
    {WRITER(""), READER, "ADD CONSTRAINT `fk`", "DROP C", 3, 3},
    {WRITER(" ON UPDATE CASCADE") ", CONSTRAINT `c` CHECK (`o` > 0)", READER, "CHECK (`o` > 0)", "ADD CONSTRAINT `fk`",
     2, 2},
    {READER, WRITER(" ON UPDATE CASCADE"), "DROP FOREIGN KEY `fk`", "ADD CONSTRAINT `c`", 3, 3},
    {READER, WRITER(" ON DELETE CASCADE"), "ADD CONSTRAINT `c`", "DROP FOREIGN KEY `fk`", 3, 3},
    {READER WRITER(""), WRITER(" ON UPDATE CASCADE"), "DROP FOREIGN KEY `fk`", "ADD CONSTRAINT `c`", 2, 2},
    {WRITER(" ON UPDATE CASCADE"), READER WRITER(""), "DROP C", "ADD CONSTRAINT `fk`", 3, 3},
    {WRITER(" ON UPDATE CASCADE"), STORED, "DROP COLUMN `s`", "ADD CONSTRAINT `fk`", 3, 3},
    {WRITER(" ON DELETE CASCADE"), STORED, "DROP COLUMN `s`", "ADD CONSTRAINT `fk`", 3, 0},
    {WRITER(" ON DELETE CASCADE"), STORED, "ADD CONSTRAINT `fk`", "DROP COLUMN `s`", 0, 3},
    {STORED, WRITER(" ON UPDATE CASCADE"), "DROP FOREIGN KEY `fk`", "ADD COLUMN `s`", 3, 3},
    {WRITER(" ON UPDATE CASCADE"), VIRTUAL, "ADD CONSTRAINT `fk`", "DROP COLUMN `v`", 3, 3},
    {VIRTUAL WRITER(" ON UPDATE CASCADE"), STORED_OVER_VIRTUAL, "DROP COLUMN `s`", "ADD CONSTRAINT `fk`", 3, 3},
    {STORED_OVER_VIRTUAL, VIRTUAL WRITER(" ON UPDATE CASCADE"), "DROP FOREIGN KEY `fk`", "ADD COLUMN `s`", 3, 3},
    {VIRTUAL WRITER(" ON UPDATE CASCADE"), VIRTUAL ", CONSTRAINT `c` CHECK (`v` > 0)", "DROP C", "ADD CONSTRAINT `fk`",
     0, 3},
    {VIRTUAL WRITER(" ON UPDATE CASCADE"), VIRTUAL ", CONSTRAINT `c` CHECK (`v` > 0)", "ADD CONSTRAINT `fk`", "DROP C",
     3, 0},
    {", `z` int DEFAULT NULL CHECK (`z` > `q`)", ", `z` int DEFAULT NULL" WRITER(" ON UPDATE CASCADE"),
     "DROP FOREIGN KEY `fk`", "CHECK (`z` > `q`)", 0, 3},
    {", `z` int DEFAULT NULL" WRITER(" ON UPDATE CASCADE"), ", `z` int DEFAULT NULL CHECK (`z` > `q`)",
     "MODIFY COLUMN `z`", "ADD CONSTRAINT `fk`", 0, 2},
};

static void check_wait(const struct wait *wait, const struct server *server, unsigned stage)
{
    char texts[2][512] = {""};
    const char *const more[2] = {wait->reference, wait->live};
    struct sample samples[2] = {{.tables = {PARENT, "t", texts[0]}}, {.tables = {PARENT, "t", texts[1]}}};
    struct error error = {0};
    cleanup(plan) struct plan *plan = NULL;
    for (size_t i = 0; i < 2; i++)
        snprintf(texts[i], sizeof texts[i], "CREATE TABLE `t` (" READ_AND_WRITTEN "%s) ENGINE=InnoDB", more[i]);
    if (make(server, &samples[0], &samples[1], &plan, &error))
        fail_msg("%s: %s", wait->reference, error.message);
    assert_int_equal(plan->unsolved_count, 0);
    size_t first = find(plan, wait->first);
    size_t second = find(plan, wait->second);
    if (first >= second || plan->statements[second].stage != stage)
        fail_msg("%s, %s: %s is number %zu, %s number %zu in stage %u", server->engine, wait->reference, wait->first,
                 first, wait->second, second, plan->statements[second].stage);
}

/* No action of a foreign key may write what a check or a stored column reads. */
static void test_what_is_read_and_what_is_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(waits); i++) {
        if (waits[i].oracle)
            check_wait(&waits[i], &oracle, waits[i].oracle);
        if (waits[i].mariadb)
            check_wait(&waits[i], &mariadb, waits[i].mariadb);
    }
}

/* The server calls the index of several foreign keys after the last one that came. */
static void test_a_shared_index_stays(void **state)
{
    static const char table[] = "CREATE TABLE `t` (" READ_AND_WRITTEN ", KEY `%s` (`q`), CONSTRAINT `%s` FOREIGN KEY "
                                "(`q`) REFERENCES `%s` (`id`)) ENGINE=InnoDB";
    (void)state;
    char texts[2][512] = {""};
    struct sample samples[2] = {{.tables = {PARENT, "t", texts[0]}}, {.tables = {PARENT, "t", texts[1]}}};
    struct error error = {0};
    cleanup(plan) struct plan *plan = NULL;
    snprintf(texts[0], sizeof texts[0], table, "new", "new", "t");
    snprintf(texts[1], sizeof texts[1], table, "old", "old", "p");
    assert_int_equal(make_under(&mariadb, &samples[0], &samples[1], false, &plan, &error), 0);
    const struct plan_statement *drop = &plan->statements[find(plan, "DROP FOREIGN KEY `old`")];
    assert_null(strstr(drop->sql, "DROP INDEX"));
    assert_non_null(strstr(drop->sql, "RENAME INDEX `old` TO `new`"));
    const char *back = strstr(drop->undo, "RENAME INDEX `new` TO `old`");
    assert_true(back && back < strstr(drop->undo, "ADD CONSTRAINT `old`"));
    assert_true(find(plan, "ADD CONSTRAINT `new`") < find(plan, "DROP FOREIGN KEY `old`"));
}

/* MySQL prepares no triggers: the client is told of a delimiter that the body does not hold. */
static void test_bodies(void **state)
{
    (void)state;
    struct error error = {0};
    cleanup(plan) struct plan *direct = NULL;
    cleanup(plan) struct plan *prepared = NULL;
    cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
    assert_int_equal(make(&oracle, &rich_reference, &rich_live, &direct, &error), 0);
    assert_int_equal(make(&mariadb, &rich_reference, &rich_live, &prepared, &error), 0);
    const char *sql = direct->statements[find(direct, "CREATE TRIGGER `tr`")].sql;
    assert_non_null(strstr(sql, "DELIMITER $$$\n"));
    assert_non_null(strstr(sql, "SET SESSION sql_mode = 'ANSI_QUOTES'"));
    assert_non_null(strstr(sql, "LOCK TABLES `t` WRITE"));
    plan_render_sql(direct, PLAN_ALL_STAGES, &out);
    assert_null(strstr(strbuf_text(&out), "DELIMITER ;;"));
    assert_null(strstr(prepared->statements[find(prepared, "CREATE OR REPLACE TRIGGER `tr`")].sql, "DELIMITER"));
}

static void test_the_same_every_time(void **state)
{
    (void)state;
    struct error error = {0};
    struct strbuf texts[2] = {STRBUF(TEXT_LIMIT), STRBUF(TEXT_LIMIT)};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        cleanup(plan) struct plan *plan = NULL;
        assert_int_equal(make(&oracle, &rich_reference, &rich_live, &plan, &error), 0);
        assert_true(plan->statement_count >= 9 && plan->unsolved_count == 0);
        render_all(plan, &texts[i]);
        assert_true(strbuf_ok(&texts[i]));
    }
    assert_string_equal(strbuf_text(&texts[0]), strbuf_text(&texts[1]));
    assert_non_null(strstr(strbuf_text(&texts[0]), "DROP TABLE IF EXISTS `old```"));
    strbuf_done(&texts[0]);
    strbuf_done(&texts[1]);
}

static void test_memory(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(plan) struct plan *plan = NULL;
        cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
        bool made = make(&oracle, &rich_reference, &rich_live, &plan, &error) == 0;
        if (made)
            render_all(plan, &out);
        OOM_CHECK(loop, made && strbuf_ok(&out));
        assert_true(made || error.code == ERROR_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stages_and_algorithms),
        cmocka_unit_test(test_asks_for_nothing_that_may_be_refused),
        cmocka_unit_test(test_foreign_keys_stand_aside),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_the_same_every_time),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_what_is_read_and_what_is_written),
        cmocka_unit_test(test_a_shared_index_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
