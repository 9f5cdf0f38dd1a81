exports.up = (knex) => knex.schema.createTable("t", (t) => t.increments());
exports.down = (knex) => knex.schema.dropTable("t");
