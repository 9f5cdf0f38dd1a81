/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts about what is no table: views, types, sequences, routines, triggers, policies.
 */
#include <string.h>

#include "base/limits.h"
#include "dialect/postgres_expression.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

typedef void object_value(struct plan_maker *maker, const struct schema *schema, const struct schema_object *object,
                          struct strbuf *out);

static enum plan_side side_of(struct postgres_pair pair)
{
    return pair.at[SIDE_CURRENT] >= 0 ? SIDE_CURRENT : SIDE_TARGET;
}

static const char *text_of(const struct schema *schema, const struct schema_object *object, enum attribute_key key)
{
    const char *text = schema_attribute_text(schema, object->attributes, key);
    return text ? text : "";
}

static const char *flag_of(const struct schema *schema, const struct schema_object *object, enum attribute_key key)
{
    return schema_has_attribute(schema, object->attributes, key) ? "true" : "false";
}

static void add_list(const struct schema *schema, uint32_t attributes, enum attribute_key key, const char *separator,
                     struct strbuf *out)
{
    size_t count = 0;
    const struct schema_attribute *list = schema_attribute_list(schema, attributes, key, &count);
    for (size_t i = 0; i < count; i++) {
        strbuf_add_string(out, i > 0 ? separator : "");
        strbuf_add_string(out, schema_text(schema, list[i].text));
    }
}

static void exists_value(struct plan_maker *maker, const struct schema *schema, const struct schema_object *object,
                         struct strbuf *out)
{
    (void)maker;
    strbuf_add_string(out, schema_text(schema, object->name));
}

static void enum_value(struct plan_maker *maker, const struct schema *schema, const struct schema_object *object,
                       struct strbuf *out)
{
    (void)maker;
    add_list(schema, object->attributes, ATTRIBUTE_VALUES, ", ", out);
}

static void domain_value(struct plan_maker *maker, const struct schema *schema, const struct schema_object *object,
                         struct strbuf *out)
{
    size_t count = 0;
    size_t name_count = 0;
    const struct schema_attribute *checks =
        schema_attribute_list(schema, object->attributes, ATTRIBUTE_DOMAIN_CHECKS, &count);
    const struct schema_attribute *names =
        schema_attribute_list(schema, object->attributes, ATTRIBUTE_DOMAIN_CHECK_NAMES, &name_count);
    (void)maker;
    strbuf_printf(out, "%s %s ", text_of(schema, object, ATTRIBUTE_TYPE), flag_of(schema, object, ATTRIBUTE_NOT_NULL));
    postgres_add_trimmed(out, text_of(schema, object, ATTRIBUTE_DEFAULT));
    for (size_t i = 0; i < count; i++) {
        strbuf_printf(out, "; %s ", i < name_count ? schema_text(schema, names[i].text) : "");
        postgres_add_trimmed(out, schema_text(schema, checks[i].text));
    }
}

static void composite_value(struct plan_maker *maker, const struct schema *schema, const struct schema_object *object,
                            struct strbuf *out)
{
    (void)maker;
    add_list(schema, object->attributes, ATTRIBUTE_MEMBERS, ", ", out);
}

static void sequence_value(struct plan_maker *maker, const struct schema *schema, const struct schema_object *object,
                           struct strbuf *out)
{
    static const enum attribute_key keys[] = {ATTRIBUTE_TYPE, ATTRIBUTE_START, ATTRIBUTE_INCREMENT,
                                              ATTRIBUTE_MIN,  ATTRIBUTE_MAX,   ATTRIBUTE_CACHE};
    (void)maker;
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
        strbuf_printf(out, "%s ", text_of(schema, object, keys[i]));
    strbuf_add_string(out, flag_of(schema, object, ATTRIBUTE_CYCLE));
}

