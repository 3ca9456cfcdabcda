"""The usage file, what it is kept beside, and who else may be at it while it is kept."""

import asyncio
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest

from harness.admin import ask
from harness.ocm import binaries, free_port
from harness.waiting import eventually, eventually_async

OCM_SETTINGS = {"workers": 1}
TURN = {"model": "gpt-5.5", "stream": True}


def count(ocm):
    return sum(row["total"]["request_count"] for row in ocm.usage()["combinations"])


async def turns(ocm, number):
    for _ in range(number):
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200


def command(*arguments, **options):
    return subprocess.run([str(binaries() / "ocm-supervisor"), *map(str, arguments)], capture_output=True, text=True,
                          timeout=30, **options)


def prepared(start_ocm, change):
    """An OCM that was not started, its configuration with a change in place; and the configuration's path."""
    ocm = start_ocm(start=False)
    change(ocm, ocm.configuration)
    path = ocm.directory / "config.json"
    path.write_text(json.dumps(ocm.configuration))
    path.chmod(0o600)
    return ocm, path


def second_service(ocm, configuration, **settings):
    configuration["services"].append(configuration["services"][0] | {
        "tag": "second", "listen_port": free_port(), **settings})


TAKEN = {
    "the login": (lambda ocm, c: c["services"][0].update(usages_path=str(ocm.auth_path)), "is the login of services[0]"),
    "the login through a link": (lambda ocm, c: (
        os.symlink("auth.json", ocm.directory / "link"),
        c["services"][0].update(usages_path=str(ocm.directory / "link"))), "is the login of services[0]"),
    "the configuration": (lambda ocm, c: c["services"][0].update(
        usages_path=str(ocm.directory / "config.json")), "is this configuration"),
    "the price table": (lambda ocm, c: (
        c["supervisor"].update(pricing_path=str(ocm.usage_path)),
        ocm.usage_path.write_text('{"models": {}}')), "is the price table"),
    "the log": (lambda ocm, c: c["log"].update(output=str(ocm.usage_path) + ".journal"), "is the log"),
    "another's history": (lambda ocm, c: second_service(
        ocm, c, usages_path=str(ocm.usage_path) + ".daily.json"), "beside the usage file of services[0]"),
    "another's lock": (lambda ocm, c: second_service(
        ocm, c, usages_path=str(ocm.usage_path) + ".lock"), "beside the usage file of services[0]"),
    "a long name": (lambda ocm, c: c["services"][0].update(usages_path="/tmp/" + "x" * 230), "names a file of 230 bytes"),
}


@pytest.mark.parametrize("change, reason", TAKEN.values(), ids=TAKEN.keys())
def test_a_usage_file_that_is_something_else_is_refused_and_nothing_is_touched(start_ocm, change, reason):
    ocm, path = prepared(start_ocm, change)
    before = {name: (ocm.directory / name).read_bytes() for name in os.listdir(ocm.directory)
              if (ocm.directory / name).is_file()}
    for arguments in (["check"], ["run"]):
        result = command(*arguments, "-c", path)
        assert result.returncode == 78 and reason in result.stderr, result.stderr
        assert ".usages_path: " in result.stderr and "; " in result.stderr
    assert {name: (ocm.directory / name).read_bytes() for name in before} == before


def test_a_usage_file_that_is_no_regular_file_does_not_pass_the_check(start_ocm):
    _, path = prepared(start_ocm, lambda ocm, c: c["services"][0].update(usages_path="/dev/null"))
    result = command("check", "-c", path)
    assert result.returncode == 78 and "/dev/null is no regular file; name a file" in result.stderr


async def test_json_of_another_kind_is_set_aside(start_ocm):
    ocm = start_ocm(start=False)
    text = '{"name": "package", "version": "1.0.0"}'
    ocm.usage_path.write_text(text)
    ocm.tolerate("is not a usage file")
    ocm.start()
    await turns(ocm, 2)
    ocm.stop()
    assert count(ocm) == 2
    asides = list(ocm.directory.glob("usages.json.corrupt-*"))
    assert [aside.read_text() for aside in asides] == [text]
    assert "it has no combinations" in ocm.log()


@pytest.mark.deadline(60)
async def test_usage_of_a_service_that_was_renamed_meanwhile_is_counted_in_the_only_file(start_ocm):
    ocm = start_ocm()
    os.kill(ocm.pid, signal.SIGKILL)
    ocm.process.wait()
    await turns(ocm, 20)
    ocm.configuration["services"][0]["tag"] = "renamed"
    ocm.tolerate("supervisor|usage of a service that is not configured any more; it is counted")
    await asyncio.to_thread(ocm.start)
    await turns(ocm, 3)
    ocm.fake.settled()
    ocm.stop()
    assert count(ocm) == 23
    assert ocm.log().count("not configured any more") == 1


