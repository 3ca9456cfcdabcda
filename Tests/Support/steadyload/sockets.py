"""A client that holds a WebSocket, as Codex does, and asks one turn after the other over it."""

import json

from . import answer
from .client import RETRY, Asking
from .frames import CLOSE, PING, PONG, TEXT, Frames, Opening, frame
from .loop import now

RESTART, DONE = 1012, 1000


class Turn:
    """The messages that answer a turn."""

    closes = False

    def __init__(self, deltas, number):
        self.deltas, self.number = deltas, number
        self.events = []
        self.received = 0  # bytes
        self.response = None

    def add(self, message):
        """True once the answer is whole. Raises Wrong."""
        self.received += len(message)
        event = json.loads(message)
        if event["type"] == "codex.rate_limits" and not self.events:
            return False
        if event["type"] == "error":
            raise answer.Wrong(f"an error frame: {message[:200]!r}")
        self.events.append(event)
        if event["type"] != "response.completed":
            return False
        answer.events(self.events, self.deltas, self.number)
        self.response = event["response"]["id"]
        return True


class Socket(Asking):
    """A turn after the other, with short rests; each goes on with the one before.

    Between two answers the server may close with 1012: then it goes on over another socket, and what it had just asked it
    asks again. Each other end that it has not begun itself is a failure, and so is a close inside an answer.
    """

    kind = "socket"
    think = (0.0, 0.5)
    kept = 0.9  # of the answers, behind which the socket stays

    def __init__(self, load):
        super().__init__(load)
        self.frames = None  # of the socket that is open
        self.leaving = None  # behind a close frame of its own: the deadline of the connection's end
        self.told = False  # the server has sent its close frame
        self.waits = False  # to ask until the connection has ended
        self.previous = None  # response, on this socket
        self.timer = None

    # Asking.

    def begin(self):
        if self.leaving:
            self.waits = True
        elif self.handle is None:
            self.previous = None
            opening = Opening()
            self.ask(self.load.upgrade(opening.key), opening, self.load.plan.patience)
        else:
            self._turn()

    def _turn(self):
        plan = self.load.plan
        deltas = self.load.random.randint(*plan.deltas)
        message, number = self.load.turn({"events": deltas, "interval": plan.interval}, self.previous)
        self.ask(self.unsent + frame(TEXT, message), Turn(deltas, number),
                 (deltas + answer.AROUND) * plan.interval + plan.patience)

    def _has_ended(self):
        """It may not without a close frame, and that will be found."""
        return False

    def answered(self):
        if self.load.random.random() > self.kept:
            self._leave(DONE)
        self._again(self.rest())

    def failed(self):
        self._again(RETRY)

    def _again(self, seconds):
        if self.timer:
            self.loop.cancel(self.timer)
        self.timer = self.loop.at(now() + seconds, self.next)

    # Being answered.

    def _take(self, data):
        if self.frames is None:
            super()._take(data)
        elif not data:
            self._end("closed")
        else:
            if self.answer is not None:
                self._hear()
            try:
                self._look(data)
            except (answer.Wrong, ValueError, KeyError, IndexError, TypeError) as error:
                self._over(f"{type(error).__name__}: {error}")

    def _look(self, data):
        for opcode, payload in self.frames.feed(data):
            if self.told:
                raise answer.Wrong("a frame behind the close frame")
            if opcode == PING:
                self.unsent += frame(PONG, payload)
                self._send()
            elif opcode == CLOSE:
                self._closed(int.from_bytes(payload[:2]))
            elif opcode == TEXT and self.answer is not None:
                if self.answer.add(payload):
                    self._answered()
            elif opcode == TEXT and not self.leaving:
                raise answer.Wrong("a message that nobody has asked for")
            if self.frames is None:  # a write has failed
                return

    def _answered(self):
        if self.frames is not None:
            self.tally.events += len(self.answer.events)
            self.previous = self.answer.response
            super()._answered()
            return
        rest = bytes(self.answer.buffer)
        self._done()
        self.frames = Frames()
        if rest:
            self._take(rest)
        if self.leaving:
            self.waits = True
        elif self.handle is not None:
            self._turn()

    # The end.

    def _closed(self, code):
        self.told = True
        if self.leaving:
            return
        if code != RESTART:
            raise answer.Wrong(f"closed with {code}")
        if self.answer is not None and self.answer.received:
            raise answer.Wrong(f"closed with {code} inside an answer")
        self.tally.restarts += 1
        self.waits = self.answer is not None
        self._done()
        self._leave(RESTART)

    def _leave(self, code):
        self.leaving = self.loop.at(now() + self.load.plan.patience, lambda: self._over("no end behind the close frames"))
        self.unsent += frame(CLOSE, code.to_bytes(2))
        self._send()

    def _end(self, why):
        if self.frames is None:
            super()._end(why)
        elif not self.told:
            self._over(f"{why} without a close frame")
        else:
            waits = self.waits
            self.close()
            if waits:
                self.next()

    def close(self):
        if self.leaving:
            self.loop.cancel(self.leaving)
        self.frames = self.leaving = None
        self.told = self.waits = False
        super().close()
