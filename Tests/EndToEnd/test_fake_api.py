"""The measure itself: the fake API does what the tests take for granted."""

import asyncio
import base64
import gzip
import hashlib
import json
import time

import pytest

from harness.fake import FakeAPI
from harness.http import Connection, Ended, events
from harness.waiting import eventually_async

TURN = {"model": "gpt-5.5", "stream": True}


@pytest.fixture
def api(directory):
    fake = FakeAPI(directory, "--state-file", f"{directory}/fake-state")
    yield fake
    fake.stop()


def signed(login):
    return [("Authorization", f"Bearer {login['tokens']['access_token']}"),
            ("ChatGPT-Account-Id", login["tokens"]["account_id"]), ("x-test-user", "alice")]


async def ask(api, fields=(), body=TURN, target="/backend-api/codex/responses", method="POST", **fake):
    async with await Connection.open(api.port, fields) as connection:
        return await connection.ask(method, target, body, fake=fake)


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def refresh(api, token):
    response = await ask(api, body={"client_id": "app_EMoamEEZ73f0CkXaXp7hrann", "grant_type": "refresh_token",
                                    "refresh_token": token}, target="/oauth/token")
    return response.status, response.json()


async def test_only_the_right_login_is_served(api):
    login = api.login(lifetime=100)
    assert (await ask(api, signed(login))).status == 200
    assert (await ask(api, signed(login)[:1])).status == 401
    assert (await ask(api, [])).status == 401
    assert (await ask(api, signed(login), target="/v1/responses")).status == 401
    expired = await ask(api, signed(api.login(lifetime=-1)))
    assert (expired.status, expired.json()["error"]["code"]) == (401, "token_expired")
    key = api.login(mode="apikey")["OPENAI_API_KEY"]
    assert (await ask(api, [("Authorization", f"Bearer {key}")], target="/v1/responses")).status == 200


async def test_tokens_say_when_they_expire_and_whose_they_are(api):
    tokens = api.login(lifetime=77, account="acc-1")["tokens"]
    for token in (tokens["access_token"], tokens["id_token"]):
        assert abs(claims(token)["exp"] - time.time() - 77) < 5
        assert claims(token)["https://api.openai.com/auth"]["chatgpt_account_id"] == "acc-1"


async def test_a_refresh_token_is_good_once(api):
    first = api.login()["tokens"]["refresh_token"]
    status, answer = await refresh(api, first)
    assert status == 200 and answer["refresh_token"] != first
    status, refused = await refresh(api, first)
    assert (status, refused["error"]["code"]) == (401, "refresh_token_reused")
    stats = api.stats()
    assert (stats["refreshes"], stats["reused_refresh_tokens"]) == (1, 1)
    assert stats["live_refresh_tokens"] == [answer["refresh_token"]]


async def test_a_refresh_token_is_dead_before_the_answers_first_byte(api):
    token = api.login()["tokens"]["refresh_token"]
    api.order(route="token", dribble=1, linger=60)
    slow = asyncio.create_task(refresh(api, token))
    await eventually_async(lambda: api.stats()["refreshes"], 5, "the refresh")
    assert (await refresh(api, token))[1]["error"]["code"] == "refresh_token_reused"
    slow.cancel()


async def test_a_restart_forgets_no_token(api, directory):
    login = api.login()
    await refresh(api, login["tokens"]["refresh_token"])
    again = FakeAPI(directory, "--state-file", f"{directory}/fake-state")
    try:
        assert (await ask(again, signed(login))).status == 200
        assert (await refresh(again, login["tokens"]["refresh_token"]))[1]["error"]["code"] == "refresh_token_reused"
    finally:
        again.stop()


async def test_it_counts_what_it_served(api):
    login = api.login()
    totals = dict.fromkeys(("input_tokens", "output_tokens"), 0)
    for fake in ({}, {"terminal": "incomplete"}, {"huge": 100_000}, {"dribble": 50}, {"crlf": True}):
        done = events((await ask(api, signed(login), **fake)).body)[-1]
        for name in totals:
            totals[name] += done["response"]["usage"][name]
    await ask(api, signed(login), usage=None)
    (row,) = api.settled()["usage"]
    assert row["request_count"] == 5 and row["user"] == "alice" and row["model"] == "gpt-5.5"
    assert {name: row[name] for name in totals} == totals


async def test_an_answer_that_is_cut_is_recorded_as_such_and_not_counted(api):
    login = api.login()
    for fake in ({"cut_after_events": 3}, {"cut_after_bytes": 500}, {"cut_after_events": 3, "reset": True}):
        with pytest.raises(Ended):
            await ask(api, signed(login), **fake)
    assert [r["whole"] for r in api.records()] == [False] * 3
    assert api.settled()["usage"] == []


async def test_it_compresses_when_asked_to(api):
    response = await ask(api, signed(api.login()) + [("Accept-Encoding", "gzip, br")])
    assert response.header("content-encoding") == "gzip"
    assert events(gzip.decompress(response.body))[-1]["type"] == "response.completed"


@pytest.mark.parametrize("form", [{}, {"pieces": 5}, {"dribble": 3}, {"framing": "close"}, {"huge": 500_000},
                                  {"http": "1.0"}, {"interval": 0.01}], ids=str)
async def test_its_record_of_an_answer_is_what_came(api, form):
    response = await ask(api, signed(api.login()), **form)
    record = api.record(response)
    assert (record["payload_sha256"], record["payload"]) == \
        (hashlib.sha256(response.body).hexdigest(), len(response.body))
    assert record["whole"]


async def test_a_misspelt_order_is_an_error(api):
    response = await ask(api, signed(api.login()), evnets=3)
    assert response.status == 500
    with pytest.raises(AssertionError):
        api.order(dellay=1)


async def test_a_peer_that_does_not_read_is_seen_to_block(api):
    async with await Connection.open(api.port, signed(api.login()), receive_buffer=4096) as connection:
        connection.send(connection.request("POST", "/backend-api/codex/responses", TURN,
                                           [("x-fake", json.dumps({"total_bytes": 64 << 20}))]))
        connection.writer.transport.pause_reading()
        await eventually_async(lambda: api.records() and api.records()[-1]["blocked"] > 0.2, 10, "writes to block")
        before = api.records()[-1]["sent"]
        assert 0 < before < 8 << 20
