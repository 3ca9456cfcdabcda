"""The usage file against the fake API's own count."""

import collections

NAMES = ("request_count", "input_tokens", "cached_tokens", "output_tokens")
MORE = ("reasoning_tokens", "cache_write_tokens")  # may stand in the file


def served(stats):
    """{(user, model, tier): counts} as the fake API counted."""
    table = collections.defaultdict(lambda: dict.fromkeys(NAMES + MORE, 0))
    for row in stats["usage"]:
        counts = table[row["user"], row["model"], row["service_tier"] or "default"]
        for name in NAMES + MORE:
            counts[name] += row[name]
    return dict(table)


def counted(usage):
    """{(user, model, tier): counts} as the usage file has it, all windows and weeks together."""
    table = collections.defaultdict(lambda: dict.fromkeys(NAMES, 0))
    for row in usage["combinations"]:
        for user, counts in row["by_user"].items():
            entry = table[user, row["model"], row["service_tier"]]
            for name in NAMES:
                entry[name] += counts[name]
            for name in MORE:
                if name in counts:
                    entry[name] = entry.get(name, 0) + counts[name]
    return dict(table)


def assert_equal(usage, stats):
    expected, actual = served(stats), counted(usage)
    assert set(actual) == set(expected)
    for key, counts in actual.items():
        assert counts == {name: expected[key][name] for name in counts}, key
    for row in usage["combinations"]:
        for name in NAMES:
            assert row["total"][name] == sum(counts[name] for counts in row["by_user"].values()), (row["model"], name)
