"""Connections on both sides: reuse, pipelining, old clients, limits, and what a dead one does to a request."""

import asyncio
import json

import pytest

from harness.http import Ended
from harness.waiting import eventually, eventually_async

OCM_SETTINGS = {
    "workers": 1,
    "limits": {"head_bytes": 16384, "head_fields": 50, "body_bytes": 100_000, "requests_per_user": 3},
    "timeouts": {"head": "400ms", "idle": "700ms", "body_stall": "500ms"},
}
OCM_TOLERATED = [r"(?i)upstream|api"]
TURN = {"model": "gpt-5.5", "input": "hi"}


# Clients.

async def test_a_connection_is_kept_for_the_next_request(ocm, fake):
    async with await ocm.connect() as connection:
        turns = [await connection.ask("POST", "/v1/responses", TURN | {"stream": n % 2 == 0}) for n in range(20)]
    assert all(t.status == 200 and t.header("connection") is None for t in turns)


async def test_connections_to_the_api_are_kept_for_the_next_request(ocm, fake):
    responses = [await ocm.ask("POST", "/v1/responses", TURN) for _ in range(20)]
    assert len({fake.record(response)["connection"] for response in responses}) == 1


async def test_requests_sent_ahead_are_answered_in_their_order(ocm, fake):
    async with await ocm.connect() as connection:
        for n in range(30):
            connection.send(connection.request("POST", "/v1/responses", TURN | {"input": n},
                                               [("x-fake", json.dumps({"text": f"answer {n}"}))]))
        for n in range(30):
            response = await connection.response()
            assert f"answer {n}" in response.body.decode()


async def test_connection_close_is_obeyed(ocm):
    async with await ocm.connect() as connection:
        response = await connection.ask("POST", "/v1/responses", TURN | {"stream": True},
                                        fields=[("Connection", "close")])
        assert response.status == 200 and response.header("connection") == "close"
        assert await connection.ends() == b""


async def test_a_client_of_http_1_0_gets_no_chunks_and_an_end(ocm, fake):
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", TURN | {"stream": True}, version="1.0"))
        response = await connection.response()
        assert response.header("transfer-encoding") is None and response.framing in ("close", "length")
        assert len(response.body) == fake.record(response)["payload"]
        assert await connection.ends() == b""


async def test_a_client_of_http_1_0_gets_no_1xx(ocm):
    async with await ocm.connect() as connection:
        response = await connection.ask("POST", "/v1/responses", TURN, version="1.0",
                                        fake={"informational": [[103, [["X", "y"]]]]})
        assert response.status == 200 and response.informational == []


async def test_a_truncated_answer_to_http_1_0_ends_by_a_reset_or_early(ocm):
    """Without chunks only a length or a reset tells the client that it has not got everything."""
    async with await ocm.connect() as connection:
        with pytest.raises(Ended):
            await connection.ask("POST", "/v1/responses", TURN | {"stream": True}, version="1.0",
                                 fake={"cut_after_events": 4})


async def test_expect_100_continue_is_answered_when_the_body_is_wanted(ocm, fake):
    body = json.dumps(TURN).encode()
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", fields=[
            ("Expect", "100-continue"), ("Content-Length", str(len(body)))]))
        assert await connection.line() == b"HTTP/1.1 100 Continue"
        assert await connection.line() == b""
        connection.send(body)
        response = await connection.response()
        assert response.status == 200 and fake.record(response)["body"].encode() == body


async def test_expect_100_continue_is_not_answered_when_the_request_is_refused(ocm):
    async with await ocm.connect(user=None) as connection:
        connection.send(connection.request("POST", "/v1/responses", fields=[
            ("Expect", "100-continue"), ("Content-Length", "1000")]))
        response = await connection.response()
        assert response.status == 401 and response.informational == []


@pytest.mark.parametrize("wire", [
    b"GET / HTTP/1.1\nHost: a\n\n", b"GET /v1/models HTTP/1.1\r\nHost : a\r\n\r\n",
    b"POST /v1/responses HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /v1/responses HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST /v1/responses HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na",
    b"GET /v1/models HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\n\r\n", b"GET /v1/models HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET  /v1/models HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64,
], ids=["bare LF", "space", "both framings", "lengths", "sign", "fold", "no host", "hosts", "spaces", "TLS"])
async def test_what_is_no_clean_http_is_400_and_the_end(ocm, fake, wire):
    before = fake.stats()["requests"]
    async with await ocm.connect(user=None) as connection:
        connection.send(wire)
        response = await connection.response()
        assert response.status == 400, response
        assert await connection.ends() == b""
    assert fake.stats()["requests"] == before


async def test_a_chunk_size_that_overflows_ends_the_request(ocm, fake):
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", fields=[("Transfer-Encoding", "chunked"),
                                                                            ("x-mark", "overflow")]))
        connection.send(b"fffffffffffffffff\r\nabc")
        try:
            assert (await connection.response()).status == 400
        except Ended as ended:
            assert ended.partial is None
    whole = [r for r in fake.requests() if ["x-mark", "overflow"] in r["fields"] and r["whole"]]
    assert whole == []


# Limits.

async def test_a_head_that_is_too_long_is_431(ocm):
    response = await ocm.ask("GET", "/v1/models", fields=[("X-Long", "x" * 20_000)])
    assert response.status == 431 and "error" in response.json()


async def test_too_many_fields_are_431(ocm):
    response = await ocm.ask("GET", "/v1/models", fields=[(f"X-{n}", "1") for n in range(60)])
    assert response.status == 431


