import { MigrationInterface, QueryRunner } from "typeorm";
export class A1700000000000 implements MigrationInterface {
    name = 'A1700000000000'
    public async up(queryRunner: QueryRunner): Promise<void> { await queryRunner.query(`CREATE TABLE "a${1}"`); }
}
