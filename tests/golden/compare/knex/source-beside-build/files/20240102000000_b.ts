import type { Knex } from "knex";
export async function up(knex: Knex) {}
export async function down(knex: Knex) {}
