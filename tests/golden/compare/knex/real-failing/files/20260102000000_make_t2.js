const run = async (knex, statements) => {
  for (const statement of statements) await knex.raw(statement);
};

exports.up = (knex) => run(knex, ["CREATE TABLE t2 (id integer PRIMARY KEY)", "INSERT INTO no_such_table VALUES (1)"]);
exports.down = (knex) => run(knex, ["DROP TABLE t2"]);