/* Everything but the default values of attributes: what is absent is the engine's default. */
static void routine_value(struct plan_maker *maker, const struct schema *schema, const struct schema_object *object,
                          struct strbuf *out)
{
    static const enum attribute_key keys[] = {ATTRIBUTE_SIGNATURE, ATTRIBUTE_RETURNS, ATTRIBUTE_LANGUAGE};
    const char *volatility = text_of(schema, object, ATTRIBUTE_VOLATILITY);
    const char *parallel = text_of(schema, object, ATTRIBUTE_PARALLEL);
    (void)maker;
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
        strbuf_printf(out, "%s\n", text_of(schema, object, keys[i]));
    strbuf_printf(out, "%c%s%s%s%c\n", *volatility ? *volatility | 0x20 : 'v',
                  flag_of(schema, object, ATTRIBUTE_NULL_INPUT), flag_of(schema, object, ATTRIBUTE_LEAKPROOF),
                  strcmp(text_of(schema, object, ATTRIBUTE_SECURITY), "definer") == 0 ? "true" : "false",
                  *parallel ? *parallel | 0x20 : 'u');
    add_list(schema, object->attributes, ATTRIBUTE_CONFIG, "\n", out);
    strbuf_add_char(out, '\n');
    strbuf_add_string(out, text_of(schema, object, ATTRIBUTE_SQL_BODY));
    strbuf_add_string(out, text_of(schema, object, ATTRIBUTE_BODY));
}

/* pg_trigger.tgtype. */
static unsigned trigger_bits(const struct schema *schema, const struct schema_object *object)
{
    const char *events = text_of(schema, object, ATTRIBUTE_EVENTS);
    const char *timing = text_of(schema, object, ATTRIBUTE_TIMING);
    unsigned bits = strcmp(text_of(schema, object, ATTRIBUTE_LEVEL), "ROW") == 0 ? 1 : 0;
    bits |= strcmp(timing, "BEFORE") == 0 ? 2 : strcmp(timing, "INSTEAD OF") == 0 ? 64 : 0;
    bits |= plan_mentions_word(events, "INSERT") ? 4 : 0;
    bits |= plan_mentions_word(events, "DELETE") ? 8 : 0;
    bits |= plan_mentions_word(events, "UPDATE") ? 16 : 0;
    bits |= plan_mentions_word(events, "TRUNCATE") ? 32 : 0;
    return bits;
}

static void add_squeezed(struct strbuf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!strchr(" \t\n\"()", text[i]))
            strbuf_add_char(out, text[i]);
}

/* Its kind, the columns of UPDATE OF, what makes it a constraint and names its tables, its condition, what it calls. */
static void trigger_value(struct plan_maker *maker, const struct schema *schema, const struct schema_object *object,
                          struct strbuf *out)
{
    const char *columns = strstr(text_of(schema, object, ATTRIBUTE_EVENTS), " OF ");
    const char *behind = columns ? strstr(columns, " OR TRUNCATE") : NULL;
    const char *calls = text_of(schema, object, ATTRIBUTE_CALLS);
    (void)maker;
    strbuf_printf(out, "%u ", trigger_bits(schema, object));
    if (columns)
        add_squeezed(out, columns + 4, behind ? (size_t)(behind - columns) - 4 : strlen(columns) - 4);
    strbuf_add_char(out, '\n');
    postgres_add_squeezed(out, text_of(schema, object, ATTRIBUTE_CONSTRAINT_TRIGGER));
    postgres_add_squeezed(out, text_of(schema, object, ATTRIBUTE_TRANSITIONS));
    strbuf_add_char(out, '\n');
    postgres_add_trimmed(out, text_of(schema, object, ATTRIBUTE_CONDITION));
    strbuf_add_char(out, '\n');
    strbuf_add_string(out, calls);
}

static void policy_value(struct plan_maker *maker, const struct schema *schema, const struct schema_object *object,
                         struct strbuf *out)
{
    (void)maker;
    strbuf_printf(out, "%s %s ", text_of(schema, object, ATTRIBUTE_COMMAND),
                  flag_of(schema, object, ATTRIBUTE_RESTRICTIVE));
    add_list(schema, object->attributes, ATTRIBUTE_ROLES, ",", out);
    strbuf_add_char(out, '\n');
    postgres_add_trimmed(out, text_of(schema, object, ATTRIBUTE_USING));
    strbuf_add_char(out, '\n');
    postgres_add_trimmed(out, text_of(schema, object, ATTRIBUTE_POLICY_CHECK));
}

#define LOOKUP_TYPE "FROM pg_type t WHERE t.oid = to_regtype(%s)"
#define LOOKUP_RELATION "FROM pg_class c WHERE c.oid = to_regclass(%s)"

