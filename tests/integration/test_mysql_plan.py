# SPDX-License-Identifier: Apache-2.0
"""Plans for MariaDB and MySQL, run by the servers' own client on tables with rows. One change makes exactly its item; the
stages end it; running them again changes nothing; the undo brings it back; and both ways round."""

import json
import re

import pymysql
import pytest
from harness import drift_probe
from harness.cases import each_way
from harness.scripts import run_script

pytestmark = pytest.mark.native  # most of the time is the servers' and their clients'

SCHEMA = """
CREATE TABLE parents (id int NOT NULL AUTO_INCREMENT, code varchar(20) NOT NULL, label varchar(20) NULL, PRIMARY KEY (id),
    UNIQUE KEY uq_code (code)) COMMENT='who''s who';
CREATE TABLE children (id bigint unsigned NOT NULL AUTO_INCREMENT, parent_id int NULL,
    name varchar(50) NOT NULL DEFAULT 'x', note varchar(100) NULL COMMENT 'it''s a \\\\ note',
    amount decimal(10,2) NOT NULL DEFAULT 0.00, kind enum('a','b') NOT NULL DEFAULT 'a', flags set('x','y') NULL,
    body text NULL, made datetime NULL DEFAULT CURRENT_TIMESTAMP, small smallint NULL, active tinyint(1) NOT NULL DEFAULT 1,
    doc json NULL, PRIMARY KEY (id), KEY ix_name (name), KEY ix_two (name, amount), UNIQUE KEY uq_note (note),
    CONSTRAINT fk_parent FOREIGN KEY (parent_id) REFERENCES parents (id) ON DELETE CASCADE,
    CONSTRAINT ck_amount CHECK (amount >= 0));
CREATE TABLE sums (id int NOT NULL, a int NOT NULL, b int NULL, v int AS (a + 1) VIRTUAL, s int AS (a * 2) STORED,
    c char(5) CHARACTER SET latin1 NULL, PRIMARY KEY (id), KEY ix_v (v));
CREATE TABLE texts (id int NOT NULL, t text NULL, u varchar(200) NULL, PRIMARY KEY (id), FULLTEXT KEY ft (t));
CREATE TABLE tree (id int NOT NULL, up int NULL, PRIMARY KEY (id),
    CONSTRAINT fk_up FOREIGN KEY (up) REFERENCES tree (id));
CREATE TABLE loose (a int NULL, b int NULL);
CREATE VIEW names AS SELECT id, name FROM children WHERE amount > 0;
CREATE VIEW both_names AS SELECT n.name, p.code FROM names n JOIN parents p ON p.id = n.id;
CREATE TRIGGER children_bi BEFORE INSERT ON children FOR EACH ROW SET NEW.name = CONCAT(NEW.name, '');
CREATE PROCEDURE touch(IN which int, OUT found int) READS SQL DATA SELECT count(*) INTO found FROM parents WHERE id = which;
CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN n * 2;
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00' DISABLE DO DELETE FROM loose WHERE a = 0;
"""

ROWS = """
INSERT INTO parents VALUES (1, 'one', 'a'), (2, 'two', 'b'), (3, 'three', 'c');
INSERT INTO children (parent_id, name, note, amount, kind, flags, body, small, doc)
    VALUES (1, 'n1', 'a', 1, 'a', 'x', 'text', 1, '{}'), (2, 'n2', 'b', 2, 'b', 'y', 'text', 2, '[]'),
        (NULL, 'n3', 'c', 3, 'a', 'x', '', 3, '1');
INSERT INTO sums (id, a, b, c) VALUES (1, 1, 1, 'q'), (2, 2, 2, 'r');
INSERT INTO texts VALUES (1, 'some words', 'u'), (2, 'more', 'v');
INSERT INTO tree VALUES (1, NULL), (2, 1);
INSERT INTO loose VALUES (1, 1), (2, 2);
"""

ORACLE_ONLY = "mysql"
MARIADB_ONLY = "mariadb"

C = "changed"
U = "unexpected"
M = "missing"

