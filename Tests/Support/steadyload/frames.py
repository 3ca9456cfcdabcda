"""A client's WebSocket frames: those it sends, and those of a server taken apart."""

import base64
import hashlib
import os

from .answer import MAX_HEAD, Wrong

CONTINUATION, TEXT, CLOSE, PING, PONG = 0, 1, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MASK = os.urandom(4)


def frame(opcode, payload=b""):
    size = len(payload)
    head = bytes((0x80 | opcode,)) + (bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2))
    mask = (MASK * (size // 4 + 1))[:size]
    return head + MASK + (int.from_bytes(payload) ^ int.from_bytes(mask)).to_bytes(size)


class Frames:
    """Bytes in by feed(); out come control frames and whole messages, as (opcode, payload)."""

    def __init__(self):
        self.buffer = bytearray()
        self.message = None  # what there is of one in fragments

    def feed(self, data):
        self.buffer += data
        found = []
        while (one := self._frame()) is not None:
            opcode, fin, payload = one
            if opcode < CLOSE:
                if (opcode == CONTINUATION) != (self.message is not None) or opcode > TEXT:
                    raise Wrong(f"opcode {opcode} is out of turn")
                self.message = (self.message or b"") + payload
                if not fin:
                    continue
                opcode, payload, self.message = TEXT, self.message, None
            found.append((opcode, payload))
        return found

    def _frame(self):
        buffer = self.buffer
        if len(buffer) < 2:
            return None
        first, size = buffer[0], buffer[1]
        if first & 0x70 or size & 0x80 or first & 15 not in (CONTINUATION, TEXT, CLOSE, PING, PONG):
            raise Wrong(f"a frame that begins with {bytes(buffer[:2])!r}")
        start = 2 + {126: 2, 127: 8}.get(size, 0)
        if len(buffer) < start:
            return None
        size = size if start == 2 else int.from_bytes(buffer[2:start])
        if len(buffer) < start + size:
            return None
        payload = bytes(buffer[start:start + size])
        del buffer[:start + size]
        return first & 15, bool(first & 0x80), payload


class Opening:
    """The answer to an upgrade, up to its head's end."""

    closes = False

    def __init__(self):
        self.key = base64.b64encode(os.urandom(16)).decode()
        self.buffer = bytearray()
        self.received = 0

    def feed(self, data):
        """True once the socket is open; what `buffer` has then are frames. Raises Wrong."""
        self.received += len(data)
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > MAX_HEAD:
                raise Wrong("a head without end")
            return False
        head = bytes(self.buffer[:end]).decode("latin-1").split("\r\n")
        del self.buffer[:end + 4]
        if not head[0].startswith("HTTP/1.1 101 "):
            raise Wrong(f"{head[0]}: {bytes(self.buffer[:200]).decode('latin-1')}")
        accept = base64.b64encode(hashlib.sha1(self.key.encode() + GUID).digest()).decode()
        if accept not in [value.strip() for name, _, value in (line.partition(":") for line in head[1:])
                          if name.lower() == "sec-websocket-accept"]:
            raise Wrong("101 for another key")
        return True
