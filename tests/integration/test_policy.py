# SPDX-License-Identifier: Apache-2.0
"""What gates answer while a database cannot be seen, by their on_unknown, and that nothing else ever opens them."""

import re
import signal

import pytest
from harness import eventually, free_port, migrationctl
from harness.daemon import slowdown
from harness.journals import alembic_files, alembic_journal, alembic_stamp, flyway_journal

FAST = {"journal_interval": "100ms", "interval": "1s", "max_staleness": "1s", "connect_timeout": "1s", "query_timeout": "1s"}
AWAY = {"UNREACHABLE", "TIMEOUT", "STALE"}
LAST_KNOWN = {"on_unknown": "last-known", "max_age": "1h"}


def gates(**policies):
    """One gate over `orders` for each policy."""
    return {name: {"requires": ["orders"], **policy} for name, policy in policies.items()}


POLICIES = gates(shut={}, known=LAST_KNOWN, open={"on_unknown": "open"})


def wait_away(instance, name="orders"):
    """Until the database is unknown because nothing can be seen of it."""
    return eventually(lambda: (code := instance.database(name)["code"]) in AWAY and code, 30, f"{name} away")


def metric(instance, name):
    return float(re.search(rf"^migrationd_{name} (\S+)$", instance.get("/metrics").text, re.MULTILINE).group(1))


@pytest.fixture
def orders(own_postgres):
    """A PostgreSQL at revision a whose server the test may stop; the role reads and nothing else."""
    database = own_postgres.create_database("orders")
    alembic_journal(database, "a")
    name, password = own_postgres.create_role()
    database.sql(f"GRANT SELECT ON alembic_version TO {name}")
    own_postgres.sql("CHECKPOINT")  # what a killed server must still know
    database.observer = name, password
    return database


@pytest.mark.threads
@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_applications_restart_while_the_database_is_away(daemon, orders, how, tmp_path):
    """A known revision is admitted, a new one never; with the database back both are judged by what it shows."""
    folder = alembic_files(tmp_path / "files", a=None, b="a")
    instance = daemon(
        {
            "databases": {"orders": {"url": orders.url(*orders.observer), **FAST, "expect": {"directory": folder}}},
            "gates": POLICIES,
        }
    )
    instance.wait_gate("known", "open", revision="a")
    assert instance.gate("known", revision="a").json["code"] == "CURRENT"
    assert instance.gate("known", revision="b").json["code"] == "PENDING"
    if how == "stopped":
        orders.server.freeze()
    else:
        orders.server.kill(signal.SIGKILL)
    wait_away(instance)
    for gate in ("known", "open"):
        answer = instance.gate(gate, revision="a")
        assert (answer.status, answer.json["state"], answer.json["code"]) == (200, "open", "FAIL_OPEN"), answer.text
        assert answer.json["retryable"] is False and "Retry-After" not in answer.headers
        [database] = answer.json["databases"]
        assert answer.json["database"] == "orders"
        assert database["state"] == "unknown" and database["code"] in AWAY, "what is true of it stands there"
        known = database["last_known"]
        assert (known["source"], known["state"], known["code"]) == ("snapshot", "current", "CURRENT")
        assert known["age_seconds"] > 1
        new = instance.gate(gate, revision="b")
        assert (new.status, new.json["state"]) == (503, "unknown")
        assert new.json["databases"][0]["last_known"]["code"] == "PENDING"
        pending = instance.gate(gate)
        assert (pending.status, pending.json["state"]) == (503, "unknown"), "the files' own head is not applied"
    shut = instance.gate("shut", revision="a")
    assert (shut.status, shut.json["state"]) == (503, "unknown")
    assert "last_known" not in shut.json["databases"][0]

    # Applications that restart now: as they would ask.
    server = f"http://127.0.0.1:{instance.port}"
    started = instance.ctl("-s", server, "wait", "known", "--revision", "a", "--timeout", "10s", "--", "/bin/echo", "started")
    assert (started.returncode, started.stdout) == (0, "started\n"), started.stderr
    refused = instance.ctl("-s", server, "wait", "known", "--revision", "b", "--timeout", "1s", "--", "/bin/echo", "started")
    assert (refused.returncode, refused.stdout) == (124, ""), refused.stderr
    admitted = instance.post("/v1/gates/known/admissions", {"application": "api", "instance": "1", "revision": "a"})
    assert admitted.json["code"] == "FAIL_OPEN", admitted.text

    health = instance.get("/health/known").json
    assert health["status"] == "warn" and health["checks"]["orders:migration"][0]["observedValue"] == "unknown"
    assert metric(instance, "gate_fail_open_total") >= 4
    assert len(re.findall(r'event=gate_fail_open database="orders"', instance.log())) <= 2 * len(AWAY), "only changes are said"
    assert "by on_unknown: last-known" in instance.log() and "by on_unknown: open" in instance.log()

    if how == "stopped":
        orders.server.thaw()
    else:
        orders.server.start()
    # A look that began while the server stood still is dated by its beginning, and soon stale once more.
    eventually(lambda: instance.gate("known", revision="a").json["code"] == "CURRENT", 30 * slowdown(), "the database back")
    instance.wait_log("event=gate_in_sight")
    alembic_stamp(orders, "b")
    instance.wait_gate("known", "open", revision="b")


