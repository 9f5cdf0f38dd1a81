# SPDX-License-Identifier: Apache-2.0
"""Built-in checks of what a server keeps in its catalogue: constraints and orphans, enums, indexes, sequences,
extensions; on every engine true, false, failing, timing out and forbidden, as far as each of them can be."""

import contextlib
import threading

import pytest
from harness import eventually
from harness.checks import run_checks

VALID = {"foreign_keys": "validated"}
INDEXES = {"indexes": "valid"}
BELOW = {"sequences": {"below": "80%"}}


def ask(database, folder, user=None, **checks):
    url = database.url(*user) if user else database.url()
    return run_checks(folder, url, checks, journal="none")


def one(database, folder, check, user=None):
    return ask(database, folder, user, it=check)["it"]


def is_mysql(database):
    return database.engine in ("mariadb", "mysql")


def unchecked(database, statement):
    """What a load does that switches constraints off."""
    connection = database.connect()
    try:
        cursor = connection.cursor()
        if database.engine == "postgresql":
            cursor.execute("SET session_replication_role = replica")
        elif is_mysql(database):
            cursor.execute("SET foreign_key_checks = 0")
        cursor.execute(statement)
    finally:
        connection.close()


def with_keys(database):
    database.sql("CREATE TABLE customers (id int NOT NULL PRIMARY KEY, region int NOT NULL, UNIQUE (id, region))")
    database.sql(
        "CREATE TABLE orders (id int NOT NULL PRIMARY KEY, customer int, region int,"
        " CONSTRAINT fk_customer FOREIGN KEY (customer) REFERENCES customers (id),"
        " CONSTRAINT fk_region FOREIGN KEY (customer, region) REFERENCES customers (id, region))"
    )
    database.sql("INSERT INTO customers VALUES (1, 10), (2, 20)")
    database.sql("INSERT INTO orders VALUES (1, 1, 10), (2, NULL, NULL), (3, NULL, 99), (4, 2, NULL)")


def test_orphans(database, tmp_path):
    """NULL is no orphan; of a key of two columns neither; what a load left behind is found and its key named."""
    with_keys(database)
    asked = {"keys": VALID, "orphans": {"foreign_keys": {"orphans": "20s"}}}
    checks = ask(database, tmp_path, **asked)
    assert checks.code == 0, checks.answer
    assert "no orphans were found behind 2 foreign keys" in checks["orphans"]["reason"]
    unchecked(database, "INSERT INTO orders VALUES (5, 2, 10)")
    checks = ask(database, tmp_path, **asked)
    assert checks.code == 1
    name = {"sqlite": "orders(customer, region)"}.get(database.engine, "orders.fk_region")
    assert checks["orphans"]["items"] == [f"{name} (orphans)"]
    assert (checks["orphans"]["value"], checks["orphans"]["state"]) == ("1 with orphans", "failed")
    assert checks["orphans"]["next"]
    # PostgreSQL keeps a note of what it validated once, which a load that switches triggers off makes a lie.
    assert checks["keys"]["state"] == ("passed" if database.engine == "postgresql" else "failed")


def with_slow_key(database):
    """A key that takes seconds: by an operator that sleeps, by a million rows, or by long keys read for each row."""
    if database.engine == "postgresql":
        body = "BEGIN PERFORM pg_sleep(0.05); RETURN"
        database.sql(
            f"CREATE FUNCTION slow_order(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS '{body} btint4cmp($1, $2); END';"
            f" CREATE FUNCTION slow_equal(int, int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS '{body} $1 = $2; END';"
            " CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = slow_equal);"
            " CREATE OPERATOR CLASS slow_ops FOR TYPE int USING btree AS OPERATOR 3 ===, FUNCTION 1 slow_order(int, int);"
            " CREATE TABLE parents (id int); CREATE UNIQUE INDEX ON parents (id slow_ops); INSERT INTO parents VALUES (1);"
            " CREATE TABLE kids (id int, parent int CONSTRAINT fk REFERENCES parents (id))"
        )
        unchecked(database, "INSERT INTO kids SELECT i, 1 FROM generate_series(1, 10000) i")
        return
    kind = "int" if is_mysql(database) else "text"
    database.sql(f"CREATE TABLE parents (id {kind} NOT NULL PRIMARY KEY)")
    database.sql(f"CREATE TABLE kids (id int, parent {kind}, CONSTRAINT fk FOREIGN KEY (parent) REFERENCES parents (id))")
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
    if is_mysql(database):
        database.sql(f"INSERT INTO parents {numbers.format(1000)} SELECT i FROM n")
        unchecked(database, "INSERT INTO kids SELECT a.id, b.id FROM parents a, parents b")
        return
    database.sql(f"{numbers.format(16)} INSERT INTO parents SELECT printf('%.100000c%d', 'x', i) FROM n")
    unchecked(database, f"{numbers.format(300000)} INSERT INTO kids SELECT i, 'y' FROM n")


