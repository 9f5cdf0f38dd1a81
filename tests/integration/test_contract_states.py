# SPDX-License-Identifier: Apache-2.0
"""Every state and code that a real database can be brought into, with the evidence and the advice that go with it."""

import os
import re
import signal
import socket

from harness import eventually
from harness.journals import (
    alembic_files,
    alembic_journal,
    alembic_stamp,
    drizzle_files,
    drizzle_hash,
    drizzle_journal,
    flyway_files,
    flyway_journal,
    flyway_rows,
)

FAST = {"journal_interval": "100ms", "interval": "1s"}
GATES = {"open": 200, "closed": 503, "unknown": 503, "blocked": 409}


def entry(database, **settings):
    return {"url": database.url(), **FAST, **settings}


def readable(text):
    """A sentence for somebody at 03:00: says something, in one line, without what only a programmer reads."""
    assert 10 <= len(text) <= 512, text
    assert "\n" not in text and "  " not in text, text
    assert not re.search(r"\(null\)|%[sdz]|ERROR_|-1\b|0x[0-9a-f]{6}|errno", text), text
    assert not text.endswith((".", ":", ",", ";", " ")), text
    assert text.count("(") == text.count(")"), text
    return text


def judged(instance, name, state, code, gate):
    """Waits for the state, checks what every answer about it must have, returns the database's JSON."""
    member = instance.wait_state(name, state, code=code)
    assert member["gate"] == gate
    answer = instance.gate(name)
    assert answer.status == GATES[gate], answer.text
    assert (answer.json["state"], answer.json["code"]) == (gate, code)
    readable(member["reason"])
    if gate != "open":
        readable(member["next"])
    return member


def start(daemon, database, **settings):
    return daemon({"databases": {"app": entry(database, **settings)}})


def test_empty_then_pending_then_current(daemon, new_database, tmp_path):
    database = new_database()
    instance = start(daemon, database, expect={"directory": flyway_files(tmp_path / "sql", "1", "2")})
    empty = judged(instance, "app", "empty", "EMPTY", "closed")
    assert empty["expected"]["source"] == "directory" and empty["observed"] is None and empty["tool"] is None
    flyway_journal(database, "1")
    pending = judged(instance, "app", "pending", "PENDING", "closed")
    assert pending["pending"] == ["2"]
    assert pending["reason"] == "1 of 2 expected migrations is not applied"
    assert pending["next"] == "flyway migrate"
    flyway_rows(database, "2")
    current = judged(instance, "app", "current", "CURRENT", "open")
    assert current["next"] is None and current["pending"] == []
    assert current["observed"] == {"heads": ["2"], "applied_count": 2}


def test_unversioned(daemon, new_database):
    database = new_database()
    database.sql("CREATE TABLE legacy (id integer)")
    member = judged(start(daemon, database, expect={"revision": "1"}), "app", "unversioned", "UNVERSIONED", "blocked")
    assert member["expected"] == {"revision": "1", "match": "exact", "source": "revision"}


def test_ahead(daemon, new_database, tmp_path):
    database = new_database()
    flyway_journal(database, "1", "2")
    instance = start(daemon, database, expect={"directory": flyway_files(tmp_path / "sql", "1")})
    member = judged(instance, "app", "ahead", "AHEAD", "blocked")
    assert member["later"] == ["2"] and member["pending"] == []


def test_alembic_ahead_only_with_a_graph(daemon, new_database, tmp_path):
    database = new_database()
    alembic_journal(database, "b")
    folder = alembic_files(tmp_path / "app", a=None, b="a")
    knows = start(daemon, database, expect={"directory": folder})
    knows.wait_state("app", "current")
    (tmp_path / "app" / "versions" / "b_step.py").unlink()
    judged(knows, "app", "ahead", "AHEAD", "blocked")
    never_saw = start(daemon, database, expect={"directory": folder})
    member = judged(never_saw, "app", "unknown", "ORDER_UNKNOWN", "unknown")
    assert "'b'" in member["reason"] and "files" in member["reason"]


