# SPDX-License-Identifier: Apache-2.0
"""/v1/events from outside: every change once and in order, whatever is cut, restarted or slow."""

import http.client
import json
import os
import random
import re
import signal
import threading
from pathlib import Path

import pytest
from harness import SqliteFile, eventually, migrationctl
from harness.daemon import slowdown
from harness.events import EventStream, states
from harness.journals import flyway_journal, flyway_rows

FAST = {"journal_interval": "100ms", "interval": "1s"}
RARE = {"journal_interval": "1h", "interval": "1h", "max_staleness": "1d"}


def watched(database, **settings):
    return {"url": database.url(), **FAST, **settings}


def is_state(database, state):
    return lambda event: event.name == "state" and event.data["database"] == database and event.data["state"] == state


@pytest.fixture
def pending(daemon, sqlite):
    """A daemon that waits for migration 3 of a journal that stands at 1."""
    flyway_journal(sqlite, "1")
    running = daemon({"databases": {"orders": watched(sqlite, expect={"revision": "3"})}})
    running.wait_state("orders", "pending")
    return running


def test_picture_and_changes(pending, sqlite):
    with EventStream(pending.port) as stream:
        assert stream.status == 200
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        picture = stream.next()
        assert states(picture) == {"orders": "pending"}
        assert stream.retry == 2000
        entry = picture.data["databases"][0]
        assert entry["code"] == "PENDING" and entry["gate"] == "closed" and entry["tool"] == "flyway"
        assert entry["heads"] == ["1"] and entry["reason"] and entry["age_seconds"] >= 0
        flyway_rows(sqlite, "2")
        change = stream.next()
        assert change.name == "state" and change.data["heads"] == ["2"]
        assert change.data["state"] == "pending" and change.data["previous"] == {"state": "pending", "code": "PENDING"}
        flyway_rows(sqlite, "3")
        change = stream.until(is_state("orders", "current"))[-1]
        assert change.data == {
            **change.data,
            "database": "orders",
            "state": "current",
            "code": "CURRENT",
            "gate": "open",
            "tool": "flyway",
            "heads": ["3"],
            "next": None,
            "previous": {"state": "pending", "code": "PENDING"},
        }
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", change.data["at"])
        assert re.fullmatch(r"[0-9a-f]{16}-\d+", change.id)
        assert change.data["reason"] == pending.database("orders")["reason"]


@pytest.mark.threads
def test_every_change_comes_once_and_in_order(daemon, tmp_path):
    """Several databases change at once; each event carries on from the one before, and numbers have no gaps."""
    databases = {f"d{i}": SqliteFile(tmp_path / f"d{i}.db") for i in range(5)}
    for database in databases.values():
        flyway_journal(database, "1")
    running = daemon({"databases": {name: watched(database, expect={"revision": "1"}) for name, database in databases.items()}})
    for name in databases:
        running.wait_state(name, "current")
    with EventStream(running.port) as stream:
        last = {entry["database"]: {"state": entry["state"], "code": entry["code"]} for entry in stream.next().data["databases"]}
        number = int(stream.id.split("-")[1])
        for version in range(2, 6):
            for name, database in databases.items():
                flyway_rows(database, str(version))
                if version % 2:
                    database.sql("DELETE FROM flyway_schema_history WHERE installed_rank > 1")
                running.wait_state(name, "current" if version % 2 else "ahead")
        for database in databases.values():
            database.sql("DELETE FROM flyway_schema_history")
        missing = set(databases)
        while missing:
            event = stream.next()
            assert event.data["previous"] == last[event.data["database"]]
            last[event.data["database"]] = {"state": event.data["state"], "code": event.data["code"]}
            assert int(event.id.split("-")[1]) == number + 1
            number += 1
            if event.data["state"] == "pending":
                missing.discard(event.data["database"])


