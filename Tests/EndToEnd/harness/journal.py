"""A stand-in for journald: /run/systemd/journal is another folder for the programs that are started with it."""

import os
import pathlib
import socket
import struct
import threading

from .tools import tool
from .waiting import eventually

MOUNT = ('mount -t tmpfs none /run && mkdir -p /run/systemd/journal && mount --bind "$0" /run/systemd/journal && exec "$@"')


def fields(data):
    """The fields of one record (systemd.io/JOURNAL_NATIVE_PROTOCOL)."""
    found = {}
    while data:
        name, end, rest = data.partition(b"\n")
        if b"=" in name:
            name, _, value = name.partition(b"=")
        else:
            length, = struct.unpack("<Q", rest[:8])
            value, rest = rest[8:8 + length], rest[8 + length:]
            assert rest.startswith(b"\n")
            rest = rest[1:]
        assert end, "a record ends with a line end"
        found[name.decode()] = value.decode()
        data = rest
    return found


class Journal:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory) / "journal"
        self.directory.mkdir()
        self.launcher = [tool("unshare", "util-linux"), "--mount", "--propagation", "private", "/bin/sh", "-c", MOUNT,
                         str(self.directory)]
        self.handle = None
        self.found = []
        self.reads = threading.Event()  # cleared, it takes no more
        self.reads.set()

    def open(self):
        """Its socket, in place of another one."""
        self.close()
        path = self.directory / "socket"
        path.unlink(missing_ok=True)
        self.handle = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.handle.bind(str(path))
        os.chmod(path, 0o666)
        self.thread = threading.Thread(target=self._listen, args=[self.handle], daemon=True)
        self.thread.start()
        return self

    def _listen(self, handle):
        """Reads at once: the queue of such a socket is short."""
        while self.reads.wait() and (data := handle.recv(1 << 20)):
            self.found.append(fields(data))

    def records(self, message=None):
        return [record for record in list(self.found)
                if message is None or record["MESSAGE"].split("=")[0].startswith(message)]

    def wait_for(self, message, count=1, seconds=10):
        eventually(lambda: len(self.records(message)) >= count, seconds, f"{count} × {message}: {self.found}")
        return self.records(message)

    def close(self):
        if self.handle:
            self.reads.set()
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
                end.connect(str(self.directory / "socket"))
                end.send(b"")
            self.thread.join(10)
            self.handle.close()
        self.handle = None
