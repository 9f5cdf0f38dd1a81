<?php
use Phinx\Migration\AbstractMigration;
final class Next extends AbstractMigration
{
    public function change(): void {}
}
