"""Another version takes over in the same process, or the one that runs goes on; nobody else notices either."""

import asyncio
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import admin, counts, proc, versions
from harness.disks import SmallDisk
from harness.http import Ended
from harness.ocm import binaries, write_private
from harness.tools import tool
from harness.usage import assert_equal
from harness.waiting import eventually, eventually_async

TURN = {"model": "gpt-5.5", "stream": True}
FAILED = "upgrade failed, this program goes on"
GONE = "the supervisor is gone: serving on"


@pytest.fixture
def installed(start_ocm):
    """Makes OCMs that run from a folder of their own, in which others can be put in their place."""

    def install(**settings):
        ocm = start_ocm(start=False, **{"supervisor": {"drain_timeout": "20s", "stop_timeout": "20s"}} | settings)
        ocm.programs = ocm.directory / "programs"
        versions.install(ocm.programs)
        return ocm.start()

    return install


def command(ocm, *arguments, name="upgrade"):
    """`ocm-supervisor upgrade`, of the build: the one in the folder may be broken."""
    return subprocess.run([str(binaries() / "ocm-supervisor"), name, "--socket", str(ocm.socket_path), *arguments],
                          capture_output=True, text=True, timeout=100)


def upgraded(ocm, number):
    version = versions.install(ocm.programs, number)
    done = command(ocm)
    assert done.returncode == 0, done.stderr + ocm.log()
    return version


def status(ocm):
    return admin.status(ocm.socket_path)


def start(ocm):
    """When the process was started, which no execution changes (proc(5), field 22 of stat)."""
    return pathlib.Path(f"/proc/{ocm.pid}/stat").read_text().rpartition(")")[2].split()[19]


async def stream(ocm, **fake):
    connection = await ocm.connect()
    connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", json.dumps(fake))]))
    return connection, await connection.head()


async def rest(connection, response):
    async for part in connection.parts(response):
        response.body += part
    connection.close()
    return response.body


# What holds when it goes well.


@pytest.mark.deadline(90)
async def test_streams_and_kept_connections_go_on_and_all_is_counted_through_upgrades(installed):
    ocm = installed()
    before = start(ocm)
    streams = [await stream(ocm, events=100 + 30 * n, interval=0.02) for n in range(10)]
    failures, done, stopping = [], 0, asyncio.Event()

    async def client(keeps):
        nonlocal done
        connection = await ocm.connect()
        while not stopping.is_set():
            try:
                response = await connection.ask("POST", "/v1/responses", TURN, fake={"events": 3})
                assert response.status == 200 and b"event: response.completed" in response.body
                done += 1
            except (Ended, OSError, AssertionError, asyncio.IncompleteReadError) as failure:
                failures.append(repr(failure))
            if not keeps or response.header("connection") == "close":
                connection.close()
                connection = await ocm.connect()
        connection.close()

    clients = [asyncio.create_task(client(n % 2 == 0)) for n in range(8)]
    for number in range(1, 6):
        seen = done
        version = await asyncio.to_thread(upgraded, ocm, number % 2)
        now = status(ocm)
        assert (now["version"], now["pid"], now["state"]) == (version, ocm.pid, "serving")
        assert now["upgrade"]["state"] == "done" and now["upgrade"]["number"] == number
        assert {worker["version"] for worker in now["workers"] if worker["state"] == "serving"} == {version}
        await eventually_async(lambda: done > seen + 20, 10, "requests to be answered")
    for connection, response in streams:
        assert b"event: response.completed" in await rest(connection, response)
    stopping.set()
    await asyncio.gather(*clients)
    assert failures == [] and ocm.running and start(ocm) == before
    stats = ocm.fake.settled()
    ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == done + len(streams)
    assert_equal(ocm.usage(), stats)


