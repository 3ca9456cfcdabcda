"""A reload: another configuration is in force for all who come, and nothing is dropped for those who are there."""

import asyncio
import json
import os
import shutil
import signal
import socket
import time

import pytest

from harness import admin, counts, proc
from harness.http import Connection, Ended
from harness.ocm import binaries, free_port, write_private
from harness.reload import ask, command, log, refuse, reload, service, supervisor, write
from harness.waiting import eventually, eventually_async

TURN = {"model": "gpt-5.5", "stream": True}


async def stream(ocm, user="alice", port=None, **fake):
    """A stream that has begun: its first event has come."""
    connection = await Connection.open(port or ocm.port, ocm.fields(user))
    connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", json.dumps(fake))]))
    response = await connection.head()
    assert response.status == 200
    parts = connection.parts(response)
    response.body += await anext(parts)
    return connection, response, parts


async def rest(open_stream):
    connection, response, parts = open_stream
    async for part in parts:
        response.body += part
    connection.close()
    return response.body


async def finished(open_stream):
    assert b"event: response.completed" in await rest(open_stream)


def add_user(ocm, name):
    ocm.tokens[name] = f"sk-ocm-{name}-added"
    service(ocm)["users"].append({"name": name, "token": ocm.tokens[name]})


async def status_of(ocm, user="alice", port=None):
    async with await Connection.open(port or ocm.port, ocm.fields(user)) as connection:
        return (await connection.ask("POST", "/v1/responses", TURN)).status


# What changes while the workers stay.

async def test_nothing_has_changed(start_ocm):
    ocm = start_ocm()
    workers = ocm.workers()
    reload(ocm)
    assert ocm.workers() == workers
    result = command("reload", "-c", ocm.directory / "config.json")
    assert (result.returncode, result.stdout, result.stderr) == (0, "Nothing has changed.\n", "")
    assert "Reloaded: " in command("status", "--socket", ocm.socket_path).stdout


async def test_users_come_and_go_and_their_tokens_change(start_ocm):
    ocm = start_ocm(users=("alice", "bob", "carol"))
    workers = ocm.workers()
    add_user(ocm, "dave")
    users = service(ocm)["users"]
    users[2]["token"] = "sk-ocm-carol-other"
    del users[1]
    reload(ocm, "services[codex].users: dave added, bob removed, the token of carol changed")
    assert ocm.workers() == workers
    assert await status_of(ocm, "alice") == 200
    assert await status_of(ocm, "dave") == 200
    assert await status_of(ocm, "bob") == 401
    assert await status_of(ocm, "carol") == 401
    ocm.tokens["carol"] = "sk-ocm-carol-other"
    assert await status_of(ocm, "carol") == 200
    ocm.tolerate("a client sent a token that no user has")


async def test_headers_change_for_the_next_request(start_ocm):
    ocm = start_ocm(service={"headers": {"X-Team": "one"}})
    async with await ocm.connect() as connection:
        def team(response):
            return [value for name, value in ocm.fake.record(response)["fields"] if name.lower() == "x-team"]
        assert team(await connection.ask("POST", "/v1/responses", TURN)) == ["one"]
        service(ocm)["headers"] = {"X-Team": ["two", "three"], "X-Other": "new"}
        reload(ocm, "services[codex].headers: X-Other added, X-Team changed")
        assert team(await connection.ask("POST", "/v1/responses", TURN)) == ["two", "three"]
        service(ocm)["headers"] = {}
        reload(ocm, "services[codex].headers: X-Team and X-Other removed")
        assert team(await connection.ask("POST", "/v1/responses", TURN)) == []


