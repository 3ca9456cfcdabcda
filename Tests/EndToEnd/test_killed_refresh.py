"""kill -9 around a refresh: at random moments, and at each system call on the way of a new token to the disk."""

import collections
import itertools
import os
import pathlib
import random
import re
import time

import pytest

from harness import FULL, counts
from harness.ocm import binaries
from harness.refresh import Refresh
from harness.syscalls import Call, TracedChildren, Tracer
from harness.waiting import eventually

traces = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into processes that hold secrets")


@pytest.fixture
def refresh(start_ocm):
    return Refresh(start_ocm(workers=1))


@pytest.mark.parametrize("victim", ["supervisor", "child", "both"])
def test_killed_at_random_moments(refresh, victim):
    """A login is lost only with the process that reads the answer, and only between rotation and reading."""
    generator = random.Random(20261122)
    seen = collections.Counter()
    for _ in range(counts(5, 200)):
        before, after = generator.uniform(0, 0.05), generator.uniform(0, 0.05)
        moment = time.monotonic() + generator.uniform(0, 0.1 + before + after)
        refresh.trigger(delay=before, stall_after_events=0, stall=after)
        while time.monotonic() < moment:  # an exact moment is what this is about
            time.sleep(0.0005)
        children = refresh.exchanges() if victim != "supervisor" else []
        refresh.kill(*children, *([refresh.ocm.pid] if victim != "child" else []))
        seen[place(refresh)] += 1
        if victim == "child":
            lost = children and refresh.rotated() and not refresh.on_disk()
        else:
            refresh.finish_off()
            lost = not refresh.on_disk()
            assert children or not lost, "lost, although the exchange's child lived"
        if lost:
            seen["sign in again"] += 1
            assert refresh.rotated()
        if lost and seen["sign in again"] > counts(0, 5):  # what becomes of it takes ten seconds, and is seen below too
            refresh.sign_in_again()
            continue
        if victim != "child":
            refresh.start()
        if lost:
            refresh.assert_ended()
        else:
            refresh.assert_alive()
    print(f"\nkilled {victim}: {dict(seen)}")


def place(refresh):
    """How far the refresh has come."""
    if refresh.rotated():
        if refresh.in_file():
            return "file written"
        return "answer on disk" if refresh.on_disk() else "rotated"
    return "asking" if refresh.exchanges() or refresh.copies() else "not begun"


# At each system call.

WRITING = {"fsync", "pwrite64", "fchmod", "fchown", "rename", "unlink", "flock"}


def is_of_write_back(call):
    return call.name in WRITING or call.name == "openat" and ".ocm-" in call.arguments


def names(call):
    """What a call does, the same in each run: without numbers and unique names."""
    return call.name, re.sub(r"[0-9a-f]{16}", "*", " ".join(re.findall(r'"[^"]*\.ocm-[^"]*"', call.arguments)))


@traces
def test_the_supervisor_killed_at_each_call_of_the_write_back(refresh, directory):
    ocm = refresh.ocm
    path = pathlib.Path(directory) / "trace"  # not where OCM watches
    tracer = Tracer(ocm.pid, path, "-s", "300")
    refresh.trigger()
    refresh.assert_alive()
    recorded = tracer.detach()
    first = next(n for n, call in enumerate(recorded) if ".ocm-lock" in call.arguments)
    last = max(n for n, call in enumerate(recorded) if call.name == "unlink" and ".ocm-answer-" in call.arguments)
    span = recorded[first:last + 3]
    met, places = set(), collections.Counter()

    def kill(call):
        tracer = Tracer(ocm.pid, path, "-s", "300", call.injection)
        refresh.trigger()
        # How often a file is looked at differs: the call may not come.
        eventually(lambda: not ocm.running or not refresh.remains() and refresh.rotated() and refresh.in_file(), 10)
        if not (calls := tracer.detach() if ocm.running else tracer.ended())[-1:] or ocm.running:
            return
        places[place(refresh)] += 1
        met.add(names(calls[-1]))
        refresh.finish_off()
        assert refresh.on_disk(), calls[-1]
        refresh.start()
        refresh.assert_alive()

    for call in span:
        if FULL or is_of_write_back(call):
            kill(call)
    for call in filter(is_of_write_back, span):
        offsets = (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5)
        near = itertools.chain(*([Call(call.name, call.number + offset, call.arguments) for offset in offsets],) * 2)
        while names(call) not in met:
            kill(next(near))
    print(f"\nkilled the supervisor at {places.total()} calls: {dict(places)}")


@traces
@pytest.mark.parametrize("alone", [False, True], ids=["the child alone", "supervisor and child at once"])
def test_the_exchange_killed_at_each_call(start_ocm, directory, alone):
    ocm = start_ocm(workers=1, start=False)
    refresh = Refresh(ocm)
    children = TracedChildren(ocm.directory / "programs", binaries())
    ocm.launcher = children.launcher
    refresh.start()

    children.next("-s", "300")
    refresh.trigger()
    recorded = children.calls()
    refresh.assert_alive()
    first = next(n for n, call in enumerate(recorded) if ".ocm-answer-" in call.arguments)
    # The first is the program's start, which is strace's own doing.
    points = [call for n, call in enumerate(recorded) if n >= first or n % 20 == 19]
    if not FULL:
        points = few(recorded, alone)

    places = collections.Counter()
    for call in points:
        children.next("-s", "300", call.injection, alone=alone)
        refresh.trigger()
        calls = children.calls()
        assert children.was_killed(), call
        # What ended it has not been carried out.
        done = calls[:-1]
        sent = any("POST " in c.arguments for c in done)
        kept = any(c.name == "write" and "HTTP/1.1 200" in c.arguments for c in done)
        where = "rotated" if sent and not kept else "answer on disk" if kept else "not asked"
        places[where] += 1
        if alone:
            refresh.finish_off()
            assert refresh.on_disk() == (where != "rotated"), calls[-1]
            refresh.start()
        if where == "rotated" and alone and not FULL:
            refresh.sign_in_again()
        elif where == "rotated":
            refresh.assert_ended()
        else:
            refresh.assert_alive()
    assert set(places) == {"not asked", "rotated", "answer on disk"}
    print(f"\nkilled the exchange at {len(points)} calls{' with the supervisor' if alone else ''}: {dict(places)}")


def few(recorded, alone):
    """The calls that make a difference: each on the copy, the sending, one between, the end."""
    sending = next(call for call in recorded if "POST " in call.arguments)
    receiving = next(call for call in recorded if call.name == "recvfrom" and "HTTP/1.1 200" in call.arguments)
    if not alone:  # each costs a second until the next attempt
        return [sending, receiving, recorded[-1]]
    copy = [call for call in recorded if ".ocm-answer-" in call.arguments or call.name in ("fsync", "fallocate")
            or call.name == "write" and re.search("ocm-answer 1|HTTP/1.1 200", call.arguments)]
    return [*copy, sending, receiving, recorded[-1]]
