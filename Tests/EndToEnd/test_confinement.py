"""What a worker can do beyond serving: nothing, whoever executes code in it, and whatever that is."""

import asyncio
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
from typing import NamedTuple

import pytest

from harness import nobody, proc
from harness.admin import ask
from harness.backdoor import KILLED, Backdoor
from harness.http import Ended
from harness.ocm import TOP, write_private
from harness.syscalls import Tracer
from harness.tls import certificate
from harness.waiting import eventually

ROOT = os.geteuid() == 0


class Probe(NamedTuple):
    name: str
    what: str
    argument: str = "-"  # a place or a process where it stands in braces
    inside: str = KILLED


# In the order of the table in SECURITY.md.
PROBES = [
    Probe("open_file", "open the login", "{login}"),
    Probe("open_file_2", "the same by openat2", "{login}"),
    Probe("write_file", "write a file", "{directory}/new"),
    Probe("open_file", "open /etc/passwd", "/etc/passwd"),
    Probe("open_file", "open its own program", "/proc/self/exe"),
    Probe("read_link", "ask where its own program is", "/proc/self/exe"),
    Probe("look_at_file", "see whether a file is there", "/etc/passwd"),
    Probe("change_directory", "enter a directory", "/"),
    Probe("list_directory", "list the processes", "/proc"),
    Probe("look_at_file", "see whether a process is there", "/proc/{process}"),
    Probe("signal", "signal a process", "{process}"),
    Probe("abort_other", "signal it by another call", "{process}"),
    Probe("pidfd", "get hold of a process", "{process}"),
    Probe("trace", "trace a process", "{process}"),
    Probe("read_memory", "read a process's memory", "{process}"),
    Probe("execute", "execute a program", "/bin/true"),
    Probe("execute_memory", "execute from memory"),
    Probe("fork", "make a process"),
    Probe("clone", "the same by clone3"),
    Probe("thread", "start a thread"),
    Probe("map_code", "map memory to execute"),
    Probe("make_code", "make memory executable"),
    Probe("connect", "connect to the API's port", "{api}", "succeeds"),
    Probe("connect", "connect to another port", "{port}", "EACCES"),
    Probe("connect_fast", "the same in one step (TCP Fast Open)", "{port}"),
    Probe("multipath", "open a Multipath TCP socket"),
    Probe("bind", "bind a port"),
    Probe("listen", "listen on any port"),
    Probe("udp", "open a UDP socket"),
    Probe("raw_socket", "open a raw socket"),
    Probe("packet_socket", "open a packet socket"),
    Probe("netlink", "open a netlink socket"),
    Probe("unix_socket", "connect to the admin socket", "{admin}"),
    Probe("redirect_channel", "the same from the channel's socket", "{admin}"),
    Probe("socket_option", "set an option of sockets that it has no use for"),
    Probe("terminal", "type on the log's terminal"),
    Probe("io_uring", "io_uring"),
    Probe("bpf", "bpf"),
    Probe("userfaultfd", "userfaultfd"),
    Probe("perf_event", "perf events"),
    Probe("keyring", "keyrings"),
    Probe("mount", "mount", "{directory}"),
    Probe("unshare", "a user namespace"),
    Probe("chroot", "another root directory", "/"),
    Probe("become_root", "become root"),
    Probe("capabilities", "set capabilities"),
    Probe("dumpable", "let others read its memory"),
    Probe("other_filter", "ask for another filter"),
    Probe("raise_limit", "change a limit"),
]


@pytest.fixture(scope="module")
def backdoor():
    with tempfile.TemporaryDirectory(prefix="ocm-") as directory:
        os.chmod(directory, 0o755)
        yield Backdoor(f"{directory}/programs")


def opened(start_ocm, backdoor, **settings):
    """An OCM whose workers have the backdoor."""
    ocm = start_ocm(start=False, **settings)
    ocm.programs = backdoor.directory
    ocm.tolerate("^probe ", "worker died", "workers keep dying", "a worker is ended", "the supervisor is gone")
    return ocm.start()


