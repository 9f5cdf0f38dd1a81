<?php
declare(strict_types=1);
use Migrations\BaseMigration;
class CreateUsers extends BaseMigration {}