@pytest.mark.deadline(60)
async def test_usage_of_a_former_service_that_belongs_in_no_file_is_told_with_its_sums(start_ocm):
    ocm = start_ocm(start=False)
    second_service(ocm, ocm.configuration, usages_path=str(ocm.directory / "second.json"))
    ocm.start()
    os.kill(ocm.pid, signal.SIGKILL)
    ocm.process.wait()
    await turns(ocm, 20)
    ocm.configuration["services"][0]["tag"] = "renamed"
    ocm.tolerate("supervisor|not configured any more")
    await asyncio.to_thread(ocm.start)
    served = ocm.fake.settled()["usage"][0]
    ocm.stop()
    told = [json.loads(line) for line in ocm.log().splitlines() if "is in no file" in line]
    assert sum(int(line["responses"]) for line in told) == 20 and {line["user"] for line in told} == {"alice"}
    assert {line["service"] for line in told} == {"codex"}
    assert sum(int(line["input_tokens"]) for line in told) == served["input_tokens"]


def test_a_start_that_fails_says_so_at_once_and_nothing_of_lost_usage(start_ocm):
    ocm = start_ocm(start=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ocm.port))
        taken.listen()
        begin = time.monotonic()
        ocm.start(wait=False)
        assert ocm.process.wait(20) == 1
        assert time.monotonic() - begin < 4
    assert "can't listen" in ocm.log() and "lost" not in ocm.log() and "disk" not in ocm.log()
    ocm.process = None


@pytest.mark.deadline(60)
async def test_a_journal_and_a_lock_that_someone_removes_cost_nothing(start_ocm):
    ocm = start_ocm()
    await turns(ocm, 5)
    ocm.fake.settled()
    ocm.tolerate("removed or replaced|supervisor")
    lock, journal = (pathlib.Path(f"{ocm.usage_path}.{name}") for name in ("lock", "journal"))
    await eventually_async(lambda: journal.stat().st_size > 600, 5, "five records")
    journal.unlink()
    lock.unlink()
    await turns(ocm, 5)
    await eventually_async(lambda: lock.exists() and journal.exists() and ocm.usage_path.exists(), 5, "all three")
    other = start_ocm(start=False, fake=ocm.fake, service={"usages_path": str(ocm.usage_path)})
    other.start(wait=False)
    assert await asyncio.to_thread(other.process.wait, 20) == 1
    assert "is kept by another supervisor" in other.log()
    other.process = None
    await asyncio.sleep(0.1)  # what came last has been committed
    workers = ocm.workers()
    for pid in (ocm.pid, *workers):
        os.kill(pid, signal.SIGKILL)
    ocm.process.wait()
    await asyncio.to_thread(ocm.start)
    ocm.stop()
    assert count(ocm) == 10


async def test_a_usage_file_that_someone_edits_meanwhile_is_kept_beside_the_one_that_counts(start_ocm):
    ocm = start_ocm()
    await turns(ocm, 2)
    ocm.fake.settled()
    theirs = '{"combinations": [{"model": "gpt-5.4", "total": {"request_count": 100}}]}'
    ocm.usage_path.write_text(theirs)
    ocm.tolerate("was changed by another program")
    ocm.stop()
    assert count(ocm) == 2
    assert [path.read_text() for path in ocm.directory.glob("usages.json.changed-*")] == [theirs]


def test_what_listens_in_the_place_of_a_worker_and_is_none_is_left_alone(start_ocm):
    ocm = start_ocm()
    (directory,) = (ocm.directory / "state").glob("workers-*")
    ocm.stop()
    ocm.tolerate("a process in the place of a worker is left alone")
    place = directory / ("0" * 31 + "7")
    stranger = subprocess.Popen(
        [sys.executable, "-c", "import socket, sys\ns = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
         "s.bind(sys.argv[1]); s.listen(5); print(flush=True); peer = s.accept()[0]\nwhile True: peer.recv(1)",
         str(place)], stdout=subprocess.PIPE)
    try:
        stranger.stdout.readline()
        ocm.start(wait=False)
        eventually(lambda: "is left alone" in ocm.log(), 20, "the stranger to be given up")
        ocm.wait_ready()
        assert stranger.poll() is None and not place.exists()
        ocm.stop()
    finally:
        stranger.kill()
        stranger.wait()
        stranger.stdout.close()


@pytest.mark.parametrize("arguments", [
    ["token"], ["token", "--json"], ["version"], ["version", "--json"], ["check", "-c"], ["check", "--json", "-c"],
    ["client-config", "--user", "alice", "-c"], ["status", "-c"], ["status", "--json", "-c"], ["usage", "-c"],
    ["usage", "--json", "-c"], ["usage", "--csv", "-c"]], ids=" ".join)
