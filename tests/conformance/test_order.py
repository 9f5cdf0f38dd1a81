# SPDX-License-Identifier: Apache-2.0
"""What a tool does with a migration that comes late, and with applied ones whose files are gone, next to what migrationd
says that it will do: `pending` is applied by the next run and then `current`, `diverged` is not, but refused or silently
skipped. For tools whose files do not name each other. One test for each tool, on the first of its engines that is a
file, else a server."""

import pytest
from conftest import chosen
from test_conformance import ask, makes_table

TOOLS = (
    "db-migrate drizzle drizzle-folders knex kysely mikroorm node-pg-migrate sequelize typeorm".split()
)
LATE_SKIPPED = ("drizzle",)
LATE_REFUSED = ("kysely", "node-pg-migrate")
GONE_REFUSED = ("knex", "kysely", "node-pg-migrate")
NEWER_GONE_REFUSED = ("knex", "kysely")


def pytest_generate_tests(metafunc):
    wanted = [one for one in chosen(metafunc.config) if one.label() in TOOLS]
    cases = [(one, "sqlite" if "sqlite" in one.engines else one.engines[0]) for one in wanted]
    metafunc.parametrize("driver,engine", cases, ids=[one.label() for one in wanted])


def write(project, number):
    """Returns the files that this made."""
    before = set(project.directory.rglob("*"))
    project.write(makes_table(number))
    return [path for path in set(project.directory.rglob("*")) - before if path.is_file()]


def settle(project, refused, skipped=False):
    """What the answer promises, the tool does."""
    stays = refused or skipped
    state = "diverged" if stays else "pending"
    before = ask(project, state)
    result = project.up(check=False)
    assert (result.returncode != 0) == refused, result
    after = ask(project, state if stays else "current")
    assert not stays or after["observed"] == before["observed"]
    return before


def test_late(project, driver, engine):
    write(project, 1)
    write(project, 3)
    project.up()
    write(project, 2)
    refused = driver.label() in LATE_REFUSED
    skipped = driver.label() in LATE_SKIPPED
    answer = settle(project, refused, skipped)
    assert answer["out_of_order" if refused or skipped else "pending"] == [project.revision(2)]


def test_gone(project, driver, engine):
    write(project, 1)
    gone = write(project, 2)
    write(project, 3)
    project.up()
    project.remove(2, gone)
    write(project, 4)
    answer = settle(project, driver.label() in GONE_REFUSED)
    assert answer["unknown"] == [project.recorded(2)]


def test_newer_gone(project, driver, engine):
    write(project, 1)
    write(project, 2)
    gone = write(project, 3)
    project.up()
    project.remove(3, gone)
    answer = ask(project, "ahead")
    assert answer["later"] == [project.recorded(3)]
    assert (project.up(check=False).returncode != 0) == (driver.label() in NEWER_GONE_REFUSED)
