--! Previous: sha1:8671ccbfdfc7fcea9462e2e9aead8f4d7d520cce
--! Hash: sha1:e5fbe7d485e52035165f7431d5dc12d010d75efd
--! Message: make_t2

CREATE TABLE t2 (id integer PRIMARY KEY);
