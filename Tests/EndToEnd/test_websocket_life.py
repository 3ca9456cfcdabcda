"""How long a WebSocket lives: a user who is revoked loses it at once, a drain waits for what is being answered and for
nothing else, and a peer that is only half there is found."""

import asyncio
import json
import signal
import time

import pytest

from harness import FULL, admin, counts, proc
from harness.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, encode
from harness.reload import reload, service, supervisor
from harness.sides import LEGAL, Raw, Upstream, connect
from harness.usage import assert_equal
from harness.waiting import eventually_async
from harness.websocket import Closed, Cut

LONG = {"events": 1000, "interval": 0.02}
HALF = "\x81\x7e\x10\x00" + "x" * 1000  # of a text of 4 KiB, as a server sends it
DRAINS = ("reload", "drain", "stop")


async def end(socket):
    """How it ends, and with what it is closed, the number of whole messages before."""
    seen = 0
    try:
        while True:
            await socket.message_()
            seen += 1
    except Closed as closed:
        socket.close(closed.code)
        assert await socket.connection.ends() == b"", "something follows the close"
        return closed, seen
    except Cut as cut:
        return cut, seen


async def leave(*sockets):
    """The clients' connections are closed: an OCM that is stopped does not wait for them."""
    for socket in sockets:
        await socket.__aexit__()


async def upstream_ended(ocm, user, count=1):
    """How the API's ends of a user's sockets were, once they are gone."""
    def ended():
        found = [socket for socket in ocm.fake.sockets() if socket["user"] == user]
        return found if len(found) == count and not any(socket["open"] for socket in found) else None

    return await eventually_async(ended, 5, "the API's ends to be gone")


# Users who are revoked.

def revoke(ocm, number=1):
    user = service(ocm)["users"].pop(number)["name"]
    reload(ocm, f"{user} removed")


async def test_a_revoked_users_sockets_end_within_a_second_and_nobody_elses(start_ocm):
    """Those of workers that drain, too."""
    ocm = start_ocm(users=("alice", "bob", "carol"), supervisor={"drain_timeout": "20s"})
    resting, asking = [], []

    async def ask(user):
        asking.append((user, await ocm.websocket(user)))
        asking[-1][1].say_turn(fake={"events": 60, "interval": 0.02} if user == "alice" else LONG)
        await asking[-1][1].receive()

    for user in ocm.tokens:
        await ask(user)
    replace_workers(ocm)
    for user in ocm.tokens:
        await ask(user)
        resting.append((user, await ocm.websocket(user)))
    users = service(ocm)["users"]
    users[2]["token"] = "sk-ocm-carol-other"
    del users[1]
    start = time.monotonic()
    reload(ocm, "bob removed, the token of carol changed")

    async def fate(user, socket):
        if user == "alice":
            return
        ending, _ = await end(socket)
        assert isinstance(ending, Closed) and ending.code == 1008, ending
        assert time.monotonic() - start < 1

    await asyncio.gather(*(fate(*one) for one in resting + asking))
    for user in ("bob", "carol"):
        for seen in await upstream_ended(ocm, user, 3):
            assert seen["violation"] is None
    for user, socket in asking:
        while user == "alice" and (await socket.receive())["type"] != "response.completed":
            pass
    await resting[0][1].turn()
    await leave(*(socket for _, socket in resting + asking))
    stats = ocm.fake.settled()
    ocm.stop()
    assert_equal(ocm.usage(), stats)


async def test_inside_a_frame_of_the_api_a_revoked_users_socket_is_cut(start_ocm):
    ocm = start_ocm()
    async with await ocm.websocket("bob") as socket:
        ocm.fake.control(sockets={"user": "bob", "raw": HALF})
        assert len((await socket.event()).data) > 0
        start = time.monotonic()
        revoke(ocm)
        ending, _ = await end(socket)
        assert isinstance(ending, Cut) and time.monotonic() - start < 1
    await upstream_ended(ocm, "bob")


async def test_inside_a_frame_of_the_client_it_is_told_and_the_api_is_cut(start_ocm):
    ocm = start_ocm()
    async with await ocm.websocket("bob") as socket:
        socket.send(encode(TEXT, b"x" * 4000)[:1000])
        await eventually_async(lambda: ocm.fake.sockets()[0]["frames"] == 1, 5, "the frame's beginning to arrive")
        start = time.monotonic()
        revoke(ocm)
        ending, _ = await end(socket)
        assert isinstance(ending, Closed) and ending.code == 1008 and time.monotonic() - start < 1
    (seen,) = await upstream_ended(ocm, "bob")
    assert seen["got_close"] is None and seen["violation"] is None


