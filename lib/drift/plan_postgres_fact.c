/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts about tables, columns, constraints and indexes: what the catalogues say as text, and what the model says the
 * same way. Expressions are held without the parentheses around them, which minor releases print or not.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "dialect/postgres_expression.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

/* A side's value of a fact; appends nothing and returns false where the thing is absent. */
typedef bool fact_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out);

static void add_values(struct plan_maker *maker, struct postgres_fact *fact, struct postgres_pair pair,
                       fact_value *value)
{
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_PLAN_BYTES);
        if (pair.at[side] < 0)
            continue;
        if (value(maker, postgres_schema(maker, side), (size_t)pair.at[side], &text))
            fact->values[side] = fact->loose ? postgres_loosened(maker, &text) : plan_keep(maker, &text);
    }
}

static struct postgres_fact make_fact(struct plan_maker *maker, const char *object, const char *query, bool loose,
                                      struct postgres_pair pair, fact_value *value)
{
    struct postgres_fact fact = {.object = object, .query = query, .loose = loose};
    if (fact.loose)
        fact.query = postgres_loose_query(maker, query);
    add_values(maker, &fact, pair, value);
    return fact;
}

/* The side on which a thing can be asked for its name: the one that is there, the current one first. */
static enum plan_side side_of(struct postgres_pair pair)
{
    return pair.at[SIDE_CURRENT] >= 0 ? SIDE_CURRENT : SIDE_TARGET;
}

static const char *regclass_of(struct plan_maker *maker, enum plan_side side, size_t relation)
{
    return plan_printf(maker, "to_regclass(%s)", postgres_literal(maker, postgres_table_name(maker, side, relation)));
}

static bool type_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out)
{
    (void)maker;
    strbuf_add_string(out, schema_text(schema, schema->columns[index].type));
    return true;
}

static bool nullable_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out)
{
    (void)maker;
    strbuf_add_string(out, schema->columns[index].flags & COLUMN_NULLABLE ? "null" : "not null");
    return true;
}

static bool default_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out)
{
    (void)maker;
    const char *text = schema_text(schema, schema->columns[index].default_expression);
    if (!postgres_expression_is_null(postgres_expression_bare(text, strlen(text))))
        postgres_add_trimmed(out, text);
    return true;
}

static bool generated_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out)
{
    (void)maker;
    const struct schema_column *column = &schema->columns[index];
    if (!column->generated)
        return true;
    strbuf_add_string(out, column->flags & COLUMN_GENERATED_VIRTUAL ? "v " : "s ");
    postgres_add_trimmed(out, schema_text(schema, column->generated));
    return true;
}

/* What a sequence of the type has where nothing else is said. */
static const char *usual_maximum(const char *type)
{
    return strcmp(type, "smallint") == 0  ? "32767"
           : strcmp(type, "integer") == 0 ? "2147483647"
                                          : "9223372036854775807";
}

static bool identity_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out)
{
    const struct schema_column *column = &schema->columns[index];
    const struct {
        enum attribute_key key;
        const char *usual;
    } options[] = {{ATTRIBUTE_START, "1"},
                   {ATTRIBUTE_INCREMENT, "1"},
                   {ATTRIBUTE_MIN, "1"},
                   {ATTRIBUTE_MAX, usual_maximum(schema_text(schema, column->type))},
                   {ATTRIBUTE_CACHE, "1"}};
    (void)maker;
    if (!(column->flags & (COLUMN_IDENTITY_ALWAYS | COLUMN_IDENTITY_BY_DEFAULT)))
        return true;
    strbuf_add_char(out, column->flags & COLUMN_IDENTITY_ALWAYS ? 'a' : 'd');
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        const char *text = schema_attribute_text(schema, column->attributes, options[i].key);
        strbuf_printf(out, " %s", text ? text : options[i].usual);
    }
    strbuf_add_string(out, schema_has_attribute(schema, column->attributes, ATTRIBUTE_CYCLE) ? " t" : " f");
    return true;
}

static bool collation_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out)
{
    (void)maker;
    const char *text = schema_attribute_text(schema, schema->columns[index].attributes, ATTRIBUTE_COLLATION);
    strbuf_add_string(out, text ? text : "");
    return true;
}