async def test_limits_and_timeouts_change_and_a_user_keeps_the_count(start_ocm):
    ocm = start_ocm(workers=1, limits={"requests_per_user": 2})
    workers = ocm.workers()
    streams = [await stream(ocm, events=150, interval=0.02) for _ in range(2)]
    assert await status_of(ocm) == 503
    add_user(ocm, "dave")
    supervisor(ocm)["limits"]["requests_per_user"] = 3
    supervisor(ocm)["limits"]["body_bytes"] = 20
    supervisor(ocm)["timeouts"] = {"idle": "300ms"}
    reload(ocm, "users: dave added", "supervisor.limits.body_bytes: 134217728 is now 20",
           "supervisor.limits.requests_per_user: 2 is now 3", "supervisor.timeouts.idle: 5m is now 300ms")
    assert ocm.workers() == workers
    assert await status_of(ocm) == 413
    supervisor(ocm)["limits"]["body_bytes"] = 0
    reload(ocm, "supervisor.limits.body_bytes: 20 is now 0")
    streams.append(await stream(ocm, events=100, interval=0.02))
    assert await status_of(ocm) == 503
    assert await status_of(ocm, "dave") == 200
    async with await ocm.connect("dave") as connection:
        assert (await connection.ask("GET", "/v1/models")).status == 200
        start = time.monotonic()
        assert await connection.reader.read() == b""
        assert time.monotonic() - start < 3
    for one in streams:
        await finished(one)


async def test_prices_change(start_ocm):
    ocm = start_ocm()
    usage = {"input": 100_000, "cached": 0, "output": 0, "reasoning": 0}
    assert (await ocm.ask("POST", "/v1/responses", TURN, fake={"usage": usage, "model": "house"})).status == 200
    prices = ocm.directory / "prices.json"

    def price(dollars):
        prices.write_text(json.dumps({"models": {"house": {"default": {
            "input": dollars, "cached_input": dollars, "output": dollars}}}}))

    def cost():
        return admin.ask(ocm.socket_path, target="/usage?by=model")[2]["total"]["cost_usd"]

    price(20)
    supervisor(ocm)["pricing_path"] = str(prices)
    reload(ocm, "supervisor.pricing_path: none is now")
    assert cost() == 2
    price(30)
    reload(ocm, "supervisor.pricing_path: the prices are others")
    assert cost() == 3
    prices.write_text("{")
    refuse(ocm, "prices.json:1: error: ")
    assert cost() == 3
    ocm.tolerate("usage ledger")


async def test_another_login_is_served_with_at_once(start_ocm):
    ocm = start_ocm()
    workers = ocm.workers()
    open_stream = await stream(ocm, events=100, interval=0.02)
    other = ocm.directory / "other.json"
    value = ocm.fake.login(account="account-of-another")
    write_private(other, value)
    service(ocm)["credential_path"] = str(other)
    reload(ocm, f"services[codex].credential_path: {ocm.auth_path} is now {other}")
    assert ocm.workers() == workers
    response = await ocm.ask("POST", "/v1/responses", TURN)
    fields = dict((name.lower(), field) for name, field in ocm.fake.record(response)["fields"])
    assert fields["authorization"] == "Bearer " + value["tokens"]["access_token"]
    assert admin.status(ocm.socket_path)["services"][0]["credential"]["path"] == str(other)
    await finished(open_stream)
    service(ocm)["credential_path"] = str(ocm.auth_path)
    reload(ocm, "services[codex].credential_path")
    assert await status_of(ocm) == 200


async def test_usage_is_counted_in_another_file_from_then_on_and_nothing_twice(start_ocm):
    ocm = start_ocm()
    first = ocm.usage_path
    second = ocm.directory / "second.json"
    open_stream = await stream(ocm, events=100, interval=0.02)
    for _ in range(3):
        assert await status_of(ocm) == 200
    service(ocm)["usages_path"] = str(second)
    reload(ocm, f"services[codex].usages_path: {first} is now {second}")
    await finished(open_stream)
    assert await status_of(ocm) == 200
    service(ocm)["usages_path"] = ""
    reload(ocm, f"services[codex].usages_path: {second} is now none")
    assert await status_of(ocm) == 200
    ocm.stop()

    def requests(path):
        return sum(row["total"]["request_count"] for row in json.loads(path.read_text())["combinations"])

    assert requests(first) + requests(second) == 5
    assert requests(first) >= 3 and requests(second) >= 1


