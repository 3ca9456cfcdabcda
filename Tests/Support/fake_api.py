#!/usr/bin/env python3
"""The fake API as a command: serves until it is told to stop, and says where in one line of JSON.

  fake_api.py [--port 0] [--auth-json FILE] [--mode chatgpt|apikey] [--lifetime 3600] [--state-file FILE]
              [--no-check] [--tls-certificate FILE --tls-key FILE]

Serves /backend-api/codex/… (a ChatGPT login), /v1/… (an API key), /oauth/token, and what signing in and out takes
(/oauth/authorize, /api/accounts/deviceauth/…, /codex/device, /oauth/revoke). What an answer looks like is
ordered by the request's x-fake header (JSON, see fakeapi/behaviour.py) or ahead by POST /_control; GET /_stats says
what was served, GET /_requests what came, GET /_sockets how WebSockets were. What is ordered for a route "responses" is
for HTTP; "upgrade", "warmup" and "turn" are for WebSocket.
"""

import argparse
import asyncio
import json
import os
import signal
import ssl
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from fakeapi.connection import Connection  # noqa: E402
from fakeapi.login import Login  # noqa: E402
from fakeapi.service import Service  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--auth-json", help="write a login of this server there (0600)")
    parser.add_argument("--mode", choices=("chatgpt", "apikey"), default="chatgpt")
    parser.add_argument("--lifetime", type=float, default=3600, help="seconds that an access token lives")
    parser.add_argument("--state-file", help="keeps the tokens over a restart")
    parser.add_argument("--no-check", action="store_true", help="take any login")
    parser.add_argument("--tls-certificate")
    parser.add_argument("--tls-key")
    return parser.parse_args()


def write_private(path, value):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file, indent=2)


async def serve(options):
    login = Login(options.state_file)
    login.lifetime = options.lifetime
    service = Service(login)
    service.check = not options.no_check
    if options.auth_json:
        write_private(options.auth_json, login.auth_json({"mode": options.mode}))
    context = None
    if options.tls_certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls_certificate, options.tls_key)
        context.set_alpn_protocols(["http/1.1"])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(service), options.host, options.port, backlog=4096,
                                      ssl=context)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    print(json.dumps({"port": server.sockets[0].getsockname()[1], "pid": os.getpid()}), flush=True)
    await stop.wait()
    server.close()
    for connection in list(service.connections):
        connection.transport.abort()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
