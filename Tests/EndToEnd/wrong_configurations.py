"""Configuration files that are wrong, each with the lines that the program has to say about it.

Every line is `FILE:LINE[:COLUMN]: error: PATH: what is wrong; what would be right`. The texts are written by hand: a line
that changes changes for whoever reads it, so it changes here first.
"""
from typing import NamedTuple


class Wrong(NamedTuple):
    name: str
    text: str | bytes
    lines: list[str]


def service(fields, before=""):
    """A file with one service; its fields begin in line 4."""
    return "{" + before + '\n  "services": [\n    { "type": "ocm",\n' + fields + "\n    }\n  ]\n}\n"


def supervisor(fields):
    """A file with a section `supervisor`; its fields begin in line 4."""
    return '{\n  "services": [ { "type": "ocm" } ],\n  "supervisor": {\n' + fields + "\n  }\n}\n"


def outbounds(elements):
    """A file with outbounds; they begin in line 4."""
    return '{\n  "services": [ { "type": "ocm" } ],\n  "outbounds": [\n' + elements + "\n  ]\n}\n"


SYNTAX = [
    Wrong("empty file", "", [
        'config.json:1:1: error: the file is empty; write an object: { "services": [ … ] }']),
    Wrong("only a comment", "// nothing yet\n", [
        'config.json:2:1: error: the file is empty; write an object: { "services": [ … ] }']),
    Wrong("missing comma", '{\n  "log": {}\n  "services": []\n}\n', [
        'config.json:3:3: error: "," or "}" is missing here']),
    Wrong("missing comma in a list", '{\n  "services": [\n    { "type": "ocm" }\n    { "type": "ocm" }\n  ]\n}\n', [
        'config.json:4:5: error: services: "," or "]" is missing here']),
    Wrong("missing colon", '{\n  "services" [ ]\n}\n', [
        'config.json:2:14: error: ":" is missing here, between the name of the field and its value']),
    Wrong("a token without its name", service('      "users": [ { "name": "alice", "sk-secret" } ]'), [
        'config.json:4:49: error: services[0].users[0]: ":" is missing here, between the name of the field and its value']),
    Wrong("name without quotes", '{\n  services: []\n}\n', [
        'config.json:2:3: error: the name of a field is expected here, in double quotes']),
    Wrong("string without quotes", '{\n  "services": [ { "type": ocm } ]\n}\n', [
        'config.json:2:27: error: services[0].type: a value is expected here: a string in double quotes, a number, true, '
        'false, null, [ or {']),
    Wrong("string in single quotes", "{\n  \"services\": [ { \"type\": 'ocm' } ]\n}\n", [
        'config.json:2:27: error: services[0].type: a value is expected here: a string in double quotes, a number, true, '
        'false, null, [ or {']),
    Wrong("Python's True", service('      "reuse_addr": True'), [
        'config.json:4:21: error: services[0].reuse_addr: a value is expected here: a string in double quotes, a number, '
        'true, false, null, [ or {']),
    Wrong("two commas", '{\n  "services": [ { "type": "ocm" },, ]\n}\n', [
        'config.json:2:35: error: services[1]: a value is expected here: a string in double quotes, a number, true, false, '
        'null, [ or {']),
    Wrong("object not closed", '{\n  "services": [\n    { "type": "ocm"\n', [
        'config.json:4:1: error: services[0]: the file ends inside an object that begins in line 3; close it']),
    Wrong("list not closed", '{\n  "services": [\n    { "type": "ocm" },\n', [
        'config.json:4:1: error: services: the file ends inside a list that begins in line 2; close it']),
    Wrong("string not closed", '{\n  "log": { "output": "stderr }', [
        'config.json:2:31: error: log.output: the file ends inside a string that begins in line 2; close it']),
    Wrong("string over two lines", '{\n  "log": { "output": "std\nerr" }\n}\n', [
        'config.json:2:26: error: log.output: a line break or another control character stands in a string; close the '
        'string or write \\n']),
    Wrong("comment not closed", '{\n  /* the services\n  "services": []\n}\n', [
        'config.json:2:3: error: the comment that begins here has no end; close it with */']),
    Wrong("backslash of a Windows path", service('      "credential_path": "C:\\Users\\alice"'), [
        'config.json:4:29: error: services[0].credential_path: the backslash begins no escape that JSON knows; write \\\\ for '
        'a backslash itself']),
    Wrong("half a surrogate pair", service('      "tag": "\\ud83d"'), [
        'config.json:4:15: error: services[0].tag: the escape is one half of a surrogate pair; write both halves']),
    Wrong("leading zero", service('      "listen_port": 08080'), [
        'config.json:4:22: error: services[0].listen_port: this is not a number of JSON; write digits without leading zeros, '
        'or put it in double quotes']),
    Wrong("duration without quotes", service('      "tcp_keep_alive": 5m'), [
        'config.json:4:25: error: services[0].tcp_keep_alive: this is not a number of JSON; write digits without leading '
        'zeros, or put it in double quotes']),
    Wrong("address without quotes", service('      "listen": 127.0.0.1'), [
        'config.json:4:17: error: services[0].listen: this is not a number of JSON; write digits without leading zeros, or '
        'put it in double quotes']),
    Wrong("a field twice", service('      "listen_port": 8080,\n      "listen_port": 8081'), [
        'config.json:5:7: error: services[0].listen_port: "listen_port" stands in line 4 already; keep one of the two']),
    Wrong("text behind the end", '{ "services": [ { "type": "ocm" } ] }\n}\n', [
        'config.json:2:1: error: text follows behind the end of the configuration; remove it']),
    Wrong("Latin-1", b'{\n  "services": [ { "type": "ocm", "tag": "caf\xe9" } ]\n}\n', [
        'config.json:2:45: error: a byte here is not UTF-8; save the file in UTF-8']),
    Wrong("a hundred lists in each other", '{ "services": ' + "[" * 100 + "]" * 100 + " }", [
        'config.json:1:78: error: services' + "[0]" * 63
        + ': lists and objects stand more than 64 deep in each other; flatten them']),
]

