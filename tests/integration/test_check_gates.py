# SPDX-License-Identifier: Apache-2.0
"""Gates, health and admissions that heed checks: shut where one has failed, and never open where one is not known."""

import contextlib
import gzip
import json
import os
import re
import sqlite3
import time

import pytest
from harness import eventually
from harness.daemon import slowdown
from harness.journals import alembic_files, alembic_journal
from harness.wait import Waiting, migration_wait

FAST = {"journal_interval": "100ms", "interval": "1s", "max_staleness": "30s", "blocked_grace": "500ms"}
ORPHANS = "SELECT count(*) FROM items WHERE order_id NOT IN (SELECT id FROM orders)"
NO_ORPHANS = {"sql": ORPHANS, "expect": "0", "every": "1s"}

CHECK_KEYS = (
    ["check", "address", "database", "kind", "state", "code", "severity", "value", "expected"]
    + ["since", "checked_at", "age_seconds", "took_seconds", "every_seconds", "reason", "next"]
)
GATE_KEYS = ["gate", "state", "code", "database", "check", "retryable", "retry_after_seconds", "databases", "checks"]
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


def shop(database):
    """Orders with their items, at revision a of Alembic."""
    alembic_journal(database, "a")
    database.sql("CREATE TABLE orders (id integer PRIMARY KEY)")
    database.sql("CREATE TABLE items (id integer PRIMARY KEY, order_id integer NOT NULL)")
    database.sql("INSERT INTO orders VALUES (1)")
    database.sql("INSERT INTO items VALUES (1, 1)")
    return database


def entry(database, checks=None, **settings):
    more = {"checks": checks} if checks else {}
    return {"url": database.url(), **FAST, "expect": {"revision": "a"}, **more, **settings}


def orphan(database, count=3):
    database.sql(f"INSERT INTO items VALUES {', '.join(f'({100 + i}, 99)' for i in range(count))}")


def mend(database):
    database.sql("DELETE FROM items WHERE order_id = 99")


def health(instance, name, status, what=None, timeout=15):
    """Waits for that status of /health/NAME; returns its JSON."""

    def seen():
        answer = instance.get(f"/health/{name}" if name else "/health")
        return answer.json["status"] == status and answer.json

    return eventually(seen, timeout * slowdown(), what or f"health of {name}: {status}")


def test_a_failed_check_blocks_until_it_is_mended(daemon, database):
    shop(database)
    instance = daemon(
        {
            "databases": {"orders": entry(database, {"no_orphans": NO_ORPHANS})},
            "gates": {"api": {"requires": ["orders", "orders:check:no_orphans"]}},
        }
    )
    opened = instance.wait_gate("api", "open")
    assert opened.status == 200
    assert list(opened.json) == GATE_KEYS
    assert (opened.json["code"], opened.json["database"], opened.json["check"]) == ("CURRENT", "orders", None)
    (check,) = opened.json["checks"]
    assert list(check) == CHECK_KEYS
    assert (check["state"], check["code"], check["value"]) == ("passed", "CHECK_PASSED", "0")
    assert health(instance, "api", "pass")["checks"]["orders:check:no_orphans"][0]["observedValue"] == "passed"

    orphan(database)
    blocked = instance.wait_gate("api", "blocked")
    assert blocked.status == 409 and blocked.headers["Retry-After"] is None
    gate = blocked.json
    assert list(gate) == GATE_KEYS
    assert (gate["code"], gate["database"], gate["check"]) == ("CHECK_FAILED", "orders", "orders:check:no_orphans")
    assert gate["retryable"] is False and gate["databases"][0]["state"] == "current"
    (check,) = gate["checks"]
    assert (check["check"], check["address"], check["database"]) == ("no_orphans", "orders:check:no_orphans", "orders")
    assert (check["state"], check["code"], check["severity"]) == ("failed", "CHECK_FAILED", "fail")
    assert (check["value"], check["expected"], check["every_seconds"]) == ("3", "= 0", 1)
    assert re.fullmatch(TIME, check["since"]) and re.fullmatch(TIME, check["checked_at"])
    assert check["since"] <= check["checked_at"]
    assert check["reason"]
    (line,) = [line for line in instance.get("/v1/gates").json["gates"] if line["gate"] == "api"]
    assert line["requires"] == ["orders", "orders:check:no_orphans"]
    assert (line["state"], line["check"], line["reason"]) == ("blocked", gate["check"], check["reason"])
    own = instance.gate("orders")
    assert own.json["state"] == "open" and "checks" not in own.json and "check" not in own.json, "it requires no checks"

    for name in ("api", "orders", ""):
        failing = health(instance, name, "fail")
        (component,) = failing["checks"]["orders:check:no_orphans"]
        assert (component["status"], component["observedValue"], component["code"]) == ("fail", "failed", "CHECK_FAILED")
        assert component["output"] == check["reason"]
        assert failing["output"] == f"orders:check:no_orphans: {check['reason']}"

    mend(database)
    assert instance.wait_gate("api", "open").json["checks"][0]["value"] == "0"
    for name in ("api", "orders", ""):
        health(instance, name, "pass")


