/* SPDX-License-Identifier: Apache-2.0 */
#include "check/orphans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "check/check_catalogue.h"

/* SQLite's words for a key that fits no key of its parent. */
#define MISMATCH "foreign key mismatch"

/* Texts of all keys' queries: some 300 bytes each. */
enum { KEYS_BYTES = 256 * 1024 * 1024 };

/* What the questions below answer, a row per column of a key, those of one key in turn. On MATCH FULL, a key that is
 * NULL in part is an orphan. */
enum { CELL_ID, CELL_LABEL, CELL_CHILD, CELL_PARENT, CELL_FULL, CELL_OWN, CELL_SAME, CELL_OBSTACLE, CELL_GRANT, CELLS };

/* As PostgreSQL's own check of a new key asks: by the key's own operators, the parent's collation, and without what
 * inherits from a table, but with a partitioned table's partitions. */
static const char postgres_keys[] =
    "SELECT k.oid, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname || '.' || k.conname,"
    " format('%s%I.%I', CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, n.nspname, c.relname),"
    " format('%s%I.%I', CASE p.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, pn.nspname, p.relname),"
    " CASE k.confmatchtype WHEN 'f' THEN '1' ELSE '0' END, format('c.%I', ca.attname),"
    " format('p.%I OPERATOR(%I.%s) c.%I%s', pa.attname, xn.nspname, x.oprname, ca.attname,"
    " CASE WHEN pa.attcollation <> ca.attcollation AND pa.attcollation <> 0 THEN (SELECT format(' COLLATE %I.%I',"
    " ln.nspname, l.collname) FROM pg_collation l JOIN pg_namespace ln ON ln.oid = l.collnamespace"
    " WHERE l.oid = pa.attcollation) END),"
    " CASE WHEN row_security_active(c.oid) OR row_security_active(p.oid) THEN 'row security hides rows from the role'"
    " WHEN to_jsonb(k)->>'conperiod' = 'true' THEN 'it is about periods'"
    " WHEN NOT (has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(pn.oid, 'USAGE')"
    " AND has_column_privilege(c.oid, ca.attnum, 'SELECT') AND has_column_privilege(p.oid, pa.attnum, 'SELECT'))"
    " THEN 'the role may not read the tables' END,"
    " format('GRANT SELECT ON %I.%I, %I.%I TO %I', n.nspname, c.relname, pn.nspname, p.relname, current_user)"
    " FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace"
    " CROSS JOIN LATERAL unnest(k.conkey, k.confkey, k.conpfeqop) WITH ORDINALITY AS u(own, other, equals, nr)"
    " JOIN pg_attribute ca ON ca.attrelid = c.oid AND ca.attnum = u.own"
    " JOIN pg_attribute pa ON pa.attrelid = p.oid AND pa.attnum = u.other"
    " JOIN pg_operator x ON x.oid = u.equals JOIN pg_namespace xn ON xn.oid = x.oprnamespace"
    " WHERE k.contype = 'f' AND k.conparentid = 0 AND @schemas@"
    " ORDER BY greatest(c.reltuples, 0) + greatest(p.reltuples, 0), 2, k.oid, u.nr";

#define MYSQL_QUOTED(name) "CONCAT('`', REPLACE(" name ", '`', '``'), '`')"
#define MYSQL_TABLE(schema, table) "CONCAT(" MYSQL_QUOTED(schema) ", '.', " MYSQL_QUOTED(table) ")"
#define MYSQL_ACCOUNT                                                                                                  \
    "CONCAT(QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', 1)), '@', QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)))"

