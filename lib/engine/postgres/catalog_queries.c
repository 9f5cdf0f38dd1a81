/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/postgres/catalog_queries.h"

#include <inttypes.h>
#include <string.h>

#include "dialect/postgres_sql.h"

/* Where each sequence is an ordinary identity column's there is none to report, and no need to read pg_depend to see
 * that. */
static bool has_free_sequences(const struct catalog_reader *reader)
{
    return reader->counts.sequences != reader->identity_columns || reader->counts.unusual_sequences > 0;
}

static bool has_domains(const struct catalog_reader *reader)
{
    return reader->domains.count > 0;
}

static bool has_composites(const struct catalog_reader *reader)
{
    return reader->composites.count > 0;
}

static bool has_routines(const struct catalog_reader *reader)
{
    return reader->counts.routines > 0;
}

static bool has_policies(const struct catalog_reader *reader)
{
    return reader->counts.policies > 0;
}

/* A tenant's schema is compared without what belongs to the whole database. */
static bool reads_database(const struct catalog_reader *reader)
{
    return !catalog_reads_own(reader);
}

static const struct catalog_query namespace_queries[] = {
    {.sql = "SELECT classid,objid FROM pg_depend WHERE refclassid=3079 AND deptype='e'"
            "AND classid IN(1247,1259,2615,2620,3256)",
     .taker = catalog_take_member,
     .fields = 2},
    {.sql = "SELECT oid,nspname FROM pg_namespace", .taker = catalog_take_namespace, .fields = 2},
};

static const struct catalog_query lookup_queries[] = {
    {.sql = "SELECT s.n,s.unusual,(SELECT count(*)FROM pg_proc WHERE oid>=16384),(SELECT count(*)FROM pg_policy)"
            "FROM(SELECT count(*)AS n,count(*)FILTER(WHERE @unusual@)AS unusual FROM pg_sequence s)s",
     .taker = catalog_take_counts,
     .fields = 4},
    /* Everything that can be made, belongs to no extension and to nothing else, and is not compared. */
    {.sql = "SELECT x.what,count(*)FROM(SELECT 2618,oid,'rule'FROM pg_rewrite WHERE oid>=16384 AND rulename<>'_RETURN'"
            "UNION ALL SELECT 6104,oid,'publication'FROM pg_publication "
            "UNION ALL SELECT 0,0,'subscription'FROM pg_subscription "
            "WHERE subdbid=(SELECT oid FROM pg_database WHERE datname=current_database())"
            "UNION ALL SELECT 3381,oid,'statistics object'FROM pg_statistic_ext "
            "UNION ALL SELECT 3466,oid,'event trigger'FROM pg_event_trigger "
            "UNION ALL SELECT 3456,oid,'collation'FROM pg_collation WHERE oid>=16384 "
            "UNION ALL SELECT 2617,oid,'operator'FROM pg_operator WHERE oid>=16384 "
            "UNION ALL SELECT 2616,oid,'operator class'FROM pg_opclass WHERE oid>=16384 "
            "UNION ALL SELECT 2605,oid,'cast'FROM pg_cast WHERE oid>=16384 "
            "UNION ALL SELECT 2607,oid,'conversion'FROM pg_conversion WHERE oid>=16384 "
            "UNION ALL SELECT 3576,oid,'transform'FROM pg_transform "
            "UNION ALL SELECT 2612,oid,'procedural language'FROM pg_language WHERE oid>=16384 "
            "UNION ALL SELECT 2601,oid,'access method'FROM pg_am WHERE oid>=16384 "
            "UNION ALL SELECT 3602,oid,'text search configuration'FROM pg_ts_config WHERE oid>=16384 "
            "UNION ALL SELECT 3600,oid,'text search dictionary'FROM pg_ts_dict WHERE oid>=16384 "
            "UNION ALL SELECT 2328,oid,'foreign-data wrapper'FROM pg_foreign_data_wrapper "
            "UNION ALL SELECT 1417,oid,'foreign server'FROM pg_foreign_server "
            "UNION ALL SELECT 1259,ftrelid,'set of options of a foreign table'FROM pg_foreign_table "
            "UNION ALL SELECT 1247,rngtypid,'range type'FROM pg_range WHERE rngtypid>=16384"
            ")x(class,oid,what)WHERE NOT EXISTS(SELECT FROM pg_depend d WHERE d.classid=x.class AND d.objid=x.oid "
            "AND d.deptype IN('e','i'))GROUP BY 1 ORDER BY 1",
     .taker = catalog_take_uncompared,
     .fields = 2,
     .is_needed = reads_database},
    {.sql = "SELECT extname,extversion FROM pg_extension",
     .taker = catalog_take_extension,
     .fields = 2,
     .is_needed = reads_database},
    {.sql = "SELECT oid,amname FROM pg_am WHERE amtype='i'", .taker = catalog_take_method, .fields = 2},
    {.sql = "SELECT o.oid,o.opcmethod,o.opcintype,o.opcdefault,o.opcnamespace,quote_ident(n.nspname),"
            "quote_ident(o.opcname)FROM pg_opclass o JOIN pg_namespace n ON n.oid=o.opcnamespace",
     .taker = catalog_take_operator_class,
     .fields = 7},
    {.sql = "SELECT o.oid,o.collnamespace,quote_ident(n.nspname),quote_ident(o.collname)"
            "FROM pg_collation o JOIN pg_namespace n ON n.oid=o.collnamespace",
     .taker = catalog_take_collation,
     .fields = 4},
    {.sql = "SELECT t.oid,t.typnamespace,t.typname,t.typtype,e.enumlabel FROM pg_type t LEFT JOIN pg_enum e "
            "ON e.enumtypid=t.oid WHERE t.typtype IN('e','d')AND t.oid>=16384 AND t.typnamespace@in_namespaces@ "
            "ORDER BY t.oid,e.enumsortorder",
     .taker = catalog_take_type,
     .fields = 5,
     .finisher = catalog_finish_draft},
    {.sql = "SELECT c.oid,c.relnamespace,c.relname,c.relkind,c.relispartition,c.relpersistence,c.relrowsecurity,"
            "c.relforcerowsecurity,c.reloptions,c.reltype,CASE WHEN c.relkind='p'THEN "
            "@space c.relnamespace@pg_get_partkeydef(c.oid)@end@ END,CASE WHEN c.relispartition THEN "
            "@space c.relnamespace@pg_get_expr(c.relpartbound,c.oid)@end@ END FROM pg_class c "
            "WHERE c.oid>=16384 AND c.relkind IN('r','p','v','m','f','c')AND c.relpersistence<>'t'AND @relevant@",
     .taker = catalog_take_relation,
     .fields = 12},
};

