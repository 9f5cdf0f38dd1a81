/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the whole schema in three messages to the server, however many tables there are: namespaces; the raw
 * catalogues; the types' spelling and the views, last, because deparsing a view keeps its tables locked to the
 * transaction's end. Catalogues are read raw and put together here: format_type, pg_get_indexdef and their like for
 * every row would take the server three times as long, and information_schema shows only what one may use.
 */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/dialects.h"
#include "engine/postgres/catalog_reader.h"

enum { QUERY_BYTES = 64 * 1024 * 1024 };

/* What deparsed text depends on is pinned by the transaction. @name@ is replaced by a fragment below. */
struct catalog_query {
    const char *sql;
    catalog_taker *taker;
    size_t fields;
    catalog_finisher *finisher;                             /* NULL: nothing is left to do */
    bool (*is_needed)(const struct catalog_reader *reader); /* NULL: always */
};

/* Where each sequence is an identity column's there is none to report, and no need to read pg_depend to see that. */
static bool has_free_sequences(const struct catalog_reader *reader)
{
    return reader->sequences != reader->identity_columns;
}

static const struct catalog_query namespace_queries[] = {
    {.sql = "SELECT oid,nspname FROM pg_namespace", .taker = catalog_take_namespace, .fields = 2},
};

static const struct catalog_query lookup_queries[] = {
    {.sql = "SELECT count(*)FROM pg_sequence", .taker = catalog_take_sequence_count, .fields = 1},
    {.sql = "SELECT classid,objid FROM pg_depend WHERE refclassid=3079 AND deptype='e'AND classid IN(1259,1247)",
     .taker = catalog_take_member,
     .fields = 2},
    {.sql = "SELECT oid,amname FROM pg_am WHERE amtype='i'", .taker = catalog_take_method, .fields = 2},
    {.sql = "SELECT o.oid,o.opcmethod,o.opcintype,o.opcdefault,CASE WHEN o.opcnamespace=11 THEN quote_ident(o.opcname)"
            "ELSE quote_ident(n.nspname)||'.'||quote_ident(o.opcname)END "
            "FROM pg_opclass o JOIN pg_namespace n ON n.oid=o.opcnamespace",
     .taker = catalog_take_operator_class,
     .fields = 5},
    {.sql = "SELECT o.oid,CASE WHEN o.collnamespace=11 THEN quote_ident(o.collname)"
            "ELSE quote_ident(n.nspname)||'.'||quote_ident(o.collname)END "
            "FROM pg_collation o JOIN pg_namespace n ON n.oid=o.collnamespace",
     .taker = catalog_take_collation,
     .fields = 2},
    {.sql = "SELECT t.oid,t.typnamespace,t.typname,e.enumlabel FROM pg_type t LEFT JOIN pg_enum e ON e.enumtypid=t.oid "
            "WHERE t.typtype='e'AND t.typnamespace@in_namespaces@ ORDER BY t.oid,e.enumsortorder",
     .taker = catalog_take_enum_label,
     .fields = 4,
     .finisher = catalog_finish_enums},
    {.sql = "SELECT c.oid,c.relnamespace,c.relname,c.relkind,c.relispartition FROM pg_class c "
            "WHERE c.oid>=16384 AND c.relkind IN('r','p','v','m','f')AND c.relpersistence<>'t'AND @relevant@",
     .taker = catalog_take_relation,
     .fields = 5},
};

