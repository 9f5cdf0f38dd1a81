# SPDX-License-Identifier: Apache-2.0
"""TypeORM, by its command line."""

import json
import re

from driver import Outcome, Report

from drivers._node import NodeDriver

TYPES = {"postgres": "postgres", "mariadb": "mariadb", "sqlite": "better-sqlite3"}
MIGRATION = """\
const {{ MigrationInterface, QueryRunner }} = require("typeorm");

module.exports = class {name} {{
    name = '{name}'

    async up(queryRunner) {{
        for (const statement of {up}) await queryRunner.query(statement);
    }}

    async down(queryRunner) {{
        for (const statement of {down}) await queryRunner.query(statement);
    }}
}}
"""
SOURCE = """\
const {{ DataSource }} = require("typeorm");

module.exports = new DataSource({settings});
"""


class TypeOrm(NodeDriver):
    tool = "typeorm"
    exceptions = {
        ("running", "mariadb"): Outcome("pending", "the tool takes no lock"),
        ("running", "sqlite"): Outcome("pending", "the tool takes no lock"),
    }

    def prepare(self):
        super().prepare()
        settings = {"type": TYPES[self.engine], "migrations": ["migrations/*.js"]}
        settings["database" if self.engine == "sqlite" else "url"] = self.address(TYPES[self.engine])
        (self.folder / "data-source.js").write_text(SOURCE.format(settings=json.dumps(settings, indent=4)))

    def revision(self, number):
        return f"MakeT{number}176700000000{number}"

    def write(self, migration):
        name = self.revision(migration.number)
        text = MIGRATION.format(name=name, up=json.dumps(migration.up), down=json.dumps(migration.down))
        self.write_javascript(f"176700000000{migration.number}-MakeT{migration.number}.js", text)

    def command(self, word):
        return [self.program("typeorm"), word, "-d", "data-source.js"]

    def up_command(self):
        return self.command("migration:run")

    def down_command(self):
        return self.command("migration:revert")

    def report(self):
        said = self.run(self.command("migration:show"), check=False).stdout  # 1 where migrations are pending
        applied = re.findall(r"\[X\] \d+ (\w+)", said)
        return Report(head=applied[-1] if applied else "", applied=applied, pending=re.findall(r"\[ \] (\w+)", said))


DRIVER = TypeOrm
