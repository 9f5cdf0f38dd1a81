# SPDX-License-Identifier: Apache-2.0
"""migration-wait: against the daemon, and against everything that a network can hold instead of one."""

import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest
from harness import AlembicProject, SqliteFile, eventually, free_port, migrationctl
from harness.daemon import programs, slowdown
from harness.journals import flyway_journal, flyway_rows
from harness.wait import CLOSED, OPEN, FaultServer, Waiting, migration_wait, reply

FAST = {"journal_interval": "100ms", "interval": "1s"}
# What a shell says of a process that a signal has ended, and what subprocess says of it.
ENDED_BY = {number: (128 + number, -number) for number in (signal.SIGTERM, signal.SIGINT)}


def entry(database, **settings):
    return {"url": database.url(), **FAST, **settings}


def address(port, gate="app", host="127.0.0.1"):
    return f"http://{host}:{port}/v1/gates/{gate}"


@pytest.fixture
def journal(tmp_path):
    """A database at revision 1."""
    database = SqliteFile(tmp_path / "app.db")
    flyway_journal(database, "1")
    return database


@pytest.fixture
def watched(daemon, journal):
    instance = daemon({"databases": {"app": entry(journal)}})
    instance.wait_state("app", "observed")
    return instance


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


@pytest.fixture
def fault():
    """fault(handle) starts a server that misbehaves."""
    running = []

    def start(handle, **options):
        running.append(FaultServer(handle, **options))
        return running[-1]

    yield start
    for one in running:
        one.close()


def answers(body, status=200):
    """A server that always says the same."""
    return lambda connection, _: connection.sendall(reply(status, body))


# the daemon


def test_one_look(daemon, tmp_path):
    databases = {name: SqliteFile(tmp_path / f"{name}.db") for name in ("open", "closed", "unknown", "blocked")}
    for name in ("open", "closed", "unknown"):
        flyway_journal(databases[name], "1")
    databases["blocked"].sql("CREATE TABLE legacy (id integer)")
    expect = {"open": {"expect": {"revision": "1"}}, "closed": {"expect": {"revision": "2"}}}
    instance = daemon({"databases": {name: entry(one, **expect.get(name, {})) for name, one in databases.items()}})
    states = {"open": "current", "closed": "pending", "unknown": "observed", "blocked": "unversioned"}
    for name, state in states.items():
        instance.wait_state(name, state)
    for name, code in {"open": 0, "closed": 1, "unknown": 3, "blocked": 4, "nobody": 2}.items():
        result = migration_wait("--gate", address(instance.port, name), "--timeout", "0")
        assert result.returncode == code, (name, result.stderr)
        assert result.stdout == "" and result.stderr.count("\n") == 1
        assert re.match(rf"migration-wait: .*{name}", result.stderr)
    result = migration_wait("--gate", address(instance.port, "closed"), "--timeout", "0")
    assert "closed PENDING" in result.stderr and "; next: flyway migrate" in result.stderr
    quiet = migration_wait("--gate", address(instance.port, "open"), "--timeout", "0", "--quiet")
    assert (quiet.returncode, quiet.stderr) == (0, "")


def test_it_becomes_the_command_when_the_migration_commits(watched, journal, waiting):
    run = waiting("--gate", address(watched.port), "--revision", "2", "--", "sh", "-c", "echo pid $$ args $*; exit 7", "x", "--revision", "y")
    run.said("closed PENDING")
    eventually(lambda: "migrationd_waiters 1\n" in watched.probe("/metrics").text, what="the waiter")
    assert run.popen.poll() is None
    flyway_rows(journal, "2")
    code, output, lines = run.end()
    assert code == 7
    assert output == f"pid {run.popen.pid} args --revision y\n", "by exec: the same process"
    assert [line.split(":")[2].split()[0] for line in lines] == ["closed", "open"], "one line for each reason"


def test_the_command_inherits_nothing_but_its_own(watched, waiting):
    """No open descriptor, no blocked or ignored signal that was not there before."""

    def block():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})

    script = "ls -l /proc/self/fd | grep -c socket; grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status"
    run = waiting("--gate", address(watched.port), "--revision", "1", "--", "sh", "-c", script, prepare=block)
    _, output, _ = run.end()
    sockets, *masks = output.split("\n")
    assert sockets == "0"
    blocked = next(line for line in masks if line.startswith("SigBlk"))
    assert int(blocked.split()[1], 16) == 0


