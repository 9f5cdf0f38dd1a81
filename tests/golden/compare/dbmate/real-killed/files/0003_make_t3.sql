-- migrate:up
CREATE TABLE t3 (id integer PRIMARY KEY);
INSERT INTO hold VALUES (1);

-- migrate:down
DROP TABLE t3;