def test_orphans_out_of_time(database, tmp_path):
    """Never passed: how many keys were looked at is said."""
    with_slow_key(database)
    check = one(database, tmp_path, {"foreign_keys": {"orphans": "100ms"}, "timeout": "10s"})
    assert (check["state"], check["code"]) == ("unknown", "TIMEOUT"), check
    assert check["value"] == "0 of 1 looked at"
    assert "0 of 1 foreign keys were looked at" in check["reason"]


def test_keys_that_may_not_be_read(database, tmp_path):
    if database.engine == "sqlite":
        pytest.skip("a file has no roles")
    with_keys(database)
    user = database.server.create_role()
    if database.engine == "postgresql":
        assert one(database, tmp_path, VALID, user)["state"] == "passed", "the catalogue is everybody's"
    else:
        database.server.sql(f"GRANT SELECT ON {database.server.quote(database.name)}.orders TO {user[0]}")
    check = one(database, tmp_path, {"foreign_keys": {"orphans": "5s"}}, user)
    assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN"), check
    assert check["next"].startswith("GRANT ")
    if database.engine == "postgresql":
        database.sql(check["next"].replace("GRANT SELECT", "GRANT USAGE ON SCHEMA public TO PUBLIC; GRANT SELECT", 1))
        assert one(database, tmp_path, {"foreign_keys": {"orphans": "5s"}}, user)["state"] == "passed"


def test_foreign_servers_and_schemas(mariadb, mariadb_server, tmp_path):
    """A parent in another database, and names that need their quotes."""
    other = mariadb_server.create_database()
    try:
        other.sql("CREATE TABLE `par``ent` (`i d` varchar(10) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY)")
        parent = f"{mariadb_server.quote(other.name)}.`par``ent`"
        mariadb.sql(
            "CREATE TABLE `or'ders` (`cust``omer` varchar(10) COLLATE utf8mb4_general_ci,"
            f" CONSTRAINT `f k` FOREIGN KEY (`cust``omer`) REFERENCES {parent} (`i d`))"
        )
        other.sql("INSERT INTO `par``ent` VALUES ('ABC')")
        mariadb.sql("INSERT INTO `or'ders` VALUES ('abc')")
        check = one(mariadb, tmp_path, VALID)
        assert check["state"] == "passed", check
        unchecked(mariadb, "INSERT INTO `or'ders` VALUES ('abd')")
        check = one(mariadb, tmp_path, VALID)
        assert check["items"] == ["or'ders.f k (orphans)"]
    finally:
        mariadb.drop()
        other.drop()
        mariadb_server.sql(f"CREATE DATABASE {mariadb_server.quote(mariadb.name)}")


