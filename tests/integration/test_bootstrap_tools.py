# SPDX-License-Identifier: Apache-2.0
"""migrationctl bootstrap for what tests/conformance does not lead through it: Drizzle with its snapshots, and a Django
project with the apps that Django brings along."""

import sys
from pathlib import Path

import pytest
from harness import migrationctl
from harness.process import run

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "conformance"))

pytestmark = pytest.mark.full


def bootstrap(database, *arguments):
    return migrationctl("bootstrap", database.url(), *(str(one) for one in arguments))


def keep_baseline(database, path):
    path.write_text(migrationctl("snapshot", database.url()).stdout)
    return str(path)


def assert_same(baseline, database):
    result = migrationctl("diff", baseline, database.url(), "--no-default-ignores")
    assert result.returncode == 0, result.stdout


def test_drizzle(project, database):
    drizzle = project("drizzle", database)
    drizzle.tables("one")
    drizzle.generate("one")
    drizzle.tables("one", "two")
    drizzle.generate("two")
    drizzle.migrate()
    baseline = keep_baseline(database, drizzle.folder / "made.json")
    if database.engine == "postgresql":
        database.sql("DROP SCHEMA drizzle CASCADE")
    else:
        database.sql("DROP TABLE __drizzle_migrations")

    assert "Proposal: 0001_two, which fits exactly" in bootstrap(database, "--directory", drizzle.folder).stdout
    stamp = ("--stamp", "0001_two", "--confirm", database.name)
    assert bootstrap(database, "--directory", drizzle.folder, *stamp).returncode == 0
    assert_same(baseline, database)
    drizzle.migrate()
    drizzle.tables("one", "two", "three")
    drizzle.generate("three")
    drizzle.migrate()
    assert database.sql("SELECT count(*) FROM three") == [(0,)]


BACKENDS = {"postgresql": "postgresql", "mariadb": "mysql"}
SETTINGS = """\
import pymysql
pymysql.version_info = (2, 2, 1, "final", 0)
pymysql.install_as_MySQLdb()
SECRET_KEY = "test"
INSTALLED_APPS = ["shop", "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
DATABASES = {{"default": {database!r}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
MODELS = """\
from django.db import models

class Order(models.Model):
    owner = models.ForeignKey("auth.User", on_delete=models.CASCADE)
"""


class DjangoProject:
    def __init__(self, folder, database):
        import install

        self.folder = folder
        self.home = install.pip("django-bootstrap", "django==5.2.8", "psycopg2-binary", "pymysql")
        (folder / "shop" / "migrations").mkdir(parents=True)
        for package in ("shop", "shop/migrations"):
            (folder / package / "__init__.py").touch()
        (folder / "settings.py").write_text(SETTINGS.format(database=self.connection(database)))
        (folder / "shop" / "models.py").write_text(MODELS)

    def connection(self, database):
        if database.engine == "sqlite":
            return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database.path)}
        server = database.server
        return {
            "ENGINE": f"django.db.backends.{BACKENDS[database.engine]}",
            "NAME": database.name,
            "USER": server.superuser,
            "PASSWORD": server.password,
            "HOST": server.host,
            "PORT": str(server.port),
        }

    @property
    def contrib(self):
        (found,) = self.home.glob("lib/python3*/site-packages/django/contrib")
        return found

    def manage(self, *arguments):
        program = [self.home / "bin" / "python", "-m", "django", *arguments, "--settings", "settings", "--pythonpath", "."]
        return run(program, 120, cwd=self.folder).stdout


def test_django_with_its_own_apps(database, tmp_path):
    django = DjangoProject(tmp_path / "django", database)
    django.manage("makemigrations", "shop")
    django.manage("migrate")
    baseline = keep_baseline(database, tmp_path / "made.json")
    written = "SELECT app, name FROM django_migrations ORDER BY app, name"
    rows = database.sql(written)
    database.sql("DROP TABLE django_migrations")

    stamp = ("--stamp", "heads", "--confirm", database.name)
    refused = bootstrap(database, "--directory", django.folder, *stamp)
    assert refused.returncode == 2
    assert "with a further --directory" in refused.stderr
    done = bootstrap(database, "--directory", django.folder, "--directory", django.contrib, *stamp)
    assert done.returncode == 0, done.stderr
    assert database.sql(written) == rows
    assert_same(baseline, database)
    assert "No migrations to apply" in django.manage("migrate")
    django.manage("migrate", "--check")
