# SPDX-License-Identifier: Apache-2.0
"""
A plan on PostgreSQL from beginning to end, run by psql: stage by stage until nothing differs, once more without any
effect, verified, and taken back.
"""

from . import drift_probe
from .scripts import run_script

STAGES = ("stage1", "stage2", "stage3")

# What tells more than migrationd's own comparison: rows, and the types of the columns that they are in.
COLUMNS = """
SELECT format('%I.%I', n.nspname, c.relname), a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
ORDER BY 1, 2
"""


def read_columns(database):
    """{table: {column: type}}"""
    found = {}
    for table, column, kind in database.sql(COLUMNS):
        found.setdefault(table, {})[column] = kind
    return found


def read_rows(database, columns):
    """{table: {column: sorted values}}; each column by itself, so that what was dropped beside it does not matter."""
    return {table: read_table(database, table, list(names)) for table, names in columns.items() if names}


def read_table(database, table, names):
    quoted = ", ".join('"' + name.replace('"', '""') + '"::text' for name in names).replace("%", "%%")
    rows = database.sql(f"SELECT {quoted} FROM ONLY {table}")
    return {name: sorted((row[i] is not None, row[i] or "") for row in rows) for i, name in enumerate(names)}


def kept(one, other):
    """Columns of the same type on both sides."""
    return {
        table: {name: kind for name, kind in names.items() if other[table].get(name) == kind}
        for table, names in one.items()
        if table in other
    }


def project(rows, columns):
    return {table: {name: rows[table][name] for name in names} for table, names in columns.items() if names}


def whole(scripts):
    return "\n".join(scripts[name] for name in STAGES)


def verified(database, script):
    """What the verifying queries say, as (object, done)."""
    said = run_script(database, "\\pset format unaligned\n\\pset tuples_only on\n" + script).stdout
    return [line.rsplit("|", 1) for line in said.splitlines() if "|" in line]


def check(reference, live, before=None, options=(), undone=True):
    """`reference` may be a database or a baseline's path. Returns the probe's answer from before the plan ran."""
    aim = reference.url() if hasattr(reference, "url") else reference
    before = before or drift_probe.steps(aim, live.url(), *options)
    scripts = before["scripts"]
    assert not before["unsolved"], before["unsolved"]
    had = read_columns(live)
    rows = read_rows(live, had)
    run_script(live, whole(scripts))
    again = drift_probe.steps(aim, live.url(), *options)
    assert drift_probe.confirmed(again["items"]) == [], (again["items"], whole(scripts))
    has = read_columns(live)
    same = kept(had, has)
    now = read_rows(live, has)
    assert project(now, same) == project(rows, same), whole(scripts)
    run_script(live, whole(scripts))
    assert read_rows(live, read_columns(live)) == now, whole(scripts)
    run_script(live, scripts["guard"])
    said = verified(live, scripts["verify"])
    assert said and all(done == "t" for _, done in said), (said, scripts["verify"])
    if undone:
        check_undo(aim, live, before, had, rows, options)
    return before


def check_undo(aim, live, before, had, rows, options):
    undo = before["scripts"]["undo"]
    between = read_columns(live)
    run_script(live, undo)
    back = drift_probe.steps(aim, live.url(), *options)
    assert drift_probe.short(back["items"]) == drift_probe.short(before["items"]), undo
    same = kept(kept(had, between), read_columns(live))
    assert project(read_rows(live, same), same) == project(rows, same), undo
    run_script(live, undo)
    assert drift_probe.diff(aim, live.url(), *options)["items"] == back["items"], undo
