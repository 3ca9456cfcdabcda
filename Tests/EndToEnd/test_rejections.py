"""The API rejects the token under many requests at once: one refresh for all, and each is answered after all."""

import asyncio
import copy
import hashlib
import os

import pytest

from harness import counts, proc
from harness.held import Held, all_held
from harness.ocm import free_port
from harness.waiting import eventually, eventually_async

MANY = counts(200, 1000)
MEGABYTE = 1 << 20
SIZES = (0, 700, 5_000, 40_000, 150_000)  # bytes of body; the fake API's socket takes the largest in several reads


def requests(ocm, count, ports=None, sizes=SIZES):
    """Streams and JSON, short and long, on fresh connections and on used ones."""
    return [Held.send((ports or [ocm.port])[n % len(ports or "1")], ocm.fields("alice" if n % 3 else "bob"),
                      f"answer {n}", size=sizes[n % len(sizes)], stream=bool(n % 4), reused=n % 7 == 0)
            for n in range(count)]


async def answers(held):
    responses = await asyncio.gather(*(request.finish() for request in held))
    for request, response in zip(held, responses):
        request.assert_answered(response)
    return responses


def assert_one_refresh(fake, count):
    """All of `count` requests were rejected once, then answered; the token endpoint was asked once."""
    stats = fake.settled()
    assert (stats["refreshes"], stats["reused_refresh_tokens"], stats["refused_refreshes"]) == (1, 0, 0)
    records = fake.records()
    statuses = [r["status"] for r in records if r["target"].endswith("/responses")]
    assert (statuses.count(401), statuses.count(200), len(statuses)) == (count, count, 2 * count)
    assert sum(r["target"] == "/oauth/token" for r in records) == 1
    return stats


def assert_bodies_whole(fake, held, responses):
    """The body that came with the second try is the first one's, to the byte (a sample)."""
    for request, response in list(zip(held, responses))[::17]:
        record = fake.record(response)
        assert record["status"] == 200
        assert record["body_sha256"] == hashlib.sha256(request.body).hexdigest()


@pytest.mark.deadline(120)
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("latency", counts([0, 0.3], [0, 0.3, 3]))
async def test_all_that_are_rejected_share_one_refresh_and_succeed(start_ocm, latency, workers):
    ocm = start_ocm(workers=workers)
    held = await all_held(requests(ocm, MANY), ocm.fake)
    before = ocm.auth()["tokens"]["refresh_token"]
    ocm.fake.control(revoke_access=True)
    ocm.fake.order(route="token", delay=latency)
    responses = await answers(held)
    stats = assert_one_refresh(ocm.fake, MANY)
    assert_bodies_whole(ocm.fake, held, responses)
    assert stats["live_refresh_tokens"] == [ocm.auth()["tokens"]["refresh_token"]] != [before]
    assert ocm.log().count("access token rejected by the API, refreshing it") == 1


@pytest.mark.deadline(120)
@pytest.mark.parametrize("link", ["same", "symlink", "directory"])
async def test_services_on_one_file_share_its_refresh(start_ocm, link):
    """By one path, by a symbolic link, and by another spelling of the directory."""
    ocm = start_ocm(start=False)
    second = copy.deepcopy(ocm.configuration["services"][0])
    second |= {"tag": "second", "listen_port": free_port(), "usages_path": str(ocm.directory / "second.json")}
    if link == "symlink":
        (ocm.directory / "elsewhere").mkdir()
        os.symlink("../auth.json", ocm.directory / "elsewhere" / "login.json")
        second["credential_path"] = str(ocm.directory / "elsewhere" / "login.json")
    elif link == "directory":
        os.symlink(ocm.directory, ocm.directory / "directory")
        second["credential_path"] = str(ocm.directory / "directory" / "auth.json")
    ocm.configuration["services"].append(second)
    ocm.start()
    held = await all_held(requests(ocm, MANY, [ocm.port, second["listen_port"]]), ocm.fake)
    ocm.fake.control(revoke_access=True)
    ocm.fake.order(route="token", delay=0.3)
    await answers(held)
    stats = assert_one_refresh(ocm.fake, MANY)
    assert stats["live_refresh_tokens"] == [ocm.auth()["tokens"]["refresh_token"]]


