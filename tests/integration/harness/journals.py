# SPDX-License-Identifier: Apache-2.0
"""Journals and migration files as the tools leave them, made without the tools: for tests of what is said about them."""

import binascii
import hashlib
import json
from pathlib import Path

FLYWAY_TABLE = """CREATE TABLE {table} (
    installed_rank integer NOT NULL PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL,
    type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum integer, installed_by varchar(100) NOT NULL,
    installed_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, execution_time integer NOT NULL, success boolean NOT NULL)"""

# Nobody holds the lock, and nothing was applied.
LIQUIBASE = """
CREATE TABLE databasechangelog (id varchar(255) NOT NULL, author varchar(255) NOT NULL, filename varchar(255) NOT NULL,
    dateexecuted timestamp NOT NULL, orderexecuted integer NOT NULL, exectype varchar(10) NOT NULL, md5sum varchar(35),
    description varchar(255), comments varchar(255), tag varchar(255), liquibase varchar(20), contexts varchar(255),
    labels varchar(255), deployment_id varchar(10));
CREATE TABLE databasechangeloglock (id integer NOT NULL PRIMARY KEY, locked boolean NOT NULL, lockgranted timestamp NULL,
    lockedby varchar(255));
INSERT INTO databasechangeloglock VALUES (1, FALSE, NULL, NULL);
"""


def alembic_journal(database, *heads, table="alembic_version"):
    database.sql(f"CREATE TABLE {table} (version_num varchar(32) NOT NULL PRIMARY KEY)")
    for head in heads:
        database.sql(f"INSERT INTO {table} VALUES ('{head}')")


def alembic_stamp(database, *heads, table="alembic_version"):
    """In one transaction: a look in between would see an empty journal."""
    connection = database.connect(autocommit=False)
    try:
        cursor = connection.cursor()
        cursor.execute(f"DELETE FROM {table}")
        for head in heads:
            cursor.execute(f"INSERT INTO {table} VALUES ('{head}')")
        connection.commit()
    finally:
        connection.close()


def alembic_files(folder, **parents):
    """alembic_files(path, a=None, b="a", c=("a", "b")): a script folder with one file per revision."""
    versions = Path(folder) / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    (Path(folder) / "env.py").write_text("# env\n")
    for revision, parent in parents.items():
        (versions / f"{revision}_step.py").write_text(f'"""a step"""\nrevision = {revision!r}\ndown_revision = {parent!r}\n')
    return str(folder)


def flyway_checksum(text):
    """CRC-32 over the lines without their ends, signed."""
    value = 0
    for line in text.splitlines():
        value = binascii.crc32(line.encode(), value)
    return value - (1 << 32) if value >= 1 << 31 else value


def flyway_sql(version):
    return f"CREATE TABLE t{str(version).replace('.', '_')} (id integer);\n"


def flyway_journal(database, *versions, failed=(), checksums=None, table="flyway_schema_history"):
    """A history of versioned scripts; `failed` says which of them failed, `checksums` what was recorded instead."""
    database.sql(FLYWAY_TABLE.format(table=table))
    flyway_rows(database, *versions, failed=failed, checksums=checksums, table=table)


def flyway_rows(database, *versions, failed=(), checksums=None, table="flyway_schema_history"):
    rank = database.sql(f"SELECT COALESCE(MAX(installed_rank), 0) FROM {table}")[0][0]
    for version in versions:
        rank += 1
        checksum = (checksums or {}).get(version, flyway_checksum(flyway_sql(version)))
        success = "FALSE" if version in failed else "TRUE"
        database.sql(
            f"INSERT INTO {table} (installed_rank, version, description, type, script, checksum, installed_by,"
            f" execution_time, success) VALUES ({rank}, '{version}', 'step', 'SQL', 'V{version}__step.sql', {checksum},"
            f" 'me', 1, {success})"
        )


def flyway_files(folder, *versions):
    Path(folder).mkdir(parents=True, exist_ok=True)
    for version in versions:
        (Path(folder) / f"V{version}__step.sql").write_text(flyway_sql(version))
    return str(folder)


def drizzle_when(number):
    return 1700000000000 + 100000 * number


def drizzle_text(number):
    return f"CREATE TABLE d{number} (id integer);\n"


def drizzle_hash(number):
    return hashlib.sha256(drizzle_text(number).encode()).hexdigest()


def drizzle_journal(database, *numbers, hashes=None, table="__drizzle_migrations"):
    key = "serial" if database.engine == "postgresql" else "integer"
    database.sql(f"CREATE TABLE {table} (id {key} PRIMARY KEY, hash text NOT NULL, created_at bigint)")
    for number in numbers:
        recorded = (hashes or {}).get(number, drizzle_hash(number))
        database.sql(f"INSERT INTO {table} (id, hash, created_at) VALUES ({number + 1}, '{recorded}', {drizzle_when(number)})")


def drizzle_files(folder, *numbers):
    meta = Path(folder) / "meta"
    meta.mkdir(parents=True, exist_ok=True)
    entries = []
    for number in numbers:
        tag = f"{number:04}_step"
        (Path(folder) / f"{tag}.sql").write_text(drizzle_text(number))
        entries.append({"idx": number, "version": "7", "when": drizzle_when(number), "tag": tag, "breakpoints": True})
    (meta / "_journal.json").write_text(json.dumps({"version": "7", "dialect": "postgresql", "entries": entries}))
    return str(folder)
