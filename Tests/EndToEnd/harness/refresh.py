"""A login that is refreshed on demand, and what is left of it when a process has died over that."""

import http.client
import json
import os
import pathlib
import signal
import socket
import time

from . import proc
from .waiting import eventually

TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}
NONE, SIGN_IN = 503, 400


class Refresh:
    """One OCM whose access token is revoked again and again, and which is killed and started again meanwhile."""

    def __init__(self, ocm):
        self.ocm, self.fake = ocm, ocm.fake
        ocm.tolerate(r"refresh|token|login|worker|credential", r"the answer was cut off")
        self.clients = []
        self.prompt = 0
        self.fresh = 0.0

    # Before.

    def start(self):
        self.ocm.start()
        self.prompt = 0

    def _rest(self):
        """Tokens that are rejected within two seconds after they came are refreshed three times in a row, then at
        distances: this is not about those."""
        self.prompt = self.prompt + 1 if time.monotonic() - self.fresh < 2.1 else 0
        if self.prompt > 2:
            eventually(lambda: time.monotonic() - self.fresh > 2.1, 5)
            self.prompt = 0

    def trigger(self, **order):
        """Revokes the access token and sends a request, which makes OCM refresh it. `order`: the endpoint's answer."""
        self._rest()
        self.fake.control(clear=True)
        if order:
            self.fake.order(route="token", **order)
        self.before = self.fake.stats()
        self.mark = len(self.ocm.log())
        self.workers = self.ocm.workers()
        self.fake.control(revoke_access=True)
        client = socket.create_connection(("127.0.0.1", self.ocm.port), 5)
        body = json.dumps(TURN).encode()
        client.sendall(b"POST /v1/responses HTTP/1.1\r\nHost: ocm\r\nAuthorization: Bearer %s\r\nContent-Length: %d"
                       b"\r\n\r\n%s" % (self.ocm.tokens["alice"].encode(), len(body), body))
        self.clients.append(client)

    def exchanges(self):
        """The children that exchange a token for this OCM, whoever their parent is by now."""
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                if b"\0oauth-exchange" not in pathlib.Path(f"/proc/{entry}/cmdline").read_bytes():
                    continue
                files = [os.readlink(f"/proc/{entry}/fd/{number}") for number in os.listdir(f"/proc/{entry}/fd")]
            except OSError:
                continue
            if any(file.startswith(str(self.ocm.directory)) for file in files) and proc.alive(int(entry)):
                found.append(int(entry))
        return found

    # The end of processes.

    def kill(self, *victims):
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def finish_off(self):
        """Whatever is left of a killed OCM goes; an exchange that goes on without it comes to its end by itself."""
        self.ocm.process.kill()
        self.ocm.process.wait()
        self.kill(*self.workers)
        eventually(lambda: not self.exchanges(), 30, "the exchange's end")
        eventually(lambda: not any(map(proc.alive, self.workers)), 5, "the workers' end")
        for client in self.clients:
            client.close()
        self.clients.clear()

    # After.

    def rotated(self):
        return self.fake.stats()["refreshes"] > self.before["refreshes"]

    def live(self):
        """The refresh token that the fake API issued last, the only one that is good."""
        [token] = self.fake.stats()["live_refresh_tokens"]
        return token

    def copies(self):
        return [path.read_text(errors="replace") for path in self.ocm.directory.glob(".auth.json.ocm-answer-*")]

    def in_file(self):
        return self.ocm.auth()["tokens"]["refresh_token"] == self.live()

    def on_disk(self):
        """Whether file or recovery copy hold the live token; the file is whole in any case."""
        return self.in_file() or any(self.live() in copy for copy in self.copies())

    def status(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.ocm.port, timeout=30)
        try:
            connection.request("POST", "/v1/responses", json.dumps(TURN),
                               {"Authorization": "Bearer " + self.ocm.tokens["alice"]})
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if response.status == SIGN_IN:
            assert json.loads(body)["error"]["code"] == "credential_unavailable", body
        return response.status

    def outcome(self):
        """200 or 400: what requests come to when all is over. 503 is for a while."""
        return eventually(lambda: (lambda status: status if status != NONE else None)(self.status()), 30,
                          f"an answer but 503\n{self.ocm.log()}")

    def assert_alive(self):
        """The login works, no refresh token has been seen twice, and nothing is left but the file and the lock."""
        assert self.outcome() == 200, self.ocm.log()
        eventually(self.in_file, 10, "the live token in the file")
        assert self.fake.stats()["reused_refresh_tokens"] == self.before["reused_refresh_tokens"]
        eventually(lambda: not self.remains(), 10, "the copies to be removed")
        self.fresh = time.monotonic()

    def assert_ended(self):
        """The login is lost, which is said once, and a new one is taken."""
        assert self.outcome() == SIGN_IN, self.ocm.log()
        lines = [line for line in self.ocm.log()[self.mark:].splitlines() if '"error"' in line]
        assert len(lines) == 1 and "the login has ended" in lines[0], lines
        self.sign_in_again()

    def sign_in_again(self):
        """As the owner does who has lost a login."""
        self.fake.control(revoke_refresh=True)
        self.ocm.sign_in()
        if not self.ocm.running:
            self.start()
        eventually(lambda: self.status() == 200, 10, "the new login")
        self.fresh = time.monotonic()

    def remains(self):
        return [path.name for path in self.ocm.directory.glob(".auth.json.ocm-*") if not path.name.endswith("-lock")]
