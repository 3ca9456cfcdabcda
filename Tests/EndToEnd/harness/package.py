"""The Debian package, built of the programs that are tested."""

import functools
import os
import pathlib
import subprocess
import tempfile

from .ocm import TOP, binaries

PACKAGING = TOP / "packaging"


@functools.cache
def _place():
    """Gone when the tests end."""
    return tempfile.TemporaryDirectory(prefix="ocm-packages-")


@functools.cache
def package(revision=None):
    """Path of the package; the one with the symbols lies beside it."""
    output = pathlib.Path(_place().name) / (revision or "first")
    command = [PACKAGING / "deb", "--programs", binaries(), "--output", output]
    ended = subprocess.run([*command, *(["--revision", revision] if revision else [])], capture_output=True, text=True,
                           stdin=subprocess.DEVNULL, env=os.environ | {"DPKG_DEB_COMPRESSOR_LEVEL": "0"})
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return next(output.glob("ocm_*.deb"))
