--! Previous: sha1:8671ccbfdfc7fcea9462e2e9aead8f4d7d520cce
--! Hash: sha1:d1a63cadabd2deb69835faa5c04fb8cf52ae4a97
--! Message: make_t2

CREATE TABLE t2 (id integer PRIMARY KEY);
INSERT INTO no_such_table VALUES (1);
