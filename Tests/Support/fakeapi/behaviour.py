"""What a test can order for one answer, and the queue that hands the orders out."""

import json
from dataclasses import dataclass, field, fields


@dataclass(frozen=True)
class Behaviour:
    """How one request is answered. Everything has the default of a well-behaved API."""

    # The head.
    status: int = 200
    reason: str | None = None
    headers: list = field(default_factory=list)  # [[name, value]], added last
    informational: list = field(default_factory=list)  # [[status, [[name, value]]]] before the answer
    http: str = "1.1"
    framing: str = "auto"  # auto, chunked, length, close (until the connection ends)
    keep_alive: bool = True
    delay: float = 0  # seconds before the first byte

    # The content.
    body: str | None = None  # sent as it stands instead of an answer made up
    json: object = None  # likewise, as JSON
    events: int = 3  # number of text deltas
    event_bytes: int = 24  # text of each
    total_bytes: int = 0  # instead of `events`: as many deltas as make this many bytes
    huge: int = 0  # bytes of padding inside the terminal event or the JSON body
    terminal: str = "completed"  # completed, incomplete, failed, none
    error: object = None  # the error of a failed response
    model: str = "="  # "=" the one asked for, "" none, else this
    tier: str | None = "="  # likewise
    usage: object = "random"  # random, null, or the usage object
    text: str = ""
    output: list = field(default_factory=list)  # output items (tool calls) instead of a message

    # Form of the events.
    crlf: bool = False
    no_space: bool = False
    event_lines: bool = True
    done: bool = False  # a final [DONE]
    comments: bool = False
    data_lines: bool = False  # one event's JSON over several data lines
    final_newline: bool = True  # the blank line after the last event

    # Pace and pieces.
    interval: float = 0  # seconds between events
    pieces: int = 0  # payload bytes in each chunk (0: one event in each)
    dribble: int = 0  # bytes in each write to the socket, framing included
    extension: str = ""  # of each chunk, with its semicolon
    trailers: list = field(default_factory=list)
    gzip: bool | None = None  # None: when Accept-Encoding asks for it
    linger: float = 0  # seconds that the stream stays open after its terminal event; -1 until the peer goes

    # Over WebSocket. `json` may be a list there, of as many messages; a `status` other than 200 makes an error frame, with
    # `error` and `headers` in it; `raw` is sent without an end of the connection.
    fragment: int = 0  # bytes in each frame of a message (0: one frame)
    binary: bool = False  # messages as binary ones, which Codex never sees
    pings: bool = False  # one before each message, and one between the first two frames of a message
    rate_limits: bool = True  # a codex.rate_limits message ahead of the response
    close: int | None = None  # closes with this code; in an upgrade's order after `linger` seconds
    close_reason: str = ""
    close_after_events: int = -1  # -1: after the answer

    # Faults.
    cut_after_events: int = -1
    cut_after_bytes: int = -1  # of the payload
    reset: bool = False  # cut by RST instead of FIN
    stall_after_events: int = -1  # then silent until the peer goes, or for `stall` seconds
    stall: float = 0
    hangup: bool = False  # closes without a byte
    reused_only: bool = False  # ... but only where the connection has served a request before
    raw: str | None = None  # these bytes (latin-1) on the wire, then the connection ends
    early: bool = False  # answers at the head, while the body is still coming
    read_body: bool = True  # False: takes no further byte of the request
    then_close: bool = False  # closes after the answer without having said so

    @property
    def plain(self):
        """Whether the answer can go out in one write."""
        return not (
            self.delay or self.interval or self.pieces or self.dribble or self.total_bytes or self.huge or self.linger
            or self.cut_after_events >= 0 or self.cut_after_bytes >= 0 or self.stall_after_events >= 0
            or self.hangup or self.raw is not None or self.early or self.then_close or not self.read_body
            or self.informational or self.events > 64
        )


KNOWN = {f.name for f in fields(Behaviour)}
DEFAULT = Behaviour()


def behaviour(order):
    """A Behaviour from JSON; an unknown name is an error, so that a misspelt order never passes for a good answer."""
    unknown = set(order) - KNOWN
    if unknown:
        raise ValueError(f"unknown in an order: {sorted(unknown)}")
    return Behaviour(**order)


class Orders:
    """Orders given ahead: for a route (or "any"), a user (or any), a number of times (-1 for ever)."""

    def __init__(self):
        self.queue = []

    def add(self, entry):
        unknown = set(entry) - {"route", "user", "times", "behaviour"}
        if unknown:
            raise ValueError(f"unknown in a queue entry: {sorted(unknown)}")
        self.queue.append({"route": entry.get("route", "any"), "user": entry.get("user"),
                           "times": entry.get("times", 1), "behaviour": behaviour(entry["behaviour"])})

    def clear(self):
        self.queue.clear()

    def take(self, route, user, reused):
        for entry in self.queue:
            if entry["route"] not in ("any", route) or entry["user"] not in (None, user):
                continue
            if entry["behaviour"].reused_only and not reused:
                continue
            entry["times"] -= 1
            if entry["times"] == 0:
                self.queue.remove(entry)
            return entry["behaviour"]
        return None


def ordered_in(header):
    """The order that a request itself carries (`x-fake: {…}`)."""
    return behaviour(json.loads(header))
