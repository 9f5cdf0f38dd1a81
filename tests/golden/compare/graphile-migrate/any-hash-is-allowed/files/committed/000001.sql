--! Previous: -
--! Hash: sha1:0000000000000000000000000000000000000000
--! AllowInvalidHash

create table a(i int);
