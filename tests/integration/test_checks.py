# SPDX-License-Identifier: Apache-2.0
"""When checks run, and what is told of them: on their schedule, one at a time, behind migrations, and never beside one."""

import contextlib
import os
import re
import signal
import threading
from pathlib import Path

import pytest
from harness import eventually, migrationctl
from harness.daemon import slowdown
from harness.events import EventStream
from harness.journals import LIQUIBASE, alembic_journal, flyway_journal, flyway_rows

FAST = {"journal_interval": "100ms", "interval": "1s"}
OFTEN = "1s"
NEVER = "1d"
LOCKED = "UPDATE databasechangeloglock SET locked = TRUE, lockgranted = CURRENT_TIMESTAMP, lockedby = 'me'"
LONG_QUERY = "SELECT count(*) FROM generate_series(1, 3000) a, generate_series(1, 3000) b, generate_series(1, 3000) c"


def counting(every=OFTEN, **settings):
    """No row may be in the table `orphans`."""
    return {"sql": "SELECT count(*) FROM orphans", "expect": "0", "every": every, **settings}


def configuration(database, checks, gates=None, **settings):
    entry = {"url": database.url(), **FAST, "checks": checks, **settings}
    return {"databases": {"app": entry}} | ({"gates": gates} if gates else {})


def with_orphans(database):
    database.sql("CREATE TABLE orphans (id integer)")
    return database


def dumped(folder):
    """The path of a backup that says of itself that it is complete."""
    (folder / "app.sql").write_text("-- PostgreSQL database dump\n-- PostgreSQL database dump complete\n")
    return str(folder / "app.sql")


def check(instance, name="rows"):
    shown = {check["check"]: check for check in instance.get("/v1/databases/app/checks").json["checks"]}
    return shown[name]


def wait_check(instance, state, name="rows", code=None, timeout=20.0):
    def holds():
        last = check(instance, name)
        return last["state"] == state and (code is None or last["code"] == code) and last

    return eventually(holds, timeout * slowdown(), f"check {name} {state} {code or ''}")


def metric(instance, name):
    return float(re.search(rf"^migrationd_{name} (\S+)$", instance.get("/metrics").text, re.MULTILINE)[1])


def counts(instance):
    text = instance.get("/metrics").text
    pattern = r'^migrationd_database_checks\{database="app",engine="\w+",state="(\w+)"\} (\d+)$'
    return {state: int(number) for state, number in re.findall(pattern, text, re.MULTILINE)}


def await_looks(instance, number=15):
    """Until so many journal looks more have ended, which takes longer than the schedule of what runs often."""
    before = metric(instance, "journal_looks_total")
    eventually(lambda: metric(instance, "journal_looks_total") >= before + number, 60 * slowdown(), "journal looks")


def said(instance, name="rows"):
    """Which states of a check were logged, each with its level."""
    return re.findall(rf'level=(\w+) event=check_state database="app" message="{name} (\w+) ', instance.log())


def wait_said(instance, expected, name="rows"):
    """What is logged is so a moment after it is shown."""
    eventually(lambda: said(instance, name) == expected, 20 * slowdown(), f"{expected} of {name}")


@pytest.mark.threads
def test_results_follow_the_data(daemon, database):
    """Within the schedule; the log tells changes, and the metrics how many there are."""
    with_orphans(database)
    checks = {"rows": counting(), "warned": counting(severity="warn"), "other": {"sql": "SELECT 1", "expect": "1", "every": OFTEN}}
    instance = daemon(configuration(database, checks, {"api": {"requires": ["app", "app:check:rows"]}}, journal="none"))
    for name in checks:
        wait_check(instance, "passed", name)
    passed = check(instance)
    assert (passed["value"], passed["expected"], passed["code"]) == ("0", "= 0", "CHECK_PASSED")
    instance.wait_gate("api", "open")
    database.sql("INSERT INTO orphans VALUES (1)")
    failed = wait_check(instance, "failed")
    assert (failed["value"], failed["code"]) == ("1", "CHECK_FAILED")
    assert failed["since"] >= passed["checked_at"]
    assert instance.wait_gate("api", "blocked").json["check"] == "app:check:rows"
    wait_check(instance, "failed", "warned")
    assert counts(instance) == {"passed": 1, "failed": 2, "unknown": 0}
    since = failed["since"]
    again = eventually(lambda: (now := check(instance))["checked_at"] > failed["checked_at"] and now, 20 * slowdown())
    assert again["since"] == since, "it goes on to fail"
    database.sql("DELETE FROM orphans")
    wait_check(instance, "passed")
    instance.wait_gate("api", "open")
    wait_said(instance, [("notice", "passed"), ("warning", "failed"), ("notice", "passed")])
    wait_said(instance, [("notice", "passed"), ("notice", "failed"), ("notice", "passed")], "warned")
    assert said(instance, "other") == [("notice", "passed")]
    assert metric(instance, "check_runs_total") >= 6 and metric(instance, "check_runs_unknown_total") == 0


