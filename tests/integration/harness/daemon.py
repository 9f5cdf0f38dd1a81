# SPDX-License-Identifier: Apache-2.0
"""The daemon under test, from outside: its configuration, its process, its HTTP."""

import concurrent.futures
import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import time
import urllib.parse
from pathlib import Path
from typing import Any, NamedTuple

from .process import Process, eventually, free_ports, private_folder, remove_folder

REPOSITORY = Path(__file__).resolve().parents[3]
START_ATTEMPTS = 5
SANITIZER_REPORT = re.compile(
    r"ERROR: (Address|Leak|Memory)Sanitizer|WARNING: ThreadSanitizer|Sanitizer:DEADLYSIGNAL|runtime error: |SUMMARY: \w*Sanitizer"
)
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=0:exitcode=99:second_deadlock_stack=1",
}


def programs():
    """The folder with the programs under test."""
    return Path(os.environ.get("MIGRATIOND_BIN_DIR", REPOSITORY / "build" / "bin"))


def slowdown():
    """How much longer the programs may take than a plain build would: time-outs of tests are multiplied with it."""
    return float(os.environ.get("MIGRATIOND_TEST_SLOWDOWN", "1"))


class Response(NamedTuple):
    """`json` is the parsed body where it is JSON, else the text."""

    status: int
    headers: Any
    json: Any

    @property
    def text(self):
        return self.json if isinstance(self.json, str) else json.dumps(self.json, ensure_ascii=False)


def parse_response(message, ret_raw=None):
    raw = message.read()
    if ret_raw is not None:
        ret_raw.append(raw)
    text = raw.decode("utf-8")  # strictly: bodies are UTF-8
    kind = message.headers.get_content_type() if message.headers.get("Content-Type") else ""
    is_json = text and (kind == "application/json" or kind.endswith("+json"))
    return Response(message.status, message.headers, json.loads(text) if is_json else text)


