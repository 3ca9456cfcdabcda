"""Whatever the API answers, the client gets a clean answer or a cut, and no other request is touched by it."""

import asyncio
import contextlib
import gzip
import json
import re
import tempfile

import pytest

from harness import counts, proc
from harness.fake import FakeAPI
from harness.http import Ended
from harness.ocm import Ocm, free_port
from harness.scripted import ScriptedAPI, endless, then
from harness.waiting import eventually_async
from hostile_answers import ANSWERS, CHUNKED, LENGTH, OK, POISON, Cut, Passed

SILENCE = 0.4
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


@contextlib.contextmanager
def ocm_with_silence(seconds):
    """An OCM whose API is what each test puts on its port."""
    with tempfile.TemporaryDirectory(prefix="ocm-") as directory:
        fake = FakeAPI(directory)
        ocm = Ocm(directory, fake, workers=1, timeouts={"upstream_silence": f"{int(seconds * 1000)}ms"})
        ocm.api_port = free_port()
        ocm.configuration["supervisor"]["endpoints"]["chatgpt"] = f"http://127.0.0.1:{ocm.api_port}/backend-api/codex"
        ocm.tolerate("the API failed", "the API's answer is malformed", "the API is silent", "usage is not counted")
        try:
            ocm.start()
            yield ocm
            ocm.stop()
        finally:
            ocm.kill()
            fake.stop()


@pytest.fixture(scope="module")
def hostile():
    with ocm_with_silence(60) as ocm:
        yield ocm


@pytest.fixture(scope="module")
def impatient():
    with ocm_with_silence(SILENCE) as ocm:
        yield ocm


async def witnesses(ocm, count=2):
    """Other requests, each of which must get the answer to itself."""
    for number in range(count):
        answer = await asyncio.wait_for(ocm.ask("GET", f"/v1/witness-{number}", user="bob"), 10)
        assert answer.status == 200, answer
        assert answer.json() == {"asked": f"/backend-api/codex/witness-{number}"}


def reasons(ocm, before):
    return " ".join(f"{line.get('message')} {line.get('reason', '')}" for line in ocm.alarms()[before:])


async def look_at_log(ocm, before, text):
    await eventually_async(lambda: text in reasons(ocm, before), 5, f"the log to say {text}: {reasons(ocm, before)}")


async def check(ocm, api, name, expected, method="GET"):
    before = len(ocm.alarms())
    async with await ocm.connect() as client:
        try:
            answer = await asyncio.wait_for(client.ask(method, f"/v1/{name}"), 10)
            ended = False
        except Ended as end:
            answer, ended = end.partial, True
        if isinstance(expected, Cut):
            assert ended and answer is not None and answer.status == 200, answer
            # Digits of a size that was not finished may stand behind the last good chunk.
            assert answer.body.startswith(expected.body)
            assert re.fullmatch(b"[0-9a-f]{0,16}", answer.body.removeprefix(expected.body)), answer.body
        else:
            assert not ended, answer
            assert answer.status == expected.status, answer
        if isinstance(expected, Passed):
            assert answer.body == expected.body
            for field, values in expected.fields.items():
                assert answer.values(field) == values
            for hint in answer.informational:
                assert hint.values("content-length") == []
            # The client's connection is as good as before.
            again = await client.ask("GET", "/v1/witness-again")
            assert again.json() == {"asked": "/backend-api/codex/witness-again"}
        elif not isinstance(expected, Cut):
            assert answer.json()["error"]["type"] == "api_error" and "poison" not in answer.body.decode()
    await witnesses(ocm)
    bad, *later = [turn.connection for turn in api.turns]
    assert len(api.asked(name)) == 1, "asked again"
    assert expected.kept or bad not in later, "the connection was used again"
    if not isinstance(expected, Passed):
        await look_at_log(ocm, before, expected.log)
    else:
        assert len(ocm.alarms()) == before


@pytest.mark.parametrize("name, data, ending, expected", ANSWERS, ids=[name for name, *_ in ANSWERS])
async def test_an_answer_that_no_good_api_gives(hostile, impatient, name, data, ending, expected):
    ocm = impatient if ending == "silence" else hostile
    async with ScriptedAPI(ocm.api_port) as api:
        api.scripts["case"] = then(data, ending)
        await check(ocm, api, "case", expected)


@pytest.mark.parametrize("pause", [0, 0.01], ids=["at once", "in pieces"])
async def test_a_body_behind_an_answer_to_head_is_nobodys_answer(hostile, pause):
    async with ScriptedAPI(hostile.api_port) as api:
        async def script(turn):
            await turn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n" + (b"" if pause else POISON))
            if pause:
                await turn.send(POISON)
                await turn.closed_by_peer()
        api.scripts["case"] = script
        await check(hostile, api, "case", Passed(fields={"content-length": ["41"]}), method="HEAD")


