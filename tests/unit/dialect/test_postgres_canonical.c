/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "tests/support/golden.h"
#include "tests/support/oom.h"

enum { TEXT_LIMIT = 64 << 20, SPELLINGS = 8 };

static void canonical(enum text_form form, const char *text, const char *type, struct strbuf *out)
{
    dialect_postgres.canonical(form, text, type, out);
    if (!strbuf_ok(out))
        fail_msg("no canonical form of %.60s", text);
    cleanup(strbuf) struct strbuf again = STRBUF(TEXT_LIMIT);
    dialect_postgres.canonical(form, strbuf_text(out), type, &again);
    assert_string_equal(strbuf_text(&again), strbuf_text(out));
}

struct spellings {
    enum text_form form;
    const char *type;
    const char *texts[SPELLINGS]; /* NULL-terminated */
};

static void assert_one_form(const struct spellings *group)
{
    cleanup(strbuf) struct strbuf first = STRBUF(TEXT_LIMIT);
    canonical(group->form, group->texts[0], group->type, &first);
    for (size_t i = 1; i < SPELLINGS && group->texts[i]; i++) {
        cleanup(strbuf) struct strbuf other = STRBUF(TEXT_LIMIT);
        canonical(group->form, group->texts[i], group->type, &other);
        if (strcmp(strbuf_text(&first), strbuf_text(&other)) != 0)
            fail_msg("%s\n  is %s\n%s\n  is %s", group->texts[0], strbuf_text(&first), group->texts[i],
                     strbuf_text(&other));
    }
}

static void assert_different_forms(const struct spellings *group)
{
    for (size_t i = 0; i < SPELLINGS && group->texts[i]; i++)
        for (size_t j = 0; j < i; j++) {
            cleanup(strbuf) struct strbuf one = STRBUF(TEXT_LIMIT);
            cleanup(strbuf) struct strbuf other = STRBUF(TEXT_LIMIT);
            canonical(group->form, group->texts[i], group->type, &one);
            canonical(group->form, group->texts[j], group->type, &other);
            if (strcmp(strbuf_text(&one), strbuf_text(&other)) == 0)
                fail_msg("%s\n%s\n  are both %s", group->texts[i], group->texts[j], strbuf_text(&one));
        }
}