static const struct catalog_query table_queries[] = {
    /* CASE keeps the planner from looking at attisdropped, which stands far behind, of every index's columns first. */
    {.sql = "SELECT a.attrelid,a.attnum,a.attname,a.atttypid,a.atttypmod,a.attnotnull,"
            "CASE WHEN a.attidentity<>''THEN a.attidentity ELSE a.attgenerated END,"
            "a.attcollation FROM pg_attribute a WHERE a.attrelid>=16384 "
            "AND CASE WHEN a.attnum>0 THEN a.attrelid@known@ AND NOT a.attisdropped END",
     .taker = catalog_take_column,
     .fields = 8,
     .finisher = catalog_finish_columns},
    /* The clones of a foreign key that partitions cause are left out, as by pg_dump. */
    {.sql = "SELECT k.conrelid,k.conname,k.contype,CASE WHEN k.contype<>'c'THEN k.conkey END,k.confrelid,k.confkey,"
            "k.confupdtype,k.confdeltype,k.condeferrable,k.condeferred,k.convalidated,@enforced@,"
            "COALESCE(@nulls_not_distinct@,false),k.conindid,k.contype='c'OR @peculiar@,CASE WHEN k.contype='c'"
            "THEN pg_get_expr(k.conbin,k.conrelid)WHEN @peculiar@ THEN pg_get_constraintdef(k.oid)END "
            "FROM pg_constraint k LEFT JOIN pg_index x ON x.indexrelid=k.conindid AND k.contype IN('p','u')"
            "AND(x.indnkeyatts<>x.indnatts OR @nulls_not_distinct@)WHERE k.conrelid>=16384 "
            "AND k.contype IN('p','u','f','c','x')AND(k.contype<>'f'OR k.conparentid=0)AND k.conrelid@in_scope@",
     .taker = catalog_take_constraint,
     .fields = 16},
    {.sql = "SELECT "
            "i.indexrelid,i.indrelid,c.relname,c.relam,i.indkey,i.indnkeyatts,i.indclass,i.indcollation,i.indoption,"
            "i.indisunique,i.indisvalid,@index_nulls@,i.indexprs IS NOT NULL,"
            "CASE WHEN i.indexprs IS NOT NULL THEN pg_get_expr(i.indexprs,i.indrelid)END,i.indpred IS NOT NULL,"
            "CASE WHEN i.indpred IS NOT NULL THEN pg_get_expr(i.indpred,i.indrelid)END "
            "FROM pg_index i JOIN pg_class c ON c.oid=i.indexrelid WHERE i.indexrelid>=16384 AND c.relnamespace<>99 "
            "AND c.relpersistence<>'t'AND i.indislive AND NOT i.indisprimary AND c.relnamespace@in_namespaces@",
     .taker = catalog_take_index,
     .fields = 16},
};

static const struct catalog_query final_queries[] = {
    /* Only a generated column's expression names columns; any other is deparsed without opening the table, which is
     * faster and waits for nobody's lock. */
    {.sql = "SELECT d.adrelid,d.adnum,pg_get_expr(d.adbin,CASE WHEN(d.adrelid::int8<<16|d.adnum)@generated@ THEN "
            "d.adrelid "
            "ELSE 0 END)FROM pg_attrdef d WHERE d.adrelid@in_scope@",
     .taker = catalog_take_default,
     .fields = 3},
    /* A sequence behind an identity column (deptype i) is that column's affair. */
    {.sql = "SELECT "
            "c.oid,c.relnamespace,c.relname,format_type(s.seqtypid,NULL),s.seqstart,s.seqincrement,s.seqmax,s.seqmin,"
            "s.seqcache,s.seqcycle,d.refobjid,d.refobjsubid FROM pg_class c JOIN pg_sequence s ON s.seqrelid=c.oid "
            "LEFT JOIN pg_depend d ON d.classid=1259 AND d.objid=c.oid AND d.objsubid=0 AND d.refclassid=1259 "
            "AND d.deptype IN('a','i')AND d.refobjsubid>0 WHERE c.relkind='S'AND c.relpersistence<>'t'"
            "AND d.deptype IS DISTINCT FROM 'i'AND c.relnamespace@in_namespaces@",
     .taker = catalog_take_sequence,
     .fields = 12,
     .is_needed = has_free_sequences},
    {.sql =
         "SELECT n,format_type(t,m)FROM unnest('{@types@}'::oid[],'{@modifiers@}'::int4[])WITH ORDINALITY AS x(t,m,n)",
     .taker = catalog_take_type,
     .fields = 2,
     .finisher = catalog_finish_types},
    {.sql = "SELECT c.oid,pg_get_viewdef(c.oid)FROM pg_class c WHERE c.relkind IN('v','m')AND c.oid>=16384 "
            "AND c.relpersistence<>'t'AND c.relnamespace@in_namespaces@",
     .taker = catalog_take_view,
     .fields = 2},
};

/* What differs between server versions. */
static const struct {
    const char *name;
    int since;
    const char *text;
    const char *before;
} fragments[] = {
    {"enforced", 180000, "k.conenforced", "true"},
    {"nulls_not_distinct", 150000, "x.indnullsnotdistinct", "false"},
    {"index_nulls", 150000, "i.indnullsnotdistinct", "false"},
    {"delete_columns", 150000, " OR k.confdelsetcols IS NOT NULL", ""},
    {"period", 180000, " OR k.conperiod", ""},
};

/* Constraints with more to them than the model's fields hold: their whole definition stands for it. */
static const char peculiar[] = "(k.contype='x'OR COALESCE(x.indnkeyatts<>x.indnatts,false)OR k.confmatchtype='f'"
                               "@delete_columns@@period@)";

/* Whether a number is among many: an array is hashed since 14, before that only a subquery is. */
static void open_set(const struct catalog_reader *reader, struct strbuf *sql)
{
    strbuf_add_string(sql, reader->session->version >= 140000 ? "=ANY('{" : " IN(SELECT unnest('{");
}

