# SPDX-License-Identifier: Apache-2.0
"""A configuration that changes under a running daemon."""

import re
import signal

from harness import eventually
from harness.journals import flyway_journal, flyway_rows

CANARY = "s3cr3t-canary"


def reload_metrics(daemon):
    text = daemon.get("/metrics").text
    return {name: float(value) for name, value in re.findall(r"^migrationd_(\w*reload\w*) (\S+)$", text, re.MULTILINE)}


def one_database(sqlite):
    sqlite.sql("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    return {"databases": {"orders": {"url": sqlite.url()}}}


def test_sighup_takes_a_good_file(daemon, sqlite):
    config = one_database(sqlite)
    running = daemon(config)
    running.wait_state("orders", "unversioned")
    before = running.database("orders")["snapshot"]["fingerprint"]
    config["databases"]["billing"] = {"url": sqlite.url(), "journal": "none"}
    config["gates"] = {"shop": {"requires": ["orders", "billing"]}}
    running.reload(config)
    running.wait_log("event=reloaded .*2 databases, 3 gates")
    running.wait_state("billing", "observed")
    assert running.gate("shop").json["state"] == "blocked"
    assert running.database("orders")["snapshot"]["fingerprint"] == before
    del config["databases"]["billing"], config["gates"]
    running.reload(config)
    eventually(lambda: running.get("/v1/databases/billing").status == 404)
    assert running.gate("shop").status == 404
    assert running.gate("orders").json["state"] == "blocked"


def test_sighup_refuses_a_bad_file(daemon, sqlite):
    config = one_database(sqlite)
    running = daemon(config)
    running.wait_state("orders", "unversioned")
    running.reload(f"databases:\n  orders: {{url: 'postgresql://u:{CANARY}@h/d', intervall: 1s}}\n")
    running.wait_log(r"event=reload_failed .*migrationd\.yaml:2:\d+: unknown key 'intervall' \(did you mean 'interval'\?\)")
    assert running.database("orders")["state"] == "unversioned"
    assert reload_metrics(running)["config_last_reload_successful"] == 0
    running.reload(config)
    running.wait_log("event=reloaded")
    assert reload_metrics(running)["config_last_reload_successful"] == 1
    assert CANARY not in running.log()


def test_what_is_known_survives_other_times(daemon, new_database):
    """Who gives a database that is out of sight more time must not lose what was seen of it."""
    database = new_database()
    flyway_journal(database, "1")
    pace = {"interval": "1h", "journal_interval": "1h", "max_staleness": "2h"}
    config = {"databases": {"orders": {"url": database.url(), "expect": {"revision": "1"}, **pace}}}
    running = daemon(config)
    running.wait_state("orders", "current")
    before = running.database("orders")["snapshot"]["taken_at"]
    config["databases"]["orders"]["max_staleness"] = "3h"
    running.reload(config)
    running.wait_log("event=reloaded")
    assert running.database("orders")["snapshot"]["taken_at"] == before
    assert running.get("/readyz").status == 200 and running.gate("orders").status == 200
    assert running.log().count("NEVER_OBSERVED") == 1, "at the start"
    flyway_rows(database, "2")
    config["databases"]["orders"]["journal_interval"] = "100ms"
    running.reload(config)
    running.wait_state("orders", "ahead")


def test_migrationctl_reload_waits_and_tells(daemon, sqlite):
    config = one_database(sqlite)
    running = daemon(config)
    server = ("--server", f"http://127.0.0.1:{running.port}")
    config["databases"]["billing"] = {"url": sqlite.url()}
    running.write_config(config)
    good = running.ctl(*server, "reload")
    assert good.returncode == 0, good
    assert running.get("/v1/databases/billing").status == 200
    running.config_path.write_text("databases: {orders: {url: 'sqlite:////a', jurnal: none}}\n")
    bad = running.ctl(*server, "reload")
    assert bad.returncode != 0, bad
    assert "migrationd.yaml:1:" in bad.stdout + bad.stderr
    assert "did you mean 'journal'?" in bad.stdout + bad.stderr
    assert running.get("/v1/databases/billing").status == 200


def test_a_storm_of_sighup_is_few_reloads(daemon, sqlite):
    config = one_database(sqlite)
    running = daemon(config)
    running.wait_state("orders", "unversioned")
    for _ in range(1000):
        running.signal(signal.SIGHUP)
    config["databases"]["last"] = {"url": sqlite.url()}
    running.reload(config)
    eventually(lambda: running.get("/v1/databases/last").status == 200)
    assert len(re.findall("event=reloaded", running.log())) <= 4
    assert "event=reload_failed" not in running.log()


def test_a_changed_listener_needs_a_restart(daemon, sqlite):
    running = daemon(one_database(sqlite))
    running.reload({**running.config, "workers": 3})
    running.wait_log("event=restart_needed .*workers")
    assert running.get("/livez").status == 200


def test_systemd_is_told(daemon, sqlite):
    running = daemon(one_database(sqlite))
    running.notifications.clear()
    running.reload()
    assert running.await_notification("READY=1", 20)
    told = running.notifications
    assert told.index("RELOADING=1") < told.index("READY=1")
    assert any(re.fullmatch(r"MONOTONIC_USEC=\d+", line) for line in told)


def test_rotated_password_file_needs_no_reload(daemon, mariadb):
    """The file is read when a connection is made: a refused one finds the new secret at its next attempt."""
    user, _ = mariadb.server.create_role(password=f"right-{CANARY}")
    mariadb.server.sql(f"GRANT SELECT ON *.* TO {mariadb.server.quote(user)}@'%'")
    url = re.sub(r"//[^@/]*@", f"//{user}@", mariadb.url())
    running = daemon({"databases": {"orders": {"url": url, "password_file": "absent"}}})
    running.wait_state("orders", "unknown", code="AUTH_FAILED")
    wrong = running.write("wrong", f"wrong-{CANARY}\n")
    link = running.folder / "absent"
    link.symlink_to(wrong)
    running.wait_log("event=look_failed .*[Aa]ccess denied", timeout=40)
    right = running.write("right", f"right-{CANARY}\n")
    fresh = running.folder / "fresh"
    fresh.symlink_to(right)
    fresh.replace(link)
    running.wait_state("orders", "empty", timeout=60)
    assert CANARY not in running.log()
