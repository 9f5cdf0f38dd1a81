/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas, extensions, types, sequences, routines, triggers, policies.
 */
#include <string.h>

#include "base/limits.h"
#include "dialect/postgres_sql.h"

static const char *text_of(const struct schema *schema, const struct schema_object *object, enum attribute_key key)
{
    return schema_attribute_text(schema, object->attributes, key);
}

static bool has(const struct schema *schema, const struct schema_object *object, enum attribute_key key)
{
    return schema_has_attribute(schema, object->attributes, key);
}

/* " word text", if there is a text. */
static void add_clause(struct strbuf *out, const char *word, const char *text)
{
    if (!text)
        return;
    strbuf_add_char(out, ' ');
    strbuf_add_string(out, word);
    strbuf_add_string(out, text);
}

void postgres_sql_object_name(struct strbuf *out, const struct schema *schema, const struct schema_object *object)
{
    postgres_sql_qualified(out, schema_text(schema, object->schema), schema_text(schema, object->name));
}

void postgres_sql_routine_name(struct strbuf *out, const struct schema *schema, const struct schema_object *object)
{
    postgres_sql_object_name(out, schema, object);
    strbuf_add_char(out, '(');
    strbuf_add_string(out, schema_text(schema, object->arguments));
    strbuf_add_char(out, ')');
}

const char *postgres_sql_routine_word(const struct schema *schema, const struct schema_object *object)
{
    const char *variant = text_of(schema, object, ATTRIBUTE_VARIANT);
    if (variant && strcmp(variant, "procedure") == 0)
        return "PROCEDURE";
    return variant && strcmp(variant, "aggregate") == 0 ? "AGGREGATE" : "FUNCTION";
}

static void add_table_of(struct strbuf *out, const struct schema *schema, const struct schema_object *object)
{
    postgres_sql_qualified(out, schema_text(schema, object->schema), schema_text(schema, object->relation_name));
}

static void add_schema(struct strbuf *out, const struct schema *schema, const struct schema_object *object,
                       bool replace)
{
    (void)replace;
    strbuf_add_string(out, "CREATE SCHEMA IF NOT EXISTS ");
    postgres_sql_name(out, schema_text(schema, object->name));
}

static void add_extension(struct strbuf *out, const struct schema *schema, const struct schema_object *object,
                          bool replace)
{
    (void)replace;
    strbuf_add_string(out, "CREATE EXTENSION IF NOT EXISTS ");
    postgres_sql_name(out, schema_text(schema, object->name));
}

static void add_enum(struct strbuf *out, const struct schema *schema, const struct schema_object *object, bool replace)
{
    size_t count = 0;
    const struct schema_attribute *values = schema_attribute_list(schema, object->attributes, ATTRIBUTE_VALUES, &count);
    (void)replace;
    strbuf_add_string(out, "CREATE TYPE ");
    postgres_sql_object_name(out, schema, object);
    strbuf_add_string(out, " AS ENUM (");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            strbuf_add_string(out, ", ");
        postgres_sql_literal(out, schema_text(schema, values[i].text));
    }
    strbuf_add_char(out, ')');
}

static void add_domain(struct strbuf *out, const struct schema *schema, const struct schema_object *object,
                       bool replace)
{
    size_t count = 0;
    size_t name_count = 0;
    const struct schema_attribute *checks =
        schema_attribute_list(schema, object->attributes, ATTRIBUTE_DOMAIN_CHECKS, &count);
    const struct schema_attribute *names =
        schema_attribute_list(schema, object->attributes, ATTRIBUTE_DOMAIN_CHECK_NAMES, &name_count);
    (void)replace;
    strbuf_add_string(out, "CREATE DOMAIN ");
    postgres_sql_object_name(out, schema, object);
    add_clause(out, "AS ", text_of(schema, object, ATTRIBUTE_TYPE));
    add_clause(out, "COLLATE ", text_of(schema, object, ATTRIBUTE_COLLATION));
    add_clause(out, "DEFAULT ", text_of(schema, object, ATTRIBUTE_DEFAULT));
    strbuf_add_string(out, has(schema, object, ATTRIBUTE_NOT_NULL) ? " NOT NULL" : "");
    for (size_t i = 0; i < count; i++) {
        if (i < name_count) {
            strbuf_add_string(out, " CONSTRAINT ");
            postgres_sql_name(out, schema_text(schema, names[i].text));
        }
        strbuf_add_string(out, " CHECK (");
        strbuf_add_string(out, schema_text(schema, checks[i].text));
        strbuf_add_char(out, ')');
    }
}

