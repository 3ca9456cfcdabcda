"""Usage on WebSockets is what the API served: exactly, per user, model and tier, however its messages are written."""

import asyncio
import json
import random

import pytest

from harness import counts
from harness.frames import BINARY, CLOSE, CONTINUATION, TEXT, Frame, encode
from harness.sides import Upstream, connect
from harness.usage import assert_equal, counted
from harness.websocket import Closed

MODELS = ("gpt-5.5", "gpt-5.5-mini", "gpt-5.4")
TIERS = ("default", "flex", "priority")
SOCKETS = counts(30, 300)
TURNS = counts(400, 5000)
ANSWERS = (
    {}, {}, {"events": 40}, {"fragment": 37}, {"fragment": 1000, "pings": True}, {"dribble": 211}, {"rate_limits": False},
    {"binary": True}, {"binary": True, "fragment": 100}, {"terminal": "incomplete"}, {"terminal": "failed"},
    {"huge": 300_000}, {"huge": 200_000, "fragment": 70_000, "pings": True},
)


# Ways of sending a turn. Each returns whether the socket is good for another one.

async def in_one_frame(socket, turn):
    socket.say_turn(**turn)
    await finished(socket)
    return True


async def in_fragments(socket, turn):
    """With a ping between any two."""
    text = json.dumps(socket.turn_message(**turn)).encode()
    size = random.randint(5, len(text))
    for start in range(0, len(text), size):
        last = start + size >= len(text)
        socket.send(encode(CONTINUATION if start else TEXT, text[start:start + size], fin=last))
        if not last:
            socket.ping(b"%d" % start)
    await finished(socket)
    return True


async def two_at_once(socket, turn):
    """The second one before the first is answered."""
    socket.say_turn(**turn)
    socket.say_turn(**turn)
    await finished(socket)
    await finished(socket)
    return True


async def gone(socket, turn):
    """As soon as the last event is there."""
    socket.say_turn(**turn)
    await finished(socket)
    socket.connection.reset()
    return False


async def finished(socket):
    """Reads up to a response's last event."""
    while (kind := (await socket.receive())["type"]) not in ("response.completed", "response.incomplete", "response.failed"):
        assert kind != "error"


@pytest.mark.deadline(counts(60, 300))
@pytest.mark.parametrize("auth", ["chatgpt", "apikey"], ids=["ChatGPT login", "API key"])
async def test_turns_of_all_kinds_are_counted_to_the_token(start_ocm, auth):
    ocm = start_ocm(auth=auth, users=("alice", "bob", "carol"))
    served = 0

    async def client():
        nonlocal served
        socket = None
        while served < TURNS:
            way = random.choice((in_one_frame, in_one_frame, in_fragments, two_at_once, gone))
            served += 1 + (way is two_at_once)
            if socket is None:
                socket = await ocm.websocket(random.choice(tuple(ocm.tokens)))
            turn = {"model": random.choice(MODELS), "fake": random.choice(ANSWERS), "service_tier": random.choice(TIERS)}
            if not await way(socket, turn):
                socket = None
        if socket:
            socket.close()
            assert isinstance(await socket.ends(), Closed)

    await asyncio.gather(*(client() for _ in range(SOCKETS)))
    stats = ocm.fake.settled()
    ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == served
    assert_equal(ocm.usage(), stats)
    weeks = {row.get("week_start_unix", 0) for row in ocm.usage()["combinations"]}
    assert weeks == ({stats["week_start"]} if auth == "chatgpt" else {0})


async def test_what_used_no_tokens_is_not_counted(start_ocm):
    ocm = start_ocm(users=("alice",))
    ocm.tolerate("the API failed")
    async with await ocm.websocket() as socket:
        assert (await socket.warm_up())[-1]["type"] == "response.completed"
        socket.say_turn(fake={"usage": None})
        await finished(socket)
        usage = {"usage": {"input_tokens": 5, "output_tokens": 5}}
        for fake in ({"status": 400}, {"status": 429, "error": {"type": "usage_limit_reached"} | usage},
                     {"json": {"type": "response.in_progress", "response": usage}}, {"json": {"type": "other"} | usage},
                     {"json": [usage]}, {"body": "response.completed"}):
            socket.say_turn(fake=fake)
            await socket.message_()
        socket.last_response = "resp_unknown"
        assert (await socket.turn())[-1]["error"]["code"] == "previous_response_not_found"
    async with await ocm.websocket() as socket:
        socket.say_turn(fake={"cut_after_events": 5})
        await socket.ends()
    async with await ocm.websocket() as socket:
        await socket.turn()
    stats = ocm.fake.settled()
    ocm.stop()
    assert [row["request_count"] for row in stats["usage"]] == [1]
    assert_equal(ocm.usage(), stats)


