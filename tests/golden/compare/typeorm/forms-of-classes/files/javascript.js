const { MigrationInterface, QueryRunner } = require("typeorm");

module.exports = class Js1700000000001 {
    name = 'Js1700000000001'

    async up(queryRunner) { await queryRunner.query(`select '${[1, 2].map((x) => `${x}`).join('}')}'`); }
}
