// SPDX-License-Identifier: Apache-2.0
import { sqliteTable, sqliteView, integer, text, real, blob, numeric, primaryKey, foreignKey, unique, uniqueIndex, index, check } from "drizzle-orm/sqlite-core";
import { sql } from "drizzle-orm";
export const users = sqliteTable("users", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  name: text("name").notNull().default("it's"),
  email: text("email").notNull().unique(),
  active: integer("active", { mode: "boolean" }).default(true).notNull(),
  score: integer("score").default(0).notNull(),
  r: real("r").default(1.5), b: blob("b"), n: numeric("n"),
  created: integer("created", { mode: "timestamp" }).default(sql`(strftime('%s', 'now'))`),
  ct: text("ct").default(sql`CURRENT_TIMESTAMP`),
  meta: text("meta", { mode: "json" }).default({ a: 1 }),
  kind: text("kind", { enum: ["a", "b"], length: 10 }),
  full: text("full").generatedAlwaysAs(sql`name || ' ' || email`, { mode: "virtual" }),
  full2: text("full2").generatedAlwaysAs(sql`name || email`, { mode: "stored" }),
}, (t) => [
  check("score_check", sql`${t.score} >= 0`),
  check("in_check", sql`${t.kind} in ('a', 'b')`),
  index("name_idx").on(t.name),
  uniqueIndex("lower_email").on(sql`lower(${t.email})`),
  index("part").on(t.score).where(sql`${t.active} = 1`),
  unique("u_name").on(t.name, t.kind),
]);
export const posts = sqliteTable("posts", {
  id: integer("id").primaryKey(),
  userId: integer("user_id").references(() => users.id, { onDelete: "cascade", onUpdate: "set null" }),
});
export const pk2 = sqliteTable("pk2", { a: integer("a").notNull(), b: text("b").notNull() }, (t) => [primaryKey({ columns: [t.a, t.b] })]);
export const pkt = sqliteTable("pkt", { a: text("a").primaryKey(), b: text("b") });
export const active_users = sqliteView("active_users").as((qb) => qb.select({ id: users.id, name: users.name }).from(users).where(sql`${users.active} = 1`));
