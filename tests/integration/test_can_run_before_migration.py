# SPDX-License-Identifier: Apache-2.0
"""migrationctl can-run --before-migration: the database's state, and its backup, before anything is run on it."""

import gzip
import json
import os
import threading
import time

import pytest
from harness import eventually
from harness.daemon import slowdown
from harness.journals import LIQUIBASE, flyway_files, flyway_journal, flyway_rows

FAST = {"journal_interval": "100ms", "interval": "1s"}
DAY = 24 * 3600


def can_run(instance, *arguments):
    return instance.ctl("-s", f"http://127.0.0.1:{instance.port}", "can-run", *arguments)


def ends(instance, code, *arguments):
    """Waits until it ends with `code`; returns what it printed."""
    seen = []

    def matches():
        seen[:] = [can_run(instance, *arguments)]
        return seen[0].returncode == code and seen[0]

    try:
        return eventually(matches, 20 * slowdown())
    except AssertionError:
        raise AssertionError(f"not {code} but {seen[0].returncode}:\n{seen[0].stdout}{seen[0].stderr}") from None


def dump(path, age=60):
    """What was written a while ago, so that nobody waits for more of it."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(b"CREATE TABLE t (x int);\n" * 2000))
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def cut(path, size):
    status = path.stat()
    with path.open("rb+") as file:
        file.truncate(size)
    os.utime(path, (status.st_atime, status.st_mtime))


def backup(folder, **settings):
    return {"file": str(folder / "*.sql.gz"), "every": "1s", **settings}


@pytest.fixture
def orders(sqlite):
    flyway_journal(sqlite, 1)
    return sqlite


def test_backup_decides(daemon, orders, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    entry = {"url": orders.url(), **FAST, "expect": {"revision": "2"}, "backup": backup(folder)}
    instance = daemon({"databases": {"orders": entry}, "gates": {"job": {"requires": ["orders:backup"]}}})
    instance.wait_state("orders", "pending")
    asked = ("--before-migration", "orders")

    missing = ends(instance, 4, *asked)
    assert "orders: no migration should run: somebody must act" in missing.stdout
    assert f"no file matches {folder}" in missing.stdout

    file = dump(folder / "orders-1.sql.gz")
    found = ends(instance, 0, *asked)
    assert "orders: a migration may run\n" in found.stdout
    database, check = [line.split() for line in found.stdout.splitlines() if line.startswith("orders") and "may run" not in line]
    assert database[:3] == ["orders", "pending", "PENDING"]
    assert check[:4] == ["orders:backup", "passed", "CHECK_PASSED", str(file)]
    assert check[5] in ("s", "min")  # behind its age

    told = json.loads(can_run(instance, *asked, "--output", "json").stdout)["before_migration"]
    assert (told["database"], told["state"], told["reason"], told["next"]) == ("orders", "open", None, None)
    assert told["migrations"]["state"] == "pending"
    assert told["check"]["address"] == "orders:backup"
    evidence = told["check"]["backup"]
    assert evidence["file"] == str(file)
    assert evidence["size_bytes"] == file.stat().st_size
    assert 60 <= evidence["age_seconds"] < DAY
    assert evidence["complete"] is True

    for spoil, words in ((lambda: cut(file, 100), "ends before its trailer"), (lambda: dump(file, 2 * DAY), "none younger than")):
        spoil()
        eventually(lambda words=words: words in can_run(instance, *asked).stdout, 20 * slowdown(), words)
        refused = can_run(instance, *asked)
        assert refused.returncode == 4
        assert "failed  CHECK_FAILED" in refused.stdout
        assert str(file) in refused.stdout
        told = json.loads(can_run(instance, *asked, "--output", "json").stdout)["before_migration"]
        assert told["state"] == "blocked"
        assert told["reason"] == told["check"]["reason"]
        assert told["next"]


def test_a_growing_backup_is_waited_for(daemon, orders, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    file = folder / "orders.sql.gz"
    ended = threading.Event()

    def write():
        with gzip.open(file, "wb") as out:
            out.write(os.urandom(1000))
            while not ended.wait(0.05):
                out.write(os.urandom(1000))
                out.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        eventually(file.exists, 10)
        instance = daemon({"databases": {"orders": {"url": orders.url(), **FAST, "backup": backup(folder)}}})
        instance.wait_state("orders", "observed")
        waiting = ends(instance, 1, "--before-migration", "orders")
        assert "no migration should run now, and waiting can help" in waiting.stdout
    finally:
        ended.set()
        writer.join()
    ends(instance, 0, "--before-migration", "orders")


def test_state_decides(daemon, new_database, tmp_path):
    """The backup is in order throughout."""
    folder = tmp_path / "backups"
    dump(folder / "orders.sql.gz")
    stepped, failed, diverged = new_database(), new_database(), new_database()
    stepped.sql(LIQUIBASE)
    flyway_journal(failed, 1, 2, failed=[2])
    flyway_journal(diverged, 1, 2, checksums={2: 4711})
    files = flyway_files(tmp_path / "files", 1, 2)
    checked = {**FAST, "backup": backup(folder)}
    databases = {
        "stepped": {"url": stepped.url(), "lock_orphan_after": "1d", **checked},
        "failed": {"url": failed.url(), **checked},
        "diverged": {"url": diverged.url(), "expect": {"directory": files}, **checked},
        "unseen": {"url": f"sqlite:///{tmp_path}/nowhere/unseen.db", **checked},
        "bare": {"url": failed.url(), **FAST},
        "new": {"url": stepped.url(), **FAST},
    }
    instance = daemon({"databases": databases})

    ends(instance, 0, "--before-migration", "stepped")
    stepped.sql("UPDATE databasechangeloglock SET locked = TRUE, lockgranted = CURRENT_TIMESTAMP, lockedby = 'me'")
    running = ends(instance, 1, "--before-migration", "stepped")
    assert "RUNNING" in running.stdout
    stepped.sql("UPDATE databasechangeloglock SET locked = FALSE, lockgranted = NULL, lockedby = NULL")
    ends(instance, 0, "--before-migration", "stepped")

    assert "FAILED" in ends(instance, 4, "--before-migration", "failed").stdout
    assert "CHECKSUM_MISMATCH" in ends(instance, 4, "--before-migration", "diverged").stdout
    instance.wait_state("unseen", "unknown")
    unseen = ends(instance, 3, "--before-migration", "unseen")
    assert "unseen: whether a migration should run is unknown" in unseen.stdout

    # What somebody must mend outweighs what is not configured.
    assert "no backup is configured for bare" in ends(instance, 4, "--before-migration", "bare").stdout
    told = ends(instance, 3, "--before-migration", "new")
    assert "no backup is configured for new: give it backup: {file: PATTERN}" in told.stdout
    told = json.loads(can_run(instance, "--before-migration", "new", "-o", "json").stdout)["before_migration"]
    assert (told["state"], told["reason"], told["check"]) == ("unknown", "no backup is configured for new", None)
    assert "backup: {file: PATTERN}" in told["next"]


def test_catalogue_out_of_reach_is_unknown(daemon, orders):
    entry = {"url": orders.url(), **FAST, "backup": {"sql": "SELECT finished FROM backups", "every": "1s"}}
    instance = daemon({"databases": {"orders": entry}})
    instance.wait_state("orders", "observed")
    assert ends(instance, 4, "--before-migration", "orders").stdout.count("CHECK_UNKNOWN") == 1
    orders.sql("CREATE TABLE backups (finished integer)")
    orders.sql(f"INSERT INTO backups VALUES ({int(time.time()) - 60})")
    ends(instance, 0, "--before-migration", "orders")


def test_gates_are_asked_as_well(daemon, orders, tmp_path):
    folder = tmp_path / "backups"
    dump(folder / "orders.sql.gz")
    entry = {"url": orders.url(), **FAST, "expect": {"revision": "1"}, "backup": backup(folder)}
    gates = {"job": {"requires": ["orders:backup"]}, "both": {"requires": ["orders", "orders:backup"]}}
    instance = daemon({"databases": {"orders": entry}, "gates": gates})
    instance.wait_state("orders", "current")

    # A gate of checks alone is asked without a revision, others are not.
    assert "job: open CHECK_PASSED" in ends(instance, 0, "job").stdout
    assert can_run(instance, "orders").returncode == 2
    assert can_run(instance, "both").returncode == 2
    together = ends(instance, 0, "both", "--before-migration", "orders", "--revision", "1")
    assert "orders: a migration may run\n" in together.stdout
    assert "both: open " in together.stdout
    told = json.loads(can_run(instance, "job", "--before-migration", "orders", "--output", "json").stdout)
    assert told["before_migration"]["state"] == told["gate"]["state"] == "open"

    # The worse of both answers counts.
    assert can_run(instance, "both", "--before-migration", "orders", "--revision", "2").returncode != 0
    flyway_rows(orders, 2, failed=[2])
    instance.wait_state("orders", "failed")
    refused = ends(instance, 4, "job", "--before-migration", "orders")
    assert "job: open" in refused.stdout


def test_usage(daemon, orders):
    instance = daemon({"databases": {"orders": {"url": orders.url(), **FAST}}})
    assert can_run(instance).returncode == 2
    assert can_run(instance, "--before-migration", "orders", "--revision", "1").returncode == 2
    nowhere = can_run(instance, "--before-migration", "nowhere")
    assert nowhere.returncode == 2 and "nowhere" in nowhere.stderr and not nowhere.stdout
    silent = instance.ctl("-s", "http://127.0.0.1:1", "can-run", "--before-migration", "orders")
    assert silent.returncode == 3 and silent.stderr.count("\n") == 1
    misplaced = instance.ctl("status", "--before-migration", "orders")
    assert misplaced.returncode == 2 and "that goes with can-run" in misplaced.stderr


def test_a_lock_counts_where_nothing_is_pending(daemon, sqlite, tmp_path):
    """Somebody holds the lock though what is expected is applied: the next migration is under way."""
    sqlite.sql(LIQUIBASE)
    sqlite.sql(
        "INSERT INTO databasechangelog (id, author, filename, dateexecuted, orderexecuted, exectype) "
        "VALUES ('1', 'me', 'f', CURRENT_TIMESTAMP, 1, 'EXECUTED')"
    )
    dump(tmp_path / "dumps" / "app.sql.gz")
    expected = {"revision": "1::me::f", "match": "at-least"}
    entry = {"url": sqlite.url(), **FAST, "expect": expected, "backup": backup(tmp_path / "dumps")}
    instance = daemon({"databases": {"app": entry | {"lock_orphan_after": "1d"}}})
    ends(instance, 0, "--before-migration", "app")
    sqlite.sql("UPDATE databasechangeloglock SET locked = TRUE, lockgranted = CURRENT_TIMESTAMP, lockedby = 'me'")
    refused = ends(instance, 1, "--before-migration", "app")
    assert "me holds the migration lock" in refused.stdout
    assert instance.get("/v1/databases/app").json["state"] == "current"
    sqlite.sql("UPDATE databasechangeloglock SET locked = FALSE, lockgranted = NULL, lockedby = NULL")
    ends(instance, 0, "--before-migration", "app")