@pytest.mark.threads
def test_refresh_runs_all_checks(daemon, database):
    with_orphans(database)
    checks = {f"rows{i}": counting(NEVER) for i in range(5)}
    instance = daemon(configuration(database, checks, journal="none"))
    for name in checks:
        wait_check(instance, "passed", name)
    database.sql("INSERT INTO orphans VALUES (1)")
    runs = metric(instance, "check_runs_total")
    assert instance.post("/v1/databases/app/refresh").status == 200
    assert {check(instance, name)["state"] for name in checks} == {"failed"}
    assert metric(instance, "check_runs_total") == runs + len(checks)


def test_never_while_a_migration_runs(daemon, database, tmp_path):
    """A check that is due waits, and runs when the migration is over; files are looked at meanwhile."""
    with_orphans(database)
    database.sql(LIQUIBASE)
    backup = {"file": dumped(tmp_path), "every": OFTEN}
    gates = {"api": {"requires": ["app:check:rows"]}}
    instance = daemon(configuration(database, {"rows": counting()}, gates, backup=backup, lock_orphan_after="1d"))
    wait_check(instance, "passed")
    database.sql(LOCKED)
    instance.wait_state("app", "running")
    wait_check(instance, "unknown", code="RUNNING")
    assert instance.gate("api").json["state"] == "closed"
    await_looks(instance, 5)  # one that had begun before ends
    seen = check(instance)["checked_at"]
    backed_up = check(instance, "backup")["checked_at"]
    database.sql("INSERT INTO orphans VALUES (1)")
    await_looks(instance)
    eventually(lambda: check(instance, "backup")["checked_at"] > backed_up, 20 * slowdown(), "the backup is looked at")
    assert instance.post("/v1/databases/app/refresh").status == 200, "what has to wait is not waited for"
    assert (check(instance)["code"], check(instance)["checked_at"]) == ("RUNNING", seen)
    database.sql("UPDATE databasechangeloglock SET locked = FALSE, lockgranted = NULL, lockedby = NULL")
    wait_check(instance, "failed")
    wait_said(instance, [("notice", "passed"), ("warning", "failed")])  # what stood still was no news


def test_never_beside_a_migration_that_does_not_decide(daemon, database, tmp_path):
    """A migration runs whatever the state is made of, here of files that cannot be read."""
    with_orphans(database)
    database.sql(LIQUIBASE)
    gates = {"api": {"requires": ["app:check:rows"]}}
    expected = {"directory": str(tmp_path / "nowhere")}
    instance = daemon(configuration(database, {"rows": counting()}, gates, expect=expected, lock_orphan_after="1d"))
    wait_check(instance, "passed")
    database.sql(LOCKED)
    wait_check(instance, "unknown", code="RUNNING")
    assert instance.get("/v1/databases/app").json["code"] == "EXPECTATION_INVALID"
    assert instance.gate("api").json["state"] == "closed"
    await_looks(instance, 5)  # one that had begun before ends
    seen = check(instance)["checked_at"]
    await_looks(instance)
    assert (check(instance)["code"], check(instance)["checked_at"]) == ("RUNNING", seen)
    database.sql("UPDATE databasechangeloglock SET locked = FALSE, lockgranted = NULL, lockedby = NULL")
    wait_check(instance, "passed")
    instance.wait_gate("api", "open")


