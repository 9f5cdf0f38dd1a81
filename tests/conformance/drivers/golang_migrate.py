# SPDX-License-Identifier: Apache-2.0
"""golang-migrate's own program."""

import re

import install
from driver import ANY, Driver, Outcome, Report

PACKAGE = "github.com/golang-migrate/migrate/v4/cmd/migrate@v4.20.1"


class GolangMigrate(Driver):
    tool = "golang-migrate"
    exceptions = {
        ("running", "sqlite"): Outcome("failed", "no lock on SQLite, and no time in the row: what is dirty counts as failed"),
        ("failing", ANY): Outcome("failed"),
        ("killed", ANY): Outcome("failed"),
    }

    @classmethod
    def install(cls):
        cls.program = install.go("golang-migrate", PACKAGE, "postgres mysql sqlite") / "bin" / "migrate"

    def url(self):
        if self.engine == "postgres":
            return self.database.location("postgres", parameters={"sslmode": "disable"})
        if self.engine == "sqlite":
            return f"sqlite://{self.database.path}"
        server = self.database.server
        where = f"tcp({server.host}:{server.port})/{self.database.name}"
        return f"mysql://{server.superuser}:{server.password}@{where}?multiStatements=true"

    def command(self, *words):
        return [self.program, "-path", self.directory, "-database", self.url(), *words]

    def revision(self, number):
        return str(number)

    def write(self, migration):
        for direction, statements in (("up", migration.up), ("down", migration.down)):
            path = self.directory / f"{migration.number:06}_{migration.name}.{direction}.sql"
            path.write_text("".join(f"{statement};\n" for statement in statements))

    def up_command(self):
        return self.command("up")

    def down_command(self):
        return self.command("down", "1")

    def report(self):
        """All that it ever says is a number, and whether it is dirty."""
        said = self.run(self.command("version"), check=False).stderr
        found = re.search(r"^(\d+)( \(dirty\))?$", said, re.MULTILINE)
        if not found:
            assert "no migration" in said, said
            return Report(head="")
        return Report(failed=[found[1]]) if found[2] else Report(head=found[1], failed=[])


DRIVER = GolangMigrate