async def test_the_log_is_opened_anew_and_its_level_changes(start_ocm):
    ocm = start_ocm(log={"level": "info", "format": "json", "output": "PLACEHOLDER"}, start=False)
    path = ocm.directory / "ocm.log"
    ocm.configuration["log"]["output"] = str(path)
    ocm.start()
    ocm.log_path = path
    inodes = lambda pid: {os.stat(f"/proc/{pid}/fd/{n}").st_ino for n in os.listdir(f"/proc/{pid}/fd")}
    old = path.stat().st_ino
    path.rename(ocm.directory / "ocm.log.1")
    reload(ocm)
    assert path.stat().st_ino != old
    everyone = [ocm.pid, *ocm.workers()]
    await eventually_async(lambda: not any(old in inodes(pid) for pid in everyone), 5, "the old file to be closed")
    assert all(path.stat().st_ino in inodes(pid) for pid in everyone)
    ocm.configuration["log"]["level"] = "debug"
    reload(ocm, "log.level: info is now debug")
    admin.status(ocm.socket_path)
    assert log(ocm, "admin request")
    ocm.configuration["log"]["level"] = "info"
    reload(ocm, "log.level: debug is now info")


async def test_the_log_goes_elsewhere(start_ocm):
    ocm = start_ocm()
    path = ocm.directory / "ocm.log"
    ocm.configuration["log"]["output"] = str(path)
    reload(ocm, f"log.output: the default is now {path}")
    assert "reloaded" in [line["message"] for line in map(json.loads, path.read_text().splitlines())]
    workers = ocm.workers()
    ocm.configuration["log"]["output"] = "stderr"
    reload(ocm, f"log.output: {path} is now stderr")
    await eventually_async(lambda: not any(proc.alive(pid) for pid in workers), 10, "the old workers to end")
    ocm.configuration["log"]["output"] = str(ocm.directory / "missing" / "ocm.log")
    refuse(ocm, "the log can't be opened")


async def test_the_admin_socket_moves(start_ocm):
    ocm = start_ocm()
    old = ocm.socket_path
    ocm.socket_path = ocm.directory / "other.sock"
    supervisor(ocm)["admin_socket"] = str(ocm.socket_path)
    write(ocm)
    code, _, result = admin.ask(old, "POST", "/reload")
    assert code == 200 and "supervisor.admin_socket" in result["changes"][0]
    assert not old.exists()
    assert admin.status(ocm.socket_path)["state"] == "serving"
    ocm.stop()
    assert not ocm.socket_path.exists()


# What takes other workers.

async def test_an_admin_socket_that_could_not_be_made_is_made_by_a_reload_of_the_same_file(start_ocm):
    ocm = start_ocm(start=False)
    place = ocm.directory / "place"
    del supervisor(ocm)["admin_socket"]
    place.write_text("a file")
    ocm.tolerate("there is no admin socket")
    ocm.start(variables={"RUNTIME_DIRECTORY": str(place)})
    place.unlink()
    place.mkdir()
    for _ in range(2):
        ocm.signal(signal.SIGHUP)
        await eventually_async((place / "admin.sock").exists, 5, "the socket")
        assert admin.status(place / "admin.sock")["state"] == "serving"


async def test_workers_are_as_many_as_configured_then(start_ocm):
    ocm = start_ocm(workers=1)
    (old,) = ocm.workers()
    open_stream = await stream(ocm, events=150, interval=0.02)
    supervisor(ocm)["workers"] = 3
    reload(ocm, "supervisor.workers: 1 is now 3")
    assert len(set(ocm.workers()) - {old}) == 3
    workers = {worker["pid"]: worker for worker in admin.status(ocm.socket_path)["workers"]}
    assert workers[old]["state"] == "draining" and workers[old]["deadline"]
    assert [worker["state"] for pid, worker in workers.items() if pid != old] == ["serving"] * 3
    assert await status_of(ocm) == 200
    await finished(open_stream)
    await eventually_async(lambda: not proc.alive(old), 10, "the old worker to end")
    assert len(ocm.workers()) == 3


async def test_the_api_is_elsewhere(start_ocm):
    ocm = start_ocm()
    other = start_ocm.fake()
    open_stream = await stream(ocm, events=100, interval=0.02)
    supervisor(ocm)["endpoints"]["chatgpt"] = other.url + "/backend-api/codex"
    reload(ocm, f"supervisor.endpoints.chatgpt: {ocm.fake.url}/backend-api/codex is now {other.url}/backend-api/codex")
    before = other.stats()["requests"]

    async def comes_there():
        # The last connection may have been taken by a worker of before.
        await ocm.ask("POST", "/v1/responses", TURN)
        return other.stats()["requests"] > before
    await eventually_async(comes_there, 5, "a request to the other API")
    await finished(open_stream)


