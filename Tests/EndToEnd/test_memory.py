"""A worker's memory does not grow with what passes through it."""

import asyncio
import json

import pytest

from harness import counts, proc
from harness.waiting import every

MEGABYTE = 1 << 20
BOUND = 8 * MEGABYTE
BEGIN = b'{"model":"gpt-5.5","stream":true'


class Watch:
    """The largest resident size seen of some processes, above what they had at the start."""

    def __init__(self, pids):
        self.pids = pids
        self.idle = {pid: proc.resident(pid) for pid in pids}
        self.growth = 0

    async def __aenter__(self):
        self.task = asyncio.create_task(every(0.02, self._look))
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        self._look()
        print(f"{self.growth / MEGABYTE:.1f} MiB above idle")

    def _look(self):
        self.growth = max(self.growth, *(proc.resident(pid) - self.idle[pid] for pid in self.pids))


async def warmed(start_ocm, **settings):
    ocm = start_ocm(workers=1, **settings)
    for _ in range(20):
        await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True})
    return ocm


async def drained(connection, response):
    size = 0
    async for part in connection.parts(response):
        size += len(part)
    return size


@pytest.mark.deadline(120)
@pytest.mark.parametrize("stream", [True, False], ids=["event", "body"])
async def test_an_answer_of_200_mb_passes_in_8_mb(start_ocm, stream):
    ocm = await warmed(start_ocm)
    size = counts(200, 200) * 1_000_000
    async with Watch([ocm.pid, *ocm.workers()]) as watch, await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", {"model": "gpt-5.5", "stream": stream},
                                           [("x-fake", json.dumps({"huge": size}))]))
        assert await drained(connection, await connection.head()) > size
    assert watch.growth < BOUND, f"{watch.growth / MEGABYTE:.1f} MiB above idle"
    stats = ocm.fake.settled()
    ocm.stop()
    assert sum(r["total"]["request_count"] for r in ocm.usage()["combinations"]) == 21
    assert sum(r["total"]["input_tokens"] for r in ocm.usage()["combinations"]) == \
        sum(row["input_tokens"] for row in stats["usage"])


@pytest.mark.deadline(120)
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_a_request_body_of_100_mb_passes_in_8_mb(start_ocm, chunked):
    """Above limits.replay_body nothing of a body is kept: with 1 MiB here, what is kept stays out of the figure."""
    ocm = await warmed(start_ocm, limits={"replay_body": MEGABYTE})
    pieces = [BEGIN.ljust(1_000_000)] + [b" " * 1_000_000] * 98 + [b"}".rjust(1_000_000)]
    size = sum(map(len, pieces))
    framing = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(size))
    async with Watch([ocm.pid, *ocm.workers()]) as watch, await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", fields=[framing]))
        for piece in pieces:
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            await connection.sent()
        if chunked:
            connection.send(b"0\r\n\r\n")
        response = await connection.response()
    assert ocm.fake.record(response)["body_length"] == size
    assert watch.growth < BOUND, f"{watch.growth / MEGABYTE:.1f} MiB above idle"


@pytest.mark.deadline(120)
async def test_an_api_that_takes_no_body_is_not_read_into_memory(start_ocm):
    ocm = await warmed(start_ocm, limits={"replay_body": MEGABYTE}, timeouts={"body_stall": "30s"})
    async with Watch([ocm.pid, *ocm.workers()]) as watch, await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", fields=[
            ("Content-Length", "100000000"),
            ("x-fake", json.dumps({"early": True, "read_body": False, "delay": 2, "keep_alive": False}))]))
        connection.send(BEGIN)
        sent = 0
        try:
            async with asyncio.timeout(1.5):
                while True:
                    connection.send(b" " * 100_000)
                    sent += 100_000
                    await connection.sent()
        except TimeoutError:
            connection.reset()
        assert sent < 40_000_000, "the body went somewhere, though the API took none of it"
    assert watch.growth < BOUND, f"{watch.growth / MEGABYTE:.1f} MiB above idle"
