"""An API key instead of a ChatGPT login, in all forms, and the change from one to the other under load."""

import asyncio
import itertools
import os
import secrets

import pytest

from harness import counts
from harness.asking import TURN
from harness.ocm import write_private
from harness.waiting import eventually_async

KEY = "sk-proj-" + secrets.token_urlsafe(36)
TOKENS = {"id_token": "a.b.c", "access_token": "d.e.f", "refresh_token": "rt_1", "account_id": "account-1"}
CHAT = {"model": "gpt-5.5", "messages": [{"role": "user", "content": "hi"}]}

FORMS = {
    "the key alone": {"OPENAI_API_KEY": KEY},
    "auth_mode apikey": {"auth_mode": "apikey", "OPENAI_API_KEY": KEY},
    "auth_mode in capitals": {"auth_mode": "ApiKey", "OPENAI_API_KEY": KEY},
    "tokens null": {"OPENAI_API_KEY": KEY, "tokens": None, "last_refresh": None},
    "tokens beside": {"auth_mode": "apikey", "OPENAI_API_KEY": KEY, "tokens": TOKENS,
                      "last_refresh": "2020-01-01T00:00:00.000000000Z"},
    "tokens beside, no mode": {"OPENAI_API_KEY": KEY, "tokens": TOKENS},
    "pasted with a line end": {"OPENAI_API_KEY": KEY + "\n"},
}


def fields(record):
    return {name.lower(): value for name, value in record["fields"]}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
async def test_an_api_key_in_any_form_goes_to_the_api_for_keys_and_is_never_refreshed(start_ocm, form):
    ocm = start_ocm(start=False)
    ocm.fake.login(mode="apikey", key=KEY)
    ocm.write_auth(form)
    before = ocm.auth_path.read_bytes()
    ocm.start()
    for path, body in (("/v1/responses", TURN), ("/v1/chat/completions", CHAT)):
        response = await ocm.ask("POST", path, body)
        assert response.status == 200
        record = ocm.fake.record(response)
        assert (record["target"], fields(record)["authorization"]) == (path, f"Bearer {KEY}")
        assert "chatgpt-account-id" not in fields(record)
    # A key that is refused is nothing to refresh.
    ocm.tolerate("credential rejected by the API")
    ocm.fake.order(times=-1, status=401)
    responses = await asyncio.gather(*(ocm.ask("POST", "/v1/responses", TURN) for _ in range(20)))
    assert {(r.status, r.json()["error"]["code"]) for r in responses} == {(400, "credential_unavailable")}
    assert [line["message"] for line in ocm.alarms()] == ["credential rejected by the API"]
    assert not any(record["target"] == "/oauth/token" for record in ocm.fake.records())
    assert ocm.auth_path.read_bytes() == before
    ocm.fake.control(clear=True)
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200


@pytest.mark.parametrize("form", [
    pytest.param({"auth_mode": "apikey"}, id="missing"),
    pytest.param({"auth_mode": "apikey", "OPENAI_API_KEY": "", "tokens": TOKENS}, id="empty, tokens beside")])
async def test_auth_mode_apikey_without_a_key_is_no_login_and_says_so(start_ocm, form):
    ocm = start_ocm(start=False)
    ocm.tolerate("credential file can't be used")
    ocm.write_auth(form)
    ocm.start()
    response = await ocm.ask("POST", "/v1/responses", TURN)
    assert response.status == 503 and int(response.header("retry-after")) >= 1
    line, = ocm.alarms()
    assert "OPENAI_API_KEY is missing" in line["reason"]
    assert ocm.fake.stats()["requests"] == 0


async def test_a_chatgpt_login_goes_to_the_api_for_logins_and_has_no_chat_completions(start_ocm):
    ocm = start_ocm()
    tokens = ocm.auth()["tokens"]
    record = ocm.fake.record(await ocm.ask("POST", "/v1/responses", TURN))
    assert record["target"] == "/backend-api/codex/responses"
    assert fields(record)["authorization"] == f"Bearer {tokens['access_token']}"
    assert fields(record)["chatgpt-account-id"] == tokens["account_id"]
    response = await ocm.ask("POST", "/v1/chat/completions", CHAT)
    assert response.status == 400
    assert response.json()["error"]["message"] == "chat completions endpoint is only available in API key mode"


@pytest.mark.deadline(120)
async def test_changing_between_the_modes_under_load_is_noticed_by_no_client(start_ocm):
    """Ten times each way, twenty with OCM_TEST_FULL=1, by renaming a new file over the old one."""
    ocm = start_ocm()
    logins = [ocm.auth()]
    over = asyncio.Event()
    served = []

    async def client(n):
        async with await ocm.connect("alice" if n % 2 else "bob") as connection:
            for turn in itertools.count():
                if over.is_set():
                    return
                text = f"client {n} turn {turn}"
                response = await connection.ask("POST", "/v1/responses", TURN | {"stream": bool(turn % 2)},
                                                fake={"text": text, "events": 2})
                assert response.status == 200 and text in response.body.decode(), response
                served.append(response.request_id)
                await asyncio.sleep(0.005)

    async def changes():
        for n in range(counts(20, 40)):
            login = ocm.fake.login(mode="chatgpt" if n % 2 else "apikey")
            logins.append(login)
            write_private(ocm.directory / "new", login)
            os.replace(ocm.directory / "new", ocm.auth_path)
            await eventually_async(lambda: credential_of(ocm.fake.requests(1)) == credential(login), 5, "the change")
        over.set()

    async with asyncio.TaskGroup() as group:
        for n in range(8):
            group.create_task(client(n))
        group.create_task(changes())
    known = {credential(login) for login in logins}
    records = [record for record in ocm.fake.requests(20000) if record["method"] == "POST"]
    assert {record["status"] for record in records} == {200}
    assert len(records) == len(served) > 100
    assert {credential_of([record]) for record in records} == known  # each was used, and nothing else
    stats = ocm.fake.settled()
    assert (stats["refreshes"], stats["refused_refreshes"]) == (0, 0)
    assert ocm.alarms() == []


def credential(login):
    """What a request with this login has: prefix, token, account."""
    if key := login.get("OPENAI_API_KEY"):
        return "/v1/responses", f"Bearer {key}", None
    tokens = login["tokens"]
    return "/backend-api/codex/responses", f"Bearer {tokens['access_token']}", tokens["account_id"]


def credential_of(records):
    """The same of a record of the fake API, None without one."""
    return next(((record["target"], fields(record).get("authorization"), fields(record).get("chatgpt-account-id"))
                 for record in records), None)
