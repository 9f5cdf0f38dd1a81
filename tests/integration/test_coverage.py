# SPDX-License-Identifier: Apache-2.0
"""Coverage: how many tables hold rows, and which of those that must do not, by existence."""

import contextlib

import pytest
from harness import eventually
from harness.checks import run_checks

TABLES, HOLDING = 120, 36


def fill(database):
    """120 tables, of which every third of the first 108 holds a row."""
    statements = [f"CREATE TABLE t{number:03} (i int)" for number in range(TABLES)]
    statements += [f"INSERT INTO t{number:03} VALUES (1)" for number in range(0, 3 * HOLDING, 3)]
    database.sql(";".join(statements) + ";")


def coverage(tables, holding, unread=0):
    return {"tables": tables, "holding_rows": holding, "unread": unread}


def not_empty(folder, database, tables, url=None, timeout="30s", **settings):
    check = {"coverage": {"not_empty": tables, "timeout": timeout}}
    return run_checks(folder, url or database.url(), check, **settings)["coverage"]


def test_120_tables_of_which_36_hold_rows(database, tmp_path):
    fill(database)
    empty = [f"t{number:03}" for number in (1, 2, 4, 5, 7, 8, 110, 115, 118, 119)]
    check = not_empty(tmp_path, database, ["t000", *empty, "t003"])
    assert (check["state"], check["code"]) == ("failed", "CHECK_FAILED")
    assert check["value"] == "36 of 120 tables hold rows"
    assert check["coverage"] == coverage(TABLES, HOLDING)
    assert check["items"] == empty
    assert check["items_count"] == 10
    assert all(name in check["reason"] for name in empty)
    database.sql(";".join(f"INSERT INTO {name} VALUES (1)" for name in empty) + ";")
    check = not_empty(tmp_path, database, ["t000", *empty, "t003"])
    assert (check["state"], check["value"]) == ("passed", "46 of 120 tables hold rows")


def test_coverage_alone(database, tmp_path):
    database.sql("CREATE TABLE a (i int)")
    database.sql("CREATE VIEW v AS SELECT * FROM a")
    check = not_empty(tmp_path, database, [])
    assert (check["state"], check["value"]) == ("passed", "0 of 1 tables hold rows")


def test_a_table_that_is_not_there(database, tmp_path):
    database.sql("CREATE TABLE a (i int)")
    check = not_empty(tmp_path, database, ["countries"])
    assert (check["state"], check["reason"]) == ("failed", "there is no table countries")
    assert check["items"] == ["countries (there is no such table)"]


def test_names_that_need_quotes(database, tmp_path):
    quote = (lambda name: f"`{name}`") if database.engine in ("mariadb", "mysql") else (lambda name: f'"{name}"')
    names = ["Select", "with blank", "dot.ted", "it's", "ünïcode", "back\\slash"]
    for name in names:
        database.sql(f"CREATE TABLE {quote(name)} (i int)")
        if name != "it's":
            database.sql(f"INSERT INTO {quote(name)} VALUES (1)")
    check = not_empty(tmp_path, database, names)
    assert (check["state"], check["items"]) == ("failed", ["it's"])
    assert check["coverage"] == coverage(6, 5)


