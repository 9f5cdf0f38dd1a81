# SPDX-License-Identifier: Apache-2.0
"""A real Alembic project, from a populated schema without a journal to a gate that opens, on each server."""

import pytest
from harness import eventually

pytestmark = pytest.mark.threads


@pytest.fixture(params=["postgres", "mariadb"])
def served(request):
    return request.getfixturevalue(request.param)


def watch(daemon, database, scripts, **settings):
    """A daemon that looks often and expects what stands in `scripts` (None: nothing)."""
    entry = {"url": database.url(), "journal_interval": "200ms", "interval": "1s", **settings}
    if scripts:
        entry["expect"] = {"directory": str(scripts)}
    return daemon({"databases": {"app": entry}, "gates": {"rolled-back": {"requires": ["app"], "accept": ["ahead"]}}})


def judged(instance):
    """The gate's answer and its one database's object."""
    answer = instance.gate("app")
    return answer, answer.json["databases"][0]


def test_populated_schema_without_a_journal(daemon, project, served):
    alembic = project("alembic", served)
    alembic.chain("a1", "b2")
    served.sql("CREATE TABLE legacy (id integer PRIMARY KEY)")
    instance = watch(daemon, served, alembic.scripts)
    instance.wait_state("app", "unversioned", code="UNVERSIONED")
    answer, _ = judged(instance)
    assert answer.status == 409
    assert answer.json["state"] == "blocked"

    alembic.run("stamp", "a1")
    alembic.run("upgrade", "head")
    instance.wait_state("app", "current")
    answer, app = judged(instance)
    assert answer.status == 200
    assert app["observed"] == {"heads": ["b2"], "applied_count": 2}
    assert app["tool"] == "alembic"


def test_empty_database(daemon, project, served):
    alembic = project("alembic", served)
    alembic.chain("a1")
    instance = watch(daemon, served, alembic.scripts)
    instance.wait_state("app", "empty", code="EMPTY")
    answer, _ = judged(instance)
    assert answer.status == 503
    alembic.run("upgrade", "head")
    instance.wait_state("app", "current")


def test_one_revision_behind_and_a_request_that_waits(daemon, project, served):
    alembic = project("alembic", served)
    alembic.chain("a1", "b2", "c3")
    alembic.run("upgrade", "b2")
    instance = watch(daemon, served, alembic.scripts)
    instance.wait_state("app", "pending", code="PENDING")
    answer, app = judged(instance)
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert app["pending"] == ["c3"]
    assert app["next"].startswith("alembic upgrade")

    waiting = instance.begin("/v1/gates/app?wait=50s")
    eventually(lambda: "migrationd_waiters 1\n" in instance.probe("/metrics").text, what="a waiter")
    alembic.run("upgrade", "head")
    assert waiting.result().status == 200
    assert waiting.result().json["databases"][0]["observed"]["heads"] == ["c3"]


def test_a_caller_names_its_own_revision(daemon, project, served):
    alembic = project("alembic", served)
    alembic.chain("a1", "b2", "c3")
    alembic.run("upgrade", "b2")
    instance = watch(daemon, served, alembic.scripts)
    instance.wait_state("app", "pending")
    assert instance.gate("app", revision="a1").status == 200
    assert instance.gate("app", revision="b2", match="exact").status == 200
    later = instance.gate("app", revision="a1").json["databases"][0]
    assert later["state"] == "current"
    behind = instance.gate("app", revision="c3")
    assert (behind.status, behind.json["databases"][0]["pending"]) == (503, ["c3"])


def test_newest_file_taken_away(daemon, project, served):
    """The daemon that saw the graph knows that the database is ahead; one that never did cannot."""
    alembic = project("alembic", served)
    alembic.chain("a1", "b2")
    alembic.run("upgrade", "head")
    instance = watch(daemon, served, alembic.scripts)
    instance.wait_state("app", "current")
    next(alembic.versions.glob("b2_*.py")).unlink()
    instance.wait_state("app", "ahead", code="AHEAD")
    answer, app = judged(instance)
    assert answer.status == 409
    assert app["later"] == ["b2"]
    assert instance.gate("rolled-back").status == 200

    newcomer = watch(daemon, served, alembic.scripts)
    newcomer.wait_state("app", "unknown", code="ORDER_UNKNOWN")
    assert newcomer.gate("app").status == 503