def test_arguments_environment_directory_limits_and_sockets_stay(installed):
    ocm = installed()

    def surroundings():
        process = pathlib.Path(f"/proc/{ocm.pid}")
        environment = (process / "environ").read_bytes().split(b"\0")
        return {
            "arguments": (process / "cmdline").read_bytes(), "directory": os.readlink(process / "cwd"),
            "environment": sorted(line for line in environment if not line.startswith(b"OCM_HANDOVER=")),
            "limits": (process / "limits").read_text(), "badness": (process / "oom_score_adj").read_text(),
            "admin": os.stat(ocm.socket_path).st_ino, "address": status(ocm)["services"][0]["listeners"],
            "started": status(ocm)["started"], "owner of memory": os.stat(process / "mem").st_uid,
        }

    pathlib.Path(f"/proc/{ocm.pid}/oom_score_adj").write_text("300")
    before = surroundings()
    upgraded(ocm, 1)
    assert surroundings() == before
    (worker, *_) = ocm.workers()
    assert b"OCM_HANDOVER" not in pathlib.Path(f"/proc/{worker}/environ").read_bytes()
    core = next(line for line in before["limits"].splitlines() if line.startswith("Max core"))
    assert core.split()[4:6] == ["0", "0"]


@pytest.mark.deadline(120)
async def test_many_upgrades_leave_nothing_behind(installed):
    ocm = installed()
    settled = lambda: len(status(ocm)["workers"]) == 2 and proc.descriptors(ocm.pid)
    upgraded(ocm, 1)
    first = await eventually_async(settled, 10, "the old workers to end"), proc.resident(ocm.pid)
    for number in range(counts(5, 20)):
        connection, response = await stream(ocm, events=3)
        upgraded(ocm, number % 2)
        assert b"response.completed" in await rest(connection, response)
    await eventually_async(settled, 10, "the old workers to end")
    children = proc.children(ocm.pid)
    assert all(map(proc.alive, children)), "a zombie"
    assert sorted(ocm.workers()) == children
    await eventually_async(lambda: proc.descriptors(ocm.pid) <= first[0], 10, "what was open to be closed")
    assert proc.resident(ocm.pid) < first[1] * 1.3
    assert proc.threads(ocm.pid) == 1
    assert len(list((ocm.directory / "state").glob("workers-*/*"))) == 2


async def test_children_of_the_program_before_are_reaped(installed):
    """A worker that dies when another program has taken over is still the process's own child."""
    ocm = installed(workers=1)
    (old,) = ocm.workers()
    connection, _ = await stream(ocm, events=1000, interval=0.02)
    await asyncio.to_thread(upgraded, ocm, 1)
    (new,) = [pid for pid in proc.children(ocm.pid, "ocm-worker") if pid != old]
    assert proc.parent_and_name(old)[0] == ocm.pid and proc.alive(old), "it has a stream to finish"
    ocm.tolerate("worker died")
    os.kill(old, signal.SIGKILL)
    await eventually_async(lambda: proc.children(ocm.pid) == [new], 10, "the dead one to be reaped")
    told = status(ocm)["crashes"]
    assert (told["pid"], told["last_minute"]) == (old, 1) and "SIGKILL" in told["reason"]
    connection.close()
    os.kill(new, signal.SIGKILL)
    await eventually_async(lambda: proc.children(ocm.pid) == ocm.workers() != [new], 10, "the next one alone")


def test_nobody_is_turned_away_from_the_admin_socket(installed):
    ocm = installed()
    outcomes, stopping = [], threading.Event()

    def ask():
        while not stopping.is_set():
            try:
                outcomes.append(admin.ask(ocm.socket_path)[0])
            except Exception as failure:  # noqa: BLE001: whatever it is, it is the finding
                outcomes.append(repr(failure))

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    for number in range(4):
        upgraded(ocm, number % 2)
    stopping.set()
    for thread in asking:
        thread.join()
    assert len(outcomes) > 20 and set(outcomes) == {200}


def test_sigusr2_does_the_same_and_the_log_and_the_status_tell(installed):
    ocm = installed()
    version = versions.install(ocm.programs, 1)
    ocm.signal(signal.SIGUSR2)
    eventually(lambda: '"upgraded"' in ocm.log(), 20, "the upgrade")
    assert f'"to":"{version}"' in ocm.log()
    page = command(ocm, name="status").stdout
    assert f"OCM {version} is serving: process {ocm.pid}" in page and "Upgraded: " in page
    answer = json.loads(command(ocm, "--json").stdout)
    assert (answer["state"], answer["from"], answer["to"], answer["number"]) == ("done", version, version, 2)
    assert GONE not in ocm.log()


