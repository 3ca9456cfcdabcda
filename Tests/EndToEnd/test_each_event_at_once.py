"""An event is on its way to the client in the same turn of the loop in which it was read: seen in the system calls."""

import asyncio
import json
import re
import signal
import subprocess

import pytest

from harness.tools import tool
from harness.waiting import eventually_async

CALL = re.compile(r"^(?:\d+ +)?(\w+)\((?:\d+<(TCP.*?\]|[^>]*)>)?.*\) += +(-?\d+)")
READS, WRITES = {"read", "recv", "recvfrom", "recvmsg", "readv"}, {"write", "send", "sendto", "sendmsg", "writev"}
EVENTS = 1000
SENT = 1500  # on a busy machine some are read together


def peer_port(description):
    """The far end's port in strace's TCP:[127.0.0.1:a->127.0.0.1:b]."""
    match = re.search(r"->(?:[\d.]+|\[[^\]]*\]):(\d+)\]", description)
    return int(match.group(1)) if match else None


def local_port(description):
    match = re.search(r"\[(?:[\d.]+|\[[^\]]*\]):(\d+)->", description)
    return int(match.group(1)) if match else None


@pytest.mark.deadline(90)
async def test_each_event_is_written_before_the_next_epoll_wait(start_ocm, directory):
    strace = tool("strace")
    ocm = start_ocm(workers=1)
    (worker,) = ocm.workers()
    trace = f"{directory}/trace"
    tracer = subprocess.Popen([strace, "-f", "-yy", "-s", "0", "-o", trace, "-p", str(worker), "-e",
                               "trace=epoll_wait,epoll_pwait,epoll_pwait2,poll," + ",".join(READS | WRITES)],
                              stderr=subprocess.PIPE, text=True)
    try:
        line = await asyncio.to_thread(tracer.stderr.readline)
        assert "attached" in line, line
        async with await ocm.connect() as connection:
            connection.send(connection.request("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True}, [
                ("x-fake", json.dumps({"events": SENT, "interval": 0.004}))]))
            response = await connection.head()
            async for part in connection.parts(response):
                response.body += part
        assert response.body.count(b"response.output_text.delta") >= SENT
    finally:
        tracer.send_signal(signal.SIGINT)
        await asyncio.to_thread(tracer.wait)
    await eventually_async(lambda: open(trace).read(), 5, "the trace")
    assert_relayed_at_once(open(trace), ocm.fake.port, ocm.port)


UPSTREAM = "7<TCP:[127.0.0.1:40000->127.0.0.1:9000]>"
CLIENT = "8<TCP:[127.0.0.1:8000->127.0.0.1:50000]>"
READ, WRITE = f'12 read({UPSTREAM}, ""..., 65536) = 99', f'12 write({CLIENT}, ""..., 99) = 99'
WAIT, EMPTY = "12 epoll_wait(4<anon_inode:[eventpoll]>, [], 64, -1) = 1", f'12 read({UPSTREAM}, 0x7, 65536) = -1 EAGAIN'


def test_the_trace_is_judged_by_what_it_shows():
    assert_relayed_at_once([WAIT, READ, WRITE, EMPTY] * EVENTS, 9000, 8000)
    for late in ([READ, WAIT, WRITE], [WAIT, READ, EMPTY, WAIT], [WAIT]):
        with pytest.raises(AssertionError):
            assert_relayed_at_once(late * EVENTS, 9000, 8000)


def assert_relayed_at_once(lines, api_port, own_port):
    held, relayed, turns = None, 0, 0
    for line in lines:
        match = CALL.match(line)
        if not match:
            continue
        call, where, result = match.groups()
        if call in READS and int(result) > 0 and peer_port(where or "") == api_port:
            held = line
        elif call in WRITES and int(result) > 0 and local_port(where or "") == own_port:
            relayed += held is not None
            held = None
        elif call.startswith("epoll"):
            turns += 1
            assert held is None, f"waited with an event in hand: {held}"
    assert relayed >= EVENTS, f"only {relayed} events were seen to pass in {turns} turns"