@pytest.mark.parametrize(("command", "code"), [("/nonexistent/server", 127), ("no-such-command-here", 127), ("/etc/passwd", 126), ("/", 126)])
def test_commands_that_do_not_run(watched, command, code):
    result = migration_wait("--gate", address(watched.port), "--revision", "1", "--", command)
    assert result.returncode == code
    assert f"cannot run {command}: " in result.stderr


@pytest.mark.parametrize("arguments", [("--revision", "2"), ("--revision", "1", "--match", "contains", "--revision", "app:2")])
def test_the_command_never_starts_while_it_is_not_open(watched, tmp_path, arguments):
    started = tmp_path / "started"
    for timeout in ("0", "300ms"):
        result = migration_wait("--gate", address(watched.port), *arguments, "--timeout", timeout, "--", "touch", started)
        assert result.returncode in (1, 2, 124)
        assert not started.exists()


def test_it_times_out_and_says_why(watched):
    began = time.monotonic()
    result = migration_wait("--gate", address(watched.port), "--revision", "2", "--timeout", "1s")
    assert result.returncode == 124
    assert time.monotonic() - began >= 1
    last = result.stderr.splitlines()[-1]
    assert "timed out after 1s: app: closed PENDING" in last
    assert "a run that failed need not show in the journal of flyway: see what it printed" in last


def test_blocked_beyond_its_grace(daemon, tmp_path):
    database = SqliteFile(tmp_path / "legacy.db")
    database.sql("CREATE TABLE legacy (id integer)")
    instance = daemon({"databases": {"app": entry(database, blocked_grace="300ms")}})
    instance.wait_state("app", "unversioned")
    began = time.monotonic()
    result = migration_wait("--gate", address(instance.port), "--timeout", "60s")
    assert result.returncode == 4 and "blocked UNVERSIONED" in result.stderr
    assert time.monotonic() - began >= 0.3, "within its grace it may still mend"


def test_the_environment(watched, journal, tmp_path):
    environment = {"MIGRATION_GATE": address(watched.port), "MIGRATION_REVISION": "2", "MIGRATION_TIMEOUT": "0"}
    assert migration_wait(environment=environment).returncode == 1
    assert migration_wait("--revision", "1", environment=environment).returncode == 0
    assert migration_wait("--timeout", "200ms", environment=environment).returncode == 124
    assert migration_wait("--gate", address(watched.port, "nobody"), environment=environment).returncode == 2
    assert migration_wait(environment={**environment, "MIGRATION_REVISION": ""}).returncode == 3, "empty says nothing"
    both = migration_wait(environment={**environment, "MIGRATION_MANIFEST": str(tmp_path / "m.json")})
    assert both.returncode == 2 and "give one" in both.stderr
    late = migration_wait(environment={**environment, "MIGRATION_TIMEOUT": "soon"})
    assert late.returncode == 2 and "MIGRATION_TIMEOUT" in late.stderr
    token = migration_wait(environment={**environment, "MIGRATIOND_TOKEN_FILE": str(tmp_path / "none")})
    assert token.returncode == 2 and str(tmp_path / "none") in token.stderr


def test_manifests(daemon, tmp_path):
    database = SqliteFile(tmp_path / "app.db")
    project = AlembicProject(tmp_path / "alembic", database)
    project.chain("a1", "b2")
    project.run("upgrade", "a1")
    path = tmp_path / "migrations.json"
    path.write_text(migrationctl("manifest", project.folder).stdout)
    instance = daemon({"databases": {"app": entry(database, expect={"directory": str(project.scripts)})}})
    instance.wait_state("app", "pending")
    ask = ("--gate", address(instance.port), "--timeout", "0", "--manifest")
    assert migration_wait(*ask, path).returncode == 1
    project.run("upgrade", "head")
    instance.wait_state("app", "current")
    assert migration_wait(*ask, path).returncode == 0
    assert migration_wait(*ask, f"app:{path}").returncode == 0
    assert migration_wait("--gate", address(instance.port), "--timeout", "0", environment={"MIGRATION_MANIFEST": str(path)}).returncode == 0

    broken = tmp_path / "broken.json"
    for text, problem in (
        ("", "the document ends"),
        (path.read_text()[:-20], "line"),
        ('{"format":"x"}', "this is no manifest"),
        (path.read_text().replace('"heads": [', '"heads": ["a1",'), "has 2 heads (a1, b2): name one with --revision"),
    ):
        broken.write_text(text)
        result = migration_wait(*ask, broken)
        assert result.returncode == 2, result.stderr
        assert str(broken) in result.stderr and problem in result.stderr and result.stderr.count("\n") == 1
    for missing in (tmp_path / "none.json", tmp_path):
        result = migration_wait(*ask, missing)
        assert result.returncode == 2 and str(missing) in result.stderr
    if os.geteuid() != 0:
        path.chmod(0)
        assert migration_wait(*ask, path).returncode == 2