static void close_set(const struct catalog_reader *reader, const char *type, struct strbuf *sql)
{
    strbuf_printf(sql, "}'::%s[])%s", type, reader->session->version >= 140000 ? "" : ")");
}

static void add_keys(const struct catalog_reader *reader, const struct number_map *map, const char *type,
                     struct strbuf *sql)
{
    const char *separator = "";
    open_set(reader, sql);
    for (size_t i = 0; i < map->capacity; i++) {
        if (!map->keys[i])
            continue;
        strbuf_printf(sql, "%s%" PRIu64, separator, map->keys[i]);
        separator = ",";
    }
    close_set(reader, type, sql);
}

/* Without a scope, what is not the user's is left out here, not by the server: there is hardly any. */
static void add_scope(const struct catalog_reader *reader, const char *name, struct strbuf *sql)
{
    bool all = reader->scope->schema_count == 0;
    if (strcmp(name, "relevant") == 0 && !all) {
        /* A foreign key's target is named even where it is out of scope. */
        strbuf_add_string(sql, "(c.oid IN(SELECT f.confrelid FROM pg_constraint f WHERE f.contype='f')"
                               "OR c.relnamespace");
        add_keys(reader, &reader->scoped, "oid", sql);
        strbuf_add_char(sql, ')');
    } else if (all) {
        strbuf_add_string(sql, strcmp(name, "relevant") == 0 ? "true" : " IS NOT NULL");
    } else {
        add_keys(reader, strcmp(name, "in_scope") == 0 ? &reader->relations : &reader->scoped, "oid", sql);
    }
}

static void add_types(const struct catalog_reader *reader, bool modifiers, struct strbuf *sql)
{
    const struct catalog_type *types = reader->type_list.items;
    for (size_t i = 0; i < reader->type_list.count; i++)
        if (modifiers)
            strbuf_printf(sql, "%s%d", i > 0 ? "," : "", types[i].modifier);
        else
            strbuf_printf(sql, "%s%u", i > 0 ? "," : "", types[i].oid);
}

static void add_expanded(const struct catalog_reader *reader, const char *template, struct strbuf *sql);

static void add_fragment(const struct catalog_reader *reader, const char *name, struct strbuf *sql)
{
    for (size_t i = 0; i < ARRAY_LENGTH(fragments); i++)
        if (strcmp(fragments[i].name, name) == 0) {
            bool known = reader->session->version >= fragments[i].since;
            strbuf_add_string(sql, known ? fragments[i].text : fragments[i].before);
            return;
        }
    if (strcmp(name, "peculiar") == 0)
        add_expanded(reader, peculiar, sql);
    else if (strcmp(name, "known") == 0)
        add_keys(reader, &reader->relations, "oid", sql);
    else if (strcmp(name, "generated") == 0)
        add_keys(reader, &reader->generated, "int8", sql);
    else if (strcmp(name, "types") == 0 || strcmp(name, "modifiers") == 0)
        add_types(reader, strcmp(name, "modifiers") == 0, sql);
    else
        add_scope(reader, name, sql);
}

/* Recursion ends after one level: `peculiar` names fragments of the table only. */
static void add_expanded(const struct catalog_reader *reader, const char *template, struct strbuf *sql)
{
    for (;;) {
        size_t plain = strcspn(template, "@");
        strbuf_add(sql, template, plain);
        template += plain;
        if (!*template)
            return;
        char name[32] = "";
        size_t length = strcspn(template + 1, "@");
        memcpy(name, template + 1, length < sizeof name ? length : sizeof name - 1);
        add_fragment(reader, name, sql);
        template += length + 2;
    }
}

static int take_rows(struct catalog_reader *reader, const struct catalog_query *query, struct deadline deadline,
                     struct error *reterr)
{
    for (;;) {
        cleanup(libpq_text) char *line = NULL;
        size_t length = 0;
        int status = postgres_copy_next(reader->session, deadline, &line, &length, reterr);
        if (status <= 0)
            return status;
        struct copy_row row = {0};
        if (!postgres_copy_split(line, length, &row) || row.count != query->fields)
            return error_set(reterr, ERROR_INVALID, "%s: a catalogue's row has an unexpected shape",
                             reader->session->where);
        if (query->taker(reader, &row, reterr) < 0)
            return -1;
    }
}

/* A message to the server: the queries in order, with what begins and ends the transaction around them. */
struct catalog_message {
    const struct catalog_query *queries;
    size_t count;
    bool begins;
    bool ends;
};

