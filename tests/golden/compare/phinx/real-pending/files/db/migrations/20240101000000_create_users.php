<?php
declare(strict_types=1);
use Phinx\Migration\AbstractMigration;
final class CreateUsers extends AbstractMigration
{
    public function up(): void { $this->execute('CREATE TABLE users (i int)'); }
    public function down(): void { $this->execute('DROP TABLE users'); }
}
