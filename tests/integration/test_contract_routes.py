# SPDX-License-Identifier: Apache-2.0
"""Routes, codes, headers and documents, read from outside exactly as they are documented."""

import json
import os
import re
import signal
import threading

import pytest
from harness import Daemon, SqliteFile, eventually
from harness.journals import alembic_journal, flyway_files, flyway_journal, flyway_rows

FAST = {"journal_interval": "100ms", "interval": "1s"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
LATER = ["/"]
READ_ONLY = ["/livez", "/readyz", "/health", "/health/app", "/health/pair", "/metrics", "/probe?target=app"]
READ_ONLY += ["/v1/databases", "/v1/databases/app", "/v1/databases/app/journal"]
READ_ONLY += ["/v1/databases/app/schema", "/v1/databases/app/drift"]
READ_ONLY += ["/v1/gates", "/v1/gates/app", "/v1/gates/pair", "/openapi.json"]
TAGGED = ["/v1/databases/app/schema", "/v1/databases/app/drift"]


def entry(database, **settings):
    return {"url": database.url(), **FAST, **settings}


def keys(value):
    return list(value)


def problem(response, status):
    assert response.status == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert keys(response.json)[:4] == ["type", "title", "status", "detail"]
    assert response.json["type"] == "about:blank" and response.json["status"] == status
    assert response.json["title"] not in ("", "Error")
    assert len(response.json["detail"]) >= 8
    return response.json


@pytest.fixture
def pair(daemon, new_database, tmp_path):
    """app is current, other is one behind; the gate pair requires both."""
    app, other = new_database(), new_database()
    app.sql("CREATE TABLE t1 (id integer PRIMARY KEY, name varchar(20) NOT NULL)")
    flyway_journal(app, "1")
    flyway_journal(other, "1")
    instance = daemon(
        {
            "databases": {"app": entry(app, expect={"revision": "1"}), "other": entry(other, expect={"revision": "2"})},
            "gates": {"pair": {"requires": ["app", "other"]}},
        }
    )
    instance.wait_state("app", "current")
    instance.wait_state("other", "pending")
    eventually(lambda: instance.get("/v1/databases/app/schema").status == 200, what="the schema")
    instance.databases = {"app": app, "other": other}
    return instance


def test_head_is_get_without_a_body(pair):
    """Equal codes and headers, from every route; how a body is sent is no header of the answer."""
    moving = {"Date", "Retry-After"}
    framing = {"Connection", "Transfer-Encoding", "Content-Length"}
    for path in READ_ONLY + ["/v1/gates/pair/admissions", "/nowhere", "/v1/databases/nobody", "/v1/gates/app?wait=x"] + LATER:
        for _ in range(20):  # a length may change with what ages between the two
            got, head = pair.get(path), pair.head(path)
            assert head.text == ""
            assert head.status == got.status, path
            assert {*head.headers} - framing == {*got.headers} - framing, path
            if head.headers["Content-Length"] == got.headers["Content-Length"]:
                break
        for name, value in got.headers.items():
            assert name in moving | framing or head.headers[name] == value, (path, name)
        assert head.headers["Content-Length"] in (None, got.headers["Content-Length"]), path


def test_what_is_not_built_or_not_there_is_404(pair):
    nearly = ["/v1", "/v1/", "/v1/databases/", "/v1/databases/app/", "/health/", "/livez/", "//livez", "/LIVEZ"]
    for path in LATER + nearly + ["/nowhere"]:
        problem(pair.get(path), 404)
    for path in ["/v1/databases/nobody", "/v1/databases/nobody/journal", "/v1/databases/nobody/schema", "/v1/gates/nobody"]:
        assert "nobody" in problem(pair.get(path), 404)["detail"]
    for path in ["/health/nobody", "/v1/gates/nobody/admissions"]:
        assert "nobody" in problem(pair.get(path), 404)["detail"]
    problem(pair.get("/v1/databases/pair"), 404)  # a gate is no database
    problem(pair.post("/v1/databases/nobody/refresh"), 404)
    problem(pair.post("/v1/gates/nobody/admissions", {"application": "a", "instance": "i", "revision": "1"}), 404)


def test_wrong_methods_are_405_with_allow(pair):
    for path in READ_ONLY:
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            response = pair.request(method, path)
            problem(response, 405)
            assert response.headers["Allow"] == "GET, HEAD", (method, path)
    for method in ("PUT", "DELETE"):
        response = pair.request(method, "/v1/gates/pair/admissions")
        problem(response, 405)
        assert response.headers["Allow"] == "GET, HEAD, POST"
    for method in ("GET", "HEAD", "PUT"):
        response = pair.request(method, "/v1/databases/app/refresh")
        assert response.status == 405
        assert response.headers["Allow"] == "POST"


def test_wrong_methods_are_405_with_a_body_too(pair):
    for method in ("PUT", "PATCH", "DELETE"):
        response = pair.request(method, "/v1/gates/pair/admissions", {"application": "a", "instance": "i", "revision": "1"})
        problem(response, 405)
        assert response.headers["Allow"] == "GET, HEAD, POST"
        problem(pair.request(method, "/nowhere", b"x"), 404)


def test_repeated_parameters_are_400(pair):
    """Of two values one would be passed over in silence; a list is one that its route takes as a list."""
    single = ["/v1/compare?databases=app&databases=other", "/v1/databases/app/plan?stage=1&stage=2"]
    single += ["/v1/databases/app/drift?assert=info&assert=critical", "/v1/databases/app/history?limit=1&limit=2"]
    single += ["/v1/databases/app/journal?format=text&format=json", "/v1/gates/app/admissions?limit=1&limit=2"]
    single += ["/v1/gates/app?wait=1s&wait=2s", "/v1/gates/app?revision=1&match=exact&match=exact"]
    for path in single:
        answer = problem(pair.get(path), 400)
        assert "more than once" in answer["detail"] and answer["parameter"] == path.split("&")[-1].split("=")[0], path
    assert pair.get("/readyz?exclude=app&exclude=other").status == 200
    assert pair.get("/v1/gates/pair?revision=app:1&revision=other:1").status == 200
    assert problem(pair.get("/v1/compare?databases=app,,other"), 400)["parameter"] == "databases"


def test_accept_is_read_with_its_weights(pair):
    json_type, text, markdown = "application/json", "text/plain; charset=utf-8", "text/markdown; charset=utf-8"
    for field, expected in {
        "text/plain": text,
        "text/markdown, text/plain": markdown,
        "text/plain;q=0.1, application/json;q=0.9": json_type,
        "text/plain;q=0, */*": json_type,
        "text/markdown;variant=GFM;q=0.7, text/plain;q=0.8": text,
        "*/*, text/markdown": markdown,
        "text/plain;q=0.5, */*;q=0.1": text,
        "text/html, application/xhtml+xml, */*;q=0.8": json_type,
        "text/*": text,
        "image/png": json_type,
        "text/plain;q=0": json_type,
    }.items():
        response = pair.get("/v1/databases/app/drift", headers={"Accept": field})
        assert (response.headers["Content-Type"], response.headers["Vary"]) == (expected, "Accept"), field
    assert pair.get("/v1/databases/app/drift?format=text", headers={"Accept": "application/json"}).headers["Vary"] is None


def test_unknown_parameters_are_400(pair):
    for path in READ_ONLY:
        answer = problem(pair.get(path + ("&" if "?" in path else "?") + "nonsense=1"), 400)
        assert answer["parameter"] == "nonsense", path


def test_caching_headers(pair):
    for path in READ_ONLY:
        response = pair.get(path)
        if path in TAGGED:
            assert response.headers["ETag"]
        else:
            assert response.headers["Cache-Control"] == "no-store", path
            assert response.headers["ETag"] is None, path


def test_schema_etag(pair):
    first = pair.get("/v1/databases/app/schema")
    tag = first.headers["ETag"]
    assert re.fullmatch(r'"[^"]+"', tag), "a strong one"
    assert any(table["name"] == "t1" for table in first.json["tables"])
    for field in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = pair.get("/v1/databases/app/schema", headers={"If-None-Match": field})
        assert (again.status, again.text, again.headers["ETag"]) == (304, "", tag), field
    assert pair.get("/v1/databases/app/schema", headers={"If-None-Match": '"other"'}).status == 200
    pair.databases["app"].sql("ALTER TABLE t1 ADD COLUMN more integer")
    changed = eventually(
        lambda: (seen := pair.get("/v1/databases/app/schema", headers={"If-None-Match": tag})).status == 200 and seen,
        what="another ETag",
    )
    assert changed.headers["ETag"] != tag


def test_list_of_databases(pair):
    response = pair.get("/v1/databases")
    assert keys(response.json) == ["databases"]
    assert [line["database"] for line in response.json["databases"]] == ["app", "other"]
    for line in response.json["databases"]:
        assert keys(line)[:4] == ["database", "engine", "state", "code"]
        assert isinstance(line["reason"], str)
    assert response.json["databases"][1]["code"] == "PENDING"


def test_one_database(pair):
    member = pair.database("other")
    gate = pair.gate("other").json["databases"][0]
    assert keys(member)[: len(gate)] == keys(gate), "the same keys in the same order, then more"
    for name in ("engine", "server", "coverage"):
        assert name in member
    assert TIME.fullmatch(member["schema_taken_at"])


def test_journal_lists_everything(daemon, new_database, tmp_path):
    """More than an answer of the gate shows, each entry with what is known of it."""
    database = new_database()
    versions = [str(number) for number in range(1, 151)]
    flyway_journal(database, *versions, failed=("150",))
    folder = flyway_files(tmp_path / "sql", *versions[:-1], *(str(number) for number in range(200, 320)))
    instance = daemon({"databases": {"app": entry(database, expect={"directory": folder})}})
    instance.wait_state("app", "failed")
    document = instance.get("/v1/databases/app/journal").json
    assert [row["revision"] for row in document["applied"]] == versions[:-1]
    first = document["applied"][0]
    assert keys(first) == ["revision", "label", "checksum", "applied_at", "state", "repeatable"]
    assert TIME.fullmatch(first["applied_at"]) and first["state"] == "applied" and first["repeatable"] is False
    assert [row["revision"] for row in document["pending"]] == [str(number) for number in range(200, 320)]
    assert [row["revision"] for row in document["failed"]] == ["150"]
    for name in ("unknown", "later", "mismatched", "unverified", "out_of_order"):
        assert document[name] == [], name
    member = instance.gate("app").json["databases"][0]
    assert len(member["pending"]) == 100 and member["pending_count"] == 120, "a cut list says how many there are"


def test_refresh_tells_the_new_state(daemon, new_database):
    database = new_database()
    flyway_journal(database, "1")
    instance = daemon(
        {"databases": {"app": {"url": database.url(), "journal_interval": "1h", "interval": "1h", "expect": {"revision": "2"}}}}
    )
    instance.wait_state("app", "pending")
    flyway_rows(database, "2")
    response = instance.post("/v1/databases/app/refresh")
    assert response.status == 200
    assert (response.json["database"], response.json["state"]) == ("app", "current")
    again = instance.post("/v1/databases/app/refresh")
    problem(again, 429)
    assert 1 <= int(again.headers["Retry-After"]) <= 2
    eventually(lambda: instance.post("/v1/databases/app/refresh").status == 200, what="a second later")


def test_refresh_from_the_command_line(daemon, new_database):
    """Twice in a row: the second one waits until the daemon looks again, and sees what was done in between."""
    database = new_database()
    flyway_journal(database, "1")
    instance = daemon(
        {"databases": {"app": {"url": database.url(), "journal_interval": "1h", "interval": "1h", "expect": {"revision": "3"}}}}
    )
    instance.wait_state("app", "pending")
    server = ("--server", f"http://127.0.0.1:{instance.port}")
    for revision, state in (("2", "pending"), ("3", "current")):
        flyway_rows(database, revision)
        result = instance.ctl(*server, "refresh", "app")
        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith(f"app: {state} "), result.stdout
    result = instance.ctl(*server, "refresh", "nobody")
    assert result.returncode == 2 and "no database nobody" in result.stderr


def test_refresh_is_single_flight(daemon, new_database):
    """Callers at the same moment share one look or are told to come back."""
    database = new_database()
    flyway_journal(database, "1")
    instance = daemon({"databases": {"app": {"url": database.url(), "journal_interval": "1h", "interval": "1h"}}})
    instance.wait_state("app", "observed")
    futures = [instance.begin("/v1/databases/app/refresh", method="POST") for _ in range(20)]
    statuses = sorted({future.result(timeout=30).status for future in futures})
    assert statuses in ([200], [200, 429])


def test_refresh_that_takes_too_long(daemon, own_mariadb):
    database = own_mariadb.create_database()
    flyway_journal(database, "1")
    instance = daemon(
        {
            "databases": {
                "app": {
                    "url": database.url(),
                    "journal_interval": "1h",
                    "interval": "1h",
                    "connect_timeout": "300ms",
                    "query_timeout": "300ms",
                }
            }
        }
    )
    instance.wait_state("app", "observed")
    os.kill(own_mariadb.process.pid, signal.SIGSTOP)
    try:
        response = instance.post("/v1/databases/app/refresh", timeout=30)
        # Given up by its own deadline: the look has ended, and what it found is said; or it has not ended in time.
        assert response.status in (200, 504)
        if response.status == 200:
            assert response.json["snapshot"]["last_error"]
        else:
            problem(response, 504)
    finally:
        os.kill(own_mariadb.process.pid, signal.SIGCONT)


def test_admissions(pair):
    body = {"application": "orders-api", "instance": "pod-1", "revision": "1"}
    admitted = pair.post("/v1/gates/app/admissions", body)
    assert admitted.status == 201
    assert admitted.json["admitted"] is True and admitted.json["gate"] == "app"
    assert admitted.json["answer"]["state"] == "open"
    closed = pair.post("/v1/gates/app/admissions", {**body, "instance": "pod-2", "revision": "2"})
    assert (closed.status, closed.json["admitted"], closed.json["code"]) == (503, False, "PENDING")
    assert int(closed.headers["Retry-After"]) > 0
    pair.databases["other"].sql("DROP TABLE flyway_schema_history")
    pair.databases["other"].sql("CREATE TABLE legacy (id integer)")
    pair.wait_state("other", "unversioned")
    blocked = pair.post("/v1/gates/other/admissions", {**body, "instance": "pod-3"})
    assert (blocked.status, blocked.json["admitted"], blocked.json["code"]) == (409, False, "UNVERSIONED")
    assert blocked.headers["Retry-After"] is None
    both = pair.post("/v1/gates/pair/admissions", {**body, "revision": "app:1"})
    assert both.status == 409

    listed = pair.get("/v1/gates/app/admissions")
    assert listed.status == 200 and listed.json["gate"] == "app"
    seen = [(one["instance"], one["revision"], one["admitted"], one["code"]) for one in listed.json["admissions"]]
    assert seen == [("pod-2", "2", False, "PENDING"), ("pod-1", "1", True, "CURRENT")], "newest first"
    for one in listed.json["admissions"]:
        assert TIME.fullmatch(one["at"]) and one["application"] == "orders-api"
    assert pair.get("/v1/gates/pair/admissions").json["admissions"][0]["instance"] == "pod-1"


@pytest.mark.parametrize(
    "body, member",
    [
        ("", None),
        ("{", None),
        ("[]", None),
        ('"text"', None),
        ('{"application":"a","instance":"i","revision":"1"} x', None),
        ('{"application":"a","application":"b","instance":"i","revision":"1"}', None),
        ('{"instance":"i","revision":"1"}', "application"),
        ('{"application":"a","revision":"1"}', "instance"),
        ('{"application":"","instance":"i","revision":"1"}', "application"),
        ('{"application":1,"instance":"i","revision":"1"}', "application"),
        ('{"application":"a","instance":null,"revision":"1"}', "instance"),
        ('{"application":"a","instance":"i","revision":1}', "revision"),
        ('{"application":"a","instance":"i","revision":"1","extra":1}', "extra"),
        (b'{"application":"\xff","instance":"i","revision":"1"}', None),
        ('{"application":"%s","instance":"i","revision":"1"}' % ("a" * 5000), "application"),
        ("[" * 3000, None),
    ],
)
def test_bad_admissions(daemon, new_database, body, member):
    database = new_database()
    flyway_journal(database, "1")
    instance = daemon({"databases": {"app": entry(database)}})
    instance.wait_state("app", "observed")
    answer = problem(instance.post("/v1/gates/app/admissions", body, headers={"Content-Type": "application/json"}), 400)
    assert answer.get("member") == member
    assert instance.get("/v1/gates/app/admissions").json["admissions"] == []


def test_health_document(pair):
    response = pair.get("/health/app")
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/health+json"
    document = response.json
    assert document["status"] == "pass"
    assert keys(document["checks"]) == ["app:migration", "app:connection", "app:snapshot_age"]
    for checks in document["checks"].values():
        for check in checks:
            assert check["status"] == "pass" and TIME.fullmatch(check["time"]), check
    assert document["checks"]["app:migration"][0]["observedValue"] == "current"
    age = document["checks"]["app:snapshot_age"][0]
    assert age["observedUnit"] == "s" and isinstance(age["observedValue"], (int, float))

    failing = pair.get("/health/other")
    assert (failing.status, failing.json["status"]) == (503, "fail")
    assert failing.json["checks"]["other:migration"][0]["observedValue"] == "pending"
    assert "migration 2 is not applied" in failing.json["checks"]["other:migration"][0]["output"]
    assert failing.json["checks"]["other:connection"][0]["status"] == "pass"

    for path in ("/health", "/health/pair"):
        both = pair.get(path)
        assert (both.status, both.json["status"]) == (503, "fail")
        assert set(both.json["checks"]) == {
            f"{name}:{check}" for name in ("app", "other") for check in ("migration", "connection", "snapshot_age")
        }
        assert "other" in both.json["output"]
    flyway_rows(pair.databases["other"], "2")
    eventually(lambda: pair.get("/health").status == 200, what="the sum passes")


def test_health_of_each_state(daemon, new_database):
    def made(prepare):
        database = new_database()
        prepare(database)
        return database

    cases = {
        "current": (lambda d: flyway_journal(d, "1"), {"expect": {"revision": "1"}}, "current", 200, "pass"),
        "observed": (lambda d: flyway_journal(d, "1"), {}, "observed", 200, "pass"),
        "none": (lambda d: None, {"journal": "none"}, "observed", 200, "pass"),
        "ahead": (lambda d: flyway_journal(d, "1", "2"), {"expect": {"revision": "1"}}, "ahead", 200, "warn"),
        "pending": (lambda d: flyway_journal(d, "1"), {"expect": {"revision": "2"}}, "pending", 503, "fail"),
        "failed": (lambda d: flyway_journal(d, "1", failed=("1",)), {"expect": {"revision": "1"}}, "failed", 503, "fail"),
        "empty": (lambda d: None, {"expect": {"revision": "1"}}, "empty", 503, "fail"),
        "legacy": (lambda d: d.sql("CREATE TABLE t (id integer)"), {"expect": {"revision": "1"}}, "unversioned", 503, "fail"),
        "order": (lambda d: alembic_journal(d, "b"), {"expect": {"revision": "a"}}, "unknown", 503, "fail"),
    }
    instance = daemon({"databases": {name: entry(made(case[0]), **case[1]) for name, case in cases.items()}})
    for name, (_, _, state, status, health) in cases.items():
        instance.wait_state(name, state)
        answer = instance.get(f"/health/{name}")
        assert (answer.status, answer.json["status"]) == (status, health), name
        assert ("output" in answer.json["checks"][f"{name}:migration"][0]) == (health != "pass"), name
    assert instance.get("/health").status == 503


def test_unreachable_database_warns(daemon, new_database):
    instance = daemon({"databases": {"gone": {"url": "mariadb://u@127.0.0.1:1/x", **FAST}}})
    instance.wait_state("gone", "unknown", code="UNREACHABLE")
    answer = instance.get("/health/gone")
    assert (answer.status, answer.json["status"]) == (200, "warn")
    check = answer.json["checks"]["gone:connection"][0]
    assert check["status"] == "warn" and "127.0.0.1:1" in check["output"]
    assert instance.gate("gone").status == 503, "what is unknown opens no gate, whatever health says"


def test_livez_and_readyz(pair):
    for ask in (pair.get, pair.probe):
        assert ask("/livez").status == 200
        assert ask("/readyz").status == 200
        assert ask("/health/app").status == 200
        assert ask("/metrics").status == 200
    verbose = pair.get("/readyz?verbose").json
    assert verbose["status"] == "pass" and set(verbose["databases"]) == {"app", "other"}
    assert "databases" not in pair.get("/readyz").json
    excluded = pair.get("/readyz?verbose&exclude=app&exclude=gone").json["databases"]
    assert excluded["app"] == "excluded" and excluded["other"] != "excluded"
    for path in ("/v1/databases", "/v1/gates/app", "/v1/databases/app/schema", "/v1/databases/app/refresh"):
        assert pair.probe(path).status == 404, "the probe listener serves probes only"


def test_metrics(pair):
    response = pair.probe("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert response.text.endswith("\n")
    helped, series = set(), []
    for line in response.text.splitlines():
        if line.startswith("# "):
            helped.add(line.split()[2])
            continue
        match = re.fullmatch(r'([a-z_][a-z0-9_]*)(\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? (\S+)', line)
        assert match, line
        assert match[1].startswith("migrationd_")
        assert match[1] in helped, f"{match[1]} has HELP and TYPE"
        float(match[3])
        series.append((match[1], match[2] or ""))
    assert len(set(series)) == len(series), "no series twice"
    for name in ("app", "other"):
        assert 1 <= sum(f'database="{name}"' in labels for _, labels in series) <= 15
    for name, labels in series:
        assert not re.search("(table|object|sql|error|revision)=", labels)
        if "_total" in name:
            assert name.endswith("_total")


SIGNAL = b"POST /v1/gates/app/admissions HTTP/1.1\r\nHost: x\r\n"
BAD_REQUESTS = {
    "two lengths": (SIGNAL + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
    "equal lengths": (SIGNAL + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400),
    "list of lengths": (SIGNAL + b"Content-Length: 2, 2\r\n\r\n{}", 400),
    "negative length": (SIGNAL + b"Content-Length: -1\r\n\r\n", 400),
    "signed length": (SIGNAL + b"Content-Length: +2\r\n\r\n{}", 400),
    "chunked": (SIGNAL + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400),
    "chunked and length": (
        SIGNAL + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
        400,
    ),
    "get chunked": (b"GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", 400),
    "get with a body": (b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 400),
    "large body": (SIGNAL + b"Content-Length: 1000000\r\n\r\n", 413),
    "no host": (b"GET /livez HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "long target": (b"GET /" + b"a" * 60000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", None),
    "long header": (b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 60000 + b"\r\n\r\n", None),
    "nul in the target": (b"GET /livez%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "bad escape": (b"GET /v1/gates/%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
}


# These never reach the daemon's own code: libmicrohttpd answers in HTML, the first line from its version 1.0 on.
REFUSED_BY_THE_LIBRARY = {
    *("get chunked", "chunked and length"),
    *("list of lengths", "negative length", "signed length", "no host", "long target", "long header"),
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_requests_that_two_parsers_could_read_differently(pair_of_none, name):
    request, status = BAD_REQUESTS[name]
    with pair_of_none.raw(request) as connection:
        answer = connection.response()
        assert answer is None or 400 <= answer.status < 500, answer
        if status:
            assert answer and answer.status == status, answer
        if name not in REFUSED_BY_THE_LIBRARY and answer and status:
            assert answer.headers["Content-Type"] == "application/problem+json"
        if name not in ("nul in the target", "bad escape"):
            assert connection.closed()
    assert pair_of_none.get("/livez").status == 200


@pytest.fixture(scope="module")
def pair_of_none(tmp_path_factory):
    """One daemon for all of them: none may leave anything behind for the next."""
    database = SqliteFile(tmp_path_factory.mktemp("bad") / "app.db")
    with Daemon({"databases": {"app": {"url": database.url(), **FAST}}}) as instance:
        yield instance


def test_what_a_user_wrote_stays_text(daemon, new_database):
    """Answers are UTF-8 and JSON, whatever a revision or the journal holds."""
    database = new_database()
    wild = 'ü☃"\\\u202e<b>&\t'
    flyway_journal(database, "1")
    instance = daemon({"databases": {"app": entry(database, expect={"revision": wild})}})
    member = instance.wait_state("app", "pending")
    assert member["expected"]["revision"] == wild and member["pending"] == [wild]
    assert json.loads(instance.answers[-1].decode())["pending"] == [wild]
    assert "\u202e" not in instance.answers[-1].decode(), "direction-changing characters are escaped"
    asked = instance.gate("app", revision=wild)
    assert asked.status == 503 and asked.json["databases"][0]["expected"]["revision"] == wild
    assert "\u202e" not in instance.log() and "\t" not in instance.log()


def test_parallel_questions_do_not_disturb_each_other(pair):
    results = []

    def ask(revision, status):
        for _ in range(20):
            results.append(pair.gate("app", revision=revision).status == status)

    threads = [threading.Thread(target=ask, args=case) for case in (("1", 200), ("2", 503)) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(results) and len(results) == 160


def test_probe(pair):
    """One configured database's series, as /metrics has them; nothing that a caller names is ever connected to."""
    response = pair.get("/probe?target=app")
    assert response.status == 200 and response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    series = [line for line in response.text.splitlines() if not line.startswith("#")]
    assert series and all('database="app"' in line for line in series)
    steady = [line for line in series if "age_seconds" not in line]
    assert set(steady) <= set(pair.get("/metrics").text.splitlines())
    for path, status in (("/probe?target=gone", 404), ("/probe", 400), ("/probe?target=", 400), ("/probe?target=127.0.0.1:80", 404)):
        problem(pair.get(path), status)


def operations(api):
    return [(path, method, one) for path, item in api["paths"].items() for method, one in item.items()]


def test_api_description(pair):
    """What it says of parameters and statuses is what the routes do."""
    api = pair.get("/openapi.json").json
    assert api["openapi"].startswith("3.1.") and api["info"]["version"]
    assert api["paths"]["/v1/gates/{gate}/admissions"].keys() == {"get", "post"}
    problems = api["components"]["schemas"]["problem"]["properties"].keys()
    assert set(pair.get("/nowhere").json) >= problems
    for path, method, operation in operations(api):
        named = re.findall(r"{(\w+)}", path)
        places = [(one["name"], one["in"]) for one in operation["parameters"]]
        assert [name for name, place in places if place == "path"] == named and len(set(places)) == len(places), path
        assert operation["summary"] and "default" in operation["responses"] and len(operation["responses"]) >= 2, path
        if method == "post":
            continue
        asked = re.sub("{gate}|{name}|{database}", "app", path)
        detail = problem(pair.get(f"{asked}?nonsense="), 400)["detail"]
        taken = detail.partition("takes only: ")[2].replace(",", " ").split()
        assert {name for name, place in places if place == "query"} == set(taken), detail
        for question in (asked, asked.replace("app", "nobody")):
            if path == "/v1/events" and question == asked:
                continue
            answer = pair.get(question)
            known = operation["responses"].get(str(answer.status), operation["responses"]["default"])
            assert answer.status in (400,) or str(answer.status) in operation["responses"], (question, answer.status)
            assert answer.headers["Content-Type"].split(";")[0] in known["content"], question


def test_the_api_names_the_values_that_it_takes(pair):
    """What stands in a description before the colon is accepted, each word of it."""
    api = pair.get("/openapi.json").json
    asked = {"assert": "/v1/databases/app/drift", "direction": "/v1/databases/app/plan"}
    for name, path in asked.items():
        described = api["paths"][path.replace("app", "{database}")]["get"]["parameters"]
        text = next(parameter["description"] for parameter in described if parameter["name"] == name)
        words = re.findall(r"(?:^|; )(\w+):", text) if name == "direction" else re.split(r", | or ", text.split(":")[0])
        assert len(words) > 1, text
        for word in words:
            assert pair.get(f"{path}?{name}={word}").status != 400, (name, word)
