r"""Requests that few people send and that must pass: (name, bytes, what a server behind OCM sees of them, in order).

What is seen: (method, target behind the API's base, body), and where fields matter (name: values) of them. MARKED and
CANARY are as in `malformed`, but CANARY here is a request of its own where it is said to be seen.
"""

GET = b"GET /v1/MARKED HTTP/1.1\r\nHost: h\r\n"
POST = b"POST /v1/MARKED HTTP/1.1\r\nHost: h\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
NEXT = b"GET /v1/CANARY HTTP/1.1\r\nHost: h\r\n\r\n"

SEEN = [("GET", "/MARKED", b"")]


def seen(method="GET", target="/MARKED", body=b"", **fields):
    return [(method, target, body, {name.replace("_", "-"): value for name, value in fields.items()})]


METHODS = [(f"method {method}", method.encode() + b" /v1/MARKED HTTP/1.1\r\nHost: h\r\n\r\n", seen(method))
           for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")] + [
    (f"method {method} with a body",
     method.encode() + b" /v1/MARKED HTTP/1.1\r\nHost: h\r\nContent-Length: 36\r\n\r\n" + NEXT, seen(method, body=NEXT))
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")] + [
    ("a GET with chunks", GET + b"Transfer-Encoding: chunked\r\n\r\n24\r\n" + NEXT + b"\r\n0\r\n\r\n", seen(body=NEXT)),
]