def test_going_on_after_a_cut(pending, sqlite):
    with EventStream(pending.port) as stream:
        last = stream.next().id
        stream.reset_connection()
    flyway_rows(sqlite, "2", "3")
    pending.wait_state("orders", "current")
    with EventStream(pending.port, last_id=last) as stream:
        assert stream.next().name == "state"  # no picture first
    for how in ({"last_id": last}, {"last_event_id": last}, {"last_id": last, "last_event_id": "0" * 16 + "-1"}):
        with EventStream(pending.port, **how) as stream:
            assert stream.until(is_state("orders", "current"))[-1].data["heads"] == ["3"]
    with EventStream(pending.port, last_id="") as stream:
        assert states(stream.next()) == {"orders": "current"}


def test_another_process_is_told_from_this_one(pending, sqlite):
    with EventStream(pending.port) as stream:
        last = stream.next().id
    assert pending.stop() == 0
    pending.launch()
    assert pending.await_ready(20 * slowdown())
    pending.wait_state("orders", "pending")
    for stale in (last, "nonsense", "0" * 16 + "-18446744073709551615"):
        with EventStream(pending.port, last_id=stale) as stream:
            reset = stream.next()
            assert reset.name == "reset" and reset.data["code"] == "RESTARTED"
            assert reset.id == ""  # half of reset and picture is neither
            assert states(stream.next()) == {"orders": "pending"}
            assert stream.id and stream.id.split("-")[0] != last.split("-")[0]
            flyway_rows(sqlite, "2") if stale == last else None


def test_reload_shows_the_picture_again(pending, sqlite):
    with EventStream(pending.port) as stream, EventStream(pending.port, kind="admission") as other:
        stream.next()
        pending.reload({"databases": {"renamed": watched(sqlite, expect={"revision": "1"})}})
        assert stream.next().data["code"] == "RELOADED"
        picture = states(stream.next())
        assert list(picture) == ["renamed"]
        if picture["renamed"] != "current":  # the first look may have ended before the picture was taken
            stream.until(is_state("renamed", "current"))
        assert other.next().data["code"] == "RELOADED"


def test_reload_while_nobody_listens(pending, sqlite):
    """Who comes back after it would otherwise believe in databases that are not watched any more."""
    with EventStream(pending.port) as stream:
        last = stream.next().id
    pending.reload({"databases": {"renamed": watched(sqlite, expect={"revision": "1"})}})
    pending.wait_log("event=reloaded")
    with EventStream(pending.port, last_id=last) as stream:
        assert stream.next().data["code"] == "MISSED"
        assert list(states(stream.next())) == ["renamed"]


def test_choosing_databases_and_kinds(daemon, tmp_path):
    one, other = SqliteFile(tmp_path / "one.db"), SqliteFile(tmp_path / "other.db")
    flyway_journal(one, "1")
    flyway_journal(other, "1")
    config = {"one": watched(one, expect={"revision": "2"}), "other": watched(other, expect={"revision": "2"})}
    running = daemon({"databases": config})
    for name in config:
        running.wait_state(name, "pending")
    with EventStream(running.port, database="one") as narrow, EventStream(running.port, kind="drift") as none:
        assert list(states(narrow.next())) == ["one"]
        assert list(states(none.next())) == ["one", "other"]
        flyway_rows(other, "2")
        running.wait_state("other", "current")
        flyway_rows(one, "2")
        assert narrow.next().data["database"] == "one"
        with EventStream(running.port, database="one,other", kind=["state", "drift"]) as both:
            assert states(both.next()) == {"one": "current", "other": "current"}
    for query, status in (("kind=x", 400), ("database=", 400), ("database=none", 404), ("last_event_id=1", 400), ("x=1", 400)):
        assert running.get(f"/v1/events?{query}").status == status


