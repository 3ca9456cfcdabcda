r"""Answers that no good API gives: (name, bytes, how the connection goes on, what the client gets).

What the client gets is Refused: 502 in OCM's words, Cut: the beginning of a body, then a cut, or Passed: an answer that is
whole. `log` is what the log says of it, `kept` whether the connection to the API may be used again.
"""

import collections

Refused = collections.namedtuple("Refused", "log status kept", defaults=("", 502, False))
Cut = collections.namedtuple("Cut", "body log kept", defaults=("", False))
Passed = collections.namedtuple("Passed", "status body fields kept", defaults=(200, b"", {}, False))

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"Content-Length: 3\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
POISON = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
WHOLE = Passed(body=b"abc", kept=True)
ONCE = Passed(body=b"abc")
MALFORMED = "malformed"

STATUS_LINES = [(f"status line {line!r}", line + b"\r\nContent-Length: 3\r\n\r\nabc", "close", Refused(log)) for line, log in [
    (b"HTTP/2.0 200 OK", "only HTTP/1.1"), (b"HTTP/1.2 200 OK", "only HTTP/1.1"), (b"HTTP/0.9 200 OK", "only HTTP/1.1"),
    (b"HTTP/1.10 200 OK", "status line"), (b"ICY 200 OK", "status line"), (b"http/1.1 200 OK", "status line"),
    (b"HTTP/1.1 20 OK", "status line"), (b"HTTP/1.1 2000 OK", "status line"), (b"HTTP/1.1 099 OK", "status line"),
    (b"HTTP/1.1 -20 OK", "status line"), (b"HTTP/1.1 abc OK", "status line"), (b"HTTP/1.1  200 OK", "status line"),
    (b"HTTP/1.1\t200 OK", "status line"), (b"HTTP/1.1 200\tOK", "status line"), (b" HTTP/1.1 200 OK", "status line"),
    (b"HTTP/1.1 200 O\x00K", "status line"), (b"HTTP/1.1 200 O\rK", "carriage return"), (b"HTTP/1.1", "status line"),
    (b"\r\nHTTP/1.1 200 OK", "status line"), (b"junk\r\nHTTP/1.1 200 OK", "status line"), (b"GET / HTTP/1.1", "status line"),
    (b"HTTP/1.1 200 OK\nA: b", "line feed"), (b"\nHTTP/1.1 200 OK", "line feed"),
]] + [
    ("no reason", b"HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\nabc", "keep", WHOLE),
    ("no space for the reason", b"HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc", "keep", WHOLE),
    ("a reason beyond ASCII", b"HTTP/1.1 200 \xc3\xa4\tb\r\nContent-Length: 3\r\n\r\nabc", "keep", WHOLE),
    ("a status that nobody knows", b"HTTP/1.1 999 X\r\nContent-Length: 3\r\n\r\nabc", "keep", Passed(999, b"abc", kept=True)),
    ("HTTP/0.9", b"<html>hello", "close", Refused("without a response")),
    ("nothing", b"", "close", Refused("without a response")),
    ("nothing but a reset", b"", "reset", Refused("reset")),
    ("half a head", OK + b"Content-Le", "close", Refused("without a response")),
    ("a head that stops", OK + b"Content-Le", "silence", Refused("silent", 504)),
    ("nothing at all", b"", "silence", Refused("silent", 504)),
]

