"""What WebSockets share with requests: the login, its limits, refusals, limits of users, a line in the log."""

import asyncio
import json
import os
import time

import pytest

from harness import admin
from harness.frames import TEXT, encode
from harness.reload import reload, service, supervisor
from harness.waiting import eventually, eventually_async
from harness.websocket import Refused

TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}
NOW = int(time.time())


async def refused(ocm, *arguments, **options):
    """The answer to an upgrade that must not succeed, with the form that every refusal has."""
    with pytest.raises(Refused) as caught:
        await ocm.websocket(*arguments, **options)
    response = caught.value.response
    assert response.header("content-type").split(";")[0] == "application/json" and set(response.json()) == {"error"}
    assert response.header("upgrade") is None or response.status == 426
    assert response.header("sec-websocket-accept") is None
    return response


async def turns(socket, count=1):
    for _ in range(count):
        assert (await socket.turn())[-1]["type"] == "response.completed"


# The login.

async def test_upgrades_that_the_api_refuses_with_401_share_one_refresh_and_succeed(start_ocm):
    ocm = start_ocm()
    old = ocm.auth()["tokens"]
    ocm.fake.control(revoke_access=True)
    sockets = await asyncio.gather(*(ocm.websocket() for _ in range(30)))
    for socket in sockets:
        async with socket:
            await turns(socket)
    stats = ocm.fake.settled()
    assert (stats["refreshes"], stats["reused_refresh_tokens"]) == (1, 0)
    eventually(lambda: ocm.auth()["tokens"]["refresh_token"] != old["refresh_token"], 5, "the write-back")


async def test_a_rotation_ends_no_socket_and_the_next_one_has_the_new_token(start_ocm):
    ocm = start_ocm()
    async with await ocm.websocket() as old:
        await turns(old)
        ocm.fake.control(revoke_access=True)
        async with await ocm.websocket() as new:
            await turns(new)
            await turns(old, 3)  # they go on with each other: the upstream socket is the same
            tokens = [value for record in ocm.fake.requests() if record["method"] == "GET"
                      for name, value in record["fields"] if name.lower() == "authorization"]
            assert tokens[0] == tokens[1] != tokens[2] == f"Bearer {ocm.auth()['tokens']['access_token']}"
        # Another login altogether: what is open stays with the one that it began with.
        ocm.sign_in(account="acc-other")

        async def other():
            record = ocm.fake.record(await ocm.ask("POST", "/v1/responses", TURN))
            return "acc-other" in dict(map(tuple, record["fields"])).values()

        await eventually_async(other, 5, "the other login to be used")
        await turns(old, 2)
    assert ocm.fake.stats()["refreshes"] == 1


async def test_a_login_that_is_gone_for_good_is_400_and_one_that_is_missing_503(start_ocm):
    ocm = start_ocm()
    ocm.tolerate(r"(?i)credential|refresh|sign|login|auth\.json")
    ocm.fake.control(revoke_access=True, revoke_refresh=True)
    response = await refused(ocm)
    assert (response.status, response.json()["error"]["code"]) == (400, "credential_unavailable")
    os.unlink(ocm.auth_path)

    async def missing():
        response = await refused(ocm)
        return response.status == 503 and int(response.header("retry-after")) >= 1

    await eventually_async(missing, 10, "the login to be missed")
    ocm.sign_in()

    async def works():
        try:
            async with await ocm.websocket() as socket:
                await turns(socket)
            return True
        except Refused:
            return False

    await eventually_async(works, 10, "the new login to be used")


async def test_an_oauth_server_that_is_down_is_503_with_retry_after(start_ocm):
    ocm = start_ocm()
    ocm.tolerate(r"(?i)credential|refresh|oauth")
    ocm.fake.order(route="token", times=-1, status=500)
    ocm.fake.control(revoke_access=True)
    response = await refused(ocm)
    assert response.status == 503 and int(response.header("retry-after")) >= 1


# The login's limits.

