"""A client that asks all the time."""

import asyncio
import collections

TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}


class Asking:
    """`async with Asking(ocm) as asking`: asks until the block ends; `statuses` counts what it got."""

    def __init__(self, ocm, interval=0.02, body=TURN):
        self.ocm, self.interval, self.body = ocm, interval, body
        self.statuses = collections.Counter()
        self.responses = []

    async def __aenter__(self):
        self.stopping = asyncio.Event()
        self.task = asyncio.create_task(self._ask())
        return self

    async def __aexit__(self, *_):
        self.stopping.set()
        await self.task

    async def _ask(self):
        while not self.stopping.is_set():
            response = await self.ocm.ask("POST", "/v1/responses", self.body)
            self.statuses[response.status] += 1
            self.responses.append(response)
            await asyncio.sleep(self.interval)
