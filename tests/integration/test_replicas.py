# SPDX-License-Identifier: Apache-2.0
"""Replicas: each must show the revision, whatever it says of its lag."""

import re
import shutil
import time

import pytest
from harness import SqliteFile, Standby, eventually, migrationctl, migrationd
from harness.journals import alembic_files, alembic_journal, alembic_stamp

FAST = {"journal_interval": "100ms", "interval": "1s"}


@pytest.fixture
def standby(own_postgres):
    """A streaming replica; its primary is `standby.primary`."""
    replica = Standby(own_postgres)
    try:
        yield replica.start()
    finally:
        replica.close()


def on_replica(database, standby):
    """The same database, as the replica serves it."""
    return re.sub(r":\d+/", f":{standby.port}/", database.url())


@pytest.mark.threads
def test_paused_replay_keeps_the_gate_closed(daemon, standby, tmp_path):
    orders = standby.primary.create_database("orders")
    alembic_journal(orders, "a")
    folder = alembic_files(tmp_path / "files", a=None, b="a")
    eventually(lambda: standby.sql("SELECT version_num FROM alembic_version", database="orders"), 30, "replication")
    instance = daemon(
        {
            "databases": {
                "orders": {
                    "url": orders.url(),
                    **FAST,
                    "expect": {"directory": folder},
                    "replicas": [on_replica(orders, standby)],
                }
            },
            "gates": {"api": {"requires": ["orders"]}},
        }
    )
    name = f"orders@127.0.0.1:{standby.port}"
    first = instance.wait_gate("api", "open", revision="a").json
    assert [(one["database"], one.get("replica_of")) for one in first["databases"]] == [("orders", None), (name, "orders")]
    assert instance.database(name)["server"]["replica"] is True
    standby.pause()
    alembic_stamp(orders, "b")
    instance.wait_state("orders", "current")
    waiting = [instance.begin(f"/v1/gates/{gate}?revision=b&wait=50s") for gate in ("api", "orders")]
    closed = instance.gate("api", revision="b")
    assert (closed.status, closed.json["code"], closed.json["database"]) == (503, "PENDING", name)
    assert [one["state"] for one in closed.json["databases"]] == ["current", "pending"]
    assert instance.gate("orders", revision="b").json["database"] == name, "the database's own gate asks them, too"
    assert instance.gate("api", revision="a").status == 200
    looked = instance.database(name)["snapshot"]["taken_at"]
    eventually(lambda: instance.database(name)["snapshot"]["taken_at"] > looked, 10, "another look at the replica")
    assert not any(one.done() for one in waiting)
    resumed = time.monotonic()
    standby.resume()
    assert [one.result(60).status for one in waiting] == [200, 200]
    print(f"the gate opened {time.monotonic() - resumed:.3f} s after replay was resumed")


def test_a_replica_that_is_away_is_unknown(daemon, standby):
    orders = standby.primary.create_database("orders")
    alembic_journal(orders, "a")
    eventually(lambda: standby.sql("SELECT version_num FROM alembic_version", database="orders"), 30, "replication")
    settings = {**FAST, "max_staleness": "1s", "connect_timeout": "1s", "query_timeout": "1s"}
    instance = daemon(
        {
            "databases": {"orders": {"url": orders.url(), **settings, "replicas": on_replica(orders, standby)}},
            "gates": {
                "shut": {"requires": ["orders"]},
                "known": {"requires": ["orders"], "on_unknown": "last-known"},
            },
        }
    )
    name = f"orders@127.0.0.1:{standby.port}"
    instance.wait_gate("shut", "open", revision="a")
    instance.wait_gate("known", "open", revision="a")
    standby.kill()
    answer = instance.wait_gate("shut", "unknown", revision="a", timeout=30).json
    assert answer["database"] == name
    answer = instance.gate("known", revision="a").json
    assert (answer["state"], answer["code"], answer["database"]) == ("open", "FAIL_OPEN", name)
    assert [one["state"] for one in answer["databases"]] == ["current", "unknown"]
    assert instance.gate("known", revision="b").json["state"] == "unknown"
    standby.start()
    assert instance.wait_gate("shut", "open", revision="a", timeout=30).json["code"] == "CURRENT"


