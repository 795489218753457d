"""Events parted by which of many conditions they meet, in a few passes over them.

Simple conditions that hang on one arrow (the type of an event, its thing, its program) are one step: each
row that events point to has a number for what holds of it, and an event's part so far and that number make
its next part. What is known of a part decides which of the conditions are still open for its events, so that
a later step, up to looking into payload, is taken for the events alone on which something hangs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from capture.format.pieces import each_piece, rows_where, taken_from
from inspect_app.filters.expression import And, Expression, Node, Not, Or
from inspect_app.filters.facets import occurring
from inspect_app.filters.leaves import InPayload, Leaf, Pointed, Rows, Simple, Tested, leaves_of, simple_parts
from inspect_app.filters.payload import decide_all
from inspect_app.filters.reach import types_of
from inspect_app.filters.scope import MAX_LOOKS, Known, Scope, looks, on_payload
from inspect_app.frames.capture import CaptureFrames

_FEW = 8
"""A part of the events up to which only those on which a step depends are given other numbers."""
_MOST_PAIRS = 1 << 20
"""Pairs of a part and a number that are counted in a table."""
_BITS = 48
"""Simple conditions whose truths make one number."""
_TOGETHER = 4
"""Questions to each event's own number that are asked together."""
_OPEN, _HOLDS, _FAILS = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """Simple conditions that are told together."""

    leaves: Sequence[Leaf]
    numbers: Callable[[Rows], np.ndarray]
    """The number of some events."""
    truths: np.ndarray
    """bool[leaves, numbers]."""