static const struct catalog_query table_queries[] = {
    {.sql = "SELECT inhrelid,@table inhrelid@inhparent::regclass::text@end@ FROM pg_inherits "
            "WHERE inhrelid@in_scope@ ORDER BY inhrelid,inhseqno",
     .taker = catalog_take_parent,
     .fields = 2},
    /* CASE keeps the planner from looking at attisdropped, which stands far behind, of every index's columns first. */
    {.sql = "SELECT a.attrelid,a.attnum,a.attname,a.atttypid,a.atttypmod,a.attnotnull,"
            "CASE WHEN a.attidentity<>''THEN a.attidentity ELSE a.attgenerated END,"
            "a.attcollation FROM pg_attribute a WHERE a.attrelid>=16384 "
            "AND CASE WHEN a.attnum>0 THEN a.attrelid@known@ AND NOT a.attisdropped END",
     .taker = catalog_take_column,
     .fields = 8,
     .finisher = catalog_finish_columns},
    /* What partitions have from their parent is left out, as by pg_dump, and so are checks that are inherited. */
    {.sql = "SELECT k.conrelid,k.conname,k.contype,k.conkey,k.confrelid,k.confkey,k.confupdtype,k.confdeltype,"
            "k.condeferrable,k.condeferred,k.convalidated,@enforced@,COALESCE(@nulls_not_distinct@,false),k.conindid,"
            "CASE k.contype WHEN 'c'THEN @table k.conrelid@pg_get_expr(k.conbin,k.conrelid)@end@ "
            "WHEN 'x'THEN @table k.conrelid@pg_get_constraintdef(k.oid)@end@ END,"
            "k.connoinherit,k.confmatchtype,@delete_columns@,@period@,"
            "CASE WHEN x.indnkeyatts<>x.indnatts THEN x.indkey END,x.indnkeyatts,NOT x.indisvalid "
            "FROM pg_constraint k LEFT JOIN pg_index x ON x.indexrelid=k.conindid AND k.contype IN('p','u')"
            "AND(x.indnkeyatts<>x.indnatts OR NOT x.indisvalid OR @nulls_not_distinct@)WHERE k.conrelid>=16384 "
            "AND CASE k.contype WHEN 'n'THEN NOT k.convalidated OR k.connoinherit WHEN 'c'THEN k.coninhcount=0 "
            "ELSE k.contype IN('p','u','f','x')AND k.conparentid=0 END AND k.conrelid@in_scope@",
     .taker = catalog_take_constraint,
     .fields = 22},
    {.sql = "SELECT "
            "i.indexrelid,i.indrelid,c.relname,c.relam,i.indkey,i.indnkeyatts,i.indclass,i.indcollation,i.indoption,"
            "i.indisunique,i.indisvalid AND i.indisready AND i.indislive,@index_nulls@,i.indexprs IS NOT NULL,"
            "CASE WHEN i.indexprs IS NOT NULL THEN @space c.relnamespace@pg_get_expr(i.indexprs,i.indrelid)@end@ "
            "END,i.indpred IS NOT NULL,"
            "CASE WHEN i.indpred IS NOT NULL THEN @space c.relnamespace@pg_get_expr(i.indpred,i.indrelid)@end@ "
            "END,c.reloptions,"
            /* btree and hash have no class with parameters. */
            "CASE WHEN c.relam NOT IN(403,405)THEN ARRAY(SELECT COALESCE((SELECT string_agg("
            "split_part(o,'=',1)||'='||quote_literal(substr(o,strpos(o,'=')+1)),', ')FROM unnest(a.attoptions)o),'')"
            "FROM pg_attribute a WHERE a.attrelid=i.indexrelid ORDER BY a.attnum)END "
            "FROM pg_index i JOIN pg_class c ON c.oid=i.indexrelid WHERE i.indexrelid>=16384 AND c.relnamespace<>99 "
            "AND c.relpersistence<>'t'AND NOT c.relispartition AND NOT i.indisprimary "
            "AND c.relnamespace@in_namespaces@",
     .taker = catalog_take_index,
     .fields = 18},
    {.sql = "SELECT t.oid,t.typnamespace,t.typname,"
            "@space t.typnamespace@format_type(t.typbasetype,t.typtypmod)@end@,t.typnotnull,"
            "@space t.typnamespace@pg_get_expr(t.typdefaultbin,0)@end@,CASE WHEN t.typcollation<>b.typcollation THEN "
            "t.typcollation END,"
            "k.conname,@space t.typnamespace@pg_get_expr(k.conbin,0)@end@,k.convalidated FROM pg_type t JOIN pg_type b "
            "ON b.oid=t.typbasetype "
            "LEFT JOIN pg_constraint k ON k.contypid=t.oid AND k.contype='c'WHERE t.oid@domains@ "
            "ORDER BY t.oid,k.conname",
     .taker = catalog_take_domain,
     .fields = 10,
     .finisher = catalog_finish_draft,
     .is_needed = has_domains},
    {.sql = "SELECT c.oid,c.relnamespace,c.relname,a.attname,"
            "@space c.relnamespace@format_type(a.atttypid,a.atttypmod)@end@,"
            "CASE WHEN a.attcollation<>t.typcollation THEN a.attcollation END FROM pg_class c LEFT JOIN(pg_attribute a "
            "JOIN pg_type t ON t.oid=a.atttypid)ON a.attrelid=c.oid AND a.attnum>0 AND NOT a.attisdropped "
            "WHERE c.oid@composites@ ORDER BY c.oid,a.attnum",
     .taker = catalog_take_composite,
     .fields = 6,
     .finisher = catalog_finish_draft,
     .is_needed = has_composites},
};

