# SPDX-License-Identifier: Apache-2.0
"""Home-made journals, described by the configuration."""

import hashlib

FILES = {"0001_users.sql": "CREATE TABLE users (id integer);\n", "0002_posts.sql": "CREATE TABLE posts (id integer);\n"}
COLUMNS = {"revision": "version", "applied_at": "at", "state": "ok", "checksum": "sum"}


def write(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names or FILES:
        (folder / name).write_text(FILES[name])
    return folder


def entry(database, folder, **journal):
    table = "public.app_changes" if database.engine == "postgresql" else "app_changes"
    described = {"tool": "generic", "table": table, "columns": COLUMNS, "order": "number", **journal}
    url = database.url()
    return {"url": url, "journal": described, "journal_interval": "100ms", "expect": {"directory": str(folder)}}


def make(database):
    kind = "boolean" if database.engine == "postgresql" else "integer"
    database.sql(f"CREATE TABLE app_changes (version integer, at timestamp, ok {kind}, sum varchar(64))")


def record(database, version, name, ok=True):
    digest = hashlib.sha256(FILES[name].encode()).hexdigest()
    truth = str(ok).lower() if database.engine == "postgresql" else int(ok)
    database.sql(f"INSERT INTO app_changes VALUES ({version}, '2026-01-01 00:00:00', {truth}, '{digest}')")


def watch(daemon, database, folder, **journal):
    return daemon({"databases": {"app": entry(database, folder, **journal)}})


def truth_of(database):
    return "true" if database.engine == "postgresql" else "1"


def test_rows_come_and_go(daemon, database, tmp_path):
    make(database)
    record(database, 1, "0001_users.sql")
    instance = watch(daemon, database, write(tmp_path / "migrations"))
    answer = instance.wait_state("app", "pending")
    assert (answer["tool"], answer["pending"], answer["unverified"]) == ("generic", ["0002"], [])
    record(database, 2, "0002_posts.sql", ok=False)
    assert instance.wait_state("app", "failed")["failed"] == ["0002"]
    database.sql("DELETE FROM app_changes WHERE version = 2")
    record(database, 2, "0002_posts.sql")
    assert instance.wait_state("app", "current")["observed"]["heads"] == ["0002"]
    database.sql(f"INSERT INTO app_changes VALUES (3, '2026-01-02 00:00:00', {truth_of(database)}, NULL)")
    assert instance.wait_state("app", "ahead")["later"] == ["3"]


def test_an_edited_file_is_only_listed(daemon, sqlite, tmp_path):
    """Which digest a home-made tool takes of what is a guess."""
    make(sqlite)
    record(sqlite, 1, "0001_users.sql")
    folder = write(tmp_path / "migrations", "0001_users.sql")
    (folder / "0001_users.sql").write_text("-- edited\n")
    answer = watch(daemon, sqlite, folder).wait_state("app", "current")
    assert (answer["unverified"], answer["mismatched"]) == (["0001"], [])


def test_a_column_that_is_not_there(daemon, database, tmp_path):
    make(database)
    instance = watch(daemon, database, write(tmp_path / "migrations"), columns={"revision": "no_such_column"})
    answer = instance.wait_state("app", "unknown", code="JOURNAL_INVALID")
    assert "does not have the columns" in answer["reason"]


def test_rows_that_nobody_understands(daemon, sqlite, tmp_path):
    make(sqlite)
    sqlite.sql("INSERT INTO app_changes VALUES (1, NULL, 'perhaps', NULL)")
    answer = watch(daemon, sqlite, write(tmp_path / "migrations")).wait_state("app", "unknown", code="JOURNAL_INVALID")
    assert "ok is 'perhaps'" in answer["reason"]


def test_without_the_table_there_is_no_journal(daemon, database, tmp_path):
    watch(daemon, database, write(tmp_path / "migrations")).wait_state("app", "empty")
