# SPDX-License-Identifier: Apache-2.0
"""migrationctl checks --suggest: a block that the configuration takes as it is, with what fails today beside it."""

import json
import re
import textwrap

import pytest
from harness import migrationctl, migrationd

SHOP = """
CREATE TABLE countries (code varchar(2) PRIMARY KEY, name varchar(50), created_at timestamp NULL);
CREATE TABLE currencies (code varchar(3) PRIMARY KEY);
CREATE TABLE customers (id integer PRIMARY KEY, email varchar(50), country varchar(2) REFERENCES countries (code));
CREATE TABLE orders (
    id integer PRIMARY KEY, customer integer, currency varchar(3), paid_at timestamp NULL, country varchar(2),
    FOREIGN KEY (customer) REFERENCES customers (id),
    FOREIGN KEY (currency) REFERENCES currencies (code),
    FOREIGN KEY (country) REFERENCES countries (code));
CREATE TABLE many (id integer PRIMARY KEY);
CREATE TABLE entries (id integer PRIMARY KEY, of_many integer, FOREIGN KEY (of_many) REFERENCES many (id));
INSERT INTO countries (code, name) VALUES ('de', 'Deutschland'), ('fr', 'France');
INSERT INTO customers (id) VALUES (1);
"""


def execute(database, script):
    for statement in filter(None, map(str.strip, script.split(";\n"))):
        database.sql(statement.rstrip(";"))


@pytest.fixture
def shop(database):
    execute(database, SHOP)
    database.sql("INSERT INTO many VALUES " + ", ".join(f"({number})" for number in range(1001)))
    return database


def suggest(url, *arguments):
    result = migrationctl("checks", "--suggest", url, *arguments)
    assert result.returncode == 0, result.stderr
    assert not result.stderr and "superuser-secret" not in result.stdout and "role-secret" not in result.stdout
    return result.stdout


def lines_of(block, check):
    """What stands below `check:`, without comments' notes."""
    found = re.search(rf"(?m)^  {check}:(.*)\n((?:    .*\n)*)", block)
    assert found, block
    return found.group(1).strip(), [line.strip() for line in found.group(2).splitlines()]


def comments_of(block, check):
    """The comment that stands above `check:`, on one line."""
    above = block.split(f"\n  {check}:")[0].split("\n\n")[-1]
    return " ".join(line.strip().lstrip("#").strip() for line in above.splitlines())


@pytest.fixture
def feed(tmp_path):
    """feed(block, url) configures a database with that block, has it validated and runs it: name, state of each check."""

    def run(block, url):
        path = tmp_path / "migrationd.yaml"
        quoted = json.dumps(url.replace("$", "$$"))
        path.write_text(f"databases:\n  app:\n    url: {quoted}\n{textwrap.indent(block, '    ')}")
        checked = migrationd("--config", path, "--check-config")
        assert checked.returncode == 0, checked.stderr + path.read_text()
        result = migrationctl("checks", "--config", path, "-o", "json")
        assert result.returncode in (0, 1), result.stdout + result.stderr
        return {check["check"]: check for check in json.loads(result.stdout)["checks"]}

    return run


def test_block_is_a_configuration(shop, feed):
    block = suggest(shop.url())
    checks = feed(block, shop.url())
    expected = {"not_empty", "foreign_keys"} | ({"indexes"} if shop.engine != "sqlite" else set())
    assert {name: check["state"] for name, check in checks.items()} == dict.fromkeys(expected, "passed")
    assert checks["not_empty"]["coverage"] == {"tables": 6, "holding_rows": 3, "unread": 0}


def test_reference_data(shop):
    value, lines = lines_of(suggest(shop.url()), "not_empty")
    assert value == ""
    assert [re.sub(r" {2}#.*", "", line) for line in lines] == ["- countries", "#- currencies"]
    assert re.fullmatch(r"- countries  # 2 rows; \d foreign keys? refers? to it", lines[0])
    assert lines[1].endswith("# it looks like reference data, and holds no row today")


def test_an_empty_database(database, feed):
    block = suggest(database.url())
    assert block.splitlines()[-1] == "checks: {}"
    database.sql("CREATE TABLE lonely (id integer PRIMARY KEY)")
    block = suggest(database.url())
    assert lines_of(block, "not_empty") == ("[]", [])
    assert "fails never" in comments_of(block, "not_empty")
    assert feed(block, database.url())["not_empty"]["state"] == "passed"


def test_what_fails_today_is_said(shop, feed):
    if shop.engine == "postgresql":
        shop.sql("ALTER TABLE orders ADD CONSTRAINT late FOREIGN KEY (country) REFERENCES countries (code) NOT VALID")
    else:
        connection = shop.connect()
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = OFF" if shop.engine == "sqlite" else "SET foreign_key_checks = 0")
        cursor.execute("INSERT INTO orders (id, country) VALUES (1, 'xx')")
        connection.close()
    block = suggest(shop.url())
    assert lines_of(block, "foreign_keys")[0] == "validated"
    comment = comments_of(block, "foreign_keys")
    assert "Fails today: " in comment and "orders" in comment and "Next: " in comment
    assert ("orders.late (not validated)" in comment) == (shop.engine == "postgresql")
    assert feed(block, shop.url())["foreign_keys"]["state"] == "failed"


