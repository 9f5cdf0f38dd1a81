# SPDX-License-Identifier: Apache-2.0
"""The manual pages: without complaint from the formatters, and with all that the programs have and nothing else."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness import migrationd
from harness.daemon import REPOSITORY, programs
from harness.manual import (
    PAGES,
    PROGRAMS,
    commands_of,
    entries_of,
    hand_written_pages,
    help_of,
    manual_folder,
    options_of,
    page_path,
    plain,
    section_of,
)
from harness.tls import Authority

ALL_PAGES = [page_path(name) for name in PAGES] + hand_written_pages()
# of other programs
FOREIGN_OPTIONS = {"--now", "--from", "--template", "--state"}


def run(*command, **keywords):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, **keywords)


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize(
    "formatter",
    (("groff", "-man", "-Tutf8", "-ww", "-z"), ("mandoc", "-T", "lint"), ("man", "--warnings", "-E", "UTF-8", "-l")),
    ids=lambda command: command[0],
)
def test_formatters_do_not_complain(formatter, page):
    if formatter[0] != "groff" and not shutil.which(formatter[0]):
        pytest.skip(f"there is no {formatter[0]}")
    result = run(*formatter, page, env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
    complaints = result.stderr + (result.stdout if formatter[0] == "mandoc" else "")
    complaints = [line for line in complaints.splitlines() if "STYLE: input text line longer than 80 bytes" not in line]
    assert not complaints


@pytest.mark.parametrize("program", PROGRAMS)
def test_options_are_in_the_page(program):
    source = page_path(PROGRAMS[program]).read_text()
    listed = {}
    for entry in entries_of(section_of(source, "OPTIONS")):
        found = re.fullmatch(r"(?:-\w, )?--([a-z-]+)(?: (\S+))?", entry)
        assert found, entry
        listed[found.group(1)] = found.group(2) or ""
    assert listed == options_of(program)
    assert len(listed) > 5


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_no_page_mentions_an_option_that_there_is_not(page):
    known = {f"--{name}" for program in PROGRAMS for name in options_of(program)} | FOREIGN_OPTIONS
    mentioned = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", plain(page.read_text())))
    assert mentioned <= known


def test_commands_are_in_the_page():
    source = page_path("migrationctl.1").read_text()
    listed = [entry.split(" ")[0] for entry in entries_of(section_of(source, "COMMANDS"))]
    assert listed == commands_of("migrationctl")
    assert {"status", "wait", "diff"} <= set(listed)


def test_options_of_each_command_are_those_that_it_takes():
    """What a page says of a command's options is what --help says of each option's commands."""
    source = section_of(page_path("migrationctl.1").read_text(), "COMMANDS")
    text = " ".join(help_of("migrationctl").split())
    taken = {}
    for option in options_of("migrationctl"):
        listed = re.search(rf"--{option}(?: [^ a-z]\S*)? ((?:[a-z-]+, )*[a-z-]+): ", text)
        for command in listed.group(1).split(", ") if listed else ():
            taken.setdefault(command, set()).add(option)
    for paragraph in source.split(".TP\n")[1:]:
        command = plain(paragraph).split()[0]
        options = re.search(r"^Options:\n(.*?)\.$", plain(paragraph), flags=re.M | re.S)
        listed = set(re.findall(r"--([a-z-]+)", options.group(1))) if options else set()
        assert listed == taken.get(command, set()), command


def test_variables_of_options_are_in_the_page():
    for program, page in PROGRAMS.items():
        section = section_of(page_path(page).read_text(), "ENVIRONMENT")
        for variable in set(re.findall(r"\$(MIGRATION\w+)", help_of(program))):
            assert variable in section, (program, variable)


def test_keys_are_in_the_page():
    """Each key of the reference, with the default that it has there."""
    source = section_of(page_path("migrationd.yaml.5").read_text(), "KEYS")
    entries = entries_of(source)
    names = {entry.split(" ")[0] for entry in entries}
    reference = migrationd("--print-reference").stdout
    keys = set(re.findall(r"^[ #]*([a-z_]+):(?: |$)", re.sub(r"^ *# .*$", "", reference, flags=re.M), flags=re.M))
    assert keys - {"example"} <= names
    for name, value in re.findall(r"^ *([a-z_]+): (\S.*)$", reference, flags=re.M):
        if name not in ("url", "requires"):
            assert any(entry.startswith(f"{name} (") and f"default {value};" in entry for entry in entries), (name, value)
    for entry in entries:
        assert re.fullmatch(r"[a-z_]+ \(\S.*; (?:reload|restart)\)", entry), entry


def test_routes_are_in_the_page(daemon, sqlite):
    """Each is one that the daemon answers, with the parameters that it takes."""
    instance = daemon({"databases": {"app": {"url": sqlite.url()}}})
    entries = entries_of(section_of(page_path("migrationd.8").read_text(), "HTTP"))
    assert len(entries) > 15
    for entry in entries:
        methods, path, parameters = re.fullmatch(r"(GET|POST|GET, POST) (/[^?]*)(?:\?(.*=))?", entry).groups()
        path = re.sub(r"\{\w+\}", "app", path)
        answer = instance.get(f"{path}?no_such_parameter=1")
        assert answer.status == (400 if "GET" in methods else 405), entry
        if "GET" in methods:
            told = re.fullmatch(r"\S+ takes (?:only: (.*)|no parameters)", answer.json["detail"]).group(1) or ""
            assert [name.rstrip("=") for name in (parameters or "").split("&") if name] == told.split(), entry


def test_sections_that_keys_refer_to_are_there():
    source = page_path("migrationd.yaml.5").read_text()
    sections = {plain(title) for title in re.findall(r"^\.SS (.*)$", source, flags=re.M)}
    named = {plain(name) for name in re.findall(r"^(?:Keys: see|Also the keys of) \\fB(.*)\\fR\.$", source, flags=re.M)}
    assert named and named <= sections


def test_examples_are_valid(tmp_path):
    """The examples of configurations, as they stand."""
    authority = Authority(tmp_path)
    authority.issue("tls")
    for name in ("deploy", "admin"):
        token = tmp_path / f"{name}.token"
        token.write_text(f"{name}-0123456789abcdef\n")
        token.chmod(0o600)
    source = section_of(page_path("migrationd.yaml.5").read_text(), "EXAMPLES")
    examples = re.findall(r"^\.EX\n(.*?)^\.EE\n", source, flags=re.M | re.S)
    assert len(examples) > 3
    for example in examples:
        path = tmp_path / "example.yaml"
        path.write_text(plain(example))
        result = run(programs() / "migrationd", "--config", path, "--check-config")
        assert result.returncode == 0, result.stderr


def test_exit_statuses_are_in_the_page():
    """As --help has them, in the page's own form."""
    for program, page in PROGRAMS.items():
        source = section_of(page_path(page).read_text(), "EXIT STATUS")
        listed = [int(entry) for entry in entries_of(source)]
        text = help_of(program).split("Exit status:\n", 1)[1]
        told = re.findall(r"(?:^  |[;:] )(\d+) (?=\S)", text, flags=re.M)
        assert listed == [int(status) for status in told], program


