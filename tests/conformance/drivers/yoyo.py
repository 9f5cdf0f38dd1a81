# SPDX-License-Identifier: Apache-2.0
"""yoyo, with migrations in SQL that name the one before them."""

import re

import install
from driver import ANY, Driver, Outcome, Report

REQUIREMENTS = ("yoyo-migrations==9.0.0", "psycopg2-binary", "pymysql", "setuptools<80")


class Yoyo(Driver):
    tool = "yoyo"
    exceptions = {("killed", ANY): Outcome("running", "the lock's row stays, and is suspected only when it is old")}

    @classmethod
    def install(cls):
        cls.program = install.pip("yoyo", *REQUIREMENTS) / "bin" / "yoyo"

    def prepare(self):
        self.names = {}

    def url(self):
        if self.engine == "sqlite":
            return f"sqlite:///{self.database.path}"
        server = self.database.server
        scheme = "postgresql" if self.engine == "postgres" else "mysql"
        return f"{scheme}://{server.superuser}:{server.password}@{server.host}:{server.port}/{self.database.name}"

    def command(self, word, *more):
        return [self.program, word, "--batch", "--no-config-file", "--database", self.url(), *more, self.directory]

    def revision(self, number):
        return f"{number:04}.make_t{number}"

    def write(self, migration):
        name = f"{migration.number:04}.{migration.name}"
        before = self.names.get(migration.number - 1, "")
        self.names[migration.number] = name
        up, down = ("".join(f"{statement};\n" for statement in part) for part in (migration.up, migration.down))
        (self.directory / f"{name}.sql").write_text(f"-- {migration.name}\n-- depends: {before}\n\n{up}")
        (self.directory / f"{name}.rollback.sql").write_text(down)

    def up_command(self):
        return self.command("apply")

    def down_command(self):
        return self.command("rollback", "--revision", self.names[max(self.names)])

    def report(self):
        listed = self.run(self.command("list"), check=False)
        if listed.returncode != 0:  # it wants the lock, too: what a killed run left is removed as yoyo says
            assert "run yoyo break-lock" in listed.stderr, listed
            self.run([part for part in self.command("break-lock") if part != self.directory])
            listed = self.run(self.command("list"))
        text = re.sub(r"\x1b\[[0-9;]*m", "", listed.stdout)
        rows = re.findall(r"^([AU])\s+(\S+)", text, re.MULTILINE)
        applied = [name for mark, name in rows if mark == "A"]
        return Report(
            head=applied[-1] if applied else "",
            applied=applied,
            pending=[name for mark, name in rows if mark == "U"],
        )


DRIVER = Yoyo
