# SPDX-License-Identifier: Apache-2.0
"""migrationctl status --watch: a table, then a line for each change, whatever becomes of the daemon meanwhile."""

import http.server
import json
import os
import pty
import re
import signal
import subprocess
import threading

import pytest
from harness import eventually, free_port, migrationctl
from harness.daemon import SANITIZER_OPTIONS, SANITIZER_REPORT, programs, slowdown
from harness.events import EventStream
from harness.journals import flyway_journal, flyway_rows
from harness.process import Process, die_with_parent

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


class Watch(Process):
    """A running `migrationctl status --watch`; `text` is all that it has said on either output."""

    def __init__(self, running, log_path, *arguments):
        self.command = [programs() / "migrationctl", "--server", f"http://127.0.0.1:{running.port}", "status", "--watch"]
        super().__init__([*self.command, *arguments], log_path, env={**os.environ, **SANITIZER_OPTIONS})

    def await_line(self, pattern, timeout=20.0):
        return eventually(lambda: re.search(pattern, self.log(), re.MULTILINE), timeout * slowdown(), f"{pattern!r} in {self.log()}")

    def interrupt(self):
        self.signal(signal.SIGINT)
        code = self.wait(20 * slowdown())
        assert not SANITIZER_REPORT.search(self.log()), self.log()
        return code


