# SPDX-License-Identifier: Apache-2.0
"""The units: as systemd-analyze reads them, by hand, and (--full) under a real systemd in a bare root."""

import ast
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from harness import RawConnection, SqliteFile, eventually
from harness.daemon import REPOSITORY, programs, slowdown
from harness.debian_root import DebianRoot, build_package, why_no_boot
from harness.journals import flyway_journal, flyway_rows
from harness.process import Process, free_port, run

UNITS = ["migrationd.service", "migrationd.socket", "migrationd-probe.socket", "migration-gate@.service"]
GATE_HELPER = REPOSITORY / "systemd" / "migration-gate"
MANUAL = REPOSITORY / "systemd" / "migration-gate@.service.8"

needs_analyze = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


# what is installed


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that `cmake --install` has filled, and how to do it again."""
    build = programs().parent
    if not (build / "cmake_install.cmake").exists():
        pytest.skip("the programs do not stand in a build folder")
    tree = tmp_path_factory.mktemp("installed")

    def install():
        subprocess.run(
            ["cmake", "--install", build], env={**os.environ, "DESTDIR": str(tree)}, check=True, capture_output=True, timeout=60
        )

    install()
    return tree, install


def one(tree, name):
    """The only file whose path ends so."""
    (found,) = (path for path in tree.rglob(name) if path.is_file())
    return found


def inside(tree, name):
    return Path("/") / one(tree, name).relative_to(tree)


def test_install(installed):
    tree, install = installed
    service = one(tree, "migrationd.service").read_text()
    assert f"ExecStart={inside(tree, 'bin/migrationd')} --config {inside(tree, 'etc/migrationd/migrationd.yaml')}\n" in service
    assert f"ExecReload={inside(tree, 'bin/migrationctl')} reload\n" in service
    assert "RestartPreventExitStatus=78" in service
    gate = one(tree, "migration-gate@.service").read_text()
    assert f"ExecStart={inside(tree, 'migrationd/migration-gate')} {inside(tree, 'bin/migration-wait')} $MIGRATION_OPTIONS\n" in gate
    assert os.access(one(tree, "migrationd/migration-gate"), os.X_OK)
    assert one(tree, MANUAL.name)
    edited = one(tree, "etc/migrationd/migrationd.yaml")
    edited.write_text("edited\n")
    install()
    assert edited.read_text() == "edited\n", "an edited configuration was overwritten"


@needs_analyze
def test_units_verify(installed, tmp_path):
    """With the paths of the folder that they were installed to, since the programs have to be there."""
    tree, _ = installed
    for name in UNITS:
        text = one(tree, name).read_text()
        for program in ("bin/migrationd", "bin/migrationctl", "bin/migration-wait", "migrationd/migration-gate"):
            text = re.sub(rf"(?<=[= ]){inside(tree, program)}(?= )", str(one(tree, program)), text)
        (tmp_path / name).write_text(text)
    instance = tmp_path / "migration-gate@orders.service"
    instance.symlink_to("migration-gate@.service")
    for name in [*UNITS[:3], instance.name]:
        result = subprocess.run(
            ["systemd-analyze", "--man=no", "--recursive-errors=no", "verify", tmp_path / name],
            env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert result.returncode == 0 and "Unknown" not in result.stderr, result.stdout + result.stderr


@needs_analyze
@pytest.mark.parametrize("name", ["migrationd.service", "migration-gate@.service"])
def test_units_are_hardened(name):
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=15", REPOSITORY / "systemd" / name]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.skipif(not shutil.which("systemd-sysusers"), reason="systemd-sysusers is not installed")
@pytest.mark.skipif(os.geteuid() != 0, reason="files of other users need root")
def test_users_and_folders(tmp_path):
    for kind in ("sysusers", "tmpfiles"):
        (tmp_path / f"usr/lib/{kind}.d").mkdir(parents=True)
        shutil.copy(REPOSITORY / "systemd" / f"{kind}.conf", tmp_path / f"usr/lib/{kind}.d/migrationd.conf")
    (tmp_path / "etc").mkdir()
    run(["systemd-sysusers", f"--root={tmp_path}", "migrationd.conf"])
    passwd = (tmp_path / "etc/passwd").read_text()
    user = re.search(r"^migrationd:[!x*]*:(\d+):(\d+):[^:]*:/var/lib/migrationd:(\S+)$", passwd, re.MULTILINE)
    assert user and user.group(3).endswith("nologin"), passwd
    run(["systemd-tmpfiles", f"--root={tmp_path}", "--create", "migrationd.conf"])
    uid, gid = int(user.group(1)), int(user.group(2))
    modes = {"etc/migrationd": (0o750, 0, gid), "etc/migrationd/gates": (0o750, 0, gid), "etc/migrationd/secrets": (0o750, 0, gid)}
    modes |= {"run/migrationd": (0o755, uid, gid), "var/lib/migrationd": (0o700, uid, gid)}
    for name, (mode, owner, group) in modes.items():
        state = (tmp_path / name).stat()
        assert (state.st_mode & 0o7777, state.st_uid, state.st_gid) == (mode, owner, group), name


def test_manual():
    if not shutil.which("man"):
        pytest.skip("man is not installed")
    shown = run(["man", "--warnings", "--local-file", MANUAL], env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "100"})
    assert shown.stderr == ""
    for heading in ("START-UP ORDER", "RESTARTS", "FAILURES", "ENVIRONMENT"):
        assert re.search(rf"^{heading}$", shown.stdout, re.MULTILINE)
    if shutil.which("mandoc"):
        run(["mandoc", "-Tlint", "-Wwarning", MANUAL])


# sockets that are handed over

HAND_OVER = """
import os, sys
for wanted, given in ((3, int(sys.argv[1])), (4, int(sys.argv[2]))):
    os.dup2(given, wanted, inheritable=True)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2", "LISTEN_FDNAMES": "listen:probe"}
