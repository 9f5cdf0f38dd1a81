# SPDX-License-Identifier: Apache-2.0
"""What is promised of a running daemon: listeners, who may ask what, reloads, files that change under it."""

import http.client
import json
import os
import re
import socket

import pytest
from harness import SqliteFile, eventually, free_port, migrationd
from harness.journals import alembic_files, alembic_journal, drizzle_files, drizzle_journal, flyway_files, flyway_journal

FAST = {"journal_interval": "100ms", "interval": "1s"}


def entry(database, **settings):
    return {"url": database.url(), **FAST, **settings}


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self.path)


def get_by(connection, path):
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body)


def test_unix_listener(daemon, new_database, tmp_path):
    database = new_database()
    flyway_journal(database, "1")
    path = tmp_path / "migrationd.sock"
    instance = daemon({"databases": {"app": entry(database, expect={"revision": "1"})}, "probe_listen": f"unix:{path}"})
    instance.wait_state("app", "current")
    assert get_by(UnixConnection(path), "/health/app")[0] == 200
    instance.stop()
    assert not path.exists(), "the socket goes with the daemon"


def test_unix_socket_left_behind_is_replaced(daemon, new_database, tmp_path):
    path = tmp_path / "migrationd.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    instance = daemon({"databases": {"app": entry(new_database())}, "probe_listen": f"unix:{path}"})
    assert get_by(UnixConnection(path), "/livez")[0] == 200
    instance.stop()


