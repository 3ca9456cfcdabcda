"""`usage`: who used what, from a supervisor that runs and from the files of one that does not."""

import collections
import contextlib
import csv
import datetime
import decimal
import fcntl
import hashlib
import io
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import termios
import time
import unicodedata

import pytest

from harness import admin
from harness.ocm import binaries, write_private
from harness.tools import tool
from harness.usage import NAMES
from harness.waiting import eventually

MORE = ("cache_write_tokens", "reasoning_tokens")
COUNTS = NAMES + MORE


def run(*arguments, prefix=(), **variables):
    return subprocess.run(
        [*prefix, str(binaries() / "ocm-supervisor"), "usage", *map(str, arguments)], cwd="/", capture_output=True,
        text=True, timeout=60, env={"HOME": "/nonexistent", "PATH": os.environ["PATH"], "TZ": "UTC", **variables})


def good(*arguments, **variables):
    result = run(*arguments, **variables)
    assert result.returncode == 0 and result.stderr == "", result
    return result.stdout


def report(*arguments, **variables):
    value = json.loads(good(*arguments, "--json", **variables), parse_float=decimal.Decimal)
    admin.check(value, "Usage")
    return value


def table(value, *names):
    """{values: request count} of the only table."""
    [only] = value["tables"]
    return {tuple(row[name] for name in names): row["request_count"] for row in only["rows"]}


def sums(rows):
    return {name: sum(int(row[name]) for row in rows) for name in COUNTS}


async def ask(ocm, *users, model="gpt-5.5", **fake):
    for user in users:
        body = {"model": model, "stream": True}
        response = await ocm.ask("POST", "/v1/responses", body, user=user, fake=fake)
        assert response.status == 200


def elsewhere(ocm):
    """A configuration of the same files that leads to no supervisor."""
    path = ocm.directory / "elsewhere.json"
    configuration = json.loads((ocm.directory / "config.json").read_text())
    configuration["supervisor"]["admin_socket"] = str(ocm.directory / "nobody.sock")
    write_private(path, configuration)
    return path


def on_disk(ocm, count):
    """Waits until the files, journals included, say that so many requests were counted."""
    path = elsewhere(ocm)
    return eventually(lambda: report("-c", path, "--by", "user")["total"]["request_count"] == count, 10,
                      f"{count} requests on disk")


def fingerprint(directory):
    return {path.name: (path.lstat().st_mtime_ns, path.lstat().st_ino, hashlib.sha256(path.read_bytes()).hexdigest())
            for path in directory.iterdir() if path.name.startswith("usages")}


# From a supervisor that runs.

async def test_a_running_supervisor_tells_what_it_has_not_saved_yet(start_ocm):
    ocm = start_ocm()
    await ask(ocm, "alice", "alice", "bob")
    stats = ocm.fake.settled()
    eventually(lambda: report("-c", ocm.directory / "config.json", "--by", "user")["total"]["request_count"] == 3)
    assert not ocm.usage_path.exists()  # the file is a minute behind
    value = report("-c", ocm.directory / "config.json", "--by", "user,model")
    assert value["source"] == "supervisor" and value["notes"] == [] and value["problems"] == []
    assert value["files"] == [{"path": str(ocm.usage_path), "services": ["codex"]}]
    expected = collections.Counter()
    for row in stats["usage"]:
        expected[row["user"], row["model"]] += row["request_count"]
    assert table(value, "user", "model") == dict(expected)
    assert sums(value["tables"][0]["rows"]) == sums(stats["usage"])
    assert value["week"]["start_unix"] == stats["week_start"]
    ocm.stop()
    assert value["total"]["cost_usd"] == decimal.Decimal(str(ocm.usage()["costs"]["total_usd"]))


