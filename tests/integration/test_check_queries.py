# SPDX-License-Identifier: Apache-2.0
"""Questions that somebody else wrote, asked of real databases: nothing is written, locked or left running whatever they
are, and little is read. Through tests/tools/query_probe.c; `own=True` sends what the guard would refuse, so that it is
the session that refuses."""

import contextlib
import json
import signal
import sqlite3

import psycopg2
import pytest
from harness import eventually
from harness.query_probe import allocations, query, start

ORDERS = """
CREATE TABLE orders (id integer PRIMARY KEY, state varchar(20), paid boolean);
INSERT INTO orders VALUES (1, 'new', true), (2, NULL, false), (3, 'sent', NULL);
"""
ROWS = [(1, "new"), (2, None), (3, "sent")]
ENDLESS = "SELECT count(*) FROM many a, many b, many c, many d WHERE a.id + b.id + c.id + d.id < 0"


@pytest.fixture
def orders(database):
    database.sql(ORDERS)
    return database


@pytest.fixture
def many(orders):
    """A thousand rows: twice joined with itself, a million; four times, an answer that never comes."""
    orders.sql("CREATE TABLE many (id integer PRIMARY KEY)")
    orders.sql("INSERT INTO many VALUES " + ", ".join(f"({number})" for number in range(1000)))
    return orders


def is_unharmed(database):
    return [tuple(row) for row in database.sql("SELECT id, state FROM orders ORDER BY id")] == ROWS


def cells(answer):
    assert "rows" in answer, answer
    return answer["rows"]


def error(answer, code):
    assert "error" in answer, answer
    assert answer["error"]["code"] == code, answer
    return answer["error"]["message"]


def test_rows_columns_and_keys(orders):
    answer = query(orders.url(), "SELECT o.state, o.paid, o.id, 1 + 1 AS two FROM orders o ORDER BY o.id -- all of them")
    postgres = orders.engine == "postgresql"
    assert [column["name"] for column in answer["columns"]] == ["state", "paid", "id", "two"]
    assert [column["key"] for column in answer["columns"]] == [False, False, True, False]
    assert [column["boolean"] for column in answer["columns"]] == [False, postgres, False, False]
    true, false = ("true", "false") if postgres else ("1", "0")
    assert answer["rows"] == [["new", true, "1", "2"], [None, false, "2", "2"], ["sent", None, "3", "2"]]
    assert answer["more"] is False


def test_a_semicolon_and_comments_may_follow(orders):
    assert cells(query(orders.url(), "SELECT 1 ; -- that is all")) == [["1"]]
    assert cells(query(orders.url(), "/* first */ SELECT 2 -- last")) == [["2"]]


def test_keys_of_two_columns_and_of_two_tables(database):
    database.sql("CREATE TABLE items (order_id integer, line integer, what varchar(20), PRIMARY KEY (line, order_id))")
    database.sql("CREATE TABLE plain (id integer)")
    database.sql("INSERT INTO items VALUES (1, 2, 'x')")
    database.sql("INSERT INTO plain VALUES (1)")
    answer = query(database.url(), "SELECT l.what, l.order_id, p.id, l.line FROM items l, plain p")
    assert [column["key"] for column in answer["columns"]] == [False, True, False, True]
    assert answer["rows"] == [["x", "1", "1", "2"]]


def test_what_writes_is_refused_before_it_is_sent(orders):
    assert "this is UPDATE: a check is one SELECT" in error(query(orders.url(), "UPDATE orders SET state = 'x'"), "invalid")
    message = error(query(orders.url(), "SELECT 1;\nDELETE FROM orders"), "invalid")
    assert "line 2: this is a second statement (DELETE)" in message
    assert is_unharmed(orders)


WRITES = [
    "UPDATE orders SET state = 'x'",
    "DELETE FROM orders",
    "INSERT INTO orders VALUES (4, 'x', NULL)",
    "DROP TABLE orders",
    "CREATE TABLE more_orders (id integer)",
    "ALTER TABLE orders ADD extra integer",
    "SELECT 1; UPDATE orders SET state = 'x'",
    "SELECT * FROM orders; SELECT 2",
]


