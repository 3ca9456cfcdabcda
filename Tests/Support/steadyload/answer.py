"""Bytes of one answer in, a verdict out: whole and what was asked for, not whole yet, or wrong, and how."""

import json

MAX_HEAD = 65536
AROUND = 7  # events of a stream that are no text deltas


class Wrong(Exception):
    """Bytes came that are not the answer."""


class Answer:
    """An HTTP/1.1 answer as it comes, with its status; `check(body)` judges the body once it is whole."""

    __slots__ = ("status", "check", "buffer", "position", "left", "body", "closes", "received", "chunked")

    def __init__(self, status, check):
        self.status, self.check = status, check
        self.buffer = bytearray()
        self.position = 0  # where the next chunk begins, in `buffer`
        self.left = None  # bytes of a body of known length that are missing; None before the head
        self.body = bytearray()
        self.closes = False  # the server has said that it takes no further request
        self.received = 0
        self.chunked = False

    def feed(self, data):
        """True once the answer is whole. Raises Wrong."""
        self.received += len(data)
        if self.left is None:
            self.buffer += data
            if not self._head():
                return False
        elif self.chunked:
            self.buffer += data
        else:
            self._length(data)
        if not (self._chunks() if self.chunked else self.left == 0):
            return False
        self.check(bytes(self.body))
        return True

    def _head(self):
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > MAX_HEAD:
                raise Wrong("a head without end")
            return False
        lines = bytes(self.buffer[:end]).decode("latin-1").split("\r\n")
        rest = bytes(self.buffer[end + 4:])
        version, _, status = lines[0].partition(" ")
        if version != "HTTP/1.1" or status[:3] != str(self.status):
            raise Wrong(f"{lines[0]}: {rest[:200].decode('latin-1')}")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        self.closes = "close" in fields.get("connection", "").lower()
        self.left = 0
        if fields.get("transfer-encoding") == "chunked":
            self.chunked = True
            self.buffer = bytearray(rest)
        elif "content-length" in fields:
            self.left = int(fields["content-length"])
            self._length(rest)
        else:
            raise Wrong("an answer whose end nobody can tell")
        return True

    def _length(self, data):
        if len(data) > self.left:
            raise Wrong("bytes behind the answer")
        self.left -= len(data)
        self.body += data

    def _chunks(self):
        """True at the last one."""
        buffer = self.buffer
        while (end := buffer.find(b"\r\n", self.position)) >= 0:
            try:
                size = int(buffer[self.position:end], 16)
            except ValueError:
                raise Wrong(f"chunk size {bytes(buffer[self.position:end])!r}") from None
            after = end + 2 + size
            if len(buffer) < after + 2:
                return False
            if buffer[after:after + 2] != b"\r\n":
                raise Wrong("a chunk that does not end where it says")
            if size == 0:
                if len(buffer) > after + 2:
                    raise Wrong("bytes behind the answer")
                return True
            self.body += buffer[end + 2:after]
            self.position = after + 2
        return False


# What bodies have to be. The usage's `input_tokens` is a number that the request chose: no other request's answer has it.

def stream(deltas, number):
    """A check for a stream with so many text deltas: every event in its place, the text whole, the terminal event last."""
    def check(body):
        found = body.split(b"\n\n")
        if found.pop():
            raise Wrong("the last event is not ended")
        events([json.loads(event[event.index(b"data: ") + 6:]) for event in found], deltas, number)

    return check


def events(found, deltas, number):
    """The events of a stream."""
    count = deltas + AROUND
    for place, event in enumerate(found):
        if event["sequence_number"] != place:
            raise Wrong(f"event {event['sequence_number']} where {place} should be")
    if len(found) != count or found[-1]["type"] != "response.completed":
        raise Wrong(f"{len(found)} events of {count}, the last is {found[-1]['type'] if found else 'missing'}")
    text = "".join(event["delta"] for event in found[4:-3])
    if found[-3]["text"] != text:
        raise Wrong("the text is not that of its deltas")
    _own(found[-1]["response"], number)


def whole(number):
    """A check for a JSON body."""
    def check(body):
        value = json.loads(body)
        if value["status"] != "completed" or not value["output"][0]["content"][0]["text"]:
            raise Wrong("no response in the answer")
        _own(value, number)

    return check


def anything(_body):
    pass


def _own(response, number):
    if response["usage"]["input_tokens"] != number:
        raise Wrong(f"the answer to request {response['usage']['input_tokens']} where {number} was asked")
