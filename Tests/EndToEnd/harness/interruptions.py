"""What is done to an OCM under load, and which failures it explains."""

import json
import os
import signal
import time

from . import admin, proc
from .sockets import owners
from .waiting import eventually


class Kill:
    """A worker that was killed with -9, and the connections that it held at that moment."""

    def __init__(self, ocm, pid):
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda: proc.state(pid) == "T", 5, "the worker to stand still")
        self.ports = set(owners(ocm.port, [pid]))  # exact: it accepts and closes nothing now
        self.moment = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        self.pid = pid

    def explains(self, failure):
        return failure["port"] in self.ports and failure["opened"] < self.moment <= failure["moment"]


def kill_worker(ocm):
    """Kills the oldest of its workers that serve and waits for the one in its place."""
    serving = _serving(ocm)
    kill = Kill(ocm, serving[0])
    eventually(lambda: set(_serving(ocm)) - set(serving), 10, "a new worker")
    return kill


def _serving(ocm):
    workers = admin.status(ocm.socket_path)["workers"]
    return sorted(worker["pid"] for worker in workers if worker["state"] == "serving")


def kill_supervisor(ocm):
    """Kills the supervisor and starts the next one, as a service manager does. Its workers live on."""
    orphans = _serving(ocm)
    os.kill(ocm.pid, signal.SIGKILL)
    ocm.process.wait()
    assert all(proc.alive(pid) for pid in orphans)
    ocm.start()


def upgrade(ocm, version):
    """Has it go on as the program that was put in its place, and waits until that serves."""
    pid, before = ocm.pid, {worker["pid"] for worker in admin.status(ocm.socket_path)["workers"]}
    code, answer = _post(ocm, "/upgrade")
    assert code == 202, answer
    eventually(lambda: admin.status(ocm.socket_path)["upgrade"]["state"] == "done", 30, f"the upgrade\n{ocm.log()}")
    status = admin.status(ocm.socket_path)
    assert status["version"] == version and status["pid"] == pid
    assert [worker for worker in status["workers"] if worker["state"] == "serving"]
    assert all(worker["version"] == version for worker in status["workers"] if worker["pid"] not in before)


def refuse_upgrade(ocm, version):
    """Has it try the program that was put in its place, and stay what it is."""
    workers = ocm.workers()
    code, answer = _post(ocm, "/upgrade")
    assert code == 422 and answer["reasons"], answer
    status = admin.status(ocm.socket_path)
    assert status["version"] == version and status["upgrade"]["state"] == "failed"
    assert status["upgrade"]["reasons"] == answer["reasons"]
    assert set(workers) <= set(ocm.workers())
    return answer["reasons"]


def _post(ocm, target):
    connection = admin.AdminConnection(ocm.socket_path, 60)
    try:
        connection.request("POST", target)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def unexplained(failures, kills):
    return [failure for failure in failures if not any(kill.explains(failure) for kill in kills)]
