# SPDX-License-Identifier: Apache-2.0
"""Checks of kind sql on every engine: true, false, failing, timing out, forbidden; what writes is refused."""

import json

import pytest
from harness import eventually, migrationctl
from harness.checks import run_checks

CANARY = "canary-5f1d"

ENDLESS = {
    "postgresql": "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b",
    "mariadb": "SELECT count(*) FROM big a, big b WHERE a.i + b.i = 7",
    "mysql": "SELECT count(*) FROM big a, big b WHERE a.i + b.i = 7",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
}


def fill(database):
    database.sql("CREATE TABLE orders (note varchar(40), id int NOT NULL PRIMARY KEY, customer int)")
    rows = ",".join(f"('{CANARY}', {number}, {number % 3})" for number in range(1, 31))
    database.sql(f"INSERT INTO orders VALUES {rows}")


def fill_big(database):
    """A million rows."""
    database.sql("CREATE TABLE big (i int)")
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
    if database.engine == "mysql":
        database.sql("SET GLOBAL cte_max_recursion_depth = 2000")
    if database.engine in ("mariadb", "mysql"):
        database.sql(f"INSERT INTO big {numbers} SELECT a.i * 1000 + b.i FROM n a, n b")
    else:
        database.sql(f"{numbers} INSERT INTO big SELECT a.i * 1000 + b.i FROM n a, n b")


def content(database):
    return database.sql("SELECT note, id, customer FROM orders ORDER BY id")


def sql(text, expect="0", **settings):
    return {"sql": text, "expect": expect, "timeout": "30s", **settings}


def test_values_and_rows(database, tmp_path):
    """What holds, what does not, and of offending rows their keys alone."""
    fill(database)
    checks = run_checks(
        tmp_path,
        database.url(),
        {
            "counted": sql("SELECT count(*) FROM orders", "30"),
            "compared": sql("SELECT count(*) FROM orders", ">= 1e1"),
            "in_set": sql("SELECT max(customer) FROM orders", "in (2, 5)"),
            "listed": sql("SELECT max(customer) FROM orders", ["2", "5"]),
            "matched": sql("SELECT min(note) FROM orders", "matches ^canary-[0-9a-f]{4}$"),
            "nothing": sql("SELECT max(id) FROM orders WHERE id > 99", "null"),
            "truth": sql("SELECT count(*) = 30 FROM orders", "true"),
            "no_rows": sql("SELECT * FROM orders WHERE id > 30", "no rows"),
            "wrong": sql("SELECT count(*) FROM orders WHERE customer = 2"),
            "warned": sql("SELECT count(*) FROM orders", "31", severity="warn"),
            "offenders": sql("SELECT * FROM orders WHERE customer = 1 AND id < 5 ORDER BY id", "no rows"),
            "chosen": sql("SELECT * FROM orders WHERE id = 7", "no rows", keys=["customer"]),
            "many": sql("SELECT id AS number FROM orders ORDER BY id", "no rows"),
        },
    )
    assert checks.code == 1
    passed = ["counted", "compared", "in_set", "listed", "matched", "nothing", "truth", "no_rows"]
    assert {name: checks[name]["state"] for name in passed} == dict.fromkeys(passed, "passed")
    assert (checks["wrong"]["state"], checks["wrong"]["value"], checks["wrong"]["expected"]) == ("failed", "10", "= 0")
    assert (checks["warned"]["state"], checks["warned"]["severity"]) == ("failed", "warn")
    assert checks["offenders"]["columns"] == ["id"]
    assert checks["offenders"]["rows"] == [["1"], ["4"]]
    assert checks["offenders"]["more_rows"] is False
    assert checks["offenders"]["value"] == "2 rows"
    assert (checks["chosen"]["columns"], checks["chosen"]["rows"]) == (["customer"], [["1"]])
    assert len(checks["many"]["rows"]) == 10
    assert checks["many"]["more_rows"] is True
    assert checks["many"]["value"] == "more than 10 rows"
    assert CANARY not in json.dumps([checks["offenders"], checks["chosen"], checks["many"]])