def test_max_age_runs_out(daemon, sqlite):
    alembic_journal(sqlite, "a")
    instance = daemon(
        {
            "databases": {"orders": {"url": sqlite.url(), **FAST}},
            "gates": gates(api={"on_unknown": "last-known", "max_age": "5s"}),
        }
    )
    instance.wait_gate("api", "open", revision="a")
    sqlite.path.rename(f"{sqlite.path}.away")
    eventually(lambda: instance.gate("api", revision="a").json["code"] == "FAIL_OPEN", 10, "fail open")
    answer = instance.wait_gate("api", "unknown", revision="a", timeout=20)
    assert answer.json["code"] in AWAY
    assert answer.json["databases"][0]["last_known"]["age_seconds"] > 5
    sqlite.path.with_name(f"{sqlite.path.name}.away").rename(sqlite.path)
    assert instance.wait_gate("api", "open", revision="a").json["code"] == "CURRENT"


@pytest.mark.threads
def test_waiters_are_released(daemon, new_database):
    """One database is gone, the other is waited for: when that migrates, all go at once."""
    orders, billing = new_database(), new_database()
    alembic_journal(orders, "a")
    alembic_journal(billing)
    instance = daemon(
        {
            "databases": {name: {"url": one.url(), **FAST} for name, one in (("orders", orders), ("billing", billing))},
            "gates": {"api": {"requires": ["orders", "billing"], **LAST_KNOWN}},
        }
    )
    asked = "/v1/gates/api?revision=orders:a&revision=billing:z&wait=50s"
    eventually(lambda: instance.gate("api", revision=["orders:a", "billing:z"]).json["code"] == "PENDING", 10, "pending")
    waiting = [instance.begin(asked) for _ in range(20)]
    never = instance.begin("/v1/gates/api?revision=orders:b&revision=billing:z&wait=3s")
    orders.path.rename(f"{orders.path}.away")
    wait_away(instance)
    assert not any(one.done() for one in waiting)
    before = metric(instance, "gate_fail_open_total")
    alembic_stamp(billing, "z")
    for one in waiting:
        answer = one.result(60).json
        assert (answer["state"], answer["code"], answer["database"]) == ("open", "FAIL_OPEN", "orders")
        assert [one["code"] for one in answer["databases"]][1] == "CURRENT"
    assert metric(instance, "gate_fail_open_total") == before + 20
    assert never.result(60).status == 503


def test_open_needs_no_look(daemon):
    """A database that never was in sight: `open` opens, the others do not."""
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/orders"
    instance = daemon({"databases": {"orders": {"url": url, **FAST}}, "gates": POLICIES})
    wait_away(instance)
    answer = instance.gate("open", revision="a").json
    assert (answer["state"], answer["code"]) == ("open", "FAIL_OPEN")
    assert answer["databases"][0]["code"] == "UNREACHABLE" and "last_known" not in answer["databases"][0]
    for gate in ("shut", "known"):
        assert instance.gate(gate, revision="a").json["state"] == "unknown"


@pytest.mark.parametrize("seen", ["failed", "pending", "order"])
def test_what_was_seen_shut_stays_shut(daemon, sqlite, seen):
    if seen == "failed":
        flyway_journal(sqlite, "1", "2", failed=("2",))
    else:
        alembic_journal(sqlite, "z")
    revision = {"failed": "1", "pending": "z", "order": "a"}[seen]
    instance = daemon({"databases": {"orders": {"url": sqlite.url(), **FAST}}, "gates": POLICIES})
    if seen == "pending":
        instance.wait_gate("open", "open", revision="z")
        alembic_stamp(sqlite)
        instance.wait_gate("open", "closed", revision="z")
    code = {"failed": "FAILED", "pending": "PENDING", "order": "ORDER_UNKNOWN"}[seen]
    eventually(lambda: instance.gate("open", revision=revision).json["code"] == code, what=code)
    sqlite.path.rename(f"{sqlite.path}.away")
    wait_away(instance)
    for gate in POLICIES:
        answer = instance.gate(gate, revision=revision)
        assert (answer.status, answer.json["state"]) == (503, "unknown"), answer.text
    if seen == "pending":
        assert instance.gate("open", revision="z").json["databases"][0]["last_known"]["code"] == "PENDING"