os.execv(sys.argv[3], sys.argv[3:])
"""


class Activated:
    """Two listening sockets, and daemons that get them from whoever stands in for systemd."""

    def __init__(self, folder, database):
        flyway_journal(database, 1)
        self.folder = folder
        self.sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.port, self.probe_port = (one.getsockname()[1] for one in self.sockets)
        self.config = folder / "migrationd.yaml"
        orders = {"url": database.url(), "expect": {"revision": "2"}}
        self.config.write_text(json.dumps({"http_threads": 1, "history": "none", "databases": {"orders": orders}}))
        self.running = []

    def start(self):
        handles = [os.dup(one.fileno()) for one in self.sockets]
        command = [sys.executable, "-c", HAND_OVER, *handles, programs() / "migrationd", "--config", self.config]
        self.running.append(Process(command, self.folder / "migrationd.log", pass_fds=handles))
        for handle in handles:
            os.close(handle)
        return self.running[-1]

    def connect(self, request, port=None):
        connection = RawConnection(port or self.port, 60 * slowdown())
        connection.send(request)
        return connection

    def ask(self, path, port=None):
        with self.connect(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode(), port) as connection:
            return connection.response()

    def close(self):
        for process in self.running:
            if process.returncode is None:
                process.signal(signal.SIGKILL)
                process.wait()
        for one in self.sockets:
            one.close()


@pytest.fixture
def activated(tmp_path, sqlite):
    made = Activated(tmp_path, sqlite)
    yield made
    made.close()


def test_sockets_have_names(activated):
    activated.start()
    assert activated.ask("/v1/databases").status == 200
    assert activated.ask("/v1/databases", activated.probe_port).status == 404
    assert activated.ask("/livez", activated.probe_port).status == 200


def test_request_between_two_daemons(activated):
    """Whoever connects while a daemon drains is answered by the next one."""
    first = activated.start()
    held = activated.connect(b"GET /v1/gates/orders?wait=55s HTTP/1.1\r\nHost: test\r\n\r\n")
    eventually(lambda: "migrationd_waiters 1\n" in activated.ask("/metrics").text, 20 * slowdown(), "a waiter")
    slow = activated.connect(b"GET /livez HTTP/1.1\r\n")  # keeps the drain going
    assert activated.ask("/livez").status == 200, "what came before this was read"
    first.signal(signal.SIGTERM)
    assert held.response().status == 503, "the drain has begun"
    late = activated.connect(b"GET /livez HTTP/1.1\r\nHost: test\r\n\r\n")
    slow.close()
    held.close()
    assert first.wait(20 * slowdown()) == 0
    activated.start()
    assert late.response().status == 200
    late.close()


# the gate's program, as the unit runs it


class GateHelper:
    """migration-gate, with the environment that the unit gives."""

    def __init__(self, folder, gate, **environment):
        environment = {**os.environ, "MIGRATION_GATE": gate, **environment}
        command = [GATE_HELPER, programs() / "migration-wait"]
        self.process = Process(command, folder / "gate.log", env=environment)

    def said(self, pattern):
        return eventually(lambda: re.search(pattern, self.process.log()), 20 * slowdown(), pattern)

    def kill(self):
        self.process.signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def orders(daemon, sqlite):
    """A daemon and its database, one migration behind."""
    flyway_journal(sqlite, 1)
    started = daemon({"databases": {"orders": {"url": sqlite.url(), "blocked_grace": "1s", "expect": {"revision": "2"}}}})
    return started, sqlite


def address(started, gate):
    return f"http://127.0.0.1:{started.port}/v1/gates/{gate}"


def test_gate_waits_until_it_is_open(orders, tmp_path):
    started, database = orders
    helper = GateHelper(tmp_path, address(started, "orders"))
    helper.said("closed PENDING")
    flyway_rows(database, 2)
    assert helper.process.wait(20 * slowdown()) == 0


def test_gate_outlasts_what_is_blocked(orders, tmp_path):
    started, database = orders
    flyway_rows(database, 2, failed=(2,))
    helper = GateHelper(tmp_path, address(started, "orders"))
    helper.said("blocked FAILED")
    eventually(lambda: "sleep" in children(helper.process.pid), 30 * slowdown(), "the pause after migration-wait has ended")
    assert helper.process.returncode is None
    database.sql("DELETE FROM flyway_schema_history WHERE success = FALSE")
    helper.said("closed PENDING")
    flyway_rows(database, 2)
    assert helper.process.wait(30 * slowdown()) == 0
    assert len(re.findall("blocked FAILED", helper.process.log())) == 1, "a reason is said once"


def children(pid):
    """The command lines of a process's children."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found.append(Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode())
    return "\n".join(found)


