"""A slow reader stalls itself and no one else."""

import asyncio
import json
import os
import time

import pytest

from harness import counts, proc
from harness.waiting import eventually_async, every

SLOW = FAST = counts(20, 100)
SECONDS = counts(8, 60)
ANSWER = 64 << 20
HELD = 256 << 10  # what a worker may hold for one client
TURN = {"model": "gpt-5.5", "stream": True}


async def begin(ocm, user, **options):
    connection = await ocm.connect(user, **options)
    connection.send(connection.request("POST", "/v1/responses", TURN, [
        ("x-fake", json.dumps({"total_bytes": ANSWER, "event_bytes": 16000}))]))
    return connection


async def fast(ocm, seconds):
    """Bytes that FAST clients get in a while, all together, an answer after another."""
    until, total = time.monotonic() + seconds, 0

    async def client():
        nonlocal total
        while time.monotonic() < until:
            connection = await begin(ocm, "alice")
            try:
                while time.monotonic() < until and (data := await connection.reader.read(1 << 18)):
                    total += len(data)
                    if data.endswith(b"0\r\n\r\n"):
                        break
            finally:
                connection.close()

    await asyncio.gather(*(client() for _ in range(FAST)))
    return total


async def slow_reader(connection):
    """One byte a second: taken from a reader that takes no more than that from the socket."""
    connection.writer.transport.pause_reading()
    number = connection.writer.get_extra_info("socket").fileno()

    def take():
        try:
            os.read(number, 1)
        except BlockingIOError:
            pass

    await every(1, take)


@pytest.mark.deadline(counts(120, 300))
async def test_slow_readers_stall_only_themselves(start_ocm):
    ocm = start_ocm(workers=1, timeouts={"write_stall": "10m"}, supervisor={"stop_timeout": "500ms"})
    (worker,) = ocm.workers()
    await fast(ocm, 1)
    before_them = await fast(ocm, SECONDS)
    idle = proc.resident(worker)

    readers, connections = [], []
    try:
        for _ in range(SLOW):
            connection = await begin(ocm, "bob", receive_buffer=4096)
            connections.append(connection)
            readers.append(asyncio.create_task(slow_reader(connection)))

        def slow_ones():
            return [r for r in ocm.fake.records() if r["user"] == "bob"]

        await eventually_async(lambda: len(slow_ones()) == SLOW and all(r["blocked"] > 0.5 for r in slow_ones()), 30,
                               "the fake API's writes to the slow clients to block")
        held = proc.resident(worker) - idle
        before = {r["id"]: r["sent"] for r in slow_ones()}
        beside = await fast(ocm, SECONDS)
        held = max(held, proc.resident(worker) - idle)
        after = {r["id"]: r["sent"] for r in slow_ones()}
        assert all(r["blocked"] >= SECONDS and not r["ended"] for r in slow_ones())
    finally:
        for task in readers:
            task.cancel()
        for connection in connections:
            connection.writer.transport.abort()
    # Other load on the machine comes and goes: what the fast get alone is looked at on both sides.
    alone = min(before_them, await fast(ocm, SECONDS))
    print(f"fast clients: {alone / SECONDS / 1e6:.0f} MB/s alone, {beside / SECONDS / 1e6:.0f} MB/s beside the slow; "
          f"held for {SLOW} slow: {held / 1024:.0f} KiB")
    assert held <= SLOW * HELD, f"{held / SLOW / 1024:.0f} KiB for each slow client"
    assert all(after[n] - before[n] <= HELD + SECONDS for n in after), "the API's writes to the slow went on"
    assert beside >= 0.9 * alone, f"{beside / alone:.0%} of what the fast clients get alone"