def test_drift_is_told(daemon, sqlite, tmp_path):
    sqlite.sql("CREATE TABLE users (id integer PRIMARY KEY, mail varchar(80)); CREATE INDEX ix_mail ON users (mail);")
    baseline = tmp_path / "baseline.json"
    baseline.write_text(migrationctl("snapshot", sqlite.url()).stdout)
    reference = {"drift": {"reference": {"baseline": str(baseline)}}}
    running = daemon({"databases": {"app": watched(sqlite, journal="none", **reference)}})
    eventually(lambda: running.get("/v1/databases/app/drift").json["drift"] == "none", 20 * slowdown())
    with EventStream(running.port) as stream:
        assert stream.next().data["databases"][0]["drift"]["drift"] == "none"
        sqlite.sql("DROP INDEX ix_mail")
        drifted = stream.until(lambda event: event.name == "drift")[-1].data
        assert drifted["database"] == "app" and drifted["drift"] == "drifted" and drifted["worst"]
        assert drifted["counts"]["missing"] == 1 and drifted["previous"] == {"drift": "none", "code": None}
        report = running.get("/v1/databases/app/drift").json
        assert drifted["reference"] == report["reference"]
        sqlite.sql("CREATE INDEX ix_mail ON users (mail)")
        ended = stream.until(lambda event: event.name == "drift")[-1].data
        assert ended["drift"] == "none" and ended["worst"] is None
        assert ended["live"]["fingerprint"] == ended["reference"]["fingerprint"]


def test_admissions_and_gates_that_fail_open_are_told(daemon, sqlite):
    flyway_journal(sqlite, "1")
    gone = {"url": "postgresql://u@127.0.0.1:1/d", **FAST, "connect_timeout": "100ms", "max_staleness": "1s"}
    running = daemon(
        {
            "databases": {"orders": watched(sqlite, expect={"revision": "1"}), "gone": gone},
            "gates": {"shop": {"requires": ["orders"]}, "risky": {"requires": ["gone"], "on_unknown": "open"}},
        }
    )
    running.wait_state("orders", "current")
    running.wait_state("gone", "unknown", code="UNREACHABLE")
    with EventStream(running.port) as every, EventStream(running.port, kind="admission", database="orders") as some:
        every.next()
        signal_ = {"application": "shop", "instance": "shop-1", "revision": "1"}
        assert running.post("/v1/gates/shop/admissions", signal_).status == 201
        for stream in (every, some):
            told = stream.until(lambda event: event.name == "admission")[-1].data
            assert told["gate"] == "shop" and told["application"] == "shop" and told["admitted"] is True
        assert running.gate("risky").json["code"] == "FAIL_OPEN"
        told = every.until(lambda event: event.name == "fail_open")[-1].data
        assert told["gate"] == "risky" and told["database"] == "gone" and told["database_code"] == "UNREACHABLE" and told["at"]


def test_a_hung_database_is_told(daemon, own_postgres):
    """What was not seen for too long becomes unknown at that moment, though no look has ended yet; and comes back."""
    database = own_postgres.create_database()
    flyway_journal(database, "1")
    settings = {"expect": {"revision": "1"}, "max_staleness": "1s", "connect_timeout": "1m", "query_timeout": "10m"}
    running = daemon({"databases": {"app": watched(database, **settings)}})
    running.wait_state("app", "current")
    with EventStream(running.port) as stream:
        stream.next()
        sessions = eventually(lambda: own_postgres.backends(database.name), what="the daemon's session")
        own_postgres.kill(signal.SIGSTOP)
        for pid in sessions:
            own_postgres.stop_backend(pid)
        try:
            lost = stream.until(is_state("app", "unknown"))[-1].data
            assert lost["code"] == "STALE" and lost["gate"] == "unknown"
            assert lost["previous"] == {"state": "current", "code": "CURRENT"}
            running.wait_log("event=database_state .*unknown STALE")
        finally:
            own_postgres.kill(signal.SIGCONT)
            for pid in sessions:
                own_postgres.continue_backend(pid)
        assert stream.until(is_state("app", "current"))[-1].data["gate"] == "open"


