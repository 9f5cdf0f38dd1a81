# SPDX-License-Identifier: Apache-2.0
"""migrationctl bootstrap --stamp on a populated database, and what the tool itself says of the journal that it left:
everything is applied, nothing is to do, and its tables are those that the tool makes."""

import json

import pytest
from conftest import chosen
from harness import migrationctl
from test_conformance import makes_table

TOOLS = (
    "alembic dbmate diesel django drizzle flyway golang-migrate goose knex node-pg-migrate rails sqlx".split()
)



def pytest_generate_tests(metafunc):
    cases = [(one, engine) for one in chosen(metafunc.config) if one.tool in TOOLS for engine in one.engines]
    metafunc.parametrize("driver,engine", cases, ids=[f"{driver.label()}-{engine}-bootstrap" for driver, engine in cases])


def snapshot(database):
    return json.loads(migrationctl("snapshot", database.url(), "--output", "json").stdout)


def own_tables(database, made):
    """What the tool made beside the migrations' tables, with its schema."""
    return [one for one in snapshot(database)["tables"] if one["name"] not in made]


def forget(database, tables):
    """Drops a tool's tables, as a restore without them would have."""
    quote = "`" if database.engine == "mariadb" else '"'
    for table in tables:
        schema = f'"{table["schema"]}".' if table.get("schema") else ""
        database.sql(f"DROP TABLE {schema}{quote}{table['name']}{quote}")
        if table.get("schema", "public") != "public":
            database.sql(f'DROP SCHEMA "{table["schema"]}"')


def bootstrap(project, *arguments, check=True):
    url = project.database.url()
    result = migrationctl("bootstrap", url, "--directory", str(project.directory), "--tool", project.tool, *arguments)
    assert not check or result.returncode == 0, result.stderr
    return result


@pytest.fixture
def populated(project, tmp_path):
    """Two migrations applied by the tool, whose journal was then lost; with a baseline of before."""
    project.write(makes_table(1))
    project.write(makes_table(2))
    project.up()
    baseline = tmp_path / "made.json"
    baseline.write_text(migrationctl("snapshot", project.database.url()).stdout)
    forget(project.database, own_tables(project.database, ("t1", "t2")))
    project.baseline = baseline
    return project


def test_the_tool_accepts_what_was_recorded(populated):
    project = populated
    result = bootstrap(project, "--stamp", "heads", "--confirm", project.database.name, "--output", "json")
    recorded = json.loads(result.stdout)
    assert [journal["tool"] for journal in recorded["journals"]][:1] == [project.tool]

    report = project.report()
    for name in ("pending", "failed", "mismatched"):
        assert not getattr(report, name), (name, report)
    if report.applied is not None:
        assert report.applied == [project.revision(1), project.revision(2)]
    if report.head is not None:
        assert report.head == project.revision(2)

    difference = migrationctl("diff", str(project.baseline), project.database.url(), "--no-default-ignores")
    assert difference.returncode == 0, difference.stdout
    assert "nothing is to be bootstrapped" in bootstrap(project, check=False).stderr


def test_the_tool_goes_on_from_there(populated):
    project = populated
    project.database.sql("DROP TABLE t2")
    bootstrap(project, "--stamp", project.revision(1), "--confirm", project.database.name)
    project.up()
    project.write(makes_table(3))
    project.up()
    assert {"t1", "t2", "t3"} <= {table["name"] for table in snapshot(project.database)["tables"]}