@pytest.mark.parametrize("name, beginning, part, log", [
    ("fields", OK, b"A: b\r\n" * 50, "more than 200"), ("a field", OK + b"A: ", b"b" * 1000, "larger than"),
    ("a status line", b"HTTP/1.1 200 ", b"O" * 1000, "larger than"), ("junk", b"", b"\x00" * 1000, "larger than"),
    ("hints", b"", b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", "interim"),
    ("long hints", b"", b"HTTP/1.1 103 Early Hints\r\nLink: " + b"a" * 60000 + b"\r\n\r\n", "interim"),
], ids=lambda value: value if isinstance(value, str) else None)
async def test_a_head_without_end_is_refused(hostile, name, beginning, part, log):
    before = len(hostile.alarms())
    async with ScriptedAPI(hostile.api_port) as api:
        api.scripts["case"] = endless(beginning, part)
        answer = await hostile.ask("GET", "/v1/case")
        assert answer.status == 502 and len(answer.informational) <= 100
        await witnesses(hostile)
        await look_at_log(hostile, before, log)


@pytest.mark.parametrize("name, beginning, part, log", [
    ("an extension", CHUNKED + b"3;", b"a" * 1000, "extensions larger"),
    ("extensions", CHUNKED, b"1;aaaaaaaaaaaaaaaa\r\nx\r\n" * 50, "extensions larger"),
    ("a trailer", CHUNKED + b"0\r\nA: ", b"a" * 1000, "trailers larger"),
    ("trailers", CHUNKED + b"0\r\n", b"A: b\r\n" * 50, "trailers larger"),
    ("digits of a size", CHUNKED, b"0" * 1000, "out of range"),
], ids=lambda value: value if isinstance(value, str) else None)
async def test_framing_without_end_ends_in_a_cut(hostile, name, beginning, part, log):
    before = len(hostile.alarms())
    async with ScriptedAPI(hostile.api_port) as api:
        api.scripts["case"] = endless(beginning, part)
        with pytest.raises(Ended) as ended:
            await hostile.ask("GET", "/v1/case")
        assert ended.value.partial.body.startswith(b"abc")
        await witnesses(hostile)
        await look_at_log(hostile, before, log)


async def test_an_event_without_end_passes_in_little_memory(hostile):
    size = counts(24, 400) << 20
    head = OK + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    worker = hostile.workers()[0]
    async with ScriptedAPI(hostile.api_port) as api:
        async def script(turn):
            await turn.send(head + b"6\r\ndata: \r\n")
            for _ in range(size >> 16):
                await turn.send(b"10000\r\n" + b"a" * 65536 + b"\r\n")
            await turn.send(b"0\r\n\r\n")
        api.scripts["responses"] = script
        await witnesses(hostile)
        before, most, received = proc.resident(worker), 0, 0
        async with await hostile.connect() as client:
            client.send(client.request("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True}))
            async for part in client.parts(await client.head()):
                received += len(part)
                if received % (1 << 20) < len(part):
                    most = max(most, proc.resident(worker))
        assert received == size + 6
        assert most - before < 8 << 20, f"{(most - before) >> 20} MiB more"
        await witnesses(hostile)


async def test_heads_without_end_take_little_memory(hostile):
    worker = hostile.workers()[0]
    async with ScriptedAPI(hostile.api_port) as api:
        api.scripts["hints"] = endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: " + b"a" * 60000 + b"\r\n\r\n")
        api.scripts["field"] = endless(OK + b"A: ", b"b" * 1000)
        await witnesses(hostile)
        before = proc.resident(worker)
        for _ in range(counts(3, 30)):
            answers = await asyncio.gather(*(hostile.ask("GET", f"/v1/{name}") for name in ("hints", "field") * 10))
            assert {answer.status for answer in answers} == {502}
        assert proc.resident(worker) - before < 16 << 20
        await witnesses(hostile)


async def test_compressed_events_pass_as_they_are_and_count_nothing(hostile):
    body = gzip.compress(b'event: response.completed\ndata: {"type":"response.completed","response":{"model":"gpt-5.5",'
                         b'"usage":{"input_tokens":10,"output_tokens":20,"total_tokens":30}}}\n\n')
    async with ScriptedAPI(hostile.api_port) as api:
        api.scripts["responses"] = then(
            OK + b"Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body,
            "keep")
        answer = await hostile.ask("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True})
        assert answer.body == body and answer.header("content-encoding") == "gzip"

        line = await eventually_async(
            lambda: next((line for line in map(json.loads, hostile.log().splitlines()) if "usage" in line), None), 5,
            "the request's line")
        assert (line["path"], line["usage"], "input_tokens" in line) == ("/v1/responses", "uncounted", False)
        assert "their usage is not counted" in hostile.log()


async def test_an_answer_by_single_bytes_passes(hostile):
    async with ScriptedAPI(hostile.api_port) as api:
        async def script(turn):
            for byte in b"HTTP/1.1 103 H\r\nA: b\r\n\r\n" + CHUNKED + b"2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n":
                await turn.send(bytes([byte]))
                await asyncio.sleep(0.001)
        api.scripts["case"] = script
        await check(hostile, api, "case", Passed(body=b"abcde", kept=True))


async def test_what_drips_lives_as_long_as_it_drips(impatient):
    """The limit is on silence: an answer may take as long as it likes, and is over once nothing comes."""
    before = len(impatient.alarms())
    async with ScriptedAPI(impatient.api_port) as api:
        async def script(turn):
            for byte in ANSWER[:12]:
                await turn.send(bytes([byte]))
                await asyncio.sleep(SILENCE / 6)
            await turn.closed_by_peer()
        api.scripts["case"] = script
        started = asyncio.get_running_loop().time()
        answer = await impatient.ask("GET", "/v1/case")
        assert answer.status == 504 and asyncio.get_running_loop().time() - started > 12 * SILENCE / 6
        await witnesses(impatient)
        await look_at_log(impatient, before, "silent")


@pytest.mark.parametrize("ending", ["keep", "close"])
async def test_an_answer_before_the_request_is_whole_ends_both_connections(hostile, ending):
    async with ScriptedAPI(hostile.api_port) as api:
        async def script(turn):
            await turn.send(ANSWER)
            if ending == "close":
                turn.cut()
            await turn.closed_by_peer()
        api.scripts["early"] = script
        async with await hostile.connect() as client:
            client.send(client.request("POST", "/v1/early", fields=[("Content-Length", "100000")]) + b"x" * 1000)
            answer = await client.response()
            assert answer.status == 200 and answer.body == b"abc" and answer.header("connection") == "close"
            # What still comes of the body is no request, whatever it looks like.
            try:
                client.send(client.request("GET", "/v1/inside"))
                await client.sent()
                assert await client.ends() == b""
            except ConnectionError:
                pass
        await witnesses(hostile)
        first, *later = api.turns
        assert first.connection not in [turn.connection for turn in later] and not api.asked("inside")


@pytest.mark.parametrize("unasked", [
    POISON, POISON * 3, b"H", b"\r\n", b"junk", b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
], ids=["an answer", "answers", "a byte", "a line end", "junk", "an interim answer", "a timeout"])
async def test_what_comes_unasked_on_a_waiting_connection_is_nobodys_answer(hostile, unasked):
    """The bytes are there before the next request is sent: it must go another way."""
    async with ScriptedAPI(hostile.api_port) as api:
        for number in range(counts(10, 100)):
            await witnesses(hostile, 1)
            last = api.turns[-1]
            await last.send(unasked)
            answer = await hostile.ask("GET", f"/v1/next-{number}")
            assert answer.json() == {"asked": f"/backend-api/codex/next-{number}"}
            assert api.turns[-1].connection != last.connection
            await asyncio.wait_for(last.closed_by_peer(), 5)


async def test_what_comes_behind_an_answer_is_not_the_next_ones(hostile):
    """The bytes come once the answer has been taken, in a piece of their own."""
    async with ScriptedAPI(hostile.api_port) as api:
        arrived, closed = asyncio.Event(), asyncio.Event()

        async def script(turn):
            await turn.send(ANSWER)
            await arrived.wait()
            await turn.send(POISON)
            await turn.closed_by_peer()
            closed.set()
        api.scripts["case"] = script
        async with await hostile.connect() as client:
            assert (await client.ask("GET", "/v1/case")).body == b"abc"
            arrived.set()
            await asyncio.wait_for(closed.wait(), 5)
            answer = await client.ask("GET", "/v1/next")
            assert answer.json() == {"asked": "/backend-api/codex/next"}


async def test_many_wrong_answers_at_once_touch_no_right_one(hostile):
    """All of the table at the same time, over connections that are used again, with requests of others in between."""
    async with ScriptedAPI(hostile.api_port) as api:
        quick = [(f"case-{n}", data, ending) for n, (_, data, ending, _) in enumerate(ANSWERS) if ending != "silence"]
        for name, data, ending in quick:
            api.scripts[name] = then(data, ending)

        async def ask(name):
            try:
                await hostile.ask("GET", f"/v1/{name}")
            except Ended:
                pass

        await asyncio.gather(*(work for _ in range(counts(2, 20)) for name, _, _ in quick
                               for work in (ask(name), witnesses(hostile, 2))))
