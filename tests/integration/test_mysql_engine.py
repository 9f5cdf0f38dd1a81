# SPDX-License-Identifier: Apache-2.0
"""The engine for MySQL and MariaDB against real servers, through tests/tools/engine_probe.c."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

import pytest
from harness import MariaDB, Mysql, eventually
from harness.daemon import slowdown
from harness.engine_probe import ask, engine_probe

# Oracle's client from 9.0 on cannot log in to a MariaDB: MIGRATIOND_TEST_MYSQL_FLAVOURS=mysql leaves that out.
FLAVOURS = (
    os.environ.get("MIGRATIOND_TEST_MYSQL_FLAVOURS", "").split()
    or ["mariadb"] + (["mysql"] if os.environ.get("MIGRATIOND_TEST_MYSQLD") else [])
)
SERVERS = {"mariadb": MariaDB, "mysql": Mysql}
HOSTILE = ["we`ird", "new\nline", "a;b", "'quoted\"", "x y", "-- comment", "/*!50000 open", "\u202ertl", "\u00e9t\u00e9", "back\\slash"]


@pytest.fixture(params=FLAVOURS)
def database(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(params=FLAVOURS)
def own_server(request):
    """A server of the test's own, to be frozen or restarted."""
    server = SERVERS[request.param]()
    try:
        yield server.start()
    finally:
        server.close()


def schema_of(database, *who):
    return ask("schema", database.url(*who))


def table(schema, name):
    return next(one for one in schema["tables"] if one["name"] == name)


def column(schema, table_name, name):
    return next(one for one in table(schema, table_name)["columns"] if one["name"] == name)


def test_facts(database):
    facts = ask("facts", database.url())
    assert facts["engine"] == database.engine
    assert facts["database"] == database.name
    assert facts["absence_proven"] and facts["grant_needed"] == "" and not facts["replica"]
    assert facts["version"][0].isdigit()


def test_either_scheme_finds_the_flavour(database):
    other = {"mariadb": "mysql", "mysql": "mariadb"}[database.engine]
    url = database.url().replace(f"{database.engine}://", f"{other}://", 1)
    assert ask("facts", url)["engine"] == database.engine


def test_own_dump_gives_the_same_schema(database):
    """Equal objects under another database's name are equal: views lose their own database's name."""
    database.sql("CREATE TABLE p (id int PRIMARY KEY, n varchar(9) DEFAULT 'x', CHECK (id > 0))")
    database.sql("CREATE TABLE c (id int, p_id int, FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE CASCADE)")
    database.sql("CREATE VIEW v AS SELECT p.id, count(*) AS n FROM p JOIN c ON c.p_id = p.id GROUP BY p.id")
    copy = database.server.create_database()
    try:
        for name in ("p", "c"):
            copy.sql(database.sql(f"SHOW CREATE TABLE {name}")[0][1])
        copy.sql("CREATE VIEW v AS SELECT p.id, count(*) AS n FROM p JOIN c ON c.p_id = p.id GROUP BY p.id")
        assert schema_of(copy)["fingerprint"] == schema_of(database)["fingerprint"]
        copy.sql("ALTER TABLE c MODIFY id bigint")
        assert schema_of(copy)["fingerprint"] != schema_of(database)["fingerprint"]
    finally:
        copy.drop()


def test_hostile_names_stand_as_they_are(database):
    for name in HOSTILE:
        database.sql(f"CREATE TABLE {database.server.quote(name)} ({database.server.quote(name + '`c')} int DEFAULT 3)")
    for number in range(450):  # more than two batches around them
        database.sql(f"CREATE TABLE plain_{number} (id int PRIMARY KEY)")
    schema = schema_of(database)
    assert len(schema["tables"]) == len(HOSTILE) + 450
    for name in HOSTILE:
        columns = table(schema, name)["columns"]
        columns[0]["default"] = columns[0]["default"].strip("'")  # MySQL quotes numbers
        assert columns == [{"name": name + "`c", "type": "int", "default": "3", "nullable": True}]
    sightings = ask("tables", database.url(), *HOSTILE, "absent")
    assert sorted(one["table"] for one in sightings) == sorted(HOSTILE)


def test_views_need_show_view(database):
    database.sql("CREATE TABLE t (id int)")
    database.sql("CREATE SQL SECURITY INVOKER VIEW v AS SELECT id FROM t WHERE id > 0 WITH CASCADED CHECK OPTION")
    view = schema_of(database)["views"][0]
    assert view["columns"] == [{"name": "id", "type": "int", "nullable": True}]
    assert view["definition"].startswith("select `t`.`id` AS `id` from `t` where") and "CHECK" not in view["definition"]
    assert (view["security"], view["check_option"]) == ("invoker", "cascaded")
    user, password = database.server.create_role()
    database.sql(f"GRANT SELECT ON {database.name}.* TO {user}@'%'")
    coverage = schema_of(database, user, password)["coverage"]
    assert coverage["tables"]["coverage"] == "full"
    assert coverage["views"]["coverage"] == "partial" and "SHOW VIEW" in coverage["views"]["reason"]
    database.sql(f"GRANT SHOW VIEW ON {database.name}.* TO {user}@'%'")
    assert schema_of(database, user, password)["fingerprint"] == schema_of(database)["fingerprint"]


