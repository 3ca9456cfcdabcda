"""An answer passes byte for byte, in every form that the API may give it, and an end that is none stays none."""

import asyncio
import hashlib
import json
import subprocess

import pytest

from harness.http import Ended, events
from harness.tools import tool
from harness.waiting import eventually_async

TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}

FORMS = {
    "as usual": {},
    "CRLF": {"crlf": True},
    "no space after data:": {"no_space": True},
    "without event lines": {"event_lines": False},
    "data over several lines": {"data_lines": True},
    "comments between": {"comments": True},
    "a final [DONE]": {"done": True},
    "no final newline": {"final_newline": False},
    "chunks of 7 bytes": {"pieces": 7},
    "chunks of 1 byte": {"pieces": 1, "events": 1},
    "byte by byte on the wire": {"dribble": 1, "events": 1},
    "odd writes": {"dribble": 173},
    "chunk extensions": {"extension": ';a=b;c="d"'},
    "trailers": {"trailers": [["X-Sum", "1"]]},
    "until the connection ends": {"framing": "close"},
    "HTTP/1.0": {"http": "1.0"},
    "with a length": {"body": "data: {\"type\":\"response.completed\",\"response\":{}}\n\n", "framing": "length"},
    "an empty body": {"body": "", "framing": "length"},
    "an empty chunked body": {"body": "", "framing": "chunked"},
    "a long event": {"huge": 3_000_000},
    "many events": {"events": 2000},
    "a megabyte of events": {"total_bytes": 1_000_000, "event_bytes": 5000},
    "failed": {"terminal": "failed"},
    "incomplete": {"terminal": "incomplete"},
    "no terminal event": {"terminal": "none"},
    "unicode": {"text": "\u00e9\u4e2d\U0001f600 \u2028 \\n"},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
async def test_the_client_gets_the_bytes_that_the_api_sent(ocm, fake, form):
    response = await ocm.ask("POST", "/v1/responses", TURN, fake=form)
    record = fake.record(response)
    assert (len(response.body), hashlib.sha256(response.body).hexdigest()) == \
        (record["payload"], record["payload_sha256"])
    assert response.status == 200


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_curl_gets_the_bytes_that_the_api_sent(ocm, fake, form):
    done = subprocess.run(
        [tool("curl"), "-sSN", "-D", "-", f"{ocm.url}/v1/responses", "-d", json.dumps(TURN), "-H",
         "content-type: application/json", "-H", f"x-fake: {json.dumps(form)}",
         *(part for name, value in ocm.fields() for part in ("-H", f"{name}: {value}"))],
        capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    number = next(line.split(b": ")[1].decode() for line in head.split(b"\r\n") if line.startswith(b"x-request-id"))
    record = fake.call("GET", f"/_requests/{number}")
    assert (len(body), hashlib.sha256(body).hexdigest()) == (record["payload"], record["payload_sha256"])


async def test_each_event_is_there_before_the_next_is_sent(ocm):
    """What OCM held back until the next event would come late by the interval, every time."""
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", json.dumps(
            {"events": 20, "interval": 0.05}))]))
        response = await connection.head()
        assert len([part async for part in connection.parts(response)]) >= 20


async def test_a_stream_that_stays_open_after_its_end_is_delivered_up_to_there(ocm, fake):
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", '{"linger": -1}')]))
        response = await connection.head()
        async for part in connection.parts(response):
            response.body += part
            if b"response.completed" in response.body and response.body.endswith(b"\n\n"):
                break
        assert not fake.record(response)["ended"]
    await gone(fake, response)


@pytest.mark.parametrize("cut", [{"cut_after_events": 4}, {"cut_after_events": 0}, {"cut_after_bytes": 700},
                                 {"cut_after_events": 4, "reset": True},
                                 {"cut_after_bytes": 100, "framing": "length", "body": "x" * 1000}],
                         ids=["after 4 events", "after the head", "within an event", "by RST", "within a length"])
async def test_an_answer_that_breaks_off_breaks_off_for_the_client(ocm, fake, cut):
    with pytest.raises(Ended) as ended:
        await ocm.ask("POST", "/v1/responses", TURN, fake=cut)
    partial = ended.value.partial
    if not cut.get("reset"):
        assert partial is not None, "the head did not pass"
        assert len(partial.body) == fake.record(partial)["payload"]