SHAPE = [
    Wrong("a list instead of an object", '[]\n', [
        'config.json:1: error: is a list; write an object: { … }']),
    Wrong("no services", '{\n  "log": { "level": "info" }\n}\n', [
        'config.json:1: error: services: is missing; write a list with a service of type "ocm"']),
    Wrong("services null", '{ "services": null }\n', [
        'config.json:1: error: services: is missing; write a list with a service of type "ocm"']),
    Wrong("services as one object", '{\n  "services": { "type": "ocm" }\n}\n', [
        'config.json:2: error: services: is an object; write a list: [ … ]']),
    Wrong("an empty list of services", '{\n  "services": []\n}\n', [
        'config.json:2: error: services: has no service of type "ocm"; add one: { "type": "ocm", "listen_port": 8080 }']),
    Wrong("services of other types alone", '{\n  "services": [\n    { "type": "ccm" },\n    { "type": "derp" }\n  ]\n}\n', [
        'config.json:2: error: services: has no service of type "ocm"; add one: { "type": "ocm", "listen_port": 8080 }',
        'config.json:3: warning: services[0]: is of type "ccm", which plays no part here; it is passed over',
        'config.json:4: warning: services[1]: is of type "derp", which plays no part here; it is passed over']),
    Wrong("a service that is a string", '{\n  "services": [ "ocm" ]\n}\n', [
        'config.json:2: error: services[0]: is a string; write an object: { "type": "ocm", … }']),
    Wrong("a service without type", '{\n  "services": [\n    { "listen_port": 8080 }\n  ]\n}\n', [
        'config.json:3: error: services[0].type: is missing; write "type": "ocm"']),
    Wrong("a type that is a number", '{\n  "services": [ { "type": 1 } ]\n}\n', [
        'config.json:2: error: services[0].type: is a number; write "ocm"']),
    Wrong("a misspelt field", service('      "listen_prot": 8080'), [
        'config.json:4: error: services[0].listen_prot: is not a field of a service; did you mean "listen_port"?']),
    Wrong("a field in camel case", service('      "credentialPath": "/etc/auth.json"'), [
        'config.json:4: error: services[0].credentialPath: is not a field of a service; did you mean "credential_path"?']),
    Wrong("a misspelt section", '{\n  "service": [ { "type": "ocm" } ]\n}\n', [
        'config.json:1: error: services: is missing; write a list with a service of type "ocm"',
        'config.json:2: error: service: is not a field of a configuration; did you mean "services"?']),
    Wrong("an unknown field", '{\n  "log": { "colour": "red" },\n  "services": [ { "type": "ocm" } ]\n}\n', [
        'config.json:2: error: log.colour: is not a field of log; known are access, disabled, format, level, output, timestamp']),
    Wrong("a field whose name needs quotes", '{\n  "log": { "time stamp": true },\n  "services": [ { "type": "ocm" } ]\n}\n', [
        'config.json:2: error: log["time stamp"]: is not a field of log; did you mean "timestamp"?']),
]

LOG = [
    Wrong("an unknown level", '{\n  "log": { "level": "verbose" },\n  "services": [ { "type": "ocm" } ]\n}\n', [
        'config.json:2: error: log.level: "verbose" is not known; use one of "trace", "debug", "info", "warn", "error", '
        '"fatal", "panic"']),
    Wrong("a flag in quotes", '{\n  "log": { "disabled": "no" },\n  "services": [ { "type": "ocm" } ]\n}\n', [
        'config.json:2: error: log.disabled: is a string; write true or false, without quotes']),
    Wrong("a flag as a number", '{\n  "log": { "timestamp": 1 },\n  "services": [ { "type": "ocm" } ]\n}\n', [
        'config.json:2: error: log.timestamp: is a number; write true or false, without quotes']),
    Wrong("an unknown format", '{\n  "log": { "format": "xml" },\n  "services": [ { "type": "ocm" } ]\n}\n', [
        'config.json:2: error: log.format: "xml" is not known; use one of "text", "json"']),
    Wrong("an output that is an object", '{\n  "log": { "output": { "file": "a.log" } },\n  "services": [ { "type": "ocm" } ]\n}\n', [
        'config.json:2: error: log.output: is an object; write a string']),
]

