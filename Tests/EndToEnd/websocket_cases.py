"""The protocol as cases: what one side sends, byte for byte, what the other must see, and how it ends (RFC 6455).

The sections are the Autobahn suite's. Most cases are there twice, sent by the client and by the upstream. A relay shows
the other side the very frames that were sent, with another mask or none.
"""

from typing import NamedTuple

from harness.frames import BINARY, CLOSE, CONTINUATION, MASK, PING, PONG, TEXT, Frame, encode

OPEN, CLOSED, CUT = "open", "closed", "cut"  # how a case ends, else the code that the sender's connection is closed with
CLIENT, UPSTREAM = "client", "upstream"
LIMIT = 1 << 20  # the largest message, in the cases that name it


class Case(NamedTuple):
    name: str
    sender: str
    wire: bytes
    seen: tuple  # frames that the other side must see, and no others
    reply: tuple = ()  # frames with which the other side answers, and which the sender must see
    end: object = OPEN
    reset: bool = False  # a cut by RST
    limit: bool = False  # holds where LIMIT is set
    judged: bool = True  # wsproto is of the same opinion
    transparent: bool = True  # a good case holds for whoever passes on every byte
    slow: bool = False  # too long to be sent byte by byte

    @property
    def id(self):
        return f"{self.name}, from the {self.sender}".replace(" ", "-")