static const char
    mysql_keys
        [] = "SELECT constraint_name, CONCAT(table_name, '.', constraint_name), " MYSQL_TABLE("table_schema",
                                                                                              "table_"
                                                                                              "name") ", " MYSQL_TABLE("referenced_table_schema", "referenced_table_name") ", '0', CONCAT('c.', " MYSQL_QUOTED("column_name") "), CONCAT('p.', " MYSQL_QUOTED("referenced_column_name") ", ' = c.', " MYSQL_QUOTED("column_name") "), NULL,"
                                                                                                                                                                                                                                                                                                                                  " CONCAT('GRANT SELECT ON "
                                                                                                                                                                                                                                                                                                                                  "', " MYSQL_TABLE("table_schema", "table_name") ", ' TO "
                                                                                                                                                                                                                                                                                                                                                                                  "', " MYSQL_ACCOUNT
                                                                                                                                                                                                                                                                                                                                                                                  ","
                                                                                                                                                                                                                                                                                                                                                                                  " '; GRANT SELECT ON "
                                                                                                                                                                                                                                                                                                                                                                                  "', " MYSQL_TABLE("referenced_"
                                                                                                                                                                                                                                                                                                                                                                                                    "table_schema",
                                                                                                                                                                                                                                                                                                                                                                                                    "referenced_"
                                                                                                                                                                                                                                                                                                                                                                                                    "table_name") ", "
                                                                                                                                                                                                                                                                                                                                                                                                                  "' "
                                                                                                                                                                                                                                                                                                                                                                                                                  "TO"
                                                                                                                                                                                                                                                                                                                                                                                                                  " '"
                                                                                                                                                                                                                                                                                                                                                                                                                  ","
                                                                                                                                                                                                                                                                                                                                                                                                                  " " MYSQL_ACCOUNT
                                                                                                                                                                                                                                                                                                                                                                                                                  ") "
                                                                                                                                                                                                                                                                                                                                                                                                                  "FR"
                                                                                                                                                                                                                                                                                                                                                                                                                  "OM"
                                                                                                                                                                                                                                                                                                                                                                                                                  " i"
                                                                                                                                                                                                                                                                                                                                                                                                                  "nf"
                                                                                                                                                                                                                                                                                                                                                                                                                  "or"
                                                                                                                                                                                                                                                                                                                                                                                                                  "ma"
                                                                                                                                                                                                                                                                                                                                                                                                                  "ti"
                                                                                                                                                                                                                                                                                                                                                                                                                  "on"
                                                                                                                                                                                                                                                                                                                                                                                                                  "_s"
                                                                                                                                                                                                                                                                                                                                                                                                                  "ch"
                                                                                                                                                                                                                                                                                                                                                                                                                  "em"
                                                                                                                                                                                                                                                                                                                                                                                                                  "a."
                                                                                                                                                                                                                                                                                                                                                                                                                  "ke"
                                                                                                                                                                                                                                                                                                                                                                                                                  "y_"
                                                                                                                                                                                                                                                                                                                                                                                                                  "co"
                                                                                                                                                                                                                                                                                                                                                                                                                  "lu"
                                                                                                                                                                                                                                                                                                                                                                                                                  "mn"
                                                                                                                                                                                                                                                                                                                                                                                                                  "_u"
                                                                                                                                                                                                                                                                                                                                                                                                                  "sa"
                                                                                                                                                                                                                                                                                                                                                                                                                  "ge"
                                                                                                                                                                                                                                                                                                                                                                                                                  " W"
                                                                                                                                                                                                                                                                                                                                                                                                                  "HE"
                                                                                                                                                                                                                                                                                                                                                                                                                  "RE"
                                                                                                                                                                                                                                                                                                                                                                                                                  " t"
                                                                                                                                                                                                                                                                                                                                                                                                                  "ab"
                                                                                                                                                                                                                                                                                                                                                                                                                  "le"
                                                                                                                                                                                                                                                                                                                                                                                                                  "_s"
                                                                                                                                                                                                                                                                                                                                                                                                                  "ch"
                                                                                                                                                                                                                                                                                                                                                                                                                  "em"
                                                                                                                                                                                                                                                                                                                                                                                                                  "a "
                                                                                                                                                                                                                                                                                                                                                                                                                  "= "
                                                                                                                                                                                                                                                                                                                                                                                                                  "DA"
                                                                                                                                                                                                                                                                                                                                                                                                                  "TA"
                                                                                                                                                                                                                                                                                                                                                                                                                  "BA"
                                                                                                                                                                                                                                                                                                                                                                                                                  "SE"
                                                                                                                                                                                                                                                                                                                                                                                                                  "()"
                                                                                                                                                                                                                                                                                                                                                                                                                  " A"
                                                                                                                                                                                                                                                                                                                                                                                                                  "ND"
                                                                                                                                                                                                                                                                                                                                                                                                                  " r"
                                                                                                                                                                                                                                                                                                                                                                                                                  "ef"
                                                                                                                                                                                                                                                                                                                                                                                                                  "er"
                                                                                                                                                                                                                                                                                                                                                                                                                  "en"
                                                                                                                                                                                                                                                                                                                                                                                                                  "ce"
                                                                                                                                                                                                                                                                                                                                                                                                                  "d_"
                                                                                                                                                                                                                                                                                                                                                                                                                  "ta"
                                                                                                                                                                                                                                                                                                                                                                                                                  "bl"
                                                                                                                                                                                                                                                                                                                                                                                                                  "e_"
                                                                                                                                                                                                                                                                                                                                                                                                                  "na"
                                                                                                                                                                                                                                                                                                                                                                                                                  "me"
                                                                                                                                                                                                                                                                                                                                                                                                                  " I"
                                                                                                                                                                                                                                                                                                                                                                                                                  "S "
                                                                                                                                                                                                                                                                                                                                                                                                                  "NO"
                                                                                                                                                                                                                                                                                                                                                                                                                  "T "
                                                                                                                                                                                                                                                                                                                                                                                                                  "NU"
                                                                                                                                                                                                                                                                                                                                                                                                                  "LL"
                                                                                                                                                                                                                                                                                                                                                                                                                  " O"
                                                                                                                                                                                                                                                                                                                                                                                                                  "RD"
                                                                                                                                                                                                                                                                                                                                                                                                                  "ER"
                                                                                                                                                                                                                                                                                                                                                                                                                  " B"
                                                                                                                                                                                                                                                                                                                                                                                                                  "Y "
                                                                                                                                                                                                                                                                                                                                                                                                                  "ta"
                                                                                                                                                                                                                                                                                                                                                                                                                  "bl"
                                                                                                                                                                                                                                                                                                                                                                                                                  "e_"
                                                                                                                                                                                                                                                                                                                                                                                                                  "na"
                                                                                                                                                                                                                                                                                                                                                                                                                  "me"
                                                                                                                                                                                                                                                                                                                                                                                                                  ", "
                                                                                                                                                                                                                                                                                                                                                                                                                  "co"
                                                                                                                                                                                                                                                                                                                                                                                                                  "ns"
                                                                                                                                                                                                                                                                                                                                                                                                                  "tr"
                                                                                                                                                                                                                                                                                                                                                                                                                  "ai"
                                                                                                                                                                                                                                                                                                                                                                                                                  "nt"
                                                                                                                                                                                                                                                                                                                                                                                                                  "_n"
                                                                                                                                                                                                                                                                                                                                                                                                                  "am"
                                                                                                                                                                                                                                                                                                                                                                                                                  "e,"
                                                                                                                                                                                                                                                                                                                                                                                                                  " o"
                                                                                                                                                                                                                                                                                                                                                                                                                  "rd"
                                                                                                                                                                                                                                                                                                                                                                                                                  "in"
                                                                                                                                                                                                                                                                                                                                                                                                                  "al"
                                                                                                                                                                                                                                                                                                                                                                                                                  "_p"
                                                                                                                                                                                                                                                                                                                                                                                                                  "os"
                                                                                                                                                                                                                                                                                                                                                                                                                  "it"
                                                                                                                                                                                                                                                                                                                                                                                                                  "io"
                                                                                                                                                                                                                                                                                                                                                                                                                  "n";

