# SPDX-License-Identifier: Apache-2.0
"""A private MariaDB; another one of another version where MIGRATIOND_TEST_MARIADBD names its mariadbd, and Oracle's MySQL
where MIGRATIOND_TEST_MYSQLD names its mysqld. Neither need be installed: a wrapper that runs them will do."""

import os
import shutil
import subprocess
from pathlib import Path

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
            env={**os.environ, "TMPDIR": str(self.temporary)},
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


SYSTEM_TABLES = (
    "mariadb_system_tables",
    "mariadb_performance_tables",
    "mariadb_system_tables_data",
    "fill_help_tables",
    "maria_add_gis_sp_bootstrap",
    "mariadb_sys_schema",
)


class OtherMariaDB(MariaDB):
    """MIGRATIOND_TEST_MARIADBD, whose system tables come from the scripts in MIGRATIOND_TEST_MARIADB_SHARE."""

    def program(self):
        return os.environ["MIGRATIOND_TEST_MARIADBD"]

    def create_data(self):
        share = Path(os.environ.get("MIGRATIOND_TEST_MARIADB_SHARE", "/usr/share/mariadb"))
        (self.data / "mysql").mkdir(parents=True)
        for path in (self.data, self.data / "mysql"):
            give(path, self.identity)
        script = self.folder / "system.sql"
        with open(script, "wb") as out:
            out.write(b"create database if not exists mysql;\nuse mysql;\nset @auth_root_socket=NULL;\n")
            out.write(b"set @skip_auth_anonymous=1;\nset @current_hostname='localhost';\n")
            for name in SYSTEM_TABLES:
                out.write((share / f"{name}.sql").read_bytes())
        with open(script, "rb") as text:
            subprocess.run(
                [self.program(), "--no-defaults", "--bootstrap", f"--datadir={self.data}"]
                + [f"--tmpdir={self.temporary}", "--log-warnings=0"],
                stdin=text,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self.folder,
                timeout=300,
                check=True,
                **self.identity,
            )


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
