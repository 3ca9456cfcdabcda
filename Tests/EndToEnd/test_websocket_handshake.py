"""The upgrade on both sides (RFC 6455, section 4): what a client may ask, what an upstream may answer, and what comes of it."""

from typing import NamedTuple

import pytest

from harness.frames import TEXT, Frame, accept, encode, upgrade_fields
from harness.http import Connection
from harness.ocm import free_port
from harness.sides import NUMBER, SWITCHING, Side, Upstream, numbers

PORT = free_port()
URL = f"http://127.0.0.1:{PORT}"
OCM_SETTINGS = {"supervisor": {"endpoints": {"chatgpt": URL + "/backend-api/codex", "openai": URL, "oauth": URL}}}
OCM_TOLERATED = (".",)
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
GOOD = dict(upgrade_fields(KEY))


class Request(NamedTuple):
    """An upgrade that differs from the usual one; a field None is left out, a list comes several times."""

    name: str
    fields: dict = {}
    status: object = 101  # or "not 101"
    method: str = "GET"
    target: str = "/v1/responses"
    version: str = "1.1"
    reaches: bool = True  # whether the upstream is asked to upgrade


def wrong(name, status=400, **more):
    return Request(name, status=status, reaches=False, **more)


REQUESTS = [
    Request("as usual"),
    Request("another path under responses", target="/v1/responses/some?a=b"),
    Request("Upgrade in upper case", {"Upgrade": "WEBSOCKET"}),
    Request("Upgrade in mixed case", {"Upgrade": "WebSocket"}),
    Request("Upgrade as a list", {"Upgrade": "h2c, websocket"}),
    Request("Connection in lower case", {"Connection": "upgrade"}),
    Request("Connection as a list", {"Connection": "keep-alive, Upgrade"}),
    Request("Connection twice", {"Connection": ["keep-alive", "Upgrade"]}),
    Request("an extension is offered", {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}),
    Request("two extensions are offered", {"Sec-WebSocket-Extensions": ["permessage-deflate", "x-other; a=1"]}),
    Request("with an origin", {"Origin": "https://example.com"}),
    wrong("no key", fields={"Sec-WebSocket-Key": None}),
    wrong("an empty key", fields={"Sec-WebSocket-Key": ""}),
    wrong("a key of 15 bytes", fields={"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAA"}),
    wrong("a key of 17 bytes", fields={"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAAA="}),
    wrong("a key that is no base64", fields={"Sec-WebSocket-Key": "!!!!!!!!!!!!!!!!!!!!!!=="}),
    wrong("two keys", fields={"Sec-WebSocket-Key": [KEY, KEY]}),
    wrong("version 8", 426, fields={"Sec-WebSocket-Version": "8"}),
    wrong("version 14", 426, fields={"Sec-WebSocket-Version": "14"}),
    wrong("version 13 in other words", 426, fields={"Sec-WebSocket-Version": "013"}),
    wrong("no version", "not 101", fields={"Sec-WebSocket-Version": None}),
    wrong("no Connection", "not 101", fields={"Connection": None}),
    wrong("a Connection that names something else", "not 101", fields={"Connection": "keep-alive"}),
    wrong("an Upgrade to something else", "not 101", fields={"Upgrade": "h2c"}),
    wrong("an Upgrade that begins alike", "not 101", fields={"Upgrade": "websocketx"}),
    wrong("POST", "not 101", method="POST"),
    wrong("HTTP/1.0", "not 101", version="1.0"),
    wrong("another path", "not 101", target="/v1/models"),
    wrong("a path that begins alike", "not 101", target="/v1/responsesx"),
    wrong("no token", 401, fields={"Authorization": None}),
    wrong("another's token", 401, fields={"Authorization": "Bearer sk-wrong"}),
]


def lines(request, number, fields):
    yield f"{request.method} {request.target} HTTP/{request.version}"
    for name, value in ({"Host": "ocm.test"} | fields | GOOD | {NUMBER: str(number)} | request.fields).items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                yield f"{name}: {one}"


async def ask(port, request, fields, behind=b""):
    """The connection, its number, and the answer's head."""
    number = next(numbers)
    connection = await Connection.open(port)
    connection.send(("\r\n".join(lines(request, number, dict(fields))) + "\r\n\r\n").encode("latin-1") + behind)
    return connection, number, await connection.head()


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.name.replace(" ", "-"))
async def test_an_upgrade_is_taken_where_it_is_right(ocm, request_):
    async with Upstream(PORT) as upstream:
        connection, number, answer = await ask(ocm.port, request_, ocm.fields())
        async with connection:
            if request_.status == "not 101":
                assert answer.status != 101, answer
            else:
                assert answer.status == request_.status, answer
            if answer.status == 426:
                assert answer.header("sec-websocket-version") == "13"
            if answer.status == 101:
                assert answer.header("sec-websocket-accept") == accept(KEY)
                assert answer.header("sec-websocket-extensions") is None
                assert answer.header("upgrade").lower() == "websocket"
                assert answer.header("connection").lower() == "upgrade"
        line, fields = upstream.heads.get(number, ("", []))
        asked = {name.lower(): value for name, value in fields}
        assert ("sec-websocket-key" in asked) == request_.reaches, asked
        if request_.reaches:
            assert line == f"GET /backend-api/codex{request_.target.removeprefix('/v1')} HTTP/1.1"
            assert (asked["upgrade"].lower(), asked["connection"].lower()) == ("websocket", "upgrade")
            assert asked["sec-websocket-version"] == "13" and "sec-websocket-extensions" not in asked
            assert asked["authorization"] != dict(ocm.fields())["Authorization"]
            assert asked.get("origin") == request_.fields.get("Origin")


