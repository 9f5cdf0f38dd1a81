<?php
// Doctrine\Migrations\AbstractMigration
return 1;
