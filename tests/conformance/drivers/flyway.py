# SPDX-License-Identifier: Apache-2.0
"""Flyway, from Maven Central."""

import re

import install
from driver import ANY, Driver, Outcome, Report
from harness import FlywayProject, flyway

SQLITE_JAR = "org/xerial/sqlite-jdbc/3.36.0.3"  # the last that needs no logging library
SQLITE_SHA256 = "af3a3376391e186a0fed63ecd414b72a882bf452667b490a0be3abf85b637d3f"


class Accountless:
    """What FlywayProject asks of a server; a file has none."""

    superuser = password = ""


class Flyway(Driver):
    tool = "flyway"
    checksums = True
    exceptions = {
        ("running", "sqlite"): Outcome("pending", "no lock on SQLite"),
        ("failing", "mariadb"): Outcome("failed"),
        ("rolled_back", ANY): Outcome("current", "undo is not in the free edition"),
    }

    @classmethod
    def install(cls):
        flyway.installed()
        install.installed("flyway", SQLITE_JAR, lambda folder: flyway.download(SQLITE_JAR, SQLITE_SHA256, folder / "sqlite.jar"))

    def prepare(self):
        if self.engine == "sqlite":
            self.database.server = Accountless
        self.files = FlywayProject(self.folder / "flyway", self.database)

    @property
    def directory(self):
        return self.folder / "flyway" / "sql"

    def revision(self, number):
        return str(number)

    def write(self, migration):
        text = "".join(f"{statement};\n" for statement in migration.up)
        self.files.migration(f"V{migration.number}__{migration.name}.sql", text)

    def up_command(self):
        return self.command("migrate")

    def command(self, word):
        """With SQLite's driver among the jars."""
        folder = install.installed("flyway", SQLITE_JAR, None)
        jars = f"{self.files.jars}/*"
        return [f"{jars}:{folder}/*" if part == jars else part for part in self.files.command(word)]

    def refused(self, result):
        return " failed! " in result.stderr  # without its JSON library, the program's exit code is 0

    def environment(self):
        return self.files.environment()

    def report(self):
        rows = re.findall(r"^\| Versioned +\| (\S+) +\|.*\| (\w+) +\| \w* +\|$", self.run(self.command("info")).stdout, re.MULTILINE)
        said = self.run(self.command("validate"), check=False)
        by_state = {state: [version for version, other in rows if other == state] for _, state in rows}
        applied = by_state.get("Success", [])
        return Report(
            head=applied[-1] if applied else "",
            applied=applied,
            pending=by_state.get("Pending", []),
            failed=by_state.get("Failed", []),
            mismatched=re.findall(r"checksum mismatch for migration version (\S+)", said.stdout + said.stderr),
        )


DRIVER = Flyway
