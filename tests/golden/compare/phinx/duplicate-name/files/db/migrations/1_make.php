<?php
use Phinx\Migration\AbstractMigration;
final class Make extends AbstractMigration
{
    public function change(): void {}
}
