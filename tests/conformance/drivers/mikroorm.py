# SPDX-License-Identifier: Apache-2.0
"""MikroORM, by its command line."""

import json
import re

from driver import Outcome, Report

from drivers._node import NodeDriver

PACKAGES = {"postgres": "@mikro-orm/postgresql", "mariadb": "@mikro-orm/mariadb", "sqlite": "@mikro-orm/sqlite"}
MIGRATION = """\
'use strict';
const {{ Migration }} = require('@mikro-orm/migrations');

class {name} extends Migration {{
  async up() {{
    for (const statement of {up}) this.addSql(statement);
  }}

  async down() {{
    for (const statement of {down}) this.addSql(statement);
  }}
}}
exports.{name} = {name};
"""
CONFIGURATION = """\
const {{ defineConfig }} = require("{package}");
const {{ Migrator }} = require("@mikro-orm/migrations");

module.exports = defineConfig({{
  ...{settings},
  extensions: [Migrator],
}});
"""


class MikroOrm(NodeDriver):
    tool = "mikroorm"
    exceptions = {
        ("running", "mariadb"): Outcome("pending", "the tool takes no lock"),
        ("running", "sqlite"): Outcome("pending", "the tool takes no lock"),
    }

    def prepare(self):
        super().prepare()
        settings = {
            "entities": [],
            "discovery": {"warnWhenNoEntities": False},
            "migrations": {"path": "./migrations", "snapshot": False},
        }
        if self.engine == "sqlite":
            settings["dbName"] = str(self.database.path)
        else:
            settings["clientUrl"] = self.database.location({"postgres": "postgresql"}.get(self.engine, "mysql"))
        text = CONFIGURATION.format(package=PACKAGES[self.engine], settings=json.dumps(settings))
        (self.folder / "mikro-orm.config.js").write_text(text)

    def revision(self, number):
        return f"Migration2026010{number}000000"

    def write(self, migration):
        name = self.revision(migration.number)
        text = MIGRATION.format(name=name, up=json.dumps(migration.up), down=json.dumps(migration.down))
        self.write_javascript(f"{name}.js", text)

    def command(self, word):
        return [self.program("mikro-orm"), word]

    def up_command(self):
        return self.command("migration:up")

    def down_command(self):
        return self.command("migration:down")

    def names(self, word):
        return re.findall(r"Migration\d{14}", self.run(self.command(word)).stdout)

    def report(self):
        applied = self.names("migration:list")
        return Report(head=applied[-1] if applied else "", applied=applied, pending=self.names("migration:pending"))


DRIVER = MikroOrm
