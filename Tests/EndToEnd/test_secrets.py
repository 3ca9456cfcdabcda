"""Secrets stay where they belong: auth.json, and the memory of who needs them."""

import asyncio
import os
import pathlib
import re
import subprocess
import sys

import pytest

from harness import leaks, nobody, proc
from harness.asking import TURN
from harness.ocm import binaries, write_private
from harness.tools import tool
from harness.waiting import eventually, eventually_async

SLEEP = "import time; time.sleep(60)"


def token_parts(tokens):
    """Of a JWT the signature: its beginning is the same in all. Of others all of it."""
    return [value.rpartition(".")[2] for name, value in tokens.items() if name != "account_id"]


def secrets_of(login):
    key = login.get("OPENAI_API_KEY")
    return token_parts(login.get("tokens") or {}) + ([key] if key else [])


@pytest.fixture
def planted():
    """A process with a secret in its arguments and its environment."""
    process = subprocess.Popen([sys.executable, "-c", SLEEP, "rt_planted-argument"],
                               env=os.environ | {"PLANTED": "rt_planted-value"})
    yield process
    process.kill()
    process.wait()


async def busy(ocm):
    """A slow refresh with requests that wait for it; afterwards all secrets there were."""
    known = secrets_of(ocm.auth())
    ocm.fake.order(route="token", delay=0.5)
    ocm.fake.control(revoke_access=True)
    responses = await asyncio.gather(*(ocm.ask("POST", "/v1/responses", TURN) for _ in range(20)))
    assert {response.status for response in responses} == {200}
    return known + secrets_of(ocm.auth())


# Arguments and environments.

async def test_the_search_finds_what_is_planted(planted):
    eventually(lambda: leaks.names(f"/proc/{planted.pid}/cmdline", ["rt_planted-argument"]), 5, "the process")
    async with leaks.ProcessWatch(planted.pid, ["rt_planted-argument", "rt_planted-value", "rt_not-there"]) as watch:
        await asyncio.sleep(0.01)
    assert {(name, secret) for name, _, secret in watch.leaks} == \
        {("cmdline", "rt_planted-argument"[:12]), ("environ", "rt_planted-value"[:12])}


async def test_no_secret_stands_in_arguments_or_environments(start_ocm):
    ocm = start_ocm(start=False)
    ocm.start(wait=False)
    secrets = [*ocm.tokens.values(), *secrets_of(ocm.auth())]
    async with leaks.ProcessWatch(ocm.pid, secrets) as watch:
        await asyncio.to_thread(ocm.wait_ready)
        watch.secrets += await busy(ocm)
    assert watch.leaks == set()
    for part in ("ocm-supervisor run", "ocm-worker", "oauth-exchange"):
        assert any(part in command for command in watch.commands), (part, watch.commands)
    assert watch.rounds > 50


# Files.

async def test_no_secret_is_left_in_a_file_but_auth_json(start_ocm, directory):
    """With the most talkative log, refusals, failures, a change of modes, and a worker that is killed."""
    ocm = start_ocm(start=False)
    ocm.configuration["log"]["level"] = "trace"
    ocm.tolerate("refresh failed, will be tried again", "the login has ended", "worker")
    ocm.start()
    secrets = await busy(ocm)
    bad = "sk-ocm-wrong-" + "w" * 32
    async with await ocm.connect(user=None) as connection:
        answer = await connection.ask("POST", "/v1/responses", TURN, [("Authorization", f"Bearer {bad}")])
        assert answer.status == 401
    os.kill(ocm.workers()[0], 9)
    ocm.fake.order(route="token", status=500, json={"error": secrets[1]})
    ocm.fake.order(route="token", status=401, json={"error": "invalid_grant", "token": secrets[2]})
    ocm.fake.control(revoke_access=True)
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 503
    await eventually_async(lambda: "the login has ended" in ocm.log(), 5, "the end of the login")
    ocm.sign_in(mode="apikey")
    secrets += secrets_of(ocm.auth())

    async def works():
        return (await ocm.ask("POST", "/v1/responses", TURN)).status == 200

    await eventually_async(works, 10, "the key")
    ocm.stop()
    assert ocm.log().count("\n") > 5
    everything = secrets + [bad, *ocm.tokens.values()]
    found = leaks.files_with(directory, everything)
    own = ocm.directory.relative_to(directory)
    assert set(found) == {str(own / "auth.json"), str(own / "config.json")}
    # The configuration has the clients' tokens, and nothing else.
    assert found[str(own / "config.json")] == [token[:12] for token in ocm.tokens.values()]
    # And the search finds what is planted.
    (ocm.directory / "state").mkdir(exist_ok=True)
    write_private(ocm.directory / "state" / "planted", {"x": ["y" + everything[1]]})
    assert str(own / "state" / "planted") in leaks.files_with(directory, everything)