# name: (what happens to the live schema, its items[, on which server only[, statements that are not taken back]])
CASES = {
    "column_added": ("ALTER TABLE parents ADD extra int NULL", [("column", "parents.extra", U, "")]),
    "column_added_between": (
        "ALTER TABLE children ADD extra varchar(10) NOT NULL DEFAULT 'q''q' AFTER name",
        [("column", "children.extra", U, "")],
    ),
    "column_added_first": ("ALTER TABLE loose ADD extra int NULL FIRST", [("column", "loose.extra", U, "")]),
    "column_added_required": (
        "ALTER TABLE parents ADD extra int NOT NULL",
        [("column", "parents.extra", U, "")],
    ),
    "column_added_with_keys": (
        "ALTER TABLE children ADD extra int NULL, ADD KEY ix_extra (extra, name), ADD UNIQUE KEY uq_extra (extra),"
        " ADD CONSTRAINT ck_extra CHECK (extra > 0)",
        [("column", "children.extra", U, "")],
    ),
    "column_added_with_reference": (
        "ALTER TABLE loose ADD extra int NULL, ADD CONSTRAINT fk_extra FOREIGN KEY (extra) REFERENCES parents (id)",
        [("column", "loose.extra", U, "")],
    ),
    "column_added_generated": (
        "ALTER TABLE loose ADD g int AS (a + b) VIRTUAL, ADD h int AS (a - 1) STORED",
        [("column", "loose.g", U, ""), ("column", "loose.h", U, "")],
    ),
    "column_added_numbered": (
        "ALTER TABLE loose ADD n int NOT NULL AUTO_INCREMENT FIRST, ADD PRIMARY KEY (n)",
        [("column", "loose.n", U, "")],
    ),
    "column_added_to_full_text": ("ALTER TABLE texts ADD extra int NULL AFTER t", [("column", "texts.extra", U, "")]),
    "column_added_beside_generated": ("ALTER TABLE sums ADD extra int NULL AFTER a", [("column", "sums.extra", U, "")]),
    "column_added_expression": (
        "ALTER TABLE parents ADD extra varchar(40) NULL DEFAULT (CONCAT('a', 'b'))",
        [("column", "parents.extra", U, "")],
    ),
    "column_added_uuid": (
        "ALTER TABLE parents ADD extra varchar(40) NULL; ALTER TABLE parents ALTER extra SET DEFAULT (UUID());"
        "UPDATE parents SET extra = UUID(); ALTER TABLE parents MODIFY extra varchar(40) NOT NULL DEFAULT (UUID())",
        [("column", "parents.extra", U, "")],
    ),
    "column_added_json": (
        "ALTER TABLE parents ADD extra json NULL; UPDATE parents SET extra = '[]';"
        "ALTER TABLE parents MODIFY extra json NOT NULL",
        [("column", "parents.extra", U, "")],
    ),
    "column_dropped": ("ALTER TABLE parents DROP COLUMN label", [("column", "parents.label", M, "")]),
    "column_dropped_with_keys": (
        "ALTER TABLE children DROP COLUMN note",
        [("column", "children.note", M, "")],
    ),
    "column_dropped_with_check": (
        "DROP VIEW both_names; DROP VIEW names; ALTER TABLE children DROP CONSTRAINT ck_amount, DROP INDEX ix_two,"
        " DROP COLUMN amount",
        [("column", "children.amount", M, ""), ("view", "both_names", M, ""), ("view", "names", M, "")],
    ),
    "column_dropped_with_reference": (
        "ALTER TABLE children DROP FOREIGN KEY fk_parent; ALTER TABLE children DROP INDEX fk_parent, DROP COLUMN parent_id",
        [("column", "children.parent_id", M, "")],
    ),
    "type_wider": ("ALTER TABLE children MODIFY small int NULL", [("column", "children.small", C, "type")]),
    "type_narrower": ("ALTER TABLE children MODIFY small tinyint NULL", [("column", "children.small", C, "type")]),
    "type_unsigned": (
        "ALTER TABLE children MODIFY small smallint unsigned NULL",
        [("column", "children.small", C, "type")],
    ),
    "type_boolean": ("ALTER TABLE children MODIFY active tinyint NOT NULL DEFAULT 1", [("column", "children.active", C, "type")]),
    "varchar_longer": ("ALTER TABLE parents MODIFY label varchar(40) NULL", [("column", "parents.label", C, "type")]),
    "varchar_much_longer": ("ALTER TABLE parents MODIFY label varchar(400) NULL", [("column", "parents.label", C, "type")]),
    "varchar_to_text": ("ALTER TABLE parents MODIFY label text NULL", [("column", "parents.label", C, "type")]),
    "varchar_indexed": (
        "ALTER TABLE children MODIFY name varchar(60) NOT NULL DEFAULT 'x'",
        [("column", "children.name", C, "type")],
    ),
    "decimal": (
        "ALTER TABLE children MODIFY amount decimal(12,2) NOT NULL DEFAULT 0.00",
        [("column", "children.amount", C, "type")],
    ),
    "enum_appended": (
        "ALTER TABLE children MODIFY kind enum('a','b','it''s') NOT NULL DEFAULT 'a'",
        [("column", "children.kind", C, "type")],
    ),
    "enum_reordered": (
        "ALTER TABLE children MODIFY kind enum('b','a') NOT NULL DEFAULT 'a'",
        [("column", "children.kind", C, "type")],
    ),
    "set_appended": ("ALTER TABLE children MODIFY flags set('x','y','z') NULL", [("column", "children.flags", C, "type")]),
    "datetime_precision": (
        "ALTER TABLE children MODIFY made datetime(3) NULL DEFAULT CURRENT_TIMESTAMP(3)",
        [("column", "children.made", C, "default"), ("column", "children.made", C, "type")],
    ),
    "type_of_referenced": (
        "ALTER TABLE children DROP FOREIGN KEY fk_parent; ALTER TABLE children MODIFY parent_id bigint NULL;"
        "ALTER TABLE parents MODIFY id bigint NOT NULL AUTO_INCREMENT;"
        "ALTER TABLE children ADD CONSTRAINT fk_parent FOREIGN KEY (parent_id) REFERENCES parents (id) ON DELETE CASCADE",
        [("column", "children.parent_id", C, "type"), ("column", "parents.id", C, "type")],
    ),
    "not_null": ("ALTER TABLE parents MODIFY label varchar(20) NOT NULL", [("column", "parents.label", C, "nullable")]),
    "null": ("ALTER TABLE parents MODIFY code varchar(20) NULL", [("column", "parents.code", C, "nullable"), ]),
    "default_set": ("ALTER TABLE children ALTER small SET DEFAULT 7", [("column", "children.small", C, "default")]),
    "default_dropped": ("ALTER TABLE children ALTER name DROP DEFAULT", [("column", "children.name", C, "default")]),
    "default_changed": (
        "ALTER TABLE children ALTER name SET DEFAULT 'q''\\\\\\n\"`'",
        [("column", "children.name", C, "default")],
    ),
    "default_and_not_null": (
        "ALTER TABLE parents MODIFY label varchar(20) NOT NULL DEFAULT 'l'",
        [("column", "parents.label", C, "default"), ("column", "parents.label", C, "nullable")],
    ),
    "on_update": (
        "ALTER TABLE children MODIFY made datetime NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP",
        [("column", "children.made", C, "on_update")],
    ),
    "numbered_no_more": (
        "ALTER TABLE children MODIFY id bigint unsigned NOT NULL",
        [("column", "children.id", C, "auto_increment")],
    ),
    "collation": (
        "ALTER TABLE parents MODIFY label varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL",
        [("column", "parents.label", C, "collation")],
    ),
    "collation_indexed": (
        "ALTER TABLE children MODIFY note varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'it''s a \\\\ note'",
        [("column", "children.note", C, "collation")],
    ),
    "charset": (
        "ALTER TABLE parents MODIFY label varchar(20) CHARACTER SET latin1 NULL",
        [("column", "parents.label", C, "charset")],
    ),
    "invisible": ("ALTER TABLE parents MODIFY label varchar(20) NULL INVISIBLE", [("column", "parents.label", C, "visible")]),
    "generated_virtual": ("ALTER TABLE sums MODIFY v int AS (a + 2) VIRTUAL", [("column", "sums.v", C, "generated")]),
    "generated_stored": ("ALTER TABLE sums MODIFY s int AS (a * 3) STORED", [("column", "sums.s", C, "generated")]),
    "generated_to_plain": ("ALTER TABLE sums MODIFY s int NULL", [("column", "sums.s", C, "generated")]),
    "generated_kind": (
        "ALTER TABLE sums DROP COLUMN s; ALTER TABLE sums ADD s int AS (a * 2) VIRTUAL AFTER v",
        [("column", "sums.s", C, "generated")],
    ),
    "index_over_a_reference_and_a_column": (
        "ALTER TABLE children ADD extra int NULL, ADD KEY ix_parent (parent_id, extra)",
        [("column", "children.extra", U, "")],
    ),
    "two_references_over_a_column": (
        "ALTER TABLE loose ADD CONSTRAINT r1 FOREIGN KEY (a) REFERENCES parents (id);"
        "ALTER TABLE loose ADD CONSTRAINT r2 FOREIGN KEY (a) REFERENCES parents (id) ON DELETE CASCADE",
        [("foreign_key", "loose.r1", U, ""), ("foreign_key", "loose.r2", U, "")],
    ),
    "two_references_over_a_new_column": (
        "ALTER TABLE loose ADD extra int NULL; ALTER TABLE loose ADD CONSTRAINT r1 FOREIGN KEY (extra) REFERENCES parents (id);"
        "ALTER TABLE loose ADD CONSTRAINT r2 FOREIGN KEY (extra) REFERENCES parents (id) ON DELETE CASCADE",
        [("column", "loose.extra", U, "")],
    ),
    "reference_over_a_unique_key": (
        "ALTER TABLE loose ADD extra int NOT NULL DEFAULT 1, ADD UNIQUE KEY uq_a (a, extra);"
        "ALTER TABLE loose ADD CONSTRAINT r1 FOREIGN KEY (a) REFERENCES parents (id)",
        [("column", "loose.extra", U, ""), ("foreign_key", "loose.r1", U, "")],
    ),
    "key_longer_by_a_new_column": (
        "ALTER TABLE children ADD extra int NULL, DROP INDEX uq_note, ADD UNIQUE KEY uq_note (note, extra)",
        [("column", "children.extra", U, "")],
    ),
    "index_longer_by_a_new_column": (
        "ALTER TABLE children ADD extra int NULL, DROP INDEX ix_two, ADD KEY ix_two (name, extra, amount)",
        [("column", "children.extra", U, "")],
    ),
    "generated_kind_in_a_key": (
        "ALTER TABLE sums DROP INDEX ix_v, DROP COLUMN v; ALTER TABLE sums ADD v int AS (a + 1) STORED AFTER b,"
        " ADD KEY ix_v (v)",
        [("column", "sums.v", C, "generated")],
    ),
    "generated_over_a_new_column": (
        "ALTER TABLE sums ADD extra int NOT NULL; ALTER TABLE sums MODIFY v int AS (extra + 1) VIRTUAL",
        [("column", "sums.extra", U, ""), ("column", "sums.v", C, "generated")],
    ),
    "generated_stored_over_a_new_column": (
        "ALTER TABLE sums ADD extra int NOT NULL; ALTER TABLE sums MODIFY s int AS (extra + 1) STORED",
        [("column", "sums.extra", U, ""), ("column", "sums.s", C, "generated")],
    ),
    "generated_kind_behind_a_column_that_goes": (
        "ALTER TABLE sums DROP INDEX ix_v, DROP COLUMN v, DROP COLUMN b; ALTER TABLE sums ADD v int AS (a + 1) STORED"
        " AFTER a, ADD KEY ix_v (v)",
        [("column", "sums.b", M, ""), ("column", "sums.v", C, "generated")],
    ),
    "generated_over_the_later_of_new_columns": (
        "ALTER TABLE sums ADD x int NULL AFTER a, ADD y int NULL AFTER x; ALTER TABLE sums MODIFY v int AS (y + 1) VIRTUAL",
        [("column", "sums.v", C, "generated"), ("column", "sums.x", U, ""), ("column", "sums.y", U, "")],
    ),
    "check_over_a_new_column": (
        "ALTER TABLE children ADD extra int NOT NULL; ALTER TABLE children DROP CONSTRAINT ck_amount;"
        "ALTER TABLE children ADD CONSTRAINT ck_amount CHECK (extra >= 0)",
        [("column", "children.extra", U, ""), ("check", "children.ck_amount", C, "expression")],
    ),
    "check_and_key_over_new_columns": (
        "ALTER TABLE children ADD extra int NOT NULL, ADD more int NOT NULL, ADD KEY ix_more (more, extra);"
        "ALTER TABLE children DROP CONSTRAINT ck_amount; ALTER TABLE children ADD CONSTRAINT ck_amount CHECK (extra >= 0)",
        [("column", "children.extra", U, ""), ("column", "children.more", U, ""),
         ("check", "children.ck_amount", C, "expression")],
    ),
    "column_added_beside_indexed_generated": ("ALTER TABLE sums ADD extra int NULL", [("column", "sums.extra", U, "")]),
    "column_check": (
        "ALTER TABLE loose MODIFY a int NULL CHECK (a > 0)",
        [("column", "loose.a", C, "check")],
        MARIADB_ONLY,
    ),
    "srid": (
        "ALTER TABLE loose ADD p point NULL SRID 4326",
        [("column", "loose.p", U, "")],
        ORACLE_ONLY,
    ),
    "column_case": ("ALTER TABLE parents RENAME COLUMN label TO Label", [("column", "parents.label", C, "name")]),
    "column_order": (
        "ALTER TABLE parents MODIFY label varchar(30) NULL FIRST",
        [("column", "parents.label", C, "type"), ("table", "parents", C, "column_order")],
    ),
    "table_created": (
        "CREATE TABLE extra (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, `select` varchar(20) NOT NULL DEFAULT 'a',"
        " parent_id int, KEY ix (`select`(5)), CONSTRAINT fk_x FOREIGN KEY (parent_id) REFERENCES parents (id),"
        " CONSTRAINT ck_x CHECK (parent_id > 0)) COMMENT='c'; CREATE TRIGGER extra_bi BEFORE INSERT ON extra FOR EACH ROW SET"
        " NEW.`select` = 'b'; INSERT INTO extra (parent_id) VALUES (1)",
        [("table", "extra", U, "")],
    ),
    "tables_created_in_a_circle": (
        "CREATE TABLE one (id int PRIMARY KEY, two int); CREATE TABLE two (id int PRIMARY KEY, one int,"
        " CONSTRAINT fk_one FOREIGN KEY (one) REFERENCES one (id)); ALTER TABLE one ADD CONSTRAINT fk_two FOREIGN KEY"
        " (two) REFERENCES two (id)",
        [("table", "one", U, ""), ("table", "two", U, "")],
    ),
    "table_partitioned_created": (
        "CREATE TABLE extra (a int NOT NULL, PRIMARY KEY (a)) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10),"
        " PARTITION p1 VALUES LESS THAN MAXVALUE)",
        [("table", "extra", U, "")],
    ),
    "table_versioned_created": (
        "CREATE TABLE extra (a int, s timestamp(6) GENERATED ALWAYS AS ROW START, e timestamp(6) GENERATED ALWAYS AS ROW"
        " END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING",
        [("table", "extra", U, "")],
        MARIADB_ONLY,
    ),
    "table_dropped": ("DROP TABLE loose", [("table", "loose", M, "")]),
    "table_referenced_dropped": (
        "UPDATE children SET parent_id = NULL; ALTER TABLE children DROP FOREIGN KEY fk_parent; ALTER TABLE children DROP INDEX fk_parent; DROP VIEW both_names;"
        "DROP TABLE parents",
        [("table", "parents", M, ""), ("view", "both_names", M, "")],
    ),
    "engine": ("ALTER TABLE loose ENGINE=MyISAM", [("table", "loose", C, "engine")]),
    "table_charset": (
        "ALTER TABLE loose DEFAULT CHARACTER SET latin1 COLLATE latin1_bin",
        [("table", "loose", C, "charset")],
    ),
    "table_collation": (
        "ALTER TABLE loose DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        [("table", "loose", C, "collation")],
    ),
    "system_versioning": (
        "ALTER TABLE loose ADD SYSTEM VERSIONING",
        [("table", "loose", C, "system_versioning")],
        MARIADB_ONLY,
    ),
    "partitioned": (
        "ALTER TABLE loose PARTITION BY HASH (a) PARTITIONS 3",
        [("table", "loose", C, "partition_key")],
    ),
    "primary_key_added": (
        "ALTER TABLE loose MODIFY a int NOT NULL, ADD PRIMARY KEY (a)",
        [("primary_key", "loose.PRIMARY", U, "")],
    ),
    "primary_key_dropped": ("ALTER TABLE texts DROP PRIMARY KEY", [("primary_key", "texts.PRIMARY", M, "")]),
    "primary_key_wider": (
        "ALTER TABLE sums DROP PRIMARY KEY, ADD PRIMARY KEY (id, a)",
        [("primary_key", "sums.PRIMARY", C, "columns")],
    ),
    "unique_added": ("ALTER TABLE parents ADD UNIQUE KEY uq_label (label)", [("unique", "parents.uq_label", U, "")]),
    "unique_dropped": ("ALTER TABLE parents DROP INDEX uq_code", [("unique", "parents.uq_code", M, "")]),
    "unique_wider": (
        "ALTER TABLE parents DROP INDEX uq_code, ADD UNIQUE KEY uq_code (code, label)",
        [("unique", "parents.uq_code", C, "columns")],
    ),
    "unique_to_index": (
        "ALTER TABLE parents DROP INDEX uq_code, ADD KEY uq_code (code)",
        [("index", "parents.uq_code", C, "unique")],
    ),
    "unique_renamed": (
        "ALTER TABLE parents RENAME INDEX uq_code TO uq_kode",
        [("unique", "parents.uq_code", C, "name")],
    ),
    "index_added": ("CREATE INDEX ix_label ON parents (label)", [("index", "parents.ix_label", U, "")]),
    "index_added_prefix": ("CREATE INDEX ix_body ON children (body(10), name(3) DESC)", [("index", "children.ix_body", U, "")]),
    "index_added_expression": (
        "CREATE INDEX ix_lower ON parents ((LOWER(label)))",
        [("index", "parents.ix_lower", U, "")],
        ORACLE_ONLY,
    ),
    "index_added_full_text": (
        "ALTER TABLE texts ADD FULLTEXT KEY ft_u (u)",
        [("index", "texts.ft_u", U, "")],
    ),
    "index_full_text_with_parser": (
        "ALTER TABLE texts DROP INDEX ft; ALTER TABLE texts ADD FULLTEXT KEY ft (t) WITH PARSER ngram",
        [("index", "texts.ft", C, "method")],
        ORACLE_ONLY,
    ),
    "index_dropped": ("DROP INDEX ix_two ON children", [("index", "children.ix_two", M, "")]),
    "index_columns": (
        "ALTER TABLE children DROP INDEX ix_two, ADD KEY ix_two (name, kind)",
        [("index", "children.ix_two", C, "columns")],
    ),
    "index_descending": (
        "ALTER TABLE children DROP INDEX ix_two, ADD KEY ix_two (name, amount DESC)",
        [("index", "children.ix_two", C, "order")],
    ),
    "index_prefix": (
        "ALTER TABLE children DROP INDEX ix_name, ADD KEY ix_name (name(7))",
        [("index", "children.ix_name", C, "prefix")],
    ),
    "index_renamed": ("ALTER TABLE children RENAME INDEX ix_two TO ix_too", [("index", "children.ix_two", C, "name")]),
    "index_hidden": (
        "ALTER TABLE children ALTER INDEX ix_two INVISIBLE",
        [("index", "children.ix_two", C, "visible")],
        ORACLE_ONLY,
    ),
    "index_ignored": (
        "ALTER TABLE children ALTER INDEX ix_two IGNORED",
        [("index", "children.ix_two", C, "visible")],
        MARIADB_ONLY,
    ),
    "index_under_foreign_key": (
        "ALTER TABLE children ADD KEY ix_parent (parent_id, name)",
        [("index", "children.ix_parent", U, "")],
    ),
    "foreign_key_added": (
        "ALTER TABLE loose ADD CONSTRAINT fk_a FOREIGN KEY (a) REFERENCES parents (id)",
        [("foreign_key", "loose.fk_a", U, "")],
    ),
    "foreign_key_dropped": (
        "ALTER TABLE children DROP FOREIGN KEY fk_parent; ALTER TABLE children DROP INDEX fk_parent",
        [("foreign_key", "children.fk_parent", M, "")],
    ),
    "foreign_key_on_delete": (
        "ALTER TABLE children DROP FOREIGN KEY fk_parent; ALTER TABLE children ADD CONSTRAINT fk_parent FOREIGN KEY"
        " (parent_id) REFERENCES parents (id) ON DELETE SET NULL",
        [("foreign_key", "children.fk_parent", C, "on_delete")],
    ),
    "foreign_key_on_update": (
        "ALTER TABLE tree DROP FOREIGN KEY fk_up; ALTER TABLE tree ADD CONSTRAINT fk_up FOREIGN KEY (up) REFERENCES tree"
        " (id) ON UPDATE CASCADE",
        [("foreign_key", "tree.fk_up", C, "on_update")],
    ),
    "foreign_key_renamed": (
        "ALTER TABLE tree DROP FOREIGN KEY fk_up; ALTER TABLE tree ADD CONSTRAINT fk_upper FOREIGN KEY (up) REFERENCES"
        " tree (id)",
        [("foreign_key", "tree.fk_up", C, "name")],
    ),
    "check_added": ("ALTER TABLE loose ADD CONSTRAINT ck_a CHECK (a > 0 AND b <> 77)", [("check", "loose.ck_a", U, "")]),
    "check_dropped": ("ALTER TABLE children DROP CONSTRAINT ck_amount", [("check", "children.ck_amount", M, "")]),
    "check_changed": (
        "ALTER TABLE children DROP CONSTRAINT ck_amount, ADD CONSTRAINT ck_amount CHECK (amount >= 1)",
        [("check", "children.ck_amount", C, "expression")],
    ),
    "check_not_enforced": (
        "ALTER TABLE children ALTER CHECK ck_amount NOT ENFORCED",
        [("check", "children.ck_amount", C, "enforced")],
        ORACLE_ONLY,
    ),
    "view_created": ("CREATE VIEW extra AS SELECT code FROM parents", [("view", "extra", U, "")]),
    "view_dropped": ("DROP VIEW both_names", [("view", "both_names", M, "")]),
    "views_dropped": ("DROP VIEW both_names; DROP VIEW names", [("view", "both_names", M, ""), ("view", "names", M, "")]),
    "view_changed": (
        "CREATE OR REPLACE VIEW names AS SELECT id, name FROM children WHERE amount > 1",
        [("view", "names", C, "definition")],
    ),
    "view_security": (
        "CREATE OR REPLACE SQL SECURITY INVOKER VIEW names AS SELECT id, name FROM children WHERE amount > 0",
        [("view", "names", C, "security")],
    ),
    "view_check_option": (
        "CREATE OR REPLACE VIEW names AS SELECT id, name FROM children WHERE amount > 0 WITH LOCAL CHECK OPTION",
        [("view", "names", C, "check_option")],
    ),
    "view_algorithm": (
        "CREATE OR REPLACE ALGORITHM=TEMPTABLE VIEW both_names AS SELECT n.name, p.code FROM names n JOIN parents p ON"
        " p.id = n.id",
        [("view", "both_names", C, "options")],
    ),
    "trigger_created": (
        "CREATE TRIGGER parents_bu BEFORE UPDATE ON parents FOR EACH ROW BEGIN SET NEW.code = 'a;$$b'; END",
        [("trigger", "parents.parents_bu", U, "")],
    ),
    "triggers_created": (
        "CREATE TRIGGER z_first BEFORE UPDATE ON parents FOR EACH ROW SET NEW.code = 'a';"
        "CREATE TRIGGER a_second BEFORE UPDATE ON parents FOR EACH ROW SET NEW.code = 'b'",
        [("trigger", "parents.a_second", U, ""), ("trigger", "parents.z_first", U, "")],
    ),
    "trigger_dropped": ("DROP TRIGGER children_bi", [("trigger", "children.children_bi", M, "")]),
    "trigger_changed": (
        "DROP TRIGGER children_bi; CREATE TRIGGER children_bi BEFORE INSERT ON children FOR EACH ROW SET NEW.name = 'z'",
        [("trigger", "children.children_bi", C, "definition")],
    ),
    "trigger_timing": (
        "DROP TRIGGER children_bi; CREATE TRIGGER children_bi BEFORE UPDATE ON children FOR EACH ROW"
        " SET NEW.name = CONCAT(NEW.name, '')",
        [("trigger", "children.children_bi", C, "events")],
    ),
    "procedure_created": (
        "CREATE PROCEDURE extra(INOUT a varchar(10)) SQL SECURITY INVOKER COMMENT 'it''s' BEGIN SET a = 'x;'; SELECT 1; END",
        [("routine", "extra", U, "")],
    ),
    "procedure_dropped": ("DROP PROCEDURE touch", [("routine", "touch", M, "")]),
    "procedure_changed": (
        "DROP PROCEDURE touch; CREATE PROCEDURE touch(IN which int, OUT found int) READS SQL DATA SELECT 5 INTO found",
        [("routine", "touch", C, "definition")],
    ),
    "procedure_signature": (
        "DROP PROCEDURE touch; CREATE PROCEDURE touch(IN which bigint, OUT found int) READS SQL DATA"
        " SELECT count(*) INTO found FROM parents WHERE id = which",
        [("routine", "touch", C, "signature")],
    ),
    "function_created": (
        "CREATE FUNCTION thrice(n decimal(5,2)) RETURNS varchar(20) CHARSET utf8mb4 DETERMINISTIC RETURN n * 3",
        [("routine", "thrice", U, "")],
    ),
    "function_changed": (
        "DROP FUNCTION twice; CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN n + n",
        [("routine", "twice", C, "definition")],
    ),
    "function_returns": (
        "DROP FUNCTION twice; CREATE FUNCTION twice(n int) RETURNS bigint DETERMINISTIC RETURN n * 2",
        [("routine", "twice", C, "returns")],
    ),
    "function_volatility": (
        "DROP FUNCTION twice; CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC NO SQL RETURN n * 2",
        [("routine", "twice", C, "volatility")],
    ),
    "event_created": (
        "CREATE EVENT extra ON SCHEDULE EVERY '1:30' MINUTE_SECOND STARTS '2031-01-01 00:00:00' ENDS '2035-01-01 00:00:00'"
        " ON COMPLETION PRESERVE DISABLE COMMENT 'x' DO BEGIN DELETE FROM loose; END",
        [("event", "extra", U, "")],
    ),
    "event_dropped": ("DROP EVENT nightly", [("event", "nightly", M, "")]),
    "event_schedule": ("ALTER EVENT nightly ON SCHEDULE EVERY 2 DAY", [("event", "nightly", C, "schedule")]),
    "event_body": ("ALTER EVENT nightly DO DELETE FROM loose WHERE a = 1", [("event", "nightly", C, "definition")]),
    "event_status": ("ALTER EVENT nightly ENABLE", [("event", "nightly", C, "status")]),
    "sequence_created": ("CREATE SEQUENCE extra START 5 INCREMENT 2", [("sequence", "extra", U, "")], MARIADB_ONLY),
    "several_at_once": (
        "ALTER TABLE parents ADD extra int NULL, MODIFY label varchar(30) NULL; DROP TABLE loose;"
        "CREATE TABLE loose (a int NULL, b int NULL, c int NULL, KEY ix_c (c));"
        "ALTER TABLE children DROP INDEX ix_name, ALTER name SET DEFAULT 'y'",
        [
            ("column", "children.name", C, "default"),
            ("column", "loose.c", U, ""),
            ("column", "parents.extra", U, ""),
            ("column", "parents.label", C, "type"),
            ("index", "children.ix_name", M, ""),
        ],
    ),
    "hostile_names": (
        "CREATE TABLE `a``b'\"\\\\ ;-- */ é 表` (`c``'\"\\\\ ;-- */` int NULL COMMENT 'x */ -- ; '' \\\\', `key` int NOT NULL,"
        " PRIMARY KEY (`key`), KEY `i``'\"\\\\ ;` (`c``'\"\\\\ ;-- */`), CONSTRAINT `k``'\"` CHECK (`c``'\"\\\\ ;-- */` > 0));"
        "CREATE VIEW `v``'\"; 表` AS SELECT `c``'\"\\\\ ;-- */` AS `x``'` FROM `a``b'\"\\\\ ;-- */ é 表`",
        [("table", "a`b'\"\\\\ ;-- */ é 表", U, ""), ("view", "v`'\"; 表", U, "")],
    ),
}

