"""A worker with a backdoor: the program under test, and with it an object that does from inside what a client orders."""

import pathlib
import re
import shutil
import subprocess

from .ocm import TOP, binaries
from .tools import tool
from .waiting import eventually

SOURCE = TOP / "Tests" / "Probe" / "probe.c"
COMPILE = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1"]
KILLED = "ended"  # the kernel ends the process, for the call


class Backdoor:
    """The two programs in a folder of their own. The worker's is the one under test, byte for byte, but for one library
    more that it is loaded with (patchelf): everything that confines it is in force."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.directory.chmod(0o755)
        compiler = tool("cc", "gcc")
        self.alone = self.directory / "probe"
        subprocess.run([compiler, *COMPILE, "-DALONE", "-o", str(self.alone), str(SOURCE)], check=True)
        subprocess.run([compiler, *COMPILE, "-shared", "-fPIC", "-o", str(self.directory / "libprobe.so"), str(SOURCE)],
                       check=True)
        for name in ("ocm-supervisor", "ocm-worker"):
            shutil.copy(binaries() / name, self.directory / name)
        subprocess.run([tool("patchelf"), "--add-needed", "libprobe.so", str(self.directory / "ocm-worker")], check=True)

    def without_confinement(self, name, argument):
        """How it goes with the rights of this test."""
        ended = subprocess.run([str(self.alone), name, argument], stderr=subprocess.PIPE, text=True, check=False)
        return outcome(ended.stderr, name) or f"exit status {ended.returncode}"

    @staticmethod
    async def inside(ocm, name, argument, user="alice"):
        """How it goes in a worker that has served a request of the same connection before: `succeeds`, the name of an
        error, or `ended`. The second value is the worker's process."""
        async with await ocm.connect(user) as connection:
            assert (await connection.ask("GET", "/v1/models")).status == 200
            seen = len(ocm.log())
            connection.send(connection.request("GET", "/v1/models", fields=[("x-ocm-probe", f"{name} {argument}")]))
            process = int(eventually(lambda: re.search(rf"probe {name} begins in (\d+)", ocm.log()[seen:]), 10, name)[1])
            return eventually(lambda: outcome(ocm.log()[seen:], name, process), 10, f"the end of {name}"), process


def outcome(log, name, process=r"\d+"):
    if found := re.search(rf"probe {name} (?!begins)(.+) in {process}\n", log):
        return found[1]
    if found := re.search(rf'worker died, it is replaced","reason":"signal 31 \(SIGSYS\)[^\n]*"worker":"{process}"', log):
        return KILLED
    return None
