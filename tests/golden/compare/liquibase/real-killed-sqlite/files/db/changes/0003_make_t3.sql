--liquibase formatted sql

--changeset team:3
CREATE TABLE t3 (id integer PRIMARY KEY);
INSERT INTO hold WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 4000000000) SELECT n FROM c WHERE n < 0;
--rollback DROP TABLE t3;
