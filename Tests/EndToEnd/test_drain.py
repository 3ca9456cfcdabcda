"""A drain: no more is accepted, what is open is finished, and the supervisor ends."""

import asyncio
import json
import signal
import subprocess
import time

import pytest

from harness import admin
from harness.http import Connection
from harness.ocm import binaries, write_private
from harness.reload import command
from harness.waiting import eventually_async

TURN = {"model": "gpt-5.5", "stream": True}


async def stream(ocm, **fake):
    connection = await ocm.connect()
    connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", json.dumps(fake))]))
    return connection, await connection.head()


async def rest(connection, response):
    async for part in connection.parts(response):
        response.body += part
    connection.close()
    return response.body


async def ended(ocm):
    await asyncio.to_thread(ocm.process.wait, 20)
    assert ocm.process.returncode == 0
    ocm.check_log()


async def test_what_is_open_is_finished_while_nobody_else_gets_in(start_ocm):
    ocm = start_ocm(supervisor={"drain_timeout": "20s", "stop_timeout": "1s"})
    streams = [await stream(ocm, events=100, interval=0.02) for _ in range(3)]
    code, _, status = admin.ask(ocm.socket_path, "POST", "/drain")
    assert code == 200 and status["state"] == "draining" and status["deadline"]

    def progress():
        status = admin.status(ocm.socket_path)
        return all(worker["state"] == "draining" and worker.get("deadline") for worker in status["workers"]) \
            and sum(worker.get("exchanges", 0) for worker in status["workers"]) == 3

    await eventually_async(progress, 5, "the workers to say what is open")
    assert "Open: 3 requests on 3 connections; what is left is cut in " in \
        command("status", "--socket", ocm.socket_path).stdout
    with pytest.raises(ConnectionRefusedError):
        await Connection.open(ocm.port)
    for one in streams:
        assert b"event: response.completed" in await rest(*one)
    await ended(ocm)


async def test_the_command_waits_and_tells_what_is_open(start_ocm):
    ocm = start_ocm(supervisor={"drain_timeout": "20s"})
    one = await stream(ocm, events=100, interval=0.02)
    told = asyncio.create_task(asyncio.to_thread(command, "drain", "--socket", ocm.socket_path))
    assert b"event: response.completed" in await rest(*one)
    result = await told
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert any(line.startswith("Open: 1 request on 1 connection; what is left is cut in ") for line in lines), lines
    assert lines[-1] == "All is finished; the supervisor has ended."
    await ended(ocm)


async def test_what_is_not_finished_in_time_is_cut_and_the_command_says_so(start_ocm):
    ocm = start_ocm(supervisor={"drain_timeout": "2s"})
    connection, response = await stream(ocm, events=1000, interval=0.05)
    start = time.monotonic()
    result = await asyncio.to_thread(command, "drain", "--socket", ocm.socket_path, "--json")
    assert time.monotonic() - start >= 2, "what is open has the whole time"
    assert result.returncode == 1
    assert json.loads(result.stdout) == {"outcome": "cut", "cut": 1}
    connection.close()
    await ended(ocm)


async def drain_under_way(ocm, count=2):
    """Streams that outlast the test, and the command that waits for their end, which has seen them."""
    streams = [await stream(ocm, events=5000, interval=0.05) for _ in range(count)]
    told = asyncio.create_task(asyncio.to_thread(command, "drain", "--socket", ocm.socket_path, "--json"))

    def open_requests():
        return sum(worker.get("exchanges", 0) for worker in admin.status(ocm.socket_path)["workers"])

    await eventually_async(lambda: '"draining"' in ocm.log(), 10, "the drain to begin")
    await eventually_async(lambda: open_requests() == count, 10, "the workers to say what is open")
    return streams, told


