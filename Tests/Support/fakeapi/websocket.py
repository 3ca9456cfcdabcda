"""The API's WebSocket: turns as text messages, with the state of a conversation in the socket.

A socket that rests holds no task and no timer.
"""

import asyncio
import collections
import hashlib
import json
import re

from . import answers, frames
from .behaviour import DEFAULT, behaviour
from .connection import Gone
from .http1 import Request, head
from .speech import Speech

PREVIOUS = re.compile(rb'"previous_response_id"\s*:\s*"([^"\\]*)"')
KEPT_RESPONSES = 8  # of a socket, by which turns may go on
CLOSING = 5  # seconds that the peer has to answer a close frame


def values(request, name):
    return [value for key, value in request.fields if key.lower() == name]


def tokens(request, name):
    return {token.strip().lower() for value in values(request, name) for token in value.split(",")}


def asks(request):
    """Whether a request wants to become a WebSocket."""
    return request.method == "GET" and "websocket" in tokens(request, "upgrade")


def refusal(request):
    """What is wrong with an upgrade (section 4.2.1): (status, further fields, message), or None."""
    if request.version != "1.1" or "upgrade" not in tokens(request, "connection"):
        return 400, [], "no upgrade"
    if values(request, "sec-websocket-version") != ["13"]:
        return 426, [["Sec-WebSocket-Version", "13"]], "version 13 is spoken here"
    keys = values(request, "sec-websocket-key")
    if len(keys) != 1 or frames.accept(keys[0]) is None:
        return 400, [], "no key of 16 bytes"
    return None


def error_frame(status, error, fields=()):
    return answers.compact({"type": "error", "status": status, "error": error, "headers": dict(fields)})


class FrameContent(answers.Content):
    """A response whose events are bare JSON."""

    def framed(self, name, data):
        return data

    def warm_up(self):
        """A response that generates nothing."""
        yield self.event("response.created", {"response": self.response("in_progress")}), True, False
        yield from self._terminal([])

    def messages(self, warm_up=False):
        """(message, whether it brings the usage)."""
        parts = []
        for part, ends, counts in self.warm_up() if warm_up else self.stream():
            parts.append(part)
            if ends:
                yield b"".join(parts), counts
                parts.clear()


