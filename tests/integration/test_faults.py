# SPDX-License-Identifier: Apache-2.0
"""What hung, dead and hostile databases do to the daemon: its answers, and those about the other databases."""

import concurrent.futures
import os
import signal
import time

import pytest
from harness import eventually

HOSTILE_NAMES = ['quo"te', "li\nne", "right\u202eleft", "back`tick", "it's", "semi;colon--", "<script>", "%s", "$1", "x" * 60]


def entry(url, **settings):
    return {"url": url, "journal_interval": "200ms", "interval": "1s", **settings}


def test_stopped_backend(daemon, own_postgres, sqlite):
    """A look is given up at its deadline, the state turns unknown, others are undisturbed, and it recovers."""
    frozen = own_postgres.create_database()
    frozen.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    frozen.sql("INSERT INTO alembic_version VALUES ('a1')")
    sqlite.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('a1')")
    expect = {"expect": {"revision": "a1"}}
    instance = daemon(
        {
            "databases": {
                "frozen": entry(frozen.url(), query_timeout="1s", connect_timeout="1s", max_staleness="4s", **expect),
                "other": entry(sqlite.url(), **expect),
            }
        }
    )
    instance.wait_state("frozen", "current")
    instance.wait_state("other", "current")
    stopped = eventually(lambda: own_postgres.backends(frozen.name), what="the daemon's session")
    try:
        for pid in stopped:
            own_postgres.stop_backend(pid)
        began = time.monotonic()
        os.kill(own_postgres.process.pid, signal.SIGSTOP)
        failed = eventually(
            lambda: (seen := instance.database("frozen"))["snapshot"]["last_error"] and seen, what="a look given up"
        )
        assert failed["state"] == "current", "the last good snapshot stays until max_staleness"
        assert instance.gate("other").status == 200
        app = instance.wait_state("frozen", "unknown", timeout=15)
        assert app["code"] in ("TIMEOUT", "UNREACHABLE")
        assert time.monotonic() - began >= 3
        assert instance.gate("frozen").status == 503
        assert instance.gate("other").status == 200
        assert instance.wait_state("other", "current")["snapshot"]["age_seconds"] < 2
    finally:
        os.kill(own_postgres.process.pid, signal.SIGCONT)
        for pid in stopped:
            own_postgres.continue_backend(pid)
    instance.wait_state("frozen", "current", timeout=60)


@pytest.mark.threads
def test_stop_with_waiters(daemon, sqlite):
    """SIGTERM with 500 waiters: each gets its 503, and the daemon exits in time."""
    sqlite.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('a1')")
    instance = daemon({"databases": {"app": entry(sqlite.url(), journal={"tool": "alembic"})}})
    instance.wait_state("app", "observed")
    waiters = [instance.raw(b"GET /v1/gates/app?revision=zz&wait=50s HTTP/1.1\r\nHost: x\r\n\r\n", timeout=30) for _ in range(500)]
    eventually(lambda: "migrationd_waiters 500\n" in instance.probe("/metrics").text, what="500 waiters", timeout=30)
    instance.signal(signal.SIGTERM)
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda waiter: waiter.response(), waiters))
    assert [answer.status for answer in answers] == [503] * 500
    assert {answer.headers["Connection"] for answer in answers} == {"close"}
    assert instance.process.wait(7) == 0
    for waiter in waiters:
        waiter.close()


def test_server_that_comes_and_goes(daemon, own_mariadb):
    database = own_mariadb.create_database()
    database.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    database.sql("INSERT INTO alembic_version VALUES ('a1')")
    instance = daemon({"databases": {"app": entry(database.url(), max_staleness="2s", expect={"revision": "a1"})}})
    instance.wait_state("app", "current")
    own_mariadb.stop()
    instance.wait_state("app", "unknown", code="UNREACHABLE", timeout=20)
    assert instance.database("app")["snapshot"]["fingerprint"], "the last good snapshot stays"
    own_mariadb.start()
    instance.wait_state("app", "current", timeout=60)
    assert len([line for line in instance.log().splitlines() if "event=look_recovered" in line]) == 1