def window(name, used, minutes, resets):
    return [[f"x-codex-{name}-used-percent", str(used)], [f"x-codex-{name}-window-minutes", str(minutes)],
            [f"x-codex-{name}-reset-at", str(resets)]]


async def test_the_limits_are_those_of_the_upgrade_and_then_those_of_the_newest_event(start_ocm):
    ocm = start_ocm()

    def used():
        limits = admin.status(ocm.socket_path)["services"][0]["credential"].get("limits") or {"families": []}
        return [(family["limit"], one["minutes"], one["used_percent"])
                for family in limits["families"] for one in family["windows"]]

    ocm.fake.control(limit_headers=window("primary", 11, 300, NOW + 600) + window("secondary", 40, 10080, NOW + 200_000))
    async with await ocm.websocket() as socket:
        assert socket.response.header("x-codex-primary-used-percent") == "11"
        assert socket.response.header("x-codex-secondary-reset-at") == str(NOW + 200_000)
        await eventually_async(lambda: used() == [("codex", 300, 11), ("codex", 10080, 40)], 10, "the upgrade's")
        for number in (12, 13.5):
            ocm.fake.control(limit_headers=window("primary", number, 300, NOW + 600)
                             + window("secondary", number + 50, 10080, NOW + 200_000))
            await turns(socket)
            await eventually_async(lambda: used() == [("codex", 300, number), ("codex", 10080, number + 50)], 10, "the event's")
    ocm.fake.control(limit_headers=window("primary", 100, 300, NOW + 600))
    ocm.fake.order("upgrade", status=429, json={"error": {"type": "usage_limit_reached"}},
                   headers=[["retry-after", "77"], *window("primary", 100, 300, NOW + 600)])
    response = await refused(ocm)
    assert (response.status, response.header("retry-after")) == (429, "77")
    assert response.json() == {"error": {"type": "usage_limit_reached"}}
    await eventually_async(lambda: ("codex", 300, 100) in used(), 10, "the refusal's")


