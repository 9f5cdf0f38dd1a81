CREATE TABLE t2 (id integer PRIMARY KEY);
--> statement-breakpoint
INSERT INTO no_such_table VALUES (1);
