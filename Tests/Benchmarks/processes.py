"""A program pinned to a CPU, and what the processes that it started have used."""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time


class Running:
    """Starts a command in a session of its own, waits until it listens, and ends it with all its processes."""

    def __init__(self, cpu, command, port):
        self.process = subprocess.Popen(["taskset", "-c", str(cpu), *map(str, command)], stdout=subprocess.DEVNULL,
                                        start_new_session=True)
        self.pid = self.process.pid
        self.wait_for(port)

    def wait_for(self, port):
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                sys.exit(f"a command ended before it listened on {port}: {self.process.args}")
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                return
            except OSError:
                time.sleep(0.05)
        self.stop()
        sys.exit(f"nothing listens on 127.0.0.1:{port}: {self.process.args}")

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def tree(root):
    """The process and all its descendants."""
    children = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(pid))
    found, open_ends = [], [root]
    while open_ends:
        pid = open_ends.pop()
        found.append(pid)
        open_ends += children.get(pid, [])
    return found


def cpu_seconds(root):
    """CPU time of all threads of the tree, from the scheduler's nanoseconds rather than from clock ticks."""
    total = 0
    for pid in tree(root):
        for thread in pathlib.Path(f"/proc/{pid}/task").glob("*"):
            try:
                total += int((thread / "schedstat").read_text().split()[0])
            except OSError:
                pass
    return total / 1e9


def proportional_memory_kb(root):
    """Memory of the tree, shared pages divided among those who share them."""
    total = 0
    for pid in tree(root):
        try:
            lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total
