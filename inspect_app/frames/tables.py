"""From arrays to the frames that `columns` declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from inspect_app.frames.columns import FrameColumn

Values = np.ndarray | pd.api.extensions.ExtensionArray | Sequence[Any]


def build_table(columns: Sequence[FrameColumn], data: Mapping[str, Values]) -> pd.DataFrame:
    """A frame with exactly the declared columns, in their order and with their dtypes.

    Arrays that have their dtype already are not copied. A column that is not given has its declared default.
    Raises ValueError where `data` lacks a column without one, or has one that is not declared.
    """
    names = [column.name for column in columns]
    count = len(next(iter(data.values()), ()))
    data = {
        **{one.name: np.full(count, one.default) for one in columns if one.default is not None},
        **data,
    }
    if set(names) != set(data):
        raise ValueError(f"columns {sorted(set(names) ^ set(data))} are missing or not declared")
    arrays = {column.name: _column(data[column.name], column.dtype) for column in columns}
    return pd.DataFrame(arrays, copy=False)


def empty_table(columns: Sequence[FrameColumn]) -> pd.DataFrame:
    """A frame with the declared columns and no rows."""
    return build_table(columns, {column.name: () for column in columns})


def _column(values: Values, dtype: str) -> object:
    if dtype == "str":
        is_text = isinstance(values, pd.api.extensions.ExtensionArray)
        return pd.Series(values if is_text else list(values), dtype="str")
    if dtype == "category":
        return values if isinstance(values, pd.Categorical) else pd.Categorical(list(values))
    return np.asarray(values, dtype=dtype)
