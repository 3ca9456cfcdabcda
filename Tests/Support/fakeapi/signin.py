"""Signing in and out at the authorization server: browser flow with PKCE (RFC 7636), device codes, revocation."""

import base64
import hashlib
import html
import json
import re
import secrets
import time
import urllib.parse

CALLBACK = re.compile(r"http://(localhost|127\.0\.0\.1):(\d+)/auth/callback")
DEVICE_CALLBACK = "/deviceauth/callback"
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636 section 4.1
SCOPES = {"openid", "profile", "email", "offline_access"}


def _random(size):
    return base64.urlsafe_b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()


def challenge_of(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def parsed(content_type, body):
    """The members of a JSON object or a form; ValueError for anything else."""
    if content_type.startswith("application/json"):
        order = json.loads(body)
        if not isinstance(order, dict):
            raise ValueError("no object")
        return order
    if not content_type.startswith("application/x-www-form-urlencoded"):
        raise ValueError(f"content type {content_type!r}")
    pairs = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a parameter is repeated")
    return dict(pairs)


def error(code, message):
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


class SignIn:
    """What is under way between a user, a client and the server. Answers are (status, value, fields)."""

    def __init__(self, login):
        self.login = login
        self.codes = {}  # authorization code -> {challenge, redirect_uri, account, expires, used}
        self.devices = {}  # device_auth_id -> {user_code, polls, approved, verifier, expires}
        self.deny = None  # [error, description]: the user does not agree
        self.account = None  # who signs in; each time somebody new where it is None
        self.pending = 2  # polls that a device waits for its approval; -1: until somebody opens /codex/device
        self.interval = "1"  # seconds, as text like the real server's
        self.devices_allowed = True
        self.code_lifetime = 300.0
        self.log = []  # what happened, in words
        self.revoked = []  # tokens

    def command(self, order):
        """The control's `signin`: deny, account, pending, interval, devices_allowed, code_lifetime."""
        for name, value in order.items():
            if name not in ("deny", "account", "pending", "interval", "devices_allowed", "code_lifetime"):
                raise ValueError(f"unknown in signin: {name}")
            setattr(self, name, value)

    def stats(self):
        return {"log": self.log, "revoked": self.revoked,
                "waiting_devices": [d["user_code"] for d in self.devices.values() if not d["approved"]]}

    # The browser's side.

    def authorize(self, query):
        """`GET /oauth/authorize`: the user agrees at once, or does not."""
        try:
            order = parsed("application/x-www-form-urlencoded", query.encode())
        except ValueError as problem:
            return self._page(400, f"The link is malformed: {problem}")
        wrong = self._wrong_link(order)
        if wrong:
            self.log.append(f"authorize refused: {wrong}")
            return self._page(400, wrong)
        if self.deny:
            answer = {"error": self.deny[0], "error_description": self.deny[1]}
        else:
            answer = {"code": self._code(order["code_challenge"], order["redirect_uri"])}
        self.log.append("denied" if self.deny else "agreed")
        where = order["redirect_uri"] + "?" + urllib.parse.urlencode(answer | {"state": order["state"]})
        return 302, b"", [["Location", where]]

    def _wrong_link(self, order):
        if order.get("response_type") != "code" or order.get("client_id") != self.login.CLIENT:
            return "Unknown client or response type."
        if not CALLBACK.fullmatch(order.get("redirect_uri", "")):
            return "The redirect_uri is not registered."
        if order.get("code_challenge_method") != "S256" or not re.fullmatch(
                r"[A-Za-z0-9_-]{43}", order.get("code_challenge", "")):
            return "PKCE with S256 is required."
        if len(order.get("state", "")) < 16:
            return "The state is missing or too short."
        if not SCOPES <= set(order.get("scope", "").split(" ")):
            return "Scopes are missing."
        if order.get("id_token_add_organizations") != "true" or order.get("codex_cli_simplified_flow") != "true":
            return "Not the CLI's flow."
        return None

    def _code(self, challenge, redirect_uri):
        code = "ac_" + _random(32)
        self.codes[code] = {"challenge": challenge, "redirect_uri": redirect_uri, "used": False,
                            "account": self.account or secrets.token_hex(16),
                            "expires": time.time() + self.code_lifetime}
        return code

    def device_page(self, query):
        """`GET /codex/device?user_code=…`: the user enters the code, and agrees."""
        entered = dict(urllib.parse.parse_qsl(query)).get("user_code", "")
        for device in self.devices.values():
            if device["user_code"] == entered:
                device["approved"] = True
                return self._page(200, "You may close this page.")
        return self._page(404 if entered else 200, "Enter the code that your device shows.")

    @staticmethod
    def _page(status, text):
        return status, f"<!doctype html><title>Sign in</title><p>{html.escape(text)}".encode(), []

    # The client's side.

    def exchange(self, order):
        """`POST /oauth/token` with grant_type=authorization_code. A code is good once."""
        entry = self.codes.get(order.get("code"))
        if order.get("client_id") != self.login.CLIENT:
            return 401, error("invalid_client", "Unknown client.")
        if entry is None or entry["expires"] <= time.time():
            return 400, error("invalid_grant", "The authorization code is unknown or has expired.")
        if entry["used"]:
            self.log.append("code used twice")
            return 400, error("invalid_grant", "The authorization code has been used.")
        entry["used"] = True
        verifier = order.get("code_verifier", "")
        if not VERIFIER.fullmatch(verifier) or challenge_of(verifier) != entry["challenge"]:
            self.log.append("wrong verifier")
            return 400, error("invalid_grant", "The code_verifier does not match.")
        if not self._same_callback(entry["redirect_uri"], order.get("redirect_uri", "")):
            self.log.append("wrong redirect_uri")
            return 400, error("invalid_grant", "The redirect_uri does not match.")
        self.log.append("signed in")
        return 200, self.login.issue(entry["account"]) | {"token_type": "Bearer",
                                                          "expires_in": int(self.login.lifetime)}

    @staticmethod
    def _same_callback(registered, given):
        if registered == DEVICE_CALLBACK:  # below the issuer, whatever name the client knows it by
            return re.fullmatch(r"https?://[^/]+" + DEVICE_CALLBACK, given) is not None
        return registered == given

    def device(self, path, content_type, body):
        """`POST /api/accounts/deviceauth/usercode` and `…/token`."""
        try:
            if not content_type.startswith("application/json"):
                raise ValueError("not JSON")
            order = parsed(content_type, body)
        except ValueError as problem:
            return 400, error("invalid_request", str(problem))
        return self._user_code(order) if path.endswith("/usercode") else self._poll(order)

    def _user_code(self, order):
        if order.get("client_id") != self.login.CLIENT:
            return 401, error("invalid_client", "Unknown client.")
        if not self.devices_allowed:
            return 404, error("not_found", "Not found.")
        letters = "BCDFGHJKLMNPQRSTVWXZ23456789"
        user_code = "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(2))
        identity = "deviceauth_" + secrets.token_hex(16)
        verifier = _random(48)
        self.devices[identity] = {"user_code": user_code, "polls": 0, "approved": False, "verifier": verifier,
                                  "last": 0.0}
        self.log.append("device code issued")
        return 200, {"device_auth_id": identity, "user_code": user_code, "interval": self.interval,
                     "expires_at": _rfc3339(time.time() + 900)}

    def _poll(self, order):
        device = self.devices.get(order.get("device_auth_id"))
        if device is None or device["user_code"] != order.get("user_code"):
            return 404, error("deviceauth_unknown", "Unknown device authorization.")
        if self.deny:
            self.log.append("denied")
            return 403, error(self.deny[0], self.deny[1])
        now, early = time.monotonic(), False
        if device["last"] and now - device["last"] < float(self.interval) * 0.9:
            self.log.append("polled too early")
            early = True
        device["last"] = now
        device["polls"] += 1
        if not early and 0 <= self.pending < device["polls"]:
            device["approved"] = True
        if not device["approved"]:
            return 403, error("deviceauth_authorization_unknown", "Device authorization is pending.")
        del self.devices[order["device_auth_id"]]
        challenge = challenge_of(device["verifier"])
        self.log.append("agreed")
        return 200, {"authorization_code": self._code(challenge, DEVICE_CALLBACK), "code_challenge": challenge,
                     "code_verifier": device["verifier"]}

    def revoke(self, content_type, body):
        """`POST /oauth/revoke`: 200 whether the token is known or not (RFC 7009 section 2.2)."""
        try:
            order = parsed(content_type, body)
            token, hint = order["token"], order.get("token_type_hint")
        except (ValueError, KeyError) as problem:
            return 400, error("invalid_request", f"The request is malformed: {problem!r}")
        if hint == "refresh_token" and order.get("client_id") != self.login.CLIENT:
            return 401, error("invalid_client", "Unknown client.")
        self.revoked.append(token)
        self.login.revoke(token)
        return 200, {}


def _rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
