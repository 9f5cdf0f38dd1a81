# SPDX-License-Identifier: Apache-2.0
"""The measurements of scripts/bench. Each part returns rows (what, measured, peer, ratio, target, met)."""

import argparse
import contextlib
import json
import os
import random
import re
import resource
import select
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
REPOSITORY = FOLDER.parent.parent
sys.path.insert(0, str(FOLDER.parent / "integration"))

from harness import Daemon, MariaDB, Postgres, SqliteFile  # noqa: E402
import bench_history  # noqa: E402
import bench_peers  # noqa: E402
import bench_wait  # noqa: E402
from harness.process import eventually, free_port, private_folder, remove_folder  # noqa: E402

BIN = Path(os.environ["MIGRATIOND_BIN_DIR"]).resolve()
COLUMNS = 15


class Row:
    def __init__(self, what, measured, peer, ratio, target, met):
        self.cells = [what, measured, peer, ratio, target, "met" if met else "MISSED"]
        self.met = met


def ratio_row(what, ours, peer, unit, most):
    ratio = ours / peer
    return Row(what, f"{ours:.2f} {unit}", f"{peer:.2f} {unit}", f"{ratio:.3f}", f"<= {most}", ratio <= most)


def at_least_row(what, ours, peer, unit, least):
    ratio = ours / peer
    return Row(what, f"{ours:.0f} {unit}", f"{peer:.0f} {unit}", f"{ratio:.3f}", f">= {least}", ratio >= least)


def limit_row(what, value, unit, most):
    return Row(what, f"{value:.2f} {unit}", "", "", f"<= {most} {unit}", value <= most)


def table_ddl(number, engine):
    """A table of 15 columns with a primary key, two indexes and a foreign key to the one before it."""
    kinds = {
        "postgresql": ("bigint", "text", "timestamptz", "numeric(10,2)", "boolean DEFAULT false", "varchar(40) DEFAULT 'x'"),
        "mariadb": ("bigint", "text", "datetime", "decimal(10,2)", "tinyint(1) DEFAULT 0", "varchar(40) DEFAULT 'x'"),
        "sqlite": ("INTEGER", "TEXT", "TEXT", "NUMERIC", "INTEGER DEFAULT 0", "TEXT DEFAULT 'x'"),
    }[engine]
    columns = [f"id {kinds[0]} NOT NULL PRIMARY KEY", f"parent_id {kinds[0]}"]
    columns += [f"column_{i}_{number % 97} {kinds[i % len(kinds)]}" for i in range(2, COLUMNS)]
    if number > 0:
        columns.append(f"CONSTRAINT fk_{number} FOREIGN KEY (parent_id) REFERENCES t_{number - 1} (id)")
    first, second = f"column_3_{number % 97}", f"column_5_{number % 97}"
    statements = [f"CREATE TABLE t_{number} ({', '.join(columns)})"]
    if engine == "mariadb":
        statements[0] = statements[0][:-1] + f", INDEX ix_{number}_a ({first}), INDEX ix_{number}_b ({second}))"
    else:
        statements += [f"CREATE INDEX ix_{number}_a ON t_{number} ({first})", f"CREATE INDEX ix_{number}_b ON t_{number} ({second})"]
    return statements


def fill(database, tables):
    """Creates the tables in `database`; SQLite's are written in one transaction."""
    if isinstance(database, SqliteFile):
        connection = sqlite3.connect(database.path)
        connection.executescript("BEGIN;" + ";".join(s for n in range(tables) for s in table_ddl(n, "sqlite")) + ";COMMIT;")
        connection.close()
        return
    # Each statement for itself: ten thousand tables in one transaction are more locks than a server keeps.
    with contextlib.closing(database.connect()) as connection, connection.cursor() as cursor:
        for number in range(tables):
            statements = table_ddl(number, database.engine)
            for statement in [";".join(statements)] if database.engine == "postgresql" else statements:
                cursor.execute(statement)


class Engine:
    """bench_engine, or one like it, in the background, asked over pipes."""

    def __init__(self, url, *arguments, program="bench_engine"):
        self.process = subprocess.Popen(
            [BIN / program, url, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[0]} ended at '{command}'")
        numbers = [float(word) for word in line.split()]
        return numbers[0] if len(numbers) == 1 else numbers

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def timed(command, environment=None):
    begun = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env={**os.environ, **(environment or {})})
    return (time.monotonic() - begun) * 1000


