<?php
declare(strict_types=1);
namespace DoctrineMigrations;
use Doctrine\DBAL\Schema\Schema;
use Doctrine\Migrations\AbstractMigration;
final class Version20240101000000 extends AbstractMigration
{
    public function up(Schema $schema): void { $this->addSql('CREATE TABLE t1 (i int)'); }
    public function down(Schema $schema): void { $this->addSql('DROP TABLE t1'); }
}
