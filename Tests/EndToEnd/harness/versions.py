"""Other versions of the two programs, made from those that were built: nobody builds twice for a test."""

import pathlib
import subprocess

from .ocm import binaries

NAMES = ("ocm-supervisor", "ocm-worker")


def version(folder):
    """What the supervisor there calls itself."""
    text = subprocess.run([str(pathlib.Path(folder) / NAMES[0]), "version"], capture_output=True, text=True, check=True).stdout
    return text.split()[1]


def install(folder, number=0):
    """Puts both programs into a folder in place of what is there, as a package does: as new files under the old names.

    `number`: the last part of their version, in a build that differs in nothing else; 0 for the build as it is.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    own = version(binaries())
    other = own[:-1] + str((int(own[-1]) + number) % 10)
    for name in NAMES:
        built = content(binaries(), name)
        assert own.encode() + b"\0" in built, f"{name} does not hold its version"
        replace(folder, name, built.replace(own.encode() + b"\0", other.encode() + b"\0"))
    assert version(folder) == other
    return other


def content(folder, name):
    return (pathlib.Path(folder) / name).read_bytes()


def replace(folder, name, content):
    """A new file under the old name."""
    path = pathlib.Path(folder) / name
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.chmod(0o755)
    new.rename(path)