async def test_a_revoked_user_who_does_not_read_is_gone_within_a_second_too(start_ocm):
    ocm = start_ocm()
    async with await ocm.websocket("bob", receive_buffer=4096) as socket:
        socket.connection.writer.transport.pause_reading()
        socket.say_turn(fake={"total_bytes": 64 << 20, "event_bytes": 16_000})
        await eventually_async(lambda: any(r["blocked"] > 0.2 for r in ocm.fake.records()), 10, "the API's writes to block")
        start = time.monotonic()
        revoke(ocm)
        await upstream_ended(ocm, "bob")
        assert time.monotonic() - start < 1


# A drain.

def replace_workers(ocm):
    supervisor(ocm)["workers"] = 3 - supervisor(ocm)["workers"]
    reload(ocm, "supervisor.workers")


def begin(ocm, how):
    """Has the workers that are there drain."""
    if how == "reload":
        replace_workers(ocm)
    elif how == "drain":
        assert admin.ask(ocm.socket_path, "POST", "/drain")[0] == 200
    else:
        ocm.signal(signal.SIGTERM)


async def drained(ocm, how, old, seconds=10):
    """Waits until they are gone, with everything that they counted."""
    await eventually_async(lambda: not any(proc.alive(pid) for pid in old), seconds, "the workers to end")
    if how != "reload":
        assert await asyncio.to_thread(ocm.process.wait, 10) == 0
        ocm.check_log()


def draining(start_ocm, start=True, **settings):
    return start_ocm(start, workers=1, supervisor={"drain_timeout": "30s", "stop_timeout": "30s"} | settings)


@pytest.mark.parametrize("how", DRAINS)
async def test_between_two_responses_a_drain_closes_with_1012(start_ocm, how):
    ocm = draining(start_ocm)
    old = ocm.workers()
    sockets = [await ocm.websocket() for _ in range(4)]
    await sockets[0].turn()
    await sockets[1].warm_up()
    await sockets[2].turn(fake={"status": 400})
    start = time.monotonic()
    begin(ocm, how)
    for ending, seen in await asyncio.gather(*map(end, sockets)):
        assert isinstance(ending, Closed) and ending.code == 1012 and seen == 0
    assert time.monotonic() - start < 5
    await drained(ocm, how, old)
    for seen in ocm.fake.sockets():
        assert not seen["open"] and seen["violation"] is None and seen["got_close"][0] in LEGAL
    await leave(*sockets)


MESSAGE = json.dumps({"type": "response.create", "model": "gpt-5.5", "x-fake": {"events": 10}}).encode()
BEGUN = {  # what the client has sent when the drain begins, and the rest
    "one byte": (encode(TEXT, MESSAGE)[:1], encode(TEXT, MESSAGE)[1:]),
    "half of a head": (encode(TEXT, MESSAGE)[:5], encode(TEXT, MESSAGE)[5:]),
    "a head": (encode(TEXT, MESSAGE)[:6], encode(TEXT, MESSAGE)[6:]),
    "half of a frame": (encode(TEXT, MESSAGE)[:40], encode(TEXT, MESSAGE)[40:]),
    "a fragment": (encode(TEXT, MESSAGE[:20], fin=False), encode(CONTINUATION, MESSAGE[20:])),
    "a fragment and a ping": (encode(TEXT, MESSAGE[:20], fin=False) + encode(PING), encode(CONTINUATION, MESSAGE[20:])),
    "a message": (encode(TEXT, MESSAGE.replace(b"10}", b'10,"delay":0.5}')), b""),
    "a message that is being answered": (encode(TEXT, MESSAGE.replace(b"10}", b'30,"interval":0.02}')), b""),
    "two messages": (encode(TEXT, MESSAGE.replace(b"10}", b'10,"interval":0.05}')) + encode(TEXT, MESSAGE), b""),
}


