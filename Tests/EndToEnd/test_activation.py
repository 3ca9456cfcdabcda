"""Under a service manager: its sockets, what it is told, what it keeps. harness/manager.py stands in for systemd."""

import asyncio
import os
import pathlib
import signal
import socket

import pytest

from harness import proc
from harness.admin import ask, read_all, status
from harness.manager import Manager, listener
from harness.ocm import free_port, write_private
from harness.reload import reload
from harness.waiting import eventually, eventually_async

ASK = b"GET /elsewhere HTTP/1.1\r\nHost: ocm\r\nConnection: close\r\n\r\n"


@pytest.fixture
def manager(directory):
    manager = Manager(directory, watchdog=0.2)
    yield manager
    manager.close()


def answered(address, family=socket.AF_INET):
    with socket.socket(family) as handle:
        handle.settimeout(10)
        handle.connect(address)
        handle.sendall(ASK)
        return read_all(handle).startswith(b"HTTP/1.1 404")


def service(ocm, **changes):
    return {**ocm.configuration["services"][0], **changes}


def refused(ocm, manager):
    """What is said of a start that fails."""
    manager.start(ocm, wait=False)
    assert ocm.process.wait(20) == 1
    assert manager.hear()[-1]["STATUS"] in ocm.log()
    assert not manager.said("READY=1")
    return ocm.log()


def test_sockets_of_all_families_serve_the_service_that_they_are_named_for(start_ocm, manager, directory):
    ocm = start_ocm(start=False)
    other = free_port()
    ocm.configuration["services"].append(service(ocm, tag="other", listen_port=other, usages_path=""))
    configured, ocm.port = ocm.port, free_port()
    path = f"{directory}/codex.sock"
    manager.sockets = [
        ("codex", listener(("127.0.0.1", ocm.port))), ("other", listener(("127.0.0.1", other))),
        ("codex", listener(("::1", ocm.port), socket.AF_INET6)), ("codex", listener(path, socket.AF_UNIX)),
    ]
    manager.start(ocm)
    assert answered(("127.0.0.1", ocm.port)) and answered(("::1", ocm.port), socket.AF_INET6)
    assert answered(path, socket.AF_UNIX) and answered(("127.0.0.1", other))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", configured))
    codex, _ = status(ocm.socket_path)["services"]
    assert [(place["address"], place.get("port")) for place in codex["listeners"]] == [
        ("127.0.0.1", ocm.port), ("::1", ocm.port), (path, None)]
    assert not manager.store
    ocm.stop()


def test_a_service_without_a_socket_listens_as_configured(start_ocm, manager):
    ocm = start_ocm(start=False)
    other = free_port()
    ocm.configuration["services"].append(service(ocm, tag="other", listen_port=other, usages_path=""))
    manager.sockets = [("other", listener(("127.0.0.1", other)))]
    manager.start(ocm)
    assert answered(("127.0.0.1", ocm.port)) and answered(("127.0.0.1", other))
    assert '"message":"the service manager has no socket for this service","service":"codex"' in ocm.log()
    ocm.stop()


@pytest.mark.parametrize("name", ["ocm.socket", "unknown", ""])
def test_sockets_without_a_name_serve_the_only_service(start_ocm, manager, name):
    ocm = start_ocm(start=False)
    manager.sockets = [(name, listener(("127.0.0.1", ocm.port)))]
    manager.start(ocm)
    assert answered(("127.0.0.1", ocm.port))
    ocm.stop()


