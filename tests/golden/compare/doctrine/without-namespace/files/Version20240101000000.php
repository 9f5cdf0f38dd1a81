<?php
class Version20240101000000 extends Doctrine\Migrations\AbstractMigration {}