@pytest.fixture
def watch(tmp_path):
    started = []

    def start(running, *arguments):
        started.append(Watch(running, tmp_path / f"watch{len(started)}.log", *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.returncode is None:
            one.signal(signal.SIGKILL)
            one.wait()


@pytest.fixture
def pending(daemon, sqlite):
    flyway_journal(sqlite, "1")
    settings = {"url": sqlite.url(), "journal_interval": "100ms", "interval": "1s", "expect": {"revision": "3"}}
    running = daemon({"databases": {"orders": settings, "billing": {"url": sqlite.url(), "journal": "none"}}})
    running.wait_state("orders", "pending")
    running.wait_state("billing", "observed")
    return running


def test_table_then_changes(pending, sqlite, watch):
    watching = watch(pending)
    watching.await_line(r"^orders +pending +PENDING +closed +flyway +1 ")
    assert re.match(r"DATABASE +STATE +CODE +GATE +TOOL +REVISION +AGE +REASON\nbilling +observed ", watching.log())
    flyway_rows(sqlite, "2", "3")
    watching.await_line(rf"^{TIME}  orders +current CURRENT  \S")
    assert "\033" not in watching.log()  # no terminal, no colours
    assert watching.interrupt() == 130


def test_checks_that_change(daemon, sqlite, watch):
    sqlite.sql("CREATE TABLE orphans (id integer)")
    rows = {"sql": "SELECT count(*) FROM orphans", "expect": "0", "every": "1s"}
    running = daemon({"databases": {"orders": {"url": sqlite.url(), "journal": "none", "checks": {"rows": rows}}}})
    eventually(lambda: running.get("/v1/databases/orders/checks").json["state"] == "passed", 20 * slowdown())
    watching = watch(running)
    watching.await_line(r"^orders +observed ")
    sqlite.sql("INSERT INTO orphans VALUES (1)")
    watching.await_line(rf"^{TIME}  orders:check:rows +failed CHECK_FAILED  \S")
    sqlite.sql("DELETE FROM orphans")
    watching.await_line(rf"^{TIME}  orders:check:rows +passed CHECK_PASSED  \S")


def test_one_database(pending, sqlite, watch):
    watching = watch(pending, "orders")
    watching.await_line("^orders +pending")
    assert "billing" not in watching.log()
    watching.interrupt()
    unknown = pending.ctl("--server", f"http://127.0.0.1:{pending.port}", "status", "--watch", "none")
    assert unknown.returncode == 2 and "none" in unknown.stderr and unknown.stdout == ""


def test_json_lines(pending, sqlite, watch):
    watching = watch(pending, "-o", "json", "orders")
    watching.await_line("snapshot")
    flyway_rows(sqlite, "2", "3")
    watching.await_line('"current"')
    assert watching.interrupt() == 130
    lines = [json.loads(line) for line in watching.log().splitlines()]
    assert [line["event"] for line in lines][0] == "snapshot"
    assert {line["event"] for line in lines[1:]} == {"state"}
    assert lines[0]["data"]["databases"][0]["state"] == "pending" and lines[-1]["data"]["state"] == "current"


def test_daemon_restarts(pending, sqlite, watch):
    """What changed while nobody was there to tell it is a line of its own."""
    watching = watch(pending)
    watching.await_line("^orders +pending")
    assert pending.stop() == 0
    watching.await_line("^migrationctl: .*trying again$")
    flyway_rows(sqlite, "2", "3")
    pending.launch()
    assert pending.await_ready(20 * slowdown())
    watching.await_line("^migrationctl: connected again$", 40)
    watching.await_line(rf"^{TIME}  orders +current CURRENT  ")
    assert watching.log().count("DATABASE") == 1
    assert watching.interrupt() == 130


def test_databases_come_and_go(pending, sqlite, watch):
    watching = watch(pending)
    watching.await_line("^orders +pending")
    pending.reload({"databases": {"orders": {"url": sqlite.url(), "expect": {"revision": "1"}}, "new": {"url": sqlite.url()}}})
    watching.await_line(rf"^{TIME}  orders +current CURRENT  ")
    watching.await_line(rf"^{TIME}  new +observed NO_EXPECTATION  ")
    watching.await_line("^billing is not watched any more$")
    assert watching.interrupt() == 130


def test_token_shown_anew(daemon, sqlite, tmp_path, watch):
    """The daemon ends such a stream when its configuration is read again; who may come back does, without a word."""
    (tmp_path / "token").write_text("canary-of-a-token-for-reading\n")
    flyway_journal(sqlite, "1")
    port = free_port()
    config = {
        "listen": f"0.0.0.0:{port}",
        "tokens": [{"file": str(tmp_path / "token"), "scope": "read"}],
        "databases": {"orders": {"url": sqlite.url(), "journal_interval": "100ms", "interval": "1s", "expect": {"revision": "2"}}},
    }
    running = daemon(config, secrets=["canary-of-a-token-for-reading"])
    running.port = port
    watching = watch(running, "--token-file", tmp_path / "token")
    watching.await_line("^orders +pending")
    with EventStream(port, token="canary-of-a-token-for-reading") as stream:
        stream.next()
        running.reload()
        assert stream.next().data["code"] == "RELOADED"
        assert stream.next() is None and stream.id == ""
    flyway_rows(sqlite, "2")
    watching.await_line(rf"^{TIME}  orders  current CURRENT  ")
    assert "migrationctl" not in watching.log()
    (tmp_path / "other").write_text("another-canary-for-reading\n")
    running.reload({**config, "tokens": [{"file": str(tmp_path / "other"), "scope": "read"}]})
    watching.await_line("^migrationctl: HTTP 401")
    assert watching.wait(20 * slowdown()) == 3


def test_drift_in_one_line(daemon, sqlite, tmp_path, watch):
    sqlite.sql("CREATE TABLE users (id integer PRIMARY KEY, mail varchar(80)); CREATE INDEX ix_mail ON users (mail);")
    baseline = tmp_path / "baseline.json"
    baseline.write_text(migrationctl("snapshot", sqlite.url()).stdout)
    settings = {"url": sqlite.url(), "journal": "none", "interval": "1s", "drift": {"reference": {"baseline": str(baseline)}}}
    running = daemon({"databases": {"app": settings}})
    eventually(lambda: running.get("/v1/databases/app/drift").json["drift"] == "none", 20 * slowdown())
    watching = watch(running)
    watching.await_line("^app +observed")
    sqlite.sql("DROP INDEX ix_mail")
    watching.await_line(rf"^{TIME}  app +drift drifted  1 difference, the worst ")
    assert watching.interrupt() == 130


def test_nobody_reads(pending):
    """`status --watch | head -1` ends at once and says nothing of a broken pipe."""
    command = [programs() / "migrationctl", "--server", f"http://127.0.0.1:{pending.port}", "status", "--watch"]
    watching = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=die_with_parent(signal.SIGKILL))
    assert watching.stdout.readline().startswith(b"DATABASE")
    watching.stdout.close()
    assert watching.wait(20 * slowdown()) == 0
    assert watching.stderr.read() == b""
    watching.stderr.close()


def test_colours_on_a_terminal(pending, sqlite):
    """Only there, and not where NO_COLOR is set."""
    command = [programs() / "migrationctl", "--server", f"http://127.0.0.1:{pending.port}", "status", "--watch", "orders"]
    for state, environment in (("ahead", {"TERM": "xterm", "NO_COLOR": "1"}), ("current", {"TERM": "xterm", "NO_COLOR": ""})):
        ours, theirs = pty.openpty()
        watching = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **environment}, preexec_fn=die_with_parent(signal.SIGKILL)
        )
        os.close(theirs)
        text = b""
        while b"REASON" not in text or text.count(b"\n") < 2:
            text += os.read(ours, 65536)
        if state == "ahead":
            flyway_rows(sqlite, "2", "3", "4")
        else:
            sqlite.sql("DELETE FROM flyway_schema_history WHERE version = '4'")
        while state.encode() + b" " not in text.split(b"REASON", 1)[1] or not text.endswith(b"\n"):
            text += os.read(ours, 65536)
        assert (b"\033[32mcurrent CURRENT\033[0m" in text) == (state == "current"), text
        assert (b"\033" in text) == (state == "current"), text
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20 * slowdown()) == 130
        os.close(ours)


