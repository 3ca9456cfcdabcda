"""The admin socket: whose it is, who may ask, and that no byte and no peer harms the supervisor behind it."""

import json
import os
import random
import socket
import stat
import subprocess
import time

import pytest

from harness import admin, proc
from harness.tools import tool
from harness.waiting import eventually

FULL = bool(os.environ.get("OCM_TEST_FULL"))
TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


# The socket and its place.

def test_the_socket_has_mode_0660_and_is_gone_at_the_end(start_ocm):
    ocm = start_ocm()
    status = ocm.socket_path.lstat()
    assert stat.S_ISSOCK(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o660
    assert (status.st_uid, status.st_gid) == (os.geteuid(), os.getegid())
    ocm.stop()
    assert not ocm.socket_path.exists()


def test_a_supervisor_that_was_killed_leaves_a_socket_that_the_next_one_replaces(start_ocm):
    ocm = start_ocm()
    ocm.tolerate("the supervisor is gone")
    for _ in range(3):
        ocm.kill()
        assert stat.S_ISSOCK(ocm.socket_path.lstat().st_mode)
        ocm.start()
        assert admin.status(ocm.socket_path)["pid"] == ocm.pid


def test_a_second_supervisor_on_the_same_socket_is_refused_and_told_who_has_it(start_ocm):
    first = start_ocm()
    second = start_ocm(start=False, supervisor={"admin_socket": str(first.socket_path)})
    second.start(wait=False)
    assert second.process.wait(20) == 1
    assert f"process {first.pid}" in second.log() and str(first.socket_path) in second.log()
    assert admin.status(first.socket_path)["pid"] == first.pid


def test_of_many_that_start_at_once_over_a_dead_ones_socket_one_gets_it(start_ocm):
    ocm = start_ocm()
    ocm.kill()
    rivals = [start_ocm(start=False, workers=1, supervisor={"admin_socket": str(ocm.socket_path)}) for _ in range(6)]
    for rival in rivals:
        rival.start(wait=False)
    eventually(lambda: sum(rival.running for rival in rivals) == 1, 20, "all but one to be refused")
    left = next(rival for rival in rivals if rival.running)
    left.wait_ready()
    assert admin.status(ocm.socket_path)["pid"] == left.pid
    for rival in rivals:
        if rival is not left:
            assert rival.process.returncode == 1 and f"(process {left.pid})" in rival.log()


@pytest.mark.parametrize("make", [lambda path: path.write_text("mine"), lambda path: path.mkdir()], ids=["file", "folder"])
def test_what_is_no_socket_is_left_alone(start_ocm, make):
    ocm = start_ocm(start=False)
    make(ocm.socket_path)
    ocm.start(wait=False)
    assert ocm.process.wait(20) == 1
    assert "is no socket" in ocm.log() and ocm.socket_path.exists()


def test_a_socket_that_someone_else_has_put_there_is_not_removed_at_the_end(start_ocm):
    ocm = start_ocm()
    ocm.socket_path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(ocm.socket_path))
        ocm.stop()
        assert ocm.socket_path.exists()


def test_a_named_place_that_can_not_be_written_is_a_failure_to_start(start_ocm):
    ocm = start_ocm(start=False, supervisor={"admin_socket": "/proc/nowhere/admin.sock"})
    ocm.start(wait=False)
    assert ocm.process.wait(20) == 1
    assert "/proc/nowhere/admin.sock" in ocm.log() and "supervisor.admin_socket" in ocm.log()


async def test_the_default_place_that_can_not_be_written_is_a_warning_and_the_service_runs(start_ocm):
    ocm = start_ocm(start=False)
    del ocm.configuration["supervisor"]["admin_socket"]
    ocm.tolerate("there is no admin socket")
    ocm.start(variables={"RUNTIME_DIRECTORY": "/proc/nowhere"})
    assert "there is no admin socket" in ocm.log()
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200