def test_types_and_sequences_of_postgres(postgres, feed):
    execute(
        postgres,
        """
        CREATE EXTENSION pg_trgm;
        CREATE SCHEMA "odd schema";
        CREATE TYPE order_status AS ENUM ('new', 'paid', 'it''s "odd"', 'no', '$HOME', '12', '', '# x', 'a: b');
        CREATE TYPE "odd schema"."Type: x" AS ENUM ('[a, b]', '- c');
        CREATE TYPE enum_values AS ENUM ('a');
        CREATE TABLE orders (id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status order_status);
        CREATE TABLE parts (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
        CREATE TABLE full_up (id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
        SELECT setval('orders_id_seq', 20000)
        """,
    )
    block = suggest(postgres.url())
    value, lines = lines_of(block, "enum_values")
    assert (value, lines[0]) == ("", "enum_values:"), "in full, since a type has the name of the kind"
    assert lines[3].startswith('order_status: [new, paid, "it\'s \\"odd\\"", "no", "$$HOME", "12", "", "# x", "a: b"]')
    assert lines[3].endswith("  # the type of orders.status")
    value, lines = lines_of(block, "extensions")
    ((version,),) = postgres.sql("SELECT extversion FROM pg_extension WHERE extname = 'pg_trgm'")
    assert lines == [f'pg_trgm: ">={version}"']
    comment = comments_of(block, "sequences")
    assert "Passes today" in comment and re.search(r"Beyond 50 % of their numbers: orders.id: 61[^,]*$", comment)
    checks = feed(block, postgres.url())
    assert {check["state"] for check in checks.values()} == {"passed"}
    assert list(checks) == ["not_empty", "enum_values", "indexes", "sequences", "extensions"]
    postgres.sql("SELECT setval('full_up_id_seq', 30000)")
    block = suggest(postgres.url())
    comment = comments_of(block, "sequences")
    assert "Fails today" in comment and "full_up.id" in comment
    assert feed(block, postgres.url())["sequences"]["state"] == "failed"


def test_columns_that_list_labels(mariadb, feed):
    labels = "'new', 'it''s', 'a,b', 'back\\\\slash', 'no'"
    mariadb.sql(f"CREATE TABLE orders (id tinyint AUTO_INCREMENT PRIMARY KEY, status enum({labels}))")
    block = suggest(mariadb.url())
    assert lines_of(block, "enum_values") == ("", ['orders.status: [new, "it\'s", "a,b", "back\\\\slash", "no"]'])
    checks = feed(block, mariadb.url())
    assert {check["state"] for check in checks.values()} == {"passed"}
    assert list(checks) == ["not_empty", "enum_values", "indexes", "sequences"]


def test_checks_that_list_labels(sqlite, feed):
    sqlite.sql("CREATE TABLE orders (id integer PRIMARY KEY AUTOINCREMENT, status text CHECK (status IN ('new', 'paid')))")
    block = suggest(sqlite.url())
    assert lines_of(block, "enum_values") == ("", ["orders.status: [new, paid]"])
    assert {check["state"] for check in feed(block, sqlite.url()).values()} == {"passed"}


HOSTILE_NAMES = ["on", "a: b", "# x", "- y", "with\nnewline", 'quo"te', "back\\slash", "$HOME", "null", "ümläut", "{z}", "12", "a'b"]


def test_hostile_names(database, feed):
    """Whatever a table is called, the block is YAML, and means that table."""
    quote = "`" if database.engine in ("mariadb", "mysql") else '"'

    def quoted(name):
        # a driver's placeholders are another matter
        return quote + name.replace(quote, quote * 2).replace("%", "%%") + quote

    for number, name in enumerate(HOSTILE_NAMES):
        database.sql(f"CREATE TABLE {quoted(name)} (id integer PRIMARY KEY)")
        database.sql(f"CREATE TABLE refers_{number} (id integer, FOREIGN KEY (id) REFERENCES {quoted(name)} (id))")
        database.sql(f"INSERT INTO {quoted(name)} VALUES (1)")
    block = suggest(database.url())
    not_empty = feed(block, database.url())["not_empty"]
    assert not_empty["state"] == "passed", not_empty
    assert len(lines_of(block, "not_empty")[1]) == len(HOSTILE_NAMES)


def test_schemas(postgres, feed):
    """A name that stands in several schemas is told with its own."""
    for schema in ("public", "audit"):
        if schema != "public":
            postgres.sql(f"CREATE SCHEMA {schema}")
        postgres.sql(f"CREATE TABLE {schema}.units (id integer PRIMARY KEY)")
        postgres.sql(f"CREATE TABLE {schema}.parts (id integer REFERENCES {schema}.units)")
        postgres.sql(f"INSERT INTO {schema}.units VALUES (1)")
    names = [line.split()[1] for line in lines_of(suggest(postgres.url()), "not_empty")[1]]
    assert names == ["audit.units", "public.units"]
    alone = suggest(postgres.url(), "--schemas", "audit")
    assert [line.split()[1] for line in lines_of(alone, "not_empty")[1]] == ["audit.units"]
    assert feed(alone, postgres.url())["not_empty"]["state"] == "passed"


def test_what_a_role_may_not_read(postgres_server, postgres):
    role, password = postgres_server.create_role()
    execute(postgres, SHOP)
    postgres.sql(f"GRANT SELECT ON currencies TO {role}")
    value, lines = lines_of(suggest(postgres.url(role, password)), "not_empty")
    assert value == "[]" and [line.split()[1] for line in lines] == ["countries", "currencies", "many"]
    assert re.match(r"#- countries  # its rows cannot be counted: .*permission denied", lines[0])
    assert lines[1].endswith("holds no row today")


def test_trouble(tmp_path, sqlite):
    for arguments in ((f"sqlite:///{tmp_path}/absent.db",), (sqlite.url(), "-o", "markdown"), ("postgresql://[bad",)):
        result = migrationctl("checks", "--suggest", *arguments)
        assert result.returncode == 2 and not result.stdout and result.stderr.startswith("migrationctl: ")
