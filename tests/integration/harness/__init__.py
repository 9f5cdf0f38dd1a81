# SPDX-License-Identifier: Apache-2.0
"""What integration tests are written with: private servers, the daemon under test and real migration tools."""

from .alembic import AlembicProject
from .daemon import Daemon, RawConnection, Response, migrationctl, migrationd, parse_response, programs
from .drizzle import DrizzleProject
from .flyway import FlywayProject
from .mariadb import MariaDB, Mysql, OtherMariaDB
from .postgres import Postgres
from .process import eventually, free_port, free_ports
from .sqlite import SqliteFile
from .standby import Standby

__all__ = [
    "AlembicProject",
    "Daemon",
    "DrizzleProject",
    "FlywayProject",
    "MariaDB",
    "Mysql",
    "OtherMariaDB",
    "Postgres",
    "RawConnection",
    "Response",
    "SqliteFile",
    "Standby",
    "eventually",
    "free_port",
    "free_ports",
    "migrationctl",
    "migrationd",
]
