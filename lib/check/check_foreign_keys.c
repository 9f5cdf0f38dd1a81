/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether every constraint holds for all rows that there are. PostgreSQL keeps a note of it, checks included: those
 * that were added NOT VALID or are not enforced are told, and keys whose triggers were disabled, which is how loads
 * leave orphans behind. The other servers keep no such note, so their rows are asked.
 */
#include <string.h>

#include "check/check_catalogue.h"
#include "check/check_kinds.h"
#include "check/orphans.h"

struct survey {
    struct check_run *run;
    struct check_items items;
    const char *next;   /* for the first of the items */
    size_t unvalidated; /* of the items */
    int64_t total;      /* constraints; 0 where they are not listed */
    bool searched;
    struct orphan_search orphans;
};

/* Kinds of constraints that may lack a note of validity: foreign keys, checks, and not null since 18. */
#define NOTED "k.contype IN ('f', 'c', 'n')"

static const char postgres_count[] =
    "SELECT count(*) FROM pg_constraint k LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t"
    " ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = COALESCE(c.relnamespace, t.typnamespace)"
    " WHERE " NOTED " AND @schemas@";

/* What a parent's constraint tells is not told again of those who inherit it. */
static const char postgres_notes[] =
    "SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || COALESCE(c.relname, t.typname) || '.'"
    " || k.conname, CASE WHEN x.loose THEN 'not enforced' WHEN NOT k.convalidated THEN 'not validated'"
    " ELSE 'its triggers are disabled' END,"
    " CASE WHEN k.convalidated THEN format('ALTER TABLE %I.%I ENABLE TRIGGER ALL', n.nspname, COALESCE(y.relname,"
    " c.relname)) WHEN x.loose AND k.contype = 'f' THEN format('ALTER TABLE %I.%I ALTER CONSTRAINT %I ENFORCED',"
    " n.nspname, c.relname, k.conname) WHEN x.loose THEN format('drop the constraint %I of %I.%I and add it again,"
    " enforced', k.conname, n.nspname, COALESCE(c.relname, t.typname)) ELSE format('ALTER %s %I.%I VALIDATE"
    " CONSTRAINT %I', CASE WHEN c.oid IS NULL THEN 'DOMAIN' ELSE 'TABLE' END, n.nspname, COALESCE(c.relname,"
    " t.typname), k.conname) END"
    " FROM pg_constraint k LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid"
    " JOIN pg_namespace n ON n.oid = COALESCE(c.relnamespace, t.typnamespace)"
    " LEFT JOIN LATERAL (SELECT g.tgrelid FROM pg_trigger g WHERE g.tgconstraint = k.oid"
    " AND g.tgenabled IN ('D', 'R') LIMIT 1) g ON k.contype = 'f' LEFT JOIN pg_class y ON y.oid = g.tgrelid"
    " CROSS JOIN LATERAL (SELECT COALESCE((to_jsonb(k)->>'conenforced')::boolean, true) = false AS loose) x"
    " WHERE " NOTED " AND @schemas@ AND (NOT k.convalidated OR g.tgrelid IS NOT NULL)"
    " AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.oid = k.conparentid AND NOT o.convalidated)"
    " AND NOT EXISTS (SELECT FROM pg_inherits i JOIN pg_constraint o ON o.conrelid = i.inhparent"
    " AND o.conname = k.conname AND o.contype = k.contype WHERE i.inhrelid = k.conrelid AND NOT o.convalidated)"
    " ORDER BY 1";

/* MySQL's checks may be declared and not enforced. */
static const char mysql_notes[] =
    "SELECT CONCAT(table_name, '.', constraint_name), 'not enforced', CONCAT('ALTER TABLE `', REPLACE(table_name, '`',"
    " '``'), '` ALTER CHECK `', REPLACE(constraint_name, '`', '``'), '` ENFORCED') FROM"
    " information_schema.table_constraints WHERE table_schema = DATABASE() AND enforced = 'NO' ORDER BY 1";

static void describe(const struct check *check, struct strbuf *out)
{
    strbuf_add_string(out, check->orphans_ms > 0 ? "all constraints are validated, and no key has orphans"
                                                 : "all constraints are validated");
}

static int take_note(void *payload, const char *const *cells, const size_t *lengths, size_t count, struct error *reterr)
{
    struct survey *survey = payload;
    (void)lengths;
    (void)count;
    survey->unvalidated++;
    if (!survey->next && check_keep(survey->run, cells[2], &survey->next, reterr) < 0)
        return -1;
    return check_add_item(survey->run, &survey->items, reterr, "%s (%s)", cells[0], cells[1]);
}

