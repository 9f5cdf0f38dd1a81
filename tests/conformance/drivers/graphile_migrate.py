# SPDX-License-Identifier: Apache-2.0
"""graphile-migrate, by its command line."""

import hashlib
import json
import re

from driver import ANY, Outcome, Report

from drivers._node import NodeDriver


def hash_of(previous, body):
    return "sha1:" + hashlib.sha1(f"{previous}\n{body}".strip().encode() + b"\n").hexdigest()


class GraphileMigrate(NodeDriver):
    """What `graphile-migrate commit` would write is written here: it wants a second database to try it on."""

    tool = "graphile-migrate"
    engines = ("postgres",)
    checksums = True
    exceptions = {("rolled_back", ANY): Outcome("current", "the tool cannot take a migration back")}

    def prepare(self):
        super().prepare()
        self.hashes = {0: ""}
        self.committed = self.directory / "committed"
        self.committed.mkdir(parents=True, exist_ok=True)
        address = self.database.location("postgres")
        settings = {"connectionString": address, "shadowConnectionString": f"{address}_shadow"}  # status wants its name
        (self.folder / ".gmrc").write_text(json.dumps(settings) + "\n")

    def revision(self, number):
        return f"{number:06d}.sql"

    def write(self, migration):
        """Of one that is there already only the text changes: somebody edits the file."""
        number = migration.number
        body = "".join(f"{statement};\n" for statement in migration.up).strip()
        previous = self.hashes[number - 1]
        self.hashes.setdefault(number, hash_of(previous, body))
        header = f"--! Previous: {previous or '-'}\n--! Hash: {self.hashes[number]}\n--! Message: {migration.name}\n"
        (self.committed / f"{number:06d}-{migration.name}.sql").write_text(f"{header}\n{body}\n")

    def up_command(self):
        return [self.program("graphile-migrate"), "migrate"]

    def report(self):
        said = self.run([self.program("graphile-migrate"), "status"], check=False)
        assert said.returncode in (0, 1), said.stderr  # 1: some are pending
        return Report(pending=[f"{digits}.sql" for digits in re.findall(r"(\d{6})[\w-]*\.sql", said.stdout)])


DRIVER = GraphileMigrate