@pytest.mark.parametrize("policy", ["closed", "open"])
def test_never_beside_a_migration_that_is_seen_seldom(daemon, postgres, policy):
    """Looks at a journal that is locked take longer than max_staleness: between them it is as it was seen last."""
    with_orphans(postgres)
    alembic_journal(postgres, "a")
    gates = {"api": {"requires": ["app:check:rows"], "on_unknown": policy}}
    instance = daemon(configuration(postgres, {"rows": counting()}, gates, max_staleness="1s"))
    wait_check(instance, "passed")
    with postgres.connect() as migration:
        cursor = migration.cursor()
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        wait_check(instance, "unknown", code="RUNNING")
        stale = 0
        while stale < 20:
            assert instance.gate("api").json["state"] == "closed"
            stale += instance.get("/v1/databases/app").json["code"] == "STALE"
        cursor.execute("ROLLBACK")
    wait_check(instance, "passed")
    instance.wait_gate("api", "open")


@pytest.mark.threads
def test_migrations_overtake_checks(daemon, database, tmp_path):
    """Though none was seen running: the journal has changed, so what was found before counts no more."""
    with_orphans(database)
    backup = {"file": dumped(tmp_path), "every": NEVER}
    flyway_journal(database, "1")
    instance = daemon(configuration(database, {"rows": counting(NEVER)}, backup=backup))
    before = wait_check(instance, "passed")
    backed_up = wait_check(instance, "passed", "backup")["checked_at"]
    database.sql("INSERT INTO orphans VALUES (1)")
    await_looks(instance, 3)
    assert check(instance) | {"age_seconds": 0} == before | {"age_seconds": 0}
    flyway_rows(database, "2")
    assert wait_check(instance, "failed")["checked_at"] > before["checked_at"]
    assert check(instance, "backup")["checked_at"] == backed_up, "no migration makes a backup older"


def test_a_journal_that_cannot_be_read_hides_no_other(daemon, postgres):
    """Of two journals one may not be read; what the other one tells overtakes all the same."""
    with_orphans(postgres)
    alembic_journal(postgres, "a")
    flyway_journal(postgres, "1")
    name, password = postgres.server.create_role()
    for table in ("orphans", "alembic_version"):
        postgres.sql(f"GRANT SELECT ON {table} TO {name}")
    config = configuration(postgres, {"rows": counting(NEVER)})
    config["databases"]["app"]["url"] = postgres.url(name, password)
    instance = daemon(config)
    wait_check(instance, "passed")
    journals = instance.get("/v1/databases/app").json["journals"]
    assert {"FORBIDDEN"} < {journal["code"] for journal in journals}
    postgres.sql("INSERT INTO orphans VALUES (1)")
    await_looks(instance, 3)
    assert check(instance)["state"] == "passed"
    postgres.sql("UPDATE alembic_version SET version_num = 'b'")
    wait_check(instance, "failed")


@pytest.mark.parametrize("engine", ["own_postgres", pytest.param("own_mariadb", marks=pytest.mark.full)])
def test_out_of_sight_and_back(daemon, request, engine, tmp_path):
    server = request.getfixturevalue(engine)
    database = with_orphans(server.create_database())
    backup = {"file": dumped(tmp_path), "every": OFTEN}
    checks = {"rows": counting(), "rare": counting(NEVER)}
    instance = daemon(configuration(database, checks, backup=backup, journal="none", connect_timeout="1s"))
    wait_check(instance, "passed", "rare")
    wait_check(instance, "passed")
    server.stop()
    away = wait_check(instance, "unknown", code="UNREACHABLE")
    assert away["value"] is None and away["reason"]
    backed_up = check(instance, "backup")["checked_at"]
    eventually(lambda: check(instance, "backup")["checked_at"] > backed_up, 20 * slowdown(), "files are in sight")
    assert check(instance, "rare")["state"] == "passed", "it was not due"
    assert instance.post("/v1/databases/app/refresh").status == 200, "it ends though nothing can be asked"
    wait_check(instance, "unknown", "rare", code="UNREACHABLE")
    server.start()
    wait_check(instance, "passed", timeout=40)
    wait_check(instance, "passed", "rare", timeout=40)
    wait_said(instance, [("notice", "passed"), ("notice", "unknown"), ("notice", "passed")], "rare")


