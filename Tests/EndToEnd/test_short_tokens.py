"""Tokens that live seconds, clients at work all the time: nobody sees a failure, and no refresh token is used twice.

Three OCMs work side by side, each on an API of its own: one whose token endpoint works, one whose is slow, one whose
fails every third time. Five minutes with OCM_TEST_FULL=1.
"""

import asyncio
import itertools
import time

import pytest

from conftest import Starter
from harness import counts
from harness.http import events
from harness.waiting import eventually_async

LIFE = counts(5, 20)  # seconds that a token lives
SECONDS = counts(12, 300)
SLOW = counts(0.5, 2)  # seconds that the slow token endpoint takes
SHORT = {"model": "gpt-5.5", "input": "hi", "stream": True}


class Clients:
    """Steady requests, streams that outlive their token, and what went wrong with any of them."""

    def __init__(self, ocm, until):
        self.ocm, self.until = ocm, until
        self.failures, self.requests, self.streams = [], 0, 0

    async def run(self):
        async with asyncio.TaskGroup() as group:
            for n in range(4):
                group.create_task(self.steady(n))
            for n in range(6):
                group.create_task(self.stream(n))

    async def steady(self, n):
        """Requests on kept connections, a tenth of a second apart."""
        async with await self.ocm.connect("alice" if n % 2 else "bob") as connection:
            for turn in itertools.count():
                if time.monotonic() >= self.until:
                    return
                stream = bool(turn % 3)
                text = f"client {n} turn {turn}"
                response = await connection.ask("POST", "/v1/responses", SHORT | {"stream": stream},
                                                fake={"text": text})
                self.note(response, text, stream)
                self.requests += 1
                await asyncio.sleep(0.1)

    async def stream(self, n):
        """Streams of one and a half lives, one after the other."""
        await asyncio.sleep(n * LIFE / 6)
        while time.monotonic() < self.until:
            length = min(1.5 * LIFE, max(1, self.until - time.monotonic()))
            order = {"events": int(length / 0.2), "interval": 0.2}
            response = await self.ocm.ask("POST", "/v1/responses", SHORT, fake=order)
            self.note(response, None, True)
            deltas = sum(event["type"] == "response.output_text.delta" for event in events(response.body))
            if deltas != order["events"]:
                self.failures.append((time.time(), f"{deltas} of {order['events']} deltas"))
            self.streams += 1

    def note(self, response, text, stream):
        if response.status != 200:
            self.failures.append((time.time(), response))
            return
        answer = events(response.body)[-1]["response"] if stream else response.json()
        if answer["status"] != "completed" or (text and answer["output"][0]["content"][0]["text"] != text):
            self.failures.append((time.time(), response))


async def at_work(start_ocm, disturb):
    """Clients at work for the time; afterwards the OCM and what is to be said of its run."""
    ocm = start_ocm(fake=start_ocm.fake(), lifetime=LIFE)
    begin = time.monotonic()
    clients = Clients(ocm, begin + SECONDS)
    disturbance = asyncio.create_task(disturb(ocm.fake))
    await clients.run()
    elapsed = time.monotonic() - begin
    disturbance.cancel()
    stats, alarms = ocm.fake.settled(), ocm.alarms()
    print(f"{clients.requests} requests, {clients.streams} streams, {stats['refreshes']} refreshes, "
          f"{len(alarms)} alarms in {elapsed:.0f} s")
    await holds_the_live_token(ocm)
    return clients, elapsed, stats, alarms, ocm


async def holds_the_live_token(ocm):
    """OCM goes on refreshing: file and server are compared between two refreshes."""
    def look():
        stats, token = ocm.fake.stats(), ocm.auth()["tokens"]["refresh_token"]
        return stats["live_refresh_tokens"] == [token]

    await eventually_async(look, 10, "auth.json to hold the refresh token that is alive")


async def well(fake):
    """The token endpoint works."""


async def slowly(fake):
    fake.order(route="token", times=-1, delay=SLOW)


FAULTS = [{"status": 500}, {"status": 429, "headers": [["Retry-After", "1"]]}, {"hangup": True}]


async def every_third_time_not(fake):
    for n in itertools.count():
        done = fake.stats()["refreshes"]
        while fake.stats()["refreshes"] < done + 2:
            await asyncio.sleep(0.05)
        fake.order(route="token", **FAULTS[n % 3])


@pytest.fixture(scope="module")
def start_ocm(_shared_directory):
    starter = Starter(_shared_directory)
    yield starter
    starter.close()


@pytest.fixture(scope="module")
def runs(start_ocm):
    disturbances = (well, slowly, every_third_time_not)

    async def all_at_work():
        return await asyncio.gather(*(at_work(start_ocm, each) for each in disturbances), return_exceptions=True)

    return dict(zip(disturbances, asyncio.run(all_at_work())))


@pytest.fixture(params=[well, slowly, every_third_time_not], ids=lambda disturb: disturb.__name__)
def run(runs, request):
    result = runs[request.param]
    if isinstance(result, BaseException):
        raise result
    return request.param, *result


def test_no_client_sees_a_failure_and_no_refresh_token_is_used_twice(run):
    disturb, clients, elapsed, stats, alarms, ocm = run
    assert clients.failures == []
    assert clients.requests > SECONDS * 4 and clients.streams >= 6
    assert (stats["reused_refresh_tokens"], stats["refused_refreshes"]) == (0, 0)
    # No request had to be sent twice: every refresh was ahead of need.
    statuses = {record["status"] for record in ocm.fake.records() if record["target"].endswith("/responses")}
    assert statuses == {200}


def test_a_token_is_refreshed_as_often_as_its_life_demands(run):
    """When a third of its life, or up to a tenth of that more, is left; the times in a token are whole seconds."""
    disturb, clients, elapsed, stats, alarms, ocm = run
    late = {well: 0, slowly: SLOW, every_third_time_not: 1}[disturb]
    shortest, longest = LIFE * (1 - 1.1 / 3) - 1, LIFE * 2 / 3 + 1 + late
    assert int(elapsed / longest) <= stats["refreshes"] <= elapsed / shortest + 1


def test_each_kind_of_failure_in_a_row_is_said_once(run):
    disturb, clients, elapsed, stats, alarms, ocm = run
    if disturb is not every_third_time_not:
        assert alarms == []
        return
    ocm.tolerate("refresh failed, will be tried again")
    assert {line["message"] for line in alarms} == {"refresh failed, will be tried again"}
    assert abs(len(alarms) - stats["refreshes"] // 2) <= 1
