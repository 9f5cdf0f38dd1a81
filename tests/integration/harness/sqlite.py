# SPDX-License-Identifier: Apache-2.0
"""A SQLite file."""

import sqlite3
from pathlib import Path


class SqliteFile:
    engine = "sqlite"

    def __init__(self, path):
        self.path = Path(path)
        self.connect().close()

    @property
    def name(self):
        return self.path.name

    def url(self, **parameters):
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"sqlite:///{self.path}" + (f"?{query}" if query else "")

    @property
    def sqlalchemy_url(self):
        return f"sqlite:///{self.path}"

    @property
    def jdbc_url(self):
        return f"jdbc:sqlite:{self.path}"

    def connect(self, autocommit=True):
        return sqlite3.connect(self.path, isolation_level=None if autocommit else "DEFERRED", timeout=10)

    def sql(self, statement, parameters=()):
        """One statement with parameters, or a script without; returns the rows."""
        connection = self.connect()
        try:
            if not parameters and ";" in statement.rstrip().rstrip(";"):
                connection.executescript(statement)
                return []
            return connection.execute(statement, parameters).fetchall()
        finally:
            connection.close()

    def drop(self):
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
