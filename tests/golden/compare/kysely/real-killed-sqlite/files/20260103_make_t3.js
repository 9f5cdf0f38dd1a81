const { sql } = require("kysely");

const run = async (db, statements) => {
  for (const statement of statements) await sql.raw(statement).execute(db);
};

exports.up = (db) => run(db, ["CREATE TABLE t3 (id integer PRIMARY KEY)", "INSERT INTO hold WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 4000000000) SELECT n FROM c WHERE n < 0"]);
exports.down = (db) => run(db, ["DROP TABLE t3"]);
