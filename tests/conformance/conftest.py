# SPDX-License-Identifier: Apache-2.0
"""Real migration tools, and whether migrationd says of a database what they say themselves. Run by scripts/conformance.

One file per tool, drivers/<tool>.py ('-' becomes '_'), with one class that derives from driver.Driver and says

- what it is: `tool` (migrationd's name of it; with a `variant` in a file of its own where the tool is used in several
  ways), `engines` ("postgres", "mariadb", "sqlite"), `checksums` (an edited file shows), `exceptions` (scenarios that
  end otherwise than usual, or cannot be shown, each with its reason);
- how it gets there: install(), with the helpers of install.py, into install.cache(), never into the repository;
- how it is used: write() one migration, up_command(), down_command(), and report(), what the tool's own status says;
- what migrationd is given: `directory`, revision().

test_conformance.py leads every driver through the scenarios on every engine. A scenario is

- ok: migrationd's state is the expected one, and head, pending, failed and mismatched are what report() says;
- n/a: the driver's `exceptions` says why the tool cannot show this; what migrationd says instead is asserted all the same;
- differs: anything else, and the test fails.

--golden writes what the runs left, as rows and files, into tests/golden/compare/<tool>/real-<scenario>[-<engine>]/, for
`scripts/test --accept` to judge and a person to review.
"""

import importlib
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from harness import MariaDB, Postgres, SqliteFile  # noqa: E402

SCENARIOS = ("fresh", "applied", "pending", "failing", "rolled_back", "edited", "running", "killed")
results = {}  # (driver's label, engine, scenario) -> (verdict, reason)


def drivers():
    names = sorted(path.stem for path in (HERE / "drivers").glob("*.py") if not path.stem.startswith("_"))
    found = [importlib.import_module(f"drivers.{name}").DRIVER for name in names]
    return {driver.label(): driver for driver in found}


def chosen(config):
    """The drivers that --tool names, as a tool or as one variant of it; without it, all."""
    known = drivers()
    wanted = config.getoption("--tool")
    for name in wanted:
        if not any(name in (driver.tool, driver.label()) for driver in known.values()):
            raise pytest.UsageError(f"no driver for {name}; there are: {' '.join(known)}")
    return [one for one in known.values() if not wanted or one.tool in wanted or one.label() in wanted]


def pytest_addoption(parser):
    parser.addoption("--tool", action="append", default=[], help="only this tool's driver; may be repeated")
    parser.addoption("--engine", help="only on this engine")
    parser.addoption("--scenario", help="only this scenario")
    parser.addoption("--golden", action="store_true", help="keep what the runs left as golden cases")


def pytest_generate_tests(metafunc):
    if "scenario" not in metafunc.fixturenames:
        return
    engine_wanted, scenario_wanted = (metafunc.config.getoption(f"--{name}") for name in ("engine", "scenario"))
    cases = [
        (driver, engine, scenario)
        for driver in chosen(metafunc.config)
        for engine in driver.engines
        for scenario in SCENARIOS
        if engine_wanted in (None, engine) and scenario_wanted in (None, scenario)
    ]
    names = [f"{driver.label()}-{engine}-{scenario}" for driver, engine, scenario in cases]
    metafunc.parametrize("driver,engine,scenario", cases, ids=names)


def served(server):
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgres_server():
    yield from served(Postgres())


@pytest.fixture(scope="session")
def mariadb_server():
    yield from served(MariaDB())


@pytest.fixture
def database(request, engine, tmp_path):
    """A fresh database of the engine in turn."""
    if engine == "sqlite":
        made = SqliteFile(tmp_path / "app.db")
    else:
        made = request.getfixturevalue(f"{engine}_server").create_database()
    yield made
    made.drop()


@pytest.fixture
def project(driver, database, tmp_path):
    """The tool's project of that database, with the tool installed."""
    driver.install()
    made = driver(tmp_path / "project", database)
    yield made
    made.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    arguments = getattr(getattr(item, "callspec", None), "params", {})
    if "scenario" not in arguments or (report.when != "call" and report.passed):
        return
    driver, engine, scenario = arguments["driver"], arguments["engine"], arguments["scenario"]
    reason = driver.reason(scenario, engine)
    results[driver.label(), engine, scenario] = "differs" if report.failed else "n/a" if reason else "ok"


def pytest_terminal_summary(terminalreporter):
    if not results:
        return
    write = terminalreporter.write_line
    pairs = list(dict.fromkeys((tool, engine) for tool, engine, _ in results))
    write("")
    write(f"{'tool':17} {'engine':9}" + "".join(f" {scenario:11}" for scenario in SCENARIOS))
    for tool, engine in pairs:
        cells = [results.get((tool, engine, scenario), "-") for scenario in SCENARIOS]
        write(f"{tool:17} {engine:9}" + "".join(f" {cell:11}" for cell in cells))
    known = drivers()
    notes = {}
    for (tool, engine, scenario), verdict in results.items():
        if verdict == "n/a":
            notes.setdefault((tool, scenario, known[tool].reason(scenario, engine)), []).append(engine)
    write("")
    for (tool, scenario, reason), engines in notes.items():
        write(f"n/a {tool}, {scenario} ({', '.join(engines)}): {reason}")
    failed = sum(verdict == "differs" for verdict in results.values())
    write(f"{len(results) - failed} passed, {failed} failed")
