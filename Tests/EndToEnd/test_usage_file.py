"""The usage files against their schemas, and files that the reference wrote."""

import json
import pathlib
import re

import pytest
from jsonschema import Draft202012Validator

from harness.usage import NAMES, counted, served

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"
COUNTS = {"request_count": 3, "input_tokens": 1, "output_tokens": 1, "cached_tokens": 0, "cost_usd": 1.234567}
WEEK = "2026-03-09 01:30:00 UTC+5:30"
EXAMPLE = {
    "last_updated": "2026-03-09T01:30:00.123456789+05:30",
    "costs": {"total_usd": 1.234567, "by_user": {"alice": 1.234567}, "by_week": {WEEK: 1.234567},
              "by_user_and_week": {"alice": {WEEK: 1.234567}}},
    "combinations": [{"model": "gpt-5.4", "service_tier": "default", "context_window": 272000,
                      "week_start_unix": 1773000000, "total": COUNTS, "by_user": {"alice": COUNTS}}],
}
DAILY = {"last_updated": EXAMPLE["last_updated"],
         "days": [{"day": "2026-03-09", "user": "alice", "model": "gpt-5.4", "service_tier": "default",
                   "context_window": 272000, **COUNTS}]}


def validator(name):
    schema = json.loads((PACKAGING / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def faults(name, value):
    return [(fault.json_path, fault.validator) for fault in validator(name).iter_errors(value)]


def objects(schema):
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


@pytest.mark.parametrize("name", ["usage", "usage-daily"])
def test_no_object_of_a_schema_lets_an_unknown_member_in(name):
    for schema in objects(validator(name).schema):
        # Either nothing beyond what is named, or what is named by users and weeks, which has a form of its own.
        assert schema["additionalProperties"] is False or "$ref" in schema["additionalProperties"]


def test_the_specified_example_is_valid():
    assert not faults("usage", EXAMPLE) and not faults("usage-daily", DAILY)


ROW = "$.combinations[0]"
# Where, what is put there (... takes it away), and the place and rule that object to it.
MUTATIONS = [
    ("", [], "$", "type"),
    ("surprise", 1, "$", "additionalProperties"),
    ("last_updated", ..., "$", "required"),
    ("last_updated", "2026-03-09 01:30:00", "$.last_updated", "pattern"),
    ("last_updated", "2026-03-09T01:30:00.1234567890Z", "$.last_updated", "pattern"),
    ("last_updated", "2026-13-09T01:30:00Z", "$.last_updated", "pattern"),
    ("last_updated", 1773000000, "$.last_updated", "type"),
    ("costs", ..., "$", "required"),
    ("costs", None, "$.costs", "type"),
    ("costs.total_usd", "1.234567", "$.costs.total_usd", "type"),
    ("costs.total_usd", -0.000001, "$.costs.total_usd", "minimum"),
    ("costs.by_user", ..., "$.costs", "required"),
    ("costs.by_day", {}, "$.costs", "additionalProperties"),
    ("costs.by_week", {}, "$.costs.by_week", "minProperties"),
    ("costs.by_week", {"2026-03-09": 1}, "$.costs.by_week", "pattern"),
    ("costs.by_week", {"2026-03-09 01:30:00 IST": 1}, "$.costs.by_week", "pattern"),
    ("costs.by_user_and_week.alice", {}, "$.costs.by_user_and_week.alice", "minProperties"),
    ("costs.by_user", {"": 1.0}, "$.costs.by_user", "minLength"),
    ("combinations", None, "$.combinations", "type"),
    ("combinations", {}, "$.combinations", "type"),
    ("combinations.0.model", ..., ROW, "required"),
    ("combinations.0.model", 5, f"{ROW}.model", "type"),
    ("combinations.0.service_tier", "Priority", f"{ROW}.service_tier", "enum"),
    ("combinations.0.service_tier", "", f"{ROW}.service_tier", "enum"),
    ("combinations.0.context_window", 1, f"{ROW}.context_window", "enum"),
    ("combinations.0.week_start_unix", 0, f"{ROW}.week_start_unix", "minimum"),
    ("combinations.0.week_start_unix", 1773000000.5, f"{ROW}.week_start_unix", "type"),
    ("combinations.0.total", ..., ROW, "required"),
    ("combinations.0.total.prompt_tokens", 1, f"{ROW}.total", "additionalProperties"),
    ("combinations.0.total.input_tokens", ..., f"{ROW}.total", "required"),
    ("combinations.0.total.input_tokens", -1, f"{ROW}.total.input_tokens", "minimum"),
    ("combinations.0.total.input_tokens", 1.5, f"{ROW}.total.input_tokens", "type"),
    ("combinations.0.total.input_tokens", 1 << 63, f"{ROW}.total.input_tokens", "maximum"),
    ("combinations.0.total.reasoning_tokens", 0, f"{ROW}.total.reasoning_tokens", "minimum"),
    ("combinations.0.total.cost_usd", "1", f"{ROW}.total.cost_usd", "type"),
    ("combinations.0.by_user", None, f"{ROW}.by_user", "type"),
    ("combinations.0.by_user.alice.cost_usd", ..., f"{ROW}.by_user.alice", "required"),
]
DAILY_MUTATIONS = [
    ("days", ..., "$", "required"),
    ("days.0.week_start_unix", 1, "$.days[0]", "additionalProperties"),
    ("days.0.day", "2026-3-9", "$.days[0].day", "pattern"),
    ("days.0.day", "2026-03-32", "$.days[0].day", "pattern"),
    ("days.0.user", ..., "$.days[0]", "required"),
    ("days.0.service_tier", "scale", "$.days[0].service_tier", "enum"),
    ("days.0.cached_tokens", -1, "$.days[0].cached_tokens", "minimum"),
    ("days.0.cache_write_tokens", 0, "$.days[0].cache_write_tokens", "minimum"),
]


def mutated(value, place, put):
    if not place:
        return put
    value = json.loads(json.dumps(value))  # not deepcopy, for which the two COUNTS are one
    *way, last = [int(name) if name.isdigit() else name for name in place.split(".")]
    inner = value
    for name in way:
        inner = inner[name]
    if put is ...:
        del inner[last]
    else:
        inner[last] = put
    return value


@pytest.mark.parametrize("place, put, path, rule", MUTATIONS)
def test_a_usage_file_with_one_fault_is_rejected_for_that_fault(place, put, path, rule):
    assert faults("usage", mutated(EXAMPLE, place, put)) == [(path, rule)]


@pytest.mark.parametrize("place, put, path, rule", DAILY_MUTATIONS)
def test_a_history_with_one_fault_is_rejected_for_that_fault(place, put, path, rule):
    assert faults("usage-daily", mutated(DAILY, place, put)) == [(path, rule)]


def check_files(ocm):
    daily = pathlib.Path(f"{ocm.usage_path}.daily.json")
    assert not faults("usage", ocm.usage())
    assert not faults("usage-daily", json.loads(daily.read_text()))
    for text in (ocm.usage_path.read_text(), daily.read_text()):
        costs = re.findall(r'"(?:cost|total)_usd": (\S+?)[,}\n]', text)
        assert costs and all(re.fullmatch(r"\d+\.\d{6}", cost) for cost in costs)


def days(ocm):
    return json.loads(pathlib.Path(f"{ocm.usage_path}.daily.json").read_text())["days"]


@pytest.mark.parametrize("auth, users", [("chatgpt", ("alice", "bob")), ("apikey", ())],
                         ids=["with weeks and users", "without either"])
async def test_what_is_written_is_valid_and_both_histories_say_the_same(start_ocm, auth, users):
    ocm = start_ocm(auth=auth, users=users)
    if not users:
        ocm.tolerate("without users|no users|everyone")
    for model, tier, tokens in (("gpt-5.5", None, 10), ("gpt-5.4", "priority", 300_000), ("no-such-model", "flex", 1)):
        for user in users or (None,):
            body = {"model": model, "stream": True} | ({"service_tier": tier} if tier else {})
            usage = {"input": tokens, "cached": tokens // 2, "output": 7, "reasoning": 3}
            response = await ocm.ask("POST", "/v1/responses", body, user=user, fake={"usage": usage})
            assert response.status == 200
    ocm.tolerate("no price is known")
    ocm.fake.settled()
    ocm.stop()
    check_files(ocm)
    for name in NAMES:
        assert sum(day[name] for day in days(ocm)) == sum(row["total"][name] for row in ocm.usage()["combinations"])
    by_user = {(d["user"], d["model"], d["service_tier"]): tuple(d[name] for name in NAMES) for d in days(ocm)}
    assert len(by_user) == 3 * max(1, len(users))
    if users:
        assert by_user == {key: tuple(counts[name] for name in NAMES) for key, counts in counted(ocm.usage()).items()}
    assert ("by_week" in ocm.usage()["costs"]) == (auth == "chatgpt")


def renamed(counts):
    """As older versions of the reference called them."""
    names = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
    return {names.get(name, name): value for name, value in counts.items()}


REFERENCES = {
    "the specified example": EXAMPLE,
    "older names": mutated(mutated(EXAMPLE, "combinations.0.total", renamed(COUNTS)),
                           "combinations.0.by_user.alice", renamed(COUNTS)),
    "no window, tier or week": mutated(mutated(mutated(EXAMPLE, "combinations.0.context_window", ...),
                                               "combinations.0.service_tier", ...), "combinations.0.week_start_unix", ...),
    "members of another version": mutated(mutated(EXAMPLE, "someday", [1]), "combinations.0.total.new", {"x": None}),
}


@pytest.mark.parametrize("reference", REFERENCES.values(), ids=REFERENCES.keys())
async def test_a_file_of_the_reference_is_taken_up_and_nothing_of_it_is_lost(start_ocm, reference):
    ocm = start_ocm(start=False)
    ocm.usage_path.write_text(json.dumps(reference))
    ocm.start()
    for user in ("alice", "bob"):
        await ocm.ask("POST", "/v1/responses", {"model": "gpt-5.4", "stream": True}, user=user)
    stats = ocm.fake.settled()
    ocm.stop()
    check_files(ocm)
    expected = served(stats)
    for name in NAMES:
        expected["alice", "gpt-5.4", "default"][name] += COUNTS[name]
    assert {key: {name: counts[name] for name in NAMES} for key, counts in counted(ocm.usage()).items()} == {
        key: {name: counts[name] for name in NAMES} for key, counts in expected.items()}
    weeks = {row.get("week_start_unix", 0) for row in ocm.usage()["combinations"]}
    assert weeks == {reference["combinations"][0].get("week_start_unix", 0), stats["week_start"]}
    assert sum(day["request_count"] for day in days(ocm)) == 2  # of the days before, the reference says nothing
