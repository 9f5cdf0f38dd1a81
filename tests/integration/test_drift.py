# SPDX-License-Identifier: Apache-2.0
"""Drift as the daemon serves it: confirmed by two looks, frozen while a migration runs, never `none` without knowing."""

import json
import re

from harness import eventually, migrationctl
from harness.daemon import slowdown
from harness.journals import alembic_journal, alembic_stamp

SCHEMA = (
    "CREATE TABLE users (id integer PRIMARY KEY, mail varchar(80) NOT NULL, age integer);"
    "CREATE TABLE orders (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users (id), note varchar(200));"
    "CREATE INDEX ix_orders_user ON orders (user_id);"
)


def statements(text):
    return [statement for statement in text.split(";") if statement.strip()]


def fill(database, text=SCHEMA):
    for statement in statements(text):
        database.sql(statement)


def baseline(tmp_path, database, name="baseline.json"):
    path = tmp_path / name
    result = migrationctl("snapshot", database.url())
    assert result.returncode == 0, result.stderr
    path.write_text(result.stdout)
    return path


def settings(database, path, **drift):
    return {
        "url": database.url(),
        "journal": "none",
        "interval": "1s",
        "journal_interval": "200ms",
        "drift": {"reference": {"baseline": str(path)}, **drift},
    }


def wait_drift(running, name, verdict, code=None, timeout=30.0):
    def matches():
        answer = running.get(f"/v1/databases/{name}/drift")
        right = answer.status == 200 and answer.json["drift"] == verdict and (code is None or answer.json["code"] == code)
        return right and answer.json

    try:
        return eventually(matches, timeout * slowdown())
    except AssertionError:
        last = running.get(f"/v1/databases/{name}/drift")
        raise AssertionError(f"drift of {name} did not become {verdict} {code or ''}: {last.text[:3000]}") from None


def test_drift_is_seen_confirmed_and_ended(daemon, database, tmp_path):
    fill(database)
    path = baseline(tmp_path, database)
    running = daemon(
        {
            "databases": {"app": settings(database, path, fail_on="major")},
            "gates": {"api": {"requires": ["app"], "drift": "critical"}},
        }
    )
    report = wait_drift(running, "app", "none")
    assert report["items"] == [] and report["code"] is None
    assert report["compared"]["tables"] == 2 and report["compared"]["columns"] == 6
    assert report["reference"] == {**report["reference"], "kind": "baseline", "ref": str(path)}
    assert running.get("/v1/databases/app/drift?assert=info").status == 200
    assert running.gate("api").status == 200
    assert running.get("/health/app").json["checks"]["app:drift"][0]["status"] == "pass"

    database.sql("ALTER TABLE users ADD COLUMN nick varchar(20)")
    report = wait_drift(running, "app", "drifted")
    (item,) = report["items"]
    assert (item["kind"], item["change"], item["severity"], item["state"]) == ("column", "unexpected", "minor", "confirmed")
    assert item["object"].endswith("users.nick") and item["actual"] and item["expected"] is None
    assert item["first_seen"] <= item["last_seen"]
    assert running.get("/v1/databases/app/drift?assert=major").status == 200
    answer = running.get("/v1/databases/app/drift?assert=minor")
    assert answer.status == 409 and answer.json["items"][0]["id"] == item["id"]
    health = running.get("/health/app")
    assert health.status == 200 and health.json["status"] == "warn"
    assert running.gate("api").status == 200, "minor drift does not reach the gate's threshold"

    database.sql("ALTER TABLE orders DROP COLUMN note")
    report = eventually(
        lambda: (r := wait_drift(running, "app", "drifted"))["counts"]["missing"] and not r["counts"]["suspected"] and r,
        30 * slowdown(),
    )
    assert report["counts"] == {
        "missing": 1,
        "unexpected": 1,
        "changed": 0,
        "suppressed": 0,
        "suspected": 0,
        "by_severity": {"critical": 1, "major": 0, "minor": 1, "info": 0},
    }
    assert [i for i in report["items"] if i["id"] == item["id"]][0]["first_seen"] == item["first_seen"]
    health = running.get("/health/app")
    assert health.status == 503 and "1 critical" in health.json["output"]
    gate = running.gate("api")
    assert gate.status == 409 and gate.json["code"] == "DRIFTED"
    assert gate.json["databases"][0]["drift"] == {"drift": "drifted", "code": None, "worst": "critical", "differences": 2}
    reason = "the schema differs from its reference: 1 critical, 1 minor"
    assert gate.json["databases"][0]["reason"] == reason and gate.json["databases"][0]["next"] == "migrationctl diff app"
    waited = running.ctl("--server", f"http://127.0.0.1:{running.port}", "wait", "api", "--timeout", "0")
    assert waited.returncode == 4 and f"app: blocked DRIFTED: {reason}" in waited.stderr
    assert "no journal" in running.gate("app").json["databases"][0]["reason"], "a gate that heeds no drift"
    metrics = running.get("/metrics").text
    assert re.search(r'^migrationd_database_drift\{database="app",engine="\w+",drift="drifted"\} 1$', metrics, re.MULTILINE)
    assert re.search(r'^migrationd_database_drift_items\{.*severity="critical"\} 1$', metrics, re.MULTILINE)
    plan = running.get("/v1/databases/app/plan").json
    assert [statement["stage"] for statement in plan["statements"]] == sorted(s["stage"] for s in plan["statements"])
    assert {statement["item"] for statement in plan["statements"]} == {i["id"] for i in report["items"]}
    assert "note" in running.get("/v1/databases/app/plan?stage=1&format=sql").text

    ctl = ("--server", f"http://127.0.0.1:{running.port}")
    assert running.ctl(*ctl, "diff", "app").returncode == 1
    assert "critical" in running.ctl(*ctl, "diff", "app").stdout
    assert "  drift       drifted: 2 differences, the worst critical\n" in running.ctl(*ctl, "status", "app").stdout
    assert running.ctl(*ctl, "plan", "app", "--output", "sql").returncode == 1

    database.sql("ALTER TABLE orders ADD COLUMN note varchar(200)")
    database.sql("ALTER TABLE users DROP COLUMN nick")
    wait_drift(running, "app", "none")
    assert running.gate("api").status == 200 and running.ctl(*ctl, "diff", "app").returncode == 0


