# SPDX-License-Identifier: Apache-2.0
"""The history: what is kept of states and admissions, where, and what happens when it cannot be."""

import contextlib
import datetime
import hashlib
import http.client
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import threading
import time

import pytest
from harness import SqliteFile, drift_probe, eventually, migrationctl, migrationd
from harness.daemon import slowdown
from harness.journals import flyway_journal, flyway_rows

FAST = {"journal_interval": "100ms", "interval": "1s"}
ZEROS = "0" * 64


def config(database, **history):
    return {
        "databases": {"orders": {"url": database.url(), **FAST, "expect": {"revision": "1"}}},
        "history": history or "none",
    }


@pytest.fixture
def orders(sqlite):
    """A database that is current at revision 1."""
    flyway_journal(sqlite, "1")
    return sqlite


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    return folder / "history.db"


@pytest.fixture
def kept(daemon, orders, place):
    """A daemon that keeps its history in a file."""
    instance = daemon(config(orders, path=str(place)))
    instance.wait_state("orders", "current")
    return instance


def admit(instance, name="pod-1", revision="1", gate="orders", **more):
    body = {"application": "shop", "instance": name, "revision": revision, **more}
    return instance.post(f"/v1/gates/{gate}/admissions", body)


def refused_for_history(response):
    return response.status == 503 and response.json.get("code") == "HISTORY_UNAVAILABLE"


def listed(instance, **parameters):
    query = "&".join(f"{key}={value}" for key, value in parameters.items())
    response = instance.get(f"/v1/databases/orders/history?{query}")
    assert response.status == 200, response.text
    return response.json["records"]


def names_kept(place):
    """Instances whose admission stands in the file, which nobody is writing."""
    with contextlib.closing(sqlite3.connect(place)) as connection:
        rows = connection.execute("SELECT body FROM record WHERE kind = 'admission'").fetchall()
    return {json.loads(body)["instance"] for (body,) in rows}


def verify(place):
    return migrationctl("history", "--verify", place)


def relaunch(instance):
    instance.expected_exit = 0
    instance.await_notification("", 0)  # what the process before still had to say
    instance.launch()
    assert instance.await_ready(20 * slowdown()), instance.log()


def health_warns(instance):
    health = instance.get("/health")
    return health.status == 200 and health.json["status"] == "warn" and "history:availability" in health.json["checks"]


def metric(instance, name):
    for line in instance.get("/metrics").text.splitlines():
        if line.startswith(f"migrationd_{name} "):
            return float(line.split()[1])
    raise AssertionError(f"no metric {name}")


# what is kept


@pytest.mark.threads
def test_state_changes_and_the_state_at_a_time(kept, orders, place):
    flyway_rows(orders, "2")
    kept.wait_state("orders", "ahead")
    records = eventually(lambda: (found := listed(kept)) and found[0]["state"] == "ahead" and found, what="the change")
    assert [one["state"] for one in records[:2]] == ["ahead", "current"]
    assert records[0]["previous"] == {"state": "current", "code": "CURRENT"}
    assert all(one["kind"] == "state" and one["database"] == "orders" and len(one["hash"]) == 64 for one in records)
    assert [one["sequence"] for one in records] == sorted((one["sequence"] for one in records), reverse=True)
    assert listed(kept, limit=1) == records[:1]
    assert listed(kept, before=records[0]["sequence"]) == records[1:]
    at = kept.get(f"/v1/databases/orders/history?at={records[1]['at']}").json
    assert (at["state"], at["code"], at["since"]) == ("current", "CURRENT", records[1]["at"])
    assert at["record"] == records[1]
    before = kept.get("/v1/databases/orders/history?at=2020-01-01T00:00:00Z").json
    assert (before["state"], before["code"], before["record"]) == ("unknown", "NEVER_OBSERVED", None)
    assert kept.head("/v1/databases/orders/history").status == 200
    shown = kept.ctl("--server", f"http://127.0.0.1:{kept.port}", "history", "orders")
    assert shown.returncode == 0 and "ahead AHEAD" in shown.stdout
    moment = kept.ctl("--server", f"http://127.0.0.1:{kept.port}", "history", "--at", records[1]["at"], "-o", "markdown")
    assert moment.returncode == 0 and "| orders" in moment.stdout and "current" in moment.stdout
    assert kept.stop() == 0
    assert verify(place).returncode == 0


