# SPDX-License-Identifier: Apache-2.0
"""Many schemas at once: databases by URL, and the tenants of one database."""

import contextlib
import json

import pytest
from harness import eventually, migrationctl

TENANT = (
    "CREATE SCHEMA {0};"
    "CREATE TYPE {0}.mood AS ENUM ('sad', 'happy');"
    "CREATE TABLE {0}.users (id serial PRIMARY KEY, feeling {0}.mood DEFAULT 'sad', age integer CHECK (age > 0));"
    "CREATE TABLE {0}.orders (id serial PRIMARY KEY, user_id integer REFERENCES {0}.users);"
    "CREATE VIEW {0}.happy AS SELECT u.id FROM {0}.users u WHERE u.feeling = 'happy';"
    "CREATE FUNCTION {0}.count() RETURNS bigint LANGUAGE sql AS 'SELECT 1';"
)


def compare(*arguments, code):
    result = migrationctl("compare", *arguments, "--output", "json")
    assert result.returncode == code, result.stdout + result.stderr
    return json.loads(result.stdout)


def tenants(postgres, count):
    for number in range(count):
        postgres.sql(TENANT.format(f"tenant_{number}"))


@pytest.mark.parametrize("count", [70, pytest.param(1000, marks=pytest.mark.full)])
def test_tenants_of_one_database(postgres, count):
    tenants(postgres, count)
    many = compare(postgres.url(), "--tenants", "tenant_*", code=0)
    assert many["members"] == count and len(many["groups"]) == 1
    postgres.sql("ALTER TABLE tenant_7.users ADD COLUMN nick text; DROP VIEW tenant_9.happy")
    many = compare(postgres.url(), "--tenants", "tenant_*", code=1)
    assert [group["databases"] for group in many["groups"][1:]] == [["tenant_7"], ["tenant_9"]]
    first, second = (group["drift"]["items"] for group in many["groups"][1:])
    assert [(item["object"], item["change"]) for item in first] == [("users.nick", "unexpected")]
    assert [(item["object"], item["change"]) for item in second] == [("happy", "missing")]
    text = migrationctl("compare", postgres.url(), "--tenants", "tenant_*").stdout
    assert "3 different schemas" in text and f"{count - 2}: tenant_0, " in text


def test_tenant_that_is_being_changed(postgres):
    """The one whose table is locked is named."""
    tenants(postgres, 3)
    with contextlib.closing(postgres.connect(autocommit=False)) as session:
        session.cursor().execute("ALTER TABLE tenant_1.users ADD COLUMN nick text")
        result = migrationctl("compare", postgres.url(), "--tenants", "tenant_*")
    assert result.returncode == 2 and "tenant_1: " in result.stderr
    compare(postgres.url(), "--tenants", "tenant_*", code=0)


def test_databases_by_url(postgres_server, tmp_path):
    dev, test, prod = (postgres_server.create_database() for _ in range(3))
    for one in (dev, test, prod):
        one.sql("CREATE TABLE t (id integer PRIMARY KEY)")
    test.sql("ALTER TABLE t ADD COLUMN extra text")
    baseline = tmp_path / "dev.json"
    baseline.write_text(migrationctl("snapshot", dev.url()).stdout)
    many = compare(dev.url(), test.url(), prod.url(), baseline, code=1)
    assert [len(group["databases"]) for group in many["groups"]] == [3, 1]
    assert many["groups"][0]["majority"] and many["groups"][0]["drift"] is None
    assert many["groups"][1]["drift"]["counts"]["unexpected"] == 1
    assert "superuser-secret" not in json.dumps(many)
    assert migrationctl("compare", dev.url(), prod.url()).stdout.startswith("2 schemas, all equal\n")
    gone = "postgresql://nobody@127.0.0.1:1/none"
    many = compare(dev.url(), prod.url(), gone, code=2)
    assert len(many["unread"]) == 1 and many["unread"][0]["reason"]


def test_bad_arguments(postgres):
    for arguments in (
        [postgres.url(), "--tenants", "none_*"],
        [postgres.url(), postgres.url(), "--tenants", "t*"],
        ["/nowhere.json", postgres.url()],
    ):
        result = migrationctl("compare", *arguments)
        assert result.returncode == 2 and result.stdout + result.stderr, arguments


def test_options_that_are_refused_are_named(sqlite):
    for option, value in (("--ignore", "tabel:x"), ("--ignore", "x"), ("--policy", "no=yes"), ("--policy", "column_order=x")):
        result = migrationctl("diff", sqlite.url(), sqlite.url(), option, value)
        assert result.returncode == 2 and f": {option}: " in result.stderr, (option, value)


def test_a_sqlite_file_that_is_no_url(sqlite):
    sqlite.sql("CREATE TABLE t (id integer)")
    result = migrationctl("diff", sqlite.url(), sqlite.path)
    assert result.returncode == 2 and "sqlite://" in result.stderr


def test_databases_of_two_engines(daemon, postgres, sqlite):
    running = daemon({"databases": {one.engine: {"url": one.url(), "journal": "none"} for one in (postgres, sqlite)}})
    for name in (postgres.engine, sqlite.engine):
        eventually(lambda name=name: running.get(f"/v1/databases/{name}/schema").status == 200)
    answer = running.get(f"/v1/compare?databases={postgres.engine},{sqlite.engine}")
    assert answer.status == 400 and answer.json["parameter"] == "databases"
    assert "cannot be compared" in answer.json["detail"]


def test_a_role_that_is_not_shown_all(mariadb_server, mariadb):
    mariadb.sql("CREATE TABLE visible (id integer)")
    mariadb.sql("CREATE TABLE hidden (id integer)")
    role, password = mariadb_server.create_role()
    mariadb.sql(f"GRANT SELECT ON visible TO {role}@'%'")
    limited = mariadb.url(role, password)
    many = compare(limited, limited, code=2)
    assert len(many["groups"]) == 1 and [one["reason"] for one in many["partial"]][0].endswith(f"TO '{role}'@'%'")
    text = migrationctl("compare", limited, limited).stdout
    assert text.startswith("2 schemas, all equal as far as seen\n") and "\nnot seen whole\n" in text
    assert compare(mariadb.url(), mariadb.url(), code=0)["partial"] == []
    unknown = json.loads(migrationctl("diff", mariadb.url(), limited, "--output", "json").stdout)
    assert (unknown["drift"], unknown["code"]) == ("unknown", "NOT_COVERED") and unknown["reason"]
    plan = migrationctl("plan", mariadb.url(), limited)
    assert plan.returncode == 2 and "drift is unknown" in plan.stdout and "not compared tables: " in plan.stdout
    script = migrationctl("plan", mariadb.url(), limited, "-o", "sql")
    assert script.returncode == 2 and "\n-- Drift is unknown: " in script.stdout and "Nothing to do." not in script.stdout
    for one in unknown["not_compared"]:
        assert f"\n-- Not compared: {one['kind']}: {one['reason']}\n" in script.stdout