async def test_a_body_that_is_said_to_be_too_long_is_413(ocm, fake):
    before = fake.stats()["requests"]
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", fields=[("Content-Length", "100001")]))
        response = await connection.response()
    assert response.status == 413 and "error" in response.json()
    assert fake.stats()["requests"] == before


async def test_a_chunked_body_that_grows_too_long_is_413(ocm, fake):
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", fields=[("Transfer-Encoding", "chunked")]))
        for _ in range(12):
            connection.send(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
        response = await connection.response()
        assert response.status == 413


async def test_a_body_of_just_the_limit_passes(ocm, fake):
    response = await ocm.ask("POST", "/v1/other", b"x" * 100_000)
    assert fake.record(response)["body_length"] == 100_000


async def test_a_head_that_does_not_end_is_408(ocm):
    async with await ocm.connect() as connection:
        connection.send(b"POST /v1/responses HTTP/1.1\r\nHost: a\r\n")
        response = await connection.response()
        assert response.status == 408 and "error" in response.json()
        assert await connection.ends() == b""


async def test_a_silent_connection_ends_without_a_word(ocm):
    async with await ocm.connect() as connection:
        await asyncio.wait_for(connection.ends(), 5)
    async with await ocm.connect() as connection:
        assert (await connection.ask("POST", "/v1/responses", TURN)).status == 200
        assert await asyncio.wait_for(connection.ends(), 5) == b""


async def test_a_body_that_stalls_ends_the_request(ocm, fake):
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", fields=[("Content-Length", "1000")]) + b"{")
        try:
            response = await asyncio.wait_for(connection.response(), 5)
            assert response.status == 408, response
        except Ended as ended:
            assert ended.partial is None


async def test_more_requests_than_a_user_may_have_are_503_with_retry_after(ocm, fake):
    connections = []
    try:
        for _ in range(3):
            connection = await ocm.connect()
            connection.send(connection.request("POST", "/v1/responses", TURN | {"stream": True},
                                               [("x-fake", '{"linger": -1}')]))
            assert (await connection.head()).status == 200
            connections.append(connection)
        refused = await ocm.ask("POST", "/v1/responses", TURN)
        assert refused.status == 503 and int(refused.header("retry-after")) >= 1
        assert "error" in refused.json()
        assert (await ocm.ask("POST", "/v1/responses", TURN, user="bob")).status == 200
    finally:
        for connection in connections:
            connection.close()

    async def again():
        return (await ocm.ask("POST", "/v1/responses", TURN)).status == 200

    await eventually_async(again, 5, "the user's places to be given back")


# The API's side.

async def test_a_kept_connection_that_dies_with_a_request_is_replaced_once(ocm, fake):
    await ocm.ask("POST", "/v1/responses", TURN)
    fake.order(hangup=True, reused_only=True)
    before = fake.stats()["requests"]
    response = await ocm.ask("POST", "/v1/responses", TURN)
    assert response.status == 200
    assert fake.stats()["requests"] == before + 2


async def test_a_kept_connection_that_dies_while_idle_is_not_used_again(ocm, fake):
    await ocm.ask("POST", "/v1/responses", TURN)
    assert fake.control(drop_idle=True)["dropped"] >= 1
    before = fake.stats()["requests"]
    response = await ocm.ask("POST", "/v1/responses", TURN)
    assert response.status == 200
    assert fake.stats()["requests"] == before + 1


async def test_a_fresh_connection_that_dies_with_a_request_is_502(ocm, fake):
    fake.control(drop_idle=True)
    eventually(lambda: fake.stats()["open"] <= 1, 5, "idle connections to go")
    fake.order(hangup=True, times=-1)
    before = fake.stats()["requests"]
    response = await ocm.ask("POST", "/v1/responses", TURN)
    assert response.status == 502 and response.json()["error"]["type"] == "api_error"
    assert fake.stats()["requests"] <= before + 2


async def test_a_connection_that_the_api_closes_unannounced_harms_no_request(ocm, fake):
    fake.order(then_close=True, times=20)
    for _ in range(20):
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200


async def test_an_api_that_is_not_there_is_502_without_internal_detail(start_ocm):
    ocm = start_ocm(start=False)
    endpoints = ocm.configuration["supervisor"]["endpoints"]
    endpoints["chatgpt"] = "http://127.0.0.1:1/backend-api/codex"
    ocm.tolerate(r"(?i)upstream|connect|api")
    ocm.start()
    response = await ocm.ask("POST", "/v1/responses", TURN)
    assert response.status == 502
    assert response.json()["error"]["type"] == "api_error"
    text = response.body.decode().lower()
    assert "127.0.0.1" not in text and "refused" not in text and "errno" not in text
    await eventually_async(lambda: "refused" in ocm.log().lower(), 5, "the log to say why")


async def test_an_api_that_falls_silent_ends_the_stream(start_ocm):
    ocm = start_ocm(timeouts={"upstream_silence": "300ms"})
    ocm.tolerate(r"(?i)upstream|silen|api|time")
    with pytest.raises(Ended) as ended:
        await ocm.ask("POST", "/v1/responses", TURN | {"stream": True}, fake={"stall_after_events": 4})
    assert ended.value.partial.body.count(b"\n\n") == 4
    response = await ocm.ask("POST", "/v1/responses", TURN, fake={"delay": 100})
    assert response.status in (502, 504) and "error" in response.json()


async def test_an_answer_with_connection_close_is_the_last_on_its_connection(ocm, fake):
    first = await ocm.ask("POST", "/v1/responses", TURN, fake={"keep_alive": False})
    second = await ocm.ask("POST", "/v1/responses", TURN)
    assert fake.record(first)["connection"] != fake.record(second)["connection"]
    assert first.header("connection") is None
