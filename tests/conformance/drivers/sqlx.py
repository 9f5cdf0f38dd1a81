# SPDX-License-Identifier: Apache-2.0
"""sqlx's own program."""

import re

import install
from driver import Driver, Outcome, Report

VERSION = "0.9.0"
FEATURES = "postgres,mysql,sqlite,rustls"


class Sqlx(Driver):
    tool = "sqlx"
    checksums = True
    exceptions = {
        ("failing", "mariadb"): Outcome("failed"),
        ("killed", "mariadb"): Outcome("failed"),
        ("running", "postgres"): Outcome("pending", "its program takes no lock, and writes its row last"),
        ("running", "sqlite"): Outcome("pending", "its program takes no lock, and writes its row last"),
    }

    @classmethod
    def install(cls):
        cls.program = install.cargo("sqlx", "sqlx-cli", VERSION, FEATURES) / "bin" / "sqlx"

    def prepare(self):
        (self.folder / "Cargo.toml").write_text('[package]\nname = "app"\nversion = "1.0.0"\n\n[dependencies]\nsqlx = "0.9"\n')

    def environment(self):
        if self.engine == "sqlite":
            return {"DATABASE_URL": f"sqlite://{self.database.path}"}
        return {"DATABASE_URL": self.database.location("postgres" if self.engine == "postgres" else "mysql")}

    def command(self, *words):
        return [self.program, "migrate", *words, "--source", self.directory]

    def revision(self, number):
        return str(number)

    def write(self, migration):
        for direction, statements in (("up", migration.up), ("down", migration.down)):
            path = self.directory / f"{migration.number:04}_{migration.name}.{direction}.sql"
            path.write_text("".join(f"{statement};\n" for statement in statements))

    def up_command(self):
        return self.command("run")

    def down_command(self):
        return self.command("revert")

    def report(self):
        """A row that was begun and not ended is as good as installed for `info`; `run` calls it dirty."""
        info = re.sub(r"\x1b\[[0-9;]*m", "", self.run(self.command("info")).stdout)
        rows = re.findall(r"^(\d+)/(installed|pending)( \(different checksum\))?", info, re.MULTILINE)
        applied = [number for number, state, _ in rows if state == "installed"]
        dirty = []
        if self.engine == "mariadb" and applied and self.dirty():
            said = self.run(self.command("run"), check=False)
            dirty = re.findall(r"migration (\d+) is partially applied", said.stdout + said.stderr)
            assert dirty, said
        applied = [number for number in applied if number not in dirty]
        return Report(
            head=applied[-1] if applied else "",
            applied=applied,
            pending=[number for number, state, _ in rows if state == "pending"],
            failed=dirty,
            mismatched=[number for number, state, changed in rows if changed and number not in dirty],
        )

    def dirty(self):
        return bool(self.database.sql("SELECT 1 FROM _sqlx_migrations WHERE NOT success"))


DRIVER = Sqlx