def test_gate_gives_up_only_when_told(orders, tmp_path):
    started, database = orders
    helper = GateHelper(tmp_path, address(started, "orders"), MIGRATION_TIMEOUT="500ms")
    assert helper.process.wait(20 * slowdown()) == 124
    flyway_rows(database, 2, failed=(2,))
    started.wait_state("orders", "failed")
    helper = GateHelper(tmp_path, address(started, "orders"), MIGRATION_TIMEOUT="1m")
    assert helper.process.wait(20 * slowdown()) == 4


def test_gate_that_does_not_exist(orders, tmp_path):
    started, _ = orders
    assert GateHelper(tmp_path, address(started, "nowhere")).process.wait(20 * slowdown()) == 2


def test_gate_waits_for_the_daemon(tmp_path):
    helper = GateHelper(tmp_path, f"http://127.0.0.1:{free_port()}/v1/gates/orders")
    helper.said("unreachable")
    assert helper.process.returncode is None
    helper.kill()


# under systemd

SERVICE = "migrationd.service"
GATE = "migration-gate@orders.service"
CONFIG = "/etc/migrationd/migrationd.yaml"
APPLICATION = f"""[Unit]
Requires={GATE}
After={GATE}

[Service]
ExecStart=/bin/sleep infinity
Restart=on-failure
RestartSec=100ms
"""