def test_the_bodies_that_people_read(daemon, sqlite, tmp_path):
    fill(sqlite)
    path = baseline(tmp_path, sqlite)
    sqlite.sql("DROP INDEX ix_orders_user")
    running = daemon({"databases": {"app": settings(sqlite, path)}})
    wait_drift(running, "app", "drifted")
    text = running.get("/v1/databases/app/drift", headers={"Accept": "text/plain"})
    assert text.headers["Content-Type"].startswith("text/plain") and "orders.ix_orders_user" in text.json
    markdown = running.get("/v1/databases/app/drift?format=markdown")
    assert markdown.headers["Content-Type"].startswith("text/markdown") and "| major" in markdown.json
    answer = running.get("/v1/databases/app/drift")
    tag = answer.headers["ETag"]
    eventually(lambda: running.get("/v1/databases/app/drift").json["live"]["taken_at"] != answer.json["live"]["taken_at"])
    assert running.get("/v1/databases/app/drift", headers={"If-None-Match": tag}).status == 304
    for bad, name in (("assert=huge", "assert"), ("format=xml", "format"), ("stage=1", "stage")):
        refused = running.get(f"/v1/databases/app/drift?{bad}")
        assert refused.status == 400 and refused.json["parameter"] == name
    assert running.get("/v1/databases/app/plan?stage=4").status == 400
    assert running.get("/v1/databases/nobody/drift").status == 404


def test_without_a_reference_nothing_is_none(daemon, sqlite):
    fill(sqlite)
    running = daemon({"databases": {"app": {"url": sqlite.url(), "journal": "none"}}})
    running.wait_state("app", "observed")
    report = wait_drift(running, "app", "unknown", "NO_REFERENCE")
    assert report["reference"] is None and report["items"] == [] and report["compared"] is None
    assert running.get("/v1/databases/app/drift?assert=info").status == 503
    assert running.get("/v1/databases/app/plan").status == 503
    assert "app:drift" not in running.get("/health/app").json["checks"]
    shown = running.ctl("--server", f"http://127.0.0.1:{running.port}", "diff", "app", "--output", "json")
    assert shown.returncode == 2 and "no drift.reference is configured" in shown.stderr
    assert json.loads(shown.stdout)["drift"] == "unknown"