/* SQLite looks at all keys of a table at once. */
static const char sqlite_tables[] =
    "SELECT m.name, count(DISTINCT f.id) FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f"
    " WHERE m.type = 'table' GROUP BY m.name ORDER BY m.name";

/* One question: about one key, or all keys of one of SQLite's tables. */
struct question {
    const char *label;
    const char *sql;
    const char *obstacle; /* why it is not asked; NULL */
    const char *grant;
    size_t keys;
};

/* All of them, in an arena that lives as long as the search. */
struct question_list {
    struct check_run *run;
    struct arena *arena;
    struct question *questions; /* owned */
    size_t count;
    size_t capacity;
    char id[272];        /* of the key that is being read; "" */
    struct question key; /* that key */
    const char *child;
    const char *parent;
    bool full;
    struct strbuf present; /* "c.a IS NOT NULL AND c.b IS NOT NULL" */
    struct strbuf same;    /* "p.x = c.a AND p.y = c.b" */
};

static int add_question(struct question_list *list, const struct question *question, struct error *reterr)
{
    if (!question->label || !question->sql ||
        !mem_grow(&list->questions, &list->capacity, list->count, sizeof *list->questions, LIMIT_CHECK_ROWS))
        return error_no_memory(reterr);
    list->questions[list->count++] = *question;
    return 0;
}

