# SPDX-License-Identifier: Apache-2.0
"""What a driver of a migration tool is."""

import os
import signal
from pathlib import Path
from typing import NamedTuple, Optional

import install  # noqa: F401  puts the harness on the path
from harness.process import Process, run

ANY = "*"


class Migration(NamedTuple):
    """One migration in SQL that every engine understands; a driver writes it as its tool wants it."""

    number: int  # from 1
    name: str  # "make_t1"
    up: list  # of statements, without their semicolons
    down: list


class Report(NamedTuple):
    """What the tool's own status says, in migrationd's spelling of revisions; None: it says nothing about that."""

    head: Optional[str] = None  # "" says: nothing is applied
    applied: Optional[list] = None
    pending: Optional[list] = None
    failed: Optional[list] = None
    mismatched: Optional[list] = None


class Outcome(NamedTuple):
    """How a scenario ends: migrationd's state; with a reason where the tool cannot show what the scenario is about."""

    state: str
    reason: str = ""


USUAL = {
    "fresh": "empty",
    "applied": "current",
    "pending": "pending",
    "failing": "pending",  # the failed migration left nothing in the journal
    "rolled_back": "pending",
    "edited": "diverged",
    "running": "running",
    "killed": "pending",
}


class Driver:
    """One tool's project in a folder, on a database of the harness (database.engine: "postgresql", "mariadb",
    "sqlite")."""

    tool = ""
    variant = ""  # of a tool that has several drivers; scripts/conformance knows each as <tool>-<variant>, too
    engines = ("postgres", "mariadb", "sqlite")
    checksums = False
    exceptions = {}  # (scenario, engine or ANY) -> Outcome
    program_seconds = 180

    def __init__(self, folder, database):
        self.folder = Path(folder)
        self.database = database
        self.background = None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        self.directory.mkdir(parents=True, exist_ok=True)

    # for the tool's driver to say

    @classmethod
    def install(cls):
        """Makes sure that the tool is there; called before each project, so cheap when it is."""

    def prepare(self):
        """Writes what a project has besides migrations."""

    @property
    def directory(self):
        """What `expect: {directory}` names."""
        return self.folder / "migrations"

    def revision(self, number):
        """Migration `number` as migrationd spells it."""
        raise NotImplementedError

    def recorded(self, number):
        """The same where only the journal knows it."""
        return self.revision(number)

    def write(self, migration):
        """Writes one migration's files, over what was there of it."""
        raise NotImplementedError

    def remove(self, number, files):
        """Takes a migration out of the project, which write() had made of these files."""
        for path in files:
            path.unlink()

    def up_command(self):
        """The command that applies everything."""
        raise NotImplementedError

    def down_command(self):
        """The command that takes the last migration back; None: the tool cannot."""
        return None

    def environment(self):
        """What the commands find in their environment besides ours."""
        return {}

    def report(self):
        """The tool's own status as a Report."""
        raise NotImplementedError

    def settings(self):
        """More keys of the database in migrationd's configuration."""
        return {}

    # what the scenarios use

    @classmethod
    def label(cls):
        return f"{cls.tool}-{cls.variant}" if cls.variant else cls.tool

    @classmethod
    def outcome(cls, scenario, engine):
        found = cls.exceptions.get((scenario, engine)) or cls.exceptions.get((scenario, ANY))
        if found:
            return found
        if scenario == "edited" and not cls.checksums:
            return Outcome("current", "the tool keeps no checksums")
        return Outcome(USUAL[scenario])

    @classmethod
    def reason(cls, scenario, engine):
        return cls.outcome(scenario, engine).reason

    @property
    def engine(self):
        """As the table of scenarios names it."""
        return "postgres" if self.database.engine == "postgresql" else self.database.engine

    def run(self, command, check=True):
        """One of the tool's commands, to its end."""
        environment = {**os.environ, **self.environment()}
        return run(command, self.program_seconds, check, cwd=self.folder, env=environment)

    def up(self, check=True):
        return self.run(self.up_command(), check)

    def refused(self, result):
        """Whether a finished command says that it did not succeed."""
        return result.returncode != 0

    def down(self):
        return self.run(self.down_command())

    def begin_up(self):
        """The same in the background; close() ends it."""
        self.background = Process(
            self.up_command(),
            self.folder / "background.log",
            cwd=self.folder,
            env={**os.environ, **self.environment()},
            start_new_session=True,
        )
        return self.background

    def kill(self):
        """Ends it as a crash would, with all that it started."""
        if self.background and self.background.returncode is None:
            os.killpg(self.background.pid, signal.SIGKILL)
            self.background.wait()

    def close(self):
        self.kill()
