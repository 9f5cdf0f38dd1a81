# SPDX-License-Identifier: Apache-2.0
"""SQL as a reference: loaded into a scratch database of the engine's own, which is gone afterwards, whatever happened."""

import os
import signal
import subprocess

import pytest
from harness import eventually
from harness.daemon import programs
from harness.reference_probe import ask, drift, environment, start

SCHEMA = {
    "postgresql": """
        CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE TABLE people (id bigserial PRIMARY KEY, name varchar(40) NOT NULL DEFAULT 'x', m mood,
                             CHECK (name IN ('x', 'y', 'z')));
        CREATE INDEX by_name ON people (lower(name)) WHERE m IS NOT NULL;
        CREATE FUNCTION twice(a integer) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN a * 2; /* ; */ END $$;
        CREATE VIEW named AS SELECT id, name FROM people WHERE name <> 'y';
    """,
    "mariadb": """
        CREATE TABLE people (id bigint AUTO_INCREMENT PRIMARY KEY, name varchar(40) NOT NULL DEFAULT 'x',
                             CONSTRAINT known CHECK (name IN ('x', 'y', 'z')));
        CREATE INDEX by_name ON people (name);
        CREATE VIEW named AS SELECT id, name FROM people WHERE name <> 'y';
    """,
    "sqlite": """
        CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL DEFAULT 'x' CHECK (name IN ('x', 'y', 'z')));
        CREATE INDEX by_name ON people (lower(name));
        CREATE TRIGGER tr AFTER INSERT ON people BEGIN UPDATE people SET name = 'y'; SELECT 1; END;
        CREATE VIEW named AS SELECT id, name FROM people WHERE name <> 'y';
    """,
}
SCHEMA["mysql"] = SCHEMA["mariadb"]


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path, monkeypatch):
    """Where SQLite's scratch files go: watched by every test."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("MIGRATIOND_TEST_PROBE_TMPDIR", str(folder))
    return folder


def scratches(database, folder):
    """What is there of scratch databases now."""
    if database.engine == "sqlite":
        return list(folder.glob("migrationd_scratch_*"))
    if database.engine == "postgresql":
        query = "SELECT datname FROM pg_database WHERE datname LIKE 'migrationd%'"
    else:
        query = "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'migrationd%'"
    return [name for (name,) in database.server.sql(query)]


def load(database, sql):
    for statement in [sql] if database.engine in ("postgresql", "sqlite") else sql.split(";"):
        if statement.strip():
            database.sql(statement)


def options(database):
    return [] if database.engine == "sqlite" else ["--scratch", database.url()]


def test_schema_file(database, tmp_path, temporary_folder):
    file = tmp_path / "schema.sql"
    file.write_text(SCHEMA[database.engine])
    load(database, SCHEMA[database.engine])
    items, answer = drift(f"sql:{file}", database.url(), *options(database))
    assert items == [] and answer["remark"] == ""
    database.sql("ALTER TABLE people ADD COLUMN extra integer")
    items, _ = drift(f"sql:{file}", database.url(), *options(database))
    assert [(kind, change) for kind, _, change, _ in items] == [("column", "unexpected")]
    assert scratches(database, temporary_folder) == []


def test_server_without_a_database_in_its_url(database, tmp_path, temporary_folder):
    if database.engine == "sqlite":
        pytest.skip("a file is its own server")
    file = tmp_path / "schema.sql"
    file.write_text(SCHEMA[database.engine])
    load(database, SCHEMA[database.engine])
    server = database.url().rsplit("/", 1)[0] + "/"
    items, _ = drift(f"sql:{file}", database.url(), "--scratch", server)
    assert items == [] and scratches(database, temporary_folder) == []


@pytest.mark.parametrize("what", ["CREATE TABL x;", "CREATE TABLE people (id integer);\nCREATE TABLE people (id integer);"])
def test_script_that_fails_midway(database, tmp_path, temporary_folder, what):
    file = tmp_path / "broken.sql"
    file.write_text("CREATE TABLE first (id integer);\n" + what)
    error = ask(*options(database), f"sql:{file}", database.url(), expect=1)
    line = 1 + len(what.split("\n"))
    assert error["code"] == "invalid" and error["message"].startswith(f"broken.sql:{line}: ")
    assert "migrationd_scratch_" not in error["message"] and "secret" not in error["message"]
    assert scratches(database, temporary_folder) == []


SLEEP = {
    "postgresql": "SELECT pg_sleep(60);",
    "mariadb": "SELECT SLEEP(60);",
    "mysql": "SELECT SLEEP(60);",
    "sqlite": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c;",
}


def test_script_that_takes_too_long(database, tmp_path, temporary_folder):
    file = tmp_path / "slow.sql"
    file.write_text("CREATE TABLE first (id integer);\n" + SLEEP[database.engine])
    error = ask("--timeout", 1500, *options(database), f"sql:{file}", database.url(), expect=1)
    assert error["code"] == "timeout" and error["message"].startswith("slow.sql:2: ")
    assert scratches(database, temporary_folder) == []


def test_a_database_that_is_still_being_made(postgres, tmp_path, temporary_folder):
    """A server goes on with what it was asked for when nobody waits any more: it is told to stop before the end."""
    file = tmp_path / "schema.sql"
    file.write_text("CREATE TABLE first (id integer);\n")
    holder = postgres.server.connect(autocommit=False)
    try:
        holder.cursor().execute("COMMENT ON DATABASE template0 IS 'in the way of its copies'")
        error = ask("--timeout", 1500, *options(postgres), f"sql:{file}", postgres.url(), expect=1)
        assert error["code"] == "timeout"
        making = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE DATABASE \"migrationd%' AND state = 'active'"
        assert postgres.server.sql(making) == []
    finally:
        holder.rollback()
        holder.close()
    assert scratches(postgres, temporary_folder) == []


def test_killed_connection(database, tmp_path, temporary_folder):
    """Somebody ends the session in the middle of the script: an error, and still nothing is left."""
    if database.engine == "sqlite":
        pytest.skip("SQLite has no sessions")
    file = tmp_path / "slow.sql"
    file.write_text("CREATE TABLE first (id integer);\n" + SLEEP[database.engine])
    with start(*options(database), f"sql:{file}", database.url()) as probe:
        (name,) = eventually(lambda: scratches(database, temporary_folder), 20)
        sleeping = (
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND query LIKE '%%sleep(%%'"
            if database.engine == "postgresql"
            else "SELECT id FROM information_schema.processlist WHERE db = %s AND lower(info) LIKE '%%sleep(%%'"
        )
        pids = eventually(lambda: [row[0] for row in database.server.sql(sleeping, (name,))], 20)
        for pid in pids:
            if database.engine == "postgresql":
                database.server.sql("SELECT pg_terminate_backend(%s)", (pid,))
            else:
                database.server.sql(f"KILL {pid}")
        output, errors = probe.communicate(timeout=60)
    assert probe.returncode == 1 and b"slow.sql:" in output, (output, errors)
    assert scratches(database, temporary_folder) == []


def test_migrationctl_that_is_told_to_stop(database, tmp_path, temporary_folder):
    """SIGTERM ends it between two statements, after the scratch database is dropped."""
    nap = {"postgresql": "SELECT pg_sleep(0.1);", "sqlite": SLEEP["sqlite"]}.get(database.engine, "SELECT SLEEP(0.1);")
    file = tmp_path / "slow.sql"
    file.write_text("CREATE TABLE first (id integer);\n" + f"{nap}\n" * 400)
    arguments = [programs() / "migrationctl", "diff", *options(database), f"sql:{file}", database.url()]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment()) as diff:
        eventually(lambda: scratches(database, temporary_folder), 20)
        diff.send_signal(signal.SIGTERM)
        diff.communicate(timeout=60)
    assert diff.returncode == -signal.SIGTERM
    assert scratches(database, temporary_folder) == []


def test_leftover_of_a_killed_process(database, tmp_path, temporary_folder):
    """SIGKILL leaves the scratch database; a later load leaves it alone while it is young, and drops it when it is old."""
    file = tmp_path / "slow.sql"
    file.write_text("CREATE TABLE first (id integer);\n" + SLEEP[database.engine])
    quick = tmp_path / "quick.sql"
    quick.write_text("CREATE TABLE first (id integer);")
    with start(*options(database), f"sql:{file}", database.url()) as probe:
        (name,) = eventually(lambda: scratches(database, temporary_folder), 20)
        if database.engine != "sqlite":
            eventually(lambda: database.server.backends(name), 20)
        probe.send_signal(signal.SIGKILL)
        probe.wait(10)
    ask(*options(database), f"sql:{quick}", database.url())
    if database.engine == "postgresql":
        for pid in database.server.backends(name):
            database.server.sql("SELECT pg_terminate_backend(%s)", (pid,))
        eventually(lambda: not database.server.backends(name), 20)
        ask(*options(database), f"sql:{quick}", database.url())
        assert scratches(database, temporary_folder) == [name]
        database.server.sql(f"COMMENT ON DATABASE \"{name}\" IS 'migrationd, seen at 1000'")
    elif database.engine == "sqlite":
        assert scratches(database, temporary_folder) == [name]
        os.utime(name, (1000, 1000))
    else:
        for pid in database.server.backends(name):
            database.server.sql(f"KILL {pid}")
        eventually(lambda: not database.server.backends(name), 20)
        database.server.sql(f"DROP TABLE IF EXISTS {name}.first")  # without a table there is no time: nobody uses it
    ask(*options(database), f"sql:{quick}", database.url())
    assert scratches(database, temporary_folder) == []


@pytest.mark.parametrize(
    "statement", ["DROP DATABASE {0};", "\\connect {0}", "CREATE ROLE somebody;", "ALTER DATABASE {0} SET work_mem = '1MB';"]
)
def test_statements_that_reach_beyond(postgres, tmp_path, temporary_folder, statement):
    file = tmp_path / "reach.sql"
    file.write_text("SELECT 1;\n" + statement.format(postgres.name) + "\n")
    error = ask("--scratch", postgres.url(), f"sql:{file}", postgres.url(), expect=1)
    assert error["message"].startswith("reach.sql:2: ") and "scratch database" in error["message"]
    assert scratches(postgres, temporary_folder) == []


@pytest.mark.parametrize("statement", ["USE {0};", "DROP TABLE {0}.people;", "CREATE USER somebody;", "DROP SCHEMA {0};"])
def test_statements_that_reach_beyond_on_mariadb(mariadb, tmp_path, temporary_folder, statement):
    load(mariadb, SCHEMA["mariadb"])
    file = tmp_path / "reach.sql"
    file.write_text("SELECT 1;\n" + statement.format(mariadb.name) + "\n")
    error = ask("--scratch", mariadb.url(), f"sql:{file}", mariadb.url(), expect=1)
    assert error["message"].startswith("reach.sql:2: ")
    assert mariadb.sql("SELECT count(*) FROM people") == [(0,)] and scratches(mariadb, temporary_folder) == []


def test_dump_of_postgresql(postgres, tmp_path):
    load(postgres, SCHEMA["postgresql"])
    postgres.sql("INSERT INTO people (name) VALUES ('x'), ('y')")
    postgres.sql("CREATE ROLE reader_of_dump; GRANT SELECT ON people TO reader_of_dump")
    try:
        dump = postgres.server.dump(postgres.name)
    finally:
        postgres.sql("DROP OWNED BY reader_of_dump; DROP ROLE reader_of_dump")
    assert b"GRANT SELECT" in dump
    file = tmp_path / "structure.sql"
    file.write_bytes(dump)
    for reference in (f"sql:{file}", f"rails:{file}"):
        items, _ = drift(reference, postgres.url(), "--scratch", postgres.url())
        assert items == []


def test_flyway_directory(database, tmp_path):
    folder = tmp_path / "sql"
    folder.mkdir()
    (folder / "V1__first.sql").write_text("CREATE TABLE a (id integer);")
    (folder / "V2__second.sql").write_text("CREATE TABLE b (id integer);")
    (folder / "V10__third.sql").write_text("CREATE TABLE c (id integer);")
    load(database, "CREATE TABLE a (id integer); CREATE TABLE b (id integer)")
    where = [*options(database), "--tool", "flyway"]
    items, answer = drift(f"sql:{folder}", database.url(), *where, "--applied", "2")
    assert items == [] and answer["revision"] == "2"
    items, _ = drift(f"sql:{folder}", database.url(), *where, "--applied", "10")
    assert [item[:3:2] for item in items] == [("table", "missing")]
    answer = ask(*where, "--applied", "11", f"sql:{folder}", database.url())
    assert answer["ahead"] and answer["reason"] == "the directory stands at 10, the database at 11"


def test_role_that_may_not_create_databases(postgres, tmp_path):
    name, password = postgres.server.create_role()
    file = tmp_path / "schema.sql"
    file.write_text("CREATE TABLE a (id integer);")
    error = ask("--scratch", postgres.url(name, password), f"sql:{file}", postgres.url(), expect=1)
    assert error["code"] == "forbidden" and password not in error["message"]


def test_scratch_server_of_another_engine(postgres, mariadb, tmp_path):
    file = tmp_path / "schema.sql"
    file.write_text("CREATE TABLE a (id integer);")
    error = ask("--scratch", mariadb.url(), f"sql:{file}", postgres.url(), expect=1)
    assert error["code"] == "unsupported"
    error = ask(f"sql:{file}", postgres.url(), expect=1)
    assert error["code"] == "unsupported" and "scratch" in error["message"]