# Memory.

@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root may look into the memory of these processes")
async def test_a_worker_has_no_refresh_token_and_the_supervisor_no_spent_one(start_ocm):
    ocm = start_ocm()
    old = ocm.auth()["tokens"]
    await busy(ocm)
    new = ocm.auth()["tokens"]
    signature = new["access_token"].rpartition(".")[2]
    for worker in ocm.workers():
        assert leaks.places(worker, signature)  # so this is how one looks
        for tokens in (old, new):
            for name in ("refresh_token", "id_token"):
                assert leaks.places(worker, tokens[name].rpartition(".")[2]) == []
    assert leaks.places(ocm.pid, new["refresh_token"])
    # The file that was replaced is looked at for two seconds more.
    for name in ("refresh_token", "access_token", "id_token"):
        spent = old[name].rpartition(".")[2]
        try:
            await eventually_async(lambda: not leaks.places(ocm.pid, spent), 10, f"the old {name} to be gone")
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(leaks.places(ocm.pid, spent))) from None


# Core files, and others of the same user.

@pytest.fixture
def control():
    """A process of the same user that is like any other."""
    prefix = [] if os.geteuid() != 0 else [
        tool("setpriv", "util-linux"), f"--reuid={nobody.USER}", f"--regid={nobody.USER}", "--clear-groups", "--"]
    process = subprocess.Popen([*prefix, "sleep", "60"])
    eventually(lambda: proc.parent_and_name(process.pid)[1] == "sleep", 5, "the process")
    yield process.pid, prefix
    process.kill()
    process.wait()


async def test_no_process_leaves_a_core_file_or_can_be_looked_into(start_ocm, control):
    """Not even by another process of the same user."""
    ordinary, prefix = control
    assert leaks.owner(ordinary, "mem") != 0 and may_read(prefix, ordinary)
    ocm = nobody.give(start_ocm(start=False))
    ocm.start()
    ocm.fake.order(route="token", delay=3)
    ocm.fake.control(revoke_access=True)
    waiting = asyncio.create_task(ocm.ask("POST", "/v1/responses", TURN))

    def exchange():
        return [pid for pid in proc.children(ocm.pid, "ocm-supervisor")
                if b"oauth-exchange" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]

    child, = await eventually_async(exchange, 5, "the exchange")
    workers = ocm.workers()
    assert len(workers) == 2
    await eventually_async(lambda: core_limit(child) == ("0", "0"), 2, "the child to have begun")
    for pid in (ocm.pid, *workers, child):
        assert core_limit(pid) == ("0", "0")
        assert leaks.owner(pid, "mem") == 0 and not may_read(prefix, pid), proc.parent_and_name(pid)
    assert (await waiting).status == 200


def core_limit(pid):
    text = pathlib.Path(f"/proc/{pid}/limits").read_text()
    return re.search(r"Max core file size\s+(\S+)\s+(\S+)", text).groups()


def may_read(prefix, pid):
    """Whether the same user may read the process's environment."""
    return subprocess.run([*prefix, "cat", f"/proc/{pid}/environ"], capture_output=True).returncode == 0


COMMANDS = ["run", "check", "client-config", "login", "logout", "oauth-exchange"]


def traced(tmp_path, command, *options):
    """How a command went in an empty folder that has a configuration with an error in it, and its trace."""
    config, trace = tmp_path / "config.json", tmp_path / "trace"
    users = [{"name": "alice", "token": "sk-alice"}]
    write_private(config, {"services": [{"type": "ocm", "users": users, "listn": ""}]})
    arguments = [] if command == "oauth-exchange" else ["-c", str(config)]
    result = subprocess.run([tool("strace"), "-qq", "-o", trace, "-s", "4096", *options,
                             binaries() / "ocm-supervisor", command, *arguments],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    return result, trace.read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_memory_is_sealed_before_anything_is_read(tmp_path, command):
    _, trace = traced(tmp_path, command, "-e", "trace=prctl,open,openat,read")
    sealed = trace.index("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0")
    read = trace.index("read(0, " if command == "oauth-exchange" else "config.json")
    assert sealed < read


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_whose_memory_can_not_be_sealed_reads_nothing(tmp_path, command):
    result, trace = traced(tmp_path, command, "-e", "trace=prctl,open,openat", "-e", "inject=prctl:error=EPERM")
    assert result.returncode == 1
    assert "can't be kept out of core files: prctl: Operation not permitted" in result.stderr
    assert "config.json" not in trace
