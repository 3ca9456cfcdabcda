"""`ocm-supervisor login` and `logout` as a person runs them, and the browser of that person."""

import contextlib
import fcntl
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import urllib.parse

from . import proc
from .ocm import binaries, write_private
from .waiting import eventually

CALLBACK_PORT = 1455


@contextlib.contextmanager
def callback_port():
    """The one port that browsers come back to: one test of the machine at a time may have it."""
    with open(pathlib.Path(tempfile.gettempdir()) / "ocm-tests-1455.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Command:
    """A command that runs; what it has said so far is in `output` and `errors`."""

    def __init__(self, directory, *arguments, environment=None, prefix=()):
        self.directory = pathlib.Path(directory)
        self.paths = [self.directory / f"{os.urandom(4).hex()}.{name}" for name in ("out", "err")]
        files = [open(path, "wb") for path in self.paths]
        base = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [*prefix, str(binaries() / "ocm-supervisor"), *arguments], stdin=subprocess.DEVNULL, stdout=files[0],
            stderr=files[1], env=base | (environment or {}), cwd=self.directory)
        for file in files:
            file.close()

    @property
    def output(self):
        return self.paths[0].read_text()

    @property
    def errors(self):
        return self.paths[1].read_text()

    def says(self, pattern, seconds=10):
        """The match once the output has one."""
        def look():
            match = re.search(pattern, self.output)
            if not match and self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}: {self.output}{self.errors}")
            return match
        return eventually(look, seconds, f"{pattern} on standard output")

    def link(self):
        return self.says(r"(http\S+/oauth/authorize\?\S+)\n").group(1)

    def ends(self, seconds=20):
        """The exit status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end in {seconds} s: {self.output}{self.errors}") from None

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def visible(self):
        """All that others could see of it: what it says, its arguments, its environment (root alone may look there)."""
        texts = [self.output, self.errors]
        if proc.alive(self.process.pid):
            for name in ("cmdline", "environ"):
                with contextlib.suppress(PermissionError):
                    texts.append(pathlib.Path(f"/proc/{self.process.pid}/{name}").read_text(errors="replace"))
        return "\n".join(texts)


class Page:
    def __init__(self, answer, body):
        self.status, self.headers, self.text = answer.status, answer.headers, body.decode()


def get(url, method="GET"):
    """One page, redirections not followed."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, parts.path + ("?" + parts.query if parts.query else ""))
        answer = connection.getresponse()
        return Page(answer, answer.read())
    finally:
        connection.close()


def agree(link):
    """Where the authorization server sends the browser of a user who agrees (or does not, as ordered)."""
    page = get(link)
    assert page.status == 302, page.text
    return page.headers["location"]


def visit(link):
    """The page that the browser shows in the end."""
    return get(agree(link))


class Person:
    """Somebody with a home directory, a configuration that leads to the fake API, and a browser."""

    def __init__(self, directory, fake):
        self.directory, self.fake = pathlib.Path(directory), fake
        self.codex_home = self.directory / "home"
        self.auth_path = self.codex_home / "auth.json"
        self.config = self.directory / "config.json"
        self.commands = []
        self.configure({})

    def configure(self, *services, **sections):
        write_private(self.config, {
            "services": [{"type": "ocm", "credential_path": str(self.auth_path), **service} for service in services],
            "supervisor": {"endpoints": {"oauth": self.fake.url}}, **sections})

    def run(self, *arguments, environment=None, prefix=()):
        self.commands.append(Command(self.directory, *arguments, "-c", str(self.config), environment=environment,
                                     prefix=prefix))
        return self.commands[-1]

    def login(self, *arguments, **options):
        return self.run("login", *arguments, **options)

    def logout(self, **options):
        return self.run("logout", **options)

    def write(self, value):
        self.codex_home.mkdir(mode=0o700, exist_ok=True)
        write_private(self.auth_path, value)

    def auth(self):
        return json.loads(self.auth_path.read_text())

    def names(self):
        """What lies beside the login, but for the lock, which stays."""
        if not self.codex_home.exists():
            return []
        return sorted(path.name for path in self.codex_home.iterdir() if not path.name.endswith(".ocm-lock"))

    def tokens(self):
        return [self.auth()["tokens"][name] for name in ("id_token", "access_token", "refresh_token")]

    def close(self):
        for command in self.commands:
            command.kill()
