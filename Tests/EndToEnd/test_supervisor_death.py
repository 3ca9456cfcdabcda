"""A supervisor that is killed: its workers serve on, count on, and hand all over to the next one."""

import asyncio
import json
import os
import signal
import socket
import stat

import pytest

from harness import counts, proc
from harness.admin import ask
from harness.usage import assert_equal
from harness.waiting import eventually, eventually_async

TURN = {"model": "gpt-5.5", "stream": True}
EXPECTED = "the supervisor is gone: serving on"


def kill_supervisor(ocm):
    """Its workers, which it leaves behind."""
    workers = ocm.workers()
    os.kill(ocm.pid, signal.SIGKILL)
    ocm.process.wait()
    return workers


async def stream(ocm, **fake):
    connection = await ocm.connect()
    connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", json.dumps(fake))]))
    return connection, await connection.head()


async def rest(connection, response):
    async for part in connection.parts(response):
        response.body += part
    connection.close()
    return response.body


@pytest.mark.deadline(60)
async def test_nothing_fails_and_everything_is_counted_when_the_supervisor_is_killed_and_comes_back(start_ocm):
    ocm = start_ocm()
    ocm.tolerate(EXPECTED)
    streams = [await stream(ocm, events=200, interval=0.02) for _ in range(20)]
    for _ in range(10):
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    orphans = kill_supervisor(ocm)
    for _ in range(20):
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    ocm.start()
    assert not set(orphans) & set(ocm.workers())
    for _ in range(10):
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    for connection, response in streams:
        assert b"event: response.completed" in await rest(connection, response)
    await eventually_async(lambda: not any(proc.alive(pid) for pid in orphans), 10, "the old workers to end")
    stats = ocm.fake.settled()
    ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == 60
    assert_equal(ocm.usage(), stats)


@pytest.mark.deadline(300)
async def test_requests_go_on_while_the_supervisor_is_killed_again_and_again(start_ocm):
    ocm = start_ocm()
    ocm.tolerate(EXPECTED)
    done = 0
    stopping = asyncio.Event()

    async def client():
        nonlocal done
        while not stopping.is_set():
            response = await ocm.ask("POST", "/v1/responses", TURN, fake={"events": 5})
            assert response.status == 200 and b"event: response.completed" in response.body
            done += 1

    clients = [asyncio.create_task(client()) for _ in range(10)]
    for _ in range(counts(4, 30)):
        start = done
        await eventually_async(lambda: done > start + 30, 10, "requests to be answered")
        kill_supervisor(ocm)
        start = done
        await eventually_async(lambda: done > start + 30, 10, "requests to be answered without a supervisor")
        await asyncio.to_thread(ocm.start)
    stopping.set()
    await asyncio.gather(*clients)
    stats = ocm.fake.settled()
    ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == done
    assert_equal(ocm.usage(), stats)


@pytest.mark.deadline(60)
async def test_a_stop_finishes_what_the_workers_of_an_earlier_supervisor_have_open(start_ocm):
    ocm = start_ocm(supervisor={"stop_timeout": "20s"})
    ocm.tolerate(EXPECTED)
    connection, response = await stream(ocm, events=150, interval=0.02)
    kill_supervisor(ocm)
    ocm.start()
    listeners = ask(ocm.socket_path)[2]["services"][0]["listeners"]
    assert listeners == [{"address": "127.0.0.1", "port": ocm.port}]
    ocm.signal(signal.SIGTERM)
    assert b"event: response.completed" in await rest(connection, response)
    stats = ocm.fake.settled()
    await asyncio.to_thread(ocm.process.wait, 20)
    assert ocm.process.returncode == 0
    ocm.check_log()
    assert_equal(ocm.usage(), stats)


@pytest.mark.deadline(60)
async def test_whoever_connects_to_a_worker_and_goes_ends_nothing(start_ocm):
    ocm = start_ocm(workers=1)
    ocm.tolerate(EXPECTED)
    connection, response = await stream(ocm, events=150, interval=0.02)
    kill_supervisor(ocm)
    (name,) = (ocm.directory / "state").glob("workers-*/*")
    for _ in range(3):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as other:
            other.settimeout(5)
            other.connect(str(name))
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    ocm.start()
    assert b"event: response.completed" in await rest(connection, response)


@pytest.mark.deadline(60)
async def test_a_worker_without_a_supervisor_that_is_killed_leaves_the_address_to_the_next(start_ocm):
    ocm = start_ocm(workers=1)
    ocm.tolerate(EXPECTED)
    (orphan,) = kill_supervisor(ocm)
    os.kill(orphan, signal.SIGKILL)
    eventually(lambda: not proc.alive(orphan), 5, "its end")
    ocm.start()
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200


@pytest.mark.deadline(60)
async def test_a_worker_without_a_supervisor_that_hangs_is_ended(start_ocm):
    ocm = start_ocm(workers=1)
    ocm.tolerate(EXPECTED)
    (orphan,) = kill_supervisor(ocm)
    os.kill(orphan, signal.SIGSTOP)
    ocm.tolerate("a worker of an earlier supervisor is ended")
    ocm.start()
    assert not proc.alive(orphan)
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200


def test_only_the_supervisors_user_can_reach_its_workers(start_ocm):
    ocm = start_ocm()
    state = ocm.directory / "state"
    (directory,) = state.iterdir()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    sockets = list(directory.iterdir())
    assert len(sockets) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in sockets} == {0o600}
    ocm.stop()
    assert list(directory.iterdir()) == []


def test_a_second_supervisor_with_the_same_configuration_takes_nothing_from_the_first(start_ocm):
    ocm = start_ocm()
    workers = ocm.workers()
    second = ocm.__class__.__new__(ocm.__class__)
    second.__dict__.update(ocm.__dict__)
    second.log_path = ocm.directory / "log.second"
    second.configuration = json.loads(json.dumps(ocm.configuration))
    second.configuration["services"][0] |= {"listen_port": 0, "usages_path": ""}
    second.configuration["supervisor"]["admin_socket"] = str(ocm.directory / "admin.second")
    second.start(wait=False)
    try:
        eventually(lambda: "another supervisor runs" in second.log(), 10, "the warning")
        assert ocm.workers() == workers
    finally:
        second.signal(signal.SIGTERM)
        second.process.wait(10)