def test_a_refused_login_never_opens(daemon, postgres):
    """AUTH_FAILED is a matter of the configuration, not of a database that is away."""
    alembic_journal(postgres, "a")
    name, password = postgres.server.create_role()
    postgres.sql(f"GRANT SELECT ON alembic_version TO {name}")
    instance = daemon(
        {"databases": {"orders": {"url": postgres.url(name, password), **FAST}}, "gates": POLICIES}, secrets=[password]
    )
    instance.wait_gate("known", "open", revision="a")
    postgres.sql(f"ALTER ROLE {name} PASSWORD 'another'")
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (name,))
    instance.wait_state("orders", "unknown", code="AUTH_FAILED", timeout=30)
    for gate in POLICIES:
        answer = instance.gate(gate, revision="a").json
        assert (answer["state"], answer["code"]) == ("unknown", "AUTH_FAILED")


@pytest.mark.parametrize("asked", [True, False])
def test_an_admission_does_not_outlive_a_rollback(daemon, sqlite, tmp_path, asked):
    """The database was seen at another revision since: a daemon that starts while it is away must know that."""
    alembic_journal(sqlite, "b")
    instance = daemon(
        {
            "databases": {"orders": {"url": sqlite.url(), **FAST}},
            "gates": POLICIES,
            "history": {"path": str(tmp_path / "history.db")},
        }
    )
    instance.wait_gate("known", "open", revision="b")
    signal = {"application": "api", "instance": "1", "revision": "b"}
    assert instance.post("/v1/gates/known/admissions", signal).status == 201
    alembic_stamp(sqlite, "a")
    eventually(lambda: instance.database("orders")["observed"]["heads"] == ["a"], 10, "rolled back")
    if asked:
        assert instance.post("/v1/gates/known/admissions", signal).json["code"] == "ORDER_UNKNOWN"
    else:  # the older revision opens it, and that is what is remembered
        assert instance.post("/v1/gates/known/admissions", {**signal, "revision": "a"}).status == 201
    assert instance.stop() == 0
    sqlite.path.rename(f"{sqlite.path}.away")
    instance.start()
    wait_away(instance)
    if not asked:
        eventually(lambda: instance.gate("known", revision="a").status == 200, 20, "admission read")
    answer = instance.gate("known", revision="b")
    assert (answer.status, answer.json["state"]) == (503, "unknown"), answer.text


@pytest.mark.parametrize("change", ["address", "rollback"])
def test_a_reload_forgets_what_is_no_longer_so(daemon, sqlite, tmp_path, change):
    """What a gate saw at another address, or before the database was rolled back, does not open it."""
    alembic_journal(sqlite, "b")
    config = {"databases": {"orders": {"url": sqlite.url(), **FAST}}, "gates": POLICIES}
    instance = daemon(config)
    instance.wait_gate("known", "open", revision="b")
    if change == "rollback":
        alembic_stamp(sqlite, "a")
        instance.wait_gate("known", "unknown", revision="b")
        config["databases"]["orders"]["interval"] = "2s"
    else:
        config["databases"]["orders"]["url"] = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    sqlite.path.rename(f"{sqlite.path}.away")
    wait_away(instance)
    instance.reload(config)
    instance.wait_log("event=reloaded")
    wait_away(instance)
    answer = instance.gate("known", revision="b")
    assert (answer.status, answer.json["state"]) == (503, "unknown"), answer.text


def test_drift_that_was_known_last(daemon, new_database, tmp_path):
    """An outage ends every comparison: a gate that heeds drift opens by what it was before."""
    orders, model = new_database(), new_database()
    for database in (orders, model):
        alembic_journal(database, "a")
    baseline = tmp_path / "model.json"
    drift = {"drift": {"reference": {"baseline": str(baseline)}}}
    snapshot = migrationctl("snapshot", model.url())
    assert snapshot.returncode == 0, snapshot.stderr
    baseline.write_text(snapshot.stdout, encoding="utf-8")
    instance = daemon(
        {
            "databases": {"orders": {"url": orders.url(), **FAST, **drift}},
            "gates": gates(heeds={**LAST_KNOWN, "drift": "major"}, shut={"drift": "major"}),
        }
    )
    instance.wait_gate("heeds", "open", revision="a")
    orders.path.rename(f"{orders.path}.away")
    wait_away(instance)
    eventually(lambda: instance.get("/v1/databases/orders/drift").json["code"] == "STALE", 20, "drift stale")
    answer = instance.gate("heeds", revision="a")
    assert (answer.status, answer.json["code"]) == (200, "FAIL_OPEN"), answer.text
    assert instance.gate("shut", revision="a").json["state"] == "unknown"


