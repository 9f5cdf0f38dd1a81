# SPDX-License-Identifier: Apache-2.0
"""The whole model on MySQL and MariaDB, read from whatever servers are there: see harness/mariadb.py."""

import json
import os

import pytest
from harness import MariaDB, migrationctl
from harness.engine_probe import ask

FLAVOURS = (
    ["mariadb"]
    + (["other_mariadb"] if os.environ.get("MIGRATIOND_TEST_MARIADBD") else [])
    + (["mysql"] if os.environ.get("MIGRATIOND_TEST_MYSQLD") else [])
)


@pytest.fixture(params=FLAVOURS)
def database(request):
    database = request.getfixturevalue(request.param)
    database.sql(f"ALTER DATABASE `{database.name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    return database


def is_mysql(database):
    return database.engine == "mysql"


def version(database):
    return tuple(int(part) for part in database.sql("SELECT VERSION()")[0][0].split("-")[0].split(".")[:2])


def schema_of(database, *who):
    return ask("schema", database.url(*who))


def named(items, name):
    return next(one for one in items if one["name"] == name)


def table(database, name="t"):
    return named(schema_of(database)["tables"], name)


def column(database, name, table_name="t"):
    return named(table(database, table_name)["columns"], name)


def fingerprint(database, *who):
    return schema_of(database, *who)["fingerprint"]


def made_twice(database, first, second):
    """Whether two ways to make a schema give the same one."""
    database.sql(first)
    before = fingerprint(database)
    database.sql("DROP TABLE t")
    database.sql(second)
    return fingerprint(database) == before


# Tables.


def test_a_table_says_its_engine_and_its_defaults(database):
    database.sql("CREATE TABLE t (id int) ENGINE=MyISAM DEFAULT CHARSET=latin1 COMMENT='it''s' ROW_FORMAT=FIXED AUTO_INCREMENT=7")
    assert {key: table(database).get(key) for key in ("engine", "charset", "collation", "comment", "storage_options")} == {
        "engine": "MyISAM",
        "charset": "latin1",
        "collation": "latin1_swedish_ci",
        "comment": "it's",
        "storage_options": "ROW_FORMAT=FIXED",
    }


@pytest.mark.parametrize("option", ["AUTO_INCREMENT=1000", "COMMENT='other'", "ROW_FORMAT=COMPACT", "STATS_PERSISTENT=1"])
def test_what_is_no_schema_changes_no_fingerprint(database, option):
    database.sql("CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY)")
    before = fingerprint(database)
    database.sql(f"ALTER TABLE t {option}")
    assert fingerprint(database) == before


@pytest.mark.parametrize("option", ["ENGINE=MyISAM", "DEFAULT CHARSET=latin1", "COLLATE=utf8mb4_bin"])
def test_what_is_schema_changes_it(database, option):
    database.sql("CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY)")
    before = fingerprint(database)
    database.sql(f"ALTER TABLE t {option}")
    assert fingerprint(database) != before


def test_partitions_are_a_key_and_a_list(database):
    database.sql(
        "CREATE TABLE t (id int, d date) PARTITION BY RANGE COLUMNS(d) SUBPARTITION BY HASH(id) SUBPARTITIONS 2"
        " (PARTITION p0 VALUES LESS THAN ('2020-01-01'), PARTITION p1 VALUES LESS THAN MAXVALUE)"
    )
    one = table(database)
    assert one["kind"] == "partitioned_table"
    assert one["partition_key"] == "RANGE COLUMNS(`d`) SUBPARTITION BY HASH (`id`) SUBPARTITIONS 2"
    assert one["partition_bound"].startswith("(PARTITION ") and "2020-01-01" in one["partition_bound"]
    before = fingerprint(database)
    database.sql("ALTER TABLE t REORGANIZE PARTITION p0 INTO (PARTITION q VALUES LESS THAN ('2019-01-01'), PARTITION p0 VALUES LESS THAN ('2020-01-01'))")
    assert fingerprint(database) == before, "rotating partitions is no drift"
    database.sql("ALTER TABLE t PARTITION BY KEY (id) PARTITIONS 3")
    assert table(database)["partition_key"] == "KEY (`id`)"
    assert fingerprint(database) != before


def test_system_versioning(database):
    if is_mysql(database):
        pytest.skip("MariaDB only")
    database.sql("CREATE TABLE t (id int) WITH SYSTEM VERSIONING")
    assert table(database)["system_versioning"] is True
    before = fingerprint(database)
    database.sql("ALTER TABLE t DROP SYSTEM VERSIONING")
    assert fingerprint(database) != before


# Columns.


def test_effective_charsets(database):
    database.sql(
        "CREATE TABLE t (a varchar(9), b varchar(9) CHARACTER SET utf8mb3, c varchar(9) COLLATE utf8mb4_bin,"
        " d enum('x') CHARACTER SET latin1, e int, f varbinary(9), g varchar(9) CHARACTER SET ascii COLLATE ascii_bin)"
    )
    found = {one["name"]: (one.get("charset"), one.get("collation")) for one in table(database)["columns"]}
    utf8mb3 = found.pop("b")
    assert utf8mb3[0] == "utf8mb3" and utf8mb3[1] in ("utf8mb3_general_ci", "utf8mb3_uca1400_ai_ci")
    assert found == {
        "a": ("utf8mb4", "utf8mb4_general_ci"),
        "c": ("utf8mb4", "utf8mb4_bin"),
        "d": ("latin1", "latin1_swedish_ci"),
        "e": (None, None),
        "f": (None, None),
        "g": ("ascii", "ascii_bin"),
    }


def test_saying_the_table_default_again_changes_nothing(database):
    assert made_twice(
        database,
        "CREATE TABLE t (a varchar(9), b text)",
        "CREATE TABLE t (a varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, b text COLLATE utf8mb4_general_ci)",
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("int DEFAULT 5", "int(11) DEFAULT '5'"),
        ("decimal(10,2) DEFAULT 0", "numeric(10,2) DEFAULT '0.00'"),
        ("decimal(10,0)", "dec"),
        ("tinyint(1) DEFAULT 0", "bool DEFAULT false"),
        ("double", "real"),
        ("datetime DEFAULT CURRENT_TIMESTAMP", "datetime DEFAULT now()"),
        ("timestamp(3) NULL DEFAULT CURRENT_TIMESTAMP(3)", "timestamp(3) NULL DEFAULT localtimestamp(3)"),
        ("datetime(0)", "datetime"),
        ("varchar(9) DEFAULT 'x'", "character varying(9) DEFAULT \"x\""),
        ("bit(4) DEFAULT b'101'", "bit(4) DEFAULT 5"),
        ("binary(4) DEFAULT 'ab'", "binary(4) DEFAULT 0x61620000"),
        ("varchar(9) DEFAULT NULL", "varchar(9)"),
        ("year", "year(4)"),
        ("varchar(9) CHARACTER SET utf8mb3", "nvarchar(9)"),
        ("int GENERATED ALWAYS AS (1 + 1) VIRTUAL", "int AS ((1 + 1))"),
        ("text DEFAULT ('x')", "text DEFAULT (('x'))"),
    ],
)
def test_spellings_of_a_column(database, first, second):
    assert made_twice(database, f"CREATE TABLE t (id int, c {first})", f"CREATE TABLE t (id int, c {second})")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("int", "bigint"),
        ("int", "int unsigned"),
        ("int DEFAULT 5", "int DEFAULT 6"),
        ("int NOT NULL", "int"),
        ("varchar(9) DEFAULT 'a'", "varchar(9) DEFAULT 'A'"),
        ("varchar(9) DEFAULT 'NULL'", "varchar(9)"),
        ("varchar(9) DEFAULT ''", "varchar(9)"),
        ("datetime DEFAULT now()", "datetime DEFAULT now() ON UPDATE now()"),
        ("datetime(3) DEFAULT now(3)", "datetime(3)"),
        ("int AS (1 + 1) VIRTUAL", "int AS (1 + 1) STORED"),
        ("int AS (1 + 1)", "int AS (1 + 2)"),
        ("int", "int INVISIBLE"),
        ("enum('a','b')", "enum('b','a')"),
        ("varchar(9) COLLATE utf8mb4_bin", "varchar(9)"),
        ("tinyint(1)", "tinyint"),
        ("decimal(10,2)", "decimal(10,3)"),
        ("int CHECK (c > 0)", "int CHECK (c > 1)"),
        ("json", "longtext"),
        ("varchar(9) DEFAULT (concat('a', ('b')))", "varchar(9) DEFAULT (concat('a', 'c'))"),
    ],
)
def test_differences_of_a_column(database, first, second):
    assert not made_twice(database, f"CREATE TABLE t (id int, c {first})", f"CREATE TABLE t (id int, c {second})")


