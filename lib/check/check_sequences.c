/* SPDX-License-Identifier: Apache-2.0
 *
 * How near to their end what numbers rows has come: PostgreSQL's sequences, and the columns that they fill, whose type
 * may end long before them; AUTO_INCREMENT of MySQL and MariaDB, and MariaDB's sequences; AUTOINCREMENT of SQLite.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "check/check_catalogue.h"
#include "check/check_kinds.h"
#include "check/counter.h"

/* What a question about counters answers. */
enum { CELL_LABEL, CELL_BEGIN, CELL_END, CELL_INCREMENT, CELL_NEXT, CELL_LAST, CELL_UNREAD, CELLS };

struct survey {
    struct check_run *run;
    struct check_items items; /* that are too near to their end */
    struct check_items unread;
    const char *fullest; /* "orders.id: 83.2 %" */
    const char *grant;   /* for the first that is not read */
    unsigned permille;   /* of the fullest */
    size_t total;
};

/* Of every sequence, the column with the least room that owns it or draws from it; a domain's type counts. One that
 * begins again is left out, unless the column ends before it does. One that was set and not drawn from has no last
 * value; where it stands then, only its own row says. */
static const char postgres_sequences[] =
    "WITH drawn AS (SELECT s.seqrelid AS seq, d.refobjid AS tab, d.refobjsubid AS col FROM pg_sequence s"
    " JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.objsubid = 0"
    " WHERE d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0"
    " UNION SELECT s.seqrelid, e.adrelid, e.adnum FROM pg_sequence s JOIN pg_depend d"
    " ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.seqrelid AND d.refobjsubid = 0"
    " JOIN pg_attrdef e ON e.oid = d.objid WHERE d.classid = 'pg_attrdef'::regclass),"
    " typed AS (SELECT u.seq, t.relname || '.' || a.attname AS label, COALESCE(b2.oid, b1.oid, y.oid) AS base,"
    " CASE y.typtype WHEN 'd' THEN y.typtypmod ELSE a.atttypmod END AS typmod FROM drawn u"
    " JOIN pg_class t ON t.oid = u.tab JOIN pg_attribute a ON a.attrelid = u.tab AND a.attnum = u.col"
    " JOIN pg_type y ON y.oid = a.atttypid LEFT JOIN pg_type b1 ON b1.oid = y.typbasetype"
    " LEFT JOIN pg_type b2 ON b2.oid = b1.typbasetype),"
    " bounded AS (SELECT seq, label, CASE base WHEN 'int2'::regtype THEN 32767::numeric"
    " WHEN 'int4'::regtype THEN 2147483647 WHEN 'int8'::regtype THEN 9223372036854775807"
    " WHEN 'numeric'::regtype THEN CASE WHEN typmod > 4"
    " THEN power(10::numeric, ((typmod - 4) >> 16) - ((typmod - 4) & 1023)) - 1 END END AS most FROM typed),"
    " c AS (SELECT DISTINCT ON (seq) seq, label, most FROM bounded ORDER BY seq, most NULLS LAST, label)"
    " SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || COALESCE(c.label, q.relname),"
    " CASE WHEN s.seqincrement > 0 THEN s.seqmin ELSE s.seqmax END,"
    " trunc(CASE WHEN s.seqincrement > 0 THEN LEAST(s.seqmax, c.most) ELSE GREATEST(s.seqmin, -c.most - 1) END),"
    " s.seqincrement, w.next, v.last, CASE WHEN v.last IS NULL AND w.next IS NULL"
    " THEN format('GRANT SELECT ON SEQUENCE %I.%I TO %I', n.nspname, q.relname, current_user) END"
    " FROM pg_sequence s JOIN pg_class q ON q.oid = s.seqrelid JOIN pg_namespace n ON n.oid = q.relnamespace"
    " LEFT JOIN c ON c.seq = s.seqrelid"
    " CROSS JOIN LATERAL (SELECT CASE WHEN has_sequence_privilege(s.seqrelid, 'SELECT, USAGE')"
    " THEN pg_sequence_last_value(s.seqrelid) END AS last) v"
    " CROSS JOIN LATERAL (SELECT CASE WHEN v.last IS NULL AND has_sequence_privilege(s.seqrelid, 'SELECT')"
    " AND has_schema_privilege(n.oid, 'USAGE') THEN substring(query_to_xml(format('SELECT last_value FROM %I.%I',"
    " n.nspname, q.relname), false, false, '')::text FROM '<last_value>(-?[0-9]+)<') END AS next) w WHERE @schemas@ "
    "AND NOT (s.seqcycle"
    " AND (c.most IS NULL OR CASE WHEN s.seqincrement > 0 THEN s.seqmax <= c.most ELSE s.seqmin >= -c.most - 1 END))"
    " ORDER BY n.nspname, 1";