OPTIONS = ("column_order=report",)

OTHER_WAY = {M: U, U: M, C: C}


@pytest.fixture(params=("mariadb", "other_mariadb", "mysql"))
def server(request):
    return request.getfixturevalue(f"{request.param}_server")


def execute(database, script):
    """One statement at a time: MySQL keeps the semicolon behind a body that another statement follows."""
    for statement in re.split(r";\s*(?=(?:CREATE|ALTER|DROP|INSERT|UPDATE|DELETE)\b)", script.strip().rstrip(";")):
        database.sql(statement)


@pytest.fixture
def live(server):
    database = server.create_database()
    try:
        database.sql("ALTER DATABASE CHARACTER SET utf8mb4")
        execute(database, SCHEMA)
        database.sql(ROWS)
        yield database
    finally:
        database.drop()


def snapshot(database, path):
    path.write_text(drift_probe.run("snapshot", database.url()))
    return path


def state(database):
    """All that can be read of it, without what changes by itself."""
    read = json.loads(drift_probe.run("snapshot", database.url()))
    return {name: value for name, value in read.items() if name not in ("coverage", "server_version")}


def short(answer):
    return drift_probe.short(drift_probe.confirmed(answer["items"]))


def check(database, reference, expected):
    """Plan, stages, again, verification, undo, again: what each leaves."""
    answer = drift_probe.steps(reference, database.url(), *OPTIONS)
    assert short(answer) == expected
    assert answer["unsolved"] == []
    scripts = answer["scripts"]
    before = state(database)
    for _ in range(2):
        run_script(database, scripts["guard"])
        for stage in ("stage1", "stage2", "stage3"):
            run_script(database, scripts[stage])
        after = drift_probe.diff(reference, database.url(), *OPTIONS)
        assert drift_probe.confirmed(after["items"]) == [], scripts["all0"]
    verified = run_script(database, scripts["verify"]).stdout.splitlines()
    rows = [line for line in verified if not line.endswith("\tdone") and line]
    assert len(rows) == sum(1 for statement in answer["statements"] if statement.get("verify")) and all(row.endswith("\t1") for row in rows), verified
    for _ in range(2):
        run_script(database, scripts["undo"])
        back = drift_probe.diff(reference, database.url(), *OPTIONS)
        assert short(back) == expected, scripts["undo"]
    assert without_order(state(database)) == without_order(before)
    run_script(database, scripts["all0"])
    assert drift_probe.confirmed(drift_probe.diff(reference, database.url(), *OPTIONS)["items"]) == []