def role(database):
    """One that may read the journal and the orders, and nothing else; None where there are no roles."""
    if database.engine == "sqlite":
        return None
    name, password = database.server.create_role()
    whom = name if database.engine == "postgresql" else f"'{name}'@'%'"
    for table in ("alembic_version", "orders"):
        database.sql(f"GRANT SELECT ON {table} TO {whom}")
    return name, password


HEAVY = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
SELECT count(*) FROM n a, n b, n c WHERE a.i + b.i + c.i < 0"""


def test_what_cannot_be_told_is_unknown(daemon, database):
    """Bad SQL, what the role may not read, what takes too long, what would write: shut, and each says why."""
    shop(database)
    who = role(database)
    url = database.url(*who) if who else database.url()
    checks = {
        "bad": {"sql": "SELECT count(nowhere) FROM orders", "expect": "0", "every": "1s"},
        "slow": {"sql": HEAVY, "expect": "0", "every": "1s", "timeout": "500ms"},
        "writes": {"sql": "UPDATE orders SET id = 2", "expect": "0", "every": "1s"},
        "fine": {"sql": "SELECT count(*) FROM orders", "expect": "1", "every": "1s"},
    }
    if who:
        checks["forbidden"] = NO_ORPHANS
    instance = daemon(
        {
            "databases": {"orders": entry(database, checks, url=url)},
            "gates": {name: {"requires": ["orders", f"orders:check:{name}"]} for name in checks},
        }
    )
    instance.wait_gate("fine", "open")
    codes = {"bad": {"CHECK_UNKNOWN"}, "slow": {"TIMEOUT"}, "writes": {"CHECK_UNKNOWN"}, "forbidden": {"FORBIDDEN"}}
    for name in checks.keys() - {"fine"}:

        def asked():
            answer = instance.gate(name)
            return answer.json["checks"][0]["checked_at"] and answer

        answer = eventually(asked, 20 * slowdown(), f"a run of {name}")
        assert (answer.status, answer.json["state"], answer.json["code"]) == (503, "unknown", "CHECK_UNKNOWN"), answer.text
        assert answer.json["check"] == f"orders:check:{name}" and answer.json["retryable"] is True
        assert int(answer.headers["Retry-After"]) > 0
        (check,) = answer.json["checks"]
        assert check["state"] == "unknown" and check["code"] in codes[name], check
        assert check["reason"] and check["value"] is None
        health(instance, name, "fail")
    assert database.sql("SELECT id FROM orders") == [(1,)], "nothing was written"


def backup(folder, name, age_hours=0.0, cut=0):
    """A dump of believable contents that ended so long ago; without its last `cut` bytes."""
    path = folder / name
    whole = gzip.compress(b"-- PostgreSQL database dump\n" + os.urandom(4000) + b"\n-- PostgreSQL database dump complete\n")
    temporary = folder / "being-written"
    temporary.write_bytes(whole[: len(whole) - cut])
    then = time.time() - age_hours * 3600
    os.utime(temporary, (then, then))
    temporary.rename(path)
    return path


def signal(instance, gate="job", application="migrate"):
    return instance.post(f"/v1/gates/{gate}/admissions", {"application": application, "instance": "1"})


def test_a_migration_job_needs_a_recent_backup(daemon, database, tmp_path):
    """The job's gate asks for the backup alone: the database is behind, which is why the job is to run."""
    shop(database)
    folder = tmp_path / "backups"
    folder.mkdir()
    backup(folder, "orders-1.sql.gz", age_hours=48)
    rule = {"file": f"{folder}/orders-*.sql.gz", "max_age": "24h", "min_size": "1KiB", "every": "1s"}
    files = alembic_files(tmp_path / "files", a=None, b="a")
    instance = daemon(
        {
            "databases": {"orders": entry(database, expect={"directory": files}, backup=rule)},
            "gates": {"job": {"requires": ["orders:backup"]}, "api": {"requires": ["orders"]}},
            "history": {"path": str(tmp_path / "history.db")},
        }
    )
    instance.wait_state("orders", "pending")
    old = instance.wait_gate("job", "blocked")
    assert (old.status, old.json["code"], old.json["check"]) == (409, "CHECK_FAILED", "orders:backup")
    assert (old.json["database"], old.json["databases"]) == ("orders", [])
    assert old.json["checks"][0]["backup"]["file"].endswith("orders-1.sql.gz")
    assert old.json["checks"][0]["backup"]["age_seconds"] > 47 * 3600
    refused = signal(instance)
    assert (refused.status, refused.json["admitted"], refused.json["code"]) == (409, False, "CHECK_FAILED")
    assert refused.json["answer"]["checks"][0]["state"] == "failed"
    assert health(instance, "job", "warn")["output"].startswith("orders:backup: "), "severity warn ejects nobody"

    fresh = backup(folder, "orders-2.sql.gz")
    opened = instance.wait_gate("job", "open")
    assert (opened.status, opened.json["code"], opened.json["check"]) == (200, "CHECK_PASSED", "orders:backup")
    assert instance.gate("api").json["code"] == "PENDING"
    admitted = signal(instance)
    assert (admitted.status, admitted.json["admitted"], admitted.json["recorded"]) == (201, True, True), admitted.text
    (evidence,) = admitted.json["evidence"]
    assert list(evidence) == ["check", "state", "value", "checked_at"]
    assert (evidence["check"], evidence["state"], evidence["value"]) == ("orders:backup", "passed", str(fresh))
    assert re.fullmatch(TIME, evidence["checked_at"])

    (newest, before) = instance.get("/v1/gates/job/admissions").json["admissions"]
    assert newest["evidence"] == [evidence] and newest["admitted"] is True
    assert before["evidence"][0]["state"] == "failed" and before["evidence"][0]["value"].endswith("orders-1.sql.gz")
    plain = signal(instance, "api")
    assert "evidence" not in plain.json, "the gate requires no checks"

    # The history keeps it, and so it outlives the daemon.
    with contextlib.closing(sqlite3.connect(tmp_path / "history.db")) as connection:
        bodies = connection.execute("SELECT body FROM record WHERE kind = 'admission' ORDER BY sequence").fetchall()
    kept = [json.loads(body) for (body,) in bodies]
    assert [one.get("evidence") for one in kept] == [before["evidence"], [evidence], None]
    assert instance.stop() == 0
    instance.launch()
    assert instance.await_ready(20 * slowdown())
    again = instance.get("/v1/gates/job/admissions").json["admissions"]
    assert [one["evidence"] for one in again] == [newest["evidence"], before["evidence"]]


