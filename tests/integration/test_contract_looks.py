# SPDX-License-Identifier: Apache-2.0
"""What looks must notice, and what they must not take for something else."""

import time

from harness import SqliteFile, eventually
from harness.journals import alembic_journal, flyway_files, flyway_journal, flyway_rows

FAST = {"journal_interval": "100ms", "interval": "1s"}
RARE = {"journal_interval": "1h", "interval": "1h"}


def entry(database, **settings):
    return {"url": database.url(), **FAST, **settings}


def test_journal_appears_without_a_deep_look(daemon, database):
    """Every journal look also asks whether a known journal table has appeared."""
    database.sql("CREATE TABLE legacy (id integer)")
    instance = daemon({"databases": {"app": entry(database, interval="1h", expect={"revision": "1"})}})
    instance.wait_state("app", "unversioned")
    flyway_journal(database, "1")
    instance.wait_state("app", "current")


def test_journal_disappears_without_a_deep_look(daemon, database):
    """A restored dump or a dropped table never stays current."""
    database.sql("CREATE TABLE legacy (id integer)")
    flyway_journal(database, "1")
    instance = daemon({"databases": {"app": entry(database, interval="1h", expect={"revision": "1"})}})
    instance.wait_state("app", "current")
    database.sql("DROP TABLE flyway_schema_history")
    instance.wait_state("app", "unversioned")


def test_tables_appear_and_disappear(daemon, database):
    instance = daemon({"databases": {"app": entry(database, expect={"revision": "1"})}})
    instance.wait_state("app", "empty")
    database.sql("CREATE TABLE legacy (id integer)")
    instance.wait_state("app", "unversioned")
    database.sql("DROP TABLE legacy")
    instance.wait_state("app", "empty")


def test_waiters_make_looks_frequent(daemon, database):
    """Whatever the interval is: while somebody waits, the journal is looked at every 100 ms."""
    flyway_journal(database, "1")
    instance = daemon({"databases": {"app": {"url": database.url(), **RARE, "expect": {"revision": "2"}, "max_staleness": "1d"}}})
    instance.wait_state("app", "pending")
    waiting = instance.begin("/v1/gates/app?wait=40s")
    eventually(lambda: "migrationd_waiters 1\n" in instance.probe("/metrics").text, what="the waiter")
    flyway_rows(database, "2")
    assert waiting.result(timeout=20).status == 200


def test_longest_wait_and_an_open_gate(daemon, new_database):
    database = new_database()
    flyway_journal(database, "1")
    instance = daemon({"databases": {"app": entry(database, expect={"revision": "1"})}})
    instance.wait_state("app", "current")
    began = time.monotonic()
    assert instance.get("/v1/gates/app?wait=55s").status == 200
    assert instance.head("/v1/gates/app?wait=55000ms").status == 200
    assert time.monotonic() - began < 20, "an open gate is no reason to wait"
    assert instance.get("/v1/gates/app?wait=55001ms").status == 400


def test_what_is_applied_stays_applied_while_somebody_runs(daemon, postgres):
    """at-least and contains ask about R; who runs what comes after it, does not matter."""
    flyway_journal(postgres, "1")
    instance = daemon({"databases": {"app": entry(postgres, expect={"revision": "1"})}})
    instance.wait_state("app", "current")
    connection = postgres.connect(autocommit=False)
    try:
        cursor = connection.cursor()
        cursor.execute("LOCK TABLE flyway_schema_history IN ACCESS EXCLUSIVE MODE")
        member = instance.wait_state("app", "running")
        assert member["snapshot"]["last_error"] is None, "a locked journal is no error"
        assert instance.gate("app").status == 503
        assert instance.gate("app", revision="1").status == 200
        assert instance.gate("app", revision="1", match="contains").status == 200
        assert instance.gate("app", revision="2").json["code"] == "RUNNING"
        assert instance.gate("app", revision="1", match="exact").json["code"] == "RUNNING"
        connection.rollback()
    finally:
        connection.close()
    instance.wait_state("app", "current")


def test_locked_tables_on_mariadb(daemon, mariadb):
    flyway_journal(mariadb, "1")
    instance = daemon({"databases": {"app": entry(mariadb, expect={"revision": "2"})}})
    instance.wait_state("app", "pending")
    connection = mariadb.connect()
    try:
        connection.cursor().execute("LOCK TABLES flyway_schema_history WRITE")
        instance.wait_state("app", "running", timeout=20)
        connection.cursor().execute("UNLOCK TABLES")
    finally:
        connection.close()
    instance.wait_state("app", "pending", timeout=20)


def test_exclusive_writer_on_sqlite(daemon, sqlite):
    """A writer locks the whole file, whatever it writes: what was committed stays, and the writer is said."""
    flyway_journal(sqlite, "1")
    instance = daemon({"databases": {"app": entry(sqlite, expect={"revision": "2"}, query_timeout="500ms")}})
    instance.wait_state("app", "pending")
    connection = sqlite.connect()
    try:
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("UPDATE flyway_schema_history SET version = '2'")
        member = eventually(lambda: (seen := instance.database("app"))["warning"] and seen, what="the warning")
        assert "locked by a writer" in member["warning"]
        assert (member["state"], member["gate"]) == ("pending", "closed")
        connection.execute("COMMIT")
    finally:
        connection.close()
    instance.wait_state("app", "current", timeout=20)