def test_pages_name_each_other():
    known = {path.name.removesuffix(".in") for path in (REPOSITORY / "daemon" / "manual").glob("*.[158].in")}
    known |= {path.name for path in hand_written_pages()}
    for page in ALL_PAGES:
        for name, section in re.findall(r"(migration[\w.@-]*)\s?\((\d)\)", plain(page.read_text())):
            assert f"{name}.{section}" in known, (page.name, name)


def test_pages_are_the_same_each_time(tmp_path):
    """They bear the release's date, not the day's on which they were made."""
    for name in PAGES:
        program = next((program for program, page in PROGRAMS.items() if page == name), "migrationd")
        made = page_path(name).read_text()
        date = re.search(r'^\.TH \S+ \d "(\d{4}-\d\d-\d\d)"', made, flags=re.M).group(1)
        if "SOURCE_DATE_EPOCH" not in os.environ:
            assert f"– {date}\n" in (REPOSITORY / "CHANGELOG.md").read_text()
        again = tmp_path / name
        result = run(manual_folder() / "migrationd-manual", program, date, REPOSITORY / "daemon" / "manual" / f"{name}.in", again)
        assert result.returncode == 0, result.stderr
        assert again.read_text() == made


@pytest.mark.parametrize("arguments", ([], ["migrationd", "2026-11-21", "/nonexistent", "out"], ["nobody", "", "", ""]))
def test_generator_fails_without_leaving_anything(arguments, tmp_path):
    result = run(manual_folder() / "migrationd-manual", *arguments, cwd=tmp_path)
    assert result.returncode == 1 and result.stderr
    assert not list(tmp_path.iterdir())


def test_help_fits_100_columns():
    for program in PROGRAMS:
        for line in help_of(program).splitlines():
            assert len(line) <= 100, line


def test_what_is_installed(tmp_path):
    build = manual_folder().parents[1]
    result = run("cmake", "--install", build, env={**os.environ, "DESTDIR": str(tmp_path)})
    assert result.returncode == 0, result.stderr
    installed = {path.name: path for path in tmp_path.rglob("*") if path.is_file()}
    for name in PAGES:
        assert installed[name].parent.parts[-3:] == ("share", "man", f"man{name[-1]}")
    for program in PROGRAMS:
        for path in (
            Path("share/bash-completion/completions") / program,
            Path("share/fish/vendor_completions.d") / f"{program}.fish",
        ):
            assert list(tmp_path.rglob(str(path))), path
        assert installed[f"_{program}"].parent.name in ("site-functions", "vendor-completions")
    assert "migrationd-manual" not in installed