def test_constraints_without_their_note(postgres, tmp_path):
    """Keys and checks NOT VALID, of tables, partitions and domains, and triggers that are disabled; what helps is said,
    and helps."""
    with_keys(postgres)
    assert one(postgres, tmp_path, VALID)["state"] == "passed"
    postgres.sql("ALTER TABLE orders ADD CONSTRAINT fk_later FOREIGN KEY (id) REFERENCES customers NOT VALID")
    postgres.sql("ALTER TABLE orders ADD CONSTRAINT positive CHECK (id > 0) NOT VALID")
    postgres.sql("CREATE DOMAIN price AS int; ALTER DOMAIN price ADD CONSTRAINT cheap CHECK (VALUE < 9) NOT VALID")
    postgres.sql("CREATE SCHEMA \"Tenant 1\"; CREATE TABLE \"Tenant 1\".parent (id int);"
                 " CREATE TABLE \"Tenant 1\".child () INHERITS (\"Tenant 1\".parent);"
                 " ALTER TABLE \"Tenant 1\".parent ADD CONSTRAINT \"o'k\" CHECK (id > 0) NOT VALID")
    check = one(postgres, tmp_path, VALID)
    assert check["items"] == [
        "Tenant 1.parent.o'k (not validated)",
        "orders.fk_later (not validated)",
        "orders.positive (not validated)",
        "price.cheap (not validated)",
    ]
    assert check["value"] == "4 not validated"
    postgres.sql("DELETE FROM orders WHERE id > 2")
    seen = []
    while check["state"] == "failed":
        seen.append(check["next"])
        assert len(seen) <= 4, seen
        postgres.sql(check["next"])
        check = one(postgres, tmp_path, VALID)
    assert check["state"] == "passed"
    assert "ALTER DOMAIN public.price VALIDATE CONSTRAINT cheap" in seen
    postgres.sql("ALTER TABLE customers DISABLE TRIGGER ALL")
    check = one(postgres, tmp_path, VALID)
    assert check["next"] == "ALTER TABLE public.customers ENABLE TRIGGER ALL"
    assert "orders.fk_customer (its triggers are disabled)" in check["items"]
    scoped = run_checks(tmp_path, postgres.url(), {"it": VALID}, journal="none", schemas=["Tenant*"])
    assert scoped["it"]["state"] == "passed", "another schema's constraints are no matter of this one"


def test_constraints_that_are_not_enforced(postgres, tmp_path):
    """PostgreSQL 18 may be told not to look at all."""
    if postgres.server.major < 18:
        pytest.skip("PostgreSQL 18 and newer")
    with_keys(postgres)
    postgres.sql("ALTER TABLE orders ADD CONSTRAINT fk_loose FOREIGN KEY (id) REFERENCES customers NOT ENFORCED")
    postgres.sql("ALTER TABLE orders ADD CONSTRAINT filled NOT NULL customer NOT VALID")
    check = one(postgres, tmp_path, VALID)
    assert check["items"] == ["orders.filled (not validated)", "orders.fk_loose (not enforced)"]
    assert check["next"] == "ALTER TABLE public.orders VALIDATE CONSTRAINT filled"
    postgres.sql("ALTER TABLE orders DROP CONSTRAINT filled; DELETE FROM orders WHERE id > 2")
    check = one(postgres, tmp_path, VALID)
    assert check["next"] == "ALTER TABLE public.orders ALTER CONSTRAINT fk_loose ENFORCED"
    postgres.sql(check["next"])
    assert one(postgres, tmp_path, VALID)["state"] == "passed"


def test_orphans_as_postgres_sees_them(postgres, tmp_path):
    """MATCH FULL, partitions on both sides, inheritance, types that differ, collations, and rows that are hidden."""
    orphans = {"foreign_keys": {"orphans": "20s"}}
    postgres.sql(
        "CREATE TABLE parent (a bigint, b text, PRIMARY KEY (a, b)) PARTITION BY RANGE (a);"
        " CREATE TABLE parent_1 PARTITION OF parent FOR VALUES FROM (0) TO (100);"
        " CREATE TABLE child (id int, a int, b varchar COLLATE \"C\","
        " CONSTRAINT fk_full FOREIGN KEY (a, b) REFERENCES parent MATCH FULL) PARTITION BY RANGE (id);"
        " CREATE TABLE child_1 PARTITION OF child FOR VALUES FROM (0) TO (100);"
        " INSERT INTO parent VALUES (1, 'x'); INSERT INTO child VALUES (1, 1, 'x'), (2, NULL, NULL)"
    )
    check = one(postgres, tmp_path, orphans)
    assert check["state"] == "passed", check
    assert "behind 1 foreign key" in check["reason"]
    unchecked(postgres, "INSERT INTO child VALUES (3, 1, NULL)")
    assert one(postgres, tmp_path, orphans)["items"] == ["child.fk_full (orphans)"]
    postgres.sql("DELETE FROM child WHERE id = 3")
    user = postgres.server.create_role()
    postgres.sql(f"GRANT USAGE ON SCHEMA public TO {user[0]}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user[0]}")
    assert one(postgres, tmp_path, orphans, user)["state"] == "passed"
    postgres.sql("ALTER TABLE child ENABLE ROW LEVEL SECURITY")
    check = one(postgres, tmp_path, orphans, user)
    assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN")
    assert "row security" in check["reason"]


