"""What was served, to the token and to the byte."""

import collections
import time

COUNTERS = ("request_count", "input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens",
            "reasoning_tokens")


class Record:
    """One request and how far its answer got."""

    __slots__ = ("serial", "connection", "turn", "request", "user", "status", "offered", "payload", "digest", "whole",
                 "counted", "started", "ended", "blocked", "answer", "events")

    def __init__(self, serial, connection, turn, request, user):
        self.serial, self.connection, self.turn, self.request, self.user = serial, connection, turn, request, user
        self.status = 0
        self.offered = 0  # bytes on their way, framing included; those still in this process are subtracted by sent()
        self.payload = 0
        self.digest = None
        self.answer = bytearray()  # the payload's beginning, before any coding
        self.events = 0
        self.whole = self.counted = False
        self.started, self.ended = time.time(), None
        self.blocked = 0.0  # seconds that the peer did not take what there was to send

    def described(self, detailed=True):
        request = self.request
        answer = {"id": self.serial, "connection": self.connection.serial, "turn": self.turn, "user": self.user,
                  "method": request.method, "target": request.target, "status": self.status,
                  "sent": self.sent(), "payload": self.payload, "events": self.events, "whole": self.whole,
                  "counted": self.counted, "ended": self.ended is not None, "blocked": self.connection.blocked(self),
                  "seconds": (self.ended or time.time()) - self.started}
        if detailed:
            answer |= {"version": request.version, "fields": request.fields, "body_length": request.length,
                       "body_sha256": request.digest.hexdigest(), "framing": request.framing,
                       "chunks": request.chunks, "trailers": request.trailers,
                       "payload_sha256": self.digest.hexdigest() if self.digest else None,
                       "body": request.kept.decode("latin-1") if request.length <= 65536 else None,
                       "answer": self.answer.decode("latin-1") if self.payload == len(self.answer) else None}
        return answer

    def sent(self):
        """Bytes that the kernel has taken."""
        return self.offered - (self.connection.unsent() if self.ended is None else 0)


class Counts:
    """Totals per (user, model, tier), and the last requests as they came."""

    def __init__(self, kept=20000):
        self.rows = collections.defaultdict(lambda: [0] * len(COUNTERS))
        self.records = collections.OrderedDict()
        self.kept = kept
        self.serial = 0
        self.connections = self.requests = self.active = self.bytes = self.refused = 0

    def open(self, connection, turn, request, user):
        self.serial += 1
        self.requests += 1
        self.active += 1
        record = Record(self.serial, connection, turn, request, user)
        self.records[record.serial] = record
        if len(self.records) > self.kept:
            self.records.popitem(last=False)
        return record

    def close(self, record, whole):
        if record.ended is not None:
            return
        record.offered -= record.connection.unsent()
        record.blocked = record.connection.blocked(record)
        record.ended = time.time()
        record.whole = whole
        self.active -= 1

    def add(self, record, content):
        """The usage of `content` is out, whole."""
        usage = content.usage
        record.counted = True
        row = self.rows[(record.user, content.model, content.tier or "")]
        for n, value in enumerate((1, usage.input, usage.cached, usage.cache_write, usage.output, usage.reasoning)):
            row[n] += value

    def totals(self):
        return [{"user": user, "model": model, "service_tier": tier} | dict(zip(COUNTERS, row))
                for (user, model, tier), row in sorted(self.rows.items())]

    def clear(self):
        self.rows.clear()
        self.records.clear()
        self.connections = self.requests = self.bytes = self.refused = 0
