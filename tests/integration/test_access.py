# SPDX-License-Identifier: Apache-2.0
"""Who may ask what: tokens and their scopes, files that are rotated, and what no caller gets to see."""

import http.client
import json
import signal
import subprocess

import pytest
from harness import eventually, free_port, migrationctl, migrationd, parse_response, programs
from harness.journals import flyway_journal

FAST = {"journal_interval": "100ms", "interval": "1s"}
TOKENS = {"read": "canary-of-the-scope-read", "gate": "canary-of-the-scope-gate", "admin": "canary-of-the-scope-admin"}
WRONG = "canary-of-no-scope-at-all"


def entry(database, **settings):
    return {"url": database.url(), **FAST, **settings}


def token_files(folder, tokens=None):
    """Writes a file for each scope; returns what stands below `tokens`."""
    rows = []
    for scope, token in (tokens or TOKENS).items():
        (folder / f"{scope}.token").write_text(token + "\n")
        rows.append({"file": str(folder / f"{scope}.token"), "scope": scope})
    return rows


def bearer(token):
    return {"Authorization": f"Bearer {token}"} if token else {}


@pytest.fixture
def watched(new_database):
    database = new_database()
    flyway_journal(database, "1")
    return {"app": entry(database, expect={"revision": "1"})}


@pytest.fixture
def public(daemon, watched, tmp_path):
    """A daemon whose first listener is every address of this machine: for it, nobody is on the same machine."""

    def start(**config):
        port = free_port()
        config.setdefault("tokens", token_files(tmp_path))
        instance = daemon(
            {"listen": f"0.0.0.0:{port}", "databases": watched, **config}, secrets=[*TOKENS.values(), WRONG]
        )
        instance.port = port
        eventually(lambda: instance.get("/health/app", port=instance.probe_port).status == 200, what="the first look")
        return instance

    return start


# What needs which scope, and how a caller who has it is answered.
ROUTES = [
    *(("GET", path, {"read", "gate", "admin"}) for path in ("/livez", "/readyz", "/health", "/health/app", "/metrics")),
    *(("GET", path, {"read", "gate", "admin"}) for path in ("/v1/gates", "/v1/gates/app", "/v1/gates/app/admissions")),
    *(("GET", "/v1/databases" + path, {"read", "admin"}) for path in ("", "/app", "/app/journal", "/app/schema")),
    *(("GET", path, {"read", "admin"}) for path in ("/v1/databases/app/drift", "/v1/databases/app/plan", "/v1/compare")),
    ("GET", "/v1/databases/app/history", {"read", "admin"}),
    ("POST", "/v1/gates/app/admissions", {"gate", "admin"}),
    ("POST", "/v1/databases/app/refresh", {"admin"}),
    ("POST", "/v1/reload", {"admin"}),
]
SIGNAL = {"application": "shop", "instance": "shop-1"}


def body_of(method, path):
    return SIGNAL if method == "POST" and path.endswith("/admissions") else None


@pytest.mark.threads
def test_scopes_by_routes(public):
    instance = public()
    for method, path, scopes in ROUTES:
        # Those who may come first: what a reply is kept for must not be given to those who may not.
        for scope in sorted(TOKENS, key=lambda name: name not in scopes):
            answer = instance.request(method, path, body_of(method, path), bearer(TOKENS[scope]))
            if scope in scopes:
                assert answer.status not in (401, 403), (method, path, scope, answer.text)
            else:
                assert answer.status == 403, (method, path, scope)
                assert answer.headers["Content-Type"] == "application/problem+json"
        answer = instance.request(method, path, body_of(method, path))
        assert answer.status == 401, (method, path, "no token")


def test_streams_of_events(public):
    """As the other routes; but an answer of theirs has no end."""
    instance = public()
    for token, wanted in ((None, 401), (WRONG, 401), (TOKENS["gate"], 403), (TOKENS["read"], 200), (TOKENS["admin"], 200)):
        connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=10)
        connection.request("GET", "/v1/events", headers=bearer(token))
        assert connection.getresponse().status == wanted
        connection.close()