async def test_the_connection_that_has_activated_the_service_is_answered(start_ocm, manager):
    ocm = start_ocm(start=False)
    manager.sockets = [("ocm.socket", listener(("127.0.0.1", ocm.port)))]
    early = await ocm.connect()
    early.send(early.request("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True}))
    manager.start(ocm, wait=False)
    response = await early.response("POST")
    assert response.status == 200 and b"response.completed" in response.body
    early.close()
    manager.wait_for("READY=1")


def test_a_socket_that_no_service_can_have_is_refused_with_the_remedy(start_ocm, manager):
    ocm = start_ocm(start=False)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    port = free_port()
    manager.sockets = [("codex", datagrams), ("codex", silent), ("web", listener(("127.0.0.1", port)))]
    log = refused(ocm, manager)
    assert f'"codex" (127.0.0.1:{datagrams.getsockname()[1]}) is none of streams: use ListenStream=' in log
    assert f'"codex" (127.0.0.1:{silent.getsockname()[1]}) does not listen: use ListenStream= and Accept=no' in log
    assert f'"web" (127.0.0.1:{port}) has the name of no service: set FileDescriptorName= in its socket unit to "codex"' in log


def test_a_socket_without_a_name_is_refused_where_there_are_two_services(start_ocm, manager):
    ocm = start_ocm(start=False)
    ocm.configuration["services"].append(service(ocm, tag="other", listen_port=free_port(), usages_path=""))
    manager.sockets = [("ocm.socket", listener(("127.0.0.1", ocm.port)))]
    assert 'names no service: set FileDescriptorName= in its socket unit to "codex" or "other"' in refused(ocm, manager)


def test_the_manager_hears_how_far_the_service_is_and_that_its_loop_turns(start_ocm, manager):
    ocm = manager.start(start_ocm(start=False))
    ready = manager.said("READY=1")[0]
    assert ready["STATUS"].startswith("serving 1 service on 2 workers; login of codex good until ")
    assert manager.hear()[0] == {"WATCHDOG": "1"}
    assert manager.said("EXTEND_TIMEOUT_USEC=30000000")
    beats = len(manager.said("WATCHDOG=1"))
    manager.wait_for("WATCHDOG=1", beats + 5)
    # A loop that hangs says nothing any more: that is what the watchdog is for.
    os.kill(ocm.pid, signal.SIGSTOP)
    eventually(lambda: proc.state(ocm.pid) == "T")
    silent_from = len(manager.hear())
    with pytest.raises(AssertionError):
        eventually(lambda: len(manager.hear()) > silent_from, 0.5)
    os.kill(ocm.pid, signal.SIGCONT)
    manager.wait_for("WATCHDOG=1", beats + 6)
    ocm.stop()
    assert manager.said("STOPPING=1")[0]["STATUS"].startswith("finishing what is open on 2 workers until ")
    assert [list(message)[0] for message in manager.messages].count("READY") == 1


def test_a_socket_of_the_managers_is_set_as_the_configuration_says(start_ocm, manager):
    """Whatever its unit says (KeepAlive=), as a reload would set it, too."""
    for disabled in (True, False):
        ocm = start_ocm(start=False)
        ocm.configuration["services"][0]["disable_tcp_keep_alive"] = disabled
        handle = listener(("127.0.0.1", ocm.port))
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, disabled)
        manager.messages.clear()
        manager.sockets = [("codex", handle)]
        manager.start(ocm)
        assert bool(handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)) == (not disabled)
        ocm.stop()


def test_the_status_line_follows_what_matters(start_ocm, manager):
    ocm = manager.start(start_ocm(start=False))
    ocm.tolerate("login")
    ocm.auth_path.unlink()
    eventually(lambda: manager.said("STATUS=serving 1 service on 2 workers; login of codex missing"), 15)
    ocm.stop()


def test_no_child_sees_what_the_manager_has_told(start_ocm, manager):
    ocm = start_ocm(start=False)
    manager.sockets = [("codex", listener(("127.0.0.1", ocm.port)))]
    manager.start(ocm)
    told = [pathlib.Path(f"/proc/{pid}/environ").read_bytes() for pid in ocm.workers()]
    assert told == [b"", b""]
    ocm.stop()


