"""Who may come in, and by which path: the refusals, to the letter."""

import asyncio
import time

import pytest

OCM_TOLERATED = [r"no user has"]

TURN = {"model": "gpt-5.5", "input": "hi"}


def refusal(kind, message):
    return {"error": {"type": kind, "message": message}}


def assert_refused(response, status, kind, message):
    assert response.status == status, response
    assert response.header("content-type").split(";")[0] == "application/json"
    error = response.json()
    assert set(error) == {"error"}
    assert {k: v for k, v in error["error"].items() if k != "code"} == refusal(kind, message)["error"]


@pytest.mark.parametrize("target", ["/", "/v1", "/v2/responses", "/responses", "/V1/responses", "/v1responses"])
async def test_a_path_outside_v1_is_404(ocm, target):
    response = await ocm.ask("POST", target, TURN)
    assert_refused(response, 404, "invalid_request_error", "path must start with /v1/")


@pytest.mark.parametrize("target", [
    "/v1/../admin", "/v1/./responses", "/v1/responses/..", "/v1/%2e%2e/admin", "/v1/%2E./admin", "/v1/.%2e/admin",
    "/v1/%2e/responses", "/v1/..%2fadmin", "/v1/%2e%2e%2Fadmin", "/v1/responses\\..\\admin", "/v1/a\\b",
    "/v1/responses\x7f", "/v1/respon\x01ses",
])
async def test_a_path_that_climbs_or_hides_something_is_400_and_goes_nowhere(ocm, fake, target):
    before = fake.stats()["requests"]
    response = await ocm.ask("POST", target, TURN)
    assert response.status == 400, response
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert fake.stats()["requests"] == before


@pytest.mark.parametrize("target", [
    "/v1/responses/a%2Fb", "/v1/responses/%7Euser/~x", "/v1/responses?x=../..&y=%2e%2e/", "/v1/responses//double",
    "/v1/responses/...", "/v1/responses/.hidden/a..b", "/v1/responses/%C3%A9?q=%00",
    "/v1/" + "a" * 4000 + "?" + "b" * 4000,
])
async def test_every_other_path_is_forwarded_as_the_client_wrote_it(ocm, fake, target):
    response = await ocm.ask("GET", target)
    assert fake.record(response)["target"] == "/backend-api/codex" + target.removeprefix("/v1")


@pytest.mark.parametrize("fields, message", [
    ([], "missing api key"),
    ([("Authorization", "Basic YWxpY2U6c2VjcmV0")], "invalid api key format"),
    ([("Authorization", "sk-ocm-alone")], "invalid api key format"),
    ([("Authorization", "Bearer sk-ocm-nobody")], "invalid api key"),
    ([("Authorization", "Bearer ")], None),
    ([("X-Api-Key", "sk-ocm-elsewhere")], "missing api key"),
])
async def test_without_a_users_token_the_answer_is_401_and_nothing_is_forwarded(ocm, fake, fields, message):
    before = fake.stats()["requests"]
    response = await ocm.ask("POST", "/v1/responses", TURN, user=None, fields=fields)
    if message is None:
        assert response.status == 401 and response.json()["error"]["type"] == "authentication_error"
    else:
        assert_refused(response, 401, "authentication_error", message)
    assert fake.stats()["requests"] == before


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
async def test_the_scheme_is_taken_in_any_case(ocm, scheme):
    fields = [("authorization", f"{scheme} {ocm.tokens['bob']}")]
    assert (await ocm.ask("POST", "/v1/responses", TURN, user=None, fields=fields)).status == 200


async def test_a_token_that_only_begins_like_a_users_is_refused(ocm):
    for token in (ocm.tokens["alice"][:-1], ocm.tokens["alice"] + "x", ocm.tokens["alice"].upper()):
        response = await ocm.ask("POST", "/v1/responses", TURN, user=None,
                                 fields=[("Authorization", f"Bearer {token}")])
        assert_refused(response, 401, "authentication_error", "invalid api key")


async def test_a_second_authorization_field_gets_nowhere(ocm, fake):
    """Whether it is refused or passed over, the API sees the owner's token alone."""
    response = await ocm.ask("POST", "/v1/responses", TURN, fields=[("Authorization", "Bearer other")])
    if response.status == 200:
        sent = [value for name, value in fake.record(response)["fields"] if name.lower() == "authorization"]
        assert sent == [f"Bearer {ocm.auth()['tokens']['access_token']}"]
    else:
        assert response.status in (400, 401)


async def test_a_rejected_token_never_reaches_the_log(ocm):
    token = "sk-rejected-0123456789"
    fields = [("Authorization", f"Bearer {token}")]
    for response in await asyncio.gather(*(ocm.ask("POST", "/v1/responses", TURN, user=None, fields=fields)
                                           for _ in range(20))):
        assert response.status == 401
    assert token not in ocm.log()


async def test_a_valid_token_is_not_slowed_down_by_anothers_failures(ocm):
    wrong = [("Authorization", "Bearer wrong")]
    failures = [asyncio.create_task(ocm.ask("POST", "/v1/responses", TURN, user=None, fields=wrong))
                for _ in range(60)]
    await asyncio.wait(failures, return_when=asyncio.FIRST_COMPLETED)
    started = time.monotonic()
    for _ in range(10):
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    good = time.monotonic() - started
    await asyncio.wait(failures)
    assert good < 1 and time.monotonic() - started > good, "the failures were not slowed down, or the good were"


async def test_chat_completions_need_an_api_key(ocm):
    response = await ocm.ask("POST", "/v1/chat/completions", {"model": "gpt-5.5", "messages": []})
    assert_refused(response, 400, "invalid_request_error",
                   "chat completions endpoint is only available in API key mode")


async def test_without_users_everyone_comes_in_and_a_clients_authorization_is_dropped(start_ocm):
    ocm = start_ocm(users=())
    secret = "sk-of-the-client"
    response = await ocm.ask("POST", "/v1/responses", TURN, user=None, fields=[("Authorization", f"Bearer {secret}")])
    assert response.status == 200
    sent = ocm.fake.record(response)["fields"]
    given = [value for name, value in sent if name.lower() == "authorization"]
    assert given == [f"Bearer {ocm.auth()['tokens']['access_token']}"]
