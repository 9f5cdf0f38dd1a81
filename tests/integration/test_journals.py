# SPDX-License-Identifier: Apache-2.0
"""Several journals in one database: parts of a table, tools side by side, one journal per tenant."""

import json
import os
import re
from pathlib import Path

import pytest
from harness import Postgres, eventually, journals, migrationctl

TENANTS = 1000


def watch(daemon, database, gates=None, **settings):
    entry = {"url": database.url(), "journal_interval": "200ms", "interval": "1s", **settings}
    return daemon({"databases": {"app": entry}, **({"gates": gates} if gates else {})})


def ask(instance, *words):
    return instance.ctl("--server", f"http://127.0.0.1:{instance.port}", *words)


def by_address(answer):
    return {journal["address"]: journal for journal in answer["journals"]}


def django_files(folder, **apps):
    """django_files(path, shop=("0001_initial", "0002_more")): a project with one app per keyword."""
    for app, names in apps.items():
        migrations = folder / app / "migrations"
        migrations.mkdir(parents=True, exist_ok=True)
        (migrations / "__init__.py").write_text("")
        for number, name in enumerate(names):
            previous = f"('{app}', '{names[number - 1]}')" if number else ""
            (migrations / f"{name}.py").write_text(
                "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
                f"    dependencies = [{previous}]\n    operations = []\n"
            )
    (folder / "manage.py").write_text("# manage\n")
    return str(folder)


def django_journal(database, *rows, schema=""):
    table = f"{schema}.django_migrations" if schema else "django_migrations"
    database.sql(
        f"CREATE TABLE {table} (id integer PRIMARY KEY, app varchar(255) NOT NULL, name varchar(255) NOT NULL,"
        " applied timestamp NOT NULL)"
    )
    django_apply(database, *rows, table=table)


def django_apply(database, *rows, table="django_migrations"):
    for row in rows:
        app, name = row.split(".")
        database.sql(
            f"INSERT INTO {table} SELECT COALESCE(MAX(id), 0) + 1, '{app}', '{name}', CURRENT_TIMESTAMP FROM {table}"
        )


def test_parts_of_a_table(daemon, new_database, tmp_path):
    """Each app by the files that it has: one that only the database knows decides nothing, one that only the files know
    is missing as a whole."""
    database = new_database()
    files = django_files(tmp_path / "project", billing=("0001_initial",), shop=("0001_initial", "0002_more"))
    django_journal(database, "auth.0001_initial", "contenttypes.0001_initial", "shop.0001_initial", "shop.0002_more")
    instance = watch(daemon, database, expect={"directory": files})
    instance.wait_state("app", "pending")
    found = instance.database("app")
    prefix = "public." if database.url().startswith("postgres") else ""
    apps = by_address(found)
    assert set(apps) == {f"{prefix}django_migrations/{app}" for app in ("auth", "billing", "contenttypes", "shop")}
    assert apps[f"{prefix}django_migrations/auth"]["state"] == "observed"
    assert apps[f"{prefix}django_migrations/shop"]["state"] == "current"
    assert apps[f"{prefix}django_migrations/billing"]["pending"] == ["billing.0001_initial"]
    assert found["pending"] == ["billing.0001_initial"]
    assert instance.gate("app#shop").status == 200
    assert instance.gate("app#billing").status == 503
    assert instance.gate("app", revision="shop.0002_more").status == 200

    django_apply(database, "billing.0001_initial")
    instance.wait_state("app", "current")
    assert instance.gate("app").status == 200


def test_empty_table_of_parts(daemon, new_database, tmp_path):
    database = new_database()
    files = django_files(tmp_path / "project", shop=("0001_initial",))
    django_journal(database)
    instance = watch(daemon, database, expect={"directory": files})
    instance.wait_state("app", "pending")
    assert instance.database("app")["pending"] == ["shop.0001_initial"]


