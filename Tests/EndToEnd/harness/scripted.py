"""An API that answers with the bytes it is told to, however wrong they are."""

import asyncio
import itertools
import json
import socket


class ScriptedAPI:
    """Serves on one port for as long as it is entered. Each request is answered by the script that the last part of its
    path names, a coroutine that is given the Turn; others are told what they have asked for."""

    def __init__(self, port):
        self.port = port
        self.scripts = {}
        self.turns = []
        self.writers = []
        self.serials = itertools.count(1)
        self.server = None

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=1 << 20)
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for writer in self.writers:
            writer.transport.abort()

    async def _serve(self, reader, writer):
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.writers.append(writer)
        serial = next(self.serials)
        try:
            while turn := await Turn.read(reader, writer, serial):
                self.turns.append(turn)
                await self.scripts.get(turn.name, Turn.echo)(turn)
        except OSError:
            pass
        finally:
            writer.close()

    def asked(self, name):
        return [turn for turn in self.turns if turn.name == name]


class Turn:
    """A request, with the means to answer it."""

    def __init__(self, method, target, fields, reader, writer, connection):
        self.method, self.target, self.fields = method, target, fields
        self.reader, self.writer, self.connection = reader, writer, connection
        self.name = target.partition("?")[0].rpartition("/")[2]
        self.closed = None

    @classmethod
    async def read(cls, reader, writer, connection):
        """The next request's head, and its body if that is to be had at once; None at the end of the connection."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except asyncio.IncompleteReadError as end:
            assert end.partial == b"", end.partial
            return None
        method, target, _ = head[0].split(" ")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
        turn = cls(method, target, fields, reader, writer, connection)
        if not turn.name.startswith("early"):
            await reader.readexactly(int(fields.get("content-length", 0)))
        return turn

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def echo(self):
        body = json.dumps({"asked": self.target}).encode()
        await self.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                        % (len(body), body))

    async def closed_by_peer(self):
        """Until OCM has closed the connection."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            pass

    def cut(self, reset=False):
        if reset:
            handle = self.writer.get_extra_info("socket")
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.writer.transport.abort()
        else:
            self.writer.close()
        raise ConnectionError


def then(data, ending="close"):
    """A script: these bytes, then the end of the connection (close, reset), silence, or the next request (keep)."""
    async def script(turn):
        await turn.send(data)
        if ending == "silence":
            await turn.closed_by_peer()
        elif ending != "keep":
            turn.cut(ending == "reset")
    return script


def endless(beginning, part):
    """A script: the beginning, then the part again and again until OCM has had enough."""
    async def script(turn):
        await turn.send(beginning)
        while True:
            await turn.send(part)
            await asyncio.sleep(0)
    return script
