# SPDX-License-Identifier: Apache-2.0
"""Scripts as people run them: by psql, mariadb and sqlite3, which stop at the first error."""

import shutil
import subprocess
from pathlib import Path


def psql(database):
    server = database.server
    own = Path(server.programs) / "psql"
    program = str(own) if own.exists() else shutil.which("psql")
    where = ["-h", str(server.sockets), "-p", str(server.port), "-U", server.superuser, "-d", database.name]
    return [program, "-X", "-q", "-v", "ON_ERROR_STOP=1", *where, "-f", "-"]


def mariadb(database):
    program = shutil.which("mariadb") or shutil.which("mysql")
    return [program, "--no-defaults", f"--socket={database.server.socket}", "-u", "root", "--batch", database.name]


def sqlite3(database):
    return ["sqlite3", "-batch", "-bail", str(database.path)]


CLIENTS = {"postgresql": psql, "mariadb": mariadb, "mysql": mariadb, "sqlite": sqlite3}


def run_script(database, text, check=True):
    """Runs `text` by the engine's own client; returns subprocess.CompletedProcess."""
    result = subprocess.run(
        CLIENTS[database.engine](database), input=text, capture_output=True, text=True, timeout=120, check=False
    )
    assert not check or result.returncode == 0, f"{result.stdout}\n{result.stderr}\n{text}"
    return result
