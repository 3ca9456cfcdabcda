"""What WebSockets cost a worker: little while they rest, and no more for a large message or a peer that does not read."""

import asyncio
import contextlib

import pytest

from harness import counts, proc
from harness.frames import BINARY, CONTINUATION, encode
from harness.sides import Raw, Upstream, connect
from harness.waiting import eventually_async, every

MEGABYTE = 1 << 20
IDLE = counts(1000, 9000)
EACH = 4096  # bytes that an idle socket may cost, both of its sides together
LARGE = 64 * MEGABYTE
PIECE = bytes(65536)
ENDLESS = {"total_bytes": 64 * MEGABYTE, "event_bytes": 16_000}
TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}


@contextlib.asynccontextmanager
async def between(start_ocm, **settings):
    """An OCM with one worker whose two sides are the test's."""
    ocm = start_ocm(start=False, workers=1, **settings)
    async with Upstream(end=Raw) as upstream:
        upstream.behind(ocm)
        yield ocm, upstream, *ocm.workers()
        await asyncio.to_thread(ocm.stop)


@contextlib.asynccontextmanager
async def watched(worker):
    """Calls what it yields for the most memory that there was above what there is now."""
    idle, most = proc.proportional(worker), 0

    def look():
        nonlocal most
        most = max(most, proc.proportional(worker) - idle)
        return most

    task = asyncio.create_task(every(0.01, look))
    yield look
    task.cancel()


async def pass_on(sender, receiver, *wires):
    """Sends bytes, and takes as many at the other end: a frame is as long there, whatever its mask."""
    async def send():
        for wire in wires:
            sender.writer.write(wire)
            await sender.writer.drain()

    sending = asyncio.create_task(send())
    left = sum(map(len, wires))
    while left > 0:
        data = await receiver.reader.read(1 << 18)
        assert data, f"the connection ended with {left} bytes missing"
        left -= len(data)
    assert left == 0, f"{-left} bytes too many"
    await sending


