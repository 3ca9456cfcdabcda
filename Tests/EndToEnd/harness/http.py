"""An HTTP/1.1 client that hides nothing: it sends the bytes it is given and shows the bytes it gets."""

import asyncio
import json
import socket

from . import remains


class Ended(Exception):
    """The connection ended before the message did; `partial` is the Response as far as it came."""

    def __init__(self, partial):
        super().__init__(f"ended early after {len(partial.body) if partial else 0} bytes of body")
        self.partial = partial


class Response:
    def __init__(self, version, status, reason, fields):
        self.version, self.status, self.reason, self.fields = version, status, reason, fields
        self.body = b""
        self.chunks = []  # sizes, where the body was chunked
        self.framing = "none"
        self.informational = []

    def values(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def header(self, name):
        values = self.values(name)
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    @property
    def request_id(self):
        """The fake API's number for this exchange."""
        value = self.header("x-request-id")
        assert value, f"no x-request-id: {self.status} {self.fields} {self.body[:300]!r}"
        return value

    def __repr__(self):
        return f"Response({self.status}, {self.fields}, {self.body[:200]!r})"


class Connection:
    """One connection. `fields` stand on every request that ask() builds."""

    def __init__(self, reader, writer, fields=()):
        self.reader, self.writer, self.fields = reader, writer, list(fields)
        self.port = writer.get_extra_info("peername")[1]

    @classmethod
    async def open(cls, port, fields=(), receive_buffer=None):
        handle = socket.socket()
        handle.setblocking(False)
        if receive_buffer:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(handle, ("127.0.0.1", port))
        handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader, writer = await asyncio.open_connection(sock=handle, limit=1 << 20)
        return cls(reader, writer, fields)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            pass

    # Sending.

    def send(self, data):
        self.writer.write(data)

    async def sent(self):
        await self.writer.drain()

    def half_close(self):
        self.writer.write_eof()

    def close(self):
        self.writer.close()

    def reset(self):
        """Ends by RST."""
        handle = self.writer.get_extra_info("socket")
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.writer.transport.abort()

    def request(self, method, target, body=None, fields=(), version="1.1", host="ocm.test", default=True):
        """The bytes of a request; a body that is no bytes is sent as JSON."""
        lines = [f"{method} {target} HTTP/{version}"]
        if host is not None:
            lines.append(f"Host: {host}")
        lines += [f"{name}: {value}" for name, value in ([*self.fields] if default else []) + list(fields)]
        if body is not None:
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
                lines.append("Content-Type: application/json")
            lines.append(f"Content-Length: {len(body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")

    async def ask(self, method, target, body=None, fields=(), fake=None, **options):
        """One request and its whole answer."""
        fields = list(fields) + ([("x-fake", json.dumps(fake))] if fake else [])
        self.send(self.request(method, target, body, fields, **options))
        return await self.response(method)

    # Receiving.

    async def line(self):
        line = await self.reader.readuntil(b"\r\n")
        return line[:-2]

    async def head(self):
        """The next head, 1xx ones kept beside it. Ended where the connection ends first."""
        informational = []
        while True:
            try:
                data = await self.reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                raise Ended(None) from None
            lines = data[:-4].decode("latin-1").split("\r\n")
            version, status, reason = (lines[0].split(" ", 2) + [""])[:3]
            fields = []
            for line in lines[1:]:
                name, colon, value = line.partition(":")
                assert colon and name and name == name.strip() and "\n" not in line, f"field line {line!r}"
                fields.append((name, value.strip(" \t")))
            response = Response(version.removeprefix("HTTP/"), int(status), reason, fields)
            if 100 <= response.status < 200 and response.status != 101:
                informational.append(response)
                continue
            response.informational = informational
            return response

    async def response(self, method="GET"):
        response = await self.head()
        body = bytearray()
        try:
            async for part in self.parts(response, method):
                body += part
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            response.body = bytes(body) + getattr(error, "partial", b"")
            raise Ended(response) from None
        response.body = bytes(body)
        if response.status >= 400:
            remains.keep(f"answer {response.status}", f"{response.fields}\n".encode() + response.body[:65536])
        return response

    async def parts(self, response, method="POST"):
        """The body as it comes: chunk by chunk, else read by read."""
        coding, length = response.header("transfer-encoding"), response.header("content-length")
        assert not (coding and length), response.fields
        if method == "HEAD" or response.status in (204, 304):
            return
        if coding:
            assert coding.lower() == "chunked", coding
            response.framing = "chunked"
            async for part in self._chunks(response):
                yield part
        elif length is not None:
            response.framing = "length"
            left = int(length)
            while left:
                part = await self.reader.read(min(left, 65536))
                if not part:
                    raise asyncio.IncompleteReadError(b"", left)
                left -= len(part)
                yield part
        else:
            response.framing = "close"
            while part := await self.reader.read(65536):
                yield part

    async def _chunks(self, response):
        while True:
            size, _, extension = (await self.line()).partition(b";")
            assert not extension, f"chunk extension {extension!r}"
            size = int(size, 16)
            left = size
            while left:
                part = await self.reader.read(left)
                if not part:
                    raise asyncio.IncompleteReadError(b"", left)
                left -= len(part)
                yield part
            end = await self.line()
            if size == 0:
                assert end == b"", f"trailer {end!r}"
                return
            assert end == b""
            response.chunks.append(size)

    async def ends(self):
        """What still comes until the connection's end."""
        try:
            return await self.reader.read(-1)
        except ConnectionError:
            return b""


def events(body):
    """The data of the server-sent events in a body, parsed where it is JSON."""
    found = []
    for block in body.replace(b"\r\n", b"\n").split(b"\n\n"):
        data = [line[5:].removeprefix(b" ") for line in block.split(b"\n") if line.startswith(b"data:")]
        if data:
            text = b"\n".join(data)
            found.append(text.decode() if text == b"[DONE]" else json.loads(text))
    return found
