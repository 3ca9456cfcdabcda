"""One worker holds thousands of open streams: an event reaches every one of them, and a waiting one costs little."""

import asyncio
import json

import pytest

from harness import counts, proc

STREAMS = counts(500, 9000)
SILENCE = counts(5, 60)  # seconds that all streams are open together
TURN = {"model": "gpt-5.5", "stream": True}


@pytest.mark.deadline(counts(60, 300))
async def test_streams_by_the_thousand_are_served_by_one_worker(start_ocm):
    ocm = start_ocm(workers=1, start=False)
    ocm.start(descriptors=20_000)
    (worker,) = ocm.workers()
    for _ in range(20):
        await ocm.ask("POST", "/v1/responses", TURN)
    idle = proc.proportional(worker)
    order = json.dumps({"stall_after_events": 5, "stall": SILENCE})
    gate = asyncio.Semaphore(100)
    silent = 0
    all_silent = asyncio.Event()

    async def stream(n):
        nonlocal silent
        async with gate:
            connection = await ocm.connect("alice" if n % 2 else "bob")
            connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", order)]))
            response = await connection.head()
            parts = connection.parts(response)
            async for part in parts:
                response.body += part
                if response.body.count(b"\n\n") == 5:
                    break
        silent += 1
        if silent == STREAMS:
            all_silent.set()
        async for part in parts:
            response.body += part
        connection.close()
        return response.body

    streams = [asyncio.create_task(stream(n)) for n in range(STREAMS)]
    await all_silent.wait()
    sockets, used = proc.descriptors(worker), proc.proportional(worker) - idle
    active = ocm.fake.stats()["active"]
    bodies = await asyncio.gather(*streams)
    print(f"{STREAMS} streams: {sockets} descriptors, {used / STREAMS / 1024:.1f} KiB each")
    assert active == STREAMS and sockets >= 2 * STREAMS
    assert all(b"event: response.completed" in body for body in bodies)
    assert used / STREAMS < 16 * 1024, f"{used / STREAMS:.0f} bytes for each stream"