def test_minimal_grants_see_what_the_superuser_sees(database):
    database.sql("CREATE TABLE p (id int PRIMARY KEY, CHECK (id > 0))")
    database.sql("CREATE TABLE c (p_id int, FOREIGN KEY (p_id) REFERENCES p (id))")
    database.sql("CREATE TABLE journal (version int)")
    user, password = database.server.create_role()
    database.sql(f"GRANT REFERENCES, SHOW VIEW ON {database.name}.* TO {user}@'%'")
    database.sql(f"GRANT SELECT ON {database.name}.journal TO {user}@'%'")
    facts = ask("facts", database.url(user, password))
    assert facts["absence_proven"]
    assert schema_of(database, user, password)["fingerprint"] == schema_of(database)["fingerprint"]
    assert ask("journal", database.url(user, password), "", "journal", 10, "version")["rows"] == []
    refused = ask("journal", database.url(user, password), "", "p", 10, "id", expect=1)
    assert refused["code"] == "forbidden" and f"GRANT SELECT ON `{database.name}`.`p` TO '{user}'@'%'" in refused["message"]


def test_what_is_not_granted_is_never_absent(database):
    database.sql("CREATE TABLE hidden (id int)")
    database.sql("CREATE TABLE journal (version int)")
    user, password = database.server.create_role()
    refused = ask("facts", database.url(user, password), expect=1)
    assert refused["code"] == "forbidden" and "GRANT REFERENCES, SHOW VIEW" in refused["message"]
    database.sql(f"GRANT SELECT ON {database.name}.journal TO {user}@'%'")
    facts = ask("facts", database.url(user, password))
    assert not facts["absence_proven"]
    schema = schema_of(database, user, password)
    assert [one["name"] for one in schema["tables"]] == ["journal"]
    assert schema["coverage"]["tables"]["coverage"] == "partial"
    database.sql(facts["grant_needed"])
    assert ask("facts", database.url(user, password))["absence_proven"]
    assert ask("tables", database.url(user, password), "hidden", "nothing") == [
        {
            "schema": "",
            "table": "hidden",
            "readable": False,
            "grant": f"GRANT SELECT ON `{database.name}`.`hidden` TO '{user}'@'%'",
        }
    ]


def test_privileges_of_an_active_role_count(database):
    user, password = database.server.create_role()
    role = database.server.new_name("group")
    database.sql(f"CREATE ROLE {role}")
    database.sql(f"GRANT SELECT, SHOW VIEW ON {database.name}.* TO {role}")
    database.sql(f"GRANT {role} TO {user}@'%'")
    syntax = {"mariadb": "SET DEFAULT ROLE {} FOR {}@'%'", "mysql": "SET DEFAULT ROLE {} TO {}@'%'"}
    database.sql(syntax[database.engine].format(role, user))
    assert ask("facts", database.url(user, password))["absence_proven"]


def test_cells(database):
    database.sql(
        "CREATE TABLE j (id int, flag bit(1), yes boolean, at datetime(3), raw varbinary(9), late timestamp NULL, text longtext)"
    )
    database.sql(
        "INSERT INTO j VALUES (1, b'1', true, '2024-01-02 03:04:05.678', x'00FF', NULL, REPEAT('x', 5000)),"
        " (2, b'0', NULL, '1969-12-31 23:59:59', NULL, '2024-01-02 03:04:05', '\u00e9')"
    )
    columns = ["id", "flag", "flag:boolean", "yes:boolean", "at:time", "raw:hex", "late", "text"]
    answer = ask("journal", database.url(), "", "j", 10, *columns)
    assert answer["rows"] == [
        ["1", "1", "1", "1", "1704164645678", "00ff", None, "x" * 4096],
        ["2", "0", "0", None, "-1000", None, "2024-01-02 03:04:05", "\u00e9"],
    ]
    assert not answer["more"]
    assert ask("journal", database.url(), "", "j", 1, "id") == {"rows": [["1"]], "more": True}
    assert ask("journal", database.url(), "", "absent", 1, "id", expect=1)["code"] == "not_found"
    assert ask("journal", database.url(), "", "j", 1, "absent", expect=1)["code"] == "not_found"


