# SPDX-License-Identifier: Apache-2.0
"""Other tools that tell two PostgreSQL schemas apart, on the same pair of databases: how long they take, and how many
of the differences that they report are none. What cannot be installed here is left out, and said."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

FEATURES = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE people (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail varchar(80) NOT NULL, feeling mood DEFAULT 'ok',
  status varchar(10) NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'old', 'gone')), age positive, tags text[] DEFAULT '{}',
  settings jsonb DEFAULT '{"a": 1}', full_name text GENERATED ALWAYS AS (mail || '!') STORED,
  created timestamptz DEFAULT now(), price numeric(10,2) DEFAULT 0, EXCLUDE USING btree (mail WITH =));
CREATE UNIQUE INDEX people_lower ON people (lower(mail)) WHERE status IN ('new', 'old');
CREATE INDEX people_gin ON people USING gin (tags);
CREATE TABLE days (day date NOT NULL, v integer CHECK (v BETWEEN 1 AND 9), PRIMARY KEY (day)) PARTITION BY RANGE (day);
CREATE TABLE days_2026 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE SEQUENCE numbers START 5 INCREMENT 2;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.created := now(); RETURN NEW; END$$;
CREATE TRIGGER touched BEFORE UPDATE ON people FOR EACH ROW WHEN (OLD.mail IS DISTINCT FROM NEW.mail) EXECUTE FUNCTION touch();
CREATE VIEW adults AS SELECT p.id, p.mail, p.created AT TIME ZONE 'utc' AS at FROM people p WHERE p.age >= 18 AND p.status IN ('new', 'old');
CREATE MATERIALIZED VIEW moods AS SELECT feeling, count(*) AS n FROM people GROUP BY feeling;
CREATE INDEX moods_n ON moods (n);
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON people FOR SELECT USING (mail = CURRENT_USER);
"""

CHANGES = [
    "ALTER TABLE people ADD COLUMN nick text",
    "ALTER TABLE people ALTER COLUMN price TYPE numeric(12,2)",
    "ALTER TABLE people ALTER COLUMN status SET DEFAULT 'old'",
    "ALTER TYPE mood ADD VALUE 'bored'",
    "DROP INDEX people_gin",
    "ALTER TABLE t_7 DROP COLUMN column_4_7",
    "ALTER TABLE t_9 DROP CONSTRAINT fk_9",
    "CREATE OR REPLACE VIEW adults AS SELECT p.id, p.mail, p.created AT TIME ZONE 'utc' AS at FROM people p WHERE p.age >= 21",
    "ALTER TABLE people DISABLE TRIGGER touched",
    "ALTER POLICY own ON people USING (true)",
]

ALEMBIC = """
import sys
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, create_engine
wanted, live = (create_engine(url.replace("postgresql://", "postgresql+psycopg2://")) for url in sys.argv[1:])
metadata = MetaData()
metadata.reflect(wanted)
with live.connect() as connection:
    options = {"compare_type": True, "compare_server_default": True}
    print(len(compare_metadata(MigrationContext.configure(connection, opts=options), metadata)))
"""


def count_statements(text):
    """SQL statements, those of sessions and comments aside."""
    text = re.sub(r"\$\$.*?\$\$", "''", text, flags=re.DOTALL)
    statements = [re.sub(r"--.*", "", statement).strip() for statement in text.split(";")]
    return sum(1 for s in statements if s and not re.match(r"set |select pg_catalog.set_config", s, re.IGNORECASE))


class Peers:
    """Tools in a private environment under build/, installed from their registry when first used."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.environment = self.folder / "peers"
        self.problems = []
        if not (self.environment / "bin" / "migra").exists():
            self.install()

    def install(self):
        packages = ["migra[pg]", "setuptools<81", "alembic", "psycopg2-binary", "psycopg[binary]"]
        for command in (
            [sys.executable, "-m", "venv", self.environment],
            [self.environment / "bin" / "pip", "-q", "install", *packages],
        ):
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode != 0:
                self.problems.append(result.stderr.strip().splitlines()[-1][:100])
                return

    def migra(self, pair):
        program = self.environment / "bin" / "migra"
        result = subprocess.run(
            [program, "--unsafe", pair[1].url(), pair[0].url()], capture_output=True, text=True, check=False, timeout=600
        )
        if result.returncode not in (0, 2):
            raise RuntimeError(result.stderr.strip().splitlines()[-1])
        return count_statements(result.stdout)

    def alembic(self, pair):
        program = self.environment / "bin" / "python"
        result = subprocess.run(
            [program, "-W", "ignore", "-c", ALEMBIC, pair[0].url(), pair[1].url()],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        if result.returncode != 0:
            raise RuntimeError(result.stderr.strip().splitlines()[-1])
        return int(result.stdout)

    def apgdiff(self, pair):
        files = []
        for number, database in enumerate(pair):
            files.append(self.folder / f"apgdiff{number}.sql")
            with open(files[-1], "wb") as out:
                server = database.server
                command = [server.programs / "pg_dump", "-s", "-h", server.sockets, "-p", str(server.port)]
                subprocess.run([*command, "-U", server.superuser, database.name], stdout=out, check=True)
        result = subprocess.run(
            ["apgdiff", "--ignore-start-with", files[1], files[0]], capture_output=True, text=True, check=False, timeout=600
        )
        if result.returncode != 0:
            raise RuntimeError((result.stderr or result.stdout).strip().splitlines()[0])
        return count_statements(result.stdout)

    def all(self):
        yield "migra", self.migra
        yield "alembic compare_metadata", self.alembic
        if shutil.which("apgdiff"):
            yield "apgdiff", self.apgdiff
        else:
            self.problems.append("apgdiff is not installed")


def restore(server, source):
    """A copy as people make it: dumped and loaded."""
    copy = server.create_database()
    where = ["-h", server.sockets, "-p", str(server.port), "-U", server.superuser]
    dump = subprocess.run([server.programs / "pg_dump", "-s", *where, source.name], capture_output=True, check=True)
    load = [server.programs / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *where, "-d", copy.name]
    subprocess.run(load, input=dump.stdout, stdout=subprocess.DEVNULL, check=True, env={**os.environ})
    return copy


def timed(function, pair):
    begun = time.monotonic()
    count = function(pair)
    return count, (time.monotonic() - begun) * 1000
