# SPDX-License-Identifier: Apache-2.0
"""migrationctl's exit codes and output, as pipelines and people use them."""

import json
import time

import pytest
from harness import eventually, free_port, migrationctl, migrationd
from harness.journals import alembic_journal, flyway_journal, flyway_rows

FAST = {"journal_interval": "100ms", "interval": "1s"}


def entry(database, **settings):
    return {"url": database.url(), **FAST, **settings}


@pytest.fixture
def watched(daemon, new_database):
    """One database per state of a gate."""
    databases = {name: new_database() for name in ("open", "closed", "unknown", "blocked")}
    flyway_journal(databases["open"], "1")
    flyway_journal(databases["closed"], "1")
    flyway_journal(databases["unknown"], "1")
    databases["blocked"].sql("CREATE TABLE legacy (id integer)")
    expect = {"open": {"expect": {"revision": "1"}}, "closed": {"expect": {"revision": "2"}}}
    instance = daemon(
        {"databases": {name: entry(one, blocked_grace="200ms", **expect.get(name, {})) for name, one in databases.items()}}
    )
    for name, state in (("open", "current"), ("closed", "pending"), ("unknown", "observed"), ("blocked", "unversioned")):
        instance.wait_state(name, state)
    instance.databases = databases
    return instance


def server(instance):
    return ("--server", f"http://127.0.0.1:{instance.port}")


def test_wait_looks_once(watched):
    for name, code in (("open", 0), ("closed", 1), ("unknown", 3), ("blocked", 4)):
        result = watched.ctl(*server(watched), "wait", name, "--timeout", "0")
        assert result.returncode == code, (name, result.stderr)
        assert result.stdout == ""
        assert name in result.stderr, "says what it waits for"
    result = watched.ctl(*server(watched), "wait", "closed", "--timeout", "0")
    assert "PENDING" in result.stderr and "flyway migrate" in result.stderr
    result = watched.ctl(*server(watched), "--output", "json", "wait", "closed", "--timeout", "0")
    assert json.loads(result.stdout)["code"] == "PENDING"


def test_wait_with_a_question(watched):
    ask = (*server(watched), "wait", "unknown", "--timeout", "0")
    assert watched.ctl(*ask, "--revision", "1").returncode == 0
    assert watched.ctl(*ask, "--revision", "unknown:1").returncode == 0
    assert watched.ctl(*ask, "--revision", "2").returncode == 1
    assert watched.ctl(*ask, "--revision", "1", "--match", "exact").returncode == 0
    assert watched.ctl(*ask, "--revision", "1", "--match", "nearly").returncode == 2


def test_wait_until_time_is_up_or_somebody_must_act(watched):
    began = time.monotonic()
    assert watched.ctl(*server(watched), "wait", "closed", "--timeout", "1s").returncode == 124
    assert time.monotonic() - began >= 1
    assert watched.ctl(*server(watched), "wait", "blocked", "--timeout", "30s").returncode == 4
    assert watched.ctl(*server(watched), "wait", "unknown", "--timeout", "1s").returncode in (3, 124)
    assert watched.ctl(*server(watched), "wait", "open").returncode == 0


def test_wait_returns_when_the_migration_commits(watched):
    future = watched.pool.submit(watched.ctl, *server(watched), "wait", "closed", "--timeout", "30s")
    eventually(lambda: "migrationd_waiters 1\n" in watched.probe("/metrics").text, what="the waiter")
    flyway_rows(watched.databases["closed"], "2")
    assert future.result(timeout=30).returncode == 0


def test_wait_survives_a_daemon_that_comes_late(watched):
    port = free_port()
    result = watched.ctl("--server", f"http://127.0.0.1:{port}", "wait", "open", "--timeout", "0")
    assert result.returncode == 3 and str(port) in result.stderr
    result = watched.ctl("--server", f"http://127.0.0.1:{port}", "wait", "open", "--timeout", "1s")
    assert result.returncode in (3, 124)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("wait",),
        ("wait", "a", "b"),
        ("wait", "a", "--timeout", "soon"),
        ("wait", "a", "--timeout", "-1s"),
        ("wait", "a", "--nonsense"),
        ("--output", "xml", "status"),
        ("journal", "a", "b"),
        ("journal", "a", "--tools"),
        ("journal", "a", "--directory", "/srv"),
        ("snapshot", "ftp://a/b"),
        ("reload", "now"),
    ],
)
def test_usage_is_2(arguments):
    result = migrationctl(*arguments, environment={"MIGRATIOND_SERVER": "http://127.0.0.1:1"})
    assert result.returncode == 2, result.stderr
    assert result.stderr or result.stdout


def test_a_gate_that_does_not_exist_is_usage(watched):
    result = watched.ctl(*server(watched), "wait", "nobody", "--timeout", "5s")
    assert result.returncode == 2 and "nobody" in result.stderr
    result = watched.ctl(*server(watched), "status", "nobody")
    assert result.returncode == 2 and "nobody" in result.stderr


