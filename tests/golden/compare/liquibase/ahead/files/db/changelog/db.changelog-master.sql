--liquibase formatted sql

--changeset ann:1
--comment: first
select 1
--rollback select 2

-- changeset "ann b":"two words" labels:x
create table b (
  i int -- a comment of SQL
);
/* liquibase rollback
drop table b;
*/
--changeset ann:3 runOnChange:true
create or replace view v as select 1;