@pytest.mark.threads
def test_a_stream_ends_with_the_token_that_opened_it(public):
    instance = public()
    connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=30)
    connection.request("GET", "/v1/events", headers=bearer(TOKENS["read"]))
    stream = connection.getresponse()
    assert stream.status == 200
    instance.reload({**instance.config, "tokens": [row for row in instance.config["tokens"] if row["scope"] != "read"]})
    stream.read()  # to its end
    assert instance.get("/v1/events", bearer(TOKENS["read"])).status == 401


@pytest.mark.threads
def test_no_wrong_and_malformed_tokens_are_refused_alike(public):
    instance = public()
    fields = [None, f"Bearer {WRONG}", "Bearer", "Bearer ", f"Basic {TOKENS['admin']}", TOKENS["admin"]]
    fields += [f"Bearer {TOKENS['admin']}x", f"Bearer {TOKENS['admin'][:-1]}", f"Bearer {TOKENS['admin'].upper()}"]
    fields += [f"Bearer {TOKENS['admin']} {TOKENS['read']}", "Bearer " + "x" * 600, "Bearer \u00e4\u00f6\u00fc"]
    before = float(metric(instance, "migrationd_http_unauthorized_total"))
    bodies, heads = set(), set()
    for path in ("/v1/databases", "/v1/gates/app", "/livez"):
        for field in fields:
            answer = instance.get(path, {"Authorization": field} if field is not None else {})
            assert answer.status == 401, (path, field)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            bodies.add(answer.text)
            heads.add(tuple(sorted(name for name in answer.headers)))
    assert len(bodies) == 1 and len(heads) == 1, "nothing tells a wrong token from none"
    counted = float(metric(instance, "migrationd_http_unauthorized_total")) - before
    assert counted == 3 * len(fields)
    assert 'migrationd_http_requests_total{route="/v1/databases",code="401"}' in instance.probe("/metrics").text


def metric(instance, name):
    lines = instance.probe("/metrics").text.splitlines()
    return next(line.split()[-1] for line in lines if line.startswith(name + " "))


def test_two_tokens_in_one_request_are_none(public):
    instance = public()
    field = f"Authorization: Bearer {TOKENS['admin']}\r\n".encode()
    with instance.raw(b"GET /v1/databases HTTP/1.1\r\nHost: x\r\n" + field + field + b"\r\n") as connection:
        assert connection.response().status == 401
    with instance.raw(b"GET /v1/databases HTTP/1.1\r\nHost: x\r\n" + field + b"\r\n") as connection:
        assert connection.response().status == 200


def test_a_token_in_the_query_is_no_token(public):
    instance = public()
    for name in ("token", "access_token", "authorization"):
        for path in ("/v1/gates/app", "/v1/databases", "/livez"):
            assert instance.get(f"{path}?{name}={TOKENS['admin']}").status == 401
            answer = instance.get(f"{path}?{name}=x", bearer(TOKENS["admin"]))
            assert answer.status == 400 and answer.json["parameter"] == name


def test_unknown_paths_and_methods_stay_what_they_are(public):
    instance = public()
    assert instance.get("/nowhere").status == 404
    assert instance.get("/nowhere", bearer(TOKENS["gate"])).status == 404
    assert instance.get("/nowhere", bearer(WRONG)).status == 401
    refused = instance.post("/v1/databases")
    assert refused.status == 405 and refused.headers["Allow"] == "GET, HEAD"


def test_head_is_as_get(public):
    instance = public()
    volatile = {"Date", "Content-Length", "Retry-After"}  # lengths hold ages
    for token in (None, WRONG, *TOKENS.values()):
        for method, path, _ in ROUTES:
            if method != "GET":
                continue
            get, head = instance.get(path, bearer(token)), instance.head(path, bearer(token))
            assert (head.status, head.text) == (get.status, ""), path
            same = [[(name, value) for name, value in each.headers.items() if name not in volatile] for each in (get, head)]
            assert [one for one in same[0] if one[0] != "Transfer-Encoding"] == [
                one for one in same[1] if one[0] not in ("Transfer-Encoding", "Connection")
            ], path


