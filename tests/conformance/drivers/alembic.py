# SPDX-License-Identifier: Apache-2.0
"""Alembic, as Debian has it."""

import re

import install
from driver import Driver, Outcome, Report
from harness import AlembicProject


class Alembic(Driver):
    tool = "alembic"
    exceptions = {
        ("running", "mariadb"): Outcome("pending", "no lock"),
        ("running", "sqlite"): Outcome("pending", "no lock"),
    }

    @classmethod
    def install(cls):
        install.require("alembic", "alembic")

    def prepare(self):
        self.files = AlembicProject(self.folder / "alembic", self.database)

    @property
    def directory(self):
        return self.folder / "alembic"

    def revision(self, number):
        return f"{number:012x}"

    def write(self, migration):
        down = self.revision(migration.number - 1) if migration.number > 1 else None
        self.files.revision(self.revision(migration.number), down, migration.up, migration.down, migration.name)

    def up_command(self):
        return self.files.command("upgrade", "head")

    def down_command(self):
        return self.files.command("downgrade", "-1")

    def environment(self):
        return {"ALEMBIC_URL": self.database.sqlalchemy_url, "PYTHONDONTWRITEBYTECODE": "1"}

    def report(self):
        current = re.findall(r"^([0-9a-f]{12})", self.files.run("current"), re.MULTILINE)
        history = re.findall(r"-> ([0-9a-f]{12})", self.files.run("history"))
        head = current[0] if current else ""
        pending = history[: history.index(head)] if head else history
        return Report(head=head, pending=pending[::-1])

DRIVER = Alembic
