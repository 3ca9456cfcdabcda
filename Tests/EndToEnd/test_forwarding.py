"""What reaches the API of a request, and what reaches the client of an answer: every field, every byte."""

import hashlib
import json
import os

import pytest

OCM_TOLERATED = ["no price is known for the model"]  # some bodies here name none
TURN = {"model": "gpt-5.5", "input": "hi"}


def values(record, name):
    return [value for key, value in record["fields"] if key.lower() == name.lower()]


@pytest.mark.parametrize("name, value", [
    ("Keep-Alive", "timeout=5"), ("Proxy-Authorization", "Basic eDp5"), ("Proxy-Connection", "keep-alive"),
    ("TE", "trailers"), ("Trailer", "X-Sum"), ("Cookie", "session=1"), ("X-Api-Key", "sk-x"), ("Api-Key", "sk-y"),
    ("Forwarded", "for=192.0.2.1"), ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Host", "h"),
    ("X-Forwarded-Proto", "https"), ("X-Forwarded-Anything", "1"), ("X-Real-IP", "192.0.2.1"), ("Via", "1.1 proxy"),
    ("True-Client-IP", "192.0.2.1"), ("CDN-Loop", "cloudflare"), ("CF-Connecting-IP", "192.0.2.1"),
    ("CF-Ray", "8a1"), ("cf-ipcountry", "DE"), ("cOOkie", "b=2"),
])
async def test_a_field_for_others_than_the_api_is_removed(ocm, fake, name, value):
    response = await ocm.ask("POST", "/v1/responses", TURN, fields=[(name, value), ("X-Kept", "1")])
    record = fake.record(response)
    assert values(record, name) == []
    assert values(record, "x-kept") == ["1"]


async def test_what_connection_names_is_removed(ocm, fake):
    response = await ocm.ask("POST", "/v1/responses", TURN,
                             fields=[("Connection", "keep-alive, X-Hop ,x-hop-two"), ("X-Hop", "1"),
                                     ("X-Hop-Two", "2"), ("X-Hop-Three", "3")])
    record = fake.record(response)
    assert values(record, "x-hop") == values(record, "x-hop-two") == []
    assert values(record, "x-hop-three") == ["3"]


async def test_connection_can_not_name_away_what_ocm_sets(ocm, fake):
    response = await ocm.ask("POST", "/v1/responses", TURN,
                             fields=[("Connection", "authorization, chatgpt-account-id, content-length")])
    assert response.status == 200
    assert fake.record(response)["body"] == json.dumps(TURN)


@pytest.mark.parametrize("coding", ["gzip", "gzip, deflate, br, zstd", "identity;q=0"])
async def test_accept_encoding_is_identity_whatever_the_client_takes(ocm, fake, coding):
    response = await ocm.ask("POST", "/v1/responses", TURN | {"stream": True}, fields=[("Accept-Encoding", coding)])
    assert values(fake.record(response), "accept-encoding") == ["identity"]
    assert response.header("content-encoding") is None
    assert response.body.startswith(b"event: response.created")


async def test_host_names_the_api(ocm, fake):
    response = await ocm.ask("POST", "/v1/responses", TURN, host="ocm.example:8080")
    assert values(fake.record(response), "host") == [f"127.0.0.1:{fake.port}"]


async def test_the_owners_login_replaces_the_clients_token_and_account(ocm, fake):
    response = await ocm.ask("POST", "/v1/responses", TURN,
                             fields=[("ChatGPT-Account-Id", "someone-else"), ("chatgpt-account-id", "again")])
    record, tokens = fake.record(response), ocm.auth()["tokens"]
    assert values(record, "authorization") == [f"Bearer {tokens['access_token']}"]
    assert values(record, "chatgpt-account-id") == [tokens["account_id"]]


async def test_all_other_fields_pass_in_their_order_with_their_bytes(ocm, fake):
    fields = [("session_id", "a_b"), ("conversation_id", "c_d"), ("originator", "codex_exec"),
              ("x-codex-turn-metadata", '{"a":"b, c; d","e":[1,2]}'), ("X-Twice", "1"), ("x-twice", "2"),
              ("OpenAI-Beta", "responses=experimental"), ("x_underscore_only", ""), ("Accept", "text/event-stream"),
              ("X-Latin", "caf\u00e9"), ("X-Long", "l" * 8000), ("x-codex-turn-state", "s=1"), ("Content-Encoding", "zstd"),
              ("!#$%&'*+-.^_`|~0", "odd")]
    response = await ocm.ask("POST", "/v1/responses", TURN, fields=fields, fake={"status": 200})
    record = fake.record(response)
    names = {name.lower() for name, _ in fields}
    got = [(name.lower(), value) for name, value in record["fields"] if name.lower() in names]
    assert got == [(name.lower(), value) for name, value in fields]


async def test_only_the_known_fields_are_added(ocm, fake):
    response = await ocm.ask("POST", "/v1/responses", TURN)
    names = sorted(name.lower() for name, _ in fake.record(response)["fields"])
    assert names == sorted(["host", "authorization", "chatgpt-account-id", "accept-encoding", "x-test-user",
                            "content-type", "content-length"])


