# SPDX-License-Identifier: Apache-2.0
"""dbmate, as npm has it."""

import re

import install
from driver import Driver, Outcome, Report

PACKAGE = "dbmate@2.36.0"


class Dbmate(Driver):
    tool = "dbmate"
    exceptions = {
        ("running", "postgres"): Outcome("pending", "no lock; a step's row is written at its end"),
        ("running", "mariadb"): Outcome("pending", "no lock"),
        ("running", "sqlite"): Outcome("pending", "no lock"),
    }

    @classmethod
    def install(cls):
        cls.program = install.npm("dbmate", PACKAGE) / "node_modules" / ".bin" / "dbmate"

    @property
    def directory(self):
        return self.folder / "db" / "migrations"

    def environment(self):
        if self.engine == "sqlite":
            return {"DATABASE_URL": f"sqlite:{self.database.path}"}
        scheme, parameters = ("postgres", {"sslmode": "disable"}) if self.engine == "postgres" else ("mysql", {})
        return {"DATABASE_URL": self.database.location(scheme, parameters=parameters)}

    def command(self, *words):
        return [self.program, "--no-dump-schema", *words]

    def revision(self, number):
        return f"{number:04}"

    def write(self, migration):
        up, down = ("".join(f"{statement};\n" for statement in part) for part in (migration.up, migration.down))
        path = self.directory / f"{self.revision(migration.number)}_{migration.name}.sql"
        path.write_text(f"-- migrate:up\n{up}\n-- migrate:down\n{down}")

    def up_command(self):
        return self.command("migrate")

    def down_command(self):
        return self.command("rollback")

    def report(self):
        rows = re.findall(r"^\[([X ])\] (\d+)_", self.run(self.command("status")).stdout, re.MULTILINE)
        applied = [version for mark, version in rows if mark == "X"]
        return Report(
            head=applied[-1] if applied else "",
            applied=applied,
            pending=[version for mark, version in rows if mark == " "],
        )


DRIVER = Dbmate
