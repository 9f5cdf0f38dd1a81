# SPDX-License-Identifier: Apache-2.0
"""A private MariaDB, and Oracle's MySQL where MIGRATIOND_TEST_MYSQLD names its mysqld."""

import os
import shutil

import pymysql
from pymysql.constants import CLIENT

from .process import Process, give, run, unprivileged
from .server import Server

FAST = {
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-buffer-pool-size": "64M",
    "skip-log-bin": None,
    "skip-name-resolve": None,
    "max-connections": "200",
}


def find(*names):
    for name in names:
        path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if path:
            return path
    raise RuntimeError(f"not installed: {names[0]}")


class MariaDB(Server):
    engine = "mariadb"
    superuser = "root"
    sqlalchemy_scheme = "mysql+pymysql"
    jdbc_scheme = "mariadb"
    users = ("mysql",)

    def __init__(self, settings=None):
        super().__init__({**FAST, **(settings or {})})

    def initialize(self):
        self.identity = unprivileged(*self.users)
        self.sockets.mkdir()
        self.temporary = self.folder / "tmp"  # a server that starts clears temporary tables of all that share one
        self.temporary.mkdir()
        for path in (self.folder, self.sockets, self.temporary):
            give(path, self.identity)
        self.create_data()
        self.socket = self.sockets / "mysqld.sock"

    def create_data(self):
        run(
            [find("mariadb-install-db"), "--no-defaults", f"--datadir={self.data}", "--skip-test-db"]
            + ["--auth-root-authentication-method=normal", "--skip-name-resolve"],
            cwd=self.folder,
            **self.identity,
        )

    def program(self):
        return find("mariadbd")

    def launch(self):
        settings = {
            "datadir": self.data,
            "tmpdir": self.temporary,
            "socket": self.socket,
            "bind-address": self.host,
            "port": self.port,
            "pid-file": self.folder / "server.pid",
            **self.settings,
        }
        arguments = [f"--{name}" if value is None else f"--{name}={value}" for name, value in settings.items()]
        return Process([self.program(), "--no-defaults", *arguments], self.log_path, cwd=self.folder, **self.identity)

    def start(self):
        super().start()
        # The superuser over TCP, by its address because names are not resolved; MariaDB made it without a password.
        who = f"{self.superuser}@'{self.host}'"
        self.sql(f"CREATE USER IF NOT EXISTS {who}")
        self.sql(f"ALTER USER {who} IDENTIFIED BY '{self.password}'")
        self.sql(f"GRANT ALL ON *.* TO {who} WITH GRANT OPTION")
        return self

    def connect(self, database=None, user=None, password=None, autocommit=True):
        if user is None:
            where = {"unix_socket": str(self.socket), "user": self.superuser}
        else:
            where = {"host": self.host, "port": self.port, "user": user, "password": password or ""}
        return pymysql.connect(
            database=database,
            charset="utf8mb4",
            autocommit=autocommit,
            client_flag=CLIENT.MULTI_STATEMENTS,
            connect_timeout=10,
            **where,
        )

    def last_rows(self, cursor):
        rows = list(cursor.fetchall())
        while cursor.nextset():
            rows = list(cursor.fetchall())
        return rows

    def quote(self, name):
        return "`" + name.replace("`", "``") + "`"

    def create_role(self, name=None, password="role-secret", attributes=""):
        """A user without any grant; returns (name, password)."""
        name = name or self.new_name("role")
        self.sql(f"CREATE USER %s@'%%' IDENTIFIED BY %s {attributes}", (name, password))
        return name, password

    def drop_database(self, name):
        for pid in self.backends(name):
            try:
                self.sql(f"KILL {pid}")
            except pymysql.err.OperationalError:
                pass  # it ended by itself in between
        self.sql(f"DROP DATABASE IF EXISTS {self.quote(name)}")

    def backends(self, database=None):
        """Connection ids; the session that asks has no database and is left out by its statement."""
        rows = self.sql(
            "SELECT id FROM information_schema.processlist WHERE id <> connection_id() AND user <> 'system user'"
            " AND user <> 'event_scheduler' AND (%s IS NULL OR db = %s)",
            (database, database),
        )
        return [row[0] for row in rows]


class Mysql(MariaDB):
    """Oracle's server: another way to create the data folder, another default authentication."""

    engine = "mysql"
    jdbc_scheme = "mysql"

    def program(self):
        return os.environ["MIGRATIOND_TEST_MYSQLD"]

    def create_data(self):
        run(
            [self.program(), "--no-defaults", "--initialize-insecure", f"--datadir={self.data}"],
            cwd=self.folder,
            timeout=300,
            **self.identity,
        )

    def launch(self):
        self.settings |= {"mysqlx": "OFF", "secure-file-priv": ""}
        return super().launch()