def without_order(read):
    """What an undo may leave otherwise: what the server counts, and fingerprints."""
    text = json.dumps({name: value for name, value in read.items() if name != "fingerprint"}, sort_keys=True)
    return json.loads(text, object_hook=lambda item: {k: v for k, v in item.items() if k not in ("follows", "starts")})


@pytest.mark.parametrize("case", CASES)
def test_one_change(live, server, tmp_path, case):
    change, items, *only = CASES[case]
    if only and server.engine != only[0]:
        pytest.skip(f"{only[0]} only")
    expected = sorted(items)
    reverse = sorted((kind, path, OTHER_WAY[state], attribute) for kind, path, state, attribute in items)
    base = snapshot(live, tmp_path / "base.json")
    execute(live, change)
    changed = snapshot(live, tmp_path / "changed.json")
    check(live, base, expected)
    found = short(drift_probe.diff(changed, live.url(), *OPTIONS))
    assert [item[:1] + item[2:] for item in found] == [item[:1] + item[2:] for item in reverse]
    check(live, changed, found)


# What tables can have that keeps a server from changing them in place: (columns and keys, options[, only on[, change]]).
KINDS = {
    "plain": ("", ""),
    "without_key": ("", "", None, "DROP PRIMARY KEY"),
    "virtual": (", v int AS (b + 1) VIRTUAL", ""),
    "virtual_indexed": (", v int AS (b + 1) VIRTUAL, KEY kv (v)", ""),
    "stored": (", s int AS (b + 1) STORED", ""),
    "expression": (", KEY ke ((b + 1))", "", ORACLE_ONLY),
    "full_text": (", t text, FULLTEXT KEY kt (t)", ""),
    "spatial": (", g geometry NOT NULL, SPATIAL KEY kg (g)", ""),
    "hashed": (", t text, UNIQUE KEY kt (t)", "", MARIADB_ONLY),
    "checked": (", e enum('a', 'b') NULL, CONSTRAINT ck CHECK (e > 'a' OR c > -1)", ""),
    "compressed": ("", "ROW_FORMAT=COMPRESSED"),
    "small_blocks": ("", "KEY_BLOCK_SIZE=8"),
    "redundant": ("", "ROW_FORMAT=REDUNDANT"),
    "long_key": (", u varchar(250) NULL, UNIQUE KEY ku (u)", "ROW_FORMAT=DYNAMIC"),
    "partitioned": ("", "PARTITION BY HASH (id) PARTITIONS 2"),
    "versioned": ("", "WITH SYSTEM VERSIONING", MARIADB_ONLY),
    "other_engine": ("", "ENGINE=MyISAM"),
}