def test_several_databases(daemon, tmp_path):
    databases = {name: SqliteFile(tmp_path / f"{name}.db") for name in ("orders", "billing")}
    for database in databases.values():
        flyway_journal(database, "1")
    instance = daemon(
        {
            "databases": {name: entry(one) for name, one in databases.items()},
            "gates": {"shop": {"requires": ["orders", "billing"]}},
        }
    )
    for name in databases:
        instance.wait_state(name, "observed")
    ask = ("--gate", address(instance.port, "shop"), "--timeout", "0")
    assert migration_wait(*ask, "--revision", "orders:1", "--revision", "billing:1").returncode == 0
    result = migration_wait(*ask, "--revision", "orders:1", "--revision", "billing:2")
    assert result.returncode == 1 and "billing: closed PENDING" in result.stderr
    both = ("--revision", "orders:1", "--revision", "billing:1")
    assert migration_wait(*ask, *both, "--match", "exact", "--application", "shop").returncode == 0
    (admission,) = instance.get("/v1/gates/shop/admissions").json["admissions"]
    assert admission["revision"] == "orders:1 billing:1"
    for body in ({"revision": []}, {"revision": ["orders:1", 1]}, {"revision": 1}, {"match": "nearly"}):
        answer = instance.post("/v1/gates/shop/admissions", {"application": "shop", "instance": "1", **body})
        assert answer.status == 400, (body, answer.json)


def test_startup_signals(watched, journal, waiting):
    run = waiting("--gate", address(watched.port), "--revision", "2", "--application", "shop", "--instance", "pod-1", "--", "echo", "in")
    run.said("closed PENDING")
    assert watched.get("/v1/gates/app/admissions").json["admissions"] == []
    flyway_rows(journal, "2")
    code, output, _ = run.end()
    assert (code, output) == (0, "in\n")
    (admission,) = watched.get("/v1/gates/app/admissions").json["admissions"]
    assert (admission["application"], admission["instance"], admission["revision"]) == ("shop", "pod-1", "2")
    named = migration_wait("--gate", address(watched.port), "--revision", "2", "--application", "shop", "--timeout", "0")
    assert named.returncode == 0
    newest = watched.get("/v1/gates/app/admissions").json["admissions"][0]
    assert newest["instance"] == socket.gethostname()
    late = migration_wait("--gate", address(watched.port), "--revision", "3", "--application", "late", "--timeout", "200ms")
    assert late.returncode == 124 and late.stderr.count("\n") == 2
    refused = watched.get("/v1/gates/app/admissions").json["admissions"][0]
    assert (refused["application"], refused["revision"], refused["admitted"], refused["code"]) == ("late", "3", False, "PENDING")


def test_unix_sockets(daemon, journal, tmp_path):
    path = f"/tmp/migrationd-wait-{os.getpid()}:x.sock"
    instance = daemon({"listen": f"unix:{path}", "databases": {"app": entry(journal)}})
    eventually(lambda: migration_wait("--gate", f"unix:{path}:/v1/gates/app", "--revision", "1", "--timeout", "0").returncode == 0)
    assert migration_wait("--gate", f"unix:{path}:/v1/gates/app", "--revision", "2", "--timeout", "0").returncode == 1
    assert migrationctl("--server", f"unix:{path}", "wait", "app", "--revision", "1").returncode == 0
    instance.stop()
    gone = migration_wait("--gate", f"unix:{path}:/v1/gates/app", "--timeout", "0")
    assert gone.returncode == 3 and path in gone.stderr


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine")
def test_ipv6(fault):
    server = fault(answers(OPEN), family=socket.AF_INET6, address="::1")
    assert migration_wait("--gate", address(server.port, host="[::1]"), "--timeout", "0").returncode == 0
    assert f"Host: [::1]:{server.port}\r\n".encode() in server.requests[0]


