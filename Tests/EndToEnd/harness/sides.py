"""Both ends of a relayed WebSocket in one process, byte for byte: drives the cases of websocket_cases.py."""

import asyncio
import base64
import itertools
import socket

from wsproto.connection import Connection as Protocol
from wsproto.connection import ConnectionType
from wsproto.events import CloseConnection
from wsproto.utilities import RemoteProtocolError

from .frames import CLOSE, PING, PONG, Frame, Frames, accept, encode, upgrade_fields
from .http import Connection

NUMBER = "x-test-socket"  # tells the upstream which client a connection is for
LEGAL = {1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)}
SWITCHING = ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: $accept\r\n\r\n")
numbers = itertools.count(1)


class Side:
    """One end: what it has got, as frames, judged by wsproto as it comes."""

    patience = 10  # seconds that anything may take

    def __init__(self, reader, writer, client):
        self.reader, self.writer, self.client = reader, writer, client
        self.got = Frames(masked=not client)
        self.judge = Protocol(ConnectionType.CLIENT if client else ConnectionType.SERVER)
        self.ended = self.closing = False  # closing: has sent a close frame
        self.changed = asyncio.Condition()
        self.task = asyncio.get_running_loop().create_task(self._read())

    @property
    def frames(self):
        return self.got.frames

    async def _read(self):
        while True:
            try:
                data = await self.reader.read(1 << 18)
            except OSError:
                data = b""
            self.got.feed(data)
            self._judge(data)
            async with self.changed:
                self.ended = not data
                self.changed.notify_all()
            if not data:
                return

    def _judge(self, data):
        """What goes on behind a close is not for wsproto."""
        if self.judge is None or not data:
            return
        try:
            self.judge.receive_data(data)
            for event in self.judge.events():
                if isinstance(event, CloseConnection):
                    self.judge = None
                    return
        except RemoteProtocolError as error:
            frame = self.frames[-1] if self.frames else None
            if not (frame and frame.opcode == CLOSE and frame.payload[:2] == (1014).to_bytes(2)):
                raise AssertionError(f"what the {'client' if self.client else 'upstream'} gets is illegal: {error}") from None
            self.judge = None

    async def until(self, holds, what):
        seconds = self.patience
        try:
            async with asyncio.timeout(seconds), self.changed:
                while not holds():
                    if self.task.done():
                        self.task.result()
                        assert holds(), f"ended before {what}: {self}"
                    await self.changed.wait()
        except TimeoutError:
            raise AssertionError(f"waited {seconds} s for {what}: {self}") from None

    async def sees(self, frames):
        """Waits for as many frames, and these they must be."""
        await self.until(lambda: len(self.frames) >= len(frames), f"{len(frames)} frames")
        for n, (actual, expected) in enumerate(zip(self.frames, frames)):
            assert actual == expected, f"frame {n} is {actual}, not {expected}"

    async def send(self, data, step=0):
        try:
            for start in range(0, len(data), step or len(data) or 1):
                self.writer.write(data[start:start + (step or len(data))])
                await self.writer.drain()
                if step:
                    await asyncio.sleep(0)
        except OSError:
            pass  # the other end has had enough

    async def say(self, *frames):
        self.closing = self.closing or any(frame.opcode == CLOSE for frame in frames)
        await self.send(b"".join(encode(f.opcode, f.payload, fin=f.fin, **({} if self.client else {"mask": None}))
                                 for f in frames))

    async def end(self, reset=False):
        if reset:
            handle = self.writer.get_extra_info("socket")
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.writer.transport.abort()
        self.writer.close()

    @property
    def close_code(self):
        """The code of the close frame that was the last to come: 1005 without one, None where none came."""
        last = self.frames[-1] if self.frames else None
        if last is None or last.opcode != CLOSE:
            return None
        return int.from_bytes(last.payload[:2]) if last.payload else 1005

    def __repr__(self):
        return (f"{'client' if self.client else 'upstream'}({len(self.frames)} frames, last {self.frames[-3:]}, "
                f"{len(self.got.rest)} bytes more, ended {self.ended})")


class Raw:
    """One end that reads nothing by itself."""

    def __init__(self, reader, writer, client):
        self.reader, self.writer, self.client = reader, writer, client

    def reset(self):
        self.writer.transport.abort()


