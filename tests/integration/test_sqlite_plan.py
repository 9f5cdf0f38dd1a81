# SPDX-License-Identifier: Apache-2.0
"""
One change, its items; then the plan, run by the sqlite3 shell, ends them, run again does nothing, and its undo brings
them back. Each change is made on a populated schema, and planned in both directions.
"""

import os
import sqlite3

import pytest

from harness import drift_probe
from harness.cases import each_way
from harness.sqlite_plan import check, declared, dump, make, must, shell

SCHEMA = """
CREATE TABLE users(
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  name VARCHAR(80),
  age INT DEFAULT 5,
  note TEXT,
  CONSTRAINT age_positive CHECK (age > 0)
);
CREATE TABLE posts(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INT REFERENCES users(id) ON DELETE CASCADE,
  title TEXT NOT NULL DEFAULT '',
  body TEXT,
  size INT,
  words INT GENERATED ALWAYS AS (size * 2) VIRTUAL
);
CREATE TABLE tags(name TEXT PRIMARY KEY, weight REAL) WITHOUT ROWID;
CREATE TABLE post_tags(post_id INT, tag TEXT COLLATE NOCASE, place INT, UNIQUE (post_id, tag));
CREATE TABLE strict_one(a INT, b TEXT) STRICT;
CREATE TABLE log(at TEXT DEFAULT CURRENT_TIMESTAMP, what TEXT);
CREATE INDEX ix_posts_user ON posts(user_id);
CREATE INDEX ix_posts_title ON posts(title COLLATE NOCASE DESC, lower(body)) WHERE size IS NOT NULL;
CREATE UNIQUE INDEX ux_tags ON post_tags(post_id, place);
CREATE VIEW titles AS SELECT id, title FROM posts WHERE size > 0;
CREATE VIEW named(a, b) AS SELECT id, name FROM users;
CREATE TRIGGER posts_log AFTER INSERT ON posts BEGIN
  INSERT INTO log(what) VALUES ('post ' || new.id); -- keep it
END;
CREATE TRIGGER users_guard BEFORE UPDATE OF email ON users WHEN new.email = '' BEGIN
  SELECT raise(ABORT, 'no email');
END;
CREATE TRIGGER titles_insert INSTEAD OF INSERT ON titles BEGIN INSERT INTO posts(title) VALUES (new.title); END;
CREATE VIRTUAL TABLE search USING fts5(title, body);
"""

DATA = """
INSERT INTO users(id, email, name, note) VALUES (1, 'a@x', 'Ann', 'n1'), (2, 'b@x', 'Bob', NULL), (9, 'c@x', 'Cy', 'n9');
INSERT INTO posts(id, user_id, title, body, size) VALUES (1, 1, 't1', 'b1', 10), (5, 2, 't2', 'b2', NULL), (7, 2, 'x', 'y', 3);
DELETE FROM posts WHERE id = 7;
INSERT INTO tags(name, weight) VALUES ('a', 1), ('b', 2.5);
INSERT INTO post_tags(post_id, tag, place) VALUES (1, 'a', 1), (1, 'b', 2), (5, 'a', 1);
INSERT INTO strict_one(a, b) VALUES (1, 'x'), (2, NULL);
"""

MISSING, UNEXPECTED, CHANGED = "missing", "unexpected", "changed"