# What holds when it does not.


def wrong_architecture(program):
    """The same for a machine that nobody has: e_machine of the ELF head."""
    return program[:18] + b"\xff\x7f" + program[20:]


BROKEN = {
    "not executable": ("ocm-supervisor", lambda _: None, "Permission denied"),
    "no program": ("ocm-supervisor", lambda _: b"no program\n", "Exec format error"),
    "another architecture": ("ocm-supervisor", wrong_architecture, "Exec format error"),
    "half a file": ("ocm-supervisor", lambda program: program[:len(program) // 16], "on trial"),
    "another program": ("ocm-supervisor", lambda _: pathlib.Path("/bin/true").read_bytes(), "is no OCM"),
    "ends with 1": ("ocm-supervisor", lambda _: pathlib.Path("/bin/false").read_bytes(), "exit code 1"),
    "no worker": ("ocm-worker", lambda _: "", "ocm-worker is neither"),
    "a worker that is none": ("ocm-worker", lambda _: b"no program\n", "the new ocm-worker does not work"),
    "a worker that ends": ("ocm-worker", lambda _: pathlib.Path("/bin/true").read_bytes(), "the new ocm-worker does not work"),
}


@pytest.mark.deadline(90)
def test_a_broken_program_leaves_the_old_one_running_with_the_reason(installed):
    ocm = installed()
    ocm.tolerate(FAILED)
    workers, version = ocm.workers(), status(ocm)["version"]
    for number, (what, (name, broken, reason)) in enumerate(BROKEN.items(), 1):
        path = ocm.programs / name
        good = versions.content(ocm.programs, name)
        content = broken(good)
        if content == "":
            path.unlink()
        else:
            versions.replace(ocm.programs, name, good if content is None else content)
            path.chmod(0o644 if content is None else 0o755)
        done = command(ocm)
        assert done.returncode == 1 and done.stdout == "", what
        assert reason in done.stderr and f"OCM {version} goes on" in done.stderr, (what, done.stderr)
        now = status(ocm)
        assert now["upgrade"]["state"] == "failed" and now["upgrade"]["number"] == number, what
        assert reason in "\n".join(now["upgrade"]["reasons"]) and reason in ocm.log().splitlines()[-1], what
        versions.replace(ocm.programs, name, good)
        assert ocm.workers() == workers
    assert "Upgrade failed" in command(ocm, name="status").stdout
    upgraded(ocm, 1)


def test_a_configuration_that_could_not_be_started_with_leaves_the_old_one_running(installed):
    ocm = installed()
    ocm.tolerate(FAILED)
    path = ocm.directory / "config.json"
    good = path.read_text()
    taken = socket.create_server(("127.0.0.1", 0))
    service = json.loads(good)["services"][0]
    second = json.dumps(service | {"tag": "second", "listen_port": taken.getsockname()[1],
                                   "usages_path": str(ocm.directory / "second.json")})
    elsewhere = json.dumps(service | {"tag": "second", "listen_port": 0, "usages_path": "/nowhere/second.json"})
    cases = [("{", "config.json"),
             (good.replace('"alice"', '"bob"'), "bob"),
             (good.replace(str(ocm.directory / "state"), str(ocm.directory / "other")), "would not find the workers"),
             (good.replace('"services": [', f'"services": [{second}, '), "Address already in use"),
             (good.replace('"services": [', f'"services": [{elsewhere}, '), "/nowhere/second.json"),
             (good.replace(str(ocm.socket_path), "/nowhere/admin.sock"), "/nowhere/admin.sock"),
             (good.replace('"supervisor": {', '"supervisor": {"pricing_path": "/nowhere.json", '), "/nowhere.json")]
    for text, reason in cases:
        path.write_text(text)
        done = command(ocm)
        assert done.returncode == 1 and reason in done.stderr, (reason, done.stderr)
    path.write_text(good)
    upgraded(ocm, 1)
    taken.close()


def test_nothing_is_executed_by_which_workers_could_not_be_found_again(installed):
    ocm = installed()
    ocm.tolerate(FAILED, "a worker could not be taken over", "worker died")
    (place,) = (ocm.directory / "state").glob("workers-*")
    place.rename(ocm.directory / "elsewhere")
    done = command(ocm)
    assert done.returncode == 1 and "would not find the workers" in done.stderr, done.stderr
    # Nor would a worker that starts now be found; it serves all the same.
    shutil.rmtree(ocm.directory / "elsewhere")
    victim = ocm.workers()[0]
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: victim not in ocm.workers() and len(ocm.workers()) == 2, 10, "another worker")
    done = command(ocm)
    assert done.returncode == 1 and "could not be found again" in done.stderr, done.stderr


async def test_the_configuration_may_be_another_file_by_the_same_path(installed):
    """As where a link leads to each version of it: to a kill and to an upgrade it is the same supervisor's."""
    ocm = installed()
    path = ocm.directory / "config.json"
    first, second = ocm.directory / "first.json", ocm.directory / "second.json"
    for copy in (first, second):
        write_private(copy, json.loads(path.read_text()))
    path.unlink()
    path.symlink_to(first)
    upgraded(ocm, 1)
    connection, response = await stream(ocm, events=200, interval=0.02)
    path.unlink()
    path.symlink_to(second)
    upgraded(ocm, 2)
    path.unlink()
    path.symlink_to(first)
    ocm.tolerate(GONE)
    os.kill(ocm.pid, signal.SIGKILL)
    ocm.process.wait()
    path.unlink()  # the harness writes its own
    ocm.start()
    assert b"response.completed" in await rest(connection, response)


@pytest.mark.deadline(60)
async def test_a_drain_has_one_deadline_whoever_asks(installed):
    ocm = installed(supervisor={"drain_timeout": "4s"})
    connection, response = await stream(ocm, events=5000, interval=0.02)
    await asyncio.to_thread(upgraded, ocm, 1)
    deadline, number = time.monotonic() + 5, 1
    while time.monotonic() < deadline:
        number += 1
        await asyncio.to_thread(upgraded, ocm, number)
    with pytest.raises((Ended, asyncio.IncompleteReadError)):
        await asyncio.wait_for(rest(connection, response), 1)


def test_nothing_is_executed_where_workers_could_not_be_found_again(start_ocm):
    ocm = start_ocm(start=False)
    (ocm.directory / "state").write_text("a file")
    ocm.tolerate(FAILED, "workers could not be taken over")
    ocm.start()
    done = command(ocm)
    assert done.returncode == 1 and "could not be found again" in done.stderr, done.stderr
    assert ocm.running and len(ocm.workers()) == 2


async def test_a_reload_after_it_concerns_the_workers_of_before_too(installed):
    """Each of them, and each within a second: a user who is removed loses what is open, another keeps it."""
    ocm = installed()
    removed, kept = await stream(ocm, events=400, interval=0.02), await ocm.connect("bob")
    kept.send(kept.request("POST", "/v1/responses", TURN, [("x-fake", json.dumps({"events": 150, "interval": 0.02}))]))
    response = await kept.head()
    await asyncio.to_thread(upgraded, ocm, 1)
    path = ocm.directory / "config.json"
    configuration = json.loads(path.read_text())
    configuration["services"][0]["users"] = [one for one in configuration["services"][0]["users"] if one["name"] == "bob"]
    path.write_text(json.dumps(configuration))
    result = admin.ask(ocm.socket_path, "POST", "/reload")[2]
    assert (result["outcome"], result["warnings"]) == ("applied", [])
    async with asyncio.timeout(1):
        with pytest.raises((Ended, asyncio.IncompleteReadError)):
            await rest(*removed)
    assert b"response.completed" in await rest(kept, response)


@pytest.fixture
def hanging(directory):
    """A program that does nothing, whatever it is given."""
    path = pathlib.Path(directory) / "hanging"
    subprocess.run([tool("g++"), "-x", "c", "-o", str(path), "-"], check=True, text=True,
                   input="#include <unistd.h>\nint main() { for (;;) pause(); }\n")
    return path.read_bytes()


@pytest.mark.deadline(90)
async def test_whoever_hangs_is_ended(installed, hanging):
    """A new program on trial after 20 s, a new worker after 10 s, and a worker that serves after 30 s: all at once."""
    ocms = [installed(), installed(), installed()]
    began = time.monotonic()

    async def trial(ocm, name, reason):
        ocm.tolerate(FAILED)
        versions.replace(ocm.programs, name, hanging)
        done = await asyncio.to_thread(command, ocm)
        assert done.returncode == 1 and reason in done.stderr, done.stderr
        assert len(proc.children(ocm.pid)) == 2

    async def worker(ocm):
        ocm.tolerate("worker died", "a worker is ended")
        (victim, other) = ocm.workers()
        os.kill(victim, signal.SIGSTOP)
        await eventually_async(lambda: not proc.alive(victim) and len(ocm.workers()) == 2, 45, "another worker")
        assert time.monotonic() - began > 25 and other in ocm.workers()
        crashes = status(ocm)["crashes"]
        assert crashes["last_minute"] == 1 and crashes["pid"] == victim and "ping" in crashes["reason"]

    await asyncio.gather(trial(ocms[0], "ocm-supervisor", "within 20 s"),
                         trial(ocms[1], "ocm-worker", "not ready within 10 s"), worker(ocms[2]))


# What else goes on at that moment.


@pytest.fixture
def small_disk(directory):
    disk = SmallDisk(pathlib.Path(directory) / "small", 256 << 10)
    yield disk
    disk.close()


@pytest.mark.deadline(60)
async def test_a_login_that_is_in_memory_alone_is_not_given_up(installed, small_disk):
    ocm = installed(service={"credential_path": str(small_disk.path / "auth.json")})
    ocm.auth_path = small_disk.path / "auth.json"
    ocm.sign_in()
    ocm.tolerate(FAILED, "token", "login", "credential")
    await eventually_async(lambda: status(ocm)["services"][0]["credential"]["state"] == "valid", 10, "the login")
    small_disk.fill()
    ocm.fake.control(revoke_access=True)
    await ocm.ask("POST", "/v1/responses", TURN)
    await eventually_async(lambda: "unsaved" in status(ocm)["services"][0]["credential"], 10, "tokens in memory alone")
    versions.install(ocm.programs, 1)
    done = await asyncio.to_thread(command, ocm)
    assert done.returncode == 1 and "would be lost" in done.stderr, done.stderr
    small_disk.make_room()
    await eventually_async(lambda: "unsaved" not in status(ocm)["services"][0]["credential"], 20, "the tokens to be saved")
    upgraded(ocm, 1)
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200


@pytest.mark.deadline(60)
async def test_a_refresh_comes_to_its_end_first(installed):
    ocm = installed()
    ocm.tolerate("token", "credential")
    ocm.fake.order(route="token", delay=2)
    ocm.fake.control(revoke_access=True)
    asked = asyncio.create_task(ocm.ask("POST", "/v1/responses", TURN))
    await eventually_async(lambda: status(ocm)["services"][0]["credential"]["state"] == "refreshing", 10, "the refresh")
    before = ocm.auth()["tokens"]["refresh_token"]
    await asyncio.to_thread(upgraded, ocm, 1)
    assert ocm.auth()["tokens"]["refresh_token"] != before, "executed in the middle of the refresh"
    assert (await asked).status in (200, 503)
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    assert ocm.fake.stats()["reused_refresh_tokens"] == 0


@pytest.mark.deadline(60)
async def test_a_reload_and_an_upgrade_at_once_are_both_done(installed):
    ocm = installed()
    configuration = json.loads((ocm.directory / "config.json").read_text())
    for number in range(3):
        configuration["services"][0]["headers"] = {"X-Number": str(number)}
        configuration["supervisor"]["workers"] = 2 + number % 2
        (ocm.directory / "config.json").write_text(json.dumps(configuration))
        ocm.signal(signal.SIGHUP)
        await asyncio.to_thread(upgraded, ocm, number % 2)
        await eventually_async(lambda: len(ocm.workers()) == 2 + number % 2, 20, "the workers")
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200


def test_of_two_at_once_one_is_done(installed):
    ocm = installed()
    version = versions.install(ocm.programs, 1)
    both = [subprocess.Popen([str(binaries() / "ocm-supervisor"), "upgrade", "--socket", str(ocm.socket_path)],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    outcomes = sorted((process.wait(60), process.stderr.read()) for process in both)
    assert outcomes[0][0] == 0
    if outcomes[1][0] != 0:  # else it came when the first was done
        assert "another upgrade is under way" in outcomes[1][1]
    assert status(ocm)["version"] == version
    for process in both:
        process.stdout.close()
        process.stderr.close()


@pytest.mark.deadline(60)
async def test_a_stop_goes_before(installed):
    ocm = installed()
    ocm.tolerate(FAILED)
    connection, response = await stream(ocm, events=100, interval=0.02)
    ocm.signal(signal.SIGTERM)
    await eventually_async(lambda: status(ocm)["state"] == "stopping", 5, "the stop to begin")
    done = await asyncio.to_thread(command, ocm)
    assert done.returncode == 1 and "OCM is stopping" in done.stderr
    assert b"event: response.completed" in await rest(connection, response)
    assert await asyncio.to_thread(ocm.process.wait, 20) == 0


@pytest.mark.deadline(120)
def test_a_sigterm_at_any_moment_of_it_ends_whichever_program_has_the_process(installed):
    generator = random.Random(20261123)
    ocm = installed()
    ocm.tolerate(FAILED)
    for _ in range(counts(6, 60)):
        if not ocm.running:
            ocm.start()
        ocm.signal(signal.SIGUSR2)
        time.sleep(generator.uniform(0, 0.4))  # a random moment is what this is about
        ocm.signal(signal.SIGTERM)
        assert ocm.process.wait(20) == 0, ocm.log()
    ocm.check_log()


@pytest.mark.deadline(240)
async def test_a_kill_at_any_moment_of_it_loses_nothing(installed):
    generator = random.Random(20261123)
    ocm = installed()
    ocm.tolerate(FAILED, GONE, "worker died", "an incomplete record")
    done, stopping = 0, asyncio.Event()

    async def client():
        nonlocal done
        while not stopping.is_set():
            response = await ocm.ask("POST", "/v1/responses", TURN, fake={"events": 5})
            assert response.status == 200 and b"event: response.completed" in response.body
            done += 1

    clients = [asyncio.create_task(client()) for _ in range(5)]
    connection, response = await stream(ocm, events=300, interval=0.02)
    for _ in range(counts(5, 50)):
        seen = done
        ocm.signal(signal.SIGUSR2)
        await asyncio.sleep(generator.uniform(0, 0.4))
        os.kill(ocm.pid, signal.SIGKILL)
        await asyncio.to_thread(ocm.process.wait)
        await asyncio.to_thread(ocm.start)
        await eventually_async(lambda: done > seen + 10, 10, "requests to be answered")
    assert b"event: response.completed" in await rest(connection, response)
    stopping.set()
    await asyncio.gather(*clients)
    stats = ocm.fake.settled()
    ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == done + 1
    assert_equal(ocm.usage(), stats)


# What nobody should do.


def test_what_was_not_handed_over_is_not_taken(start_ocm):
    ocm = start_ocm(start=False)
    for value in ("", "x", "0", "3", "12345678"):
        ocm.start(wait=False, variables={"OCM_HANDOVER": value})
        assert ocm.process.wait(10) == 1
        assert f"OCM_HANDOVER={value} names nothing that was handed over" in ocm.log().splitlines()[-1]


def test_nobody_starts_a_trial_by_hand(start_ocm):
    ocm = start_ocm()
    done = subprocess.run([str(binaries() / "ocm-supervisor"), "run", "--trial", "-c", str(ocm.directory / "config.json")],
                          capture_output=True, text=True, timeout=10)
    assert done.returncode == 64 and "own use" in done.stderr
