"""The programs as processes: one thread each, a worker that dies harms no other, SIGTERM ends everything well."""

import asyncio
import json
import os
import pathlib
import shutil
import signal

import pytest

from harness import counts, proc
from harness.http import Ended
from harness.ocm import binaries
from harness.tools import tool
from harness.usage import assert_equal
from harness.waiting import eventually, eventually_async, every

TURN = {"model": "gpt-5.5", "stream": True}


async def stream(ocm, user="alice", **fake):
    """A stream that has begun: (connection, response)."""
    connection = await ocm.connect(user)
    connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", json.dumps(fake))]))
    return connection, await connection.head()


async def rest(connection, response):
    async for part in connection.parts(response):
        response.body += part
    return response


def worker_of(ocm, connection):
    """The worker that holds the other end of a connection."""
    own = connection.writer.get_extra_info("sockname")[1]
    inodes = set()
    for line in open("/proc/net/tcp"):
        fields = line.split()
        if fields[1].endswith(f":{ocm.port:04X}") and fields[2].endswith(f":{own:04X}"):
            inodes.add(f"socket:[{fields[9]}]")
    for pid in ocm.workers():
        for number in os.listdir(f"/proc/{pid}/fd"):
            try:
                if os.readlink(f"/proc/{pid}/fd/{number}") in inodes:
                    return pid
            except OSError:
                pass
    return None


@pytest.mark.deadline(90)
async def test_each_process_has_one_thread_under_load(start_ocm):
    ocm = start_ocm()
    seen = []

    pids = [ocm.pid, *ocm.workers()]
    watcher = asyncio.create_task(every(0.01, lambda: seen.append({proc.threads(pid) for pid in pids})))
    left = iter(range(counts(400, 4000)))

    async def client():
        for n in left:
            await ocm.ask("POST", "/v1/responses", TURN, fake={"events": 5, "interval": 0.002 if n % 3 else 0})

    await asyncio.gather(*(client() for _ in range(50)))
    watcher.cancel()
    assert len(seen) > 10
    assert set().union(*seen) == {1}


async def test_connections_that_come_one_by_one_are_shared_between_the_workers(start_ocm):
    ocm = start_ocm()
    streams = [await stream(ocm, linger=-1) for _ in range(40)]
    owners = [worker_of(ocm, connection) for connection, _ in streams]
    for connection, _ in streams:
        connection.close()
    shares = [owners.count(pid) for pid in ocm.workers()]
    assert sum(shares) == 40 and min(shares) >= 10, shares


@pytest.mark.deadline(90)
async def test_a_worker_that_is_killed_is_replaced_and_the_others_streams_go_on(start_ocm):
    ocm = start_ocm()
    ocm.tolerate(r"(?i)worker")
    # One after the other: a burst may go to one worker.
    streams = [await stream(ocm, events=500, interval=0.02) for _ in range(24)]
    owners = [worker_of(ocm, connection) for connection, _ in streams]
    assert None not in owners
    victim = owners[0]
    assert set(owners) == set(ocm.workers()), "one worker has all the connections"
    before = ocm.workers()
    os.kill(victim, signal.SIGKILL)
    await eventually_async(lambda: victim not in ocm.workers() and len(ocm.workers()) == len(before), 5,
                           "a new worker")
    for (connection, response), owner in zip(streams, owners):
        if owner == victim:
            with pytest.raises((Ended, asyncio.IncompleteReadError, ConnectionError)):
                await rest(connection, response)
        else:
            await rest(connection, response)
            assert b"event: response.completed" in response.body
        connection.close()
    for _ in range(20):
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200


@pytest.mark.deadline(90)
async def test_requests_go_on_while_workers_are_killed(start_ocm):
    ocm = start_ocm()
    ocm.tolerate(r"(?i)worker")
    done = failed = 0
    stopping = asyncio.Event()

    async def client():
        nonlocal done, failed
        while not stopping.is_set():
            try:
                response = await ocm.ask("POST", "/v1/responses", TURN)
                assert response.status == 200
                done += 1
            except (Ended, ConnectionError):
                failed += 1

    clients = [asyncio.create_task(client()) for _ in range(10)]
    for _ in range(3):
        start, before = done, ocm.workers()
        await eventually_async(lambda: done > start + 20, 10, "requests to be answered")
        os.kill(before[0], signal.SIGKILL)
        await eventually_async(lambda: before[0] not in ocm.workers() and len(ocm.workers()) == 2, 10, "a new worker")
    start = done
    await eventually_async(lambda: done > start + 20, 10, "requests to be answered")
    stopping.set()
    await asyncio.gather(*clients)
    assert failed <= 3 * 10


async def test_usage_of_a_worker_that_was_killed_after_its_answers_is_kept(start_ocm):
    ocm = start_ocm()
    ocm.tolerate(r"(?i)worker")
    for n in range(60):
        response = await ocm.ask("POST", "/v1/responses", TURN, user="alice" if n % 2 else "bob")
        assert response.status == 200
    for pid in ocm.workers():
        os.kill(pid, signal.SIGKILL)
    stats = ocm.fake.settled()
    eventually(lambda: len(ocm.workers()) == 2, 5, "new workers")
    ocm.wait_ready()
    ocm.stop()
    assert_equal(ocm.usage(), stats)