def test_what_writes_is_refused_by_the_session(orders):
    answers = query(orders.url(), *WRITES, own=True)
    for answer in answers:
        error(answer, "invalid")
    assert is_unharmed(orders)
    with pytest.raises(Exception):
        orders.sql("SELECT * FROM more_orders")
    if orders.engine == "mariadb":
        assert "READ ONLY transaction" in answers[0]["error"]["message"]


def test_postgres_refuses_what_is_no_query(postgres):
    postgres.sql(ORDERS)
    texts = {
        "WITH x AS (DELETE FROM orders RETURNING 1) SELECT * FROM x": "data-modifying statement",
        "SELECT * FROM orders FOR UPDATE": "cannot execute SELECT FOR UPDATE in a read-only transaction",
        "SELECT * INTO copy FROM orders": "INTO",
        "LOCK TABLE orders": "syntax error",
        "COPY orders TO PROGRAM 'true'": "syntax error",
        "COMMIT": "syntax error",
        "SET transaction_read_only = off": "syntax error",
        "SELECT 1) AS q (c0), (SELECT 2": "syntax error",
        "SELECT set_config('transaction_read_only', 'off', false)": "read-write mode must be set before any query",
    }
    for text, answer in zip(texts, query(postgres.url(), *texts, own=True)):
        assert texts[text] in error(answer, "invalid"), text
    assert is_unharmed(postgres)


def test_functions_that_write_are_refused(postgres):
    postgres.sql(ORDERS)
    postgres.sql(
        "CREATE FUNCTION ship() RETURNS integer LANGUAGE sql AS $$ UPDATE orders SET state = 'x' RETURNING 1 $$;"
        "CREATE FUNCTION make() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE made (id integer); END $$;"
        "CREATE FUNCTION free() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN SET transaction_read_only = off;"
        " UPDATE orders SET state = 'x'; RETURN 1; END $$;"
        "CREATE SEQUENCE numbers"
    )
    ship, make, free, number = query(
        postgres.url(), "SELECT ship()", "SELECT make()", "SELECT free()", "SELECT nextval('numbers')", own=True
    )
    assert "cannot execute UPDATE in a read-only transaction" in error(ship, "invalid")
    assert "cannot execute CREATE TABLE in a read-only transaction" in error(make, "invalid")
    assert "read-write mode must be set before any query" in error(free, "invalid")
    assert "cannot execute nextval() in a read-only transaction" in error(number, "invalid")
    assert is_unharmed(postgres)
    assert postgres.sql("SELECT is_called FROM numbers") == [(False,)]


def test_functions_that_write_are_refused_by_mariadb(mariadb):
    mariadb.sql(ORDERS)
    mariadb.sql("CREATE TABLE notes (id integer) ENGINE=Aria")
    mariadb.sql("CREATE SEQUENCE numbers")
    for name, change in {"ship": "UPDATE orders SET state = 'x'", "note": "INSERT INTO notes VALUES (1)"}.items():
        mariadb.sql(f"CREATE FUNCTION {name}() RETURNS integer MODIFIES SQL DATA BEGIN {change}; RETURN 1; END")
    answers = query(mariadb.url(), "SELECT ship()", "SELECT note()", "SELECT nextval(numbers)", "CALL ship()", own=True)
    for answer in answers[:3]:
        assert "READ ONLY transaction" in error(answer, "invalid")
    error(answers[3], "invalid")
    assert is_unharmed(mariadb)
    assert not mariadb.sql("SELECT * FROM notes")


