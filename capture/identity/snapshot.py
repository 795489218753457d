"""Columns of snapshot tables. A value of the wrong type is one that was not recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Row = Mapping[str, Any]
Table = Sequence[Row]

_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


def integers(table: Table, name: str, missing: int = -1) -> np.ndarray:
    """int64: a column of whole numbers; `missing` where there is none that fits."""
    return np.array([integer_of(row.get(name), missing) for row in table], np.int64)


def texts(table: Table, name: str) -> list[str]:
    """A column of text; empty where there is none."""
    return [text_of(row.get(name)) for row in table]


def text_of(value: object) -> str:
    """Recorded text as str: bytes that are no UTF-8 are shown as `\\xNN`."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return ""


def integer_of(value: object, missing: int = -1) -> int:
    """A recorded whole number of at most 64 bits, else `missing`."""
    return value if isinstance(value, int) and _LEAST <= value <= _MOST else missing