/* AUTO_INCREMENT counts in the column's type; its next value is what the table shows. Columns and tables are grouped,
 * not joined: MariaDB would compare each with each. Of a table that cannot be opened nothing is known, not its length
 * either. */
static const char mysql_columns[] =
    "SELECT MAX(x.label), '1', MAX(x.most), '1', COALESCE(MAX(x.next), 1), NULL, IF(MAX(x.closed), 'CHECK TABLE says"
    " why the server cannot open it', NULL) FROM (SELECT c.table_name AS name,"
    " CONCAT(c.table_name, '.', c.column_name) AS label, CASE c.data_type"
    " WHEN 'tinyint' THEN IF(c.column_type LIKE '%unsigned%', '255', '127')"
    " WHEN 'smallint' THEN IF(c.column_type LIKE '%unsigned%', '65535', '32767')"
    " WHEN 'mediumint' THEN IF(c.column_type LIKE '%unsigned%', '16777215', '8388607')"
    " WHEN 'int' THEN IF(c.column_type LIKE '%unsigned%', '4294967295', '2147483647')"
    " WHEN 'float' THEN '16777216' WHEN 'double' THEN '9007199254740992'"
    " ELSE IF(c.column_type LIKE '%unsigned%', '18446744073709551615', '9223372036854775807') END AS most,"
    " NULL AS next, 0 AS closed FROM information_schema.columns c WHERE c.table_schema = DATABASE()"
    " AND c.extra LIKE '%auto_increment%' UNION ALL SELECT t.table_name, NULL, NULL, t.auto_increment,"
    " t.data_length IS NULL FROM information_schema.tables t WHERE t.table_schema = DATABASE()"
    " AND t.table_type <> 'VIEW' AND (t.auto_increment IS NOT NULL OR t.data_length IS NULL)) x"
    " GROUP BY CAST(x.name AS BINARY) HAVING MAX(x.label) IS NOT NULL ORDER BY 1";

/* A file has the table as soon as one of its tables counts. Whoever may write to the file may write anything there. */
static const char sqlite_tables[] =
    "SELECT s.name || COALESCE('.' || (SELECT p.name FROM pragma_table_info(s.name) p WHERE p.pk = 1), ''), '1',"
    " '9223372036854775807', '1', '1', CASE WHEN s.seq > 0 THEN CAST(s.seq AS TEXT) END,"
    " CASE WHEN typeof(s.seq) <> 'integer' THEN 'sqlite_sequence holds no number for it' END"
    " FROM sqlite_sequence s WHERE s.name IN (SELECT m.name FROM sqlite_master m WHERE m.type = 'table') ORDER BY 1";

static void print_permille(unsigned permille, struct strbuf *out)
{
    strbuf_printf(out, "%u", permille / 10);
    if (permille % 10 > 0)
        strbuf_printf(out, ".%u", permille % 10);
    strbuf_add_string(out, " %");
}

static void describe(const struct check *check, struct strbuf *out)
{
    strbuf_add_string(out, "every sequence is below ");
    print_permille(check->below_permille, out);
}

