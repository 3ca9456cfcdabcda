"""The kinds of clients, and the load that is made of them."""

import dataclasses
import itertools
import json
import random
import socket
import struct
import time

from . import answer
from .client import READ, Asking
from .loop import Loop, now
from .sockets import Socket
from .tally import KINDS, Tally

SO_TIMESTAMPNS = 35  # socket(7); Python has no name for it


@dataclasses.dataclass
class Plan:
    port: int
    host: str = "127.0.0.1"
    target: str = "/v1/responses"
    fields: dict = dataclasses.field(default_factory=dict)  # kind: [[name, value]…], for every request
    streams: int = 200
    deltas: tuple = (4, 24)  # of a stream; seven events more are around them
    interval: float = 0.2  # seconds between the events of a stream
    rate: int = 100  # short requests a second, half of them on kept connections, half on new ones
    seldom: int = 20  # clients that let their connection rest for seconds
    sockets: int = 0  # clients that hold a WebSocket, with turns like those of the streams
    probe_interval: float = 0.004  # between two connections that only ask whether anybody is there
    probe_target: str = "/"
    probe_status: int = 404
    spread: float = 2.0  # seconds in which the clients begin
    distance: float = 0.02  # of the clients with kept connections, in seconds there and back
    patience: float = 10.0  # seconds beyond what an answer should take


class Load:
    """All the clients, on one loop."""

    def __init__(self, plan):
        self.plan, self.loop, self.tally = plan, Loop(), Tally()
        self.open = 0  # exchanges
        self.finishing = False
        self.numbers = itertools.count(1)
        self.random = random.Random(plan.port)
        self.heads = {kind: self._head(plan.fields.get(kind, [])) for kind in KINDS}
        self.opening = self._opening(plan.fields.get("socket", []))
        self.probe = (f"GET {plan.probe_target} HTTP/1.1\r\nHost: load\r\nConnection: close\r\n\r\n").encode()
        kept = round(plan.rate / 2 * sum(Kept.think) / 2)
        self.clients = [Stream(self) for _ in range(plan.streams)] + [Kept(self) for _ in range(kept)]
        self.clients += [Seldom(self) for _ in range(plan.seldom)] + [Socket(self) for _ in range(plan.sockets)]

    def start(self):
        begin = now()
        for client in self.clients:
            self.loop.at(begin + self.random.uniform(0, self.plan.spread), client.next)
        if self.plan.rate:
            self.rhythm(New, 2 / self.plan.rate, begin)
        if self.plan.probe_interval:
            self.rhythm(Probe, self.plan.probe_interval, begin)

    def rhythm(self, kind, interval, due):
        """A new client every so often, whether the others are answered or not."""
        if self.finishing:
            return
        kind(self).next()
        due = max(due + interval, now() - 5 * interval)  # what was missed is made up for, but not in a burst
        self.loop.at(due, lambda: self.rhythm(kind, interval, due))

    def finish(self, seconds, done):
        """Begins nothing new; calls done() when what is open is answered, or time is over."""
        self.finishing = True
        until = now() + seconds

        def look():
            if self.open and now() < until:
                self.loop.at(now() + 0.02, look)
            else:
                done()

        look()

    # Requests.

    def _head(self, fields):
        lines = [f"POST {self.plan.target} HTTP/1.1", "Host: load", "Content-Type: application/json"]
        return "\r\n".join(lines + [f"{name}: {value}" for name, value in fields] + ["x-fake: "])

    def _opening(self, fields):
        lines = [f"GET {self.plan.target} HTTP/1.1", "Host: load", "Connection: Upgrade", "Upgrade: websocket",
                 "Sec-WebSocket-Version: 13"]
        return "\r\n".join(lines + [f"{name}: {value}" for name, value in fields] + ["Sec-WebSocket-Key: "])

    def upgrade(self, key):
        """The bytes of a request to become a WebSocket."""
        return f"{self.opening}{key}\r\n\r\n".encode()

    def turn(self, order, previous):
        """A message that asks for a response, and its number."""
        number, order = self._numbered(order)
        message = {"type": "response.create", "model": "gpt-5.5", "input": str(number), "x-fake": order}
        return json.dumps(message | ({"previous_response_id": previous} if previous else {})).encode(), number

    def _numbered(self, order):
        """A new number, which the answer has to bear."""
        number = next(self.numbers)
        return number, order | {"usage": {"input": number, "output": 1}}

    def request(self, kind, stream, order):
        """The bytes of a request, and its number."""
        number, order = self._numbered(order)
        body = f'{{"model":"gpt-5.5","stream":{"true" if stream else "false"},"input":"{number}"}}'
        return f"{self.heads[kind]}{json.dumps(order)}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode(), number


class Stream(Asking):
    """A turn after the other, each as a stream; every second one on the connection of the one before."""

    kind = "stream"

    def begin(self):
        plan = self.load.plan
        deltas = self.deltas = self.load.random.randint(*plan.deltas)
        request, number = self.load.request("stream", True, {"events": deltas, "interval": plan.interval})
        self.ask(request, answer.Answer(200, answer.stream(deltas, number)),
                 (deltas + answer.AROUND) * plan.interval + plan.patience)

    def answered(self):
        self.tally.events += self.deltas + answer.AROUND
        if self.load.random.random() < 0.5:
            self.close()
        super().answered()


class Short(Asking):
    """A client whose requests are answered at once, as a whole."""

    def begin(self):
        request, number = self.load.request(self.kind, False, {})
        self.ask(request, answer.Answer(200, answer.whole(number)), self.load.plan.patience)


class Kept(Short):
    """Short requests on a connection that stays, with pauses as a client's; it is some way off."""

    kind = "kept"
    think = (0.2, 1.4)

    def __init__(self, load):
        super().__init__(load)
        self.distance = load.plan.distance


class Seldom(Short):
    """The same with long pauses: the server may well have closed meanwhile, and the client has seen it."""

    kind = "seldom"
    think = (3.0, 8.0)


class New(Short):
    """One short request on a connection of its own."""

    kind = "new"

    def answered(self):
        self.close()

    def failed(self):
        pass


class Probe(New):
    """The smallest request that the server answers by itself: whether anybody accepts, and when.

    The kernel says when the answer came: on a busy machine this process may see it much later.
    """

    kind = "probe"

    def begin(self):
        plan = self.load.plan
        self.began = self.arrived = time.time()
        self.ask(self.load.probe, answer.Answer(plan.probe_status, answer.anything), plan.patience)

    def prepare(self, handle):
        handle.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def receive(self):
        if self.arrived != self.began:
            return super().receive()
        data, messages, *_ = self.handle.recvmsg(READ, 64)
        for _, kind, value in messages:
            if kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("ll", value)
                self.arrived = seconds + nanoseconds / 1e9
        return data

    def begun(self, _moment):
        self.tally.waited(self.arrived - self.began, self.opened)
