# SPDX-License-Identifier: Apache-2.0
"""Sqitch, as the distribution has it."""

import re
import sqlite3

import install
from driver import ANY, Driver, Outcome, Report

PLANNER = "A Planner <planner@example.com>"


class Sqitch(Driver):
    """On SQLite its registry is a file beside the database, and that file is what migrationd looks at. On MariaDB it is
    put into the database itself, so that each of these tests has its own."""

    tool = "sqitch"
    checksums = True
    exceptions = {
        ("failing", ANY): Outcome("failed"),
        ("running", "sqlite"): Outcome("pending", "it takes no lock there"),
    }

    @classmethod
    def install(cls):
        cls.program = install.require("sqitch", "sqitch libdbd-pg-perl libdbd-mysql-perl libdbd-sqlite3-perl")

    @property
    def directory(self):
        return self.folder

    def prepare(self):
        (self.folder / "sqitch.plan").write_text("%syntax-version=1.0.0\n%project=app\n\n")
        for folder in ("deploy", "revert", "verify"):
            (self.folder / folder).mkdir()
        if self.engine == "sqlite":
            sqlite3.connect(self.registry).close()
        name = {"postgres": "pg", "mariadb": "mysql", "sqlite": "sqlite"}[self.engine]
        lines = ["[core]", f"\tengine = {name}", f'[engine "{name}"]']
        lines += [f"\tregistry = {self.database.name}"] if self.engine == "mariadb" else []
        (self.folder / "sqitch.conf").write_text("\n".join([*lines, ""]))

    @property
    def registry(self):
        return self.database.path.parent / f"sqitch{self.database.path.suffix}"

    def target(self):
        if self.engine == "sqlite":
            return f"db:sqlite:{self.database.path}"
        return "db:" + self.database.location("pg" if self.engine == "postgres" else "mysql")

    def environment(self):
        return {"LC_ALL": "C.UTF-8", "HOME": str(self.folder), "SQITCH_FULLNAME": "A Committer", "SQITCH_EMAIL": "c@example.com"}

    def settings(self):
        return {"url": f"sqlite:///{self.registry}"} if self.engine == "sqlite" else {}

    def revision(self, number):
        return f"make_t{number}"

    def write(self, migration):
        plan = self.folder / "sqitch.plan"
        line = f"{migration.name} 2026-01-{migration.number:02}T00:00:00Z {PLANNER} # Step {migration.number}\n"
        if line not in plan.read_text():
            plan.write_text(plan.read_text() + line)
        for folder, statements in (("deploy", migration.up), ("revert", migration.down)):
            script = self.folder / folder / f"{migration.name}.sql"
            text = "".join(f"{statement};\n" for statement in statements)
            script.write_text(f"BEGIN;\n{text}COMMIT;\n")

    def up_command(self):
        return [self.program, "deploy", "--target", self.target()]

    def down_command(self):
        return [self.program, "revert", "--target", self.target(), "--to", "@HEAD^", "-y"]

    def report(self):
        """Its status takes what failed for undeployed; its log knows."""
        status = self.run([self.program, "status", "--target", self.target(), "--show-changes"], check=False)
        deployed = re.findall(r"^#   (\S+) +- ", status.stdout, re.MULTILINE)
        undeployed = re.findall(r"^  \* (\S+)", status.stdout, re.MULTILINE)
        if not deployed:
            return Report(head="", applied=[])
        words = ["--event", "fail", "--no-headers", "--format", "format:failed %n"]
        log = self.run([self.program, "log", "--target", self.target(), *words], check=False)
        failed = [name for name in undeployed if f"failed {name}\n" in log.stdout]
        return Report(
            head=deployed[0],
            applied=deployed[::-1],
            pending=[name for name in undeployed if name not in failed],
            failed=failed,
        )


DRIVER = Sqitch