def test_anonymous_callers_beside_tokens(public):
    instance = public(allow_anonymous=["health"])
    assert instance.get("/health/app").status == 200
    assert instance.get("/health/app", bearer(WRONG)).status == 401, "a wrong token is never overlooked"
    assert instance.get("/health/app").status == 200
    assert instance.get("/health/app", bearer(TOKENS["read"])).status == 200
    assert instance.get("/v1/gates/app").status == 401
    assert instance.get("/v1/gates/app", bearer(TOKENS["gate"])).status == 200
    instance.reload({**instance.config, "allow_anonymous": ["gate"]})
    eventually(lambda: instance.get("/v1/gates/app").status == 200, what="the reload")
    assert instance.get("/health/app").status == 401
    for path in ("/v1/databases", "/v1/databases/app/schema", "/v1/databases/app/plan", "/v1/databases/app/journal"):
        assert instance.get(path).status == 401, path
    assert instance.post("/v1/gates/app/admissions", SIGNAL).status == 201
    assert instance.post("/v1/databases/app/refresh").status == 401


def test_loopback_needs_no_token_and_refuses_a_wrong_one(daemon, watched, tmp_path):
    instance = daemon({"databases": watched, "tokens": token_files(tmp_path)}, secrets=[*TOKENS.values(), WRONG])
    instance.wait_state("app", "current")
    for method, path, _ in ROUTES:
        if path == "/v1/reload":
            continue
        assert instance.request(method, path, body_of(method, path)).status not in (401, 403), path
        assert instance.request(method, path, body_of(method, path), bearer(WRONG)).status == 401, path
        # Nobody needs a scope here, so none is too small.
        assert instance.request(method, path, body_of(method, path), bearer(TOKENS["gate"])).status not in (401, 403), path
    for path in ("/livez", "/health/app", "/metrics"):
        assert instance.probe(path).status == 200
        assert instance.probe(path, headers=bearer(WRONG)).status == 401
        assert instance.probe(path, headers=bearer(TOKENS["read"])).status == 200


def test_without_tokens_the_field_is_not_ours(daemon, watched):
    """A proxy in front may ask for a password of its own, and hand it on."""
    instance = daemon({"databases": watched})
    instance.wait_state("app", "current")
    assert instance.get("/v1/databases", {"Authorization": "Basic YTpi"}).status == 200
    assert instance.get("/livez", bearer(WRONG)).status == 200


@pytest.mark.threads
def test_rotation_needs_no_reload(public, tmp_path):
    instance = public()
    file = tmp_path / "read.token"
    fresh = "canary-of-the-next-scope-read"
    instance.secrets.add(fresh)
    (tmp_path / "fresh").write_text(fresh)
    (tmp_path / "fresh").rename(file)
    eventually(lambda: instance.get("/v1/databases", bearer(fresh)).status == 200, what="the new token")
    assert instance.get("/v1/databases", bearer(TOKENS["read"])).status == 401
    assert instance.get("/v1/gates/app", bearer(TOKENS["gate"])).status == 200

    file.unlink()
    instance.wait_log(r"level=warning event=token_file .*read\.token.*stays valid")
    assert instance.get("/v1/databases", bearer(fresh)).status == 200
    # A reload must not succeed with a token that nobody knows.
    result = instance.ctl("reload", "--server", f"http://127.0.0.1:{instance.port}", "--token-file", tmp_path / "admin.token")
    assert result.returncode == 1 and "read.token" in result.stderr and "No such file" in result.stderr
    assert instance.get("/v1/databases", bearer(fresh)).status == 200

    file.write_text(TOKENS["read"])
    eventually(lambda: instance.get("/v1/databases", bearer(TOKENS["read"])).status == 200, what="the file's return")
    assert instance.get("/v1/databases", bearer(fresh)).status == 401


def test_reload_takes_a_token_away_and_answers_whom_it_took_it_from(public, tmp_path):
    instance = public()
    rows = [row for row in instance.config["tokens"] if row["scope"] != "admin"]
    instance.write_config({**instance.config, "tokens": rows})
    assert instance.post("/v1/reload", headers=bearer(TOKENS["admin"])).status == 200
    assert instance.post("/v1/reload", headers=bearer(TOKENS["admin"])).status == 401
    assert instance.get("/v1/databases", bearer(TOKENS["read"])).status == 200


