--liquibase formatted sql

--changeset team:2
CREATE TABLE t2 (id bigint PRIMARY KEY);
--rollback DROP TABLE t2;