def test_an_uncommitted_migration_is_not_applied(daemon, postgres):
    flyway_journal(postgres, "1")
    instance = daemon({"databases": {"app": entry(postgres, expect={"revision": "2"})}})
    instance.wait_state("app", "pending")
    connection = postgres.connect(autocommit=False)
    try:
        connection.cursor().execute(
            "INSERT INTO flyway_schema_history VALUES (2, '2', 'step', 'SQL', 'V2__step.sql', 1, 'me', now(), 1, true)"
        )
        waiting = instance.begin("/v1/gates/app?wait=1s")
        assert waiting.result(timeout=20).json["code"] == "PENDING"
        connection.commit()
    finally:
        connection.close()
    instance.wait_state("app", "current")


def test_grant_taken_away_and_given_back(daemon, postgres, sqlite):
    flyway_journal(postgres, "1")
    flyway_journal(sqlite, "1")
    role, password = postgres.server.create_role()
    postgres.sql(f'GRANT SELECT ON flyway_schema_history TO "{role}"')
    instance = daemon(
        {
            "databases": {
                "app": {"url": postgres.url(user=role, password=password), **FAST, "expect": {"revision": "1"}},
                "other": entry(sqlite, expect={"revision": "1"}),
            }
        }
    )
    instance.wait_state("app", "current")
    postgres.sql(f'REVOKE SELECT ON flyway_schema_history FROM "{role}"')
    member = instance.wait_state("app", "unknown", code="FORBIDDEN")
    assert member["next"].startswith("GRANT SELECT ON ") and role in member["next"], member["next"]
    health = instance.get("/health/app")
    assert (health.status, health.json["status"]) == (503, "fail")
    assert instance.gate("other").status == 200
    postgres.sql(member["next"])
    instance.wait_state("app", "current")


def test_etag_is_over_what_does_not_age(daemon, database):
    database.sql("CREATE TABLE t (id integer PRIMARY KEY)")
    flyway_journal(database, "1")
    instance = daemon({"databases": {"app": entry(database)}})
    first = eventually(lambda: (seen := instance.get("/v1/databases/app/schema")).status == 200 and seen, what="the schema")
    taken_at = instance.database("app")["schema_taken_at"]
    flyway_rows(database, "2")
    eventually(lambda: instance.database("app")["schema_taken_at"] > taken_at, what="another deep look")
    second = instance.get("/v1/databases/app/schema")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.json == first.json


def test_fingerprint_follows_the_schema_and_comes_back(daemon, database):
    database.sql("CREATE TABLE t (id integer PRIMARY KEY)")
    instance = daemon({"databases": {"app": entry(database)}})
    fingerprint = lambda: instance.database("app")["snapshot"]["fingerprint"]  # noqa: E731
    first = eventually(fingerprint, what="a fingerprint")
    database.sql("CREATE INDEX ix_t ON t (id)")
    eventually(lambda: fingerprint() != first, what="another fingerprint")
    database.sql("DROP INDEX ix_t ON t" if database.engine in ("mariadb", "mysql") else "DROP INDEX ix_t")
    eventually(lambda: fingerprint() == first, what="the first one again")


def test_health_goes_stale_while_it_is_polled(daemon, own_mariadb):
    """Cached bytes never outlive what they say."""
    database = own_mariadb.create_database()
    flyway_journal(database, "1")
    instance = daemon({"databases": {"app": entry(database, expect={"revision": "1"}, max_staleness="2s")}})
    instance.wait_state("app", "current")
    assert instance.get("/health/app").json["status"] == "pass"
    own_mariadb.stop()
    stopped = time.monotonic()
    eventually(lambda: instance.get("/health/app").json["status"] == "warn", 30, "the warning")
    assert time.monotonic() - stopped < 30
    migration = eventually(
        lambda: (seen := instance.get("/health/app").json["checks"]["app:migration"][0])["code"] == "UNREACHABLE" and seen
    )
    assert migration["observedValue"] == "unknown"
    assert instance.gate("app").status == 503


def test_empty_folder_is_no_expectation_that_holds(daemon, new_database, tmp_path):
    database = new_database()
    flyway_journal(database, "1")
    folder = flyway_files(tmp_path / "sql", "1")
    instance = daemon({"databases": {"app": entry(database, expect={"directory": folder})}})
    instance.wait_state("app", "current")
    (tmp_path / "sql" / "V1__step.sql").unlink()
    member = instance.wait_state("app", "unknown", code="EXPECTATION_INVALID")
    assert "sql" in member["reason"]


def test_folder_of_another_tool(daemon, new_database, tmp_path):
    """Flyway's files say nothing about Alembic's journal."""
    database = new_database()
    alembic_journal(database, "a")
    folder = flyway_files(tmp_path / "sql", "1")
    instance = daemon({"databases": {"app": entry(database, expect={"directory": folder})}})
    member = eventually(lambda: (seen := instance.database("app"))["code"] != "NEVER_OBSERVED" and seen)
    assert member["gate"] in ("unknown", "blocked"), member
    assert instance.gate("app").status in (503, 409)


def test_many_databases(daemon, tmp_path):
    databases = {}
    for number in range(150):
        one = SqliteFile(tmp_path / f"{number}.db")
        flyway_journal(one, "1")
        databases[f"db{number}"] = {"url": one.url(), "journal_interval": "1s", "expect": {"revision": "1"}}
    instance = daemon({"databases": databases, "gates": {"all": {"requires": list(databases)}}})
    answer = instance.wait_gate("all", "open", timeout=30)
    assert len(answer.json["databases"]) == 150
    assert instance.get("/health").status == 200
    assert len(instance.get("/v1/databases").json["databases"]) == 150