def test_a_cut_backup_admits_nobody(daemon, sqlite, tmp_path):
    shop(sqlite)
    folder = tmp_path / "backups"
    folder.mkdir()
    rule = {"file": f"{folder}/orders-*.sql.gz", "every": "1s"}
    instance = daemon({"databases": {"orders": entry(sqlite, backup=rule)}, "gates": {"job": {"requires": ["orders:backup"]}}})
    nothing = eventually(lambda: (gate := instance.gate("job")).json["checks"][0]["checked_at"] and gate, 15 * slowdown())
    assert nothing.status in (409, 503) and nothing.json["state"] != "open"
    assert signal(instance).json["admitted"] is False
    backup(folder, "orders-1.sql.gz", cut=500)
    eventually(lambda: instance.gate("job").json["checks"][0].get("backup"), 15 * slowdown(), "the cut one was seen")
    cut = signal(instance)
    assert cut.json["admitted"] is False and cut.json["evidence"][0]["state"] != "passed"
    backup(folder, "orders-2.sql.gz")
    instance.wait_gate("job", "open")
    assert signal(instance).json["evidence"][0]["value"].endswith("orders-2.sql.gz")


@pytest.mark.threads
def test_on_unknown_goes_by_what_the_check_said_last(daemon, own_postgres):
    database = shop(own_postgres.create_database("orders"))
    own_postgres.sql("CHECKPOINT")
    broken = {"sql": "SELECT count(*) FROM orders", "expect": "99", "every": "1s"}
    checks = {"no_orphans": NO_ORPHANS, "broken": broken}
    settings = {"max_staleness": "1s", "connect_timeout": "1s", "query_timeout": "1s"}
    requires = {"requires": ["orders", "orders:check:no_orphans"]}
    policies = {"shut": {}, "known": {"on_unknown": "last-known", "max_age": "1h"}, "opening": {"on_unknown": "open"}}
    gates = {name: {**requires, **policy} for name, policy in policies.items()}
    gates["alone"] = {"requires": ["orders:check:no_orphans"], "on_unknown": "last-known", "max_age": "1h"}
    gates["failing"] = {"requires": ["orders:check:broken"], "on_unknown": "open"}
    instance = daemon({"databases": {"orders": entry(database, checks, **settings)}, "gates": gates})
    for name in ("shut", "known", "opening", "alone"):
        instance.wait_gate(name, "open")
    instance.wait_gate("failing", "blocked")
    own_postgres.freeze()
    for name in ("known", "opening", "alone"):
        eventually(lambda: instance.gate(name).json["code"] == "FAIL_OPEN", 40 * slowdown(), f"{name} fails open")

    def hidden():
        checks = instance.gate("shut").json["checks"]
        return checks[0]["state"] == "unknown" and checks[0]

    check = eventually(hidden, 40 * slowdown(), "the check is out of sight")
    assert check["last_known"]["state"] == "passed" and check["last_known"]["age_seconds"] > 0
    assert instance.gate("shut").json["state"] == "unknown"
    alone = instance.gate("alone")
    assert (alone.status, alone.json["check"]) == (200, "orders:check:no_orphans")
    eventually(lambda: instance.gate("failing").json["state"] == "unknown", 40 * slowdown(), "the failed one is unknown")
    assert instance.gate("failing").json["checks"][0]["last_known"]["state"] == "failed"
    instance.wait_log("gate_fail_open")
    assert health(instance, "alone", "warn")["checks"]["orders:check:no_orphans"][0]["observedValue"] == "unknown"
    own_postgres.thaw()
    for name in ("shut", "known", "opening", "alone"):
        eventually(lambda: instance.gate(name).json["code"] in ("CURRENT", "CHECK_PASSED"), 40 * slowdown(), name)
    instance.wait_gate("failing", "blocked", timeout=40)


