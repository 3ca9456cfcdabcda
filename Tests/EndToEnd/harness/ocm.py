"""OCM as its operator runs it: a configuration file, the release binaries, signals, a log."""

import copy
import json
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess

import pytest

from . import proc, remains
from .http import Connection
from .sockets import free_port
from .tools import tool
from .waiting import eventually
from .websocket import WebSocket

TOP = pathlib.Path(__file__).resolve().parents[3]
ALARMING = re.compile(r"warn|error|critical|fatal|panic|alert|emerg", re.IGNORECASE)


def binaries():
    """Where the two programs lie: OCM_BIN_DIR, else the release build, else the debug build."""
    if given := os.environ.get("OCM_BIN_DIR"):
        places = [pathlib.Path(given)]
    else:
        places = [TOP / ".build" / kind for kind in ("release", "debug")]
    for place in places:
        if (place / "ocm-supervisor").exists() and (place / "ocm-worker").exists():
            return place.resolve()
    pytest.fail(f"ocm-supervisor and ocm-worker are not in {' or '.join(map(str, places))}: build them, "
                "or say by OCM_BIN_DIR where they are", pytrace=False)


def write_private(path, value):
    """JSON that only its owner can read."""
    remains.belongs(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file, indent=2)


class Ocm:
    """One supervisor with its workers, on a directory of its own."""

    def __init__(self, directory, fake=None, *, users=("alice", "bob"), auth="chatgpt", lifetime=3600, workers=2,
                 service=None, supervisor=None, limits=None, timeouts=None, **sections):
        self.directory = pathlib.Path(directory)
        self.fake = fake
        self.tokens = {name: f"sk-ocm-{name}-{secrets.token_hex(12)}" for name in users}
        self.port = free_port()
        self.auth_path = self.directory / "auth.json"
        self.usage_path = self.directory / "usages.json"
        self.log_path = self.directory / "log"
        self.socket_path = self.directory / "admin.sock"
        self.process = None
        self.launcher = []  # what starts the programs, where they are not started directly
        self.passed = ()  # descriptors that the launcher gets
        self.programs = None  # another folder of the two programs
        self.tolerated = []  # patterns of log lines that a test expects
        self.secrets = list(self.tokens.values())
        remains.note(*self.secrets)
        if auth:
            self.sign_in(mode=auth, lifetime=lifetime)
        url = fake.url if fake else "http://127.0.0.1:9"
        self.configuration = {
            "log": {"level": "info", "format": "json"},
            "services": [{
                "type": "ocm", "tag": "codex", "listen": "127.0.0.1", "listen_port": self.port,
                "credential_path": str(self.auth_path), "usages_path": str(self.usage_path),
                "users": [{"name": name, "token": token} for name, token in self.tokens.items()],
                **(service or {}),
            }],
            "supervisor": {
                "workers": workers, "stop_timeout": "5s",
                "state_directory": str(self.directory / "state"), "admin_socket": str(self.socket_path),
                "endpoints": {"chatgpt": url + "/backend-api/codex", "openai": url, "oauth": url},
                **({"limits": limits} if limits else {}), **({"timeouts": timeouts} if timeouts else {}),
                **(supervisor or {}),
            },
            **copy.deepcopy(sections),
        }

    # The login.

    def sign_in(self, **order):
        """Writes an auth.json that the fake API takes, as the CLI writes it."""
        self.write_auth(self.fake.login(**order))

    def write_auth(self, value):
        write_private(self.auth_path, value)
        found = [s for s in [value.get("OPENAI_API_KEY"), *(value.get("tokens") or {}).values()]
                 if s and s != (value.get("tokens") or {}).get("account_id")]
        self.secrets += found
        remains.note(*(s for s in found if isinstance(s, str)))

    def auth(self):
        return json.loads(self.auth_path.read_text())

    # The process.

    def start(self, wait=True, descriptors=None, variables=None):
        """`descriptors`: the limit of open files that its processes are given; `variables`: more of the environment."""
        path = self.directory / "config.json"
        write_private(path, self.configuration)
        remains.note(*_named_secrets(self.configuration))
        environment = {name: value for name, value in os.environ.items()
                       if name in ("PATH", "HOME", "LANG", "TZ") or name.startswith("OCM_")} | (variables or {})
        command = [*self.launcher, str((self.programs or binaries()) / "ocm-supervisor"), "run", "-c", str(path)]
        if descriptors:
            command = [tool("prlimit", "util-linux"), f"--nofile={descriptors}:{descriptors}", *command]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment, start_new_session=True, pass_fds=self.passed)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        """Until all workers are there and one of them has answered."""
        count = self.configuration["supervisor"]["workers"]
        eventually(lambda: self._answers() and len(self.workers()) == count, 20, f"OCM to answer\n{self.log()}")

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"ocm-supervisor ended with {self.process.returncode}\n{self.log()}")
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as handle:
                handle.sendall(b"GET / HTTP/1.1\r\nHost: ready\r\nConnection: close\r\n\r\n")
                return handle.recv(1024).startswith(b"HTTP/1.1 404")
        except OSError:
            return False

    @property
    def pid(self):
        return self.process.pid

    def workers(self):
        return proc.children(self.pid, "ocm-worker")

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """SIGTERM: everything ends, with exit status 0 and a log without alarm or secret."""
        workers = self.workers()
        self.signal(signal.SIGTERM)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM was not obeyed in 30 s\n{self.log()}") from None
        assert status == 0, f"exit status {status}\n{self.log()}"
        left = [pid for pid in workers if proc.alive(pid)]
        assert not left, f"workers {left} outlived the supervisor\n{self.log()}"
        self.check_log()

    def kill(self):
        """Whatever is left of it goes at once."""
        if self.process is None:
            return
        workers = self.workers() if self.process.poll() is None else []
        for pid in [self.pid, *workers]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    # The log.

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def alarms(self):
        """The log's lines above notice, parsed."""
        return [json.loads(line) for line in self.log().splitlines() if _alarming(line)]

    def tolerate(self, *patterns):
        """Log lines that are no alarm in this test."""
        self.tolerated += patterns

    def check_log(self):
        log = self.log()
        leaked = [secret[:12] for secret in self.secrets if secret in log]
        assert not leaked, f"secrets in the log: {leaked}"
        alarms = [line for line in log.splitlines() if _alarming(line)
                  and not any(re.search(pattern, line) for pattern in self.tolerated)]
        assert not alarms, "alarms in the log:\n" + "\n".join(alarms)

    # The client's side.

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def fields(self, user="alice"):
        """What a client of this user sends on every request; x-test-user tells the fake API who it was."""
        if user is None:
            return []
        return [("Authorization", f"Bearer {self.tokens[user]}"), ("x-test-user", user)]

    async def connect(self, user="alice", **options):
        return await Connection.open(self.port, self.fields(user), **options)

    async def ask(self, method, target, body=None, *, user="alice", **options):
        """One request on a connection of its own."""
        async with await self.connect(user) as connection:
            return await connection.ask(method, target, body, **options)

    async def websocket(self, user="alice", fields=(), **options):
        """An open WebSocket; Refused where the upgrade is answered with something else than 101."""
        return await WebSocket.open(self.port, fields=[*self.fields(user), *fields], **options)

    def usage(self):
        return json.loads(self.usage_path.read_text())


def _named_secrets(value):
    """Tokens and passwords that a configuration names."""
    if isinstance(value, list):
        return [secret for part in value for secret in _named_secrets(part)]
    if not isinstance(value, dict):
        return []
    own = [part for name, part in value.items() if name in ("token", "password") and isinstance(part, str)]
    return own + [secret for part in value.values() for secret in _named_secrets(part)]


def _alarming(line):
    try:
        level = json.loads(line).get("level", "")
    except (ValueError, AttributeError):
        return True  # what is no log line has no business there
    return bool(ALARMING.search(str(level)))