class Servers:
    """One private server of each kind for the whole run, and the big schemas that are loaded once."""

    def __init__(self, options):
        self.options = options
        self.folder = private_folder("bench")
        self.loaded = {}
        self.started = {}

    def server(self, kind):
        if kind not in self.started:
            print(f"starting {kind.__name__} …", file=sys.stderr)
            self.started[kind] = kind().start()
        return self.started[kind]

    def database(self, engine, tables):
        if (engine, tables) not in self.loaded:
            print(f"loading {tables} tables into {engine} …", file=sys.stderr)
            if engine == "sqlite":
                database = SqliteFile(self.folder / f"{tables}.db")
            else:
                database = self.server(Postgres if engine == "postgresql" else MariaDB).create_database()
            fill(database, tables)
            if engine == "postgresql":
                database.sql("VACUUM ANALYZE")
            self.loaded[engine, tables] = database
        return self.loaded[engine, tables]

    def dump(self, database):
        """The peer's command that prints the whole schema."""
        if isinstance(database, SqliteFile):
            return ["sqlite3", database.path, ".schema"], {}
        server = database.server
        where = ["-h", server.host, "-u" if server.engine == "mariadb" else "-U", server.superuser]
        if server.engine == "postgresql":
            program = [server.programs / "pg_dump", "--schema-only", *where, "-p", str(server.port), database.name]
            return program, {"PGPASSWORD": server.password}
        program = [shutil.which("mariadb-dump") or "mysqldump", "--no-defaults", *where, "-P", str(server.port)]
        return [*program, "--no-data", "--skip-lock-tables", database.name], {"MYSQL_PWD": server.password}

    def close(self):
        for server in self.started.values():
            server.close()
        remove_folder(self.folder)


ENGINES = {"postgresql": (0.18, 0.10), "mariadb": (0.05, 0.05), "sqlite": (2.0, 1.0)}
PEERS = {"postgresql": "pg_dump -s", "mariadb": "mysqldump --no-data", "sqlite": "sqlite3 .schema"}


def measure_schema(servers):
    """Whole snapshot, new connection and warm one, against the engine's own dump."""
    rows = []
    for engine, (new_most, warm_most) in ENGINES.items():
        for tables in servers.options.sizes:
            database = servers.database(engine, tables)
            ours = Engine(database.url())
            command, environment = servers.dump(database)
            new, warm, peer = [], [], []
            ours.ask("warm")
            for _ in range(servers.options.rounds):
                peer.append(timed(command, environment))
                new.append(ours.ask("new"))
                warm.append(ours.ask("warm"))
            memory = ours.ask("memory")
            ours.close()
            what = f"{engine} snapshot, {tables} tables"
            last = tables == servers.options.sizes[-1]
            peer_ms = statistics.median(peer)
            for name, times, most in (("new", new, new_most), ("warm", warm, warm_most)):
                row = ratio_row(f"{what}, {name} / {PEERS[engine]}", statistics.median(times), peer_ms, "ms", most)
                if not last and not row.met:
                    row.cells[5] = "(target is for the largest)"
                    row.met = True
                rows.append(row)
            if last:
                rows.append(limit_row(f"{engine} model per column, {tables} tables", memory, "B", 128))
    return rows


def measure_probe(servers):
    """The poll when nothing changed, against SELECT 1 on the same kind of connection."""
    rows = []
    for engine, most in (("postgresql", 1.5), ("mariadb", 5.0), ("sqlite", None)):
        for tables in (servers.options.sizes[0], servers.options.sizes[-1]):
            ours = Engine(servers.database(engine, tables).url())
            probes, selects = [], []
            ours.ask("probe 10")
            time.sleep(servers.options.quiet)
            for _ in range(servers.options.rounds):
                if most:
                    probed, selected = ours.ask("pair 200")
                    selects.append(selected)
                else:
                    probed = ours.ask("probe 500")
                probes.append(probed)
            ours.close()
            what = f"{engine} probe, {tables} tables"
            if most:
                rows.append(ratio_row(f"{what} / SELECT 1", statistics.median(probes), statistics.median(selects), "us", most))
            else:
                rows.append(limit_row(what, statistics.median(probes), "us", 10))
    return rows


