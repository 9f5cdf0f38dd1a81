const { MigrationInterface, QueryRunner } = require("typeorm");

module.exports = class MakeT21767000000002 {
    name = 'MakeT21767000000002'

    async up(queryRunner) {
        for (const statement of ["CREATE TABLE t2 (id bigint PRIMARY KEY)"]) await queryRunner.query(statement);
    }

    async down(queryRunner) {
        for (const statement of ["DROP TABLE t2"]) await queryRunner.query(statement);
    }
}
