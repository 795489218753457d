"""Distinct names, and numbers that stand for them in columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NONE = -1
"""Stands for no name."""


class Names:
    """Distinct names, each with its position."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._codes: dict[str, int] = {}

    def code(self, name: str) -> int:
        """The position of a name, which is added where it is new; -1 for an empty one."""
        if not name:
            return NONE
        code = self._codes.setdefault(name, len(self.all))
        if code == len(self.all):
            self.all.append(name)
        return code

    def codes(self, names: Sequence[str]) -> np.ndarray:
        """int32: the positions of several names."""
        known = self._codes
        new = [name for name in dict.fromkeys(names) if name and name not in known]
        known.update(zip(new, range(len(self.all), len(self.all) + len(new)), strict=True))
        self.all += new
        return np.fromiter((known.get(name, NONE) for name in names), np.int32, len(names))
