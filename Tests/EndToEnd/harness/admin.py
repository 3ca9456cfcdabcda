"""The operator's side: the admin socket, and the schema of its answers."""

import http.client
import json
import pathlib
import socket

from jsonschema import Draft202012Validator

from . import remains

SCHEMA = json.loads((pathlib.Path(__file__).resolve().parents[3] / "packaging" / "admin-api.json").read_text())


class AdminConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=15):
        super().__init__("ocm", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = connect(self.path, self.timeout)


def connect(path, timeout=15):
    handle = socket.socket(socket.AF_UNIX)
    handle.connect(str(path))  # waits where the queue is full, as it would not with a timeout
    handle.settimeout(timeout)
    return handle


def ask(path, method="GET", target="/status", body=None, fields={}):
    """Status, fields in small letters, and the JSON of the answer, which is what the schema says."""
    connection = AdminConnection(path)
    try:
        connection.request(method, target, body, fields)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    remains.keep(f"answer to {method} {target}", f"{answer.headers}\n".encode() + text)
    assert answer.getheader("content-type") == "application/json"
    value = json.loads(text) if text else None
    if method != "HEAD":
        answers = {"/status": "Status", "/usage": "Usage", "/reload": "Reload", "/drain": "Status", "/drain?wait=true": "Drained"}
        check(value, answers.get(target) or answers[target.partition("?")[0]] if answer.status in (200, 422) else "Error")
    return answer.status, {name.lower(): field for name, field in answer.getheaders()}, value


def status(path):
    code, _, value = ask(path)
    assert code == 200, value
    return value


def exchange(path, data, timeout=15):
    """Sends bytes as they are and returns all that comes back."""
    with connect(path, timeout) as handle:
        try:
            handle.sendall(data)
        except BrokenPipeError:
            pass  # the answer may be there all the same
        return read_all(handle)


def read_all(handle):
    received = b""
    try:
        while piece := handle.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def check(value, schema):
    """Against packaging/admin-api.json, and nothing that it does not name."""
    components = _closed(SCHEMA["components"])
    validator = Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": components})
    faults = [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(value)]
    assert not faults, faults


def _closed(schema):
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    if isinstance(schema.get("properties"), dict):
        closed["additionalProperties"] = False
    return closed