static void add_composite(struct strbuf *out, const struct schema *schema, const struct schema_object *object,
                          bool replace)
{
    size_t count = 0;
    const struct schema_attribute *members =
        schema_attribute_list(schema, object->attributes, ATTRIBUTE_MEMBERS, &count);
    (void)replace;
    strbuf_add_string(out, "CREATE TYPE ");
    postgres_sql_object_name(out, schema, object);
    strbuf_add_string(out, " AS (");
    for (size_t i = 0; i < count; i++) {
        strbuf_add_string(out, i > 0 ? ", " : "");
        strbuf_add_string(out, schema_text(schema, members[i].text));
    }
    strbuf_add_char(out, ')');
}

static void add_sequence(struct strbuf *out, const struct schema *schema, const struct schema_object *object,
                         bool replace)
{
    (void)replace;
    strbuf_add_string(out, has(schema, object, ATTRIBUTE_PERSISTENCE) ? "CREATE UNLOGGED SEQUENCE IF NOT EXISTS "
                                                                      : "CREATE SEQUENCE IF NOT EXISTS ");
    postgres_sql_object_name(out, schema, object);
    postgres_sql_sequence_options(out, schema, object->attributes, true);
}

/* One item of a list such as search_path's, as a literal; returns where the next one begins. */
static const char *add_list_item(struct strbuf *out, const char *at)
{
    cleanup(strbuf) struct strbuf item = STRBUF(LIMIT_SQL_PART);
    at += strspn(at, " ,");
    if (*at == '"') {
        for (at++; *at && !(*at == '"' && at[1] != '"'); at++) {
            strbuf_add_char(&item, *at);
            at += *at == '"';
        }
        at += *at == '"';
    } else {
        size_t length = strcspn(at, ", ");
        strbuf_add(&item, at, length);
        at += length;
    }
    postgres_sql_literal(out, strbuf_text(&item));
    return at + strspn(at, " ,");
}

/* The server keeps a list as it would be written, any other setting as its value. */
static void add_setting(struct strbuf *out, const char *text)
{
    static const char *const lists[] = {"search_path", "temp_tablespaces", "session_preload_libraries",
                                        "local_preload_libraries", "shared_preload_libraries"};
    const char *equals = strchr(text, '=');
    if (!equals)
        return;
    strbuf_add_string(out, "\n SET ");
    strbuf_add(out, text, (size_t)(equals - text));
    strbuf_add_string(out, " TO ");
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
        if (strncmp(text, lists[i], strlen(lists[i])) != 0 || text[strlen(lists[i])] != '=')
            continue;
        const char *at = add_list_item(out, equals + 1);
        while (*at) {
            strbuf_add_string(out, ", ");
            at = add_list_item(out, at);
        }
        return;
    }
    postgres_sql_literal(out, equals + 1);
}

static void add_routine_properties(struct strbuf *out, const struct schema *schema, const struct schema_object *object)
{
    const char *variant = text_of(schema, object, ATTRIBUTE_VARIANT);
    const char *security = text_of(schema, object, ATTRIBUTE_SECURITY);
    size_t count = 0;
    const struct schema_attribute *config = schema_attribute_list(schema, object->attributes, ATTRIBUTE_CONFIG, &count);
    add_clause(out, "LANGUAGE ", text_of(schema, object, ATTRIBUTE_LANGUAGE));
    bool procedure = variant && strcmp(variant, "procedure") == 0;
    if (variant && strcmp(variant, "window") == 0)
        strbuf_add_string(out, " WINDOW");
    if (!procedure)
        add_clause(out, "", text_of(schema, object, ATTRIBUTE_VOLATILITY));
    if (has(schema, object, ATTRIBUTE_NULL_INPUT))
        strbuf_add_string(out, " STRICT");
    if (has(schema, object, ATTRIBUTE_LEAKPROOF))
        strbuf_add_string(out, " LEAKPROOF");
    if (security && strcmp(security, "definer") == 0)
        strbuf_add_string(out, " SECURITY DEFINER");
    if (!procedure)
        add_clause(out, "PARALLEL ", text_of(schema, object, ATTRIBUTE_PARALLEL));
    for (size_t i = 0; i < count; i++)
        add_setting(out, schema_text(schema, config[i].text));
}

