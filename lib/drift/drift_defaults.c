/* SPDX-License-Identifier: Apache-2.0
 *
 * What a comparison leaves out without being told: journals of migration tools, the tables that online schema changes
 * keep while they run, and what other tools keep in schemas of their own. A name that an application might use itself
 * needs the columns, or the neighbour, that tell the tool's table from the application's.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/glob.h"
#include "base/limits.h"
#include "drift/drift_work.h"

enum { COLUMNS_MAXIMUM = 6, NAME_SIZE = 256 };

/* `columns`: all must be there; none: the name says enough. A '*' in the name stands for anything. */
struct journal_shape {
    const char *name;
    const char *columns[COLUMNS_MAXIMUM];
};

static const struct journal_shape journals[] = {
    {"alembic_version", {"version_num"}},
    {"flyway_schema_history", {NULL}},
    {"schema_version", {"installed_rank", "script", "checksum", "success"}},
    {"schema_version", {"version_rank", "installed_rank", "script"}},
    {"databasechangelog", {"id", "author", "filename", "md5sum"}},
    {"databasechangeloglock", {"id", "locked", "lockgranted", "lockedby"}},
    {"django_migrations", {"app", "name", "applied"}},
    {"_prisma_migrations", {NULL}},
    {"__drizzle_migrations", {NULL}},
    {"schema_migrations", {"version"}},
    {"schema_migrations", {"filename"}},
    {"ar_internal_metadata", {"key", "value"}},
    {"goose_db_version", {"version_id", "is_applied"}},
    {"knex_migrations", {"name", "batch", "migration_time"}},
    {"knex_migrations_lock", {"is_locked"}},
    {"sequelizemeta", {"name"}},
    {"migrations", {"id", "timestamp", "name"}},
    {"migrations", {"id", "migration", "batch"}},
    {"migrations", {"id", "name", "run_on"}},
    {"migrations", {"id", "name", "hash", "executed_at"}},
    {"migrations", {"version", "class", "group", "namespace", "time", "batch"}},
    {"migration", {"version", "apply_time"}},
    {"typeorm_metadata", {"type", "database", "schema", "table", "name", "value"}},
    {"pgmigrations", {"name", "run_on"}},
    {"__efmigrationshistory", {"migrationid", "productversion"}},
    {"__efmigrationslock", {NULL}},
    {"doctrine_migration_versions", {"version", "executed_at"}},
    {"_sqlx_migrations", {NULL}},
    {"__diesel_schema_migrations", {NULL}},
    {"refinery_schema_history", {NULL}},
    {"seaql_migrations", {NULL}},
    {"atlas_schema_revisions", {NULL}},
    {"kysely_migration", {"name", "timestamp"}},
    {"kysely_migration_lock", {"id", "is_locked"}},
    {"mikro_orm_migrations", {"name", "executed_at"}},
    {"phinxlog", {"version", "migration_name"}},
    {"payload_migrations", {"name", "batch"}},
    {"d1_migrations", {"name", "applied_at"}},
    {"_yoyo_migration", {"migration_hash"}},
    {"_yoyo_log", {"migration_hash"}},
    {"_yoyo_version", {"version"}},
    {"yoyo_lock", {"locked"}},
};

/* Tables beside the one that is changed; `%` stands for its name. MySQL cuts names at 64 bytes, so that the beginning
 * of a long one is enough. */
static const char *const ghosts[] = {
    "_%_gho",       "_%_ghc", "_%_del",   "_%_new",      "_%_old",      "_%_chkpnt",
    "_______%_new", "lhmn_%", "lhma_*_%", "__osc_old_%", "__osc_new_%", "__osc_chg_%",
};

/* Names that nobody but the tool gives. */
static const char *const tool_tables[] = {
    "awsdms_*",  "#sql-*",    "_vt_HOLD_*", "_vt_PURGE_*", "_vt_EVAC_*",    "_vt_DROP_*", "_vt_hld_*",
    "_vt_prg_*", "_vt_evc_*", "_vt_drp_*",  "_vt_vrp_*",   "_litestream_*", "_cf_*",      "sqlite_*",
};

/* Triggers of online schema changes. */
static const char *const tool_triggers[] = {"pt_osc_*", "lhmt_*", "repack_trigger", "__osc_*"};

