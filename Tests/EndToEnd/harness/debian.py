"""A Debian 12 of its own, with systemd as its first process: systemd-nspawn on a tree of Debian's packages."""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from . import proc
from .tools import tool
from .waiting import eventually

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "ocm"
# Beside what every Debian has (essential): the service manager, what the package depends on, and a proxy in front.
PACKAGES = ["ca-certificates", "curl", "dbus-user-session", "libpam-systemd", "libssl3", "libstdc++6", "nginx-light",
            "systemd", "systemd-sysv"]
CLONE_NEWNET = 0x40000000


def possible():
    """Skips where nobody but root could go on; where OCM_TEST_ALL is set, a skip is a failure."""
    if os.geteuid() != 0:
        untested = pytest.fail if os.environ.get("OCM_TEST_ALL") else pytest.skip
        untested("NOT TESTED, only root can boot a system: run it as root")


def tree():
    """The tree, from the cache or from Debian's packages, as apt has been told to find them here."""
    script = tool("mmdebstrap")
    name = "debian-" + hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CACHE / name).exists():
            with tempfile.TemporaryDirectory(dir=CACHE, prefix=name) as place:
                made = pathlib.Path(place) / "tree"
                subprocess.run([script, "--quiet", "--variant=minbase", "--include=" + ",".join(PACKAGES), "bookworm",
                                made, *_sources()], check=True, stdin=subprocess.DEVNULL)
                made.rename(CACHE / name)
    return CACHE / name


def _sources():
    """The machine's own sources of Debian 12; where it is another system, mmdebstrap knows Debian's."""
    listed = subprocess.run(
        [tool("apt-get", "apt"), "indextargets", "--format", "deb $(REPO_URI) $(CODENAME) $(COMPONENT)",
         "Created-By: Packages", "Origin: Debian"], capture_output=True, text=True, check=False).stdout.splitlines()
    return [line for line in dict.fromkeys(listed) if line.split()[2].startswith("bookworm")]


class Debian:
    """One system that runs, with a network of its own; what it writes is gone when it ends."""

    def __init__(self, directory):
        self.log = pathlib.Path(directory) / "debian.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [tool("systemd-nspawn", "systemd-container"), "--quiet", "--boot", "--register=no", "--keep-unit",
                 "--private-network", "--volatile=overlay", f"--directory={tree()}",
                 f"--machine=ocm-test-{os.getpid()}", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
                 "--console=pipe"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            self.init = eventually(self._init, 20, "the first process")
            eventually(self._is_up, 60, "the system to be up")
        except BaseException as error:
            self.kill()
            raise AssertionError(f"Debian does not boot\n{self.log.read_text(errors='replace')}") from error

    def _init(self):
        assert self.process.poll() is None, f"systemd-nspawn ended with {self.process.returncode}"
        return next(iter(proc.children(self.process.pid, "systemd")), None)

    def _is_up(self):
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")

    def run(self, *command, check=True, user=None, **options):
        """A command in there, with its output as text."""
        switch = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"] if user else []
        ended = subprocess.run(
            [tool("nsenter", "util-linux"), f"--target={self.init}", "--all", "--", *switch, *map(str, command)],
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}, **options)
        assert not check or ended.returncode == 0, f"{command}: status {ended.returncode}\n{ended.stdout}{ended.stderr}"
        return ended

    def systemctl(self, *arguments, **options):
        return self.run("systemctl", "--no-pager", *arguments, **options)

    def show(self, unit, name):
        """A property of a unit."""
        return self.systemctl("show", f"--property={name}", "--value", unit).stdout.strip()

    def path(self, path):
        """Where a file of the system is seen from here."""
        return pathlib.Path(f"/proc/{self.init}/root{path}")

    def put(self, source, path):
        shutil.copyfile(source, self.path(path))

    def journal(self, unit):
        return self.run("journalctl", f"--unit={unit}", "--output=cat", "--no-pager").stdout

    @contextlib.contextmanager
    def network(self):
        """Sockets that are made, and processes that are started, are in the system's network meanwhile."""
        with open("/proc/self/ns/net") as own, open(f"/proc/{self.init}/ns/net") as inside:
            _enter(inside.fileno())
            try:
                yield
            finally:
                _enter(own.fileno())

    def stop(self):
        self.process.terminate()  # a clean shutdown
        try:
            self.process.wait(30)
        finally:
            self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def _enter(descriptor):
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
