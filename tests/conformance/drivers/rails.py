# SPDX-License-Identifier: Apache-2.0
"""Rails' migrations without the rest of Rails: Debian's ActiveRecord, led as `rails db:migrate` leads it."""

import json

import install
from driver import Driver, Outcome, Report

RUNNER = """\
require "active_record"
require "json"
ActiveRecord::Base.establish_connection(JSON.parse(ENV.fetch("RAILS_DATABASE")))
ActiveRecord::Base.logger = nil
ActiveRecord::Migration.verbose = false
context = ActiveRecord::MigrationContext.new(ARGV[1], ActiveRecord::SchemaMigration)
case ARGV[0]
when "migrate" then context.migrate
when "rollback" then context.rollback(1)
when "status" then puts JSON.dump(ActiveRecord::SchemaMigration.table_exists? ? context.migrations_status : nil)
end
"""

MIGRATION = """\
class {name} < ActiveRecord::Migration[6.1]
  def up
{up}
  end

  def down
{down}
  end
end
"""


class Rails(Driver):
    tool = "rails"
    exceptions = {("running", "sqlite"): Outcome("pending", "no lock on SQLite")}

    @classmethod
    def install(cls):
        install.require("ruby", "ruby-activerecord ruby-pg ruby-mysql2 ruby-sqlite3")

    def prepare(self):
        (self.folder / "runner.rb").write_text(RUNNER)

    @property
    def directory(self):
        return self.folder / "db" / "migrate"

    def environment(self):
        if self.engine == "sqlite":
            settings = {"adapter": "sqlite3", "database": str(self.database.path)}
        else:
            server = self.database.server
            settings = {
                "adapter": "postgresql" if self.engine == "postgres" else "mysql2",
                "host": server.host,
                "port": server.port,
                "username": server.superuser,
                "password": server.password,
                "database": self.database.name,
            }
        return {"RAILS_DATABASE": json.dumps(settings)}

    def command(self, word):
        return ["ruby", self.folder / "runner.rb", word, self.directory]

    def revision(self, number):
        return f"{20240101000000 + number}"

    def write(self, migration):
        up, down = ("\n".join(f"    execute {json.dumps(text)}" for text in part) for part in (migration.up, migration.down))
        name = "".join(word.capitalize() for word in migration.name.split("_"))
        path = self.directory / f"{self.revision(migration.number)}_{migration.name}.rb"
        path.write_text(MIGRATION.format(name=name, up=up, down=down))

    def up_command(self):
        return self.command("migrate")

    def down_command(self):
        return self.command("rollback")

    def report(self):
        rows = json.loads(self.run(self.command("status")).stdout)
        if rows is None:  # "Schema migrations table does not exist yet."
            return Report(head="")
        applied = [version for state, version, _ in rows if state == "up"]
        return Report(
            head=applied[-1] if applied else "",
            applied=applied,
            pending=[version for state, version, _ in rows if state == "down"],
        )


DRIVER = Rails
