# SPDX-License-Identifier: Apache-2.0
"""The gate's answer, its questions and its codes, as users script against them."""

import re

import pytest
from harness import eventually
from harness.journals import alembic_files, alembic_journal, alembic_stamp, flyway_files, flyway_journal, flyway_rows

FAST = {"journal_interval": "100ms", "interval": "1s"}

# Every key, its order and its type, as documented.
GATE_KEYS = ["gate", "state", "code", "database", "retryable", "retry_after_seconds", "databases"]
DATABASE_KEYS = (
    ["database", "state", "code", "tool", "expected", "observed"]
    + ["pending", "unknown", "later", "failed", "mismatched", "unverified", "out_of_order"]
    + ["lock", "journals", "snapshot", "reason", "next"]
)


def entry(database, **settings):
    return {"url": database.url(), **FAST, **settings}


def keys(value):
    return list(value)


def problem(response, status, parameter=None):
    """A problem document with this status; returns its detail."""
    assert response.status == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert keys(response.json)[:4] == ["type", "title", "status", "detail"]
    assert response.json["status"] == status
    assert response.json.get("parameter") == parameter
    return response.json["detail"]


@pytest.fixture
def chain(new_database, tmp_path):
    """A database at b of a → b → c, and its script folder."""
    database = new_database()
    alembic_journal(database, "b")
    return database, alembic_files(tmp_path / "chain", a=None, b="a", c="b")


