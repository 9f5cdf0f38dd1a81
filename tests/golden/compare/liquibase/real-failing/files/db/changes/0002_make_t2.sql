--liquibase formatted sql

--changeset team:2
CREATE TABLE t2 (id integer PRIMARY KEY);
INSERT INTO no_such_table VALUES (1);
--rollback DROP TABLE t2;
