# SPDX-License-Identifier: Apache-2.0
"""TLS on the listeners: versions, certificates that are rotated, clients that must show one, and bad behaviour."""

import http.client
import os
import socket
import ssl
import time

import pytest
from harness import eventually, free_port, migrationctl, migrationd, parse_response
from harness.daemon import slowdown
from harness.journals import flyway_journal, flyway_rows
from harness.tls import Authority, ask, client, connect, openssl, serial

FAST = {"journal_interval": "100ms", "interval": "1s"}
REFUSED = (ssl.SSLError, ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def pair(authority):
    """The daemon's own certificate, which a test may replace."""
    return authority.issue(f"server{authority.made}")


@pytest.fixture
def watched(new_database):
    database = new_database()
    flyway_journal(database, "1")
    return database


@pytest.fixture
def secure(daemon, watched, pair):
    """secure(key=value of `tls`…) starts a daemon with TLS; `other` is what stands beside."""

    def start(other=None, **tls):
        settings = {"certificate": str(pair.certificate), "key": str(pair.key), **tls}
        app = {"url": watched.url(), **FAST, "expect": {"revision": "1"}}
        return daemon({"databases": {"app": app}, "tls": settings, **(other or {})})

    return start


def status(port, context, path="/livez", **headers):
    connection = connect(port, context)
    try:
        return ask(connection, "GET", path, **headers).status
    finally:
        connection.close()


def metric(instance, context, name):
    """From the first listener."""
    lines = ask(connect(instance.port, context), "GET", "/metrics").text.splitlines()
    return int(next(line.split()[-1] for line in lines if line.startswith(name + " ")))


@pytest.mark.threads
def test_both_listeners(secure, authority):
    instance = secure()
    context = client(authority)
    assert status(instance.port, context) == 200
    assert status(instance.probe_port, context) == 200
    assert f"listening on 127.0.0.1:{instance.port} with TLS, probes on 127.0.0.1:{instance.probe_port} with TLS" in instance.log()
    for port in (instance.port, instance.probe_port):
        with instance.raw(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", port=port) as connection:
            assert b"HTTP/" not in rest_of(connection), "plain HTTP ends in nothing"
    with pytest.raises(ssl.SSLCertVerificationError):
        status(instance.port, ssl.create_default_context())


def rest_of(connection):
    """All that still comes until the peer closes."""
    received = b""
    try:
        while piece := connection.socket.recv(4096):
            received += piece
    except ConnectionResetError:
        pass
    return received


def test_probes_may_stay_plain(secure, authority):
    instance = secure(probes="plain")
    assert instance.probe("/livez").status == 200
    assert status(instance.port, client(authority)) == 200


def test_unix_sockets_speak_no_tls(secure, tmp_path):
    path = tmp_path / "migrationd.sock"
    instance = secure({"listen": f"unix:{path}"}, probes="plain")
    assert instance.ctl("probe", "--server", f"unix:{path}").returncode == 0


# What systemd does for a socket unit, in the process that becomes the daemon.
HAND_IN = """
import os, socket, sys
given = socket.socket()
given.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
given.bind(("0.0.0.0", int(sys.argv[1])))
given.listen(64)
os.dup2(given.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="listen")
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.mark.parametrize("tls", [False, True])
def test_a_socket_from_systemd_is_judged_by_what_it_is(daemon, watched, authority, pair, tmp_path, tls):
    """Not by what the configuration says in its place, which is loopback."""
    (tmp_path / "t").write_text("canary-of-a-token-for-all")
    settings = {"tls": {"certificate": str(pair.certificate), "key": str(pair.key), "probes": "plain"}} if tls else {}
    for tokens, wanted in (([], (403, 403)), ([{"file": str(tmp_path / "t"), "scope": "read"}], (401, 200))):
        port = free_port()
        config = {"databases": {"app": {"url": watched.url(), **FAST}}, **settings, **({"tokens": tokens} if tokens else {})}
        instance = daemon(config, wrapper=["/usr/bin/python3", "-c", HAND_IN, str(port)])
        for field, status_ in zip(({}, {"Authorization": "Bearer canary-of-a-token-for-all"}), wanted):
            connection = connect(port, client(authority)) if tls else http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            assert ask(connection, "GET", "/v1/databases", **field).status == status_
        assert instance.stop() == 0


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"])
def test_versions(secure, authority, version):
    instance = secure()
    context = client(authority, version=ssl.TLSVersion[version])
    if version in ("TLSv1", "TLSv1_1"):
        with pytest.raises(REFUSED):
            status(instance.port, context)
        assert status(instance.port, client(authority)) == 200
    else:
        assert status(instance.port, context) == 200


@pytest.mark.threads
def test_clients_without_the_right_certificate(secure, authority, tmp_path):
    instance = secure(client_ca=str(authority.certificate), probes="plain")
    foreign = Authority(tmp_path, "foreign")
    right = authority.issue("right", usage="clientAuth")
    wrong = [
        foreign.issue("of-another", usage="clientAuth"),
        authority.issue("expired", usage="clientAuth", days=-1),
        authority.issue("a-servers", usage="serverAuth"),
        foreign,  # signed by itself
    ]
    for version in ("TLSv1_2", "TLSv1_3"):
        for shown in (None, *wrong):
            with pytest.raises(REFUSED):
                status(instance.port, client(authority, shown, ssl.TLSVersion[version]))
        assert status(instance.port, client(authority, right, ssl.TLSVersion[version])) == 200
    assert instance.probe("/livez").status == 200


def test_another_authority_of_clients_by_reload(secure, authority, tmp_path):
    instance = secure(client_ca=str(authority.certificate), probes="plain")
    old = client(authority, authority.issue("of-the-old", usage="clientAuth"))
    next_authority = Authority(tmp_path, "next")
    new = client(authority, next_authority.issue("of-the-next", usage="clientAuth"))
    kept = connect(instance.port, old)
    assert ask(kept, "GET", "/livez").status == 200
    instance.reload({**instance.config, "tls": {**instance.config["tls"], "client_ca": str(next_authority.certificate)}})
    instance.wait_log("event=reloaded")
    assert status(instance.port, new) == 200
    with pytest.raises(REFUSED):
        status(instance.port, old)
    assert ask(kept, "GET", "/livez").status == 200, "who was let in stays"


@pytest.mark.threads
def test_rotation_under_load_drops_nobody(secure, authority, pair, watched):
    """The next certificate is shown to whoever comes next; requests under way, also held ones, end as they would."""
    instance = secure()
    context = client(authority)
    held = [connect(instance.port, context, timeout=60) for _ in range(10)]
    for connection in held:
        connection.request("GET", "/v1/gates/app?revision=2&wait=50s")
    eventually(lambda: metric(instance, context, "migrationd_waiters") == 10, what="the waiters")
    stop = []

    def keep_asking(lasting):
        statuses = []
        connection = connect(instance.port, context)
        while not stop:
            statuses.append(ask(connection, "GET", "/health/app").status)
            if not lasting:
                connection.close()
        return set(statuses)

    asking = [instance.pool.submit(keep_asking, lasting) for lasting in (True, True, False, False)]
    for round_ in range(3):
        fresh = authority.issue(f"rotated{authority.made}")
        wanted = int(openssl("x509", "-in", fresh.certificate, "-noout", "-serial").split("=")[1], 16)
        fresh.copy_to(pair)
        instance.reload()

        def shown():
            connection = connect(instance.port, context)
            ask(connection, "GET", "/livez")
            return serial(connection)

        eventually(lambda: shown() == wanted, 10 * slowdown(), f"serial {wanted} in round {round_}")
    stop.append(True)
    assert [future.result() for future in asking] == [{200}] * 4
    flyway_rows(watched, "2")
    assert [parse_response(connection.getresponse()).status for connection in held] == [200] * 10


def test_a_broken_pair_keeps_the_old_one(secure, authority, pair, tmp_path):
    instance = secure()
    context = client(authority)
    first = connect(instance.port, context)
    ask(first, "GET", "/livez")
    good = pair.certificate.read_bytes()
    breakages = {
        "does not belong": lambda: authority.issue("another").certificate.read_bytes(),
        "tls.certificate": lambda: b"no certificate",
        "No such file": lambda: None,
    }
    for said, content in breakages.items():
        content = content()
        pair.certificate.unlink()
        if content is not None:
            pair.certificate.write_bytes(content)
        result = instance.ctl("reload", "--server", f"https://127.0.0.1:{instance.port}", "--ca", authority.certificate)
        assert result.returncode == 1 and said in result.stderr and "server" in result.stderr, result.stderr
        pair.certificate.write_bytes(good)
        again = connect(instance.port, context)
        assert ask(again, "GET", "/livez").status == 200
        assert serial(again) == serial(first)
    assert "event=reload_failed" in instance.log()


def test_turning_tls_on_or_off_needs_a_restart(secure, authority):
    instance = secure()
    config = {name: value for name, value in instance.config.items() if name != "tls"}
    instance.reload(config)
    instance.wait_log("event=restart_needed .*'tls'")
    instance.wait_log("event=reloaded")
    assert status(instance.port, client(authority)) == 200


@pytest.mark.threads
def test_two_hundred_waiters(secure, authority, watched):
    instance = secure()
    context = client(authority)
    waiters = [connect(instance.port, context, timeout=60) for _ in range(200)]
    for connection in waiters:
        connection.request("GET", "/v1/gates/app?revision=2&wait=50s")
    eventually(lambda: metric(instance, context, "migrationd_waiters") == 200, 30 * slowdown(), "the waiters")
    flyway_rows(watched, "2")
    assert [parse_response(connection.getresponse()).status for connection in waiters] == [200] * 200
    # The connections are whole: the next request goes over them.
    for connection in waiters[::20]:
        assert ask(connection, "GET", "/v1/gates/app?revision=2").status == 200


@pytest.mark.threads
def test_streams_of_events(secure, authority, watched):
    instance = secure()
    context = client(authority)
    eventually(lambda: status(instance.port, context, "/health/app") == 200)
    streams = []
    for _ in range(20):
        connection = connect(instance.port, context, timeout=30)
        connection.request("GET", "/v1/events")
        streams.append(connection.getresponse())
    assert [stream.status for stream in streams] == [200] * 20
    flyway_rows(watched, "2")
    for stream in streams:
        lines = iter(stream.readline, b"")
        data = next(line for line in lines if line.startswith(b"data:") and b'"ahead"' in line)
        assert b'"app"' in data


@pytest.mark.threads
def test_stop_answers_who_waits(secure, authority):
    instance = secure()
    context = client(authority)
    waiters = [connect(instance.port, context, timeout=60) for _ in range(20)]
    for connection in waiters:
        connection.request("GET", "/v1/gates/app?revision=2&wait=50s")
    half = socket.create_connection(("127.0.0.1", instance.port))  # and a handshake that has begun
    half.sendall(b"\x16\x03\x01")
    eventually(lambda: metric(instance, context, "migrationd_waiters") == 20, what="the waiters")
    assert instance.stop() == 0
    answers = [parse_response(connection.getresponse()) for connection in waiters]
    assert [(answer.status, answer.headers["Connection"]) for answer in answers] == [(503, "close")] * 20
    half.close()


def test_requests_in_one_record_are_all_answered(secure, authority):
    """What was decrypted along with an earlier request is seen although no byte comes over the network any more."""
    instance = secure()
    one = b"GET /v1/gates/app?revision=2&wait=300ms HTTP/1.1\r\nHost: x\r\n\r\n"
    many = b"".join(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Padding: %s\r\n\r\n" % (b"p" * 900) for _ in range(10))
    with client(authority).wrap_socket(socket.create_connection(("127.0.0.1", instance.port)), server_hostname="localhost") as tls:
        tls.settimeout(30)
        tls.sendall(one + many)
        received = b""
        while received.count(b"HTTP/1.1 ") < 11 or not received.endswith(b"}"):
            piece = tls.recv(65536)
            assert piece, received
            received += piece
    assert received.startswith(b"HTTP/1.1 503") and received.count(b"HTTP/1.1 200") == 10


def test_bodies(secure, authority):
    instance = secure()
    connection = connect(instance.port, client(authority))
    long = '{"application":"shop","instance":"%s","revision":"1"}'
    assert ask(connection, "POST", "/v1/gates/app/admissions", long % "i").status == 201
    assert ask(connection, "POST", "/v1/gates/app/admissions", long % ("i" * 15000)).status == 400
    connection = connect(instance.port, client(authority))
    connection.putrequest("POST", "/v1/gates/app/admissions")
    connection.putheader("Content-Length", "20000")
    connection.endheaders()
    assert parse_response(connection.getresponse()).status == 413, "before any of it is sent"


def test_answers_of_many_records(secure, authority, watched):
    for number in range(60):
        watched.sql(f"CREATE TABLE many{number} ({', '.join(f'column{i} integer' for i in range(40))})")
    instance = secure()
    connection = connect(instance.port, client(authority))
    schema = eventually(
        lambda: (answer := ask(connection, "GET", "/v1/databases/app/schema")).status == 200 and answer, what="the schema"
    )
    assert len(schema.text) > 3 * 16384 and schema.text.count("many59") > 0


SMUGGLED = {
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n",
    "length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "chunks": b"Transfer-Encoding: chunked\r\n",
    "blank before the colon": b"Content-Length : 5\r\n",
    "two hosts": b"Host: y\r\n",
    "no number": b"Content-Length: +5\r\n",
    "folded": b"X-A: b\r\n c\r\n",
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_requests_that_could_be_read_differently(secure, authority, name):
    instance = secure()
    request = b"POST /v1/gates/app/admissions HTTP/1.1\r\nHost: x\r\n" + SMUGGLED[name] + b"\r\n0\r\n\r\n"
    with client(authority).wrap_socket(socket.create_connection(("127.0.0.1", instance.port)), server_hostname="localhost") as tls:
        tls.settimeout(30)
        tls.sendall(request + b"GET /v1/databases HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        try:
            while piece := tls.recv(65536):
                received += piece
        except (ConnectionResetError, ssl.SSLError):
            pass
    assert received.startswith(b"HTTP/1.1 400"), received[:200]
    assert b'"databases"' not in received, "what follows is no request"


def cpu_seconds(instance):
    with open(f"/proc/{instance.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.native
def test_a_handshake_that_goes_nowhere_costs_nothing(secure, authority):
    """libmicrohttpd takes such a connection for ready all the time: its loop would turn at full speed."""
    instance = secure()
    eventually(lambda: status(instance.port, client(authority), "/health/app") == 200)
    with socket.create_connection(("127.0.0.1", instance.port)) as stuck:
        stuck.sendall(b"\x16")
        begun, used = time.monotonic(), cpu_seconds(instance)
        answered = 0
        while time.monotonic() - begun < 2:
            eventually(lambda: time.monotonic() - begun > (answered + 1) * 0.2)
            answered += status(instance.port, client(authority)) == 200
        assert answered == 10
        assert cpu_seconds(instance) - used < 0.25 * (time.monotonic() - begun)


@pytest.mark.full
def test_a_handshake_that_goes_nowhere_is_cut(secure, authority):
    instance = secure()
    context = client(authority)
    quiet = socket.create_connection(("127.0.0.1", instance.port), timeout=60)
    slow = socket.create_connection(("127.0.0.1", instance.port), timeout=60)
    plain = socket.create_connection(("127.0.0.1", instance.port), timeout=60)
    quiet.sendall(b"\x16\x03\x01")
    plain.sendall(b"G")
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"r" * 600
    try:
        for byte in hello[:240]:  # a byte each 0.1 s keeps any inactivity timer busy
            slow.sendall(bytes([byte]))
            eventually(lambda until=time.monotonic() + 0.1: time.monotonic() > until)
        cut = False
    except (BrokenPipeError, ConnectionResetError):
        cut = True
    assert cut or slow.recv(1) == b""
    for connection in (quiet, plain):
        assert not connection.recv(64).startswith(b"HTTP")
    assert metric(instance, context, "migrationd_http_connections_expired_total") >= 2
    assert status(instance.port, context) == 200


GARBAGE = {
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "zeros": b"\0" * 4096,
    "a long record": b"\x16\x03\x01\xff\xff" + b"x" * 70000,
    "an empty record": b"\x16\x03\x01\x00\x00" * 100,
    "an alert": b"\x15\x03\x01\x00\x02\x02\x28",
    "application data": b"\x17\x03\x03\x00\x10" + b"x" * 16,
    "nothing": b"",
}


@pytest.mark.threads
@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_handshake(secure, authority, name):
    instance = secure()
    for _ in range(20):
        with instance.raw() as connection:
            connection.send(GARBAGE[name])
            try:
                connection.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has gone already
            assert b"HTTP/" not in rest_of(connection)
    assert status(instance.port, client(authority)) == 200
    eventually(lambda: metric(instance, client(authority), "migrationd_http_connections") <= 2, what="all closed")
    assert "level=error" not in instance.log()


def check(path, **tls):
    lines = [f"{key}: {value}" for key, value in tls.items()]
    path.write_text("databases: {app: {url: 'sqlite:////tmp/x.db'}}\ntls: {%s}\n" % ", ".join(lines))
    return migrationd("--config", path, "--check-config")


def test_check_config(authority, tmp_path):
    path = tmp_path / "m.yaml"
    pair = authority.issue("checked")
    good = {"certificate": pair.certificate, "key": pair.key}
    result = check(path, **good)
    assert (result.returncode, result.stderr) == (0, "")
    another = authority.issue("another-checked")
    encrypted, noise = tmp_path / "encrypted.key", tmp_path / "noise"
    openssl("pkcs8", "-topk8", "-in", pair.key, "-out", encrypted, "-passout", "pass:canary-of-a-key")
    noise.write_text("noise")
    mistakes = [
        ({"key": another.key}, f"tls.key: {another.key}: it does not belong to tls.certificate"),
        ({"key": encrypted}, f"tls.key: {encrypted}: the key is encrypted"),
        ({"key": tmp_path / "none"}, f"tls.key: {tmp_path}/none: No such file"),
        ({"key": noise}, f"tls.key: {noise}: "),
        ({"certificate": noise}, f"tls.certificate: {noise}: "),
        ({"client_ca": noise}, f"tls.client_ca: {noise}: "),
        ({"client_ca": tmp_path / "none"}, f"tls.client_ca: {tmp_path}/none: No such file"),
    ]
    for change, said in mistakes:
        result = check(path, **{**good, **change})
        assert result.returncode == 78 and result.stderr.startswith(f"{path}:2:6: {said}"), result.stderr
    old = authority.issue("old", days=-1)
    result = check(path, certificate=old.certificate, key=old.key)
    assert result.returncode == 0 and f"warning: the certificate {old.certificate} has expired at 20" in result.stderr


def test_pair_as_credentials_of_systemd(daemon, watched, authority, tmp_path):
    authority.issue("credential").copy_to(Pair(tmp_path))
    instance = daemon(
        {
            "databases": {"app": {"url": watched.url(), **FAST}},
            "tls": {"certificate": "tls.crt", "key": "tls.key"},
        },
        environment={"CREDENTIALS_DIRECTORY": str(tmp_path)},
    )
    assert status(instance.port, client(authority)) == 200


class Pair:
    def __init__(self, folder):
        self.certificate, self.key = folder / "tls.crt", folder / "tls.key"


@pytest.mark.threads
def test_tokens_over_tls(secure, authority, tmp_path):
    (tmp_path / "t").write_text("canary-of-a-token-over-tls")
    instance = secure({"tokens": [{"file": str(tmp_path / "t"), "scope": "admin"}]})
    instance.secrets.add("canary-of-a-token-over-tls")
    context = client(authority)
    assert status(instance.port, context, "/v1/databases", Authorization="Bearer canary-of-a-token-over-tls") == 200
    assert status(instance.port, context, "/v1/databases", Authorization="Bearer canary-of-another-one") == 401
    assert "event=access" not in instance.log(), "nobody on the way can read it"


def test_migrationctl(secure, authority, tmp_path):
    instance = secure(client_ca=str(authority.certificate), probes="plain")
    shown = authority.issue("migrationctl", usage="clientAuth")
    server = ["--server", f"https://127.0.0.1:{instance.port}"]
    mine = ["--cert", shown.certificate, "--key", shown.key]
    trusts = ["--ca", authority.certificate]
    assert instance.ctl("status", *server, *trusts, *mine).returncode == 0
    assert instance.ctl("probe", *server, *trusts, *mine).returncode == 0
    assert instance.ctl("wait", "app", "--timeout", "0", *server, *trusts, *mine).returncode == 0
    signed = instance.ctl("wait", "app", "--application", "shop", *server, *trusts, *mine, "--", "echo", "in")
    assert (signed.returncode, signed.stdout) == (0, "in\n")
    assert instance.ctl("reload", *server, *trusts, *mine).returncode == 0
    environment = {"MIGRATIOND_CA": str(authority.certificate)}
    assert instance.ctl("status", *server, *mine, environment=environment).returncode == 0
    both = tmp_path / "both.pem"
    both.write_bytes(shown.certificate.read_bytes() + shown.key.read_bytes())
    assert instance.ctl("status", *server, *trusts, "--cert", both).returncode == 0
    for arguments in ([*mine], [*trusts], [*trusts, "--cert", tmp_path / "none"], ["--ca", tmp_path / "none", *mine]):
        result = migrationctl("status", *server, *arguments)
        assert result.returncode == 3 and result.stderr.startswith("migrationctl: "), result.stderr
