--! Previous: sha1:e5fbe7d485e52035165f7431d5dc12d010d75efd
--! Hash: sha1:5fe8c3255145582cbf929be61da43840ace7990b
--! Message: make_t3

CREATE TABLE t3 (id integer PRIMARY KEY);
INSERT INTO hold VALUES (1);