def test_a_migration_may_run_out_of_sight(daemon, own_postgres):
    """Without a look within max_staleness nobody knows whether one has; when one is had, what was found counts again."""
    database = with_orphans(own_postgres.create_database())
    gates = {"api": {"requires": ["app:check:rows"]}}
    config = configuration(database, {"rows": counting(NEVER)}, gates, journal="none", max_staleness="1s")
    instance = daemon(config)
    before = wait_check(instance, "passed")["checked_at"]
    instance.wait_gate("api", "open")
    own_postgres.stop()
    away = wait_check(instance, "unknown", code="UNREACHABLE")
    assert away["last_known"]["state"] == "passed" and away["checked_at"] == before
    assert instance.gate("api").json["state"] == "unknown"
    own_postgres.start()
    assert wait_check(instance, "passed", timeout=40)["checked_at"] == before
    instance.wait_gate("api", "open")


def test_a_file_that_is_away_and_back(daemon, sqlite):
    with_orphans(sqlite)
    instance = daemon(configuration(sqlite, {"rows": counting()}, journal="none"))
    wait_check(instance, "passed")
    away = sqlite.path.rename(sqlite.path.with_suffix(".away"))
    wait_check(instance, "unknown")
    away.rename(sqlite.path)
    wait_check(instance, "passed")


def test_a_database_that_was_never_in_sight(daemon, own_postgres):
    database = with_orphans(own_postgres.create_database())
    own_postgres.stop()
    gates = {"api": {"requires": ["app:check:rows"]}, "brave": {"requires": ["app:check:rows"], "on_unknown": "open"}}
    instance = daemon(configuration(database, {"rows": counting(NEVER)}, gates, journal="none", connect_timeout="1s"))
    wait_check(instance, "unknown", code="UNREACHABLE")
    assert instance.gate("api").json["state"] == "unknown"
    own_postgres.start()
    wait_check(instance, "passed", timeout=40)
    assert instance.gate("api").json["state"] == "open"


@pytest.mark.threads
def test_reload(daemon, new_database):
    """What did not change keeps what was found; what did begins anew."""
    database = with_orphans(new_database())
    config = configuration(database, {"rows": counting(NEVER), "rare": counting(NEVER)}, journal="none")
    instance = daemon(config)
    before = wait_check(instance, "passed")
    wait_check(instance, "passed", "rare")
    instance.reload({**config, "max_waiters": 7})
    instance.wait_log("event=reloaded")
    after = check(instance)
    assert (after["checked_at"], after["since"]) == (before["checked_at"], before["since"])
    assert metric(instance, "check_runs_total") == 2
    database.sql("INSERT INTO orphans VALUES (1)")
    config["databases"]["app"]["checks"]["rows"]["expect"] = "> 0"
    instance.reload(config)
    changed = eventually(lambda: (now := check(instance))["expected"] == "> 0" and now["state"] == "passed" and now, 20 * slowdown())
    assert changed["checked_at"] > before["checked_at"]
    wait_check(instance, "failed", "rare")
    del config["databases"]["app"]["checks"]
    instance.reload(config)
    eventually(lambda: instance.get("/v1/databases/app/checks").json["checks"] == [], 20 * slowdown())
    assert counts(instance) == {}


# The sessions that work on a check's query, whose rows are fetched from a cursor.
ASKING = (
    "SELECT pid FROM pg_stat_activity WHERE datname = %s AND state = 'active' AND query LIKE '%%FETCH FORWARD%%'"
    " AND pid <> pg_backend_pid()"
)


def asking(server, database):
    return server.sql(ASKING, (database.name,))


def connections(pid, port):
    """The sockets with which a process is connected to a port of 127.0.0.1; a server's own list lags behind."""
    own = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            own.add(os.readlink(descriptor))
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return [line for line in lines if int(line[2].rpartition(":")[2], 16) == port and f"socket:[{line[9]}]" in own]