@pytest.fixture
def copies(tmp_path):
    """A SQLite database at a, and a copy of it, as a replica would be."""
    orders = SqliteFile(tmp_path / "orders.db")
    alembic_journal(orders, "a")
    (tmp_path / "replica").mkdir()
    shutil.copy(orders.path, tmp_path / "replica" / "copy.db")
    return orders, SqliteFile(tmp_path / "replica" / "copy.db")


def test_where_replicas_are_shown(daemon, copies):
    orders, copy = copies
    other = SqliteFile(orders.path.with_name("billing.db"))
    alembic_journal(other, "x")
    instance = daemon(
        {
            "databases": {
                "billing": {"url": other.url(), **FAST},
                "orders": {"url": orders.url(), **FAST, "replicas": [copy.url()]},
            },
            "gates": {"api": {"requires": ["billing", "orders"], "accept": ["current", "ahead"]}},
        }
    )
    asked = {"revision": ["billing:x", "orders:a"]}
    answer = instance.wait_gate("api", "open", **asked).json
    assert [one["database"] for one in answer["databases"]] == ["billing", "orders", "orders@copy.db"]
    alembic_stamp(copy, "0")
    answer = eventually(lambda: (one := instance.gate("api", **asked).json)["state"] != "open" and one, 10, "shut")
    assert (answer["database"], answer["code"]) == ("orders@copy.db", "ORDER_UNKNOWN")
    alembic_stamp(copy, "a")
    instance.wait_gate("api", "open", **asked)

    rows = instance.get("/v1/databases").json["databases"]
    assert [(one["database"], one.get("replica_of")) for one in rows] == [
        ("billing", None),
        ("orders", None),
        ("orders@copy.db", "orders"),
    ]
    assert list(rows[2])[:3] == ["database", "replica_of", "engine"]
    assert instance.database("orders@copy.db")["replica_of"] == "orders"
    assert instance.get("/v1/databases/orders@copy.db/journal").status == 200
    assert [one["gate"] for one in instance.get("/v1/gates").json["gates"]] == ["api", "billing", "orders"]
    for gate in ("orders@copy.db", "orders@copy.db%23main"):
        assert instance.get(f"/v1/gates/{gate}").status == 404
    journal = instance.gate("orders#alembic_version", revision="a").json
    assert [one["database"] for one in journal["databases"]] == [
        "orders#alembic_version",
        "orders@copy.db#alembic_version",
    ]
    assert "orders@copy.db:migration" in instance.get("/health/orders@copy.db").json["checks"]
    for path in ("/health", "/health/orders", "/health/api"):
        assert "orders@copy.db:migration" in instance.get(path).json["checks"], path
    series = re.findall(r'^migrationd_\w+\{[^}]*database="orders@copy.db"', instance.get("/metrics").text, re.MULTILINE)
    assert 1 <= len(series) <= 15
    refused = instance.gate("api", revision=["orders@copy.db:a"])
    assert refused.status == 400 and refused.json["parameter"] == "revision"


def test_refresh_looks_at_replicas_as_well(daemon, copies):
    orders, copy = copies
    slow = {"journal_interval": "1h", "interval": "1d"}
    instance = daemon({"databases": {"orders": {"url": orders.url(), **slow, "replicas": [copy.url()]}}})
    instance.wait_gate("orders", "open", revision="a")
    for one in (orders, copy):
        alembic_stamp(one, "b")
    assert instance.gate("orders", revision="b").json["code"] != "CURRENT"
    assert instance.post("/v1/databases/orders/refresh").status == 200
    answer = instance.gate("orders", revision="b")
    assert (answer.status, answer.json["code"]) == (200, "CURRENT"), answer.text


