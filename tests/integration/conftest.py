# SPDX-License-Identifier: Apache-2.0
"""Fixtures. Servers live as long as the test session, databases and daemons as long as one test."""

import os

import pytest
from harness import AlembicProject, Daemon, DrizzleProject, FlywayProject, MariaDB, Mysql, OtherMariaDB, Postgres, SqliteFile


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="also run what is marked full")


def pytest_configure(config):
    config.addinivalue_line("markers", "full: takes long, or needs a package registry; runs with --full only")
    config.addinivalue_line("markers", "native: not under a sanitizer (memory limits, other programs' time)")
    config.addinivalue_line("markers", "threads: exercises the daemon's threads; runs under ThreadSanitizer, too")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--full"):
        return
    left_out = [item for item in items if item.get_closest_marker("full")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def served(server):
    """A started server for as long as a fixture wants it."""
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


@pytest.fixture(scope="session")
def mysql_server():
    if not os.environ.get("MIGRATIOND_TEST_MYSQLD"):
        pytest.skip("MIGRATIOND_TEST_MYSQLD names no mysqld")
    yield from served(Mysql())


@pytest.fixture(scope="session")
def other_mariadb_server():
    if not os.environ.get("MIGRATIOND_TEST_MARIADBD"):
        pytest.skip("MIGRATIOND_TEST_MARIADBD names no mariadbd")
    yield from served(OtherMariaDB())


@pytest.fixture
def own_postgres():
    """A PostgreSQL of the test's own, for tests that stop or freeze the whole server."""
    yield from served(Postgres())


@pytest.fixture
def own_mariadb():
    yield from served(MariaDB())


def created(server):
    database = server.create_database()
    try:
        yield database
    finally:
        database.drop()


@pytest.fixture
def postgres(postgres_server):
    """A fresh PostgreSQL database."""
    yield from created(postgres_server)


@pytest.fixture
def mariadb(mariadb_server):
    """A fresh MariaDB database."""
    yield from created(mariadb_server)


@pytest.fixture
def mysql(mysql_server):
    """A fresh MySQL database."""
    yield from created(mysql_server)


@pytest.fixture
def other_mariadb(other_mariadb_server):
    """A fresh database of the other MariaDB."""
    yield from created(other_mariadb_server)


@pytest.fixture
def sqlite(tmp_path):
    """A fresh SQLite file."""
    return SqliteFile(tmp_path / "app.db")


ENGINES = ["postgres", "mariadb", "sqlite"] + (["mysql"] if os.environ.get("MIGRATIOND_TEST_MYSQLD") else [])


@pytest.fixture(params=ENGINES)
def database(request):
    """A fresh database of each engine in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def new_database(request, tmp_path):
    """new_database() makes a fresh database, as many as a test wants, of the engine that suits where any will do."""
    engine = os.environ.get("MIGRATIOND_TEST_ENGINE", "sqlite")
    made = []

    def make():
        if engine == "sqlite":
            made.append(SqliteFile(tmp_path / f"any{len(made)}.db"))
        else:
            made.append(request.getfixturevalue(f"{engine}_server").create_database())
        return made[-1]

    yield make
    for one in made:
        one.drop()


@pytest.fixture
def daemon():
    """daemon(config) starts a migrationd; each is stopped and checked at the end of the test."""
    running = []

    def start(config, **options):
        running.append(Daemon(config, **options).start())
        return running[-1]

    yield start
    errors = []
    for instance in reversed(running):
        try:
            instance.close()
        except AssertionError as error:
            errors.append(str(error))
        print(instance.last_log)
    assert not errors, "\n".join(errors)


@pytest.fixture
def project(tmp_path):
    """project(kind, database, …) makes a real migration tool's project: "alembic", "drizzle" or "flyway"."""
    kinds = {"alembic": AlembicProject, "drizzle": DrizzleProject, "flyway": FlywayProject}
    made = []

    def make(kind, database, **options):
        made.append(kinds[kind](tmp_path / f"{kind}{len(made)}", database, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