/* %s is the table as regclass, then the name as a literal. */
static const struct {
    const char *what;
    const char *expression;
    fact_value *value;
    bool printed;
} column_facts[COLUMN_FACTS] = {
    [COLUMN_FACT_TYPE] = {"type", "format_type(a.atttypid, a.atttypmod)", type_value, false},
    [COLUMN_FACT_NULLABLE] = {"nullable", "CASE WHEN a.attnotnull THEN 'not null' ELSE 'null' END", nullable_value,
                              false},
    [COLUMN_FACT_DEFAULT] = {"default",
                             "CASE WHEN a.attgenerated = '' THEN coalesce((SELECT CASE WHEN pg_get_expr(d.adbin, "
                             "d.adrelid) !~ '^\\(*NULL(::.*)?$' THEN btrim(pg_get_expr(d.adbin, d.adrelid), '() ') END "
                             "FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum), '') ELSE '' END",
                             default_value, true},
    [COLUMN_FACT_GENERATED] = {"generated",
                               "CASE WHEN a.attgenerated <> '' THEN a.attgenerated::text || ' ' || (SELECT "
                               "btrim(pg_get_expr(d.adbin, d.adrelid), '() ') FROM pg_attrdef d WHERE d.adrelid = "
                               "a.attrelid AND d.adnum = a.attnum) ELSE '' END",
                               generated_value, true},
    [COLUMN_FACT_IDENTITY] = {"identity",
                              "a.attidentity::text || coalesce((SELECT format(' %s %s %s %s %s %s', s.seqstart, "
                              "s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle) FROM pg_depend d JOIN "
                              "pg_sequence s ON s.seqrelid = d.objid WHERE d.classid = 'pg_class'::regclass AND "
                              "d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = "
                              "a.attnum AND d.deptype = 'i'), '')",
                              identity_value, false},
    [COLUMN_FACT_COLLATION] = {"collation",
                               "coalesce((SELECT CASE WHEN a.attcollation <> t.typcollation THEN "
                               "a.attcollation::regcollation::text END FROM pg_type t WHERE t.oid = a.atttypid), '')",
                               collation_value, false},
};

struct postgres_fact postgres_column_fact(struct plan_maker *maker, struct postgres_pair columns,
                                          enum postgres_column_fact which)
{
    enum plan_side side = side_of(columns);
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_column *column = &schema->columns[columns.at[side]];
    const char *name = schema_text(schema, column->name);
    const char *object = plan_printf(maker, "column %s.%s: %s", postgres_table_name(maker, side, column->relation),
                                     postgres_quoted(maker, name), column_facts[which].what);
    const char *query = plan_printf(
        maker, "(SELECT %s FROM pg_attribute a WHERE a.attrelid = %s AND a.attname = %s AND NOT a.attisdropped)",
        column_facts[which].expression, regclass_of(maker, side, column->relation), postgres_literal(maker, name));
    bool printed = column_facts[which].printed;
    bool loose = printed && postgres_plan_of(maker)->loose;
    struct postgres_fact fact = make_fact(maker, object, query, loose, columns, column_facts[which].value);
    if (printed && !loose && postgres_leans(maker, ARRAY_COLUMNS, columns)) {
        struct postgres_fact reprinted = make_fact(maker, object, query, true, columns, column_facts[which].value);
        fact.reprinted = postgres_keep_fact(maker, &reprinted);
    }
    return fact;
}

static const char relation_letters[RELATION_KINDS] = {
    [RELATION_TABLE] = 'r',   [RELATION_PARTITIONED] = 'p', [RELATION_PARTITION] = 'r',
    [RELATION_FOREIGN] = 'f', [RELATION_VIEW] = 'v',        [RELATION_MATERIALIZED_VIEW] = 'm',
};

struct named_column {
    const char *name;
    const char *type;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct named_column *)a)->name, ((const struct named_column *)b)->name);
}

static bool list_columns(struct plan_maker *maker, const struct schema *schema, size_t index, bool own,
                         struct strbuf *out)
{
    const struct schema_relation *relation = &schema->relations[index];
    struct named_column *columns = arena_array(maker->arena, relation->column_count + 1u, sizeof *columns);
    bool partitioned = schema_has_attribute(schema, relation->attributes, ATTRIBUTE_PARTITION_KEY);
    size_t count = 0;
    if (!columns) {
        maker->failed = true;
        return false;
    }
    for (size_t i = 0; i < relation->column_count; i++) {
        const struct schema_column *column = &schema->columns[relation->first_column + i];
        if (own && postgres_comes_from_parent(schema, index, schema_text(schema, column->name)))
            continue;
        columns[count++] = (struct named_column){schema_text(schema, column->name), schema_text(schema, column->type)};
    }
    qsort(columns, count, sizeof *columns, compare_names);
    strbuf_add_char(out, partitioned ? 'p' : relation_letters[relation->kind]);
    strbuf_add_string(out, ": ");
    for (size_t i = 0; i < count; i++)
        strbuf_printf(out, "%s%s %s", i > 0 ? ", " : "", columns[i].name, columns[i].type);
    return true;
}