def test_a_broken_reference_is_said(daemon, sqlite, tmp_path):
    fill(sqlite)
    path = baseline(tmp_path, sqlite)
    good = path.read_text()
    path.write_text(good[: len(good) // 2])
    running = daemon({"databases": {"app": settings(sqlite, path)}})
    report = wait_drift(running, "app", "unknown", "REFERENCE_UNREADABLE")
    assert str(path) in report["reason"]
    assert running.get("/health/app").json["status"] == "warn"
    tag = running.get("/v1/databases/app/drift").headers["ETag"]
    path.write_text("{}")
    eventually(lambda: running.get("/v1/databases/app/drift").json["reason"] != report["reason"], what="another reason")
    assert running.get("/v1/databases/app/drift", headers={"If-None-Match": tag}).status == 200, "another body"
    path.write_text(good)
    wait_drift(running, "app", "none")
    path.unlink()
    wait_drift(running, "app", "unknown", "REFERENCE_UNREADABLE")


def test_the_tag_changes_with_all_that_is_said(daemon, sqlite, tmp_path):
    """Who ignores what, and why, stands in the body; when it was last looked at does, too, and changes nothing."""
    fill(sqlite)
    path = baseline(tmp_path, sqlite)
    sqlite.sql("CREATE TABLE spare (id integer PRIMARY KEY)")
    tags = []
    config = {"databases": {"app": settings(sqlite, path)}}
    running = daemon(config)
    for ignore, verdict in (
        ([], "drifted"),
        (["table:nothing_*"], "drifted"),
        ([{"match": "table:spare", "reason": "soon"}], "none"),
        ([{"match": "table:spare", "reason": "later"}], "none"),
    ):
        config["databases"]["app"]["drift"]["ignore"] = ignore
        running.reload(config)
        told = [entry if isinstance(entry, str) else entry["reason"] for entry in ignore]
        eventually(lambda: all(word in running.get("/v1/databases/app/drift").text for word in told), what=f"{ignore}")
        wait_drift(running, "app", verdict)
        tags.append(running.get("/v1/databases/app/drift").headers["ETag"])
    assert len({*tags}) == len(tags), tags


def test_a_migration_freezes_the_report(daemon, postgres, tmp_path):
    fill(postgres)
    alembic_journal(postgres, "a1")
    path = baseline(tmp_path, postgres)
    config = settings(postgres, path)
    del config["journal"]
    running = daemon({"databases": {"app": config}})
    wait_drift(running, "app", "none")
    migration = postgres.connect(autocommit=False)
    try:
        cursor = migration.cursor()
        cursor.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        running.wait_state("app", "running")
        postgres.sql("ALTER TABLE users ADD COLUMN half integer")
        frozen = eventually(lambda: (r := running.get("/v1/databases/app/drift").json)["frozen_since"] and r, 20 * slowdown())
        before = frozen["live"]["taken_at"]
        running.post("/v1/databases/app/refresh")
        again = running.get("/v1/databases/app/drift").json
        assert again["drift"] == "none" and again["live"]["taken_at"] == before and again["frozen_since"]
        migration.rollback()
    finally:
        migration.close()
    report = wait_drift(running, "app", "drifted")
    assert report["frozen_since"] is None and report["items"][0]["object"] == "public.users.half"


def test_another_database_is_the_reference_at_its_own_revision(daemon, postgres_server):
    staging, production = postgres_server.create_database(), postgres_server.create_database()
    for one in (staging, production):
        fill(one)
        alembic_journal(one, "a1")
    common = {"interval": "1s", "journal_interval": "200ms"}
    running = daemon(
        {
            "databases": {
                "staging": {"url": staging.url(), **common},
                "production": {"url": production.url(), **common, "drift": {"reference": {"database": "staging"}}},
            }
        }
    )
    wait_drift(running, "production", "none")
    staging.sql("ALTER TABLE users ADD COLUMN nick text")
    alembic_stamp(staging)
    report = wait_drift(running, "production", "unknown", "REFERENCE_AHEAD")
    assert report["reason"] == "staging is at no revision yet, this database at a1"
    alembic_stamp(staging, "b2")
    said = "staging is at revision b2, this database at a1"
    eventually(lambda: running.get("/v1/databases/production/drift").json["reason"] == said, what="the new revision")
    assert running.get("/health/production").status != 500
    alembic_stamp(production, "b2")
    report = wait_drift(running, "production", "drifted")
    assert [item["object"] for item in report["items"]] == ["public.users.nick"]
    many = running.get("/v1/compare?databases=staging,production").json
    assert [group["databases"] for group in many["groups"]] == [["staging"], ["production"]]
    assert many["groups"][1]["drift"]["counts"]["missing"] == 1
    assert running.get("/v1/compare?databases=staging,nobody").status == 404
    assert running.get("/v1/compare").status == 400
    production.sql("ALTER TABLE users ADD COLUMN nick text")
    wait_drift(running, "production", "none")
    many = eventually(
        lambda: len((m := running.get("/v1/compare?databases=staging,production").json)["groups"]) == 1 and m
    )
    assert many["groups"][0]["databases"] == ["staging", "production"]


def test_a_renamed_table_that_views_and_checks_mention(daemon, postgres, tmp_path):
    fill(postgres)
    postgres.sql("CREATE VIEW adults AS SELECT id, mail FROM users WHERE age >= 18")
    path = baseline(tmp_path, postgres)
    running = daemon({"databases": {"app": settings(postgres, path)}})
    wait_drift(running, "app", "none")
    postgres.sql("ALTER TABLE users RENAME TO people")
    report = wait_drift(running, "app", "drifted")
    assert sorted((item["kind"], item["object"], item["change"]) for item in report["items"]) == [
        ("table", "public.people", "unexpected"),
        ("table", "public.users", "missing"),
        ("view", "public.adults", "changed"),
    ]
    assert any("people" in hint["text"] for hint in report["hints"])
    postgres.sql("ALTER TABLE people RENAME TO users")
    wait_drift(running, "app", "none")


def test_what_is_ignored_stays_visible(daemon, sqlite, tmp_path):
    fill(sqlite)
    path = baseline(tmp_path, sqlite)
    sqlite.sql("CREATE TABLE tmp_import (id integer)")
    sqlite.sql("DROP INDEX ix_orders_user")
    entries = [
        "table:tmp_*",
        {"match": "index:orders.ix_orders_user", "reason": "rebuild", "owner": "dba", "until": "2020-01-31"},
        "view:never",
    ]
    running = daemon({"databases": {"app": settings(sqlite, path, ignore=entries)}})
    report = wait_drift(running, "app", "drifted")
    assert report["counts"]["suppressed"] == 1 and report["never_hit"] == ["view:never"]
    assert report["expired"] == ["index:orders.ix_orders_user"]
    assert report["suppressed"][0]["match"] == "table:tmp_*"
    assert [item["state"] for item in report["items"]] == ["confirmed", "suppressed"]


def test_policies(postgres, tmp_path):
    postgres.sql("CREATE TABLE t (id integer, j json, CONSTRAINT c CHECK (id > 0))")
    path = baseline(tmp_path, postgres)
    postgres.sql("ALTER TABLE t ALTER COLUMN j TYPE jsonb")
    postgres.sql("ALTER TABLE t RENAME CONSTRAINT c TO d")

    def objects(*arguments):
        result = migrationctl("diff", path, postgres.url(), "--output", "json", *arguments)
        report = json.loads(result.stdout)
        assert result.returncode == (1 if report["items"] else 0), result.stderr
        return sorted((item["object"], item["attribute"]) for item in report["items"])

    assert objects() == [("public.t.c", "name"), ("public.t.j", "type")]
    assert objects("--policy", "json_as_jsonb=equal") == [("public.t.c", "name")]
    assert objects("--policy", "json_as_jsonb=equal", "--policy", "constraint_names=ignore") == []
    bad = migrationctl("diff", path, postgres.url(), "--policy", "json_as_jsonb=maybe")
    assert bad.returncode == 2 and "json_as_jsonb" in bad.stderr