# One of each kind of change that is done in place where the table is plain.
IN_PLACE = (
    "ALTER TABLE k ADD w int NULL AFTER a, ADD z varchar(20) NOT NULL DEFAULT 'z'; ALTER TABLE k DROP COLUMN x;"
    "ALTER TABLE k DROP COLUMN y, DROP INDEX ky; ALTER TABLE k ADD KEY kc (c); ALTER TABLE k DROP INDEX ka;"
    "ALTER TABLE k MODIFY a varchar(40) NULL DEFAULT 'a'; ALTER TABLE k MODIFY n int NOT NULL DEFAULT 1;"
    "ALTER TABLE k MODIFY d varchar(20) COLLATE utf8mb4_bin NULL; ALTER TABLE k ADD p int AS (c + 2) VIRTUAL"
)


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_no_algorithm_is_refused(live, server, tmp_path, kind):
    more, options, only, *after = (*KINDS[kind], None) if len(KINDS[kind]) == 2 else KINDS[kind]
    if only and server.engine != only:
        pytest.skip(f"{only} only")
    database = f"""CREATE TABLE k (id int NOT NULL, a varchar(20) NULL, b int NULL, c int NOT NULL, d varchar(20) NULL,
        n int NULL, x int NULL, y int NULL, PRIMARY KEY (id), KEY ka (a), KEY ky (y){more}) {options}"""
    live.sql("SET system_versioning_alter_history = KEEP; " * (kind == "versioned") + database)
    for change in after:
        live.sql(f"ALTER TABLE k {change}")
    if kind != "spatial":
        live.sql("INSERT INTO k (id, a, b, c, n) VALUES (1, 'a', 1, 1, 1), (2, 'b', 2, 2, 2)")
    base = snapshot(live, tmp_path / "base.json")
    for change in IN_PLACE.split(";"):
        live.sql("SET system_versioning_alter_history = KEEP; " * (kind == "versioned") + change)
    changed = snapshot(live, tmp_path / "changed.json")
    check(live, base, short(drift_probe.diff(base, live.url(), *OPTIONS)))
    check(live, changed, short(drift_probe.diff(changed, live.url(), *OPTIONS)))


def test_a_table_that_has_no_more_instant_changes(live, server, tmp_path):
    """MySQL counts them, and says how many there were to nobody who asks without privileges."""
    if server.engine != "mysql":
        pytest.skip("MySQL only")
    live.sql("CREATE TABLE k (id int NOT NULL, w int NULL, b int NULL, PRIMARY KEY (id))")
    base = snapshot(live, tmp_path / "base.json")
    live.sql("DROP TABLE k; CREATE TABLE k (id int NOT NULL, a int NULL, b int NULL, PRIMARY KEY (id)); INSERT INTO k"
             " VALUES (1, 1, 1)")
    with pytest.raises(pymysql.err.Error, match="4092"):
        for _ in range(1000):
            live.sql("ALTER TABLE k ADD x int NULL, ALGORITHM=INSTANT; ALTER TABLE k DROP COLUMN x, ALGORITHM=INSTANT")
    found = short(drift_probe.diff(base, live.url(), *OPTIONS))
    assert ("column", "k.w", M, "") in found
    check(live, base, found)


