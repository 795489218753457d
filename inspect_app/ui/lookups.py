"""Single cells of frames, as the plain values that a screen needs."""

from __future__ import annotations

import pandas as pd


def number_at(table: pd.DataFrame, column: str, row: int) -> int:
    """A cell of a column of integers."""
    return int(table[column].to_numpy()[row])


def text_at(table: pd.DataFrame, column: str, row: int) -> str:
    """A cell of a column of texts, as recorded: it must go through `plain` before it is shown."""
    return str(table[column].iat[row])
