# SPDX-License-Identifier: Apache-2.0
"""A Drizzle project that moves to 1.0: its files become folders at once, its journal only with the next run."""

import shutil

import golden
import pytest
from conftest import chosen
from drivers.drizzle import Drizzle
from drivers.drizzle_folders import DrizzleFolders
from test_conformance import agree, ask, makes_table


def pytest_generate_tests(metafunc):
    engines = DrizzleFolders.engines if DrizzleFolders in chosen(metafunc.config) else ()
    only = metafunc.config.getoption("--engine")
    metafunc.parametrize("engine", [engine for engine in engines if only in (None, engine)])


class Upgraded(DrizzleFolders):
    """`drizzle-kit up` names the folders after the second in which each file was generated."""

    variant = "upgraded"

    def revision(self, number):
        return f"2026010100{number:02}00_make_t{number}"


@pytest.fixture
def project(database, tmp_path):
    """Three migrations that 0.45 applied, and the same project with 1.0."""
    for driver in (Drizzle, DrizzleFolders):
        driver.install()
    before, after = Drizzle(tmp_path / "before", database), Upgraded(tmp_path / "after", database)
    for number in (1, 2, 3):
        before.write(makes_table(number))
    before.up()
    shutil.copytree(before.directory, after.directory, dirs_exist_ok=True)
    after.run([after.program("drizzle-kit"), "up"])
    after.written = [1, 2, 3]
    yield after
    after.close()


def test_the_journal_of_before(project, engine, request):
    assert ask(project, "current")["observed"]["heads"] == [project.recorded(3)]
    project.write(makes_table(4))
    answer = ask(project, "pending")
    assert answer["pending"] == [project.revision(4)]
    if request.config.getoption("--golden"):
        golden.keep(project, "pending")
    project.up()
    agree(project, ask(project, "current"), project.report())
    if request.config.getoption("--golden"):
        golden.keep(project, "applied")


def test_a_folder_is_gone(project, engine):
    """1.0 converts the journal only when it finds each row's folder; without it nothing is run."""
    project.write(makes_table(4))
    gone = project.directory / project.revision(2)
    kept = project.folder / "kept"
    gone.rename(kept)
    before = ask(project, "diverged")
    assert before["unknown"] == [str(project.when(2))]
    for command in (project.up_command(), project.migrator("up")):
        result = project.run(command, check=False)
        assert project.refused(result), result
    assert ask(project, "diverged")["observed"] == before["observed"]
    kept.rename(gone)
    project.up()
    ask(project, "current")
