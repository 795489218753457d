"""Lists, macros and rules of several files put together, in the order in which the files are named.

What is written again takes the place of what was there, or adds to it where it says so (`append: true`, or
`override:` for single keys), as in Falco: a later file tunes an earlier one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from inspect_app.filters.errors import FilterError
from inspect_app.filters.expression import Expression
from inspect_app.filters.language import parse
from inspect_app.filters.names import unquoted
from inspect_app.rules.dialect import as_meant
from inspect_app.rules.entries import Entry
from inspect_app.rules.exceptions import RuleException, with_exceptions
from inspect_app.rules.rule import SYSCALL, ItemError, Priority, Problem, Rule

KNOWS = (0, 62, 0)
"""The version of Falco's rule language that was read when this was written."""
MAX_NESTED = 50
"""Macros within macros, and lists within lists."""
MAX_LIST = 10_000
NEEDS_SIGMA = "a Sigma rule needs pySigma to be read: pip install 'exhume[sigma]'"
_NEEDED = ("condition", "desc", "output", "priority")
_KEYS: Mapping[str, frozenset[str]] = {
    "list": frozenset({"list", "items", "append", "override"}),
    "macro": frozenset({"macro", "condition", "append", "override", "exceptions"}),
    "rule": frozenset(
        {
            *("rule", "desc", "condition", "output", "priority", "source", "enabled", "tags", "exceptions"),
            *("append", "override", "warn_evttypes", "skip-if-unknown-filter", "capture", "capture_duration"),
        }
    ),
    "required_engine_version": frozenset({"required_engine_version"}),
    "required_plugin_versions": frozenset({"required_plugin_versions"}),
}
_BREAK = re.compile(r"\s*\n\s*")


@dataclass
class _Draft:
    """A rule while files still add to it."""

    entry: Entry
    content: dict[str, Any]
    exceptions: dict[str, RuleException] = field(default_factory=dict)


