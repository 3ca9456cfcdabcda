"""Requests that wait before their last byte: all of them have their credential before any can be answered."""

import asyncio
import json

from .http import Connection, events
from .waiting import eventually_async


class Held:
    """A request whose body lacks its last byte, and the text that its answer is to have."""

    def __init__(self, connection, text, stream, body):
        self.connection, self.text, self.stream, self.body = connection, text, stream, body

    @classmethod
    async def send(cls, port, fields, text, *, size=0, stream=True, reused=False):
        """`size`: bytes of the body, at least; `reused`: the connection has served a request before."""
        connection = await Connection.open(port, fields)
        if reused:
            first = await connection.ask("GET", "/v1/models")
            assert first.status == 200, first
        body = json.dumps({"model": "gpt-5.5", "stream": stream, "input": ""}).encode()
        body = body[:-2] + b"x" * (size - len(body)) + body[-2:]
        held = cls(connection, text, stream, body)
        connection.send(held.bytes()[:-1])
        await connection.sent()
        return held

    def bytes(self):
        order = ("x-fake", json.dumps({"text": self.text}))
        return self.connection.request("POST", "/v1/responses", self.body,
                                       [("Content-Type", "application/json"), order])

    async def finish(self):
        self.connection.send(self.body[-1:])
        return await self.connection.response()

    async def again(self):
        """The same request once more, on the same connection if that is left, else on another."""
        if self.connection.reader.at_eof():
            self.connection = await Connection.open(self.connection.port, self.connection.fields)
        self.connection.send(self.bytes())
        return await self.connection.response()

    def assert_answered(self, response):
        """Status 200, and this request's answer, whole."""
        assert response.status == 200, response
        if self.stream:
            last = events(response.body)[-1]
            assert last["type"] == "response.completed", response
            answer = last["response"]
        else:
            answer = response.json()
        assert answer["output"][0]["content"][0]["text"] == self.text


async def all_held(sends, fake, at_once=50):
    """All of these, once the API has the head of each."""
    limit = asyncio.Semaphore(at_once)

    async def one(send):
        async with limit:
            return await send

    held = await asyncio.gather(*map(one, sends))
    await eventually_async(lambda: fake.stats()["active"] == len(held), 20, "all requests to reach the API")
    return held
