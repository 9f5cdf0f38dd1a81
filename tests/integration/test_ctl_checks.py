# SPDX-License-Identifier: Apache-2.0
"""migrationctl checks: from a configuration, with a URL alone, and of what the daemon follows."""

import errno
import gzip
import http.server
import json
import os
import pty
import re
import subprocess
import threading
import urllib.parse

import pytest
from harness import eventually, free_port, migrationctl
from harness.daemon import SANITIZER_OPTIONS, SANITIZER_REPORT, programs, slowdown

SQL_ORPHANS = "SELECT count(*) FROM items WHERE order_id NOT IN (SELECT id FROM orders)"
NO_ORPHANS = {"sql": SQL_ORPHANS, "expect": "0"}
HOLDS = {"sql": "SELECT count(*) FROM orders", "expect": "> 0"}
UPDATE = {"sql": "UPDATE orders SET id = 7", "expect": "0"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
# More rows than anybody waits for.
CROSSED = "SELECT count(*) FROM " + ", ".join(f"items i{number}" for number in range(10))
CROSSED += " WHERE (" + " + ".join(f"i{number}.id" for number in range(10)) + ") % 7 = 8"  # nor does a server multiply
ENDLESS = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(*) FROM n"


def bare(markdown):
    """Without what differs each time: times, of which some have no fraction, and how wide they make a table."""
    return re.sub(r" +", " ", re.sub(r"-{3,}", "---", TIME.sub("TIME", markdown)))


@pytest.fixture
def shop(database):
    database.sql("CREATE TABLE orders (id integer PRIMARY KEY)")
    database.sql("CREATE TABLE items (id integer PRIMARY KEY, order_id integer NOT NULL)")
    database.sql("INSERT INTO orders VALUES (1)")
    database.sql("INSERT INTO items VALUES (1, 1)")
    return database


@pytest.fixture
def configured(tmp_path):
    """configured(database, checks, …) writes a configuration and returns its path."""

    def write(databases, checks=None, **settings):
        if checks is not None:
            databases = {"shop": {"url": databases.url(), "checks": checks, **settings}}
        path = tmp_path / "migrationd.yaml"
        path.write_text(json.dumps({"databases": databases}))
        return path

    return write


def run(*arguments, **options):
    """Output and exit code; no secret of the harness' servers stands in the first."""
    result = migrationctl("checks", *arguments, **options)
    assert not {"superuser-secret", "wrong-secret"} & set(re.findall(r"[a-z-]+", result.stdout + result.stderr))
    return result


def documents(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def states(result):
    """Of the only database."""
    (document,) = documents(result)
    return {check["check"]: check["state"] for check in document["checks"]}


@pytest.mark.parametrize(
    ("checks", "code"),
    (
        ({"holds": HOLDS, "no_orphans": NO_ORPHANS}, 0),
        ({"holds": HOLDS, "none": {**HOLDS, "expect": "0"}}, 1),
        ({"holds": HOLDS, "none": {**HOLDS, "expect": "0", "severity": "warn"}}, 0),
        ({"holds": HOLDS, "update": UPDATE}, 2),
        ({"holds": HOLDS, "update": {**UPDATE, "severity": "warn"}}, 2),
        ({"update": UPDATE, "none": {**HOLDS, "expect": "0"}}, 1),
    ),
    ids=("passed", "failed", "only warned", "unknown", "unknown that warns", "failed and unknown"),
)
def test_exit_codes(shop, configured, checks, code):
    path = configured(shop, checks)
    result = run("--config", path)
    assert result.returncode == code, result.stdout + result.stderr
    assert run("--config", path, "shop", "-o", "json").returncode == code
    assert shop.sql("SELECT id FROM orders") == [(1,)], "nothing was written"


def test_warnings_are_said_first(shop, configured):
    result = run("--config", configured(shop, {"none": {**HOLDS, "expect": "0", "severity": "warn"}}))
    assert result.stdout.startswith("shop: passed, with warnings (0 passed, 1 failed, 0 unknown)\n")


def test_what_is_told(shop, configured):
    checks = {"holds": HOLDS, "strays": {"sql": "SELECT id, order_id FROM items", "expect": "no rows"}}
    result = run("-c", configured(shop, checks), "--output", "json")
    (document,) = documents(result)
    assert (document["database"], document["state"]) == ("shop", "failed")
    assert document["counts"] == {"passed": 1, "failed": 1, "unknown": 0}
    holds, strays = document["checks"]
    assert (holds["address"], holds["state"], holds["value"]) == ("shop:check:holds", "passed", "1")
    assert holds["since"] is None and TIME.fullmatch(holds["checked_at"])
    assert (strays["code"], strays["rows"]) == ("CHECK_FAILED", [["1"]]), "the primary key alone"
    text = run("-c", configured(shop, checks)).stdout
    assert "shop: failed (1 passed, 1 failed, 0 unknown)" in text
    assert re.search(r"^holds +passed +CHECK_PASSED +fail +1 +> 0 ", text, re.MULTILINE)


def test_sensitive(shop, configured):
    checks = {"secret": {"sql": "SELECT 'hidden value'", "expect": "else", "sensitive": True}}
    for output in ("text", "json", "markdown"):
        result = run("-c", configured(shop, checks), "-o", output)
        assert result.returncode == 1
        assert "hidden value" not in result.stdout + result.stderr and "withheld" in result.stdout


def test_several_databases(shop, tmp_path, configured):
    (tmp_path / "notes.db").write_bytes(b"")
    path = configured(
        {
            "shop": {"url": shop.url(), "checks": {"holds": HOLDS}},
            "notes": {"url": f"sqlite:///{tmp_path}/notes.db", "checks": {"one": {"sql": "SELECT 1", "expect": "2"}}},
            "plain": {"url": f"sqlite:///{tmp_path}/notes.db?x=1"},
        }
    )
    result = run("--config", path, "-o", "json")
    assert [document["database"] for document in documents(result)] == ["notes", "shop"]
    assert result.returncode == 1
    assert run("--config", path, "shop").returncode == 0
    text = run("--config", path).stdout
    assert "notes: failed" in text and "\n\nshop: passed" in text and "plain" not in text
    refused = run("--config", path, "plain")
    assert refused.returncode == 2 and "'plain' has no checks" in refused.stderr


def test_a_server_that_is_away(configured, tmp_path):
    fresh = tmp_path / "b.gz"
    fresh.write_bytes(gzip.compress(b"x"))
    path = configured(
        {
            "shop": {
                "url": f"postgresql://u:wrong-secret@127.0.0.1:{free_port()}/shop",
                "checks": {"holds": HOLDS, "indexes": "valid"},
                "backup": {"file": str(tmp_path / "*.gz")},
            }
        }
    )
    result = run("--config", path, "-o", "json")
    assert result.returncode == 2, result.stderr
    assert states(result) == {"holds": "unknown", "indexes": "unknown", "backup": "passed"}
    (document,) = documents(result)
    assert document["checks"][0]["code"] == "UNREACHABLE"
    assert document["checks"][0]["reason"] == document["checks"][1]["reason"]


def test_wrong_password(postgres, configured):
    url = postgres.url(postgres.server.superuser, "wrong-secret")
    for arguments in ((url,), ("--suggest", url)):
        result = run(*arguments)
        assert result.returncode == 2 and not result.stdout
        assert "password authentication failed" in result.stderr
    result = run("-c", configured({"shop": {"url": url, "checks": {"holds": HOLDS}}}), "-o", "json")
    assert result.returncode == 2 and documents(result)[0]["checks"][0]["code"] == "AUTH_FAILED"


def test_time_is_kept(shop, configured):
    """Each check has its own time, and one that exceeds it keeps none of the others from being run."""
    shop.sql(f"INSERT INTO items VALUES {', '.join(f'({number}, 1)' for number in range(100, 140))}")
    checks = {"endless": {"sql": CROSSED, "expect": "0", "timeout": "500ms"}, "holds": HOLDS}
    result = run("-c", configured(shop, checks), "-o", "json")
    assert result.returncode == 2
    assert states(result) == {"endless": "unknown", "holds": "passed"}
    assert documents(result)[0]["checks"][0]["code"] == "TIMEOUT"


def test_timeout_of_all(sqlite, configured):
    checks = {"endless": {"sql": ENDLESS, "expect": "0", "timeout": "1m"}}
    result = run("-c", configured(sqlite, checks), "-o", "json", "--timeout", "300ms", timeout=30)
    assert result.returncode == 2 and documents(result)[0]["checks"][0]["code"] == "TIMEOUT"


def test_a_backup_that_was_just_written(sqlite, configured, tmp_path):
    """It may still grow, so it is looked at twice; the command waits for that."""
    path = configured({"shop": {"url": sqlite.url(), "backup": {"file": str(tmp_path / "orders-*.sql.gz")}}})
    assert run("-c", path).returncode == 2, "there is none"
    (tmp_path / "orders-1.sql.gz").write_bytes(gzip.compress(b"-- rows\n" * 1000))
    result = run("-c", path, "-o", "json")
    assert result.returncode == 0, result.stdout
    (backup,) = documents(result)[0]["checks"]
    assert (backup["address"], backup["state"]) == ("shop:backup", "passed")
    assert backup["backup"]["file"] == str(tmp_path / "orders-1.sql.gz") and backup["backup"]["complete"]


def test_replicas_are_asked(postgres, configured):
    """They are the configuration's: one that is not there is named, and never passed over."""
    port = free_port()
    entry = {
        "url": postgres.url(),
        "replicas": [f"postgresql://u:wrong-secret@127.0.0.1:{port}/shop"],
        "checks": {"replicas": {"lag_below": "5s"}},
    }
    path = configured({"shop": entry})
    result = run("-c", path)
    assert result.returncode in (1, 2) and f"shop@127.0.0.1:{port}" in result.stdout
    assert run("-c", path).returncode == result.returncode
    refused = run("-c", path, f"shop@127.0.0.1:{port}")
    assert refused.returncode == 2 and "a replica has no checks: ask for those of 'shop'" in refused.stderr


def test_arguments(sqlite, configured, tmp_path):
    path = configured(sqlite, {"holds": HOLDS})
    url = sqlite.url()
    for arguments, message in (
        (("--config", path, "shpo"), "there is no database 'shpo' in .* \\(did you mean 'shop'\\?\\)"),
        (("--config", path, url), "--config takes the name of a database in the file, not a URL"),
        (("--config", tmp_path / "absent.yaml"), "absent.yaml"),
        (("--suggest", "shop"), "--suggest reads a database itself"),
        (("--suggest",), "--suggest reads a database itself"),
        (("--suggest", url, "-o", "json"), "--suggest prints YAML"),
        (("--schemas", "public", "shop"), "--schemas goes with a URL"),
        (("-o", "sql", url), "the output of checks is text, json or markdown"),
        ((f"sqlite:///{tmp_path}/absent.db",), "absent.db"),
    ):
        result = run(*arguments)
        assert result.returncode == 2 and not result.stdout, arguments
        assert re.search(message, result.stderr), result.stderr
    (tmp_path / "bad.yaml").write_text(f'databases:\n  shop:\n    url: "{url}"\n    checks: {{holds: {{sql: "SELECT 1"}}}}\n')
    result = run("-c", tmp_path / "bad.yaml")
    assert result.returncode == 2 and "bad.yaml:4:" in result.stderr


def test_url_alone(database):
    """Coverage, foreign keys, indexes and sequences: on each engine they pass, and fail, and are told by name."""
    counted = {"postgresql": "smallint GENERATED ALWAYS AS IDENTITY", "sqlite": "integer"}
    auto = counted.get(database.engine, "tinyint AUTO_INCREMENT")
    database.sql("CREATE TABLE countries (code varchar(2) PRIMARY KEY)")
    key = "CONSTRAINT home FOREIGN KEY (country) REFERENCES countries (code)"
    database.sql(f"CREATE TABLE orders (id {auto} PRIMARY KEY, country varchar(2), {key})")
    database.sql("INSERT INTO countries VALUES ('de')")
    result = run(database.url(), "-o", "json")
    assert result.returncode == 0, result.stdout
    (document,) = documents(result)
    names = ["not_empty", "foreign_keys", "indexes", "sequences"]
    assert [check["check"] for check in document["checks"]] == names
    assert document["checks"][0]["coverage"] == {"tables": 2, "holding_rows": 1, "unread": 0}
    assert document["checks"][0]["address"] == f"{document['database']}:check:not_empty"
    broken = {
        "postgresql": ["ALTER TABLE orders ADD CONSTRAINT late FOREIGN KEY (country) REFERENCES countries (code) NOT VALID"],
        "sqlite": ["PRAGMA foreign_keys = OFF", "INSERT INTO orders VALUES (1, 'xx')"],
    }.get(database.engine, ["SET foreign_key_checks = 0; INSERT INTO orders (country) VALUES ('xx')"])
    connection = database.connect()
    for statement in "; ".join(broken).split("; "):
        cursor = connection.cursor()
        cursor.execute(statement)
    connection.close()
    result = run(database.url())
    assert result.returncode == 1, result.stdout
    assert re.search(r"^foreign_keys +failed +CHECK_FAILED", result.stdout, re.MULTILINE)
    assert "orders" in result.stdout.split("foreign_keys: failed")[1]


GOLDEN = """\
# Checks of shop: failed (1 passed, 2 failed, 1 unknown)

- server: sqlite VERSION
- time: TIME
- migrationd: VERSION

| CHECK | STATE | CODE | SEVERITY | VALUE | EXPECTED | SINCE | CHECKED |
|---|---|---|---|---|---|---|---|
| holds | passed | CHECK\\_PASSED | fail | 1 | \\> 0 | - | TIME |
| strays | failed | CHECK\\_FAILED | warn | 2 rows | no rows | - | TIME |
| update | unknown | CHECK\\_UNKNOWN | fail | - | = 0 | - | TIME |
| not\\_empty | failed | CHECK\\_FAILED | fail | 2 of 3 tables hold rows | empty holds rows | - | TIME |

## strays: failed

- reason: the query answers 2 rows; expected: no rows
- next: mend those rows, or the check's query
- rows: 2

| id | what |
|---|---|
| 1 | a\\|b |
| 2 | \\<i\\> |

## update: unknown

- reason: line 1: this is UPDATE: a check is one SELECT
- next: mend the check in the configuration

## not\\_empty: failed

- reason: a table holds no rows: empty
- next: fill those tables: they are expected to hold rows
- coverage: 2 of 3 tables hold rows
- fails: empty
"""


def test_markdown(sqlite, configured):
    sqlite.sql("CREATE TABLE orders (id integer PRIMARY KEY)")
    sqlite.sql("INSERT INTO orders VALUES (1)")
    sqlite.sql("CREATE TABLE items (id integer PRIMARY KEY, what text)")
    sqlite.sql("INSERT INTO items VALUES (1, 'a|b'), (2, '<i>')")
    sqlite.sql("CREATE TABLE empty (id integer PRIMARY KEY)")
    checks = {
        "holds": HOLDS,
        "strays": {"sql": "SELECT * FROM items ORDER BY id", "expect": "no rows", "keys": ["id", "what"], "severity": "warn"},
        "update": UPDATE,
        "not_empty": ["empty"],
    }
    result = run("-c", configured(sqlite, checks), "-o", "markdown")
    text = re.sub(r"(?m)^(- (?:server: sqlite|migrationd:)) [\d.]+.*$", r"\1 VERSION", bare(result.stdout))
    assert text == GOLDEN
    assert result.returncode == 1


def test_hostile_text(sqlite, configured):
    sqlite.sql("CREATE TABLE t (id text PRIMARY KEY)")
    sqlite.sql("INSERT INTO t VALUES (?)", ("a\x1b[31m\nb\u202e",))
    checks = {"rows": {"sql": "SELECT id FROM t", "expect": "no rows"}, "value": {"sql": "SELECT id FROM t", "expect": "x"}}
    for output in ("text", "markdown"):
        result = run("-c", configured(sqlite, checks), "-o", output)
        assert result.returncode == 1 and not {"\x1b", "\u202e"} & set(result.stdout)


# The daemon's.


@pytest.fixture
def followed(daemon, shop):
    """A daemon that follows the shop, and a database without checks."""
    checks = {"holds": {**HOLDS, "every": "1s"}, "no_orphans": {**NO_ORPHANS, "every": "1s"}}
    fast = {"journal_interval": "100ms", "interval": "1s"}
    return daemon(
        {
            "databases": {
                "shop": {"url": shop.url(), "checks": checks, **fast},
                "plain": {"url": shop.url(application_name="x") if shop.engine == "postgresql" else shop.url(), **fast},
            }
        }
    )


def ask(instance, *arguments, **options):
    return instance.ctl("checks", "--server", f"http://127.0.0.1:{instance.port}", *arguments, **options)


def await_code(instance, code, *arguments):
    def ended():
        result = ask(instance, *arguments)
        return result.returncode == code and result

    return eventually(ended, 15 * slowdown(), f"checks end with {code}")


def test_daemon(followed, shop):
    passed = await_code(followed, 0, "shop")
    assert "shop: passed (2 passed, 0 failed, 0 unknown)" in passed.stdout and "plain" not in passed.stdout
    assert re.search(r"^no_orphans +passed +CHECK_PASSED +fail +0 += 0 +\d{4}-", passed.stdout, re.MULTILINE), "since when"
    shop.sql("INSERT INTO items VALUES (2, 99)")
    failed = await_code(followed, 1)
    assert "no_orphans: failed" in failed.stdout and "holds: " not in failed.stdout
    document = json.loads(ask(followed, "shop", "-o", "json").stdout)
    told = followed.get("/v1/databases/shop/checks").json
    assert list(document) == list(told)
    assert [check["state"] for check in document["checks"]] == ["passed", "failed"]


def test_markdown_of_the_daemon(followed, shop):
    """What stands in the folder of audits is the same, whoever renders it."""
    await_code(followed, 0, "shop")
    shop.sql("INSERT INTO items VALUES (2, 99)")
    await_code(followed, 1, "shop")

    def alike():
        rendered = bare(ask(followed, "shop", "-o", "markdown").stdout)
        told = bare(followed.get("/v1/databases/shop/checks?format=markdown").text)
        assert rendered == told
        return rendered

    text = eventually(alike, 15 * slowdown())  # a run may come in between
    assert text.startswith("# Checks of shop: failed (1 passed, 1 failed, 0 unknown)\n")
    engine = {"postgresql": "postgres"}.get(shop.engine, shop.engine)
    assert re.search(rf"^- server: {engine} \d", text, re.MULTILINE) and "\n- time: TIME\n- migrationd: " in text


def test_daemon_refuses(followed):
    await_code(followed, 0, "shop")
    nothing = ask(followed, "plain")
    assert nothing.returncode == 2 and not nothing.stdout and "'plain' has no checks" in nothing.stderr
    unknown = ask(followed, "shpo")
    assert unknown.returncode == 2 and not unknown.stdout and "shpo" in unknown.stderr


def test_no_daemon():
    result = run("--server", f"http://127.0.0.1:{free_port()}", "shop")
    assert result.returncode == 2 and not result.stdout and result.stderr


def test_daemon_without_checks(daemon, sqlite):
    instance = daemon({"databases": {"app": {"url": sqlite.url()}}})
    result = ask(instance)
    assert result.returncode == 2 and "no database of the daemon has checks" in result.stderr


def test_a_check_that_is_not_known_yet(daemon, sqlite, tmp_path):
    """What the daemon cannot see is no success, and what it holds back as sensitive stays so."""
    checks = {"holds": {**HOLDS, "sensitive": True}}
    instance = daemon({"databases": {"app": {"url": f"sqlite:///{tmp_path}/absent.db", "checks": checks}}})
    result = await_code(instance, 2, "app")
    assert "unknown" in result.stdout


# A daemon that is none.


class Impostor(http.server.BaseHTTPRequestHandler):
    """Answers every request with `body`."""

    body = b""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_):
        pass


@pytest.fixture
def impostor():
    """impostor(answer) serves it; the arguments that ask it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Impostor)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def serve(answer):
        Impostor.body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return ("--server", f"http://127.0.0.1:{server.server_port}")

    yield serve
    server.shutdown()
    thread.join()
    server.server_close()


TOLD = {"check": "a", "state": "passed", "severity": "fail", "code": "CHECK_PASSED", "checked_at": "2026-11-21T10:00:00Z"}


@pytest.mark.parametrize(
    "answer",
    (b"", b"no JSON", b"[]", {}, {"checks": {}}, {"checks": [1]}, {"checks": [{}]}, {"checks": [{**TOLD, "state": "fine"}]})
    + ({"checks": [{**TOLD, "severity": 1}]}, {"checks": [TOLD, {**TOLD, "check": None}]}),
    ids=str,
)
def test_what_is_no_answer(impostor, answer):
    for output in ("text", "json", "markdown"):
        result = run(*impostor(answer), "a", "-o", output)
        assert result.returncode == 2 and not result.stdout and result.stderr.startswith("migrationctl: ")


def test_an_answer_of_another_version(impostor):
    """What is not known is left out, and what is no text shows as such."""
    odd = {"code": "LATER", "items": [1, "x"], "items_count": 5, "columns": ["id", 2], "rows": [[1, "b"], "c", ["d"]], "value": 3}
    odd |= {"state": "failed", "severity": "warn", "coverage": 1, "backup": [], "since": "yesterday", "more_rows": 1, "new": {}}
    result = run(*impostor({"checks": [{**TOLD, **odd}], "new": 1}), "a")
    assert result.returncode == 0, result.stderr
    assert "fails     ?, x and 3 more" in result.stdout and "id    ?" in result.stdout


# Terminals.


def on_terminals(arguments, stdout_too=False, environment=None):
    """Runs with standard error (and output) on a terminal; what that showed, and the exit code."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [str(programs() / "migrationctl"), "checks", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=follower if stdout_too else subprocess.DEVNULL,
        stderr=follower,
        env={**os.environ, **SANITIZER_OPTIONS, "TERM": "xterm", "NO_COLOR": "", **(environment or {})},
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError as error:
            assert error.errno == errno.EIO
            break
        if not piece:
            break
        shown += piece
    os.close(leader)
    text = shown.decode()
    assert not SANITIZER_REPORT.search(text), text
    return text, process.wait(60 * slowdown())


@pytest.mark.threads
def test_progress(sqlite, configured):
    """Who waits is told for what, and the line is gone afterwards."""
    checks = {"endless": {"sql": ENDLESS, "expect": "0", "timeout": "3s"}}
    shown, code = on_terminals(["-c", configured(sqlite, checks)])
    assert code == 2
    assert shown.startswith("\r\x1b[Kshop: endless (1 of 1)") and shown.endswith("\r\x1b[K")
    piped = run("-c", configured(sqlite, {"endless": {**checks["endless"], "timeout": "1100ms"}}))
    assert piped.returncode == 2 and not piped.stderr


def test_colours(sqlite, configured):
    path = configured(sqlite, {"one": {"sql": "SELECT 1", "expect": "1"}})
    shown, code = on_terminals(["-c", path], stdout_too=True)
    assert code == 0 and "\x1b[1;32mpassed" in shown
    shown, code = on_terminals(["-c", path], stdout_too=True, environment={"NO_COLOR": "1"})
    assert code == 0 and "\x1b[1" not in shown and "passed" in shown


def test_url_is_redacted(postgres):
    assert urllib.parse.urlsplit(postgres.url()).password == "superuser-secret"
    for output in ("text", "json", "markdown"):
        assert run(postgres.url(), "-o", output).returncode == 0