static bool columns_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out)
{
    return list_columns(maker, schema, index, false, out);
}

static bool own_columns_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out)
{
    return list_columns(maker, schema, index, true, out);
}

static bool persistence_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out)
{
    (void)maker;
    strbuf_add_char(
        out, schema_has_attribute(schema, schema->relations[index].attributes, ATTRIBUTE_PERSISTENCE) ? 'u' : 'p');
    return true;
}

static bool row_security_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out)
{
    (void)maker;
    bool on = schema_has_attribute(schema, schema->relations[index].attributes, ATTRIBUTE_ROW_SECURITY);
    strbuf_add_string(out, on ? "true" : "false");
    return true;
}

static bool force_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out)
{
    (void)maker;
    bool on = schema_has_attribute(schema, schema->relations[index].attributes, ATTRIBUTE_FORCE_ROW_SECURITY);
    strbuf_add_string(out, on ? "true" : "false");
    return true;
}

#define COLUMNS_QUERY(condition)                                                                                       \
    "c.relkind::text || ': ' || coalesce((SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, "              \
    "a.atttypmod), ', ' ORDER BY a.attname COLLATE \"C\") FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum "  \
    "> 0 AND NOT a.attisdropped" condition "), '')"

static const struct {
    const char *what;
    const char *expression;
    fact_value *value;
} table_facts[TABLE_FACTS] = {
    [TABLE_FACT_COLUMNS] = {"columns", COLUMNS_QUERY(""), columns_value},
    [TABLE_FACT_OWN_COLUMNS] = {"columns", COLUMNS_QUERY(" AND a.attinhcount = 0"), own_columns_value},
    [TABLE_FACT_PERSISTENCE] = {"persistence", "c.relpersistence::text", persistence_value},
    [TABLE_FACT_ROW_SECURITY] = {"row security", "c.relrowsecurity::text", row_security_value},
    [TABLE_FACT_FORCE_ROW_SECURITY] = {"forced row security", "c.relforcerowsecurity::text", force_value},
};

/* What a table that comes or goes has from its parents is theirs, and changes with them meanwhile. */
static enum postgres_table_fact settle(const struct plan_maker *maker, struct postgres_pair relations,
                                       enum postgres_table_fact which)
{
    enum plan_side side = side_of(relations);
    bool is_alone = relations.at[SIDE_CURRENT] < 0 || relations.at[SIDE_TARGET] < 0;
    return which == TABLE_FACT_COLUMNS && is_alone &&
                   postgres_knows_parents(postgres_schema(maker, side), (size_t)relations.at[side])
               ? TABLE_FACT_OWN_COLUMNS
               : which;
}

struct postgres_fact postgres_table_fact(struct plan_maker *maker, struct postgres_pair relations,
                                         enum postgres_table_fact which)
{
    enum plan_side side = side_of(relations);
    size_t index = (size_t)relations.at[side];
    which = settle(maker, relations, which);
    const char *object =
        plan_printf(maker, "table %s: %s", postgres_table_name(maker, side, index), table_facts[which].what);
    const char *query =
        plan_printf(maker, "(SELECT %s FROM pg_class c WHERE c.oid = %s AND c.relkind IN (%s))",
                    table_facts[which].expression, regclass_of(maker, side, index),
                    postgres_is_view(&postgres_schema(maker, side)->relations[index]) ? "'v', 'm'" : "'r', 'p', 'f'");
    return make_fact(maker, object, query, false, relations, table_facts[which].value);
}

/* Of a check and of an exclusion the text; of anything else what it would be declared as. */
static bool constraint_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out)
{
    const struct schema_constraint *constraint = &schema->constraints[index];
    struct schema_constraint valid = *constraint;
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    (void)maker;
    valid.flags &= (uint8_t)~CONSTRAINT_NOT_VALID;
    if (constraint->kind == CONSTRAINT_CHECK) {
        bool local = schema_has_attribute(schema, constraint->attributes, ATTRIBUTE_NO_INHERIT);
        strbuf_printf(out, "%s %s ", local ? "true" : "false",
                      constraint->flags & CONSTRAINT_NOT_ENFORCED ? "false" : "true");
        postgres_add_trimmed(out, schema_text(schema, constraint->expression));
        return true;
    }
    postgres_sql_constraint(&text, schema, &valid, false);
    postgres_add_squeezed(out, strbuf_text(&text));
    if (!strbuf_ok(&text))
        out->failed = true;
    return true;
}

