# SPDX-License-Identifier: Apache-2.0
"""migration-wait, and servers that it should not be taken in by."""

import http.server
import os
import signal
import socket
import socketserver
import subprocess
import threading

from .daemon import SANITIZER_OPTIONS, SANITIZER_REPORT, programs, run_program, slowdown
from .process import die_with_parent, private_folder, remove_folder

VARIABLES = ("MIGRATION_GATE", "MIGRATION_REVISION", "MIGRATION_MANIFEST", "MIGRATION_TIMEOUT", "MIGRATIOND_TOKEN_FILE")


def clean_environment(environment=None):
    """Ours without what migration-wait heeds, and what a test adds."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return {**kept, **SANITIZER_OPTIONS, **(environment or {})}


def migration_wait(*arguments, **options):
    """Runs it to its end; returns subprocess.CompletedProcess."""
    return run_program("migration-wait", *arguments, **options)


class Waiting:
    """migration-wait in the background."""

    def __init__(self, *arguments, environment=None, wrapper=(), cwd=None, prepare=None):
        inherited = die_with_parent(9)

        def before():
            inherited()
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the tests run as a shell's background job
            if prepare:
                prepare()

        self.popen = subprocess.Popen(
            [*map(str, wrapper), str(programs() / "migration-wait"), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(environment),
            cwd=cwd,
            preexec_fn=before,
        )
        self.lines = []
        self.heard = 0
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.popen.stderr:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    def said(self, text, timeout=20.0):
        """Waits for a line that contains `text`, behind those that were waited for before; returns it."""

        def found():
            fresh = range(self.heard, len(self.lines))
            return next((i for i in fresh if self.lines[i] and text in self.lines[i]), None)

        with self.changed:
            self.changed.wait_for(lambda: found() is not None or None in self.lines, timeout * slowdown())
            index = found()
            assert index is not None, f"{text!r} was not said: {self.lines}"
            self.heard = index + 1
            return self.lines[index]

    def end(self, timeout=30.0):
        """Waits for its end: (exit code, standard output, lines of standard error)."""
        output = self.popen.stdout.read()
        code = self.popen.wait(timeout * slowdown())
        self.reader.join(timeout)
        lines = [line for line in self.lines if line is not None]
        assert not SANITIZER_REPORT.search("\n".join(lines)), lines
        return code, output, lines

    def close(self):
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class FaultServer:
    """A TCP server (or a unix socket's) whose every connection is handled by `handle(socket, request_bytes)`."""

    def __init__(self, handle, family=socket.AF_INET, address="127.0.0.1"):
        self.requests = []
        owner = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                data = b""
                self.request.settimeout(60)
                try:
                    while b"\r\n\r\n" not in data:
                        more = self.request.recv(65536)
                        if not more:
                            return
                        data += more
                    owner.requests.append(data)
                    handle(self.request, data)
                except OSError:
                    pass  # the client has gone, as it should

        self.folder = None
        kind = type("Listener", (_Listener,), {"address_family": family})
        if family == socket.AF_UNIX:
            self.folder = private_folder("fault")
            kind.server_bind = socketserver.UnixStreamServer.server_bind
            self.server = kind(str(self.folder / "s.sock"), Handler)
        else:
            self.server = kind((address, 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def port(self):
        return self.server.server_address[1]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        if self.folder:
            remove_folder(self.folder)


def reply(status, body, headers=()):
    """The bytes of an answer."""
    body = body.encode() if isinstance(body, str) else body
    reason = http.server.BaseHTTPRequestHandler.responses.get(status, ("Status",))[0]
    lines = [f"HTTP/1.1 {status} {reason}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


OPEN = (
    '{"gate":"app","state":"open","code":"CURRENT","database":"app",'
    '"databases":[{"database":"app","reason":"all is applied","next":null}]}'
)
CLOSED = OPEN.replace('"open"', '"closed"').replace("CURRENT", "PENDING").replace("all is applied", "1 is missing")
