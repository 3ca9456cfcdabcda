"""What the usage file says is what the API served: exactly, per user, model and tier."""

import asyncio
import json
import random

import pytest

from harness import counts
from harness.usage import assert_equal

MODELS = ("gpt-5.5", "gpt-5.5-mini", "gpt-5.4")
TIERS = (None, "default", "flex", "priority")
CONNECTIONS = 200


async def streamed(connection, body, fake):
    response = await connection.ask("POST", "/v1/responses", body | {"stream": True}, fake=fake)
    assert response.status == 200
    return True


async def plain(connection, body, fake):
    response = await connection.ask("POST", "/v1/responses", body)
    assert response.status == 200 and response.json()["usage"]["total_tokens"]
    return True


async def compact(connection, body, fake):
    response = await connection.ask("POST", "/v1/responses/compact", body)
    assert response.status == 200
    return True


async def gone(connection, body, fake):
    """As the CLI does: away as soon as the terminal event is there, whatever may still come."""
    connection.send(connection.request("POST", "/v1/responses", body | {"stream": True},
                                       [("x-fake", json.dumps(fake | {"linger": random.choice((0.01, 0.2, -1))}))]))
    response = await connection.head()
    assert response.status == 200
    async for part in connection.parts(response):
        response.body += part
        end = response.body.find(b'"type":"response.completed"')
        if end >= 0 and response.body.find(b"\n\n", end) >= 0:
            break
    else:
        raise AssertionError("no terminal event")
    connection.close()
    return False


async def chat(connection, body, fake):
    response = await connection.ask("POST", "/v1/chat/completions", body)
    assert response.json()["usage"]["total_tokens"]
    return True


async def chat_streamed(connection, body, fake):
    options = {"stream": True, "stream_options": {"include_usage": True}}
    response = await connection.ask("POST", "/v1/chat/completions", body | options, fake=fake)
    assert response.body.endswith(b"[DONE]\n\n")
    return True


FORMS = ({}, {}, {"event_lines": False}, {"data_lines": True}, {"no_space": True}, {"pieces": 13}, {"dribble": 211},
         {"comments": True})


@pytest.mark.deadline(300)
@pytest.mark.parametrize("auth, kinds", [
    ("chatgpt", (streamed, streamed, plain, compact, gone)),
    ("apikey", (streamed, plain, gone, chat, chat_streamed)),
], ids=["ChatGPT login", "API key"])
async def test_mixed_requests_are_counted_to_the_token(start_ocm, auth, kinds):
    ocm = start_ocm(auth=auth, users=("alice", "bob", "carol"))
    left = iter(range(counts(500, 5000)))

    async def client(n):
        connection = None
        for _ in left:
            if connection is None:
                connection = await ocm.connect(random.choice(tuple(ocm.tokens)))
            body = {"model": random.choice(MODELS), "input": "x" * random.randint(0, 3000)}
            if tier := random.choice(TIERS):
                body["service_tier"] = tier
            if not await random.choice(kinds)(connection, body, random.choice(FORMS)):
                connection = None
        if connection:
            connection.close()

    await asyncio.gather(*(client(n) for n in range(CONNECTIONS)))
    stats = ocm.fake.settled()
    ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == counts(500, 5000)
    assert_equal(ocm.usage(), stats)
    weeks = {row.get("week_start_unix", 0) for row in ocm.usage()["combinations"]}
    assert weeks == ({stats["week_start"]} if auth == "chatgpt" else {0})


@pytest.mark.parametrize("terminal", ["completed", "incomplete", "failed"])
async def test_each_terminal_event_with_tokens_is_counted(start_ocm, terminal):
    ocm = start_ocm()
    for stream in (True, False):
        await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5", "stream": stream}, fake={"terminal": terminal})
    stats = ocm.fake.settled()
    ocm.stop()
    assert_equal(ocm.usage(), stats)


async def test_what_used_no_tokens_is_not_counted(start_ocm):
    ocm = start_ocm()
    await ocm.ask("GET", "/v1/responses/resp_1")
    await ocm.ask("GET", "/v1/models")
    for fake in ({"terminal": "none"}, {"usage": None}, {"status": 500},
                 {"status": 429, "json": {"error": {"type": "usage_limit_reached"}, "usage": {"input_tokens": 5}}}):
        await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True}, fake=fake)
    await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True})
    stats = ocm.fake.settled()
    ocm.stop()
    assert [row["request_count"] for row in stats["usage"]] == [1]
    assert_equal(ocm.usage(), stats)


