"""`status`: what an operator learns of the service and its login, on the page and in JSON."""

import calendar
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from harness import admin
from harness.ocm import binaries, free_port
from harness.tools import tool
from harness.waiting import eventually, eventually_async

TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}


def run(*arguments, prefix=(), **variables):
    return subprocess.run(
        [*prefix, str(binaries() / "ocm-supervisor"), "status", *map(str, arguments)], cwd="/", capture_output=True,
        text=True, timeout=30, env={"HOME": "/nonexistent", "PATH": os.environ["PATH"], "TZ": "UTC", **variables})


def page(ocm, **variables):
    result = run("-c", ocm.directory / "config.json", **variables)
    assert result.returncode == 0 and result.stderr == "", result
    assert not any(secret in result.stdout for secret in ocm.secrets)
    return result.stdout


def credential(ocm):
    """The login's part of the answer, in which there is no secret."""
    value = admin.status(ocm.socket_path)
    text = json.dumps(value)
    assert not any(secret in text for secret in ocm.secrets)
    return value["services"][0]["credential"]


def becomes(ocm, **wanted):
    def look():
        found = credential(ocm)
        return all(found.get(name) == value for name, value in wanted.items()) and found

    return eventually(look, 10, f"{wanted}")


# What is served.

def test_the_page_says_what_is_served_by_whom_and_how_the_login_is(start_ocm):
    ocm = start_ocm()
    text = page(ocm)
    assert re.match(rf"OCM \S+ is serving: process {ocm.pid}, started \S.* \(\d\d:\d\d:\d\d UTC\)\n", text)
    assert f"Configuration: {ocm.directory}/config.json" in text
    assert f"listens on    127.0.0.1:{ocm.port}\n" in text
    assert "users         2\n" in text
    assert "login         valid\n" in text
    assert "account       o…@example.com, pro plan\n" in text
    assert re.search(r"token         expires in (59 min|1 h) \(.+ UTC\)\n", text)
    assert f"file          {ocm.auth_path}\n" in text
    assert f"usage         counted in {ocm.usage_path}\n" in text and "wait in memory" not in text
    assert "Workers: 2 of 2 serving\n" in text
    assert all(re.search(rf"^  {pid} +serving, started ", text, re.MULTILINE) for pid in ocm.workers())


def test_times_are_those_of_the_local_zone(start_ocm):
    text = page(start_ocm(), TZ="Asia/Kolkata")
    assert " IST)" in text and "UTC" not in text


def test_json_is_the_answer_as_it_came(start_ocm):
    ocm = start_ocm()
    result = run("--socket", ocm.socket_path, "--json")
    assert result.returncode == 0
    value = json.loads(result.stdout)
    admin.check(value, "Status")
    assert value["pid"] == ocm.pid and value["state"] == "serving"
    assert value["configuration"] == f"{ocm.directory}/config.json"
    assert sorted(worker["pid"] for worker in value["workers"]) == ocm.workers()
    assert {worker["state"] for worker in value["workers"]} == {"serving"}


def test_several_services_and_the_port_that_the_system_chose(start_ocm):
    ocm = start_ocm(start=False)
    other = {"type": "ocm", "tag": "open", "listen": "::1", "credential_path": str(ocm.directory / "none.json")}
    ocm.configuration["services"].append(other)
    ocm.tolerate("(?i)login", "without users|no users|everyone")
    ocm.start()
    first, second = admin.status(ocm.socket_path)["services"]
    assert (first["tag"], first["users"], first["listeners"]) == (
        "codex", 2, [{"address": "127.0.0.1", "port": ocm.port}])
    assert (second["tag"], second["users"]) == ("open", 0)
    port = second["listeners"][0]["port"]
    with socket.create_connection(("::1", port), 5):
        pass
    text = page(ocm)
    assert f"listens on    [::1]:{port}\n" in text and "everyone may use it" in text


def test_a_worker_that_was_replaced_is_seen(start_ocm):
    ocm = start_ocm()
    ocm.tolerate("worker died")
    old = ocm.workers()
    os.kill(old[0], signal.SIGKILL)

    def look():
        workers = admin.status(ocm.socket_path)["workers"]
        return [worker for worker in workers if worker["state"] == "serving"] if len(workers) == 2 else []

    eventually(lambda: len(look()) == 2 and old[0] not in [worker["pid"] for worker in look()], 10, "the new worker")


async def test_while_it_stops_it_says_so(start_ocm):
    ocm = start_ocm()
    async with await ocm.connect() as connection:
        slow = ("x-fake", json.dumps({"events": 10000, "interval": 0.01}))
        connection.send(connection.request("POST", "/v1/responses", TURN, [slow]))
        assert (await connection.head()).status == 200
        ocm.signal(signal.SIGTERM)
        value = await eventually_async(
            lambda: (found := admin.status(ocm.socket_path))["state"] == "stopping" and found, 5, "the stop")
        assert value["services"][0]["listeners"] == []
        assert "draining" in {worker["state"] for worker in value["workers"]}
        assert "is stopping" in page(ocm)
    ocm.process.wait(20)
    assert not ocm.socket_path.exists()


# The states of a login.

def test_a_valid_login(start_ocm):
    found = credential(start_ocm(lifetime=7200))
    assert (found["state"], found["usable"], found["mode"]) == ("valid", True, "chatgpt")
    assert (found["account"], found["plan"]) == ("o…@example.com", "pro")
    left = calendar.timegm(time.strptime(found["expires"], "%Y-%m-%dT%H:%M:%SZ")) - time.time()
    assert 7100 < left <= 7200
    assert "reason" not in found and "unsaved" not in found