def own_address():
    """An address of this machine that is not loopback; skips where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("no address but loopback")
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("no address but loopback")
    return address


def test_public_listener_needs_allow_anonymous(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text("listen: 0.0.0.0:8484\ndatabases: {app: {url: 'sqlite:////tmp/x.db'}}\n")
    result = migrationd("--config", path, "--check-config")
    assert result.returncode == 78 and ":1:" in result.stderr and "allow_anonymous" in result.stderr
    path.write_text("listen: 0.0.0.0:8484\nallow_anonymous: [health, gate]\ndatabases: {app: {url: 'sqlite:////tmp/x.db'}}\n")
    assert migrationd("--config", path, "--check-config").returncode == 0
    path.write_text("allow_anonymous: [read]\ndatabases: {app: {url: 'sqlite:////tmp/x.db'}}\n")
    assert migrationd("--config", path, "--check-config").returncode == 78


@pytest.mark.parametrize("allowed", [["health"], ["gate"], ["health", "gate"]])
def test_what_anonymous_callers_get(daemon, new_database, allowed):
    """Never schema, journal or refresh: they can hold secrets."""
    address = own_address()
    database = new_database()
    flyway_journal(database, "1")
    port = free_port()
    public = "probe_listen" if allowed == ["health"] else "listen"  # the other one stays where tests can ask
    watched = {"app": entry(database, expect={"revision": "1"})}
    instance = daemon({"databases": watched, public: f"{address}:{port}", "allow_anonymous": allowed})
    inside = instance.port if public == "probe_listen" else instance.probe_port
    eventually(lambda: instance.get("/health/app", port=inside).status == 200, what="the first look")

    def status(method, path):
        connection = http.client.HTTPConnection(address, port, timeout=10)
        connection.request(method, path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    for path in ("/livez", "/readyz", "/health", "/health/app", "/metrics"):
        assert status("GET", path) == (200 if "health" in allowed else 403), path
    if public == "probe_listen":
        return  # it has no more
    for path in ("/v1/gates", "/v1/gates/app", "/v1/gates/app/admissions"):
        assert status("GET", path) == 200, path
    for path in ("/v1/databases", "/v1/databases/app", "/v1/databases/app/schema", "/v1/databases/app/journal"):
        assert status("GET", path) == 403, path
    assert status("POST", "/v1/databases/app/refresh") == 403
    assert status("POST", "/v1/reload") == 403


def test_reload_adds_removes_and_keeps(daemon, new_database):
    kept, gone, added = (new_database() for _ in range(3))
    for database in (kept, gone, added):
        flyway_journal(database, "1")
    instance = daemon({"databases": {"kept": entry(kept), "gone": entry(gone)}})
    instance.wait_state("kept", "observed")
    instance.reload({"databases": {"kept": entry(kept, expect={"revision": "1"}), "added": entry(added)}})
    instance.wait_state("kept", "current")
    eventually(lambda: instance.get("/v1/databases/added").status == 200, what="the new database")
    instance.wait_state("added", "observed")
    assert instance.get("/v1/databases/gone").status == 404
    assert instance.get("/v1/gates/gone").status == 404
    assert instance.get("/health/gone").status == 404


def test_bad_reload_keeps_the_old(daemon, new_database):
    database = new_database()
    flyway_journal(database, "1")
    instance = daemon({"databases": {"app": entry(database, expect={"revision": "1"})}})
    instance.wait_state("app", "current")
    instance.reload({"databases": {"app": entry(database, expct={"revision": "2"})}})
    instance.wait_log(r"did you mean 'expect'")
    assert instance.gate("app").status == 200
    assert "migrationd_config_last_reload_successful 0\n" in instance.probe("/metrics").text
    told = instance.ctl("--server", f"http://127.0.0.1:{instance.port}", "reload")
    assert told.returncode != 0 and "did you mean" in told.stderr
    instance.reload({"databases": {"app": entry(database, expect={"revision": "2"})}})
    instance.wait_state("app", "pending")
    assert "migrationd_config_last_reload_successful 1\n" in instance.probe("/metrics").text


def test_waiter_outlives_a_reload(daemon, new_database):
    database = new_database()
    flyway_journal(database, "1")
    instance = daemon({"databases": {"app": entry(database, expect={"revision": "2"})}})
    instance.wait_state("app", "pending")
    waiting = instance.begin("/v1/gates/app?wait=40s")
    removed = instance.begin("/v1/gates/app?revision=9&wait=40s")
    eventually(lambda: "migrationd_waiters 2\n" in instance.probe("/metrics").text, what="the waiters")
    instance.reload({"databases": {"app": entry(database, expect={"revision": "1"})}})
    assert waiting.result(timeout=20).status == 200
    other = new_database()
    instance.reload({"databases": {"other": entry(other)}})
    assert removed.result(timeout=20).status == 404


def test_directory_is_read_again(daemon, new_database, tmp_path):
    database = new_database()
    flyway_journal(database, "1")
    folder = flyway_files(tmp_path / "sql", "1")
    instance = daemon({"databases": {"app": entry(database, expect={"directory": folder})}})
    instance.wait_state("app", "current")
    flyway_files(tmp_path / "sql", "1", "2")
    assert instance.wait_state("app", "pending")["pending"] == ["2"]
    (tmp_path / "sql" / "V2__step.sql").unlink()
    instance.wait_state("app", "current")


def test_tools_are_recognised(daemon, new_database, tmp_path):
    made = {name: new_database() for name in ("alembic", "flyway", "drizzle")}
    alembic_journal(made["alembic"], "b")
    flyway_journal(made["flyway"], "1")
    drizzle_journal(made["drizzle"], 0)
    folders = {
        "alembic": alembic_files(tmp_path / "a", a=None, b="a"),
        "flyway": flyway_files(tmp_path / "f", "1"),
        "drizzle": drizzle_files(tmp_path / "d", 0),
    }
    instance = daemon({"databases": {name: entry(one, expect={"directory": folders[name]}) for name, one in made.items()}})
    for name in made:
        member = instance.wait_state(name, "current")
        assert member["tool"] == name
    assert instance.gate("drizzle").json["databases"][0]["observed"]["heads"] == ["0000_step"]


def test_sqlite_file_that_is_replaced(daemon, sqlite, tmp_path):
    """Each look checks that the file is still the same one; a look leaves nothing beside it."""
    flyway_journal(sqlite, "1")
    instance = daemon({"databases": {"app": entry(sqlite, expect={"revision": "1"})}})
    instance.wait_state("app", "current")
    before = set(os.listdir(sqlite.path.parent))
    other = SqliteFile(tmp_path / "other.db")
    flyway_journal(other, "1", "2")
    os.replace(other.path, sqlite.path)
    instance.wait_state("app", "ahead")
    assert set(os.listdir(sqlite.path.parent)) <= before
    os.unlink(sqlite.path)
    eventually(lambda: instance.database("app")["snapshot"]["last_error"], what="the missing file is said")
    assert not sqlite.path.exists()


def test_look_failures_are_logged_once(daemon, own_mariadb):
    database = own_mariadb.create_database()
    flyway_journal(database, "1")
    instance = daemon({"databases": {"app": entry(database, max_staleness="1s")}})
    instance.wait_state("app", "observed")
    own_mariadb.stop()
    instance.wait_state("app", "unknown", code="UNREACHABLE")
    eventually(lambda: re.search(r'look_failures\{database="app"[^}]*\} ([3-9]|\d\d)', instance.probe("/metrics").text), 30)
    own_mariadb.start()
    instance.wait_state("app", "observed", timeout=60)
    lines = instance.log().splitlines()
    assert len([line for line in lines if "event=look_failed" in line]) == 1
    assert len([line for line in lines if "event=look_recovered" in line]) == 1


def test_log_is_logfmt(daemon, new_database):
    instance = daemon({"databases": {"app": entry(new_database())}})
    instance.wait_state("app", "empty")
    for line in instance.log().splitlines():
        assert re.fullmatch(r'time=\S+Z level=[a-z]+ event=[a-z_]+( [a-z_]+=("([^"\\]|\\.)*"|[^\s"]+))*', line), line


def test_a_taken_address(daemon, sqlite):
    """Where a daemon serves already, a second one ends before it has looked at anything or recorded it."""
    instance = daemon({"databases": {"app": {"url": sqlite.url()}}})
    ended = migrationd("--config", instance.config_path, "--log-format", "logfmt")
    assert ended.returncode == 1
    assert "cannot bind" in ended.stderr and "event=history" not in ended.stderr and "event=database_state" not in ended.stderr
    assert instance.get("/livez").status == 200