@pytest.mark.threads
def test_a_waiting_request_returns_when_the_check_passes(daemon, database):
    shop(database)
    orphan(database)
    settings = {"blocked_grace": "50s"}
    instance = daemon(
        {
            "databases": {"orders": entry(database, {"no_orphans": NO_ORPHANS}, **settings)},
            "gates": {"api": {"requires": ["orders", "orders:check:no_orphans"]}, "alone": {"requires": ["orders:check:no_orphans"]}},
        }
    )
    instance.wait_gate("api", "blocked")
    held = [instance.begin(f"/v1/gates/{name}?wait=50s") for name in ("api", "alone", "alone")]
    eventually(lambda: re.search(r"^migrationd_waiters 3$", instance.get("/metrics").text, re.MULTILINE), 10 * slowdown())
    assert not any(one.done() for one in held)
    mend(database)
    for one in held:
        assert one.result(40 * slowdown()).json["state"] == "open"


def test_a_blocked_wait_ends_with_its_grace(daemon, sqlite):
    shop(sqlite)
    orphan(sqlite)
    instance = daemon(
        {
            "databases": {"orders": entry(sqlite, {"no_orphans": NO_ORPHANS})},
            "gates": {"alone": {"requires": ["orders:check:no_orphans"]}},
        }
    )
    instance.wait_gate("alone", "blocked")
    answer = instance.get("/v1/gates/alone?wait=50s")
    assert (answer.status, answer.json["check"]) == (409, "orders:check:no_orphans")


