--liquibase formatted sql

--changeset team:3
CREATE TABLE t3 (id integer PRIMARY KEY);
--rollback DROP TABLE t3;
