"""What is counted, and each failure with what is known of it."""

import dataclasses

from .loop import now

KINDS = ("stream", "kept", "new", "seldom", "socket", "probe")
KEPT_FAILURES = 500  # in detail; all are counted


@dataclasses.dataclass
class Failure:
    kind: str
    what: str  # "truncated" where an answer had begun, "failed" where none had
    why: str
    moment: float
    opened: float  # when its connection was
    asked: float
    port: int  # the client's end of its connection
    requests: int  # that this connection had served before
    received: int  # bytes of the answer


class Tally:
    def __init__(self):
        self.answered = dict.fromkeys(KINDS, 0)
        self.failed = dict.fromkeys(KINDS, 0)
        self.truncated = dict.fromkeys(KINDS, 0)
        self.events = 0  # that streams have brought
        self.connections = 0
        self.farewells = 0  # answers that said that they are the connection's last
        self.restarts = 0  # WebSockets that the server closed with 1012 between two answers
        self.idle_ends = 0  # connections that the server ended between two requests
        self.failures = []
        self.begin()

    def begin(self):
        """A new period for what is a maximum."""
        self.gap, self.gap_at = 0.0, now()  # from a probe's connect to the first byte of its answer
        self.silence = 0.0  # between two reads of a stream

    def waited(self, seconds, since):
        if seconds > self.gap:
            self.gap, self.gap_at = seconds, since

    def fail(self, failure):
        counts = self.truncated if failure.what == "truncated" else self.failed
        counts[failure.kind] += 1
        if len(self.failures) < KEPT_FAILURES:
            self.failures.append(failure)

    def report(self):
        """All counts so far, the failures since the last report, the maxima of this period."""
        failures, self.failures = self.failures, []
        value = {name: getattr(self, name) for name in
                 ("answered", "failed", "truncated", "events", "connections", "farewells", "restarts", "idle_ends", "gap", "gap_at",
                  "silence")}
        value = value | {"moment": now(), "failures": [dataclasses.asdict(failure) for failure in failures]}
        self.begin()
        return value
