# SPDX-License-Identifier: Apache-2.0
"""Diesel's own program."""

import re

import install
from driver import ANY, Driver, Outcome, Report

VERSION = "2.3.14"
FEATURES = "postgres,mysql,sqlite-bundled"


class Diesel(Driver):
    tool = "diesel"
    exceptions = {("running", ANY): Outcome("pending", "it takes no lock, and writes its row last")}

    @classmethod
    def install(cls):
        cls.program = install.cargo("diesel", "diesel_cli", VERSION, FEATURES) / "bin" / "diesel"

    def prepare(self):
        (self.folder / "diesel.toml").write_text("")

    def environment(self):
        if self.engine == "sqlite":
            return {"DATABASE_URL": str(self.database.path)}
        return {"DATABASE_URL": self.database.location("postgres" if self.engine == "postgres" else "mysql")}

    def command(self, *words):
        return [self.program, "migration", "--migration-dir", self.directory, *words]

    def name(self, number):
        return f"2026-01-{number:02}-000000"

    def revision(self, number):
        return self.name(number).replace("-", "")

    def write(self, migration):
        folder = self.directory / f"{self.name(migration.number)}_{migration.name}"
        folder.mkdir(exist_ok=True)
        for script, statements in (("up.sql", migration.up), ("down.sql", migration.down)):
            (folder / script).write_text("".join(f"{statement};\n" for statement in statements))

    def up_command(self):
        return self.command("run")

    def down_command(self):
        return self.command("revert")

    def report(self):
        rows = re.findall(r"\[([X ])\] ([0-9-]+)_", self.run(self.command("list")).stdout)
        return Report(
            applied=[name.replace("-", "") for mark, name in rows if mark == "X"],
            pending=[name.replace("-", "") for mark, name in rows if mark == " "],
        )


DRIVER = Diesel