LISTENER = [
    Wrong("a host name to listen on", service('      "listen": "localhost"'), [
        'config.json:4: error: services[0].listen: "localhost" is not an IP address; write an IP address, such as '
        '"127.0.0.1", "::1" or "fe80::1%eth0"']),
    Wrong("brackets around an address", service('      "listen": "[::1]"'), [
        'config.json:4: error: services[0].listen: "[::1]" is not an IP address; write it without brackets']),
    Wrong("a zone on IPv4", service('      "listen": "127.0.0.1%lo"'), [
        'config.json:4: error: services[0].listen: "127.0.0.1%lo" is not an IP address; write an IP address, such as '
        '"127.0.0.1", "::1" or "fe80::1%eth0"']),
    Wrong("link-local without zone", service('      "listen": "fe80::1", "users": [ { "name": "a", "token": "sk-x" } ]'), [
        'config.json:4: error: services[0].listen: "fe80::1" is a link-local address; add its interface: "fe80::1%eth0"']),
    Wrong("address and port in one", service('      "listen": "127.0.0.1:8080"'), [
        'config.json:4: error: services[0].listen: "127.0.0.1:8080" is not an IP address; write an IP address, such as '
        '"127.0.0.1", "::1" or "fe80::1%eth0"']),
    Wrong("a port beyond 65535", service('      "listen_port": 70000'), [
        'config.json:4: error: services[0].listen_port: 70000 is out of range; write a whole number from 0 to 65535']),
    Wrong("a negative port", service('      "listen_port": -1'), [
        'config.json:4: error: services[0].listen_port: -1 is out of range; write a whole number from 0 to 65535']),
    Wrong("a port that is no integer", service('      "listen_port": 8080.5'), [
        'config.json:4: error: services[0].listen_port: 8080.5 is not a whole number; write a whole number from 0 to 65535']),
    Wrong("a port with an exponent", service('      "listen_port": 8e3'), [
        'config.json:4: error: services[0].listen_port: 8e3 is not a whole number; write a whole number from 0 to 65535']),
    Wrong("a port in quotes", service('      "listen_port": "8080"'), [
        'config.json:4: error: services[0].listen_port: is a string; write a whole number from 0 to 65535']),
    Wrong("a port that no integer holds", service('      "listen_port": 123456789012345678901234567890'), [
        'config.json:4: error: services[0].listen_port: 123456789012345678901234… is out of range; write a whole number from '
        '0 to 65535']),
    Wrong("a keep-alive without unit", service('      "tcp_keep_alive": 300'), [
        'config.json:4: error: services[0].tcp_keep_alive: 300 has no unit; write a duration in quotes, such as "300s" or '
        '"300ms"']),
    Wrong("a keep-alive in words", service('      "tcp_keep_alive": "5 minutes"'), [
        'config.json:4: error: services[0].tcp_keep_alive: "5 minutes" is not a duration; write it like "300ms", "15s", '
        '"5m", "1h30m" or "2d"']),
    Wrong("a keep-alive that TCP can't keep", service('      "tcp_keep_alive_interval": "10h"'), [
        'config.json:4: error: services[0].tcp_keep_alive_interval: is out of range; write a duration from "1s" to "32767s"']),
    Wrong("a routing mark of letters", service('      "routing_mark": "0xzz"'), [
        'config.json:4: error: services[0].routing_mark: is not a routing mark; write a number from 0 to 4294967295, or a '
        'string such as "0x1a"']),
    Wrong("an interface with a space", service('      "bind_interface": "eth 0"'), [
        'config.json:4: error: services[0].bind_interface: "eth 0" is not the name of an interface; write it as `ip link` '
        'shows it, such as "eth0"']),
    Wrong("listener options of later", service(
        '      "bind_interface": "eth0",\n      "routing_mark": "0x1a",\n      "netns": "blue",\n'
        '      "tcp_fast_open": true,\n      "tcp_multi_path": true'), [
        'config.json:4: error: services[0].bind_interface: is not supported yet; listen on an address of that interface',
        'config.json:5: error: services[0].routing_mark: is not supported yet; remove it',
        'config.json:6: error: services[0].netns: is not supported yet; start the service in that namespace',
        'config.json:7: error: services[0].tcp_fast_open: is not supported yet; remove it',
        'config.json:8: error: services[0].tcp_multi_path: is not supported yet; remove it']),
    Wrong("two services at one place",
          '{\n  "services": [\n    { "type": "ocm", "listen_port": 8080 },\n'
          '    { "type": "ocm", "listen": "127.0.0.1", "listen_port": 8080 }\n  ]\n}\n', [
              'config.json:4: error: services[1].listen_port: 127.0.0.1 port 8080 is where services[0] listens too; give each '
              'service its own']),
    Wrong("two services of one tag",
          '{\n  "services": [\n    { "type": "ocm", "tag": "a" },\n    { "type": "ocm", "tag": "a" }\n  ]\n}\n', [
              'config.json:4: error: services[1].tag: "a" is the tag of services[0] too; give each service its own']),
    Wrong("a tag with a line break", service('      "tag": "a\\nb"'), [
        'config.json:4: error: services[0].tag: contains a line break or another control character; remove it']),
]

