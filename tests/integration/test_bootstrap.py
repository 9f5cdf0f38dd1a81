# SPDX-License-Identifier: Apache-2.0
"""migrationctl bootstrap: what it proposes, what it records, and above all what it refuses. Whether the tools accept what
was recorded is asked in tests/conformance."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from harness import AlembicProject, SqliteFile, migrationctl
from harness.daemon import programs
from harness.journals import flyway_journal

FILES = {
    "V1__users.sql": "CREATE TABLE users (id integer PRIMARY KEY, name varchar(20));",
    "V2__mail.sql": "ALTER TABLE users ADD COLUMN mail varchar(80);",
    "V3__seed.sql": "INSERT INTO users VALUES (1, 'first', NULL);",
    "V4__orders.sql": "CREATE TABLE orders (id integer PRIMARY KEY, amount integer NOT NULL);",
}


NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "sql"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text + "\n")
    return folder


def populate(database, *names):
    for name in names:
        database.sql(FILES[name])


def bootstrap(database, folder, *arguments, url=None):
    scratch = () if database.engine == "sqlite" else ("--scratch", database.url())
    result = migrationctl(
        "bootstrap", url or database.url(), "--directory", str(folder), "--tool", "flyway", *scratch, *arguments
    )
    return result


def asked(database, folder, *arguments):
    result = bootstrap(database, folder, *arguments, "--output", "json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def snapshot(database):
    return migrationctl("snapshot", database.url()).stdout


def leftovers(database):
    if database.engine == "sqlite":
        return []
    catalogue = "pg_database" if database.engine == "postgresql" else "information_schema.schemata"
    column = "datname" if database.engine == "postgresql" else "schema_name"
    rows = database.sql(f"SELECT {column} FROM {catalogue}")
    return [name for (name,) in rows if name.startswith("migrationd_scratch")]


def test_exact_fit(database, files):
    populate(database, "V1__users.sql", "V2__mail.sql", "V4__orders.sql")
    before = snapshot(database)
    answer = asked(database, files)
    assert answer["verdict"] == "exact"
    assert answer["method"] == "scratch"
    assert answer["proposal"] == {"revision": "4", "tied": [], "differences": []}
    assert [(fit["revision"], fit["items"]) for fit in answer["fits"]] == [("4", 0), ("3", 1), ("2", 1), ("1", 2)]
    assert answer["commands"]["record"] == "flyway baseline -baselineVersion=4"
    assert answer["commands"]["stamp"].endswith(f" --tool flyway --stamp 4 --confirm {database.name}")
    assert "secret" not in answer["commands"]["stamp"]
    assert snapshot(database) == before
    assert leftovers(database) == []


def test_migrations_that_the_schema_does_not_show(database, files):
    populate(database, "V1__users.sql", "V2__mail.sql")
    answer = asked(database, files)
    assert answer["proposal"]["revision"] == "3"
    assert answer["proposal"]["tied"] == ["2"]
    text = bootstrap(database, files).stdout
    assert "Proposal: 3, which fits exactly." in text
    lines = text.splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("DIFFERENCES"))
    assert lines[head].index("FILE") == lines[head + 1].index("V"), "the columns line up"
    assert "does not tell it from 2" in text


def test_nearest(database, files):
    populate(database, "V1__users.sql", "V2__mail.sql")
    database.sql("CREATE TABLE hotfix (id integer PRIMARY KEY)")
    answer = asked(database, files)
    assert answer["verdict"] == "nearest"
    (difference,) = answer["proposal"]["differences"]
    assert difference["change"] == "unexpected"
    assert difference["object"].endswith("hotfix")
    assert "1 difference would be left" in bootstrap(database, files).stdout
    assert "| 1 | 0 | 1 | 0 | 3 |" in bootstrap(database, files, "--output", "markdown").stdout


def test_nothing_fits(sqlite, files):
    sqlite.sql("CREATE TABLE other (id integer PRIMARY KEY)")
    answer = asked(sqlite, files)
    assert answer["verdict"] == "none"
    assert answer["proposal"] is None
    assert len(answer["fits"]) == 4


def test_a_file_that_cannot_be_loaded(sqlite, files):
    populate(sqlite, "V1__users.sql")
    (files / "V2__mail.sql").write_text("ALTER TABLE ${schema}.users ADD COLUMN mail varchar(80);\n")
    answer = asked(sqlite, files)
    assert [fit["revision"] for fit in answer["fits"]] == ["1"]
    assert answer["stopped"].startswith("V2__mail.sql:1: ")
    assert answer["proposal"]["revision"] == "1"


def test_no_scratch_server_was_named(postgres, files):
    populate(postgres, "V1__users.sql")
    result = migrationctl("bootstrap", postgres.url(), "--directory", str(files), "--tool", "flyway")
    assert result.returncode == 0
    assert "cannot be computed" in result.stdout
    assert "--scratch" in result.stdout or "scratch" in result.stdout
    assert "V4__orders.sql" in result.stdout


def test_programs_fit_nothing(tmp_path, sqlite):
    project = AlembicProject(tmp_path / "alembic", sqlite)
    project.chain("a1", "b2")
    sqlite.sql("CREATE TABLE t_a1 (id integer PRIMARY KEY)")
    result = migrationctl("bootstrap", sqlite.url(), "--directory", str(project.folder))
    assert result.returncode == 0
    assert "cannot be computed: alembic's migrations are programs" in result.stdout
    assert "  a1  " in result.stdout and "  b2  " in result.stdout
    assert "alembic stamp REVISION" in result.stdout


def test_stamp_and_the_tool_itself(tmp_path, database):
    project = AlembicProject(tmp_path / "alembic", database)
    project.chain("a1", "b2", "c3")
    database.sql("CREATE TABLE t_a1 (id integer PRIMARY KEY)")
    database.sql("CREATE TABLE t_b2 (id integer PRIMARY KEY)")
    arguments = ("--directory", str(project.folder), "--stamp", "b2", "--confirm", database.name)
    result = migrationctl("bootstrap", database.url(), *arguments)
    assert result.returncode == 0, result.stderr
    assert project.run("current").split()[0] == "b2"
    project.run("upgrade", "head")
    assert database.sql("SELECT version_num FROM alembic_version") == [("c3",)]
    assert database.sql("SELECT count(*) FROM t_c3") == [(0,)]


def refused(database, folder, code, message, *arguments, url=None):
    before = snapshot(database)
    result = bootstrap(database, folder, *arguments, url=url)
    assert result.returncode == code, (result.returncode, result.stderr)
    assert message in result.stderr
    assert "role-secret" not in result.stderr
    assert snapshot(database) == before
    return result


def test_refusals(database, files):
    populate(database, "V1__users.sql")
    name = database.name
    refused(database, files, 2, f"the database's name is '{name}'", "--stamp", "1", "--confirm", "other")
    refused(database, files, 2, "no migration there has the revision '9'", "--stamp", "9", "--confirm", name)
    shown = refused(database, files, 2, f"--confirm {name} runs these", "--stamp", "1")
    assert "CREATE TABLE" in shown.stderr
    refused(database, files, 2, "belongs to --stamp", "--confirm", name)
    refused(database, files / "nowhere", 2, "not a directory", "--stamp", "1", "--confirm", name)


def test_a_journal_is_there(database, files):
    populate(database, "V1__users.sql")
    flyway_journal(database, "1")
    rows = database.sql("SELECT * FROM flyway_schema_history")
    stamp = ("--stamp", "2", "--confirm", database.name)
    refused(database, files, 1, "there is a journal: flyway's in", *stamp)
    refused(database, files, 1, "there is a journal: flyway's in")
    assert database.sql("SELECT * FROM flyway_schema_history") == rows


def test_another_tools_journal_is_there(database, files):
    populate(database, "V1__users.sql")
    database.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    refused(database, files, 1, "there is a journal: alembic's in", "--stamp", "1", "--confirm", database.name)


def test_a_table_that_may_be_the_journal(database, files):
    populate(database, "V1__users.sql")
    database.sql("CREATE TABLE flyway_schema_history (id integer PRIMARY KEY)")
    refused(database, files, 3, "cannot be told", "--stamp", "1", "--confirm", database.name)


def test_an_empty_database(database, files):
    refused(database, files, 1, "is empty", "--stamp", "1", "--confirm", database.name)


def test_a_role_that_may_only_read(postgres, files):
    populate(postgres, "V1__users.sql")
    role, password = postgres.server.create_role()
    postgres.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    postgres.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    url = postgres.url(user=role, password=password)
    refused(postgres, files, 3, "not recorded: ", "--stamp", "1", "--confirm", postgres.name, url=url)


@pytest.fixture
def open_folder():
    """One that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="migrationd-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_file_that_may_only_be_read(open_folder):
    database = SqliteFile(open_folder / "app.db")
    populate(database, "V1__users.sql")
    database.path.chmod(0o444)
    (open_folder / "V1__users.sql").write_text(FILES["V1__users.sql"])
    before = database.path.read_bytes()
    arguments = ["--directory", open_folder, "--tool", "flyway", "--stamp", "1", "--confirm", database.name]
    command = [programs() / "migrationctl", "bootstrap", database.url(), *arguments]
    result = subprocess.run([*NOBODY, *command] if os.geteuid() == 0 else command, capture_output=True, text=True)
    assert result.returncode == 3, result.stderr
    assert "not recorded: " in result.stderr
    assert database.path.read_bytes() == before


