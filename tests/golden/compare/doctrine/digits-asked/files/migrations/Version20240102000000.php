<?php

declare(strict_types=1);

// namespace Wrong; class Wrong
namespace DoctrineMigrations;

use Doctrine\Migrations\AbstractMigration;

/* class Other */
final class Version20240102000000 extends AbstractMigration
{
    private string $x = 'class Nope';
}
