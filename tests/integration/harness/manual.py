# SPDX-License-Identifier: Apache-2.0
"""The manual pages and completions of the build under test, and what the programs' --help says of themselves."""

import re
import subprocess

from .daemon import REPOSITORY, programs

PAGES = ("migrationd.8", "migrationctl.1", "migration-wait.1", "migrationd.yaml.5")
PROGRAMS = {"migrationd": "migrationd.8", "migrationctl": "migrationctl.1", "migration-wait": "migration-wait.1"}


def manual_folder():
    return programs().parent / "daemon" / "manual"


def page_path(name):
    return manual_folder() / name


def hand_written_pages():
    return sorted((REPOSITORY / "systemd").glob("*.[1-9]"))


def plain(source):
    """The text of a page's source: without requests and fonts, its escapes resolved."""
    lines = []
    for line in source.splitlines():
        if line.startswith('.\\"'):
            continue
        if line.startswith("."):
            request, *words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
            # of alternating fonts the words stand side by side
            line = ("" if request in (".BR", ".BI", ".RI", ".IR", ".IB", ".RB") else " ").join(words)
        lines.append(line)
    text = "\n".join(lines)
    text = re.sub(r"\\f[A-Z]|\\&", "", text)
    text = re.sub(r"\\\[u([0-9A-F]{4})\]", lambda match: chr(int(match.group(1), 16)), text)
    for escape, character in (("\\-", "-"), ("\\(aq", "'"), ("\\(ga", "`"), ("\\(ha", "^"), ("\\(ti", "~"), ("\\e", "\\")):
        text = text.replace(escape, character)
    return text


def section_of(source, title):
    """The source of one section."""
    sections = re.split(r'^\.SH "?([^"\n]+)"?\n', source, flags=re.M)
    return dict(zip(sections[1::2], sections[2::2], strict=True))[title]


def entries_of(source):
    """The heads of a section's tagged paragraphs, as plain text."""
    return [plain(head) for head in re.findall(r"^\.TP\n(.*)$", source, flags=re.M)]


def help_of(program):
    result = subprocess.run([programs() / program, "--help"], capture_output=True, text=True, timeout=60, check=True)
    return result.stdout


def options_of(program):
    """{"config": "FILE", "help": ""}"""
    found = re.findall(r"^  (?:-\w,|   ) --([a-z-]+)(?: (\S+))?(?=  |$)", help_of(program), flags=re.M)
    return dict(found)


def commands_of(program):
    """The commands that --help lists: they stand between the first empty line and the options."""
    text = help_of(program).split("\n\n", 2)[1]
    return re.findall(r"^  ([a-z-]+)", text, flags=re.M)
