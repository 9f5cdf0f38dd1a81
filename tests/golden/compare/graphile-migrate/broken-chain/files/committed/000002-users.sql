--! Previous: sha1:00
--! Hash: sha1:98ede0461e24714177675356edbca3f4a784fe77

create table b(i int);