async def test_the_responses_model_and_tier_count_else_the_requests(start_ocm):
    ocm = start_ocm(users=("alice",))
    for stream in (True, False):
        body = {"model": "gpt-5.5", "stream": stream}
        await ocm.ask("POST", "/v1/responses", body, fake={"model": "gpt-5.4"})
        await ocm.ask("POST", "/v1/responses", body, fake={"model": ""})
        await ocm.ask("POST", "/v1/responses", body, fake={"tier": " Priority "})
        await ocm.ask("POST", "/v1/responses", body, fake={"tier": "unheard-of"})
    ocm.fake.settled()
    ocm.stop()
    rows = {(row["model"], row["service_tier"]): row["total"]["request_count"] for row in ocm.usage()["combinations"]}
    assert rows == {("gpt-5.4", "default"): 2, ("gpt-5.5", "default"): 4, ("gpt-5.5", "priority"): 2}


async def test_usage_of_huge_events_is_counted(start_ocm):
    ocm = start_ocm(users=("alice",))
    for fake in ({"huge": 5_000_000}, {"huge": 1_000_000, "data_lines": True}, {"huge": 100_000, "crlf": True,
                                                                               "final_newline": False}):
        for stream in (True, False):
            response = await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5", "stream": stream}, fake=fake)
            assert len(response.body) > fake["huge"]
    stats = ocm.fake.settled()
    ocm.stop()
    assert_equal(ocm.usage(), stats)


async def test_numbers_as_large_as_they_come_are_counted_in_the_right_row(start_ocm):
    ocm = start_ocm(users=("alice",))
    for tokens in (271_999, 272_000, 272_001, 1 << 40):
        usage = {"input": tokens, "cached": tokens // 2, "output": 7, "reasoning": 3}
        await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.4", "stream": True}, fake={"usage": usage})
    stats = ocm.fake.settled()
    ocm.stop()
    assert_equal(ocm.usage(), stats)
    rows = {row["context_window"]: row["total"]["request_count"] for row in ocm.usage()["combinations"]}
    assert rows == {272000: 2, 1050000: 2}


async def test_numbers_that_cant_be_true_are_not_counted_and_said_so_once(start_ocm):
    ocm = start_ocm(users=("alice",))
    ocm.tolerate("can't be true")
    await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5"})
    stats = ocm.fake.settled()
    for field in ("input", "cached", "output", "reasoning"):
        for tokens in ((1 << 40) + 1, (1 << 64) - 1):
            await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.4"}, fake={"usage": {field: tokens}})
    ocm.fake.settled()
    ocm.stop()
    assert_equal(ocm.usage(), stats)
    (alarm,) = ocm.alarms()
    assert (alarm["service"], alarm["model"]) == ("codex", "gpt-5.4")


async def test_usage_goes_on_from_the_file_of_the_last_run(start_ocm):
    ocm = start_ocm()
    await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True})
    ocm.stop()
    ocm.start()
    await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5"}, user="bob")
    stats = ocm.fake.settled()
    ocm.stop()
    assert_equal(ocm.usage(), stats)


async def test_a_link_to_a_usage_file_that_is_not_there_yet_says_where_it_will_be(start_ocm):
    ocm = start_ocm(start=False)
    target = ocm.directory / "elsewhere" / "usages.json"
    target.parent.mkdir()
    ocm.usage_path.symlink_to(target)
    ocm.start()
    await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True})
    stats = ocm.fake.settled()
    ocm.stop()
    assert ocm.usage_path.is_symlink() and not target.is_symlink()
    assert_equal(ocm.usage(), stats)


async def test_the_usage_file_is_private_and_has_its_form(start_ocm):
    ocm = start_ocm(users=("alice",))
    await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True})
    ocm.stop()
    assert ocm.usage_path.stat().st_mode & 0o777 == 0o600
    usage = ocm.usage()
    assert {"last_updated", "costs", "combinations"} <= set(usage)
    assert set(usage["costs"]) >= {"total_usd", "by_user"} and set(usage["costs"]["by_user"]) == {"alice"}
    assert usage["costs"]["total_usd"] > 0
    assert ocm.usage_path.read_text().startswith('{\n  "')
