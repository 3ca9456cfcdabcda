"""Ports, and which process holds the other end of a connection."""

import os
import pathlib
import socket

ESTABLISHED = "01"


def free_port():
    with socket.socket() as handle:
        handle.bind(("127.0.0.1", 0))
        return handle.getsockname()[1]


def owners(port, pids):
    """{the client's port: pid} of the connections to a port of this machine that one of these processes holds."""
    holders = {}
    for pid in pids:
        for name in _links(pid):
            if name.startswith("socket:["):
                holders[name[8:-1]] = pid
    found = {}
    with open("/proc/net/tcp") as file:
        next(file)
        for line in file:
            fields = line.split()
            if fields[3] == ESTABLISHED and fields[1].endswith(f":{port:04X}") and fields[9] in holders:
                found[int(fields[2].rpartition(":")[2], 16)] = holders[fields[9]]
    return found


def _links(pid):
    directory = pathlib.Path(f"/proc/{pid}/fd")
    try:
        names = os.listdir(directory)
    except OSError:
        return
    for name in names:
        try:
            yield os.readlink(directory / name)
        except OSError:
            pass  # closed meanwhile
