#!/usr/bin/env python3
"""What the prices must come to, worked out from the price lists in exact decimals and with regular expressions.

Writes expectations.json beside this script: every model and price of the newest list with a worked example, and what
the reference's own rules say about a list of names; with --check it compares them with what is there. It shares nothing
with the program but the two lists.
"""
import decimal
import json
import pathlib
import re
import sys

here = pathlib.Path(__file__).parent
lists = here.parents[2] / "Sources/ocm-supervisor/Pricing"
newest = json.loads((lists / "prices-2026-11.json").read_text(), parse_float=decimal.Decimal)
reference = json.loads((lists / "pricing-reference.json").read_text(), parse_float=decimal.Decimal)
decimal.getcontext().prec = 60

# The prices of a list, and what they are called here.
PRICES = {"input": "input", "cached_input": "cached", "cache_write": "written", "output": "output"}
# An ordinary request and a long one: input tokens that are neither read from the cache nor written to it.
PLAIN = (123_457, 272_001)
CACHED, WRITTEN, OUTPUT = 98_765, 4_321, 76_543


def per_token(price, name):
    """In pico-dollars, of which a dollar per million tokens is a million; what has no price costs what input costs."""
    pico = decimal.Decimal(price.get(name, price["input"])) * 10**12 / 10**6
    assert pico == pico.to_integral_value()
    return int(pico)


def worked():
    """For every price of every tier and window a cost that comes of it alone, and one of all together."""
    for model, tiers in newest["models"].items():
        for tier, listed in tiers.items():
            assert listed.keys() <= PRICES.keys() | {"long_context"}, (model, tier)
            for plain in PLAIN:
                long = listed.get("long_context")
                in_force = listed
                if long and plain > long["above_input_tokens"]:
                    assert long.keys() <= PRICES.keys() | {"above_input_tokens"}, (model, tier)
                    in_force = long
                counts = {"input": plain, "cached_input": CACHED, "cache_write": WRITTEN, "output": OUTPUT}
                costs = {PRICES[name]: count * per_token(in_force, name) for name, count in counts.items()}
                yield {
                    "model": model, "tier": tier, "window": 272_000 if in_force is listed else 1_050_000,
                    "plain": plain, "cached": CACHED, "written": WRITTEN, "output": OUTPUT,
                    "costs": {name: str(cost) for name, cost in (costs | {"together": sum(costs.values())}).items()},
                }


def normalised(model):
    rules = reference["model_normalisation"]
    if not model.startswith(rules["applies_only_if_prefix"]):
        return model
    for part, stand_in in rules["rules_first_match_on_substring"]:
        if part in model:
            return stand_in
    return rules["otherwise"]


def match(tier, model):
    for family in reference["tiers"][tier]:
        if re.search(family["pattern"], model):
            return family
    return None


def lookup(model, tier):
    for table in dict.fromkeys((tier, "default")):
        for name in dict.fromkeys((model, normalised(model))):
            family = match(table, name)
            if family:
                return family
    return None


NAMES = """
gpt-5.4-pro-2027-01-01 gpt-5.4-pro-preview gpt-5.4-2027-01-01 gpt-5.4-turbo gpt-5.3-codex-2027-01-01 gpt-5.3-codex-x
gpt-5.2-codex-2027-01-01 gpt-5.2-codex-high gpt-5.1-codex-max-2027-01-01 gpt-5.1-codex-max-high
gpt-5.1-codex-mini-2027-01-01 gpt-5.1-codex-mini-high gpt-5.1-codex-2027-01-01 gpt-5.1-codex-high
gpt-5-codex-mini gpt-5-codex-mini-2027-01-01 gpt-5-codex-2027-01-01 gpt-5-codex-high gpt-5.2-chat-latest
gpt-5.1-chat-latest gpt-5-chat-latest gpt-5.2-chat-latest-2 gpt-5.1-chat-latest-2 gpt-5-chat-latest-2
gpt-5.2-pro-2027-01-01 gpt-5-pro-2027-01-01 gpt-5-mini-2027-01-01 gpt-5-mini-high gpt-5-nano-2027-01-01
gpt-5-nano-high gpt-5.2-2027-01-01 gpt-5.2-high gpt-5.1-2027-01-01 gpt-5.1-high gpt-5-2027-01-01 gpt-5-high
o4-mini-deep-research-2027-01-01 o4-mini-2027-01-01 o4-mini-high o3-pro-2027-01-01 o3-deep-research-2027-01-01
o3-mini-2027-01-01 o3-mini-high o3-2027-01-01 o3-high o1-pro-2027-01-01 o1-mini o1-mini-2024-09-12 o1-2027-01-01
o1-preview gpt-4o-mini-audio gpt-4o-mini-audio-preview gpt-audio-mini-2027-01-01 gpt-4o-audio gpt-4o-audio-preview
gpt-audio-2027-01-01 gpt-4.1-nano-2027-01-01 gpt-4.1-mini-2027-01-01 gpt-4.1-2027-01-01 gpt-4o-mini-2027-01-01
gpt-4o-2027-01-01 gpt-4o-realtime chatgpt-4o chatgpt-4o-latest gpt-5.7 gpt-5.7-codex gpt-5.7-codex-mini
gpt-5.7-codex-max gpt-5.7-chat-latest gpt-5.7-pro gpt-5.7-mini gpt-5.7-nano gpt-5.10-2027-01-01 gpt-5.5-codex
gpt-5.6-mini gpt-5.5-nano-2027-01-01 gpt-5.3 gpt-5.3-mini gpt-5.3-pro-x gpt-5.-
gpt-5.4 gpt-5.4-pro gpt-5.3-codex gpt-5.2-codex gpt-5.1-codex gpt-5-codex gpt-5.2 gpt-5.1 gpt-5 o4-mini o3 o3-mini
o1 gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-4o gpt-4o-mini gpt-audio
GPT-5 gpt-50 gpt-5_1 xgpt-5 o30 o4 gpt-4 gpt-3.5-turbo claude-sonnet unknown
""".split()


def families():
    assert len(set(NAMES) - newest["models"].keys()) >= 80
    hit = set()
    for model in NAMES:
        listed = newest["models"].get(model)
        for tier in ("default", "flex", "priority"):
            family, match_in_tier = lookup(model, tier), match(tier, model)
            if match_in_tier and not listed:
                hit.add((tier, match_in_tier["pattern"]))
            for window in (272_000, 1_050_000):
                if listed:
                    price = listed.get(tier, listed["default"])
                    price = price.get("long_context", price) if window > 272_000 else price
                elif family:
                    price = family.get("premium_price", family["price"]) if window > 272_000 else family["price"]
                else:
                    price = None
                yield {
                    "model": model, "tier": tier, "window": window,
                    "prices": price and {short: per_token(price, name) for name, short in PRICES.items()},
                }
    every = {(tier, family["pattern"]) for tier, table in reference["tiers"].items() for family in table}
    # A pattern that is one name alone can't be hit by another, and where the newest list has that name, it counts.
    alone = {(tier, pattern) for tier, pattern in every
             if re.sub(r"\\(.)|[$^]", r"\1", pattern) in newest["models"].keys() & set(NAMES)}
    assert every <= hit | alone, every - hit - alone
    assert len(alone) < 5, alone


expectations = {"worked": list(worked()), "families": list(families())}
text = ",\n".join(
    f'"{name}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]" for name, cases in expectations.items()
)
text = "{\n" + text + "\n}\n"
if sys.argv[1:] == ["--check"]:
    sys.exit((here / "expectations.json").read_text() != text)
(here / "expectations.json").write_text(text)
