r"""Requests that must be refused: (name, bytes, what the client gets).

Each case bears its own number: MARKED and CANARY stand for two names that only it has. MARKED is its request, CANARY a
target that a reader would see which takes the bytes otherwise. What the client gets is a status of OCM's own or, where a
good request stands before the bad one, a list with API for the API's answer to that.
"""

API = "API"

GET = b"GET /v1/MARKED HTTP/1.1\r\nHost: h\r\n"
POST = b"POST /v1/MARKED HTTP/1.1\r\nHost: h\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
NEXT = b"GET /v1/CANARY HTTP/1.1\r\nHost: h\r\n\r\n"  # 36 bytes, 24 in hexadecimal
OPEN = b"GET /v1/CANARY HTTP/1.1\r\nX: "  # swallows the beginning of what comes behind it

BOTH_FRAMINGS = [
    ("CL.TE", POST + b"Content-Length: 41\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT, 400),
    ("CL.TE, the rest of a request", POST + b"Content-Length: 33\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + OPEN,
     400),
    ("TE.CL", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n24\r\n" + NEXT + b"\r\n0\r\n\r\n", 400),
    ("CL 0 before TE", POST + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n24\r\n" + NEXT + b"\r\n0\r\n\r\n",
     400),
    ("CL 0 behind TE", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n24\r\n" + NEXT + b"\r\n0\r\n\r\n",
     400),
    ("both, and they agree", POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("CL with TE identity", POST + b"Content-Length: 36\r\nTransfer-Encoding: identity\r\n\r\n" + NEXT, 400),
    ("CL with an empty TE", POST + b"Content-Length: 36\r\nTransfer-Encoding:\r\n\r\n" + NEXT, 400),
    ("CL with an unknown TE", POST + b"Content-Length: 36\r\nTransfer-Encoding: x\r\n\r\n" + NEXT, 400),
    ("an empty CL with TE", POST + b"Content-Length:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT, 400),
    ("both in a GET", GET + b"Content-Length: 41\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT, 400),
    ("both, with fields between",
     POST + b"Content-Length: 41\r\nA: b\r\nC: d\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT, 400),
    ("both, Connection names the length",
     POST + b"Connection: content-length\r\nContent-Length: 41\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT, 400),
    ("both, Connection names the coding",
     POST + b"Connection: transfer-encoding\r\nContent-Length: 41\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
     400),
    ("both in HTTP/1.0",
     b"POST /v1/MARKED HTTP/1.0\r\nContent-Length: 41\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT, 400),
]


def _coding(line):
    """TE.TE: a reader that does not know this spelling sees no body, and the hidden request behind the head."""
    return POST + line + b"\r\n\r\n24\r\n" + NEXT + b"\r\n0\r\n\r\n"


CODINGS = [(f"TE.TE {line!r}"[:70], _coding(line), 400) for line in [
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunkedx", b"Transfer-Encoding: chunke",
    b"Transfer-Encoding : chunked", b"Transfer-Encoding\t: chunked", b" Transfer-Encoding: chunked",
    b"\tTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
    b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding:", b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked, identity", b"Transfer-Encoding: identity, chunked",
    b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: gzip",
    b"Transfer-Encoding: deflate", b"Transfer-Encoding: identity", b"Transfer-Encoding:",
    b"Transfer-Encoding: ,chunked", b"Transfer-Encoding: chunked,", b"Transfer-Encoding: , chunked ,",
    b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding:\x0cchunked", b"Transfer-Encoding: chunked\x00",
    b"Transfer-Encoding: \x00chunked", b"Transfer-Encoding: chunked\x0b", b"Transfer-Encoding: chunked\t",
    b"Transfer-Encoding: chunked \t", b"Transfer-Encoding: chunked;q=1", b"Transfer-Encoding: chunked; ext",
    b'Transfer-Encoding: "chunked"', b"Transfer-Encoding: 'chunked'", b"Transfer-Encoding: (comment) chunked",
    b"Transfer-Encoding: chun\xe2\x84\xaaed", b"Transfer-Encoding: chunked\xa0", b"Transfer-Encoding:\xa0chunked",
    b"Transfer-Encoding: \x7fchunked", b"Transfer-Encoding:\r\n chunked", b"Transfer-Encoding: x\r\n\tchunked",
    b"Transfer-Encoding\x00: chunked", b"Transfer\x00-Encoding: chunked", b"Transfer-Encoding\xa0: chunked",
    b"Transfer Encoding: chunked", b"Transfer-Encoding; chunked", b"Transfer-Encoding chunked",
    b"Transfer-Encoding:chunked\nX: y", b"X: y\nTransfer-Encoding: chunked", b"X: y\rTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r", b"Transfer-Encoding: chun\rked", b"\x00Transfer-Encoding: chunked",
    b": chunked\r\nTransfer-Encoding: chunked", b"Transfer-Encoding:: chunked", b"Transfer-Encoding: : chunked",
    b"Transfer-Encoding: cow, chunked", b"Transfer-Encoding: chunked cow", b"Transfer-Encoding: CHUNKED, IDENTITY",
]]


def _length(lines):
    return POST + lines + b"\r\n\r\n" + NEXT


LENGTHS = [(f"length {lines!r}"[:70], _length(lines), 400) for lines in [
    b"Content-Length: 0\r\nContent-Length: 36", b"Content-Length: 36\r\nContent-Length: 0",
    b"Content-Length: 36\r\nContent-Length: 36", b"Content-Length: 36\r\ncontent-length: 36",
    b"Content-Length: 36\r\nX: y\r\nContent-Length: 5", b"Content-Length: 0, 36", b"Content-Length: 36, 36",
    b"Content-Length: 36,", b"Content-Length: ,36", b"Content-Length: 36 36", b"Content-Length: 3 6",
    b"Content-Length:", b"Content-Length: +36", b"Content-Length: -0", b"Content-Length: -36", b"Content-Length: 0x24",
    b"Content-Length: 36h", b"Content-Length: 36.0", b"Content-Length: 3_6", b"Content-Length: 3.6e1",
    b"Content-Length: 36;", b'Content-Length: "36"', b"Content-Length: 36\t", b"Content-Length: 36 \t",
    b"Content-Length: 36\x00", b"Content-Length: \x0b36", b"Content-Length: 36\xa0", b"Content-Length: \xd9\xa3\xd9\xa6",
    b"Content-Length : 36", b"Content-Length\t: 36", b" Content-Length: 36", b"Content-Length: 0\r\n 36",
    b"Content-Length: 3\r\n\t6", b"Content-Length\x00: 36", b"Content\x00Length: 36", b"Content-Length 36",
    b"Content-Length: 18446744073709551616", b"Content-Length: 18446744073709551652",
    b"Content-Length: 99999999999999999999999999999999", b"Content-Length: 000000000000000000018446744073709551652",
    b"Content-Length: 36\r", b"Content-Length: 36\nX: y", b"X: y\nContent-Length: 36", b"X: y\rContent-Length: 36",
    b"Content-Length: NaN", b"Content-Length: \xef\xbc\x93\xef\xbc\x96", b"Content-Length:: 36",
]] + [
    ("a length above the limit", POST + b"Content-Length: 9223372036854775807\r\n\r\n" + NEXT, 413),
    ("a length at the end of 64 bits", POST + b"Content-Length: 18446744073709551615\r\n\r\n" + NEXT, 413),
]

LINES = [
    ("bare LF for all line ends", b"GET /v1/MARKED HTTP/1.1\nHost: h\n\n" + NEXT, 400),
    ("bare LF behind the request line", b"GET /v1/MARKED HTTP/1.1\nHost: h\r\n\r\n" + NEXT, 400),
    ("bare LF behind a field", GET + b"A: b\n\r\n" + NEXT, 400),
    ("bare LF for the empty line", GET + b"\n" + NEXT, 400),
    ("bare LF before a hidden field", GET + b"A: b\nContent-Length: 36\r\n\r\n" + NEXT, 400),
    ("LF CR", b"GET /v1/MARKED HTTP/1.1\n\rHost: h\n\r\n\r" + NEXT, 400),
    ("two LF end the head for some", GET + b"A: b\n\n" + NEXT, 400),
    ("bare LF before the request", b"\n" + GET + b"\r\n" + NEXT, 400),
    ("two empty lines before the request", b"\r\n\r\n" + GET + b"\r\n" + NEXT, 400),
    ("bare CR before the request", b"\r" + GET + b"\r\n" + NEXT, 400),
    ("bare CR in a value", GET + b"A: b\rContent-Length: 36\r\n\r\n" + NEXT, 400),
    ("bare CR ends a line for some", b"GET /v1/MARKED HTTP/1.1\rHost: h\r\r" + NEXT, 400),
    ("CR CR LF", GET + b"A: b\r\r\n\r\n" + NEXT, 400),
    ("CR CR LF for the empty line", GET + b"\r\r\n" + NEXT, 400),
    ("bare CR in a name", GET + b"A\rB: c\r\n\r\n" + NEXT, 400),
    ("NUL in a value", GET + b"A: b\x00c\r\n\r\n" + NEXT, 400),
    ("NUL in a name", GET + b"A\x00B: c\r\n\r\n" + NEXT, 400),
    ("NUL in the target", b"GET /v1/MARKED\x00 HTTP/1.1\r\nHost: h\r\n\r\n" + NEXT, 400),
    ("NUL before the request", b"\x00" + GET + b"\r\n" + NEXT, 400),
    ("NUL for the space", b"GET\x00/v1/MARKED\x00HTTP/1.1\r\nHost: h\r\n\r\n" + NEXT, 400),
    ("DEL in a value", GET + b"A: b\x7fc\r\n\r\n" + NEXT, 400),
    ("a vertical tab in a value", GET + b"A: b\x0bc\r\n\r\n" + NEXT, 400),
    ("an escape in a value", GET + b"A: \x1b[0m\r\n\r\n" + NEXT, 400),
    ("a fold of spaces", GET + b"A: b\r\n c\r\n\r\n" + NEXT, 400),
    ("a fold of tabs", GET + b"A: b\r\n\tc\r\n\r\n" + NEXT, 400),
    ("a fold that hides a length", GET + b"A: b\r\n Content-Length: 36\r\n\r\n" + NEXT, 400),
    ("a fold behind the request line", b"GET /v1/MARKED HTTP/1.1\r\n Host: h\r\n\r\n" + NEXT, 400),
    ("a fold of nothing", GET + b"A: b\r\n \r\n\r\n" + NEXT, 400),
    ("a fold of the host", b"GET /v1/MARKED HTTP/1.1\r\nHost:\r\n h\r\n\r\n" + NEXT, 400),
    ("white space for the empty line", GET + b" \r\n" + NEXT + b"\r\n", 400),
]

NAMES = [
    ("a space before the colon", GET + b"A : b\r\n\r\n" + NEXT, 400),
    ("a tab before the colon", GET + b"A\t: b\r\n\r\n" + NEXT, 400),
    ("a space in a name", GET + b"A B: c\r\n\r\n" + NEXT, 400),
    ("no name", GET + b": b\r\n\r\n" + NEXT, 400),
    ("no colon", GET + b"A\r\n\r\n" + NEXT, 400),
    ("a request for a field", GET + b"GET /v1/CANARY HTTP/1.1\r\n\r\n", 400),
    ("a name in brackets", GET + b"[A]: b\r\n\r\n" + NEXT, 400),
    ("a name in quotes", GET + b'"A": b\r\n\r\n' + NEXT, 400),
    ("a name with a slash", GET + b"A/B: c\r\n\r\n" + NEXT, 400),
    ("a name with an at sign", GET + b"A@B: c\r\n\r\n" + NEXT, 400),
    ("a name beyond ASCII", GET + b"\xc3\x84: b\r\n\r\n" + NEXT, 400),
    ("a name with a comma", GET + b"A,B: c\r\n\r\n" + NEXT, 400),
    ("a name with an equals sign", GET + b"A=B: c\r\n\r\n" + NEXT, 400),
    ("two logins", GET + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n" + NEXT, 400),
    ("the same login twice", GET + b"Authorization: Bearer a\r\nauthorization: Bearer a\r\n\r\n" + NEXT, 400),
    ("more options than anybody has", GET + b"Connection: " + b"a," * 40 + b"\r\n\r\n" + NEXT, 431),
    ("more fields than anybody has", GET + b"A: b\r\n" * 300 + b"\r\n" + NEXT, 431),
    ("a head without end", GET + b"A: " + b"b" * 70000 + b"\r\n\r\n" + NEXT, 431),
]


def _host(lines):
    return b"GET /v1/MARKED HTTP/1.1\r\n" + lines + b"\r\n" + NEXT


def _target(target):
    return b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n\r\n" + NEXT


AUTHORITY = [(f"host {lines!r}"[:70], _host(lines), 400) for lines in [
    b"", b"Host: a\r\nHost: b\r\n", b"Host: h\r\nHost: h\r\n", b"Host: a\r\nhost:\r\n", b"Host: a, b\r\n",
    b"Host: a b\r\n", b"Host: a/b\r\n", b"Host: a@b\r\n", b"Host: a:b@c\r\n", b"Host: a:80:80\r\n", b"Host: a:8o\r\n",
    b"Host: a:-80\r\n", b"Host: :80\r\n", b"Host: [::1\r\n", b"Host: []\r\n", b"Host: [::1]a\r\n", b"Host: ::1\r\n",
    b"Host: a?b\r\n", b"Host: a#b\r\n", b"Host: a\\b\r\n", b"Host: a\tb\r\n", b"Host: a\x00b\r\n", b"Host: \xc3\xa4\r\n",
    b"Host: http://a\r\n", b"Host: <a>\r\n", b"Host : h\r\n", b"Host: {a}\r\n", b'Host: "a"\r\n', b"Host: a^b\r\n",
]] + [(f"target {target!r}"[:70], _target(target), 400) for target in [
    b"http://user@h/v1/MARKED", b"http://user:pass@h/v1/MARKED", b"http://@h/v1/MARKED", b"http:///v1/MARKED",
    b"http://h:x/v1/MARKED", b"http://h:80:80/v1/MARKED", b"http://[::1/v1/MARKED", b"http://h\\@i/v1/MARKED",
    b"http:/v1/MARKED", b"http:v1/MARKED", b"ftp://h/v1/MARKED", b"file:///v1/MARKED", b"h:443", b"h",
    b"v1/MARKED", b"*", b"?/v1/MARKED", b"/v1/MARKED#f", b"/v1/MARKED#/../../v1/CANARY", b"/v1/MARKED\x7f",
    b"/v1/MARKED\xe4", b"/v1/MARKED\t", b"/v1/MARKED\rX", b"javascript:alert(1)",
]]

# Clean requests for paths that servers read differently: the connection may go on, so it is told to end.
PATHS = [(f"path {path!r}"[:70], b"GET " + path + b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + NEXT, status)
         for path, status in [
    (b"/v1/../v1/CANARY", 400), (b"/v1/%2e%2e/v1/CANARY", 400), (b"/v1/%2E./v1/CANARY", 400), (b"/v1/..%2fCANARY", 400),
    (b"/v1/%2e%2e%2fCANARY", 400), (b"/v1/..;/CANARY", 400), (b"/v1/..;a=b/CANARY", 400), (b"/v1/.", 400),
    (b"/v1/./MARKED", 400), (b"/v1/MARKED/..", 400), (b"/v1/MARKED\\..\\CANARY", 400),
    (b"/v1/MARKED%5c..%5cCANARY", 400), (b"/v1/MARKED%00", 400), (b"/v1/MARKED%0d%0aX:%20y", 400), (b"/v1/MARKED%7f", 400),
    (b"/CANARY", 404), (b"//v1/CANARY", 404), (b"/V1/CANARY", 404), (b"/%761/CANARY", 404), (b"/v1", 404),
    (b"/v1%2fCANARY", 404), (b"/x/../v1/CANARY", 404), (b"http://h", 404), (b"http://h?/v1/CANARY", 404),
    (b"http://h//v1/CANARY", 404), (b"http://h/x/v1/CANARY", 404),
]]

REQUEST_LINES = [(f"line {line!r}"[:70], line + b"\r\nHost: h\r\n\r\n" + NEXT, status) for line, status in [
    (b"GET  /v1/MARKED HTTP/1.1", 400), (b"GET /v1/MARKED  HTTP/1.1", 400), (b"GET /v1/MARKED HTTP/1.1 ", 400),
    (b" GET /v1/MARKED HTTP/1.1", 400), (b"\tGET /v1/MARKED HTTP/1.1", 400), (b"GET\t/v1/MARKED HTTP/1.1", 400),
    (b"GET /v1/MARKED\tHTTP/1.1", 400), (b"GET\x0b/v1/MARKED HTTP/1.1", 400), (b"GET /v1/MARKED\x0cHTTP/1.1", 400),
    (b"GET /v1/MARKED\xa0HTTP/1.1", 400), (b"GET /v1/MARKED", 400), (b"GET /v1/MARKED ", 400), (b"GET", 400),
    (b"GET /v1/MARKED HTTP/1.1 HTTP/1.1", 400), (b"GET /v1/MARKED /v1/CANARY HTTP/1.1", 400),
    (b"GET /v1/MARKED HTTP/1.10", 400), (b"GET /v1/MARKED HTTP/1.01", 400), (b"GET /v1/MARKED HTTP/01.1", 400),
    (b"GET /v1/MARKED HTTP/1", 400), (b"GET /v1/MARKED HTTP/1.", 400), (b"GET /v1/MARKED HTTP/.1", 400),
    (b"GET /v1/MARKED HTTP/1,1", 400), (b"GET /v1/MARKED HTTP/1.1.1", 400), (b"GET /v1/MARKED HTTP1.1", 400),
    (b"GET /v1/MARKED HTTP/-1.1", 400), (b"GET /v1/MARKED HTTP/1.1;a", 400), (b"GET /v1/MARKED HTTP/ 1.1", 400),
    (b"GET /v1/MARKED http/1.1", 400), (b"GET /v1/MARKED Http/1.1", 400), (b"GET /v1/MARKED HTTPS/1.1", 400),
    (b"GET /v1/MARKED SIP/2.0", 400), (b"GET /v1/MARKED HTTP/\xd9\xa1.1", 400), (b"GET /v1/MARKED HTTP/1.1\x00", 400),
    (b"GET /v1/MARKED HTTP/0.9", 505), (b"GET /v1/MARKED HTTP/1.2", 505), (b"GET /v1/MARKED HTTP/1.9", 505),
    (b"GET /v1/MARKED HTTP/2.0", 505), (b"GET /v1/MARKED HTTP/3.0", 505), (b"GET /v1/MARKED HTTP/0.0", 505),
    (b"get /v1/MARKED HTTP/1.1", 501), (b"Get /v1/MARKED HTTP/1.1", 501), (b"GETX /v1/MARKED HTTP/1.1", 501),
    (b"TRACE /v1/MARKED HTTP/1.1", 501), (b"TRACK /v1/MARKED HTTP/1.1", 501), (b"CONNECT h:443 HTTP/1.1", 501),
    (b"CONNECT /v1/MARKED HTTP/1.1", 501), (b"PROPFIND /v1/MARKED HTTP/1.1", 501), (b"PURGE /v1/MARKED HTTP/1.1", 501),
    (b"M-SEARCH * HTTP/1.1", 501), (b"0 /v1/MARKED HTTP/1.1", 501), (b"G\x00T /v1/MARKED HTTP/1.1", 400),
    (b"G(T /v1/MARKED HTTP/1.1", 400), (b"G:T /v1/MARKED HTTP/1.1", 400), (b"\xc7ET /v1/MARKED HTTP/1.1", 400),
    (b'"GET" /v1/MARKED HTTP/1.1', 400), (b"{GET} /v1/MARKED HTTP/1.1", 400), (b"HTTP/1.1 200 OK", 400),
]]

FOREIGN = [
    ("HTTP/0.9", b"GET /v1/MARKED\r\n", 400),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 32 + NEXT, 400),
    ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n", 400),
    ("the PROXY protocol", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + GET + b"\r\n", 400),
    ("the PROXY protocol, binary", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + b"\x7f\x00\x00\x01" * 3 + NEXT, 400),
    ("HTTP/2 with prior knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00", 505),
    ("HTTP/2 behind an upgrade to h2c",
     GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00", [API, 505]),
    ("HTTP/2 behind an upgrade to h2c that Connection does not name",
     GET + b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [API, 505]),
    ("frames behind an upgrade to WebSocket",
     GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 777\r\nSec-WebSocket-Key: eA==\r\n\r\n"
     b"\x81\x85\x00\x00\x00\x00hello", [API, 400]),  # a path without WebSocket: the upgrade is passed over
    ("an answer for a request", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + NEXT, 400),
]

TRANSFER_IN_10 = [
    ("TE in HTTP/1.0", b"POST /v1/MARKED HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n24\r\n" + NEXT
     + b"\r\n0\r\n\r\n", 400),
    ("TE in HTTP/1.0 with keep-alive",
     b"POST /v1/MARKED HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
     400),
    ("TE identity in HTTP/1.0", b"POST /v1/MARKED HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n" + NEXT, 400),
    ("two hosts in HTTP/1.0", b"GET /v1/MARKED HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n" + NEXT, 400),
]

# Bad ones behind good ones, on one connection: the good ones are answered, the bad one ends it.
BEHIND = [
    ("bare LF in the second request", GET + b"\r\n" + b"GET /v1/CANARY HTTP/1.1\nHost: h\r\n\r\n", [API, 400]),
    ("both framings in the second request",
     GET + b"\r\n" + b"POST /v1/CANARY HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"0\r\n\r\n", [API, 400]),
    ("a body longer than its length", POST + b"Content-Length: 3\r\n\r\nabcd" + NEXT, [API, 501]),
    ("a body of nothing said of it", POST + b"\r\n{\"model\":\"x\"}" + NEXT, [API, 400]),
    ("a GET with a body of nothing said of it", GET + b"\r\n:" + NEXT, [API, 400]),
    ("chunks without a coding", POST + b"\r\n24\r\n" + NEXT + b"\r\n0\r\n\r\n", [API, 400]),
    ("an empty line too many behind a body", POST + b"Content-Length: 3\r\n\r\nabc\r\n\r\n" + NEXT, [API, 400]),
    ("a hidden request behind HTTP/1.0", b"GET /v1/MARKED HTTP/1.0\r\n\r\n" + NEXT, [API]),
    ("a hidden request behind HTTP/1.0 with keep-alive",
     b"GET /v1/MARKED HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + NEXT, [API]),
    ("a hidden request behind Connection: close", GET + b"Connection: close\r\n\r\n" + NEXT, [API]),
    ("a hidden request behind Connection: close, keep-alive",
     GET + b"Connection: keep-alive\r\nConnection: close\r\n\r\n" + NEXT, [API]),
    ("a hidden request behind a refused one with a body",
     b"POST /x/MARKED HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + NEXT, 404),
    ("a hidden request as the body of a refused one",
     b"POST /x/MARKED HTTP/1.1\r\nHost: h\r\nContent-Length: 36\r\n\r\n" + NEXT, 404),
    ("a hidden request in the chunks of a refused one",
     b"POST /x/MARKED HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n24\r\n" + NEXT + b"\r\n0\r\n\r\n", 404),
    ("a hidden request behind a refused method with a body",
     b"LOCK /v1/MARKED HTTP/1.1\r\nHost: h\r\nContent-Length: 36\r\n\r\n" + NEXT, 501),
    ("a hidden request behind an unanswered expectation",
     b"POST /x/MARKED HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 36\r\n\r\n" + NEXT, 404),
]

MALFORMED = (BOTH_FRAMINGS + CODINGS + LENGTHS + LINES + NAMES + AUTHORITY + PATHS + REQUEST_LINES + FOREIGN + TRANSFER_IN_10
             + BEHIND)


def _last(trailers):
    return b"3\r\nabc\r\n0\r\n" + trailers + b"\r\n" + NEXT


# What is wrong stands in the body: the request may have begun upstream, but never becomes whole.
BROKEN_BODIES = [(f"chunks {chunks!r}"[:70], CHUNKED + chunks, 400) for chunks in [
    b"0x3\r\nabc\r\n0\r\n\r\n" + NEXT, b"+3\r\nabc\r\n0\r\n\r\n" + NEXT, b"-3\r\nabc\r\n0\r\n\r\n" + NEXT,
    b" 3\r\nabc\r\n0\r\n\r\n" + NEXT, b"3 \r\nabc\r\n0\r\n\r\n" + NEXT, b"\t3\r\nabc\r\n0\r\n\r\n" + NEXT,
    b"3\t\r\nabc\r\n0\r\n\r\n" + NEXT, b"3_\r\nabc\r\n0\r\n\r\n" + NEXT, b"3h\r\nabc\r\n0\r\n\r\n" + NEXT,
    b"3,3\r\nabc\r\n0\r\n\r\n" + NEXT, b"3.0\r\nabc\r\n0\r\n\r\n" + NEXT, b"\r\nabc\r\n0\r\n\r\n" + NEXT,
    b"g\r\nabc\r\n0\r\n\r\n" + NEXT, b"\x003\r\nabc\r\n0\r\n\r\n" + NEXT, b"3\x00\r\nabc\r\n0\r\n\r\n" + NEXT,
    b"10000000000000003\r\nabc\r\n0\r\n\r\n" + NEXT, b"00000000000000003\r\nabc\r\n0\r\n\r\n" + NEXT,
    b"ffffffffffffffff\r\nabc\r\n0\r\n\r\n" + NEXT, b"8000000000000000\r\nabc\r\n0\r\n\r\n" + NEXT,
    b"1\r\na\r\nffffffffffffffff\r\nb\r\n0\r\n\r\n" + NEXT,
    b"3\nabc\r\n0\r\n\r\n" + NEXT, b"3\rabc\r\n0\r\n\r\n" + NEXT, b"3\r\rabc\r\n0\r\n\r\n" + NEXT,
    b"3\r\nabc\n0\r\n\r\n" + NEXT, b"3\r\nabc0\r\n\r\n" + NEXT, b"3\r\nabcd\r\n0\r\n\r\n" + NEXT,
    b"3\r\nabc\r0\r\n\r\n" + NEXT, b"3\r\nabc\r\r\n0\r\n\r\n" + NEXT, b"3\r\nabc\r\n0\n\r\n" + NEXT,
    b"3\r\nabc\r\n0\r\n\n" + NEXT, b"3\r\nabc\r\n0\r\r\n" + NEXT, b"2\r\nabc\r\n0\r\n\r\n" + NEXT,
    b"3;a\nabc\r\n0\r\n\r\n" + NEXT, b"3;a\rabc\r\n0\r\n\r\n" + NEXT, b"3;a\x00\r\nabc\r\n0\r\n\r\n" + NEXT,
    b"3;\nabc\r\n24\r\n" + NEXT + b"\r\n0\r\n\r\n", b'3;a="\r\nabc\r\n0\r\n\r\n' + NEXT, b'3;a="\n"\r\nabc\r\n0\r\n\r\n' + NEXT,
    b'3;a="b\r\nabc\r\n0\r\n\r\n' + NEXT, b'3;a="b"c\r\nabc\r\n0\r\n\r\n' + NEXT, b'3;a="\\\n"\r\nabc\r\n0\r\n\r\n' + NEXT,
    b"3;\r\nabc\r\n0\r\n\r\n" + NEXT, b"3;=b\r\nabc\r\n0\r\n\r\n" + NEXT, b"3;a=\r\nabc\r\n0\r\n\r\n" + NEXT,
    b"3;a b\r\nabc\r\n0\r\n\r\n" + NEXT, b"3; a\r\nabc\r\n0\r\n\r\n" + NEXT, b"3 ;a\r\nabc\r\n0\r\n\r\n" + NEXT,
    b"3;a;;b\r\nabc\r\n0\r\n\r\n" + NEXT, b"3;" + b"a" * 5000 + b"\r\nabc\r\n0\r\n\r\n" + NEXT,
    _last(b"Transfer-Encoding: chunked\r\n"), _last(b"Content-Length: 36\r\n"), _last(b"Host: evil\r\n"),
    _last(b"Connection: close\r\n"), _last(b"Trailer: A\r\n"), _last(b"TE: trailers\r\n"), _last(b"Upgrade: h2c\r\n"),
    _last(b"Keep-Alive: 1\r\n"), _last(b"Proxy-Connection: close\r\n"), _last(b"A : b\r\n"), _last(b"A\r\n"),
    _last(b": b\r\n"), _last(b" A: b\r\n"), _last(b"A: b\r\n c\r\n"), _last(b"A: b\x00\r\n"), _last(b"A: b\n"),
    _last(b"A: b\nC: d\r\n"), _last(b"A: b\rC: d\r\n"), _last(b"A\x00: b\r\n"), _last(b"A: " + b"b" * 9000 + b"\r\n"),
    b"0\r\n" + NEXT,
]] + [
    ("a chunk above the limit", CHUNKED + b"7ffffffffffffff0\r\nabc" + NEXT, 413),
    ("chunks that add up to more than the limit", CHUNKED + b"3\r\nabc\r\n7fffffffffffff00\r\nabc" + NEXT, 413),
    ("chunks that add up to more than 63 bits", CHUNKED + b"3\r\nabc\r\n7fffffffffffffff\r\nabc" + NEXT, 400),
]