@pytest.mark.deadline(120)
async def test_from_inside_a_worker_nothing_can_be_done_but_what_serving_takes(start_ocm, backdoor, directory):
    # More workers than would be slowed down: each is replaced at once the first time.
    ocm = opened(start_ocm, backdoor, workers=48)
    other = socket.create_server(("127.0.0.1", 0))
    lines = ["| tried from inside | unconfined | in a worker |", "|---|---|---|"]
    for probe in PROBES:
        victim = subprocess.Popen(["sleep", "60"])
        argument = probe.argument.format(
            login=ocm.auth_path, directory=directory, process=victim.pid, api=ocm.fake.port,
            port=other.getsockname()[1], admin=ocm.socket_path)
        try:
            alone = backdoor.without_confinement(probe.name, argument)
            if ROOT:
                assert alone == "succeeds", f"{probe}: the probe would fail anyway: {alone}"
        finally:
            victim.kill()
            victim.wait()
        victim = subprocess.Popen(["sleep", "60"])
        try:
            argument = argument if "{process}" not in probe.argument else probe.argument.format(process=victim.pid)
            found, worker = await backdoor.inside(ocm, probe.name, argument)
            assert found == probe.inside, f"{probe}: {found}"
            assert proc.alive(worker) == (found != KILLED)
            assert victim.poll() is None
        finally:
            victim.kill()
            victim.wait()
        lines.append(f"| {probe.what} | {alone} | {found} |")
    other.close()
    assert not (pathlib.Path(directory) / "new").exists() or ROOT
    print("", *lines, sep="\n")
    if ROOT:
        assert "\n".join(lines) in (TOP / "SECURITY.md").read_text(), "the table in SECURITY.md is another"


def packet(kind, payload=b""):
    """A message as it is on the channel, in hexadecimal digits."""
    return (bytes([kind, 0]) + len(payload).to_bytes(4, "little") + payload).hex()


def text(value):
    return len(value).to_bytes(4, "little") + value.encode()


def usage(number, service, user):
    """A report of one record."""
    record = text(service) + text(user) + text("gpt-5.5") + text("default") + bytes(7 * 8)
    return packet(3, number.to_bytes(8, "little") + (1).to_bytes(4, "little") + record)


@pytest.mark.parametrize("what, message, reason", [
    ("usage of nobody's", usage(1, "codex", "eve"), "user that it was never told of: eve"),
    ("usage of no service", usage(1, "other", "alice"), "service that it was never told of: other"),
    ("usage that can't have been before", usage(1 << 40, "codex", "alice"), "under number 1099511627776"),
    ("usage without a record", packet(3, (1).to_bytes(8, "little") + bytes(4)), "under number 1"),
    ("a host that is not configured", packet(5, text("evil.example")), "host that it was never told of: evil.example"),
    ("a refused login of no service", packet(4, text("other") + bytes(8)), "service that it was never told of: other"),
    ("an answer that nobody has asked for", packet(9, bytes(8)), "pong"),
    ("a configuration that was not sent", packet(2, b"\x63" + bytes(7)), "ready"),
    ("a memory file that is none", "030108000000", "descriptors"),
    ("a second hello", packet(1, b"\1\1\0\0\0x"), "hello"),
    ("an end of a drain that nobody asked for", packet(6), "drained"),
    ("a listener", packet(7, b"\5\0\0\0codex"), "listener|descriptor"),
    ("a message that there is not", packet(200), "200"),
    ("usage that is cut short", packet(3, b"\1\0\0"), "truncated|short|end"),
    ("a length of 4 GB", "0300ffffffff", "payload"),
])
async def test_what_a_worker_may_not_say_is_its_end(start_ocm, backdoor, what, message, reason):
    ocm = opened(start_ocm, backdoor, workers=1)
    found, worker = await backdoor.inside(ocm, "message", message)
    assert found == "succeeds"
    eventually(lambda: not proc.alive(worker), 10, f"the end of a worker that sent {what}")
    ended, = [json.loads(line) for line in ocm.log().splitlines() if '"a worker is ended"' in line]
    assert ended["worker"] == str(worker) and re.search(reason, ended["reason"]), ended
    ocm.wait_ready()
    assert (await ocm.ask("GET", "/v1/models")).status == 200


