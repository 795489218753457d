"""Sigma rules as pySigma reads them, made into rules of ours.

pySigma is given what `bounds` let through, and asked for nothing else: what it could fetch from elsewhere
(lists of techniques, plug-ins) is never asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from inspect_app.filters.errors import FilterError
from inspect_app.rules.entries import Entry
from inspect_app.rules.rule import Background, ItemError, Priority, Rule
from inspect_app.rules.sigma.bounds import plain_detections, plain_value
from inspect_app.rules.sigma.categories import CATEGORIES, LINUX, Category
from inspect_app.rules.sigma.conditions import Translation
from inspect_app.rules.sigma.correlations import Part, correlation_rule

_PRIORITIES = {
    "informational": Priority.INFORMATIONAL,
    "low": Priority.NOTICE,
    "medium": Priority.WARNING,
    "high": Priority.ERROR,
    "critical": Priority.CRITICAL,
}
_UNTOLD = Priority.NOTICE
"""Of a rule without a level."""
_MAX_TOLD = 20
_MAX_TEXT = 2_000

Report = Callable[[Entry, str, str], None]
"""(document, what it is called, what is wrong with it)."""


@dataclass
class _Draft:
    """A rule that filters may still narrow."""

    entry: Entry
    name: str
    sigma: SigmaRule


def sigma_rules(entries: Sequence[Entry], lists: Mapping[str, Sequence[str]], report: Report) -> list[Rule]:
    """The rules that Sigma documents hold, in their order; what is wrong with one is reported.

    Args:
        entries: Documents of all files.
        lists: Values for placeholders, by name.
        report: Told of each document that is no rule.
    """
    drafts: list[_Draft] = []
    filters: list[tuple[Entry, SigmaFilter]] = []
    correlations: list[Entry] = []
    for entry in entries:
        with _Reported(report, entry):
            if "correlation" in entry.content:
                correlations.append(entry)
            elif "filter" in entry.content:
                filters.append((entry, _filter(entry)))
            else:
                drafts.append(_Draft(entry, _title(entry), _rule(entry)))
    parts: list[Part] = []
    for draft in drafts:
        with _Reported(report, draft.entry):
            for _, one in filters:
                one.apply_on_rule(draft.sigma)
            parts.append(_finished(draft, lists))
    return _with_correlations(parts, correlations, report)


def _with_correlations(parts: list[Part], entries: Sequence[Entry], report: Report) -> list[Rule]:
    """Rules, then correlations; each that asks for another correlation after it."""
    waiting = list(entries)
    while waiting:
        known = {key: one for one in parts for key in one.keys}
        ready = [one for one in waiting if all(key in known for key in _asked(one))]
        if not ready:
            for entry in waiting:
                missing = ", ".join(key for key in _asked(entry) if key not in known)
                report(entry, str(entry.content.get("title") or ""), f"no rule is called {missing}")
            break
        for entry in ready:
            waiting.remove(entry)
            with _Reported(report, entry):
                rule, hidden = correlation_rule(entry, known, _common(entry))
                parts = [
                    replace(one, rule=replace(one.rule, told_by=rule.name)) if one.keys & hidden else one
                    for one in parts
                ]
                parts.append(Part(_keys(entry), rule, None))
    return [one.rule for one in parts]


def _asked(entry: Entry) -> list[str]:
    """The rules that a correlation names."""
    content = entry.content["correlation"]
    rules = content.get("rules") if isinstance(content, dict) else None
    return [str(one) for one in (rules if isinstance(rules, list) else [rules] if rules else ())]


def _rule(entry: Entry) -> SigmaRule:
    content = {
        "title": _title(entry),
        "logsource": plain_value(entry.content.get("logsource"), "logsource"),
        "detection": plain_detections(entry.content.get("detection")),
    }
    return SigmaRule.from_dict({**content, **_identity(entry)})


def _filter(entry: Entry) -> SigmaFilter:
    inner = entry.content["filter"]
    if not isinstance(inner, dict):
        raise ItemError("a filter is a mapping of selections and a condition")
    found = plain_detections({key: value for key, value in inner.items() if key != "rules"})
    (found["condition"], *_) = found["condition"]
    found["rules"] = plain_value(inner.get("rules"), "rules")
    content = {
        "title": _title(entry),
        "logsource": plain_value(entry.content.get("logsource"), "logsource"),
        "filter": found,
    }
    return SigmaFilter.from_dict({**content, **_identity(entry)})


def _identity(entry: Entry) -> dict[str, str]:
    """Name and id, by which filters and correlations know a rule."""
    found = {}
    if isinstance(name := entry.content.get("name"), str) and name:
        found["name"] = name
    with suppress(KeyError, ValueError):
        found["id"] = str(UUID(str(entry.content["id"])))
    return found


def _keys(entry: Entry) -> frozenset[str]:
    return frozenset(str(one) for one in (entry.content.get("name"), entry.content.get("id")) if one)


def _title(entry: Entry) -> str:
    title = entry.content.get("title")
    if not isinstance(title, str) or not title.strip():
        raise ItemError("a Sigma rule has a title")
    return " ".join(title.split())[:_MAX_TEXT]


def _finished(draft: _Draft, lists: Mapping[str, Sequence[str]]) -> Part:
    rule = _common(draft.entry)
    category, obstacle = _category(draft.sigma)
    if category is None:
        return Part(_keys(draft.entry), replace(rule, obstacle=obstacle), None)
    translation = Translation(category, lists)
    each = [translation.filter_of(one.parsed) for one in draft.sigma.detection.parsed_condition]
    asked = f"({each[0]})" if len(each) == 1 else f"({' or '.join(f'({one})' for one in each)})"
    shown = " ".join(f"{name}=%{category.fields[name].operands[0]}" for name in category.shown)
    finished = replace(
        rule,
        condition=f"{category.condition} and {asked}",
        output=f"{rule.output} ({shown})",
        obstacle="; ".join(translation.obstacles),
    )
    return Part(_keys(draft.entry), finished, category)


def _common(entry: Entry) -> Rule:
    """What a document tells of a rule beside its condition."""
    content, title = entry.content, _title(entry)
    level = content.get("level")
    if level is not None and level not in _PRIORITIES:
        raise ItemError(f"there is no level {level!r}; there are {', '.join(_PRIORITIES)}")
    return Rule(
        title,
        _text(content.get("description")),
        "",
        # What follows a per cent sign would be a field.
        re.sub(r"%(?=\w)", "％", title),
        _PRIORITIES[level] if level else _UNTOLD,
        _texts(content.get("tags")),
        file=entry.file,
        line=entry.line,
        background=Background(
            _text(content.get("author")),
            _text(content.get("status")),
            _texts(content.get("references")),
            _texts(content.get("falsepositives")),
        ),
        is_plain=True,
    )


def _category(rule: SigmaRule) -> tuple[Category | None, str]:
    source = rule.logsource
    if source.product and source.product != LINUX:
        return None, f"it asks for events of {source.product}; a capture is of {LINUX}"
    if source.service and source.category not in CATEGORIES:
        return None, f"it asks for the log of {source.service}; a capture holds calls, not that log"
    category = CATEGORIES.get(source.category or "")
    if category is None:
        known = ", ".join(CATEGORIES)
        return None, f"events of the category {source.category} are none of a capture's: {known}"
    return category, ""


def _text(value: Any) -> str:
    return " ".join(value.split())[:_MAX_TEXT] if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(text for one in values[:_MAX_TOLD] if (text := _text(one)))


class _Reported:
    """What goes wrong with a document is told, and the others are read."""

    def __init__(self, report: Report, entry: Entry) -> None:
        self._report = report
        self._entry = entry

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        title = self._entry.content.get("title")
        name = title if isinstance(title, str) else ""
        if isinstance(error, ItemError | FilterError | SigmaError):
            self._report(self._entry, name, " ".join(str(error).split())[:_MAX_TEXT])
            return True
        if isinstance(error, TypeError | ValueError | AttributeError | LookupError | RecursionError):
            # Values of kinds that pySigma does not expect.
            self._report(self._entry, name, f"pySigma cannot read it: {str(error)[:200]}")
            return True
        return False