class Parting:
    """The parts into which events fall so far."""

    def __init__(self, frames: CaptureFrames, of_event: np.ndarray, count: int) -> None:
        """Begin with the parts that there are: `of_event`, unsigned, 0 … count - 1."""
        self._frames = frames
        self._of_event = of_event
        self._before = np.arange(count)
        sizes = each_piece(len(of_event), lambda rows: np.bincount(of_event[rows], minlength=count))
        self._sizes = np.sum(sizes, axis=0) if sizes else np.zeros(count, np.int64)
        self._leaves: dict[Simple, tuple[Leaf, ...]] = {}
        self._told: dict[Leaf, np.ndarray] = {}

    def understand(self, condition: Expression) -> Node:
        """Make a condition ready to be told apart by.

        Raises:
            NotEvaluableError: it asks for a field that this capture cannot provide.
            FilterError: it would need more memory than is sensible.
        """
        looks(list(on_payload(condition.root)))
        scope = Scope(self._frames, known=Known(), types=types_of(condition.root))
        for node in simple_parts(condition.root):
            # Asked for each condition anew: whether a field can be told depends on the events that matter.
            found = leaves_of(node, scope)
            self._leaves.setdefault(node, found)
        return condition.root

    def tell_apart(self, conditions: Sequence[Node]) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """Part the events until each part meets all of a condition or nothing of it.

        Returns the part out of which each one came (of those the parting began with), the part of each event,
        and of each condition bool, one a part.
        """
        every = {leaf for node in conditions for leaf in self._leaves_in(node)}
        self._told = dict.fromkeys(every, np.zeros(len(self._before), np.uint8))
        asking = Counter(leaf for node in conditions for leaf in set(self._leaves_in(node)))
        for step in _steps([leaf for leaf in every if not isinstance(leaf, InPayload)], asking):
            self._take(step, self._open(conditions, step.leaves))
        self._look([leaf for leaf in every if isinstance(leaf, InPayload)], conditions)
        return self._joined([self._may(node)[0] for node in conditions])

    def _leaves_in(self, node: Node) -> list[Leaf]:
        return [leaf for simple in simple_parts(node) for leaf in self._leaves[simple]]

    def _may(self, node: Node) -> tuple[np.ndarray, np.ndarray]:
        """bool, one a part, twice: whether it may hold for its events, and whether it may not."""
        if isinstance(node, Not):
            holds, fails = self._may(node.part)
            return fails, holds
        if isinstance(node, And | Or):
            each = [self._may(part) for part in node.parts]
        else:
            told = [self._told[leaf] for leaf in self._leaves[node]]
            each = [(state != _FAILS, state != _HOLDS) for state in told]
        first, second = zip(*each, strict=True)
        every, some = np.logical_and.reduce, np.logical_or.reduce
        return (every(first), some(second)) if isinstance(node, And) else (some(first), every(second))

    def _open(self, conditions: Iterable[Node], leaves: Sequence[Leaf]) -> np.ndarray:
        """bool, one a part: a condition depends on what one of the leaves says of the part's events."""
        wanted, asked = np.zeros(len(self._before), bool), set(leaves)
        for node in conditions:
            if not asked.isdisjoint(self._leaves_in(node)):
                self._mark(node, self._sizes > 0, asked, wanted)
        return wanted

    def _mark(self, node: Node, among: np.ndarray, asked: set[Leaf], wanted: np.ndarray) -> None:
        holds, fails = self._may(node)
        among = among & holds & fails
        if not among.any():
            return
        if isinstance(node, And | Or):
            for part in node.parts:
                self._mark(part, among, asked, wanted)
        elif isinstance(node, Not):
            self._mark(node.part, among, asked, wanted)
        else:
            for leaf in asked.intersection(self._leaves[node]):
                wanted |= among & (self._told[leaf] == _OPEN)

    def _take(self, step: _Step, wanted: np.ndarray) -> None:
        """Part what is wanted by a step's numbers."""
        some, width = int(self._sizes[wanted].sum()), step.truths.shape[1]
        if width == 1:
            every = np.arange(len(wanted))
            self._renumber(every, np.zeros(len(every), np.int64), self._sizes, step)
            return
        if not some:
            return
        is_few = some * _FEW <= len(self._of_event) or len(wanted) * width > _MOST_PAIRS
        (self._take_few if is_few else self._take_all)(step, wanted, width)

    def _take_all(self, step: _Step, wanted: np.ndarray, width: int) -> None:
        of_event, size = self._of_event, len(wanted) * width

        def pairs(rows: slice) -> np.ndarray:
            made = of_event[rows].astype(np.intp)
            made *= width
            made += step.numbers(rows)
            return made

        counts = sum(each_piece(len(of_event), lambda rows: np.bincount(pairs(rows), minlength=size)))
        counts = np.asarray(counts).reshape(-1, width)
        # Of parts on which nothing hangs all numbers are one.
        counts[~wanted, 0] = counts[~wanted].sum(axis=1)
        counts[~wanted, 1:] = 0
        part, number = np.nonzero(counts)
        places = np.zeros(counts.shape, np.min_scalar_type(len(part)))
        places[part, number] = np.arange(len(part))
        places[~wanted] = places[~wanted, :1]
        found = np.empty(len(of_event), places.dtype)
        table = places.reshape(-1)

        def place(rows: slice) -> None:
            table.take(pairs(rows), out=found[rows], mode="clip")

        each_piece(len(of_event), place)
        self._of_event = found
        self._renumber(part, np.where(wanted[part], number, -1), counts[part, number], step)

    def _take_few(self, step: _Step, wanted: np.ndarray, width: int) -> None:
        of_event = self._of_event
        rows = rows_where(len(of_event), lambda some: wanted.take(of_event[some]))
        pairs = of_event[rows].astype(np.int64) * width + step.numbers(rows)
        code, found = occurring(pairs)
        count = len(wanted)
        self._of_event = of_event.astype(np.min_scalar_type(count + len(found)))
        self._of_event[rows] = code + count
        sizes = np.where(wanted, 0, self._sizes)
        part = np.concatenate((np.arange(count), found // width))
        number = np.concatenate((np.full(count, -1), found % width))
        self._renumber(part, number, np.concatenate((sizes, np.bincount(code, minlength=len(found)))), step)

    def _renumber(self, part: np.ndarray, number: np.ndarray, sizes: np.ndarray, step: _Step) -> None:
        """Parts that came out of others, and with which number of a step; -1: it was not asked."""
        self._before, self._sizes = self._before[part], sizes
        self._told = {leaf: state[part] for leaf, state in self._told.items()}
        for leaf, truth in zip(step.leaves, step.truths, strict=True):
            told = np.where(truth[number], _HOLDS, _FAILS).astype(np.uint8)
            self._told[leaf] = np.where(number < 0, self._told[leaf], told)

    def _look(self, leaves: Sequence[InPayload], conditions: Sequence[Node]) -> None:
        """Payload is looked into last, and only of events for which something hangs on it."""
        for start in range(0, len(leaves), MAX_LOOKS):
            some = leaves[start : start + MAX_LOOKS]
            wanted = self._open(conditions, some)
            if not self._sizes[wanted].any():
                continue
            among = taken_from(wanted, self._of_event)
            masks = decide_all(self._frames, looks([leaf.node for leaf in some]), among)
            rows = np.flatnonzero(among)
            codes, truths = _numbered([mask[rows] for mask in masks])
            numbers = np.zeros(len(among), codes.dtype)
            numbers[rows] = codes
            self._take(_Step(some, numbers.__getitem__, truths), wanted)

    def _joined(self, held: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """Parts that came out of one and meet the same conditions are one."""
        used = np.flatnonzero(self._sizes) if self._sizes.any() else np.zeros(1, np.int64)
        columns = np.array([self._before[used], *(bits[used] for bits in held)])
        distinct, place = np.unique(columns, axis=1, return_inverse=True)
        numbers = np.zeros(len(self._before), np.min_scalar_type(distinct.shape[1]))
        numbers[used] = place
        of_event = np.empty(len(self._of_event), numbers.dtype)

        def number(rows: slice) -> None:
            numbers.take(self._of_event[rows], out=of_event[rows], mode="clip")

        each_piece(len(of_event), number)
        return distinct[0], of_event, [bits == 1 for bits in distinct[1:]]


def _steps(leaves: Iterable[Leaf], asking: Mapping[Leaf, int]) -> list[_Step]:
    """Those first on which most conditions hang; what is asked of each event's own number comes last."""
    on: dict[int, list[Pointed]] = {}
    alone = list[Tested]()
    for leaf in leaves:
        if isinstance(leaf, Pointed):
            on.setdefault(id(leaf.pointer), []).append(leaf)
        elif isinstance(leaf, Tested):
            alone.append(leaf)
    groups = sorted(on.values(), key=lambda some: -sum(asking[leaf] for leaf in some))
    return [
        *(_pointing(some[at : at + _BITS]) for some in groups for at in range(0, len(some), _BITS)),
        *(_testing(alone[at : at + _TOGETHER]) for at in range(0, len(alone), _TOGETHER)),
    ]


def _pointing(leaves: Sequence[Pointed]) -> _Step:
    numbers, truths = _numbered([leaf.table for leaf in leaves])
    return _Step(leaves, Pointed(leaves[0].pointer, numbers).at, truths)


def _testing(leaves: Sequence[Tested]) -> _Step:
    def numbers(rows: Rows) -> np.ndarray:
        bits = leaves[0].at(rows).astype(np.uint8)
        for bit, leaf in enumerate(leaves[1:], start=1):
            bits |= leaf.at(rows).view(np.uint8) << np.uint8(bit)
        return bits

    return _Step(leaves, numbers, np.arange(1 << len(leaves)) >> np.arange(len(leaves))[:, None] & 1 == 1)


def _numbered(masks: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Unsigned numbers, equal where all masks are, and bool[masks, numbers]: what each number means."""
    signs = np.zeros(len(masks[0]), np.int64)
    for mask in masks:
        signs <<= 1
        signs |= mask
    codes, found = occurring(signs)
    bits = np.arange(len(masks) - 1, -1, -1)
    return codes.astype(np.min_scalar_type(len(found))), found >> bits[:, None] & 1 == 1