def test_locked_tables_are_not_waited_for(postgres, tmp_path):
    with_keys(postgres)
    holder = postgres.connect(autocommit=False)
    try:
        holder.cursor().execute("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE")
        check = one(postgres, tmp_path, {"foreign_keys": {"orphans": "5s"}})
        assert check["state"] == "unknown", check
        assert "2 of 2 foreign keys could not be looked at" in check["reason"]
    finally:
        holder.close()


def test_keys_that_fit_nothing(sqlite, tmp_path):
    """SQLite takes a key that refers to no key at all, and refuses every write afterwards."""
    sqlite.sql("CREATE TABLE customers (id INTEGER PRIMARY KEY, name text)")
    sqlite.sql("CREATE TABLE orders (id int, customer text REFERENCES customers (name))")
    sqlite.sql("CREATE TABLE notes (id int, customer int REFERENCES nowhere (id))")
    check = one(sqlite, tmp_path, VALID)
    assert check["items"] == ['orders (foreign key mismatch - "orders" referencing "customers")']
    sqlite.sql("CREATE UNIQUE INDEX by_name ON customers (name); INSERT INTO notes VALUES (1, 7)")
    assert one(sqlite, tmp_path, VALID)["items"] == ["notes(customer) (orphans)"]


def with_enum(database):
    """The name by which its labels new, it's and a,b are known."""
    if database.engine == "postgresql":
        database.sql("CREATE TYPE order_status AS ENUM ('new', 'it''s', 'a,b')")
        return "order_status"
    labels = "('new', 'it''s', 'a,b')"
    if is_mysql(database):
        database.sql(f"CREATE TABLE orders (id int, status enum{labels}, rights set('r', 'w'))")
    else:
        database.sql(f"CREATE TABLE orders (id int, status text CHECK (status IN {labels}))")
    return "orders.status"


def test_labels(database, tmp_path):
    name = with_enum(database)
    checks = ask(
        database,
        tmp_path,
        all={"enum_values": {name: ["a,b", "new", "it's"]}},
        fewer={"enum_values": {name: ["new"]}},
        missing={"enum_values": {name: ["new", "paid", "New"]}},
        nowhere={"enum_values": {"orders.nowhere": ["new"]}},
    )
    assert [checks[one]["state"] for one in ("all", "fewer", "missing", "nowhere")] == [
        "passed",
        "passed",
        "failed",
        "failed",
    ]
    assert "also has 'it's', 'a,b'" in checks["fewer"]["reason"]
    assert checks["missing"]["items"] == [f"{name} lacks 'paid'", f"{name} lacks 'New'"]
    assert checks["nowhere"]["items"][0].startswith("orders.nowhere (there is no such ")
    if database.engine == "postgresql":
        assert checks["missing"]["next"] == "ALTER TYPE \"order_status\" ADD VALUE 'paid'"
        database.sql(checks["missing"]["next"])
        assert one(database, tmp_path, {"enum_values": {name: ["new", "paid"]}})["state"] == "passed"


def test_labels_of_many_schemas(postgres, tmp_path):
    """A bare name is looked at wherever it stands; a qualified one is one type; what is no enum is said."""
    for tenant, labels in (("t1", "'a', 'b'"), ("t2", "'a'")):
        postgres.sql(f"CREATE SCHEMA {tenant}; CREATE TYPE {tenant}.state AS ENUM ({labels})")
    postgres.sql("CREATE DOMAIN word AS text; CREATE TYPE \"Odd.Name\" AS ENUM ('x'); CREATE TYPE public.none AS ENUM ()")
    checks = ask(
        postgres,
        tmp_path,
        bare={"enum_values": {"state": ["a", "b"]}},
        first={"enum_values": {"t1.state": ["a", "b"]}},
        domain={"enum_values": {"word": ["a"]}},
        odd={"enum_values": {"Odd.Name": ["x"]}},
        none={"enum_values": {"none": ["x"]}},
    )
    assert checks["bare"]["items"] == ["t2.state lacks 'b'"]
    assert checks["bare"]["next"] == "ALTER TYPE \"t2\".\"state\" ADD VALUE 'b'"
    assert (checks["first"]["state"], checks["odd"]["state"]) == ("passed", "passed")
    assert "but another type" in checks["domain"]["reason"]
    assert checks["none"]["items"] == ["none lacks 'x'"]


