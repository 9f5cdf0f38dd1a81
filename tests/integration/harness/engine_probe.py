# SPDX-License-Identifier: Apache-2.0
"""One engine operation through tests/tools/engine_probe.c, without a daemon."""

import json
import os
import subprocess
from pathlib import Path

from .daemon import REPOSITORY, programs


def engine_probe():
    if "MIGRATIOND_ENGINE_PROBE" in os.environ:
        return Path(os.environ["MIGRATIOND_ENGINE_PROBE"])
    folders = [programs().parent / "tests", *(REPOSITORY / "build" / preset / "tests" for preset in ("debug", "asan"))]
    return next(folder / "engine_probe" for folder in folders if (folder / "engine_probe").exists())


def ask(command, url, *arguments, timeout=20000, expect=0):
    """One operation; its JSON, or the error's object where `expect` is 1. A sanitizer's report is another exit code."""
    result = subprocess.run(
        [engine_probe(), "--timeout", str(timeout), command, url, *map(str, arguments)],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == expect, (result.stdout[-2000:], result.stderr[-2000:])
    answer = json.loads(result.stdout)
    return answer["error"] if expect else answer


def start(command, url, *arguments, timeout=20000):
    """The same, left running."""
    return subprocess.Popen(
        [engine_probe(), "--timeout", str(timeout), command, url, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
