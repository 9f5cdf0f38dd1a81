# SPDX-License-Identifier: Apache-2.0
"""The start of a whole application, as Compose does it: a database, a daemon, a migration that runs once, and three
processes of the application, each behind migration-wait. Whatever comes first, the application starts after the
migration's commit and never before."""

import itertools
import sys
from pathlib import Path

import pytest
from harness import AlembicProject, Daemon, FlywayProject, migrationctl
from harness.process import Process
from harness.wait import Waiting

sys.path.append(str(Path(__file__).resolve().parents[1] / "conformance"))

FAST = {"journal_interval": "100ms", "interval": "2s", "connect_timeout": "1s", "blocked_grace": "500ms"}

# Fails at once where the migration has not committed: what it needs is not there.
APPLICATION = """
import sys, psycopg2
connection = psycopg2.connect(sys.argv[1])
cursor = connection.cursor()
cursor.execute("SELECT version_num FROM alembic_version")
assert cursor.fetchall() == [("b2",)]
cursor.execute("SELECT done FROM t_b2")
assert cursor.fetchall() == [(True,)]
print("served")
"""

# What a one-shot container with `restart: on-failure` does.
UNTIL_IT_WORKS = 'until "$@"; do sleep 0.1; done'


def every_order():
    """Each order of a database, a daemon, a migration and three applications, which are alike."""
    places = itertools.permutations(range(6), 3)
    for place in places:
        order = ["application"] * 6
        for name, index in zip(("database", "daemon", "migration"), place):
            order[index] = name
        yield order


ORDERS = list(every_order())
ONE_OF_EACH_KIND = [
    ["application", "application", "application", "daemon", "migration", "database"],
    ["migration", "application", "daemon", "application", "database", "application"],
    ["database", "migration", "daemon", "application", "application", "application"],
]


class Stack:
    """One such application on a PostgreSQL server, which is down until its turn comes."""

    def __init__(self, folder, server):
        self.server = server
        self.database = server.create_database()
        self.folder = folder
        self.project = AlembicProject(folder / "alembic", self.database)
        self.project.revision("a1", None, "CREATE TABLE t_a1 (id integer PRIMARY KEY)")
        self.write_last("INSERT INTO t_b2 VALUES (true)")
        self.manifest = folder / "manifest.json"
        self.manifest.write_text(migrationctl("manifest", self.project.folder).stdout)
        expect = {"directory": str(self.project.scripts)}
        self.daemon = Daemon(None)
        # While it is down nobody else can take its place, as somebody might take a port's.
        self.socket = self.daemon.folder / "api.sock"
        listen = {"listen": f"unix:{self.socket}", "probe_listen": f"unix:{self.daemon.folder}/probe.sock"}
        self.daemon.port = self.daemon.probe_port = 0
        self.daemon.write_config({**listen, "databases": {"app": {"url": self.database.url(), **FAST, "expect": expect}}})
        self.applications = []
        self.migration = None

    def write_last(self, statement):
        """The last revision: long enough for whoever would not wait for its commit."""
        self.project.revision("b2", "a1", ["CREATE TABLE t_b2 (done boolean)", "SELECT pg_sleep(0.3)", statement])

    def start(self, name):
        getattr(self, f"start_{name}")()

    def start_database(self):
        self.server.start()

    def start_daemon(self):
        self.daemon.launch()

    def start_migration(self):
        command = ["sh", "-c", UNTIL_IT_WORKS, "sh", *self.project.command("upgrade", "head")]
        log = self.folder / "migration.log"
        self.migration = Process(command, log, env=self.project.environment(), cwd=self.project.folder)

    def start_application(self, *options):
        gate = f"unix:{self.socket}:/v1/gates/app"
        place = f"host={self.server.host} port={self.server.port} dbname={self.database.name} user={self.server.superuser} password={self.server.password}"
        command = ["/usr/bin/python3", "-c", APPLICATION, place]
        asked = ["--gate", gate, "--manifest", self.manifest, "--timeout", "2m", *options]
        self.applications.append(Waiting(*asked, "--", *command))

    def close(self):
        for one in self.applications:
            one.close()
        if self.migration and self.migration.returncode is None:
            self.migration.signal(9)
            self.migration.wait()
        self.daemon.close()
        if self.server.process.returncode is not None:
            self.server.start()
        self.database.drop()


@pytest.fixture
def stack(tmp_path, own_postgres):
    made = []

    def make():
        made.append(Stack(tmp_path / f"stack{len(made)}", own_postgres))
        return made[-1]

    yield make
    for one in made:
        one.close()


