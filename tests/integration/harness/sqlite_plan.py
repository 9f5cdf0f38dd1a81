# SPDX-License-Identifier: Apache-2.0
"""Runs a plan as its reader would: with the sqlite3 command line shell, stage by stage, twice, and back again."""

import json
import os
import sqlite3
import subprocess
from pathlib import Path

from . import drift_probe

STAGES = ("stage1", "stage2", "stage3")


def shell(path, script):
    """Exit code and what was said."""
    program = os.environ.get("MIGRATIOND_TEST_SQLITE3", "sqlite3")
    result = subprocess.run(
        [program, "-bail", str(path)], input=script.encode(), capture_output=True, timeout=120, check=False
    )
    return result.returncode, (result.stdout + result.stderr).decode(errors="replace")


def must(path, script):
    code, said = shell(path, script)
    assert code == 0, f"{said}\n{script}"
    return said


def make(path, script):
    Path(path).unlink(missing_ok=True)
    must(path, script)
    return f"sqlite:///{path}"


def declared(reference, path):
    """The baseline of a reference as a tool would have declared it: without the texts that the server keeps."""

    def strip(value):
        if isinstance(value, dict):
            return {key: strip(inner) for key, inner in value.items() if key != "source"}
        return [strip(inner) for inner in value] if isinstance(value, list) else value

    path.write_text(json.dumps(strip(json.loads(drift_probe.run("snapshot", reference)))))
    return path


def dump(path):
    """Every CREATE text and every row: what must not change when a script is run again."""
    with sqlite3.connect(path) as connection:
        connection.text_factory = bytes
        texts = connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
        rows = {}
        for kind, name, sql in texts:
            if kind == b"table" and sql and not sql.startswith(b"CREATE VIRTUAL"):
                quoted = name.decode().replace('"', '""')
                rows[name] = connection.execute(f'SELECT * FROM "{quoted}"').fetchall()
    connection.close()
    return texts, rows


def columns(path):
    """{table: [column]}, generated ones left out."""
    with sqlite3.connect(path) as connection:
        found = {}
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND rootpage > 0"
        ).fetchall():
            rows = connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", (name,))
            found[name] = [row[0] for row in rows.fetchall()]
    connection.close()
    return found


def values(path, wanted):
    """The rows of those columns, each table sorted, numbers and their texts alike: types may change."""
    with sqlite3.connect(path) as connection:
        result = {}
        for table, names in wanted.items():
            if not names:
                continue
            quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
            rows = connection.execute(f"SELECT {quoted} FROM \"{table.replace(chr(34), chr(34) * 2)}\"").fetchall()
            result[table] = sorted(tuple(plain(value) for value in row) for row in rows)
    connection.close()
    return result


def plain(value):
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text[:-2] if text.endswith(".0") else text


def common(one, other):
    return {
        table: [name for name in names if name in other[table]] for table, names in one.items() if table in other
    }


def check(folder, reference, live, whole=False, options=()):
    """Plans, runs, runs again, verifies, and undoes; returns the answer of the probe. `whole`: all stages at once."""
    before = drift_probe.steps(reference, live, *options)
    path = Path(live.removeprefix("sqlite:///"))
    assert not before["unsolved"], before["unsolved"]
    scripts = before["scripts"]
    names = ("all0",) if whole else STAGES
    had = columns(path)
    first = values(path, had)
    for name in names:
        must(path, scripts[name])
    after = drift_probe.diff(reference, live, *options)
    assert drift_probe.confirmed(after["items"]) == [], (after["items"], scripts["all0"])
    assert not broken_indexes(path), scripts["all0"]
    has = columns(path)
    kept = common(had, has)
    assert {t: r for t, r in values(path, kept).items()} == project(first, had, kept), scripts["all0"]
    check_again(path, scripts, names)
    said = must(path, scripts["verify"])
    rows = [line for line in said.splitlines() if "|" in line]  # the shell says what .dbconfig set, too
    assert all(line.endswith("|1") for line in rows), said + scripts["verify"]
    must(path, scripts["guard"])
    check_undo(path, reference, live, before, had, first, options)
    return before


def broken_indexes(path):
    """Not what else it says: 3.40 takes columns WITHOUT ROWID behind a generated one for NULL."""
    return [line for line in must(path, "PRAGMA integrity_check").splitlines() if "index" in line]


def check_again(path, scripts, names):
    before = dump(path)
    for name in names:
        must(path, scripts[name])
    assert dump(path) == before, scripts["all0"]


def check_undo(path, reference, live, before, had, first, options):
    undo = before["scripts"]["undo"]
    now = columns(path)
    must(path, undo)
    assert not broken_indexes(path), undo
    again = drift_probe.diff(reference, live, *options)
    assert drift_probe.short(again["items"]) == drift_probe.short(before["items"]), undo
    kept = common(common(had, now), columns(path))
    assert values(path, kept) == project(first, had, kept), undo
    state = dump(path)
    must(path, undo)
    assert dump(path) == state, undo


def project(rows, had, kept):
    result = {}
    for table, names in kept.items():
        if names:
            places = [had[table].index(name) for name in names]
            result[table] = sorted(tuple(row[place] for place in places) for row in rows[table])
    return result
