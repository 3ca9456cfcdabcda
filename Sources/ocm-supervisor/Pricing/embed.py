#!/usr/bin/env python3
"""Writes EmbeddedPrices.swift from the two price lists beside this script.

Run it after a list has changed; a test compares the lists with what is embedded. A string literal costs the compiler
nothing, where an array of as many bytes costs it seconds in every release build.
"""
import json
import pathlib

here = pathlib.Path(__file__).parent
lists = {
    "newest": ("prices-2026-11.json", "The newest list prices."),
    "families": ("pricing-reference.json", "The reference's families of models."),
}

indent = " " * 8
parts = [
    "// Written by embed.py from the price lists beside it; change those.",
    "",
    "/// The price lists, as JSON.",
    "enum EmbeddedPrices {",
]
for name, (file, meaning) in lists.items():
    text = (here / file).read_text().rstrip("\n")
    json.loads(text)
    assert '"""#' not in text
    parts += [f"    /// {meaning}", f"    static var {name}: [UInt8] {{ Array({name}Text.utf8) }}", ""]
for name, (file, meaning) in lists.items():
    text = (here / file).read_text().rstrip("\n")
    parts.append(f'    private static let {name}Text = #"""')
    parts += [f"{indent}{line}" for line in text.splitlines()] + [f'{indent}"""#', ""]
parts[-1] = "}"
(here / "EmbeddedPrices.swift").write_text("\n".join(parts) + "\n")
