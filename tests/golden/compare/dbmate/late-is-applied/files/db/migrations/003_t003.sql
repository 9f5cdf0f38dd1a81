-- migrate:up
CREATE TABLE t003 (id int);

-- migrate:down
DROP TABLE t003;
