"""One line for each request: who asked for what, how it went, what it used, and no secret."""

import asyncio
import json
import os
import re

import pytest

from harness import counts
from harness.waiting import eventually_async

TURN = {"model": "gpt-5.5", "stream": True}
KNOWN = {"time", "level", "message", "user", "method", "path", "status", "bytes_in", "bytes_out", "first_byte_ms", "total_ms",
         "model", "input_tokens", "cached_tokens", "output_tokens", "reason", "address", "service", "request_id",
         "api_request_id", "worker"}


def lines(ocm):
    """But for that of the harness, which asks whether there is somebody."""
    found = [json.loads(line) for line in ocm.log().splitlines() if '"message":"request"' in line]
    for line in found:
        assert set(line) <= KNOWN and line["level"] == "info"
    return [line for line in found if line.get("path") != "/"]


async def line(ocm, count=1):
    """The last of so many."""
    await eventually_async(lambda: len(lines(ocm)) >= count, 10, f"{count} lines\n{ocm.log()}")
    assert len(lines(ocm)) == count
    return lines(ocm)[-1]


async def test_a_response_has_a_line_with_all_that_is_known_of_it(start_ocm):
    ocm = start_ocm()
    before = len(lines(ocm))
    usage = {"input": 1000, "cached": 600, "output": 50}
    response = await ocm.ask("POST", "/v1/responses?secret=in-the-query", TURN, user="bob", fake={"usage": usage})
    found = await line(ocm, before + 1)
    assert found["user"] == "bob" and found["method"] == "POST" and found["path"] == "/v1/responses"
    assert found["status"] == 200 and found["model"] == "gpt-5.5" and found["service"] == "codex"
    assert found["address"] == "127.0.0.1" and found["worker"] in ocm.workers()
    assert found["api_request_id"] == response.request_id
    assert re.fullmatch("[0-9a-f]{16}", found["request_id"])
    assert found["bytes_out"] > len(response.body) and found["bytes_in"] > len(json.dumps(TURN))
    assert 0 <= found["first_byte_ms"] <= found["total_ms"] < 10_000
    assert (found["input_tokens"], found["cached_tokens"], found["output_tokens"]) == (1000, 600, 50)
    assert "reason" not in found and "in-the-query" not in ocm.log()


async def test_bytes_are_those_of_the_connection(start_ocm):
    ocm = start_ocm(workers=1)
    before = len(lines(ocm))
    connection = await ocm.connect()
    request = connection.request("POST", "/v1/responses", TURN)
    connection.send(request + request)
    for _ in range(2):
        await connection.response("POST")
    connection.close()
    await line(ocm, before + 2)
    assert [found["bytes_in"] for found in lines(ocm)[before:]] == [len(request)] * 2


@pytest.mark.parametrize("target, token, status", [
    ("/elsewhere?token=sk-in-the-path", True, 404), ("/v1/models", False, 401), ("/v1/../x", True, 400),
])
async def test_a_refusal_has_a_line_too(start_ocm, target, token, status):
    ocm = start_ocm()
    ocm.tolerate("a client sent a token")
    before = len(lines(ocm))
    async with await ocm.connect(*([] if token else [None])) as connection:
        fields = [] if token else [("Authorization", "Bearer sk-that-nobody-has")]
        response = await connection.ask("GET", target, fields=fields)
    assert response.status == status
    found = await line(ocm, before + 1)
    assert found["status"] == status and found["path"] == target.partition("?")[0] and "model" not in found
    assert "sk-that" not in ocm.log() and "sk-in-the-path" not in ocm.log()


async def test_what_is_no_request_has_a_line_without_one(start_ocm):
    ocm = start_ocm()
    before = len(lines(ocm))
    connection = await ocm.connect()
    connection.send(b"\x16\x03\x01nonsense\r\n\r\n")
    assert (await connection.response("GET")).status == 400
    connection.close()
    found = await line(ocm, before + 1)
    assert found["status"] == 400 and "path" not in found and "method" not in found