class Upstream:
    """A server that takes each upgrade and leaves the rest to the case. `end`: what it makes of a connection."""

    def __init__(self, port=0, end=Side):
        self.end = end
        self.sides = {}
        self.heads = {}
        self.server = None
        self.port = port
        self.answers = {}  # number: what to send instead of the usual 101; what is none ends the connection

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def _serve(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError):
            writer.close()
            return
        lines = head.decode("latin-1").split("\r\n")
        fields = [tuple(line.split(": ", 1)) for line in lines[1:-2]]
        named = {name.lower(): value for name, value in fields}
        number = int(named.get(NUMBER, 0))
        self.heads[number] = (lines[0], fields)
        answer = self.answers.get(number, SWITCHING)
        writer.write(answer.replace("$accept", accept(named.get("sec-websocket-key", ""))).encode("latin-1"))
        side = self.sides.setdefault(number, asyncio.get_running_loop().create_future())
        if " 101 " not in answer:
            writer.close()
        elif not side.done():
            side.set_result(self.end(reader, writer, client=False))

    def behind(self, ocm):
        """Starts an OCM that has this for its API."""
        ocm.configuration["supervisor"]["endpoints"]["chatgpt"] = f"http://127.0.0.1:{self.port}"
        return ocm.start()

    async def side(self, number):
        return await self.sides.setdefault(number, asyncio.get_running_loop().create_future())


async def connect(port, upstream, fields=(), target="/v1/responses", receive_buffer=None):
    """A WebSocket through whatever listens on the port: its client and its upstream end."""
    number = next(numbers)
    connection = await Connection.open(port, fields, receive_buffer)
    key = base64.b64encode(number.to_bytes(16)).decode()
    connection.send(connection.request("GET", target, None, [*upgrade_fields(key), (NUMBER, number)]))
    response = await connection.head()
    assert response.status == 101 and response.header("sec-websocket-accept") == accept(key), response
    return upstream.end(connection.reader, connection.writer, client=True), await upstream.side(number)


async def drive(case, client, upstream, step=0, seconds=10):
    """One case between two open ends; `step`: bytes in each write, `seconds`: that anything may take."""
    client.patience = upstream.patience = seconds
    try:
        await _drive(case, client, upstream, step)
    finally:
        for side in (client, upstream):
            await side.end()
            side.task.cancel()
        await asyncio.wait([client.task, upstream.task])


async def _drive(case, client, upstream, step):
    sender, other = (client, upstream) if case.sender == "client" else (upstream, client)
    sender.closing = case.end == "closed"
    await sender.send(case.wire, step)
    if case.end == "cut":
        await other.sees(case.seen)
        await sender.end(case.reset)
    elif isinstance(case.end, int):
        await violation(case, sender, other)
    else:
        await good(case, sender, other)
    # Whoever has been told to close does.
    if case.end != "open":
        await asyncio.gather(*(finish(side) for side in (client, upstream) if side is not sender or case.end != "cut"))
        seen = other.frames[:-1] if len(other.frames) > len(case.seen) and other.close_code else other.frames
        assert seen == list(case.seen), f"the other end saw {other}"
    if case.end == "cut":
        assert other.close_code in (None, *LEGAL - {1000}) or case.seen[-1:] == tuple(other.frames[-1:]), other


async def finish(side):
    """Waits for a side's end; a close frame is answered first, as either end has to."""
    await side.until(lambda: side.ended or side.close_code, "the end")
    if side.close_code and not (side.ended or side.closing):
        await side.say(Frame(CLOSE, side.frames[-1].payload[:2]))
    if not side.client:
        await side.end()
    await side.until(lambda: side.ended, "the connection's end")


async def violation(case, sender, other):
    """The sender is closed with the code and hears nothing more; the other end is let go."""
    await sender.until(lambda: sender.close_code or sender.ended, "the close")
    assert sender.close_code == case.end and len(sender.frames) == 1, f"instead of {case.end}: {sender}"
    await other.until(lambda: other.ended or other.close_code, "the other end to be let go")
    assert other.close_code is None or other.close_code in LEGAL, other


async def good(case, sender, other):
    await other.sees(case.seen)
    await other.say(*case.reply)
    await sender.sees(case.reply)
    if case.end == "closed":
        return
    # The socket is as good as before: nothing else has come, and both directions are open.
    await sender.say(Frame(PING, b"still there?"))
    await other.sees([*case.seen, Frame(PING, b"still there?")])
    await other.say(Frame(PONG, b"still there?"))
    await sender.sees([*case.reply, Frame(PONG, b"still there?")])
    for side, count in ((sender, len(case.reply)), (other, len(case.seen))):
        assert len(side.frames) == count + 1 and not side.got.rest, side
