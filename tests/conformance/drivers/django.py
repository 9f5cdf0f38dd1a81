# SPDX-License-Identifier: Apache-2.0
"""Django, with one app of its own and none of Django's."""

import json
import re

import install
from driver import ANY, Driver, Outcome, Report

REQUIREMENTS = ("django==5.2.*", "psycopg2-binary", "mysqlclient")

MANAGE = """\
import json
import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line

settings.configure(
    INSTALLED_APPS=["shop"],
    DATABASES={"default": json.loads(os.environ["DJANGO_DATABASE"])},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
execute_from_command_line(sys.argv)
"""

MIGRATION = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [{dependencies}]

    operations = [
        migrations.RunSQL(
            sql={up!r},
            reverse_sql={down!r},
        ),
    ]
"""


class Django(Driver):
    tool = "django"
    exceptions = {("running", ANY): Outcome("pending", "no lock, and its row comes last")}

    @classmethod
    def install(cls):
        cls.python = install.pip("django", *REQUIREMENTS) / "bin" / "python"

    def prepare(self):
        (self.folder / "project" / "shop" / "migrations").mkdir(parents=True)
        (self.folder / "project" / "manage.py").write_text(MANAGE)
        for package in ("shop", "shop/migrations"):
            (self.folder / "project" / package / "__init__.py").write_text("")
        self.names = {}

    @property
    def directory(self):
        return self.folder / "project"

    def environment(self):
        if self.engine == "sqlite":
            settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(self.database.path)}
        else:
            server = self.database.server
            settings = {
                "ENGINE": f"django.db.backends.{'postgresql' if self.engine == 'postgres' else 'mysql'}",
                "HOST": server.host,
                "PORT": str(server.port),
                "USER": server.superuser,
                "PASSWORD": server.password,
                "NAME": self.database.name,
            }
        return {"DJANGO_DATABASE": json.dumps(settings), "PYTHONDONTWRITEBYTECODE": "1"}

    def command(self, *words):
        return [self.python, self.directory / "manage.py", *words]

    def revision(self, number):
        return f"shop.{number:04}_make_t{number}"

    def write(self, migration):
        name = f"{migration.number:04}_{migration.name}"
        before = self.names.get(migration.number - 1)
        self.names[migration.number] = name
        text = MIGRATION.format(
            dependencies=f'("shop", "{before}")' if before else "", up=migration.up, down=migration.down
        )
        (self.directory / "shop" / "migrations" / f"{name}.py").write_text(text)

    def up_command(self):
        return self.command("migrate", "--no-input")

    def down_command(self):
        return self.command("migrate", "--no-input", "shop", self.names[max(self.names) - 1])

    def report(self):
        rows = re.findall(r"^ \[(.)\] (\S+)", self.run(self.command("showmigrations", "shop")).stdout, re.MULTILINE)
        applied = [f"shop.{name}" for mark, name in rows if mark == "X"]
        return Report(
            head=applied[-1] if applied else "",
            applied=applied,
            pending=[f"shop.{name}" for mark, name in rows if mark == " "],
        )


DRIVER = Django
