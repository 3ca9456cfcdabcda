"""Fixtures: a fake API and an OCM for a whole file of tests, and makers of others."""

import asyncio
import contextlib
import inspect
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile

import pytest

from harness import remains
from harness.fake import FakeAPI
from harness.ocm import Ocm


def pytest_configure():
    """SIGTERM ends the run as an interrupt does: with the fixtures' ends, so that no process is left behind.

    The tests and the fake API hold an end of every connection: they may open as many as the system lets them.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Whoever has started this in the background may have had SIGINT ignored; what is started here is not to inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if not os.environ.get("OCM_TEST_KEEP_NOTHING"):
        remains.begin()
        _keep_output()


def _keep_output():
    """What OCM's commands print is kept, too, but for the one that prints a secret."""
    run = subprocess.run

    def keeping(command, *arguments, **options):
        done = run(command, *arguments, **options)
        words = list(map(str, command)) if isinstance(command, (list, tuple)) else [str(command)]
        names = [pathlib.Path(word).name for word in words]
        if "ocm-supervisor" in names and not {"token", "client-config"} & set(words):
            for output in (done.stdout, done.stderr):
                remains.keep(f"output of {' '.join(names)}", output or b"")
        return done

    subprocess.run = keeping


def pytest_sessionfinish(session):
    """No secret that the run used is anywhere where it does not belong."""
    if not (kept := remains.CURRENT):
        return
    try:
        session.config.leaks = kept.search()
        session.config.searched = f"{kept.count - 1} secrets of the run looked for in {kept.size >> 10} KiB"
        if session.config.leaks:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    finally:
        kept.remove()


def pytest_terminal_summary(terminalreporter, config):
    if hasattr(config, "searched"):
        terminalreporter.write_line(config.searched)
    for place, secret in getattr(config, "leaks", ()):
        terminalreporter.write_line(f"LEAKED: {secret} in {place}", red=True)


class TooLong(BaseException):
    """A test has come to its deadline. No `except Exception` of a test's takes it."""


@contextlib.contextmanager
def alarm(seconds):
    """Ends what blocks, wherever it does."""
    def ring(*_):
        raise TooLong(f"the test has not ended within {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Tests may be coroutines; each has a deadline."""
    marker = pyfuncitem.get_closest_marker("deadline")
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        with alarm(marker.args[0] if marker else 60):
            pyfuncitem.obj(**arguments)
        return True
    seconds = marker.args[0] if marker else 30

    async def limited():
        async with asyncio.timeout(seconds):
            await pyfuncitem.obj(**arguments)

    # A coroutine that blocks the loop itself does not see its own deadline.
    with alarm(seconds + 30):
        asyncio.run(limited())
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A test that fails shows the log of the OCM that it used."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for name in ("ocm", "start_ocm"):
            for ocm in getattr(item.funcargs.get(name), "all", [item.funcargs.get(name)]):
                if isinstance(ocm, Ocm):
                    report.sections.append(("log of OCM", ocm.log()[-8000:]))


def keep_files(request, path):
    if remains.CURRENT:
        remains.CURRENT.keep_files(request.node.nodeid, path)


@pytest.fixture
def directory(request):
    """A short path (a Unix socket's name has room for 107 bytes), gone afterwards."""
    path = tempfile.mkdtemp(prefix="ocm-")
    yield path
    keep_files(request, path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def _shared_directory(request):
    path = tempfile.mkdtemp(prefix="ocm-")
    yield path
    keep_files(request, path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def _shared_fake(_shared_directory):
    fake = FakeAPI(_shared_directory)
    yield fake
    fake.stop()


@pytest.fixture(scope="module")
def _shared_ocm(request, _shared_directory, _shared_fake):
    """One OCM for the file; a file names its settings in OCM_SETTINGS and the alarms it raises in OCM_TOLERATED."""
    ocm = Ocm(_shared_directory, _shared_fake, **getattr(request.module, "OCM_SETTINGS", {}))
    ocm.tolerate(*getattr(request.module, "OCM_TOLERATED", ()))
    try:
        ocm.start()
        yield ocm
        ocm.stop()
    finally:
        ocm.kill()


@pytest.fixture
def fake(_shared_fake):
    _shared_fake.control(clear=True)
    return _shared_fake


@pytest.fixture
def ocm(_shared_ocm, fake):
    """The file's OCM."""
    assert _shared_ocm.running, f"an earlier test has ended it\n{_shared_ocm.log()}"
    return _shared_ocm


class Starter:
    """Makes fake APIs and OCMs for one test; all of them must stop cleanly."""

    def __init__(self, directory):
        self.directory = directory
        self.all = []
        self.fakes = []

    def fake(self, *arguments):
        self.fakes.append(FakeAPI(self.directory, *arguments))
        return self.fakes[-1]

    def __call__(self, start=True, fake=None, **settings):
        fake = fake or (self.fakes[0] if self.fakes else self.fake())
        ocm = Ocm(tempfile.mkdtemp(dir=self.directory), fake, **settings)
        self.all.append(ocm)
        return ocm.start() if start else ocm

    def close(self):
        try:
            for ocm in self.all:
                if ocm.running:
                    ocm.stop()
        finally:
            for ocm in self.all:
                ocm.kill()
            for fake in self.fakes:
                fake.stop()


@pytest.fixture
def start_ocm(directory):
    starter = Starter(directory)
    yield starter
    starter.close()
