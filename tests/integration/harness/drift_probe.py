# SPDX-License-Identifier: Apache-2.0
"""Differences and plans through tests/tools/drift_probe.c, without a daemon: A is the reference, B the live schema."""

import json
import os
import subprocess
from pathlib import Path

from .daemon import REPOSITORY, programs


def program():
    if "MIGRATIOND_DRIFT_PROBE" in os.environ:
        return Path(os.environ["MIGRATIOND_DRIFT_PROBE"])
    folders = [programs().parent / "tests", *(REPOSITORY / "build" / preset / "tests" for preset in ("debug", "asan"))]
    return next(folder / "drift_probe" for folder in folders if (folder / "drift_probe").exists())


def run(command, *arguments):
    result = subprocess.run(
        [program(), command, *map(str, arguments)], capture_output=True, timeout=120, check=False
    )
    assert result.returncode == 0, (command, arguments, result.stderr.decode(errors="replace")[-4000:])
    return result.stdout.decode()


def diff(reference, live, *options):
    """{"verdict", "equal", "items", "hints"}"""
    return json.loads(run("diff", reference, live, *options))


def steps(reference, live, *options):
    """The same with {"statements", "unsolved", "scripts": {"guard", "all0", "stage1", …, "verify", "undo"}}"""
    return json.loads(run("steps", reference, live, *options))


def short(items):
    """What identifies each item: (kind, object, change, attribute)."""
    return sorted((i["kind"], i["object"], i["change"], i["attribute"] or "") for i in items)


def confirmed(items):
    """Those that nothing suppresses."""
    return [item for item in items if item["state"] != "suppressed"]