/* `%s` of the query is the object's name as a literal; where `of_table`, the table's and then the object's. */
static const struct object_fact {
    const char *query;
    object_value *value;
    bool of_table;
    bool plain_name; /* not quoted: the query compares names */
    bool hashed;
    bool printed;
} object_facts[OBJECT_KINDS] = {
    [OBJECT_SCHEMA] = {"(SELECT n.nspname::text FROM pg_namespace n WHERE n.nspname = %s)", exists_value,
                       .plain_name = true},
    [OBJECT_EXTENSION] = {"(SELECT x.extname::text FROM pg_extension x WHERE x.extname = %s)", exists_value,
                          .plain_name = true},
    [OBJECT_ENUM] = {"(SELECT coalesce((SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) FROM pg_enum e "
                     "WHERE e.enumtypid = t.oid), '') " LOOKUP_TYPE " AND t.typtype = 'e')",
                     enum_value, .printed = false},
    [OBJECT_DOMAIN] = {"(SELECT format('%%s %%s %%s', format_type(t.typbasetype, t.typtypmod), t.typnotnull::text, "
                       "btrim(coalesce(pg_get_expr(t.typdefaultbin, 0), ''), '() ')) || coalesce((SELECT string_agg("
                       "format('; %%s %%s', k.conname, btrim(pg_get_expr(k.conbin, 0), '() ')), '' ORDER BY k.conname) "
                       "FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'), '') " LOOKUP_TYPE
                       " AND t.typtype = 'd')",
                       domain_value, .printed = true},
    [OBJECT_COMPOSITE] = {"(SELECT coalesce((SELECT string_agg(format('%%I %%s', a.attname, format_type(a.atttypid, "
                          "a.atttypmod)) || CASE WHEN a.attcollation <> b.typcollation THEN ' COLLATE ' || "
                          "a.attcollation::regcollation::text ELSE '' END, ', ' ORDER BY a.attnum) FROM pg_attribute a "
                          "JOIN pg_type b ON b.oid = a.atttypid WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT "
                          "a.attisdropped), '') " LOOKUP_TYPE " AND t.typtype = 'c' "
                          "AND EXISTS (SELECT FROM pg_class r WHERE r.oid = t.typrelid AND r.relkind = 'c'))",
                          composite_value, .printed = false},
    [OBJECT_SEQUENCE] = {"(SELECT format('%%s %%s %%s %%s %%s %%s %%s', format_type(s.seqtypid, NULL), s.seqstart, "
                         "s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle::text) FROM pg_sequence s WHERE "
                         "s.seqrelid = to_regclass(%s))",
                         sequence_value, .printed = false},
    [OBJECT_TRIGGER] =
        {"(SELECT concat_ws(E'\\n', g.tgtype::text || ' ' || coalesce((SELECT "
         "regexp_replace(string_agg(a.attname, ',' ORDER BY a.attname COLLATE \"C\"), '[\\s\"()]', '', "
         "'g') FROM pg_attribute a WHERE a.attrelid = g.tgrelid AND a.attnum = ANY (g.tgattr)), ''), "
         "regexp_replace(CASE WHEN g.tgconstraint = 0 THEN '' ELSE CASE WHEN g.tgconstrrelid = 0 THEN '' "
         "ELSE 'FROM ' || g.tgconstrrelid::regclass END || CASE WHEN NOT g.tgdeferrable THEN 'NOT "
         "DEFERRABLE' WHEN g.tginitdeferred THEN 'DEFERRABLE INITIALLY DEFERRED' ELSE 'DEFERRABLE "
         "INITIALLY IMMEDIATE' END END || coalesce('OLD TABLE AS ' || g.tgoldtable, '') || coalesce('NEW "
         "TABLE AS ' || g.tgnewtable, ''), '[\\s\"()]', '', 'g'), btrim(coalesce(substring("
         "pg_get_triggerdef(g.oid) from ' WHEN \\((.*)\\) EXECUTE (?:FUNCTION|PROCEDURE) '), ''), "
         "'() '), substring(pg_get_triggerdef(g.oid) from '.* EXECUTE (?:FUNCTION|PROCEDURE) (.*)$')) "
         "FROM pg_trigger g WHERE g.tgrelid = to_regclass(%s) AND g.tgname = %s AND NOT g.tgisinternal)",
         trigger_value, .of_table = true, .printed = true},
    [OBJECT_POLICY] = {"(SELECT format('%%s %%s %%s', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN "
                       "'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, (NOT p.polpermissive)::text, (SELECT "
                       "string_agg(r.name, ',' ORDER BY r.name COLLATE \"C\") FROM (SELECT CASE WHEN x = 0 THEN "
                       "'public' ELSE (SELECT r.rolname::text FROM pg_roles r WHERE r.oid = x) END FROM "
                       "unnest(p.polroles) AS x) AS r(name))) || E'\\n' || btrim(coalesce(pg_get_expr(p.polqual, "
                       "p.polrelid), ''), '() ') || E'\\n' || btrim(coalesce(pg_get_expr(p.polwithcheck, p.polrelid), "
                       "''), '() ') FROM pg_policy p WHERE p.polrelid = to_regclass(%s) AND p.polname = %s)",
                       policy_value, .of_table = true, .printed = true},
};

