export class Anything implements MigrationInterface {
  public readonly name: string = "Named1700000000004";
  async up(q: QueryRunner) {}
}
