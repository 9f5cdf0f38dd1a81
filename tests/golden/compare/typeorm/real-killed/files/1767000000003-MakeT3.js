const { MigrationInterface, QueryRunner } = require("typeorm");

module.exports = class MakeT31767000000003 {
    name = 'MakeT31767000000003'

    async up(queryRunner) {
        for (const statement of ["CREATE TABLE t3 (id integer PRIMARY KEY)", "INSERT INTO hold VALUES (1)"]) await queryRunner.query(statement);
    }

    async down(queryRunner) {
        for (const statement of ["DROP TABLE t3"]) await queryRunner.query(statement);
    }
}
