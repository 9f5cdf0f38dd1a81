# SPDX-License-Identifier: Apache-2.0
"""Prisma Migrate, with the schema engine that its package holds as WebAssembly: the native one is downloaded from a
server of its own, which registries do not stand for. Only SQLite: the engine cannot read all types of PostgreSQL's
driver adapter."""

import re

import install
from driver import ANY, Driver, Outcome, Report

VERSION = "6.19.0"
PACKAGES = (f"prisma@{VERSION}", f"@prisma/adapter-libsql@{VERSION}")


class Prisma(Driver):
    tool = "prisma"
    engines = ("sqlite",)
    checksums = True
    exceptions = {
        ("failing", ANY): Outcome("failed"),
        ("killed", ANY): Outcome("failed"),
        ("rolled_back", ANY): Outcome("current", "it cannot take a migration back"),
    }

    @classmethod
    def install(cls):
        cls.modules = install.npm("prisma", *PACKAGES, "--ignore-scripts") / "node_modules"

    def prepare(self):
        """Node finds the packages through a link; the native engines are never called, but asked for."""
        (self.folder / "node_modules").symlink_to(self.modules)
        (self.folder / "native").write_text("#!/bin/sh\nexit 1\n")
        (self.folder / "native").chmod(0o755)
        (self.folder / "schema.prisma").write_text('datasource db {\n  provider = "sqlite"\n  url = "file:unused"\n}\n')
        (self.folder / "prisma.config.ts").write_text(
            f"""import {{ defineConfig }} from "prisma/config";
import {{ PrismaLibSQL }} from "@prisma/adapter-libsql";
export default defineConfig({{
  experimental: {{ adapter: true }},
  engine: "js",
  schema: "schema.prisma",
  migrations: {{ path: "migrations" }},
  async adapter() {{ return new PrismaLibSQL({{ url: "file:{self.database.path}" }}); }},
}});
"""
        )
        self.directory.mkdir()
        (self.directory / "migration_lock.toml").write_text('provider = "sqlite"\n')

    def environment(self):
        native = str(self.folder / "native")
        return {"PRISMA_QUERY_ENGINE_LIBRARY": native, "PRISMA_SCHEMA_ENGINE_BINARY": native, "CHECKPOINT_DISABLE": "1"}

    def command(self, *words):
        return [self.modules / ".bin" / "prisma", "migrate", *words]

    def name(self, number):
        return f"202601{number:02}000000_make_t{number}"

    def revision(self, number):
        return self.name(number)

    def write(self, migration):
        folder = self.directory / self.name(migration.number)
        folder.mkdir(exist_ok=True)
        (folder / "migration.sql").write_text("".join(f"{statement};\n" for statement in migration.up))

    def up_command(self):
        return self.command("deploy")

    def report(self):
        """`status` compares no checksums (`dev`, which does, is no command for a test), and names what failed only when
        nothing is pending."""
        result = self.run(self.command("status"), check=False)
        said = result.stdout + result.stderr
        if "no such table: _prisma_migrations" in said:
            return Report()

        def names_behind(heading):
            found = re.search(heading + r"[^\n]*\n((?:\d{14}_\w+\n)+)", said)
            return found[1].split() if found else []

        failed = names_behind("Following migrations? have failed:")
        return Report(pending=names_behind("Following migrations? have not yet been applied:") if not failed else None, failed=failed or None)


DRIVER = Prisma