static bool valid_value(struct plan_maker *maker, const struct schema *schema, size_t index, struct strbuf *out)
{
    (void)maker;
    strbuf_add_string(out, schema->constraints[index].flags & CONSTRAINT_NOT_VALID ? "false" : "true");
    return true;
}

/* The catalogue's letters of the kinds on both sides: another kind of constraint may have the name meanwhile. */
static const char *kind_letters(struct plan_maker *maker, struct postgres_pair pair)
{
    static const char *const letters[CONSTRAINT_KINDS] = {
        [CONSTRAINT_PRIMARY_KEY] = "'p'", [CONSTRAINT_UNIQUE] = "'u'",    [CONSTRAINT_FOREIGN_KEY] = "'f'",
        [CONSTRAINT_CHECK] = "'c'",       [CONSTRAINT_EXCLUSION] = "'x'",
    };
    const char *known[2] = {NULL};
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++)
        if (pair.at[side] >= 0)
            known[side] = letters[postgres_schema(maker, side)->constraints[pair.at[side]].kind];
    if (!known[SIDE_CURRENT] || !known[SIDE_TARGET])
        return known[SIDE_CURRENT] ? known[SIDE_CURRENT] : known[SIDE_TARGET];
    return plan_printf(maker, "%s, %s", known[SIDE_CURRENT], known[SIDE_TARGET]);
}

static struct postgres_fact constraint_fact(struct plan_maker *maker, struct postgres_pair pair, const char *what,
                                            const char *expression, bool printed, fact_value *value)
{
    enum plan_side side = side_of(pair);
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_constraint *constraint = &schema->constraints[pair.at[side]];
    const char *name = schema_text(schema, constraint->name);
    const char *new_name = pair.at[SIDE_TARGET] < 0
                               ? name
                               : schema_text(maker->target, maker->target->constraints[pair.at[SIDE_TARGET]].name);
    const char *object =
        plan_printf(maker, "constraint %s.%s%s", postgres_table_name(maker, side, constraint->relation),
                    postgres_quoted(maker, name), what);
    /* it may have its new name already */
    const char *query =
        plan_printf(maker,
                    "(SELECT %s FROM pg_constraint k WHERE k.conrelid = %s AND k.conname IN (%s, %s) AND "
                    "k.contype IN (%s) ORDER BY k.conname = %s DESC LIMIT 1)",
                    expression, regclass_of(maker, side, constraint->relation), postgres_literal(maker, name),
                    postgres_literal(maker, new_name), kind_letters(maker, pair), postgres_literal(maker, name));
    return make_fact(maker, object, query, printed && postgres_plan_of(maker)->loose, pair, value);
}

struct postgres_fact postgres_constraint_fact(struct plan_maker *maker, struct postgres_pair constraints)
{
    static const char expression[] =
        "CASE k.contype WHEN 'c' THEN k.connoinherit::text || ' ' || coalesce(to_jsonb(k) ->> 'conenforced', 'true') "
        "|| ' ' || btrim(pg_get_expr(k.conbin, k.conrelid), '() ') ELSE "
        "regexp_replace(regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''), '[\\s\"()]', '', 'g') END";
    return constraint_fact(maker, constraints, "", expression, true, constraint_value);
}

struct postgres_fact postgres_valid_fact(struct plan_maker *maker, struct postgres_pair constraints)
{
    return constraint_fact(maker, constraints, ": validated", "k.convalidated::text", false, valid_value);
}

/* As indoption has it. */
static unsigned option_of(unsigned flags)
{
    if (flags & PART_DESCENDING)
        return flags & PART_NULLS_LAST ? 1 : 3;
    return flags & PART_NULLS_FIRST ? 2 : 0;
}

/* The last part of a possibly qualified and quoted name. */
static void add_last_part(struct strbuf *out, const char *name)
{
    const char *dot = NULL;
    bool quoted = false;
    for (const char *at = name; *at; at++) {
        quoted ^= *at == '"';
        if (*at == '.' && !quoted)
            dot = at;
    }
    for (const char *at = dot ? dot + 1 : name; *at && *at != ' '; at++) /* parameters are not asked for */
        if (*at != '"')
            strbuf_add_char(out, *at);
}

