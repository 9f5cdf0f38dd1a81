'use strict';
const { Migration } = require('@mikro-orm/migrations');

class Migration20260103000000 extends Migration {
  async up() {
    for (const statement of ["CREATE TABLE t3 (id integer PRIMARY KEY)"]) this.addSql(statement);
  }

  async down() {
    for (const statement of ["DROP TABLE t3"]) this.addSql(statement);
  }
}
exports.Migration20260103000000 = Migration20260103000000;