async def test_the_page_shows_this_week_by_user_and_by_model(start_ocm):
    ocm = start_ocm()
    await ask(ocm, "alice", "alice", "bob")
    await ask(ocm, "bob", model="gpt-5.4")
    stats = ocm.fake.settled()
    eventually(lambda: "requests  4\n" in good("-c", ocm.directory / "config.json"))
    text = good("-c", ocm.directory / "config.json", TZ="Asia/Kolkata")
    reset = datetime.datetime.fromtimestamp(stats["week_start"] + 604800, datetime.timezone(datetime.timedelta(hours=5.5)))
    assert text.startswith("This week's usage of codex\n")
    assert re.search(rf"resets    {reset:%Y-%m-%d %H:%M} UTC\+5:30, in \d+ (day|h|min)", text)
    assert re.search(r"cost      \$\d+\.\d\d\n", text)
    assert re.search(r"\nuser +requests +input +cached +output +cost\n(.+\n){2}total +4 ", text)
    assert re.search(r"\nmodel +requests +input +cached +output +cost\n(gpt-5.+\n){2}total +4 ", text)
    assert not set("█▏▎▍▌▋▊▉") & set(text)
    exact = good("-c", ocm.directory / "config.json", "--exact")
    assert re.search(r"cost      \$\d+\.\d{6}\n", exact)


async def test_the_admin_socket_takes_the_question_and_says_what_is_wrong_with_it(start_ocm):
    ocm = start_ocm()
    await ask(ocm, "alice")
    eventually(lambda: admin.ask(ocm.socket_path, target="/usage")[2]["total"]["request_count"] == 1)
    value = admin.ask(ocm.socket_path, target="/usage?by=week,user&service=%63odex")[2]
    assert value["tables"][0]["by"] == ["week", "user"] and value["history"] == "weeks"
    for question, said in (
            ("by=nothing", "by takes user, model, tier, week, day"), ("by=user,user", "by takes"), ("by=day,week", "combine"),
            ("since=never", "since takes a date"), ("until=2026-02-30", "until takes a date"), ("service=x", 'service "x"'),
            ("since=2026-02-02&until=2026-02-01", "before it begins"), ("other=1", "by, since, until"), ("by=%zz", "percent"),
            ("by=%C3%28", "percent"), ("by", "name=value"), ("since=999999999999d", "since takes")):
        code, _, value = admin.ask(ocm.socket_path, target=f"/usage?{question}")
        assert code == 400 and said in value["error"]["message"], question