@pytest.mark.parametrize("engine", ["postgres", "mariadb"])
def test_each_failure_has_its_code(daemon, request, engine, sqlite):
    database = request.getfixturevalue(engine)
    database.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    role, password = database.server.create_role()
    good = database.url()
    scheme = good.split(":", 1)[0]
    instance = daemon(
        {
            "databases": {
                "wrong-password": entry(database.url(user=role, password="not-the-secret-one")),
                "no-grant": entry(database.url(user=role, password=password)),
                "unknown-host": entry(f"{scheme}://u@host.invalid/x", connect_timeout="2s"),
                "refused": entry(f"{scheme}://u@127.0.0.1:1/x"),
                "good": entry(good),
            }
        }
    )
    instance.wait_state("wrong-password", "unknown", code="AUTH_FAILED")
    instance.wait_state("refused", "unknown", code="UNREACHABLE")
    instance.wait_state("unknown-host", "unknown", code="UNREACHABLE", timeout=20)
    forbidden = instance.wait_state("no-grant", "unknown")
    assert forbidden["code"] in ("FORBIDDEN", "AUTH_FAILED")
    assert "not-the-secret-one" not in instance.log()
    instance.wait_state("good", "observed")


def test_role_without_select_on_the_journal(daemon, postgres):
    """Readable catalogue, unreadable journal: forbidden, and the grant is named."""
    postgres.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    role, password = postgres.server.create_role()
    instance = daemon({"databases": {"app": entry(postgres.url(user=role, password=password))}})
    app = instance.wait_state("app", "unknown", code="FORBIDDEN")
    assert app["next"].startswith("GRANT SELECT")
    postgres.sql(f'GRANT SELECT ON alembic_version TO "{role}"')
    instance.wait_state("app", "observed")


def test_missing_journal_needs_proof_on_mariadb(daemon, mariadb):
    """A role that could not have seen the journal proves nothing by not seeing it."""
    mariadb.sql("CREATE TABLE seen (id int PRIMARY KEY)")
    mariadb.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    role, password = mariadb.server.create_role()
    mariadb.sql(f"GRANT SELECT ON seen TO '{role}'@'%'")
    instance = daemon({"databases": {"app": entry(mariadb.url(user=role, password=password), expect={"revision": "a1"})}})
    app = instance.wait_state("app", "unknown", code="FORBIDDEN")
    assert "GRANT" in app["next"] + app["reason"]
    assert instance.gate("app").status == 503


def test_hostile_identifiers(daemon, database):
    quote = "`" if database.engine in ("mariadb", "mysql") else '"'
    for name in HOSTILE_NAMES:
        quoted = quote + name.replace(quote, quote * 2) + quote
        database.sql(f"CREATE TABLE {quoted} ({quoted} integer)")
    instance = daemon({"databases": {"app": entry(database.url())}})
    instance.wait_state("app", "unversioned")
    schema = instance.get("/v1/databases/app/schema")
    raw = instance.answers[-1].decode()
    assert {table["name"] for table in schema.json["tables"]} >= set(HOSTILE_NAMES)
    assert "\u202e" not in raw, "direction-changing characters are escaped"


def test_journal_that_is_a_view(daemon, postgres):
    postgres.sql("CREATE TABLE versions (version_num varchar(32) PRIMARY KEY)")
    postgres.sql("INSERT INTO versions VALUES ('a1')")
    postgres.sql("CREATE VIEW alembic_version AS SELECT version_num FROM versions")
    instance = daemon({"databases": {"app": entry(postgres.url(), journal={"tool": "alembic"}, expect={"revision": "a1"})}})
    instance.wait_state("app", "current")


@pytest.mark.native
@pytest.mark.full
def test_journal_of_a_million_rows(daemon, postgres):
    postgres.sql(
        "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations"
        " (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);"
        " INSERT INTO drizzle.__drizzle_migrations (hash, created_at)"
        " SELECT repeat('a', 64), 1700000000000 + n FROM generate_series(1, 1000001) n"
    )
    instance = daemon({"databases": {"app": entry(postgres.url(), query_timeout="60s")}})
    instance.wait_state("app", "unknown", code="TRUNCATED", timeout=60)
    postgres.sql("DELETE FROM drizzle.__drizzle_migrations WHERE created_at = 1700000000001")
    instance.wait_state("app", "observed", timeout=120)