def test_an_api_key(start_ocm):
    ocm = start_ocm(auth="apikey")
    found = credential(ocm)
    assert (found["state"], found["usable"], found["mode"]) == ("valid", True, "apikey")
    assert set(found) == {"path", "state", "usable", "mode"}
    assert "login         API key\n" in page(ocm)


def test_no_login_and_then_one(start_ocm):
    ocm = start_ocm(auth=None)
    ocm.tolerate("(?i)login")
    found = credential(ocm)
    assert (found["state"], found["usable"]) == ("absent", False)
    assert "ocm-supervisor login" in found["reason"] and "mode" not in found
    assert "login         none\n" in page(ocm) and "503" in page(ocm)
    ocm.sign_in()
    becomes(ocm, state="valid", usable=True, mode="chatgpt")


async def test_a_refresh_that_is_under_way(start_ocm):
    ocm = start_ocm(lifetime=-10, start=False)
    ocm.fake.order(route="token", delay=2)
    ocm.fake.control(lifetime=3600)
    ocm.start()
    becomes(ocm, state="refreshing", usable=False)
    assert "login         being refreshed\n" in page(ocm)
    becomes(ocm, state="valid", usable=True)


async def test_a_refresh_that_fails_says_why_and_that_it_is_tried_again(start_ocm):
    ocm = start_ocm()
    ocm.tolerate("(?i)refresh|rejected")
    ocm.fake.order(route="token", times=-1, status=500)
    ocm.fake.control(revoke_access=True)
    await ocm.ask("POST", "/v1/responses", TURN)
    found = becomes(ocm, state="failing", usable=False)
    assert "status 500" in found["reason"]
    text = page(ocm)
    assert "tried again" in text and "status 500" in text and "503" in text
    ocm.fake.control(clear=True)
    becomes(ocm, state="valid", usable=True)
    assert "reason" not in credential(ocm)


async def test_a_login_that_has_ended_says_sign_in_again(start_ocm):
    ocm = start_ocm()
    ocm.tolerate("(?i)refresh|rejected|login")
    ocm.fake.control(revoke_access=True, revoke_refresh=True)
    await ocm.ask("POST", "/v1/responses", TURN)
    found = becomes(ocm, state="dead", usable=False)
    assert "revoked" in found["reason"]
    text = page(ocm)
    assert "login         ended: sign in again\n" in text and "ocm-supervisor login" in text
    ocm.sign_in()
    becomes(ocm, state="valid", usable=True)


# Nobody answers.

def test_without_a_supervisor_it_says_where_it_looked_and_what_would_be_right(tmp_path):
    result = run("--socket", tmp_path / "admin.sock")
    assert (result.returncode, result.stdout) == (1, "")
    assert f"{tmp_path}/admin.sock" in result.stderr
    assert "-c FILE" in result.stderr and "--socket PATH" in result.stderr and "run -c" in result.stderr


def test_after_a_kill_it_says_that_the_supervisor_has_ended(start_ocm):
    ocm = start_ocm()
    ocm.kill()
    result = run("-c", ocm.directory / "config.json")
    assert result.returncode == 1
    assert str(ocm.socket_path) in result.stderr and "has ended without removing it" in result.stderr


def test_what_is_no_socket_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    result = run("--socket", tmp_path / "file")
    assert result.returncode == 1 and str(tmp_path / "file") in result.stderr


def test_a_path_that_no_socket_can_have_is_a_usage_error():
    result = run("--socket", "/" + "x" * 107)
    assert result.returncode == 64 and "107" in result.stderr


def test_the_default_places_are_all_named(tmp_path):
    result = run(XDG_RUNTIME_DIR=str(tmp_path), RUNTIME_DIRECTORY=str(tmp_path / "run"))
    assert result.returncode == 1
    assert f"{tmp_path}/run/admin.sock or /run/ocm/admin.sock" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_who_may_not_ask_is_told_whose_it_is(start_ocm):
    ocm = start_ocm()
    for directory in (ocm.directory, ocm.directory.parent):
        directory.chmod(0o755)
    nobody = [tool("setpriv", "util-linux"), "--reuid=60001", "--regid=60001", "--clear-groups"]
    result = run("--socket", ocm.socket_path, prefix=nobody)
    assert result.returncode == 77
    assert "belongs to root:root" in result.stderr and "group" in result.stderr
    ocm.socket_path.chmod(0o666)
    ocm.tolerate("admin request refused")
    assert run("--socket", ocm.socket_path, prefix=nobody).returncode == 77


def test_a_supervisor_that_hangs_is_no_supervisor_that_is_gone(start_ocm):
    ocm = start_ocm()
    ocm.signal(signal.SIGSTOP)
    try:
        result = run("--socket", ocm.socket_path)
    finally:
        ocm.signal(signal.SIGCONT)
    assert result.returncode == 1 and "did not answer within 5 s" in result.stderr


def test_what_answers_and_is_no_supervisor_is_named(tmp_path):
    path = f"/tmp/ocm-{free_port()}.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        command = subprocess.Popen([str(binaries() / "ocm-supervisor"), "status", "--socket", path],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        other, _ = listener.accept()
        other.sendall(b"220 mail.example.com ESMTP\r\n")
        other.close()
        out, err = command.communicate(timeout=20)
    os.unlink(path)
    assert (command.returncode, out) == (1, "") and "no supervisor" in err
