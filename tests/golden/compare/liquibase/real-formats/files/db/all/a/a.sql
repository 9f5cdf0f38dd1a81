-- liquibase formatted sql
-- changeset bob:a1 runAlways:true
select 1;
