<?php
use Phinx\Migration\AbstractMigration;
final class CreateUsers extends AbstractMigration
{
    public function change(): void {}
}