class Nonsense(http.server.BaseHTTPRequestHandler):
    """What is behind a wrong address."""

    def do_GET(self):
        case = self.server.case
        self.send_response(case["status"])
        for name, value in case.get("headers", {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(case.get("body", b""))

    def log_message(self, *_):
        pass


def watch_nonsense(case, *arguments):
    with http.server.HTTPServer(("127.0.0.1", 0), Nonsense) as server:
        server.case = case
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            return migrationctl("--server", f"http://127.0.0.1:{server.server_port}", "status", "--watch", *arguments)
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("case", "code", "message"),
    [
        ({"status": 200, "headers": {"Content-Type": "text/html"}, "body": b"<p>hello"}, 3, "no stream of events"),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, 3, "302"),
        ({"status": 401, "body": b'{"detail": "a token is needed"}'}, 3, "a token is needed"),
        ({"status": 404, "body": b"<p>nothing here"}, 2, "404"),
        ({"status": 200, "headers": {"Content-Type": "text/event-stream"}, "body": b"event: state\ndata: {oops\n\n"}, 3, "no JSON"),
    ],
    ids=["html", "redirect", "refused", "not-found", "no-json"],
)
def test_what_is_no_daemon(case, code, message):
    result = watch_nonsense(case)
    assert result.returncode == code, result
    assert message in result.stderr and result.stderr.count("\n") == 1 and result.stdout == ""


def test_one_line_whatever_the_daemon_looks_like():
    """An event of several lines, and of a name that is none, is one object in one line all the same."""
    body = b'event: a"b\ndata: {"x":\ndata: 1}\n\nevent: state\ndata: nonsense\n\n'
    result = watch_nonsense({"status": 200, "headers": {"Content-Type": "text/event-stream"}, "body": body}, "-o", "json")
    assert result.returncode == 3
    assert [json.loads(line) for line in result.stdout.splitlines()] == [{"event": 'a"b', "data": {"x": 1}}]


def test_nobody_is_there():
    result = migrationctl("--server", "http://127.0.0.1:1", "status", "--watch")
    assert result.returncode == 3 and result.stderr.count("\n") == 1
