"""The OAuth side: tokens with a chosen life, refresh tokens that die with their first use."""

import base64
import json
import os
import secrets
import time

from .signin import SignIn, error, parsed


def _b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(claims):
    return ".".join((_b64(b'{"alg":"RS256","typ":"JWT"}'), _b64(json.dumps(claims).encode()),
                     _b64(secrets.token_bytes(64))))


def rfc3339(seconds):
    whole = int(seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + ".%09dZ" % int((seconds - whole) * 1e9)


def note(*issued):
    """What must not be found anywhere but where it belongs is told to the run that looks for it."""
    if path := os.environ.get("OCM_TEST_SECRETS"):
        with open(path, "a") as file:
            file.writelines(f"{secret.rpartition('.')[2]}\n" for secret in issued)


class Login:
    """All that the authorization server knows. With a state file it survives a restart."""

    CLIENT = "app_EMoamEEZ73f0CkXaXp7hrann"

    def __init__(self, state_file=None):
        self.state_file = state_file
        self.access = {}  # access token -> {account, expires}
        self.refresh = {}  # refresh token -> {account, state: live | used | revoked}
        self.keys = set()
        self.lifetime = 3600.0
        self.plan = "pro"
        self.refreshes = self.reused = self.refused = 0
        self.sign_in = SignIn(self)
        if state_file and os.path.exists(state_file):
            with open(state_file) as file:
                kept = json.load(file)
            self.access, self.refresh, self.keys = kept["access"], kept["refresh"], set(kept["keys"])

    def save(self):
        if not self.state_file:
            return
        temporary = self.state_file + ".new"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({"access": self.access, "refresh": self.refresh, "keys": sorted(self.keys)}, file)
        os.replace(temporary, self.state_file)

    def issue(self, account):
        """Three fresh tokens for an account."""
        now = time.time()
        claims = {"iss": "https://auth.openai.com", "iat": int(now), "exp": int(now + self.lifetime),
                  "jti": secrets.token_hex(8),
                  "https://api.openai.com/auth": {"chatgpt_account_id": account, "chatgpt_plan_type": self.plan},
                  "https://api.openai.com/profile": {"email": "owner@example.com", "email_verified": True}}
        tokens = {"id_token": jwt(claims | {"aud": [self.CLIENT], "email": "owner@example.com"}),
                  "access_token": jwt(claims | {"aud": ["https://api.openai.com/v1"]}),
                  "refresh_token": "rt_" + secrets.token_urlsafe(48)}
        note(*tokens.values())
        self.access[tokens["access_token"]] = {"account": account, "expires": now + self.lifetime}
        self.refresh[tokens["refresh_token"]] = {"account": account, "state": "live"}
        self.save()
        return tokens

    def auth_json(self, order):
        """The content of an auth.json that is signed in here. Order: mode, account, lifetime, plan."""
        if order.get("mode", "chatgpt") == "apikey":
            key = order.get("key") or "sk-proj-" + secrets.token_urlsafe(36)
            note(key)
            self.keys.add(key)
            self.save()
            return {"auth_mode": "apikey", "OPENAI_API_KEY": key}
        self.lifetime = float(order.get("lifetime", self.lifetime))
        self.plan = order.get("plan", self.plan)
        account = order.get("account") or secrets.token_hex(16)
        return {"auth_mode": "chatgpt", "OPENAI_API_KEY": None,
                "tokens": self.issue(account) | {"account_id": account}, "last_refresh": rfc3339(time.time())}

    def revoke(self, token):
        """One token dies; of a refresh token also the access tokens of its account."""
        entry = self.refresh.get(token)
        if entry:
            entry["state"] = "revoked"
            gone = [t for t, known in self.access.items() if known["account"] == entry["account"]]
        else:
            gone = [token]
        for one in gone:
            self.access.pop(one, None)
        self.save()

    def revoke_access(self):
        """Every access token issued until now gets 401; the refresh tokens stay good."""
        self.access.clear()
        self.save()

    def revoke_refresh(self):
        for entry in self.refresh.values():
            entry["state"] = "revoked"
        self.save()

    def refusal(self, mode, authorization, account):
        """None for a request that is signed in, else the API's 401 as JSON."""
        scheme, _, token = (authorization or "").partition(" ")
        if mode == "openai":
            if scheme.lower() == "bearer" and token in self.keys:
                return None
            message = ("You didn't provide an API key." if not authorization else
                       "Incorrect API key provided. You can find your API key at "
                       "https://platform.openai.com/account/api-keys.")
            return {"error": {"message": message, "type": "invalid_request_error", "param": None,
                              "code": "invalid_api_key" if authorization else None}}
        known = self.access.get(token) if scheme.lower() == "bearer" else None
        if known is None or account != known["account"]:
            return {"error": {"message": "Your authentication token has been invalidated. Please try signing in "
                                         "again.", "type": "invalid_request_error", "code": "token_invalidated",
                              "param": None}, "status": 401}
        if known["expires"] <= time.time():
            return {"error": {"message": "Provided authentication token is expired. Please try signing in again.",
                              "type": None, "code": "token_expired", "param": None}, "status": 401}
        return None

    def exchange(self, content_type, body):
        """`POST /oauth/token`: (status, answer). The old refresh token is dead when this returns."""
        try:
            order = parsed(content_type, body)
        except ValueError:
            return 400, error("invalid_request", "The request is malformed.")
        grant, token = order.get("grant_type"), order.get("refresh_token")
        if grant == "authorization_code":
            return self.sign_in.exchange(order)
        if grant != "refresh_token" or order.get("client_id") != self.CLIENT:
            return 400, error("unsupported_grant_type", "Unsupported grant or client.")
        entry = self.refresh.get(token)
        if entry is None or entry["state"] == "revoked":
            self.refused += 1
            return 401, error("refresh_token_invalidated", "Your session has ended. Please log in again.")
        if entry["state"] == "used":
            self.reused += 1
            return 401, error(
                "refresh_token_reused",
                "Your refresh token has already been used to generate a new access token. "
                "Please try signing in again.")
        entry["state"] = "used"
        self.refreshes += 1
        return 200, self.issue(entry["account"]) | {"token_type": "Bearer", "expires_in": int(self.lifetime)}
