"""Ends of a WebSocket that behave as badly as the protocol lets them, or worse: nothing waits for who is gone."""

import asyncio
import json
import socket
import time

import pytest

from harness.frames import BINARY, CLOSE, PING, TEXT, Frame, encode
from harness.reload import reload, supervisor
from harness.sides import Raw, Upstream, connect
from harness.waiting import eventually_async

PROMPT = 3  # seconds within which what nobody waits for is over
NORMAL = (1000).to_bytes(2)


def ended(ocm):
    """The lines of the sockets that have ended."""
    lines = [json.loads(line) for line in ocm.log().splitlines() if '"message":"request"' in line]
    return [line for line in lines if line.get("status") == 101]


def alone(start_ocm, **settings):
    ocm = start_ocm(start=False, workers=1, **settings)
    ocm.tolerate("the API")
    return ocm


# Who has closed, and is gone.

async def test_the_answer_to_a_close_ends_the_socket_even_if_the_api_has_gone_behind_its_close(start_ocm):
    """What the client was about to say when the close came has met a connection that was closed already."""
    ocm = alone(start_ocm)
    async with Upstream() as upstream:
        upstream.behind(ocm)
        client, api = await connect(ocm.port, upstream, ocm.fields())
        client.patience = PROMPT
        await api.say(Frame(CLOSE, NORMAL))
        await api.end()
        await client.until(lambda: client.close_code, "the close")
        for _ in range(3):
            await client.say(Frame(TEXT, b"under way"))
            await asyncio.sleep(0.05)
        await client.say(Frame(CLOSE, NORMAL))
        await client.until(lambda: client.ended, "the end")
        await client.end()
        await asyncio.to_thread(ocm.stop)


async def test_a_client_whose_message_the_api_refuses_half_way_is_not_held_up(start_ocm):
    """The API closes with 1009 and reads no further; the rest of the message has nowhere to go."""
    ocm = alone(start_ocm)
    async with Upstream(end=Raw) as upstream:
        upstream.behind(ocm)
        client, api = await connect(ocm.port, upstream, ocm.fields())
        client.writer.write(encode(BINARY, bytes(20_000_000), mask=bytes(4)) + encode(CLOSE, (1009).to_bytes(2)))
        await api.reader.read(100_000)
        api.writer.write(encode(CLOSE, (1009).to_bytes(2), mask=None))
        await api.writer.drain()
        api.writer.close()
        start = time.monotonic()
        try:
            assert (await client.reader.read(-1)).startswith(b"\x88\x02")
        except ConnectionError:
            pass
        assert time.monotonic() - start < PROMPT
        client.reset()
        await asyncio.to_thread(ocm.stop)


@pytest.mark.parametrize("how", ["end", "reset"])
async def test_a_client_that_has_closed_and_gone_has_room_for_another_socket(start_ocm, how):
    """The API takes its time to answer the close."""
    ocm = alone(start_ocm, limits={"websockets_per_user": 1})
    async with Upstream() as upstream:
        upstream.behind(ocm)
        client, api = await connect(ocm.port, upstream, ocm.fields())
        await client.say(Frame(CLOSE, NORMAL))
        await api.until(lambda: api.close_code, "the close")
        await client.end(reset=how == "reset")

        async def another():
            try:
                return await connect(ocm.port, upstream, ocm.fields())
            except AssertionError:
                return None

        client, _ = await eventually_async(another, PROMPT, "room")
        await client.end(reset=True)
        await asyncio.to_thread(ocm.stop)


@pytest.mark.parametrize("write_stall", ["60s", "0s"])
async def test_a_client_that_is_gone_is_noticed_while_the_api_takes_nothing(start_ocm, write_stall):
    ocm = alone(start_ocm, timeouts={"write_stall": write_stall})
    async with Upstream(end=Raw) as upstream:
        upstream.behind(ocm)
        client, api = await connect(ocm.port, upstream, ocm.fields())
        api.writer.transport.pause_reading()
        client.writer.write(encode(BINARY, bytes(30_000_000), mask=bytes(4)))
        await asyncio.sleep(0.5)
        client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.reset()
        try:
            await eventually_async(lambda: ended(ocm), PROMPT, "the socket's end")
        finally:
            api.reset()
        await asyncio.to_thread(ocm.stop)


# Settings.

@pytest.mark.parametrize("before", ["0s", "20s"])
async def test_another_time_between_pings_holds_for_sockets_that_rest_too(start_ocm, before):
    ocm = alone(start_ocm, timeouts={"websocket_ping": before})
    async with Upstream() as upstream:
        upstream.behind(ocm)
        client, api = await connect(ocm.port, upstream, ocm.fields())
        client.patience = api.patience = PROMPT
        supervisor(ocm)["timeouts"]["websocket_ping"] = "300ms"
        reload(ocm, "websocket_ping")
        try:
            for side in (client, api):
                await side.until(lambda side=side: any(f.opcode == PING for f in side.frames) or side.ended, "a ping")
        finally:
            await client.end(reset=True)
        await asyncio.to_thread(ocm.stop)
