# SPDX-License-Identifier: Apache-2.0
"""The Debian package: what is in it, and its life in a bare root from the installation to the purge."""

import gzip
import hashlib
import os
import re
import shutil
import signal
import stat
import subprocess
import urllib.request

import pytest
from harness import SqliteFile, eventually, free_ports
from harness.debian_root import DebianRoot, build_package, why_no_root
from harness.journals import flyway_journal
from harness.process import run

pytestmark = [
    pytest.mark.full,
    pytest.mark.native,
    pytest.mark.skipif(not shutil.which("dpkg-shlibdeps"), reason="dpkg-dev is not installed"),
]
CONFIG = "/etc/migrationd/migrationd.yaml"
# What installing any package changes, and what purging leaves as Debian does: the locked user.
TRACES = re.compile(
    r"/(proc|dev|run|tmp|var/tmp|var/log|var/cache|var/lib/apt|var/lib/dpkg)(/|$)|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$"
    r"|/etc/\.pwd\.lock$|/etc/ld\.so\.cache$"
)


@pytest.fixture(scope="module")
def package():
    return build_package()


@pytest.fixture(scope="module")
def newer_package(tmp_path_factory):
    """The next revision, whose reference configuration has changed."""
    built = build_package(release=2)
    work = tmp_path_factory.mktemp("newer")
    tree = work / "tree"
    run(["dpkg-deb", "--raw-extract", built, tree])
    for name in ("etc/migrationd", "usr/share/doc/migrationd/examples"):
        path = tree / name / "migrationd.yaml"
        path.write_text(path.read_text() + "# The newer version's last line.\n")
    path = tree / "DEBIAN" / "md5sums"
    lines = [line.split("  ", 1)[1] for line in path.read_text().splitlines()]
    path.write_text("".join(f"{hashlib.md5((tree / name).read_bytes()).hexdigest()}  {name}\n" for name in lines))
    newer = work / built.name
    run(["dpkg-deb", "--build", "--root-owner-group", tree, newer])
    return newer


@pytest.fixture
def root():
    reason = why_no_root()
    if reason:
        pytest.skip(reason)
    made = DebianRoot()
    yield made
    made.close()


def test_contents(package):
    listing = run(["dpkg-deb", "--contents", package]).stdout.splitlines()
    names = {line.split()[5].removeprefix(".") for line in listing}
    assert names >= {
        "/usr/bin/migrationd",
        "/usr/bin/migrationctl",
        "/usr/bin/migration-wait",
        "/usr/libexec/migrationd/migration-gate",
        "/usr/lib/sysusers.d/migrationd.conf",
        "/usr/lib/tmpfiles.d/migrationd.conf",
        "/usr/share/doc/migrationd/copyright",
        "/usr/share/doc/migrationd/changelog.Debian.gz",
        "/usr/share/man/man8/migration-gate@.service.8.gz",
        CONFIG,
    }
    units = {name.rsplit("/", 1)[1] for name in names if "/systemd/system/" in name}
    assert units >= {"migrationd.service", "migrationd.socket", "migrationd-probe.socket", "migration-gate@.service"}
    assert all(line.split()[1] == "root/root" for line in listing)
    assert not [line for line in listing if line[8] == "w" or line[3] in "sS"], "what others may write, or set-uid"
    depends = run(["dpkg-deb", "--field", package, "Depends"]).stdout
    for library in ("libpq5", "libmariadb3", "libsqlite3-0", "libmicrohttpd12", "systemd"):
        assert library in depends


def test_same_bytes_again():
    at = {"SOURCE_DATE_EPOCH": "1700000000"}
    first = build_package(3, environment=at)
    content = first.read_bytes()
    assert {line.split()[3] for line in run(["dpkg-deb", "--contents", first]).stdout.splitlines()} == {"2023-11-14"}
    shutil.rmtree(first.parent / "_CPack_Packages")
    first.unlink()
    assert build_package(3, environment=at).read_bytes() == content


