# SPDX-License-Identifier: Apache-2.0
"""How far replicas are behind: who is caught up, who is late, who is paused, broken, away, or no replica at all."""

import re

import pytest
from harness import MariaDB, Standby, eventually
from harness.checks import run_checks

NEAR = {"replicas": {"lag_below": "1s"}, "timeout": "10s"}
FAR = {"replicas": {"lag_below": "1d"}, "timeout": "2s"}
PATIENT = {"replicas": {"lag_below": "30s"}, "timeout": "40s"}  # whoever follows at all comes in time


def ask(database, folder, check, replicas=(), user=None):
    """The check's answer, with these servers as the database's configured replicas."""
    url = database.url(*user) if user else database.url()
    itself = getattr(database, "server", None)
    # Of the database's own server another database, since a database is refused as its own replica.
    urls = [re.sub(r":\d+/(\w+)", rf":{one.port}/{'other' if one is itself else chr(92) + '1'}", url) for one in replicas]
    settings = {"replicas": urls} if urls else {}
    return run_checks(folder, url, {"it": check}, journal="none", **settings)["it"]


@pytest.fixture
def standby(own_postgres):
    """A streaming replica; its primary is `standby.primary`."""
    replica = Standby(own_postgres)
    try:
        yield replica.start()
    finally:
        replica.close()


def receives(standby):
    """The standby is connected to its primary."""
    return eventually(lambda: standby.primary.sql("SELECT 1 FROM pg_stat_replication"), 30, "a standby")


def test_a_standby_that_is_asked(standby, tmp_path):
    orders = standby.primary.create_database("orders")
    orders.sql("CREATE TABLE notes (id int)")
    eventually(lambda: standby.sql("SELECT 1 FROM pg_database WHERE datname = 'orders'"), 30, "replication")
    check = ask(orders, tmp_path, PATIENT, [standby])
    assert (check["state"], check["value"]) == ("passed", "1 caught up"), check

    user = standby.primary.create_role()
    eventually(lambda: standby.sql("SELECT 1 FROM pg_roles WHERE rolname = %s", (user[0],)), 30, "the role's way there")
    assert ask(orders, tmp_path, PATIENT, [standby], user)["state"] == "passed", "no grant is needed for it"

    standby.pause()
    check = ask(orders, tmp_path, FAR, [standby])
    assert check["state"] == "failed", "a standby that is paused never looks caught up, whatever its primary does"
    assert check["reason"].endswith("its replay is paused")
    orders.sql("INSERT INTO notes VALUES (1)")
    assert ask(orders, tmp_path, NEAR, [standby])["state"] == "failed"
    standby.resume()
    assert ask(orders, tmp_path, PATIENT, [standby])["state"] == "passed"


def test_a_standby_that_is_late(standby, tmp_path):
    """A standby that receives nothing any more: late by what it lacks, not by what it says; and one that is a primary
    itself is none."""
    orders = standby.primary.create_database("orders")
    eventually(lambda: standby.sql("SELECT 1 FROM pg_database WHERE datname = 'orders'"), 30, "replication")
    standby.sql("ALTER SYSTEM SET primary_conninfo = ''")
    standby.sql("SELECT pg_reload_conf()")
    eventually(lambda: not standby.primary.sql("SELECT 1 FROM pg_stat_replication"), 30, "the end of the stream")
    orders.sql("CREATE TABLE notes (id int)")
    # As long as its newest transaction is younger than a second, it is less behind than that.
    late = lambda: (one := ask(orders, tmp_path, NEAR, [standby]))["state"] == "failed" and one
    check = eventually(late, 30, "a standby that is late")
    assert re.search(r"(more than|up to) \d+\.\d s behind", check["items"][0])
    # Its newest transaction is dated by the primary, and is younger than a day.
    check = ask(orders, tmp_path, FAR, [standby])
    assert check["state"] == "passed", check
    assert "at most" in check["value"]
    standby.sql("SELECT pg_promote()")
    check = ask(orders, tmp_path, FAR, [standby])
    assert check["state"] == "failed"
    assert "it is a primary itself" in check["reason"]


def test_standbys_that_are_away(standby, postgres_server, tmp_path):
    """One that cannot be reached is unknown, unless another one is known to be bad."""
    orders = standby.primary.create_database("orders")
    eventually(lambda: standby.sql("SELECT 1 FROM pg_database WHERE datname = 'orders'"), 30, "replication")
    standby.primary.create_database("other")
    check = ask(orders, tmp_path, FAR, [standby, standby.primary])
    assert check["state"] == "failed"
    standby.kill()
    check = ask(orders, tmp_path, FAR, [standby])
    assert (check["state"], check["code"]) == ("unknown", "UNREACHABLE"), check
    check = ask(orders, tmp_path, FAR, [standby, standby.primary])
    assert check["state"] == "failed", "what is known to be bad is not hidden by what is not known"
    assert check["items"] == [f"orders@127.0.0.1:{standby.primary.port}: it is a primary itself and accepts writes"]
    elsewhere = postgres_server.create_database("orders")
    try:
        user = ("somebody", "somebody-secret")
        for server in (standby.primary, postgres_server):
            server.create_role(*user)
        check = ask(orders, tmp_path, FAR, [postgres_server], user)
        assert "it belongs to another cluster" in check["reason"]
    finally:
        elsewhere.drop()