static int add_unread(struct survey *survey, const char *label, const char *grant, struct error *reterr)
{
    if (!survey->grant && check_keep(survey->run, grant, &survey->grant, reterr) < 0)
        return -1;
    return check_add_item(survey->run, &survey->unread, reterr, "%s", label);
}

static int take_counter(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                        struct error *reterr)
{
    struct survey *survey = payload;
    (void)lengths;
    (void)count;
    const struct counter counter = {.begin = cells[CELL_BEGIN],
                                    .end = cells[CELL_END],
                                    .increment = cells[CELL_INCREMENT],
                                    .next = cells[CELL_NEXT],
                                    .last = cells[CELL_LAST]};
    unsigned permille = 0;
    survey->total++;
    if (cells[CELL_UNREAD])
        return add_unread(survey, cells[CELL_LABEL], cells[CELL_UNREAD], reterr);
    if (!counter_used_permille(&counter, &permille))
        return add_unread(survey, cells[CELL_LABEL], "", reterr);
    if (!survey->fullest || permille > survey->permille) {
        survey->permille = permille;
        survey->fullest =
            arena_printf(survey->run->result->arena, "%s: %u.%u %%", cells[CELL_LABEL], permille / 10, permille % 10);
        if (!survey->fullest)
            return error_no_memory(reterr);
    }
    if (permille < survey->run->check->below_permille)
        return 0;
    return check_add_item(survey->run, &survey->items, reterr, "%s: %u.%u %%", cells[CELL_LABEL], permille / 10,
                          permille % 10);
}

/* Names of MariaDB's sequences, to be asked one by one. */
struct name_list {
    char **names;
    char *account; /* the role, as GRANT takes it; owned */
    size_t count;
    size_t capacity;
};

static int take_name(void *payload, const char *const *cells, const size_t *lengths, size_t count, struct error *reterr)
{
    struct name_list *list = payload;
    (void)lengths;
    (void)count;
    if (!list->account)
        list->account = mem_strdup(cells[1]);
    if (!list->account || !mem_grow(&list->names, &list->capacity, list->count, sizeof *list->names, LIMIT_CHECK_ROWS))
        return error_no_memory(reterr);
    list->names[list->count] = mem_strdup(cells[0]);
    return list->names[list->count++] ? 0 : error_no_memory(reterr);
}

/* A sequence of MariaDB's is a table of one row; what is cached of it counts as used. */
static int ask_sequence(struct survey *survey, const char *name, const char *account, struct error *reterr)
{
    struct check_run *run = survey->run;
    cleanup(strbuf) struct strbuf sql = STRBUF(LIMIT_DEFINITION_BYTES);
    strbuf_add_string(&sql, "SELECT ");
    run->dialect->quote_text(name, &sql);
    strbuf_add_string(&sql,
                      ", IF(increment < 0, maximum_value, minimum_value), IF(increment < 0, minimum_value,"
                      " maximum_value), IF(increment = 0, 1, increment), next_not_cached_value, NULL, NULL FROM ");
    run->dialect->quote_name(name, &sql);
    strbuf_add_string(&sql, " WHERE cycle_option = 0");
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    struct error error = {0};
    if (check_read(run, strbuf_text(&sql), take_counter, survey, &error) == 0)
        return 0;
    if (error.code != ERROR_FORBIDDEN) {
        *reterr = error;
        return -1;
    }
    survey->total++;
    strbuf_clear(&sql);
    strbuf_add_string(&sql, "GRANT SELECT ON ");
    run->dialect->quote_name(run->world->server->database, &sql);
    strbuf_add_char(&sql, '.');
    run->dialect->quote_name(name, &sql);
    strbuf_printf(&sql, " TO %s", account);
    return strbuf_ok(&sql) ? add_unread(survey, name, strbuf_text(&sql), reterr) : error_no_memory(reterr);
}

