"""Where the arguments of a capture's events stand: of which types, through which tables of calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from capture.format.pieces import each_piece, rows_where
from capture.model.abi import ABIS, Abi
from capture.model.events import Arg, EventSpec
from inspect_app.filters.argument_names import name_of
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import (
    event_type_codes,
    spec_of,
    types,
)
from inspect_app.filters.entities import event_array
from inspect_app.frames.capture import CaptureFrames


@dataclass(frozen=True, slots=True)
class Place:
    """Where an argument stands, in the events of one type that came through one table."""

    rows: np.ndarray
    """int64, ascending: the events."""
    spec: EventSpec
    abi: Abi
    at: int

    @property
    def arg(self) -> Arg:
        """Its declaration."""
        return self.spec.args_on(self.abi)[self.at]


def all_places(frames: CaptureFrames) -> list[list[Place]]:
    """The arguments of each type of event that this capture has, once for each table that it came through."""
    kinds = kinds_of_events(frames)
    return [
        [Place(rows, spec, abi, at) for at in range(len(spec.args_on(abi)))]
        for (_, spec, abi), rows in zip(kinds, _rows_of_kinds(frames, kinds), strict=True)
    ]


def kinds_of_events(frames: CaptureFrames) -> list[tuple[int, EventSpec, Abi]]:
    """The types of events with arguments that this capture has: code, declaration, table."""

    def compute() -> list[tuple[int, EventSpec, Abi]]:
        names, codes, abis = types(frames).values, event_type_codes(frames), event_array(frames, "abi")
        width = (len(names) + 1) * len(ABIS)

        def count(rows: slice) -> np.ndarray:
            # What has no type is counted last.
            known = np.where(codes[rows] < 0, len(names), codes[rows]).astype(np.int64)
            return np.bincount(known * len(ABIS) + abis[rows], minlength=width)

        counts = sum(each_piece(len(codes), count), np.zeros(width, np.int64))
        found = []
        for which in np.flatnonzero(counts[: len(names) * len(ABIS)]).tolist():
            spec, abi = spec_of(names[which // len(ABIS)]), ABIS[which % len(ABIS)]
            if spec and spec.args_on(abi):
                found.append((which // len(ABIS), spec, abi))
        return found

    return remember(frames, "kinds of events", compute)


def _rows_of_kinds(frames: CaptureFrames, kinds: Sequence[tuple[int, EventSpec, Abi]]) -> list[np.ndarray]:
    """int64, ascending, for each kind: its events."""
    if not kinds:
        return []
    codes, abis = event_type_codes(frames), event_array(frames, "abi")
    place = np.full((len(types(frames).values) + 1) * len(ABIS), len(kinds), np.min_scalar_type(len(kinds)))
    for at, (code, _, abi) in enumerate(kinds):
        place[code * len(ABIS) + ABIS.index(abi)] = at

    def places(rows: slice | np.ndarray) -> np.ndarray:
        # What has no type is at the end.
        found: np.ndarray = place.take(codes[rows].astype(np.intp) * len(ABIS) + abis[rows], mode="wrap")
        return found

    rows = rows_where(len(codes), lambda some: places(some) < len(kinds))
    own = places(rows)
    # Numbers of 16 bits are sorted without comparing.
    order = np.argsort(own.astype(np.uint16), kind="stable")
    return np.split(rows[order], np.cumsum(np.bincount(own, minlength=len(kinds)))[:-1])


def places_of(frames: CaptureFrames, argument: str) -> list[Place]:
    """Where the types that this capture has take an argument."""
    found = []
    for kind in kinds_of_events(frames):
        names = [arg.name for arg in kind[1].args_on(kind[2])]
        wanted = argument if argument in names else name_of(kind[1].name, argument)
        if places := [at for at, name in enumerate(names) if name == wanted or argument == str(at)]:
            found.append((kind, places))
    rows = _rows_of_kinds(frames, [kind for kind, _ in found])
    return [
        Place(some, spec, abi, at)
        for ((_, spec, abi), places), some in zip(found, rows, strict=True)
        for at in places
    ]