def test_host_names(watched, fault):
    assert migration_wait("--gate", address(watched.port, host="localhost"), "--revision", "1").returncode == 0
    server = fault(answers(OPEN))
    assert migration_wait("--gate", address(server.port, host="localhost"), "--timeout", "0").returncode == 0, "all its addresses"
    unknown = migration_wait("--gate", address(1, host="no-such-host.invalid"), "--timeout", "0")
    assert unknown.returncode == 3 and "no-such-host.invalid" in unknown.stderr


def may_mount():
    return subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="no mount namespaces here")
def test_a_name_server_that_does_not_answer(waiting, tmp_path):
    """No C library's resolver knows our deadline."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        try:
            silent.bind(("127.0.0.153", 53))
        except OSError:
            pytest.skip("port 53 is not ours to take")
        (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.153\n")
        mount = f"mount --bind {tmp_path}/resolv.conf /etc/resolv.conf && exec \"$@\""
        began = time.monotonic()
        run = waiting("--gate", address(1, host="migrationd.example"), "--timeout", "500ms", wrapper=("unshare", "-m", "sh", "-c", mount, "sh"))
        code, _, lines = run.end()
        assert silent.recv(512), "it was asked"
    assert code == 124, lines
    assert "the name migrationd.example was not resolved in time" in lines[0]
    assert time.monotonic() - began < 4 * slowdown()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_it_survives_the_restart_of_the_daemon(watched, journal, waiting, tmp_path, end):
    started = tmp_path / "started"
    run = waiting("--gate", address(watched.port), "--revision", "2", "--", "touch", started)
    run.said("closed PENDING")
    getattr(watched, end)()
    run.said("unreachable: ")
    assert not started.exists() and run.popen.poll() is None
    watched.launch()
    watched.expected_exit = 0
    flyway_rows(journal, "2")
    assert run.end()[0] == 0
    assert started.exists()


# what stands in the daemon's place


def test_nobody_is_there():
    port = free_port()
    result = migration_wait("--gate", address(port), "--timeout", "0")
    assert result.returncode == 3 and f"cannot connect to 127.0.0.1:{port}" in result.stderr
    late = migration_wait("--gate", address(port), "--timeout", "1s")
    assert late.returncode == 124
    assert late.stderr.count("\n") == 2, "the reason once, and the end"


def test_it_comes_later(waiting, fault, journal, daemon):
    port = free_port()
    run = waiting("--gate", address(port), "--", "echo", "in")
    run.said("unreachable: ")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        listener.settimeout(20)
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(reply(200, OPEN))
    assert run.end()[:2] == (0, "in\n")


def trickle(data, seconds=30):
    """Sends a byte at a time, slowly."""

    def handle(connection, _):
        until = time.monotonic() + seconds
        for byte in data:
            connection.sendall(bytes([byte]))
            if time.monotonic() > until:
                return
            time.sleep(0.05)

    return handle


def hang(connection, _):
    connection.recv(1)


def reset(connection, _):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
FAULTS = {
    "hangs": (hang, "no whole answer came in time"),
    "trickles its header": (trickle(b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 1000), "no whole answer came in time"),
    "trickles its body": (trickle(HEAD + b"Content-Length: 5000\r\n\r\n" + b" " * 5000), "no whole answer came in time"),
    "closes at once": (lambda connection, _: None, "closed without an answer"),
    "resets": (reset, ""),
    "closes in the middle": (lambda c, _: c.sendall(reply(200, OPEN)[:-9]), "in the middle of the answer"),
    "closes in a chunk": (lambda c, _: c.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n40\r\n{"), "in the middle"),
    "speaks something else": (lambda c, _: c.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n"), "is no HTTP/1.1"),
    "speaks TLS": (lambda c, _: c.sendall(b"\x15\x03\x01\x00\x02\x02\x46"), "is no HTTP/1.1"),
    "sends a page": (answers("<html>It works!</html>"), "HTTP 200, but no answer of a gate"),
    "sends nothing": (answers(""), "HTTP 200, but no answer of a gate"),
    "says open with another status": (answers(OPEN, 503), "HTTP 503, but no answer of a gate"),
    "says closed with 200": (answers(CLOSED), "HTTP 200, but no answer of a gate"),
    "says open, cut": (answers(OPEN[:-1]), "HTTP 200, but no answer of a gate"),
    "says open, and more": (answers(OPEN + "x"), "HTTP 200, but no answer of a gate"),
    "says open twice in length": (
        lambda c, _: c.sendall(HEAD + b"Content-Length: 9\r\nContent-Length: 99\r\n\r\n" + OPEN.encode()),
        "Content-Length makes no sense",
    ),
    "is huge": (lambda c, _: c.sendall(HEAD + b"Content-Length: 99999999999\r\n\r\n{"), "larger than"),
    "has no end": (lambda c, _: [c.sendall(bytes(65536)) for _ in itertools.chain([c.sendall(HEAD + b"\r\n")], itertools.count())], ""),
    "has a header without end": (lambda c, _: c.sendall(HEAD + b"X-A: b\r\n" * 9999), "header is too long"),
    "is an error of a proxy": (answers("<h1>502 Bad Gateway</h1>", 502), "HTTP 502, but no answer of a gate"),
    "is a proxy without a backend": (answers("default backend - 404", 404), "HTTP 404, but no answer of a gate"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(fault, tmp_path, name):
    handle, message = FAULTS[name]
    server = fault(handle)
    started = tmp_path / "started"
    began = time.monotonic()
    result = migration_wait("--gate", address(server.port), "--timeout", "700ms", "--", "touch", started)
    assert result.returncode == 124, result.stderr
    assert message in result.stderr and "unreachable" in result.stderr or "no answer of a gate" in result.stderr
    assert time.monotonic() - began < 10 * slowdown(), "its own deadline holds"
    assert not started.exists()
    assert all(line.isprintable() for line in result.stderr.splitlines())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(fault, tmp_path, status):
    target = fault(answers(OPEN))
    where = address(target.port)
    server = fault(lambda connection, _: connection.sendall(reply(status, OPEN, [f"Location: {where}"])))
    result = migration_wait("--gate", address(server.port), "--timeout", "30s", "--", "touch", tmp_path / "started")
    assert result.returncode == 3
    assert result.stderr == f"migration-wait: HTTP {status} redirects to '{where}': redirects are not followed, name the gate's own address\n"
    assert target.requests == [] and not (tmp_path / "started").exists()


def test_refusals_are_final(fault):
    for status in (400, 401, 403, 404):
        server = fault(answers(json.dumps({"status": status, "detail": "for a reason"}), status))
        result = migration_wait("--gate", address(server.port), "--timeout", "30s")
        assert result.returncode == 2 and result.stderr == f"migration-wait: HTTP {status}: for a reason\n"


def test_a_question_that_is_too_long(watched):
    """It stays too long, however long one waits."""
    result = migration_wait("--gate", address(watched.port), "--revision", "r" * 5000, "--timeout", "30s")
    assert result.returncode == 2
    assert result.stderr == "migration-wait: HTTP 414, but no answer of a gate: the question is too long\n"


def test_a_token_that_never_comes(tmp_path):
    os.mkfifo(tmp_path / "token")
    result = migration_wait("--gate", address(free_port()), "--token-file", tmp_path / "token", "--timeout", "1s")
    assert result.returncode == 2 and "holds no token" in result.stderr


def test_a_full_daemon_is_asked_again(fault, waiting):
    """What it says of when to come back is heeded."""
    moments = []

    def handle(connection, _):
        moments.append(time.monotonic())
        if len(moments) == 1:
            connection.sendall(reply(429, json.dumps({"detail": "too many requests wait"}), ["Retry-After: 1"]))
        else:
            connection.sendall(reply(200, OPEN))

    server = fault(handle)
    code, _, lines = waiting("--gate", address(server.port)).end()
    assert code == 0 and "HTTP 429: too many requests wait" in lines[0]
    assert moments[1] - moments[0] >= 1


def test_an_admission_that_is_not_kept(fault, waiting):
    """503 HISTORY_UNAVAILABLE is said, and tried again; nobody starts before."""
    signals = []

    def handle(connection, request):
        if request.startswith(b"GET"):
            return connection.sendall(reply(200, OPEN))
        signals.append(request)
        if len(signals) < 3:
            body = json.dumps({"code": "HISTORY_UNAVAILABLE", "detail": "the disk is full"})
            return connection.sendall(reply(503, body))
        return connection.sendall(reply(201, '{"gate":"app","answer":' + OPEN + "}"))

    server = fault(handle)
    code, _, lines = waiting("--gate", address(server.port), "--application", "shop").end()
    assert code == 0 and len(signals) == 3
    assert lines[0] == "migration-wait: HTTP 503 HISTORY_UNAVAILABLE: the disk is full"
    assert len(lines) == 2, "said once"


def test_what_is_sent(fault, tmp_path):
    server = fault(answers(OPEN))
    token = tmp_path / "token"
    token.write_text("s3cret-t0ken\n")
    result = migration_wait("--gate", address(server.port, "a%20b"), "--revision", "x:1 2", "--supports", "1..2", "--token-file", token)
    assert result.returncode == 0
    head = server.requests[0].decode().split("\r\n")
    assert head[0] == "GET /v1/gates/a%20b?revision=x%3A1%202&supports=1..2 HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}" in head
    assert "Authorization: Bearer s3cret-t0ken" in head
    assert "s3cret" not in result.stderr + result.stdout


def test_what_terminals_obey_is_not_said(fault):
    server = fault(answers(OPEN.replace("all is applied", "\\u001b[31mred\\u202e\\nnext").replace("CURRENT", "CUR\\u0007RENT")))
    result = migration_wait("--gate", address(server.port), "--timeout", "0")
    assert result.returncode == 0 and "red" in result.stderr
    assert result.stderr.count("\n") == 1 and result.stderr.rstrip("\n").isprintable()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--gate",),
        ("--gate", ""),
        ("--gate", "orders-api"),
        ("--gate", "https://127.0.0.1:1/v1/gates/x"),
        ("--gate", "http://127.0.0.1:1"),
        ("--gate", "http://u:p@127.0.0.1:1/v1/gates/x"),
        ("--gate", "unix:/run/x.sock"),
        ("--gate", "http://127.0.0.1:1/v1/gates/x", "ls"),
        ("--gate", "http://127.0.0.1:1/v1/gates/x", "ls", "--", "-l"),
        ("--gate", "http://127.0.0.1:1/v1/gates/x", "--timeout", "soon"),
        ("--gate", "http://127.0.0.1:1/v1/gates/x", "--timeout", "-1s"),
        ("--gate", "http://127.0.0.1:1/v1/gates/x", "--match", "nearly"),
        ("--gate", "http://127.0.0.1:1/v1/gates/x", "--instance", "i"),
        ("--gate", "http://127.0.0.1:1/v1/gates/x", "--nonsense"),
    ],
)
def test_usage_is_2(arguments):
    result = migration_wait(*arguments)
    assert result.returncode == 2, result.stderr
    assert result.stdout == "" and result.stderr
    assert "u:p" not in result.stderr.replace(" ".join(arguments), "")


def test_help_and_version():
    for option, text in (("--help", "--gate ADDRESS"), ("--version", "migration-wait ")):
        result = migration_wait(option)
        assert result.returncode == 0 and text in result.stdout and result.stderr == ""


# signals


@pytest.mark.parametrize("number", ENDED_BY)
@pytest.mark.parametrize("state", ["holding", "pausing", "connecting"])
def test_signals_end_it_at_once(fault, waiting, number, state):
    if state == "holding":

        def handle(connection, request):
            return hang(connection, request) if b"wait=" in request else connection.sendall(reply(503, CLOSED))

        server = fault(handle)
        run = waiting("--gate", address(server.port), "--", "true")
        eventually(lambda: any(b"wait=" in request for request in server.requests), 10 * slowdown())
    elif state == "pausing":
        run = waiting("--gate", address(free_port()), "--", "true")
        run.said("unreachable")
    else:
        run = waiting("--gate", address(fault(hang).port), "--", "true")
        eventually(lambda: run.popen.poll() is None)
    began = time.monotonic()
    run.popen.send_signal(number)
    assert run.popen.wait(10 * slowdown()) in ENDED_BY[number]
    assert time.monotonic() - began < 5 * slowdown()


def may_be_process_1():
    return subprocess.run(["unshare", "-pf", "--kill-child", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not may_be_process_1(), reason="no PID namespaces here")
@pytest.mark.parametrize("number", ENDED_BY)
def test_signals_end_process_1(waiting, number):
    """The kernel spares process 1 the default actions."""
    # the shell becomes migration-wait: the one child of unshare, process 1 of its namespace
    run = waiting("--gate", address(free_port()), "--", "true", wrapper=("unshare", "-pf", "--kill-child"))
    run.said("unreachable")
    (child,) = subprocess.run(["pgrep", "-P", str(run.popen.pid)], capture_output=True, text=True).stdout.split()
    os.kill(int(child), number)
    assert run.popen.wait(10 * slowdown()) == 128 + number


def test_signals_reach_the_command(fault, waiting):
    server = fault(answers(OPEN))
    script = "trap 'echo got it; exit 9' TERM; echo ready; while :; do sleep 0.05; done"
    run = waiting("--gate", address(server.port), "--", "sh", "-c", script)
    assert run.popen.stdout.readline() == "ready\n"
    run.popen.send_signal(signal.SIGTERM)
    assert run.popen.stdout.readline() == "got it\n"
    assert run.popen.wait(10 * slowdown()) == 9


def test_ignored_signals_stay_ignored(fault, waiting):
    """As nohup(1) and shells' background jobs want it."""
    server = fault(answers(OPEN))
    ignored = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
    run = waiting("--gate", address(server.port), "--", "grep", "SigIgn", "/proc/self/status", prepare=ignored)
    _, output, _ = run.end()
    assert int(output.split()[1], 16) & 1 << (signal.SIGHUP - 1)


