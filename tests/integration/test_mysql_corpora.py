# SPDX-License-Identifier: Apache-2.0
"""Published schemas, loaded twice, and dumped and restored between every two servers of one flavour: no difference.

MIGRATIOND_TEST_CORPORA names the folder with mysql/*.sql; nothing of it belongs to this project. The servers are those
of harness/mariadb.py; MIGRATIOND_TEST_MARIADB_DUMP and MIGRATIOND_TEST_MYSQL_DUMP name the programs that dump the other
MariaDB and MySQL, and may be wrappers."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from harness import migrationctl

CORPORA = Path(os.environ.get("MIGRATIOND_TEST_CORPORA", "/nonexistent")) / "mysql"
FILES = sorted(CORPORA.glob("*.sql"))

# A script's own database is replaced by ours.
OWN_DATABASE = re.compile(r"^\s*(?:(?:CREATE|DROP)\s+(?:DATABASE|SCHEMA)\b[^;\n]*;|USE\b[^;\n]*;)", re.IGNORECASE | re.MULTILINE)

FLAVOURS = {
    "mariadb": "mariadb-dump",
    "other_mariadb": os.environ.get("MIGRATIOND_TEST_MARIADB_DUMP", "mariadb-dump"),
    "mysql": os.environ.get("MIGRATIOND_TEST_MYSQL_DUMP", "mysqldump"),
}
ENABLED = ["mariadb"]
if os.environ.get("MIGRATIOND_TEST_MARIADBD"):
    ENABLED.append("other_mariadb")
if os.environ.get("MIGRATIOND_TEST_MYSQLD"):
    ENABLED.append("mysql")

pytestmark = [pytest.mark.full, pytest.mark.native]


def load(database, script):
    """As people load dumps: with the client, going on after a statement that this server refuses."""
    server = database.server
    result = subprocess.run(
        ["mariadb", "--no-defaults", "--force", "--default-character-set=utf8mb4", "-S", str(server.socket), "-uroot", database.name],
        input=script,
        capture_output=True,
        timeout=300,
        check=False,
    )
    return result.stderr.decode(errors="replace")


def dump(database, program):
    server = database.server
    options = ["--routines", "--triggers", "--events", "--no-data", "--skip-comments"]
    options += ["--set-gtid-purged=OFF"] if server.engine == "mysql" else []
    result = subprocess.run(
        [program, *([] if "/" in program else ["--no-defaults"]), "-S", str(server.socket), "-uroot", *options, database.name],
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr.decode(errors="replace")
    return result.stdout


def differences(reference, live):
    answer = migrationctl("diff", "--output", "json", reference.url(), live.url(), timeout=120)
    assert answer.returncode in (0, 1), answer.stderr
    report = json.loads(answer.stdout)
    assert report["drift"] in ("none", "drifted"), report
    return report["items"]


@pytest.fixture
def make(request):
    made = []

    def create(flavour):
        database = request.getfixturevalue(f"{flavour}_server").create_database()
        made.append(database)
        return database

    yield create
    for one in made:
        one.drop()


@pytest.fixture(autouse=True)
def trusting(request):
    """MySQL makes functions for others than its superuser only if told to."""
    if "mysql" in ENABLED:
        request.getfixturevalue("mysql_server").sql("SET GLOBAL log_bin_trust_function_creators = 1")


@pytest.mark.parametrize("flavour", ENABLED)
@pytest.mark.parametrize("path", FILES, ids=lambda path: getattr(path, "stem", "none"))
def test_loading_twice_and_a_dump_make_no_difference(path, flavour, make):
    script = OWN_DATABASE.sub("", path.read_text(errors="surrogateescape")).encode(errors="surrogateescape")
    first, second = make(flavour), make(flavour)
    complaints = load(first, script)
    load(second, script)
    if not first.sql("SHOW TABLES"):
        pytest.skip(f"not for this server: {complaints[:200]}")
    assert differences(first, second) == []
    text = dump(first, FLAVOURS[flavour])
    restored = make(flavour)
    assert load(restored, text) == ""
    assert differences(first, restored) == []
    for other in ENABLED:
        if other == flavour or "mysql" in (other, flavour):
            continue
        elsewhere = make(other)
        if complaints := load(elsewhere, text):
            pytest.skip(f"{other} refuses the dump: {complaints[:200]}")
        assert differences(first, elsewhere) == []


def test_there_are_corpora():
    """A folder that was named and holds nothing would make the whole file pass for nothing."""
    if "MIGRATIOND_TEST_CORPORA" not in os.environ:
        pytest.skip("MIGRATIOND_TEST_CORPORA names no folder")
    assert len(FILES) >= 10
