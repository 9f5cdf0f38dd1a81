--! Previous: sha1:e5fbe7d485e52035165f7431d5dc12d010d75efd
--! Hash: sha1:adebc0d991a8c791d3f031ee9f5f0d1edf76efd7
--! Message: make_t3

CREATE TABLE t3 (id integer PRIMARY KEY);