def test_what_cannot_be_told(database, tmp_path):
    """Bad SQL, a wrong shape, no number, an unknown key: never passed, and the reason says it."""
    fill(database)
    asked = {
        "bad": (sql("SELEC 1"), None),
        "absent": (sql("SELECT count(*) FROM nowhere"), "nowhere"),
        "two_columns": (sql("SELECT id, note FROM orders WHERE id = 1"), "2 columns, not one"),
        "no_row": (sql("SELECT id FROM orders WHERE id > 99"), "no row, not one"),
        "rows": (sql("SELECT id FROM orders"), "more than 2 rows, not one"),
        "no_number": (sql("SELECT note FROM orders WHERE id = 1", "> 5"), "no number"),
        "keys": (sql("SELECT note, id FROM orders", "no rows", keys=["number"]), "'number' of `keys`, but note, id"),
    }
    checks = run_checks(tmp_path, database.url(), {name: check for name, (check, _) in asked.items()})
    assert checks.code == 2
    for name, (_, reason) in asked.items():
        assert checks[name]["state"] == "unknown", checks[name]
        assert (reason or "") in checks[name]["reason"], checks[name]
        assert checks[name]["next"]


def test_what_writes_is_refused(database, tmp_path):
    """Whatever a text would write, nothing has changed after it; and the next check is answered."""
    fill(database)
    before = content(database)
    texts = {
        "update": "UPDATE orders SET customer = 0",
        "delete": "DELETE FROM orders",
        "create": "CREATE TABLE more (i int)",
        "second": "SELECT 0; UPDATE orders SET customer = 0",
        "locks": "SELECT count(*) FROM (SELECT id FROM orders FOR UPDATE) o",
        "hidden": "WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone",
    }
    checks = {name: sql(text) for name, text in texts.items()}
    checks["after"] = sql("SELECT count(*) FROM orders", "30")
    answers = run_checks(tmp_path, database.url(), checks)
    assert answers["after"]["state"] == "passed"
    assert {name: answers[name]["state"] for name in texts} == dict.fromkeys(texts, "unknown")
    assert content(database) == before
    assert run_checks(tmp_path, database.url(), {"more": sql("SELECT count(*) FROM more")})["more"]["state"] == "unknown"


def test_functions_that_write_are_ended_by_the_session(postgres, tmp_path):
    """No word of the text tells that this function writes: the read-only transaction does."""
    fill(postgres)
    before = content(postgres)
    body = "BEGIN UPDATE orders SET customer = 9; RETURN 0; END"
    postgres.sql(f"CREATE FUNCTION harmless() RETURNS int LANGUAGE plpgsql AS '{body}'")
    checks = run_checks(tmp_path, postgres.url(), {"sly": sql("SELECT harmless()")})
    assert checks["sly"]["state"] == "unknown"
    assert "read-only transaction" in checks["sly"]["reason"]
    assert content(postgres) == before


def test_stored_functions_that_write_are_ended_by_the_session(mariadb, tmp_path):
    fill(mariadb)
    before = content(mariadb)
    mariadb.sql("CREATE FUNCTION harmless() RETURNS int BEGIN UPDATE orders SET customer = 9; RETURN 0; END")
    checks = run_checks(tmp_path, mariadb.url(), {"sly": sql("SELECT harmless()")})
    assert checks["sly"]["state"] == "unknown"
    assert content(mariadb) == before


def test_time_is_up(database, tmp_path):
    """The query that never ends is ended by the server, too; what is asked behind it has a connection of its own."""
    fill_big(database)
    checks = run_checks(
        tmp_path,
        database.url(),
        {
            "connects": sql("SELECT 0"),
            "endless": sql(ENDLESS[database.engine], timeout="1s"),
            "after": sql("SELECT count(*) FROM big", "1000000"),
        },
    )
    assert checks.code == 2
    assert (checks["endless"]["state"], checks["endless"]["code"]) == ("unknown", "TIMEOUT")
    assert checks["after"]["state"] == "passed"
    if database.engine != "sqlite":
        eventually(lambda: not database.backends(), what="the end of the sessions")