static int finish_key(struct question_list *list, struct error *reterr)
{
    if (list->id[0] == '\0')
        return 0;
    if (!strbuf_ok(&list->present) || !strbuf_ok(&list->same))
        return error_no_memory(reterr);
    list->key.sql =
        arena_printf(list->arena, "SELECT 1 FROM %s c WHERE (%s) AND NOT EXISTS (SELECT 1 FROM %s p WHERE %s)",
                     list->child, strbuf_text(&list->present), list->parent, strbuf_text(&list->same));
    list->id[0] = '\0';
    return add_question(list, &list->key, reterr);
}

static int begin_key(struct question_list *list, const char *const *cells, struct error *reterr)
{
    snprintf(list->id, sizeof list->id, "%s", cells[CELL_ID]);
    list->key = (struct question){.label = arena_strdup(list->arena, cells[CELL_LABEL]),
                                  .grant = arena_strdup(list->arena, cells[CELL_GRANT]),
                                  .keys = 1};
    list->child = arena_strdup(list->arena, cells[CELL_CHILD]);
    list->parent = arena_strdup(list->arena, cells[CELL_PARENT]);
    list->full = strcmp(cells[CELL_FULL], "1") == 0;
    strbuf_clear(&list->present);
    strbuf_clear(&list->same);
    return list->key.label && list->key.grant && list->child && list->parent ? 0 : error_no_memory(reterr);
}

static int take_key_column(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                           struct error *reterr)
{
    struct question_list *list = payload;
    (void)lengths;
    (void)count;
    if (strcmp(list->id, cells[CELL_ID]) != 0 && (finish_key(list, reterr) < 0 || begin_key(list, cells, reterr) < 0))
        return -1;
    if (cells[CELL_OBSTACLE]) {
        list->key.obstacle = arena_strdup(list->arena, cells[CELL_OBSTACLE]);
        if (!list->key.obstacle)
            return error_no_memory(reterr);
    }
    bool first = list->same.length == 0;
    strbuf_printf(&list->present, "%s%s IS NOT NULL", first ? "" : list->full ? " OR " : " AND ", cells[CELL_OWN]);
    strbuf_printf(&list->same, "%s%s", first ? "" : " AND ", cells[CELL_SAME]);
    return 0;
}

static int take_sqlite_table(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                             struct error *reterr)
{
    struct question_list *list = payload;
    (void)lengths;
    (void)count;
    cleanup(strbuf) struct strbuf name = STRBUF(LIMIT_DEFINITION_BYTES);
    list->run->dialect->quote_text(cells[0], &name);
    if (!strbuf_ok(&name))
        return error_no_memory(reterr);
    const char *text = strbuf_text(&name);
    struct question question = {.label = arena_strdup(list->arena, cells[0]), .keys = strtoull(cells[1], NULL, 10)};
    question.sql = arena_printf(list->arena,
                                "SELECT %s || '(' || (SELECT group_concat(l.\"from\", ', ') FROM"
                                " pragma_foreign_key_list(%s) l WHERE l.id = x.fkid) || ')' FROM (SELECT DISTINCT fkid"
                                " FROM pragma_foreign_key_check(%s)) x ORDER BY 1",
                                text, text, text);
    return add_question(list, &question, reterr);
}

static int list_questions(struct question_list *list, struct error *reterr)
{
    switch (check_engine_of(list->run)) {
    case CHECK_POSTGRES:
        return check_read(list->run, postgres_keys, take_key_column, list, reterr) < 0 ? -1 : finish_key(list, reterr);
    case CHECK_MYSQL:
    case CHECK_MARIADB:
        return check_read(list->run, mysql_keys, take_key_column, list, reterr) < 0 ? -1 : finish_key(list, reterr);
    case CHECK_SQLITE:
        return check_read(list->run, sqlite_tables, take_sqlite_table, list, reterr);
    case CHECK_ENGINES:
        break;
    }
    return error_set(reterr, ERROR_UNSUPPORTED, "foreign keys of this server are not understood");
}

/* The answer to one question: none, or the keys that have orphans. */
struct answer {
    struct check_run *run;
    struct orphan_search *search;
    const struct question *question;
};

static int advise(struct check_run *run, const struct question *question, const char **ret_next, struct error *reterr)
{
    const char *condition = strstr(question->sql, " FROM ");
    *ret_next = check_engine_of(run) == CHECK_SQLITE
                    ? arena_printf(run->result->arena, "look at them: PRAGMA foreign_key_check(%s)", question->label)
                    : arena_printf(run->result->arena, "look at them: SELECT c.*%s", condition);
    return *ret_next ? 0 : error_no_memory(reterr);
}