def test_answer_as_documented(daemon, chain):
    database, folder = chain
    instance = daemon({"databases": {"orders": entry(database, expect={"directory": folder})}})
    instance.wait_state("orders", "pending")
    answer = instance.gate("orders", revision="orders:c")
    assert answer.status == 503
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert 1 <= int(answer.headers["Retry-After"]) <= 4, "varied around what the body says"
    gate = answer.json
    assert keys(gate) == GATE_KEYS
    assert {name: gate[name] for name in GATE_KEYS[:-1]} == {
        "gate": "orders",
        "state": "closed",
        "code": "PENDING",
        "database": "orders",
        "retryable": True,
        "retry_after_seconds": 2,
    }
    (member,) = gate["databases"]
    assert keys(member) == DATABASE_KEYS
    assert keys(member["expected"]) == ["revision", "match", "source"]
    assert member["expected"] == {"revision": "c", "match": "at-least", "source": "request"}
    assert keys(member["observed"]) == ["heads", "applied_count"]
    assert member["observed"] == {"heads": ["b"], "applied_count": 2}
    assert (member["tool"], member["state"], member["code"], member["pending"]) == ("alembic", "pending", "PENDING", ["c"])
    for name in ("unknown", "later", "failed", "mismatched", "unverified", "out_of_order", "journals"):
        assert member[name] == []
    assert member["lock"] is None
    snapshot = member["snapshot"]
    assert keys(snapshot) == ["taken_at", "age_seconds", "fingerprint", "last_error"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", snapshot["taken_at"])
    assert isinstance(snapshot["age_seconds"], (int, float)) and 0 <= snapshot["age_seconds"] < 10
    assert re.fullmatch("[0-9a-f]{32,}", snapshot["fingerprint"])
    assert snapshot["last_error"] is None
    assert member["reason"] == "1 of 3 expected migrations is not applied"
    assert member["next"].startswith("alembic upgrade ")


def test_open_and_blocked_have_no_retry(daemon, chain):
    database, folder = chain
    alembic_stamp(database, "c")
    instance = daemon({"databases": {"orders": entry(database, expect={"directory": folder})}})
    instance.wait_state("orders", "current")
    opened = instance.gate("orders")
    assert opened.status == 200
    assert (opened.json["retryable"], opened.json["retry_after_seconds"]) == (False, None)
    assert opened.headers["Retry-After"] is None
    assert opened.json["databases"][0]["next"] is None
    database.sql("DROP TABLE alembic_version")
    database.sql("CREATE TABLE legacy (id integer)")
    blocked = instance.wait_gate("orders", "blocked")
    assert blocked.status == 409
    assert blocked.json["code"] == "UNVERSIONED"
    assert (blocked.json["retryable"], blocked.json["retry_after_seconds"]) == (False, None)
    assert blocked.headers["Retry-After"] is None
    assert "alembic stamp" in blocked.json["databases"][0]["next"]


def test_unknown_is_503_with_retry_after(daemon, new_database):
    database = new_database()
    alembic_journal(database, "a")
    instance = daemon({"databases": {"orders": entry(database)}})
    instance.wait_state("orders", "observed", code="NO_EXPECTATION")
    answer = instance.gate("orders")
    assert (answer.status, answer.json["state"], answer.json["code"]) == (503, "unknown", "NO_EXPECTATION")
    assert answer.json["retryable"] is True
    assert int(answer.headers["Retry-After"]) > 0 and answer.json["retry_after_seconds"] > 0
    assert answer.json["databases"][0]["expected"] is None
    assert "?revision=" in answer.json["databases"][0]["next"]


@pytest.mark.parametrize(
    "revision, match, status, state, code",
    [
        ("c", None, 503, "pending", "PENDING"),
        ("b", None, 200, "current", "CURRENT"),
        ("a", None, 200, "current", "CURRENT"),
        ("a", "at-least", 200, "current", "CURRENT"),
        ("a", "contains", 200, "current", "CURRENT"),
        ("a", "exact", 409, "ahead", "AHEAD"),
        ("b", "exact", 200, "current", "CURRENT"),
        ("nowhere", None, 503, "pending", "PENDING"),
    ],
)
def test_match(daemon, chain, revision, match, status, state, code):
    database, folder = chain
    instance = daemon({"databases": {"orders": entry(database, expect={"directory": folder})}})
    instance.wait_state("orders", "pending")
    parameters = {"revision": revision} | ({"match": match} if match else {})
    answer = instance.gate("orders", **parameters)
    member = answer.json["databases"][0]
    assert (answer.status, member["state"], answer.json["code"]) == (status, state, code), answer.text
    assert member["expected"] == {"revision": revision, "match": match or "at-least", "source": "request"}
    if revision == "a" and match != "exact":
        assert member["later"] == ["b"], "later entries are listed and never make it ahead"


def test_unknown_revision_without_a_graph(daemon, new_database):
    """Alembic's journal holds heads only: without files nobody can tell whether R is among their ancestors."""
    database = new_database()
    alembic_journal(database, "b")
    instance = daemon({"databases": {"orders": entry(database)}})
    instance.wait_state("orders", "observed")
    assert instance.gate("orders", revision="b").status == 200
    for match in ("at-least", "contains", "exact"):
        answer = instance.gate("orders", revision="a", match=match)
        assert (answer.status, answer.json["state"], answer.json["code"]) == (503, "unknown", "ORDER_UNKNOWN")


def test_revision_of_a_list_is_pending_where_nobody_knows_it(daemon, new_database):
    database = new_database()
    flyway_journal(database, "1", "2")
    instance = daemon({"databases": {"orders": entry(database)}})
    instance.wait_state("orders", "observed")
    answer = instance.gate("orders", revision="3")
    assert (answer.status, answer.json["code"]) == (503, "PENDING")
    assert answer.json["databases"][0]["pending"] == ["3"]
    assert instance.gate("orders", revision="2").status == 200
    assert instance.gate("orders", revision="02.0").status == 200, "versions are compared in Flyway's way"
    later = instance.gate("orders", revision="1").json["databases"][0]
    assert (later["state"], later["later"]) == ("current", ["2"])


@pytest.mark.parametrize(
    "configured, state, code",
    [
        ({"revision": "2"}, "ahead", "AHEAD"),
        ({"revision": "2", "match": "exact"}, "ahead", "AHEAD"),
        ({"revision": "2", "match": "at-least"}, "current", "CURRENT"),
        ({"revision": "2", "match": "contains"}, "current", "CURRENT"),
        ({"revision": "3"}, "current", "CURRENT"),
        ({"revision": "4"}, "pending", "PENDING"),
    ],
)
def test_configured_literal(daemon, new_database, configured, state, code):
    database = new_database()
    flyway_journal(database, "1", "2", "3")
    instance = daemon({"databases": {"orders": entry(database, expect=configured)}})
    member = instance.wait_state("orders", state, code=code)
    assert member["expected"] == {
        "revision": configured["revision"],
        "match": configured.get("match", "exact"),
        "source": "revision",
    }


def test_caller_beats_configuration_and_unreadable_files(daemon, new_database, tmp_path):
    database = new_database()
    alembic_journal(database, "b")
    instance = daemon({"databases": {"orders": entry(database, expect={"directory": str(tmp_path / "missing")})}})
    broken = instance.wait_state("orders", "unknown", code="EXPECTATION_INVALID")
    assert "missing" in broken["reason"], "the folder is named"
    assert instance.gate("orders").status == 503
    assert instance.gate("orders", revision="b").status == 200


def test_broken_file_is_named_with_its_line(daemon, chain):
    database, folder = chain
    instance = daemon({"databases": {"orders": entry(database, expect={"directory": folder})}})
    instance.wait_state("orders", "pending")
    with open(f"{folder}/versions/d_step.py", "w") as file:
        file.write("revision = 'd'\ndown_revision = compute()\n")
    broken = instance.wait_state("orders", "unknown", code="EXPECTATION_INVALID")
    assert re.search(r"d_step\.py:2: ", broken["reason"]), broken["reason"]
    assert instance.gate("orders", revision="b").status == 200


def test_two_databases(daemon, new_database):
    orders, billing = new_database(), new_database()
    alembic_journal(orders, "a1")
    flyway_journal(billing, "1", "2")
    instance = daemon(
        {
            "databases": {"orders": entry(orders), "billing": entry(billing)},
            "gates": {"api": {"requires": ["orders", "billing"]}},
        }
    )
    instance.wait_state("orders", "observed")
    instance.wait_state("billing", "observed")

    both = instance.gate("api", revision=["orders:a1", "billing:2"])
    assert both.status == 200
    assert [member["database"] for member in both.json["databases"]] == ["orders", "billing"], "the order of `requires`"
    assert [member["expected"]["revision"] for member in both.json["databases"]] == ["a1", "2"]

    behind = instance.gate("api", revision=["orders:a1", "billing:3"])
    assert (behind.status, behind.json["code"], behind.json["database"]) == (503, "PENDING", "billing")
    half = instance.gate("api", revision="billing:2")
    assert (half.status, half.json["state"], half.json["database"]) == (503, "unknown", "orders")

    assert "DATABASE:R" in problem(instance.gate("api", revision="2"), 400, "revision")
    problem(instance.gate("api", revision="elsewhere:2"), 400, "revision")
    problem(instance.gate("api", revision="orders:"), 400, "revision")
    problem(instance.gate("api", revision=["orders:a1", "orders:a2"]), 400, "revision")
    problem(instance.gate("orders", revision=["a1", "a2"]), 400, "revision")
    problem(instance.gate("orders", revision=""), 400, "revision")
    # What stands before the colon is no database of this gate: the colon is the revision's own.
    colon = instance.gate("orders", revision="billing:2")
    assert colon.json["databases"][0]["expected"]["revision"] == "billing:2"
    assert instance.gate("orders", revision="orders:a1").status == 200


def test_worst_database_names_the_gate(daemon, new_database):
    """blocked, then unknown, then closed, then open."""
    blocked, unknown, closed, opened = (new_database() for _ in range(4))
    blocked.sql("CREATE TABLE legacy (id integer)")
    alembic_journal(unknown, "a")
    flyway_journal(closed, "1")
    flyway_journal(opened, "1")
    instance = daemon(
        {
            "databases": {
                "blocked": entry(blocked),
                "unknown": entry(unknown),
                "closed": entry(closed, expect={"revision": "2"}),
                "open": entry(opened, expect={"revision": "1"}),
            },
            "gates": {
                "g4": {"requires": ["open", "closed", "unknown", "blocked"]},
                "g3": {"requires": ["open", "closed", "unknown"]},
                "g2": {"requires": ["open", "closed"]},
                "g1": {"requires": ["open"]},
            },
        }
    )
    states = {"blocked": "unversioned", "unknown": "observed", "closed": "pending", "open": "current"}
    for name, state in states.items():
        instance.wait_state(name, state)
    seen = {}
    for name in ("g4", "g3", "g2", "g1"):
        answer = instance.gate(name)
        seen[name] = (answer.status, answer.json["state"], answer.json["code"], answer.json["database"])
    assert seen == {
        "g4": (409, "blocked", "UNVERSIONED", "blocked"),
        "g3": (503, "unknown", "NO_EXPECTATION", "unknown"),
        "g2": (503, "closed", "PENDING", "closed"),
        "g1": (200, "open", "CURRENT", "open"),
    }
    listed = instance.get("/v1/gates")
    assert listed.headers["Cache-Control"] == "no-store"
    names = [gate["gate"] for gate in listed.json["gates"]]
    assert set(names) == {*states, "g1", "g2", "g3", "g4"}, "every database is also a gate of its own name"
    by_name = {gate["gate"]: gate for gate in listed.json["gates"]}
    assert (by_name["g4"]["state"], by_name["g4"]["code"], by_name["g4"]["database"]) == ("blocked", "UNVERSIONED", "blocked")


def test_accept_opens_for_ahead(daemon, new_database):
    database = new_database()
    flyway_journal(database, "1", "2")
    instance = daemon(
        {
            "databases": {"orders": entry(database, expect={"revision": "1"})},
            "gates": {"tolerant": {"requires": ["orders"], "accept": ["current", "ahead"]}},
        }
    )
    instance.wait_state("orders", "ahead")
    assert instance.gate("orders").status == 409
    tolerant = instance.gate("tolerant")
    assert (tolerant.status, tolerant.json["state"], tolerant.json["code"]) == (200, "open", "AHEAD")
    assert tolerant.json["databases"][0]["state"] == "ahead"


def test_accept_forgives_no_other_journal(daemon, new_database):
    """One journal is ahead, which the gate accepts; the other one is behind, which it does not."""
    database = new_database()
    flyway_journal(database, "1", "2", table="flyway_schema_history")
    flyway_journal(database, table="schema_version")
    instance = daemon(
        {
            "databases": {"orders": entry(database, expect={"revision": "1"})},
            "gates": {"tolerant": {"requires": ["orders"], "accept": ["current", "ahead"]}},
        }
    )
    instance.wait_state("orders", "ahead")
    answer = instance.gate("tolerant")
    assert (answer.status, answer.json["state"], answer.json["code"]) == (503, "closed", "PENDING"), answer.text
    member = answer.json["databases"][0]
    assert (member["state"], member["code"]) == ("pending", "PENDING"), "what keeps this gate shut is what is shown"
    assert {journal["state"] for journal in member["journals"]} == {"ahead", "pending"}
    flyway_rows(database, "1", table="schema_version")
    eventually(lambda: instance.gate("tolerant").status == 200, what="both journals are acceptable")
    assert instance.gate("tolerant").json["code"] == "AHEAD"


def test_several_journals(daemon, new_database):
    database = new_database()
    alembic_journal(database, "a1")
    flyway_journal(database, "1")
    instance = daemon({"databases": {"orders": entry(database)}})
    eventually(lambda: len(instance.database("orders")["journals"]) == 2, what="both journals")
    member = instance.gate("orders").json["databases"][0]
    for journal in member["journals"]:
        assert keys(journal) == ["journal", "address", "tool", "state", "code"] + DATABASE_KEYS[6:14] + ["reason", "next"]
    assert {journal["tool"] for journal in member["journals"]} == {"alembic", "flyway"}
    document = instance.get("/v1/databases/orders/journal").json
    assert {journal["tool"] for journal in document["journals"]} == {"alembic", "flyway"}
    assert len(instance.get("/health/orders").json["checks"]["orders:migration"]) == 2


def test_no_journal_is_open_only_as_long_as_nothing_is_asked(daemon, new_database):
    database = new_database()
    database.sql("CREATE TABLE t (id integer)")
    instance = daemon({"databases": {"orders": entry(database, journal="none")}})
    member = instance.wait_state("orders", "observed", code="NO_EXPECTATION")
    assert member["tool"] is None and member["observed"] is None
    answer = instance.gate("orders")
    assert (answer.status, answer.json["state"], answer.json["code"]) == (200, "open", "NO_EXPECTATION")
    assert instance.get("/health/orders").json["status"] == "pass"
    asked = instance.gate("orders", revision="a1")
    assert (asked.status, asked.json["state"], asked.json["code"]) == (503, "unknown", "ORDER_UNKNOWN"), asked.text
    assert asked.json["databases"][0]["expected"] == {"revision": "a1", "match": "at-least", "source": "request"}


@pytest.mark.parametrize("wait", ["1ms", "100ms", "1s", "0s"])
def test_wait_is_a_duration(daemon, chain, wait):
    database, folder = chain
    instance = daemon({"databases": {"orders": entry(database, expect={"directory": folder})}})
    instance.wait_state("orders", "pending")
    answer = instance.gate("orders", wait=wait)
    assert (answer.status, answer.json["code"]) == (503, "PENDING")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("query", ["wait=56s", "wait=1m", "wait=-1s", "wait=abc", "wait=", "wait=1.5s", "wait=1s&wait=2s"])
def test_wait_that_is_none(daemon, new_database, query):
    instance = daemon({"databases": {"orders": entry(new_database())}})
    detail = problem(instance.get(f"/v1/gates/orders?{query}"), 400, "wait")
    assert "wait" in detail


@pytest.mark.parametrize(
    "query, parameter",
    [
        ("revision=a&match=newest", "match"),
        ("revision=a&match=", "match"),
        ("match=exact", "match"),
        ("revision=a&match=exact&match=contains", "match"),
        ("revison=a", "revison"),
        ("revision=%ff", "revision"),
        ("revision=%00", "revision"),
        ("revision=%zz", "revision"),
    ],
)
def test_bad_parameters_are_named(daemon, new_database, query, parameter):
    instance = daemon({"databases": {"orders": entry(new_database())}})
    problem(instance.get(f"/v1/gates/orders?{query}"), 400, parameter)


def test_wait_ends_when_the_migration_commits(daemon, chain):
    database, folder = chain
    instance = daemon({"databases": {"orders": entry(database, expect={"directory": folder})}})
    instance.wait_state("orders", "pending")
    waiting = instance.begin("/v1/gates/orders?revision=c&wait=30s")
    eventually(lambda: "migrationd_waiters 1\n" in instance.probe("/metrics").text, what="the waiter")
    alembic_stamp(database, "c")
    answer = waiting.result(timeout=20)
    assert (answer.status, answer.json["state"]) == (200, "open")


def test_wait_ends_after_blocked_grace(daemon, new_database):
    database = new_database()
    database.sql("CREATE TABLE legacy (id integer)")
    instance = daemon({"databases": {"orders": entry(database, blocked_grace="300ms")}})
    instance.wait_state("orders", "unversioned")
    answer = instance.get("/v1/gates/orders?wait=50s", timeout=20)
    assert (answer.status, answer.json["code"]) == (409, "UNVERSIONED")


def test_too_many_waiters(daemon, chain):
    database, folder = chain
    instance = daemon({"max_waiters": 1, "databases": {"orders": entry(database, expect={"directory": folder})}})
    instance.wait_state("orders", "pending")
    held = instance.begin("/v1/gates/orders?wait=30s")
    eventually(lambda: "migrationd_waiters 1\n" in instance.probe("/metrics").text, what="the waiter")
    refused = instance.get("/v1/gates/orders?wait=30s")
    problem(refused, 429)
    assert int(refused.headers["Retry-After"]) > 0
    assert instance.gate("orders").status == 503, "who does not wait is answered"
    alembic_stamp(database, "c")
    assert held.result(timeout=20).status == 200


def test_stalled_files_never_open(daemon, new_database, tmp_path):
    """An expectation that becomes empty is not 'all of nothing is applied'."""
    database = new_database()
    flyway_journal(database, "1")
    folder = flyway_files(tmp_path / "sql", "1")
    instance = daemon({"databases": {"orders": entry(database, expect={"directory": folder})}})
    instance.wait_state("orders", "current")
    (tmp_path / "sql" / "V1__step.sql").rename(tmp_path / "V1__step.sql")
    eventually(lambda: instance.gate("orders").status != 200, what="the gate notices")
