"""The usage file's disk is full, or does not answer: no request notices, and nothing that was counted is lost."""

import asyncio
import os
import signal
import subprocess
import time

import pytest

from harness import FULL, proc
from harness.admin import ask, status
from harness.disks import SmallDisk, StoppableDisk
from harness.usage import assert_equal
from harness.waiting import eventually_async

TURN = {"model": "gpt-5.5"}
EXPECTED = r"(?i)usage|supervisor"


@pytest.fixture
def small_disk(directory):
    disk = SmallDisk(os.path.join(directory, "small"), "64m")
    yield disk
    disk.close()


@pytest.fixture
def stoppable_disk(directory):
    disk = StoppableDisk(os.path.join(directory, "slow"))
    yield disk
    disk.close()


def start(start_ocm, disk, **settings):
    ocm = start_ocm(False, service={"usages_path": str(disk.path / "usages.json")}, **settings)
    ocm.usage_path = disk.path / "usages.json"
    ocm.tolerate(EXPECTED)
    return ocm.start()


async def turns(ocm, count, clients=20, user="alice"):
    """So many requests; the seconds that each took, the longest first."""
    left = iter(range(count))
    times = []

    async def client():
        for _ in left:
            begin = time.monotonic()
            response = await ocm.ask("POST", "/v1/responses", TURN, user=user, fake={"model": "m" * 100})
            times.append(time.monotonic() - begin)
            assert response.status == 200

    await asyncio.gather(*(client() for _ in range(clients)))
    return sorted(times, reverse=True)


def assert_as_fast(times, before):
    """A worker that waited for the disk would do so for a quarter of a second and more, each time."""
    assert times[len(times) // 20] < max(0.2, 3 * before[len(before) // 20])


def ledger(ocm):
    return status(ocm.socket_path)["services"][0]["usage"]


def request_count(ocm):
    return sum(row["total"]["request_count"] for row in ocm.usage()["combinations"])


@pytest.mark.deadline(120)
async def test_a_full_disk_is_noticed_by_no_request_and_loses_nothing_through_kills_of_the_supervisor(
        start_ocm, small_disk):
    ocm = start(start_ocm, small_disk)
    before = await turns(ocm, 200)
    small_disk.fill()
    assert_as_fast(await turns(ocm, 500), before)
    await eventually_async(lambda: "can't be written" in ocm.log(), 5, "the report")
    assert "No space left on device" in ledger(ocm)["trouble"] and ledger(ocm)["waiting_bytes"] > 0
    for _ in range(2):
        os.kill(ocm.pid, signal.SIGKILL)
        ocm.process.wait()
        assert_as_fast(await turns(ocm, 100), before)
        await asyncio.to_thread(ocm.start)
        assert_as_fast(await turns(ocm, 100), before)
    small_disk.make_room()
    await eventually_async(lambda: "usage is written again" in ocm.log(), 10, "the disk to be tried again")
    assert "trouble" not in ledger(ocm)
    assert_as_fast(await turns(ocm, 100), before)
    stats = ocm.fake.settled()
    ocm.stop()
    assert request_count(ocm) == 1200
    assert_equal(ocm.usage(), stats)


@pytest.mark.skipif(not FULL, reason="takes 25 000 requests; OCM_TEST_FULL=1")
@pytest.mark.deadline(300)
async def test_what_a_full_disk_keeps_waiting_is_bounded_in_the_supervisor_and_waits_on_in_the_workers(
        start_ocm, small_disk):
    long = "u" * 250
    ocm = start(start_ocm, small_disk, users=(long,))
    before = await turns(ocm, 200, user=long)
    small_disk.fill()
    await turns(ocm, 20_000, user=long)  # more than 8 MiB of records
    await eventually_async(lambda: "the workers keep what follows" in ocm.log(), 5, "the report")
    assert ledger(ocm)["waiting_bytes"] > 0.9 * ledger(ocm)["waiting_bytes_at_most"]
    resident = proc.resident(ocm.pid)
    assert resident < 80 << 20
    assert_as_fast(await turns(ocm, 4_000, user=long), before)
    assert proc.resident(ocm.pid) < resident + (8 << 20)
    orphans = ocm.workers()
    os.kill(ocm.pid, signal.SIGKILL)
    ocm.process.wait()
    await turns(ocm, 100, user=long)
    await asyncio.to_thread(ocm.start)
    await turns(ocm, 100, user=long)
    assert proc.resident(ocm.pid) < resident + (8 << 20)
    small_disk.make_room()
    assert_as_fast(await turns(ocm, 500, user=long), before)
    stats = ocm.fake.settled()
    await eventually_async(lambda: not any(proc.alive(pid) for pid in orphans), 20, "the old workers to end")
    ocm.stop()
    assert_equal(ocm.usage(), stats)
    assert request_count(ocm) == 200 + 20_000 + 4_000 + 700


@pytest.mark.deadline(60)
async def test_while_the_disk_does_not_answer_the_supervisor_does(start_ocm, stoppable_disk):
    ocm = start(start_ocm, stoppable_disk)
    before = await turns(ocm, 100)
    stoppable_disk.stop()
    assert_as_fast(await turns(ocm, 100), before)
    ocm.fake.control(revoke_access=True)
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    assert ocm.fake.stats()["refreshes"] == 1
    until = time.monotonic() + 3
    while time.monotonic() < until:
        begin = time.monotonic()
        status, _, _ = await asyncio.to_thread(ask, ocm.socket_path)
        assert status == 200 and time.monotonic() - begin < 0.5
        assert_as_fast(await turns(ocm, 20), before)
    stoppable_disk.go_on()
    stats = ocm.fake.settled()
    ocm.stop()
    assert_equal(ocm.usage(), stats)


@pytest.mark.deadline(60)
async def test_a_stop_waits_for_the_disk(start_ocm, stoppable_disk):
    ocm = start(start_ocm, stoppable_disk)
    await turns(ocm, 50)
    stoppable_disk.stop()
    await turns(ocm, 50)
    ocm.signal(signal.SIGTERM)
    await eventually_async(lambda: '"stopping"' in ocm.log(), 5, "the stop to begin")
    with pytest.raises(subprocess.TimeoutExpired):
        await asyncio.to_thread(ocm.process.wait, 1)
    stoppable_disk.go_on()
    stats = ocm.fake.settled()
    assert await asyncio.to_thread(ocm.process.wait, 20) == 0
    ocm.check_log()
    assert request_count(ocm) == 100
    assert_equal(ocm.usage(), stats)