static int read_notes(struct survey *survey, struct error *reterr)
{
    switch (check_engine_of(survey->run)) {
    case CHECK_POSTGRES:
        if (check_read_number(survey->run, postgres_count, &survey->total, reterr) < 0)
            return -1;
        return check_read(survey->run, postgres_notes, take_note, survey, reterr);
    case CHECK_MYSQL:
        return check_read(survey->run, mysql_notes, take_note, survey, reterr);
    default:
        return 0;
    }
}

static int search(struct survey *survey, struct error *reterr)
{
    const struct check *check = survey->run->check;
    bool noted = check_engine_of(survey->run) == CHECK_POSTGRES;
    survey->searched = !noted || check->orphans_ms > 0;
    if (!survey->searched)
        return 0;
    survey->orphans.items = &survey->items;
    return orphans_search(survey->run, check->orphans_ms, &survey->orphans, reterr);
}

static void add_count(struct strbuf *out, size_t count, const char *what)
{
    if (count > 0)
        strbuf_printf(out, "%s%zu %s", out->length > 0 ? ", " : "", count, what);
}

static int refuse(struct survey *survey, struct error *reterr)
{
    struct check_run *run = survey->run;
    const struct orphan_search *orphans = &survey->orphans;
    const char *names = NULL;
    cleanup(strbuf) struct strbuf value = STRBUF(256);
    add_count(&value, survey->unvalidated, "not validated");
    add_count(&value, orphans->found, "with orphans");
    add_count(&value, orphans->unfit, "unfit for their parents");
    if (!strbuf_ok(&value))
        return error_no_memory(reterr);
    if (check_name_items(run, &survey->items, &names, reterr) < 0 || check_set_items(run, &survey->items, reterr) < 0 ||
        check_set_value(run, reterr, "%s", strbuf_text(&value)) < 0)
        return -1;
    size_t unseen = orphans->total - orphans->looked;
    const char *next = survey->next ? survey->next : orphans->next;
    if (unseen > 0)
        return check_refuse(run, next, reterr,
                            "not every row is known to keep its constraints: %s; %zu of %zu foreign keys were not"
                            " looked at",
                            names, unseen, orphans->total);
    return check_refuse(run, next, reterr, "not every row is known to keep its constraints: %s", names);
}

static int pass(struct survey *survey, struct error *reterr)
{
    struct check_run *run = survey->run;
    size_t keys = survey->orphans.total;
    bool hidden = false;
    if (check_tell_hidden(run, &hidden, reterr) < 0 || hidden)
        return hidden ? 0 : -1;
    if (!survey->searched)
        return check_set_value(run, reterr, "%lld validated", (long long)survey->total) < 0
                   ? -1
                   : check_pass(run, reterr, "all %lld constraints are validated", (long long)survey->total);
    if (check_set_value(run, reterr, "%zu without orphans", keys) < 0)
        return -1;
    return check_pass(run, reterr, "%sno orphans were found behind %zu foreign key%s",
                      survey->total > 0 ? "all constraints are validated, and " : "", keys, keys == 1 ? "" : "s");
}

static int judge(struct survey *survey, struct error *reterr)
{
    struct check_run *run = survey->run;
    const struct orphan_search *orphans = &survey->orphans;
    if (survey->items.total > 0)
        return refuse(survey, reterr);
    if ((orphans->out_of_time || orphans->untold > 0) &&
        check_set_value(run, reterr, "%zu of %zu looked at", orphans->looked, orphans->total) < 0)
        return -1;
    if (orphans->out_of_time)
        return check_cannot_tell(run, ERROR_TIMEOUT, "give the check a longer timeout, or the keys an index", reterr,
                                 "time ran out: %zu of %zu foreign keys were looked at for orphans, and had none",
                                 orphans->looked, orphans->total);
    if (orphans->untold > 0)
        return check_cannot_tell(run, orphans->untold_code, orphans->untold_next, reterr,
                                 "%zu of %zu foreign keys could not be looked at for orphans: %s", orphans->untold,
                                 orphans->total, orphans->untold_reason);
    return pass(survey, reterr);
}

static int run_foreign_keys(struct check_run *run, struct error *reterr)
{
    struct survey survey = {.run = run};
    if (read_notes(&survey, reterr) < 0 || search(&survey, reterr) < 0)
        return -1;
    return judge(&survey, reterr);
}

const struct check_kind check_kind_foreign_keys = {
    .name = "foreign_keys",
    .doc = "Every constraint was validated for the rows that there are; no foreign key has orphans.",
    .every_ms = INT64_C(5) * 60 * 1000,
    .timeout_ms = INT64_C(5) * 1000,
    .severity = CHECK_FAILS,
    .needs_connection = check_kind_connects,
    .describe = describe,
    .run = run_foreign_keys,
};
