"""Workers that die, one or one after the other: replaced, told of, and a reload that leads there is taken back."""

import datetime
import json
import os
import signal

import pytest

from harness import admin, proc
from harness.waiting import eventually, eventually_async

TURN = {"model": "gpt-5.5", "stream": True}


def crashes(ocm):
    return admin.status(ocm.socket_path).get("crashes")


def kill_worker(ocm, number=signal.SIGKILL):
    """One that serves; waits until it is replaced."""
    status = admin.status(ocm.socket_path)
    victim = next(worker["pid"] for worker in status["workers"] if worker["state"] == "serving")
    os.kill(victim, number)
    serving = lambda: [worker["pid"] for worker in admin.status(ocm.socket_path)["workers"]
                       if worker["state"] == "serving"]
    eventually(lambda: victim not in serving() and len(serving()) >= 1, 20, "its replacement")
    return victim


def pauses(ocm):
    """Seconds between each death and the start that follows it, as the log tells."""
    times, found = [], []
    for line in map(json.loads, ocm.log().splitlines()):
        if line["message"] == "worker died, it is replaced":
            times.append(datetime.datetime.fromisoformat(line["time"]))
        elif line["message"] == "worker started" and times:
            found.append((datetime.datetime.fromisoformat(line["time"]) - times[-1]).total_seconds() + 0.002)
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGILL, signal.SIGBUS],
                         ids=lambda number: number.name)
def test_a_worker_that_dies_is_told_of_with_its_signal(start_ocm, number):
    ocm = start_ocm(workers=1)
    ocm.tolerate("worker died")
    assert crashes(ocm) is None
    victim = kill_worker(ocm, number)
    told = crashes(ocm)
    assert (told["last_minute"], told["pid"]) == (1, victim)
    assert f"signal {int(number)} ({number.name})" in told["reason"]
    assert ("not this supervisor's" in told["reason"]) == (number == signal.SIGKILL)


@pytest.mark.deadline(60)
def test_a_loop_is_slowed_down_and_told_of_once(start_ocm):
    ocm = start_ocm(workers=1)
    ocm.tolerate("worker died", "workers keep dying")
    for _ in range(5):
        kill_worker(ocm)
    assert crashes(ocm)["last_minute"] == 5
    assert ocm.log().count("workers keep dying") == 1
    page = os.popen(f"{ocm.process.args[0]} status --socket {ocm.socket_path}").read()
    assert "5 in the last minute, the last one" in page
    # The first two come at once, each of the next waits for twice as long as the one before.
    assert all(pause >= least for pause, least in zip(pauses(ocm), (0, 0.4, 0.8, 1.6, 3.2), strict=True)), pauses(ocm)


@pytest.mark.deadline(60)
async def test_a_reload_after_which_workers_keep_dying_is_taken_back(start_ocm):
    ocm = start_ocm(workers=1)
    ocm.tolerate("worker died", "workers keep dying", "the reload is taken back", "a client sent a token")
    path = ocm.directory / "config.json"
    configuration = json.loads(path.read_text())
    configuration["services"][0]["headers"] = {"X-Deadly": "yes"}
    configuration["services"][0]["users"] = configuration["services"][0]["users"][:1]
    path.write_text(json.dumps(configuration))
    assert admin.ask(ocm.socket_path, "POST", "/reload")[2]["outcome"] == "applied"
    assert (await ocm.ask("POST", "/v1/responses", TURN, user="bob")).status == 401
    for _ in range(5):
        kill_worker(ocm)
    last = lambda: admin.status(ocm.socket_path)["reload"]
    await eventually_async(lambda: last()["outcome"] == "taken-back", 20, "the configuration before")
    assert last()["errors"] == ["5 workers have died since the reload"]
    assert (await ocm.ask("POST", "/v1/responses", TURN, user="bob")).status == 200
    # What the operator asks for is done again.
    assert admin.ask(ocm.socket_path, "POST", "/reload")[2]["outcome"] == "applied"
    assert (await ocm.ask("POST", "/v1/responses", TURN, user="bob")).status == 401


@pytest.mark.deadline(60)
async def test_deaths_of_workers_that_were_to_end_do_not_count_against_a_reload(start_ocm):
    ocm = start_ocm(workers=6)
    ocm.tolerate("worker died", "workers keep dying")
    old = ocm.workers()
    streams = []
    for _ in range(40):
        connection = await ocm.connect()
        connection.send(connection.request("POST", "/v1/responses", TURN,
                                           [("x-fake", json.dumps({"events": 500, "interval": 0.02}))]))
        await connection.head()
        streams.append(connection)
    path = ocm.directory / "config.json"
    configuration = json.loads(path.read_text())
    configuration["supervisor"]["workers"] = 1
    path.write_text(json.dumps(configuration))
    assert admin.ask(ocm.socket_path, "POST", "/reload")[2]["outcome"] == "applied"
    (new,) = set(ocm.workers()) - set(old)
    for victim in old:
        if proc.alive(victim):
            os.kill(victim, signal.SIGKILL)
    await eventually_async(lambda: ocm.workers() == [new], 10, "the others to be gone")
    assert crashes(ocm)["last_minute"] > 4, "fewer draining workers than a reload may lose"
    assert admin.status(ocm.socket_path)["reload"]["outcome"] == "applied"
    for connection in streams:
        connection.close()


@pytest.mark.deadline(60)
async def test_a_worker_that_dies_while_it_drains_is_told_of(start_ocm):
    ocm = start_ocm(workers=1)
    ocm.tolerate("worker died")
    (old,) = ocm.workers()
    connection = await ocm.connect()
    connection.send(connection.request("POST", "/v1/responses", TURN,
                                       [("x-fake", json.dumps({"events": 500, "interval": 0.02}))]))
    await connection.head()
    path = ocm.directory / "config.json"
    configuration = json.loads(path.read_text())
    configuration["supervisor"]["workers"] = 2
    path.write_text(json.dumps(configuration))
    admin.ask(ocm.socket_path, "POST", "/reload")
    os.kill(old, signal.SIGKILL)
    await eventually_async(lambda: not proc.alive(old) and crashes(ocm), 10, "the word of it")
    assert crashes(ocm)["pid"] == old and len(ocm.workers()) == 2
    connection.close()
