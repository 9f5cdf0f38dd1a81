export class Folder1700000000015 implements MigrationInterface {}
