# SPDX-License-Identifier: Apache-2.0
"""scripts/test: builds, runs the parts side by side and counts what passed and what failed.

A part that crashes, runs nothing or leaves no readable result counts as failed: silence is never success.
"""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / "build"
RESULTS = BUILD / "test"
PROCESSORS = len(os.sched_getaffinity(0))
TEST_TIMEOUT = 300  # seconds for one unit-test executable, sanitizers included
PART_TIMEOUT = 1800  # seconds for one run of pytest or of the checks; a hang must not look like patience
FULL_TIMEOUT = 3 * 3600  # the same with --full: thousands of generated schemas, every tool from its registry
SHOWN_LINES = 60  # of a failure; the rest is in the log
SLOWDOWN = {"asan": 3, "tsan": 8}
# AddressSanitizer's own options for unit tests; the daemon's are in harness/daemon.py.
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


def fixed_addresses(preset):
    """gcc 12's ThreadSanitizer gives up where the kernel randomizes addresses more than it expects."""
    prefix = ["setarch", "-R"]
    works = preset == "tsan" and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    return prefix if works else []


def excerpt(output):
    """The lines that are not about what went well or was skipped: passing cmocka tests, finished build steps."""
    dull = re.compile(r"\[ RUN  |\[       OK|\[====|\[\d+/\d+\] |\.+ +\[ *\d+%\]$|bringing up nodes|SKIPPED \[")
    return "\n".join(line for line in output.splitlines() if not dull.match(line))


