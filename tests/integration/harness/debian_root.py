# SPDX-License-Identifier: Apache-2.0
"""A bare Debian in a folder: as a root for programs, or started with systemd as its PID 1.

debootstrap makes one root of this machine's release and keeps it in build/cache; each test gets a copy. Everything runs
in mount and process namespaces of its own, so that nothing stays mounted or running, however a test ends. Needs root.
"""

import contextlib
import fcntl
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from .daemon import REPOSITORY, slowdown
from .process import Process, eventually, run

MIRROR = os.environ.get("MIGRATIOND_TEST_MIRROR", "http://deb.debian.org/debian")
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}
PROXIES = {name: value for name, value in os.environ.items() if name.lower() in ("http_proxy", "https_proxy", "no_proxy")}
NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--propagation", "private"]

# What a program expects to be mounted. $1 is the root.
MOUNTS = r"""
set -e
root=$1
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
"""

# The root of the mount namespace moves, so that nothing of this machine can be reached.
PIVOT = r"""
cd "$root"
mkdir -p .old
pivot_root . .old
umount -l /.old
"""

CHROOT = MOUNTS + 'shift\nexec chroot "$root" "$@"\n'

# A cgroup of its own is the root of the namespace, and the only hierarchy that PID 1 sees.
BOOT = (
    r"""
set -e
mkdir -p "$2"
echo $$ > "$2/cgroup.procs"
exec unshare --cgroup --uts --ipc --net --mount --pid --fork --kill-child=SIGKILL --propagation private sh -c '
"""
    + MOUNTS
    + r"""
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
"""
    + PIVOT
    + r"""
exec env -i container=migrationd-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --unit=multi-user.target --show-status=no --log-target=journal
' sh "$1"
"""
)