async def test_usage_is_of_the_week_that_the_upgrade_named(start_ocm):
    ocm = start_ocm(users=("alice",))
    weeks = [NOW // 60 * 60 - 86400 * number for number in (1, 9)]
    for week in weeks:
        ocm.fake.control(limit_headers=window("secondary", 40, 10080, week + 10080 * 60))
        async with await ocm.websocket() as socket:
            await turns(socket)
    ocm.fake.settled()
    ocm.stop()
    assert sorted(row["week_start_unix"] for row in ocm.usage()["combinations"]) == sorted(weeks)


# Refusals of our own.

async def test_websockets_that_are_switched_off_are_426_and_requests_go_on(start_ocm):
    ocm = start_ocm(supervisor={"websockets": False})
    response = await refused(ocm)
    assert response.status == 426 and response.json()["error"]["type"] == "invalid_request_error"
    assert ocm.fake.stats()["requests"] == 0
    async with await ocm.connect() as connection:
        assert (await connection.ask("POST", "/v1/responses", TURN)).status == 200
    supervisor(ocm)["websockets"] = True
    reload(ocm, "supervisor.websockets")
    async with await ocm.websocket() as socket:
        await turns(socket)
    supervisor(ocm)["websockets"] = False
    reload(ocm, "supervisor.websockets")
    assert (await refused(ocm)).status == 426


async def test_an_api_that_is_not_there_is_502_without_detail(start_ocm):
    ocm = start_ocm(start=False)
    ocm.tolerate("the API failed")
    ocm.configuration["supervisor"]["endpoints"]["chatgpt"] = "http://127.0.0.1:9"
    ocm.start()
    response = await refused(ocm)
    assert response.status == 502 and response.json()["error"]["type"] == "api_error"
    assert "127.0.0.1" not in response.body.decode() and ":9" not in response.body.decode()


async def test_a_connection_whose_upgrade_was_refused_is_good_for_requests(start_ocm):
    ocm = start_ocm()
    ocm.fake.order("upgrade", status=503, json={"error": {"message": "later"}}, headers=[["retry-after", "3"]])
    async with await ocm.connect() as connection:
        upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                   ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
        response = await connection.ask("GET", "/v1/responses", fields=upgrade)
        assert (response.status, response.header("retry-after")) == (503, "3")
        assert response.json() == {"error": {"message": "later"}}
        assert response.header("connection") is None, response
        assert (await connection.ask("POST", "/v1/responses", TURN)).status == 200
        connection.send(connection.request("GET", "/v1/responses", fields=upgrade))
        assert (await connection.head()).status == 101


async def test_sockets_of_a_user_are_limited_and_another_user_has_room(start_ocm):
    ocm = start_ocm(workers=1, limits={"websockets_per_user": 2})
    async with await ocm.websocket() as first, await ocm.websocket() as second:
        for _ in range(3):
            response = await refused(ocm)
            assert response.status == 503 and int(response.header("retry-after")) >= 1
            assert response.json()["error"]["code"] == "too_many_websockets"
        assert ocm.fake.stats()["websockets"] == 2
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
        async with await ocm.websocket("bob") as other:
            await turns(other)
        # Those that are open count on when the limit changes.
        supervisor(ocm)["limits"]["websockets_per_user"] = 3
        reload(ocm, "supervisor.limits.websockets_per_user")
        async with await ocm.websocket() as third:
            await turns(third)
            assert (await refused(ocm)).status == 503
        await turns(first)
        second.close()
        await second.ends()
    # None of them counts any more, however it ended.
    await room(ocm, 3)
    # Nor does one that the API refused.
    ocm.fake.order("upgrade", times=5, status=403)
    for _ in range(5):
        with pytest.raises(Refused):
            await ocm.websocket()
    await room(ocm, 3)


async def room(ocm, count):
    """Waits until so many sockets can be opened at once, and closes them."""
    async def all_at_once():
        sockets = await asyncio.gather(*(ocm.websocket() for _ in range(count)), return_exceptions=True)
        opened = [socket for socket in sockets if not isinstance(socket, Exception)]
        for socket in opened:
            socket.connection.close()
        return len(opened) == count

    await eventually_async(all_at_once, 5, f"room for {count}")
    await eventually_async(lambda: ocm.fake.stats()["websockets"] == 0, 5, "the API's ends to be gone")


async def test_sockets_count_as_connections_of_a_worker(start_ocm):
    ocm = start_ocm(workers=1, limits={"connections": 3})
    ocm.tolerate("connections are turned away")
    sockets = [await ocm.websocket() for _ in range(3)]
    try:
        response = await refused(ocm)
        assert (response.status, response.header("retry-after")) == (503, "1")
        assert response.json()["error"]["code"] == "overloaded"
        for socket in sockets:
            await turns(socket)
    finally:
        for socket in sockets:
            socket.connection.close()
    await room(ocm, 3)


# The log.

KNOWN = {"time", "level", "message", "user", "method", "path", "status", "bytes_in", "bytes_out", "first_byte_ms", "total_ms",
         "model", "responses", "input_tokens", "cached_tokens", "output_tokens", "reason", "address", "service", "request_id",
         "api_request_id", "worker"}


async def line(ocm, count=1):
    """The last of so many lines of WebSockets."""
    def lines():
        found = [json.loads(text) for text in ocm.log().splitlines() if '"message":"request"' in text]
        return [one for one in found if one.get("method") == "GET" and one.get("path") == "/v1/responses"]

    await eventually_async(lambda: len(lines()) >= count, 10, f"{count} lines\n{ocm.log()}")
    found = lines()
    assert len(found) == count and set(found[-1]) <= KNOWN and found[-1]["level"] == "info", found[-1]
    return found[-1]


async def test_a_socket_has_one_line_at_its_end_with_all_that_passed(start_ocm):
    ocm = start_ocm()
    usage = [{"input": 1000 + n, "cached": 600, "output": 50, "reasoning": 7} for n in range(3)]
    started = time.monotonic()
    socket = await ocm.websocket("bob", target="/v1/responses?secret=in-the-query")
    sent, received = count_bytes(socket)
    for one in usage:
        await socket.turn(fake={"usage": one})
    assert "bob" not in ocm.log()
    socket.close()
    await socket.ends()
    found = await line(ocm)
    assert (found["status"], found["user"], found["service"]) == (101, "bob", "codex")
    assert found["address"] == "127.0.0.1" and found["worker"] in ocm.workers()
    assert found["api_request_id"] == socket.response.request_id and "reason" not in found
    # Heads and frames.
    assert sum(sent) < found["bytes_in"] < sum(sent) + 1000
    assert sum(received) < found["bytes_out"] < sum(received) + 2000
    assert 0 <= found["first_byte_ms"] <= found["total_ms"] <= (time.monotonic() - started) * 1000
    assert (found["model"], found["responses"]) == ("gpt-5.5", 3)
    assert [found[name] for name in ("input_tokens", "cached_tokens", "output_tokens")] == [3003, 1800, 150]
    assert "in-the-query" not in ocm.log()


def count_bytes(socket):
    """Lists that grow with what the client sends and reads from now on."""
    sent, received = [], []
    send, read = socket.connection.send, socket.connection.reader.read

    def counted_send(data):
        sent.append(len(data))
        send(data)

    async def counted_read(size):
        data = await read(size)
        received.append(len(data))
        return data

    socket.connection.send, socket.connection.reader.read = counted_send, counted_read
    return sent, received


async def test_a_line_says_why_a_socket_was_cut(start_ocm):
    ocm = start_ocm()
    ocm.tolerate("the API failed")
    # The client goes in the middle of an answer.
    socket = await ocm.websocket()
    socket.say_turn(fake={"events": 1000, "interval": 0.02})
    await socket.receive()
    socket.connection.reset()
    found = await line(ocm)
    assert (found["status"], found["reason"]) == (101, "client_gone") and "input_tokens" not in found
    # The API does.
    async with await ocm.websocket() as socket:
        socket.say_turn(fake={"cut_after_events": 3})
        await socket.ends()
    found = await line(ocm, 2)
    assert (found["status"], found["reason"]) == (101, "api_gone")
    # The client breaks the protocol.
    async with await ocm.websocket() as socket:
        socket.send(encode(TEXT, b"x", rsv=4))
        assert (await socket.ends()).code == 1002
    found = await line(ocm, 3)
    assert (found["status"], found["reason"]) == (101, "protocol_error")
    # Nobody has the user any more.
    async with await ocm.websocket("bob") as socket:
        del service(ocm)["users"][1]
        reload(ocm, "bob removed")
        assert (await socket.ends()).code == 1008
    found = await line(ocm, 4)
    assert (found["user"], found["reason"]) == ("bob", "user_revoked")
    # The worker makes room for others.
    async with await ocm.websocket() as socket:
        supervisor(ocm)["workers"] = 3
        reload(ocm, "supervisor.workers")
        assert (await socket.ends()).code == 1012
    found = await line(ocm, 5)
    assert (found["status"], found["reason"]) == (101, "drained")


async def test_refused_upgrades_have_lines_as_requests_do(start_ocm):
    ocm = start_ocm()
    ocm.fake.order("upgrade", status=429, json={"error": {"type": "usage_limit_reached"}})
    with pytest.raises(Refused):
        await ocm.websocket()
    found = await line(ocm)
    assert (found["status"], found["user"]) == (429, "alice") and "reason" not in found


async def test_no_word_of_a_conversation_is_in_the_log(start_ocm):
    ocm = start_ocm(log={"level": "debug", "format": "json"})
    ocm.tolerate("(?i)frame|websocket")
    async with await ocm.websocket() as socket:
        await socket.turn("a-secret-question", fake={"text": "a-secret-answer"})
        socket.close(4000, "a-secret-reason")
        await socket.ends()
    async with await ocm.websocket() as socket:
        socket.send(encode(TEXT, b"\xff a-secret-question"))
        assert (await socket.ends()).code == 1007
    ocm.stop()
    assert "a-secret" not in ocm.log()
