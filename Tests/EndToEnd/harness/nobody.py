"""An OCM of a user without rights, where the tests are root's."""

import os
import pathlib
import shutil

from .ocm import binaries
from .tools import tool

USER = 65534


def give(ocm, but=()):
    """Makes an OCM that is not started yet run as nobody, if we are root. Its directory is nobody's, but for `but`."""
    if os.geteuid() != 0:
        return ocm
    for path in (ocm.directory, *ocm.directory.parents):
        if path == pathlib.Path("/tmp"):
            break
        path.chmod(path.stat().st_mode | 0o011)
    ocm.programs = ocm.directory / "programs"
    ocm.programs.mkdir()
    for name in ("ocm-supervisor", "ocm-worker"):
        shutil.copy(binaries() / name, ocm.programs / name)
    # At the start only, which writes config.json.
    kept = "".join(f" && chown 0:0 {path}" for path in but)
    become = f'{tool("setpriv", "util-linux")} --reuid={USER} --regid={USER} --clear-groups --'
    ocm.launcher = ["sh", "-c", f'chown -R {USER}:{USER} "$0"{kept} && exec {become} "$@"', str(ocm.directory)]
    return ocm
