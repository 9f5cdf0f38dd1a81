# SPDX-License-Identifier: Apache-2.0
"""Laravel's migrator without the rest of an application: Debian's php-laravel-framework."""

import json
from pathlib import Path

import install
from driver import ANY, Driver, Outcome, Report

FRAMEWORK = Path("/usr/share/php/Illuminate/Database/autoload.php")

RUNNER = """\
<?php
require '/usr/share/php/Illuminate/Database/autoload.php';
require '/usr/share/php/Illuminate/Filesystem/autoload.php';

use Illuminate\\Database\\Capsule\\Manager;
use Illuminate\\Database\\Migrations\\DatabaseMigrationRepository;
use Illuminate\\Database\\Migrations\\Migrator;
use Illuminate\\Filesystem\\Filesystem;

$manager = new Manager();
$manager->addConnection(json_decode(getenv('LARAVEL_DATABASE'), true));
$manager->setAsGlobal();
$manager->bootEloquent();
Illuminate\\Support\\Facades\\Facade::setFacadeApplication(['db' => $manager->getDatabaseManager()]);

$repository = new DatabaseMigrationRepository($manager->getDatabaseManager(), 'migrations');
$migrator = new Migrator($repository, $manager->getDatabaseManager(), new Filesystem());
$migrator->setConnection('default');
if ($argv[1] === 'status') {
    $ran = $repository->repositoryExists() ? $repository->getRan() : [];
    echo json_encode(['ran' => $ran, 'files' => array_keys($migrator->getMigrationFiles($argv[2]))]);
    exit;
}
if (!$repository->repositoryExists()) {
    $repository->createRepository();
}
$argv[1] === 'migrate' ? $migrator->run($argv[2]) : $migrator->rollback($argv[2], ['step' => 1]);
"""

MIGRATION = """\
<?php

use Illuminate\\Database\\Migrations\\Migration;
use Illuminate\\Support\\Facades\\DB;

return new class extends Migration
{{
    public function up()
    {{
{up}
    }}

    public function down()
    {{
{down}
    }}
}};
"""


class Laravel(Driver):
    tool = "laravel"
    exceptions = {("running", ANY): Outcome("pending", "no lock, and its row comes last")}

    @classmethod
    def install(cls):
        packages = "php-laravel-framework php-cli php-pgsql php-mysql php-sqlite3"
        install.require("php", packages)
        if not FRAMEWORK.exists():
            raise RuntimeError(f"Laravel is not installed; run: apt-get install {packages}")

    def prepare(self):
        (self.folder / "migrator.php").write_text(RUNNER)

    @property
    def directory(self):
        return self.folder / "database" / "migrations"

    def environment(self):
        if self.engine == "sqlite":
            settings = {"driver": "sqlite", "database": str(self.database.path)}
        else:
            server = self.database.server
            settings = {
                "driver": "pgsql" if self.engine == "postgres" else "mysql",
                "host": server.host,
                "port": server.port,
                "username": server.superuser,
                "password": server.password,
                "database": self.database.name,
                "charset": "utf8" if self.engine == "postgres" else "utf8mb4",
            }
        return {"LARAVEL_DATABASE": json.dumps({**settings, "prefix": ""})}

    def command(self, word):
        return ["php", "-d", "error_reporting=22527", self.folder / "migrator.php", word, self.directory]

    def revision(self, number):
        return f"2024_01_01_{number:06}_make_t{number}"

    def write(self, migration):
        up, down = (
            "\n".join(f"        DB::statement({json.dumps(text)});" for text in part) for part in (migration.up, migration.down)
        )
        path = self.directory / f"2024_01_01_{migration.number:06}_{migration.name}.php"
        path.write_text(MIGRATION.format(up=up, down=down))

    def up_command(self):
        return self.command("migrate")

    def down_command(self):
        return self.command("rollback")

    def report(self):
        said = json.loads(self.run(self.command("status")).stdout)
        applied = said["ran"]
        return Report(
            head=applied[-1] if applied else "",
            applied=applied,
            pending=[name for name in said["files"] if name not in applied],
        )


DRIVER = Laravel