const char postgres_aggregate_definition[] =
    "concat_ws(', ','SFUNC = '||g.aggtransfn,'STYPE = '||format_type(g.aggtranstype,NULL),"
    "CASE WHEN g.aggtransspace<>0 THEN 'SSPACE = '||g.aggtransspace END,"
    "CASE WHEN g.aggfinalfn::oid<>0 THEN 'FINALFUNC = '||g.aggfinalfn END,"
    "CASE WHEN g.aggfinalextra THEN 'FINALFUNC_EXTRA'END,"
    "CASE WHEN g.aggfinalmodify<>CASE g.aggkind WHEN 'n'THEN 'r'::\"char\" ELSE 'w'END THEN 'FINALFUNC_MODIFY = '||"
    "CASE g.aggfinalmodify WHEN 'r'THEN 'READ_ONLY'WHEN 's'THEN 'SHAREABLE'ELSE 'READ_WRITE'END END,"
    "CASE WHEN g.aggcombinefn::oid<>0 THEN 'COMBINEFUNC = '||g.aggcombinefn END,"
    "CASE WHEN g.aggserialfn::oid<>0 THEN 'SERIALFUNC = '||g.aggserialfn END,"
    "CASE WHEN g.aggdeserialfn::oid<>0 THEN 'DESERIALFUNC = '||g.aggdeserialfn END,"
    "'INITCOND = '||quote_literal(g.agginitval),"
    "CASE WHEN g.aggmtransfn::oid<>0 THEN 'MSFUNC = '||g.aggmtransfn END,"
    "CASE WHEN g.aggminvtransfn::oid<>0 THEN 'MINVFUNC = '||g.aggminvtransfn END,"
    "CASE WHEN g.aggmtranstype<>0 THEN 'MSTYPE = '||format_type(g.aggmtranstype,NULL)END,"
    "CASE WHEN g.aggmtransspace<>0 THEN 'MSSPACE = '||g.aggmtransspace END,"
    "CASE WHEN g.aggmfinalfn::oid<>0 THEN 'MFINALFUNC = '||g.aggmfinalfn END,"
    "CASE WHEN g.aggmfinalextra THEN 'MFINALFUNC_EXTRA'END,"
    "CASE WHEN g.aggmfinalmodify<>CASE g.aggkind WHEN 'n'THEN 'r'::\"char\" ELSE 'w'END THEN 'MFINALFUNC_MODIFY = '||"
    "CASE g.aggmfinalmodify WHEN 'r'THEN 'READ_ONLY'WHEN 's'THEN 'SHAREABLE'ELSE 'READ_WRITE'END END,"
    "'MINITCOND = '||quote_literal(g.aggminitval),"
    "(SELECT 'SORTOP = OPERATOR('||quote_ident(n.nspname)||'.'||o.oprname||')'FROM pg_operator o "
    "JOIN pg_namespace n ON n.oid=o.oprnamespace WHERE o.oid=g.aggsortop),"
    "CASE WHEN g.aggkind='h'THEN 'HYPOTHETICAL'END)";

/* Its body is the list of what defines it. */
static void add_aggregate(struct strbuf *out, const struct schema *schema, const struct schema_object *object)
{
    const char *signature = text_of(schema, object, ATTRIBUTE_SIGNATURE);
    const char *body = text_of(schema, object, ATTRIBUTE_BODY);
    strbuf_add_string(out, "CREATE AGGREGATE ");
    postgres_sql_object_name(out, schema, object);
    strbuf_printf(out, "(%s) (", signature ? signature : schema_text(schema, object->arguments));
    strbuf_add_string(out, body ? body : "");
    add_clause(out, ", PARALLEL = ", text_of(schema, object, ATTRIBUTE_PARALLEL));
    strbuf_add_char(out, ')');
}

static void add_routine(struct strbuf *out, const struct schema *schema, const struct schema_object *object,
                        bool replace)
{
    const char *signature = text_of(schema, object, ATTRIBUTE_SIGNATURE);
    const char *returns = text_of(schema, object, ATTRIBUTE_RETURNS);
    const char *sql_body = text_of(schema, object, ATTRIBUTE_SQL_BODY);
    const char *body = text_of(schema, object, ATTRIBUTE_BODY);
    const char *language = text_of(schema, object, ATTRIBUTE_LANGUAGE);
    bool procedure = strcmp(postgres_sql_routine_word(schema, object), "PROCEDURE") == 0;
    if (strcmp(postgres_sql_routine_word(schema, object), "AGGREGATE") == 0) {
        add_aggregate(out, schema, object);
        return;
    }
    strbuf_add_string(out, replace ? "CREATE OR REPLACE " : "CREATE ");
    strbuf_add_string(out, procedure ? "PROCEDURE " : "FUNCTION ");
    postgres_sql_object_name(out, schema, object);
    strbuf_add_char(out, '(');
    strbuf_add_string(out, signature ? signature : schema_text(schema, object->arguments));
    strbuf_add_char(out, ')');
    if (!procedure)
        add_clause(out, "RETURNS ", returns);
    add_routine_properties(out, schema, object);
    if (sql_body) {
        strbuf_add_char(out, '\n');
        strbuf_add_string(out, sql_body);
        return;
    }
    strbuf_add_string(out, "\nAS ");
    if (language && strcmp(language, "c") == 0)
        strbuf_add_string(out, body ? body : "");
    else
        postgres_sql_dollar(out, "body", body ? body : "");
}

