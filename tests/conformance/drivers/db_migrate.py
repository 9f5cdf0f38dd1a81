# SPDX-License-Identifier: Apache-2.0
"""db-migrate, by its command line."""

import json
import re

from driver import ANY, Outcome, Report

from drivers._node import NodeDriver

DRIVERS = {"postgres": "pg", "mariadb": "mysql", "sqlite": "sqlite3"}
MIGRATION = """\
'use strict';

var dbm;

exports.setup = function(options, seedLink) {{
  dbm = options.dbmigrate;
}};

exports.up = async function(db) {{
  for (const statement of {up}) await db.runSql(statement);
}};

exports.down = async function(db) {{
  for (const statement of {down}) await db.runSql(statement);
}};

exports._meta = {{
  "version": 1
}};
"""


class DbMigrate(NodeDriver):
    tool = "db-migrate"
    exceptions = {
        ("running", ANY): Outcome("pending", "the tool takes no lock, and writes its row when the migration is through"),
    }

    def prepare(self):
        super().prepare()
        settings = {"driver": DRIVERS[self.engine]}
        if self.engine == "sqlite":
            settings["filename"] = str(self.database.path)
        else:
            server = self.database.server
            settings.update(host=server.host, port=server.port, user=server.superuser, database=self.database.name)
            settings.update({"password": server.password} if server.password else {})
        (self.folder / "database.json").write_text(json.dumps({"dev": settings}, indent=2) + "\n")

    def revision(self, number):
        return f"/2026010{number}000000-make-t{number}"

    def write(self, migration):
        text = MIGRATION.format(up=json.dumps(migration.up), down=json.dumps(migration.down))
        self.write_javascript(f"{self.revision(migration.number)[1:]}.js", text)

    def command(self, word):
        return [self.program("db-migrate"), word]

    def up_command(self):
        return self.command("up")

    def down_command(self):
        return self.command("down")

    def report(self):
        """It has no status, but a list of what it would run."""
        said = self.run(self.command("check")).stdout
        return Report(pending=[f"/{name}" for name in re.findall(r"\d{14}-[\w-]+", said)])


DRIVER = DbMigrate