# name: what is made on the live schema; what it differs in: (kind, object, change, attribute). A pair of texts replaces
# the first by the second in the schema.
CASES = {
    "add_table": ("CREATE TABLE more(a INT, b TEXT); CREATE INDEX ix_more ON more(a)", [("table", "more", UNEXPECTED, "")]),
    "drop_table": ("DROP TABLE log", [("table", "log", MISSING, "")]),
    "drop_table_with_trigger": ("DROP TABLE users", [("table", "users", MISSING, "")]),
    "drop_table_without_rowid": ("DROP TABLE tags", [("table", "tags", MISSING, "")]),
    "drop_virtual_table": ("DROP TABLE search", [("table", "search", MISSING, "")]),
    "add_virtual_table": ("CREATE VIRTUAL TABLE more USING fts5(x)", [("table", "more", UNEXPECTED, "")]),
    "change_virtual_table": (("fts5(title, body)", "fts5(title)"), [("table", "search", CHANGED, "definition")]),
    "strict": (("(a INT, b TEXT) STRICT", "(a INT, b TEXT)"), [("table", "strict_one", CHANGED, "strict")]),
    "without_rowid": (
        ("tags(name TEXT PRIMARY KEY, weight REAL) WITHOUT ROWID", "tags(name TEXT NOT NULL PRIMARY KEY, weight REAL)"),
        [("table", "tags", CHANGED, "without_rowid")],
    ),
    "add_column": ("ALTER TABLE users ADD COLUMN phone TEXT", [("column", "users.phone", UNEXPECTED, "")]),
    "add_column_default": (
        "ALTER TABLE users ADD COLUMN level INT NOT NULL DEFAULT 3",
        [("column", "users.level", UNEXPECTED, "")],
    ),
    "add_column_check": (
        "ALTER TABLE users ADD COLUMN level INT CHECK (level < 9)",
        [("column", "users.level", UNEXPECTED, "")],
    ),
    "add_column_reference": (
        "ALTER TABLE log ADD COLUMN user_id INT REFERENCES users(id) ON DELETE SET NULL",
        [("column", "log.user_id", UNEXPECTED, "")],
    ),
    "add_column_generated": (
        "ALTER TABLE users ADD COLUMN twice INT AS (age * 2)",
        [("column", "users.twice", UNEXPECTED, "")],
    ),
    "add_column_collated": (
        "ALTER TABLE users ADD COLUMN nick TEXT COLLATE NOCASE DEFAULT 'x y'",
        [("column", "users.nick", UNEXPECTED, "")],
    ),
    "add_stored_column": (
        ("  size INT,\n", "  size INT,\n  half INT AS (size / 2) STORED,\n"),
        [("column", "posts.half", UNEXPECTED, "")],
    ),
    "add_unique_column": (
        ("  note TEXT,\n", "  note TEXT,\n  code TEXT UNIQUE,\n"),
        [("column", "users.code", UNEXPECTED, "")],
    ),
    "add_required_column": (
        ("CREATE TABLE strict_one(a INT,", "CREATE TABLE strict_one(c INT NOT NULL, a INT,", "(a, b) VALUES (1, 'x'), (2, NULL)",
         "(a, b, c) VALUES (1, 'x', 8), (2, NULL, 9)"),
        [("column", "strict_one.c", UNEXPECTED, "")],
    ),
    "add_column_with_time": (
        ("  note TEXT,\n", "  note TEXT,\n  made TEXT DEFAULT CURRENT_TIMESTAMP,\n"),
        [("column", "users.made", UNEXPECTED, "")],
    ),
    "add_column_with_index": (
        "ALTER TABLE users ADD COLUMN phone TEXT; CREATE INDEX ix_phone ON users(phone)",
        [("column", "users.phone", UNEXPECTED, "")],
    ),
    "drop_column": ("ALTER TABLE users DROP COLUMN note", [("column", "users.note", MISSING, "")]),
    "drop_last_column": ("ALTER TABLE post_tags ADD COLUMN z INT", [("column", "post_tags.z", UNEXPECTED, "")]),
    "drop_indexed_column": (
        "DROP INDEX ix_posts_user; DROP TRIGGER posts_log; ALTER TABLE posts DROP COLUMN words",
        [
            ("column", "posts.words", MISSING, ""),
            ("index", "posts.ix_posts_user", MISSING, ""),
            ("trigger", "posts.posts_log", MISSING, ""),
        ],
    ),
    "drop_key_column": (
        (" place INT, UNIQUE (post_id, tag)", " place INT, half INT, UNIQUE (post_id, half)"),
        [
            ("column", "post_tags.half", UNEXPECTED, ""),
            ("unique", "post_tags.unique(post_id,tag)", MISSING, ""),
        ],
    ),
    "type": (("name VARCHAR(80)", "name VARCHAR(90)"), [("column", "users.name", CHANGED, "type")]),
    "type_affinity": (("body TEXT,\n", "body BLOB,\n"), [("column", "posts.body", CHANGED, "type")]),
    "type_integer_key": (
        ("id INTEGER PRIMARY KEY,", "id INT NOT NULL PRIMARY KEY,"),
        [("column", "users.id", CHANGED, "type")],
    ),
    "type_none": (("  note TEXT,", "  note,"), [("column", "users.note", CHANGED, "type")]),
    "not_null": (("name VARCHAR(80)", "name VARCHAR(80) NOT NULL"), [("column", "users.name", CHANGED, "nullable")]),
    "not_null_conflict": (
        ("email TEXT NOT NULL UNIQUE", "email TEXT NOT NULL ON CONFLICT IGNORE UNIQUE"),
        [("column", "users.email", CHANGED, "nullable")],
    ),
    "default": (("age INT DEFAULT 5", "age INT DEFAULT 6"), [("column", "users.age", CHANGED, "default")]),
    "drop_default": (("age INT DEFAULT 5", "age INT"), [("column", "users.age", CHANGED, "default")]),
    "default_expression": (
        ("age INT DEFAULT 5", "age INT DEFAULT (1 + 2)"),
        [("column", "users.age", CHANGED, "default")],
    ),
    "default_text": (
        ("title TEXT NOT NULL DEFAULT ''", "title TEXT NOT NULL DEFAULT 'it''s; --'"),
        [("column", "posts.title", CHANGED, "default")],
    ),
    "collation": (("  note TEXT,", "  note TEXT COLLATE RTRIM,"), [("column", "users.note", CHANGED, "collation")]),
    "auto_increment": (
        ("INTEGER PRIMARY KEY AUTOINCREMENT", "INTEGER PRIMARY KEY"),
        [("column", "posts.id", CHANGED, "auto_increment")],
    ),
    "generated_expression": (("(size * 2)", "(size * 3)"), [("column", "posts.words", CHANGED, "generated")]),
    "generated_stored": (
        ("AS (size * 2) VIRTUAL", "AS (size * 2) STORED"),
        [("column", "posts.words", CHANGED, "generated")],
    ),
    "generated_plain": (
        ("words INT GENERATED ALWAYS AS (size * 2) VIRTUAL", "words INT"),
        [("column", "posts.words", CHANGED, "generated")],
    ),
    "add_check": (
        ("CHECK (age > 0)", "CHECK (age > 0), CHECK (name <> '')"),
        [("check", "users.check(name <> '')", UNEXPECTED, "")],
    ),
    "drop_check": ((",\n  CONSTRAINT age_positive CHECK (age > 0)", ""), [("check", "users.age_positive", MISSING, "")]),
    "change_check": (("CHECK (age > 0)", "CHECK (age > 1)"), [("check", "users.age_positive", CHANGED, "expression")]),
    "add_unique": (
        ("CHECK (age > 0)", "CHECK (age > 0), CONSTRAINT two UNIQUE (name, note)"),
        [("unique", "users.two", UNEXPECTED, "")],
    ),
    "drop_unique": ((", UNIQUE (post_id, tag)", ""), [("unique", "post_tags.unique(post_id,tag)", MISSING, "")]),
    "unique_conflict": (
        ("UNIQUE (post_id, tag)", "UNIQUE (post_id, tag) ON CONFLICT REPLACE"),
        [("unique", "post_tags.unique(post_id,tag)", CHANGED, "on_conflict")],
    ),
    "unique_collation": (
        ("UNIQUE (post_id, tag)", "UNIQUE (post_id, tag COLLATE BINARY)"),
        [("unique", "post_tags.unique(post_id,tag)", CHANGED, "columns")],
    ),
    "unique_becomes_index": (
        (
            ", UNIQUE (post_id, tag));",
            ");\nCREATE UNIQUE INDEX ux_two ON post_tags(post_id, tag);",
        ),
        [("index", None, CHANGED, "constraint")],
    ),
    "drop_foreign_key": (
        ("user_id INT REFERENCES users(id) ON DELETE CASCADE", "user_id INT"),
        [("foreign_key", "posts.fk(user_id)", MISSING, "")],
    ),
    "add_foreign_key": (
        ("post_id INT,", "post_id INT REFERENCES posts(id),"),
        [("foreign_key", "post_tags.fk(post_id)", UNEXPECTED, "")],
    ),
    "foreign_key_delete": (
        ("ON DELETE CASCADE", "ON DELETE SET NULL"),
        [("foreign_key", "posts.fk(user_id)", CHANGED, "on_delete")],
    ),
    "foreign_key_update": (
        ("ON DELETE CASCADE", "ON DELETE CASCADE ON UPDATE RESTRICT"),
        [("foreign_key", "posts.fk(user_id)", CHANGED, "on_update")],
    ),
    "foreign_key_target": (
        ("REFERENCES users(id) ON DELETE CASCADE", "REFERENCES users(email) ON DELETE CASCADE"),
        [("foreign_key", "posts.fk(user_id)", CHANGED, "references")],
    ),
    "foreign_key_deferred": (
        ("ON DELETE CASCADE", "ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED"),
        [("foreign_key", "posts.fk(user_id)", CHANGED, "deferrable")],
    ),
    "check_name": (("CONSTRAINT age_positive", "CONSTRAINT age_ok"), [("check", None, CHANGED, "name")]),
    "column_case": (
        "ALTER TABLE users RENAME COLUMN note TO Note",
        [("column", None, CHANGED, "name")],
    ),
    "rename_column": (
        "ALTER TABLE users RENAME COLUMN note TO memo",
        [("column", "users.note", MISSING, ""), ("column", "users.memo", UNEXPECTED, "")],
    ),
    "rename_table": ("ALTER TABLE log RENAME TO logs", [("table", "log", MISSING, ""), ("table", "logs", UNEXPECTED, ""), ("trigger", "posts.posts_log", CHANGED, "definition")]),
    "add_primary_key": (
        ("CREATE TABLE log(at TEXT DEFAULT CURRENT_TIMESTAMP, what TEXT)",
         "CREATE TABLE log(at TEXT DEFAULT CURRENT_TIMESTAMP, what TEXT, PRIMARY KEY (at, what))"),
        [("primary_key", "log.primary key", UNEXPECTED, "")],
    ),
    "change_primary_key": (
        ("CREATE TABLE tags(name TEXT PRIMARY KEY, weight REAL) WITHOUT ROWID",
         "CREATE TABLE tags(name TEXT NOT NULL, weight REAL NOT NULL, PRIMARY KEY (name, weight)) WITHOUT ROWID"),
        [("primary_key", "tags.primary key", CHANGED, "columns")],
    ),
    "primary_key_conflict": (
        ("name TEXT PRIMARY KEY,", "name TEXT PRIMARY KEY ON CONFLICT REPLACE,"),
        [("primary_key", "tags.primary key", CHANGED, "on_conflict")],
    ),
    "add_index": ("CREATE INDEX ix_more ON users(name, age DESC)", [("index", "users.ix_more", UNEXPECTED, "")]),
    "add_unique_index": ("CREATE UNIQUE INDEX ux_more ON users(name)", [("index", "users.ux_more", UNEXPECTED, "")]),
    "drop_index": ("DROP INDEX ix_posts_user", [("index", "posts.ix_posts_user", MISSING, "")]),
    "index_columns": (("ON posts(user_id)", "ON posts(user_id, size)"), [("index", "posts.ix_posts_user", CHANGED, "columns")]),
    "index_order": (("ON posts(user_id)", "ON posts(user_id DESC)"), [("index", "posts.ix_posts_user", CHANGED, "order")]),
    "index_unique": (("CREATE UNIQUE INDEX ux_tags", "CREATE INDEX ux_tags"), [("index", "post_tags.ux_tags", CHANGED, "unique")]),
    "index_collation": (("(title COLLATE NOCASE DESC", "(title DESC"), [("index", "posts.ix_posts_title", CHANGED, "collation")]),
    "index_expression": (("lower(body)", "upper(body)"), [("index", "posts.ix_posts_title", CHANGED, "expression")]),
    "index_predicate": (("WHERE size IS NOT NULL", "WHERE size > 3"), [("index", "posts.ix_posts_title", CHANGED, "predicate")]),
    "move_index": (
        "DROP INDEX ix_posts_user; CREATE INDEX ix_posts_user ON users(age)",
        [("index", "posts.ix_posts_user", MISSING, ""), ("index", "users.ix_posts_user", UNEXPECTED, "")],
    ),
    "add_view": ("CREATE VIEW more AS SELECT * FROM users", [("view", "more", UNEXPECTED, "")]),
    "drop_view": ("DROP VIEW named", [("view", "named", MISSING, "")]),
    "drop_view_with_trigger": ("DROP VIEW titles", [("view", "titles", MISSING, "")]),
    "change_view": (("WHERE size > 0;", "WHERE size > 1;"), [("view", "titles", CHANGED, "definition")]),
    "view_columns": (("named(a, b)", "named(a, c)"), [("view", "named", CHANGED, "definition")]),
    "view_becomes_table": (
        "DROP VIEW named; CREATE TABLE named(a INT, b TEXT)",
        [("view", "named", MISSING, ""), ("table", "named", UNEXPECTED, "")],
    ),
    "add_trigger": (
        "CREATE TRIGGER more AFTER DELETE ON users BEGIN SELECT 1; END",
        [("trigger", "users.more", UNEXPECTED, "")],
    ),
    "drop_trigger": ("DROP TRIGGER posts_log", [("trigger", "posts.posts_log", MISSING, "")]),
    "trigger_body": (("'post ' ||", "'Post ' ||"), [("trigger", "posts.posts_log", CHANGED, "definition")]),
    "trigger_events": (("UPDATE OF email", "UPDATE OF email, name"), [("trigger", "users.users_guard", CHANGED, "events")]),
    "trigger_timing": (("posts_log AFTER", "posts_log BEFORE"), [("trigger", "posts.posts_log", CHANGED, "timing")]),
    "trigger_condition": (("new.email = ''", "new.email = ' '"), [("trigger", "users.users_guard", CHANGED, "condition")]),
    "trigger_of_view": (("VALUES (new.title);", "VALUES (new.title || '');"), [("trigger", "titles.titles_insert", CHANGED, "definition")]),
    "several": (
        (
            "log(at TEXT DEFAULT CURRENT_TIMESTAMP, what TEXT)",
            "log(what TEXT CHECK (what <> 'q'), made TEXT NOT NULL DEFAULT 'm', UNIQUE (what, made))",
        ),
        [
            ("column", "log.at", MISSING, ""),
            ("column", "log.made", UNEXPECTED, ""),
            ("check", "log.check(what <> 'q')", UNEXPECTED, ""),
        ],
    ),
}

