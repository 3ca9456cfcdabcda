"""What /proc says of a process."""

import os
import pathlib


def parent_and_name(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    name = text[text.index("(") + 1:text.rindex(")")]
    return int(text[text.rindex(")") + 2:].split()[1]), name


def children(pid, name=None):
    """The process's children, in the order of their ids."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent, comm = parent_and_name(entry)
        except (OSError, ValueError):
            continue
        if parent == pid and (name is None or comm == name):
            found.append(int(entry))
    return sorted(found)


def state(pid):
    """The letter of proc(5): R, S, T, Z, …; X where there is no such process."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "X"
    return text[text.rindex(")") + 2]


def alive(pid):
    return state(pid) not in "ZX"


def command_line(pid):
    """Its arguments as one text: what a process calls itself, where it does."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident(pid):
    """Resident memory in bytes, what is shared with others counted in full."""
    return _rollup(pid, "Rss:")


def proportional(pid):
    return _rollup(pid, "Pss:")


def _rollup(pid, name):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) * 1024


def cpu_seconds(pid):
    """CPU time of all its threads, in nanosecond steps."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9
