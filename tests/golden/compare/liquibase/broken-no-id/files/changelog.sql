--liquibase formatted sql
--changeset nobody
select 1;
