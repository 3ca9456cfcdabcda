"""HTTP/1.1 from the server's side: an incremental request reader and the framings of an answer."""

import hashlib

MAX_HEAD = 1 << 20
KEPT_BODY = 4 << 20  # what is kept of a body for parsing; the hash and the length cover all of it

REASONS = {
    100: "Continue", 102: "Processing", 103: "Early Hints", 200: "OK", 201: "Created", 202: "Accepted",
    204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified",
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 409: "Conflict", 413: "Content Too Large", 429: "Too Many Requests",
    500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}


class BadRequest(Exception):
    """The bytes are no HTTP/1.1 request that this server understands."""


class Request:
    """One request as it came; `fields` keeps order, case and repetition."""

    __slots__ = ("method", "target", "version", "fields", "lower", "kept", "length", "digest", "framing", "chunks",
                 "trailers")

    def __init__(self, method, target, version, fields):
        self.method, self.target, self.version, self.fields = method, target, version, fields
        self.lower = {}
        for name, value in fields:
            self.lower.setdefault(name.lower(), value)
        self.kept = bytearray()
        self.length = 0
        self.digest = hashlib.sha256()
        self.framing = "none"
        self.chunks = 0
        self.trailers = []

    def header(self, name, default=None):
        return self.lower.get(name, default)

    def body(self, data):
        self.length += len(data)
        self.digest.update(data)
        if len(self.kept) < KEPT_BODY:
            self.kept += data[: KEPT_BODY - len(self.kept)]

    @property
    def keep_alive(self):
        connection = self.lower.get("connection", "").lower()
        return "close" not in connection if self.version == "1.1" else "keep-alive" in connection


class RequestReader:
    """Bytes in by `feed`; `on_head(request)` and `on_end(request)` are called as they become known.

    After on_end it holds back what follows until `proceed()`: one answer at a time.
    """

    def __init__(self, on_head, on_end):
        self.on_head, self.on_end = on_head, on_end
        self.buffer = bytearray()
        self.request = None
        self.step = self._head
        self.left = 0
        self.held = False

    def feed(self, data):
        self.buffer += data
        while not self.held and self.step():
            pass

    def proceed(self):
        self.held = False
        self.feed(b"")

    def _line(self):
        end = self.buffer.find(b"\r\n")
        if end < 0:
            if len(self.buffer) > MAX_HEAD:
                raise BadRequest("line too long")
            return None
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        return line

    def _head(self):
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > MAX_HEAD:
                raise BadRequest("head too long")
            return False
        lines = self.buffer[:end].decode("latin-1").split("\r\n")
        del self.buffer[: end + 4]
        parts = lines[0].split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise BadRequest(f"request line {lines[0]!r}")
        fields = [_field(line) for line in lines[1:]]
        request = self.request = Request(parts[0], parts[1], parts[2][5:], fields)
        self._choose_framing(request)
        self.on_head(request)
        return True

    def _choose_framing(self, request):
        coding, length = request.header("transfer-encoding"), request.header("content-length")
        if coding is not None and length is not None:
            raise BadRequest("both framings")
        if coding is not None:
            if coding.lower() != "chunked":
                raise BadRequest(f"transfer-encoding {coding!r}")
            request.framing, self.step = "chunked", self._chunk_size
        elif length is not None:
            if not length.isdigit():
                raise BadRequest(f"content-length {length!r}")
            request.framing, self.left, self.step = "length", int(length), self._length
        else:
            self.step = self._end

    def _length(self):
        if not self._take():
            return False
        self.step = self._end
        return True

    def _take(self):
        """Moves up to `left` bytes of body; true when none is left."""
        if self.left and self.buffer:
            if len(self.buffer) <= self.left:
                part, self.buffer = self.buffer, bytearray()
            else:
                part = self.buffer[: self.left]
                del self.buffer[: self.left]
            self.left -= len(part)
            self.request.body(part)
        return self.left == 0

    def _chunk_size(self):
        line = self._line()
        if line is None:
            return False
        size = line.split(b";")[0]
        try:
            self.left = int(size, 16)
        except ValueError:
            raise BadRequest(f"chunk size {size!r}") from None
        self.request.chunks += 1
        self.step = self._chunk if self.left else self._trailers
        return True

    def _chunk(self):
        if not self._take() or len(self.buffer) < 2:
            return False
        if self.buffer[:2] != b"\r\n":
            raise BadRequest("chunk without end")
        del self.buffer[:2]
        self.step = self._chunk_size
        return True

    def _trailers(self):
        line = self._line()
        if line is None:
            return False
        if line:
            self.request.trailers.append(_field(line.decode("latin-1")))
        else:
            self.step = self._end
        return True

    def _end(self):
        self.held, self.step = True, self._head
        self.on_end(self.request)
        return True


def _field(line):
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip():
        raise BadRequest(f"field line {line!r}")
    return name, value.strip(" \t")


def head(status, fields, version="1.1", reason=None):
    reason = REASONS.get(status, "Unknown") if reason is None else reason
    lines = [f"HTTP/{version} {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data, extension=""):
    return b"%x%s\r\n%s\r\n" % (len(data), extension.encode("latin-1"), data)
