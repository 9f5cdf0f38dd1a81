# SPDX-License-Identifier: Apache-2.0
"""Flyway, from Maven Central."""

import json

from driver import ANY, Driver, Outcome, Report
from harness import FlywayProject
from harness.flyway import installed


class Flyway(Driver):
    tool = "flyway"
    engines = ("postgres", "mariadb")  # SQLite's driver is no part of the pinned jars
    checksums = True
    exceptions = {
        ("failing", "mariadb"): Outcome("failed"),
        ("rolled_back", ANY): Outcome("current", "undo is not in the free edition"),
    }

    @classmethod
    def install(cls):
        installed()

    def prepare(self):
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
        return self.files.command("migrate")

    def environment(self):
        return self.files.environment()

    def report(self):
        info = json.loads(self.run(self.files.command("-outputType=json", "info")).stdout)
        states = [(entry["version"], entry["state"]) for entry in info["migrations"] if entry["version"]]
        validation = json.loads(self.run(self.files.command("-outputType=json", "validate"), check=False).stdout)
        invalid = [entry["version"] for entry in validation.get("invalidMigrations", []) if "CHECKSUM" in entry["errorDetails"]["errorCode"]]
        applied = [version for version, state in states if state == "Success"]
        return Report(
            head=applied[-1] if applied else "",
            applied=applied,
            pending=[version for version, state in states if state == "Pending"],
            failed=[version for version, state in states if state == "Failed"],
            mismatched=invalid,
        )


DRIVER = Flyway
