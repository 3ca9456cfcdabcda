"""Whatever one address floods the service with, a well-behaved client of another one meets no error, and memory stays
bounded and comes back. Tests/Benchmarks/floods.py measures what else it meets, beside nginx."""

import asyncio
import contextlib
import os
import time

import pytest

from harness import counts, proc
from harness.floods import FLOODER, Api, Flooder, Memory, Witness, settled
from harness.http import Connection, Ended
from harness.ocm import free_port
from harness.waiting import eventually, eventually_async, every

MEGABYTE = 1 << 20
TURN = {"model": "gpt-5.5", "input": "hi"}
WHOLE = 256 * MEGABYTE  # what the whole service may take under a flood
LASTING = 4 * MEGABYTE  # what may be left of it afterwards
CONNECTIONS = counts(1000, 4000)
SECONDS = counts(1.5, 60)

FLOODS = {
    "slow_heads": lambda flooder: flooder.slow_heads(CONNECTIONS),
    "slow_bodies": lambda flooder: flooder.slow_bodies(CONNECTIONS),
    "slow_readers": lambda flooder: flooder.slow_readers(CONNECTIONS),
    "wrong_tokens": lambda flooder: flooder.requests(token=False),
    "requests": lambda flooder: flooder.requests(),
    "pipelined": lambda flooder: flooder.requests(50, 100),
}


@pytest.fixture
def flooded(start_ocm, directory):
    """An OCM before an API that no flood overwhelms, and who floods it."""
    with contextlib.ExitStack() as stack:
        def make(**settings):
            fake = start_ocm.fake("--no-check")
            api = Api(directory, free_port(), fake.port)
            stack.callback(api.stop)
            ocm = start_ocm(start=False, **settings)
            endpoints = ocm.configuration["supervisor"]["endpoints"]
            endpoints["chatgpt"] = endpoints["openai"] = f"http://127.0.0.1:{api.port}"
            ocm.start()
            ocm.tolerate("a token that no user has", "connections are turned away", "missing in the log")
            return ocm, Flooder(directory, ocm.port, ocm.tokens["bob"], 0 if os.cpu_count() > 1 else None, api.sink)

        yield make


def flood(ocm, flooder, command, seconds):
    """What the well-behaved client met."""
    with flooder.run(command(flooder)) as process, Witness(ocm.port, ocm.fields(), events=counts(16, 40)) as witness:
        time.sleep(seconds)
        assert process.poll() is None, f"the flood has ended with {process.returncode}: {process.args}"
        return witness.report()


@pytest.mark.deadline(counts(60, 400))
@pytest.mark.parametrize("kind, per_address", counts([(kind, 0) for kind in FLOODS] + [("slow_heads", 50)],
                                                     [(kind, limit) for limit in (0, 50) for kind in FLOODS]))
def test_a_flood_from_one_address_fails_nothing_of_another_and_its_memory_comes_back(flooded, kind, per_address):
    """Below and above the limit of connections per address."""
    ocm, flooder = flooded(limits={"connections_per_address": per_address}, log={"level": "warn", "format": "json"})
    memory = Memory(ocm.pid)
    with Witness(ocm.port, ocm.fields(), streams=0) as witness:
        time.sleep(0.3)
        assert witness.report()["errors"] == 0
    idle = settled(memory, 0, 0.1)
    with memory:
        report = flood(ocm, flooder, FLOODS[kind], SECONDS)
    assert report["errors"] == 0, report
    assert report["kept"]["count"] and report["streams"], report
    assert memory.most < WHOLE, f"{memory.most / MEGABYTE:.1f} MiB"
    left = settled(memory, idle + LASTING, 10)
    assert left <= idle + LASTING, f"{(left - idle) / MEGABYTE:.1f} MiB are left"
    second = flood(ocm, flooder, FLOODS[kind], SECONDS / 2)
    assert second["errors"] == 0, second
    again = settled(memory, idle + LASTING, 10)
    print(f"{kind}: idle {idle / MEGABYTE:.1f}, at most {memory.most / MEGABYTE:.1f}, then {left / MEGABYTE:.1f}, "
          f"and after a second one {again / MEGABYTE:.1f} MiB; {report}")
    assert again <= idle + LASTING, f"a second flood left {(again - idle) / MEGABYTE:.1f} MiB"


# What each limit answers.

async def drip(connection, piece, interval):
    """Until the connection takes no more, or the task is cancelled."""
    while not connection.writer.is_closing():
        connection.send(piece)
        await asyncio.sleep(interval)