def anonymous_kib(pid):
    return int(re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))


class QuietDaemon(Daemon):
    """Its log would stand between the rows."""

    def __exit__(self, *details):
        with contextlib.redirect_stdout(sys.stderr):
            return super().__exit__(*details)


def watch(databases, **settings):
    """A daemon that watches `databases` (name → url); a with statement starts and stops it."""
    return QuietDaemon({"databases": {name: {"url": url, **settings} for name, url in databases.items()}})


def measure_memory(servers):
    """The daemon with the largest schema, at rest and while the snapshot is replaced; the watched server's backend."""
    tables = servers.options.sizes[-1]
    database = servers.database("postgresql", tables)
    rows = []
    with watch({"big": database.url()}, interval="1h", query_timeout="60s") as daemon:
        eventually(lambda: daemon.get("/v1/databases/big/schema").status == 200, 120)
        eventually(lambda: daemon.database("big")["snapshot"]["age_seconds"] < 3, 30)
        time.sleep(3)
        rest = anonymous_kib(daemon.pid) / 1024
        peak, stop = [rest], threading.Event()

        def sample():
            while not stop.is_set():
                peak.append(anonymous_kib(daemon.pid) / 1024)

        sampler = threading.Thread(target=sample)
        sampler.start()
        for _ in range(3):
            assert daemon.post("/v1/databases/big/refresh").status == 200
            time.sleep(1.1)
        stop.set()
        sampler.join()
        backends = [anonymous_kib(pid) / 1024 for pid in database.backends()]
        rows.append(limit_row(f"daemon at rest, {tables} tables", rest, "MiB", 24))
        rows.append(limit_row("daemon while the snapshot is replaced", max(peak), "MiB", 40))
        rows.append(limit_row("PostgreSQL backend between deep looks", max(backends, default=0), "MiB", 8))
    return rows


NGINX = """
worker_processes {threads};
daemon off;
pid {folder}/pid;
error_log {folder}/error.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port} reuseport backlog=4096; default_type application/health+json;
    location / {{ return 200 '{body}'; }} }}
}}
"""


def wrk_rate(port, path, connections, seconds):
    printed = subprocess.run(
        ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"],
        capture_output=True, text=True, check=True,
    ).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", printed).group(1))


def measure_http(servers):
    """GET /health against nginx answering the same bytes with as many threads, at rising numbers of connections."""
    rows = []
    threads = 2
    folder = private_folder("nginx")
    database = SqliteFile(servers.folder / "http.db")
    database.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('a1')")
    with watch({"app": database.url()}, expect={"revision": "a1"}) as daemon:
        daemon.wait_state("app", "current")
        body = json.dumps(daemon.get("/health").json, separators=(",", ":"))
        port = free_port()
        (folder / "nginx.conf").write_text(NGINX.format(threads=threads, folder=folder, port=port, body=body))
        nginx = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")])
        try:
            eventually(lambda: socket.create_connection(("127.0.0.1", port)).close() is None, 10)
            ours, peer = {}, []
            counts = (64, 128, 256, 512, 1024)
            for _ in range(servers.options.rounds):
                peer.append(wrk_rate(port, "/", 64, servers.options.seconds))
                for count in counts:
                    ours.setdefault(count, []).append(wrk_rate(daemon.port, "/health", count, servers.options.seconds))
        finally:
            nginx.terminate()
            nginx.wait()
            remove_folder(folder)
    base = statistics.median(ours[64])
    rows.append(at_least_row(f"/health, 64 connections, {len(body)} B / nginx", base, statistics.median(peer), "req/s", 0.95))
    for count in counts[1:]:
        rows.append(at_least_row(f"/health, {count} connections / at 64", statistics.median(ours[count]), base, "req/s", 0.6))
    return rows


