"""What could be written next: fields, operators, words of the grammar, and values of this capture.

The parser itself tells what may come at the cursor, so completion never offers what would be an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from lark import Token
from lark.exceptions import LarkError

from inspect_app.filters.cache import remember
from inspect_app.filters.errors import FilterError
from inspect_app.filters.expression import FieldOperand, quote
from inspect_app.filters.facets import Facet, NumberFacet, PayloadFacet, TextFacet
from inspect_app.filters.field import Argument, Field, FieldType
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.fields_arg import argument_names
from inspect_app.filters.fields_container import container_labels
from inspect_app.filters.fields_program import variable_names
from inspect_app.filters.language import MAX_TEXT, grammar, operand_written
from inspect_app.filters.operators import FUNCTIONS, MODIFIERS, OPERATORS
from inspect_app.frames.capture import CaptureFrames

MAX_OFFERED = 50
"""Values, of which a capture may have hundreds of thousands."""
MAX_NUMBERS = 100_000
"""Numbers of a field that differ in more ways than this (times, sizes) are not offered."""

_OFTEN = {
    name: rank
    for rank, name in enumerate(
        (
            *("proc.name", "evt.type", "fd.name", "container.name", "user.name", "proc.cmdline", "proc.pid"),
            *("evt.failed", "proc.exepath", "proc.pname", "proc.aname", "container.id", "fd.rip", "fd.rport"),
            *("evt.res", "evt.arg", "evt.latency", "fd.type", "evt.category", "user.uid", "proc.args"),
            *("proc.exeline", "evt.buffer", "fd.directory", "fd.sport", "fd.lport", "proc.ppid", "fd.num"),
            *("container.image.repository", "container.image", "fd.ip", "fd.port", "fd.l4proto", "proc.tty"),
            *("user.loginuid", "k8s.pod.name", "k8s.ns.name", "evt.is_open_write", "thread.tid", "proc.exe"),
        )
    )
}
"""Field → how early it is offered: what analysts and public rules ask for most."""
_TAIL = re.compile(r"""(?:"(?:\\.|[^"\\])*|'(?:\\.|[^'\\])*|[^\s()"'=,<>!]*)\Z""", re.DOTALL)
_WORDS = {"_AND": "and", "_OR": "or", "_NOT": "not", "LPAR": "(", "RPAR": ")", "COMMA": ","}
_WORD_MEANINGS = {
    "and": "both hold",
    "or": "either holds",
    "not": "the next condition does not hold",
    "(": "begin a group or a list",
    ")": "end it",
    ",": "one more value",
}


@dataclass(frozen=True, slots=True)
class Completion:
    """One thing that could be written."""

    text: str
    """What to put in place of the characters from `start` to the cursor."""
    kind: str
    """`field`, `operator`, `value`, `word`, `function` or `argument`."""
    detail: str
    """What it means, in one line."""
    start: int
    """Position in the text, from 0, where the replaced part begins."""
    count: int | None = None
    """For a value: how many events of this capture have it."""


def complete(text: str, cursor: int, frames: CaptureFrames) -> list[Completion]:
    """What could be written at the cursor, best first; nothing where what stands before it is an error."""
    before = text[: max(0, cursor)]
    if len(before) > MAX_TEXT:
        return []
    found = _TAIL.search(before)
    written = found[0] if found else ""
    start = len(before) - len(written)
    terminals, tokens = _expected(before[:start])
    offered: list[Completion] = []
    if not written or written.isalpha():
        words = [_WORDS[name] for name in _WORDS if name in terminals]
        offered += _matching([(word, _WORD_MEANINGS[word]) for word in words], written, start, "word")
    if "NAME" in terminals:
        offered += _fields(written, start, frames)
    if "COMPARE" in terminals:
        offered += _operators(written, start, tokens)
    if "BARE" in terminals:
        offered += _values(written, start, tokens, frames)
    if "MODIFIER" in terminals:
        offered += _matching(MODIFIERS.items(), written, start, "operator")
    return offered