FIELDS = [(f"field {line!r}"[:60], LENGTH + line + b"\r\n\r\nabc", "keep", Refused(log)) for line, log in [
    (b"A: b\x00c", "control character"), (b"A: b\rc", "carriage return"), (b"A: b\x7f", "control character"),
    (b"A: \x1b[2J", "control character"), (b"A\x00: b", "field name"), (b"A : b", "before the colon"),
    (b"A: b\r\n c", "folded"), (b" A: b", "folded"), (b"A", "field name"), (b": b", "without a name"),
    (b"A b: c", "field name"), (b"\xc3\xa4: b", "field name"), (b"A: b\nSet-Cookie: c=d", "line feed"),
    (b"A: b\r\r", "carriage return"), (b"\r\n".join([b"A: b"] * 250), "more than 200"),
]] + [
    ("bare LF for all line ends", b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", "close", Refused("line feed")),
    ("bare LF for the empty line", LENGTH + b"\nabc", "close", Refused("line feed")),
    ("cookies", LENGTH + b"Set-Cookie: a=b\r\n" * 150 + b"X: y\r\n\r\nabc", "keep",
     Passed(body=b"abc", fields={"set-cookie": [], "x": ["y"]}, kept=True)),
    ("what Connection names", LENGTH + b"Connection: x, keep-alive\r\nX: y\r\nZ: z\r\n\r\nabc", "keep",
     Passed(body=b"abc", fields={"x": [], "z": ["z"], "connection": []}, kept=True)),
    ("names to clear away", LENGTH + b"Alt-Svc: h3=\":443\"\r\nKeep-Alive: 1\r\nProxy-Authenticate: Basic\r\nTrailer: A\r\n\r\nabc",
     "keep", Passed(body=b"abc", fields={"alt-svc": [], "keep-alive": [], "proxy-authenticate": [], "trailer": []}, kept=True)),
    ("field values beyond ASCII", LENGTH + b"A: \xff\x80\r\n\r\nabc", "keep",
     Passed(body=b"abc", fields={"a": ["\xff\x80"]}, kept=True)),
    ("a redirect", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/evil\r\nContent-Length: 3\r\n\r\nabc", "keep",
     Passed(302, b"abc", {"location": ["http://127.0.0.1:1/evil"]}, kept=True)),
    ("a redirect that keeps the method", b"HTTP/1.1 307 X\r\nLocation: /v1/elsewhere\r\nContent-Length: 0\r\n\r\n", "keep",
     Passed(307, b"", {"location": ["/v1/elsewhere"]}, kept=True)),
    ("a refresh", LENGTH + b"Refresh: 0; url=http://127.0.0.1:1/\r\n\r\nabc", "keep", WHOLE),
    ("gzip that nobody asked for", OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00", "keep",
     Passed(body=b"\x1f\x8b\x08\x00", fields={"content-encoding": ["gzip"]}, kept=True)),
]

LENGTHS = [(f"length {lines!r}"[:60], OK + lines + b"\r\n\r\nabc", "keep", Refused(log)) for lines, log in [
    (b"Content-Length: 3\r\nContent-Length: 3", "Content-Length"), (b"Content-Length: 3\r\nContent-Length: 4", "Content-Length"),
    (b"Content-Length: 3, 3", "Content-Length"), (b"Content-Length: 3,4", "Content-Length"), (b"Content-Length:", "Content-Length"),
    (b"Content-Length: -1", "Content-Length"), (b"Content-Length: +3", "Content-Length"), (b"Content-Length: 0x3", "Content-Length"),
    (b"Content-Length: 3 3", "Content-Length"), (b"Content-Length: 18446744073709551619", "Content-Length"),
    (b"Content-Length: 3\r\nTransfer-Encoding: chunked", "both"), (b"Transfer-Encoding: chunked\r\nContent-Length: 3", "both"),
    (b"Transfer-Encoding: gzip", "Transfer-Encoding"), (b"Transfer-Encoding: identity", "Transfer-Encoding"),
    (b"Transfer-Encoding: gzip, chunked", "Transfer-Encoding"), (b"Transfer-Encoding: chunked, chunked", "Transfer-Encoding"),
    (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding"), (b"Transfer-Encoding:", "Transfer-Encoding"),
    (b"Transfer-Encoding: xchunked", "Transfer-Encoding"), (b"Transfer-Encoding : chunked", "before the colon"),
]] + [
    ("a length that is too short", LENGTH + b"\r\nabcdef", "keep", ONCE),
    ("a length that is too short by a whole answer", LENGTH + b"\r\nabc" + POISON, "keep", ONCE),
    ("a length that is too long", OK + b"Content-Length: 9\r\n\r\nabc", "close", Cut(b"abc", "cut off")),
    ("a length that is too long, and a reset", OK + b"Content-Length: 9\r\n\r\nabc", "reset", Cut(b"abc", "reset")),
    ("a length that is too long, and silence", OK + b"Content-Length: 9\r\n\r\nabc", "silence", Cut(b"abc", "silent")),
    ("the longest length", OK + b"Content-Length: 18446744073709551615\r\n\r\nabc", "close", Cut(b"abc", "cut off")),
    ("a length of 0 with a body", OK + b"Content-Length: 0\r\n\r\n" + POISON, "keep", Passed()),
    ("no length", OK + b"\r\nabc", "close", ONCE),
    ("no length, and a reset", OK + b"\r\nabc", "reset", Cut(b"abc", "reset")),
    ("no length, and silence", OK + b"\r\nabc", "silence", Cut(b"abc", "silent")),
    ("Connection: close and more", LENGTH + b"Connection: close\r\n\r\nabc" + POISON, "keep", ONCE),
]

VERSIONS = [
    ("HTTP/1.0", b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", "close", ONCE),
    ("HTTP/1.0 without length", b"HTTP/1.0 200 OK\r\n\r\nabc", "close", ONCE),
    ("HTTP/1.0 that says nothing and stays", b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", "keep", ONCE),
    ("HTTP/1.0 with keep-alive", b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc", "keep", WHOLE),
    ("HTTP/1.0 with chunks", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "close",
     Refused("HTTP/1.0")),
    ("another protocol unasked", b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n" + POISON, "keep",
     Refused("unasked")),
    ("a hint with a length", b"HTTP/1.1 103 H\r\nContent-Length: 3\r\nLink: a\r\n\r\n" + LENGTH + b"\r\nabc", "keep", WHOLE),
    ("a hint with a coding", b"HTTP/1.1 103 H\r\nTransfer-Encoding: chunked\r\n\r\n" + LENGTH + b"\r\nabc", "keep",
     Refused("Transfer-Encoding")),
    ("an unasked 100", b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + LENGTH + b"\r\nabc", "keep", WHOLE),
    ("101 hints", b"HTTP/1.1 103 H\r\n\r\n" * 101 + LENGTH + b"\r\nabc", "keep", Refused("interim")),
    ("204 with a body", b"HTTP/1.1 204 N\r\nContent-Length: 41\r\n\r\n" + POISON, "keep",
     Passed(204, fields={"content-length": []})),
    ("204 with a coding", b"HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "keep", Refused("Transfer-Encoding")),
    ("304 with a body", b"HTTP/1.1 304 N\r\nContent-Length: 41\r\n\r\n" + POISON, "keep",
     Passed(304, fields={"content-length": ["41"]})),
    ("304 with chunks", b"HTTP/1.1 304 N\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "keep", Passed(304)),
]

CHUNKS = [(f"chunks {rest!r}"[:60], CHUNKED + rest, "keep", Cut(b"abc", log)) for rest, log in [
    (b"x\r\nabc\r\n0\r\n\r\n", "chunk size"), (b"-3\r\nabc\r\n0\r\n\r\n", "chunk size"), (b"0x3\r\nabc\r\n0\r\n\r\n", "chunk size"),
    (b" 3\r\nabc\r\n0\r\n\r\n", "chunk size"), (b"3 \r\nabc\r\n0\r\n\r\n", "chunk size"), (b"\r\nabc\r\n0\r\n\r\n", "chunk size"),
    (b"10000000000000003\r\nabc\r\n0\r\n\r\n", "out of range"), (b"ffffffffffffffff\r\nabc", "out of range"),
    (b"3\nabc\r\n0\r\n\r\n", "line feed"), (b"3;a\nabc\r\n0\r\n\r\n", "extension"), (b'3;a="\r\nabc\r\n0\r\n\r\n', "extension"),
    (b"0\r\nContent-Length: 3\r\n\r\n", "trailer"), (b"0\r\nA\r\n\r\n", "trailer"), (b"0\r\nA: b\n\r\n", "line feed"),
    (b"0\r\n\n", ""), (b"0\r\n" + POISON, "trailer"), (b"3;" + b"a" * 5000 + b"\r\nabc\r\n", "extensions larger"),
    (b"0\r\nA: " + b"b" * 9000 + b"\r\n\r\n", "trailers larger"),
]] + [
    ("a chunk longer than its size", CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n", "keep", Cut(b"abcabc", "line end")),
    ("chunks without an end", CHUNKED, "close", Cut(b"abc", "cut off")),
    ("chunks without an end, and a reset", CHUNKED, "reset", Cut(b"abc", "reset")),
    ("chunks without an end, and silence", CHUNKED, "silence", Cut(b"abc", "silent")),
    ("chunks that end in their last line", CHUNKED + b"0\r\n", "close", Cut(b"abc", "cut off")),
    ("a chunk that is not all there", CHUNKED + b"5\r\nde", "close", Cut(b"abcde", "cut off")),
    ("the largest chunk", CHUNKED + b"7ffffffffffffff0\r\nde", "close", Cut(b"abcde", "cut off")),
    ("an answer behind the chunks", CHUNKED + b"0\r\n\r\n" + POISON, "keep", ONCE),
    ("a line end behind the chunks", CHUNKED + b"0\r\n\r\n\r\n", "keep", ONCE),
    ("extensions and trailers", CHUNKED + b"0;a=b\r\nA: b\r\nSet-Cookie: c\r\n\r\n", "keep", WHOLE),
    ("a coding in capitals", OK + b"TRANSFER-ENCODING: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "keep", WHOLE),
]

ANSWERS = STATUS_LINES + FIELDS + LENGTHS + VERSIONS + CHUNKS
