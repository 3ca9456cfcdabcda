"""WebSocket frames from the server's side (RFC 6455): a strict incremental reader and an encoder."""

import base64
import codecs
import hashlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CODES = {1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)}  # what may stand in a close frame


class Violation(Exception):
    """The peer broke the protocol; `code` is what to close with."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def accept(key):
    """The Sec-WebSocket-Accept to a Sec-WebSocket-Key; None where the key is none (section 4.2.1)."""
    try:
        if len(base64.b64decode(key, validate=True)) != 16:
            return None
    except ValueError:
        return None
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def head(opcode, length, fin=True):
    """The head of an unmasked frame."""
    first = opcode | (0x80 if fin else 0)
    if length < 126:
        return bytes((first, length))
    if length < 65536:
        return bytes((first, 126)) + length.to_bytes(2)
    return bytes((first, 127)) + length.to_bytes(8)


def frame(opcode, payload=b"", fin=True):
    return head(opcode, len(payload), fin) + payload


def close(code=None, reason=""):
    return frame(CLOSE, b"" if code is None else code.to_bytes(2) + reason.encode())


def message(opcode, payload, size=0, between=b""):
    """A message in frames of `size` bytes each (0: one frame), with `between` behind the first of several."""
    if not size or len(payload) <= size:
        yield frame(opcode, payload)
        return
    for start in range(0, len(payload), size):
        last = start + size >= len(payload)
        yield frame(CONTINUATION if start else opcode, payload[start:start + size], last) + (b"" if start else between)


def unmasked(data, key, offset):
    """`data`, whose first byte is the frame's byte number `offset`, with its mask undone."""
    turned = key[offset % 4:] + key[:offset % 4]
    mask = (turned * (len(data) // 4 + 1))[:len(data)]
    return (int.from_bytes(data, "little") ^ int.from_bytes(mask, "little")).to_bytes(len(data), "little")


class FrameReader:
    """Bytes in by `feed`; `on_data(opcode, bytes, last)` as a message's bytes come, `on_control(opcode, payload)`
    for each whole control frame. Nothing of a message is kept."""

    def __init__(self, on_data, on_control):
        self.on_data, self.on_control = on_data, on_control
        self.buffer = bytearray()
        self.message = None  # opcode of the message that is under way
        self.text = None  # its decoder
        self.frame = None  # (opcode, fin, length, key) of the frame that is under way
        self.taken = 0
        self.frames = 0

    def feed(self, data):
        self.buffer += data
        while self._head() if self.frame is None else self._payload():
            pass

    def _head(self):
        buffer = self.buffer
        if len(buffer) < 2:
            return False
        opcode, fin, length = buffer[0] & 15, bool(buffer[0] & 0x80), buffer[1] & 0x7F
        self._check(buffer[0], opcode, fin, length, buffer[1] & 0x80)
        extra = {126: 2, 127: 8}.get(length, 0)
        if len(buffer) < 6 + extra:
            return False
        if extra:
            length = int.from_bytes(buffer[2:2 + extra])
            if length < (126 if extra == 2 else 65536) or length >> 63:
                raise Violation(1002, f"length {length} in {extra} bytes")
        self.frame = opcode, fin, length, bytes(buffer[2 + extra:6 + extra])
        self.taken = 0
        self.frames += 1
        del buffer[:6 + extra]
        return True

    def _check(self, first, opcode, fin, length, masked):
        if first & 0x70:
            raise Violation(1002, "a reserved bit")
        if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise Violation(1002, f"opcode {opcode}")
        if not masked:
            raise Violation(1002, "no mask")
        if opcode >= CLOSE and (not fin or length > 125):
            raise Violation(1002, "a control frame in pieces or too long")
        if opcode in (TEXT, BINARY) and self.message is not None or opcode == CONTINUATION and self.message is None:
            raise Violation(1002, f"opcode {opcode} is out of turn")

    def _payload(self):
        opcode, fin, length, key = self.frame
        left = length - self.taken
        if opcode >= CLOSE and len(self.buffer) < left or left and not self.buffer:
            return False
        data = unmasked(bytes(self.buffer[:left]), key, self.taken)
        del self.buffer[:left]
        self.taken += len(data)
        over = self.taken == length
        if over:
            self.frame = None
        if opcode >= CLOSE:
            self.on_control(opcode, data)
        else:
            self._data(opcode, data, over and fin)
        return True

    def _data(self, opcode, data, last):
        if self.message is None:
            self.message = opcode
            self.text = codecs.getincrementaldecoder("utf-8")() if opcode == TEXT else None
        if self.text:
            try:
                self.text.decode(data, last)
            except UnicodeDecodeError as error:
                raise Violation(1007, str(error)) from None
        kind = self.message
        if last:
            self.message = self.text = None
        self.on_data(kind, data, last)


def closing(payload):
    """(code or None, reason) of a close frame's payload."""
    if not payload:
        return None, ""
    code = int.from_bytes(payload[:2])
    if len(payload) == 1 or code not in CODES:
        raise Violation(1002, f"close frame {payload!r}")
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError as error:
        raise Violation(1007, str(error)) from None