@pytest.mark.threads
def test_reloads_and_rotations_under_load_refuse_nobody(public, tmp_path):
    instance = public()
    stop = []

    def keep_asking():
        connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=30)
        statuses = set()
        while not stop:
            for path in ("/v1/gates/app", "/livez"):
                connection.request("GET", path, headers=bearer(TOKENS["gate"]))
                statuses.add(parse_response(connection.getresponse()).status)
        connection.close()
        return statuses

    asking = [instance.pool.submit(keep_asking) for _ in range(4)]
    for round_ in range(3):
        before = instance.log().count("event=reloaded")
        (tmp_path / "read.token").write_text(f"canary-of-the-scope-read-{round_}")
        instance.reload()
        eventually(lambda: instance.log().count("event=reloaded") > before, what="the reload")
    stop.append(True)
    assert [future.result() for future in asking] == [{200}] * 4


def test_tokens_as_credentials_of_systemd(daemon, watched, tmp_path):
    token_files(tmp_path)
    port = free_port()
    rows = [{"file": f"{scope}.token", "scope": scope} for scope in TOKENS]
    instance = daemon(
        {"listen": f"0.0.0.0:{port}", "databases": watched, "tokens": rows},
        environment={"CREDENTIALS_DIRECTORY": str(tmp_path)},
    )
    instance.port = port
    eventually(lambda: instance.get("/v1/databases", bearer(TOKENS["read"])).status == 200)


def test_tokens_beside_the_configuration(daemon, watched, tmp_path):
    (tmp_path / "gate.token").write_text(TOKENS["gate"])
    text = json.dumps({"listen": "127.0.0.1:0", "databases": watched, "tokens": [{"file": "gate.token", "scope": "gate"}]})
    (tmp_path / "m.yaml").write_text(text)
    environment = {"CREDENTIALS_DIRECTORY": ""}
    assert migrationd("--config", tmp_path / "m.yaml", "--check-config", environment=environment).returncode == 0


