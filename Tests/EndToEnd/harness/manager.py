"""A stand-in for systemd: hands over sockets, hears what the service says, keeps what it stores."""

import array
import os
import pathlib
import socket
import sys
import threading

from .waiting import eventually

SCRIPT = pathlib.Path(__file__).with_name("activated.py")


def listener(address, family=socket.AF_INET):
    handle = socket.socket(family)
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    handle.bind(address)
    handle.listen(64)
    return handle


class Manager:
    """One service's manager; `sockets` are (name, socket) in the order in which they are handed over."""

    def __init__(self, directory, watchdog=None):
        self.path = pathlib.Path(directory) / "notify"
        self.watchdog = watchdog
        self.sockets = []
        self.messages = []
        self.store = []  # (name, descriptor)
        self.handle = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.handle.bind(str(self.path))
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def start(self, ocm, wait=True):
        handed = [(name, handle.fileno()) for name, handle in self.sockets] + self.store
        if handed:
            ocm.launcher = [sys.executable, str(SCRIPT), ",".join(f"{name}={number}" for name, number in handed)]
            ocm.passed = tuple(number for _, number in handed)
        variables = {"NOTIFY_SOCKET": str(self.path)}
        if self.watchdog:
            variables["WATCHDOG_USEC"] = str(int(self.watchdog * 1e6))
        ocm.start(wait=False, variables=variables)
        if wait:
            self.wait_for("READY=1")
        return ocm

    def _listen(self):
        """As systemd does, at once: who says something waits for room in the socket."""
        while True:
            data, ancillary, _, _ = self.handle.recvmsg(65536, socket.CMSG_SPACE(16 * 4))
            if data == b"end":
                return
            message = dict(line.split("=", 1) for line in data.decode().splitlines())
            numbers = array.array("i")
            for level, kind, content in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    numbers.frombytes(content)
            self._take(message, list(numbers))
            self.messages.append(message)

    def _take(self, message, numbers):
        if "FDSTORE" in message:
            assert len(numbers) == 1
            self.store = [*self.store, (message["FDNAME"], numbers[0])]
        if "FDSTOREREMOVE" in message:
            gone = [number for name, number in self.store if name == message["FDNAME"]]
            self.store = [entry for entry in self.store if entry[1] not in gone]
            for number in gone:
                os.close(number)

    def hear(self):
        """All that has been said so far: one dictionary for each message."""
        return list(self.messages)

    def said(self, line):
        name, _, value = line.partition("=")
        return [message for message in self.hear() if message.get(name) == value]

    def wait_for(self, line, count=1, seconds=20):
        eventually(lambda: len(self.said(line)) >= count, seconds, f"{line} ({self.messages})")
        return self.said(line)[-1]

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"end", str(self.path))
        self.thread.join(10)
        self.handle.close()
        for _, handle in self.sockets:
            handle.close()
        for _, number in self.store:
            os.close(number)