# Rows of the one side would break what the other one asks of them.
WITHOUT_ROWS = {"foreign_key_target"}

OTHER = {MISSING: UNEXPECTED, UNEXPECTED: MISSING, CHANGED: CHANGED}


def build(tmp_path, name, change=None, data=DATA):
    script = SCHEMA + data
    if isinstance(change, tuple):
        assert change[0] in SCHEMA, change[0]
        script = SCHEMA.replace(change[0], change[1], 1) + (data.replace(*change[2:]) if change[2:] else data)
    url = make(tmp_path / f"{name}.db", script)
    if isinstance(change, str):
        must(tmp_path / f"{name}.db", change)
    return url


def expected(items, other):
    return sorted(
        (kind, path or "", OTHER[change] if other else change, attribute) for kind, path, change, attribute in items
    )


@pytest.mark.parametrize("case, side", each_way(CASES, ("live", "reference")))
def test_one_change(tmp_path, case, side):
    """`side` is the one that was changed."""
    change, items = CASES[case]
    reverse = side == "reference"
    data = "" if case in WITHOUT_ROWS else DATA
    plain = build(tmp_path, "plain", data=data)
    changed = build(tmp_path, "changed", change, data=data)
    reference, live = (changed, plain) if reverse else (plain, changed)
    found = drift_probe.short(drift_probe.diff(reference, live)["items"])
    assert found == expected(items, reverse) or (items[0][1] is None and len(found) == 1), found
    check(tmp_path, reference, live, whole=reverse)