def test_a_reload_adds_and_removes_replicas(daemon, copies):
    orders, copy = copies
    alembic_stamp(copy, "b")
    config = {"databases": {"orders": {"url": orders.url(), "journal_interval": "1h", "interval": "1d"}}}
    instance = daemon(config)
    instance.wait_gate("orders", "open", revision="a")
    looked = instance.database("orders")["snapshot"]["taken_at"]
    instance.reload({"databases": {"orders": {**config["databases"]["orders"], "replicas": [copy.url()]}}})
    answer = eventually(
        lambda: len((one := instance.gate("orders", revision="a").json)["databases"]) == 2
        and one["code"] == "ORDER_UNKNOWN"
        and one,
        10,
        "the replica",
    )
    assert answer["database"] == "orders@copy.db"
    assert instance.database("orders")["snapshot"]["taken_at"] == looked, "the database itself was left alone"
    instance.reload(config)
    answer = instance.wait_gate("orders", "open", revision="a").json
    assert len(answer["databases"]) == 1
    assert instance.get("/v1/databases/orders@copy.db").status == 404


def test_check_connect_looks_at_each(tmp_path, copies):
    orders, copy = copies
    config = tmp_path / "migrationd.yaml"
    config.write_text(f"databases: {{orders: {{url: '{orders.url()}', replicas: ['{copy.url()}']}}}}\n")
    result = migrationd("--config", config, "--check-config", "--connect")
    assert result.returncode == 0, result.stderr
    assert "orders@copy.db" in result.stdout
    copy.drop()
    result = migrationd("--config", config, "--check-config", "--connect")
    assert result.returncode != 0
    printed = migrationd("--config", config, "--print-config")
    assert printed.stdout.count("replicas:") == 1 and "orders@" not in printed.stdout


def test_drift_and_accept_beside_replicas(daemon, copies, tmp_path):
    """Drift is the database's own; a replica has none to be unknown, and no accepted state hides it."""
    orders, copy = copies
    folder = alembic_files(tmp_path / "files", a=None, b="a")
    for one in (orders, copy):
        one.sql("CREATE TABLE item (id integer PRIMARY KEY, name text)")
    path = tmp_path / "baseline.json"
    path.write_text(migrationctl("snapshot", orders.url()).stdout)
    instance = daemon(
        {
            "databases": {
                "orders": {
                    "url": orders.url(),
                    **FAST,
                    "expect": {"directory": folder},
                    "replicas": [copy.url()],
                    "drift": {"reference": {"baseline": str(path)}},
                }
            },
            "gates": {
                "api": {"requires": ["orders"], "accept": ["current", "ahead"], "drift": "major", "on_unknown": "last-known"}
            },
        }
    )
    exact = {"revision": "a", "match": "exact"}
    assert instance.wait_gate("api", "open", **exact).json["code"] == "CURRENT"
    alembic_stamp(copy, "b")
    ahead = eventually(lambda: (one := instance.gate("api", **exact).json)["databases"][1]["state"] == "ahead" and one, 10, "ahead")
    assert ahead["state"] == "open", "the replica is accepted as its database would be"
    assert [one.get("drift", {}).get("drift") for one in ahead["databases"]] == ["none", None]
    assert instance.gate("orders", **exact).json["database"] == "orders@copy.db"
    orders.sql("ALTER TABLE item DROP COLUMN name")
    blocked = instance.wait_gate("api", "blocked", timeout=30, **exact).json
    assert (blocked["code"], blocked["database"]) == ("DRIFTED", "orders")
    assert blocked["databases"][0]["drift"]["worst"] == "critical"


def test_a_runner_is_sought_on_the_primary_alone(daemon, standby):
    """A dirty entry without its tool's lock is a dead run; the replica shows no lock in any case, and says nothing."""
    orders = standby.primary.create_database("orders")
    orders.sql("CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)")
    orders.sql("INSERT INTO schema_migrations VALUES (3, true)")
    eventually(lambda: standby.sql("SELECT version FROM schema_migrations", database="orders"), 30, "replication")
    instance = daemon({"databases": {"orders": {"url": orders.url(), **FAST, "replicas": [on_replica(orders, standby)]}}})
    name = f"orders@127.0.0.1:{standby.port}"
    instance.wait_state("orders", "failed")
    instance.wait_state(name, "running")
    answer = instance.gate("orders", revision="4")
    assert (answer.status, answer.json["code"], answer.json["database"]) == (409, "FAILED", "orders")