def test_sqlite_reads_and_nothing_else(sqlite, tmp_path):
    sqlite.sql(ORDERS)
    texts = {
        f"ATTACH '{tmp_path / 'other.db'}' AS other": "opens or closes another file",
        "BEGIN": "begins or ends a transaction",
        "CREATE TEMP TABLE t (id)": "writes",
        "PRAGMA user_version = 3": "pragma that may act",
        "PRAGMA journal_mode": "pragma that may act",
        "SELECT * FROM pragma_journal_mode": "pragma that may act",
        "SELECT load_extension('x')": "load_extension",
        f"VACUUM INTO '{tmp_path / 'copy.db'}'": "would write",
        "ANALYZE": "writes",
        "": "there is no statement",
    }
    for text, answer in zip(texts, query(sqlite.url(), *texts, own=True)):
        assert texts[text] in error(answer, "invalid"), text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.db"]
    assert is_unharmed(sqlite)


def test_sqlite_tells_of_itself_in_tables(sqlite):
    sqlite.sql(
        "CREATE TABLE parent (id integer PRIMARY KEY);"
        "CREATE TABLE child (id integer PRIMARY KEY, parent integer REFERENCES parent);"
        "INSERT INTO child VALUES (1, 5)"
    )
    texts = [
        'SELECT "table", "from" FROM pragma_foreign_key_list(\'child\')',
        'SELECT "table", rowid, parent FROM pragma_foreign_key_check',
        "SELECT name FROM pragma_table_info('parent')",
        "SELECT * FROM pragma_quick_check",
        "SELECT value FROM json_each('[1, 2]')",
    ]
    answers = query(sqlite.url(), *texts)
    assert [cells(answer) for answer in answers] == [
        [["parent", "parent"]], [["child", "1", "parent"]], [["id"]], [["ok"]], [["1"], ["2"]],
    ]  # fmt: skip


@contextlib.contextmanager
def running(database, text, **options):
    """A question under way on the server."""
    process = start(database.url(), text, own=True, **options)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def active(database):
    """Sessions that run a question."""
    if database.engine == "postgresql":
        return database.sql(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%FETCH%'"
            " AND pid <> pg_backend_pid()"
        )
    return database.sql(
        "SELECT id FROM information_schema.processlist WHERE db = database() AND command = 'Query' AND info LIKE '%many a%'"
        " AND id <> connection_id()"
    )


def test_what_runs_for_ever_is_ended(many):
    first, second = query(many.url(), ENDLESS, "SELECT 1", timeout=700)
    error(first, "timeout")
    assert cells(second) == [["1"]] if "rows" in second else error(second, "unreachable")
    if many.engine != "sqlite":
        eventually(lambda: not active(many), 10, "the query's end on the server")


@pytest.mark.parametrize("fate", [signal.SIGKILL, signal.SIGSTOP])
@pytest.mark.parametrize("engine", ["postgres", "mariadb"])
def test_the_server_ends_it_when_nobody_is_there(request, engine, fate):
    """Nothing cancels it, and nothing needs to: the server has been told when to give up."""
    database = request.getfixturevalue(engine)
    database.sql("CREATE TABLE many (id integer PRIMARY KEY)")
    database.sql("INSERT INTO many VALUES " + ", ".join(f"({number})" for number in range(1000)))
    with running(database, ENDLESS, timeout=2000) as process:
        eventually(lambda: active(database), 10, "the query's beginning")
        process.send_signal(fate)
        eventually(lambda: not active(database), 20, "the query's end")


@pytest.mark.parametrize("engine", ["postgres", "mariadb"])
def test_a_session_that_is_killed(request, engine):
    database = request.getfixturevalue(engine)
    database.sql("CREATE TABLE many (id integer PRIMARY KEY)")
    database.sql("INSERT INTO many VALUES " + ", ".join(f"({number})" for number in range(1000)))
    with running(database, ENDLESS, timeout=60000) as process:
        ((pid,),) = eventually(lambda: active(database), 10, "the query's beginning")
        database.sql(f"SELECT pg_terminate_backend({pid})" if engine == "postgres" else f"KILL {pid}")
        output, report = process.communicate(timeout=60)
    assert not report
    error(json.loads(output), "unreachable")


