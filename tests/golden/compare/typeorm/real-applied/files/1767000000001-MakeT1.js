const { MigrationInterface, QueryRunner } = require("typeorm");

module.exports = class MakeT11767000000001 {
    name = 'MakeT11767000000001'

    async up(queryRunner) {
        for (const statement of ["CREATE TABLE t1 (id integer PRIMARY KEY)"]) await queryRunner.query(statement);
    }

    async down(queryRunner) {
        for (const statement of ["DROP TABLE t1"]) await queryRunner.query(statement);
    }
}
