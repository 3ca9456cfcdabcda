"""A client with one connection at a time: asks, takes the answer, and knows what is a failure."""

import select
import socket
import struct

from .answer import Wrong
from .loop import now
from .tally import Failure

READ = 65536
RETRY = 0.2  # seconds after a failure, as the Codex CLI has it
RESET = struct.pack("ii", 1, 0)  # closed so, a connection leaves no TIME_WAIT behind that would use up the ports


class Client:
    """What the server does to its connection between two requests is its right. From the first byte of a request on, all
    but the whole answer is a failure.
    """

    kind = "?"
    distance = 0.0  # seconds until it learns that the server has closed: what the way takes, there and back

    def __init__(self, load):
        self.load, self.loop, self.tally = load, load.loop, load.tally
        self.handle = None
        self.answer = None  # that is awaited
        self.unsent = b""
        self.writes = False  # whether it waits until more can be sent
        self.opened = self.asked = self.heard = 0.0
        self.port = self.requests = 0
        self.deadline = None
        self.ended = False  # the server has closed, and the client does not know yet

    # To be said by each kind.

    def answered(self):
        """The answer was whole and right."""
        raise NotImplementedError

    def failed(self):
        raise NotImplementedError

    def lost(self):
        """The server has ended the connection between two requests."""

    def prepare(self, handle):
        """A new socket, before it connects."""

    # Asking.

    def ask(self, request, answer, seconds):
        """Sends a request, on the connection if there is one. `seconds`: how long the whole may take."""
        self.answer, self.unsent = answer, request
        self.asked = self.heard = now()
        self.load.open += 1
        self.deadline = self.loop.at(self.asked + seconds, self._late)
        if self.handle is not None and self.distance == 0 and self._has_ended():
            self.tally.idle_ends += 1
            self.close()
        if self.handle is None:
            if not self._connect():
                return
        if self.ended:  # its answer can only be that there is nobody
            self._over("the connection ended under the request")
        else:
            self._send()

    def _has_ended(self):
        """Whether the server's end has arrived, although this process has not come to see it."""
        try:
            return self.handle.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _connect(self):
        handle = self.handle = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.prepare(handle)
        self.tally.connections += 1
        self.opened, self.requests, self.ended, self.writes = now(), 0, False, False
        try:
            handle.connect((self.load.plan.host, self.load.plan.port))
        except BlockingIOError:
            pass
        except OSError as error:
            self._over(f"connect: {error.strerror}")
            return False
        self.port = handle.getsockname()[1]
        self.loop.watch(handle.fileno(), select.EPOLLIN, self._ready)
        return True

    def _send(self):
        try:
            self.unsent = self.unsent[self.handle.send(self.unsent):]
        except BlockingIOError:
            pass
        except OSError as error:
            self._over(f"send: {error.strerror}")
            return
        if bool(self.unsent) != self.writes:
            self.writes = bool(self.unsent)
            self.loop.change(self.handle.fileno(), select.EPOLLIN | (select.EPOLLOUT if self.writes else 0))

    # Being answered.

    def _ready(self, events):
        if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            try:
                data = self.receive()
            except BlockingIOError:
                data = None
            except OSError as error:
                self._end(error.strerror)
                return
            if data is not None:
                self._take(data)
        if events & select.EPOLLOUT and self.handle and self.unsent:
            self._send()

    def receive(self):
        return self.handle.recv(READ)

    def _take(self, data):
        if not data:
            self._end("closed")
        elif self.answer is None:
            self._over(f"bytes that nobody has asked for: {data[:100]!r}")
        else:
            self._hear()
            try:
                whole = self.answer.feed(data)
            except (Wrong, ValueError, KeyError, IndexError, TypeError) as error:
                self._over(f"{type(error).__name__}: {error}")
                return
            if whole:
                self._answered()

    def _hear(self):
        """Something of the answer has come."""
        moment = now()
        if self.answer.received == 0:
            self.begun(moment)
        else:
            self.tally.silence = max(self.tally.silence, moment - self.heard)
        self.heard = moment

    def begun(self, moment):
        """The first byte of the answer has come."""

    def _answered(self):
        closes = self.answer.closes
        self._done()
        self.requests += 1
        self.tally.answered[self.kind] += 1
        if closes:
            self.tally.farewells += 1
            self.close()
        self.answered()

    def _end(self, why):
        """The server has closed the connection, or reset it."""
        if self.answer is not None:
            self._over(why)
            return
        self.tally.idle_ends += 1
        if self.distance == 0:
            self.close()
            self.lost()
            return
        self.ended = True
        self.loop.forget(self.handle.fileno())
        handle = self.handle
        self.loop.at(now() + self.distance, lambda: self._learn(handle))

    def _learn(self, handle):
        if self.handle is handle and self.answer is None:
            self.close()
            self.lost()

    def _late(self):
        self._over("not answered in time")

    def _done(self):
        if self.answer is not None:
            self.answer = None
            self.unsent = b""
            self.load.open -= 1
            self.loop.cancel(self.deadline)

    def _over(self, why):
        received = self.answer.received if self.answer else 0
        self.tally.fail(Failure(self.kind, "truncated" if received else "failed", why, now(), self.opened, self.asked,
                                self.port, self.requests, received))
        self._done()
        self.close()
        self.failed()

    def close(self):
        if self.handle is None:
            return
        if self.handle.fileno() in self.loop.handlers:
            self.loop.forget(self.handle.fileno())
        self.handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.handle.close()
        self.handle = None
        self.ended = False


class Asking(Client):
    """A client that asks again after each answer. `think`: after how many seconds."""

    think = (0.0, 0.0)

    def next(self):
        if self.load.finishing:
            self.close()
        else:
            self.begin()

    def begin(self):
        raise NotImplementedError

    def rest(self):
        return self.load.random.uniform(*self.think)

    def answered(self):
        self.loop.at(now() + self.rest(), self.next)

    def failed(self):
        self.loop.at(now() + RETRY, self.next)
