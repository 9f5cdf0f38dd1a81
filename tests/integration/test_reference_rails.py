# SPDX-License-Identifier: Apache-2.0
"""Rails' schema.rb, written by a real ActiveRecord after its own migrations, against the database that they made."""

import os
import shutil
from pathlib import Path

import pytest
from harness.process import run
from harness.reference_probe import ask, drift

pytestmark = pytest.mark.full

DATA = Path(__file__).parent / "data" / "rails"
VERSION = "20240101000000"
SECOND = """
class Second < ActiveRecord::Migration[6.1]
  def change
    add_column :people, :later, :string
    add_index :people, :later
    remove_column :people, :born
  end
end
"""

ALTERED = {
    "postgresql": [
        ("ALTER TABLE people ADD extra int", ("column", "public.people.extra", "unexpected", None)),
        ("ALTER TABLE people ALTER name DROP NOT NULL", ("column", "public.people.name", "changed", "nullable")),
        ("ALTER TABLE people ALTER price TYPE numeric(12,2)", ("column", "public.people.price", "changed", "type")),
        ("ALTER TABLE people ALTER seen6 TYPE timestamp(3)", ("column", "public.people.seen6", "changed", "type")),
        ("ALTER TABLE people ALTER meta SET DEFAULT '{}'", ("column", "public.people.meta", "changed", "default")),
        ("ALTER TABLE people DROP CONSTRAINT price_check", ("check", "public.people.price_check", "missing", None)),
        ("DROP INDEX by_age", ("index", "public.people.by_age", "missing", None)),
        ("CREATE TABLE extra (id int)", ("table", "public.extra", "unexpected", None)),
        ("ALTER TABLE join_table DROP CONSTRAINT named_fk", ("foreign_key", "public.join_table.named_fk", "missing", None)),
    ],
    "mariadb": [
        ("ALTER TABLE people ADD extra int", ("column", "people.extra", "unexpected", None)),
        ("ALTER TABLE people MODIFY code varchar(30)", ("column", "people.code", "changed", "type")),
        ("DROP INDEX by_age ON people", ("index", "people.by_age", "missing", None)),
    ],
    "sqlite": [
        ("ALTER TABLE people ADD extra int", ("column", "people.extra", "unexpected", None)),
        ("DROP INDEX by_age", ("index", "people.by_age", "missing", None)),
    ],
}
ALTERED["mysql"] = ALTERED["mariadb"]


class RailsProject:
    def __init__(self, folder, database):
        self.database = database
        self.migrations = folder / "migrate"
        self.migrations.mkdir(parents=True)
        self.schema = folder / "schema.rb"
        source = "postgresql.rb" if database.engine == "postgresql" else "any.rb"
        (self.migrations / f"{VERSION}_first.rb").write_text((DATA / source).read_text())

    def migrate(self):
        schemes = {"postgresql": "postgresql", "mariadb": "mysql2", "mysql": "mysql2"}
        sqlite = self.database.engine == "sqlite"
        url = f"sqlite3:{self.database.path}" if sqlite else self.database.location(schemes[self.database.engine])
        run(["ruby", DATA / "migrate.rb", self.migrations, self.schema], env={**os.environ, "DATABASE_URL": url})

    def drift(self, *options):
        return drift(f"rails:{self.schema}", self.database.url(), *options)


@pytest.fixture
def rails(tmp_path, database):
    if not shutil.which("ruby") or run(["ruby", "-e", 'require "active_record"'], check=False).returncode != 0:
        pytest.skip("no ruby with ActiveRecord")
    made = RailsProject(tmp_path / "rails", database)
    made.migrate()
    return made


def test_migrated_database_has_no_drift(rails):
    items, answer = rails.drift()
    assert items == [] and answer["drift"] == "none" and answer["remark"] == "" and answer["revision"] == VERSION


def test_what_was_altered_by_hand(rails):
    expected = []
    for statement, item in ALTERED[rails.database.engine]:
        rails.database.sql(statement)
        expected.append(item)
        items, _ = rails.drift()
        assert sorted(items, key=str) == sorted(expected, key=str), statement


def test_later_migration(rails):
    """A schema.rb that is older or newer than what is applied is no reference."""
    before = rails.schema.read_text()
    (rails.migrations / "20250101000000_second.rb").write_text(SECOND)
    rails.migrate()
    items, answer = rails.drift("--applied", "20250101000000")
    assert items == [] and answer["revision"] == "20250101000000"
    rails.schema.write_text(before)
    answer = ask("--applied", "20250101000000", f"rails:{rails.schema}", rails.database.url())
    assert answer["ahead"]
    assert answer["reason"] == f"schema.rb stands at {VERSION}, the database at 20250101000000"


def test_tables_that_rails_cannot_write(rails):
    """ActiveRecord leaves a table out whose types it does not know, and says so in a comment: it is not unexpected."""
    if rails.database.engine != "postgresql":
        pytest.skip("only PostgreSQL has types of its user's own")
    rails.database.sql("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE odd (id int, mood mood)")
    rails.migrate()
    assert 'Could not dump table "odd"' in rails.schema.read_text()
    items, _ = rails.drift()
    assert items == []


def test_what_rails_would_not_write(rails):
    with open(rails.schema, "a", encoding="utf-8") as file:
        file.write("system('true')\n")
    lines = len(rails.schema.read_text().splitlines())
    error = ask(f"rails:{rails.schema}", rails.database.url(), expect=1)
    assert error["code"] == "invalid" and f"schema.rb:{lines}: " in error["message"]