USERS = [
    Wrong("users as an object", service('      "users": { "alice": "sk-secret" }'), [
        'config.json:4: error: services[0].users: is an object; write a list: [ … ]']),
    Wrong("a user that is a token", service('      "users": [ "sk-secret" ]'), [
        'config.json:4: error: services[0].users[0]: is a string; write an object: { … }']),
    Wrong("a user without token", service('      "users": [ { "name": "alice" } ]'), [
        'config.json:4: error: services[0].users[0].token: is missing; `ocm-supervisor token` makes one']),
    Wrong("a user without name", service('      "users": [ { "token": "sk-secret" } ]'), [
        'config.json:4: error: services[0].users[0].name: is missing; give the user a name']),
    Wrong("an empty name", service('      "users": [ { "name": "", "token": "sk-secret" } ]'), [
        'config.json:4: error: services[0].users[0].name: is empty; give a name']),
    Wrong("name and token null", service('      "users": [ { "name": null, "token": null } ]'), [
        'config.json:4: error: services[0].users[0].name: is missing; give the user a name',
        'config.json:4: error: services[0].users[0].token: is missing; `ocm-supervisor token` makes one']),
    Wrong("an empty token", service('      "users": [\n        { "name": "alice", "token": "" } ]'), [
        'config.json:5: error: services[0].users[0].token: is empty; `ocm-supervisor token` makes one']),
    Wrong("a token that is a number", service('      "users": [ { "name": "alice", "token": 31337 } ]'), [
        'config.json:4: error: services[0].users[0].token: is a number; write a string']),
    Wrong("a token with a space", service('      "users": [ { "name": "alice", "token": "sk-secret two" } ]'), [
        'config.json:4: error: services[0].users[0].token: contains a space or a character beyond ASCII, which no client '
        'can send; use letters, digits and "-"']),
    Wrong("two users of one name", service(
        '      "users": [\n        { "name": "alice", "token": "sk-secret" },\n'
        '        { "name": "alice", "token": "sk-other" }\n      ]'), [
        'config.json:6: error: services[0].users[1].name: "alice" is the name of services[0].users[0] too; give each user a '
        'name of its own']),
    Wrong("two users of one token", service(
        '      "users": [\n        { "name": "alice", "token": "sk-secret" },\n'
        '        { "name": "bob", "token": "sk-secret" }\n      ]'), [
        'config.json:6: error: services[0].users[1].token: is the token of services[0].users[0] too; give each user a token '
        'of its own (`ocm-supervisor token`)']),
    Wrong("a token and its digest in two users", service(
        '      "users": [\n        { "name": "alice", "token": "abc" },\n        { "name": "bob", "token_sha256":\n'
        '          "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD" }\n      ]'), [
        'config.json:7: error: services[0].users[1].token_sha256: is the token of services[0].users[0] too; give each user a '
        'token of its own (`ocm-supervisor token`)']),
    Wrong("a token in place of its digest", service('      "users": [ { "name": "alice", "token_sha256": "sk-secret" } ]'), [
        'config.json:4: error: services[0].users[0].token_sha256: is not a SHA-256 in hex; write its 64 digits, as '
        '`ocm-supervisor token` prints them']),
    Wrong("the digest of nothing", service(
        '      "users": [ { "name": "alice", "token_sha256":\n'
        '        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" } ]'), [
        'config.json:5: error: services[0].users[0].token_sha256: is the SHA-256 of an empty token; `ocm-supervisor token` '
        'makes a pair']),
    Wrong("a token and a digest", service(
        '      "users": [ { "name": "alice", "token": "sk-secret",\n'
        '        "token_sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" } ]'), [
        'config.json:5: error: services[0].users[0].token_sha256: stands beside a token; keep one of the two']),
    Wrong("a misspelt token", service('      "users": [ { "name": "alice", "tokn": "sk-secret" } ]'), [
        'config.json:4: error: services[0].users[0].token: is missing; `ocm-supervisor token` makes one',
        'config.json:4: error: services[0].users[0].tokn: is not a field of a user; did you mean "token"?']),
    Wrong("a token in the place of a name", service('      "users": [ { "name": "alice", "sk-secret": "token" } ]'), [
        'config.json:4: error: services[0].users[0].token: is missing; `ocm-supervisor token` makes one',
        'config.json:4: error: services[0].users[0]["sk-…"]: is not a field of a user; known are allow_external_usage, '
        'credential, external_credential, name, token, token_sha256']),
    Wrong("a token in a field of another kind", service('      "listen": "Bearer sk-secret"'), [
        'config.json:4: error: services[0].listen: "Bearer sk-…" is not an IP address; write an IP address, such as '
        '"127.0.0.1", "::1" or "fe80::1%eth0"']),
    Wrong("several credentials", service(
        '      "credentials": [ { "tag": "a" } ],\n'
        '      "users": [ { "name": "alice", "token": "sk-secret", "credential": "a" } ]'), [
        'config.json:4: error: services[0].credentials: is not supported yet; name one login per service in credential_path',
        'config.json:5: error: services[0].users[0].credential: is not supported yet; a service has one login, the one of its '
        'credential_path']),
]