static int ask_sequences(struct survey *survey, struct name_list *list, struct error *reterr)
{
    static const char question[] = "SELECT table_name, CONCAT(QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', 1)), '@',"
                                   " QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1))) FROM information_schema.tables"
                                   " WHERE table_schema = DATABASE() AND table_type = 'SEQUENCE' ORDER BY table_name";
    if (check_read(survey->run, question, take_name, list, reterr) < 0)
        return -1;
    for (size_t i = 0; i < list->count; i++)
        if (ask_sequence(survey, list->names[i], list->account, reterr) < 0)
            return -1;
    return 0;
}

static int read_mariadb(struct survey *survey, struct error *reterr)
{
    if (check_read(survey->run, mysql_columns, take_counter, survey, reterr) < 0)
        return -1;
    struct name_list list = {0};
    int status = ask_sequences(survey, &list, reterr);
    for (size_t i = 0; i < list.count; i++)
        mem_free(list.names[i]);
    mem_free(list.names);
    mem_free(list.account);
    return status;
}

static int read_sqlite(struct survey *survey, struct error *reterr)
{
    static const char question[] = "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'";
    int64_t tables = 0;
    if (check_read_number(survey->run, question, &tables, reterr) < 0)
        return -1;
    return tables == 0 ? 0 : check_read(survey->run, sqlite_tables, take_counter, survey, reterr);
}

static int read_counters(struct survey *survey, struct error *reterr)
{
    switch (check_engine_of(survey->run)) {
    case CHECK_POSTGRES:
        return check_read(survey->run, postgres_sequences, take_counter, survey, reterr);
    case CHECK_MYSQL:
        return check_read(survey->run, mysql_columns, take_counter, survey, reterr);
    case CHECK_MARIADB:
        return read_mariadb(survey, reterr);
    case CHECK_SQLITE:
        return read_sqlite(survey, reterr);
    case CHECK_ENGINES:
        break;
    }
    return error_set(reterr, ERROR_UNSUPPORTED, "sequences of this server are not understood");
}

static int judge(struct survey *survey, struct error *reterr)
{
    struct check_run *run = survey->run;
    const char *names = NULL;
    cleanup(strbuf) struct strbuf limit = STRBUF(32);
    print_permille(run->check->below_permille, &limit);
    if (!strbuf_ok(&limit))
        return error_no_memory(reterr);
    const struct check_items *shown = survey->items.total > 0 ? &survey->items : &survey->unread;
    if (check_name_items(run, shown, &names, reterr) < 0 || check_set_items(run, shown, reterr) < 0 ||
        (survey->fullest && check_set_value(run, reterr, "%s", survey->fullest) < 0))
        return -1;
    if (survey->items.total > 0)
        return check_refuse(run, "give it a larger type, such as bigint, before it ends", reterr,
                            "%zu of %zu are not below %s of what they can count to: %s", survey->items.total,
                            survey->total, strbuf_text(&limit), names);
    if (survey->unread.total > 0)
        return check_cannot_tell(run, ERROR_FORBIDDEN, survey->grant, reterr, "%zu of %zu cannot be read: %s",
                                 survey->unread.total, survey->total, names);
    bool hidden = false;
    if (check_tell_hidden(run, &hidden, reterr) < 0 || hidden)
        return hidden ? 0 : -1;
    if (survey->total == 0)
        return check_pass(run, reterr, "nothing in this database counts");
    return check_pass(run, reterr, "the fullest of %zu is %s", survey->total, survey->fullest);
}

static int run_sequences(struct check_run *run, struct error *reterr)
{
    struct survey survey = {.run = run};
    return read_counters(&survey, reterr) < 0 ? -1 : judge(&survey, reterr);
}

const struct check_kind check_kind_sequences = {
    .name = "sequences",
    .doc = "Sequences, identity and serial columns are far from the end of what they can count to.",
    .every_ms = INT64_C(5) * 60 * 1000,
    .timeout_ms = INT64_C(5) * 1000,
    .severity = CHECK_FAILS,
    .needs_connection = check_kind_connects,
    .describe = describe,
    .run = run_sequences,
};