static const struct catalog_query final_queries[] = {
    /* Only a generated column's expression names columns; any other is deparsed without opening the table, which is
     * faster and waits for nobody's lock. */
    {.sql = "SELECT d.adrelid,d.adnum,@table d.adrelid@"
            "pg_get_expr(d.adbin,CASE WHEN(d.adrelid::int8<<16|d.adnum)@generated@ THEN d.adrelid ELSE 0 END)@end@ "
            "FROM pg_attrdef d WHERE d.adrelid@in_scope@",
     .taker = catalog_take_default,
     .fields = 3},
    /* A sequence behind an identity column (deptype i) is that column's affair. */
    {.sql = "SELECT "
            "c.oid,c.relnamespace,c.relname,format_type(s.seqtypid,NULL),s.seqstart,s.seqincrement,s.seqmax,s.seqmin,"
            "s.seqcache,s.seqcycle,d.refobjid,d.refobjsubid,d.deptype='i',c.relpersistence "
            "FROM pg_class c JOIN pg_sequence s ON s.seqrelid=c.oid "
            "LEFT JOIN pg_depend d ON d.classid=1259 AND d.objid=c.oid AND d.objsubid=0 AND d.refclassid=1259 "
            "AND d.deptype IN('a','i')AND d.refobjsubid>0 WHERE c.relkind='S'AND c.relpersistence<>'t'"
            "AND(d.deptype IS DISTINCT FROM 'i'OR @unusual@)AND c.relnamespace@in_namespaces@",
     .taker = catalog_take_sequence,
     .fields = 14,
     .is_needed = has_free_sequences},
    {.sql = "SELECT x.n,@space x.s@format_type(x.t,x.m)@end@,(SELECT typcollation FROM pg_type WHERE oid=x.t)"
            "FROM unnest('{@types@}'::oid[],'{@modifiers@}'::int4[],'{@spaces@}'::oid[])"
            "WITH ORDINALITY AS x(t,m,s,n)",
     .taker = catalog_take_type_text,
     .fields = 3,
     .finisher = catalog_finish_types},
    {.sql = "SELECT objoid,objsubid,description FROM pg_description WHERE objoid>=16384 AND classoid=1259",
     .taker = catalog_take_comment,
     .fields = 3},
    {.sql =
         "SELECT p.oid,p.pronamespace,p.proname,p.prokind,@space p.pronamespace@oidvectortypes(p.proargtypes)@end@,"
         "@space p.pronamespace@pg_get_function_arguments(p.oid)@end@,"
         "@space p.pronamespace@pg_get_function_result(p.oid)@end@,l.lanname,p.provolatile,p.proisstrict,"
         "p.proparallel,p.proleakproof,p.prosecdef,p.proconfig,p.prosrc,p.probin,@space p.pronamespace@@sql_body@@end@,"
         "CASE WHEN p.prokind='a'THEN "
         "@space p.pronamespace@(SELECT @aggregate@ FROM pg_aggregate g WHERE g.aggfnoid=p.oid)@end@ END "
         "FROM pg_proc p JOIN pg_language l ON l.oid=p.prolang WHERE p.oid>=16384 "
         "AND p.pronamespace@in_namespaces@ AND NOT EXISTS(SELECT FROM pg_depend d WHERE d.classid=1255 "
         "AND d.objid=p.oid AND d.deptype IN('e','i'))",
     .taker = catalog_take_routine,
     .fields = 18,
     .is_needed = has_routines},
    {.sql =
         "SELECT t.oid,t.tgrelid,t.tgname,t.tgtype,t.tgenabled,t.tgattr,t.tgoldtable,t.tgnewtable,"
         "CASE WHEN t.tgconstraint<>0 THEN CASE WHEN t.tgconstrrelid<>0 THEN "
         "@table t.tgrelid@'FROM '||t.tgconstrrelid::regclass||' '@end@ ELSE''END||CASE WHEN NOT t.tgdeferrable THEN "
         "'NOT DEFERRABLE'"
         "WHEN t.tginitdeferred THEN 'DEFERRABLE INITIALLY DEFERRED'ELSE 'DEFERRABLE INITIALLY IMMEDIATE'END END,"
         "@table t.tgrelid@pg_get_triggerdef(t.oid)@end@ FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgparentid=0 "
         "AND t.tgrelid@in_scope@",
     .taker = catalog_take_trigger,
     .fields = 10},
    {.sql = "SELECT p.oid,p.polrelid,p.polname,p.polcmd,p.polpermissive,"
            "ARRAY(SELECT CASE r WHEN 0 THEN 'public'ELSE pg_get_userbyid(r)END FROM unnest(p.polroles)r),"
            "p.polqual IS NOT NULL,@table p.polrelid@pg_get_expr(p.polqual,p.polrelid)@end@,"
            "p.polwithcheck IS NOT NULL,@table p.polrelid@pg_get_expr(p.polwithcheck,p.polrelid)@end@ FROM pg_policy p "
            "WHERE p.polrelid@in_scope@",
     .taker = catalog_take_policy,
     .fields = 10,
     .is_needed = has_policies},
    /* Last, because deparsing a view keeps its tables locked to the transaction's end. */
    {.sql = "SELECT c.oid,@space c.relnamespace@pg_get_viewdef(c.oid)@end@ FROM pg_class c WHERE c.relkind "
            "IN('v','m')AND c.oid>=16384 "
            "AND c.relpersistence<>'t'AND c.relnamespace@in_namespaces@",
     .taker = catalog_take_view,
     .fields = 2},
};

