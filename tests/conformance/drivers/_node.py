# SPDX-License-Identifier: Apache-2.0
"""What the drivers of JavaScript's tools share: one installation of most of them, with the databases' clients."""

import contextlib
import json
import os
from pathlib import Path

import install
from driver import Driver

PACKAGES = (
    "knex@3.3.0",
    "sequelize@6.37.8",
    "sequelize-cli@6.6.5",
    "typeorm@1.1.1",
    "node-pg-migrate@9.0.0",
    "@mikro-orm/core@6.6.16",
    "@mikro-orm/cli@6.6.16",
    "@mikro-orm/migrations@6.6.16",
    "@mikro-orm/postgresql@6.6.16",
    "@mikro-orm/mariadb@6.6.16",
    "@mikro-orm/sqlite@6.6.16",
    "db-migrate@0.11.14",
    "db-migrate-pg@1.5.2",
    "db-migrate-mysql@3.0.0",
    "db-migrate-sqlite3@1.0.2",
    "graphile-migrate@1.4.1",
    "kysely@0.28.18",
    "pg@8.16.3",
    "mysql2@3.15.3",
    "sqlite3@5.1.7",
    "better-sqlite3@12.11.1",
)
HEADERS = "/usr"  # of Debian's Node.js, for the SQLite clients, which are compiled


@contextlib.contextmanager
def headers():
    """npm asks the network for Node's headers unless it is told where they are."""
    known = "npm_config_nodedir" in os.environ or not Path(HEADERS, "include/node").is_dir()
    if not known:
        os.environ["npm_config_nodedir"] = HEADERS
    try:
        yield
    finally:
        if not known:
            del os.environ["npm_config_nodedir"]


class NodeDriver(Driver):
    """A project that finds the tools in node_modules."""

    bundle = "javascript"
    packages = PACKAGES

    @classmethod
    def modules(cls):
        with headers():
            made = install.npm(cls.bundle, "--save-exact", "--legacy-peer-deps", *cls.packages)
        return made / "node_modules"

    @classmethod
    def install(cls):
        install.require("node", "nodejs")
        install.require("npm", "npm")
        cls.modules()

    def prepare(self):
        named = dict(package.rsplit("@", 1) for package in self.packages)  # MikroORM looks for itself in there
        (self.folder / "package.json").write_text(json.dumps({"private": True, "dependencies": named}, indent=2) + "\n")
        (self.folder / "node_modules").symlink_to(self.modules())

    def program(self, name):
        return str(self.folder / "node_modules" / ".bin" / name)

    def environment(self):
        return {"NO_COLOR": "1", "FORCE_COLOR": "0", "NODE_NO_WARNINGS": "1"}

    def lines(self, command):
        return self.run(command).stdout.splitlines()

    def write_javascript(self, name, text):
        (self.directory / name).write_text(text)

    def address(self, scheme):
        """The database's URL as most of the tools want it; SQLite's file by its path."""
        return str(self.database.path) if self.engine == "sqlite" else self.database.location(scheme)