def test_output_that_can_not_be_written_is_a_failure(ocm, arguments):
    place = [str(ocm.directory / "config.json")] if arguments[-1] == "-c" else []
    for redirection, reason in ((">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")):
        result = subprocess.run(
            ["sh", "-c", f'exec "$0" "$@" {redirection}', str(binaries() / "ocm-supervisor"), *arguments, *place],
            stderr=subprocess.PIPE, text=True, timeout=30)
        assert result.returncode == 1
        # A warning about the configuration may stand before it.
        assert result.stderr.splitlines()[-1] == f"ocm-supervisor: standard output can't be written: {reason}"
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run([str(binaries() / "ocm-supervisor"), *arguments, *place], stdout=writer,
                            stderr=subprocess.PIPE, text=True, timeout=30)
    os.close(writer)
    assert result.returncode in (141, -signal.SIGPIPE) and "standard output" not in result.stderr


def test_a_price_table_that_is_no_file_keeps_nobody_waiting(start_ocm):
    _, path = prepared(start_ocm, lambda ocm, c: (
        os.mkfifo(ocm.directory / "prices"), c["supervisor"].update(pricing_path=str(ocm.directory / "prices"))))
    result = command("check", "-c", path)
    assert result.returncode == 78 and "prices can't be read (it is no regular file)" in result.stderr
    result = command("run", "-c", path)
    assert result.returncode == 1 and "prices can't be read: it is no regular file" in result.stderr


def test_a_mistake_in_a_price_table_is_told_with_its_place(start_ocm):
    _, path = prepared(start_ocm, lambda ocm, c: (
        (ocm.directory / "prices").write_text('{"models": {\n "m": {"default": {"input": 1, "outptu": 2}}}}'),
        c["supervisor"].update(pricing_path=str(ocm.directory / "prices"))))
    for name in ("check", "run"):
        result = command(name, "-c", path)
        assert result.returncode == (78 if name == "check" else 1)
        assert 'prices:2: error: models.m.default.outptu: is not a field of a tier; did you mean "output"?' in result.stderr
        assert "prices:2: error: models.m.default.output: is missing" in result.stderr


USAGE = {"usage": {"input_tokens": 10, "output_tokens": 5}}
JSON = json.dumps({"status": "completed", "model": "gpt-5.5"} | USAGE)
EVENT = "event: response.completed\ndata: " + json.dumps(
    {"type": "response.completed", "response": {"model": "gpt-5.5"} | USAGE}) + "\n\n"


@pytest.mark.parametrize("types, body", [
    ([], EVENT), ([], JSON), (["application/vnd.openai+json"], JSON), (["text/event-stream", "text/plain"], EVENT),
    (["application/json", "text/html"], JSON), (["application/json"], "\xef\xbb\xbf" + JSON), (["text/plain"], EVENT),
], ids=["no type, events", "no type, JSON", "JSON of a vendor", "two types, events", "two types, JSON", "byte order mark",
        "wrong type"])
async def test_an_answer_is_metered_for_what_it_is(ocm, types, body):
    head = "".join(f"content-type: {name}\r\n" for name in types)
    raw = f"HTTP/1.1 200 OK\r\n{head}connection: close\r\n\r\n{body}"
    assert await counted(ocm, "/v1/responses", raw) == 1


@pytest.mark.parametrize("path, number", [
    ("/v1/%72esponses", 1), ("/v1//responses", 1), ("/v1/responses;x", 1), ("/v1/responses%2Fcompact", 1),
    ("/v1/responses/resp_1/cancel", 0), ("/v1/memories/trace", 0)])
async def test_no_spelling_of_a_path_leads_around_the_meter(ocm, path, number):
    raw = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{JSON}"
    assert await counted(ocm, path, raw) == number


async def counted(ocm, path, raw):
    """How often a request is counted. Another follows each, of another user: the only worker reports in order."""

    def requests(user):
        status, _, report = ask(ocm.socket_path, target="/usage?by=user")
        assert status == 200
        return sum(row["request_count"] for row in report["tables"][0]["rows"] if row["user"] == user)

    async def barrier():
        """Until a request of a user of its own is counted, and with it all before."""
        seen = requests("bob")
        assert (await ocm.ask("POST", "/v1/responses", TURN, user="bob")).status == 200
        await eventually_async(lambda: requests("bob") > seen, 5, "bob's request to be counted")

    await barrier()
    before = requests("alice")
    assert (await ocm.ask("POST", path, TURN, fake={"raw": raw}, user="alice")).status == 200
    await barrier()
    return requests("alice") - before