def test_failed(daemon, new_database, tmp_path):
    database = new_database()
    flyway_journal(database, "1", "2", failed=("2",))
    instance = start(daemon, database, expect={"directory": flyway_files(tmp_path / "sql", "1", "2", "3")})
    member = judged(instance, "app", "failed", "FAILED", "blocked")
    assert member["failed"] == ["2"]
    assert "2" in member["reason"] and "repair" in member["next"]
    for match in ("at-least", "contains"):
        assert instance.gate("app", revision="1", match=match).status == 409, "failed always blocks"
    document = instance.get("/v1/databases/app/journal").json
    assert [row["revision"] for row in document["failed"]] == ["2"]
    assert [row["revision"] for row in document["applied"]] == ["1"]


def test_checksum_mismatch(daemon, new_database, tmp_path):
    database = new_database()
    flyway_journal(database, "1", "2", checksums={"2": 4711})
    folder = flyway_files(tmp_path / "sql", "1", "2")
    instance = daemon(
        {
            "databases": {
                "app": entry(database, expect={"directory": folder}),
                "lenient": entry(database, expect={"directory": folder}, checksums="warn"),
            }
        }
    )
    member = judged(instance, "app", "diverged", "CHECKSUM_MISMATCH", "blocked")
    assert member["mismatched"] == ["2"]
    assert "V2__step.sql" in member["reason"], "the file is named"
    lenient = judged(instance, "lenient", "current", "CURRENT", "open")
    assert lenient["mismatched"] == ["2"] and "V2__step.sql" in lenient["warning"]


def test_checksum_that_cannot_be_computed_changes_nothing(daemon, new_database, tmp_path):
    database = new_database()
    flyway_journal(database, "1", "2", checksums={"2": "NULL"})
    instance = start(daemon, database, expect={"directory": flyway_files(tmp_path / "sql", "1", "2")})
    member = judged(instance, "app", "current", "CURRENT", "open")
    assert member["unverified"] == ["2"]


def test_drizzle_hash(daemon, new_database, tmp_path):
    database = new_database()
    drizzle_journal(database, 0, 1, hashes={1: drizzle_hash(9)})
    instance = start(daemon, database, expect={"directory": drizzle_files(tmp_path / "drizzle", 0, 1)})
    member = judged(instance, "app", "diverged", "CHECKSUM_MISMATCH", "blocked")
    assert member["mismatched"] == ["0001_step"] and "0001_step.sql" in member["reason"]


def test_out_of_order(daemon, new_database, tmp_path):
    database = new_database()
    drizzle_journal(database, 0, 2)
    instance = start(daemon, database, expect={"directory": drizzle_files(tmp_path / "drizzle", 0, 1, 2)})
    member = judged(instance, "app", "diverged", "OUT_OF_ORDER", "blocked")
    assert member["out_of_order"] == ["0001_step"]


def test_flyway_out_of_order(daemon, new_database, tmp_path):
    database = new_database()
    flyway_journal(database, "1", "3")
    instance = start(daemon, database, expect={"directory": flyway_files(tmp_path / "sql", "1", "2", "3")})
    member = judged(instance, "app", "diverged", "OUT_OF_ORDER", "blocked")
    assert member["out_of_order"] == ["2"]


def test_missing_and_newer_unknown(daemon, new_database, tmp_path):
    database = new_database()
    flyway_journal(database, "1", "5")
    instance = start(daemon, database, expect={"directory": flyway_files(tmp_path / "sql", "1", "6")})
    member = instance.wait_state("app", "diverged")
    assert member["code"] in ("DIVERGED", "UNKNOWN_APPLIED")
    readable(member["reason"]), readable(member["next"])
    assert instance.gate("app").status == 409


def test_unknown_applied_that_the_tool_refuses(daemon, new_database, tmp_path):
    database = new_database()
    flyway_journal(database, "1", "2", "3")
    instance = start(daemon, database, expect={"directory": flyway_files(tmp_path / "sql", "1", "3")})
    member = judged(instance, "app", "diverged", "UNKNOWN_APPLIED", "blocked")
    assert member["unknown"] == ["2"]


