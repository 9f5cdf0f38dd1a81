# SPDX-License-Identifier: Apache-2.0
"""Knex, by its command line."""

import json
import re

from driver import Outcome, Report

from drivers._node import NodeDriver

CLIENTS = {"postgres": "pg", "mariadb": "mysql2", "sqlite": "better-sqlite3"}
MIGRATION = """\
const run = async (knex, statements) => {{
  for (const statement of statements) await knex.raw(statement);
}};

exports.up = (knex) => run(knex, {up});
exports.down = (knex) => run(knex, {down});
"""


class Knex(NodeDriver):
    tool = "knex"
    exceptions = {
        ("running", "sqlite"): Outcome("pending", "the lock row is written in the run's own transaction"),
    }

    def prepare(self):
        super().prepare()
        connection = {"filename": str(self.database.path)} if self.engine == "sqlite" else None
        settings = {
            "client": CLIENTS[self.engine],
            "connection": connection or self.database.location({"postgres": "postgresql"}.get(self.engine, "mysql")),
            "useNullAsDefault": True,
        }
        (self.folder / "knexfile.js").write_text(f"module.exports = {json.dumps(settings, indent=2)};\n")

    def revision(self, number):
        return f"2026010{number}000000_make_t{number}.js"

    def write(self, migration):
        text = MIGRATION.format(up=json.dumps(migration.up), down=json.dumps(migration.down))
        self.write_javascript(self.revision(migration.number), text)

    def up_command(self):
        return [self.program("knex"), "migrate:latest"]

    def down_command(self):
        return [self.program("knex"), "migrate:down"]

    def settings(self):
        """A lock row that a killed run left is not waited for an hour."""
        ended = self.background and self.background.returncode is not None
        return {"lock_orphan_after": "1s"} if ended else {}

    def report(self):
        done, pending = re.split(r"Found \d+ Pending|No Pending", self.run([self.program("knex"), "migrate:list"]).stdout)
        names = re.compile(r"\d{14}_\w+\.js")
        applied = names.findall(done)
        return Report(head=applied[-1] if applied else "", applied=applied, pending=names.findall(pending))


DRIVER = Knex
