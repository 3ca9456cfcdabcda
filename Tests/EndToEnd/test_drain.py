"""A drain: no more is accepted, what is open is finished, and the supervisor ends."""

import asyncio
import json
import signal
import subprocess
import time

import pytest

from harness import admin
from harness.http import Connection
from harness.ocm import binaries
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
    assert 1.5 < time.monotonic() - start < 8
    assert result.returncode == 1
    assert json.loads(result.stdout) == {"outcome": "cut", "cut": 1}
    connection.close()
    await ended(ocm)


async def test_a_signal_shortens_a_drain_and_another_ends_it(start_ocm):
    for signals, most in ((1, 6), (2, 3)):
        ocm = start_ocm(supervisor={"drain_timeout": "5m", "stop_timeout": "2s" if signals == 1 else "4m"})
        connection, _ = await stream(ocm, events=1000, interval=0.05)
        assert admin.ask(ocm.socket_path, "POST", "/drain")[0] == 200
        start = time.monotonic()
        ocm.signal(signal.SIGTERM)
        await eventually_async(lambda: "stopping" in ocm.log(), 5, "the signal to be seen")
        if signals == 2:
            ocm.signal(signal.SIGTERM)
        await asyncio.to_thread(ocm.process.wait, 20)
        assert time.monotonic() - start < most
        assert ocm.process.returncode == 0
        connection.close()


async def test_nothing_to_finish_is_no_wait(start_ocm):
    ocm = start_ocm()
    start = time.monotonic()
    result = command("drain", "-c", ocm.directory / "config.json")
    assert result.returncode == 0 and time.monotonic() - start < 5
    await ended(ocm)


async def test_the_supervisor_of_another_configuration_is_left_alone(start_ocm):
    ocm = start_ocm(supervisor={"admin_socket": None}, start=False)
    del ocm.configuration["supervisor"]["admin_socket"]
    directory = ocm.directory / "runtime"
    directory.mkdir()
    ocm.start(variables={"RUNTIME_DIRECTORY": str(directory)})
    other = ocm.directory / "other.json"
    other.write_text(json.dumps(ocm.configuration))
    for name in ("reload", "drain"):
        result = subprocess.run(
            [str(binaries() / "ocm-supervisor"), name, "-c", str(other)], capture_output=True, text=True, timeout=30,
            cwd="/", env={"HOME": "/nonexistent", "PATH": "/usr/bin", "RUNTIME_DIRECTORY": str(directory)})
        assert result.returncode == 1 and "no supervisor answers" in result.stderr, result
    assert ocm.running and admin.status(directory / "admin.sock")["state"] == "serving"