def test_only_required_checks_matter_to_a_gate(daemon, sqlite):
    """Whatever their severity; and health of a gate shows no other ones."""
    shop(sqlite)
    fine = {"sql": "SELECT count(*) FROM orders", "expect": ">= 1", "every": "1s"}
    wrong = {"sql": "SELECT count(*) FROM orders", "expect": "0", "every": "1s"}
    checks = {"fine": fine, "fails": wrong, "warns": {**wrong, "severity": "warn"}}
    instance = daemon(
        {
            "databases": {"orders": entry(sqlite, checks)},
            "gates": {
                "api": {"requires": ["orders", "orders:check:fine"]},
                "careful": {"requires": ["orders", "orders:check:fine", "orders:check:warns"]},
                "plain": {"requires": ["orders"]},
            },
        }
    )
    assert instance.wait_gate("careful", "blocked").json["check"] == "orders:check:warns"
    assert instance.wait_gate("api", "open").json["check"] is None
    plain = instance.gate("plain")
    assert plain.status == 200 and "checks" not in plain.json

    def shown(name):
        return [key for key in instance.get(f"/health/{name}").json["checks"] if ":check:" in key]

    assert health(instance, "api", "pass") and shown("api") == ["orders:check:fine"]
    assert health(instance, "careful", "warn") and shown("careful") == ["orders:check:fine", "orders:check:warns"]
    assert health(instance, "plain", "pass") and shown("plain") == []
    everything = [f"orders:check:{name}" for name in ("fine", "fails", "warns")]
    assert health(instance, "orders", "fail") and shown("orders") == everything
    assert [key for key in health(instance, "", "fail")["checks"] if ":check:" in key] == everything


def test_checks_in_all_formats(daemon, sqlite):
    shop(sqlite)
    orphan(sqlite, 12)
    strays = {"sql": "SELECT id, order_id FROM items WHERE order_id = 99", "expect": "no rows", "every": "1s"}
    checks = {"no_orphans": NO_ORPHANS, "strays": strays, "not_empty": {"not_empty": ["orders", "items"], "every": "1s"}}
    instance = daemon({"databases": {"orders": entry(sqlite, checks), "cache": entry(sqlite)}})

    def asked():
        answer = instance.get("/v1/databases/orders/checks")
        return answer.json["counts"]["unknown"] == 0 and answer

    answer = eventually(asked, 20 * slowdown(), "every check was run")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert list(answer.json) == ["database", "state", "counts", "checks"]
    assert (answer.json["database"], answer.json["state"]) == ("orders", "failed")
    assert answer.json["counts"] == {"passed": 1, "failed": 2, "unknown": 0}
    assert [check["check"] for check in answer.json["checks"]] == ["no_orphans", "strays", "not_empty"]
    rows = answer.json["checks"][1]
    assert (rows["columns"], len(rows["rows"]), rows["more_rows"]) == (["id"], 10, True)
    assert rows["rows"][0] == ["100"]
    assert answer.json["checks"][2]["coverage"]["holding_rows"] >= 2

    text = instance.get("/v1/databases/orders/checks?format=text")
    assert text.headers.get_content_type() == "text/plain"
    assert text.text.startswith("orders: failed (1 passed, 2 failed, 0 unknown)\n")
    assert re.search(r"^no_orphans +failed +CHECK_FAILED +fail +12 += 0 ", text.text, re.MULTILINE)
    markdown = instance.get("/v1/databases/orders/checks", headers={"Accept": "text/markdown"})
    assert markdown.headers.get_content_type() == "text/markdown"
    assert markdown.text.startswith("# Checks of orders: failed") and "| CHECK " in markdown.text
    assert "\n| id " in markdown.text
    head = instance.head("/v1/databases/orders/checks")
    assert head.status == 200 and head.text == ""
    sql = instance.get("/v1/databases/orders/checks?format=sql")
    assert (sql.status, sql.json["parameter"]) == (400, "format")
    assert instance.get("/v1/databases/orders/checks?x=1").status == 400
    assert instance.post("/v1/databases/orders/checks").status == 405
    assert instance.get("/v1/databases/nowhere/checks").status == 404
    none = instance.get("/v1/databases/cache/checks").json
    assert none == {"database": "cache", "state": "passed", "counts": {"passed": 0, "failed": 0, "unknown": 0}, "checks": []}

    assert instance.database("orders")["checks"] == {"state": "failed", "passed": 1, "failed": 2, "unknown": 0}
    assert "checks" not in instance.database("cache")
    shown = instance.ctl("-s", f"http://127.0.0.1:{instance.port}", "status", "orders")
    assert re.search(r"^  checks +failed \(1 passed, 2 failed, 0 unknown\)$", shown.stdout, re.MULTILINE), shown.stdout