def test_labels_of_columns(mariadb, tmp_path):
    """SET, long lists, the database's own name before the table, tables that the role is not shown."""
    with_enum(mariadb)
    many = [f"label number {number} of many" for number in range(600)]
    mariadb.sql(f"CREATE TABLE `a.b` (many enum({', '.join(map(repr, many))}), plain int)")
    checks = ask(
        mariadb,
        tmp_path,
        set={"enum_values": {"orders.rights": ["r", "w", "x"]}},
        many={"enum_values": {f"{mariadb.name}.a.b.many": [many[0], many[-1]]}},
        more={"enum_values": {"a.b.many": [*many, "one more"]}},
        plain={"enum_values": {"a.b.plain": ["x"]}},
        nodot={"enum_values": {"many": ["x"]}},
    )
    assert checks["set"]["items"] == ["orders.rights lacks 'x'"]
    assert checks["many"]["state"] == "passed", checks["many"]
    assert checks["more"]["items"] == ["a.b.many lacks 'one more'"]
    assert checks["plain"]["state"] == checks["nodot"]["state"] == "unknown"
    user = mariadb.server.create_role()
    mariadb.server.sql(f"GRANT SELECT ON {mariadb.server.quote(mariadb.name)}.orders TO {user[0]}")
    shown = ask(
        mariadb,
        tmp_path,
        user,
        shown={"enum_values": {"orders.status": ["new"]}},
        hidden={"enum_values": {"a.b.many": [many[0]]}},
    )
    assert shown["shown"]["state"] == "passed"
    assert (shown["hidden"]["state"], shown["hidden"]["code"]) == ("unknown", "FORBIDDEN")
    assert shown["hidden"]["next"].startswith("GRANT ")


def test_indexes(database, tmp_path):
    database.sql("CREATE TABLE orders (id int NOT NULL PRIMARY KEY, a int)")
    database.sql("CREATE INDEX by_a ON orders (a)")
    check = one(database, tmp_path, INDEXES)
    assert check["state"] == "passed", check
    if is_mysql(database):
        database.sql("CREATE TABLE old (id int PRIMARY KEY, a int, KEY by_a (a)) ENGINE=MyISAM")
        database.sql("ALTER TABLE old DISABLE KEYS")
        check = one(database, tmp_path, INDEXES)
        assert (check["value"], check["items"]) == ("3 of 4 valid", ["old.by_a (disabled)"])
        database.sql(check["next"])
        assert one(database, tmp_path, INDEXES)["state"] == "passed"
        user = database.server.create_role()
        database.server.sql(f"GRANT SELECT ON {database.server.quote(database.name)}.orders TO {user[0]}")
        check = one(database, tmp_path, INDEXES, user)
        assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN")
    if database.engine == "postgresql":
        database.sql("INSERT INTO orders VALUES (1, 1), (2, 1)")
        with pytest.raises(Exception, match="could not create unique index"):
            database.sql("CREATE UNIQUE INDEX CONCURRENTLY only_a ON orders (a)")
        check = one(database, tmp_path, INDEXES)
        assert check["items"] == ["only_a (half built)"] or check["items"] == ["only_a (not valid)"]
        database.sql("UPDATE orders SET a = id")
        database.sql(check["next"])
        assert one(database, tmp_path, INDEXES)["state"] == "passed"
        database.sql("CREATE TABLE parts (id int, a int) PARTITION BY RANGE (id)")
        database.sql("CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9)")
        database.sql("CREATE INDEX parted ON ONLY parts (a)")
        check = one(database, tmp_path, INDEXES)
        assert check["items"] == ["parted (not on all partitions)"]
        assert "ATTACH PARTITION" in check["next"]


