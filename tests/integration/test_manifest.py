# SPDX-License-Identifier: Apache-2.0
"""migrationctl manifest, what a daemon expects by one, and waiting for its head."""

import json

import pytest
from harness import AlembicProject, migrationctl


@pytest.fixture
def project(tmp_path, sqlite):
    made = AlembicProject(tmp_path / "alembic", sqlite)
    made.chain("a1", "b2")
    return made


def manifest(directory, *arguments):
    result = migrationctl("manifest", str(directory), *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def watch(daemon, database, path):
    entry = {"url": database.url(), "journal_interval": "100ms", "interval": "1s", "expect": {"manifest": str(path)}}
    return daemon({"databases": {"app": entry}})


def test_equal_directories_give_equal_manifests(project, tmp_path):
    first = manifest(project.folder)
    assert first == manifest(project.folder, "--tool", "alembic")
    parsed = json.loads(first)
    assert parsed["heads"] == ["b2"]
    assert [(one["revision"], one.get("parents")) for one in parsed["migrations"]] == [("a1", None), ("b2", ["a1"])]
    project.revision("c3", "b2")
    assert manifest(project.folder) != first


def test_usage():
    assert migrationctl("manifest", "/nowhere").returncode == 2
    result = migrationctl("manifest", "/tmp", "--tool", "nobody")
    assert result.returncode == 2
    assert "no migration tool 'nobody' is known" in result.stderr


def test_a_daemon_expects_what_the_manifest_holds(daemon, project, sqlite, tmp_path):
    path = tmp_path / "migrations.json"
    path.write_text(manifest(project.folder))
    project.run("upgrade", "a1")
    instance = watch(daemon, sqlite, path)
    instance.wait_state("app", "pending")
    answer = instance.gate("app").json["databases"][0]
    assert answer["expected"] == {"revision": "b2", "match": "exact", "source": "manifest"}
    assert answer["pending"] == ["b2"]
    project.run("upgrade", "head")
    instance.wait_state("app", "current")


def test_a_manifest_is_read_again_after_a_change(daemon, project, sqlite, tmp_path):
    path = tmp_path / "migrations.json"
    path.write_text(manifest(project.folder))
    project.run("upgrade", "head")
    instance = watch(daemon, sqlite, path)
    instance.wait_state("app", "current")
    project.revision("c3", "b2")
    path.write_text(manifest(project.folder))
    instance.wait_state("app", "pending")

    path.write_text(path.read_text().replace('"c3"', '"d4"'))
    instance.wait_state("app", "unknown", code="EXPECTATION_INVALID")
    reason = instance.database("app")["reason"]
    assert str(path) in reason and "was changed after it was made" in reason


def test_it_proves_ancestry_where_the_journal_holds_heads_only(daemon, project, sqlite, tmp_path):
    """An older release asks for a1, the database stands at b2: without the graph nobody could tell."""
    path = tmp_path / "migrations.json"
    path.write_text(manifest(project.folder))
    project.run("upgrade", "head")
    instance = watch(daemon, sqlite, path)
    instance.wait_state("app", "current")
    answer = instance.gate("app", revision="a1")
    assert answer.status == 200
    assert answer.json["databases"][0]["state"] == "current"


def test_wait_for_its_head(daemon, project, sqlite, tmp_path):
    path = tmp_path / "migrations.json"
    path.write_text(manifest(project.folder))
    project.run("upgrade", "a1")
    instance = watch(daemon, sqlite, path)
    instance.wait_state("app", "pending")
    wait = ("--server", f"http://127.0.0.1:{instance.port}", "wait", "app", "--manifest")
    assert migrationctl(*wait, str(path), "--timeout", "0").returncode == 1
    project.run("upgrade", "head")
    assert migrationctl(*wait, str(path), "--timeout", "20s").returncode == 0
    assert migrationctl(*wait, f"app:{path}", "--timeout", "20s").returncode == 0


def test_wait_usage(project, tmp_path):
    path = tmp_path / "migrations.json"
    path.write_text(manifest(project.folder))
    both = migrationctl("wait", "app", "--manifest", str(path), "--revision", "a1")
    assert both.returncode == 2
    assert "give one" in both.stderr
    project.revision("c3", "a1")
    path.write_text(manifest(project.folder))
    heads = migrationctl("wait", "app", "--manifest", str(path))
    assert heads.returncode == 2
    assert "has 2 heads (b2, c3): name one with --revision" in heads.stderr
    path.write_text(path.read_text().replace("c3", "c4"))
    edited = migrationctl("wait", "app", "--manifest", str(path))
    assert edited.returncode == 2
    assert str(path) in edited.stderr
