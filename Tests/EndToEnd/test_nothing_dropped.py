"""Under a steady load, whatever the operator does fails no request and cuts no stream, and so does the supervisor's death."""

import asyncio
import pathlib

import pytest

from harness import changes, counts, versions
from harness.interruptions import kill_supervisor, refuse_upgrade, upgrade
from harness.load import SteadyLoad
from harness.reload import refuse, reload, write
from harness.usage import assert_equal

ROUNDS = counts(2, 20)
SERVING_ON = "the supervisor is gone: serving on"
REST = 2.5  # seconds: more than a worker that drains leaves a connection between two requests


@pytest.fixture
def steady(start_ocm, capsys, request):
    """An OCM, and a load on it in which nothing may go wrong, nor go uncounted."""
    ocm = start_ocm(start=False, supervisor={"drain_timeout": "30s", "stop_timeout": "20s"})
    ocm.programs = ocm.directory / "programs"
    versions.install(ocm.programs)
    ocm.start()
    with SteadyLoad(ocm.port, ocm.fields(), deltas=counts([2, 10], [4, 24])) as load:
        load.steady()
        yield ocm, load
        load.stop()
    with capsys.disabled():
        print(f"\n{request.node.name}, {load.interruptions} times: {load.described()}")
    assert load.failures == []
    assert load.last["open"] == 0
    stats = ocm.fake.settled()
    ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == load.answered
    assert_equal(ocm.usage(), stats)


def interrupt(load, what, act, *arguments):
    """Does it, and sees that the load goes on."""
    act(*arguments)
    load.interruptions += 1
    load.goes_on()
    assert load.failures == [], f"after {load.interruptions} interruptions, the last was: {what}"


@pytest.mark.deadline(counts(180, 900))
def test_reload_with_each_kind_of_change(steady):
    ocm, load = steady
    kinds = [kind(ocm) for kind in (*changes.LIVE, *changes.OTHERS)]
    for _ in range(counts(3, 20)):
        for kind in kinds:
            change = next(kind)
            interrupt(load, change, reload, ocm, change)


@pytest.mark.deadline(counts(60, 180))
def test_reload_with_a_broken_file(steady):
    ocm, load = steady
    whole = ocm.configuration
    for number in range(ROUNDS):
        ocm.configuration = whole | [{"services": [{"type": "ocm", "listen_port": "x"}]}, {"nothing": "known"}][number % 2]
        interrupt(load, "a broken file", refuse, ocm, "config.json")
    ocm.configuration = whole
    write(ocm)


@pytest.mark.deadline(counts(120, 600))
def test_upgrade_to_another_version(steady):
    ocm, load = steady
    ocm.tolerate(SERVING_ON)
    for number in range(1, ROUNDS + 1):
        version = versions.install(ocm.programs, number % 2)
        interrupt(load, f"an upgrade to {version}", upgrade, ocm, version)


def broken_programs(folder):
    """One after the other in the place of what is there, with the names of what is broken."""
    worker, supervisor = (versions.content(folder, name) for name in ("ocm-worker", "ocm-supervisor"))
    while True:
        for name, content in (("ocm-supervisor", b"no program\n"), ("ocm-supervisor", supervisor[:len(supervisor) // 16]),
                              ("ocm-worker", b"#!/bin/sh\nexit 1\n"), ("ocm-worker", b""),
                              ("ocm-supervisor", pathlib.Path("/bin/true").read_bytes())):
            versions.replace(folder, name, content)
            yield name
            versions.replace(folder, "ocm-worker", worker)
            versions.replace(folder, "ocm-supervisor", supervisor)


@pytest.mark.deadline(counts(120, 600))
def test_upgrade_to_a_broken_program(steady):
    ocm, load = steady
    ocm.tolerate("upgrade failed, this program goes on")
    version, broken = versions.version(ocm.programs), broken_programs(ocm.programs)
    for _ in range(counts(5, 20)):
        interrupt(load, f"a broken {next(broken)}", refuse_upgrade, ocm, version)


@pytest.mark.deadline(counts(60, 240))
def test_the_supervisor_is_killed_and_comes_back(steady):
    ocm, load = steady
    ocm.tolerate(SERVING_ON)
    for _ in range(ROUNDS):
        interrupt(load, "a kill", kill_supervisor, ocm)


@pytest.mark.deadline(60)
async def test_a_kept_connection_that_has_rested_for_long_still_gets_an_answer_when_its_worker_begins_to_drain(start_ocm):
    """A request may be on its way when the drain begins; only its answer says that it is the last."""
    ocm = start_ocm()
    ocm.tolerate(SERVING_ON)
    connections = [await ocm.connect() for _ in range(20)]
    for connection in connections:
        assert (await connection.ask("GET", "/v1/models")).header("connection") is None
    await asyncio.sleep(REST)
    await asyncio.to_thread(kill_supervisor, ocm)
    lasts = 0
    for connection in connections:
        lasts += (await connection.ask("GET", "/v1/models")).header("connection") == "close"
        connection.close()
        await asyncio.sleep(0.05)
    assert lasts >= 5, "no worker has begun to drain"
