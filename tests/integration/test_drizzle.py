# SPDX-License-Identifier: Apache-2.0
"""A real Drizzle project, generated and migrated by drizzle-kit, on each engine."""

import json

import pytest

pytestmark = pytest.mark.full


@pytest.fixture
def drizzle(project, database):
    """Two applied migrations and a daemon's configuration that expects them."""
    made = project("drizzle", database)
    made.tables("alpha")
    made.generate("first")
    made.tables("alpha", "beta")
    made.generate("second")
    made.migrate()
    return made


def watch(daemon, drizzle):
    entry = {
        "url": drizzle.database.url(),
        "journal_interval": "200ms",
        "interval": "1s",
        "expect": {"directory": str(drizzle.out)},
    }
    return daemon({"databases": {"app": entry}})


def test_applied_then_behind_then_applied(daemon, drizzle):
    instance = watch(daemon, drizzle)
    app = instance.wait_state("app", "current")
    assert app["tool"] == "drizzle"
    assert app["observed"] == {"heads": [drizzle.tags()[-1]], "applied_count": 2}

    drizzle.tables("alpha", "beta", "gamma")
    tag = drizzle.generate("third")
    app = instance.wait_state("app", "pending")
    assert app["pending"] == [tag]
    assert instance.gate("app").status == 503
    drizzle.migrate()
    instance.wait_state("app", "current")


def test_edited_file(daemon, drizzle):
    instance = watch(daemon, drizzle)
    instance.wait_state("app", "current")
    first = drizzle.file(drizzle.tags()[0])
    first.write_text(first.read_text() + "-- edited after the fact\n")
    app = instance.wait_state("app", "diverged", code="CHECKSUM_MISMATCH")
    assert app["mismatched"] == [drizzle.tags()[0]]
    assert first.name in app["reason"] + json.dumps(app["details"])
    assert instance.gate("app").status == 409


def test_entry_in_the_middle_is_skipped_for_ever(daemon, drizzle):
    """A branch that was merged late: its entry is older than the newest applied one, so Drizzle never runs it."""
    journal = drizzle.journal()
    first, second = journal["entries"]
    late = {**first, "idx": 1, "when": first["when"] + 1, "tag": "0001_late_branch"}
    drizzle.file(late["tag"]).write_text("CREATE TABLE late (id integer);\n")
    drizzle.write_journal({**journal, "entries": [first, late, second]})
    instance = watch(daemon, drizzle)
    app = instance.wait_state("app", "diverged", code="OUT_OF_ORDER")
    assert app["out_of_order"] == ["0001_late_branch"]
    assert app["pending"] == []
    assert instance.gate("app").status == 409
    drizzle.migrate()
    assert instance.database("app")["state"] == "diverged", "drizzle-kit itself skips it"
