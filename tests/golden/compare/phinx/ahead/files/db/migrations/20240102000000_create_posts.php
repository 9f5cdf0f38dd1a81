<?php
use Phinx\Migration\AbstractMigration;
final class CreatePosts extends AbstractMigration
{
    public function change(): void {}
}