def test_a_schema_equals_itself(tmp_path):
    answer = drift_probe.steps(build(tmp_path, "a"), build(tmp_path, "b"))
    assert answer["items"] == [] and answer["equal"] and answer["statements"] == []


# What says the same: another layout, ALTER TABLE's rewriting, quotes.
SAME = {
    "layout": ("CREATE TABLE post_tags(post_id INT, tag TEXT COLLATE NOCASE,", "create table [post_tags] ( `post_id` int ,\n-- c\n tag text collate nocase ,"),
    "default": ("age INT DEFAULT 5", "age INT DEFAULT (5)"),
    "check": ("CHECK (age > 0)", "CHECK ((\"age\">0))"),
    "key_apart": (
        "post_id INT, tag TEXT COLLATE NOCASE, place INT, UNIQUE (post_id, tag)",
        "post_id INT, tag TEXT COLLATE NOCASE, place INT NULL, UNIQUE (POST_ID ASC, tag COLLATE nocase)",
    ),
    "view": ("CREATE VIEW titles AS SELECT id, title FROM posts WHERE size > 0", "create view titles as\nselect id,title from [posts] where size>0"),
    "trigger": ("posts_log AFTER INSERT ON posts BEGIN", "\"posts_log\" after insert on \"posts\" for each row begin /* c */"),
}


