--! Previous: sha1:f41b4a766ed65aec5f3d25f8484dce22c3a98d9f
--! Hash: sha1:4bc5124256642e8eda17cc825fede5cd3492ebf9

create table c(i int);