@pytest.mark.parametrize("engine", ["own_postgres", "own_mariadb"])
def test_a_server_that_freezes(request, engine):
    server = request.getfixturevalue(engine)
    database = server.create_database()
    database.sql("CREATE TABLE many (id integer PRIMARY KEY)")
    database.sql("INSERT INTO many VALUES " + ", ".join(f"({number})" for number in range(1000)))
    with running(database, ENDLESS, timeout=1500) as process:
        eventually(lambda: active(database), 10, "the query's beginning")
        server.freeze()
        output, report = process.communicate(timeout=60)
        server.thaw()
    assert not report
    error(json.loads(output), "timeout")


def test_a_million_rows(many):
    million = "SELECT a.id AS one, b.id AS other FROM many a, many b"
    first, second, third = query(many.url(), million, million + " LIMIT 1000000", "SELECT 1", rows=11)
    for answer in (first, second):
        assert len(cells(answer)) == 11 and answer["more"] is True
    # What was not read of an answer with a LIMIT of its own, MySQL's kind would still send.
    assert error(third, "unreachable") if many.engine in ("mariadb", "mysql") else cells(third) == [["1"]]


def test_a_limit_does_not_reach_into_functions(mariadb):
    mariadb.sql("CREATE TABLE many (id integer PRIMARY KEY)")
    mariadb.sql("INSERT INTO many VALUES " + ", ".join(f"({number})" for number in range(100)))
    mariadb.sql(
        "CREATE FUNCTION counted() RETURNS integer READS SQL DATA BEGIN DECLARE n, done, x integer DEFAULT 0;"
        " DECLARE c CURSOR FOR SELECT id FROM many; DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1; OPEN c;"
        " every: LOOP FETCH c INTO x; IF done THEN LEAVE every; END IF; SET n = n + 1; END LOOP; RETURN n; END"
    )
    assert cells(query(mariadb.url(), "SELECT counted()", rows=1)) == [["100"]]


@pytest.mark.native
def test_large_cells_of_postgres(postgres):
    one, many, bytea = query(
        postgres.url(),
        "SELECT repeat('x', 300000000)",
        "SELECT repeat(repeat('x', 1000000), 20) FROM generate_series(1, 20)",
        "SELECT decode(repeat('ff', 1000000), 'hex')",
        cell_bytes=100,
    )
    assert cells(one) == [["x" * 100]]
    assert cells(many) == [["x" * 100]] * 10 and many["more"]
    assert cells(bytea) == [["\\x" + "f" * 98]]
    assert 0 < bytea["memory_kib"] < 64 * 1024


@pytest.mark.native
def test_large_rows_of_mariadb(mariadb):
    ten, twenty, after = query(
        mariadb.url(),
        "SELECT repeat('x', 10000000), repeat('y', 1000000)",
        "SELECT repeat('x', 10000000), repeat('y', 10000000)",
        "SELECT 1",
        cell_bytes=10,
    )
    assert cells(ten) == [["x" * 10, "y" * 10]]
    assert "larger than 16 MiB" in error(twenty, "truncated")
    error(after, "unreachable")
    assert 0 < ten["memory_kib"] < 64 * 1024


@pytest.mark.native
def test_large_cells_and_much_memory_of_sqlite(sqlite):
    large, fits, much, after = query(
        sqlite.url(),
        "SELECT zeroblob(500000000)",
        "SELECT hex(zeroblob(4000000))",
        "WITH RECURSIVE c(x, b) AS (SELECT 1, randomblob(9000000) UNION ALL SELECT x + 1, randomblob(9000000) FROM c)"
        " SELECT x FROM c ORDER BY b",
        "SELECT 1",
        cell_bytes=10,
        timeout=60000,
    )
    error(large, "truncated")
    assert cells(fits) == [["0" * 10]]
    assert "256 MiB of memory" in error(much, "truncated")
    assert cells(after) == [["1"]]
    assert 0 < after["memory_kib"] < 512 * 1024


