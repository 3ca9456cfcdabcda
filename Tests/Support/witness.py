#!/usr/bin/env python3
"""A well-behaved client, which tells what it met: errors, and how long it waited.

  witness.py PLAN

PLAN is JSON: `port`, `fields` (of each request), `rate` (short requests a second on kept connections), `news` (a second, each on
a new connection), `streams` (one after the other, of `events` events, `interval` seconds apart). Requests are due at fixed
moments, and their time counts from then on. When the input ends, the client finishes what is open and prints JSON.
"""

import asyncio
import json
import sys
import time

PATIENCE = 10  # seconds for one answer, and between two events of a stream
KEPT = 4  # connections that the paced requests share
BODY = json.dumps({"model": "gpt-5.5", "input": "x" * 1000}).encode()


class Broken(Exception):
    pass


class Connection:
    @classmethod
    async def open(cls, port):
        connection = cls()
        connection.reader, connection.writer = await asyncio.open_connection("127.0.0.1", port)
        return connection

    def send(self, fields, body=BODY):
        lines = [f"{name}: {value}" for name, value in [
            ("Host", "witness"), ("Content-Type", "application/json"), ("Content-Length", len(body)), *fields]]
        self.writer.write("\r\n".join(["POST /v1/responses HTTP/1.1", *lines, "", ""]).encode() + body)

    async def head(self):
        head = await self.reader.readuntil(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        if status.split()[1] != "200":
            raise Broken(status)
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}

    async def body(self, fields):
        """The parts of the body as they come."""
        if "content-length" in fields:
            yield await self.reader.readexactly(int(fields["content-length"]))
            return
        while size := int(await self.reader.readline(), 16):
            yield (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)

    def close(self):
        self.writer.transport.abort()


class Witness:
    def __init__(self, plan):
        self.plan = plan
        self.fields = [tuple(field) for field in plan["fields"]]
        self.errors = []
        self.times = {"kept": [], "new": [], "silence": []}
        self.streams = 0
        self.over = False

    async def run(self):
        idle = asyncio.Queue()
        for _ in range(KEPT):
            idle.put_nowait(None)
        tasks = [asyncio.create_task(self.paced(self.plan["rate"], self.kept, idle)),
                 asyncio.create_task(self.paced(self.plan["news"], self.new))]
        tasks += [asyncio.create_task(self.stream()) for _ in range(self.plan["streams"])]
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        self.over = True
        await asyncio.gather(*tasks)

    async def paced(self, rate, ask, *arguments):
        open_ones = set()
        due = time.monotonic()
        while not self.over and rate:
            await asyncio.sleep(max(0, due - time.monotonic()))
            task = asyncio.create_task(self.guarded(ask(due, *arguments)))
            open_ones.add(task)
            task.add_done_callback(open_ones.discard)
            due += 1 / rate
        await asyncio.gather(*open_ones)

    async def guarded(self, asking):
        try:
            async with asyncio.timeout(PATIENCE):
                await asking
        except (Broken, OSError, EOFError, ValueError, TimeoutError) as error:
            self.errors.append(f"{type(error).__name__}: {error}"[:200])

    async def kept(self, due, idle):
        connection = await idle.get()
        try:
            connection = connection or await Connection.open(self.plan["port"])
            await self.answer(connection, due, "kept")
        except BaseException:
            if connection:
                connection.close()
            connection = None
            raise
        finally:
            idle.put_nowait(connection)

    async def new(self, due):
        connection = await Connection.open(self.plan["port"])
        try:
            await self.answer(connection, due, "new")
        finally:
            connection.close()

    async def answer(self, connection, due, kind):
        connection.send(self.fields)
        async for _ in connection.body(await connection.head()):
            pass
        self.times[kind].append(time.monotonic() - due)

    async def stream(self):
        """How long the stream was silent is what an event's way took, and the interval."""
        events, interval = self.plan["events"], self.plan["interval"]
        order = ("x-fake", json.dumps({"events": events, "interval": interval}))
        while not self.over:
            await self.guarded(self.one_stream(order, interval))
            self.streams += 1

    async def one_stream(self, order, interval):
        connection = await Connection.open(self.plan["port"])
        try:
            connection.send([*self.fields, order], BODY[:-1] + b', "stream": true}')
            last, text = None, b""
            async for part in connection.body(await connection.head()):
                now = time.monotonic()
                if last:
                    self.times["silence"].append(max(0, now - last - interval))
                last, text = now, text + part
            if b"response.completed" not in text:
                raise Broken("a stream without its end")
        finally:
            connection.close()

    def report(self):
        def at(values, share):
            return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000 if values else None

        return {"errors": len(self.errors), "examples": sorted(set(self.errors))[:5], "streams": self.streams} | {
            kind: {"count": len(values), "p50": at(values, 0.5), "p99": at(values, 0.99), "longest": at(values, 1)}
            for kind, values in self.times.items()}


if __name__ == "__main__":
    witness = Witness(json.loads(sys.argv[1]))
    asyncio.run(witness.run())
    print(json.dumps(witness.report()), flush=True)