def test_what_a_column_says(database):
    database.sql(
        "CREATE TABLE t (id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, z int(5) zerofill, j json, jc longtext COMMENT 'it''s',"
        " at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, p point NOT NULL, h int INVISIBLE,"
        " g int AS (id + 1) STORED)".replace("id + 1", "z + 1")
    )
    columns = {one["name"]: one for one in table(database)["columns"]}
    assert columns["id"]["auto_increment"] is True and columns["id"]["type"] == "int unsigned"
    assert columns["z"]["type"] == "int(5) unsigned zerofill"
    assert columns["j"] == {"name": "j", "type": "json", "nullable": True}
    assert columns["jc"]["comment"] == "it's"
    assert columns["at"]["default"].lower().startswith("current_timestamp") and "UPDATE" not in columns["at"]["default"]
    assert columns["at"]["on_update"].lower().startswith("current_timestamp")
    assert columns["h"]["hidden"] is True
    assert columns["g"]["generated"]["stored"] is True and "`z` + 1" in columns["g"]["generated"]["expression"]


def test_srid(database):
    if not is_mysql(database):
        pytest.skip("MySQL only")
    database.sql("CREATE TABLE t (p point NOT NULL SRID 4326, q point)")
    assert column(database, "p")["srid"] == "4326" and "srid" not in column(database, "q")


