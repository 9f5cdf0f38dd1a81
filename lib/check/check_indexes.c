/* SPDX-License-Identifier: Apache-2.0
 *
 * Indexes that their server keeps and does not use, or does not trust: a CREATE INDEX CONCURRENTLY that failed, keys
 * that were disabled for a load. An index that is being built at this moment is neither passed, since it guards and
 * serves nothing yet, nor failed, since nobody need do anything: it is unknown, locked by somebody's DDL, and asked
 * again soon.
 */
#include <string.h>

#include "check/check_catalogue.h"
#include "check/check_kinds.h"

/* When an index that is being built is looked at again: builds that are over sooner are hardly ever met. */
enum { BUSY_AGAIN_MS = 60 * 1000 };

/* Whoever works on an index holds a lock on it, or builds it under a lock on its table; what a session builds is shown
 * to its own role and to pg_read_all_stats, its locks to everybody. */
#define POSTGRES_BUSY                                                                                                  \
    "EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database"                                          \
    " WHERE d.datname = current_database() AND ((l.relation = i.indexrelid"                                            \
    " AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'AccessExclusiveLock')) OR (l.relation = i.indrelid"     \
    " AND l.mode = 'ShareUpdateExclusiveLock' AND EXISTS (SELECT FROM pg_stat_progress_create_index p"                 \
    " WHERE p.pid = l.pid AND COALESCE(p.index_relid, 0) IN (0, i.indexrelid)))))"

static const char *const counts[CHECK_ENGINES] = {
    [CHECK_POSTGRES] = "SELECT count(*) FROM pg_index i JOIN pg_class c"
                       " ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
                       " WHERE @schemas@",
    [CHECK_MYSQL] = "SELECT COUNT(DISTINCT table_name, index_name) FROM information_schema.statistics"
                    " WHERE table_schema = DATABASE()",
    [CHECK_MARIADB] = "SELECT COUNT(DISTINCT table_name, index_name) FROM information_schema.statistics"
                      " WHERE table_schema = DATABASE()",
};

#define MYSQL_FINDINGS                                                                                                 \
    "SELECT DISTINCT CONCAT(table_name, '.', index_name) AS label, '0' AS busy, 'disabled' AS what,"                   \
    " CONCAT('ALTER TABLE `', REPLACE(table_name, '`', '``'), '` ENABLE KEYS') AS action"                              \
    " FROM information_schema.statistics WHERE table_schema = DATABASE() AND comment LIKE '%disabled%' ORDER BY 1"

/* Label, whether somebody works on it, what is wrong with it, what helps. Indexes of TOAST tables count with the tables
 * that they are of. */
static const char *const findings[CHECK_ENGINES] = {
    [CHECK_POSTGRES] =
        "SELECT CASE s.nspname WHEN 'public' THEN '' ELSE s.nspname || '.' END || c.relname,"
        " CASE WHEN " POSTGRES_BUSY " THEN '1' ELSE '0' END,"
        " CASE WHEN c.relkind = 'I' THEN 'not on all partitions' WHEN NOT i.indislive THEN 'half dropped'"
        " WHEN NOT i.indisready THEN 'half built' ELSE 'not valid' END,"
        " CASE WHEN c.relkind = 'I' THEN format('create the index on the partitions that lack it, then"
        " ALTER INDEX %I.%I ATTACH PARTITION', s.nspname, c.relname)"
        " WHEN c.relname ~ '_cc(new|old)[0-9]*$' OR NOT i.indislive"
        " THEN format('DROP INDEX CONCURRENTLY %I.%I', s.nspname, c.relname)"
        " ELSE format('REINDEX INDEX CONCURRENTLY %I.%I', s.nspname, c.relname) END"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " JOIN pg_namespace s ON s.oid = c.relnamespace JOIN pg_class t ON t.oid = i.indrelid"
        " LEFT JOIN pg_class o ON t.relkind = 't' AND o.reltoastrelid = t.oid"
        " JOIN pg_namespace n ON n.oid = COALESCE(o.relnamespace, t.relnamespace)"
        " WHERE NOT (i.indisvalid AND i.indisready AND i.indislive) AND @schemas@ ORDER BY 1",
    [CHECK_MYSQL] = MYSQL_FINDINGS,
    [CHECK_MARIADB] = MYSQL_FINDINGS,
};

struct finding_list {
    struct check_run *run;
    struct check_items items; /* that nobody works on */
    struct check_items busy;
    const char *next; /* for the first of `items` */
};

static void describe(const struct check *check, struct strbuf *out)
{
    (void)check;
    strbuf_add_string(out, "all indexes are valid");
}

static int add_finding(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                       struct error *reterr)
{
    struct finding_list *list = payload;
    (void)lengths;
    (void)count;
    if (strcmp(cells[1], "1") == 0)
        return check_add_item(list->run, &list->busy, reterr, "%s (somebody works on it)", cells[0]);
    if (!list->next && check_keep(list->run, cells[3], &list->next, reterr) < 0)
        return -1;
    return check_add_item(list->run, &list->items, reterr, "%s (%s)", cells[0], cells[2]);
}

static int judge(struct finding_list *list, int64_t total, struct error *reterr)
{
    struct check_run *run = list->run;
    const char *names = NULL;
    const struct check_items *shown = list->items.total > 0 ? &list->items : &list->busy;
    if (check_name_items(run, shown, &names, reterr) < 0 || check_set_items(run, shown, reterr) < 0 ||
        check_set_value(run, reterr, "%lld of %lld valid",
                        (long long)total - (long long)(list->items.total + list->busy.total), (long long)total) < 0)
        return -1;
    if (list->items.total > 0)
        return check_refuse(run, list->next, reterr, "%zu of %lld indexes cannot be relied upon: %s", list->items.total,
                            (long long)total, names);
    if (list->busy.total > 0) {
        run->result->again_in_ms = BUSY_AGAIN_MS;
        return check_cannot_tell(run, ERROR_LOCKED, "wait until it is built", reterr,
                                 "an index is being built or dropped at this moment: %s", names);
    }
    bool hidden = false;
    if (check_tell_hidden(run, &hidden, reterr) < 0 || hidden)
        return hidden ? 0 : -1;
    return check_pass(run, reterr, "none of %lld indexes is marked as invalid or disabled", (long long)total);
}

static int run_indexes(struct check_run *run, struct error *reterr)
{
    enum check_engine engine = check_engine_of(run);
    if (engine == CHECK_SQLITE)
        return check_pass(run, reterr, "SQLite keeps no index that is not valid");
    if (engine == CHECK_ENGINES)
        return error_set(reterr, ERROR_UNSUPPORTED, "indexes of this server are not understood");
    struct finding_list list = {.run = run};
    int64_t total = 0;
    if (check_read_number(run, counts[engine], &total, reterr) < 0 ||
        check_read(run, findings[engine], add_finding, &list, reterr) < 0)
        return -1;
    return judge(&list, total, reterr);
}

const struct check_kind check_kind_indexes = {
    .name = "indexes",
    .doc = "Every index is valid: none was left behind half built or disabled.",
    .every_ms = INT64_C(5) * 60 * 1000,
    .timeout_ms = INT64_C(5) * 1000,
    .severity = CHECK_FAILS,
    .needs_connection = check_kind_connects,
    .describe = describe,
    .run = run_indexes,
};