def _expected(text: str) -> tuple[frozenset[str], list[Token]]:
    """The terminals that may follow a text, and the tokens of it; none where it is wrong already."""
    try:
        state = grammar().parse_interactive(text)
        tokens = list(state.exhaust_lexer())
        accepted = state.accepts()  # type: ignore[no-untyped-call]  # lark gives it no types
        return frozenset(accepted), tokens
    except LarkError:
        return frozenset(), []


def _fields(written: str, start: int, frames: CaptureFrames) -> list[Completion]:
    if written.startswith(("evt.arg.", "evt.rawarg.")):
        return _argument_names(written, start)
    head, bracket, tail = written.partition("[")
    if bracket and head in _NAMES_WITHIN:
        return _names_within(head, tail, start, frames)
    wanted = written.lower()
    known = [field for field in FIELDS.values() if wanted in field.name]
    known.sort(key=lambda field: (field.compute is None, *_likeness(field.name, wanted)))
    functions = [
        Completion(f"{name}(", "function", meaning, start)
        for name, meaning in FUNCTIONS.items()
        if wanted and name.startswith(wanted)
    ]
    return [_field(field, start) for field in known] + functions


def _likeness(name: str, wanted: str) -> tuple[bool, bool, int, int, str]:
    """What begins with what was written comes first, of those what is asked for often, then the shortest."""
    begins, often = name.startswith(wanted), _OFTEN.get(name, len(_OFTEN))
    return not begins, f".{wanted}" not in f".{name}", often, len(name) if wanted else 0, name


def _field(field: Field, start: int) -> Completion:
    detail = field.meaning if field.compute else f"{field.meaning} — {field.unavailable}"
    dotted = field.name in ("evt.arg", "evt.rawarg", "evt.type.is")
    opening = "" if field.argument not in (Argument.NAME, Argument.OPTIONAL) else "." if dotted else "["
    return Completion(field.name + opening, "field", detail, start)


def _argument_names(written: str, start: int) -> list[Completion]:
    head, _, tail = written.rpartition(".")
    names = sorted(name for name in argument_names() if name.startswith(tail))
    return [
        Completion(f"{head}.{name}", "argument", f"argument, {argument_names()[name]}", start)
        for name in names
    ]


def _names_within(head: str, tail: str, start: int, frames: CaptureFrames) -> list[Completion]:
    field, wanted = FIELDS[head], tail.lstrip("\"'")
    names = sorted(name for name in _NAMES_WITHIN[head](frames) if name.startswith(wanted))[:MAX_OFFERED]
    texts = (str(FieldOperand(field, name, field.type)) for name in names)
    return [Completion(text, "argument", field.meaning, start) for text in texts]


_NAMES_WITHIN: Mapping[str, Callable[[CaptureFrames], set[str]]] = {
    "container.label": lambda frames: {name for labels in container_labels(frames) for name in labels},
    "k8s.pod.label": lambda frames: {
        name for labels in container_labels(frames, "pod_labels") for name in labels
    },
    "proc.env": variable_names,
}
"""Field → the names that its argument may be in a capture."""


def _operators(written: str, start: int, tokens: Sequence[Token]) -> list[Completion]:
    operand = operand_written(tokens)
    fitting = [
        (operator.name, operator.meaning)
        for operator in OPERATORS.values()
        if operator.name != "==" and (operand is None or operand.type in operator.fits)
    ]
    return _matching(fitting, written, start, "operator")


def _matching(words: Iterable[tuple[str, str]], written: str, start: int, kind: str) -> list[Completion]:
    return [Completion(word, kind, meaning, start) for word, meaning in words if word.startswith(written)]


def _values(written: str, start: int, tokens: Sequence[Token], frames: CaptureFrames) -> list[Completion]:
    operand = operand_written(tokens)
    if operand is None:
        return []
    try:
        facets = operand.field.facets(frames, operand.argument, types=frozenset())
    except FilterError:
        return []
    key = ("counts", operand.field.name, operand.argument)
    counted = remember(frames, key, lambda: _counted(facets, operand.field))
    wanted = written[1:] if written[:1] in "\"'" else written
    title = operand.field.title
    return [Completion(quote(value), "value", title, start, count) for value, count in counted.best(wanted)]


