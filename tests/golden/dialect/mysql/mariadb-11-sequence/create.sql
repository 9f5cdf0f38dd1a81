CREATE SEQUENCE `sq` as int unsigned start with 1 minvalue 1 maxvalue 4294967294 increment by 1 nocache nocycle ENGINE=InnoDB