async def test_tokens_that_are_rejected_as_soon_as_they_come_are_refreshed_three_times_and_then_less_often(start_ocm):
    """So that nobody who provokes rejections keeps the token endpoint busy; it is asked again after a second."""
    ocm = start_ocm()
    ocm.tolerate("credential rejected by the API")

    async def storm():
        held = await all_held(requests(ocm, 40), ocm.fake)
        ocm.fake.control(revoke_access=True)
        responses = await asyncio.gather(*(request.finish() for request in held))
        for request in held:
            request.connection.close()
        return {response.status for response in responses}, ocm.fake.settled()["refreshes"]

    for count in (1, 2, 3):
        assert await storm() == ({200}, count)
    assert await storm() == ({400}, 3)

    async def heals():
        return (await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5"})).status == 200

    await eventually_async(heals, 5, "another refresh")
    stats = ocm.fake.stats()
    assert (stats["refreshes"], stats["reused_refresh_tokens"]) == (4, 0)


async def test_a_request_that_is_rejected_again_after_the_refresh_is_400(start_ocm):
    """The account's own 401 reaches no client, and there is no third try."""
    ocm = start_ocm()
    ocm.fake.order(times=2, status=401)
    response = await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True})
    assert (response.status, response.json()["error"]["code"]) == (400, "credential_unavailable")
    assert [r["status"] for r in ocm.fake.records() if r["target"].endswith("/responses")] == [401, 401]
    assert ocm.fake.settled()["refreshes"] == 1
    assert (await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5"})).status == 200


async def test_clients_that_leave_while_the_token_is_refreshed_do_not_take_the_refresh_with_them(start_ocm):
    ocm = start_ocm()
    held = await all_held(requests(ocm, 40), ocm.fake)
    ocm.fake.control(revoke_access=True)
    ocm.fake.order(route="token", delay=1)
    asked = [asyncio.create_task(request.finish()) for request in held]
    while not any(r["target"] == "/oauth/token" for r in ocm.fake.records()):
        await asyncio.sleep(0.02)
    for task, request in list(zip(asked, held))[:30]:
        task.cancel()
        request.connection.reset()
    for request, response in zip(held[30:], await asyncio.gather(*asked[30:])):
        request.assert_answered(response)
    stats = ocm.fake.settled()
    assert (stats["refreshes"], stats["reused_refresh_tokens"]) == (1, 0)
    assert stats["live_refresh_tokens"] == [ocm.auth()["tokens"]["refresh_token"]]


# What does not fit into the memory for repeating.

@pytest.mark.deadline(120)
async def test_bodies_too_long_to_be_repeated_are_503_after_the_one_refresh_and_succeed_again(start_ocm):
    ocm = start_ocm(limits={"replay_body": 50_000})
    held = await all_held(requests(ocm, 50, sizes=(0, 50_000, 50_001, 200_000)), ocm.fake)
    ocm.fake.control(revoke_access=True)
    ocm.fake.order(route="token", delay=0.3)
    for request, response in zip(held, await asyncio.gather(*(request.finish() for request in held))):
        if len(request.body) <= 50_000:
            request.assert_answered(response)
        else:
            assert_comes_again(response)
            assert ocm.fake.stats()["refreshes"] == 1  # it came after the refresh
            request.assert_answered(await request.again())
    stats = ocm.fake.settled()
    assert (stats["refreshes"], stats["reused_refresh_tokens"]) == (1, 0)


def assert_comes_again(response):
    assert (response.status, response.header("retry-after")) == (503, "1"), response
    assert response.json()["error"]["code"] == "credential_unavailable"


@pytest.mark.deadline(180)
async def test_what_waiting_bodies_take_is_bounded_and_the_rest_is_told_to_come_again(start_ocm):
    """There is room for 8 of 24 bodies: 8 are repeated, 16 come again by themselves, and then all of it is free."""
    size = counts(1, 8) * MEGABYTE
    budget = {} if size == 8 * MEGABYTE else {"buffers": 8 * size}  # 8 MiB and 64 MiB are the defaults
    ocm = start_ocm(workers=1, limits=budget)
    worker, = ocm.workers()
    for _ in range(2):
        idle = proc.resident(worker)
        held = await all_held(requests(ocm, 24, sizes=(size,)), ocm.fake)
        waiting = proc.resident(worker) - idle
        print(f"{waiting / MEGABYTE:.1f} MiB for {8 * size / MEGABYTE} MiB")
        assert waiting < 8 * size + 16 * MEGABYTE  # to the byte, and what the worker needs beside them
        refreshes = ocm.fake.stats()["refreshes"]
        ocm.fake.control(revoke_access=True)
        responses = await asyncio.gather(*(request.finish() for request in held))
        assert sorted(response.status for response in responses) == [200] * 8 + [503] * 16
        for request, response in zip(held, responses):
            if response.status == 503:
                assert_comes_again(response)
                response = await request.again()
            request.assert_answered(response)
            request.connection.close()
        assert ocm.fake.settled()["refreshes"] == refreshes + 1
    eventually(lambda: proc.resident(worker) - idle < 24 * MEGABYTE, 10, "the memory to be given back")