def test_multiple_heads(daemon, new_database, tmp_path):
    database = new_database()
    alembic_journal(database, "b", "c")
    folder = alembic_files(tmp_path / "app", a=None, b="a", c="a")
    instance = start(daemon, database, expect={"directory": folder})
    member = judged(instance, "app", "diverged", "MULTIPLE_HEADS", "blocked")
    assert sorted(member["observed"]["heads"]) == ["b", "c"]
    alembic_files(tmp_path / "app", d=("b", "c"))
    judged(instance, "app", "pending", "PENDING", "closed")
    alembic_stamp(database, "d")
    judged(instance, "app", "current", "CURRENT", "open")


def test_invalid_journal(daemon, new_database):
    database = new_database()
    drizzle_journal(database)
    database.sql("INSERT INTO __drizzle_migrations (id, hash, created_at) VALUES (1, 'x', NULL)")
    judged(start(daemon, database), "app", "unknown", "JOURNAL_INVALID", "unknown")


def test_journal_of_another_shape(daemon, new_database):
    """The configured table is not its tool's: never taken for an empty journal."""
    database = new_database()
    database.sql("CREATE TABLE flyway_schema_history (id integer)")
    instance = start(daemon, database, journal={"tool": "flyway"}, expect={"revision": "1"})
    member = instance.wait_state("app", "unknown", code="JOURNAL_INVALID")
    readable(member["reason"])


def test_configured_journal_that_is_missing(daemon, new_database):
    database = new_database()
    database.sql("CREATE TABLE t (id integer)")
    instance = start(daemon, database, journal={"tool": "alembic", "table": "versions_of_mine"}, expect={"revision": "a"})
    judged(instance, "app", "unversioned", "UNVERSIONED", "blocked")
    alembic_journal(database, "a", table="versions_of_mine")
    judged(instance, "app", "current", "CURRENT", "open")


def test_expectation_invalid(daemon, new_database, tmp_path):
    database = new_database()
    drizzle_journal(database, 0)
    folder = drizzle_files(tmp_path / "drizzle", 0)
    (tmp_path / "drizzle" / "meta" / "_journal.json").write_text('{"entries": [\n{"idx": }]}')
    instance = start(daemon, database, expect={"directory": folder})
    member = judged(instance, "app", "unknown", "EXPECTATION_INVALID", "unknown")
    assert re.search(r"_journal\.json:2\b", member["reason"]), member["reason"]


def test_stale(daemon, own_mariadb):
    """A failed look keeps the last state until max_staleness, then its code; the last good snapshot stays."""
    database = own_mariadb.create_database()
    flyway_journal(database, "1")
    instance = start(daemon, database, expect={"revision": "1"}, max_staleness="3s")
    before = judged(instance, "app", "current", "CURRENT", "open")
    document = instance.get("/v1/databases/app/schema").json
    own_mariadb.stop()
    failing = eventually(lambda: (seen := instance.database("app"))["snapshot"]["last_error"] and seen, what="a failed look")
    assert (failing["state"], failing["gate"]) == ("current", "open")
    readable(failing["warning"])
    member = judged(instance, "app", "unknown", "UNREACHABLE", "unknown")
    assert member["snapshot"]["fingerprint"] == before["snapshot"]["fingerprint"]
    assert member["snapshot"]["age_seconds"] >= 3
    kept = instance.get("/v1/databases/app/schema")
    assert kept.status == 200 and kept.json == document
    applied = instance.get("/v1/databases/app/journal").json["applied"]
    assert [row["revision"] for row in applied] == ["1"]
    health = instance.get("/health/app")
    assert (health.status, health.json["status"]) == (200, "warn")