def test_an_index_that_is_being_built(postgres, tmp_path):
    """Neither passed nor failed: somebody's session is at work, and it is asked again soon."""
    postgres.sql("CREATE TABLE orders (id int, a int); INSERT INTO orders VALUES (1, 1)")
    holder = postgres.connect(autocommit=False)
    holder.cursor().execute("UPDATE orders SET a = 2")
    builder = threading.Thread(target=postgres.sql, args=["CREATE INDEX CONCURRENTLY slow ON orders (a)"])
    builder.start()
    try:
        eventually(lambda: postgres.sql("SELECT 1 FROM pg_class WHERE relname = 'slow'"), 30, "an index that waits")
        user = postgres.server.create_role()
        for who in (None, user):
            check = one(postgres, tmp_path, INDEXES, who)
            assert check["state"] == "unknown", check
            assert "is being built" in check["reason"]
            assert check["items"] == ["slow (somebody works on it)"]
    finally:
        holder.rollback()
        holder.close()
        builder.join()
    assert one(postgres, tmp_path, INDEXES)["state"] == "passed"


def run_to_its_end(connection, statement):
    """However it ends."""
    with contextlib.suppress(Exception):
        connection.cursor().execute(statement)


def with_counter(database, value):
    """A table whose numbers end soon, and one value of it."""
    if database.engine == "postgresql":
        database.sql(f"CREATE TABLE orders (id serial PRIMARY KEY); SELECT setval('orders_id_seq', {value})")
    elif is_mysql(database):
        database.sql("CREATE TABLE orders (id int NOT NULL AUTO_INCREMENT PRIMARY KEY)")
        database.sql(f"INSERT INTO orders VALUES ({value})")
    else:
        database.sql("CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT)")
        database.sql(f"INSERT INTO orders VALUES ({value})")


