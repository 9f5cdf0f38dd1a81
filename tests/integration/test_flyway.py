# SPDX-License-Identifier: Apache-2.0
"""Real Flyway runs on PostgreSQL and MariaDB."""

import pytest

pytestmark = pytest.mark.full


@pytest.fixture(params=["postgres", "mariadb"])
def served(request):
    return request.getfixturevalue(request.param)


def watch(daemon, flyway):
    entry = {
        "url": flyway.database.url(),
        "journal_interval": "200ms",
        "interval": "1s",
        "expect": {"directory": str(flyway.sql)},
    }
    return daemon({"databases": {"app": entry}})


def test_applied_then_behind_then_applied(daemon, project, served):
    flyway = project("flyway", served)
    flyway.chain("1", "1.1", "2")
    flyway.migration("R__report.sql", "CREATE OR REPLACE VIEW report AS SELECT 1 AS one;\n")
    flyway.run("migrate")
    instance = watch(daemon, flyway)
    app = instance.wait_state("app", "current")
    assert app["tool"] == "flyway"
    assert app["observed"]["heads"] == ["2"]
    assert app["unverified"] == []

    flyway.chain("10")
    app = instance.wait_state("app", "pending")
    assert app["pending"] == ["10"]
    assert instance.gate("app").status == 503
    flyway.run("migrate")
    instance.wait_state("app", "current")

    flyway.migration("R__report.sql", "CREATE OR REPLACE VIEW report AS SELECT 2 AS two;\n")
    app = instance.wait_state("app", "pending")
    assert app["pending"] == ["R:report"]


def test_edited_file(daemon, project, served):
    flyway = project("flyway", served)
    flyway.chain("1", "2")
    flyway.run("migrate")
    instance = watch(daemon, flyway)
    instance.wait_state("app", "current")
    flyway.migration("V1__t_1.sql", "CREATE TABLE t_1 (id bigint PRIMARY KEY);\n")
    app = instance.wait_state("app", "diverged", code="CHECKSUM_MISMATCH")
    assert app["mismatched"] == ["1"]


def test_failing_script_on_mariadb(daemon, project, mariadb):
    flyway = project("flyway", mariadb)
    flyway.chain("1")
    flyway.migration("V2__broken.sql", "CREATE TABLE half (id int);\nALTER TABLE nowhere ADD x int;\n")
    flyway.run("migrate", check=False)
    instance = watch(daemon, flyway)
    app = instance.wait_state("app", "failed", code="FAILED")
    assert app["failed"] == ["2"]
    assert instance.gate("app").status == 409

    flyway.run("repair")
    mariadb.sql("DROP TABLE half")
    flyway.migration("V2__broken.sql", "CREATE TABLE half (id int);\n")
    app = instance.wait_state("app", "pending")
    flyway.run("migrate")
    instance.wait_state("app", "current")


def test_running_migration_holds_its_lock(daemon, project, served):
    flyway = project("flyway", served)
    flyway.chain("1")
    flyway.run("migrate")
    sleep = "SELECT pg_sleep(4);" if served.engine == "postgresql" else "SELECT SLEEP(4);"
    flyway.migration("V2__slow.sql", f"{sleep}\nCREATE TABLE t_2 (id integer PRIMARY KEY);\n")
    instance = watch(daemon, flyway)
    instance.wait_state("app", "pending")
    flyway.begin("migrate")
    app = instance.wait_state("app", "running", code="RUNNING", timeout=60)
    assert app["lock"]["held"] is True
    assert flyway.background.wait(60) == 0
    instance.wait_state("app", "current")