def test_never_observed(daemon):
    """Before the first look: unknown, not ready, not healthy. The server accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        instance = daemon(
            {"databases": {"app": {"url": f"mariadb://u@127.0.0.1:{port}/x", **FAST, "connect_timeout": "20s"}}}
        )
        member = instance.database("app")
        assert (member["state"], member["code"]) == ("unknown", "NEVER_OBSERVED")
        assert member["engine"] == "mariadb", "as configured, until the server says what it is"
        readable(member["reason"]), readable(member["next"])
        assert member["snapshot"] == {"taken_at": None, "age_seconds": None, "fingerprint": None, "last_error": None}
        assert instance.gate("app").status == 503
        assert instance.probe("/readyz").status == 503
        assert instance.probe("/readyz?exclude=app").status == 200
        assert instance.probe("/health/app").status == 503
        assert instance.get("/v1/databases/app/schema").status == 503
        assert instance.get("/v1/databases/app/journal").status == 200
        connection, _address = silent.accept()
        connection.close()


def test_running_while_the_journal_is_locked(daemon, postgres):
    flyway_journal(postgres, "1")
    instance = start(daemon, postgres, expect={"revision": "2"})
    instance.wait_state("app", "pending")
    connection = postgres.connect(autocommit=False)
    try:
        cursor = connection.cursor()
        cursor.execute("LOCK TABLE flyway_schema_history IN ACCESS EXCLUSIVE MODE")
        member = judged(instance, "app", "running", "RUNNING", "closed")
        assert list(member["lock"]) == ["held", "orphaned", "suspected", "holder", "since"]
        assert member["lock"]["held"] is True
        assert member["next"].startswith("wait")
        connection.rollback()
    finally:
        connection.close()
    judged(instance, "app", "pending", "PENDING", "closed")


def test_one_schema_per_tenant(daemon, postgres):
    for tenant, head in (("tenant_1", "b"), ("tenant_2", "a"), ("tenant_42", "b")):
        postgres.sql(f"CREATE SCHEMA {tenant}")
        alembic_journal(postgres, head, table=f"{tenant}.alembic_version")
    instance = start(daemon, postgres, expect={"revision": "b"})
    eventually(lambda: len(instance.database("app")["journals"]) == 3, what="all journals")
    member = instance.database("app")
    assert {journal["journal"] for journal in member["journals"]} == {f"tenant_{n}.alembic_version" for n in (1, 2, 42)}
    assert member["journals"][0]["journal"] == "tenant_2.alembic_version", "the worst comes first"
    assert member["state"] == member["journals"][0]["state"] != "current"
    alembic_stamp(postgres, "b", table="tenant_2.alembic_version")
    instance.wait_state("app", "current")


def test_role_that_sees_nothing_on_mariadb(daemon, mariadb):
    alembic_journal(mariadb, "a")
    role, password = mariadb.server.create_role()
    mariadb.sql(f"GRANT SHOW VIEW ON {mariadb.name}.* TO '{role}'@'%'")
    instance = daemon({"databases": {"app": {"url": mariadb.url(user=role, password=password), **FAST}}})
    member = instance.wait_state("app", "unknown", code="FORBIDDEN")
    assert "GRANT SELECT" in member["next"], member["next"]
    assert role in member["next"], "the grant can be pasted"


def test_no_other_thread_is_needed_to_go_stale(daemon, own_mariadb):
    """Judged by the current time on every request: a poller that hangs turns open into unknown."""
    database = own_mariadb.create_database()
    flyway_journal(database, "1")
    instance = start(daemon, database, expect={"revision": "1"}, max_staleness="2s", query_timeout="60s", connect_timeout="60s")
    instance.wait_state("app", "current")
    os.kill(own_mariadb.process.pid, signal.SIGSTOP)
    try:
        member = instance.wait_state("app", "unknown", code="STALE")
        readable(member["reason"]), readable(member["next"])
        assert instance.gate("app").status == 503
        assert instance.get("/health/app").json["status"] == "warn"
    finally:
        os.kill(own_mariadb.process.pid, signal.SIGCONT)
    instance.wait_state("app", "current", timeout=30)