def test_standbys_that_are_connected(standby, tmp_path):
    """Without configured replicas, the primary tells of those who are connected to it."""
    orders = standby.primary.create_database("orders")
    receives(standby)
    assert ask(orders, tmp_path, PATIENT)["state"] == "passed"
    user = standby.primary.create_role()
    check = ask(orders, tmp_path, PATIENT, user=user)
    assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN")
    assert check["next"] == f'GRANT pg_monitor TO "{user[0]}"'
    orders.sql(check["next"])
    assert ask(orders, tmp_path, PATIENT, user=user)["state"] == "passed"
    standby.pause()
    orders.sql("CREATE TABLE notes (id int)")
    check = ask(orders, tmp_path, NEAR)
    assert check["state"] == "failed", check
    assert "more than 1.0 s behind" in check["items"][0]
    check = ask(orders, tmp_path, FAR)
    assert (check["state"], check["code"]) == ("unknown", "TIMEOUT"), "how late it is, nobody knows yet"
    standby.resume()
    assert ask(orders, tmp_path, PATIENT)["state"] == "passed"
    standby.kill()
    eventually(lambda: not standby.primary.sql("SELECT 1 FROM pg_stat_replication"), 30, "its end")
    check = ask(orders, tmp_path, FAR)
    assert (check["state"], check["reason"]) == ("unknown", "no replica is configured or connected")
    orders.sql("SELECT pg_create_physical_replication_slot('forgotten', true)")
    check = ask(orders, tmp_path, FAR)
    assert (check["state"], check["reason"]) == ("unknown", "the slot forgotten: nobody is connected to it")


@pytest.fixture
def follower():
    """A MariaDB and one that follows it."""
    binary_log = {"log-bin": "binlog", "server-id": "1"}
    source = MariaDB(binary_log)
    replica = MariaDB({"server-id": "2"})
    source.settings.pop("skip-log-bin")
    try:
        source.start()
        source.sql("GRANT REPLICATION SLAVE ON *.* TO follower@'127.0.0.1' IDENTIFIED BY 'follower-secret'")
        replica.start()
        replica.sql(
            f"CHANGE MASTER TO master_host = '127.0.0.1', master_port = {source.port}, master_user = 'follower',"
            " master_password = 'follower-secret', master_use_gtid = slave_pos"
        )
        replica.sql("START SLAVE")
        replica.primary = source
        yield replica
    finally:
        replica.close()
        source.close()


def test_a_follower_of_mariadb(follower, tmp_path):
    orders = follower.primary.create_database("orders")
    follower.primary.create_database("other")
    orders.sql("CREATE TABLE notes (id int)")
    eventually(lambda: follower.sql("SHOW DATABASES LIKE 'orders'"), 30, "replication")
    check = ask(orders, tmp_path, PATIENT, [follower])
    assert (check["state"], check["value"]) == ("passed", "1 caught up"), check
    user = follower.primary.create_role()
    follower.primary.sql(f"GRANT SELECT ON orders.* TO {user[0]}")
    position = follower.primary.sql("SELECT @@gtid_binlog_pos")[0][0]
    eventually(lambda: follower.sql("SELECT @@gtid_slave_pos")[0][0] == position, 30, "the role's way there")
    assert ask(orders, tmp_path, PATIENT, [follower], user)["state"] == "passed", "no grant is needed for it"

    blocker = follower.connect()
    blocker.cursor().execute("FLUSH TABLES WITH READ LOCK")
    orders.sql("INSERT INTO notes VALUES (1)")
    check = ask(orders, tmp_path, NEAR, [follower])
    assert (check["state"], check["items"]) == ("failed", [f"orders@127.0.0.1:{follower.port}: more than 1.0 s behind"])
    check = ask(orders, tmp_path, FAR, [follower])
    assert (check["state"], check["code"]) == ("unknown", "TIMEOUT"), check
    assert "timeout" in check["next"]
    blocker.close()
    assert ask(orders, tmp_path, PATIENT, [follower])["state"] == "passed"

    follower.sql("STOP SLAVE SQL_THREAD")
    check = ask(orders, tmp_path, FAR, [follower])
    assert check["state"] == "failed"
    assert check["reason"].endswith("its replication does not run")
    check = ask(orders, tmp_path, FAR, [follower.primary])
    assert check["reason"].endswith("it is the database's own server")
    follower.kill()
    check = ask(orders, tmp_path, FAR, [follower])
    assert (check["state"], check["code"]) == ("unknown", "UNREACHABLE"), check


def test_nobody_to_ask(database, tmp_path):
    check = ask(database, tmp_path, FAR)
    assert check["state"] == "unknown", check
    assert "configured" in check["reason"]


def test_a_source_without_binary_log(mariadb, tmp_path):
    """Without positions nothing can be compared, whoever is asked."""
    check = ask(mariadb, tmp_path, FAR, [mariadb.server])
    assert check["state"] == "unknown"
    assert "it writes no binary log" in check["reason"]