const struct catalog_message catalog_messages[CATALOG_MESSAGES] = {
    {.queries = namespace_queries, .count = ARRAY_LENGTH(namespace_queries), .begins = true},
    {.queries = lookup_queries, .count = ARRAY_LENGTH(lookup_queries)},
    {.queries = table_queries, .count = ARRAY_LENGTH(table_queries)},
    {.queries = final_queries, .count = ARRAY_LENGTH(final_queries), .ends = true},
};

/* What `serial` and identity columns do not make by themselves. */
static const char unusual[] =
    "(s.seqstart<>1 OR s.seqincrement<>1 OR s.seqmin<>1 OR s.seqcache<>1 OR s.seqcycle OR s.seqmax<>CASE s.seqtypid "
    "WHEN 21 THEN 32767 WHEN 23 THEN 2147483647 ELSE 9223372036854775807 END)";

/* Parts of queries that are the same everywhere, or differ between server versions. */
static const struct {
    const char *name;
    int since;
    const char *text;
    const char *before;
} fragments[] = {
    {"enforced", 180000, "k.conenforced", "true"},
    {"nulls_not_distinct", 150000, "x.indnullsnotdistinct", "false"},
    {"index_nulls", 150000, "i.indnullsnotdistinct", "false"},
    {"delete_columns", 150000, "k.confdelsetcols", "NULL"},
    {"period", 180000, "k.conperiod", "false"},
    {"sql_body", 140000, "pg_get_function_sqlbody(p.oid)", "NULL"},
    {"aggregate", 0, postgres_aggregate_definition, NULL},
    {"unusual", 0, unusual, NULL},
};

