"""The measure itself: the steady load finds what it is there to find, and nothing else."""

import os
import signal
import time

import pytest

from harness.fake import FakeAPI
from harness.load import KINDS, SteadyLoad
from harness.waiting import eventually

SMALL = {"streams": 6, "rate": 40, "seldom": 2, "spread": 0.2, "deltas": [1, 3], "interval": 0.02, "probe_interval": 0.02,
         "target": "/backend-api/codex/responses", "probe_target": "/backend-api/codex/models", "probe_status": 200}


@pytest.fixture
def api(directory):
    fake = FakeAPI(directory, "--no-check")
    yield fake
    fake.stop()


def fields(*kinds):
    """Each kind of client by its name, so that the fake API can be told whom to treat badly."""
    return {kind: [["x-test-user", kind]] for kind in kinds}


def test_a_server_without_fault_has_none(api):
    with SteadyLoad(api.port, fields(*KINDS), **SMALL, sockets=4) as load:
        eventually(lambda: min(load.report()["answered"][kind] for kind in ("stream", "socket")) > 30, 20, "streams")
        report = load.stop()
    assert load.failures == []
    assert report["open"] == 0
    assert not any(report["failed"].values()) and not any(report["truncated"].values())
    served = {row["user"]: row["request_count"] for row in api.stats()["usage"]}
    assert served == {kind: report["answered"][kind] for kind in KINDS}