static int take_orphan(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                       struct error *reterr)
{
    struct answer *answer = payload;
    struct orphan_search *search = answer->search;
    (void)lengths;
    (void)count;
    bool is_file = check_engine_of(answer->run) == CHECK_SQLITE;
    if (!search->next && advise(answer->run, answer->question, &search->next, reterr) < 0)
        return -1;
    search->found++;
    return check_add_item(answer->run, search->items, reterr, "%s (orphans)",
                          is_file && cells[0] ? cells[0] : answer->question->label);
}

static int put_off(struct check_run *run, struct orphan_search *search, const struct question *question,
                   enum error_code code, const char *why, struct error *reterr)
{
    search->untold += question->keys;
    if (search->untold_reason)
        return 0;
    search->untold_code = code;
    search->untold_reason = arena_printf(run->result->arena, "%s: %s", question->label, why);
    return search->untold_reason && check_keep(run, question->grant, &search->untold_next, reterr) == 0
               ? 0
               : error_no_memory(reterr);
}

/* A key that does not fit its parent is never enforced, and every write to its table fails. */
static int add_mismatch(struct check_run *run, struct orphan_search *search, const struct question *question,
                        const struct error *error, struct error *reterr)
{
    const char *words = strstr(error->message, MISMATCH);
    search->looked += question->keys;
    search->unfit++;
    if (!search->next)
        search->next = "give the parent's columns a primary key or unique index";
    return check_add_item(run, search->items, reterr, "%s (%s)", question->label, words);
}

static int ask(struct check_run *run, struct orphan_search *search, const struct question *question,
               struct error *reterr)
{
    if (question->obstacle)
        return put_off(run, search, question, ERROR_FORBIDDEN, question->obstacle, reterr);
    bool is_file = check_engine_of(run) == CHECK_SQLITE;
    struct answer answer = {.run = run, .search = search, .question = question};
    const struct row_sink sink = {.row = take_orphan, .payload = &answer};
    cleanup(strbuf) struct strbuf sql = STRBUF(LIMIT_DEFINITION_BYTES);
    strbuf_printf(&sql, "%s%s", question->sql, is_file ? "" : " LIMIT 1");
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    struct error error = {0};
    bool more = false;
    const struct orphan_search before = *search;
    const struct check_items items = *search->items;
    if (check_ask(run, strbuf_text(&sql), LIMIT_CHECK_ROWS, &sink, &more, &error) == 0) {
        search->looked += question->keys;
        return 0;
    }
    /* A query that is ended within its NOT EXISTS may answer the row that it was at before it fails. */
    *search = before;
    *search->items = items;
    search->out_of_time = error.code == ERROR_TIMEOUT;
    if (search->out_of_time)
        return 0;
    if (error.code == ERROR_INVALID && strstr(error.message, MISMATCH))
        return add_mismatch(run, search, question, &error, reterr);
    if (error.code == ERROR_FORBIDDEN || error.code == ERROR_LOCKED || error.code == ERROR_NOT_FOUND)
        return put_off(run, search, question, error.code, error.message, reterr);
    *reterr = error;
    return -1;
}

static int ask_all(struct question_list *list, int64_t budget_ms, struct orphan_search *search, struct error *reterr)
{
    struct check_world world = *list->run->world;
    struct check_run limited = *list->run;
    if (budget_ms > 0)
        world.deadline = deadline_earlier(world.deadline, deadline_in(budget_ms));
    limited.world = &world;
    for (size_t i = 0; i < list->count; i++)
        search->total += list->questions[i].keys;
    for (size_t i = 0; i < list->count && !search->out_of_time; i++) {
        search->out_of_time = deadline_passed(world.deadline);
        if (!search->out_of_time && ask(&limited, search, &list->questions[i], reterr) < 0)
            return -1;
    }
    return 0;
}

int orphans_search(struct check_run *run, int64_t budget_ms, struct orphan_search *search, struct error *reterr)
{
    cleanup(arena) struct arena *arena = arena_new(KEYS_BYTES);
    if (!arena)
        return error_no_memory(reterr);
    struct question_list list = {
        .run = run, .arena = arena, .present = STRBUF(LIMIT_DEFINITION_BYTES), .same = STRBUF(LIMIT_DEFINITION_BYTES)};
    int status = list_questions(&list, reterr) < 0 ? -1 : ask_all(&list, budget_ms, search, reterr);
    strbuf_done(&list.present);
    strbuf_done(&list.same);
    mem_free(list.questions);
    return status;
}