class Tally:
    """Counts and failure texts; filled by several threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.passed = self.failed = self.skipped = 0

    def add(self, part, name, passed=0, failed=0, skipped=0, seconds=0.0, details=""):
        with self.lock:
            self.passed += passed
            self.failed += failed
            self.skipped += skipped
            note = f", {skipped} skipped" if skipped else ""
            print(f"{part:12} {name}: {passed} passed, {failed} failed{note} ({seconds:.0f} s)", flush=True)
            if failed and details:
                lines = excerpt(details).splitlines()
                print("    " + "\n    ".join(lines[-SHOWN_LINES:]), flush=True)


class Suite:
    def __init__(self, options):
        self.options = options
        self.tally = Tally()
        self.build_lock = threading.Lock()
        self.built = {}

    def run(self, command, log, timeout, environment=None):
        """Output goes to build/test/<log>.log; returns the exit code (None after a time-out) and the output."""
        path = RESULTS / f"{log}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as output:
            try:
                code = subprocess.run(
                    [str(word) for word in command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=REPOSITORY,
                    env={**os.environ, **(environment or {})},
                    timeout=timeout,
                ).returncode
            except subprocess.TimeoutExpired:
                code = None
        return code, path.read_text(errors="replace")

    def build(self, part, preset):
        """Builds a preset once, one at a time: each build uses all processors. Returns whether it worked."""
        with self.build_lock:
            if preset not in self.built:
                started = time.monotonic()
                code, output = self.run(["scripts/build", preset], f"build-{preset}", PART_TIMEOUT)
                self.built[preset] = code == 0
                self.count(part, f"build {preset}", code == 0, started, output)
            return self.built[preset]

    def count(self, part, name, good, started, details=""):
        self.tally.add(part, name, int(good), int(not good), seconds=time.monotonic() - started, details=details)

    # executables of cmocka and of the fuzz corpora

    def ctests(self, preset, pattern=""):
        """(name, command) of every test that CTest knows in a build."""
        command = ["ctest", "--test-dir", str(BUILD / preset), "--show-only=json-v1"]
        listing = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        return [(t["name"], t["command"]) for t in listing["tests"] if re.search(pattern, t["name"])]

    def unit_test(self, preset, name, command):
        """Runs one executable: its cmocka tests are counted one by one, as it names them."""
        environment = SANITIZER_OPTIONS | ({"MIGRATIOND_ACCEPT": "1"} if self.options.accept else {})
        code, output = self.run([*fixed_addresses(preset), *command], f"{preset}/{name}", TEST_TIMEOUT, environment)
        if name.startswith("corpus."):
            return int(code == 0), int(code != 0), 0, output
        began = re.findall(r"^\[ RUN      \] (.+)$", output, re.MULTILINE)
        passed = len(re.findall(r"^\[       OK \] ", output, re.MULTILINE))
        skipped = len(re.findall(r"^\[  SKIPPED \] \w+$", output, re.MULTILINE)) if "SKIPPED" in output else 0
        skipped = min(skipped, len(began) - passed)
        failed = len(began) - passed - skipped  # begun and neither finished nor skipped: failed or crashed
        if not failed and (code != 0 or not began):
            failed = 1  # a leak, a failed teardown, an executable without tests
        return passed, failed, skipped, output

    def unit_tests(self, part, preset, pattern=""):
        started = time.monotonic()
        tests = self.ctests(preset, pattern)
        with concurrent.futures.ThreadPoolExecutor(PROCESSORS) as pool:
            results = list(pool.map(lambda test: self.unit_test(preset, *test), tests))
        details = "\n".join(f"{name}:\n{r[3]}" for (name, _), r in zip(tests, results) if r[1])
        passed, failed, skipped = (sum(r[i] for r in results) for i in range(3))
        if not tests:
            failed, details = 1, "no test executables"
        self.tally.add(part, f"{len(tests)} executables", passed, failed, skipped, time.monotonic() - started, details)


    # pytest

    def pytest(self, part, preset, markers, full=False):
        started = time.monotonic()
        results = RESULTS / f"{part}-pytest.xml"
        results.unlink(missing_ok=True)
        folder = BUILD if preset == "release" else BUILD / preset
        command = [*fixed_addresses(preset), "/usr/bin/python3", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["-m", markers, f"--basetemp={RESULTS / part}-pytest", "-rfEs"]
        command += ["-n", str(max(2, PROCESSORS // 2)), "--dist", "loadfile", f"--junit-xml={results}", "tests/integration"]
        if full:
            command.append("--full")
        environment = {
            "MIGRATIOND_BIN_DIR": str(folder / "bin"),
            "MIGRATIOND_TEST_SLOWDOWN": str(SLOWDOWN.get(preset, 1)),
        }
        code, output = self.run(command, f"{part}-pytest", FULL_TIMEOUT if full else PART_TIMEOUT, environment)
        self.add_junit(part, "integration", results, code, started, output)

    def add_junit(self, part, name, results, code, started, output):
        passed, failed, skipped = self.read_junit(results)
        if not failed and code != 0:
            failed, output = 1, f"pytest: exit code {code}\n{output}"
        self.tally.add(part, name, passed, failed, skipped, time.monotonic() - started, output)

    @staticmethod
    def read_junit(path):
        """One test is one test, even if both it and its teardown failed. Nothing readable: one failure."""
        outcomes = {}
        rank = {"passed": 0, "skipped": 1, "failed": 2}
        try:
            for case in ElementTree.parse(path).iter("testcase"):
                kinds = {child.tag for child in case}
                outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
                name = (case.get("classname"), case.get("name"))
                outcomes[name] = max(outcome, outcomes.get(name, "passed"), key=rank.get)
        except (OSError, ElementTree.ParseError):
            return 0, 1, 0
        counts = [list(outcomes.values()).count(kind) for kind in ("passed", "failed", "skipped")]
        return tuple(counts) if outcomes else (0, 1, 0)

    # parts

    def unit(self, part):
        if self.build(part, "debug"):
            self.unit_tests(part, "debug")

    def integration(self, part):
        """The probes of tests/tools, which some tests use, are of the debug build."""
        if self.build(part, "release") and self.build(part, "debug"):
            self.pytest(part, "release", "", self.options.full)

    def asan(self, part):
        if self.build(part, "asan"):
            self.unit_tests(part, "asan")
            self.pytest(part, "asan", "not native")

    def tsan(self, part):
        if self.build(part, "tsan"):
            self.unit_tests(part, "tsan", r"^unit\.daemon\.")
            self.pytest(part, "tsan", "threads")

    def conformance(self, part):
        if not self.build(part, "release"):
            return
        started = time.monotonic()
        results = RESULTS / "conformance.xml"
        results.unlink(missing_ok=True)
        environment = {"MIGRATIOND_BIN_DIR": str(BUILD / "bin")}
        command = ["scripts/conformance", f"--junit-xml={results}"]
        code, output = self.run(command, "conformance", FULL_TIMEOUT, environment)
        self.add_junit(part, "real tools", results, code, started, output)

    def lint(self, part):
        if not self.build(part, "clang"):
            return
        started = time.monotonic()
        checks = ["format", "licence", "layers", "length", "tidy"] + (["analyze"] if self.options.full else [])
        code, output = self.run(["scripts/check", *checks], "check", PART_TIMEOUT)
        passed = len(re.findall(r"^ok ", output, re.MULTILINE))
        failed = len(re.findall(r"^FAILED ", output, re.MULTILINE))
        if not failed and (code != 0 or not passed):
            failed = 1
        self.tally.add(part, "checks", passed, failed, seconds=time.monotonic() - started, details=output)


PARTS = ("integration", "unit", "asan", "lint", "tsan")  # the longest first
FULL_PARTS = ("integration", "conformance", "unit", "asan", "lint", "tsan")


def main():
    parser = argparse.ArgumentParser(prog="scripts/test")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("parts", nargs="*", metavar="part", help=" ".join(sorted(FULL_PARTS)))
    options = parser.parse_args()
    for part in options.parts:
        if part not in FULL_PARTS:
            parser.error(f"no part is called {part}; there are: {' '.join(sorted(FULL_PARTS))}")
    parts = options.parts or (["unit"] if options.accept else FULL_PARTS if options.full else PARTS)

    suite = Suite(options)
    RESULTS.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(max(2, min(3, PROCESSORS - 1))) as pool:
        running = {pool.submit(getattr(suite, part), part): part for part in parts}
        for done in concurrent.futures.as_completed(running):
            if done.exception():
                suite.tally.add(running[done], "the part itself", failed=1, details=repr(done.exception()))
    tally = suite.tally
    note = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"{tally.passed} passed, {tally.failed} failed{note}")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