@pytest.mark.parametrize("case", SAME)
def test_spelling_is_no_difference(tmp_path, case):
    answer = drift_probe.diff(build(tmp_path, "a"), build(tmp_path, "b", SAME[case]))
    assert answer["items"] == [] and answer["equal"]


def test_renaming_away_and_back_is_no_difference(tmp_path):
    reference = build(tmp_path, "a")
    live = build(
        tmp_path,
        "b",
        "ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME TO users;"
        "ALTER TABLE posts RENAME COLUMN size TO bytes; ALTER TABLE posts RENAME COLUMN bytes TO size;"
        "ALTER TABLE users ADD COLUMN gone INT; ALTER TABLE users DROP COLUMN gone; VACUUM",
    )
    answer = drift_probe.diff(reference, live)
    assert answer["items"] == [] and answer["equal"]


@pytest.mark.parametrize("reverse", (False, True))
def test_texts_in_double_quotes_where_the_shell_takes_none(tmp_path, monkeypatch, reverse):
    """Since 3.41 it takes a name that is no column's for an error, as any shell does when told so."""
    texts = 'CREATE TABLE t(a TEXT CHECK (a <> "x"), b INT);CREATE INDEX ix ON t("y", lower("z"));CREATE TABLE o(a INT);'
    more = texts.replace("b INT", "b TEXT").replace("o(a INT", "o(a TEXT") + 'CREATE INDEX iy ON t(a) WHERE a <> "x";'
    urls = []
    for name, script in (("a", texts), ("b", more)):
        with sqlite3.connect(tmp_path / f"{name}.db") as connection:
            connection.executescript(script)
        connection.close()
        urls.append(f"sqlite:///{tmp_path}/{name}.db")
    strict = tmp_path / "strict"
    program = os.environ.get("MIGRATIOND_TEST_SQLITE3", "sqlite3")
    off = " ".join(f"-cmd '.dbconfig {name} off'" for name in ("dqs_ddl", "dqs_dml"))
    strict.write_text(f'#!/bin/sh\nexec {program} {off} "$@"\n')
    strict.chmod(0o755)
    monkeypatch.setenv("MIGRATIOND_TEST_SQLITE3", str(strict))
    check(tmp_path, *(reversed(urls) if reverse else urls))


@pytest.mark.parametrize("reverse", (False, True))
@pytest.mark.parametrize("index", ('"b"', 'a) WHERE ("b" IS NOT NULL', 'lower("b")'))
def test_a_text_in_an_index_becomes_a_column(tmp_path, index, reverse):
    """The text stays as it is, and means something else: what the index holds must follow."""
    rest = f"INSERT INTO t(a) VALUES (1), (2);CREATE INDEX ix ON t({index});"
    column = make(tmp_path / "a.db", "CREATE TABLE t(a INT, b INT);" + rest)
    text = make(tmp_path / "b.db", "CREATE TABLE t(a INT);" + rest)
    check(tmp_path, *((text, column) if reverse else (column, text)))


def test_texts_in_double_quotes_are_no_difference(tmp_path):
    """SQLite takes "a" for a text where no column is called so, and DROP COLUMN writes it as one everywhere."""
    script = """CREATE TABLE t(a TEXT DEFAULT "new" CHECK (a IN ("new", "old", "a")), b INT, c TEXT AS (a || "-") VIRTUAL);
                CREATE INDEX ix ON t(a || "x") WHERE a <> "old";"""
    reference = make(tmp_path / "a.db", script)
    live = make(tmp_path / "b.db", script + "CREATE TABLE u(a, b); ALTER TABLE u DROP COLUMN b; DROP TABLE u;")
    other = make(tmp_path / "c.db", script.replace('"new"', "'new'").replace('"old"', "'old'"))
    for url in (live, other):
        answer = drift_probe.diff(reference, url)
        assert answer["items"] == [] and answer["equal"]
    changed = make(tmp_path / "d.db", script.replace('("new", "old", "a")', '("new", "old")'))
    check(tmp_path, reference, changed)


def test_dump_and_restore_is_no_difference(tmp_path):
    reference = build(tmp_path, "a")
    dumped = must(tmp_path / "a.db", ".dump")
    live = make(tmp_path / "b.db", dumped)
    answer = drift_probe.diff(reference, live)
    assert answer["items"] == [] and answer["equal"]


# What happens between reading and running; which script must then refuse.
MEANWHILE = {
    "table_changed": "ALTER TABLE users ADD COLUMN meanwhile INT",
    "index_added": "CREATE INDEX ix_meanwhile ON users(name)",
    "trigger_dropped": "DROP TRIGGER users_guard",
    "trigger_changed": "DROP TRIGGER users_guard; CREATE TRIGGER users_guard AFTER INSERT ON users BEGIN SELECT 2; END",
    "table_gone": "DROP TABLE users",
}