/* Whether a number is among many: an array is hashed since 14, before that only a subquery is. */
static void open_set(const struct catalog_reader *reader, struct strbuf *sql)
{
    strbuf_add_string(sql, reader->session->version >= 140000 ? "=ANY('{" : " IN(SELECT unnest('{");
}

static void close_set(const struct catalog_reader *reader, const char *type, struct strbuf *sql)
{
    strbuf_printf(sql, "}'::%s[])%s", type, reader->session->version >= 140000 ? "" : ")");
}

static void add_numbers(const struct number_map *map, struct strbuf *sql)
{
    const char *separator = "";
    for (size_t i = 0; i < map->capacity; i++) {
        if (!map->keys[i])
            continue;
        strbuf_printf(sql, "%s%" PRIu64, separator, map->keys[i]);
        separator = ",";
    }
}

static void add_keys(const struct catalog_reader *reader, const struct number_map *map, const char *type,
                     struct strbuf *sql)
{
    open_set(reader, sql);
    add_numbers(map, sql);
    close_set(reader, type, sql);
}

/* Without a scope, what is not the user's is left out here, not by the server: there is hardly any. */
static void add_scope(const struct catalog_reader *reader, const char *name, struct strbuf *sql)
{
    bool all = reader->scope->schema_count == 0 && !catalog_reads_own(reader);
    if (strcmp(name, "relevant") == 0 && !all) {
        /* A foreign key's target is named even where it is out of scope. */
        strbuf_add_string(sql, "(c.oid IN(SELECT f.confrelid FROM pg_constraint f WHERE f.contype='f'"
                               "AND f.connamespace");
        add_keys(reader, &reader->scoped, "oid", sql);
        strbuf_add_string(sql, ")OR c.relnamespace");
        add_keys(reader, &reader->scoped, "oid", sql);
        strbuf_add_char(sql, ')');
    } else if (all) {
        strbuf_add_string(sql, strcmp(name, "relevant") == 0 ? "true" : " IS NOT NULL");
    } else {
        add_keys(reader, strcmp(name, "in_scope") == 0 ? &reader->relations : &reader->scoped, "oid", sql);
    }
}

