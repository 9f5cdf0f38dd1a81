CREATE TABLE t3 (id integer PRIMARY KEY);
--> statement-breakpoint
INSERT INTO hold VALUES (1);
