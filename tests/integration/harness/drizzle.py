# SPDX-License-Identifier: Apache-2.0
"""A real Drizzle project, run by drizzle-kit from the npm registry (pinned, installed once into build/cache)."""

import fcntl
import json
import os
from pathlib import Path

from .daemon import REPOSITORY
from .process import run

PACKAGES = {
    "drizzle-kit": "0.31.11",
    "drizzle-orm": "0.45.4",
    "pg": "8.16.3",
    "mysql2": "3.15.3",
    "@libsql/client": "0.15.15",
}
DIALECTS = {"postgresql": "postgresql", "mariadb": "mysql", "mysql": "mysql", "sqlite": "sqlite"}
CONFIG = """\
import {{ defineConfig }} from "drizzle-kit";

export default defineConfig({{
    dialect: "{dialect}",
    schema: "./schema.ts",
    out: "./drizzle",
    dbCredentials: {{ url: {url} }},
}});
"""


def installed():
    """The folder whose node_modules holds PACKAGES; the first caller installs them."""
    cache = REPOSITORY / "build" / "cache" / "npm"
    cache.mkdir(parents=True, exist_ok=True)
    manifest = json.dumps({"private": True, "dependencies": PACKAGES}, indent=1)
    stamp = cache / "installed.json"
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != manifest:
            (cache / "package.json").write_text(manifest)
            run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], timeout=600, cwd=cache)
            stamp.write_text(manifest)
    return cache


class DrizzleProject:
    """schema() and generate() write migrations as a developer would, migration() writes one by hand."""

    def __init__(self, folder, database):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        self.database = database
        self.dialect = DIALECTS[database.engine]
        self.out = self.folder / "drizzle"
        url = f"file:{database.path}" if self.dialect == "sqlite" else database.location(self.dialect)
        (self.folder / "drizzle.config.ts").write_text(CONFIG.format(dialect=self.dialect, url=json.dumps(url)))
        (self.folder / "package.json").write_text('{"private": true}\n')
        (self.folder / "node_modules").symlink_to(installed() / "node_modules")

    def tables(self, *names):
        """Writes schema.ts with one table per name, whose SQL is the same thing in each dialect."""
        kinds = {"postgresql": ("pg", "pgTable"), "mysql": ("mysql", "mysqlTable"), "sqlite": ("sqlite", "sqliteTable")}
        core, table = kinds[self.dialect]
        integer = "int" if self.dialect == "mysql" else "integer"
        lines = [f'import {{ {table}, {integer} as integer }} from "drizzle-orm/{core}-core";']
        lines += [f'export const {name} = {table}("{name}", {{ id: integer("id").primaryKey() }});' for name in names]
        self.schema("\n".join(lines) + "\n")

    def schema(self, typescript):
        (self.folder / "schema.ts").write_text(typescript)

    def kit(self, *arguments, timeout=180, check=True):
        environment = {**os.environ, "NO_COLOR": "1", "CI": "1"}
        program = self.folder / "node_modules" / ".bin" / "drizzle-kit"
        return run([program, *arguments], timeout, check, env=environment, cwd=self.folder)

    def generate(self, name):
        """drizzle-kit generate; returns the tag of the new migration."""
        before = set(self.tags())
        self.kit("generate", f"--name={name}")
        (tag,) = set(self.tags()) - before
        return tag

    def migrate(self, check=True):
        return self.kit("migrate", check=check)

    def journal(self):
        path = self.out / "meta" / "_journal.json"
        return json.loads(path.read_text()) if path.exists() else {"entries": []}

    def write_journal(self, journal):
        (self.out / "meta" / "_journal.json").write_text(json.dumps(journal, indent=2))

    def tags(self):
        return [entry["tag"] for entry in self.journal()["entries"]]

    def file(self, tag):
        return self.out / f"{tag}.sql"

    def close(self):
        pass
