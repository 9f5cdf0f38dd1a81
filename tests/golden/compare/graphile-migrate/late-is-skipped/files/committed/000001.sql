--! Previous: -
--! Hash: sha1:a76271013b710d32d3b2ca5792d1a48904a0dfec

create table a(i int);