def test_a_restart_shows_and_keeps_what_was(kept, place):
    assert admit(kept).json["recorded"] is True
    assert admit(kept, "pod-2", "9").json["recorded"] is True
    before = listed(kept, kind="all")
    kept.kill()
    relaunch(kept)
    kept.wait_state("orders", "current")
    admissions = kept.get("/v1/gates/orders/admissions").json
    assert [one["instance"] for one in admissions["admissions"]] == ["pod-2", "pod-1"]
    assert all(one["recorded"] for one in admissions["admissions"])
    after = eventually(lambda: len(found := listed(kept, kind="all")) == len(before) + 2 and found, what="two more records")
    assert after[2:] == before
    assert [one["code"] for one in after[:2]] == ["CURRENT", "NEVER_OBSERVED"]  # nobody knows what was in between


def test_nobody_knows_what_was_while_nobody_watched(kept, place):
    eventually(lambda: len(listed(kept)) == 2, what="the records of the start")
    kept.kill()
    hour = 3600 * 1000
    with contextlib.closing(sqlite3.connect(place)) as connection:
        seen = connection.execute("SELECT seen_ms FROM chain").fetchone()[0] - hour
        connection.execute("UPDATE chain SET seen_ms = ?", (seen,))
        connection.commit()
    relaunch(kept)
    kept.wait_state("orders", "current")
    moment = datetime.datetime.fromtimestamp(seen // 1000 + 1800, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = kept.get(f"/v1/databases/orders/history?at={moment}").json
    assert (answer["state"], answer["code"]) == ("unknown", "STALE")
    assert answer["record"]["until"] > moment > answer["since"]
    eventually(lambda: len(listed(kept, limit=1000)) == 5, what="the two of each start, and the time between")
    assert kept.stop() == 0
    relaunch(kept)  # at once: there is no gap
    kept.wait_state("orders", "current")
    eventually(lambda: len(listed(kept)) == 7, what="two more")
    assert kept.stop() == 0
    assert verify(place).returncode == 0


def test_releases(kept):
    for name in ("pod-1", "pod-2", "pod-1"):
        assert admit(kept, name).status == 201
    assert admit(kept, "pod-3", "2").status == 503
    assert kept.post("/v1/gates/orders/admissions", {"application": "mail", "instance": "m"}).status == 201
    answer = kept.get("/v1/gates/orders/admissions").json
    releases = {(one["application"], one["revision"]): one for one in answer["releases"]}
    assert set(releases) == {("shop", "1"), ("shop", "2"), ("mail", None)}
    shop = releases["shop", "1"]
    assert (shop["admitted"], shop["refused"], shop["instances"], shop["last_refused_at"]) == (3, 0, 2, None)
    assert (releases["shop", "2"]["admitted"], releases["shop", "2"]["refused"]) == (0, 1)
    mail = kept.get("/v1/gates/orders/admissions?application=mail&limit=5").json
    assert len(mail["admissions"]) == len(mail["releases"]) == 1
    assert len(kept.get("/v1/gates/orders/admissions?limit=2").json["admissions"]) == 2
    assert kept.get("/v1/gates/orders/admissions?limit=0").status == 400


def test_admit_from_the_command_line(kept, orders, place):
    server = ("--server", f"http://127.0.0.1:{kept.port}")

    def run(*arguments, gate="orders"):
        return kept.ctl(*server, "admit", gate, *arguments)

    shop = ("--application", "shop")
    admitted = run(*shop, "--instance", "pod-1", "--revision", "1")
    assert admitted.returncode == 0 and admitted.stdout.startswith("admitted: orders is open CURRENT: ")
    closed = run(*shop, "--revision", "2")
    assert closed.returncode == 1 and closed.stdout.startswith("refused: orders is closed PENDING: ")
    document = run(*shop, "--revision", "1", "--match", "exact", "-o", "json")
    assert document.returncode == 0 and json.loads(document.stdout)["recorded"] is True
    assert run().returncode == run(*shop, gate="nobody").returncode == 2
    flyway_rows(orders, "2")
    kept.wait_state("orders", "ahead")
    assert run(*shop).returncode == 4
    kept.kill()
    assert run(*shop).returncode == 3
    for path in place.parent.iterdir():
        path.unlink()
    place.mkdir()
    relaunch(kept)
    kept.wait_state("orders", "ahead")
    unkept = run(*shop, "--revision", "1")
    assert unkept.returncode == 3 and "the history cannot be used" in unkept.stderr
    refused = run(*shop, "--revision", "3")
    assert refused.returncode == 1 and refused.stdout.startswith("refused (not recorded): ")


def test_drift_is_kept(daemon, orders, place, tmp_path):
    reference = SqliteFile(tmp_path / "reference.db")
    flyway_journal(reference, "1")
    settings = config(orders, path=str(place))
    settings["databases"]["reference"] = {"url": reference.url(), **FAST}
    settings["databases"]["orders"]["drift"] = {"reference": {"database": "reference"}}
    instance = daemon(settings)
    orders.sql("CREATE TABLE extra (id integer)")
    eventually(lambda: "drifted" in [one["drift"] for one in listed(instance, kind="drift")], 20 * slowdown(), "drift")


@pytest.mark.threads
def test_retention(daemon, orders, place):
    instance = daemon(config(orders, path=str(place), rows=50, keep="1h"))
    instance.wait_state("orders", "current")
    # the record is written behind the answer
    current = eventually(lambda: next((record for record in listed(instance) if record["state"] == "current"), None))
    admit_many(instance, [f"pod-{number}" for number in range(600)])
    with contextlib.closing(sqlite3.connect(place)) as connection:
        eventually(lambda: connection.execute("SELECT count(*) FROM record").fetchone()[0] <= 306, what="retention")
    assert listed(instance) == [current]  # dropped long ago, and still the state of the database
    assert verify(place).returncode == 0
    instance.reload(config(orders, path=str(place), rows=10, keep="1h"))
    eventually(lambda: count(place) == 10, 20 * slowdown(), "the new retention at once")
    instance.stop()
    instance.write_config(config(orders, path=str(place), rows=1000, keep="1s"))
    eventually(lambda: newest(place) < time.time() - 1, what="old age")
    relaunch(instance)
    eventually(lambda: count(place) <= 2, 20 * slowdown(), "retention by age")
    eventually(lambda: listed(instance)[-1] == current, what="the state that was dropped")
    assert instance.stop() == 0
    assert verify(place).returncode == 0


def newest(place):
    with contextlib.closing(sqlite3.connect(place)) as connection:
        return (connection.execute("SELECT max(at_ms) FROM record").fetchone()[0] or 0) / 1000


def count(place):
    with contextlib.closing(sqlite3.connect(place)) as connection:
        return connection.execute("SELECT count(*) FROM record").fetchone()[0]


def admit_many(instance, names, threads=16, answered=None):
    """Admits all over kept-alive connections; adds the names that were answered 201. True when all were."""
    answered = set() if answered is None else answered
    queue = list(names)
    lock = threading.Lock()

    def work():
        connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=30)
        with contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                with lock:
                    if not queue:
                        break
                    name = queue.pop()
                body = json.dumps({"application": "shop", "instance": name, "revision": "1"})
                connection.request("POST", "/v1/gates/orders/admissions", body=body)
                response = connection.getresponse()
                recorded = json.loads(response.read()).get("recorded")
                if response.status == 201 and recorded:
                    with lock:
                        answered.add(name)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return len(answered) == len(names)