def test_json_with_a_check_of_its_own(database):
    database.sql("CREATE TABLE t (j json CHECK (json_length(j) > 1))")
    if is_mysql(database):
        assert column(database, "j")["type"] == "json"
        assert [one["kind"] for one in table(database)["constraints"]] == ["check"]
    else:
        assert column(database, "j")["type"] == "longtext"
        assert column(database, "j")["column_check"] == "json_length(`j`) > 1"


# Constraints.


def test_actions_that_do_nothing_are_one(database):
    database.sql("CREATE TABLE p (id int PRIMARY KEY)")
    texts = ["", "ON DELETE RESTRICT", "ON DELETE NO ACTION ON UPDATE RESTRICT"]
    seen = set()
    for text in texts:
        database.sql(f"CREATE TABLE t (p_id int, CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p (id) {text})")
        seen.add(fingerprint(database))
        database.sql("DROP TABLE t")
    assert len(seen) == 1
    database.sql("CREATE TABLE t (p_id int, CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE CASCADE ON UPDATE SET NULL)")
    assert fingerprint(database) not in seen
    key = named(table(database)["constraints"], "f")
    assert (key["on_delete"], key["on_update"]) == ("cascade", "set_null") and "automatic_name" not in key


def test_names_that_the_server_chose(database):
    database.sql("CREATE TABLE p (id int PRIMARY KEY)")
    database.sql(
        "CREATE TABLE t (a int, b int, c int, UNIQUE (b), UNIQUE (b, c), UNIQUE KEY mine (c), FOREIGN KEY (a) REFERENCES p (id),"
        " CHECK (a > 0), CONSTRAINT own CHECK (b > 0))"
    )
    automatic = {one["name"] for one in table(database)["constraints"] if one.get("automatic_name")}
    assert automatic == {"b", "b_2", "t_ibfk_1", "t_chk_1" if is_mysql(database) else "CONSTRAINT_1"}