def test_a_locked_journal_is_locked(database):
    database.sql("CREATE TABLE j (id int)")
    holder = database.connect()
    with holder.cursor() as cursor:
        cursor.execute("LOCK TABLE j WRITE")
    assert ask("journal", database.url(), "", "j", 1, "id", expect=1)["code"] == "locked"
    assert [one["table"] for one in ask("tables", database.url(), "j")] == ["j"]
    holder.close()
    eventually(lambda: ask("journal", database.url(), "", "j", 1, "id")["rows"] == [], 10, "the lock's end")


def test_reading_a_journal_holds_up_no_ddl(database):
    """Between two looks the kept connection holds no lock on the journal."""
    database.sql("CREATE TABLE j (id int)")
    running = subprocess.Popen(
        [engine_probe(), "probe", database.url(), "1000", "20"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        eventually(database.backends, 10, "a connection")
        ask("journal", database.url(), "", "j", 1, "id")
        database.sql("SET SESSION lock_wait_timeout = 2; ALTER TABLE j ADD COLUMN x int")
    finally:
        running.kill()
        running.wait()


def test_named_lock(database):
    holder = database.connect()
    with holder.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 5), CONNECTION_ID()", ("it's \\ a `lock`",))
        number = cursor.fetchone()[1]
    report = ask("named", database.url(), "it's \\ a `lock`")
    assert report["held"] and f"connection {number}" in report["holder"]
    assert not ask("named", database.url(), "another")["held"]
    holder.close()


def test_probe_moves_with_the_schema_only(database):
    first = ask("probe", database.url())[0]
    database.sql("CREATE TABLE t (id int)")
    second = ask("probe", database.url())[0]
    database.sql("INSERT INTO t VALUES (1)")
    schema_of(database)  # a deep look of our own is no change
    third = ask("probe", database.url())[0]
    assert first != second and second == third
    for statement in (
        "CREATE INDEX i ON t (id)",
        "ALTER TABLE t ADD COLUMN x int",
        "CREATE VIEW v AS SELECT * FROM t",
        "DROP VIEW v",
        "RENAME TABLE t TO u",
        "DROP TABLE u",
    ):
        before = ask("probe", database.url())[0]
        database.sql(statement)
        assert ask("probe", database.url())[0] != before, statement


def test_every_session_is_read_only_and_reads_only(own_server):
    """By the server's own log: what every kind of call sends, on connections that were made read-only before."""
    database = own_server.create_database()
    database.sql("CREATE TABLE t (id int)")
    own_server.sql("SET GLOBAL log_output = 'TABLE', general_log = 1")
    superuser = database.url()
    ask("schema", superuser)
    ask("probe", superuser)
    ask("tables", superuser, "t", "u")
    ask("journal", superuser, "", "t", 1, "id")
    ask("named", superuser, "lock")
    own_server.sql("SET GLOBAL general_log = 0")
    rows = own_server.sql(
        "SELECT thread_id, CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type = 'Query'"
        " AND user_host LIKE %s ORDER BY event_time",
        ("%127.0.0.1%",),
    )
    sessions = {}
    for session, statement in rows:
        sessions.setdefault(session, []).append(statement)
    assert len(sessions) == 5
    reading = ("SELECT ", "SHOW ", "SET STATEMENT max_statement_time", "START TRANSACTION READ ONLY", "COMMIT")
    for statements in sessions.values():
        pins = [number for number, one in enumerate(statements) if one.startswith("SET NAMES utf8mb4")]
        assert pins == [1] and "_read_only=1" in statements[1], statements
        assert all(one.startswith(reading) for number, one in enumerate(statements) if number != 1), statements


def test_refusals(database):
    user, password = database.server.create_role()
    wrong = ask("facts", database.url(user, "not-the-password"), expect=1)
    assert wrong["code"] == "auth_failed" and "not-the-password" not in json.dumps(wrong)
    assert ask("facts", database.url().replace(database.name, "no_such_database"), expect=1)["code"] == "not_found"
    unknown = database.url().replace(f"@{database.server.host}:", "@no-such-host.invalid:")
    assert ask("facts", unknown, expect=1)["code"] == "unreachable"
    assert ask("facts", database.url(**{"ssl-mode": "sometimes"}), expect=1)["code"] == "invalid"
    assert ask("facts", database.url(**{"colour": "red"}), expect=1)["code"] == "invalid"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refused = database.url().replace(f":{database.server.port}/", f":{closed.getsockname()[1]}/")
        assert ask("facts", refused, expect=1)["code"] == "unreachable"


def test_a_server_that_says_nothing_is_given_up_at_the_deadline(database):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = database.url().replace(f":{database.server.port}/", f":{silent.getsockname()[1]}/")
        assert ask("facts", url, timeout=500, expect=1)["code"] == "timeout"


def test_a_server_that_stops_inside_the_tls_handshake_is_given_up(database):
    """A greeting that offers TLS, then silence: the client library blocks in there, and its own time-out ends it."""
    greeting = (
        b"\x0a8.0.0\x00\x01\x00\x00\x00abcdefgh\x00\xff\xff\x21\x02\x00\xff\xdf\x15" + b"\x00" * 10 + b"abcdefghijkl\x00"
        b"caching_sha2_password\x00"
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = []

        def serve():
            connection, _ = listener.accept()
            taken.append(connection)
            connection.sendall(len(greeting).to_bytes(3, "little") + b"\x00" + greeting)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = database.url(**{"ssl-mode": "required"}).replace(
            f":{database.server.port}/", f":{listener.getsockname()[1]}/"
        )
        begun = time.monotonic()
        assert ask("facts", url, timeout=2000, expect=1)["code"] in ("timeout", "unreachable")
        assert time.monotonic() - begun < 30 * slowdown()
        thread.join(10)
        for connection in taken:
            connection.close()


def test_ddl_between_listing_and_reading_is_read_again(database):
    """Tables come and go while the schema is read: every reading succeeds or says that it changed."""
    for number in range(300):
        database.sql(f"CREATE TABLE t_{number:03d} (id int PRIMARY KEY)")
    done = threading.Event()

    def churn():
        connection = database.connect()
        with connection.cursor() as cursor:
            while not done.is_set():
                cursor.execute("CREATE TABLE IF NOT EXISTS t_999 (id int)")
                cursor.execute("DROP TABLE t_999")
        connection.close()

    worker = threading.Thread(target=churn)
    worker.start()
    try:
        outcomes = set()
        for _ in range(20):
            result = subprocess.run([engine_probe(), "schema", database.url()], capture_output=True, check=False, timeout=60)
            answer = json.loads(result.stdout)
            outcomes.add(answer["error"]["code"] if result.returncode else "read")
            if not result.returncode:
                assert len(answer["tables"]) in (300, 301)
                assert answer["coverage"]["columns"]["coverage"] == "full"
        assert outcomes <= {"read", "changed", "locked"} and "read" in outcomes
    finally:
        done.set()
        worker.join()


def test_frozen_server_is_given_up_at_the_deadline(own_server):
    database = own_server.create_database()
    own_server.kill(signal.SIGSTOP)
    try:
        assert ask("schema", database.url(), timeout=700, expect=1)["code"] == "timeout"
    finally:
        own_server.kill(signal.SIGCONT)
    assert ask("schema", database.url())["tables"] == []


def test_server_frozen_between_calls_is_given_up_and_left(own_server):
    """The connection stands when the server stops; closing it does not wait either: the program ends."""
    database = own_server.create_database()
    running = subprocess.Popen(
        [engine_probe(), "--timeout", "3000", "probe", database.url(), "100000", "10"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        eventually(database.backends, 10, "a connection")
        own_server.kill(signal.SIGSTOP)
        output, report = running.communicate(timeout=60)
        assert running.returncode == 1, report
        assert json.loads(output[output.index(b'{"error"') :])["error"]["code"] == "timeout"
    finally:
        own_server.kill(signal.SIGCONT)
        running.kill()
        running.wait()


def test_restart_changes_the_token(own_server):
    database = own_server.create_database()
    before = ask("probe", database.url())[0]
    uptime = "SHOW GLOBAL STATUS LIKE 'Uptime'"
    eventually(lambda: int(database.sql(uptime)[0][1]) > 0, 10, "another second: the start is known to the second")
    own_server.stop()
    own_server.start()
    assert ask("probe", database.url())[0] != before


def test_mysql_passwords_with_and_without_tls(request):
    if "mysql" not in FLAVOURS:
        pytest.skip("MIGRATIOND_TEST_MYSQLD names no mysqld")
    database = request.getfixturevalue("mysql")
    user, password = database.server.create_role(attributes="REQUIRE NONE")
    database.sql(f"GRANT SELECT, SHOW VIEW ON {database.name}.* TO {user}@'%'")
    for parameters, tls in (
        ({"ssl-mode": "disabled", "get-server-public-key": "true"}, False),
        ({"ssl-mode": "required"}, True),
        ({}, True),
    ):
        database.sql("FLUSH PRIVILEGES")  # forgets who has proved himself: the full exchange every time
        assert ask("facts", database.url(user, password, **parameters))["tls"] == tls
        refused = ask("facts", database.url(user, "no", **parameters), expect=1)
        assert refused["code"] == "auth_failed"
    unverified = ask("facts", database.url(user, password, **{"ssl-mode": "verify-identity"}), expect=1)
    assert unverified["code"] == "unreachable"


def test_parameters_of_the_socket(database):
    where = urllib.parse.quote(str(database.server.socket), safe="")
    assert ask("facts", f"mysql://root@localhost/{database.name}?socket={where}")["role"] == "root@localhost"
