create table raw_b (i int);
