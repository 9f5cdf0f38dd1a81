<?php
use Phinx\Migration\AbstractMigration;
final class V20240101000000 extends AbstractMigration
{
    public function change(): void {}
}
