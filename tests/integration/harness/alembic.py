# SPDX-License-Identifier: Apache-2.0
"""A real Alembic project, run by Debian's alembic."""

import os
import signal
from pathlib import Path

from .process import Process, run

ENV_PY = '''\
import os
from alembic import context
from sqlalchemy import create_engine, pool

config = context.config
engine = create_engine(os.environ["ALEMBIC_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None, **{options!r})
    with context.begin_transaction():
        context.run_migrations()
'''

REVISION_PY = '''\
"""{message}

Revision ID: {revision}
Revises: {revises}
"""
from alembic import op
import sqlalchemy as sa

revision = {revision!r}
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {depends!r}


def upgrade():
{upgrade}


def downgrade():
{downgrade}
'''


def statements(sql):
    """Python that executes SQL statements; a string is one statement, a list several."""
    texts = [sql] if isinstance(sql, str) else list(sql)
    return "\n".join(f"    op.execute({text!r})" for text in texts) or "    pass"


class AlembicProject:
    def __init__(self, folder, database, **options):
        """`options` go to context.configure, such as version_table="t" or transaction_per_migration=True."""
        self.folder = Path(folder)
        self.database = database
        self.options = options
        self.scripts = self.folder / "migrations"
        self.versions = self.scripts / "versions"
        self.versions.mkdir(parents=True)
        (self.folder / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
        (self.scripts / "env.py").write_text(ENV_PY.format(options=options))
        (self.scripts / "script.py.mako").write_text("")
        self.background = None

    def revision(self, revision, down=None, upgrade=(), downgrade=(), message=None, labels=None, depends=None):
        """Writes a revision file as `alembic revision` would; `down` is an id, a tuple of ids (a merge) or None."""
        message = message or f"make {revision}"
        path = self.versions / f"{revision}_{message.replace(' ', '_')}.py"
        path.write_text(
            REVISION_PY.format(
                message=message,
                revision=revision,
                revises=", ".join(down) if isinstance(down, tuple) else down or "",
                down=down,
                labels=labels,
                depends=depends,
                upgrade=statements(upgrade),
                downgrade=statements(downgrade),
            )
        )
        return path

    def chain(self, *revisions):
        """Revisions one after the other, each making a table t_<id>."""
        down = None
        for revision in revisions:
            self.revision(revision, down, f"CREATE TABLE t_{revision} (id integer PRIMARY KEY)", f"DROP TABLE t_{revision}")
            down = revision

    def command(self, *arguments):
        return ["/usr/bin/python3", "-m", "alembic", "-c", self.folder / "alembic.ini", *arguments]

    def environment(self):
        return {**os.environ, "ALEMBIC_URL": self.database.sqlalchemy_url, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *arguments, timeout=120):
        """alembic upgrade head, stamp, …; returns what it printed."""
        return run(self.command(*arguments), timeout, env=self.environment(), cwd=self.folder).stdout

    def begin(self, *arguments):
        """The same in the background, for looking at a database while Alembic works; close() ends it."""
        self.background = Process(
            self.command(*arguments), self.folder / "alembic.log", env=self.environment(), cwd=self.folder
        )
        return self.background

    def close(self):
        if self.background and self.background.returncode is None:
            self.background.signal(signal.SIGKILL)
            self.background.wait()
