# SPDX-License-Identifier: Apache-2.0
"""A streaming replica of a private PostgreSQL, whose replay can be held."""

import pytest

from .postgres import Postgres
from .process import eventually, give, run, unprivileged


class Standby(Postgres):
    """Made with pg_basebackup from a running server, over its Unix socket, which trusts."""

    def __init__(self, primary):
        self.primary = primary
        if not (primary.programs / "pg_basebackup").exists():
            pytest.skip("this PostgreSQL brings no pg_basebackup")
        super().__init__(primary.settings, primary.programs)

    def initialize(self):
        self.identity = unprivileged("postgres")
        self.sockets.mkdir()
        for path in (self.folder, self.sockets):
            give(path, self.identity)
        where = ["-h", self.primary.sockets, "-p", self.primary.port, "-U", self.superuser]
        run(
            [self.programs / "pg_basebackup", *where, "-D", self.data, "-R", "-X", "stream", "-c", "fast", "--no-sync"],
            cwd=self.folder,
            **self.identity,
        )

    def pause(self):
        self.sql("SELECT pg_wal_replay_pause()")
        eventually(lambda: self.sql("SELECT pg_get_wal_replay_pause_state()")[0][0] == "paused", 30, "replay to pause")

    def resume(self):
        self.sql("SELECT pg_wal_replay_resume()")
