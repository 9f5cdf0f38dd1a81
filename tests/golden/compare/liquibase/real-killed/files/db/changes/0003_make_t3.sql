--liquibase formatted sql

--changeset team:3
CREATE TABLE t3 (id integer PRIMARY KEY);
INSERT INTO hold VALUES (1);
--rollback DROP TABLE t3;
