# SPDX-License-Identifier: Apache-2.0
"""node-pg-migrate, by its command line."""

import json
import re

from driver import Report

from drivers._node import NodeDriver

MIGRATION = """\
exports.up = (pgm) => {{
  for (const statement of {up}) pgm.sql(statement);
}};

exports.down = (pgm) => {{
  for (const statement of {down}) pgm.sql(statement);
}};
"""


class NodePgMigrate(NodeDriver):
    tool = "node-pg-migrate"
    engines = ("postgres",)

    def environment(self):
        return {**super().environment(), "DATABASE_URL": self.database.location("postgresql")}

    def revision(self, number):
        return f"176700000000{number}_make-t{number}"

    def write(self, migration):
        text = MIGRATION.format(up=json.dumps(migration.up), down=json.dumps(migration.down))
        self.write_javascript(f"{self.revision(migration.number)}.js", text)

    def up_command(self):
        return [self.program("node-pg-migrate"), "up"]

    def down_command(self):
        return [self.program("node-pg-migrate"), "down"]

    def report(self):
        """It has no status: what it would run tells."""
        said = self.run([self.program("node-pg-migrate"), "up", "--dry-run"]).stdout
        return Report(pending=re.findall(r"^> - (\S+)$", said, re.MULTILINE))


DRIVER = NodePgMigrate