EVENT = 'event: x\ndata: {{"type":"response.output_text.delta","sequence_number":{}}}\n\n'
DEFECTS = {
    "cut": ("stream", {"cut_after_events": 5, "interval": 0.01}, "truncated", "closed"),
    "reset": ("stream", {"cut_after_events": 5, "reset": True, "interval": 0.01}, "truncated", "reset"),
    "no terminal event": ("stream", {"terminal": "none", "interval": 0.01}, "truncated", "events of"),
    "an event is missing": ("stream", {"body": EVENT.format(0) + EVENT.format(2)}, "truncated", "event 2 where 1"),
    "another's answer": ("kept", {"usage": {"input": 999999999}}, "truncated", "the answer to request 999999999"),
    "an answer cut short": ("new", {"cut_after_bytes": 100}, "truncated", "closed"),
    "no answer": ("new", {"hangup": True}, "failed", "closed"),
    "closed under a request": ("kept", {"hangup": True, "reused_only": True}, "failed", "closed"),
    "bytes behind the answer": ("kept", {"raw": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP"}, "truncated", "behind"),
    "503": ("kept", {"status": 503}, "truncated", "503"),
    "silence": ("stream", {"stall_after_events": 3}, "truncated", "in time"),
}


def test_each_defect_is_reported_once_with_its_moment_and_nothing_besides(api):
    with SteadyLoad(api.port, fields("stream", "kept", "new", "seldom"), patience=1, **SMALL) as load:
        eventually(lambda: load.report()["answered"]["stream"] > 10, 20, "streams")
        for name, (kind, behaviour, what, why) in DEFECTS.items():
            before = time.monotonic()
            api.order("responses", user=kind, **behaviour)
            eventually(lambda: load.report()["failures"], 10, f"the defect to be found: {name}")
            (failure,) = load.last["failures"]
            assert (failure["kind"], failure["what"]) == (kind, what), (name, failure)
            assert why in failure["why"], (name, failure)
            assert before < failure["moment"] < load.last["moment"]
            assert (failure["received"] > 0) == (what == "truncated"), (name, failure)
            seen = load.last["answered"][kind]
            eventually(lambda: load.report()["answered"][kind] > seen + 5, 20, f"the load to go on after: {name}")
        report = load.stop()
    assert len(load.failures) == len(DEFECTS)
    assert sum(report["failed"].values()) + sum(report["truncated"].values()) == len(DEFECTS)


SOCKETS = SMALL | {"streams": 0, "rate": 0, "seldom": 0, "sockets": 12, "deltas": [3, 3]}
SOCKET_DEFECTS = {
    "closed inside an answer": ({"close": 1012, "close_after_events": 3}, "truncated", "inside an answer"),
    "closed with another code": ({"json": [], "close": 1011}, "failed", "closed with 1011"),
    "ended inside an answer": ({"cut_after_events": 3}, "truncated", "without a close frame"),
    "ended inside a frame": ({"cut_after_bytes": 500}, "truncated", "without a close frame"),
    "reset": ({"cut_after_events": 3, "reset": True}, "truncated", "without a close frame"),
    "an error frame": ({"status": 500}, "truncated", "error frame"),
    "another's answer": ({"usage": {"input": 999999999}}, "truncated", "the answer to request 999999999"),
    "no terminal event": ({"terminal": "none"}, "truncated", "in time"),
    "silence": ({"stall_after_events": 0}, "truncated", "in time"),
    "a frame that is none": ({"raw": "\x83\x00"}, "failed", "a frame that begins"),
    "an answer that goes on": ({"json": [{"type": "response.completed"}] * 2}, "truncated", "KeyError"),
}


def test_each_defect_of_a_websocket_is_reported_once(api):
    with SteadyLoad(api.port, fields("socket"), patience=1, **SOCKETS) as load:
        for name, (behaviour, what, why) in SOCKET_DEFECTS.items():
            load.goes_on(1, "socket")
            api.order("turn", user="socket", **behaviour)
            eventually(lambda: load.report()["failures"], 10, f"the defect to be found: {name}")
            (failure,) = load.last["failures"]
            assert (failure["kind"], failure["what"]) == ("socket", what) and why in failure["why"], (name, failure)
        api.order("upgrade", status=503)
        eventually(lambda: load.report()["failures"], 10, "a refusal to be found")
        assert "503" in load.last["failures"][0]["why"]
        for order in ({"cut": True}, {"reset": True}, {"raw": "\x81\x02{}"}, {"close": 1001}):
            load.goes_on(2, "socket")
            before = len(load.failures)
            ended = api.control(sockets=order)["sockets"]
            load.goes_on(2, "socket")
            assert 0 < len(load.failures) - before <= ended, order
        load.stop()
    assert load.last["restarts"] == 0


def test_a_websocket_that_is_closed_with_1012_between_two_answers_is_no_failure(api):
    with SteadyLoad(api.port, fields("socket"), **SOCKETS) as load:
        for _ in range(5):
            load.goes_on(5, "socket")
            api.order("turn", times=2, json=[], close=1012)  # the client had just asked
            api.order("upgrade", times=2, close=1012)
            eventually(lambda: api.control(sockets={"close": 1012, "resting": True})["sockets"], 5, "one that rests")
        eventually(lambda: load.report()["restarts"] >= 25, 10, "restarts")
        report = load.stop()
    assert load.failures == [] and report["open"] == 0
    assert api.stats()["usage"][0]["request_count"] == report["answered"]["socket"]


def test_a_connection_that_the_server_closes_while_nothing_is_asked_is_no_failure(api):
    with SteadyLoad(api.port, fields("seldom"), **SMALL | {"streams": 0, "rate": 0, "seldom": 10}) as load:
        eventually(lambda: load.report()["answered"]["seldom"] >= 10, 20, "an answer for each")
        api.control(drop_idle=True)
        eventually(lambda: load.report()["idle_ends"] >= 5, 20, "their end to be seen")
        seen = load.last["answered"]["seldom"]
        eventually(lambda: load.report()["answered"]["seldom"] >= seen + 3, 20, "new connections")
        load.stop()
    # A probe may have been dropped between its opening and its request.
    assert [failure for failure in load.failures if failure["kind"] != "probe"] == []


def test_a_connection_that_is_closed_just_before_a_request_is_a_failure_for_a_client_that_is_some_way_off(api):
    """The rests are 1.4 s at most: with a way that takes longer, each connection that is closed fails a request."""
    with SteadyLoad(api.port, fields("kept"), distance=2, **SMALL | {"streams": 0, "seldom": 0}) as load:
        eventually(lambda: load.report()["answered"]["kept"] >= 30, 20, "answers")
        closed = api.control(drop_idle=True)
        eventually(lambda: load.report()["failed"]["kept"] >= 5, 10, "failures")
        load.stop()
    assert {failure["kind"] for failure in load.failures} == {"kept"}
    assert "the connection ended under the request" in {failure["why"] for failure in load.failures}


def test_a_pause_in_accepting_is_measured(api):
    with SteadyLoad(api.port, **SMALL | {"streams": 0, "rate": 0, "seldom": 0}) as load:
        eventually(lambda: load.report()["answered"]["probe"] > 20, 20, "probes")
        begin = time.monotonic()
        os.kill(api.pid, signal.SIGSTOP)
        time.sleep(0.3)  # the pause itself
        os.kill(api.pid, signal.SIGCONT)
        length = time.monotonic() - begin
        seen = load.last["answered"]["probe"]
        gaps = []
        eventually(lambda: gaps.append(load.report()["gap"]) or load.last["answered"]["probe"] > seen + 20, 20, "probes")
        load.stop()
    assert load.failures == []
    assert 0.2 < max(gaps) < length + 0.2
