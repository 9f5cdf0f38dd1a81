--
-- PostgreSQL database dump
--

\restrict aqlHHu15dPf7XTlQUAvCUsOkzJKWI5mPnQvRgfdEAMs5rCeoMZAiCr8yOkhL4Na

-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: orders; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.orders (
    id integer NOT NULL,
    state text
);


ALTER TABLE public.orders OWNER TO postgres;

--
-- Name: 28951; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('28951');


ALTER LARGE OBJECT 28951 OWNER TO postgres;

--
-- Data for Name: orders; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.orders (id, state) FROM stdin;
1	new
\.


--
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('28951', 131072);
SELECT pg_catalog.lowrite(0, '\x0102');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);


--
-- PostgreSQL database dump complete
--

\unrestrict aqlHHu15dPf7XTlQUAvCUsOkzJKWI5mPnQvRgfdEAMs5rCeoMZAiCr8yOkhL4Na