async def test_what_was_cut_says_why_and_where(start_ocm):
    ocm = start_ocm()
    ocm.tolerate("the API failed")
    before = len(lines(ocm))
    # The client goes away.
    connection = await ocm.connect()
    connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", json.dumps({"events": 1000, "interval": 0.02}))]))
    await connection.head()
    connection.reset()
    found = await line(ocm, before + 1)
    assert found["reason"] == "client_gone" and found["status"] == 200 and "input_tokens" not in found
    # The API does.
    response = await ocm.ask("POST", "/v1/responses", TURN, fake={"hangup": True})
    found = await line(ocm, before + 2)
    assert found["reason"] == "api_failed" and found["status"] == response.status
    warning = [json.loads(text) for text in ocm.log().splitlines() if "the API failed" in text][-1]
    assert warning["request_id"] == found["request_id"]


async def test_a_user_s_name_and_a_path_can_t_forge_a_line(start_ocm):
    name = 'a"b\\c'
    ocm = start_ocm(users=(name,))
    before = len(lines(ocm))
    async with await ocm.connect(name) as connection:
        await connection.ask("GET", '/v1/models/"},{"level":"error')
    found = await line(ocm, before + 1)
    assert found["user"] == name and found["path"] == '/v1/models/"},{"level":"error'


async def test_nothing_is_written_where_the_configuration_says_so(start_ocm):
    ocm = start_ocm(start=False)
    ocm.configuration["log"]["access"] = False
    ocm.start()
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    ocm.stop()
    assert not lines(ocm)


async def test_text_has_the_same_keys(start_ocm):
    ocm = start_ocm(start=False)
    ocm.configuration["log"] = {"level": "info", "timestamp": False}
    ocm.start(wait=False)
    await eventually_async(lambda: "notice ready" in ocm.log())
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    await eventually_async(lambda: "info request" in ocm.log())
    ocm.process.terminate()
    ocm.process.wait(20)
    found = [text for text in ocm.log().splitlines() if text.startswith("info request")]
    assert re.fullmatch(
        r"info request user=alice method=POST path=/v1/responses status=200 bytes_in=\d+ bytes_out=\d+ first_byte_ms=\d+ "
        r"total_ms=\d+ model=gpt-5.5 input_tokens=\d+ cached_tokens=\d+ output_tokens=\d+ address=127.0.0.1 service=codex "
        r"request_id=[0-9a-f]{16} api_request_id=\S+ worker=\d+", found[-1])


@pytest.mark.deadline(90)
async def test_every_request_has_one_whole_line_under_load(start_ocm):
    """Two workers write to one pipe, which holds 4 KiB in one piece."""
    total = counts(1000, 20000)
    ocm = start_ocm(start=False)
    ends = os.pipe()
    received = bytearray()

    def take():
        data = os.read(ends[0], 65536)
        received.extend(data)

    asyncio.get_running_loop().add_reader(ends[0], take)
    ocm.log_path = f"/dev/fd/{ends[1]}"  # opened anew: a pipe of its own descriptor
    try:
        ocm.log = lambda: received.decode()
        ocm.start(wait=False)
        await eventually_async(lambda: b'"ready"' in received, 20)

        left = iter(range(total))

        async def client():
            async with await ocm.connect() as connection:
                for _ in left:
                    assert (await connection.ask("POST", "/v1/responses", {"model": "gpt-5.5"})).status == 200

        await asyncio.gather(*(client() for _ in range(16)))
        await eventually_async(lambda: len(lines(ocm)) == total, 20)
        assert len({found["request_id"] for found in lines(ocm)}) == total
        await asyncio.get_running_loop().run_in_executor(None, ocm.stop)
    finally:
        asyncio.get_running_loop().remove_reader(ends[0])
        for end in ends:
            os.close(end)
