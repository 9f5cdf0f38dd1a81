# SPDX-License-Identifier: Apache-2.0
"""What scripts/bench measures of migration-wait itself, and of ten thousand of its kind at one gate."""

import re
import select
import socket
import statistics
import subprocess
import threading
import time
from pathlib import Path

from harness.journals import flyway_journal
from harness.process import eventually
from harness.wait import CLOSED, OPEN, FaultServer, Waiting, reply

REVISIONS = 50


def first_request_ms(command, rounds):
    """From before fork(2) to the moment when the server has the whole request: the median of `rounds`."""
    times = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for _ in range(rounds):
            begun = time.monotonic()
            process = subprocess.Popen(
                [word.format(port=listener.getsockname()[1]) for word in map(str, command)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            connection, _ = listener.accept()
            with connection:
                data = connection.recv(65536)
                times.append((time.monotonic() - begun) * 1000)
                assert data.endswith(b"\r\n\r\n")
                connection.sendall(reply(200, OPEN))
            process.wait()
    return statistics.median(times)


def resident_kib():
    """While a request of migration-wait is held."""

    def handle(connection, request):
        if b"wait=" in request:
            connection.recv(1)
        else:
            connection.sendall(reply(503, CLOSED))

    server = FaultServer(handle)
    run = Waiting("--gate", f"http://127.0.0.1:{server.port}/v1/gates/app")
    try:
        eventually(lambda: any(b"wait=" in request for request in server.requests))
        status = Path(f"/proc/{run.popen.pid}/status").read_text()
    finally:
        run.close()
        server.close()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def open_waiters(port, count):
    """`count` requests that wait, each for one of REVISIONS revisions."""
    sockets = []
    for number in range(count):
        target = f"/v1/gates/app?revision={number % REVISIONS + 2}&wait=55s"
        connection = socket.socket()
        connection.bind((f"127.0.0.{2 + number // 20000}", 0))
        connection.connect(("127.0.0.1", port))
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        sockets.append(connection)
    return sockets


def looks(daemon):
    return int(re.search(r"^migrationd_journal_looks_total (\d+)$", daemon.probe("/metrics").text, re.MULTILINE)[1])


def looks_per_second(daemon, seconds):
    begun, before = time.monotonic(), looks(daemon)
    time.sleep(seconds)
    return (looks(daemon) - before) / (time.monotonic() - begun)


def take_answers(sockets):
    """When each answer came, by its descriptor; and whether all say that the gate is open."""
    poller = select.epoll()
    by_descriptor = {connection.fileno(): connection for connection in sockets}
    for descriptor in by_descriptor:
        poller.register(descriptor, select.EPOLLIN)
    moments, good = {}, True
    while len(moments) < len(sockets):
        ready = poller.poll(30)
        now = time.monotonic()
        for descriptor, _ in ready:
            poller.unregister(descriptor)
            moments[descriptor] = now
    for connection in sockets:
        good = good and connection.recv(16).startswith(b"HTTP/1.1 200")
    poller.close()
    return moments, good


def spread(database, watch, count):
    """`count` waiters on one gate, spread over REVISIONS revisions that one COMMIT applies: looks per second while they
    wait, milliseconds from COMMIT to the last answer, and whether all were let in."""
    flyway_journal(database, "1")
    columns = "installed_rank, version, description, type, script, checksum, installed_by, execution_time, success"
    rows = ",".join(f"({n}, '{n}', 'step', 'SQL', 'V{n}__step.sql', {n}, 'me', 1, TRUE)" for n in range(2, REVISIONS + 2))
    with watch({"app": database.url()}) as daemon, database.connect(autocommit=False) as connection:
        daemon.wait_state("app", "observed")
        sockets = open_waiters(daemon.port, count)
        eventually(lambda: f"migrationd_waiters {count}\n" in daemon.probe("/metrics").text, 60)
        rate = looks_per_second(daemon, 5)
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO flyway_schema_history ({columns}) VALUES {rows}")
        answers = {}
        taker = threading.Thread(target=lambda: answers.update(taken=take_answers(sockets)))
        taker.start()
        time.sleep(0.5)
        begun = time.monotonic()
        connection.commit()
        taker.join()
        moments, good = answers["taken"]
        for one in sockets:
            one.close()
    return rate, (max(moments.values()) - begun) * 1000, good and min(moments.values()) >= begun