class RuleSet:
    """All that was read from rule files."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._lists: dict[str, list[str]] = {}
        self._macros: dict[str, tuple[Entry, str]] = {}
        self._drafts: dict[str, _Draft] = {}
        self._documents: list[Entry] = []
        self.macros = _Macros(self._macros, _Lists(self._lists))
        self._takes: Mapping[str, Callable[[Entry], None]] = {
            "list": self._take_list,
            "macro": self._take_macro,
            "rule": self._take_rule,
            "required_engine_version": self._take_version,
            "required_plugin_versions": lambda entry: None,
        }

    def add(self, entries: Sequence[Entry]) -> None:
        """Take in the items of a file; what is wrong with one is in `problems`."""
        for entry in entries:
            if entry.is_document:
                self._documents.append(entry)
                continue
            kind = next((name for name in self._takes if name in entry.content), "")
            if not kind:
                known = ", ".join(self._takes)
                self._problem(entry, "", f"an item has one of {known}, and this one has none")
                continue
            for name in entry.content.keys() - _KEYS[kind]:
                self._problem(entry, name, f"a {kind} has no {name!r}; it is left out", key=name, fatal=False)
            try:
                self._takes[kind](entry)
            except ItemError as error:
                self._problem(entry, str(entry.content[kind]), str(error))

    def rules(self) -> list[Rule]:
        """Every rule that is complete, in the order in which they were first named."""
        found = []
        for draft in self._drafts.values():
            try:
                found.append(self._finished(draft))
            except ItemError as error:
                self._problem(draft.entry, draft.content["rule"], str(error))
        return found + self._sigma_rules()

    def expression(self, rule: Rule) -> Expression:
        """A rule's condition with its macros and lists. Raises FilterError."""
        if rule.is_plain:
            return parse(rule.condition)
        return as_meant(parse(rule.condition, macros=self.macros, lists=self.macros.lists))

    def _sigma_rules(self) -> list[Rule]:
        if not self._documents:
            return []
        try:
            reading = import_module("inspect_app.rules.sigma.reading")
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "sigma":
                raise
            self._problem(self._documents[0], "", NEEDS_SIGMA)
            return []
        rules: list[Rule] = reading.sigma_rules(self._documents, self.macros.lists, self._problem)
        return rules

    def _problem(self, entry: Entry, item: str, reason: str, *, key: str = "", fatal: bool = True) -> None:
        self.problems.append(Problem(entry.file, entry.lines.get(key, entry.line), item, reason, fatal))

    def _take_version(self, entry: Entry) -> None:
        wanted = str(entry.content["required_engine_version"])
        numbers = tuple(int(part) for part in re.findall(r"\d+", wanted)[:3])
        # A single number is of the time before 0.X.Y, and all of those are known.
        if len(numbers) > 1 and numbers > KNOWS:
            known = ".".join(map(str, KNOWS))
            reason = f"the file asks for version {wanted} of the language, {known} is known"
            self._problem(entry, "", reason, fatal=False)

    def _take_list(self, entry: Entry) -> None:
        name, items = _name(entry, "list"), entry.content.get("items")
        values = [str(item) for item in items or ()] if isinstance(items, list | None) else None
        if values is None or any(not isinstance(item, str) for item in items or ()):
            raise ItemError("items are texts or numbers")
        if _adds(entry, "items"):
            if name not in self._lists:
                raise ItemError("there is no list of that name to add to")
            values = [*self._lists[name], *values]
        if len(values) > MAX_LIST:
            raise ItemError(f"the list has {len(values):,} items, more than {MAX_LIST:,}")
        self._lists[name] = values
        self.macros.forget()

    def _take_macro(self, entry: Entry) -> None:
        name, condition = _name(entry, "macro"), _text(entry, "condition")
        if _adds(entry, "condition"):
            if name not in self._macros:
                raise ItemError("there is no macro of that name to add to")
            condition = f"{self._macros[name][1]} {condition}"
        self._macros[name] = (entry, condition)
        self.macros.forget()

    def _take_rule(self, entry: Entry) -> None:
        name = _name(entry, "rule")
        known = self._drafts.get(name)
        changes = {key: value for key, value in entry.content.items() if key not in ("append", "override")}
        if _is_true(entry.content.get("append")):
            self._add_to(known, entry, dict.fromkeys(("condition", "exceptions", "tags"), "append"))
        elif "override" in entry.content:
            self._add_to(known, entry, _overrides(entry))
        elif not any(key in changes for key in _NEEDED):
            # `enabled: false` alone, and the like, change a rule that is there.
            self._add_to(known, entry, dict.fromkeys(changes, "replace"))
        else:
            draft = _Draft(entry, changes)
            _take_exceptions(draft, entry.content.get("exceptions"), replace=True)
            self._drafts[name] = draft

    def _add_to(self, draft: _Draft | None, entry: Entry, how: Mapping[str, str]) -> None:
        if draft is None:
            raise ItemError("there is no rule of that name to add to")
        for key, way in how.items():
            if key not in entry.content or key == "rule":
                continue
            if key == "exceptions":
                _take_exceptions(draft, entry.content[key], replace=way == "replace")
            elif way == "replace":
                draft.content[key] = entry.content[key]
            elif key == "tags":
                draft.content[key] = [*(draft.content.get(key) or ()), *(entry.content[key] or ())]
            else:
                draft.content[key] = f"{draft.content.get(key) or ''} {_text(entry, key)}"

    def _finished(self, draft: _Draft) -> Rule:
        content = draft.content
        for key in _NEEDED:
            if not isinstance(content.get(key), str):
                raise ItemError(f"a rule has {', '.join(_NEEDED)}; this one has no {key}")
        priority = Priority.named(content["priority"])
        if priority is None:
            known = ", ".join(one.name for one in Priority)
            raise ItemError(f"there is no priority {content['priority']!r}; there are {known}")
        tags = content.get("tags") or ()
        if isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
            raise ItemError("tags are a list of texts")
        return Rule(
            content["rule"],
            " ".join(content["desc"].split()),
            with_exceptions(content["condition"], [*draft.exceptions.values()], self._lists),
            _BREAK.sub(" ", content["output"].strip()),
            priority,
            tuple(tags),
            str(content.get("source") or SYSCALL),
            "enabled" not in content or _is_true(content["enabled"]),
            draft.entry.file,
            draft.entry.line,
            may_be_unknown=_is_true(content.get("skip-if-unknown-filter")),
        )


