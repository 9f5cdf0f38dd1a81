<?php
use Phinx\Migration\AbstractMigration;
final class B extends AbstractMigration
{
    public function change(): void {}
}
