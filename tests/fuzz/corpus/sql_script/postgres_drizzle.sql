CREATE TABLE "a" ("id" int)
--> statement-breakpoint
ALTER TABLE "a" ADD COLUMN "b" text;--> statement-breakpoint
ALTER TABLE a OWNER TO b;