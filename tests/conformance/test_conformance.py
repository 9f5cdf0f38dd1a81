# SPDX-License-Identifier: Apache-2.0
"""The scenarios: what a team does with a migration tool, and what migrationd then says next to what the tool says."""

import fcntl
import os
import struct
from pathlib import Path

import golden
from driver import Migration
from harness import Daemon, eventually

HELD_SECONDS = 60
LOOK_SECONDS = 20
HELD_POLLS = 10  # a migration that is over at once is not found written so often in a row
PENDING_BYTE = 0x40000000  # of SQLite's file format; the byte behind it is locked by whoever writes
WAL_WRITE_BYTE = 120


def makes_table(number):
    return Migration(number, f"make_t{number}", [f"CREATE TABLE t{number} (id integer PRIMARY KEY)"], [f"DROP TABLE t{number}"])


def fails(number):
    """A first statement that succeeds, so that what is left shows whether there was a transaction around both."""
    good = makes_table(number)
    return good._replace(up=[*good.up, "INSERT INTO no_such_table VALUES (1)"])


def waits(number, engine):
    """Does not end while a Hold lasts; on SQLite, where one writer excludes all others, it counts for minutes."""
    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 4000000000) SELECT n FROM c WHERE n < 0"
    last = f"INSERT INTO hold {endless}" if engine == "sqlite" else "INSERT INTO hold VALUES (1)"
    good = makes_table(number)
    return good._replace(up=[*good.up, last])


def is_written(path):
    """Whether a process holds SQLite's lock of writers, asked without taking it, which would stop the tool."""
    places = ((Path(path), PENDING_BYTE + 1), (Path(f"{path}-shm"), WAL_WRITE_BYTE))
    for file, byte in places:
        if not file.exists():
            continue
        with open(file, "rb+") as opened:
            asked = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
            found = struct.unpack("hhqqi", fcntl.fcntl(opened, fcntl.F_GETLK, asked))
            if found[0] != fcntl.F_UNLCK:
                return True
    return False


class Hold:
    """Has inserted the row that a migration that waits() wants to insert, and not committed."""

    def __init__(self, database):
        self.database = database
        database.sql("CREATE TABLE hold (id integer PRIMARY KEY)")
        self.connection = None
        self.seen = 0  # polls in a row that found the file locked

    def __enter__(self):
        if self.database.engine != "sqlite":
            self.connection = self.database.connect(autocommit=False)
            self.connection.cursor().execute("INSERT INTO hold VALUES (1)")
        return self

    def reached(self):
        """Whether the migration has come to where it waits."""
        if self.database.engine == "postgresql":
            waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'transactionid'"
            return bool(self.database.sql(waiting))
        if self.database.engine == "mariadb":
            busy = "SELECT 1 FROM information_schema.processlist WHERE db = %s AND info LIKE 'INSERT INTO hold%%'"
            return bool(self.database.sql(busy, (self.database.name,)))
        self.seen = self.seen + 1 if is_written(self.database.path) else 0
        return self.seen >= HELD_POLLS

    def release(self):
        if self.connection:
            self.connection.rollback()
            self.connection.close()
            self.connection = None

    def __exit__(self, *_):
        self.release()


def ask(project, state, **settings):
    """What a migrationd says that is started now; fails unless it comes to be `state`."""
    entry = {
        "url": project.database.url(),
        "journal_interval": "100ms",
        "interval": "1s",
        "dirty_grace": "1s",
        "expect": {"directory": str(project.directory)},
        **project.settings(),
        **settings,
    }
    with Daemon({"databases": {"app": entry}}) as daemon:
        return daemon.wait_state("app", state, timeout=LOOK_SECONDS)


def agree(project, answer, report):
    """migrationd's lists next to the tool's. What the tool would refuse to run is pending for some of them."""
    assert answer["tool"] in (project.tool, None)
    for name in ("applied", "pending", "failed", "mismatched"):
        theirs = getattr(report, name)
        if theirs is None:
            continue
        if name == "applied":
            assert answer["observed"]["applied_count"] == len(theirs), (answer, report)
            continue
        ours = answer[name] + (answer["out_of_order"] if name == "pending" else [])
        assert ours == theirs, (name, answer, report)
    if report.head is not None:
        assert answer["observed"]["heads"] == ([report.head] if report.head else []), (answer, report)


def judge(project, scenario, **settings):
    """The scenario's end: the expected state, and the tool's own words."""
    answer = ask(project, project.outcome(scenario, project.engine).state, **settings)
    agree(project, answer, project.report())
    return answer


def revisions(project, *numbers):
    return [project.revision(number) for number in numbers]


def write(project, *migrations):
    for migration in migrations:
        project.write(migration)


def fresh(project):
    write(project, makes_table(1), makes_table(2), makes_table(3))
    answer = ask(project, project.outcome("fresh", project.engine).state)
    assert not answer["observed"]
    report = project.report()
    assert report.pending in (None, revisions(project, 1, 2, 3))
    assert report.head in (None, "")


def applied(project):
    write(project, makes_table(1), makes_table(2), makes_table(3))
    project.up()
    answer = judge(project, "applied")
    assert answer["observed"]["heads"] == revisions(project, 3)


def pending(project):
    write(project, makes_table(1), makes_table(2))
    project.up()
    write(project, makes_table(3))
    answer = judge(project, "pending")
    assert answer["pending"] == revisions(project, 3)
    assert answer["observed"]["heads"] == revisions(project, 2)


def failing(project):
    write(project, makes_table(1))
    project.up()
    write(project, fails(2), makes_table(3))
    said = project.up(check=False)
    assert project.refused(said), said
    answer = judge(project, "failing")
    assert project.revision(3) in answer["pending"] or answer["state"] == "current"


def rolled_back(project):
    write(project, makes_table(1), makes_table(2), makes_table(3))
    project.up()
    if project.down_command():
        project.down()
    judge(project, "rolled_back")


def edited(project):
    write(project, makes_table(1), makes_table(2), makes_table(3))
    project.up()
    write(project, makes_table(2)._replace(up=["CREATE TABLE t2 (id bigint PRIMARY KEY)"]))
    answer = judge(project, "edited")
    assert answer["mismatched"] == (revisions(project, 2) if project.checksums else [])


def begin(project, hold):
    """One migration applied, one run and another under way in the same run."""
    write(project, makes_table(2), waits(3, project.engine))
    project.begin_up()
    eventually(lambda: hold.reached() or project.background.returncode is not None, HELD_SECONDS, "the migration waits")
    assert project.background.returncode is None, project.background.log()


def running(project):
    write(project, makes_table(1))
    project.up()
    with Hold(project.database) as hold:
        begin(project, hold)
        ask(project, project.outcome("running", project.engine).state, dirty_grace="10m")
        if project.engine == "sqlite":
            return
        hold.release()
        assert project.background.wait(HELD_SECONDS) == 0, project.background.log()
    answer = ask(project, "current")
    agree(project, answer, project.report())


def killed(project):
    write(project, makes_table(1))
    project.up()
    with Hold(project.database) as hold:
        begin(project, hold)
        project.kill()
    if project.engine != "sqlite":
        eventually(lambda: not project.database.backends(), HELD_SECONDS, "the server notices that the tool is gone")
    else:
        project.database.sql("SELECT count(*) FROM sqlite_master")  # a reader may not roll back what was left behind
    judge(project, "killed")


STEPS = {step.__name__: step for step in (fresh, applied, pending, failing, rolled_back, edited, running, killed)}


def test_conformance(project, scenario, request):
    STEPS[scenario](project)
    if request.config.getoption("--golden"):
        golden.keep(project, scenario)