@pytest.mark.parametrize("body", [
    b'{"stream": true,  "model":"gpt-5.5" ,"b":1,"a":{"z":1.0e5,"\\u00e9":"\\/"}}',
    b"", b"\x28\xb5\x2f\xfd\x00\x01\x02\xff\xfe", b"not json at all\r\n\r\n0\r\n\r\n",
], ids=["json", "empty", "zstd", "framing"])
async def test_a_body_passes_byte_for_byte(ocm, fake, body):
    response = await ocm.ask("POST", "/v1/responses", body)
    record = fake.record(response)
    assert record["body"].encode("latin-1") == body
    assert record["framing"] == "length"


async def test_a_long_body_passes_byte_for_byte(ocm, fake):
    body = os.urandom(5_000_000)
    response = await ocm.ask("POST", "/v1/images/edits", body)
    record = fake.record(response)
    assert (record["body_length"], record["body_sha256"]) == (len(body), hashlib.sha256(body).hexdigest())


async def test_a_chunked_body_passes_whatever_its_chunks(ocm, fake):
    parts = [b"{", b'"model":', b'"gpt-5.5"', b"," + b" " * 70000, b'"stream":true}']
    async with await ocm.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", fields=[("Transfer-Encoding", "chunked")]))
        for part in parts:
            wire = b"%X;ext=\"1\"\r\n%s\r\n" % (len(part), part)
            for n in range(0, len(wire), 30000):
                connection.send(wire[n:n + 30000])
                await connection.sent()
        connection.send(b"0\r\nX-Trailer: 1\r\n\r\n")
        response = await connection.response()
    record = fake.record(response)
    assert record["body_sha256"] == hashlib.sha256(b"".join(parts)).hexdigest()
    assert record["trailers"] == [] and record["framing"] == "chunked"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_every_method_passes(ocm, fake, method):
    response = await ocm.ask(method, "/v1/files/f-1")
    assert fake.record(response)["method"] == method


async def test_the_answers_fields_pass_except_those_of_the_hop_and_of_the_site(ocm):
    given = [["X-Codex-Something", "1"], ["x-codex-turn-state", "abc"], ["Set-Cookie", "__cf=1"],
             ["set-cookie", "other=2"], ["Alt-Svc", "h3=\":443\""], ["Keep-Alive", "timeout=5"], ["X-Hop", "1"],
             ["Connection", "X-Hop"], ["Proxy-Authenticate", "Basic"], ["openai-model", "gpt-5.5-2026"],
             ["X-Twice", "1"], ["X-Twice", "2"], ["cf-ray", "8b2-FRA"], ["x_under", "u"], ["Retry-After", "7"],
             ["X-Latin", "caf\u00e9"], ["Server", "cloudflare"]]
    response = await ocm.ask("POST", "/v1/responses", TURN, fake={"headers": given})
    names = {name.lower() for name, _ in given}
    got = [(name.lower(), value) for name, value in response.fields if name.lower() in names - {"connection"}]
    gone = {"set-cookie", "alt-svc", "keep-alive", "x-hop", "proxy-authenticate", "connection"}
    assert got == [(name.lower(), value) for name, value in given if name.lower() not in gone]


async def test_rate_limit_headers_pass_as_they_came(ocm, fake):
    response = await ocm.ask("POST", "/v1/responses", TURN | {"stream": True})
    names = [name for name, _ in response.fields if name.startswith("x-codex-")]
    assert len(names) == 8


@pytest.mark.parametrize("status, body", [
    (400, '{"error":{"message":"Unsupported parameter: x","type":"invalid_request_error"}}'),
    (403, '{"detail":"Forbidden"}'), (404, ""), (409, "{}"), (429, '{"error":{"type":"usage_limit_reached",'
     '"plan_type":"pro","resets_at":1795900000}}'), (500, "boom"), (502, "<html>bad</html>"), (503, "later"),
    (529, "odd"),
])
async def test_the_apis_own_errors_pass_untouched(ocm, fake, status, body):
    response = await ocm.ask("POST", "/v1/responses", TURN,
                             fake={"status": status, "body": body, "headers": [["retry-after", "3"]]})
    assert (response.status, response.body.decode()) == (status, body)
    assert response.header("retry-after") == "3"


async def test_configured_headers_replace_the_clients(start_ocm):
    ocm = start_ocm(service={"headers": {"X-Set": "mine", "X-List": ["a", "b"], "User-Agent": "ocm-test/1",
                                         "X-New": "n"}})
    response = await ocm.ask("POST", "/v1/responses", TURN,
                             fields=[("x-set", "theirs"), ("X-SET", "again"), ("x-list", "c"),
                                     ("User-Agent", "codex")])
    record = ocm.fake.record(response)
    assert values(record, "x-set") == ["mine"]
    assert values(record, "x-list") == ["a", "b"]
    assert values(record, "user-agent") == ["ocm-test/1"]
    assert values(record, "x-new") == ["n"]


async def test_with_an_api_key_the_whole_path_goes_to_the_api_without_an_account(start_ocm):
    ocm = start_ocm(auth="apikey")
    response = await ocm.ask("POST", "/v1/chat/completions?a=b", {"model": "gpt-5.5", "messages": []})
    assert response.status == 200
    record = ocm.fake.record(response)
    assert record["target"] == "/v1/chat/completions?a=b"
    assert values(record, "authorization") == [f"Bearer {ocm.auth()['OPENAI_API_KEY']}"]
    assert values(record, "chatgpt-account-id") == []
