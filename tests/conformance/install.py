# SPDX-License-Identifier: Apache-2.0
"""Where the tools are installed: a cache that outlives the runs, never the repository. One folder for each tool and
version, made once, whichever test run comes first."""

import fcntl
import hashlib
import os
import shutil
import sys
from pathlib import Path

INTEGRATION = Path(__file__).resolve().parents[1] / "integration"
if str(INTEGRATION) not in sys.path:
    sys.path.insert(0, str(INTEGRATION))

from harness.process import run  # noqa: E402

INSTALL_SECONDS = 1500  # a first compilation of a Rust tool on a busy machine


def cache():
    named = os.environ.get("MIGRATIOND_CONFORMANCE_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(named) if named else base / "migrationd-conformance"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def installed(name, contents, make):
    """The folder of tool `name` as `contents` (anything whose text changes with its version) says, made by make(folder)
    if it is not there."""
    digest = hashlib.sha256(repr(contents).encode()).hexdigest()[:12]
    folder = cache() / f"{name}-{digest}"
    with open(cache() / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            (folder / "complete").touch()
    return folder


def pip(name, *requirements):
    """A virtual environment with these requirements; its programs are in bin/."""

    def make(folder):
        run(["/usr/bin/python3", "-m", "venv", folder], INSTALL_SECONDS)
        run([folder / "bin" / "pip", "install", "--quiet", *requirements], INSTALL_SECONDS)

    return installed(name, requirements, make)


def npm(name, *packages):
    """A folder with these packages in node_modules/; programs are in node_modules/.bin/."""

    def make(folder):
        (folder / "package.json").write_text('{"private": true}\n')
        run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *packages], INSTALL_SECONDS, cwd=folder)

    return installed(name, packages, make)


def go(name, package, tags=""):
    """A Go program, package@version; in bin/."""

    def make(folder):
        environment = {**os.environ, "GOBIN": str(folder / "bin")}
        run(["go", "install", "-tags", tags, package], INSTALL_SECONDS, env=environment, cwd=folder)

    return installed(name, (package, tags), make)


def cargo(name, package, version, features=""):
    """A Rust program; in bin/."""

    def make(folder):
        options = ["--no-default-features", "--features", features] if features else []
        command = ["cargo", "install", "--quiet", "--locked", "--root", folder, "--version", version, *options, package]
        run(command, INSTALL_SECONDS, cwd=folder)

    return installed(name, (package, version, features), make)


def composer(name, *packages):
    """A folder with these PHP packages in vendor/."""

    def make(folder):
        run(["composer", "require", "--quiet", "--no-interaction", *packages], INSTALL_SECONDS, cwd=folder)

    return installed(name, packages, make)


POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>conformance</groupId><artifactId>conformance</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
{}
  </dependencies>
</project>
"""


def maven(name, *coordinates):
    """A folder with the jars of these group:artifact:version and of what they need."""

    def make(folder):
        require("mvn", "maven")
        tags = ("groupId", "artifactId", "version")
        parts = ["".join(f"<{tag}>{text}</{tag}>" for tag, text in zip(tags, one.split(":"))) for one in coordinates]
        (folder / "pom.xml").write_text(POM.format("\n".join(f"    <dependency>{part}</dependency>" for part in parts)))
        command = ["mvn", "--quiet", "--batch-mode", "dependency:copy-dependencies", f"-DoutputDirectory={folder}/jars"]
        run(command, INSTALL_SECONDS, cwd=folder)

    return installed(name, coordinates, make) / "jars"


def require(program, package):
    """For what comes with the distribution: a message that helps, instead of a failure deep in a driver."""
    path = shutil.which(program)
    if not path:
        raise RuntimeError(f"{program} is not installed; run: apt-get install {package}")
    return path