@pytest.mark.parametrize("case", MEANWHILE)
def test_the_guard_stops_a_stale_plan(tmp_path, case):
    reference = build(tmp_path, "a", ("name VARCHAR(80)", "name VARCHAR(90)"))
    live = build(tmp_path, "b")
    scripts = drift_probe.steps(reference, live)["scripts"]
    path = tmp_path / "b.db"
    must(path, MEANWHILE[case])
    before = dump(path)
    for name in ("guard", "stage2", "all0"):
        code, said = shell(path, scripts[name])
        assert code != 0 and "users is neither as it was read nor as the plan leaves it" in said, (name, said)
    assert dump(path) == before


def test_the_guard_minds_only_what_the_plan_touches(tmp_path):
    reference = build(tmp_path, "a", ("name VARCHAR(80)", "name VARCHAR(90)"))
    live = build(tmp_path, "b")
    scripts = drift_probe.steps(reference, live)["scripts"]
    must(tmp_path / "b.db", "CREATE TABLE other(a); CREATE INDEX ix_other ON posts(size); DROP VIEW named")
    must(tmp_path / "b.db", scripts["all0"])


def test_rows_that_do_not_fit_stop_the_plan_and_stay(tmp_path):
    reference = build(tmp_path, "a", ("  note TEXT,", "  note TEXT NOT NULL,"), data="")
    live = build(tmp_path, "b")
    scripts = drift_probe.steps(reference, live)["scripts"]
    before = dump(tmp_path / "b.db")
    code, said = shell(tmp_path / "b.db", scripts["stage3"])
    assert code != 0 and "NOT NULL" in said
    assert dump(tmp_path / "b.db") == before


def test_orphans_stop_a_new_foreign_key(tmp_path):
    reference = build(tmp_path, "a", ("post_id INT,", "post_id INT REFERENCES posts(id),"))
    live = build(tmp_path, "b", "INSERT INTO post_tags VALUES (99, 'z', 1)")
    scripts = drift_probe.steps(reference, live)["scripts"]
    before = dump(tmp_path / "b.db")
    code, said = shell(tmp_path / "b.db", scripts["stage2"])
    assert code != 0 and "rows of post_tags break a foreign key" in said
    assert dump(tmp_path / "b.db") == before


def test_rowids_and_counters_survive(tmp_path):
    script = SCHEMA + DATA + "INSERT INTO log(rowid, what) VALUES (40, 'x'), (7, 'y');"
    make(tmp_path / "b.db", script)
    reference = build(tmp_path, "a", (("at TEXT DEFAULT CURRENT_TIMESTAMP, what TEXT", "at TEXT, what TEXT")))
    other = build(tmp_path, "c", ("  body TEXT,", "  body VARCHAR(9),"))
    for source in (reference, other):
        must(tmp_path / "b.db", drift_probe.steps(source, f"sqlite:///{tmp_path}/b.db")["scripts"]["all0"])
    assert must(tmp_path / "b.db", "SELECT rowid FROM log WHERE rowid > 6 ORDER BY 1") == "7\n40\n"
    assert must(tmp_path / "b.db", "SELECT seq FROM sqlite_sequence WHERE name = 'posts'") == "7\n"


@pytest.mark.parametrize("mode", ("WAL", "DELETE"))
@pytest.mark.parametrize("encoding", ("UTF-8", "UTF-16le"))
def test_any_kind_of_file(tmp_path, mode, encoding):
    begin = f"PRAGMA encoding = '{encoding}';\nPRAGMA journal_mode = {mode};\n"
    change = ("name VARCHAR(80)", "name VARCHAR(90), phone TEXT")
    reference = make(tmp_path / "a.db", begin + SCHEMA.replace(*change) + DATA)
    live = make(tmp_path / "b b'c.db", begin + SCHEMA + DATA)
    check(tmp_path, reference, live)


@pytest.mark.parametrize("change", (("VARCHAR(80)", "VARCHAR(90)"), ("note TEXT,", "note TEXT, more INT,"), ("'post ' ||", "'Post ' ||")))
@pytest.mark.parametrize("reverse", (False, True))
def test_texts_from_windows(tmp_path, change, reverse):
    urls = []
    for name, script in (("a", SCHEMA), ("b", SCHEMA.replace(*change))):
        with sqlite3.connect(tmp_path / f"{name}.db") as connection:
            connection.executescript(script.replace("\n", "\r\n") + DATA)
        connection.close()
        urls.append(f"sqlite:///{tmp_path}/{name}.db")
    check(tmp_path, *(reversed(urls) if reverse else urls))


HOSTILE = '''
CREATE TABLE "we""ird; -- 'x'"("a ""b""" INT DEFAULT 'it''s; --', [c d] TEXT CHECK ([c d] <> ';'), "new
line" INT, "select" INT, "ÜñÍ" TEXT, UNIQUE ("a ""b""", [c d]));
CREATE INDEX "i ""x"" '" ON "we""ird; -- 'x'"("select" DESC, "ÜñÍ" || ';');
CREATE TRIGGER "t; END;" AFTER INSERT ON "we""ird; -- 'x'" BEGIN SELECT 'END;', ";" FROM (SELECT 1 AS ";"); END;
CREATE VIEW "v ""1""" AS SELECT "a ""b""" AS "x; y" FROM "we""ird; -- 'x'";
INSERT INTO "we""ird; -- 'x'"("select", [c d]) VALUES (1, 'a'), (2, NULL);
'''


