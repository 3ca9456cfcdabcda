"""The programs that are compared, each set up to relay POST /v1/responses to the mock upstream."""
import base64
import json
import os
import shlex
import shutil
import sys
import time
from typing import NamedTuple

UPSTREAM_PORT = 19001
TOKEN = "sk-bench"

NGINX = """worker_processes {workers}; worker_rlimit_nofile 40000; daemon off; pid {work}/nginx.pid; error_log {work}/nginx-error.log;
events {{ worker_connections 20000; }}
http {{
    access_log off; keepalive_requests 100000000; client_body_buffer_size 1m;
    client_body_temp_path {work}/n1; proxy_temp_path {work}/n2; fastcgi_temp_path {work}/n3;
    uwsgi_temp_path {work}/n4; scgi_temp_path {work}/n5;
    upstream api {{ server 127.0.0.1:{upstream}; keepalive 16000; keepalive_requests 100000000; }}
{zone}    server {{
        listen 127.0.0.1:{port};
        location /v1/ {{
{guard}            proxy_pass http://api{path}/; proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 600s;
            proxy_set_header Connection {connection}; proxy_set_header Authorization "Bearer at";
            proxy_set_header ChatGPT-Account-Id acc;
        }}
        location / {{ return 404; }}
    }}
}}
"""

HAPROXY = """global
  nbthread {workers}
  maxconn 9000
{more}defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  option http-no-delay
  option idle-close-on-response
frontend clients
  bind 127.0.0.1:{port}
  http-request return status 404 unless {{ path_beg /v1/ }}
  http-request set-header Authorization "Bearer at"
  http-request set-header ChatGPT-Account-Id acc
  http-request replace-path /v1(.*) {path}\\1
  default_backend api
backend api
  http-reuse always
  server api 127.0.0.1:{upstream}
"""


class Upstream(NamedTuple):
    port: int
    path: str = ""


UPSTREAM = Upstream(UPSTREAM_PORT)


class Subject(NamedTuple):
    name: str
    port: int
    command: list


def parse(text):
    """NAME=PORT:COMMAND"""
    name, _, rest = text.partition("=")
    port, _, command = rest.partition(":")
    return Subject(name, int(port), shlex.split(command))


def program(name):
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    if not found:
        sys.exit(f"{name} is not installed: Tests/Benchmarks/run installs it")
    return found


def nginx(work, upstream=UPSTREAM, workers=1, guarded=False, per_address=0):
    """`guarded`: it asks for the token, and takes WebSockets; `per_address`: connections of one address, unless 0."""
    file = work / "nginx.conf"
    guard = f'            if ($http_authorization != "Bearer {TOKEN}") {{ return 401; }}\n' if guarded else ""
    zone = "    limit_conn_zone $binary_remote_addr zone=addresses:1m;\n" if per_address else ""
    guard += f"            limit_conn addresses {per_address};\n" if per_address else ""
    connection = '""'
    if guarded:
        zone += '    map $http_upgrade $connection_upgrade { default upgrade; "" ""; }\n'
        guard += "            proxy_set_header Upgrade $http_upgrade;\n"
        connection = "$connection_upgrade"
    file.write_text(NGINX.format(work=work, upstream=upstream.port, path=upstream.path, port=19010, workers=workers,
                                 guard=guard, zone=zone,
                                 connection=connection))
    return Subject("nginx", 19010, [program("nginx"), "-e", work / "nginx-error.log", "-c", file])


def haproxy(work, upstream=UPSTREAM, workers=1, more="", arguments=(), port=19011):
    """`more`: lines of the global section."""
    file = work / "haproxy.cfg"
    file.write_text(HAPROXY.format(upstream=upstream.port, path=upstream.path, port=port, workers=workers, more=more))
    return Subject("HAProxy", port, [program("haproxy"), *arguments, "-f", file])


def ocm(work, build, upstream=UPSTREAM, workers=1, log=None, limits=None, timeouts=None,
        port=19012):
    credential = work / "auth.json"
    credential.touch(mode=0o600)
    credential.write_text(json.dumps(login(), indent=2))
    configuration = work / "config.json"
    configuration.touch(mode=0o600)
    url = f"http://127.0.0.1:{upstream.port}{upstream.path}"
    configuration.write_text(json.dumps({
        "log": log or {"level": "warn"},
        "services": [{
            "type": "ocm", "tag": "bench", "listen": "127.0.0.1", "listen_port": port,
            "credential_path": str(credential), "usages_path": str(work / "usages.json"),
            "users": [{"name": "bench", "token": TOKEN}],
        }],
        "supervisor": {
            "workers": workers, "state_directory": str(work / "state"), "admin_socket": str(work / "admin.sock"),
            "limits": limits or {},
            "timeouts": timeouts or {},
            "endpoints": {"chatgpt": url, "openai": url, "oauth": url},
        },
    }, indent=2))
    return Subject("OCM", port, [build / "ocm-supervisor", "run", "-c", configuration])


def login():
    """A ChatGPT login that is good for ten days, so that nothing is refreshed during a run."""
    claims = {"exp": int(time.time()) + 864_000, "https://api.openai.com/auth": {"chatgpt_account_id": "acc"}}
    token = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode()
                     for part in (b'{"alg":"none"}', json.dumps(claims).encode(), b"signature"))
    return {
        "auth_mode": "chatgpt", "OPENAI_API_KEY": None,
        "tokens": {"id_token": token, "access_token": token, "refresh_token": "unused", "account_id": "acc"},
        "last_refresh": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def all_subjects(work, build, more):
    return [nginx(work), haproxy(work), ocm(work, build), *more]
