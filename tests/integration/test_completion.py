# SPDX-License-Identifier: Apache-2.0
"""The shells' completion: commands, each command's options, their values, files, and names that the daemon knows."""

import os
import subprocess

import pytest
from harness.completion import complete_in_bash, complete_in_fish, complete_in_zsh, shell
from harness.daemon import programs
from harness.manual import PROGRAMS, commands_of, manual_folder, options_of

SHELLS = [
    pytest.param(complete_in_bash, id="bash"),
    pytest.param(complete_in_fish, id="fish", marks=pytest.mark.skipif(not shell("fish"), reason="there is no fish")),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with two files and a folder, in which the shell stands."""
    (tmp_path / "orders.json").write_text("{}")
    (tmp_path / "with blank.sql").write_text("")
    (tmp_path / "migrations").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ("bash", "zsh", "fish"))
@pytest.mark.parametrize("program", PROGRAMS)
def test_syntax(name, program):
    if not shell(name):
        pytest.skip(f"there is no {name}")
    file = {"bash": program, "zsh": f"_{program}", "fish": f"{program}.fish"}[name]
    result = subprocess.run([name, "-n", manual_folder() / name / file], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0 and not result.stdout + result.stderr


@pytest.mark.parametrize("complete", SHELLS)
def test_commands(complete, folder):
    assert sorted(complete("migrationctl ")) == sorted(commands_of("migrationctl"))
    assert complete("migrationctl sta") == ["status"]
    assert complete("migrationctl -o json sta") == ["status"]
    assert complete("migrationctl --server http://127.0.0.1:1 sta") == ["status"]
    assert complete("migrationctl --server=http://127.0.0.1:1 sta") == ["status"]
    assert complete("migrationctl nothing-begins-so") == []


@pytest.mark.parametrize("complete", SHELLS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_options(complete, program):
    everything = {f"--{name}" for name in options_of(program)}
    offered = set(complete(f"{program} --"))
    assert offered <= everything and {"--help", "--version"} <= offered
    if program != "migrationctl":
        assert offered == everything


@pytest.mark.parametrize("complete", SHELLS)
def test_options_of_a_command(complete):
    assert complete("migrationctl plan --sta") == ["--stage"]
    assert complete("migrationctl -s x plan --sta") == ["--stage"]
    assert complete("migrationctl diff --sta") == []
    assert complete("migrationctl --sta") == []
    assert "--server" in complete("migrationctl status --")


def test_bash_knows_every_option_of_every_command():
    offered = {option for command in commands_of("migrationctl") for option in complete_in_bash(f"migrationctl {command} --")}
    assert offered == {f"--{name}" for name in options_of("migrationctl")}


@pytest.mark.parametrize("complete", SHELLS)
def test_values(complete):
    assert sorted(complete("migrationctl wait orders --match ")) == ["at-least", "contains", "exact"]
    assert complete("migrationctl plan --direction a") == ["adopt"]
    assert sorted(complete("migrationctl plan -o ")) == ["json", "sql", "text"]
    assert sorted(complete("migrationctl status --output ")) == ["json", "text"]
    assert complete("migrationd --log-level d") == ["debug"]
    assert complete("migration-wait --match c") == ["contains"]
    assert complete("migrationctl --timeout ") == []


def test_values_behind_an_equals_sign_in_bash():
    assert complete_in_bash("migrationctl plan --direction=a") == ["adopt"]
    assert sorted(complete_in_bash("migrationctl diff --output=")) == ["json", "markdown", "text"]


@pytest.mark.parametrize("complete", SHELLS)
def test_files(complete, folder):
    assert complete("migrationd --config ord") == ["orders.json"]
    assert complete("migration-wait --manifest ord") == ["orders.json"]
    assert "orders.json" in complete("migrationctl diff ord")
    assert [path.rstrip("/") for path in complete("migrationctl plan --directory mig")] == ["migrations"]
    assert [path.rstrip("/") for path in complete("migrationctl manifest ")] == ["migrations"]
    assert complete("migrationctl snapshot ord") == []


def test_files_behind_a_colon_in_bash(folder):
    assert complete_in_bash("migrationctl wait x --manifest orders:ord") == ["orders.json"]
    assert complete_in_bash("migrationctl diff sql:with") == ["with blank.sql"]
    assert complete_in_bash("migrationctl diff orders.json sql:with") == ["with blank.sql"]


@pytest.mark.parametrize("complete", SHELLS)
def test_another_command_behind_the_dashes(complete, folder):
    assert "sleep" in complete("migration-wait --gate x -- slee")
    assert "sleep" in complete("migrationctl wait orders -- slee")
    assert "orders.json" in complete("migration-wait --gate x -- cat ord")


@pytest.mark.parametrize("complete", SHELLS)
def test_databases_that_the_daemon_knows(complete, folder, daemon, sqlite):
    instance = daemon({"databases": {name: {"url": sqlite.url()} for name in ("orders_eu", "orders_us", "billing")}})
    environment = {**os.environ, "PATH": f"{programs()}:{os.environ['PATH']}", "MIGRATIOND_SERVER": "http://127.0.0.1:1"}
    server = f"http://127.0.0.1:{instance.port}"
    for line in (f"migrationctl -s {server} status ord", f"migrationctl --server={server} wait ord"):
        assert sorted(complete(line, env=environment)) == ["orders_eu", "orders_us"]
    assert complete("migrationctl status ord", env=environment) == []
    environment["MIGRATIOND_SERVER"] = server
    assert complete("migrationctl status bil", env=environment) == ["billing"]


@pytest.mark.parametrize("complete", SHELLS)
def test_names_are_not_commands(complete, folder):
    """What calls itself the daemon may answer anything; nothing of it is run."""
    fake = folder / "migrationctl"
    fake.write_text('#!/bin/sh\necho "DATABASE  STATE"\necho "\\$(touch${IFS}owned)  current"\necho "good  current"\n')
    fake.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    assert complete("migrationctl status go", env=environment) == ["good"]
    complete("migrationctl status ", env=environment)
    assert not (folder / "owned").exists()


@pytest.mark.skipif(not shell("zsh"), reason="there is no zsh")
def test_zsh(folder):
    settings = folder / "migrations"
    assert set(commands_of("migrationctl")) <= complete_in_zsh("migrationctl ", settings)
    assert "--stage" in complete_in_zsh("migrationctl plan --st", settings)
    assert "--stage" not in complete_in_zsh("migrationctl diff --st", settings)
    shown = complete_in_zsh("migrationctl plan -o ", settings)
    assert {"json", "sql", "text"} <= shown and "markdown" not in shown
    assert "orders.json" in complete_in_zsh("migrationd --config ord", settings)
    assert "contains" in complete_in_zsh("migration-wait --match cont", settings)
    assert "sleep" in complete_in_zsh("migration-wait -- slee", settings)