static const struct catalog_message messages[] = {
    {.queries = namespace_queries, .count = ARRAY_LENGTH(namespace_queries), .begins = true},
    {.queries = lookup_queries, .count = ARRAY_LENGTH(lookup_queries)},
    {.queries = table_queries, .count = ARRAY_LENGTH(table_queries)},
    {.queries = final_queries, .count = ARRAY_LENGTH(final_queries), .ends = true},
};

static bool is_needed(const struct catalog_reader *reader, const struct catalog_query *query)
{
    return !query->is_needed || query->is_needed(reader);
}

static int send_message(const struct catalog_reader *reader, const struct catalog_message *message,
                        struct deadline deadline, struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(QUERY_BYTES);
    if (message->begins)
        postgres_add_begin(reader->session, &sql, deadline, true);
    for (size_t i = 0; i < message->count; i++) {
        if (!is_needed(reader, &message->queries[i]))
            continue;
        strbuf_add_string(&sql, "COPY(");
        add_expanded(reader, message->queries[i].sql, &sql);
        strbuf_add_string(&sql, ")TO STDOUT;");
    }
    strbuf_add_string(&sql, message->ends ? "COMMIT" : "");
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    return postgres_send(reader->session, strbuf_text(&sql), deadline, reterr);
}

/* Sends a message and takes the rows as they come. */
static int run(struct catalog_reader *reader, const struct catalog_message *message, struct deadline deadline,
               struct error *reterr)
{
    if (send_message(reader, message, deadline, reterr) < 0)
        return -1;
    for (size_t i = 0; i < message->count; i++) {
        const struct catalog_query *query = &message->queries[i];
        if (!is_needed(reader, query))
            continue;
        if (postgres_copy_begin(reader->session, deadline, reterr) < 0 ||
            take_rows(reader, query, deadline, reterr) < 0)
            return -1;
        if (query->finisher)
            query->finisher(reader);
    }
    for (bool done = false; !done;) {
        cleanup(result) PGresult *result = NULL;
        if (postgres_next(reader->session, deadline, &result, reterr) < 0)
            return -1;
        done = !result;
    }
    return 0;
}

static int read_all(struct catalog_reader *reader, struct deadline deadline, struct error *reterr)
{
    for (size_t i = 0; i < ARRAY_LENGTH(messages); i++)
        if (run(reader, &messages[i], deadline, reterr) < 0)
            return -1;
    return 0;
}

static void describe(struct catalog_reader *reader)
{
    const char *version = PQparameterStatus(reader->session->conn, "server_version");
    char text[48] = "";
    size_t length = version ? strcspn(version, " ") : 0;
    memcpy(text, version ? version : "", length < sizeof text ? length : sizeof text - 1);
    schema_builder_server(reader->builder, "postgres", text);
    schema_builder_dialect(reader->builder, &dialect_postgres);
    /* The catalogues show every object to every role. */
    static const enum schema_kind unread[] = {SCHEMA_SCHEMAS,  SCHEMA_EXTENSIONS, SCHEMA_DOMAINS, SCHEMA_COMPOSITES,
                                              SCHEMA_ROUTINES, SCHEMA_TRIGGERS,   SCHEMA_POLICIES};
    for (int kind = 0; kind < SCHEMA_KINDS; kind++)
        schema_builder_coverage(reader->builder, (enum schema_kind)kind, COVERAGE_FULL, NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(unread); i++)
        schema_builder_coverage(reader->builder, unread[i], COVERAGE_NONE, "not read yet");
    schema_builder_coverage(reader->builder, SCHEMA_EVENTS, COVERAGE_NOT_APPLICABLE, NULL);
}

/* Among catalogues, a missing object was dropped while we read. */
static void judge(struct error *error)
{
    static const char *const gone[] = {"42P01", "42703", "42704", "42883", "3F000"};
    for (size_t i = 0; i < ARRAY_LENGTH(gone); i++)
        if (strcmp(error->sqlstate, gone[i]) == 0)
            error->code = ERROR_CHANGED;
}

int postgres_read_schema(struct engine_connection *connection, const struct engine_scope *scope,
                         struct deadline deadline, struct schema_builder *builder, struct error *reterr)
{
    static const struct engine_scope everything = {0};
    cleanup(catalog_reader) struct catalog_reader reader = {
        .session = postgres_session_of(connection), .builder = builder, .scope = scope ? scope : &everything};
    reader.arena = arena_new(LIMIT_STRING_POOL);
    if (!reader.arena)
        return error_no_memory(reterr);
    struct error error = {0};
    if (read_all(&reader, deadline, &error) == 0) {
        describe(&reader);
        return 0;
    }
    judge(&error);
    postgres_drain(reader.session, deadline);
    (void)postgres_end(reader.session, deadline, NULL);
    if (reterr)
        *reterr = error;
    return -1;
}