@pytest.mark.parametrize("signals", [1, 2])
async def test_a_signal_shortens_a_drain_and_another_ends_it(start_ocm, signals):
    ocm = start_ocm(supervisor={"drain_timeout": "5m", "stop_timeout": "2s" if signals == 1 else "4m"})
    streams, told = await drain_under_way(ocm)
    ocm.signal(signal.SIGTERM)
    await eventually_async(lambda: '"stopping"' in ocm.log(), 5, "the signal to be seen")
    if signals == 2:
        ocm.signal(signal.SIGTERM)
    await asyncio.to_thread(ocm.process.wait, 20)
    assert ocm.process.returncode == 0
    result = await told
    assert (result.returncode, json.loads(result.stdout)) == (1, {"outcome": "cut", "cut": 2})
    for connection, _ in streams:
        connection.close()


async def test_a_supervisor_that_is_killed_has_not_finished(start_ocm):
    ocm = start_ocm(supervisor={"drain_timeout": "5m"})
    streams = [await stream(ocm, events=5000, interval=0.05) for _ in range(2)]
    told = await asyncio.create_subprocess_exec(
        binaries() / "ocm-supervisor", "drain", "--socket", ocm.socket_path, stdout=subprocess.PIPE)
    while not (line := await told.stdout.readline()).startswith(b"Open: 2 requests"):
        assert line
    ocm.signal(signal.SIGKILL)
    last = (await told.communicate())[0].decode().splitlines()[-1]
    assert told.returncode == 1 and "without a word" in last and "2 requests were open" in last, last
    for connection, _ in streams:
        connection.close()


async def test_who_waits_and_is_turned_away_asks_again(start_ocm):
    ocm = start_ocm(supervisor={"drain_timeout": "5m", "stop_timeout": "1s"})
    streams, told = await drain_under_way(ocm, 1)
    # More connections than the socket has room for: the one that waits is the oldest, and gives way.
    others = [admin.connect(ocm.socket_path) for _ in range(20)]
    await asyncio.to_thread(lambda: [other.recv(1) for other in others[:4]])
    for other in others:
        other.close()
    assert admin.status(ocm.socket_path)["state"] == "draining" and not told.done()
    ocm.signal(signal.SIGTERM)
    result = await told
    assert (result.returncode, json.loads(result.stdout)) == (1, {"outcome": "cut", "cut": 1})
    await ended(ocm)
    streams[0][0].close()


async def test_nothing_to_finish_is_no_wait(start_ocm):
    ocm = start_ocm()
    result = await asyncio.to_thread(command, "drain", "-c", ocm.directory / "config.json")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "All is finished; the supervisor has ended."
    await ended(ocm)


async def test_who_waits_is_answered_at_the_end(start_ocm):
    ocm = start_ocm(supervisor={"drain_timeout": "20s"})
    assert admin.ask(ocm.socket_path, "POST", "/drain?wait=no")[0] == 400
    one = await stream(ocm, events=20, interval=0.02)
    told = asyncio.create_task(asyncio.to_thread(admin.ask, ocm.socket_path, "POST", "/drain?wait=true"))
    assert b"event: response.completed" in await rest(*one)
    code, _, answer = await told
    assert (code, answer) == (200, {"outcome": "finished", "cut": 0})
    await ended(ocm)


async def test_the_supervisor_of_another_configuration_is_left_alone(start_ocm):
    ocm = start_ocm(supervisor={"admin_socket": None}, start=False)
    del ocm.configuration["supervisor"]["admin_socket"]
    directory = ocm.directory / "runtime"
    directory.mkdir()
    ocm.start(variables={"RUNTIME_DIRECTORY": str(directory)})
    other = ocm.directory / "other.json"
    write_private(other, ocm.configuration)
    for name in ("reload", "drain"):
        result = subprocess.run(
            [str(binaries() / "ocm-supervisor"), name, "-c", str(other)], capture_output=True, text=True, timeout=30,
            cwd="/", env={"HOME": "/nonexistent", "PATH": "/usr/bin", "RUNTIME_DIRECTORY": str(directory)})
        assert result.returncode == 1 and "no supervisor answers" in result.stderr, result
    assert ocm.running and admin.status(directory / "admin.sock")["state"] == "serving"
