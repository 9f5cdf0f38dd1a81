# SPDX-License-Identifier: Apache-2.0
"""Rolling deployments and roll-backs: what a release supports, asked of what is there."""

import json

import pytest
from harness import SqliteFile, eventually
from harness.journals import alembic_files, alembic_journal, alembic_stamp, flyway_journal, flyway_rows

FAST = {"journal_interval": "100ms", "interval": "1s"}


def problem(response, parameter):
    assert response.status == 400, response.text
    assert response.json["parameter"] == parameter, response.text
    return response.json["detail"]


def can_run(instance, gate, *arguments):
    return instance.ctl("-s", f"http://127.0.0.1:{instance.port}", "can-run", gate, *arguments)


@pytest.mark.threads
def test_rolling_deployment_with_alembic(daemon, postgres, project):
    """Release N needs b and runs on c, too; N+1 needs c. Both are asked all the time while c is applied and taken back."""
    alembic = project("alembic", postgres)
    alembic.chain("a", "b")
    alembic.run("upgrade", "head")
    slow = ["CREATE TABLE t_c (id integer PRIMARY KEY)", "SELECT pg_advisory_xact_lock(4711)"]
    alembic.revision("c", "b", slow, "DROP TABLE t_c")
    alembic.revision("d", "c", "CREATE TABLE t_d (id integer)", "DROP TABLE t_d")
    instance = daemon(
        {
            "databases": {"orders": {"url": postgres.url(), **FAST, "expect": {"directory": str(alembic.scripts)}}},
            "gates": {
                "strict": {"requires": ["orders"]},
                "tolerant": {"requires": ["orders"], "accept": ["current", "ahead"]},
            },
        },
    )
    old = {"revision": "b", "supports": "b..c"}
    new = {"revision": "c", "supports": "c..d"}
    rigid = {"revision": "b", "supports": "b..b"}
    for question in (old, rigid):
        assert instance.wait_gate("strict", "open", **question).json["code"] == "CURRENT"
    closed = instance.gate("strict", **new).json
    assert (closed["state"], closed["code"]) == ("closed", "PENDING")
    assert closed["databases"][0]["next"] == "alembic upgrade head"
    expected = {"revision": "c", "match": "at-least", "source": "request", "supports": "c..d"}
    assert closed["databases"][0]["expected"] == expected

    # While the migration runs, and waits for a lock that this test holds, release N goes on to be let in.
    with postgres.connect(autocommit=False) as holder:
        holder.cursor().execute("SELECT pg_advisory_xact_lock(4711)")
        migration = alembic.begin("upgrade", "c")
        eventually(
            lambda: postgres.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"), 60, "migration to run"
        )
        waiting = instance.begin("/v1/gates/strict?revision=c&supports=c..d&wait=50s")
        looked = instance.database("orders")["snapshot"]["taken_at"]
        eventually(lambda: instance.database("orders")["snapshot"]["taken_at"] > looked, 10, "a look meanwhile")
        assert instance.gate("strict", **old).status == 200
        assert instance.gate("strict", **new).status == 503
        assert can_run(instance, "strict", "--revision", "c", "--supports", "c..d").returncode == 1
        assert not waiting.done()
        holder.rollback()
    holder.close()
    assert waiting.result(60).json["code"] == "CURRENT"
    assert migration.wait(60) == 0
    for question in (old, new):
        assert instance.gate("strict", **question).json["code"] == "CURRENT"

    # A release that knows nothing of c is refused with the way back, or let in where that is accepted.
    for question in (rigid, {"revision": "b", "match": "exact"}, {"supports": "..b"}):
        refused = instance.gate("strict", **question)
        assert (refused.status, refused.json["code"]) == (409, "AHEAD"), refused.text
        [database] = refused.json["databases"]
        assert database["later"] == ["c"] and "alembic downgrade b" in database["next"], database
        accepted = instance.gate("tolerant", **question).json
        assert (accepted["state"], accepted["code"]) == ("open", "AHEAD")
        assert accepted["databases"][0]["next"] == database["next"]
    told = can_run(instance, "strict", "--revision", "b", "--supports", "..b")
    assert told.returncode == 4 and told.stdout.startswith("strict: blocked AHEAD\n"), told.stdout
    assert "DATABASE" in told.stdout and "alembic downgrade b" in told.stdout and "b..b" not in told.stdout
    assert can_run(instance, "tolerant", "--revision", "b", "--supports", "b..b").returncode == 0
    assert can_run(instance, "strict", "--revision", "d").returncode == 1
    asked = can_run(instance, "strict", "--revision", "b", "--supports", "b..c", "-o", "json")
    assert asked.returncode == 0 and json.loads(asked.stdout)["databases"][0]["expected"]["supports"] == "b..c"
    unknown = can_run(instance, "strict", "--revision", "e", "--supports", "e..f")
    assert unknown.returncode == 1, "e is in neither files nor journal: not applied"

    refused = instance.post("/v1/gates/strict/admissions", {"application": "api", "instance": "1", **rigid})
    assert refused.status == 409 and refused.json["supports"] == "b..b", refused.text
    admitted = instance.post("/v1/gates/strict/admissions", {"application": "api", "instance": "1", **old})
    assert admitted.status == 201, admitted.text

    alembic.run("downgrade", "b")
    assert instance.wait_gate("strict", "open", **rigid).json["code"] == "CURRENT"
    assert instance.gate("strict", **new).json["code"] == "PENDING"