class _Lists(Mapping[str, list[str]]):
    """Lists with the lists in them put in their place."""

    def __init__(self, written: Mapping[str, list[str]]) -> None:
        self._written = written

    def __getitem__(self, name: str) -> list[str]:
        return [*dict.fromkeys(self._items(name, ()))]

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)

    def _items(self, name: str, within: tuple[str, ...]) -> list[str]:
        if name in within or len(within) > MAX_NESTED:
            raise FilterError(f"list {name} holds itself, or lists within lists too deep")
        found: list[str] = []
        for item in self._written[name]:
            found += self._items(item, (*within, name)) if item in self._written else [_unquoted(item)]
            if len(found) > MAX_LIST:
                raise FilterError(f"list {name} has more than {MAX_LIST:,} items")
        return found


class _Macros(Mapping[str, Expression]):
    """Macros, each parsed when it is first needed."""

    def __init__(self, written: Mapping[str, tuple[Entry, str]], lists: _Lists) -> None:
        self._written = written
        self._parsed: dict[str, Expression] = {}
        self._within: list[str] = []
        self.lists = lists

    def forget(self) -> None:
        """Something was written anew."""
        self._parsed.clear()

    def __getitem__(self, name: str) -> Expression:
        if name in self._parsed:
            return self._parsed[name]
        _, condition = self._written[name]
        if name in self._within or len(self._within) > MAX_NESTED:
            raise FilterError(f"macro {name} holds itself, or macros within macros too deep")
        self._within.append(name)
        try:
            self._parsed[name] = parse(condition, macros=self, lists=self.lists)
        except FilterError as error:
            # Where in the macro's own text is of no use without the text.
            place = "" if error.message.startswith("macro ") else f"macro {name}: "
            raise FilterError(place + error.message, 0, error.expected, error.nearest) from error
        finally:
            self._within.pop()
        return self._parsed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)


def _take_exceptions(draft: _Draft, content: Any, *, replace: bool) -> None:
    if replace:
        draft.exceptions = {}
    if not isinstance(content, list | None):
        raise ItemError("exceptions are a list")
    for one in content or ():
        name = one.get("name") if isinstance(one, dict) else None
        read = RuleException.read(one, draft.exceptions.get(str(name)))
        draft.exceptions[read.name] = read


def _overrides(entry: Entry) -> dict[str, str]:
    how = entry.content["override"]
    if not isinstance(how, dict) or any(way not in ("append", "replace") for way in how.values()):
        raise ItemError("override says append or replace for each key")
    return how


def _adds(entry: Entry, key: str) -> bool:
    """Whether an item adds to what is there."""
    if "override" in entry.content:
        return _overrides(entry).get(key) == "append"
    return _is_true(entry.content.get("append"))


def _name(entry: Entry, kind: str) -> str:
    name = entry.content[kind]
    if not isinstance(name, str) or not name:
        raise ItemError(f"a {kind} has a name")
    return name


def _text(entry: Entry, key: str) -> str:
    text = entry.content.get(key)
    if not isinstance(text, str):
        raise ItemError(f"{key} is a text, and there is none")
    return text


def _is_true(value: Any) -> bool:
    return isinstance(value, str) and value.casefold() in ("true", "yes", "on")


def _unquoted(item: str) -> str:
    """An item that stands in quotes within its text, as Falco's files have those with dashes and brackets."""
    is_quoted = len(item) > 1 and item[0] == item[-1] and item[0] in "\"'"
    return unquoted(item) if is_quoted else item
