# SPDX-License-Identifier: Apache-2.0
"""What a tool does with a migration that comes late, and with applied ones whose files are gone, next to what migrationd
says that it will do: `pending` is applied by the next run and then `current`, `diverged` is not. For tools whose files
do not name each other. One test for each tool, on the first of its engines that is a file, else a server."""

import pytest
from conftest import drivers
from test_conformance import ask, makes_table

TOOLS = ("db-migrate", "knex", "kysely", "mikroorm", "node-pg-migrate", "sequelize", "typeorm")
LATE_REFUSED = ("kysely", "node-pg-migrate")
GONE_REFUSED = ("knex", "kysely", "node-pg-migrate")
NEWER_GONE_REFUSED = ("knex", "kysely")


def cases():
    known = drivers()
    return [(known[tool], "sqlite" if "sqlite" in known[tool].engines else known[tool].engines[0]) for tool in TOOLS]


@pytest.fixture(autouse=True)
def chosen(request, driver):
    wanted = request.config.getoption("--tool")
    if wanted and driver.tool not in wanted:
        pytest.skip("another tool was asked for")


def write(project, number):
    """Returns the files that this made."""
    before = set(project.directory.rglob("*"))
    project.write(makes_table(number))
    return [path for path in set(project.directory.rglob("*")) - before if path.is_file()]


def settle(project, refused):
    """What the answer promises, the tool does."""
    state = "diverged" if refused else "pending"
    before = ask(project, state)
    result = project.up(check=False)
    assert (result.returncode != 0) == refused, result
    after = ask(project, state if refused else "current")
    assert not refused or after["observed"] == before["observed"]
    return before


@pytest.mark.parametrize("driver,engine", cases(), ids=lambda value: getattr(value, "tool", value))
def test_late(project, driver, engine):
    write(project, 1)
    write(project, 3)
    project.up()
    write(project, 2)
    refused = driver.tool in LATE_REFUSED
    answer = settle(project, refused)
    assert answer["out_of_order" if refused else "pending"] == [project.revision(2)]


@pytest.mark.parametrize("driver,engine", cases(), ids=lambda value: getattr(value, "tool", value))
def test_gone(project, driver, engine):
    write(project, 1)
    gone = write(project, 2)
    write(project, 3)
    project.up()
    for path in gone:
        path.unlink()
    write(project, 4)
    answer = settle(project, driver.tool in GONE_REFUSED)
    assert answer["unknown"] == [project.revision(2)]


@pytest.mark.parametrize("driver,engine", cases(), ids=lambda value: getattr(value, "tool", value))
def test_newer_gone(project, driver, engine):
    write(project, 1)
    write(project, 2)
    gone = write(project, 3)
    project.up()
    for path in gone:
        path.unlink()
    answer = ask(project, "ahead")
    assert answer["later"] == [project.revision(3)]
    assert (project.up(check=False).returncode != 0) == (driver.tool in NEWER_GONE_REFUSED)
