"""Columns of a capture as Arrow arrays; pyarrow is asked for only here, for it is optional.

Texts become dictionaries of those that occur; what is missing is null; moments are nanoseconds in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from inspect_app.exports.columns import ExportColumn, facet_of, number_values, text_codes
from inspect_app.exports.errors import ExportError
from inspect_app.exports.texts import decodable
from inspect_app.filters.facets import TextFacet
from inspect_app.filters.field import FieldType
from inspect_app.frames.capture import CaptureFrames

_TEXTS = (FieldType.TEXT, FieldType.ADDRESS)


def pyarrow() -> Any:
    """The library, with its Parquet part.

    Raises:
        ExportError: It is not installed.
    """
    try:
        import pyarrow  # noqa: PLC0415 - only those who export to it need it
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        raise ExportError("Parquet needs pyarrow: pip install 'exhume[exchange]'") from error
    return pyarrow


def dictionary(codes: np.ndarray, values: Sequence[Any] | np.ndarray) -> Any:
    """Texts by number, -1 missing; only those that occur are in the dictionary."""
    arrow = pyarrow()
    places, occurring = pd.factorize(codes[codes >= 0])
    found = np.zeros(len(codes), np.int32)
    found[codes >= 0] = places
    texts = arrow.array([decodable(str(values[code])) for code in occurring.tolist()], arrow.string())
    indices = arrow.array(found, mask=codes < 0)
    return arrow.DictionaryArray.from_arrays(indices, texts)


def texts(values: np.ndarray) -> Any:
    """Texts, one a row; an empty one is missing."""
    codes, found = pd.factorize(values.astype(object))
    empty = np.array([text == "" for text in found] + [True])
    return dictionary(np.where(empty[codes], -1, codes), found)


def whole_numbers(values: np.ndarray, missing: np.ndarray | None = None) -> Any:
    """int64, or bool where they are truths."""
    arrow = pyarrow()
    kept = values if values.dtype == np.bool_ else values.astype(np.int64)
    return arrow.array(kept, mask=missing)


def moments(nanoseconds: np.ndarray, missing: np.ndarray | None = None) -> Any:
    """Moments in UTC."""
    arrow = pyarrow()
    return arrow.array(nanoseconds.astype(np.int64), mask=missing).cast(arrow.timestamp("ns", tz="UTC"))


def moments_both(name: str, nanoseconds: np.ndarray) -> dict[str, Any]:
    """A moment as microseconds in UTC, and as nanoseconds; null where it is negative."""
    arrow, missing = pyarrow(), nanoseconds < 0
    whole = moments(nanoseconds // 1_000 * 1_000, missing)
    return {
        name: whole.cast(arrow.timestamp("us", tz="UTC")),
        f"{name}_ns": whole_numbers(nanoseconds, missing),
    }


def type_of(column: ExportColumn) -> Any:
    """The Arrow type of an event's column."""
    arrow = pyarrow()
    if column.type in _TEXTS:
        return arrow.dictionary(arrow.int32(), arrow.string())
    if column.type is FieldType.TIME:
        return arrow.timestamp("ns", tz="UTC")
    return arrow.bool_() if column.type is FieldType.TRUTH else arrow.int64()


def event_array(frames: CaptureFrames, column: ExportColumn) -> Callable[[np.ndarray], Any]:
    """Rows of events → the column's array."""
    arrow, facet = pyarrow(), facet_of(frames, column)
    if column.type is FieldType.TIME:
        times = frames.events["time"].to_numpy()
        return lambda rows: moments(times[rows])
    if facet is None:
        return lambda rows: arrow.nulls(len(rows), type_of(column))
    if isinstance(facet, TextFacet):
        codes, values = text_codes(facet), facet.values
        return lambda rows: dictionary(codes(rows), values)
    read = number_values(facet)  # type: ignore[arg-type]  # no column is of payload
    return lambda rows: whole_numbers(*read(rows))