def test_two_tools_each_with_its_own_expectation(daemon, postgres, tmp_path):
    postgres.sql("CREATE SCHEMA reports")
    journals.alembic_journal(postgres, "b2")
    journals.flyway_journal(postgres, "1", table="reports.flyway_schema_history")
    listed = [
        {"tool": "alembic", "expect": {"directory": journals.alembic_files(tmp_path / "alembic", a1=None, b2="a1")}},
        {
            "tool": "flyway",
            "table": "reports.flyway_schema_history",
            "expect": {"directory": journals.flyway_files(tmp_path / "sql", "1", "2")},
        },
    ]
    instance = watch(
        daemon, postgres, journals=listed, gates={"reports-only": {"requires": ["app#reports"]}, "both": {"requires": ["app"]}}
    )
    instance.wait_state("app", "pending")
    states = {journal["tool"]: journal["state"] for journal in instance.database("app")["journals"]}
    assert states == {"alembic": "current", "flyway": "pending"}
    assert instance.database("app")["reason"].startswith("reports.flyway_schema_history: 1 of 2")
    assert instance.gate("app#public").status == 200
    assert instance.gate("app#reports").status == 503
    assert instance.gate("reports-only").json["databases"][0]["database"] == "app#reports"
    assert instance.gate("app#reports", revision="1").status == 200
    assert instance.gate("app", revision="b2").status == 200, "asked of the tool that knows it"

    journals.flyway_rows(postgres, "2", table="reports.flyway_schema_history")
    instance.wait_gate("both", "open")
    postgres.sql("CREATE TABLE reports.daily (id integer)")
    postgres.sql("DROP TABLE reports.flyway_schema_history")
    instance.wait_gate("both", "blocked")
    absent = by_address(instance.database("app"))["reports.flyway_schema_history"]
    assert (absent["state"], absent["tool"]) == ("unversioned", "flyway")
    assert "journal of flyway at reports.flyway_schema_history" in absent["reason"]


def test_a_journal_that_nothing_names(daemon, new_database):
    database = new_database()
    journals.alembic_journal(database, "a1")
    instance = watch(daemon, database)
    instance.wait_state("app", "observed")
    answer = instance.gate("app#tenant_42")
    assert answer.status == 503
    assert (answer.json["state"], answer.json["database"]) == ("unknown", "app#tenant_42")
    assert "tenant_42" in answer.json["databases"][0]["reason"]
    assert instance.gate("nobody#tenant_42").status == 404
    assert instance.gate("app#alembic_version", revision="a1").status == 200


RAILS_TABLES = """CREATE TABLE schema_migrations (version varchar(255) NOT NULL PRIMARY KEY);
CREATE TABLE ar_internal_metadata (key varchar(255) NOT NULL PRIMARY KEY, value varchar(255),
    created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
INSERT INTO schema_migrations VALUES ('20240101000000')"""


def test_five_tools_in_one_database(daemon, postgres):
    journals.alembic_journal(postgres, "a1")
    journals.flyway_journal(postgres, "1")
    journals.drizzle_journal(postgres, 1)
    django_journal(postgres, "shop.0001_initial")
    for statement in RAILS_TABLES.split(";\n"):
        postgres.sql(statement)
    instance = watch(daemon, postgres)
    instance.wait_state("app", "observed")
    found = {journal["tool"] for journal in instance.database("app")["journals"]}
    assert found == {"alembic", "flyway", "drizzle", "django", "rails"}


LOOK_ALIKES = [
    "CREATE TABLE migrations (id integer PRIMARY KEY, patient text NOT NULL)",
    "CREATE TABLE changes (change_id integer PRIMARY KEY, author text, at timestamp)",
    "CREATE TABLE schema_version (component text, version integer)",
    "CREATE TABLE history (installed_rank integer, script text)",
    "CREATE TABLE version_num (id integer)",
]


def test_look_alikes(daemon, new_database):
    database = new_database()
    for statement in LOOK_ALIKES:
        database.sql(statement)
    instance = watch(daemon, database)
    instance.wait_state("app", "unversioned")
    assert instance.database("app")["journals"] == []


def test_directories(daemon, new_database, tmp_path):
    database = new_database()
    first = journals.flyway_files(tmp_path / "core" / "sql", "1", "3")
    second = journals.flyway_files(tmp_path / "plugin" / "sql", "2", "3", "10")
    journals.flyway_journal(database, "1", "2")
    instance = watch(daemon, database, journal={"tool": "flyway"}, expect={"directories": [first, second]})
    instance.wait_state("app", "pending")
    found = instance.database("app")
    assert found["pending"] == ["3", "10"]
    remarks = {(remark["kind"], remark["text"]) for remark in found["remarks"]}
    assert ("elsewhere", "core/sql holds 2 migrations, 1 to 3") in remarks
    assert ("elsewhere", "plugin/sql holds 3 migrations, 2 to 10") in remarks
    assert ("duplicate", "3 stands in core/sql/V3__step.sql and in plugin/sql/V3__step.sql") in remarks
    text = ask(instance, "journal", "app").stdout
    assert "core/sql holds 2 migrations" in text

    journals.flyway_rows(database, "3", "10")
    instance.wait_state("app", "current")


