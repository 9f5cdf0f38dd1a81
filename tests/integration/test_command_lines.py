# SPDX-License-Identifier: Apache-2.0
"""Mistakes on the command lines: one line that says what is wrong and where to read on, and the exit status of usage."""

import re
import subprocess

import pytest
from harness.daemon import programs, slowdown

MISTAKES = {
    "migrationd": [
        ("--confg x", "there is no option --confg (did you mean --config?) (see --help)"),
        ("-x", "there is no option -x (see --help)"),
        ("--config", "--config needs a value: FILE (see --help)"),
        ("--connect=yes", "--connect takes no value (see --help)"),
        ("--log-level loud", "--log-level is error, warning, notice, info or debug, not 'loud' (see --help)"),
        ("orders.yaml", "migrationd takes options only (see --help)"),
        ("--connect", "--connect goes with --check-config (see --help)"),
    ],
    "migrationctl": [
        ("stauts", "there is no command 'stauts' (did you mean 'status'?) (see --help)"),
        ("nothing-like-it", "there is no command 'nothing-like-it' (see --help)"),
        ("--s x", "--s may be --server or --supports (see --help)"),
        ("diff --stage 1 a b", "diff takes no --stage: that goes with plan (see --help)"),
        ("reload --ignore table:a", "reload takes no --ignore: that goes with diff, plan or compare (see --help)"),
        ("status -o sql", "the output of status is text or json, not sql (see --help)"),
        ("status a b", "usage: migrationctl status [DATABASE] (see --help)"),
        ("reload now", "usage: migrationctl reload (see --help)"),
        ("wait x --timeout 1x", "--timeout takes a duration such as 30s or 2m, not '1x' (see --help)"),
        ("manifest . --tool alembik", "no migration tool 'alembik' is known (did you mean 'alembic'?) (see journal --tools)"),
    ],
    "migration-wait": [
        ("", "--gate says which gate to wait for (see --help)"),
        ("--gaet x", "there is no option --gaet (did you mean --gate?) (see --help)"),
        ("--gate http://x/v1/gates/y ls", "a command stands behind -- (see --help)"),
        ("--gate http://x/v1/gates/y --instance 1", "--instance goes with --application (see --help)"),
    ],
}


def run(program, *arguments, environment=None):
    command = [programs() / program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30 * slowdown(), env=environment)


@pytest.mark.parametrize(
    ("program", "line", "message"),
    [(program, line, message) for program, cases in MISTAKES.items() for line, message in cases],
)
def test_mistake(program, line, message):
    result = run(program, *line.split())
    assert (result.returncode, result.stdout, result.stderr) == (2, "", f"{program}: {message}\n")


@pytest.mark.parametrize("program", MISTAKES)
def test_help_and_version(program):
    for option in ("--help", "-h"):
        result = run(program, option)
        assert result.returncode == 0 and not result.stderr
        assert result.stdout.startswith(f"Usage: {program} ") and "\nExit status:\n" in result.stdout
    for option in ("--version", "-V"):
        result = run(program, option)
        assert result.returncode == 0 and result.stdout.startswith(f"{program} ") and result.stdout.count("\n") == 1


def test_no_command_shows_help():
    result = run("migrationctl")
    assert result.returncode == 2 and result.stdout == run("migrationctl", "--help").stdout


@pytest.mark.parametrize("line", ("plan --help", "-h plan a b", "--server http://x plan --stage 1 -h"))
def test_help_of_one_command(line):
    result = run("migrationctl", *line.split())
    assert result.returncode == 0 and not result.stderr
    said = result.stdout
    assert said.startswith("Usage: migrationctl plan [OPTIONS] REFERENCE LIVE | DATABASE\nThe SQL that would end the drift")
    assert "--stage N" in said and "--server URL" in said and "--watch" not in said and "plan:" not in said
    assert "\nURL: " in said and said.endswith(
        "\nExit status:\n  0 nothing differs; 1 drift; 2 usage, trouble or unknown\n"
    )


def test_help_of_each_command():
    whole = run("migrationctl", "--help").stdout
    assert run("migrationctl", "--help", "nothing-like-it").stdout == whole
    commands = re.findall(r"^  ([a-z][a-z-]+) ", whole.split("\n\n")[1], re.MULTILINE)
    assert len(commands) > 10
    for command in commands:
        said = run("migrationctl", command, "--help").stdout
        assert said.startswith(f"Usage: migrationctl {command} [OPTIONS]") and "\nExit status:\n  0 " in said
        assert all(len(line) <= 100 for line in said.splitlines())


@pytest.mark.parametrize(
    ("server", "message"),
    [
        ("http://127.0.0.1:1", "the daemon at http://127.0.0.1:1: Connection refused (--server says where it is)"),
        ("unix:/nonexistent", "the daemon at unix:/nonexistent: No such file or directory (--server says where it is)"),
        ("http://me:secret@127.0.0.1:1", "the daemon at 127.0.0.1:1: Connection refused (--server says where it is)"),
        (
            "ftp://127.0.0.1",
            "'ftp://127.0.0.1' is no address of a daemon: http://HOST:PORT, https://HOST:PORT or unix:/path (see --server)",
        ),
    ],
)
@pytest.mark.parametrize("command", (["status"], ["status", "--watch"], ["reload"], ["probe"]), ids=" ".join)
def test_daemon_that_is_not_there(command, server, message):
    result = run("migrationctl", "--server", server, *command)
    assert (result.returncode, result.stdout, result.stderr) == (3, "", f"migrationctl: {message}\n")
