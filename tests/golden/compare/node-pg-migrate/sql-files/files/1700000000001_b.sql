-- Up Migration
CREATE TABLE t(i int);
-- Down Migration
DROP TABLE t;