# What happens between reading and running, and which object the script must then name.
MEANWHILE = {
    "column_changed": ("ALTER TABLE parents MODIFY label varchar(99) NULL", "column `parents`.`label`"),
    "column_gone": ("ALTER TABLE parents DROP COLUMN label", "column `parents`.`label`"),
    "default_changed": ("ALTER TABLE parents ALTER label SET DEFAULT 'z'", "column `parents`.`label`"),
    "index_changed": (
        "ALTER TABLE children DROP INDEX ix_two, ADD KEY ix_two (kind)",
        "index `children`.`ix_two`",
    ),
    "foreign_key_changed": (
        "ALTER TABLE tree DROP FOREIGN KEY fk_up",
        "foreign key `tree`.`fk_up`",
    ),
    "check_changed": (
        "ALTER TABLE children DROP CONSTRAINT ck_amount, ADD CONSTRAINT ck_amount CHECK (amount > -5)",
        "check `children`.`ck_amount`",
    ),
    "view_changed": ("CREATE OR REPLACE VIEW names AS SELECT id, name FROM children WHERE amount > 9", "view `names`"),
    "trigger_gone": ("DROP TRIGGER children_bi; CREATE TRIGGER children_bi AFTER INSERT ON children FOR EACH ROW DO 0",
                     "trigger `children_bi`"),
    "table_changed": ("ALTER TABLE loose ADD meanwhile int", "table `loose`"),
}

PLANNED = (
    "ALTER TABLE parents MODIFY label varchar(30) NULL; ALTER TABLE children DROP INDEX ix_two, ADD KEY ix_two (name, kind);"
    "ALTER TABLE tree DROP FOREIGN KEY fk_up; ALTER TABLE tree ADD CONSTRAINT fk_up FOREIGN KEY (up) REFERENCES tree (id)"
    " ON DELETE CASCADE; ALTER TABLE children DROP CONSTRAINT ck_amount, ADD CONSTRAINT ck_amount CHECK (amount >= 1);"
    "CREATE OR REPLACE VIEW names AS SELECT id, name FROM children WHERE amount > 1; DROP TRIGGER children_bi;"
    "CREATE TRIGGER children_bi BEFORE INSERT ON children FOR EACH ROW SET NEW.name = 'z'; DROP TABLE loose"
)


@pytest.mark.parametrize("case", MEANWHILE)
def test_the_guard_stops_a_stale_plan(live, tmp_path, case):
    """The foreign key may be away: that is how the plan itself leaves it for a moment."""
    execute(live, PLANNED)
    reference = snapshot(live, tmp_path / "reference.json")
    execute(live, "DROP VIEW names; DROP VIEW both_names; DROP TRIGGER children_bi; DROP PROCEDURE touch; DROP FUNCTION twice;"
                  "DROP EVENT nightly; DROP TABLE children; DROP TABLE parents; DROP TABLE sums; DROP TABLE texts;"
                  "DROP TABLE tree")
    execute(live, SCHEMA)
    scripts = drift_probe.steps(reference, live.url())["scripts"]
    change, named = MEANWHILE[case]
    execute(live, change)
    before = state(live)
    if case == "foreign_key_changed":
        run_script(live, scripts["guard"])
        return
    for name in ("guard", "all0"):
        result = run_script(live, scripts[name], check=False)
        assert result.returncode != 0 and f"changed since it was read: {named}" in result.stderr, result.stderr
    assert state(live) == before


def test_a_key_that_a_reference_needs_changes(live, tmp_path):
    """Where the foreign key stays, it gets an index of its own; where it goes, it goes first."""
    key = "CREATE TABLE served (id int NOT NULL PRIMARY KEY, a int NULL, b int NULL, UNIQUE KEY uq (%s)%s)"
    reference = ", CONSTRAINT fk_own FOREIGN KEY (a) REFERENCES parents (id)"
    for after in (reference, ""):
        execute(live, key % ("b", after))
        base = snapshot(live, tmp_path / "reference.json")
        execute(live, "DROP TABLE served; " + key % ("a, b", reference))
        check(live, base, short(drift_probe.diff(base, live.url(), *OPTIONS)))
        live.sql("DROP TABLE served")


def test_a_key_takes_the_place_of_the_one_that_a_reference_made(live, tmp_path):
    """The server drops its own without a word, and wants one back before the undo can drop the new one."""
    table = "CREATE TABLE own (id int NOT NULL PRIMARY KEY, a int NULL, b int NULL, CONSTRAINT fk_own FOREIGN KEY (a)" \
            " REFERENCES parents (id))"
    execute(live, table + "; ALTER TABLE own ADD KEY ix_own (a, b)")
    reference = snapshot(live, tmp_path / "reference.json")
    execute(live, "DROP TABLE own; " + table)
    check(live, reference, [("index", "own.ix_own", M, "")])