/* pg_get_function_sqlbody came with 14, and so did bodies that it prints. */
static const char *routine_query(struct plan_maker *maker, bool sql_body, bool aggregate)
{
    const char *body = sql_body ? "coalesce(pg_get_function_sqlbody(p.oid), '') || p.prosrc" : "p.prosrc";
    if (aggregate)
        body = plan_printf(maker,
                           "CASE p.prokind WHEN 'a' THEN (SELECT %s FROM pg_aggregate g WHERE g.aggfnoid = p.oid) "
                           "ELSE p.prosrc END",
                           postgres_aggregate_definition);
    return plan_printf(maker,
                       "concat_ws(E'\\n', regexp_replace(pg_get_function_arguments(p.oid), '(^|, )IN ', '\\1', 'g'), "
                       "coalesce(pg_get_function_result(p.oid), ''), "
                       "l.lanname, p.provolatile::text || p.proisstrict || p.proleakproof || p.prosecdef || "
                       "p.proparallel::text, coalesce((SELECT string_agg(s, E'\\n' ORDER BY s COLLATE \"C\") FROM "
                       "unnest(p.proconfig) AS s), ''), %s)",
                       body);
}

static bool has_sql_body(const struct plan_maker *maker, struct postgres_pair pair)
{
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        const struct schema *schema = postgres_schema(maker, side);
        if (pair.at[side] >= 0 &&
            schema_has_attribute(schema, schema->objects[pair.at[side]].attributes, ATTRIBUTE_SQL_BODY))
            return true;
    }
    return false;
}

static bool has_aggregate(const struct plan_maker *maker, struct postgres_pair pair)
{
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        const struct schema *schema = postgres_schema(maker, side);
        if (pair.at[side] >= 0 &&
            strcmp(postgres_sql_routine_word(schema, &schema->objects[pair.at[side]]), "AGGREGATE") == 0)
            return true;
    }
    return false;
}

static const char *keep_value(struct plan_maker *maker, const struct postgres_fact *fact, struct strbuf *text,
                              bool hashed)
{
    if (!fact->loose)
        return hashed ? postgres_hashed(maker, text) : plan_keep(maker, text);
    const char *loose = postgres_loosened(maker, text);
    if (!hashed)
        return loose;
    strbuf_add_string(text, loose);
    return postgres_hashed(maker, text);
}

/* Wraps the expression of a query as the values are: loosened, then hashed. */
static const char *wrap(struct plan_maker *maker, const struct postgres_fact *fact, const char *expression, bool hashed)
{
    if (fact->loose)
        expression = postgres_loose_query(maker, expression);
    return hashed ? postgres_hash_query(maker, expression) : expression;
}

static struct postgres_fact routine_fact(struct plan_maker *maker, struct postgres_pair pair, bool loose)
{
    enum plan_side side = side_of(pair);
    const struct schema *schema = postgres_schema(maker, side);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_PLAN_BYTES);
    struct postgres_fact fact = {.loose = loose};
    const struct schema_object *object = &schema->objects[pair.at[side]];
    postgres_sql_routine_name(&text, schema, object);
    const char *name = plan_keep(maker, &text);
    fact.object = plan_printf(maker, "routine %s", name);
    /* to_regprocedure fails where a type is yet to be made */
    fact.query = plan_printf(
        maker,
        "(SELECT %s FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = to_regnamespace(%s) "
        "AND p.proname = %s AND oidvectortypes(p.proargtypes) = %s)",
        wrap(maker, &fact, routine_query(maker, has_sql_body(maker, pair), has_aggregate(maker, pair)), true),
        postgres_literal(maker, postgres_quoted(maker, schema_text(schema, object->schema))),
        postgres_literal(maker, schema_text(schema, object->name)),
        postgres_literal(maker, schema_text(schema, object->arguments)));
    for (side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        if (pair.at[side] < 0)
            continue;
        schema = postgres_schema(maker, side);
        routine_value(maker, schema, &schema->objects[pair.at[side]], &text);
        fact.values[side] = keep_value(maker, &fact, &text, true);
    }
    return fact;
}

