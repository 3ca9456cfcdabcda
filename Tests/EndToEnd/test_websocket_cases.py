"""The table of protocol cases is itself right: wsproto is of its opinion, and two ends without a relay agree on it."""

import pytest
from websocket_cases import CASES, CLIENT, CLOSED, CUT, OPEN, Case
from wsproto.connection import ConnectionType
from wsproto.frame_protocol import FrameProtocol, ParseFailed

from harness.frames import BINARY, CLOSE, CONTINUATION, TEXT, Frame, encode
from harness.sides import Upstream, connect, drive


def verdict(case, step):
    """The code with which wsproto would close, or None."""
    protocol = FrameProtocol(client=case.sender != CLIENT, extensions=[])
    try:
        for start in range(0, len(case.wire), step):
            protocol.receive_bytes(case.wire[start:start + step])
            for _ in protocol.received_frames():
                pass
    except ParseFailed as failed:
        return int(failed.code)
    return None


def test_there_are_as_many_cases_as_was_promised():
    assert len({case.name for case in CASES}) >= 150
    assert len({case.id for case in CASES}) == len(CASES)
    assert {case.name.split()[0] for case in CASES} == set("123456789")


@pytest.mark.parametrize("section", "123456789")
def test_wsproto_gives_the_same_verdicts(section):
    for case in CASES:
        if case.judged and case.name.startswith(section):
            expected = case.end if isinstance(case.end, int) else None
            for step in (len(case.wire) or 1, *(() if case.slow else (1,))):
                assert verdict(case, step) == expected, (case.id, step)


@pytest.mark.parametrize("section", "123456789")
async def test_good_cases_hold_without_a_relay(section):
    async with Upstream() as upstream:
        for case in CASES:
            if case.end in (OPEN, CLOSED, CUT) and case.transparent and case.name.startswith(section):
                try:
                    await drive(case, *await connect(upstream.port, upstream), step=0)
                except AssertionError as error:
                    raise AssertionError(f"{case.id}: {error}") from None


ERRORS = {
    "another payload": {"seen": (Frame(TEXT, b"y"),)}, "another opcode": {"seen": (Frame(BINARY, b"x"),)},
    "another fragmentation": {"seen": (Frame(TEXT, b"x", False), Frame(CONTINUATION, b""))},
    "a frame too many": {"seen": ()}, "no close": {"wire": encode(CLOSE, b"\3\xe9"), "seen": (), "end": 1002},
}


@pytest.mark.parametrize("error", ERRORS)
async def test_the_driver_sees_a_relay_that_errs(error):
    case = Case(error, CLIENT, encode(TEXT, b"x"), (Frame(TEXT, b"x"),))._replace(**ERRORS[error])
    async with Upstream() as upstream:
        client, far = await connect(upstream.port, upstream)
        with pytest.raises(AssertionError):
            await drive(case, client, far, seconds=0.5)
