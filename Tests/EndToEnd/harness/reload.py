"""Reloads: another configuration for an OCM that runs, and what comes of it."""

import json
import os
import subprocess

from . import admin
from .ocm import binaries, write_private


def write(ocm):
    """Puts the configuration where OCM reads it."""
    write_private(ocm.directory / "config.json", ocm.configuration)


def ask(ocm):
    """Status and result of POST /reload."""
    code, _, value = admin.ask(ocm.socket_path, "POST", "/reload")
    return code, value


def reload(ocm, *changes):
    """Has OCM serve its configuration; `changes` are words of what it has to say of that."""
    write(ocm)
    code, result = ask(ocm)
    assert code == 200 and result["errors"] == [], result
    assert result["outcome"] == ("applied" if changes else "unchanged"), result
    assert len(result["changes"]) == len(changes), result
    for words, said in zip(changes, result["changes"]):
        assert words in said, result
    return result


def refuse(ocm, *errors):
    """Has OCM refuse its configuration for these reasons, all of them."""
    write(ocm)
    ocm.tolerate("reload refused, what ran goes on")
    code, result = ask(ocm)
    assert code == 422 and result["outcome"] == "refused" and result["changes"] == [], result
    assert len(result["errors"]) == len(errors), result
    for words, said in zip(errors, result["errors"]):
        assert words in said, result
    assert admin.status(ocm.socket_path)["reload"] == result
    return result


def command(name, *arguments, **options):
    """`ocm-supervisor NAME …`, at its end."""
    return subprocess.run(
        [str(binaries() / "ocm-supervisor"), name, *map(str, arguments)], capture_output=True, text=True, timeout=60,
        cwd="/", env={"HOME": "/nonexistent", "PATH": os.environ["PATH"], "TZ": "UTC"}, **options)


def service(ocm, number=0):
    """A service of the configuration, to be changed."""
    return ocm.configuration["services"][number]


def supervisor(ocm):
    return ocm.configuration["supervisor"]


def log(ocm, message):
    """The log's lines of that message, parsed."""
    lines = [json.loads(line) for line in ocm.log().splitlines() if line.startswith("{")]
    return [line for line in lines if line["message"] == message]
