"""The fake authorization server refuses what the real one would: else a sign-in that passes there would say nothing."""

import base64
import hashlib
import http.client
import json
import urllib.parse

from harness.signin import get

CLIENT = "app_EMoamEEZ73f0CkXaXp7hrann"
CALLBACK = "http://127.0.0.1:1455/auth/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
LINK = {"response_type": "code", "client_id": CLIENT, "redirect_uri": CALLBACK, "code_challenge": CHALLENGE,
        "code_challenge_method": "S256", "state": "s" * 22, "scope": "openid profile email offline_access",
        "id_token_add_organizations": "true", "codex_cli_simplified_flow": "true", "originator": "codex_cli_rs"}


def authorize(fake, **changes):
    order = {name: value for name, value in (LINK | changes).items() if value is not None}
    return get(f"{fake.url}/oauth/authorize?{urllib.parse.urlencode(order)}")


def code(fake):
    query = urllib.parse.urlsplit(authorize(fake).headers["location"]).query
    return dict(urllib.parse.parse_qsl(query))["code"]


def exchange(fake, form=True, **order):
    order = {"grant_type": "authorization_code", "client_id": CLIENT, "redirect_uri": CALLBACK,
             "code_verifier": VERIFIER} | order
    body = urllib.parse.urlencode(order) if form else json.dumps(order)
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    connection = http.client.HTTPConnection("127.0.0.1", fake.port)
    connection.request("POST", "/oauth/token", body, {"Content-Type": kind})
    answer = connection.getresponse()
    value = json.loads(answer.read())
    connection.close()
    return answer.status, value


def test_a_link_that_is_not_the_clis_is_refused(fake):
    assert authorize(fake).status == 302
    for name in LINK.keys() - {"originator"}:
        assert authorize(fake, **{name: None}).status == 400, name
        assert authorize(fake, **{name: "x"}).status == 400, name
    assert authorize(fake, redirect_uri="http://127.0.0.1:1455/auth/callback/x").status == 400
    assert authorize(fake, code_challenge_method="plain").status == 400


def test_a_code_is_good_once_for_its_own_key_and_address(fake):
    for form in (True, False):
        good = code(fake)
        status, tokens = exchange(fake, form, code=good)
        assert status == 200 and {"id_token", "access_token", "refresh_token"} <= set(tokens)
        assert exchange(fake, form, code=good)[0] == 400
    for wrong in ({"code_verifier": "w" * 43}, {"code_verifier": "v" * 42}, {"redirect_uri": CALLBACK + "x"},
                  {"client_id": "app_x"}, {"code": "ac_x"}, {"code_verifier": ""}):
        assert exchange(fake, **{"code": code(fake)} | wrong)[0] in (400, 401), wrong