def test_the_index_that_a_foreign_key_made(database):
    database.sql("CREATE TABLE p (id int PRIMARY KEY)")
    database.sql(
        "CREATE TABLE t (a int, b int, c int, FOREIGN KEY (a) REFERENCES p (id), CONSTRAINT f FOREIGN KEY (b) REFERENCES p (id),"
        " CONSTRAINT g FOREIGN KEY (c) REFERENCES p (id), KEY mine (c))"
    )
    assert {one["name"]: one.get("made_by") for one in table(database)["indexes"]} == {
        "a": "foreign_key",
        "f": "foreign_key",
        "mine": None,
    }


def test_checks(database):
    database.sql("CREATE TABLE t (a int, b varchar(9), CONSTRAINT c CHECK (a > 0 AND (a < 5 OR b = 'x')))")
    before = fingerprint(database)
    assert len(table(database)["constraints"]) == 1
    database.sql("ALTER TABLE t DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (((a > 0) AND ((a < 5) OR (b = 'x'))))")
    assert fingerprint(database) == before
    database.sql("ALTER TABLE t DROP CONSTRAINT c, ADD CONSTRAINT c CHECK ((a > 0 AND a < 5) OR b = 'x')")
    assert fingerprint(database) != before


def test_not_enforced(database):
    if not is_mysql(database):
        pytest.skip("MySQL only")
    database.sql("CREATE TABLE t (a int, CONSTRAINT c CHECK (a > 0) NOT ENFORCED)")
    assert named(table(database)["constraints"], "c")["not_enforced"] is True


# Indexes.


def test_indexes(database):
    hide = "INVISIBLE" if is_mysql(database) else "IGNORED"
    database.sql(
        "CREATE TABLE t (a int, b varchar(99), c text, p point NOT NULL, KEY k1 (a DESC, b(5)), UNIQUE KEY k2 (b(9)),"
        f" FULLTEXT KEY k3 (c), SPATIAL KEY k4 (p), KEY k5 (a) {hide}, KEY k6 (b) USING HASH COMMENT 'x') ENGINE=InnoDB"
    )
    assert {one["name"]: one for one in table(database)["indexes"]} == {
        "k1": {"name": "k1", "parts": [{"column": "a", "descending": True}, {"column": "b", "prefix": 5}]},
        "k2": {"name": "k2", "unique": True, "parts": [{"column": "b", "prefix": 9}]},
        "k3": {"name": "k3", "method": "fulltext", "parts": [{"column": "c"}]},
        "k4": {"name": "k4", "method": "spatial", "parts": [{"column": "p"}]},
        "k5": {"name": "k5", "hidden": True, "parts": [{"column": "a"}]},
        "k6": {"name": "k6", "comment": "x", "parts": [{"column": "b"}]},
    }


def test_a_hash_counts_where_there_are_hashes(database):
    database.sql("CREATE TABLE t (a int NOT NULL, KEY k (a) USING HASH) ENGINE=MEMORY")
    assert table(database)["indexes"][0]["method"] == "hash"


def test_expression_keys_and_parsers(database):
    if not is_mysql(database):
        pytest.skip("MySQL only")
    database.sql("CREATE TABLE t (a int, c text, KEY k ((a + 1)), FULLTEXT KEY f (c) WITH PARSER ngram)")
    indexes = table(database)["indexes"]
    assert named(indexes, "k")["parts"] == [{"expression": "(`a` + 1)"}]
    assert named(indexes, "f")["parser"] == "ngram"


def test_the_key_that_mysql_makes(database):
    if not is_mysql(database):
        pytest.skip("MySQL only")
    connection = database.connect()
    with connection.cursor() as cursor:
        cursor.execute("SET sql_generate_invisible_primary_key = ON")
        cursor.execute("CREATE TABLE t (a int)")
    connection.close()
    assert column(database, "my_row_id")["made_by"] == "server"


# Views.


def test_views(database):
    database.sql("CREATE TABLE t (id int, n varchar(9))")
    database.sql("CREATE VIEW v AS SELECT id, count(*) AS c FROM t WHERE id > 0 AND (n = 'x' OR id < 5) GROUP BY id")
    database.sql("CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW w AS SELECT id FROM t WHERE id > 0 WITH LOCAL CHECK OPTION")
    views = schema_of(database)["views"]
    assert "`t`.`id`" in named(views, "v")["definition"] and database.name not in named(views, "v")["definition"]
    assert [one["name"] for one in named(views, "v")["columns"]] == ["id", "c"]
    assert {key: named(views, "w").get(key) for key in ("options", "security", "check_option")} == {
        "options": ["algorithm=merge"],
        "security": "invoker",
        "check_option": "local",
    }
    assert not set(named(views, "v")) & {"options", "security", "check_option"}


