"""Routes, and the choice of an answer: what a request asks for, what a test has ordered, what the login permits."""

import asyncio
import collections
import hashlib
import json
import re
import time

from . import answers, websocket
from .behaviour import DEFAULT, Orders, ordered_in
from .connection import Body
from .control import Control
from .counts import Counts
from .http1 import head

OAUTH_PATHS = {"/oauth/token": "token", "/oauth/authorize": "authorize", "/oauth/revoke": "revoke",
               "/api/accounts/deviceauth/usercode": "device", "/api/accounts/deviceauth/token": "device",
               "/codex/device": "device_page"}
OAUTH = set(OAUTH_PATHS.values())  # nobody has to be signed in for these
PAGES = {"authorize", "device_page"}  # those of them that a browser opens
CHATGPT, OPENAI = "/backend-api/codex", "/v1"
MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]*)"')
STREAM = re.compile(rb'"stream"\s*:\s*true')


class Service:
    """The state of the whole server."""

    def __init__(self, login):
        self.login = login
        self.counts = Counts()
        self.orders = Orders()
        self.control = Control(self)
        self.connections = set()
        self.opened_connections = 0
        self.sockets = set()  # WebSockets that are open
        self.ended_sockets = collections.deque(maxlen=20000)  # how the others were
        self.check = True  # whether the login is looked at
        self.week_reset = int(time.time() // 60 + 3000) * 60
        self.limit_headers = [
            ["x-codex-active-limit", "codex"],
            ["x-codex-primary-used-percent", "12.5"], ["x-codex-primary-window-minutes", "300"],
            ["x-codex-primary-reset-at", str(self.week_reset - 150000)],
            ["x-codex-secondary-used-percent", "40"], ["x-codex-secondary-window-minutes", "10080"],
            ["x-codex-secondary-reset-at", str(self.week_reset)],
            ["x-codex-credits-has-credits", "False"],
        ]

    # Connections.

    def connected(self, connection):
        self.connections.add(connection)
        self.counts.connections += 1
        self.opened_connections += 1
        return self.opened_connections

    def disconnected(self, connection):
        self.connections.discard(connection)

    def drop_idle(self):
        idle = [c for c in self.connections if c.record is None and c.socket is None]
        for connection in idle:
            connection.transport.close()
        return len(idle)

    # Requests.

    def opened(self, connection, request):
        connection.over = not request.keep_alive
        return self.counts.open(connection, connection.turn, request, request.header("x-test-user", ""))

    def answers_early(self, connection):
        """Whether the answer starts at the head: ordered by header or ahead. Starts it then."""
        record = connection.record
        request = record.request
        if request.target.startswith("/_"):
            return False
        route, _ = route_of(request.target)
        carried = "x-fake" in request.lower
        if carried:
            try:
                order = ordered_in(request.header("x-fake"))
            except (ValueError, TypeError):
                return False  # answer() says what is wrong with it
        else:
            order = next((e["behaviour"] for e in self.orders.queue
                          if e["behaviour"].early and e["route"] in ("any", route)), DEFAULT)
        if not order.early:
            return False
        if not carried:
            self.orders.take(route, record.user, connection.turn > 1)
        if not order.read_body:
            connection.transport.pause_reading()
        connection.run(self.special(connection, request, order, route))
        return True

    def answer(self, connection, request):
        """The request is complete."""
        record = connection.record
        if request.target.startswith("/_"):
            self.whole_answer(connection, 200, [], json.dumps(self.control.answer(request)).encode())
            return
        route, mode = route_of(request.target)
        try:
            order = ordered_in(request.header("x-fake")) if "x-fake" in request.lower else None
        except (ValueError, TypeError) as error:
            self.whole_answer(connection, 500, [], json.dumps({"error": str(error)}).encode())
            return
        upgrade = route == "responses" and websocket.asks(request)
        order = self.orders.take("upgrade" if upgrade else route, record.user, connection.turn > 1) or order or DEFAULT
        del request.kept[65536 if request.length > 65536 and order is DEFAULT else len(request.kept):]
        if order.hangup and (connection.turn > 1 or not order.reused_only):
            connection.transport.close()
            return
        if order.raw is not None:
            connection.run(self.raw(connection, order))
            return
        refusal = None
        if route not in OAUTH and self.check and order.status == 200:
            refusal = self.login.refusal(mode, request.header("authorization"), request.header("chatgpt-account-id"))
        if refusal:
            self.whole_answer(connection, 401, [], json.dumps(refusal).encode())
        elif upgrade and order.status == 200 and order.json is None and order.body is None:
            self.upgrade(connection, request, order, mode)
        elif route in PAGES and order is DEFAULT:
            self.page(connection, request, route)
        elif order.plain:
            self.plain(connection, request, order, route, mode)
        else:
            connection.run(self.special(connection, request, order, route, mode))

    # WebSocket.

    def upgrade(self, connection, request, order, mode):
        refusal = websocket.refusal(request)
        if refusal:
            status, fields, message = refusal
            self.whole_answer(connection, status, fields, json.dumps({"error": {"message": message}}).encode())
            return
        socket = websocket.WebSocket(connection, connection.record, mode, order)
        if order.delay:
            connection.run(self.upgrade_later(socket, order.delay))
        else:
            socket.open()

    @staticmethod
    async def upgrade_later(socket, delay):
        await socket.connection.pause(delay)
        socket.open()

    def command_sockets(self, order):
        """Does something to all open WebSockets, or a user's, or those that rest: `close` (a code), `ping` or `raw` (text),
        `cut`, `reset`."""
        chosen = [s for s in self.sockets
                  if order.get("user") in (None, s.upgrade.user) and not (order.get("resting") and s.turn)]
        for socket in chosen:
            if "close" in order:
                socket.close(order["close"], order.get("reason", ""))
            elif "ping" in order:
                socket.write(socket.ping(order["ping"].encode()))
            elif "raw" in order:
                socket.write(order["raw"].encode("latin-1"))
            elif order.get("reset"):
                socket.reset()
            elif order.get("cut"):
                socket.end()
            else:
                raise ValueError(f"nothing to do in {order}")
        return len(chosen)

    def limits_event(self):
        """What the limits' fields say, as an event."""
        fields = {name.lower(): value for name, value in self.limit_headers}
        limits = {}
        for window in ("primary", "secondary"):
            prefix = f"x-codex-{window}-"
            if prefix + "used-percent" in fields:
                limits[window] = {"used_percent": float(fields[prefix + "used-percent"]),
                                  "window_minutes": int(fields[prefix + "window-minutes"]),
                                  "reset_at": int(fields[prefix + "reset-at"])}
        return {"type": "codex.rate_limits", "plan_type": self.login.plan,
                "rate_limits": {"allowed": True, "limit_reached": False} | limits,
                "credits": {"has_credits": False, "unlimited": False, "balance": None}, "promo": None}

    @staticmethod
    def asked(request):
        return asked(request)

    # Content.

    def content(self, record, request, order, route, mode):
        """(status, content type, length or None, parts, the Content that is counted or None)."""
        if order.json is not None:
            body = json.dumps(order.json).encode()
            return order.status, "application/json", len(body), iter([(body, True, False)]), None
        if order.body is not None:
            body = order.body.encode("latin-1")
            kind = "text/event-stream" if body.startswith((b"data:", b"event:", b":")) else "application/json"
            return order.status, kind, len(body), iter([(body, True, False)] if body else []), None
        if route == "token" and order.status == 200:
            status, value = self.login.exchange(request.header("content-type", ""), bytes(request.kept))
            return small(status, value)
        if order.status != 200:
            if order.status in (204, 304) or order.status < 200:
                return order.status, None, None, iter(()), None
            return small(order.status, order.error or {
                "error": {"message": f"The fake API answers {order.status}.", "type": "server_error", "code": None}})
        if route in ("device", "revoke"):
            return small(*self.signing(route, request))
        if route == "models" and request.method in ("GET", "HEAD"):
            return small(200, answers.models(mode))
        model, tier, stream, include_usage = asked(request)
        content = answers.Content(order, model, tier, record.serial)
        if route == "responses" and request.method == "POST":
            if stream:
                return 200, "text/event-stream", None, content.stream(), content
            length, parts = content.whole()
            return 200, "application/json", length, parts, content
        if route == "chat" and request.method == "POST":
            if mode != "openai":
                return small(404, {"detail": "Not Found"})
            if stream:
                return 200, "text/event-stream", None, content.chat_stream(include_usage), content
            length, parts = content.chat_whole()
            return 200, "application/json", length, parts, content
        if route == "responses" and request.method in ("GET", "HEAD"):
            length, parts = content.whole()
            return 200, "application/json", length, ((data, ends, False) for data, ends, _ in parts), None
        return small(404, {"error": {"message": f"Invalid URL ({request.method} {request.target})",
                                     "type": "invalid_request_error", "param": None, "code": None}})

    def signing(self, route, request):
        """What a client asks for on its way in or out."""
        form, body = request.header("content-type", ""), bytes(request.kept)
        if request.method != "POST":
            return 405, {"error": "method_not_allowed"}
        if route == "revoke":
            return self.login.sign_in.revoke(form, body)
        return self.login.sign_in.device(request.target, form, body)

    def page(self, connection, request, route):
        """What a browser opens."""
        query, sign_in = request.target.partition("?")[2], self.login.sign_in
        status, body, fields = sign_in.authorize(query) if route == "authorize" else sign_in.device_page(query)
        self.whole_answer(connection, status, fields, body, "text/html")

    def head(self, record, request, order, status, kind, length, mode):
        """The head's fields and the framing of the body."""
        fields = [["x-request-id", f"req_{record.serial}"]]
        if kind:
            fields.append(["Content-Type", kind + ("; charset=utf-8" if kind == "text/event-stream" else "")])
        if mode == "chatgpt":
            fields += self.limit_headers
        gzip = bool(kind) and "gzip" in request.header("accept-encoding", "") if order.gzip is None else order.gzip
        if gzip:
            fields.append(["Content-Encoding", "gzip"])
        framing = order.framing
        if status in (204, 304) or status < 200:
            framing = "none"
        elif framing == "auto":
            framing = "length" if length is not None and not gzip else "chunked"
        if framing == "chunked" and (request.version == "1.0" or order.http == "1.0"):
            framing = "close"
        if framing == "length":
            fields.append(["Content-Length", length])
        elif framing == "chunked":
            fields.append(["Transfer-Encoding", "chunked"])
        over = not order.keep_alive or framing == "close" or not request.keep_alive or order.http == "1.0"
        record.connection.over = over or order.then_close
        if over and order.http != "1.0":
            fields.append(["Connection", "close"])
        return fields + [list(pair) for pair in order.headers], framing, gzip

    # Answers.

    def whole_answer(self, connection, status, fields, body, kind="application/json"):
        """A small answer in one write."""
        fields = [("x-request-id", f"req_{connection.record.serial}"), ("Content-Type", kind),
                  ("Content-Length", len(body)), *fields]
        if connection.over:
            fields.append(("Connection", "close"))
        self.write(connection, status, head(status, fields) + body, body)

    def write(self, connection, status, wire, payload):
        record = connection.record
        record.status, record.payload, record.digest = status, len(payload), hashlib.sha256(payload)
        record.answer += payload[:65536]
        connection.transport.write(wire)
        record.offered += len(wire)
        self.counts.bytes += len(wire)
        if connection.paused_since is None:
            connection.finish(True)
        else:
            connection.run(self.finished(connection))

    async def finished(self, connection):
        await connection.drained()
        connection.finish(True)

    def plain(self, connection, request, order, route, mode):
        """The usual case, in one write."""
        record = connection.record
        status, kind, length, parts, content = self.content(record, request, order, route, mode)
        fields, framing, gzip = self.head(record, request, order, status, kind, length, mode)
        body = Body(connection, order, framing, gzip)
        record.digest, record.status = hashlib.sha256(), status
        counts = False
        if request.method != "HEAD":
            for payload, ends, counted in parts:
                body.put(payload)
                record.events += ends
                counts |= counted
            if body.coder:
                body.frame(body.coder.flush())
            if framing == "chunked":
                trailers = "".join(f"{name}: {value}\r\n" for name, value in order.trailers)
                body.batch.append(b"0\r\n" + trailers.encode("latin-1") + b"\r\n")
        wire = head(status, fields, order.http, order.reason) + b"".join(body.batch)
        connection.transport.write(wire)
        record.offered += len(wire)
        self.counts.bytes += len(wire)
        if connection.paused_since is None:
            if counts:
                self.counts.add(record, content)
            connection.finish(True)
        else:
            connection.run(self.counted_when_drained(connection, content if counts else None))

    async def counted_when_drained(self, connection, content):
        await connection.drained()
        if content:
            self.counts.add(connection.record, content)
        connection.finish(True)

    async def special(self, connection, request, order, route, mode=None):
        """An answer that takes its time or goes wrong."""
        record = connection.record
        mode = mode or route_of(request.target)[1]
        await connection.pause(order.delay)
        for status, fields in order.informational:
            connection.send(head(status, fields))
            await asyncio.sleep(0)
        status, kind, length, parts, content = self.content(record, request, order, route, mode)
        fields, framing, gzip = self.head(record, request, order, status, kind, length, mode)
        body = Body(connection, order, framing, gzip)
        record.digest, record.status = hashlib.sha256(), status
        body.batch.append(head(status, fields, order.http, order.reason))
        if request.method == "HEAD" or framing == "none":
            await body.flush()
        else:
            if order.interval or order.dribble:
                await body.flush()
            await body.send(parts, lambda: self.counts.add(record, content))
        connection.finish(True)

    async def raw(self, connection, order):
        await connection.pause(order.delay)
        wire = order.raw.encode("latin-1")
        for n in range(0, len(wire), order.dribble or len(wire) or 1):
            connection.send(wire[n:n + (order.dribble or len(wire))])
            await connection.drained()
            await asyncio.sleep(0)
        await connection.pause(order.linger)
        connection.over = True
        connection.finish(True)


def small(status, value):
    body = json.dumps(value).encode()
    return status, "application/json", len(body), iter([(body, True, False)]), None


def route_of(target):
    """(route, mode) of a target: which part of the API it names, under which prefix."""
    path, mode = target.partition("?")[0], "chatgpt"
    if path.startswith(CHATGPT):
        path = path[len(CHATGPT):]
    elif path.startswith(OPENAI + "/"):
        path, mode = path[len(OPENAI):], "openai"
    if path in OAUTH_PATHS:
        return OAUTH_PATHS[path], mode
    if path == "/chat/completions":
        return "chat", mode
    if path == "/models":
        return "models", mode
    if path == "/responses" or path.startswith("/responses/"):
        return "responses", mode
    return "other", mode


def asked(request):
    """(model, service tier, stream, include_usage) of a request's body."""
    body = request.kept
    if request.length == len(body) and request.length <= 65536:
        try:
            order = json.loads(body)
            options = order.get("stream_options") or {}
            return (order.get("model", ""), order.get("service_tier"), bool(order.get("stream")),
                    bool(options.get("include_usage")))
        except (ValueError, AttributeError):
            return "", None, False, False
    model = MODEL.search(body)
    return model.group(1).decode() if model else "", None, bool(STREAM.search(body)), False
