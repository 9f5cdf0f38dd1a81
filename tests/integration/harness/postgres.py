# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL."""

import glob
import os
import re
import signal
import subprocess
from pathlib import Path

import psycopg2
import pytest

from .process import Process, give, run, unprivileged
from .server import Server

FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "autovacuum": "on",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "unix_socket_permissions": "0777",
}


def installations():
    """Folders with PostgreSQL's programs, newest first; MIGRATIOND_TEST_PGBIN names one alone, or several in that order,
    separated by colons."""
    named = os.environ.get("MIGRATIOND_TEST_PGBIN")
    if named:
        return [Path(folder) for folder in named.split(os.pathsep)]
    found = [Path(path).parent for path in glob.glob("/usr/lib/postgresql/*/bin/initdb")]
    return sorted(found, key=lambda path: int(re.search(r"/(\d+)", str(path)).group(1)), reverse=True)


def major_of(program):
    return int(re.search(r"\) (\d+)", run([program, "--version"]).stdout).group(1))


def client(name, server_major):
    """psql or pg_dump for a server of that version: from the folder that MIGRATIOND_TEST_PGCLIENT names, or of any
    installation that is not older. Servers from package registries bring none."""
    named = os.environ.get("MIGRATIOND_TEST_PGCLIENT")
    folders = [Path(named)] if named else [*installations(), *map(Path, glob.glob("/usr/lib/postgresql/*/bin"))]
    programs = [folder / name for folder in folders if (folder / name).exists()]
    fitting = [program for program in programs if name == "psql" or major_of(program) >= server_major]
    if not fitting:
        pytest.skip(f"no {name} for PostgreSQL {server_major} (MIGRATIOND_TEST_PGCLIENT names a folder with one)")
    return fitting[0]


class Postgres(Server):
    """TCP sessions need their password (SCRAM); the Unix socket trusts, so that tests can be anybody there."""

    engine = "postgresql"
    superuser = "postgres"
    sqlalchemy_scheme = "postgresql+psycopg2"
    jdbc_scheme = "postgresql"
    stop_signal = signal.SIGINT  # fast shutdown

    def __init__(self, settings=None, programs=None):
        self.programs = Path(programs) if programs else installations()[0]
        super().__init__({**FAST, **(settings or {})})

    def initialize(self):
        self.identity = unprivileged("postgres")
        self.sockets.mkdir()
        secret = self.folder / "password"
        secret.write_text(self.password)
        for path in (self.folder, self.sockets, secret):
            give(path, self.identity)
        run(
            [self.programs / "initdb", "-D", self.data, "-U", self.superuser, "--no-sync", "-E", "UTF8"]
            + ["--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={secret}"],
            cwd=self.folder,
            **self.identity,
        )

    def launch(self):
        settings = {
            **self.settings,
            "listen_addresses": self.host,
            "port": self.port,
            "unix_socket_directories": self.sockets,
        }
        arguments = [f"-c{name}={value}" for name, value in settings.items()]
        return Process(
            [self.programs / "postgres", "-D", self.data, *arguments],
            self.log_path,
            death_signal=signal.SIGQUIT,  # the postmaster takes its children along
            cwd=self.folder,
            **self.identity,
        )

    def connect(self, database=None, user=None, password=None, autocommit=True):
        if user is None:
            where = {"host": str(self.sockets), "user": self.superuser}
        else:
            where = {"host": self.host, "user": user, "password": password}
        connection = psycopg2.connect(
            port=self.port, dbname=database or "postgres", application_name="migrationd-tests", connect_timeout=10, **where
        )
        connection.autocommit = autocommit
        return connection

    def quote(self, name):
        return '"' + name.replace('"', '""') + '"'

    def create_role(self, name=None, password="role-secret", attributes="LOGIN"):
        """A role without any grant; returns (name, password)."""
        name = name or self.new_name("role")
        self.sql(f"CREATE ROLE {self.quote(name)} {attributes} PASSWORD %s", (password,))
        return name, password

    def drop_database(self, name):
        self.sql(f"DROP DATABASE IF EXISTS {self.quote(name)} WITH (FORCE)")

    def psql(self, statement, database="postgres"):
        """psql's own output, for what must be shown as a person sees it."""
        arguments = ["-h", self.sockets, "-p", self.port, "-U", self.superuser, "-d", database]
        return run([client("psql", self.major), "-X", "-v", "ON_ERROR_STOP=1", *arguments, "-c", statement]).stdout

    @property
    def major(self):
        return major_of(self.programs / "postgres")

    def dump(self, database):
        """pg_dump's schema of a database, as bytes, without what only servers since 17 know."""
        where = ["-h", self.sockets, "-p", str(self.port), "-U", self.superuser]
        dump = subprocess.run([client("pg_dump", self.major), "-s", *where, database], check=True, capture_output=True)
        return dump.stdout.replace(b"SET transaction_timeout = 0;\n", b"")

    def load(self, script, database, stop=True):
        """Feeds a script to psql; what it complained about. With `stop` the first complaint is a failure."""
        where = ["-h", self.sockets, "-p", str(self.port), "-U", self.superuser, "-d", database]
        result = subprocess.run(
            [client("psql", self.major), "-qX", "-v", f"ON_ERROR_STOP={int(stop)}", *where],
            input=script, check=stop, capture_output=True,
        )
        return result.stderr.decode(errors="replace")

    def backends(self, database=None):
        rows = self.sql(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            " AND (%s::text IS NULL OR datname = %s) AND application_name <> 'migrationd-tests'",
            (database, database),
        )
        return [pid for (pid,) in rows]

    def stop_backend(self, pid):
        """Freezes one session as a hung host or disk would."""
        os.kill(pid, signal.SIGSTOP)

    def continue_backend(self, pid):
        os.kill(pid, signal.SIGCONT)
