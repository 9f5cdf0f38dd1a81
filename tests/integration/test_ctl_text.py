# SPDX-License-Identifier: Apache-2.0
"""What migrationctl prints for people: one line per thing, nothing that a terminal obeys, never less than the truth."""

import json
from datetime import datetime, timedelta, timezone

from harness import migrationctl

HOSTILE = "ab\x1b[31m\ncd\u202e"
PLAIN = "ab [31m cd"


def alembic(database, revision):
    database.sql("CREATE TABLE alembic_version (version_num varchar(64) PRIMARY KEY)")
    database.sql("INSERT INTO alembic_version VALUES (?)", (revision,))


def test_journal_of_hostile_text(sqlite):
    alembic(sqlite, HOSTILE)
    result = migrationctl("journal", sqlite.url())
    assert result.returncode == 0, result.stderr
    assert PLAIN in result.stdout
    assert not {"\x1b", "\u202e"} & set(result.stdout)
    assert len([line for line in result.stdout.splitlines() if line.startswith(PLAIN)]) == 1, "one row"


def test_journal_tells_when_it_was_read(sqlite):
    alembic(sqlite, "a1")
    before = datetime.now(timezone.utc)
    report = json.loads(migrationctl("journal", sqlite.url(), "--output", "json").stdout)
    taken_at = datetime.fromisoformat(report["taken_at"].replace("Z", "+00:00"))
    assert before - timedelta(seconds=1) < taken_at < datetime.now(timezone.utc) + timedelta(seconds=1)


def test_status_of_hostile_text(daemon, sqlite):
    alembic(sqlite, HOSTILE)
    instance = daemon({"databases": {"app": {"url": sqlite.url(), "expect": {"revision": "zz"}}}})
    instance.wait_state("app", "unknown")
    server = ("--server", f"http://127.0.0.1:{instance.port}")
    for arguments in (("status",), ("status", "app"), ("wait", "app", "--timeout", "0")):
        result = instance.ctl(*server, *arguments)
        assert "app" in result.stdout + result.stderr
        assert not {"\x1b", "\u202e"} & set(result.stdout + result.stderr), arguments
    assert PLAIN in instance.ctl(*server, "status", "app").stdout


def test_journal_that_the_role_may_not_see(mariadb_server, mariadb):
    mariadb.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    mariadb.sql("CREATE TABLE visible (id integer)")
    role, password = mariadb_server.create_role()
    mariadb.sql(f"GRANT SELECT ON visible TO {role}@'%'")
    result = migrationctl("journal", mariadb.url(role, password))
    assert result.returncode == 3, result.stdout
    assert "no journal is visible" in result.stderr and "GRANT REFERENCES, SHOW VIEW" in result.stderr
    assert "but no migration journal" not in result.stdout


def test_plan_of_hostile_names(new_database):
    reference, live = new_database(), new_database()
    reference.sql(f'CREATE TABLE t (a integer, "{HOSTILE}" text)')
    live.sql("CREATE TABLE t (a integer)")
    result = migrationctl("plan", reference.url(), live.url())
    assert result.returncode == 1, result.stderr
    assert f"The values of {PLAIN}" in result.stdout
    assert not {"\x1b", "\u202e"} & set(result.stdout)
