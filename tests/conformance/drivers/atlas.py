# SPDX-License-Identifier: Apache-2.0
"""Atlas' community edition."""

import json
import os

import install
from driver import ANY, Driver, Outcome, Report
from harness.process import run

VERSION = "v0.13.1"  # the last one whose program is in the Go module proxy
PACKAGE = "ariga.io/atlas/cmd/atlas"


def build(folder):
    """Its module replaces another one by a folder beside it, which `go install` refuses; a module of our own does not."""
    required = [f"ariga.io/atlas {VERSION}", f"{PACKAGE} {VERSION}", "golang.org/x/tools v0.38.0"]
    lines = ["module conformance", "", "go 1.21", "", "require (", *(f"\t{line}" for line in required), ")", ""]
    (folder / "go.mod").write_text("\n".join(lines))
    (folder / "tools.go").write_text(f'//go:build tools\n\npackage conformance\n\nimport _ "{PACKAGE}"\n')
    command = ["go", "build", "-mod=mod", "-o", folder / "bin" / "atlas", PACKAGE]
    run(command, install.INSTALL_SECONDS, cwd=folder, env=dict(os.environ))


class Atlas(Driver):
    tool = "atlas"
    checksums = True
    exceptions = {
        ("failing", "mariadb"): Outcome("failed"),
        ("killed", "mariadb"): Outcome("failed"),
        ("rolled_back", ANY): Outcome("current", "the community edition cannot take a migration back"),
        ("running", "sqlite"): Outcome("pending", "its lock is a file there"),
    }

    @classmethod
    def install(cls):
        cls.program = install.installed("atlas", (PACKAGE, VERSION), build) / "bin" / "atlas"

    def url(self):
        if self.engine == "postgres":
            return self.database.location("postgres", parameters={"sslmode": "disable", "search_path": "public"})
        if self.engine == "sqlite":
            return f"sqlite://{self.database.path}"
        return self.database.location("mysql")

    def environment(self):
        """Its lock on SQLite is a file in the temporary folder, one for all databases, and outlives who made it."""
        return {"TMPDIR": str(self.folder)}

    def command(self, *words):
        return [self.program, "migrate", *words, "--dir", f"file://{self.directory}"]

    def revision(self, number):
        return f"202601{number:02}000000"

    def write(self, migration):
        path = self.directory / f"{self.revision(migration.number)}_{migration.name}.sql"
        path.write_text("".join(f"{statement};\n" for statement in migration.up))
        self.run(self.command("hash"))

    def up_command(self):
        return self.command("apply", "--allow-dirty", "--url", self.url())

    def report(self):
        """It compares no checksums of what is applied: which one differs is our own verdict."""
        said = self.run(self.command("status", "--url", self.url(), "--format", "{{ json . }}"))
        status = json.loads(said.stdout)
        failed = [row["Version"] for row in status.get("Applied") or [] if row.get("Applied", 0) < row.get("Total", 0)]
        applied = [row["Version"] for row in status.get("Applied") or [] if row["Version"] not in failed]
        return Report(
            head=applied[-1] if applied else "",
            applied=applied,
            pending=[row["Version"] for row in status.get("Pending") or [] if row["Version"] not in failed],
            failed=failed,
        )


DRIVER = Atlas