@pytest.mark.threads
def test_a_thousand_admissions(kept, place):
    names = {f"pod-{number}" for number in range(1000)}
    answered = set()
    assert admit_many(kept, names, answered=answered)
    assert metric(kept, "history_records_total") >= 1000
    assert metric(kept, "history_available") == 1 and metric(kept, "history_dropped_total") == 0
    assert kept.stop() == 0
    assert names_kept(place) == names == answered
    assert verify(place).returncode == 0


def kill_in_the_middle(instance, place, rounds):
    answered = set()
    for round_ in range(rounds):
        enough = threading.Event()
        mark = len(answered) + 20 + 7 * (round_ % 10)

        def kill_soon(mark=mark, enough=enough):
            while len(answered) < mark and not enough.wait(0.001):
                pass
            instance.kill()

        killer = threading.Thread(target=kill_soon)
        killer.start()
        admit_many(instance, [f"{round_}-{number}" for number in range(1000)], answered=answered)
        enough.set()
        killer.join()
        assert len(answered) >= mark
        missing = answered - names_kept(place)
        assert not missing, f"round {round_}: {len(missing)} answered admissions are missing"
        result = verify(place)
        assert result.returncode == 0, result.stdout + result.stderr
        relaunch(instance)
    assert instance.get("/v1/gates/orders/admissions").json["admissions"]