def test_probe(watched):
    for path, code in (
        (None, 0),
        ("/livez", 0),
        ("readyz", 0),
        ("/health/open", 0),
        ("/health/closed", 1),
        ("/v1/gates/open", 0),
        ("/v1/gates/closed", 1),
        ("/v1/gates/unknown", 3),
        ("/v1/gates/blocked", 4),
        ("/nowhere", 2),
    ):
        result = watched.ctl(*server(watched), "probe", *([path] if path else []))
        assert result.returncode == code, (path, result.stderr)
    assert watched.ctl("--server", f"http://127.0.0.1:{free_port()}", "probe").returncode == 3


def test_status(watched):
    result = watched.ctl(*server(watched), "status")
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert lines[0].split()[:4] == ["DATABASE", "STATE", "CODE", "GATE"]
    assert {line.split()[0] for line in lines[1:]} == {"open", "closed", "unknown", "blocked"}
    assert "\x1b" not in result.stdout, "no colour where there is no terminal"
    one = watched.ctl(*server(watched), "status", "closed")
    assert one.returncode == 0 and "PENDING" in one.stdout and "flyway migrate" in one.stdout
    machine = watched.ctl(*server(watched), "--output", "json", "status")
    assert {line["database"] for line in json.loads(machine.stdout)["databases"]} == set(watched.databases)
    gone = watched.ctl("--server", f"http://127.0.0.1:{free_port()}", "status")
    assert gone.returncode == 3 and gone.stdout == ""


def test_server_from_the_environment_and_by_unix_socket(daemon, new_database, tmp_path):
    database = new_database()
    flyway_journal(database, "1")
    path = tmp_path / "d.sock"
    instance = daemon({"databases": {"app": entry(database)}, "probe_listen": f"unix:{path}"})
    instance.wait_state("app", "observed")
    assert instance.ctl("status", environment={"MIGRATIOND_SERVER": server(instance)[1]}).returncode == 0
    assert instance.ctl("--server", f"unix:{path}", "probe").returncode == 0
    assert instance.ctl("--server", f"unix:{path}.missing", "probe").returncode == 3


def test_no_proxy_stands_before_a_daemon_on_the_same_machine(watched):
    """An image's http_proxy is about the outside: a health check inside must not leave by it."""
    environment = {"http_proxy": f"http://127.0.0.1:{free_port()}", "all_proxy": f"http://127.0.0.1:{free_port()}"}
    for host in ("127.0.0.1", "localhost"):
        result = watched.ctl("--server", f"http://{host}:{watched.port}", "probe", environment=environment)
        assert result.returncode == 0, result.stderr


def test_journal_straight_from_a_database(database):
    flyway_journal(database, "1", "2", failed=("2",))
    result = migrationctl("journal", database.url())
    assert result.returncode == 0, result.stderr
    assert "flyway_schema_history" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines()]
    assert any(row[:2] == ["1", "applied"] for row in rows) and any(row[:2] == ["2", "failed"] for row in rows)
    document = json.loads(migrationctl("--output", "json", "journal", database.url()).stdout)
    assert [row["revision"] for row in document["applied"]] == ["1"]
    assert [row["revision"] for row in document["failed"]] == ["2"]


def test_several_journals_straight_from_a_database(new_database):
    database = new_database()
    flyway_journal(database, "1")
    alembic_journal(database, "a1")
    document = json.loads(migrationctl("--output", "json", "journal", database.url()).stdout)
    assert {journal["tool"] for journal in document["journals"]} == {"alembic", "flyway"}
    text = migrationctl("journal", database.url()).stdout
    assert "alembic" in text and "flyway" in text


def test_snapshot_is_what_the_daemon_serves(daemon, database):
    database.sql("CREATE TABLE customers (id integer PRIMARY KEY, name varchar(20) NOT NULL DEFAULT 'x')")
    database.sql("CREATE INDEX ix_customers_name ON customers (name)")
    instance = daemon({"databases": {"app": entry(database)}})
    served = eventually(lambda: (seen := instance.get("/v1/databases/app/schema")).status == 200 and seen).json
    result = migrationctl("snapshot", database.url())
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == served
    assert result.stdout == migrationctl("snapshot", database.url()).stdout, "the same bytes again"


def test_unreachable_databases_are_3(tmp_path):
    for command in ("journal", "snapshot"):
        for url in ("postgresql://u@127.0.0.1:1/x", "mariadb://u@127.0.0.1:1/x", f"sqlite:///{tmp_path}/missing.db"):
            result = migrationctl(command, url)
            assert result.returncode == 3, (command, url, result.stderr)
            assert result.stdout == "" and result.stderr.count("\n") == 1
    assert not (tmp_path / "missing.db").exists(), "the observer makes no file"


def test_secrets_stay_secret(mariadb):
    secret = "s3cret-of-mine"
    result = migrationctl("journal", mariadb.url(user="nobody", password=secret))
    assert result.returncode == 3
    assert secret not in result.stdout + result.stderr


def test_configuration_errors_are_78(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text("databses: {}\n")
    result = migrationd("--config", path, "--check-config")
    assert result.returncode == 78
    assert f"{path}:1:1: " in result.stderr and "did you mean 'databases'" in result.stderr
    assert migrationd("--config", path).returncode == 78
    assert migrationd("--config", tmp_path / "missing.yaml").returncode == 78