def cgroup_folder():
    """Where cgroup v2 is mounted; None where it is not."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        if line.split()[2] == "cgroup2":
            return Path(line.split()[1])
    return None


def why_no_root():
    """Why this machine cannot have such roots; empty if it can."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("debootstrap", "unshare", "nsenter", "dpkg-deb"):
        if not shutil.which(program):
            return f"{program} is not installed"
    if platform.freedesktop_os_release().get("ID") != "debian":
        return "this machine is no Debian"
    works = subprocess.run([*NAMESPACES, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True)
    return "" if works.returncode == 0 else f"no namespaces: {works.stderr.strip()}"


def why_no_boot():
    return why_no_root() or ("" if cgroup_folder() else "cgroup v2 is not mounted")


@contextlib.contextmanager
def one_at_a_time(name):
    """Several test processes want the same thing made once."""
    folder = REPOSITORY / "build" / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def bare_root():
    """The root that all others are copies of."""
    suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
    with one_at_a_time("root") as cache:
        root = cache / f"root-{suite}"
        if not root.exists():
            with tempfile.TemporaryDirectory(prefix=root.name, dir=cache) as work:
                made = Path(work) / "root"
                run(["debootstrap", "--variant=minbase", suite, made, MIRROR], timeout=900)
                made.chmod(0o755)
                made.rename(root)
        return root


def build_package(release=1, folder=REPOSITORY / "build" / "package", environment=None):
    """The Debian package of the sources, with this Debian revision."""
    command = [REPOSITORY / "scripts" / "package", "--release", str(release), "--build", folder]
    with one_at_a_time("package"):
        return Path(run(command, timeout=1800, env={**os.environ, **(environment or {})}).stdout.splitlines()[-1])


class DebianRoot:
    """A copy of bare_root(), gone after close()."""

    def __init__(self, source=None):
        self.work = Path(tempfile.mkdtemp(prefix="migrationd-root-", dir="/var/tmp"))
        self.work.chmod(0o755)
        self.folder = self.work / "root"
        self.booted = None
        run(["cp", "-a", "--reflink=auto", source.folder if source else bare_root(), self.folder], timeout=300)
        shutil.copyfile("/etc/resolv.conf", self.folder / "etc/resolv.conf")

    def path(self, inside):
        """The place on this machine of an absolute path inside."""
        return self.folder / str(inside).lstrip("/")

    def run(self, *arguments, check=True, timeout=600.0):
        """Runs a program to its end, with this machine's network; returns subprocess.CompletedProcess."""
        command = [*NAMESPACES, "sh", "-c", CHROOT, "sh", self.folder, *arguments]
        return run(command, timeout=timeout, check=check, env=ENVIRONMENT | PROXIES)

    def install(self, package):
        """Installs a package file, and from the archive what it depends on."""
        shutil.copy(package, self.path("/var/tmp"))
        return self.apt("install", "-o", "Dpkg::Options::=--force-confold", f"/var/tmp/{package.name}")

    def start(self, *arguments, log):
        """Starts a program; returns a Process, whose end is the end of all that it started."""
        command = [*NAMESPACES, "sh", "-c", CHROOT, "sh", self.folder, *arguments]
        return Process(command, log, env=ENVIRONMENT)

    def apt(self, *arguments):
        return self.run("apt-get", "-qq", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", *arguments)

    # systemd

    def boot(self, timeout=60.0):
        """Starts systemd as PID 1, without any network but a loopback, and waits for multi-user.target."""
        self.cgroup = cgroup_folder() / f"{self.work.name}"
        self.booted = Process(["sh", "-c", BOOT, "sh", self.folder, self.cgroup], self.work / "boot.log", env=ENVIRONMENT)
        self.init = eventually(self.find_init, timeout * slowdown(), "PID 1")
        eventually(lambda: self.is_active("multi-user.target"), timeout * slowdown(), "multi-user.target")
        return self

    def find_init(self):
        """The process of this machine that is PID 1 inside."""
        if self.booted.returncode is not None:
            raise RuntimeError(self.booted.log())
        for candidate in self.cgroup.rglob("cgroup.procs"):
            for pid in candidate.read_text().split():
                if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd" and self.is_first(pid):
                    return int(pid)
        return None

    @staticmethod
    def is_first(pid):
        status = Path(f"/proc/{pid}/status").read_text()
        return any(line.startswith("NSpid:") and line.split()[-1] == "1" for line in status.splitlines())

    def inside(self, *arguments, check=True, timeout=60.0):
        """Runs a program beside systemd."""
        enter = ["nsenter", "-t", self.init, "--wdns=/", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
        return run([*enter, *arguments], timeout=timeout * slowdown(), check=check, env=ENVIRONMENT)

    def in_network(self, *arguments, **options):
        """Starts a program of this machine that sees the network inside; returns subprocess.Popen."""
        return subprocess.Popen(["nsenter", "-t", str(self.init), "--net", *map(str, arguments)], text=True, **options)

    def systemctl(self, *arguments, check=True, timeout=60.0):
        return self.inside("systemctl", "--no-pager", *arguments, check=check, timeout=timeout)

    def is_active(self, unit):
        return self.property(unit, "ActiveState") == "active"

    def property(self, unit, name):
        return self.systemctl("show", "--value", "-p", name, unit).stdout.strip()

    def journal(self, unit):
        return self.inside("journalctl", "--no-pager", "-o", "cat", "-u", unit).stdout

    def shut_down(self):
        if not self.booted:
            return
        self.booted.popen.kill()  # the kernel then kills PID 1 of the namespace, and with it all the others
        self.booted.wait()
        self.booted = None
        eventually(lambda: not (self.cgroup / "cgroup.procs").exists() or self.remove_cgroup(), 30, "no process left")

    def remove_cgroup(self):
        for folder in sorted(self.cgroup.rglob("*/"), reverse=True):
            folder.rmdir()
        self.cgroup.rmdir()
        return True

    def close(self):
        self.shut_down()
        if not os.environ.get("MIGRATIOND_TEST_KEEP"):
            shutil.rmtree(self.work)
