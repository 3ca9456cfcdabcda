"""nginx as a server behind OCM: it reads requests in its own way, says what it saw, and passes them on."""

import json
import pathlib
import signal
import socket
import subprocess

from .ocm import free_port
from .tools import tool
from .waiting import eventually

CONFIGURATION = """
daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/nginx-error.log;
events {{ worker_connections 4096; }}
http {{
    log_format seen escape=json '{{"method":"$request_method","target":"$request_uri","body":"$request_body",'
                                '"line":"$request","status":$status}}';
    access_log {directory}/nginx-seen.log seen;
    client_header_timeout 10s; client_body_timeout 10s; keepalive_requests 100000;
    client_header_buffer_size 128k; large_client_header_buffers 8 128k; client_body_buffer_size 1m;
    client_body_temp_path {directory}/1; proxy_temp_path {directory}/2; fastcgi_temp_path {directory}/3;
    uwsgi_temp_path {directory}/4; scgi_temp_path {directory}/5;
    merge_slashes off;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ proxy_pass http://127.0.0.1:{target}; proxy_buffering off; }}
    }}
}}
"""


class Nginx:
    def __init__(self, directory, target):
        self.directory = pathlib.Path(directory)
        self.port = free_port()
        file = self.directory / "nginx.conf"
        file.write_text(CONFIGURATION.format(directory=directory, port=self.port, target=target))
        self.process = subprocess.Popen(
            [tool("nginx"), "-e", self.directory / "nginx-error.log", "-c", file],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._listens, 10, "nginx to listen")

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        except OSError:
            return False
        return True

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def finish(self):
        """Ends it, once it is through with what it has, and returns what it saw."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(20)
        lines = (self.directory / "nginx-seen.log").read_bytes().decode("latin-1").split("\n")
        return [json.loads(line) for line in lines if line]

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
