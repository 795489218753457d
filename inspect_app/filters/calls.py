"""What the calls of a capture are: their types, arguments and results, as columns and masks over events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from capture.format.pieces import each_piece, rows_where
from capture.model import catalogue
from capture.model.events import NO_RESULT, Category, EventSpec, Returns
from inspect_app.filters.cache import remember
from inspect_app.filters.entities import event_array
from inspect_app.filters.facets import NumberFacet, TextFacet
from inspect_app.frames.capture import CaptureFrames

MAX_ERRNO = 4_095
UNFINISHED = int(NO_RESULT)


def spec_of(name: str) -> EventSpec | None:
    """The catalogue's row for an event's name, None for a call that it lacks."""
    try:
        return catalogue.spec_named(name)
    except KeyError:
        return None


def types(frames: CaptureFrames) -> TextFacet:
    """The names of the events."""

    def compute() -> TextFacet:
        column = frames.events["type"].cat
        return TextFacet([str(name) for name in column.categories], rows=event_type_codes(frames))

    return remember(frames, "types", compute)


def event_type_codes(frames: CaptureFrames) -> np.ndarray:
    """Event → position of its name in `types(frames).values`, -1 none."""
    return remember(frames, "type codes", frames.events["type"].cat.codes.to_numpy)


def type_test(frames: CaptureFrames, holds: Callable[[str], bool]) -> NumberFacet:
    """Whether the event's name is one for which it holds: decided for each name, a row one of them."""
    facet = types(frames)
    return NumberFacet(np.array([holds(name) for name in facet.values], np.bool_), rows=facet.rows)


def of_types(frames: CaptureFrames, holds: Callable[[str], bool]) -> np.ndarray:
    """bool[events]: the event's name is one for which it holds."""
    facet = type_test(frames, holds)
    return facet.spread(facet.values)


def rows_of(frames: CaptureFrames, holds: Callable[[str], bool]) -> np.ndarray:
    """int64, ascending: the events whose name is one for which it holds."""
    found, codes = type_test(frames, holds), event_type_codes(frames)
    wanted = np.append(found.values, False)  # the last is what -1 points to
    return rows_where(len(codes), lambda rows: wanted[codes[rows]])


def raw_argument(frames: CaptureFrames, index: int) -> np.ndarray:
    """Raw argument of every event, uint64."""
    return frames.source.argument(index)


def argument_at(frames: CaptureFrames, index: int, rows: np.ndarray) -> np.ndarray:
    """Raw argument of some events, uint64."""
    return frames.source.arguments_at({index: rows})[index]


def arguments_of(frames: CaptureFrames, wanted: Sequence[tuple[int, np.ndarray]]) -> list[np.ndarray]:
    """Raw arguments of some events each, uint64; the file is read once for all that ask."""
    rows: dict[int, list[np.ndarray]] = {}
    for index, some in wanted:
        rows.setdefault(index, []).append(some)
    read = frames.source.arguments_at({index: np.concatenate(parts) for index, parts in rows.items()})
    rest = {
        index: iter(np.split(read[index], np.cumsum([len(part) for part in parts])[:-1]))
        for index, parts in rows.items()
    }
    return [next(rest[index]) for index, _ in wanted]


def has_flag(frames: CaptureFrames, bits: int) -> np.ndarray:
    """bool[events]: any of these `EventFlag` bits is set."""
    held: np.ndarray = (event_array(frames, "flags") & bits) != 0
    return held


def category_of(name: str) -> str:
    """The category of an event's name; `other` for a call that the catalogue lacks."""
    spec = spec_of(name)
    return str(Category.OTHER if spec is None else spec.category)


def is_io(name: str) -> bool:
    """Does a call of that name read, write, send or receive?"""
    return category_of(name) in (Category.IO_READ, Category.IO_WRITE)


def is_syscall(name: str) -> bool:
    """Is an event of that name a system call? One that the catalogue lacks is."""
    spec = spec_of(name)
    return spec is None or spec.is_syscall


def _has_result(name: str) -> bool:
    spec = spec_of(name)
    return spec is None or (spec.is_call and spec.returns is not Returns.NOTHING)


def unreturned(frames: CaptureFrames) -> np.ndarray:
    """bool[events]: the event is no call that has a result."""

    def compute() -> np.ndarray:
        codes, flags = event_type_codes(frames), event_array(frames, "flags")
        without = np.append([not _has_result(name) for name in types(frames).values], True)
        found = np.empty(len(codes), np.bool_)

        def fill(rows: slice) -> None:
            without.take(codes[rows], out=found[rows], mode="wrap")
            found[rows] |= (flags[rows] & UNFINISHED) != 0

        each_piece(len(codes), fill)
        return found

    return remember(frames, "unreturned", compute)


def returned(frames: CaptureFrames) -> np.ndarray:
    """bool[events]: the event is a call that has a result."""
    held: np.ndarray = ~unreturned(frames)
    return held


def failures(frames: CaptureFrames) -> np.ndarray:
    """bool[events]: the call returned an error."""

    def compute() -> np.ndarray:
        ret, nothing = event_array(frames, "ret"), unreturned(frames)
        found = np.empty(len(ret), np.bool_)

        def fill(rows: slice) -> None:
            # As an unsigned number an errno is among the largest.
            limit = np.uint64(-MAX_ERRNO + (1 << 64))
            found[rows] = (ret[rows].astype(np.int64, copy=False).view(np.uint64) >= limit) & ~nothing[rows]

        each_piece(len(ret), fill)
        return found

    return remember(frames, "failures", compute)
