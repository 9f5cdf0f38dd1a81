'use strict';
const { Migration } = require('@mikro-orm/migrations');

class Migration20260101000000 extends Migration {
  async up() {
    for (const statement of ["CREATE TABLE t1 (id integer PRIMARY KEY)"]) this.addSql(statement);
  }

  async down() {
    for (const statement of ["DROP TABLE t1"]) this.addSql(statement);
  }
}
exports.Migration20260101000000 = Migration20260101000000;