void postgres_sql_trigger(struct strbuf *out, const struct schema *schema, const struct schema_object *object,
                          bool replace)
{
    const char *constraint = text_of(schema, object, ATTRIBUTE_CONSTRAINT_TRIGGER);
    const char *condition = text_of(schema, object, ATTRIBUTE_CONDITION);
    strbuf_add_string(out, replace && !constraint ? "CREATE OR REPLACE " : "CREATE ");
    strbuf_add_string(out, constraint ? "CONSTRAINT TRIGGER " : "TRIGGER ");
    postgres_sql_name(out, schema_text(schema, object->name));
    add_clause(out, "", text_of(schema, object, ATTRIBUTE_TIMING));
    add_clause(out, "", text_of(schema, object, ATTRIBUTE_EVENTS));
    strbuf_add_string(out, " ON ");
    add_table_of(out, schema, object);
    add_clause(out, "", constraint);
    add_clause(out, "REFERENCING ", text_of(schema, object, ATTRIBUTE_TRANSITIONS));
    add_clause(out, "FOR EACH ", text_of(schema, object, ATTRIBUTE_LEVEL));
    if (condition) {
        strbuf_add_string(out, " WHEN (");
        strbuf_add_string(out, condition);
        strbuf_add_char(out, ')');
    }
    add_clause(out, "EXECUTE FUNCTION ", text_of(schema, object, ATTRIBUTE_CALLS));
}

static void add_policy(struct strbuf *out, const struct schema *schema, const struct schema_object *object,
                       bool replace)
{
    static const struct {
        enum attribute_key key;
        const char *word;
    } clauses[] = {{ATTRIBUTE_USING, " USING ("}, {ATTRIBUTE_POLICY_CHECK, " WITH CHECK ("}};
    (void)replace;
    strbuf_add_string(out, "CREATE POLICY ");
    postgres_sql_name(out, schema_text(schema, object->name));
    strbuf_add_string(out, " ON ");
    add_table_of(out, schema, object);
    if (has(schema, object, ATTRIBUTE_RESTRICTIVE))
        strbuf_add_string(out, " AS RESTRICTIVE");
    add_clause(out, "FOR ", text_of(schema, object, ATTRIBUTE_COMMAND));
    postgres_sql_policy_roles(out, schema, object);
    for (size_t i = 0; i < ARRAY_LENGTH(clauses); i++) {
        const char *text = text_of(schema, object, clauses[i].key);
        if (!text)
            continue;
        strbuf_add_string(out, clauses[i].word);
        strbuf_add_string(out, text);
        strbuf_add_char(out, ')');
    }
}

void postgres_sql_policy_roles(struct strbuf *out, const struct schema *schema, const struct schema_object *object)
{
    size_t count = 0;
    const struct schema_attribute *roles = schema_attribute_list(schema, object->attributes, ATTRIBUTE_ROLES, &count);
    for (size_t i = 0; i < count; i++) {
        const char *role = schema_text(schema, roles[i].text);
        strbuf_add_string(out, i > 0 ? ", " : " TO ");
        if (strcmp(role, "public") == 0)
            strbuf_add_string(out, "PUBLIC");
        else
            postgres_sql_name(out, role);
    }
}

void postgres_sql_object(struct strbuf *out, const struct schema *schema, const struct schema_object *object,
                         bool replace)
{
    static void (*const makers[OBJECT_KINDS])(struct strbuf *, const struct schema *, const struct schema_object *,
                                              bool) = {
        [OBJECT_SCHEMA] = add_schema,   [OBJECT_EXTENSION] = add_extension,      [OBJECT_ENUM] = add_enum,
        [OBJECT_DOMAIN] = add_domain,   [OBJECT_COMPOSITE] = add_composite,      [OBJECT_SEQUENCE] = add_sequence,
        [OBJECT_ROUTINE] = add_routine, [OBJECT_TRIGGER] = postgres_sql_trigger, [OBJECT_POLICY] = add_policy,
    };
    if (makers[object->kind])
        makers[object->kind](out, schema, object, replace);
}
