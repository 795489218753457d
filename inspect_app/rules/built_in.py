"""The rules that come with Exhume: `resources/rules/*.yaml`."""

from __future__ import annotations

from importlib.resources import files

from inspect_app.rules.entries import parse_entries
from inspect_app.rules.rule_set import RuleSet


def built_in_rules() -> RuleSet:
    """Our own rules, all files of them."""
    rules = RuleSet()
    for file in sorted(files("resources").joinpath("rules").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".yaml"):
            rules.add(parse_entries(file.read_bytes(), file.name))
    return rules