def test_without_files_only_what_is_named_is_known(daemon, sqlite):
    alembic_journal(sqlite, "c")
    instance = daemon({"databases": {"orders": {"url": sqlite.url(), **FAST}}})
    instance.wait_gate("orders", "open", supports="c..d")
    assert instance.gate("orders", supports="..c").json["code"] == "CURRENT"
    for supports in ("b..c", "b..", "..b", "a..b"):
        answer = instance.gate("orders", supports=supports)
        assert (answer.status, answer.json["code"]) == (503, "ORDER_UNKNOWN"), (supports, answer.text)
        assert "heads only" in answer.json["databases"][0]["reason"]
    assert can_run(instance, "orders", "--supports", "b..c").returncode == 3


def test_numbers_tell_their_order(daemon, sqlite):
    flyway_journal(sqlite, "1", "2")
    instance = daemon({"databases": {"orders": {"url": sqlite.url(), **FAST}}})
    instance.wait_gate("orders", "open", supports="1..3")
    flyway_rows(sqlite, "3", "10")
    answer = eventually(lambda: (one := instance.gate("orders", supports="1..3")).status == 409 and one.json, 10, "ahead")
    assert answer["databases"][0]["later"] == ["10"]
    assert instance.gate("orders", supports="1..").status == 200
    assert instance.gate("orders", supports="11..12").json["code"] == "PENDING"
    assert instance.gate("orders", revision="2", supports="..10").json["databases"][0]["expected"]["revision"] == "2"
    flyway_rows(sqlite, "11", failed=("11",))
    assert instance.wait_gate("orders", "blocked", supports="1..12").json["code"] == "FAILED"


def test_a_new_release_on_an_empty_database(daemon, sqlite):
    instance = daemon({"databases": {"orders": {"url": sqlite.url(), **FAST}}})
    instance.wait_state("orders", "empty")
    assert instance.gate("orders", supports="a..b").json["code"] == "EMPTY"
    alembic_journal(sqlite)
    assert instance.wait_gate("orders", "closed", supports="a..b", timeout=10).status == 503
    eventually(lambda: instance.gate("orders", supports="a..b").json["code"] == "PENDING", 10, "pending")
    assert instance.gate("orders", supports="..b").status == 200


def test_several_databases(daemon, tmp_path):
    """Ranges and revisions go to the database that they name; the worst of all decides, whatever `accept` lets pass."""
    names = ["billing", "orders"]
    made = {name: SqliteFile(tmp_path / f"{name}.db") for name in names}
    folder = alembic_files(tmp_path / "files", a=None, b="a", c="b")
    for one in made.values():
        alembic_journal(one, "b")
    expect = {"expect": {"directory": folder}}
    instance = daemon(
        {
            "databases": {name: {"url": one.url(), **FAST, **expect} for name, one in made.items()},
            "gates": {"api": {"requires": names, "accept": ["current", "ahead"]}, "strict": {"requires": names}},
        }
    )
    both = {"supports": ["billing:a..b", "orders:b..c"]}
    instance.wait_gate("strict", "open", **both)
    signal = {"application": "api", "instance": "1", **both}
    assert instance.post("/v1/gates/strict/admissions", signal).json["supports"] == "billing:a..b orders:b..c"
    ranges = [word for one in both["supports"] for word in ("--supports", one)]
    assert can_run(instance, "strict", *ranges).returncode == 0
    alembic_stamp(made["billing"], "c")
    answer = instance.wait_gate("strict", "blocked", **both).json
    assert (answer["code"], answer["database"]) == ("AHEAD", "billing")
    assert instance.gate("api", **both).json["code"] == "AHEAD"
    assert can_run(instance, "strict", *ranges).returncode == 4
    alembic_stamp(made["orders"], "a")
    answer = instance.wait_gate("api", "closed", **both).json
    assert (answer["code"], answer["database"]) == ("PENDING", "orders"), "an accepted one hides no other"
    mixed = instance.gate("api", revision=["orders:a"], supports=["billing:c.."]).json
    assert mixed["state"] == "open"
    assert [one["expected"].get("supports") for one in mixed["databases"]] == ["c..", None]
    detail = problem(instance.gate("api", supports="a..b"), "supports")
    assert "DATABASE:A..B" in detail


@pytest.mark.parametrize("text", ["a", "..", "", "a...b", "a..b..c", "orders:", "orders:a"])
def test_bad_ranges(daemon, sqlite, text):
    alembic_journal(sqlite, "a")
    instance = daemon({"databases": {"orders": {"url": sqlite.url(), **FAST}}})
    problem(instance.gate("orders", supports=text), "supports")
    signal = {"application": "api", "instance": "1", "supports": text}
    refused = instance.post("/v1/gates/orders/admissions", signal)
    assert (refused.status, refused.json["member"]) == (400, "supports")
    assert can_run(instance, "orders", "--supports", text).returncode == 2


def test_questions_that_contradict_themselves(daemon, sqlite):
    alembic_journal(sqlite, "a")
    instance = daemon({"databases": {"orders": {"url": sqlite.url(), **FAST}}})
    problem(instance.gate("orders", revision="a", supports="a..b", match="exact"), "match")
    problem(instance.gate("orders", supports=["a..b", "orders:a..c"]), "supports")
    assert can_run(instance, "orders").returncode == 2
    assert can_run(instance, "nowhere", "--revision", "a").returncode == 2
    silent = instance.ctl("-s", "http://127.0.0.1:1", "can-run", "orders", "--revision", "a")
    assert silent.returncode == 3 and silent.stderr