def measure_latency(servers):
    """From COMMIT of the last expected migration to the answer of a waiting request."""
    rows = []
    for kind in (Postgres, MariaDB):
        database = servers.server(kind).create_database()
        database.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        database.sql("INSERT INTO alembic_version VALUES ('r0')")
        times = []
        with watch({"app": database.url()}) as daemon, database.connect(autocommit=False) as connection:
            daemon.wait_state("app", "observed")
            answered = {}

            def ask(revision):
                status = daemon.get(f"/v1/gates/app?revision={revision}&wait=30s").status
                answered[revision] = (time.monotonic(), status)

            for number in range(1, servers.options.commits + 1):
                revision = f"r{number}"
                waiting = threading.Thread(target=ask, args=(revision,))
                waiting.start()
                eventually(lambda: "migrationd_waiters 1\n" in daemon.probe("/metrics").text, 10)
                time.sleep(random.uniform(0.1, 0.3))
                with connection.cursor() as cursor:
                    cursor.execute(f"UPDATE alembic_version SET version_num = '{revision}'")
                begun = time.monotonic()
                connection.commit()
                waiting.join()
                assert answered[revision][1] == 200
                times.append((answered[revision][0] - begun) * 1000)
        times.sort()
        name = f"{database.engine}: COMMIT to answer"
        rows.append(limit_row(f"{name}, p50 of {len(times)}", times[len(times) // 2], "ms", 75))
        rows.append(limit_row(f"{name}, p99", times[min(len(times) - 1, int(len(times) * 0.99))], "ms", 130))
    return rows


def open_waiters(port, count, cookie):
    """`count` keep-alive connections that wait at the gate."""
    request = f"GET /v1/gates/app?revision=next&wait=55s HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n".encode()
    sockets = []
    for number in range(count):
        connection = socket.socket()
        connection.bind((f"127.0.0.{2 + number // 20000}", 0))
        connection.connect(("127.0.0.1", port))
        connection.sendall(request)
        sockets.append(connection)
    return sockets


def read_answer(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
    while len(body) < length:
        body += connection.recv(65536)
    return int(head.split()[1]), b"connection: close" not in head.lower()


def raise_file_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def measure_waiters(servers):
    """What waiters cost, how fast they are released, and whether a probe notices them."""
    count = min(servers.options.waiters, raise_file_limit() - 1000)
    database = SqliteFile(servers.folder / "waiters.db")
    database.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('r0')")
    rows = []
    with watch({"app": database.url()}, journal={"tool": "alembic"}) as daemon:
        daemon.wait_state("app", "observed")
        before = anonymous_kib(daemon.pid)
        sockets = open_waiters(daemon.port, count, "c" * 20)
        eventually(lambda: f"migrationd_waiters {count}\n" in daemon.probe("/metrics").text, 60)
        each = (anonymous_kib(daemon.pid) - before) / count
        probes = []
        for _ in range(50):
            begun = time.monotonic()
            assert daemon.probe("/livez").status == 200
            probes.append((time.monotonic() - begun) * 1000)
        big = socket.create_connection(("127.0.0.1", daemon.port))
        big.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nCookie: " + b"c" * 3072 + b"\r\n\r\n")
        served, _ = read_answer(big)
        poller = select.epoll()
        for connection in sockets:
            poller.register(connection, select.EPOLLIN)
        database.sql("UPDATE alembic_version SET version_num = 'next'")
        arrivals = {}
        while len(arrivals) < count:
            now = time.monotonic()
            for descriptor, _ in poller.poll(30):
                arrivals.setdefault(descriptor, now)
                poller.modify(descriptor, 0)
        answers = [read_answer(connection) for connection in sockets]
        poller.close()
        for connection in [*sockets, big]:
            connection.close()
    released = (max(arrivals.values()) - min(arrivals.values())) * 1000
    good = all(status == 200 and kept for status, kept in answers)
    rows.append(limit_row(f"memory per waiter, {count} of them", each, "KiB", 5))
    rows.append(Row("a request with 3 KiB of headers meanwhile", f"HTTP {served}", "", "", "HTTP 200", served == 200))
    rows.append(limit_row("first to last of all answers", released, "ms", 200))
    rows.append(Row("all 200, connections kept", "yes" if good else "no", "", "", "yes", good))
    rows.append(limit_row("/livez meanwhile, slowest of 50", max(probes), "ms", 50))
    return rows


def measure_wait(servers):
    """migration-wait: how small it is, how soon it asks; and ten thousand of its kind at one gate."""
    program = BIN / "migration-wait"
    gate = "http://127.0.0.1:{port}/v1/gates/app"
    rounds = 10 * servers.options.rounds
    ours = bench_wait.first_request_ms([program, "--gate", gate], rounds)
    peer = bench_wait.first_request_ms(["curl", "-s", gate], rounds)
    raise_file_limit()
    count = servers.options.waiters
    rows = [
        limit_row("migration-wait, the file", program.stat().st_size / 1024, "KiB", 1024),
        limit_row("migration-wait, resident while it waits", bench_wait.resident_kib(), "KiB", 2048),
        limit_row("migration-wait, start to first request", ours, "ms", 5),
        ratio_row("the same / curl", ours, peer, "ms", 1.0),
    ]
    for kind in (Postgres, MariaDB):
        database = servers.server(kind).create_database()
        rate, late, good = bench_wait.spread(database, watch, count)
        what = f"{database.engine}: {count} waiters, {bench_wait.REVISIONS} revisions"
        rows.append(limit_row(f"{what}: journal looks", rate, "/s", 10.2))
        rows.append(limit_row(f"{what}: COMMIT to last answer", late, "ms", 500))
        rows.append(Row(f"{what}: all in, none early", "yes" if good else "no", "", "", "yes", good))
    return rows


def idle_cost(urls, seconds):
    """Share of a core in per cent, and MiB, of a daemon that watches `urls` in which nothing happens."""
    ticks = os.sysconf("SC_CLK_TCK")

    def used(pid):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / ticks

    with watch(urls) as daemon:
        eventually(lambda: daemon.get("/readyz").status == 200, 120)
        time.sleep(30)  # one interval: the looks of the start are over and spread
        begun = used(daemon.pid)
        time.sleep(seconds)
        return (used(daemon.pid) - begun) / seconds * 100, anonymous_kib(daemon.pid) / 1024


def measure_idle(servers):
    """A hundred small databases on one server, whose looks each log in anew."""
    server = servers.server(Postgres)
    trusted, scram = {}, {}
    for number in range(100):
        database = server.create_database()
        database.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY)")
        scram[f"db{number}"] = database.url()
        trusted[f"db{number}"] = f"postgresql://{server.superuser}@/{database.name}?host={server.sockets}&port={server.port}"
    share, memory = idle_cost(trusted, servers.options.idle)
    scram_share, _ = idle_cost(scram, servers.options.idle)
    return [
        limit_row("100 databases, idle: share of a core", share, "%", 2),
        Row("the same with SCRAM logins, some 5 ms each in libpq", f"{scram_share:.2f} %", "", "", "(no target)", True),
        limit_row("100 databases, idle: memory", memory, "MiB", 32),
    ]


TITLES = ["what", "migrationd", "peer", "ratio", "target", ""]
WIDTHS = [62, 13, 13, 6, 24, 6]


DRIFT_LIMITS = {"equal": 5, "ten": 20, "many": 5, "report": 50}
DRIFT_NAMES = {
    "equal": "compare two equal schemas, {} tables",
    "ten": "compare two schemas that differ in ten places, {} tables",
    "many": "compare 1000 equal schemas with each other",
    "report": "render a report of 10000 items",
}


def fill_journal(database, rows):
    """Rails' journal with versions of 14 digits, a minute apart."""
    first = datetime(2000, 1, 1)
    database.sql("CREATE TABLE schema_migrations (version varchar(255) NOT NULL PRIMARY KEY)")
    key = "`key`" if database.engine == "mariadb" else '"key"'
    columns = f"{key} varchar(255) NOT NULL PRIMARY KEY, value varchar(255), created_at timestamp, updated_at timestamp"
    database.sql(f"CREATE TABLE ar_internal_metadata ({columns})")
    for begin in range(0, rows, 10000):
        versions = (first + timedelta(minutes=i) for i in range(begin, min(begin + 10000, rows)))
        values = ",".join(f"('{version:%Y%m%d%H%M%S}')" for version in versions)
        database.sql(f"INSERT INTO schema_migrations VALUES {values}")


def journal_memory(servers, database, bare):
    """Anonymous MiB of a daemon that watches the journal, beyond one that watches the same without rows."""
    taken = []
    for watched in (bare, database):
        with watch({"journal": watched.url()}, query_timeout="60s") as daemon:
            eventually(lambda: daemon.database("journal")["state"] == "observed", 60)
            time.sleep(5)  # two more looks, which find the same
            taken.append(anonymous_kib(daemon.pid) / 1024)
    return taken[1] - taken[0]


def write_files(folder, count):
    migrations = folder / "db" / "migrate"
    migrations.mkdir(parents=True)
    for i in range(count):
        name = f"{datetime(2020, 1, 1) + timedelta(minutes=i):%Y%m%d%H%M%S}_step_{i}.rb"
        (migrations / name).write_text(f"class Step{i} < ActiveRecord::Migration[7.0]\n  def change\n  end\nend\n")
    flyway = folder / "sql"
    flyway.mkdir()
    for i in range(count):
        (flyway / f"V{i}__step.sql").write_text(f"CREATE TABLE t{i} (id int PRIMARY KEY, name text);\n" * 8)


def measure_journal(servers):
    """A journal of a million rows; ten thousand files."""
    count = 100000 if servers.options.quick else 1000000
    rows = []
    for kind, server in (("postgresql", Postgres), ("mariadb", MariaDB), ("sqlite", None)):
        print(f"filling a journal of {count} rows on {kind} …", file=sys.stderr)
        databases = []
        for number in (0, count):
            database = servers.server(server).create_database() if server else SqliteFile(servers.folder / f"j{number}.db")
            fill_journal(database, number)
            databases.append(database)
        engine = Engine(databases[1].url())
        looks = [engine.ask("journal") for _ in range(servers.options.rounds)]
        again = [engine.ask("again") for _ in range(servers.options.rounds)]
        engine.close()
        rows.append(limit_row(f"{kind}: journal of {count} rows, read", statistics.median(looks), "ms", 1000))
        rows.append(limit_row(f"{kind}: the same, unchanged", statistics.median(again), "ms", 1000))
        if kind == "postgresql":
            memory = journal_memory(servers, databases[1], databases[0])
            rows.append(limit_row(f"memory of a journal of {count} rows", memory, "MiB", 20))
    folder = servers.folder / "files"
    write_files(folder, 10000)
    engine = Engine("sqlite:///" + str(servers.folder / "none.db"))
    for tool, directory in (("rails", folder), ("flyway", folder / "sql"), ("any", folder / "db" / "migrate")):
        times = [engine.ask(f"files {tool} {directory}") for _ in range(servers.options.rounds)]
        rows.append(limit_row(f"{tool}: 10000 files, parsed", statistics.median(times), "ms", 500))
    times = [engine.ask(f"token {folder / 'sql'}") for _ in range(servers.options.rounds)]
    rows.append(limit_row("10000 files, listed to see that none changed", statistics.median(times), "ms", 100))
    engine.close()
    return rows


def measure_history(servers):
    """Admissions, each answered after the commit of its record, synced to the disk."""
    folder = private_folder("bench-history")
    try:
        count = 5000 if servers.options.quick else 20000
        rate, late, whole = bench_history.measure(QuietDaemon, folder, BIN / "migrationctl", count)
    finally:
        remove_folder(folder)
    return [
        Row("admissions kept in SQLite, 64 connections", f"{rate:.0f} /s", "", "", ">= 1000 /s", rate >= 1000),
        limit_row("1000 admissions a second: answer, p99", late, "ms", 100),
        Row("answered before a SIGKILL, all kept", "yes" if whole else "no", "", "", "yes", whole),
    ]


def diff_of_dumps(servers, databases):
    """What people do without us: two dumps and a text diff."""
    begun = time.monotonic()
    texts = []
    for number, database in enumerate(databases):
        command, environment = servers.dump(database)
        texts.append(servers.folder / f"dump{number}.sql")
        with open(texts[-1], "wb") as out:
            subprocess.run(command, stdout=out, check=True, env={**os.environ, **environment})
    subprocess.run(["diff", *texts], stdout=subprocess.DEVNULL, check=False)
    return (time.monotonic() - begun) * 1000


def migrationctl_diff(databases):
    begun = time.monotonic()
    urls = [database.url() for database in databases]
    result = subprocess.run([BIN / "migrationctl", "diff", *urls], stdout=subprocess.PIPE, check=False, text=True)
    if result.returncode != 1:
        raise RuntimeError(f"migrationctl diff: {result.returncode} {result.stdout[:400]}")
    return (time.monotonic() - begun) * 1000


def measure_drift(servers):
    """Comparison and rendering in memory; two live databases against two dumps and diff(1)."""
    rows = []
    tables = servers.options.sizes[-1]
    output = subprocess.run([BIN / "bench_drift", str(tables)], capture_output=True, check=True, text=True).stdout
    for line in output.splitlines():
        name, value = line.split()
        rows.append(limit_row(DRIFT_NAMES[name].format(tables), float(value), "ms", DRIFT_LIMITS[name]))
    first = servers.database("postgresql", 1000)
    second = first.server.create_database()
    fill(second, 1000)
    for number in range(10):
        second.sql(f"ALTER TABLE t_{number * 97} ADD COLUMN extra text")
    second.sql("VACUUM ANALYZE")
    ours, peer = [], []
    for _ in range(servers.options.rounds):
        peer.append(diff_of_dumps(servers, [first, second]))
        ours.append(migrationctl_diff([first, second]))
    what = "migrationctl diff of two live databases, 1000 tables / 2 x pg_dump -s and diff"
    rows.append(ratio_row(what, statistics.median(ours), statistics.median(peer), "ms", 0.4))
    return rows


def count_items(pair):
    urls = [database.url() for database in pair]
    command = [BIN / "migrationctl", "diff", *urls, "--output", "json"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode not in (0, 1):
        raise RuntimeError(result.stderr)
    return len(json.loads(result.stdout)["items"])


def measure_peers(servers):
    """A schema against its own restored dump, where every difference is false, and against ten real changes."""
    rows = []
    server = servers.server(Postgres)
    first = server.create_database()
    fill(first, 200)
    first.sql(bench_peers.FEATURES)
    same = bench_peers.restore(server, first)
    other = bench_peers.restore(server, first)
    for change in bench_peers.CHANGES:
        other.sql(change)
    peers = bench_peers.Peers(REPOSITORY / "build")
    _, ours = bench_peers.timed(count_items, (first, same))
    false, real = count_items((first, same)), count_items((first, other))
    real_changes = len(bench_peers.CHANGES)
    rows.append(Row("false differences to the own restored dump", str(false), "", "", "0", false == 0))
    rows.append(Row(f"differences after {real_changes} changes", str(real), "", "", str(real_changes), real == real_changes))
    for name, function in peers.all():
        try:
            false, peer = bench_peers.timed(function, (first, same))
            real, _ = bench_peers.timed(function, (first, other))
        except (RuntimeError, subprocess.SubprocessError) as error:
            rows.append(Row(f"{name}: {str(error)[:60]}", "", "failed", "", "", True))
            continue
        what = f"{name}: {false} false; {real} said of {real_changes} changes"
        rows.append(Row(what, f"{ours:.0f} ms", f"{peer:.0f} ms", f"{ours / peer:.3f}", "(no target)", True))
    rows += [Row(f"not compared with: {problem}", "", "", "", "", True) for problem in peers.problems]
    return rows


COVERAGE_TABLES, COVERAGE_HOLDING = 120, 36


def fill_coverage(database, rows):
    """120 tables with two indexes each, of which 36 hold `rows` rows."""
    text = "text" if database.engine != "mariadb" else "varchar(40)"
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
    with contextlib.closing(database.connect()) as connection, contextlib.closing(connection.cursor()) as cursor:
        for number in range(COVERAGE_TABLES):
            cursor.execute(f"CREATE TABLE t_{number} (id int PRIMARY KEY, name {text}, other {text})")
            cursor.execute(f"CREATE INDEX ix_{number} ON t_{number} (name)")
            if number >= COVERAGE_HOLDING:
                continue
            select = "SELECT i, 'name of a row', 'more of the same row' FROM n"
            if database.engine == "mariadb":
                cursor.execute(f"SET max_recursive_iterations = {rows + 1}")
                cursor.execute(f"INSERT INTO t_{number} {numbers} {select}")
            else:
                cursor.execute(f"{numbers} INSERT INTO t_{number} {select}")


def coverage_bench(servers, engine, rows):
    print(f"filling {COVERAGE_HOLDING} tables with {rows} rows on {engine} …", file=sys.stderr)
    server = {"postgresql": Postgres, "mariadb": MariaDB}.get(engine)
    database = servers.server(server).create_database() if server else SqliteFile(servers.folder / f"c{rows}.db")
    fill_coverage(database, rows)
    tables = [f"t_{number}" for number in range(COVERAGE_TABLES)]
    return Engine(database.url(), *tables, program="bench_checks")


def coverage_times(benches, commands, rounds):
    """Milliseconds for 100 tables by (rows, command); all asked in turn, since what a server does meanwhile differs."""
    times = {}
    for _ in range(rounds):
        for rows, bench in benches.items():
            for command in commands:
                times.setdefault((rows, command), []).append(bench.ask(command) / COVERAGE_TABLES * 100)
    return {key: statistics.median(values) for key, values in times.items()}


def measure_checks(servers):
    """Coverage of 120 tables of few and of many rows, on a session that knows them and on a new one, against count(*)."""
    rows = []
    few, many = 100, 50000 if servers.options.quick else 200000
    for engine in ("postgresql", "mariadb", "sqlite"):
        benches = {count: coverage_bench(servers, engine, count) for count in (few, many)}
        coverage_times(benches, ["kept"], 1)
        ours = coverage_times(benches, ["kept", "fresh"], 10 * servers.options.rounds)
        ours |= coverage_times(benches, ["count"], servers.options.rounds)
        for bench in benches.values():
            found = bench.ask("found")
            bench.close()
            what = f"{engine}: tables that hold rows, of {COVERAGE_TABLES}"
            rows.append(Row(what, f"{found[1]:.0f}", "", "", str(COVERAGE_HOLDING), found == [COVERAGE_TABLES, COVERAGE_HOLDING]))
        what = f"{engine}: coverage of 100 tables"
        rows.append(limit_row(f"{what}, {many} rows each", ours[many, "kept"], "ms", 5))
        rows.append(ratio_row("the same / with 100 rows each", ours[many, "kept"], ours[few, "kept"], "ms", 1.5))
        rows.append(ratio_row("the same / count(*)", ours[many, "kept"], ours[many, "count"], "ms", 0.1))
        rows.append(ratio_row("on a new session / count(*)", ours[many, "fresh"], ours[many, "count"], "ms", 0.5))
    return rows


PARTS = {
    "schema": measure_schema,
    "probe": measure_probe,
    "memory": measure_memory,
    "http": measure_http,
    "latency": measure_latency,
    "waiters": measure_waiters,
    "wait": measure_wait,
    "idle": measure_idle,
    "journal": measure_journal,
    "history": measure_history,
    "drift": measure_drift,
    "checks": measure_checks,
    "peers": measure_peers,
}


def print_cells(cells):
    print("  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS)).rstrip(), flush=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 tables at most, 3 rounds")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    options.sizes = [100, 1000] if options.quick else [100, 1000, 10000]
    options.rounds = 3 if options.quick else 5
    options.seconds = 1 if options.quick else 2
    options.commits = 40 if options.quick else 100
    options.waiters = 2000 if options.quick else 10000
    options.quiet = 20  # PostgreSQL's statistics arrive up to 10 s late: only then has nothing changed
    options.idle = 15 if options.quick else 60
    servers = Servers(options)
    rows = []
    print_cells(TITLES)
    try:
        for name, measure in PARTS.items():
            if options.parts and name not in options.parts:
                continue
            print(f"measuring {name} …", file=sys.stderr)
            measured = measure(servers)
            for row in measured:
                print_cells(row.cells)
            rows += measured
    finally:
        servers.close()
    missed = sum(not row.met for row in rows)
    print(f"{len(rows) - missed} of {len(rows)} targets met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