async def test_a_body_that_only_drips_has_stalled(start_ocm):
    ocm = start_ocm(workers=1, timeouts={"body_stall": "600ms"})
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", fields=[("Content-Length", "100000")]) + b"{")
        dripping = asyncio.create_task(drip(connection, b" ", 0.05))
        response = await connection.response()
        dripping.cancel()
    assert response.status == 408


async def test_a_body_that_is_slow_but_comes_has_not_stalled(start_ocm):
    ocm = start_ocm(workers=1, timeouts={"body_stall": "600ms"})
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/other", fields=[("Content-Length", "24000")]))
        for _ in range(8):
            connection.send(b" " * 3000)
            await asyncio.sleep(0.2)
        response = await connection.response()
    assert ocm.fake.record(response)["body_length"] == 24_000


async def test_a_reader_that_only_sips_has_stalled(start_ocm):
    ocm = start_ocm(workers=1, timeouts={"write_stall": "600ms"})
    connection = await ocm.connect(receive_buffer=4096)
    connection.send(connection.request("POST", "/v1/responses", TURN | {"stream": True},
                                       [("x-fake", '{"huge": 50000000}')]))
    connection.writer.transport.pause_reading()
    number = connection.writer.get_extra_info("socket").fileno()

    def sip():
        with contextlib.suppress(OSError):
            os.read(number, 20)

    sipping = asyncio.create_task(every(0.02, sip))
    await eventually_async(lambda: '"reason":"client_stalled"' in ocm.log(), 15, "the connection to be cut")
    sipping.cancel()
    connection.close()


async def test_who_is_turned_away_is_told_so_even_if_the_request_came_first(start_ocm):
    ocm = start_ocm(workers=1, limits={"connections": 3})
    ocm.tolerate("connections are turned away")
    held = [await ocm.connect() for _ in range(3)]
    try:
        for connection in held:
            assert (await connection.ask("POST", "/v1/responses", TURN)).status == 200
        for _ in range(200):
            async with await ocm.connect() as connection:
                connection.send(connection.request("POST", "/v1/responses", b"x" * 20_000))
                response = await connection.response()
                assert (response.status, response.header("retry-after")) == (503, "1")
                assert response.json()["error"]["code"] == "overloaded"
                assert await connection.ends() == b""
        assert (await held[0].ask("POST", "/v1/responses", TURN)).status == 200
    finally:
        for connection in held:
            connection.close()

    async def again():
        return (await ocm.ask("POST", "/v1/responses", TURN)).status == 200

    await eventually_async(again, 5, "there to be room again")
    assert ocm.log().count("connections are turned away") == 1


async def connect_from(address, ocm, user="alice"):
    reader, writer = await asyncio.open_connection("127.0.0.1", ocm.port, local_addr=(address, 0))
    return Connection(reader, writer, ocm.fields(user))


async def test_connections_of_one_address_do_not_count_for_another(start_ocm):
    ocm = start_ocm(workers=1, limits={"connections_per_address": 4})
    ocm.tolerate("connections are turned away")
    held = []
    try:
        for _ in range(4):
            held.append(await connect_from(FLOODER, ocm))
            assert (await held[-1].ask("POST", "/v1/responses", TURN)).status == 200
        async with await connect_from(FLOODER, ocm) as connection:
            assert (await connection.response()).status == 503
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    finally:
        for connection in held:
            connection.close()

    async def again():
        async with await connect_from(FLOODER, ocm) as connection:
            return (await connection.ask("POST", "/v1/responses", TURN)).status == 200

    await eventually_async(again, 5, "the address to have room again")


async def test_heads_in_pieces_have_a_bound_in_memory_and_whole_ones_pass_beside_them(start_ocm):
    ocm = start_ocm(workers=1, limits={"buffers": MEGABYTE})
    worker, = ocm.workers()
    for _ in range(5):
        await ocm.ask("POST", "/v1/responses", TURN)
    idle = proc.resident(worker)
    connections, answers = [], []
    try:
        for _ in range(60):
            connection = await ocm.connect()
            connections.append(connection)
            connection.send(connection.request("GET", "/v1/models", fields=[("X-Long", "x" * 40_000)])[:-4])
            await connection.sent()
        await eventually_async(lambda: any(c.reader._buffer for c in connections), 5, "the first to be refused")
        for connection in connections:
            with contextlib.suppress(TimeoutError, Ended):
                answers.append(await asyncio.wait_for(connection.response(), 0.02))
        assert proc.resident(worker) - idle < 3 * MEGABYTE
        assert 20 < len(answers) < 60 and {(a.status, a.header("retry-after")) for a in answers} == {(503, "1")}
        assert (await ocm.ask("POST", "/v1/responses", TURN | {"input": "x" * 20_000})).status == 200
    finally:
        for connection in connections:
            connection.close()


@pytest.mark.deadline(60)
async def test_slow_readers_have_a_bound_in_memory_and_streams_pass_beside_them(start_ocm):
    """However many do not read: what they have is what was set aside for them."""
    ocm = start_ocm(workers=1, limits={"buffers": 4 * MEGABYTE})
    worker, = ocm.workers()
    for _ in range(5):
        await ocm.ask("POST", "/v1/responses", TURN | {"stream": True})
    idle = proc.resident(worker)
    connections = []
    try:
        for _ in range(200):
            connection = await ocm.connect(user="bob", receive_buffer=4096)
            connections.append(connection)
            connection.writer.transport.pause_reading()
            connection.send(connection.request("POST", "/v1/responses", TURN | {"stream": True},
                                               [("x-fake", '{"huge": 20000000}')]))

        def blocked():
            return sum(r["blocked"] > 0.2 for r in ocm.fake.records() if r["user"] == "bob") == 200

        await eventually_async(blocked, 30, "the API's writes to block")
        held = proc.resident(worker) - idle
        print(f"{held / MEGABYTE:.1f} MiB for 200 slow readers")
        assert held < 7 * MEGABYTE
        response = await ocm.ask("POST", "/v1/responses", TURN | {"stream": True}, fake={"huge": 1_000_000})
        assert response.status == 200 and b"response.completed" in response.body
    finally:
        for connection in connections:
            connection.writer.transport.abort()


@pytest.mark.deadline(60)
async def test_a_worker_without_descriptors_serves_who_is_there_and_accepts_again_by_itself(start_ocm):
    ocm = start_ocm(start=False, workers=1, limits={"connections": 0})
    ocm.start(descriptors=160)
    ocm.tolerate("connections are turned away", "can't be accepted", "can't be connected to")
    kept = [await ocm.connect() for _ in range(5)]
    held = []
    try:
        for _ in range(300):
            held.append(await ocm.connect())
        # Each needs a connection to the API: for these some descriptors are kept.
        for answer in await asyncio.gather(*(
                connection.ask("POST", "/v1/responses", TURN | {"stream": True}, fake={"delay": 0.3})
                for connection in kept)):
            assert answer.status == 200
    finally:
        for connection in held:
            connection.close()

    async def again():
        try:
            return (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
        except (Ended, OSError):
            return False

    await eventually_async(again, 10, "the worker to accept again")
    for connection in kept:
        connection.close()


async def test_wrong_tokens_without_end_slow_down_no_valid_one(start_ocm):
    """All come from one address, as behind a proxy."""
    ocm = start_ocm(workers=1)
    ocm.tolerate("a token that no user has")

    async def guess():
        with contextlib.suppress(Ended, OSError):
            async with await Connection.open(ocm.port, [("Authorization", "Bearer sk-wrong")]) as connection:
                return (await connection.ask("GET", "/v1/models")).status

    for _ in range(8):
        await guess()
    guesses = [asyncio.create_task(guess()) for _ in range(400)]
    answers = [await ocm.ask("POST", "/v1/responses", TURN) for _ in range(20)]
    slow = sum(not task.done() for task in guesses)
    assert all(answer.status == 200 for answer in answers)
    assert slow > 100, "wrong tokens were not slowed down"
    assert set(await asyncio.gather(*guesses)) == {401}


async def test_requests_sent_ahead_that_are_refused_are_all_answered(start_ocm):
    ocm = start_ocm(workers=1)
    async with await ocm.connect(user=None) as connection:
        connection.send(b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n" * 1000)
        for _ in range(1000):
            assert (await connection.response()).status == 404


def test_a_limit_on_descriptors_is_not_outrun_by_connections_that_come_at_once(start_ocm):
    ocm = start_ocm(start=False, workers=2)
    ocm.start(descriptors=200)
    ocm.tolerate("connections are turned away")

    async def burst():
        connections = await asyncio.gather(*(ocm.connect() for _ in range(800)))
        await asyncio.sleep(0)
        for connection in connections:
            connection.close()

    asyncio.run(burst())
    eventually(lambda: all(proc.descriptors(pid) < 60 for pid in ocm.workers()), 10, "descriptors to be free again")
    assert asyncio.run(ocm.ask("POST", "/v1/responses", TURN)).status == 200