TARGETS = [(f"target {target!r}"[:70], b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n\r\n", seen(target=path))
           for target, path in [
    (b"/v1/MARKED?", "/MARKED?"), (b"/v1/MARKED??", "/MARKED??"), (b"/v1/MARKED?a?b", "/MARKED?a?b"),
    (b"/v1/MARKED?a=b&c=d;e", "/MARKED?a=b&c=d;e"), (b"/v1/MARKED?/../x", "/MARKED?/../x"),
    (b"/v1/MARKED?a=%00", "/MARKED?a=%00"), (b"/v1/MARKED?a=%0d%0aX:y", "/MARKED?a=%0d%0aX:y"),
    (b"/v1/MARKED?u=http://h/v1/x", "/MARKED?u=http://h/v1/x"), (b"/v1/MARKED?%zz&%", "/MARKED?%zz&%"),
    (b"/v1/MARKED//double", "/MARKED//double"), (b"/v1//MARKED", "//MARKED"), (b"/v1/MARKED/", "/MARKED/"),
    (b"/v1/MARKED/%20%C3%A9", "/MARKED/%20%C3%A9"), (b"/v1/MARKED/a%2fb", "/MARKED/a%2fb"),
    (b"/v1/MARKED/%41%7E", "/MARKED/%41%7E"), (b"/v1/MARKED/a:b@c", "/MARKED/a:b@c"), (b"/v1/MARKED;p=1;q", "/MARKED;p=1;q"),
    (b"/v1/MARKED/...", "/MARKED/..."), (b"/v1/MARKED/.well-known", "/MARKED/.well-known"),
    (b"/v1/MARKED/a..b", "/MARKED/a..b"), (b"/v1/MARKED/!$&'()*+,;=:@", "/MARKED/!$&'()*+,;=:@"),
    (b"/v1/MARKED/-._~", "/MARKED/-._~"), (b"/v1/MARKED/[x]{y}|^`", "/MARKED/[x]{y}|^`"),
    (b'/v1/MARKED/"<x>"', '/MARKED/"<x>"'), (b"/v1/MARKED/HTTP/1.1", "/MARKED/HTTP/1.1"),
    (b"/v1/MARKED/" + b"a" * 4000, "/MARKED/" + "a" * 4000),
    (b"http://h/v1/MARKED", "/MARKED"), (b"http://other/v1/MARKED", "/MARKED"), (b"HTTP://H:80/v1/MARKED", "/MARKED"),
    (b"https://h:8443/v1/MARKED?a", "/MARKED?a"), (b"http://[::1]/v1/MARKED", "/MARKED"),
    (b"http://[2001:db8::1]:80/v1/MARKED", "/MARKED"), (b"http://127.0.0.1:1/v1/MARKED", "/MARKED"),
]]

HOSTS = [(f"host {lines!r}"[:70], b"GET /v1/MARKED HTTP/1.1\r\n" + lines + b"\r\n\r\n", SEEN) for lines in [
    b"Host:h", b"HOST: h", b"hOsT:\th\t", b"Host:", b"Host: ", b"Host: h:80", b"Host: h:", b"Host: H.Example.COM.",
    b"Host: 127.0.0.1:8080", b"Host: [::1]", b"Host: [::1]:8080", b"Host: a_b-c~d", b"Host: xn--9caa.example",
    b"Host: %C3%A9", b"A: b\r\nHost: h\r\nC: d", b"Host: evil.example",
]]

FIELDS = [(f"field {lines!r}"[:70], GET + lines + b"\r\n\r\n", seen(**fields)) for lines, fields in [
    (b"A:", {"A": [""]}), (b"A: ", {"A": [""]}), (b"A:\t", {"A": [""]}), (b"A: \t \t", {"A": [""]}), (b"A:b", {"A": ["b"]}),
    (b"A:  b", {"A": ["b"]}), (b"A:\tb\t ", {"A": ["b"]}), (b"A: b\tc  d", {"A": ["b\tc  d"]}), (b"A: :", {"A": [":"]}),
    (b"A: ,", {"A": [","]}), (b'A: "', {"A": ['"']}), (b'A: "b\\"c, d"', {"A": ['"b\\"c, d"']}),
    (b"A: (comment (in one))", {"A": ["(comment (in one))"]}), (b"A: \\", {"A": ["\\"]}),
    (b"A: \x80\xff\xa0", {"A": ["\x80\xff\xa0"]}), (b"A: caf\xc3\xa9", {"A": ["caf\xc3\xa9"]}),
    (b"A: b\r\nA: c", {"A": ["b", "c"]}), (b"A: b\r\na: c\r\nA: b", {"A": ["b", "c", "b"]}),
    (b"A: HTTP/1.1 200 OK", {"A": ["HTTP/1.1 200 OK"]}), (b"A: GET /v1/CANARY HTTP/1.1", {"A": ["GET /v1/CANARY HTTP/1.1"]}),
    (b"!#$%&'*+-.^`|~0aZ: x", {"!#$%&'*+-.^`|~0aZ": ["x"]}), (b"1: x", {"1": ["x"]}), (b"-: x", {"-": ["x"]}),
    (b"A.B: c", {"A.B": ["c"]}), (b"~~~: x", {"~~~": ["x"]}), (b"n" * 500 + b": x", {"n" * 500: ["x"]}),
    (b"A: " + b"v" * 30000, {"A": ["v" * 30000]}), (b"\r\n".join(b"A%d: b" % n for n in range(190)), {"A189": ["b"]}),
    (b"Content-Length: 0", {"Content-Length": ["0"]}), (b"Content-Length: 000", {"Content-Length": ["0"]}),
    (b"content-LENGTH:0 ", {"Content-Length": ["0"]}), (b"Content-Length:\t0", {"Content-Length": ["0"]}),
    (b"Content-Lengths: 5", {"Content-Lengths": ["5"], "Content-Length": []}),
    (b"X-Content-Length: 5", {"X-Content-Length": ["5"], "Content-Length": []}),
    (b"Transfer-Encodings: chunked", {"Transfer-Encodings": ["chunked"], "Transfer-Encoding": []}),
    (b"X-Transfer-Encoding: chunked", {"X-Transfer-Encoding": ["chunked"]}),
    (b"Connection: keep-alive", {"Connection": []}), (b"Connection: KEEP-ALIVE", {"Connection": []}),
    (b"Connection:", {"Connection": []}), (b"Connection: ,", {"Connection": []}),
    (b"Connection: A, b\r\nA: 1\r\nB: 2\r\nC: 3", {"A": [], "B": [], "C": ["3"]}),
    (b"A: 1\r\nConnection: a\r\nConnection: c\r\nC: 3", {"A": [], "C": []}),
    (b"Connection: host, content-length, authorization, accept-encoding",
     {"Connection": [], "Accept-Encoding": ["identity"]}),
    (b"Connection: transfer-encoding, te\r\nTE: trailers, gzip;q=0.5", {"TE": []}),
    (b"Connection: upgrade\r\nUpgrade: h2c", {"Upgrade": [], "Connection": []}), (b"Upgrade: websocket", {"Upgrade": []}),
    (b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
     {"Upgrade": [], "HTTP2-Settings": []}),
    (b"Keep-Alive: timeout=5, max=100", {"Keep-Alive": []}), (b"Proxy-Connection: close", {"Proxy-Connection": []}),
    (b"Trailer: X", {"Trailer": []}), (b"Expect: nothing", {"Expect": []}),
    (b"Authorization: Basic eDp5", {}), (b"Cookie: a=b; c=\"d\"\r\nCookie: e", {"Cookie": []}),
    (b"X-Forwarded-For: 1.2.3.4, ::1\r\nVia: 1.1 p", {"X-Forwarded-For": [], "Via": []}),
    (b"X-HTTP-Method-Override: DELETE", {"X-HTTP-Method-Override": ["DELETE"]}),
    (b"Range: bytes=0-1,-5\r\nIf-None-Match: W/\"x\", \"y\"", {"Range": ["bytes=0-1,-5"]}),
    (b"X-Json: {\"a\":[1,{\"b\":\"c\\\"d\"}]}", {"X-Json": ['{"a":[1,{"b":"c\\"d"}]}']}),
]] + [
    # Names with underscores pass, but for those that a gateway would read as fields which are not the client's to set.
    ("names with underscores", GET + b"session_id: 1\r\n_: 2\r\nx_y_z: 3\r\n\r\n",
     [("GET", "/MARKED", b"", {"session_id": ["1"], "_": ["2"], "x_y_z": ["3"]})]),
    ("fields of the framing with underscores", GET + b"Content_Length: 5\r\nTransfer_Encoding: chunked\r\n\r\n",
     [("GET", "/MARKED", b"", {"Content_Length": [], "Transfer_Encoding": [], "Content-Length": []})]),
    ("fields of the login with underscores",
     GET + b"ChatGPT_Account_Id: x\r\nchatgpt-account_id: y\r\nX_Api_Key: z\r\nX_Forwarded_For: 1.2.3.4\r\n\r\n",
     [("GET", "/MARKED", b"", {"ChatGPT_Account_Id": [], "chatgpt-account_id": [], "X_Api_Key": [],
                               "X_Forwarded_For": []})]),
]

BODIES = [(f"chunks {chunks!r}"[:70], CHUNKED + chunks, seen("POST", body=body)) for chunks, body in [
    (b"0\r\n\r\n", b""), (b"00\r\n\r\n", b""), (b"0000000000000000\r\n\r\n", b""), (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
    (b"03\r\nabc\r\n000\r\n\r\n", b"abc"), (b"0000000000000003\r\nabc\r\n0\r\n\r\n", b"abc"),
    (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"), (b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    (b"1F\r\n" + b"x" * 31 + b"\r\n0\r\n\r\n", b"x" * 31), (b"1f\r\n" + b"x" * 31 + b"\r\n0\r\n\r\n", b"x" * 31),
    (b"2\r\n\r\n\r\n0\r\n\r\n", b"\r\n"), (b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n"), (b"1\r\n\x00\r\n0\r\n\r\n", b"\x00"),
    (b"1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n", b"abc"), (b"24\r\n" + NEXT + b"\r\n0\r\n\r\n", NEXT),
    (b"29\r\n0\r\n\r\n" + NEXT + b"\r\n0\r\n\r\n", b"0\r\n\r\n" + NEXT), (b"3;a\r\nabc\r\n0\r\n\r\n", b"abc"),
    (b"3;a=b\r\nabc\r\n0;c=d\r\n\r\n", b"abc"), (b'3;a="b;c=d \\" e"\r\nabc\r\n0\r\n\r\n', b"abc"),
    (b"3;a;b;c=d\r\nabc\r\n0\r\n\r\n", b"abc"), (b'3;a=""\r\nabc\r\n0\r\n\r\n', b"abc"),
    (b"3;!#$%&'*+-.^_`|~=1\r\nabc\r\n0\r\n\r\n", b"abc"), (b"3;" + b"a" * 4000 + b"\r\nabc\r\n0\r\n\r\n", b"abc"),
    (b"3\r\nabc\r\n0\r\nA: b\r\n\r\n", b"abc"), (b"3\r\nabc\r\n0\r\nA:\r\nB: c\r\nA: d\r\n\r\n", b"abc"),
    (b"3\r\nabc\r\n0\r\nX: GET /v1/CANARY HTTP/1.1\r\n\r\n", b"abc"),
    (b"3\r\nabc\r\n0\r\nAuthorization: Bearer x\r\n\r\n", b"abc"), (b"3\r\nabc\r\n0\r\nA: " + b"b" * 8000 + b"\r\n\r\n", b"abc"),
    (b"fff\r\n" + b"y" * 4095 + b"\r\n0\r\n\r\n", b"y" * 4095),
]] + [
    ("a coding in capitals", POST + b"Transfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n", seen("POST", body=b"abc")),
    ("a coding in both", POST + b"tRANSFER-eNCODING:ChunKed \r\n\r\n3\r\nabc\r\n0\r\n\r\n", seen("POST", body=b"abc")),
    ("a coding behind a tab", POST + b"Transfer-Encoding:\tchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", seen("POST", body=b"abc")),
    ("zeros before the length", POST + b"Content-Length: 00000000000000000000036\r\n\r\n" + NEXT, seen("POST", body=NEXT)),
    ("a body of line ends", POST + b"Content-Length: 8\r\n\r\n\r\n\r\n\n\n\r\r", seen("POST", body=b"\r\n\r\n\n\n\r\r")),
    ("a body of all bytes", POST + b"Content-Length: 256\r\n\r\n" + bytes(range(256)), seen("POST", body=bytes(range(256)))),
    ("an expectation whose body is there", POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
     seen("POST", body=b"abc", Expect=[])),
    ("an expectation without a body", GET + b"Expect: 100-Continue\r\n\r\n", seen(Expect=[])),
]

WHOLE = [
    ("one empty line before the request", b"\r\n" + GET + b"\r\n", SEEN),
    ("HTTP/1.0", b"GET /v1/MARKED HTTP/1.0\r\n\r\n", SEEN),
    ("HTTP/1.0 with a host", b"GET /v1/MARKED HTTP/1.0\r\nHost: h\r\n\r\n", SEEN),
    ("HTTP/1.0 with keep-alive", b"GET /v1/MARKED HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", SEEN),
    ("HTTP/1.0 with a body", b"POST /v1/MARKED HTTP/1.0\r\nContent-Length: 36\r\n\r\n" + NEXT, seen("POST", body=NEXT)),
    ("HTTP/1.0 with an expectation", b"POST /v1/MARKED HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
     seen("POST", body=b"abc")),
    ("Connection: close", GET + b"Connection: close\r\n\r\n", SEEN),
    ("Connection: close in capitals and a list", GET + b"Connection: a, CLOSE ,\r\n\r\n", SEEN),
    ("two requests", GET + b"\r\n" + NEXT, SEEN + seen(target="/CANARY")),
    ("an empty line between two requests", GET + b"\r\n\r\n" + NEXT, SEEN + seen(target="/CANARY")),
    ("a request behind a body", POST + b"Content-Length: 3\r\n\r\nabc" + NEXT,
     seen("POST", body=b"abc") + seen(target="/CANARY")),
    ("a request behind a body and an empty line", POST + b"Content-Length: 3\r\n\r\nabc\r\n" + NEXT,
     seen("POST", body=b"abc") + seen(target="/CANARY")),
    ("a request behind chunks", CHUNKED + b"3\r\nabc\r\n0\r\n\r\n" + NEXT, seen("POST", body=b"abc") + seen(target="/CANARY")),
    ("a request behind a trailer", CHUNKED + b"3;x\r\nabc\r\n0\r\nA: b\r\n\r\n" + NEXT,
     seen("POST", body=b"abc") + seen(target="/CANARY")),
    ("a request behind an empty body", POST + b"Content-Length: 0\r\n\r\n" + NEXT, seen("POST") + seen(target="/CANARY")),
    ("a request behind a HEAD", b"HEAD /v1/MARKED HTTP/1.1\r\nHost: h\r\n\r\n" + NEXT,
     seen("HEAD") + seen(target="/CANARY")),
    ("ten requests", (GET + b"\r\n" + NEXT) * 5, (SEEN + seen(target="/CANARY")) * 5),
    ("bodies that look like requests, and requests", (POST + b"Content-Length: 36\r\n\r\n" + NEXT + NEXT) * 3,
     (seen("POST", body=NEXT) + seen(target="/CANARY")) * 3),
]

VALID = METHODS + TARGETS + HOSTS + FIELDS + BODIES + WHOLE
