"""A server in front of another, with a port that can be closed and opened again, with TLS or without."""

import asyncio

from .ocm import free_port


class Relay:
    def __init__(self, target):
        self.target = target
        self.port = free_port()
        self.server = None
        self.connections = 0

    async def open(self, tls=None):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=tls)

    async def close(self):
        if self.server:
            self.server.close()
            self.server = None

    async def _serve(self, reader, writer):
        self.connections += 1
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(self._copy(reader, onward_writer), self._copy(onward_reader, writer))

    @staticmethod
    async def _copy(reader, writer):
        try:
            while part := await reader.read(65536):
                writer.write(part)
                await writer.drain()
        except OSError:
            pass
        writer.close()