@dataclass(frozen=True, slots=True)
class _Counted:
    """The values of a field, the most frequent first."""

    values: list[str]
    counts: list[int] | None
    """None where an event has the values of many rows, so that counting them would say little."""
    lowered: list[str]

    def best(self, wanted: str) -> list[tuple[str, int | None]]:
        """Those that hold the wanted text: first those that begin with it, then the most frequent."""
        text = wanted.lower()
        begun = (at for at, value in enumerate(self.lowered) if value.startswith(text))
        places = list(islice(begun, MAX_OFFERED))
        if len(places) < MAX_OFFERED:
            holding = (at for at, value in enumerate(self.lowered) if value.find(text) > 0)
            places += islice(holding, MAX_OFFERED - len(places))
        return [(self.values[at], None if self.counts is None else self.counts[at]) for at in places]


def _counted(facets: Sequence[Facet], field: Field) -> _Counted:
    total: dict[str, int] = dict.fromkeys(field.choices, 0)
    for facet in facets:
        for value, count in _counts(facet, field.type):
            total[value] = total.get(value, 0) + count
    counts = np.fromiter(total.values(), np.int64, len(total))
    order = np.argsort(-counts, kind="stable")
    names = list(total)
    values = [names[at] for at in order.tolist()]
    is_chain = any(facet.next_row is not None for facet in facets)
    return _Counted(values, None if is_chain else counts[order].tolist(), [value.lower() for value in values])


def _counts(facet: Facet, type_: FieldType) -> Iterable[tuple[str, int]]:
    if isinstance(facet, PayloadFacet):
        return ()
    rows = facet.rows if facet.next_row is None else facet.next_row
    per_row = None if rows is None else np.bincount(rows + 1)[1:]
    if isinstance(facet, TextFacet):
        counts = _regrouped(facet.codes, per_row, len(facet.values))
        used = np.flatnonzero(counts)
        return zip(
            (facet.values[at] for at in used.tolist()), counts[used].astype(np.int64).tolist(), strict=True
        )
    if type_ is FieldType.TRUTH:
        present = int(np.count_nonzero(facet.present()))
        true = int(np.count_nonzero(facet.spread(facet.values.astype(np.bool_))))
        return (("true", true), ("false", present - true))
    return _number_counts(facet, per_row) if type_ is FieldType.INTEGER else ()


def _regrouped(codes: np.ndarray | None, per_row: np.ndarray | None, size: int) -> np.ndarray:
    """Counts by row as counts by value."""
    if codes is None:
        return np.zeros(size, np.int64) if per_row is None else per_row
    weights = None if per_row is None else _padded(per_row, len(codes))
    return np.bincount(codes + 1, weights=weights, minlength=size + 1)[1:]


def _padded(per_row: np.ndarray, size: int) -> np.ndarray:
    """Counts by row with zeros for the last rows, which no event points to."""
    return np.concatenate([per_row, np.zeros(size - len(per_row), per_row.dtype)])


def _number_counts(facet: NumberFacet, per_row: np.ndarray | None) -> Iterable[tuple[str, int]]:
    known = np.ones(len(facet.values), np.bool_) if facet.missing is None else ~facet.missing
    values = facet.values[known]
    if not len(values):
        return ()
    lowest = int(values.min())
    if int(values.max()) - lowest >= MAX_NUMBERS:
        return _sparse_counts(values, known, per_row)
    places = np.where(known, facet.values.astype(np.int64) - lowest, -1)
    counts = _regrouped(places, per_row, 0)
    return ((str(at + lowest), int(counts[at])) for at in np.flatnonzero(counts).tolist())


def _sparse_counts(
    values: np.ndarray, known: np.ndarray, per_row: np.ndarray | None
) -> Iterable[tuple[str, int]]:
    """Numbers far apart are offered where they belong to few rows (processes), not to every event."""
    if per_row is None or len(values) > MAX_NUMBERS:
        return ()
    numbers, places = np.unique(values, return_inverse=True)
    counts = np.bincount(places, weights=_padded(per_row, len(known))[known])
    return zip(map(str, numbers.tolist()), map(int, counts.tolist()), strict=True)