def test_a_view_under_another_database_is_the_same(database):
    copy = database.server.create_database()
    copy.sql(f"ALTER DATABASE `{copy.name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    try:
        for one in (database, copy):
            one.sql("CREATE TABLE t (id int)")
            one.sql("CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN x + 1")
            one.sql("CREATE VIEW v AS SELECT f(a.id) AS x FROM t a JOIN t b ON a.id = b.id")
            one.sql(f"CREATE VIEW w AS SELECT `{one.name}`.v.x FROM `{one.name}`.v")
            one.sql("CREATE VIEW x AS SELECT v.x, s.table_name FROM v, information_schema.tables s")
        assert fingerprint(database) == fingerprint(copy)
    finally:
        copy.drop()


def test_a_broken_view_is_still_read(database):
    database.sql("CREATE TABLE t (id int)")
    database.sql("CREATE VIEW v AS SELECT id FROM t")
    database.sql("DROP TABLE t")
    schema = schema_of(database)
    assert schema["coverage"]["views"]["coverage"] == "full"
    view = named(schema["views"], "v")
    assert "`id`" in view["definition"] and view["columns"] == []


# Programs.


PROGRAMS = """
CREATE PROCEDURE pr(IN a int, OUT b varchar(20), INOUT c decimal(10,2) unsigned) READS SQL DATA
 COMMENT 'x' BEGIN SET b = 'it''s'; END;
CREATE FUNCTION fn(x varchar(10)) RETURNS varchar(20) DETERMINISTIC NO SQL SQL SECURITY INVOKER RETURN concat(x, 'y');
CREATE PROCEDURE fn() BEGIN END;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET new.n = 'a';
CREATE TRIGGER ts BEFORE INSERT ON t FOR EACH ROW SET new.n = concat(new.n, 'b');
CREATE EVENT ev ON SCHEDULE EVERY '1:30' HOUR_MINUTE ENDS '2037-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE DO DELETE FROM t;
CREATE EVENT ew ON SCHEDULE AT '2037-01-01 00:00:00' DO DELETE FROM t;
"""


def create_programs(database):
    database.sql("CREATE TABLE t (id int PRIMARY KEY, n varchar(9))")
    for statement in PROGRAMS.strip().split(";\n"):
        database.sql(statement.rstrip(";"))


def test_programs(database):
    create_programs(database)
    schema = schema_of(database)
    procedure = next(one for one in schema["routines"] if one["name"] == "pr")
    assert {key: procedure.get(key) for key in ("variant", "signature", "volatility", "security", "definition", "comment")} == {
        "variant": "procedure",
        "signature": "IN `a` int, OUT `b` varchar(20), INOUT `c` decimal(10,2) unsigned",
        "volatility": "READS SQL DATA",
        "security": None,
        "definition": "BEGIN SET b = 'it''s'; END",
        "comment": "x",
    }
    function = next(one for one in schema["routines"] if one["name"] == "fn" and "variant" not in one)
    assert {key: function.get(key) for key in ("signature", "returns", "volatility", "security")} == {
        "signature": "`x` varchar(10)",
        "returns": "varchar(20) charset utf8mb4",
        "volatility": "DETERMINISTIC NO SQL",
        "security": "invoker",
    }
    assert len(schema["routines"]) == 3
    triggers = {one["name"]: one for one in schema["triggers"]}
    assert {key: triggers["tr"][key] for key in ("table", "timing", "events", "definition")} == {
        "table": "t",
        "timing": "BEFORE",
        "events": "INSERT",
        "definition": "SET new.n = 'a'",
    }
    assert triggers["ts"]["follows"] == "tr" and "follows" not in triggers["tr"]
    events = {one["name"]: one for one in schema["events"]}
    assert events["ev"]["schedule"] == "EVERY '1:30' HOUR_MINUTE ENDS '2037-01-01 00:00:00' ON COMPLETION PRESERVE"
    assert events["ev"]["status"] == "DISABLED" and events["ev"]["definition"] == "DELETE FROM t"
    assert events["ew"]["schedule"] == "AT '2037-01-01 00:00:00'" and events["ew"]["status"] == "ENABLED"
    assert all(one["coverage"] in ("full", "not_applicable") for one in schema["coverage"].values())


@pytest.mark.parametrize("name", ["we`ird", "a;b", "'quoted\"", "x y", "-- comment", "/*!50000 open", "\u00e9t\u00e9", "back\\slash", "do", "for each row"])
def test_hostile_names_of_programs(database, name):
    quoted = database.server.quote(name)
    database.sql(f"CREATE TABLE {quoted} ({quoted} int)")
    database.sql(f"CREATE TRIGGER {quoted} BEFORE INSERT ON {quoted} FOR EACH ROW SET NEW.{quoted} = 1")
    database.sql(f"CREATE PROCEDURE {quoted}({quoted} int) SELECT 1")
    database.sql(f"CREATE EVENT {quoted} ON SCHEDULE EVERY 1 DAY DO SELECT 2")
    database.sql(f"CREATE VIEW v AS SELECT {quoted} FROM {quoted}")
    schema = schema_of(database)
    assert (schema["triggers"][0]["name"], schema["triggers"][0]["table"]) == (name, name)
    assert schema["triggers"][0]["definition"] == f"SET NEW.{quoted} = 1"
    assert (schema["routines"][0]["name"], schema["routines"][0]["definition"]) == (name, "SELECT 1")
    assert schema["routines"][0]["signature"] == f"IN {quoted} int"
    assert (schema["events"][0]["name"], schema["events"][0]["definition"]) == (name, "SELECT 2")
    assert [one["coverage"] for one in schema["coverage"].values() if one["coverage"] == "partial"] == []


def test_comments_in_bodies_do_not_count(database):
    database.sql("CREATE TABLE t (id int)")
    database.sql("CREATE PROCEDURE p() BEGIN -- what it does\n DELETE FROM t; /* all */ END")
    before = fingerprint(database)
    database.sql("DROP PROCEDURE p")
    database.sql("CREATE PROCEDURE p() BEGIN\n DELETE FROM t;\r\n END")
    assert fingerprint(database) == before
    database.sql("DROP PROCEDURE p")
    database.sql("CREATE PROCEDURE p() BEGIN DELETE FROM T; END")
    assert fingerprint(database) != before


def test_when_an_event_starts_does_not_count(database):
    database.sql("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1")
    before = fingerprint(database)
    database.sql("ALTER EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2035-01-01 00:00:00'")
    assert fingerprint(database) == before
    database.sql("ALTER EVENT e ON SCHEDULE EVERY 2 DAY")
    assert fingerprint(database) != before


def test_sequences_and_packages(database):
    if is_mysql(database):
        pytest.skip("MariaDB only")
    database.sql("CREATE SEQUENCE s START WITH 5 INCREMENT BY 2 MAXVALUE 99 CYCLE")
    database.sql("CREATE TABLE t (id bigint DEFAULT nextval(s))")
    connection = database.connect()
    with connection.cursor() as cursor:
        cursor.execute("SET sql_mode = ORACLE")
        cursor.execute("CREATE PACKAGE pk AS FUNCTION f RETURN INT; END")
        cursor.execute("CREATE PACKAGE BODY pk AS FUNCTION f RETURN INT AS BEGIN RETURN 1; END; END")
    connection.close()
    schema = schema_of(database)
    assert {key: schema["sequences"][0][key] for key in ("start", "increment", "max", "cycle")} == {
        "start": "5",
        "increment": "2",
        "max": "99",
        "cycle": True,
    }
    assert column(database, "id")["default"] == "nextval(`s`)"
    assert [one["variant"] for one in schema["routines"]] == ["package", "package body"]


# Who sees what.


def routine_grant(database):
    if is_mysql(database):
        return "SHOW_ROUTINE ON *.*"
    return f"SHOW CREATE ROUTINE ON `{database.name}`.*" if version(database) >= (11, 3) else "SELECT ON `mysql`.`proc`"


def test_a_role_with_the_documented_grants_sees_the_same(database):
    create_programs(database)
    database.sql("CREATE VIEW v AS SELECT id FROM t")
    user, password = database.server.create_role()
    database.sql(f"GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `{database.name}`.* TO {user}@'%'")
    database.sql(f"GRANT {routine_grant(database)} TO {user}@'%'")
    schema = schema_of(database, user, password)
    assert schema["fingerprint"] == fingerprint(database)
    assert all(one["coverage"] in ("full", "not_applicable") for one in schema["coverage"].values())


@pytest.mark.parametrize(("kind", "grant"), [("triggers", "TRIGGER"), ("events", "EVENT"), ("routines", None), ("views", "SELECT, SHOW VIEW")])
def test_what_a_role_cannot_see_is_said_with_the_grant(database, kind, grant):
    create_programs(database)
    database.sql("CREATE VIEW v AS SELECT id FROM t")
    user, password = database.server.create_role()
    database.sql(f"GRANT REFERENCES ON `{database.name}`.* TO {user}@'%'")
    coverage = schema_of(database, user, password)["coverage"][kind]
    grant = f"{grant} ON `{database.name}`.*" if grant else routine_grant(database)
    assert coverage["coverage"] == "partial"
    assert f"GRANT {grant} TO '{user}'@'%'" in coverage["reason"]
    database.sql(f"GRANT {grant} TO {user}@'%'")
    assert schema_of(database, user, password)["coverage"][kind] == {"coverage": "full"}


def test_a_routine_without_its_body_is_not_a_routine_that_changed(database):
    create_programs(database)
    user, password = database.server.create_role()
    database.sql(f"GRANT SELECT, EXECUTE ON `{database.name}`.* TO {user}@'%'")
    schema = schema_of(database, user, password)
    assert schema["routines"] == [] and schema["coverage"]["routines"]["coverage"] == "partial"


def test_names_without_case():
    server = MariaDB({"lower-case-table-names": "1"})
    try:
        database = server.start().create_database()
        database.sql("CREATE TABLE Users (id int)")
        schema = schema_of(database)
        assert schema["folds_names"] is True and schema["tables"][0]["name"] == "users"
    finally:
        server.close()


# Both flavours.


def test_both_flavours_agree(request):
    """What the two servers print differently means the same."""
    if len(FLAVOURS) < 2:
        pytest.skip("one server only")
    urls = []
    for flavour in FLAVOURS:
        database = request.getfixturevalue(flavour)
        database.sql(f"ALTER DATABASE `{database.name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
        database.sql(
            "CREATE TABLE t (id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, n int DEFAULT 5, f tinyint(1) NOT NULL DEFAULT 0,"
            " s varchar(20) DEFAULT 'it''s', d decimal(10,2) DEFAULT 1.50, at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP"
            " ON UPDATE CURRENT_TIMESTAMP, j json, g int GENERATED ALWAYS AS (n + 1) STORED, b binary(4) DEFAULT 'ab', x text DEFAULT ('y'),"
            " u char(36) DEFAULT (uuid()), UNIQUE KEY u (s), KEY k (n DESC, s(5)), CONSTRAINT c CHECK (n > 0 AND (n < 5 OR s = 'x')))"
        )
        database.sql("CREATE TABLE p (id int, d date) PARTITION BY RANGE (year(d)) (PARTITION a VALUES LESS THAN (2020))")
        database.sql("CREATE TABLE q (id int PRIMARY KEY) PARTITION BY KEY (id) PARTITIONS 3")
        database.sql("CREATE VIEW v AS SELECT t.id, count(*) AS c FROM t JOIN p ON p.id = t.id WHERE t.n = 1 AND (t.id > 1 OR t.id < -3) GROUP BY t.id")
        create = "CREATE FUNCTION f(a int) RETURNS int DETERMINISTIC RETURN a + 1"
        database.sql(create)
        urls.append(database.url())
    for url in urls[1:]:
        answer = migrationctl("diff", "--output", "json", urls[0], url)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert json.loads(answer.stdout)["items"] == []