def test_sequences(database, tmp_path):
    most = 2**63 - 1 if database.engine == "sqlite" else 2**31 - 1
    assert one(database, tmp_path, BELOW)["state"] == "passed", "nothing counts"
    with_counter(database, most // 1000 * 5)
    check = one(database, tmp_path, BELOW)
    assert (check["state"], check["value"]) == ("passed", "orders.id: 0.4 %")
    database.sql("DROP TABLE orders")
    with_counter(database, most // 10000 * 8324)
    check = one(database, tmp_path, BELOW)
    assert (check["state"], check["value"]) == ("failed", "orders.id: 83.2 %")
    assert check["items"] == ["orders.id: 83.2 %"]
    assert one(database, tmp_path, {"sequences": {"below": "83.3%"}})["state"] == "passed"
    assert one(database, tmp_path, {"sequences": {"below": "83.2%"}})["state"] == "failed", "below is not at"
    database.sql("DROP TABLE orders")
    with_counter(database, most)
    assert one(database, tmp_path, BELOW)["value"] in ("orders.id: 100.0 %", "orders.id: 99.9 %")


def test_sequences_of_postgres(postgres, tmp_path):
    """Both ends count, the sequence's and the column's; cycles never end; what is not read is unknown."""
    postgres.sql(
        "CREATE DOMAIN tiny AS smallint;"
        " CREATE SEQUENCE shared; CREATE TABLE narrow (id tiny DEFAULT nextval('shared'));"
        " CREATE TABLE steps (id bigint GENERATED ALWAYS AS IDENTITY (INCREMENT 60 MAXVALUE 100));"
        " CREATE SEQUENCE down INCREMENT -1 MINVALUE -100; CREATE SEQUENCE round MAXVALUE 10 CYCLE;"
        " CREATE SEQUENCE wide CYCLE; CREATE TABLE cycles (id smallint); ALTER SEQUENCE wide OWNED BY cycles.id;"
        " CREATE SCHEMA shop; CREATE TABLE shop.free (id bigserial);"
    )
    for name, value in (("shared", 30000), ("steps_id_seq", 61), ("down", -90), ("round", 10), ("wide", 32767)):
        postgres.sql("SELECT setval(%s, %s)", (name, value))
    check = one(postgres, tmp_path, BELOW)
    assert check["items"] == ["cycles.id: 100.0 %", "down: 90.0 %", "narrow.id: 91.5 %", "steps.id: 100.0 %"]
    assert check["value"] == "cycles.id: 100.0 %"
    user = postgres.server.create_role()
    check = one(postgres, tmp_path, {"sequences": {"below": "100%"}}, user)
    assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN")
    assert check["next"] == f"GRANT SELECT ON SEQUENCE public.wide TO {user[0]}"
    postgres.sql(f"GRANT USAGE ON SEQUENCE wide TO {user[0]}")
    check = one(postgres, tmp_path, BELOW, user)
    assert check["items"] == ["cycles.id: 100.0 %"], "what is known to be bad is not hidden by what is not known"


def test_sequences_that_were_set_and_not_drawn_from(postgres, tmp_path):
    """What comes next is not where it began, and a role that may not read it does not know."""
    postgres.sql("CREATE TABLE set_to (id serial); SELECT setval('set_to_id_seq', 2147483000, false)")
    postgres.sql('CREATE SCHEMA "a b"; CREATE TABLE "a b"."It\'s" (id int GENERATED ALWAYS AS IDENTITY)')
    postgres.sql('ALTER TABLE "a b"."It\'s" ALTER id RESTART WITH 2147483001; CREATE SEQUENCE fresh')
    user = postgres.server.create_role()
    postgres.sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {user[0]}")
    check = one(postgres, tmp_path, BELOW)
    assert (check["state"], check["items"]) == ("failed", ["a b.It's.id: 99.9 %", "set_to.id: 99.9 %"])
    check = one(postgres, tmp_path, BELOW, user)
    assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN")
    postgres.sql("DROP TABLE set_to; DROP TABLE \"a b\".\"It's\"")
    assert one(postgres, tmp_path, BELOW)["state"] == "passed"


def test_sequences_of_mariadb(mariadb, tmp_path):
    mariadb.sql("CREATE SEQUENCE numbers MAXVALUE 100 NOCACHE; DO SETVAL(numbers, 90)")
    mariadb.sql("CREATE SEQUENCE round MAXVALUE 100 CYCLE NOCACHE; DO SETVAL(round, 99)")
    mariadb.sql("CREATE TABLE small (id tinyint unsigned AUTO_INCREMENT PRIMARY KEY)")
    mariadb.sql("INSERT INTO small VALUES (250)")
    check = one(mariadb, tmp_path, BELOW)
    assert check["items"] == ["small.id: 98.0 %", "numbers: 90.0 %"]
    user = mariadb.server.create_role()
    mariadb.server.sql(f"GRANT SELECT ON {mariadb.server.quote(mariadb.name)}.small TO {user[0]}")
    check = one(mariadb, tmp_path, {"sequences": {"below": "100%"}}, user)
    assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN"), "other tables may be hidden"
    # A grant on all tables is one on sequences; one that lists a sequence need not let anybody read it.
    mariadb.server.sql(f"GRANT INSERT ON {mariadb.server.quote(mariadb.name)}.* TO {user[0]}")
    check = one(mariadb, tmp_path, {"sequences": {"below": "100%"}}, user)
    assert (check["state"], check["code"]) == ("unknown", "FORBIDDEN"), check
    while check["state"] == "unknown" and "GRANT SELECT ON" in check["next"]:
        mariadb.server.sql(check["next"])
        check = one(mariadb, tmp_path, {"sequences": {"below": "100%"}}, user)
    assert check["state"] == "passed", check


def test_sequences_of_a_table_that_cannot_be_opened(mariadb, tmp_path):
    """Its numbers are not known, and not at their beginning."""
    mariadb.sql("CREATE TABLE part (id int AUTO_INCREMENT PRIMARY KEY) ENGINE = MyISAM; CREATE VIEW shown AS SELECT 1")
    mariadb.sql("CREATE TABLE whole (id int AUTO_INCREMENT PRIMARY KEY) ENGINE = MERGE UNION = (part)")
    assert one(mariadb, tmp_path, BELOW)["state"] == "passed"
    mariadb.sql("DROP TABLE part")
    check = one(mariadb, tmp_path, BELOW)
    assert (check["state"], check["items"]) == ("unknown", ["whole.id"])
    assert "CHECK TABLE" in check["next"]


def test_sequences_that_somebody_wrote(sqlite, tmp_path):
    with_counter(sqlite, 5)
    sqlite.sql("UPDATE sqlite_sequence SET seq = 'soon'")
    check = one(sqlite, tmp_path, BELOW)
    assert check["state"] == "unknown", check


def test_extensions(database, tmp_path):
    check = one(database, tmp_path, {"extensions": {"plpgsql": ">=1.0"}})
    if database.engine != "postgresql":
        assert (check["state"], check["reason"].split(";")[0]) == ("unknown", "extensions are PostgreSQL's")
        return
    assert (check["state"], check["value"]) == ("passed", "plpgsql 1.0")
    checks = ask(
        database,
        tmp_path,
        new={"extensions": {"plpgsql": ">=1.1"}},
        exact={"extensions": {"plpgsql": "1.0"}},
        any={"extensions": {"plpgsql": "*"}},
        absent={"extensions": {"no'where": "*", "plpgsql": "*"}},
    )
    assert [checks[name]["state"] for name in ("new", "exact", "any", "absent")] == ["failed", "passed", "passed", "failed"]
    assert checks["new"]["items"] == ["plpgsql 1.0 (expected: >=1.1)"]
    assert checks["absent"]["items"] == ["no'where is not installed"]
    assert "CREATE EXTENSION" in checks["absent"]["next"]


def test_tables_that_somebody_makes(mariadb, tmp_path):
    """information_schema leaves out, or tells wrong numbers of, what somebody's DDL holds: it is unknown, not absent."""
    with_counter(mariadb, 2**31 - 2)
    statement = "CREATE OR REPLACE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY, s enum('a')) SELECT SLEEP(600) AS x"
    at_work = "SELECT id FROM information_schema.processlist WHERE state = 'User sleep' AND info LIKE 'CREATE OR%'"
    with contextlib.closing(mariadb.connect()) as connection:
        maker = threading.Thread(target=run_to_its_end, args=[connection, statement])
        maker.start()
        eventually(lambda: mariadb.sql(at_work), 30, "a table that is being made")
        try:
            labels = {"enum_values": {"orders.s": ["a"]}}
            checks = ask(mariadb, tmp_path, keys=VALID, numbers=BELOW, labels=labels)
        finally:
            mariadb.sql(f"KILL {mariadb.sql(at_work)[0][0]}")
            maker.join()
    for name in ("keys", "numbers", "labels"):
        assert checks[name]["state"] == "unknown", checks[name]
        assert "Lock wait timeout" in checks[name]["reason"]


def test_nobody_stands_in_for_the_catalogue(postgres, tmp_path):
    """What others made under a catalogue's names is neither believed nor run, whatever the role's search_path."""
    postgres.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int); CREATE TABLE c (id serial)")
    postgres.sql("ALTER TABLE b ADD FOREIGN KEY (a) REFERENCES a NOT VALID, ADD CHECK (a > 0) NOT VALID")
    postgres.sql("SELECT setval('c_id_seq', 2147483640)")
    postgres.sql(
        "CREATE FUNCTION to_jsonb(pg_catalog.pg_constraint) RETURNS jsonb LANGUAGE plpgsql AS"
        " 'BEGIN RAISE ''mine''; END'; CREATE TABLE public.pg_index (LIKE pg_catalog.pg_index);"
        " CREATE TABLE public.pg_constraint (LIKE pg_catalog.pg_constraint);"
        " CREATE TABLE public.pg_sequence (LIKE pg_catalog.pg_sequence)"
    )
    postgres.sql(f"ALTER DATABASE {postgres.server.quote(postgres.name)} SET search_path = public, pg_catalog")
    checks = ask(postgres, tmp_path, keys=VALID, indexes=INDEXES, numbers=BELOW)
    assert checks["keys"]["state"] == "failed", checks["keys"]
    assert checks["keys"]["value"] == "2 not validated"
    assert checks["numbers"]["items"] == ["c.id: 99.9 %"]
    assert checks["indexes"]["value"] == "1 of 1 valid"


def test_a_server_that_stands_still(own_mariadb, tmp_path):
    """No answer in time is no answer."""
    database = own_mariadb.create_database()
    asked = {"keys": VALID, "indexes": INDEXES, "sequences": BELOW, "labels": {"enum_values": {"a.b": ["x"]}}}
    own_mariadb.freeze()
    try:
        checks = ask(database, tmp_path, **{name: {**check, "timeout": "200ms"} for name, check in asked.items()})
    finally:
        own_mariadb.thaw()
    for name in asked:
        assert checks[name]["state"] == "unknown"
        assert checks[name]["code"] in ("TIMEOUT", "UNREACHABLE")