HEADERS = [
    Wrong("headers as a list", service('      "headers": [ "X-Name: value" ]'), [
        'config.json:4: error: services[0].headers: is a list; write an object: { "X-Name": "value" }']),
    Wrong("the login's own header", service('      "headers": { "authorization": "Bearer sk-secret" }'), [
        'config.json:4: error: services[0].headers.authorization: can\'t be set, it comes from the login; remove it']),
    Wrong("the account's header", service('      "headers": { "ChatGPT-Account-Id": "a" }'), [
        'config.json:4: error: services[0].headers["ChatGPT-Account-Id"]: can\'t be set, it comes from the login; remove it']),
    Wrong("hop-by-hop headers", service('      "headers": {\n        "Connection": "close",\n        "Upgrade": "h2c"\n      }'), [
        'config.json:5: error: services[0].headers.Connection: can\'t be set, it belongs to a single connection; remove it',
        'config.json:6: error: services[0].headers.Upgrade: can\'t be set, it belongs to a single connection; remove it']),
    Wrong("the framing's header", service('      "headers": { "Content-Length": "1" }'), [
        'config.json:4: error: services[0].headers["Content-Length"]: can\'t be set, it follows from the request; remove it']),
    Wrong("compression", service('      "headers": { "Accept-Encoding": "gzip" }'), [
        'config.json:4: error: services[0].headers["Accept-Encoding"]: can\'t be set, answers are read uncompressed; remove '
        'it']),
    Wrong("a line break in a value", service('      "headers": { "X-Name": "a\\r\\nX-Other: sk-secret" }'), [
        'config.json:4: error: services[0].headers["X-Name"]: contains a line break or another control character; remove it']),
    Wrong("a value that is a number", service('      "headers": { "X-Name": [ "a", 1 ] }'), [
        'config.json:4: error: services[0].headers["X-Name"][1]: is a number; write a string']),
    Wrong("a name with a colon", service('      "headers": { "X-Name:": "a" }'), [
        'config.json:4: error: services[0].headers["X-Name:"]: is not the name of a header; use letters, digits and "-"']),
    Wrong("one name in two cases", service('      "headers": { "X-Name": "a",\n        "x-name": "b" }'), [
        'config.json:5: error: services[0].headers["x-name"]: is the same field as "X-Name"; keep one of the two']),
]