async def test_the_responses_model_and_tier_count_else_the_last_requests(start_ocm):
    ocm = start_ocm(users=("alice",))
    async with await ocm.websocket() as socket:
        for model, fake in (("gpt-5.5", {"model": "gpt-5.4"}), ("gpt-5.5", {"model": ""}), ("gpt-5.5-mini", {"model": ""}),
                            ("gpt-5.5", {"tier": " Priority "}), ("gpt-5.5", {"tier": "unheard-of"})):
            await socket.turn(model=model, fake=fake)
    ocm.fake.settled()
    ocm.stop()
    rows = {(row["model"], row["service_tier"]): row["total"]["request_count"] for row in ocm.usage()["combinations"]}
    assert rows == {("gpt-5.4", "default"): 1, ("gpt-5.5", "default"): 2, ("gpt-5.5-mini", "default"): 1,
                    ("gpt-5.5", "priority"): 1}


ASKED = b'{"type":"response.create","input":[{"model":"not this","type":"x"}],"model":"%s"}'
ANSWERED = (b'{"type":"response.completed","response":{"output":[{"usage":{"input_tokens":9}}],'
            b'"usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":40},"output_tokens":7,"total_tokens":107}}}')
WRITINGS = {
    "a text": lambda payload: [Frame(TEXT, payload)],
    "a binary message": lambda payload: [Frame(BINARY, payload)],
    "a text, byte by byte": lambda payload: pieces(TEXT, payload, 1),
    "a binary message in fragments": lambda payload: pieces(BINARY, payload, 13),
    "a text in fragments, some of which are empty": lambda payload: [
        frame for piece in pieces(TEXT, payload, 20)
        for frame in (piece._replace(fin=False), Frame(CONTINUATION, b"", piece.fin))],
    "a text with much around it": lambda payload: [Frame(TEXT, b" \n" * 40_000 + payload + b" " * 70_000)],
}


def pieces(opcode, payload, size):
    return [Frame(CONTINUATION if start else opcode, payload[start:start + size], start + size >= len(payload))
            for start in range(0, len(payload), size)]


async def test_no_way_of_writing_a_message_leads_around_the_count(start_ocm):
    """Both ends are the test's own: an API that follows no rule but the protocol's."""
    ocm = start_ocm(start=False, users=("alice",))
    ocm.tolerate("price")
    async with Upstream() as upstream:
        upstream.behind(ocm)
        for number, (asked, answered) in enumerate((a, b) for a in WRITINGS for b in WRITINGS):
            client, api = await connect(ocm.port, upstream, ocm.fields())
            request = WRITINGS[asked](ASKED % f"model-{number}".encode())
            await client.say(*request)
            await api.sees(request)
            answer = WRITINGS[answered](ANSWERED)
            await api.say(*answer)
            await client.sees(answer)
            for side, other in ((client, api), (api, client)):
                await side.say(Frame(CLOSE, (1000).to_bytes(2)))
                await other.until(lambda other=other: other.close_code == 1000, "the close")
            for side in (api, client):
                await side.end()
                await side.until(lambda side=side: side.ended, "the end")
        await asyncio.to_thread(ocm.stop)
    one = {"request_count": 1, "input_tokens": 100, "cached_tokens": 40, "output_tokens": 7}
    found = {model: {name: count[name] for name in one} for (_, model, _), count in counted(ocm.usage()).items()}
    assert found == {f"model-{number}": one for number in range(len(WRITINGS) ** 2)}


async def test_numbers_that_cant_be_true_are_not_counted_and_said_so_once(start_ocm):
    ocm = start_ocm(users=("alice",))
    ocm.tolerate("can't be true")
    async with await ocm.websocket() as socket:
        await socket.turn()
        stats = ocm.fake.settled()
        for field in ("input", "cached", "output", "reasoning"):
            await socket.turn(model="gpt-5.4", fake={"usage": {field: (1 << 40) + 1}})
    ocm.fake.settled()
    ocm.stop()
    assert_equal(ocm.usage(), stats)
    (alarm,) = ocm.alarms()
    assert (alarm["service"], alarm["model"]) == ("codex", "gpt-5.4")
