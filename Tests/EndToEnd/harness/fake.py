"""The fake API as a process of its own, and its control side."""

import http.client
import json
import pathlib
import subprocess
import sys

from .waiting import eventually

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "Support" / "fake_api.py"


class FakeAPI:
    def __init__(self, directory, *arguments):
        self.directory = directory
        self.process = subprocess.Popen([sys.executable, str(SCRIPT), *map(str, arguments)], stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        assert line, "the fake API did not start"
        self.port = json.loads(line)["port"]
        self.pid = self.process.pid
        self.tls = "--tls-certificate" in arguments
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    # Control. A connection for each call: what is counted of connections is counted without these.

    def call(self, method, path, value=None):
        if self.tls:
            import ssl
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, None if value is None else json.dumps(value), {"Connection": "close"})
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, body
            result = json.loads(body)
        finally:
            connection.close()
        assert not (isinstance(result, dict) and "error" in result), result
        return result

    def control(self, **order):
        return self.call("POST", "/_control", order)

    def order(self, route="responses", times=1, user=None, **behaviour):
        """The next answers of a route; times -1: all."""
        self.control(queue=[{"route": route, "times": times, "user": user, "behaviour": behaviour}])

    def login(self, **order):
        """The content of an auth.json that is signed in here: mode, account, lifetime, plan."""
        return self.control(login=order)["login"]

    def stats(self):
        return self.call("GET", "/_stats")

    def requests(self, count=100):
        return self.call("GET", f"/_requests?n={count}")

    def records(self):
        return self.call("GET", "/_records")

    def sockets(self):
        """How each WebSocket was, those that have ended first."""
        return self.call("GET", "/_sockets")

    def record(self, response):
        """The request behind an answer, as the fake API got it."""
        return self.call("GET", f"/_requests/{response.request_id}")

    def settled(self, seconds=10):
        """The statistics once no request is being answered any more."""
        return eventually(lambda: (lambda s: s if s["active"] == 0 else None)(self.stats()), seconds,
                          "the fake API to be idle")