@pytest.mark.parametrize(
    "change",
    (
        ("[c d] TEXT CHECK", "[c d] VARCHAR(9) CHECK"),
        ("\"select\" INT,", "\"select\" INT, \"m'o\"\"re\" INT DEFAULT ';',"),
        ("DESC, \"ÜñÍ\" || ';'", "DESC"),
        ("SELECT 'END;', \";\"", "SELECT 'END', \";\""),
        ("AS \"x; y\"", "AS \"x; z\""),
    ),
)
@pytest.mark.parametrize("reverse", (False, True))
def test_hostile_names(tmp_path, change, reverse):
    plain = make(tmp_path / "a.db", HOSTILE)
    changed = make(tmp_path / "b.db", HOSTILE.replace(*change))
    check(tmp_path, *((changed, plain) if reverse else (plain, changed)))


def test_foreign_keys_go_with_their_tables(tmp_path):
    """A key to a table that one side lacks has no item of its own; the plan mends it all the same."""
    one = "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(a INT REFERENCES p(id)); INSERT INTO c VALUES (NULL);"
    reference = make(tmp_path / "a.db", one)
    live = make(tmp_path / "b.db", "CREATE TABLE c(a INT); INSERT INTO c VALUES (NULL);")
    assert drift_probe.short(drift_probe.diff(reference, live)["items"]) == [("table", "p", MISSING, "")]
    check(tmp_path, reference, live)
    other = make(tmp_path / "c.db", one)
    assert drift_probe.short(drift_probe.diff(live, other)["items"]) == [("table", "p", UNEXPECTED, "")]
    check(tmp_path, live, other)


def test_a_baseline_is_as_good_as_its_database(tmp_path):
    reference = build(tmp_path, "a", ("name VARCHAR(80)", "name VARCHAR(90)"))
    live = build(tmp_path, "b")
    baseline = tmp_path / "a.json"
    baseline.write_text(drift_probe.run("snapshot", reference))
    assert drift_probe.steps(baseline, live)["scripts"] == drift_probe.steps(reference, live)["scripts"]


@pytest.mark.parametrize("script", (SCHEMA, HOSTILE), ids=("plain", "hostile"))
def test_a_declared_schema_is_made_from_nothing(tmp_path, script):
    reference = declared(make(tmp_path / "a.db", script), tmp_path / "a.json")
    live = make(tmp_path / "b.db", "CREATE TABLE gone(a);")
    check(tmp_path, reference, live)
    assert drift_probe.steps(reference, live)["items"]
    must(tmp_path / "b.db", drift_probe.run("plan", reference, live))
    assert drift_probe.diff(reference, live)["equal"]


@pytest.mark.parametrize("case", ("add_column", "drop_column", "type", "change_check", "index_columns", "trigger_body"))
def test_a_declared_schema_can_be_the_one_to_change(tmp_path, case):
    reference = declared(build(tmp_path, "a"), tmp_path / "a.json")
    live = build(tmp_path, "b", CASES[case][0])
    must(tmp_path / "a.db", drift_probe.run("plan", reference, live, "direction=adopt"))
    assert drift_probe.diff(f"sqlite:///{tmp_path}/a.db", live)["items"] == []
    must(tmp_path / "a.db", drift_probe.run("plan", reference, live, "direction=adopt"))


def test_the_order_of_columns_can_be_mended(tmp_path):
    reference = build(tmp_path, "a", ("  note TEXT,\n", ""), data="")
    must(tmp_path / "a.db", "ALTER TABLE users ADD COLUMN extra INT; ALTER TABLE users ADD COLUMN note TEXT")
    live = build(tmp_path, "b", "ALTER TABLE users ADD COLUMN extra INT")
    assert drift_probe.diff(reference, live)["items"] == []
    found = drift_probe.short(drift_probe.diff(reference, live, "column_order=report")["items"])
    assert [item[3] for item in found] == ["column_order"]
    check(tmp_path, reference, live, options=("column_order=report",))


@pytest.mark.parametrize("changed", (False, True), ids=("new", "changed"))
def test_views_wait_for_columns(tmp_path, changed):
    """While a view lacks a column, SQLite drops no column of any other table: neither the plan nor its undo may leave one
    that does. `first` stands on such a view, and comes before it in every order by name."""
    before = "CREATE TABLE a(x INT); CREATE TABLE b(x INT, old INT);"
    after = "CREATE TABLE a(x INT, more INT DEFAULT (1 + 2)); CREATE TABLE b(x INT, old INT, late INT NOT NULL);"
    views = "CREATE VIEW first AS SELECT late FROM second; CREATE VIEW second AS SELECT late FROM b;"
    if changed:
        before += "CREATE VIEW first AS SELECT x FROM second; CREATE VIEW second AS SELECT x FROM b;"
    reference = make(tmp_path / "reference.db", after + views)
    check(tmp_path, reference, make(tmp_path / "live.db", before))