def test_nothing_that_was_answered_is_lost_by_a_kill(kept, place):
    kill_in_the_middle(kept, place, 5)


@pytest.mark.full
def test_nothing_that_was_answered_is_lost_by_a_hundred_kills(kept, place):
    kill_in_the_middle(kept, place, 100)


# what is promised when it cannot be kept


def test_without_a_history(daemon, orders):
    instance = daemon(config(orders))
    instance.wait_state("orders", "current")
    answer = admit(instance)
    assert answer.status == 201 and answer.json["recorded"] is False and answer.json["admitted"] is True
    listed_one = instance.get("/v1/gates/orders/admissions").json["admissions"]
    assert [one["recorded"] for one in listed_one] == [False]
    assert refused_for_history(instance.get("/v1/databases/orders/history"))
    assert instance.get("/health").json["status"] == "pass"


def test_the_place_that_systemd_gives(daemon, orders, place):
    settings = {key: value for key, value in config(orders).items() if key != "history"}
    instance = daemon(settings, environment={"STATE_DIRECTORY": f"{place.parent}:/nowhere"})
    assert admit(instance).json["recorded"] is True
    assert place.exists() and place.stat().st_mode & 0o777 == 0o640


def limit_files(instance, size):
    _, hard = resource.prlimit(instance.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(instance.pid, resource.RLIMIT_FSIZE, (size, hard))


@pytest.mark.threads
def test_a_full_disk_disturbs_no_gate(kept, orders, place):
    assert admit(kept).status == 201
    wal = place.with_name("history.db-wal")
    limit_files(kept, max(wal.stat().st_size, place.stat().st_size, len(kept.log()) + 16384))
    names = iter(range(100000))
    eventually(lambda: refused_for_history(admit(kept, f"full-{next(names)}")), what="a refusal")
    assert admit(kept, "other", "9").json["recorded"] is False  # a refusal is a refusal
    eventually(lambda: health_warns(kept), what="a warning")
    assert kept.gate("orders").status == 200
    assert kept.get("/health/orders").json["status"] == "pass"
    flyway_rows(orders, "2")
    kept.wait_state("orders", "ahead")
    assert metric(kept, "history_available") == 0 and metric(kept, "history_write_errors_total") > 0
    limit_files(kept, resource.RLIM_INFINITY)
    eventually(lambda: listed(kept)[0]["state"] == "ahead", 20 * slowdown(), "what was queued")  # without any request
    assert admit(kept, "after").status == 201
    assert kept.get("/health").json["checks"].get("history:availability") is None
    kept.wait_log("the history is written again")
    assert kept.stop() == 0
    assert verify(place).returncode == 0
    assert not [name for name in names_kept(place) if name.startswith("other")]


@pytest.mark.threads
def test_best_effort_gives_the_promise_up(daemon, orders, place):
    place.mkdir()  # in the way
    instance = daemon(config(orders, path=str(place), admissions="best-effort"))
    instance.wait_state("orders", "current")
    answer = admit(instance)
    assert answer.status == 201 and answer.json["recorded"] is False
    assert health_warns(instance)
    place.rmdir()
    eventually(lambda: admit(instance).json["recorded"] is True, 20 * slowdown(), "recovery")
    settings = config(orders, path=str(place), admissions="required")
    instance.reload(settings)
    instance.wait_log("reloaded")
    instance.kill()
    place.unlink()
    place.mkdir()
    relaunch(instance)
    instance.wait_state("orders", "current")
    assert refused_for_history(admit(instance))


def test_another_place_needs_a_restart(kept, orders, place):
    kept.reload(config(orders, path=str(place.with_name("other.db"))))
    kept.wait_log("a change of 'history' takes effect after a restart only")
    assert admit(kept).status == 201
    assert not place.with_name("other.db").exists()


def test_a_place_where_nobody_may_write(daemon, orders):
    instance = daemon(config(orders, path="/sys/history.db"))
    instance.wait_state("orders", "current")
    answer = admit(instance)
    assert refused_for_history(answer) and "/sys/history.db" in answer.json["detail"]
    assert answer.headers["Retry-After"]
    assert admit(instance, "old", "9").status == 503 and admit(instance, "old", "9").json["recorded"] is False
    assert refused_for_history(instance.get("/v1/databases/orders/history"))
    assert instance.gate("orders").status == 200
    assert instance.get("/readyz").status == 200
    assert health_warns(instance)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_becomes_read_only(kept, place):
    assert admit(kept, "before").status == 201
    kept.kill()
    place.chmod(0o444)
    relaunch(kept)
    kept.wait_state("orders", "current")
    assert refused_for_history(admit(kept))
    place.chmod(0o644)
    eventually(lambda: admit(kept, "after").status == 201, 20 * slowdown(), "recovery")


# what happens to files


def test_a_file_that_was_removed(kept, place):
    assert admit(kept, "before").status == 201
    for path in place.parent.iterdir():
        path.unlink()
    assert admit(kept, "after").status == 201
    assert kept.stop() == 0
    assert names_kept(place) == {"after"}
    assert verify(place).returncode == 0


def test_a_corrupt_file_is_set_aside_once(kept, place):
    assert admit(kept, "before").status == 201
    kept.kill()
    for path in place.parent.iterdir():
        path.write_bytes(b"no database at all " * 1000)
    relaunch(kept)
    kept.wait_log("the history was corrupt; it is kept as")
    kept.wait_state("orders", "current")
    assert admit(kept, "after").status == 201
    aside = [path for path in place.parent.iterdir() if ".corrupt-" in path.name]
    assert len([path for path in aside if not path.name.endswith(("-wal", "-shm"))]) == 1
    assert kept.stop() == 0
    assert names_kept(place) == {"after"}
    place.write_bytes(b"again " * 5000)
    relaunch(kept)
    kept.wait_state("orders", "current")
    assert admit(kept).status == 201  # another process may set another file aside
    kept.kill()
    kept.expected_exit = -9


def test_foreign_files_are_left_alone(daemon, orders, place, tmp_path):
    foreign = SqliteFile(place)
    foreign.sql("CREATE TABLE mine (id integer)")
    before = place.read_bytes()
    instance = daemon(config(orders, path=str(place)))
    instance.wait_state("orders", "current")
    answer = admit(instance)
    assert refused_for_history(answer) and "no history of migrationd" in answer.json["detail"]
    assert instance.stop() == 0
    assert place.read_bytes() == before
    assert list(place.parent.iterdir()) == [place]


def test_tampering_is_found(kept, place, tmp_path):
    for number in range(10):
        assert admit(kept, f"pod-{number}").status == 201
    assert verify(place).returncode == 0  # while the daemon writes
    assert kept.stop() == 0
    good = verify(place)
    assert good.returncode == 0 and "the chain holds: " in good.stdout
    assert [path.name for path in place.parent.iterdir()] == ["history.db"]  # verifying leaves nothing
    forged = tmp_path / "forged.db"
    for statement, named in (
        ("UPDATE record SET body = replace(body, 'pod-5', 'pod-x')", None),
        ("DELETE FROM record WHERE sequence = 4", 4),
        ("UPDATE record SET source = 'elsewhere' WHERE sequence = 2", 2),
        ("DELETE FROM record WHERE sequence > 6", 7),
    ):
        shutil.copy(place, forged)
        with contextlib.closing(sqlite3.connect(forged)) as connection:
            connection.execute(statement)
            connection.commit()
        result = verify(forged)
        assert result.returncode == 1, statement
        assert result.stdout.startswith("broken: record ")
        assert named is None or f"record {named} " in result.stdout
        assert json.loads(migrationctl("history", "--verify", forged, "-o", "json").stdout)["holds"] is False
    assert verify(tmp_path / "absent.db").returncode == 2
    (tmp_path / "text.db").write_text("no database")
    assert verify(tmp_path / "text.db").returncode == 2
    assert verify("mysql://h/x").returncode == 2
    assert migrationctl("history", "--verify", place, "--limit", "3").returncode == 2


def test_no_secret_is_kept(daemon, postgres_server, place):
    settings = config(SqliteFile(place.with_name("app.db")), path=str(place))
    secret = "canary-of-the-history-7f3a"
    name, _ = postgres_server.create_role()
    where = f"{postgres_server.host}:{postgres_server.port}/postgres"
    settings["databases"]["orders"] = {"url": f"postgresql://{name}:{secret}@{where}", **FAST}
    instance = daemon(settings)
    instance.wait_state("orders", "unknown", code="AUTH_FAILED")
    eventually(lambda: listed(instance)[0]["code"] == "AUTH_FAILED", what="the record")
    assert instance.stop() == 0
    assert secret.encode() not in place.read_bytes()


# one history for several daemons


def test_the_contract_in_postgresql(postgres):
    program = drift_probe.program().parent / "unit.history.test_history"
    environment = {**os.environ, "MIGRATIOND_TEST_HISTORY_URL": postgres.url()}
    result = subprocess.run([program], capture_output=True, text=True, timeout=120 * slowdown(), env=environment, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert postgres.sql("SELECT count(*) FROM migrationd_history.chain") == [(1,)]


@pytest.mark.threads
def test_two_daemons_share_one_chain(daemon, orders, postgres):
    first = daemon(config(orders, url=postgres.url()))
    second = daemon(config(orders, url=postgres.url()))
    for instance in (first, second):
        instance.wait_state("orders", "current")
    workers = [
        threading.Thread(target=admit_many, args=(one, [f"{one.port}-{number}" for number in range(100)], 4))
        for one in (first, second)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    rows = postgres.sql("SELECT body, source FROM migrationd_history.record WHERE kind = 'admission'")
    assert len({json.loads(body)["instance"] for body, _ in rows}) == 200
    assert len({source for _, source in rows}) == 2
    result = migrationctl("history", "--verify", postgres.url())
    assert result.returncode == 0 and "the chain holds" in result.stdout
    seen = first.get("/v1/databases/orders/history").json["records"]
    assert seen == second.get("/v1/databases/orders/history").json["records"]
    assert len({one["source"] for one in seen}) == 2
    postgres.sql("UPDATE migrationd_history.record SET at_ms = at_ms + 1 WHERE sequence = 17")
    result = migrationctl("history", "--verify", postgres.url())
    assert result.returncode == 1 and "record 17 " in result.stdout


@pytest.mark.threads
def test_a_server_that_stops_and_comes_back(daemon, orders, own_postgres):
    database = own_postgres.create_database()
    instance = daemon(config(orders, url=database.url()))
    instance.wait_state("orders", "current")
    assert admit(instance, "before").status == 201
    own_postgres.stop()
    assert refused_for_history(admit(instance, "meanwhile"))
    assert instance.gate("orders").status == 200
    assert health_warns(instance)
    flyway_rows(orders, "2")
    instance.wait_state("orders", "ahead")
    own_postgres.start()
    eventually(lambda: listed(instance)[0]["state"] == "ahead", 30 * slowdown(), "what was queued")
    rows = database.sql("SELECT body FROM migrationd_history.record WHERE kind = 'admission'")
    assert [json.loads(body)["instance"] for (body,) in rows] == ["before"]
    # A restart in between two requests is not even noticed.
    own_postgres.stop()
    own_postgres.start()
    assert admit(instance, "other", "9").json["recorded"] is True
    assert migrationctl("history", "--verify", database.url()).returncode == 0


@pytest.mark.threads
def test_a_server_that_hangs(daemon, orders, own_postgres):
    database = own_postgres.create_database()
    instance = daemon(config(orders, url=database.url()))
    instance.wait_state("orders", "current")
    assert admit(instance, "before").status == 201
    backends = own_postgres.backends(database.name)
    for pid in backends:
        own_postgres.stop_backend(pid)
    pending = instance.begin("/v1/gates/orders/admissions", "POST", body={"application": "shop", "instance": "stuck"})
    assert instance.gate("orders").status == 200
    assert instance.get("/health/orders").status == 200
    answer = pending.result(30 * slowdown())
    assert answer.status == 201 or refused_for_history(answer)
    for pid in backends:
        own_postgres.continue_backend(pid)
    eventually(lambda: admit(instance, "after").status == 201, 30 * slowdown(), "recovery")
    assert migrationctl("history", "--verify", database.url()).returncode == 0


def test_a_password_of_the_history_is_nowhere(daemon, orders, postgres_server, postgres):
    name, secret = postgres_server.create_role(password="history-canary-81b2")
    postgres.sql(f'GRANT CREATE ON DATABASE "{postgres.name}" TO "{name}"')
    url = f"postgresql://{name}@{postgres_server.host}:{postgres_server.port}/{postgres.name}"
    settings = config(orders, url=url, password_env="HISTORY_PASSWORD")
    instance = daemon(settings, environment={"HISTORY_PASSWORD": "wrong-canary-81b2"}, secrets=[secret, "wrong-canary-81b2"])
    instance.wait_state("orders", "current")
    assert refused_for_history(admit(instance))
    assert health_warns(instance)
    right = daemon(settings, environment={"HISTORY_PASSWORD": secret}, secrets=[secret])
    right.wait_state("orders", "current")
    assert admit(right).status == 201
    for password, code, word in ((secret, 0, "there"), ("wrong-canary-81b2", 1, "auth_failed")):
        arguments = ("--config", right.config_path, "--check-config", "--connect")
        result = migrationd(*arguments, environment={"HISTORY_PASSWORD": password})
        assert result.returncode == code and word in result.stdout
        assert secret not in result.stdout + result.stderr


def test_a_hash_that_anybody_can_compute(kept, place):
    """The seven lines that the header of the library speaks of, without the library."""
    assert admit(kept).status == 201
    assert kept.stop() == 0
    with contextlib.closing(sqlite3.connect(place)) as connection:
        rows = connection.execute("SELECT sequence, at_ms, kind, subject, source, body, hash FROM record ORDER BY 1").fetchall()
    previous = ZEROS

    def digest(text):
        return hashlib.sha256(text.encode()).hexdigest()

    for sequence, at_ms, kind, subject, source, body, expected in rows:
        lines = [previous, str(sequence), str(at_ms), kind, digest(subject), digest(source), digest(body)]
        previous = digest("".join(line + "\n" for line in lines))
        assert previous == expected
        assert abs(at_ms / 1000 - datetime.datetime.now().timestamp()) < 3600
