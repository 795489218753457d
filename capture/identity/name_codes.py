"""Distinct names, and numbers that stand for them in columns."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import count, islice

import numpy as np

NONE = -1
"""Stands for no name."""
LONGEST = 16 << 10
"""Characters of a name; the kernel's paths have 4,096. Of a longer one the end is kept, behind `…`."""
_ROOM = 256 << 20
"""Characters that all names that are put together may have; of those beyond only the last part stands."""


class Names:
    """Distinct names, each with its position."""

    def __init__(self) -> None:
        self.all: list[str] = []
        # It numbers what it is asked for the first time, in the order of `all`.
        self._codes: defaultdict[str, int] = defaultdict(count().__next__, {"": NONE})
        self._room = _ROOM

    def joined(self, base: str, name: str) -> str:
        """A name as seen from a directory; see `join` and `bounded`."""
        return self.bounded(join(base, name) if self._room > 0 else name)

    def joined_each(self, bases: Sequence[str], names: Sequence[str]) -> list[str]:
        """The same of several: at once, if there is room for all of them."""
        if sum(map(len, bases)) + sum(map(len, names)) + len(names) < self._room:
            paths = list(names) if not any(bases) else list(map(_behind, bases, names))
            for at in _not_plain(paths):
                paths[at] = join(bases[at], names[at])
            sizes = list(map(len, paths))
            if max(sizes, default=0) <= LONGEST:
                self._room -= sum(sizes)
                return paths
        return [self.joined(base, name) for base, name in zip(bases, names, strict=True)]

    def bounded(self, path: str) -> str:
        """A name that was put together, or the end of it.

        A small file may say that a million names lie in a directory whose own name is long.
        """
        if self._room <= 0:
            return f"…/{path.rpartition('/')[2][-LONGEST:]}"
        if len(path) > LONGEST:
            path = f"…{path[-LONGEST:]}"
        self._room -= len(path)
        return path

    def code(self, name: str) -> int:
        """The position of a name, which is added where it is new; -1 for an empty one."""
        if not name:
            return NONE
        code = self._codes[name]
        if code == len(self.all):
            self.all.append(name)
        return code

    def codes(self, names: Sequence[str]) -> np.ndarray:
        """int32: the positions of several names."""
        known = self._codes
        before = len(known)
        codes = np.fromiter(map(known.__getitem__, names), np.int32, len(names))
        new = list(islice(reversed(known), len(known) - before))
        self.all += reversed(new)
        return codes


def _behind(base: str, name: str) -> str:
    """A name behind that of a directory, as it is."""
    if name[:1] == "/" or not name:
        return name or base
    return f"{base}/{name}" if base and base != "/" else base + name


_SIGNS = ("/.", "//", "/\0", "\0.", "\0\0")
"""What names with parts that say nothing or lead back have in them, with a NUL before and behind each."""


def _not_plain(paths: Sequence[str]) -> list[int]:
    """Which of some names may have such parts."""
    return with_signs(paths, _SIGNS)


def with_signs(names: Sequence[str], signs: Sequence[str]) -> list[int]:
    """Which of some names have one of some texts in them, ascending: few have, so all are searched together.

    A NUL in such a text stands for the beginning or the end of a name.
    """
    together = "\0".join(["", *names, ""])
    ends = np.cumsum(np.fromiter(map(len, names), np.int64, len(names)) + 1).tolist()
    found = set[int]()
    for sign in signs:
        place = together.find(sign)
        while 0 <= place < len(together) - 1:
            at = bisect_right(ends, place)
            found.add(at)
            place = together.find(sign, ends[at])
    return sorted(found)


def is_plain(name: str) -> bool:
    """Whether a name that does not begin with a dot has no part that says nothing, or leads back."""
    return "/." not in name and "//" not in name and name[-1] != "/"


def join(base: str, name: str) -> str:
    """A name as seen from a directory, without `.`, `..` and doubled slashes; `base` empty: not known."""
    if name[:1] != "/":
        if not name:
            return base
        name = f"{base}/{name}" if base and base != "/" else base + name
    if is_plain(name) and name[0] != ".":
        return name
    absolute = name.startswith("/")
    kept: list[str] = []
    for part in name.split("/"):
        if part == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif part not in ("", ".", "..") or (part == ".." and not absolute):
            kept.append(part)
    return "/" + "/".join(kept) if absolute else "/".join(kept) or "."
