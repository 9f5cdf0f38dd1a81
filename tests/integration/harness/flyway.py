# SPDX-License-Identifier: Apache-2.0
"""A real Flyway: the jars that PostgreSQL and MariaDB need, from Maven Central, pinned by their SHA-256."""

import fcntl
import hashlib
import os
import signal
import urllib.request
from pathlib import Path

from .daemon import REPOSITORY
from .process import Process, run

CENTRAL = "https://repo1.maven.org/maven2"
JARS = {
    "org/flywaydb/flyway-commandline/11.20.3": "5fd1b1310e9cbb5d5495e4713c70f1306a6291dded5c532178715f095e77a346",
    "org/flywaydb/flyway-core/11.20.3": "71dc5aba396aa4636f29f2124fe715fa799e6fd8126ce1bcdf162b4166efab4b",
    "org/flywaydb/flyway-database-postgresql/11.20.3": "c03f1b2a00fd57ff65df3656f0f18fbe511a82389c6c0b98a3f0a09f9a8cb22f",
    "org/flywaydb/flyway-mysql/11.20.3": "eb5050577ae271d93f8e0f1f0c3908e959447e0ea0d51a200eb0de448b04a07a",
    "com/fasterxml/jackson/core/jackson-annotations/2.19.1": "5a3cd7211ab26b36213f43a2a94bc052a3385af780c5c135329741b2d79a9730",
    "com/fasterxml/jackson/core/jackson-core/2.19.1": "c46369e1a21810100adbc92503b62f15a9ef1640427932f4fe1588ef7ce7e480",
    "com/fasterxml/jackson/core/jackson-databind/2.19.1": "0bc539401d52c6b14e668947c851dcc49f78a4ada3d1fc8e8f71440613fc26ce",
    "com/fasterxml/jackson/dataformat/jackson-dataformat-toml/2.19.1": "bc4bdf52c92beae62168fdb43aad7bc9f47b759cb1fbffb09e5c6c452665fa62",
    "org/mariadb/jdbc/mariadb-java-client/3.5.3": "85c4ba2f221d0dfd439c26affbb294f784960763544263c65aba9c2c76858706",
    "org/postgresql/postgresql/42.7.7": "157963d60ae66d607e09466e8c0cdf8087e9cb20d0159899ffca96bca2528460",
}
DOWNLOAD_ATTEMPTS = 3


def jar_name(artifact):
    _, name, version = artifact.rsplit("/", 2)
    return f"{name}-{version}.jar"


def verified(path, digest):
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest


def download(artifact, digest, path):
    for _ in range(DOWNLOAD_ATTEMPTS):
        with urllib.request.urlopen(f"{CENTRAL}/{artifact}/{jar_name(artifact)}", timeout=120) as answer:
            path.write_bytes(answer.read())
        if verified(path, digest):
            return
    raise RuntimeError(f"{path.name} from Maven Central has another SHA-256 than the one that is pinned")


def installed():
    """The folder with the jars, all of them verified."""
    cache = REPOSITORY / "build" / "cache" / "flyway"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for artifact, digest in JARS.items():
            path = cache / jar_name(artifact)
            if not verified(path, digest):
                download(artifact, digest, path)
    return cache


class FlywayProject:
    def __init__(self, folder, database, **settings):
        """`settings` are Flyway's own, such as outOfOrder="true" or table="history"."""
        self.folder = Path(folder)
        self.sql = self.folder / "sql"
        self.sql.mkdir(parents=True)
        self.database = database
        self.jars = installed()
        self.settings = {
            "url": database.jdbc_url,
            "user": database.server.superuser,
            "password": database.server.password,
            "locations": f"filesystem:{self.sql}",
            **settings,
        }
        self.background = None

    def migration(self, name, text):
        """Writes sql/<name>, for example V1__make_orders.sql; returns its path."""
        path = self.sql / name
        path.write_text(text)
        return path

    def chain(self, *versions):
        """V<version>__t_<version>.sql for each, making a table."""
        for version in versions:
            self.migration(f"V{version}__t_{version}.sql", f"CREATE TABLE t_{version.replace('.', '_')} (id integer PRIMARY KEY);\n")

    def command(self, *arguments):
        settings = [f"-{name}={value}" for name, value in self.settings.items()]
        program = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{self.jars}/*"]
        return [*program, "org.flywaydb.commandline.Main", *settings, *arguments]

    def run(self, *arguments, check=True, timeout=180):
        """flyway migrate, repair, …; returns the finished process."""
        return run(self.command(*arguments), timeout, check, cwd=self.folder, env=self.environment())

    def begin(self, *arguments):
        """The same in the background; close() ends it."""
        self.background = Process(
            self.command(*arguments), self.folder / "flyway.log", cwd=self.folder, env=self.environment()
        )
        return self.background

    def environment(self):
        return {**os.environ, "REDGATE_DISABLE_TELEMETRY": "true"}

    def close(self):
        if self.background and self.background.returncode is None:
            self.background.signal(signal.SIGKILL)
            self.background.wait()
