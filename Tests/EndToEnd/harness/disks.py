"""File systems of a test's own: one that is small, and one whose disk stops answering."""

import contextlib
import pathlib
import subprocess

import pytest

from .tools import tool


def _run(*command):
    return subprocess.run(command, capture_output=True, text=True)


def _mount(*command):
    done = _run(tool("mount"), *command)
    if done.returncode:
        pytest.skip(f"may not mount: {done.stderr.strip()}")


class SmallDisk:
    """A tmpfs of so many bytes, that can be filled to the last one."""

    def __init__(self, place, size):
        self.path = pathlib.Path(place)
        self.path.mkdir()
        _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self.path))

    def fill(self):
        with open(self.path / "filler", "ab", buffering=0) as filler:
            for size in (1 << 20, 4096, 1):
                with contextlib.suppress(OSError):
                    while filler.write(b"\0" * size) == size:
                        pass

    def make_room(self):
        (self.path / "filler").unlink()

    def close(self):
        subprocess.run([tool("umount"), "-l", str(self.path)], check=True)


class StoppableDisk:
    """An ext4 in a file of another ext4. While that one is frozen (fsfreeze(8)), the inner one's disk takes and answers
    nothing: writing to a file is done at once, fsync waits."""

    def __init__(self, place):
        self.place = pathlib.Path(place)
        self.outer, self.path = self.place / "outer", self.place / "inner"
        self.mounted = []
        self.stopped = False
        self.place.mkdir()
        self._make(self.place / "outer.img", self.outer, 64)
        self._make(self.outer / "inner.img", self.path, 40)

    def _make(self, image, place, megabytes):
        with open(image, "wb") as file:
            file.truncate(megabytes << 20)
        subprocess.run([tool("mkfs.ext4", "e2fsprogs"), "-q", "-F", str(image)], check=True, capture_output=True)
        place.mkdir()
        try:
            _mount("-o", "loop", str(image), str(place))
        except BaseException:
            self.close()
            raise
        self.mounted.append(place)

    def stop(self):
        subprocess.run([tool("fsfreeze", "util-linux"), "-f", str(self.outer)], check=True)
        self.stopped = True

    def go_on(self):
        subprocess.run([tool("fsfreeze", "util-linux"), "-u", str(self.outer)], check=True)
        self.stopped = False

    def close(self):
        if self.stopped:
            self.go_on()
        for place in reversed(self.mounted):
            subprocess.run([tool("umount"), "-l", str(place)], check=True)
