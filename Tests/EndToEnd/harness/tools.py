"""Programs that tests need. One that is missing is a failure with its remedy, never a skip."""

import shutil

import pytest


def tool(name, package=None):
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is not installed: apt-get install {package or name}", pytrace=False)
    return path