def test_answers_that_mariadb_cut_are_none(mariadb):
    recursion, text, group, noisy, noise, fine = query(
        mariadb.url(),
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 5000) SELECT count(*) FROM c",
        "SELECT length(repeat('x', 1000000000))",
        "SELECT length(group_concat(seq)) FROM seq_1_to_1000000",
        "SELECT length(group_concat(seq)), sum(if(seq < 5000, concat('x', seq) + 0, 0)) FROM seq_1_to_1000000",
        "SELECT sum(concat('x', seq) + 0) FROM seq_1_to_100000",
        "SELECT 'a' + 1, 1 / 0",
    )
    assert "max_recursive_iterations" in error(recursion, "truncated")
    assert "max_allowed_packet" in error(text, "truncated")
    assert "GROUP_CONCAT" in error(group, "truncated").upper()
    assert "GROUP_CONCAT" in error(noisy, "truncated").upper(), "other warnings hide none"
    assert "more warnings than the server keeps" in error(noise, "truncated")
    assert cells(fine) == [["1", None]]


def test_permissions(request):
    for engine in ("postgres", "mariadb"):
        database = request.getfixturevalue(engine)
        database.sql(ORDERS)
        database.sql("CREATE TABLE open_table (id integer)")
        name, password = database.server.create_role()
        who = database.server.quote(name) + ("@'%%'" if engine == "mariadb" else "")
        database.sql(f"GRANT SELECT ON open_table TO {who}".replace("%%", "%"))
        open_table, closed = query(
            database.url(name, password), "SELECT count(*) FROM open_table", "SELECT count(*) FROM orders"
        )
        assert cells(open_table) == [["0"]]
        assert "orders" in error(closed, "forbidden")