@pytest.mark.threads
def test_one_at_a_time(daemon, own_postgres):
    """However many are due: one connection for checks, and never more than two in all."""
    database = with_orphans(own_postgres.create_database())
    heavy = "SELECT count(*) FROM generate_series(1, 200000)"
    checks = {f"heavy{i}": {"sql": heavy, "expect": "200000", "every": OFTEN} for i in range(8)}
    instance = daemon(configuration(database, checks, journal="none"))
    most = {"connections": 0, "asking": 0}
    stop = threading.Event()

    def watch():
        connection = own_postgres.connect()
        with connection.cursor() as cursor:
            while not stop.is_set():
                cursor.execute(ASKING, (database.name,))
                most["asking"] = max(most["asking"], len(cursor.fetchall()))
                most["connections"] = max(most["connections"], len(connections(instance.pid, own_postgres.port)))
        connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        eventually(lambda: metric(instance, "check_runs_total") >= 24, 60 * slowdown(), "three turns")
        assert instance.post("/v1/databases/app/refresh").status == 200
    finally:
        stop.set()
        watcher.join()
    assert {check(instance, name)["state"] for name in checks} == {"passed"}
    assert most["asking"] == 1 and most["connections"] <= 2, most


@pytest.mark.threads
def test_journals_do_not_wait_for_checks(daemon, postgres_server, postgres):
    """One that takes its whole time, and another database on the same server."""
    other = postgres_server.create_database()
    try:
        flyway_journal(other, "1")
        config = configuration(postgres, {"long": {"sql": LONG_QUERY, "expect": "> 0", "every": "1m", "timeout": "40s"}}, journal="none")
        config["databases"]["other"] = {"url": other.url(), **FAST, "expect": {"revision": "2"}}
        instance = daemon(config)
        instance.wait_state("other", "pending")
        eventually(lambda: asking(postgres_server, postgres), 20 * slowdown(), "the long query")
        flyway_rows(other, "2")
        instance.wait_state("other", "current")
        await_looks(instance, 10)
        assert asking(postgres_server, postgres), "it still runs"
        postgres_server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (postgres.name,))
        wait_check(instance, "unknown", "long")
    finally:
        other.drop()


def test_a_check_takes_its_own_time_only(daemon, postgres_server, postgres):
    checks = {"long": {"sql": LONG_QUERY, "expect": "> 0", "every": "1m", "timeout": "2s"}}
    instance = daemon(configuration(postgres, checks, journal="none"))
    late = wait_check(instance, "unknown", "long", code="TIMEOUT")
    assert late["severity"] == "fail"
    eventually(lambda: not asking(postgres_server, postgres), 20 * slowdown(), "the server ends it")
    await_looks(instance, 5)
    assert metric(instance, "check_runs_unknown_total") == 1, "it is not asked again before its time"


def test_stop_while_a_check_runs(daemon, postgres_server, postgres):
    checks = {"long": {"sql": LONG_QUERY, "expect": "> 0", "every": "1m", "timeout": "2s"}}
    instance = daemon(configuration(postgres, checks, journal="none"))
    eventually(lambda: asking(postgres_server, postgres), 20 * slowdown(), "the long query")
    instance.signal(signal.SIGTERM)
    assert instance.process.wait(10 * slowdown()) == 0
    eventually(lambda: not asking(postgres_server, postgres), 20 * slowdown(), "the server ends it by itself")


