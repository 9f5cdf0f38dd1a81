create table changelog (i int);