def test_the_default_place_is_made(start_ocm):
    ocm = start_ocm(start=False)
    del ocm.configuration["supervisor"]["admin_socket"]
    place = ocm.directory / "run" / "ocm"
    ocm.start(variables={"RUNTIME_DIRECTORY": str(place)})
    assert stat.S_IMODE(place.stat().st_mode) == 0o755
    assert admin.status(place / "admin.sock")["pid"] == ocm.pid


# Who may ask.

def as_user(user, groups, *command):
    """Runs a command as another user, with these groups alone."""
    given = ["--clear-groups"] if not groups else ["--groups", ",".join(map(str, groups))]
    return subprocess.run(
        [tool("setpriv", "util-linux"), f"--reuid={user}", f"--regid={user}", *given, *command],
        capture_output=True, text=True, timeout=30)


def curl_as(user, groups, path):
    result = as_user(user, groups, tool("curl"), "-sS", "-w", "%{http_code}", "-o", "/dev/null", "--unix-socket",
                     str(path), "http://ocm/status")
    return result.stdout if result.returncode == 0 else result.stderr


@as_root
def test_strangers_can_not_connect_and_where_the_mode_lets_them_are_refused_with_one_line_of_log(start_ocm):
    ocm = start_ocm()
    ocm.tolerate("admin request refused")
    open_up(ocm)
    assert "onnect" in curl_as(60001, [], ocm.socket_path), "the mode alone keeps strangers away"
    ocm.socket_path.chmod(0o666)
    for _ in range(5):
        assert curl_as(60001, [], ocm.socket_path) == "403"
    assert ocm.log().count("admin request refused") == 1
    assert '"user":"60001"' in ocm.log()


@as_root
@pytest.mark.parametrize("groups", [[60009], [60100 + n for n in range(200)] + [60009]], ids=["one", "many"])
def test_members_of_the_sockets_group_may_ask(start_ocm, groups):
    ocm = start_ocm()
    open_up(ocm)
    assert "onnect" in curl_as(60001, groups, ocm.socket_path)
    os.chown(ocm.socket_path, -1, 60009)
    assert curl_as(60001, groups, ocm.socket_path) == "200"


def open_up(ocm):
    for directory in (ocm.directory, ocm.directory.parent):
        directory.chmod(0o755)


# Routes.

def test_other_paths_and_methods_are_told_what_there_is(start_ocm):
    path = start_ocm().socket_path
    code, _, value = admin.ask(path, target="/nothing")
    assert code == 404 and "/status" in value["error"]["message"]
    code, fields, _ = admin.ask(path, "POST", "/status", b"{}")
    assert code == 405 and fields["allow"] == "GET, HEAD"
    code, fields, value = admin.ask(path, "HEAD", "/status")
    assert code == 200 and int(fields["content-length"]) > 100 and value is None
    assert admin.ask(path, target="/status?verbose")[0] == 200
    assert admin.ask(path, "GET", "/status", b"x" * 1000)[0] == 200


def test_curl_and_old_clients_are_answered(start_ocm):
    ocm = start_ocm()
    result = subprocess.run([tool("curl"), "-sS", "--fail", "--unix-socket", ocm.socket_path, "http://ocm/status"],
                            capture_output=True, text=True, timeout=20)
    assert result.returncode == 0 and f'"pid" : {ocm.pid}' in result.stdout
    answer = admin.exchange(ocm.socket_path, b"GET /status HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


# Hostile bytes.

@pytest.mark.parametrize("data, codes", [
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), {400}),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {501, 505, 400}),
    (b"GET /status HTTP/1.1\r\n\r\n", {400}),
    (b"GET /status HTTP/1.1\nHost: x\n\n", {400}),
    (b"GET /status HTTP/9.9\r\nHost: x\r\n\r\n", {505}),
    (b"BREW /status HTTP/1.1\r\nHost: x\r\n\r\n", {501}),
    (b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n", {431}),
    (b"GET /status HTTP/1.1\r\nHost: x\r\n" + b"x: y\r\n" * 2000 + b"\r\n", {431}),
    (b"GET /status HTTP/1.1\r\nHost: x\r\nX: " + b"y" * (3 << 20), {431}),
    (b"POST /status HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", {413}),
    (b"POST /status HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", {400}),
    (b"POST /status HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", {400}),
    (b"POST /status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
     + b"ffff\r\n" + b"x" * 0xffff, {413}),
    (b"POST /status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", {400}),
], ids=["tls", "http2", "no-host", "bare-lf", "version", "method", "long-target", "many-fields", "endless-field",
        "long-body", "overflow", "two-framings", "long-chunked-body", "bad-chunk"])
