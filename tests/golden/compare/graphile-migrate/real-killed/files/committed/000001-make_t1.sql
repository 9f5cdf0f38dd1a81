--! Previous: -
--! Hash: sha1:8671ccbfdfc7fcea9462e2e9aead8f4d7d520cce
--! Message: make_t1

CREATE TABLE t1 (id integer PRIMARY KEY);
