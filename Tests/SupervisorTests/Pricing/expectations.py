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

PLAIN, CACHED, WRITTEN, OUTPUT = 123_457, 98_765, 4_321, 76_543
LONG = 272_001


def cost(price, input_tokens, cached, written, output):
    """In pico-dollars: tokens times USD per million tokens, all of it whole."""
    amount = (input_tokens - cached - written) * decimal.Decimal(price["input"])
    amount += cached * decimal.Decimal(price.get("cached_input", price["input"]))
    amount += written * decimal.Decimal(price.get("cache_write", price["input"]))
    amount += output * decimal.Decimal(price["output"])
    pico = amount * 10**12 / 10**6
    assert pico == pico.to_integral_value()
    return str(pico.to_integral_value())


def worked():
    for model, tiers in newest["models"].items():
        for tier, price in tiers.items():
            for input_tokens in (PLAIN + CACHED + WRITTEN, LONG + CACHED + WRITTEN):
                in_force = price
                if "long_context" in price and input_tokens > price["long_context"]["above_input_tokens"]:
                    in_force = price["long_context"]
                yield {
                    "model": model, "tier": tier, "input": input_tokens, "cached": CACHED, "written": WRITTEN,
                    "output": OUTPUT, "window": 1_050_000 if in_force is not price else 272_000,
                    "pico": cost(in_force, input_tokens, CACHED, WRITTEN, OUTPUT),
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
    hit = set()
    for model in NAMES:
        for tier in ("default", "flex", "priority"):
            family = lookup(model, tier)
            hit.add((tier, match(tier, model)["pattern"]) if match(tier, model) else None)
            listed = newest["models"].get(model)
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
                    "pico": price and cost(price, 1_000_000, 300_000, 0, 500_000),
                }
    every = {(tier, family["pattern"]) for tier, table in reference["tiers"].items() for family in table}
    assert every <= hit, every - hit


expectations = {"worked": list(worked()), "families": list(families())}
text = ",\n".join(
    f'"{name}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]" for name, cases in expectations.items()
)
text = "{\n" + text + "\n}\n"
if sys.argv[1:] == ["--check"]:
    sys.exit((here / "expectations.json").read_text() != text)
(here / "expectations.json").write_text(text)