async def test_a_service_listens_elsewhere(start_ocm):
    ocm = start_ocm()
    old = ocm.port
    open_stream = await stream(ocm, events=100, interval=0.02)
    ocm.port = service(ocm)["listen_port"] = free_port()
    reload(ocm, f"services[codex].listen_port: {old} is now {ocm.port}")
    assert await status_of(ocm) == 200
    await finished(open_stream)

    def is_refused():
        with socket.socket() as handle:
            return handle.connect_ex(("127.0.0.1", old)) != 0

    await eventually_async(is_refused, 5, "the old address to be free")


async def test_a_service_listens_on_all_addresses_instead_of_one_and_back(start_ocm):
    ocm = start_ocm()
    for address, other in (("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "0.0.0.0")):
        service(ocm)["listen"] = address
        reload(ocm, f"services[codex].listen: {other} is now {address}")
        assert await status_of(ocm) == 200
        listeners = admin.status(ocm.socket_path)["services"][0]["listeners"]
        assert listeners == [{"address": address, "port": ocm.port}]


async def test_services_are_added_and_removed_without_touching_the_others(start_ocm):
    ocm = start_ocm()
    port = free_port()
    second = {**service(ocm), "tag": "second", "listen_port": port, "usages_path": str(ocm.directory / "second.json"),
              "headers": {"X-Second": "yes"}}
    ocm.configuration["services"].append(second)
    kept = await stream(ocm, events=200, interval=0.02)
    reload(ocm, "services[second]: added")
    assert await status_of(ocm, port=port) == 200
    leaving = await stream(ocm, port=port, events=100, interval=0.02)
    ocm.configuration["services"].pop()
    reload(ocm, "services[second]: removed")
    await finished(leaving)
    await finished(kept)
    await eventually_async(lambda: len(ocm.workers()) == 2, 10, "the old workers to end")
    with pytest.raises(ConnectionRefusedError):
        await stream(ocm, port=port)
    ocm.stop()
    rows = json.loads((ocm.directory / "second.json").read_text())["combinations"]
    assert sum(row["total"]["request_count"] for row in rows) == 2


async def test_two_services_change_places(start_ocm):
    ocm = start_ocm()
    port = free_port()
    ocm.configuration["services"].append(
        {**service(ocm), "tag": "second", "listen_port": port, "usages_path": "", "users": []})
    reload(ocm, "services[second]: added")
    assert await status_of(ocm, user=None, port=port) == 200
    service(ocm)["listen_port"], service(ocm, 1)["listen_port"] = port, ocm.port
    reload(ocm, "services[codex].listen_port", "services[second].listen_port")
    assert await status_of(ocm, user=None) == 200
    ports = [part["listeners"][0]["port"] for part in admin.status(ocm.socket_path)["services"]]
    assert ports == [port, ocm.port]
    await eventually_async(lambda: len(ocm.workers()) == 2, 10, "the old workers to end")
    assert await status_of(ocm, user=None, port=port) == 401


# What is refused: everything goes on as it was.

async def test_all_errors_of_a_file_are_told_and_it_changes_nothing(start_ocm):
    ocm = start_ocm()
    workers = ocm.workers()
    open_stream = await stream(ocm, events=100, interval=0.02)
    good = json.dumps(ocm.configuration)
    add_user(ocm, "dave")
    service(ocm)["listen_port"] = 70000
    supervisor(ocm)["workers"] = "many"
    ocm.configuration["sevices"] = []
    result = refuse(ocm, "services[0].listen_port", "supervisor.workers", "sevices")
    assert all(str(ocm.directory / "config.json") in error for error in result["errors"])
    told = command("reload", "--socket", ocm.socket_path)
    assert told.returncode == 78
    assert told.stdout == "The configuration is refused: what ran before goes on.\n"
    assert len(told.stderr.splitlines()) == 3
    assert "Reload refused" in command("status", "--socket", ocm.socket_path).stdout
    assert ocm.workers() == workers
    assert await status_of(ocm, "dave") == 401
    await finished(open_stream)
    ocm.configuration = json.loads(good)
    reload(ocm)
    ocm.tolerate("a client sent a token that no user has")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", None])
async def test_a_file_that_is_none_changes_nothing(start_ocm, content):
    ocm = start_ocm()
    ocm.tolerate("reload refused, what ran goes on")
    path = ocm.directory / "config.json"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    code, result = ask(ocm)
    assert code == 422 and len(result["errors"]) == 1
    assert await status_of(ocm) == 200


async def test_a_file_that_could_be_waited_for_for_ever_changes_nothing(start_ocm):
    ocm = start_ocm()
    path = ocm.directory / "config.json"
    path.unlink()
    os.mkfifo(path)
    ocm.tolerate("reload refused, what ran goes on")
    code, result = ask(ocm)
    assert code == 422 and "it is no regular file" in result["errors"][0], result
    assert await status_of(ocm) == 200


async def test_what_a_worker_would_not_take_is_refused_before_any_is_told(start_ocm):
    ocm = start_ocm()
    workers = ocm.workers()
    service(ocm)["headers"] = {"X-Many": ["value"] * 1001}
    refuse(ocm, "a worker can't take this configuration: values is too large (1001)")
    assert ocm.workers() == workers and await status_of(ocm) == 200


async def test_an_address_in_use_refuses_all_of_it(start_ocm):
    ocm = start_ocm()
    workers = ocm.workers()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        add_user(ocm, "dave")
        old = ocm.port
        service(ocm)["listen_port"] = other.getsockname()[1]
        supervisor(ocm)["state_directory"] = str(ocm.directory / "elsewhere")
        refuse(ocm, "supervisor.state_directory can't change", "service codex can't listen on 127.0.0.1:")
    assert ocm.workers() == workers and ocm.port == old
    assert await status_of(ocm) == 200
    assert await status_of(ocm, "dave") == 401
    ocm.tolerate("a client sent a token that no user has")


async def test_a_usage_file_that_another_keeps_refuses_all_of_it(start_ocm):
    ocm, other = start_ocm(), start_ocm()
    descriptors = proc.descriptors(ocm.pid)
    service(ocm)["usages_path"] = str(other.usage_path)
    refuse(ocm, str(other.usage_path))
    assert await status_of(ocm) == 200
    await eventually_async(lambda: proc.descriptors(ocm.pid) <= descriptors, 5, "descriptors to be closed")


async def test_workers_that_do_not_start_are_given_up(start_ocm):
    ocm = start_ocm(start=False)
    ocm.programs = ocm.directory / "bin"
    ocm.programs.mkdir()
    for name in ("ocm-supervisor", "ocm-worker"):
        shutil.copy(binaries() / name, ocm.programs / name)
    ocm.start()
    workers = ocm.workers()
    open_stream = await stream(ocm, events=150, interval=0.02)
    (ocm.programs / "ocm-worker").chmod(0o644)
    old, port = ocm.port, free_port()
    service(ocm)["listen_port"] = port
    add_user(ocm, "dave")
    refuse(ocm, "the new workers did not become ready")
    assert proc.children(ocm.pid) == workers
    with socket.socket() as handle:
        assert handle.connect_ex(("127.0.0.1", port)) != 0
    assert await status_of(ocm, "dave") == 401
    assert await status_of(ocm) == 200
    await finished(open_stream)
    (ocm.programs / "ocm-worker").chmod(0o755)
    ocm.port = port
    reload(ocm, f"services[codex].listen_port: {old} is now {port}", "dave added")
    assert await status_of(ocm, "dave") == 200
    ocm.tolerate("a worker can't be started", "a client sent a token that no user has")


# Several at once, and at other times.

async def test_those_who_ask_while_one_is_under_way_share_the_next(start_ocm):
    ocm = start_ocm()
    supervisor(ocm)["workers"] = 3
    write(ocm)
    answers = await asyncio.gather(*[asyncio.to_thread(ask, ocm) for _ in range(10)])
    outcomes = [result["outcome"] for code, result in answers]
    assert "applied" in outcomes and set(outcomes) <= {"applied", "unchanged"}
    assert len(log(ocm, "reloaded")) == 1
    assert len(log(ocm, "reloaded: nothing has changed")) < 9


async def test_a_signal_reloads_and_many_are_few(start_ocm):
    ocm = start_ocm()
    add_user(ocm, "dave")
    write(ocm)
    for _ in range(50):
        ocm.signal(signal.SIGHUP)
    await eventually_async(lambda: log(ocm, "reloaded"), 10, "the reload")
    assert "dave added" in log(ocm, "reloaded")[0]["changes"]
    assert await status_of(ocm, "dave") == 200
    assert await asyncio.to_thread(ask, ocm)
    assert len(log(ocm, "reloaded: nothing has changed")) < 50


async def test_a_signal_during_the_start_is_obeyed_after_it(start_ocm):
    ocm = start_ocm(start=False)
    ocm.start(wait=False)
    eventually(lambda: ocm.socket_path.exists(), 10, "the start")
    ocm.signal(signal.SIGHUP)
    ocm.wait_ready()
    await eventually_async(lambda: log(ocm, "reloaded: nothing has changed"), 10, "the reload")


async def test_nothing_is_reloaded_once_it_is_to_end(start_ocm):
    ocm = start_ocm(supervisor={"stop_timeout": "20s"})
    open_stream = await stream(ocm, events=100, interval=0.02)
    ocm.signal(signal.SIGTERM)
    await eventually_async(lambda: admin.status(ocm.socket_path)["state"] == "stopping", 5, "the stop")
    add_user(ocm, "dave")
    write(ocm)
    code, _, value = admin.ask(ocm.socket_path, "POST", "/reload")
    assert code == 409 and "about to end" in value["error"]["message"]
    ocm.signal(signal.SIGHUP)
    await finished(open_stream)
    await asyncio.to_thread(ocm.process.wait, 20)
    assert ocm.process.returncode == 0
    ocm.check_log()


async def test_a_stop_ends_a_reload_that_is_under_way(start_ocm):
    ocm = start_ocm()
    ocm.tolerate("reload refused, what ran goes on")
    supervisor(ocm)["workers"] = 8
    write(ocm)
    ocm.signal(signal.SIGHUP)
    ocm.signal(signal.SIGTERM)
    await asyncio.to_thread(ocm.process.wait, 20)
    assert ocm.process.returncode == 0
    assert not proc.children(ocm.pid)


@pytest.mark.deadline(120)
async def test_nothing_is_left_of_many_reloads(start_ocm):
    ocm = start_ocm(workers=1)

    async def again(count):
        for number in range(count):
            service(ocm)["headers"] = {"X-Number": str(number)}
            supervisor(ocm)["endpoints"]["openai"] = f"{ocm.fake.url}/{number % 2}"
            write(ocm)
            code, result = await asyncio.to_thread(ask, ocm)
            assert code == 200 and result["outcome"] == "applied", result
            assert await status_of(ocm) == 200
        await eventually_async(lambda: len(proc.children(ocm.pid)) == 1, 20, "the old workers to end")

    await again(5)
    descriptors, memory = proc.descriptors(ocm.pid), proc.resident(ocm.pid)
    await again(counts(25, 100))
    await eventually_async(lambda: proc.descriptors(ocm.pid) <= descriptors, 5, "descriptors to be closed")
    assert proc.resident(ocm.pid) < memory + (4 << 20)
    (worker,) = ocm.workers()
    memory = proc.resident(worker)
    for number in range(counts(50, 500)):
        service(ocm)["headers"] = {"X-Number": f"again {number}"}
        write(ocm)
        assert (await asyncio.to_thread(ask, ocm))[0] == 200
    assert ocm.workers() == [worker]
    assert proc.resident(worker) < memory + (2 << 20)


# Those who are there.

async def test_a_user_who_is_removed_loses_what_is_open_within_a_second_and_nobody_else_does(start_ocm):
    ocm = start_ocm(users=("alice", "bob", "carol"), workers=2)
    old = [(user, await stream(ocm, user, events=150, interval=0.02)) for user in ("alice", "bob", "carol") * 3]
    supervisor(ocm)["workers"] = 3
    reload(ocm, "supervisor.workers")
    new = [(user, await stream(ocm, user, events=150, interval=0.02)) for user in ("alice", "bob", "carol") * 3]
    users = service(ocm)["users"]
    users[2]["token"] = "sk-ocm-carol-other"
    del users[1]
    start = time.monotonic()
    reload(ocm, "bob removed, the token of carol changed")

    async def end(user, one):
        if user == "alice":
            return await finished(one)
        with pytest.raises((Ended, ConnectionResetError, asyncio.IncompleteReadError)):
            await rest(one)
        assert time.monotonic() - start < 1

    await asyncio.gather(*[end(user, one) for user, one in old + new])


async def test_a_removed_user_whose_answer_has_not_begun_is_told_so(start_ocm):
    ocm = start_ocm()
    ocm.fake.order(delay=20, user="bob")
    asked = asyncio.create_task(ocm.ask("POST", "/v1/responses", TURN, user="bob"))
    await eventually_async(lambda: ocm.fake.stats()["active"] == 1, 5, "the request to reach the API")
    del service(ocm)["users"][1]
    reload(ocm, "bob removed")
    response = await asyncio.wait_for(asked, 1)
    assert response.status == 401 and response.json()["error"]["message"] == "invalid api key"


async def test_streams_of_all_kinds_go_on_under_their_old_workers(start_ocm):
    ocm = start_ocm()
    kinds = [{"events": 100, "interval": 0.02}, {"events": 100, "interval": 0.02, "framing": "close"}, {"total_bytes": 4 << 20},
             {"events": 3, "linger": 2}, {"events": 60, "interval": 0.03, "dribble": 50}]
    streams = [await stream(ocm, **kind) for kind in kinds]
    upload = await ocm.connect()
    body = json.dumps({"model": "gpt-5.5", "stream": True, "input": "x" * 100_000}).encode()
    request = upload.request("POST", "/v1/responses", body, [("Content-Type", "application/json")])
    upload.send(request[:-50_000])
    await upload.sent()
    old = ocm.workers()
    supervisor(ocm)["workers"] = 3
    reload(ocm, "supervisor.workers")
    upload.send(request[-50_000:])
    assert (await upload.response()).status == 200
    upload.close()
    for one in streams:
        await finished(one)
    await eventually_async(lambda: not any(proc.alive(pid) for pid in old), 10, "the old workers to end")


@pytest.mark.deadline(60)
async def test_no_request_on_a_kept_connection_fails(start_ocm):
    ocm = start_ocm()
    done = 0
    closed = 0
    stopping = asyncio.Event()

    async def client():
        nonlocal done, closed
        connection = await ocm.connect()
        while not stopping.is_set():
            response = await connection.ask("POST", "/v1/responses", TURN, fake={"events": 2})
            assert response.status == 200 and b"event: response.completed" in response.body
            done += 1
            if (response.header("connection") or "").lower() == "close":
                closed += 1
                connection.close()
                connection = await ocm.connect()
            await asyncio.sleep(0.01)
        connection.close()

    clients = [asyncio.create_task(client()) for _ in range(20)]
    for number in range(counts(5, 40)):
        start = done
        await eventually_async(lambda: done > start + 60 or any(c.done() for c in clients), 10, "requests")
        supervisor(ocm)["workers"] = 2 + number % 2
        if number == 0:
            supervisor(ocm)["workers"] = 3
        service(ocm)["headers"] = {"X-Number": str(number)}
        write(ocm)
        code, result = await asyncio.to_thread(ask, ocm)
        assert code == 200, result
    stopping.set()
    await asyncio.gather(*clients)
    assert closed > 0
    stats = ocm.fake.settled()
    ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == done
    assert sum(row["total"]["request_count"] for row in ocm.usage()["combinations"]) == done


# Who may, and where nobody is.

def test_the_command_says_so_where_no_supervisor_runs(start_ocm):
    ocm = start_ocm(start=False)
    write(ocm)
    for name in ("reload", "drain"):
        result = command(name, "-c", ocm.directory / "config.json")
        assert result.returncode == 1 and result.stdout == ""
        assert "no supervisor answers" in result.stderr


def test_the_command_prints_the_answer_in_json(start_ocm):
    ocm = start_ocm()
    add_user(ocm, "dave")
    write(ocm)
    result = command("reload", "-c", ocm.directory / "config.json", "--json")
    value = json.loads(result.stdout)
    admin.check(value, "Reload")
    assert result.returncode == 0 and value["changes"] == ["services[codex].users: dave added"]
