<?php
use Phinx\Migration\AbstractMigration;
final class A extends AbstractMigration
{
    public function change(): void {}
}
