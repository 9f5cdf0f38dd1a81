# SPDX-License-Identifier: Apache-2.0
"""Child processes, free ports and waiting. Nothing in the tests sleeps: it awaits a condition with eventually()."""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

POLL_SECONDS = 0.02
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def eventually(predicate, timeout=10.0, what=None):
    """Calls `predicate` until it returns something true, which is returned; fails with the last value or exception."""
    deadline = time.monotonic() + timeout
    while True:
        last = None
        try:
            last = predicate()
            if last:
                return last
        except Exception as error:  # a server that is not up yet, a route that answers 404 yet
            last = error
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout} s: {what or getattr(predicate, '__name__', 'condition')}; last: {last!r}")
        time.sleep(POLL_SECONDS)


def free_ports(count):
    """Different TCP ports of 127.0.0.1 that were free a moment ago; whoever binds them retries on a collision."""
    with contextlib.ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in sockets]


def free_port():
    return free_ports(1)[0]


def private_folder(prefix):
    """A folder with a short path (Unix sockets live in it) that any user may enter."""
    folder = Path(tempfile.mkdtemp(prefix=f"migrationd-{prefix}-", dir="/tmp"))
    folder.chmod(0o755)
    return folder


def remove_folder(folder):
    if not os.environ.get("MIGRATIOND_TEST_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)


def unprivileged(*names):
    """The first of the users `names` that exists, as arguments of Popen; nothing unless root, which servers refuse."""
    if os.geteuid() != 0:
        return {}
    for name in (*names, "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("no unprivileged user")


def give(path, identity):
    """Makes `path` belong to the user of unprivileged()."""
    if identity:
        os.chown(path, identity["user"], identity["group"])


def die_with_parent(with_signal):
    """For Popen's preexec_fn: nothing survives a test run that is killed."""

    def prepare():
        LIBC.prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])

    return prepare


def run(arguments, timeout=120, check=True, **options):
    """subprocess.run with text output; a failure shows what the program said."""
    result = subprocess.run(
        [str(argument) for argument in arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        **options,
    )
    if check and result.returncode != 0:
        raise RuntimeError(f"{arguments[0]} exited with {result.returncode}:\n{result.stdout}\n{result.stderr}")
    return result


class Process:
    """A running child whose output goes to a file."""

    def __init__(self, arguments, log_path, death_signal=signal.SIGKILL, **options):
        self.log_path = Path(log_path)
        with open(self.log_path, "ab") as log:
            self.popen = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(death_signal),
                **options,
            )

    @property
    def pid(self):
        return self.popen.pid

    @property
    def returncode(self):
        return self.popen.poll()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, timeout=10.0):
        """The exit code; the process is killed and the test fails when it does not end in time."""
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(f"{self.popen.args[0]} did not end within {timeout} s\n{self.log()[-4000:]}") from None
