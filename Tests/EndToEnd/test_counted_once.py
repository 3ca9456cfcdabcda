"""Every response that a client received is counted, exactly once, whatever is killed meanwhile."""

import asyncio
import collections
import itertools
import json
import os
import random
import re
import signal
import time

import pytest

from harness import counts
from harness.http import Ended
from harness.usage import NAMES, assert_equal, counted, served
from harness.waiting import eventually_async

USERS = ("alice", "bob", "carol", "dave")
MODELS = ("gpt-5.5", "gpt-5.4", "gpt-5.1-codex")
TIERS = (None, "priority", "flex")
CLIENTS = 50
# A kill is why a connection that was open at that moment ended within so many seconds.
BLAME = 2
USAGE = re.compile(rb'"type":"response\.completed".*"usage":\{"input_tokens":(\d+),')


class Load:
    """So many requests over some connections. Each has a number of its own, which is its count of output tokens."""

    def __init__(self, ocm, total):
        self.ocm = ocm
        self.left = iter(range(1, total + 1))
        self.done = 0
        self.received = collections.defaultdict(lambda: dict.fromkeys(NAMES, 0))
        self.between = []  # not received whole: (when the connection was opened, when it ended, key, usage)

    async def run(self):
        await asyncio.gather(*(self.client() for _ in range(CLIENTS)))

    async def client(self):
        connection, opened = None, 0
        for number in self.left:
            user = random.choice(USERS)
            model, tier = random.choice(MODELS), random.choice(TIERS)
            size = random.randint(1, 5000)
            usage = {"input": size, "cached": random.randint(0, size), "output": number}
            body = {"model": model, "stream": True} | ({"service_tier": tier} if tier else {})
            key = (user, model, tier or "default")
            try:
                if connection is None:
                    opened = time.monotonic()
                    connection = await self.ocm.connect(None)
                fields = self.ocm.fields(user) + [("x-fake", json.dumps({"usage": usage, "events": number % 4}))]
                response = await connection.ask("POST", "/v1/responses", body, fields)
            except (Ended, OSError, asyncio.IncompleteReadError):
                connection = None
                self.between.append((opened, time.monotonic(), key, usage))
                continue
            assert response.status == 200, response
            self.note(key, usage, response)
            if number % 7 == 0 or response.header("connection") == "close":
                connection.close()
                connection = None
        if connection:
            connection.close()

    def note(self, key, usage, response):
        assert int(USAGE.search(response.body)[1]) == usage["input"]
        self.done += 1
        counts = self.received[key]
        for name, value in zip(NAMES, (1, usage["input"], usage["cached"], usage["output"])):
            counts[name] += value


def explained(excess, candidates):
    """The candidates whose usage is what was counted beyond what was received; None where there are no such."""
    for some in itertools.combinations(candidates, excess["request_count"]):
        sums = [sum(usage[name] for _, usage in some) for name in ("input", "cached", "output")]
        if sums == [excess["input_tokens"], excess["cached_tokens"], excess["output_tokens"]]:
            return some
    return None


async def kill_worker(ocm):
    pid = random.choice(ocm.workers())
    os.kill(pid, signal.SIGKILL)
    when = time.monotonic()
    await eventually_async(lambda: pid not in ocm.workers() and len(ocm.workers()) == 2, 10, "a new worker")
    return when


async def kill_supervisor(ocm, ready):
    os.kill(ocm.pid, signal.SIGKILL)
    await asyncio.to_thread(ocm.process.wait)
    await asyncio.sleep(random.random())
    await asyncio.to_thread(ocm.start)
    await eventually_async(lambda: ocm.log().count('"message":"ready"') == ready, 20, "the next supervisor")


async def kills(ocm, load, total, times):
    """So many of either kind, spread over the load; when each worker was killed."""
    when = []
    order = ["worker", "supervisor"] * times
    random.shuffle(order)
    ready = 1
    for number, kind in enumerate(order, 1):
        await eventually_async(lambda: load.done >= total * number // (len(order) + 1), 120, "the load to go on")
        if kind == "worker":
            when.append(await kill_worker(ocm))
        else:
            ready += 1
            await kill_supervisor(ocm, ready)
    return when


@pytest.mark.deadline(900)
async def test_each_response_that_a_client_received_is_counted_once_through_kills(start_ocm):
    ocm = start_ocm(users=USERS)
    ocm.tolerate("worker died", "the supervisor is gone: serving on", "an incomplete record")
    total = counts(4000, 100_000)
    load = Load(ocm, total)
    running = asyncio.create_task(load.run())
    worker_kills = await kills(ocm, load, total, counts(3, 30))
    await running
    stats = ocm.fake.settled()
    ocm.stop()
    actual, offered = counted(ocm.usage()), served(stats)
    assert set(actual) == set(load.received)
    kept = []
    for key, got in actual.items():
        excess = {name: got[name] - load.received[key][name] for name in NAMES}
        candidates = [(when, usage) for _, when, at, usage in load.between if at == key]
        found = explained(excess, candidates)
        assert found is not None, f"{key}: {excess} beyond what was received, of {candidates}"
        assert all(got[name] <= offered[key][name] for name in NAMES), key
        kept += [(when, key, usage["output"]) for when, usage in found]
    # A client has one connection at a time: so no more are explained by a kill than were open then.
    for opened, when, key, _ in load.between:
        assert any(opened <= kill <= when < kill + BLAME for kill in worker_kills), f"{key} failed without a kill"
    print(f"{load.done} received and counted, {len(load.between)} not received whole, {len(kept)} of these counted:")
    for when, key, number in sorted(kept):
        kill = max(kill for kill in worker_kills if kill <= when)
        print(f"  request {number} of {key}: {when - kill:.3f} s after the {worker_kills.index(kill) + 1}. worker's kill")
    assert load.done + len(load.between) == total


@pytest.mark.deadline(300)
async def test_without_kills_nothing_is_between(start_ocm):
    ocm = start_ocm(users=USERS)
    load = Load(ocm, counts(1000, 20_000))
    await load.run()
    stats = ocm.fake.settled()
    ocm.stop()
    assert load.between == []
    assert_equal(ocm.usage(), stats)
    for key, got in counted(ocm.usage()).items():
        assert {name: got[name] for name in NAMES} == load.received[key]
