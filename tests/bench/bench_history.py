# SPDX-License-Identifier: Apache-2.0
"""How many admissions a second are kept in a SQLite file, and that none that was answered is lost."""

import contextlib
import json
import selectors
import socket
import sqlite3
import subprocess
import time

from harness import SqliteFile
from harness.journals import flyway_journal

CONNECTIONS = 64
SIGNAL = '{{"application":"shop","instance":"{}","revision":"1"}}'


class Client:
    """One connection that admits one instance after the other."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.name = None
        self.sent_at = 0.0
        self.received = b""

    def send(self, name):
        body = SIGNAL.format(name).encode()
        head = f"POST /v1/gates/orders/admissions HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(body)}\r\n\r\n"
        self.name, self.received, self.sent_at = name, b"", time.monotonic()
        self.socket.sendall(head.encode() + body)

    def receive(self):
        """Whether the answer is whole now; it must be an admission that was recorded."""
        self.received += self.socket.recv(65536)
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return False
        length = int(next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")).split()[1])
        if len(body) < length:
            return False
        if not head.startswith(b"HTTP/1.1 201 ") or not body.startswith(b'{"recorded":true'):
            raise RuntimeError(self.received[:400])
        return True


def admit(port, prefix, count, rate=None):
    """`count` admissions, as fast as can be or `rate` a second; returns (seconds, sorted milliseconds, names)."""
    selector = selectors.DefaultSelector()
    idle = [Client(port) for _ in range(CONNECTIONS)]
    for client in idle:
        selector.register(client.socket, selectors.EVENT_READ, client)
    begun, sent, times, names = time.monotonic(), 0, [], set()
    while len(names) < count:
        due = count if rate is None else min(count, int((time.monotonic() - begun) * rate) + 1)
        while idle and sent < due:
            idle.pop().send(f"{prefix}-{sent}")
            sent += 1
        for key, _ in selector.select(0.001 if rate else 5):
            client = key.data
            if client.receive():
                times.append((time.monotonic() - client.sent_at) * 1000)
                names.add(client.name)
                idle.append(client)
    seconds = time.monotonic() - begun
    for client in idle:
        client.socket.close()
    return seconds, sorted(times), names


def kept(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT body FROM record WHERE kind = 'admission'")
        return {json.loads(body)["instance"] for (body,) in rows}


def measure(start, folder, program, count):
    """`start(configuration)` is a context that gives a daemon. Returns (admissions a second, p99 in ms of 1,000 a second,
    whether all that were answered before a SIGKILL are kept and the chain holds)."""
    place = folder / "history.db"
    watched = SqliteFile(folder / "app.db")
    flyway_journal(watched, "1")
    databases = {"orders": {"url": watched.url(), "expect": {"revision": "1"}}}
    with start({"databases": databases, "history": {"path": str(place)}}) as daemon:
        daemon.wait_state("orders", "current")
        admit(daemon.port, "warm", 500)
        seconds, _, fast = admit(daemon.port, "fast", count)
        _, times, paced = admit(daemon.port, "paced", 5000, 1000)
        daemon.kill()
    verdict = subprocess.run([program, "history", "--verify", place], capture_output=True, check=False)
    whole = verdict.returncode == 0 and fast | paced <= kept(place)
    return count / seconds, times[int(len(times) * 0.99)], whole