def test_two_heads(daemon, project, served):
    alembic = project("alembic", served)
    alembic.chain("a1", "b2")
    alembic.revision("c3", "a1", "CREATE TABLE t_c3 (id integer PRIMARY KEY)")
    alembic.run("upgrade", "heads")
    next(alembic.versions.glob("c3_*.py")).rename(alembic.folder / "c3.py")
    instance = watch(daemon, served, alembic.scripts)
    instance.wait_state("app", "unknown", code="ORDER_UNKNOWN")

    (alembic.folder / "c3.py").rename(alembic.versions / "c3_again.py")
    instance.wait_state("app", "diverged", code="MULTIPLE_HEADS")
    answer, app = judged(instance)
    assert answer.status == 409
    assert app["observed"]["heads"] == ["b2", "c3"]

    alembic.revision("d4", ("b2", "c3"), "CREATE TABLE t_d4 (id integer PRIMARY KEY)")
    instance.wait_state("app", "pending")
    answer, app = judged(instance)
    assert (answer.status, app["pending"]) == (503, ["d4"])
    alembic.run("upgrade", "head")
    instance.wait_state("app", "current")


def test_second_step_of_an_upgrade_is_running(daemon, project, postgres):
    alembic = project("alembic", postgres)
    alembic.chain("a1")
    alembic.run("upgrade", "head")
    alembic.revision("b2", "a1", "CREATE TABLE t_b2 (id integer PRIMARY KEY)")
    alembic.revision("c3", "b2", "SELECT pg_advisory_lock(4711)")
    instance = watch(daemon, postgres, alembic.scripts)
    instance.wait_state("app", "pending")
    with postgres.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(4711)")
        alembic.begin("upgrade", "head")
        instance.wait_state("app", "running", code="RUNNING")
        answer, app = judged(instance)
        assert answer.status == 503
        assert app["lock"]["held"] is True
        assert app["lock"]["holder"].startswith("pid ")
        assert instance.gate("app", revision="a1").status == 200, "running closes only while R is not applied"
        cursor.execute("SELECT pg_advisory_unlock(4711)")
    assert alembic.background.wait(30) == 0
    instance.wait_state("app", "current")


def test_ddl_that_locks_the_journal_is_running(daemon, project, postgres):
    alembic = project("alembic", postgres)
    alembic.chain("a1")
    alembic.run("upgrade", "head")
    instance = watch(daemon, postgres, alembic.scripts)
    instance.wait_state("app", "current")
    with postgres.connect(autocommit=False) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE alembic_version ALTER COLUMN version_num TYPE varchar(64)")
        instance.wait_state("app", "running", code="RUNNING")
        connection.rollback()
    instance.wait_state("app", "current")


def test_broken_file_names_its_place(daemon, project, served):
    alembic = project("alembic", served)
    alembic.chain("a1")
    alembic.run("upgrade", "head")
    instance = watch(daemon, served, alembic.scripts)
    instance.wait_state("app", "current")
    broken = alembic.revision("b2", "a1")
    broken.write_text('"""x"""\nrevision = "b2"\ndown_revision = (\n')
    app = instance.wait_state("app", "unknown", code="EXPECTATION_INVALID")
    assert f"{broken.name}:" in app["reason"]
    assert instance.gate("app", revision="a1").status == 200, "a caller who names R never waits for files"
    broken.unlink()
    instance.wait_state("app", "current")


def test_downgrade_is_followed(daemon, project, served):
    alembic = project("alembic", served)
    alembic.chain("a1", "b2")
    alembic.run("upgrade", "head")
    instance = watch(daemon, served, alembic.scripts)
    instance.wait_state("app", "current")
    alembic.run("downgrade", "a1")
    app = instance.wait_state("app", "pending")
    assert app["pending"] == ["b2"]