def test_what_is_no_request_gets_its_error_and_harms_nothing(ocm, data, codes):
    answer = admin.exchange(ocm.socket_path, data)
    assert answer.startswith(b"HTTP/1.1 ") and int(answer[9:12]) in codes, answer[:200]
    head, _, body = answer.partition(b"\r\n\r\n")
    admin.check(json.loads(body), "Error")
    assert admin.status(ocm.socket_path)["pid"] == ocm.pid


def test_bytes_at_random_harm_nothing(ocm):
    dice = random.Random(20261122)
    request = bytearray(b"POST /status?a=b HTTP/1.1\r\nHost: ocm\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    for _ in range(5000 if FULL else 300):
        data = bytearray(request) if dice.random() < 0.8 else bytearray(dice.randbytes(dice.randrange(2000)))
        for _ in range(dice.randrange(6)):
            if data:
                data[dice.randrange(len(data))] = dice.randrange(256)
        with admin.connect(ocm.socket_path) as handle:
            handle.sendall(data[:dice.randrange(len(data) + 1)])
            handle.shutdown(socket.SHUT_WR)
            answer = admin.read_all(handle)
        assert not answer or answer.startswith(b"HTTP/1.1 "), (data, answer)
    assert admin.status(ocm.socket_path)["pid"] == ocm.pid


def test_who_is_slow_or_silent_is_answered_408_at_the_deadline_and_delays_nobody(ocm):
    before = proc.descriptors(ocm.pid)
    with admin.connect(ocm.socket_path) as slow, admin.connect(ocm.socket_path) as silent:
        start = time.monotonic()
        slow.settimeout(0.2)
        received, longest = b"", 0
        while not received and time.monotonic() < start + 15:
            slow.sendall(b"G")
            asked = time.monotonic()
            admin.status(ocm.socket_path)
            longest = max(longest, time.monotonic() - asked)
            try:
                received = slow.recv(65536)
            except TimeoutError:
                pass
        assert received.startswith(b"HTTP/1.1 408 "), received
        assert admin.read_all(silent).startswith(b"HTTP/1.1 408 ")
        assert 4 < time.monotonic() - start < 12
        assert longest < 1
    eventually(lambda: proc.descriptors(ocm.pid) <= before, 10, "the connections to be let go")


async def test_a_hundred_silent_connections_keep_nobody_from_asking(ocm):
    before = proc.descriptors(ocm.pid)
    silent = [admin.connect(ocm.socket_path) for _ in range(100)]
    try:
        start = time.monotonic()
        for _ in range(20):
            admin.status(ocm.socket_path)
        assert time.monotonic() - start < 2
        assert proc.descriptors(ocm.pid) <= before + 16
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
        # Those that gave way were told so.
        assert admin.read_all(silent[0]).startswith(b"HTTP/1.1 503 ")
    finally:
        for handle in silent:
            handle.close()
    eventually(lambda: proc.descriptors(ocm.pid) <= before, 10, "the connections to be let go")


def test_connections_that_come_and_go_leave_nothing_behind(ocm):
    before, memory = proc.descriptors(ocm.pid), proc.resident(ocm.pid)
    for _ in range(3000 if FULL else 500):
        admin.connect(ocm.socket_path).close()
    for _ in range(200):
        assert admin.status(ocm.socket_path)["pid"] == ocm.pid
    eventually(lambda: proc.descriptors(ocm.pid) <= before, 10, "the connections to be let go")
    assert proc.resident(ocm.pid) < memory + (16 << 20)
