# SPDX-License-Identifier: Apache-2.0
"""What PostgreSQL, MariaDB and MySQL have in common: a private server and the databases in it."""

import contextlib
import itertools
import os
import signal
import urllib.parse
from pathlib import Path

from .process import eventually, free_port, private_folder, remove_folder

START_ATTEMPTS = 5
START_TIMEOUT = 60.0


def descendants(pid):
    """Ids of all processes below one."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for child in map(int, children.read_text().split()):
                found += [child, *descendants(child)]
    return found


class Server:
    """One private server: own folder, Unix socket and TCP port; gone when the test session ends, however it ends.

    Subclasses say how to initialize(), launch() and connect(). Statements run as the superuser, over the Unix socket,
    and commit at once.
    """

    engine = ""  # scheme of migrationd's URLs
    superuser = ""
    host = "127.0.0.1"

    def __init__(self, settings=None):
        self.settings = dict(settings or {})
        self.folder = private_folder(self.engine)
        self.data = self.folder / "data"
        self.sockets = self.folder / "sockets"
        self.log_path = self.folder / "server.log"
        self.password = "superuser-secret"
        self.port = 0
        self.process = None
        self.names = itertools.count(1)
        self.initialize()

    def initialize(self):
        raise NotImplementedError

    def launch(self):
        """Starts the server on self.port and returns its Process."""
        raise NotImplementedError

    def connect(self, database=None, user=None, password=None, autocommit=True):
        """A DB-API connection; over TCP if `user` is given, else the superuser's over the Unix socket."""
        raise NotImplementedError

    def start(self):
        """Starts and waits until statements are answered; a stopped server comes back on the same port."""
        for attempt in range(START_ATTEMPTS):
            if not self.port or attempt:
                self.port = free_port()
            self.process = self.launch()
            if eventually(lambda: self.process.returncode is not None or self.answers(), START_TIMEOUT, "server start"):
                if self.process.returncode is None:
                    return self
        raise RuntimeError(f"{self.engine} does not start:\n{self.process.log()[-4000:]}")

    def answers(self):
        try:
            self.sql("SELECT 1")
        except Exception:  # every driver has its own classes for "not yet"
            return False
        return True

    def kill(self, number=signal.SIGKILL):
        """Sends a signal to the server's main process and, unless it only pauses it, waits for its end."""
        self.process.signal(number)
        if number not in (signal.SIGSTOP, signal.SIGCONT, signal.SIGHUP):
            self.process.wait(30)

    def freeze(self):
        """Stops the server and all its sessions as a hung host would; thaw() goes on."""
        self.kill(signal.SIGSTOP)
        for pid in descendants(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in [*descendants(self.process.pid), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):  # a session that has ended meanwhile
                os.kill(pid, signal.SIGCONT)

    def close(self):
        if self.process and self.process.returncode is None:
            self.thaw()
            self.process.signal(self.stop_signal)
            self.process.wait(60)
        remove_folder(self.folder)

    stop_signal = signal.SIGTERM

    def stop(self):
        """Fast, clean shutdown; start() brings the same server back."""
        self.kill(self.stop_signal)

    def sql(self, statement, parameters=None, database=None, user=None, password=None):
        """Runs statements and returns the last result's rows (an empty list where there is none)."""
        connection = self.connect(database, user, password)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return self.last_rows(cursor)
        finally:
            connection.close()

    def last_rows(self, cursor):
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def new_name(self, prefix):
        """Unique within the server, whichever test worker asks."""
        return f"{prefix}_{os.getpid()}_{next(self.names)}"

    def create_database(self, name=None):
        name = name or self.new_name("test")
        self.sql(f"CREATE DATABASE {self.quote(name)}")
        return Database(self, name)

    def backends(self, database=None):
        """Ids of the sessions on `database` (all of them if None), our own left out."""
        raise NotImplementedError


class Database:
    """One database of a server, dropped at the end of the test."""

    def __init__(self, server, name):
        self.server = server
        self.name = name

    @property
    def engine(self):
        return self.server.engine

    def url(self, user=None, password=None, **parameters):
        """As migrationd's configuration wants it: over TCP, as the superuser unless told otherwise."""
        return self.location(self.engine, user, password, parameters)

    def location(self, scheme, user=None, password=None, parameters=None):
        if user is None:
            user, password = self.server.superuser, self.server.password
        secret = "" if password is None else ":" + urllib.parse.quote(password, safe="")
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        who = urllib.parse.quote(user, safe="") + secret
        name = urllib.parse.quote(self.name, safe="")
        return f"{scheme}://{who}@{self.server.host}:{self.server.port}/{name}{query}"

    @property
    def sqlalchemy_url(self):
        return self.location(self.server.sqlalchemy_scheme)

    @property
    def jdbc_url(self):
        return f"jdbc:{self.server.jdbc_scheme}://{self.server.host}:{self.server.port}/{self.name}"

    def connect(self, user=None, password=None, autocommit=True):
        return self.server.connect(self.name, user, password, autocommit)

    def sql(self, statement, parameters=None, user=None, password=None):
        return self.server.sql(statement, parameters, self.name, user, password)

    def backends(self):
        return self.server.backends(self.name)

    def drop(self):
        self.server.drop_database(self.name)