def test_a_role_that_may_not_see_whether_there_is_a_journal(mariadb, files):
    populate(mariadb, "V1__users.sql")
    role, password = mariadb.server.create_role()
    mariadb.sql(f"GRANT SELECT ON {mariadb.name}.users TO {role}@'%'")
    url = mariadb.url(user=role, password=password)
    result = refused(mariadb, files, 3, "the role may not see all; run: GRANT", "--stamp", "1", "--confirm", mariadb.name, url=url)
    assert mariadb.name in result.stderr


def test_what_a_failure_leaves_without_transactional_ddl(mariadb, files):
    populate(mariadb, "V1__users.sql")
    role, password = mariadb.server.create_role()
    mariadb.sql(f"GRANT SELECT, CREATE, INDEX ON {mariadb.name}.* TO {role}@'%'")
    url = mariadb.url(user=role, password=password)
    result = bootstrap(mariadb, files, "--stamp", "1", "--confirm", mariadb.name, url=url)
    assert result.returncode == 3
    assert "left behind, empty: `flyway_schema_history` (DROP TABLE `flyway_schema_history` removes it)" in result.stderr
    assert mariadb.sql("SELECT count(*) FROM flyway_schema_history") == [(0,)]


def test_several_heads(tmp_path, sqlite):
    project = AlembicProject(tmp_path / "alembic", sqlite)
    project.revision("a1")
    project.revision("b2", "a1")
    project.revision("c3", "a1")
    sqlite.sql("CREATE TABLE legacy (id integer PRIMARY KEY)")
    arguments = ("--directory", str(project.folder), "--stamp", "b2", "--stamp", "c3", "--confirm", sqlite.name)
    assert migrationctl("bootstrap", sqlite.url(), *arguments).returncode == 0
    assert sorted(sqlite.sql("SELECT version_num FROM alembic_version")) == [("b2",), ("c3",)]


def test_a_schema_of_its_own(postgres, files):
    postgres.sql("CREATE SCHEMA \"Shop\"")
    postgres.sql("CREATE TABLE \"Shop\".users (id integer PRIMARY KEY, name varchar(20))")
    postgres.sql("CREATE TABLE unrelated (id integer PRIMARY KEY)")
    answer = asked(postgres, files, "--schemas", "Shop")
    assert answer["verdict"] == "exact"
    assert answer["proposal"]["revision"] == "1"
    assert " --schemas Shop --stamp 1 " in answer["commands"]["stamp"]
    asked(postgres, files, "--schemas", "Shop", "--stamp", "1", "--confirm", postgres.name)
    assert postgres.sql("SELECT version FROM \"Shop\".flyway_schema_history") == [("1",)]


def test_the_daemon_has_no_such_code():
    """The sentence that only the writer says stands in migrationctl, and not in migrationd."""
    sentence = b"somebody else is writing"
    assert sentence in (programs() / "migrationctl").read_bytes()
    assert sentence not in (programs() / "migrationd").read_bytes()
