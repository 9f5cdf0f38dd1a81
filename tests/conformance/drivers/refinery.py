# SPDX-License-Identifier: Apache-2.0
"""refinery's own program."""

import re

import install
from driver import ANY, Driver, Outcome, Report

VERSION = "0.10.0"
FEATURES = "postgresql,mysql,sqlite-bundled"


class Refinery(Driver):
    tool = "refinery"
    checksums = True
    exceptions = {
        ("failing", "mariadb"): Outcome("current", "it does not notice that a statement behind the first one failed"),
        ("rolled_back", ANY): Outcome("current", "it cannot take a migration back"),
        ("running", ANY): Outcome("pending", "it takes no lock, and writes its row last"),
    }

    @classmethod
    def install(cls):
        cls.program = install.cargo("refinery", "refinery_cli", VERSION, FEATURES) / "bin" / "refinery"

    def prepare(self):
        if self.engine == "sqlite":
            lines = ['db_type = "Sqlite"', f'db_path = "{self.database.path}"']
        else:
            server = self.database.server
            lines = [
                f'db_type = "{"Postgres" if self.engine == "postgres" else "Mysql"}"',
                f'db_host = "{server.host}"',
                f'db_port = "{server.port}"',
                f'db_user = "{server.superuser}"',
                f'db_pass = "{server.password}"',
                f'db_name = "{self.database.name}"',
            ]
        (self.folder / "refinery.toml").write_text("\n".join(["[main]", *lines, ""]))

    def refused(self, result):
        """What it does not notice, it does not say."""
        return self.engine == "mariadb" or super().refused(result)

    def revision(self, number):
        return str(number)

    def write(self, migration):
        path = self.directory / f"V{migration.number}__{migration.name}.sql"
        path.write_text("".join(f"{statement};\n" for statement in migration.up))

    def up_command(self):
        return [self.program, "migrate", "-d", "-m", "-p", self.directory]

    def report(self):
        """There is no status: what it says before it would run, once nothing is left to run."""
        names = {path.name[1 : path.name.index("__")] for path in self.directory.glob("V*.sql")}
        if self.versions() != names:
            return Report()
        said = self.run(self.up_command(), check=False)
        return Report(
            applied=sorted(names, key=int),
            pending=[],
            mismatched=re.findall(r"applied migration V(\d+)__\w+ is different than filesystem", said.stdout + said.stderr),
        )

    def versions(self):
        """Of the journal, if it is there."""
        try:
            return {str(row[0]) for row in self.database.sql("SELECT version FROM refinery_schema_history")}
        except Exception as error:
            assert "refinery_schema_history" in str(error), error
            return set()


DRIVER = Refinery