def test_a_million_rows(database, tmp_path):
    """Of a million rows as many are read as are shown, and one."""
    fill_big(database)
    checks = run_checks(
        tmp_path,
        database.url(),
        {
            "none": sql("SELECT i FROM big", "no rows"),
            "one": sql("SELECT i FROM big", "1"),
            "after": sql("SELECT min(i) FROM big", "1001"),
        },
    )
    assert (checks["none"]["state"], checks["none"]["value"]) == ("failed", "more than 10 rows")
    assert len(checks["none"]["rows"]) == 10
    assert (checks["one"]["state"], checks["one"]["reason"]) == ("unknown", "the query answers more than 2 rows, not one")
    assert checks["after"]["state"] == "passed"


def test_megabytes_in_one_value(database, tmp_path):
    long = {"sqlite": "printf('%.4000000c', 'a')"}.get(database.engine, "repeat('a', 4000000)")
    checks = run_checks(
        tmp_path,
        database.url(),
        {
            "equal": sql(f"SELECT {long}", "a"),
            "there": sql(f"SELECT {long}", "not null"),
            "row": sql(f"SELECT {long} AS text", "no rows"),
        },
    )
    assert checks["equal"]["state"] == "unknown"
    assert checks["there"]["state"] == "passed"
    assert checks["row"]["rows"][0][0].endswith("a… (cut)")
    assert len(json.dumps(checks.answer)) < 8192


def test_sensitive(database, tmp_path):
    """Neither value, row nor the server's words are told, in any form of the answer."""
    fill(database)
    settings = {"sensitive": True}
    asked = {
        "value": sql("SELECT note FROM orders WHERE id = 1", "x", **settings),
        "rows": sql("SELECT note FROM orders", "no rows", **settings),
        "kept": sql("SELECT note FROM orders WHERE id = 1", "not null", **settings),
        "words": sql(f"SELECT id FROM {CANARY.replace('-', '_')}", "0", **settings),
        "coverage": {"not_empty": ["orders", "gone"], **settings},
    }
    checks = run_checks(tmp_path, database.url(), asked)
    states = {name: checks[name]["state"] for name in asked}
    assert states == {"value": "failed", "rows": "failed", "kept": "passed", "words": "unknown", "coverage": "failed"}
    for style in ("json", "text", "markdown"):
        told = migrationctl("checks", "--config", tmp_path / "checks.yaml", "orders", "--output", style)
        assert "canary" not in told.stdout + told.stderr
        assert "(withheld: sensitive)" in told.stdout


@pytest.mark.parametrize("engine", ["postgres", "mariadb"])
def test_forbidden(request, engine, tmp_path):
    """What the role may not read is unknown, with what would help."""
    database = request.getfixturevalue(engine)
    fill(database)
    role, password = database.server.create_role()
    database.sql("CREATE TABLE open_to_all (i int)")
    if engine == "postgres":
        database.sql(f"GRANT SELECT ON open_to_all TO {role}")
    else:
        database.sql(f"GRANT SELECT ON {database.name}.open_to_all TO {role}")
    checks = run_checks(
        tmp_path,
        database.url(role, password),
        {"orders": sql("SELECT count(*) FROM orders", "30"), "open": sql("SELECT count(*) FROM open_to_all")},
    )
    assert checks.code == 2
    assert (checks["orders"]["state"], checks["orders"]["code"]) == ("unknown", "FORBIDDEN")
    assert "grant" in checks["orders"]["next"].lower()
    assert checks["open"]["state"] == "passed"


def test_locked(postgres, tmp_path):
    """A check never waits for long behind somebody's lock."""
    fill(postgres)
    with postgres.connect(autocommit=False) as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        checks = run_checks(tmp_path, postgres.url(), {"locked": sql("SELECT count(*) FROM orders", "30")})
        connection.rollback()
    assert checks["locked"]["state"] == "unknown"
    assert "lock timeout" in checks["locked"]["reason"]