def test_directories_of_a_graph(daemon, new_database, tmp_path):
    """A branch in one folder comes after what another one holds."""
    database = new_database()
    first = journals.alembic_files(tmp_path / "a", a1=None, c3="b2")
    second = journals.alembic_files(tmp_path / "b", b2="a1")
    journals.alembic_journal(database, "b2")
    instance = watch(daemon, database, expect={"directories": [first, second]})
    instance.wait_state("app", "pending")
    assert instance.database("app")["pending"] == ["c3"]
    journals.alembic_stamp(database, "c3")
    instance.wait_state("app", "current")


@pytest.fixture(scope="module")
def logging_server():
    """A server that writes each statement of the observer into its log."""
    server = Postgres({"log_line_prefix": "%u ", "log_min_messages": "warning", "max_locks_per_transaction": "128"})
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def tenants(logging_server):
    """A database with an Alembic journal in each of a thousand schemas, and a role whose statements are logged."""
    database = logging_server.create_database()
    name, password = logging_server.create_role()
    database.sql(
        "DO $$ BEGIN FOR i IN 1.." + str(TENANTS) + " LOOP"
        " EXECUTE format('CREATE SCHEMA tenant_%s', i);"
        " EXECUTE format('CREATE TABLE tenant_%s.alembic_version (version_num varchar(32) PRIMARY KEY)', i);"
        " EXECUTE format('INSERT INTO tenant_%s.alembic_version VALUES (''b2'')', i);"
        f" EXECUTE format('GRANT USAGE ON SCHEMA tenant_%s TO {name}', i);"
        f" EXECUTE format('GRANT SELECT ON tenant_%s.alembic_version TO {name}', i);"
        " END LOOP; END $$"
    )
    logging_server.sql(f"ALTER ROLE {name} SET log_statement = 'all'")
    yield database, name, password
    database.drop()


def statements_of(log, role):
    return re.findall(rf"(?m)^{role} LOG:  statement: (.*)$", log)


def looks_of(log, role):
    """The statements of each journal look, from what asks for tables by name to the end of the transaction."""
    looks = []
    for statement in statements_of(log, role):
        if "has_any_column_privilege" in statement:
            looks.append([])
        if looks:
            looks[-1].append(statement)
    return looks[:-1]


@pytest.mark.native
def test_a_thousand_tenants(daemon, logging_server, tenants, tmp_path):
    database, role, password = tenants
    files = journals.alembic_files(tmp_path / "alembic", a1=None, b2="a1", c3="b2")
    url = f"postgresql://{role}:{password}@{logging_server.host}:{logging_server.port}/{database.name}"
    listed = [{"tool": "alembic", "table": "tenant_*.alembic_version", "expect": {"directory": files}}]
    entry = {"url": url, "journal_interval": "300ms", "interval": "1h", "query_timeout": "60s", "journals": listed}
    instance = daemon({"databases": {"app": entry}})
    instance.wait_state("app", "pending", timeout=60)
    database.sql("UPDATE tenant_7.alembic_version SET version_num = 'a1'")
    database.sql("UPDATE tenant_42.alembic_version SET version_num = 'c3'")
    eventually(lambda: len(instance.database("app")["groups"]) == 3, 30, "three groups")

    found = instance.database("app")
    groups = {tuple(group["heads"]): group for group in found["groups"]}
    assert groups[("b2",)]["count"] == TENANTS - 2
    assert groups[("a1",)]["journals"] == ["tenant_7.alembic_version"]
    assert (groups[("c3",)]["state"], groups[("c3",)]["count"]) == ("current", 1)
    assert found["journals_count"] == TENANTS
    answer = instance.gate("app")
    assert answer.status == 503
    assert len(answer.text) < 32768, "a thousand tenants are a small answer"
    assert instance.gate("app#tenant_42").status == 200
    assert instance.gate("app#tenant_42", revision="app#tenant_42:c3").status == 200
    assert instance.gate("app#tenant_7").json["databases"][0]["pending"] == ["b2", "c3"]
    assert ask(instance, "wait", "app#tenant_42", "--timeout", "0").returncode == 0
    whole = instance.get("/v1/databases/app/journal").json
    assert len(whole["journals"]) == TENANTS
    assert "998" in ask(instance, "journal", "app").stdout

    before = len(looks_of(logging_server.process.log(), role))
    eventually(lambda: len(looks_of(logging_server.process.log(), role)) >= before + 3, 60, "three more looks")
    for look in looks_of(logging_server.process.log(), role)[before:]:
        reading = [statement for statement in look if "alembic_version" in statement and "COPY" in statement]
        assert len(reading) == 1, "one statement reads all journals"
        assert len(look) < 12, look

    blocker = database.connect(autocommit=False)
    try:
        blocker.cursor().execute("LOCK TABLE tenant_500.alembic_version IN ACCESS EXCLUSIVE MODE")
        eventually(lambda: instance.gate("app#tenant_500").json["databases"][0]["state"] == "running", 60, "the locked one")
        assert instance.gate("app#tenant_42").status == 200
    finally:
        blocker.close()


