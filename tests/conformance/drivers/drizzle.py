# SPDX-License-Identifier: Apache-2.0
"""Drizzle up to 0.45, by drizzle-kit: .sql files that meta/_journal.json lists."""

import json
import shutil
from pathlib import Path

from driver import ANY, Outcome, Report

from drivers._node import NodeDriver

CLIENTS = ("pg@8.16.3", "mysql2@3.15.3", "better-sqlite3@12.11.1", "@libsql/client@0.15.15")
DIALECTS = {"postgres": "postgresql", "mariadb": "mysql", "sqlite": "sqlite"}
MIGRATOR = Path(__file__).with_name("_drizzle_migrator.js")
FIRST_WHEN = 1767225600123  # the clock that generate reads has milliseconds
CONFIG = """\
module.exports = {{
  dialect: "{dialect}",
  schema: "./schema.js",
  out: "./drizzle",
  dbCredentials: {{ url: {address} }},
}};
"""


class Drizzle(NodeDriver):
    tool = "drizzle"
    bundle = "drizzle"
    packages = ("drizzle-kit@0.31.11", "drizzle-orm@0.45.4", *CLIENTS)
    checksums = True  # the tool keeps them and compares none: a mismatch is migrationd's own verdict
    exceptions = {
        ("rolled_back", ANY): Outcome("current", "it cannot take a migration back"),
        ("running", "mariadb"): Outcome("pending", "the tool takes no lock"),
        ("running", "sqlite"): Outcome("pending", "the tool takes no lock"),
    }

    def prepare(self):
        super().prepare()
        shutil.copy(MIGRATOR, self.folder / "migrator.js")
        self.target = self.address(DIALECTS[self.engine])
        text = CONFIG.format(dialect=DIALECTS[self.engine], address=json.dumps(self.target))
        (self.folder / "drizzle.config.js").write_text(text)
        (self.folder / "schema.js").write_text("module.exports = {};\n")
        self.written = []

    @property
    def directory(self):
        return self.folder / "drizzle"

    def revision(self, number):
        return f"{number - 1:04}_make_t{number}"

    def when(self, number):
        return FIRST_WHEN + number * 60000

    def recorded(self, number):
        return str(self.when(number))

    def file(self, number):
        return self.directory / f"{self.revision(number)}.sql"

    def write(self, migration):
        """drizzle-kit itself makes an empty migration, whose name and time are then made the same in every run."""
        if migration.number not in self.written:
            self.run([self.program("drizzle-kit"), "generate", "--custom", f"--name={migration.name}"])
            self.settle(migration)
            self.written = sorted([*self.written, migration.number])
        text = "--> statement-breakpoint\n".join(f"{statement};\n" for statement in migration.up)
        self.file(migration.number).write_text(text)

    def entries(self):
        return json.loads((self.directory / "meta" / "_journal.json").read_text())["entries"]

    def write_entries(self, entries):
        path = self.directory / "meta" / "_journal.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "entries": entries}, indent=2) + "\n")

    def settle(self, migration):
        """Number and time as of one who wrote them in order, also where they are written late."""
        *others, made = self.entries()
        index, tag = migration.number - 1, self.revision(migration.number)
        (self.directory / f"{made['tag']}.sql").rename(self.directory / f"{tag}.sql")
        meta = self.directory / "meta"
        (meta / f"{made['tag'][:4]}_snapshot.json").rename(meta / f"{index:04}_snapshot.json")
        made.update(idx=index, tag=tag, when=self.when(migration.number))
        self.write_entries(sorted([*others, made], key=lambda entry: entry["idx"]))

    def remove(self, number, files):
        super().remove(number, files)
        self.write_entries([entry for entry in self.entries() if entry["tag"] != self.revision(number)])
        self.written.remove(number)

    def up_command(self):
        return [self.program("drizzle-kit"), "migrate"]

    def migrator(self, word):
        return ["node", "migrator.js", word, self.engine, self.target]

    def recorded_as(self, row):
        """The revision of a row that the migrator would write."""
        (tag,) = [entry["tag"] for entry in self.entries() if entry["when"] == row[1]]
        return tag

    def report(self):
        pending = [self.recorded_as(row) for row in json.loads(self.run(self.migrator("plan")).stdout)]
        applied = [one for one in map(self.revision, self.written) if one not in pending]
        return Report(head=applied[-1] if applied else "", applied=applied, pending=pending)


DRIVER = Drizzle