static void test_expressions_that_mean_the_same(void **state)
{
    (void)state;
    static const struct spellings groups[] = {
        {TEXT_EXPRESSION, "", {"a > 0", "(a > 0)", "((a > 0))", "  a\n>\t0 ", "((a) > (0))"}},
        {TEXT_EXPRESSION, "", {"((a > 0) AND (b > 0))", "a > 0 and b > 0", "(a > 0) AND (b > 0)"}},
        {TEXT_EXPRESSION, "", {"(((a + b) * c) > 0)", "(a + b) * c > 0"}},
        {TEXT_EXPRESSION, "", {"((@ a) || b)", "@ a || b"}},
        {TEXT_EXPRESSION, "", {"((a + (b * c)) > 0)", "a + b * c > 0"}},
        {TEXT_EXPRESSION, "", {"((a AND b) AND c)", "(a AND b AND c)", "(a AND (b AND c))"}},
        {TEXT_EXPRESSION, "", {"((a OR b) OR c)", "(a OR b OR c)", "(a OR (b OR c))"}},
        {TEXT_EXPRESSION, "", {"(NOT (a = b))", "NOT a = b"}},
        {TEXT_EXPRESSION, "", {"a IS NULL", "a ISNULL", "(a IS NULL)"}},
        {TEXT_EXPRESSION, "", {"a IS NOT NULL", "a NOTNULL"}},
        {TEXT_EXPRESSION, "", {"(a <> b)", "a != b"}},
        {TEXT_EXPRESSION, "", {"(a ~~ 'x%'::text)", "a LIKE 'x%'::text"}},
        {TEXT_EXPRESSION, "", {"(a !~~* 'x%'::text)", "a NOT ILIKE 'x%'::text"}},
        {TEXT_EXPRESSION, "", {"\"name\" = 'x'", "name = 'x'", "NAME = 'x'"}},
        {TEXT_EXPRESSION, "", {"(json <> ''::text)", "(\"json\" <> ''::text)"}},
        {TEXT_EXPRESSION, "", {"(a)::numeric(8,0) > 1", "a::numeric(8) > 1", "a::decimal(8) > 1"}},
        {TEXT_EXPRESSION, "", {"(a)::integer", "a::int4", "a::pg_catalog.int4"}},
        {TEXT_EXPRESSION, "", {"lower(a)", "pg_catalog.lower(a)", "LOWER(a)"}},
        {TEXT_EXPRESSION, "", {"a + b", "(a OPERATOR(pg_catalog.+) b)"}},
        {TEXT_EXPRESSION, "", {"(a)[1] > 0", "a[1] > 0"}},
        {TEXT_EXPRESSION,
         "",
         {"((vc)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
          "((vc)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))",
          "((vc)::text = ANY (ARRAY['a'::text, 'b'::text]))"}},
        {TEXT_EXPRESSION,
         "",
         {"(vc = ANY ((ARRAY['a'::character varying, other])::text[]))",
          "(vc = ANY (ARRAY[('a'::character varying)::text, (other)::text]))"}},
        {TEXT_EXPRESSION, "", {"'{}'::text[] = t", "ARRAY[]::text[] = t"}},
        {TEXT_EXPRESSION, "", {"now()", "CURRENT_TIMESTAMP", "transaction_timestamp()", "pg_catalog.now()"}},
        {TEXT_EXPRESSION,
         "",
         {"timezone('utc'::text, at)", "(at AT TIME ZONE 'utc'::text)", "((at AT TIME ZONE 'utc'::text))",
          "timezone('utc'::text, (at))"}},
        {TEXT_EXPRESSION, "", {"timezone(at)", "(at AT LOCAL)"}},
        {TEXT_EXPRESSION,
         "",
         {"\"substring\"((name)::text, 2, 3)", "SUBSTRING(name FROM 2 FOR 3)", "substring(name, 2, 3)"}},
        {TEXT_EXPRESSION, "", {"\"substring\"(name, 'a.c'::text)", "SUBSTRING(name FROM 'a.c'::text)"}},
        {TEXT_EXPRESSION,
         "",
         {"\"substring\"(name, 'a'::text, '#'::text)", "SUBSTRING(name SIMILAR 'a'::text ESCAPE '#'::text)"}},
        {TEXT_EXPRESSION, "", {"btrim((name)::text)", "TRIM(BOTH FROM name)", "trim(from name)"}},
        {TEXT_EXPRESSION, "", {"btrim((name)::text, 'x'::text)", "TRIM(BOTH 'x'::text FROM name)"}},
        {TEXT_EXPRESSION, "", {"ltrim(name, '0'::text)", "TRIM(LEADING '0'::text FROM name)"}},
        {TEXT_EXPRESSION, "", {"rtrim((name)::text)", "TRIM(TRAILING FROM name)"}},
        {TEXT_EXPRESSION, "", {"\"position\"((name)::text, 'a'::text)", "POSITION(('a'::text) IN (name))"}},
        {TEXT_EXPRESSION,
         "",
         {"\"position\"(name, ('a'::text || b))", "POSITION((('a'::text || b)) IN ((name)::text))"}},
        {TEXT_EXPRESSION,
         "",
         {"\"overlay\"((name)::text, 'x'::text, 2, 3)", "OVERLAY(name PLACING 'x'::text FROM 2 FOR 3)"}},
        {TEXT_EXPRESSION, "", {"\"overlaps\"(a, b, c, d)", "((a, b) OVERLAPS (c, d))", "(ROW(a, b) OVERLAPS (c, d))"}},
        {TEXT_EXPRESSION, "", {"is_normalized((name)::text)", "(name IS NORMALIZED)"}},
        {TEXT_EXPRESSION, "", {"is_normalized(name, 'nfkc'::text)", "(name IS NFKC NORMALIZED)"}},
        {TEXT_EXPRESSION, "", {"\"normalize\"((name)::text, 'nfc'::text)", "NORMALIZE(name, NFC)"}},
        {TEXT_EXPRESSION, "", {"\"xmlexists\"('//a'::text, doc)", "XMLEXISTS(('//a'::text) PASSING (doc))"}},
        {TEXT_EXPRESSION, "", {"pg_collation_for(a)", "COLLATION FOR (a)"}},
        {TEXT_EXPRESSION, "", {"(a = ( SELECT max(b) AS max FROM t))", "(a = ( SELECT max(b) FROM t))"}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(groups); i++)
        assert_one_form(&groups[i]);
}

static void test_expressions_that_differ(void **state)
{
    (void)state;
    static const struct spellings groups[] = {
        {TEXT_EXPRESSION, "", {"a > 0", "a >= 0", "a > 1", "b > 0", "a > '0'::text", "a > 0::numeric"}},
        {TEXT_EXPRESSION, "", {"(a - b) - c", "a - (b - c)"}},
        {TEXT_EXPRESSION, "", {"(a + b) * c", "a + b * c"}},
        {TEXT_EXPRESSION, "", {"(a OR b) AND c", "a OR (b AND c)"}},
        {TEXT_EXPRESSION, "", {"NOT (a AND b)", "(NOT a) AND b"}},
        {TEXT_EXPRESSION, "", {"(@ a) || b", "@ (a || b)"}},
        {TEXT_EXPRESSION, "", {"(ARRAY[a])::text[]", "ARRAY[(a)::text]"}},
        {TEXT_EXPRESSION, "", {"(ARRAY['{}'::text[]])::text[]", "ARRAY[('{}'::text[])::text]"}},
        {TEXT_EXPRESSION, "", {"\"normalize\"(a, nfc)", "NORMALIZE(a, NFC)", "NORMALIZE(a, NFD)", "NORMALIZE(a)"}},
        {TEXT_EXPRESSION, "", {"substring(a, (b)::text)", "substring(a, b)"}},
        {TEXT_EXPRESSION, "", {"- (a ^ 2)", "(- a) ^ 2"}},
        {TEXT_EXPRESSION, "", {"(a || b) COLLATE \"C\"", "a || (b COLLATE \"C\")"}},
        {TEXT_EXPRESSION, "", {"(a + b)::text", "a + b::text"}},
        {TEXT_EXPRESSION, "", {"(a = b) IS NULL", "a = (b IS NULL)"}},
        {TEXT_EXPRESSION, "", {"value::integer > 1", "value::numeric > 1", "value::numeric::integer > 1", "value > 1"}},
        {TEXT_EXPRESSION, "", {"a::text::varchar(3)::text", "a::text", "a::varchar(3)::text", "a::varchar(4)::text"}},
        {TEXT_EXPRESSION, "", {"s = 'Active'", "s = 'active'", "s = 'active '"}},
        {TEXT_EXPRESSION, "", {"\"User\" = 1", "\"user\" = 1", "USER = 1", "username = 1"}},
        {TEXT_EXPRESSION, "", {"\"Name\" = 1", "name = 1"}},
        {TEXT_EXPRESSION,
         "",
         {"now()", "clock_timestamp()", "statement_timestamp()", "LOCALTIMESTAMP", "CURRENT_TIMESTAMP(3)",
          "CURRENT_DATE", "app.now()"}},
        {TEXT_EXPRESSION,
         "",
         {"timezone('utc'::text, at)", "timezone('UTC'::text, at)", "timezone(at, 'utc'::text)",
          "app.timezone('utc'::text, at)", "timezone('utc'::text, at::timestamptz)"}},
        {TEXT_EXPRESSION, "", {"date_part('year'::text, at)", "EXTRACT(year FROM at)"}},
        {TEXT_EXPRESSION,
         "",
         {"substring(a, 2, 3)", "substring(a, 3, 2)", "substring(a, 2)", "substr(a, 2, 3)", "app.substring(a, 2, 3)"}},
        {TEXT_EXPRESSION, "", {"btrim(a)", "ltrim(a)", "rtrim(a)", "btrim(a, ' '::text)"}},
        {TEXT_EXPRESSION, "", {"position(a, b)", "position(b, a)", "strpos(a, b)"}},
        {TEXT_EXPRESSION,
         "",
         {"a = ANY (ARRAY['x'::text])", "a = ALL (ARRAY['x'::text])", "a <> ALL (ARRAY['x'::text])",
          "a = ANY (ARRAY['x'::text, 'y'::text])", "a = ANY (ARRAY['x'::bpchar])"}},
        {TEXT_EXPRESSION, "", {"a = ANY (ARRAY['x'::text, 'y'::text])", "a = ANY (ARRAY['y'::text, 'x'::text])"}},
        {TEXT_EXPRESSION, "", {"(ARRAY['abc'::varchar(2)])::text[]", "(ARRAY['abc'::varchar])::text[]"}},
        {TEXT_EXPRESSION, "", {"'{}'::text[]", "'{}'::jsonb", "'{}'::json", "'{}'::integer[]", "'{a}'::text[]"}},
        {TEXT_EXPRESSION, "", {"a = ANY (( SELECT b FROM t))", "a = ANY ( SELECT b FROM t)"}},
        {TEXT_EXPRESSION, "", {"(pr).a", "pr.a", "a"}},
        {TEXT_EXPRESSION, "", {"f(a, b)", "f((a, b))", "f(ROW(a, b), c)"}},
        {TEXT_EXPRESSION, "", {"f(VARIADIC a)", "f(a)"}},
        {TEXT_EXPRESSION, "", {"f(a => 1, b => 2)", "f(b => 1, a => 2)"}},
        {TEXT_EXPRESSION, "", {"count(a)", "count(DISTINCT a)", "count(*)", "count(a) FILTER (WHERE (b > 0))"}},
        {TEXT_EXPRESSION, "", {"a IS NOT NULL", "a IS NULL", "NOT a", "a IS NOT TRUE", "a IS NOT UNKNOWN"}},
        {TEXT_EXPRESSION, "", {"a IS DISTINCT FROM b", "a IS NOT DISTINCT FROM b", "a <> b"}},
        {TEXT_EXPRESSION,
         "",
         {"CASE WHEN a THEN b ELSE c END", "CASE WHEN a THEN c ELSE b END", "CASE a WHEN b THEN c END"}},
        {TEXT_EXPRESSION, "", {"jb -> 'a'::text", "jb ->> 'a'::text", "jb #> '{a}'::text[]"}},
        {TEXT_EXPRESSION, "", {"'a'::\"char\"", "'a'::character(1)", "'a'::bpchar"}},
        {TEXT_EXPRESSION, "", {"'101'::\"bit\"", "'101'::bit(3)", "B'101'"}},
        {TEXT_EXPRESSION, "", {"a OPERATOR(public.=) b", "a = b"}},
        {TEXT_EXPRESSION, "", {"E'a\\nb'", "'a\\nb'", "'anb'"}},
        {TEXT_EXPRESSION, "", {"'it''s'", "'its'", "'it''''s'"}},
        {TEXT_EXPRESSION, "", {"a NONSENSE (b + c) d", "a NONSENSE b + c d"}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(groups); i++)
        assert_different_forms(&groups[i]);
}

static void test_defaults_that_mean_the_same(void **state)
{
    (void)state;
    static const struct spellings groups[] = {
        {TEXT_DEFAULT, "text", {"'x'::text", "'x'::character varying", "'x'"}},
        {TEXT_DEFAULT, "character varying(20)", {"'x'::character varying", "'x'::text", "'x'", "('x'::text)"}},
        {TEXT_DEFAULT, "character(3)", {"'ab'::bpchar", "'ab'::text", "'ab'"}},
        {TEXT_DEFAULT, "integer", {"5", "'5'", "'5'::integer", "(5)::bigint", "(+ 5)", "5.0", "05"}},
        {TEXT_DEFAULT, "integer", {"'-1'::integer", "-1", "(- 1)", "('-1'::integer)::bigint"}},
        {TEXT_DEFAULT, "bigint", {"'-9223372036854775808'::bigint", "'-9223372036854775808'::numeric"}},
        {TEXT_DEFAULT, "numeric", {"0", "'0'::numeric", "0.0", "0.00", "'-0'::integer"}},
        {TEXT_DEFAULT, "numeric(10,2)", {"0", "0.00", "0.001", "(0)::numeric"}},
        {TEXT_DEFAULT, "numeric(10,2)", {"1.5", "1.50", "1.499", "'1.5'::numeric", "(1.5)::numeric", "15e-1"}},
        {TEXT_DEFAULT, "numeric(10,2)", {"10", "9.999", "'1e1'::numeric"}},
        {TEXT_DEFAULT, "double precision", {"0.5", "'0.5'::double precision", ".5", "(0.5)::double precision"}},
        {TEXT_DEFAULT, "real", {"'1e+10'::real", "10000000000"}},
        {TEXT_DEFAULT, "boolean", {"true", "TRUE", "'t'::boolean", "'yes'", "'on'::boolean", "'1'"}},
        {TEXT_DEFAULT, "boolean", {"false", "'f'::boolean", "'no'"}},
        {TEXT_DEFAULT, "integer", {"", "NULL", "NULL::integer", "(NULL)"}},
        {TEXT_DEFAULT, "character varying(20)", {"", "NULL::character varying", "NULL::character varying(20)"}},
        {TEXT_DEFAULT, "text[]", {"'{}'::text[]", "ARRAY[]::text[]", "'{}'", "ARRAY[]::character varying[]"}},
        {TEXT_DEFAULT,
         "character varying(10)[]",
         {"'{}'::character varying[]", "(ARRAY[]::text[])::character varying[]"}},
        {TEXT_DEFAULT, "text[]", {"ARRAY['a'::text, 'b'::text]", "ARRAY['a', 'b']::text[]", "ARRAY['a', 'b']"}},
        {TEXT_DEFAULT, "shop.mood", {"'ok'::shop.mood", "'ok'"}},
        {TEXT_DEFAULT, "date", {"'2020-01-01'::date", "'2020-01-01'"}},
        {TEXT_DEFAULT, "timestamp(6) with time zone", {"now()", "CURRENT_TIMESTAMP", "transaction_timestamp()"}},
        {TEXT_DEFAULT,
         "timestamp(6) without time zone",
         {"'2020-01-01 00:00:00'::timestamp without time zone", "'2020-01-01 00:00:00'"}},
        {TEXT_DEFAULT,
         "jsonb",
         {"'{\"a\": 1, \"bb\": [1, 2]}'::jsonb", "'{\"bb\":[1,2],\"a\":1}'::jsonb",
          "' { \"a\" :0, \"bb\" : [ 1 ,2 ] , \"a\":1}'"}},
        {TEXT_DEFAULT, "jsonb", {"'{}'::jsonb", "'{ }'", "'{}'"}},
        {TEXT_DEFAULT,
         "jsonb",
         {"'[1.0, 100, -5, \"a\\\"b\", null, true]'::jsonb", "'[1.0,1e2,-5,\"\\u0061\\\"b\",null,true]'::jsonb"}},
        {TEXT_DEFAULT, "bigint", {"nextval('public.t_id_seq'::regclass)", "nextval(('public.t_id_seq'::regclass))"}},
        {TEXT_DEFAULT,
         "timestamp without time zone",
         {"timezone('utc'::text, now())", "(CURRENT_TIMESTAMP AT TIME ZONE 'utc'::text)"}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(groups); i++)
        assert_one_form(&groups[i]);
}

static void test_defaults_that_differ(void **state)
{
    (void)state;
    static const struct spellings groups[] = {
        {TEXT_DEFAULT, "integer", {"5", "-5", "50", "NULL", "0", "nextval('s'::regclass)"}},
        {TEXT_DEFAULT, "numeric(10,2)", {"1.5", "1.51", "-1.5", "15"}},
        {TEXT_DEFAULT, "numeric", {"0.1", "0.10000001", "1", "'NaN'::numeric"}},
        {TEXT_DEFAULT, "double precision", {"0.1", "0.1234567890123456789::double precision", "0.1234567890123456789"}},
        {TEXT_DEFAULT, "integer", {"2.5", "(2.5)::double precision", "(2.5)::real"}},
        {TEXT_DEFAULT, "double precision", {"0.1", "(0.1)::real"}},
        {TEXT_DEFAULT, "bigint", {"9007199254740993", "9007199254740993::double precision"}},
        {TEXT_DEFAULT, "text", {"'x'::text", "'X'::text", "' x'::text", "'x '::text", "'x '::bpchar", "''::text", "x"}},
        {TEXT_DEFAULT, "text", {"'5'::text", "5", "'05'::text"}},
        {TEXT_DEFAULT, "text", {"'abc'::character varying(2)", "'abc'::text", "'abc'::character(2)"}},
        {TEXT_DEFAULT, "boolean", {"true", "false", "NULL::boolean"}},
        {TEXT_DEFAULT,
         "jsonb",
         {"'{}'::jsonb", "'[]'::jsonb", "'null'::jsonb", "'{\"a\": 1}'::jsonb", "'\"{}\"'::jsonb"}},
        {TEXT_DEFAULT, "jsonb", {"'[1.0]'::jsonb", "'[1]'::jsonb", "'[1.00]'::jsonb", "'[\"1\"]'::jsonb"}},
        {TEXT_DEFAULT, "json", {"'{\"a\":1}'::json", "'{\"a\": 1}'::json", "'{\"a\":1,\"a\":1}'::json"}},
        {TEXT_DEFAULT, "text[]", {"'{}'::text[]", "'{a}'::text[]", "ARRAY['a'::text]", "ARRAY[NULL::text]"}},
        {TEXT_DEFAULT,
         "bigint",
         {"nextval('public.a'::regclass)", "nextval('a'::regclass)", "nextval('public.b'::regclass)"}},
        {TEXT_DEFAULT,
         "timestamp with time zone",
         {"now()", "clock_timestamp()", "CURRENT_TIMESTAMP(3)", "LOCALTIMESTAMP"}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(groups); i++)
        assert_different_forms(&groups[i]);
}

static void test_types(void **state)
{
    (void)state;
    static const struct spellings same[] = {
        {TEXT_TYPE, "", {"integer", "int", "int4", "INTEGER", "pg_catalog.int4", " integer "}},
        {TEXT_TYPE, "", {"smallint", "int2"}},
        {TEXT_TYPE, "", {"bigint", "int8"}},
        {TEXT_TYPE, "", {"real", "float4", "float(24)", "float(1)"}},
        {TEXT_TYPE, "", {"double precision", "float8", "float", "float(25)", "float(53)"}},
        {TEXT_TYPE, "", {"boolean", "bool"}},
        {TEXT_TYPE, "", {"character varying(20)", "varchar(20)", "VARCHAR (20)", "char varying(20)"}},
        {TEXT_TYPE, "", {"character varying", "varchar"}},
        {TEXT_TYPE, "", {"character(1)", "char", "character", "char(1)", "bpchar(1)"}},
        {TEXT_TYPE, "", {"numeric(8,0)", "numeric(8)", "decimal(8)", "dec(8, 0)"}},
        {TEXT_TYPE, "", {"timestamp with time zone", "timestamptz", "TIMESTAMP WITH TIME ZONE"}},
        {TEXT_TYPE, "", {"timestamp(3) with time zone", "timestamptz(3)"}},
        {TEXT_TYPE, "", {"timestamp without time zone", "timestamp"}},
        {TEXT_TYPE, "", {"time without time zone", "time"}},
        {TEXT_TYPE, "", {"time(3) with time zone", "timetz(3)"}},
        {TEXT_TYPE, "", {"bit varying(5)", "varbit(5)"}},
        {TEXT_TYPE, "", {"bit(1)", "bit"}},
        {TEXT_TYPE, "", {"\"char\"", "pg_catalog.char", "pg_catalog.\"char\""}},
        {TEXT_TYPE, "", {"\"bit\"", "pg_catalog.bit"}},
        {TEXT_TYPE, "", {"integer[]", "int4[]", "integer[3]", "integer[][]"}},
        {TEXT_TYPE, "", {"interval day to second(3)", "INTERVAL DAY TO SECOND(3)"}},
        {TEXT_TYPE, "", {"public.mood", "\"public\".\"mood\"", "public . mood"}},
        {TEXT_TYPE, "", {"SETOF integer", "setof int4"}},
    };
    static const struct spellings different[] = {
        {TEXT_TYPE, "", {"integer", "bigint", "smallint", "integer[]", "\"integer\"", "public.integer"}},
        {TEXT_TYPE, "", {"numeric", "numeric(8,0)", "numeric(8,2)", "numeric(10,2)"}},
        {TEXT_TYPE,
         "",
         {"timestamp without time zone", "timestamp(6) without time zone", "timestamp with time zone",
          "time without time zone", "date"}},
        {TEXT_TYPE, "", {"character varying", "character varying(20)", "text", "character(20)", "bpchar"}},
        {TEXT_TYPE, "", {"\"char\"", "character(1)"}},
        {TEXT_TYPE, "", {"\"bit\"", "bit(1)", "bit varying"}},
        {TEXT_TYPE, "", {"json", "jsonb"}},
        {TEXT_TYPE, "", {"public.mood", "public.\"Mood\"", "mood", "shop.mood"}},
        {TEXT_TYPE, "", {"interval", "interval day", "interval(3)", "interval day to second"}},
        {TEXT_TYPE, "", {"TABLE(a integer)", "TABLE(a bigint)", "TABLE(b integer)", "integer"}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(same); i++)
        assert_one_form(&same[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(different); i++)
        assert_different_forms(&different[i]);
}

static void test_queries_that_mean_the_same(void **state)
{
    (void)state;
    static const struct spellings groups[] = {
        {TEXT_QUERY,
         "",
         {" SELECT item.id,\n    item.name AS title\n   FROM shop.item\n  WHERE (item.price > 0);",
          " SELECT id,\n    name AS title\n   FROM shop.item\n  WHERE (price > 0);",
          "SELECT id, name AS title FROM shop.item WHERE price > 0"}},
        {TEXT_QUERY,
         "",
         {"SELECT i.id FROM shop.item i ORDER BY i.id DESC", "SELECT id FROM shop.item i ORDER BY id DESC"}},
        {TEXT_QUERY, "", {"SELECT x.a FROM ( SELECT t.a FROM t) x", "SELECT a FROM ( SELECT t.a FROM t) x"}},
        {TEXT_QUERY, "", {"SELECT n.n FROM generate_series(1, 10) n(n)", "SELECT n FROM generate_series(1, 10) n(n)"}},
        {TEXT_QUERY,
         "",
         {"SELECT g.o FROM f(1) WITH ORDINALITY g(n, o)", "SELECT o FROM f(1) WITH ORDINALITY g(n, o)"}},
        {TEXT_QUERY,
         "",
         {"SELECT x.a FROM ROWS FROM(f(1), f(2)) x(a, b)", "SELECT a FROM ROWS FROM(f(1), f(2)) x(a, b)"}},
        {TEXT_QUERY,
         "",
         {"WITH x AS ( SELECT t.id FROM t) SELECT x.id FROM x", "WITH x AS ( SELECT t.id FROM t) SELECT id FROM x"}},
        {TEXT_QUERY,
         "",
         {"SELECT item.id FROM item WHERE (EXISTS ( SELECT 1 FROM part WHERE (part.item_id = item.id)))",
          "SELECT id FROM item WHERE (EXISTS ( SELECT 1 FROM part WHERE (part.item_id = item.id)))"}},
        {TEXT_QUERY,
         "",
         {"SELECT count(*) AS count, (p.made)::date AS made FROM part p GROUP BY ((p.made)::date)",
          "SELECT count(*) AS count, (made)::date AS made FROM part p GROUP BY ((made)::date)"}},
        {TEXT_QUERY,
         "",
         {"SELECT sum(p.q) OVER (PARTITION BY p.k ORDER BY p.d ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s "
          "FROM p",
          "SELECT sum(q) OVER (PARTITION BY k ORDER BY d ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s "
          "FROM p"}},
        {TEXT_QUERY,
         "",
         {"SELECT a.id FROM a UNION ALL SELECT b.id, NULL::integer AS int4 FROM b",
          "SELECT a.id FROM a UNION ALL SELECT b.id, NULL::integer FROM b"}},
        {TEXT_QUERY,
         "",
         {"SELECT COALESCE(( SELECT true AS bool FROM b), false) AS x FROM a, c",
          "SELECT COALESCE(( SELECT true FROM b), false) AS x FROM a, c"}},
        {TEXT_QUERY,
         "",
         {"VALUES (1, 2), (3, 4) ORDER BY \"*VALUES*\".column1", "VALUES (1,2), (3,4)\n  ORDER BY column1"}},
        {TEXT_QUERY,
         "",
         {"SELECT XMLSERIALIZE(CONTENT t.x AS text) AS s FROM t",
          "SELECT XMLSERIALIZE(CONTENT x AS text NO INDENT) AS s FROM t"}},
        {TEXT_QUERY, "", {"SELECT \"json\".id FROM shop.\"json\", x", "SELECT json.id FROM shop.json, x"}},
        {TEXT_QUERY,
         "",
         {"SELECT a.id FROM (a JOIN b ON ((a.id = b.id)))", "SELECT a.id\n   FROM (a\n     JOIN b ON (a.id = b.id))"}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(groups); i++)
        assert_one_form(&groups[i]);
}

static void test_queries_that_differ(void **state)
{
    (void)state;
    static const struct spellings groups[] = {
        {TEXT_QUERY, "", {"SELECT a.id FROM a, b", "SELECT b.id FROM a, b", "SELECT id FROM a, b"}},
        {TEXT_QUERY, "", {"SELECT a.id FROM (a JOIN b ON (a.x = b.x))", "SELECT b.id FROM (a JOIN b ON (a.x = b.x))"}},
        {TEXT_QUERY, "", {"SELECT id FROM a", "SELECT id FROM b", "SELECT id FROM s.a", "SELECT id FROM ONLY a"}},
        {TEXT_QUERY, "", {"SELECT id FROM a", "SELECT id AS x FROM a", "SELECT DISTINCT id FROM a"}},
        {TEXT_QUERY,
         "",
         {"SELECT id FROM a WHERE (EXISTS ( SELECT 1 FROM b WHERE (b.x = a.x)))",
          "SELECT id FROM a WHERE (EXISTS ( SELECT 1 FROM b WHERE (b.x = b.x)))",
          "SELECT id FROM a WHERE (EXISTS ( SELECT 1 FROM b WHERE (b.x = x)))"}},
        {TEXT_QUERY,
         "",
         {"SELECT id FROM a UNION SELECT id FROM b", "SELECT id FROM a UNION ALL SELECT id FROM b",
          "SELECT id FROM a EXCEPT SELECT id FROM b"}},
        {TEXT_QUERY,
         "",
         {"SELECT q.x FROM ( SELECT a.b AS x FROM a) q", "SELECT q.y FROM ( SELECT a.b AS y FROM a) q"}},
        {TEXT_QUERY,
         "",
         {"WITH q AS ( SELECT a.b AS x FROM a) SELECT 1 FROM q, r",
          "WITH q AS ( SELECT a.b AS y FROM a) SELECT 1 FROM q, r",
          "WITH q AS MATERIALIZED ( SELECT a.b AS x FROM a) SELECT 1 FROM q, r",
          "WITH q AS MATERIALIZED ( SELECT a.b AS y FROM a) SELECT 1 FROM q, r"}},
        {TEXT_QUERY,
         "",
         {"SELECT id AS x FROM a UNION SELECT id FROM b", "SELECT id AS y FROM a UNION SELECT id FROM b"}},
        {TEXT_QUERY, "", {"SELECT a.b FROM x a", "SELECT (a).b FROM x a"}},
        {TEXT_QUERY, "", {"SELECT shop.f(id) AS f FROM shop", "SELECT f(id) AS f FROM shop"}},
        {TEXT_QUERY, "", {"SELECT x::shop.mood AS x FROM shop", "SELECT x::mood AS x FROM shop"}},
        {TEXT_QUERY,
         "",
         {"SELECT id FROM a ORDER BY id", "SELECT id FROM a ORDER BY id DESC", "SELECT id FROM a",
          "SELECT id FROM a ORDER BY id LIMIT 1", "SELECT id FROM a ORDER BY id OFFSET 1"}},
        {TEXT_QUERY,
         "",
         {"SELECT x FROM a GROUP BY GROUPING SETS ((x, y), (z))", "SELECT x FROM a GROUP BY GROUPING SETS (x, y, z)"}},
        {TEXT_QUERY,
         "",
         {"SELECT x FROM (a LEFT JOIN b ON (a.x = b.x))", "SELECT x FROM (a JOIN b ON (a.x = b.x))",
          "SELECT x FROM (a RIGHT JOIN b ON (a.x = b.x))", "SELECT x FROM (a JOIN b USING (x))"}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(groups); i++)
        assert_different_forms(&groups[i]);
}

static void test_bodies(void **state)
{
    (void)state;
    static const struct spellings same = {
        TEXT_BODY,
        "",
        {"BEGIN\n  RETURN 1; -- x\nEND", "BEGIN \r\n  RETURN 1; -- x\t\r\nEND", "BEGIN\t\n  RETURN 1; -- x\nEND  "}};
    static const struct spellings different = {TEXT_BODY,
                                               "",
                                               {"BEGIN\n  RETURN 1; -- x\nEND", "BEGIN\n RETURN 1; -- x\nEND",
                                                "begin\n  RETURN 1; -- x\nEND", "BEGIN\n  RETURN 1;\nEND",
                                                "BEGIN\n  RETURN 1; -- x\n\nEND"}};
    assert_one_form(&same);
    assert_different_forms(&different);
}

/* The text up to a line of two dashes, which is taken off `rest`. */
static char *next_spelling(char **rest)
{
    static const char line[] = "\n--\n";
    char *text = *rest;
    char *end = text ? strstr(text, line) : NULL;
    if (end)
        *end = '\0';
    *rest = end ? end + strlen(line) : NULL;
    return text;
}

/* Each case's file holds one text as different servers print it, before and after dump and restore. */
static void spellings_of_servers(struct golden_case *golden, void *userdata)
{
    (void)userdata;
    bool query = golden_has(golden, "query.sql");
    cleanup(free) char *file = mem_strdup(golden_read(golden, query ? "query.sql" : "expression.sql", NULL));
    assert_non_null(file);
    size_t count = 0;
    char *rest = file;
    for (char *text = next_spelling(&rest); text; text = next_spelling(&rest)) {
        cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
        canonical(query ? TEXT_QUERY : TEXT_EXPRESSION, text, "", &out);
        golden_expect(golden, "canonical.sql", strbuf_text(&out));
        count++;
    }
    assert_true(count >= 2);
}

static void test_what_servers_print(void **state)
{
    (void)state;
    golden_run("dialect/postgres", spellings_of_servers, NULL);
}

static void test_no_memory_is_told(void **state)
{
    (void)state;
    static const struct spellings groups[] = {
        {TEXT_QUERY,
         "",
         {"SELECT t.a, ( SELECT 1 AS x) AS b FROM t WHERE ((t.c)::text = ANY ((ARRAY['a'::varchar])::text[]))"}},
        {TEXT_DEFAULT, "jsonb", {"'{\"b\": [1, 2], \"a\": {}}'::jsonb"}},
        {TEXT_DEFAULT, "numeric(8)", {"(1.5)::numeric"}},
        {TEXT_EXPRESSION, "", {"(a AT TIME ZONE 'x') > TRIM(BOTH FROM b) OR (a, b) OVERLAPS (c, d)"}},
        {TEXT_TYPE, "", {"numeric(8)"}},
        {TEXT_BODY, "", {"BEGIN \r\nEND"}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(groups); i++) {
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
            dialect_postgres.canonical(groups[i].form, groups[i].texts[0], groups[i].type, &out);
            OOM_CHECK(loop, strbuf_ok(&out));
        }
    }
}

/* Nesting that no tree follows, brackets that do not match, and very long texts: all have a canonical form. */
static void test_hostile_texts(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        const char *middle;
        const char *after;
        size_t times;
    } texts[] = {
        {"(", "a", ")", 20000},
        {"(", "", "", 20000},
        {"", "", ")", 20000},
        {"f(", "a", ")", 10000},
        {"NOT ", "a", "", 20000},
        {"- ", "a", "", 20000},
        {"a || ", "b", "", 20000},
        {"a AND ", "b", "", 20000},
        {"", "a", "::text", 10000},
        {"", "a", "::text::int", 10000},
        {"", "a", "[1]", 10000},
        {"CASE WHEN ", "a", " THEN b END", 4000},
        {"ARRAY[", "'a'::varchar", "]", 10000},
        {"(SELECT ", "a", " AS b)", 6000},
        {"a IS DISTINCT FROM ", "%", "", 6000},
        {"(a, ", "b", ")", 10000},
        {"/* ", "", "", 10000},
        {"'", "", "", 20000},
        {"( - ", "a", " % b)", 6000},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        cleanup(strbuf) struct strbuf text = STRBUF(TEXT_LIMIT);
        for (size_t j = 0; j < texts[i].times; j++)
            strbuf_add_string(&text, texts[i].before);
        strbuf_add_string(&text, texts[i].middle);
        for (size_t j = 0; j < texts[i].times; j++)
            strbuf_add_string(&text, texts[i].after);
        assert_true(strbuf_ok(&text));
        for (int form = TEXT_TYPE; form <= TEXT_BODY; form++) {
            cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
            canonical((enum text_form)form, strbuf_text(&text), "jsonb", &out);
        }
    }
}

/* A list of many constants is what applications have, too. */
static void test_long_lists(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf before = STRBUF(TEXT_LIMIT);
    cleanup(strbuf) struct strbuf after = STRBUF(TEXT_LIMIT);
    strbuf_add_string(&before, "((v)::text = ANY ((ARRAY['x'::character varying");
    strbuf_add_string(&after, "((v)::text = ANY (ARRAY[('x'::character varying)::text");
    for (int i = 0; i < 10000; i++) {
        strbuf_printf(&before, ", 'x%d'::character varying", i);
        strbuf_printf(&after, ", ('x%d'::character varying)::text", i);
    }
    strbuf_add_string(&before, "])::text[]))");
    strbuf_add_string(&after, "]))");
    const struct spellings group = {TEXT_EXPRESSION, "", {strbuf_text(&before), strbuf_text(&after)}};
    assert_one_form(&group);
}

static void test_quoting(void **state)
{
    (void)state;
    const struct {
        void (*quote)(const char *, struct strbuf *);
        const char *text;
        const char *quoted;
    } cases[] = {
        {dialect_postgres.quote_name, "a", "\"a\""},
        {dialect_postgres.quote_name, "a\"b", "\"a\"\"b\""},
        {dialect_postgres.quote_text, "it's", "'it''s'"},
        {dialect_postgres.quote_text, "a\\b'", "E'a\\\\b'''"},
        {dialect_postgres.path_part, "orders_2$", "orders_2$"},
        {dialect_postgres.path_part, "select", "select"},
        {dialect_postgres.path_part, "Orders", "\"Orders\""},
        {dialect_postgres.path_part, "2nd", "\"2nd\""},
        {dialect_postgres.path_part, "", "\"\""},
        {dialect_postgres.path_part, "a.b", "\"a.b\""},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
        cases[i].quote(cases[i].text, &out);
        assert_string_equal(strbuf_text(&out), cases[i].quoted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions_that_mean_the_same),
        cmocka_unit_test(test_expressions_that_differ),
        cmocka_unit_test(test_defaults_that_mean_the_same),
        cmocka_unit_test(test_defaults_that_differ),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_queries_that_mean_the_same),
        cmocka_unit_test(test_queries_that_differ),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_what_servers_print),
        cmocka_unit_test(test_no_memory_is_told),
        cmocka_unit_test(test_hostile_texts),
        cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_quoting),
    };
    return cmocka_run_group_tests_name("postgres_canonical", tests, NULL, NULL);
}