def test_questions_to_a_gate_without_databases(daemon, sqlite):
    """Nothing could be asked of a revision there."""
    shop(sqlite)
    instance = daemon(
        {
            "databases": {"orders": entry(sqlite, {"no_orphans": NO_ORPHANS})},
            "gates": {"job": {"requires": ["orders:check:no_orphans"]}},
        }
    )
    instance.wait_gate("job", "open")
    for name, value in (("revision", "a"), ("supports", "a..b"), ("revision", "orders:a")):
        answer = instance.gate("job", **{name: value})
        assert (answer.status, answer.json["parameter"]) == (400, name), answer.text
        assert "requires no database" in answer.json["detail"]
    body = {"application": "migrate", "instance": "1", "revision": "a"}
    assert instance.post("/v1/gates/job/admissions", body).status == 400
    admitted = signal(instance)
    assert admitted.status == 201 and admitted.json["database"] == "orders"
    assert admitted.json["evidence"][0]["value"] == "0"


@pytest.fixture
def waiting():
    """waiting(…) starts a migration-wait; none survives the test."""
    running = []

    def start(*arguments, **options):
        running.append(Waiting(*arguments, **options))
        return running[-1]

    yield start
    for one in running:
        one.close()


def test_migration_wait_says_which_check(daemon, sqlite, waiting):
    shop(sqlite)
    orphan(sqlite)
    bad = {"sql": "SELECT count(*) FROM nowhere", "expect": "0", "every": "1s"}
    instance = daemon(
        {
            "databases": {"orders": entry(sqlite, {"no_orphans": NO_ORPHANS, "bad": bad})},
            "gates": {
                "api": {"requires": ["orders", "orders:check:no_orphans"]},
                "blind": {"requires": ["orders:check:bad"]},
            },
        }
    )
    instance.wait_gate("api", "blocked")
    eventually(lambda: instance.gate("blind").json["checks"][0]["checked_at"], 15 * slowdown())
    api, blind = (f"http://127.0.0.1:{instance.port}/v1/gates/{name}" for name in ("api", "blind"))
    blocked = migration_wait("--gate", api, "--timeout", "30s", "--", "/bin/echo", "started")
    assert (blocked.returncode, blocked.stdout) == (4, ""), blocked.stderr
    reason = instance.gate("api").json["checks"][0]["reason"]
    assert f"orders:check:no_orphans: blocked CHECK_FAILED: {reason}" in blocked.stderr
    unknown = migration_wait("--gate", blind, "--timeout", "0", "--", "/bin/echo", "started")
    assert (unknown.returncode, unknown.stdout) == (3, ""), unknown.stderr
    assert "orders:check:bad: unknown CHECK_UNKNOWN: " in unknown.stderr

    one = waiting("--gate", blind, "--timeout", "60s", "--", "/bin/echo", "started")
    one.said("orders:check:bad: unknown CHECK_UNKNOWN")
    sqlite.sql("CREATE TABLE nowhere (id integer)")
    code, output, said = one.end(60)
    assert (code, output) == (0, "started\n"), said
    mend(sqlite)
    instance.wait_gate("api", "open")
    opened = migration_wait("--gate", api, "--timeout", "30s", "--application", "shop", "--", "/bin/echo", "started")
    assert (opened.returncode, opened.stdout) == (0, "started\n"), opened.stderr
    (admission,) = instance.get("/v1/gates/api/admissions").json["admissions"]
    assert admission["application"] == "shop" and admission["evidence"][0]["check"] == "orders:check:no_orphans"