class RawConnection:
    """A TCP connection for requests that no HTTP library would send."""

    def __init__(self, port, timeout=10.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.timeout = timeout

    def send(self, data):
        """Returns False if the peer has gone away meanwhile, which a test of refusals accepts."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def response(self, method="GET"):
        """The next response; None if the peer closes without one."""
        message = http.client.HTTPResponse(self.socket, method=method)
        try:
            message.begin()
            return parse_response(message)
        except (http.client.BadStatusLine, ConnectionResetError):
            return None

    def closed(self, timeout=10.0):
        """Whether the peer closes the connection within `timeout`, whatever it still sends before."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                if not self.socket.recv(65536):
                    return True
            except ConnectionResetError:
                return True
            except TimeoutError:
                break
        return False

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Daemon:
    """Writes the configuration, starts migrationd and waits for its READY=1.

    `config` is a dictionary of what stands below the listeners (JSON is YAML), or the whole text of a file in which
    {listen} and {probe_listen} stand for the addresses. close() is a test in itself: exit code 0 after SIGTERM, no
    report of a sanitizer, no secret in the log or in any answer that the test has read.
    """

    def __init__(self, config, secrets=(), environment=None, arguments=(), wrapper=()):
        self.folder = private_folder("daemon")
        self.config_path = self.folder / "migrationd.yaml"
        self.log_path = self.folder / "migrationd.log"
        self.config = config
        self.secrets = set(secrets)
        self.environment = dict(environment or {})
        self.arguments = list(arguments)
        self.wrapper = list(wrapper)
        self.answers = []
        self.notifications = []
        self.process = None
        self.expected_exit = 0
        self.last_log = ""
        self.pool = concurrent.futures.ThreadPoolExecutor(max_workers=64)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.folder / "notify"))

    # configuration

    def write(self, name, text):
        """A file beside the configuration (a password file, a migration); returns its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def write_config(self, config=None):
        if config is not None:
            self.config = config
        addresses = {"listen": f"127.0.0.1:{self.port}", "probe_listen": f"127.0.0.1:{self.probe_port}"}
        if isinstance(self.config, str):
            text = self.config
            for name, address in addresses.items():
                text = text.replace("{" + name + "}", address)
        else:
            text = json.dumps({**addresses, **self.config}, indent=1, ensure_ascii=False) + "\n"
        # Whole or not at all, as an administrator's editor does it: a reload may be under way.
        self.write(f"{self.config_path.name}.new", text).rename(self.config_path)
        self.secrets.update(self.passwords(text))
        return self.config_path

    def passwords(self, text):
        """Every password of a URL, as written and decoded, and what password files hold."""
        for secret in re.findall(r"[a-z]+://[^/\s:@\"]*:([^@\s\"]+)@", text):
            yield from (secret, urllib.parse.unquote(secret))
        for name in re.findall(r"password_file\"?:\s*\"?([^\s\",}]+)", text):
            path = self.folder / name
            if path.is_file():
                yield path.read_text().strip()

    # process

    def start(self, timeout=20.0):
        for _ in range(START_ATTEMPTS):
            self.port, self.probe_port = free_ports(2)
            self.write_config()
            self.launch()
            if self.await_ready(timeout * slowdown()):
                return self
            if not re.search("address already in use|EADDRINUSE", self.log(), re.IGNORECASE):
                break
        message = f"migrationd does not start, exit code {self.process.returncode}:\n{self.log()[-4000:]}"
        self.abandon()
        raise AssertionError(message)

    def launch(self):
        environment = {key: value for key, value in os.environ.items() if key != "JOURNAL_STREAM"}
        # Nowhere: a history is kept only where a test says so, and never beside that of an installed migrationd.
        own = {"NOTIFY_SOCKET": str(self.folder / "notify"), "STATE_DIRECTORY": ""}
        environment |= SANITIZER_OPTIONS | own | self.environment
        command = [*self.wrapper, programs() / "migrationd", "--config", self.config_path, *self.arguments]
        self.process = Process(command, self.log_path, env=environment, cwd=self.folder)

    def await_ready(self, timeout):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.await_notification("READY=1", 0.05):
                return True
            if self.process.returncode is not None:
                return False
        return False

    def await_notification(self, line, timeout):
        """Whether systemd would be told `line` within `timeout`; all that it is told is kept in `notifications`."""
        deadline = time.monotonic() + timeout
        while select.select([self.notify], [], [], max(0.0, deadline - time.monotonic()))[0]:
            lines = self.notify.recv(65536).decode().splitlines()
            self.notifications += lines
            if line in lines:
                return True
        return False

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.process.log() if self.process else ""

    def wait_log(self, pattern, timeout=10.0):
        return eventually(lambda: re.search(pattern, self.log()), timeout * slowdown(), f"log line {pattern!r}")

    def reload(self, config=None):
        """Rewrites the configuration and sends SIGHUP; what to wait for is the test's business."""
        self.write_config(config)
        self.process.signal(signal.SIGHUP)

    def signal(self, number):
        self.process.signal(number)

    def stop(self, timeout=10.0):
        """SIGTERM; returns the exit code."""
        self.process.signal(signal.SIGTERM)
        return self.process.wait(timeout * slowdown())

    def kill(self):
        """SIGKILL, for tests of what a crash leaves behind."""
        self.expected_exit = -signal.SIGKILL
        self.process.signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        code = None
        try:
            if self.process:
                code = self.stop() if self.process.returncode is None else self.process.returncode
                self.check_log()
                assert code == self.expected_exit, f"exit code {code}:\n{self.log()[-4000:]}"
        finally:
            self.abandon()

    def abandon(self):
        """Leaves nothing behind, and judges nothing."""
        if self.process and self.process.returncode is None:
            self.process.signal(signal.SIGKILL)
            self.process.wait()
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.notify.close()
        self.last_log = self.log()[-8000:] if self.folder.exists() else self.last_log
        remove_folder(self.folder)

    def check_log(self):
        log = self.log()
        report = SANITIZER_REPORT.search(log)
        assert not report, log[max(0, report.start() - 200) : report.start() + 6000]
        for secret in filter(None, self.secrets):
            assert secret not in log, "a secret stands in the log"
            assert not any(secret.encode() in answer for answer in self.answers), "a secret stands in an answer"

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        try:
            self.close()
        except AssertionError as error:
            if kind is None:
                raise
            print(error)  # the test's own failure comes first
        finally:
            print(self.last_log)  # which pytest shows beside a failure

    # HTTP

    def request(self, method, path, body=None, headers=None, timeout=70.0, port=None):
        """One request on a connection of its own. A body that is not bytes or str is sent as JSON."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers)
            return parse_response(connection.getresponse(), self.answers)
        finally:
            connection.close()

    def get(self, path, headers=None, **options):
        return self.request("GET", path, headers=headers, **options)

    def head(self, path, headers=None, **options):
        return self.request("HEAD", path, headers=headers, **options)

    def post(self, path, body=None, headers=None, **options):
        return self.request("POST", path, body=body, headers=headers, **options)

    def probe(self, path, **options):
        """The same on the second listener."""
        return self.request("GET", path, port=self.probe_port, **options)

    def begin(self, path, method="GET", **options):
        """A request in the background: a Future of its Response."""
        return self.pool.submit(self.request, method, path, **options)

    def raw(self, data=b"", port=None, timeout=10.0):
        connection = RawConnection(port or self.port, timeout * slowdown())
        if data:
            connection.send(data)
        return connection

    def database(self, name):
        return self.get(f"/v1/databases/{urllib.parse.quote(name, safe='')}").json

    def gate(self, name, **parameters):
        query = "?" + urllib.parse.urlencode(parameters, doseq=True) if parameters else ""
        return self.get(f"/v1/gates/{urllib.parse.quote(name, safe='')}{query}")

    def wait_state(self, name, state, timeout=10.0, code=None):
        """Waits until database `name` is in `state` (and has `code`); returns the database's JSON. Without a code,
        "unknown" means that a look has failed, not that none was taken yet."""
        seen = {}

        def matches():
            last = seen["last"] = self.database(name)
            right_code = last["code"] == code if code else last["code"] != "NEVER_OBSERVED"
            return last["state"] == state and right_code and last

        try:
            return eventually(matches, timeout * slowdown())
        except AssertionError:
            raise AssertionError(
                f"{name} did not become {state} {code or ''}; last: {json.dumps(seen.get('last'), indent=1)}\n{self.log()[-3000:]}"
            ) from None

    def wait_gate(self, name, state, timeout=10.0, **parameters):
        """Waits until gate `name` is in `state`; returns the Response."""
        return eventually(
            lambda: (answer := self.gate(name, **parameters)).json["state"] == state and answer,
            timeout * slowdown(),
            f"gate {name} {state}",
        )

    # the command-line client

    def ctl(self, *arguments, timeout=60.0, environment=None):
        """Runs migrationctl; returns subprocess.CompletedProcess. Its output is searched for secrets, too."""
        result = migrationctl(*arguments, timeout=timeout, environment=environment)
        self.answers += [result.stdout.encode(), result.stderr.encode()]
        return result


def run_program(name, *arguments, timeout=60.0, environment=None):
    """Runs migrationd or migrationctl to its end; returns subprocess.CompletedProcess."""
    result = subprocess.run(
        [str(programs() / name), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout * slowdown(),
        env={**os.environ, **SANITIZER_OPTIONS, **(environment or {})},
    )
    report = SANITIZER_REPORT.search(result.stderr)
    assert not report, result.stderr
    return result


def migrationd(*arguments, **options):
    """migrationd --check-config and what else ends by itself; a running one is a Daemon."""
    return run_program("migrationd", *arguments, **options)


def migrationctl(*arguments, **options):
    return run_program("migrationctl", *arguments, **options)
