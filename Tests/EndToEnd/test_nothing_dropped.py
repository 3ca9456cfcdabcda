"""Under a steady load, whatever the operator does fails no request and cuts no stream, and so does the supervisor's death."""

import asyncio

import pytest

from harness import counts
from harness.interruptions import kill_supervisor
from harness.load import SteadyLoad
from harness.usage import assert_equal

ROUNDS = counts(2, 20)
SERVING_ON = "the supervisor is gone: serving on"
REST = 2.5  # seconds: more than a worker that drains leaves a connection between two requests
DEADLINE = pytest.mark.deadline(counts(120, 600))


@pytest.fixture
def steady(start_ocm, capsys):
    """An OCM, and a load on it in which nothing may go wrong, nor go uncounted."""
    ocm = start_ocm(supervisor={"drain_timeout": "30s", "stop_timeout": "20s"})
    with SteadyLoad(ocm.port, ocm.fields()) as load:
        load.steady()
        yield ocm, load
        load.stop()
    with capsys.disabled():
        print(f"\n{load.described()}")
    assert load.failures == []
    assert load.last["open"] == 0
    stats = ocm.fake.settled()
    ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == load.answered
    assert_equal(ocm.usage(), stats)


@DEADLINE
def test_the_supervisor_is_killed_and_comes_back(steady):
    ocm, load = steady
    ocm.tolerate(SERVING_ON)
    for _ in range(ROUNDS):
        kill_supervisor(ocm)
        load.goes_on()
        assert load.last["failures"] == []


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