# the program


def is_static():
    program = programs() / "migration-wait"
    return b"INTERP" not in subprocess.run(["readelf", "-lW", program], capture_output=True).stdout


def test_it_needs_nothing():
    """Where musl's compiler is there, images need nothing but this file."""
    if not shutil.which("musl-gcc") or os.environ.get("MIGRATIOND_TEST_SLOWDOWN"):
        pytest.skip("linked dynamically: no musl, or a sanitizer")
    program = programs() / "migration-wait"
    assert is_static()
    assert program.stat().st_size < 1 << 20


@pytest.mark.native
def test_it_runs_in_an_empty_root(fault, tmp_path):
    if os.geteuid() != 0 or not is_static():
        pytest.skip("needs chroot(8) and a static program")
    server = fault(answers(OPEN))
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(programs() / "migration-wait", root / "wait")
    gate = address(server.port)
    command = ["chroot", root, "/wait", "--gate", gate, "--", "/wait", "--version"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert result.returncode == 0 and result.stdout.startswith("migration-wait "), result.stderr


@pytest.mark.native
def test_it_is_small_while_it_waits(fault, waiting):
    server = fault(lambda c, r: hang(c, r) if b"wait=" in r else c.sendall(reply(503, CLOSED)))
    run = waiting("--gate", address(server.port))
    eventually(lambda: any(b"wait=" in request for request in server.requests))
    status = open(f"/proc/{run.popen.pid}/status").read()
    if is_static():
        assert int(re.search(r"VmRSS:\s+(\d+)", status)[1]) < 2048


# migrationctl wait is the same code


def test_migrationctl_becomes_the_command(watched, journal):
    server = ("--server", f"http://127.0.0.1:{watched.port}", "wait", "app", "--revision")
    result = watched.ctl(*server, "1", "--", "echo", "--in", "it")
    assert (result.returncode, result.stdout) == (0, "--in it\n")
    assert watched.ctl(*server, "2", "--timeout", "0", "--", "echo", "in").stdout == ""
    assert watched.ctl(*server, "1", "--", "/nonexistent").returncode == 127
    assert watched.ctl(*server, "1", "echo", "in").returncode == 2, "a command stands behind --"
    signed = watched.ctl(*server, "1", "--application", "ctl", "--instance", "1")
    assert signed.returncode == 0
    assert watched.get("/v1/gates/app/admissions").json["admissions"][0]["application"] == "ctl"
