// SPDX-License-Identifier: Apache-2.0
import { pgTable, pgSchema, pgEnum, pgView, pgMaterializedView, pgSequence, serial, bigserial, integer, bigint, smallint, text, varchar, char, boolean, numeric, real, doublePrecision, timestamp, date, time, interval, json, jsonb, uuid, inet, cidr, macaddr, point, line, primaryKey, foreignKey, unique, uniqueIndex, index, check, pgPolicy, pgRole, vector } from "drizzle-orm/pg-core";
import { sql } from "drizzle-orm";
export const mood = pgEnum("mood", ["sad", "ok", "it's"]);
export const app = pgSchema("app");
export const color = app.enum("color", ["red", "green"]);
export const counter = pgSequence("counter", { startWith: 100, increment: 5, maxValue: 10000, minValue: 1, cache: 10, cycle: true });
export const plainSeq = pgSequence("plain_seq");
export const users = pgTable("users", {
  id: serial("id").primaryKey(),
  big: bigserial("big", { mode: "number" }).notNull(),
  name: varchar("name", { length: 80 }).notNull().default("it's"),
  email: text("email").notNull().unique(),
  code: char("code", { length: 3 }).default("abc"),
  bio: text("bio"),
  active: boolean("active").default(true).notNull(),
  score: integer("score").default(0).notNull(),
  ratio: real("ratio").default(0.5),
  dbl: doublePrecision("dbl").default(-1.5),
  price: numeric("price", { precision: 10, scale: 2 }).default("1.50"),
  any_num: numeric("any_num"),
  mood: mood("mood").default("ok"),
  color: color("color").default("red"),
  tags: text("tags").array().default(["a", "b"]),
  nums: integer("nums").array().default(sql`'{}'::int[]`),
  matrix: integer("matrix").array().array(),
  meta: jsonb("meta").default({ a: 1, b: [1, 2] }),
  raw: json("raw").default({ x: "y" }),
  uid: uuid("uid").defaultRandom().notNull(),
  created: timestamp("created", { withTimezone: true }).defaultNow().notNull(),
  ts3: timestamp("ts3", { precision: 3, mode: "string" }).default("2020-01-01 00:00:00"),
  d: date("d").defaultNow(),
  d2: date("d2").default("2024-02-03"),
  t: time("t").default("10:20:00"),
  iv: interval("iv").default("1 day"),
  ivf: interval("ivf", { fields: "day to second", precision: 2 }),
  ip: inet("ip"), net: cidr("net"), mac: macaddr("mac"),
  pt: point("pt"), ln: line("ln"),
  full: text("full").generatedAlwaysAs(sql`name || ' ' || email`),
  bigd: bigint("bigd", { mode: "number" }).default(42),
}, (t) => [
  check("score_check", sql`${t.score} >= 0`),
  check("range_check", sql`${t.score} between 0 and 100 and ${t.name} <> 'x'`),
  check("in_check", sql`${t.code} in ('abc', 'def')`),
  check("like_check", sql`${t.email} like '%@%'`),
  index("name_idx").on(t.name),
  index("name_desc").on(t.name.desc().nullsFirst(), t.score.asc()),
  uniqueIndex("lower_email").on(sql`lower(${t.email})`),
  index("gin_meta").using("gin", t.meta),
  index("gin_tags").using("gin", t.tags.op("array_ops")),
  index("part").on(t.score).where(sql`${t.active} = true`),
  index("ops").on(t.bio.op("text_pattern_ops")),
  index("conc").on(t.bio),
  index("filled").on(t.bio).with({ fillfactor: "70" }),
  index().on(t.created),
  unique("u_name_code").on(t.name, t.code).nullsNotDistinct(),
  unique().on(t.score, t.mood),
]);
export const posts = app.table("posts", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity({ startWith: 1000, increment: 2, name: "custom_seq" }),
  alt: integer("alt").generatedByDefaultAsIdentity(),
  userId: integer("user_id").references(() => users.id, { onDelete: "cascade", onUpdate: "set null" }),
  title: text("title"),
});
export const memberships_with_a_very_long_table_name_for_foreign_key_test = pgTable("memberships_with_a_very_long_table_name_for_foreign_key_test", {
  a: integer("a").notNull(), b: integer("b").notNull(),
  userId: integer("user_id").notNull().references(() => users.id),
}, (t) => [ primaryKey({ columns: [t.a, t.b] }), 
  foreignKey({ columns: [t.userId], foreignColumns: [users.id], name: "named_fk" }).onDelete("restrict"),
  pgPolicy("pol", { as: "restrictive", for: "select", to: "public", using: sql`user_id = 1` }),
  pgPolicy("pol2", { for: "insert", withCheck: sql`${t.userId} > 1` }),
]);
export const pk2 = pgTable("pk2", { x: integer("x"), y: text("y") }, (t) => [primaryKey({ name: "custom_pk", columns: [t.x, t.y] })]).enableRLS();
export const selfref = pgTable("selfref", { id: integer("id").primaryKey(), parent: integer("parent") }, (t) => [foreignKey({ columns: [t.parent], foreignColumns: [t.id] })]);
export const active_users = pgView("active_users").as((qb) => qb.select({ id: users.id, name: users.name }).from(users).where(sql`${users.active} = true`));
export const sec_view = pgView("sec_view", { id: integer("id") }).with({ securityInvoker: true, checkOption: "local" }).as(sql`select id from ${users}`);
export const mv = pgMaterializedView("mv").as((qb) => qb.select({ n: sql<number>`count(*)`.as("n") }).from(users));
export const ext = pgView("ext_view", { id: integer("id") }).existing();