class Machine:
    """A bare root with the package, started, and an application behind a gate."""

    def __init__(self):
        self.root = DebianRoot()
        self.root.apt("update")
        self.root.install(build_package())
        self.root.apt("install", "postgresql")
        folder = self.root.path("/srv/orders")
        folder.mkdir()
        self.database = SqliteFile(folder / "app.db")
        flyway_journal(self.database, 1)
        self.configure("orders: {url: 'sqlite:////srv/orders/app.db', blocked_grace: 1s, expect: {revision: '2'}}")
        self.write("/etc/systemd/system/orders-api.service", APPLICATION)
        self.root.boot()
        self.systemctl("start", SERVICE)

    def configure(self, databases):
        self.write(CONFIG, f"databases:\n  {databases}\n")

    def write(self, path, text):
        path = self.root.path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def systemctl(self, *arguments, **options):
        return self.root.systemctl(*arguments, **options)

    def property(self, unit, name):
        return self.root.property(unit, name)

    def state(self, unit):
        return f"{self.property(unit, 'ActiveState')}/{self.property(unit, 'SubState')}"

    def until(self, unit, state, timeout=30):
        try:
            eventually(lambda: self.state(unit) == state, timeout * slowdown(), f"{unit} {state}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.root.journal(GATE)}\n{self.root.journal(SERVICE)}") from None

    def pid(self, unit):
        return self.property(unit, "MainPID")

    def kill(self, unit, name="SIGKILL"):
        self.systemctl("kill", "--kill-whom=main", f"--signal={name}", unit)

    def migrate(self):
        flyway_rows(self.database, 2)

    def fall_behind(self):
        self.database.sql("DELETE FROM flyway_schema_history WHERE version = '2'")

    def until_gate(self, code):
        gate = "http://127.0.0.1:8484/v1/gates/orders"
        wait = ["migration-wait", "--quiet", "--timeout", "0", "--gate", gate]
        eventually(lambda: self.root.inside(*wait, check=False).returncode == code, 20 * slowdown(), f"exit code {code}")

    def reset(self):
        """The application stopped and the database behind, whatever a test has left."""
        self.systemctl("stop", "orders-api.service", "migration-gate@*.service")
        self.systemctl("reset-failed")
        self.fall_behind()
        self.systemctl("start", SERVICE)
        self.until_gate(1)


@pytest.fixture(scope="module")
def started_machine():
    reason = why_no_boot()
    if reason:
        pytest.skip(reason)
    if not shutil.which("dpkg-shlibdeps"):
        pytest.skip("dpkg-dev is not installed")
    made = Machine()
    yield made
    print(made.root.journal(SERVICE))
    made.root.close()


@pytest.fixture
def machine(started_machine):
    started_machine.reset()
    yield started_machine


def full(function):
    return pytest.mark.full(pytest.mark.native(function))


@full
def test_service_runs_as_its_user(machine):
    assert machine.root.inside("stat", "-c", "%U", f"/proc/{machine.pid(SERVICE)}").stdout.strip() == "migrationd"
    assert machine.root.inside("stat", "-c", "%U %a", "/var/lib/migrationd").stdout.strip() == "migrationd 700"
    assert machine.property(SERVICE, "StatusText")


@full
def test_peer_authentication(machine):
    """What the unit has a fixed user for; no password stands anywhere."""
    machine.systemctl("start", "postgresql")
    as_owner = ["runuser", "-u", "postgres", "--"]
    eventually(lambda: machine.root.inside(*as_owner, "psql", "-c", "SELECT 1"), 60 * slowdown(), "PostgreSQL")
    machine.root.inside(*as_owner, "createuser", "migrationd")
    machine.root.inside(*as_owner, "createdb", "--owner=migrationd", "billing")
    good = machine.root.path(CONFIG).read_text()
    machine.write(CONFIG, good + "  billing: {url: 'postgresql://migrationd@/billing?host=/run/postgresql', journal: none}\n")
    try:
        machine.systemctl("reload", SERVICE)
        wait = ["migration-wait", "--timeout", "1m", "--gate", "http://127.0.0.1:8484/v1/gates/billing"]
        machine.root.inside(*wait, timeout=70)
    finally:
        machine.write(CONFIG, good)
        machine.systemctl("reload", SERVICE)
        machine.systemctl("stop", "postgresql")


@full
def test_application_starts_behind_its_gate(machine):
    machine.systemctl("start", "--no-block", "orders-api.service")
    machine.until(GATE, "activating/start")
    assert machine.state("orders-api.service") == "inactive/dead"
    waiting = machine.property(GATE, "InvocationID")

    machine.systemctl("restart", SERVICE)
    machine.kill(SERVICE)
    machine.until(SERVICE, "active/running")
    machine.until_gate(1)
    assert machine.state("orders-api.service") == "inactive/dead"
    assert machine.property(GATE, "InvocationID") == waiting, "whatever the daemon does, the gate waits on"

    machine.migrate()
    machine.until("orders-api.service", "active/running")
    assert machine.state(GATE) == "inactive/dead"