def test_journal_on_the_command_line(daemon, new_database, tmp_path):
    database = new_database()
    files = journals.flyway_files(tmp_path / "sql", "1", "2")
    journals.flyway_journal(database, "1")
    direct = migrationctl("journal", database.url(), "--directory", files, "--tool", "flyway")
    assert direct.returncode == 0
    assert re.search(r"pending +2 +V2__step.sql", direct.stdout)
    document = json.loads(migrationctl("journal", database.url(), "-o", "json").stdout)
    assert [entry["revision"] for entry in document["applied"]] == ["1"]
    instance = watch(daemon, database, journal={"tool": "flyway"}, expect={"directory": files})
    instance.wait_state("app", "pending")
    shown = ask(instance, "journal", "app", "-o", "markdown")
    assert shown.returncode == 0
    assert "# app: pending PENDING" in shown.stdout
    assert ask(instance, "journal").stdout.startswith("app: pending PENDING")
    assert ask(instance, "journal", "nobody").returncode == 2


README = Path(__file__).resolve().parents[2] / "README.md"


def test_readme_shows_the_tools():
    """MIGRATIOND_ACCEPT=1 writes the table anew."""
    table = migrationctl("journal", "--tools", "-o", "markdown").stdout
    before, _, rest = README.read_text().partition("<!-- tools -->\n")
    shown, _, after = rest.partition("<!-- /tools -->\n")
    if os.environ.get("MIGRATIOND_ACCEPT"):
        README.write_text(f"{before}<!-- tools -->\n{table}<!-- /tools -->\n{after}")
    else:
        assert shown == table, "MIGRATIOND_ACCEPT=1 writes it anew"


def test_table_of_tools():
    table = migrationctl("journal", "--tools", "-o", "json")
    tools = {tool["tool"]: tool for tool in json.loads(table.stdout)["tools"]}
    assert tools["flyway"]["checksum"]
    assert "TOOL" in migrationctl("journal", "--tools").stdout


@pytest.fixture(params=["mariadb"] + (["mysql"] if os.environ.get("MIGRATIOND_TEST_MYSQLD") else []))
def mysql_like(request):
    return request.getfixturevalue(request.param)


def test_several_tables_of_one_form_on_mysql(daemon, mysql_like, tmp_path):
    """One statement reads them, and the locked one is named all the same."""
    for name, head in (("one", "a1"), ("two", "b2"), ("three", "b2")):
        journals.alembic_journal(mysql_like, head, table=f"versions_{name}")
    files = journals.alembic_files(tmp_path / "alembic", a1=None, b2="a1")
    instance = watch(daemon, mysql_like, expect={"directory": files})
    instance.wait_state("app", "pending")
    states = {address: journal["state"] for address, journal in by_address(instance.database("app")).items()}
    assert states == {"versions_one": "pending", "versions_two": "current", "versions_three": "current"}
    blocker = mysql_like.connect(autocommit=False)
    try:
        blocker.cursor().execute("LOCK TABLES versions_two WRITE")
        eventually(lambda: instance.gate("app#versions_two").json["databases"][0]["state"] == "running", 20, "the locked one")
        assert instance.gate("app#versions_three").status == 200
    finally:
        blocker.close()
    instance.wait_gate("app#versions_two", "open")


def test_a_journal_that_is_not_where_it_is_said(daemon, new_database):
    """The place that the configuration names is in the reason: another journal there is none of its business."""
    database = new_database()
    journals.alembic_journal(database, "a")
    database.sql("CREATE TABLE shop (id integer)")
    instance = watch(daemon, database, journal={"tool": "alembic", "table": "nope"})
    answer = instance.wait_state("app", "unversioned")
    assert answer["reason"] == "the database has tables, but no journal of alembic at nope"