def run_round(one, order):
    one.server.stop()
    for name in order:
        one.start(name)
    for application in one.applications:
        code, output, lines = application.end(120)
        assert (code, output) == (0, "served\n"), (order, lines, one.migration.log(), one.daemon.log()[-3000:])
    assert one.migration.wait(60) == 0


@pytest.mark.parametrize("order", ONE_OF_EACH_KIND, ids=lambda order: "-".join(name[:2] for name in order))
def test_in_any_order(stack, order):
    run_round(stack(), order)


@pytest.mark.full
@pytest.mark.native
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(name[:2] for name in order))
def test_in_every_order(stack, order):
    """120 orders, 120 rounds."""
    run_round(stack(), order)


def test_nobody_starts_early_when_the_daemon_dies(stack):
    one = stack()
    one.project.run("upgrade", "a1")
    one.start_daemon()
    for _ in range(3):
        one.start_application()
    for application in one.applications:
        application.said("closed PENDING")
    for _ in range(2):
        one.daemon.kill()
        for application in one.applications:
            application.said("unreachable: ")
        one.daemon.launch()
        for application in one.applications:
            application.said("closed PENDING")
            assert application.popen.poll() is None
    one.daemon.expected_exit = 0
    one.start_migration()
    one.daemon.kill()
    one.daemon.launch()
    one.daemon.expected_exit = 0
    for application in one.applications:
        code, output, lines = application.end(60)
        assert (code, output) == (0, "served\n"), lines


def test_a_failed_migration_that_left_no_trace(stack):
    """Alembic on PostgreSQL takes a failed migration back, with all that it did: nobody can see that it ran."""
    one = stack()
    one.project.run("upgrade", "a1")
    one.write_last("SELECT 1/0")
    one.start_daemon()
    one.daemon.wait_log("database_state.*PENDING")
    for _ in range(3):
        one.start_application("--timeout", "4s")
    for application in one.applications:
        application.said("closed PENDING")
    with pytest.raises(RuntimeError, match="division by zero"):
        one.project.run("upgrade", "head")
    for application in one.applications:
        code, output, lines = application.end(60)
        assert (code, output) == (124, "")
        assert lines[-1].startswith("migration-wait: timed out after 4s: app: closed PENDING: "), lines
        assert lines[-1].endswith("a run that failed need not show in the journal of alembic: see what it printed")


def wait_behind(daemon, database, directory, revision):
    """Three applications behind a gate of `database`, all of which have said that it is closed."""
    instance = daemon({"databases": {"app": {"url": database.url(), **FAST, "expect": {"directory": str(directory)}}}})
    gate = ("--gate", f"http://127.0.0.1:{instance.port}/v1/gates/app", "--revision", revision, "--timeout", "2m")
    applications = [Waiting(*gate, "--", "echo", "started") for _ in range(3)]
    for application in applications:
        application.said("closed ")
    return applications


def blocked(applications):
    """Each has ended blocked; returns the last line of each."""
    last = []
    for application in applications:
        code, output, lines = application.end(60)
        assert (code, output) == (4, ""), lines
        last.append(lines[-1])
    return last


@pytest.mark.full
@pytest.mark.native
def test_a_failed_migration_of_golang_migrate(daemon, postgres, tmp_path):
    from driver import Migration
    from drivers.golang_migrate import DRIVER

    DRIVER.install()
    project = DRIVER(tmp_path / "project", postgres)
    project.write(Migration(1, "make_t1", ["CREATE TABLE t1 (id integer)"], ["DROP TABLE t1"]))
    project.write(Migration(2, "break_t1", ["ALTER TABLE t1 ADD COLUMN id integer"], ["SELECT 1"]))
    applications = wait_behind(daemon, postgres, project.directory, "2")
    assert project.up(check=False).returncode != 0
    for line in blocked(applications):
        assert "app: blocked FAILED: " in line and "2" in line.split("FAILED:")[1], line


@pytest.mark.full
@pytest.mark.native
def test_a_failed_migration_of_flyway(daemon, mariadb, tmp_path):
    project = FlywayProject(tmp_path / "project", mariadb)
    project.chain("1")
    project.migration("V2__break_t_1.sql", "ALTER TABLE t_1 ADD COLUMN id integer;\n")
    applications = wait_behind(daemon, mariadb, project.sql, "2")
    project.run("migrate", check=False)  # which exits with 0 all the same
    for line in blocked(applications):
        assert "app: blocked FAILED: " in line and "2" in line.split("FAILED:")[1], line