async def test_two_services_are_added_up_and_told_apart(start_ocm):
    ocm = start_ocm(start=False)
    first = ocm.configuration["services"][0]
    second = first | {"tag": "other", "listen_port": 0, "usages_path": str(ocm.directory / "other.json")}
    (ocm.directory / "again").symlink_to(ocm.directory)
    third = first | {"tag": "shared", "listen_port": 0, "usages_path": str(ocm.directory / "again" / "usages.json")}
    fourth = first | {"tag": "uncounted", "listen_port": 0}
    del fourth["usages_path"]
    ocm.configuration["services"] += [second, third, fourth]
    ocm.start()
    ports = {service["tag"]: service["listeners"][0]["port"] for service in admin.status(ocm.socket_path)["services"]}
    for tag, count in (("codex", 1), ("other", 2), ("shared", 4), ("uncounted", 8)):
        ocm.port = ports[tag]
        await ask(ocm, *["alice"] * count)
    ocm.fake.settled()
    for source in ("supervisor", "files"):
        path = ocm.directory / "config.json"
        eventually(lambda: report("-c", path, "--by", "user")["total"]["request_count"] == 7)
        for tag, count in (("codex", 5), ("other", 2), ("shared", 5)):
            value = report("-c", path, "--service", tag, "--by", "user")
            assert value["source"] == source and value["total"]["request_count"] == count
            assert ("shares its usage file" in " ".join(value["notes"])) == (tag != "other")
        refused = run("-c", path, "--service", "uncounted")
        assert refused.returncode == 64 and "has no usages_path" in refused.stderr
        refused = run("-c", path, "--service", "nosuch")
        assert refused.returncode == 64 and "codex, other, shared, uncounted" in refused.stderr
        assert "Nothing is counted of uncounted" in good("-c", path)
        if source == "supervisor":
            ocm.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_without_permission_nothing_is_shown_and_said_whom_to_ask(start_ocm):
    ocm = start_ocm()
    copy = elsewhere(ocm)
    for path in (ocm.directory, *ocm.directory.parents):
        if str(path) == "/tmp":
            break
        path.chmod(0o755)
    programs = ocm.directory / "programs"
    programs.mkdir()
    shutil.copy(binaries() / "ocm-supervisor", programs)
    for path in (copy, ocm.directory / "config.json"):
        path.chmod(0o644)
    become = [tool("setpriv", "util-linux"), "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    for path, said in ((ocm.directory / "config.json", "ask as root"), (copy, "Permission denied")):
        result = subprocess.run([*become, str(programs / "ocm-supervisor"), "usage", "-c", str(path)], cwd="/",
                                capture_output=True, text=True, timeout=30)
        assert result.returncode == 77 and result.stdout == "" and said in result.stderr, result


# From files.

async def test_after_a_stop_the_files_say_the_same(start_ocm):
    ocm = start_ocm()
    await ask(ocm, "alice", "bob", "bob")
    ocm.fake.settled()
    path = ocm.directory / "config.json"
    eventually(lambda: report("-c", path, "--by", "user")["total"]["request_count"] == 3)
    questions = [[], ["--by", "user,model,tier"], ["--by", "week"], ["--by", "day"], ["--since", "today"]]
    live = [report("-c", path, *question) for question in questions]
    ocm.stop()
    before = fingerprint(ocm.directory)
    for question, said in zip(questions, live):
        stopped = report("-c", path, *question)
        assert (said["source"], stopped["source"]) == ("supervisor", "files")
        assert stopped["notes"].pop(0).startswith("Read from the files")
        for name in ("tables", "total", "week", "history", "notes"):
            assert stopped[name] == said[name], name
    assert fingerprint(ocm.directory) == before


async def test_after_kill_9_the_journal_is_read_with_the_file_and_nothing_is_changed(start_ocm):
    ocm = start_ocm()
    ocm.tolerate("(?i)supervisor")
    await ask(ocm, "alice", "bob")
    ocm.fake.settled()
    ocm.stop()
    ocm.start()
    await ask(ocm, "bob", "bob", "bob")
    ocm.fake.settled()
    on_disk(ocm, 5)
    ocm.kill()
    before = fingerprint(ocm.directory)
    assert sum(row["total"]["request_count"] for row in ocm.usage()["combinations"]) == 2  # the file is behind
    for history in ("week", "day", "user"):
        value = report("-c", ocm.directory / "config.json", "--by", history)
        assert value["total"]["request_count"] == 5 and "was killed" in value["notes"][1]
    assert table(value, "user") == {("bob",): 4, ("alice",): 1}
    assert fingerprint(ocm.directory) == before
    ocm.start()
    ocm.stop()
    assert table(report("-c", ocm.directory / "config.json", "--by", "user"), "user") == {("bob",): 4, ("alice",): 1}


async def test_files_that_are_replaced_meanwhile_are_read_whole(start_ocm):
    ocm = start_ocm()
    await ask(ocm, "alice", "bob")
    ocm.fake.settled()
    path = elsewhere(ocm)
    on_disk(ocm, 2)
    for _ in range(5):  # a stop and a start both save
        reader = [subprocess.Popen([str(binaries() / "ocm-supervisor"), "usage", "-c", str(path), "--json", "--by", "day"],
                                   stdout=subprocess.PIPE) for _ in range(4)]
        ocm.stop()
        ocm.start()
        for process in reader:
            assert json.loads(process.communicate(timeout=30)[0])["total"]["request_count"] == 2


def test_nothing_counted_is_no_failure_and_nothing_to_count_in_is_one(start_ocm):
    ocm = start_ocm()
    path = ocm.directory / "config.json"
    assert "requests  none\n" in good("-c", path) and report("-c", path)["total"]["request_count"] == 0
    ocm.stop()
    for name in fingerprint(ocm.directory):
        (ocm.directory / name).unlink()
    assert "requests  none\n" in good("-c", path)
    assert good("-c", path, "--csv", "--by", "user").splitlines() == [
        "user,request_count,input_tokens,output_tokens,cached_tokens,cache_write_tokens,reasoning_tokens,cost_usd"]
    assert not fingerprint(ocm.directory)
    del ocm.configuration["services"][0]["usages_path"]
    ocm.start()
    for _ in range(2):
        result = run("-c", path)
        assert result.returncode == 1 and "no service has a usages_path" in result.stderr and result.stdout == ""
        if ocm.running:
            ocm.stop()


# From files that tests write.

class Stored:
    """A configuration without a supervisor, and its files."""

    def __init__(self, directory, **settings):
        self.directory = directory
        self.configuration = f"{directory}/c.json"
        self.path = f"{directory}/u.json"
        write_private(self.configuration, {
            "services": [{"type": "ocm", "tag": "codex", "usages_path": self.path}],
            "supervisor": {"admin_socket": f"{directory}/none.sock", "state_directory": str(directory)} | settings})

    def counts(self, requests):
        return {"request_count": requests, "input_tokens": requests * 100, "output_tokens": requests * 10,
                "cached_tokens": requests * 50, "cost_usd": 0.0}

    def weeks(self, *rows):
        """(week's start, model, user, requests)"""
        write_private(self.path, {"combinations": [
            {"model": model, "service_tier": "default", "context_window": 272000, "total": self.counts(requests),
             "by_user": {user: self.counts(requests)}} | ({"week_start_unix": week} if week else {})
            for week, model, user, requests in rows]})
        return self

    def days(self, *rows):
        """(day, model, user, requests)"""
        write_private(f"{self.path}.daily.json", {"days": [
            {"day": str(day), "user": user, "model": model, "service_tier": "default", "context_window": 272000,
             **self.counts(requests)} for day, model, user, requests in rows]})
        return self


@pytest.fixture
def stored(directory):
    return Stored(directory)


@pytest.fixture
def today():
    """The date in UTC; a test that may see its end waits for the next."""
    now = datetime.datetime.now(datetime.timezone.utc)
    if (now.hour, now.minute) == (23, 59):
        time.sleep(61 - now.second)
    return datetime.datetime.now(datetime.timezone.utc).date()


def test_since_and_until_include_the_days_that_they_name(stored, today):
    day = datetime.timedelta(1)
    stored.days(*((today - n * day, "gpt-5.5", "alice", 1 << n) for n in range(20)))
    expected = {
        ("--since", "today"): 1, ("--since", "yesterday"): 3, ("--until", "yesterday"): (1 << 20) - 2,
        ("--since", "2d", "--until", "1d"): 6, ("--since", "7d"): 255, ("--since", "1w", "--until", "1w"): 128,
        ("--since", today - 3 * day): 15, ("--since", today - 3 * day, "--until", today - 3 * day): 8,
        ("--since", today + day): 0, ("--until", "1999-12-31"): 0, ("--since", "0d", "--until", "0d"): 1,
        # There is no week of a limit here: the last seven days are its like.
        ("--since", "week"): 127, (): 127, ("--by", "day"): (1 << 20) - 1,
    }
    for arguments, requests in expected.items():
        value = report("-c", stored.configuration, *arguments)
        assert value["total"]["request_count"] == requests and value["history"] == "days", arguments
    by_day = table(report("-c", stored.configuration, "--by", "day", "--since", "2d"), "day")
    assert list(by_day.items()) == [((str(today - n * day),), 1 << n) for n in (2, 1, 0)]


def test_a_week_of_the_calendar_is_its_seven_days(stored):
    monday = datetime.date(2026, 11, 2)
    assert monday.isocalendar()[:3] == (2026, 45, 1)
    stored.days(*((monday + datetime.timedelta(n), "gpt-5.5", "alice", 1 << n + 1) for n in range(-1, 9)))
    for arguments, requests in {("--since", "2026-W45", "--until", "2026-W45"): 0b11111110, ("--until", "2026-W44"): 1,
                                ("--since", "2026-W46"): 0b1100000000}.items():
        assert report("-c", stored.configuration, *arguments)["total"]["request_count"] == requests, arguments


def test_no_name_in_csv_is_a_formula(stored, today):
    """A spreadsheet takes what begins with one of these for one."""
    names = ["=1+1", "+1", "-1", "@sum", "\tx", "a=1", "'x", '=a,"b"']
    stored.days(*((today, f"={name}", name, 1) for name in names))
    text = good("-c", stored.configuration, "--by", "user,model,day", "--csv", "--since", "today")
    rows = list(csv.DictReader(io.StringIO(text), strict=True))
    assert sorted((row["user"], row["model"]) for row in rows) == sorted(
        ("'" * (name[0] in "=+-@\t") + name, f"'={name}") for name in names)
    assert {(row["day"], row["request_count"]) for row in rows} == {(str(today), "1")}
    # Only there.
    told = report("-c", stored.configuration, "--by", "user", "--since", "today")
    assert set(table(told, "user")) == {(name,) for name in names}


def test_wrong_limits_are_refused_before_anything_is_asked(stored):
    for arguments in (["--since", "2026-02-30"], ["--since", "tomorrow"], ["--since", "2025-W53"], ["--until", "d"], ["--until", "-1d"],
                      ["--since", "40000d"], ["--since", ""], ["--by", "hour"], ["--by", "user,user"], ["--by", ""],
                      ["--by", "day", "--by", "week"], ["--json", "--csv"]):
        result = run("-c", stored.configuration, *arguments)
        assert result.returncode == 64 and result.stdout == "", arguments
    result = run("-c", stored.configuration, "--since", "2026-02-02", "--until", "2026-02-01")
    assert result.returncode == 64 and "before it begins" in result.stderr


def test_weeks_are_whole_and_know_their_resets(stored, today):
    now = int(time.time()) // 60 * 60
    week = 604800
    starts = [now - 2 * week - 7200, now - week - 7200, now - 7200]
    stored.weeks(*((start, "gpt-5.5", "alice", 1 << n) for n, start in enumerate(starts)), (0, "gpt-5.5", "alice", 8))
    stored.days((today, "gpt-5.5", "alice", 3))
    value = report("-c", stored.configuration, "--by", "week")
    assert list(table(value, "week_start_unix").items()) == [((0,), 8), *(((start,), 1 << n) for n, start in enumerate(starts))]
    assert value["week"]["start_unix"] == starts[2]
    assert datetime.datetime.fromisoformat(value["week"]["resets"]).timestamp() == starts[2] + week
    value = report("-c", stored.configuration)
    assert value["total"]["request_count"] == 4 and "8 more requests counted for no week" in " ".join(value["notes"])
    last = datetime.datetime.fromtimestamp(starts[1], datetime.timezone.utc).date()
    value = report("-c", stored.configuration, "--by", "week", "--since", last + datetime.timedelta(1))
    assert set(table(value, "week_start_unix")) == {(starts[1],), (starts[2],)}
    assert "Weeks are counted whole" in " ".join(value["notes"])
    value = report("-c", stored.configuration, "--by", "day", "--since", "week")
    assert value["history"] == "days" and value["total"]["request_count"] == 3
    assert "Days are counted whole" in " ".join(value["notes"]) and "12 more requests" in " ".join(value["notes"])
    rows = list(csv.DictReader(io.StringIO(good("-c", stored.configuration, "--by", "week", "--csv", TZ="Asia/Kolkata"))))
    assert [row["week_start_unix"] for row in rows] == ["", *map(str, starts)]
    for row, start in zip(rows[1:], starts):
        assert row["week_resets"].endswith("+05:30")
        assert datetime.datetime.fromisoformat(row["week_resets"]).timestamp() == start + week


@pytest.mark.parametrize("by", ["user", "model", "tier", "week", "user,model", "model,tier,user,week"])
def test_csv_and_json_add_up_to_the_file(stored, by):
    now = int(time.time()) // 60 * 60
    rows = [(now - 604800 * n, model, user, n + 1) for n in range(5) for model in ("gpt-5.5", "gpt-5.4", 'odd,"name"')
            for user in ("alice", "bob, the \"builder\"", "名前")]
    stored.weeks(*rows)
    usage = json.loads(open(stored.path).read())
    expected = {name: sum(row["total"].get(name, 0) for row in usage["combinations"]) for name in COUNTS}
    parsed = list(csv.DictReader(io.StringIO(good("-c", stored.configuration, "--by", by, "--csv")), strict=True))
    value = report("-c", stored.configuration, "--by", by)
    assert sums(parsed) == sums(value["tables"][0]["rows"]) == sums([value["total"]]) == expected
    names = {"tier": "service_tier", "week": "week_start_unix"}
    for one, other in zip(parsed, value["tables"][0]["rows"], strict=True):
        assert all(one[names.get(name, name)] == str(other[names.get(name, name)]) for name in by.split(","))
        assert decimal.Decimal(one["cost_usd"]) == other["cost_usd"] and re.fullmatch(r"\d+\.\d{6}", one["cost_usd"])
    cost = sum(row["cost_usd"] for row in value["tables"][0]["rows"])
    assert abs(cost - value["total"]["cost_usd"]) <= decimal.Decimal("0.000001") * len(parsed)


def test_what_can_not_be_read_is_said_and_the_rest_is_shown(stored, today):
    stored.weeks((0, "gpt-5.5", "alice", 1)).days((today, "gpt-5.5", "alice", 1))
    with open(stored.path, "w") as file:
        file.write('{"combinations": [')
    for arguments, count in (((), 1), (("--by", "user"), 0)):
        result = run("-c", stored.configuration, "--json", *arguments)
        assert result.returncode == 1 and f"{stored.path} is not a usage file" in result.stderr
        assert json.loads(result.stdout)["total"]["request_count"] == count
    stored.weeks((0, "gpt-5.5", "alice", 1))
    with open(f"{stored.path}.daily.json", "wb") as file:
        file.write(os.urandom(1000))
    with open(f"{stored.path}.journal", "wb") as file:
        file.write(os.urandom(1000))
    before = sorted(os.listdir(stored.directory))
    result = run("-c", stored.configuration, "--by", "user")
    assert result.returncode == 1 and "daily.json is not a usage file" in result.stderr
    assert "journal is damaged: 1000 bytes" in result.stderr and re.search(r"alice +1 ", result.stdout)
    assert sorted(os.listdir(stored.directory)) == before
    os.unlink(stored.path)
    os.mkdir(stored.path)
    result = run("-c", stored.configuration)
    assert result.returncode == 1 and result.stdout == "" and stored.path in result.stderr


def test_numbers_beyond_all_reason_break_nothing(stored):
    write_private(stored.path, {"combinations": [
        {"model": "gpt-5.5", "week_start_unix": week, "total": {"request_count": 2**63 - 1, "input_tokens": 2**63 - 1},
         "by_user": {"alice": {"request_count": 2**63 - 1, "output_tokens": 2**63 - 1}, "bob": {"request_count": 5}}}
        for week in (1, 2**63 - 1, -2**63, int(time.time()))]})
    for arguments in ([], ["--by", "week"], ["--by", "week", "--since", "7d"], ["--by", "week,user", "--until", "week"],
                      ["--exact"], ["--csv", "--by", "week"], ["--by", "day"]):
        good("-c", stored.configuration, *arguments)


@pytest.mark.deadline(120)
def test_three_years_of_twenty_users_are_shown_in_time(start_ocm, today):
    ocm = start_ocm(start=False)
    stored = Stored(ocm.directory)
    users, models = [f"user{n}" for n in range(20)], [f"gpt-5.{n}" for n in range(4)]
    stored.days(*((today - datetime.timedelta(n), model, user, 1) for n in range(1095) for model in models for user in users))
    now = int(time.time()) // 60 * 60
    stored.weeks(*((now - 604800 * n, model, user, 7) for n in range(156) for model in models for user in users))
    for name in ("u.json", "u.json.daily.json"):
        os.rename(f"{stored.directory}/{name}", ocm.directory / name.replace("u.json", "usages.json"))
    ocm.tolerate("no price is known")
    ocm.start()
    for _ in range(2):
        path = ocm.directory / "config.json"
        # Without a look at the schema, which takes a minute for so many rows.
        assert json.loads(good("-c", path, "--by", "day,user,model", "--json"))["total"]["request_count"] == 1095 * 80
        assert report("-c", path, "--by", "user")["total"]["request_count"] == 156 * 80 * 7
        assert report("-c", path, "--since", "30d")["total"]["request_count"] == 31 * 80
        if ocm.running:
            ocm.stop()


# On a terminal.

def on_terminal(width, *arguments, **variables):
    """What a terminal of that width is shown."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    process = subprocess.Popen(
        [str(binaries() / "ocm-supervisor"), "usage", *map(str, arguments)], cwd="/", stdout=slave, stderr=slave,
        env={"HOME": "/nonexistent", "PATH": os.environ["PATH"], "TZ": "Europe/Berlin", "TERM": "xterm", **variables})
    os.close(slave)
    output = b""
    with contextlib.suppress(OSError):  # the terminal's end
        while piece := os.read(master, 65536):
            output += piece
    os.close(master)
    assert process.wait(30) == 0, output
    return output.decode().replace("\r\n", "\n")


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in line)


@pytest.fixture
def busy(stored):
    now = int(time.time()) // 60 * 60
    return stored.weeks(*((now - 604800 * n - 3600, model, user, weight * 1_000_000)
                          for n in range(3) for model in ("gpt-5.5", "gpt-5.4-with-quite-a-name-2026-11-01")
                          for user, weight in (("alice", 40), ("名前の長い利用者さん", 10), ("e\u0301mile\x1b[2J", 1))))


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("by", [None, "user", "week", "model", "tier", "week,user", "user,model,tier"])
def test_no_line_is_longer_than_the_terminal_is_wide(busy, width, by):
    text = on_terminal(width, "-c", busy.configuration, *(["--by", by] if by else []), LC_ALL="C.UTF-8")
    too_long = [line for line in text.splitlines() if columns(line) > width]
    # Three names and four numbers have no room in 60 columns, whatever is left out.
    assert not too_long or (width == 60 and by == "user,model,tier"), too_long
    assert "\x1b" not in text
    assert "$" in text and ("51M" in text or "306M" in text or "102M" in text)


@pytest.mark.parametrize("width", [80, 120])
def test_bars_are_as_long_as_the_costs_are_high(busy, width):
    text = on_terminal(width, "-c", busy.configuration, "--by", "user", LC_ALL="C.UTF-8")
    lengths = [len(line) - len(line.rstrip("█▏▎▍▌▋▊▉")) for line in text.splitlines() if line.endswith(tuple("█▏▎▍▌▋▊▉"))]
    assert len(lengths) == 3 and lengths[0] > lengths[1] > lengths[2] >= 1 and lengths[0] <= 40
    assert abs(lengths[1] - lengths[0] / 4) <= 1


@pytest.mark.parametrize("variables", [{"LC_ALL": "C"}, {"LANG": "de_DE.ISO-8859-1"}, {}, {"LC_ALL": "C.UTF-8", "TERM": "dumb"}])
def test_a_terminal_that_can_not_show_bars_gets_none(busy, variables):
    text = on_terminal(120, "-c", busy.configuration, "--by", "model", **variables)
    assert text.isascii()


def test_no_color_is_not_about_bars(busy):
    assert "█" in on_terminal(120, "-c", busy.configuration, "--by", "model", LANG="C.utf8", NO_COLOR="1")


def test_help_says_what_there_is(stored):
    text = good("--help")
    for said in ("--by", "--since", "--until", "--service", "--json", "--csv", "--exact", "yesterday", "7d", "limit"):
        assert said in text
