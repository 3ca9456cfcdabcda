"""Under WebSockets that ask all the time, whatever the operator does cuts no answer and loses no turn, and neither does the
supervisor's death: who is drained is closed with 1012 between two answers, and goes on over another socket."""

import pytest

from harness import changes, counts, proc, versions
from harness.interruptions import kill_supervisor, kill_worker, unexplained, upgrade
from harness.load import SteadyLoad
from harness.reload import reload
from harness.usage import assert_equal, counted, served
from harness.waiting import eventually

SOCKETS = counts(100, 500)
ROUNDS = counts(1, 5)
LOAD = {"sockets": SOCKETS, "streams": 5, "rate": 20, "seldom": 2, "deltas": counts([2, 10], [4, 24]), "interval": counts(0.1, 0.3)}
SERVING_ON = "the supervisor is gone: serving on"


@pytest.fixture
def steady(start_ocm, capsys, request):
    """An OCM, and a load on it in which nothing may go wrong, nor go uncounted."""
    ocm = start_ocm(start=False, supervisor={"drain_timeout": "60s", "stop_timeout": "20s"})
    ocm.programs = ocm.directory / "programs"
    versions.install(ocm.programs)
    ocm.start()
    with SteadyLoad(ocm.port, ocm.fields(), **LOAD) as load:
        load.steady("socket")
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


def drained(ocm, load, what, act, *arguments):
    """Does it, and sees that the sockets leave the workers that were there, who then end, and go on over others."""
    old, restarts = ocm.workers(), load.report()["restarts"]
    act(*arguments)
    load.interruptions += 1
    eventually(lambda: not any(proc.alive(pid) for pid in old), 20, f"the old workers to end, after {what}")
    load.goes_on(SOCKETS, "socket")
    assert load.failures == [], f"after {load.interruptions} interruptions, the last was: {what}"
    # Nearly all of them were open: some had just left on their own account.
    assert load.last["restarts"] - restarts >= SOCKETS * 0.7, what


@pytest.mark.deadline(counts(90, 900))
def test_reload_with_each_change_that_only_new_workers_can_have(steady):
    ocm, load = steady
    kinds = [kind(ocm) for kind in changes.OTHERS]
    for _ in range(ROUNDS):
        for kind in kinds:
            change = next(kind)
            drained(ocm, load, change, reload, ocm, change)


@pytest.mark.deadline(counts(60, 300))
def test_reload_with_each_change_that_workers_take_while_they_serve_ends_no_socket(steady):
    ocm, load = steady
    workers, kinds = ocm.workers(), [kind(ocm) for kind in changes.LIVE]
    for _ in range(ROUNDS):
        for kind in kinds:
            change = next(kind)
            reload(ocm, change)
            load.interruptions += 1
            load.goes_on(20, "socket")
            assert load.failures == [], change
    assert ocm.workers() == workers and load.last["restarts"] == 0


@pytest.mark.deadline(counts(60, 300))
def test_upgrade_to_another_version(steady):
    ocm, load = steady
    ocm.tolerate(SERVING_ON)
    for number in range(1, ROUNDS + 1):
        version = versions.install(ocm.programs, number % 2)
        drained(ocm, load, f"an upgrade to {version}", upgrade, ocm, version)


@pytest.mark.deadline(counts(60, 300))
def test_the_supervisor_is_killed_and_comes_back(steady):
    ocm, load = steady
    ocm.tolerate(SERVING_ON)
    for _ in range(ROUNDS):
        drained(ocm, load, "a kill", kill_supervisor, ocm)


@pytest.mark.deadline(90)
def test_a_worker_that_is_killed_fails_only_what_it_had_open(start_ocm):
    ocm = start_ocm()
    ocm.tolerate(r"(?i)worker")
    with SteadyLoad(ocm.port, ocm.fields(), **LOAD) as load:
        load.steady("socket")
        kill = kill_worker(ocm)
        load.goes_on(SOCKETS, "socket")
        load.stop()
    assert unexplained(load.failures, [kill]) == []
    assert any(failure["kind"] == "socket" and kill.explains(failure) for failure in load.failures)
    stats = ocm.fake.settled()
    ocm.stop()
    booked = sum(row["request_count"] for row in counted(ocm.usage()).values())
    assert load.answered <= booked <= sum(row["request_count"] for row in served(stats).values())