@full
def test_running_application_is_left_alone(machine):
    machine.migrate()
    machine.systemctl("start", "orders-api.service")
    running = machine.pid("orders-api.service")
    machine.systemctl("restart", SERVICE)
    machine.kill(SERVICE)
    machine.until(SERVICE, "active/running")
    machine.systemctl("stop", SERVICE)
    machine.fall_behind()
    assert machine.state("orders-api.service") == "active/running"
    assert machine.pid("orders-api.service") == running


@full
@pytest.mark.parametrize("how", ["restart", "crash"])
def test_every_start_asks_again(machine, how):
    machine.migrate()
    machine.systemctl("start", "orders-api.service")
    running = machine.pid("orders-api.service")
    machine.fall_behind()
    machine.until_gate(1)
    if how == "restart":
        machine.systemctl("restart", "--no-block", "orders-api.service")
    else:
        machine.kill("orders-api.service")
    machine.until(GATE, "activating/start")
    assert machine.state("orders-api.service") != "active/running"
    machine.migrate()
    machine.until("orders-api.service", "active/running")
    assert machine.pid("orders-api.service") != running


@full
def test_blocked_gate_keeps_its_application_waiting(machine):
    flyway_rows(machine.database, 2, failed=(2,))
    machine.systemctl("start", "--no-block", "orders-api.service")
    eventually(lambda: "blocked FAILED" in machine.root.journal(GATE), 30 * slowdown(), "the reason")
    machine.until_gate(4)
    assert machine.state(GATE) == "activating/start"
    machine.database.sql("DELETE FROM flyway_schema_history WHERE success = FALSE")
    machine.migrate()
    machine.until("orders-api.service", "active/running")


@full
def test_failed_gate_leaves_its_application_dead(machine):
    """As migration-gate@.service(8) says: this is systemd's way, and why the gate does not give up by itself."""
    machine.write("/etc/migrationd/gates/orders.env", "MIGRATION_TIMEOUT=1s\n")
    try:
        result = machine.systemctl("start", "orders-api.service", check=False)
        assert result.returncode != 0 and "dependency" in result.stderr
        assert machine.property(GATE, "ExecMainStatus") == "124"
        machine.migrate()
        machine.until_gate(0)
        assert machine.state("orders-api.service") == "inactive/dead"
    finally:
        machine.root.path("/etc/migrationd/gates/orders.env").unlink()
    machine.systemctl("start", "orders-api.service")


@full
def test_restart_of_the_gate_would_not_help(machine):
    """systemd#18856: the day this fails, the gate's unit may have Restart=."""
    drop_in = f"/etc/systemd/system/{GATE}.d/again.conf"
    machine.write(drop_in, "[Service]\nEnvironment=MIGRATION_TIMEOUT=1s\nRestart=on-failure\nRestartSec=100ms\n")
    machine.systemctl("daemon-reload")
    try:
        assert machine.systemctl("start", "orders-api.service", check=False).returncode != 0
        machine.migrate()
        machine.until(GATE, "inactive/dead")
        assert machine.state("orders-api.service") == "inactive/dead"
    finally:
        machine.root.path(drop_in).unlink()
        machine.systemctl("daemon-reload")


@full
def test_question_in_the_unit_itself(machine):
    """The other way of migration-gate@.service(8): fails, and is tried again."""
    machine.write(
        "/etc/systemd/system/orders-worker.service",
        "[Unit]\nStartLimitIntervalSec=0\n[Service]\nEnvironment=MIGRATION_GATE=http://127.0.0.1:8484/v1/gates/orders\n"
        "ExecStartPre=/usr/bin/migration-wait --timeout 1s\nExecStart=/bin/sleep infinity\nTimeoutStartSec=90\n"
        "Restart=on-failure\nRestartSec=100ms\n",
    )
    machine.systemctl("daemon-reload")
    machine.systemctl("start", "--no-block", "orders-worker.service")
    eventually(lambda: int(machine.property("orders-worker.service", "NRestarts")) >= 2, 30 * slowdown(), "tries")
    machine.migrate()
    machine.until("orders-worker.service", "active/running")
    machine.systemctl("stop", "orders-worker.service")


