"""One connection: requests in, answers out, with flow control that counts what the peer did not take."""

import asyncio
import socket
import struct
import time
import zlib

from .http1 import BadRequest, RequestReader, chunk, head

BATCH = 65536  # parts that need no pause between them go out in writes of about this size


class Gone(Exception):
    """The peer has closed, or this side has cut the connection."""


class Connection(asyncio.Protocol):
    def __init__(self, service):
        self.service = service
        self.reader = RequestReader(self.on_head, self.on_end)
        self.transport = None
        self.serial = 0
        self.turn = 0  # requests on this connection
        self.socket = None  # the WebSocket that it has become
        self.record = None
        self.answering = None  # the task of an answer that takes its time
        self.over = False  # no request after this one
        self.paused_since = None
        self.blocked_before = 0.0
        self.changed = None  # resolved when the peer takes bytes again, or goes
        self.gone = False

    # From the transport.

    def connection_made(self, transport):
        self.transport = transport
        self.serial = self.service.connected(self)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Paused means: the kernel has not taken everything. asyncio's TLS pauses at the mark, its TCP above it.
        transport.set_write_buffer_limits(high=1 if transport.get_extra_info("ssl_object") else 0, low=0)

    def data_received(self, data):
        if self.socket:
            self.socket.data_received(data)
            return
        if self.over and self.record is None:
            return
        try:
            self.reader.feed(data)
        except BadRequest as error:
            self.service.counts.refused += 1
            body = f'{{"error":{{"message":"{error!r}"}}}}'.encode()
            self.transport.write(head(400, [("Content-Length", len(body)), ("Connection", "close")]) + body)
            self.transport.close()

    def eof_received(self):
        return False

    def connection_lost(self, _error):
        self.gone = True
        self.service.disconnected(self)
        if self.socket:
            self.socket.lost()
        elif self.record:
            self.finish(False)
        self._wake()

    def pause_writing(self):
        self.paused_since = time.monotonic()

    def resume_writing(self):
        if self.paused_since is not None:
            self.blocked_before += time.monotonic() - self.paused_since
            self.paused_since = None
        self._wake()

    def _wake(self):
        if self.changed and not self.changed.done():
            self.changed.set_result(None)

    # From the reader.

    def on_head(self, request):
        self.turn += 1
        self.blocked_before = 0.0
        self.record = self.service.opened(self, request)
        expects = request.header("expect", "").lower() == "100-continue"
        early = self.service.answers_early(self)
        if expects and not early:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_end(self, request):
        if self.answering is None:
            self.service.answer(self, request)

    # For the service.

    def run(self, coroutine):
        self.answering = asyncio.get_running_loop().create_task(self._guarded(coroutine))

    async def _guarded(self, coroutine):
        try:
            await coroutine
        except Gone:
            self.finish(False)

    def finish(self, whole):
        """The answer is over: the next request, or the end."""
        if self.record is None:
            return
        self.service.counts.close(self.record, whole)
        self.record = self.answering = None
        if self.over or not whole:
            self.transport.close()
        elif self.reader.held:
            asyncio.get_running_loop().call_soon(self.reader.proceed)
        else:
            self.transport.close()  # answered before the body was there: no one can tell where the next head starts

    def unsent(self):
        return 0 if self.transport is None else self.transport.get_write_buffer_size()

    def blocked(self, record):
        if record is not self.record:
            return record.blocked
        waiting = time.monotonic() - self.paused_since if self.paused_since is not None else 0.0
        return self.blocked_before + waiting

    def send(self, data):
        if self.gone or self.transport.is_closing():
            raise Gone
        self.transport.write(data)
        if self.record:
            self.record.offered += len(data)
        self.service.counts.bytes += len(data)

    async def drained(self):
        while self.paused_since is not None and not self.gone:
            await self._change(None)
        if self.gone:
            raise Gone

    async def pause(self, seconds):
        """Waits, but no longer than the peer is there."""
        if seconds:
            until = time.monotonic() + seconds if seconds > 0 else None
            while not self.gone and (until is None or time.monotonic() < until):
                await self._change(until)
        if self.gone:
            raise Gone

    async def _change(self, until):
        self.changed = asyncio.get_running_loop().create_future()
        timer = None
        if until is not None:
            timer = asyncio.get_running_loop().call_at(until, self._wake)
        try:
            await self.changed
        finally:
            self.changed = None
            if timer:
                timer.cancel()

    def cut(self, reset):
        if reset:
            handle = self.transport.get_extra_info("socket")
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.close()
        raise Gone


class Body:
    """The way of a payload onto the wire: coding, framing, pieces, pace, and the place where it breaks off."""

    def __init__(self, connection, order, framing, gzip):
        self.connection, self.order, self.framing = connection, order, framing
        self.coder = zlib.compressobj(wbits=31) if gzip else None
        self.kept = b""  # for pieces of a fixed size
        self.batch = []
        self.batched = 0

    async def send(self, parts, on_counted):
        order, connection = self.order, self.connection
        record = connection.record
        paced = order.interval or order.dribble or order.linger
        stalled = False
        for payload, event_ends, counts in parts:
            if not stalled and 0 <= order.stall_after_events <= record.events:
                stalled = True
                await self.flush()
                await connection.pause(order.stall or -1)
            if 0 <= order.cut_after_events <= record.events:
                await self.flush()
                connection.cut(order.reset)
            if order.cut_after_bytes >= 0 and record.payload + len(payload) > order.cut_after_bytes:
                self.put(payload[: order.cut_after_bytes - record.payload])
                await self.flush()
                connection.cut(order.reset)
            self.put(payload)
            record.events += event_ends
            if paced or counts or self.batched >= BATCH:
                await self.flush()
            if counts:
                on_counted()
            if order.interval and event_ends:
                await connection.pause(order.interval)
        await self.flush()
        await connection.pause(order.linger)
        await self.end()

    def put(self, payload):
        record = self.connection.record
        record.payload += len(payload)
        record.digest.update(payload)
        if len(record.answer) < 65536:
            record.answer += payload
        if self.coder:
            payload = self.coder.compress(payload) + self.coder.flush(zlib.Z_SYNC_FLUSH)
        self.frame(payload)

    def frame(self, payload):
        size = self.order.pieces
        if not size:
            pieces = [payload] if payload else []
        else:
            pieces = [payload[n:n + size] for n in range(0, len(payload), size)]
        if self.framing == "chunked":
            pieces = [chunk(piece, self.order.extension) for piece in pieces]
        self.batch += pieces
        self.batched += sum(map(len, pieces))

    async def flush(self):
        data, self.batch, self.batched = b"".join(self.batch), [], 0
        step = self.order.dribble
        if step:
            for n in range(0, len(data), step):
                self.connection.send(data[n:n + step])
                await self.connection.drained()
                await asyncio.sleep(0)
        elif data:
            self.connection.send(data)
        await self.connection.drained()

    async def end(self):
        if self.coder:
            self.frame(self.coder.flush())
        if self.framing == "chunked":
            trailers = "".join(f"{name}: {value}\r\n" for name, value in self.order.trailers)
            self.batch.append(b"0\r\n" + trailers.encode("latin-1") + b"\r\n")
        await self.flush()