# A table `w (id, q, o…)` in two forms: no action of a foreign key may write what a check or a stored column reads, so
# whichever of the two comes waits until the other one is gone. (one form, the other[, on which server only])
WRITES = ", CONSTRAINT fk_w FOREIGN KEY (q) REFERENCES parents (id) ON UPDATE CASCADE"
WRITTEN = {
    "check": (", CONSTRAINT ck CHECK (q > 0)", WRITES),
    "check_of_two": (", CONSTRAINT ck CHECK (q >= o)", WRITES.replace("UPDATE CASCADE", "UPDATE SET NULL")),
    "check_set_null": (", CONSTRAINT ck CHECK (q > 0)", WRITES.replace("UPDATE CASCADE", "DELETE SET NULL")),
    "check_changes": (", CONSTRAINT ck CHECK (q > 0)", ", CONSTRAINT ck CHECK (o > 0)" + WRITES),
    "reference_changes": (
        ", CONSTRAINT ck CHECK (q > 0)" + WRITES.replace("ON UPDATE CASCADE", "ON DELETE CASCADE"),
        WRITES,
    ),
    "both_change": (
        ", CONSTRAINT ck CHECK (q > 0)" + WRITES.replace("KEY (q)", "KEY (o)"),
        ", CONSTRAINT ck CHECK (o > 0)" + WRITES,
    ),
    "both_change_late": (
        ", n int NOT NULL, CONSTRAINT ck CHECK (q > 0)" + WRITES.replace("KEY (q)", "KEY (o)"),
        ", CONSTRAINT ck CHECK (o > 0)" + WRITES,
    ),
    "check_goes_with_its_column": (
        ", z int NULL, g int AS (z + 1) VIRTUAL, CONSTRAINT ck CHECK (q > z)",
        ", g int AS (o + 1) VIRTUAL" + WRITES,
    ),
    "stored": (", s int AS (q + 1) STORED", WRITES),
    "stored_on_delete": (", s int AS (q + 1) STORED", WRITES.replace("ON UPDATE", "ON DELETE")),
    "stored_changes": (", s int AS (q + 1) STORED", ", s int AS (o + 1) STORED" + WRITES),
    "stored_and_virtual": (", s int AS (q + 1) STORED", ", s int AS (q + 1) VIRTUAL" + WRITES),
    "stored_over_virtual": (
        ", v int AS (q + 1) VIRTUAL, s int AS (v + 1) STORED",
        ", v int AS (q + 1) VIRTUAL" + WRITES,
    ),
    "stored_over_changing_virtual": (
        ", v int AS (o + 1) VIRTUAL, s int AS (v + 1) STORED" + WRITES,
        ", v int AS (q + 1) VIRTUAL, s int AS (v + 1) STORED",
    ),
    "check_over_virtual": (
        ", v int AS (q + 1) VIRTUAL, w int AS (v + 1) VIRTUAL, CONSTRAINT ck CHECK (w > 0)",
        ", v int AS (q + 1) VIRTUAL, w int AS (v + 1) VIRTUAL" + WRITES,
    ),
    "check_of_a_column": (", z int NULL CHECK (z > q)", ", z int NULL" + WRITES, MARIADB_ONLY),
    "check_of_its_column": (", z int NULL CHECK (z > q)", WRITES, MARIADB_ONLY),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_a_reference_that_writes_waits(live, tmp_path, server, case):
    one, other, *only = WRITTEN[case]
    if only and server.engine != only[0]:
        pytest.skip(f"{only[0]} only")
    table = "CREATE TABLE w (id int NOT NULL, q int NULL, o int NULL%s, PRIMARY KEY (id))"
    for reference, there in ((one, other), (other, one)):
        live.sql(table % reference)
        base = snapshot(live, tmp_path / "base.json")
        live.sql("DROP TABLE w")
        live.sql(table % there)
        if "n int NOT NULL" not in one:
            live.sql("INSERT INTO w (id, q, o) VALUES (1, 1, 1), (2, 2, 2)")
        check(live, base, short(drift_probe.diff(base, live.url(), *OPTIONS)))
        live.sql("DROP TABLE w")


# What two tables have under one name or another: a rename is planned as one thing that goes and another that comes, with
# what stands on them. (what is called otherwise, its two names[, other words])
RENAMED_SCHEMA = """
CREATE TABLE {cust} ({id} bigint unsigned NOT NULL AUTO_INCREMENT, mail varchar(100) NOT NULL, PRIMARY KEY ({id}),
    UNIQUE KEY uq_mail (mail));
CREATE TABLE {ord} (id int NOT NULL AUTO_INCREMENT, cust_id bigint unsigned NOT NULL, {qty} int {null}, o int NULL,
    PRIMARY KEY (id), {key} ix_c (cust_id, {qty}),
    CONSTRAINT fk_c FOREIGN KEY (cust_id) REFERENCES {cust} ({id}) ON DELETE CASCADE, CONSTRAINT q CHECK ({qty} >= 0));
CREATE TRIGGER tr BEFORE INSERT ON {ord} FOR EACH ROW SET NEW.o = 1;
INSERT INTO {cust} (mail) VALUES ('a'), ('b');
"""
RENAMED_ROWS = "INSERT INTO {ord} (cust_id, {qty}) VALUES (1, 1), (2, 2);"  # they need those of the other table to stay
RENAMED_WORDS = {"cust": "cust", "ord": "ord", "id": "id", "qty": "qty", "null": "NULL", "key": "KEY"}
RENAMED = {
    "column": ("qty", "qty", "quantity"),
    "required_column": ("qty", "qty", "quantity", {"null": "NOT NULL"}),
    "column_of_a_unique_key": ("qty", "qty", "quantity", {"key": "UNIQUE KEY"}),
    "numbered_column": ("id", "id", "cid"),
    "table": ("ord", "ord", "ordx"),
    "referenced_table": ("cust", "cust", "custx"),
    "required_column_of_a_unique_key": ("qty", "qty", "quantity", {"key": "UNIQUE KEY", "null": "NOT NULL"}),
}


@pytest.mark.parametrize("case", RENAMED)
def test_what_stands_on_a_renamed_thing(live, tmp_path, case):
    what, before, after, *more = RENAMED[case]
    words = {**RENAMED_WORDS, **(more[0] if more else {})}

    def build(name):
        for table in ("ord", "ordx", "cust", "custx"):
            live.sql(f"DROP TABLE IF EXISTS {table}")
        execute(live, (RENAMED_SCHEMA + (what != "cust") * RENAMED_ROWS).format(**{**words, what: name}))

    for reference, there in ((before, after), (after, before)):
        build(reference)
        base = snapshot(live, tmp_path / "base.json")
        build(there)
        check(live, base, short(drift_probe.diff(base, live.url(), *OPTIONS)))


# A table `og (id, q…)` in two forms. An index goes before a column becomes what it cannot be over, and comes in its new form
# once the columns of that are as they are to be; the undo, too. (one form, the other, values for q and the rest in both)
OUTGROWN = {
    "becomes_json": ("c varchar(40) NULL, d int NULL, KEY k (d, c)", "c json NULL, d smallint NULL, KEY k (d)", "'1', 1"),
    "becomes_text": ("c varchar(40) NULL, d int NULL, KEY k (d, c)", "c text NULL, d smallint NULL, KEY k (d)", "'1', 1"),
    "index_goes": ("c varchar(40) NULL, KEY k (c)", "c text NULL", "'1'"),
    "unique_goes": ("c varchar(40) NULL, UNIQUE KEY k (c)", "c text NULL", "'1'"),
    "prefix_comes": ("c varchar(40) NULL, KEY k (c)", "c text NULL, KEY k (c(10))", "'1'"),
    "prefix_comes_late": ("c varchar(40) NULL, KEY k (c)", "c json NULL, KEY l (q, id)", "'1'"),
    "becomes_long": (
        "c varchar(20) NULL, d int NULL, KEY k (d, c)",
        "c varchar(1000) NULL, d smallint NULL, KEY k (d)",
        "'1', 1",
    ),
    "index_goes_with_a_column": ("c varchar(40) NULL, d int NULL, KEY k (c, d)", "c text NULL", None),
    "late_column_goes": (
        "c int NOT NULL, d bit(3) NULL, e varchar(5) NULL, UNIQUE KEY k (d, c), KEY l (d DESC)",
        "c text NULL, e smallint NOT NULL DEFAULT 1, UNIQUE KEY k (e)",
        None,
    ),
    "reference_stays": ("c varchar(40) NULL, d int NULL, KEY k (q, c)", "c json NULL, d smallint NULL, KEY k (q, d)", "'1', 1"),
    "reference_stays_alone": (
        "c varchar(40) NULL, d int NULL, KEY k (q, c)",
        "c json NULL, d smallint NULL, KEY k (d, q)",
        "'1', 1",
    ),
    "swapped": (
        "c varchar(40) NULL, v int AS (q + 1) VIRTUAL, KEY k (v, c)",
        "c json NULL, v int AS (q + 1) STORED, KEY k (v)",
        None,
    ),
    "full_text": (
        "c varchar(40) NULL, d int NULL, FULLTEXT KEY k (c)",
        "c int NULL, d smallint NULL, KEY k (d)",
        "'1', 1",
    ),
    "primary_key": (
        "c int NOT NULL, d int NOT NULL, PRIMARY KEY (id, d, c)",
        "c int NULL, d smallint NOT NULL, PRIMARY KEY (id, d)",
        "1, 1",
    ),
    "primary_key_and_type": (
        "c int NOT NULL, d int NOT NULL, PRIMARY KEY (id, d, c)",
        "c bigint NULL, d smallint NOT NULL, PRIMARY KEY (id, d)",
        "1, 1",
    ),
    "index_goes_long": ("c varchar(20) NULL, KEY k (c)", "c varchar(1000) NULL", "'1'"),
    "renamed": ("c varchar(40) NULL, d int NULL, KEY k (d, c)", "c json NULL, d smallint NULL, KEY l (d)", "'1', 1"),
}


@pytest.mark.parametrize("case", OUTGROWN)
def test_an_index_that_a_column_outgrows(live, tmp_path, case):
    one, other, values = OUTGROWN[case]
    table = f"CREATE TABLE og (id int NOT NULL{' PRIMARY KEY' * ('PRIMARY' not in one)}, q int NULL, %s"
    if case.startswith("reference_"):
        table += ", CONSTRAINT fk_og FOREIGN KEY (q) REFERENCES parents (id)"
    for reference, there in ((other, one), (one, other)):
        live.sql(table % reference + ")")
        base = snapshot(live, tmp_path / "base.json")
        live.sql("DROP TABLE og")
        live.sql(table % there + ")")
        if values:
            live.sql(f"INSERT INTO og VALUES (1, 1, {values})")
        check(live, base, short(drift_probe.diff(base, live.url(), *OPTIONS)))
        live.sql("DROP TABLE og")


@pytest.mark.parametrize("text", ("a\x1bb", "a\x1b[31mb", "a\n\x1b\u202e", "a\x01\x08\x7fz", "a\\\x1b'"))
def test_names_and_texts_with_bytes_that_are_no_characters(live, tmp_path, text):
    """They are what they are in scripts and facts, in views that change, come and go."""
    literal = text.replace("\\", "\\\\").replace("'", "''")
    views = ("CREATE VIEW odd AS SELECT a AS `{0}`, '{1}' AS c FROM loose", "CREATE VIEW odd AS SELECT b AS `{0}` FROM loose",
             "CREATE VIEW odd AS SELECT a AS c FROM loose", "DO 0")
    for reference, there in ((0, 1), (1, 2), (2, 0), (3, 0), (0, 3)):
        live.sql(views[reference].format(text, literal))
        base = snapshot(live, tmp_path / "base.json")
        live.sql("DROP VIEW IF EXISTS odd")
        live.sql(views[there].format(text, literal))
        check(live, base, short(drift_probe.diff(base, live.url(), *OPTIONS)))
        live.sql("DROP VIEW IF EXISTS odd")


def test_triggers_and_keys_go_to_another_table(live, tmp_path):
    """Their names are the database's: what has one goes before another comes, and is back before the undo needs it."""
    table = """CREATE TABLE {0} (id int PRIMARY KEY, x int, y int{2},
        CONSTRAINT fk_go FOREIGN KEY (x) REFERENCES parents (id), CONSTRAINT q CHECK (y > 1));
    CREATE TABLE {1} (id int PRIMARY KEY, x int, y int); CREATE VIEW v AS SELECT id FROM {0};
    CREATE TRIGGER t1 BEFORE INSERT ON {0} FOR EACH ROW SET NEW.x = 1;
    CREATE TRIGGER t2 BEFORE INSERT ON {0} FOR EACH ROW FOLLOWS t1 SET NEW.y = 1"""
    forms = (("g1", "g2", ""), ("g2", "g1", ""), ("g3", "g4", ", z int"))
    for reference, there in ((0, 1), (0, 2), (2, 0)):
        for form, base in ((reference, True), (there, False)):
            for name in ("g1", "g2", "g3", "g4"):
                live.sql(f"DROP TABLE IF EXISTS {name}")
            live.sql("DROP VIEW IF EXISTS v")
            execute(live, table.format(*forms[form]))
            if base:
                path = snapshot(live, tmp_path / "base.json")
        check(live, path, short(drift_probe.diff(path, live.url(), *OPTIONS)))


def test_a_numbered_column_goes_with_another_one_of_its_key(live, tmp_path):
    table = "CREATE TABLE n (id int PRIMARY KEY%s); INSERT INTO n (id) VALUES (1), (2)"
    forms = (", k int AUTO_INCREMENT, a int, KEY kn (k, a)", ", l int AUTO_INCREMENT, b int, KEY kn (l, b)", "")
    for reference, there in ((0, 1), (1, 0), (2, 0)):
        live.sql(table % forms[reference])
        base = snapshot(live, tmp_path / "base.json")
        live.sql("DROP TABLE n; " + table % forms[there])
        check(live, base, short(drift_probe.diff(base, live.url(), *OPTIONS)))
        live.sql("DROP TABLE n")


def test_a_generated_column_comes_with_the_change_of_what_it_is_made_of(live, tmp_path):
    """MariaDB stores no sum of a text: the column's new type comes first, and goes last."""
    forms = (
        "c char(5) NULL, x int AS (id + 2) VIRTUAL, y int NULL",
        "c smallint NULL, g bigint AS (c + 1) STORED, x int AS (id + 1) STORED, y int AS (c) VIRTUAL",
    )
    for reference, there in (forms, forms[::-1]):
        live.sql(f"CREATE TABLE made (id int NOT NULL PRIMARY KEY, {reference})")
        base = snapshot(live, tmp_path / "reference.json")
        live.sql("DROP TABLE made")
        live.sql(f"CREATE TABLE made (id int NOT NULL PRIMARY KEY, {there})")
        check(live, base, short(drift_probe.diff(base, live.url(), *OPTIONS)))
        live.sql("DROP TABLE made")


def test_a_check_over_a_column_that_is_made_anew(live, tmp_path):
    table = "CREATE TABLE anew (id int PRIMARY KEY, a int, v int AS (a + 1) %s, CONSTRAINT ck CHECK (v > 0))"
    for reference, there in (("VIRTUAL", "STORED"), ("STORED", "VIRTUAL")):
        live.sql(table % reference)
        base = snapshot(live, tmp_path / "base.json")
        live.sql("DROP TABLE anew; " + table % there)
        check(live, base, [("column", "anew.v", C, "generated")])
        live.sql("DROP TABLE anew")


@pytest.mark.parametrize("columns", ("a DESC", "a DESC, b"))
def test_a_reference_loses_or_gets_a_key_beside_its_own(live, tmp_path, columns):
    """MariaDB wants an ascending one: the server's own is what the foreign key is called, or that name another key's."""
    table = "CREATE TABLE own (id int NOT NULL PRIMARY KEY, a int NULL, b int NULL, CONSTRAINT fk_own FOREIGN KEY (a)" \
            " REFERENCES parents (id)%s)"
    for reference, there in (("", f", KEY k ({columns})"), (f", KEY k ({columns})", "")):
        execute(live, table % reference)
        base = snapshot(live, tmp_path / "reference.json")
        execute(live, "DROP TABLE own; " + table % there)
        check(live, base, short(drift_probe.diff(base, live.url(), *OPTIONS)))
        live.sql("DROP TABLE own")


def test_a_key_changes_to_what_a_reference_needs(live, tmp_path):
    """Then the server drops its own, and wants one back before the undo can change the key."""
    table = "CREATE TABLE own (id int NOT NULL PRIMARY KEY, a int NULL, b int NULL, CONSTRAINT fk_own FOREIGN KEY (a)" \
            " REFERENCES parents (id)); ALTER TABLE own ADD KEY ix_own (%s)"
    for reference, there in (("a, b", "b"), ("b", "a, b")):
        execute(live, table % reference)
        base = snapshot(live, tmp_path / "reference.json")
        execute(live, "DROP TABLE own; " + table % there)
        check(live, base, [("index", "own.ix_own", C, "columns")])
        live.sql("DROP TABLE own")


# Foreign keys over one column, in the order in which they are made, on either side: `name`, or `name:parent`.
SHARED = {
    "one_more": (["r1"], ["r1", "r2"]),
    "one_more_of_an_older_name": (["r2"], ["r2", "r1"]),
    "two_more": (["r1"], ["r1", "r2", "r3"]),
    "another_one": (["r1"], ["r2:tree"]),
    "another_one_of_two": (["r1", "r2"], ["r1", "r3:tree"]),
    "the_first_of_two": (["r1", "r2"], ["r2"]),
    "the_first_of_two_changes": (["r1", "r2"], ["r2", "r1:tree"]),
    "the_last_of_two_changes": (["r1", "r2"], ["r1", "r2:tree"]),
}


@pytest.mark.parametrize("case, index", each_way(SHARED, ("made", "declared")))
def test_references_share_an_index(live, tmp_path, case, index):
    """The server makes one for the first of them, and calls it after the last one for as long as it is its own."""
    declared = ", KEY r1 (q)" if index == "declared" else ""

    def build(keys):
        live.sql("DROP TABLE IF EXISTS shares")
        live.sql(f"CREATE TABLE shares (id int NOT NULL PRIMARY KEY, q int NULL{declared})")
        for key in keys:
            name, _, parent = key.partition(":")
            live.sql(f"ALTER TABLE shares ADD CONSTRAINT {name} FOREIGN KEY (q) REFERENCES {parent or 'parents'} (id)")

    for reference, there in (SHARED[case], SHARED[case][::-1]):
        build(reference)
        base = snapshot(live, tmp_path / "base.json")
        build(there)
        check(live, base, short(drift_probe.diff(base, live.url(), *OPTIONS)))


def test_the_guard_minds_only_what_the_plan_touches(live, tmp_path):
    reference = snapshot(live, tmp_path / "reference.json")
    execute(live, "ALTER TABLE parents MODIFY label varchar(30) NULL")
    scripts = drift_probe.steps(reference, live.url())["scripts"]
    execute(live, "ALTER TABLE parents ADD other int; DROP TABLE loose; CREATE TABLE other (a int)")
    run_script(live, scripts["all0"])


def test_rows_that_do_not_fit_stop_the_plan_and_stay(live, tmp_path):
    execute(live, "ALTER TABLE parents MODIFY label varchar(20) NOT NULL")
    reference = snapshot(live, tmp_path / "reference.json")
    execute(live, "ALTER TABLE parents MODIFY label varchar(20) NULL; UPDATE parents SET label = NULL WHERE id = 2")
    scripts = drift_probe.steps(reference, live.url())["scripts"]
    before = state(live)
    assert run_script(live, scripts["all0"], check=False).returncode != 0
    assert state(live) == before
    assert live.sql("SELECT label FROM parents WHERE id = 2") == [(None,)]


def test_nothing_of_ours_stays_in_the_session(live, tmp_path):
    reference = snapshot(live, tmp_path / "reference.json")
    execute(live, "ALTER TABLE parents MODIFY label varchar(30) NULL")
    script = drift_probe.steps(reference, live.url())["scripts"]["all0"]
    settings = "SELECT @@sql_mode, @@time_zone, @@foreign_key_checks, @@lock_wait_timeout, @@group_concat_max_len;"
    lines = run_script(live, settings + script + settings).stdout.splitlines()
    assert lines[1] == lines[-1]


def test_a_schema_equals_itself(live, tmp_path):
    answer = drift_probe.steps(snapshot(live, tmp_path / "a.json"), live.url())
    assert answer["items"] == [] and answer["statements"] == []
