"""The measure itself over WebSocket: the fake API does what the tests take for granted."""

import asyncio

import pytest
from websocket_cases import CASES, CLIENT
from test_websocket_handshake import REQUESTS, ask

from harness import counts
from harness.fake import FakeAPI
from harness.frames import BINARY, encode
from harness.waiting import eventually_async
from harness.websocket import Closed, Cut, Refused, WebSocket

TARGET = "/backend-api/codex/responses"


@pytest.fixture(scope="module")
def api_(tmp_path_factory):
    fake = FakeAPI(tmp_path_factory.mktemp("fake"))
    yield fake
    fake.stop()


@pytest.fixture
def api(api_):
    api_.control(clear=True, reset_stats=True)
    return api_


async def connect(api, target=TARGET, fields=(), login=None, **options):
    login = login or api.login()["tokens"]
    signed = [("Authorization", f"Bearer {login['access_token']}"), ("ChatGPT-Account-Id", login["account_id"]),
              ("x-test-user", "alice")]
    return await WebSocket.open(api.port, target, [*signed, *fields], **options)


async def test_turns_go_on_with_each_other_and_are_counted(api):
    async with await connect(api) as socket:
        warm = await socket.warm_up()
        assert warm[-1]["response"]["usage"] is None and api.stats()["usage"] == []
        used = []
        for _ in range(3):
            events = await socket.turn()
            assert [event["type"] for event in events[:2]] == ["codex.rate_limits", "response.created"]
            used.append(events[-1]["response"]["usage"])
        (row,) = api.stats()["usage"]
        assert (row["user"], row["model"], row["request_count"]) == ("alice", "gpt-5.5", 3)
        for name in ("input_tokens", "output_tokens"):
            assert row[name] == sum(usage[name] for usage in used)
        socket.last_response = "resp_unknown"
        error = (await socket.turn())[-1]
        assert (error["status"], error["error"]["code"]) == (400, "previous_response_not_found")
        socket.close()
        assert (await socket.ends()).code == 1000
    (seen,) = await eventually_async(api.sockets, 5, "the socket")
    assert (seen["warm_ups"], seen["turns"], seen["got_close"]) == (1, 4, [1000, ""])
    assert [record["method"] for record in api.records()] == ["GET", "WARMUP", "TURN", "TURN", "TURN", "TURN"]
    assert api.settled()["active"] == 0


async def test_another_socket_does_not_know_the_response(api):
    async with await connect(api) as first, await connect(api) as second:
        await first.turn()
        second.last_response = first.last_response
        assert (await second.turn())[-1]["error"]["code"] == "previous_response_not_found"


async def test_an_upgrade_can_be_refused_with_anything(api):
    with pytest.raises(Refused) as refused:
        await WebSocket.open(api.port, TARGET)
    assert refused.value.response.status == 401
    api.order("upgrade", status=503, json={"error": {"message": "later"}}, headers=[["retry-after", "7"]])
    with pytest.raises(Refused) as refused:
        await connect(api)
    response = refused.value.response
    assert (response.status, response.json()["error"]["message"], response.header("retry-after")) == (503, "later", "7")
    api.order("upgrade", headers=[["x-codex-turn-state", "abc"]])
    async with await connect(api) as socket:
        assert socket.response.header("x-codex-turn-state") == "abc"
        assert socket.response.header("x-codex-secondary-window-minutes") == "10080"


async def test_a_wrong_upgrade_is_told_from_a_right_one(api):
    key = api.login(mode="apikey")["OPENAI_API_KEY"]
    for request in REQUESTS:
        connection, _, answer = await ask(api.port, request, [("Authorization", f"Bearer {key}")])
        connection.close()
        right = answer.status != 101 if request.status == "not 101" else answer.status == request.status
        assert right, (request.name, answer)


