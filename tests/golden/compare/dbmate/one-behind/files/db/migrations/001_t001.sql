-- migrate:up
CREATE TABLE t001 (id int);

-- migrate:down
DROP TABLE t001;
