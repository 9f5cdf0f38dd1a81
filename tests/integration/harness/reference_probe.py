# SPDX-License-Identifier: Apache-2.0
"""A reference, and the drift of a database from it, through tests/tools/reference_probe.c."""

import json
import os
import subprocess

from .engine_probe import engine_probe


def command(*arguments):
    return [str(engine_probe().with_name("reference_probe")), *map(str, arguments)]


def environment():
    """The probe's own folder for temporary files, where a test names one: servers that it starts must not get it."""
    folder = os.environ.get("MIGRATIOND_TEST_PROBE_TMPDIR")
    return {**os.environ, **({"TMPDIR": folder} if folder else {})}


def start(*arguments):
    """The probe, left running."""
    return subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())


def ask(*arguments, expect=0):
    """What the probe prints; its error's object where `expect` is 1. A sanitizer's report is another exit code."""
    result = subprocess.run(command(*arguments), capture_output=True, timeout=300, check=False, env=environment())
    assert result.returncode == expect, (result.stdout[-2000:], result.stderr[-2000:])
    answer = json.loads(result.stdout)
    return answer["error"] if expect else answer


def drift(reference, url, *options):
    """The items as (kind, object, change, attribute), and the whole answer."""
    answer = ask("--drift", *options, reference, url)
    items = [(item["kind"], item["object"], item["change"], item["attribute"]) for item in answer["items"]]
    return items, answer
