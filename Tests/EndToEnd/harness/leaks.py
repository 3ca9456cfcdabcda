"""Where a secret could have got to: arguments and environments of processes, files, memory."""

import asyncio
import os
import pathlib
import re


def family(pid):
    """The process, its children, and theirs."""
    found = [pid]
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return found
    for child in children:
        found += family(int(child))
    return found


def names(path, secrets):
    """The secrets (beginnings of them, for the report) that the file holds."""
    try:
        data = pathlib.Path(path).read_bytes()
    except OSError:
        return []
    return [secret[:12] for secret in secrets if secret.encode() in data]


class ProcessWatch:
    """Looks at arguments and environments of a process and of all below it, as often as it can."""

    def __init__(self, pid, secrets):
        self.pid, self.secrets = pid, list(secrets)
        self.leaks, self.commands, self.rounds = set(), set(), 0

    async def __aenter__(self):
        self.task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        self.look()

    async def _watch(self):
        while True:
            self.look()
            await asyncio.sleep(0.001)

    def look(self):
        self.rounds += 1
        for pid in family(self.pid):
            try:
                command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            self.commands.add(command.replace(b"\0", b" ").decode(errors="replace").strip())
            for name in ("cmdline", "environ"):
                for secret in names(f"/proc/{pid}/{name}", self.secrets):
                    self.leaks.add((name, command, secret))


def files_with(directory, secrets):
    """{path below the directory: the secrets in it}."""
    found = {}
    for path in sorted(pathlib.Path(directory).rglob("*")):
        if path.is_file() and not path.is_symlink() and (leaked := names(path, secrets)):
            found[str(path.relative_to(directory))] = leaked
    return found


MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)")
TOKEN = re.compile(rb"[A-Za-z0-9_.-]{16,}")


def places(pid, secret):
    """Where the secret stands in what the process can write to: mapping, offset in it, and what is around it."""
    found = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            start, end, rights, name = MAPPING.match(line).groups()
            if not rights.startswith("rw") or "[vvar" in line:
                continue
            try:
                memory.seek(int(start, 16))
                data = memory.read(int(end, 16) - int(start, 16))
            except OSError:
                continue
            found += [f"{start} {name or 'anonymous'} +{match.start():#x}: {_around(data, *match.span())}"
                      for match in re.finditer(re.escape(secret.encode()), data)]
    return found


def _around(data, start, end, reach=48):
    """The bytes around a finding, whatever looks like a token (this one, or another one beside it) left out."""
    token = next((match.span() for match in TOKEN.finditer(data, max(0, start - 8192), end + 8192)
                  if match.start() <= start and match.end() >= end), (start, end))
    start, end = token

    def shown(part):
        return TOKEN.sub(lambda match: b"<%d>" % len(match[0]), part)

    return f"{shown(data[max(0, start - reach):start])} <{end - start} bytes> {shown(data[end:end + reach])}"


def owner(pid, name):
    """Who may look: of a process that is not dumpable, /proc/PID/NAME is root's."""
    return os.stat(f"/proc/{pid}/{name}").st_uid