MISTAKES = {
    "missing": (None, "No such file"),
    "empty": (b"", "is empty"),
    "only a newline": (b"\n", "is empty"),
    "short": (b"0123456789abcde", "too short"),
    "long": (b"x" * 513, "too long"),
    "a blank inside": (b"0123456789 abcdef", "byte 11"),
    "two lines": (b"0123456789abcdef\n0123456789abcdef\n", "byte 17"),
    "not ASCII": ("0123456789abcdé".encode(), "byte 15"),
    "NUL": (b"0123456789abcdef\0", "byte 17"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_token_files_that_are_refused(tmp_path, mistake):
    content, said = MISTAKES[mistake]
    if content is not None:
        (tmp_path / "t").write_bytes(content)
    path = tmp_path / "m.yaml"
    path.write_text("databases: {app: {url: 'sqlite:////tmp/x.db'}}\ntokens:\n  - {file: t, scope: gate}\n")
    for arguments in (["--check-config"], []):  # the daemon does not start either
        result = migrationd("--config", path, *arguments)
        assert result.returncode == 78
        assert result.stderr.startswith(f"{path}:3:5: ") and said in result.stderr and str(tmp_path / "t") in result.stderr
        assert "0123456789" not in result.stderr, "not even of what is no token"


def test_a_listener_that_is_not_loopback_needs_to_know_whom_it_serves(tmp_path):
    (tmp_path / "t").write_text("0123456789abcdef")
    path = tmp_path / "m.yaml"
    for key in ("listen", "probe_listen"):
        lines = f"{key}: 0.0.0.0:8484\ndatabases: {{app: {{url: 'sqlite:////tmp/x.db'}}}}\n"
        path.write_text(lines)
        refused = migrationd("--config", path, "--check-config")
        assert refused.returncode == 78 and ":1:" in refused.stderr
        assert "tokens" in refused.stderr and "allow_anonymous" in refused.stderr
        path.write_text(lines + "tokens: [{file: t, scope: gate}]\n")
        accepted = migrationd("--config", path, "--check-config")
        assert accepted.returncode == 0
        assert f"'{key}' (0.0.0.0:8484) can be read on the way" in accepted.stderr


def test_tokens_in_clear_text_are_warned_about_in_the_log(public):
    instance = public()
    assert "level=warning event=access" in instance.log() and "can be read on the way" in instance.log()


@pytest.mark.threads
def test_a_token_is_seen_nowhere(public, tmp_path):
    """Not in the log, the metrics, any answer (all of which the fixture searches, too), ps, or the printed configuration."""
    instance = public()
    for token in (*TOKENS.values(), WRONG):
        for method, path, _ in ROUTES:
            instance.request(method, path, body_of(method, path), bearer(token))
    with instance.raw(f"GET /livez HTTP/1.1\r\nAuthorization: Bearer {WRONG}\r\nno colon\r\n\r\n".encode()) as connection:
        connection.response()
    seen = [instance.probe("/metrics").text, instance.log()]
    seen += [migrationd("--config", instance.config_path, "--print-config").stdout]
    seen += [migrationd("--config", instance.config_path, "--check-config").stderr]
    for scope in TOKENS:
        arguments = ["--server", f"http://127.0.0.1:{instance.port}", "--token-file", tmp_path / f"{scope}.token"]
        for command in (["status"], ["reload"], ["wait", "app", "--timeout", "0"], ["status", "nowhere"]):
            result = instance.ctl(*command, *arguments)
            seen += [result.stdout, result.stderr]
    for name in ("cmdline", "environ"):
        try:
            with open(f"/proc/{instance.pid}/{name}", encoding="latin-1") as file:
                seen.append(file.read())
        except PermissionError:
            pass  # which is as well
    for text in seen:
        for token in (*TOKENS.values(), WRONG):
            assert token not in text


def test_a_waiting_client_shows_its_file_only(public, tmp_path):
    instance = public()
    command = ["wait", "app", "--revision", "7", "--timeout", "1m", "--token-file", str(tmp_path / "gate.token")]
    waiting = subprocess.Popen(
        [programs() / "migrationctl", "--server", f"http://127.0.0.1:{instance.port}", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: "migrationd_waiters 1\n" in instance.probe("/metrics").text, what="the waiter")
        for name in ("cmdline", "environ"):
            with open(f"/proc/{waiting.pid}/{name}", encoding="latin-1") as file:
                assert TOKENS["gate"] not in file.read()
    finally:
        waiting.send_signal(signal.SIGTERM)
        waiting.wait(10)


def test_clients_tokens(public, tmp_path):
    instance = public()
    server = {"MIGRATIOND_SERVER": f"http://127.0.0.1:{instance.port}"}

    def ctl(*arguments, **environment):
        return instance.ctl(*arguments, environment={**server, "MIGRATIOND_TOKEN_FILE": "", **environment})

    refused = ctl("status")
    assert refused.returncode == 3 and "HTTP 401" in refused.stderr
    assert ctl("status", "--token-file", tmp_path / "read.token").returncode == 0
    assert ctl("status", MIGRATIOND_TOKEN_FILE=str(tmp_path / "read.token")).returncode == 0
    small = ctl("status", "--token-file", tmp_path / "gate.token", MIGRATIOND_TOKEN_FILE=str(tmp_path / "read.token"))
    assert small.returncode == 3 and "HTTP 403" in small.stderr, "the option wins"
    assert ctl("reload", "--token-file", tmp_path / "admin.token").returncode == 0
    assert ctl("wait", "app", "--timeout", "0", "--token-file", tmp_path / "gate.token").returncode == 0
    for name, said in (("nowhere", "No such file"), ("short", "too short")):
        (tmp_path / "short").write_text("abc")
        missing = ctl("status", "--token-file", tmp_path / name)
        assert missing.returncode == 3 and said in missing.stderr and str(tmp_path / name) in missing.stderr
    assert migrationctl("status", "--token-file", "").returncode == 2