@pytest.mark.parametrize("how", counts(DRAINS[:1], DRAINS))
async def test_what_the_client_has_begun_is_answered_before_a_drain_closes(start_ocm, how):
    ocm = draining(start_ocm)
    old = ocm.workers()
    resting = await ocm.websocket("bob")
    sockets = {what: await ocm.websocket() for what in BEGUN}
    for what, socket in sockets.items():
        socket.send(BEGUN[what][0])
        await socket.connection.sent()
    await eventually_async(lambda: sum(s["busy"] for s in ocm.fake.sockets()) == 3, 5, "what is whole to reach the API")
    begin(ocm, how)
    assert (await end(resting))[0].code == 1012  # the drain is there
    for what, socket in sockets.items():
        socket.send(BEGUN[what][1])
    for what, socket in sockets.items():
        for _ in range(2 if what == "two messages" else 1):
            while (message := await socket.receive())["type"] != "response.completed":
                assert message["type"].startswith(("response.", "codex.")), (what, message)
        ending, seen = await end(socket)
        assert isinstance(ending, Closed) and (ending.code, seen) == (1012, 0), (what, ending)
    await leave(resting, *sockets.values())
    stats = ocm.fake.settled()
    await drained(ocm, how, old)
    if how == "reload":
        ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == len(BEGUN) + 1
    assert_equal(ocm.usage(), stats)


async def test_an_upgrade_that_is_under_way_when_a_drain_begins_succeeds_and_is_closed_with_1012(start_ocm):
    ocm = draining(start_ocm)
    old = ocm.workers()
    resting = await ocm.websocket("bob")
    ocm.fake.order("upgrade", delay=1)
    opening = asyncio.create_task(ocm.websocket())
    await eventually_async(lambda: ocm.fake.stats()["active"] == 1, 5, "the upgrade to reach the API")
    begin(ocm, "reload")
    assert (await end(resting))[0].code == 1012
    socket = await opening
    assert (await end(socket))[0].code == 1012
    await leave(resting, socket)
    await drained(ocm, "reload", old)


@pytest.mark.parametrize("why, code", [("a drain", 1012), ("a revoked user", 1008)])
async def test_once_a_close_is_queued_nothing_of_the_client_reaches_the_api(start_ocm, why, code):
    ocm = draining(start_ocm, start=False)
    async with Upstream() as upstream:
        upstream.behind(ocm)
        pairs = [await connect(ocm.port, upstream, ocm.fields("bob")) for _ in range(10)]
        if why == "a drain":
            replace_workers(ocm)
        else:
            revoke(ocm)
        for client, api in pairs:
            await client.until(lambda: client.close_code, "the close")
            assert client.close_code == code and len(client.frames) == 1, client
            await client.send(encode(PING, b"late") + encode(TEXT, MESSAGE) + encode(TEXT, MESSAGE)[:20])
        for client, api in pairs:
            await api.until(lambda: api.close_code or api.ended, "the API to be let go")
            if not api.ended:
                await api.say(Frame(CLOSE, api.frames[0].payload[:2]))
            await api.end()
            await client.send(encode(TEXT, MESSAGE) + encode(CLOSE, code.to_bytes(2)))
            for side in (client, api):
                await side.until(lambda side=side: side.ended, "the end")
                await side.end()
            assert [frame.opcode for frame in api.frames] in ([CLOSE], []) and api.close_code in (None, *LEGAL), api
            assert len(client.frames) == 1, client
        await asyncio.to_thread(ocm.stop)


async def test_every_message_that_reached_the_api_is_answered_whatever_moment_the_drain_comes_at(start_ocm):
    """Clients that ask all the time: whom the close overtakes, is not answered, and the API has not heard of it."""
    ocm = draining(start_ocm)
    old = ocm.workers()
    answered = 0

    async def client(socket):
        nonlocal answered
        try:
            while True:
                socket.say_turn(fake={"events": 1})
                began = False
                while (await socket.receive())["type"] != "response.completed":
                    began = True
                answered += 1
                began = False
        except Closed as closed:
            assert closed.code == 1012 and not began
            socket.close(1012)
            await socket.connection.ends()
            await leave(socket)

    clients = [asyncio.create_task(client(await ocm.websocket())) for _ in range(20)]
    await eventually_async(lambda: answered > 200 or any(c.done() for c in clients), 10, "turns")
    begin(ocm, "reload")
    await asyncio.gather(*clients)
    stats = ocm.fake.settled()
    await drained(ocm, "reload", old)
    ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == answered
    assert sum(record["method"] == "TURN" for record in ocm.fake.records()) == answered
    assert_equal(ocm.usage(), stats)