TLS = [
    Wrong("TLS for clients", service('      "tls": { "enabled": true,\n        "certificate_path": "a.pem", "key_path": "a.key" }'), [
        'config.json:4: error: services[0].tls: is not supported yet; put a proxy that ends TLS in front, or set enabled to '
        'false']),
    Wrong("TLS without certificate", service('      "tls": { "enabled": true }'), [
        'config.json:4: error: services[0].tls.certificate_path: is missing; TLS needs a certificate and its key',
        'config.json:4: error: services[0].tls.key_path: is missing; TLS needs a certificate and its key',
        'config.json:4: error: services[0].tls: is not supported yet; put a proxy that ends TLS in front, or set enabled to '
        'false']),
    Wrong("an unknown TLS version", service('      "tls": { "min_version": "TLSv1.2" }'), [
        'config.json:4: error: services[0].tls.min_version: "TLSv1.2" is not known; use one of "1.0", "1.1", "1.2", "1.3"']),
    Wrong("TLS versions that leave nothing", service('      "tls": { "min_version": "1.3",\n        "max_version": "1.2" }'), [
        'config.json:5: error: services[0].tls.max_version: leaves no version between min_version 1.3 and max_version 1.2; '
        'raise it or lower min_version']),
    Wrong("a cipher suite in OpenSSL's spelling", service('      "tls": { "cipher_suites": "ECDHE-RSA-AES128-GCM-SHA256" }'), [
        'config.json:4: error: services[0].tls.cipher_suites: "ECDHE-RSA-AES128-GCM-SHA256" is not a cipher suite; did you '
        'mean "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"?']),
    Wrong("an unknown curve", service('      "tls": { "curve_preferences": [ "X25519", "P-256" ] }'), [
        'config.json:4: error: services[0].tls.curve_preferences[1]: "P-256" is not known; use one of "P256", "P384", "P521", '
        '"X25519", "X25519MLKEM768"']),
    Wrong("a key that is no PEM", service('      "tls": { "key": "hunter2" }'), [
        'config.json:4: error: services[0].tls.key: is not PEM; it begins with -----BEGIN PRIVATE KEY-----']),
    Wrong("certificate twice", service(
        '      "tls": { "certificate": [ "-----BEGIN CERTIFICATE-----" ],\n        "certificate_path": "a.pem" }'), [
        'config.json:5: error: services[0].tls.certificate_path: stands beside certificate; keep one of the two']),
    Wrong("client certificates without authority", service('      "tls": { "client_authentication": "require-and-verify" }'), [
        'config.json:4: error: services[0].tls.client_certificate_path: is missing; client_authentication '
        '"require-and-verify" needs the authority of the clients\' certificates']),
    Wrong("a misspelt client authentication", service('      "tls": { "client_authentication": "required" }'), [
        'config.json:4: error: services[0].tls.client_authentication: "required" is not known; use one of "no", "request", '
        '"require-any", "verify-if-given", "require-and-verify"']),
    Wrong("what sing-box's TLS has beyond", service(
        '      "tls": {\n        "acme": { "domain": "example.com" },\n        "ech": { "enabled": true },\n'
        '        "reality": { "enabled": true },\n        "certificate_provider": "a"\n      }'), [
        'config.json:5: error: services[0].tls.acme: is not supported yet; let an ACME client of the system renew '
        'certificate_path and key_path',
        'config.json:6: error: services[0].tls.ech: is not supported yet; remove it',
        'config.json:7: error: services[0].tls.reality: is not supported yet; remove it',
        'config.json:8: error: services[0].tls.certificate_provider: is not supported yet; let an ACME client of the system '
        'renew certificate_path and key_path']),
]

OUTBOUNDS = [
    Wrong("an unknown detour", '{\n  "services": [ { "type": "ocm", "detour": "proxi" } ],\n'
          '  "outbounds": [ { "type": "direct", "tag": "proxy" } ]\n}\n', [
              'config.json:2: error: services[0].detour: there is no outbound "proxi"; did you mean "proxy"?']),
    Wrong("a detour without outbounds", service('      "detour": "proxy"'), [
        'config.json:4: error: services[0].detour: there is no outbound "proxy"; add one to outbounds or leave the detour '
        'out']),
    Wrong("a detour through a proxy",
          '{\n  "services": [ { "type": "ocm", "detour": "proxy" } ],\n'
          '  "outbounds": [ { "type": "socks", "tag": "proxy", "server": "127.0.0.1", "server_port": 1080 } ]\n}\n', [
              'config.json:2: error: services[0].detour: "proxy" is not supported yet; leave it out, or name an outbound of '
              'type "direct" without options']),
    Wrong("an outbound of another type", outbounds('    { "type": "vless", "tag": "proxy", "uuid": "00000000" }'), [
        'config.json:4: error: outbounds[0].type: "vless" can\'t be used here; run it in sing-box behind a socks inbound, and '
        'name that as an outbound of type "socks"']),
    Wrong("an outbound without type", outbounds('    { "tag": "proxy" }'), [
        'config.json:4: error: outbounds[0].type: is missing; write "direct", "socks" or "http"']),
    Wrong("a proxy without address", outbounds('    { "type": "socks", "tag": "proxy" }'), [
        'config.json:4: error: outbounds[0].server: is missing; write the proxy\'s host',
        'config.json:4: error: outbounds[0].server_port: is missing; write the proxy\'s port']),
    Wrong("a proxy with a URL for a host", outbounds('    { "type": "http", "server": "http://proxy", "server_port": 0 }'), [
        'config.json:4: error: outbounds[0].server: "http://proxy" is not a host; write a host name or an IP address',
        'config.json:4: error: outbounds[0].server_port: 0 is out of range; write a whole number from 1 to 65535']),
    Wrong("an unknown version of SOCKS", outbounds(
        '    { "type": "socks", "server": "127.0.0.1", "server_port": 1080, "version": "6" }'), [
        'config.json:4: error: outbounds[0].version: "6" is not known; use one of "4", "4a", "5"']),
    Wrong("a password that is a number", outbounds(
        '    { "type": "socks", "server": "127.0.0.1", "server_port": 1080, "username": "u", "password": 31337 }'), [
        'config.json:4: error: outbounds[0].password: is a number; write a string']),
    Wrong("outbounds that lead to each other", outbounds(
        '    { "type": "direct", "tag": "a", "detour": "b" },\n    { "type": "direct", "tag": "b", "detour": "c" },\n'
        '    { "type": "direct", "tag": "c", "detour": "a" }'), [
        'config.json:4: error: outbounds[0].detour: leads back to itself ("a" → "b" → "c" → "a"); remove a detour of the '
        'circle']),
    Wrong("an outbound that leads into a circle", outbounds(
        '    { "type": "direct", "tag": "a", "detour": "b" },\n    { "type": "direct", "tag": "b", "detour": "c" },\n'
        '    { "type": "direct", "tag": "c", "detour": "b" }'), [
        'config.json:5: error: outbounds[1].detour: leads back to itself ("b" → "c" → "b"); remove a detour of the circle']),
    Wrong("a detour to an outbound that can't be used",
          '{\n  "services": [ { "type": "ocm", "detour": "proxy" } ],\n'
          '  "outbounds": [ { "type": "vless", "tag": "proxy" } ]\n}\n', [
              'config.json:3: error: outbounds[0].type: "vless" can\'t be used here; run it in sing-box behind a socks inbound, '
              'and name that as an outbound of type "socks"']),
    Wrong("an outbound that leads to itself", outbounds('    { "type": "direct", "tag": "a", "detour": "a" }'), [
        'config.json:4: error: outbounds[0].detour: leads back to itself ("a" → "a"); remove a detour of the circle']),
    Wrong("two outbounds of one tag", outbounds('    { "type": "direct", "tag": "a" },\n    { "type": "direct", "tag": "a" }'), [
        'config.json:5: error: outbounds[1].tag: "a" is the tag of outbounds[0] too; give each outbound its own']),
    Wrong("an IPv6 address to bind IPv4 to", outbounds('    { "type": "direct", "inet4_bind_address": "::1" }'), [
        'config.json:4: error: outbounds[0].inet4_bind_address: "::1" is not an IPv4 address; write one of that kind']),
]