class Sent(NamedTuple):
    """A frame as a case sends it; what is not said is as it should be."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    length: int | None = None
    width: int | None = None
    mask: bytes = MASK
    mask_wrong: bool = False  # none from a client, one from the upstream

    def wire(self, sender):
        mask = self.mask if (sender == CLIENT) != self.mask_wrong else None
        return encode(self.opcode, self.payload, fin=self.fin, rsv=self.rsv, mask=mask, length=self.length,
                      width=self.width)

    @property
    def frame(self):
        return Frame(self.opcode, self.payload, self.fin)


CASES = []


def case(name, *frames, sees=None, senders=(CLIENT, UPSTREAM), reply=(), **more):
    """`sees`: how many of the frames pass; all of them where the end is a good one, else none."""
    good = more.get("end", OPEN) in (OPEN, CLOSED, CUT)
    passing = frames[:len(frames) if sees is None and good else sees or 0]
    for sender in senders:
        wire = b"".join(frame.wire(sender) for frame in frames)
        more.setdefault("slow", len(wire) > 2000)
        CASES.append(Case(name, sender, wire, tuple(frame.frame for frame in passing),
                          tuple(frame.frame for frame in reply), **more))


def text(payload, **more):
    return Sent(TEXT, payload.encode() if isinstance(payload, str) else payload, **more)


def closing(code, reason=b""):
    return Sent(CLOSE, code.to_bytes(2) + reason)


def fragments(*payloads, opcode=TEXT, end=True):
    """A message in frames; without its end where `end` is False."""
    last = len(payloads) - 1
    return [Sent(CONTINUATION if n else opcode, payload, fin=end and n == last) for n, payload in enumerate(payloads)]


# 1. Framing.

for size in (0, 1, 125, 126, 127, 128, 1000, 65535, 65536, 65537, 1 << 20):
    case(f"1 a text of {size} bytes", text("*" * size))
for size in (0, 1, 125, 126, 127, 65535, 65536, 300_000):
    case(f"1 a binary message of {size} bytes", Sent(BINARY, bytes(n & 255 for n in range(size))))
case("1 a hundred messages in one write", *(text(f"message {n}") for n in range(100)))
case("1 two messages and half of a head", text("one"), text("two"), text("three"))
case("1 large and small messages in turn", *(text("x" * (70_000 if n % 2 else 3)) for n in range(8)))
case("1 an empty text between two others", text("a"), text(""), text("b"))
for size in (0, 1, 125):
    case(f"1 a length of {size} in 16 bits", text("*" * size, width=16), end=1002)
for size in (0, 125, 126, 65535):
    case(f"1 a length of {size} in 64 bits", text("*" * size, width=64), end=1002)
case("1 a length with its highest bit set", text("", length=1 << 63, width=64), end=1002)
case("1 a length with all bits set", text("", length=(1 << 64) - 1, width=64), end=1002)
case("1 a wrong length behind a good message", text("good"), text("x", width=16), sees=1, end=1002)

# 2. Pings and pongs.

for name, payload in (("empty", b""), ("text", b"are you there"), ("binary", bytes(range(100))),
                      ("no UTF-8", b"\0\xff\xfe\xfd\xfc\xfb\0\xff"), ("125 bytes", b"\xfe" * 125)):
    case(f"2 a ping, {name}, is answered by the other end", Sent(PING, payload), reply=[Sent(PONG, payload)])
    case(f"2 a pong that nobody asked for, {name}", Sent(PONG, payload))
case("2 a pong that nobody asked for, and a ping", Sent(PONG, b"old"), Sent(PING, b"new"), reply=[Sent(PONG, b"new")])
case("2 ten pings in one write", *(Sent(PING, b"%d" % n) for n in range(10)),
     reply=[Sent(PONG, b"%d" % n) for n in range(10)])
case("2 ten pings, the last of which is answered", *(Sent(PING, b"%d" % n) for n in range(10)), reply=[Sent(PONG, b"9")])
case("2 a ping behind a text", text("first"), Sent(PING, b"then"), reply=[Sent(PONG, b"then")])
case("2 a ping before a text", Sent(PING, b"first"), text("then"), reply=[Sent(PONG, b"first")])
case("2 both ends ping", Sent(PING, b"one"), reply=[Sent(PING, b"other")])
case("2 a ping is answered by a text", Sent(PING, b"?"), reply=[text("!")])
for name, opcode in (("ping", PING), ("pong", PONG)):
    case(f"2 a {name} of 126 bytes", Sent(opcode, b"x" * 126), end=1002)
    case(f"2 a {name} of 65536 bytes, its head alone", Sent(opcode, length=65536), end=1002)
    case(f"2 a {name} in fragments", Sent(opcode, b"x", fin=False), Sent(CONTINUATION, b"x"), end=1002)
    case(f"2 a {name} with a length in 16 bits", Sent(opcode, b"x", width=16), end=1002)
    case(f"2 a {name} of 126 bytes behind a text", text("good"), Sent(opcode, b"x" * 126), sees=1, end=1002)

# 3. Reserved bits.

for rsv in range(1, 8):
    case(f"3 reserved bits {rsv:03b} on a text", text("x", rsv=rsv), end=1002)
for name, frame in (("an empty text", text("", rsv=4)), ("a binary message", Sent(BINARY, b"x", rsv=4)),
                    ("a ping", Sent(PING, b"x", rsv=1)), ("a pong", Sent(PONG, b"x", rsv=2)),
                    ("a close", Sent(CLOSE, (1000).to_bytes(2), rsv=4))):
    case(f"3 a reserved bit on {name}", frame, end=1002)
case("3 a reserved bit behind a good message", text("good"), text("x", rsv=2), sees=1, end=1002)
case("3 a reserved bit on a continuation", *fragments(b"a", end=False), Sent(CONTINUATION, b"b", rsv=4), sees=1, end=1002)
case("3 a reserved bit between fragments", *fragments(b"a", end=False), Sent(PING, b"b", rsv=4), sees=1, end=1002)

# 4. Opcodes.

for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
    case(f"4 opcode {opcode}", Sent(opcode), end=1002)
for opcode in (3, 7, 11, 15):
    case(f"4 opcode {opcode} with a payload", Sent(opcode, b"payload"), end=1002)
    case(f"4 opcode {opcode} behind a good message", text("good"), Sent(opcode, b"x"), sees=1, end=1002)
    case(f"4 opcode {opcode} between fragments", *fragments(b"a", end=False), Sent(opcode, b"x"), sees=1, end=1002)
    case(f"4 opcode {opcode} in fragments", Sent(opcode, b"x", fin=False), end=1002)

# 5. Fragmentation.

for name, parts in (("two", (b"frag", b"ments")), ("two, the first empty", (b"", b"ment")),
                    ("two, the last empty", (b"frag", b"")), ("three, all empty", (b"", b"", b"")),
                    ("five, some empty", (b"a", b"", b"b", b"", b"c")), ("many of one byte", [b"x"] * 300),
                    ("two large ones", (b"x" * 70_000, b"y" * 70_000))):
    case(f"5 a text in fragments: {name}", *fragments(*parts))
    case(f"5 a binary message in fragments: {name}", *fragments(*parts, opcode=BINARY))
first, second = fragments(b"one", b"two")
case("5 a ping between fragments", first, Sent(PING, b"between"), second, reply=[Sent(PONG, b"between")])
case("5 a pong between fragments", first, Sent(PONG, b"between"), second)
case("5 an empty ping between fragments", first, Sent(PING), second, reply=[Sent(PONG)])
case("5 ten pings between fragments", first, *(Sent(PING, b"%d" % n) for n in range(10)), second)
case("5 fragments and pings in turn", *(frame for n, fragment in enumerate(fragments(*[b"part"] * 20))
                                        for frame in (Sent(PING, b"%d" % n), fragment)))
case("5 a message that is not finished yet", first)
case("5 a ping behind a message that is not finished yet", first, Sent(PING, b"x"), reply=[Sent(PONG, b"x")])
case("5 two fragmented messages, one after the other", first, second, *fragments(b"three", b"four", opcode=BINARY))
case("5 a message in fragments, and one in one frame", first, second, text("three"))
case("5 a message is answered before it is finished", first, reply=[text("enough")])
for name, fin in (("last", True), ("further", False)):
    continued = Sent(CONTINUATION, b"x", fin=fin)
    case(f"5 a {name} fragment of nothing", continued, end=1002)
    case(f"5 an empty {name} fragment of nothing", Sent(CONTINUATION, fin=fin), end=1002)
    case(f"5 a {name} fragment behind a finished message", text("done"), continued, sees=1, end=1002)
    case(f"5 a {name} fragment behind a finished message in fragments", first, second, continued, sees=2, end=1002)
    case(f"5 a {name} fragment of nothing behind a ping", Sent(PING, b"p"), continued, sees=1, end=1002)
for name, opcode in (("text", TEXT), ("binary message", BINARY)):
    case(f"5 a {name} inside a text", first, Sent(opcode, b"x"), sees=1, end=1002)
    case(f"5 a {name} in fragments inside a text", first, Sent(opcode, b"x", fin=False), sees=1, end=1002)
    case(f"5 a {name} inside a binary message", *fragments(b"x", opcode=BINARY, end=False), Sent(opcode, b"x"), sees=1,
         end=1002)
    case(f"5 a {name} behind a ping inside a text", first, Sent(PING, b"p"), Sent(opcode, b"x"), sees=2, end=1002)

# 6. UTF-8.

GOOD = {
    "Greek": "κόσμε", "mixed": "Hello-µ@ßöäüàá-UTF-8!!", "four bytes": "𝄞😀🏁", "U+0000": "\0", "U+007F": "\x7f",
    "U+0080": "\x80", "U+07FF": "\u07ff", "U+0800": "\u0800", "U+D7FF": "\ud7ff", "U+E000": "\ue000",
    "U+FFFD": "\ufffd", "U+FFFE": "\ufffe", "U+FFFF": "\uffff", "U+10000": "\U00010000", "U+1FFFF": "\U0001ffff",
    "U+FFFFF": "\U000fffff", "U+10FFFF": "\U0010ffff", "a byte order mark": "\ufeffx",
}
for name, value in GOOD.items():
    case(f"6 good: {name}", text(value))
greek = GOOD["Greek"].encode()
case("6 good: a character in two fragments", *fragments(greek[:1], greek[1:]))
case("6 good: a character in four fragments", *fragments(*(bytes((byte,)) for byte in "😀".encode())))
case("6 good: each byte in a fragment", *fragments(*(bytes((byte,)) for byte in GOOD["mixed"].encode())))
case("6 good: a ping inside a character", *fragments(greek[:1], end=False), Sent(PING, b"\xff"),
     Sent(CONTINUATION, greek[1:]))
case("6 good: an empty fragment inside a character", *fragments(greek[:1], b"", greek[1:]))
case("6 good: characters over the end of 64 KiB", text("x" * 65535 + "κόσμε"))
case("6 good: a binary message that is no UTF-8", Sent(BINARY, b"\xff\xfe\x80\xc0"))
case("6 good: a binary message in fragments that is no UTF-8", *fragments(b"\xff", b"\xed\xa0", b"\x80", opcode=BINARY))

BAD = {
    "a continuation byte 80": b"\x80", "a continuation byte BF": b"\xbf", "two continuation bytes": b"\x80\xbf",
    "all continuation bytes": bytes(range(0x80, 0xC0)), "C0": b"\xc0 ", "C1": b"\xc1 ", "F5": b"\xf5 ", "F8": b"\xf8 ",
    "FC": b"\xfc ", "FE": b"\xfe", "FF": b"\xff", "FE FE FF FF": b"\xfe\xfe\xff\xff",
    "a start of two bytes and a blank": b"\xc3 ", "a start of three bytes and a blank": b"\xe2 ",
    "two of three bytes and a blank": b"\xe2\x82 ", "three of four bytes and a blank": b"\xf0\x9f\x98 ",
    "/ in two bytes": b"\xc0\xaf", "/ in three bytes": b"\xe0\x80\xaf", "/ in four bytes": b"\xf0\x80\x80\xaf",
    "/ in five bytes": b"\xf8\x80\x80\x80\xaf", "/ in six bytes": b"\xfc\x80\x80\x80\x80\xaf",
    "NUL in two bytes": b"\xc0\x80", "U+007F in two bytes": b"\xc1\xbf", "U+07FF in three bytes": b"\xe0\x9f\xbf",
    "U+FFFF in four bytes": b"\xf0\x8f\xbf\xbf", "U+D800": b"\xed\xa0\x80", "U+DB7F": b"\xed\xad\xbf",
    "U+DC00": b"\xed\xb0\x80", "U+DFFF": b"\xed\xbf\xbf", "a pair of surrogates": b"\xed\xa0\x80\xed\xb0\x80",
    "U+110000": b"\xf4\x90\x80\x80", "U+1FFFFF": b"\xf7\xbf\xbf\xbf", "good, bad, good": greek + b"\xed\xa0\x80edited",
}
for name, value in BAD.items():
    case(f"6 bad: {name}", text(value), end=1007)
for name, value in (("two bytes", b"\xc3"), ("three bytes", b"\xe2\x82"), ("four bytes", b"\xf0\x9f\x98"),
                    ("a text", greek[:-1])):
    case(f"6 bad: {name} without the last", text(value), end=1007)
    case(f"6 bad: {name} without the last, and an empty last fragment", *fragments(value, b""), sees=1, end=1007)
case("6 bad: in the second fragment", *fragments(greek, b"\xff"), sees=1, end=1007)
case("6 bad: over two fragments", *fragments(b"\xed", b"\xa0\x80"), sees=1, end=1007)
case("6 bad: behind a ping", Sent(PING, b"x"), text(b"\xff"), sees=1, end=1007)
case("6 bad: behind a good message", text(greek), text(b"\xff"), sees=1, end=1007)
case("6 bad: far inside a large text", text(b"x" * 100_000 + b"\xff" + b"x" * 10), end=1007)
# The end is not awaited.
case("6 bad: in a frame whose rest is still to come", text(b"abc\xff", length=1000), end=1007)
case("6 bad: in a message whose rest is still to come", *fragments(greek + b"\xed\xa0\x80", end=False), end=1007)
case("6 bad: over two fragments whose rest is still to come", *fragments(b"\xf4", b"\x90", end=False), sees=1, end=1007)

# 7. Closes.

ANSWER = [closing(1000)]
case("7 a close without a code", Sent(CLOSE), reply=[Sent(CLOSE)], end=CLOSED)
for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999):
    case(f"7 close {code}", closing(code), reply=[closing(code)], end=CLOSED)
case("7 close 1014", closing(1014), reply=[closing(1014)], end=CLOSED, judged=False)  # newer than wsproto's list
case("7 a close with a reason", closing(1000, "näher".encode()), reply=ANSWER, end=CLOSED)
case("7 a close with a reason of 123 bytes", closing(1001, b"x" * 123), reply=ANSWER, end=CLOSED)
case("7 a close that is answered with another code", closing(1001, b"bye"), reply=[closing(4000, b"well")], end=CLOSED)
case("7 a close behind a text", text("last"), closing(1000), reply=ANSWER, end=CLOSED)
case("7 a close behind a ping", Sent(PING, b"last"), closing(1000), reply=ANSWER, end=CLOSED)
case("7 a close inside a message", first, closing(1000), reply=ANSWER, end=CLOSED)
case("7 a message, then the answer to a close", closing(1000), reply=[text("still"), *ANSWER], end=CLOSED)
for name, more in (("a text", text("no")), ("a ping", Sent(PING, b"no")), ("a second close", closing(1001)),
                   ("a frame that is none", Sent(15, b"no", rsv=7)), ("half of a frame", text("no", length=100))):
    case(f"7 {name} behind a close", closing(1000), more, sees=1, reply=ANSWER, end=CLOSED, transparent=False)
for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
    case(f"7 close {code}", closing(code), end=1002)
case("7 a close of one byte", Sent(CLOSE, b"\3"), end=1002)
case("7 a close of 126 bytes", Sent(CLOSE, (1000).to_bytes(2) + b"x" * 124), end=1002)
case("7 a close in fragments", Sent(CLOSE, (1000).to_bytes(2), fin=False), end=1002)
case("7 a close with a wrong code behind a text", text("last"), closing(1005), sees=1, end=1002)
for name, reason in (("no UTF-8", b"\xff"), ("half of a character", greek[:1]), ("a surrogate", b"\xed\xa0\x80")):
    case(f"7 a close with a reason that is {name}", closing(1000, reason), end=1007)
for name, frames in (("nothing", ()), ("a text", (text("last"),)), ("a fragment", (first,)), ("a ping", (Sent(PING, b"x"),))):
    case(f"7 the connection ends behind {name}", *frames, end=CUT)
    case(f"7 the connection is reset behind {name}", *frames, end=CUT, reset=True)
case("7 the connection ends inside a head", Sent(TEXT, b"x" * 200), end=CUT, sees=0)
CASES[-2:] = [found._replace(wire=found.wire[:3]) for found in CASES[-2:]]
case("7 the connection ends inside a payload", text("half", length=8), end=CUT, sees=0)
case("7 the connection ends inside a fragment", first, Sent(CONTINUATION, b"half", length=8), end=CUT, sees=1)

# 8. Masks.

for name, frame in (("a text", text("x")), ("an empty text", text("")), ("a binary message", Sent(BINARY, b"x")),
                    ("a ping", Sent(PING, b"x")), ("a pong", Sent(PONG)), ("a close", closing(1000)),
                    ("a text of 126 bytes", text("x" * 126)), ("a text of 65536 bytes", text("x" * 65536))):
    case(f"8 {name}, masked the wrong way", frame._replace(mask_wrong=True), end=1002)
case("8 the second message is masked the wrong way", text("right"), text("wrong", mask_wrong=True), sees=1, end=1002)
case("8 the second fragment is masked the wrong way", first, second._replace(mask_wrong=True), sees=1, end=1002)
ONLY = {"senders": (CLIENT,)}
for name, mask in (("zeros", bytes(4)), ("ones", b"\xff" * 4), ("one byte", b"\0\0\0\1"), ("newlines", b"\r\n\r\n")):
    case(f"8 a mask of {name}", text("masked text", mask=mask), **ONLY)
for size in range(1, 34):
    case(f"8 a masked text of {size} bytes", text("abcdefghijklmnopqrstuvwxyz0123456789"[:size]), **ONLY)
case("8 each message has a mask of its own", *(text(f"message {n}", mask=bytes((n, 7, n ^ 99, 255 - n)))
                                               for n in range(50)), **ONLY)
case("8 each fragment has a mask of its own", *(frame._replace(mask=bytes((n, 1, 2, n)))
                                                for n, frame in enumerate(fragments(*[b"fragment"] * 20))), **ONLY)
case("8 a large message under a mask", Sent(BINARY, bytes(range(256)) * 1024, mask=b"\xa5\x5a\xc3\x3c"), **ONLY)

# 9. Limits.

case("9 a message as large as may be", text("x" * LIMIT), limit=True)
case("9 fragments as large as may be together", *fragments(b"x" * (LIMIT // 2), b"x" * (LIMIT // 2)), limit=True)
case("9 two messages as large as may be", text("x" * LIMIT), text("y" * LIMIT), limit=True)
BEYOND = {"limit": True, "end": 1009, "judged": False}
case("9 the head of a message that is too large", text("", length=LIMIT + 1), **BEYOND)
case("9 the head of a binary message that is too large", Sent(BINARY, length=LIMIT + 1), **BEYOND)
case("9 the head of a message of 4 EiB", text("", length=1 << 62, width=64), **BEYOND)
case("9 the head of the largest message that there is", text("", length=(1 << 63) - 1, width=64), **BEYOND)
case("9 fragments that are too large together", *fragments(b"x" * LIMIT, end=False), Sent(CONTINUATION, length=1), sees=1,
     **BEYOND)
case("9 many fragments that are too large together", *fragments(*[b"x" * (LIMIT // 16)] * 16, end=False),
     Sent(CONTINUATION, length=1, fin=False), sees=16, **BEYOND)
case("9 a ping does not count", text("x" * (LIMIT - 10), fin=False), Sent(PING, b"x" * 125), Sent(CONTINUATION, b"x" * 10),
     limit=True)
case("9 ten thousand empty fragments", *fragments(*[b""] * 10_000))
case("9 a thousand pings in one write", *(Sent(PING, b"%d" % n) for n in range(1000)))
case("9 ten thousand messages in one write", *(text("%d" % n) for n in range(10_000)))
