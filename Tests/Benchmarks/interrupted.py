"""OCM, nginx and HAProxy as an operator meets them: started, reloaded, and one of their workers killed."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import subjects
from processes import Running

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))
from harness import proc  # noqa: E402
from harness.sockets import owners  # noqa: E402
from harness.waiting import eventually  # noqa: E402

WORKERS = 2
SUBJECT_CPU = 1
RESTART = 0.1  # seconds after which a service manager starts anew what has ended: systemd's RestartSec


class Kill:
    """What the killed process held, so that what failed elsewhere can be told."""

    def __init__(self, port, pid):
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda: proc.state(pid) == "T", 5, f"process {pid} to stand still")
        self.ports = set(owners(port, [pid]))
        self.moment = time.monotonic()
        os.kill(pid, signal.SIGKILL)

    def explains(self, failure):
        return failure["port"] in self.ports and failure["opened"] < self.moment <= failure["moment"]


class Server:
    """Two workers (or threads, for HAProxy), pinned to one CPU."""

    fields = ()  # what a client has to send

    def __init__(self, subject):
        self.subject = subject
        self.name, self.port = subject.name, subject.port
        self.running = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.running.stop()

    def start(self):
        self.running = Running(SUBJECT_CPU, self.subject.command, self.port)

    @property
    def pid(self):
        return self.running.pid

    @property
    def reloads(self):
        """The ways to reload it."""
        return {"reload, with new workers": self.reload}

    def kill_worker(self):
        """The oldest, with the most connections. Waits until another is in its place."""
        before = self.workers()
        kill = Kill(self.port, before[0])
        self.replaced(before)
        return kill

    def replaced(self, before):
        eventually(lambda: len(set(self.workers()) - set(before)) == 1, 10, f"a new worker of {self.name}")


class Nginx(Server):
    def __init__(self, work, upstream):
        super().__init__(subjects.nginx(work, upstream, WORKERS))

    def workers(self):
        """Those that accept."""
        return [pid for pid in proc.children(self.pid, "nginx") if b"shutting down" not in proc.command_line(pid)]

    def reload(self, _number):
        before = set(self.workers())
        os.kill(self.pid, signal.SIGHUP)
        eventually(lambda: len(self.workers()) == WORKERS and not before & set(self.workers()), 10, "nginx's new workers")


class HAProxy(Server):
    """Master and worker, its listeners handed from one to the next; idle connections stay open through a reload."""

    SETTINGS = "  stats socket {work}/haproxy.sock mode 600 level admin expose-fd listeners\n"

    def __init__(self, work, upstream):
        more = self.SETTINGS.format(work=work)
        super().__init__(subjects.haproxy(work, upstream, WORKERS, more, ("-W", "-q")))

    def workers(self):
        """The one that accepts: those before it finish what they have."""
        return proc.children(self.pid, "haproxy")[-1:]

    def reload(self, _number):
        before = self.workers()
        os.kill(self.pid, signal.SIGUSR2)
        eventually(lambda: self.workers() not in ([], before), 10, "HAProxy's new worker")

    def replaced(self, _before):
        """Its master ends with its worker."""
        self.running.process.wait(10)
        time.sleep(RESTART)
        self.start()


class OCM(Server):
    fields = (["Authorization", f"Bearer {subjects.TOKEN}"],)

    def __init__(self, work, upstream, build):
        super().__init__(subjects.ocm(work, build, upstream, WORKERS, {"disabled": True}))
        self.build, self.file = build, work / "config.json"

    def workers(self):
        return proc.children(self.pid, "ocm-worker")

    @property
    def reloads(self):
        return {"reload, with new workers": self.reload, "reload, into running workers": self.reload_live}

    def reload(self, number):
        self.change(lambda value: value["log"].update(format=("json", "text")[number % 2]))

    def reload_live(self, number):
        self.change(lambda value: value["services"][0].update(headers={"X-Reload": str(number)}))

    def change(self, change):
        value = json.loads(self.file.read_text())
        change(value)
        self.file.write_text(json.dumps(value, indent=2))
        subprocess.run([self.build / "ocm-supervisor", "reload", "-c", self.file], check=True, stdout=subprocess.DEVNULL)
