# SPDX-License-Identifier: Apache-2.0
"""
Random pairs of schemas: the plan makes one equal the other, does nothing when it is run again, and its undo brings every
item back. MIGRATIOND_TEST_SEED repeats a run, MIGRATIOND_TEST_PAIRS sets how many pairs.
"""

import os
import random
import time

import pytest

from harness.sqlite_plan import check, declared, make

pytestmark = pytest.mark.native  # most of the time is the shell's

TYPES = ("INT", "INTEGER", "TEXT", "VARCHAR(20)", "REAL", "BLOB", "NUMERIC(10,2)", "", "DATETIME", "BOOLEAN")
STRICT_TYPES = ("INT", "INTEGER", "TEXT", "REAL", "BLOB", "ANY")
DEFAULTS = (None, None, None, "0", "5", "-1.5", "'x'", "'it''s'", "NULL", "TRUE", "CURRENT_TIMESTAMP", "(1 + 2)")
COLLATIONS = (None, None, None, "NOCASE", "RTRIM")
CONFLICTS = ("", "", "", "", " ON CONFLICT REPLACE", " ON CONFLICT IGNORE", " ON CONFLICT FAIL")
ACTIONS = ("", "", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON UPDATE RESTRICT", " DEFERRABLE INITIALLY DEFERRED")
NAMES = ("a", "b", "c", "d", "e", "order", "we ird", 'q"q', "ünï")


def quote(name, random_=None):
    """Any of the spellings of a name."""
    if random_ and name.isalpha() and name.isascii() and name != "order" and random_.random() < 0.5:
        return name
    if random_ and '"' not in name and random_.random() < 0.3:
        return random_.choice((f"[{name}]", f"`{name}`"))
    return '"' + name.replace('"', '""') + '"'


class Column:
    def __init__(self, chance, name, strict):
        self.name = name
        self.type = chance.choice(STRICT_TYPES if strict else TYPES)
        self.default = chance.choice(DEFAULTS[:7] if not strict else DEFAULTS[:3])
        self.not_null = chance.random() < 0.2
        self.conflict = chance.choice(CONFLICTS)
        self.collation = chance.choice(COLLATIONS)
        self.generated = None
        if not strict and chance.random() < 0.4:
            self.default = chance.choice(DEFAULTS)

    def sql(self, chance):
        parts = [quote(self.name, chance), self.type]
        if self.collation:
            parts.append(f"COLLATE {self.collation}")
        if self.generated:
            parts.append(f"AS ({self.generated[0]}) {self.generated[1]}")
            return " ".join(parts)
        if self.not_null:
            parts.append("NOT NULL" + self.conflict)
        if self.default is not None:
            parts.append(f"DEFAULT {self.default}")
        chance.shuffle(tail := parts[2:])
        return " ".join(parts[:2] + tail)


class Table:
    def __init__(self, chance, name, others):
        self.name = name
        self.strict = chance.random() < 0.15
        names = chance.sample(NAMES, chance.randint(2, 6))
        self.columns = [Column(chance, column, self.strict) for column in names]
        self.key = None
        self.uniques = []
        self.checks = {}
        self.foreign = []
        self.without_rowid = False
        self.make_key(chance)
        for _ in range(chance.randint(0, 2)):
            self.add_constraint(chance, others)

    def make_key(self, chance):
        kind = chance.random()
        if kind < 0.4:
            self.columns[0].type = "INTEGER"
            self.columns[0].default = None
            self.key = ([self.columns[0].name], chance.random() < 0.4)
        elif kind < 0.7:
            self.key = (chance.sample([column.name for column in self.columns], chance.randint(1, 2)), False)
            self.without_rowid = chance.random() < 0.3
        for column in self.columns:
            if self.key and column.name in self.key[0]:
                column.not_null, column.conflict, column.collation = False, "", None

    def plain(self):
        """Columns that constraints may use."""
        return [column.name for column in self.columns if not column.generated]

    def add_constraint(self, chance, others):
        kind = chance.randrange(4)
        names = chance.sample(self.plain(), min(len(self.plain()), chance.randint(1, 2)))
        if kind == 0:
            self.uniques.append((names, chance.choice(CONFLICTS)))
        elif kind == 1:
            name = chance.choice((None, "chk_" + str(chance.randrange(3))))
            if name is None or name not in self.checks.values():
                self.checks[f"{quote(names[0], chance)} IS NULL OR {quote(names[0], chance)} <> {chance.randrange(99)}"] = name
        elif kind == 2 and others:
            other = chance.choice(others)
            self.foreign.append((names[0], other, chance.choice(ACTIONS)))
        elif kind == 3 and len(self.columns) < 8 and not self.strict:
            free = [name for name in NAMES if name not in [column.name for column in self.columns]]
            column = Column(chance, chance.choice(free), False)
            column.generated = (f"{quote(names[0])} || 'g'", chance.choice(("VIRTUAL", "STORED")))
            self.columns.append(column)

    def sql(self, chance):
        parts = [column.sql(chance) for column in self.columns]
        if self.key:
            names, increments = self.key
            inside = ", ".join(quote(name, chance) for name in names) + (" AUTOINCREMENT" if increments else "")
            parts.append(f"PRIMARY KEY ({inside})")
        parts += [f"UNIQUE ({', '.join(quote(n, chance) for n in names)}){end}" for names, end in self.uniques]
        parts += [(f"CONSTRAINT {name} " if name else "") + f"CHECK ({text})" for text, name in self.checks.items()]
        parts += [f"FOREIGN KEY ({quote(name, chance)}) REFERENCES {quote(other)}{end}" for name, other, end in self.foreign]
        options = ["STRICT"] * self.strict + ["WITHOUT ROWID"] * self.without_rowid
        return f"CREATE TABLE {quote(self.name, chance)} ({', '.join(parts)}) {', '.join(options)}"


class Schema:
    def __init__(self, chance):
        self.tables = {}
        for name in chance.sample(("t1", "t2", "t3", "the four"), chance.randint(1, 4)):
            self.tables[name] = Table(chance, name, list(self.tables))
        self.extras = {}
        for number in range(chance.randint(0, 5)):
            self.add_extra(chance, number)

    def add_extra(self, chance, number):
        table = chance.choice(list(self.tables.values()))
        number = f"{number}_{table.name[:2]}"
        columns = table.plain()
        one = quote(chance.choice(columns), chance)
        on = quote(table.name, chance)
        kind = chance.randrange(4)
        if kind == 0:
            unique = chance.choice(("", "", "UNIQUE "))
            end = chance.choice(("", " DESC", " COLLATE NOCASE"))
            where = chance.choice(("", "", f" WHERE {one} IS NOT NULL"))
            self.extras[f"ix{number}"] = f"CREATE {unique}INDEX ix{number} ON {on} ({one}{end}){where}"
        elif kind == 1:
            self.extras[f"ix{number}"] = f"CREATE INDEX ix{number} ON {on} (lower({one}), {quote(columns[0], chance)})"
        elif kind == 2:
            self.extras[f"v{number}"] = f"CREATE VIEW v{number} AS SELECT {one} AS x FROM {on} -- {chance.randrange(9)}"
        else:
            event = chance.choice(("INSERT", "DELETE", f"UPDATE OF {one}"))
            timing = chance.choice(("AFTER", "BEFORE"))
            self.extras[f"tr{number}"] = (
                f"CREATE TRIGGER tr{number} {timing} {event} ON {on} BEGIN SELECT {chance.randrange(3)}; END"
            )

    def script(self, chance):
        texts = [table.sql(chance) for table in self.tables.values()] + list(self.extras.values())
        return ";\n".join(texts) + ";\n"


def rows(chance, schema):
    """Rows as far as the constraints let them in."""
    texts = []
    for table in schema.tables.values():
        names = table.plain()
        for number in range(chance.randint(0, 3)):
            given = []
            for column in (column for column in table.columns if not column.generated):
                in_key = table.key and column.name in table.key[0]
                given.append("x'0" + str(number) + "'" if column.type == "BLOB" else str(1000 + 7 * number) if in_key or
                             column.type in ("INT", "INTEGER", "REAL") else f"'{chance.randrange(99)}.5'")
            texts.append(
                f"INSERT OR IGNORE INTO {quote(table.name)} ({', '.join(quote(n) for n in names)}) VALUES ({', '.join(given)});"
            )
    return "\n".join(texts)


def mutate(chance, schema):
    """A neighbour: most pairs that people have are neighbours."""
    for _ in range(chance.randint(1, 4)):
        table = chance.choice(list(schema.tables.values()))
        kind = chance.randrange(9)
        if kind == 0:
            free = [name for name in NAMES if name not in [column.name for column in table.columns]]
            if free:
                table.columns.insert(chance.randint(0, len(table.columns)), Column(chance, chance.choice(free), table.strict))
        elif kind == 1:
            drop_column(chance, schema, table)
        elif kind == 2:
            column = chance.choice([c for c in table.columns if not c.generated])
            if not (table.key and column.name in table.key[0]):
                fresh = Column(chance, column.name, table.strict)
                fresh.not_null = column.not_null
                table.columns[table.columns.index(column)] = fresh
        elif kind in (3, 4):
            table.add_constraint(chance, [name for name in schema.tables if name != table.name])
        elif kind == 5 and (table.uniques or table.foreign or table.checks):
            for things in (table.uniques, table.foreign):
                if things:
                    things.pop()
            table.checks.clear()
        elif kind == 6 and schema.extras:
            schema.extras.pop(chance.choice(list(schema.extras)))
        elif kind == 7:
            schema.add_extra(chance, 10 + chance.randrange(3))
        elif len(schema.tables) < 5:
            schema.tables["more"] = Table(chance, "more", [name for name in schema.tables if name != "more"])


def drop_column(chance, schema, table):
    used = set(table.key[0]) if table.key else set()
    text = " ".join(map(str, (table.uniques, table.checks, table.foreign, [c.generated for c in table.columns])))
    text = text.replace('""', '"')
    extras = " ".join(schema.extras.values())
    free = [c for c in table.columns if c.name not in used and c.name not in text and c.name not in extras]
    if free and len(table.columns) > 2:
        table.columns.remove(chance.choice(free))


def is_valid(path, script):
    try:
        return make(path, script)
    except AssertionError:
        return None


def pair(seed, folder):
    """Two schemas that SQLite accepts, and the script that makes the live one again, without rows."""
    for attempt in range(200):
        chance = random.Random(f"{seed}.{attempt}")
        one = Schema(chance)
        script = one.script(chance)
        data = rows(chance, one)
        if chance.random() < 0.8:
            mutate(chance, one)
            other = one
        else:
            other = Schema(chance)
            data = ""
        live = is_valid(folder / "live.db", script + data)
        reference = live and is_valid(folder / "reference.db", other.script(chance))
        if reference:
            return reference, live, script
    raise AssertionError(f"no valid pair for {seed}")


# Rows that the reference does not allow rightly stop a plan: then the same pair is tried without any.
MISFITS = ("constraint failed", "break a foreign key", "cannot store", "datatype mismatch")

FIRST_SEED = int(os.environ.get("MIGRATIOND_TEST_SEED", "0"))
PAIRS = int(os.environ.get("MIGRATIOND_TEST_PAIRS", "0"))


def run(tmp_path, first, count):
    for seed in range(first, first + count):
        print(f"seed {seed}")
        folder = tmp_path / str(seed)
        folder.mkdir()
        reference, live, script = pair(seed, folder)
        if seed % 3 == 0:
            reference = declared(reference, folder / "reference.json")
        try:
            check(folder, reference, live, whole=seed % 2 == 0)
        except AssertionError as error:
            if not any(text in str(error) for text in MISFITS):
                raise
            check(folder, reference, make(folder / "live.db", script), whole=seed % 2 == 0)
        for file in folder.iterdir():
            file.unlink()


def test_some_pairs(tmp_path):
    run(tmp_path, FIRST_SEED or 600, PAIRS or 30)  # always the same ones: a plain run must not depend on luck


@pytest.mark.full
def test_many_pairs(tmp_path):
    run(tmp_path, FIRST_SEED or int(time.time()) % 1000000, PAIRS or 1000)
