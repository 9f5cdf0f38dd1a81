<?php
declare(strict_types=1);
use Phinx\Migration\AbstractMigration;
final class CreatePosts extends AbstractMigration
{
    public function up(): void { $this->execute('CREATE TABLE posts (i int)'); }
    public function down(): void { $this->execute('DROP TABLE posts'); }
}