/* Schemas of PostgreSQL that belong to a tool; those whose names an application might use only with these tables. */
static const struct {
    const char *name;
    const char *tables[2];
} tool_schemas[] = {
    {"repack", {NULL}},
    {"partman", {NULL}},
    {"cron", {"job"}},
    {"pglogical", {NULL}},
    {"squeeze", {NULL}},
    {"pgbouncer", {NULL}},
    {"_timescaledb_*", {NULL}},
    {"timescaledb_*", {NULL}},
    {"heroku_ext", {NULL}},
    {"sqitch", {"changes"}},
    {"pgroll", {"migrations"}},
    {"reshape", {"migrations"}},
    {"graphile_migrate", {NULL}},
    {"graphile_worker", {NULL}},
    {"supabase_migrations", {NULL}},
    {"hdb_catalog", {NULL}},
    {"auth", {"refresh_tokens", "identities"}},
    {"storage", {"buckets", "objects"}},
    {"realtime", {"subscription", "schema_migrations"}},
};

/* No pattern begins with a wildcard: most names are told by their first letter. */
static bool matches(const char *const *patterns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (patterns[i][0] == name[0] && glob_match(patterns[i], name))
            return true;
    return false;
}

static bool has_column(const struct drift_side *side, const struct schema_relation *relation, const char *name)
{
    for (uint32_t i = 0; i < relation->column_count; i++) {
        uint32_t column = side->schema->columns[relation->first_column + i].name;
        if (strcasecmp(schema_text(side->schema, column), name) == 0)
            return true;
    }
    return false;
}

static bool is_shaped(const struct drift_side *side, const struct schema_relation *relation,
                      const struct journal_shape *shape)
{
    for (size_t i = 0; i < COLUMNS_MAXIMUM && shape->columns[i]; i++)
        if (!has_column(side, relation, shape->columns[i]))
            return false;
    return true;
}

static bool is_journal(const struct drift_side *side, const struct schema_relation *relation)
{
    const char *name = schema_text(side->schema, relation->name);
    for (size_t i = 0; i < ARRAY_LENGTH(journals); i++)
        if (tolower((unsigned char)name[0]) == journals[i].name[0] && strcasecmp(journals[i].name, name) == 0 &&
            is_shaped(side, relation, &journals[i]))
            return true;
    return false;
}

static bool is_named_journal(const struct drift_work *work, const struct drift_side *side,
                             const struct schema_relation *relation)
{
    const char *schema_name = schema_text(side->schema, relation->schema);
    const char *name = schema_text(side->schema, relation->name);
    size_t length = strlen(schema_name);
    for (size_t i = 0; i < work->policy->journal_count; i++) {
        const char *journal = work->policy->journals[i];
        bool qualified = strncmp(journal, schema_name, length) == 0 && journal[length] == '.' &&
                         strcmp(journal + length + 1, name) == 0;
        if (length > 0 ? qualified : strcmp(journal, name) == 0)
            return true;
    }
    return false;
}

/* Whether a table of that name, or, where a name was cut, one that begins with it, stands beside it. */
static bool has_base(const struct drift_side *side, const struct schema_relation *ghost, const char *name,
                     size_t length)
{
    char base[NAME_SIZE] = "";
    if (length == 0 || length >= sizeof base)
        return false;
    memcpy(base, name, length);
    const struct schema_relation *found =
        schema_find_relation(side->schema, schema_text(side->schema, ghost->schema), base);
    return found && relation_is_table(found);
}

/* "20261121093000_" before the end of what gh-ost calls the old table. */
static size_t without_timestamp(const char *name, size_t length)
{
    size_t digits = length;
    while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9')
        digits--;
    return length - digits == 14 && digits > 0 && name[digits - 1] == '_' ? digits - 1 : length;
}

static bool is_ghost(const struct drift_side *side, const struct schema_relation *relation)
{
    const char *name = schema_text(side->schema, relation->name);
    size_t size = strlen(name);
    if (name[0] != '_' && strncmp(name, "lhm", 3) != 0)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(ghosts); i++) {
        const char *mark = strchr(ghosts[i], '%');
        size_t head = (size_t)(mark - ghosts[i]);
        size_t tail = strlen(mark + 1);
        const char *star = memchr(ghosts[i], '*', head);
        if (star) { /* lhma_2026_11_21_09_30_00_000_users: the name begins behind the figures */
            head = (size_t)(star - ghosts[i]);
            if (strncmp(name, ghosts[i], head) != 0)
                continue;
            head += strspn(name + head, "0123456789_");
        } else if (strncmp(name, ghosts[i], head) != 0) {
            continue;
        }
        if (size <= head + tail || strcmp(name + size - tail, mark + 1) != 0)
            continue;
        size_t length = size - head - tail;
        if (has_base(side, relation, name + head, length) ||
            has_base(side, relation, name + head, without_timestamp(name + head, length)))
            return true;
    }
    return false;
}

