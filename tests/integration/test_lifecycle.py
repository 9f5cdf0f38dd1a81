# SPDX-License-Identifier: Apache-2.0
"""From start to stop: signals at any moment, what the service manager hears, where secrets are not."""

import random
import re
import signal
import time
from pathlib import Path

import pytest
from harness import Daemon, eventually
from harness.daemon import slowdown

CANARY = "s3cr3t-canary"
MOMENTS = 20


def unreachable(count=1):
    return {f"d{i}": {"url": f"postgresql://u:{CANARY}@127.0.0.1:1/d{i}"} for i in range(count)}


@pytest.mark.threads
def test_sigterm_at_any_moment(sqlite):
    """Before its first line of log the daemon may not have come to hold its signals yet; then SIGTERM ends it as such."""
    sqlite.sql("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    moments = random.Random(7)
    for _ in range(MOMENTS):
        instance = Daemon({"databases": {"orders": {"url": sqlite.url()}, **unreachable(3)}})
        try:
            instance.port = instance.probe_port = 0
            instance.write_config()
            instance.launch()
            instance.await_notification("READY=1", moments.uniform(0, 0.2))
            if instance.log() and moments.random() < 0.5:
                instance.signal(signal.SIGHUP)
            held = bool(instance.log())
            code = instance.stop()
            assert code == 0 or (code == -signal.SIGTERM and not held), (code, instance.log())
            instance.check_log()
        finally:
            instance.abandon()


def test_ready_without_any_database(daemon):
    """READY=1 says that the configuration is valid and the listeners are bound, whatever the databases do."""
    running = daemon({"databases": unreachable(20)})
    assert running.get("/livez").status == 200
    assert eventually(lambda: running.await_notification("never", 0.05) or running.notifications)
    eventually(
        lambda: running.await_notification("never", 0.05)
        or any(re.fullmatch(r"STATUS=0/20 ok, 0 behind, 20 unknown; 0 waiters", line) for line in running.notifications),
        20 * slowdown(),
    )


def test_watchdog_is_fed(daemon):
    running = daemon({"databases": unreachable()}, environment={"WATCHDOG_USEC": "400000"})
    for _ in range(3):
        running.notifications.clear()
        assert running.await_notification("WATCHDOG=1", 20 * slowdown())


def test_stopping_is_announced(daemon):
    running = daemon({"databases": unreachable()})
    running.notifications.clear()
    assert running.stop() == 0
    assert running.await_notification("STOPPING=1", 1)


def test_stop_does_not_wait_for_a_hung_server(own_postgres, daemon):
    """A server that accepts and then says nothing holds a look; the daemon still stops, and in order."""
    database = own_postgres.create_database()
    running = daemon({"defaults": {"connect_timeout": "1m", "query_timeout": "10m"}, "databases": {"a": {"url": database.url()}}})
    running.wait_state("a", "empty")
    own_postgres.kill(signal.SIGSTOP)
    try:
        running.begin("/v1/databases/a/refresh", method="POST")
        begun = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - begun < 7 * slowdown()
    finally:
        own_postgres.kill(signal.SIGCONT)


def test_no_secret_is_seen(daemon, mariadb):
    """In the log, in any answer, among the process's arguments and in the environment that others may read."""
    running = daemon(
        {
            "databases": {
                "refused": {"url": re.sub(r"//[^@/]*@", f"//nobody:{CANARY}@", mariadb.url())},
                "gone": {"url": f"postgresql://u:{CANARY}@127.0.0.1:1/d?sslpassword={CANARY}"},
                "file": {"url": "postgresql://u@127.0.0.1:1/d", "password_file": "secret"},
                "variable": {"url": "postgresql://u@127.0.0.1:1/d", "password_env": "SECRET_OF_D"},
            }
        },
        secrets=[CANARY],
        environment={"SECRET_OF_D": CANARY},
    )
    running.write("secret", CANARY)
    running.wait_state("refused", "unknown", code="AUTH_FAILED")
    running.wait_state("gone", "unknown", code="UNREACHABLE")
    running.wait_log("event=password_in_url")
    for path in ("/v1/databases", "/v1/gates", "/health?verbose", "/readyz?verbose", "/metrics", "/v1/databases/refused",
                 "/v1/databases/gone/schema", "/health/gone", "/v1/gates/refused?revision=x"):  # fmt: skip
        assert CANARY not in running.get(path).text, path
    process = Path(f"/proc/{running.pid}")
    assert CANARY not in (process / "cmdline").read_text()
    assert CANARY not in running.log()
    assert "0" == re.search(r"Max core file size +(\d+)", (process / "limits").read_text()).group(1)
