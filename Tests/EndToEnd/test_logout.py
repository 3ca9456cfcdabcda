"""Signing out: tokens revoked, and every file gone that holds some."""

import hashlib
import json
import os
import stat
import subprocess

import pytest

from harness.ocm import write_private
from harness.signin import Person
from harness.tools import tool


@pytest.fixture
def person(start_ocm, directory):
    person = Person(directory, start_ocm.fake())
    yield person
    person.close()


def revoked(person):
    return person.fake.stats()["signin"]["revoked"]


def test_the_refresh_token_is_revoked_and_the_file_removed(person):
    login = person.fake.login()
    person.write(login)
    command = person.logout()
    assert command.ends() == 0, command.errors
    assert command.output == f"Signed out: {person.auth_path} is removed.\n" and command.errors == ""
    assert person.names() == []
    assert revoked(person) == [login["tokens"]["refresh_token"]]
    assert person.fake.stats()["live_refresh_tokens"] == []
    asked = next(r for r in person.fake.requests() if r["target"] == "/oauth/revoke")
    assert json.loads(asked["body"]) == {"token": login["tokens"]["refresh_token"], "token_type_hint": "refresh_token",
                                         "client_id": "app_EMoamEEZ73f0CkXaXp7hrann"}


def test_an_access_token_alone_is_revoked_as_one(person):
    login = person.fake.login()
    del login["tokens"]["refresh_token"]
    person.write(login)
    assert person.logout().ends() == 0
    assert revoked(person) == [login["tokens"]["access_token"]]
    asked = next(r for r in person.fake.requests() if r["target"] == "/oauth/revoke")
    assert json.loads(asked["body"]) == {"token": login["tokens"]["access_token"], "token_type_hint": "access_token"}


def test_the_clis_variable_says_where_tokens_are_revoked(person):
    person.write(person.fake.login())
    place = {"CODEX_REVOKE_TOKEN_URL_OVERRIDE": person.fake.url + "/elsewhere"}
    assert person.logout(environment=place).ends() == 1, "there is nothing there"
    assert [r["target"] for r in person.fake.requests()] == ["/elsewhere"]
    assert person.logout(environment={"CODEX_REVOKE_TOKEN_URL_OVERRIDE": "nonsense"}).ends() == 64


def test_nobody_signed_in_is_no_failure(person):
    for _ in range(2):
        command = person.logout()
        assert command.ends() == 0
        assert command.output == f"Not signed in: there is no {person.auth_path}.\n"
        person.codex_home.mkdir(exist_ok=True)
    assert person.fake.stats()["requests"] == 0


def test_a_key_is_removed_and_nothing_revoked(person):
    person.write(person.fake.login(mode="apikey"))
    command = person.logout()
    assert command.ends() == 0
    assert "The API key in it is still good" in command.output
    assert person.names() == [] and person.fake.stats()["requests"] == 0


@pytest.mark.parametrize("trouble, message", [
    ({"status": 500}, "refused with status 500"),
    ({"status": 400, "json": {"error": "invalid_request"}}, "refused with status 400, invalid_request"),
    ({"hangup": True}, "no answer from http"),
])
def test_where_the_server_can_not_be_told_the_file_goes_all_the_same(person, trouble, message):
    login = person.fake.login()
    person.write(login)
    person.fake.order(route="revoke", **trouble)
    command = person.logout()
    assert command.ends() == 1
    assert "Signed out" in command.output
    assert "warning: the tokens could not be revoked: " in command.errors and message in command.errors
    assert person.names() == []
    assert login["tokens"]["refresh_token"] not in command.visible()


@pytest.mark.parametrize("text, reason", [
    (b"", "it is empty"),
    (b"[Unit]\nDescription=something else\n", "it is not valid JSON"),
    (b'{"tokens": {"refresh_token": "rt_half', "it ends too early"),
    (b'["a list"]', "the file has the wrong type"),
    (b'"' + b"x" * (1 << 20) + b'"', "a login has at most"),
], ids=["empty", "another", "half", "list", "large"])
def test_a_file_that_is_no_login_stays_and_so_does_what_lies_beside_it(person, text, reason):
    person.write({})
    person.auth_path.write_bytes(text)
    copy = person.codex_home / ".auth.json.ocm-answer-0123456789abcdef"
    copy.write_bytes(b"not a copy")
    command = person.logout()
    assert command.ends() == 1 and command.output == ""
    assert reason in command.errors and "nothing was revoked or removed" in command.errors
    assert "rt_half" not in command.errors
    assert person.auth_path.read_bytes() == text and copy.exists()
    assert not list(person.codex_home.glob("*.ocm-lock")), "not even a lock"


