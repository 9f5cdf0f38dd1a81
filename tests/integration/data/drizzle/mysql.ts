// SPDX-License-Identifier: Apache-2.0
import { mysqlTable, mysqlView, mysqlEnum, int, bigint, tinyint, smallint, mediumint, serial, varchar, char, text, mediumtext, longtext, tinytext, boolean, decimal, float, double, real, timestamp, datetime, date, time, year, json, binary, varbinary, primaryKey, foreignKey, unique, uniqueIndex, index, check } from "drizzle-orm/mysql-core";
import { sql } from "drizzle-orm";
export const users = mysqlTable("users", {
  id: int("id").autoincrement().primaryKey(),
  name: varchar("name", { length: 80 }).notNull().default("it's"),
  email: varchar("email", { length: 190 }).notNull().unique(),
  code: char("code", { length: 3 }).default("abc"),
  bio: text("bio"), mt: mediumtext("mt"), lt: longtext("lt"), tt: tinytext("tt"),
  active: boolean("active").default(true).notNull(),
  flag: boolean("flag").default(false),
  score: int("score").default(0).notNull(),
  un: int("un", { unsigned: true }).default(5),
  big: bigint("big", { mode: "number", unsigned: true }),
  ti: tinyint("ti").default(1), si: smallint("si"), mi: mediumint("mi"),
  price: decimal("price", { precision: 10, scale: 2 }).default("1.50"),
  dec0: decimal("dec0"), fl: float("fl").default(1.5), db: double("db"), rl: real("rl"),
  dp: double("dp", { precision: 8, scale: 3 }),
  kind: mysqlEnum("kind", ["a", "b", "it's"]).default("a"),
  meta: json("meta").default({ a: 1 }),
  js: json("js"),
  created: timestamp("created").defaultNow().notNull(),
  updated: timestamp("updated").defaultNow().onUpdateNow(),
  dt: datetime("dt", { fsp: 6 }).default(sql`CURRENT_TIMESTAMP(6)`),
  dt2: datetime("dt2"),
  d: date("d"), t: time("t"), y: year("y"),
  bin: binary("bin", { length: 16 }), vb: varbinary("vb", { length: 100 }),
  up: varchar("up", { length: 100 }).generatedAlwaysAs(sql`upper(name)`, { mode: "stored" }),
  vi: int("vi").generatedAlwaysAs(sql`score + 1`, { mode: "virtual" }),
  ex: varchar("ex", { length: 36 }).default(sql`(uuid())`),
}, (t) => [
  check("score_check", sql`${t.score} >= 0`),
  check("in_check", sql`${t.code} in ('abc', 'def')`),
  index("name_idx").on(t.name),
  index("two").on(t.name, t.score),
  uniqueIndex("uq").on(t.code, t.score),

  unique("u_name_code").on(t.name, t.code),
]);
export const posts = mysqlTable("posts", {
  id: int("id").autoincrement().primaryKey(),
  userId: int("user_id").references(() => users.id, { onDelete: "cascade", onUpdate: "set null" }),
  title: varchar("title", { length: 20 }),
});
export const memberships_with_a_very_long_table_name_for_foreign_key_t = mysqlTable("memberships_with_a_very_long_table_name_for_foreign_key_t", {
  a: int("a").notNull(), b: int("b").notNull(),
  userId: int("user_id").notNull(),
}, (t) => [ primaryKey({ columns: [t.a, t.b] }), foreignKey({ columns: [t.userId], foreignColumns: [users.id], name: "named_fk" }).onDelete("restrict") ]);
export const active_users = mysqlView("active_users").as((qb) => qb.select({ id: users.id, name: users.name }).from(users).where(sql`${users.active} = true`));
