--
-- PostgreSQL database dump
--

\restrict abcDEF123

SET statement_timeout = 0;
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;
COMMENT ON EXTENSION citext IS 'data type for case-insensitive strings';
CREATE FUNCTION public.f(a text) RETURNS text
    LANGUAGE plpgsql
    AS $_$
BEGIN
  -- a comment with ; in it
  RETURN 'x;y' || $1;
END;
$_$;
ALTER FUNCTION public.f(a text) OWNER TO app;
CREATE FUNCTION public.g() RETURNS integer
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT CASE WHEN true THEN 1 ELSE 2 END;
 SELECT 3;
END;
CREATE TABLE public.t (id integer, "odd;name" text DEFAULT 'a''b;', e text DEFAULT E'\';');
COPY public.t (id) FROM stdin;
1	;x
2	\N
\.
INSERT INTO t VALUES (1);
CREATE RULE r AS ON INSERT TO public.t DO ALSO (SELECT 1; SELECT 2);
/* nested /* comment; */ still; */ ALTER TABLE ONLY public.t ADD CONSTRAINT p PRIMARY KEY (id);
GRANT SELECT ON public.t TO app;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM PUBLIC;
CREATE USER MAPPING FOR PUBLIC SERVER s;
\unrestrict abcDEF123
