# SPDX-License-Identifier: Apache-2.0
"""Sequelize, by sequelize-cli."""

import json
import re

from driver import ANY, Outcome, Report

from drivers._node import NodeDriver

DIALECTS = {"postgres": "postgres", "mariadb": "mysql", "sqlite": "sqlite"}
MIGRATION = """\
"use strict";

const run = async (queryInterface, statements) => {{
  for (const statement of statements) await queryInterface.sequelize.query(statement);
}};

module.exports = {{
  up: (queryInterface, Sequelize) => run(queryInterface, {up}),
  down: (queryInterface, Sequelize) => run(queryInterface, {down}),
}};
"""


class Sequelize(NodeDriver):
    tool = "sequelize"
    exceptions = {("running", ANY): Outcome("pending", "the tool takes no lock, and opens no transaction")}

    def prepare(self):
        super().prepare()
        settings = {"dialect": DIALECTS[self.engine], "logging": False}
        if self.engine == "sqlite":
            settings["storage"] = str(self.database.path)
        else:
            settings["url"] = self.database.location(DIALECTS[self.engine])
        (self.folder / "config").mkdir()
        (self.folder / "config" / "config.json").write_text(json.dumps({"development": settings}, indent=2) + "\n")

    def revision(self, number):
        return f"2026010{number}000000-make-t{number}.js"

    def write(self, migration):
        text = MIGRATION.format(up=json.dumps(migration.up), down=json.dumps(migration.down))
        self.write_javascript(self.revision(migration.number), text)

    def up_command(self):
        return [self.program("sequelize-cli"), "db:migrate"]

    def down_command(self):
        return [self.program("sequelize-cli"), "db:migrate:undo"]

    def report(self):
        said = self.run([self.program("sequelize-cli"), "db:migrate:status"]).stdout
        applied = re.findall(r"^up (\S+)$", said, re.MULTILINE)
        return Report(
            head=applied[-1] if applied else "",
            applied=applied,
            pending=re.findall(r"^down (\S+)$", said, re.MULTILINE),
        )


DRIVER = Sequelize