static void add_type(const struct catalog_type *type, const char *part, struct strbuf *sql)
{
    if (strcmp(part, "modifiers") == 0)
        strbuf_printf(sql, "%d", type->modifier);
    else
        strbuf_printf(sql, "%u", strcmp(part, "spaces") == 0 ? type->space : type->oid);
}

static bool add_types(const struct catalog_reader *reader, const char *part, struct strbuf *sql)
{
    const struct catalog_type *types = reader->type_list.items;
    if (strcmp(part, "types") != 0 && strcmp(part, "modifiers") != 0 && strcmp(part, "spaces") != 0)
        return false;
    for (size_t i = 0; i < reader->type_list.count; i++) {
        strbuf_add_string(sql, i > 0 ? "," : "");
        add_type(&types[i], part, sql);
    }
    return true;
}

/* Between "space NAMESPACE" or "table TABLE" and "end" stands an expression whose text depends on the search path.
 * Where several namespaces are read as if each were the only one, every row brings its own: CASE is what the server
 * promises to evaluate in order. */
static bool add_path(const struct catalog_reader *reader, const char *name, struct strbuf *sql)
{
    bool has_space = strncmp(name, "space ", strlen("space ")) == 0;
    bool has_table = strncmp(name, "table ", strlen("table ")) == 0;
    bool ends = strcmp(name, "end") == 0;
    const char *of = name + strlen("space ");
    if (!has_space && !has_table && !ends)
        return false;
    if (reader->scope->own_schema_count == 0)
        return true;
    if (ends)
        strbuf_add_string(sql, " END");
    else
        strbuf_printf(sql,
                      has_space ? "CASE WHEN set_config('search_path',%s::regnamespace::text,true)IS NOT NULL THEN "
                                : "CASE WHEN set_config('search_path',(SELECT o.relnamespace::regnamespace::text "
                                  "FROM pg_class o WHERE o.oid=%s),true)IS NOT NULL THEN ",
                      of);
    return true;
}

static void add_fragment(const struct catalog_reader *reader, const char *name, struct strbuf *sql)
{
    const struct {
        const char *name;
        const struct number_map *map;
        const char *type;
    } sets[] = {{"known", &reader->relations, "oid"},
                {"domains", &reader->domains, "oid"},
                {"composites", &reader->composites, "oid"},
                {"generated", &reader->generated, "int8"}};
    for (size_t i = 0; i < ARRAY_LENGTH(fragments); i++)
        if (strcmp(fragments[i].name, name) == 0) {
            bool known = reader->session->version >= fragments[i].since;
            strbuf_add_string(sql, known ? fragments[i].text : fragments[i].before);
            return;
        }
    for (size_t i = 0; i < ARRAY_LENGTH(sets); i++)
        if (strcmp(sets[i].name, name) == 0) {
            add_keys(reader, sets[i].map, sets[i].type, sql);
            return;
        }
    if (!add_types(reader, name, sql) && !add_path(reader, name, sql))
        add_scope(reader, name, sql);
}

void catalog_query_text(const struct catalog_reader *reader, const struct catalog_query *query, struct strbuf *sql)
{
    for (const char *template = query->sql;;) {
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
