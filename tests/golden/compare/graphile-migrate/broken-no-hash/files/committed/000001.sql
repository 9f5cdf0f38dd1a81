--! Previous: -

select 1;
