# SPDX-License-Identifier: Apache-2.0
"""goose's own program."""

import re

import install
from driver import ANY, Driver, Outcome, Report

PACKAGE = "github.com/pressly/goose/v3/cmd/goose@v3.29.0"
TAGS = "no_clickhouse no_libsql no_mssql no_vertica no_ydb"


class Goose(Driver):
    tool = "goose"
    exceptions = {("running", ANY): Outcome("pending", "its program takes no lock")}

    @classmethod
    def install(cls):
        cls.program = install.go("goose", PACKAGE, TAGS) / "bin" / "goose"

    def environment(self):
        if self.engine == "postgres":
            return {"GOOSE_DRIVER": "postgres", "GOOSE_DBSTRING": self.database.location("postgres", parameters={"sslmode": "disable"})}
        if self.engine == "sqlite":
            return {"GOOSE_DRIVER": "sqlite3", "GOOSE_DBSTRING": str(self.database.path)}
        server = self.database.server
        where = f"tcp({server.host}:{server.port})/{self.database.name}"
        return {"GOOSE_DRIVER": "mysql", "GOOSE_DBSTRING": f"{server.superuser}:{server.password}@{where}?parseTime=true"}

    def command(self, *words):
        return [self.program, "-dir", self.directory, *words]

    def revision(self, number):
        return str(number)

    def write(self, migration):
        up, down = ("".join(f"{statement};\n" for statement in part) for part in (migration.up, migration.down))
        path = self.directory / f"{migration.number:05}_{migration.name}.sql"
        path.write_text(f"-- +goose Up\n{up}\n-- +goose Down\n{down}")

    def up_command(self):
        return self.command("up")

    def down_command(self):
        return self.command("down")

    def report(self):
        status = self.run(self.command("status"))
        rows = re.findall(r"(Pending|\d{4}) +-- (\d+)_", status.stdout + status.stderr)
        said = self.run(self.command("version"))
        version = re.search(r"version (\d+)", said.stdout + said.stderr)[1]
        return Report(
            head="" if version == "0" else version,
            applied=[str(int(number)) for when, number in rows if when != "Pending"],
            pending=[str(int(number)) for when, number in rows if when == "Pending"],
        )


DRIVER = Goose
