# SPDX-License-Identifier: Apache-2.0
"""What is said about a configuration before anything runs."""

import re

import pytest
from harness.daemon import REPOSITORY, migrationd

GOLDEN = REPOSITORY / "tests" / "golden" / "config"
BROKEN = sorted(case.name for case in GOLDEN.iterdir() if not case.name.startswith("valid-"))
EX_CONFIG = 78
CANARY = "s3cr3t-canary"
LARGE = {
    "nested-200000": b"[" * 200000,
    "blocks-200000": b"- " * 200000,
    "two-mebibytes": b"a: b\n" * (2 * 1024 * 1024 // 5),
    "one-long-key": b"k" * (1024 * 1024 - 2) + b": ",
}


def check(path, **options):
    return migrationd("--config", path, "--check-config", **options)


def assert_refused(path, result):
    assert result.returncode == EX_CONFIG, result
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, lines
    assert re.match(re.escape(str(path)) + r":[1-9]\d*:[1-9]\d*: \S", lines[0]), lines[0]
    assert CANARY not in result.stderr


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_refused_at_their_place(case):
    path = GOLDEN / case / "input.yaml"
    assert_refused(path, check(path))


@pytest.mark.parametrize("case", LARGE)
def test_large_files_are_refused(case, tmp_path):
    path = tmp_path / "migrationd.yaml"
    path.write_bytes(LARGE[case])
    assert_refused(path, check(path))


def test_files_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "absent.yaml", tmp_path):
        result = check(path)
        assert result.returncode == EX_CONFIG and str(path) in result.stderr, result


def test_a_daemon_with_a_broken_file_does_not_start(tmp_path):
    path = tmp_path / "migrationd.yaml"
    path.write_text("intervall: 1s\n")
    assert_refused(path, migrationd("--config", path))


def test_shipped_file_is_the_reference():
    shipped = REPOSITORY / "config" / "migrationd.yaml"
    result = migrationd("--print-reference")
    assert result.returncode == 0
    assert result.stdout == shipped.read_text()
    assert check(shipped).returncode == 0


def test_print_config_reads_back_and_hides_passwords(tmp_path):
    path = tmp_path / "migrationd.yaml"
    path.write_text(
        "databases:\n"
        f"  orders: {{url: 'postgresql://observer:{CANARY}@db1/orders?sslpassword={CANARY}'}}\n"
        "  billing: {url: 'mysql://observer@db2/billing', password_env: BILLING, expect: {directory: m}}\n"
    )
    environment = {"BILLING": CANARY}
    first = migrationd("--config", path, "--print-config", environment=environment)
    assert first.returncode == 0, first
    assert CANARY not in first.stdout + first.stderr
    assert f'directory: "{tmp_path}/m"' in first.stdout
    path.write_text(first.stdout)
    second = migrationd("--config", path, "--print-config", environment=environment)
    assert second.stdout == first.stdout


def test_relative_password_file_is_a_credential(tmp_path):
    path = tmp_path / "migrationd.yaml"
    path.write_text("databases:\n  a: {url: 'mysql://h/d', password_file: a.password}\n")
    plain = migrationd("--config", path, "--print-config")
    assert f'password_file: "{tmp_path}/a.password"' in plain.stdout
    unit = migrationd("--config", path, "--print-config", environment={"CREDENTIALS_DIRECTORY": "/run/credentials/x"})
    assert 'password_file: "/run/credentials/x/a.password"' in unit.stdout


def test_connect_reports_each_database(sqlite, tmp_path):
    sqlite.sql("CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT)")
    path = tmp_path / "migrationd.yaml"
    good = f"databases:\n  orders: {{url: '{sqlite.url()}'}}\n"
    path.write_text(good)
    result = migrationd("--config", path, "--check-config", "--connect")
    assert result.returncode == 0, result
    assert re.search(r"^orders \(", result.stdout, re.MULTILINE)
    assert re.search(r"server +sqlite 3\.", result.stdout)
    assert re.search(r"schema +1 tables, 2 columns", result.stdout)
    path.write_text(good + f"  gone: {{url: 'postgresql://u:{CANARY}@127.0.0.1:1/d', connect_timeout: 1s}}\n")
    result = migrationd("--config", path, "--check-config", "--connect")
    assert result.returncode == 1, result
    assert re.search(r"failed +unreachable: ", result.stdout)
    assert "sqlite 3." in result.stdout
    assert CANARY not in result.stdout + result.stderr