def message(sender, size, fragments=1):
    """A message in frames of the same size; all bytes of its payload are zero."""
    mask = bytes(4) if sender.client else None
    for number in range(fragments):
        yield encode(CONTINUATION if number else BINARY, mask=mask, length=size // fragments, fin=number == fragments - 1)
        for _ in range(size // fragments // len(PIECE)):
            yield PIECE


@pytest.mark.deadline(counts(60, 200))
@pytest.mark.parametrize("fragments", [1, 64])
async def test_a_message_of_64_mb_passes_in_less_than_1_mb(start_ocm, fragments):
    async with between(start_ocm) as (ocm, upstream, worker):
        client, api = await connect(ocm.port, upstream, ocm.fields())
        for sender, receiver in ((client, api), (api, client)):
            await pass_on(sender, receiver, *message(sender, 4 * MEGABYTE, fragments))
            async with watched(worker) as look:
                await pass_on(sender, receiver, *message(sender, LARGE, fragments))
            print(f"{look() / 1024:.0f} KiB above idle")
            assert look() < MEGABYTE, f"{look() / 1024:.0f} KiB above idle"
        client.reset()


@pytest.mark.deadline(60)
async def test_a_peer_that_does_not_read_holds_up_the_other_one_and_takes_no_memory(start_ocm):
    """In both directions. When it reads again, everything is there."""
    async with between(start_ocm) as (ocm, upstream, worker):
        client, api = await connect(ocm.port, upstream, ocm.fields(), receive_buffer=4096)
        for sender, receiver in ((client, api), (api, client)):
            await pass_on(sender, receiver, *message(sender, 4 * MEGABYTE))
            receiver.writer.transport.pause_reading()
            sent = 0

            async def send():
                nonlocal sent
                for wire in message(sender, LARGE):
                    sender.writer.write(wire)
                    await sender.writer.drain()
                    sent += len(wire)

            async with watched(worker) as look:
                sending = asyncio.create_task(send())
                seen = -1
                while sent > seen:
                    seen = sent
                    await asyncio.sleep(0.3)
                assert sent < LARGE / 2, "the message went somewhere, though nobody read it"
                assert look() < MEGABYTE, f"{look() / 1024:.0f} KiB above idle"
                receiver.writer.transport.resume_reading()
                left = LARGE + 10 + 4 * sender.client
                while left > 0:
                    left -= len(await receiver.reader.read(1 << 18))
                await sending
                assert left == 0 and look() < MEGABYTE
        client.reset()


@pytest.mark.deadline(60)
async def test_clients_that_do_not_read_have_a_bound_in_memory_and_turns_pass_beside_them(start_ocm):
    """However many they are: what they have is what was set aside for them."""
    count = counts(100, 1000)
    ocm = start_ocm(workers=1, limits={"buffers": 4 * MEGABYTE})
    worker, = ocm.workers()
    async with await ocm.websocket() as beside:
        for _ in range(5):
            await beside.turn()
        idle = proc.proportional(worker)
        sockets = []
        try:
            for _ in range(count):
                sockets.append(await ocm.websocket("bob", receive_buffer=4096))
                sockets[-1].connection.writer.transport.pause_reading()
                sockets[-1].say_turn(fake=ENDLESS)

            def blocked():
                return sum(r["blocked"] > 0.2 for r in ocm.fake.records() if r["user"] == "bob") == count

            await eventually_async(blocked, 30, "the API's writes to block")
            held = proc.proportional(worker) - idle
            print(f"{held / MEGABYTE:.1f} MiB for {count} sockets that do not read")
            assert held < 7 * MEGABYTE + count * EACH
            assert (await beside.turn(fake={"huge": 1_000_000}))[-1]["type"] == "response.completed"
            assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
        finally:
            for socket in sockets:
                socket.connection.writer.transport.abort()
        assert (await beside.turn())[-1]["type"] == "response.completed"


async def test_a_client_that_does_not_read_is_cut_when_it_has_stalled_for_too_long(start_ocm):
    ocm = start_ocm(workers=1, timeouts={"write_stall": "600ms"})
    async with await ocm.websocket(receive_buffer=4096) as socket, await ocm.websocket("bob") as other:
        socket.connection.writer.transport.pause_reading()
        socket.say_turn(fake=ENDLESS)

        def gone():
            return any(s["user"] == "alice" and not s["open"] for s in ocm.fake.sockets())

        await eventually_async(gone, 10, "the API to be let go")
        await eventually_async(lambda: '"reason":"client_stalled"' in ocm.log(), 5, "the line that says so")
        await other.turn()


@pytest.mark.deadline(counts(60, 300))
async def test_an_idle_socket_costs_at_most_4_kb(start_ocm):
    ocm = start_ocm(workers=1, start=False)
    ocm.start(descriptors=20_000)
    (worker,) = ocm.workers()
    gate = asyncio.Semaphore(50)

    async def opened(number):
        async with gate:
            socket = await ocm.websocket("alice" if number % 2 else "bob")
            await socket.turn(fake={"events": 1})
            return socket

    for socket in await asyncio.gather(*map(opened, range(20))):
        socket.connection.close()
    await eventually_async(lambda: ocm.fake.stats()["websockets"] == 0, 10, "the first ones to be gone")
    idle = proc.proportional(worker)
    sockets = await asyncio.gather(*map(opened, range(IDLE)))
    each = (proc.proportional(worker) - idle) / IDLE
    print(f"{IDLE} idle sockets: {proc.descriptors(worker)} descriptors, {each:.0f} bytes each")
    assert ocm.fake.stats()["websockets"] == IDLE and proc.descriptors(worker) >= 2 * IDLE
    assert each <= EACH, f"{each:.0f} bytes for each idle socket"
    for socket in sockets[::IDLE // 20]:
        assert (await socket.turn())[-1]["type"] == "response.completed"
        assert socket.pings == []
    for socket in sockets:
        socket.connection.close()
    await eventually_async(lambda: proc.descriptors(worker) < 100, 20, "the descriptors to be closed")
    await eventually_async(lambda: proc.proportional(worker) < idle + 2 * MEGABYTE, 10, "memory to come back")
