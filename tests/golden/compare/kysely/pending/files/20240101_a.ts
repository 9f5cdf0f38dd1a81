import { type Kysely } from "kysely";
export async function up(db: Kysely<any>) {}