def ticks(pid):
    """Processor time so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_idle_streams_cost_nothing(daemon, sqlite):
    """A stream that spins takes a whole processor: a hundred would be noticed within one heartbeat."""
    running = daemon({"databases": {"orders": {"url": sqlite.url(), **RARE}}})
    running.wait_state("orders", "empty")
    streams = [EventStream(running.port, timeout=60) for _ in range(100)]
    for stream in streams:
        assert stream.next().name == "snapshot"
    before = ticks(running.pid)
    streams[0].heartbeat()  # which is the clock here: 15 s
    assert ticks(running.pid) - before < 1.0 * slowdown()
    for stream in streams:
        stream.close()


def test_many_databases(daemon, tmp_path):
    """The picture of a large fleet comes whole, in one event, and piece by piece on the way."""
    first = SqliteFile(tmp_path / "first.db")
    flyway_journal(first, "1")
    databases = {f"database-{i:04}": {"url": f"sqlite:///{tmp_path}/none-{i}.db", **RARE} for i in range(600)}
    databases["first"] = watched(first, expect={"revision": "2"})
    running = daemon({"databases": databases})
    running.wait_state("first", "pending")
    with EventStream(running.port, kind="state") as stream:
        assert list(states(stream.next())) == sorted(databases)
        flyway_rows(first, "2")
        stream.until(is_state("first", "current"))


def test_old_client(pending, sqlite):
    """HTTP/1.0 knows no chunks: the body is the text alone, and ends with the connection."""
    with pending.raw(b"GET /v1/events?kind=state HTTP/1.0\r\n\r\n") as connection:
        with connection.socket.makefile("rb") as reader:
            head = b"".join(iter(reader.readline, b"\r\n"))
            assert b"chunked" not in head and b"text/event-stream" in head
            assert reader.readline() == b"retry: 2000\n"
            assert reader.readline() == b"\n"
            assert reader.readline() == b"event: snapshot\n"
            reader.readline()
            assert json.loads(reader.readline().removeprefix(b"data: "))["databases"]
            flyway_rows(sqlite, "2")
            assert reader.readline() == b"\n"
            assert reader.readline() == b"event: state\n"
            pending.signal(signal.SIGTERM)
            assert reader.read().endswith(b"}\n\n")


def test_head(pending):
    answer = pending.head("/v1/events")
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/event-stream"
    assert pending.head("/v1/events?kind=x").status == 400
    assert pending.probe("/v1/events").status == 404
    assert pending.post("/v1/events").status == 405


@pytest.mark.threads
def test_stopping_ends_streams(pending):
    """Each stream ends as a whole answer does, and the daemon's end waits for none of them."""
    streams = [EventStream(pending.port) for _ in range(50)]
    for stream in streams:
        stream.next()
    pending.signal(signal.SIGTERM)
    for stream in streams:
        assert stream.next() is None  # and no IncompleteRead
        stream.close()
    assert pending.process.wait(10 * slowdown()) == 0


@pytest.mark.threads
def test_streams_come_and_go(daemon, tmp_path):
    """Clients connect, read a little and vanish in every way while databases change and the configuration is read again;
    then the daemon stops in the middle of it."""
    databases = {f"d{i}": SqliteFile(tmp_path / f"d{i}.db") for i in range(3)}
    for database in databases.values():
        flyway_journal(database, "1")
    running = daemon({"databases": {name: watched(database, expect={"revision": "1"}) for name, database in databases.items()}})
    dice = random.Random(11)
    over = threading.Event()

    def client(seed):
        own = random.Random(seed)
        last = None
        while not over.is_set():
            try:
                with EventStream(running.port, last_id=last, timeout=5) as stream:
                    for _ in range(own.randrange(4)):
                        if not stream.next():
                            break
                    last = stream.id or None
                    if own.random() < 0.5:
                        stream.reset_connection()
            except (OSError, http.client.HTTPException):
                pass  # the daemon has stopped meanwhile

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    try:
        for round_number in range(20):
            database = dice.choice(list(databases.values()))
            flyway_rows(database, str(round_number + 2))
            if round_number % 5 == 4:
                running.reload()
                running.wait_log(rf"(?s)(event=reloaded.*){{{round_number // 5 + 1}}}")
            with EventStream(running.port) as stream:
                assert len(states(stream.next())) == 3
        assert running.stop() == 0
    finally:
        over.set()
        for thread in threads:
            thread.join()
