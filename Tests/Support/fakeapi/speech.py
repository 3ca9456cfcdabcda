"""The way of an answer's messages onto a WebSocket: frames, pace, pings, and the place where it breaks off."""

import asyncio

from . import frames
from .connection import BATCH, Gone


class Speech:
    def __init__(self, socket, order, record):
        self.socket, self.order, self.record = socket, order, record
        self.connection = socket.connection
        self.batch = []
        self.batched = 0

    async def send(self, messages, content):
        order, record, connection = self.order, self.record, self.connection
        opcode = frames.BINARY if order.binary else frames.TEXT
        for payload, counts in messages:
            await self.breaks(record.events)
            wire = b"".join(frames.message(opcode, payload, order.fragment, self.ping(b"in between")))
            if 0 <= order.cut_after_bytes < record.payload + len(payload):
                self.put(wire[:max(1, order.cut_after_bytes - record.payload)])
                await self.flush()
                connection.cut(order.reset)
            self.put(self.ping(b"%d" % record.events) + wire)
            record.events += 1
            record.payload += len(payload)
            record.digest.update(payload)
            if len(record.answer) < 65536:
                record.answer += payload + b"\n"
            if counts or order.interval or self.batched >= BATCH:
                await self.flush()
            if counts:
                self.socket.service.counts.add(record, content)
            await connection.pause(order.interval)
        await self.flush()
        if content and order.terminal in ("completed", "incomplete"):
            self.socket.remember("resp_" + content.id)

    def ping(self, payload):
        return self.socket.ping(payload) if self.order.pings else b""

    async def breaks(self, events):
        """Does what is ordered for the place behind so many events."""
        order, connection = self.order, self.connection
        if order.stall_after_events == events:
            await self.flush()
            await connection.pause(order.stall or -1)
        if order.cut_after_events == events:
            await self.flush()
            connection.cut(order.reset)
        if order.close is not None and order.close_after_events == events:
            await self.flush()
            self.socket.close(order.close, order.close_reason)
            raise Gone

    def put(self, wire):
        self.batch.append(wire)
        self.batched += len(wire)

    async def flush(self):
        data, self.batch, self.batched = b"".join(self.batch), [], 0
        step = self.order.dribble or len(data)
        for start in range(0, len(data), step or 1):
            self.connection.send(data[start:start + step])
            await self.connection.drained()
            if self.order.dribble:
                await asyncio.sleep(0)