def through_a_link(path):
    """A device by any other name."""
    device = path.parent / "device"
    os.mknod(device, stat.S_IFCHR | 0o600, os.makedev(1, 3))  # /dev/null's
    path.symlink_to(device)


@pytest.mark.parametrize("make", [
    pytest.param(through_a_link, marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")),
    os.mkfifo, os.mkdir,
], ids=["device", "pipe", "directory"])
def test_what_is_no_file_stays(person, make):
    person.codex_home.mkdir()
    make(person.auth_path)
    before = person.names()
    command = person.logout()
    assert command.ends() == 1 and command.output == ""
    assert "nothing was revoked or removed: it is " in command.errors
    assert person.names() == before


def test_a_file_without_a_login_in_it_stays(person):
    person.write({"other": 1})
    command = person.logout()
    assert command.ends() == 0 and command.errors == ""
    assert command.output == f"Not signed in: there is no login in {person.auth_path}.\n"
    assert person.auth() == {"other": 1}


def test_what_an_interrupted_refresh_has_left_is_revoked_and_removed(person):
    login, later = person.fake.login(), person.fake.login()
    person.write(login)
    body = json.dumps(later["tokens"]).encode()
    digest = hashlib.sha256(login["tokens"]["refresh_token"].encode()).hexdigest()
    answer = f"ocm-answer 1 {digest}\nHTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    (person.codex_home / ".auth.json.ocm-answer-0123456789abcdef").write_bytes(answer)
    (person.codex_home / ".auth.json.ocm-answer-1123456789abcdef").write_bytes(b"not a copy")
    (person.codex_home / ".auth.json.ocm-new-0123456789abcdef").write_text(json.dumps(later))
    (person.codex_home / "config.toml").write_text("")
    assert person.logout().ends() == 0
    assert person.names() == ["config.toml"]
    assert sorted(revoked(person)) == sorted([login["tokens"]["refresh_token"], later["tokens"]["refresh_token"]])


def test_the_target_of_a_link_goes_and_the_link_stays(person):
    target = person.directory / "login.json"
    target.write_text(json.dumps(person.fake.login()))
    person.codex_home.mkdir()
    person.auth_path.symlink_to(target)
    assert person.logout().ends() == 0
    assert not target.exists() and person.auth_path.is_symlink()
    command = person.logout()
    assert command.ends() == 0 and "Not signed in" in command.output


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_a_file_that_is_mounted_by_itself_says_that_nobody_is_signed_in(person):
    source = person.directory / "source.json"
    source.write_text(json.dumps(person.fake.login()))
    person.write({})
    mounted = subprocess.run([tool("mount"), "--bind", str(source), str(person.auth_path)], capture_output=True)
    if mounted.returncode:
        pytest.skip("may not mount")
    try:
        assert person.logout().ends() == 0
        assert person.auth() == {} and len(revoked(person)) == 1
        again = person.logout()
        assert again.ends() == 0 and "Not signed in" in again.output
    finally:
        subprocess.run([tool("umount"), "-l", str(person.auth_path)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_file_that_can_not_be_removed_is_a_failure(person):
    login = person.fake.login()
    person.write(login)
    for path in (person.directory, person.codex_home):
        os.chmod(path, 0o755)
    for path in (person.config, person.auth_path):
        os.chmod(path, 0o644)
    command = person.logout(prefix=[tool("setpriv", "util-linux"), "--reuid", "12399", "--regid", "12399",
                                    "--clear-groups"])
    assert command.ends() == 1
    assert "could not be removed: unlink: Permission denied" in command.errors and command.output == ""
    assert revoked(person) == [login["tokens"]["refresh_token"]]
    assert stat.S_IMODE(person.auth_path.stat().st_mode) == 0o644


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_where_nobody_can_look_for_what_is_left_the_sign_out_is_not_called_done(person):
    person.write(person.fake.login())
    copy = person.codex_home / ".auth.json.ocm-answer-0123456789abcdef"
    write_private(copy, {"refresh_token": "left"})
    person.directory.chmod(0o755)
    person.config.chmod(0o644)
    for path in (person.codex_home, person.auth_path, copy):
        os.chown(path, 12399, 12399)
    person.codex_home.chmod(0o300)
    command = person.logout(prefix=[tool("setpriv", "util-linux"), "--reuid", "12399", "--regid", "12399",
                                    "--clear-groups"])
    assert command.ends() == 1
    assert "can't be listed" in command.errors and command.output == ""
    assert person.names() == [copy.name]