/* The name of the object, or of its table, as the query wants it. */
static const char *lookup_name(struct plan_maker *maker, const struct schema *schema,
                               const struct schema_object *object, const struct object_fact *row)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    if (row->plain_name)
        return postgres_literal(maker, schema_text(schema, object->name));
    postgres_sql_qualified(&text, schema_text(schema, object->schema),
                           schema_text(schema, row->of_table ? object->relation_name : object->name));
    return postgres_literal(maker, plan_keep(maker, &text));
}

/* The row's query with its one or two names. */
static const char *fill_in(struct plan_maker *maker, const char *format, const char *first, const char *second)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_PLAN_BYTES);
    const char *names[] = {first, second};
    size_t next = 0;
    for (const char *at = format; *at; at++) {
        if (at[0] != '%') {
            strbuf_add_char(&text, *at);
            continue;
        }
        at++;
        if (*at == 's' && next < ARRAY_LENGTH(names))
            strbuf_add_string(&text, names[next++]);
        else
            strbuf_add_char(&text, *at);
    }
    return plan_keep(maker, &text);
}

static struct postgres_fact object_fact(struct plan_maker *maker, struct postgres_pair objects, bool loose)
{
    enum plan_side side = side_of(objects);
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_object *object = &schema->objects[objects.at[side]];
    const struct object_fact *row = &object_facts[object->kind];
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_PLAN_BYTES);
    if (object->kind == OBJECT_ROUTINE || !row->query)
        return routine_fact(maker, objects, loose);
    const char *name = lookup_name(maker, schema, object, row);
    const char *own = postgres_literal(maker, schema_text(schema, object->name));
    struct postgres_fact fact = {.loose = row->printed && loose};
    fact.object = plan_printf(maker, "%s %s%s%s", object_kind_name((enum object_kind)object->kind), name,
                              row->of_table ? "." : "", row->of_table ? own : "");
    fact.query = fill_in(maker, row->query, name, own);
    if (fact.loose)
        fact.query = postgres_loose_query(maker, fact.query);
    for (side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        if (objects.at[side] < 0)
            continue;
        schema = postgres_schema(maker, side);
        row->value(maker, schema, &schema->objects[objects.at[side]], &text);
        fact.values[side] = keep_value(maker, &fact, &text, false);
    }
    return fact;
}

struct postgres_fact postgres_object_fact(struct plan_maker *maker, struct postgres_pair objects)
{
    bool loose = postgres_plan_of(maker)->loose;
    struct postgres_fact fact = object_fact(maker, objects, loose);
    if (!loose && postgres_leans(maker, ARRAY_OBJECTS, objects)) {
        struct postgres_fact reprinted = object_fact(maker, objects, true);
        fact.reprinted = postgres_keep_fact(maker, &reprinted);
    }
    return fact;
}

struct postgres_fact postgres_trigger_state_fact(struct plan_maker *maker, struct postgres_pair triggers)
{
    static const struct {
        const char *text;
        const char *letter;
    } states[] = {{"disabled", "D"}, {"replica", "R"}, {"always", "A"}};
    enum plan_side side = side_of(triggers);
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_object *object = &schema->objects[triggers.at[side]];
    const char *table = lookup_name(maker, schema, object, &object_facts[OBJECT_TRIGGER]);
    const char *own = postgres_literal(maker, schema_text(schema, object->name));
    struct postgres_fact fact = {.object = plan_printf(maker, "trigger %s.%s: enabled", table, own)};
    fact.query = plan_printf(maker,
                             "(SELECT g.tgenabled::text FROM pg_trigger g WHERE g.tgrelid = to_regclass(%s) AND "
                             "g.tgname = %s AND NOT g.tgisinternal)",
                             table, own);
    for (side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        if (triggers.at[side] < 0)
            continue;
        schema = postgres_schema(maker, side);
        const char *state = text_of(schema, &schema->objects[triggers.at[side]], ATTRIBUTE_ENABLED);
        fact.values[side] = "O";
        for (size_t i = 0; i < ARRAY_LENGTH(states); i++)
            if (strcmp(state, states[i].text) == 0)
                fact.values[side] = states[i].letter;
    }
    return fact;
}