static bool index_value(struct plan_maker *maker, const struct schema *schema, size_t at, struct strbuf *out)
{
    const struct schema_index *index = &schema->indexes[at];
    (void)maker;
    strbuf_printf(out, "%s %s %s %s", index->flags & INDEX_INVALID ? "false" : "true",
                  index->method ? schema_text(schema, index->method) : "btree",
                  index->flags & INDEX_UNIQUE ? "true" : "false",
                  index->flags & INDEX_NULLS_NOT_DISTINCT ? "true" : "false");
    for (size_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &schema->parts[index->first_part + i];
        strbuf_add_string(out, i > 0 ? ", " : " (");
        postgres_add_trimmed(out, schema_text(schema, part->text));
        if (part->flags & PART_INCLUDED)
            continue;
        strbuf_printf(out, "|%u|", option_of(part->flags));
        add_last_part(out, schema_text(schema, part->operator_class));
        strbuf_add_char(out, '|');
        add_last_part(out, schema_text(schema, part->collation));
    }
    strbuf_add_string(out, ") ");
    postgres_add_trimmed(out, schema_text(schema, index->predicate));
    return true;
}

const char *postgres_index_path(struct plan_maker *maker, enum plan_side side, size_t relation, const char *name)
{
    const struct schema *schema = postgres_schema(maker, side);
    cleanup(strbuf) struct strbuf path = STRBUF(LIMIT_SQL_PART);
    postgres_sql_qualified(&path, schema_text(schema, schema->relations[relation].schema), name);
    return plan_keep(maker, &path);
}

/* The index, whether or not it has its new name already. */
static const char *index_lookup(struct plan_maker *maker, struct postgres_pair pair, const char *path)
{
    const char *first = plan_printf(maker, "to_regclass(%s)", postgres_literal(maker, path));
    if (pair.at[SIDE_CURRENT] < 0 || pair.at[SIDE_TARGET] < 0)
        return first;
    const struct schema_index *target = &maker->target->indexes[pair.at[SIDE_TARGET]];
    const char *renamed =
        postgres_index_path(maker, SIDE_TARGET, target->relation, schema_text(maker->target, target->name));
    if (strcmp(renamed, path) == 0)
        return first;
    return plan_printf(maker, "coalesce(%s, to_regclass(%s))", first, postgres_literal(maker, renamed));
}

struct postgres_fact postgres_index_fact(struct plan_maker *maker, struct postgres_pair indexes, const char *name)
{
    static const char expression[] =
        "format('%s %s %s %s (%s) %s', x.indisvalid::text, m.amname, x.indisunique::text, "
        "coalesce(to_jsonb(x) ->> 'indnullsnotdistinct', 'false'), "
        "(SELECT string_agg(CASE WHEN x.indkey[p - 1] = 0 THEN btrim(pg_get_indexdef(x.indexrelid, p, false), '() ') "
        "ELSE btrim(a.attname, '() ') END || CASE WHEN p > x.indnkeyatts THEN '' ELSE '|' || x.indoption[p - 1] || "
        "'|' || CASE WHEN o.opcdefault THEN '' ELSE o.opcname END || '|' || coalesce(l.collname, '') END, ', ' "
        "ORDER BY p) FROM generate_series(1, x.indnatts::int) p "
        "LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[p - 1] AND a.attnum <> 0 "
        "LEFT JOIN pg_opclass o ON o.oid = x.indclass[p - 1] "
        "LEFT JOIN pg_collation l ON l.oid = x.indcollation[p - 1] AND l.oid <> coalesce(a.attcollation, 100)), "
        "coalesce(btrim(pg_get_expr(x.indpred, x.indrelid), '() '), ''))";
    enum plan_side side = side_of(indexes);
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_index *index = &schema->indexes[indexes.at[side]];
    const char *full =
        postgres_index_path(maker, side, index->relation, name ? name : schema_text(schema, index->name));
    const char *lookup = name ? plan_printf(maker, "to_regclass(%s)", postgres_literal(maker, full))
                              : index_lookup(maker, indexes, full);
    const char *query =
        plan_printf(maker,
                    "(SELECT %s FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_am m "
                    "ON m.oid = c.relam WHERE x.indexrelid = %s AND " POSTGRES_IS_PLAIN_INDEX " AND x.indrelid = %s)",
                    expression, lookup, regclass_of(maker, side, index->relation));
    struct postgres_fact fact = make_fact(maker, plan_printf(maker, "index %s", full), query,
                                          postgres_plan_of(maker)->loose, indexes, index_value);
    const char *left = fact.values[SIDE_TARGET];
    if (left && strncmp(left, "true", 4) == 0) /* a build that failed is made again */
        fact.between = plan_printf(maker, "false%s", left + 4);
    return fact;
}