async def test_at_the_deadline_what_is_not_answered_is_closed_or_cut(start_ocm):
    ocm = start_ocm(workers=1, supervisor={"drain_timeout": "2s"})
    between, inside, sending = [await ocm.websocket(user) for user in ("alice", "bob", "alice")]
    between.say_turn(fake=LONG)
    await between.receive()
    ocm.fake.control(sockets={"user": "bob", "raw": HALF})
    await inside.event()
    sending.send(encode(TEXT, MESSAGE)[:40])
    old = ocm.workers()
    start = time.monotonic()
    told = asyncio.create_task(asyncio.to_thread(admin.ask, ocm.socket_path, "POST", "/drain?wait=true"))
    endings = [ending for ending, _ in await asyncio.gather(*map(end, (between, inside, sending)))]
    assert 1.9 < time.monotonic() - start < 6
    assert [getattr(ending, "code", "cut") for ending in endings] == [1012, "cut", 1012]
    code, _, answer = await told
    assert (code, answer) == (200, {"outcome": "cut", "cut": 3})
    await drained(ocm, "drain", old)
    await leave(between, inside, sending)


@pytest.mark.parametrize("who", ["client", "API", "drain"])
async def test_a_socket_is_over_as_soon_as_both_ends_have_closed(start_ocm, who):
    """Nothing of it stays in the worker, until some deadline, that would be another's."""
    ocm = draining(start_ocm)
    sockets = [await ocm.websocket() for _ in range(5)]
    if who == "client":
        for socket in sockets:
            socket.close()
    elif who == "API":
        ocm.fake.control(sockets={"close": 1001})
    else:
        replace_workers(ocm)
    await asyncio.gather(*(socket.ends() for socket in sockets))
    await leave(*sockets)

    def times():
        lines = [json.loads(line) for line in ocm.log().splitlines() if '"message":"request"' in line]
        found = [line["total_ms"] for line in lines if line.get("status") == 101]
        return found if len(found) == len(sockets) else None

    assert min(await eventually_async(times, 10, "the lines of all")) < 500


PATIENCE = 15  # seconds that a close frame may wait for its answer


@pytest.mark.skipif(not FULL, reason="waits for some seconds: OCM_TEST_FULL=1")
async def test_who_does_not_answer_a_close_holds_up_no_drain(start_ocm):
    """The client reads nothing, and the API is stopped: neither sends a close frame."""
    ocm = draining(start_ocm, drain_timeout="60s")
    old = ocm.workers()
    socket = await ocm.websocket()
    socket.connection.writer.transport.pause_reading()
    ocm.fake.process.send_signal(signal.SIGSTOP)
    try:
        replace_workers(ocm)
        await drained(ocm, "reload", old, PATIENCE)
    finally:
        ocm.fake.process.send_signal(signal.SIGCONT)
    await leave(socket)


# Peers that are only half there.

SILENCE = 0.5  # seconds without a byte of a peer until it is pinged, and then until it is given up: timeouts.websocket_ping
MANNERS = {"answers": SILENCE / 20, "talks": SILENCE / 4, "silent": None}  # what a peer does, and how often


class Peer:
    """One end that behaves in one manner for as long as it lives."""

    def __init__(self, side, manner):
        self.side, self.manner = side, manner
        self.task = asyncio.create_task(self._live())

    async def _live(self):
        answered = 0
        while MANNERS[self.manner] and not self.side.ended:
            if self.manner == "talks":
                await self.side.say(Frame(TEXT, b'{"type":"other"}'))
            else:
                pings = self.pings
                for payload in pings[answered:]:
                    await self.side.say(Frame(PONG, payload))
                answered = len(pings)
            await asyncio.sleep(MANNERS[self.manner])

    @property
    def pings(self):
        return [frame.payload for frame in self.side.frames if frame.opcode == PING]

    @property
    def over(self):
        return self.side.ended or self.side.close_code is not None

    async def stop(self):
        await self.side.end()
        self.task.cancel()
        self.side.task.cancel()


