# SPDX-License-Identifier: Apache-2.0
"""A real Drizzle project's snapshots against what its own migrations made: no drift, and exactly what was altered."""

import json
from pathlib import Path

import pytest
from harness.reference_probe import ask, drift

pytestmark = pytest.mark.full

SCHEMAS = Path(__file__).parent / "data" / "drizzle"

ALTERED = {
    "postgresql": [
        ("ALTER TABLE users ADD extra int", ("column", "public.users.extra", "unexpected", None)),
        ("ALTER TABLE users ALTER bio SET NOT NULL", ("column", "public.users.bio", "changed", "nullable")),
        ("ALTER TABLE users ALTER price TYPE numeric(12,2)", ("column", "public.users.price", "changed", "type")),
        ("ALTER TABLE users ALTER name SET DEFAULT 'x'", ("column", "public.users.name", "changed", "default")),
        ("ALTER TABLE users ALTER meta SET DEFAULT '{\"a\":2}'", ("column", "public.users.meta", "changed", "default")),
        ("ALTER TABLE users DROP CONSTRAINT in_check", ("check", "public.users.in_check", "missing", None)),
        ("DROP INDEX name_desc", ("index", "public.users.name_desc", "missing", None)),
        ("CREATE TABLE extra (id int)", ("table", "public.extra", "unexpected", None)),
        ("ALTER TYPE mood ADD VALUE 'new'", ("enum", "public.mood", "changed", "values")),
        ("ALTER SEQUENCE counter INCREMENT 7", ("sequence", "public.counter", "changed", "increment")),
        ("ALTER TABLE app.posts ALTER id SET START 5", ("column", "app.posts.id", "changed", "identity")),
        ("ALTER TABLE pk2 DISABLE ROW LEVEL SECURITY", ("table", "public.pk2", "changed", "row_security")),
        (
            "CREATE OR REPLACE VIEW active_users AS SELECT id, name FROM users WHERE active = false",
            ("view", "public.active_users", "changed", "definition"),
        ),
    ],
    "mysql": [
        ("ALTER TABLE users ADD extra int", ("column", "users.extra", "unexpected", None)),
        ("ALTER TABLE users MODIFY bio text NOT NULL", ("column", "users.bio", "changed", "nullable")),
        ("ALTER TABLE users ALTER name SET DEFAULT 'x'", ("column", "users.name", "changed", "default")),
        ("ALTER TABLE users DROP CONSTRAINT score_check", ("check", "users.score_check", "missing", None)),
        ("DROP INDEX name_idx ON users", ("index", "users.name_idx", "missing", None)),
        (
            "CREATE OR REPLACE VIEW active_users AS SELECT id, name FROM users WHERE active = 0",
            ("view", "active_users", "changed", "definition"),
        ),
    ],
    "sqlite": [
        ("ALTER TABLE users ADD extra int", ("column", "users.extra", "unexpected", None)),
        ("DROP INDEX name_idx", ("index", "users.name_idx", "missing", None)),
        ("CREATE TABLE extra (id int)", ("table", "extra", "unexpected", None)),
    ],
}


@pytest.fixture
def drizzle(project, database):
    """One migration that makes a bit of everything, and the folder that it lies in."""
    made = project("drizzle", database)
    text = (SCHEMAS / f"{made.dialect}.ts").read_text()
    if made.dialect == "postgresql" and database.server.major < 15:
        text = text.replace(".nullsNotDistinct()", "").replace("securityInvoker: true, ", "")
    made.schema(text)
    made.generate("everything")
    made.migrate()
    return made


def test_fresh_database_has_no_drift(drizzle):
    items, answer = drift(f"drizzle:{drizzle.out}", drizzle.database.url())
    assert items == [] and answer["drift"] == "none" and answer["remark"] == ""
    assert answer["revision"] == drizzle.tags()[-1]


def test_what_was_altered_by_hand(drizzle):
    """One statement after the other, each seen beside those before it."""
    expected = []
    for statement, item in ALTERED[drizzle.dialect]:
        drizzle.database.sql(statement)
        expected.append(item)
        items, _ = drift(f"drizzle:{drizzle.out}", drizzle.database.url())
        assert sorted(items, key=str) == sorted(expected, key=str), statement


def test_later_migrations(drizzle):
    """A column more, and a rebuilt table on SQLite: the reference is the snapshot of what is applied."""
    first = drizzle.tags()[-1]
    schema = drizzle.folder / "schema.ts"
    text = schema.read_text()
    schema.write_text(text.replace('  email: text("email").notNull()', '  added: text("added"), email: text("email").notNull()')
                          .replace('  email: varchar("email"', '  added: varchar("added", { length: 9 }), email: varchar("email"'))
    second = drizzle.generate("later")
    url = drizzle.database.url()
    items, answer = drift(f"drizzle:{drizzle.out}", url, "--applied", first)
    assert items == [] and answer["revision"] == first
    items, _ = drift(f"drizzle:{drizzle.out}", url)
    assert [item[0:3:2] for item in items] == [("column", "missing")]
    drizzle.migrate()
    items, answer = drift(f"drizzle:{drizzle.folder}", url, "--applied", second)
    assert items == [] and answer["revision"] == second
    journal = drizzle.journal()
    items, answer = drift(f"drizzle:{drizzle.out / 'meta'}", url, "--applied", str(journal["entries"][-1]["when"]))
    assert items == [] and answer["revision"] == second
    answer = ask("--applied", "0009_other", f"drizzle:{drizzle.out}", url)
    assert answer["ahead"] and second in answer["reason"] and "0009_other" in answer["reason"]


def test_migrations_as_sql(drizzle):
    """The same folder's SQL files in a scratch database give the same schema."""
    url = drizzle.database.url()
    scratch = [] if drizzle.database.engine == "sqlite" else ["--scratch", url]
    items, answer = drift(f"sql:{drizzle.out}", url, "--tool", "drizzle", "--applied", drizzle.tags()[-1], *scratch)
    assert items == [] and answer["revision"] == drizzle.tags()[-1]


def test_snapshot_of_a_newer_drizzle(drizzle):
    snapshot = next((drizzle.out / "meta").glob("*_snapshot.json"))
    snapshot.write_text(json.dumps({**json.loads(snapshot.read_text()), "version": "99"}))
    error = ask(f"drizzle:{drizzle.out}", drizzle.database.url(), expect=1)
    assert error["code"] == "unsupported" and "version 99" in error["message"]
