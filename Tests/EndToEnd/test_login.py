"""Signing in: the browser's way and the device code's, into every kind of file, and all that can be in the way."""

import asyncio
import json
import os
import re
import signal
import socket
import stat
import subprocess
import time
import urllib.parse

import pytest

from harness import codex, remains
from harness.signin import CALLBACK_PORT, Person, agree, callback_port, get, visit
from harness.tls import certificate
from harness.tools import tool
from harness.waiting import eventually, eventually_async

TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}


@pytest.fixture
def person(start_ocm, directory):
    with callback_port():
        person = Person(directory, start_ocm.fake())
        person.fake.control(signin={"pending": 0})  # who is shown a code has entered it before the first question
        yield person
        person.close()


def assert_signed_in(person):
    """The file is one that the CLI would have written, with the tokens that the server issued last."""
    value = person.auth()
    assert value["auth_mode"] == "chatgpt" and value["OPENAI_API_KEY"] is None
    assert set(value["tokens"]) >= {"id_token", "access_token", "refresh_token", "account_id"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", value["last_refresh"])
    assert value["tokens"]["refresh_token"] in person.fake.stats()["live_refresh_tokens"]
    assert person.names() == ["auth.json"]
    for command in person.commands:
        assert not [token[:12] for token in person.tokens() if token in command.visible()]


def through_the_browser(person):
    command = person.login()
    page = visit(command.link())
    assert command.ends() == 0, command.errors
    return page, command


def with_a_code(person):
    command = person.login("--device")
    assert command.ends() == 0, command.errors
    return None, command


USER_CODE = r"\n  (\w{4}-\w{4})\n"
FLOWS = pytest.mark.parametrize("sign_in", [through_the_browser, with_a_code])


@FLOWS
def test_a_new_login_is_written_as_the_cli_does(person, sign_in):
    person.fake.control(signin={"account": "acc-1"})
    page, command = sign_in(person)
    assert_signed_in(person)
    text = person.auth_path.read_text()
    assert text == json.dumps(person.auth(), indent=2), "two spaces, and no line end"
    assert list(person.auth()) == ["auth_mode", "OPENAI_API_KEY", "tokens", "last_refresh"]
    assert person.auth()["tokens"]["account_id"] == "acc-1"
    assert stat.S_IMODE(person.auth_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(person.codex_home.stat().st_mode) == 0o700
    assert "Signed in as o…@example.com, pro plan.\n" in command.output
    assert f"The login is in {person.auth_path}." in command.output
    assert "owner@" not in command.output
    if page:
        assert page.status == 200 and "Signed in" in page.text
        assert page.headers["cache-control"] == "no-store"


@FLOWS
def test_what_else_is_in_the_file_survives(person, sign_in):
    kept = {"agent_identity": {"a": [1, {"b": None}]}, "later": 12345678901234567890}
    old = person.fake.login() | kept
    old["tokens"]["more"] = "kept too"
    person.write(old)
    os.chmod(person.auth_path, 0o640)
    if os.geteuid() == 0:
        os.chown(person.auth_path, 12345, 12346)
    sign_in(person)
    assert_signed_in(person)
    assert {name: person.auth()[name] for name in kept} == kept
    assert person.auth()["tokens"]["more"] == "kept too"
    assert person.auth()["tokens"]["refresh_token"] != old["tokens"]["refresh_token"]
    status = person.auth_path.stat()
    assert stat.S_IMODE(status.st_mode) == 0o640
    if os.geteuid() == 0:
        assert (status.st_uid, status.st_gid) == (12345, 12346)


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_its_target_gets_the_login(person, there):
    target = person.directory / "elsewhere" / "login.json"
    target.parent.mkdir()
    if there:
        target.write_text('{"OPENAI_API_KEY": "sk-old", "kept": 1}')
    person.codex_home.mkdir()
    person.auth_path.symlink_to("../elsewhere/login.json")
    with_a_code(person)
    assert_signed_in(person)
    assert person.auth_path.is_symlink() and ("kept" in person.auth()) == there
    assert json.loads(target.read_text()) == person.auth()


def test_half_a_file_and_a_key_give_way(person):
    for old in ('{"tokens": {"access_token": "x', '{"auth_mode": "apikey", "OPENAI_API_KEY": "sk-old"}'):
        person.write({})
        person.auth_path.write_text(old)
        _, command = with_a_code(person)
        assert_signed_in(person)
        assert ("The API key in" in command.output) == ("sk-old" in old) and "sk-old" not in command.visible()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes into other users' directories")
def test_what_root_writes_belongs_to_the_owner_of_the_place(person):
    os.chown(person.directory, 12345, 12346)
    with_a_code(person)
    for path in (person.codex_home, *person.codex_home.iterdir()):
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346), path


# What comes to the port.


def test_only_the_answer_to_this_sign_in_counts(person):
    command = person.login()
    back = agree(command.link())
    base = back.partition("?")[0]
    for query in ("", "?code=ac_x", "?code=ac_x&state=AAAAAAAAAAAAAAAAAAAAAA", "?error=access_denied",
                  "?error=access_denied&state=AAAAAAAAAAAAAAAAAAAAAA", "?state=x&" + back.partition("?")[2]):
        page = get(base + query)
        assert page.status == 400, query
    for path in ("/", "/favicon.ico", "/cancel", "/auth/callback/x", "/auth"):
        assert get(f"http://127.0.0.1:{CALLBACK_PORT}{path}").status == 404
    assert get(back, "HEAD").status == get(back, "POST").status == 405
    assert command.process.poll() is None and not person.auth_path.exists()
    assert person.fake.stats()["signin"]["log"] == ["agreed"]
    assert get(back).status == 200
    assert command.ends() == 0
    assert "answer to another sign-in" in command.output
    assert_signed_in(person)


def test_those_who_connect_and_say_nothing_or_nonsense_are_in_nobodys_way(person):
    command = person.login()
    link = command.link()
    idle = [socket.create_connection(("127.0.0.1", CALLBACK_PORT)) for _ in range(20)]
    half = socket.create_connection(("127.0.0.1", CALLBACK_PORT))
    half.sendall(b"GET /auth/callback?code=ac_x&state=")
    for noise in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\r\n\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
                  b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n", b"G"):
        with socket.create_connection(("127.0.0.1", CALLBACK_PORT)) as handle:
            handle.sendall(noise)
    page = visit(link)
    assert page.status == 200
    assert command.ends() == 0
    assert_signed_in(person)
    for handle in (*idle, half):
        handle.close()


def test_however_many_say_nothing_the_browser_is_served_at_once(person):
    command = person.login()
    link = command.link()
    idle = [socket.create_connection(("127.0.0.1", CALLBACK_PORT)) for _ in range(40)]
    before = time.monotonic()
    assert visit(link).status == 200
    assert command.ends() == 0 and time.monotonic() - before < 3
    assert_signed_in(person)
    for handle in idle:
        handle.close()


def test_a_denial_is_shown_and_changes_nothing(person):
    person.fake.control(signin={"deny": ["access_denied", "<b>No</b> way"]})
    command = person.login()
    page = visit(command.link())
    assert page.status == 200 and "Not signed in" in page.text and "&lt;b&gt;No" in page.text
    assert command.ends() == 1
    assert 'the sign-in was refused: access_denied, "<b>No</b> way"' in command.errors
    assert person.names() == []


def test_a_denied_device_is_told_so(person):
    person.fake.control(signin={"deny": ["access_denied", "No."]})
    command = person.login("--device")
    assert command.ends() == 1
    assert "the sign-in was refused: access_denied" in command.errors
    assert person.names() == []


def test_a_port_in_use_is_named_with_its_holder_and_a_way_out(person):
    with socket.create_server(("127.0.0.1", CALLBACK_PORT)):
        command = person.login()
        assert command.ends() == 1
    assert f"127.0.0.1:1455 is in use by process {os.getpid()} (" in command.errors
    assert "--device" in command.errors
    assert command.output == ""
    assert person.fake.stats()["requests"] == 0


@pytest.mark.parametrize("flow", ["browser", "device"])
def test_nothing_secret_can_be_seen_of_it(person, flow):
    """Beside the tokens the proof key's verifier: with it and the code anybody could get them."""
    person.fake.control(signin={"pending": -1})
    if flow == "browser":
        command = person.login()
        link = command.link()
        seen = command.visible()
        visit(link)
    else:
        command = person.login("--device")
        code = command.says(USER_CODE).group(1)
        seen = command.visible()
        get(f"{person.fake.url}/codex/device?user_code={code}")
    assert command.ends() == 0
    seen += command.visible()
    asked = {r["target"]: r["body"] for r in person.fake.requests() if r["body"]}
    exchange = dict(urllib.parse.parse_qsl(asked["/oauth/token"]))
    assert set(exchange) == {"grant_type", "client_id", "code", "redirect_uri", "code_verifier"}
    secret = [exchange["code"], exchange["code_verifier"], *person.tokens()]
    if flow == "device":
        secret.append(json.loads(asked["/api/accounts/deviceauth/token"])["device_auth_id"])
    assert "ocm-supervisor\0login" in seen or os.geteuid() != 0, "its arguments were looked at"
    assert not [text for text in secret if text in seen]


@pytest.mark.parametrize("flow", ["browser", "device"])
def test_an_interrupt_leaves_everything_as_it_was(person, flow):
    old = person.fake.login()
    person.write(old)
    person.fake.control(signin={"pending": -1})
    command = person.login(*(["--device"] if flow == "device" else []))
    command.says("Ctrl-C ends it")
    command.interrupt()
    assert command.ends() == -signal.SIGINT
    assert person.auth() == old and person.names() == ["auth.json"]


def test_the_code_is_asked_about_until_it_is_entered_and_not_too_often(person):
    person.fake.control(signin={"pending": -1})
    command = person.login("--device")
    page, code = command.says(r"  (http\S+/codex/device)\n"), command.says(USER_CODE)
    eventually(lambda: [r["status"] for r in person.fake.records()].count(403) >= 2, 10, "two questions")
    assert get(f"{page.group(1)}?user_code=WRONG").status == 404
    assert get(f"{page.group(1)}?user_code={code.group(1)}").status == 200
    assert command.ends() == 0
    assert "polled too early" not in person.fake.stats()["signin"]["log"]
    assert_signed_in(person)


# A server in trouble.


@pytest.mark.parametrize("trouble, message", [
    ({"status": 400, "json": {"error": "invalid_grant"}}, "refused with status 400, invalid_grant"),
    ({"status": 500}, "refused with status 500"),
    ({"json": {"access_token": "a", "refresh_token": "r"}}, "not what was expected"),
    ({"body": "<html>"}, "refused with status 200"),
    ({"hangup": True}, "no answer from http"),
    ({"raw": "SSH-2.0-OpenSSH_9.2\r\n"}, "no answer from http"),
])
def test_a_token_endpoint_in_trouble_is_said_so_in_both_places(person, trouble, message):
    old = person.fake.login()
    person.write(old)
    person.fake.order(route="token", **trouble)
    command = person.login()
    page = visit(command.link())
    assert command.ends() == 1
    assert message in command.errors and "Not signed in" in page.text
    assert person.auth() == old and person.names() == ["auth.json"]


def test_a_device_endpoint_in_trouble(person):
    person.fake.control(signin={"devices_allowed": False})
    command = person.login("--device")
    assert command.ends() == 1 and "offers no sign-in by device code" in command.errors
    person.fake.control(signin={"devices_allowed": True})
    for trouble, message in (({"status": 500}, "refused with status 500"), ({"hangup": True}, "no answer from"),
                             ({"json": {"user_code": "\x1b[2J", "device_auth_id": "x"}}, "not what was expected")):
        person.fake.order(route="device", **trouble)
        command = person.login("--device")
        assert command.ends() == 1
        assert message in command.errors and "\x1b" not in command.output + command.errors
    assert person.names() == []


@pytest.mark.deadline(60)
def test_a_server_that_fails_for_a_while_is_asked_again(person):
    person.fake.control(signin={"pending": -1})
    command = person.login("--device")
    code = command.says(USER_CODE).group(1)
    person.fake.order(route="device", hangup=True)
    eventually(lambda: not person.fake.stats()["orders_left"], 10, "the question that was hung up on")
    get(f"{person.fake.url}/codex/device?user_code={code}")
    assert command.ends() == 0
    assert_signed_in(person)


def test_a_server_is_trusted_by_the_configuration_and_else_told_nothing(person, start_ocm):
    trusted, key = certificate(person.directory, "oauth", "IP:127.0.0.1")
    person.fake = start_ocm.fake("--tls-certificate", trusted, "--tls-key", key)
    person.fake.control(signin={"pending": 0})
    person.configure({})
    command = person.login("--device")
    assert command.ends() == 1 and "no answer from https" in command.errors and "certificate" in command.errors
    assert person.fake.stats()["requests"] == 0
    person.configure({}, certificate={"certificate_path": [trusted]})
    with_a_code(person)
    assert_signed_in(person)


# A file that can't be written.


@pytest.fixture
def small_disk(person):
    """The home is a file system of 256 KiB."""
    person.codex_home.mkdir()
    mounted = subprocess.run([tool("mount"), "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(person.codex_home)],
                             capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"may not mount: {mounted.stderr.strip()}")
    yield person.codex_home
    subprocess.run([tool("umount"), "-l", str(person.codex_home)], check=True)


def fill(place):
    with open(place / "filler", "ab", buffering=0) as filler:
        try:
            while True:
                filler.write(b"\0" * 4096)
        except OSError:
            pass


def test_a_full_disk_is_said_so_before_anybody_signs_in(person, small_disk):
    old = person.fake.login()
    person.write(old)
    fill(small_disk)
    for arguments in ((), ("--device",)):
        command = person.login(*arguments)
        assert command.ends() == 1
        assert f"{person.auth_path} can't be written, so nobody was signed in: " in command.errors
        assert "No space left on device" in command.errors and command.output == ""
    assert person.fake.stats()["requests"] == 0
    assert person.auth() == old and person.names() == ["auth.json", "filler"]


def test_tokens_that_can_not_be_saved_after_all_are_kept_until_there_is_room(person, small_disk):
    old = person.fake.login()
    person.write(old)
    command = person.login()
    link = command.link()
    fill(small_disk)
    back = agree(link)
    browser = subprocess.Popen([tool("curl"), "-s", back], stdout=subprocess.PIPE, text=True)
    command.says("kept in memory")
    assert person.auth() == old
    os.unlink(small_disk / "filler")
    assert command.ends() == 0
    page, _ = browser.communicate(timeout=10)
    assert "Signed in" in page
    assert_signed_in(person)


def test_a_read_only_directory_is_said_so_before_anybody_signs_in(person, small_disk):
    subprocess.run([tool("mount"), "-o", "remount,ro", str(small_disk)], check=True)
    command = person.login()
    assert command.ends() == 1
    assert "Read-only file system" in command.errors and command.output == ""


def test_a_directory_in_the_files_place_is_said_so(person):
    person.auth_path.mkdir(parents=True)
    command = person.login()
    assert command.ends() == 1
    assert "it is a directory" in command.errors and command.output == ""


@pytest.mark.parametrize("make, message", [
    (lambda path: bound(path), "it is not a regular file"),
    (lambda path: os.mkfifo(path), "it is not a regular file"),
    (lambda path: path.symlink_to("/dev/null"), "it is not a regular file"),
    (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
], ids=["socket", "pipe", "device", "loop"])
@pytest.mark.parametrize("flow", [(), ("--device",)], ids=["browser", "device code"])
def test_what_can_never_be_a_login_is_said_so_before_anybody_signs_in(person, make, message, flow):
    person.codex_home.mkdir()
    make(person.auth_path)
    command = person.login(*flow)
    assert command.ends() == 1
    assert message in command.errors and "nobody was signed in" in command.errors and command.output == ""
    assert person.names() == ["auth.json"]


def bound(path):
    with socket.socket(socket.AF_UNIX) as handle:
        handle.bind(str(path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_somebody_elses_file_is_not_taken_from_them(person, tmp_path):
    person.write(person.fake.login())
    for path in (person.directory, person.codex_home):
        os.chmod(path, 0o777)
    os.chmod(person.config, 0o644)
    os.chmod(person.auth_path, 0o644)
    os.chown(person.auth_path, 12345, 12346)
    command = person.login(prefix=[tool("setpriv", "util-linux"), "--reuid", "12399", "--regid", "12399",
                                   "--clear-groups"])
    assert command.ends() == 1
    assert "auth.json belongs to user 12345" in command.errors and command.output == ""


# Which login.


def test_several_logins_have_to_be_chosen_from(person):
    other = person.directory / "other.json"
    remains.belongs(other)
    person.configure({"tag": "one"}, {"tag": "two", "credential_path": str(other)})
    command = person.login("--device")
    assert command.ends() == 64 and "--service TAG" in command.errors and str(other) in command.errors
    assert person.login("--device", "--service", "three").ends() == 64
    assert person.login("--device", "--service", "two").ends() == 0
    assert other.exists() and not person.auth_path.exists()
    os.symlink(other, person.directory / "same.json")
    person.configure({"tag": "one", "credential_path": str(person.directory / "same.json")},
                     {"tag": "two", "credential_path": str(other)})
    assert person.login("--device").ends() == 0, "one file by two names"


def test_without_a_path_in_the_configuration_it_is_the_clis_own(person):
    config = json.loads(person.config.read_text())
    del config["services"][0]["credential_path"]
    person.config.write_text(json.dumps(config))
    assert person.login("--device", environment={"CODEX_HOME": str(person.codex_home)}).ends() == 0
    assert_signed_in(person)
    assert person.login("--device").ends() == 0
    assert (person.directory / ".codex" / "auth.json").exists()


# With OCM and with the CLI.


async def becomes(ocm, status):
    async def look():
        return (await ocm.ask("POST", "/v1/responses", TURN)).status == status

    await eventually_async(look, 10, f"status {status}")


@pytest.mark.deadline(60)
async def test_an_ocm_that_runs_takes_the_login_up_and_stops_with_the_logout(start_ocm, directory):
    ocm = start_ocm(auth=None)
    ocm.tolerate(r"(?i)credential|auth\.json|login|sign")
    person = Person(directory, ocm.fake)
    ocm.fake.control(signin={"pending": 0})
    person.configure({"credential_path": str(ocm.auth_path)})
    await becomes(ocm, 503)
    for _ in range(2):
        command = person.login("--device")
        assert command.ends() == 0, command.errors
        await becomes(ocm, 200)
        tokens = json.loads(ocm.auth_path.read_text())["tokens"]
        ocm.secrets += [tokens[name] for name in ("id_token", "access_token", "refresh_token")]
        command = person.logout()
        assert command.ends() == 0, command.errors
        await becomes(ocm, 503)
        assert ocm.fake.stats()["signin"]["revoked"][-1] == tokens["refresh_token"]
    assert ocm.fake.stats()["refreshes"] == 0


@pytest.mark.deadline(60)
async def test_a_login_that_had_died_serves_again_after_signing_in(start_ocm, directory):
    ocm = start_ocm()
    ocm.tolerate(r"(?i)credential|refresh|sign|login")
    person = Person(directory, ocm.fake)
    ocm.fake.control(signin={"pending": 0})
    person.configure({"credential_path": str(ocm.auth_path)})
    ocm.fake.control(revoke_access=True, revoke_refresh=True)
    await becomes(ocm, 400)
    assert person.login("--device").ends() == 0
    await becomes(ocm, 200)


@pytest.mark.deadline(60)
async def test_a_sign_in_during_a_refresh_waits_for_it_and_has_the_last_word(start_ocm, directory):
    ocm = start_ocm()
    person = Person(directory, ocm.fake)
    person.configure({"credential_path": str(ocm.auth_path)})
    ocm.fake.control(signin={"pending": 0, "account": ocm.auth()["tokens"]["account_id"]}, revoke_access=True)
    ocm.fake.order(route="token", delay=3)
    waiting = asyncio.create_task(ocm.ask("POST", "/v1/responses", TURN))

    def exchanges():
        return [r for r in ocm.fake.requests() if r["target"] == "/oauth/token"]

    await eventually_async(lambda: exchanges(), 10, "the refresh")
    command = person.login("--device")
    status = await asyncio.to_thread(command.ends)
    assert status == 0, command.errors
    assert (await waiting).status == 200
    refresh, sign_in = exchanges()
    assert "refresh_token" in refresh["body"] and "authorization_code" in sign_in["body"]
    issued = json.loads(sign_in["answer"])
    assert ocm.auth()["tokens"]["refresh_token"] == issued["refresh_token"]

    async def uses_it():
        fields = ocm.fake.record(await ocm.ask("POST", "/v1/responses", TURN))["fields"]
        return f"Bearer {issued['access_token']}" in [value for _, value in fields]

    await eventually_async(uses_it, 5, "the new login to be used")
    assert ocm.auth()["tokens"]["refresh_token"] == issued["refresh_token"]
    assert ocm.fake.stats()["reused_refresh_tokens"] == 0


@FLOWS
def test_the_cli_takes_the_login(person, sign_in):
    sign_in(person)
    home = person.codex_home
    (home / "config.toml").write_text(f"""
model = "gpt-5.5"
model_provider = "fake"
[model_providers.fake]
name = "Fake"
base_url = "{person.fake.url}/backend-api/codex"
wire_api = "responses"
requires_openai_auth = true
""")
    status = codex.command(home, "login", "status")
    assert status.returncode == 0 and "Logged in using ChatGPT" in status.stderr
    person.fake.order(text="Hello from the far side.")
    turn = codex.command(home, "exec", "--skip-git-repo-check", "say hi")
    assert turn.returncode == 0, turn.stderr
    assert turn.stdout.strip() == "Hello from the far side."
    asked = next(r for r in person.fake.requests() if r["target"].endswith("/responses") and r["status"] == 200)
    fields = {name.lower(): value for name, value in asked["fields"]}
    tokens = person.auth()["tokens"]
    assert fields["authorization"] == f"Bearer {tokens['access_token']}"
    assert fields["chatgpt-account-id"] == tokens["account_id"]


def test_the_clis_own_sign_in_passes_at_the_fake(person):
    """The fake is written from the specification; the real client is its judge."""
    person.codex_home.mkdir()
    done = codex.command(person.codex_home, "login", "--experimental_issuer", person.fake.url, "--device-auth")
    assert done.returncode == 0, done.stderr
    theirs = person.auth()
    with_a_code(person)
    assert list(person.auth()) == list(theirs) and list(person.auth()["tokens"]) == list(theirs["tokens"])
    done = codex.command(person.codex_home, "logout", CODEX_REVOKE_TOKEN_URL_OVERRIDE=person.fake.url + "/oauth/revoke")
    assert done.returncode == 0 and not person.auth_path.exists()