def memory(pid):
    """All that a process has in memory."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        for line in maps:
            start, end = (int(number, 16) for number in line.split()[0].split("-"))
            if line.split()[1].startswith("rw"):
                file.seek(start)
                yield file.read(end - start)


async def test_a_worker_has_no_token_but_those_that_were_sent_to_it(start_ocm):
    ocm = start_ocm(workers=1)
    for _ in range(3):
        assert (await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True})).status == 200
    worker, = ocm.workers()
    everything = b"\0".join(memory(worker))
    tokens = ocm.auth()["tokens"]
    # What it works with is found: so the others would be.
    assert tokens["access_token"].encode() in everything
    assert ocm.tokens["bob"].encode() not in everything
    assert tokens["refresh_token"].encode() not in everything and tokens["id_token"].encode() not in everything
    for path in (ocm.auth_path, ocm.usage_path, ocm.directory / "config.json"):
        assert str(path).encode() not in everything


def status(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def assert_confined(pid):
    # All of it comes before its listener, and other workers may have theirs already.
    eventually(lambda: status(pid)["Seccomp"] == "2", 10, "the filter")
    found = status(pid)
    assert found["NoNewPrivs"] == "1" and found["Seccomp"] == "2" and found["Threads"] == "1"
    assert {int(found[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    assert pathlib.Path(f"/proc/{pid}/environ").read_bytes() == b""
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)
    assert os.readlink(f"/proc/{pid}/fd/0") == os.readlink(f"/proc/{pid}/fd/1") == "/dev/null"
    # Its own memory is none of its user's other processes' business: proc_pid(5).
    assert os.stat(f"/proc/{pid}/mem").st_uid == 0 or not ROOT


def test_a_worker_has_a_user_of_its_own_and_no_right_besides(start_ocm):
    ocm = start_ocm()
    for pid in ocm.workers():
        assert_confined(pid)
        if ROOT:
            found = status(pid)
            assert "0" not in found["Uid"].split() + found["Gid"].split() and found["Groups"].strip() == ""
            assert int(found["CapBnd"], 16) == 0
    supervisor = status(ocm.pid)
    assert supervisor["NoNewPrivs"] == "1"
    # CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_SYS_MODULE, CAP_NET_ADMIN, CAP_NET_RAW
    for name in ("CapPrm", "CapEff", "CapBnd"):
        assert int(supervisor[name], 16) & (1 << 21 | 1 << 19 | 1 << 16 | 1 << 12 | 1 << 13) == 0 or not ROOT


@pytest.mark.skipif(not ROOT, reason="NOT TESTED, only root can start as others")
async def test_an_ordinary_users_workers_are_confined_too_and_the_log_says_what_is_missing(start_ocm):
    ocm = nobody.give(start_ocm(start=False)).start()
    missing, = [line for line in map(json.loads, ocm.log().splitlines())
                if line["message"] == "workers do without some of their confinement"]
    assert missing["level"] == "notice" and "a user of their own" in missing["missing"]
    for pid in ocm.workers():
        assert_confined(pid)
    assert (await ocm.ask("GET", "/v1/models")).status == 200
    ocm.stop()


@pytest.mark.skipif(not ROOT, reason="NOT TESTED, only root can give capabilities")
async def test_a_supervisor_with_three_capabilities_has_workers_of_another_user(start_ocm):
    """As the service manager starts it with the drop-in for a separate user."""
    ocm = nobody.give(start_ocm(start=False, supervisor={"worker_user": "daemon"}))
    held = "+setuid,+setgid,+kill"
    at = next(index for index, word in enumerate(ocm.launcher) if "setpriv" in word)
    ocm.launcher[at] = ocm.launcher[at].replace(
        " --clear-groups", f" --clear-groups --inh-caps={held} --ambient-caps={held} --bounding-set=-all,{held}")
    ocm.start()
    assert "do without" not in ocm.log()
    for pid in ocm.workers():
        assert_confined(pid)
        assert status(pid)["Uid"].split() == ["1"] * 4 and status(pid)["Gid"].split() == ["1"] * 4
    assert (await ocm.ask("GET", "/v1/models")).status == 200
    # One that does not end by itself is ended.
    hung = ocm.workers()[0]
    os.kill(hung, signal.SIGSTOP)
    ocm.signal(signal.SIGTERM)
    eventually(lambda: '"stopping"' in ocm.log())
    ocm.signal(signal.SIGTERM)
    assert ocm.process.wait(10) == 0 and not proc.alive(hung)


async def test_a_limit_of_memory_is_the_workers(start_ocm):
    ocm = start_ocm(limits={"memory": 128 << 20})
    for pid in ocm.workers():
        assert re.search(rf"Max address space +{128 << 20} +{128 << 20} ", pathlib.Path(f"/proc/{pid}/limits").read_text())
    response = await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True},
                             fake={"total_bytes": 20_000_000, "event_bytes": 9000})
    assert response.status == 200


# What a worker may do and a test of minutes does not see, and why it may.
UNSEEN = {
    "prlimit64": "asked once, at the first connection",
    "getrandom": "new random numbers for TLS after a while", "sendmmsg": "the journal",
    "epoll_pwait": "epoll_wait of other architectures", "dup3": "dup2 of other architectures",
    "clock_gettime": "where the kernel's clock can't be read without a call", "gettimeofday": "the same",
    "sysinfo": "sorting many certificates", "mremap": "large buffers that grow", "madvise": "memory given back",
    "mprotect": "a second heap",
    "memfd_create": "records that no datagram holds", "pread64": "configurations that no packet holds",
    "futex": "things made once",
    "gettid": "abort", "tgkill": "abort", "rt_sigprocmask": "abort", "rt_sigreturn": "signals that are handled",
    "restart_syscall": "after a stop",
}


@pytest.mark.deadline(90)
async def test_the_list_of_permitted_calls_is_what_a_worker_does(start_ocm, directory):
    """From the first listener on: TLS to the API, the journal, streams, uploads, a large configuration under way, a lost
    supervisor, a drain."""
    source = (TOP / "Sources/ocm-worker/Confinement/PermittedCall+List.swift").read_text()
    permitted = set(re.findall(r'PermittedCall\(\s*"(\w+)"', source))
    assert len(permitted) > 30
    certificates = certificate(directory, "api", "IP:127.0.0.1,DNS:localhost")
    fake = start_ocm.fake("--tls-certificate", certificates[0], "--tls-key", certificates[1])
    ocm = start_ocm(start=False, fake=fake, workers=1, certificate={"certificate_path": [certificates[0]]})
    ocm.configuration["log"]["output"] = str(ocm.log_path)
    ocm.start()
    ocm.tolerate("the supervisor is gone", "supervisor has come")
    worker, = ocm.workers()
    tracer = Tracer(worker, pathlib.Path(directory) / "trace")
    turn = {"model": "gpt-5.5", "stream": True}
    for behaviour in ({}, {"total_bytes": 8_000_000, "event_bytes": 9000}, {"status": 429}, {"cut": 3}):
        with contextlib.suppress(Ended, ConnectionError, asyncio.IncompleteReadError):
            await ocm.ask("POST", "/v1/responses", turn, fake=behaviour)
    await ocm.ask("POST", "/v1/responses", turn | {"input": "x" * 3_000_000})
    ocm.tolerate("upstream", "response")
    assert ask(ocm.socket_path, "POST", "/reload")[0] == 200, "which opens the log anew"
    ocm.configuration["services"][0]["users"] += [{"name": f"user-{n}", "token": f"token-{n}-{'x' * 40}"} for n in range(1500)]
    write_private(ocm.directory / "config.json", ocm.configuration)
    assert ask(ocm.socket_path, "POST", "/reload")[0] == 200
    os.kill(ocm.pid, signal.SIGKILL)
    ocm.process.wait()
    assert (await ocm.ask("POST", "/v1/responses", turn)).status == 200
    ocm.start()
    eventually(lambda: not proc.alive(worker), 20, "the orphan's end")
    found = tracer.ended()
    text = tracer.path.read_text()
    assert "+++ exited with 0 +++" in text, text[-2000:]
    seen = {call.name for call in found}
    assert seen <= permitted, f"calls that are not permitted: {sorted(seen - permitted)}"
    assert permitted - seen <= set(UNSEEN), f"permitted, and never made: {sorted(permitted - seen - set(UNSEEN))}"
    assert set(UNSEEN) <= permitted