def test_lintian(package):
    if not shutil.which("lintian"):
        pytest.skip("lintian is not installed")
    result = subprocess.run(["lintian", "--no-cfg", "--fail-on", "error,warning", package], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout


def paths_of(root):
    """Every path inside, and the contents of files where dpkg does not already answer for them."""
    found = {}
    for folder, folders, files in os.walk(root.folder):
        inside = "/" + os.path.relpath(folder, root.folder).removeprefix(".").lstrip("/")
        folders[:] = [name for name in folders if not TRACES.match(os.path.join(inside, name))]
        for name in folders + files:
            path = os.path.join(inside, name)
            state = os.lstat(root.path(path))
            if not TRACES.match(path):
                content = hashlib.sha256(root.path(path).read_bytes()).hexdigest() if stat.S_ISREG(state.st_mode) else ""
                found[path] = (stat.filemode(state.st_mode), state.st_uid, state.st_gid, content)
    return found


def user_id(root, name):
    line = next((line for line in root.path("/etc/passwd").read_text().splitlines() if line.startswith(f"{name}:")), None)
    return int(line.split(":")[2]) if line else None


def answer(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
        return response.status, response.read().decode()


class Foreground:
    """The installed daemon as its own user, without systemd."""

    def __init__(self, root):
        self.root = root
        self.port, self.probe_port = free_ports(2)
        text = root.path(CONFIG).read_text()
        text = re.sub(r"(?m)^listen:.*", f"listen: 127.0.0.1:{self.port}", text)
        root.path(CONFIG).write_text(re.sub(r"(?m)^probe_listen:.*", f"probe_listen: 127.0.0.1:{self.probe_port}", text))

    def __enter__(self):
        identity = ["setpriv", "--reuid=migrationd", "--regid=migrationd", "--init-groups", "--no-new-privs"]
        self.process = self.root.start(*identity, "migrationd", "--config", CONFIG, log=self.root.work / "daemon.log")
        try:
            eventually(lambda: answer(self.probe_port, "/livez")[0] == 200, 20, "/livez")
        except AssertionError as error:
            raise AssertionError(self.process.log()) from error
        return self

    def __exit__(self, *_):
        self.process.signal(signal.SIGKILL)  # of the namespace, and with it of all in it
        self.process.wait()


def configured(text, database):
    """The reference with a database of ours, as an administrator would edit it."""
    edited = text.replace("sqlite:////var/lib/example/app.db", f"sqlite:///{database}")
    assert edited != text
    return edited.replace("  example:\n", "  orders:\n").replace("requires: [example]", "requires: [orders]")


def test_life(root, package, newer_package):
    root.apt("update")
    planned = root.run("apt-get", "install", "--simulate", "--no-install-recommends", str(stage(root, package))).stdout
    needed = [name for name in re.findall(r"^Inst (\S+)", planned, re.MULTILINE) if name != "migrationd"]
    assert "libpq5" in needed and "libmariadb3" in needed, "a bare root has none of them"
    root.apt("install", *needed)
    before = paths_of(root)

    said = root.install(package)
    assert "name your databases" in said.stdout + said.stderr, "nobody's configuration is no reason to start"
    uid = user_id(root, "migrationd")
    assert uid and uid < 1000
    assert root.run("runuser", "-u", "migrationd", "--", "cat", CONFIG).returncode == 0
    assert root.run("runuser", "-u", "nobody", "--", "cat", CONFIG, check=False).returncode != 0
    assert root.run("migration-wait", "--version").stdout.startswith("migration-wait ")

    folder = root.path("/srv/orders")
    folder.mkdir()
    database = SqliteFile(folder / "app.db")
    flyway_journal(database, 1)
    edited = configured(root.path(CONFIG).read_text(), "/srv/orders/app.db")
    root.path(CONFIG).write_text(edited)
    assert root.run("migrationd", "--check-config").returncode == 0
    with Foreground(root) as daemon:
        eventually(lambda: '"applied_count":1' in answer(daemon.port, "/v1/databases/orders")[1], 20, "the first look")
        edited = root.path(CONFIG).read_text()
        said = root.install(newer_package)  # under a running daemon, whom nobody restarts without a systemd
        assert answer(daemon.probe_port, "/livez")[0] == 200
    state = root.path("/var/lib/migrationd")
    assert state.stat().st_uid == uid and stat.S_IMODE(state.stat().st_mode) == 0o700
    history = [path for path in state.iterdir() if path.name.startswith("history.db")]
    assert history and all(path.stat().st_uid == uid for path in history)

    assert root.path(CONFIG).read_text() == edited, "an edited configuration is kept"
    assert "The newer version's last line" in root.path(CONFIG + ".dpkg-dist").read_text()
    version = root.run("dpkg-query", "--show", "--showformat=${Version}", "migrationd").stdout
    assert version.endswith("-2")
    with Foreground(root) as daemon:
        eventually(lambda: '"applied_count":1' in answer(daemon.port, "/v1/databases/orders")[1], 20, "the first look")
        assert answer(daemon.port, "/v1/databases/orders/history")[0] == 200

    root.path("/etc/migrationd/secrets/orders.password").write_text("secret")
    root.path("/etc/migrationd/gates/orders.env").write_text("MIGRATION_REVISION=1\n")
    root.run("apt-get", "-qq", "remove", "migrationd")
    assert root.path(CONFIG).exists() and not root.path("/usr/bin/migrationd").exists()
    root.run("apt-get", "-qq", "purge", "migrationd")
    shutil.rmtree(folder)
    assert paths_of(root) == before
    assert root.run("dpkg-query", "--show", "migrationd", check=False).returncode != 0
    assert user_id(root, "migrationd") == uid, "the locked user stays"
    owned = root.run("find", "/", "-xdev", "-uid", str(uid), "-not", "-path", "/proc/*").stdout
    assert owned == "", "nothing belongs to it"


def stage(root, package):
    shutil.copy(package, root.path("/var/tmp"))
    return f"/var/tmp/{package.name}"


def test_change_logs(package, tmp_path):
    run(["dpkg-deb", "--extract", package, tmp_path])
    doc = tmp_path / "usr/share/doc/migrationd"
    assert gzip.decompress((doc / "changelog.Debian.gz").read_bytes()).decode().startswith("migrationd (")
    assert gzip.decompress((doc / "changelog.gz").read_bytes())
