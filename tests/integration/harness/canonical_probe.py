# SPDX-License-Identifier: Apache-2.0
"""Canonical forms through tests/tools/canonical_probe.c, without a server."""

import os
import subprocess
from pathlib import Path

from .daemon import REPOSITORY, programs


def program():
    if "MIGRATIOND_CANONICAL_PROBE" in os.environ:
        return Path(os.environ["MIGRATIOND_CANONICAL_PROBE"])
    folders = [programs().parent / "tests", *(REPOSITORY / "build" / preset / "tests" for preset in ("debug", "asan"))]
    return next(folder / "canonical_probe" for folder in folders if (folder / "canonical_probe").exists())


def canonical(engine, texts):
    """The canonical forms of (form, type, text) triples, in their order."""
    fields = [field for text in texts for field in text]
    given = "".join(f"{field}\0" for field in fields).encode()
    result = subprocess.run([program(), engine], input=given, capture_output=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr[-4000:]
    forms = result.stdout.decode().split("\0")[:-1]
    assert len(forms) == len(texts)
    return forms