async def test_a_stream_cut_within_a_chunk_breaks_off_for_the_client(ocm):
    wire = ("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            "10\r\ndata: 01")
    with pytest.raises(Ended):
        await ocm.ask("POST", "/v1/responses", TURN, fake={"raw": wire})


@pytest.mark.parametrize("wire", [
    "nonsense\r\n\r\n", "HTTP/1.1 200\x01 OK\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 99 Low\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabcd", "HTTP/1.1 200 OK\r\nBroken Name: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n", "HTTP/1.1 200 OK\r\nX", "",
], ids=["nonsense", "control", "version", "status", "lengths", "both framings", "coding", "name", "fold", "half", "nothing"])
async def test_an_answer_that_is_no_http_becomes_502_without_its_details(ocm, wire):
    ocm.tolerate(r"(?i)upstream|api|response")
    response = await ocm.ask("POST", "/v1/responses", TURN, fake={"raw": wire})
    assert response.status == 502, response
    error = response.json()["error"]
    assert error["type"] == "api_error"
    assert "127.0.0.1" not in response.body.decode() and "folded" not in response.body.decode()


async def test_a_client_that_goes_takes_its_stream_with_it(ocm, fake):
    for how in ("close", "reset", "half_close"):
        async with await ocm.connect() as connection:
            connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", json.dumps(
                {"events": 100000, "interval": 0.01}))]))
            response = await connection.head()
            async for _ in connection.parts(response):
                break
            getattr(connection, how)()
            await gone(fake, response)


async def test_a_client_that_goes_before_the_first_byte_takes_its_request_with_it(ocm, fake):
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", '{"delay": 300}'),
                                                                          ("x-mark", "vanishing")]))
        await waiting_for(lambda: mark(fake, "vanishing"))
    await waiting_for(lambda: mark(fake, "vanishing")[0]["ended"])


def mark(fake, name):
    return [r for r in fake.requests() if ["x-mark", name] in r["fields"]]


async def waiting_for(look):
    return await eventually_async(look, 10, "the API's side to follow")


async def gone(fake, response):
    record = await waiting_for(lambda: (lambda r: r if r["ended"] else None)(fake.record(response)))
    assert not record["whole"]


async def test_events_keep_their_sense(ocm):
    response = await ocm.ask("POST", "/v1/responses", TURN, fake={"text": "said"})
    names = [event["type"] for event in events(response.body)]
    assert names[0] == "response.created" and names[-1] == "response.completed"


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_content_leaves_the_connection_usable(ocm, status):
    async with await ocm.connect() as connection:
        response = await connection.ask("GET", "/v1/responses/r", fake={"status": status, "headers": [["ETag", "x"]]})
        assert (response.status, response.body, response.header("etag")) == (status, b"", "x")
        assert response.header("transfer-encoding") is None
        assert (await connection.ask("POST", "/v1/responses", TURN)).status == 200


async def test_head_is_answered_with_the_head_alone(ocm):
    async with await ocm.connect() as connection:
        response = await connection.ask("HEAD", "/v1/models")
        assert response.status == 200 and int(response.header("content-length")) > 0
        assert (await connection.ask("POST", "/v1/responses", TURN)).status == 200


async def test_an_early_hint_passes_before_the_answer(ocm):
    hints = [[103, [["Link", "</a>; rel=preload"]]], [103, [["X-Progress", "2"]]]]
    response = await ocm.ask("POST", "/v1/responses", TURN, fake={"informational": hints})
    assert [r.status for r in response.informational] == [103, 103]
    assert response.informational[0].header("link") == "</a>; rel=preload"
    assert response.status == 200


async def test_an_answer_that_comes_before_the_body_was_sent_reaches_the_client(ocm, fake):
    fields = [("Content-Length", "50000000"), ("x-fake", json.dumps(
        {"early": True, "status": 413, "body": '{"error":"too long"}', "read_body": False, "keep_alive": False}))]
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", fields=fields))
        connection.send(b"{" + b" " * 100_000)
        response = await connection.response()
        assert (response.status, response.body) == (413, b'{"error":"too long"}')


async def test_a_stream_that_starts_before_the_body_was_sent_reaches_the_client(ocm, fake):
    body = b'{"model":"gpt-5.5","stream":true}'
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", fields=[
            ("Content-Length", str(len(body))),
            ("x-fake", '{"early": true, "json": {"early": 1}, "keep_alive": false}')]))
        response = await connection.head()
        connection.send(body)
        parts = b"".join([part async for part in connection.parts(response)])
        assert json.loads(parts) == {"early": 1}


async def test_streams_side_by_side_stay_apart(ocm, fake):
    async def one(n):
        response = await ocm.ask("POST", "/v1/responses", TURN, user="alice" if n % 2 else "bob",
                                 fake={"events": 50, "interval": 0.002, "pieces": 11})
        return response
    responses = await asyncio.gather(*(one(n) for n in range(40)))
    for response in responses:
        assert hashlib.sha256(response.body).hexdigest() == fake.record(response)["payload_sha256"]