async def test_error_frames_closes_and_cuts_come_where_they_are_ordered(api):
    async with await connect(api) as socket:
        api.order("turn", status=429, error={"type": "usage_limit_reached"}, headers=[["x-codex-active-limit", "codex"]])
        (error,) = await socket.turn()
        assert error == {"type": "error", "status": 429, "error": {"type": "usage_limit_reached"},
                         "headers": {"x-codex-active-limit": "codex"}}
        with pytest.raises(Closed) as closed:
            await socket.turn(fake={"close": 1012, "close_reason": "restart", "close_after_events": 4})
        assert (closed.value.code, closed.value.reason) == (1012, "restart")
    for order, ending in (({"close": 1001}, Closed), ({"close": 1001, "close_after_events": 0}, Closed),
                          ({"cut_after_events": 3}, Cut), ({"cut_after_bytes": 700}, Cut),
                          ({"cut_after_events": 3, "reset": True}, Cut)):
        async with await connect(api) as socket:
            socket.say_turn(fake=order)
            assert isinstance(await socket.ends(), ending), order
    api.order("upgrade", close=1008)
    async with await connect(api) as socket:
        assert (await socket.ends()).code == 1008
    assert api.settled()["active"] == 0


async def test_orders_reach_open_sockets_too(api):
    async with await connect(api) as socket:
        assert api.control(sockets={"user": "bob", "close": 1001})["sockets"] == 0
        api.control(sockets={"user": "alice", "ping": "there?"})
        await socket.turn()
        assert socket.pings == [b"there?"]
        api.control(sockets={"close": 1001, "reason": "bye"})
        assert (await socket.ends()).reason == "bye"


async def test_messages_come_in_frames_with_pings_between_them(api):
    async with await connect(api) as socket:
        events = await socket.turn(fake={"fragment": 50, "pings": True, "dribble": 7, "text": "wörd"})
        assert events[-1]["type"] == "response.completed" and b"in between" in socket.pings
        (seen,) = await eventually_async(lambda: [s for s in api.sockets() if not s["unanswered_pings"]], 5, "pongs")
        assert seen["pongs"] == len(socket.pings) and seen["wrong_pongs"] == 0


async def test_it_answers_in_binary_messages_where_it_is_told_to(api):
    async with await connect(api) as socket:
        socket.say_turn(fake={"binary": True, "fragment": 50, "rate_limits": False})
        assert b'"response.created"' in await socket.message_()


async def test_it_takes_no_violation(api):
    """Of binary messages it takes none."""
    cases = [case for case in CASES if case.sender == CLIENT and isinstance(case.end, int) and not case.limit
             and all(frame.opcode != BINARY for frame in case.seen)]
    login = api.login()["tokens"]
    for case in cases:
        async with await connect(api, login=login) as socket:
            socket.send(case.wire)
            assert (await socket.ends()).code == case.end, case.id
    assert len(cases) > 150


async def test_it_takes_text_only(api):
    async with await connect(api) as socket:
        socket.send(encode(BINARY, b"x"))
        assert (await socket.ends()).code == 1003


async def test_a_large_message_passes_both_ways(api):
    size = counts(8 << 20, 64 << 20)
    async with await connect(api) as socket:
        api.order("turn", huge=size)
        events = await socket.turn("x" * size)
        assert events[-1]["type"] == "response.completed"
        assert api.records()[-1]["payload"] > size
        assert api.call("GET", f"/_requests/{api.records()[-1]['id']}")["body_length"] > size


async def test_a_thousand_idle_sockets_cost_little(api):
    def memory():
        with open(f"/proc/{api.pid}/smaps_rollup") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))

    login, before = api.login()["tokens"], memory()
    sockets = await asyncio.gather(*(connect(api, login=login) for _ in range(1000)))
    assert api.stats()["websockets"] == 1000
    each = (memory() - before) / 1000
    for socket in sockets:
        socket.connection.close()
    await eventually_async(lambda: api.stats()["websockets"] == 0, 10, "all sockets to be gone")
    assert each < 40, f"{each} KiB for each"
