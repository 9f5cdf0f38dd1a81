# SPDX-License-Identifier: Apache-2.0
"""`expect: {database: …}`: a database is to be where another one is, and nobody guesses while that one is not seen."""

import pytest
from harness import eventually
from harness.journals import alembic_files, alembic_journal, alembic_stamp, flyway_journal, flyway_rows
from harness.sqlite import SqliteFile

FAST = {"journal_interval": "100ms", "interval": "1s", "max_staleness": "1s"}


@pytest.fixture
def pair(new_database):
    """orders, and staging, which tells what is expected of it."""
    return new_database(), new_database()


def config(orders, staging, match="exact", **more):
    return {
        "databases": {
            "orders": {"url": orders.url(), **FAST, "expect": {"database": "staging", "match": match}},
            "staging": {"url": staging.url(), **FAST, **more},
        }
    }


def golang(database, version, dirty=False):
    database.sql("CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)")
    database.sql(f"INSERT INTO schema_migrations VALUES ({version}, {str(dirty).lower()})")


def test_a_list(daemon, pair):
    """Flyway's rows: pending until orders has what staging has, ahead beyond it; checksums are compared."""
    orders, staging = pair
    flyway_journal(orders, "1")
    flyway_journal(staging, "1", "2", "3", "4", failed=("4",))
    instance = daemon(config(orders, staging))
    instance.wait_state("orders", "pending")
    answer = instance.gate("orders")
    [database] = answer.json["databases"]
    assert answer.status == 503 and database["pending"] == ["2", "3"]
    assert database["expected"] == {"revision": "3", "match": "exact", "source": "database"}
    flyway_rows(orders, "2", "3")
    instance.wait_state("orders", "current")
    flyway_rows(orders, "5")
    instance.wait_state("orders", "ahead")
    assert instance.gate("orders").status == 409
    flyway_rows(staging, "5", checksums={"5": 4711})
    assert instance.wait_state("orders", "diverged")["code"] == "CHECKSUM_MISMATCH"


@pytest.mark.threads
def test_follows_the_other_database(daemon, pair):
    """staging goes on: orders is pending at the next look, without a reload."""
    orders, staging = pair
    for database in pair:
        flyway_journal(database, "1")
    instance = daemon(config(orders, staging))
    instance.wait_state("orders", "current")
    flyway_rows(staging, "2")
    instance.wait_state("orders", "pending")
    assert instance.gate("orders", revision="1").status == 200  # who names a revision knows better


def test_nothing_is_known_of_the_other(daemon, sqlite, tmp_path):
    """Without a good look at staging nothing is expected, and that is no `current`."""
    staging = SqliteFile(tmp_path / "staging.db")
    for database in (sqlite, staging):
        flyway_journal(database, "1")
    instance = daemon(config(sqlite, staging))
    instance.wait_state("orders", "current")
    staging.path.rename(f"{staging.path}.away")
    answer = instance.wait_state("orders", "unknown")
    assert answer["code"] == "EXPECTATION_INVALID" and "staging" in answer["reason"], answer
    assert instance.gate("orders").status == 503
    assert instance.gate("orders", revision="1").status == 200
    staging.path.with_name("staging.db.away").rename(staging.path)
    instance.wait_state("orders", "current")


def test_no_journal_there(daemon, pair):
    orders, staging = pair
    flyway_journal(orders, "1")
    staging.sql("CREATE TABLE shop (id int)")
    instance = daemon(config(orders, staging))
    eventually(lambda: "has no journal of Flyway" in (instance.database("orders")["reason"] or ""), what="no journal")
    answer = instance.database("orders")
    assert (answer["state"], answer["code"]) == ("unknown", "EXPECTATION_INVALID")


def test_a_position(daemon, pair):
    """golang-migrate keeps one row: all before it counts as applied."""
    orders, staging = pair
    golang(orders, 3)
    golang(staging, 5)
    instance = daemon(config(orders, staging))
    assert instance.wait_state("orders", "pending")["pending"] == ["5"]
    orders.sql("UPDATE schema_migrations SET version = 5")
    instance.wait_state("orders", "current")
    orders.sql("UPDATE schema_migrations SET version = 7")
    instance.wait_state("orders", "ahead")


def test_heads(daemon, pair):
    """Alembic keeps heads: where no files tell the order, only equal heads are current."""
    orders, staging = pair
    alembic_journal(orders, "a")
    alembic_journal(staging, "b")
    instance = daemon(config(orders, staging))
    answer = instance.wait_state("orders", "unknown")
    eventually(lambda: instance.database("orders")["code"] == "ORDER_UNKNOWN", what="an order that nobody knows")
    alembic_stamp(orders, "b")
    assert instance.wait_state("orders", "current")["observed"]["heads"] == ["b"], answer


def test_heads_with_a_graph(daemon, pair, tmp_path):
    """staging's own files tell where orders stands to it."""
    orders, staging = pair
    alembic_journal(orders, "a")
    alembic_journal(staging, "b")
    folder = alembic_files(tmp_path / "files", a=None, b="a", c="b")
    instance = daemon(config(orders, staging, match="at-least", expect={"directory": folder}))
    assert instance.wait_state("orders", "pending")["pending"] == ["b"]
    alembic_stamp(orders, "c")
    assert instance.wait_state("orders", "current")["later"] == ["c"]


def test_several_journals_there(daemon, pair):
    """Two tables there, and which is meant is not said: nobody guesses."""
    orders, staging = pair
    flyway_journal(orders, "1")
    flyway_journal(staging, "1")
    flyway_journal(staging, "2", table="other_history")
    instance = daemon(config(orders, staging))
    eventually(lambda: "several journals" in (instance.database("orders")["reason"] or ""), what="several journals")
    named = config(orders, staging)
    named["databases"]["orders"]["journal"] = {"tool": "flyway", "table": "flyway_schema_history"}
    instance.reload(named)
    instance.wait_state("orders", "current")
