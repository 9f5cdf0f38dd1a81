--liquibase formatted sql

--changeset team:1
CREATE TABLE t1 (id integer PRIMARY KEY);
--rollback DROP TABLE t1;