def test_rows_that_row_security_hides_are_not_left_out(postgres):
    postgres.sql(ORDERS)
    name, password = postgres.server.create_role()
    who = postgres.server.quote(name)
    postgres.sql(f"GRANT SELECT ON orders TO {who}; ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
    assert "row-level security" in error(query(postgres.url(name, password), "SELECT count(*) FROM orders"), "forbidden")


def test_locks_are_not_waited_for(orders):
    connection = orders.connect(autocommit=False)
    cursor = connection.cursor()
    try:
        cursor.execute(
            {"postgresql": "LOCK TABLE orders", "sqlite": "BEGIN EXCLUSIVE"}.get(orders.engine, "LOCK TABLES orders WRITE")
        )
        error(query(orders.url(), "SELECT count(*) FROM orders"), "locked")
    finally:
        connection.rollback()
        connection.close()
    assert cells(query(orders.url(), "SELECT count(*) FROM orders")) == [["3"]]


def test_mistakes_are_told_in_the_servers_words(orders):
    syntax, table, column = query(
        orders.url(), "SELECT 1 +", "SELECT * FROM nothing_here", "SELECT nothing_here FROM orders"
    )
    assert "syntax" in error(syntax, "invalid") or "incomplete" in error(syntax, "invalid")
    assert "nothing_here" in error(table, "not_found")
    assert "nothing_here" in error(column, "not_found")


def test_bytes_that_are_no_text(postgres_server, mariadb, sqlite):
    name = postgres_server.new_name("raw")
    postgres_server.sql(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    try:
        url = f"postgresql://postgres:{postgres_server.password}@{postgres_server.host}:{postgres_server.port}/{name}"
        assert cells(query(url, "SELECT E'a\\377b', 'ä', '\\x00ff'::bytea")) == [["0x61ff62", "ä", "\\x00ff"]]
    finally:
        postgres_server.drop_database(name)
    assert cells(query(mariadb.url(), "SELECT x'61ff', x'6162', x'610062', 'ä'")) == [["0x61ff", "ab", "0x610062", "ä"]]
    texts = "SELECT x'61ff', x'6162', cast(x'610062' AS text), 'ä', x''"
    assert cells(query(sqlite.url(), texts)) == [["0x61ff", "ab", "0x610062", "ä", ""]]


def test_cells_are_cut_between_characters(orders):
    for text in ("äöü" * 10, "🐘" * 10):
        (cell,) = cells(query(orders.url(), f"SELECT '{text}'", cell_bytes=13))[0]
        assert text.startswith(cell) and 9 <= len(cell.encode()) <= 13


def test_settings_of_the_server_and_the_role(postgres):
    """Names are found as in any other session of the role; times are in UTC, and nothing that a question sets remains."""
    postgres.sql("CREATE SCHEMA shop; CREATE TABLE shop.things (id integer); INSERT INTO shop.things VALUES (7)")
    name, password = postgres.server.create_role()
    who = postgres.server.quote(name)
    postgres.sql(f"GRANT USAGE ON SCHEMA shop TO {who}; GRANT SELECT ON shop.things TO {who}")
    postgres.sql(f"ALTER ROLE {who} SET search_path = shop; ALTER ROLE {who} SET TimeZone = 'Asia/Tokyo'")
    postgres.sql(f"ALTER ROLE {who} SET DateStyle = 'German'")
    texts = [
        "SELECT id, timestamptz '2026-01-01 00:00:00+00' FROM things",
        "SELECT set_config('statement_timeout', '1', false), set_config('app.x', 'y', false)",
        "SELECT current_setting('statement_timeout') <> '1ms', coalesce(current_setting('app.x', true), '')",
        "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'things'",
    ]
    answers = query(postgres.url(name, password), *texts, own=True)
    assert cells(answers[0]) == [["7", "2026-01-01 00:00:00+00"]]
    assert cells(answers[2]) == [["true", ""]]
    assert cells(answers[3]) == [["0"]]


def test_mariadb_means_what_its_sessions_do(own_mariadb):
    """A question is read under the server's own sql_mode, but for backslashes, and our own under none."""
    database = own_mariadb.create_database()
    database.sql(ORDERS)
    own_mariadb.sql("SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'")
    own_mariadb.sql("SET GLOBAL tx_isolation = 'SERIALIZABLE', GLOBAL time_zone = '+09:00'")
    text = "SELECT count(*), 'a' || 'b', 'it\\'s', @@time_zone FROM orders WHERE \"state\" IS NULL"
    assert cells(query(database.url(), text)) == [["1", "ab", "it's", "+00:00"]]
    assert cells(query(database.url(), "SELECT \"state\" FROM orders LIMIT 1", own=True)) == [["state"]]
    connection = database.connect(autocommit=False)
    try:
        connection.cursor().execute("UPDATE orders SET state = 'x' WHERE id = 1")
        assert cells(query(database.url(), "SELECT count(*) FROM orders WHERE id > 0")) == [["3"]]
    finally:
        connection.rollback()
        connection.close()


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_sqlite_while_others_write(sqlite, mode):
    """An answer is of one state, and nothing is locked behind it."""
    connection = sqlite3.connect(sqlite.path, isolation_level=None, timeout=10)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.execute("CREATE TABLE pairs (a integer, b integer)")
    connection.executemany("INSERT INTO pairs VALUES (?, ?)", [(number, number) for number in range(100)])
    for round_number in range(20):
        with start(sqlite.url(), *["SELECT count(*), sum(a - b) FROM pairs"] * 5) as process:
            for _ in range(10):
                connection.execute("UPDATE pairs SET a = a + 1, b = b + 1")
            if round_number % 5 == 0:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            output, report = process.communicate(timeout=60)
        assert not report
        for answer in json.loads(output):
            if "error" in answer:
                assert answer["error"]["code"] in ("changed", "locked"), answer
            else:
                assert answer["rows"] == [["100", "0"]]
    connection.execute("BEGIN EXCLUSIVE")
    connection.close()


def test_a_database_of_postgres_that_only_reads(postgres):
    """Where sessions are read-only from the start, and serializable, questions are answered all the same."""
    postgres.sql(ORDERS)
    name = postgres.server.quote(postgres.name)
    postgres.server.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    postgres.server.sql(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    assert cells(query(postgres.url(), "SELECT count(*) FROM orders")) == [["3"]]
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        postgres.sql("DELETE FROM orders")


def test_no_memory_is_told(orders):
    assert allocations(orders.url(), "SELECT id, state FROM orders") > 3
