import { MigrationInterface, QueryRunner } from "typeorm";
export class C1700000000002 implements MigrationInterface {
    name = 'C1700000000002'
    public async up(queryRunner: QueryRunner): Promise<void> { await queryRunner.query(`CREATE TABLE "a${1}"`); }
}
