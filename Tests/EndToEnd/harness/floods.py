"""Floods from 127.0.0.2, a well-behaved client beside them, and the memory that they cost."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

from . import proc
from .sockets import free_port
from .tools import tool

SUPPORT = pathlib.Path(__file__).resolve().parents[2] / "Support"
FLOODER = "127.0.0.2"
LONGEST = 240  # seconds, slowhttptest's own limit where none is given


class Flooder:
    """Where floods come from: another address than that of everybody else, and a CPU of its own where there is one."""

    def __init__(self, directory, port, token=None, cpu=None, sink=None):
        """`sink`: where the API sends WebSockets of a flood."""
        self.port, self.token, self.cpu, self.sink = port, token, cpu, sink
        self.library = pathlib.Path(directory) / "from_address.so"
        if not self.library.exists():
            subprocess.run([shutil.which("gcc") or tool("cc", "gcc"), "-O2", "-shared", "-fPIC", "-o", self.library,
                            SUPPORT / "from_address.c"], check=True)

    @contextlib.contextmanager
    def run(self, command):
        """The command floods while the block runs."""
        pinned = ["taskset", "-c", str(self.cpu)] if self.cpu is not None else []
        with subprocess.Popen([*pinned, *map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL,
                              env=os.environ | {"LD_PRELOAD": str(self.library), "FROM_ADDRESS": FLOODER}) as process:
            try:
                yield process
            finally:
                process.kill()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    def slow(self, kind, connections, rate, *more):
        """slowhttptest: H slow heads, B slow bodies, X slow readers. A field of ours goes in behind its cookie."""
        token = ["-j", f"a=b\r\nAuthorization: Bearer {self.token}"] if self.token else []
        return [tool("slowhttptest"), f"-{kind}", "-c", connections, "-r", rate, "-l", LONGEST, "-p", 30, *token, *more]

    def slow_heads(self, connections=4000, rate=2000):
        return self.slow("H", connections, rate, "-i", 5, "-u", f"{self.url}/responses")

    def slow_bodies(self, connections=4000, rate=2000):
        return self.slow("B", connections, rate, "-i", 5, "-s", 100_000, "-u", f"{self.url}/responses")

    def slow_readers(self, connections=4000, rate=2000):
        return self.slow("X", connections, rate, "-w", 512, "-y", 1024, "-n", 5, "-z", 32, "-u", f"{self.url}/large")

    def requests(self, clients=200, pipelined=1, token=True):
        """As fast as they are answered, on kept connections; so many sent ahead on each."""
        field = ["-H", f"authorization: Bearer {self.token if token else 'sk-wrong'}"]
        return [tool("h2load", "nghttp2-client"), "--h1", "-c", clients, "-m", pipelined, "-D", LONGEST,
                "-T", 10, *field, f"{self.url}/models"]

    def sockets(self, kind, connections=1000):
        """WebSockets of a kind that Tests/Support/websocket_flood.py names, whose upstream ends are its own."""
        return [sys.executable, SUPPORT / "websocket_flood.py", json.dumps(
            {"port": self.port, "token": self.token, "sink": self.sink, "kind": kind, "connections": connections})]


API = """worker_processes 1; worker_rlimit_nofile 40000; daemon off; pid {directory}/pid; error_log {directory}/error.log;
events {{ worker_connections 20000; }}
http {{
    access_log off; keepalive_requests 100000000; client_max_body_size 0; client_body_buffer_size 128k;
    client_body_temp_path {directory}/n1; proxy_temp_path {directory}/n2; fastcgi_temp_path {directory}/n3;
    uwsgi_temp_path {directory}/n4; scgi_temp_path {directory}/n5;
    default_type application/json;
    map $http_upgrade $connection_upgrade {{ default upgrade; "" close; }}
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; proxy_read_timeout 600s;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            error_page 418 = @fake;
            if ($http_x_fake) {{ return 418; }}
            # Bodies are read to their end before they are answered.
            proxy_pass http://self; proxy_http_version 1.1; proxy_set_header Connection "";
        }}
        location ~ /models$ {{ return 200 '{answer}'; }}
        location ~ /responses/flood$ {{ proxy_pass http://127.0.0.1:{sink}; proxy_http_version 1.1; }}
        location ~ /large$ {{ root {directory}; try_files /large =404; }}
        location @fake {{ proxy_pass http://127.0.0.1:{fake}; proxy_http_version 1.1; proxy_buffering off; }}
    }}
    upstream self {{ server unix:{directory}/self.sock; keepalive 1000; keepalive_requests 100000000; }}
    server {{ listen unix:{directory}/self.sock backlog=4096; location / {{ return 200 '{answer}'; }} }}
}}
"""
ANSWER = {"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-5.5", "output": [],
          "usage": {"input_tokens": 1000, "output_tokens": 200, "total_tokens": 1200}}
LARGE = 512 << 10  # bytes that a slow reader may have: more than the system takes for it


class Api:
    """An API that no flood overwhelms before it overwhelms who is in front: nginx answers, but for what has an order for
    the fake API, and for WebSockets of a flood, which go to its `sink`."""

    def __init__(self, directory, port, fake_port):
        self.port = port
        self.sink = free_port()
        self.directory = pathlib.Path(directory) / "api"
        self.directory.mkdir()
        (self.directory / "large").write_bytes(b"x" * LARGE)
        file = self.directory / "nginx.conf"
        file.write_text(API.format(directory=self.directory, port=port, fake=fake_port, sink=self.sink,
                                   answer=json.dumps(ANSWER)))
        # Whatever user its worker is has to read the large file.
        for path in (self.directory, self.directory.parent):
            path.chmod(path.stat().st_mode | 0o055)
        self.process = subprocess.Popen([_nginx(), "-e", self.directory / "error.log", "-c", file])

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def _nginx():
    return shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") or tool("nginx")


class Witness:
    """Tests/Support/witness.py, while the block runs."""

    def __init__(self, port, fields, cpu=None, **plan):
        plan = {"rate": 40, "news": 10, "streams": 2, "events": 40, "interval": 0.05} | plan
        plan |= {"port": port, "fields": list(fields)}
        pinned = ["taskset", "-c", str(cpu)] if cpu is not None else []
        self.process = subprocess.Popen([*pinned, sys.executable, str(SUPPORT / "witness.py"), json.dumps(plan)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def report(self):
        """Ends it."""
        output, _ = self.process.communicate(timeout=60)
        return json.loads(output)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Memory:
    """What a service's processes have between them, shared pages counted once; looked at all the time."""

    def __init__(self, pid, step=0.25):
        self.pid, self.step = pid, step
        self.most = 0
        self.over = threading.Event()

    def now(self):
        total = 0
        for pid in [self.pid, *proc.children(self.pid)]:
            with contextlib.suppress(OSError):
                total += proc.proportional(pid)
        return total

    def _watch(self):
        while not self.over.wait(self.step):
            self.most = max(self.most, self.now())

    def __enter__(self):
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.most = max(self.most, self.now())


def settled(memory, bound, seconds):
    """What is left when it has come down to the bound, or the time is over."""
    until = time.monotonic() + seconds
    while (left := memory.now()) > bound and time.monotonic() < until:
        time.sleep(0.1)
    return left
