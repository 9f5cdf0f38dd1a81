const { sql } = require("kysely");

const run = async (db, statements) => {
  for (const statement of statements) await sql.raw(statement).execute(db);
};

exports.up = (db) => run(db, ["CREATE TABLE t1 (id integer PRIMARY KEY)"]);
exports.down = (db) => run(db, ["DROP TABLE t1"]);
