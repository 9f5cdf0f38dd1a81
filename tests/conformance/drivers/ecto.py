# SPDX-License-Identifier: Apache-2.0
"""Ecto, from Hex, with its adapter for PostgreSQL."""

import json
import os
import re

import install
from driver import Driver, Report
from harness.process import run

PROJECT = """\
defmodule Conformance.MixProject do
  use Mix.Project
  def project, do: [app: :conformance, version: "1.0.0", deps: [{:ecto_sql, "~> 3.11"}, {:postgrex, ">= 0.17.0"}]]
  def application, do: [extra_applications: [:logger]]
end
"""

REPOSITORY = """\
defmodule Conformance.Repo do
  use Ecto.Repo, otp_app: :conformance, adapter: Ecto.Adapters.Postgres
end
"""

SETTINGS = """\
import Config
config :conformance, ecto_repos: [Conformance.Repo]
config :conformance, Conformance.Repo, url: System.get_env("ECTO_URL")
"""

MIGRATION = """\
defmodule Conformance.Repo.Migrations.{name} do
  use Ecto.Migration

  def up do
{up}
  end

  def down do
{down}
  end
end
"""

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "MIX_ENV": "prod"}


def make(folder):
    for name, text in (("mix.exs", PROJECT), ("lib/repo.ex", REPOSITORY), ("config/config.exs", SETTINGS)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    environment = {**os.environ, **ENVIRONMENT}
    for task in (["local.hex", "--force"], ["local.rebar", "--force"], ["deps.get"], ["compile"]):
        run(["mix", *task], install.INSTALL_SECONDS, cwd=folder, env=environment)


class Ecto(Driver):
    tool = "ecto"
    engines = ("postgres",)  # on the others its lock cannot be seen, and its rows are the same

    @classmethod
    def install(cls):
        install.require("mix", "elixir erlang-dev")
        cls.program = install.installed("ecto", PROJECT, make)

    def environment(self):
        return {**ENVIRONMENT, "ECTO_URL": self.database.location("ecto")}

    def command(self, task, *words):
        return ["env", "--chdir", self.program, "mix", f"ecto.{task}", "--migrations-path", self.directory, *words]

    def revision(self, number):
        return f"{20240101000000 + number}"

    def write(self, migration):
        up, down = ("\n".join(f"    execute({json.dumps(text)})" for text in part) for part in (migration.up, migration.down))
        name = "".join(word.capitalize() for word in migration.name.split("_"))
        path = self.directory / f"{self.revision(migration.number)}_{migration.name}.exs"
        path.write_text(MIGRATION.format(name=name, up=up, down=down))

    def up_command(self):
        return self.command("migrate")

    def down_command(self):
        return self.command("rollback", "-n", "1")

    def report(self):
        rows = re.findall(r"^ +(up|down) +(\d{14}) ", self.run(self.command("migrations")).stdout, re.MULTILINE)
        applied = [version for state, version in rows if state == "up"]
        return Report(
            head=applied[-1] if applied else "",
            applied=applied,
            pending=[version for state, version in rows if state == "down"],
        )


DRIVER = Ecto