def test_schemas(postgres, tmp_path):
    """A bare name is every table of that name in the schemas that are watched; a full one is just that."""
    for schema in ("one", "two", "other"):
        postgres.sql(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.countries (i int)")
    postgres.sql("INSERT INTO one.countries VALUES (1)")
    watched = {"schemas": ["one", "two"]}
    check = not_empty(tmp_path, postgres, ["countries"], **watched)
    assert (check["state"], check["items"]) == ("failed", ["two.countries"])
    assert check["coverage"] == coverage(2, 1)
    assert not_empty(tmp_path, postgres, ["one.countries"], **watched)["state"] == "passed"
    assert not_empty(tmp_path, postgres, ["other.countries"], **watched)["items"] == ["other.countries"]
    postgres.sql("INSERT INTO two.countries VALUES (1)")
    check = not_empty(tmp_path, postgres, ["countries"], **watched)
    assert (check["state"], check["reason"]) == ("passed", "all that is named holds rows, and countries stands in 2 schemas")


def test_what_counts_as_a_table(postgres, tmp_path):
    """Partitioned tables count, their partitions, views and what extensions made do not; partitions can be named."""
    postgres.sql(
        """CREATE TABLE plain (i int); INSERT INTO plain VALUES (1);
        CREATE TABLE events (i int) PARTITION BY LIST (i);
        CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1);
        CREATE TABLE events_2 PARTITION OF events FOR VALUES IN (2) PARTITION BY LIST (i);
        CREATE TABLE events_2a PARTITION OF events_2 FOR VALUES IN (2);
        INSERT INTO events VALUES (2);
        CREATE VIEW view AS SELECT * FROM plain;
        CREATE MATERIALIZED VIEW kept AS SELECT * FROM plain;
        CREATE SEQUENCE sequence;
        CREATE TABLE parent (i int); CREATE TABLE child () INHERITS (parent); INSERT INTO child VALUES (1)"""
    )
    check = not_empty(tmp_path, postgres, ["events", "events_2", "events_2a", "kept", "parent"])
    assert (check["state"], check["coverage"]) == ("passed", coverage(4, 4))
    assert not_empty(tmp_path, postgres, ["events_1"])["items"] == ["events_1"]
    check = not_empty(tmp_path, postgres, ["plain", "view"])
    assert (check["state"], check["code"]) == ("unknown", "CHECK_UNKNOWN")
    assert "whether view holds rows" in check["reason"]


def test_other_servers_are_not_reached(postgres, tmp_path):
    postgres.sql(
        """CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
        CREATE TABLE spread (i int) PARTITION BY LIST (i); CREATE FOREIGN TABLE alone (i int) SERVER far;
        CREATE FOREIGN TABLE spread_1 PARTITION OF spread FOR VALUES IN (1) SERVER far"""
    )
    check = not_empty(tmp_path, postgres, ["spread"])
    assert (check["state"], check["coverage"]) == ("unknown", coverage(1, 0, 1))
    assert check["reason"] == "it could not be told whether spread holds rows: a foreign table is a part of it"
    assert not_empty(tmp_path, postgres, ["alone"])["state"] == "unknown"


def test_what_may_not_be_read(postgres, tmp_path):
    """Permissions and row security are asked for before: nothing is tried that would fail."""
    role, password = postgres.server.create_role()
    postgres.sql(
        f"""CREATE TABLE open (i int); CREATE TABLE closed (i int); CREATE TABLE secured (i int);
        CREATE SCHEMA hidden; CREATE TABLE hidden.secret (i int); CREATE TABLE partly (i int, j int);
        INSERT INTO open VALUES (1); INSERT INTO partly VALUES (1, 1);
        ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
        GRANT SELECT ON open, secured, hidden.secret TO {role}; GRANT SELECT (j) ON partly TO {role}"""
    )
    url = postgres.url(role, password)
    check = not_empty(tmp_path, postgres, ["open", "partly"], url)
    assert (check["state"], check["coverage"]) == ("passed", coverage(5, 2, 3))
    assert check["value"] == "2 of 5 tables hold rows, 3 could not be read"
    check = not_empty(tmp_path, postgres, ["open", "closed"], url)
    assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN")
    assert check["next"] == f'GRANT SELECT ON "public"."closed" TO "{role}"'
    check = not_empty(tmp_path, postgres, ["secret"], url)
    assert (check["code"], check["next"]) == ("FORBIDDEN", f'GRANT USAGE ON SCHEMA "hidden" TO "{role}"')
    check = not_empty(tmp_path, postgres, ["secured"], url)
    assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN")
    assert "row security" in check["reason"]
    check = not_empty(tmp_path, postgres, [], url)
    assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN")
    postgres.sql(f"CREATE TABLE bare (i int); GRANT SELECT ON bare TO {role}")
    check = not_empty(tmp_path, postgres, ["closed", "bare"], url)
    assert (check["state"], check["items"]) == ("failed", ["bare"])


def test_what_the_role_does_not_see_is_not_empty(mariadb, tmp_path):
    role, password = mariadb.server.create_role()
    mariadb.sql("CREATE TABLE shown (i int); CREATE TABLE hidden (i int); CREATE TABLE filled (i int)")
    mariadb.sql(f"INSERT INTO shown VALUES (1); GRANT SELECT ON {mariadb.name}.shown TO {role}")
    mariadb.sql(f"GRANT INSERT ON {mariadb.name}.filled TO {role}")
    url = mariadb.url(role, password)
    assert not_empty(tmp_path, mariadb, ["shown"], url)["state"] == "passed"
    mariadb.sql(f"GRANT SELECT ON {mariadb.name}.filled TO {role}")
    check = not_empty(tmp_path, mariadb, [], url)
    assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN"), "a third table is hidden"
    assert check["next"].startswith("GRANT ")
    mariadb.sql(f"REVOKE SELECT ON {mariadb.name}.filled FROM {role}")
    check = not_empty(tmp_path, mariadb, ["hidden"], url)
    assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN")
    assert check["next"].startswith("GRANT ")
    check = not_empty(tmp_path, mariadb, ["filled"], url)
    assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN")
    assert check["next"] == f"GRANT SELECT ON `{mariadb.name}`.`filled` TO '{role}'@'%'"
    assert check["coverage"] == coverage(2, 1, 1)
    mariadb.sql(f"GRANT SELECT ON {mariadb.name}.* TO {role}")
    check = not_empty(tmp_path, mariadb, ["hidden", "nowhere"], url)
    assert (check["state"], check["items"]) == ("failed", ["hidden", "nowhere (there is no such table)"])


@contextlib.contextmanager
def locked(database, table):
    """Somebody's session that lets nobody read the table."""
    with contextlib.closing(database.connect(autocommit=False)) as connection, connection.cursor() as cursor:
        lock = "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE" if database.engine == "postgresql" else "LOCK TABLES {} WRITE"
        cursor.execute(lock.format(table))
        yield


@pytest.mark.parametrize("engine", ["postgres", "mariadb"])
def test_one_locked_table_hides_no_other(request, engine, tmp_path):
    database = request.getfixturevalue(engine)
    fill(database)
    with locked(database, "t003"):
        check = not_empty(tmp_path, database, ["t000"])
        assert (check["state"], check["coverage"]) == ("passed", coverage(TABLES, HOLDING - 1, 1))
        check = not_empty(tmp_path, database, ["t000", "t003"])
        assert check["state"] == "unknown"
        assert "whether t003 holds rows" in check["reason"]
        check = not_empty(tmp_path, database, ["t001", "t003"])
        assert (check["state"], check["items"]) == ("failed", ["t001"])


def test_time_that_others_take_is_not_that_of_named_tables(postgres, tmp_path):
    """Named tables are asked first; when the time is up, the rest is unread, and the next check connects anew."""
    names = [f"held{number}" for number in range(40)]
    postgres.sql("CREATE TABLE named (i int); INSERT INTO named VALUES (1)")
    postgres.sql(";".join(f"CREATE TABLE {name} (i int)" for name in names))
    asked = {
        "coverage": {"not_empty": ["named"], "timeout": "5s"},
        "after": {"sql": "SELECT count(*) FROM named", "expect": "1", "timeout": "30s"},
    }
    with locked(postgres, ", ".join(names)):
        checks = run_checks(tmp_path, postgres.url(), asked)
    assert checks["coverage"]["state"] == "passed"
    assert checks["coverage"]["coverage"] == coverage(41, 1, 40)
    assert checks["after"]["state"] == "passed"


def test_one_row_is_read_of_many(postgres, tmp_path):
    postgres.sql("CREATE TABLE many AS SELECT generate_series(1, 10000) AS i")
    before = rows_read(postgres)
    assert not_empty(tmp_path, postgres, ["many"])["state"] == "passed"
    assert eventually(lambda: rows_read(postgres) - before) == 1


def rows_read(database):
    """Of the table `many`; sessions tell it at their end."""
    return database.sql("SELECT pg_stat_get_tuples_returned('many'::regclass)")[0][0]
