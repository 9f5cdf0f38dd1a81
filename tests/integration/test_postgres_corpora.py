# SPDX-License-Identifier: Apache-2.0
"""Published schemas, loaded twice, and dumped and restored between every two servers: no difference.

MIGRATIOND_TEST_CORPORA names the folder with postgres/*.sql; nothing of it belongs to this project. Schemas that Debian's
packages bring are taken from there besides. MIGRATIOND_TEST_PGBIN names the folders of the servers' programs, separated
by colons, MIGRATIOND_TEST_PGCLIENT one with a pg_dump that knows the newest of them."""

import gzip
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from harness import Postgres, migrationctl
from harness.postgres import installations

CORPORA = Path(os.environ.get("MIGRATIOND_TEST_CORPORA", "/nonexistent")) / "postgres"

# Debian's packages with a schema for PostgreSQL, and where in them it is.
PACKAGES = {
    "zabbix-server-pgsql": "usr/share/zabbix-server-pgsql/schema.sql.gz",
    "icinga2-ido-pgsql": "usr/share/icinga2-ido-pgsql/schema/pgsql.sql",
    "freeradius-config": "etc/freeradius/3.0/mods-config/sql/main/postgresql/schema.sql",
    "pdns-backend-pgsql": "usr/share/pdns-backend-pgsql/schema/schema.pgsql.sql",
    "kea-admin": "usr/share/kea/scripts/pgsql/dhcpdb_create.pgsql",
    "roundcube-core": "usr/share/roundcube/SQL/postgres.initial.sql",
}

# A script's own database is replaced by ours.
OWN_DATABASE = re.compile(rb"^\s*(?:(?:CREATE|DROP)\s+DATABASE\b[^;\n]*;|\\c(?:onnect)?\b.*$)", re.IGNORECASE | re.MULTILINE)

# What a newer pg_dump writes for a server of its own age, and what a build of Debian's keeps as a column's option.
NEWER = re.compile(rb"^(?:SET transaction_timeout = 0;|ALTER TABLE .* SET \(pg_attver=\d+\);)$", re.MULTILINE)

pytestmark = [pytest.mark.full, pytest.mark.native]


def packaged(name, folder):
    """The schema in a Debian package, which is fetched but not installed."""
    fetched = subprocess.run(["apt-get", "download", name], cwd=folder, capture_output=True, text=True, check=False)
    if fetched.returncode != 0:
        pytest.skip(f"apt-get download {name}: {fetched.stderr[-200:]}")
    subprocess.run(["dpkg-deb", "-x", next(folder.glob("*.deb")), folder / "files"], check=True)
    path = folder / "files" / PACKAGES[name]
    if not path.exists():
        pytest.skip(f"{name} has no {PACKAGES[name]} here")
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


SOURCES = [*sorted(CORPORA.glob("*.sql")), *PACKAGES]


@pytest.fixture(scope="module")
def servers():
    started = []
    try:
        for programs in installations():
            started.append(Postgres(settings={"max_locks_per_transaction": "1024"}, programs=programs))
            started[-1].start()
        yield started
    finally:
        for server in started:
            server.close()


@pytest.fixture(params=SOURCES, ids=lambda source: getattr(source, "stem", source))
def script(request, tmp_path):
    source = request.param
    text = source.read_bytes() if isinstance(source, Path) else packaged(source, tmp_path)
    return OWN_DATABASE.sub(b"", text)


@pytest.fixture
def make():
    made = []

    def create(server):
        made.append(server.create_database())
        return made[-1]

    yield create
    for one in made:
        one.drop()


def differences(reference, live):
    answer = migrationctl("diff", "--output", "json", reference.url(), live.url(), timeout=120)
    assert answer.returncode in (0, 1), answer.stderr
    report = json.loads(answer.stdout)
    assert report["drift"] in ("none", "drifted"), report
    return report["items"]


def is_truth(item, server, other):
    """EXTRACT is numeric since version 14; before, it was a spelling of date_part, which is not: another query."""
    return server.major >= 14 > other.major and "EXTRACT(" in (item["expected"] or "")


ANYTHING = """
SELECT 1 FROM pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384
UNION ALL SELECT 1 FROM pg_proc WHERE oid >= 16384 LIMIT 1
"""

# Views that have been replaced by a query of themselves: what pg_dump writes of them cannot be restored.
CIRCULAR = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relkind = 'v' AND c.oid >= 16384 AND strpos(pg_get_viewdef(c.oid), ' FROM ' || c.oid::regclass::text || ';') > 0
"""


def complaints(server, text, database):
    """As people load dumps: with the client, going on after a statement that this server refuses."""
    return [line for line in server.load(text, database.name, stop=False).splitlines() if "ERROR:" in line]


def test_loading_twice_and_a_dump_make_no_difference(script, servers, make):
    loaded, refused = [], []
    for server in servers:  # all of them, before a dump: it may mention roles that a script makes
        first, second = make(server), make(server)
        complaints(server, script, first)
        complaints(server, script, second)
        if not first.sql(ANYTHING):
            pytest.skip("not for this server")
        assert differences(first, second) == []
        for (view,) in first.sql(CIRCULAR):
            first.sql(f"DROP VIEW {view} CASCADE")
        loaded.append((server, first))
    for server, first in loaded:
        dump = NEWER.sub(b"", server.dump(first.name))
        for other in servers:
            restored = make(other)
            # What another server does not know, or pg_dump itself cannot restore, is missing there in truth.
            if errors := complaints(other, dump, restored):
                refused.append(f"{server.major} to {other.major}: {errors[0]}")
            else:
                found = [item for item in differences(first, restored) if not is_truth(item, server, other)]
                assert found == [], f"{server.major} to {other.major}"
            restored.drop()
    if refused:
        print("\n".join(refused))
    assert len(refused) < len(servers) ** 2, refused


def test_there_are_corpora():
    """A folder that was named and holds nothing would make the whole file pass for nothing."""
    if "MIGRATIOND_TEST_CORPORA" not in os.environ:
        pytest.skip("MIGRATIOND_TEST_CORPORA names no folder")
    assert len(list(CORPORA.glob("*.sql"))) >= 25
