# SPDX-License-Identifier: Apache-2.0
"""schema_migrations and its relatives, made by hand: whose they are, and what locks show that their tools run."""

import pytest


def table(database, columns, *rows, name="schema_migrations"):
    database.sql(f"CREATE TABLE {name} ({columns})")
    for row in rows:
        database.sql(f"INSERT INTO {name} VALUES ({row})")


def watch(daemon, database, **entry):
    return daemon({"databases": {"app": {"url": database.url(), "journal_interval": "100ms", "interval": "1s", **entry}}})


def rails_files(folder, *versions):
    folder.mkdir()
    for version in versions:
        (folder / f"{version}_make.rb").write_text("class Make < ActiveRecord::Migration[7.1]\nend\n")
    return str(folder)


def dbmate_files(folder, *versions):
    folder.mkdir()
    for version in versions:
        (folder / f"{version}_make.sql").write_text("-- migrate:up\nSELECT 1;\n-- migrate:down\n")
    return str(folder)


def test_files_tell_whose_a_bare_table_is(daemon, postgres, tmp_path):
    table(postgres, "version character varying NOT NULL PRIMARY KEY", "'001'")
    by_rails = watch(daemon, postgres, expect={"directory": rails_files(tmp_path / "rails", "1")})
    assert by_rails.wait_state("app", "current")["tool"] == "rails"
    by_dbmate = watch(daemon, postgres, expect={"directory": dbmate_files(tmp_path / "dbmate", "001", "002")})
    app = by_dbmate.wait_state("app", "pending")
    assert (app["tool"], app["pending"]) == ("dbmate", ["002"])


def test_metadata_beside_it_is_rails(daemon, database):
    table(database, "version varchar(255) NOT NULL PRIMARY KEY", "'20240101000000'")
    keyed = "`key`" if database.engine == "mariadb" else '"key"'
    columns = f"{keyed} varchar(255) PRIMARY KEY, value varchar(255), created_at timestamp NULL, updated_at timestamp NULL"
    table(database, columns, name="ar_internal_metadata")
    app = watch(daemon, database).wait_state("app", "observed")
    assert (app["tool"], app["observed"]["heads"]) == ("rails", ["20240101000000"])


@pytest.mark.parametrize("version", ["create_users", "1.2.3", "", "-1"])
def test_other_rows_are_no_journal(daemon, database, version):
    table(database, "version varchar(128) NOT NULL PRIMARY KEY", f"'{version}'")
    watch(daemon, database).wait_state("app", "unversioned")


def test_other_rows_are_invalid_where_the_tool_is_named(daemon, database):
    table(database, "version varchar(128) NOT NULL PRIMARY KEY", "'create_users'")
    instance = watch(daemon, database, journal={"tool": "dbmate"})
    instance.wait_state("app", "unknown", code="JOURNAL_INVALID")


def test_two_rows_are_not_golang_migrates(daemon, database):
    table(database, "version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL", "1, false", "2, false")
    watch(daemon, database).wait_state("app", "unversioned")


def test_supabases_own_schema(daemon, postgres):
    postgres.sql("CREATE SCHEMA supabase_migrations")
    columns = "version text NOT NULL PRIMARY KEY, statements text[], name text"
    table(postgres, columns, "'20240101000000', '{select 1}', 'init'", name="supabase_migrations.schema_migrations")
    table(postgres, "version bigint PRIMARY KEY, inserted_at timestamp(0)", "20230101000000, now()")
    app = watch(daemon, postgres).wait_state("app", "observed")
    assert [entry["tool"] for entry in app["journals"]] == ["ecto", "supabase"]


def test_ectos_lock(daemon, postgres):
    """A second session holds the table in a mode that keeps nobody from writing."""
    table(postgres, "version bigint PRIMARY KEY, inserted_at timestamp(0)", "20240101000000, now()")
    instance = watch(daemon, postgres)
    instance.wait_state("app", "observed")
    runner = postgres.connect(autocommit=False)
    runner.cursor().execute("LOCK TABLE schema_migrations IN SHARE UPDATE EXCLUSIVE MODE")
    assert instance.wait_state("app", "running")["lock"]["held"] is True
    runner.rollback()
    runner.close()
    instance.wait_state("app", "observed")


def test_gooses_lock_row(daemon, postgres):
    columns = "id integer PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp"
    table(postgres, columns, "1, 0, true, now()", "2, 1, true, now()", name="goose_db_version")
    lock = "lock_id bigint PRIMARY KEY, locked boolean, locked_at timestamptz, locked_by text, lease_expires_at timestamptz, updated_at timestamptz"
    table(postgres, lock, "4097083626, true, now(), 'host-a', now() + interval '1 hour', now()", name="goose_lock")
    instance = watch(daemon, postgres)
    app = instance.wait_state("app", "running")
    assert app["lock"]["holder"] == "host-a"
    postgres.sql("UPDATE goose_lock SET lease_expires_at = now() - interval '1 second'")
    instance.wait_state("app", "observed")
    postgres.sql("UPDATE goose_lock SET lease_expires_at = now() + interval '1 hour', locked = false")
    instance.wait_state("app", "observed")


def test_gooses_session_lock(daemon, postgres):
    columns = "id integer PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp"
    table(postgres, columns, "1, 0, true, now()", name="goose_db_version")
    instance = watch(daemon, postgres)
    instance.wait_state("app", "observed")
    runner = postgres.connect()
    runner.cursor().execute("SELECT pg_advisory_lock(4097083626)")
    instance.wait_state("app", "running")
    runner.close()
    instance.wait_state("app", "observed")


def test_golang_migrates_lock_row(daemon, postgres):
    """pgx with x-lock-strategy=table; the row is dirty from the first step on."""
    table(postgres, "version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL", "2, true")
    table(postgres, "lock_id bigint NOT NULL PRIMARY KEY", "1787120056", name="schema_lock")
    instance = watch(daemon, postgres)
    assert instance.wait_state("app", "running")["lock"]["holder"] == "lock 1787120056"
    postgres.sql("DELETE FROM schema_lock")
    app = instance.wait_state("app", "failed")
    assert app["failed"] == ["2"]
