--liquibase formatted sql

--changeset team:2
CREATE TABLE t2 (id integer PRIMARY KEY);
--rollback DROP TABLE t2;
