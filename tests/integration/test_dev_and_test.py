# SPDX-License-Identifier: Apache-2.0
"""Fifty tables of which the test database lacks 36 columns and has three more: found before a promotion fails."""

import json
import subprocess

import pytest

from harness import migrationctl
from harness.scripts import psql, run_script

TABLES, COLUMNS = 50, 585
LACKING = {3: 8, 11: 7, 19: 7, 27: 7, 42: 7}  # table: how many of its columns the test database lacks
EXTRA = {5: "legacy_code", 8: "legacy_note", 30: "legacy_flag"}
TYPES = ["text", "integer", "bigint", "boolean", "numeric(10,2)", "timestamp with time zone", "character varying(40)", "date"]


def columns_of(table):
    """585 over 50 tables: 12 in most, 11 in the last 15; the first is the key."""
    count = 12 if table < 35 else 11
    return [("id", "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY")] + [
        (f"c{number:02}", TYPES[(table + number) % len(TYPES)]) for number in range(1, count)
    ]


def create(database, lacking, extra):
    statements = []
    for table in range(TABLES):
        columns = columns_of(table)
        if table == 3:
            columns[-1] = ("merchant_id", "bigint REFERENCES t00 (id)")
        columns = columns[: len(columns) - lacking.get(table, 0)]
        if table in extra:
            columns.append((extra[table], "text"))
        statements.append(f"CREATE TABLE t{table:02} ({', '.join(f'{name} {kind}' for name, kind in columns)})")
        statements.append(f"CREATE INDEX ix_t{table:02} ON t{table:02} (c01)")
    database.sql(";".join(statements))


def diff(dev, test, *arguments):
    result = migrationctl("diff", dev.url(), test.url(), "--output", "json", *arguments)
    return result.returncode, json.loads(result.stdout)


def test_the_promotion_that_would_have_failed(postgres_server, tmp_path):
    dev, test = postgres_server.create_database(), postgres_server.create_database()
    create(dev, {}, {})
    create(test, LACKING, EXTRA)
    test.sql("INSERT INTO t05 (c01, legacy_code) VALUES (DEFAULT, 'kept until stage 3')")
    assert sum(len(columns_of(table)) for table in range(TABLES)) == COLUMNS

    code, report = diff(dev, test)
    assert code == 1 and report["drift"] == "drifted"
    assert report["compared"]["tables"] == TABLES and report["compared"]["columns"] == COLUMNS
    assert report["counts"]["missing"] == 36 and report["counts"]["unexpected"] == 3 and report["counts"]["changed"] == 0
    assert len(report["items"]) == 39
    assert report["counts"]["by_severity"]["critical"] == 36 and report["counts"]["by_severity"]["minor"] == 3
    assert {item["kind"] for item in report["items"]} == {"column"}, "the foreign key goes with its column"

    folder = tmp_path / "plans"
    assert migrationctl("plan", dev.url(), test.url(), "--directory", folder).returncode == 1
    (bundle,) = folder.iterdir()
    for run in ("first", "again"):
        for name in ("00-guard.sql", "10-stage1.sql", "20-stage2.sql", "30-stage3.sql"):
            run_script(test, (bundle / name).read_text())
        code, report = diff(dev, test)
        assert code == 0 and report["items"] == [], run
    assert "f" not in [row[-1] for row in psql_rows(test, (bundle / "90-verify.sql").read_text())]

    run_script(test, (bundle / "undo.sql").read_text())
    code, report = diff(dev, test)
    assert code == 1 and len(report["items"]) == 39


@pytest.mark.parametrize("name", ["00-guard.sql", "10-stage1.sql", "30-stage3.sql"])
def test_the_files_stop_by_themselves_where_the_guard_fails(postgres_server, tmp_path, name):
    reference, live = postgres_server.create_database(), postgres_server.create_database()
    reference.sql("CREATE TABLE t (a integer, b integer)")
    live.sql("CREATE TABLE t (a integer, gone text)")
    assert migrationctl("plan", reference.url(), live.url(), "--directory", tmp_path).returncode == 1
    (bundle,) = tmp_path.iterdir()
    live.sql("ALTER TABLE t ADD COLUMN b text, ALTER COLUMN gone TYPE varchar(9)")
    before = diff(reference, live)[1]["items"]
    command = [word for word in psql(live) if word not in ("-v", "ON_ERROR_STOP=1")][:-1]
    result = subprocess.run([*command, str(bundle / name)], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode != 0 and "was changed after it was read" in result.stderr
    after = diff(reference, live)[1]["items"]
    assert [item["id"] for item in after] == [item["id"] for item in before], "nothing was run behind the guard"


def psql_rows(database, text):
    result = run_script(database, "\\pset format unaligned\n\\pset tuples_only on\n" + text)
    return [line.split("|") for line in result.stdout.splitlines() if "|" in line]
