"""Logins that the fake API does not make: claims chosen by the test."""

import base64
import json
import time


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def token(age, left, account="account-1"):
    """A JWT that was issued `age` seconds ago and has `left` seconds left."""
    now = int(time.time())
    claims = {"iat": now - age, "exp": now + left,
              "https://api.openai.com/auth": {"chatgpt_account_id": account, "chatgpt_plan_type": "pro"}}
    return ".".join((part({"alg": "none"}), part(claims), part({"signature": now})))


def due(login):
    """The same login with an access token that works, but is due for a refresh: ten minutes of an hour are left.

    Only a fake API that checks no login takes it."""
    access = token(3000, 600, login["tokens"]["account_id"])
    return login | {"tokens": login["tokens"] | {"access_token": access}}