static bool is_tool_schema(const struct drift_side *side, const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(tool_schemas); i++) {
        bool whole = glob_match(tool_schemas[i].name, name);
        for (size_t j = 0; whole && j < ARRAY_LENGTH(tool_schemas[i].tables) && tool_schemas[i].tables[j]; j++)
            whole = schema_find_relation(side->schema, name, tool_schemas[i].tables[j]) != NULL;
        if (whole)
            return true;
    }
    return false;
}

static void leave_out_relations(struct drift_work *work, struct drift_side *side)
{
    uint32_t schema_name = 0;
    bool in_tool_schema = false;
    for (uint32_t i = 0; i < side->schema->relation_count; i++) {
        const struct schema_relation *relation = &side->schema->relations[i];
        const char *name = schema_text(side->schema, relation->name);
        if (relation->schema != schema_name) {
            schema_name = relation->schema;
            in_tool_schema = is_tool_schema(side, schema_text(side->schema, schema_name));
        }
        bool left_out = in_tool_schema || is_named_journal(work, side, relation);
        if (relation_is_table(relation))
            left_out = left_out || is_journal(side, relation) || is_ghost(side, relation) ||
                       matches(tool_tables, ARRAY_LENGTH(tool_tables), name);
        if (left_out)
            side->relation_marks[i] |= MARK_LEFT_OUT;
    }
}

/* What is left out on one side is on the other, too. */
static void spread(struct drift_work *work)
{
    struct drift_side *reference = &work->sides[REFERENCE];
    struct drift_side *live = &work->sides[LIVE];
    for (uint32_t i = 0; i < reference->schema->relation_count; i++) {
        uint32_t partner = reference->relation_partners[i];
        if (partner == DRIFT_ALONE)
            continue;
        unsigned char mark = (reference->relation_marks[i] | live->relation_marks[partner]) & MARK_LEFT_OUT;
        reference->relation_marks[i] |= mark;
        live->relation_marks[partner] |= mark;
    }
}

/* Where the relations of a schema begin. */
static size_t first_relation_of(const struct schema *schema, const char *name)
{
    size_t low = 0;
    size_t high = schema->relation_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(schema_text(schema, schema->relations[middle].schema), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The schema of a journal that holds nothing else goes with it. */
static bool holds_only_left_out(const struct drift_side *side, const char *name)
{
    const struct schema *schema = side->schema;
    bool any = false;
    for (size_t i = first_relation_of(schema, name); i < schema->relation_count; i++) {
        if (strcmp(schema_text(schema, schema->relations[i].schema), name) != 0)
            break;
        if (!(side->relation_marks[i] & MARK_LEFT_OUT))
            return false;
        any = true;
    }
    for (uint32_t i = 0; any && i < schema->object_count; i++)
        if (strcmp(schema_text(schema, schema->objects[i].schema), name) == 0 && !drift_object_is_left_out(side, i))
            return false;
    return any;
}

static void leave_out_objects(struct drift_side *side)
{
    const struct schema *schema = side->schema;
    uint32_t schema_name = 0;
    bool in_tool_schema = false;
    for (uint32_t i = 0; i < schema->object_count; i++) {
        const struct schema_object *object = &schema->objects[i];
        if (object->schema != schema_name) {
            schema_name = object->schema;
            in_tool_schema = is_tool_schema(side, schema_text(schema, schema_name));
        }
        bool is_tools = object->kind == OBJECT_TRIGGER &&
                        matches(tool_triggers, ARRAY_LENGTH(tool_triggers), schema_text(schema, object->name));
        if (is_tools || (in_tool_schema && object->schema != 0))
            side->object_marks[i] |= MARK_LEFT_OUT;
    }
    for (size_t i = schema->object_starts[OBJECT_SCHEMA]; i < schema->object_starts[OBJECT_SCHEMA + 1]; i++) {
        const char *name = schema_text(schema, schema->objects[i].name);
        if (is_tool_schema(side, name) || holds_only_left_out(side, name))
            side->object_marks[i] |= MARK_LEFT_OUT;
    }
}

static size_t count_marks(const unsigned char *marks, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += (marks[i] & MARK_LEFT_OUT) != 0;
    return found;
}

void drift_leave_out(struct drift_work *work)
{
    if (work->policy->no_defaults)
        return;
    for (enum drift_end end = REFERENCE; end < ENDS; end++)
        leave_out_relations(work, &work->sides[end]);
    spread(work);
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        struct drift_side *side = &work->sides[end];
        leave_out_objects(side);
        work->report->left_out += count_marks(side->relation_marks, side->schema->relation_count) +
                                  count_marks(side->object_marks, side->schema->object_count);
    }
}
