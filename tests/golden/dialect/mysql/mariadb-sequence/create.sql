CREATE SEQUENCE `sq` start with 5 minvalue -1 maxvalue 100 increment by -2 cache 1000 cycle ENGINE=InnoDB
