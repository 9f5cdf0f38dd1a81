# SPDX-License-Identifier: Apache-2.0
"""Kysely, by its Migrator: the command line is a package of somebody else's."""

import json

from driver import Outcome, Report

from drivers._node import NodeDriver

MIGRATION = """\
const {{ sql }} = require("kysely");

const run = async (db, statements) => {{
  for (const statement of statements) await sql.raw(statement).execute(db);
}};

exports.up = (db) => run(db, {up});
exports.down = (db) => run(db, {down});
"""
DIALECTS = {
    "postgres": "new PostgresDialect({{ pool: new (require('pg').Pool)({{ connectionString: {address} }}) }})",
    "mariadb": "new MysqlDialect({{ pool: require('mysql2').createPool({{ uri: {address} }}) }})",
    "sqlite": "new SqliteDialect({{ database: new (require('better-sqlite3'))({address}) }})",
}
PROGRAM = """\
const fs = require("fs/promises");
const path = require("path");
const {{ FileMigrationProvider, Kysely, Migrator, MysqlDialect, PostgresDialect, SqliteDialect }} = require("kysely");

const db = new Kysely({{ dialect: {dialect} }});
const provider = new FileMigrationProvider({{ fs, path, migrationFolder: path.join(__dirname, "migrations") }});
const migrator = new Migrator({{ db, provider }});

async function main(word) {{
  if (word === "list") {{
    const list = await migrator.getMigrations();
    console.log(JSON.stringify(list.map((one) => ({{ name: one.name, applied: one.executedAt !== undefined }}))));
    return;
  }}
  const {{ error }} = word === "down" ? await migrator.migrateDown() : await migrator.migrateToLatest();
  if (error) throw error;
}}

main(process.argv[2])
  .catch((error) => {{
    console.error(error);
    process.exitCode = 1;
  }})
  .finally(() => db.destroy());
"""


class Kysely(NodeDriver):
    tool = "kysely"
    exceptions = {("running", "sqlite"): Outcome("pending", "no lock on SQLite")}

    def prepare(self):
        super().prepare()
        address = json.dumps(self.address({"postgres": "postgresql"}.get(self.engine, "mysql")))
        text = PROGRAM.format(dialect=DIALECTS[self.engine].format(address=address))
        (self.folder / "migrate.js").write_text(text)

    def revision(self, number):
        return f"2026010{number}_make_t{number}"

    def write(self, migration):
        text = MIGRATION.format(up=json.dumps(migration.up), down=json.dumps(migration.down))
        self.write_javascript(f"{self.revision(migration.number)}.js", text)

    def up_command(self):
        return ["node", "migrate.js", "up"]

    def down_command(self):
        return ["node", "migrate.js", "down"]

    def report(self):
        found = json.loads(self.run(["node", "migrate.js", "list"]).stdout)
        applied = [one["name"] for one in found if one["applied"]]
        pending = [one["name"] for one in found if not one["applied"]]
        return Report(head=applied[-1] if applied else "", applied=applied, pending=pending)


DRIVER = Kysely