def test_an_admission_outlives_the_daemon(daemon, sqlite, tmp_path):
    """The daemon restarts while the database is away: only what was admitted before, and truly, counts."""
    alembic_journal(sqlite, "a")
    instance = daemon(
        {
            "databases": {"orders": {"url": sqlite.url(), **FAST}},
            "gates": POLICIES,
            "history": {"path": str(tmp_path / "history.db")},
        }
    )
    instance.wait_gate("known", "open", revision="a")
    for revision, status in (("a", 201), ("b", 503)):
        body = {"application": "api", "instance": "1", "revision": revision}
        assert instance.post("/v1/gates/known/admissions", body).status == status
    supports = {"application": "api", "instance": "2", "supports": "a..c"}
    assert instance.post("/v1/gates/known/admissions", supports).status == 201
    assert instance.stop() == 0
    sqlite.path.rename(f"{sqlite.path}.away")
    instance.start()
    wait_away(instance)
    answer = eventually(lambda: (one := instance.gate("known", revision="a")).status == 200 and one.json, 20, "admission read")
    assert answer["code"] == "FAIL_OPEN"
    [database] = answer["databases"]
    assert database["state"] == "unknown" and database["last_known"]["source"] == "admission"
    assert database["last_known"]["state"] is None and database["last_known"]["age_seconds"] >= 0
    assert instance.gate("known", supports="a..c").json["code"] == "FAIL_OPEN"
    for question in ({"revision": "b"}, {"revision": "a", "match": "exact"}, {"supports": "a..d"}, {}):
        assert instance.gate("known", **question).json["state"] == "unknown", question
    assert instance.gate("shut", revision="a").json["state"] == "unknown"


def test_an_admission_to_another_database_of_the_name(daemon, sqlite, tmp_path):
    """The daemon is started with another url of the same name, and that one is away: nobody was admitted to it."""
    alembic_journal(sqlite, "a")
    config = {
        "databases": {"orders": {"url": sqlite.url(), **FAST}},
        "gates": POLICIES,
        "history": {"path": str(tmp_path / "history.db")},
    }
    instance = daemon(config)
    instance.wait_gate("known", "open", revision="a")
    signal = {"application": "api", "instance": "1", "revision": "a"}
    assert instance.post("/v1/gates/known/admissions", signal).status == 201
    assert instance.stop() == 0
    config["databases"]["orders"]["url"] = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    instance.write_config(config)
    instance.start()
    wait_away(instance)
    eventually(lambda: instance.get("/v1/gates/known/admissions").json["admissions"], 20, "history read")
    assert instance.gate("known", revision="a").json["state"] == "unknown"
    newest = "/v1/databases/orders/history?kind=state&limit=1"
    eventually(lambda: instance.get(newest).json["records"][0]["target"].endswith("elsewhere.db"), 20, "the other url's record")


def test_a_mismatch_seen_later_outweighs_an_admission(daemon, sqlite, tmp_path):
    """The migration was taken back after the admission: a restarted daemon finds both in its history."""
    alembic_journal(sqlite, "a")
    folder = alembic_files(tmp_path / "files", a=None)
    instance = daemon(
        {
            "databases": {"orders": {"url": sqlite.url(), **FAST, "expect": {"directory": folder}}},
            "gates": POLICIES,
            "history": {"path": str(tmp_path / "history.db")},
        }
    )
    instance.wait_gate("known", "open", revision="a")
    signal = {"application": "api", "instance": "1", "revision": "a"}
    assert instance.post("/v1/gates/known/admissions", signal).status == 201
    alembic_stamp(sqlite)
    instance.wait_state("orders", "pending")
    assert instance.stop() == 0
    sqlite.path.rename(f"{sqlite.path}.away")
    instance.start()
    wait_away(instance)
    eventually(lambda: instance.get("/v1/gates/known/admissions").json["admissions"], 20, "history read")
    assert instance.wait_gate("known", "unknown", revision="a").json["code"] in AWAY