async def test_sigterm_lets_streams_finish_and_counts_them(start_ocm):
    ocm = start_ocm(supervisor={"stop_timeout": "20s"})
    streams = [await stream(ocm, events=60, interval=0.01) for _ in range(10)]
    ocm.signal(signal.SIGTERM)
    for connection, response in streams:
        await rest(connection, response)
        assert b"event: response.completed" in response.body
        connection.close()
    stats = ocm.fake.settled()
    await eventually_async(lambda: not ocm.running, 10, "the end")
    assert ocm.process.returncode == 0
    ocm.check_log()
    assert_equal(ocm.usage(), stats)


async def test_sigterm_cuts_streams_at_the_stop_deadline(start_ocm):
    ocm = start_ocm(supervisor={"stop_timeout": "500ms"})
    connection, response = await stream(ocm, events=100000, interval=0.01)
    ocm.signal(signal.SIGTERM)
    with pytest.raises((Ended, asyncio.IncompleteReadError, ConnectionError)):
        await asyncio.wait_for(rest(connection, response), 10)
    connection.close()
    await eventually_async(lambda: not ocm.running, 10, "the end")
    assert ocm.process.returncode == 0


async def test_a_second_signal_ends_what_the_first_would_have_finished(start_ocm):
    ocm = start_ocm(supervisor={"stop_timeout": "60s"})
    ocm.tolerate(r"worker died")
    connection, response = await stream(ocm, events=100000, interval=0.01)
    ocm.signal(signal.SIGTERM)
    await eventually_async(lambda: '"stopping"' in ocm.log(), 5, "the first signal to be taken")
    ocm.signal(signal.SIGTERM)
    await eventually_async(lambda: not ocm.running, 5, "the end")
    assert ocm.process.returncode == 0
    ocm.check_log()
    with pytest.raises((Ended, asyncio.IncompleteReadError, ConnectionError)):
        await rest(connection, response)
    connection.close()


def test_a_signal_during_the_start_ends_it(start_ocm, directory, monkeypatch):
    shutil.copy(binaries() / "ocm-supervisor", directory)
    worker = pathlib.Path(directory) / "ocm-worker"
    worker.write_text("no program\n")
    worker.chmod(0o755)
    monkeypatch.setenv("OCM_BIN_DIR", directory)
    ocm = start_ocm(start=False)
    ocm.tolerate("a worker can't be started")
    ocm.start(wait=False)
    eventually(lambda: "a worker can't be started" in ocm.log(), 5, "the start")
    ocm.signal(signal.SIGTERM)
    assert ocm.process.wait(5) == 0
    ocm.check_log()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)
def test_an_idle_supervisor_ends_at_once(start_ocm, number):
    ocm = start_ocm()
    workers = ocm.workers()
    ocm.signal(number)
    assert ocm.process.wait(5) == 0
    assert not any(proc.alive(pid) for pid in workers)


def test_a_supervisor_that_is_killed_leaves_no_worker_behind_for_ever(start_ocm):
    """They serve on for half a minute, in which a new supervisor may claim them."""
    ocm = start_ocm()
    workers = ocm.workers()
    os.kill(ocm.pid, signal.SIGKILL)
    ocm.process.wait()
    eventually(lambda: not any(proc.alive(pid) for pid in workers), 45, "the orphans to go")


async def test_descriptors_do_not_leak(start_ocm):
    ocm = start_ocm(workers=1, timeouts={"idle": "200ms"})
    ocm.tolerate("the response was cut off")
    (worker,) = ocm.workers()
    await ocm.ask("POST", "/v1/responses", TURN)
    before = proc.descriptors(worker)

    async def client(n):
        fake = [{}, {"cut_after_events": 3}, {"linger": -1}, {"status": 500}][n % 4]
        connection, response = await stream(ocm, **fake)
        try:
            if "linger" not in fake:
                await rest(connection, response)
        except (Ended, asyncio.IncompleteReadError, ConnectionError):
            pass
        connection.close()

    for _ in range(5):
        await asyncio.gather(*(client(n) for n in range(40)))
    ocm.fake.control(drop_idle=True)
    await eventually_async(lambda: proc.descriptors(worker) <= before, 10,
                           f"{proc.descriptors(worker)} descriptors to become {before}")


async def test_a_worker_has_no_secret_in_its_environment_or_arguments(start_ocm):
    ocm = start_ocm()
    await ocm.ask("POST", "/v1/responses", TURN)
    for pid in [ocm.pid, *ocm.workers()]:
        for name in ("environ", "cmdline"):
            text = open(f"/proc/{pid}/{name}", "rb").read().decode(errors="replace")
            assert not [s for s in ocm.secrets if s in text]


async def test_a_log_file_that_may_grow_no_more_stops_nobody(start_ocm):
    ocm = start_ocm(start=False)
    log = ocm.directory / "ocm.log"
    ocm.configuration["log"]["output"] = str(log)
    ocm.launcher = [tool("prlimit", "util-linux"), "--fsize=8192"]
    ocm.start()
    for _ in range(50):
        assert (await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5"})).status == 200
    assert log.stat().st_size == 8192
    ocm.signal(signal.SIGHUP)
    assert (await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5"})).status == 200
    ocm.stop()