struct postgres_fact postgres_sequence_owner_fact(struct plan_maker *maker, struct postgres_pair sequences)
{
    enum plan_side side = side_of(sequences);
    const struct schema *schema = postgres_schema(maker, side);
    const char *name = lookup_name(maker, schema, &schema->objects[sequences.at[side]], &object_facts[OBJECT_SEQUENCE]);
    struct postgres_fact fact = {.object = plan_printf(maker, "sequence %s: owner", name)};
    fact.query = plan_printf(
        maker,
        "(SELECT coalesce((SELECT format('%%I.%%I', o.relname, a.attname) FROM pg_depend d JOIN pg_class o ON o.oid = "
        "d.refobjid JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE d.classid = "
        "'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a' AND "
        "d.refobjsubid > 0), '') " LOOKUP_RELATION " AND c.relkind = 'S')",
        name);
    for (side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        if (sequences.at[side] < 0)
            continue;
        schema = postgres_schema(maker, side);
        fact.values[side] = text_of(schema, &schema->objects[sequences.at[side]], ATTRIBUTE_OWNER);
    }
    return fact;
}

static struct postgres_fact view_fact(struct plan_maker *maker, struct postgres_pair relations, bool loose)
{
    enum plan_side side = side_of(relations);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_PLAN_BYTES);
    const char *name = postgres_table_name(maker, side, (size_t)relations.at[side]);
    unsigned kind = postgres_schema(maker, side)->relations[relations.at[side]].kind;
    struct postgres_fact fact = {.object = plan_printf(maker, "view %s", name), .loose = loose};
    fact.query = plan_printf(maker, "(SELECT %s " LOOKUP_RELATION " AND c.relkind = '%s')",
                             wrap(maker, &fact, "btrim(pg_get_viewdef(c.oid), E' \\n;')", true),
                             postgres_literal(maker, name), kind == RELATION_VIEW ? "v" : "m");
    for (side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        if (relations.at[side] < 0)
            continue;
        const struct schema *schema = postgres_schema(maker, side);
        const char *definition = schema_text(schema, schema->relations[relations.at[side]].definition);
        size_t length = strlen(definition);
        while (length > 0 && strchr(" \n;", definition[length - 1]))
            length--;
        size_t start = strspn(definition, " \n;");
        strbuf_add(&text, definition + (start < length ? start : 0), start < length ? length - start : 0);
        fact.values[side] = keep_value(maker, &fact, &text, true);
    }
    return fact;
}

struct postgres_fact postgres_view_fact(struct plan_maker *maker, struct postgres_pair relations)
{
    bool loose = postgres_plan_of(maker)->loose;
    struct postgres_fact fact = view_fact(maker, relations, loose);
    if (!loose && postgres_leans(maker, ARRAY_RELATIONS, relations)) {
        struct postgres_fact reprinted = view_fact(maker, relations, true);
        fact.reprinted = postgres_keep_fact(maker, &reprinted);
    }
    return fact;
}

struct postgres_fact postgres_view_options_fact(struct plan_maker *maker, struct postgres_pair relations)
{
    enum plan_side side = side_of(relations);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_PLAN_BYTES);
    const char *name = postgres_table_name(maker, side, (size_t)relations.at[side]);
    struct postgres_fact fact = {.object = plan_printf(maker, "view %s: options", name)};
    fact.query = plan_printf(maker,
                             "(SELECT coalesce((SELECT string_agg(o, ', ' ORDER BY o COLLATE \"C\") FROM (SELECT "
                             "regexp_replace(regexp_replace(r, '=(on|yes|1)$', '=true'), '=(off|no|0)$', '=false') "
                             "FROM unnest(c.reloptions) AS r) AS t(o)), '') " LOOKUP_RELATION ")",
                             postgres_literal(maker, name));
    for (side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        if (relations.at[side] < 0)
            continue;
        const struct schema *schema = postgres_schema(maker, side);
        postgres_add_option_texts(&text, schema, &schema->relations[relations.at[side]]);
        fact.values[side] = plan_keep(maker, &text);
    }
    return fact;
}