class Answer(NamedTuple):
    name: str
    wire: str
    status: int
    body: bytes | None = None
    fields: dict = {}


def switching(*more, without=(), replaced=()):
    """A 101 that differs from the usual one."""
    head = [line for line in SWITCHING.split("\r\n")[:4] if not line.startswith(tuple(without))] if without else \
        SWITCHING.split("\r\n")[:4]
    for old, new in replaced:
        head = [line.replace(old, new) for line in head]
    return "\r\n".join([*head, *more]) + "\r\n\r\n"


BODY = '{"error":{"message":"no"}}'
ANSWERS = [
    Answer("101", SWITCHING, 101),
    Answer("101 in lower case", switching(replaced=[("Upgrade", "upgrade"), ("Connection", "connection"), ("Sec-", "sec-")]), 101),
    Answer("101 with Connection as a list", switching(replaced=[("Connection: Upgrade", "Connection: keep-alive, Upgrade")]), 101),
    Answer("101 without a reason", switching(replaced=[("Switching Protocols", "")]), 101),
    Answer("101 with what the client is to know", switching(
        "x-codex-turn-state: abc", "x-codex-primary-used-percent: 3", "x-reasoning-included: true", "openai-model: gpt-5.5",
        "x-models-etag: \"e\"", "x-codex-other-secondary-used-percent: 4"), 101, fields={
            "x-codex-turn-state": "abc", "x-codex-primary-used-percent": "3", "x-reasoning-included": "true",
            "openai-model": "gpt-5.5", "x-models-etag": '"e"', "x-codex-other-secondary-used-percent": "4"}),
    Answer("101 with what it is not to know", switching("Set-Cookie: a=b", "Alt-Svc: h3", "Server: x"), 101, fields={
        "set-cookie": None, "alt-svc": None}),
    Answer("101 behind 103", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + SWITCHING, 101),
    Answer("101 without Sec-WebSocket-Accept", switching(without=["Sec-"]), 502),
    Answer("101 with another key's accept", switching(replaced=[("$accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")]), 502),
    Answer("101 with an empty accept", switching(replaced=[("$accept", "")]), 502),
    Answer("101 without Upgrade", switching(without=["Upgrade"]), 502),
    Answer("101 with an Upgrade to something else", switching(replaced=[(": websocket", ": h2c")]), 502),
    Answer("101 without Connection", switching(without=["Connection"]), 502),
    Answer("101 with an extension", switching("Sec-WebSocket-Extensions: permessage-deflate"), 502),
    Answer("101 with a subprotocol that nobody offered", switching("Sec-WebSocket-Protocol: chat"), 502),
    Answer("nothing", "", 502),
    Answer("half of a head", "HTTP/1.1 503 Serv", 502),
    Answer("no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", 502),
    *(Answer(f"{status} with a body", f"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}"
             f"\r\nRetry-After: 3\r\nx-request-id: req_7\r\n\r\n{BODY}", status, BODY.encode(),
             {"retry-after": "3", "x-request-id": "req_7"}) for status in (400, 403, 404, 405, 426, 429, 500, 502, 503)),
    Answer("503 in chunks", f"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n{len(BODY):x}\r\n{BODY}\r\n0\r\n\r\n", 503,
           BODY.encode()),
    Answer("503 up to the connection's end", f"HTTP/1.1 503 No\r\n\r\n{BODY}", 503, BODY.encode()),
    Answer("200", f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}", 200, BODY.encode()),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.name.replace(" ", "-"))
async def test_an_answer_passes_where_it_is_right(ocm, answer):
    async with Upstream(PORT) as upstream:
        number = next(numbers) + 1
        upstream.answers[number] = answer.wire
        connection, asked, got = await ask(ocm.port, REQUESTS[0], ocm.fields())
        assert asked == number
        async with connection:
            assert got.status == answer.status, got
            for name, value in answer.fields.items():
                assert got.header(name) == value, got
            if answer.status != 101:
                body = b"".join([part async for part in connection.parts(got)])
                assert body == answer.body or answer.body is None and b'"api_error"' in body, body


async def test_a_subprotocol_passes_both_ways(ocm):
    async with Upstream(PORT) as upstream:
        number = next(numbers) + 1
        upstream.answers[number] = switching("Sec-WebSocket-Protocol: second")
        request = Request("", {"Sec-WebSocket-Protocol": "first, second"})
        connection, _, answer = await ask(ocm.port, request, ocm.fields())
        async with connection:
            assert (answer.status, answer.header("sec-websocket-protocol")) == (101, "second")
        asked = {name.lower(): value for name, value in upstream.heads[number][1]}
        assert asked["sec-websocket-protocol"] == "first, second"


async def test_frames_right_behind_the_heads_are_not_lost(ocm):
    async with Upstream(PORT) as upstream:
        number = next(numbers) + 1
        upstream.answers[number] = SWITCHING + encode(TEXT, b"hello", mask=None).decode("latin-1")
        connection, _, answer = await ask(ocm.port, REQUESTS[0], ocm.fields(), behind=encode(TEXT, b"early"))
        assert answer.status == 101, answer
        client, far = Side(connection.reader, connection.writer, client=True), await upstream.side(number)
        await client.sees([Frame(TEXT, b"hello")])
        await far.sees([Frame(TEXT, b"early")])
        for side in (client, far):
            await side.end()
            side.task.cancel()
