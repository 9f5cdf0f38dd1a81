type
pg_catalog.varchar(20)[][]