async def test_a_peer_that_is_half_there_is_found_and_one_that_only_rests_is_left_alone(start_ocm):
    ocm = start_ocm(start=False, workers=1, timeouts={"websocket_ping": f"{SILENCE * 1000:.0f}ms"})
    ocm.tolerate("the API is silent")
    async with Upstream() as upstream:
        upstream.behind(ocm)
        start, pairs, ended = time.monotonic(), {}, {}
        for manner in [(client, api) for client in MANNERS for api in MANNERS]:
            near, far = await connect(ocm.port, upstream, ocm.fields())
            pairs[manner] = Peer(near, manner[0]), Peer(far, manner[1])

        def look():
            now = time.monotonic() - start
            for manner, peers in pairs.items():
                for name, peer in zip(("client", "api"), peers):
                    if peer.over:
                        ended.setdefault((manner, name), now)
            return now > SILENCE * 5

        await eventually_async(look, SILENCE * 10, "the time to pass")
        silent = [manner for manner in pairs if "silent" in manner]
        assert sorted(ended) == sorted((manner, name) for manner in silent for name in ("client", "api"))
        assert all(SILENCE * 2 <= moment < SILENCE * 4.5 for moment in ended.values()), ended
        for manner, peers in pairs.items():
            for peer, its, others in zip(peers, manner, manner[::-1]):
                assert not any(frame.opcode == PONG for frame in peer.side.frames), "an answer to a ping of OCM's own"
                assert len(set(peer.pings)) == len(peer.pings), "two pings alike"
                assert bool(peer.pings) == (its != "talks"), (manner, peer.side)
                assert not others == "talks" or any(frame.opcode == TEXT for frame in peer.side.frames)
        assert pairs["answers", "silent"][0].side.close_code == 1011, "the client of a silent API is told so"
        for peers in pairs.values():
            for peer in peers:
                await peer.stop()
        await asyncio.to_thread(ocm.stop)
    reasons = [json.loads(line).get("reason") for line in ocm.log().splitlines() if '"message":"request"' in line]
    assert {"client_silent", "api_silent"} <= set(reasons)


@pytest.mark.skipif(not FULL, reason="the same, the long way: OCM_TEST_FULL=1")
@pytest.mark.parametrize("stopped", ["API", "client"])
async def test_a_process_that_hangs_is_found_by_pings(start_ocm, stopped):
    """Its kernel goes on taking what is sent."""
    ocm = start_ocm(timeouts={"websocket_ping": f"{SILENCE * 1000:.0f}ms"})
    ocm.tolerate("the API")
    async with await ocm.websocket() as socket:
        await socket.turn()
        if stopped == "API":
            ocm.fake.process.send_signal(signal.SIGSTOP)
        start = time.monotonic()
        try:
            if stopped == "API":
                ending, _ = await end(socket)
                assert isinstance(ending, Closed) and ending.code == 1011
            else:
                await upstream_ended(ocm, "alice")
        finally:
            ocm.fake.process.send_signal(signal.SIGCONT)
        assert SILENCE * 1.9 < time.monotonic() - start < SILENCE * 6


@pytest.mark.parametrize("slow", ["client", "API"])
async def test_who_reads_slowly_does_not_make_the_other_end_seem_silent(start_ocm, slow):
    """What it says is not read meanwhile."""
    ocm = start_ocm(start=False, workers=1, timeouts={"websocket_ping": f"{SILENCE * 1000:.0f}ms"})
    async with Upstream(end=Raw) as upstream:
        upstream.behind(ocm)
        client, api = await connect(ocm.port, upstream, ocm.fields(), receive_buffer=4096)
        sender, receiver = (api, client) if slow == "client" else (client, api)
        mask = bytes(4) if sender.client else None
        wire = encode(BINARY, bytes(30_000_000), mask=mask)
        receiver.writer.transport.pause_reading()
        sender.writer.write(wire + encode(BINARY, b"the last", mask=mask))
        received = bytearray()
        for _ in range(12):
            await asyncio.sleep(SILENCE / 4)
            receiver.writer.transport.resume_reading()
            received += await receiver.reader.read(1 << 16)
            receiver.writer.transport.pause_reading()
        receiver.writer.transport.resume_reading()
        while len(received) < len(wire):
            data = await receiver.reader.read(1 << 20)
            assert data, f"cut after {len(received)} bytes of {len(wire)}"
            received += data
        client.reset()
        await asyncio.to_thread(ocm.stop)


async def test_a_socket_that_rests_outlives_every_timeout_of_requests(start_ocm):
    ocm = start_ocm(timeouts=dict.fromkeys(("idle", "head", "upstream_silence", "body_stall", "write_stall"), "300ms"))
    async with await ocm.websocket() as socket:
        await socket.turn()
        socket.send(encode(TEXT, MESSAGE[:10], fin=False))  # nor does it matter where it rests
        await asyncio.sleep(0.8)
        socket.send(encode(CONTINUATION, MESSAGE[10:]))
        while (await socket.receive())["type"] != "response.completed":
            pass
        await socket.turn(fake={"delay": 0.6})
        await socket.turn(fake={"stall_after_events": 2, "stall": 0.6})
