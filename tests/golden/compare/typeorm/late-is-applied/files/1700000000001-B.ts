import { MigrationInterface, QueryRunner } from "typeorm";
export class B1700000000001 implements MigrationInterface {
    name = 'B1700000000001'
    public async up(queryRunner: QueryRunner): Promise<void> { await queryRunner.query(`CREATE TABLE "a${1}"`); }
}