TRUST = [
    Wrong("an unknown store", '{\n  "certificate": { "store": "windows" },\n  "services": [ { "type": "ocm" } ]\n}\n', [
        'config.json:2: error: certificate.store: "windows" is not known; use one of "system", "mozilla", "chrome", "none"']),
    Wrong("nothing to trust", '{\n  "certificate": { "store": "none" },\n  "services": [ { "type": "ocm" } ]\n}\n', [
        'config.json:2: error: certificate.store: "none" leaves nothing to trust; add certificate_path or use "system"']),
    Wrong("certificates in the file",
          '{\n  "certificate": { "certificate": [ "-----BEGIN CERTIFICATE-----", "MAo=", "-----END CERTIFICATE-----" ] },\n'
          '  "services": [ { "type": "ocm" } ]\n}\n', [
              'config.json:2: error: certificate.certificate: is not supported yet; put the certificates into a file and name '
              'it in certificate_path']),
    Wrong("a path that is empty", '{\n  "certificate": { "certificate_path": [ "" ] },\n  "services": [ { "type": "ocm" } ]\n}\n', [
        'config.json:2: error: certificate.certificate_path[0]: is empty; write a path or remove the field']),
]

SUPERVISOR = [
    Wrong("no workers", supervisor('    "workers": 0'), [
        'config.json:4: error: supervisor.workers: 0 is out of range; write a whole number from 1 to 256']),
    Wrong("workers as root", supervisor('    "worker_user": "root"'), [
        'config.json:4: error: supervisor.worker_user: can\'t be root, a worker reads what strangers send; create a user for '
        'it, such as "ocm-worker"']),
    Wrong("an API in the clear", supervisor('    "endpoints": { "openai": "http://api.example.com" }'), [
        'config.json:4: error: supervisor.endpoints.openai: sends the login in the clear; use https, which only a loopback '
        'address may do without']),
    Wrong("a URL with a password", supervisor('    "endpoints": { "oauth": "https://user:hunter2@auth.example.com" }'), [
        'config.json:4: error: supervisor.endpoints.oauth: is not a base URL; write it like "https://api.openai.com", without '
        'user, query and fragment']),
    Wrong("a URL with a query", supervisor('    "endpoints": { "chatgpt": "https://chatgpt.com/backend-api/codex?a=b" }'), [
        'config.json:4: error: supervisor.endpoints.chatgpt: is not a base URL; write it like "https://api.openai.com", '
        'without user, query and fragment']),
    Wrong("a URL without scheme", supervisor('    "endpoints": { "chatgpt": "chatgpt.com" }'), [
        'config.json:4: error: supervisor.endpoints.chatgpt: is not a base URL; write it like "https://api.openai.com", '
        'without user, query and fragment']),
    Wrong("a misspelt endpoint", supervisor('    "endpoints": { "chatpgt": "https://chatgpt.com" }'), [
        'config.json:4: error: supervisor.endpoints.chatpgt: is not a field of endpoints; did you mean "chatgpt"?']),
    Wrong("a proxy by name", supervisor('    "trusted_proxies": [ "10.0.0.1", "proxy.example.com" ]'), [
        'config.json:4: error: supervisor.trusted_proxies[1]: "proxy.example.com" is not an address or a range; write it like '
        '"10.0.0.1" or "10.0.0.0/8"']),
    Wrong("proxies to be trusted", supervisor('    "trusted_proxies": [ "10.0.0.0/8" ]'), [
        "config.json:4: error: supervisor.trusted_proxies: is not supported yet; remove it: limits see the proxy's address"]),
    Wrong("a prefix too long", supervisor('    "trusted_proxies": "10.0.0.0/33"'), [
        'config.json:4: error: supervisor.trusted_proxies: "10.0.0.0/33" has no valid prefix; write a number from 0 to 32 '
        'behind the "/"']),
    Wrong("a head too small for any request", supervisor('    "limits": { "head_bytes": 100 }'), [
        'config.json:4: error: supervisor.limits.head_bytes: 100 is out of range; write a whole number of bytes from 1024 to '
        '16777216, or 0 for no limit']),
    Wrong("a size with a unit", supervisor('    "limits": { "body_bytes": "128M" }'), [
        'config.json:4: error: supervisor.limits.body_bytes: is a string; write a whole number of bytes from 1 to '
        '1099511627776, or 0 for no limit']),
    Wrong("a misspelt limit", supervisor('    "limits": { "request_per_user": 4 }'), [
        'config.json:4: error: supervisor.limits.request_per_user: is not a field of limits; did you mean '
        '"requests_per_user"?']),
    Wrong("a timeout without unit", supervisor('    "timeouts": { "head": "15" }'), [
        'config.json:4: error: supervisor.timeouts.head: "15" is not a duration; write it like "300ms", "15s", "5m", "1h30m" '
        'or "2d"']),
    Wrong("a negative timeout", supervisor('    "timeouts": { "idle": "-5m" }'), [
        'config.json:4: error: supervisor.timeouts.idle: "-5m" is negative; write a duration of zero or more']),
    Wrong("a timeout beyond all bounds", supervisor('    "drain_timeout": "99999999d"'), [
        'config.json:4: error: supervisor.drain_timeout: "99999999d" is longer than ten years; write a shorter duration']),
    Wrong("a socket's path too long", supervisor('    "admin_socket": "/run/' + "x" * 120 + '.sock"'), [
        'config.json:4: error: supervisor.admin_socket: is longer than the 107 bytes that a socket\'s path may have; choose a '
        'shorter one']),
    Wrong("websockets as a word", supervisor('    "websockets": "off"'), [
        'config.json:4: error: supervisor.websockets: is a string; write true or false, without quotes']),
]

