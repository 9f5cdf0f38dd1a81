--! Previous: sha1:a76271013b710d32d3b2ca5792d1a48904a0dfec
--! Hash: sha1:f41b4a766ed65aec5f3d25f8484dce22c3a98d9f
--! Message: users

create table b(i bigint);
