"""WebSocket frames as bytes, legal ones and others: no library sends the others."""

import base64
import hashlib
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x12\x34\x56\x78"


def encode(opcode, payload=b"", *, fin=True, rsv=0, mask=MASK, length=None, width=None):
    """The bytes of any frame.

    `mask` None: unmasked. `length`: what the head claims, `width`: in 7, 16 or 64 bits; else what the payload needs.
    """
    length = len(payload) if length is None else length
    width = width or (7 if length < 126 else 16 if length < 65536 else 64)
    short = length if width == 7 else 126 if width == 16 else 127
    head = bytes((opcode | rsv << 4 | fin << 7, short | (0x80 if mask is not None else 0)))
    head += b"" if width == 7 else length.to_bytes(width // 8)
    return head + payload if mask is None else head + mask + masked(payload, mask)


def masked(payload, mask):
    key = (mask * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(len(payload))


def accept(key):
    return base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()


def upgrade_fields(key):
    return [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", key)]


class Frame(NamedTuple):
    """A frame as it stands on the wire, its mask undone."""

    opcode: int
    payload: bytes
    fin: bool = True

    def __repr__(self):
        shown = repr(self.payload) if len(self.payload) < 80 else f"{self.payload[:40]!r}… {len(self.payload)} bytes"
        return f"Frame({self.opcode}, {shown}{'' if self.fin else ', fin=False'})"


class Frames:
    """Takes bytes apart, whatever they are; `frames` are the whole ones, `rest` what is left of the last."""

    def __init__(self, masked):
        self.masked = masked  # whether the frames must be
        self.frames = []
        self.rest = bytearray()

    def feed(self, data):
        self.rest += data
        while self._frame():
            pass

    def _frame(self):
        rest = self.rest
        if len(rest) < 2:
            return False
        assert rest[0] & 0x70 == 0, "a reserved bit is set"
        assert bool(rest[1] & 0x80) == self.masked, "masked the wrong way"
        short = rest[1] & 0x7F
        start = 2 + {126: 2, 127: 8}.get(short, 0)
        length = short if start == 2 else int.from_bytes(rest[2:start])
        key = start + 4 * self.masked
        if len(rest) < start or len(rest) < key + length:
            return False
        payload = bytes(rest[key:key + length])
        if self.masked:
            payload = masked(payload, bytes(rest[start:key]))
        self.frames.append(Frame(rest[0] & 15, payload, bool(rest[0] & 0x80)))
        del rest[:key + length]
        return True
