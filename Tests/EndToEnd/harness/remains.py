"""All that the service has written, logged and answered in a run, and whether a secret stands in it that the run has used.

Everything goes into one file as the run goes on; at its end that is searched once, for all secrets together.
"""

import bisect
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

from . import leaks

# Where secrets belong: the login with its copies, and the configuration that a test has written.
THEIRS = re.compile(r"(^|/)\.?(auth|login)[^/]*\.json[^/]*$|(^|/)config[^/]*\.(json|toml)$")
# What the tests themselves make: traces of system calls, what a fake has been told, keys, programs.
TESTS = re.compile(r"trace|strace|\.(pem|key|py|so|img|deb|bin)$|(^|/)(fake|tokens|filler|core)[^/]*$")
LARGEST = 64 << 20
# A test's short tokens ("abc") say nothing where they are found.
SHORTEST = 12


class Remains:
    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ocm-remains-"))
        self.secrets = self.directory / "secrets"
        self.secrets.touch(0o600)
        self.everything = self.directory / "everything"
        self.file = open(self.everything, "wb")
        self.names, self.starts = [], []
        self.lock = threading.Lock()
        self.theirs = set()
        self.processes = set()
        self.ended = threading.Event()
        self.watch = threading.Thread(target=self._watch, daemon=True)
        self.watch.start()

    # What comes together.

    def note(self, *secrets):
        """Secrets of the run. Of a JWT the signature: its beginning is the same in all."""
        with open(self.secrets, "a") as file:
            file.writelines(f"{secret.rpartition('.')[2]}\n" for secret in secrets if secret)

    def keep(self, name, data):
        """What the service has said somewhere."""
        data = data if isinstance(data, bytes) else data.encode(errors="replace")
        if not data:
            return
        with self.lock:
            self.names.append(name)
            self.starts.append(self.file.tell())
            self.file.write(data + b"\n")

    def keep_files(self, test, directory):
        """All files below a directory, but those where secrets belong and those of the tests."""
        for path in sorted(pathlib.Path(directory).rglob("*")):
            name = str(path.relative_to(directory))
            try:
                if path.is_symlink() or not path.is_file() or THEIRS.search(name) or TESTS.search(name):
                    continue
                if str(path) in self.theirs:
                    continue
                if path.stat().st_size <= LARGEST:
                    self.keep(f"{test}: {name}", path.read_bytes())
            except OSError:
                pass  # gone meanwhile, or on a disk that is broken on purpose

    def _watch(self):
        """Arguments and environments of OCM's processes, wherever below this one."""
        while not self.ended.wait(0.2):
            for pid in leaks.family(os.getpid()):
                try:
                    if not pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("ocm-"):
                        continue
                    command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                    self.processes.add((command, pathlib.Path(f"/proc/{pid}/environ").read_bytes()))
                except OSError:
                    continue

    # The end.

    def search(self):
        """(place, beginning of the secret) of each secret that is where it does not belong."""
        self.ended.set()
        self.watch.join()
        for command, environment in self.processes:
            self.keep("arguments of a process", command.replace(b"\0", b"\n"))
            self.keep("environment of a process", environment.replace(b"\0", b"\n"))
        planted = "planted-" + os.urandom(16).hex()
        self.note(planted)
        self.keep("planted", f'{{"message":"{planted}"}}')
        self.file.close()
        known = {line for line in self.secrets.read_text().splitlines() if len(line) >= SHORTEST}
        self.secrets.write_text("".join(f"{secret}\n" for secret in sorted(known)))
        done = subprocess.run(["grep", "-aobF", "-f", str(self.secrets), str(self.everything)],
                              capture_output=True, env=os.environ | {"LC_ALL": "C"})
        found = []
        for line in done.stdout.decode(errors="replace").splitlines():
            offset, _, secret = line.partition(":")
            found.append((self.names[bisect.bisect(self.starts, int(offset)) - 1], secret))
        assert ("planted", planted) in found, f"the search does not find what is planted: {done.stderr}"
        self.count = len(known)
        return sorted({(place, secret[:8] + "…") for place, secret in found if place != "planted"})

    @property
    def size(self):
        return self.everything.stat().st_size

    def remove(self):
        self.ended.set()
        shutil.rmtree(self.directory, ignore_errors=True)


CURRENT = None


def begin():
    """Begins to gather. Processes of the run find the file for their secrets by a variable."""
    global CURRENT
    CURRENT = Remains()
    os.environ["OCM_TEST_SECRETS"] = str(CURRENT.secrets)
    return CURRENT


def note(*secrets):
    if CURRENT:
        CURRENT.note(*secrets)


def belongs(path):
    """A test has written secrets to this file, which is theirs."""
    if CURRENT:
        CURRENT.theirs.add(str(path))


def keep(name, data):
    if CURRENT:
        CURRENT.keep(name, data)
