"""Sends the collection through OCM and says what became of each case, at the client and behind OCM."""

import asyncio
import collections
import re

from harness.http import Connection, Ended

from .malformed import API

MARK = re.compile(r"([MCE])(\d{5})")
BASE = "/backend-api/codex"
# What a server behind OCM saw: which of the case's names, and the request. `fields` is None where it does not tell.
Sighting = collections.namedtuple("Sighting", "letter method target body whole fields")


class Case:
    """One request, or several, with a number of its own."""

    serial = 0

    def __init__(self, name, wire, expected):
        Case.serial += 1
        self.name, self.expected, self.number = name, expected, f"{Case.serial:05}"
        self.wire = self.own(wire.decode("latin-1")).encode("latin-1")
        self.answers = []  # (status or API, what the API says that it was asked for)
        self.complaint = None

    def own(self, text):
        return text.replace("MARKED", f"M{self.number}").replace("CANARY", f"C{self.number}")

    # Sending.

    async def run(self, port, in_pieces):
        """Sends the bytes, at once or a byte at a time, and takes what comes until the connection ends."""
        connection = await Connection.open(port)
        sending = asyncio.ensure_future(self._send(connection, in_pieces))
        try:
            await self._receive(connection)
        except Ended as ended:
            if ended.partial is not None:
                self.complaint = f"a broken answer: {ended.partial}"
        except (AssertionError, ValueError, IndexError) as error:
            self.complaint = f"a malformed answer: {error!r}"
        finally:
            sending.cancel()
            connection.close()

    async def _send(self, connection, in_pieces):
        step = max(1, len(self.wire) // 500) if in_pieces else len(self.wire)
        for start in range(0, len(self.wire), step):
            connection.send(self.wire[start:start + step])
            await connection.sent()
            await asyncio.sleep(0)

    async def _receive(self, connection):
        raise NotImplementedError

    async def _take(self, connection, method="GET"):
        answer = await connection.response(method)
        if answer.header("x-request-id"):
            self.answers.append((API, self._asked(answer, method)))
        else:
            self.answers.append((answer.status, None))
        return answer.header("connection") == "close"

    @staticmethod
    def _asked(answer, method):
        """The target that the fake API repeats in its 404: whose answer this is."""
        return None if method == "HEAD" else answer.json()["error"]["message"].rpartition(" ")[2].rstrip(")")


class Malformed(Case):
    async def _receive(self, connection):
        while not await self._take(connection):
            pass
        if rest := await connection.ends():
            self.complaint = f"more behind the last answer: {rest[:200]!r}"

    def failures(self, sightings, may_begin=False):
        expected = self.expected if isinstance(self.expected, list) else [self.expected]
        if self.complaint:
            yield self.complaint
        if [answer for answer, _ in self.answers] != expected:
            yield f"answered {self.answers}"
        for answer, asked in self.answers:
            if answer is API and asked is not None and MARK.findall(asked) != [("M", self.number)]:
                yield f"got the answer to {asked}"
        if smuggled := [s for s in sightings if s.letter != "M"]:
            yield f"smuggled {smuggled}"
        begun = [s for s in sightings if s.letter == "M"]
        if sum(s.whole for s in begun) != expected.count(API) or (not may_begin and not all(s.whole for s in begun)):
            yield f"passed {begun}"


class BrokenBody(Malformed):
    def failures(self, sightings):
        return super().failures(sightings, may_begin=True)


class Valid(Case):
    def __init__(self, name, wire, expected):
        super().__init__(name, wire, expected)
        self.seen = [(method, BASE + self.own(target), self.own(body.decode("latin-1")), *fields)
                     for method, target, body, *fields in expected]

    async def _receive(self, connection):
        closes = False
        for method, *_ in self.seen:
            assert not closes, "closed before its last answer"
            closes = await self._take(connection, method)
        if not closes:
            # Whatever else OCM would make of the bytes would be answered before this.
            connection.send(f"GET /v1/E{self.number} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
            assert await self._take(connection), "kept open against the client's word"
            self.seen.append(("GET", f"{BASE}/E{self.number}", ""))
        if rest := await connection.ends():
            self.complaint = f"more behind the last answer: {rest[:200]!r}"

    def failures(self, sightings):
        if self.complaint:
            yield self.complaint
        told = [target for method, target, *_ in self.seen]
        got = [(answer, asked) for answer, asked in self.answers]
        if [answer for answer, _ in got] != [API] * len(told) or any(
                asked is not None and asked != target for (_, asked), target in zip(got, told)):
            yield f"answered {got}"
        if [(s.method, s.target, s.body) for s in sightings] != [tuple(seen[:3]) for seen in self.seen]:
            yield f"seen {[tuple(map(lambda v: v[:200] if isinstance(v, str) else v, s[:4])) for s in sightings]}"
            return
        for sighting, (_, _, _, *fields) in zip(sightings, self.seen):
            for name, values in (fields[0] if fields and sighting.fields is not None else {}).items():
                found = [value for key, value in sighting.fields if key.lower() == name.lower()]
                if found != [self.own(value) for value in values]:
                    yield f"field {name[:60]} is {str(found)[:200]}"


class Split(Valid):
    """A good request in two pieces. The second is sent when OCM has read the first."""

    def __init__(self, name, wire, expected, cut, first_is_read):
        super().__init__(f"{name}, cut at {cut}", wire, expected)
        self.cut, self.first_is_read, self.is_begun = cut, first_is_read, False

    async def _send(self, connection, _):
        connection.send(self.wire[:self.cut])
        await connection.sent()
        self.is_begun = True
        await self.first_is_read.wait()
        connection.send(self.wire[self.cut:])


async def send_all(cases, port, in_pieces, at_once=400, patience=20):
    """All cases, many at the same time, each for as many seconds at most."""
    places = asyncio.Semaphore(at_once)

    async def send(case):
        async with places:
            try:
                async with asyncio.timeout(patience):
                    await case.run(port, in_pieces)
            except TimeoutError:
                case.complaint = f"no end in {patience} s, answered {case.answers}"

    await asyncio.gather(*map(send, cases))


def sightings_of_fake(records):
    for record in records:
        yield record["target"], Sighting(None, record["method"], record["target"], record["body"], record["whole"],
                                         [tuple(field) for field in record["fields"]])


def sightings_of_nginx(lines):
    for line in lines:
        whole = line["status"] not in (400, 408, 499)
        yield line["line"], Sighting(None, line["method"], line["target"], line["body"], whole, None)


def by_number(sightings):
    """The sightings of each case, and those of none."""
    known, strange = collections.defaultdict(list), []
    for line, sighting in sightings:
        marks = MARK.findall(line)
        if len(marks) == 1:
            known[marks[0][1]].append(sighting._replace(letter=marks[0][0]))
        else:
            strange.append((line, sighting))
    return known, strange


def report(failures):
    return "\n".join(f"{case.name}: {failure}" for case, failure in failures)