@pytest.mark.deadline(60)
async def test_a_listener_of_its_own_waits_in_the_managers_store_for_the_next_start(start_ocm, manager):
    ocm = manager.start(start_ocm(start=False))
    eventually(lambda: [name for name, _ in manager.store] == ["listen-codex"])
    ocm.stop()
    waiting = await ocm.connect()
    waiting.send(waiting.request("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True}))
    ready = len(manager.said("READY=1"))
    manager.start(ocm, wait=False)
    assert (await waiting.response("POST")).status == 200
    waiting.close()
    manager.wait_for("READY=1", ready + 1)
    assert [name for name, _ in manager.store] == ["listen-codex"]
    ocm.stop()


def test_a_stored_listener_that_is_of_no_use_any_more_is_let_go(start_ocm, manager):
    ocm = manager.start(start_ocm(start=False))
    eventually(lambda: manager.store)
    ocm.stop()
    before, ocm.port = ocm.port, free_port()
    ocm.configuration["services"][0] |= {"listen_port": ocm.port, "tag": "renamed"}
    ready = len(manager.said("READY=1"))
    manager.start(ocm, wait=False)
    manager.wait_for("READY=1", ready + 1)
    assert [name for name, _ in manager.store] == ["listen-renamed"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", before))
    ocm.stop()


async def test_peers_of_a_unix_socket_are_not_one_address(start_ocm, manager, directory):
    ocm = start_ocm(start=False, limits={"connections_per_address": 1}, workers=1)
    path = f"{directory}/codex.sock"
    manager.sockets = [("codex", listener(path, socket.AF_UNIX))]
    manager.start(ocm)
    ends = [await asyncio.open_unix_connection(path) for _ in range(4)]
    for reader, writer in ends:
        writer.write(ASK)
    for reader, writer in ends:
        assert (await reader.readline()).startswith(b"HTTP/1.1 404")
    for _, writer in ends:
        writer.close()
        await writer.wait_closed()
    failing = b"GET /v1/models HTTP/1.1\r\nHost: ocm\r\nAuthorization: Bearer wrong\r\nConnection: close\r\n\r\n"
    with socket.socket(socket.AF_UNIX) as handle:
        handle.connect(path)
        handle.sendall(failing)
        assert read_all(handle).startswith(b"HTTP/1.1 401")
    ocm.tolerate("a client sent a token that no user has")
    await eventually_async(lambda: f'"address":"unix:{os.getuid()}"' in ocm.log())
    ocm.stop()


def test_a_service_that_a_reload_removes_and_brings_back_has_its_socket_again(start_ocm, manager):
    ocm = start_ocm(start=False)
    other = free_port()
    services = [*ocm.configuration["services"], service(ocm, tag="other", listen_port=0, usages_path="")]
    ocm.configuration["services"] = services
    manager.sockets = [("codex", listener(("127.0.0.1", ocm.port))), ("other", listener(("127.0.0.1", other)))]
    manager.start(ocm)
    for kept in (services[:1], services):
        ocm.configuration["services"] = kept
        write_private(ocm.directory / "config.json", ocm.configuration)
        code, _, result = ask(ocm.socket_path, "POST", "/reload")
        assert code == 200 and result["outcome"] == "applied", result
        assert [place["tag"] for place in status(ocm.socket_path)["services"]] == [place["tag"] for place in kept]
    assert answered(("127.0.0.1", other)) and answered(("127.0.0.1", ocm.port))
    reloads = manager.said("RELOADING=1")
    assert len(reloads) == 2 and all(int(message["MONOTONIC_USEC"]) > 0 for message in reloads)
    names = [next(iter(message)) for message in manager.hear() if "RELOADING" in message or "READY" in message]
    assert names == ["READY", "RELOADING", "READY", "RELOADING", "READY"]
    ocm.stop()


def test_an_own_listener_that_a_reload_moves_is_stored_anew(start_ocm, manager):
    ocm = manager.start(start_ocm(start=False))
    eventually(lambda: manager.store)
    first, = manager.store
    ocm.port = free_port()
    ocm.configuration["services"][0]["listen_port"] = ocm.port
    write_private(ocm.directory / "config.json", ocm.configuration)
    assert ask(ocm.socket_path, "POST", "/reload")[0] == 200
    eventually(lambda: len(manager.store) == 1 and manager.store[0][0] == "listen-codex"
               and socket.socket(fileno=os.dup(manager.store[0][1])).getsockname()[1] == ocm.port)
    ocm.stop()
    assert manager.store, "a restart goes on with it"


def test_a_drain_leaves_nothing_in_the_managers_store(start_ocm, manager):
    ocm = manager.start(start_ocm(start=False))
    eventually(lambda: manager.store)
    assert ask(ocm.socket_path, "POST", "/drain")[0] == 200
    assert ocm.process.wait(20) == 0
    assert manager.store == [] and manager.said("STOPPING=1")


def test_sockets_and_signs_of_life_go_on_over_an_upgrade(start_ocm, manager):
    ocm = start_ocm(start=False)
    manager.sockets = [("codex", listener(("127.0.0.1", ocm.port)))]
    manager.start(ocm)
    ready = len(manager.said("READY=1"))
    ocm.tolerate("the supervisor is gone: serving on")
    ocm.signal(signal.SIGUSR2)
    manager.wait_for("READY=1", ready + 1)
    assert len(manager.said("RELOADING=1")) == 1
    beats = len(manager.said("WATCHDOG=1"))
    manager.wait_for("WATCHDOG=1", beats + 3)
    assert answered(("127.0.0.1", ocm.port))
    codex, = status(ocm.socket_path)["services"]
    assert [(place["address"], place["port"]) for place in codex["listeners"]] == [("127.0.0.1", ocm.port)]
    environment = pathlib.Path(f"/proc/{ocm.pid}/environ").read_bytes()
    assert b"LISTEN_FDS" not in environment and b"NOTIFY_SOCKET" in environment
    ocm.stop()


async def test_a_manager_that_does_not_read_holds_up_nobody_and_hears_it_later(start_ocm, directory):
    path = f"{directory}/deaf"
    deaf = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    deaf.bind(path)
    ocm = start_ocm(start=False)
    ocm.start(variables={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "20000"})
    await asyncio.sleep(1)  # fifty signs of life, of which the socket takes ten
    assert status(ocm.socket_path)["state"] == "serving"
    assert (await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True})).status == 200

    def heard():
        return b"READY=1" in deaf.recv(65536)
    deaf.settimeout(5)
    while not heard():
        pass
    ocm.stop()
    deaf.close()


def test_a_reload_after_which_no_start_would_be_possible_says_so(start_ocm, manager):
    ocm = start_ocm(start=False)
    manager.sockets = [("ocm.socket", listener(("127.0.0.1", ocm.port)))]
    manager.start(ocm)
    ocm.configuration["services"].append(service(ocm, tag="other", listen_port=free_port(), usages_path=""))
    (warning,) = reload(ocm, "services[other]: added")["warnings"]
    assert warning.startswith("the next start would fail: ")
    assert 'names no service: set FileDescriptorName= in its socket unit to "codex" or "other"' in warning
    ocm.configuration["services"].pop()
    assert reload(ocm, "services[other]: removed")["warnings"] == []
    ocm.stop()


async def test_a_service_with_very_many_sockets_goes_on_after_a_kill(start_ocm, manager):
    ocm = start_ocm(start=False)
    manager.sockets = [("codex", listener(("127.0.0.1", ocm.port)))]
    manager.sockets += [("codex", listener(("127.0.0.1", 0))) for _ in range(300)]
    manager.start(ocm)
    connection = await ocm.connect()
    connection.send(connection.request("POST", "/v1/responses", {"model": "gpt-5.5", "stream": True},
                                       [("x-fake", '{"events": 200, "interval": 0.02}')]))
    response = await connection.head()
    os.kill(ocm.pid, signal.SIGKILL)
    ocm.process.wait()
    ocm.tolerate("the supervisor is gone")
    ready = len(manager.said("READY=1"))
    manager.start(ocm, wait=False)
    manager.wait_for("READY=1", ready + 1)
    async for part in connection.parts(response):
        response.body += part
    assert b"response.completed" in response.body
    connection.close()
    ocm.stop()
