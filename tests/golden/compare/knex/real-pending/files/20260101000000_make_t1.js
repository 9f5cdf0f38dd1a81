const run = async (knex, statements) => {
  for (const statement of statements) await knex.raw(statement);
};

exports.up = (knex) => run(knex, ["CREATE TABLE t1 (id integer PRIMARY KEY)"]);
exports.down = (knex) => run(knex, ["DROP TABLE t1"]);