def test_the_command_line_says_which_check(daemon, sqlite):
    shop(sqlite)
    orphan(sqlite)
    instance = daemon(
        {
            "databases": {"orders": entry(sqlite, {"no_orphans": NO_ORPHANS})},
            "gates": {"api": {"requires": ["orders", "orders:check:no_orphans"]}},
        }
    )
    reason = instance.wait_gate("api", "blocked").json["checks"][0]["reason"]
    server = f"http://127.0.0.1:{instance.port}"
    can = instance.ctl("-s", server, "can-run", "api", "--revision", "a")
    assert can.returncode == 4, can.stderr
    assert can.stdout.startswith("api: blocked CHECK_FAILED\n")
    assert re.search(r"^DATABASE +STATE", can.stdout, re.MULTILINE) and re.search(r"^CHECK +STATE", can.stdout, re.MULTILINE)
    assert re.search(r"^orders:check:no_orphans +failed +CHECK_FAILED +3 += 0 ", can.stdout, re.MULTILINE)
    admit = instance.ctl("-s", server, "admit", "api", "--application", "shop")
    assert admit.returncode == 4 and f"orders:check:no_orphans is blocked CHECK_FAILED: {reason}" in admit.stdout
    wait = instance.ctl("-s", server, "wait", "api", "--timeout", "10s")
    assert wait.returncode == 4 and "orders:check:no_orphans: blocked CHECK_FAILED" in wait.stderr
    probe = instance.ctl("-s", server, "probe", "/v1/gates/api")
    assert probe.returncode == 4


def test_what_is_withheld_stays_so(daemon, sqlite, tmp_path):
    """Neither the gate nor health, an admission, an event or the log shows what a sensitive check found."""
    shop(sqlite)
    sqlite.sql("CREATE TABLE people (name text)")
    sqlite.sql("INSERT INTO people VALUES ('hidden-name')")
    names = {"sql": "SELECT name FROM people", "expect": "nobody", "every": "1s", "sensitive": True}
    rows = {"sql": "SELECT name FROM people", "expect": "no rows", "keys": ["name"], "every": "1s", "sensitive": True}
    instance = daemon(
        {
            "databases": {"orders": entry(sqlite, {"names": names, "rows": rows})},
            "gates": {"api": {"requires": ["orders:check:names", "orders:check:rows"]}},
            "history": {"path": str(tmp_path / "history.db")},
        }
    )
    blocked = instance.wait_gate("api", "blocked")
    refused = signal(instance, "api")
    assert refused.status == 409 and [one["check"] for one in refused.json["evidence"]] == ["orders:check:names", "orders:check:rows"]
    listed = instance.get("/v1/gates/api/admissions")
    everything = [blocked, refused, listed]
    everything += [instance.get(path) for path in ("/health/api", "/health/orders", "/v1/gates", "/v1/databases/orders", "/metrics")]
    everything += [instance.get(f"/v1/databases/orders/checks?format={form}") for form in ("json", "text", "markdown")]
    for answer in everything:
        assert "hidden-name" not in answer.text
    assert "hidden-name" not in instance.log()
    assert "withheld" in json.dumps(blocked.json["checks"])


def test_a_reload_changes_what_a_gate_requires(daemon, sqlite):
    shop(sqlite)
    orphan(sqlite)
    databases = {"orders": entry(sqlite, {"no_orphans": NO_ORPHANS}, blocked_grace="50s")}
    both = {"databases": databases, "gates": {"api": {"requires": ["orders", "orders:check:no_orphans"]}}}
    instance = daemon(both)
    instance.wait_gate("api", "blocked")
    held = instance.begin("/v1/gates/api?wait=50s")
    eventually(lambda: re.search(r"^migrationd_waiters 1$", instance.get("/metrics").text, re.MULTILINE), 10 * slowdown())
    instance.reload({"databases": databases, "gates": {"api": {"requires": ["orders"]}}})
    answer = held.result(40 * slowdown())
    assert answer.status == 200 and "checks" not in answer.json
    instance.reload(both)
    instance.wait_gate("api", "blocked")
