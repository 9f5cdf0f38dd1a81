--! Previous: sha1:d1a63cadabd2deb69835faa5c04fb8cf52ae4a97
--! Hash: sha1:2bad0663af7662c44512f8fe3b39ec931a869b32
--! Message: make_t3

CREATE TABLE t3 (id integer PRIMARY KEY);
