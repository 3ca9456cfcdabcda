"""Places for a login that have their own ideas: file systems that are full or read-only."""

import pathlib
import subprocess

import pytest

from .tools import tool


class FileSystem:
    """A tmpfs. Where the kernel does not let us mount one, the test is skipped and says so."""

    def __init__(self, path, size="256k"):
        self.path = pathlib.Path(path)
        self.path.mkdir()
        self._mount("-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs")
        self.filler = self.path / "filler"

    def _mount(self, *arguments):
        ended = subprocess.run([tool("mount"), *arguments, str(self.path)], capture_output=True, text=True)
        if ended.returncode != 0:
            pytest.skip(f"NOT TESTED, no file system can be mounted here: {ended.stderr.strip()}")

    def fill(self):
        with open(self.filler, "wb", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while file.write(b"x" * size):
                        pass
                except OSError:
                    pass

    def clear(self):
        self.filler.unlink()

    def read_only(self, value=True):
        self._mount("-o", f"remount,{'ro' if value else 'rw'}")

    def unmount(self):
        subprocess.run([tool("umount"), "-l", str(self.path)], check=False, capture_output=True)
