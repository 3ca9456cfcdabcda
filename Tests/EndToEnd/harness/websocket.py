"""A WebSocket client on wsproto, with raw access where a frame must be one that no library sends."""

import base64
import json
import os

from wsproto.connection import Connection as Protocol
from wsproto.connection import ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong
from wsproto.utilities import RemoteProtocolError

from .frames import CLOSE, PING, PONG, TEXT, accept, encode, upgrade_fields
from .http import Connection

TERMINAL = {"response.completed", "response.failed", "response.incomplete", "error"}


class Refused(Exception):
    """The upgrade was answered with something else than 101."""

    def __init__(self, response):
        super().__init__(f"{response.status} {response.body[:300]!r}")
        self.response = response


class Closed(Exception):
    """The server has sent a close frame; 1005 where it has no code."""

    def __init__(self, code, reason):
        super().__init__(f"{code} {reason!r}")
        self.code, self.reason = int(code), reason or ""


class Cut(Exception):
    """The connection ended without a close frame; `partial`: what there was of an unfinished message."""

    def __init__(self, partial=b""):
        super().__init__(f"{len(partial)} bytes of a message")
        self.partial = partial


class WebSocket:
    """An open socket. Pings are answered; what comes is checked by wsproto."""

    def __init__(self, connection, response):
        self.connection, self.response = connection, response
        self.protocol = Protocol(ConnectionType.CLIENT)
        self.events = []
        self.message = []
        self.pings, self.pongs = [], []
        self.last_response = None

    @classmethod
    async def open(cls, port, target="/v1/responses", fields=(), receive_buffer=None, key=None, behind=b"", **options):
        """`behind`: bytes in one write with the request. Refused where the answer is no 101."""
        key = key or base64.b64encode(os.urandom(16)).decode()
        connection = await Connection.open(port, fields, receive_buffer)
        try:
            request = connection.request("GET", target, None, upgrade_fields(key), **options)
            connection.send(request + behind)
            response = await connection.head()
            if response.status != 101:
                response.body = b"".join([part async for part in connection.parts(response, "GET")])
                raise Refused(response)
            assert response.header("sec-websocket-accept") == accept(key), response
            assert response.header("upgrade").lower() == "websocket", response
            assert response.header("connection").lower() == "upgrade", response
            assert response.header("sec-websocket-extensions") is None, response
            assert response.header("content-length") is None and response.header("transfer-encoding") is None, response
        except BaseException:
            connection.close()
            raise
        return cls(connection, response)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *parameters):
        await self.connection.__aexit__(*parameters)

    @property
    def request_id(self):
        """The fake API's number for this socket."""
        return int(self.response.request_id.removeprefix("req_"))

    # Sending. Not through wsproto, which sends nothing once it has read a close frame, even if nobody else has.

    def send(self, data):
        """Bytes as they are."""
        self.connection.send(data)

    def frame(self, opcode, payload=b""):
        self.send(encode(opcode, payload, mask=os.urandom(4)))

    def say(self, value):
        """A text message; what is no string is sent as JSON."""
        self.frame(TEXT, (value if isinstance(value, str) else json.dumps(value)).encode())

    def ping(self, payload=b""):
        self.frame(PING, payload)

    def close(self, code=1000, reason=""):
        self.frame(CLOSE, code.to_bytes(2) + reason.encode())

    # Receiving.

    async def event(self):
        """wsproto's next event: a part of a message, Ping, Pong. Closed or Cut at the end."""
        while not self.events:
            try:
                data = await self.connection.reader.read(1 << 20)
            except ConnectionError:
                data = b""
            if not data:
                raise Cut("".join(map(str, self.message)))
            self.protocol.receive_data(data)
            try:
                self.events = list(self.protocol.events())
            except RemoteProtocolError as error:
                raise AssertionError(f"the server broke the protocol: {error}") from None
        event = self.events.pop(0)
        if isinstance(event, CloseConnection):
            raise Closed(event.code, event.reason)
        return event

    async def message_(self):
        """The next whole message, text or bytes; pings are answered on the way."""
        while True:
            event = await self.event()
            if isinstance(event, Ping):
                self.pings.append(bytes(event.payload))
                self.frame(PONG, self.pings[-1])
            elif isinstance(event, Pong):
                self.pongs.append(bytes(event.payload))
            else:
                self.message.append(event.data)
                if event.message_finished:
                    whole = (b"" if isinstance(event, BytesMessage) else "").join(self.message)
                    self.message = []
                    return whole

    async def receive(self):
        return json.loads(await self.message_())

    async def pong(self, payload=b""):
        """Waits for this pong; nothing else may come."""
        event = await self.event()
        assert isinstance(event, Pong) and event.payload == payload, event

    async def ends(self):
        """Reads to the end: Closed or Cut, as a value. A close is answered, and the connection's end awaited."""
        try:
            while True:
                await self.message_()
        except Closed as closed:
            self.frame(CLOSE, b"" if closed.code == 1005 else closed.code.to_bytes(2))
            await self.connection.ends()
            return closed
        except Cut as cut:
            return cut

    # As Codex speaks.

    async def turn(self, text="hi", model="gpt-5.5", fake=None, **fields):
        """Sends a turn that goes on with the last one, and returns all events of its answer."""
        self.say_turn(text, model, fake, **fields)
        events = []
        while not events or events[-1]["type"] not in TERMINAL:
            events.append(await self.receive())
        if "response" in events[-1]:
            self.last_response = events[-1]["response"]["id"]
        return events

    def say_turn(self, *arguments, **fields):
        self.say(self.turn_message(*arguments, **fields))

    def turn_message(self, text="hi", model="gpt-5.5", fake=None, **fields):
        """A turn that goes on with the last one."""
        previous = {"previous_response_id": self.last_response} if self.last_response else {}
        order = {"x-fake": fake} if fake else {}
        return {"type": "response.create", "model": model} | previous | order | fields | {
            "store": False, "stream": True, "input": [
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}]}

    async def warm_up(self, **fields):
        return await self.turn(generate=False, **fields)
