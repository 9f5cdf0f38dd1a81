# SPDX-License-Identifier: Apache-2.0
"""Questions of checks through tests/tools/query_probe.c, without a daemon."""

import json
import subprocess

from .engine_probe import engine_probe


def command(url, *texts, own=False, timeout=20000, rows=10, cell_bytes=256):
    program = engine_probe().with_name("query_probe")
    options = ["--timeout", timeout, "--rows", rows, "--bytes", cell_bytes, *(["--own"] if own else [])]
    return [program, *map(str, options), url, *texts]


def query(url, *texts, **options):
    """The answer of one text, {"columns", "rows", "more", …} or {"error": {"code", …}}, or a list of several texts' answers
    over one connection. `own` sends what would be refused before it is sent."""
    result = subprocess.run(command(url, *texts, **options), capture_output=True, timeout=120, check=False)
    assert result.returncode in (0, 1) and not result.stderr, (result.stdout[-2000:], result.stderr[-2000:])
    answers = json.loads(result.stdout)
    failed = any("error" in answer for answer in (answers if isinstance(answers, list) else [answers]))
    assert result.returncode == int(failed), answers
    return answers


def allocations(url, text):
    """How many allocations an answer takes, each of which failed once, and was told."""
    program = engine_probe().with_name("query_probe")
    result = subprocess.run([program, "--oom", url, text], capture_output=True, timeout=120, check=False)
    assert result.returncode == 0 and not result.stderr, (result.stdout, result.stderr)
    return json.loads(result.stdout)


def start(url, *texts, **options):
    """The same, left running."""
    return subprocess.Popen(command(url, *texts, **options), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