MANY = Wrong("all at once, in the order of the file", """{
  # of sing-box
  "dns": { "servers": [] },
  "log": { "levl": "info" },
  "services": [
    {
      "type": "ocm",
      "listen": "0.0.0.0",
      "listen_port": 99999,
      "users": [
        { "name": "alice", "token": "" },
        { "name": "alice", "token": "sk-secret" },
      ],
      "headers": { "Host": "example.com" },
      "detour": "nowhere",
    },
    { "type": "ssm-api" },
  ],
  "supervisor": {
    "timeouts": { "head": 15 },
    "wokers": 2,
  },
}
""", [
    'config.json:3: warning: dns: is a section of sing-box that plays no part here; it is passed over',
    'config.json:4: error: log.levl: is not a field of log; did you mean "level"?',
    'config.json:9: error: services[0].listen_port: 99999 is out of range; write a whole number from 0 to 65535',
    'config.json:11: error: services[0].users[0].token: is empty; `ocm-supervisor token` makes one',
    'config.json:12: error: services[0].users[1].name: "alice" is the name of services[0].users[0] too; give each user a name '
    'of its own',
    'config.json:14: error: services[0].headers.Host: can\'t be set, it follows from the request; remove it',
    'config.json:15: error: services[0].detour: there is no outbound "nowhere"; add one to outbounds or leave the detour out',
    'config.json:17: warning: services[1]: is of type "ssm-api", which plays no part here; it is passed over',
    'config.json:20: error: supervisor.timeouts.head: 15 has no unit; write a duration in quotes, such as "15s" or "15ms"',
    'config.json:21: error: supervisor.wokers: is not a field of supervisor; did you mean "workers"?',
])

ALL = [*SYNTAX, *SHAPE, *LOG, *LISTENER, *USERS, *HEADERS, *TLS, *OUTBOUNDS, *TRUST, *SUPERVISOR, MANY]

# What stands in the files above as a token, a key or a password, and must stand in no message.
SECRETS = ["sk-secret", "sk-other", "sk-x", "hunter2", "31337"]