@full
def test_gate_behind_a_unix_socket(machine):
    """Which belongs to the daemon's group, and the gate's user of the moment is in that."""
    good = machine.root.path(CONFIG).read_text()
    environment = "/etc/migrationd/gates/orders.env"
    machine.write(CONFIG, "listen: unix:/run/migrationd/api.sock\n" + good)
    machine.write(environment, "MIGRATION_GATE=unix:/run/migrationd/api.sock:/v1/gates/orders\n")
    try:
        machine.systemctl("restart", SERVICE)
        machine.systemctl("start", "--no-block", "orders-api.service")
        machine.until(GATE, "activating/start")
        eventually(lambda: "closed PENDING" in machine.root.journal(GATE).splitlines()[-1], 30 * slowdown(), "the reason")
        machine.migrate()
        machine.until("orders-api.service", "active/running")
    finally:
        machine.write(CONFIG, good)
        machine.root.path(environment).unlink()
        machine.systemctl("restart", SERVICE)


@full
def test_broken_configuration_is_not_tried_again(machine):
    good = machine.root.path(CONFIG).read_text()
    machine.write(CONFIG, "databases: {\n")
    try:
        assert machine.systemctl("reload", SERVICE, check=False).returncode != 0
        assert machine.state(SERVICE) == "active/running", "the old configuration keeps running"
        machine.systemctl("restart", SERVICE, check=False)
        machine.until(SERVICE, "failed/failed")
        assert machine.property(SERVICE, "ExecMainStatus") == "78"
        assert machine.property(SERVICE, "NRestarts") == "0"
    finally:
        machine.write(CONFIG, good)
    machine.systemctl("start", SERVICE)
    machine.systemctl("reload", SERVICE)


@full
def test_watchdog(machine):
    drop_in = f"/etc/systemd/system/{SERVICE}.d/impatient.conf"
    machine.write(drop_in, "[Service]\nWatchdogSec=2\n")
    machine.systemctl("daemon-reload")
    try:
        machine.systemctl("restart", SERVICE)
        first = machine.pid(SERVICE)
        machine.kill(SERVICE, "SIGSTOP")
        eventually(lambda: machine.pid(SERVICE) not in ("0", first), 30 * slowdown(), "another process")
        machine.until(SERVICE, "active/running")
        machine.until_gate(1)
    finally:
        machine.root.path(drop_in).unlink()
        machine.systemctl("daemon-reload")


LOAD = """
import http.client, sys
counts = {}
print("ready", flush=True)
for _ in range(int(sys.argv[1])):
    connection = http.client.HTTPConnection("127.0.0.1", 8484, timeout=20)
    try:
        connection.request("GET", "/v1/gates/orders")
        code = connection.getresponse().status
    except Exception as error:
        code = type(error).__name__
    connection.close()
    counts[code] = counts.get(code, 0) + 1
print(counts)
"""


@full
def test_sockets_stay_open(machine):
    machine.migrate()
    machine.systemctl("stop", SERVICE)
    machine.systemctl("start", "migrationd.socket", "migrationd-probe.socket")
    try:
        machine.until_gate(0)  # which has started the service
        assert machine.state(SERVICE) == "active/running"
        load = machine.root.in_network(sys.executable, "-c", LOAD, "3000", stdout=subprocess.PIPE)
        assert load.stdout.readline() == "ready\n"
        restarts = 0
        while load.poll() is None:
            machine.systemctl("restart", SERVICE)
            restarts += 1
        counts = ast.literal_eval(load.stdout.read())
        assert restarts >= 2 and counts[200] > 1000
        assert counts.keys() <= {200, 503}, f"a connection was lost in {restarts} restarts: {counts}"
    finally:
        machine.systemctl("stop", "migrationd.socket", "migrationd-probe.socket", SERVICE)


@full
def test_upgrade_restarts_what_runs(machine):
    newer = build_package(release=2)
    shutil.copy(newer, machine.root.path("/var/tmp"))
    install = ["dpkg", "--force-confold", "--install", f"/var/tmp/{newer.name}"]
    first = machine.pid(SERVICE)
    machine.root.inside(*install, timeout=120)
    machine.until(SERVICE, "active/running")
    second = machine.pid(SERVICE)
    assert second != first
    good = machine.root.path(CONFIG).read_text()
    machine.write(CONFIG, "databases: {\n")
    try:
        said = machine.root.inside(*install, timeout=120)
        assert "not restarted" in said.stderr
        assert machine.pid(SERVICE) == second, "a daemon that works is better than one that refuses its configuration"
    finally:
        machine.write(CONFIG, good)
