# SPDX-License-Identifier: Apache-2.0
"""Checks of a database, run once by migrationctl from a configuration."""

import json

from .daemon import migrationctl


class Checks:
    """What `migrationctl checks --config` said: its exit code, and each check by its name."""

    def __init__(self, code, answer):
        self.code = code
        self.answer = answer
        self.by_name = {check["check"]: check for check in answer["checks"]}

    def __getitem__(self, name):
        return self.by_name[name]


def run_checks(folder, url, checks, **settings):
    """Runs `checks` against the database at `url`; `settings` are other keys of the database."""
    config = folder / "checks.yaml"
    config.write_text(json.dumps({"databases": {"orders": {"url": url, "checks": checks, **settings}}}))
    result = migrationctl("checks", "--config", config, "orders", "--output", "json")
    assert result.stdout, result.stderr
    return Checks(result.returncode, json.loads(result.stdout))