class WebSocket:
    def __init__(self, connection, upgrade, mode, order):
        self.connection, self.upgrade, self.mode = connection, upgrade, mode
        self.service = connection.service
        self.order = order  # of the upgrade
        self.reader = frames.FrameReader(self.on_data, self.on_control)
        self.request = None  # the message that is coming in
        self.waiting = None  # those that came while a turn was under way
        self.turn = None  # the record of the turn that is under way
        self.task = None
        self.known = []
        self.turns = self.warm_ups = self.pings = self.pongs = 0
        self.expected = None  # payloads of pings that are out
        self.wrong_pongs = 0
        self.sent_close = self.got_close = self.violation = None
        self.over = False

    # The start.

    def open(self):
        """Answers 101."""
        request, connection = self.upgrade.request, self.connection
        fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"),
                  ("Sec-WebSocket-Accept", frames.accept(request.header("sec-websocket-key"))),
                  ("x-request-id", f"req_{self.upgrade.serial}")]
        if self.mode == "chatgpt":
            fields += self.service.limit_headers
        self.upgrade.status = 101
        self.service.sockets.add(self)
        connection.socket = self
        connection.send(head(101, [*fields, *self.order.headers], reason="Switching Protocols"))
        self.service.counts.close(self.upgrade, True)
        connection.record = None
        rest, connection.reader = connection.reader.buffer, None
        if self.order.cut_after_events == 0:
            connection.transport.close()
        elif self.order.close is not None:
            self.task = asyncio.get_running_loop().create_task(self._guarded(self._close_later()))
        self.data_received(bytes(rest))

    async def _close_later(self):
        await self.connection.pause(self.order.linger)
        self.close(self.order.close, self.order.close_reason)

    # From the connection.

    def data_received(self, data):
        if self.over:
            return
        try:
            self.reader.feed(data)
        except frames.Violation as violation:
            self.violation = str(violation)
            self.close(violation.code, str(violation))
            self.end()

    def lost(self):
        """The connection has ended."""
        self.over = True
        if self.task:
            self.task.cancel()
        if self.turn:
            self._finish(False)
        self.service.sockets.discard(self)
        self.service.ended_sockets.append(self.described())

    def on_control(self, opcode, payload):
        if opcode == frames.PING:
            self.pings += 1
            if self.sent_close is None:
                self.write(frames.frame(frames.PONG, payload))
        elif opcode == frames.PONG:
            self.pongs += 1
            if self.expected and payload in self.expected:
                self.expected.remove(payload)
            elif payload:
                self.wrong_pongs += 1
        else:
            self.got_close = frames.closing(payload)
            self.close(*self.got_close)
            self.end()

    def on_data(self, opcode, data, last):
        if self.sent_close is not None:
            return
        if opcode == frames.BINARY:
            raise frames.Violation(1003, "text is spoken here")
        if self.request is None:
            upgrade = self.upgrade.request
            self.request = Request("TURN", upgrade.target, "websocket", upgrade.fields)
        self.request.body(data)
        if last:
            request, self.request = self.request, None
            if self.turn:
                self.waiting = self.waiting or collections.deque()
                self.waiting.append(request)
            else:
                self.begin(request)

    # Sending.

    def write(self, data):
        if not self.connection.transport.is_closing():
            self.connection.transport.write(data)

    def ping(self, payload):
        if self.expected is None:
            self.expected = []
        self.expected.append(payload)
        return frames.frame(frames.PING, payload)

    def close(self, code, reason=""):
        """Sends the close frame, once; the connection ends with the peer's, or some seconds later."""
        if self.sent_close is None:
            self.sent_close = (code, reason)
            self.write(frames.close(code, reason[:60]))
            asyncio.get_running_loop().call_later(CLOSING, self.end)

    def end(self):
        self.over = True
        if not self.connection.gone:
            self.connection.transport.close()

    def reset(self):
        try:
            self.connection.cut(True)
        except Gone:
            pass

    # Turns.

    def begin(self, request):
        """One message of the client."""
        try:
            order = json.loads(request.kept) if request.length == len(request.kept) else {}
            kind, carried = order.get("type", "response.create"), order.get("x-fake")
            warm_up = order.get("generate") is False
            carried = behaviour(carried) if carried else None
        except (ValueError, TypeError, AttributeError) as error:
            kind, warm_up, carried = repr(error), False, None
        if kind == "response.processed":
            return
        record = self.turn = self.service.counts.open(self.connection, self.turns + self.warm_ups + 1, request,
                                                      self.upgrade.user)
        record.status, record.digest = 200, hashlib.sha256()
        self.connection.record, self.connection.blocked_before = record, 0.0
        self.turns, self.warm_ups = self.turns + (not warm_up), self.warm_ups + warm_up
        request.method = "WARMUP" if warm_up else "TURN"
        chosen = self.service.orders.take("warmup" if warm_up else "turn", record.user, self.turns > 1)
        if kind != "response.create":
            chosen = behaviour({"status": 400, "error": {"type": "invalid_request_error", "message": kind}})
        chosen = chosen or carried or DEFAULT
        self.task = asyncio.get_running_loop().create_task(
            self._guarded(self.answer(record, request, chosen, warm_up)))

    async def _guarded(self, coroutine):
        try:
            await coroutine
        except Gone:
            if self.turn:
                self._finish(False)
        except Exception:
            self.connection.transport.abort()
            raise

    def remember(self, response):
        """Turns may go on with this response."""
        self.known = [*self.known, response][-KEPT_RESPONSES:]

    def _finish(self, whole):
        record, self.turn, self.connection.record = self.turn, None, None
        del record.request.kept[65536 if record.request.length > 65536 else record.request.length:]
        self.service.counts.close(record, whole)

    def fixed(self, order, request):
        """The messages of an answer that is no response; None where it is one."""
        if order.json is not None:
            values = order.json if isinstance(order.json, list) else [order.json]
            return [answers.compact(value) for value in values]
        if order.body is not None:
            return [order.body.encode()]
        if order.status != 200:
            return [error_frame(order.status, order.error or {
                "type": "server_error", "message": f"The fake API answers {order.status}."}, order.headers)]
        previous = PREVIOUS.search(request.kept)
        if previous and previous.group(1).decode() not in self.known:
            return [error_frame(400, {
                "type": "invalid_request_error", "code": "previous_response_not_found", "param": "previous_response_id",
                "message": f"Previous response with id '{previous.group(1).decode()}' not found."})]
        return None

    async def answer(self, record, request, order, warm_up):
        connection = self.connection
        await connection.pause(order.delay)
        if order.raw is not None:
            await self.raw(order)
        else:
            fixed = self.fixed(order, request)
            if fixed is not None:
                messages, content = ((message, False) for message in fixed), None
            else:
                model, tier, _, _ = self.service.asked(request)
                content = FrameContent(order, model, tier, record.serial)
                if warm_up and order.usage == "random":
                    content.usage = None
                messages = content.messages(warm_up)
                if order.rate_limits and self.mode == "chatgpt":
                    connection.send(frames.frame(frames.TEXT, answers.compact(self.service.limits_event())))
            await Speech(self, order, record).send(messages, content)
        if order.close is not None and self.sent_close is None:
            self.close(order.close, order.close_reason)
        self._finish(True)
        if self.waiting and self.sent_close is None:
            self.begin(self.waiting.popleft())

    async def raw(self, order):
        wire = order.raw.encode("latin-1")
        for start in range(0, len(wire), order.dribble or len(wire) or 1):
            self.connection.send(wire[start:start + (order.dribble or len(wire))])
            await self.connection.drained()
            await asyncio.sleep(0)

    def described(self):
        return {"id": self.upgrade.serial, "connection": self.connection.serial, "user": self.upgrade.user,
                "open": not self.over, "turns": self.turns, "warm_ups": self.warm_ups, "frames": self.reader.frames,
                "busy": self.turn is not None, "pings": self.pings, "pongs": self.pongs,
                "unanswered_pings": len(self.expected or ()), "wrong_pongs": self.wrong_pongs,
                "sent_close": self.sent_close, "got_close": self.got_close, "violation": self.violation}
