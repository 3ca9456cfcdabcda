"""OCM as Debian runs it: installed from its package, a service of systemd, before a fake API in the same network."""

import json
import re
import secrets

from .debian import Debian
from .fake import FakeAPI
from .http import Connection
from .package import package
from .waiting import eventually


class Installed:
    PORT = 8080  # as in ocm.socket

    def __init__(self, directory):
        self.system = Debian(directory)
        self.token = "sk-ocm-alice-" + secrets.token_hex(12)
        try:
            with self.system.network():
                self.fake = FakeAPI(directory)
            self.install(package())
            self.configure()
            self._write("/var/lib/ocm/auth.json", self.control(login={"mode": "chatgpt", "lifetime": 86400})["login"])
        except BaseException:
            self.close()
            raise

    def close(self):
        if hasattr(self, "fake"):
            self.fake.stop()
        self.system.stop()

    def control(self, **order):
        with self.system.network():
            return self.fake.call("POST", "/_control", order)

    def install(self, path):
        """Returns what dpkg and the package's scripts say."""
        self.system.put(path, "/root/ocm.deb")
        ended = self.system.run("dpkg", "--install", "/root/ocm.deb")
        return ended.stdout + ended.stderr

    def configure(self, *, users=("alice",), **supervisor):
        url = self.fake.url
        self._write("/etc/ocm/config.json", {
            "log": {"format": "json"},
            "services": [{
                "type": "ocm", "tag": "codex", "listen": "127.0.0.1", "listen_port": self.PORT,
                "credential_path": "/var/lib/ocm/auth.json", "usages_path": "/var/lib/ocm/usages.json",
                "users": [{"name": "alice", "token": self.token}]
                + [{"name": name, "token": f"sk-ocm-{name}-of-the-test"} for name in users if name != "alice"],
            }],
            "supervisor": {
                "workers": 2, "stop_timeout": "5s", **supervisor,
                "endpoints": {"chatgpt": url + "/backend-api/codex", "openai": url, "oauth": url},
            },
        })

    def _write(self, path, value):
        self.system.path(path).write_text(json.dumps(value))
        self.system.run("chown", "ocm:ocm", path)
        self.system.run("chmod", "0600", path)

    @property
    def fields(self):
        return [("Authorization", f"Bearer {self.token}"), ("x-test-user", "alice")]

    async def connect(self):
        """Inside of `system.network()`."""
        return await Connection.open(self.PORT, self.fields)

    # The service.

    def main(self):
        """The supervisor's process id, in there; 0 where there is none."""
        return int(self.system.show("ocm.service", "MainPID"))

    def commands(self):
        """{process id, in there: name} of all that runs in there."""
        text = self.system.run("sh", "-c", "grep -s . /proc/[0-9]*/comm || true").stdout
        return {int(line.split("/")[2]): line.partition(":")[2] for line in text.splitlines()}

    def processes(self):
        """Those of the service."""
        listed = self.system.systemctl("status", "--lines=0", "ocm.service", check=False).stdout
        _, _, group = listed.partition("CGroup:")
        return {int(pid): name.rpartition("/")[2] for pid, name in re.findall(r"[├└]─\s*(\d+) (\S+)", group)}

    def workers(self):
        return {pid for pid, name in self.processes().items() if name == "ocm-worker"}

    def status(self):
        return json.loads(self.system.run("ocm-supervisor", "status", "--json").stdout)

    def serving(self):
        """Waits until there are the supervisor and two workers, and no other process is left."""
        eventually(lambda: sorted(self.processes().values()) == ["ocm-supervisor", "ocm-worker", "ocm-worker"], 20,
                   "the service to serve")