# The live table and the reference's: what a column is made of stops being made of it, later than others change.
TURNED = {
    "directly": (
        "t(c INTEGER PRIMARY KEY, d INT, e TEXT AS (d) VIRTUAL)",
        "t(e TEXT, d INT AS (e) STORED, w TEXT, PRIMARY KEY (w, e))",
    ),
    "by_one_that_stays": (
        "t(c INTEGER PRIMARY KEY, e TEXT AS (d), u INT AS (e), d INT)",
        "t(e TEXT, u INT AS (e), d INT AS (u), w TEXT, PRIMARY KEY (w, e))",
    ),
}


@pytest.mark.parametrize("case", TURNED)
def test_generated_columns_turn_round(tmp_path, case):
    live, reference = (f"CREATE TABLE {table};" for table in TURNED[case])
    check(tmp_path, make(tmp_path / "reference.db", reference), make(tmp_path / "live.db", live))


@pytest.mark.parametrize("reverse", (False, True), ids=("added", "dropped"))
def test_a_generated_column_before_what_it_is_made_of(tmp_path, reverse):
    """ALTER TABLE takes one column after the other, and none that mentions one that is still to come."""
    plain = make(tmp_path / "plain.db", "CREATE TABLE t(a INT); INSERT INTO t VALUES (1);")
    more = make(tmp_path / "more.db", "CREATE TABLE t(a INT, g INT AS (b + a), b INT, h TEXT AS (b)); INSERT INTO t(a) VALUES (1);")
    check(tmp_path, *((plain, more) if reverse else (more, plain)))


# Of t, and named so that o's own column is what o loses: each takes "gone" for a text, or names what is not there.
IN_THE_WAY = {
    "index": 'CREATE INDEX ix ON t("gone");',
    "index_expression": 'CREATE INDEX ix ON t(lower("gone"));',
    "index_where": 'CREATE INDEX ix ON t(a) WHERE a <> "gone";',
    "check": ("t(a TEXT", 't(a TEXT CHECK (a <> "gone")'),
    "generated": ("t(a TEXT", 't(g TEXT AS (a || "gone"), a TEXT'),
    "trigger": 'CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO o(a) SELECT "nothing"; END;',
    "trigger_of_text": 'CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO o(a) VALUES ("b"); END;',
    "trigger_when": 'CREATE TRIGGER tr AFTER INSERT ON t WHEN new.a = "gone" BEGIN SELECT 1; END;',
    "trigger_without_table": "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO absent(a) SELECT 1; END;",
    "trigger_of_column": "CREATE TRIGGER tr AFTER INSERT ON t BEGIN UPDATE o SET gone = 1; END;",
    "trigger_of_table": "CREATE TABLE also(a);CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO also VALUES (1); END;",
    "view": 'CREATE VIEW v AS SELECT "gone" AS x FROM t;',
    "view_of_two": 'CREATE VIEW v AS SELECT b FROM t UNION SELECT "b" FROM o;',
    "view_without_column": "CREATE VIEW v AS SELECT absent FROM t;",
}


@pytest.mark.parametrize("more", ("", "index", "rebuild"))
@pytest.mark.parametrize("case, side", each_way(IN_THE_WAY, ("both", "reference", "live")))
def test_columns_go_whatever_else_is_in_the_file(tmp_path, case, side, more):
    """DROP COLUMN reads every text of the file, rewrites texts in double quotes, and refuses what it cannot read."""

    def script(name, columns):
        text = f"CREATE TABLE o(a INT{columns});CREATE TABLE t(a TEXT, b TEXT);INSERT INTO o(a) VALUES (1);"
        if side in ("both", name):
            text = text.replace(*IN_THE_WAY[case]) if isinstance(IN_THE_WAY[case], tuple) else text + IN_THE_WAY[case]
        return text

    reference = script("reference", "") + ("CREATE INDEX iy ON t(b);" if more == "index" else "")
    if more == "rebuild":
        reference = reference.replace("b TEXT", "b VARCHAR(9)")
    live = make(tmp_path / "live.db", script("live", ", gone TEXT"))
    check(tmp_path, make(tmp_path / "reference.db", reference), live, whole=side == "both")


def test_adopting_is_the_way_back(tmp_path):
    reference = build(tmp_path, "a")
    live = build(tmp_path, "b", ("name VARCHAR(80)", "name VARCHAR(90)"))
    script = drift_probe.run("plan", reference, live, "direction=adopt")
    must(tmp_path / "a.db", script)
    assert drift_probe.diff(reference, live)["items"] == []


def test_suppressed_items_are_left_alone(tmp_path):
    reference = build(tmp_path, "a", ("name VARCHAR(80)", "name VARCHAR(90)"))
    live = build(tmp_path, "b", "CREATE INDEX ix_hot ON users(age); ALTER TABLE users ADD COLUMN kept INT")
    options = ("ignore=index:users.ix_hot", "ignore=column:users.kept")
    check(tmp_path, reference, live, options=options)
    must(tmp_path / "b.db", drift_probe.steps(reference, live, *options)["scripts"]["all0"])
    said = must(tmp_path / "b.db", "SELECT name FROM pragma_table_info('users') UNION SELECT name FROM sqlite_schema")
    assert "kept" in said.split() and "ix_hot" in said.split()