def test_events_and_history(daemon, sqlite, tmp_path):
    with_orphans(sqlite)
    checks = {"rows": counting(), "still": {"sql": "SELECT 1", "expect": "1", "every": OFTEN}}
    config = configuration(sqlite, checks, journal="none") | {"history": {"path": str(tmp_path / "history.db")}}
    instance = daemon(config)
    wait_check(instance, "passed")
    wait_check(instance, "passed", "still")
    with EventStream(instance.port, kind="check") as stream:
        picture = stream.next()
        assert picture.name == "snapshot" and picture.data["databases"][0]["checks"]["state"] == "passed"
        sqlite.sql("INSERT INTO orphans VALUES (1)")
        failed = stream.next()
        sqlite.sql("DELETE FROM orphans")
        passed = stream.next()
    assert failed.name == passed.name == "check"
    body = failed.data
    assert (body["database"], body["check"], body["address"]) == ("app", "rows", "app:check:rows")
    assert (body["state"], body["code"], body["severity"], body["value"]) == ("failed", "CHECK_FAILED", "fail", "1")
    assert body["previous"] == {"state": "passed", "code": "CHECK_PASSED"} and body["expected"] == "= 0" and body["at"]
    assert passed.data["previous"] == {"state": "failed", "code": "CHECK_FAILED"} and passed.data["state"] == "passed"

    def records():
        return instance.get("/v1/databases/app/history?kind=check").json["records"]

    eventually(lambda: len(records()) == 4, 20 * slowdown(), "four records")
    told = [(record["check"], record["state"]) for record in records()]
    assert told[0:2] == [("rows", "passed"), ("rows", "failed")]
    assert sorted(told[2:]) == [("rows", "passed"), ("still", "passed")]
    assert {record["kind"] for record in records()} == {"check"}
    shown = instance.ctl("--server", f"http://127.0.0.1:{instance.port}", "history", "app", "--kind", "check")
    assert shown.returncode == 0 and "app:check:rows" in shown.stdout and "failed CHECK_FAILED" in shown.stdout
    refused = instance.get("/v1/databases/app/history?kind=checks")
    assert refused.status == 400 and "check" in refused.json["detail"]


def test_nothing_of_a_sensitive_check_is_told(daemon, sqlite, tmp_path):
    sqlite.sql("CREATE TABLE people (name text)")
    sqlite.sql("INSERT INTO people VALUES ('Jane-Canary')")
    secret = {"sql": "SELECT name FROM people", "expect": "no rows", "every": OFTEN, "sensitive": True}
    config = configuration(sqlite, {"rows": secret}, journal="none") | {"history": {"path": str(tmp_path / "history.db")}}
    instance = daemon(config)
    wait_check(instance, "failed")
    eventually(lambda: instance.get("/v1/databases/app/history?kind=check").json["records"], 20 * slowdown())
    assert re.search(r'message="rows failed CHECK_FAILED"', instance.log())
    with EventStream(instance.port, kind="check") as stream:
        stream.next()
        sqlite.sql("DELETE FROM people")
        assert stream.next().data["state"] == "passed"
    places = ["/v1/databases/app/checks", "/v1/databases/app/history?kind=all", "/health", "/metrics", "/v1/databases/app"]
    for place in places:
        assert "Canary" not in instance.get(place).text, place
    assert "Canary" not in instance.log() and b"Canary" not in (tmp_path / "history.db").read_bytes()


def test_fifteen_series_at_most(daemon, sqlite, tmp_path):
    """With drift, checks and a backup, too: differences of the least severities make room."""
    with_orphans(sqlite)
    (tmp_path / "reference.json").write_text(migrationctl("snapshot", sqlite.url()).stdout)
    backup = {"file": dumped(tmp_path), "every": OFTEN}
    drift = {"reference": {"baseline": str(tmp_path / "reference.json")}}
    flyway_journal(sqlite, "1")
    instance = daemon(configuration(sqlite, {"rows": counting()}, backup=backup, drift=drift, expect={"revision": "1"}))
    wait_check(instance, "passed")
    sqlite.sql("DROP TABLE orphans")
    wait_check(instance, "unknown")

    def series():
        found = re.findall(r'^migrationd_(\w+\{[^}]*database="app"[^}]*\}) (\S+)$', instance.get("/metrics").text, re.MULTILINE)
        return {re.sub(r'database="app",engine="\w*",?', "", name): float(value) for name, value in found}

    eventually(lambda: series().get('database_drift_items{severity="critical"}') == 1, 30 * slowdown(), "the difference")
    eventually(lambda: "database_backup_age_seconds{}" in series(), 20 * slowdown(), "the backup's age")
    shown = series()
    assert len(shown) == 15, shown
    assert shown['database_checks{state="unknown"}'] >= 1 and shown["database_backup_age_seconds{}"] >= 0
